// From light to the screen: glow added, exposure, a tone curve that keeps hue (after the Khronos PBR Neutral tone mapper,
// with a softer shoulder), a very faint vignette, and a fixed pattern of less than one level against banding. On the light
// stage from ink to the screen: every layer takes its part of the paper's light.

override encode_srgb: bool = true;
override is_scaled: bool = true;

const SHOULDER = 0.55;
const DESATURATION = 0.06;
const PAPER = vec3<f32>(0.925, 0.93, 0.935);

@group(1) @binding(0) var light: texture_2d<f32>;
@group(1) @binding(1) var glow: texture_2d<f32>;
@group(1) @binding(2) var smooth_sampler: sampler;

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u)) * 2.0 - 1.0, 0.0, 1.0);
}

fn tone(colour: vec3<f32>) -> vec3<f32> {
    let peak = max(max(colour.r, colour.g), colour.b);
    if peak <= SHOULDER {
        return colour;
    }
    let room = 1.0 - SHOULDER;
    let new_peak = 1.0 - room * room / (peak + room - SHOULDER);
    let white = 1.0 - 1.0 / (DESATURATION * (peak - new_peak) + 1.0);
    return mix(colour * (new_peak / peak), vec3<f32>(new_peak), white);
}

fn srgb(linear: vec3<f32>) -> vec3<f32> {
    let high = 1.055 * pow(max(linear, vec3<f32>(1e-6)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, linear * 12.92, linear <= vec3<f32>(0.0031308));
}

@fragment
fn fs_main(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let place = at.xy + frame.tile_px;
    let uv = place / (frame.picture_px / frame.drawn_scale);
    var colour: vec3<f32>;
    if !is_scaled {
        colour = textureLoad(light, vec2<i32>(at.xy), 0).rgb;
    } else {
        colour = textureSampleLevel(light, smooth_sampler, uv, 0.0).rgb;
    }
    if frame.bloom > 0.0 {
        colour += textureSampleLevel(glow, smooth_sampler, uv, 0.0).rgb * frame.bloom;
    }
    let from_middle = uv - 0.5;
    if !is_light() {
        colour = tone(colour * frame.exposure) * (1.0 - 0.28 * dot(from_middle, from_middle));
    } else {
        colour = PAPER * exp(-colour * frame.exposure) * (1.0 - 0.10 * dot(from_middle, from_middle));
    }
    // Interleaved gradient noise (Jimenez 2014): the same for every picture.
    let noise = fract(52.9829189 * fract(dot(floor(place), vec2<f32>(0.06711056, 0.00583715)))) - 0.5;
    if encode_srgb {
        return vec4<f32>(srgb(colour) + noise / 255.0, 1.0);
    }
    // The target encodes: the same noise, by the slope of its curve in the dark.
    return vec4<f32>(max(colour + noise * sqrt(max(colour, vec3<f32>(0.0))) * 2.0 / 255.0, vec3<f32>(0.0)), 1.0);
}
