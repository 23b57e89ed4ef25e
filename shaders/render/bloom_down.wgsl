// One step down the glow's chain: four smooth taps, each between four texels. From the light itself only what is bright
// passes, by a soft knee, so that the dark stage stays dark.

override from_light: bool = false;

const KNEE = 0.30;
const LIGHT_MOST = 24.0;

@group(0) @binding(0) var source: texture_2d<f32>;
@group(0) @binding(1) var smooth_sampler: sampler;

struct FilterVertex {
    @builtin(position) position: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> FilterVertex {
    let corner = vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u));
    return FilterVertex(vec4<f32>(corner * 2.0 - 1.0, 0.0, 1.0), vec2<f32>(corner.x, 1.0 - corner.y));
}

fn tap(uv: vec2<f32>) -> vec3<f32> {
    let colour = min(textureSampleLevel(source, smooth_sampler, uv, 0.0).rgb, vec3<f32>(LIGHT_MOST));
    if from_light {
        let peak = max(max(colour.r, colour.g), colour.b);
        return colour * (peak * peak / (peak * peak + KNEE * KNEE));
    }
    return colour;
}

@fragment
fn fs_main(in: FilterVertex) -> @location(0) vec4<f32> {
    let texel = 1.0 / vec2<f32>(textureDimensions(source));
    let sum = tap(in.uv + texel * vec2<f32>(-1.0, -1.0)) + tap(in.uv + texel * vec2<f32>(1.0, -1.0))
        + tap(in.uv + texel * vec2<f32>(-1.0, 1.0)) + tap(in.uv + texel * vec2<f32>(1.0, 1.0));
    return vec4<f32>(0.25 * sum, 1.0);
}
