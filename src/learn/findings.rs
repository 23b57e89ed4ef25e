//! Findings in a run's course, by the rules of [`crate::analysis::findings`] with the stretches of a history as their
//! intervals: a silent period after synapses were pruned, and synaptic activity that rises while spikes stay as they
//! are. In: a history. Out: what stands out, told in images.

use std::ops::Range;

use super::history::History;
use crate::analysis::findings::{Finding, Intervals, Thresholds, silent_after_pruning, updates_rise_while_spikes_stay};

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryFinding {
    /// Images shown when it begins.
    pub images: u64,
    /// Name of the rule.
    pub rule: &'static str,
    /// What was found, with its numbers and thresholds.
    pub text: String,
}

/// All findings, in the order of images.
#[must_use]
pub fn findings(history: &History) -> Vec<HistoryFinding> {
    let spikes: Vec<f64> = history.points.iter().map(|point| point.output_spikes_per_image).collect();
    let updates: Vec<f64> = history.points.iter().map(|point| point.weight_change_per_image).collect();
    // A stretch is an interval of length 1: what the rules take for times are places in the history.
    let run = Intervals { from_ms: 0.0, interval_ms: 1.0, spikes: &spikes, updates: &updates };
    let course = Course { history, run, thresholds: Thresholds::default() };
    let mut found = course.silent_periods();
    found.extend(course.diverging_activity());
    found.sort_by_key(|finding| finding.images);
    found
}

/// A history and how the rules see it.
struct Course<'a> {
    history: &'a History,
    run: Intervals<'a>,
    thresholds: Thresholds,
}

impl Course<'_> {
    fn silent_periods(&self) -> Vec<HistoryFinding> {
        let (mut found, mut known_to) = (Vec::new(), 0);
        for period in self.history.periods.iter().filter(|period| period.remaining < period.remaining_before) {
            let at = self.history.points.partition_point(|point| point.images <= period.images);
            for silence in silent_after_pruning(&self.run, &[at as f64], &self.thresholds) {
                let span = span(&silence);
                // Periods close to each other see the same silence: the first speaks.
                if span.start < known_to {
                    continue;
                }
                known_to = span.end;
                let before = mean(&self.run.spikes[at.saturating_sub(self.thresholds.window)..at]);
                let text = format!(
                    "{:.2} output spikes per image from image {} to {}, {before:.2} before {} synapses were pruned \
                     (threshold {:.0} % in each of {} stretches)",
                    mean(&self.run.spikes[span.clone()]),
                    self.images_at(span.start),
                    self.images_at(span.end),
                    period.remaining_before - period.remaining,
                    self.thresholds.silent_share * 100.0,
                    self.thresholds.silent_intervals,
                );
                found.push(HistoryFinding { images: self.images_at(span.start), rule: silence.rule, text });
            }
        }
        found
    }

    fn diverging_activity(&self) -> Vec<HistoryFinding> {
        let tell = |rise: Finding| {
            let span = span(&rise);
            let earlier = span.start.saturating_sub(self.thresholds.window)..span.start;
            let text = format!(
                "weights change {:.2} times as fast from image {} to {} as from {} on (threshold {}), while output \
                 spikes per image go from {:.2} to {:.2} (threshold {:.0} %)",
                mean(&self.run.updates[span.clone()]) / mean(&self.run.updates[earlier.clone()]),
                self.images_at(span.start),
                self.images_at(span.end),
                self.images_at(earlier.start),
                self.thresholds.rise_factor,
                mean(&self.run.spikes[earlier]),
                mean(&self.run.spikes[span.clone()]),
                self.thresholds.flat_share * 100.0,
            );
            HistoryFinding { images: self.images_at(span.start), rule: rise.rule, text }
        };
        updates_rise_while_spikes_stay(&self.run, &self.thresholds).into_iter().map(tell).collect()
    }

    /// Images shown before a stretch.
    fn images_at(&self, stretch: usize) -> u64 {
        stretch.checked_sub(1).and_then(|last| self.history.points.get(last)).map_or(0, |point| point.images)
    }
}

fn span(finding: &Finding) -> Range<usize> {
    finding.from_ms as usize..finding.to_ms as usize
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::history::{HistoryPoint, PruningPeriod};
    use super::*;

    fn history(values: &[(f64, f64)]) -> History {
        let point = |(k, &(spikes, change)): (usize, &(f64, f64))| HistoryPoint {
            images: 100 * (k as u64 + 1),
            output_spikes_per_image: spikes,
            weight_change_per_image: change,
            ..HistoryPoint::default()
        };
        History { points: values.iter().enumerate().map(point).collect(), periods: Vec::new() }
    }

    #[test]
    fn silence_after_pruning_is_found_and_other_silence_is_not() {
        let mut values = vec![(10.0, 1.0); 20];
        values[3..5].fill((0.5, 1.0));
        values[14..17].fill((0.5, 1.0));
        let mut run = history(&values);
        assert!(findings(&run).is_empty(), "nothing was pruned");
        let period = PruningPeriod { images: 1200, remaining_before: 50, remaining: 20, ..PruningPeriod::default() };
        run.periods = vec![period.clone(), PruningPeriod { images: 1300, ..period }];
        let found = findings(&run);
        assert_eq!(found.iter().map(|f| f.images).collect::<Vec<_>>(), [1400]);
        for words in ["30 synapses", "from image 1400 to 1700", "0.50 output"] {
            assert!(found[0].text.contains(words), "{}", found[0].text);
        }
    }

    #[test]
    fn synaptic_activity_that_rises_alone_is_found() {
        let mut values = vec![(10.0, 1.0); 10];
        values.extend([(10.2, 2.0); 10]);
        let found = findings(&history(&values));
        assert_eq!(found.iter().map(|f| f.images).collect::<Vec<_>>(), [1000]);
        assert!(found[0].text.contains("2.00 times as fast from image 1000 to 2000 as from 0"), "{}", found[0].text);
        let with_spikes: Vec<(f64, f64)> = values.iter().map(|&(s, c)| (s * c, c)).collect();
        assert!(findings(&history(&with_spikes)).is_empty());
        assert!(findings(&History::default()).is_empty());
    }
}
