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

    /// True when it is at `target` and stays there.
    pub(super) fn rests_at(self, target: f32) -> bool {
        self.speed == 0.0 && self.value == target
    }

    /// Follows `target` for `seconds`: solves `x'' = -2 rate x' - rate^2 (x - target)` for a target that moves on at
    /// `target_speed` all the while. The value trails a moving target, so that it never has to come back when that stops.
    pub(super) fn follow(&mut self, target: f32, target_speed: f32, rate: f32, seconds: f32) {
        let trail = 2.0 * target_speed / rate;
        let (offset, speed) = (self.value - target + trail, self.speed - target_speed);
        if offset == 0.0 && speed == 0.0 && target_speed == 0.0 {
            return;
        }
        let slope = speed + rate * offset;
        let decay = (-rate * seconds).exp();
        let next = (offset + slope * seconds) * decay;
        self.speed = target_speed + (speed - rate * slope * seconds) * decay;
        let size = target.abs().max(1.0);
        // Comes to rest instead of creeping on for ever, so that a still picture is known to be still.
        if target_speed == 0.0 && next.abs() <= 1e-6 * size && self.speed.abs() <= 1e-5 * size {
            *self = Self::at(target);
        } else {
            self.value = target - trail + target_speed * seconds + next;
        }
    }

    /// Counts from elsewhere: what is at `by` now is at 0 then.
    pub(super) const fn shift(&mut self, by: f32) {
        self.value -= by;
    }
}

#[cfg(test)]
mod tests {
    use super::Spring;

    #[test]
    fn two_half_steps_are_one_step() {
        for target_speed in [0.0, 3.5] {
            let (mut once, mut twice) = (Spring { value: 3.0, speed: -2.0 }, Spring { value: 3.0, speed: -2.0 });
            once.follow(-1.0, target_speed, 5.0, 0.2);
            twice.follow(-1.0, target_speed, 5.0, 0.1);
            twice.follow(-1.0 + 0.1 * target_speed, target_speed, 5.0, 0.1);
            assert!((once.value - twice.value).abs() < 1e-5 && (once.speed - twice.speed).abs() < 1e-4);
        }
    }

    #[test]
    fn it_never_overshoots_from_rest_and_comes_to_rest() {
        let mut spring = Spring::at(0.0);
        for _ in 0..400 {
            spring.follow(1.0, 0.0, 8.0, 0.02);
            assert!((0.0..=1.0).contains(&spring.value));
        }
        assert_eq!(spring, Spring::at(1.0));
        assert!(spring.rests_at(1.0));
    }

    #[test]
    fn it_keeps_up_with_a_target_that_moves_on_and_never_comes_back() {
        let mut spring = Spring::at(0.0);
        for k in 0..500 {
            spring.follow(0.02 * k as f32, 2.0, 6.0, 0.01);
        }
        assert!((spring.speed - 2.0).abs() < 1e-4 && (10.0 - spring.value - 4.0 / 6.0).abs() < 1e-3, "{spring:?}");
        let mut before = spring.value;
        for _ in 0..300 {
            spring.follow(10.0, 0.0, 6.0, 0.01);
            assert!(spring.value >= before && spring.value <= 10.0, "{spring:?}");
            before = spring.value;
        }
    }
}
