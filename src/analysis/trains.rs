//! All neurons at once: one [`Train`] per neuron, spikes per bin and an interval histogram per population, in memory
//! that does not grow with the number of spikes. In: batches of (time_ms, neuron) in the order of time. Out: plain
//! numbers per neuron and per population. Neighbouring spans of time merge, so that threads can share the work.

use std::ops::Range;

use super::bins::BinGrid;
use super::train::{Train, TrainOptions};

/// Width of the bins of `spikes_per_100ms_bin`, ms.
pub const RATE_BIN_MS: f64 = 100.0;

/// Times are told apart by this much, ms: steps of 0.1 ms are no binary fractions.
const HAIR_MS: f64 = 1e-6;

/// Intervals are counted per millisecond up to this many; longer ones are counted together.
pub const ISI_BINS: usize = 500;

/// What is analysed: neurons `0..neurons` in populations without gaps, over a span of time.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainPlan {
    /// Name and neurons of each population, in order and without gaps.
    pub populations: Vec<(String, Range<u32>)>,
    /// Beginning, ms.
    pub from_ms: f64,
    /// End, ms; a spike at it counts.
    pub to_ms: f64,
    /// See there.
    pub options: TrainOptions,
}

impl TrainPlan {
    /// Neurons of all populations.
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.populations.last().map_or(0, |(_, neurons)| neurons.end as usize)
    }

    /// Length of the span, ms.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.to_ms - self.from_ms
    }

    /// Whole count windows in the span.
    #[must_use]
    pub fn count_windows(&self) -> u32 {
        (self.duration_ms() / self.options.count_window_ms + 1e-9).floor().clamp(0.0, 4e9) as u32
    }
}

/// Running statistics of all neurons.
#[derive(Clone, Debug)]
pub struct Trains {
    plan: TrainPlan,
    /// Population of each neuron.
    population: Vec<u32>,
    trains: Vec<Train>,
    windows: Option<BinGrid>,
    rate_bins: Option<BinGrid>,
    per_population: Vec<PopulationSums>,
}

#[derive(Clone, Debug)]
struct PopulationSums {
    /// Per rate bin.
    counts: Vec<u64>,
    /// Per millisecond of the interval; the last entry holds the longer ones.
    intervals: Vec<u64>,
    sum_of_times_ms: f64,
}

/// Statistics of a set of neurons, under the names that reports use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PopulationStatistics {
    /// Neurons, silent ones included.
    pub n_neurons: u64,
    /// Spikes.
    pub spike_count: u64,
    /// Neurons with a spike.
    pub active_neurons: u64,
    /// Hz per neuron.
    pub mean_rate_hz: f64,
    /// First and last spike, ms.
    pub span_ms: Option<(f64, f64)>,
    /// Of all spikes.
    pub sum_of_spike_times_ms: f64,
    /// Mean over the neurons with three spikes or more.
    pub isi_cv_mean: Option<f64>,
    /// How many those are.
    pub isi_cv_neurons: u64,
    /// Mean over the neurons that have one.
    pub isi_cv2_mean: Option<f64>,
    /// Mean over the neurons that have one.
    pub isi_lv_mean: Option<f64>,
    /// Mean over the neurons that have one.
    pub isi_lvr_mean: Option<f64>,
    /// Mean over the neurons that spiked.
    pub fano_factor_mean: Option<f64>,
    /// Spikes of the neuron that spiked most.
    pub max_spikes_of_one_neuron: u64,
    /// Bursts of single neurons, and the spikes in them.
    pub bursts: (u64, u64),
    /// Spikes per 100 ms; empty where the span has too many bins.
    pub spikes_per_100ms_bin: Vec<u64>,
    /// Intervals per millisecond; the last entry holds the longer ones.
    pub isi_histogram_1ms: Vec<u64>,
}

impl Trains {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(plan: TrainPlan) -> Self {
        let neurons = plan.neurons();
        let mut population = vec![0; neurons];
        for (index, (_, range)) in plan.populations.iter().enumerate() {
            population[range.start as usize..range.end as usize].fill(index as u32);
        }
        let rate_bins = BinGrid::new(plan.from_ms, plan.to_ms, RATE_BIN_MS);
        let sums = PopulationSums {
            counts: vec![0; rate_bins.as_ref().map_or(0, BinGrid::len)],
            intervals: vec![0; ISI_BINS + 1],
            sum_of_times_ms: 0.0,
        };
        Self {
            population,
            trains: vec![Train::default(); neurons],
            windows: BinGrid::new(plan.from_ms, plan.to_ms, plan.options.count_window_ms),
            rate_bins,
            per_population: vec![sums; plan.populations.len()],
            plan,
        }
    }

    /// Bytes that one copy takes.
    #[must_use]
    pub fn bytes(plan: &TrainPlan) -> usize {
        plan.neurons() * (size_of::<Train>() + 4)
    }

    /// What is analysed.
    #[must_use]
    pub const fn plan(&self) -> &TrainPlan {
        &self.plan
    }

    /// Takes spikes, not before those taken already. Those of unknown neurons or outside of the span are left out.
    pub fn push(&mut self, times_ms: &[f64], neurons: &[u32]) {
        let length = times_ms.len().min(neurons.len());
        let (times_ms, neurons) = (&times_ms[..length], &neurons[..length]);
        match self.rate_bins {
            Some(grid) => grid.runs(times_ms, |bin, run| self.take(&times_ms[run.clone()], &neurons[run], Some(bin))),
            None => self.take(times_ms, neurons, None),
        }
    }

