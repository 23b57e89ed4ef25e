//! The past of a run as spikes: every spike of a stretch of time, in chunks that each begin with the state of all
//! neurons, so that any step can be reached in bounded time. In: spikes in order of time, from a live run (then the
//! oldest chunks make room for the newest) or from anywhere else (then all are kept). Out: what
//! [`Replay`](super::Replay) plays.
//!
//! Membrane values are no spikes: of small networks they are kept as snapshots some steps apart, of large ones not.

use std::collections::VecDeque;

use crate::engine::{NeuronState, RATE_TAU_MS, Spike};
use crate::model::decay::DecayTable;

/// A chunk holds at least this many spikes before the next one begins, and at least as many as there are neurons:
/// then the states at the beginning of chunks take no more than twice the room of the spikes.
const CHUNK_SPIKES_MIN: usize = 1 << 14;
/// A chunk spans at most this share of the time that is kept.
const CHUNKS_PER_SPAN: u64 = 8;
/// Snapshots of membrane values get this share of the room, one in so many bytes.
const SNAPSHOT_SHARE: u64 = 4;
/// Snapshots come no closer than this, ms.
const SNAPSHOT_CLOSEST_MS: f64 = 10.0;
/// Where they would be further apart than this they say nothing, and none are taken, ms.
const SNAPSHOT_FARTHEST_MS: f64 = 100.0;

/// How much past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryLimits {
    /// Bytes.
    pub bytes: u64,
    /// Steps.
    pub steps: u64,
}

impl HistoryLimits {
    /// Everything, however long.
    pub const NONE: Self = Self { bytes: u64::MAX, steps: u64::MAX };

    /// What a live run of this size keeps: 30 s, in 64 MiB or, for large networks, 256 bytes a neuron up to 512 MiB.
    #[must_use]
    pub fn live(neurons: u32, dt_ms: f64) -> Self {
        const MIB: u64 = 1 << 20;
        Self { bytes: (u64::from(neurons) * 256).clamp(64 * MIB, 512 * MIB), steps: (30_000.0 / dt_ms).ceil() as u64 }
    }
}

/// What spikes alone decide of a neuron's state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Mark {
    /// As [`NeuronState::last_spike_step`].
    pub(super) last_spike_step: u32,
    /// The rate trace just before that spike.
    pub(super) rate_before: f32,
}

impl Mark {
    /// After a spike at `step`: the same arithmetic as the engines', so the same bits.
    #[inline]
    pub(super) fn after_spike(self, step: u32, decay: &DecayTable) -> Self {
        let rate_before = if self.last_spike_step == 0 {
            0.0
        } else {
            (self.rate_before + 1.0) * decay.after(u64::from(step.wrapping_sub(self.last_spike_step)))
        };
        Self { last_spike_step: step, rate_before }
    }
}

/// The spikes of some consecutive steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunk {
    /// It holds the spikes of the steps after this one.
    pub(super) after: u64,
    /// Per neuron, after step `after`.
    pub(super) marks: Vec<Mark>,
    /// Steps with spikes: the step, and the number of spikes of this chunk up to its end.
    steps: Vec<(u32, u32)>,
    /// Who spiked.
    neurons: Vec<u32>,
}

impl Chunk {
    /// How many of its spikes fall on steps up to `step`.
    pub(super) fn spikes_until(&self, step: u64) -> usize {
        let steps = self.steps.partition_point(|&(at, _)| u64::from(at) <= step);
        if steps == 0 { 0 } else { self.steps[steps - 1].1 as usize }
    }

    pub(super) fn len(&self) -> usize {
        self.neurons.len()
    }

    /// Its spikes from one index to another, in order.
    pub(super) fn spikes(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = Spike> + '_ {
        let first = self.steps.partition_point(|&(_, end)| end as usize <= range.start);
        let last = self.steps.partition_point(|&(_, end)| (end as usize) < range.end);
        let steps = if range.is_empty() { &[] } else { &self.steps[first..self.steps.len().min(last + 1)] };
        let mut start = range.start;
        steps.iter().flat_map(move |&(step, end)| {
            let end = (end as usize).min(range.end);
            let neurons = &self.neurons[start..end];
            start = end;
            neurons.iter().map(move |&neuron| Spike { step, neuron })
        })
    }

    fn bytes(&self) -> u64 {
        (self.marks.capacity() * size_of::<Mark>()
            + self.steps.capacity() * size_of::<(u32, u32)>()
            + self.neurons.capacity() * size_of::<u32>()) as u64
    }
}

/// Membrane value and threshold raise of every neuron after some step.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    pub(super) step: u64,
    pub(super) values_mv: Vec<[f32; 2]>,
}

