//! Which synapses the picture shows: a stable sample within a budget, fair between projections, the same every time; or
//! all synapses of one neuron. Pure and on the host: in goes a network, out come the synapses and what share they are.

use std::ops::Range;

use crate::model::random::{Stream, random_u32};
use crate::model::{Connectivity, Network, Weights};

/// One synapse to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrawnSynapse {
    /// Projection index.
    pub projection: u32,
    /// Synapse id within the projection.
    pub synapse: u64,
    /// Neuron id (of the network) it comes from.
    pub source: u32,
    /// Neuron id it goes to.
    pub target: u32,
    /// Steps.
    pub delay: u32,
    /// Weight at the start, in the network's unit.
    pub weight: f32,
}

/// Synapses to draw, in order of (projection, synapse).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawn {
    /// Them.
    pub synapses: Vec<DrawnSynapse>,
    /// Per projection: its part of `synapses`.
    pub ranges: Vec<Range<usize>>,
    /// Per projection: synapses that this sample stands for.
    pub totals: Vec<u64>,
}

impl Drawn {
    /// Synapses that the sample stands for, all projections.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.totals.iter().sum()
    }
}

/// A stable sample of all synapses: each projection gets a share of `budget` that grows with the square root of its size
/// (twice that where weights change), never more than it has. Within a projection one synapse is taken at random, by
/// seed and synapse id, from each of as many equal spans of ids; so every source neuron is represented alike.
#[must_use]
pub fn sample(network: &Network, budget: u32) -> Drawn {
    let totals: Vec<u64> = (0..network.projections.len()).map(|p| network.synapse_count_of(p)).collect();
    let wishes: Vec<f64> = totals
        .iter()
        .zip(&network.projections)
        .map(|(&total, projection)| (total as f64).sqrt() * if projection.is_mutable() { 2.0 } else { 1.0 })
        .collect();
    let shares = divide(u64::from(budget), &totals, &wishes);
    let mut drawn = Drawn { totals, ..Drawn::default() };
    for (projection, &share) in shares.iter().enumerate() {
        let first = drawn.synapses.len();
        let total = drawn.totals[projection];
        for stratum in 0..share {
            let (low, high) = (span_start(total, share, stratum), span_start(total, share, stratum + 1));
            let chance = random_u32(
                crate::model::random::fold_seed(network.seed),
                Stream::Picture.part(projection),
                stratum as u32,
                0,
            );
            let synapse = low + (((high - low) as u128 * u128::from(chance)) >> 32) as u64;
            drawn.synapses.push(look_up(network, projection, synapse));
        }
        drawn.ranges.push(first..drawn.synapses.len());
    }
    drawn
}

/// Which synapses of a set of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Those that end at one of them.
    Inputs,
    /// Those that begin at one of them.
    Outputs,
    /// Those that end at one of them and begin elsewhere.
    InputsFromOutside,
}

/// Synapses of these neurons, at most `budget` (every n-th where there are more).
#[must_use]
pub fn of_neurons(network: &Network, neurons: &[u32], ends: Ends, budget: u32) -> Drawn {
    let mut is_one = vec![false; network.neuron_count() as usize];
    for &neuron in neurons {
        if let Some(one) = is_one.get_mut(neuron as usize) {
            *one = true;
        }
    }
    let totals: Vec<u64> = (0..network.projections.len())
        .map(|projection| {
            let mut count = 0;
            each_of(network, projection, neurons, &is_one, ends, &mut |_| count += 1);
            count
        })
        .collect();
    let wishes: Vec<f64> = totals.iter().map(|&total| total as f64).collect();
    let shares = divide(u64::from(budget), &totals, &wishes);
    let mut drawn = Drawn { totals, ..Drawn::default() };
    for (projection, &share) in shares.iter().enumerate() {
        let (first, total) = (drawn.synapses.len(), drawn.totals[projection]);
        let (mut at, mut taken) = (0, 0);
        let mut ids = Vec::with_capacity(share as usize);
        each_of(network, projection, neurons, &is_one, ends, &mut |id| {
            if taken < share && at == span_start(total, share, taken) {
                ids.push(id);
                taken += 1;
            }
            at += 1;
        });
        ids.sort_unstable();
        drawn.synapses.extend(ids.into_iter().map(|id| look_up(network, projection, id)));
        drawn.ranges.push(first..drawn.synapses.len());
    }
    drawn
}

