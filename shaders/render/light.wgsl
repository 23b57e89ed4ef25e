// How a neuron shines: a shaded sphere at rest, a hot core when it spikes; on the light stage the same in ink. Spheres and
// splats share these numbers, so that both put the same light into the picture.

const FLASH_LEAST = 0.01;  // a fainter flash is none

// Light at rest on a unit sphere seen from the front: a key light from above left, wrapped, and a rim. In ink: what the
// light leaves dark.
fn base_shade(normal: vec3<f32>) -> f32 {
    let wrapped = clamp(0.5 + 0.5 * dot(normal, vec3<f32>(-0.37, 0.66, 0.65)), 0.0, 1.0);
    let rim = (1.0 - normal.z) * (1.0 - normal.z);
    if !is_light() {
        return 0.08 + 0.85 * wrapped * wrapped + 0.25 * rim;
    }
    return 0.45 + 1.1 * (1.0 - wrapped * wrapped) + 0.9 * rim;
}

// Mean of base_shade over the disc.
fn base_mean() -> f32 {
    return select(1.089, 0.594, !is_light());
}

const FLASH_MEAN = 1.467;  // mean of flash_shade over the disc

// Light of a spike: brightest in the middle.
fn flash_shade(normal_z: f32) -> f32 {
    return 0.4 + 1.6 * normal_z;
}

// The colour of a spike's light: the neuron's, a little towards white; in ink a little towards black.
fn flash_colour(colour: vec3<f32>) -> vec3<f32> {
    if !is_light() {
        return mix(colour, vec3<f32>(0.9, 0.95, 1.0), 0.12);
    }
    return mix(colour, vec3<f32>(2.0), 0.15);
}

// How much of a neuron is a sphere, by its radius on screen at size 1; the rest is a point of light.
fn sphere_share(radius_px: f32) -> f32 {
    return smoothstep(frame.sphere_from_px, frame.sphere_to_px, radius_px);
}
