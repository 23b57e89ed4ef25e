//! `spikescope import`: what other simulators recorded, as a recording.

use super::arguments::{ImportArguments, TimeUnitName};
use super::error::AppError;
use super::progress::Progress;
use super::{Ending, interrupt, text};
use crate::recording::formats::{self, ImportError, ImportOptions, ImportReport, TimeUnit};

/// Reads, writes, reports.
pub(super) fn run(arguments: &ImportArguments) -> Result<Ending, AppError> {
    let quiet = arguments.quiet || arguments.json;
    let options = ImportOptions {
        format: arguments.format.clone(),
        time_unit: arguments.time_unit.map(|unit| match unit {
            TimeUnitName::S => TimeUnit::Seconds,
            TimeUnitName::Ms => TimeUnit::Milliseconds,
            TimeUnitName::Us => TimeUnit::Microseconds,
            TimeUnitName::Steps => TimeUnit::Steps,
        }),
        dt_ms: arguments.dt_ms,
        neurons: arguments.neurons,
        duration_ms: arguments.duration_ms,
        columns: arguments.columns.as_ref().map(|names| names.split(',').map(|name| name.trim().to_owned()).collect()),
    };
    // In percent, since what is read has no other measure that all formats share.
    let mut progress = Progress::new("importing", "%", 100, quiet);
    let mut step = |done: u64, all: u64| {
        progress.set(done.saturating_mul(100) / all.max(1));
        !interrupt::requested()
    };
    let result = formats::import(&arguments.sources, &arguments.out, &options, &mut step);
    progress.finish();
    match result {
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
