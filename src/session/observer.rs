//! What a session looks at: asks the engine for samples on a fixed grid of simulated time, and turns what comes back
//! into series, raster and counts. In: finished samples. Out: telemetry, and all spikes for recording.
//!
//! One request is under way at a time while live; a run without a window may have a few.

use std::collections::VecDeque;

use super::telemetry::{PopulationTelemetry, ProjectionTelemetry, Raster, Telemetry};
use crate::analysis::StreamedIntervals;
use crate::engine::{Engine, Sample, SampleRequest, Spike};
use crate::model::{Cell, Network};

/// Spikes are asked for every so many ms of simulated time.
const ACTIVITY_MS: f64 = 10.0;
/// Membrane means and weight statistics are.
const STATISTICS_MS: f64 = 50.0;
/// Requests under way at most, without a window; leaves room for a protocol's own.
const UNDER_WAY_MAX: usize = 2;
/// Rows of the raster at most; larger populations show every `stride`-th neuron.
const RASTER_ROWS: u32 = 1024;
/// Spikes the raster keeps.
const RASTER_SPIKES: usize = 20_000;
/// Spikes kept for [`Observer::take_spikes`] before anybody has asked for them.
const SPIKES_UNASKED: usize = 1 << 22;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Observer {
    activity_steps: u64,
    statistics_steps: u64,
    next_activity: u64,
    next_statistics: u64,
    /// Frame of each request under way.
    under_way: VecDeque<u64>,
    frame: u64,
    rates_step: u64,
    population_spikes: Vec<u64>,
    spike_counts: Vec<u32>,
    /// Per neuron.
    intervals: Vec<StreamedIntervals>,
    spikes: Vec<Spike>,
    keep_all: bool,
    dropped: u64,
    /// Frames the last finished request took.
    latency: Option<u64>,
}

impl Observer {
    pub(super) fn new(network: &Network) -> Self {
        let steps = |ms: f64| ((ms / network.dt_ms).round() as u64).max(1);
        Self {
            activity_steps: steps(ACTIVITY_MS),
            statistics_steps: steps(STATISTICS_MS),
            next_activity: steps(ACTIVITY_MS),
            next_statistics: 0,
            population_spikes: vec![0; network.populations.len()],
            spike_counts: vec![0; network.neuron_count() as usize],
            intervals: vec![StreamedIntervals::default(); network.neuron_count() as usize],
            ..Self::default()
        }
    }

    /// Steps to the next look.
    pub(super) fn steps_until_due(&self, step: u64) -> u32 {
        u32::try_from(self.next_activity.saturating_sub(step)).unwrap_or(u32::MAX).max(1)
    }

    /// Asks for a sample when one is due. False when it is due but cannot be asked for now.
    pub(super) fn look(&mut self, engine: &mut dyn Engine, picked: Option<Look>, live: bool) -> bool {
        let step = engine.step();
        if step < self.next_activity {
            return true;
        }
        if self.under_way.len() >= if live { 1 } else { UNDER_WAY_MAX } {
            return false;
        }
        let statistics = step >= self.next_statistics;
        let request = SampleRequest {
            spikes: true,
            counts_of: None,
            statistics,
            probe: picked.map(|look| look.neuron),
            field_of: picked.and_then(|look| look.field_of).filter(|_| statistics),
        };
        if !engine.request_sample(&request) {
            return false;
        }
        self.under_way.push_back(self.frame);
        self.next_activity = (step / self.activity_steps + 1) * self.activity_steps;
        if statistics {
            self.next_statistics = (step / self.statistics_steps + 1) * self.statistics_steps;
        }
        true
    }

    /// Makes the next look happen at once, with statistics: something was picked or changed.
    pub(super) const fn look_soon(&mut self) {
        self.next_activity = 0;
        self.next_statistics = 0;
    }

    /// Goes on from another moment, at which neurons had spiked so often: what came after it has not happened.
    pub(super) fn turn_to(&mut self, step: u64, spike_counts: &[u32], network: &Network) {
        self.under_way.clear();
        self.rates_step = step;
        self.spike_counts.copy_from_slice(spike_counts);
        // Intervals that were taken back cannot be told from the others: they are gathered anew.
        self.intervals.fill(StreamedIntervals::default());
        for (count, population) in self.population_spikes.iter_mut().zip(&network.populations) {
            let neurons = &spike_counts[population.first as usize..][..population.size as usize];
            *count = neurons.iter().map(|&spikes| u64::from(spikes)).sum();
        }
        self.spikes.retain(|spike| u64::from(spike.step) <= step);
    }

    /// A frame has passed.
    pub(super) const fn next_frame(&mut self) {
        self.frame += 1;
    }

    /// Frames that the newest finished request took, once.
    pub(super) const fn take_latency(&mut self) -> Option<u64> {
        self.latency.take()
    }

    /// Inter-spike intervals of every neuron, since the start or since time was last turned back.
    pub(super) fn intervals(&self) -> &[StreamedIntervals] {
        &self.intervals
    }

    /// Spikes of a neuron so far.
    pub(super) fn spike_count(&self, neuron: u32) -> u64 {
        self.spike_counts.get(neuron as usize).copied().map_or(0, u64::from)
    }

