//! The two engines side by side: the same spikes at every step, the same weights after learning, normalising and
//! pruning, the same state in every checkpoint. All comparisons are exact, except that values below the smallest normal
//! f32 count as zero: GPUs may flush them, and no spike ever depends on them. They hold on adapters that round every
//! operation as written, such as Mesa's software adapter (see the module engine::gpu on others).

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/networks.rs"]
mod networks;
#[path = "common/pair.rs"]
mod pair;

use std::sync::Arc;

use adapter::gpu;
use pair::{Pair, compare_checkpoints, same, same_floats, spikes};
use spikescope::engine::gpu::{GpuEngine, GpuOptions};
use spikescope::engine::{Change, Checkpoint, Engine, SampleRequest, Spike, cpu::CpuEngine};
use spikescope::model::{Cell, Connectivity, Network, Pruning, PruningPolicy, Receptor, Rule, Source, SynapseModel};

#[test]
fn sparse_current_network_with_delays() {
    let Some(mut pair) = Pair::new(networks::cuba(800), GpuOptions::default()) else { return };
    let mut total = 0;
    for _ in 0..10 {
        total += pair.advance(100);
    }
    assert!(total > 1000, "only {total} spikes");
    pair.compare();
}

#[test]
fn sparse_network_in_many_segments() {
    // 144,000 entries of 4 bytes; the spike and input rings need up to 300,000 bytes each, which sets the limit.
    let Some(mut pair) =
        Pair::new(networks::cuba(1200), GpuOptions { max_binding: Some(300_000), ..Default::default() })
    else {
        return;
    };
    assert!(pair.device.segment_count() > 1, "one segment only");
    assert!(pair.advance(300) > 100);
    pair.compare();
}

#[test]
fn dense_network_with_lateral_inhibition() {
    // Everything of Diehl and Cook's network but the learning: weights of their own, all-but-self, one-to-one.
    let mut network = networks::digits(100, 65, networks::diehl_cook());
    network.projections[0].plasticity = None;
    network.projections[0].normalised_sum = None;
    let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
    let mut outputs = 0;
    for image in 0..5 {
        pair.both(|engine| engine.set_rates(0, &networks::image_rates(100, image)).expect("rates"));
        outputs += pair.advance(150);
        pair.both(|engine| engine.set_rates(0, &[0.0; 100]).expect("rates"));
        outputs += pair.advance(50);
    }
    let checkpoint = pair.compare();
    let excitatory: u32 = checkpoint.spike_counts[100..165].iter().sum();
    assert!(outputs > 500 && excitatory > 20, "{outputs} spikes, {excitatory} of them excitatory");
}

/// Images for 1,000 steps with learning, rest and normalisation between them.
fn learn_images(pair: &mut Pair, inputs: u32, images: u32) {
    for image in 0..images {
        pair.both(|engine| {
            engine.normalise(0).expect("normalise");
            engine.set_rates(0, &networks::image_rates(inputs, image)).expect("rates");
        });
        pair.advance(160);
        pair.both(|engine| engine.set_rates(0, &vec![0.0; inputs as usize]).expect("rates"));
        pair.advance(40);
        pair.both(|engine| engine.rest().expect("rest"));
    }
}

fn moved(pair: &Pair, after: &Checkpoint) -> usize {
    let before = CpuEngine::new(Arc::clone(pair.host.network())).expect("CPU engine").checkpoint().expect("checkpoint");
    before.weights[0].iter().zip(&after.weights[0]).filter(|(a, b)| a != b).count()
}

#[test]
fn plastic_dense_network() {
    let Some(mut pair) = Pair::new(networks::digits(144, 60, networks::diehl_cook()), GpuOptions::default()) else {
        return;
    };
    learn_images(&mut pair, 144, 5);
    let after = pair.compare();
    let learned: u32 = after.spike_counts[144..204].iter().sum();
    assert!(learned > 20, "only {learned} post spikes");
    assert!(moved(&pair, &after) > 4000);
}

#[test]
fn plastic_dense_network_with_the_power_law_rule() {
    let rule = Rule::PostPowerLaw { tau_pre_ms: 20.0, rate: 0.02, target_trace: 0.3, mu: 0.4 };
    let Some(mut pair) = Pair::new(networks::digits(81, 33, rule), GpuOptions::default()) else { return };
    learn_images(&mut pair, 81, 5);
    let after = pair.compare();
    assert!(moved(&pair, &after) > 1000);
}

