//! What must hold for every network: rest stays rest, weights stay in bounds, pruned synapses stay gone, runs go on
//! from a checkpoint as if nothing had happened, and neither thread counts nor ways of storing a projection matter.
//! In: random small networks. Out: properties of the CPU engine.

use std::sync::Arc;

use proptest::prelude::*;
use spikescope::engine::{Change, Checkpoint, Engine, Fingerprint, PRUNED, Sample, SampleRequest, cpu::CpuEngine};
use spikescope::model::random::{Draws, Stream, fold_seed, random_u32};
use spikescope::model::{
    AdaptiveThreshold, Background, Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection,
    Pruning, PruningPolicy, Receptor, Rule, Source, SynapseModel, Weights,
};

const INPUT: usize = 0;
const LIST: usize = 1;
const FIRST: usize = 2;
const SECOND: usize = 3;
/// Dense, learns, is normalised and pruned.
const DENSE: usize = 0;
/// Sparse, the same.
const SPARSE: usize = 1;

fn population(populations: &[Population], name: &str, size: u32, cell: Cell) -> Population {
    let first = populations.last().map_or(0, |p| p.first + p.size);
    Population { name: name.into(), first, size, cell, shape: None, colour: [1.0; 3] }
}

fn lif(kind: usize) -> Lif {
    let synapse = match kind {
        0 => SynapseModel::Delta,
        1 => SynapseModel::Current { tau_excitatory_ms: 3.0, tau_inhibitory_ms: 7.0 },
        _ => SynapseModel::Conductance {
            tau_excitatory_ms: 3.0,
            tau_inhibitory_ms: 7.0,
            reversal_excitatory_mv: 0.0,
            reversal_inhibitory_mv: -80.0,
        },
    };
    Lif {
        v_rest_mv: -65.0,
        v_reset_mv: -66.0,
        v_threshold_mv: -60.0,
        tau_membrane_ms: 20.0,
        refractory_ms: 2.0,
        synapse,
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: None,
        adaptive_threshold: Some(AdaptiveThreshold { initial_mv: 0.5, increment_mv: 0.2, tau_ms: 500.0 }),
    }
}

fn rule(which: usize) -> Rule {
    match which {
        0 => Rule::Pair { tau_plus_ms: 20.0, tau_minus_ms: 15.0, lambda: 0.2, alpha: 1.1, mu_plus: 0.0, mu_minus: 0.4 },
        1 => {
            Rule::DiehlCook { tau_pre_ms: 20.0, tau_post1_ms: 20.0, tau_post2_ms: 40.0, rate_pre: 0.1, rate_post: 0.4 }
        }
        _ => Rule::PostPowerLaw { tau_pre_ms: 20.0, rate: 0.3, target_trace: 0.4, mu: 0.9 },
    }
}

fn projection(
    source: usize,
    target: usize,
    connectivity: Connectivity,
    weights: Weights,
    delays: Delays,
) -> Projection {
    Projection {
        name: format!("{source} -> {target}"),
        source,
        target,
        receptor: Receptor::Excitatory,
        connectivity,
        weights,
        delays,
        plasticity: None,
        normalised_sum: None,
        pruning: None,
    }
}

/// Random rows with their synapses sorted by (delay, target), as the model asks for.
fn sparse(draws: &mut Draws, sources: u32, targets: u32, share: f64) -> (Connectivity, Delays) {
    let (mut row_start, mut target, mut delays) = (vec![0], Vec::new(), Vec::new());
    for _ in 0..sources {
        let mut row = Vec::new();
        for t in 0..targets {
            if draws.uniform() < share {
                row.push((1 + draws.below(9) as u16, t));
            }
        }
        row.sort_unstable();
        delays.extend(row.iter().map(|&(delay, _)| delay));
        target.extend(row.iter().map(|&(_, t)| t));
        row_start.push(target.len() as u32);
    }
    (Connectivity::Sparse { row_start, target }, Delays::PerSynapse(delays))
}

fn changing(mut p: Projection, which: usize, policy: PruningPolicy, floor: u32, weight_max: f32) -> Projection {
    p.plasticity = Some(Plasticity { rule: rule(which), weight_max });
    p.normalised_sum = Some(4.0 * weight_max);
    p.pruning = Some(Pruning {
        policy,
        every_ms: None,
        every_presentations: None,
        start_ms: 0.0,
        start_presentations: 0,
        target_compression: 0.9,
        floor_per_neuron: floor,
        periods: None,
        // Both orders and both ways to normalise, whatever the policy.
        reinforce_first: floor % 2 == 1,
        normalise_over_all: floor > 1,
    });
    p
}

