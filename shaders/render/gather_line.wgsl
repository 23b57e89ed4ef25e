// A straight piece of a line gathered in fixed point: light split between the two nearest pixels at every step along its
// longer side, one channel for each kind of line. The sum does not depend on order.

const UNITS_PER_LINE_LIGHT = 16384.0;
const PROFILE_PX = 1.333;   // integral over the width of a ribbon of least width
const STEPS_MOST = 4096.0;

@group(3) @binding(0) var<storage, read_write> line_pixels: array<atomic<u32>>;  // excitatory, inhibitory, pruned, nothing

// A piece on screen.
struct Stroke {
    start: vec2<f32>,  // of its first step, pixels
    way: vec2<f32>,    // of one step, pixels
    first: f32,        // steps on screen: from this one
    last: f32,         // to before this one
    steps: f32,        // all
    light: f32,        // fixed-point units per step and light
    steep: bool,
}

// Where a place is on screen.
struct ScreenPlace {
    at_px: vec2<f32>,
    depth: f32,
}

fn on_screen(place: vec3<f32>) -> ScreenPlace {
    let clip = frame.clip_from_world * vec4<f32>(place, 1.0);
    return ScreenPlace((clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5) * frame.size_px, clip.w);
}

// No steps where nothing of it is on screen.
fn stroke_of(start: ScreenPlace, end: ScreenPlace) -> Stroke {
    var stroke: Stroke;
    if !(min(start.depth, end.depth) > frame.near) {
        return stroke;
    }
    let way = end.at_px - start.at_px;
    stroke.steep = abs(way.y) > abs(way.x);
    let reach = max(abs(way.x), abs(way.y));
    stroke.steps = clamp(ceil(reach), 1.0, STEPS_MOST);
    stroke.way = way / stroke.steps;
    stroke.start = start.at_px + 0.5 * stroke.way - 0.5;
    // Steps for which both pixels are within the picture's edges, by both axes.
    let edge = select(vec2<f32>(1e-6), stroke.way, abs(stroke.way) > vec2<f32>(1e-6));
    let low = (vec2<f32>(-1.0) - stroke.start) / edge;
    let high = (frame.size_px - stroke.start) / edge;
    let enter = max(min(low, high), vec2<f32>(0.0));
    let leave = min(max(low, high), vec2<f32>(stroke.steps - 1.0));
    stroke.first = ceil(max(enter.x, enter.y));
    stroke.last = floor(min(leave.x, leave.y)) + 1.0;
    let depth = 0.5 * (start.depth + end.depth);
    let true_px = half_width_px(depth);
    // Nearer lines get brighter instead of wider, up to a point.
    let width = PROFILE_PX * clamp(true_px / HALF_WIDTH_LEAST_PX, 1.0, 1.6 * detail()) * conserved(true_px);
    stroke.light = fog_at(depth) * width * length(way) / stroke.steps * UNITS_PER_LINE_LIGHT;
    return stroke;
}

fn add_units(x: i32, y: i32, channel: u32, units: u32) {
    if units == 0u || x < 0 || y < 0 || x >= i32(frame.size_px.x) || y >= i32(frame.size_px.y) {
        return;
    }
    atomicAdd(&line_pixels[4u * (u32(y) * frame.gathered_row + u32(x)) + channel], units);
}

// One step: `units` shared between the two pixels beside the line.
fn add_step(stroke: Stroke, step: f32, channel: u32, units: f32) {
    let at = stroke.start + stroke.way * step;
    let corner = floor(at);
    let between = select(at.y - corner.y, at.x - corner.x, stroke.steep);
    let x = i32(select(round(at.x), corner.x, stroke.steep));
    let y = i32(select(corner.y, round(at.y), stroke.steep));
    let dx = select(0, 1, stroke.steep);
    add_units(x, y, channel, u32(units * (1.0 - between) + 0.5));
    add_units(x + dx, y + 1 - dx, channel, u32(units * between + 0.5));
}
