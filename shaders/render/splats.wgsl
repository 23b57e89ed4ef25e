// Far neurons as points of light: each adds its light to the pixels around it, in fixed point, so that the order does not
// matter. The same light as the spheres of points.wgsl. A cell per workgroup, of whose resting neurons a share shines for
// all; spikes and selected neurons are never left out.

const UNITS_PER_LIGHT = 4096.0;
const WORKGROUP = 256u;

@group(3) @binding(0) var<storage, read_write> pixels: array<atomic<u32>>;  // red, green, blue, nothing

fn add_light(x: i32, y: i32, units: vec3<f32>, rounding: f32) {
    if x < 0 || y < 0 || x >= i32(frame.size_px.x) || y >= i32(frame.size_px.y) {
        return;
    }
    let at = 4u * (u32(y) * frame.gathered_row + u32(x));
    // Rounded up or down by chance per neuron, so that the sum of many faint ones is right.
    let whole = vec3<u32>(units + rounding);
    if whole.r > 0u { atomicAdd(&pixels[at], whole.r); }
    if whole.g > 0u { atomicAdd(&pixels[at + 1u], whole.g); }
    if whole.b > 0u { atomicAdd(&pixels[at + 2u], whole.b); }
}

// Adds light (units in all) to the pixels around a place.
fn splat(at: vec2<f32>, radius_px: f32, units: vec3<f32>, rounding: f32) {
    if radius_px <= 1.0 {
        // Shared between the four nearest pixels.
        let corner = floor(at - 0.5);
        let share = at - 0.5 - corner;
        let x = i32(corner.x);
        let y = i32(corner.y);
        add_light(x, y, units * ((1.0 - share.x) * (1.0 - share.y)), rounding);
        add_light(x + 1, y, units * (share.x * (1.0 - share.y)), rounding);
        add_light(x, y + 1, units * ((1.0 - share.x) * share.y), rounding);
        add_light(x + 1, y + 1, units * (share.x * share.y), rounding);
        return;
    }
    // A round footprint, falling off to the rim; its sum over the plane is half pi reach^2.
    let reach = radius_px + 0.5;
    let scaled = units * (2.0 / (3.14159265 * reach * reach));
    let low = vec2<i32>(ceil(at - reach - 0.5));
    let high = vec2<i32>(floor(at + reach - 0.5));
    for (var y = low.y; y <= high.y; y++) {
        for (var x = low.x; x <= high.x; x++) {
            let offset = vec2<f32>(f32(x), f32(y)) + 0.5 - at;
            let fall = 1.0 - dot(offset, offset) / (reach * reach);
            if fall > 0.0 {
                add_light(x, y, scaled * fall, rounding);
            }
        }
    }
}

// One neuron; `weight`: how many resting ones it shines for.
fn draw_neuron(neuron: u32, weight: f32) {
    let state = neurons[neuron];
    let flash = flash_of(state);
    let is_selected = (flags_of(neuron) & SELECTED) != 0u;
    if weight <= 0.0 && flash < FLASH_LEAST && !is_selected {
        return;
    }
    let presence = presence_of(neuron);
    let clip = frame.clip_from_world * vec4<f32>(drawn_place(neuron), 1.0);
    if !(clip.w > frame.near) || presence <= 0.0 {
        return;
    }
    let plain_px = frame.focal_px * frame.neuron_radius / clip.w;
    let sphere = sphere_share(plain_px);
    if sphere >= 1.0 {
        return;
    }
    let population = bitcast<u32>(positions[neuron].w);
    let at = (clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5) * frame.size_px;
    let radius_px = min(plain_px * size_of(neuron, state, population), frame.splat_radius_max_px);
    if any(at < vec2<f32>(-radius_px - 1.0)) || any(at > frame.size_px + radius_px + 1.0) {
        return;
    }
    let colour = colour_of(neuron, state, population);
    let resting = select(weight, 2.0, is_selected) * frame.base_brightness * base_mean();
    let shine = colour * resting + flash_colour(colour) * (flash * frame.flash_gain * FLASH_MEAN);
    // All the light of its disc.
    let area = 3.14159265 * radius_px * radius_px;
    let units = shine * (presence * (1.0 - sphere) * fog_at(clip.w) * area * UNITS_PER_LIGHT);
    splat(at, radius_px, units, f32((neuron * 2654435769u) >> 8u) / 16777216.0);
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = workgroup.y * frame.splat_grid_width + workgroup.x;
    if index >= frame.splat_cells_count {
        return;
    }
    let cell = cells[frame.splat_cells_first + index];
    for (var rank = local; rank < cell.count; rank += WORKGROUP) {
        // The last one shines for a part of one, so that the sum is right whatever the share.
        let weight = clamp(cell.share * f32(cell.count) - f32(rank), 0.0, 1.0) / cell.share;
        draw_neuron(order[cell.first + rank], weight);
    }
}
