//! `prune`: one period of a pruning policy; the twin of `shaders/engine/prune.wgsl`.
//!
//! On shares of weight_max, with T the threshold of this period:
//! 1. Once `1 - remaining / total >= target_compression`, nothing happens at all, whatever else follows here.
//! 2. Each target's threshold `T_j` is T, unless fewer than `floor` of its survivors are `>= T`: then it is its
//!    floor-th largest surviving share (all of equal share are kept), or 0 where it has no more than floor.
//! 3. Survivors below their target's `T_j` become [`PRUNED`].
//! 4. Progressive policy: every share left becomes `min(share + beta * T, 1)`.
//! 5. Progressive policy: `T = min(T + alpha * (remaining / total), cap)`, with the count that is left now.
//!
//! f32 throughout; counts are converted to f32 before they are divided.

use super::normalise::each_row;
use super::synapses::Synapses;
use crate::engine::PRUNED;
use crate::model::{Projection, Pruning, PruningPolicy};

/// Runs one period; `threshold` is moved on to the next period's. `total`: synapses before any was pruned.
pub(super) fn prune(
    projection: &Projection,
    pruning: &Pruning,
    total: u64,
    synapses: &Synapses,
    shares: &mut [f32],
    threshold: &mut f32,
) {
    let total = total as f32;
    let remaining = shares.iter().filter(|&&share| share >= 0.0).count();
    if shares.is_empty() || 1.0 - remaining as f32 / total >= pruning.target_compression {
        return;
    }
    let limits = limits(projection, synapses, shares, *threshold, pruning.floor_per_neuron as usize);
    let reinforcement = match pruning.policy {
        PruningPolicy::Static { .. } => None,
        PruningPolicy::Progressive { beta, .. } => Some(beta * *threshold),
    };
    let mut remaining = 0_usize;
    each_row(projection, synapses, shares, |share, target| {
        if *share < 0.0 {
            return;
        }
        if *share < limits[target] {
            *share = PRUNED;
            return;
        }
        remaining += 1;
        if let Some(reinforcement) = reinforcement {
            *share = (*share + reinforcement).min(1.0);
        }
    });
    if let PruningPolicy::Progressive { alpha, cap, .. } = pruning.policy {
        *threshold = (*threshold + alpha * (remaining as f32 / total)).min(cap);
    }
}

/// `T_j` of every target.
fn limits(projection: &Projection, synapses: &Synapses, shares: &mut [f32], threshold: f32, floor: usize) -> Vec<f32> {
    let mut strong = vec![0_usize; synapses.targets];
    each_row(projection, synapses, shares, |share, target| strong[target] += usize::from(*share >= threshold));
    // Targets with too few strong inputs: their survivors are collected along the rows.
    let mut weak: Vec<Option<Vec<f32>>> = strong.iter().map(|&strong| (strong < floor).then(Vec::new)).collect();
    if weak.iter().any(Option::is_some) {
        each_row(projection, synapses, shares, |share, target| {
            if let Some(survivors) = weak[target].as_mut().filter(|_| *share >= 0.0) {
                survivors.push(*share);
            }
        });
    }
    weak.into_iter()
        .map(|survivors| match survivors {
            None => threshold,
            Some(survivors) if survivors.len() <= floor => 0.0,
            Some(mut survivors) => {
                survivors.sort_unstable_by(|a, b| b.total_cmp(a));
                survivors[floor - 1]
            }
        })
        .collect()
}
