// Synapses as curved lines gathered in fixed point, for software adapters, where that is many times faster than
// rasterising: one invocation per piece of a line, one channel for excitation and one for inhibition. The sum does not
// depend on order. See line_light.wgsl.

const UNITS_PER_LINE_LIGHT = 16384.0;
const PROFILE_PX = 1.333;   // integral over the width of a ribbon of least width
const STEPS_MOST = 4096.0;

@group(3) @binding(0) var<storage, read_write> line_pixels: array<atomic<u32>>;  // excitatory, inhibitory of each pixel

fn add_units(x: i32, y: i32, channel: u32, units: u32) {
    if units == 0u || x < 0 || y < 0 || x >= i32(frame.size_px.x) || y >= i32(frame.size_px.y) {
        return;
    }
    atomicAdd(&line_pixels[2u * (u32(y) * u32(frame.size_px.x) + u32(x)) + channel], units);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.x / frame.line_segments;
    if index >= arrayLength(&lines) {
        return;
    }
    let line = lines[index];
    let look = line_looks[line.projection_delay & 0xffffu];
    let shine = light_of(line, states[index], look);
    if shine.body + shine.pulse < QUIET {
        return;
    }
    let piece = f32(id.x % frame.line_segments) / f32(frame.line_segments);
    let span = 1.0 / f32(frame.line_segments);
    // A pulse elsewhere does not light this piece.
    let has_pulse = shine.pulse_at >= piece - 2.0 * PULSE_LENGTH && shine.pulse_at <= piece + span + 14.0 * PULSE_LENGTH;
    if shine.body < QUIET && !has_pulse {
        return;
    }
    let curve = curve_of(positions[line.source].xyz, positions[line.target_neuron].xyz, look);
    let clip_a = frame.clip_from_world * vec4<f32>(place_on(curve, piece), 1.0);
    let clip_b = frame.clip_from_world * vec4<f32>(place_on(curve, piece + span), 1.0);
    if !(min(clip_a.w, clip_b.w) > frame.near) {
        return;
    }
    let half = 0.5 * frame.size_px;
    let a = clip_a.xy / clip_a.w * vec2<f32>(half.x, -half.y) + half;
    let b = clip_b.xy / clip_b.w * vec2<f32>(half.x, -half.y) + half;
    if max(a.x, b.x) < 0.0 || max(a.y, b.y) < 0.0 || min(a.x, b.x) > frame.size_px.x || min(a.y, b.y) > frame.size_px.y {
        return;
    }
    let way = b - a;
    let steep = abs(way.y) > abs(way.x);
    let reach = max(abs(way.x), abs(way.y));
    let steps = clamp(ceil(reach), 1.0, STEPS_MOST);
    let depth = 0.5 * (clip_a.w + clip_b.w);
    let true_px = half_width_px(depth);
    // Nearer lines get brighter instead of wider, up to a point.
    let width = PROFILE_PX * clamp(true_px / HALF_WIDTH_LEAST_PX, 1.0, 1.6) * conserved(true_px);
    let scale = fog_at(depth) * width * length(way) / steps * UNITS_PER_LINE_LIGHT;
    let inhibitory = look.colour.b > look.colour.r;
    for (var step = 0.5; step < steps; step += 1.0) {
        let share = step / steps;
        var light = shine.body;
        if has_pulse {
            light += shine.pulse * pulse_profile(piece + span * share, shine.pulse_at);
        }
        let units = light * scale;
        let at = a + way * share - 0.5;
        let corner = floor(at);
        let between = select(at.y - corner.y, at.x - corner.x, steep);
        let x = i32(select(round(at.x), corner.x, steep));
        let y = i32(select(corner.y, round(at.y), steep));
        let near_units = u32(units * (1.0 - between) + 0.5);
        let far_units = u32(units * between + 0.5);
        let dx = select(0, 1, steep);
        if !inhibitory || shine.pale {
            add_units(x, y, 0u, near_units);
            add_units(x + dx, y + 1 - dx, 0u, far_units);
        }
        if inhibitory || shine.pale {
            add_units(x, y, 1u, near_units);
            add_units(x + dx, y + 1 - dx, 1u, far_units);
        }
    }
}
