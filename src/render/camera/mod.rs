//! Where the viewer stands and looks: in come drags, keys and wishes, out comes a [`CameraView`] for any aspect ratio.
//! Pure mathematics: no window, no wgpu, no clock (the caller says how much time has passed).
//!
//! A camera is an orbit around a focus: yaw, pitch and distance. Up is always +y and the pitch stops just short of the
//! poles, so it cannot roll or lock. Free flight moves eye and focus together. What is shown follows what is wished for
//! by a critically damped spring, solved exactly, so that motion is the same at every frame rate.

mod pose;
mod spring;
mod tour;
mod view;

use glam::Vec3;

pub use pose::{Orbit, Pose};
pub use tour::{Tour, TourStop};
pub use view::CameraView;

use spring::Spring;

/// Spring rate while the user's hand is on it, 1/s.
const HAND_RATE: f32 = 22.0;
/// Spring rate of moves to a pose or a focus, 1/s.
const MOVE_RATE: f32 = 3.6;
/// Pitch stops here, radians from the horizon.
const PITCH_LIMIT: f32 = 1.55;

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

/// A camera that moves smoothly.
#[derive(Clone, Debug)]
pub struct Camera {
    wished: Orbit,
    shown: Orbit,
    focus: [Spring; 3],
    angles: [Spring; 2],
    log_distance: Spring,
    fov: Spring,
    rate: f32,
    tour: Option<(Tour, f64)>,
    scene_radius: f32,
}

impl Camera {
    /// A camera that stands still at a pose. `scene_radius` (scene units) sets the speed of flight and how near and far
    /// the dolly goes.
    #[must_use]
    pub fn new(pose: Pose, scene_radius: f32) -> Self {
        let orbit = Orbit::from_pose(pose);
        Self {
            wished: orbit,
            // By way of the logarithm that is followed, so that a camera that stands still is known to.
            shown: Orbit { distance: orbit.distance.ln().exp(), ..orbit },
            focus: orbit.focus.to_array().map(Spring::at),
            angles: [Spring::at(orbit.yaw), Spring::at(orbit.pitch)],
            log_distance: Spring::at(orbit.distance.ln()),
            fov: Spring::at(orbit.fov_degrees),
            rate: MOVE_RATE,
            tour: None,
            scene_radius: if scene_radius.is_finite() { scene_radius.max(1e-3) } else { 1.0 },
        }
    }

    /// Turns around the focus. Drag in pixels; a drag over the window's height is half a turn.
    pub fn orbit(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        let scale = std::f32::consts::PI / window_height_px.max(1.0);
        self.turn(-drag_px[0] * scale, drag_px[1] * scale);
    }

    /// Looks around from where the eye is. Drag in pixels.
    pub fn look(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        let eye = self.wished.eye();
        let scale = self.wished.fov_degrees.to_radians() / window_height_px.max(1.0);
        self.turn(-drag_px[0] * scale, drag_px[1] * scale);
        self.wished.focus = eye + self.wished.forward() * self.wished.distance;
    }

    /// Moves eye and focus across the picture; the focus stays under the pointer. Drag in pixels.
    pub fn pan(&mut self, drag_px: [f32; 2], window_height_px: f32) {
        self.hand();
        let per_px =
            2.0 * self.wished.distance * (0.5 * self.wished.fov_degrees.to_radians()).tan() / window_height_px.max(1.0);
        self.wished.focus += self.wished.right() * (-drag_px[0] * per_px) + self.wished.up() * (drag_px[1] * per_px);
    }

    /// Goes nearer to the focus (positive notches) or farther; one notch is 12 percent.
    pub fn dolly(&mut self, notches: f32) {
        self.hand();
        self.set_distance(self.wished.distance * 0.88_f32.powf(notches.clamp(-50.0, 50.0)));
    }

    /// Flies for `seconds`. The speed is a share of the scene's size and falls near the focus.
    pub fn fly(&mut self, flight: Flight, seconds: f32) {
        if flight.forward == 0.0 && flight.right == 0.0 && flight.up == 0.0 {
            return;
        }
        self.hand();
        let speed = self.wished.distance.clamp(0.05 * self.scene_radius, 1.5 * self.scene_radius)
            * if flight.fast { 2.4 } else { 0.8 };
        let direction =
            self.wished.forward() * flight.forward + self.wished.right() * flight.right + Vec3::Y * flight.up;
        self.wished.focus += direction.clamp_length_max(1.0) * speed * seconds.clamp(0.0, 1.0);
    }

