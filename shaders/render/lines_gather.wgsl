// Synapses as curved lines gathered in fixed point, where that is many times faster than rasterising: one invocation per
// line, piece by piece. See gather_line.wgsl.

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (workgroup.y * grid.x + workgroup.x) * 64u + local;
    if index >= line_set.count {
        return;
    }
    let line = lines[index];
    let look = line_looks[line.projection_delay & 0xffffu];
    let shine = light_of(line, states[index], look);
    if shine.light <= 0.0 {
        return;
    }
    let curve = curve_of(drawn_place(line.source), drawn_place(line.target_neuron), look);
    let span = 1.0 / f32(line_set.segments);
    let dashes = dashes_of(curve);
    var start = on_screen(curve.a);
    for (var piece = 0u; piece < line_set.segments; piece++) {
        let from_t = f32(piece) * span;
        let end = on_screen(place_on(curve, from_t + span));
        let stroke = stroke_of(start, end);
        start = end;
        let units = shine.light * stroke.light;
        for (var step = stroke.first; step < stroke.last; step += 1.0) {
            var here = units;
            if style_of_set() != STYLE_PLAIN {
                here *= pattern_at(from_t + span * (step + 0.5) / stroke.steps, dashes);
            }
            add_step(stroke, step, shine.colour, here);
        }
    }
}
