//! Training runs: from the library, the same state whether a run was stopped or not, on both engines; from outside, what
//! `train` and `compare` write, and how mistakes and Ctrl-C end.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use spikescope::engine::gpu::GpuEngine;
use spikescope::engine::{Checkpoint, Engine, cpu::CpuEngine};
use spikescope::learn::{LearnError, Progress, Trainer, open_data};
use spikescope::model::scene::Scene;

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/program.rs"]
mod program;

use program::{json, program, stderr};

/// A small network that learns fast, pruned every 3 images from the fourth on.
const QUICK: [&str; 8] = [
    "population.excitatory.size=12",
    "learning.present_ms=40",
    "learning.rest_ms=10",
    "learning.summed_rate_hz=20000",
    "learning.max_retries=2",
    "learning.min_spikes=2",
    "learning.label_window=20",
    "learning.test_images=40",
];

fn scene(more: &[&str]) -> Scene {
    let set: Vec<String> = QUICK.iter().chain(more).map(|&text| text.to_owned()).collect();
    Scene::load("digits", &set).expect("the built-in scene")
}

/// A trainer on an engine that `build` makes.
fn trainer(scene: &Scene, build: &dyn Fn(Arc<spikescope::model::Network>) -> Box<dyn Engine>) -> Trainer {
    let network = Arc::new(scene.compile(None).expect("a network"));
    let learning = scene.learning.as_ref().expect("learns");
    let (train, _) = open_data(learning).expect("data");
    Trainer::new(build(network), learning, Arc::new(train), 40).expect("fits")
}

fn on_cpu(network: Arc<spikescope::model::Network>) -> Box<dyn Engine> {
    Box::new(CpuEngine::new(network).expect("sound"))
}

fn run(trainer: &mut Trainer, images: u64, stop_at: u64) -> bool {
    let mut watch = |progress: &Progress<'_>| Ok::<bool, LearnError>(progress.images < stop_at);
    trainer.train(images, &mut watch).expect("runs")
}

/// State after training, and what a test of the frozen network answers.
fn outcome(scene: &Scene, trainer: &mut Trainer) -> (u64, Vec<Vec<u64>>, u64) {
    let trained = trainer.engine().checkpoint().expect("state").hash();
    let (_, test) = open_data(scene.learning.as_ref().expect("learns")).expect("data");
    let mut watch = |_: &Progress<'_>| Ok::<bool, LearnError>(true);
    let tested = trainer.test(Arc::new(test), 40, &mut watch).expect("runs").expect("to its end");
    assert_eq!(tested.confusion.total(), 40);
    let rows = tested.confusion.rows().map(<[u64]>::to_vec).collect();
    (trained, rows, trainer.engine().checkpoint().expect("state").hash())
}

const PRUNINGS: [&str; 6] = [
    "{ policy = \"progressive\", every_presentations = 3, start_presentations = 4, target_compression = 0.9 }",
    "{ policy = \"progressive\", every_presentations = 3, reinforce = \"before\", normalise_over = \"all\" }",
    "{ policy = \"static\", threshold = 0.05, start_presentations = 9, every_presentations = 1, periods = 1 }",
    "{ policy = \"soft\", threshold = 0.06, soft_weight = 0.01, every_presentations = 4 }",
    "{ policy = \"percentile\", share_per_period = 0.1, every_presentations = 4 }",
    "{ policy = \"random\", share_per_period = 0.1, every_presentations = 4 }",
];

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_state() {
    let encodings = ["learning.encoding=poisson", "learning.encoding=time-to-first-spike"];
    for (index, pruning) in PRUNINGS.iter().enumerate() {
        let pruning = format!("projection.features.pruning={pruning}");
        let scene = scene(&[&pruning, encodings[index % 2]]);
        let mut whole = trainer(&scene, &on_cpu);
        assert!(run(&mut whole, 40, u64::MAX));
        let history = whole.history().clone();
        assert_eq!(history.points.len(), 40);
        let expected = outcome(&scene, &mut whole);

        // Stopped before the first image, between two, right before a pruning period, and once more.
        let mut saved: Option<(String, Vec<u8>)> = None;
        for stop in [0, 5, 12, 12, 31, u64::MAX] {
            let mut part = trainer(&scene, &on_cpu);
            if let Some((training, bytes)) = saved.take() {
                let state = Checkpoint::from_bytes(&bytes).expect("sound");
                part.engine().restore(&state).expect("the same network");
                // By way of text, as on disk.
                part.restore(serde_json::from_str(&training).expect("reads back")).expect("fits");
            }
            let is_done = run(&mut part, 40, stop);
            assert_eq!(is_done, stop == u64::MAX);
            if is_done {
                assert_eq!(part.history(), &history, "{pruning}");
                assert_eq!(outcome(&scene, &mut part), expected, "{pruning}");
            } else {
                let text = serde_json::to_string(&part.saved().expect("saved")).expect("text");
                saved = Some((text, part.engine().checkpoint().expect("state").to_bytes()));
            }
        }
    }
}

