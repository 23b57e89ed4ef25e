// One projection whose synapses have weights of their own that can change. Rust twin: engine::gpu::layout.
// Weights are shares of weight_max, PRUNED where the synapse is gone. Dense projections (every source to every target)
// number their synapses source * target_size + target; sparse ones have a row table and a column table.

struct MutableProjection {
    rule: RuleParameters,        // learning rate factor included
    pre: TraceParameters,
    post1: TraceParameters,
    post2: TraceParameters,
    source_first: u32,
    source_size: u32,
    target_first: u32,
    target_size: u32,
    port_first: u32,
    delay: u32,                  // 0: every synapse has its own
    dense: u32,
    synapse_count: u32,
    delivery_factor: f32,        // fixed point of share 1
    normalised_share: f32,       // sum of shares that normalise brings about; 0: none
    has_post2: u32,
    prune_floor: u32,
    prune_policy: u32,           // 0 static, 1 progressive, 2 soft, 3 percentile, 4 random
    prune_alpha: f32,            // percentile, random: share of a target's inputs that goes in one period
    prune_beta: f32,
    prune_cap: f32,              // soft: the weight that others are set back to
    prune_target: f32,           // share of the synapses that may go
    prune_seed: u32,             // key of the random policy
    prune_stream: u32,
    prune_flags: u32,            // 1: reinforce first; 2: normalise over all inputs
}