#[test]
fn plastic_sparse_network_with_live_changes() {
    let Some(mut pair) = Pair::new(networks::plastic_sparse(500), GpuOptions::default()) else { return };
    let mut total = pair.advance(300);
    let population = 0;
    for change in [
        Change::LearningRate { projection: 0, factor: 2.5 },
        Change::ReceptorGain { population, receptor: Receptor::Excitatory, factor: 0.9 },
        Change::BackgroundRate { population, rate_hz: 1500.0 },
        Change::Drive { population, drive_mv: 1.5 },
        Change::Learning(false),
        Change::Learning(true),
    ] {
        pair.both(|engine| engine.change(&change).expect("change"));
        total += pair.advance(120);
    }
    assert!(total > 2000, "only {total} spikes");
    let after = pair.compare();
    assert!(moved(&pair, &after) > 5000);
}

#[test]
fn pruned_networks() {
    let mut dense = networks::digits(100, 50, networks::diehl_cook());
    dense.projections[0].pruning = Some(networks::progressive());
    let mut sparse = networks::plastic_sparse(400);
    sparse.projections[0].pruning = Some(Pruning { floor_per_neuron: 5, ..networks::progressive() });
    let mut fixed = networks::plastic_sparse(300);
    fixed.projections[0].plasticity = None;
    fixed.projections[0].pruning = Some(Pruning {
        policy: PruningPolicy::Static { threshold: 0.35 },
        target_compression: 0.2,
        floor_per_neuron: 4,
        ..networks::progressive()
    });
    for network in [dense, sparse, fixed] {
        let inputs = network.populations[0].size;
        let is_input = matches!(network.populations[0].cell, Cell::Source(_));
        let total = network.synapse_count_of(0) as usize;
        let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
        let mut remaining = total;
        for period in 0..10 {
            if is_input {
                pair.both(|engine| engine.set_rates(0, &networks::image_rates(inputs, period)).expect("rates"));
            }
            pair.advance(100);
            pair.both(|engine| {
                engine.prune(0).expect("prune");
                engine.normalise(0).expect("normalise");
            });
            let left = pair.compare().weights[0].iter().filter(|&&w| w >= 0.0).count();
            assert!(left <= remaining);
            remaining = left;
        }
        assert!(remaining < total * 9 / 10 && remaining > 0, "{remaining} of {total} left");
        pair.both(|engine| {
            engine.change(&Change::PruningThreshold { projection: 0, threshold: 0.5 }).expect("change");
            engine.prune(0).expect("prune");
        });
        pair.compare();
    }
}

#[test]
fn checkpoints_go_from_engine_to_engine() {
    for network in
        [networks::plastic_sparse(300), networks::cuba(400), networks::digits(64, 30, networks::diehl_cook())]
    {
        let network = Arc::new(network);
        let Some(gpu) = gpu() else { return };
        let input = matches!(network.populations[0].cell, Cell::Source(_));
        let rates = networks::image_rates(network.populations[0].size, 4);
        let start = |engine: &mut dyn Engine| {
            if input {
                engine.set_rates(0, &rates).expect("rates");
            }
            engine.advance(250).expect("advance");
        };
        let mut whole = CpuEngine::new(Arc::clone(&network)).expect("CPU engine");
        start(&mut whole);
        whole.advance(500).expect("advance");

        let mut first = CpuEngine::new(Arc::clone(&network)).expect("CPU engine");
        start(&mut first);
        let mut second = GpuEngine::new(Arc::clone(&gpu), Arc::clone(&network)).expect("GPU engine");
        // The engine that takes over has a past of its own, which must not show.
        second.advance(77).expect("advance");
        second.restore(&first.checkpoint().expect("checkpoint")).expect("restore");
        second.advance(250).expect("advance");
        let on_the_way = spikes(&mut second);
        assert!(on_the_way.iter().all(|spike| (251..=500).contains(&spike.step)));
        let mut third = CpuEngine::new(Arc::clone(&network)).expect("CPU engine");
        third.restore(&second.checkpoint().expect("checkpoint")).expect("restore");
        third.advance(250).expect("advance");
        compare_checkpoints(
            "restored",
            &whole.checkpoint().expect("checkpoint"),
            &third.checkpoint().expect("checkpoint"),
        );
        assert_eq!(gpu.take_fault(), None);
    }
}

