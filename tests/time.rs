//! Time as a session's user moves through it: the past shows the spikes exactly as they were and leaves the run
//! untouched; what was undone has never been.

#[path = "common/adapter.rs"]
mod adapter;

use std::sync::Arc;
use std::time::Duration;

use adapter::gpu;
use proptest::prelude::*;
use spikescope::engine::{Activity, Change, NeuronState, Spike};
use spikescope::gpu::Gpu;
use spikescope::model::scene::Scene;
use spikescope::session::{Command, EngineChoice, HistoryLimits, Rewind, Session, SessionOptions};

/// A small scene with everything that a session drives: images, plasticity, normalisation and pruning.
const LEARNING: &[&str] =
    &["population.excitatory.size=20", "learning.present_ms=40", "learning.rest_ms=10", "learning.accuracy_window=20"];

const FRAME: Duration = Duration::from_millis(16);

fn open(scene: &str, overrides: &[&str]) -> Session {
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    let scene = Scene::load(scene, &overrides).expect("a good scene");
    Session::open(scene, SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed: None }).expect("a good session")
}

/// Live frames of 16 steps each.
fn run_live(session: &mut Session, frames: u32) {
    session.apply(Command::Speed(16.0 * session.network().dt_ms / 16.0));
    for _ in 0..frames {
        session.update(FRAME, Duration::from_secs(1)).expect("runs");
    }
}

fn shown(session: &Session) -> Vec<NeuronState> {
    match session.activity() {
        Activity::Host { neurons, .. } | Activity::Replayed { neurons, .. } => neurons.to_vec(),
        Activity::Device { .. } => panic!("the past of a session without a GPU is in host memory"),
    }
}

/// The step of each neuron's last spike up to `step`, from the list of all spikes.
fn last_spikes(spikes: &[Spike], neurons: usize, step: u64) -> Vec<u32> {
    let mut last = vec![0; neurons];
    for spike in spikes.iter().take_while(|spike| u64::from(spike.step) <= step) {
        last[spike.neuron as usize] = spike.step;
    }
    last
}

#[test]
fn the_past_shows_the_recorded_spikes_and_leaves_the_run_untouched() {
    for (scene, overrides) in [("digits", LEARNING), ("cuba", &["population.excitatory.size=400"][..])] {
        let mut never_rewound = open(scene, overrides);
        run_live(&mut never_rewound, 150);
        let mut session = open(scene, overrides);
        session.keep_spikes();
        run_live(&mut session, 100);
        let present = session.step();
        let dt_ms = session.network().dt_ms;
        let live = shown(&session);
        let spikes = session.drain_spikes();
        assert!(spikes.len() > 300, "{scene}: {} spikes", spikes.len());
        // Back and forth, and by single spikes.
        let mut seen = Vec::new();
        for step in [0, 3, present / 2, present / 2 + 1, present / 2 - 1, present, 40, present - 7] {
            session.apply(Command::Rewind(Rewind::To { time_ms: (step as f64 + 0.01) * dt_ms }));
            assert_eq!(session.step(), step);
            seen.push(step);
            let last: Vec<u32> = shown(&session).iter().map(|n| n.last_spike_step).collect();
            assert_eq!(last, last_spikes(&spikes, last.len(), step), "{scene} at step {step}");
        }
        let at = session.step();
        let expected = |forward: bool, at: u64| {
            let steps = spikes.iter().map(|s| u64::from(s.step));
            if forward { steps.filter(|&s| s > at).min() } else { steps.filter(|&s| s < at).max() }
        };
        session.apply(Command::Rewind(Rewind::NextSpike { forward: false }));
        assert_eq!(Some(session.step()), expected(false, at), "{scene}");
        let at = session.step();
        session.apply(Command::Rewind(Rewind::NextSpike { forward: true }));
        assert_eq!(session.step(), expected(true, at).unwrap_or(at), "{scene}");
        let telemetry = session.telemetry();
        assert_eq!(telemetry.rewind.at_ms, Some(session.step() as f64 * dt_ms));
        assert_eq!(telemetry.rewind.spikes_kept, spikes.len() as u64);
        assert!(telemetry.notices.iter().any(|notice| notice.contains("the past")), "{:?}", telemetry.notices);
        assert!(telemetry.raster.spikes.iter().all(|s| u64::from(s.step) <= session.step()), "the raster too");
        // Back to the present: nothing has moved.
        session.apply(Command::Rewind(Rewind::Live));
        assert_eq!((session.step(), session.telemetry().rewind.at_ms), (present, None));
        assert_eq!(shown(&session), live, "{scene}");
        run_live(&mut session, 50);
        assert_eq!(session.step(), never_rewound.step());
        assert_eq!(session.state_hash().expect("hash"), never_rewound.state_hash().expect("hash"), "{scene}");
    }
}

