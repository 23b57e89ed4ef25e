// Where the pruning of one projection stands; lives on the GPU, so that periods need no read-back.
// Rust twin: engine::gpu::layout::PruneState.

struct PruneState {
    threshold: f32,      // of the next period, as a share of weight_max
    remaining: u32,
    total: u32,
    removed: atomic<u32>,   // in the period under way
}

// True once the target compression is reached.
fn prune_done(remaining: u32, total: u32, target_compression: f32) -> bool {
    return total == 0u || 1.0 - f32(remaining) / f32(total) >= target_compression;
}
