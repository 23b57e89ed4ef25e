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
//! A neuron that is touched ([`Touch`]): `drive` is the population's plus its own stimulus; a silent one does not
//! spike, and its v becomes 0 after the step; a lesioned one's g become 0 too.
//!
//! How it is fast: every value has an array of its own, as many neurons as a vector register holds advance together,
//! and the code exists once per instruction set; the best one that this processor has is chosen while running. Every
//! lane does the arithmetic above, so the results are the same on all.

use fearless_simd::{Level, Select, Simd, SimdBase, SimdFloat, SimdInt, SimdMask, WithSimd};
use rayon::prelude::*;

use super::block::{BLOCK, Block, Neurons, Padded};
use super::state::State;
use crate::engine::{CELL_CONDUCTANCE, CELL_CURRENT, CELL_DELTA, PopulationParameters, Touch};
use crate::model::random::{Stream, random_u32};

/// Populations below this size stay on one thread: waking others costs more than it saves.
const PARALLEL_FROM: usize = 32_768;
/// Neurons a thread takes at a time; a multiple of [`BLOCK`].
const CHUNK: usize = 8_192;
/// Decaying values end at 0 below this instead of in subnormal numbers, which processors handle slowly and graphics
/// processors handle as they like.
const TINY: f32 = 1e-30;

/// What all neurons of a LIF population share in one step.
#[derive(Clone, Copy)]
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
    /// Its thresholds adapt: theta is not 0 everywhere and for ever.
    pub(super) adapts: bool,
    /// Per neuron of the population; empty while none is touched.
    pub(super) touches: &'a [Touch],
    /// Instruction sets of this processor.
    pub(super) level: Level,
}

/// Advances a LIF population; local ids of those that spike are added to `spiking`, ascending. Ports of the slot are
/// cleared.
pub(super) fn lif_population(shared: &Shared<'_>, state: &mut State, slot_first: usize, spiking: &mut Vec<u32>) {
    let p = shared.p;
    let (first, size) = (p.first as usize, p.size as usize);
    let own = first..first + size;
    let ports = &mut state.ring[slot_first + p.port_first as usize..][..p.port_count as usize * size];
    let (excitatory, inhibitory) = ports.split_at_mut(size);
    let mut neurons = Neurons {
        first: 0,
        membrane_mv: &mut state.membrane_mv[own.clone()],
        theta_mv: &mut state.theta_mv[own.clone()],
        hold: &mut state.hold[own.clone()],
        g_excitatory: &mut state.g_excitatory[own.clone()],
        g_inhibitory: &mut state.g_inhibitory[own],
        excitatory,
        inhibitory,
    };
    if size < PARALLEL_FROM {
        shared.level.dispatch(Chunk { shared: *shared, neurons, spiking });
        return;
    }
    let mut chunks = Vec::with_capacity(size.div_ceil(CHUNK));
    while neurons.len() > 0 {
        chunks.push(neurons.take(CHUNK));
    }
    let found: Vec<Vec<u32>> = chunks
        .into_par_iter()
        .map(|neurons| {
            let mut found = Vec::new();
            shared.level.dispatch(Chunk { shared: *shared, neurons, spiking: &mut found });
            found
        })
        .collect();
    spiking.extend(found.into_iter().flatten());
}

/// The work of one thread.
struct Chunk<'a, 'n> {
    shared: Shared<'a>,
    neurons: Neurons<'n>,
    spiking: &'a mut Vec<u32>,
}

impl WithSimd for Chunk<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let shared = self.shared;
        let p = shared.p;
        match p.cell {
            CELL_DELTA => self.run(Delta::new(simd, &shared)),
            CELL_CURRENT => self.run(Receptors::new(simd, &shared, Current::new(p))),
            CELL_CONDUCTANCE => self.run(Receptors::new(simd, &shared, Conductance::new(p))),
            _ => {}
        }
    }
}

// What follows is compiled once per instruction set: all of it has to be inlined into `with_simd`.

impl Chunk<'_, '_> {
    /// Four copies of the same code: those for fixed thresholds and for untouched networks know what not to ask.
    #[inline(always)]
    fn run<S: Simd>(self, cells: impl Cells<S>) {
        match (self.shared.adapts, self.shared.touches.is_empty()) {
            (false, true) => self.blocks::<S, false, false>(cells),
            (true, true) => self.blocks::<S, true, false>(cells),
            (false, false) => self.blocks::<S, false, true>(cells),
            (true, false) => self.blocks::<S, true, true>(cells),
        }
    }

