//! `integrate`: every neuron takes one step; the twin of `shaders/engine/integrate.wgsl`.
//!
//! All arithmetic is f32, one rounding per operation, in the order written here; no fused multiply-add, no `exp`.
//! `s` is the step being completed, `P` the membrane propagator, `v` relative to rest, `g_e` and `g_i` the synaptic
//! state of s-1.
//!
//! LIF neuron:
//! 1. `input` of a port = ring slot `s % ring_slots` (then cleared) + group ring of the same slot + background events
//!    * their weight, wrapping i32 adds; then converted to f32.
//! 2. With `hold > 0` the neuron is refractory: hold goes down by one, v stays (at reset), and so after a spike v is
//!    held for exactly `refractory_steps` further steps. A delta cell's input is lost then. Otherwise v advances:
//!    - delta: `v = drive * (1 - P) + v * P`, then `v = v + input * excitatory_unit`
//!    - current: `v = ((v * P + g_e * c_e) + g_i * c_i) + drive * (1 - P)`
//!    - conductance: `total = (1 + g_e) + g_i`; `v_inf = ((g_e * E_e + g_i * E_i) + drive) / total`;
//!      `x = dt_over_tau * total`; `decay = pade(x)`; `v = v_inf + (v - v_inf) * decay`, where
//!      `pade(x) = ((1 - half) + square) / ((1 + half) + square)`, `half = x * 0.5`, `square = (x * x) * (1 / 12)`,
//!      the Padé(2,2) form of exp(-x)
//!
//!    A result whose magnitude is below 1e-30 becomes 0.
//! 3. Current and conductance cells, refractory or not: `g = g * propagator + input * unit`, for both receptors; 0
//!    where its magnitude is below 1e-30.
//! 4. While learning is on and `s % theta_interval == 0`: `theta = theta * theta_decay`.
//! 5. A neuron that was not refractory and has `v >= threshold + theta` spikes: `v = reset`,
//!    `hold = refractory_steps`, and while learning is on `theta = theta + theta_increment`.
//!
//! A neuron that is touched ([`Touch`](crate::engine::Touch)): `drive` is the population's plus its own stimulus; a
//! silent one does not spike, and its v becomes 0 after the step; a lesioned one's g become 0 too. A silent source
//! does not spike; a spike list's place moves on all the same.
//!
//! A Poisson source spikes when `random_u32(seed, Poisson, neuron id, s)` is below its threshold; a spike list neuron
//! when the list's entry number `hold` is s (hold then moves on).
//!
//! Each spiking neuron then ([`record`]): every trace of its population becomes
//! `before = bump(before) * table[s - last_spike_step]` (0 if it never spiked); spike count + 1;
//! `last_spike_step = s`.

use rayon::prelude::*;

use super::state::State;
use super::trace;
use crate::engine::{CELL_CONDUCTANCE, CELL_CURRENT, CELL_DELTA, NeuronState, Plan, PopulationParameters, Touch};
use crate::model::random::{Stream, random_u32};

/// Populations below this size stay on one thread: waking others costs more than it saves.
const PARALLEL_FROM: usize = 16_384;
/// Neurons a thread takes at a time; a multiple of [`BLOCK`].
const CHUNK: usize = 4_096;
/// Neurons advanced together: without a branch between them the compiler makes vector code of a block.
const BLOCK: usize = 32;
/// Decaying values end at 0 below this instead of in subnormal numbers, which processors handle slowly and graphics
/// processors handle as they like.
const TINY: f32 = 1e-30;

/// What all neurons of a LIF population share in one step.
pub(super) struct Shared<'a> {
    /// Live parameters.
    pub(super) p: &'a PopulationParameters,
    /// Thresholds of the background input; empty without.
    pub(super) background: &'a [u32],
    /// Group input of this step, per receptor.
    pub(super) group: [i32; 2],
    /// Folded seed.
    pub(super) seed: u32,
    /// Step being completed.
    pub(super) step: u32,
    /// Learning is on.
    pub(super) learning: bool,
    /// Per neuron of the population; empty while none is touched.
    pub(super) touches: &'a [Touch],
}

/// Neurons of one population and their input.
struct Chunk<'a> {
    /// Local id of the first.
    first: u32,
    neurons: &'a mut [NeuronState],
    synaptic: &'a mut [[f32; 2]],
    excitatory: &'a mut [i32],
    /// Empty for delta cells.
    inhibitory: &'a mut [i32],
}

