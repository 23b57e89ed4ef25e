// How a neuron shines: a shaded sphere at rest, a hot core when it spikes. Spheres and splats share these numbers, so
// that both put the same light into the picture.

const BASE_MEAN = 0.594;   // mean of base_shade over the disc
const FLASH_MEAN = 1.467;  // mean of flash_shade over the disc

// Light at rest on a unit sphere seen from the front: a key light from above left, wrapped, and a rim.
fn base_shade(normal: vec3<f32>) -> f32 {
    let wrapped = clamp(0.5 + 0.5 * dot(normal, vec3<f32>(-0.37, 0.66, 0.65)), 0.0, 1.0);
    let rim = (1.0 - normal.z) * (1.0 - normal.z);
    return 0.08 + 0.85 * wrapped * wrapped + 0.25 * rim;
}

// Light of a spike: brightest in the middle.
fn flash_shade(normal_z: f32) -> f32 {
    return 0.4 + 1.6 * normal_z;
}

// The colour of a spike's light: the neuron's, a little towards white.
fn flash_colour(colour: vec3<f32>) -> vec3<f32> {
    return mix(colour, vec3<f32>(0.9, 0.95, 1.0), 0.12);
}