/// Calls `found` with each synapse of a projection that belongs to these neurons.
fn each_of(
    network: &Network,
    projection: usize,
    neurons: &[u32],
    is_one: &[bool],
    ends: Ends,
    found: &mut dyn FnMut(u64),
) {
    let p = &network.projections[projection];
    let (sources, targets) = (&network.populations[p.source], &network.populations[p.target]);
    if ends == Ends::Outputs {
        let own = neurons.iter().filter(|&&n| sources.neurons().contains(&n));
        return own.for_each(|n| outgoing(network, projection, n - sources.first).for_each(&mut *found));
    }
    let from_outside = |source: u32| ends == Ends::Inputs || !is_one[(sources.first + source) as usize];
    if let Connectivity::Sparse { row_start, target } = &p.connectivity {
        // One look at every synapse, however many neurons ask.
        let is_target = &is_one[targets.first as usize..(targets.first + targets.size) as usize];
        if !is_target.contains(&true) {
            return;
        }
        for source in (0..sources.size).filter(|&source| from_outside(source)) {
            let row = row_start[source as usize]..row_start[source as usize + 1];
            row.filter(|&id| is_target[target[id as usize] as usize]).for_each(|id| found(u64::from(id)));
        }
        return;
    }
    for neuron in neurons.iter().filter(|&&n| targets.neurons().contains(&n)) {
        let ids = incoming(network, projection, neuron - targets.first).into_iter();
        ids.filter(|&id| from_outside(network.ends_of(projection, id).0)).for_each(&mut *found);
    }
}

/// Synapses given by their ids, in any order, per projection; `totals`: what they were taken from.
#[must_use]
pub(super) fn of_ids(network: &Network, ids: Vec<Vec<u64>>, totals: Vec<u64>) -> Drawn {
    let mut drawn = Drawn { totals, ..Drawn::default() };
    for (projection, mut ids) in ids.into_iter().enumerate() {
        let first = drawn.synapses.len();
        ids.sort_unstable();
        drawn.synapses.extend(ids.into_iter().map(|id| look_up(network, projection, id)));
        drawn.ranges.push(first..drawn.synapses.len());
    }
    drawn
}

/// Divides a budget by wishes; nobody gets more than there is, and what one leaves the others share.
pub(super) fn divide(budget: u64, totals: &[u64], wishes: &[f64]) -> Vec<u64> {
    let mut shares = vec![0_u64; totals.len()];
    let mut open: Vec<usize> = (0..totals.len()).filter(|&p| totals[p] > 0).collect();
    let mut left = budget;
    while !open.is_empty() && left > 0 {
        let sum: f64 = open.iter().map(|&p| wishes[p]).sum();
        let full: Vec<usize> =
            open.iter().copied().filter(|&p| left as f64 * wishes[p] / sum >= totals[p] as f64).collect();
        if full.is_empty() {
            let before = left;
            for &p in &open {
                shares[p] = ((before as f64 * wishes[p] / sum) as u64).min(totals[p]).min(left);
                left -= shares[p];
            }
            break;
        }
        for p in full {
            shares[p] = totals[p].min(left);
            left -= shares[p];
            open.retain(|&other| other != p);
        }
    }
    shares
}

/// First id of the `k`-th of `count` equal spans of `0..total`.
fn span_start(total: u64, count: u64, k: u64) -> u64 {
    (u128::from(total) * u128::from(k) / u128::from(count.max(1))) as u64
}

fn look_up(network: &Network, projection: usize, synapse: u64) -> DrawnSynapse {
    let p = &network.projections[projection];
    let (source, target) = network.ends_of(projection, synapse);
    DrawnSynapse {
        projection: projection as u32,
        synapse,
        source: network.populations[p.source].first + source,
        target: network.populations[p.target].first + target,
        delay: p.delays.get(synapse as usize),
        weight: match &p.weights {
            Weights::Constant(weight) => *weight,
            Weights::PerSynapse(weights) => weights.get(synapse as usize).copied().unwrap_or(0.0),
        },
    }
}

