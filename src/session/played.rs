//! A recording as an engine: "simulating" a step takes what was recorded of it. So everything that watches a live run
//! watches a recorded one, and shows exactly its spikes. In: windows read ahead by [`Prefetch`]. Out: the arrays that
//! the renderer draws, and samples. Nothing in it can be changed; any step can be gone to.

use std::collections::VecDeque;
use std::sync::Arc;

use super::history::Mark;
use super::prefetch::{Landing, News, Prefetch, WeightChange, Window};
use crate::engine::{
    Activity, Change, Checkpoint, Engine, EngineError, HISTOGRAM_BINS, KernelTime, Live, NeuronState, PRUNED, Plan,
    Probe, ProjectionSample, RATE_TAU_MS, Sample, SampleRequest, Spike, network_hash,
};
use crate::model::decay::DecayTable;
use crate::model::{Cell, Connectivity, Network};

/// Windows held that are not shown yet; more wait with the reader.
const WINDOWS_MAX: usize = 4;
/// The same for a stream, whose windows are as small as its sender makes them.
const STREAMED_WINDOWS_MAX: usize = 256;

/// See the module.
pub(super) struct PlayedEngine {
    network: Arc<Network>,
    plan: Arc<Plan>,
    live: Live,
    decay: DecayTable,
    prefetch: Prefetch,
    /// Read and not shown yet; its first steps may be shown already.
    windows: VecDeque<Window>,
    /// All up to this step has been read.
    read_until: u64,
    seeking: Option<u64>,
    failed: Option<String>,
    step: u64,
    neurons: Vec<NeuronState>,
    rate_before: Vec<f32>,
    v_rest_mv: Vec<f32>,
    /// Since the beginning, or since the last jump.
    spike_counts: Vec<u32>,
    population_spikes: Vec<u64>,
    /// Per projection: shares of the largest weight, where weights change.
    weights: Vec<Option<Vec<f32>>>,
    has_membranes: bool,
    can_seek: bool,
    unsampled: Vec<Spike>,
    samples: VecDeque<Sample>,
}

impl PlayedEngine {
    /// Before the first step.
    pub(super) fn new(network: Arc<Network>, prefetch: Prefetch, has_membranes: bool) -> Self {
        let plan = Arc::new(Plan::new(&network));
        let neurons = network.neuron_count() as usize;
        let mut v_rest_mv = vec![0.0; neurons];
        for population in &network.populations {
            if let Cell::Lif(lif) = &population.cell {
                v_rest_mv[population.first as usize..][..population.size as usize].fill(lif.v_rest_mv as f32);
            }
        }
        Self {
            live: Live::new(&network, &plan),
            decay: DecayTable::new(RATE_TAU_MS, network.dt_ms),
            prefetch,
            windows: VecDeque::new(),
            read_until: 0,
            seeking: None,
            failed: None,
            step: 0,
            neurons: vec![NeuronState::default(); neurons],
            rate_before: vec![0.0; neurons],
            v_rest_mv,
            spike_counts: vec![0; neurons],
            population_spikes: vec![0; network.populations.len()],
            weights: first_weights(&network),
            has_membranes,
            can_seek: true,
            unsampled: Vec::new(),
            samples: VecDeque::new(),
            plan,
            network,
        }
    }

    /// Of a stream: there is only what has arrived, and its end is no failure.
    pub(super) fn of_stream(network: Arc<Network>, prefetch: Prefetch) -> Self {
        Self { can_seek: false, ..Self::new(network, prefetch, false) }
    }

    /// Takes up what has been read. False when there was nothing.
    fn take_news(&mut self, wait: bool) -> bool {
        let Some(news) = self.prefetch.next(wait) else { return false };
        match news {
            News::Landed(_, landing) => self.land(*landing),
            News::Window(_, window) => {
                self.read_until = window.until;
                self.windows.push_back(window);
            }
            // The sender has ended; what arrived stays.
            News::Failed(..) if !self.can_seek => return false,
            News::Failed(_, reason) => {
                self.failed = Some(reason);
                self.seeking = None;
            }
        }
        true
    }

    fn land(&mut self, landing: Landing) {
        self.windows.clear();
        self.samples.clear();
        self.unsampled.clear();
        self.seeking = None;
        (self.step, self.read_until) = (landing.step, landing.step);
        for (neuron, mark) in landing.marks.iter().enumerate() {
            self.neurons[neuron] = NeuronState { last_spike_step: mark.last_spike_step, ..NeuronState::default() };
            self.rate_before[neuron] = mark.rate_before;
        }
        self.spike_counts.fill(0);
        self.population_spikes.fill(0);
        self.weights = first_weights(&self.network);
        for change in &landing.weights {
            self.change_weight(change);
        }
        for &(_, neuron, v_mv) in &landing.membranes {
            self.set_membrane(neuron, v_mv);
        }
    }

