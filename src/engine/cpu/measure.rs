//! `measure`: a look at the state; the twin of `shaders/engine/measure.wgsl`. Also the time each kernel takes.

use std::time::{Duration, Instant};

use super::state::State;
use super::synapses::Synapses;
use crate::engine::{HISTOGRAM_BINS, KernelTime, PRUNED, Plan, Probe, ProjectionSample};
use crate::model::{Network, Projection};

/// Mean membrane value per population, mV relative to rest. Sources have none: 0.
pub(super) fn membrane_means(plan: &Plan, state: &State) -> Vec<f32> {
    let mean = |first: u32, size: u32| {
        let sum: f64 = state.membrane_mv[first as usize..][..size as usize].iter().map(|&v| f64::from(v)).sum();
        (sum / f64::from(size.max(1))) as f32
    };
    plan.populations.iter().map(|p| if p.port_count > 0 { mean(p.first, p.size) } else { 0.0 }).collect()
}

/// Weight statistics of a mutable projection.
pub(super) fn projection_sample(
    projection: &Projection,
    shares: &[f32],
    total: u64,
    threshold: f32,
) -> ProjectionSample {
    let mut histogram = [0; HISTOGRAM_BINS];
    let (mut sum, mut remaining) = (0.0_f64, 0_u64);
    for &share in shares.iter().filter(|&&share| share >= 0.0) {
        histogram[((share * HISTOGRAM_BINS as f32) as usize).min(HISTOGRAM_BINS - 1)] += 1;
        sum += f64::from(share);
        remaining += 1;
    }
    let mean = if remaining > 0 { sum / remaining as f64 } else { 0.0 };
    ProjectionSample {
        weight_mean: (mean * f64::from(projection.weight_max())) as f32,
        histogram,
        remaining,
        total,
        threshold,
    }
}

/// One neuron; with its incoming weights from one projection if that ends at its population.
pub(super) fn probe(
    network: &Network,
    state: &State,
    synapses: &[Synapses],
    neuron: u32,
    field_of: Option<usize>,
) -> Option<Probe> {
    let at = neuron as usize;
    let synaptic = [*state.g_excitatory.get(at)?, *state.g_inhibitory.get(at)?];
    Some(Probe {
        neuron,
        state: state.neuron(at),
        synaptic,
        field: field_of.map_or_else(Vec::new, |projection| field(network, state, synapses, neuron, projection)),
    })
}

fn field(network: &Network, state: &State, synapses: &[Synapses], neuron: u32, index: usize) -> Vec<f32> {
    let Some(projection) = network.projections.get(index) else { return Vec::new() };
    let target = &network.populations[projection.target];
    if !target.neurons().contains(&neuron) {
        return Vec::new();
    }
    let mut field = vec![PRUNED; synapses[index].sources];
    let weight_max = projection.weight_max();
    synapses[index].visit_column(projection, (neuron - target.first) as usize, |source, synapse| {
        let weight = if projection.is_mutable() {
            match state.weights[index][synapse] {
                share if share >= 0.0 => share * weight_max,
                _ => return,
            }
        } else {
            projection.weights.get(synapse)
        };
        // Several synapses of one source act together. A static weight may be negative, so PRUNED alone says nothing.
        field[source] = if field[source] == PRUNED { weight } else { field[source] + weight };
    });
    field
}

/// The kernels that are timed, in the order of a step.
#[derive(Clone, Copy)]
pub(super) enum Kernel {
    Integrate,
    LearnPre,
    Deliver,
    LearnPost,
}

const KERNELS: [&str; 4] = ["integrate", "learn_pre", "deliver", "learn_post"];

/// One step in this many is timed: reading the clock costs as much as a small network's kernel.
const TIMED_EVERY: u64 = 16;
/// Timed steps after which older ones count half.
const FORGET_AFTER: u32 = 256;

/// Adds up the time of each kernel over a sample of the steps.
#[derive(Debug, Default)]
pub(super) struct Timers {
    spent: [Duration; KERNELS.len()],
    steps: u32,
    last: Option<Instant>,
}

impl Timers {
    /// A step begins.
    pub(super) fn begin(&mut self, step: u64) {
        self.last = None;
        if step.is_multiple_of(TIMED_EVERY) {
            if self.steps >= FORGET_AFTER {
                self.steps /= 2;
                self.spent = self.spent.map(|time| time / 2);
            }
            self.steps += 1;
            self.last = Some(Instant::now());
        }
    }

    /// A kernel of the step is done.
    pub(super) fn done(&mut self, kernel: Kernel) {
        if let Some(last) = self.last.take() {
            let now = Instant::now();
            self.spent[kernel as usize] += now - last;
            self.last = Some(now);
        }
    }

    /// Means; empty before the first timed step.
    pub(super) fn times(&self) -> Vec<KernelTime> {
        if self.steps == 0 {
            return Vec::new();
        }
        let mean = |time: &Duration| time.as_secs_f64() * 1e3 / f64::from(self.steps);
        KERNELS.iter().zip(&self.spent).map(|(&kernel, time)| KernelTime { kernel, ms_per_step: mean(time) }).collect()
    }
}
