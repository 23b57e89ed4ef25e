//! How the synapse lines of each projection shine and run: light by what is drawn and what is left out, colour by sign,
//! and where lines are drawn together. In go a network and the drawn synapses, out come [`ProjectionLook`]s.

use bytemuck::{Pod, Zeroable};
use glam::Vec3;

use super::colour;
use super::sampling::Drawn;
use crate::model::{Network, Receptor};

/// This many lines shine at full opacity; more share it.
const LINES_AT_FULL_OPACITY: f32 = 140.0;
/// Light of one line at most, however many it stands for.
const GAIN_MOST: f32 = 0.8;

/// How lines of one projection look. WGSL twin: `ProjectionLook` in `shaders/render/line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ProjectionLook {
    /// Middle of the source population, scene units.
    pub source_middle: [f32; 3],
    /// Opacity, corrected for what is left out and for crowding.
    pub gain: f32,
    /// Middle of the target population, scene units.
    pub target_middle: [f32; 3],
    /// The share at which a line shines fully.
    pub share_full: f32,
    /// Sideways bulge of lines within a population, share of their length; 0 between populations.
    pub bend: f32,
    /// Radius of the population, scene units: shorter lines within it are not drawn together.
    pub reach: f32,
    /// 1: lines are blue.
    pub inhibitory: u32,
    /// Unused.
    pub _padding: u32,
}

/// What the light of a set of lines is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Law {
    /// The lines stand for all synapses of the network: together they shine as all would.
    ForAll,
    /// The lines are looked at for themselves; they stand for what the budget left out of their own set.
    Own,
}

/// Light of one line among `count`, so that a crowd does not burn out.
fn crowded(count: u64) -> f32 {
    (LINES_AT_FULL_OPACITY / count.max(1) as f32).sqrt().min(1.0)
}

/// Light of each drawn line: that of one among all, times the number that it stands for, up to a limit.
fn gain_of(drawn: usize, total: u64, crowd: u64, background: f32) -> f32 {
    let stands_for = total as f32 / drawn.max(1) as f32;
    (crowded(crowd) * background * stands_for.max(1.0)).min(GAIN_MOST)
}

/// True when the limit on one line's light holds some of a projection's back: its share of the light is too small.
pub(super) fn is_capped(network: &Network, drawn: &Drawn) -> bool {
    let crowd = drawn.total();
    drawn.ranges.iter().enumerate().any(|(index, range)| {
        !range.is_empty()
            && gain_of(range.len(), drawn.totals[index], crowd, background(network, index, drawn.totals[index]))
                >= GAIN_MOST
            && drawn.totals[index] > range.len() as u64
    })
}

/// Lines whose weight never changes stay in the background, the more there are the farther.
fn background(network: &Network, projection: usize, total: u64) -> f32 {
    if network.projections[projection].is_mutable() {
        1.0
    } else {
        0.30 * (400.0 / total.max(1) as f32).sqrt().clamp(0.15, 1.0)
    }
}

/// One per projection; at least one, so that there is something to bind.
pub(super) fn looks(network: &Network, drawn: &Drawn, law: Law) -> Vec<ProjectionLook> {
    let spheres: Vec<(Vec3, f32)> = network.populations.iter().map(|p| sphere_of(network, p.neurons())).collect();
    let crowd = drawn.total();
    let mut looks: Vec<ProjectionLook> = network
        .projections
        .iter()
        .enumerate()
        .map(|(index, projection)| {
            let range = drawn.ranges.get(index).cloned().unwrap_or(0..0);
            let total = drawn.totals.get(index).copied().unwrap_or(0);
            let ((source, _), (target, reach)) = (spheres[projection.source], spheres[projection.target]);
            let is_within = projection.source == projection.target || source.distance(target) < 1e-3;
            let inhibitory = projection.receptor == Receptor::Inhibitory
                || drawn.synapses[range.clone()].first().is_some_and(|s| s.weight < 0.0);
            let background = match law {
                Law::ForAll => background(network, index, total),
                Law::Own => 1.0,
            };
            ProjectionLook {
                source_middle: source.to_array(),
                gain: gain_of(range.len(), total, crowd, background),
                target_middle: target.to_array(),
                share_full: share_full(network, index, drawn),
                bend: if is_within { 0.16 } else { 0.0 },
                reach,
                inhibitory: u32::from(inhibitory),
                _padding: 0,
            }
        })
        .collect();
    if looks.is_empty() {
        looks.push(ProjectionLook::default());
    }
    looks
}

