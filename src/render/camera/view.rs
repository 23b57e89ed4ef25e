//! What a camera sees: in go a pose and an aspect ratio, out come the matrix and the axes that shaders and picking use.
//! Depth is reversed and without a far end: 1 at the near plane, 0 at infinity.

use glam::{Mat4, Vec2, Vec3, Vec4};

use super::pose::{Orbit, Pose};

/// Nearest visible depth, as a share of the distance to the focus.
const NEAR_SHARE: f32 = 2e-3;

/// A view of the scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraView {
    /// Clip space from scene units; depth reversed, 0 at infinity.
    pub clip_from_world: Mat4,
    /// Where the eye is.
    pub eye: Vec3,
    /// Unit vector to the right of the picture.
    pub right: Vec3,
    /// Unit vector to the top of the picture.
    pub up: Vec3,
    /// Unit vector of view.
    pub forward: Vec3,
    /// Tangent of half the angle of view, horizontal and vertical.
    pub tan_half: Vec2,
    /// Nearest visible depth, scene units.
    pub near: f32,
    /// From eye to focus, scene units.
    pub focus_distance: f32,
}

impl CameraView {
    /// The view from a pose, for a picture of this width over height.
    #[must_use]
    pub fn new(pose: Pose, aspect: f32) -> Self {
        Self::of_orbit(&Orbit::from_pose(pose), aspect)
    }

    /// The view from an orbit, which may stand on its head.
    #[must_use]
    pub fn of_orbit(orbit: &Orbit, aspect: f32) -> Self {
        let (eye, right, up, forward) = (orbit.eye(), orbit.right(), orbit.up(), orbit.forward());
        let tan_y = (0.5 * orbit.fov_degrees.to_radians()).tan();
        let tan_half = Vec2::new(tan_y * if aspect.is_finite() { aspect.max(1e-3) } else { 1.0 }, tan_y);
        let near = NEAR_SHARE * orbit.distance;
        let row = |axis: Vec3, scale: f32| (axis * scale).extend(-axis.dot(eye) * scale);
        let clip_from_world = Mat4::from_cols(
            row(right, 1.0 / tan_half.x),
            row(up, 1.0 / tan_half.y),
            Vec4::new(0.0, 0.0, 0.0, near),
            row(forward, 1.0),
        )
        .transpose();
        Self { clip_from_world, eye, right, up, forward, tan_half, near, focus_distance: orbit.distance }
    }

    /// Pixels per scene unit at depth 1, for a picture this high.
    #[must_use]
    pub fn focal_px(&self, height_px: f32) -> f32 {
        0.5 * height_px / self.tan_half.y
    }

    /// Pixel (from the top left) and depth (scene units along the view) of a point; none behind the near plane.
    #[must_use]
    pub fn project(&self, point: Vec3, size_px: [u32; 2]) -> Option<(Vec2, f32)> {
        let clip = self.clip_from_world * point.extend(1.0);
        (clip.w > self.near).then(|| {
            let ndc = Vec2::new(clip.x, -clip.y) / clip.w;
            ((ndc * 0.5 + 0.5) * Vec2::new(size_px[0] as f32, size_px[1] as f32), clip.w)
        })
    }

    /// Unit vector from the eye through a pixel (from the top left).
    #[must_use]
    pub fn ray(&self, at_px: [f32; 2], size_px: [u32; 2]) -> Vec3 {
        let x = 2.0 * at_px[0] / size_px[0].max(1) as f32 - 1.0;
        let y = 1.0 - 2.0 * at_px[1] / size_px[1].max(1) as f32;
        (self.forward + self.right * (x * self.tan_half.x) + self.up * (y * self.tan_half.y)).normalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_in_the_middle_and_depth_is_reversed() {
        let view = CameraView::new(Pose { eye: [3.0, 2.0, 9.0], target: [1.0, 0.5, -2.0], fov_degrees: 40.0 }, 1.6);
        let (px, depth) = view.project(Vec3::new(1.0, 0.5, -2.0), [640, 400]).expect("in front");
        assert!((px - Vec2::new(320.0, 200.0)).length() < 1e-2, "{px}");
        assert!((depth - view.focus_distance).abs() < 1e-3);
        let z = |p: Vec3| {
            let clip = view.clip_from_world * p.extend(1.0);
            clip.z / clip.w
        };
        assert!(z(view.eye + view.forward * 2.0) > z(view.eye + view.forward * 5.0));
        assert!((z(view.eye + view.forward * view.near) - 1.0).abs() < 1e-3);
        assert!(view.project(view.eye - view.forward, [640, 400]).is_none(), "behind");
    }

    #[test]
    fn a_ray_goes_through_its_pixel() {
        let view = CameraView::new(Pose { eye: [3.0, 2.0, 9.0], target: [1.0, 0.5, -2.0], fov_degrees: 40.0 }, 1.6);
        let at = [100.5, 300.25];
        let (px, _) = view.project(view.eye + view.ray(at, [640, 400]) * 7.0, [640, 400]).expect("in front");
        assert!((px - Vec2::from_array(at)).length() < 1e-2, "{px}");
    }

    #[test]
    fn right_up_forward_are_right_handed() {
        let view = CameraView::new(Pose { eye: [0.0, 0.0, 5.0], target: [0.0; 3], fov_degrees: 40.0 }, 1.0);
        assert!(view.right.distance(Vec3::X) < 1e-6 && view.up.distance(Vec3::Y) < 1e-6);
        assert!(view.forward.distance(Vec3::NEG_Z) < 1e-6);
    }
}
