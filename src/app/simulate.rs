//! `spikescope simulate`: a scene without pictures, recorded where a folder is given.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::SimulateArguments;
use super::error::AppError;
use super::progress::Progress;
use super::recorder::Recorder;
use super::report::{self, Learning, Run};
use super::setup::{self, Opened};
use super::{Ending, interrupt, text};
use crate::model::scene::Scene;
use crate::session::Session;

/// Between two looks at Ctrl-C and the progress bar the simulation runs about this long.
const SLICE: Duration = Duration::from_millis(100);

#[derive(Serialize)]
struct SimulateReport {
    #[serde(flatten)]
    run: Run,
    simulated_ms: f64,
    interrupted: bool,
    recording: Option<PathBuf>,
    timings: Timings,
    spikes: u64,
    rate_hz: Map<String, Value>,
    learning: Option<Learning>,
    notices: Vec<String>,
    state_hash: String,
}

#[derive(Serialize)]
struct Timings {
    set_up_ms: f64,
    /// Recording included.
    wall_ms: f64,
    /// Wall time per simulated time.
    real_time_factor: f64,
}

/// Runs, records, reports.
pub(super) fn run(arguments: &SimulateArguments) -> Result<Ending, AppError> {
    let quiet = arguments.common.quiet || arguments.json;
    let scene = Scene::load(&arguments.scene, &arguments.common.set)?;
    let duration_ms = arguments.duration_ms.unwrap_or(scene.duration_ms);
    let steps = (duration_ms / scene.dt_ms()).round().max(1.0) as u64;
    let record = scene.record.clone();
    let gpu = setup::simulating_gpu(&arguments.common)?;
    if let Some(path) = &arguments.record {
        Recorder::check_place(path)?;
    }
    let Opened { mut session, set_up } = setup::open(scene, &arguments.common, gpu.clone())?;
    let mut recorder = match &arguments.record {
        Some(path) => Some(Recorder::begin(path, &mut session, gpu.clone(), &record)?),
        None => None,
    };
    let begun = Instant::now();
    let mut progress = Progress::new("simulating", "ms", duration_ms.ceil() as u64, quiet);
    let result = advance(&mut session, recorder.as_mut(), steps, &mut progress);
    progress.finish();
    // Whatever happened, what was recorded until then is finished first.
    let finished = recorder.map_or(Ok(()), |recorder| recorder.finish(&mut session));
    result?;
    finished?;
    let wall = begun.elapsed();

    let interrupted = session.step() < steps;
    let simulated_ms = report::simulated_ms(&session);
    let spikes = report::population_spikes(&mut session)?;
    let report = SimulateReport {
        run: Run::without_pictures(&mut session, gpu.as_deref()),
        simulated_ms,
        interrupted,
        recording: arguments.record.clone(),
        timings: Timings {
            set_up_ms: report::ms(set_up),
            wall_ms: report::ms(wall),
            real_time_factor: wall.as_secs_f64() * 1e3 / simulated_ms.max(f64::MIN_POSITIVE),
        },
        spikes: spikes.iter().sum(),
        rate_hz: report::rates_hz(session.network(), &spikes, simulated_ms),
        learning: Learning::of(&session),
        notices: session.telemetry().notices.clone(),
        state_hash: session.state_hash()?,
    };
    if arguments.json {
        text::print_json(&report)?;
    } else if !quiet {
        text::print(&describe(&report))?;
    }
    Ok(if interrupted { Ending::Interrupted } else { Ending::Done })
}

/// Slices of about [`SLICE`], cut shorter where something is to be recorded at an exact step.
fn advance(
    session: &mut Session,
    mut recorder: Option<&mut Recorder>,
    steps: u64,
    progress: &mut Progress,
) -> Result<(), AppError> {
    let mut slice = 16_u64;
    while session.step() < steps && !interrupt::requested() {
        let due = recorder.as_ref().map_or(u64::MAX, |recorder| recorder.steps_until_due(session.step()));
        let now = slice.min(steps - session.step()).min(due).min(u64::from(u32::MAX));
        let begun = Instant::now();
        session.advance(now as u32)?;
        session.engine().wait()?;
        if begun.elapsed() < SLICE / 2 && now == slice {
            slice *= 2;
        } else if begun.elapsed() > SLICE * 2 {
            slice = (slice / 2).max(1);
        }
        if let Some(recorder) = recorder.as_deref_mut() {
            recorder.take(session)?;
        }
        progress.set((session.step() as f64 * session.network().dt_ms) as u64);
    }
    Ok(())
}

fn describe(report: &SimulateReport) -> String {
    let mut lines = vec![format!(
        "{}: {} neurons, {} synapses, seed {}, {} engine",
        report.run.scene,
        text::count(report.run.neurons),
        text::count(report.run.synapses),
        report.run.seed,
        report.run.engine
    )];
    lines.push(format!(
        "{} ms{} in {:.2} s: {:.2} times real time; {} spikes",
        report.simulated_ms,
        if report.interrupted { " (ended early)" } else { "" },
        report.timings.wall_ms / 1e3,
        1.0 / report.timings.real_time_factor.max(f64::MIN_POSITIVE),
        text::count(report.spikes)
    ));
    for (population, rate) in &report.rate_hz {
        lines.push(format!("  {population}: {:.2} Hz", rate.as_f64().unwrap_or(0.0)));
    }
    if let Some(learning) = &report.learning {
        lines.push(learning.describe());
    }
    lines.extend(report.notices.iter().map(|notice| format!("note: {notice}")));
    if let Some(path) = &report.recording {
        lines.push(format!("recorded in {}", path.display()));
    }
    lines.push(format!("state {}\n", report.state_hash));
    lines.join("\n")
}
