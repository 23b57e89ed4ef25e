//! Networks that several tests share: small, busy, and made from the counter generator alone.

#![allow(dead_code, reason = "each test file uses some of them")]

use spikescope::model::random::Draws;
use spikescope::model::{
    AdaptiveThreshold, Background, Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection,
    Pruning, PruningPolicy, Receptor, Rule, Source, SynapseModel, Weights,
};

pub(crate) fn population(name: &str, first: u32, size: u32, cell: Cell) -> Population {
    Population { name: name.into(), first, size, cell, shape: None, colour: [1.0; 3] }
}

/// Neurons that spike at random, at 10 Hz.
pub(crate) fn poisson(name: &str, first: u32, size: u32) -> Population {
    population(name, first, size, Cell::Source(Source::Poisson { rate_hz: 10.0 }))
}

/// Pair STDP by constant amounts, symmetrical.
pub(crate) fn additive() -> Plasticity {
    let rule =
        Rule::Pair { tau_plus_ms: 20.0, tau_minus_ms: 20.0, lambda: 0.01, alpha: 1.0, mu_plus: 0.0, mu_minus: 0.0 };
    Plasticity { rule, weight_max: 1.0 }
}

/// A plastic synapse of weight 0.25 from each neuron of population 0 to its twin in population 1.
pub(crate) fn feed(delay_steps: u32) -> Projection {
    Projection {
        name: "feed".to_owned(),
        weights: Weights::Constant(0.25),
        delays: Delays::Constant(delay_steps),
        plasticity: Some(additive()),
        ..projection(0, 1, Receptor::Excitatory, Connectivity::OneToOne)
    }
}

pub(crate) fn projection(source: usize, target: usize, receptor: Receptor, connectivity: Connectivity) -> Projection {
    Projection {
        name: format!("{source} -> {target}"),
        source,
        target,
        receptor,
        connectivity,
        weights: Weights::Constant(1.0),
        delays: Delays::Constant(1),
        plasticity: None,
        normalised_sum: None,
        pruning: None,
    }
}

pub(crate) fn lif(synapse: SynapseModel) -> Lif {
    Lif {
        v_rest_mv: -60.0,
        v_reset_mv: -60.0,
        v_threshold_mv: -50.0,
        tau_membrane_ms: 20.0,
        refractory_ms: 2.0,
        synapse,
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: None,
        adaptive_threshold: None,
    }
}

/// Each synapse exists with probability `p`; never from a neuron to itself when `but_self`.
pub(crate) fn random_rows(seed: u64, sources: u32, targets: u32, p: f64, but_self: bool) -> Connectivity {
    let mut row_start = vec![0];
    let mut target = Vec::new();
    for source in 0..sources {
        let mut draws = Draws::new(seed, 7, source);
        target.extend((0..targets).filter(|&t| draws.uniform() < p && !(but_self && t == source)));
        row_start.push(target.len() as u32);
    }
    Connectivity::Sparse { row_start, target }
}

pub(crate) fn synapses(connectivity: &Connectivity) -> usize {
    match connectivity {
        Connectivity::Sparse { target, .. } => target.len(),
        _ => 0,
    }
}

/// Per synapse: `low + (high - low) * uniform`.
pub(crate) fn random_weights(seed: u64, count: usize, low: f64, high: f64) -> Weights {
    let mut draws = Draws::new(seed, 8, 0);
    Weights::PerSynapse((0..count).map(|_| (low + (high - low) * draws.uniform()) as f32).collect())
}

/// Per synapse: a whole number of steps in `1..=longest`.
pub(crate) fn random_delays(seed: u64, count: usize, longest: u32) -> Delays {
    let mut draws = Draws::new(seed, 9, 0);
    Delays::PerSynapse((0..count).map(|_| 1 + draws.below(longest) as u16).collect())
}

/// Vogels and Abbott's current-based network (Brette et al. 2007, benchmark 2), `size` neurons, with delays of 1 to 30
/// steps for half of the synapses and 8 for the others, and a step of the drive on the way.
pub(crate) fn cuba(size: u32) -> Network {
    let synapse = SynapseModel::Current { tau_excitatory_ms: 5.0, tau_inhibitory_ms: 10.0 };
    let cell = |drive_steps: Vec<(f64, f64)>| {
        Cell::Lif(Lif { refractory_ms: 5.0, drive_mv: 11.0, drive_steps, ..lif(synapse) })
    };
    let excitatory = size * 4 / 5;
    let inhibitory = size - excitatory;
    let sizes = [excitatory, inhibitory];
    let strength = 80.0 / (0.02 * f64::from(size)).max(1.0) / 5.0;
    let mut projections = Vec::new();
    for (source, target) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let rows =
            random_rows(11 + 2 * source as u64 + target as u64, sizes[source], sizes[target], 0.1, source == target);
        let count = synapses(&rows);
        let (receptor, weight) =
            if source == 0 { (Receptor::Excitatory, 1.62 / 9.0) } else { (Receptor::Inhibitory, -9.0 / 9.0) };
        let mut p = projection(source, target, receptor, rows);
        p.weights = random_weights(5, count, 0.5 * weight * strength, 1.5 * weight * strength);
        p.delays = if source == 0 { random_delays(6, count, 30) } else { Delays::Constant(8) };
        projections.push(p);
    }
    let mut draws = Draws::new(3, 10, 0);
    Network {
        name: "cuba".into(),
        dt_ms: 0.1,
        seed: 3,
        populations: vec![
            population("excitatory", 0, excitatory, cell(vec![(20.0, 13.0), (60.0, 11.5)])),
            population("inhibitory", excitatory, inhibitory, cell(Vec::new())),
        ],
        projections,
        initial_membrane_mv: (0..size).map(|_| (10.0 * draws.uniform()) as f32).collect(),
        ..Default::default()
    }
}

