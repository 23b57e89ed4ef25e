//! The figures of a moment of a run, to be put beside those of another one. In: telemetry. Out: rows of text.

use crate::analysis::Series;
use crate::session::Telemetry;
use crate::ui::Comparison;

/// Simulated time over which rates are averaged, ms.
const RATE_WINDOW_MS: f64 = 2_000.0;

/// What a comparison shows of one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::app) struct Figures {
    time_s: f64,
    presentations: Option<u64>,
    accuracy: Option<(f64, u32)>,
    synapses: Option<(u64, u64)>,
    weight_mean: Option<f64>,
    /// Name and Hz of the populations that do not just send spikes.
    rates_hz: Vec<(String, f64)>,
}

impl Figures {
    /// Of now.
    pub(in crate::app) fn of(telemetry: &Telemetry) -> Self {
        let changing = || telemetry.projections.iter().filter(|p| p.is_plastic || p.is_pruned);
        let now = || changing().filter_map(|p| p.now.as_ref());
        let learning = telemetry.learning.as_ref();
        Self {
            time_s: telemetry.time_ms() * 1e-3,
            presentations: learning.map(|l| l.presentations),
            accuracy: learning.and_then(|l| Some((l.accuracy_percent.last()?, l.accuracy_window))),
            synapses: now().next().map(|_| now().fold((0, 0), |sum, p| (sum.0 + p.remaining, sum.1 + p.total))),
            weight_mean: now().next().map(|p| f64::from(p.weight_mean)),
            rates_hz: telemetry
                .populations
                .iter()
                .filter(|p| !p.is_source)
                .filter_map(|p| Some((p.name.clone(), mean_of_last(&p.rate_hz, RATE_WINDOW_MS)?)))
                .take(4)
                .collect(),
        }
    }

    /// These figures beside those of now, row by row; what neither knows is left out.
    pub(in crate::app) fn beside(&self, now: &Self, name: &str) -> Comparison {
        let mut rows = Vec::new();
        let mut row = |what: &str, before: Option<String>, after: Option<String>| {
            if let (Some(before), Some(after)) = (before, after) {
                rows.push([what.to_owned(), before, after]);
            }
        };
        let accuracy = |figures: &Self| figures.accuracy.map(|(percent, _)| format!("{percent:.0} %"));
        let window = now.accuracy.map_or(0, |(_, window)| window);
        row(&format!("right, last {window} images"), accuracy(self), accuracy(now));
        row("synapses", self.synapses.map(|s| thousands(s.0)), now.synapses.map(|s| thousands(s.0)));
        let mean = |figures: &Self| figures.weight_mean.map(|mean| format!("{mean:.3}"));
        row("mean weight", mean(self), mean(now));
        for (population, before) in &self.rates_hz {
            let after = now.rates_hz.iter().find(|(name, _)| name == population).map(|(_, hz)| *hz);
            row(&format!("{population}, spikes/s"), Some(rate(*before)), after.map(rate));
        }
        let moment = |figures: &Self| match figures.presentations {
            Some(count) => format!("image {}", thousands(count)),
            None => format!("{:.2} s", figures.time_s),
        };
        Comparison { titles: [format!("{name}, {}", moment(self)), format!("now, {}", moment(now))], rows }
    }
}

fn rate(hz: f64) -> String {
    if hz < 10.0 { format!("{hz:.1}") } else { format!("{hz:.0}") }
}

fn thousands(count: u64) -> String {
    super::super::text::count(count)
}

fn mean_of_last(series: &Series, window_ms: f64) -> Option<f64> {
    let newest = series.points().last()?.time_ms;
    let recent: Vec<f64> = series.points().filter(|p| p.time_ms > newest - window_ms).map(|p| p.mean).collect();
    Some(recent.iter().sum::<f64>() / recent.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_where_both_moments_know_them() {
        let before = Figures {
            presentations: Some(1200),
            accuracy: Some((81.4, 100)),
            synapses: Some((6400, 6400)),
            rates_hz: vec![("a".to_owned(), 3.25)],
            ..Figures::default()
        };
        let now = Figures {
            presentations: Some(2000),
            synapses: Some((1600, 6400)),
            accuracy: Some((79.6, 100)),
            ..Figures::default()
        };
        let comparison = before.beside(&now, "whole");
        assert_eq!(comparison.titles, ["whole, image 1,200", "now, image 2,000"]);
        let rows: Vec<[&str; 3]> = comparison.rows.iter().map(|row| row.each_ref().map(String::as_str)).collect();
        assert_eq!(rows, [["right, last 100 images", "81 %", "80 %"], ["synapses", "6,400", "1,600"]]);
    }

    #[test]
    fn rates_are_means_over_the_last_seconds() {
        let mut series = Series::default();
        for k in 0..50 {
            series.push(f64::from(k) * 100.0, if k < 30 { 90.0 } else { 10.0 });
        }
        assert!((mean_of_last(&series, RATE_WINDOW_MS).expect("values") - 10.0).abs() < 1e-9);
        assert_eq!(mean_of_last(&Series::default(), 1.0), None);
    }
}
