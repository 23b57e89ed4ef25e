//! Our engines against other people's simulators: spike times, rasters, statistics and weights that NEST and Brian2
//! computed in double precision (`tests/data/crosscheck`). Every test runs on every engine there is here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use spikescope::engine::{Engine, SampleRequest, Spike, cpu::CpuEngine, gpu::GpuEngine};
use spikescope::gpu::{Gpu, REQUIRE_GPU_VARIABLE};
use spikescope::model::{
    Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection, Receptor, Rule, Source, SynapseModel,
    Weights,
};

const DT_MS: f64 = 0.1;

/// The network on every engine that can run here.
fn engines(network: Network) -> Vec<Box<dyn Engine>> {
    let network = Arc::new(network);
    let mut engines: Vec<Box<dyn Engine>> = vec![Box::new(CpuEngine::new(network.clone()).expect("a sound network"))];
    match Gpu::headless(None) {
        Ok(gpu) => engines.push(Box::new(GpuEngine::new(Arc::new(gpu), network).expect("it fits the adapter"))),
        Err(error) => {
            assert!(std::env::var_os(REQUIRE_GPU_VARIABLE).is_none(), "{error}");
            eprintln!("skipped on the GPU: {error}");
        }
    }
    engines
}

/// Advances and returns all spikes of these steps.
fn run(engine: &mut dyn Engine, steps: u32) -> Vec<Spike> {
    let mut spikes = Vec::new();
    let mut left = steps;
    while left > 0 {
        let slice = left.min(500);
        engine.advance(slice).expect("advance");
        assert!(engine.request_sample(&SampleRequest { spikes: true, ..Default::default() }));
        engine.wait().expect("wait");
        let sample = engine.poll_sample().expect("the sample that was asked for");
        assert_eq!(sample.spikes_lost, 0);
        spikes.extend(sample.spikes);
        left -= slice;
    }
    spikes
}

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/crosscheck").join(path)
}

/// A larger set that does not travel with the source: looked for in `shared/reference/crosscheck` beside the crate.
fn large_data(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = root.ancestors().map(|a| a.join("shared/reference/crosscheck").join(name)).find(|p| p.is_dir());
    if found.is_none() {
        eprintln!("skipped: {name} is not at hand (shared/reference/crosscheck beside the source)");
    }
    found
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("expected.json")).expect("JSON")
}

