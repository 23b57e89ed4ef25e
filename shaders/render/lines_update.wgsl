// Looks up the live weight of every drawn synapse of one projection, once a picture: lines grow with learning, and the
// step at which a synapse was first seen pruned is kept for its last flash.

const GROWTH_MS = 300.0;

struct LineRange {
    first: u32,
    count: u32,
    synapse_base: u32,  // synapse of weights[0]
    padding: u32,
}

@group(1) @binding(0) var<storage, read> lines: array<Line>;
@group(1) @binding(1) var<storage, read_write> states: array<LineState>;
@group(1) @binding(2) var<storage, read> weights: array<f32>;
@group(1) @binding(3) var<uniform> range: LineRange;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= range.count {
        return;
    }
    let index = range.first + id.x;
    var state = states[index];
    let share = weights[lines[index].synapse - range.synapse_base];
    if share < 0.0 {
        if state.share == UNKNOWN {
            state.pruned_step = SINCE_EVER;
            state.share = 0.0;
            state.average = 0.0;
        } else if state.pruned_step == 0u {
            state.pruned_step = max(frame.step, 1u);
        }
    } else {
        let first_look = state.share == UNKNOWN || state.pruned_step != 0u;
        let follow = 1.0 - exp(-max(frame.elapsed_ms, 0.0) / GROWTH_MS);
        state.average = select(mix(state.average, share, follow), share, first_look);
        state.share = share;
        state.pruned_step = 0u;
    }
    states[index] = state;
}
