//! A running scene: engine, clock, protocol and telemetry behind one door. In: commands, wall time. Out: activity for
//! the renderer, telemetry for the overlay, spikes and events for recording.
//!
//! This file owns what a session is made of and its beginning and end; `run.rs` makes it go on, `obey.rs` does what
//! commands ask.

use std::sync::Arc;

use super::clock::{Clock, GpuSlice, StepCost};
use super::engines::{self, EngineChoice};
use super::error::SessionError;
use super::events::{Event, Events};
use super::history::HistoryLimits;
use super::observer::{self, Observer};
use super::picked::Picked;
use super::playback::Playback;
use super::rewind::Past;
use super::safety::Safety;
use super::selected::Selected;
use super::selection::Selection;
use super::stream::StreamFeed;
use super::telemetry::Telemetry;
use super::undo::Undo;
use super::variables::Variables;
use super::watch;
use crate::engine::{Activity, Engine, Spike};
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
    pub(super) options: SessionOptions,
    pub(super) schedule: PruningSchedule,
    pub(super) clock: Clock,
    pub(super) cost: StepCost,
    pub(super) gpu_slice: GpuSlice,
    pub(super) observer: Observer,
    pub(super) picked: Option<Picked>,
    pub(super) selection: Selection,
    pub(super) selected: Selected,
    pub(super) variables: Variables,
    /// The last steps were those of a window's frame, which must not wait.
    pub(super) is_live: bool,
    pub(super) telemetry: Telemetry,
    pub(super) events: Events,
    pub(super) showings: Vec<Showing>,
    pub(super) restart: Option<String>,
    /// The last seconds of a live run; none before its first frame.
    pub(super) past: Option<Past>,
    /// The controls of a recorded run; none for a live one.
    pub(super) playback: Option<Playback>,
    /// The stream that is shown, if one is.
    pub(super) stream: Option<StreamFeed>,
    pub(super) history_limits: HistoryLimits,
    pub(super) undo: Undo,
    pub(super) safety: Safety,
    /// Step of the last scheduled pruning whose moment was kept.
    pub(super) remembered_at: Option<u64>,
}

impl Session {
    /// Compiles the scene and builds the engine, ready to run from step 0.
    ///
    /// # Errors
    /// A scene that is no network, a data set that cannot be read, an engine that cannot hold it.
    pub fn open(scene: Scene, options: SessionOptions) -> Result<Self, SessionError> {
        let network = Arc::new(scene.compile(options.seed)?);
        let (engine, notice) = engines::build_engine(options.engine, options.gpu.as_ref(), &network)?;
        let mut learning = None;
        if let Some(wanted) = &scene.learning {
            let (train, test) = open_data(wanted).map_err(crate::learn::LearnError::from)?;
            learning = Some((Protocol::new(&network, wanted, Arc::new(train))?, Arc::new(test)));
        }
        let mut session = Self::assemble(scene, network, engine, options);
        if let Some((protocol, test_images)) = learning {
            (session.protocol, session.test_images) = (Some(protocol), Some(test_images));
            session.telemetry = session.fresh_telemetry();
        }
        session.events.notices.extend(notice);
        session.refresh();
        Ok(session)
    }

    /// Everything around an engine that has not begun.
    pub(super) fn assemble(
        scene: Scene,
        network: Arc<Network>,
        engine: Box<dyn Engine>,
        options: SessionOptions,
    ) -> Self {
        let mut session = Self {
            clock: Clock::new(scene.view.look.speed.unwrap_or(1.0)),
            cost: StepCost::default(),
            gpu_slice: GpuSlice::default(),
            schedule: PruningSchedule::new(&network),
            observer: Observer::new(&network),
            picked: None,
            selection: Selection::new(network.neuron_count()),
            selected: Selected::default(),
            variables: Variables::default(),
            is_live: false,
            telemetry: Telemetry::default(),
            events: Events::default(),
            showings: Vec::new(),
            restart: None,
            past: None,
            playback: None,
            stream: None,
            undo: Undo::new(&network, engine.plan()),
            safety: Safety::default(),
            remembered_at: None,
            history_limits: HistoryLimits::live(network.neuron_count(), network.dt_ms),
            scene,
            network,
            engine,
            protocol: None,
            test_images: None,
            options,
        };
        session.telemetry = session.fresh_telemetry();
        session
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

    /// Steps done (or, on a GPU, enqueued); of the past, the step shown.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.past.as_ref().and_then(Past::step).unwrap_or_else(|| self.engine.step())
    }

