// Synapses as curved ribbons of light, for adapters that rasterise fast. See line_light.wgsl.

const HALF_WIDTH_MOST_PX = 2.5;
const PALE = vec3<f32>(0.75, 0.85, 0.9);

struct LineVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) across: f32,
    @location(1) along: f32,
    @location(2) light: vec3<f32>,
    @location(3) pulse_light: vec3<f32>,
    @location(4) @interpolate(flat) pulse_at: f32,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> LineVertex {
    let per_line = 2u * (frame.line_segments + 1u);
    let index = vertex / per_line;
    let corner = vertex % per_line;
    let t = f32(corner >> 1u) / f32(frame.line_segments);
    let side = f32(corner & 1u) * 2.0 - 1.0;
    let line = lines[index];
    let look = line_looks[line.projection_delay & 0xffffu];
    let shine = light_of(line, states[index], look);

    var out: LineVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    if shine.body + shine.pulse < QUIET {
        return out;
    }
    let curve = curve_of(positions[line.source].xyz, positions[line.target_neuron].xyz, look);
    let clip = frame.clip_from_world * vec4<f32>(place_on(curve, t), 1.0);
    let clip_slope = frame.clip_from_world * vec4<f32>(slope_on(curve, t), 0.0);
    let depth = max(clip.w, frame.near);
    // Direction on screen of the projected curve, by the quotient rule.
    var direction = (clip_slope.xy * clip.w - clip.xy * clip_slope.w) * frame.size_px;
    let size = length(direction);
    direction = select(vec2<f32>(1.0, 0.0), direction / size, size > 1e-12);
    let true_px = half_width_px(depth);
    let half_px = clamp(true_px, HALF_WIDTH_LEAST_PX, HALF_WIDTH_MOST_PX);
    let offset_px = vec2<f32>(-direction.y, direction.x) * (side * (half_px + 0.5));
    out.position = vec4<f32>(clip.xy + offset_px * 2.0 / frame.size_px * clip.w, clip.zw);
    out.across = side;
    out.along = t;
    let share = fog_at(depth) * conserved(true_px);
    out.light = select(look.colour, PALE, shine.pale) * (shine.body * share);
    out.pulse_light = mix(look.colour, vec3<f32>(1.0), 0.1) * (shine.pulse * share);
    out.pulse_at = shine.pulse_at;
    return out;
}

@fragment
fn fs_main(in: LineVertex) -> @location(0) vec4<f32> {
    let inside = 1.0 - in.across * in.across;
    var light = in.light;
    if in.pulse_at >= 0.0 {
        light += in.pulse_light * pulse_profile(in.along, in.pulse_at);
    }
    return vec4<f32>(light * (inside * inside), 0.0);
}