#[test]
fn a_replay_runs_both_ways_at_any_speed_and_hands_over_to_the_live_run() {
    let mut session = open("cuba", &["population.excitatory.size=400"]);
    run_live(&mut session, 60);
    let present = session.step();
    let frame = |session: &mut Session| {
        session.update(FRAME, Duration::from_secs(1)).expect("runs");
        session.step()
    };
    session.apply(Command::Rewind(Rewind::To { time_ms: 50.0 }));
    assert_eq!((frame(&mut session), frame(&mut session)), (500, 500), "held");
    // A tenth of real time: 1.6 ms, 16 steps a frame.
    session.apply(Command::Rewind(Rewind::Speed(0.1)));
    session.apply(Command::Rewind(Rewind::Play(true)));
    assert!(session.telemetry().playing);
    assert_eq!((frame(&mut session), frame(&mut session)), (516, 532));
    session.apply(Command::TogglePlay);
    assert_eq!(frame(&mut session), 532);
    session.apply(Command::Step(3));
    assert_eq!(frame(&mut session), 535);
    session.apply(Command::Rewind(Rewind::Speed(-0.001)));
    session.apply(Command::TogglePlay);
    let steps: Vec<u64> = (0..10).map(|_| frame(&mut session)).collect();
    assert_eq!((steps[0], steps[9]), (534, 533), "1.6 steps back in ten frames: {steps:?}");
    session.apply(Command::Rewind(Rewind::Speed(f64::NEG_INFINITY)));
    session.apply(Command::Rewind(Rewind::Speed(-1e9)));
    assert_eq!(session.telemetry().rewind.speed, -1000.0);
    assert_eq!(frame(&mut session), 0, "at the oldest moment it stops");
    assert!(!session.telemetry().rewind.playing);
    session.apply(Command::Rewind(Rewind::Speed(1000.0)));
    session.apply(Command::Rewind(Rewind::Play(true)));
    frame(&mut session);
    assert_eq!((session.step(), session.telemetry().rewind.at_ms), (present, None), "the present takes over");
    assert!(frame(&mut session) > present, "and goes on");
    for nonsense in [f64::NAN, f64::INFINITY, -1.0] {
        session.apply(Command::Rewind(Rewind::To { time_ms: nonsense }));
        session.apply(Command::Rewind(Rewind::By { ms: nonsense }));
        session.apply(Command::Rewind(Rewind::Speed(nonsense)));
        frame(&mut session);
        let rewind = &session.telemetry().rewind;
        assert!(rewind.at_ms.is_some_and(|at| at >= rewind.from_ms && at <= rewind.to_ms), "{rewind:?}");
    }
}

#[test]
fn the_ring_is_bounded_and_says_so() {
    let mut session = open("cuba", &["population.excitatory.size=400"]);
    let limits = HistoryLimits { bytes: 400_000, steps: 1000 };
    session.limit_history(limits);
    session.keep_spikes();
    run_live(&mut session, 200);
    let (present, dt_ms) = (session.step(), session.network().dt_ms);
    let spikes = session.drain_spikes();
    let rewind = &session.telemetry().rewind;
    assert!(rewind.bytes <= limits.bytes + 150_000, "{} bytes", rewind.bytes);
    assert!(rewind.from_ms >= (present - 1000) as f64 * dt_ms - 1e-9 && rewind.to_ms > rewind.from_ms);
    assert_eq!((rewind.limit_bytes, rewind.limit_ms), (limits.bytes, 100.0));
    session.apply(Command::Rewind(Rewind::To { time_ms: 0.0 }));
    let rewind = &session.telemetry().rewind;
    assert_eq!(rewind.at_ms, Some(rewind.from_ms), "what is gone is not shown");
    let last: Vec<u32> = shown(&session).iter().map(|n| n.last_spike_step).collect();
    assert_eq!(last, last_spikes(&spikes, last.len(), session.step()));
    // A change of the network is one of the present.
    session.apply(Command::PruningSchedule(false));
    assert_eq!(session.telemetry().rewind.at_ms, None);
}

