// prune: one thread removes and reinforces the synapses of one target neuron, which keeps at least its `prune_floor`
// strongest. prune_end closes the period.
// Reads: columns, the period's threshold. Writes: weights, the count of the removed.
// CPU twin: src/engine/cpu/prune.rs. Source: Elbez et al. 2022 (progressive threshold and reinforcement).

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read> column_start: array<u32>;
@group(0) @binding(2) var<storage, read> columns: array<vec2<u32>>;   // (synapse, source), by source
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> period: PruneState;

const PRUNE_PROGRESSIVE = 1u;
const PRUNE_SOFT = 2u;
const PRUNE_PERCENTILE = 3u;
const PRUNE_RANDOM = 4u;
const ABOVE_ALL = 0x7fffffffu;

// What orders the synapses: the lower go first. Weights are in [0, 1], where floats order like their bits.
fn key_of(synapse: u32, w: f32) -> u32 {
    if projection.prune_policy == PRUNE_RANDOM {
        return random_u32(projection.prune_seed, projection.prune_stream, synapse, 0u) >> 2u;
    }
    return bitcast<u32>(w) & 0x7fffffffu;
}

// How many inputs have at least this key; pruned ones never do.
fn count_from(target_local: u32, length: u32, least: u32) -> u32 {
    var count = 0u;
    for (var k = 0u; k < length; k++) {
        let synapse = column_synapse(target_local, k);
        let w = weights[synapse];
        if w >= 0.0 && key_of(synapse, w) >= least {
            count += 1u;
        }
    }
    return count;
}

// The nth largest key, bit by bit from the top: keys are below 2^30.
fn largest(target_local: u32, length: u32, nth: u32) -> u32 {
    var found = 0u;
    for (var bit = 0x20000000u; bit > 0u; bit = bit >> 1u) {
        if count_from(target_local, length, found | bit) >= nth {
            found = found | bit;
        }
    }
    return found;
}

// Percentile and random policies: the smallest key that stays.
fn rank_limit(target_local: u32, length: u32) -> u32 {
    let survivors = count_from(target_local, length, 0u);
    let inputs = f32(length);
    let drop_most = u32(ceil(inputs * projection.prune_alpha));
    let keep_least = max(u32(ceil(inputs * (1.0 - projection.prune_target))), projection.prune_floor);
    if survivors <= keep_least {
        return 0u;
    }
    let keep = survivors - min(drop_most, survivors - keep_least);
    if keep == 0u {
        return ABOVE_ALL;
    }
    return largest(target_local, length, keep);
}

fn limit_of(target_local: u32, length: u32) -> u32 {
    if projection.prune_policy >= PRUNE_PERCENTILE {
        return rank_limit(target_local, length);
    }
    let threshold = bitcast<u32>(period.threshold);
    if count_from(target_local, length, threshold) >= projection.prune_floor {
        return threshold;
    }
    if count_from(target_local, length, 0u) <= projection.prune_floor {
        return 0u;
    }
    return largest(target_local, length, projection.prune_floor);
}

fn reinforce(target_local: u32, length: u32, reinforcement: f32) {
    for (var k = 0u; k < length; k++) {
        let synapse = column_synapse(target_local, k);
        let w = weights[synapse];
        if w >= 0.0 {
            weights[synapse] = min(w + reinforcement, 1.0);
        }
    }
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
    let reinforces = projection.prune_policy == PRUNE_PROGRESSIVE;
    let reinforces_first = (projection.prune_flags & 1u) != 0u;
    let reinforcement = projection.prune_beta * period.threshold;
    if reinforces && reinforces_first {
        reinforce(target_local, length, reinforcement);
    }
    let limit = limit_of(target_local, length);
    var removed = 0u;
    for (var k = 0u; k < length; k++) {
        let synapse = column_synapse(target_local, k);
        let w = weights[synapse];
        if w < 0.0 {
            continue;
        }
        if key_of(synapse, w) < limit {
            if projection.prune_policy == PRUNE_SOFT {
                weights[synapse] = projection.prune_cap;
            } else {
                weights[synapse] = PRUNED;
                removed += 1u;
            }
        } else if reinforces && !reinforces_first {
            weights[synapse] = min(w + reinforcement, 1.0);
        }
    }
    if removed > 0u {
        atomicAdd(&period.removed, removed);
    }
}
