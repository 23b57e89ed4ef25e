// rest: one thread puts one neuron back to rest. Theta, the last spike and a spike list's place stay.
// Reads: blocks, populations. Writes: neurons. Synaptic state and input rings are cleared by the host's commands.
// CPU twin: State::rest in src/engine/cpu/state.rs.

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> populations: array<PopulationParameters, POPULATIONS_MAX>;
@group(0) @binding(2) var<storage, read> blocks: array<vec2<u32>>;    // (population, first local neuron)
@group(0) @binding(3) var<storage, read_write> neurons: array<NeuronState>;

@compute @workgroup_size(BLOCK_SIZE)
fn rest(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = workgroup.y * grid.x + workgroup.x;
    if index >= globals.block_count {
        return;
    }
    let block = blocks[index];
    let local = block.y + lane;
    if local >= populations[block.x].size {
        return;
    }
    let neuron = populations[block.x].first + local;
    neurons[neuron].membrane_mv = 0.0;
    if populations[block.x].cell != CELL_SPIKE_LIST {
        neurons[neuron].hold = 0u;
    }
}
