//! What a set of synapses looks like: counts, weights, delays, degrees. In: synapses in any order. Out: plain numbers.

use super::weights::Moments;

/// Pairs that are told apart at most: one takes eight bytes.
const MOST_PAIRS: usize = 50_000_000;

/// Running statistics of one projection, or of all.
#[derive(Clone, Debug, Default)]
pub struct Connectivity {
    /// Of the synapses that are there.
    pub weights: Moments,
    /// Of those with a weight of 0 or more, and of those with one below 0.
    pub weights_by_sign: [Moments; 2],
    /// ms
    pub delays_ms: Moments,
    /// From a neuron to itself.
    pub self_connections: u64,
    /// All synapses, those without a weight included.
    pub connections: u64,
    pairs: Vec<u64>,
    first_source: Option<(u32, u64)>,
}

impl Connectivity {
    /// Takes a synapse.
    pub fn push(&mut self, pre: u32, post: u32, weight: f32, delay_ms: f64) {
        self.connections += 1;
        self.weights.push(f64::from(weight));
        self.weights_by_sign[usize::from(weight < 0.0)].push(f64::from(weight));
        self.delays_ms.push(delay_ms);
        self.self_connections += u64::from(pre == post);
        if self.pairs.len() <= MOST_PAIRS {
            self.pairs.push(u64::from(pre) << 32 | u64::from(post));
        }
        match &mut self.first_source {
            Some((first, degree)) if *first == pre => *degree += 1,
            Some((first, _)) if *first < pre => {}
            other => *other = Some((pre, 1)),
        }
    }

    /// Pairs of neurons with at least one synapse; none where there are too many to tell apart.
    pub fn distinct_pairs(&mut self) -> Option<u64> {
        if self.pairs.len() > MOST_PAIRS {
            return None;
        }
        self.pairs.sort_unstable();
        self.pairs.dedup();
        Some(self.pairs.len() as u64)
    }

    /// The sending neuron with the lowest id, and its synapses.
    #[must_use]
    pub const fn out_degree_of_first_source(&self) -> Option<(u32, u64)> {
        self.first_source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiple_and_self_connections_are_counted() {
        let mut found = Connectivity::default();
        for (pre, post, weight) in [(3, 4, 1.0), (1, 1, 2.0), (1, 2, 3.0), (1, 2, 4.0), (2, 1, f32::NAN)] {
            found.push(pre, post, weight, 1.5);
        }
        assert_eq!((found.connections, found.weights.count, found.self_connections), (5, 4, 1));
        assert_eq!(found.distinct_pairs(), Some(4));
        assert_eq!(found.out_degree_of_first_source(), Some((1, 3)));
        assert_eq!(found.weights_by_sign.map(|one| one.count), [4, 0]);
        assert_eq!((found.weights.mean(), found.delays_ms.std()), (2.5, 0.0));
    }
}
