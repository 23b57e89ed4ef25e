//! What doors report in JSON: the same words for the same things everywhere.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::AppError;
use super::text;
use crate::gpu::Gpu;
use crate::model::{Cell, Network, Population};
use crate::session::Session;

/// Who ran what.
#[derive(Serialize)]
pub(super) struct Run {
    pub(super) program: &'static str,
    pub(super) version: &'static str,
    pub(super) scene: String,
    pub(super) seed: u64,
    pub(super) dt_ms: f64,
    pub(super) engine: &'static str,
    /// Null where none was opened.
    pub(super) adapter: Option<String>,
    pub(super) driver: Option<String>,
    pub(super) neurons: u64,
    pub(super) synapses: u64,
}

impl Run {
    /// A run whose only use for an adapter is to simulate: none is named where the CPU does.
    pub(super) fn without_pictures(session: &mut Session, gpu: Option<&Gpu>) -> Self {
        let simulates = session.engine().name() == "gpu";
        Self::of(session, gpu.filter(|_| simulates))
    }

    pub(super) fn of(session: &mut Session, gpu: Option<&Gpu>) -> Self {
        let engine = session.engine().name();
        let network = session.network();
        Self {
            program: "spikescope",
            version: env!("CARGO_PKG_VERSION"),
            scene: network.name.clone(),
            seed: network.seed,
            dt_ms: network.dt_ms,
            engine,
            adapter: gpu.map(|gpu| gpu.info.name.clone()),
            driver: gpu.map(|gpu| format!("{} {}", gpu.info.driver, gpu.info.driver_info).trim().to_owned()),
            neurons: u64::from(network.neuron_count()),
            synapses: network.synapse_count(),
        }
    }
}

/// Spikes of every neuron since the start. Waits for the engine. (Not a sample: those belong to the session, whose
/// protocol may be waiting for one.)
pub(super) fn spike_counts(session: &mut Session) -> Result<Vec<u32>, AppError> {
    Ok(session.engine().checkpoint()?.spike_counts)
}

/// Spikes of each population since the start.
pub(super) fn population_spikes(session: &mut Session) -> Result<Vec<u64>, AppError> {
    let counts = spike_counts(session)?;
    let sum =
        |p: &Population| p.neurons().map(|neuron| u64::from(counts.get(neuron as usize).copied().unwrap_or(0))).sum();
    Ok(session.network().populations.iter().map(sum).collect())
}

/// Mean rate of each population over `simulated_ms`, Hz, by name in the network's order.
pub(super) fn rates_hz(network: &Network, spikes: &[u64], simulated_ms: f64) -> Map<String, Value> {
    let rate = |count: u64, size: u32| {
        let neuron_seconds = f64::from(size) * simulated_ms * 1e-3;
        if neuron_seconds > 0.0 { count as f64 / neuron_seconds } else { 0.0 }
    };
    network
        .populations
        .iter()
        .zip(spikes)
        .map(|(population, &count)| (population.name.clone(), Value::from(rate(count, population.size))))
        .collect()
}

/// Mean rate of all neurons that integrate input, Hz; sources are left out.
pub(super) fn mean_rate_hz(network: &Network, spikes: &[u64], simulated_ms: f64) -> f64 {
    let (neurons, count) = network
        .populations
        .iter()
        .zip(spikes)
        .filter(|(population, _)| matches!(population.cell, Cell::Lif(_)))
        .fold((0.0, 0.0), |(n, c), (population, &count)| (n + f64::from(population.size), c + count as f64));
    if neurons > 0.0 && simulated_ms > 0.0 { count / (neurons * simulated_ms * 1e-3) } else { 0.0 }
}

/// A stage's time: all of it, and of one frame.
#[derive(Serialize)]
pub(super) struct Stage {
    total: f64,
    per_frame: f64,
}

impl Stage {
    pub(super) fn new(time: Duration, frames: u64) -> Self {
        let total = ms(time);
        Self { total, per_frame: if frames > 0 { rounded(total / frames as f64) } else { 0.0 } }
    }
}

/// Milliseconds to a thousandth: more would be noise.
pub(super) fn ms(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1e3)
}

fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Simulated time since the start, ms; to a millionth, which hides that most steps are no binary fractions.
pub(super) fn simulated_ms(session: &Session) -> f64 {
    (session.step() as f64 * session.network().dt_ms * 1e6).round() / 1e6
}

/// A hash as reports hold it.
pub(super) fn hash_text(hash: u64) -> String {
    format!("{hash:016x}")
}

/// How a learning protocol went.
#[derive(Serialize)]
pub(super) struct Learning {
    data: String,
    presentations: u64,
    accuracy_percent: Option<f64>,
    accuracy_window: u32,
}

impl Learning {
    pub(super) fn of(session: &Session) -> Option<Self> {
        let learning = session.telemetry().learning.as_ref()?;
        Some(Self {
            data: learning.data.clone(),
            presentations: learning.presentations,
            accuracy_percent: learning.accuracy_percent.last(),
            accuracy_window: learning.accuracy_window,
        })
    }

    /// One line.
    pub(super) fn describe(&self) -> String {
        let accuracy = self.accuracy_percent.map_or_else(
            || "not enough of them to tell how many were right".to_owned(),
            |percent| {
                format!("{percent:.1} % of the last {} right", self.presentations.min(u64::from(self.accuracy_window)))
            },
        );
        format!("{} images of {} shown; {accuracy}", text::count(self.presentations), self.data)
    }
}
