//! The CPU engine: the oracle that the GPU engine is tested against, and the engine where there is no GPU. Written to
//! be read: one file per kernel, each opening with the exact arithmetic, which the shader of the same name repeats.
//!
//! In: a [`Network`]. Out: spikes, weights, samples, [`Activity`]. The same network gives the same results bit for bit
//! on any number of threads.

mod block;
mod compact;
mod deliver;
mod integrate;
mod learn;
mod lesion;
mod measure;
mod normalise;
mod pending;
mod prune;
mod sources;
mod state;
mod synapses;
#[cfg(test)]
mod tests;
mod trace;

use std::borrow::Cow;
use std::cell::{Cell as Slot, OnceCell};
use std::collections::VecDeque;
use std::sync::Arc;

use deliver::{Delivery, Rings};
use fearless_simd::Level;
use integrate::Shared;
use learn::Learning;
use measure::{Kernel, Timers};
use pending::Pending;
use sources::Active;
use state::State;
use synapses::Synapses;

use super::{
    Activity, CELL_POISSON, Change, Checkpoint, Engine, EngineError, KernelTime, Live, NeuronState, PRUNED, Plan,
    PopulationParameters, RuleParameters, Sample, SampleRequest, Spike, check_network, network_hash,
};
use crate::model::random::{Stream, fold_seed};
use crate::model::{Cell, Network, Source};

/// Spikes kept until a sample asks for them; beyond, the older half is dropped and counted as lost (256 MiB).
const SPIKES_KEPT: usize = 1 << 25;
/// Samples kept until they are polled.
const SAMPLES_KEPT: usize = 256;

/// A network being simulated in host memory. See the module.
pub struct CpuEngine {
    network: Arc<Network>,
    plan: Arc<Plan>,
    seed: u32,
    synapses: Vec<Synapses>,
    /// Per projection: for those that are plastic and listed.
    pending: Vec<Option<Pending>>,
    state: State,
    live: Live,
    derived: Derived,
    /// Local ids of the neurons that spiked in this step, per population.
    spiking: Vec<Vec<u32>>,
    spikes: Vec<Spike>,
    spikes_lost: u64,
    population_spikes: Vec<u64>,
    samples: VecDeque<Sample>,
    timers: Timers,
    scratch: Vec<f32>,
    level: Level,
    /// The neurons as the renderer wants them: made when somebody looks, thrown away by the next step.
    shown: OnceCell<Vec<NeuronState>>,
    /// Room for the next [`Self::shown`].
    shown_room: Slot<Vec<NeuronState>>,
    /// Per projection: weights as the renderer wants them, where the state holds them in another way.
    shown_weights: OnceCell<Vec<Option<Vec<f32>>>>,
    network_hash: OnceCell<u64>,
}

/// What follows from the live parameters.
struct Derived {
    populations: Vec<PopulationParameters>,
    backgrounds: Vec<Vec<u32>>,
    rules: Vec<Option<RuleParameters>>,
    /// Per Poisson population: the neurons that can spike.
    active: Vec<Active>,
    /// Index into [`Plan::drive_changes`].
    next_drive_change: usize,
}

impl Derived {
    fn new(network: &Network, plan: &Plan, live: &Live, step: u64) -> Self {
        let populations = 0..network.populations.len();
        let active = plan.populations.iter().map(|p| {
            if p.cell != CELL_POISSON {
                return Active::default();
            }
            Active::new(&live.source_thresholds[p.source_first as usize..][..p.size as usize])
        });
        Self {
            populations: populations.clone().map(|index| live.population(plan, index)).collect(),
            backgrounds: populations.map(|index| live.background_table(network, index)).collect(),
            rules: (0..network.projections.len()).map(|index| live.rule(plan, index)).collect(),
            active: active.collect(),
            next_drive_change: plan.drive_changes.partition_point(|change| u64::from(change.step) <= step),
        }
    }
}

