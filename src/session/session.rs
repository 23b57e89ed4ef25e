//! A running scene: engine, clock, protocol and telemetry behind one door. In: commands, wall time. Out: activity for
//! the renderer, telemetry for the overlay, spikes and events for recording.
//!
//! Two ways to go on, with the same spikes: [`Session::advance`] takes exactly so many steps and waits where it has to;
//! [`Session::update`] takes what fits into a frame and never waits for a GPU.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::{Clock, GpuSlice, StepCost};
use super::command::Command;
use super::engines::{self, EngineChoice};
use super::error::SessionError;
use super::events::{Event, Events};
use super::observer::{self, Observer};
use super::picked::Picked;
use super::telemetry::Telemetry;
use super::watch;
use crate::engine::cpu::CpuEngine;
use crate::engine::{Activity, Change, Engine, EngineError, Spike};
use crate::gpu::Gpu;
use crate::learn::{DataSet, Protocol, PruningSchedule, Showing, open_data};
use crate::model::Network;
use crate::model::scene::Scene;

/// How to open a session.
#[derive(Clone, Default)]
pub struct SessionOptions {
    /// Which engine simulates.
    pub engine: EngineChoice,
    /// The adapter that draws, if any.
    pub gpu: Option<Arc<Gpu>>,
    /// Replaces the scene's seed.
    pub seed: Option<u64>,
}

/// A running scene. See the module.
pub struct Session {
    pub(super) scene: Scene,
    pub(super) network: Arc<Network>,
    pub(super) engine: Box<dyn Engine>,
    pub(super) protocol: Option<Protocol>,
    pub(super) test_images: Option<Arc<DataSet>>,
    options: SessionOptions,
    schedule: PruningSchedule,
    clock: Clock,
    cost: StepCost,
    gpu_slice: GpuSlice,
    observer: Observer,
    picked: Option<Picked>,
    telemetry: Telemetry,
    events: Events,
    showings: Vec<Showing>,
    restart: Option<String>,
}

/// Steps of the CPU engine between two looks at the wall clock take about this long.
const SLICE: Duration = Duration::from_millis(1);
/// Steps handed to a GPU between two looks at whether it is busy.
const ENQUEUE_MAX: u32 = 64;
/// Showings kept until [`Session::drain_showings`].
const SHOWINGS_KEPT: usize = 1 << 18;

impl Session {
    /// Compiles the scene and builds the engine, ready to run from step 0.
    ///
    /// # Errors
    /// A scene that is no network, a data set that cannot be read, an engine that cannot hold it.
    pub fn open(scene: Scene, options: SessionOptions) -> Result<Self, SessionError> {
        let network = Arc::new(scene.compile(options.seed)?);
        let (engine, notice) = engines::build(options.engine, options.gpu.as_ref(), &network)?;
        let (mut protocol, mut test_images) = (None, None);
        if let Some(learning) = &scene.learning {
            let (train, test) = open_data(learning).map_err(crate::learn::LearnError::from)?;
            protocol = Some(Protocol::new(&network, learning, Arc::new(train))?);
            test_images = Some(Arc::new(test));
        }
        let mut session = Self {
            clock: Clock::new(scene.view.look.speed.unwrap_or(1.0)),
            cost: StepCost::default(),
            gpu_slice: GpuSlice::default(),
            schedule: PruningSchedule::new(&network),
            observer: Observer::new(&network),
            picked: None,
            telemetry: Telemetry::default(),
            events: Events::default(),
            showings: Vec::new(),
            restart: None,
            scene,
            network,
            engine,
            protocol,
            test_images,
            options,
        };
        session.telemetry = session.fresh_telemetry();
        session.events.notices.extend(notice);
        session.refresh();
        Ok(session)
    }

    /// The scene.
    #[must_use]
    pub const fn scene(&self) -> &Scene {
        &self.scene
    }

