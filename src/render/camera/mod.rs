//! Where the viewer stands and looks: in come drags, keys and wishes, out comes a [`CameraView`] for any aspect ratio.
//! Pure mathematics: no window, no wgpu, no clock (the caller says how much time has passed).
//!
//! A camera is an orbit around a focus: yaw, pitch and distance. The axis to the right is always level and comes from the
//! yaw alone, so nothing locks at the poles: an orbit passes over them, stands on its head beyond, and comes back the
//! same way. Free flight moves eye and focus together. What is shown follows what is wished for by a critically damped
//! spring, solved exactly for wishes that stand still and for such that move on steadily, so that motion is the same at
//! every frame rate.

mod history;
mod pose;
mod spring;
mod steering;
mod view;

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use glam::Vec3;

pub use pose::{Orbit, Pose};
pub use steering::{Flight, Steering, TURNTABLE_S, turntable};
pub use view::CameraView;

use history::History;
use spring::Spring;
use steering::Drive;

/// Spring rate while the user's hand is on it, 1/s.
const HAND_RATE: f32 = 22.0;
/// Spring rate of moves to a pose or a focus, 1/s.
const MOVE_RATE: f32 = 3.6;
/// Angles of view that can be chosen by hand, degrees.
const FOV_DEGREES: [f32; 2] = [4.0, 120.0];
/// One step of the angle of view, as a factor on what is seen at the focus.
const FOV_STEP: f32 = 1.15;

/// A camera that moves smoothly.
#[derive(Clone, Debug)]
pub struct Camera {
    wished: Orbit,
    shown: Orbit,
    focus: [Spring; 3],
    angles: [Spring; 2],
    log_distance: Spring,
    /// Of the tangent of half the angle of view: with it and the logarithm of the distance on equal springs, what is seen
    /// at the focus keeps its size while both change.
    log_tan: Spring,
    rate: f32,
    /// Set by keys that are held down, until the next update.
    drive: Drive,
    turns: bool,
    history: History,
    scene_radius: f32,
}

impl Camera {
    /// A camera that stands still at a pose. `scene_radius` (scene units) sets the speed of flight and how near and far
    /// the dolly goes.
    #[must_use]
    pub fn new(pose: Pose, scene_radius: f32) -> Self {
        let mut camera = Self {
            wished: Orbit::from_pose(pose),
            shown: Orbit::from_pose(pose),
            focus: [Spring::at(0.0); 3],
            angles: [Spring::at(0.0); 2],
            log_distance: Spring::at(0.0),
            log_tan: Spring::at(0.0),
            rate: MOVE_RATE,
            drive: Drive::default(),
            turns: false,
            history: History::new(Orbit::from_pose(pose)),
            scene_radius: if scene_radius.is_finite() { scene_radius.max(1e-3) } else { 1.0 },
        };
        camera.place(Orbit::from_pose(pose));
        camera
    }

    /// Turns around the focus, over the poles too. Drag in pixels; a drag over the window's height is half a turn.
    pub fn orbit(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        let scale = PI / window_height_px.max(1.0);
        self.wished.yaw -= drag_px[0] * scale * self.sense();
        self.wished.pitch += drag_px[1] * scale;
    }

    /// Looks around from where the eye is, up to straight up and down. Drag in pixels.
    pub fn look(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        self.turns = false;
        let eye = self.wished.eye();
        let scale = self.wished.fov_degrees.to_radians() / window_height_px.max(1.0);
        self.wished.yaw -= drag_px[0] * scale * self.sense();
        self.wished.pitch = same_side(self.wished.pitch, self.wished.pitch + drag_px[1] * scale);
        self.wished.focus = eye + self.wished.forward() * self.wished.distance;
    }

    /// Moves eye and focus across the picture; the focus stays under the pointer. Drag in pixels.
    pub fn pan(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        let per_px = self.wished.seen_height() / window_height_px.max(1.0);
        self.wished.focus += self.wished.right() * (-drag_px[0] * per_px) + self.wished.up() * (drag_px[1] * per_px);
    }

    /// Goes nearer to the focus (positive notches) or farther; one notch is 12 percent.
    pub fn dolly(&mut self, notches: f32) {
        self.zoom(0.88_f32.powf(notches.clamp(-50.0, 50.0)));
    }