    /// Block by block; the last one is padded where it is not whole.
    #[inline(always)]
    fn blocks<S: Simd, const ADAPTS: bool, const TOUCHED: bool>(self, cells: impl Cells<S>) {
        let advance = Advance { shared: self.shared, after: AfterAdvance::new(cells.simd(), &self.shared), cells };
        let mut rest = self.neurons;
        let mut spare = [0; BLOCK];
        while let Some(mut block) = rest.take_block(&mut spare) {
            advance.block::<ADAPTS, TOUCHED>(&mut block, self.spiking);
        }
        if rest.len() > 0 {
            let mut padded = Padded::default();
            padded.exchange(&mut rest);
            let before = self.spiking.len();
            advance.block::<ADAPTS, TOUCHED>(&mut padded.block(rest.first), self.spiking);
            padded.exchange(&mut rest);
            // Padding may have drawn background events and spiked.
            let end = rest.first + rest.len() as u32;
            let kept = self.spiking[before..].partition_point(|&local| local < end);
            self.spiking.truncate(before + kept);
        }
    }
}

/// One step of cells of one kind.
struct Advance<'a, S: Simd, C> {
    shared: Shared<'a>,
    cells: C,
    after: AfterAdvance<S>,
}

impl<S: Simd, C: Cells<S>> Advance<'_, S, C> {
    /// Background input, the step, then what spikes do.
    #[inline(always)]
    fn block<const ADAPTS: bool, const TOUCHED: bool>(&self, block: &mut Block<'_>, spiking: &mut Vec<u32>) {
        let shared = &self.shared;
        if !shared.background.is_empty() {
            add_background(shared, block);
        }
        let touches = if TOUCHED { shared.touches.get(block.first as usize..).unwrap_or_default() } else { &[] };
        let mut drives_mv = [shared.p.drive_mv; BLOCK];
        for (drive_mv, touch) in drives_mv.iter_mut().zip(touches) {
            *drive_mv += touch.stimulus_at(shared.step);
        }
        let mut spikes = [0; BLOCK];
        let mut any = false;
        for at in (0..BLOCK).step_by(S::f32s::N) {
            let simd = self.cells.simd();
            let drive_mv = if TOUCHED { load(simd, &drives_mv, at) } else { S::f32s::splat(simd, shared.p.drive_mv) };
            let advanced = self.cells.advance(block, at, drive_mv);
            any |= self.after.settle::<ADAPTS>(advanced, block, at, &mut spikes);
        }
        for (k, touch) in (0..BLOCK).zip(touches).filter(|(_, touch)| touch.is_silent()) {
            silence(block, k, touch.is_lesioned());
            spikes[k] = 0;
        }
        if any {
            self.after.reset(block, &spikes, spiking);
        }
    }
}

/// A silent neuron is at rest after every step; a lesioned one has no synaptic state either.
fn silence(block: &mut Block<'_>, k: usize, is_lesioned: bool) {
    block.membrane_mv[k] = 0.0;
    if is_lesioned {
        (block.g_excitatory[k], block.g_inhibitory[k]) = (0.0, 0.0);
    }
}

/// Adds this step's background events to the ports of a block.
#[inline(always)]
fn add_background(shared: &Shared<'_>, block: &mut Block<'_>) {
    let p = shared.p;
    let first = p.first + block.first;
    let mut random = [0_u32; BLOCK];
    let mut largest = 0;
    for (k, random) in random.iter_mut().enumerate() {
        *random = random_u32(shared.seed, Stream::Background as u32, first.wrapping_add(k as u32), shared.step);
        largest = largest.max(*random);
    }
    // The table ascends: the count of events is how many of its entries are <= random.
    let mut events = [0_i32; BLOCK];
    for &threshold in shared.background.iter().take_while(|&&threshold| threshold <= largest) {
        for (events, &random) in events.iter_mut().zip(&random) {
            *events += i32::from(threshold <= random);
        }
    }
    let ports = if p.background_receptor == 0 { &mut *block.excitatory } else { &mut *block.inhibitory };
    for (port, &events) in ports.iter_mut().zip(&events) {
        *port = port.wrapping_add(p.background_weight.wrapping_mul(events));
    }
}

/// What one kind of cell does with its input: steps 1 to 3 of the module's list, but for the hold.
trait Cells<S: Simd>: Copy {
    /// The instruction set.
    fn simd(&self) -> S;

