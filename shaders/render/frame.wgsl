// What every draw knows: the picture's numbers, the looks of the populations, the lookup table of the
// channels. Rust twins: render::FrameUniform, render::ChannelUniform and render::PopulationLook. Group 0.

// How a value becomes a share of its range.
struct Channel {
    by: u32,       // 0 by population, 1 membrane, 2 rate, 3 theta, 4 values from the host
    slot: u32,     // which of the values from the host
    low: f32,      // rates: as the logarithm that they are shown by
    scale: f32,    // 1 over the span; 0: the population's own range
}

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
    neuron_count: u32,
    picked: u32,
    floor_y: f32,
    synapse_opacity: f32,
    pulse_ms: f32,                 // shortest time of a pulse; 0: no pulses
    bloom: f32,
    exposure: f32,
    splat_radius_max_px: f32,
    elapsed_ms: f32,
    splat_grid_width: u32,
    gathered_row: u32,             // pixels from row to row of what is gathered
    flash_gain: f32,               // light of a spike over that of a bright neuron at rest
    theme: u32,                    // 0 dark: light adds up; 1 light: ink adds up
    splat_cells_first: u32,        // of the cells: those before have spheres
    splat_cells_count: u32,
    height_most: f32,              // scene units
    sphere_from_px: f32,           // radius from which on neurons begin to be spheres,
    sphere_to_px: f32,             // and are nothing else
    drawn_scale: f32,              // pixels drawn per pixel shown
    floor_square: f32,             // width of the squares on the floor, scene units
    clip_low: vec3<f32>,           // of what is drawn
    others: f32,                   // brightness of unselected neurons; 0: not drawn
    clip_high: vec3<f32>,
    partners: f32,                 // brightness of the selection's partners; 0: not drawn
    no_value: vec3<f32>,           // light or ink of neurons without the value shown
    line_share: f32,               // of the lines, to hold the frame rate
    colour: Channel,
    size: Channel,
    height: Channel,
}

struct PopulationLook {
    colour: vec3<f32>,
    membrane_low_mv: f32,
    threshold_mv: f32,             // without theta
    theta_top_mv: f32,             // 0: no theta
    has_membrane: u32,
    rest_mv: f32,
}

// 0 dark, 1 light, 2: as the frame says.
override light_stage: u32 = 2u;

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

fn is_light() -> bool {
    return select(light_stage == 1u, frame.theme == 1u, light_stage == 2u);
}

// What a layer of this colour adds to the picture: light on the dark stage; on the light one what its ink takes from
// white light, as a power of e. Ink is darker than the colour on a screen, so that it stands out in grey too.
fn emitted(colour: vec3<f32>) -> vec3<f32> {
    if !is_light() {
        return colour;
    }
    let luminance = max(dot(colour, vec3<f32>(0.2126, 0.7152, 0.0722)), 1e-3);
    return -log(clamp(colour * ((0.06 + 0.22 * luminance) / luminance), vec3<f32>(0.012), vec3<f32>(0.95)));
}
