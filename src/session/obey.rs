//! What a session does when it is told to. In: [`Command`]s. Out: changes of the engine, the clock, the protocol and
//! the telemetry; what cannot be done becomes a notice.

use std::sync::Arc;

use super::clock::GpuSlice;
use super::command::{Command, Rewind};
use super::error::SessionError;
use super::observer::{self, Observer};
use super::picked::Picked;
use super::session::Session;
use super::undo::{Undo, what_changes};
use crate::engine::Change;

impl Session {
    /// Does what the overlay or the command line asks for. What cannot be done is said in the notices.
    pub fn apply(&mut self, command: Command) {
        let outcome = self.remember(&command).and_then(|is_new| {
            let outcome = self.try_apply(command);
            if outcome.is_err() && is_new {
                self.undo.forget_last();
            }
            outcome
        });
        if let Err(error) = outcome {
            self.events.notices.say(&error.to_string());
        }
        self.selected.touches_changed();
        self.refresh();
    }

    /// Changes something of the selected neurons.
    fn touch(&mut self, change: impl FnOnce(Arc<[u32]>) -> Change) -> Result<(), SessionError> {
        if self.selection.count() == 0 {
            return Err(SessionError::Selection("nothing is selected; select the neurons that are meant".to_owned()));
        }
        let change = change(self.selection.ids().collect());
        self.engine.change(&change)?;
        self.events.changed(self.engine.step(), &change);
        Ok(())
    }

    fn try_apply(&mut self, command: Command) -> Result<(), SessionError> {
        if let Some(past) = self.past.as_mut().filter(|past| past.is_shown()) {
            // The controls of time act on what is shown; whatever changes the network acts on the present.
            let is_of_time = match command {
                Command::Play | Command::Pause => {
                    past.play(command == Command::Play);
                    true
                }
                Command::TogglePlay => {
                    past.toggle();
                    true
                }
                Command::Step(steps) => {
                    let ms = f64::from(steps) * self.network.dt_ms;
                    past.obey(Rewind::By { ms }, None, &self.engine.activity());
                    true
                }
                _ => false,
            };
            if is_of_time {
                return Ok(());
            }
            if what_changes(&command, &self.network).is_some() {
                self.leave_past();
            }
        }
        if self.playback.is_some() {
            match command {
                Command::Play | Command::Pause => {
                    self.play_recording(command == Command::Play);
                    return Ok(());
                }
                Command::TogglePlay => {
                    self.play_recording(!self.clock.playing);
                    return Ok(());
                }
                Command::Reset => {
                    self.steer(Rewind::To { time_ms: 0.0 });
                    return Ok(());
                }
                _ => {}
            }
        }
        match command {
            Command::Play => self.clock.play(true),
            Command::Pause => self.clock.play(false),
            Command::TogglePlay => self.clock.play(!self.clock.playing),
            Command::Step(steps) => self.clock.add_single_steps(steps),
            Command::Speed(speed) => self.clock.set_speed(speed),
            Command::Reset => self.reset()?,
            Command::OpenScene(name) => self.restart = Some(name),
            Command::Change(change) => {
                self.engine.change(&change)?;
                if let (Change::Learning(learning), Some(protocol)) = (&change, &mut self.protocol) {
                    protocol.set_learning(*learning);
                }
                self.events.changed(self.engine.step(), &change);
            }
            Command::InputRate { population, value } => self.set_input(population, value)?,
            Command::Prune(projection) => {
                self.engine.prune(projection)?;
                self.events.pruned(self.engine.step(), &self.network, projection);
                self.observer.look_soon();
            }
            Command::PruningSchedule(on) => self.schedule.enable(on),
            Command::Pick(neuron) => self.pick(neuron)?,
            Command::RasterPopulation(population) => {
                if population < self.network.populations.len() {
                    self.telemetry.raster = observer::raster_of(&self.network, population, self.telemetry.raster.lost);
                }
            }
            Command::Select(select) => self.select(&select)?,
            Command::NameGroup(name) => self.selection.name_group(&name).map_err(SessionError::Selection)?,
            Command::DeleteGroup(name) => self.selection.delete_group(&name).map_err(SessionError::Selection)?,
            Command::HideSelected => self.selection.hide_selected(),
            Command::ShowAll => self.selection.show_all(),
            Command::Silence(on) => self.touch(|neurons| Change::Silence { neurons, on })?,
            Command::Stimulate { mv, duration_ms } => {
                self.touch(|neurons| Change::Stimulate { neurons, mv, duration_ms })?;
            }
            Command::Lesion => {
                self.touch(|neurons| Change::Lesion { neurons })?;
                self.observer.look_soon();
            }
            Command::Undo => self.undo_or_redo(false)?,
            Command::Redo => self.undo_or_redo(true)?,
            Command::Rewind(wish) => self.rewind(wish),
        }
        Ok(())
    }

