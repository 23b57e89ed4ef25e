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
//!
//! Dense projections do both parts at once, whole rows and columns at a time. Listed ones put the post part off until
//! somebody needs the weight: see [`Pending`], which gives the same bits.

use super::pending::Pending;
use super::state::State;
use super::synapses::Synapses;
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

/// What a pre spike does to a weight.
#[derive(Clone, Copy)]
pub(super) struct Shrink<'a> {
    depression: f32,
    power: Power<'a>,
}

impl<'a> Shrink<'a> {
    pub(super) fn new(plan: &'a Plan, rule: &RuleParameters) -> Self {
        Self { depression: rule.depression, power: Power::new(plan, rule.mu_minus_kind, rule.mu_minus_table) }
    }

    /// The weight after it. `post1`: the target's trace.
    #[inline(always)]
    pub(super) fn next(&self, w: f32, post1: f32) -> f32 {
        match self.power {
            Power::One => changed(w, -(self.depression * post1)),
            Power::Same => changed(w, -(self.depression * w * post1)),
            Power::Table(points) => changed(w, -(self.depression * interpolate(points, w.max(0.0)) * post1)),
        }
    }
}

/// What a post spike does to a weight.
#[derive(Clone, Copy)]
pub(super) struct Grow<'a> {
    potentiation: f32,
    target_trace: f32,
    power: Power<'a>,
}

impl<'a> Grow<'a> {
    pub(super) fn new(plan: &'a Plan, rule: &RuleParameters) -> Self {
        Self {
            potentiation: rule.potentiation,
            target_trace: rule.target_trace,
            power: Power::new(plan, rule.mu_plus_kind, rule.mu_plus_table),
        }
    }

    /// The weight after it. `pre`: the source's trace; `post2`: the target's second trace, or 1.
    #[inline(always)]
    pub(super) fn next(&self, w: f32, pre: f32, post2: f32) -> f32 {
        let potentiation = self.potentiation;
        match self.power {
            Power::One => changed(w, potentiation * (pre - self.target_trace) * post2),
            Power::Same => changed(w, potentiation * (1.0 - w) * (pre - self.target_trace) * post2),
            Power::Table(points) => {
                let power = interpolate(points, (1.0 - w).clamp(0.0, 1.0));
                changed(w, potentiation * power * (pre - self.target_trace) * post2)
            }
        }
    }
}

impl Learning<'_> {
    /// The pre part, for sources with these local ids.
    pub(super) fn pre(
        &self,
        spiking: &[u32],
        pending: Option<&mut Pending>,
        state: &mut State,
        scratch: &mut Vec<f32>,
    ) {
        if spiking.is_empty() {
            return;
        }
        let depresses = self.rule.depression != 0.0;
        match (pending, self.synapses.rows(self.projection)) {
            (Some(pending), Some(rows)) => pending.visit(self, rows, spiking, depresses, state, scratch),
            _ if depresses => self.dense_rows(spiking, state, scratch),
            _ => {}
        }
    }

    /// The post part, for targets with these local ids.
    pub(super) fn post(
        &self,
        spiking: &[u32],
        pending: Option<&mut Pending>,
        state: &mut State,
        scratch: &mut Vec<f32>,
    ) {
        if spiking.is_empty() || self.rule.potentiation == 0.0 {
            return;
        }
        match (pending, self.synapses.rows(self.projection)) {
            (Some(pending), Some(rows)) => pending.put_off(self, rows, spiking, state),
            _ => self.dense_columns(spiking, state, scratch),
        }
    }

    /// The traces of the rule: pre, post1, post2, where it has them.
    pub(super) fn traces<'s>(&'s self, state: &'s State) -> [Option<Trace<'s>>; 3] {
        let populations = &self.plan.populations;
        let sources = own(&state.last_spike_step, &populations[self.projection.source]);
        let targets = own(&state.last_spike_step, &populations[self.projection.target]);
        let (rule, plan) = (self.rule, self.plan);
        [(rule.trace_pre, sources), (rule.trace_post1, targets), (rule.trace_post2, targets)]
            .map(|(index, last)| (index != u32::MAX).then(|| Trace::new(plan, index, last, &state.traces)))
    }

    fn dense_rows(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>) {
        if let [_, Some(post1), _] = self.traces(state) {
            post1.all_without_spike(self.step, scratch);
        }
        let shrink = Shrink::new(self.plan, self.rule);
        for &source in spiking {
            let row =
                &mut state.weights[self.index][source as usize * self.synapses.targets..][..self.synapses.targets];
            match shrink.power {
                // The compiler makes vector code of each.
                Power::One => row.iter_mut().zip(scratch.iter()).for_each(|(w, &post)| {
                    *w = Shrink { power: Power::One, ..shrink }.next(*w, post);
                }),
                Power::Same => row.iter_mut().zip(scratch.iter()).for_each(|(w, &post)| {
                    *w = Shrink { power: Power::Same, ..shrink }.next(*w, post);
                }),
                Power::Table(_) => row.iter_mut().zip(scratch.iter()).for_each(|(w, &post)| *w = shrink.next(*w, post)),
            }
        }
    }

    fn dense_columns(&self, spiking: &[u32], state: &mut State, scratch: &mut Vec<f32>) {
        let [pre, _, post2] = self.traces(state);
        if let Some(pre) = pre {
            pre.all_with_spike(self.step, scratch);
        }
        let post2: Vec<f32> =
            spiking.iter().map(|&target| post2.as_ref().map_or(1.0, |trace| trace.before(target as usize))).collect();
        let grow = Grow::new(self.plan, self.rule);
        for (&target, &post2) in spiking.iter().zip(&post2) {
            let column = state.weights[self.index][target as usize..].iter_mut().step_by(self.synapses.targets);
            for (w, &pre) in column.zip(scratch.iter()) {
                *w = grow.next(*w, pre, post2);
            }
        }
    }
}

fn own<'a>(last_spike_step: &'a [u32], p: &PopulationParameters) -> &'a [u32] {
    &last_spike_step[p.first as usize..][..p.size as usize]
}
