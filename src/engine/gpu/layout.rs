//! Structs that the host fills and the engine's kernels read. `tests/layout.rs` compares every one with its WGSL twin.

use bytemuck::{Pod, Zeroable};

use crate::engine::{RuleParameters, TraceParameters};

/// Neurons per workgroup of `integrate`; `BLOCK_SIZE` in the shader.
pub const BLOCK_SIZE: u32 = 64;

/// Populations at most; `POPULATIONS_MAX` in the shaders.
pub const POPULATIONS_MAX: usize = 512;

/// Twin of `Slot` in `shaders/engine/advance.wgsl`: the neurons of one population that the threads hold, one each.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Slot {
    /// Whose neurons.
    pub population: u32,
    /// Local id of the first thread's.
    pub first: u32,
    /// Its excitatory port.
    pub port: u32,
    /// Neurons of the population, and so the distance from an excitatory port to the inhibitory one.
    pub size: u32,
}

/// Twin of `EngineGlobals` in `shaders/engine/globals.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct EngineGlobals {
    /// Folded seed.
    pub seed: u32,
    /// 1 while plasticity and threshold adaptation are on.
    pub learning: u32,
    /// Populations.
    pub population_count: u32,
    /// All input ports.
    pub port_count: u32,
    /// Slots of the input rings.
    pub ring_slots: u32,
    /// Workgroups that `integrate` needs.
    pub block_count: u32,
    /// Capacity of the spike ring, a power of two, less 1.
    pub spike_mask: u32,
    /// Capacity of the ring of step starts, a power of two, less 1.
    pub start_mask: u32,
    /// 1 once something was done to single neurons: `touches` then holds one entry per neuron.
    pub touched: u32,
    /// 0, which compilers cannot know: for sums that must be taken in the order written; see `as_written` in lif.wgsl.
    pub always_zero: u32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// Twin of `StepNumber` in `shaders/engine/globals.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct StepNumber {
    /// The step being computed; the first is 1.
    pub step: u32,
    /// Slot of the input rings whose input arrives at this step.
    pub slot: u32,
    /// Steps that the dispatch advances, this one the first.
    pub count: u32,
    /// Unused.
    pub _padding: u32,
}

/// Twin of `DeliverSegment` in `shaders/engine/deliver.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct DeliverSegment {
    /// First source neuron with rows in this segment.
    pub first_source: u32,
    /// One beyond the last.
    pub end_source: u32,
    /// Added to the delay bits of an entry.
    pub delay_min: u32,
    /// Low bits of an entry that hold the port.
    pub port_bits: u32,
    /// 1 for the segment whose dispatch closes the step.
    pub leads: u32,
    /// Entries in the table of rules.
    pub rule_count: u32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// Twin of `DeliverRule` in `shaders/engine/deliver.wgsl`: a projection that is delivered without stored synapses.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct DeliverRule {
    /// First source neuron.
    pub source_first: u32,
    /// Source neurons.
    pub source_size: u32,
    /// One of the `RULE_` constants.
    pub kind: u32,
    /// Fixed point.
    pub weight: i32,
    /// Steps.
    pub delay: u32,
    /// Port of the target's first neuron.
    pub port_first: u32,
    /// Entry in a slot of the group ring.
    pub group: u32,
    /// Target neurons.
    pub target_size: u32,
}

/// [`DeliverRule::kind`]: neuron k to neuron k.
pub const RULE_ONE_TO_ONE: u32 = 0;
/// [`DeliverRule::kind`]: every target gets the same.
pub const RULE_ALL_TO_ALL: u32 = 1;
/// [`DeliverRule::kind`]: every target but the spiking neuron itself gets the same.
pub const RULE_ALL_BUT_SELF: u32 = 2;

/// Twin of `MutableProjection` in `shaders/engine/projection.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct MutableProjection {
    /// Learning rate factor included, power tables numbered within the engine's tables.
    pub rule: RuleParameters,
    /// Pre trace.
    pub pre: TraceParameters,
    /// Post trace used on pre.
    pub post1: TraceParameters,
    /// Post trace used on post.
    pub post2: TraceParameters,
    /// First source neuron.
    pub source_first: u32,
    /// Source neurons.
    pub source_size: u32,
    /// First target neuron.
    pub target_first: u32,
    /// Target neurons.
    pub target_size: u32,
    /// Port of the target's first neuron.
    pub port_first: u32,
    /// Steps; 0: every synapse has its own.
    pub delay: u32,
    /// 1: every source to every target.
    pub dense: u32,
    /// Synapses, pruned ones included.
    pub synapse_count: u32,
    /// Fixed point of share 1.
    pub delivery_factor: f32,
    /// Sum of shares that normalise brings about; 0: none.
    pub normalised_share: f32,
    /// 1: the post part of the rule is multiplied by `post2`.
    pub has_post2: u32,
    /// Inputs that every target keeps.
    pub prune_floor: u32,
    /// 0 static, 1 progressive, 2 soft, 3 percentile, 4 random.
    pub prune_policy: u32,
    /// Growth of the threshold; percentile and random: share of a target's inputs that goes in one period.
    pub prune_alpha: f32,
    /// Reinforcement of survivors.
    pub prune_beta: f32,
    /// The highest threshold; soft: the weight that others are set back to.
    pub prune_cap: f32,
    /// Share of the synapses that may go.
    pub prune_target: f32,
    /// Key of the random policy: folded seed.
    pub prune_seed: u32,
    /// Key of the random policy: stream.
    pub prune_stream: u32,
    /// 1: reinforce first; 2: normalise over all inputs.
    pub prune_flags: u32,
}

/// Twin of `PruneState` in `shaders/engine/prune_state.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PruneState {
    /// Threshold of the next period, as a share of weight_max.
    pub threshold: f32,
    /// Surviving synapses.
    pub remaining: u32,
    /// Synapses at the start.
    pub total: u32,
    /// Removed in the period under way.
    pub removed: u32,
}

/// Twin of `BlockSums` in `shaders/engine/measure_neurons.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct BlockSums {
    /// Sum of the spike counts' low 16 bits.
    pub count_low: u32,
    /// Sum of their high 16 bits.
    pub count_high: u32,
    /// Sum of the membrane values, mV.
    pub membrane_mv: f32,
}

/// Twin of `GatherRequest` in `shaders/engine/gather_spikes.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct GatherRequest {
    /// First step whose spikes are wanted.
    pub first_step: u32,
    /// Spikes that can be gathered at once.
    pub room: u32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// Twin of `FieldRequest` in `shaders/engine/measure_field.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct FieldRequest {
    /// Local id of the neuron.
    pub target_local: u32,
    /// Unused.
    pub _padding: [u32; 3],
}