    fn rewind(&mut self, wish: Rewind) {
        if self.steer(wish) {
            return;
        }
        let picked = self.telemetry.picked.as_ref().map(|picked| picked.neuron);
        if self.past.as_ref().is_some_and(|past| !past.is_shown()) {
            // The newest spikes too, where they can be had at once.
            self.observer.look_soon();
            self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
            self.collect();
        }
        match &mut self.past {
            Some(past) => {
                let was_shown = past.is_shown();
                past.obey(wish, picked, &self.engine.activity());
                if was_shown && !past.is_shown() {
                    past.raster_of_present(&self.network, &mut self.telemetry.raster);
                }
            }
            None => self.events.notices.say("nothing has run yet, so there is no past to look at"),
        }
    }

    fn set_input(&mut self, population: usize, value: f32) -> Result<(), SessionError> {
        if let Some(protocol) = self.protocol.as_mut().filter(|p| p.input() == population) {
            return Ok(protocol.set_input_factor(&mut *self.engine, value)?);
        }
        let size = self.network.populations.get(population).map_or(0, |p| p.size as usize);
        Ok(self.engine.set_rates(population, &vec![value.max(0.0); size])?)
    }

    pub(super) fn pick(&mut self, neuron: Option<u32>) -> Result<(), SessionError> {
        (self.picked, self.telemetry.picked) = (None, None);
        let Some(neuron) = neuron.filter(|&n| n < self.network.neuron_count()) else { return Ok(()) };
        let picked = Picked::new(&self.network, &mut *self.engine, neuron)?;
        let mut telemetry = picked.telemetry(&self.network);
        telemetry.spike_count = self.observer.spike_count(neuron);
        (self.picked, self.telemetry.picked) = (Some(picked), Some(telemetry));
        self.observer.look_soon();
        Ok(())
    }

    /// Back to step 0 with the same seed, live parameters as in the scene. The engine stays, so that what the renderer
    /// holds of it stays valid; its first state comes from the CPU engine, which needs nothing of the GPU.
    fn reset(&mut self) -> Result<(), SessionError> {
        self.settle()?;
        (self.past, self.remembered_at) = (None, None);
        self.undo = Undo::new(&self.network, self.engine.plan());
        self.safety.forget();
        let start = self.first_moment()?;
        self.engine.restore(&start.checkpoint)?;
        (self.protocol, self.schedule) = (start.protocol, start.schedule);
        self.observer = Observer::new(&self.network);
        self.selected = Default::default();
        self.variables.forget();
        self.gpu_slice = GpuSlice::default();
        self.showings.clear();
        self.events.list.clear();
        let (raster, neuron) = (self.telemetry.raster.population, self.telemetry.picked.as_ref().map(|p| p.neuron));
        self.telemetry = self.fresh_telemetry();
        self.telemetry.raster = observer::raster_of(&self.network, raster, 0);
        self.pick(neuron)
    }
}
