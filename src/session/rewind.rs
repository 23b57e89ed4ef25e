//! Looking at the past of a live run: a ring of its last seconds, a replay of it, and a clock of their own. In:
//! finished samples, wishes, wall time. Out: the state to draw, and what telemetry tells. Never touches the engine:
//! the live run is held, and goes on untouched.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::command::Rewind;
use super::events::{Event, Events};
use super::history::{History, HistoryLimits};
use super::replay::Replay;
use super::telemetry::{Raster, RewindTelemetry, Telemetry, TimeMark};
use crate::engine::{Activity, NeuronState, Sample, Spike};
use crate::model::Network;

/// Slowest and fastest replay, simulated time per wall time.
const SPEEDS: [f64; 2] = [0.001, 1000.0];
/// A replayed frame covers at most this much wall time: after a hitch the replay goes on, it does not jump.
const FRAME_MAX: Duration = Duration::from_millis(100);
/// Bins of the activity that the timeline shows.
const BINS: usize = 512;
/// The timeline of a live run is counted anew after this share of what is kept has passed, one in so many.
const BINS_EVERY: u64 = 256;
/// Spikes that the raster shows of the past.
const RASTER_SPIKES: usize = 20_000;

/// See the module.
#[derive(Debug)]
pub(super) struct Past {
    history: History,
    shown: Option<Shown>,
    speed: f64,
    /// What the timeline shows, and until which step it was counted.
    activity: Arc<[u32]>,
    counted_until: u64,
    version: u64,
    /// What the timeline marks, and what it was made of.
    marks: Arc<[TimeMark]>,
    marks_of: (u64, u64),
}

/// The moment shown.
#[derive(Debug)]
struct Shown {
    replay: Replay,
    /// Steps, with the part of one that slow replays need.
    at: f64,
    playing: bool,
    /// Step that the raster shows.
    raster_at: Option<(u64, usize)>,
}

impl Past {
    /// The past of a run begins now.
    pub(super) fn begin(network: &Network, step: u64, activity: &Activity<'_>, limits: HistoryLimits) -> Self {
        let mut history = History::new(network.neuron_count(), network.dt_ms, limits);
        match activity {
            Activity::Host { neurons, rate_before, .. } => history.begin_at(step, neurons, rate_before),
            // On a GPU these are not at hand without waiting: who spiked before counts as having been silent.
            _ => {
                let neurons = vec![NeuronState::default(); history.neuron_count() as usize];
                history.begin_at(step, &neurons, &vec![0.0; neurons.len()]);
            }
        }
        Self {
            history,
            shown: None,
            speed: 1.0,
            activity: Arc::default(),
            counted_until: step,
            version: 0,
            marks: Arc::default(),
            marks_of: (0, 0),
        }
    }

    /// The picture shows the past.
    pub(super) const fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// The replay runs.
    pub(super) fn is_playing(&self) -> bool {
        self.shown.as_ref().is_some_and(|shown| shown.playing)
    }

    /// The step shown.
    pub(super) fn step(&self) -> Option<u64> {
        self.shown.as_ref().map(|shown| shown.replay.step())
    }

    /// States and rate traces of the moment shown.
    pub(super) fn state(&self) -> Option<(&[NeuronState], &[f32])> {
        self.shown.as_ref().map(|shown| (shown.replay.neurons(), shown.replay.rate_before()))
    }

    /// Takes the spikes of a sample.
    pub(super) fn take(&mut self, sample: &Sample, activity: &Activity<'_>) {
        self.history.append(&sample.spikes, sample.step, sample.spikes_lost);
        if let Activity::Host { neurons, .. } = activity {
            self.history.snapshot(sample.step, neurons);
        }
    }

    /// Time was turned back to `step`: what came after has not happened. False when nothing is left.
    pub(super) fn turn_back(&mut self, step: u64) -> bool {
        self.shown = None;
        if step < self.history.from() || step > self.history.until() {
            return false;
        }
        self.history.forget_after(step);
        self.counted_until = 0;
        true
    }

    /// Back to the present.
    pub(super) fn leave(&mut self) {
        self.shown = None;
    }

    /// Does what was asked. `picked`: whose spikes are looked for. `now`: what the live run shows.
    pub(super) fn obey(&mut self, wish: Rewind, picked: Option<u32>, now: &Activity<'_>) {
        match wish {
            // A live run has no end to begin again at, and its marks are those of its charts.
            Rewind::NextMark { .. } | Rewind::Loop(_) => {}
            Rewind::Live => self.leave(),
            Rewind::Speed(speed) => {
                let sane = if speed.is_finite() { speed.abs().clamp(SPEEDS[0], SPEEDS[1]) } else { 1.0 };
                self.speed = sane.copysign(speed);
            }
            Rewind::To { time_ms } => {
                let at = if time_ms.is_nan() { 0.0 } else { time_ms / self.history.dt_ms() };
                self.show(at, now);
            }
            Rewind::By { ms } => {
                let at = self.at() + if ms.is_nan() { 0.0 } else { ms / self.history.dt_ms() };
                self.show(at, now);
            }
            Rewind::Play(playing) => {
                // From the present, only the way back can be played.
                if playing && !self.is_shown() {
                    let start = if self.speed < 0.0 { self.history.until() } else { self.history.from() };
                    self.show(start as f64, now);
                }
                if let Some(shown) = &mut self.shown {
                    shown.playing = playing;
                }
            }
            Rewind::NextSpike { forward } => {
                if let Some(step) = self.history.next_spike(self.at() as u64, forward, picked) {
                    self.show(step as f64, now);
                    if let Some(shown) = &mut self.shown {
                        shown.playing = false;
                    }
                }
            }
        }
    }

