//! Known answers per kernel, worked out by hand or by a few lines of Rust here, at sizes around the workgroup size and
//! far beyond it; and the twins of the random numbers.

#[path = "common/adapter.rs"]
mod adapter;
#[path = "common/networks.rs"]
mod networks;

use std::sync::Arc;

use adapter::gpu;
use networks::{lif, population, projection, random_rows, synapses};
use spikescope::engine::gpu::GpuEngine;
use spikescope::engine::{Change, Engine, EngineError, PRUNED, Sample, SampleRequest, Spike};
use spikescope::gpu::shader::ShaderSource;
use spikescope::gpu::{Gpu, Kernel, Memory, Piece, Slot, read_blocking};
use spikescope::model::random::random_u32;
use spikescope::model::{
    Cell, Connectivity, Delays, Lif, Network, Plasticity, Population, Projection, Pruning, PruningPolicy, Receptor,
    Rule, Source, SynapseModel, Weights,
};

/// Around and far from the 64 threads of a workgroup.
const SIZES: [u32; 5] = [1, 63, 64, 65, 345];

fn network(populations: Vec<Population>, projections: Vec<Projection>) -> Network {
    Network { name: "kernels".into(), dt_ms: 1.0, seed: 5, populations, projections, ..Default::default() }
}

fn engine(gpu: &Arc<Gpu>, network: Network) -> GpuEngine {
    GpuEngine::new(Arc::clone(gpu), Arc::new(network)).expect("an engine")
}

fn sample(engine: &mut GpuEngine) -> Sample {
    let request = SampleRequest { spikes: true, statistics: true, ..Default::default() };
    assert!(engine.request_sample(&request));
    engine.wait().expect("wait");
    engine.poll_sample().expect("the sample that was asked for")
}

/// A delta cell that fires whenever an input of 20 mV or more arrives, without leak to speak of.
fn relay_cell() -> Lif {
    Lif { tau_membrane_ms: 1.0e6, refractory_ms: 0.0, ..lif(SynapseModel::Delta) }
}

/// One source neuron per list.
fn lists(size: u32, list: impl Fn(u32) -> Vec<u32>) -> Cell {
    Cell::Source(Source::SpikeList((0..size).map(list).collect()))
}

#[test]
fn random_numbers_are_those_of_the_host() {
    const KEYS: u32 = 4096;
    const TWIN: ShaderSource = ShaderSource {
        label: "test.twin",
        parts: &[
            ("common/random.wgsl", include_str!("../shaders/common/random.wgsl")),
            (
                "twin.wgsl",
                "@group(0) @binding(0) var<storage, read> keys: array<vec4<u32>>;
                 @group(0) @binding(1) var<storage, read_write> values: array<u32>;
                 @compute @workgroup_size(64)
                 fn twin(@builtin(global_invocation_id) thread: vec3<u32>) {
                     let key = keys[thread.x];
                     values[thread.x] = random_u32(key.x, key.y, key.z, key.w);
                 }",
            ),
        ],
    };
    let Some(gpu) = gpu() else { return };
    let key = |i: u32| [i.wrapping_mul(0x9e37_79b9), i % 7, i << 20 | i, !i];
    let keys: Vec<[u32; 4]> = (0..KEYS).map(key).collect();
    let mut memory = Memory::new(Arc::clone(&gpu), None);
    let keys_buffer = memory.storage("keys", &keys).expect("fits");
    let values = memory.zeroed::<u32>("values", u64::from(KEYS)).expect("fits");
    let kernel = Kernel::new(&gpu.device, &TWIN, &[Slot::Read, Slot::Write], None);
    let group = kernel.bind(&gpu.device, &[&keys_buffer, &values]);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        kernel.set(&mut pass, &group);
        pass.dispatch_workgroups(KEYS / 64, 1, 1);
    }
    gpu.queue.submit([encoder.finish()]);
    let piece = Piece { buffer: &values, offset: 0, bytes: u64::from(KEYS) * 4 };
    let values: Vec<u32> = bytemuck::pod_collect_to_vec(&read_blocking(&gpu, &[piece]).expect("read"));
    let expected: Vec<u32> = keys.iter().map(|k| random_u32(k[0], k[1], k[2], k[3])).collect();
    assert_eq!(values, expected);
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn integrate_plays_spike_lists_at_every_size() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        let list = |k: u32| if k.is_multiple_of(3) { vec![1 + k % 5, 9, 10, 70] } else { vec![] };
        let mut engine = engine(&gpu, network(vec![population("source", 0, size, lists(size, list))], Vec::new()));
        engine.advance(70).expect("advance");
        let mut expected: Vec<Spike> =
            (0..size).flat_map(|neuron| list(neuron).into_iter().map(move |step| Spike { step, neuron })).collect();
        expected.sort();
        let sample = sample(&mut engine);
        assert_eq!(sample.spikes, expected, "{size} neurons");
        assert_eq!(sample.population_spikes, [expected.len() as u64]);
    }
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn integrate_fires_poisson_sources_by_their_random_numbers() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        let cell = Cell::Source(Source::Poisson { rate_hz: 100.0 });
        let mut engine = engine(&gpu, network(vec![population("source", 0, size, cell)], Vec::new()));
        engine.advance(200).expect("advance");
        // 100 Hz at 1 ms: one step in ten.
        let threshold = (0.1_f64 * 4_294_967_296.0).round() as u32;
        let mut expected = Vec::new();
        for step in 1..=200 {
            let spiking = (0..size).filter(|&neuron| random_u32(5, 1, neuron, step) < threshold);
            expected.extend(spiking.map(|neuron| Spike { step, neuron }));
        }
        assert_eq!(sample(&mut engine).spikes, expected, "{size} neurons");
    }
}