#[test]
fn what_is_measured_is_what_happened() {
    let scene = scene(&[&format!("projection.features.pruning={}", PRUNINGS[0])]);
    let mut trainer = trainer(&scene, &on_cpu);
    trainer.keep_spikes();
    let network = Arc::clone(trainer.engine().network());
    let (mut spikes, mut showings, mut told) = (Vec::new(), 0, Vec::new());
    let mut watch = |progress: &Progress<'_>| {
        spikes.extend_from_slice(progress.spikes);
        showings += progress.showings.len();
        told.extend_from_slice(progress.periods);
        Ok::<bool, LearnError>(true)
    };
    assert!(trainer.train(40, &mut watch).expect("runs"));
    let history = trainer.history();
    assert_eq!(history.periods, told);
    let due: Vec<u64> = history.periods.iter().map(|p| p.images).collect();
    assert_eq!(due[..3], [4, 7, 10]);
    // T follows the published rule from period to period, whatever was learned in between.
    for pair in history.periods.windows(2) {
        let (this, next) = (&pair[0], &pair[1]);
        assert_eq!(this.next_threshold, next.threshold);
        assert_eq!(this.remaining, next.remaining_before);
        let left = this.remaining as f64 / this.total as f64;
        assert!((this.next_threshold - (this.threshold + 0.05 * left).min(0.7)).abs() < 1e-6, "{this:?}");
    }
    let sum = |of: &dyn Fn(&spikescope::learn::HistoryPoint) -> f64| history.points.iter().map(of).sum::<f64>();
    assert_eq!(sum(&|p| p.spikes_per_image) as usize, spikes.len());
    let output = network.populations[network.population_named("excitatory").expect("there")].neurons();
    let output_spikes = spikes.iter().filter(|spike| output.contains(&spike.neuron)).count();
    // Spikes during the rests belong to no showing.
    assert!(sum(&|p| p.output_spikes_per_image) <= output_spikes as f64);
    assert_eq!(sum(&|p| 1.0 + p.repeats_per_image) as usize, showings);
    // Each accumulate is a spike at a synapse: at most all synapses of its neuron, and fewer once some are gone.
    let fan_out = |neuron: u32| match network.population_of(neuron) {
        0 => 12,
        1 => 1,
        _ => 11,
    };
    let most: u64 = spikes.iter().map(|spike| fan_out(spike.neuron)).sum();
    let measured = sum(&|p| p.effective_accumulates_per_image);
    assert!(measured < 0.95 * most as f64 && measured > 0.1 * most as f64, "{measured} of {most}");
}

#[test]
fn both_engines_train_alike() {
    let Some(gpu) = adapter::gpu() else { return };
    for pruning in PRUNINGS {
        let scene = scene(&[&format!("projection.features.pruning={pruning}"), "learning.max_retries=0"]);
        let on_gpu =
            |network| -> Box<dyn Engine> { Box::new(GpuEngine::new(Arc::clone(&gpu), network).expect("fits")) };
        let mut host = trainer(&scene, &on_cpu);
        let mut device = trainer(&scene, &on_gpu);
        assert!(run(&mut host, 10, u64::MAX) && run(&mut device, 10, u64::MAX));
        let [a, b] = [&mut host, &mut device].map(|t| t.engine().checkpoint().expect("state"));
        assert_eq!(a.spike_counts, b.spike_counts, "{pruning}");
        assert_eq!(a.thresholds, b.thresholds, "{pruning}");
        assert!(a.weights == b.weights, "weights differ: {pruning}");
        let gone = a.weights.iter().flatten().filter(|w| **w < 0.0).count();
        assert!(gone > 0 || pruning.contains("soft"), "nothing was pruned: {pruning}");
        assert_eq!(host.history().periods, device.history().periods);
        assert_eq!(gpu.take_fault(), None);
    }
}

fn train(folder: &Path, more: &[&str]) -> Output {
    let mut command = program();
    command.current_dir(folder).args(["train", "digits", "--engine", "cpu", "--images", "60"]);
    for set in QUICK {
        command.args(["--set", set]);
    }
    command.args(more).output().expect("runs")
}