/// Advances a LIF population; local ids of those that spike are added to `spiking`, ascending. Ports of the slot are
/// cleared.
pub(super) fn lif_population(shared: &Shared<'_>, state: &mut State, slot_first: usize, spiking: &mut Vec<u32>) {
    let p = shared.p;
    let (first, size) = (p.first as usize, p.size as usize);
    let ports = &mut state.ring[slot_first + p.port_first as usize..][..p.port_count as usize * size];
    let (excitatory, inhibitory) = ports.split_at_mut(size);
    let neurons = &mut state.neurons[first..first + size];
    let synaptic = &mut state.synaptic[first..first + size];
    if size < PARALLEL_FROM {
        lif_chunk(shared, Chunk { first: 0, neurons, synaptic, excitatory, inhibitory }, spiking);
        return;
    }
    // Delta cells have no inhibitory ports: give every chunk an empty share of them.
    let chunks = size.div_ceil(CHUNK);
    let mut inhibitory: Vec<&mut [i32]> = inhibitory.chunks_mut(CHUNK).collect();
    inhibitory.resize_with(chunks, Default::default);
    let found: Vec<Vec<u32>> = neurons
        .par_chunks_mut(CHUNK)
        .zip(synaptic.par_chunks_mut(CHUNK))
        .zip(excitatory.par_chunks_mut(CHUNK))
        .zip(inhibitory)
        .enumerate()
        .map(|(index, (((neurons, synaptic), excitatory), inhibitory))| {
            let mut found = Vec::new();
            let first = (index * CHUNK) as u32;
            lif_chunk(shared, Chunk { first, neurons, synaptic, excitatory, inhibitory }, &mut found);
            found
        })
        .collect();
    spiking.extend(found.into_iter().flatten());
}

fn lif_chunk(shared: &Shared<'_>, mut chunk: Chunk<'_>, spiking: &mut Vec<u32>) {
    if !shared.background.is_empty() {
        add_background(shared, &mut chunk);
    }
    // Two copies of the same code: the one for untouched networks knows that there is nothing to ask.
    if shared.touches.is_empty() {
        advance_chunk(shared, chunk, Untouched, spiking);
    } else {
        let touches = &shared.touches[chunk.first as usize..][..chunk.neurons.len()];
        advance_chunk(shared, chunk, Touched { touches, step: shared.step }, spiking);
    }
}

fn advance_chunk(shared: &Shared<'_>, chunk: Chunk<'_>, hand: impl Hand, spiking: &mut Vec<u32>) {
    match shared.p.cell {
        CELL_DELTA => delta(shared, chunk, hand, spiking),
        CELL_CURRENT => with_receptors(shared, chunk, hand, spiking, current),
        CELL_CONDUCTANCE => with_receptors(shared, chunk, hand, spiking, conductance),
        _ => {}
    }
}

/// The user's hand on the neurons of a chunk; `at` and `first` count from the chunk's first neuron.
trait Hand: Copy {
    /// The drive of a neuron, mV.
    fn drive_mv(self, own_mv: f32, at: usize) -> f32;
    /// Before thresholds are tested: silent neurons have none to reach.
    fn silence(self, first: usize, advanced: &mut [f32; BLOCK]);
    /// After the step: silent neurons are at rest.
    fn settle(self, first: usize, neurons: &mut [NeuronState], synaptic: &mut [[f32; 2]]);
}

#[derive(Clone, Copy)]
struct Untouched;

impl Hand for Untouched {
    #[inline]
    fn drive_mv(self, own_mv: f32, _at: usize) -> f32 {
        own_mv
    }

    #[inline]
    fn silence(self, _first: usize, _advanced: &mut [f32; BLOCK]) {}

    #[inline]
    fn settle(self, _first: usize, _neurons: &mut [NeuronState], _synaptic: &mut [[f32; 2]]) {}
}

#[derive(Clone, Copy)]
struct Touched<'a> {
    touches: &'a [Touch],
    step: u32,
}

impl Hand for Touched<'_> {
    fn drive_mv(self, own_mv: f32, at: usize) -> f32 {
        own_mv + self.touches[at].stimulus_at(self.step)
    }

    fn silence(self, first: usize, advanced: &mut [f32; BLOCK]) {
        for (advanced, _) in advanced.iter_mut().zip(&self.touches[first..]).filter(|(_, touch)| touch.is_silent()) {
            *advanced = f32::NEG_INFINITY;
        }
    }

    fn settle(self, first: usize, neurons: &mut [NeuronState], synaptic: &mut [[f32; 2]]) {
        let touches = &self.touches[first..];
        for (neuron, _) in neurons.iter_mut().zip(touches).filter(|(_, touch)| touch.is_silent()) {
            neuron.membrane_mv = 0.0;
        }
        for (g, _) in synaptic.iter_mut().zip(touches).filter(|(_, touch)| touch.is_lesioned()) {
            *g = [0.0; 2];
        }
    }
}

