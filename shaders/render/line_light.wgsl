// How a synapse line shines and runs: opacity from the weight, the flash of a pruned one, the pulse of the source's last
// spike, the curve. Shared by the rasterised and the gathered draws. Group 2.

const LINE_RADII = 0.11;         // half width, in neuron radii
const HALF_WIDTH_LEAST_PX = 0.75;
const PULSE_LENGTH = 0.045;      // share of the line
const PULSE_TAIL = 3.0;          // in lengths of a pulse
const PULSE_GAIN = 7.0;
const GRAVE_LIGHT = 0.03;
const FLASH_LIGHT = 0.35;

@group(2) @binding(0) var<storage, read> lines: array<Line>;
@group(2) @binding(1) var<storage, read> states: array<LineState>;
@group(2) @binding(2) var<storage, read> line_looks: array<ProjectionLook>;
@group(2) @binding(3) var<uniform> line_set: LineSet;

// The style that a kernel was made for; 99: as the set says.
override line_style: u32 = 99u;

fn style_of_set() -> u32 {
    return select(line_style, line_set.style, line_style == 99u);
}

struct LineLight {
    light: f32,        // 0: not drawn
    colour: u32,       // EXCITATORY_LINE, INHIBITORY_LINE or PRUNED_LINE
}

struct Curve {
    a: vec3<f32>,
    b: vec3<f32>,
    c: vec3<f32>,
    d: vec3<f32>,
}

// A number from 0 to 1 that stays with a synapse.
fn chance_of(line: Line) -> f32 {
    var hash = line.synapse * 747796405u + line.projection_delay * 2891336453u;
    hash = (hash ^ (hash >> 15u)) * 2246822519u;
    hash = (hash ^ (hash >> 13u)) * 3266489917u;
    return f32((hash ^ (hash >> 16u)) >> 8u) / 16777216.0;
}

// How much of a line is there: as much as of both its ends; and to hold the frame rate some lines stand for others.
fn presence_of_line(line: Line) -> f32 {
    let is_drawn = fract(chance_of(line) * 4096.0) < frame.line_share;
    return select(0.0, min(presence_of(line.source), presence_of(line.target_neuron)) * inverseSqrt(frame.line_share), is_drawn);
}

// Of lines fainter than `quiet`, as many stay as their light together needs, each with that light; a line near its limit
// fades in and out.
fn thinned(light: f32, line: Line) -> f32 {
    if light >= line_set.quiet {
        return light;
    }
    let share = light / line_set.quiet;
    let stays = clamp((share - chance_of(line) + 0.125) * 4.0, 0.0, 1.0) * min(8.0 * share, 1.0);
    return select(0.0, line_set.quiet * stays, stays > 0.05);
}

// How strong a weight looks: steep, so that what was learnt stands out from the many weak ones.
fn strength_of(share: f32, look: ProjectionLook) -> f32 {
    let weight = min(max(share, 0.0) / look.share_full, 1.3);
    return weight * weight * (0.15 + 0.85 * weight);
}

fn light_of(line: Line, state: LineState, look: ProjectionLook) -> LineLight {
    let presence = presence_of_line(line);
    if presence <= 0.0 {
        return LineLight(0.0, EXCITATORY_LINE);
    }
    let opacity = look.gain * line_set.gain * presence;
    if style_of_set() == STYLE_GRAVE {
        return LineLight(thinned(opacity * GRAVE_LIGHT, line), PRUNED_LINE);
    }
    if state.pruned_step != 0u {
        return LineLight(opacity * FLASH_LIGHT * state.flash * state.flash, PRUNED_LINE);
    }
    // What has just grown shines brighter for a while.
    let growth = clamp((state.share - state.average) / look.share_full * 8.0, 0.0, 2.0);
    let light = opacity * strength_of(state.share, look) * (1.0 + growth);
    return LineLight(thinned(light, line), select(EXCITATORY_LINE, INHIBITORY_LINE, look.inhibitory != 0u));
}

