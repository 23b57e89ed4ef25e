//! Plays a [`History`]: the state of every neuron at any step that it holds, forward and backward, with the spikes
//! exactly as they were. In: a history, the step wanted. Out: the arrays that the renderer draws. Knows no engine: a
//! live run's past and a recording are played alike.
//!
//! A step is reached from the state at the beginning of its chunk by taking that chunk's spikes one after the other;
//! what each spike replaced is noted, so that going back inside a chunk undoes spikes instead of starting over. No
//! seek costs more than one state and the spikes of one chunk.

use super::history::{Chunk, History, Mark};
use crate::engine::NeuronState;

/// See the module.
#[derive(Debug)]
pub struct Replay {
    neurons: Vec<NeuronState>,
    rate_before: Vec<f32>,
    step: u64,
    /// Number of the chunk whose spikes are in the state.
    chunk: Option<u64>,
    /// What each of its spikes so far replaced.
    replaced: Vec<(u32, Mark)>,
    /// Step of the membrane values in the state.
    snapshot: Option<u64>,
}

impl Replay {
    /// Nobody has spiked yet; [`Self::seek`] next.
    #[must_use]
    pub fn new(neurons: u32) -> Self {
        Self {
            neurons: vec![NeuronState::default(); neurons as usize],
            rate_before: vec![0.0; neurons as usize],
            step: 0,
            chunk: None,
            replaced: Vec::new(),
            snapshot: None,
        }
    }

    /// Shows these raises of thresholds, which move slowly, where the history has none.
    pub(super) fn show_theta(&mut self, neurons: &[NeuronState]) {
        for (shown, state) in self.neurons.iter_mut().zip(neurons) {
            shown.theta_mv = state.theta_mv;
        }
    }

    /// Brings the state to the end of `step`, held to what the history has. Returns that step.
    pub fn seek(&mut self, history: &History, step: u64) -> u64 {
        let step = step.clamp(history.from(), history.until());
        if let Some((number, chunk)) = history.chunk_at(step) {
            let wanted = chunk.spikes_until(step);
            if self.chunk != Some(number) {
                self.enter(number, chunk, history);
            }
            while self.replaced.len() > wanted {
                let Some((neuron, before)) = self.replaced.pop() else { break };
                self.set(neuron as usize, before);
            }
            let decay = history.decay();
            for spike in chunk.spikes(self.replaced.len()..wanted) {
                let neuron = spike.neuron as usize;
                let before = self.mark(neuron);
                self.replaced.push((spike.neuron, before));
                self.set(neuron, before.after_spike(spike.step, decay));
            }
        }
        if let Some(snapshot) = history.snapshot_at(step).filter(|snapshot| self.snapshot != Some(snapshot.step)) {
            for (state, &[membrane_mv, theta_mv]) in self.neurons.iter_mut().zip(&snapshot.values_mv) {
                (state.membrane_mv, state.theta_mv) = (membrane_mv, theta_mv);
            }
            self.snapshot = Some(snapshot.step);
        }
        self.step = step;
        step
    }

    /// Takes on the state at the beginning of a chunk. Where the state is already there, at the end of the chunk
    /// before, nothing has to be copied.
    fn enter(&mut self, number: u64, chunk: &Chunk, history: &History) {
        let before = self.chunk.filter(|&mine| mine + 1 == number).and_then(|mine| history.chunk(mine));
        let is_there = before.is_some_and(|before| before.len() == self.replaced.len());
        self.replaced.clear();
        self.chunk = Some(number);
        if is_there {
            return;
        }
        for (neuron, &mark) in chunk.marks.iter().enumerate() {
            self.set(neuron, mark);
        }
    }

    fn mark(&self, neuron: usize) -> Mark {
        Mark { last_spike_step: self.neurons[neuron].last_spike_step, rate_before: self.rate_before[neuron] }
    }

    fn set(&mut self, neuron: usize, mark: Mark) {
        if let (Some(state), Some(rate)) = (self.neurons.get_mut(neuron), self.rate_before.get_mut(neuron)) {
            (state.last_spike_step, *rate) = (mark.last_spike_step, mark.rate_before);
        }
    }

    /// The step shown.
    #[must_use]
    pub const fn step(&self) -> u64 {
        self.step
    }

    /// Per neuron; membrane values are those of the newest snapshot before, or 0 where there is none.
    #[must_use]
    pub fn neurons(&self) -> &[NeuronState] {
        &self.neurons
    }

    /// Per neuron: the rate trace just before its last spike.
    #[must_use]
    pub fn rate_before(&self) -> &[f32] {
        &self.rate_before
    }