/// Adds this step's background events to the ports.
fn add_background(shared: &Shared<'_>, chunk: &mut Chunk<'_>) {
    let p = shared.p;
    let ports = if p.background_receptor == 0 { &mut *chunk.excitatory } else { &mut *chunk.inhibitory };
    for (id, port) in (p.first + chunk.first..).zip(ports) {
        let random = random_u32(shared.seed, Stream::Background as u32, id, shared.step);
        // The table ascends: the entries <= random are its beginning.
        let count = shared.background.iter().take_while(|&&threshold| threshold <= random).count();
        *port = port.wrapping_add(p.background_weight.wrapping_mul(count as i32));
    }
}

fn delta(shared: &Shared<'_>, chunk: Chunk<'_>, hand: impl Hand, spiking: &mut Vec<u32>) {
    let p = shared.p;
    let after = AfterAdvance::new(shared);
    let blocks = chunk.neurons.chunks_mut(BLOCK).zip(chunk.excitatory.chunks_mut(BLOCK));
    for (first, (neurons, ports)) in (0..).step_by(BLOCK).zip(blocks) {
        let mut advanced = [0.0; BLOCK];
        for (at, ((advanced, neuron), port)) in (first..).zip(advanced.iter_mut().zip(neurons.iter()).zip(ports)) {
            let input = port.wrapping_add(shared.group[0]) as f32;
            *port = 0;
            let settle = hand.drive_mv(p.drive_mv, at) * (1.0 - p.membrane_propagator);
            let v = settle + neuron.membrane_mv * p.membrane_propagator;
            *advanced = settled(v + input * p.excitatory_unit);
        }
        hand.silence(first, &mut advanced);
        after.finish(chunk.first + first as u32, neurons, &advanced, spiking);
        hand.settle(first, neurons, &mut []);
    }
}

/// Current and conductance cells: `advance` gives the next v from drive, v, g_e and g_i.
fn with_receptors(
    shared: &Shared<'_>,
    chunk: Chunk<'_>,
    hand: impl Hand,
    spiking: &mut Vec<u32>,
    advance: impl Fn(&PopulationParameters, f32, f32, [f32; 2]) -> f32,
) {
    let p = shared.p;
    let after = AfterAdvance::new(shared);
    let ports = chunk.excitatory.chunks_mut(BLOCK).zip(chunk.inhibitory.chunks_mut(BLOCK));
    let blocks = chunk.neurons.chunks_mut(BLOCK).zip(chunk.synaptic.chunks_mut(BLOCK)).zip(ports);
    for (first, ((neurons, synaptic), (excitatory, inhibitory))) in (0..).step_by(BLOCK).zip(blocks) {
        let mut advanced = [0.0; BLOCK];
        for (at, ((advanced, neuron), &g)) in (first..).zip(advanced.iter_mut().zip(neurons.iter()).zip(&*synaptic)) {
            *advanced = settled(advance(p, hand.drive_mv(p.drive_mv, at), neuron.membrane_mv, g));
        }
        for (g, (port_e, port_i)) in synaptic.iter_mut().zip(excitatory.iter_mut().zip(inhibitory)) {
            let input_e = port_e.wrapping_add(shared.group[0]) as f32;
            let input_i = port_i.wrapping_add(shared.group[1]) as f32;
            (*port_e, *port_i) = (0, 0);
            g[0] = settled(g[0] * p.excitatory_propagator + input_e * p.excitatory_unit);
            g[1] = settled(g[1] * p.inhibitory_propagator + input_i * p.inhibitory_unit);
        }
        hand.silence(first, &mut advanced);
        after.finish(chunk.first + first as u32, neurons, &advanced, spiking);
        hand.settle(first, neurons, synaptic);
    }
}

#[inline]
fn current(p: &PopulationParameters, drive_mv: f32, v: f32, [g_e, g_i]: [f32; 2]) -> f32 {
    let settle = drive_mv * (1.0 - p.membrane_propagator);
    v * p.membrane_propagator + g_e * p.excitatory_to_membrane + g_i * p.inhibitory_to_membrane + settle
}

#[inline]
fn conductance(p: &PopulationParameters, drive_mv: f32, v: f32, [g_e, g_i]: [f32; 2]) -> f32 {
    let total = 1.0 + g_e + g_i;
    let v_inf = (g_e * p.excitatory_reversal_mv + g_i * p.inhibitory_reversal_mv + drive_mv) / total;
    let x = p.dt_over_tau * total;
    let (half, square) = (x * 0.5, x * x * (1.0 / 12.0));
    let decay = (1.0 - half + square) / (1.0 + half + square);
    v_inf + (v - v_inf) * decay
}

