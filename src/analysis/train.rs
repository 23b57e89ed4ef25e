//! One spike train in constant memory: count, extremes, inter-spike intervals and their variability, Fano factor, bursts.
//! In: spike times in the order of time. Out: the statistics under Elephant's names. Two trains of one neuron, one after
//! the other in time, merge into what all spikes at once would have given (up to the rounding of sums).

/// What a train is measured with; the same for all trains of one analysis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainOptions {
    /// Window of the counts of the Fano factor, ms.
    pub count_window_ms: f64,
    /// Longest interval within a burst, ms.
    pub burst_isi_ms: f64,
    /// Refractory time `R` of LvR, ms.
    pub refractory_ms: f64,
}

/// Spikes that make a burst.
pub const BURST_SPIKES: u32 = 3;

impl Default for TrainOptions {
    fn default() -> Self {
        Self { count_window_ms: 100.0, burst_isi_ms: 10.0, refractory_ms: 5.0 }
    }
}

/// Running sums of one neuron.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Train {
    count: u32,
    first_ms: f64,
    last_ms: f64,
    /// Welford's mean and sum of squared differences of the intervals.
    isi_mean: f64,
    isi_squares: f64,
    first_isi: f64,
    last_isi: f64,
    cv2_sum: f64,
    lv_sum: f64,
    lvr_sum: f64,
    pairs: u32,
    counts: WindowCounts,
    bursts: Bursts,
}

/// Spikes per count window: the first and the last window are kept apart, so that two halves can meet inside one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct WindowCounts {
    first: u32,
    first_count: u32,
    last: u32,
    last_count: u32,
    /// Of the windows between first and last.
    inner_squares: f64,
    inner_count: u32,
}

/// Runs of short intervals: the first and the last run are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bursts {
    /// Spikes of the first run.
    head: u32,
    /// Spikes of the last run.
    tail: u32,
    /// Whether head and tail are the same run.
    whole: bool,
    inner_bursts: u32,
    inner_spikes: u32,
}

impl Train {
    /// Takes the next spike: not before the last one. `window` is the count window it falls into, counted from the
    /// beginning of the analysis.
    #[inline]
    pub fn push(&mut self, time_ms: f64, window: u32, options: &TrainOptions) {
        if self.count == 0 {
            self.first_ms = time_ms;
            self.counts = WindowCounts { first: window, first_count: 1, last: window, ..WindowCounts::default() };
            self.bursts = Bursts { head: 1, tail: 1, whole: true, ..Bursts::default() };
        } else {
            self.interval(time_ms - self.last_ms, options);
            self.counts.push(window);
            self.bursts.push(time_ms - self.last_ms <= options.burst_isi_ms);
        }
        self.count = self.count.saturating_add(1);
        self.last_ms = time_ms;
    }

    fn interval(&mut self, isi: f64, options: &TrainOptions) {
        if self.count == 1 {
            self.first_isi = isi;
        } else {
            self.pair(self.last_isi, isi, options);
        }
        let difference = isi - self.isi_mean;
        self.isi_mean += difference / f64::from(self.count);
        self.isi_squares += difference * (isi - self.isi_mean);
        self.last_isi = isi;
    }

    /// Two neighbouring intervals. Two of no length say nothing and are left out (Elephant gives no number then).
    fn pair(&mut self, a: f64, b: f64, options: &TrainOptions) {
        let sum = a + b;
        if sum > 0.0 {
            // 1 - 4 a b / (a + b)^2, as LvR is printed, is the square of this share.
            let per_sum = 1.0 / sum;
            let share = (a - b).abs() * per_sum;
            let local = 3.0 * share * share;
            self.cv2_sum += 2.0 * share;
            self.lv_sum += local;
            self.lvr_sum += local * (1.0 + 4.0 * options.refractory_ms * per_sum);
            self.pairs += 1;
        }
    }

