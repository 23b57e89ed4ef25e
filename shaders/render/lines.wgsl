// Synapses as curved ribbons of light, for adapters that rasterise fast: one instance per line. See line_light.wgsl.

@vertex
fn vs_main(@builtin(vertex_index) corner: u32, @builtin(instance_index) index: u32) -> RibbonVertex {
    let line = lines[index];
    let look = line_looks[line.projection_delay & 0xffffu];
    let shine = light_of(line, states[index], look);
    if shine.light <= 0.0 {
        return no_corner();
    }
    let curve = curve_of(drawn_place(line.source), drawn_place(line.target_neuron), look);
    let t = f32(corner >> 1u) / f32(line_set.segments);
    let side = f32(corner & 1u) * 2.0 - 1.0;
    var colours = LINE_COLOURS;
    var out = ribbon_corner(curve, t, side, 1.0, emitted(colours[shine.colour]), shine.light);
    out.extra = dashes_of(curve);
    return out;
}

@fragment
fn fs_main(in: RibbonVertex) -> @location(0) vec4<f32> {
    let inside = 1.0 - in.across * in.across;
    return vec4<f32>(in.light * (inside * inside * pattern_at(in.along, in.extra)), 0.0);
}