/// The share of the largest weight at which a line shines fully: five times the mean at the start, where weights can
/// change, since learning makes few strong ones out of many; never more than all.
fn share_full(network: &Network, projection: usize, drawn: &Drawn) -> f32 {
    let weight_max = network.projections[projection].weight_max().max(f32::MIN_POSITIVE);
    mean_weight(network, projection, drawn).map_or(1.0, |mean| (5.0 * mean / weight_max).clamp(0.02, 1.0))
}

/// The mean weight at the start; none where weights cannot change.
pub(super) fn mean_weight(network: &Network, projection: usize, drawn: &Drawn) -> Option<f32> {
    let p = &network.projections[projection];
    let drawn = &drawn.synapses[drawn.ranges.get(projection).cloned().unwrap_or(0..0)];
    if !p.is_mutable() || drawn.is_empty() {
        return None;
    }
    Some(match p.normalised_sum {
        Some(sum) => {
            let inputs = network.synapse_count_of(projection) as f32 / network.populations[p.target].size.max(1) as f32;
            sum / inputs.max(1.0)
        }
        None => drawn.iter().map(|s| s.weight.abs()).sum::<f32>() / drawn.len() as f32,
    })
}

/// How much further the share moves at which a line shines fully when the mean weight has grown by this factor. Light
/// goes about with the power 2.7 of the weight; so moved, lines that carry as much together shine as much together:
/// pruning that leaves few strong ones makes the picture no brighter.
pub(super) fn full_moves(growth: f32) -> f32 {
    if growth.is_finite() && growth > 0.0 { growth.powf(1.0 - 1.0 / 2.7).clamp(0.05, 20.0) } else { 1.0 }
}

/// Middle and mean distance from it, scene units.
pub(super) fn sphere_of(network: &Network, neurons: std::ops::Range<u32>) -> (Vec3, f32) {
    let places = || {
        let all = neurons.clone().filter_map(|n| network.positions.get(n as usize));
        all.map(|p| Vec3::from_array(*p)).filter(|p| p.is_finite())
    };
    let (sum, count) =
        places().fold((glam::DVec3::ZERO, 0_u32), |(sum, count), place| (sum + place.as_dvec3(), count + 1));
    let middle = (sum / f64::from(count.max(1))).as_vec3();
    let away = places().map(|place| f64::from(place.distance(middle))).sum::<f64>() / f64::from(count.max(1));
    (middle, (away as f32).max(1e-3))
}

/// The colours of synapse lines, linear: excitatory, inhibitory, pruned.
#[must_use]
pub fn line_colours() -> [[f32; 3]; 3] {
    [colour::EXCITATORY, colour::INHIBITORY, colour::PRUNED].map(colour::linear_rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_made_up_for_in_full() {
        // All light together is the same, whatever share of 40,000 is drawn.
        let together = |drawn: usize| drawn as f32 * gain_of(drawn, 40_000, 40_000, 1.0);
        let all = together(40_000);
        for drawn in [20_000, 10_000, 5_000] {
            assert!((together(drawn) / all - 1.0).abs() < 1e-4, "{drawn}: {} of {all}", together(drawn));
        }
        assert_eq!(gain_of(10, 40_000, 40_000, 1.0), GAIN_MOST, "but no line shines more than a line can");
    }
    #[test]
    fn few_strong_lines_shine_like_the_many_that_carried_as_much() {
        // As `strength_of` in shaders/render/line_light.wgsl.
        let strength = |share: f32, full: f32| {
            let weight = (share / full).min(1.3);
            weight * weight * (0.15 + 0.85 * weight)
        };
        let together = |left: f32| {
            let mean = 0.1 / left;
            left * strength(mean, 0.5 * full_moves(mean / 0.1))
        };
        for left in [0.75, 0.5, 0.25, 0.1] {
            let ratio = together(left) / together(1.0);
            assert!((0.6..1.7).contains(&ratio), "{left} left: {ratio} of the light");
        }
        assert_eq!((full_moves(1.0), full_moves(f32::NAN), full_moves(0.0)), (1.0, 1.0, 1.0));
    }
}
