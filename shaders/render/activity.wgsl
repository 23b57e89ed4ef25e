// Neurons as the picture sees them: where they are, how long ago they spiked, what colour their value has. Drawn from the
// simulation's own buffers. Group 1. Needs frame.wgsl and common/neuron.wgsl.

const MAP_LEN = 64u;
const RATE_TAU_MS = 250.0;
const RATE_KNEE_HZ = 4.0;
const RATE_TOP_HZ = 100.0;
const NO_VALUE = vec3<f32>(0.16, 0.17, 0.20);

@group(1) @binding(0) var<storage, read> positions: array<vec4<f32>>;  // w: population index, as bits
@group(1) @binding(1) var<storage, read> neurons: array<NeuronState>;
@group(1) @binding(2) var<storage, read> traces: array<f32>;          // rate traces just before the last spike

// Time since a neuron's last spike, ms. Only for neurons that have spiked.
fn spike_age_ms(state: NeuronState) -> f32 {
    return f32(frame.step - min(state.last_spike_step, frame.step)) * frame.dt_ms;
}

// 1 at a spike, then falling exponentially.
fn flash_of(state: NeuronState) -> f32 {
    if state.last_spike_step == 0u {
        return 0.0;
    }
    return exp(-spike_age_ms(state) / frame.flash_decay_ms);
}

fn map_colour(map: u32, value: f32) -> vec3<f32> {
    let at = clamp(value, 0.0, 1.0) * f32(MAP_LEN - 1u);
    let low = min(u32(at), MAP_LEN - 2u);
    let first = map * MAP_LEN + low;
    return mix(maps[first].rgb, maps[first + 1u].rgb, at - f32(low));
}

// Firing rate, Hz: the trace before the last spike, plus that spike, decayed since.
fn rate_hz(neuron: u32, state: NeuronState) -> f32 {
    if state.last_spike_step == 0u {
        return 0.0;
    }
    return (traces[neuron] + 1.0) * exp(-spike_age_ms(state) / RATE_TAU_MS) / (0.001 * RATE_TAU_MS);
}

// The colour of a neuron's value, linear.
fn colour_of(neuron: u32, state: NeuronState, population: u32) -> vec3<f32> {
    let look = looks[population];
    switch frame.colour_by {
        case 1u: {
            if look.has_membrane == 0u {
                return NO_VALUE;
            }
            let span = look.threshold_mv + state.theta_mv - look.membrane_low_mv;
            return map_colour(0u, (state.membrane_mv - look.membrane_low_mv) / max(span, 1e-3));
        }
        case 2u: {
            return map_colour(1u, log(1.0 + rate_hz(neuron, state) / RATE_KNEE_HZ) / log(1.0 + RATE_TOP_HZ / RATE_KNEE_HZ));
        }
        case 3u: {
            if look.theta_top_mv <= 0.0 {
                return NO_VALUE;
            }
            return map_colour(2u, state.theta_mv / look.theta_top_mv);
        }
        default: {
            return look.colour;
        }
    }
}
