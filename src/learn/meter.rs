//! Counts what a run does: spikes, and effective accumulates, that is, spikes times the synapses that they still reach
//! (NeuroBench: a non-zero activation at a non-zero weight). Exact, because synapses only go at known moments.
//!
//! In: an engine between two images. Out: sums since the start.

use super::LearnError;
use crate::engine::{Engine, PRUNED, Sample, SampleRequest};
use crate::model::Network;

/// See the module.
pub(super) struct Meter {
    /// Per neuron: surviving outgoing synapses.
    fan_out: Vec<u64>,
    /// Per neuron: spikes when last measured.
    counts: Vec<u32>,
    totals: Totals,
}

/// Sums since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Spikes of all neurons.
    pub(super) spikes: u64,
    /// Spikes of neurons that integrate input.
    pub(super) cell_spikes: u64,
    /// Effective accumulates.
    pub(super) operations: u64,
}

impl Totals {
    /// For disk.
    pub(super) const fn words(self) -> [u64; 3] {
        [self.spikes, self.cell_spikes, self.operations]
    }

    pub(super) const fn of([spikes, cell_spikes, operations]: [u64; 3]) -> Self {
        Self { spikes, cell_spikes, operations }
    }
}

impl Meter {
    pub(super) fn new(engine: &mut dyn Engine) -> Result<Self, LearnError> {
        let mut meter = Self { fan_out: Vec::new(), counts: Vec::new(), totals: Totals::default() };
        meter.recount(engine)?;
        meter.counts = counts(engine)?;
        Ok(meter)
    }

    /// Goes on from sums that were kept.
    pub(super) const fn go_on_from(&mut self, totals: Totals) {
        self.totals = totals;
    }

    /// Takes the synapses that are left now; spikes so far must have been measured.
    pub(super) fn recount(&mut self, engine: &mut dyn Engine) -> Result<(), LearnError> {
        let network = std::sync::Arc::clone(engine.network());
        self.fan_out = vec![0; network.neuron_count() as usize];
        for (index, projection) in network.projections.iter().enumerate() {
            let first = network.populations[projection.source].first as usize;
            if projection.is_mutable() {
                // Soft pruning leaves weights of 0: those cost nothing either.
                for (synapse, weight) in engine.weights(index)?.into_iter().enumerate() {
                    if weight != PRUNED && weight > 0.0 {
                        self.fan_out[first + network.ends_of(index, synapse as u64).0 as usize] += 1;
                    }
                }
            } else {
                fixed_fan_out(&network, index, &mut self.fan_out[first..]);
            }
        }
        Ok(())
    }

    /// Adds what happened since the last time.
    pub(super) fn measure(&mut self, engine: &mut dyn Engine) -> Result<Totals, LearnError> {
        let now = counts(engine)?;
        let network = engine.network();
        for (population, p) in network.populations.iter().zip(&engine.plan().populations) {
            for neuron in population.neurons().map(|neuron| neuron as usize) {
                let spikes = u64::from(now[neuron].wrapping_sub(self.counts[neuron]));
                self.totals.spikes += spikes;
                self.totals.cell_spikes += if p.port_count > 0 { spikes } else { 0 };
                self.totals.operations += spikes * self.fan_out[neuron];
            }
        }
        self.counts = now;
        Ok(self.totals)
    }
}

/// Spikes of every neuron since the start.
fn counts(engine: &mut dyn Engine) -> Result<Vec<u32>, LearnError> {
    let mut all = Vec::with_capacity(engine.network().neuron_count() as usize);
    for population in 0..engine.network().populations.len() {
        all.extend(look(engine, &SampleRequest { counts_of: Some(population), ..Default::default() })?.counts);
    }
    Ok(all)
}

/// A sample, now. Nothing else may be under way.
pub(super) fn look(engine: &mut dyn Engine, request: &SampleRequest) -> Result<Sample, LearnError> {
    if !engine.request_sample(request) {
        engine.wait()?;
        while engine.poll_sample().is_some() {}
        engine.request_sample(request);
    }
    engine.wait()?;
    engine.poll_sample().ok_or_else(|| LearnError::Misfit("the engine gave no sample although it was asked".into()))
}

/// Synapses per source of a projection that never changes.
fn fixed_fan_out(network: &Network, index: usize, fan_out: &mut [u64]) {
    use crate::model::Connectivity;
    let projection = &network.projections[index];
    let targets = u64::from(network.populations[projection.target].size);
    let sources = network.populations[projection.source].size as usize;
    for (source, count) in fan_out.iter_mut().enumerate().take(sources) {
        *count += match &projection.connectivity {
            Connectivity::OneToOne => u64::from((source as u64) < targets),
            Connectivity::AllToAll => targets,
            Connectivity::AllButSelf => targets.saturating_sub(1),
            Connectivity::Sparse { row_start, .. } => u64::from(row_start[source + 1] - row_start[source]),
        };
    }
}
