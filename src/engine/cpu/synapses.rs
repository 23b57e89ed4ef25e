//! Tables of one projection: which synapses there are, and weights that never change. The network's own tables are used
//! where they are; only what it does not have, rows of one-to-one projections and rows without pruned synapses, is kept
//! here.

use std::borrow::Cow;

use rayon::prelude::*;

use super::compact::Compact;
use super::deliver::fixed_point;
use crate::engine::ProjectionPlan;
use crate::model::{Connectivity, Delays, Network, Projection, Pruning, Weights};

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
    /// The survivors of those: a synapse's place among them is no longer its id.
    Compact(Compact),
    /// One-to-one, as rows.
    OneToOne { row_start: Vec<u32>, target: Vec<u32> },
}

/// Where the weights are.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// They change: the state's shares are converted at delivery.
    Shares,
    /// One for all, in fixed point.
    One(i32),
    /// The network's, converted at delivery.
    Each,
}

/// Listed synapses: those of source k are entries `start[k]..start[k + 1]`.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) start: &'a [u32],
    pub(super) target: &'a [u32],
}

impl<'a> Rows<'a> {
    /// Places of a source's synapses.
    #[inline]
    pub(super) const fn range(&self, source: usize) -> std::ops::Range<usize> {
        self.start[source] as usize..self.start[source + 1] as usize
    }

    /// A source's targets.
    #[inline]
    pub(super) fn targets_of(&self, source: usize) -> &'a [u32] {
        &self.target[self.range(source)]
    }
}

/// See the module.
pub(super) struct Synapses {
    pub(super) wiring: Wiring,
    pub(super) kind: Kind,
    /// All have one delay, and every row is sorted by target.
    pub(super) is_sorted: bool,
    pub(super) sources: usize,
    pub(super) targets: usize,
}

impl Synapses {
    pub(super) fn new(network: &Network, projection: &Projection, plan: &ProjectionPlan) -> Self {
        let sources = network.populations[projection.source].size as usize;
        let targets = network.populations[projection.target].size as usize;
        let kind = match &projection.weights {
            _ if projection.is_mutable() => Kind::Shares,
            Weights::Constant(weight) => Kind::One(fixed_point(weight * plan.scale)),
            Weights::PerSynapse(_) => Kind::Each,
        };
        let uniform = matches!(kind, Kind::One(_)) && matches!(projection.delays, Delays::Constant(_));
        let wiring = match &projection.connectivity {
            Connectivity::AllToAll if uniform => Wiring::Group { but_self: false },
            Connectivity::AllToAll => Wiring::Dense,
            Connectivity::AllButSelf => Wiring::Group { but_self: true },
            Connectivity::OneToOne => one_to_one(sources, targets),
            Connectivity::Sparse { .. } => Wiring::Sparse,
        };
        let mut synapses = Self { wiring, kind, is_sorted: false, sources, targets };
        synapses.is_sorted = matches!(projection.delays, Delays::Constant(_))
            && synapses
                .rows(projection)
                .is_some_and(|rows| (0..sources).into_par_iter().all(|source| rows.targets_of(source).is_sorted()));
        synapses
    }

    /// Row table and targets, where synapses are listed.
    pub(super) fn rows<'a>(&'a self, projection: &'a Projection) -> Option<Rows<'a>> {
        match (&self.wiring, &projection.connectivity) {
            (Wiring::OneToOne { row_start, target }, _)
            | (Wiring::Sparse, Connectivity::Sparse { row_start, target }) => Some(Rows { start: row_start, target }),
            (Wiring::Compact(compact), _) => Some(compact.rows()),
            _ => None,
        }
    }

    /// Delays by place.
    pub(super) fn delays<'a>(&'a self, projection: &'a Projection) -> &'a Delays {
        match &self.wiring {
            Wiring::Compact(compact) => compact.delays(),
            _ => &projection.delays,
        }
    }

    /// Takes pruned synapses out of the rows and of the shares, once enough of them are gone. Results do not change: the
    /// survivors keep their order.
    pub(super) fn compact(&mut self, projection: &Projection, shares: &mut Vec<f32>) {
        if !matches!(self.wiring, Wiring::Sparse | Wiring::Compact(_)) {
            return;
        }
        if projection.pruning.as_ref().is_some_and(Pruning::counts_pruned_inputs) {
            return;
        }
        let Some(rows) = self.rows(projection) else { return };
        let known = if let Wiring::Compact(compact) = &self.wiring { Some(compact) } else { None };
        if let Some(compact) = Compact::new(rows, self.delays(projection), shares, known) {
            self.wiring = Wiring::Compact(compact);
        }
    }

    /// Goes back to the network's own rows, where nothing is pruned.
    pub(super) fn forget_pruning(&mut self) {
        if let Wiring::Compact(_) = self.wiring {
            self.wiring = Wiring::Sparse;
        }
    }

    /// Shares by synapse id, [`PRUNED`](crate::engine::PRUNED) where one is gone.
    pub(super) fn by_id<'a>(&self, shares: &'a [f32]) -> Cow<'a, [f32]> {
        match &self.wiring {
            Wiring::Compact(compact) => Cow::Owned(compact.by_id(shares)),
            _ => Cow::Borrowed(shares),
        }
    }

    /// Calls `visit(source, place)` for every synapse that ends at a target, in order of source. Looks through all rows:
    /// there is no table by target.
    pub(super) fn visit_column(&self, projection: &Projection, target: usize, mut visit: impl FnMut(usize, usize)) {
        if let Some(rows) = self.rows(projection) {
            let is_sorted = self.is_sorted;
            for source in 0..self.sources {
                let (range, targets) = (rows.range(source), rows.targets_of(source));
                let first = if is_sorted { targets.partition_point(|&t| (t as usize) < target) } else { 0 };
                for (place, &t) in (range.start + first..).zip(&targets[first..]) {
                    if t as usize == target {
                        visit(source, place);
                    } else if is_sorted {
                        break;
                    }
                }
            }
        } else {
            let but_self = matches!(self.wiring, Wiring::Group { but_self: true });
            for source in (0..self.sources).filter(|&source| !(but_self && source == target)) {
                visit(source, source * self.targets + target);
            }
        }
    }

    /// Bytes of the tables that are used at every delivery, weights that never change included.
    pub(super) fn bytes(&self, projection: &Projection) -> u64 {
        let rows = self.rows(projection).map_or(0, |rows| 4 * (rows.start.len() + rows.target.len()) as u64);
        let kept = if let Wiring::Compact(compact) = &self.wiring { compact.map_bytes() } else { 0 };
        let weights = match (self.kind, &projection.weights) {
            (Kind::Each, Weights::PerSynapse(weights)) => 4 * weights.len() as u64,
            (Kind::One(_), _) => 4,
            _ => 0,
        };
        let delays = match self.delays(projection) {
            Delays::Constant(_) => 4,
            Delays::PerSynapse(delays) => 2 * delays.len() as u64,
        };
        rows + kept + weights + delays
    }
}

fn one_to_one(sources: usize, targets: usize) -> Wiring {
    let count = sources.min(targets) as u32;
    Wiring::OneToOne { row_start: (0..=sources as u32).map(|s| s.min(count)).collect(), target: (0..count).collect() }
}
