//! A look at all weights that can change, piece by piece: what every neuron's inputs sum up to, how many were lost, and
//! how the weights at both sides of the selection are spread. In: shares of weight_max, a run of synapses at a time.
//! Out: sums per neuron, statistics of the selection.

use std::ops::Range;
use std::sync::Arc;

use super::selection::SELECTED;
use super::telemetry::WeightTelemetry;
use crate::engine::HISTOGRAM_BINS;
use crate::model::{Connectivity, Network, Receptor};

/// See the module.
#[derive(Debug)]
pub(super) struct Sweep {
    /// Weights of excitatory inputs, summed per neuron.
    pub(super) sums: Vec<f32>,
    /// Inputs lost, per neuron.
    pub(super) lost: Vec<f32>,
    pub(super) inputs: Side,
    pub(super) outputs: Side,
    /// Selected neurons when it began, by the version of the selection's members; empty where there were none.
    flags: Arc<Vec<u8>>,
    pub(super) members: u64,
    projection: usize,
    synapse: usize,
}

/// Weights at one side of the selection.
#[derive(Debug)]
pub(super) struct Side {
    lost: u64,
    sum: f64,
    histogram: [u32; HISTOGRAM_BINS],
}

impl Default for Side {
    fn default() -> Self {
        Self { lost: 0, sum: 0.0, histogram: [0; HISTOGRAM_BINS] }
    }
}

impl Side {
    fn take(&mut self, share: f32) {
        if share < 0.0 {
            self.lost += 1;
        } else {
            self.sum += f64::from(share);
            self.histogram[((share * HISTOGRAM_BINS as f32) as usize).min(HISTOGRAM_BINS - 1)] += 1;
        }
    }

    /// As the overlay sees it; none where there is no such synapse.
    pub(super) fn telemetry(&self) -> Option<WeightTelemetry> {
        let remaining: u64 = self.histogram.iter().map(|&count| u64::from(count)).sum();
        (remaining + self.lost > 0).then(|| WeightTelemetry {
            remaining,
            lost: self.lost,
            mean_share: if remaining > 0 { (self.sum / remaining as f64) as f32 } else { 0.0 },
            histogram: self.histogram,
        })
    }
}

impl Sweep {
    /// Begins with what the inputs that never change sum up to. `flags`: of the selection, empty for none.
    pub(super) fn new(network: &Network, fixed: &[f32], flags: Arc<Vec<u8>>, members: u64) -> Self {
        let mut sweep = Self {
            sums: fixed.to_vec(),
            lost: vec![0.0; network.neuron_count() as usize],
            inputs: Side::default(),
            outputs: Side::default(),
            flags,
            members,
            projection: 0,
            synapse: 0,
        };
        sweep.skip_fixed(network);
        sweep
    }

    /// The run of synapses to look at next, at most so many of one projection; none when all have been seen.
    pub(super) fn next(&self, network: &Network, most: usize) -> Option<(usize, Range<usize>)> {
        (self.projection < network.projections.len()).then(|| {
            let count = network.synapse_count_of(self.projection) as usize;
            (self.projection, self.synapse..count.min(self.synapse + most.max(1)))
        })
    }

    /// Takes the shares of that run.
    pub(super) fn take(&mut self, network: &Network, shares: &[f32]) {
        let p = &network.projections[self.projection];
        let (source, target) = (&network.populations[p.source], &network.populations[p.target]);
        let unit = if p.receptor == Receptor::Excitatory { p.weight_max() } else { 0.0 };
        let run = self.synapse..self.synapse + shares.len();
        let mut visit = |share: f32, from: usize, to: usize| {
            let (from, to) = (source.first as usize + from, target.first as usize + to);
            if share < 0.0 {
                self.lost[to] += 1.0;
            } else {
                self.sums[to] += share * unit;
            }
            if !self.flags.is_empty() {
                if self.flags[to] & SELECTED != 0 {
                    self.inputs.take(share);
                }
                if self.flags[from] & SELECTED != 0 {
                    self.outputs.take(share);
                }
            }
        };
        match &p.connectivity {
            Connectivity::Sparse { row_start, target } => {
                let mut row = row_start.partition_point(|&start| start as usize <= run.start).saturating_sub(1);
                for (synapse, &share) in run.clone().zip(shares) {
                    while row_start[row + 1] as usize <= synapse {
                        row += 1;
                    }
                    visit(share, row, target[synapse] as usize);
                }
            }
            Connectivity::OneToOne => run.clone().zip(shares).for_each(|(k, &share)| visit(share, k, k)),
            Connectivity::AllToAll | Connectivity::AllButSelf => {
                let width = (target.size as usize).max(1);
                run.clone().zip(shares).for_each(|(k, &share)| visit(share, k / width, k % width));
            }
        }
        self.synapse = run.end;
        if self.synapse as u64 >= network.synapse_count_of(self.projection) {
            (self.projection, self.synapse) = (self.projection + 1, 0);
            self.skip_fixed(network);
        }
    }

    fn skip_fixed(&mut self, network: &Network) {
        let has_none = |index: usize| !network.projections[index].is_mutable() || network.synapse_count_of(index) == 0;
        while self.projection < network.projections.len() && has_none(self.projection) {
            self.projection += 1;
        }
    }
}

/// Per neuron: weights of excitatory inputs that never change, summed; NaN for neurons of populations that get no
/// excitatory input at all.
pub(super) fn fixed_sums(network: &Network) -> Vec<f32> {
    let mut sums = vec![f32::NAN; network.neuron_count() as usize];
    let excitatory = || network.projections.iter().filter(|p| p.receptor == Receptor::Excitatory);
    for projection in excitatory() {
        for neuron in network.populations[projection.target].neurons() {
            sums[neuron as usize] = 0.0;
        }
    }
    for projection in excitatory().filter(|p| !p.is_mutable()) {
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let sums = &mut sums[target.first as usize..][..target.size as usize];
        let weight = |synapse: usize| projection.weights.get(synapse);
        let one_each = matches!(projection.weights, crate::model::Weights::Constant(_));
        match &projection.connectivity {
            Connectivity::Sparse { target, .. } => {
                target.iter().enumerate().for_each(|(synapse, &to)| sums[to as usize] += weight(synapse));
            }
            Connectivity::OneToOne => {
                sums.iter_mut().take(source.size as usize).enumerate().for_each(|(k, sum)| *sum += weight(k));
            }
            Connectivity::AllToAll if !one_each => {
                for row in 0..source.size as usize {
                    let first = row * target.size as usize;
                    sums.iter_mut().enumerate().for_each(|(k, sum)| *sum += weight(first + k));
                }
            }
            Connectivity::AllToAll => sums.iter_mut().for_each(|sum| *sum += weight(0) * source.size as f32),
            Connectivity::AllButSelf => {
                let others = source.size.saturating_sub(1);
                sums.iter_mut().for_each(|sum| *sum += weight(0) * others as f32);
            }
        }
    }
    sums
}
