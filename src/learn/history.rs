//! What a training run leaves behind for its report: measurements every so many images, and every pruning period.

use serde::{Deserialize, Serialize};

/// Nine significant digits: all that single precision has, and few enough that a number reads back from JSON as it was.
pub(super) fn significant(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}

/// To a millionth, which hides that most steps are no binary fractions.
pub(super) fn time_ms(step: u64, dt_ms: f64) -> f64 {
    (step as f64 * dt_ms * 1e6).round() / 1e6
}

/// A run's course.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// In order.
    pub points: Vec<HistoryPoint>,
    /// In order.
    pub periods: Vec<PruningPeriod>,
}

/// One stretch of images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// Images shown by its end.
    pub images: u64,
    /// Simulated time at its end, ms.
    pub time_ms: f64,
    /// Percent right over the accuracy window.
    pub accuracy_percent: Option<f64>,
    /// Spikes of the output population per image, repeats included.
    pub output_spikes_per_image: f64,
    /// Spikes of all neurons per image.
    pub spikes_per_image: f64,
    /// Effective accumulates per image.
    pub effective_accumulates_per_image: f64,
    /// Showings beyond the first per image.
    pub repeats_per_image: f64,
    /// Mean change of a surviving weight since the last point, as a share of the largest weight, per image.
    pub weight_change_per_image: f64,
    /// Of projections whose weights can change.
    pub projections: Vec<ProjectionPoint>,
}

/// Weights of one projection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectionPoint {
    /// Name.
    pub projection: String,
    /// Of surviving synapses.
    pub weight_mean: f64,
    /// Surviving synapses.
    pub remaining: u64,
    /// Synapses at the start.
    pub total: u64,
    /// T of the next pruning period, as a share of the largest weight; 0 without pruning.
    pub threshold: f64,
    /// Surviving synapses by weight, from 0 to the largest, in even bins.
    pub histogram: Vec<u32>,
}

/// One period of a pruning policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PruningPeriod {
    /// Images shown before it.
    pub images: u64,
    /// Simulated time, ms.
    pub time_ms: f64,
    /// Name.
    pub projection: String,
    /// T of this period; 0 for policies without one.
    pub threshold: f64,
    /// Synapses before it.
    pub remaining_before: u64,
    /// Synapses after it.
    pub remaining: u64,
    /// Synapses at the start.
    pub total: u64,
    /// T of the next period.
    pub next_threshold: f64,
}
