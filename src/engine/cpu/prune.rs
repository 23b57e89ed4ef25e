//! `prune`: one period of a pruning policy; the twin of `shaders/engine/prune.wgsl`.
//!
//! On shares of weight_max, with T the threshold of this period:
//! 1. Once `1 - remaining / total >= target_compression`, nothing happens at all, whatever else follows here.
//! 2. Progressive policy that reinforces first: every share becomes `min(share + beta * T, 1)`.
//! 3. Each target's limit, on keys that order synapses (the bits of the share, which order as shares do; with the
//!    random policy `random_u32(seed, Pruning, synapse, 0) >> 2`):
//!    - policies with a threshold: T, unless fewer than `floor` of the target's survivors are `>= T`: then its floor-th
//!      largest surviving key (all equal keys are kept), or 0 where it has no more than floor.
//!    - percentile and random: of a target's n inputs at the start, `ceil(n * share)` go, but
//!      `max(ceil(n * (1 - target_compression)), floor)` stay; the limit is the smallest key that stays.
//! 4. Survivors below their target's limit become [`PRUNED`]; with the soft policy its constant.
//! 5. Progressive policy that reinforces after: every share left becomes `min(share + beta * T, 1)`.
//! 6. Progressive policy: `T = min(T + alpha * (remaining / total), cap)`, with the count that is left now.
//!
//! f32 throughout; counts are converted to f32 before they are multiplied or divided.

use super::normalise::each_row;
use super::synapses::Synapses;
use crate::engine::PRUNED;
use crate::model::random::random_u32;
use crate::model::{Projection, Pruning, PruningPolicy};

/// Above every key: all of a target's inputs go.
const ABOVE_ALL: u32 = 0x7fff_ffff;

/// One projection and where its random draws come from.
#[derive(Clone, Copy)]
pub(super) struct Pruner<'a> {
    pub(super) projection: &'a Projection,
    pub(super) pruning: &'a Pruning,
    /// Synapses before any was pruned.
    pub(super) total: u64,
    pub(super) synapses: &'a Synapses,
    /// Folded.
    pub(super) seed: u32,
    pub(super) stream: u32,
}

impl Pruner<'_> {
    /// Runs one period; `threshold` is moved on to the next period's.
    pub(super) fn run(&self, shares: &mut [f32], threshold: &mut f32) {
        let (projection, synapses) = (self.projection, self.synapses);
        let total = self.total as f32;
        let remaining = shares.iter().filter(|&&share| share >= 0.0).count();
        if shares.is_empty() || 1.0 - remaining as f32 / total >= self.pruning.target_compression {
            return;
        }
        let mut reinforcement = match self.pruning.policy {
            PruningPolicy::Progressive { beta, .. } => beta * *threshold,
            _ => 0.0,
        };
        if self.pruning.reinforce_first {
            let survivors = shares.iter_mut().filter(|share| **share >= 0.0);
            survivors.for_each(|share| *share = (*share + reinforcement).min(1.0));
            reinforcement = 0.0;
        }
        let limits = self.limits(shares, *threshold);
        let replacement = match self.pruning.policy {
            PruningPolicy::Soft { weight, .. } => weight,
            _ => PRUNED,
        };
        let (mut remaining, mut synapse) = (0_usize, 0);
        each_row(projection, synapses, shares, |share, target| {
            let key = self.key(synapse, *share);
            synapse += 1;
            if *share < 0.0 {
                return;
            }
            if key < limits[target] {
                *share = replacement;
            } else {
                *share = (*share + reinforcement).min(1.0);
            }
            remaining += usize::from(*share >= 0.0);
        });
        if let PruningPolicy::Progressive { alpha, cap, .. } = self.pruning.policy {
            *threshold = (*threshold + alpha * (remaining as f32 / total)).min(cap);
        }
    }

    /// What orders the synapses: the lower go first.
    fn key(&self, synapse: usize, share: f32) -> u32 {
        match self.pruning.policy {
            PruningPolicy::Random { .. } => random_u32(self.seed, self.stream, synapse as u32, 0) >> 2,
            _ => share.to_bits() & 0x7fff_ffff,
        }
    }

    /// The limit of every target.
    fn limits(&self, shares: &mut [f32], threshold: f32) -> Vec<u32> {
        let Synapses { targets, .. } = *self.synapses;
        let floor = self.pruning.floor_per_neuron as usize;
        if let PruningPolicy::Percentile { share } | PruningPolicy::Random { share } = self.pruning.policy {
            return (0..targets).map(|target| self.rank_limit(shares, target, share, floor)).collect();
        }
        let mut strong = vec![0_usize; targets];
        each_row(self.projection, self.synapses, shares, |share, target| {
            strong[target] += usize::from(*share >= threshold);
        });
        let limit = |(target, &strong): (usize, &usize)| {
            if strong >= floor {
                return threshold.to_bits();
            }
            let mut keys = self.keys_of(shares, target).0;
            if keys.len() <= floor { 0 } else { largest(&mut keys, floor) }
        };
        strong.iter().enumerate().map(limit).collect()
    }

    /// Percentile and random policies.
    fn rank_limit(&self, shares: &[f32], target: usize, share: f32, floor: usize) -> u32 {
        let (mut keys, inputs) = self.keys_of(shares, target);
        let drop_most = (inputs as f32 * share).ceil() as usize;
        let keep_least = ((inputs as f32 * (1.0 - self.pruning.target_compression)).ceil() as usize).max(floor);
        if keys.len() <= keep_least {
            return 0;
        }
        let keep = keys.len() - drop_most.min(keys.len() - keep_least);
        if keep == 0 { ABOVE_ALL } else { largest(&mut keys, keep) }
    }

    /// Keys of a target's survivors, and its inputs at the start.
    fn keys_of(&self, shares: &[f32], target: usize) -> (Vec<u32>, usize) {
        let (mut keys, mut inputs) = (Vec::new(), 0);
        self.synapses.visit_column(self.projection, target, |_, synapse| {
            inputs += 1;
            if shares[synapse] >= 0.0 {
                keys.push(self.key(synapse, shares[synapse]));
            }
        });
        (keys, inputs)
    }
}

/// The `nth` largest (from 1); `nth` is at most their number.
fn largest(keys: &mut [u32], nth: usize) -> u32 {
    *keys.select_nth_unstable_by(nth - 1, |a, b| b.cmp(a)).1
}
