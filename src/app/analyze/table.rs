//! The table of `analyze` for people: a row per population, then synapses, weights, responses and findings.

use super::super::text::count;
use crate::analysis::recorded::Analysis;
use crate::analysis::trains::PopulationStatistics;
use crate::recording::Recording;

const COLUMNS: [&str; 10] =
    ["population", "neurons", "spikes", "rate Hz", "silent", "ISI CV", "CV2", "LV", "Fano", "bursts"];

/// Of all neurons, or of one population.
pub(super) fn table(recording: &Recording, analysis: &Analysis, population: Option<usize>) -> String {
    let plan = analysis.trains.plan();
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    for (index, (name, _)) in plan.populations.iter().enumerate() {
        if population.is_none_or(|only| only == index) {
            rows.push(row(name, &analysis.trains.population(index)));
        }
    }
    if population.is_none() && plan.populations.len() > 1 {
        rows.push(row("all", &analysis.trains.all()));
    }
    let widths: Vec<usize> =
        (0..COLUMNS.len()).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let header = recording.header();
    let mut lines = vec![format!(
        "{}: {} neurons, {} spikes in all; {} to {} ms",
        if header.name.is_empty() { recording.folder().display().to_string() } else { header.name.clone() },
        count(u64::from(recording.neuron_count())),
        count(recording.spike_count()),
        plan.from_ms,
        plan.to_ms
    )];
    for row in &rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        lines.push(format!("  {}", cells.collect::<Vec<_>>().join("  ")));
    }
    for (name, synapses) in analysis.connectivity.iter().flat_map(|(projections, _)| projections) {
        let weights = &synapses.weights;
        lines.push(format!(
            "synapses {name}: {}, weight {:.6} \u{b1} {:.6} ({:.6} to {:.6}), delay {:.3} ms",
            count(synapses.connections),
            weights.mean(),
            weights.std(),
            weights.min,
            weights.max,
            synapses.delays_ms.mean()
        ));
    }
    if let (Some(operations), Some(sparsity)) = (analysis.synaptic_operations, analysis.connection_sparsity) {
        lines.push(format!("synaptic operations {}, connection sparsity {sparsity:.4}", count(operations)));
    }
    for (name, intervals) in &analysis.weights {
        if let (Some(first), Some(last)) = (intervals.first(), intervals.last()) {
            lines.push(format!(
                "weights {name}: mean {:.6} to {:.6}, {} changes, {} pruned",
                first.weights.mean(),
                last.weights.mean(),
                count(intervals.iter().map(|i| i.updates).sum()),
                count(last.pruned)
            ));
        }
    }
    if let Some(v) = &analysis.potentials {
        let (mean, std) = (v.mean(), v.std());
        lines.push(format!(
            "membrane values {}: {mean:.3} \u{b1} {std:.3} mV ({:.3} to {:.3})",
            count(v.count),
            v.min,
            v.max
        ));
    }
    lines.extend(
        analysis
            .findings
            .iter()
            .map(|f| format!("finding {} ({:.0} to {:.0} ms): {}", f.rule, f.from_ms, f.to_ms, f.text)),
    );
    lines.extend(analysis.notices.iter().map(|notice| format!("note: {notice}")));
    lines.push(String::new());
    lines.join("\n")
}

fn row(name: &str, s: &PopulationStatistics) -> [String; 10] {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    [
        name.to_owned(),
        count(s.n_neurons),
        count(s.spike_count),
        format!("{:.3}", s.mean_rate_hz),
        count(s.n_neurons - s.active_neurons),
        number(s.isi_cv_mean),
        number(s.isi_cv2_mean),
        number(s.isi_lv_mean),
        number(s.fano_factor_mean),
        count(s.bursts.0),
    ]
}