    /// Takes a sample that [`Self::look`] asked for.
    pub(super) fn take(&mut self, sample: &Sample, telemetry: &mut Telemetry) {
        if !sample.counts.is_empty() {
            // A protocol asked for this one and does not need it any more.
            return;
        }
        if let Some(asked) = self.under_way.pop_front() {
            self.latency = Some(self.frame - asked);
        }
        let time_ms = sample.step as f64 * telemetry.dt_ms;
        self.take_rates(sample, time_ms, telemetry);
        for (population, &mean) in telemetry.populations.iter_mut().zip(&sample.membrane_mean_mv) {
            if !population.is_source {
                population.membrane_mv.push(time_ms, f64::from(mean));
            }
        }
        for (projection, found) in telemetry.projections.iter_mut().zip(&sample.projections) {
            if let Some(found) = found {
                projection.weight_mean.push(time_ms, f64::from(found.weight_mean));
                projection.remaining_percent.push(time_ms, 100.0 * found.remaining as f64 / found.total.max(1) as f64);
                projection.threshold.push(time_ms, f64::from(found.threshold));
                projection.now = Some(found.clone());
            }
        }
        self.take_spikes_of(sample, telemetry);
    }

    fn take_rates(&mut self, sample: &Sample, time_ms: f64, telemetry: &mut Telemetry) {
        let steps = sample.step.saturating_sub(self.rates_step);
        if steps == 0 {
            return;
        }
        let span_ms = steps as f64 * telemetry.dt_ms;
        let before = self.population_spikes.iter_mut();
        for ((population, before), &now) in telemetry.populations.iter_mut().zip(before).zip(&sample.population_spikes)
        {
            let spikes = now.saturating_sub(*before);
            population.rate_hz.push(time_ms, crate::analysis::rate_hz(spikes, u64::from(population.size), span_ms));
            *before = now;
        }
        self.rates_step = sample.step;
    }

    fn take_spikes_of(&mut self, sample: &Sample, telemetry: &mut Telemetry) {
        let raster = &mut telemetry.raster;
        raster.lost += sample.spikes_lost;
        if sample.spikes_lost > 0 {
            self.intervals.iter_mut().for_each(StreamedIntervals::interrupt);
        }
        let shown = telemetry.populations.get(raster.population).map_or(0..0, |p| p.first..p.first + p.size);
        for &spike in &sample.spikes {
            if let Some(count) = self.spike_counts.get_mut(spike.neuron as usize) {
                *count += 1;
                self.intervals[spike.neuron as usize].push(spike.step);
            }
            if shown.contains(&spike.neuron) && (spike.neuron - shown.start).is_multiple_of(raster.stride.max(1)) {
                if raster.spikes.len() == RASTER_SPIKES {
                    raster.spikes.pop_front();
                }
                raster.spikes.push_back(spike);
            }
        }
        if self.keep_all || self.spikes.len() + sample.spikes.len() <= SPIKES_UNASKED {
            self.spikes.extend_from_slice(&sample.spikes);
        } else {
            // Nobody asks for them: stop holding on to memory, but remember that they are gone.
            self.dropped += (self.spikes.len() + sample.spikes.len()) as u64;
            self.spikes = Vec::new();
        }
    }

    /// All spikes since the last call, and how many could not be kept before the first one.
    pub(super) fn take_spikes(&mut self) -> (Vec<Spike>, u64) {
        self.keep_all = true;
        (std::mem::take(&mut self.spikes), std::mem::take(&mut self.dropped))
    }

    /// Keeps every spike until [`Self::take_spikes`], from now on.
    pub(super) const fn keep_all(&mut self) {
        self.keep_all = true;
    }
}

/// The neuron that a look takes in detail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) neuron: u32,
    pub(super) field_of: Option<usize>,
}

/// The raster of a population, empty.
pub(super) fn raster_of(network: &Network, population: usize, lost: u64) -> Raster {
    let size = network.populations.get(population).map_or(0, |p| p.size);
    Raster { population, stride: size.div_ceil(RASTER_ROWS).max(1), spikes: VecDeque::new(), lost }
}

/// The populations as the overlay knows them, with empty series.
pub(super) fn populations_of(network: &Network) -> Vec<PopulationTelemetry> {
    let telemetry = |p: &crate::model::Population| {
        let (v_rest_mv, threshold_mv) = match &p.cell {
            Cell::Lif(lif) => (lif.v_rest_mv, lif.v_threshold_mv - lif.v_rest_mv),
            Cell::Source(_) => (0.0, 0.0),
        };
        PopulationTelemetry {
            name: p.name.clone(),
            first: p.first,
            size: p.size,
            colour: p.colour,
            is_source: matches!(p.cell, Cell::Source(_)),
            shape: p.shape,
            rate_hz: Default::default(),
            membrane_mv: Default::default(),
            v_rest_mv,
            threshold_mv,
        }
    };
    network.populations.iter().map(telemetry).collect()
}

/// The projections as the overlay knows them, with empty series.
pub(super) fn projections_of(network: &Network) -> Vec<ProjectionTelemetry> {
    let telemetry = |(index, p): (usize, &crate::model::Projection)| ProjectionTelemetry {
        name: p.name.clone(),
        source: p.source,
        target: p.target,
        synapse_count: network.synapse_count_of(index),
        weight_max: p.weight_max(),
        is_plastic: p.plasticity.is_some(),
        is_pruned: p.pruning.is_some(),
        now: None,
        weight_mean: Default::default(),
        remaining_percent: Default::default(),
        threshold: Default::default(),
    };
    network.projections.iter().enumerate().map(telemetry).collect()
}
