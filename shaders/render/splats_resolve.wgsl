// Adds the light that splats gathered in fixed point to the picture.

const UNITS_PER_LIGHT = 4096.0;

@group(1) @binding(0) var<storage, read> pixels: array<u32>;

@vertex
fn vs_main(@builtin(vertex_index) vertex: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u)) * 2.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fs_main(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let at = 3u * (u32(position.y) * u32(frame.size_px.x) + u32(position.x));
    let units = vec3<f32>(f32(pixels[at]), f32(pixels[at + 1u]), f32(pixels[at + 2u]));
    return vec4<f32>(units / UNITS_PER_LIGHT, 0.0);
}