#[test]
fn samples_tell_the_same() {
    let mut network = networks::digits(100, 70, networks::diehl_cook());
    network.projections[0].pruning = Some(networks::progressive());
    let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
    pair.both(|engine| {
        engine.set_rates(0, &networks::image_rates(100, 4)).expect("rates");
        engine.advance(300).expect("advance");
        engine.prune(0).expect("prune");
    });
    for (probe, field_of) in [(105, Some(0)), (120, Some(2)), (180, Some(1)), (3, Some(0)), (169, None)] {
        let request =
            SampleRequest { spikes: true, counts_of: Some(1), statistics: true, probe: Some(probe), field_of };
        let mut samples = Vec::new();
        pair.both(|engine| {
            engine.advance(20).expect("advance");
            assert!(engine.request_sample(&request));
            engine.wait().expect("wait");
            samples.push(engine.poll_sample().expect("sample"));
        });
        let [host, device] = samples.as_slice() else { panic!("two samples") };
        assert_eq!((host.step, &host.spikes, host.spikes_lost), (device.step, &device.spikes, device.spikes_lost));
        assert_eq!((&host.population_spikes, &host.counts), (&device.population_spikes, &device.counts));
        for (a, b) in host.membrane_mean_mv.iter().zip(&device.membrane_mean_mv) {
            assert!((a - b).abs() < 1e-4, "membrane means {a} and {b}");
        }
        let weights = |sample: &spikescope::engine::Sample| sample.projections[0].clone().expect("mutable");
        let (a, b) = (weights(host), weights(device));
        assert_eq!((a.histogram, a.remaining, a.total), (b.histogram, b.remaining, b.total));
        assert!((a.weight_mean - b.weight_mean).abs() < 1e-5 && a.threshold == b.threshold);
        assert_eq!((&host.projections[1], &device.projections[1]), (&None, &None));
        let (a, b) = (host.probe.as_ref().expect("probe"), device.probe.as_ref().expect("probe"));
        assert_eq!(
            (a.neuron, a.state.last_spike_step, a.state.hold),
            (b.neuron, b.state.last_spike_step, b.state.hold)
        );
        assert!(same(a.state.membrane_mv, b.state.membrane_mv) && same(a.synaptic[0], b.synaptic[0]));
        same_floats("receptive field", &a.field, &b.field);
    }
    for index in 0..3 {
        let mut weights = Vec::new();
        pair.both(|engine| weights.push(engine.weights(index).expect("weights")));
        same_floats("weights", &weights[0], &weights[1]);
    }
    pair.compare();
}

#[test]
fn many_samples_may_be_under_way_and_come_back_in_order() {
    let Some(mut pair) = Pair::new(networks::cuba(500), GpuOptions::default()) else { return };
    let request = SampleRequest { spikes: true, ..Default::default() };
    let mut device = Vec::new();
    for _ in 0..40 {
        pair.device.advance(25).expect("advance");
        // Refused while too many are under way: nothing is lost then, the next one holds the spikes.
        let _ = pair.device.request_sample(&request);
        device.extend(pair.device.poll_sample());
    }
    pair.device.wait().expect("wait");
    let accepted = pair.device.request_sample(&request);
    assert!(accepted, "after a wait there is room");
    pair.device.wait().expect("wait");
    device.extend(std::iter::from_fn(|| pair.device.poll_sample()));
    assert!(device.windows(2).all(|pair| pair[0].step < pair[1].step || pair[1].spikes.is_empty()));
    assert!(device.iter().all(|sample| sample.spikes_lost == 0));
    let device: Vec<Spike> = device.into_iter().flat_map(|sample| sample.spikes).collect();
    pair.host.advance(1000).expect("advance");
    assert!(device.len() > 500);
    assert_eq!(device, spikes(&mut pair.host));
    assert_eq!(pair.gpu.take_fault(), None);
}

/// Every third neuron of a range, from `first` on.
fn some(range: std::ops::Range<u32>, first: u32) -> Arc<[u32]> {
    range.skip(first as usize).step_by(3).collect()
}

#[test]
fn touched_networks_spike_alike() {
    let mut relay = networks::digits(64, 30, networks::diehl_cook());
    let lists = (0..64).map(|k| (1..400).filter(|step| (step + k) % 40 == 0).collect()).collect();
    relay.populations[0].cell = Cell::Source(Source::SpikeList(lists));
    for network in
        [networks::cuba(600), networks::digits(64, 30, networks::diehl_cook()), networks::plastic_sparse(300), relay]
    {
        let all = 0..network.neuron_count();
        let is_poisson = matches!(network.populations[0].cell, Cell::Source(Source::Poisson { .. }));
        let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
        if is_poisson {
            pair.both(|engine| engine.set_rates(0, &networks::image_rates(64, 4)).expect("rates"));
        }
        let untouched = pair.advance(150);
        let mut total = 0;
        let silent = some(all.clone(), 0);
        for change in [
            Change::Silence { neurons: Arc::clone(&silent), on: true },
            Change::Stimulate { neurons: some(all.clone(), 1), mv: 14.0, duration_ms: 20.0 },
            Change::Stimulate { neurons: some(all.clone(), 2), mv: -3.5, duration_ms: 9.0 },
            Change::Lesion { neurons: some(all.clone(), 5) },
            Change::Silence { neurons: silent, on: false },
        ] {
            pair.both(|engine| engine.change(&change).expect("change"));
            total += pair.advance(60);
        }
        assert!(untouched > 20 && total > 40, "{untouched} and {total} spikes");
        let after = pair.compare();
        assert_eq!(after.live.touches.len(), all.len());
        // The touches travel with a checkpoint, from one engine to the other.
        pair.host.restore(&after).expect("restore");
        pair.device.restore(&after).expect("restore");
        pair.advance(60);
        pair.compare();
    }
}

