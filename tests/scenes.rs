//! Scenes from outside: every built-in one, every kind of mistake, overrides, scaling, connectivity statistics, data
//! files.

use std::fs;

use proptest::prelude::*;
use spikescope::engine::check_network;
use spikescope::model::scene::{DataSource, Scene, built_in};
use spikescope::model::{Cell, Connectivity, Delays, Network, PruningPolicy, Receptor, Rule, Source, Weights};

/// A small scene with two populations and whatever is added.
fn small(extra: &str) -> String {
    format!(
        r#"
[population.e]
size = 400
synapse = "current"
v_rest_mv = -60
v_reset_mv = -60
v_threshold_mv = -50
tau_membrane_ms = 20
tau_excitatory_ms = 5
tau_inhibitory_ms = 10
leak_ns = 10
layout = {{ kind = "sheet", plane = "xz" }}
[population.i]
like = "e"
size = {{ of = "e", ratio = 0.25 }}
[population.noise]
size = 10
cell = "poisson"
rate_hz = 20
{extra}"#
    )
}

fn read(text: &str) -> Scene {
    Scene::from_toml(text, "test.toml", &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn network(text: &str) -> Network {
    let network = read(text).compile(None).unwrap_or_else(|error| panic!("{error}"));
    check_network(&network).unwrap_or_else(|error| panic!("{error}"));
    network
}

fn error_of(text: &str) -> String {
    match Scene::from_toml(text, "test.toml", &[]).and_then(|scene| scene.compile(None)) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn built_in_network(name: &str, overrides: &[&str]) -> Network {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let scene = Scene::load(name, &overrides).unwrap_or_else(|error| panic!("{error}"));
    scene.compile(None).unwrap_or_else(|error| panic!("{error}"))
}

fn rows(network: &Network, projection: usize) -> (&[u32], &[u32]) {
    match &network.projections[projection].connectivity {
        Connectivity::Sparse { row_start, target } => (row_start, target),
        other => panic!("not stored as rows: {other:?}"),
    }
}

#[test]
fn every_built_in_scene_compiles_and_frames_itself() {
    for known in built_in() {
        let scene = Scene::load(known.name, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(scene.name, known.name);
        let tells = !scene.title.is_empty() && !scene.description.is_empty() && !scene.view.tour.is_empty();
        assert!(tells && !scene.view.charts.is_empty() && !scene.view.cameras.is_empty(), "{}", known.name);
        let network = scene.compile(None).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(u64::from(network.neuron_count()), scene.neuron_count());
        check_network(&network).unwrap_or_else(|error| panic!("{}: {error}", known.name));
        let (have, expected) = (network.synapse_count() as f64, scene.expected_synapse_count() as f64);
        assert!((have / expected - 1.0).abs() < 0.1, "{}: {have} synapses, {expected} expected", known.name);
        // The opening camera sees the whole: its distance is beyond every neuron's from the middle.
        let (eye, target) = (scene.view.camera.eye, scene.view.camera.target);
        let distance = |a: [f32; 3], b: [f32; 3]| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f32>().sqrt();
        let farthest = network.positions.iter().map(|p| distance(*p, target)).fold(0.0, f32::max);
        let reach = distance(eye, target);
        assert!(reach > farthest && reach < 4.0 * farthest, "{}: {reach} for {farthest}", known.name);
    }
}

#[test]
fn the_size_of_the_excitatory_population_scales_scenes_and_keeps_their_degrees() {
    for (name, inhibitory) in [("digits", 900), ("cuba", 225), ("coba", 225), ("brunel", 225), ("sheet", 225)] {
        let network = built_in_network(name, &["population.excitatory.size=900"]);
        let sizes: Vec<(&str, u32)> = network.populations.iter().map(|p| (p.name.as_str(), p.size)).collect();
        assert!(
            sizes.contains(&("excitatory", 900)) && sizes.contains(&("inhibitory", inhibitory)),
            "{name}: {sizes:?}"
        );
        check_network(&network).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let per_neuron = |size: &str| {
        let network = built_in_network("sheet", &[&format!("population.excitatory.size={size}")]);
        network.synapse_count() as f64 / f64::from(network.neuron_count())
    };
    let (small, large) = (per_neuron("10000"), per_neuron("40000"));
    assert!((small / large - 1.0).abs() < 0.02 && large < 30.0, "{small} {large}");
}

#[test]
fn every_mistake_names_its_line_its_key_and_a_way_out() {
    // Line 2 is [population.e], line 20 the first of what is added.
    let population = |line: &str| small("").replacen("size = 400", line, 1);
    let projection = |lines: &str| small(&format!("[projection.p]\n{lines}"));
    let all = "source = \"e\"\ntarget = \"i\"\nrule = \"all-to-all\"\nweight = 1\n";
    let cases = [
        ("a = \n".into(), "test.toml:1: this is not valid TOML"),
        ("populaton = 3\n".into(), "test.toml:1: populaton: unknown key; did you mean `population`?"),
        (population("sise = 400"), "test.toml:3: population.e.sise: unknown key; did you mean `size`?"),
        (population("size = 0"), "test.toml:3: population.e.size: must be a whole number from 1"),
        (population("size = 4.5"), "test.toml:3: population.e.size: must be a whole number, not 4.5"),
        (population("size = \"data\""), "test.toml:3: population.e.size: follows the data, but the scene has none"),
        (
            population("size = { of = \"f\", ratio = 2 }"),
            "test.toml:3: population.e.size.of: there is no population `f`",
        ),
        (population("size = { of = \"i\", ratio = 2 }"), "depend on each other in a circle"),
        (population("size = 4\ndrive_pa = 3\ndrive_mv = 2"), "test.toml:4: population.e.drive_pa: cannot stand beside"),
        (small("").replace("\"sheet\"", "\"sheat\""), "there is no layout \"sheat\"; did you mean `sheet`?"),
        (population("size = 4\ncolour = \"rod\""), "test.toml:4: population.e.colour: \"rod\" is no colour"),
        (population("size = 4\nreversal_excitatory_mv = 0"), "means nothing for current synapses"),
        (population("size = 4\nrate_hz = 3"), "test.toml:4: population.e.rate_hz: unknown key"),
        (
            small("").replace("tau_membrane_ms = 20", "tau_membrane_ms = -20"),
            "test.toml:8: population.e.tau_membrane_ms: must be above 0, not -20",
        ),
        (small("").replace("tau_excitatory_ms = 5", "tau_excitatory_ms = 0"), "must be above 0, not 0"),
        (small("").replace("tau_excitatory_ms = 5\n", ""), "population.e.tau_excitatory_ms: is missing"),
        (
            small("").replace("v_reset_mv = -60", "v_reset_mv = -40"),
            "test.toml:6: population.e.v_reset_mv: -40 mV is not below",
        ),
        (small("").replace("v_rest_mv = -60", "v_rest_mv = \"low\""), "must be a number, not the text \"low\""),
        (small("").replace("rate_hz = 20", "rate_hz = 20000"), "more than one spike in every step"),
        (small("").replace("like = \"e\"", "like = \"d\""), "population.i.like: there is no population `d`"),
        (format!("dt_ms = 0\n{}", small("")), "test.toml:1: dt_ms: must be above 0, not 0"),
        (format!("dt_ms = nan\n{}", small("")), "test.toml:1: dt_ms: must be above 0"),
        (format!("seed = -1\n{}", small("")), "test.toml:1: seed: must be a whole number from 0"),
        ("dt_ms = 1\n".into(), "population: is missing"),
        (
            projection(&all.replace("\"i\"", "\"inhib\"")),
            "test.toml:22: projection.p.target: there is no population `inhib`",
        ),
        (projection(&all.replace("\"i\"", "\"noise\"")), "`noise` only sends spikes"),
        (projection(&all.replace("all-to-all", "all-to-al")), "did you mean `all-to-all`?"),
        (projection(&all.replace("all-to-all", "one-to-one")), "one-to-one needs equal sizes"),
        (projection(&all.replace("all-to-all", "fixed-probability")), "projection.p.probability: is missing"),
        (
            projection(&format!("{}probability = 1.5\n", all.replace("all-to-all", "fixed-probability"))),
            "test.toml:25: projection.p.probability: must be between 0 and 1, not 1.5",
        ),
        (projection(&format!("{all}probability = 0.5\n")), "means nothing for rule = \"all-to-all\""),
        (
            projection(&format!("{}in_degree = 500\n", all.replace("all-to-all", "fixed-in-degree"))),
            "is 500, but `e` offers only 400 neurons",
        ),
        (projection(&all.replace("weight = 1\n", "")), "projection.p.weight: is missing"),
        (projection(&format!("{all}receptor = \"inhibitory\"\n")), "is positive, 1, but the receptor is inhibitory"),
        (projection(&all.replace("weight = 1", "weight_ns = 1")), "does not fit the synapses of the target"),
        (projection(&all.replace("weight = 1", "weight = { normal = [1, -1] }")), "negative standard deviation"),
        (projection(&all.replace("weight = 1", "weight = { uniform = [2, 1] }")), "below its start 2"),
        (projection(&all.replace("weight = 1", "weight = { even = [2, 1] }")), "weight.even: unknown key"),
        (projection(&format!("{all}delay_ms = 0\n")), "projection.p.delay_ms: must be above 0"),
        (projection(&format!("{all}delay_ms = 0.01\n")), "shorter than half a step"),
        (
            projection(&format!("{all}plasticity = {{ rule = \"pair\", tau_pre_ms = 3 }}\n")),
            "plasticity.tau_pre_ms: unknown key",
        ),
        (
            projection(&format!("{}plasticity = {{ rule = \"pair\" }}\n", all.replace("= 1", "= 3"))),
            "above the largest weight 1",
        ),
        (
            projection(&format!("{all}pruning = {{ policy = \"static\", alpha = 0.1 }}\n")),
            "pruning.alpha: only goes with policy",
        ),
        (projection(&format!("{all}pruning = {{ target_compression = 2 }}\n")), "must be between 0 and 1, not 2"),
        (projection(&format!("{}file = \"none.npz\"\n", all.replace("all-to-all", "list"))), "none.npz cannot be read"),
        (
            projection(&format!("{}file = \"none.txt\"\n", all.replace("all-to-all", "list"))),
            "neither .npz, .csv nor .parquet",
        ),
        (small("[stimulus.s]\ntarget = \"noise\"\nkind = \"drive\"\n"), "stimulus.s.target: `noise` only sends spikes"),
        (small("[stimulus.s]\ntarget = \"e\"\nkind = \"spikes\"\n"), "`e` integrates"),
        (
            small("[learning]\ninput = \"noize\"\noutput = \"e\"\n"),
            "learning.input: there is no population `noize`; did you mean `noise`?",
        ),
        (small("[learning]\ninput = \"noise\"\noutput = \"e\"\n"), "has 10 neurons for images of 8 x 8"),
        (small("[learning]\ndata = \"/nowhere\"\n"), "test.toml:21: learning.data: there is no folder /nowhere"),
        (small("[view]\nfog = 2\n"), "test.toml:21: view.fog: must be between 0 and 1, not 2"),
        (small("[view]\ncamera = { focus = \"x\" }\n"), "view.camera.focus: there is no population `x`"),
        (small("[[tour]]\ncamera = \"x\"\n"), "tour.0.camera: there is no camera `x`"),
        (small("[charts]\nshow = [\"rastr\"]\n"), "there is no chart `rastr`; did you mean `raster`?"),
        (small("[[caption]]\ntext = \"a\"\nfrom_ms = 5\nuntil_ms = 4\n"), "ends before it begins"),
    ];
    let mut wrong = Vec::new();
    for (text, part) in &cases {
        let message = error_of(text);
        if !message.contains(part) || message.lines().count() != 1 {
            wrong.push(format!("expected `{part}`, got: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scene_of_the_reference_is_a_scene() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenes.md")).expect("the reference");
    let example = text.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let network = network(example);
    assert_eq!((network.neuron_count(), network.synapse_count()), (1000, 80_000));
    for known in spikescope::model::scene::CHARTS {
        assert!(text.contains(&format!("`{known}`")), "the reference does not name the chart {known}");
    }
}

#[test]
fn unknown_scenes_and_overrides_are_told_apart() {
    let message = |name: &str, overrides: &[&str]| {
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        Scene::load(name, &overrides).expect_err("wrong").to_string()
    };
    assert!(message("digit", &[]).contains("did you mean `digits`?"));
    assert!(message("nowhere/x.toml", &[]).contains("cannot be read"));
    let wrong = message("cuba", &["population.exitatory.size=3"]);
    assert!(
        wrong.starts_with("--set population.exitatory.size=3:") && wrong.contains("did you mean `excitatory`?"),
        "{wrong}"
    );
    assert!(message("cuba", &["population.excitatory.sise=3"]).contains("unknown key; did you mean `size`?"));
    assert!(
        message("cuba", &["population.excitatory.size=many"]).contains("must be a whole number, not the text \"many\"")
    );
    assert!(message("digits", &["learning.data=/nowhere"]).contains("there is no folder /nowhere"));
}

#[test]
fn input_follows_the_size_of_the_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut header = Vec::new();
    for word in [0x803_u32, 2, 5, 7] {
        header.extend(word.to_be_bytes());
    }
    fs::write(folder.path().join("train-images-idx3-ubyte"), header).expect("written");
    let path = folder.path().to_string_lossy();
    let scene = Scene::load("digits", &[format!("learning.data={path}")]).expect("reads");
    assert_eq!(scene.learning.as_ref().expect("learns").data, DataSource::Folder(folder.path().into()));
    let network = scene.compile(None).expect("compiles");
    assert_eq!((network.populations[0].size, network.populations[0].shape), (35, Some([7, 5])));
}

#[test]
fn everything_that_a_network_can_say_can_be_written() {
    let text = small(
        r#"
[population.d]
size = 50
synapse = "delta"
v_rest_mv = 0
v_reset_mv = 0
v_threshold_mv = 20
tau_membrane_ms = 20
[population.c]
size = 50
synapse = "conductance"
v_rest_mv = -70
v_reset_mv = -70
v_threshold_mv = -50
tau_membrane_ms = 20
tau_excitatory_ms = 5
tau_inhibitory_ms = 10
leak_ns = 10
background = { rate_hz = 100, weight_ns = 5 }
adaptive_threshold = { increment_mv = 1, tau_ms = 100 }
initial_membrane_mv = { normal = [-65, 2] }
initial_excitatory = 0.5
[population.list]
size = 2
cell = "spikes"
spikes_ms = [[1.0, 0.04, 1.0]]
[stimulus.push]
target = "e"
kind = "drive"
drive_pa = 50
steps_pa = [[20, 0], [10, 100]]
[projection.pair]
source = "e"
target = "e"
rule = "fixed-probability"
probability = 0.1
weight_pa = 5
delay_ms = { uniform = [0.5, 2] }
plasticity = { rule = "pair", mu_plus = 0, mu_minus = 0.4, weight_max = 2 }
[projection.triplet]
source = "noise"
target = "c"
rule = "all-to-all"
receptor = "inhibitory"
weight_ns = { uniform = [1, 5] }
plasticity = { rule = "diehl-cook" }
normalise_to = { per_input = 0.1, at_least = 3 }
pruning = { policy = "static", threshold = 0.3, every_ms = 100, floor_per_neuron = 2 }
[projection.power]
source = "noise"
target = "d"
rule = "fixed-out-degree"
out_degree = 5
weight = 0.5
plasticity = { rule = "post-power-law" }
pruning = { every_presentations = 3, start_presentations = 9, start_ms = 5, cap = 0.4 }
"#,
    );
    let network = network(&text);
    let cell = |name: &str| match &network.populations[network.population_named(name).expect("there")].cell {
        Cell::Lif(lif) => lif.clone(),
        Cell::Source(_) => panic!("{name} is a source"),
    };
    assert_eq!((cell("e").drive_mv, cell("e").drive_steps), (5.0, vec![(10.0, 10.0), (20.0, 0.0)]));
    let c = cell("c");
    assert_eq!(c.background.expect("background").weight, 0.5);
    assert_eq!(c.adaptive_threshold.expect("theta").increment_mv, 1.0);
    let Cell::Source(Source::SpikeList(lists)) = &network.populations[5].cell else { panic!("a spike list") };
    assert_eq!(lists, &[vec![1, 10], vec![]]);
    let first = network.populations[4].first as usize;
    assert_eq!(network.initial_synaptic[first], [0.5, 0.0]);
    let mean = network.initial_membrane_mv[first..first + 50].iter().sum::<f32>() / 50.0;
    assert!((mean - 5.0).abs() < 1.5, "{mean}");
    let [pair, triplet, power] = [0, 1, 2].map(|k| &network.projections[k]);
    assert!(matches!(pair.plasticity.as_ref().expect("rule").rule, Rule::Pair { mu_minus: 0.4, .. }));
    assert!(matches!(pair.weights, Weights::Constant(w) if w == 0.5) && matches!(pair.delays, Delays::PerSynapse(_)));
    assert_eq!((triplet.receptor, triplet.normalised_sum), (Receptor::Inhibitory, Some(3.0)));
    assert!(
        matches!(&triplet.weights, Weights::PerSynapse(w) if w.len() == 500 && w.iter().all(|w| (0.1..0.5).contains(w)))
    );
    assert_eq!(triplet.pruning.as_ref().expect("pruning").policy, PruningPolicy::Static { threshold: 0.3 });
    let progressive = PruningPolicy::Progressive { alpha: 0.05, beta: 0.10, cap: 0.4, initial: 0.05 };
    assert_eq!(power.pruning.as_ref().expect("pruning").policy, progressive);
    assert!(matches!(power.plasticity.as_ref().expect("rule").rule, Rule::PostPowerLaw { .. }));
}

#[test]
fn rows_are_sorted_by_delay_and_target_and_leave_themselves_out() {
    let rules = [
        ("fixed-probability", "probability = 0.1"),
        ("fixed-in-degree", "in_degree = 40"),
        ("fixed-out-degree", "out_degree = 40"),
        ("distance", "probability = 0.9\nwidth = 3\ntorus = true"),
    ];
    for (rule, keys) in rules {
        let text = small(&format!(
            "[projection.p]\nsource = \"e\"\ntarget = \"e\"\nrule = \"{rule}\"\n{keys}\nweight = {{ normal = [1, 0.3] }}\n\
             delay_ms = {{ uniform = [0.1, 2] }}\n"
        ));
        let network = network(&text);
        let (row_start, target) = rows(&network, 0);
        let Delays::PerSynapse(delays) = &network.projections[0].delays else { panic!("delays differ") };
        let mut in_degree = vec![0_u32; 400];
        for source in 0..400 {
            let range = row_start[source] as usize..row_start[source + 1] as usize;
            let keys: Vec<(u16, u32)> = range.clone().map(|k| (delays[k], target[k])).collect();
            assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{rule}: row {source} is not sorted");
            assert!(!target[range.clone()].contains(&(source as u32)), "{rule}: {source} to itself");
            let mut distinct = target[range.clone()].to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), range.len(), "{rule}: {source} reaches a target twice");
            assert!(rule != "fixed-out-degree" || range.len() == 40);
            distinct.iter().for_each(|&t| in_degree[t as usize] += 1);
        }
        assert!(rule != "fixed-in-degree" || in_degree.iter().all(|&d| d == 40));
        let mean = f64::from(row_start[400]) / 400.0;
        // 5 standard errors of a binomial mean; the Gaussian kernel's degree is 0.9 * 2 pi 3^2 (1 - exp(-4.5)) - 0.9.
        let expected = if rule == "distance" { 49.4 } else { 40.0 };
        assert!((mean - expected).abs() < 2.0, "{rule}: mean degree {mean}");
        let Weights::PerSynapse(weights) = &network.projections[0].weights else { panic!("weights differ") };
        let mean = weights.iter().sum::<f32>() / weights.len() as f32;
        assert!((mean - 1.0).abs() < 0.02 && weights.iter().all(|&w| w >= 0.0), "{rule}: mean weight {mean}");
        assert!((1..=20).contains(delays.iter().min().expect("some")) && delays.iter().all(|d| (1..=20).contains(d)));
    }
}

#[test]
fn any_number_of_threads_builds_the_same_network() {
    for name in ["sheet", "brunel", "microcircuit"] {
        let overrides = ["population.excitatory.size=4000".to_owned()];
        let overrides = if name == "microcircuit" { &[][..] } else { &overrides[..] };
        let scene = Scene::load(name, overrides).expect("reads");
        let build = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| scene.compile(Some(7)).expect("compiles"))
        };
        let (one, four) = (build(1), build(4));
        assert_eq!((&one.positions, &one.initial_membrane_mv), (&four.positions, &four.initial_membrane_mv));
        for (a, b) in one.projections.iter().zip(&four.projections) {
            assert_eq!(
                format!("{:?}", (&a.connectivity, &a.weights, &a.delays)),
                format!("{:?}", (&b.connectivity, &b.weights, &b.delays)),
                "{name}: {}",
                a.name
            );
        }
        let other = scene.compile(Some(8)).expect("compiles");
        assert_ne!(
            format!("{:?}", one.projections[0].connectivity),
            format!("{:?}", other.projections[0].connectivity)
        );
    }
}

#[test]
fn lists_are_read_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("a.csv", "pre,post,weight,delay_ms\n0,1,2.0,0.3\n0,0,1.0,0.2\n3,0,-1,0.2\n");
    let scene = |keys: &str| {
        let text = small(&format!(
            "[projection.p]\nsource = \"e\"\ntarget = \"i\"\nrule = \"list\"\nfile = \"a.csv\"\n{keys}"
        ));
        let origin = folder.path().join("scene.toml");
        Scene::from_toml(&text, &origin.to_string_lossy(), &[]).and_then(|scene| scene.compile(None))
    };
    let network = scene("").expect("fits");
    let (row_start, target) = rows(&network, 0);
    assert_eq!((&row_start[..5], target), (&[0, 2, 2, 2, 3][..], &[0, 1, 0][..]));
    let projection = &network.projections[0];
    assert!(matches!(&projection.weights, Weights::PerSynapse(w) if w == &[1.0, 2.0, -1.0]));
    assert!(matches!(&projection.delays, Delays::PerSynapse(d) if d == &[2, 3, 2]));
    let wrong = scene("receptor = \"inhibitory\"\n").expect_err("positive inhibition").to_string();
    assert!(wrong.contains("there is the weight 1"), "{wrong}");
    write("a.csv", "pre,post,weight\n400,1,2.0\n");
    let wrong = scene("").expect_err("no such neuron").to_string();
    assert!(wrong.contains("names neuron 400, but the population has 400"), "{wrong}");
    write("a.csv", "pre,post,weight\n0,400,2.0\n0,399,9\n");
    let global = scene("ids = \"global\"\n").expect("skips what belongs to others");
    assert_eq!(rows(&global, 0).1, &[0]);
}

/// The explicit network that the cross-check with NEST and Brian2 uses: its expected.json counts 20,188 excitatory
/// synapses of mean weight 1.61757904 mV.
#[test]
fn a_list_is_read_from_numpy_arrays() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/crosscheck/cuba500_spread/network.npz");
    let network = network(&small(&format!(
        "[projection.p]\nsource = \"e\"\ntarget = [\"e\", \"i\"]\nrule = \"list\"\nids = \"global\"\nfile = \"{file}\"\n"
    )));
    let mut weights = Vec::new();
    for projection in &network.projections {
        let Weights::PerSynapse(own) = &projection.weights else { panic!("one weight for all") };
        assert!(matches!(&projection.delays, Delays::PerSynapse(d) if d.iter().all(|d| (5..=30).contains(d))));
        weights.extend(own.iter().map(|&w| f64::from(w)));
    }
    assert_eq!(weights.len(), 20_188);
    assert!((weights.iter().sum::<f64>() / 20_188.0 - 1.617_579_04).abs() < 1e-6);
}