#[test]
fn integrate_numbers_more_workgroups_than_one_dimension_holds() {
    // 65,535 workgroups of 64 neurons is the most that one dimension of a grid holds.
    let Some(gpu) = gpu() else { return };
    let size = 65_535 * 64 + 100;
    let cell = Cell::Source(Source::Poisson { rate_hz: 0.0 });
    let mut engine = engine(&gpu, network(vec![population("source", 0, size, cell)], Vec::new()));
    let mut rates = vec![0.0; size as usize];
    let loud = [0, 64, size / 2, size - 101, size - 100, size - 1];
    for neuron in loud {
        rates[neuron as usize] = 1.0e6;
    }
    engine.set_rates(0, &rates).expect("rates");
    engine.advance(2).expect("advance");
    let expected: Vec<Spike> = (1..=2).flat_map(|step| loud.map(|neuron| Spike { step, neuron })).collect();
    assert_eq!(sample(&mut engine).spikes, expected);
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn deliver_brings_every_synapse_at_its_delay() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        // One spike of every source at step 1 + k % 4; weights alone decide which target fires, and delays when.
        let rows = random_rows(3, size, size, 0.3, false);
        let count = synapses(&rows);
        let Connectivity::Sparse { row_start, target } = rows.clone() else { panic!("sparse") };
        let mut p = projection(0, 1, Receptor::Excitatory, rows);
        p.weights = Weights::Constant(0.125);
        p.delays = networks::random_delays(4, count, 9);
        let delays = p.delays.clone();
        let first_step = |source: u32| 1 + source % 4;
        let mut quiet = relay_cell();
        quiet.v_threshold_mv = 1.0e6;
        let populations = vec![
            population("source", 0, size, lists(size, |k| vec![first_step(k)])),
            population("target", size, size, Cell::Lif(quiet)),
        ];
        let mut engine = engine(&gpu, network(populations, vec![p]));
        let mut membrane = vec![0.0_f64; size as usize];
        let leak = f64::from((-1.0_f64 / 1.0e6).exp() as f32);
        for step in 1..=14 {
            engine.advance(1).expect("advance");
            for v in &mut membrane {
                *v *= leak;
            }
            for source in 0..size {
                for synapse in row_start[source as usize]..row_start[source as usize + 1] {
                    if first_step(source) + delays.get(synapse as usize) == step {
                        membrane[target[synapse as usize] as usize] += 0.125;
                    }
                }
            }
            let state = engine.checkpoint().expect("checkpoint");
            for (k, expected) in membrane.iter().enumerate() {
                let got = f64::from(state.neurons[size as usize + k].membrane_mv);
                assert!((got - expected).abs() < 1e-4, "size {size}, step {step}, neuron {k}: {got} for {expected}");
            }
        }
    }
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn deliver_serves_projections_that_are_rules() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        // Sources k % 2 == 0 fire at step 1. A relays one to one (delay 1), B gets all (delay 2), C all but its own
        // (delay 3).
        let fires = |k: u32| k.is_multiple_of(2);
        let mut quiet = relay_cell();
        quiet.v_threshold_mv = 1.0e6;
        let rule = |target, connectivity, delay| Projection {
            weights: Weights::Constant(0.5),
            delays: Delays::Constant(delay),
            ..projection(0, target, Receptor::Excitatory, connectivity)
        };
        let populations = vec![
            population("source", 0, size, lists(size, |k| if fires(k) { vec![1] } else { vec![] })),
            population("a", size, size, Cell::Lif(quiet.clone())),
            population("b", 2 * size, size, Cell::Lif(quiet.clone())),
            population("c", 3 * size, size, Cell::Lif(quiet)),
        ];
        let projections = vec![
            rule(1, Connectivity::OneToOne, 1),
            rule(2, Connectivity::AllToAll, 2),
            rule(3, Connectivity::AllButSelf, 3),
        ];
        let mut engine = engine(&gpu, network(populations, projections));
        engine.advance(12).expect("advance");
        let state = engine.checkpoint().expect("checkpoint");
        let firing = f64::from(size.div_ceil(2));
        for k in 0..size {
            let own = f64::from(u32::from(fires(k)));
            for (first, expected) in [(size, own), (2 * size, firing), (3 * size, firing - own)] {
                let got = f64::from(state.neurons[(first + k) as usize].membrane_mv);
                assert!((got - 0.5 * expected).abs() < 0.01, "size {size}, neuron {k}: {got} for {}", 0.5 * expected);
            }
        }
        assert!(state.group_ring.iter().all(|&input| input == 0), "group input is used once");
    }
    assert_eq!(gpu.take_fault(), None);
}

