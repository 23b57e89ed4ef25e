//! A running network on disk: one versioned file that either engine can go on from.

use super::NeuronState;

/// Everything that changes while a network runs, the same for both engines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// Fingerprint of the network it belongs to.
    pub network_hash: u64,
    /// Steps done.
    pub step: u64,
    /// Per neuron.
    pub neurons: Vec<NeuronState>,
    /// Per neuron: excitatory and inhibitory synaptic state.
    pub synaptic: Vec<[f32; 2]>,
    /// Per neuron: spikes since the start.
    pub spike_counts: Vec<u32>,
    /// The trace array.
    pub traces: Vec<f32>,
    /// The input ring: slot by slot, port by port.
    pub ring: Vec<i32>,
    /// The group ring: slot by slot, two per population.
    pub group_ring: Vec<i32>,
    /// Per projection: shares of weight_max for mutable projections, else empty.
    pub weights: Vec<Vec<f32>>,
    /// Per projection: threshold of the next pruning period.
    pub thresholds: Vec<f32>,
}