fn outgoing(network: &Network, projection: usize, source: u32) -> Range<u64> {
    let p = &network.projections[projection];
    let targets = u64::from(network.populations[p.target].size);
    let row = |width: u64| u64::from(source) * width..(u64::from(source) + 1) * width;
    match &p.connectivity {
        Connectivity::OneToOne => {
            let one = u64::from(source)..u64::from(source) + 1;
            if u64::from(source) < network.synapse_count_of(projection) { one } else { 0..0 }
        }
        Connectivity::AllToAll => row(targets),
        Connectivity::AllButSelf => row(targets.saturating_sub(1)),
        Connectivity::Sparse { row_start, .. } => {
            u64::from(row_start[source as usize])..u64::from(row_start[source as usize + 1])
        }
    }
}

fn incoming(network: &Network, projection: usize, target: u32) -> Vec<u64> {
    let p = &network.projections[projection];
    let sources = u64::from(network.populations[p.source].size);
    let targets = u64::from(network.populations[p.target].size);
    let target = u64::from(target);
    match &p.connectivity {
        Connectivity::OneToOne => {
            (target < network.synapse_count_of(projection)).then_some(target).into_iter().collect()
        }
        Connectivity::AllToAll => (0..sources).map(|source| source * targets + target).collect(),
        Connectivity::AllButSelf => (0..sources)
            .filter(|&source| source != target)
            .map(|source| source * (targets - 1) + target - u64::from(target > source))
            .collect(),
        // Searched by the caller, for all neurons at once.
        Connectivity::Sparse { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sketch::sketch;

    fn network() -> Network {
        let sparse = Connectivity::Sparse {
            row_start: (0..=200).map(|k| k * 2).collect(),
            target: (0..400).map(|k| k % 50).collect(),
        };
        sketch(
            &[200, 50, 50],
            [
                (0, 1, Connectivity::AllToAll),
                (1, 2, Connectivity::OneToOne),
                (2, 1, Connectivity::AllButSelf),
                (0, 2, sparse),
            ],
        )
    }

    #[test]
    fn the_sample_is_stable_within_budget_and_fair() {
        let network = network();
        let drawn = sample(&network, 1000);
        assert_eq!(drawn, sample(&network, 1000));
        assert!((990..=1000).contains(&drawn.synapses.len()), "{}", drawn.synapses.len());
        assert_eq!(drawn.total(), 10_000 + 50 + 2450 + 400);
        // 1,000 divided by the square roots of 10,000, 50, 2,450 and 400.
        assert_eq!(drawn.ranges.iter().map(Range::len).collect::<Vec<_>>(), [566, 40, 280, 113]);
        // No two alike, and every source of the first projection is represented.
        let ids: std::collections::BTreeSet<_> = drawn.synapses.iter().map(|s| (s.projection, s.synapse)).collect();
        assert_eq!(ids.len(), drawn.synapses.len());
        let sources: std::collections::BTreeSet<_> =
            drawn.synapses[drawn.ranges[0].clone()].iter().map(|s| s.source).collect();
        assert_eq!(sources.len(), 200);
    }

    #[test]
    fn with_room_for_all_all_are_drawn() {
        let network = network();
        let drawn = sample(&network, 100_000);
        assert_eq!(drawn.synapses.len() as u64, network.synapse_count());
        assert_eq!(sample(&network, 0).synapses.len(), 0);
    }

    #[test]
    fn inputs_and_outputs_of_neurons_are_told_apart_and_counted() {
        let network = network();
        for (neuron, inputs, outputs) in [(7, 0, 50 + 2), (203, 200 + 49, 1), (251, 1 + 8, 49)] {
            let of = |ends| of_neurons(&network, &[neuron], ends, 10_000).synapses;
            assert_eq!((of(Ends::Inputs).len(), of(Ends::Outputs).len()), (inputs, outputs), "neuron {neuron}");
            assert!(of(Ends::Inputs).iter().all(|s| s.target == neuron));
            assert!(of(Ends::Outputs).iter().all(|s| s.source == neuron));
        }
        let some = of_neurons(&network, &[203], Ends::Inputs, 20);
        assert!(some.synapses.len() <= 20 && some.total() == 249);
    }

    #[test]
    fn a_synapse_within_a_selection_is_drawn_once() {
        let network = network();
        let ids: Vec<u32> = (200..300).collect();
        let count = |ends| of_neurons(&network, &ids, ends, 100_000).total();
        assert_eq!(count(Ends::Outputs), 50 + 2450);
        assert_eq!(count(Ends::InputsFromOutside), 10_000 + 400);
        assert_eq!(count(Ends::Inputs), network.synapse_count());
    }
}