    /// Runs the replay or holds it, whichever it did not.
    pub(super) fn toggle(&mut self) {
        if let Some(shown) = &mut self.shown {
            shown.playing = !shown.playing;
        }
    }

    /// Holds the replay or lets it run.
    pub(super) fn play(&mut self, playing: bool) {
        if let Some(shown) = &mut self.shown {
            shown.playing = playing;
        }
    }

    /// A frame of the replay: moves on by the wall time. A replay that reaches the present ends, one that reaches the
    /// oldest moment stops there.
    pub(super) fn update(&mut self, wall: Duration) {
        let steps = wall.min(FRAME_MAX).as_secs_f64() * 1e3 * self.speed / self.history.dt_ms();
        let Some(shown) = self.shown.as_mut().filter(|shown| shown.playing) else { return };
        let at = shown.at + steps;
        if at > self.history.until() as f64 {
            self.shown = None;
            return;
        }
        if at < self.history.from() as f64 {
            shown.playing = false;
        }
        shown.go_to(at, &self.history);
    }

    fn at(&self) -> f64 {
        self.shown.as_ref().map_or(self.history.until() as f64, |shown| shown.at)
    }

    fn show(&mut self, at: f64, now: &Activity<'_>) {
        let history = &self.history;
        let shown = self.shown.get_or_insert_with(|| {
            let mut replay = Replay::new(history.neuron_count());
            if let (Activity::Host { neurons, .. }, None) = (now, history.snapshot_interval_ms()) {
                replay.show_theta(neurons);
            }
            Shown { replay, at: 0.0, playing: false, raster_at: None }
        });
        shown.go_to(at, history);
    }

    /// What the overlay sees; the raster too, where the past is shown.
    pub(super) fn tell(&mut self, telemetry: &mut Telemetry, network: &Network, events: &Events) {
        let (history, dt_ms) = (&self.history, self.history.dt_ms());
        let limits = history.limits();
        if history.until() >= self.counted_until + (limits.steps / BINS_EVERY).max(1)
            || history.until() < self.counted_until
        {
            self.activity = history.activity(BINS).into();
            self.counted_until = history.until();
            self.version += 1;
        }
        if self.marks_of != (events.marks_version(), history.from()) {
            self.marks_of = (events.marks_version(), history.from());
            let mark = |event: &Event| TimeMark {
                time_ms: event.step as f64 * dt_ms,
                kind: event.kind,
                text: event.text.clone(),
            };
            self.marks = events.marks(history.from()..=u64::MAX).map(mark).collect();
        }
        telemetry.rewind = RewindTelemetry {
            from_ms: history.from() as f64 * dt_ms,
            to_ms: history.until() as f64 * dt_ms,
            at_ms: self.step().map(|step| step as f64 * dt_ms),
            speed: self.speed,
            playing: self.is_playing(),
            spikes_kept: history.spike_count(),
            spikes_missing: history.missing(),
            bytes: history.bytes() + self.shown.as_ref().map_or(0, |shown| shown.replay.bytes()),
            limit_bytes: limits.bytes,
            limit_ms: limits.steps as f64 * dt_ms,
            marks: Arc::clone(&self.marks),
            activity: Arc::clone(&self.activity),
            version: self.version,
            ..RewindTelemetry::default()
        };
        let Some(shown) = &mut self.shown else { return };
        let wanted = (shown.replay.step(), telemetry.raster.population);
        if shown.raster_at != Some(wanted) {
            shown.raster_at = Some(wanted);
            fill_raster(history, wanted.0, network, &mut telemetry.raster);
        }
    }

    /// The raster of the present again, from what is kept.
    pub(super) fn raster_of_present(&self, network: &Network, raster: &mut Raster) {
        fill_raster(&self.history, self.history.until(), network, raster);
    }

    /// What the viewer must know about the moment shown.
    pub(super) fn notice(&self) -> Option<String> {
        let shown = self.shown.as_ref()?;
        let dt_ms = self.history.dt_ms();
        let at_ms = shown.replay.step() as f64 * dt_ms;
        let membranes = shown.replay.membranes_of().map_or_else(
            || "membrane values were not kept and are shown at rest".to_owned(),
            |step| format!("membrane values are those of {:.1} ms", step as f64 * dt_ms),
        );
        let missing = match self.history.missing() {
            0 => String::new(),
            missing => format!("; {missing} spikes of this stretch were lost and are missing"),
        };
        Some(format!(
            "the past, {at_ms:.1} ms: spikes are exactly as they were{missing}; {membranes}; synapses, charts and \
             receptive fields are those of now"
        ))
    }
}

impl Shown {
    fn go_to(&mut self, at: f64, history: &History) {
        self.at = at.clamp(history.from() as f64, history.until() as f64);
        self.replay.seek(history, self.at as u64);
    }
}

fn fill_raster(history: &History, step: u64, network: &Network, raster: &mut Raster) {
    let shown = network.populations.get(raster.population).map_or(0..0, crate::model::Population::neurons);
    let stride = raster.stride.max(1);
    let wanted = |neuron: u32| shown.contains(&neuron) && (neuron - shown.start).is_multiple_of(stride);
    let mut spikes: VecDeque<Spike> = std::mem::take(&mut raster.spikes);
    history.spikes_before(step, wanted, RASTER_SPIKES, &mut spikes);
    raster.spikes = spikes;
}
