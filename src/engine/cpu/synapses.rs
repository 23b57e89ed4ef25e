//! Tables of one projection that never change: static weights in fixed point, rows of one-to-one projections, and the
//! column index of sparse ones that learn, are normalised or pruned.

use super::deliver::fixed_point;
use crate::engine::ProjectionPlan;
use crate::model::{Connectivity, Delays, Network, Projection, Weights};

/// Which synapses there are.
pub(super) enum Wiring {
    /// One constant weight and delay from all sources to all targets: delivered once for all of them.
    Group {
        /// All but a neuron's own.
        but_self: bool,
    },
    /// Synapse id = source * targets + target.
    Dense,
    /// Rows of the network's own table.
    Sparse,
    /// One-to-one, as rows.
    Rows { row_start: Vec<u32>, target: Vec<u32> },
}

/// Weights that never change, in fixed point.
pub(super) enum Fixed {
    /// The projection's weights change: its shares are converted at delivery.
    Shares,
    One(i32),
    Each(Vec<i32>),
}

/// Synapses by target: those of target j are entries `start[j]..start[j + 1]`, in order of source, then synapse id.
pub(super) struct Columns {
    pub(super) start: Vec<u32>,
    pub(super) source: Vec<u32>,
    pub(super) synapse: Vec<u32>,
}

/// See the module.
pub(super) struct Synapses {
    pub(super) wiring: Wiring,
    pub(super) fixed: Fixed,
    /// Of mutable projections that are not dense.
    pub(super) columns: Option<Columns>,
    pub(super) sources: usize,
    pub(super) targets: usize,
}

impl Synapses {
    pub(super) fn new(network: &Network, projection: &Projection, plan: &ProjectionPlan) -> Self {
        let sources = network.populations[projection.source].size as usize;
        let targets = network.populations[projection.target].size as usize;
        let fixed = match &projection.weights {
            _ if projection.is_mutable() => Fixed::Shares,
            Weights::Constant(weight) => Fixed::One(fixed_point(weight * plan.scale)),
            Weights::PerSynapse(weights) => Fixed::Each(weights.iter().map(|w| fixed_point(w * plan.scale)).collect()),
        };
        let uniform = matches!(fixed, Fixed::One(_)) && matches!(projection.delays, Delays::Constant(_));
        let wiring = match &projection.connectivity {
            Connectivity::AllToAll if uniform => Wiring::Group { but_self: false },
            Connectivity::AllToAll => Wiring::Dense,
            Connectivity::AllButSelf => Wiring::Group { but_self: true },
            Connectivity::OneToOne => one_to_one(sources, targets),
            Connectivity::Sparse { .. } => Wiring::Sparse,
        };
        let mut synapses = Self { wiring, fixed, columns: None, sources, targets };
        if projection.is_mutable()
            && let Some((row_start, target)) = synapses.rows(projection)
        {
            synapses.columns = Some(Columns::new(row_start, target, targets));
        }
        synapses
    }

    /// Row table and targets, where synapses are listed.
    pub(super) fn rows<'a>(&'a self, projection: &'a Projection) -> Option<(&'a [u32], &'a [u32])> {
        match (&self.wiring, &projection.connectivity) {
            (Wiring::Rows { row_start, target }, _) | (Wiring::Sparse, Connectivity::Sparse { row_start, target }) => {
                Some((row_start, target))
            }
            _ => None,
        }
    }

    /// Calls `visit(source, synapse)` for every synapse that ends at a target, in order of source. Slow for sparse
    /// projections that never change: they have no column index.
    pub(super) fn visit_column(&self, projection: &Projection, target: usize, mut visit: impl FnMut(usize, usize)) {
        if let Some(columns) = &self.columns {
            let range = columns.start[target] as usize..columns.start[target + 1] as usize;
            for (&source, &synapse) in columns.source[range.clone()].iter().zip(&columns.synapse[range]) {
                visit(source as usize, synapse as usize);
            }
        } else if let Some((row_start, targets)) = self.rows(projection) {
            for source in 0..self.sources {
                let row = row_start[source] as usize..row_start[source + 1] as usize;
                let ends_here = row.filter(|&synapse| targets[synapse] as usize == target);
                ends_here.for_each(|synapse| visit(source, synapse));
            }
        } else {
            let but_self = matches!(self.wiring, Wiring::Group { but_self: true });
            for source in (0..self.sources).filter(|&source| !(but_self && source == target)) {
                visit(source, source * self.targets + target);
            }
        }
    }

    /// Bytes of the tables, and of the network's own that are used at every delivery.
    pub(super) fn bytes(&self, projection: &Projection) -> u64 {
        let words = |slice: &[u32]| 4 * slice.len() as u64;
        let rows = self.rows(projection).map_or(0, |(row_start, target)| words(row_start) + words(target));
        let columns = self.columns.as_ref().map_or(0, |c| words(&c.start) + words(&c.source) + words(&c.synapse));
        let weights = match &self.fixed {
            Fixed::Each(weights) => 4 * weights.len() as u64,
            Fixed::One(_) => 4,
            Fixed::Shares => 0,
        };
        let delays = match &projection.delays {
            Delays::Constant(_) => 4,
            Delays::PerSynapse(delays) => 2 * delays.len() as u64,
        };
        rows + columns + weights + delays
    }
}

fn one_to_one(sources: usize, targets: usize) -> Wiring {
    let count = sources.min(targets) as u32;
    Wiring::Rows { row_start: (0..=sources as u32).map(|s| s.min(count)).collect(), target: (0..count).collect() }
}

impl Columns {
    fn new(row_start: &[u32], target: &[u32], targets: usize) -> Self {
        let mut start = vec![0_u32; targets + 1];
        for &t in target {
            start[t as usize + 1] += 1;
        }
        for t in 0..targets {
            start[t + 1] += start[t];
        }
        let mut next = start.clone();
        let mut source = vec![0; target.len()];
        let mut synapse = vec![0; target.len()];
        for (row, range) in row_start.windows(2).enumerate() {
            for id in range[0]..range[1] {
                let place = &mut next[target[id as usize] as usize];
                source[*place as usize] = row as u32;
                synapse[*place as usize] = id;
                *place += 1;
            }
        }
        Self { start, source, synapse }
    }
}
