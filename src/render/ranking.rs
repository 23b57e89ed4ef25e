//! Which synapses stand out: the strongest, the most changed, the pruned. Pure and on the host: in go a network and its
//! present weights, out come the synapses to draw, with counts of what did not fit.

use super::sampling::{Drawn, divide, of_ids};
use crate::model::random::{Stream, fold_seed, random_u32};
use crate::model::{Network, Weights};

/// Present weights as shares of `weight_max`, by projection and synapse; negative where pruned, `None` where weights
/// cannot change.
pub(super) type Shares = Vec<Option<Vec<f32>>>;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// The strongest, so many.
    pub(super) strongest: u32,
    /// The most changed, so many.
    pub(super) changed: u32,
    /// Pruned ones, at most so many.
    pub(super) graves: u32,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ranked {
    /// See [`Wish`].
    pub(super) strongest: Drawn,
    /// As strong as the weakest of them, but not among them.
    pub(super) strongest_tied: u64,
    /// The most changed that are stronger than at the start.
    pub(super) grown: Drawn,
    /// The most changed that are weaker than at the start.
    pub(super) shrunk: Drawn,
    /// Pruned ones.
    pub(super) graves: Drawn,
}

/// The `count` largest keys, ties to the lower index; keys of 0 do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Top {
    /// Indices, ascending.
    indices: Vec<u64>,
    /// Keys above 0.
    candidates: u64,
    /// Candidates with the smallest chosen key that were not chosen.
    tied: u64,
}

/// Three sweeps and no copy of the keys: one finds the upper half of the smallest key that is chosen, one the lower half,
/// one collects.
fn top(len: usize, count: u64, key: impl Fn(usize) -> u32) -> Top {
    let mut bins = vec![0_u64; 1 << 16];
    (0..len).for_each(|k| bins[(key(k) >> 16) as usize] += 1);
    // Keys of 0 are no candidates; they share their bin with small ones.
    let zeros = (0..len).filter(|&k| key(k) == 0).count() as u64;
    bins[0] -= zeros;
    let candidates = len as u64 - zeros;
    let count = count.min(candidates);
    if count == 0 {
        return Top { candidates, ..Top::default() };
    }
    let (high, above) = last_bin(&bins, count);
    bins.fill(0);
    (0..len).map(&key).filter(|&k| k > 0 && k >> 16 == high).for_each(|k| bins[(k & 0xffff) as usize] += 1);
    let (low, above_too) = last_bin(&bins, count - above);
    let smallest = high << 16 | low;
    let mut room = count - above - above_too;
    let tied = bins[low as usize] - room;
    let chosen = |k: &usize| {
        let own = key(*k);
        let fits = own > smallest || own == smallest && room > 0;
        room -= u64::from(fits && own == smallest);
        fits
    };
    Top { indices: (0..len).filter(chosen).map(|k| k as u64).collect(), candidates, tied }
}

/// The bin in which the `count`-th from above lies (count > 0), and how many lie above that bin.
fn last_bin(bins: &[u64], count: u64) -> (u32, u64) {
    let mut above = 0;
    for (bin, &held) in bins.iter().enumerate().rev() {
        if above + held >= count {
            return (bin as u32, above);
        }
        above += held;
    }
    (0, above)
}

/// Non-negative floats sort as their bits do.
fn key_of(magnitude: f32) -> u32 {
    if magnitude > 0.0 { magnitude.to_bits() } else { 0 }
}

/// Does it all. Projections share each wish as they share the sample's budget.
pub(super) fn rank(network: &Network, shares: &Shares, wish: Wish) -> Ranked {
    let (strongest, tied) = strongest(network, shares, wish.strongest);
    let (grown, shrunk) = most_changed(network, shares, wish.changed);
    Ranked { strongest, strongest_tied: tied.iter().sum(), grown, shrunk, graves: graves(network, shares, wish.graves) }
}

/// How a wish is divided: by the square root of the number of candidates.
fn divided(count: u32, candidates: &[u64]) -> Vec<u64> {
    let wishes: Vec<f64> = candidates.iter().map(|&c| (c as f64).sqrt()).collect();
    divide(u64::from(count), candidates, &wishes)
}