    /// Takes spikes of one rate bin.
    fn take(&mut self, times_ms: &[f64], neurons: &[u32], bin: Option<usize>) {
        let (from_ms, to_ms, options) = (self.plan.from_ms, self.plan.to_ms, self.plan.options);
        // The two grids are the same unless somebody asks for other windows.
        let shared = self.windows == self.rate_bins;
        let window_of = |time_ms: f64| match (shared, bin, &self.windows) {
            (true, Some(bin), _) => bin as u32,
            (_, _, Some(grid)) => grid.bin(time_ms) as u32,
            _ => 0,
        };
        for (&time_ms, &neuron) in times_ms.iter().zip(neurons) {
            let Some(train) = self.trains.get_mut(neuron as usize) else { continue };
            if !(from_ms <= time_ms && time_ms <= to_ms + HAIR_MS) {
                continue;
            }
            let sums = &mut self.per_population[self.population[neuron as usize] as usize];
            if let Some(last_ms) = train.last_spike_ms() {
                sums.intervals[interval_bin(time_ms - last_ms)] += 1;
            }
            if let Some(bin) = bin {
                sums.counts[bin] += 1;
            }
            sums.sum_of_times_ms += time_ms;
            train.push(time_ms, window_of(time_ms), &options);
        }
    }

    /// Appends what was seen in the span right after.
    pub fn append(&mut self, later: &Self) {
        for ((own, other), population) in self.trains.iter_mut().zip(&later.trains).zip(&self.population) {
            if let (Some(last), Some(first)) = (own.last_spike_ms(), other.first_spike_ms()) {
                self.per_population[*population as usize].intervals[interval_bin(first - last)] += 1;
            }
            own.append(other, &self.plan.options);
        }
        for (own, other) in self.per_population.iter_mut().zip(&later.per_population) {
            own.sum_of_times_ms += other.sum_of_times_ms;
            own.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
            own.intervals.iter_mut().zip(&other.intervals).for_each(|(a, b)| *a += b);
        }
    }

    /// Of every neuron, by id.
    #[must_use]
    pub fn trains(&self) -> &[Train] {
        &self.trains
    }

    /// Of one population.
    #[must_use]
    pub fn population(&self, index: usize) -> PopulationStatistics {
        self.statistics(index..index + 1)
    }

    /// Of all neurons.
    #[must_use]
    pub fn all(&self) -> PopulationStatistics {
        self.statistics(0..self.per_population.len())
    }

    fn statistics(&self, populations: Range<usize>) -> PopulationStatistics {
        let Some(sums) = self.per_population.get(populations.clone()).filter(|sums| !sums.is_empty()) else {
            return PopulationStatistics::default();
        };
        let ranges = &self.plan.populations[populations];
        let neurons = ranges[0].1.start as usize..ranges[ranges.len() - 1].1.end as usize;
        // Without a grid there is nothing to count in.
        let windows = self.windows.map_or(0, |_| self.plan.count_windows());
        let mut found = PopulationStatistics { n_neurons: neurons.len() as u64, ..Default::default() };
        let (mut cv, mut cv2, mut lv, mut lvr, mut fano) = <(Mean, Mean, Mean, Mean, Mean)>::default();
        for train in &self.trains[neurons] {
            let count = u64::from(train.spike_count());
            found.spike_count += count;
            found.active_neurons += u64::from(count > 0);
            found.max_spikes_of_one_neuron = found.max_spikes_of_one_neuron.max(count);
            if let (Some(first), Some(last)) = (train.first_spike_ms(), train.last_spike_ms()) {
                let span = found.span_ms.get_or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
            cv.add(train.cv());
            cv2.add(train.cv2());
            lv.add(train.lv());
            lvr.add(train.lvr());
            fano.add(train.fano_factor(windows));
            let (bursts, spikes) = train.bursts();
            found.bursts = (found.bursts.0 + u64::from(bursts), found.bursts.1 + u64::from(spikes));
        }
        found.mean_rate_hz = super::rate_hz(found.spike_count, found.n_neurons, self.plan.duration_ms());
        (found.isi_cv_mean, found.isi_cv_neurons) = (cv.value(), cv.count);
        (found.isi_cv2_mean, found.isi_lv_mean, found.isi_lvr_mean) = (cv2.value(), lv.value(), lvr.value());
        found.fano_factor_mean = fano.value();
        found.sum_of_spike_times_ms = sums.iter().map(|sums| sums.sum_of_times_ms).sum();
        found.spikes_per_100ms_bin = added(sums.iter().map(|sums| &sums.counts[..]));
        found.isi_histogram_1ms = added(sums.iter().map(|sums| &sums.intervals[..]));
        found
    }
}

fn interval_bin(interval_ms: f64) -> usize {
    ((interval_ms + 1e-9).max(0.0) as usize).min(ISI_BINS)
}

fn added<'a>(mut rows: impl Iterator<Item = &'a [u64]>) -> Vec<u64> {
    let mut sum = rows.next().map(<[u64]>::to_vec).unwrap_or_default();
    for row in rows {
        sum.iter_mut().zip(row).for_each(|(a, b)| *a += b);
    }
    sum
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