#[test]
fn a_stimulus_acts_as_the_drive_it_is_and_silence_is_silence() {
    let synapse = SynapseModel::Current { tau_excitatory_ms: 5.0, tau_inhibitory_ms: 10.0 };
    let cell = Cell::Lif(networks::lif(synapse));
    let network = Network {
        dt_ms: 0.1,
        seed: 1,
        populations: vec![networks::population("cells", 0, 4, cell)],
        ..Default::default()
    };
    let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
    let neurons = |ids: &[u32]| Arc::from(ids);
    pair.both(|engine| {
        // 15 mV against a threshold of 10 mV, tau 20 ms: the first spike after 20 ln(15 / 5) = 21.97 ms.
        engine.change(&Change::Stimulate { neurons: neurons(&[0, 3]), mv: 15.0, duration_ms: 30.0 }).expect("change");
        engine.change(&Change::Stimulate { neurons: neurons(&[1]), mv: 8.0, duration_ms: 100.0 }).expect("change");
        engine.change(&Change::Silence { neurons: neurons(&[3]), on: true }).expect("change");
        engine.advance(1000).expect("advance");
    });
    let found = spikes(&mut pair.host);
    assert_eq!(found, spikes(&mut pair.device));
    assert_eq!(found, [Spike { step: 220, neuron: 0 }], "one, before its stimulus ends; none of the silenced one");
    let after = pair.compare();
    let membrane = |neuron: usize| f64::from(after.neurons[neuron].membrane_mv);
    assert!((membrane(1) - 8.0 * (1.0 - (-5.0_f64).exp())).abs() < 1e-3, "{}", membrane(1));
    assert_eq!((membrane(2), membrane(3)), (0.0, 0.0));
    let beyond = Change::Lesion { neurons: neurons(&[4]) };
    pair.both(|engine| assert!(engine.change(&beyond).expect_err("no such neuron").to_string().contains("neuron 4")));
}

#[test]
fn a_lesion_takes_the_synapses_of_both_directions_and_nothing_else() {
    let mut network = networks::plastic_sparse(200);
    network.projections[0].pruning = Some(Pruning { floor_per_neuron: 2, ..networks::progressive() });
    let Connectivity::Sparse { row_start, target } = network.projections[0].connectivity.clone() else {
        panic!("sparse")
    };
    let Some(mut pair) = Pair::new(network, GpuOptions::default()) else { return };
    pair.advance(200);
    let gone: Arc<[u32]> = Arc::from([7, 100, 101]);
    pair.both(|engine| engine.change(&Change::Lesion { neurons: Arc::clone(&gone) }).expect("change"));
    let source_of = |synapse: usize| row_start.partition_point(|&start| start as usize <= synapse) as u32 - 1;
    let is_cut = |synapse: usize| gone.contains(&source_of(synapse)) || gone.contains(&target[synapse]);
    let at_once = pair.compare();
    for (synapse, &share) in at_once.weights[0].iter().enumerate() {
        assert_eq!(share < 0.0, is_cut(synapse), "synapse {synapse}");
    }
    // Learning, normalising and pruning leave them alone, and count the same survivors.
    for _ in 0..3 {
        pair.advance(150);
        pair.both(|engine| {
            engine.normalise(0).expect("normalise");
            engine.prune(0).expect("prune");
        });
    }
    let after = pair.compare();
    assert!((0..target.len()).all(|synapse| !is_cut(synapse) || after.weights[0][synapse] < 0.0));
    assert!(gone.iter().all(|&n| after.spike_counts[n as usize] == at_once.spike_counts[n as usize]));
    assert!(after.spike_counts.iter().sum::<u32>() > at_once.spike_counts.iter().sum::<u32>() + 100);
    pair.both(|engine| {
        assert!(engine.request_sample(&SampleRequest { statistics: true, ..Default::default() }));
        engine.wait().expect("wait");
        let sample = engine.poll_sample().expect("sample");
        let survivors = after.weights[0].iter().filter(|&&share| share >= 0.0).count() as u64;
        assert_eq!(sample.projections[0].as_ref().map(|p| p.remaining), Some(survivors));
    });
}
