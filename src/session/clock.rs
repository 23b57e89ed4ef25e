//! Simulated time against wall time: whether the session runs, how many steps a frame may take, and how fast it really
//! goes. In: wall time per frame, measured cost per step. Out: numbers of steps. Never touches an engine.

use std::collections::VecDeque;
use std::time::Duration;

/// Wall time over which the real-time factor is taken.
const METER_WINDOW: Duration = Duration::from_secs(1);
/// Wall time that one frame may ask to catch up with at most: after a hitch the simulation goes on, it does not race.
const FRAME_MAX: Duration = Duration::from_millis(100);
/// Steps per frame on a GPU before anything is known about its speed.
const SLICE_FIRST: f64 = 16.0;
/// Steps per frame on a GPU at most.
const SLICE_MAX: f64 = 200_000.0;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    pub(super) playing: bool,
    pub(super) speed: f64,
    /// Steps asked for one by one while held still.
    single_steps: u64,
    /// Part of a step left over from the last frame.
    carry: f64,
    meter: Meter,
}

impl Clock {
    pub(super) fn new(speed: f64) -> Self {
        Self { playing: true, speed: sane_speed(speed), single_steps: 0, carry: 0.0, meter: Meter::default() }
    }

    pub(super) fn play(&mut self, playing: bool) {
        self.playing = playing;
        self.single_steps = 0;
        self.meter = Meter::default();
    }

    pub(super) fn set_speed(&mut self, speed: f64) {
        self.speed = sane_speed(speed);
        self.carry = 0.0;
        self.meter = Meter::default();
    }

    pub(super) fn add_single_steps(&mut self, steps: u32) {
        if !self.playing {
            self.single_steps = self.single_steps.saturating_add(u64::from(steps));
        }
    }

    /// Steps this frame should take to keep the speed; `u32::MAX` for as many as fit.
    pub(super) fn wanted(&mut self, wall: Duration, dt_ms: f64) -> u32 {
        if !self.playing {
            return u32::try_from(self.single_steps).unwrap_or(u32::MAX);
        }
        if self.speed == f64::INFINITY {
            return u32::MAX;
        }
        let steps = wall.min(FRAME_MAX).as_secs_f64() * 1e3 * self.speed / dt_ms + self.carry;
        // A hair above: parts that add up to a whole step in words do so in floating point too.
        let whole = (steps + 1e-6).floor().min(f64::from(u32::MAX));
        self.carry = (steps - whole).clamp(0.0, 1.0);
        whole as u32
    }

    /// What the frame really did. Steps that did not fit are dropped, not owed.
    pub(super) fn settle(&mut self, wall: Duration, steps: u32, dt_ms: f64) {
        if self.playing {
            self.meter.push(wall, f64::from(steps) * dt_ms);
        } else {
            self.single_steps = self.single_steps.saturating_sub(u64::from(steps));
        }
    }

    /// Wall time per simulated time over the last second; 0 while held still or before anything was simulated.
    pub(super) fn real_time_factor(&self) -> f64 {
        if self.playing { self.meter.factor() } else { 0.0 }
    }
}

const fn sane_speed(speed: f64) -> f64 {
    if speed.is_nan() { 1.0 } else { speed.clamp(0.0, f64::INFINITY) }
}

/// Wall and simulated time of the last frames.
#[derive(Clone, Debug, Default)]
struct Meter {
    frames: VecDeque<(Duration, f64)>,
    wall: Duration,
    simulated_ms: f64,
}

impl Meter {
    fn push(&mut self, wall: Duration, simulated_ms: f64) {
        self.frames.push_back((wall, simulated_ms));
        self.wall += wall;
        while self.wall > METER_WINDOW
            && self.frames.len() > 1
            && let Some((old, _)) = self.frames.pop_front()
        {
            self.wall = self.wall.saturating_sub(old);
        }
        // Summed anew each time: a running difference of floats would drift.
        self.simulated_ms = self.frames.iter().map(|(_, ms)| ms).sum();
    }

    fn factor(&self) -> f64 {
        if self.simulated_ms > 0.0 { self.wall.as_secs_f64() * 1e3 / self.simulated_ms } else { 0.0 }
    }
}

/// Measured cost of a step on the CPU engine, for slices that fit into what is left of a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepCost {
    seconds: f64,
}

impl Default for StepCost {
    fn default() -> Self {
        // A guess on the high side: the first slice is small and measures.
        Self { seconds: 1e-3 }
    }
}

