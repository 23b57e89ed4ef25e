// Rings around the picked neuron and its strongest partners, in front of everything.

const RING_PX = 1.6;
const RING_LEAST_PX = 5.0;

struct Mark {
    neuron: u32,
    strength: f32,       // 0 to 1
    colour: u32,         // 0 the picked neuron, 1 excitatory partner, 2 inhibitory partner
    padding: u32,
}

@group(2) @binding(0) var<storage, read> marks: array<Mark>;

struct MarkVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) local_px: vec2<f32>,
    @location(1) @interpolate(flat) radius_px: f32,
    @location(2) @interpolate(flat) light: vec3<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> MarkVertex {
    var out: MarkVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    let mark = marks[vertex / 6u];
    if mark.neuron >= frame.neuron_count {
        return out;
    }
    let clip = frame.clip_from_world * vec4<f32>(drawn_place(mark.neuron), 1.0);
    if !(clip.w > frame.near) {
        return out;
    }
    let is_picked = mark.colour == 0u;
    let own_px = frame.focal_px * frame.neuron_radius / clip.w;
    out.radius_px = max(own_px * select(1.3, 1.6, is_picked), RING_LEAST_PX) + select(0.0, 2.0, is_picked);
    let corner = array<u32, 6>(0u, 1u, 2u, 2u, 1u, 3u)[vertex % 6u];
    out.local_px = (vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0) * (out.radius_px + RING_PX + 1.0);
    out.position = vec4<f32>(clip.xy + out.local_px * 2.0 / frame.size_px * clip.w, clip.zw);
    let colours = array<vec3<f32>, 3>(vec3<f32>(1.0, 1.0, 1.0), vec3<f32>(1.0, 0.39, 0.073), vec3<f32>(0.084, 0.319, 1.0));
    out.light = emitted(colours[min(mark.colour, 2u)]) * (0.15 + 0.85 * mark.strength);
    return out;
}

@fragment
fn fs_main(in: MarkVertex) -> @location(0) vec4<f32> {
    let beside = (length(in.local_px) - in.radius_px) / RING_PX;
    return vec4<f32>(in.light * exp(-beside * beside), 0.0);
}
