// lesion: workgroups share out the rows of a projection; every synapse with a lesioned end is marked as pruned, so that
// it never transmits, learns, or is reinforced or normalised again. lesion_end counts what is left.
// Reads: rows, touches. Writes: weights, the count of the removed.
// CPU twin: src/engine/cpu/lesion.rs.

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read> row_start: array<u32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read> touches: array<Touch>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> period: PruneState;

fn is_lesioned(neuron: u32) -> bool {
    return (touches[neuron].flags & TOUCH_LESIONED) != 0u;
}

@compute @workgroup_size(64)
fn lesion(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    var removed = 0u;
    for (var source = workgroup.x; source < projection.source_size; source += grid.x) {
        let source_gone = is_lesioned(projection.source_first + source);
        var first = source * projection.target_size;
        var end = first + projection.target_size;
        if projection.dense == 0u {
            first = row_start[source];
            end = row_start[source + 1u];
        }
        for (var synapse = first + lane; synapse < end; synapse += 64u) {
            var target_local = synapse - first;
            if projection.dense == 0u {
                target_local = targets[synapse];
            }
            if (source_gone || is_lesioned(projection.target_first + target_local)) && weights[synapse] >= 0.0 {
                weights[synapse] = PRUNED;
                removed += 1u;
            }
        }
    }
    if removed > 0u {
        atomicAdd(&period.removed, removed);
    }
}