/// One source and `size` targets, all to all, plastic; the spikes are given.
fn pair_network(size: u32, rule: Rule, pre: Vec<u32>, post: Vec<u32>) -> Network {
    let mut plastic = projection(0, 1, Receptor::Excitatory, Connectivity::AllToAll);
    plastic.weights = Weights::Constant(0.5);
    plastic.plasticity = Some(Plasticity { rule, weight_max: 1.0 });
    let mut teacher = projection(2, 1, Receptor::Excitatory, Connectivity::AllToAll);
    teacher.weights = Weights::Constant(1000.0);
    let populations = vec![
        population("pre", 0, 1, lists(1, |_| pre.clone())),
        population("post", 1, size, Cell::Lif(relay_cell())),
        population("teacher", 1 + size, 1, lists(1, |_| post.clone())),
    ];
    network(populations, vec![plastic, teacher])
}

#[test]
fn learning_follows_the_pair_rule() {
    let Some(gpu) = gpu() else { return };
    let rule =
        Rule::Pair { tau_plus_ms: 20.0, tau_minus_ms: 10.0, lambda: 0.1, alpha: 0.5, mu_plus: 1.0, mu_minus: 1.0 };
    for size in SIZES {
        // Teacher spikes at 4 and 19 make posts at 5 and 20 (delay 1); the source spikes at 2, 5 and 30.
        let mut engine = engine(&gpu, pair_network(size, rule.clone(), vec![2, 5, 30], vec![4, 19]));
        engine.advance(40).expect("advance");
        let decay = |steps: f64, tau: f64| (-steps / tau).exp();
        let mut w = 0.5_f64;
        // 5: the pre part sees no post yet; the post part sees pres at 2 and 5.
        w += 0.1 * (1.0 - w) * (decay(3.0, 20.0) + 1.0);
        w += 0.1 * (1.0 - w) * (decay(18.0, 20.0) + decay(15.0, 20.0));
        w -= 0.05 * w * (decay(25.0, 10.0) + decay(10.0, 10.0));
        let weights = engine.weights(0).expect("weights");
        assert_eq!(weights.len(), size as usize);
        assert!(weights.iter().all(|&got| (f64::from(got) - w).abs() < 1e-6), "{size}: {} for {w}", weights[0]);
        let mut frozen = self::engine(&gpu, pair_network(size, rule.clone(), vec![2, 5, 30], vec![4, 19]));
        frozen.change(&Change::Learning(false)).expect("change");
        frozen.advance(40).expect("advance");
        assert!(frozen.weights(0).expect("weights").iter().all(|&got| got == 0.5));
    }
    assert_eq!(gpu.take_fault(), None);
}

/// `size` silent sources all to all onto `size` silent targets; weight of synapse k is `(k % 97) / 96`.
fn still(size: u32, pruning: Option<Pruning>) -> Network {
    let mut p = projection(0, 1, Receptor::Excitatory, Connectivity::AllToAll);
    p.weights = Weights::PerSynapse((0..size * size).map(|k| (k % 97) as f32 / 96.0).collect());
    p.normalised_sum = Some(3.0);
    p.pruning = pruning;
    let populations = vec![
        population("source", 0, size, lists(size, |_| Vec::new())),
        population("target", size, size, Cell::Lif(relay_cell())),
    ];
    network(populations, vec![p])
}

