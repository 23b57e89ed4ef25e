// The halo around near neurons that just spiked: additive camera-facing quads, none for quiet neurons.

const HALO_RADII = 3.5;
const HALO_GAIN = 0.035;

struct FlashVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) local: vec2<f32>,
    @location(1) @interpolate(flat) light: vec3<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> FlashVertex {
    var out: FlashVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    let neuron = neuron_of(instance, vertex);
    if neuron == NOBODY {
        return out;
    }
    let state = neurons[neuron];
    let flash = flash_of(state);
    if flash < FLASH_LEAST {
        return out;
    }
    let presence = presence_of(neuron);
    let clip = frame.clip_from_world * vec4<f32>(drawn_place(neuron), 1.0);
    if !(clip.w > frame.near) || presence <= 0.0 {
        return out;
    }
    let share = sphere_share(frame.focal_px * frame.neuron_radius / clip.w);
    if share <= 0.0 {
        return out;
    }
    let population = bitcast<u32>(positions[neuron].w);
    let radius = frame.neuron_radius * size_of(neuron, state, population);
    let corner = array<u32, 6>(0u, 1u, 2u, 2u, 1u, 3u)[vertex % 6u];
    out.local = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let halo_px = HALO_RADII * frame.focal_px * radius / clip.w;
    // In front of its own sphere, which would hide half of it.
    let depth = max(clip.w - radius, frame.near);
    out.position = vec4<f32>(clip.xy + out.local * halo_px * 2.0 / frame.size_px * clip.w, clip.z * clip.w / depth, clip.w);
    let colour = colour_of(neuron, state, population) * (fog_at(clip.w) * presence);
    out.light = flash_colour(colour) * (flash * frame.flash_gain * HALO_GAIN * share);
    return out;
}

@fragment
fn fs_main(in: FlashVertex) -> @location(0) vec4<f32> {
    let square = dot(in.local, in.local);
    let fall = max(1.0 - square, 0.0);
    return vec4<f32>(in.light * (fall * fall * exp(-3.0 * square)), 0.0);
}
