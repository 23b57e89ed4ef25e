// integrate: one thread advances one neuron by one step; a workgroup's neurons belong to one population.
// Reads: parameters, tables, the input that arrives at this step. Writes: the neuron's state, traces and spike count,
// zeroes of the input it took, and the spike ring (one reservation per workgroup).
// CPU twin: src/engine/cpu/integrate.rs, operation by operation in the same order.
// Sources: exact integration, Rotter and Diesmann 1999; conductances by exponential Euler with a rational
// approximation of exp (Padé 2,2); adaptive threshold, Diehl and Cook 2015.

struct SpikeClock {
    total: atomic<u32>,    // spikes of all time, modulo 2^32
    starts: array<u32>,
}

@group(0) @binding(0) var<uniform> globals: EngineGlobals;
@group(0) @binding(1) var<storage, read> populations: array<PopulationParameters>;
@group(0) @binding(2) var<storage, read> blocks: array<vec2<u32>>;    // (population, first local neuron)
@group(0) @binding(3) var<storage, read> population_traces: array<TraceParameters>;
@group(0) @binding(4) var<storage, read> tables: array<u32>;
@group(0) @binding(5) var<storage, read> group_ring: array<i32>;
@group(0) @binding(6) var<storage, read_write> neurons: array<NeuronState>;
@group(0) @binding(7) var<storage, read_write> synaptic: array<vec2<f32>>;
@group(0) @binding(8) var<storage, read_write> spike_counts: array<u32>;
@group(0) @binding(9) var<storage, read_write> traces: array<f32>;
@group(0) @binding(10) var<storage, read_write> ring: array<i32>;
@group(0) @binding(11) var<storage, read_write> clock: SpikeClock;
@group(0) @binding(12) var<storage, read_write> spikes: array<u32>;
@group(0) @binding(13) var<storage, read> touches: array<Touch>;   // one that says nothing while none is touched
@group(1) @binding(0) var<uniform> now: StepNumber;

var<workgroup> spiking: atomic<u32>;
var<workgroup> reserved: u32;

