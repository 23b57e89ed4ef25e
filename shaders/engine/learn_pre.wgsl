// learn_pre: workgroups share out the spikes of this step that are the projection's sources; a workgroup's threads
// walk the row of one spiking neuron: each thread changes its synapse by the pre part of the rule and then delivers the
// new weight. Learning and delivery in one pass read and write every weight once.
// Reads: spikes, rows, traces of the targets. Writes: weights, input ring.
// CPU twin: src/engine/cpu/learn.rs and deliver.rs. Source of the rules: shaders/common/rule.wgsl.

struct SpikeClock {
    total: u32,
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<storage, read> projection: MutableProjection;
@group(0) @binding(2) var<storage, read> spikes: array<u32>;
@group(0) @binding(3) var<storage, read> clock: SpikeClock;
@group(0) @binding(4) var<storage, read> row_start: array<u32>;
@group(0) @binding(5) var<storage, read> targets: array<u32>;
@group(0) @binding(6) var<storage, read> delays: array<u32>;      // two 16-bit delays per word
@group(0) @binding(7) var<storage, read> neurons: array<NeuronState>;
@group(0) @binding(8) var<storage, read> traces: array<f32>;
@group(0) @binding(9) var<storage, read> tables: array<u32>;
@group(0) @binding(10) var<storage, read_write> weights: array<f32>;
@group(0) @binding(11) var<storage, read_write> ring: array<atomic<i32>>;
@group(1) @binding(0) var<uniform> now: StepNumber;

fn depressed(w: f32, target_local: u32) -> f32 {
    let last = neurons[projection.target_first + target_local].last_spike_step;
    let before = traces[projection.post1.first + target_local];
    let trace = trace_value_without_now(projection.post1, before, last, now.step);
    let power = rule_power(projection.rule.mu_minus_kind, projection.rule.mu_minus_table, w);
    return clamp(w - projection.rule.depression * power * trace, 0.0, 1.0);
}

fn visit(synapse: u32, target_local: u32) {
    var w = weights[synapse];
    if w < 0.0 {
        return;
    }
    if globals.learning != 0u && projection.rule.depression != 0.0 {
        w = depressed(w, target_local);
        weights[synapse] = w;
    }
    var delay = projection.delay;
    if delay == 0u {
        delay = (delays[synapse / 2u] >> (16u * (synapse % 2u))) & 0xffffu;
    }
    let after = now.slot + delay;
    let slot = select(after, after - globals.ring_slots, after >= globals.ring_slots);
    let input = i32(round(w * projection.delivery_factor));
    atomicAdd(&ring[slot * globals.port_count + projection.port_first + target_local], input);
}

@compute @workgroup_size(64)
fn learn_pre(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let start = clock.starts[now.step & globals.start_mask];
    let count = clock.total - start;
    for (var i = workgroup.x; i < count; i += grid.x) {
        let neuron = spikes[(start + i) & globals.spike_mask];
        if neuron < projection.source_first || neuron - projection.source_first >= projection.source_size {
            continue;
        }
        let source = neuron - projection.source_first;
        let first = workgroup.y * 64u + lane;
        let stride = grid.y * 64u;
        if projection.dense != 0u {
            let row = source * projection.target_size;
            for (var k = first; k < projection.target_size; k += stride) {
                visit(row + k, k);
            }
        } else {
            let end = row_start[source + 1u];
            for (var k = row_start[source] + first; k < end; k += stride) {
                visit(k, targets[k]);
            }
        }
    }
}
