//! How a session goes on. In: how many steps, or the wall time of a frame. Out: steps taken, samples handed to whoever
//! asked for them.
//!
//! Two ways, with the same spikes: [`Session::advance`] takes exactly so many steps and waits where it has to;
//! [`Session::update`] takes what fits into a frame and never waits for a GPU.

use std::time::{Duration, Instant};

use super::error::SessionError;
use super::picked::Picked;
use super::rewind::Past;
use super::session::Session;
use super::watch;
use crate::engine::{Activity, EngineError};

/// Steps of the CPU engine between two looks at the wall clock take about this long.
const SLICE: Duration = Duration::from_millis(1);
/// Steps handed to a GPU between two looks at whether it is busy.
const ENQUEUE_MAX: u32 = 64;
/// Showings kept until [`Session::drain_showings`].
const SHOWINGS_KEPT: usize = 1 << 18;

impl Session {
    /// Advances exactly `steps` steps. The same steps in any number of calls give the same spikes. Waits for the GPU
    /// where the protocol has to decide.
    ///
    /// # Errors
    /// A lost device.
    pub fn advance(&mut self, steps: u32) -> Result<(), SessionError> {
        self.leave_past();
        self.run_exactly(steps, &mut |_| true)?;
        self.refresh();
        Ok(())
    }

