//! The session from outside: inline and live runs give the same spikes, seeds decide, commands act, telemetry tells.

#[path = "common/adapter.rs"]
mod adapter;

use std::sync::Arc;
use std::time::Duration;

use adapter::gpu;
use spikescope::engine::{Change, Spike};
use spikescope::model::scene::Scene;
use spikescope::session::{Command, EngineChoice, Session, SessionOptions};

/// A small scene with everything that the session drives: images, plasticity, normalisation and pruning.
const LEARNING: &[&str] =
    &["population.excitatory.size=20", "learning.present_ms=40", "learning.rest_ms=10", "learning.accuracy_window=20"];

const FRAME: Duration = Duration::from_millis(16);

fn open(scene: &str, overrides: &[&str], seed: Option<u64>) -> Session {
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    let scene = Scene::load(scene, &overrides).expect("a good scene");
    Session::open(scene, SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed }).expect("a good session")
}

fn spikes_until(session: &mut Session, step: u64) -> Vec<Spike> {
    let mut spikes = session.drain_spikes();
    spikes.retain(|spike| u64::from(spike.step) <= step);
    spikes
}

#[test]
fn inline_and_live_runs_give_the_same_spikes() {
    for (scene, overrides) in [("digits", LEARNING), ("cuba", &["population.excitatory.size=400"][..])] {
        let mut inline = open(scene, overrides, None);
        inline.advance(3000).expect("runs");
        let mut pieces = open(scene, overrides, None);
        for steps in [1, 7, 500, 492, 2000] {
            pieces.advance(steps).expect("runs");
        }
        assert_eq!(inline.state_hash().expect("hash"), pieces.state_hash().expect("hash"), "{scene}");
        let mut live = open(scene, overrides, None);
        live.apply(Command::Speed(f64::INFINITY));
        while live.step() < 3000 {
            live.update(FRAME, Duration::from_micros(700)).expect("runs");
        }
        let expected = spikes_until(&mut inline, 3000);
        assert!(expected.len() > 500, "{scene}: {} spikes", expected.len());
        assert_eq!(expected, spikes_until(&mut pieces, 3000), "{scene}: in pieces");
        assert_eq!(expected, spikes_until(&mut live, 3000), "{scene}: live");
    }
}

#[test]
fn the_seed_decides() {
    let hash = |seed| {
        let mut session = open("digits", LEARNING, Some(seed));
        session.advance(400).expect("runs");
        session.state_hash().expect("hash")
    };
    assert_eq!(hash(5), hash(5));
    assert_ne!(hash(5), hash(6));
}

#[test]
fn reset_begins_the_same_run_again() {
    let mut session = open("digits", LEARNING, None);
    session.advance(1000).expect("runs");
    let hash = session.state_hash().expect("hash");
    session.apply(Command::Change(Change::Learning(false)));
    session.advance(300).expect("runs");
    session.apply(Command::Reset);
    assert_eq!(session.step(), 0);
    assert_eq!(session.telemetry().populations[0].rate_hz.points().len(), 0);
    session.advance(1000).expect("runs");
    assert_eq!(session.state_hash().expect("hash"), hash);
}

#[test]
fn play_pause_step_and_speed() {
    let mut session = open("digits", LEARNING, None);
    session.apply(Command::Pause);
    session.update(FRAME, FRAME).expect("runs");
    assert_eq!((session.step(), session.telemetry().playing), (0, false));
    session.apply(Command::Step(3));
    session.update(FRAME, FRAME).expect("runs");
    assert_eq!(session.step(), 3);
    session.update(FRAME, FRAME).expect("runs");
    assert_eq!(session.step(), 3);
    session.apply(Command::TogglePlay);
    session.apply(Command::Speed(0.5));
    // A budget far above what the few steps cost: the speed alone decides. 20 frames of 16 ms at half speed.
    for _ in 0..20 {
        session.update(FRAME, Duration::from_secs(1)).expect("runs");
    }
    assert_eq!(session.step(), 3 + 320);
    assert!((session.telemetry().real_time_factor - 2.0).abs() < 0.01);
}

