// Looks up the live weight of every drawn synapse of one projection, once a picture: lines grow with learning, and the
// step at which a synapse was first seen pruned is kept for its last flash.

const GROWTH_MS = 300.0;
const FADE_MS = 400.0;
const SHARE_OF_A_PICTURE = 0.12;  // of what fades, so that it is seen however fast time goes by

struct LineRange {
    first: u32,
    count: u32,
    synapse_base: u32,  // synapse of weights[0]
    grid_width: u32,    // workgroups in a row of the grid
}

@group(1) @binding(0) var<storage, read> lines: array<Line>;
@group(1) @binding(1) var<storage, read_write> states: array<LineState>;
@group(1) @binding(2) var<storage, read> weights: array<f32>;
@group(1) @binding(3) var<uniform> range: LineRange;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let within = (workgroup.y * range.grid_width + workgroup.x) * 64u + local;
    if within >= range.count {
        return;
    }
    let index = range.first + within;
    let elapsed_ms = max(frame.elapsed_ms, 0.0);
    var state = states[index];
    let share = weights[lines[index].synapse - range.synapse_base];
    if share < 0.0 {
        if state.share == UNKNOWN {
            state.pruned_step = SINCE_EVER;
            state.share = 0.0;
            state.average = 0.0;
        } else if state.pruned_step == 0u {
            state.pruned_step = max(frame.step, 1u);
            state.flash = 1.0;
        } else {
            state.flash *= 1.0 - min(elapsed_ms / FADE_MS, SHARE_OF_A_PICTURE);
        }
    } else {
        let first_look = state.share == UNKNOWN || state.pruned_step != 0u;
        let follow = min(1.0 - exp(-elapsed_ms / GROWTH_MS), SHARE_OF_A_PICTURE);
        state.average = select(mix(state.average, share, follow), share, first_look);
        state.share = share;
        state.pruned_step = 0u;
        state.flash = 0.0;
    }
    states[index] = state;
}
