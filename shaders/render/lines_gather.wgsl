// Synapses as curved lines gathered in fixed point, where that is many times faster than rasterising: one invocation per
// piece of a line. See gather_line.wgsl.

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let piece_index = (workgroup.y * line_set.grid_width + workgroup.x) * 64u + local;
    let index = piece_index / line_set.segments;
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
    let piece = f32(piece_index % line_set.segments) * span;
    let stroke = stroke_of(place_on(curve, piece), place_on(curve, piece + span));
    let units = shine.light * stroke.light;
    if style_of_set() == STYLE_PLAIN {
        for (var step = stroke.first; step < stroke.last; step += 1.0) {
            add_step(stroke, step, shine.colour, units);
        }
        return;
    }
    let dashes = dashes_of(curve);
    for (var step = stroke.first; step < stroke.last; step += 1.0) {
        let along = piece + span * (step + 0.5) / stroke.steps;
        add_step(stroke, step, shine.colour, units * pattern_at(along, dashes));
    }
}
