//! What neurons answer to: spikes per class, latency after the beginning of an input, and spikes around events. In:
//! presentations (begin, end, class) or event times, and spikes in the order of time. Out: tables per neuron and class.

use std::ops::Range;

use super::bins::BinGrid;

/// An input that was shown: from, to and class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presentation {
    /// When it began, ms.
    pub start_ms: f64,
    /// When it ended, ms.
    pub end_ms: f64,
    /// Its class.
    pub class: u16,
}

/// Spikes of each neuron while each class was shown. Presentations are sorted and do not overlap.
#[derive(Clone, Debug)]
pub struct Responses {
    presentations: Vec<Presentation>,
    classes: usize,
    neurons: usize,
    next: usize,
    /// By neuron, then class.
    spikes: Vec<u32>,
    /// Presentation that each neuron last answered to, plus one.
    answered: Vec<u32>,
    latency_sum_ms: Vec<f64>,
    answers: Vec<u32>,
    shown_ms: Vec<f64>,
}

impl Responses {
    /// Classes are `0..classes`.
    #[must_use]
    pub fn new(presentations: Vec<Presentation>, neurons: usize) -> Self {
        let classes = presentations.iter().map(|p| usize::from(p.class) + 1).max().unwrap_or(0);
        let mut shown_ms = vec![0.0; classes];
        for p in &presentations {
            shown_ms[usize::from(p.class)] += p.end_ms - p.start_ms;
        }
        Self {
            presentations,
            classes,
            neurons,
            next: 0,
            spikes: vec![0; neurons * classes],
            answered: vec![0; neurons],
            latency_sum_ms: vec![0.0; neurons],
            answers: vec![0; neurons],
            shown_ms,
        }
    }

    /// Takes spikes, not before those taken already.
    pub fn push(&mut self, times_ms: &[f64], neurons: &[u32]) {
        for (&time_ms, &neuron) in times_ms.iter().zip(neurons) {
            while self.presentations.get(self.next).is_some_and(|p| p.end_ms <= time_ms) {
                self.next += 1;
            }
            let Some(shown) = self.presentations.get(self.next).filter(|p| p.start_ms <= time_ms) else { continue };
            let neuron = neuron as usize;
            if neuron >= self.neurons {
                continue;
            }
            self.spikes[neuron * self.classes + usize::from(shown.class)] += 1;
            if self.answered[neuron] != self.next as u32 + 1 {
                self.answered[neuron] = self.next as u32 + 1;
                self.latency_sum_ms[neuron] += time_ms - shown.start_ms;
                self.answers[neuron] += 1;
            }
        }
    }

    /// How many classes there are.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// Spikes of a neuron per class.
    #[must_use]
    pub fn spikes_per_class(&self, neuron: usize) -> &[u32] {
        self.spikes.get(neuron * self.classes..(neuron + 1) * self.classes).unwrap_or(&[])
    }

    /// Rate of a neuron per class, Hz over the time that the class was shown.
    #[must_use]
    pub fn rate_hz_per_class(&self, neuron: usize) -> Vec<f64> {
        let rate = |(spikes, shown): (&u32, &f64)| if *shown > 0.0 { f64::from(*spikes) / shown * 1e3 } else { 0.0 };
        self.spikes_per_class(neuron).iter().zip(&self.shown_ms).map(rate).collect()
    }

    /// The class that a neuron answers to most and its selectivity: the highest rate minus the mean of the others, over
    /// their sum; 1 for one class only, 0 for all alike. None for a silent neuron or fewer than two classes.
    #[must_use]
    pub fn selectivity(&self, neuron: usize) -> Option<(u16, f64)> {
        let rates = self.rate_hz_per_class(neuron);
        let (best, most) = rates.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        let shown = self.shown_ms.iter().filter(|ms| **ms > 0.0).count();
        if shown < 2 || most <= 0.0 {
            return None;
        }
        let others = (rates.iter().sum::<f64>() - most) / (shown - 1) as f64;
        Some((best as u16, (most - others) / (most + others)))
    }