#[test]
fn normalise_brings_every_column_to_the_sum() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        let mut engine = engine(&gpu, still(size, None));
        let before = engine.weights(0).expect("weights");
        engine.normalise(0).expect("normalise");
        let after = engine.weights(0).expect("weights");
        for target in 0..size as usize {
            let column =
                |w: &[f32]| -> f64 { w.iter().skip(target).step_by(size as usize).map(|&x| f64::from(x)).sum() };
            let (was, is) = (column(&before), column(&after));
            // Weights stop at 1, so that few inputs cannot reach the sum; a sum of 0 stays.
            let reachable = if was == 0.0 { 0.0 } else { 3.0_f64.min(f64::from(size)) };
            assert!(is <= reachable + 1e-4, "{size}, column {target}: {is}");
            assert!(size < 63 || (is - 3.0).abs() < 1e-4, "{size}, column {target}: {was} became {is}");
        }
    }
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn prune_keeps_the_floor_and_reinforces_survivors() {
    let Some(gpu) = gpu() else { return };
    for size in SIZES {
        for floor in [0, 2, 60] {
            let pruning = Pruning {
                policy: PruningPolicy::Progressive { alpha: 0.25, beta: 0.5, cap: 0.7, initial: 0.25 },
                every_ms: None,
                every_presentations: None,
                start_ms: 0.0,
                start_presentations: 0,
                target_compression: 0.9,
                floor_per_neuron: floor,
                ..Default::default()
            };
            let mut engine = engine(&gpu, still(size, Some(pruning)));
            let before = engine.weights(0).expect("weights");
            engine.prune(0).expect("prune");
            let after = engine.weights(0).expect("weights");
            for target in 0..size as usize {
                let column: Vec<usize> = (target..before.len()).step_by(size as usize).collect();
                let mut sorted: Vec<f32> = column.iter().map(|&k| before[k]).collect();
                sorted.sort_by(|a, b| b.total_cmp(a));
                let strong = sorted.iter().filter(|&&w| w >= 0.25).count();
                let limit = match floor as usize {
                    floor if strong >= floor => 0.25,
                    floor if sorted.len() <= floor => 0.0,
                    floor => sorted[floor - 1],
                };
                for k in column {
                    let expected = if before[k] < limit { PRUNED } else { (before[k] + 0.5 * 0.25).min(1.0) };
                    assert_eq!(after[k], expected, "{size}, floor {floor}: weight {}, limit {limit}", before[k]);
                }
            }
            let statistics = sample(&mut engine).projections[0].clone().expect("mutable");
            let left = after.iter().filter(|&&w| w >= 0.0).count();
            assert_eq!((statistics.remaining, statistics.total), (left as u64, u64::from(size * size)));
            let threshold = (0.25 + 0.25 * (left as f32 / (size * size) as f32)).min(0.7);
            assert_eq!(statistics.threshold, threshold);
        }
    }
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn spikes_that_fall_out_of_the_ring_are_counted() {
    // 40,000 sources that fire at every step overrun the ring of 262,144 spikes in 7 steps.
    let Some(gpu) = gpu() else { return };
    let size = 40_000;
    let cell = Cell::Source(Source::Poisson { rate_hz: 1.0e6 });
    let mut engine = engine(&gpu, network(vec![population("source", 0, size, cell)], Vec::new()));
    engine.advance(10).expect("advance");
    let sample = sample(&mut engine);
    let made: u64 = sample.population_spikes.iter().sum();
    assert!(made > 9 * u64::from(size), "{made}");
    assert_eq!(sample.spikes.len(), 262_144);
    assert_eq!(sample.spikes_lost, made - 262_144);
    assert!(sample.spikes.iter().all(|spike| spike.step > 3), "the latest are kept");
    engine.advance(2).expect("advance");
    let next = self::sample(&mut engine);
    assert_eq!((next.spikes_lost, next.spikes.len() as u64), (0, next.population_spikes[0] - made));
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn more_spikes_than_are_read_at_once_arrive_complete_and_in_order() {
    // 16,800 spikes a request, where the first read brings 16,384; two requests under way at once.
    let Some(gpu) = gpu() else { return };
    let size = 2800;
    let cell = Cell::Source(Source::Poisson { rate_hz: 1.0e6 });
    let mut engine = engine(&gpu, network(vec![population("source", 0, size, cell)], Vec::new()));
    let request = SampleRequest { spikes: true, ..Default::default() };
    let mut spikes = Vec::new();
    for _ in 0..3 {
        for _ in 0..2 {
            engine.advance(6).expect("advance");
            assert!(engine.request_sample(&request));
        }
        engine.wait().expect("wait");
        for sample in std::iter::from_fn(|| engine.poll_sample()) {
            assert_eq!(sample.spikes_lost, 0);
            assert_eq!(sample.spikes.len(), 6 * size as usize);
            spikes.extend(sample.spikes);
        }
    }
    let expected = (1..=36).flat_map(|step| (0..size).map(move |neuron| Spike { step, neuron }));
    assert!(spikes.into_iter().eq(expected));
    assert_eq!(gpu.take_fault(), None);
}

#[test]
fn a_network_that_does_not_fit_is_refused_with_both_sizes() {
    let Some(gpu) = gpu() else { return };
    let options = spikescope::engine::gpu::GpuOptions { max_binding: Some(100_000), ..Default::default() };
    let network = Arc::new(networks::cuba(2000));
    match GpuEngine::with_options(gpu, network, options) {
        Err(EngineError::TooLarge { needed, available, .. }) => assert!(needed > 100_000 && available == 100_000),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("built"),
    }
}