/// The strongest of each projection whose weights differ.
pub(super) fn strongest(network: &Network, shares: &Shares, count: u32) -> (Drawn, Vec<u64>) {
    let weights: Vec<Option<&[f32]>> = network
        .projections
        .iter()
        .enumerate()
        .map(|(index, p)| match (shares.get(index).and_then(Option::as_deref), &p.weights) {
            (Some(live), _) => Some(live),
            (None, Weights::PerSynapse(weights)) if !p.is_mutable() => Some(weights.as_slice()),
            _ => None,
        })
        .collect();
    // Of weights that can change, those below 0 are gone; of others, they inhibit.
    let key = |projection: usize, weight: f32| {
        key_of(if network.projections[projection].is_mutable() { weight } else { weight.abs() })
    };
    let candidates: Vec<u64> = weights.iter().map(|weights| weights.map_or(0, |w| w.len() as u64)).collect();
    let room = divided(count, &candidates);
    let (mut ids, mut totals, mut tied) = (Vec::new(), Vec::new(), Vec::new());
    for (index, weights) in weights.iter().enumerate() {
        let weights = weights.unwrap_or_default();
        let found = top(weights.len(), room[index], |k| key(index, weights[k]));
        ids.push(found.indices);
        totals.push(found.candidates);
        tied.push(found.tied);
    }
    (of_ids(network, ids, totals), tied)
}

/// The living ones farthest from their weight at the start, those that grew and those that shrank.
pub(super) fn most_changed(network: &Network, shares: &Shares, count: u32) -> (Drawn, Drawn) {
    let none = Vec::new();
    let live = |index: usize| shares.get(index).and_then(Option::as_ref).unwrap_or(&none);
    let change = |index: usize, k: usize| {
        let (p, now) = (&network.projections[index], live(index)[k]);
        if now < 0.0 { 0.0 } else { now - p.weights.get(k) / p.weight_max().max(f32::MIN_POSITIVE) }
    };
    // Less is rounding.
    let key = |index: usize, k: usize| key_of((change(index, k).abs() - 1e-5).max(0.0));
    let candidates: Vec<u64> = (0..network.projections.len()).map(|index| live(index).len() as u64).collect();
    let room = divided(count, &candidates);
    let (mut grown, mut shrunk) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
    for (index, &room) in room.iter().enumerate() {
        let found = top(live(index).len(), room, |k| key(index, k));
        let (up, down): (Vec<u64>, Vec<u64>) =
            found.indices.into_iter().partition(|&id| change(index, id as usize) > 0.0);
        let ups = (0..live(index).len()).filter(|&k| key(index, k) > 0 && change(index, k) > 0.0).count() as u64;
        grown.0.push(up);
        grown.1.push(ups);
        shrunk.0.push(down);
        shrunk.1.push(found.candidates - ups);
    }
    (of_ids(network, grown.0, grown.1), of_ids(network, shrunk.0, shrunk.1))
}

