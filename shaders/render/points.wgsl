// Near neurons as camera-facing quads shaded as spheres, six vertices each, pulled by index, a cell per instance. Small
// ones keep a minimum size and give their light over to coverage, so that they do not twinkle; those that are about to
// become points of light fade.

const RADIUS_MIN_PX = 0.9;
const EDGE_PX = 0.75;

struct PointVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) local_px: vec2<f32>,
    @location(1) @interpolate(flat) base: vec3<f32>,
    @location(2) @interpolate(flat) flash: vec3<f32>,
    @location(3) @interpolate(flat) radius_px: f32,
    @location(4) @interpolate(flat) coverage: f32,
    @location(5) @interpolate(flat) rim: vec3<f32>,
}

fn corner_of(vertex: u32) -> vec2<f32> {
    // Two triangles: 0 1 2, 2 1 3.
    let corner = array<u32, 6>(0u, 1u, 2u, 2u, 1u, 3u)[vertex % 6u];
    return vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> PointVertex {
    var out: PointVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    let neuron = neuron_of(instance, vertex);
    if neuron == NOBODY {
        return out;
    }
    let presence = presence_of(neuron);
    let clip = frame.clip_from_world * vec4<f32>(drawn_place(neuron), 1.0);
    if !(clip.w > frame.near) || presence <= 0.0 {
        return out;
    }
    let plain_px = frame.focal_px * frame.neuron_radius / clip.w;
    let share = sphere_share(plain_px);
    if share <= 0.0 {
        return out;
    }
    let state = neurons[neuron];
    let population = bitcast<u32>(positions[neuron].w);
    let true_px = plain_px * size_of(neuron, state, population);
    let radius_px = max(true_px, RADIUS_MIN_PX);
    out.local_px = corner_of(vertex) * (radius_px + EDGE_PX);
    out.position = vec4<f32>(clip.xy + out.local_px * 2.0 / frame.size_px * clip.w, clip.zw);
    let colour = colour_of(neuron, state, population) * (fog_at(clip.w) * presence);
    out.base = colour * frame.base_brightness;
    out.flash = flash_colour(colour) * (flash_of(state) * frame.flash_gain);
    out.radius_px = radius_px;
    out.coverage = min(true_px * true_px / (radius_px * radius_px), 1.0) * share;
    if (flags_of(neuron) & SELECTED) != 0u {
        out.rim = emitted(vec3<f32>(1.0)) * 0.7;
    }
    return out;
}

@fragment
fn fs_main(in: PointVertex) -> @location(0) vec4<f32> {
    let distance_px = length(in.local_px);
    let alpha = clamp(in.radius_px + 0.5 - distance_px, 0.0, 1.0) * in.coverage;
    if alpha <= 0.0 {
        discard;
    }
    let flat_normal = in.local_px / in.radius_px;
    let normal = vec3<f32>(flat_normal, sqrt(max(1.0 - dot(flat_normal, flat_normal), 0.0)));
    let edge = 1.0 - normal.z;
    let light = in.base * base_shade(normal) + in.flash * flash_shade(normal.z) + in.rim * (edge * edge);
    return vec4<f32>(light * alpha, alpha);
}
