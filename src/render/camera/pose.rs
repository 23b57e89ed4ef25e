//! A camera's place in two forms: a [`Pose`] as scenes write it (eye and target), and an [`Orbit`] (focus, angles,
//! distance), in which moves look natural. In goes one, out comes the other.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use glam::Vec3;

use crate::model::scene::CameraPose;
use crate::session::StandardView;

/// A pose keeps this far from straight up and down, radians: an eye and a target alone do not tell which way is up there.
const UPRIGHT: f32 = 1e-3;

/// Where a camera stands, what it looks at, and how wide it sees. Scene units, y up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Where it stands.
    pub eye: [f32; 3],
    /// What it looks at.
    pub target: [f32; 3],
    /// Vertical angle of view, degrees.
    pub fov_degrees: f32,
}

impl Pose {
    /// Frames a box: the whole of it is seen from the direction `from` (towards the viewer; any length), in a picture of
    /// this width over height.
    #[must_use]
    pub fn framing(low: [f32; 3], high: [f32; 3], from: [f32; 3], fov_degrees: f32, aspect: f32) -> Self {
        let (low, high) = (Vec3::from_array(low), Vec3::from_array(high));
        let centre = 0.5 * (low + high);
        let towards = Vec3::from_array(from).try_normalize().unwrap_or(Vec3::Z);
        let probe =
            Orbit::from_pose(Self { eye: (centre + towards).to_array(), target: centre.to_array(), fov_degrees });
        let tan_y = (0.5 * fov_degrees.clamp(1.0, 150.0).to_radians()).tan();
        let tan_x = tan_y * aspect.max(0.05);
        // The nearest distance from which every corner lies inside the frustum.
        let mut distance = 1e-2_f32;
        for corner in 0..8 {
            let pick = |bit: u32, a: f32, b: f32| if corner & (1 << bit) == 0 { a } else { b };
            let offset = Vec3::new(pick(0, low.x, high.x), pick(1, low.y, high.y), pick(2, low.z, high.z)) - centre;
            let depth = offset.dot(probe.forward());
            distance = distance
                .max(offset.dot(probe.right()).abs() / tan_x - depth)
                .max(offset.dot(probe.up()).abs() / tan_y - depth);
        }
        Orbit { focus: centre, distance: distance * 1.06, fov_degrees, ..probe }.pose()
    }
}

impl Pose {
    /// Frames a box along one of the axes; see [`Pose::framing`].
    #[must_use]
    pub fn standard(view: StandardView, low: [f32; 3], high: [f32; 3], fov_degrees: f32, aspect: f32) -> Self {
        Self::framing(low, high, view.direction(), fov_degrees, aspect)
    }
}

impl From<CameraPose> for Pose {
    fn from(pose: CameraPose) -> Self {
        Self { eye: pose.eye, target: pose.target, fov_degrees: pose.fov_degrees }
    }
}

/// The same as focus, angles and distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// What it turns around.
    pub focus: Vec3,
    /// Around +y, radians; 0 looks along -z.
    pub yaw: f32,
    /// Above the horizon, radians: positive when the eye is above the focus. Beyond a quarter turn the eye has passed over
    /// the pole and the picture stands on its head.
    pub pitch: f32,
    /// From eye to focus, scene units.
    pub distance: f32,
    /// Vertical angle of view, degrees.
    pub fov_degrees: f32,
}

impl Orbit {
    /// From a pose. An eye at its own target, or numbers that are none, give a sensible place instead of a broken one.
    #[must_use]
    pub fn from_pose(pose: Pose) -> Self {
        let finite = |v: [f32; 3]| if Vec3::from_array(v).is_finite() { Vec3::from_array(v) } else { Vec3::ZERO };
        let (eye, focus) = (finite(pose.eye), finite(pose.target));
        let back = eye - focus;
        let distance = back.length();
        let (back, distance) = if distance > 1e-6 { (back / distance, distance) } else { (Vec3::Z, 1.0) };
        let fov_degrees = if pose.fov_degrees.is_finite() { pose.fov_degrees.clamp(1.0, 150.0) } else { 45.0 };
        Self { focus, yaw: back.x.atan2(back.z), pitch: back.y.atan2(back.x.hypot(back.z)), distance, fov_degrees }
    }

    /// As a pose, which is always upright: what stands on its head is turned back.
    #[must_use]
    pub fn pose(&self) -> Pose {
        let mut upright = *self;
        upright.pitch = (upright.pitch + PI).rem_euclid(TAU) - PI;
        if self.is_upside_down() {
            upright.pitch = PI.copysign(upright.pitch) - upright.pitch;
            upright.yaw += PI;
        }
        upright.pitch = upright.pitch.clamp(UPRIGHT - FRAC_PI_2, FRAC_PI_2 - UPRIGHT);
        Pose { eye: upright.eye().to_array(), target: self.focus.to_array(), fov_degrees: self.fov_degrees }
    }

    /// The top of the picture points down: the eye has passed over a pole.
    #[must_use]
    pub fn is_upside_down(&self) -> bool {
        // Straight up and down are upright.
        self.pitch.cos() < -1e-6
    }

    /// Where the eye is.
    #[must_use]
    pub fn eye(&self) -> Vec3 {
        self.focus - self.forward() * self.distance
    }

    /// Unit vector of view.
    #[must_use]
    pub fn forward(&self) -> Vec3 {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        let (sin_pitch, cos_pitch) = self.pitch.sin_cos();
        -Vec3::new(sin_yaw * cos_pitch, sin_pitch, cos_yaw * cos_pitch)
    }

    /// Unit vector to the right of the picture; always level.
    #[must_use]
    pub fn right(&self) -> Vec3 {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        Vec3::new(cos_yaw, 0.0, -sin_yaw)
    }