impl CpuEngine {
    /// Builds the engine.
    ///
    /// # Errors
    /// The network is not sound: see [`check_network`].
    pub fn new(network: Arc<Network>) -> Result<Self, EngineError> {
        check_network(&network)?;
        let plan = Arc::new(Plan::new(&network));
        let synapses: Vec<Synapses> = network
            .projections
            .iter()
            .zip(&plan.projections)
            .map(|(projection, derived)| Synapses::new(&network, projection, derived))
            .collect();
        let live = Live::new(&network, &plan);
        let is_put_off = |(index, synapses): (usize, &Synapses)| {
            let projection = &network.projections[index];
            (plan.projections[index].rule.is_some() && synapses.rows(projection).is_some()).then(Pending::default)
        };
        let mut engine = Self {
            seed: fold_seed(network.seed),
            pending: synapses.iter().enumerate().map(is_put_off).collect(),
            synapses,
            state: State::new(&network, &plan),
            derived: Derived::new(&network, &plan, &live, 0),
            live,
            spiking: vec![Vec::new(); network.populations.len()],
            spikes: Vec::new(),
            spikes_lost: 0,
            population_spikes: vec![0; network.populations.len()],
            samples: VecDeque::new(),
            timers: Timers::default(),
            scratch: Vec::new(),
            level: Level::new(),
            shown: OnceCell::new(),
            shown_room: Slot::new(Vec::new()),
            shown_weights: OnceCell::new(),
            network_hash: OnceCell::new(),
            network,
            plan,
        };
        engine.begin_learning();
        Ok(engine)
    }

    /// One step, in the order that [`super`] gives.
    fn advance_one(&mut self) {
        let step = self.state.step as u32 + 1;
        self.timers.begin(u64::from(step));
        self.apply_drive_changes(step);
        self.integrate(step);
        self.timers.done(Kernel::Integrate);
        self.learn(step, Kernel::LearnPre);
        self.deliver(step);
        self.learn(step, Kernel::LearnPost);
        self.keep_spikes(step);
        self.state.step += 1;
    }

    fn apply_drive_changes(&mut self, step: u32) {
        while let Some(change) = self.plan.drive_changes.get(self.derived.next_drive_change)
            && change.step <= step
        {
            self.live.drives_mv[change.population] = change.drive_mv;
            self.derived.populations[change.population].drive_mv = change.drive_mv;
            self.derived.next_drive_change += 1;
        }
    }

    fn integrate(&mut self, step: u32) {
        let slot = (step % self.plan.ring_slots) as usize;
        let slot_first = slot * self.plan.port_count as usize;
        let groups = 2 * self.network.populations.len();
        for (index, population) in self.network.populations.iter().enumerate() {
            let p = &self.derived.populations[index];
            let spiking = &mut self.spiking[index];
            spiking.clear();
            match &population.cell {
                Cell::Lif(lif) => {
                    let entry = slot * groups + 2 * index;
                    let group = [self.state.group_ring[entry], self.state.group_ring[entry + 1]];
                    self.state.group_ring[entry..entry + 2].fill(0);
                    let background = &self.derived.backgrounds[index];
                    let shared = Shared {
                        p,
                        background,
                        group,
                        seed: self.seed,
                        step,
                        learning: self.live.learning,
                        adapts: lif.adaptive_threshold.is_some(),
                        touches: self.live.touches_of(p),
                        level: self.level,
                    };
                    integrate::lif_population(&shared, &mut self.state, slot_first, spiking);
                }
                Cell::Source(Source::Poisson { .. }) => {
                    let active = &self.derived.active[index];
                    sources::poisson_population(self.level, p.first, active, self.seed, step, spiking);
                }
                Cell::Source(Source::SpikeList(lists)) => {
                    let hold = &mut self.state.hold[p.first as usize..][..p.size as usize];
                    sources::spike_list_population(lists, hold, step, spiking);
                }
            }
            let touches = self.live.touches_of(p);
            if !touches.is_empty() && matches!(population.cell, Cell::Source(_)) {
                spiking.retain(|&local| !touches[local as usize].is_silent());
            }
            sources::record(&self.plan, p, &mut self.state, step, spiking);
        }
    }

    /// Marks the synapses of lesioned neurons as pruned.
    fn lesion(&mut self) {
        for (index, projection) in self.network.projections.iter().enumerate().filter(|(_, p)| p.is_mutable()) {
            let touches = |population: usize| self.live.touches_of(&self.plan.populations[population]);
            let (sources, targets) = (touches(projection.source), touches(projection.target));
            let shares = &mut self.state.weights[index];
            lesion::lesion(projection, &self.synapses[index], sources, targets, shares);
            self.synapses[index].compact(projection, shares);
        }
    }