#[test]
fn commands_change_the_running_network() {
    let mut session = open("cuba", &["population.excitatory.size=400"], None);
    let excitatory = session.network().populations[0].neurons();
    let spikes_of_1000_steps = |session: &mut Session| {
        session.advance(1000).expect("runs");
        session.drain_spikes().iter().filter(|spike| excitatory.contains(&spike.neuron)).count()
    };
    let before = spikes_of_1000_steps(&mut session);
    // Held 20 mV below their resting potential, these cells only lose the spikes already under way.
    session.apply(Command::Change(Change::Drive { population: 0, drive_mv: -20.0 }));
    let after = spikes_of_1000_steps(&mut session);
    assert!(before > 100 && after < before / 4, "{before} spikes before, {after} after");
    session.apply(Command::Change(Change::Drive { population: 99, drive_mv: 0.0 }));
    assert_eq!(session.telemetry().notices.len(), 1, "a command that names nothing is said, not fatal");
    session.apply(Command::OpenScene("digits".into()));
    assert_eq!(session.restart_scene().as_deref(), Some("digits"));
    let kinds: Vec<_> = session.drain_events().into_iter().map(|event| (event.step, event.kind)).collect();
    assert_eq!(kinds, [(1000, "change")]);
}

#[test]
fn input_can_be_dimmed_and_brightened() {
    let spikes = |factor: f32| {
        let mut session = open("digits", LEARNING, None);
        session.apply(Command::InputRate { population: 0, value: factor });
        session.advance(80).expect("runs");
        let size = session.network().populations[0].size;
        session.drain_spikes().iter().filter(|spike| spike.neuron < size).count()
    };
    assert_eq!(spikes(0.0), 0);
    assert!(spikes(2.0) > spikes(1.0) + spikes(1.0) / 2);
}

#[test]
fn pruning_runs_on_command_and_by_schedule() {
    let pruned = [
        LEARNING,
        &[
            "projection.features.pruning.policy=static",
            "projection.features.pruning.threshold=0.2",
            "projection.features.pruning.every_presentations=5",
            "projection.features.pruning.start_presentations=10",
        ],
    ]
    .concat();
    let mut session = open("digits", &pruned, None);
    session.train(9, &mut |_| true).expect("runs");
    assert!(session.drain_events().is_empty());
    session.train(7, &mut |_| true).expect("runs");
    let periods = session.drain_events();
    assert_eq!(periods.len(), 2, "after 10 and 15 presentations: {periods:?}");
    let features = session.network().projections.iter().position(|p| p.pruning.is_some()).expect("pruned");
    let gone = |session: &mut Session| {
        session.engine().weights(features).expect("weights").iter().filter(|&&w| w < 0.0).count()
    };
    assert!(gone(&mut session) > 0);
    session.apply(Command::PruningSchedule(false));
    assert!(!session.telemetry().pruning_schedule);
    session.train(10, &mut |_| true).expect("runs");
    assert!(session.drain_events().is_empty());
    session.apply(Command::Prune(features));
    assert_eq!(session.drain_events().len(), 1);
}

#[test]
fn telemetry_tells_what_happens() {
    let mut session = open("digits", LEARNING, None);
    let [input, output] = [0, 1].map(|index| session.network().populations[index].clone());
    session.apply(Command::Pick(Some(output.first + 3)));
    session.advance(2000).expect("runs");
    let telemetry = session.telemetry();
    assert_eq!((telemetry.step, telemetry.engine.as_str(), telemetry.time_ms()), (2000, "cpu", 1000.0));
    assert!(telemetry.populations.iter().all(|p| p.rate_hz.points().len() >= 90));
    assert!(telemetry.populations[0].rate_hz.points().any(|p| p.max > 1.0), "images drive the input");
    let projection = &telemetry.projections[0];
    let now = projection.now.as_ref().expect("the projection learns");
    assert_eq!((now.total, now.remaining), (projection.synapse_count, projection.synapse_count));
    let picked = telemetry.picked.as_ref().expect("picked");
    let (size, field) = picked.field.as_ref().expect("it sees the input sheet");
    assert_eq!((*size, field.len()), (input.shape.expect("a sheet"), input.size as usize));
    assert!(field.contains(&1.0) && field.iter().all(|&share| (0.0..=1.0).contains(&share)));
    assert_eq!((picked.strongest_inputs.len(), picked.strongest_outputs.len()), (12, 1));
    let (strongest, weight) = picked.strongest_inputs[0];
    assert!(input.neurons().contains(&strongest) || weight < 0.0, "an input, or an inhibitory partner");
    let learning = telemetry.learning.as_ref().expect("it learns");
    assert_eq!(
        (learning.image.len(), learning.presentations),
        (input.size as usize, telemetry_presentations(&session))
    );
    assert!(telemetry.raster.spikes.iter().all(|spike| output.neurons().contains(&spike.neuron)));
    session.apply(Command::RasterPopulation(0));
    session.advance(200).expect("runs");
    let raster = &session.telemetry().raster;
    assert!(!raster.spikes.is_empty() && raster.spikes.iter().all(|spike| input.neurons().contains(&spike.neuron)));
}

