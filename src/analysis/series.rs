//! A bounded time series for charts. When it is full, neighbouring points are merged into (minimum, maximum) pairs, so
//! that a long run keeps its whole history, its peaks, and a fixed memory.

use std::collections::VecDeque;

/// Points over time, oldest first. Each point covers an interval and keeps its extremes.
#[derive(Clone, Debug)]
pub struct Series {
    points: VecDeque<SeriesPoint>,
    capacity: usize,
    merged: u32,
    pending: Option<(SeriesPoint, u32)>,
    last: Option<f64>,
}

/// One point of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesPoint {
    /// Time of the last value in it, ms.
    pub time_ms: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean of the values.
    pub mean: f64,
}

impl Default for Series {
    fn default() -> Self {
        Self::new(2048)
    }
}

impl Series {
    /// An empty series of at most `capacity` points (2 or more).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { points: VecDeque::new(), capacity: capacity.max(2), merged: 1, pending: None, last: None }
    }

    /// Adds a value. Values that are not finite are left out.
    pub fn push(&mut self, time_ms: f64, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.last = Some(value);
        let (point, count) = match self.pending.take() {
            None => (SeriesPoint { time_ms, min: value, max: value, mean: value }, 1),
            Some((p, n)) => (
                SeriesPoint {
                    time_ms,
                    min: p.min.min(value),
                    max: p.max.max(value),
                    mean: (p.mean * f64::from(n) + value) / f64::from(n + 1),
                },
                n + 1,
            ),
        };
        if count < self.merged {
            self.pending = Some((point, count));
            return;
        }
        if self.points.len() == self.capacity {
            self.halve();
        }
        self.points.push_back(point);
    }

    fn halve(&mut self) {
        let merged = self
            .points
            .make_contiguous()
            .chunks(2)
            .map(|pair| match pair {
                [a, b] => SeriesPoint {
                    time_ms: b.time_ms,
                    min: a.min.min(b.min),
                    max: a.max.max(b.max),
                    mean: f64::midpoint(a.mean, b.mean),
                },
                _ => pair[0],
            })
            .collect();
        self.points = merged;
        self.merged = self.merged.saturating_mul(2);
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &SeriesPoint> {
        self.points.iter()
    }

    /// How many values a point stands for by now; charts say so when it is above 1.
    #[must_use]
    pub const fn values_per_point(&self) -> u32 {
        self.merged
    }

    /// The newest value.
    #[must_use]
    pub const fn last(&self) -> Option<f64> {
        self.last
    }

    /// Forgets what came after this time, ms. A merged point goes when part of it is later.
    pub fn forget_after(&mut self, time_ms: f64) {
        self.pending = self.pending.filter(|(point, _)| point.time_ms <= time_ms);
        while self.points.back().is_some_and(|point| point.time_ms > time_ms) {
            self.points.pop_back();
        }
        self.last = self.pending.map(|(point, _)| point.mean).or_else(|| self.points.back().map(|point| point.mean));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_series_keeps_its_extremes_and_its_span() {
        let mut series = Series::new(16);
        for i in 0..1000 {
            series.push(f64::from(i), if i == 500 { 99.0 } else { f64::from(i % 3) });
        }
        assert!(series.points().len() <= 16);
        assert_eq!(series.points().map(|p| p.max).fold(f64::MIN, f64::max), 99.0);
        assert!(series.points().next().expect("not empty").time_ms < 200.0);
        assert_eq!(series.last(), Some(0.0));
        series.forget_after(700.0);
        assert!(series.points().all(|p| p.time_ms <= 700.0) && series.points().len() > 4);
        series.forget_after(-1.0);
        assert_eq!((series.points().len(), series.last()), (0, None));
        series.push(1.0, 5.0);
        assert_eq!(series.last(), Some(5.0));
    }
}