/// See the module.
#[derive(Debug)]
pub struct History {
    dt_ms: f64,
    decay: DecayTable,
    limits: HistoryLimits,
    chunk_spikes: usize,
    /// Per neuron, now.
    marks: Vec<Mark>,
    chunks: VecDeque<Chunk>,
    /// Number of the first chunk, counted through all time.
    first_chunk: u64,
    until: u64,
    spikes: u64,
    snapshots: VecDeque<Snapshot>,
    snapshot_steps: Option<u64>,
    /// Spikes that never arrived: until which step, how many.
    missing: VecDeque<(u64, u64)>,
}

impl History {
    /// Nothing yet, of a network in which no neuron has spiked, from step 0 on.
    #[must_use]
    pub fn new(neurons: u32, dt_ms: f64, limits: HistoryLimits) -> Self {
        let marks = vec![Mark::default(); neurons as usize];
        let chunk_spikes = (neurons as usize).max(CHUNK_SPIKES_MIN);
        Self {
            dt_ms,
            decay: DecayTable::new(RATE_TAU_MS, dt_ms),
            limits,
            chunk_spikes,
            chunks: VecDeque::from([Chunk { marks: marks.clone(), ..Chunk::default() }]),
            marks,
            first_chunk: 0,
            until: 0,
            spikes: 0,
            snapshots: VecDeque::new(),
            snapshot_steps: snapshot_steps(u64::from(neurons), dt_ms, limits),
            missing: VecDeque::new(),
        }
    }

    /// All of a list of spikes in order of time, up to step `until`: what a recording is replayed from.
    #[must_use]
    pub fn of_spikes(neurons: u32, dt_ms: f64, spikes: &[Spike], until: u64) -> Self {
        let mut history = Self::new(neurons, dt_ms, HistoryLimits::NONE);
        history.append(spikes, until, 0);
        history
    }

    /// Begins again at `step` with these states and rate traces: what was before is not known.
    pub(super) fn begin_at(&mut self, step: u64, neurons: &[NeuronState], rate_before: &[f32]) {
        for ((mark, state), &rate_before) in self.marks.iter_mut().zip(neurons).zip(rate_before) {
            *mark = Mark { last_spike_step: state.last_spike_step, rate_before };
        }
        self.first_chunk += self.chunks.len() as u64;
        self.chunks.clear();
        self.snapshots.clear();
        self.missing.clear();
        (self.until, self.spikes) = (step, 0);
        self.open_chunk();
    }

    /// Takes the spikes of the steps after [`Self::until`] up to `until`, in order of time; earlier ones are known
    /// already and left out. `missing` of them never arrived.
    pub fn append(&mut self, spikes: &[Spike], until: u64, missing: u64) {
        let from = spikes.partition_point(|spike| u64::from(spike.step) <= self.until);
        for of_step in spikes[from..].chunk_by(|a, b| a.step == b.step) {
            self.append_step(of_step[0].step, of_step);
        }
        self.until = self.until.max(until);
        if missing > 0 {
            self.missing.push_back((self.until, missing));
        }
        self.make_room();
    }

    fn append_step(&mut self, step: u32, spikes: &[Spike]) {
        let span = self.limits.steps / CHUNKS_PER_SPAN;
        let is_full = self.chunks.back().is_none_or(|chunk| {
            chunk.len() >= self.chunk_spikes || u64::from(step).saturating_sub(chunk.after) > span.max(1)
        });
        if is_full {
            self.until = u64::from(step) - 1;
            self.open_chunk();
        }
        let Some(chunk) = self.chunks.back_mut() else { return };
        for spike in spikes {
            let Some(mark) = self.marks.get_mut(spike.neuron as usize) else { continue };
            *mark = mark.after_spike(step, &self.decay);
            chunk.neurons.push(spike.neuron);
        }
        let before = chunk.steps.last().map_or(0, |&(_, end)| end);
        let end = chunk.neurons.len() as u32;
        if end > before {
            chunk.steps.push((step, end));
            self.spikes += u64::from(end - before);
        }
        self.until = u64::from(step);
    }

    /// Begins a chunk after the last step known; the room of one that is too old is used again.
    fn open_chunk(&mut self) {
        let mut chunk = Chunk::default();
        if self.is_over_limits()
            && let Some(old) = self.drop_oldest()
        {
            chunk = old;
            chunk.steps.clear();
            chunk.neurons.clear();
        }
        chunk.after = self.until;
        chunk.marks.clone_from(&self.marks);
        self.chunks.push_back(chunk);
    }

