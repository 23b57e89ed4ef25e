//! Keeping a moment of a run and returning to it: engine, protocol, schedule, and everything that watches them. In:
//! wishes to undo and redo, changes about to be made. Out: a session that is where it was.

use super::command::Command;
use super::error::SessionError;
use super::picked::Picked;
use super::session::Session;
use super::undo::{Moment, what_changes};
use super::watch;

/// A moment of a run that can be returned to, however long it has gone on since.
pub struct Mark(Moment);

impl Session {
    /// Remembers the run as it is now. Waits for the engine.
    ///
    /// # Errors
    /// A lost device.
    pub fn mark(&mut self) -> Result<Mark, SessionError> {
        self.leave_past();
        self.capture().map(Mark)
    }

    /// Goes on from a moment of this run. What was made since can still be undone.
    ///
    /// # Errors
    /// The mark is of another network; a lost device.
    pub fn return_to_mark(&mut self, mark: &Mark) -> Result<(), SessionError> {
        self.leave_past();
        self.settle()?;
        self.return_to(&mark.0)
    }

    /// Bytes that a mark of this network takes, near enough.
    #[must_use]
    pub fn mark_bytes(&self) -> u64 {
        Moment::size(&self.network, self.engine.plan())
    }

    /// The run as it is now. Waits for the engine, so that nothing the protocol asked for is still under way.
    pub(super) fn capture(&mut self) -> Result<Moment, SessionError> {
        self.settle()?;
        let checkpoint = self.engine.checkpoint()?;
        Ok(Moment { checkpoint, protocol: self.protocol.clone(), schedule: self.schedule.clone() })
    }

    /// Keeps the moment before a change. True when it can be taken back by itself.
    pub(super) fn remember(&mut self, command: &Command) -> Result<bool, SessionError> {
        let Some((what, is_gesture)) = what_changes(command, &self.network) else { return Ok(false) };
        if let Some(refusal) = self.undo.refusal() {
            self.events.notices.say(&refusal);
            return Ok(false);
        }
        if self.undo.goes_on(&what, is_gesture) {
            return Ok(false);
        }
        let before = self.capture()?;
        self.undo.remember(what, before, is_gesture);
        Ok(true)
    }

    /// Keeps the moment before pruning periods of the schedule, in a live run. Returned to, these periods are skipped.
    pub(super) fn remember_scheduled(&mut self, due: &[usize]) -> Result<(), SessionError> {
        let step = self.engine.step();
        if due.is_empty() || self.past.is_none() || self.undo.refusal().is_some() || self.remembered_at == Some(step) {
            return Ok(());
        }
        self.remembered_at = Some(step);
        let names = due.iter().filter_map(|&index| Some(self.network.projections.get(index)?.name.as_str()));
        let what = format!("scheduled pruning of {}", names.collect::<Vec<_>>().join(", "));
        let mut before = self.capture()?;
        let presentations = before.protocol.as_ref().map(crate::learn::Protocol::presentations);
        before.schedule.skip(step, presentations);
        self.undo.remember(what, before, false);
        Ok(())
    }

    /// Takes the last change back, or makes it again.
    pub(super) fn undo_or_redo(&mut self, redo: bool) -> Result<(), SessionError> {
        self.leave_past();
        let (can_undo, can_redo) = self.undo.has();
        let found = match redo {
            true if can_redo => self.undo.redo(),
            false if can_undo => {
                let after = self.capture()?;
                self.undo.undo(after)
            }
            _ => None,
        };
        let Some((what, moment)) = found else {
            self.events.notices.say(if redo {
                "there is nothing to make again"
            } else {
                "there is nothing to take back"
            });
            return Ok(());
        };
        self.return_to(&moment)?;
        let kind = if redo { "redo" } else { "undo" };
        self.events.note(self.engine.step(), kind, format!("{kind}: {what}"));
        Ok(())
    }

    /// Goes on from another moment of this run.
    pub(super) fn return_to(&mut self, moment: &Moment) -> Result<(), SessionError> {
        // Spikes up to that moment that nobody has had yet.
        self.fetch_spikes();
        self.engine.restore(&moment.checkpoint)?;
        self.protocol.clone_from(&moment.protocol);
        self.schedule = moment.schedule.clone();
        self.remembered_at = None;
        self.safety.forget();
        self.watch_from(moment)
    }

    /// Everything that watches the run forgets what has not happened.
    pub(super) fn watch_from(&mut self, moment: &Moment) -> Result<(), SessionError> {
        let step = moment.checkpoint.step;
        if self.past.as_mut().is_some_and(|past| !past.turn_back(step)) {
            self.past = None;
        }
        self.observer.turn_to(step, &moment.checkpoint.spike_counts, &self.network);
        self.showings.retain(|showing| showing.end_step <= step);
        self.events.list.retain(|event| event.step <= step);
        let time_ms = step as f64 * self.network.dt_ms;
        let telemetry = &mut self.telemetry;
        telemetry.raster.spikes.retain(|spike| u64::from(spike.step) <= step);
        telemetry.selection.rate_hz.forget_after(time_ms);
        self.selected.turn_back();
        self.variables.forget();
        for population in &mut telemetry.populations {
            population.rate_hz.forget_after(time_ms);
            population.membrane_mv.forget_after(time_ms);
        }
        for projection in &mut telemetry.projections {
            projection.weight_mean.forget_after(time_ms);
            projection.remaining_percent.forget_after(time_ms);
            projection.threshold.forget_after(time_ms);
        }
        if let (Some(protocol), Some(learning)) = (&self.protocol, &mut telemetry.learning) {
            watch::turned_back(learning, protocol);
        }
        if let Some(mut before) = telemetry.picked.take() {
            self.pick(Some(before.neuron))?;
            if let Some(picked) = &mut self.telemetry.picked {
                before.membrane_mv.forget_after(time_ms);
                before.spikes_ms.retain(|&at| at <= time_ms);
                (picked.membrane_mv, picked.spikes_ms) = (before.membrane_mv, before.spikes_ms);
            }
        }
        self.observer.look_soon();
        self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
        self.collect();
        Ok(())
    }
}
