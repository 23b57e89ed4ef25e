//! Rules that read a run and say what stands out, each with the numbers that made it speak: silent periods after
//! pruning, weights that change more while spikes do not, silent and runaway neurons. In: series per interval and rates
//! per neuron. Out: findings, which a report lists and a view marks.

/// Thresholds of all rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A silent period: the rate stays below this share of the mean rate before the pruning.
    pub silent_share: f64,
    /// It lasts at least this many intervals.
    pub silent_intervals: usize,
    /// It begins within this many intervals after the pruning.
    pub silent_within: usize,
    /// Weight changes have risen when their mean over the last window is this many times that of the one before.
    pub rise_factor: f64,
    /// Spikes are flat when theirs has changed by at most this share.
    pub flat_share: f64,
    /// Intervals of a window.
    pub window: usize,
    /// A runaway neuron fires at this many times its population's mean rate or more,
    pub runaway_factor: f64,
    /// and at this rate or more, Hz.
    pub runaway_hz: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            silent_share: 0.1,
            silent_intervals: 2,
            silent_within: 5,
            rise_factor: 1.5,
            flat_share: 0.1,
            window: 10,
            runaway_factor: 5.0,
            runaway_hz: 50.0,
        }
    }
}

/// Something that stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the rule, as reports and marks carry it.
    pub rule: &'static str,
    /// Where it begins, ms.
    pub from_ms: f64,
    /// Where it ends, ms.
    pub to_ms: f64,
    /// One sentence with the numbers and thresholds that made it speak.
    pub text: String,
}

/// Equal intervals of a run, with what happened in each.
#[derive(Clone, Copy, Debug)]
pub struct Intervals<'a> {
    /// Beginning of the first one, ms.
    pub from_ms: f64,
    /// Their length, ms.
    pub interval_ms: f64,
    /// Spikes in each.
    pub spikes: &'a [f64],
    /// Weight changes in each; as long, or empty where nothing learns.
    pub updates: &'a [f64],
}

impl Intervals<'_> {
    fn start_ms(&self, interval: usize) -> f64 {
        self.from_ms + interval as f64 * self.interval_ms
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Silent periods that follow a pruning (times in ms, sorted): the thesis's second use case.
#[must_use]
pub fn silent_after_pruning(run: &Intervals, prunings_ms: &[f64], t: &Thresholds) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for &pruned_ms in prunings_ms {
        let at = (((pruned_ms - run.from_ms) / run.interval_ms).max(0.0)) as usize;
        let before = mean(&run.spikes[at.saturating_sub(t.window).min(run.spikes.len())..at.min(run.spikes.len())]);
        if before <= 0.0 {
            continue;
        }
        let silent = |interval: usize| run.spikes.get(interval).is_some_and(|n| *n <= t.silent_share * before);
        let Some(begin) = (at..at + t.silent_within.max(1)).find(|interval| silent(*interval)) else { continue };
        let end = (begin..run.spikes.len()).find(|interval| !silent(*interval)).unwrap_or(run.spikes.len());
        let from_ms = run.start_ms(begin);
        if end - begin < t.silent_intervals || found.last().is_some_and(|last| from_ms < last.to_ms) {
            continue;
        }
        found.push(Finding {
            rule: "silent-after-pruning",
            from_ms,
            to_ms: run.start_ms(end),
            text: format!(
                "after the pruning at {pruned_ms:.0} ms, {} intervals of {} ms have at most {:.0} % of the {before:.1} \
                 spikes per interval before it",
                end - begin,
                run.interval_ms,
                t.silent_share * 100.0
            ),
        });
    }
    found
}

/// Spans in which weights change more and more while spikes stay flat: the thesis's first use case.
#[must_use]
pub fn updates_rise_while_spikes_stay(run: &Intervals, t: &Thresholds) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let (w, n) = (t.window.max(1), run.spikes.len().min(run.updates.len()));
    let mut steepest = 0.0;
    for at in w..(n + 1).saturating_sub(w) {
        let (earlier, later) = (mean(&run.updates[at - w..at]), mean(&run.updates[at..at + w]));
        let (spikes, spikes_later) = (mean(&run.spikes[at - w..at]), mean(&run.spikes[at..at + w]));
        let flat = spikes > 0.0 && (spikes_later - spikes).abs() <= t.flat_share * spikes;
        if earlier <= 0.0 || later < t.rise_factor * earlier || !flat {
            continue;
        }
        // Windows that overlap tell of one rise; the steepest of them speaks.
        let rise = later / earlier;
        let same = found.last().is_some_and(|last| run.start_ms(at) <= last.to_ms);
        if same && rise <= steepest {
            continue;
        }
        if same {
            found.pop();
        }
        steepest = rise;
        found.push(Finding {
            rule: "updates-rise-spikes-flat",
            from_ms: run.start_ms(at),
            to_ms: run.start_ms(at + w),
            text: format!(
                "weight changes per interval rise {rise:.2} times ({earlier:.1} to {later:.1}; threshold {} times over \
                 {w} intervals of {} ms) while spikes change by {:+.1} % (threshold {:.0} %)",
                t.rise_factor,
                run.interval_ms,
                (spikes_later / spikes - 1.0) * 100.0,
                t.flat_share * 100.0
            ),
        });
    }
    found
}

