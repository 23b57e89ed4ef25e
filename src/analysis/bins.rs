//! Spikes per bin of time, and what is read off them: smoothed rate, complexity, population bursts. In: spike times in
//! the order of time. Bins are half-open; times are rounded to a millionth of a millisecond first, so that 0.3 / 0.1 is
//! bin 3.

use std::ops::Range;

/// Bins that an analysis keeps at most.
pub const MOST_BINS: usize = 1 << 20;

/// Equal bins over `from_ms..to_ms`; a spike at `to_ms` belongs to the last one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinGrid {
    from_ms: f64,
    width_ms: f64,
    width_ticks: i64,
    bins: usize,
}

fn ticks(time_ms: f64) -> i64 {
    (time_ms * 1e6).round() as i64
}

impl BinGrid {
    /// Bins of `width_ms` (a millionth of a millisecond or more) over the span; the last one may be cut short. At least
    /// one bin; none at all where there would be more than [`MOST_BINS`].
    #[must_use]
    pub fn new(from_ms: f64, to_ms: f64, width_ms: f64) -> Option<Self> {
        let width_ticks = ticks(width_ms);
        let bins = (((to_ms - from_ms) / width_ms) - 1e-9).ceil().max(1.0);
        (width_ticks > 0 && bins <= MOST_BINS as f64).then_some(Self {
            from_ms,
            width_ms,
            width_ticks,
            bins: bins as usize,
        })
    }

    /// How many.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always a bin")]
    pub const fn len(&self) -> usize {
        self.bins
    }

    /// Width of a bin, ms.
    #[must_use]
    pub const fn width_ms(&self) -> f64 {
        self.width_ms
    }

    /// Where a bin begins, ms.
    #[must_use]
    pub fn start_ms(&self, bin: usize) -> f64 {
        self.from_ms + bin as f64 * self.width_ms
    }

    /// The bin of a time within the span; earlier and later times fall into the first and the last bin.
    #[must_use]
    pub fn bin(&self, time_ms: f64) -> usize {
        let bin = (ticks(time_ms - self.from_ms).max(0) / self.width_ticks) as usize;
        bin.min(self.bins - 1)
    }

    /// Calls `each` with every run of spikes that share a bin: (bin, range of the slice). Costs a comparison per spike
    /// where the times are sorted.
    pub fn runs(&self, times_ms: &[f64], mut each: impl FnMut(usize, Range<usize>)) {
        let mut begin = 0;
        while begin < times_ms.len() {
            let bin = self.bin(times_ms[begin]);
            // No spike within a hair of the edges is decided by the quick comparison.
            let low = if bin == 0 { f64::NEG_INFINITY } else { self.start_ms(bin) + 1e-5 };
            let high = if bin + 1 == self.bins { f64::INFINITY } else { self.start_ms(bin + 1) - 1e-5 };
            let mut end = begin + 1;
            while end < times_ms.len() {
                let time_ms = times_ms[end];
                if !(low < time_ms && time_ms < high) && self.bin(time_ms) != bin {
                    break;
                }
                end += 1;
            }
            each(bin, begin..end);
            begin = end;
        }
    }
}

/// Spikes of one set of neurons convolved with a Gaussian of standard deviation `sigma_ms`, Hz over all of them, at the
/// middle of each bin: the kernel is integrated over bins and not corrected at the borders, as Elephant's
/// `instantaneous_rate(border_correction=False)`, from which it differs by what the bins are wide.
#[must_use]
pub fn gaussian_rate_hz(counts: &[u64], width_ms: f64, sigma_ms: f64) -> Vec<f64> {
    if !(sigma_ms > 0.0 && width_ms > 0.0) {
        return counts.iter().map(|count| *count as f64 / width_ms * 1e3).collect();
    }
    let reach = ((5.0 * sigma_ms / width_ms).ceil() as usize).min(counts.len());
    let weight = |offset: usize| (-0.5 * (offset as f64 * width_ms / sigma_ms).powi(2)).exp();
    let norm = 1e3 / (sigma_ms * std::f64::consts::TAU.sqrt());
    let kernel: Vec<f64> = (0..=reach).map(|offset| weight(offset) * norm).collect();
    (0..counts.len())
        .map(|bin| {
            let begin = bin.saturating_sub(reach);
            let end = (bin + reach + 1).min(counts.len());
            (begin..end).map(|other| counts[other] as f64 * kernel[bin.abs_diff(other)]).sum()
        })
        .collect()
}

