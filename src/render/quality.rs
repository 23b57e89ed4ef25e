//! How much of a picture is drawn, so that pictures come fast enough. In go the settings and how long frames took, out
//! comes a level: what of the full picture is left out, in words too. Without frame times nothing is left out, so a
//! picture that nobody waits for (headless) is the same on every machine.

use std::time::Duration;

use crate::session::view::Quality;

/// What a picture is made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    /// Points of light per pixel, of what the adapter would draw.
    pub(super) points: f32,
    /// Synapse lines, of those within the budget.
    pub(super) lines: f32,
    /// Pixels a side, of those shown.
    pub(super) resolution: f32,
    /// Radius from which on neurons are spheres, over that of the full picture.
    pub(super) sphere_radius: f32,
}

/// From everything to the least. First goes what is seen least.
const LADDER: [Level; 6] = [
    Level { points: 1.0, lines: 1.0, resolution: 1.0, sphere_radius: 1.0 },
    Level { points: 0.6, lines: 0.6, resolution: 1.0, sphere_radius: 1.0 },
    Level { points: 0.4, lines: 0.4, resolution: 1.0, sphere_radius: 1.5 },
    Level { points: 0.4, lines: 0.3, resolution: 0.8, sphere_radius: 1.5 },
    Level { points: 0.3, lines: 0.25, resolution: 0.7, sphere_radius: 2.0 },
    Level { points: 0.25, lines: 0.2, resolution: 0.6, sphere_radius: 2.5 },
];

/// Frames per second that are held: on a GPU, and where the processor draws.
const TARGET_FPS: [f32; 2] = [60.0, 20.0];
/// Weight of the newest frame in the average.
const NEWEST: f32 = 0.15;
/// A frame this much over the target is too slow.
const SLACK: f32 = 1.12;
/// Frames after a change until the next one.
const SETTLE_FRAMES: u32 = 10;
/// Good frames before more is tried, at first and at most.
const PATIENCE_FRAMES: [u32; 2] = [45, 1500];

/// Chooses the level.
#[derive(Clone, Debug)]
pub(super) struct Governor {
    target_ms: f32,
    mean_ms: f32,
    at: usize,
    since_change: u32,
    good: u32,
    patience: u32,
    was_step_up: bool,
    /// Nothing moves: there is time for the full picture.
    is_at_rest: bool,
}

impl Governor {
    pub(super) fn new(is_software: bool) -> Self {
        Self {
            target_ms: 1e3 / TARGET_FPS[usize::from(is_software)],
            mean_ms: 0.0,
            at: 0,
            since_change: 0,
            good: 0,
            patience: PATIENCE_FRAMES[0],
            was_step_up: false,
            is_at_rest: false,
        }
    }

    /// Whether the picture stands still. Then nothing is left out unless quality is pinned.
    pub(super) const fn set_at_rest(&mut self, is_at_rest: bool) {
        self.is_at_rest = is_at_rest;
    }

    /// Takes note of a frame that somebody waited for.
    pub(super) fn note(&mut self, frame: Duration) {
        // How long the full picture takes says nothing about the pictures in motion.
        if self.is_at_rest {
            return;
        }
        // A frame that took seconds was no frame: a scene was opened, the window was away.
        let ms = (frame.as_secs_f32() * 1e3).min(20.0 * self.target_ms);
        self.mean_ms += (ms - self.mean_ms) * if self.mean_ms == 0.0 { 1.0 } else { NEWEST };
        self.since_change = self.since_change.saturating_add(1);
        if self.since_change < SETTLE_FRAMES {
            return;
        }
        if self.mean_ms > SLACK * self.target_ms {
            self.good = 0;
            if self.at + 1 < LADDER.len() {
                // More was too much: wait longer before the next try.
                if self.was_step_up {
                    self.patience = (2 * self.patience).min(PATIENCE_FRAMES[1]);
                }
                self.go_to(self.at + 1, false);
            }
        } else {
            self.good += 1;
            if self.good >= self.patience && self.at > 0 {
                self.go_to(self.at - 1, true);
            }
        }
    }

    fn go_to(&mut self, at: usize, up: bool) {
        (self.at, self.was_step_up) = (at, up);
        (self.since_change, self.good, self.mean_ms) = (0, 0, 0.0);
    }

    /// What to draw with.
    pub(super) fn level(&self, quality: Quality) -> Level {
        match quality {
            Quality::Auto if self.is_at_rest => LADDER[0],
            Quality::Auto => LADDER[self.at],
            Quality::Pinned(share) => between(share),
        }
    }

