//! Selecting and touching a running network through a session: every kind of selection against a computation of its
//! own, groups, hiding, values of every variable against all spikes and weights, touches and their undoing, and any
//! commands in any order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use spikescope::engine::{Activity, RATE_TAU_MS, Spike};
use spikescope::model::scene::Scene;
use spikescope::model::{Connectivity, Network, Receptor};
use spikescope::session::selection::{HIDDEN, INPUT, LESIONED, OUTPUT, SELECTED, SILENCED};
use spikescope::session::view::Variable;
use spikescope::session::{Command, EngineChoice, How, Select, Session, SessionOptions};

const SMALL_DIGITS: &[&str] = &[
    "population.excitatory.size=30",
    "learning.present_ms=40",
    "learning.rest_ms=15",
    "projection.features.pruning.policy=static",
    "projection.features.pruning.threshold=0.2",
    "projection.features.pruning.every_presentations=100000",
];
const SMALL_CUBA: &[&str] = &["population.excitatory.size=200"];

fn open(scene: &str, overrides: &[&str]) -> Session {
    let overrides: Vec<String> = overrides.iter().map(|&o| o.to_owned()).collect();
    let scene = Scene::load(scene, &overrides).expect("a good scene");
    Session::open(scene, SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed: None }).expect("a good session")
}

fn select(session: &mut Session, select: Select) -> BTreeSet<u32> {
    session.apply(Command::Select(select));
    selected(session)
}

fn selected(session: &Session) -> BTreeSet<u32> {
    let ids: BTreeSet<u32> = session.selection().ids().collect();
    let telemetry = session.telemetry();
    assert_eq!(telemetry.selection.count, ids.len() as u64);
    assert!(ids.iter().all(|&n| telemetry.is_selected(n)));
    ids
}

fn neurons(ids: impl IntoIterator<Item = u32>, how: How) -> Select {
    Select::Neurons { ids: ids.into_iter().collect(), how }
}

/// Every stored synapse: projection, synapse, source, target; ids of the network.
fn all_synapses(network: &Network) -> Vec<(usize, usize, u32, u32)> {
    let mut all = Vec::new();
    for (index, p) in network.projections.iter().enumerate() {
        let (source, target) = (network.populations[p.source].neurons(), network.populations[p.target].neurons());
        for (row, from) in source.clone().enumerate() {
            match &p.connectivity {
                Connectivity::OneToOne => all.extend(target.clone().nth(row).map(|to| (index, row, from, to))),
                Connectivity::AllToAll => {
                    all.extend((0..).zip(target.clone()).map(|(k, to)| (index, row * target.len() + k, from, to)));
                }
                Connectivity::AllButSelf => {
                    all.extend(
                        (0..).zip(target.clone()).filter(|&(k, _)| k != row).map(|(_, to)| (index, 0, from, to)),
                    );
                }
                Connectivity::Sparse { row_start, target: ends } => {
                    let row = row_start[row] as usize..row_start[row + 1] as usize;
                    all.extend(row.map(|synapse| (index, synapse, from, target.start + ends[synapse])));
                }
            }
        }
    }
    all
}

#[test]
fn neurons_populations_everything_and_how_they_combine() {
    let mut session = open("cuba", SMALL_CUBA);
    let all: BTreeSet<u32> = (0..session.network().neuron_count()).collect();
    let second = session.network().populations[1].neurons();
    assert_eq!(select(&mut session, Select::All), all);
    assert!(select(&mut session, Select::Clear).is_empty());
    assert_eq!(select(&mut session, neurons([3, 9, 3, 9999], How::Replace)), BTreeSet::from([3, 9]));
    assert_eq!(select(&mut session, neurons([4], How::Add)), BTreeSet::from([3, 4, 9]));
    assert_eq!(select(&mut session, neurons([9], How::Remove)), BTreeSet::from([3, 4]));
    assert_eq!(select(&mut session, Select::Population { index: 1, how: How::Add }).len(), 2 + second.len());
    let kept = select(&mut session, neurons([4, second.start], How::Keep));
    assert_eq!(kept, BTreeSet::from([4, second.start]));
    assert_eq!(select(&mut session, Select::Invert), &all - &kept);
    session.apply(Command::Select(Select::Population { index: 99, how: How::Replace }));
    assert_eq!(session.telemetry().notices.len(), 1);
    assert_eq!(selected(&session), &all - &kept, "what cannot be done changes nothing");
}

