//! How finely neurons are drawn: from which size on they are spheres, how wide points of light get, how many of them
//! there may be. In go adapter, settings and quality, out come the numbers that the plan of cells and the shaders use.

use glam::Vec3;

use super::cells::Detail;
use super::frame::{Bounds, Frame, height_most, positive};
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
            if gpu.is_software() { [5.0, 8.0] } else { [1.4, 4.0] }.map(|radius| radius * factor)
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

/// How far away a network is: 0 while it fills a good part of the picture, 1 where single lines can no longer be told.
pub(super) fn far_of(frame: &Frame, bounds: &Bounds) -> f32 {
    let away = frame.camera.eye.distance(Vec3::from_array(bounds.centre())).max(1e-6);
    let height = frame.size[1].max(1) as f32;
    let share = bounds.radius() * frame.camera.focal_px(height) / (away * height);
    let far = ((0.34 - share) / 0.18).clamp(0.0, 1.0);
    far * far * (3.0 - 2.0 * far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{CameraView, Pose};

    #[test]
    fn lines_give_way_to_arcs_without_a_jump() {
        let bounds = Bounds { low: [-1.0; 3], high: [1.0; 3] };
        let far = |distance: f32| {
            let pose = Pose { eye: [0.0, 0.0, distance], target: [0.0; 3], fov_degrees: 45.0 };
            let frame = Frame {
                size: [1280, 720],
                camera: CameraView::new(pose, 16.0 / 9.0),
                step: 0,
                elapsed_steps: 0,
                dt_ms: 1.0,
                settings: ViewSettings::default(),
            };
            far_of(&frame, &bounds)
        };
        let all: Vec<f32> = (0..200).map(|k| far(2.0 + 0.1 * k as f32)).collect();
        assert_eq!((all[0], all[199]), (0.0, 1.0));
        assert!(all.windows(2).all(|pair| (0.0..0.06).contains(&(pair[1] - pair[0]))), "{all:?}");
    }
}
