//! Surviving the loss of the graphics device: a new device, a new surface, new pipelines, and the run goes on from
//! where it was, or from its last checkpoint where the device held it. In: a window whose device is gone. Out: one that
//! goes on, or one that keeps its last picture, says why, and tries again.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::WindowError;
use super::keep::Keep;
use super::report;
use super::shown::{Next, Shown};

/// Time between two attempts to open another device.
const RETRY: Duration = Duration::from_secs(1);

/// A device that is gone.
pub(super) struct Loss {
    since: Instant,
    reason: String,
    attempts: u32,
    next: Instant,
}

impl Shown {
    /// One frame; or, where the device is gone, an attempt to go on with another one.
    pub(super) fn frame(&mut self) -> Result<Next, WindowError> {
        if self.loss.is_none() && !self.gpu.is_lost() {
            // The graphics library panics where a driver fails in the middle of a call; with the device gone, that is
            // no reason to end.
            match catch_unwind(AssertUnwindSafe(|| self.live_frame())) {
                Ok(outcome) if !self.is_device_gone() => return outcome,
                Err(panic) if !self.is_device_gone() => resume_unwind(panic),
                Ok(Ok(Next::Quit)) => return Ok(Next::Quit),
                _ => {}
            }
        }
        self.recover()
    }

    /// Asks the driver too: a loss is told only to those who ask.
    fn is_device_gone(&self) -> bool {
        // An error here is the loss itself.
        let polled = catch_unwind(AssertUnwindSafe(|| self.gpu.device.poll(wgpu::PollType::Poll)));
        self.gpu.is_lost() || polled.is_err()
    }

    fn recover(&mut self) -> Result<Next, WindowError> {
        let gpu = &self.gpu;
        let loss = self.loss.get_or_insert_with(|| {
            let reason = gpu.take_fault().unwrap_or_else(|| "no reason given".to_owned());
            report::say(format_args!("device lost: {reason}"));
            Loss { since: Instant::now(), reason, attempts: 0, next: Instant::now() }
        });
        if loss.next > Instant::now() {
            return Ok(Next::Idle(Some(loss.next - Instant::now())));
        }
        loss.attempts += 1;
        let (since, attempts) = (loss.since, loss.attempts);
        match catch_unwind(AssertUnwindSafe(|| self.begin_again())).unwrap_or_else(|_| {
            Err(WindowError::DeviceLost("the graphics driver failed while another device was opened".to_owned()))
        }) {
            Ok(told) => {
                self.loss = None;
                let took_ms = since.elapsed().as_millis();
                report::say(format_args!("recovered in {took_ms} ms after {attempts} attempts: {told}"));
                self.tell(format!("the graphics device was lost and replaced in {took_ms} ms; {told}"));
                Ok(Next::Frame)
            }
            Err(error) => {
                // The window keeps its last picture; what can be said stands in its title and on the terminal.
                let text = format!("the graphics device was lost and cannot be replaced yet: {error}");
                if let Some(loss) = &mut self.loss {
                    if loss.attempts == 1 {
                        report::warn(format_args!("{text} ({}); trying again every second", loss.reason));
                    }
                    loss.next = Instant::now() + RETRY;
                }
                report::say(format_args!("not recovered: {error}"));
                self.screen.window.set_title(&format!("{text} - spikescope"));
                Ok(Next::Idle(Some(RETRY)))
            }
        }
    }

    /// A new device and everything on it. What was going on in files is given up: its pictures are gone.
    fn begin_again(&mut self) -> Result<String, WindowError> {
        let was_keeping = self.keep.is_busy();
        self.keep = Keep::default();
        let gpu = match self.screen.reopen(self.options.adapter.as_deref()) {
            // The adapter that was asked for may be the one that is gone.
            Err(error) if self.options.adapter.is_some() => self.screen.reopen(None).map_err(|_| error),
            outcome => outcome,
        }?;
        let gpu = Arc::new(gpu);
        self.painter.replace_device(&gpu, self.screen.format());
        self.gpu = Arc::clone(&gpu);
        let mut told = format!("now on {}", gpu.info.name);
        if let Some(stage) = &mut self.stage {
            let recovery = stage.replace_device(&gpu, self.screen.format())?;
            let title = &stage.scene().title;
            self.screen.window.set_title(&format!("{title} - spikescope"));
            told = if recovery.lost_ms > 0.0 {
                format!(
                    "{told}; {:.0} ms of simulated time were lost, simulating on the {}",
                    recovery.lost_ms, recovery.engine
                )
            } else {
                format!("{told}; nothing of the simulation was lost")
            };
        }
        if was_keeping {
            self.tell("the pictures that were being saved are lost with the device".to_owned());
        }
        Ok(told)
    }

    /// Destroys the device after so many pictures, where a test asks for it.
    pub(super) fn drop_device_for_a_test(&mut self) {
        self.drop_after = match self.drop_after {
            Some(0) => {
                report::say("device dropped, as asked for");
                self.gpu.device.destroy();
                None
            }
            Some(left) => Some(left - 1),
            None => None,
        };
    }
}
