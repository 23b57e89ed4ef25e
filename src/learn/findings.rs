//! Findings in a run's course: what an analyst would mark, each with the rule that found it.
//!
//! The two rules are those of Elbez 2022 (thesis, use cases of VS2N): a silent period after synapses were pruned, and
//! synaptic activity that rises while spikes stay as they are.

use super::history::History;

/// A finding.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryFinding {
    /// Images shown by then.
    pub images: u64,
    /// Which rule, in words with its numbers.
    pub rule: &'static str,
    /// What was found.
    pub text: String,
}

/// Output spikes per image fall below this share of what they were.
const SILENT_BELOW: f64 = 0.5;
/// Weights change this many times as fast as before ...
const RISE: f64 = 1.5;
/// ... while output spikes stay within this share.
const FLAT_WITHIN: f64 = 0.1;
/// Stretches on either side of a comparison.
const SPAN: usize = 5;

/// All findings, in the order of images.
#[must_use]
pub fn findings(history: &History) -> Vec<HistoryFinding> {
    let mut found = silent_periods(history);
    found.extend(diverging_activity(history));
    found.sort_by_key(|finding| finding.images);
    found
}

fn silent_periods(history: &History) -> Vec<HistoryFinding> {
    let mut found: Vec<HistoryFinding> = Vec::new();
    for period in history.periods.iter().filter(|period| period.remaining < period.remaining_before) {
        let after = history.points.partition_point(|point| point.images <= period.images);
        let (Some(before), Some(after)) =
            (after.checked_sub(1).and_then(|k| history.points.get(k)), history.points.get(after))
        else {
            continue;
        };
        let (was, is) = (before.output_spikes_per_image, after.output_spikes_per_image);
        let is_known = found.last().is_some_and(|last| last.images == after.images);
        if was > 0.0 && is < SILENT_BELOW * was && !is_known {
            let text = format!(
                "{was:.1} output spikes per image became {is:.1} after {} synapses were pruned",
                period.remaining_before - period.remaining
            );
            found.push(HistoryFinding {
                images: after.images,
                rule: "silent period: output spikes per image fall below half in the stretch after a pruning period",
                text,
            });
        }
    }
    found
}

fn diverging_activity(history: &History) -> Vec<HistoryFinding> {
    let points = &history.points;
    let mean = |range: std::ops::Range<usize>, of: fn(&super::HistoryPoint) -> f64| {
        points[range.clone()].iter().map(of).sum::<f64>() / range.len() as f64
    };
    let mut found = Vec::new();
    let mut at = SPAN;
    while at + SPAN <= points.len() {
        let [was, is] = [at - SPAN..at, at..at + SPAN]
            .map(|r| (mean(r.clone(), |p| p.weight_change_per_image), mean(r, |p| p.output_spikes_per_image)));
        if was.0 > 0.0 && is.0 > RISE * was.0 && was.1 > 0.0 && (is.1 / was.1 - 1.0).abs() < FLAT_WITHIN {
            let text = format!(
                "weights change {:.1} times as fast as before, output spikes stay at {:.1} per image",
                is.0 / was.0,
                is.1
            );
            found.push(HistoryFinding { images: points[at].images, rule: "synaptic activity without spikes: over five stretches weights change 1.5 times as fast as in the five before, output spikes stay within 10 %", text });
            at += SPAN;
        } else {
            at += 1;
        }
    }
    found
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
        let mut run = history(&[(10.0, 1.0), (10.0, 1.0), (3.0, 1.0), (10.0, 1.0), (2.0, 1.0)]);
        assert!(findings(&run).is_empty(), "nothing was pruned");
        run.periods.push(PruningPeriod {
            images: 200,
            remaining_before: 50,
            remaining: 20,
            ..PruningPeriod::default()
        });
        let found = findings(&run);
        assert_eq!(found.iter().map(|f| f.images).collect::<Vec<_>>(), [300]);
        assert!(found[0].text.contains("30 synapses"), "{}", found[0].text);
    }

    #[test]
    fn synaptic_activity_that_rises_alone_is_found() {
        let mut values = vec![(10.0, 1.0); 5];
        values.extend([(10.2, 2.0); 5]);
        assert_eq!(findings(&history(&values)).len(), 1);
        let with_spikes: Vec<(f64, f64)> = values.iter().map(|&(s, c)| (s * c, c)).collect();
        assert!(findings(&history(&with_spikes)).is_empty());
    }
}