// Where the pulse of the source's last spike is, as a share of the way; negative: there is none.
fn pulse_at(line: Line) -> f32 {
    let source = neurons[line.source];
    if source.last_spike_step == 0u {
        return -1.0;
    }
    // Crosses in the delay, but never faster than can be seen.
    let crossing_ms = max(f32(line.projection_delay >> 16u) * frame.dt_ms, frame.pulse_ms);
    let at = spike_age_ms(source) / crossing_ms;
    return select(-1.0, at, at < 1.0 + PULSE_TAIL * PULSE_LENGTH);
}

fn pulse_light(line: Line, state: LineState, look: ProjectionLook) -> f32 {
    if state.pruned_step != 0u {
        return 0.0;
    }
    return thinned(look.gain * line_set.pulse_gain * presence_of_line(line) * PULSE_GAIN * strength_of(state.share, look), line);
}

// Light of a pulse at a place along the line: a round head, a fading tail.
fn pulse_profile(along: f32, at: f32) -> f32 {
    let ahead = (along - at) / PULSE_LENGTH;
    return select(exp(1.2 * ahead), exp(-4.0 * ahead * ahead), ahead > 0.0);
}

// Light along a line: what tells sets of lines apart in grey as well. `dashes`: of this line.
fn pattern_at(along: f32, dashes: f32) -> f32 {
    switch style_of_set() {
        case STYLE_INPUT: { return 0.35 + 1.3 * along * along; }
        case STYLE_OUTPUT: { return 1.7 * smoothstep(0.08, 0.16, abs(fract(along * dashes) - 0.5) - 0.12); }
        case STYLE_DOTTED, STYLE_GRAVE: { return 2.2 * smoothstep(0.26, 0.36, abs(fract(along * dashes) - 0.5)); }
        default: { return 1.0; }
    }
}

// Dashes of a line, or dots: about four neuron radii each, so that they stay in place when the camera moves.
fn dashes_of(curve: Curve) -> f32 {
    let each = select(5.0, 2.5, style_of_set() >= STYLE_DOTTED) * frame.neuron_radius;
    return clamp(round(distance(curve.a, curve.d) / each), 2.0, 48.0);
}

// A cubic from a to d. Between populations it leaves along their axis; within one it bows sideways, the same way for the
// same pair. Bundling pulls it to the axis, or to the population's middle, but never its ends.
fn curve_of(a: vec3<f32>, d: vec3<f32>, look: ProjectionLook) -> Curve {
    let chord = d - a;
    let pull = line_set.bundled;
    if look.bend > 0.0 {
        let span = length(chord);
        let bow = (vec3<f32>(0.0, 1.0, 0.0) * span + cross(chord, vec3<f32>(0.13, 1.0, 0.31)) * 0.6) * look.bend;
        let inward = 0.85 * pull * smoothstep(0.4, 1.6, span / look.reach);
        let b = mix(a + chord * 0.3 + bow * (1.0 - pull), look.source_middle, inward);
        let c = mix(d - chord * 0.3 + bow * (1.0 - pull), look.source_middle, inward);
        return Curve(a, b, c, d);
    }
    let axis = look.target_middle - look.source_middle;
    let b = mix(a + axis * 0.38, look.source_middle + axis * 0.38, pull);
    let c = mix(d - axis * 0.38, look.target_middle - axis * 0.38, pull);
    return Curve(a, b, c, d);
}

fn place_on(curve: Curve, t: f32) -> vec3<f32> {
    let s = 1.0 - t;
    return curve.a * (s * s * s) + curve.b * (3.0 * s * s * t) + curve.c * (3.0 * s * t * t) + curve.d * (t * t * t);
}

fn slope_on(curve: Curve, t: f32) -> vec3<f32> {
    let s = 1.0 - t;
    return (curve.b - curve.a) * (s * s) + (curve.c - curve.b) * (2.0 * s * t) + (curve.d - curve.c) * (t * t);
}

// Half the width that perspective gives, pixels, and the share of light kept when that is less than can be drawn.
fn half_width_px(depth: f32) -> f32 {
    return frame.focal_px * frame.neuron_radius * LINE_RADII / depth;
}

fn conserved(half_px: f32) -> f32 {
    return clamp(half_px / HALF_WIDTH_LEAST_PX, 0.25, 1.0);
}
