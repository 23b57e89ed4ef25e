//! Traces: the value at any step of something that spikes raise and time decays. Stored is only the value just before
//! the neuron's last spike; the twin of `shaders/common/trace.wgsl`.
//!
//! With `bump(b) = b + 1` for accumulating traces and `1` for others, the value at step s of a neuron whose last spike
//! was at step `last` is `bump(before) * table[s - last]`, 0 if it never spiked or the table has ended.

use crate::engine::{Plan, TraceParameters};

/// One trace of one population, for reading.
#[derive(Clone, Copy)]
pub(super) struct Trace<'a> {
    last_spike_step: &'a [u32],
    before: &'a [f32],
    table: &'a [f32],
    accumulates: bool,
}

impl<'a> Trace<'a> {
    /// Trace `index` of the plan, of the population with these last spikes.
    pub(super) fn new(plan: &'a Plan, index: u32, last_spike_step: &'a [u32], traces: &'a [f32]) -> Self {
        let parameters = &plan.traces[index as usize];
        Self {
            last_spike_step,
            before: &traces[parameters.first as usize..][..last_spike_step.len()],
            table: table(plan, parameters),
            accumulates: parameters.accumulates != 0,
        }
    }

    /// The value at step `step`, a spike at that step included.
    #[inline]
    pub(super) fn with_spike(&self, neuron: usize, step: u32) -> f32 {
        value_at(self.before[neuron], self.last_spike_step[neuron], step, self.table, self.accumulates)
    }

    /// The value at step `step` without a spike at that step.
    #[inline]
    pub(super) fn without_spike(&self, neuron: usize, step: u32) -> f32 {
        if self.last_spike_step[neuron] == step { self.before[neuron] } else { self.with_spike(neuron, step) }
    }

    /// 0 if it never spiked.
    #[inline]
    pub(super) fn last_spike_step(&self, neuron: usize) -> u32 {
        self.last_spike_step[neuron]
    }

    /// The value just before the neuron's last spike.
    #[inline]
    pub(super) fn before(&self, neuron: usize) -> f32 {
        self.before[neuron]
    }

    /// [`Self::with_spike`] of every neuron.
    pub(super) fn all_with_spike(&self, step: u32, out: &mut Vec<f32>) {
        out.clear();
        out.extend((0..self.before.len()).map(|neuron| self.with_spike(neuron, step)));
    }

    /// [`Self::without_spike`] of every neuron.
    pub(super) fn all_without_spike(&self, step: u32, out: &mut Vec<f32>) {
        out.clear();
        out.extend((0..self.before.len()).map(|neuron| self.without_spike(neuron, step)));
    }
}

/// The decay table of a trace.
pub(super) fn table<'a>(plan: &'a Plan, parameters: &TraceParameters) -> &'a [f32] {
    &plan.decay_tables[parameters.table_first as usize..][..parameters.table_len as usize]
}

/// The value at `step` of a trace that was `before` just before a spike at `last` (0: there was none).
#[inline]
pub(super) fn value_at(before: f32, last: u32, step: u32, table: &[f32], accumulates: bool) -> f32 {
    if last == 0 {
        return 0.0;
    }
    let bumped = if accumulates { before + 1.0 } else { 1.0 };
    bumped * table.get(step.wrapping_sub(last) as usize).copied().unwrap_or(0.0)
}