    /// Moves smoothly to a pose, round the focus rather than straight through the scene.
    pub fn move_to(&mut self, pose: Pose) {
        self.tour = None;
        self.aim(Orbit::from_pose(pose));
    }

    /// Stands at a pose at once.
    pub fn jump_to(&mut self, pose: Pose) {
        *self = Self::new(pose, self.scene_radius);
    }

    /// Turns smoothly to a point and comes within `distance` of it, keeping the direction of view.
    pub fn focus_on(&mut self, point: [f32; 3], distance: f32) {
        self.tour = None;
        self.rate = MOVE_RATE;
        self.wished.focus = Vec3::from_array(point);
        self.set_distance(self.wished.distance.min(distance));
    }

    /// Begins a tour from where it is; any input by hand ends it.
    pub fn start_tour(&mut self, tour: Tour) {
        self.tour = (!tour.is_empty()).then(|| (tour.starting_at(self.shown.pose()), 0.0));
    }

    /// Ends a tour, staying where it is.
    pub fn stop_tour(&mut self) {
        self.tour = None;
        self.wished = self.shown;
    }

    /// A tour is under way.
    #[must_use]
    pub const fn is_touring(&self) -> bool {
        self.tour.is_some()
    }

    /// Moves what is shown on by `seconds`. Returns true while something moves.
    pub fn update(&mut self, seconds: f64) -> bool {
        let seconds = if seconds.is_finite() { seconds.clamp(0.0, 1.0) } else { 0.0 };
        if let Some((tour, time)) = &mut self.tour {
            *time += seconds;
            let orbit = tour.at(*time);
            let (tour, scene_radius) = (self.tour.take(), self.scene_radius);
            *self = Self { tour, ..Self::new(orbit.pose(), scene_radius) };
            return true;
        }
        let (dt, rate) = (seconds as f32, self.rate);
        let target = self.wished.focus.to_array();
        for (spring, target) in self.focus.iter_mut().zip(target) {
            spring.follow(target, rate, dt);
        }
        self.angles[0].follow(self.wished.yaw, rate, dt);
        self.angles[1].follow(self.wished.pitch, rate, dt);
        self.log_distance.follow(self.wished.distance.ln(), rate, dt);
        self.fov.follow(self.wished.fov_degrees, rate, dt);
        let before = self.shown;
        self.shown = Orbit {
            focus: Vec3::from_array(self.focus.map(|s| s.value)),
            yaw: self.angles[0].value,
            pitch: self.angles[1].value,
            distance: self.log_distance.value.exp(),
            fov_degrees: self.fov.value,
        };
        self.shown != before
    }

