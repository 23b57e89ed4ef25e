//! Where the camera has been at rest: in go places, out comes the way back and forth between them. Bounded.

use super::pose::Orbit;

/// Places remembered.
const KEPT: usize = 100;

/// Two places closer than this, in shares of the distance and radians, are one.
const SAME: f32 = 1e-3;

/// The places before and after the present one.
#[derive(Clone, Debug)]
pub(super) struct History {
    present: Orbit,
    past: Vec<Orbit>,
    future: Vec<Orbit>,
}

impl History {
    pub(super) const fn new(present: Orbit) -> Self {
        Self { present, past: Vec::new(), future: Vec::new() }
    }

    /// The camera rests here.
    pub(super) fn settle(&mut self, here: Orbit) {
        if is_same(&self.present, &here) {
            return;
        }
        if self.past.len() == KEPT {
            self.past.remove(0);
        }
        self.past.push(self.present);
        self.present = here;
        self.future.clear();
    }

    /// The place before `here`. From somewhere on the way that is the place where it last rested.
    pub(super) fn back(&mut self, here: Orbit) -> Option<Orbit> {
        if is_same(&self.present, &here) {
            let before = self.past.pop()?;
            self.future.push(self.present);
            self.present = before;
        } else {
            self.future.push(here);
        }
        Some(self.present)
    }

    /// The place that [`Self::back`] came from.
    pub(super) fn forth(&mut self) -> Option<Orbit> {
        let after = self.future.pop()?;
        self.past.push(self.present);
        self.present = after;
        Some(after)
    }
}

fn is_same(a: &Orbit, b: &Orbit) -> bool {
    let b = b.nearest_to(a);
    let distance = a.distance.min(b.distance).max(f32::MIN_POSITIVE);
    a.focus.distance(b.focus) < SAME * distance
        && (a.yaw - b.yaw).abs() < SAME
        && (a.pitch - b.pitch).abs() < SAME
        && (a.distance / b.distance).ln().abs() < SAME
        && (a.fov_degrees - b.fov_degrees).abs() < 60.0 * SAME
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec3;

    fn at(yaw: f32) -> Orbit {
        Orbit { focus: Vec3::ZERO, yaw, pitch: 0.1, distance: 10.0, fov_degrees: 45.0 }
    }

    #[test]
    fn back_and_forth_and_a_new_place_forgets_the_future() {
        let mut history = History::new(at(0.0));
        for yaw in [1.0, 1.0, 2.0] {
            history.settle(at(yaw));
        }
        assert_eq!(history.back(at(2.0)), Some(at(1.0)));
        assert_eq!(history.back(at(1.0)), Some(at(0.0)));
        assert_eq!(history.back(at(0.0)), None, "that is where it began");
        assert_eq!(history.forth(), Some(at(1.0)));
        history.settle(at(5.0));
        assert_eq!(history.forth(), None);
        assert_eq!(history.back(at(5.0)), Some(at(1.0)));
    }

    #[test]
    fn from_on_the_way_it_goes_back_to_the_last_rest_and_can_return() {
        let mut history = History::new(at(0.0));
        history.settle(at(1.0));
        assert_eq!(history.back(at(1.4)), Some(at(1.0)));
        assert_eq!(history.forth(), Some(at(1.4)));
    }

    #[test]
    fn memory_is_bounded() {
        let mut history = History::new(at(0.0));
        for k in 1..1000 {
            history.settle(at(0.01 * k as f32));
        }
        assert_eq!(history.past.len(), KEPT);
    }
}
