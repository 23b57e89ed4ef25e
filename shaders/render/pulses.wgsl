// Pulses of the last spikes, on their way along the lines of a set: one instance per line, a short ribbon where the pulse
// is. See line_light.wgsl.

const PULSE_PIECES = 6.0;

@vertex
fn vs_main(@builtin(vertex_index) corner: u32, @builtin(instance_index) index: u32) -> RibbonVertex {
    let line = lines[index];
    let at = pulse_at(line);
    if at < 0.0 {
        return no_corner();
    }
    let look = line_looks[line.projection_delay & 0xffffu];
    let light = pulse_light(line, states[index], look);
    if light <= 0.0 {
        return no_corner();
    }
    let curve = curve_of(drawn_place(line.source), drawn_place(line.target_neuron), look);
    let first = max(at - PULSE_TAIL * PULSE_LENGTH, 0.0);
    let last = min(at + PULSE_LENGTH, 1.0);
    let t = mix(first, last, f32(corner >> 1u) / PULSE_PIECES);
    let side = f32(corner & 1u) * 2.0 - 1.0;
    var colours = LINE_COLOURS;
    let colour = mix(emitted(colours[min(look.inhibitory, 1u)]), vec3<f32>(1.0), 0.1);
    var out = ribbon_corner(curve, t, side, 1.6, colour, light);
    out.extra = at;
    return out;
}

@fragment
fn fs_main(in: RibbonVertex) -> @location(0) vec4<f32> {
    let inside = 1.0 - in.across * in.across;
    return vec4<f32>(in.light * (inside * inside * pulse_profile(in.along, in.extra)), 0.0);
}
