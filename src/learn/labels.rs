//! What output neurons mean. Owns the assignment of classes to neurons from their recent answers, the prediction from
//! spike counts, and the running score. In: (class shown, spikes per output neuron). Out: assignments, predictions,
//! accuracy, confusion counts.

use std::collections::VecDeque;

/// Classes that a label byte can name.
const CLASSES_MAX: usize = 256;

/// Assigns each output neuron the class that it answers to most: the class with the highest mean spike count over the
/// last `window` presentations (Diehl and Cook 2015, section 2.5, over a sliding window).
#[derive(Clone, Debug)]
pub struct LabelAssigner {
    neurons: usize,
    classes: usize,
    window: usize,
    recent: VecDeque<(u8, Vec<(u32, u32)>)>,
    /// `class * neurons + neuron`
    sums: Vec<u64>,
    presented: Vec<u32>,
    assigned: Vec<Option<u8>>,
}

impl LabelAssigner {
    /// No neuron means anything yet. `classes` is at most 256, `window` at least 1.
    #[must_use]
    pub fn new(neurons: usize, classes: usize, window: usize) -> Self {
        let classes = classes.min(CLASSES_MAX);
        Self {
            neurons,
            classes,
            window: window.max(1),
            recent: VecDeque::new(),
            sums: vec![0; classes * neurons],
            presented: vec![0; classes],
            assigned: vec![None; neurons],
        }
    }

    /// Takes the answer to one presentation: spikes per output neuron. Labels beyond the classes are left out.
    pub fn push(&mut self, label: u8, counts: &[u32]) {
        if counts.len() != self.neurons {
            return;
        }
        let answer = counts.iter().enumerate().filter(|&(_, &c)| c > 0).map(|(n, &c)| (n as u32, c)).collect();
        self.push_answer(label, answer);
        self.assign();
    }

    /// Presentations of the window, oldest first: the class, and (output neuron, spikes) of those that spiked.
    pub fn window(&self) -> impl Iterator<Item = &(u8, Vec<(u32, u32)>)> {
        self.recent.iter()
    }

    /// Takes presentations as [`Self::window`] gives them. Neurons beyond the last are left out.
    pub fn extend(&mut self, window: Vec<(u8, Vec<(u32, u32)>)>) {
        for (label, mut answer) in window {
            answer.retain(|&(neuron, _)| (neuron as usize) < self.neurons);
            self.push_answer(label, answer);
        }
        self.assign();
    }

    fn push_answer(&mut self, label: u8, answer: Vec<(u32, u32)>) {
        if usize::from(label) >= self.classes {
            return;
        }
        if self.recent.len() == self.window
            && let Some((old, answer)) = self.recent.pop_front()
        {
            self.presented[usize::from(old)] -= 1;
            for (neuron, count) in answer {
                self.sums[usize::from(old) * self.neurons + neuron as usize] -= u64::from(count);
            }
        }
        self.presented[usize::from(label)] += 1;
        for &(neuron, count) in &answer {
            self.sums[usize::from(label) * self.neurons + neuron as usize] += u64::from(count);
        }
        self.recent.push_back((label, answer));
    }

    fn assign(&mut self) {
        for (neuron, assigned) in self.assigned.iter_mut().enumerate() {
            let mut best = None;
            let mut highest = 0.0;
            for class in 0..self.classes {
                let mean = self.sums[class * self.neurons + neuron] as f64 / f64::from(self.presented[class].max(1));
                if mean > highest {
                    highest = mean;
                    best = Some(class as u8);
                }
            }
            *assigned = best;
        }
    }

    /// Per output neuron: its class; none where it has not answered to anything yet.
    #[must_use]
    pub fn assigned(&self) -> &[Option<u8>] {
        &self.assigned
    }

    /// The class whose neurons spiked most on average; none when no neuron that means something spiked. Between
    /// equals, the lower class.
    #[must_use]
    pub fn predict(&self, counts: &[u32]) -> Option<u8> {
        let mut sums = [0_u64; CLASSES_MAX];
        let mut sizes = [0_u32; CLASSES_MAX];
        for (assigned, &count) in self.assigned.iter().zip(counts) {
            if let Some(class) = assigned {
                sums[usize::from(*class)] += u64::from(count);
                sizes[usize::from(*class)] += 1;
            }
        }
        let mut best = None;
        let mut highest = 0.0;
        for class in 0..self.classes {
            let mean = sums[class] as f64 / f64::from(sizes[class].max(1));
            if mean > highest {
                highest = mean;
                best = Some(class as u8);
            }
        }
        best
    }
}

/// Counts of (class shown, class answered).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `shown * (classes + 1) + answered`; the last column counts images without an answer.
    counts: Vec<u64>,
}

