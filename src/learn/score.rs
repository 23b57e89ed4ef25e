//! Scoring of a run's answers. Owns the order that keeps the score honest: an answer is given and scored first, and
//! only then does its presentation count for the labels.

use super::labels::{Confusion, LabelAssigner, RunningAccuracy};

/// Labels, answers and accuracy of a run.
#[derive(Clone, Debug)]
pub struct Score {
    labels: LabelAssigner,
    accuracy: RunningAccuracy,
    confusion: Confusion,
    fixed_labels: bool,
    last: Option<(u8, u8)>,
}

impl Score {
    /// Nothing learned yet. Windows in presentations.
    #[must_use]
    pub fn new(neurons: usize, classes: usize, label_window: usize, accuracy_window: usize) -> Self {
        Self {
            labels: LabelAssigner::new(neurons, classes, label_window),
            accuracy: RunningAccuracy::new(accuracy_window),
            confusion: Confusion::new(classes),
            fixed_labels: false,
            last: None,
        }
    }

    /// The same labels, fixed, and an empty score: for testing.
    #[must_use]
    pub fn with_fixed_labels(&self, classes: usize, accuracy_window: usize) -> Self {
        Self {
            labels: self.labels.clone(),
            accuracy: RunningAccuracy::new(accuracy_window),
            confusion: Confusion::new(classes),
            fixed_labels: true,
            last: None,
        }
    }

    /// Takes the spikes per output neuron that an image of class `label` got, and gives the answer.
    pub fn take(&mut self, label: u8, counts: &[u32]) -> Option<u8> {
        let answer = self.labels.predict(counts);
        self.accuracy.push(label, answer);
        self.confusion.record(label, answer);
        self.last = answer.map(|answer| (answer, label));
        if !self.fixed_labels {
            self.labels.push(label, counts);
        }
        answer
    }

    /// Per output neuron: its class.
    #[must_use]
    pub fn assigned(&self) -> &[Option<u8>] {
        self.labels.assigned()
    }

    /// Percent right over the accuracy window; none before the first answer.
    #[must_use]
    pub fn accuracy_percent(&self) -> Option<f64> {
        self.accuracy.percent()
    }

    /// Answers since the start.
    #[must_use]
    pub const fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// The last (answer, class shown); none when the last image got no answer.
    #[must_use]
    pub const fn last(&self) -> Option<(u8, u8)> {
        self.last
    }
}
