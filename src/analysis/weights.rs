//! Weights over time: mean, spread, extremes, histogram and total change per interval; receptive fields; sparsity and
//! synaptic operations. In: the weights as a run began and its changes in the order of time. Out: one row per interval.

use std::ops::Range;

/// Columns of a weight histogram.
pub const WEIGHT_BINS: usize = 64;

/// Mean, spread and extremes of numbers that come one by one; not-a-numbers are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    mean: f64,
    squares: f64,
    /// The smallest; 0 where there is none.
    pub min: f64,
    /// The largest; 0 where there is none.
    pub max: f64,
}

impl Moments {
    /// Takes a number.
    pub fn push(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let first = self.count == 0;
        (self.min, self.max) = if first { (value, value) } else { (self.min.min(value), self.max.max(value)) };
        self.count += 1;
        self.sum += value;
        let difference = value - self.mean;
        self.mean += difference / self.count as f64;
        self.squares += difference * (value - self.mean);
    }

    /// The mean; 0 where there is nothing.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// Population standard deviation.
    #[must_use]
    pub fn std(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.squares.max(0.0) / self.count as f64).sqrt() }
    }
}

/// One interval of a projection's weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightInterval {
    /// Its end, ms; the statistics hold for the weights at that time.
    pub end_ms: f64,
    /// Of the synapses that are left.
    pub weights: Moments,
    /// Changes within the interval.
    pub updates: u64,
    /// Sum of the absolute changes within the interval.
    pub total_change: f64,
    /// Synapses pruned until its end.
    pub pruned: u64,
    /// Synapses per bin of [`WeightsOverTime::histogram_range`].
    pub histogram: Vec<u64>,
}

/// Follows the weights of one projection; one number per synapse is held.
#[derive(Clone, Debug)]
pub struct WeightsOverTime {
    weights: Vec<f32>,
    interval_ms: f64,
    next_ms: f64,
    range: (f64, f64),
    open: WeightInterval,
    intervals: Vec<WeightInterval>,
}

impl WeightsOverTime {
    /// Begins at `from_ms` with the weights as they are then (not a number: pruned), in intervals of `interval_ms`.
    #[must_use]
    pub fn new(weights: Vec<f32>, from_ms: f64, interval_ms: f64) -> Self {
        let moments = moments(&weights);
        let pruned = weights.iter().filter(|weight| weight.is_nan()).count() as u64;
        let range = (moments.min.min(0.0), moments.max.max(moments.min + f64::EPSILON));
        let mut own = Self {
            weights,
            interval_ms: if interval_ms > 0.0 { interval_ms } else { f64::INFINITY },
            next_ms: from_ms + if interval_ms > 0.0 { interval_ms } else { f64::INFINITY },
            range,
            open: WeightInterval { pruned, ..WeightInterval::default() },
            intervals: Vec::new(),
        };
        own.intervals.push(own.snapshot(from_ms));
        own
    }

    /// A change: the new weight, none where the synapse was pruned. Not before the changes taken already.
    pub fn change(&mut self, time_ms: f64, synapse: usize, weight: Option<f32>) {
        self.advance(time_ms);
        let Some(slot) = self.weights.get_mut(synapse) else { return };
        let new = weight.unwrap_or(f32::NAN);
        let (before, after) = (if slot.is_nan() { 0.0 } else { *slot }, if new.is_nan() { 0.0 } else { new });
        self.open.updates += 1;
        self.open.total_change += f64::from((after - before).abs());
        match (slot.is_nan(), new.is_nan()) {
            (false, true) => self.open.pruned += 1,
            (true, false) => self.open.pruned -= 1,
            _ => {}
        }
        *slot = new;
    }

    /// Nothing more happens before this time: closes the intervals that end until then.
    pub fn advance(&mut self, time_ms: f64) {
        while time_ms >= self.next_ms && self.intervals.len() < super::bins::MOST_BINS {
            let closed = self.snapshot(self.next_ms);
            self.intervals.push(closed);
            self.open = WeightInterval { pruned: self.open.pruned, ..WeightInterval::default() };
            self.next_ms += self.interval_ms;
        }
    }

    fn snapshot(&self, end_ms: f64) -> WeightInterval {
        // Nothing changed: the last picture still holds.
        if let Some(last) = self.intervals.last()
            && self.open.updates == 0
        {
            return WeightInterval { end_ms, updates: 0, total_change: 0.0, ..last.clone() };
        }
        WeightInterval {
            end_ms,
            weights: moments(&self.weights),
            histogram: histogram(&self.weights, self.range),
            ..self.open.clone()
        }
    }

