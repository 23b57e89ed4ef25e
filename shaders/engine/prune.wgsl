// prune: one thread removes and reinforces the synapses of one target neuron, which keeps at least its `prune_floor`
// strongest. prune_end closes the period.
// Reads: columns, the period's threshold. Writes: weights, the count of the removed.
// CPU twin: src/engine/cpu/prune.rs. Source: Elbez et al. 2022 (progressive threshold and reinforcement).

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read> column_start: array<u32>;
@group(0) @binding(2) var<storage, read> columns: array<vec2<u32>>;   // (synapse, source), by source
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> period: PruneState;

// How many inputs have at least this weight; pruned ones never do.
fn count_from(target_local: u32, length: u32, least: f32) -> u32 {
    var count = 0u;
    for (var k = 0u; k < length; k++) {
        let w = weights[column_synapse(target_local, k)];
        if w >= 0.0 && w >= least {
            count += 1u;
        }
    }
    return count;
}

// The floor-th largest weight, bit by bit from the top: weights are in [0, 1], where floats order like their bits.
fn floor_weight(target_local: u32, length: u32) -> f32 {
    var found = 0u;
    for (var bit = 0x20000000u; bit > 0u; bit = bit >> 1u) {
        let candidate = bitcast<f32>(found | bit);
        if count_from(target_local, length, candidate) >= projection.prune_floor {
            found = found | bit;
        }
    }
    return bitcast<f32>(found);
}

fn limit_of(target_local: u32, length: u32) -> f32 {
    if count_from(target_local, length, period.threshold) >= projection.prune_floor {
        return period.threshold;
    }
    if count_from(target_local, length, 0.0) <= projection.prune_floor {
        return 0.0;
    }
    return floor_weight(target_local, length);
}

@compute @workgroup_size(64)
fn prune(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let target_local = (workgroup.y * grid.x + workgroup.x) * 64u + lane;
    if target_local >= projection.target_size
        || prune_done(period.remaining, period.total, projection.prune_target) {
        return;
    }
    let length = column_length(target_local);
    let limit = limit_of(target_local, length);
    let reinforcement = projection.prune_beta * period.threshold;
    var removed = 0u;
    for (var k = 0u; k < length; k++) {
        let synapse = column_synapse(target_local, k);
        let w = weights[synapse];
        if w < 0.0 {
            continue;
        }
        if w < limit {
            weights[synapse] = PRUNED;
            removed += 1u;
        } else if projection.prune_policy != 0u {
            weights[synapse] = min(w + reinforcement, 1.0);
        }
    }
    if removed > 0u {
        atomicAdd(&period.removed, removed);
    }
}
