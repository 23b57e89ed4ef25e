//! Learning that is put off: what post spikes do to the weights of a listed projection is remembered per target, and
//! done to a synapse when its source spikes, or when somebody wants to see it. Synapses are then only ever touched along
//! rows, so that no table by target is needed. The arithmetic, the traces and the order of events at each synapse are
//! those of [`super::learn`]; so are the bits.
//!
//! Memory: per target the steps of its last [`KEPT`] spikes, per source three words, per synapse nothing. A target that
//! spikes more often than that before all weights were brought up to date makes that happen.

use rayon::prelude::*;

use super::learn::{Grow, Learning, Shrink};
use super::state::State;
use super::synapses::Rows;
use super::trace;
use crate::engine::Plan;

/// Post spikes remembered per target.
const KEPT: usize = 16;
/// The newest of them, which mostly are all that a synapse missed, lie together.
const RECENT: usize = 4;
/// Synapses of a row that are brought up to date together.
const BATCH: usize = 64;
/// Synapses from which several threads share the work.
const PARALLEL_FROM: usize = 65_536;
/// Sources that a thread takes at a time.
const CHUNK: usize = 64;

/// One projection's memory of what its weights do not show yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    sources: Vec<Visit>,
    /// Per target: its newest spikes since [`Self::begin`], newest first, then 0.
    recent: Vec<[u32; RECENT]>,
    /// Per target: how many of its spikes are remembered.
    counts: Vec<u32>,
    /// [`KEPT`] per target, ascending.
    steps: Vec<u32>,
    /// The same for the second trace just before them; empty where the rule has none.
    post2: Vec<f32>,
    /// Some target has a spike to remember.
    is_dirty: bool,
}

/// The last time that a row was brought up to date.
#[derive(Clone, Copy, Debug, Default)]
struct Visit {
    /// Post spikes from this step on are still to be done.
    from_step: u32,
    /// The source's last spike before that.
    last_spike_step: u32,
    /// Its pre trace just before that spike.
    before: f32,
}

/// What a replay needs besides the memory itself.
#[derive(Clone, Copy)]
struct Replay<'a> {
    grow: Grow<'a>,
    table: &'a [f32],
    accumulates: bool,
}

impl<'a> Replay<'a> {
    fn new(learning: &Learning<'a>) -> Self {
        let (plan, rule): (&'a Plan, _) = (learning.plan, learning.rule);
        let parameters = &plan.traces[rule.trace_pre as usize];
        Self {
            grow: Grow::new(plan, rule),
            table: trace::table(plan, parameters),
            accumulates: parameters.accumulates != 0,
        }
    }

    /// The source's trace at a step since its last spike.
    #[inline(always)]
    fn pre(&self, visit: Visit, step: u32) -> f32 {
        trace::value_at(visit.before, visit.last_spike_step, step, self.table, self.accumulates)
    }
}

impl Pending {
    /// Nothing is put off: weights are as the state says after the step before `next_step`.
    pub(super) fn begin(&mut self, learning: &Learning<'_>, state: &State, next_step: u32) {
        let [pre, _, post2] = learning.traces(state);
        self.sources.clear();
        self.sources.extend((0..learning.synapses.sources).map(|source| Visit {
            from_step: next_step,
            last_spike_step: pre.as_ref().map_or(0, |trace| trace.last_spike_step(source)),
            before: pre.as_ref().map_or(0.0, |trace| trace.before(source)),
        }));
        let targets = learning.synapses.targets;
        self.recent.clear();
        self.recent.resize(targets, [0; RECENT]);
        self.counts.clear();
        self.counts.resize(targets, 0);
        self.steps.resize(targets * KEPT, 0);
        self.post2.resize(if post2.is_some() { targets * KEPT } else { 0 }, 0.0);
        self.is_dirty = false;
    }

    /// True when weights do not show everything yet.
    pub(super) const fn is_dirty(&self) -> bool {
        self.is_dirty
    }

    /// Bytes per source and per target.
    pub(super) fn bytes(&self) -> u64 {
        let words = self.counts.len() + self.steps.len() + self.post2.len();
        (size_of_val(&*self.sources) + size_of_val(&*self.recent) + 4 * words) as u64
    }

    /// One synapse with everything done that was put off.
    fn caught_up(&self, mut w: f32, target: usize, visit: Visit, replay: &Replay<'_>) -> f32 {
        let first = target * KEPT;
        let steps = &self.steps[first..first + self.counts[target] as usize];
        let missed = steps.iter().rposition(|&step| step < visit.from_step).map_or(0, |place| place + 1);
        for (place, &step) in steps.iter().enumerate().skip(missed) {
            let post2 = self.post2.get(first + place).copied().unwrap_or(1.0);
            w = replay.grow.next(w, replay.pre(visit, step), post2);
        }
        w
    }