#[test]
fn a_report_and_its_page_tell_the_run() {
    let folder = tempfile::tempdir().expect("folder");
    let pruned = train(
        folder.path(),
        &["--prune", "progressive:every_presentations=4,alpha=0.02", "--report", "a.json", "--json"],
    );
    assert!(pruned.status.success(), "{}", stderr(&pruned));
    let report = json(&pruned.stdout);
    let file = json(&fs::read(folder.path().join("a.json")).expect("written"));
    assert_eq!(report, file);
    assert_eq!(report["images"], 60);
    assert_eq!(report["test"]["images"], 40);
    let rows = report["test"]["confusion"].as_array().expect("rows");
    let answers: u64 = rows.iter().flat_map(|row| row.as_array().expect("a row")).filter_map(|n| n.as_u64()).sum();
    assert_eq!(answers, 40);
    let periods = report["history"]["periods"].as_array().expect("a list");
    assert_eq!(periods[0]["images"], 30, "the middle");
    let left = periods.last().expect("some")["remaining"].as_u64().expect("a count");
    assert_eq!(report["compression"][0]["remaining"], left);
    let sparsity = report["neurobench"]["connection_sparsity"].as_f64().expect("a share");
    assert!((sparsity - (1.0 - left as f64 / 768.0)).abs() < 1e-9);
    let bench = &report["neurobench"];
    let nj = bench["effective_accumulates_per_image"].as_f64().expect("a number") * 23.6e-3;
    assert!((report["energy"]["estimate_nj_per_image"].as_f64().expect("a number") - nj).abs() < 1e-6);
    assert!(report["order"][0].as_str().expect("words").contains("reinforce"));
    assert_eq!(report.as_object().expect("an object").keys().next_back().map(String::as_str), Some("state_hash"));
    let again = train(
        folder.path(),
        &["--prune", "progressive:every_presentations=4,alpha=0.02", "--report", "b.json", "--quiet"],
    );
    assert!(again.status.success() && again.stdout.is_empty(), "{}", stderr(&again));
    let second = json(&fs::read(folder.path().join("b.json")).expect("written"));
    assert_eq!(second["state_hash"], report["state_hash"], "the same seed gives the same state");
    assert_eq!(second["history"], report["history"]);
    let page = fs::read_to_string(folder.path().join("a.html")).expect("written");
    for word in ["<!doctype html>", "right of 40 test images", "estimate", "Receptive fields", "data:image/png;base64,"]
    {
        assert!(page.contains(word), "{word} is not on the page");
    }
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org/2000/svg").count()
    );
    assert_eq!(page.matches("<figure>").count(), page.matches("</figure>").count());

    let unpruned = train(folder.path(), &["--report", "c.json", "--seed", "2"]);
    assert!(String::from_utf8_lossy(&unpruned.stdout).contains("% of the test images right"));
    let mut compare = program();
    let output = compare
        .current_dir(folder.path())
        .args(["compare", "a.json", "c.json", "--out", "both.html"])
        .output()
        .expect("runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let both = fs::read_to_string(folder.path().join("both.html")).expect("written");
    assert!(both.contains("2 training runs side by side") && both.contains("progressive"));
    let names: Vec<String> = fs::read_dir(folder.path())
        .expect("folder")
        .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(names.iter().all(|name| !name.contains("partial") && !name.contains("checkpoint")), "{names:?}");
}

/// Exit code 2, one message with these words, and nothing under the report's name.
fn assert_refused(folder: &Path, output: &Output, words: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.starts_with("error: ") && !message.contains("panicked"), "{message}");
    assert!(words.iter().all(|word| message.contains(word)), "{words:?} not in {message}");
    for name in ["r.json", "r.html", "r.json.partial", "r.html.partial", "r.checkpoint"] {
        assert!(!folder.join(name).exists(), "{name} was left");
    }
}

/// A folder of IDX files: images of 3 x 2 pixels.
fn idx(folder: &Path, images: u32, labels: u32) {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let pixels: Vec<u8> = (0..images * 6).map(|k| (k * 37 % 256) as u8).collect();
    fs::create_dir_all(folder).expect("folder");
    fs::write(folder.join("train-images-idx3-ubyte"), [words(&[0x0803, images, 2, 3]), pixels].concat()).expect("file");
    let classes: Vec<u8> = (0..labels).map(|k| (k % 3) as u8).collect();
    fs::write(folder.join("train-labels-idx1-ubyte"), [words(&[0x0801, labels]), classes].concat()).expect("file");
}

