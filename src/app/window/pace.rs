//! Where a frame's time goes: laps of one frame, and a word in the window's log where a frame was slow. In: the names
//! of what was just done. Out: `slow frame` lines with a reason.

use std::time::{Duration, Instant};

use super::report;

/// A frame above this is reported.
const SLOW: Duration = Duration::from_millis(250);
/// So many frames after a scene was opened belong to loading it: its first pictures make pipelines and upload buffers.
const LOADING_FRAMES: u32 = 4;

/// The laps of the present frame.
#[derive(Default)]
pub(super) struct Pace {
    laps: Vec<(&'static str, Duration)>,
    last: Option<Instant>,
    /// Frames since something was loaded.
    since_loading: u32,
}

impl Pace {
    /// A frame begins.
    pub(super) fn begin(&mut self) {
        self.laps.clear();
        self.last = Some(Instant::now());
        self.since_loading = self.since_loading.saturating_add(1);
    }

    /// A scene was opened, or a device replaced, in this frame.
    pub(super) const fn loaded(&mut self) {
        self.since_loading = 0;
    }

    /// What was done since the last lap.
    pub(super) fn lap(&mut self, what: &'static str) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            self.laps.push((what, now - last));
        }
    }

    /// The frame is over; says so if it was slow.
    pub(super) fn end(&mut self) {
        let total: Duration = self.laps.iter().map(|(_, time)| *time).sum();
        if total < SLOW {
            return;
        }
        let loading = if self.since_loading < LOADING_FRAMES { "loading: " } else { "" };
        let (reason, longest) = self.laps.iter().copied().max_by_key(|(_, time)| *time).unwrap_or_default();
        let (total, longest) = (total.as_millis(), longest.as_millis());
        report::say(format_args!("slow frame {total} ms: {loading}{reason} {longest} ms"));
    }
}
