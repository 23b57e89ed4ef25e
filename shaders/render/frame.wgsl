// What every draw knows: the picture's numbers, the looks of the populations, the colour maps. Rust twins:
// render::FrameUniform and render::PopulationLook. Group 0.

struct Frame {
    clip_from_world: mat4x4<f32>,  // depth reversed: 1 at the near plane, 0 at infinity
    eye: vec3<f32>,
    focal_px: f32,                 // pixels per scene unit at depth 1
    right: vec3<f32>,
    tan_half_x: f32,
    up: vec3<f32>,
    tan_half_y: f32,
    forward: vec3<f32>,
    near: f32,
    centre: vec3<f32>,             // of the network
    extent: f32,                   // its radius
    size_px: vec2<f32>,            // of what is drawn into: the picture, or a tile of it
    picture_px: vec2<f32>,
    tile_px: vec2<f32>,            // where in the picture the tile begins
    step: u32,
    dt_ms: f32,
    flash_decay_ms: f32,
    neuron_radius: f32,
    base_brightness: f32,
    fog: f32,
    colour_by: u32,                // 0 population, 1 membrane, 2 rate, 3 theta
    neuron_count: u32,
    picked: u32,
    floor_y: f32,
    synapse_opacity: f32,
    pulse_ms: f32,                 // shortest time of a pulse; 0: no pulses
    bloom: f32,
    exposure: f32,
    splat_radius_max_px: f32,
    line_segments: u32,
    elapsed_ms: f32,
    splat_grid_width: u32,
    gathered: u32,                 // 1: neurons were gathered as splats; 2: lines were gathered
    flash_gain: f32,               // light of a spike over that of a bright neuron at rest
    padding_0: u32,
    padding_1: u32,
}

struct PopulationLook {
    colour: vec3<f32>,
    membrane_low_mv: f32,
    threshold_mv: f32,             // without theta
    theta_top_mv: f32,             // 0: no theta
    has_membrane: u32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var<storage, read> looks: array<PopulationLook>;
@group(0) @binding(2) var<storage, read> maps: array<vec4<f32>>;

// 1 at the near side of the network, falling to 1 - fog at its far side.
fn fog_at(depth: f32) -> f32 {
    let middle = dot(frame.centre - frame.eye, frame.forward);
    let near = max(middle - frame.extent, 0.0);
    let far = max(middle + frame.extent, near + 1e-3 * frame.extent);
    let share = clamp((depth - near) / (far - near), 0.0, 1.0);
    return 1.0 - frame.fog * share * (2.0 - share);
}

// Pixels of the picture for one of Full HD, at least 1: a large picture is the small one with more detail.
fn detail() -> f32 {
    return max(frame.picture_px.y / 1080.0, 1.0);
}
