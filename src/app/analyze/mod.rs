//! `spikescope analyze`: the statistics of a recording as a table for people, JSON for programs, CSV per neuron. Files
//! of other programs are imported first, into a folder that goes when the door closes.

mod document;
mod table;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::arguments::AnalyzeArguments;
use super::error::AppError;
use super::progress::Progress;
use super::{Ending, import, text};
use crate::analysis::recorded::{self, Analysis, Request};
use crate::recording::files::write_atomically;
use crate::recording::formats::{ImportError, ImportReport};
use crate::recording::{Recording, RecordingError};

/// Between two looks at how far the work is.
const TICK: Duration = Duration::from_millis(100);

/// Reads, computes, reports.
pub(super) fn run(arguments: &AnalyzeArguments) -> Result<Ending, AppError> {
    let quiet = arguments.quiet || arguments.json;
    let opened = match open(arguments, quiet) {
        Err(ImportError::Stopped) => return Ok(Ending::Interrupted),
        opened => opened?,
    };
    let recording = &opened.recording;
    let (from_ms, to_ms) = (arguments.from, arguments.to);
    if let (from_ms, Some(to_ms)) = (from_ms.unwrap_or(0.0), to_ms)
        && to_ms <= from_ms
    {
        return Err(AppError::Mistake(format!("--to {to_ms} ms is not after --from {from_ms} ms; swap them")));
    }
    if let Some(from_ms) = from_ms.filter(|from_ms| *from_ms > recording.duration_ms()) {
        let end_ms = recording.duration_ms();
        return Err(AppError::Mistake(format!("--from {from_ms} ms lies after the end of the recording, {end_ms} ms")));
    }
    let population = arguments.population.as_deref().map(|name| index_of(recording, name)).transpose()?;
    let pairs = arguments.pairs.as_ref().map_or_else(Vec::new, |ids| ids.0.clone());
    if let Some(neuron) = pairs.iter().find(|neuron| **neuron >= recording.neuron_count()) {
        let count = recording.neuron_count();
        return Err(AppError::Mistake(format!("--pairs names neuron {neuron}, but the recording has {count} neurons")));
    }
    let request = Request { from_ms, to_ms, pairs, ..Request::default() };
    let seen = AtomicU64::new(0);
    let mut progress = Progress::new("analysing", "spikes", recording.spike_count(), quiet);
    let analysis = std::thread::scope(|scope| {
        let worker = scope.spawn(|| recorded::analyse(recording, &request, &seen));
        while !worker.is_finished() {
            progress.set(seen.load(Ordering::Relaxed));
            std::thread::park_timeout(if seen.load(Ordering::Relaxed) == 0 { TICK / 20 } else { TICK });
        }
        worker.join().map_err(|_| AppError::Failure("the analysis stopped short; this is a mistake of ours".to_owned()))
    })?;
    progress.finish();
    let analysis = analysis?;
    if let Some(path) = &arguments.csv {
        write_csv(path, &analysis, population)?;
    }
    if arguments.json {
        let mut document = document::document(recording, &analysis, population);
        if let (Some(report), Some(document)) = (&opened.imported, document.as_object_mut()) {
            document.insert("recording".to_owned(), serde_json::Value::Null);
            document.insert("imported".to_owned(), serde_json::json!(report));
        }
        text::print_json(&document)?;
    } else {
        text::print(&table::table(recording, &analysis, population))?;
    }
    Ok(Ending::Done)
}

/// A recording, and what was imported to make it, if it was.
struct Opened {
    recording: Recording,
    imported: Option<ImportReport>,
    /// Removed when this is dropped.
    _folder: Option<tempfile::TempDir>,
}

/// The one recording that is named, or all files that are.
fn open(arguments: &AnalyzeArguments, quiet: bool) -> Result<Opened, ImportError> {
    let sources = &arguments.sources;
    if let Some(folder) = sources.iter().find(|source| source.join("recording.json").is_file()) {
        let mistake = |text: String| Err(ImportError::Mistake(text));
        if sources.len() > 1 {
            let name = folder.display();
            return mistake(format!("{name} is a recording; recordings are analysed one by one, each by itself"));
        }
        if let Some(option) = arguments.hints.given() {
            let name = folder.display();
            return mistake(format!(
                "{option} is for files of other programs, but {name} is a recording; leave it out"
            ));
        }
        return Ok(Opened { recording: Recording::open(folder)?, imported: None, _folder: None });
    }
    let folder = tempfile::Builder::new().prefix("spikescope-analyze-").tempdir();
    let folder = folder.map_err(|source| {
        ImportError::Recording(crate::recording::files::write_error(&std::env::temp_dir(), source))
    })?;
    let out = folder.path().join("recording");
    let report = import::import(sources, &out, &arguments.hints, quiet)?;
    Ok(Opened { recording: Recording::open(&out)?, imported: Some(report), _folder: Some(folder) })
}

fn index_of(recording: &Recording, name: &str) -> Result<usize, AppError> {
    let populations = &recording.header().populations;
    populations.iter().position(|population| population.name == name).ok_or_else(|| {
        let names: Vec<&str> = populations.iter().map(|population| population.name.as_str()).collect();
        AppError::Mistake(format!("the recording has no population {name:?}; it has {}", names.join(", ")))
    })
}

/// One row per neuron.
fn write_csv(path: &Path, analysis: &Analysis, population: Option<usize>) -> Result<(), AppError> {
    let plan = analysis.trains.plan();
    let windows = plan.count_windows();
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    write_atomically::<RecordingError>(path, |file| {
        let mut out = std::io::BufWriter::new(file);
        let refused = |source| crate::recording::files::write_error(path, source);
        writeln!(
            out,
            "neuron,population,spike_count,rate_hz,first_spike_ms,isi_mean_ms,isi_cv,isi_cv2,isi_lv,isi_lvr,fano_factor,\
             bursts,preferred_class,selectivity,first_spike_latency_ms"
        )
        .map_err(refused)?;
        let chosen = |index: usize| population.is_none_or(|only| only == index);
        for (_, (name, range)) in plan.populations.iter().enumerate().filter(|(index, _)| chosen(*index)) {
            let name = if name.contains([',', '"', '\n']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.clone()
            };
            for neuron in range.clone() {
                let train = &analysis.trains.trains()[neuron as usize];
                let responses = analysis.responses.as_ref();
                let answer = responses.and_then(|responses| responses.selectivity(neuron as usize));
                let latency = responses.and_then(|responses| responses.first_spike_latency_ms(neuron as usize));
                writeln!(
                    out,
                    "{neuron},{name},{},{},{},{},{},{},{},{},{},{},{},{},{}",
                    train.spike_count(),
                    crate::analysis::rate_hz(u64::from(train.spike_count()), 1, plan.duration_ms()),
                    number(train.first_spike_ms()),
                    number(train.isi_mean_ms()),
                    number(train.cv()),
                    number(train.cv2()),
                    number(train.lv()),
                    number(train.lvr()),
                    number(train.fano_factor(windows)),
                    train.bursts().0,
                    answer.map_or_else(String::new, |(class, _)| class.to_string()),
                    number(answer.map(|(_, selectivity)| selectivity)),
                    number(latency),
                )
                .map_err(refused)?;
            }
        }
        out.flush().map_err(refused)
    })?;
    Ok(())
}