fn floats(value: &serde_json::Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn steps_of(times_ms: &[f64]) -> Vec<u32> {
    times_ms.iter().map(|t| (t / DT_MS).round() as u32).collect()
}

/// One array of an .npz file as f64, whatever it is stored as.
fn npz(path: &Path, name: &str) -> Vec<f64> {
    let mut file = zip::ZipArchive::new(std::fs::File::open(path).expect("file")).expect("npz");
    let entry = file.by_name(&format!("{name}.npy")).unwrap_or_else(|_| panic!("{name} in {}", path.display()));
    let array = npyz::NpyFile::new(entry).expect("npy");
    match array.dtype().descr().trim_matches('\'') {
        "<u2" => array.into_vec::<u16>().expect("u16").into_iter().map(f64::from).collect(),
        "<i4" => array.into_vec::<i32>().expect("i32").into_iter().map(f64::from).collect(),
        _ => array.into_vec::<f64>().expect("f64"),
    }
}

fn population(name: &str, first: u32, size: u32, cell: Cell) -> Population {
    Population { name: name.into(), first, size, cell, shape: None, colour: [1.0; 3] }
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

fn network(populations: Vec<Population>, projections: Vec<Projection>) -> Network {
    Network { name: "crosscheck".into(), dt_ms: DT_MS, seed: 1, populations, projections, ..Default::default() }
}

// One neuron, constant current.

#[test]
fn constant_current_gives_the_spike_steps_of_nest_and_brian2() {
    let expected = json(&data("lif_constant_current/expected.json"));
    let parameter = |name: &str| expected["parameters"][name].as_f64().expect(name);
    let exponential = SynapseModel::Current { tau_excitatory_ms: 2.0, tau_inhibitory_ms: 2.0 };
    let conductance = SynapseModel::Conductance {
        tau_excitatory_ms: 2.0,
        tau_inhibitory_ms: 2.0,
        reversal_excitatory_mv: 0.0,
        reversal_inhibitory_mv: -80.0,
    };
    let mut populations = Vec::new();
    let mut known = Vec::new();
    for (name, case) in expected["cases"].as_object().expect("cases") {
        let nest = steps_of(&floats(&case["nest_iaf_psc_exp_ms"]));
        let brian2: Vec<u32> = steps_of(&floats(&case["brian2_ms"])).iter().map(|s| s + 1).collect();
        assert_eq!(nest, brian2, "{name}: the references agree (Brian2 stamps the start of a step)");
        for synapse in [SynapseModel::Delta, exponential, conductance] {
            let lif = Lif {
                v_rest_mv: parameter("E_L_mV"),
                v_reset_mv: parameter("V_reset_mV"),
                v_threshold_mv: parameter("V_th_mV"),
                tau_membrane_ms: parameter("tau_m_ms"),
                refractory_ms: case["t_ref_ms"].as_f64().expect("t_ref_ms"),
                synapse,
                drive_mv: case["I_pA"].as_f64().expect("I_pA") * parameter("tau_m_ms") / parameter("C_m_pF"),
                drive_steps: Vec::new(),
                background: None,
                adaptive_threshold: None,
            };
            populations.push(population(&format!("{name}, {synapse:?}"), known.len() as u32, 1, Cell::Lif(lif)));
            known.push(nest.clone());
        }
    }
    assert_eq!(known.len(), 24);
    let steps = (parameter("duration_ms") / DT_MS).round() as u32;
    let network = network(populations, Vec::new());
    for mut engine in engines(network.clone()) {
        let spikes = run(engine.as_mut(), steps);
        for (neuron, known) in known.iter().enumerate() {
            let ours: Vec<u32> = spikes.iter().filter(|s| s.neuron == neuron as u32).map(|s| s.step).collect();
            assert_eq!(&ours, known, "{}: {}", engine.name(), network.populations[neuron].name);
        }
    }
}

// Pair STDP.

/// Sources that fire at given steps, targets that are made to fire at given steps by a strong input one step earlier,
/// and learning synapses between them: all to all, or only k to k.
fn stdp_network(
    rule: &Rule,
    weight: f32,
    weight_max: f32,
    pre: &[Vec<u32>],
    post: &[Vec<u32>],
    dense: bool,
) -> Network {
    let size = pre.len() as u32;
    // Forgets within a step, and only the forcing input reaches the threshold.
    let target = Lif {
        v_rest_mv: 0.0,
        v_reset_mv: 0.0,
        v_threshold_mv: 10_000.0,
        tau_membrane_ms: 0.005,
        refractory_ms: 0.0,
        synapse: SynapseModel::Delta,
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: None,
        adaptive_threshold: None,
    };
    let force: Vec<Vec<u32>> = post.iter().map(|steps| steps.iter().map(|s| s - 1).collect()).collect();
    let connectivity = if dense {
        Connectivity::AllToAll
    } else {
        Connectivity::Sparse { row_start: (0..=size).collect(), target: (0..size).collect() }
    };
    let mut learning = projection(0, 2, connectivity, Weights::Constant(weight), Delays::Constant(1));
    learning.plasticity = Some(Plasticity { rule: rule.clone(), weight_max });
    let forcing = projection(1, 2, Connectivity::OneToOne, Weights::Constant(20_000.0), Delays::Constant(1));
    let populations = vec![
        population("pre", 0, size, Cell::Source(Source::SpikeList(pre.to_vec()))),
        population("force", size, size, Cell::Source(Source::SpikeList(force))),
        population("post", 2 * size, size, Cell::Lif(target)),
    ];
    network(populations, vec![learning, forcing])
}

struct StdpReference {
    expected: serde_json::Value,
    weight_start: f32,
    weight_max: f32,
}

impl StdpReference {
    fn read() -> Self {
        let expected = json(&data("stdp_pair/expected.json"));
        let parameter = |name: &str| expected["parameters"][name].as_f64().expect(name) as f32;
        let (weight_start, weight_max) = (parameter("w0"), parameter("Wmax"));
        Self { weight_start, weight_max, expected }
    }

    fn rule(&self, name: &str) -> Rule {
        let parameter = |name: &str| self.expected["parameters"][name].as_f64().expect(name);
        let exponent = |which: &str| self.expected["rules"][name][which].as_f64().expect(which);
        Rule::Pair {
            tau_plus_ms: parameter("tau_plus_ms"),
            tau_minus_ms: parameter("tau_minus_ms"),
            lambda: parameter("lambda_"),
            alpha: parameter("alpha"),
            mu_plus: exponent("mu_plus"),
            mu_minus: exponent("mu_minus"),
        }
    }

    fn assert_close(&self, ours: f32, reference: f64, what: &str) {
        let difference = (f64::from(ours) - reference).abs() / f64::from(self.weight_max);
        assert!(difference < 1e-5, "{what}: {ours}, reference {reference}");
    }
}

#[test]
fn the_stdp_window_is_that_of_brian2_and_nest() {
    const PRE: i64 = 2000;
    let reference = StdpReference::read();
    // The synapse sees NEST's post spikes after a dendritic delay of 1 ms: for us they simply come later.
    let delay_steps = (reference.expected["parameters"]["delay_ms"].as_f64().expect("delay") / DT_MS).round() as i64;
    let text = std::fs::read_to_string(data("stdp_pair/curve.csv")).expect("curve.csv");
    for name in ["additive", "multiplicative"] {
        let rows: Vec<Vec<f64>> = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(','))
            .map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect())
            .collect();
        assert_eq!(rows.len(), 60);
        for (column, shift) in [(1, 0), (3, delay_steps)] {
            let pre = vec![vec![PRE as u32]; rows.len()];
            let post_step = |row: &Vec<f64>| (PRE + (row[0] / DT_MS).round() as i64 + shift) as u32;
            let post: Vec<Vec<u32>> = rows.iter().map(|row| vec![post_step(row)]).collect();
            for dense in [false, true] {
                let rule = reference.rule(name);
                let network = stdp_network(&rule, reference.weight_start, reference.weight_max, &pre, &post, dense);
                for mut engine in engines(network) {
                    let spikes = run(engine.as_mut(), 3000);
                    assert_eq!(spikes.len(), 3 * rows.len(), "every neuron fires once");
                    let weights = engine.weights(0).expect("weights");
                    for (k, row) in rows.iter().enumerate() {
                        let ours = weights[if dense { k * rows.len() + k } else { k }];
                        let what = format!("{} {name} dense {dense} delta {} ms", engine.name(), row[0]);
                        reference.assert_close(ours, row[column], &what);
                    }
                }
            }
        }
    }
}