    /// Scales the distance to the focus, as a pinch does: below 1 is nearer.
    pub fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 {
            self.hand();
            self.set_distance(self.wished.distance * factor);
        }
    }

    /// Sees wider (positive steps) or narrower. With `keeps_size` the camera goes nearer or farther at the same time, so
    /// that things at the focus keep their size and only the depth of the picture changes.
    pub fn widen(&mut self, steps: f32, keeps_size: bool) {
        if !steps.is_finite() {
            return;
        }
        self.hand();
        let before = self.wished.seen_height();
        let [least, greatest] = FOV_DEGREES;
        let tan = half_tan(self.wished.fov_degrees) * FOV_STEP.powf(steps.clamp(-50.0, 50.0));
        self.wished.fov_degrees = degrees_of(tan).clamp(least, greatest);
        if keeps_size {
            self.set_distance(self.wished.distance * before / self.wished.seen_height());
        }
    }

    /// Flies until the next update. The speed is a share of the scene's size and falls near the focus.
    pub fn fly(&mut self, flight: Flight) {
        if flight.is_under_way() {
            self.hand();
            self.turns = false;
            let near = self.wished.distance.clamp(0.05 * self.scene_radius, 1.5 * self.scene_radius);
            self.drive.focus += flight.direction(&self.wished) * near * if flight.fast { 2.4 } else { 0.8 };
        }
    }

    /// Turns, pans and zooms by keys that are held down, until the next update.
    pub fn steer(&mut self, steering: Steering) {
        if steering.is_under_way() {
            self.hand();
            self.drive.add(&steering, &self.wished, self.sense());
        }
    }

    /// Moves smoothly to a pose, round the focus rather than straight through the scene.
    pub fn move_to(&mut self, pose: Pose) {
        self.settle();
        self.turns = false;
        self.aim(Orbit::from_pose(pose));
    }

    /// Is carried to a pose at once, by a tour; the next move by hand begins there.
    pub fn carry_to(&mut self, pose: Pose) {
        (self.turns, self.rate) = (false, MOVE_RATE);
        self.place(Orbit::from_pose(pose));
    }

    /// A hand has moved it since it was carried or sent somewhere.
    #[must_use]
    pub fn is_in_hand(&self) -> bool {
        self.turns || self.rate == HAND_RATE
    }

    /// Stands at a pose at once; forgets where it has been.
    pub fn jump_to(&mut self, pose: Pose) {
        *self = Self::new(pose, self.scene_radius);
    }

    /// Turns smoothly to a point and comes within `distance` of it, keeping the direction of view.
    pub fn focus_on(&mut self, point: [f32; 3], distance: f32) {
        self.settle();
        self.rate = MOVE_RATE;
        self.wished.focus = Vec3::from_array(point);
        self.set_distance(self.wished.distance.min(distance));
    }

    /// Turns steadily around the focus, or stops to.
    pub fn toggle_turntable(&mut self) {
        self.settle();
        self.rate = MOVE_RATE;
        self.turns = !self.turns;
    }

    /// It turns steadily.
    #[must_use]
    pub const fn is_turning(&self) -> bool {
        self.turns
    }

    /// Goes back to where it was at rest before; false at the beginning.
    pub fn undo(&mut self) -> bool {
        self.go_through_history(|history, here| history.back(here))
    }

    /// Takes an undo back.
    pub fn redo(&mut self) -> bool {
        self.go_through_history(|history, _| history.forth())
    }

    /// Moves what is shown on by `seconds`. Returns true while something moves.
    pub fn update(&mut self, seconds: f64) -> bool {
        let seconds = if seconds.is_finite() { seconds.clamp(0.0, 1.0) } else { 0.0 };
        let drive = std::mem::take(&mut self.drive);
        let before = self.shown;
        self.follow(&drive, seconds as f32);
        self.unwind();
        self.turns || self.shown != before
    }

    /// What is shown now, upright.
    #[must_use]
    pub fn pose(&self) -> Pose {
        self.shown.pose()
    }

    /// The point that the camera turns around, as shown.
    #[must_use]
    pub const fn focus(&self) -> [f32; 3] {
        self.shown.focus.to_array()
    }

    /// The view for a picture of this width over height.
    #[must_use]
    pub fn view(&self, aspect: f32) -> CameraView {
        CameraView::of_orbit(&self.shown, aspect)
    }

    /// Stands at an orbit at once; keeps its history.
    fn place(&mut self, orbit: Orbit) {
        self.focus = orbit.focus.to_array().map(Spring::at);
        self.angles = [Spring::at(orbit.yaw), Spring::at(orbit.pitch)];
        self.log_distance = Spring::at(orbit.distance.ln());
        self.log_tan = Spring::at(half_tan(orbit.fov_degrees).ln());
        self.wished = orbit;
        self.shown = self.sprung();
    }

    /// One step of the springs, with the wishes moving on steadily all the while.
    fn follow(&mut self, drive: &Drive, seconds: f32) {
        let rate = self.rate;
        let wished = self.wished.focus.to_array();
        for ((spring, target), speed) in self.focus.iter_mut().zip(wished).zip(drive.focus.to_array()) {
            spring.follow(target, speed, rate, seconds);
        }
        let yaw_speed = drive.yaw + if self.turns { TAU / TURNTABLE_S } else { 0.0 };
        self.angles[0].follow(self.wished.yaw, yaw_speed, rate, seconds);
        self.angles[1].follow(self.wished.pitch, drive.pitch, rate, seconds);
        let log_distance = self.wished.distance.ln();
        self.set_distance(self.wished.distance * (drive.log_distance * seconds).exp());
        let went = self.wished.distance.ln() - log_distance;
        let log_speed = if seconds > 0.0 { went / seconds } else { 0.0 };
        self.log_distance.follow(log_distance, log_speed, rate, seconds);
        self.log_tan.follow(half_tan(self.wished.fov_degrees).ln(), 0.0, rate, seconds);
        self.wished.focus += drive.focus * seconds;
        self.wished.yaw += yaw_speed * seconds;
        self.wished.pitch += drive.pitch * seconds;
        self.shown = self.sprung();
    }

    /// Where the springs are.
    fn sprung(&self) -> Orbit {
        Orbit {
            focus: Vec3::from_array(self.focus.map(|s| s.value)),
            yaw: self.angles[0].value,
            pitch: self.angles[1].value,
            distance: self.log_distance.value.exp(),
            fov_degrees: degrees_of(self.log_tan.value.exp()),
        }
    }

    /// Takes whole turns off the angles, which hours on a turntable would make too large to be smooth.
    fn unwind(&mut self) {
        for (spring, wished) in self.angles.iter_mut().zip([&mut self.wished.yaw, &mut self.wished.pitch]) {
            let turns = (*wished / TAU).trunc() * TAU;
            if turns.abs() > 3.0 * TAU {
                *wished -= turns;
                spring.shift(turns);
            }
        }
    }

    /// Nothing moves or is about to.
    fn is_at_rest(&self) -> bool {
        let w = &self.wished;
        !self.turns
            && self.focus.iter().zip(w.focus.to_array()).all(|(spring, target)| spring.rests_at(target))
            && self.angles[0].rests_at(w.yaw)
            && self.angles[1].rests_at(w.pitch)
            && self.log_distance.rests_at(w.distance.ln())
            && self.log_tan.rests_at(half_tan(w.fov_degrees).ln())
    }

    /// Notes where the camera rests before it begins to move.
    fn settle(&mut self) {
        if self.is_at_rest() {
            self.history.settle(self.wished);
        }
    }

    fn go_through_history(&mut self, step: impl FnOnce(&mut History, Orbit) -> Option<Orbit>) -> bool {
        self.settle();
        let here = if self.turns { self.shown } else { self.wished };
        let there = step(&mut self.history, here);
        if let Some(there) = there {
            self.turns = false;
            self.aim(there);
        }
        there.is_some()
    }

    fn hand(&mut self) {
        self.settle();
        if self.rate != HAND_RATE {
            // Whatever move was under way ends here: the hand takes over from what is shown.
            self.wished = self.shown;
        }
        self.rate = HAND_RATE;
    }

    fn aim(&mut self, orbit: Orbit) {
        self.rate = MOVE_RATE;
        self.wished = orbit.nearest_to(&self.shown);
    }

    /// Which way a drag to the side turns: things follow the pointer on their head too.
    fn sense(&self) -> f32 {
        if self.wished.is_upside_down() { -1.0 } else { 1.0 }
    }

    fn set_distance(&mut self, distance: f32) {
        self.wished.distance = distance.clamp(2e-3 * self.scene_radius, 50.0 * self.scene_radius);
    }
}

/// `to`, but not past the pole next to `from`.
fn same_side(from: f32, to: f32) -> f32 {
    const REACH: f32 = FRAC_PI_2 - 1e-4;
    let middle = (from / PI).round() * PI;
    to.clamp(middle - REACH, middle + REACH)
}

fn half_tan(fov_degrees: f32) -> f32 {
    (0.5 * fov_degrees.to_radians()).tan()
}

fn degrees_of(half_tan: f32) -> f32 {
    2.0 * half_tan.atan().to_degrees()
}

#[cfg(test)]
mod tests;