#[test]
fn ranks_and_thresholds_follow_the_values() {
    let mut session = open("digits", SMALL_DIGITS);
    session.advance(1500).expect("runs");
    for by in Variable::ALL {
        let values = session.values(by).expect("values").values.to_vec();
        let mut ranked: Vec<(f32, u32)> = values.iter().copied().zip(0..).filter(|(v, _)| !v.is_nan()).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let wanted = ((ranked.len() as f32 * 0.1).round() as usize).max(1);
        let expected: BTreeSet<u32> = ranked[..wanted].iter().map(|&(_, neuron)| neuron).collect();
        let found = select(&mut session, Select::Ranked { by, share: 0.1, top: true, how: How::Replace });
        assert_eq!(found, expected, "{by:?}");
        let (low, high) = (ranked[ranked.len() - 1].0, ranked[ranked.len() / 2].0);
        let expected = ranked.iter().filter(|(v, _)| *v >= low && *v <= high).map(|&(_, n)| n).collect();
        assert_eq!(select(&mut session, Select::Threshold { by, low, high, how: How::Replace }), expected, "{by:?}");
    }
    let by = Variable::Rate;
    session.apply(Command::Select(Select::Ranked { by, share: f32::NAN, top: true, how: How::Replace }));
    assert!(session.telemetry().notices[0].contains("share"));
}

#[test]
fn classes_and_weights_lead_to_their_neurons() {
    let mut session = open("digits", SMALL_DIGITS);
    session.train(25, &mut |_| true).expect("runs");
    let assigned = session.protocol().expect("learns").score().assigned().to_vec();
    let first = session.network().populations[1].first;
    let class = assigned.iter().flatten().copied().next().expect("some neuron means something");
    let expected = (first..).zip(&assigned).filter(|(_, a)| **a == Some(class)).map(|(n, _)| n).collect();
    assert_eq!(select(&mut session, Select::Class { class, how: How::Replace }), expected);
    let weights = session.engine().weights(0).expect("weights");
    let mut sorted = weights.clone();
    sorted.sort_by(f32::total_cmp);
    let (low, high) = (sorted[sorted.len() - 40], sorted[sorted.len() - 5]);
    for targets in [true, false] {
        let strong = all_synapses(session.network())
            .into_iter()
            .filter(|&(p, synapse, ..)| p == 0 && weights[synapse] >= low && weights[synapse] <= high);
        let expected: BTreeSet<u32> = strong.map(|(.., from, to)| if targets { to } else { from }).collect();
        assert!(!expected.is_empty());
        let wish = Select::Weights { projection: 0, low, high, targets, how: How::Replace };
        assert_eq!(select(&mut session, wish), expected);
    }
}

#[test]
fn partners_are_those_with_a_living_synapse() {
    for (scene, overrides) in [("cuba", SMALL_CUBA), ("digits", SMALL_DIGITS)] {
        let mut session = open(scene, overrides);
        let second = session.network().populations[1].first;
        let ids = [second + 2, second + 9];
        session.advance(400).expect("runs");
        if scene == "digits" {
            session.apply(Command::Prune(0));
        }
        let network = Arc::clone(session.network());
        let weights: Vec<Vec<f32>> =
            (0..network.projections.len()).map(|p| session.engine().weights(p).unwrap_or_default()).collect();
        let living = |&(p, synapse, ..): &(usize, usize, u32, u32)| {
            !network.projections[p].is_mutable() || weights[p][synapse] >= 0.0
        };
        let synapses: Vec<_> = all_synapses(&network).into_iter().filter(living).collect();
        let of = |from_selected: bool| -> BTreeSet<u32> {
            let chosen = synapses.iter().filter(|(.., from, to)| ids.contains(if from_selected { from } else { to }));
            chosen.map(|&(.., from, to)| if from_selected { to } else { from }).collect()
        };
        let [inputs, outputs] = [of(false), of(true)];
        assert_eq!(select(&mut session, neurons(ids, How::Replace)), BTreeSet::from(ids));
        session.advance(1).expect("runs");
        let flagged = |session: &Session, flag: u8| -> BTreeSet<u32> {
            let flags = session.selection().flags();
            (0..).zip(flags.iter()).filter(|(_, flags)| **flags & flag != 0).map(|(n, _)| n).collect()
        };
        assert_eq!((flagged(&session, INPUT), flagged(&session, OUTPUT)), (inputs.clone(), outputs.clone()), "{scene}");
        let partners = |inputs, outputs| Select::Partners { inputs, outputs, how: How::Replace };
        assert_eq!(select(&mut session, partners(true, false)), inputs, "{scene}");
        select(&mut session, neurons(ids, How::Replace));
        assert_eq!(select(&mut session, partners(true, true)), &inputs | &outputs, "{scene}");
        select(&mut session, Select::Clear);
        assert!(flagged(&session, INPUT | OUTPUT).is_empty());
    }
}

