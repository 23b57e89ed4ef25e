// measure_field: one workgroup gathers the incoming weights of one neuron of a mutable projection by source (its
// receptive field); PRUNED where there is no synapse.
// Reads: columns, weights. Writes: the field.
// CPU twin: src/engine/cpu/measure.rs.

struct FieldRequest {
    target_local: u32,
    _padding0: u32,
    _padding1: u32,
    _padding2: u32,
}

@group(0) @binding(0) var<uniform> request: FieldRequest;
@group(0) @binding(1) var<storage, read> projection: MutableProjection;
@group(0) @binding(2) var<storage, read> column_start: array<u32>;
@group(0) @binding(3) var<storage, read> columns: array<vec2<u32>>;   // (synapse, source), by source
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> field: array<f32>;

@compute @workgroup_size(64)
fn measure_field(@builtin(local_invocation_index) lane: u32) {
    for (var source = lane; source < projection.source_size; source += 64u) {
        field[source] = PRUNED;
    }
    storageBarrier();
    let length = column_length(request.target_local);
    for (var k = lane; k < length; k += 64u) {
        let source = column_source(request.target_local, k);
        // Several synapses of one source lie side by side; the first one's thread adds them up.
        if k > 0u && column_source(request.target_local, k - 1u) == source {
            continue;
        }
        var sum = PRUNED;
        for (var i = k; i < length && column_source(request.target_local, i) == source; i++) {
            let w = weights[column_synapse(request.target_local, i)];
            if w >= 0.0 {
                sum = select(sum + w, w, sum < 0.0);
            }
        }
        field[source] = sum;
    }
}