    /// Unit vector to the top of the picture.
    #[must_use]
    pub fn up(&self) -> Vec3 {
        self.right().cross(self.forward())
    }

    /// Height of what is seen at the focus, scene units.
    #[must_use]
    pub fn seen_height(&self) -> f32 {
        2.0 * self.distance * (0.5 * self.fov_degrees.to_radians()).tan()
    }

    /// The same place, its angles by whole turns as near as possible to those of another one.
    #[must_use]
    pub fn nearest_to(&self, other: &Self) -> Self {
        let near = |angle: f32, to: f32| to + (angle - to + PI).rem_euclid(TAU) - PI;
        Self { yaw: near(self.yaw, other.yaw), pitch: near(self.pitch, other.pitch), ..*self }
    }

    /// Between this orbit (0) and another (1): angles the short way round, the distance by ratio.
    #[must_use]
    pub fn towards(&self, other: &Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        let other = other.nearest_to(self);
        Self {
            focus: self.focus.lerp(other.focus, share),
            yaw: mix(self.yaw, other.yaw),
            pitch: mix(self.pitch, other.pitch),
            distance: mix(self.distance.ln(), other.distance.ln()).exp(),
            fov_degrees: mix(self.fov_degrees, other.fov_degrees),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::CameraView;

    #[test]
    fn pose_and_orbit_are_each_others_inverse() {
        let pose = Pose { eye: [3.0, 4.0, -5.0], target: [1.0, -1.0, 2.0], fov_degrees: 50.0 };
        let back = Orbit::from_pose(pose).pose();
        assert!(Vec3::from_array(back.eye).distance(Vec3::from_array(pose.eye)) < 1e-5);
        assert_eq!(back.target, pose.target);
    }

    #[test]
    fn a_pose_is_upright_and_knows_its_yaw_straight_above() {
        let orbit =
            Orbit { focus: Vec3::new(300.0, -20.0, 80.0), yaw: 2.1, pitch: 0.0, distance: 9.0, fov_degrees: 45.0 };
        let above = Orbit { pitch: FRAC_PI_2, ..orbit };
        let back = Orbit::from_pose(above.pose());
        assert!((back.yaw - 2.1).abs() < 2e-2 && back.pitch > 1.56, "{back:?}");
        for pitch in [1.9, 2.9, -2.4, 8.1] {
            let over = Orbit { pitch, ..orbit };
            let back = Orbit::from_pose(over.pose());
            assert!(back.eye().distance(over.eye()) < 1e-2, "the eye stays: {over:?} {back:?}");
            assert!(back.up().y > 0.0 && (over.up().y < 0.0) == over.is_upside_down());
        }
    }

    #[test]
    fn broken_poses_give_a_working_camera() {
        for pose in [
            Pose { eye: [1.0; 3], target: [1.0; 3], fov_degrees: 45.0 },
            Pose { eye: [f32::NAN; 3], target: [f32::INFINITY; 3], fov_degrees: f32::NAN },
            Pose { eye: [0.0, 5.0, 0.0], target: [0.0; 3], fov_degrees: 0.0 },
        ] {
            let view = CameraView::new(pose, 1.0);
            assert!(view.clip_from_world.is_finite(), "{pose:?}");
        }
    }

    #[test]
    fn framing_shows_every_corner_and_wastes_little() {
        let (low, high) = ([-3.0, -1.0, -2.0], [5.0, 4.0, 2.5]);
        for (from, aspect) in [([0.3, 0.4, 1.0], 1.78), ([1.0, 0.1, 0.0], 0.6), ([0.0, 1.0, 0.2], 1.0)] {
            let view = CameraView::new(Pose::framing(low, high, from, 40.0, aspect), aspect);
            let mut reach = 0.0_f32;
            for corner in 0..8 {
                let pick = |bit: usize| if corner & (1 << bit) == 0 { low[bit] } else { high[bit] };
                let clip = view.clip_from_world * Vec3::new(pick(0), pick(1), pick(2)).extend(1.0);
                assert!(clip.w > 0.0);
                reach = reach.max((clip.x / clip.w).abs()).max((clip.y / clip.w).abs());
            }
            assert!((0.8..=1.0).contains(&reach), "{from:?}: {reach}");
        }
    }

    #[test]
    fn moves_take_the_short_way_round() {
        let at = |yaw: f32| Orbit { focus: Vec3::ZERO, yaw, pitch: 0.0, distance: 1.0, fov_degrees: 45.0 };
        let half = at(3.0).towards(&at(-3.0), 0.5);
        assert!((half.yaw - PI).abs() < 1e-5, "{}", half.yaw);
    }

    #[test]
    fn every_view_looks_along_its_axis_and_shows_the_box() {
        let (low, high) = ([-3.0, -1.0, -2.0], [5.0, 4.0, 2.5]);
        for standard in StandardView::ALL {
            let view = CameraView::new(Pose::standard(standard, low, high, 40.0, 1.5), 1.5);
            let along = view.forward.dot(Vec3::from_array(standard.direction()));
            assert!(along < -0.999_99, "{standard:?}: {along}");
            let (px, _) = view.project(Vec3::new(1.0, 1.5, 0.25), [900, 600]).expect("in front");
            assert!((px.x - 450.0).abs() < 1.0 && (px.y - 300.0).abs() < 1.0, "{standard:?}: {px}");
            assert_eq!(StandardView::named(standard.name()), Some(standard));
        }
    }

    #[test]
    fn the_plan_has_x_to_the_right_and_z_down() {
        let view = CameraView::new(Pose::standard(StandardView::Top, [-1.0; 3], [1.0; 3], 40.0, 1.0), 1.0);
        assert!(view.right.dot(Vec3::X) > 0.999 && view.up.dot(Vec3::NEG_Z) > 0.999);
    }
}