#[test]
fn two_spike_trains_give_the_weights_of_brian2_after_every_event_and_of_nest_at_the_end() {
    let reference = StdpReference::read();
    let delay_ms = reference.expected["parameters"]["delay_ms"].as_f64().expect("delay");
    for name in ["additive", "multiplicative"] {
        let facts = &reference.expected["rules"][name];
        let pre = steps_of(&floats(&facts["train_pre_ms"]));
        let post_ms = floats(&facts["train_post_ms"]);
        let last = steps_of(&post_ms).into_iter().chain(pre.iter().copied()).max().expect("spikes") + 20;
        let rule = reference.rule(name);
        let build = |post: Vec<u32>| {
            stdp_network(
                &rule,
                reference.weight_start,
                reference.weight_max,
                std::slice::from_ref(&pre),
                &[post],
                false,
            )
        };
        for mut engine in engines(build(steps_of(&post_ms))) {
            let events = facts["train_weight_after_each_event_no_delay (time_ms, 0=pre 1=post, weight)"]
                .as_array()
                .expect("events");
            assert_eq!(events.len(), 80);
            for event in events.iter().map(floats) {
                let step = (event[0] / DT_MS).round() as u64;
                engine.advance((step - engine.step()) as u32).expect("advance");
                let ours = engine.weights(0).expect("weights")[0];
                reference.assert_close(ours, event[2], &format!("{} {name} at {} ms", engine.name(), event[0]));
            }
        }
        let delayed: Vec<f64> = post_ms.iter().map(|t| t + delay_ms).collect();
        for mut engine in engines(build(steps_of(&delayed))) {
            engine.advance(last).expect("advance");
            let nest = facts["train_final_weight"]["nest_dendritic_delay"].as_f64().expect("weight");
            reference.assert_close(engine.weights(0).expect("weights")[0], nest, &format!("{} {name}", engine.name()));
        }
    }
}

// Networks.

/// The synapses of a listed network: one projection of the first `excitatory` neurons, one of the others.
struct Listed {
    from: Vec<usize>,
    to: Vec<u32>,
    weight: Vec<f32>,
    delay: Vec<u16>,
    excitatory: usize,
}

impl Listed {
    /// Compressed rows, sorted by (delay, target), of the synapses that `keep` lets through.
    fn projection(&self, neurons: usize, receptor: Receptor) -> Projection {
        let keep = |source: usize| (source < self.excitatory) == (receptor == Receptor::Excitatory);
        let mut order: Vec<usize> = (0..self.from.len()).filter(|&k| keep(self.from[k])).collect();
        order.sort_by_key(|&k| (self.from[k], self.delay[k], self.to[k]));
        let mut row_start = vec![0_u32; neurons + 1];
        for &k in &order {
            row_start[self.from[k] + 1] += 1;
        }
        for neuron in 0..neurons {
            row_start[neuron + 1] += row_start[neuron];
        }
        let target = order.iter().map(|&k| self.to[k]).collect();
        let weights = Weights::PerSynapse(order.iter().map(|&k| self.weight[k]).collect());
        let delays = Delays::PerSynapse(order.iter().map(|&k| self.delay[k]).collect());
        let connectivity = Connectivity::Sparse { row_start, target };
        Projection { receptor, ..projection(0, 0, connectivity, weights, delays) }
    }
}

