//! `lesion`: the synapses of lesioned neurons become [`PRUNED`]; the twin of `shaders/engine/lesion.wgsl`.
//!
//! Synapses whose weights cannot change need no mark: their source never spikes again, or their target never does.

use super::synapses::Synapses;
use crate::engine::{PRUNED, Touch};
use crate::model::Projection;

/// Marks every synapse of a mutable projection with a lesioned end. `sources` and `targets`: the touches of the two
/// populations.
pub(super) fn lesion(
    projection: &Projection,
    synapses: &Synapses,
    sources: &[Touch],
    targets: &[Touch],
    shares: &mut [f32],
) {
    let mut mark = |synapse: usize, source: usize, target: usize| {
        if sources[source].is_lesioned() || targets[target].is_lesioned() {
            shares[synapse] = PRUNED;
        }
    };
    if let Some(rows) = synapses.rows(projection) {
        for source in 0..synapses.sources {
            rows.range(source).for_each(|synapse| mark(synapse, source, rows.target[synapse] as usize));
        }
    } else {
        for source in 0..synapses.sources {
            (0..synapses.targets).for_each(|target| mark(source * synapses.targets + target, source, target));
        }
    }
}
