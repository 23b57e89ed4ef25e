//! Inter-spike intervals of one neuron, as they come: mean and spread in 16 bytes, however long the run.

/// Running sums over one neuron's inter-spike intervals (Welford's method: stable for long runs), in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StreamedIntervals {
    /// Step of the last spike; 0: none that an interval could begin at.
    last: u32,
    count: u32,
    mean: f32,
    squares: f32,
}

impl StreamedIntervals {
    /// Takes the next spike. One that is not after the last begins anew: time was turned back.
    pub fn push(&mut self, step: u32) {
        if self.last > 0 && step > self.last {
            let interval = (step - self.last) as f32;
            self.count = self.count.saturating_add(1);
            let difference = interval - self.mean;
            self.mean += difference / self.count as f32;
            self.squares += difference * (interval - self.mean);
        }
        self.last = step;
    }

    /// Spikes are missing from here on: the next one ends no interval.
    pub const fn interrupt(&mut self) {
        self.last = 0;
    }

    /// Coefficient of variation: population standard deviation over mean, from two intervals on.
    #[must_use]
    pub fn variation(&self) -> Option<f32> {
        let spread = || (self.squares.max(0.0) / self.count as f32).sqrt();
        (self.count >= 2 && self.mean > 0.0).then(|| spread() / self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::random::Draws;

    #[test]
    fn a_stream_tells_what_all_spikes_at_once_tell() {
        let mut draws = Draws::new(4, 1, 0);
        let mut streamed = StreamedIntervals::default();
        let (mut step, mut steps) = (0_u32, Vec::new());
        for _ in 0..50_000 {
            step += 1 + (-200.0 * (1.0 - draws.uniform()).ln()) as u32;
            streamed.push(step);
            steps.push(f64::from(step));
        }
        let intervals: Vec<f64> = steps.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
        let variance = intervals.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / intervals.len() as f64;
        let direct = variance.sqrt() / mean;
        let found = f64::from(streamed.variation().expect("many intervals"));
        assert!((found - direct).abs() < 1e-3 * direct, "{found} instead of {direct}");
    }

    #[test]
    fn gaps_and_turned_back_time_make_no_intervals() {
        let mut streamed = StreamedIntervals::default();
        for step in [10, 20] {
            streamed.push(step);
        }
        assert_eq!(streamed.variation(), None, "one interval says nothing");
        streamed.interrupt();
        for step in [500, 510, 100, 110] {
            streamed.push(step);
        }
        assert_eq!(streamed.variation(), Some(0.0), "three intervals of 10 steps");
    }
}
