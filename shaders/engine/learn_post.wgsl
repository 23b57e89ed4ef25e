// learn_post: workgroups share out the spikes of this step that are the projection's targets; a workgroup's threads
// walk the column of one spiking neuron: each thread changes its synapse by the post part of the rule.
// Reads: spikes, columns, traces of sources and targets. Writes: weights.
// CPU twin: src/engine/cpu/learn.rs. Source of the rules: shaders/common/rule.wgsl.

struct SpikeClock {
    total: u32,
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<storage, read> projection: MutableProjection;
@group(0) @binding(2) var<storage, read> spikes: array<u32>;
@group(0) @binding(3) var<storage, read> clock: SpikeClock;
@group(0) @binding(4) var<storage, read> column_start: array<u32>;
@group(0) @binding(5) var<storage, read> columns: array<vec2<u32>>;   // (synapse, source), by source
@group(0) @binding(6) var<storage, read> neurons: array<NeuronState>;
@group(0) @binding(7) var<storage, read> traces: array<f32>;
@group(0) @binding(8) var<storage, read> tables: array<u32>;
@group(0) @binding(9) var<storage, read_write> weights: array<f32>;
@group(1) @binding(0) var<uniform> now: StepNumber;

fn visit(synapse: u32, source: u32, post: f32) {
    let w = weights[synapse];
    if w < 0.0 {
        return;
    }
    let last = neurons[projection.source_first + source].last_spike_step;
    let pre = trace_value(projection.pre, traces[projection.pre.first + source], last, now.step);
    let power = rule_power(projection.rule.mu_plus_kind, projection.rule.mu_plus_table, 1.0 - w);
    let change = projection.rule.potentiation * power * (pre - projection.rule.target_trace) * post;
    weights[synapse] = clamp(w + change, 0.0, 1.0);
}

@compute @workgroup_size(64)
fn learn_post(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let start = clock.starts[now.step & globals.start_mask];
    // deliver has closed this step: the next step's start is this step's end.
    let count = clock.starts[(now.step + 1u) & globals.start_mask] - start;
    if globals.learning == 0u {
        return;
    }
    for (var i = workgroup.x; i < count; i += grid.x) {
        let neuron = spikes[(start + i) & globals.spike_mask];
        if neuron < projection.target_first || neuron - projection.target_first >= projection.target_size {
            continue;
        }
        let local = neuron - projection.target_first;
        var post = 1.0;
        if projection.has_post2 != 0u {
            post = traces[projection.post2.first + local];
        }
        let first = workgroup.y * 64u + lane;
        let stride = grid.y * 64u;
        if projection.dense != 0u {
            for (var source = first; source < projection.source_size; source += stride) {
                visit(source * projection.target_size + local, source, post);
            }
        } else {
            let end = column_start[local + 1u];
            for (var k = column_start[local] + first; k < end; k += stride) {
                visit(columns[k].x, columns[k].y, post);
            }
        }
    }
}