fn vogels_abbott(lif: Lif, listed: &Listed, v0_mv: &[f64]) -> Network {
    let neurons = v0_mv.len();
    let rest = lif.v_rest_mv;
    let mut network = network(
        vec![population("cells", 0, neurons as u32, Cell::Lif(lif))],
        vec![listed.projection(neurons, Receptor::Excitatory), listed.projection(neurons, Receptor::Inhibitory)],
    );
    network.initial_membrane_mv = v0_mv.iter().map(|v| (v - rest) as f32).collect();
    network
}

fn cuba_cell() -> Lif {
    Lif {
        v_rest_mv: -49.0,
        v_reset_mv: -60.0,
        v_threshold_mv: -50.0,
        tau_membrane_ms: 20.0,
        refractory_ms: 5.0,
        synapse: SynapseModel::Current { tau_excitatory_ms: 5.0, tau_inhibitory_ms: 10.0 },
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: None,
        adaptive_threshold: None,
    }
}

fn coba_cell() -> Lif {
    Lif {
        v_rest_mv: -60.0,
        synapse: SynapseModel::Conductance {
            tau_excitatory_ms: 5.0,
            tau_inhibitory_ms: 10.0,
            reversal_excitatory_mv: 0.0,
            reversal_inhibitory_mv: -80.0,
        },
        ..cuba_cell()
    }
}

/// Mean over neurons with at least three spikes of the standard deviation of intervals over their mean.
fn isi_cv_mean(spikes: &[Spike], neurons: usize) -> f64 {
    let mut times = vec![Vec::new(); neurons];
    for spike in spikes {
        times[spike.neuron as usize].push(f64::from(spike.step));
    }
    let cv = |times: &Vec<f64>| {
        let intervals: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
        let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
        let variance = intervals.iter().map(|i| (i - mean).powi(2)).sum::<f64>() / intervals.len() as f64;
        variance.sqrt() / mean
    };
    let all: Vec<f64> = times.iter().filter(|times| times.len() >= 3).map(cv).collect();
    all.iter().sum::<f64>() / all.len() as f64
}

/// How many of the sorted reference spikes up to `step` are not among ours or the other way round.
fn differences(ours: &[Spike], reference: &[Spike], step: u32) -> (usize, usize) {
    let until = |spikes: &[Spike]| spikes.iter().copied().filter(|s| s.step <= step).collect::<Vec<_>>();
    let (ours, reference) = (until(ours), until(reference));
    let missing = reference.iter().filter(|s| ours.binary_search(s).is_err()).count();
    let extra = ours.iter().filter(|s| reference.binary_search(s).is_err()).count();
    (missing.max(extra), reference.len())
}

fn cuba500(variant: &str) {
    let folder = data(variant);
    let file = folder.join("network.npz");
    let listed = Listed {
        from: npz(&file, "i").into_iter().map(|i| i as usize).collect(),
        to: npz(&file, "j").into_iter().map(|j| j as u32).collect(),
        weight: npz(&file, "w_mV").into_iter().map(|w| w as f32).collect(),
        delay: npz(&file, "delay_steps").into_iter().map(|d| d as u16).collect(),
        excitatory: npz(&file, "n_exc")[0] as usize,
    };
    let network = vogels_abbott(cuba_cell(), &listed, &npz(&file, "v0_mV"));
    let nest = folder.join("nest_spikes.npz");
    let mut reference: Vec<Spike> = steps_of(&npz(&nest, "time_ms"))
        .into_iter()
        .zip(npz(&nest, "sender"))
        .map(|(step, sender)| Spike { step, neuron: sender as u32 - 1 })
        .collect();
    reference.sort_unstable();
    let expected = json(&folder.join("expected.json"));
    for mut engine in engines(network) {
        let spikes = run(engine.as_mut(), 10_000);
        let name = engine.name();
        assert_eq!(differences(&spikes, &reference, 600).0, 0, "{name} {variant}: the first 60 ms are NEST's");
        let (differ, of) = differences(&spikes, &reference, 1000);
        assert!(differ * 100 <= of, "{name} {variant}: {differ} of {of} spikes differ up to 100 ms");
        let count = spikes.len() as f64 / expected["spikes"]["spike_count"].as_f64().expect("count");
        assert!((count - 1.0).abs() < 0.06, "{name} {variant}: {count} of NEST's spike count");
        let cv = isi_cv_mean(&spikes, 500) - expected["spikes"]["isi_cv_mean"].as_f64().expect("cv");
        assert!(cv.abs() < 0.05, "{name} {variant}: ISI CV differs by {cv}");
        let same_until = (0..=10_000).rev().find(|&s| differences(&spikes, &reference, s).0 == 0).unwrap_or(0);
        eprintln!(
            "{name} {variant}: identical to NEST for {} ms; {differ} of {of} differ up to 100 ms; count x {count:.4}; \
             ISI CV {cv:+.4}",
            f64::from(same_until) * DT_MS
        );
    }
}

