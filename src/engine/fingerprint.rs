//! A small stable hash, and the fingerprint of a network: equal fingerprints mean that a checkpoint of one continues
//! the other. Not cryptographic: it guards against mix-ups and damage, not against malice.

use super::Plan;
use crate::model::{Connectivity, Delays, Network, PruningPolicy, Weights};

/// FNV-1a (Fowler, Noll, Vo) over 32-bit words instead of bytes, with a last mixing step. Every word is absorbed by a
/// bijection, so a change of one word always changes the result.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(u64);

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

impl Fingerprint {
    /// The hash of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Absorbs one word.
    pub const fn word(&mut self, word: u32) {
        self.0 = (self.0 ^ word as u64).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// Absorbs 64 bits.
    pub const fn long(&mut self, value: u64) {
        self.word(value as u32);
        self.word((value >> 32) as u32);
    }

    /// Absorbs words, and how many they are.
    pub fn words(&mut self, words: impl ExactSizeIterator<Item = u32>) {
        self.long(words.len() as u64);
        for word in words {
            self.word(word);
        }
    }

    /// Absorbs bytes, and how many they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.long(bytes.len() as u64);
        for chunk in bytes.chunks(4) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u32::from_le_bytes(word));
        }
    }

    /// The hash of all so far (the finaliser of MurmurHash3, so that low bits depend on everything too).
    #[must_use]
    pub const fn finish(self) -> u64 {
        let mut h = self.0;
        h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        h ^ (h >> 33)
    }
}

/// The fingerprint of everything that decides how a network goes on from a given state: parameters, seed, synapses,
/// rules. Names, positions, colours and the initial state are left out.
#[must_use]
pub fn network_hash(network: &Network, plan: &Plan) -> u64 {
    let mut hash = Fingerprint::new();
    hash.long(network.dt_ms.to_bits());
    hash.long(network.seed);
    hash.words(bytemuck::cast_slice::<_, u32>(&plan.populations).iter().copied());
    hash.words(bytemuck::cast_slice::<_, u32>(&plan.traces).iter().copied());
    hash.words(plan.population_traces.iter().copied());
    hash.words(plan.decay_tables.iter().map(|x| x.to_bits()));
    hash.words(plan.power_tables.iter().map(|x| x.to_bits()));
    hash.words(plan.background_tables.iter().copied());
    for change in &plan.drive_changes {
        hash.words([change.step, change.population as u32, change.drive_mv.to_bits()].into_iter());
    }
    for population in &network.populations {
        if let crate::model::Cell::Source(crate::model::Source::SpikeList(lists)) = &population.cell {
            for list in lists {
                hash.words(list.iter().copied());
            }
        }
    }
    for projection in 0..network.projections.len() {
        hash_projection(&mut hash, network, plan, projection);
    }
    hash.finish()
}

fn hash_projection(hash: &mut Fingerprint, network: &Network, plan: &Plan, index: usize) {
    let projection = &network.projections[index];
    let derived = &plan.projections[index];
    hash.words([projection.source as u32, projection.target as u32, derived.port_first, derived.group].into_iter());
    hash.words([derived.scale.to_bits(), derived.delivery_factor.to_bits()].into_iter());
    if let Some(rule) = &derived.rule {
        hash.words(bytemuck::cast_slice::<_, u32>(std::slice::from_ref(rule)).iter().copied());
    }
    match &projection.connectivity {
        Connectivity::OneToOne => hash.word(1),
        Connectivity::AllToAll => hash.word(2),
        Connectivity::AllButSelf => hash.word(3),
        Connectivity::Sparse { row_start, target } => {
            hash.word(4);
            hash.words(row_start.iter().copied());
            hash.words(target.iter().copied());
        }
    }
    match &projection.weights {
        // Weights that change are state, not structure.
        _ if projection.is_mutable() => hash.word(1),
        Weights::Constant(weight) => hash.words([weight.to_bits()].into_iter()),
        Weights::PerSynapse(weights) => hash.words(weights.iter().map(|w| w.to_bits())),
    }
    match &projection.delays {
        Delays::Constant(steps) => hash.word(*steps),
        Delays::PerSynapse(steps) => hash.words(steps.iter().map(|&d| u32::from(d))),
    }
    hash.word(projection.weight_max().to_bits());
    hash.word(projection.normalised_sum.map_or(0, f32::to_bits));
    if let Some(pruning) = &projection.pruning {
        let policy = match pruning.policy {
            PruningPolicy::Static { threshold } => [0.0, threshold, 0.0, 0.0],
            // The initial threshold is state.
            PruningPolicy::Progressive { alpha, beta, cap, .. } => [1.0, alpha, beta, cap],
            PruningPolicy::Soft { threshold, weight } => [2.0, threshold, weight, 0.0],
            PruningPolicy::Percentile { share } => [3.0, share, 0.0, 0.0],
            PruningPolicy::Random { share } => [4.0, share, 0.0, 0.0],
        };
        hash.words(policy.map(f32::to_bits).into_iter());
        hash.words([pruning.target_compression.to_bits(), pruning.floor_per_neuron].into_iter());
        hash.words([u32::from(pruning.reinforce_first), u32::from(pruning.normalise_over_all)].into_iter());
    }
}
