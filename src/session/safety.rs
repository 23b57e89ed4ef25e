//! Bringing a run to safety: a device that is lost takes its memory with it, so now and then the state of a GPU engine
//! is copied to the host, without waiting for it. In: an engine that can lose its state. Out: the newest moment to go
//! on from, how old it is, and a session that goes on from it on another device.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::clock::GpuSlice;
use super::engines;
use super::error::SessionError;
use super::session::Session;
use super::telemetry::CheckpointTelemetry;
use super::undo::Moment;
use crate::engine::cpu::CpuEngine;
use crate::engine::{Engine, Plan, RESCUE_BYTES_MAX};
use crate::gpu::Gpu;
use crate::learn::{Protocol, PruningSchedule};
use crate::model::Network;

/// Time between two checkpoints at least.
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// They may cost one part in so many of the time: 2 percent.
const COST_SHARE: u32 = 50;
/// What copying and mapping take on the GPU's side, bytes per second; a guess on the low side, since it is not timed.
const COPIED_PER_S: f64 = 4e9;

/// See the module.
#[derive(Default)]
pub(super) struct Safety {
    newest: Option<Arc<Moment>>,
    taken: Option<Instant>,
    interval: Duration,
    under_way: Option<UnderWay>,
}

impl Safety {
    /// Time was turned: what was brought to safety, or is on its way, has not happened.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// What telemetry tells of it.
    pub(super) fn telemetry(&self, network: &Network, plan: &Plan) -> Option<CheckpointTelemetry> {
        let (moment, taken) = self.newest.as_ref().zip(self.taken)?;
        Some(CheckpointTelemetry {
            time_ms: moment.checkpoint.step as f64 * network.dt_ms,
            age_s: taken.elapsed().as_secs_f64(),
            interval_s: self.interval.as_secs_f64(),
            bytes: Moment::size(network, plan),
        })
    }
}

/// A checkpoint under way, and what belongs to it.
struct UnderWay {
    asked: Instant,
    cost: Duration,
    protocol: Option<Protocol>,
    schedule: PruningSchedule,
}

/// What a lost device cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Simulated time that is gone, ms: the run goes on from so much earlier.
    pub lost_ms: f64,
    /// Who simulates now.
    pub engine: &'static str,
}

impl Session {
    /// In a live run on a GPU: takes up the checkpoint under way, and asks for the next one when it is due. Never waits.
    pub(super) fn keep_safe(&mut self) {
        if let Some(found) = self.engine.poll_checkpoint() {
            let began = Instant::now();
            if let (Some(checkpoint), Some(under_way)) = (found, self.safety.under_way.take()) {
                let UnderWay { asked, cost, protocol, schedule } = under_way;
                let bytes = Moment::size(&self.network, self.engine.plan());
                self.safety.newest = Some(Arc::new(Moment { checkpoint, protocol, schedule }));
                self.safety.taken = Some(asked);
                let cost = cost + began.elapsed() + Duration::from_secs_f64(bytes as f64 / COPIED_PER_S);
                self.safety.interval = (cost * COST_SHARE).max(INTERVAL_MIN);
            }
            self.safety.under_way = None;
        }
        if Moment::size(&self.network, self.engine.plan()) > RESCUE_BYTES_MAX {
            self.events.notices.say(
                "the state of this network is too large to be kept safe: if the graphics device is lost, the run \
                 begins again",
            );
            return;
        }
        let is_due = self.safety.taken.is_none_or(|taken| taken.elapsed() >= self.safety.interval);
        // A protocol that waits for an answer would wait for ever if its checkpoint were gone on from.
        let is_waiting = self.protocol.as_ref().is_some_and(Protocol::is_waiting);
        if !is_due || is_waiting || self.safety.under_way.is_some() {
            return;
        }
        let asked = Instant::now();
        if !self.engine.request_checkpoint() {
            return;
        }
        let (protocol, schedule) = (self.protocol.clone(), self.schedule.clone());
        self.safety.under_way = Some(UnderWay { asked, cost: asked.elapsed(), protocol, schedule });
    }

    /// The graphics device was lost, and `gpu` is another one. An engine in host memory has lost nothing; one on the
    /// device is built anew and goes on from the newest checkpoint, or from the beginning where there is none.
    ///
    /// # Errors
    /// No engine can be built.
    pub fn recover(&mut self, gpu: Arc<Gpu>) -> Result<Recovery, SessionError> {
        self.telemetry.adapter.clone_from(&gpu.info.name);
        self.options.gpu = Some(gpu);
        if matches!(self.engine.activity(), crate::engine::Activity::Host { .. }) {
            return Ok(Recovery { lost_ms: 0.0, engine: self.engine.name() });
        }
        let step = self.engine.step();
        let safety = std::mem::take(&mut self.safety);
        let moment = match safety.newest {
            Some(moment) => moment,
            None => Arc::new(self.first_moment()?),
        };
        let (mut engine, notice) =
            engines::build_engine(self.options.engine, self.options.gpu.as_ref(), &self.network)?;
        engine.restore(&moment.checkpoint)?;
        self.engine = engine;
        self.telemetry.engine = self.engine.name().to_owned();
        self.gpu_slice = GpuSlice::default();
        self.protocol.clone_from(&moment.protocol);
        self.schedule = moment.schedule.clone();
        self.remembered_at = None;
        self.watch_from(&moment)?;
        let lost_ms = step.saturating_sub(moment.checkpoint.step) as f64 * self.network.dt_ms;
        let text = format!(
            "the graphics device was lost; the run goes on from its last checkpoint, {lost_ms:.0} ms of simulated time \
             before"
        );
        self.events.notices.extend(notice);
        self.events.notices.say(&text);
        self.events.note(moment.checkpoint.step, "recovery", text);
        self.refresh();
        Ok(Recovery { lost_ms, engine: self.engine.name() })
    }

    /// The beginning of the run.
    pub(super) fn first_moment(&self) -> Result<Moment, SessionError> {
        let checkpoint = CpuEngine::new(Arc::clone(&self.network))?.checkpoint()?;
        let protocol = match (&self.protocol, &self.scene.learning) {
            (Some(protocol), Some(learning)) => {
                Some(Protocol::new(&self.network, learning, Arc::clone(protocol.data()))?)
            }
            _ => None,
        };
        Ok(Moment { checkpoint, protocol, schedule: PruningSchedule::new(&self.network) })
    }
}