#[test]
fn groups_hiding_and_a_reset() {
    let mut session = open("cuba", SMALL_CUBA);
    select(&mut session, neurons([1, 2, 3], How::Replace));
    session.apply(Command::NameGroup("three".into()));
    assert_eq!(session.telemetry().selection.groups, [("three".to_owned(), 3)]);
    select(&mut session, neurons([3, 4], How::Replace));
    session.apply(Command::HideSelected);
    assert_eq!((selected(&session).len(), session.telemetry().selection.hidden), (0, 2));
    assert_eq!(session.selection().flags()[3], HIDDEN);
    let group = Select::Group { name: "three".into(), how: How::Replace };
    assert_eq!(select(&mut session, group.clone()), BTreeSet::from([1, 2]), "what is hidden cannot be selected");
    session.apply(Command::Reset);
    assert_eq!(session.telemetry().selection.groups.len(), 1, "groups outlive a reset");
    session.apply(Command::ShowAll);
    assert_eq!(select(&mut session, group.clone()), BTreeSet::from([1, 2, 3]));
    assert_eq!(session.selection().flags()[3] & (SELECTED | HIDDEN), SELECTED);
    session.apply(Command::DeleteGroup("three".into()));
    session.apply(Command::Select(group));
    assert!(session.telemetry().notices.iter().any(|n| n.contains("three")));
}

/// Population standard deviation over mean of the intervals between a neuron's spikes.
fn variation(spikes: &[Spike], neuron: u32) -> Option<f64> {
    let steps: Vec<f64> = spikes.iter().filter(|s| s.neuron == neuron).map(|s| f64::from(s.step)).collect();
    let intervals: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let variance = intervals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / intervals.len() as f64;
    (intervals.len() >= 2).then(|| variance.sqrt() / mean)
}