impl StepCost {
    /// Steps that fit into `time`, at least one.
    pub(super) fn fit(self, time: Duration) -> u32 {
        (time.as_secs_f64() / self.seconds).clamp(1.0, f64::from(u32::MAX)) as u32
    }

    /// `steps` steps took `time`.
    pub(super) fn measured(&mut self, steps: u32, time: Duration) {
        if steps > 0 {
            let now = (time.as_secs_f64() / f64::from(steps)).max(1e-9);
            // Down at once, up slowly: one interrupted slice does not halve the next ones.
            self.seconds = if now < self.seconds { now } else { 0.8 * self.seconds + 0.2 * now };
        }
    }
}

/// How many steps a frame hands to a GPU that is never waited for: more while finished samples come back by the next
/// frame, fewer when they lag (additive work, multiplicative retreat, as network congestion control does it).
#[derive(Clone, Copy, Debug)]
pub(super) struct GpuSlice {
    steps: f64,
}

impl Default for GpuSlice {
    fn default() -> Self {
        Self { steps: SLICE_FIRST }
    }
}

impl GpuSlice {
    /// Steps for this frame. `cost_ms` is the measured time of a step where there is one.
    pub(super) fn steps(self, budget: Duration, cost_ms: Option<f64>) -> u32 {
        let cap = cost_ms.filter(|ms| *ms > 0.0).map_or(SLICE_MAX, |ms| budget.as_secs_f64() * 1e3 / ms);
        self.steps.min(cap).max(1.0) as u32
    }

    /// A sample came back `frames` frames after it was asked for; `limited`: the frame wanted more steps than it got.
    pub(super) fn came_back(&mut self, frames: u64, limited: bool) {
        if frames >= 3 {
            self.steps = (self.steps * 0.7).max(1.0);
        } else if frames <= 1 && limited {
            self.steps = (self.steps * 1.25).min(SLICE_MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(16);

    #[test]
    fn speed_turns_wall_time_into_steps_without_losing_parts() {
        let mut clock = Clock::new(0.01);
        // 0.16 ms of simulated time per frame at 0.1 ms a step: 1.6 steps a frame.
        let steps: u32 = (0..10).map(|_| clock.wanted(FRAME, 0.1)).sum();
        assert_eq!(steps, 16);
        clock.set_speed(f64::INFINITY);
        assert_eq!(clock.wanted(FRAME, 0.1), u32::MAX);
        clock.set_speed(f64::NAN);
        assert_eq!(clock.wanted(FRAME, 1.0), 16);
        // A hitch of a minute asks for a tenth of a second, not for a minute.
        assert_eq!(clock.wanted(Duration::from_secs(60), 1.0), 100);
    }

    #[test]
    fn held_still_it_takes_single_steps_only() {
        let mut clock = Clock::new(1.0);
        clock.add_single_steps(5);
        clock.play(false);
        assert_eq!(clock.wanted(FRAME, 0.1), 0);
        clock.add_single_steps(5);
        assert_eq!(clock.wanted(FRAME, 0.1), 5);
        clock.settle(FRAME, 3, 0.1);
        assert_eq!(clock.wanted(FRAME, 0.1), 2);
        assert_eq!(clock.real_time_factor(), 0.0);
    }

    #[test]
    fn the_meter_measures_the_last_second() {
        let mut clock = Clock::new(1.0);
        for _ in 0..100 {
            clock.settle(Duration::from_millis(20), 0, 0.1);
        }
        for _ in 0..100 {
            clock.settle(Duration::from_millis(20), 100, 0.1);
        }
        assert!((clock.real_time_factor() - 2.0).abs() < 0.05, "{}", clock.real_time_factor());
    }

    #[test]
    fn a_lagging_gpu_gets_less_and_a_quick_one_more() {
        let mut slice = GpuSlice::default();
        for _ in 0..10 {
            slice.came_back(1, true);
        }
        let grown = slice.steps(FRAME, None);
        assert!(grown > 100);
        assert_eq!(slice.steps(FRAME, Some(1.0)), 16, "never more than the budget holds");
        slice.came_back(1, false);
        assert_eq!(slice.steps(FRAME, None), grown, "nobody wanted more");
        for _ in 0..50 {
            slice.came_back(4, true);
        }
        assert_eq!(slice.steps(FRAME, None), 1);
    }
}
