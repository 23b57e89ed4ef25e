//! The ways of the GPU engine, each forced on and held against the CPU engine, exactly: the same spikes at every step,
//! the same state at the end.

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/networks.rs"]
mod networks;
#[path = "common/pair.rs"]
mod pair;

use std::sync::Arc;

use pair::Pair;
use spikescope::engine::gpu::{GpuOptions, StepPath};
use spikescope::engine::{Change, Engine};
use spikescope::model::{Background, Cell, Network, Receptor, Source, SynapseModel};

/// Small networks of fixed weights with every kind of cell, input and rule.
fn fixed_networks() -> Vec<Network> {
    let mut dense = networks::digits(100, 65, networks::diehl_cook());
    dense.projections[0].plasticity = None;
    dense.projections[0].normalised_sum = None;
    let mut relay = dense.clone();
    let lists = (0..100).map(|k| (1..600).filter(|step| (step + k) % 25 == 0).collect()).collect();
    relay.populations[0].cell = Cell::Source(Source::SpikeList(lists));
    let mut delta = networks::plastic_sparse(300);
    delta.projections[0].plasticity = None;
    delta.projections[0].normalised_sum = None;
    let mut noisy = networks::cuba(400);
    let Cell::Lif(lif) = &mut noisy.populations[1].cell else { panic!("LIF cells") };
    lif.background = Some(Background { rate_hz: 3000.0, weight: -0.4, receptor: Receptor::Inhibitory });
    assert!(matches!(lif.synapse, SynapseModel::Current { .. }));
    // More neurons than one slot of the largest workgroup.
    vec![networks::cuba(1800), dense, relay, delta, noisy]
}

fn every(range: std::ops::Range<u32>, step: usize) -> Arc<[u32]> {
    range.step_by(step).collect()
}

/// Runs a network for 500 steps in slices of odd lengths, touching neurons on the way.
fn run(pair: &mut Pair) -> usize {
    let all = 0..pair.host_network().neuron_count();
    if matches!(pair.host_network().populations[0].cell, Cell::Source(Source::Poisson { .. })) {
        pair.both(|engine| engine.set_rates(0, &networks::image_rates(100, 4)).expect("rates"));
    }
    let mut spikes = 0;
    for steps in [1, 2, 63, 64, 65, 105] {
        spikes += pair.advance(steps);
    }
    pair.compare();
    for change in [
        Change::Silence { neurons: every(all.clone(), 5), on: true },
        Change::Stimulate { neurons: every(all, 3), mv: 9.0, duration_ms: 8.0 },
    ] {
        pair.both(|engine| engine.change(&change).expect("change"));
        spikes += pair.advance(100);
    }
    pair.compare();
    spikes
}

#[test]
fn plastic_and_large_networks_say_why_they_take_many_dispatches() {
    let plastic = networks::plastic_sparse(200);
    let mut large = networks::cuba(200);
    large.projections.clear();
    large.populations.truncate(1);
    large.populations[0].size = 20_000;
    large.initial_membrane_mv.clear();
    for (network, reason) in [(plastic, "can change"), (large, "20000 neurons are more than")] {
        let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
        assert!(!pair.device.is_one_workgroup() && pair.device.dispatches_per_step() >= 1.0);
        assert!(pair.device.explain()[0].contains(reason), "{:?}", pair.device.explain());
        pair.advance(70);
        pair.compare();
    }
}

#[test]
fn a_checkpoint_brings_its_input_under_way_to_the_one_workgroup() {
    let Some(mut pair) = Pair::new(networks::cuba(600), GpuOptions::default()) else { return };
    pair.advance(300);
    let busy = pair.compare();
    assert!(busy.ring.iter().any(|&input| input != 0), "no input under way");
    pair.advance(200);
    pair.both(|engine| engine.restore(&busy).expect("restore"));
    assert!(pair.advance(150) > 20);
    pair.compare();
    pair.both(|engine| engine.rest().expect("rest"));
    pair.advance(150);
    pair.compare();
}

#[test]
fn one_workgroup_and_many_dispatches_give_the_same() {
    for network in fixed_networks() {
        let mut counts = Vec::new();
        for path in [StepPath::Automatic, StepPath::ManyDispatches] {
            let Some(mut pair) = Pair::new(network.clone(), GpuOptions { path, ..Default::default() }) else { return };
            assert_eq!(pair.device.is_one_workgroup(), path == StepPath::Automatic, "{}", network.name);
            counts.push(run(&mut pair));
            let (lines, dispatches) = (pair.device.explain(), pair.device.dispatches_per_step());
            assert_eq!(lines.len(), 1 + network.populations.len() + network.projections.len(), "{lines:?}");
            assert_eq!(lines[0].contains("one workgroup of"), path == StepPath::Automatic, "{lines:?}");
            assert_eq!(dispatches < 1.0, path == StepPath::Automatic, "{dispatches} dispatches a step");
        }
        assert!(counts[0] > 200 && counts[0] == counts[1], "{}: {counts:?} spikes", network.name);
    }
}
