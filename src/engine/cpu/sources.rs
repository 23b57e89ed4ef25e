//! Neurons that only send: Poisson sources and spike lists; the second half of `shaders/engine/integrate.wgsl`. And what
//! a spike of any neuron leaves behind.
//!
//! A Poisson source spikes when `random_u32(seed, Poisson, neuron id, s)` is below its threshold; a spike list neuron
//! when the list's entry number `hold` is s (hold then moves on). A silent source does not spike; a spike list's place
//! moves on all the same.
//!
//! Each spiking neuron then ([`record`]): every trace of its population becomes
//! `before = bump(before) * table[s - last_spike_step]` (0 if it never spiked); spike count + 1;
//! `last_spike_step = s`.

use fearless_simd::{Level, Simd, WithSimd};
use rayon::prelude::*;

use super::state::State;
use super::trace;
use crate::engine::{Plan, PopulationParameters};
use crate::model::random::{Stream, random_u32};

/// Fewer sources stay on one thread.
const PARALLEL_FROM: usize = 32_768;
/// Sources that a thread takes at a time; a multiple of [`BLOCK`].
const CHUNK: usize = 8_192;
/// Sources drawn for together.
const BLOCK: usize = 32;

/// The sources of a Poisson population that can spike, so that dark pixels cost nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Active {
    /// Local ids.
    locals: Vec<u32>,
    /// Their thresholds.
    thresholds: Vec<u32>,
}

impl Active {
    /// Those whose threshold is not 0.
    pub(super) fn new(thresholds: &[u32]) -> Self {
        let (locals, thresholds) = (0..).zip(thresholds).filter(|&(_, &threshold)| threshold > 0).unzip();
        Self { locals, thresholds }
    }
}

/// Poisson sources; local ids of those that spike are added to `spiking`, ascending. `first` is the population's.
pub(super) fn poisson_population(
    level: Level,
    first: u32,
    active: &Active,
    seed: u32,
    step: u32,
    spiking: &mut Vec<u32>,
) {
    let (locals, thresholds) = (active.locals.as_slice(), active.thresholds.as_slice());
    if locals.len() < PARALLEL_FROM {
        level.dispatch(Poisson { first, locals, thresholds, seed, step, spiking });
        return;
    }
    let found: Vec<Vec<u32>> = locals
        .par_chunks(CHUNK)
        .zip(thresholds.par_chunks(CHUNK))
        .map(|(locals, thresholds)| {
            let mut spiking = Vec::new();
            level.dispatch(Poisson { first, locals, thresholds, seed, step, spiking: &mut spiking });
            spiking
        })
        .collect();
    spiking.extend(found.into_iter().flatten());
}

struct Poisson<'a> {
    first: u32,
    locals: &'a [u32],
    thresholds: &'a [u32],
    seed: u32,
    step: u32,
    spiking: &'a mut Vec<u32>,
}

impl WithSimd for Poisson<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (locals, thresholds) in self.locals.chunks(BLOCK).zip(self.thresholds.chunks(BLOCK)) {
            let mut spikes = [0_u32; BLOCK];
            let mut any = 0;
            for ((spikes, &local), &threshold) in spikes.iter_mut().zip(locals).zip(thresholds) {
                let random = random_u32(self.seed, Stream::Poisson as u32, self.first + local, self.step);
                *spikes = u32::from(random < threshold);
                any |= *spikes;
            }
            if any != 0 {
                self.spiking.extend(locals.iter().zip(&spikes).filter(|(_, spikes)| **spikes != 0).map(|(&id, _)| id));
            }
        }
    }
}

/// Spike lists: a neuron's `hold` is the number of its next spike.
pub(super) fn spike_list_population(lists: &[Vec<u32>], hold: &mut [u32], step: u32, spiking: &mut Vec<u32>) {
    for ((id, hold), list) in (0..).zip(hold).zip(lists) {
        if list.get(*hold as usize) == Some(&step) {
            *hold += 1;
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
            let last = state.last_spike_step[(p.first + local) as usize];
            let before = &mut state.traces[(parameters.first + local) as usize];
            *before = trace::value_at(*before, last, step, table, parameters.accumulates != 0);
        }
    }
    for &local in spiking {
        let id = (p.first + local) as usize;
        state.last_spike_step[id] = step;
        state.spike_counts[id] = state.spike_counts[id].wrapping_add(1);
    }
}