    /// What is shown now.
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
        CameraView::new(self.pose(), aspect)
    }

    fn hand(&mut self) {
        if self.tour.take().is_some() || self.rate != HAND_RATE {
            // Whatever move was under way ends here: the hand takes over from what is shown.
            self.wished = self.shown;
        }
        self.rate = HAND_RATE;
    }

    fn aim(&mut self, orbit: Orbit) {
        self.rate = MOVE_RATE;
        let yaw = orbit.nearest_yaw(self.shown.yaw);
        self.wished = Orbit { yaw, ..orbit };
    }

    fn turn(&mut self, yaw: f32, pitch: f32) {
        self.wished.yaw += yaw;
        self.wished.pitch = (self.wished.pitch + pitch).clamp(-PITCH_LIMIT, PITCH_LIMIT);
    }

    fn set_distance(&mut self, distance: f32) {
        self.wished.distance = distance.clamp(2e-3 * self.scene_radius, 50.0 * self.scene_radius);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Camera {
        Camera::new(Pose { eye: [0.0, 2.0, 10.0], target: [0.0, 0.0, 0.0], fov_degrees: 45.0 }, 5.0)
    }

    fn settle(camera: &mut Camera) {
        for _ in 0..600 {
            camera.update(1.0 / 60.0);
        }
    }

    fn close(a: [f32; 3], b: [f32; 3], within: f32) {
        assert!(Vec3::from_array(a).distance(Vec3::from_array(b)) < within, "{a:?} is not {b:?}");
    }

    #[test]
    fn a_new_camera_stands_where_it_was_put() {
        let pose = camera().pose();
        close(pose.eye, [0.0, 2.0, 10.0], 1e-4);
        close(pose.target, [0.0, 0.0, 0.0], 1e-4);
        assert!(!camera().update(0.016), "nothing to do");
    }

    #[test]
    fn orbit_keeps_distance_and_focus() {
        let mut camera = camera();
        camera.orbit([300.0, -120.0], 720.0);
        settle(&mut camera);
        let pose = camera.pose();
        close(pose.target, [0.0; 3], 1e-4);
        let distance = Vec3::from_array(pose.eye).length();
        assert!((distance - 104.0_f32.sqrt()).abs() < 1e-3, "{distance}");
        assert!(Vec3::from_array(pose.eye).distance(Vec3::new(0.0, 2.0, 10.0)) > 1.0, "it moved");
    }

    #[test]
    fn no_drag_reaches_the_poles() {
        let mut camera = camera();
        for drag in [1e6, -2e6] {
            camera.orbit([0.0, drag], 720.0);
            settle(&mut camera);
            let view = camera.view(1.5);
            assert!(view.up.y > 0.0 && view.right.y.abs() < 1e-6, "up stays up: {view:?}");
            assert!(view.clip_from_world.is_finite());
        }
    }

    #[test]
    fn look_keeps_the_eye() {
        let mut camera = camera();
        camera.look([200.0, 90.0], 720.0);
        settle(&mut camera);
        close(camera.pose().eye, [0.0, 2.0, 10.0], 1e-3);
        assert!(Vec3::from_array(camera.pose().target).length() > 1.0, "it looks elsewhere");
    }

    #[test]
    fn motion_does_not_depend_on_the_frame_rate() {
        let run = |frames: u32| {
            let mut camera = camera();
            camera.move_to(Pose { eye: [-4.0, 1.0, -7.0], target: [1.0, 0.0, 2.0], fov_degrees: 60.0 });
            for _ in 0..frames {
                camera.update(0.5 / f64::from(frames));
            }
            camera.pose()
        };
        let (slow, fast) = (run(5), run(200));
        close(slow.eye, fast.eye, 1e-3);
        close(slow.target, fast.target, 1e-3);
    }

    #[test]
    fn a_move_arrives() {
        let mut camera = camera();
        let goal = Pose { eye: [-4.0, 1.0, -7.0], target: [1.0, 0.0, 2.0], fov_degrees: 60.0 };
        camera.move_to(goal);
        settle(&mut camera);
        close(camera.pose().eye, goal.eye, 1e-3);
        close(camera.pose().target, goal.target, 1e-3);
        assert!((camera.pose().fov_degrees - 60.0).abs() < 1e-3);
    }

    #[test]
    fn the_hand_takes_over_from_a_move_without_a_jump() {
        let mut camera = camera();
        camera.move_to(Pose { eye: [40.0, 1.0, -7.0], target: [30.0, 0.0, 2.0], fov_degrees: 60.0 });
        for _ in 0..20 {
            camera.update(1.0 / 60.0);
        }
        let before = camera.pose();
        camera.orbit([1.0, 0.0], 720.0);
        camera.update(1e-4);
        close(camera.pose().eye, before.eye, 0.05);
    }

    #[test]
    fn flight_goes_where_it_looks_and_dolly_comes_nearer() {
        let mut camera = camera();
        let forward = camera.view(1.0).forward;
        for _ in 0..60 {
            camera.fly(Flight { forward: 1.0, ..Flight::default() }, 1.0 / 60.0);
            camera.update(1.0 / 60.0);
        }
        settle(&mut camera);
        let moved = Vec3::from_array(camera.pose().eye) - Vec3::new(0.0, 2.0, 10.0);
        assert!(moved.normalize().dot(forward) > 0.999 && moved.length() > 2.0, "{moved}");
        let before = camera.shown.distance;
        camera.dolly(3.0);
        settle(&mut camera);
        assert!((camera.shown.distance / before - 0.88_f32.powi(3)).abs() < 1e-3);
    }

    #[test]
    fn a_tour_passes_its_stops_and_ends_by_hand() {
        let a = Pose { eye: [0.0, 0.0, 10.0], target: [0.0; 3], fov_degrees: 45.0 };
        let b = Pose { eye: [10.0, 3.0, 0.0], target: [0.0; 3], fov_degrees: 45.0 };
        let stop = |pose| TourStop { pose, travel_s: 2.0, hold_s: 1.0 };
        let mut camera = camera();
        camera.start_tour(Tour::new(&[stop(a), stop(b)], true));
        camera.update(0.0);
        close(camera.pose().eye, [0.0, 2.0, 10.0], 1e-3);
        for (frames, eye) in [(25, a.eye), (30, b.eye)] {
            for _ in 0..frames {
                camera.update(0.1);
            }
            close(camera.pose().eye, eye, 1e-3);
        }
        camera.orbit([5.0, 0.0], 720.0);
        assert!(!camera.is_touring());
    }
}
