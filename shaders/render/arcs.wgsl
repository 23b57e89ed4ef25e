// One thick arc per projection, for networks seen from afar: thin towards its target, wide by the total weight, bright by
// the spikes that it delivers, with waves that run along it. Inhibition is hollow, so that it is known in grey as well.

const ARC_PIECES = 18.0;
const ARC_LEAST_PX = 1.2;
const WAVE_MS = 250.0;

struct PopulationArc {
    a: vec3<f32>,
    half_width: f32,   // scene units
    b: vec3<f32>,
    light: f32,
    c: vec3<f32>,
    inhibitory: u32,
    d: vec3<f32>,
    traffic: f32,      // 0 to 1
}

@group(2) @binding(0) var<storage, read> arcs: array<PopulationArc>;

struct ArcVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) across: f32,
    @location(1) along: f32,
    @location(2) @interpolate(flat) light: vec3<f32>,
    @location(3) @interpolate(flat) inhibitory: u32,
    @location(4) @interpolate(flat) traffic: f32,
}

@vertex
fn vs_main(@builtin(vertex_index) corner: u32, @builtin(instance_index) index: u32) -> ArcVertex {
    let arc = arcs[index];
    let t = f32(corner >> 1u) / ARC_PIECES;
    let s = 1.0 - t;
    let place = arc.a * (s * s * s) + arc.b * (3.0 * s * s * t) + arc.c * (3.0 * s * t * t) + arc.d * (t * t * t);
    let slope = (arc.b - arc.a) * (s * s) + (arc.c - arc.b) * (2.0 * s * t) + (arc.d - arc.c) * (t * t);
    let clip = frame.clip_from_world * vec4<f32>(place, 1.0);
    let clip_slope = frame.clip_from_world * vec4<f32>(slope, 0.0);
    let depth = max(clip.w, frame.near);
    var direction = (clip_slope.xy * clip.w - clip.xy * clip_slope.w) * frame.size_px;
    let size = length(direction);
    direction = select(vec2<f32>(1.0, 0.0), direction / size, size > 1e-12);
    let half_px = max(arc.half_width * (1.3 - 0.9 * t) * frame.focal_px / depth, ARC_LEAST_PX);
    var out: ArcVertex;
    out.across = f32(corner & 1u) * 2.0 - 1.0;
    out.along = t;
    let offset_px = vec2<f32>(-direction.y, direction.x) * (out.across * (half_px + 0.5));
    out.position = vec4<f32>(clip.xy + offset_px * 2.0 / frame.size_px * clip.w, clip.zw);
    let excitatory = vec3<f32>(1.0, 0.393, 0.073);
    let inhibitory = vec3<f32>(0.084, 0.319, 1.0);
    out.light = emitted(select(excitatory, inhibitory, arc.inhibitory != 0u)) * (arc.light * fog_at(depth));
    out.inhibitory = arc.inhibitory;
    out.traffic = arc.traffic;
    return out;
}

@fragment
fn fs_main(in: ArcVertex) -> @location(0) vec4<f32> {
    let edge = abs(in.across);
    let fall = smoothstep(0.0, 0.45, 1.0 - edge);
    let hollow = select(1.0, smoothstep(0.25, 0.7, edge) * 1.5 + 0.12, in.inhibitory != 0u);
    let time = fract(f32(frame.step) * frame.dt_ms / WAVE_MS);
    let wave = 0.5 + 0.5 * cos(6.2831853 * (3.0 * in.along - time));
    let shine = 0.25 + in.traffic * (0.5 + 1.2 * wave * wave * wave);
    let ends = smoothstep(0.0, 0.06, in.along) * smoothstep(0.0, 0.04, 1.0 - in.along);
    return vec4<f32>(in.light * (fall * hollow * shine * ends), 0.0);
}
