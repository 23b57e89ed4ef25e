// The stage behind the network: a dark gradient, a faint floor with a grid below, a pool of light under the network; and
// on it the light of what was gathered in fixed point instead of rasterised.

const UNITS_PER_LIGHT = 4096.0;
const UNITS_PER_LINE_LIGHT = 16384.0;
const EXCITATORY = vec3<f32>(1.0, 0.393, 0.073);
const INHIBITORY = vec3<f32>(0.084, 0.319, 1.0);
const PRUNED = vec3<f32>(0.956, 0.342, 0.604);

@group(1) @binding(0) var<storage, read> pixels: array<u32>;       // red, green, blue of splats
@group(1) @binding(1) var<storage, read> line_pixels: array<u32>;  // excitatory, inhibitory and pruned light of lines

// What was gathered; 99: as the frame says.
override gathered: u32 = 99u;

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

@fragment
fn fs_main(in: StageVertex) -> @location(0) vec4<f32> {
    let ray = ray_through(in.position.xy);
    let stretch = inverseSqrt(dot(ray, ray));
    let height = ray.y * stretch;
    let horizon = exp(-6.0 * abs(height));
    let is_dark = !is_light();
    var colour = mix(vec3<f32>(0.0042, 0.0052, 0.0090), vec3<f32>(0.0105, 0.0135, 0.0240), horizon);
    if !is_dark {
        colour = mix(vec3<f32>(0.0), vec3<f32>(0.055, 0.045, 0.035), horizon);
    }
    if height < 0.0 && frame.eye.y > frame.floor_y {
        let range = (frame.floor_y - frame.eye.y) / ray.y;
        let place = frame.eye.xz + ray.xz * range;
        let away = length(place - frame.centre.xz) / frame.extent;
        let reach = exp(-0.55 * away * away);
        if reach > 0.002 {
            // Pixel footprint on the floor, stretched by grazing view.
            let footprint = range / frame.focal_px / max(-height, 0.02);
            let cell = exp2(round(log2(0.25 * frame.extent)));
            let unit = footprint / cell;
            let lines = max(grid_line(place.x / cell, unit, 0.012), grid_line(place.y / cell, unit, 0.012));
            let pool = select(vec3<f32>(0.05, 0.044, 0.036), vec3<f32>(0.0050, 0.0066, 0.0110), is_dark);
            let ruled = select(vec3<f32>(0.20, 0.17, 0.14), vec3<f32>(0.016, 0.022, 0.036), is_dark);
            colour += reach * (pool + lines * ruled);
        }
    }
    let pixel = u32(in.position.y) * u32(frame.size_px.x) + u32(in.position.x);
    let what = select(gathered, frame.gathered, gathered == 99u);
    if (what & 1u) != 0u {
        let at = 3u * pixel;
        colour += vec3<f32>(f32(pixels[at]), f32(pixels[at + 1u]), f32(pixels[at + 2u])) / UNITS_PER_LIGHT;
    }
    if (what & 2u) != 0u {
        let at = 3u * pixel;
        let lines = vec3<f32>(f32(line_pixels[at]), f32(line_pixels[at + 1u]), f32(line_pixels[at + 2u])) / UNITS_PER_LINE_LIGHT;
        colour += lines.x * emitted(EXCITATORY) + lines.y * emitted(INHIBITORY) + lines.z * emitted(PRUNED);
    }
    return vec4<f32>(colour, 1.0);
}
