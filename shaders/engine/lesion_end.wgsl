// lesion_end: one thread takes what a lesion removed from the count of surviving synapses.
// Reads and writes: the projection's pruning state.
// CPU twin: none; the CPU engine counts survivors whenever it needs to.

@group(0) @binding(0) var<storage, read_write> period: PruneState;

@compute @workgroup_size(1)
fn lesion_end() {
    period.remaining -= atomicLoad(&period.removed);
    atomicStore(&period.removed, 0u);
}