#[test]
fn values_are_what_all_spikes_and_weights_say() {
    let mut session = open("digits", SMALL_DIGITS);
    session.keep_spikes();
    session.advance(2000).expect("runs");
    session.apply(Command::Prune(0));
    let spikes = session.drain_spikes();
    let found = session.values(Variable::Cv).expect("values").values.to_vec();
    let mut compared = 0;
    for (neuron, &cv) in (0..).zip(&found) {
        match variation(&spikes, neuron) {
            None => assert!(cv.is_nan(), "neuron {neuron}"),
            Some(direct) => {
                assert!((f64::from(cv) - direct).abs() < 1e-4 * direct.max(1.0), "neuron {neuron}: {cv}, {direct}");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared}");
    let network = Arc::clone(session.network());
    let weights: Vec<Vec<f32>> = (0..2).map(|p| session.engine().weights(p).expect("weights")).collect();
    let (mut sums, mut lost) = (vec![0.0_f64; found.len()], vec![0.0_f32; found.len()]);
    let synapses = all_synapses(&network);
    for &(p, synapse, _, to) in
        synapses.iter().filter(|(p, ..)| network.projections[*p].receptor == Receptor::Excitatory)
    {
        match weights[p][synapse] {
            weight if weight < 0.0 => lost[to as usize] += 1.0,
            weight => sums[to as usize] += f64::from(weight),
        }
    }
    assert!(lost.iter().sum::<f32>() > 100.0, "the period pruned");
    let found_sums = session.values(Variable::WeightSum).expect("values").values.to_vec();
    let found_lost = session.values(Variable::SynapsesLost).expect("values").values.to_vec();
    for neuron in network.populations[1].neurons().map(|n| n as usize) {
        assert!((f64::from(found_sums[neuron]) - sums[neuron]).abs() < 1e-2, "neuron {neuron}");
        assert_eq!(found_lost[neuron], lost[neuron]);
    }
    assert!(found_sums[0].is_nan() && found_lost[0].is_nan(), "sources have no inputs");
    let rates = session.values(Variable::Rate).expect("values").values.to_vec();
    let step = session.step();
    let since = |s: &Spike| (step - u64::from(s.step)) as f64 * network.dt_ms;
    for neuron in [0_u32, 90, 100, network.populations[1].first + 3] {
        let own = spikes.iter().filter(|s| s.neuron == neuron);
        let direct: f64 = own.map(|s| (-since(s) / RATE_TAU_MS).exp()).sum::<f64>() / (RATE_TAU_MS * 1e-3);
        assert!((f64::from(rates[neuron as usize]) - direct).abs() < 1e-3 * direct.max(1.0), "neuron {neuron}");
    }
}

#[test]
fn the_selection_has_a_rate_rows_and_weights_of_its_own() {
    let mut session = open("digits", SMALL_DIGITS);
    session.keep_spikes();
    let output = session.network().populations[1].neurons();
    let chosen: Vec<u32> = output.clone().take(4).collect();
    select(&mut session, neurons(chosen.iter().copied(), How::Replace));
    session.advance(2000).expect("runs");
    let spikes = session.drain_spikes();
    let selection = session.telemetry().selection.clone();
    assert_eq!((&*selection.ids, selection.rows.len()), (&chosen[..], 4));
    // 20 steps of 0.5 ms between samples: means of equal stretches; the first one ends with the first sample.
    let count = spikes.iter().filter(|s| chosen.contains(&s.neuron) && s.step > 20 && s.step <= 2000).count();
    let points: Vec<f64> = selection.rate_hz.points().map(|p| p.mean).collect();
    let mean = points.iter().sum::<f64>() / points.len() as f64;
    assert_eq!(points.len(), 99);
    assert!((mean - count as f64 / 4.0 / 0.99).abs() < 1e-6, "{mean} for {count} spikes");
    for row in selection.rows.iter() {
        assert_eq!(row.spike_count as usize, spikes.iter().filter(|s| s.neuron == row.neuron).count());
        assert!(row.value(Variable::Theta) > 0.0 && row.population == 1);
    }
    let inputs = selection.inputs.expect("weights end here");
    assert_eq!((inputs.remaining + inputs.lost, selection.outputs), (4 * u64::from(output.start), None));
}

#[test]
fn silence_and_lesions_are_counted_flagged_and_undone() {
    let mut session = open("cuba", SMALL_CUBA);
    session.keep_spikes();
    session.advance(1000).expect("runs");
    session.drain_spikes();
    session.apply(Command::Silence(true));
    assert!(session.telemetry().notices[0].contains("nothing is selected"));
    select(&mut session, neurons(0..50, How::Replace));
    session.apply(Command::Silence(true));
    select(&mut session, neurons(50..80, How::Replace));
    session.apply(Command::Lesion);
    session.apply(Command::Stimulate { mv: 5.0, duration_ms: 3.0 });
    let counts = |s: &Session| {
        let t = &s.telemetry().selection;
        (t.silenced, t.lesioned, t.stimulated)
    };
    assert_eq!(counts(&session), (50, 30, 30));
    assert_eq!(
        (session.selection().flags()[3], session.selection().flags()[60] & LESIONED),
        (SILENCED | session.selection().flags()[3], LESIONED)
    );
    session.advance(1000).expect("runs");
    assert_eq!(counts(&session), (50, 30, 0), "the stimulus is over");
    let spikes = session.drain_spikes();
    assert!(spikes.len() > 20 && spikes.iter().all(|s| s.neuron >= 80), "{} spikes", spikes.len());
    for left in [(50, 30, 0), (50, 0, 0), (0, 0, 0)] {
        session.apply(Command::Undo);
        let (silenced, lesioned, _) = counts(&session);
        assert_eq!((silenced, lesioned), (left.0, left.1));
    }
    session.advance(1000).expect("runs");
    assert!(session.drain_spikes().iter().any(|s| s.neuron < 50), "they spike again");
}

#[test]
fn a_live_run_gathers_in_pieces_what_an_inline_run_gathers_at_once() {
    let mut session = open("digits", SMALL_DIGITS);
    session.apply(Command::Speed(f64::INFINITY));
    let frame = Duration::from_millis(16);
    for _ in 0..20 {
        session.update(frame, Duration::from_millis(2)).expect("runs");
    }
    session.apply(Command::Pause);
    for variable in Variable::ALL {
        assert!(session.values(variable).is_some(), "{variable:?}");
    }
    std::thread::sleep(Duration::from_millis(250));
    let live: Vec<Vec<f32>> = Variable::ALL.map(|v| session.values(v).expect("values").values.to_vec()).into();
    session.advance(0).expect("nothing to run");
    for (variable, live) in Variable::ALL.into_iter().zip(live) {
        if variable != Variable::Cv {
            let inline = session.values(variable).expect("values").values;
            let same = live.iter().zip(inline).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
            assert!(same, "{variable:?}");
        }
    }
    let Activity::Host { neurons, .. } = session.activity() else { panic!("the CPU engine's") };
    assert_eq!(neurons.len(), session.network().neuron_count() as usize);
}

fn any_how() -> impl Strategy<Value = How> {
    prop::sample::select(How::ALL.to_vec())
}

fn any_command() -> impl Strategy<Value = Command> {
    let number = || prop_oneof![Just(f32::NAN), Just(f32::INFINITY), -100.0_f32..100.0];
    let by = || prop::sample::select(Variable::ALL.to_vec());
    let name = || prop::sample::select(vec!["a", "b", "", " "]).prop_map(str::to_owned);
    let select = prop_oneof![
        Just(Select::Clear),
        Just(Select::All),
        Just(Select::Invert),
        (prop::collection::vec(0_u32..300, 0..9), any_how()).prop_map(|(ids, how)| neurons(ids, how)),
        (0_usize..5, any_how()).prop_map(|(index, how)| Select::Population { index, how }),
        (0_u8..12, any_how()).prop_map(|(class, how)| Select::Class { class, how }),
        (by(), number(), any::<bool>(), any_how()).prop_map(|(by, share, top, how)| Select::Ranked {
            by,
            share,
            top,
            how
        }),
        (by(), number(), number(), any_how()).prop_map(|(by, low, high, how)| Select::Threshold { by, low, high, how }),
        (any::<bool>(), any::<bool>(), any_how()).prop_map(|(inputs, outputs, how)| Select::Partners {
            inputs,
            outputs,
            how
        }),
        (0_usize..6, number(), number(), any::<bool>(), any_how()).prop_map(|(projection, low, high, targets, how)| {
            Select::Weights { projection, low, high, targets, how }
        }),
        (name(), any_how()).prop_map(|(name, how)| Select::Group { name, how }),
    ];
    prop_oneof![
        6 => select.prop_map(Command::Select),
        1 => name().prop_map(Command::NameGroup),
        1 => name().prop_map(Command::DeleteGroup),
        1 => Just(Command::HideSelected),
        1 => Just(Command::ShowAll),
        2 => any::<bool>().prop_map(Command::Silence),
        2 => (number(), number()).prop_map(|(mv, duration_ms)| Command::Stimulate { mv, duration_ms }),
        1 => Just(Command::Lesion),
        1 => Just(Command::Undo),
        1 => Just(Command::Redo),
        1 => Just(Command::Reset),
        1 => (0_u32..400).prop_map(|n| Command::Pick(Some(n))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_commands_in_any_order_keep_the_books(commands in prop::collection::vec(any_command(), 1..25)) {
        let mut session = open("cuba", &["population.excitatory.size=100"]);
        for (index, command) in commands.into_iter().enumerate() {
            session.apply(command);
            if index % 2 == 0 {
                session.advance(7).expect("runs");
            } else {
                session.update(Duration::from_millis(16), Duration::from_micros(300)).expect("runs");
            }
            let flags = session.selection().flags();
            let count = |flag: u8| flags.iter().filter(|flags| **flags & flag != 0).count() as u64;
            prop_assert!(flags.iter().all(|flags| flags & (SELECTED | HIDDEN) != SELECTED | HIDDEN));
            let told = &session.telemetry().selection;
            let counted = (count(SELECTED), count(HIDDEN), count(SILENCED), count(LESIONED));
            prop_assert_eq!((told.count, told.hidden, told.silenced, told.lesioned), counted);
            prop_assert!(told.rows.len() <= 1000 && told.ids.len() as u64 == told.count.min(1000));
        }
    }
}