fn telemetry_presentations(session: &Session) -> u64 {
    session.protocol().expect("a protocol").presentations() + 1
}

#[test]
fn testing_changes_nothing_that_was_learned() {
    let mut session = open("digits", LEARNING, None);
    session.train(30, &mut |_| true).expect("runs");
    let weights = session.engine().weights(0).expect("weights");
    let thetas = |session: &mut Session| -> Vec<f32> {
        let checkpoint = session.engine().checkpoint().expect("checkpoint");
        checkpoint.neurons.iter().map(|n| n.theta_mv).collect()
    };
    let (theta, labels) = (thetas(&mut session), session.protocol().expect("one").score().assigned().to_vec());
    let report = session.test(None, 25, &mut |_| true).expect("runs");
    assert_eq!((report.images, report.confusion.total()), (25, 25));
    assert_eq!(session.engine().weights(0).expect("weights"), weights);
    assert_eq!(thetas(&mut session), theta);
    let protocol = session.protocol().expect("one");
    assert_eq!((protocol.presentations(), protocol.score().assigned()), (30, &labels[..]));
    session.train(2, &mut |_| true).expect("goes on learning");
    assert_ne!(session.engine().weights(0).expect("weights"), weights);
}

#[test]
fn what_cannot_open_says_why() {
    let open = |scene: &str, overrides: &[&str], engine| {
        let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
        let scene = Scene::load(scene, &overrides).expect("a good scene");
        Session::open(scene, SessionOptions { engine, gpu: None, seed: None }).err().map(|e| e.to_string())
    };
    let text = open("digits", &[], EngineChoice::Gpu).expect("no adapter");
    assert!(text.contains("--engine cpu"), "{text}");
    let mut session = self::open("cuba", &["population.excitatory.size=400"], None);
    let text = session.train(1, &mut |_| true).expect_err("no protocol").to_string();
    assert!(text.contains("[learning]"), "{text}");
}

#[test]
fn a_session_on_the_gpu_gives_the_same_spikes_inline_and_live() {
    let Some(gpu) = gpu() else { return };
    let open_on = |engine| {
        let overrides: Vec<String> = LEARNING.iter().map(|&o| o.to_owned()).collect();
        let scene = Scene::load("digits", &overrides).expect("a good scene");
        Session::open(scene, SessionOptions { engine, gpu: Some(Arc::clone(&gpu)), seed: None }).expect("opens")
    };
    let mut auto = open_on(EngineChoice::Auto);
    assert_eq!(auto.engine().name(), if gpu.is_software() { "cpu" } else { "gpu" });
    let mut cpu = open_on(EngineChoice::Cpu);
    cpu.advance(600).expect("runs");
    let expected = spikes_until(&mut cpu, 600);
    assert!(expected.len() > 500, "{} spikes", expected.len());
    let mut session = open_on(EngineChoice::Gpu);
    session.advance(600).expect("runs");
    assert_eq!(expected, spikes_until(&mut session, 600), "inline");
    let showings = session.drain_showings();
    assert!(showings.len() >= 4 && showings == cpu.drain_showings());
    session.apply(Command::Pick(Some(session.network().populations[1].first)));
    assert_eq!(session.telemetry().picked.as_ref().map(|p| p.strongest_inputs.len()), Some(12));
    session.apply(Command::Reset);
    session.apply(Command::Speed(f64::INFINITY));
    assert!(session.drain_spikes().is_empty(), "nothing of the run before");
    let mut frames = 0;
    while session.step() < 600 {
        session.update(FRAME, FRAME).expect("runs");
        frames += 1;
        assert!(frames < 100_000, "stuck at step {}", session.step());
    }
    assert_eq!(expected, spikes_until(&mut session, 600), "live, after a reset");
    assert!(session.telemetry().picked.as_ref().is_some_and(|p| p.field.is_some()), "its field came back");
}
