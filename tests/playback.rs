//! Recorded runs played again: the same spikes at the same steps as the run that was recorded, wherever one goes in
//! them, and the same pictures.

#[path = "common/networks.rs"]
mod networks;
#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use networks::{feed, poisson};
use program::{SMALL, json, program, stderr};
use spikescope::engine::{Activity, PRUNED, Spike};
use spikescope::model::scene::Scene;
use spikescope::model::{Cell, Network};
use spikescope::recording::{Recording, RecordingInfo, RecordingWriter};
use spikescope::session::{Command, EngineChoice, Rewind, Session, SessionOptions, scene_of_recording};

fn options() -> SessionOptions {
    SessionOptions { engine: EngineChoice::Cpu, ..Default::default() }
}

fn open(folder: &Path) -> Session {
    let recording = Recording::open(folder).expect("opens");
    let scene = scene_of_recording(&recording).expect("stands for a scene");
    Session::open_recording(scene, &recording, options()).expect("plays")
}

/// Per neuron: step of the last spike, and the rate trace before it.
fn marks(session: &Session) -> Vec<(u32, f32)> {
    let Activity::Host { neurons, rate_before, .. } = session.activity() else { panic!("host memory") };
    neurons.iter().map(|n| n.last_spike_step).zip(rate_before.iter().copied()).collect()
}

/// `simulate SMALL --record`
fn recorded_small(folder: &Path, duration_ms: u32) {
    let scene = folder.join("small.toml");
    fs::write(&scene, SMALL).expect("writes");
    program()
        .args(["simulate", scene.to_str().expect("UTF-8"), "--engine", "cpu", "--quiet", "--record"])
        .arg(folder.join("run"))
        .args(["--duration-ms", &duration_ms.to_string()])
        .assert()
        .success();
}

/// Three inputs, three outputs, a plastic synapse from each input to its twin; no positions.
fn twins() -> Arc<Network> {
    Arc::new(Network {
        name: "twins".to_owned(),
        dt_ms: 0.5,
        populations: vec![poisson("input", 0, 3), poisson("output", 3, 3)],
        projections: vec![feed(1)],
        ..Default::default()
    })
}

#[test]
fn a_recording_shows_the_same_flashes_as_the_run_at_the_same_times() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    recorded_small(temporary.path(), 60);
    let scene = Scene::from_toml(SMALL, "small", &[]).expect("a scene");
    let mut live = Session::open(scene, options()).expect("runs");
    let mut played = open(&temporary.path().join("run"));
    assert_eq!(played.network().neuron_count(), live.network().neuron_count());
    assert_eq!(played.network().synapse_count(), live.network().synapse_count());
    assert_eq!(played.network().positions, live.network().positions);
    let mut flashes = 0;
    for steps in [1, 2, 7, 40, 50, 200, 300] {
        live.advance(steps).expect("advances");
        played.advance(steps).expect("advances");
        assert_eq!(played.step(), live.step());
        assert_eq!(marks(&played), marks(&live), "at step {}", live.step());
        flashes += marks(&live).iter().filter(|mark| mark.0 > 0).count();
    }
    assert!(flashes > 100, "the network is alive");
    assert_eq!(played.drain_spikes(), live.drain_spikes(), "exactly the spikes of the run");
}

#[test]
fn frames_of_a_recording_are_those_of_the_run() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    recorded_small(temporary.path(), 40);
    let hash = |what: &str, out: &str| {
        let output = program()
            .args(["render", temporary.path().join(what).to_str().expect("UTF-8"), "--engine", "cpu", "--json"])
            .args(["--frames", "4", "--steps-per-frame", "80", "--size", "160x120", "--overlay", "none", "--out"])
            .arg(temporary.path().join(out))
            .output()
            .expect("runs");
        assert!(output.status.success(), "{}", stderr(&output));
        json(&output.stdout)["frames_hash"].clone()
    };
    if spikescope::gpu::Gpu::headless(None).is_err() {
        eprintln!("skipped: there is no adapter to draw with");
        return;
    }
    assert_eq!(hash("run", "played"), hash("small.toml", "live"));
}

