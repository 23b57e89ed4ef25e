//! Time as a session's user moves through it: the past shows the spikes exactly as they were and leaves the run
//! untouched; what was undone has never been.

use std::time::Duration;

use spikescope::engine::{Activity, NeuronState, Spike};
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
        assert_eq!(Some(session.step()), expected(true, at), "{scene}");
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
