//! Who sends to the selection and who receives from it. In: the network, the selected neurons, the weights where they
//! lie in host memory. Out: the [`INPUT`] and [`OUTPUT`] flags. Pruned synapses connect nothing.
//!
//! Millions of synapses are walked in pieces, so that a frame waits for none of it.

use super::selection::{INPUT, OUTPUT, SELECTED};
use crate::engine::Activity;
use crate::model::{Connectivity, Network};

/// A walk over all synapses, as far as it has come.
#[derive(Debug)]
pub(super) struct Trace {
    /// The flags to be, per neuron.
    pub(super) found: Vec<u8>,
    projection: usize,
    /// Next row of the projection.
    row: usize,
}

/// Surviving synapses only, where it is known which they are.
#[derive(Clone, Copy)]
pub(super) struct Alive<'a>(Option<&'a [f32]>);

impl<'a> Alive<'a> {
    /// Of a projection. On a GPU the weights are not at hand: every synapse counts as alive.
    pub(super) fn of(activity: &Activity<'a>, projection: usize) -> Self {
        match activity {
            Activity::Host { weights, .. } => Self(weights.get(projection).copied().flatten()),
            Activity::Device { .. } | Activity::Replayed { .. } => Self(None),
        }
    }

    #[inline]
    fn is(self, synapse: usize) -> bool {
        self.0.and_then(|shares| shares.get(synapse)).is_none_or(|&share| share >= 0.0)
    }
}

impl Trace {
    /// Nothing walked yet.
    pub(super) fn new(network: &Network) -> Self {
        Self { found: vec![0; network.neuron_count() as usize], projection: 0, row: 0 }
    }

    /// Walks on for about `budget` synapses; true when all have been seen.
    pub(super) fn walk(&mut self, network: &Network, activity: &Activity<'_>, flags: &[u8], mut budget: usize) -> bool {
        while self.projection < network.projections.len() {
            if budget == 0 {
                return false;
            }
            let alive = Alive::of(activity, self.projection);
            budget = budget.saturating_sub(self.walk_projection(network, alive, flags, budget));
        }
        true
    }

    /// Rows of the present projection; moves on to the next one at its end. Synapses walked.
    fn walk_projection(&mut self, network: &Network, alive: Alive<'_>, flags: &[u8], budget: usize) -> usize {
        let projection = &network.projections[self.projection];
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let (sources, targets) = (source.neurons(), target.neurons());
        let is_selected = |neuron: u32| flags[neuron as usize] & SELECTED != 0;
        let mut walked = 0;
        let mut rows =
            |first: usize, row_of: &dyn Fn(usize) -> (usize, usize), end_of: &dyn Fn(usize, usize) -> u32| {
                for row in first..source.size as usize {
                    if walked >= budget {
                        return Some(row);
                    }
                    let (start, end) = row_of(row);
                    walked += end - start + 1;
                    let from = sources.start + row as u32;
                    let mut reaches = false;
                    let sends = is_selected(from);
                    for synapse in start..end {
                        let to = targets.start + end_of(row, synapse);
                        if (sends || is_selected(to)) && alive.is(synapse) {
                            reaches |= is_selected(to);
                            if sends {
                                self.found[to as usize] |= OUTPUT;
                            }
                        }
                    }
                    if reaches {
                        self.found[from as usize] |= INPUT;
                    }
                }
                None
            };
        let width = target.size as usize;
        let next = match &projection.connectivity {
            Connectivity::Sparse { row_start, target } => {
                rows(self.row, &|row| (row_start[row] as usize, row_start[row + 1] as usize), &|_, synapse| {
                    target[synapse]
                })
            }
            Connectivity::OneToOne => {
                rows(self.row, &|row| (row.min(width), (row + 1).min(width)), &|_, synapse| synapse as u32)
            }
            Connectivity::AllToAll if projection.is_mutable() => {
                rows(self.row, &|row| (row * width, (row + 1) * width), &|row, synapse| (synapse - row * width) as u32)
            }
            // Rules without synapses of their own: who is connected follows from how many are selected.
            Connectivity::AllToAll | Connectivity::AllButSelf => {
                let but_self = matches!(projection.connectivity, Connectivity::AllButSelf);
                let selected_among = |range: std::ops::Range<u32>| range.filter(|&n| is_selected(n)).count();
                let (senders, receivers) = (selected_among(sources.clone()), selected_among(targets.clone()));
                for (local, from) in sources.clone().enumerate() {
                    let own = but_self && local < width && is_selected(targets.start + local as u32);
                    if receivers > usize::from(own) {
                        self.found[from as usize] |= INPUT;
                    }
                }
                for (local, to) in targets.clone().enumerate() {
                    let own = but_self && local < source.size as usize && is_selected(sources.start + local as u32);
                    if senders > usize::from(own) {
                        self.found[to as usize] |= OUTPUT;
                    }
                }
                None
            }
        };
        self.row = next.unwrap_or(0);
        self.projection += usize::from(next.is_none());
        walked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sketch::sketch;

    fn network(connectivity: Connectivity) -> Network {
        sketch(&[3, 3], [(0, 1, connectivity)])
    }

    fn traced(network: &Network, selected: &[u32], budget: usize) -> Vec<u8> {
        let mut flags = vec![0; network.neuron_count() as usize];
        selected.iter().for_each(|&n| flags[n as usize] = SELECTED);
        let weights = vec![None; network.projections.len()];
        let activity = Activity::Host { neurons: &[], rate_before: &[], weights };
        let mut trace = Trace::new(network);
        let mut calls = 0;
        while !trace.walk(network, &activity, &flags, budget) {
            calls += 1;
            assert!(calls < 100, "it never ends");
        }
        trace.found
    }

    #[test]
    fn every_kind_of_connectivity_is_followed_in_pieces_of_any_size() {
        // 0 -> 3, 0 -> 4; 1 -> none; 2 -> 4.
        let sparse = Connectivity::Sparse { row_start: vec![0, 2, 2, 3], target: vec![0, 1, 1] };
        for budget in [1, 2, 1000] {
            let found = |connectivity: Connectivity, selected: &[u32]| traced(&network(connectivity), selected, budget);
            assert_eq!(found(sparse.clone(), &[4]), [INPUT, 0, INPUT, 0, 0, 0]);
            assert_eq!(found(sparse.clone(), &[0]), [0, 0, 0, OUTPUT, OUTPUT, 0]);
            assert_eq!(found(Connectivity::OneToOne, &[1, 5]), [0, 0, INPUT, 0, OUTPUT, 0]);
            assert_eq!(found(Connectivity::AllToAll, &[3]), [INPUT, INPUT, INPUT, 0, 0, 0]);
            assert_eq!(found(Connectivity::AllButSelf, &[3]), [0, INPUT, INPUT, 0, 0, 0]);
            assert_eq!(found(Connectivity::AllButSelf, &[1]), [0, 0, 0, OUTPUT, 0, OUTPUT]);
        }
    }
}