    /// Shows everything of the windows up to a step.
    fn show_until(&mut self, step: u64) {
        while let Some(mut window) = self.windows.pop_front() {
            let spikes = window.spikes.partition_point(|spike| u64::from(spike.step) <= step);
            for spike in window.spikes.drain(..spikes) {
                self.take_spike(spike);
            }
            let changes = window.weights.partition_point(|change| change.0 <= step);
            for change in window.weights.drain(..changes) {
                self.change_weight(&change);
            }
            let values = window.membranes.partition_point(|value| value.0 <= step);
            for (_, neuron, v_mv) in window.membranes.drain(..values) {
                self.set_membrane(neuron, v_mv);
            }
            if window.until > step {
                self.windows.push_front(window);
                break;
            }
        }
        self.step = step;
    }

    fn take_spike(&mut self, spike: Spike) {
        let at = spike.neuron as usize;
        let (Some(state), Some(rate)) = (self.neurons.get_mut(at), self.rate_before.get_mut(at)) else { return };
        let mark = Mark { last_spike_step: state.last_spike_step, rate_before: *rate };
        let mark = mark.after_spike(spike.step, &self.decay);
        (state.last_spike_step, *rate) = (mark.last_spike_step, mark.rate_before);
        self.spike_counts[at] = self.spike_counts[at].saturating_add(1);
        self.population_spikes[self.network.population_of(spike.neuron)] += 1;
        self.unsampled.push(spike);
    }

    fn change_weight(&mut self, &(_, projection, synapse, share): &WeightChange) {
        if let Some(Some(weights)) = self.weights.get_mut(projection as usize)
            && let Some(weight) = weights.get_mut(synapse as usize)
        {
            *weight = share;
        }
    }

    fn set_membrane(&mut self, neuron: u32, v_mv: f32) {
        if let Some(state) = self.neurons.get_mut(neuron as usize).filter(|_| v_mv.is_finite()) {
            state.membrane_mv = v_mv - self.v_rest_mv[neuron as usize];
        }
    }

    fn projection_sample(&self, index: usize) -> Option<ProjectionSample> {
        let shares = self.weights.get(index)?.as_ref()?;
        let weight_max = self.network.projections[index].weight_max();
        let mut histogram = [0; HISTOGRAM_BINS];
        let (mut sum, mut remaining) = (0.0_f64, 0_u64);
        for &share in shares.iter().filter(|share| **share >= 0.0) {
            histogram[((share * HISTOGRAM_BINS as f32) as usize).min(HISTOGRAM_BINS - 1)] += 1;
            sum += f64::from(share);
            remaining += 1;
        }
        let weight_mean = (sum / remaining.max(1) as f64 * f64::from(weight_max)) as f32;
        Some(ProjectionSample { weight_mean, histogram, remaining, total: shares.len() as u64, threshold: 0.0 })
    }

    fn membrane_means(&self) -> Vec<f32> {
        if !self.has_membranes {
            return Vec::new();
        }
        let mean = |neurons: &[NeuronState]| {
            let sum: f64 = neurons.iter().map(|state| f64::from(state.membrane_mv)).sum();
            (sum / neurons.len().max(1) as f64) as f32
        };
        let populations = self.network.populations.iter();
        populations.map(|p| mean(&self.neurons[p.first as usize..][..p.size as usize])).collect()
    }

    /// Incoming weights of a neuron by source; as the engines' own.
    fn field(&self, neuron: u32, index: usize) -> Vec<f32> {
        let Some(projection) = self.network.projections.get(index) else { return Vec::new() };
        let target = &self.network.populations[projection.target];
        let Connectivity::Sparse { row_start, target: targets } = &projection.connectivity else { return Vec::new() };
        if !target.neurons().contains(&neuron) {
            return Vec::new();
        }
        let local = neuron - target.first;
        let mut field = vec![PRUNED; row_start.len().saturating_sub(1)];
        for (slot, row) in field.iter_mut().zip(row_start.windows(2)) {
            for synapse in row[0] as usize..row[1] as usize {
                if targets[synapse] != local {
                    continue;
                }
                let weight = match &self.weights[index] {
                    Some(shares) if shares[synapse] < 0.0 => continue,
                    Some(shares) => shares[synapse] * projection.weight_max(),
                    None => projection.weights.get(synapse),
                };
                *slot = if *slot == PRUNED { weight } else { *slot + weight };
            }
        }
        field
    }

    fn refuse<T>(&self, what: &str) -> Result<T, EngineError> {
        Err(EngineError::Misuse(format!("this is a recording, which {what}")))
    }
}

