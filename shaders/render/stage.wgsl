// The stage behind the network: a dark gradient, a faint floor with a grid below, a pool of light under the network.

struct StageVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) ray: vec3<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> StageVertex {
    let corner = vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u)) * 2.0 - 1.0;
    var out: StageVertex;
    out.position = vec4<f32>(corner, 0.0, 1.0);
    out.ray = frame.forward + frame.right * (corner.x * frame.tan_half_x) + frame.up * (corner.y * frame.tan_half_y);
    return out;
}

// Share of a pixel covered by lines one unit apart; width and pixel footprint in units.
fn grid_line(at: f32, footprint: f32, width: f32) -> f32 {
    let distance = abs(fract(at + 0.5) - 0.5);
    let reach = max(width, footprint);
    return clamp((reach - distance) / reach, 0.0, 1.0) * min(width / footprint, 1.0);
}

@fragment
fn fs_main(in: StageVertex) -> @location(0) vec4<f32> {
    let stretch = inverseSqrt(dot(in.ray, in.ray));
    let height = in.ray.y * stretch;
    let horizon = exp(-6.0 * abs(height));
    var colour = mix(vec3<f32>(0.0042, 0.0052, 0.0090), vec3<f32>(0.0105, 0.0135, 0.0240), horizon);
    if height < 0.0 && frame.eye.y > frame.floor_y {
        let range = (frame.floor_y - frame.eye.y) / in.ray.y;
        let place = frame.eye.xz + in.ray.xz * range;
        let away = length(place - frame.centre.xz) / frame.extent;
        let reach = exp(-0.55 * away * away);
        if reach > 0.002 {
            // Pixel footprint on the floor, stretched by grazing view.
            let footprint = range / frame.focal_px / max(-height, 0.02);
            let cell = exp2(round(log2(0.25 * frame.extent)));
            let unit = footprint / cell;
            let lines = max(grid_line(place.x / cell, unit, 0.012), grid_line(place.y / cell, unit, 0.012));
            colour += reach * (vec3<f32>(0.0050, 0.0066, 0.0110) + lines * vec3<f32>(0.016, 0.022, 0.036));
        }
    }
    return vec4<f32>(colour, 1.0);
}