    /// Mean time from the beginning of an input to a neuron's first spike, over the inputs that it answered, ms.
    #[must_use]
    pub fn first_spike_latency_ms(&self, neuron: usize) -> Option<f64> {
        let answers = *self.answers.get(neuron)?;
        (answers > 0).then(|| self.latency_sum_ms[neuron] / f64::from(answers))
    }
}

/// Peri-stimulus time histogram: spikes per bin around every event, of each group of neurons. Events are sorted; their
/// surroundings may overlap.
#[derive(Clone, Debug)]
pub struct Psth {
    events_ms: Vec<f64>,
    grid: BinGrid,
    before_ms: f64,
    after_ms: f64,
    next: usize,
    counts: Vec<Vec<u64>>,
}

impl Psth {
    /// Bins of `bin_ms` from `before_ms` before to `after_ms` after each event, for `groups` groups. None where that
    /// is no span or too many bins.
    #[must_use]
    pub fn new(events_ms: Vec<f64>, before_ms: f64, after_ms: f64, bin_ms: f64, groups: usize) -> Option<Self> {
        let grid = BinGrid::new(-before_ms, after_ms, bin_ms).filter(|_| before_ms + after_ms > 0.0)?;
        Some(Self { events_ms, before_ms, after_ms, next: 0, counts: vec![vec![0; grid.len()]; groups], grid })
    }

    /// Takes a spike of a group, not before those taken already.
    pub fn push(&mut self, time_ms: f64, group: usize) {
        while self.events_ms.get(self.next).is_some_and(|event| event + self.after_ms <= time_ms) {
            self.next += 1;
        }
        let Some(counts) = self.counts.get_mut(group) else { return };
        for event in self.events_ms[self.next..].iter().take_while(|event| **event - self.before_ms <= time_ms) {
            counts[self.grid.bin(time_ms - event)] += 1;
        }
    }

    /// Beginning of each bin, ms after the event.
    pub fn starts_ms(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.grid.len()).map(|bin| self.grid.start_ms(bin))
    }

    /// Spikes per bin of a group, over all events.
    #[must_use]
    pub fn counts(&self, group: usize) -> &[u64] {
        self.counts.get(group).map_or(&[], Vec::as_slice)
    }

    /// Rate of a group of `neurons` per bin, Hz per neuron.
    #[must_use]
    pub fn rate_hz(&self, group: usize, neurons: Range<u32>) -> Vec<f64> {
        let scale = 1e3 / (self.grid.width_ms() * self.events_ms.len().max(1) as f64 * neurons.len().max(1) as f64);
        self.counts(group).iter().map(|count| *count as f64 * scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_belong_to_the_class_that_was_shown() {
        let shown = |start_ms, class| Presentation { start_ms, end_ms: start_ms + 100.0, class };
        let mut responses = Responses::new(vec![shown(0.0, 0), shown(100.0, 1), shown(300.0, 0)], 2);
        responses.push(&[10.0, 20.0, 110.0], &[0, 0, 1]);
        responses.push(&[250.0, 330.0, 400.0], &[0, 0, 0]);
        assert_eq!(responses.spikes_per_class(0), [3, 0], "between inputs and at the end of one nothing counts");
        assert_eq!(responses.rate_hz_per_class(0), [15.0, 0.0]);
        assert_eq!(responses.selectivity(0), Some((0, 1.0)));
        assert_eq!(responses.selectivity(1), Some((1, 1.0)));
        assert_eq!(responses.first_spike_latency_ms(0), Some(20.0));
        assert_eq!(Responses::new(Vec::new(), 3).selectivity(0), None);
    }

    #[test]
    fn overlapping_surroundings_share_spikes() {
        let mut psth = Psth::new(vec![100.0, 110.0], 10.0, 20.0, 10.0, 1).expect("three bins");
        for time_ms in [89.0, 95.0, 105.0, 115.0, 129.0, 130.0] {
            psth.push(time_ms, 0);
        }
        assert_eq!(psth.starts_ms().collect::<Vec<_>>(), [-10.0, 0.0, 10.0]);
        // 95: -5 to the first. 105: 5 and -5. 115: 15 and 5. 129: 19 to the second.
        assert_eq!(psth.counts(0), [2, 2, 2]);
        assert_eq!(psth.rate_hz(0, 0..2), [50.0, 50.0, 50.0]);
    }
}
