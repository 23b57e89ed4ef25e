//! A tour: stops with times to travel and to stay. In goes a time, out comes the place at that time; pure, so a headless
//! rendering can ask for any frame.

use super::pose::{Orbit, Pose};
use crate::model::scene::ViewScene;

/// One stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TourStop {
    /// Where.
    pub pose: Pose,
    /// Time to get here, s.
    pub travel_s: f64,
    /// Time to stay, s.
    pub hold_s: f64,
}

/// Stops that follow each other, once or over and over.
#[derive(Clone, Debug, PartialEq)]
pub struct Tour {
    start: Option<Orbit>,
    stops: Vec<(Orbit, f64, f64)>,
    repeats: bool,
}

impl Tour {
    /// A tour over these stops. Times that are negative or no numbers count as 0.
    #[must_use]
    pub fn new(stops: &[TourStop], repeats: bool) -> Self {
        let time = |t: f64| if t.is_finite() { t.max(0.0) } else { 0.0 };
        let stops = stops.iter().map(|s| (Orbit::from_pose(s.pose), time(s.travel_s), time(s.hold_s))).collect();
        Self { start: None, stops, repeats }
    }

    /// The tour of a scene, from its opening pose; empty where it has none.
    #[must_use]
    pub fn of_scene(view: &ViewScene) -> Self {
        let mut pose = view.camera;
        let stops: Vec<TourStop> = view
            .tour
            .iter()
            .map(|step| {
                pose = step.camera.pose.unwrap_or(pose);
                TourStop { pose: pose.into(), travel_s: f64::from(step.move_s), hold_s: f64::from(step.hold_s) }
            })
            .collect();
        Self::new(&stops, view.tour_repeats).starting_at(view.camera.into())
    }

    /// The same tour, with its first leg from here.
    #[must_use]
    pub fn starting_at(self, pose: Pose) -> Self {
        self.starting_from(Orbit::from_pose(pose))
    }

    pub(super) fn starting_from(self, orbit: Orbit) -> Self {
        Self { start: Some(orbit), ..self }
    }

    /// Without stops.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stops.is_empty()
    }

    /// Time of one round, s.
    #[must_use]
    pub fn round_s(&self) -> f64 {
        self.stops.iter().map(|(_, travel, hold)| travel + hold).sum()
    }

    /// The place after `time_s`; the tour must not be empty.
    pub(super) fn at(&self, time_s: f64) -> Orbit {
        let (round, last) = (self.round_s(), self.stops[self.stops.len() - 1].0);
        let mut left = time_s.max(0.0);
        let mut from = self.start.unwrap_or(self.stops[0].0);
        if left >= round {
            if !self.repeats || round <= 0.0 {
                return last;
            }
            left %= round;
            from = last;
        }
        for &(stop, travel, hold) in &self.stops {
            if left < travel {
                return from.towards(&stop, ease((left / travel) as f32));
            }
            left -= travel;
            if left < hold {
                return stop;
            }
            left -= hold;
            from = stop;
        }
        last
    }

    /// The pose after `time_s`; none for an empty tour.
    #[must_use]
    pub fn pose_at(&self, time_s: f64) -> Option<Pose> {
        (!self.is_empty()).then(|| self.at(time_s).pose())
    }
}

/// Starts and ends without a jerk: zero speed and acceleration at both ends.
fn ease(x: f32) -> f32 {
    x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> Pose {
        Pose { eye: [x, 0.0, 10.0], target: [x, 0.0, 0.0], fov_degrees: 45.0 }
    }

    fn tour(repeats: bool) -> Tour {
        let stop = |x: f32| TourStop { pose: at(x), travel_s: 2.0, hold_s: 1.0 };
        Tour::new(&[stop(0.0), stop(4.0), stop(8.0)], repeats).starting_at(at(-4.0))
    }

    #[test]
    fn it_travels_holds_and_starts_over() {
        let tour = tour(true);
        assert_eq!(tour.round_s(), 9.0);
        let x = |t: f64| tour.pose_at(t).expect("not empty").eye[0];
        let expected = [
            (0.0, -4.0),
            (1.0, -2.0),
            (2.5, 0.0),
            (4.0, 2.0),
            (5.5, 4.0),
            (7.0, 6.0),
            (8.5, 8.0),
            (10.0, 4.0),
            (11.5, 0.0),
        ];
        for (time, place) in expected {
            assert!((x(time) - place).abs() < 1e-4, "at {time}: {}", x(time));
        }
    }

    #[test]
    fn without_repeats_it_ends_at_the_last_stop() {
        assert!((tour(false).pose_at(500.0).expect("not empty").eye[0] - 8.0).abs() < 1e-4);
    }

    #[test]
    fn it_is_smooth() {
        let tour = tour(true);
        let x = |t: f64| tour.pose_at(t).expect("not empty").eye[0];
        let steps: Vec<f32> = (0..1700).map(|k| x(f64::from(k + 1) * 0.01) - x(f64::from(k) * 0.01)).collect();
        assert!(steps.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 5e-3), "no jerk");
    }

    #[test]
    fn tours_without_time_stand_still() {
        let pose = Pose { eye: [1.0, 0.0, 10.0], target: [0.0; 3], fov_degrees: 45.0 };
        let tour = Tour::new(&[TourStop { pose, travel_s: 0.0, hold_s: f64::NAN }], true);
        assert!((tour.pose_at(5.0).expect("not empty").eye[0] - 1.0).abs() < 1e-5);
        assert_eq!(Tour::new(&[], true).pose_at(1.0), None);
    }
}