impl Confusion {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, counts: vec![0; classes * (classes + 1)] }
    }

    /// Counts one answer. Classes beyond the known ones are left out.
    pub fn record(&mut self, shown: u8, answered: Option<u8>) {
        if let Some(count) = self.place(shown, answered).and_then(|place| self.counts.get_mut(place)) {
            *count += 1;
        }
    }

    /// How often `answered` was the answer to `shown`; `None` stands for no answer.
    #[must_use]
    pub fn count(&self, shown: u8, answered: Option<u8>) -> u64 {
        self.place(shown, answered).and_then(|place| self.counts.get(place)).copied().unwrap_or(0)
    }

    /// Adds counts in the order of [`Self::rows`].
    pub fn add(&mut self, counts: &[u64]) {
        self.counts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }

    /// Rows by class shown, columns by class answered; the last column counts images without an answer.
    pub fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.counts.chunks(self.classes + 1)
    }

    /// All answers counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Right answers.
    #[must_use]
    pub fn right(&self) -> u64 {
        (0..self.classes).map(|class| self.counts[class * (self.classes + 1) + class]).sum()
    }

    /// Percent right; 0 when nothing was counted.
    #[must_use]
    pub fn accuracy_percent(&self) -> f64 {
        if self.total() == 0 { 0.0 } else { 100.0 * self.right() as f64 / self.total() as f64 }
    }

    fn place(&self, shown: u8, answered: Option<u8>) -> Option<usize> {
        let column = answered.map_or(self.classes, usize::from);
        (usize::from(shown) < self.classes && column <= self.classes)
            .then_some(usize::from(shown) * (self.classes + 1) + column)
    }
}

/// Share of right answers over the last `window` presentations. Each answer is given before its presentation counts
/// for the labels, so it is never scored with knowledge of itself.
#[derive(Clone, Debug)]
pub struct RunningAccuracy {
    window: usize,
    recent: VecDeque<bool>,
    right: usize,
}

impl RunningAccuracy {
    /// Nothing scored yet. `window` is at least 1.
    #[must_use]
    pub fn new(window: usize) -> Self {
        Self { window: window.max(1), recent: VecDeque::new(), right: 0 }
    }

    /// Scores one answer; no answer is a wrong one.
    pub fn push(&mut self, shown: u8, answered: Option<u8>) {
        self.push_outcome(answered == Some(shown));
    }

    /// Takes an answer of which only is known whether it was right.
    pub fn push_outcome(&mut self, right: bool) {
        if self.recent.len() == self.window && self.recent.pop_front() == Some(true) {
            self.right -= 1;
        }
        self.right += usize::from(right);
        self.recent.push_back(right);
    }

    /// Right or wrong, oldest first.
    pub fn window(&self) -> impl Iterator<Item = bool> {
        self.recent.iter().copied()
    }

    /// Percent right over the window, or over what there is of it; none before the first answer.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        (!self.recent.is_empty()).then(|| 100.0 * self.right as f64 / self.recent.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_take_the_class_of_their_highest_mean_answer() {
        let mut labels = LabelAssigner::new(3, 2, 10);
        assert_eq!(labels.predict(&[5, 5, 5]), None);
        // Class 0 is shown twice as often: means decide, not sums. Neuron 1: 4 spikes in two shows of 0 (mean 2),
        // 3 in one show of 1 (mean 3).
        labels.push(0, &[4, 2, 0]);
        labels.push(0, &[4, 2, 0]);
        labels.push(1, &[1, 3, 0]);
        assert_eq!(labels.assigned(), [Some(0), Some(1), None]);
        assert_eq!(labels.predict(&[2, 3, 9]), Some(1));
        assert_eq!(labels.predict(&[3, 3, 0]), Some(0), "the lower class between equals");
        assert_eq!(labels.predict(&[0, 0, 9]), None, "only a neuron without a class spiked");
    }

    #[test]
    fn predictions_compare_means_over_each_class_s_neurons() {
        let mut labels = LabelAssigner::new(3, 2, 10);
        labels.push(0, &[1, 1, 0]);
        labels.push(1, &[0, 0, 1]);
        // Two neurons of class 0 with 3 spikes together lose to one of class 1 with 2.
        assert_eq!(labels.predict(&[2, 1, 2]), Some(1));
    }

    #[test]
    fn the_window_forgets() {
        let mut labels = LabelAssigner::new(1, 2, 2);
        labels.push(0, &[9]);
        labels.push(1, &[1]);
        assert_eq!(labels.assigned(), [Some(0)]);
        labels.push(1, &[1]);
        assert_eq!(labels.assigned(), [Some(1)]);
        labels.push(1, &[0]);
        labels.push(1, &[0]);
        assert_eq!(labels.assigned(), [None]);
    }

    #[test]
    fn accuracy_and_confusion_count_answers() {
        let mut accuracy = RunningAccuracy::new(4);
        assert_eq!(accuracy.percent(), None);
        let mut confusion = Confusion::new(3);
        for (shown, answered) in [(0, Some(0)), (0, Some(1)), (1, None), (2, Some(2)), (2, Some(2))] {
            accuracy.push(shown, answered);
            confusion.record(shown, answered);
        }
        assert_eq!(accuracy.percent(), Some(50.0));
        assert_eq!((confusion.total(), confusion.right()), (5, 3));
        assert_eq!((confusion.count(0, Some(1)), confusion.count(1, None), confusion.count(2, Some(0))), (1, 1, 0));
        assert_eq!(confusion.rows().nth(2), Some(&[0, 0, 2, 0][..]));
        confusion.record(7, Some(0));
        assert_eq!(confusion.total(), 5);
        assert!((confusion.accuracy_percent() - 60.0).abs() < 1e-9);
    }
}