    fn make_room(&mut self) {
        while self.is_over_limits() && self.drop_oldest().is_some() {}
        let from = self.from();
        while self.snapshots.len() > 1 && self.snapshots.get(1).is_some_and(|next| next.step <= from) {
            self.snapshots.pop_front();
        }
        while self.missing.front().is_some_and(|&(until, _)| until <= from) {
            self.missing.pop_front();
        }
    }

    fn is_over_limits(&self) -> bool {
        let oldest = self.until.saturating_sub(self.limits.steps);
        self.bytes() > self.limits.bytes || self.chunks.get(1).is_some_and(|second| second.after <= oldest)
    }

    /// The last chunk always stays.
    fn drop_oldest(&mut self) -> Option<Chunk> {
        if self.chunks.len() < 2 {
            return None;
        }
        let oldest = self.chunks.pop_front()?;
        self.first_chunk += 1;
        self.spikes -= oldest.len() as u64;
        Some(oldest)
    }

    /// Keeps the membrane values after `step` where a snapshot is due and the network is small enough for them.
    pub(super) fn snapshot(&mut self, step: u64, neurons: &[NeuronState]) {
        let Some(every) = self.snapshot_steps else { return };
        if self.snapshots.back().is_some_and(|last| step < last.step + every) {
            return;
        }
        let most = (self.limits.bytes / SNAPSHOT_SHARE / (8 * self.marks.len().max(1) as u64)).max(2) as usize;
        let mut snapshot = Snapshot::default();
        if self.snapshots.len() >= most
            && let Some(old) = self.snapshots.pop_front()
        {
            snapshot = old;
        }
        snapshot.step = step;
        snapshot.values_mv.clear();
        snapshot.values_mv.extend(neurons.iter().map(|n| [n.membrane_mv, n.theta_mv]));
        self.snapshots.push_back(snapshot);
    }

    /// The newest snapshot at or before `step`.
    pub(super) fn snapshot_at(&self, step: u64) -> Option<&Snapshot> {
        let next = self.snapshots.partition_point(|snapshot| snapshot.step <= step);
        next.checked_sub(1).and_then(|index| self.snapshots.get(index))
    }

    /// Time between two snapshots of membrane values, ms; none where none are taken.
    #[must_use]
    pub fn snapshot_interval_ms(&self) -> Option<f64> {
        self.snapshot_steps.map(|steps| steps as f64 * self.dt_ms)
    }

    /// Forgets all that came after `step`: time was turned back.
    pub(super) fn forget_after(&mut self, step: u64) {
        if step < self.from() {
            // The caller begins again: none of this is left.
            return;
        }
        while self.chunks.len() > 1 && self.chunks.back().is_some_and(|chunk| chunk.after >= step) {
            if let Some(chunk) = self.chunks.pop_back() {
                self.spikes -= chunk.len() as u64;
            }
        }
        let Some(chunk) = self.chunks.back_mut() else { return };
        let kept = chunk.spikes_until(step);
        self.spikes -= (chunk.len() - kept) as u64;
        chunk.neurons.truncate(kept);
        let steps = chunk.steps.partition_point(|&(at, _)| u64::from(at) <= step);
        chunk.steps.truncate(steps);
        self.marks.clone_from(&chunk.marks);
        for spike in chunk.spikes(0..kept) {
            let mark = &mut self.marks[spike.neuron as usize];
            *mark = mark.after_spike(spike.step, &self.decay);
        }
        self.until = step;
        self.snapshots.retain(|snapshot| snapshot.step <= step);
        self.missing.retain(|&(until, _)| until <= step);
    }

    pub(super) const fn decay(&self) -> &DecayTable {
        &self.decay
    }

    /// The chunk that a step belongs to, and its number.
    pub(super) fn chunk_at(&self, step: u64) -> Option<(u64, &Chunk)> {
        let index = self.chunks.partition_point(|chunk| chunk.after <= step).max(1) - 1;
        self.chunks.get(index).map(|chunk| (self.first_chunk + index as u64, chunk))
    }

    /// A chunk by its number.
    pub(super) fn chunk(&self, number: u64) -> Option<&Chunk> {
        self.chunks.get(usize::try_from(number.checked_sub(self.first_chunk)?).ok()?)
    }

    /// Length of a step, ms.
    #[must_use]
    pub const fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Neurons.
    #[must_use]
    pub fn neuron_count(&self) -> u32 {
        self.marks.len() as u32
    }

    /// The oldest step that can be shown.
    #[must_use]
    pub fn from(&self) -> u64 {
        let first = self.chunks.front().map_or(self.until, |chunk| chunk.after);
        first.max(self.until.saturating_sub(self.limits.steps))
    }