    /// The network that it became.
    #[must_use]
    pub const fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The engine. Samples asked for here are lost to the session's own telemetry.
    pub fn engine(&mut self) -> &mut dyn Engine {
        &mut *self.engine
    }

    /// Steps done (or, on a GPU, enqueued).
    #[must_use]
    pub fn step(&self) -> u64 {
        self.engine.step()
    }

    /// What the overlay shows.
    #[must_use]
    pub const fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// What the renderer draws.
    #[must_use]
    pub fn activity(&self) -> Activity<'_> {
        self.engine.activity()
    }

    /// The learning protocol, where the scene has one.
    #[must_use]
    pub const fn protocol(&self) -> Option<&Protocol> {
        self.protocol.as_ref()
    }

    /// Set by [`Command::OpenScene`]: what the door should open next.
    #[must_use]
    pub fn restart_scene(&self) -> Option<String> {
        self.restart.clone()
    }

    /// Advances exactly `steps` steps. The same steps in any number of calls give the same spikes. Waits for the GPU
    /// where the protocol has to decide.
    ///
    /// # Errors
    /// A lost device.
    pub fn advance(&mut self, steps: u32) -> Result<(), SessionError> {
        self.run_exactly(steps, &mut |_| true)?;
        self.refresh();
        Ok(())
    }

    /// Advances up to `steps` steps in the inline way; stops early when `go_on` says so between two decisions.
    pub(super) fn run_exactly(&mut self, steps: u32, go_on: &mut dyn FnMut(&Self) -> bool) -> Result<(), SessionError> {
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
        self.observer.next_frame();
        self.collect();
        let wanted = self.clock.wanted(wall, self.network.dt_ms);
        let done = if matches!(self.engine.activity(), Activity::Device { .. }) {
            self.enqueue(wanted, budget)?
        } else {
            self.simulate_within(wanted, budget)?
        };
        self.clock.settle(wall, done, self.network.dt_ms);
        self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
        self.collect();
        self.refresh();
        Ok(())
    }

    /// Host memory: small slices until the budget is spent, at least one step.
    fn simulate_within(&mut self, wanted: u32, budget: Duration) -> Result<u32, SessionError> {
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
    fn collect(&mut self) {
        while let Some(sample) = self.engine.poll_sample() {
            if self.protocol.as_mut().is_some_and(|protocol| protocol.take_sample(&sample)) {
                continue;
            }
            self.observer.take(&sample, &mut self.telemetry);
            if let (Some(picked), Some(out)) = (&mut self.picked, &mut self.telemetry.picked) {
                picked.take(&sample, &self.network, &*self.engine, out);
                out.spike_count = self.observer.spike_count(out.neuron);
            }
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

    /// Brings the cheap parts of the telemetry up to date.
    fn refresh(&mut self) {
        let telemetry = &mut self.telemetry;
        telemetry.step = self.engine.step();
        telemetry.playing = self.clock.playing;
        telemetry.speed = self.clock.speed;
        telemetry.real_time_factor = self.clock.real_time_factor();
        telemetry.pruning_schedule = self.schedule.enabled() && !self.schedule.is_empty();
        telemetry.kernels = self.engine.kernel_times();
        self.events.notices.copy_to(&mut telemetry.notices);
        if let (Some(protocol), Some(learning)) = (&self.protocol, &mut telemetry.learning) {
            watch::protocol_now(learning, protocol);
        }
    }

    /// Telemetry of a run that has not begun.
    fn fresh_telemetry(&self) -> Telemetry {
        let network = &self.network;
        let learning = self.protocol.as_ref().zip(self.scene.learning.as_ref());
        let wished = self.scene.view.look.raster.as_deref().and_then(|name| network.population_named(name));
        let raster = wished.or_else(|| self.protocol.as_ref().map(Protocol::output)).unwrap_or_else(|| {
            network.populations.iter().position(|p| matches!(p.cell, crate::model::Cell::Lif(_))).unwrap_or(0)
        });
        Telemetry {
            scene: self.scene.name.clone(),
            scene_title: self.scene.title.clone(),
            engine: self.engine.name().to_owned(),
            adapter: self.options.gpu.as_ref().map_or_else(|| "none".to_owned(), |gpu| gpu.info.name.clone()),
            seed: network.seed,
            neuron_count: u64::from(network.neuron_count()),
            synapse_count: network.synapse_count(),
            dt_ms: network.dt_ms,
            populations: observer::populations_of(network),
            projections: observer::projections_of(network),
            raster: observer::raster_of(network, raster, 0),
            learning: learning.map(|(protocol, scene)| watch::fresh(protocol, scene)),
            ..Default::default()
        }
    }

    /// Does what the overlay or the command line asks for. What cannot be done is said in the notices.
    pub fn apply(&mut self, command: Command) {
        if let Err(error) = self.try_apply(command) {
            self.events.notices.say(&error.to_string());
        }
        self.refresh();
    }

    fn try_apply(&mut self, command: Command) -> Result<(), SessionError> {
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
        }
        Ok(())
    }

    fn set_input(&mut self, population: usize, value: f32) -> Result<(), SessionError> {
        if let Some(protocol) = self.protocol.as_mut().filter(|p| p.input() == population) {
            return Ok(protocol.set_input_factor(&mut *self.engine, value)?);
        }
        let size = self.network.populations.get(population).map_or(0, |p| p.size as usize);
        Ok(self.engine.set_rates(population, &vec![value.max(0.0); size])?)
    }

    fn pick(&mut self, neuron: Option<u32>) -> Result<(), SessionError> {
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
        let start = CpuEngine::new(Arc::clone(&self.network))?.checkpoint()?;
        self.engine.restore(&start)?;
        if let (Some(protocol), Some(learning)) = (&mut self.protocol, &self.scene.learning) {
            *protocol = Protocol::new(&self.network, learning, Arc::clone(protocol.data()))?;
        }
        self.schedule = PruningSchedule::new(&self.network);
        self.observer = Observer::new(&self.network);
        self.gpu_slice = GpuSlice::default();
        self.showings.clear();
        self.events.list.clear();
        let (raster, neuron) = (self.telemetry.raster.population, self.telemetry.picked.as_ref().map(|p| p.neuron));
        self.telemetry = self.fresh_telemetry();
        self.telemetry.raster = observer::raster_of(&self.network, raster, 0);
        self.pick(neuron)
    }

    /// All spikes since the last call, in order of time. Waits for the engine. From the first call on none is left
    /// out; before it, a few million are kept.
    pub fn drain_spikes(&mut self) -> Vec<Spike> {
        self.observer.look_soon();
        for _ in 0..2 {
            // A first look may find requests under way; once those are back it goes through.
            let asked = self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), false);
            if let Err(error) = self.engine.wait() {
                self.events.notices.say(&error.to_string());
            }
            self.collect();
            if asked {
                break;
            }
        }
        let (spikes, dropped) = self.observer.take_spikes();
        if dropped > 0 {
            self.events.notices.say(&format!("{dropped} early spikes were not kept for recording"));
        }
        spikes
    }

    /// Keeps every spike for [`Self::drain_spikes`] from now on, however many.
    pub const fn keep_spikes(&mut self) {
        self.observer.keep_all();
    }

    /// Showings of images that are over since the last call, oldest first.
    pub fn drain_showings(&mut self) -> Vec<Showing> {
        std::mem::take(&mut self.showings)
    }

    /// Pruning periods and changes of live parameters since the last call, oldest first.
    pub fn drain_events(&mut self) -> Vec<Event> {
        self.events.list.drain(..).collect()
    }

    /// A hash of the whole state as 16 hexadecimal digits: equal for equal runs. Waits for the engine.
    ///
    /// # Errors
    /// A lost device.
    pub fn state_hash(&mut self) -> Result<String, SessionError> {
        Ok(format!("{:016x}", self.engine.checkpoint()?.hash()))
    }
}
