//! What an engine tells about itself when asked: spikes since the last time, counts, means, weight statistics, and one
//! neuron in detail.

use bytemuck::{Pod, Zeroable};

/// The weight that marks a pruned synapse. Weights of mutable projections are never negative otherwise.
pub const PRUNED: f32 = -1.0;

/// Bins of the weight histogram, over `[0, weight_max]`.
pub const HISTOGRAM_BINS: usize = 64;

/// The state of one neuron, as both engines hold it and the renderer reads it (16 bytes; WGSL twin in
/// `shaders/common/neuron.wgsl`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct NeuronState {
    /// mV relative to rest. Unused by sources.
    pub membrane_mv: f32,
    /// Raise of the threshold, mV.
    pub theta_mv: f32,
    /// LIF: steps left in the refractory time. Spike lists: index of the next spike.
    pub hold: u32,
    /// The step whose end the last spike is stamped with; 0: none yet.
    pub last_spike_step: u32,
}

/// One spike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spike {
    /// End of the step in which the threshold was reached.
    pub step: u32,
    /// Neuron id.
    pub neuron: u32,
}

/// What a sample should hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleRequest {
    /// The spikes since the last request that asked for them.
    pub spikes: bool,
    /// Spike counts of every neuron of this population since the start.
    pub counts_of: Option<usize>,
    /// Mean membrane value per population and weight statistics per mutable projection.
    pub statistics: bool,
    /// This neuron in detail.
    pub probe: Option<u32>,
    /// The whole incoming weight column of `probe` for this projection (its receptive field).
    pub field_of: Option<usize>,
}

/// The state after `step` steps, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Steps done when it was taken.
    pub step: u64,
    /// Sorted by (step, neuron). Empty when not asked for.
    pub spikes: Vec<Spike>,
    /// Spikes that fell out of the engine's ring before they were asked for (delivery never loses any).
    pub spikes_lost: u64,
    /// Spikes per population since the start.
    pub population_spikes: Vec<u64>,
    /// See [`SampleRequest::counts_of`].
    pub counts: Vec<u32>,
    /// Mean membrane value per population, mV relative to rest; empty when not asked for.
    pub membrane_mean_mv: Vec<f32>,
    /// Per projection; `None` for those that cannot change. Empty when not asked for.
    pub projections: Vec<Option<ProjectionSample>>,
    /// See [`SampleRequest::probe`].
    pub probe: Option<Probe>,
}

/// Weights of one mutable projection. Weights are in the network's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionSample {
    /// Of the surviving synapses.
    pub weight_mean: f32,
    /// Surviving synapses per bin over `[0, weight_max]`.
    pub histogram: [u32; HISTOGRAM_BINS],
    /// Surviving synapses.
    pub remaining: u64,
    /// Synapses at the start.
    pub total: u64,
    /// Pruning threshold of the next period, as a share of weight_max; 0 without pruning.
    pub threshold: f32,
}

/// One neuron in detail.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Id.
    pub neuron: u32,
    /// State.
    pub state: NeuronState,
    /// Excitatory and inhibitory synaptic state, in units of weight.
    pub synaptic: [f32; 2],
    /// Incoming weights by source (local id), [`PRUNED`] where there is no synapse; empty when not asked for.
    pub field: Vec<f32>,
}

/// Time of one kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTime {
    /// The kernel's name.
    pub kernel: &'static str,
    /// ms per step.
    pub ms_per_step: f64,
}
