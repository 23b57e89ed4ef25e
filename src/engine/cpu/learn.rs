//! `learn_pre` and `learn_post`: weights follow spikes; the twins of `shaders/engine/learn_pre.wgsl` and
//! `learn_post.wgsl`.
//!
//! On w = share of weight_max, synapses that are [`PRUNED`](crate::engine::PRUNED) (any w below 0) left alone; f32,
//! one rounding per operation, from left to right as written:
//! - `learn_pre`, for every synapse of a source that spiked at s:
//!   `w = clamp(w - depression * power(w, mu_minus) * post1, 0, 1)`, `post1` the target's trace at s without a spike
//!   at s. Skipped when depression is 0.
//! - `learn_post`, for every synapse of a target that spiked at s:
//!   `w = clamp(w + potentiation * power(1 - w, mu_plus) * (pre - target_trace) * post2, 0, 1)`, `pre` the source's
//!   trace at s with a spike at s, `post2` the target's second trace just before its spike (left out where there is
//!   none).
//!
//! `power(x, mu)` is 1 for kind 0, x for kind 1, and for kind 2 the interpolation of
//! [`PowerTable::at`](crate::model::decay::PowerTable::at).

use super::state::State;
use super::synapses::{Columns, Synapses};
use super::trace::Trace;
use crate::engine::{Plan, PopulationParameters, RuleParameters};
use crate::model::Projection;
use crate::model::decay::PowerTable;

/// One plastic projection at one step.
pub(super) struct Learning<'a> {
    pub(super) plan: &'a Plan,
    pub(super) index: usize,
    pub(super) projection: &'a Projection,
    pub(super) synapses: &'a Synapses,
    /// With the live learning rate.
    pub(super) rule: &'a RuleParameters,
    pub(super) step: u32,
}

/// `x^mu` as the rule wants it.
#[derive(Clone, Copy)]
enum Power<'a> {
    One,
    Same,
    Table(&'a [f32]),
}

impl<'a> Power<'a> {
    fn new(plan: &'a Plan, kind: u32, table: u32) -> Self {
        match kind {
            0 => Self::One,
            1 => Self::Same,
            _ => Self::Table(&plan.power_tables[table as usize..][..=PowerTable::INTERVALS]),
        }
    }
}

#[inline]
fn interpolate(points: &[f32], x: f32) -> f32 {
    let place = x * PowerTable::INTERVALS as f32;
    let left = (place as usize).min(PowerTable::INTERVALS - 1);
    let share = place - left as f32;
    points[left] + (points[left + 1] - points[left]) * share
}

/// A surviving weight plus a change, within bounds; a pruned one as it is.
#[inline]
fn changed(w: f32, change: f32) -> f32 {
    if w < 0.0 { w } else { (w + change).clamp(0.0, 1.0) }
}

impl Learning<'_> {
    /// The pre part, for sources with these local ids.
    pub(super) fn pre(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>) {
        if spiking.is_empty() || self.rule.depression == 0.0 {
            return;
        }
        let depression = self.rule.depression;
        match Power::new(self.plan, self.rule.mu_minus_kind, self.rule.mu_minus_table) {
            Power::One => self.rows(spiking, state, scratch, |w, trace| changed(w, -(depression * trace))),
            Power::Same => self.rows(spiking, state, scratch, |w, trace| changed(w, -(depression * w * trace))),
            Power::Table(points) => self.rows(spiking, state, scratch, |w, trace| {
                changed(w, -(depression * interpolate(points, w.max(0.0)) * trace))
            }),
        }
    }

    /// The post part, for targets with these local ids.
    pub(super) fn post(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>) {
        if spiking.is_empty() || self.rule.potentiation == 0.0 {
            return;
        }
        let (potentiation, target_trace) = (self.rule.potentiation, self.rule.target_trace);
        match Power::new(self.plan, self.rule.mu_plus_kind, self.rule.mu_plus_table) {
            Power::One => self.columns(spiking, state, scratch, |w, pre, post2| {
                changed(w, potentiation * (pre - target_trace) * post2)
            }),
            Power::Same => self.columns(spiking, state, scratch, |w, pre, post2| {
                changed(w, potentiation * (1.0 - w) * (pre - target_trace) * post2)
            }),
            Power::Table(points) => self.columns(spiking, state, scratch, |w, pre, post2| {
                let power = interpolate(points, (1.0 - w).clamp(0.0, 1.0));
                changed(w, potentiation * power * (pre - target_trace) * post2)
            }),
        }
    }

    /// `next(w, post trace)` for every synapse of the rows.
    fn rows(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>, next: impl Fn(f32, f32) -> f32) {
        let targets = own(&state.last_spike_step, &self.plan.populations[self.projection.target]);
        let trace = Trace::new(self.plan, self.rule.trace_post1, targets, &state.traces);
        let weights = &mut state.weights[self.index];
        if let Some((row_start, targets)) = self.synapses.rows(self.projection) {
            for &source in spiking {
                let range = row_start[source as usize] as usize..row_start[source as usize + 1] as usize;
                for (w, &target) in weights[range.clone()].iter_mut().zip(&targets[range]) {
                    *w = next(*w, trace.without_spike(target as usize, self.step));
                }
            }
        } else {
            trace.all_without_spike(self.step, scratch);
            for &source in spiking {
                let row = &mut weights[source as usize * self.synapses.targets..][..self.synapses.targets];
                for (w, &post) in row.iter_mut().zip(scratch.iter()) {
                    *w = next(*w, post);
                }
            }
        }
    }

    /// `next(w, pre trace, post2)` for every synapse of the columns.
    fn columns(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>, next: impl Fn(f32, f32, f32) -> f32) {
        let populations = &self.plan.populations;
        let sources = own(&state.last_spike_step, &populations[self.projection.source]);
        let targets = own(&state.last_spike_step, &populations[self.projection.target]);
        let pre = Trace::new(self.plan, self.rule.trace_pre, sources, &state.traces);
        let second = (self.rule.trace_post2 != u32::MAX)
            .then(|| Trace::new(self.plan, self.rule.trace_post2, targets, &state.traces));
        let post2 = |target: u32| second.as_ref().map_or(1.0, |trace| trace.before(target as usize));
        let weights = &mut state.weights[self.index];
        if let Some(Columns { start, source, synapse }) = &self.synapses.columns {
            for &target in spiking {
                let post2 = post2(target);
                let range = start[target as usize] as usize..start[target as usize + 1] as usize;
                for (&source, &synapse) in source[range.clone()].iter().zip(&synapse[range]) {
                    let w = &mut weights[synapse as usize];
                    *w = next(*w, pre.with_spike(source as usize, self.step), post2);
                }
            }
        } else {
            pre.all_with_spike(self.step, scratch);
            for &target in spiking {
                let post2 = post2(target);
                let column = weights[target as usize..].iter_mut().step_by(self.synapses.targets);
                for (w, &pre) in column.zip(scratch.iter()) {
                    *w = next(*w, pre, post2);
                }
            }
        }
    }
}

fn own<'a>(last_spike_step: &'a [u32], p: &PopulationParameters) -> &'a [u32] {
    &last_spike_step[p.first as usize..][..p.size as usize]
}
