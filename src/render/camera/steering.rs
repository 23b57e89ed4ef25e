//! The camera by keys that are held down, and by a motor: directions in, steady speeds out.

use std::f32::consts::TAU;

use glam::Vec3;

use super::pose::{Orbit, Pose};

/// A turntable goes round once in this time, s.
pub const TURNTABLE_S: f32 = 30.0;

/// Speed of a turn by keys, radians per second.
const TURN_SPEED: f32 = 1.3;
/// Speed of a pan by keys, heights of the picture per second.
const PAN_SPEED: f32 = 0.55;
/// Speed of going nearer by keys: the logarithm of the distance per second.
const NEARER_SPEED: f32 = 1.1;

/// Directions of free flight, each from -1 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flight {
    /// W is 1, S is -1.
    pub forward: f32,
    /// D is 1, A is -1.
    pub right: f32,
    /// E is 1, Q is -1.
    pub up: f32,
    /// Shift is held.
    pub fast: bool,
}

impl Flight {
    /// It leads anywhere.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        self.forward != 0.0 || self.right != 0.0 || self.up != 0.0
    }

    pub(super) fn direction(self, orbit: &Orbit) -> Vec3 {
        let along = orbit.forward() * self.forward + orbit.right() * self.right + Vec3::Y * self.up;
        along.clamp_length_max(1.0)
    }
}

/// What the arrow keys ask for, each from -1 to 1; right, up and nearer are positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Steering {
    /// The eye goes around the focus.
    pub turn: [f32; 2],
    /// Eye and focus go across the picture.
    pub pan: [f32; 2],
    /// The eye goes to the focus.
    pub nearer: f32,
}

impl Steering {
    /// It leads anywhere.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        self != Self::default()
    }
}

/// Speeds at which the wishes move on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Drive {
    pub(super) focus: Vec3,
    pub(super) yaw: f32,
    pub(super) pitch: f32,
    pub(super) log_distance: f32,
}

impl Drive {
    /// `sense`: -1 on its head, where right is the other way round.
    pub(super) fn add(&mut self, steering: &Steering, orbit: &Orbit, sense: f32) {
        let [turn_right, turn_up] = steering.turn.map(|x| x * TURN_SPEED);
        let [pan_right, pan_up] = steering.pan.map(|x| x * PAN_SPEED * orbit.seen_height());
        self.yaw += turn_right * sense;
        self.pitch += turn_up;
        self.focus += orbit.right() * pan_right + orbit.up() * pan_up;
        self.log_distance -= steering.nearer * NEARER_SPEED;
    }
}

/// Where a turntable that starts at `pose` stands after `time_s`: pure, so that a headless rendering can ask for any frame.
#[must_use]
pub fn turntable(pose: Pose, time_s: f64) -> Pose {
    let orbit = Orbit::from_pose(pose);
    let share = (time_s / f64::from(TURNTABLE_S)).rem_euclid(1.0) as f32;
    Orbit { yaw: orbit.yaw + share * TAU, ..orbit }.pose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turntable_without_a_window_closes_its_circle() {
        let pose = Pose { eye: [0.0, 2.0, 10.0], target: [1.0, 0.0, 0.0], fov_degrees: 45.0 };
        let at = |time_s: f64| Vec3::from_array(turntable(pose, time_s).eye);
        let seconds = f64::from(TURNTABLE_S);
        assert!(at(0.0).distance(at(7.0 * seconds)) < 1e-4);
        assert!(at(0.0).distance(at(0.25 * seconds)) > 5.0);
        let target = Vec3::from_array(pose.target);
        assert!((at(11.3).distance(target) - at(0.0).distance(target)).abs() < 1e-4);
    }
}