    /// What is left out, for people; none where nothing is.
    pub(super) fn notice(&self, quality: Quality) -> Option<String> {
        let level = self.level(quality);
        let mut parts = Vec::new();
        for (what, share) in [("points of light", level.points), ("synapse lines", level.lines)] {
            if share < 1.0 {
                parts.push(format!("{:.0} % of the {what}", 100.0 * share));
            }
        }
        if level.resolution < 1.0 {
            parts.push(format!("{:.0} % of the pixels", 100.0 * level.resolution * level.resolution));
        }
        let why = match quality {
            Quality::Auto => format!("to hold {:.0} frames a second", 1e3 / self.target_ms),
            Quality::Pinned(_) => "quality is pinned".to_owned(),
        };
        (!parts.is_empty()).then(|| format!("{why}: at most {}", parts.join(", ")))
    }
}

/// A pinned share between the ends of the ladder.
fn between(share: f32) -> Level {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 1.0 };
    let at = (1.0 - share) * (LADDER.len() - 1) as f32;
    let low = (at as usize).min(LADDER.len() - 2);
    let (a, b, part) = (LADDER[low], LADDER[low + 1], at - low as f32);
    let mix = |a: f32, b: f32| a + (b - a) * part;
    Level {
        points: mix(a.points, b.points),
        lines: mix(a.lines, b.lines),
        resolution: mix(a.resolution, b.resolution),
        sphere_radius: mix(a.sphere_radius, b.sphere_radius),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a machine that needs this long for the full picture and proportionally less for a smaller one.
    fn run(governor: &mut Governor, full_ms: f32, frames: u32) -> f32 {
        let mut last = 0.0;
        for _ in 0..frames {
            let level = governor.level(Quality::Auto);
            last = full_ms * (0.1 + 0.6 * level.points + 0.3 * level.resolution * level.resolution);
            governor.note(Duration::from_secs_f32(last / 1e3));
        }
        last
    }

    #[test]
    fn slow_frames_take_from_the_picture_until_they_are_fast_and_give_back_later() {
        let mut governor = Governor::new(true);
        assert!(run(&mut governor, 150.0, 200) <= 50.0 * SLACK);
        assert!(governor.notice(Quality::Auto).is_some_and(|text| text.contains("20 frames")));
        run(&mut governor, 20.0, 1_000);
        assert_eq!(governor.level(Quality::Auto), LADDER[0]);
        assert_eq!(governor.notice(Quality::Auto), None);
    }

    #[test]
    fn a_level_that_is_just_too_much_is_tried_ever_less_often() {
        let mut governor = Governor::new(false);
        let changes = |governor: &mut Governor, frames| {
            let mut count = 0;
            for _ in 0..frames {
                let before = governor.level(Quality::Auto);
                let ms = if governor.at == 0 { 25.0 } else { 10.0 };
                governor.note(Duration::from_secs_f32(ms / 1e3));
                count += u32::from(before != governor.level(Quality::Auto));
            }
            count
        };
        let first = changes(&mut governor, 2_000);
        let second = changes(&mut governor, 2_000);
        assert!(first > 2 && second < first, "{first}, then {second}");
    }

    #[test]
    fn a_picture_at_rest_is_whole_and_motion_goes_on_as_it_was() {
        let mut governor = Governor::new(true);
        run(&mut governor, 500.0, 300);
        let in_motion = governor.level(Quality::Auto);
        governor.set_at_rest(true);
        assert_eq!((governor.level(Quality::Auto), governor.notice(Quality::Auto)), (LADDER[0], None));
        assert_eq!(governor.level(Quality::Pinned(0.0)), LADDER[LADDER.len() - 1]);
        run(&mut governor, 900.0, 300);
        governor.set_at_rest(false);
        assert_eq!(governor.level(Quality::Auto), in_motion);
    }

    #[test]
    fn without_frame_times_nothing_is_left_out_and_pins_hold() {
        let mut governor = Governor::new(true);
        assert_eq!(governor.level(Quality::Auto), LADDER[0]);
        run(&mut governor, 500.0, 300);
        assert_eq!(governor.level(Quality::Pinned(1.0)), LADDER[0]);
        assert_eq!(governor.level(Quality::Pinned(0.0)), LADDER[LADDER.len() - 1]);
        assert_eq!(governor.level(Quality::Pinned(f32::NAN)), LADDER[0]);
        assert!(governor.notice(Quality::Pinned(0.5)).is_some_and(|text| text.contains("pinned")));
    }
}