    /// Takes the input of the lanes from `at` on, advances their synaptic state, and gives the membrane values of neurons
    /// that are not refractory.
    fn advance(&self, block: &mut Block<'_>, at: usize, drive_mv: S::f32s) -> S::f32s;
}

/// Takes a port's input, as a weight.
#[inline(always)]
fn take_input<S: Simd>(simd: S, ports: &mut [i32; BLOCK], at: usize, group: S::i32s, unit: S::f32s) -> S::f32s {
    let port = S::i32s::from_slice(simd, &ports[at..at + S::i32s::N]);
    S::i32s::splat(simd, 0).store_slice(&mut ports[at..at + S::i32s::N]);
    (port + group).to_float::<S::f32s>() * unit
}

#[inline(always)]
fn load<S: Simd>(simd: S, values: &[f32; BLOCK], at: usize) -> S::f32s {
    S::f32s::from_slice(simd, &values[at..at + S::f32s::N])
}

#[inline(always)]
fn store<S: Simd>(values: &mut [f32; BLOCK], at: usize, lanes: S::f32s) {
    lanes.store_slice(&mut values[at..at + S::f32s::N]);
}

/// Delta cells.
#[derive(Clone, Copy)]
struct Delta<S: Simd> {
    simd: S,
    /// 1 - P
    settling: f32,
    propagator: S::f32s,
    unit: S::f32s,
    group: S::i32s,
}

impl<S: Simd> Delta<S> {
    #[inline(always)]
    fn new(simd: S, shared: &Shared<'_>) -> Self {
        let p = shared.p;
        Self {
            simd,
            settling: 1.0 - p.membrane_propagator,
            propagator: S::f32s::splat(simd, p.membrane_propagator),
            unit: S::f32s::splat(simd, p.excitatory_unit),
            group: S::i32s::splat(simd, shared.group[0]),
        }
    }
}

impl<S: Simd> Cells<S> for Delta<S> {
    #[inline(always)]
    fn simd(&self) -> S {
        self.simd
    }

    #[inline(always)]
    fn advance(&self, block: &mut Block<'_>, at: usize, drive_mv: S::f32s) -> S::f32s {
        let input = take_input(self.simd, block.excitatory, at, self.group, self.unit);
        let v = load(self.simd, block.membrane_mv, at);
        settled(self.simd, drive_mv * self.settling + v * self.propagator + input)
    }
}

/// Cells with an excitatory and an inhibitory receptor.
#[derive(Clone, Copy)]
struct Receptors<S: Simd, M> {
    simd: S,
    membrane: M,
    propagators: [S::f32s; 2],
    units: [S::f32s; 2],
    groups: [S::i32s; 2],
}

impl<S: Simd, M: Membrane> Receptors<S, M> {
    #[inline(always)]
    fn new(simd: S, shared: &Shared<'_>, membrane: M) -> Self {
        let p = shared.p;
        Self {
            simd,
            membrane,
            propagators: [p.excitatory_propagator, p.inhibitory_propagator].map(|x| S::f32s::splat(simd, x)),
            units: [p.excitatory_unit, p.inhibitory_unit].map(|x| S::f32s::splat(simd, x)),
            groups: shared.group.map(|x| S::i32s::splat(simd, x)),
        }
    }
}

impl<S: Simd, M: Membrane> Cells<S> for Receptors<S, M> {
    #[inline(always)]
    fn simd(&self) -> S {
        self.simd
    }