    /// The past of a live run is kept within these limits; what was kept so far is forgotten.
    pub fn limit_history(&mut self, limits: HistoryLimits) {
        self.history_limits = limits;
        self.past = None;
    }

    /// What the overlay shows.
    #[must_use]
    pub const fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// What the renderer draws: the present, or the moment of the past that is shown.
    #[must_use]
    pub fn activity(&self) -> Activity<'_> {
        let now = self.engine.activity();
        let Some((neurons, rate_before)) = self.past.as_ref().and_then(Past::state) else { return now };
        match now {
            Activity::Host { weights, .. } => Activity::Host { neurons, rate_before, weights },
            Activity::Device { weights, .. } | Activity::Replayed { weights, .. } => {
                Activity::Replayed { neurons, rate_before, weights }
            }
        }
    }

    /// What is selected, hidden and grouped.
    #[must_use]
    pub const fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The learning protocol, where the scene has one.
    #[must_use]
    pub const fn protocol(&self) -> Option<&Protocol> {
        self.protocol.as_ref()
    }

    /// Set by [`Command::OpenScene`](super::Command::OpenScene): what the door should open next.
    #[must_use]
    pub fn restart_scene(&self) -> Option<String> {
        self.restart.clone()
    }

    /// Brings the cheap parts of the telemetry up to date.
    pub(super) fn refresh(&mut self) {
        let telemetry = &mut self.telemetry;
        telemetry.step = self.past.as_ref().and_then(Past::step).unwrap_or_else(|| self.engine.step());
        telemetry.playing = self.clock.playing;
        telemetry.speed = self.clock.speed;
        telemetry.real_time_factor = self.clock.real_time_factor();
        telemetry.pruning_schedule = self.schedule.enabled() && !self.schedule.is_empty();
        telemetry.kernels = self.engine.kernel_times();
        self.events.notices.copy_to(&mut telemetry.notices);
        telemetry.checkpoint = self.safety.telemetry(&self.network, self.engine.plan());
        (telemetry.undo, telemetry.redo, telemetry.undo_room) = self.undo.labels(self.network.dt_ms);
        if let Some(past) = &mut self.past {
            past.tell(telemetry, &self.network, &self.events);
            if past.is_shown() {
                telemetry.playing = past.is_playing();
                telemetry.notices.extend(past.notice());
            }
        }
        if let Some(stream) = &self.stream {
            telemetry.notices.extend(stream.notices());
        }
        if let Some(playback) = &self.playback {
            playback.tell(telemetry, self.clock.playing, self.clock.speed);
        }
        if let (Some(protocol), Some(learning)) = (&self.protocol, &mut telemetry.learning) {
            watch::protocol_now(learning, protocol);
        }
        self.refresh_selection();
    }

    /// Telemetry of a run that has not begun.
    pub(super) fn fresh_telemetry(&self) -> Telemetry {
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

    /// All spikes since the last call, in order of time. Waits for the engine. From the first call on none is left
    /// out; before it, a few million are kept.
    pub fn drain_spikes(&mut self) -> Vec<Spike> {
        self.fetch_spikes();
        let (spikes, dropped) = self.observer.take_spikes();
        if dropped > 0 {
            self.events.notices.say(&format!("{dropped} early spikes were not kept for recording"));
        }
        spikes
    }

    /// Brings in every spike so far. Waits for the engine.
    pub(super) fn fetch_spikes(&mut self) {
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