#[test]
fn damaged_data_and_wrong_wishes_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("folder");
    let place = folder.path();
    let refused = |more: &[&str], words: &[&str]| {
        let output = train(place, &[more, &["--report", "r.json"]].concat());
        assert_refused(place, &output, words);
    };
    let images = place.join("data/train-images-idx3-ubyte");
    idx(&place.join("data"), 8, 7);
    refused(&["--data", "data"], &["7 labels for 8 images", "labels that belong"]);
    idx(&place.join("data"), 8, 8);
    refused(&["--data", "data", "--set", "population.input.size=9"], &["population.input", "9"]);
    let whole = fs::read(&images).expect("file");
    fs::write(&images, &whole[..whole.len() - 5]).expect("file");
    refused(&["--data", "data"], &["only 43 of 48 bytes", "cut short"]);
    fs::write(&images, [&[0, 0, 8, 1], &whole[4..]].concat()).expect("file");
    refused(&["--data", "data"], &["not an IDX file of images"]);
    let mnist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist/t10k-images-idx3-ubyte.gz");
    if let Ok(zipped) = fs::read(mnist) {
        fs::remove_file(&images).expect("removed");
        fs::write(images.with_extension("gz"), &zipped[..zipped.len() / 2]).expect("file");
        refused(&["--data", "data"], &["cut short"]);
    } else {
        eprintln!("skipped the truncated gzip: no MNIST beside the repository");
    }
    refused(&["--data", "nowhere"], &["nowhere"]);
    refused(&["--prune", "progresive"], &["progresive", "known: none, static, progressive"]);
    refused(&["--prune", "static:alpha=0.1"], &["pruning.alpha: only goes with policy"]);
    refused(&["--chip", "potato"], &["potato", "loihi"]);
    refused(&["--resume"], &["r.checkpoint", "without --resume"]);
    let output = program().current_dir(place).args(["train", "cuba", "--report", "r.json"]).output().expect("runs");
    assert_refused(place, &output, &["no [learning] section"]);
    let output = train(place, &["--report", "no/where/r.json"]);
    assert_refused(place, &output, &["there is no folder no/where"]);
    fs::write(place.join("x.json"), "{}").expect("file");
    let compare = program().current_dir(place).args(["compare", "x.json", "--out", "r.html"]).output().expect("runs");
    assert_refused(place, &compare, &["x.json", "no report of `spikescope train`"]);
    // The same folder, whole: images of any size train.
    let _ = fs::remove_file(images.with_extension("gz"));
    idx(&place.join("data"), 60, 60);
    let output = train(place, &["--data", "data", "--report", "r.json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    // Weights may have been learned away; nothing was pruned.
    let report = json(&fs::read(place.join("r.json")).expect("written"));
    for projection in report["compression"].as_array().expect("a list") {
        assert_eq!(projection["remaining"], projection["synapses"]);
        assert_eq!(projection["remaining_percent"], 100.0);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_checkpoint_that_goes_on_to_the_same_state() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    let folder = tempfile::tempdir().expect("folder");
    let start = |images: &str, more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
        command.current_dir(folder.path()).args(["train", "digits", "--engine", "cpu", "--test", "40", "--quiet"]);
        command.args(["--prune", "percentile:moment=start,every_presentations=50", "--images", images]).args(more);
        for set in QUICK {
            command.args(["--set", set]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts")
    };
    let end = |child: std::process::Child| child.wait_with_output().expect("ends");
    let read = |name: &str| json(&fs::read(folder.path().join(name)).expect("written"));
    // Far more than there is time for.
    let child = start("4000000", &["--report", "part.json"]);
    std::thread::sleep(Duration::from_millis(1500));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    let begun = Instant::now();
    let output = end(child);
    assert!(begun.elapsed() < Duration::from_secs(60), "it ends soon");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let checkpoint = fs::read(folder.path().join("part.checkpoint")).expect("kept");
    assert!(!folder.path().join("part.json").exists());
    let line = checkpoint.split(|&byte| byte == b'\n').next().expect("a first line");
    let done = json(line)["training"]["protocol"]["presentations"].as_u64().expect("a count");
    // Not with another seed, nor with fewer images than it has seen.
    for (images, more, why) in [("4000000", ["--seed", "77"], "another seed"), ("1", ["--seed", "1"], "stands after")] {
        let refused = end(start(images, &[&["--report", "part.json", "--resume"][..], &more].concat()));
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
    }
    // On to a little beyond, and the same without a stop.
    let images = (done + 60).to_string();
    let resumed = end(start(&images, &["--report", "part.json", "--resume"]));
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let whole = end(start(&images, &["--report", "whole.json"]));
    assert!(whole.status.success(), "{}", stderr(&whole));
    let (whole, part) = (read("whole.json"), read("part.json"));
    assert_eq!(part["images"], done + 60);
    assert_eq!(part["timings"]["train_images"], done + 60);
    let (part_s, whole_s) = (part["timings"]["train_s"].as_f64(), whole["timings"]["train_s"].as_f64());
    assert!(part_s > Some(1.0) && whole_s > Some(0.0), "all parts count: {part_s:?}, {whole_s:?}");
    assert_eq!(whole["state_hash"], part["state_hash"]);
    assert_eq!(whole["test"], part["test"]);
    assert_eq!(whole["history"]["periods"], part["history"]["periods"]);
    assert!(!folder.path().join("part.checkpoint").exists(), "it served its purpose");
}
