//! How finely neurons are drawn: from which size on they are spheres, how wide points of light get, how many of them
//! there may be. In go adapter, settings and quality, out come the numbers that the plan of cells and the shaders use.

use super::cells::Detail;
use super::frame::{Bounds, height_most, positive};
use super::lookup::SIZE_RANGE;
use super::neurons::clip_corners;
use super::quality::Level;
use crate::gpu::Gpu;
use crate::session::ViewSettings;
use crate::session::view::{ChannelSlot, PointStyle};

/// Radii between which neurons turn from points of light into spheres, pixels. Spheres cost more where the processor
/// draws. `factor`: for quality and resolution.
pub(super) fn spheres_px(gpu: &Gpu, points: PointStyle, has_splats: bool, factor: f32) -> [f32; 2] {
    match points {
        // At any size: there is nothing between 0 and this.
        PointStyle::Splats if has_splats => [1e9, 2e9],
        PointStyle::Auto if has_splats => {
            if gpu.is_software() { [2.2, 6.0] } else { [1.4, 4.0] }.map(|radius| radius * factor)
        }
        _ => [-1.0, -0.5],
    }
}

/// What the plan of cells depends on.
pub(super) fn detail(
    gpu: &Gpu,
    settings: &ViewSettings,
    bounds: &Bounds,
    spheres_px: [f32; 2],
    level: Level,
    height_px: f32,
) -> Detail {
    let radius = positive(settings.neuron_radius, 0.5);
    let largest = if settings.size.is_in_use(ChannelSlot::Size) { SIZE_RANGE[1] } else { 1.0 };
    Detail {
        height_px,
        radius_most: radius * largest,
        radius,
        raised: height_most(settings, bounds),
        spheres_px,
        density: level.points * if gpu.is_software() { 1.0 } else { 8.0 },
        clip: clip_corners(&settings.clip, bounds.low, bounds.high),
    }
}

/// Largest radius of a point of light: where nothing becomes a sphere, fewer pixels each, the more there are, where that
/// is slow.
pub(super) fn splat_radius_max_px(gpu: &Gpu, points: PointStyle, neurons: u32, spheres_px: [f32; 2]) -> f32 {
    match (points, gpu.is_software(), neurons) {
        (PointStyle::Auto, ..) => (spheres_px[1] * SIZE_RANGE[1]).max(1.0),
        (_, false, _) => 8.0,
        (_, true, 0..=20_000) => 6.0,
        (_, true, 20_001..=200_000) => 3.0,
        (_, true, _) => 1.0,
    }
}
