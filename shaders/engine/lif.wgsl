// How one neuron advances by one step, and what its spike leaves behind: the arithmetic that every path shares. The
// kernel binds `globals`, `tables: array<u32>` and says by overrides what the network has, so that the rest costs nothing.
// CPU twin: src/engine/cpu/integrate.rs, operation by operation in the same order.
// Sources: exact integration, Rotter and Diesmann 1999; conductances by exponential Euler with a rational
// approximation of exp (Padé 2,2); adaptive threshold, Diehl and Cook 2015.

override CELL_KINDS: u32 = 31u;          // bit CELL_x: there are such cells
override HAS_BACKGROUND: bool = true;
override HAS_GROUPS: bool = true;        // some rule feeds all neurons of a population at once
override HAS_TOUCHES: bool = true;       // something is done to single neurons

struct LifState {
    membrane_mv: f32,
    theta_mv: f32,
    hold: u32,
    spikes: bool,
    g: vec2<f32>,
}

fn is_cell(p: PopulationParameters, kind: u32) -> bool {
    let bit = 1u << kind;
    return CELL_KINDS == bit || ((CELL_KINDS & bit) != 0u && p.cell == kind);
}

fn is_source(p: PopulationParameters) -> bool {
    return is_cell(p, CELL_POISSON) || is_cell(p, CELL_SPIKE_LIST);
}

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

// Input from outside at one step, in fixed point, per receptor.
fn background_input(p: PopulationParameters, neuron: u32, step: u32) -> vec2<i32> {
    if !HAS_BACKGROUND || p.background_len == 0u {
        return vec2<i32>();
    }
    let random = random_u32(globals.seed, STREAM_BACKGROUND, neuron, step);
    let input = background_count(p.background_first, p.background_len, random) * p.background_weight;
    return select(vec2<i32>(0, input), vec2<i32>(input, 0), p.background_receptor == 0u);
}

// A decayed value, or 0 once it is too small to matter: subnormal numbers differ between devices.
fn settled(x: f32) -> f32 {
    return select(x, 0.0, abs(x) < 1e-30);
}

// x, and a wall for compilers: WGSL cannot forbid them to add in another order, and Mesa 22.3 does with a drive that a
// stimulus raises. Exclusive or with a uniform that is always 0 changes nothing and tells them nothing.
fn as_written(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ globals.always_zero);
}

// The membrane after one step, from the synaptic state before it.
fn advance_membrane(p: PopulationParameters, drive_mv: f32, v: f32, g: vec2<f32>) -> f32 {
    if is_cell(p, CELL_DELTA) {
        return drive_mv * (1.0 - p.membrane_propagator) + v * p.membrane_propagator;
    }
    if is_cell(p, CELL_CURRENT) {
        return v * p.membrane_propagator + g.x * p.excitatory_to_membrane + g.y * p.inhibitory_to_membrane
            + drive_mv * (1.0 - p.membrane_propagator);
    }
    let total = 1.0 + g.x + g.y;
    let pull_mv = as_written(g.x * p.excitatory_reversal_mv + g.y * p.inhibitory_reversal_mv);
    let v_inf = (pull_mv + drive_mv) / total;
    let x = p.dt_over_tau * total;
    let half = x * 0.5;
    let square = x * x * (1.0 / 12.0);
    let decay = (1.0 - half + square) / (1.0 + half + square);
    return v_inf + (v - v_inf) * decay;
}

// The state after one step; `spikes` says whether the threshold was reached.
fn advance_lif(p: PopulationParameters, before: LifState, input: vec2<i32>, touch: Touch, step: u32) -> LifState {
    var state = before;
    let drive_mv = p.drive_mv + select(0.0, touch.stimulus_mv, step <= touch.stimulus_end);
    let silent = touch.flags != 0u;
    if globals.learning != 0u && (step & (p.theta_interval - 1u)) == 0u {
        state.theta_mv = state.theta_mv * p.theta_decay;
    }
    let held = before.hold > 0u;
    state.hold = before.hold - u32(held);
    let advanced = advance_membrane(p, drive_mv, before.membrane_mv, before.g);
    if is_cell(p, CELL_DELTA) {
        let raised = settled(advanced + f32(input.x) * p.excitatory_unit);
        state.membrane_mv = select(raised, before.membrane_mv, held);
    } else {
        state.membrane_mv = select(settled(advanced), before.membrane_mv, held);
        let decayed = before.g * vec2<f32>(p.excitatory_propagator, p.inhibitory_propagator);
        let raised = decayed + vec2<f32>(input) * vec2<f32>(p.excitatory_unit, p.inhibitory_unit);
        let g = vec2<f32>(settled(raised.x), settled(raised.y));
        state.g = select(g, vec2<f32>(), (touch.flags & TOUCH_LESIONED) != 0u);
    }
    state.membrane_mv = select(state.membrane_mv, 0.0, silent);
    state.spikes = !silent && !held && state.membrane_mv >= p.threshold_mv + state.theta_mv;
    if state.spikes {
        state.membrane_mv = p.reset_mv;
        state.hold = p.refractory_steps;
        if globals.learning != 0u {
            state.theta_mv = state.theta_mv + p.theta_increment_mv;
        }
    }
    return state;
}

// The same for a source. `first` is the Poisson threshold or the first entry of the neuron's spike list, `end` the end
// of that list; hold counts the list's spikes so far.
fn advance_source(p: PopulationParameters, neuron: u32, first: u32, end: u32, hold: u32, silent: bool, step: u32) -> LifState {
    var state = LifState();
    state.hold = hold;
    if is_cell(p, CELL_POISSON) {
        state.spikes = !silent && random_u32(globals.seed, STREAM_POISSON, neuron, step) < first;
    } else if first + hold < end && tables[first + hold] == step {
        state.hold = hold + 1u;
        state.spikes = !silent;
    }
    return state;
}