/// A weight that moves the membrane by very roughly 1 mV, per kind of cell.
const UNIT: [f32; 3] = [1.0, 8.0, 0.15];

/// Four populations joined in every way there is; lively enough that all of them fire.
fn build(seed: u64, cell: usize, which: usize, policy: PruningPolicy, floor: u32) -> Network {
    let mut draws = Draws::new(seed, 99, 0);
    let mut cells = lif(cell);
    let unit = UNIT[cell];
    cells.background =
        Some(Background { rate_hz: 300.0, weight: 0.3 * f64::from(unit), receptor: Receptor::Excitatory });
    cells.drive_mv = 1.0;
    cells.drive_steps = vec![(15.0, 2.0), (30.0, 0.5)];
    let list = (0..6).map(|k| (1..40).map(|n| k + 1 + n * (9 + k)).collect()).collect();
    let mut populations = Vec::new();
    for (name, size, cell) in [
        ("input", 15, Cell::Source(Source::Poisson { rate_hz: 80.0 })),
        ("list", 6, Cell::Source(Source::SpikeList(list))),
        ("first", 10, Cell::Lif(cells.clone())),
        ("second", 7, Cell::Lif(cells)),
    ] {
        populations.push(population(&populations, name, size, cell));
    }
    let mut weights = |count: usize, max: f64| {
        Weights::PerSynapse((0..count).map(|_| unit * (draws.uniform() * max) as f32).collect())
    };
    let dense_weights = weights(150, 1.5);
    let mut draws = Draws::new(seed, 98, 0);
    let (rows, delays) = sparse(&mut draws, 10, 7, 0.6);
    let Delays::PerSynapse(list) = &delays else { unreachable!("made above") };
    let sparse_weights = weights(list.len(), 1.5);
    let (fixed_rows, fixed_delays) = sparse(&mut draws, 15, 7, 0.3);
    let inhibition = if cell == 2 { 0.2 } else { -0.2 } * unit;
    let mut lateral =
        projection(FIRST, FIRST, Connectivity::AllButSelf, Weights::Constant(inhibition), Delays::Constant(2));
    lateral.receptor = Receptor::Inhibitory;
    let dense = projection(INPUT, FIRST, Connectivity::AllToAll, dense_weights, Delays::Constant(3));
    let listed = projection(FIRST, SECOND, rows, sparse_weights, delays);
    let one_to_one =
        projection(LIST, SECOND, Connectivity::OneToOne, Weights::Constant(2.0 * unit), Delays::Constant(4));
    let fixed = projection(INPUT, SECOND, fixed_rows, Weights::Constant(0.4 * unit), fixed_delays);
    let all = projection(SECOND, FIRST, Connectivity::AllToAll, Weights::Constant(0.1 * unit), Delays::Constant(5));
    Network {
        name: "random".into(),
        dt_ms: 0.5,
        seed,
        populations,
        projections: vec![
            changing(dense, which, policy, floor, 2.0 * unit),
            changing(listed, which, policy, floor, 1.5 * unit),
            lateral,
            one_to_one,
            fixed,
            all,
        ],
        ..Default::default()
    }
}

fn networks() -> impl Strategy<Value = Network> {
    let policy = prop_oneof![
        (0.01_f32..0.5).prop_map(|threshold| PruningPolicy::Static { threshold }),
        (0.01_f32..0.3, 0.0_f32..0.3, 0.1_f32..0.9, 0.0_f32..0.3)
            .prop_map(|(alpha, beta, cap, initial)| PruningPolicy::Progressive { alpha, beta, cap, initial }),
        (0.01_f32..0.5, 0.0_f32..0.1).prop_map(|(threshold, weight)| PruningPolicy::Soft { threshold, weight }),
        (0.01_f32..0.3).prop_map(|share| PruningPolicy::Percentile { share }),
        (0.01_f32..0.3).prop_map(|share| PruningPolicy::Random { share }),
    ];
    (any::<u64>(), 0_usize..3, 0_usize..3, policy, 0_u32..4)
        .prop_map(|(seed, cell, which, policy, floor)| build(seed, cell, which, policy, floor))
}

/// The same network, normalised over what survives.
fn over_survivors(mut network: Network) -> Network {
    for pruning in network.projections.iter_mut().filter_map(|p| p.pruning.as_mut()) {
        pruning.normalise_over_all = false;
    }
    network
}

