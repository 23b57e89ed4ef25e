//! Which neuron is under the pointer? In go positions, a view and a pixel, out comes the nearest neuron, on the host.

use glam::{Vec2, Vec3};

use super::camera::CameraView;

/// Neurons farther than this from the pointer are not meant, pixels beyond their edge.
const REACH_PX: f32 = 10.0;

/// The neuron nearest to pixel `at` (from the top left). Where several lie under the pointer, the one nearest to the eye.
/// `radius`: of neurons, scene units. `is_meant` leaves out those that are not drawn.
#[must_use]
pub fn nearest_neuron(
    positions: &[[f32; 3]],
    radius: f32,
    view: &CameraView,
    size: [u32; 2],
    at: [f32; 2],
    is_meant: impl Fn(u32) -> bool,
) -> Option<u32> {
    let at = Vec2::from_array(at);
    let focal_px = view.focal_px(size[1].max(1) as f32);
    let mut best: Option<(f32, f32, u32)> = None;
    for (neuron, position) in positions.iter().enumerate() {
        let Some((px, depth)) = view.project(Vec3::from_array(*position), size) else { continue };
        // 0 anywhere on the disc, else pixels beyond its edge.
        let beyond = (px.distance(at) - (focal_px * radius / depth).max(1.0)).max(0.0);
        let is_nearer = beyond <= REACH_PX && best.is_none_or(|(b, d, _)| (beyond, depth) < (b, d));
        if is_nearer && is_meant(neuron as u32) {
            best = Some((beyond, depth, neuron as u32));
        }
    }
    best.map(|(_, _, neuron)| neuron)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::Pose;

    #[test]
    fn the_nearer_of_two_discs_wins_and_empty_space_gives_none() {
        let view = CameraView::new(Pose { eye: [0.0, 0.0, 10.0], target: [0.0; 3], fov_degrees: 45.0 }, 1.0);
        let positions = [[0.0, 0.0, -3.0], [0.0, 0.0, 2.0], [2.0, 0.0, 0.0], [0.0, 0.0, 20.0], [f32::NAN, 0.0, 0.0]];
        let pick = |at| nearest_neuron(&positions, 0.3, &view, [400, 400], at, |_| true);
        assert_eq!(pick([200.0, 200.0]), Some(1), "in front of 0, and 3 is behind the eye");
        let (side, _) = view.project(Vec3::new(2.0, 0.0, 0.0), [400, 400]).expect("in front");
        assert_eq!(pick([side.x + 12.0, side.y]), Some(2), "just beside its disc");
        assert_eq!(pick([20.0, 20.0]), None);
        let seen = nearest_neuron(&positions, 0.3, &view, [400, 400], [200.0, 200.0], |neuron| neuron != 1);
        assert_eq!(seen, Some(0), "through what is hidden");
    }
}