/// A decayed value, or 0 once it is too small to matter: see [`TINY`].
#[inline]
fn settled(x: f32) -> f32 {
    if x.abs() < TINY { 0.0 } else { x }
}

/// Steps 2 (whether the advance counts), 4 and 5 of the module's list.
struct AfterAdvance {
    threshold_mv: f32,
    reset_mv: f32,
    refractory_steps: u32,
    /// 1 in steps without decay.
    theta_factor: f32,
    /// 0 while learning is off.
    theta_increment_mv: f32,
}

impl AfterAdvance {
    fn new(shared: &Shared<'_>) -> Self {
        let p = shared.p;
        let decays = shared.learning && shared.step.is_multiple_of(p.theta_interval);
        Self {
            threshold_mv: p.threshold_mv,
            reset_mv: p.reset_mv,
            refractory_steps: p.refractory_steps,
            theta_factor: if decays { p.theta_decay } else { 1.0 },
            theta_increment_mv: if shared.learning { p.theta_increment_mv } else { 0.0 },
        }
    }

    /// One block; `first` is the local id of its first neuron.
    #[inline]
    fn finish(&self, first: u32, neurons: &mut [NeuronState], advanced: &[f32; BLOCK], spiking: &mut Vec<u32>) {
        let mut spikes = [false; BLOCK];
        let mut any = false;
        for ((neuron, &advanced), spikes) in neurons.iter_mut().zip(advanced).zip(&mut spikes) {
            let held = neuron.hold > 0;
            neuron.hold -= u32::from(held);
            neuron.theta_mv *= self.theta_factor;
            neuron.membrane_mv = if held { neuron.membrane_mv } else { advanced };
            *spikes = !held & (advanced >= self.threshold_mv + neuron.theta_mv);
            any |= *spikes;
        }
        if !any {
            return;
        }
        for ((id, neuron), _) in (first..).zip(neurons).zip(spikes).filter(|(_, spikes)| *spikes) {
            neuron.membrane_mv = self.reset_mv;
            neuron.hold = self.refractory_steps;
            neuron.theta_mv += self.theta_increment_mv;
            spiking.push(id);
        }
    }
}

/// Poisson sources: `active` are the local ids whose threshold is not 0, so that dark pixels cost nothing.
pub(super) fn poisson_population(
    p: &PopulationParameters,
    thresholds: &[u32],
    active: &[u32],
    seed: u32,
    step: u32,
    spiking: &mut Vec<u32>,
) {
    let thresholds = &thresholds[p.source_first as usize..][..p.size as usize];
    let spikes =
        |&local: &u32| random_u32(seed, Stream::Poisson as u32, p.first + local, step) < thresholds[local as usize];
    if active.len() < PARALLEL_FROM {
        spiking.extend(active.iter().copied().filter(spikes));
    } else {
        let found: Vec<Vec<u32>> =
            active.par_chunks(CHUNK).map(|chunk| chunk.iter().copied().filter(spikes).collect()).collect();
        spiking.extend(found.into_iter().flatten());
    }
}

/// Spike lists: a neuron's `hold` is the number of its next spike.
pub(super) fn spike_list_population(
    lists: &[Vec<u32>],
    neurons: &mut [NeuronState],
    step: u32,
    spiking: &mut Vec<u32>,
) {
    for ((id, neuron), list) in (0..).zip(neurons).zip(lists) {
        if list.get(neuron.hold as usize) == Some(&step) {
            neuron.hold += 1;
            spiking.push(id);
        }
    }
}

/// What a spike changes besides the membrane: traces, count and the step of the last spike.
pub(super) fn record(plan: &Plan, p: &PopulationParameters, state: &mut State, step: u32, spiking: &[u32]) {
    if spiking.is_empty() {
        return;
    }
    let own = &plan.population_traces[p.trace_first as usize..][..p.trace_count as usize];
    for parameters in own.iter().map(|&index| &plan.traces[index as usize]) {
        let table = trace::table(plan, parameters);
        for &local in spiking {
            let last = state.neurons[(p.first + local) as usize].last_spike_step;
            let before = &mut state.traces[(parameters.first + local) as usize];
            *before = trace::value_at(*before, last, step, table, parameters.accumulates != 0);
        }
    }
    for &local in spiking {
        let id = (p.first + local) as usize;
        state.neurons[id].last_spike_step = step;
        state.spike_counts[id] = state.spike_counts[id].wrapping_add(1);
    }
}
