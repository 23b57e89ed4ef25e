// normalise: one thread scales the surviving weights of one target neuron to one sum.
// Reads: columns. Writes: weights. The sum runs in order of source, one rounding per addition.
// CPU twin: src/engine/cpu/normalise.rs. Source: Diehl and Cook 2015 (weight normalisation of their published code).

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read> column_start: array<u32>;
@group(0) @binding(2) var<storage, read> columns: array<vec2<u32>>;   // (synapse, source), by source
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;

@compute @workgroup_size(64)
fn normalise(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let target_local = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
    if target_local >= projection.target_size {
        return;
    }
    let length = column_length(target_local);
    var sum = 0.0;
    var left = 0u;
    for (var k = 0u; k < length; k++) {
        let w = weights[column_synapse(target_local, k)];
        if w >= 0.0 {
            sum += w;
            left += 1u;
        }
    }
    if sum <= 0.0 {
        return;
    }
    var goal = projection.normalised_share;
    if (projection.prune_flags & 2u) != 0u {
        goal = goal * (f32(left) / f32(length));
    }
    let factor = goal / sum;
    for (var k = 0u; k < length; k++) {
        let synapse = column_synapse(target_local, k);
        let w = weights[synapse];
        if w >= 0.0 {
            weights[synapse] = min(w * factor, 1.0);
        }
    }
}