#[test]
fn any_moment_can_be_gone_to() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    recorded_small(temporary.path(), 100);
    let folder = temporary.path().join("run");
    let mut straight = open(&folder);
    let mut jumping = open(&folder);
    for time_ms in [50.0, 10.0, 99.0, 0.0, 33.3] {
        let step = (time_ms / 0.1_f64).round() as u64;
        if step < straight.step() {
            straight = open(&folder);
        }
        straight.advance((step - straight.step()) as u32).expect("advances");
        jumping.go_to(time_ms).expect("goes there");
        assert_eq!(jumping.step(), step);
        assert_eq!(marks(&jumping), marks(&straight), "at {time_ms} ms");
    }
    // And goes on from there.
    let (a, b) = (straight.drain_spikes(), jumping.drain_spikes());
    drop((a, b));
    straight.advance(300).expect("advances");
    jumping.advance(300).expect("advances");
    assert_eq!(marks(&jumping), marks(&straight));
    assert_eq!(jumping.drain_spikes(), straight.drain_spikes());
}

/// Frames of a live loop until something holds.
fn frames_until(session: &mut Session, what: &str, holds: impl Fn(&Session) -> bool) {
    let begun = Instant::now();
    while !holds(session) {
        session.update(Duration::from_millis(16), Duration::from_millis(8)).expect("a frame");
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: step {}", session.step());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_controls_of_time_work_on_recordings() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = RecordingWriter::create(temporary.path(), &twins(), RecordingInfo::default()).expect("creates");
    let spikes = [(10, 0), (10, 4), (40, 1), (200, 4), (380, 2)].map(|(step, neuron)| Spike { step, neuron });
    writer.write_spikes(&spikes, 400).expect("spikes");
    writer.write_event(160, "mark", "half way").expect("event");
    writer.finish().expect("finishes");
    let mut session = open(temporary.path());
    session.apply(Command::Pause);
    let at = |ms: f64| move |session: &Session| (session.telemetry().time_ms() - ms).abs() < 1e-9;

    session.apply(Command::Rewind(Rewind::NextSpike { forward: true }));
    frames_until(&mut session, "the first spike", at(5.0));
    session.apply(Command::Rewind(Rewind::NextSpike { forward: true }));
    frames_until(&mut session, "the next spike", at(20.0));
    session.apply(Command::Rewind(Rewind::NextSpike { forward: false }));
    frames_until(&mut session, "the spike before", at(5.0));
    session.apply(Command::Pick(Some(4)));
    session.apply(Command::Rewind(Rewind::NextSpike { forward: true }));
    frames_until(&mut session, "the picked neuron's next spike", at(100.0));
    session.apply(Command::Rewind(Rewind::To { time_ms: 60.0 }));
    frames_until(&mut session, "a place on the timeline", at(60.0));
    frames_until(&mut session, "the timeline", |session| !session.telemetry().rewind.activity.is_empty());
    let rewind = session.telemetry().rewind.clone();
    assert_eq!(rewind.activity.iter().sum::<u32>(), 5, "every spike is drawn once");
    assert!(rewind.is_recording && rewind.marks_ms.contains(&80.0), "{:?}", rewind.marks_ms);
    session.apply(Command::Rewind(Rewind::By { ms: 15.0 }));
    frames_until(&mut session, "an interval", at(75.0));
    session.apply(Command::Rewind(Rewind::NextMark { forward: true }));
    frames_until(&mut session, "the event", at(80.0));
    session.apply(Command::Step(3));
    frames_until(&mut session, "single steps", at(81.5));

    session.apply(Command::Rewind(Rewind::Speed(1e9)));
    assert_eq!(session.telemetry().speed, 1000.0);
    session.apply(Command::Play);
    frames_until(&mut session, "the end", |session| session.step() == 400 && !session.telemetry().playing);
    let Activity::Host { neurons, .. } = session.activity() else { panic!("host memory") };
    assert_eq!(neurons.iter().map(|n| n.last_spike_step).collect::<Vec<_>>(), [10, 40, 380, 0, 200, 0]);
    session.apply(Command::Rewind(Rewind::Loop(true)));
    session.apply(Command::Rewind(Rewind::Speed(0.5)));
    session.apply(Command::Play);
    frames_until(&mut session, "the beginning again", |session| (1..100).contains(&session.step()));
    assert!(session.telemetry().playing);
    session.apply(Command::Prune(0));
    assert!(session.telemetry().notices.iter().any(|notice| notice.contains("recording")), "nothing can be changed");
}

#[test]
fn weights_membranes_and_positions_are_played_or_worked_out() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let info = RecordingInfo { synapses: true, ..Default::default() };
    let mut writer = RecordingWriter::create(temporary.path(), &twins(), info).expect("creates");
    writer.write_spikes(&[Spike { step: 5, neuron: 0 }], 100).expect("spikes");
    writer.write_potentials(10, &[(3, -60.0), (4, -55.0)]).expect("potentials");
    writer.write_potentials(30, &[(3, -52.0)]).expect("potentials");
    writer.write_weights(20, 0, &[0.25, 0.5, 0.25]).expect("weights");
    writer.write_weights(40, 0, &[PRUNED, 0.5, 0.75]).expect("weights");
    writer.finish().expect("finishes");
    // The same, of a simulator whose neurons integrate.
    let header = temporary.path().join("recording.json");
    let text = fs::read_to_string(&header).expect("reads").replace("\"source\": true", "\"source\": false");
    fs::write(&header, text).expect("writes");

    let mut session = open(temporary.path());
    let positions = session.network().positions.clone();
    assert!(positions.iter().all(|p| positions.iter().filter(|q| *q == p).count() == 1), "{positions:?}");
    assert!(session.telemetry().notices.iter().any(|notice| notice.contains("no positions")));
    assert_eq!(session.engine().weights(0).expect("weights"), [0.25, 0.25, 0.25]);
    for (steps, weights) in [(20, [0.25, 0.5, 0.25]), (19, [0.25, 0.5, 0.25]), (1, [PRUNED, 0.5, 0.75])] {
        session.advance(steps).expect("advances");
        let now = session.engine().weights(0).expect("weights");
        assert!(now.iter().zip(weights).all(|(a, b)| (a - b).abs() < 1e-6), "{now:?} at {}", session.step());
    }
    session.go_to(12.0).expect("goes there");
    assert_eq!(session.engine().weights(0).expect("weights")[1], 0.5);
    let absolute = |session: &Session, neuron: usize| {
        let Activity::Host { neurons, .. } = session.activity() else { panic!("host memory") };
        let Cell::Lif(lif) = &session.network().populations[1].cell else { panic!("it integrates") };
        neurons[neuron].membrane_mv + lif.v_rest_mv as f32
    };
    assert_eq!((absolute(&session, 3), absolute(&session, 4)), (-60.0, -55.0));
    session.advance(10).expect("advances");
    assert_eq!((absolute(&session, 3), absolute(&session, 4)), (-52.0, -55.0));
}

#[test]
fn mistakes_with_recordings_are_said_with_code_2() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let render = |arguments: &[&str]| {
        let output = program()
            .arg("render")
            .args(arguments)
            .args(["--engine", "cpu", "--out"])
            .arg(temporary.path().join("out"))
            .output()
            .expect("runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        stderr(&output)
    };
    let folder = temporary.path().to_str().expect("UTF-8");
    assert!(render(&[folder]).contains("no recording.json"));
    recorded_small(temporary.path(), 5);
    let run = temporary.path().join("run");
    let run = run.to_str().expect("UTF-8");
    assert!(render(&[run, "--set", "dt_ms=1"]).contains("is a recording"));
    fs::write(temporary.path().join("run/spikes.parquet"), "nothing").expect("writes");
    assert!(render(&[run]).contains("spikes.parquet"));
    assert!(!temporary.path().join("out").exists(), "nothing half-written");
}