/// Neurons of one population (rates in Hz) that never spike, or far more than the others: their indices.
#[must_use]
pub fn silent_and_runaway(rates_hz: &[f64], t: &Thresholds) -> (Vec<u32>, Vec<u32>) {
    let mean_hz = mean(rates_hz);
    let which = |test: &dyn Fn(f64) -> bool| {
        rates_hz.iter().enumerate().filter(|(_, rate)| test(**rate)).map(|(index, _)| index as u32).collect()
    };
    let runaway = |rate: f64| rate >= t.runaway_hz && rate >= t.runaway_factor * mean_hz;
    (which(&|rate| rate <= 0.0), which(&runaway))
}

/// The same as findings of the population `name` over a span.
#[must_use]
pub fn outlying_neurons(name: &str, rates_hz: &[f64], span_ms: (f64, f64), t: &Thresholds) -> Vec<Finding> {
    let (silent, runaway) = silent_and_runaway(rates_hz, t);
    let first = |neurons: &[u32]| {
        let shown: Vec<String> = neurons.iter().take(5).map(u32::to_string).collect();
        format!("{}{}", shown.join(", "), if neurons.len() > 5 { ", ..." } else { "" })
    };
    let finding = |rule, text| Finding { rule, from_ms: span_ms.0, to_ms: span_ms.1, text };
    let mut found = Vec::new();
    if !silent.is_empty() {
        let text = format!("{name}: {} of {} neurons never spike ({})", silent.len(), rates_hz.len(), first(&silent));
        found.push(finding("silent-neurons", text));
    }
    if !runaway.is_empty() {
        let text = format!(
            "{name}: {} of {} neurons fire at {} Hz or more and at {} times the mean of {:.2} Hz or more ({})",
            runaway.len(),
            rates_hz.len(),
            t.runaway_hz,
            t.runaway_factor,
            mean(rates_hz),
            first(&runaway)
        );
        found.push(finding("runaway-neurons", text));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<'a>(spikes: &'a [f64], updates: &'a [f64]) -> Intervals<'a> {
        Intervals { from_ms: 0.0, interval_ms: 100.0, spikes, updates }
    }

    #[test]
    fn silence_is_found_only_after_a_pruning() {
        let mut spikes = vec![50.0; 40];
        spikes[10..14].fill(0.0);
        spikes[26..30].fill(2.0);
        let t = Thresholds::default();
        let found = silent_after_pruning(&run(&spikes, &[]), &[2450.0, 3500.0], &t);
        assert_eq!(found.iter().map(|f| (f.from_ms, f.to_ms)).collect::<Vec<_>>(), [(2600.0, 3000.0)]);
        assert!(found[0].text.contains("2450"), "{}", found[0].text);
        assert!(silent_after_pruning(&run(&[50.0; 40], &[]), &[2450.0], &t).is_empty());
        assert!(silent_after_pruning(&run(&[], &[]), &[2450.0, -5.0], &t).is_empty());
    }

    #[test]
    fn rising_updates_count_only_where_spikes_are_flat() {
        let t = Thresholds::default();
        let mut updates = vec![100.0; 40];
        updates[20..].fill(300.0);
        let found = updates_rise_while_spikes_stay(&run(&[50.0; 40], &updates), &t);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].from_ms, found[0].to_ms), (2000.0, 3000.0), "where the rise is steepest");
        let mut spikes = vec![50.0; 40];
        spikes[12..].fill(120.0);
        spikes[20..].fill(300.0);
        assert!(updates_rise_while_spikes_stay(&run(&spikes, &updates), &t).is_empty());
        assert!(updates_rise_while_spikes_stay(&run(&[50.0; 40], &[100.0; 40]), &t).is_empty());
    }

    #[test]
    fn outliers_are_named() {
        let mut rates = vec![5.0; 100];
        (rates[3], rates[7]) = (0.0, 400.0);
        let t = Thresholds::default();
        assert_eq!(silent_and_runaway(&rates, &t), (vec![3], vec![7]));
        let found = outlying_neurons("excitatory", &rates, (0.0, 1.0), &t);
        assert_eq!(found.len(), 2);
        assert!(outlying_neurons("excitatory", &[5.0; 10], (0.0, 1.0), &t).is_empty());
    }
}
