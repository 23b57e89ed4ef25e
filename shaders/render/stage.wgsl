// The stage behind the network: a dark gradient, a faint floor with a grid below, a pool of light under the network; and
// on it the light of what was gathered in fixed point instead of rasterised.

const UNITS_PER_LIGHT = 4096.0;
const UNITS_PER_LINE_LIGHT = 16384.0;
const EXCITATORY = vec3<f32>(1.0, 0.393, 0.073);
const INHIBITORY = vec3<f32>(0.084, 0.319, 1.0);
const PRUNED = vec3<f32>(0.956, 0.342, 0.604);

@group(1) @binding(0) var splats: texture_2d<u32>;  // red, green, blue of neurons
@group(1) @binding(1) var lines: texture_2d<u32>;   // excitatory, inhibitory and pruned light of lines

// What was gathered. 1: neurons; 2: lines.
override gathered: u32 = 0u;

struct StageVertex {
    @builtin(position) position: vec4<f32>,
}

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> StageVertex {
    let corner = vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u)) * 2.0 - 1.0;
    var out: StageVertex;
    out.position = vec4<f32>(corner, 0.0, 1.0);
    return out;
}

// From the eye through a pixel of what is drawn.
fn ray_through(at: vec2<f32>) -> vec3<f32> {
    let corner = ((at + frame.tile_px) / frame.picture_px * 2.0 - 1.0) * vec2<f32>(1.0, -1.0);
    return frame.forward + frame.right * (corner.x * frame.tan_half_x) + frame.up * (corner.y * frame.tan_half_y);
}

// Share of a pixel covered by lines one unit apart; width and pixel footprint in units.
fn grid_line(at: f32, footprint: f32, width: f32) -> f32 {
    let distance = abs(fract(at + 0.5) - 0.5);
    let reach = max(width, footprint);
    return clamp((reach - distance) / reach, 0.0, 1.0) * min(width / footprint, 1.0);
}

// Close to exp(-x), but ends, and takes a few products.
fn falling(x: f32) -> f32 {
    let root = max(1.0 - x / 8.0, 0.0);
    let square = root * root;
    return square * square * square * square;
}

@fragment
fn fs_main(in: StageVertex) -> @location(0) vec4<f32> {
    let ray = ray_through(in.position.xy);
    let height = ray.y * inverseSqrt(dot(ray, ray));
    let horizon = falling(6.0 * abs(height));
    let is_dark = !is_light();
    var colour = mix(vec3<f32>(0.0042, 0.0052, 0.0090), vec3<f32>(0.0105, 0.0135, 0.0240), horizon);
    if !is_dark {
        colour = mix(vec3<f32>(0.0), vec3<f32>(0.055, 0.045, 0.035), horizon);
    }
    if height < 0.0 && frame.eye.y > frame.floor_y {
        let range = (frame.floor_y - frame.eye.y) / ray.y;
        let place = frame.eye.xz + ray.xz * range;
        let away = (place - frame.centre.xz) / frame.extent;
        let reach = falling(0.55 * dot(away, away));
        // Beyond its end the numbers below may have none.
        if reach > 0.0 {
            // Pixel footprint on the floor, stretched by grazing view.
            let unit = range / (frame.focal_px * frame.floor_square * max(-height, 0.02));
            let on_square = place / frame.floor_square;
            let ruling = max(grid_line(on_square.x, unit, 0.012), grid_line(on_square.y, unit, 0.012));
            let pool = select(vec3<f32>(0.05, 0.044, 0.036), vec3<f32>(0.0050, 0.0066, 0.0110), is_dark);
            let ruled = select(vec3<f32>(0.20, 0.17, 0.14), vec3<f32>(0.016, 0.022, 0.036), is_dark);
            colour += reach * (pool + ruling * ruled);
        }
    }
    let pixel = vec2<i32>(in.position.xy);
    if (gathered & 1u) != 0u {
        colour += vec3<f32>(textureLoad(splats, pixel, 0).rgb) / UNITS_PER_LIGHT;
    }
    if (gathered & 2u) != 0u {
        let light = vec3<f32>(textureLoad(lines, pixel, 0).rgb) / UNITS_PER_LINE_LIGHT;
        colour += light.x * emitted(EXCITATORY) + light.y * emitted(INHIBITORY) + light.z * emitted(PRUNED);
    }
    return vec4<f32>(colour, 1.0);
}