/// What a user may do, in any order.
#[derive(Clone, Debug)]
enum Act {
    Advance(u32),
    Make(Command),
    Undo,
    Redo,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let command = prop_oneof![
        Just(Command::Prune(0)),
        any::<bool>().prop_map(|on| Command::Change(Change::Learning(on))),
        any::<bool>().prop_map(Command::PruningSchedule),
        (0.0..2.0_f32).prop_map(|value| Command::InputRate { population: 0, value }),
        (0.0..4.0_f64).prop_map(|drive_mv| Command::Change(Change::Drive { population: 1, drive_mv })),
        (0.0..0.5_f32).prop_map(|threshold| Command::Change(Change::PruningThreshold { projection: 0, threshold })),
        // Names nothing: is refused, and leaves nothing to take back.
        Just(Command::Change(Change::Drive { population: 99, drive_mv: 1.0 })),
    ];
    let act = prop_oneof![
        3 => (1..70_u32).prop_map(Act::Advance),
        3 => command.prop_map(Act::Make),
        2 => Just(Act::Undo),
        1 => Just(Act::Redo),
    ];
    prop::collection::vec(act, 1..25)
}

/// Scene with a pruned projection 0, driven by images.
fn prunable(engine: EngineChoice, gpu: Option<&Arc<Gpu>>) -> Session {
    let mut overrides: Vec<String> = LEARNING.iter().map(|&o| o.to_owned()).collect();
    for (key, value) in [("policy", "\"static\""), ("threshold", "0.2"), ("every_presentations", "2")] {
        overrides.push(format!("projection.features.pruning.{key}={value}"));
    }
    let scene = Scene::load("digits", &overrides).expect("a good scene");
    let session = Session::open(scene, SessionOptions { engine, gpu: gpu.cloned(), seed: None }).expect("opens");
    assert!(session.network().projections[0].pruning.is_some());
    session
}

/// Does the acts, and what is left of them without those taken back in a session of its own: both end in the same state.
fn undo_leaves_no_trace(acts: &[Act], open: impl Fn() -> Session) {
    let mut session = open();
    // What is in force, and for each change that can be taken back: how much was before it.
    let mut in_force: Vec<Act> = Vec::new();
    let mut done: Vec<usize> = Vec::new();
    let mut undone: Vec<(usize, Vec<Act>)> = Vec::new();
    for act in acts {
        match act {
            Act::Advance(steps) => {
                session.advance(*steps).expect("runs");
                in_force.push(act.clone());
            }
            Act::Make(command) => {
                // Two moves of one slider are one change; when they are is a matter of wall time.
                let is_slider = |command: &Command| {
                    !matches!(
                        command,
                        Command::Prune(_) | Command::PruningSchedule(_) | Command::Change(Change::Learning(_))
                    )
                };
                let last = done.last().map(|&place| &in_force[place]);
                if is_slider(command) && matches!(last, Some(Act::Make(last)) if is_slider(last)) {
                    continue;
                }
                let before = session.telemetry().undo_room.steps;
                session.apply(command.clone());
                if session.telemetry().undo_room.steps > before {
                    done.push(in_force.len());
                    in_force.push(act.clone());
                    undone.clear();
                } else {
                    assert!(matches!(command, Command::Change(Change::Drive { population: 99, .. })), "{command:?}");
                    undone.clear();
                }
            }
            Act::Undo => {
                assert_eq!(session.telemetry().undo.is_some(), !done.is_empty());
                session.apply(Command::Undo);
                if let Some(place) = done.pop() {
                    undone.push((place, in_force.clone()));
                    in_force.truncate(place);
                }
            }
            Act::Redo => {
                assert_eq!(session.telemetry().redo.is_some(), !undone.is_empty());
                session.apply(Command::Redo);
                if let Some((place, all)) = undone.pop() {
                    in_force = all;
                    done.push(place);
                }
            }
        }
    }
    session.advance(30).expect("runs");
    let mut straight = open();
    for act in &in_force {
        match act {
            Act::Advance(steps) => straight.advance(*steps).expect("runs"),
            Act::Make(command) => straight.apply(command.clone()),
            Act::Undo | Act::Redo => {}
        }
    }
    straight.advance(30).expect("runs");
    assert_eq!(session.step(), straight.step(), "{acts:?}");
    assert_eq!(session.state_hash().expect("hash"), straight.state_hash().expect("hash"), "{acts:?}");
    assert_eq!(
        session.protocol().expect("one").score().assigned(),
        straight.protocol().expect("one").score().assigned()
    );
    let counts = |session: &Session| session.protocol().map(|p| (p.presentations(), p.phase(), p.image()));
    assert_eq!(counts(&session), counts(&straight));
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 60, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn what_was_undone_has_never_been(acts in acts()) {
        undo_leaves_no_trace(&acts, || prunable(EngineChoice::Cpu, None));
    }
}