    #[inline(always)]
    fn advance(&self, block: &mut Block<'_>, at: usize, drive_mv: S::f32s) -> S::f32s {
        let simd = self.simd;
        let (g_e, g_i) = (load(simd, block.g_excitatory, at), load(simd, block.g_inhibitory, at));
        let v = load(simd, block.membrane_mv, at);
        let input_e = take_input(simd, block.excitatory, at, self.groups[0], self.units[0]);
        let input_i = take_input(simd, block.inhibitory, at, self.groups[1], self.units[1]);
        store::<S>(block.g_excitatory, at, settled(simd, g_e * self.propagators[0] + input_e));
        store::<S>(block.g_inhibitory, at, settled(simd, g_i * self.propagators[1] + input_i));
        settled(simd, self.membrane.next(simd, drive_mv, v, g_e, g_i))
    }
}

/// How a membrane advances.
trait Membrane: Copy {
    /// v of this step from v and the synaptic state of the last.
    fn next<S: Simd>(&self, simd: S, drive_mv: S::f32s, v: S::f32s, g_e: S::f32s, g_i: S::f32s) -> S::f32s;
}

#[derive(Clone, Copy)]
struct Current {
    propagator: f32,
    from_excitatory: f32,
    from_inhibitory: f32,
    /// 1 - P
    settling: f32,
}

impl Current {
    #[inline(always)]
    fn new(p: &PopulationParameters) -> Self {
        Self {
            propagator: p.membrane_propagator,
            from_excitatory: p.excitatory_to_membrane,
            from_inhibitory: p.inhibitory_to_membrane,
            settling: 1.0 - p.membrane_propagator,
        }
    }
}

impl Membrane for Current {
    #[inline(always)]
    fn next<S: Simd>(&self, _: S, drive_mv: S::f32s, v: S::f32s, g_e: S::f32s, g_i: S::f32s) -> S::f32s {
        v * self.propagator + g_e * self.from_excitatory + g_i * self.from_inhibitory + drive_mv * self.settling
    }
}

#[derive(Clone, Copy)]
struct Conductance {
    excitatory_reversal_mv: f32,
    inhibitory_reversal_mv: f32,
    dt_over_tau: f32,
}

impl Conductance {
    #[inline(always)]
    fn new(p: &PopulationParameters) -> Self {
        Self {
            excitatory_reversal_mv: p.excitatory_reversal_mv,
            inhibitory_reversal_mv: p.inhibitory_reversal_mv,
            dt_over_tau: p.dt_over_tau,
        }
    }
}

impl Membrane for Conductance {
    #[inline(always)]
    fn next<S: Simd>(&self, simd: S, drive_mv: S::f32s, v: S::f32s, g_e: S::f32s, g_i: S::f32s) -> S::f32s {
        let one = S::f32s::splat(simd, 1.0);
        let total = one + g_e + g_i;
        let v_inf = (g_e * self.excitatory_reversal_mv + g_i * self.inhibitory_reversal_mv + drive_mv) / total;
        let x = total * self.dt_over_tau;
        let (half, square) = (x * 0.5, x * x * (1.0 / 12.0));
        let decay = (one - half + square) / (one + half + square);
        v_inf + (v - v_inf) * decay
    }
}

/// Decayed values, or 0 once they are too small to matter: see [`TINY`].
#[inline(always)]
fn settled<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    x.abs().simd_lt(TINY).select(S::f32s::splat(simd, 0.0), x)
}

/// Steps 2 (whether the advance counts), 4 and 5 of the module's list.
struct AfterAdvance<S: Simd> {
    simd: S,
    threshold_mv: S::f32s,
    reset_mv: f32,
    refractory_steps: u32,
    /// 1 in steps without decay.
    theta_factor: f32,
    /// 0 while learning is off.
    theta_increment_mv: f32,
}

impl<S: Simd> AfterAdvance<S> {
    #[inline(always)]
    fn new(simd: S, shared: &Shared<'_>) -> Self {
        let p = shared.p;
        let decays = shared.learning && shared.step.is_multiple_of(p.theta_interval);
        Self {
            simd,
            threshold_mv: S::f32s::splat(simd, p.threshold_mv),
            reset_mv: p.reset_mv,
            refractory_steps: p.refractory_steps,
            theta_factor: if decays { p.theta_decay } else { 1.0 },
            theta_increment_mv: if shared.learning { p.theta_increment_mv } else { 0.0 },
        }
    }

    /// Holds and thresholds of the lanes from `at` on; `spikes` becomes 1 where there is one. True if there is any.
    #[inline(always)]
    fn settle<const ADAPTS: bool>(
        &self,
        advanced: S::f32s,
        block: &mut Block<'_>,
        at: usize,
        spikes: &mut [u32; BLOCK],
    ) -> bool {
        let lanes = at..at + S::u32s::N;
        let zero = S::u32s::splat(self.simd, 0);
        let one = S::u32s::splat(self.simd, 1);
        let hold = S::u32s::from_slice(self.simd, &block.hold[lanes.clone()]);
        let is_free = hold.simd_eq(zero);
        (hold - is_free.select(zero, one)).store_slice(&mut block.hold[lanes.clone()]);
        let v = load(self.simd, block.membrane_mv, at);
        store::<S>(block.membrane_mv, at, is_free.select(advanced, v));
        let mut threshold_mv = self.threshold_mv;
        if ADAPTS {
            let theta = load(self.simd, block.theta_mv, at) * self.theta_factor;
            store::<S>(block.theta_mv, at, theta);
            threshold_mv += theta;
        }
        let is_spiking = is_free & advanced.simd_ge(threshold_mv);
        is_spiking.select(one, zero).store_slice(&mut spikes[lanes]);
        is_spiking.any_true()
    }

    /// What a spike does to its own neuron.
    #[inline(never)]
    fn reset(&self, n: &mut Block<'_>, spikes: &[u32; BLOCK], spiking: &mut Vec<u32>) {
        for k in (0..BLOCK).filter(|&k| spikes[k] != 0) {
            n.membrane_mv[k] = self.reset_mv;
            n.hold[k] = self.refractory_steps;
            n.theta_mv[k] += self.theta_increment_mv;
            spiking.push(n.first + k as u32);
        }
    }
}
