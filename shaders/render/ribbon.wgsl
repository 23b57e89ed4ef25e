// A corner of a ribbon along a curve, facing the eye, at least as wide as can be drawn smoothly; and its colours.

const HALF_WIDTH_MOST_PX = 2.5;
const LINE_COLOURS = array<vec3<f32>, 3>(vec3<f32>(1.0, 0.393, 0.073), vec3<f32>(0.084, 0.319, 1.0), vec3<f32>(0.956, 0.342, 0.604));

struct RibbonVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) across: f32,
    @location(1) along: f32,
    @location(2) light: vec3<f32>,
    @location(3) @interpolate(flat) extra: f32,
}

// `widen`: factor on the width.
fn ribbon_corner(curve: Curve, t: f32, side: f32, widen: f32, colour: vec3<f32>, light: f32) -> RibbonVertex {
    var out: RibbonVertex;
    let clip = frame.clip_from_world * vec4<f32>(place_on(curve, t), 1.0);
    let clip_slope = frame.clip_from_world * vec4<f32>(slope_on(curve, t), 0.0);
    let depth = max(clip.w, frame.near);
    // Direction on screen of the projected curve, by the quotient rule.
    var direction = (clip_slope.xy * clip.w - clip.xy * clip_slope.w) * frame.size_px;
    let size = length(direction);
    direction = select(vec2<f32>(1.0, 0.0), direction / size, size > 1e-12);
    let true_px = half_width_px(depth);
    let half_px = clamp(true_px * widen, HALF_WIDTH_LEAST_PX, HALF_WIDTH_MOST_PX * widen * detail());
    let offset_px = vec2<f32>(-direction.y, direction.x) * (side * (half_px + 0.5));
    out.position = vec4<f32>(clip.xy + offset_px * 2.0 / frame.size_px * clip.w, clip.zw);
    out.across = side;
    out.along = t;
    out.light = colour * (light * fog_at(depth) * conserved(true_px));
    out.extra = 0.0;
    return out;
}

// Nowhere.
fn no_corner() -> RibbonVertex {
    var out: RibbonVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    return out;
}