// How many entries of a background table are at most `random`.
fn background_count(first: u32, len: u32, random: u32) -> i32 {
    var low = 0u;
    var high = len;
    while low < high {
        let middle = (low + high) / 2u;
        if tables[first + middle] <= random {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return i32(low);
}

// Takes the input of one receptor at this step, in fixed point.
fn take_input(p: PopulationParameters, population: u32, local: u32, receptor: u32, background: i32) -> i32 {
    let port = now.slot * globals.port_count + p.port_first + receptor * p.size + local;
    var input = ring[port] + group_ring[now.slot * 2u * globals.population_count + 2u * population + receptor];
    ring[port] = 0;
    if p.background_receptor == receptor {
        input += background * p.background_weight;
    }
    return input;
}

// A decayed value, or 0 once it is too small to matter: subnormal numbers differ between devices.
fn settled(x: f32) -> f32 {
    return select(x, 0.0, abs(x) < 1e-30);
}

// What is done to a neuron. The branch is the same for the whole network: untouched ones pay nothing.
fn touch_of(neuron: u32) -> Touch {
    if globals.touched == 0u {
        return Touch();
    }
    return touches[neuron];
}

fn stimulus_of(touch: Touch) -> f32 {
    return select(0.0, touch.stimulus_mv, now.step <= touch.stimulus_end);
}

// The membrane after one step, from the synaptic state before it.
fn advance_membrane(p: PopulationParameters, drive_mv: f32, v: f32, g: vec2<f32>) -> f32 {
    if p.cell == CELL_DELTA {
        return drive_mv * (1.0 - p.membrane_propagator) + v * p.membrane_propagator;
    }
    if p.cell == CELL_CURRENT {
        return v * p.membrane_propagator + g.x * p.excitatory_to_membrane + g.y * p.inhibitory_to_membrane
            + drive_mv * (1.0 - p.membrane_propagator);
    }
    let total = 1.0 + g.x + g.y;
    let v_inf = (g.x * p.excitatory_reversal_mv + g.y * p.inhibitory_reversal_mv + drive_mv) / total;
    let x = p.dt_over_tau * total;
    let half = x * 0.5;
    let square = x * x * (1.0 / 12.0);
    let decay = (1.0 - half + square) / (1.0 + half + square);
    return v_inf + (v - v_inf) * decay;
}

// True when the neuron spikes.
fn advance_lif(p: PopulationParameters, population: u32, local: u32) -> bool {
    let neuron = p.first + local;
    var background = 0;
    if p.background_len > 0u {
        let random = random_u32(globals.seed, STREAM_BACKGROUND, neuron, now.step);
        background = background_count(p.background_first, p.background_len, random);
    }
    let touch = touch_of(neuron);
    let drive_mv = p.drive_mv + stimulus_of(touch);
    let silent = touch.flags != 0u;
    var state = neurons[neuron];
    if globals.learning != 0u && (now.step & (p.theta_interval - 1u)) == 0u {
        state.theta_mv = state.theta_mv * p.theta_decay;
    }
    let held = state.hold > 0u;
    if held {
        state.hold -= 1u;
    }
    if p.cell == CELL_DELTA {
        let input = take_input(p, population, local, 0u, background);
        if !held {
            let advanced = advance_membrane(p, drive_mv, state.membrane_mv, vec2<f32>()) + f32(input) * p.excitatory_unit;
            state.membrane_mv = settled(advanced);
        }
    } else {
        var g = synaptic[neuron];
        if !held {
            state.membrane_mv = settled(advance_membrane(p, drive_mv, state.membrane_mv, g));
        }
        g.x = g.x * p.excitatory_propagator
            + f32(take_input(p, population, local, 0u, background)) * p.excitatory_unit;
        g.y = g.y * p.inhibitory_propagator
            + f32(take_input(p, population, local, 1u, background)) * p.inhibitory_unit;
        g = vec2<f32>(settled(g.x), settled(g.y));
        synaptic[neuron] = select(g, vec2<f32>(), (touch.flags & TOUCH_LESIONED) != 0u);
    }
    if silent {
        state.membrane_mv = 0.0;
    }
    let spikes_now = !silent && !held && state.membrane_mv >= p.threshold_mv + state.theta_mv;
    if spikes_now {
        state.membrane_mv = p.reset_mv;
        state.hold = p.refractory_steps;
        if globals.learning != 0u {
            state.theta_mv = state.theta_mv + p.theta_increment_mv;
        }
    }
    neurons[neuron] = state;
    return spikes_now;
}

fn advance_source(p: PopulationParameters, local: u32) -> bool {
    let neuron = p.first + local;
    let silent = touch_of(neuron).flags != 0u;
    if p.cell == CELL_POISSON {
        return !silent && random_u32(globals.seed, STREAM_POISSON, neuron, now.step) < tables[p.source_first + local];
    }
    let next = tables[p.source_first + local] + neurons[neuron].hold;
    if next < tables[p.source_first + local + 1u] && tables[next] == now.step {
        neurons[neuron].hold += 1u;
        return !silent;
    }
    return false;
}

// What a spike leaves behind: its count, the traces' values just before it, and its step.
fn note_spike(p: PopulationParameters, local: u32) {
    let neuron = p.first + local;
    spike_counts[neuron] += 1u;
    let last = neurons[neuron].last_spike_step;
    for (var i = 0u; i < p.trace_count; i++) {
        let trace = population_traces[p.trace_first + i];
        let entry = trace.first + local;
        traces[entry] = trace_value(trace, traces[entry], last, now.step);
    }
    neurons[neuron].last_spike_step = now.step;
}

@compute @workgroup_size(BLOCK_SIZE)
fn integrate(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let index = workgroup.y * grid.x + workgroup.x;
    if index >= globals.block_count {
        return;
    }
    let block = blocks[index];
    let p = populations[block.x];
    let local = block.y + lane;
    var spikes_now = false;
    if local < p.size {
        if p.cell >= CELL_POISSON {
            spikes_now = advance_source(p, local);
        } else {
            spikes_now = advance_lif(p, block.x, local);
        }
        if spikes_now {
            note_spike(p, local);
        }
    }
    var place = 0u;
    if spikes_now {
        place = atomicAdd(&spiking, 1u);
    }
    workgroupBarrier();
    if lane == 0u {
        let count = atomicLoad(&spiking);
        if count > 0u {
            reserved = atomicAdd(&clock.total, count);
        }
    }
    workgroupBarrier();
    if spikes_now {
        spikes[(reserved + place) & globals.spike_mask] = p.first + local;
    }
}