    /// Ends at `to_ms`.
    #[must_use]
    pub fn finish(mut self, to_ms: f64) -> (Vec<WeightInterval>, Vec<f32>) {
        self.advance(to_ms);
        if self.intervals.last().is_some_and(|last| last.end_ms < to_ms) {
            let last = self.snapshot(to_ms);
            self.intervals.push(last);
        }
        (self.intervals, self.weights)
    }

    /// Lower and upper edge of the histograms; lighter and heavier weights fall into the outer bins.
    #[must_use]
    pub const fn histogram_range(&self) -> (f64, f64) {
        self.range
    }
}

/// Of the weights that are numbers.
#[must_use]
pub fn moments(weights: &[f32]) -> Moments {
    let mut moments = Moments::default();
    weights.iter().for_each(|weight| moments.push(f64::from(*weight)));
    moments
}

/// [`WEIGHT_BINS`] equal bins over `range`; the outer ones take what lies outside.
#[must_use]
pub fn histogram(weights: &[f32], range: (f64, f64)) -> Vec<u64> {
    let mut bins = vec![0; WEIGHT_BINS];
    let scale = WEIGHT_BINS as f64 / (range.1 - range.0).max(f64::MIN_POSITIVE);
    for weight in weights.iter().filter(|weight| !weight.is_nan()) {
        bins[(((f64::from(*weight) - range.0) * scale).max(0.0) as usize).min(WEIGHT_BINS - 1)] += 1;
    }
    bins
}

/// Weights onto the neuron `post` from each of the neurons `pre`: sums where there are several synapses, none where
/// there is no synapse (or none left).
#[must_use]
pub fn receptive_field(
    synapses: impl Iterator<Item = (u32, u32, f32)>,
    post: u32,
    pre: Range<u32>,
) -> Vec<Option<f32>> {
    let mut field = vec![None; pre.len()];
    for (from, to, weight) in synapses {
        if to == post && pre.contains(&from) && !weight.is_nan() {
            *field[(from - pre.start) as usize].get_or_insert(0.0) += weight;
        }
    }
    field
}

/// Connection sparsity (NeuroBench): weights that are zero or pruned, over all weights; 1 is empty.
#[must_use]
pub fn connection_sparsity(weights: &[f32]) -> Option<f64> {
    let zeros = weights.iter().filter(|weight| weight.is_nan() || **weight == 0.0).count();
    (!weights.is_empty()).then(|| zeros as f64 / weights.len() as f64)
}

/// Activation sparsity (NeuroBench): 1 minus spikes over neurons times steps; 1 is silent.
#[must_use]
pub fn activation_sparsity(spikes: u64, neurons: u64, steps: f64) -> Option<f64> {
    let activations = neurons as f64 * steps;
    (activations >= 1.0).then(|| 1.0 - spikes as f64 / activations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_tell_changes_extremes_and_pruning() {
        let mut followed = WeightsOverTime::new(vec![0.0, 1.0, 2.0, 3.0], 0.0, 10.0);
        followed.change(5.0, 0, Some(1.0));
        followed.change(10.0, 3, None);
        followed.change(15.0, 2, Some(1.5));
        let (intervals, weights) = followed.finish(35.0);
        let ends: Vec<f64> = intervals.iter().map(|i| i.end_ms).collect();
        assert_eq!(ends, [0.0, 10.0, 20.0, 30.0, 35.0]);
        assert_eq!((intervals[0].weights.mean(), intervals[0].weights.max), (1.5, 3.0));
        assert_eq!((intervals[1].weights.mean(), intervals[1].updates, intervals[1].total_change), (1.75, 1, 1.0));
        let last = &intervals[2];
        assert_eq!((last.pruned, last.updates, last.total_change, last.weights.max), (1, 2, 3.5, 1.5));
        assert_eq!((intervals[3].updates, intervals[3].pruned, intervals[3].weights.count), (0, 1, 3));
        assert_eq!(last.histogram.iter().sum::<u64>(), 3);
        assert_eq!(connection_sparsity(&weights), Some(0.25));
    }

    #[test]
    fn fields_and_sparsity() {
        let synapses = [(0, 9, 1.0), (2, 9, 0.5), (2, 9, 0.25), (1, 8, 7.0), (1, 9, f32::NAN)];
        assert_eq!(receptive_field(synapses.into_iter(), 9, 0..3), [Some(1.0), None, Some(0.75)]);
        assert_eq!(activation_sparsity(5, 10, 10.0), Some(0.95));
        assert_eq!(activation_sparsity(0, 0, 10.0), None);
        assert_eq!(connection_sparsity(&[]), None);
        let m = moments(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((m.mean(), m.std(), m.min, m.max, m.sum), (5.0, 2.0, 2.0, 9.0, 40.0));
    }
}
