//! `normalise`: every target's surviving weights are scaled to one sum; the twin of `shaders/engine/normalise.wgsl`.
//!
//! Per target, f32: `sum` = surviving shares added one by one in order of source id;
//! `factor = goal / sum` with `goal = normalised_sum / weight_max`, which pruning that asks for normalising over all
//! inputs multiplies by (the target's survivors / its inputs); every surviving share becomes `min(share * factor, 1)`. A target
//! whose sum is 0 is left alone.

use super::synapses::Synapses;
use crate::model::Projection;

/// Normalises the shares of a projection to `normalised_sum` (in the network's unit of weight).
pub(super) fn normalise(projection: &Projection, synapses: &Synapses, normalised_sum: f32, shares: &mut [f32]) {
    let goal = normalised_sum / projection.weight_max();
    // Row by row instead of column by column: each target's sum still runs in order of source.
    let mut sums = vec![0.0_f32; synapses.targets];
    each_row(projection, synapses, shares, |share, target| {
        if *share >= 0.0 {
            sums[target] += *share;
        }
    });
    let mut factors: Vec<f32> = sums.iter().map(|&sum| if sum > 0.0 { goal / sum } else { 1.0 }).collect();
    if projection.pruning.as_ref().is_some_and(|pruning| pruning.normalise_over_all) {
        let mut counts = vec![[0_u32; 2]; synapses.targets];
        each_row(projection, synapses, shares, |share, target| {
            counts[target][0] += u32::from(*share >= 0.0);
            counts[target][1] += 1;
        });
        for ((factor, &sum), [left, inputs]) in factors.iter_mut().zip(&sums).zip(counts) {
            if sum > 0.0 {
                *factor = goal * (left as f32 / inputs as f32) / sum;
            }
        }
    }
    each_row(projection, synapses, shares, |share, target| {
        if *share >= 0.0 && sums[target] > 0.0 {
            *share = (*share * factors[target]).min(1.0);
        }
    });
}

/// Calls `visit(share, target)` for every synapse of a mutable projection in order of source.
pub(super) fn each_row(
    projection: &Projection,
    synapses: &Synapses,
    shares: &mut [f32],
    mut visit: impl FnMut(&mut f32, usize),
) {
    if let Some(rows) = synapses.rows(projection) {
        for (share, &target) in shares.iter_mut().zip(rows.target) {
            visit(share, target as usize);
        }
    } else if synapses.targets > 0 {
        for row in shares.chunks_exact_mut(synapses.targets) {
            for (target, share) in row.iter_mut().enumerate() {
                visit(share, target);
            }
        }
    }
}