    /// Appends the same neuron's later spikes.
    pub fn append(&mut self, later: &Self, options: &TrainOptions) {
        if later.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *later;
            return;
        }
        let bridge = later.first_ms - self.last_ms;
        self.interval(bridge, options);
        if later.count >= 2 {
            self.pair(bridge, later.first_isi, options);
            let (n, m) = (f64::from(self.count), f64::from(later.count - 1));
            let difference = later.isi_mean - self.isi_mean;
            self.isi_mean += difference * m / (n + m);
            self.isi_squares += later.isi_squares + difference * difference * n * m / (n + m);
            self.last_isi = later.last_isi;
        }
        self.cv2_sum += later.cv2_sum;
        self.lv_sum += later.lv_sum;
        self.lvr_sum += later.lvr_sum;
        self.pairs += later.pairs;
        self.counts.append(&later.counts);
        self.bursts.append(&later.bursts, bridge <= options.burst_isi_ms);
        self.count = self.count.saturating_add(later.count);
        self.last_ms = later.last_ms;
    }

    /// Spikes.
    #[must_use]
    pub const fn spike_count(&self) -> u32 {
        self.count
    }

    /// Time of the first spike, ms.
    #[must_use]
    pub fn first_spike_ms(&self) -> Option<f64> {
        (self.count > 0).then_some(self.first_ms)
    }

    /// Time of the last spike, ms.
    #[must_use]
    pub fn last_spike_ms(&self) -> Option<f64> {
        (self.count > 0).then_some(self.last_ms)
    }

    /// Mean interval, ms; from two spikes on.
    #[must_use]
    pub fn isi_mean_ms(&self) -> Option<f64> {
        (self.count >= 2).then_some(self.isi_mean)
    }

    /// Coefficient of variation of the intervals: population standard deviation over mean (`elephant.statistics.cv`).
    /// From three spikes on.
    #[must_use]
    pub fn cv(&self) -> Option<f64> {
        let intervals = f64::from(self.count.checked_sub(1)?);
        (self.count >= 3 && self.isi_mean > 0.0).then(|| (self.isi_squares.max(0.0) / intervals).sqrt() / self.isi_mean)
    }

    /// Mean of `2 |I' - I| / (I' + I)` over neighbouring intervals (Holt et al. 1996; `elephant.statistics.cv2`).
    #[must_use]
    pub fn cv2(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.cv2_sum / f64::from(self.pairs))
    }

    /// Local variation: mean of `3 ((I - I') / (I + I'))^2` (Shinomoto et al. 2003; `elephant.statistics.lv`).
    #[must_use]
    pub fn lv(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.lv_sum / f64::from(self.pairs))
    }

    /// Local variation with refractoriness (Shinomoto et al. 2009; `elephant.statistics.lvr`).
    #[must_use]
    pub fn lvr(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.lvr_sum / f64::from(self.pairs))
    }

    /// Variance over mean of the spike counts of `windows` count windows (`elephant.statistics.fanofactor`, the windows
    /// as its trials). Spikes after the last whole window do not count.
    #[must_use]
    pub fn fano_factor(&self, windows: u32) -> Option<f64> {
        let (sum, squares) = self.counts.sums(windows);
        let mean = sum / f64::from(windows.max(1));
        (self.count > 0 && windows > 0 && sum > 0.0)
            .then(|| (squares / f64::from(windows) - mean * mean).max(0.0) / mean)
    }

    /// Bursts, and the spikes in them: runs of [`BURST_SPIKES`] spikes or more with short intervals.
    #[must_use]
    pub fn bursts(&self) -> (u32, u32) {
        let b = &self.bursts;
        let ends = if b.whole { &[b.head][..] } else { &[b.head, b.tail][..] };
        ends.iter()
            .filter(|run| **run >= BURST_SPIKES)
            .fold((b.inner_bursts, b.inner_spikes), |sum, run| (sum.0 + 1, sum.1.saturating_add(*run)))
    }
}

impl WindowCounts {
    fn push(&mut self, window: u32) {
        if window == self.first {
            self.first_count += 1;
        } else if window == self.last {
            self.last_count += 1;
        } else {
            self.close_last();
            (self.last, self.last_count) = (window, 1);
        }
    }

    /// The last window becomes an inner one.
    fn close_last(&mut self) {
        if self.last != self.first {
            self.inner_squares += f64::from(self.last_count) * f64::from(self.last_count);
            self.inner_count += self.last_count;
        }
    }

    fn append(&mut self, later: &Self) {
        let mut first = *later;
        if later.first == self.first {
            self.first_count += later.first_count;
            first.first_count = 0;
        } else if later.first == self.last {
            self.last_count += later.first_count;
            first.first_count = 0;
        }
        if first.first_count > 0 {
            self.close_last();
            (self.last, self.last_count) = (later.first, later.first_count);
        }
        if later.last != later.first {
            self.close_last();
            (self.last, self.last_count) = (later.last, later.last_count);
        }
        self.inner_squares += later.inner_squares;
        self.inner_count += later.inner_count;
    }

    /// Sum and sum of squares over the windows below `windows`.
    fn sums(&self, windows: u32) -> (f64, f64) {
        let mut sum = (f64::from(self.inner_count), self.inner_squares);
        let mut add = |window: u32, count: u32| {
            if window < windows {
                sum.0 += f64::from(count);
                sum.1 += f64::from(count) * f64::from(count);
            }
        };
        add(self.first, self.first_count);
        if self.last != self.first {
            add(self.last, self.last_count);
        }
        sum
    }
}

impl Bursts {
    fn push(&mut self, short: bool) {
        if short {
            if self.whole {
                self.head += 1;
            }
            self.tail += 1;
        } else {
            self.close_tail();
            self.tail = 1;
            self.whole = false;
        }
    }

    fn close_tail(&mut self) {
        if !self.whole && self.tail >= BURST_SPIKES {
            self.inner_bursts += 1;
            self.inner_spikes = self.inner_spikes.saturating_add(self.tail);
        }
    }

    fn append(&mut self, later: &Self, joined: bool) {
        if joined {
            self.tail += later.head;
            if self.whole {
                self.head = self.tail;
            }
        } else {
            self.close_tail();
            self.tail = later.head;
            self.whole = false;
        }
        if !later.whole {
            self.close_tail();
            self.tail = later.tail;
            self.whole = false;
        }
        self.inner_bursts += later.inner_bursts;
        self.inner_spikes = self.inner_spikes.saturating_add(later.inner_spikes);
    }
}
