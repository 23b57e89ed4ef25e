//! Spike statistics over a slice of spikes: counts, rates, intervals, bins. In: spikes sorted by (step, neuron), dt and
//! the span they were recorded over. Out: plain numbers under the names that reports use.
//!
//! Definitions: `mean_rate_hz = spike_count / neurons / duration`; `isi_cv_mean` is the mean, over neurons with at
//! least 3 spikes, of the population standard deviation of the inter-spike intervals divided by their mean.

use std::ops::Range;

use crate::engine::Spike;

/// Statistics of one set of neurons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpikeStatistics {
    /// Neurons, silent ones included.
    pub neurons: u64,
    /// Spikes.
    pub spike_count: u64,
    /// Hz per neuron.
    pub mean_rate_hz: f64,
    /// Neurons without any spike.
    pub silent_neurons: u64,
    /// Mean coefficient of variation of the intervals; none where no neuron has three spikes.
    pub isi_cv_mean: Option<f64>,
    /// Neurons with at least three spikes.
    pub isi_cv_neurons: u64,
}

/// Statistics of the neurons `neurons` over `duration_ms`. Spikes of other neurons are left out; spikes of one neuron
/// must be in the order of time.
#[must_use]
pub fn spike_statistics(spikes: &[Spike], neurons: Range<u32>, dt_ms: f64, duration_ms: f64) -> SpikeStatistics {
    let size = (neurons.end.saturating_sub(neurons.start)) as usize;
    let mut intervals = vec![Intervals::default(); size];
    let mut spike_count = 0;
    for spike in spikes.iter().filter(|s| neurons.contains(&s.neuron)) {
        spike_count += 1;
        intervals[(spike.neuron - neurons.start) as usize].push(f64::from(spike.step) * dt_ms);
    }
    let variations: Vec<f64> = intervals.iter().filter_map(Intervals::variation).collect();
    let isi_cv_mean = (!variations.is_empty()).then(|| variations.iter().sum::<f64>() / variations.len() as f64);
    SpikeStatistics {
        neurons: size as u64,
        spike_count,
        mean_rate_hz: rate_hz(spike_count, size as u64, duration_ms),
        silent_neurons: intervals.iter().filter(|i| i.spikes == 0).count() as u64,
        isi_cv_mean,
        isi_cv_neurons: variations.len() as u64,
    }
}

/// Mean rate of `neurons` neurons with `spike_count` spikes in `duration_ms`, Hz; 0 for nothing or no time.
#[must_use]
pub fn rate_hz(spike_count: u64, neurons: u64, duration_ms: f64) -> f64 {
    if neurons == 0 || duration_ms <= 0.0 { 0.0 } else { spike_count as f64 / neurons as f64 / duration_ms * 1e3 }
}

/// Spikes per bin over `duration_ms`: bins `[k w, (k + 1) w)`, the last one closed. Spike times are stamped with the
/// end of their step and rounded to 1e-6 ms first. A bin that the duration cuts short is counted as far as it goes.
#[must_use]
pub fn spikes_per_bin(spikes: &[Spike], dt_ms: f64, duration_ms: f64, bin_ms: f64) -> Vec<u64> {
    if !(bin_ms > 0.0 && duration_ms > 0.0) {
        return Vec::new();
    }
    let mut bins = vec![0; ((duration_ms / bin_ms) - 1e-9).ceil().max(1.0) as usize];
    let last = bins.len() - 1;
    for spike in spikes {
        let time_ms = (f64::from(spike.step) * dt_ms * 1e6).round() * 1e-6;
        if time_ms <= duration_ms + 1e-6 {
            // A hair above, so that 0.3 / 0.1 falls into bin 3.
            bins[((time_ms / bin_ms + 1e-9) as usize).min(last)] += 1;
        }
    }
    bins
}

/// Running sums over one neuron's inter-spike intervals (Welford's method: stable for long runs).
#[derive(Clone, Copy, Debug, Default)]
struct Intervals {
    spikes: u32,
    last_ms: f64,
    mean: f64,
    squares: f64,
}

impl Intervals {
    fn push(&mut self, time_ms: f64) {
        if self.spikes > 0 {
            let interval = time_ms - self.last_ms;
            let difference = interval - self.mean;
            self.mean += difference / f64::from(self.spikes);
            self.squares += difference * (interval - self.mean);
        }
        self.spikes += 1;
        self.last_ms = time_ms;
    }

    /// Coefficient of variation, from three spikes on.
    fn variation(&self) -> Option<f64> {
        let count = f64::from(self.spikes.checked_sub(1)?);
        (self.spikes >= 3 && self.mean > 0.0).then(|| (self.squares.max(0.0) / count).sqrt() / self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spikes(of: &[(u32, u32)]) -> Vec<Spike> {
        of.iter().map(|&(step, neuron)| Spike { step, neuron }).collect()
    }

    #[test]
    fn known_answers() {
        // Neuron 1: spikes at 10, 20, 40 ms, intervals 10 and 20: sd 5, mean 15. Neuron 2: regular. Neuron 3: one
        // spike. Neuron 4: silent. Neuron 9 is somebody else's.
        let s = spikes(&[(10, 1), (10, 2), (10, 9), (20, 1), (20, 2), (25, 3), (30, 2), (40, 1)]);
        let found = spike_statistics(&s, 1..5, 1.0, 100.0);
        assert_eq!((found.neurons, found.spike_count, found.silent_neurons, found.isi_cv_neurons), (4, 7, 1, 2));
        assert!((found.mean_rate_hz - 17.5).abs() < 1e-12);
        assert!((found.isi_cv_mean.expect("two neurons") - (5.0 / 15.0) / 2.0).abs() < 1e-12);
        assert_eq!(spike_statistics(&s, 3..5, 1.0, 100.0).isi_cv_mean, None);
        assert_eq!(spike_statistics(&[], 0..0, 1.0, 0.0), SpikeStatistics::default());
    }

    #[test]
    fn bins_are_half_open_and_the_last_is_closed() {
        let s = spikes(&[(1, 0), (999, 0), (1000, 0), (1999, 0), (2000, 0), (2001, 0)]);
        assert_eq!(spikes_per_bin(&s, 0.1, 200.0, 100.0), [2, 3]);
        assert_eq!(spikes_per_bin(&s, 0.1, 250.0, 100.0), [2, 2, 2]);
        assert!(spikes_per_bin(&s, 0.1, 0.0, 100.0).is_empty());
    }
}
