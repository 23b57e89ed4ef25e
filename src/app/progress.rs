//! Progress bars on stderr for work over a second; none when stderr is no terminal or silence was asked for.

use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that shows itself only when the work turns out to be long.
pub(super) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    shown: bool,
    quiet: bool,
}

impl Progress {
    /// `len` units of `what`.
    pub(super) fn new(what: &str, unit: &str, len: u64, quiet: bool) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_length(len);
        let template = format!("{what} {{bar:30}} {{pos}}/{{len}} {unit}, {{eta}} left{{msg}}");
        bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, begun: Instant::now(), shown: false, quiet }
    }

    /// Something was done before: speed and time left count from there.
    pub(super) fn begin_at(&mut self, position: u64) {
        self.bar.set_position(position);
        self.bar.reset_eta();
    }

    /// A word behind the time left.
    pub(super) fn say(&mut self, text: String) {
        self.bar.set_message(text);
    }

    /// This much is done.
    pub(super) fn set(&mut self, position: u64) {
        if !self.shown && !self.quiet && self.begun.elapsed() >= PATIENCE {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(position);
    }

    /// Removes the bar.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

/// Does `work`, which cannot tell how far it is; says what it is when it takes long.
pub(super) fn while_working<R>(what: &str, quiet: bool, work: impl FnOnce() -> R) -> R {
    if quiet {
        return work();
    }
    std::thread::scope(|scope| {
        let (done, is_done) = bounded::<()>(0);
        scope.spawn(move || {
            if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
                spinner.set_draw_target(ProgressDrawTarget::stderr());
                spinner.enable_steady_tick(Duration::from_millis(120));
                // Nothing is ever sent: this ends when the other end is dropped.
                let _ = is_done.recv();
                spinner.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}
