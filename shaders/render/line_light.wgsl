// How a synapse line shines and runs: opacity from the weight, the pulse of the source's last spike, the pale flash of a
// pruned one, the curve. Shared by the rasterised and the gathered draw. Group 2 begins with the lines' buffers.

const LINE_RADII = 0.11;         // half width, in neuron radii
const HALF_WIDTH_LEAST_PX = 0.75;
const PRUNED_FADE_MS = 300.0;
const QUIET = 0.0015;            // light below this is not drawn
const PULSE_LENGTH = 0.045;      // share of the line
const PULSE_GAIN = 7.0;

@group(2) @binding(0) var<storage, read> lines: array<Line>;
@group(2) @binding(1) var<storage, read> states: array<LineState>;
@group(2) @binding(2) var<storage, read> line_looks: array<ProjectionLook>;

struct LineLight {
    body: f32,
    pulse: f32,
    pulse_at: f32,     // share of the way; negative: none
    pale: bool,        // just pruned
}

struct Curve {
    a: vec3<f32>,
    b: vec3<f32>,
    c: vec3<f32>,
    d: vec3<f32>,
}

fn light_of(line: Line, state: LineState, look: ProjectionLook) -> LineLight {
    // While a neuron is picked, the lines of others step back.
    let stage_share = select(1.0, 0.3, frame.picked != 0xffffffffu && state.emphasis <= 1.0);
    let opacity = look.gain * frame.synapse_opacity * stage_share;
    if state.pruned_step != 0u {
        if state.pruned_step == SINCE_EVER {
            return LineLight(0.0, 0.0, -1.0, true);
        }
        let age_ms = f32(frame.step - min(state.pruned_step, frame.step)) * frame.dt_ms;
        let left = max(1.0 - age_ms / PRUNED_FADE_MS, 0.0);
        return LineLight(opacity * 1.5 * left * left, 0.0, -1.0, true);
    }
    // What has just grown shines brighter for a while.
    let growth = clamp((state.share - state.average) / look.share_full * 6.0, 0.0, 1.5);
    // Steep, so that what was learnt stands out from the many weak ones.
    let weight = min(state.share / look.share_full, 1.3);
    let strength = weight * weight * (0.15 + 0.85 * weight);
    let body = opacity * strength * (1.0 + growth) * state.emphasis;
    let source = neurons[line.source];
    if frame.pulse_ms > 0.0 && source.last_spike_step != 0u {
        // Crosses in the delay, but never faster than can be seen.
        let crossing_ms = max(f32(line.projection_delay >> 16u) * frame.dt_ms, frame.pulse_ms);
        let at = spike_age_ms(source) / crossing_ms;
        if at < 1.0 + PULSE_LENGTH {
            return LineLight(body, opacity * PULSE_GAIN * strength * min(state.emphasis, 2.0), at, false);
        }
    }
    return LineLight(body, 0.0, -1.0, false);
}

// Light of the pulse at a place along the line: a round head, a fading tail.
fn pulse_profile(along: f32, pulse_at: f32) -> f32 {
    let ahead = (along - pulse_at) / PULSE_LENGTH;
    return select(exp(0.35 * ahead), exp(-4.0 * ahead * ahead), ahead > 0.0);
}

// A cubic from a to d. Between populations it leaves along their axis and is drawn a little together; within one it bows
// sideways, the same way for the same pair.
fn curve_of(a: vec3<f32>, d: vec3<f32>, look: ProjectionLook) -> Curve {
    let chord = d - a;
    if look.bend > 0.0 {
        let side = cross(chord, vec3<f32>(0.13, 1.0, 0.31));
        let bow = (vec3<f32>(0.0, 1.0, 0.0) * length(chord) + side * 0.6) * look.bend;
        return Curve(a, a + chord * 0.3 + bow, d - chord * 0.3 + bow, d);
    }
    let b = mix(a + look.axis * 0.38, look.middle - look.axis * 0.12, 0.35);
    let c = mix(d - look.axis * 0.38, look.middle + look.axis * 0.12, 0.35);
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
