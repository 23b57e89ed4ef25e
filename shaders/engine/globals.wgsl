// Numbers that the engine's kernels share, and the clock of the spike ring. Rust twins: engine::gpu::layout.

struct EngineGlobals {
    seed: u32,
    learning: u32,
    population_count: u32,
    port_count: u32,
    ring_slots: u32,
    block_count: u32,
    spike_mask: u32,   // spike k of all time lies at spikes[k & spike_mask]
    start_mask: u32,   // the first spike of step s has the number starts[s & start_mask]
    touched: u32,      // 1: `touches` holds one entry per neuron
    always_zero: u32,  // for `as_written`
    _padding0: u32,
    _padding1: u32,
}

// One entry of the slice's list of steps, chosen by the dynamic offset.
struct StepNumber {
    step: u32,
    slot: u32,         // step % ring_slots
    count: u32,        // steps that the dispatch advances, this one the first
    _padding0: u32,
}

const BLOCK_SIZE = 64u;   // neurons of one population that a workgroup takes
const PRUNED = -1.0;