    fn learn(&mut self, step: u32, kernel: Kernel) {
        if !self.live.learning {
            return;
        }
        for (index, pending) in self.pending.iter_mut().enumerate() {
            let Some(learning) = learning(&self.network, &self.plan, &self.synapses, &self.derived, index, step) else {
                continue;
            };
            let (source, target) = (learning.projection.source, learning.projection.target);
            let (state, scratch) = (&mut self.state, &mut self.scratch);
            match kernel {
                Kernel::LearnPre => learning.pre(&self.spiking[source], pending.as_mut(), state, scratch),
                _ => learning.post(&self.spiking[target], pending.as_mut(), state, scratch),
            }
        }
        self.timers.done(kernel);
    }

    /// Learning starts from the state as it is: nothing is put off.
    fn begin_learning(&mut self) {
        let next_step = self.state.step as u32 + 1;
        for (index, pending) in self.pending.iter_mut().enumerate() {
            let learning = learning(&self.network, &self.plan, &self.synapses, &self.derived, index, next_step);
            if let (Some(pending), Some(learning)) = (pending, learning) {
                pending.begin(&learning, &self.state, next_step);
            }
        }
    }

    /// Does to all weights what learning has put off: before anything but a step looks at them or changes them.
    fn settle(&mut self) {
        let next_step = self.state.step as u32 + 1;
        for (index, pending) in self.pending.iter_mut().enumerate() {
            let learning = learning(&self.network, &self.plan, &self.synapses, &self.derived, index, next_step);
            if let (Some(pending), Some(learning)) = (pending, learning)
                && let Some(rows) = learning.synapses.rows(learning.projection)
            {
                pending.settle(&learning, rows, &mut self.state, next_step);
            }
        }
    }

    /// Shares of a projection that are not as the renderer wants them: some learning is put off, or rows are compact.
    fn shown_shares(&self, index: usize) -> Option<Vec<f32>> {
        let next_step = self.state.step as u32 + 1;
        let (synapses, shares) = (&self.synapses[index], &self.state.weights[index]);
        let learning = learning(&self.network, &self.plan, &self.synapses, &self.derived, index, next_step);
        match (&self.pending[index], learning) {
            (Some(pending), Some(learning)) if pending.is_dirty() => {
                let rows = synapses.rows(learning.projection)?;
                let mut shares = shares.clone();
                pending.catch_up(&learning, rows, &mut shares);
                Some(synapses.by_id(&shares).into_owned())
            }
            _ => match synapses.by_id(shares) {
                Cow::Owned(shares) => Some(shares),
                Cow::Borrowed(_) => None,
            },
        }
    }

    fn deliver(&mut self, step: u32) {
        let mut rings = Rings { ring: &mut self.state.ring, group_ring: &mut self.state.group_ring };
        for (index, projection) in self.network.projections.iter().enumerate() {
            let (synapses, shares) = (&self.synapses[index], &self.state.weights[index]);
            let level = self.level;
            let delivery = Delivery { plan: &self.plan, index, projection, synapses, shares, step, level };
            delivery.run(&self.spiking[projection.source], &mut rings);
        }
        self.timers.done(Kernel::Deliver);
    }

    fn keep_spikes(&mut self, step: u32) {
        for (index, spiking) in self.spiking.iter().enumerate() {
            let first = self.plan.populations[index].first;
            self.population_spikes[index] += spiking.len() as u64;
            self.spikes.extend(spiking.iter().map(|&local| Spike { step, neuron: first + local }));
        }
        if self.spikes.len() > SPIKES_KEPT {
            self.spikes_lost += SPIKES_KEPT as u64 / 2;
            self.spikes.drain(..SPIKES_KEPT / 2);
        }
    }

