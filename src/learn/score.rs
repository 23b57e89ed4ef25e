//! Scoring of a run's answers. Owns the order that keeps the score honest: an answer is given and scored first, and
//! only then does its presentation count for the labels.

use serde::{Deserialize, Serialize};

use super::labels::{Confusion, LabelAssigner, RunningAccuracy};

/// A score as it goes to disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedScore {
    /// As [`LabelAssigner::window`] gives it.
    pub labels: Vec<(u8, Vec<(u32, u32)>)>,
    /// As [`RunningAccuracy::window`] gives it.
    pub outcomes: Vec<bool>,
    /// Row by row.
    pub confusion: Vec<u64>,
    /// The last (answer, class shown).
    pub last: Option<(u8, u8)>,
}

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

    /// What has to be kept to go on.
    #[must_use]
    pub fn saved(&self) -> SavedScore {
        SavedScore {
            labels: self.labels.window().cloned().collect(),
            outcomes: self.accuracy.window().collect(),
            confusion: self.confusion.rows().flatten().copied().collect(),
            last: self.last,
        }
    }

    /// Goes on from what was kept, in a new score of the same sizes.
    pub fn restore(&mut self, saved: SavedScore) {
        self.labels.extend(saved.labels);
        saved.outcomes.into_iter().for_each(|right| self.accuracy.push_outcome(right));
        self.confusion.add(&saved.confusion);
        self.last = saved.last;
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