impl Engine for PlayedEngine {
    fn network(&self) -> &Arc<Network> {
        &self.network
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn name(&self) -> &'static str {
        "recording"
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn live(&self) -> &Live {
        &self.live
    }

    fn advance(&mut self, steps: u32) -> Result<(), EngineError> {
        let target = self.step + u64::from(steps);
        while self.seeking.is_some() || self.read_until < target {
            if let Some(reason) = &self.failed {
                return Err(EngineError::Recording(reason.clone()));
            }
            // A step gone to counts as the one that steps are taken from.
            let was_seeking = self.seeking.is_some();
            if !self.take_news(true) {
                break;
            }
            if was_seeking && self.seeking.is_none() && self.failed.is_none() {
                return self.advance(steps);
            }
            if self.seeking.is_none() {
                self.show_until(self.read_until.min(target));
            }
        }
        self.show_until(target);
        Ok(())
    }

    fn ready_steps(&mut self) -> u64 {
        let room = if self.can_seek { WINDOWS_MAX } else { STREAMED_WINDOWS_MAX };
        while (self.seeking.is_some() || self.windows.len() < room) && self.failed.is_none() {
            if !self.take_news(false) {
                break;
            }
        }
        match (self.seeking, &self.failed) {
            // The next step says what went wrong.
            (_, Some(_)) => 1,
            (Some(_), None) => 0,
            (None, None) => self.read_until.saturating_sub(self.step),
        }
    }

    fn seek(&mut self, step: u64) -> bool {
        if !self.can_seek {
            return false;
        }
        self.seeking = Some(step);
        self.failed = None;
        self.prefetch.go_to(step);
        true
    }

    fn is_seeking(&self) -> bool {
        self.seeking.is_some()
    }

    fn set_rates(&mut self, _population: usize, _rate_hz: &[f32]) -> Result<(), EngineError> {
        self.refuse("has no inputs to set")
    }

    fn change(&mut self, _change: &Change) -> Result<(), EngineError> {
        self.refuse("cannot be changed")
    }

    fn rest(&mut self) -> Result<(), EngineError> {
        self.refuse("cannot be put to rest")
    }

    fn normalise(&mut self, _projection: usize) -> Result<(), EngineError> {
        self.refuse("cannot be normalised")
    }

    fn prune(&mut self, _projection: usize) -> Result<(), EngineError> {
        self.refuse("cannot be pruned")
    }

    fn request_sample(&mut self, request: &SampleRequest) -> bool {
        let mut sample =
            Sample { step: self.step, population_spikes: self.population_spikes.clone(), ..Sample::default() };
        if request.spikes {
            sample.spikes = std::mem::take(&mut self.unsampled);
            // Recorded spikes of one step come in any order.
            sample.spikes.sort_unstable();
        }
        if let Some(population) = request.counts_of.and_then(|index| self.network.populations.get(index)) {
            sample.counts = self.spike_counts[population.first as usize..][..population.size as usize].to_vec();
        }
        if request.statistics {
            sample.membrane_mean_mv = self.membrane_means();
            sample.projections =
                (0..self.network.projections.len()).map(|index| self.projection_sample(index)).collect();
        }
        sample.probe = request.probe.and_then(|neuron| {
            let state = *self.neurons.get(neuron as usize)?;
            let field = request.field_of.map_or_else(Vec::new, |projection| self.field(neuron, projection));
            Some(Probe { neuron, state, synaptic: [0.0; 2], field })
        });
        self.samples.push_back(sample);
        true
    }

    fn poll_sample(&mut self) -> Option<Sample> {
        self.samples.pop_front()
    }

    fn wait(&mut self) -> Result<(), EngineError> {
        while self.seeking.is_some() {
            self.take_news(true);
        }
        match &self.failed {
            Some(reason) => Err(EngineError::Recording(reason.clone())),
            None => Ok(()),
        }
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, EngineError> {
        let Some(found) = self.network.projections.get(projection) else {
            return Err(EngineError::Misuse(format!("there is no projection {projection}")));
        };
        Ok(match &self.weights[projection] {
            Some(shares) => {
                let most = found.weight_max();
                shares.iter().map(|&share| if share < 0.0 { PRUNED } else { share * most }).collect()
            }
            None => {
                let count = self.network.synapse_count_of(projection) as usize;
                (0..count).map(|synapse| found.weights.get(synapse)).collect()
            }
        })
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        Ok(Checkpoint {
            network_hash: network_hash(&self.network, &self.plan),
            step: self.step,
            neurons: self.neurons.clone(),
            spike_counts: self.spike_counts.clone(),
            traces: self.rate_before.clone(),
            weights: self.weights.iter().map(|weights| weights.clone().unwrap_or_default()).collect(),
            live: self.live.clone(),
            ..Checkpoint::default()
        })
    }

    fn restore(&mut self, _checkpoint: &Checkpoint) -> Result<(), EngineError> {
        self.refuse("goes on as it was recorded")
    }

    fn activity(&self) -> Activity<'_> {
        Activity::Host {
            neurons: &self.neurons,
            rate_before: &self.rate_before,
            weights: self.weights.iter().map(|weights| weights.as_deref()).collect(),
        }
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        Vec::new()
    }

    fn synapse_bytes(&self) -> u64 {
        let per_projection = |index: usize| self.network.synapse_count_of(index) * 8;
        (0..self.network.projections.len()).map(per_projection).sum()
    }
}

/// Weights as the run began, where they change.
fn first_weights(network: &Network) -> Vec<Option<Vec<f32>>> {
    let shares = |index: usize| {
        let projection = &network.projections[index];
        let most = projection.weight_max();
        let count = network.synapse_count_of(index) as usize;
        projection.is_mutable().then(|| (0..count).map(|synapse| projection.weights.get(synapse) / most).collect())
    };
    (0..network.projections.len()).map(shares).collect()
}
