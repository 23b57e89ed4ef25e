//! Random rules that know no space: fixed probability, fixed in-degree, fixed out-degree. In: sizes and a seed.
//! Out: rows of targets.

use std::cell::RefCell;

use rayon::prelude::*;

use super::TooMany;
use crate::model::random::{Draws, Stream};

/// Appends every target of `0..targets` with `probability`, by geometric gaps: work grows with the synapses, not with
/// the pairs. `skip` is a target that is left out (the source itself).
pub(crate) fn probability_row(
    seed: u64,
    part: usize,
    source: u32,
    targets: u32,
    probability: f64,
    skip: Option<u32>,
    row: &mut Vec<u32>,
) {
    let candidates = targets - u32::from(skip.is_some());
    let mut draws = Draws::new(seed, Stream::Connectivity.part(part), source);
    let gaps = Gaps::new(probability);
    let mut next = gaps.next(&mut draws);
    while next < u64::from(candidates) {
        row.push(past(next as u32, skip));
        next += 1 + gaps.next(&mut draws);
    }
}

/// Numbers of failures before successes of a given probability.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gaps {
    inverse_log: f64,
}

impl Gaps {
    /// `probability` from 0 to 1.
    pub(super) fn new(probability: f64) -> Self {
        // ln(1 - p); -inf for p = 1, whose inverse, -0, makes every gap 0.
        Self { inverse_log: 1.0 / (-probability).ln_1p() }
    }

    /// The next gap; a huge one for probability 0.
    pub(super) fn next(self, draws: &mut Draws) -> u64 {
        let gap = (-draws.uniform()).ln_1p() * self.inverse_log;
        // Not-a-number comes from 0 * infinity: p = 0 and a draw of exactly 0.
        if gap.is_finite() { gap as u64 } else { u64::from(u32::MAX) }
    }
}

/// `index` counted over all neurons but `skip`.
fn past(index: u32, skip: Option<u32>) -> u32 {
    index + u32::from(skip.is_some_and(|skip| index >= skip))
}

/// Appends `degree` targets of a source. The caller has checked that there are enough.
pub(crate) fn out_degree_row(key: Key, targets: u32, degree: u32, multapses: bool, row: &mut Vec<u32>) {
    draw_distinct(key, targets, degree, multapses, row);
}

thread_local! {
    /// Empty between rows.
    static TAKEN: RefCell<Taken> = RefCell::default();
}

/// Numbers that were drawn: one bit each, used again and again.
#[derive(Default)]
struct Taken(Vec<u64>);

impl Taken {
    /// Room for numbers below `pool`.
    fn reserve(&mut self, pool: u32) {
        let words = pool.div_ceil(64) as usize;
        if self.0.len() < words {
            self.0.resize(words, 0);
        }
    }

    /// True if the number was not there yet.
    fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (&mut self.0[number as usize / 64], 1 << (number % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Forgets these, which are all.
    fn clear(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|&number| self.0[number as usize / 64] = 0);
    }
}

/// Whose random numbers are used, and which neuron is left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The run's seed.
    pub(crate) seed: u64,
    /// Index of the projection.
    pub(crate) part: usize,
    /// The neuron that draws.
    pub(crate) neuron: u32,
    /// Left out of the draw: the neuron itself.
    pub(crate) skip: Option<u32>,
}

/// Appends `degree` numbers of `0..pool` (without `skip`), distinct unless `multapses`.
fn draw_distinct(key: Key, pool: u32, degree: u32, multapses: bool, row: &mut Vec<u32>) {
    let candidates = pool - u32::from(key.skip.is_some());
    let mut draws = Draws::new(key.seed, Stream::Connectivity.part(key.part), key.neuron);
    if candidates == 0 {
        return;
    }
    if multapses {
        row.extend((0..degree).map(|_| past(draws.below(candidates), key.skip)));
        return;
    }
    // Floyd's sampling: `degree` distinct numbers with `degree` draws, whatever their share of the pool.
    let begin = row.len();
    TAKEN.with_borrow_mut(|taken| {
        taken.reserve(candidates);
        for last in candidates - degree.min(candidates)..candidates {
            let drawn = draws.below(last + 1);
            let number = if taken.insert(drawn) { drawn } else { last };
            taken.insert(number);
            row.push(number);
        }
        taken.clear(&row[begin..]);
    });
    for number in &mut row[begin..] {
        *number = past(*number, key.skip);
    }
}

