//! `spikescope import`: what other simulators recorded, as a recording; and the same for other doors, which read such
//! files through a recording of a moment.

use std::path::{Path, PathBuf};

use super::arguments::ImportArguments;
use super::error::AppError;
use super::hints::ImportHints;
use super::progress::Progress;
use super::{Ending, interrupt, text};
use crate::recording::formats::{self, ImportError, ImportReport};

/// Reads, writes, reports.
pub(super) fn run(arguments: &ImportArguments) -> Result<Ending, AppError> {
    let quiet = arguments.quiet || arguments.json;
    match import(&arguments.sources, &arguments.out, &arguments.hints, quiet) {
        Ok(report) => {
            if arguments.json {
                text::print_json(&report)?;
            } else if !quiet {
                text::print(&describe(&report, arguments))?;
            }
            Ok(Ending::Done)
        }
        Err(ImportError::Stopped) => Ok(Ending::Interrupted),
        Err(error) => Err(error.into()),
    }
}

/// Reads `sources` into a recording at `out`, with a progress bar.
pub(super) fn import(
    sources: &[PathBuf],
    out: &Path,
    hints: &ImportHints,
    quiet: bool,
) -> Result<ImportReport, ImportError> {
    // In percent, since what is read has no other measure that all formats share.
    let mut progress = Progress::new("importing", "%", 100, quiet);
    let mut step = |done: u64, all: u64| {
        progress.set(done.saturating_mul(100) / all.max(1));
        !interrupt::requested()
    };
    let result = formats::import(sources, out, &hints.options(), &mut step);
    progress.finish();
    result
}

fn describe(report: &ImportReport, arguments: &ImportArguments) -> String {
    let summary = &report.summary;
    let mut lines = vec![format!(
        "{} neurons, {} spikes, {} synapses, {} membrane values in {} ms (length from {}), step {} ms",
        text::count(summary.neurons),
        text::count(summary.spikes),
        text::count(summary.synapses),
        text::count(summary.potentials),
        summary.duration_ms,
        summary.duration_from,
        summary.dt_ms,
    )];
    for population in &summary.populations {
        lines.push(format!(
            "  {}: {} neurons, ids from {} on",
            population.name,
            text::count(u64::from(population.size)),
            population.first_id
        ));
    }
    lines.extend(report.mapped.iter().map(|line| format!("took {line}")));
    lines.extend(report.dropped.iter().map(|line| format!("left out {line}")));
    lines.push(format!("recorded in {}\n", arguments.out.display()));
    lines.join("\n")
}
