//! The CPU engine: the oracle that the GPU engine is tested against, and the engine where there is no GPU. Written to
//! be read: one file per kernel, each opening with the exact arithmetic, which the shader of the same name repeats.
//!
//! In: a [`Network`]. Out: spikes, weights, samples, [`Activity`]. The same network gives the same results bit for bit
//! on any number of threads.

mod block;
mod deliver;
mod integrate;
mod learn;
mod lesion;
mod measure;
mod normalise;
mod prune;
mod sources;
mod state;
mod synapses;
mod trace;

use std::cell::{Cell as Slot, OnceCell};
use std::collections::VecDeque;
use std::sync::Arc;

use deliver::{Delivery, Rings};
use fearless_simd::Level;
use integrate::Shared;
use learn::Learning;
use measure::{Kernel, Timers};
use sources::Active;
use state::State;
use synapses::Synapses;

use super::{
    Activity, CELL_POISSON, Change, Checkpoint, Engine, EngineError, KernelTime, Live, NeuronState, PRUNED, Plan,
    PopulationParameters, RuleParameters, Sample, SampleRequest, Spike, check_network, network_hash,
};
use crate::model::random::fold_seed;
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
        let synapses = network
            .projections
            .iter()
            .zip(&plan.projections)
            .map(|(projection, derived)| Synapses::new(&network, projection, derived))
            .collect();
        let live = Live::new(&network, &plan);
        Ok(Self {
            seed: fold_seed(network.seed),
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
            network_hash: OnceCell::new(),
            network,
            plan,
        })
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
            lesion::lesion(projection, &self.synapses[index], sources, targets, &mut self.state.weights[index]);
        }
    }

    fn learn(&mut self, step: u32, kernel: Kernel) {
        if !self.live.learning {
            return;
        }
        for (index, projection) in self.network.projections.iter().enumerate() {
            let Some(rule) = &self.derived.rules[index] else { continue };
            let synapses = &self.synapses[index];
            let learning = Learning { plan: &self.plan, index, projection, synapses, rule, step };
            match kernel {
                Kernel::LearnPre => {
                    learning.pre(&self.spiking[projection.source], &mut self.state, &mut self.scratch);
                }
                _ => learning.post(&self.spiking[projection.target], &mut self.state, &mut self.scratch),
            }
        }
        self.timers.done(kernel);
    }

    fn deliver(&mut self, step: u32) {
        let mut rings = Rings { ring: &mut self.state.ring, group_ring: &mut self.state.group_ring };
        for (index, projection) in self.network.projections.iter().enumerate() {
            let (synapses, shares) = (&self.synapses[index], &self.state.weights[index]);
            let delivery = Delivery { plan: &self.plan, index, projection, synapses, shares, step };
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
        let network = &self.network;
        let spikes = if request.spikes { std::mem::take(&mut self.spikes) } else { Vec::new() };
        let spikes_lost = if request.spikes { std::mem::take(&mut self.spikes_lost) } else { 0 };
        let counts = request
            .counts_of
            .and_then(|index| network.populations.get(index))
            .map_or_else(Vec::new, |p| self.state.spike_counts[p.first as usize..][..p.size as usize].to_vec());
        let projections = network.projections.iter().enumerate().map(|(index, projection)| {
            projection.is_mutable().then(|| {
                measure::projection_sample(projection, &self.state.weights[index], self.state.thresholds[index])
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
        self.live.apply(change, &self.network, self.state.step)?;
        match *change {
            Change::PruningThreshold { projection, threshold } => self.state.thresholds[projection] = threshold,
            Change::Lesion { ref neurons } if !neurons.is_empty() => self.lesion(),
            _ => {}
        }
        self.derived = Derived::new(&self.network, &self.plan, &self.live, self.state.step);
        Ok(())
    }

    fn rest(&mut self) -> Result<(), EngineError> {
        self.look_away();
        self.state.rest(&self.plan);
        Ok(())
    }

    fn normalise(&mut self, projection: usize) -> Result<(), EngineError> {
        let Some((p, sum)) = self.network.projections.get(projection).and_then(|p| Some((p, p.normalised_sum?))) else {
            return Err(EngineError::Misuse(format!("projection {projection} has no sum to normalise its weights to")));
        };
        normalise::normalise(p, &self.synapses[projection], sum, &mut self.state.weights[projection]);
        Ok(())
    }

    fn prune(&mut self, projection: usize) -> Result<(), EngineError> {
        let Some((p, pruning)) = self.network.projections.get(projection).and_then(|p| Some((p, p.pruning.as_ref()?)))
        else {
            return Err(EngineError::Misuse(format!("projection {projection} has no pruning policy")));
        };
        let (shares, threshold) = (&mut self.state.weights[projection], &mut self.state.thresholds[projection]);
        prune::prune(p, pruning, &self.synapses[projection], shares, threshold);
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
        let Some(p) = self.network.projections.get(projection) else {
            return Err(EngineError::Misuse(format!("there is no projection {projection}")));
        };
        if p.is_mutable() {
            let weight_max = p.weight_max();
            let weight = |&share: &f32| if share < 0.0 { PRUNED } else { share * weight_max };
            return Ok(self.state.weights[projection].iter().map(weight).collect());
        }
        let count = self.network.synapse_count_of(projection) as usize;
        Ok((0..count).map(|synapse| p.weights.get(synapse)).collect())
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        Ok(self.state.checkpoint(self.hash_of_network(), &self.live))
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        checkpoint.check(&self.network, &self.plan)?;
        self.look_away();
        self.state = State::from_checkpoint(checkpoint);
        self.live = checkpoint.live.clone();
        self.derived = Derived::new(&self.network, &self.plan, &self.live, self.state.step);
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
        let mutable = self.network.projections.iter().map(|projection| projection.is_mutable());
        Activity::Host {
            neurons: self.shown.get_or_init(|| {
                let mut shown = self.shown_room.take();
                shown.clear();
                shown.extend((0..self.state.hold.len()).map(|id| self.state.neuron(id)));
                shown
            }),
            rate_before: &self.state.traces[..self.state.hold.len()],
            weights: mutable.zip(&self.state.weights).map(|(mutable, w)| mutable.then_some(w.as_slice())).collect(),
        }
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        self.timers.times()
    }

    fn synapse_bytes(&self) -> u64 {
        let tables = self.network.projections.iter().zip(&self.synapses).map(|(p, synapses)| synapses.bytes(p));
        let shares = self.state.weights.iter().map(|weights| 4 * weights.len() as u64);
        tables.sum::<u64>() + shares.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;

    /// Every kind of cell, in sizes that fill no block, with background input and an adapting threshold.
    const SCENE: &str = r#"
        title = "every kind of cell"
        dt_ms = 0.5
        seed = 5
        [population.noise]
        size = 77
        cell = "poisson"
        rate_hz = 90
        [population.current]
        size = 101
        cell = "lif"
        synapse = "current"
        v_rest_mv = -60
        v_reset_mv = -60
        v_threshold_mv = -50
        tau_membrane_ms = 10
        tau_excitatory_ms = 4
        tau_inhibitory_ms = 8
        refractory_ms = 2
        background = { rate_hz = 900, weight = 3 }
        adaptive_threshold = { increment_mv = 2, tau_ms = 40 }
        [population.conductance]
        size = 45
        cell = "lif"
        synapse = "conductance"
        v_rest_mv = -65
        v_reset_mv = -65
        v_threshold_mv = -52
        tau_membrane_ms = 20
        tau_excitatory_ms = 5
        tau_inhibitory_ms = 10
        reversal_excitatory_mv = 0
        reversal_inhibitory_mv = -80
        refractory_ms = 5
        [population.delta]
        size = 31
        cell = "lif"
        synapse = "delta"
        v_rest_mv = 0
        v_reset_mv = 10
        v_threshold_mv = 20
        tau_membrane_ms = 20
        refractory_ms = 2
        [projection.drive]
        source = "noise"
        target = ["current", "conductance", "delta"]
        rule = "fixed-probability"
        probability = 0.4
        weight = 0.9
        [projection.back]
        source = "current"
        target = ["conductance", "delta"]
        rule = "fixed-probability"
        probability = 0.1
        weight = 0.5
    "#;

    #[test]
    fn every_instruction_set_gives_the_same_state() {
        let scene = Scene::from_toml(SCENE, "test", &[]).expect("sound");
        let network = Arc::new(scene.compile(None).expect("a network"));
        let run = |level: Level| {
            let mut engine = CpuEngine::new(Arc::clone(&network)).expect("builds");
            engine.level = level;
            engine.advance(300).expect("runs");
            let neurons = Arc::from([80, 110, 177, 200, 225, 240].as_slice());
            engine.change(&Change::Stimulate { neurons, mv: 8.0, duration_ms: 40.0 }).expect("has membranes");
            engine
                .change(&Change::Silence { neurons: Arc::from([3, 90, 111, 224].as_slice()), on: true })
                .expect("there");
            engine.change(&Change::Lesion { neurons: Arc::from([8, 120, 190, 253].as_slice()) }).expect("there");
            engine.advance(300).expect("runs");
            (engine.checkpoint().expect("a state"), engine.population_spikes.clone())
        };
        let (best, spikes) = run(Level::new());
        assert!(spikes.iter().all(|&spikes| spikes > 50), "every population spikes: {spikes:?}");
        assert_eq!(run(Level::baseline()).0, best);
        #[cfg(target_arch = "x86_64")]
        if let Some(older) = Level::new().as_sse4_2() {
            assert_eq!(run(Level::Sse4_2(older)).0, best);
        }
    }

    #[test]
    fn what_is_shown_follows_the_state() {
        let scene = Scene::from_toml(SCENE, "test", &[]).expect("sound");
        let mut engine = CpuEngine::new(Arc::new(scene.compile(None).expect("a network"))).expect("builds");
        for _ in 0..3 {
            engine.advance(40).expect("runs");
            let checkpoint = engine.checkpoint().expect("a state");
            let Activity::Host { neurons, .. } = engine.activity() else { panic!("a CPU engine holds its state") };
            assert_eq!(neurons, checkpoint.neurons);
        }
        engine.rest().expect("rests");
        let Activity::Host { neurons, .. } = engine.activity() else { panic!("a CPU engine holds its state") };
        assert!(neurons.iter().all(|neuron| neuron.membrane_mv == 0.0 && neuron.hold == 0));
    }
}
