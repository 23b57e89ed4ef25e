//! A critically damped spring for one number: in go a target and a time span, out comes the exact solution, so that two
//! half steps are one whole step.

/// A value that follows a target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spring {
    /// Where it is.
    pub(super) value: f32,
    speed: f32,
}

impl Spring {
    /// At rest.
    pub(super) const fn at(value: f32) -> Self {
        Self { value, speed: 0.0 }
    }

    /// Follows `target` for `seconds`: solves `x'' = -2 rate x' - rate^2 (x - target)`.
    pub(super) fn follow(&mut self, target: f32, rate: f32, seconds: f32) {
        let offset = self.value - target;
        if offset == 0.0 && self.speed == 0.0 {
            return;
        }
        let slope = self.speed + rate * offset;
        let decay = (-rate * seconds).exp();
        let next = (offset + slope * seconds) * decay;
        self.speed = (self.speed - rate * slope * seconds) * decay;
        // Comes to rest instead of creeping on for ever, so that a still picture is known to be still.
        if next.abs() <= 1e-6 * target.abs().max(1.0) && self.speed.abs() <= 1e-5 * target.abs().max(1.0) {
            *self = Self::at(target);
        } else {
            self.value = target + next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spring;

    #[test]
    fn two_half_steps_are_one_step() {
        let (mut once, mut twice) = (Spring { value: 3.0, speed: -2.0 }, Spring { value: 3.0, speed: -2.0 });
        once.follow(-1.0, 5.0, 0.2);
        twice.follow(-1.0, 5.0, 0.1);
        twice.follow(-1.0, 5.0, 0.1);
        assert!((once.value - twice.value).abs() < 1e-5 && (once.speed - twice.speed).abs() < 1e-4);
    }

    #[test]
    fn it_never_overshoots_from_rest_and_comes_to_rest() {
        let mut spring = Spring::at(0.0);
        for _ in 0..400 {
            spring.follow(1.0, 8.0, 0.02);
            assert!((0.0..=1.0).contains(&spring.value));
        }
        assert_eq!(spring, Spring::at(1.0));
    }
}