#[test]
fn five_hundred_neurons_with_uniform_weights_fire_as_in_nest() {
    cuba500("cuba500_uniform");
}

#[test]
fn five_hundred_neurons_with_spread_weights_and_delays_fire_as_in_nest() {
    cuba500("cuba500_spread");
}

/// Reads a 4,000-neuron set; weights by sign of the source.
fn vogels_abbott_4000(folder: &Path, lif: Lif, excitatory: f32, inhibitory: f32) -> Network {
    let file = folder.join("network.npz");
    let from: Vec<usize> = npz(&file, "i").into_iter().map(|i| i as usize).collect();
    let boundary = npz(&file, "n_exc")[0] as usize;
    let delay = (npz(&file, "delay_ms")[0] / DT_MS).round() as u16;
    let listed = Listed {
        to: npz(&file, "j").into_iter().map(|j| j as u32).collect(),
        weight: from.iter().map(|&i| if i < boundary { excitatory } else { inhibitory }).collect(),
        delay: vec![delay; from.len()],
        excitatory: boundary,
        from,
    };
    vogels_abbott(lif, &listed, &npz(&file, "v0_mV"))
}

#[test]
fn four_thousand_neurons_with_current_synapses_fire_as_often_as_in_nest() {
    let Some(folder) = large_data("va4000_cuba") else { return };
    let expected = json(&folder.join("expected.json"));
    let network = vogels_abbott_4000(&folder, cuba_cell(), 1.0125, -5.625);
    for mut engine in engines(network) {
        let spikes = run(engine.as_mut(), 10_000);
        let count = spikes.len() as f64 / expected["nest"]["spike_count"].as_f64().expect("count");
        let cv = isi_cv_mean(&spikes, 4000) - expected["nest"]["isi_cv_mean"].as_f64().expect("cv");
        eprintln!("{} cuba: {count:.4} of the spike count of NEST and Brian2, ISI CV {cv:+.4}", engine.name());
        assert!((count - 1.0).abs() < 0.06, "{}: {count} of the reference's spike count", engine.name());
        assert!(cv.abs() < 0.05, "{}: ISI CV differs by {cv}", engine.name());
    }
}

/// The references differ by 7 % among themselves (exponential Euler, adaptive Runge-Kutta): ours must be within 8 % of
/// both.
#[test]
fn four_thousand_neurons_with_conductances_fire_as_often_as_in_nest_and_brian2() {
    let Some(folder) = large_data("va4000_coba") else { return };
    const LEAK_NS: f64 = 10.0;
    let expected = json(&folder.join("expected.json"));
    let mut network = vogels_abbott_4000(&folder, coba_cell(), (6.0 / LEAK_NS) as f32, (67.0 / LEAK_NS) as f32);
    let file = folder.join("network.npz");
    let leak = |g: &f64| (g / LEAK_NS) as f32;
    network.initial_synaptic =
        npz(&file, "ge0_nS").iter().zip(&npz(&file, "gi0_nS")).map(|(ge, gi)| [leak(ge), leak(gi)]).collect();
    for mut engine in engines(network) {
        let spikes = run(engine.as_mut(), 10_000);
        for simulator in ["nest", "brian2"] {
            let ratio = spikes.len() as f64 / expected[simulator]["spike_count"].as_f64().expect("count");
            let cv = isi_cv_mean(&spikes, 4000) - expected[simulator]["isi_cv_mean"].as_f64().expect("cv");
            eprintln!("{} coba: {ratio:.4} of the rate of {simulator}, ISI CV {cv:+.4}", engine.name());
            assert!((ratio - 1.0).abs() < 0.08, "{}: {ratio} of the rate of {simulator}", engine.name());
            assert!(cv.abs() < 0.1, "{}: ISI CV differs from {simulator}'s by {cv}", engine.name());
        }
    }
}