    fn sample(&mut self, request: &SampleRequest) -> Sample {
        if request.statistics || request.field_of.is_some() {
            self.settle();
        }
        let network = &self.network;
        let spikes = if request.spikes { std::mem::take(&mut self.spikes) } else { Vec::new() };
        let spikes_lost = if request.spikes { std::mem::take(&mut self.spikes_lost) } else { 0 };
        let counts = request
            .counts_of
            .and_then(|index| network.populations.get(index))
            .map_or_else(Vec::new, |p| self.state.spike_counts[p.first as usize..][..p.size as usize].to_vec());
        let projections = network.projections.iter().enumerate().map(|(index, projection)| {
            projection.is_mutable().then(|| {
                let total = network.synapse_count_of(index);
                let threshold = self.state.thresholds[index];
                measure::projection_sample(projection, &self.state.weights[index], total, threshold)
            })
        });
        Sample {
            step: self.state.step,
            spikes,
            spikes_lost,
            population_spikes: self.population_spikes.clone(),
            counts,
            membrane_mean_mv: if request.statistics {
                measure::membrane_means(&self.plan, &self.state)
            } else {
                Vec::new()
            },
            projections: if request.statistics { projections.collect() } else { Vec::new() },
            probe: request
                .probe
                .and_then(|neuron| measure::probe(network, &self.state, &self.synapses, neuron, request.field_of)),
        }
    }

    /// What the renderer saw is no longer so.
    fn look_away(&mut self) {
        if let Some(shown) = self.shown.take() {
            self.shown_room.set(shown);
        }
        self.shown_weights.take();
    }

    fn hash_of_network(&self) -> u64 {
        *self.network_hash.get_or_init(|| network_hash(&self.network, &self.plan))
    }
}

impl Engine for CpuEngine {
    fn network(&self) -> &Arc<Network> {
        &self.network
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn name(&self) -> &'static str {
        "cpu"
    }

    fn step(&self) -> u64 {
        self.state.step
    }

    fn live(&self) -> &Live {
        &self.live
    }

    fn advance(&mut self, steps: u32) -> Result<(), EngineError> {
        if self.state.step + u64::from(steps) > u64::from(u32::MAX) {
            return Err(EngineError::Misuse(format!("a run ends after {} steps; start a new one", u32::MAX)));
        }
        self.look_away();
        for _ in 0..steps {
            self.advance_one();
        }
        Ok(())
    }

    fn set_rates(&mut self, population: usize, rate_hz: &[f32]) -> Result<(), EngineError> {
        self.live.set_rates(&self.network, &self.plan, population, rate_hz)?;
        self.derived = Derived::new(&self.network, &self.plan, &self.live, self.state.step);
        Ok(())
    }

    fn change(&mut self, change: &Change) -> Result<(), EngineError> {
        self.settle();
        self.look_away();
        self.live.apply(change, &self.network, self.state.step)?;
        match *change {
            Change::PruningThreshold { projection, threshold } => self.state.thresholds[projection] = threshold,
            Change::Lesion { ref neurons } if !neurons.is_empty() => self.lesion(),
            _ => {}
        }
        self.derived = Derived::new(&self.network, &self.plan, &self.live, self.state.step);
        self.begin_learning();
        Ok(())
    }

    fn rest(&mut self) -> Result<(), EngineError> {
        self.look_away();
        self.state.rest(&self.plan);
        Ok(())
    }

    fn normalise(&mut self, projection: usize) -> Result<(), EngineError> {
        let Some(sum) = self.network.projections.get(projection).and_then(|p| p.normalised_sum) else {
            return Err(EngineError::Misuse(format!("projection {projection} has no sum to normalise its weights to")));
        };
        let network = Arc::clone(&self.network);
        self.settle();
        self.look_away();
        let shares = &mut self.state.weights[projection];
        normalise::normalise(&network.projections[projection], &self.synapses[projection], sum, shares);
        Ok(())
    }

    fn prune(&mut self, projection: usize) -> Result<(), EngineError> {
        let network = Arc::clone(&self.network);
        let Some((p, pruning)) = network.projections.get(projection).and_then(|p| Some((p, p.pruning.as_ref()?)))
        else {
            return Err(EngineError::Misuse(format!("projection {projection} has no pruning policy")));
        };
        self.settle();
        self.look_away();
        let (shares, threshold) = (&mut self.state.weights[projection], &mut self.state.thresholds[projection]);
        let (synapses, stream) = (&self.synapses[projection], Stream::Pruning.part(projection));
        let total = network.synapse_count_of(projection);
        prune::Pruner { projection: p, pruning, total, synapses, seed: self.seed, stream }.run(shares, threshold);
        self.synapses[projection].compact(p, shares);
        Ok(())
    }

