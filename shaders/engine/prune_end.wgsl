// prune_end: one thread closes a pruning period: counts what is left and moves the threshold on.
// Reads and writes: the projection's pruning state.
// CPU twin: src/engine/cpu/prune.rs. Source: Elbez et al. 2022, T(n+1) = T(n) + alpha * remaining / total.

@group(0) @binding(0) var<storage, read> projection: MutableProjection;
@group(0) @binding(1) var<storage, read_write> period: PruneState;

@compute @workgroup_size(1)
fn prune_end() {
    if prune_done(period.remaining, period.total, projection.prune_target) {
        return;
    }
    period.remaining -= atomicLoad(&period.removed);
    atomicStore(&period.removed, 0u);
    if projection.prune_policy == 1u {
        let left = f32(period.remaining) / f32(period.total);
        period.threshold = min(period.threshold + projection.prune_alpha * left, projection.prune_cap);
    }
}
