//! A tour: stops with times to travel and to stay. In goes a time, out comes the place at that time; pure, so a headless
//! rendering can ask for any frame.

use super::pose::{Orbit, Pose};

/// One stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TourStop {
    /// Where.
    pub pose: Pose,
    /// Time to get here from the stop before, s. The first stop's counts when the tour starts over.
    pub travel_s: f64,
    /// Time to stay, s.
    pub hold_s: f64,
}

/// Stops that follow each other, over and over.
#[derive(Clone, Debug, PartialEq)]
pub struct Tour {
    stops: Vec<(Orbit, f64, f64)>,
}

impl Tour {
    /// A tour over these stops. Times that are negative or no numbers count as 0.
    #[must_use]
    pub fn new(stops: Vec<TourStop>) -> Self {
        let time = |t: f64| if t.is_finite() { t.max(0.0) } else { 0.0 };
        let stops = stops.iter().map(|s| (Orbit::from_pose(s.pose), time(s.travel_s), time(s.hold_s))).collect();
        Self { stops }
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

    /// The place after `time_s`; the tour must not be empty. It begins at its first stop, and goes back there after the
    /// last.
    pub(super) fn at(&self, time_s: f64) -> Orbit {
        let round = self.round_s();
        let mut left = if round > 0.0 { time_s.max(0.0) % round } else { 0.0 };
        for (index, &(here, _, hold)) in self.stops.iter().enumerate() {
            if left <= hold {
                return here;
            }
            left -= hold;
            let (next, travel, _) = self.stops[(index + 1) % self.stops.len()];
            if left < travel {
                return here.towards(&next, ease((left / travel) as f32));
            }
            left -= travel;
        }
        self.stops[0].0
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

    fn tour() -> Tour {
        let stop = |x: f32| TourStop {
            pose: Pose { eye: [x, 0.0, 10.0], target: [x, 0.0, 0.0], fov_degrees: 45.0 },
            travel_s: 2.0,
            hold_s: 1.0,
        };
        Tour::new(vec![stop(0.0), stop(4.0), stop(8.0)])
    }

    #[test]
    fn it_holds_travels_and_starts_over() {
        let tour = tour();
        assert_eq!(tour.round_s(), 9.0);
        let x = |t: f64| tour.pose_at(t).expect("not empty").eye[0];
        for (time, expected) in
            [(0.0, 0.0), (0.9, 0.0), (2.0, 2.0), (3.5, 4.0), (5.0, 6.0), (6.5, 8.0), (8.0, 4.0), (9.5, 0.0)]
        {
            assert!((x(time) - expected).abs() < 1e-4, "at {time}: {}", x(time));
        }
    }

    #[test]
    fn it_is_smooth() {
        let tour = tour();
        let x = |t: f64| tour.pose_at(t).expect("not empty").eye[0];
        let steps: Vec<f32> = (0..900).map(|k| x(f64::from(k + 1) * 0.01) - x(f64::from(k) * 0.01)).collect();
        assert!(steps.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 2.5e-3), "no jerk");
    }

    #[test]
    fn tours_without_time_stand_still() {
        let pose = Pose { eye: [1.0, 0.0, 10.0], target: [0.0; 3], fov_degrees: 45.0 };
        let tour = Tour::new(vec![TourStop { pose, travel_s: 0.0, hold_s: f64::NAN }]);
        assert!((tour.pose_at(5.0).expect("not empty").eye[0] - 1.0).abs() < 1e-5);
        assert_eq!(Tour::new(Vec::new()).pose_at(1.0), None);
    }
}
