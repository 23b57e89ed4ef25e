//! Tests of the CPU engine as a whole: instruction sets, what is shown, learning that is put off, compaction.

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
        engine.change(&Change::Silence { neurons: Arc::from([3, 90, 111, 224].as_slice()), on: true }).expect("there");
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

/// 300 cells that spike often, with listed plastic synapses of differing delays, normalised and pruned.
const PLASTIC: &str = r#"
    title = "plastic and pruned"
    dt_ms = 0.5
    seed = 3
    [population.excitatory]
    size = 300
    cell = "lif"
    synapse = "delta"
    v_rest_mv = 0
    v_reset_mv = 0
    v_threshold_mv = 20
    tau_membrane_ms = 20
    refractory_ms = 2
    background = { rate_hz = 3000, weight = 0.5 }
    [projection.learning]
    source = "excitatory"
    target = "excitatory"
    rule = "fixed-in-degree"
    in_degree = 100
    weight = { uniform = [0.0, 0.4] }
    delay_ms = { uniform = [0.5, 5.0] }
    [projection.learning.plasticity]
    rule = "pair"
    tau_plus_ms = 20
    tau_minus_ms = 20
    lambda = 0.02
    alpha = 1.1
    mu_plus = 0.5
    mu_minus = 1
    weight_max = 0.4
    [projection.learning.pruning]
    policy = "static"
    threshold = 0.75
    target_compression = 0.9
    floor_per_neuron = 10
"#;

fn plastic() -> CpuEngine {
    let scene = Scene::from_toml(PLASTIC, "test", &[]).expect("sound");
    CpuEngine::new(Arc::new(scene.compile(None).expect("a network"))).expect("builds")
}

#[test]
fn looking_at_weights_that_still_have_to_learn_changes_nothing() {
    let (mut alone, mut watched) = (plastic(), plastic());
    alone.advance(1200).expect("runs");
    for round in 0..12 {
        watched.advance(100).expect("runs");
        match round % 4 {
            0 => drop(watched.weights(0).expect("weights")),
            1 => drop(watched.checkpoint().expect("a state")),
            2 => assert!(watched.request_sample(&SampleRequest { statistics: true, ..Default::default() })),
            _ => {}
        }
        let shown = match watched.activity() {
            Activity::Host { weights, .. } => weights[0].expect("mutable").to_vec(),
            _ => panic!("a CPU engine holds its state"),
        };
        assert_eq!(shown, watched.checkpoint().expect("a state").weights[0], "what is shown is what is");
    }
    let (alone, watched) = (alone.checkpoint().expect("a state"), watched.checkpoint().expect("a state"));
    assert!(alone.spike_counts.iter().sum::<u32>() > 3000, "they spike");
    assert_eq!(alone, watched);
}

#[test]
fn a_pruned_network_is_smaller_and_goes_on_from_a_checkpoint() {
    let mut engine = plastic();
    engine.advance(400).expect("runs");
    let before = engine.synapse_bytes() - engine.pending[0].as_ref().expect("plastic").bytes();
    engine.prune(0).expect("prunes");
    let left = engine.weights(0).expect("weights").iter().filter(|&&w| w >= 0.0).count();
    let total = engine.network.synapse_count_of(0);
    assert!(left as u64 * 2 < total && left >= 3000, "{left} of {total}");
    assert_eq!(engine.state.weights[0].len(), left, "nothing is kept of what is gone");
    let after = engine.synapse_bytes() - engine.pending[0].as_ref().expect("plastic").bytes();
    // One bit per former synapse, and the row table, are all that does not shrink.
    assert!(after as f64 <= before as f64 * left as f64 / total as f64 + total as f64 / 8.0 + 4.0 * 310.0);
    let mut other = plastic();
    other.restore(&engine.checkpoint().expect("a state")).expect("fits");
    for engine in [&mut engine, &mut other] {
        engine.advance(200).expect("runs");
        engine.change(&Change::Lesion { neurons: Arc::from([5, 77].as_slice()) }).expect("there");
        engine.advance(200).expect("runs");
    }
    assert_eq!(engine.checkpoint().expect("a state"), other.checkpoint().expect("a state"));
}
