// Pulses of the last spikes gathered in fixed point: one invocation per line, which draws only where its pulse is. See
// gather_line.wgsl.

const PULSE_WIDTHS = 1.6;  // of a line

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (workgroup.y * grid.x + workgroup.x) * 64u + local;
    if index >= line_set.count {
        return;
    }
    let line = lines[index];
    let at = pulse_at(line);
    if at < 0.0 {
        return;
    }
    let look = line_looks[line.projection_delay & 0xffffu];
    let light = pulse_light(line, states[index], look);
    if light <= 0.0 {
        return;
    }
    let curve = curve_of(drawn_place(line.source), drawn_place(line.target_neuron), look);
    let first = max(at - PULSE_TAIL * PULSE_LENGTH, 0.0);
    let last = min(at + PULSE_LENGTH, 1.0);
    let middle = 0.5 * (first + last);
    for (var half = 0u; half < 2u; half++) {
        let from_t = select(first, middle, half == 1u);
        let to_t = select(middle, last, half == 1u);
        let stroke = stroke_of(on_screen(place_on(curve, from_t)), on_screen(place_on(curve, to_t)));
        let units = light * stroke.light * PULSE_WIDTHS;
        for (var step = stroke.first; step < stroke.last; step += 1.0) {
            let along = mix(from_t, to_t, (step + 0.5) / stroke.steps);
            add_step(stroke, step, min(look.inhibitory, 1u), units * pulse_profile(along, at));
        }
    }
}
