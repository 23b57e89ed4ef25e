//! How two neurons of a selection go together: correlation of their binned counts, and spike-time tiling. In: spike
//! times of the selected neurons. Out: matrices, a row per selected neuron.

use super::bins::BinGrid;

/// Neurons that a selection may have: the matrices grow with its square.
pub const MOST_SELECTED: usize = 1024;

/// Pearson correlation of spike counts per bin, for all pairs of a selection (`elephant.spike_train_correlation`). Holds
/// one number per pair, however long the run.
#[derive(Clone, Debug)]
pub struct Correlations {
    grid: BinGrid,
    selected: usize,
    /// Counts of the bin that is being filled, and who has any.
    bin: usize,
    counts: Vec<u32>,
    active: Vec<u32>,
    sums: Vec<u64>,
    /// Sums of products; symmetric, by row.
    products: Vec<u64>,
}

impl Correlations {
    /// `selected` neurons, [`MOST_SELECTED`] at most are kept.
    #[must_use]
    pub fn new(grid: BinGrid, selected: usize) -> Self {
        let selected = selected.min(MOST_SELECTED);
        Self {
            grid,
            selected,
            bin: 0,
            counts: vec![0; selected],
            active: Vec::new(),
            sums: vec![0; selected],
            products: vec![0; selected * selected],
        }
    }

    /// Takes a spike of the `index`th selected neuron, in the order of time.
    pub fn push(&mut self, time_ms: f64, index: u32) {
        let bin = self.grid.bin(time_ms);
        if bin != self.bin {
            self.close_bin();
            self.bin = bin;
        }
        if let Some(count) = self.counts.get_mut(index as usize) {
            if *count == 0 {
                self.active.push(index);
            }
            *count += 1;
        }
    }

    fn close_bin(&mut self) {
        for &a in &self.active {
            let count = u64::from(self.counts[a as usize]);
            self.sums[a as usize] += count;
            for &b in &self.active {
                self.products[a as usize * self.selected + b as usize] += count * u64::from(self.counts[b as usize]);
            }
        }
        for a in self.active.drain(..) {
            self.counts[a as usize] = 0;
        }
    }

    /// Covariance (over `bins - 1`) and correlation of all pairs, by row. A neuron whose count never changes has no
    /// correlation: not a number.
    #[must_use]
    pub fn matrices(mut self) -> (Vec<f64>, Vec<f64>) {
        self.close_bin();
        let bins = self.grid.len() as f64;
        let n = self.selected;
        let centred =
            |a: usize, b: usize| self.products[a * n + b] as f64 - self.sums[a] as f64 * self.sums[b] as f64 / bins;
        let pairs = || (0..n * n).map(|pair| (pair / n, pair % n));
        let covariance = pairs().map(|(a, b)| centred(a, b) / (bins - 1.0)).collect();
        let correlation = pairs()
            .map(|(a, b)| {
                let scale = centred(a, a) * centred(b, b);
                if scale > 0.0 { centred(a, b) / scale.sqrt() } else { f64::NAN }
            })
            .collect();
        (covariance, correlation)
    }
}

/// Spike-time tiling coefficient of two trains over `from_ms..to_ms` (Cutts and Eglen 2014;
/// `elephant.spike_train_correlation.spike_time_tiling_coefficient`): from -1 to 1, and 0 for independent trains
/// whatever their rates. None where a train is empty.
#[must_use]
pub fn spike_time_tiling(a: &[f64], b: &[f64], from_ms: f64, to_ms: f64, dt_ms: f64) -> Option<f64> {
    if a.is_empty() || b.is_empty() || to_ms <= from_ms {
        return None;
    }
    let (near_a, near_b) = (share_near(a, b, dt_ms), share_near(b, a, dt_ms));
    let (tiled_a, tiled_b) = (tiled(a, from_ms, to_ms, dt_ms), tiled(b, from_ms, to_ms, dt_ms));
    // A product of 1 means that everything is near everything.
    let half = |near: f64, tiled: f64| {
        if (near * tiled - 1.0).abs() < 1e-12 { 0.5 } else { 0.5 * (near - tiled) / (1.0 - near * tiled) }
    };
    Some(half(near_a, tiled_b) + half(near_b, tiled_a))
}

/// Share of the spikes of `a` with a spike of `b` within `dt_ms`.
fn share_near(a: &[f64], b: &[f64], dt_ms: f64) -> f64 {
    let mut next = 0;
    let near = a.iter().filter(|time| {
        while next < b.len() && b[next] < **time - dt_ms {
            next += 1;
        }
        next < b.len() && b[next] <= **time + dt_ms
    });
    near.count() as f64 / a.len() as f64
}

/// Share of the time within `dt_ms` of a spike.
fn tiled(train: &[f64], from_ms: f64, to_ms: f64, dt_ms: f64) -> f64 {
    let mut covered = 0.0;
    let mut end = from_ms;
    for time in train {
        let begin = (time - dt_ms).max(end);
        end = (time + dt_ms).min(to_ms).max(end);
        covered += (end - begin).max(0.0);
    }
    covered / (to_ms - from_ms)
}