fn engine(network: &Network) -> CpuEngine {
    CpuEngine::new(Arc::new(network.clone())).expect("a sound network")
}

fn sample(engine: &mut CpuEngine) -> Sample {
    let request = SampleRequest { spikes: true, statistics: true, ..Default::default() };
    assert!(engine.request_sample(&request));
    engine.poll_sample().expect("the sample that was asked for")
}

/// What a run can do between steps.
#[derive(Clone, Debug)]
enum Operation {
    Advance(u32),
    Normalise(usize),
    Prune(usize),
    Rest,
    Learning(bool),
    Threshold(usize, f32),
    Rates(f32),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let plastic = DENSE..=SPARSE;
    let one = prop_oneof![
        4 => (1_u32..60).prop_map(Operation::Advance),
        2 => plastic.clone().prop_map(Operation::Normalise),
        3 => plastic.clone().prop_map(Operation::Prune),
        1 => Just(Operation::Rest),
        1 => any::<bool>().prop_map(Operation::Learning),
        1 => (plastic, 0.0_f32..0.7).prop_map(|(p, t)| Operation::Threshold(p, t)),
        1 => (0.0_f32..300.0).prop_map(Operation::Rates),
    ];
    proptest::collection::vec(one, 1..14)
}

fn perform(engine: &mut CpuEngine, operation: &Operation) {
    match *operation {
        Operation::Advance(steps) => engine.advance(steps),
        Operation::Normalise(projection) => engine.normalise(projection),
        Operation::Prune(projection) => engine.prune(projection),
        Operation::Rest => engine.rest(),
        Operation::Learning(on) => engine.change(&Change::Learning(on)),
        Operation::Threshold(projection, threshold) => {
            engine.change(&Change::PruningThreshold { projection, threshold })
        }
        Operation::Rates(rate_hz) => engine.set_rates(INPUT, &[rate_hz; 15]),
    }
    .expect("every operation fits the network");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_silent_network_stays_at_rest(network in networks(), steps in 1_u32..300) {
        let mut network = network;
        for population in &mut network.populations {
            match &mut population.cell {
                Cell::Lif(lif) => {
                    (lif.background, lif.drive_mv) = (None, 0.0);
                    lif.drive_steps.clear();
                }
                Cell::Source(Source::Poisson { rate_hz }) => *rate_hz = 0.0,
                Cell::Source(Source::SpikeList(lists)) => lists.iter_mut().for_each(Vec::clear),
            }
        }
        let mut engine = engine(&network);
        engine.advance(steps).expect("advance");
        let state = engine.checkpoint().expect("checkpoint");
        prop_assert!(state.neurons.iter().all(|n| n.membrane_mv == 0.0 && n.last_spike_step == 0));
        prop_assert!(state.synaptic.iter().flatten().all(|&g| g == 0.0));
        prop_assert!(sample(&mut engine).spikes.is_empty());
    }

    #[test]
    fn weights_stay_in_bounds_and_pruned_ones_stay_gone(network in networks(), operations in operations()) {
        let mut engine = engine(&network);
        let mut gone = [DENSE, SPARSE].map(|p| vec![false; engine.weights(p).expect("weights").len()]);
        for operation in &operations {
            perform(&mut engine, operation);
            for projection in [DENSE, SPARSE] {
                let weight_max = network.projections[projection].weight_max();
                let weights = engine.weights(projection).expect("weights");
                for (gone, &weight) in gone[projection].iter_mut().zip(&weights) {
                    prop_assert!(weight == PRUNED || (0.0..=weight_max).contains(&weight), "{weight}");
                    prop_assert!(!*gone || weight == PRUNED, "{weight} came back after {operation:?}");
                    *gone = weight == PRUNED;
                }
            }
            let statistics = sample(&mut engine);
            for projection in [DENSE, SPARSE] {
                let ours = statistics.projections[projection].as_ref().expect("a mutable projection");
                let left = gone[projection].iter().filter(|gone| !**gone).count() as u64;
                prop_assert_eq!((ours.remaining, ours.total), (left, gone[projection].len() as u64));
                prop_assert_eq!(ours.histogram.iter().map(|&n| u64::from(n)).sum::<u64>(), left);
            }
        }
    }

    /// Without learning, a pruned synapse is the same as one of weight 0.
    #[test]
    fn pruned_synapses_transmit_nothing(network in networks(), operations in operations(), steps in 1_u32..200) {
        let network = over_survivors(network);
        let mut pruned = engine(&network);
        operations.iter().for_each(|operation| perform(&mut pruned, operation));
        for projection in [DENSE, SPARSE] {
            pruned.change(&Change::PruningThreshold { projection, threshold: 0.4 }).expect("change");
            pruned.prune(projection).expect("prune");
        }
        pruned.change(&Change::Learning(false)).expect("change");
        let mut state = pruned.checkpoint().expect("checkpoint");
        for share in state.weights.iter_mut().flatten() {
            *share = share.max(0.0);
        }
        let mut zero = engine(&network);
        zero.restore(&state).expect("restore");
        sample(&mut pruned);
        for engine in [&mut pruned, &mut zero] {
            engine.advance(steps).expect("advance");
            engine.normalise(DENSE).expect("normalise");
            engine.advance(steps).expect("advance");
        }
        prop_assert_eq!(sample(&mut pruned).spikes, sample(&mut zero).spikes);
        prop_assert_eq!(pruned.checkpoint().expect("state").neurons, zero.checkpoint().expect("state").neurons);
    }

    /// Thresholds, survivors and weights of twenty periods against a plain calculation on the side.
    #[test]
    fn pruning_follows_the_published_rule(network in networks()) {
        let mut engine = engine(&network);
        for index in [DENSE, SPARSE] {
            let (pruning, weight_max) =
                (network.projections[index].pruning.clone().expect("pruned"), network.projections[index].weight_max());
            let mut w: Vec<f32> = engine.checkpoint().expect("state").weights[index].clone();
            let total = w.len() as f32;
            let mut t = pruning.policy.first_threshold();
            for period in 0..20 {
                let left = |w: &[f32]| w.iter().filter(|&&x| x >= 0.0).count() as f32;
                if 1.0 - left(&w) / total < pruning.target_compression {
                    let gain = if let PruningPolicy::Progressive { beta, .. } = pruning.policy { beta * t } else { 0.0 };
                    let reinforce = |w: &mut [f32]| {
                        w.iter_mut().filter(|x| **x >= 0.0).for_each(|x| *x = (*x + gain).min(1.0));
                    };
                    if pruning.reinforce_first {
                        reinforce(&mut w);
                    }
                    for target in 0..10 {
                        let of_target = |k: &usize| network.ends_of(index, *k as u64).1 == target;
                        let inputs = (0..w.len()).filter(of_target).count();
                        // Weakest first; for the random policy in the order of its draw.
                        let draw = |k: usize| random_u32(fold_seed(network.seed), Stream::Pruning.part(index), k as u32, 0);
                        let mut own: Vec<usize> = (0..w.len()).filter(|&k| w[k] >= 0.0).filter(of_target).collect();
                        own.sort_by(|&a, &b| match pruning.policy {
                            PruningPolicy::Random { .. } => (draw(a) >> 2).cmp(&(draw(b) >> 2)),
                            _ => w[a].total_cmp(&w[b]),
                        });
                        let floor = pruning.floor_per_neuron as usize;
                        let (gone, into) = match pruning.policy {
                            PruningPolicy::Percentile { share } | PruningPolicy::Random { share } => {
                                let stay = ((inputs as f32 * (1.0 - pruning.target_compression)).ceil() as usize).max(floor);
                                (((inputs as f32 * share).ceil() as usize).min(own.len().saturating_sub(stay)), PRUNED)
                            }
                            PruningPolicy::Soft { weight, .. } => (own.iter().filter(|&&k| w[k] < t).count(), weight),
                            _ => (own.iter().filter(|&&k| w[k] < t).count(), PRUNED),
                        };
                        let gone = gone.min(own.len().saturating_sub(floor));
                        // Equals of the weakest that stays stay too.
                        let is_random = matches!(pruning.policy, PruningPolicy::Random { .. });
                        let weakest = own.get(gone).map_or(f32::MAX, |&k| w[k]);
                        let goes: Vec<usize> =
                            own[..gone].iter().copied().filter(|&k| is_random || w[k] < weakest).collect();
                        goes.into_iter().for_each(|k| w[k] = into);
                    }
                    if !pruning.reinforce_first {
                        reinforce(&mut w);
                    }
                    if let PruningPolicy::Progressive { alpha, cap, .. } = pruning.policy {
                        t = (t + alpha * (left(&w) / total)).min(cap);
                    }
                }
                engine.prune(index).expect("prune");
                let state = engine.checkpoint().expect("state");
                prop_assert_eq!(&state.weights[index], &w, "projection {} period {}", index, period);
                prop_assert_eq!(state.thresholds[index], t);
            }
            let told = engine.weights(index).expect("weights");
            let expected = w.iter().map(|&x| if x < 0.0 { PRUNED } else { x * weight_max });
            prop_assert_eq!(told, expected.collect::<Vec<f32>>());
        }
    }

    #[test]
    fn normalised_weights_have_their_sum_unless_they_are_at_the_maximum(
        network in networks(),
        operations in operations(),
    ) {
        let network = over_survivors(network);
        let mut engine = engine(&network);
        operations.iter().for_each(|operation| perform(&mut engine, operation));
        for (index, targets) in [(DENSE, 10), (SPARSE, 7)] {
            engine.normalise(index).expect("normalise");
            let projection = &network.projections[index];
            let (weight_max, goal) = (projection.weight_max(), projection.normalised_sum.expect("normalised"));
            let weights = engine.weights(index).expect("weights");
            for target in 0..targets {
                let own: Vec<f32> = (0..weights.len())
                    .filter(|&k| network.ends_of(index, k as u64).1 == target && weights[k] > 0.0)
                    .map(|k| weights[k])
                    .collect();
                let sum: f32 = own.iter().sum();
                let clipped = own.iter().any(|&w| w >= weight_max);
                prop_assert!(own.is_empty() || clipped || (sum / goal - 1.0).abs() < 1e-5, "{sum} {goal}");
                prop_assert!(sum < goal * 1.000_01);
            }
        }
    }

    #[test]
    fn a_run_goes_on_from_a_checkpoint_as_if_nothing_had_happened(
        network in networks(),
        before in operations(),
        after in operations(),
    ) {
        let mut whole = engine(&network);
        before.iter().for_each(|operation| perform(&mut whole, operation));
        let bytes = whole.checkpoint().expect("checkpoint").to_bytes();
        let mut resumed = engine(&network);
        resumed.restore(&Checkpoint::from_bytes(&bytes).expect("sound bytes")).expect("restore");
        sample(&mut whole);
        for operation in &after {
            perform(&mut whole, operation);
            perform(&mut resumed, operation);
        }
        prop_assert_eq!(sample(&mut whole), sample(&mut resumed));
        let states = [&mut whole, &mut resumed].map(|engine| engine.checkpoint().expect("checkpoint"));
        prop_assert_eq!(states[0].hash(), states[1].hash());
        prop_assert_eq!(&states[0], &states[1]);
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_and_never_panics(
        network in networks(),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        word in prop_oneof![Just(u32::MAX), Just(0), any::<u32>()],
    ) {
        prop_assert!(Checkpoint::from_bytes(&noise).is_err());
        let mut engine = engine(&network);
        engine.advance(40).expect("advance");
        let bytes = engine.checkpoint().expect("checkpoint").to_bytes();
        prop_assert!(Checkpoint::from_bytes(&bytes[..place.index(bytes.len())]).is_err());
        let mut flipped = bytes.clone();
        flipped[place.index(bytes.len())] ^= 1 << bit;
        prop_assert!(Checkpoint::from_bytes(&flipped).is_err());
        // With a checksum that fits, the reader and the check are on their own: whatever they let through must run.
        let mut forged = bytes.clone();
        let at = place.index((bytes.len() - 8) / 4) * 4;
        forged[at..at + 4].copy_from_slice(&word.to_le_bytes());
        let body = forged.len() - 8;
        let mut checksum = Fingerprint::new();
        checksum.bytes(&forged[..body]);
        forged[body..].copy_from_slice(&checksum.finish().to_le_bytes());
        if let Ok(checkpoint) = Checkpoint::from_bytes(&forged)
            && engine.restore(&checkpoint).is_ok()
            && engine.step() < u64::from(u32::MAX) - 50
        {
            engine.advance(50).expect("advance");
            engine.normalise(DENSE).expect("normalise");
            engine.prune(SPARSE).expect("prune");
            sample(&mut engine);
        }
    }

    /// Projections that are stored compactly act like the same projections written out synapse by synapse.
    #[test]
    fn compact_projections_act_like_listed_ones(network in networks(), operations in operations()) {
        let mut listed = network.clone();
        for index in 2..listed.projections.len() {
            let count = network.synapse_count_of(index);
            let ends: Vec<(u32, u32)> = (0..count).map(|k| network.ends_of(index, k)).collect();
            let p = &mut listed.projections[index];
            let sources = network.populations[p.source].size;
            let row = |source: u32| ends.iter().filter(|end| end.0 < source).count() as u32;
            if !matches!(p.connectivity, Connectivity::Sparse { .. }) {
                p.connectivity = Connectivity::Sparse {
                    row_start: (0..=sources).map(row).collect(),
                    target: ends.iter().map(|end| end.1).collect(),
                };
            }
            p.weights = Weights::PerSynapse((0..count as usize).map(|k| p.weights.get(k)).collect());
            p.delays = Delays::PerSynapse((0..count as usize).map(|k| p.delays.get(k) as u16).collect());
        }
        let (mut compact, mut listed) = (engine(&network), engine(&listed));
        prop_assert_eq!(&compact.plan().scales, &listed.plan().scales);
        for operation in &operations {
            perform(&mut compact, operation);
            perform(&mut listed, operation);
        }
        prop_assert_eq!(sample(&mut compact).spikes, sample(&mut listed).spikes);
        let state = |engine: &mut CpuEngine| engine.checkpoint().expect("state");
        prop_assert_eq!(state(&mut compact).weights, state(&mut listed).weights);
    }
}

/// Large enough that populations are split between threads.
#[test]
fn one_thread_and_many_give_the_same_spikes() {
    let mut network = build(5, 1, 0, PruningPolicy::Static { threshold: 0.1 }, 0);
    let mut populations = Vec::new();
    for (name, size) in [("input", 20_000), ("list", 6), ("first", 30_001), ("second", 17_000)] {
        let cell = network.populations[populations.len()].cell.clone();
        populations.push(population(&populations, name, size, cell));
    }
    network.populations = populations;
    let mut draws = Draws::new(3, 97, 0);
    let (rows, delays) = sparse(&mut draws, 20_000, 30_001, 0.0005);
    let mut learning = projection(INPUT, FIRST, rows, Weights::Constant(6.0), delays);
    learning.plasticity = Some(Plasticity { rule: rule(0), weight_max: 20.0 });
    let one_to_one = projection(FIRST, SECOND, Connectivity::OneToOne, Weights::Constant(60.0), Delays::Constant(2));
    network.projections = vec![learning, one_to_one];
    let outcome = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut engine = engine(&network);
            engine.advance(60).expect("advance");
            (sample(&mut engine).spikes, engine.checkpoint().expect("checkpoint").hash())
        })
    };
    let single = outcome(1);
    assert!(single.0.iter().any(|spike| network.population_of(spike.neuron) == SECOND), "all populations are active");
    assert!(single == outcome(4), "four threads give other spikes than one");
}