    /// A row with everything done that was put off, and then `after(w, target)` to each synapse.
    #[inline(always)]
    fn row(
        &self,
        weights: &mut [f32],
        targets: &[u32],
        visit: Visit,
        replay: &Replay<'_>,
        after: impl Fn(f32, usize) -> f32,
    ) {
        let mut missed = [(0_u32, 0_u32); BATCH * RECENT];
        for (weights, targets) in weights.chunks_mut(BATCH).zip(targets.chunks(BATCH)) {
            // First which spikes each synapse missed, then what they do: no branch depends on when somebody spiked.
            let mut count = 0;
            for (place, (w, &target)) in (0..).zip(weights.iter_mut().zip(targets)) {
                let recent = self.recent[target as usize];
                if recent[RECENT - 1] >= visit.from_step || !self.post2.is_empty() {
                    *w = self.caught_up(*w, target as usize, visit, replay);
                    continue;
                }
                for &step in recent[..RECENT - 1].iter().rev() {
                    missed[count] = (place, step);
                    count += usize::from(step >= visit.from_step);
                }
            }
            for &(place, step) in &missed[..count] {
                let w = &mut weights[place as usize];
                *w = replay.grow.next(*w, replay.pre(visit, step), 1.0);
            }
            for (w, &target) in weights.iter_mut().zip(targets) {
                *w = after(*w, target as usize);
            }
        }
    }

    /// The rows of sources that spike at this step: first what was put off, then, if asked for, the pre part.
    pub(super) fn visit(
        &mut self,
        learning: &Learning<'_>,
        rows: Rows<'_>,
        spiking: &[u32],
        depresses: bool,
        state: &mut State,
        scratch: &mut Vec<f32>,
    ) {
        let replay = Replay::new(learning);
        let shrink = Shrink::new(learning.plan, learning.rule);
        let visited: usize = spiking.iter().map(|&source| rows.range(source as usize).len()).sum();
        // The traces of all targets at once, where there are more synapses to visit than targets.
        let at_once = depresses && visited >= learning.synapses.targets;
        let mut weights = std::mem::take(&mut state.weights[learning.index]);
        let [_, post1, _] = learning.traces(state);
        if let (true, Some(post1)) = (at_once, &post1) {
            post1.all_without_spike(learning.step, scratch);
        }
        let traces: &[f32] = scratch;
        let row = |source: u32, weights: &mut [f32]| {
            let visit = self.sources[source as usize];
            let targets = rows.targets_of(source as usize);
            match &post1 {
                Some(_) if at_once => {
                    self.row(weights, targets, visit, &replay, |w, target| shrink.next(w, traces[target]));
                }
                Some(post1) if depresses => self.row(weights, targets, visit, &replay, |w, target| {
                    shrink.next(w, post1.without_spike(target, learning.step))
                }),
                _ => self.row(weights, targets, visit, &replay, |w, _| w),
            }
        };
        if visited < PARALLEL_FROM {
            spiking.iter().for_each(|&source| row(source, &mut weights[rows.range(source as usize)]));
        } else {
            let mut work: Vec<(u32, &mut [f32])> = Vec::with_capacity(spiking.len());
            let (mut rest, mut at) = (weights.as_mut_slice(), 0);
            for &source in spiking {
                let range = rows.range(source as usize);
                let (own, after) = rest.split_at_mut(range.start - at).1.split_at_mut(range.len());
                (rest, at) = (after, range.end);
                work.push((source, own));
            }
            work.into_par_iter().for_each(|(source, weights)| row(source, weights));
        }
        if let [Some(pre), _, _] = learning.traces(state) {
            for &source in spiking {
                self.sources[source as usize] = Visit {
                    from_step: learning.step,
                    last_spike_step: pre.last_spike_step(source as usize),
                    before: pre.before(source as usize),
                };
            }
        }
        state.weights[learning.index] = weights;
    }

    /// Remembers the targets that spike at this step.
    pub(super) fn put_off(&mut self, learning: &Learning<'_>, rows: Rows<'_>, spiking: &[u32], state: &mut State) {
        if spiking.iter().any(|&target| self.counts[target as usize] as usize == KEPT) {
            self.settle(learning, rows, state, learning.step);
        }
        let [_, _, post2] = learning.traces(state);
        for &target in spiking {
            let count = &mut self.counts[target as usize];
            let place = target as usize * KEPT + *count as usize;
            self.steps[place] = learning.step;
            if let Some(post2) = &post2 {
                self.post2[place] = post2.before(target as usize);
            }
            *count += 1;
            let recent = &mut self.recent[target as usize];
            recent.rotate_right(1);
            recent[0] = learning.step;
        }
        self.is_dirty = true;
    }

    /// Brings all weights up to date; nothing is put off any more. `next_step`: of the next post spike.
    pub(super) fn settle(&mut self, learning: &Learning<'_>, rows: Rows<'_>, state: &mut State, next_step: u32) {
        if self.is_dirty {
            self.catch_up(learning, rows, &mut state.weights[learning.index]);
            self.begin(learning, state, next_step);
        }
    }

    /// Brings weights up to date, and goes on remembering what they were brought up to date with.
    pub(super) fn catch_up(&self, learning: &Learning<'_>, rows: Rows<'_>, weights: &mut [f32]) {
        let replay = Replay::new(learning);
        let mut work = Vec::with_capacity(self.sources.len() / CHUNK + 1);
        let mut rest = weights;
        for first in (0..self.sources.len()).step_by(CHUNK) {
            let end = (first + CHUNK).min(self.sources.len());
            let (own, after) = rest.split_at_mut(rows.start[end] as usize - rows.start[first] as usize);
            rest = after;
            work.push((first..end, own));
        }
        work.into_par_iter().for_each(|(sources, mut weights)| {
            for source in sources {
                let targets = rows.targets_of(source);
                let (own, after) = weights.split_at_mut(targets.len());
                weights = after;
                self.row(own, targets, self.sources[source], &replay, |w, _| w);
            }
        });
    }
}
