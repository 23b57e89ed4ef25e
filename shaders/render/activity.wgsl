// Neurons as the picture sees them: where they are, whether they are drawn, how long ago they spiked, what their colour
// and size show. Drawn from the simulation's own buffers. Group 1. Needs frame.wgsl and common/neuron.wgsl.

const MAP_LEN = 256u;
const RATE_TAU_MS = 250.0;
const RATE_KNEE_HZ = 4.0;
const LEAST_VALUE = -1e38;  // below: no value

const SELECTED = 1u;
const HIDDEN = 2u;
const PARTNER = 12u;        // sends to the selection, or hears it

@group(1) @binding(0) var<storage, read> positions: array<vec4<f32>>;  // w: population index, as bits
@group(1) @binding(1) var<storage, read> neurons: array<NeuronState>;
@group(1) @binding(2) var<storage, read> traces: array<f32>;          // rate traces just before the last spike
@group(1) @binding(3) var<storage, read> flags: array<u32>;           // of the selection, four neurons each
@group(1) @binding(4) var<storage, read> values: array<f32>;          // from the host: colour's, size's, height's

// What the channels show; 99: as the frame says.
override colour_by: u32 = 99u;
override size_by: u32 = 99u;
override height_by: u32 = 99u;

fn chosen(made_for: u32, asked: u32) -> u32 {
    return select(made_for, asked, made_for == 99u);
}

fn flags_of(neuron: u32) -> u32 {
    return (flags[neuron >> 2u] >> (8u * (neuron & 3u))) & 0xffu;
}

// 0: not drawn; 1: as ever; between: dimmed, because others are selected.
fn presence_of(neuron: u32) -> f32 {
    let place = positions[neuron].xyz;
    let is_clipped = any(place < frame.clip_low) || any(place > frame.clip_high);
    let marks = flags_of(neuron);
    if is_clipped || (marks & HIDDEN) != 0u {
        return 0.0;
    }
    if (marks & SELECTED) != 0u {
        return 1.0;
    }
    return select(frame.others, frame.partners, (marks & PARTNER) != 0u);
}

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

// Firing rate, Hz: the trace before the last spike, plus that spike, decayed since.
fn rate_hz(neuron: u32, state: NeuronState) -> f32 {
    if state.last_spike_step == 0u {
        return 0.0;
    }
    return (traces[neuron] + 1.0) * exp(-spike_age_ms(state) / RATE_TAU_MS) / (0.001 * RATE_TAU_MS);
}

// The share of a channel's range that a neuron's value has; negative: it has no such value.
fn share_of(by: u32, channel: Channel, neuron: u32, state: NeuronState, population: u32) -> f32 {
    let look = looks[population];
    var value = 0.0;
    switch by {
        case 1u: {
            if look.has_membrane == 0u {
                return -1.0;
            }
            if channel.scale == 0.0 {
                let span = look.threshold_mv + state.theta_mv - look.membrane_low_mv;
                return clamp((state.membrane_mv - look.membrane_low_mv) / max(span, 1e-3), 0.0, 1.0);
            }
            value = look.rest_mv + state.membrane_mv;
        }
        case 2u: {
            value = log(1.0 + rate_hz(neuron, state) / RATE_KNEE_HZ);
        }
        case 3u: {
            if look.theta_top_mv <= 0.0 {
                return -1.0;
            }
            if channel.scale == 0.0 {
                return clamp(state.theta_mv / look.theta_top_mv, 0.0, 1.0);
            }
            value = state.theta_mv;
        }
        default: {
            let at = channel.slot * frame.neuron_count + neuron;
            if at >= arrayLength(&values) {
                return -1.0;
            }
            value = values[at];
            if value < LEAST_VALUE {
                return -1.0;
            }
        }
    }
    return clamp((value - channel.low) * channel.scale, 0.0, 1.0);
}

// A place of one of the two tables, between its entries.
fn looked_up(first: u32, share: f32) -> vec4<f32> {
    let at = share * f32(MAP_LEN - 1u);
    let low = min(u32(at), MAP_LEN - 2u);
    return mix(maps[first + low], maps[first + low + 1u], at - f32(low));
}

// What a neuron's colour adds to the picture: light, or ink.
fn colour_of(neuron: u32, state: NeuronState, population: u32) -> vec3<f32> {
    let by = chosen(colour_by, frame.colour.by);
    if by == 0u {
        return emitted(looks[population].colour);
    }
    let share = share_of(by, frame.colour, neuron, state, population);
    if share < 0.0 {
        return frame.no_value;
    }
    if by == 4u {
        // Classes have no colours between them.
        return maps[u32(share * f32(MAP_LEN - 1u) + 0.5)].rgb;
    }
    return looked_up(0u, share).rgb;
}

// Radius over that of the settings.
fn size_of(neuron: u32, state: NeuronState, population: u32) -> f32 {
    let by = chosen(size_by, frame.size.by);
    if by == 0u {
        return 1.0;
    }
    return looked_up(MAP_LEN, max(share_of(by, frame.size, neuron, state, population), 0.0)).x;
}

// Where a neuron is drawn: its place, raised by what its height shows.
fn drawn_place(neuron: u32) -> vec3<f32> {
    let place = positions[neuron];
    let by = chosen(height_by, frame.height.by);
    if by == 0u {
        return place.xyz;
    }
    let share = share_of(by, frame.height, neuron, neurons[neuron], bitcast<u32>(place.w));
    return place.xyz + vec3<f32>(0.0, frame.height_most * looked_up(MAP_LEN, max(share, 0.0)).y, 0.0);
}
