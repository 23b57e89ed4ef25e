// The synapses of one target neuron of a mutable projection, in order of source. The kernel binds `projection`,
// `column_start` and `columns`. Rust twin: engine::gpu::plastic.

fn column_length(target_local: u32) -> u32 {
    if projection.dense != 0u {
        return projection.source_size;
    }
    return column_start[target_local + 1u] - column_start[target_local];
}

fn column_synapse(target_local: u32, k: u32) -> u32 {
    if projection.dense != 0u {
        return k * projection.target_size + target_local;
    }
    return columns[column_start[target_local] + k].x;
}

fn column_source(target_local: u32, k: u32) -> u32 {
    if projection.dense != 0u {
        return k;
    }
    return columns[column_start[target_local] + k].y;
}