/// Pruned ones; where they are too many, the same ones stay chosen while more join them.
pub(super) fn graves(network: &Network, shares: &Shares, count: u32) -> Drawn {
    let pruned: Vec<u64> = (0..network.projections.len())
        .map(|index| {
            shares.get(index).and_then(Option::as_ref).map_or(0, |s| s.iter().filter(|&&s| s < 0.0).count() as u64)
        })
        .collect();
    let room = divided(count, &pruned);
    let seed = fold_seed(network.seed);
    let ids = room
        .iter()
        .enumerate()
        .map(|(index, &room)| {
            let Some(shares) = shares.get(index).and_then(Option::as_ref).filter(|_| room > 0) else {
                return Vec::new();
            };
            let stream = Stream::Picture.part(index);
            top(shares.len(), room, |k| if shares[k] < 0.0 { random_u32(seed, stream, k as u32, 1).max(1) } else { 0 })
                .indices
        })
        .collect();
    of_ids(network, ids, pruned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sketch::sketch;
    use crate::model::{Connectivity, Plasticity, Rule};

    fn network(start: Vec<f32>) -> Network {
        let rule =
            Rule::Pair { tau_plus_ms: 20.0, tau_minus_ms: 20.0, lambda: 0.1, alpha: 1.0, mu_plus: 1.0, mu_minus: 1.0 };
        let mut network = sketch(&[100, 100], [(0, 1, Connectivity::AllToAll)]);
        network.projections[0].weights = Weights::PerSynapse(start);
        network.projections[0].plasticity = Some(Plasticity { rule, weight_max: 1.0 });
        network
    }

    fn ids(drawn: &Drawn) -> Vec<u64> {
        drawn.synapses.iter().map(|s| s.synapse).collect()
    }

    /// Weights without order and with ties, a tenth of them gone.
    fn weights(salt: u32) -> Vec<f32> {
        let weight = |k: u32| match random_u32(salt, 0, k, 0) % 1000 {
            chance @ 0..900 => (chance / 2) as f32 / 450.0,
            _ => -1.0,
        };
        (0..10_000).map(weight).collect()
    }

    /// What sorting says, the slow way.
    fn sorted(count: usize, key: impl Fn(u64) -> f32) -> Vec<u64> {
        let mut all: Vec<u64> = (0..10_000).filter(|&k| key(k) > 0.0).collect();
        all.sort_by(|&a, &b| key(b).total_cmp(&key(a)).then(a.cmp(&b)));
        all.truncate(count);
        all.sort_unstable();
        all
    }

    #[test]
    fn the_strongest_are_the_top_of_the_weights_with_ties_to_the_lower_id() {
        let (network, live) = (network(vec![0.5; 10_000]), weights(1));
        for count in [1, 7, 500, 3_000, 20_000] {
            let (drawn, tied) = strongest(&network, &vec![Some(live.clone())], count);
            let expected = sorted(count as usize, |k| live[k as usize]);
            assert_eq!(ids(&drawn), expected, "{count}");
            let least = expected.iter().map(|&k| live[k as usize]).fold(f32::MAX, f32::min);
            let as_strong = live.iter().filter(|&&w| w == least).count() as u64;
            let in_it = expected.iter().filter(|&&k| live[k as usize] == least).count() as u64;
            assert_eq!(tied, [as_strong - in_it], "{count}");
        }
    }

    #[test]
    fn the_most_changed_are_the_top_of_the_change_and_told_apart_by_its_sign() {
        let (start, live) = (weights(2).into_iter().map(f32::abs).collect::<Vec<_>>(), weights(3));
        let network = network(start.clone());
        let change = |k: u64| {
            let (now, then) = (live[k as usize], start[k as usize]);
            if now < 0.0 { 0.0 } else { (now - then).abs() }
        };
        let (grown, shrunk) = most_changed(&network, &vec![Some(live.clone())], 800);
        let smallest = |drawn: &Drawn| ids(drawn).into_iter().map(change).fold(f32::MAX, f32::min);
        let least = smallest(&grown).min(smallest(&shrunk));
        assert_eq!(grown.synapses.len() + shrunk.synapses.len(), 800);
        assert!(ids(&grown).iter().all(|&k| live[k as usize] > start[k as usize]));
        assert!(ids(&shrunk).iter().all(|&k| live[k as usize] < start[k as usize]));
        let left_out = (0..10_000).filter(|k| change(*k) > least + 1e-5).count();
        assert!(left_out <= 800, "{left_out} changed more than the least that is drawn");
        assert_eq!(most_changed(&network, &vec![Some(start)], 800).0.synapses.len(), 0, "nothing changed");
    }

    #[test]
    fn the_graveyard_holds_exactly_the_pruned_and_keeps_its_choice() {
        let network = network(vec![0.5; 10_000]);
        let live = weights(4);
        let pruned: Vec<u64> = (0..10_000).filter(|&k| live[k as usize] < 0.0).collect();
        let all = graves(&network, &vec![Some(live.clone())], 10_000);
        assert_eq!((ids(&all), all.total()), (pruned.clone(), pruned.len() as u64));
        let some = graves(&network, &vec![Some(live.clone())], 100);
        assert_eq!((some.synapses.len(), some.total()), (100, pruned.len() as u64));
        // One more goes: at most one of those chosen makes room for it.
        let mut later = live.clone();
        let alive = later.iter().position(|&w| w > 0.0).expect("one");
        later[alive] = -1.0;
        let next = ids(&graves(&network, &vec![Some(later)], 100));
        assert!(ids(&some).iter().filter(|id| !next.contains(id)).count() <= 1);
    }

    #[test]
    fn constant_weights_are_not_ranked() {
        let mut network = network(Vec::new());
        network.projections[0].weights = Weights::Constant(0.3);
        network.projections[0].plasticity = None;
        assert!(strongest(&network, &vec![None], 100).0.synapses.is_empty());
        assert_eq!(
            rank(&network, &vec![None], Wish { strongest: 9, changed: 9, graves: 9 }),
            rank(&network, &Vec::new(), Wish { strongest: 9, changed: 9, graves: 9 })
        );
    }
}
