// measure_weights: threads share out the synapses of one projection: a histogram of the surviving weights (the caller
// cleared it) and one partial sum per thread, which the host adds.
// Reads: weights. Writes: histogram, sums.
// CPU twin: src/engine/cpu/measure.rs.

const BINS = 64u;

struct WeightStatistics {
    histogram: array<atomic<u32>, BINS>,
    sums: array<f32>,    // one per thread of the dispatch
}

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> statistics: WeightStatistics;

var<workgroup> bins: array<atomic<u32>, BINS>;

@compute @workgroup_size(BINS)
fn measure_weights(
    @builtin(global_invocation_id) thread: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let stride = grid.x * BINS;
    var sum = 0.0;
    for (var k = thread.x; k < projection.synapse_count; k += stride) {
        let w = weights[k];
        if w >= 0.0 {
            atomicAdd(&bins[min(u32(w * f32(BINS)), BINS - 1u)], 1u);
            sum += w;
        }
    }
    statistics.sums[thread.x] = sum;
    workgroupBarrier();
    atomicAdd(&statistics.histogram[lane], atomicLoad(&bins[lane]));
}