/// Diehl and Cook's network (2015) in small: Poisson input dense onto excitatory cells with adaptive thresholds,
/// one-to-one to inhibitory cells that inhibit all others; conductances, plastic input.
pub(crate) fn digits(inputs: u32, neurons: u32, rule: Rule) -> Network {
    let synapse = |reversal_inhibitory_mv| SynapseModel::Conductance {
        tau_excitatory_ms: 1.0,
        tau_inhibitory_ms: 2.0,
        reversal_excitatory_mv: 0.0,
        reversal_inhibitory_mv,
    };
    let excitatory = Lif {
        v_rest_mv: -65.0,
        v_reset_mv: -65.0,
        v_threshold_mv: -72.0,
        tau_membrane_ms: 100.0,
        refractory_ms: 5.0,
        adaptive_threshold: Some(AdaptiveThreshold { initial_mv: 20.0, increment_mv: 0.05, tau_ms: 1.0e5 }),
        ..lif(synapse(-100.0))
    };
    let inhibitory = Lif { v_reset_mv: -45.0, v_threshold_mv: -40.0, tau_membrane_ms: 10.0, ..lif(synapse(-85.0)) };
    let mut input = projection(0, 1, Receptor::Excitatory, Connectivity::AllToAll);
    input.weights = random_weights(21, (inputs * neurons) as usize, 0.0, 0.6);
    input.plasticity = Some(Plasticity { rule, weight_max: 1.0 });
    input.normalised_sum = Some(0.3 * inputs as f32);
    let mut relay = projection(1, 2, Receptor::Excitatory, Connectivity::OneToOne);
    relay.weights = Weights::Constant(10.4);
    let mut lateral = projection(2, 1, Receptor::Inhibitory, Connectivity::AllButSelf);
    lateral.weights = Weights::Constant(17.0 / neurons as f32);
    Network {
        name: "digits".into(),
        dt_ms: 0.5,
        seed: 12,
        populations: vec![
            population("input", 0, inputs, Cell::Source(Source::Poisson { rate_hz: 0.0 })),
            population("excitatory", inputs, neurons, Cell::Lif(excitatory)),
            population("inhibitory", inputs + neurons, neurons, Cell::Lif(inhibitory)),
        ],
        projections: vec![input, relay, lateral],
        ..Default::default()
    }
}

/// The rule of Diehl and Cook's published code.
pub(crate) fn diehl_cook() -> Rule {
    Rule::DiehlCook { tau_pre_ms: 20.0, tau_post1_ms: 20.0, tau_post2_ms: 40.0, rate_pre: 0.001, rate_post: 0.02 }
}

/// A blob of bright pixels at a place that depends on `image`, Hz.
pub(crate) fn image_rates(inputs: u32, image: u32) -> Vec<f32> {
    let width = f64::from(inputs).sqrt();
    let (x, y) = (width * (0.3 + 0.2 * f64::from(image % 3)), width * (0.3 + 0.2 * f64::from(image / 3 % 3)));
    (0..inputs)
        .map(|k| {
            let (dx, dy) = (f64::from(k) % width - x, (f64::from(k) / width).floor() - y);
            (90.0 * (-(dx * dx + dy * dy) / (0.04 * width * width)).exp()) as f32
        })
        .collect()
}

/// Delta cells driven by background events, with sparse plastic recurrent synapses (pair STDP with a power law) and
/// delays of their own, and an inhibitory all-to-all.
pub(crate) fn plastic_sparse(size: u32) -> Network {
    let mut cell = lif(SynapseModel::Delta);
    cell.background = Some(Background { rate_hz: 900.0, weight: 1.2, receptor: Receptor::Excitatory });
    let rows = random_rows(31, size, size, 0.05, true);
    let count = synapses(&rows);
    let mut recurrent = projection(0, 0, Receptor::Excitatory, rows);
    recurrent.weights = random_weights(32, count, 0.1, 0.9);
    recurrent.delays = random_delays(33, count, 12);
    recurrent.plasticity = Some(Plasticity {
        rule: Rule::Pair {
            tau_plus_ms: 20.0,
            tau_minus_ms: 20.0,
            lambda: 0.01,
            alpha: 1.05,
            mu_plus: 0.4,
            mu_minus: 1.0,
        },
        weight_max: 1.0,
    });
    recurrent.normalised_sum = Some(0.02 * size as f32);
    let mut inhibition = projection(0, 0, Receptor::Inhibitory, Connectivity::AllToAll);
    inhibition.weights = Weights::Constant(-0.02);
    inhibition.delays = Delays::Constant(3);
    Network {
        name: "plastic".into(),
        dt_ms: 0.25,
        seed: 8,
        populations: vec![population("excitatory", 0, size, Cell::Lif(cell))],
        projections: vec![recurrent, inhibition],
        ..Default::default()
    }
}

/// Progressive pruning with reinforcement (Elbez et al. 2022).
pub(crate) fn progressive() -> Pruning {
    Pruning {
        policy: PruningPolicy::Progressive { alpha: 0.05, beta: 0.02, cap: 0.6, initial: 0.05 },
        every_ms: None,
        every_presentations: None,
        start_ms: 0.0,
        start_presentations: 0,
        target_compression: 0.8,
        floor_per_neuron: 20,
        ..Default::default()
    }
}