#[test]
fn what_was_undone_on_the_gpu_has_never_been() {
    let Some(gpu) = gpu() else { return };
    let drive = |drive_mv| Act::Make(Command::Change(Change::Drive { population: 1, drive_mv }));
    let acts = [
        Act::Advance(90),
        Act::Make(Command::Prune(0)),
        Act::Advance(40),
        drive(2.0),
        Act::Advance(33),
        Act::Undo,
        Act::Redo,
        Act::Advance(5),
        Act::Undo,
        Act::Undo,
        Act::Advance(20),
        Act::Make(Command::Change(Change::Learning(false))),
        Act::Advance(10),
        Act::Undo,
    ];
    undo_leaves_no_trace(&acts, || prunable(EngineChoice::Gpu, Some(&gpu)));
}

#[test]
fn a_scheduled_pruning_can_be_taken_back_in_a_live_run() {
    let features = 0;
    let gone = |session: &mut Session| {
        session.engine().weights(features).expect("weights").iter().filter(|&&w| w < 0.0).count()
    };
    let mut session = prunable(EngineChoice::Cpu, None);
    session.update(FRAME, Duration::ZERO).expect("runs");
    while gone(&mut session) == 0 {
        assert!(session.step() < 4000, "no pruning by step {}", session.step());
        run_live(&mut session, 1);
    }
    let label = session.telemetry().undo.clone().expect("it can be taken back");
    assert!(label.contains("scheduled pruning of features") && label.contains("turns time to"), "{label}");
    let (pruned_at, pruned) = (session.step(), gone(&mut session));
    let before = session.telemetry().rewind.clone();
    session.apply(Command::Undo);
    assert_eq!(gone(&mut session), 0);
    let undone_at = session.step();
    assert!(undone_at <= pruned_at && pruned_at - undone_at <= 16, "{pruned_at} to {undone_at}");
    assert_eq!(session.telemetry().rewind.from_ms, before.from_ms, "the past before it is still there");
    assert_eq!(session.telemetry().rewind.to_ms, undone_at as f64 * 0.5);
    run_live(&mut session, 3);
    assert_eq!(gone(&mut session), 0, "this period does not come again");
    session.apply(Command::Undo);
    assert!(session.telemetry().notices.iter().any(|n| n.contains("nothing to take back")));
    session.apply(Command::Redo);
    assert_eq!((session.step(), gone(&mut session)), (pruned_at, pruned));
    // Two periods later the network is pruned again, whatever was taken back.
    session.apply(Command::Undo);
    run_live(&mut session, 40);
    assert!(gone(&mut session) > 0);
}

#[test]
fn telemetry_forgets_what_has_not_happened() {
    let mut session = open("digits", LEARNING);
    session.apply(Command::Pick(Some(session.network().populations[1].first)));
    run_live(&mut session, 40);
    let steps = session.telemetry().undo_room.steps;
    session.apply(Command::Change(Change::Drive { population: 1, drive_mv: 3.0 }));
    session.apply(Command::Change(Change::Drive { population: 1, drive_mv: 5.0 }));
    assert_eq!(session.telemetry().undo_room.steps, steps + 1, "a slider's way is one change");
    let time_ms = session.telemetry().time_ms();
    run_live(&mut session, 40);
    session.apply(Command::Undo);
    let telemetry = session.telemetry();
    assert_eq!(telemetry.time_ms(), time_ms);
    assert!(telemetry.raster.spikes.iter().all(|spike| f64::from(spike.step) * 0.5 <= time_ms));
    assert!(telemetry.populations.iter().all(|p| p.rate_hz.points().all(|point| point.time_ms <= time_ms)));
    let picked = telemetry.picked.as_ref().expect("still picked");
    assert!(picked.membrane_mv.points().len() > 5);
    assert!(picked.membrane_mv.points().all(|point| point.time_ms <= time_ms));
    let kinds: Vec<_> = session.drain_events().into_iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&"undo"), "{kinds:?}");
}