#[test]
fn a_network_that_cannot_fit_is_refused_before_it_is_built() {
    let text = small(
        "[projection.p]\nsource = \"e\"\ntarget = \"e\"\nrule = \"fixed-probability\"\nprobability = 0.9\nweight = { uniform = [0, 1] }\n",
    );
    let text = text.replacen("size = 400", "size = 2_000_000", 1);
    let message = error_of(&text);
    assert!(message.contains("of memory, but") && message.contains("projection.p"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a slip of the hand does to a scene: a message or a scene, never a panic.
    #[test]
    fn damaged_scenes_never_panic(
        which in 0_usize..8, at in 0.0_f64..1.0, length in 0_usize..12, insert in "[-a-z0-9.=\"\\[\\]{}\n ]{0,6}",
    ) {
        let text = built_in()[which % built_in().len()].text;
        let mut begin = (at * text.len() as f64) as usize;
        while !text.is_char_boundary(begin) { begin -= 1; }
        let mut end = (begin + length).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        let damaged = format!("{}{insert}{}", &text[..begin], &text[end..]);
        if let Ok(scene) = Scene::from_toml(&damaged, "damaged.toml", &[])
            && scene.neuron_count() < 20_000 && scene.expected_synapse_count() < 2_000_000
            && let Ok(network) = scene.compile(None)
        {
            prop_assert!(check_network(&network).is_ok());
        }
    }
}