    /// The newest.
    #[must_use]
    pub const fn until(&self) -> u64 {
        self.until
    }

    /// Spikes kept.
    #[must_use]
    pub const fn spike_count(&self) -> u64 {
        self.spikes
    }

    /// Spikes of that time that never arrived.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing.iter().map(|&(_, count)| count).sum()
    }

    /// What it may hold.
    #[must_use]
    pub const fn limits(&self) -> HistoryLimits {
        self.limits
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let snapshots: usize = self.snapshots.iter().map(|s| s.values_mv.capacity() * size_of::<[f32; 2]>()).sum();
        let marks = (self.marks.capacity() * size_of::<Mark>()) as u64;
        self.chunks.iter().map(Chunk::bytes).sum::<u64>() + snapshots as u64 + marks
    }

    /// The step of the nearest spike before or after `step`, of one neuron or of any.
    #[must_use]
    pub fn next_spike(&self, step: u64, forward: bool, of: Option<u32>) -> Option<u64> {
        let fits = |spike: &Spike| of.is_none_or(|neuron| spike.neuron == neuron);
        if forward {
            let (number, _) = self.chunk_at(step)?;
            let later = self.chunks.range((number - self.first_chunk) as usize..);
            let mut steps = later.flat_map(|chunk| chunk.spikes(chunk.spikes_until(step)..chunk.len()));
            return steps.find(fits).map(|spike| u64::from(spike.step));
        }
        let before = step.checked_sub(1).filter(|&before| before > self.from())?;
        let (number, _) = self.chunk_at(before)?;
        let found = self.chunks.range(..=(number - self.first_chunk) as usize).rev().find_map(|chunk| {
            let end = chunk.spikes_until(before);
            let place = chunk.neurons[..end].iter().rposition(|&n| of.is_none_or(|neuron| n == neuron))?;
            chunk.spikes(place..place + 1).next()
        });
        found.map(|spike| u64::from(spike.step)).filter(|&found| found > self.from())
    }

    /// The newest spikes up to `step` of some neurons, oldest first: at most `most`, looking at a million at most.
    pub(super) fn spikes_before(
        &self,
        step: u64,
        wanted: impl Fn(u32) -> bool,
        most: usize,
        out: &mut VecDeque<Spike>,
    ) {
        const LOOKED_AT: usize = 1 << 20;
        out.clear();
        let Some((number, _)) = self.chunk_at(step) else { return };
        let mut left = LOOKED_AT;
        for chunk in self.chunks.range(..=(number - self.first_chunk) as usize).rev() {
            let mut end = chunk.spikes_until(step);
            let mut at = chunk.steps.partition_point(|&(_, steps_end)| steps_end as usize <= end);
            while at > 0 {
                at -= 1;
                let spike_step = chunk.steps[at].0;
                let start = if at == 0 { 0 } else { chunk.steps[at - 1].1 as usize };
                for &neuron in chunk.neurons[start..end].iter().rev() {
                    if wanted(neuron) {
                        out.push_front(Spike { step: spike_step, neuron });
                    }
                }
                left = left.saturating_sub(end - start);
                end = start;
                if left == 0 || out.len() >= most {
                    return;
                }
            }
        }
    }

    /// Spikes per bin over all that is kept, in `bins` bins.
    #[must_use]
    pub fn activity(&self, bins: usize) -> Vec<u32> {
        let (from, until) = (self.from(), self.until);
        let span = until.saturating_sub(from);
        let mut counts = vec![0_u32; if span == 0 { 0 } else { bins }];
        if counts.is_empty() {
            return counts;
        }
        for chunk in &self.chunks {
            let mut before = 0;
            for &(step, end) in &chunk.steps {
                if let Some(place) = u64::from(step).checked_sub(from + 1) {
                    let bin = (place * bins as u64 / span).min(bins as u64 - 1) as usize;
                    counts[bin] = counts[bin].saturating_add(end - before);
                }
                before = end;
            }
        }
        counts
    }
}

/// Steps between two snapshots of membrane values; none where there is no room for useful ones.
fn snapshot_steps(neurons: u64, dt_ms: f64, limits: HistoryLimits) -> Option<u64> {
    if limits == HistoryLimits::NONE {
        return None;
    }
    let fit = limits.bytes / SNAPSHOT_SHARE / (8 * neurons.max(1));
    let steps = limits.steps.div_ceil(fit.max(1)).max((SNAPSHOT_CLOSEST_MS / dt_ms).round() as u64).max(1);
    (steps as f64 * dt_ms <= SNAPSHOT_FARTHEST_MS).then_some(steps)
}