    /// The membrane values are those after this step; none: they are none of the past.
    #[must_use]
    pub const fn membranes_of(&self) -> Option<u64> {
        self.snapshot
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        (self.neurons.capacity() * size_of::<NeuronState>()
            + self.rate_before.capacity() * size_of::<f32>()
            + self.replaced.capacity() * size_of::<(u32, Mark)>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::HistoryLimits;
    use super::*;
    use crate::engine::Spike;
    use crate::model::random::{Stream, random_u32};

    const NEURONS: u32 = 50;

    /// Some neurons spike in some steps; all decided by the counter-based generator.
    fn spikes(seed: u32, steps: u32, one_in: u32) -> Vec<Spike> {
        let all = (1..=steps).flat_map(|step| (0..NEURONS).map(move |neuron| Spike { step, neuron }));
        all.filter(|s| random_u32(seed, Stream::Poisson.part(0), s.neuron, s.step).is_multiple_of(one_in)).collect()
    }

    /// The state by definition: all spikes up to `step`, one after the other.
    fn by_hand(spikes: &[Spike], history: &History, step: u64) -> Vec<Mark> {
        let mut marks = vec![Mark::default(); NEURONS as usize];
        for spike in spikes.iter().take_while(|spike| u64::from(spike.step) <= step) {
            let mark = &mut marks[spike.neuron as usize];
            *mark = mark.after_spike(spike.step, history.decay());
        }
        marks
    }

    fn shown(replay: &Replay) -> Vec<Mark> {
        (0..NEURONS as usize).map(|neuron| replay.mark(neuron)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn seeks_in_any_order_give_what_straight_play_gives(
            seed in 0..1000_u32,
            one_in in prop::sample::select(vec![2_u32, 30, 2000]),
            wanted in prop::collection::vec(0..2500_u64, 1..40),
        ) {
            let spikes = spikes(seed, 2000, one_in);
            let history = History::of_spikes(NEURONS, 0.5, &spikes, 2000);
            prop_assert_eq!(history.spike_count(), spikes.len() as u64);
            let mut replay = Replay::new(NEURONS);
            for step in wanted {
                let step = replay.seek(&history, step);
                prop_assert_eq!(shown(&replay), by_hand(&spikes, &history, step));
            }
        }

        #[test]
        fn a_full_ring_keeps_the_newest_and_stays_in_its_bounds(seed in 0..1000_u32, piece in 1..400_u32) {
            let spikes = spikes(seed, 8000, 2);
            let limits = HistoryLimits { bytes: 700_000, steps: 3000 };
            let mut ring = History::new(NEURONS, 0.5, limits);
            let mut rest = &spikes[..];
            for until in (1..=8000_u32.div_ceil(piece)).map(|k| (k * piece).min(8000)) {
                let (now, later) = rest.split_at(rest.partition_point(|spike| spike.step <= until));
                ring.append(now, u64::from(until), 0);
                rest = later;
                // One chunk may be in the making beyond the limit.
                prop_assert!(ring.bytes() <= limits.bytes + 300_000, "{} bytes", ring.bytes());
            }
            prop_assert_eq!(ring.until(), 8000);
            prop_assert!(ring.from() >= 5000 && ring.from() < 7000, "from {}", ring.from());
            let mut replay = Replay::new(NEURONS);
            for step in [7999, ring.from(), 7000, 6500, 8000, 0] {
                let step = replay.seek(&ring, step);
                prop_assert_eq!(shown(&replay), by_hand(&spikes, &ring, step));
            }
        }

        #[test]
        fn forgetting_the_end_leaves_what_was_before(seed in 0..1000_u32, cut in 0..2000_u64) {
            let spikes = spikes(seed, 2000, 3);
            let mut history = History::of_spikes(NEURONS, 0.5, &spikes, 2000);
            history.forget_after(cut);
            let kept = spikes.partition_point(|spike| u64::from(spike.step) <= cut);
            prop_assert_eq!(history.spike_count(), kept as u64);
            history.append(&spikes[kept..], 2000, 0);
            let mut replay = Replay::new(NEURONS);
            replay.seek(&history, 2000);
            prop_assert_eq!(shown(&replay), by_hand(&spikes, &history, 2000));
        }
    }

    #[test]
    fn the_next_spike_is_found_both_ways() {
        let spikes = spikes(3, 4000, 40);
        let history = History::of_spikes(NEURONS, 0.5, &spikes, 4000);
        for neuron in [None, Some(7)] {
            let fits = |s: &&Spike| neuron.is_none_or(|n| s.neuron == n);
            for at in [0, 1, 17, 2000, 3999, 4000] {
                let after = spikes.iter().filter(fits).map(|s| u64::from(s.step)).find(|&s| s > at);
                assert_eq!(history.next_spike(at, true, neuron), after, "after {at}");
                let before = spikes.iter().filter(fits).map(|s| u64::from(s.step)).rfind(|&s| s < at);
                assert_eq!(history.next_spike(at, false, neuron), before, "before {at}");
            }
        }
    }

    #[test]
    fn activity_counts_every_spike_once() {
        let spikes = spikes(9, 1000, 10);
        let history = History::of_spikes(NEURONS, 0.5, &spikes, 1000);
        let bins = history.activity(64);
        assert_eq!(bins.iter().map(|&n| n as usize).sum::<usize>(), spikes.len());
        let first = spikes.iter().filter(|s| u64::from(s.step - 1) * 64 / 1000 == 0).count();
        assert_eq!(bins[0] as usize, first);
        let mut raster = std::collections::VecDeque::new();
        history.spikes_before(700, |neuron| neuron < 5, 40, &mut raster);
        let expected: Vec<Spike> = spikes.iter().copied().filter(|s| s.step <= 700 && s.neuron < 5).collect();
        assert!(raster.len() >= 40 && expected.ends_with(raster.make_contiguous()));
    }
}