#[test]
fn a_run_whose_device_is_lost_goes_on_from_its_last_checkpoint() {
    let Some(gpu) = gpu() else { return };
    let mut session = prunable(EngineChoice::Gpu, Some(&gpu));
    session.apply(Command::Pick(Some(3)));
    session.apply(Command::Speed(f64::INFINITY));
    let mut frames = 0;
    while session.telemetry().checkpoint.is_none_or(|checkpoint| checkpoint.time_ms < 20.0) {
        session.update(FRAME, FRAME).expect("runs");
        frames += 1;
        assert!(frames < 1_000_000, "no checkpoint by step {}", session.step());
    }
    // A change that a user made is part of what is kept, or of what is lost; never half of it.
    gpu.device.destroy();
    let mut outcome = Ok(());
    for _ in 0..1000 {
        // Frames go on until the loss is noticed, whatever they find.
        outcome = session.update(FRAME, FRAME);
        if gpu.is_lost() {
            break;
        }
    }
    assert!(gpu.is_lost(), "{outcome:?}");
    let checkpoint = session.telemetry().checkpoint.expect("one");
    let before = session.step();
    let other = Arc::new(Gpu::headless(None).expect("another device"));
    let recovery = session.recover(Arc::clone(&other)).expect("recovers");
    assert_eq!(recovery.engine, "gpu");
    assert_eq!(session.step() as f64 * 0.5, checkpoint.time_ms);
    assert!((recovery.lost_ms - (before - session.step()) as f64 * 0.5).abs() < 1e-9);
    assert!(session.telemetry().notices.iter().any(|n| n.contains("lost")), "{:?}", session.telemetry().notices);
    session.advance(100).expect("runs");
    let mut straight = prunable(EngineChoice::Cpu, None);
    straight.advance(session.step() as u32).expect("runs");
    assert_eq!(session.state_hash().expect("hash"), straight.state_hash().expect("hash"));
    // In host memory nothing is lost.
    let mut host = prunable(EngineChoice::Cpu, None);
    run_live(&mut host, 20);
    let hash = host.state_hash().expect("hash");
    assert_eq!(host.recover(other).expect("recovers").lost_ms, 0.0);
    assert_eq!(host.state_hash().expect("hash"), hash);
}

#[test]
fn the_past_of_a_gpu_engine_is_shown_from_host_memory() {
    let Some(gpu) = gpu() else { return };
    let mut session = prunable(EngineChoice::Gpu, Some(&gpu));
    session.keep_spikes();
    session.apply(Command::Speed(f64::INFINITY));
    while session.telemetry().rewind.to_ms < 300.0 {
        session.update(FRAME, FRAME).expect("runs");
    }
    let hash_at = session.telemetry().rewind.to_ms;
    session.apply(Command::Rewind(Rewind::To { time_ms: hash_at / 2.0 }));
    let present = session.telemetry().rewind.to_ms;
    let last: Vec<u32> = shown(&session).iter().map(|n| n.last_spike_step).collect();
    let (step, spikes) = (session.step(), session.drain_spikes());
    assert!(spikes.len() > 200, "{} spikes", spikes.len());
    assert_eq!(last, last_spikes(&spikes, last.len(), step));
    assert_eq!(session.telemetry().rewind.spikes_missing, 0);
    session.apply(Command::Rewind(Rewind::Live));
    assert!(matches!(session.activity(), Activity::Device { .. }));
    assert!(session.step() as f64 * 0.5 >= present);
    session.advance(100).expect("runs");
    let mut straight = prunable(EngineChoice::Cpu, None);
    straight.advance(session.step() as u32).expect("runs");
    assert_eq!(session.state_hash().expect("hash"), straight.state_hash().expect("hash"));
}

#[test]
#[ignore = "prints how long seeks take for a million neurons; no pass or fail"]
fn a_million_neurons_are_replayed() {
    use spikescope::session::{History, Replay};
    const NEURONS: u32 = 1_000_000;
    const STEPS: u32 = 10_000;
    // 8 Hz at 0.1 ms: 800 spikes a step, spread over the network.
    let spikes: Vec<Spike> = (1..=STEPS)
        .flat_map(|step| (0..800).map(move |k| Spike { step, neuron: k * 1250 + (step * 7919) % 1250 }))
        .collect();
    let began = std::time::Instant::now();
    let mut history = History::new(NEURONS, 0.1, HistoryLimits::live(NEURONS, 0.1));
    for (step, now) in (1..).zip(spikes.chunks(800)) {
        history.append(now, step, 0);
    }
    let per_spike = began.elapsed().as_secs_f64() * 1e9 / spikes.len() as f64;
    eprintln!("{} spikes in {} MiB, {per_spike:.0} ns each", history.spike_count(), history.bytes() >> 20);
    let mut replay = Replay::new(NEURONS);
    let mut worst = |what: &str, steps: &mut dyn Iterator<Item = u64>| {
        let times: Vec<f64> = steps
            .map(|step| {
                let began = std::time::Instant::now();
                replay.seek(&history, step);
                began.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        eprintln!("{what}: {mean:.2} ms a seek, {:.2} ms at worst", times.iter().fold(0.0, |a, &b| f64::max(a, b)));
    };
    worst("forward, 10 steps a frame", &mut (0..1000).map(|k| k * 10));
    worst("backward, 10 steps a frame", &mut (0..1000).rev().map(|k| k * 10));
    worst("anywhere", &mut (0..200).map(|k| (k * 7919) % 10_000));
}
