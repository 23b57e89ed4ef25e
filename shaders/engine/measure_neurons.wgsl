// measure_neurons: one thread sums spike counts and membrane values of one block of neurons; the host adds the blocks.
// Reads: blocks, populations, neurons, spike counts. Writes: one partial sum per block.
// CPU twin: src/engine/cpu/measure.rs.

struct BlockSums {
    count_low: u32,     // sum of the counts' low 16 bits
    count_high: u32,    // sum of their high 16 bits
    membrane_mv: f32,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<uniform> populations: array<PopulationParameters, POPULATIONS_MAX>;
@group(0) @binding(2) var<storage, read> blocks: array<vec2<u32>>;    // (population, first local neuron)
@group(0) @binding(3) var<storage, read> neurons: array<NeuronState>;
@group(0) @binding(4) var<storage, read> spike_counts: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<BlockSums>;

@compute @workgroup_size(64)
fn measure_neurons(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
    if index >= globals.block_count {
        return;
    }
    let block = blocks[index];
    let first = populations[block.x].first;
    let end = min(block.y + BLOCK_SIZE, populations[block.x].size);
    var sum = BlockSums(0u, 0u, 0.0);
    for (var local = block.y; local < end; local++) {
        let count = spike_counts[first + local];
        sum.count_low += count & 0xffffu;
        sum.count_high += count >> 16u;
        sum.membrane_mv += neurons[first + local].membrane_mv;
    }
    sums[index] = sum;
}