    /// Advances up to `steps` steps in the inline way; stops early when `go_on` says so between two decisions.
    pub(super) fn run_exactly(&mut self, steps: u32, go_on: &mut dyn FnMut(&Self) -> bool) -> Result<(), SessionError> {
        self.is_live = false;
        let mut left = steps;
        while left > 0 {
            self.collect();
            let mut ready = self.ready_steps(left)?;
            if ready == 0 {
                self.settle()?;
                ready = self.ready_steps(left)?;
                if ready == 0 {
                    let what = "the engine gave no sample although all its work is done".to_owned();
                    return Err(EngineError::Misuse(what).into());
                }
            }
            if !go_on(self) {
                break;
            }
            let now = ready.min(self.observer.steps_until_due(self.engine.step()));
            self.take_steps(now)?;
            left -= now;
            if !self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), false) {
                self.settle()?;
                self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), false);
            }
        }
        self.collect();
        Ok(())
    }

    /// One frame of a live run: `wall` has passed since the last one, and `budget` of this one may be spent simulating.
    /// Takes as many steps as the speed asks for and the budget allows; what does not fit is dropped. Never waits for
    /// a GPU.
    ///
    /// # Errors
    /// A lost device.
    pub fn update(&mut self, wall: Duration, budget: Duration) -> Result<(), SessionError> {
        self.update_frame(wall, budget, None)
    }

    /// The same for a film: goes on towards a step and never past it, however long that takes, while the run plays.
    /// True once it is there.
    ///
    /// # Errors
    /// A lost device.
    pub fn update_towards(&mut self, step: u64, wall: Duration, budget: Duration) -> Result<bool, SessionError> {
        let left = u32::try_from(step.saturating_sub(self.engine.step())).unwrap_or(u32::MAX);
        self.update_frame(wall, budget, Some(left))?;
        Ok(self.engine.step() >= step)
    }

    fn update_frame(&mut self, wall: Duration, budget: Duration, most: Option<u32>) -> Result<(), SessionError> {
        self.is_live = true;
        self.observer.next_frame();
        self.collect();
        if self.play_back(wall, budget, most)? {
            return Ok(());
        }
        if self.past.is_none() {
            let (step, limits) = (self.engine.step(), self.history_limits);
            self.past = Some(Past::begin(&self.network, step, &self.engine.activity(), limits));
        }
        if self.replay(wall) {
            return Ok(());
        }
        let wanted = match most {
            Some(most) if self.clock.playing => most,
            _ => self.clock.wanted(wall, self.network.dt_ms).min(most.unwrap_or(u32::MAX)),
        };
        // What has not arrived yet cannot be shown.
        let wanted = u32::try_from(self.engine.ready_steps()).unwrap_or(u32::MAX).min(wanted);
        let done = if matches!(self.engine.activity(), Activity::Device { .. }) {
            self.enqueue(wanted, budget)?
        } else {
            self.simulate_within(wanted, budget)?
        };
        self.clock.settle(wall, done, self.network.dt_ms);
        if matches!(self.engine.activity(), Activity::Device { .. }) {
            self.keep_safe();
        }
        self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
        self.collect();
        self.refresh();
        Ok(())
    }

    /// A frame of the past, where that is shown: the live run is held. False otherwise.
    fn replay(&mut self, wall: Duration) -> bool {
        let Some(past) = self.past.as_mut().filter(|past| past.is_shown()) else { return false };
        past.update(wall);
        if !past.is_shown() {
            past.raster_of_present(&self.network, &mut self.telemetry.raster);
        }
        self.refresh();
        true
    }

    /// Back to the present, if the past is shown.
    pub(super) fn leave_past(&mut self) {
        if let Some(past) = self.past.as_mut().filter(|past| past.is_shown()) {
            past.leave();
            past.raster_of_present(&self.network, &mut self.telemetry.raster);
        }
    }

    /// Host memory: small slices until the budget is spent, at least one step.
    pub(super) fn simulate_within(&mut self, wanted: u32, budget: Duration) -> Result<u32, SessionError> {
        let start = Instant::now();
        let mut done = 0;
        while done < wanted {
            let rest = budget.saturating_sub(start.elapsed());
            if done > 0 && rest.is_zero() {
                break;
            }
            let slice = self.cost.fit(rest.min(SLICE)).min(wanted - done);
            let ready = match self.ready_steps(slice)? {
                0 => {
                    self.collect();
                    self.ready_steps(slice)?
                }
                ready => ready,
            };
            if ready == 0 {
                break;
            }
            let began = Instant::now();
            self.take_steps(ready)?;
            self.cost.measured(ready, began.elapsed());
            done += ready;
            // Host samples cost little and are back at once: keep the full time resolution even at high speed.
            self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
            self.collect();
        }
        Ok(done)
    }

    /// GPU: enqueues what fits, up to where the protocol has to wait.
    fn enqueue(&mut self, wanted: u32, budget: Duration) -> Result<u32, SessionError> {
        let times = self.engine.kernel_times();
        let cost_ms = (!times.is_empty()).then(|| times.iter().map(|t| t.ms_per_step).sum());
        let slice = self.gpu_slice.steps(budget, cost_ms);
        if let Some(frames) = self.observer.take_latency() {
            self.gpu_slice.came_back(frames, wanted > slice);
        }
        let steps = wanted.min(slice);
        let mut done = 0;
        while done < steps && !self.engine.is_busy() {
            let ready = self.ready_steps((steps - done).min(ENQUEUE_MAX))?;
            if ready == 0 {
                break;
            }
            self.take_steps(ready)?;
            done += ready;
        }
        Ok(done)
    }

    /// Does all that is due now, and says how many steps (at most `wanted`) may be taken before something is due again.
    fn ready_steps(&mut self, wanted: u32) -> Result<u32, SessionError> {
        self.keep_moment_before_pruning()?;
        let engine = &mut *self.engine;
        let ready = if let Some(protocol) = &mut self.protocol {
            let ready = protocol.prepare(engine, &mut self.schedule)?;
            for projection in protocol.drain_pruned() {
                self.events.pruned(engine.step(), &self.network, projection);
            }
            ready
        } else {
            for projection in self.schedule.take_due_at(engine.step()) {
                engine.prune(projection)?;
                self.events.pruned(engine.step(), &self.network, projection);
            }
            let until_due = self.schedule.steps_until_due(engine.step());
            until_due.map_or(u32::MAX, |steps| u32::try_from(steps).unwrap_or(u32::MAX))
        };
        self.take_showings();
        Ok(ready.min(wanted))
    }

    /// In a live run, pruning periods of the schedule can be taken back too.
    fn keep_moment_before_pruning(&mut self) -> Result<(), SessionError> {
        if self.past.is_none() || self.schedule.is_empty() {
            return Ok(());
        }
        let step = self.engine.step();
        let due = match &mut self.protocol {
            Some(protocol) => {
                protocol.finish_showing();
                protocol.prunes_next(step, &self.schedule)
            }
            None if self.schedule.steps_until_due(step) == Some(0) => self.schedule.clone().take_due_at(step),
            None => Vec::new(),
        };
        self.remember_scheduled(&due)
    }

    fn take_steps(&mut self, steps: u32) -> Result<(), SessionError> {
        self.engine.advance(steps)?;
        if let Some(protocol) = &mut self.protocol {
            protocol.advanced(steps);
        }
        Ok(())
    }

    /// Waits until every sample under way has come back and been handed on.
    pub(super) fn settle(&mut self) -> Result<(), SessionError> {
        self.engine.wait()?;
        self.collect();
        Ok(())
    }

    /// Picks up finished samples and hands each to whoever asked for it.
    pub(super) fn collect(&mut self) {
        while let Some(sample) = self.engine.poll_sample() {
            if self.protocol.as_mut().is_some_and(|protocol| protocol.take_sample(&sample)) {
                continue;
            }
            self.observer.take(&sample, &mut self.telemetry);
            if let Some(playback) = &mut self.playback {
                playback.take(&sample);
            }
            if let Some(past) = self.past.as_mut().filter(|_| sample.counts.is_empty()) {
                past.take(&sample, &self.engine.activity());
            }
            if let (Some(picked), Some(out)) = (&mut self.picked, &mut self.telemetry.picked) {
                picked.take(&sample, &self.network, &*self.engine, out);
                out.spike_count = self.observer.spike_count(out.neuron);
            }
            self.selected.take(&sample, &self.selection, &mut self.telemetry);
            if sample.spikes_lost > 0 {
                self.events.notices.say(
                    "spikes were lost to the raster and to recordings: the simulation is faster than they are fetched",
                );
            }
        }
    }

    fn take_showings(&mut self) {
        let Some(protocol) = &mut self.protocol else { return };
        for showing in protocol.drain_showings() {
            watch::showing_over(&mut self.telemetry, protocol, &showing);
            if self.showings.len() == SHOWINGS_KEPT {
                self.showings.drain(..SHOWINGS_KEPT / 2);
            }
            self.showings.push(showing);
        }
    }
}