/// How many bins hold how many spikes: entry `k` counts the bins with `k` spikes (Elephant's `complexity_histogram` of
/// spread 0 where no neuron spikes twice in a bin).
#[must_use]
pub fn complexity(counts: &[u64]) -> Vec<u64> {
    let mut histogram = vec![0; counts.iter().max().map_or(0, |most| (*most).min(MOST_BINS as u64) as usize + 1)];
    for count in counts {
        histogram[(*count).min(MOST_BINS as u64) as usize] += 1;
    }
    histogram
}

/// Variance over mean of the spikes of all neurons per bin: 1 for independent Poisson neurons, near their number for
/// neurons that spike together.
#[must_use]
pub fn population_fano_factor(counts: &[u64]) -> Option<f64> {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    let squares: f64 = counts.iter().map(|count| (*count as f64 - mean).powi(2)).sum();
    (mean > 0.0).then(|| squares / counts.len() as f64 / mean)
}

/// Population bursts: runs of bins with more spikes than the mean and `deviations` standard deviations, at least
/// `deviations` spikes; as ranges of bins.
#[must_use]
pub fn population_bursts(counts: &[u64], deviations: f64) -> Vec<Range<usize>> {
    let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
    let spread = population_fano_factor(counts).map_or(0.0, |fano| (fano * mean).sqrt());
    let bound = (mean + deviations * spread).max(deviations);
    let mut bursts: Vec<Range<usize>> = Vec::new();
    for (bin, _) in counts.iter().enumerate().filter(|(_, count)| **count as f64 > bound) {
        match bursts.last_mut() {
            Some(last) if last.end == bin => last.end = bin + 1,
            _ => bursts.push(bin..bin + 1),
        }
    }
    bursts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_half_open_the_last_is_closed_and_edges_are_exact() {
        let grid = BinGrid::new(0.0, 1.0, 0.1).expect("few bins");
        assert_eq!(grid.len(), 10);
        for (time_ms, bin) in [(0.0, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.999, 9), (1.0, 9), (0.1 + 0.2, 3)] {
            assert_eq!(grid.bin(time_ms), bin, "{time_ms}");
        }
        let times = [0.0, 0.05, 0.1, 0.3, 0.3, 0.95, 1.0];
        let mut counts = vec![0; 10];
        grid.runs(&times, |bin, run| counts[bin] += run.len());
        assert_eq!(counts, [2, 1, 0, 2, 0, 0, 0, 0, 0, 2]);
        assert!(BinGrid::new(0.0, 1e12, 0.1).is_none() && BinGrid::new(0.0, 1.0, 0.0).is_none());
    }

    #[test]
    fn complexity_and_bursts() {
        let mut counts = vec![1; 100];
        counts[40..43].fill(30);
        assert_eq!(complexity(&[0, 2, 1, 2]), [1, 1, 2]);
        assert_eq!(population_bursts(&counts, 3.0).as_slice(), std::slice::from_ref(&(40..43)));
        assert!(population_bursts(&[1; 50], 3.0).is_empty() && population_bursts(&[], 3.0).is_empty());
        assert_eq!(population_fano_factor(&[2, 2, 2]), Some(0.0));
        let rate = gaussian_rate_hz(&[0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0], 10.0, 10.0);
        let sum: f64 = rate.iter().sum::<f64>() * 10.0 / 1e3;
        assert!((sum - 10.0).abs() < 1e-5, "the kernel keeps the spikes: {sum}");
    }
}