    fn request_sample(&mut self, request: &SampleRequest) -> bool {
        if self.samples.len() >= SAMPLES_KEPT {
            return false;
        }
        let sample = self.sample(request);
        self.samples.push_back(sample);
        true
    }

    fn poll_sample(&mut self) -> Option<Sample> {
        self.samples.pop_front()
    }

    fn wait(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, EngineError> {
        self.settle();
        let Some(p) = self.network.projections.get(projection) else {
            return Err(EngineError::Misuse(format!("there is no projection {projection}")));
        };
        if p.is_mutable() {
            let weight_max = p.weight_max();
            let weight = |&share: &f32| if share < 0.0 { PRUNED } else { share * weight_max };
            return Ok(self.synapses[projection].by_id(&self.state.weights[projection]).iter().map(weight).collect());
        }
        let count = self.network.synapse_count_of(projection) as usize;
        Ok((0..count).map(|synapse| p.weights.get(synapse)).collect())
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        self.settle();
        let mut checkpoint = self.state.checkpoint(self.hash_of_network(), &self.live);
        for (weights, synapses) in checkpoint.weights.iter_mut().zip(&self.synapses) {
            if let Cow::Owned(by_id) = synapses.by_id(weights) {
                *weights = by_id;
            }
        }
        Ok(checkpoint)
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        checkpoint.check(&self.network, &self.plan)?;
        self.look_away();
        self.state = State::from_checkpoint(checkpoint);
        for ((projection, synapses), shares) in
            self.network.projections.iter().zip(&mut self.synapses).zip(&mut self.state.weights)
        {
            synapses.forget_pruning();
            synapses.compact(projection, shares);
        }
        self.live = checkpoint.live.clone();
        self.derived = Derived::new(&self.network, &self.plan, &self.live, self.state.step);
        self.begin_learning();
        self.spikes.clear();
        self.spikes_lost = 0;
        self.samples.clear();
        let spikes_of = |p: &PopulationParameters| {
            self.state.spike_counts[p.first as usize..][..p.size as usize].iter().map(|&count| u64::from(count)).sum()
        };
        self.population_spikes = self.plan.populations.iter().map(spikes_of).collect();
        Ok(())
    }

    fn activity(&self) -> Activity<'_> {
        let projections = &self.network.projections;
        let shown =
            self.shown_weights.get_or_init(|| (0..projections.len()).map(|index| self.shown_shares(index)).collect());
        let weights = projections.iter().zip(shown).zip(&self.state.weights);
        Activity::Host {
            neurons: self.shown.get_or_init(|| {
                let mut shown = self.shown_room.take();
                shown.clear();
                shown.extend((0..self.state.hold.len()).map(|id| self.state.neuron(id)));
                shown
            }),
            rate_before: &self.state.traces[..self.state.hold.len()],
            weights: weights
                .map(|((projection, shown), own)| projection.is_mutable().then(|| shown.as_deref().unwrap_or(own)))
                .collect(),
        }
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        self.timers.times()
    }

    fn synapse_bytes(&self) -> u64 {
        let tables = self.network.projections.iter().zip(&self.synapses).map(|(p, synapses)| synapses.bytes(p));
        let shares = self.state.weights.iter().map(|weights| 4 * weights.len() as u64);
        let put_off = self.pending.iter().flatten().map(Pending::bytes);
        tables.sum::<u64>() + shares.sum::<u64>() + put_off.sum::<u64>()
    }
}

/// What learning needs to know of a projection, where it has a rule.
fn learning<'a>(
    network: &'a Network,
    plan: &'a Plan,
    synapses: &'a [Synapses],
    derived: &'a Derived,
    index: usize,
    step: u32,
) -> Option<Learning<'a>> {
    let rule = derived.rules[index].as_ref()?;
    Some(Learning { plan, index, projection: &network.projections[index], synapses: &synapses[index], rule, step })
}
