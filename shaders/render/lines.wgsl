// Synapses as curved lines of light: opacity grows with the weight, pulses travel from source to target, pruned ones
// flash pale and are gone.

const LINE_RADII = 0.11;         // half width, in neuron radii
const HALF_WIDTH_LEAST_PX = 0.75;
const HALF_WIDTH_MOST_PX = 2.5;
const PRUNED_FADE_MS = 300.0;
const QUIET = 0.0012;            // light below this is not drawn
const PULSE_LENGTH = 0.045;      // share of the line
const PULSE_GAIN = 7.0;

@group(2) @binding(0) var<storage, read> lines: array<Line>;
@group(2) @binding(1) var<storage, read> states: array<LineState>;
@group(2) @binding(2) var<storage, read> line_looks: array<ProjectionLook>;

struct LineVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) across: f32,
    @location(1) along: f32,
    @location(2) light: vec3<f32>,
    @location(3) @interpolate(flat) pulse_light: vec3<f32>,
    @location(4) @interpolate(flat) pulse_at: f32,
}

struct Curve {
    a: vec3<f32>,
    b: vec3<f32>,
    c: vec3<f32>,
    d: vec3<f32>,
}

// A cubic from a to d. Between populations it leaves along their axis and is drawn a little together; within one it bows
// sideways, the same way for the same pair.
fn curve_of(a: vec3<f32>, d: vec3<f32>, look: ProjectionLook) -> Curve {
    let chord = d - a;
    var b = a + look.axis * 0.38;
    var c = d - look.axis * 0.38;
    b = mix(b, mix(b, look.middle - look.axis * 0.12, 0.35), look.gather);
    c = mix(c, mix(c, look.middle + look.axis * 0.12, 0.35), look.gather);
    if look.bend > 0.0 {
        let side = cross(chord, vec3<f32>(0.13, 1.0, 0.31));
        let bow = (vec3<f32>(0.0, 1.0, 0.0) * length(chord) + side * 0.6) * look.bend;
        b = a + chord * 0.3 + bow;
        c = d - chord * 0.3 + bow;
    }
    return Curve(a, b, c, d);
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> LineVertex {
    let per_line = 2u * (frame.line_segments + 1u);
    let index = vertex / per_line;
    let corner = vertex % per_line;
    let t = f32(corner >> 1u) / f32(frame.line_segments);
    let side = f32(corner & 1u) * 2.0 - 1.0;

    var out: LineVertex;
    out.position = vec4<f32>(0.0, 0.0, 0.0, -1.0);
    let state = states[index];
    let line = lines[index];
    let look = line_looks[line.projection_delay & 0xffffu];

    // How bright: the weight, what it just gained, or the last flash of a pruned one.
    let growth = clamp((state.share - state.average) * 6.0, 0.0, 1.5);
    var body = look.colour * (look.gain * (0.02 + 0.98 * state.share) * (1.0 + growth));
    if state.pruned_step != 0u {
        let age_ms = f32(frame.step - min(state.pruned_step, frame.step)) * frame.dt_ms;
        let left = max(1.0 - age_ms / PRUNED_FADE_MS, 0.0);
        body = vec3<f32>(0.75, 0.85, 0.9) * (look.gain * 2.0 * left * left);
        if state.pruned_step == SINCE_EVER {
            return out;
        }
    }
    // While a neuron is picked, the others step back.
    let stage_share = select(1.0, 0.3, frame.picked != 0xffffffffu && state.emphasis <= 1.0);
    let opacity = frame.synapse_opacity * stage_share;
    body *= opacity * state.emphasis;

    // The pulse of the source's last spike: crosses in the delay, but never faster than can be seen.
    out.pulse_at = -1.0;
    let source = neurons[line.source];
    if frame.pulse_ms > 0.0 && source.last_spike_step != 0u && state.pruned_step == 0u {
        let crossing_ms = max(f32(line.projection_delay >> 16u) * frame.dt_ms, frame.pulse_ms);
        let at = spike_age_ms(source) / crossing_ms;
        if at < 1.0 + PULSE_LENGTH {
            out.pulse_at = at;
            out.pulse_light = mix(look.colour, vec3<f32>(1.0), 0.15)
                * (look.gain * PULSE_GAIN * (0.012 + 0.988 * state.share) * opacity * min(state.emphasis, 2.0));
        }
    }
    let brightest = max(max(body.r, body.g), body.b) + max(max(out.pulse_light.r, out.pulse_light.g), out.pulse_light.b);
    if brightest < QUIET {
        return out;
    }

    let curve = curve_of(positions[line.source].xyz, positions[line.target_neuron].xyz, look);
    let s = 1.0 - t;
    let place = curve.a * (s * s * s) + curve.b * (3.0 * s * s * t) + curve.c * (3.0 * s * t * t) + curve.d * (t * t * t);
    let slope = (curve.b - curve.a) * (s * s) + (curve.c - curve.b) * (2.0 * s * t) + (curve.d - curve.c) * (t * t);
    let clip = frame.clip_from_world * vec4<f32>(place, 1.0);
    let clip_slope = frame.clip_from_world * vec4<f32>(slope, 0.0);
    let depth = max(clip.w, frame.near);
    // Direction on screen of the projected curve, by the quotient rule.
    var direction = (clip_slope.xy * clip.w - clip.xy * clip_slope.w) * frame.size_px;
    let size = length(direction);
    direction = select(vec2<f32>(1.0, 0.0), direction / size, size > 1e-12);

    let true_px = frame.focal_px * frame.neuron_radius * LINE_RADII / depth;
    let half_px = clamp(true_px, HALF_WIDTH_LEAST_PX, HALF_WIDTH_MOST_PX);
    let conserved = clamp(true_px / HALF_WIDTH_LEAST_PX, 0.25, 1.0);
    let offset_px = vec2<f32>(-direction.y, direction.x) * (side * (half_px + 0.5));
    out.position = vec4<f32>(clip.xy + offset_px * 2.0 / frame.size_px * clip.w, clip.zw);
    out.across = side;
    out.along = t;
    let fog = fog_at(depth) * conserved;
    out.light = body * fog;
    out.pulse_light *= fog;
    return out;
}

@fragment
fn fs_main(in: LineVertex) -> @location(0) vec4<f32> {
    let inside = 1.0 - in.across * in.across;
    var light = in.light;
    if in.pulse_at >= 0.0 {
        let ahead = (in.along - in.pulse_at) / PULSE_LENGTH;
        // A round head, a fading tail.
        light += in.pulse_light * select(exp(-0.35 * -ahead), exp(-ahead * ahead * 4.0), ahead > 0.0);
    }
    return vec4<f32>(light * (inside * inside), 0.0);
}