#[test]
fn random_networks_are_lively() {
    for cell in 0..3 {
        let mut engine = engine(&build(1, cell, 0, PruningPolicy::Static { threshold: 0.1 }, 0));
        let before = engine.weights(DENSE).expect("weights");
        engine.advance(400).expect("advance");
        let counts = sample(&mut engine).population_spikes;
        assert!(counts.iter().all(|&count| count > 20), "cell {cell}: {counts:?}");
        assert_ne!(before, engine.weights(DENSE).expect("weights"));
    }
}

/// Counts of Poisson sources and of background events are those of their rates, within five standard deviations.
#[test]
fn poisson_input_has_its_rate() {
    let mut cells = lif(0);
    (cells.tau_membrane_ms, cells.v_threshold_mv) = (1e9, 1e9);
    cells.background = Some(Background { rate_hz: 5000.0, weight: 1.0, receptor: Receptor::Excitatory });
    let mut populations = Vec::new();
    for (name, cell) in [("source", Cell::Source(Source::Poisson { rate_hz: 40.0 })), ("cells", Cell::Lif(cells))] {
        populations.push(population(&populations, name, 500, cell));
    }
    let network = Network { dt_ms: 0.5, seed: 11, populations, ..Default::default() };
    let mut engine = engine(&network);
    engine.advance(2000).expect("advance");
    // A probability of 0.02 in each of a million draws.
    let spikes = sample(&mut engine).population_spikes[0] as f64;
    assert!((spikes - 20_000.0).abs() < 5.0 * (20_000.0_f64 * 0.98).sqrt(), "{spikes}");
    let state = engine.checkpoint().expect("state");
    let events: f64 = state.neurons[500..].iter().map(|n| f64::from(n.membrane_mv)).sum();
    assert!((events - 2.5e6).abs() < 5.0 * 2.5e6_f64.sqrt(), "{events}");
}