/// Rows by source where every target draws `degree` sources: `(row_start, targets)`, rows ascending.
pub(crate) fn in_degree_rows(
    seed: u64,
    part: usize,
    sizes: [u32; 2],
    degree: u32,
    multapses: bool,
    recurrent: bool,
) -> Result<(Vec<u32>, Vec<u32>), TooMany> {
    let [sources, targets] = sizes;
    let total = u64::from(targets) * u64::from(degree);
    if total > u64::from(u32::MAX - 1) {
        return Err(TooMany(total));
    }
    let drawn: Vec<Vec<u32>> = (0..targets)
        .into_par_iter()
        .map(|target| {
            let mut row = Vec::with_capacity(degree as usize);
            let key = Key { seed, part, neuron: target, skip: recurrent.then_some(target) };
            draw_distinct(key, sources, degree, multapses, &mut row);
            row
        })
        .collect();
    let mut row_start = vec![0_u32; sources as usize + 1];
    for &source in drawn.iter().flatten() {
        row_start[source as usize + 1] += 1;
    }
    for k in 0..sources as usize {
        row_start[k + 1] += row_start[k];
    }
    let mut next = row_start.clone();
    let mut target_of = vec![0_u32; total as usize];
    for (target, row) in drawn.iter().enumerate() {
        for &source in row {
            target_of[next[source as usize] as usize] = target as u32;
            next[source as usize] += 1;
        }
    }
    Ok((row_start, target_of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probability_has_binomial_statistics_and_leaves_itself_out() {
        let (n, p) = (2000_u32, 0.05);
        let degrees: Vec<f64> = (0..n)
            .map(|source| {
                let mut row = Vec::new();
                probability_row(3, 1, source, n, p, Some(source), &mut row);
                assert!(row.windows(2).all(|pair| pair[0] < pair[1]) && !row.contains(&source));
                row.len() as f64
            })
            .collect();
        let mean = degrees.iter().sum::<f64>() / f64::from(n);
        let variance = degrees.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / f64::from(n);
        let (expected, spread) = (f64::from(n - 1) * p, f64::from(n - 1) * p * (1.0 - p));
        assert!((mean - expected).abs() < 5.0 * (spread / f64::from(n)).sqrt(), "{mean} {expected}");
        assert!((variance / spread - 1.0).abs() < 5.0 * (2.0 / f64::from(n)).sqrt(), "{variance} {spread}");
    }

    #[test]
    fn probabilities_zero_and_one_are_none_and_all() {
        for (p, count) in [(0.0, 0), (1.0, 99)] {
            let mut row = Vec::new();
            probability_row(1, 0, 5, 100, p, Some(5), &mut row);
            assert_eq!(row.len(), count);
        }
    }

    #[test]
    fn distinct_draws_are_distinct_and_uniform() {
        let mut counts = [0_u32; 50];
        for neuron in 0..2000 {
            let mut row = Vec::new();
            let key = Key { seed: 1, part: 0, neuron, skip: None };
            draw_distinct(key, 50, 10, false, &mut row);
            row.sort_unstable();
            assert!(row.len() == 10 && row.windows(2).all(|pair| pair[0] < pair[1]));
            for source in row {
                counts[source as usize] += 1;
            }
        }
        // 400 expected each, standard deviation sqrt(2000 * 0.2 * 0.8) = 17.9.
        assert!(counts.iter().all(|count| count.abs_diff(400) < 90), "{counts:?}");
    }
}
