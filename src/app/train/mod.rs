//! `spikescope train`: a network learns labelled images, is tested with plasticity frozen, and the run becomes a report.
//! `spikescope compare`: several such reports on one page.

mod chart;
mod compare;
mod keep;
mod measure;
mod page;
mod report;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use compare::run as run_compare;

use super::arguments::TrainArguments;
use super::error::AppError;
use super::progress::while_working;
use super::{Ending, interrupt, setup, text};
use crate::learn::{DataSet, LearnError, Progress, TestOutcome, Trainer, open_data};
use crate::model::Network;
use crate::model::scene::Scene;
use crate::recording::files::write_text;
use crate::recording::{RecordingInfo, RecordingWriter};
use crate::session::build_engine;
use measure::{Bar, Initial};
use report::TrainReport;

/// Between two checkpoints on disk, where one is asked for.
const KEEP_EVERY: Duration = Duration::from_secs(300);

/// A run that is ready to begin.
struct Run<'a> {
    arguments: &'a TrainArguments,
    scene: Scene,
    network: Arc<Network>,
    trainer: Trainer,
    test_data: Arc<DataSet>,
    train_data: Arc<DataSet>,
    adapter: Option<String>,
    initial: Initial,
    /// Of images and protocol.
    fingerprint: u64,
    checkpoint: PathBuf,
    images: u64,
    quiet: bool,
}

impl From<LearnError> for AppError {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::Engine(error) => error.into(),
            LearnError::Data(_) | LearnError::Misfit(_) => Self::Mistake(error.to_string()),
        }
    }
}

/// Trains, tests, reports.
pub(super) fn run(arguments: &TrainArguments) -> Result<Ending, AppError> {
    let mut run = open(arguments)?;
    let mut writer = run.begin_recording()?;
    let outcome = run.train_and_test(writer.as_mut());
    // What was recorded until then is finished first, whatever happened.
    if let Some(mut writer) = writer {
        let (network, learning) = (&run.network, run.scene.learning.as_ref());
        if let Some(output) = learning.and_then(|learning| network.population_named(&learning.output)) {
            writer.set_classes(network.populations[output].first, run.trainer.protocol().score().assigned());
        }
        writer.finish()?;
    }
    let Some(tested) = outcome? else {
        text::tell(
            run.quiet,
            &format!(
                "stopped after {} of {} images; the same command with --resume goes on from {}",
                text::count(run.trainer.protocol().presentations()),
                text::count(run.images),
                run.checkpoint.display()
            ),
        );
        return Ok(Ending::Interrupted);
    };
    let report = run.report(&tested)?;
    if let Some(path) = &arguments.report {
        write_text(&page::path_beside(path), &page::of(&report))?;
        write_text(path, &text::json(&report)?)?;
    }
    if arguments.checkpoint.is_none() && run.checkpoint.is_file() {
        // It served to go on; the run is over.
        let _ = std::fs::remove_file(&run.checkpoint);
    }
    if arguments.json {
        text::print_json(&report)?;
    } else if !run.quiet {
        text::print(&measure::describe(&report, arguments.report.as_deref()))?;
    }
    Ok(Ending::Done)
}

fn open(arguments: &TrainArguments) -> Result<Run<'_>, AppError> {
    let quiet = arguments.common.quiet || arguments.json;
    let scene = settings::scene(arguments)?;
    let Some(learning) = scene.learning.clone() else {
        return Err(AppError::Mistake(format!(
            "{}: the scene has no [learning] section; train diehl-cook or digits, or add one",
            scene.origin
        )));
    };
    measure::chip(&arguments.chip)?;
    for path in [&arguments.report, &arguments.checkpoint].into_iter().flatten() {
        check_folder(path)?;
    }
    if let Some(path) = &arguments.record {
        RecordingWriter::check_place(path)?;
    }
    let gpu = setup::simulating_gpu(&arguments.common)?;
    let (train, test) = while_working("reading images", quiet, || open_data(&learning)).map_err(LearnError::from)?;
    let (train, test) = (Arc::new(train), Arc::new(test));
    let network = Arc::new(scene.compile(arguments.common.seed)?);
    let (mut engine, notice) = build_engine(arguments.common.engine.into(), gpu.as_ref(), &network)?;
    if let Some(notice) = notice {
        text::tell(quiet, &format!("note: {notice}"));
    }
    let adapter = gpu.filter(|_| engine.name() == "gpu").map(|gpu| gpu.info.name.clone());
    let images = u64::from(learning.images);
    let initial = Initial::of(&mut *engine, &network, &learning)?;
    let mut trainer = Trainer::new(engine, &learning, Arc::clone(&train), images)?;
    let fingerprint = keep::fingerprint(&train, &learning, &network);
    let checkpoint = arguments.checkpoint.clone().unwrap_or_else(|| match &arguments.report {
        Some(report) => report.with_extension("checkpoint"),
        None => PathBuf::from(format!("{}.checkpoint", scene.name)),
    });
    if arguments.resume {
        keep::read(&checkpoint, &mut trainer, fingerprint, images)?;
    }
    Ok(Run {
        arguments,
        network,
        trainer,
        test_data: test,
        train_data: train,
        adapter,
        initial,
        fingerprint,
        checkpoint,
        images,
        scene,
        quiet,
    })
}

/// A folder that is not there is found before hours of training, not after.
fn check_folder(path: &Path) -> Result<(), AppError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(AppError::Mistake(format!(
            "{}: there is no folder {}; make it first",
            path.display(),
            folder.display()
        ))),
        _ if path.is_dir() => Err(AppError::Mistake(format!("{}: is a folder; give a file", path.display()))),
        _ => Ok(()),
    }
}

impl Run<'_> {
    fn begin_recording(&mut self) -> Result<Option<RecordingWriter>, AppError> {
        let Some(path) = &self.arguments.record else { return Ok(None) };
        self.trainer.keep_spikes();
        let info = RecordingInfo {
            title: self.scene.title.clone(),
            engine: self.trainer.engine().name().to_owned(),
            adapter: self.adapter.clone().unwrap_or_default(),
            synapses: true,
        };
        Ok(Some(RecordingWriter::create(path, &self.network, info)?))
    }

    /// None when it was stopped.
    fn train_and_test(&mut self, mut writer: Option<&mut RecordingWriter>) -> Result<Option<TestOutcome>, AppError> {
        let first = self.trainer.protocol().presentations();
        let mut bar = Bar::new("training", self.images, first, self.quiet);
        let mut is_done = false;
        while !is_done {
            let since_kept = Instant::now();
            let keeps = self.arguments.checkpoint.is_some();
            let mut watch = |progress: &Progress<'_>| -> Result<bool, AppError> {
                bar.set(progress.images, progress.accuracy_percent);
                record(writer.as_deref_mut(), progress, "train")?;
                Ok(!(interrupt::requested() || keeps && since_kept.elapsed() > KEEP_EVERY))
            };
            is_done = self.trainer.train(self.images, &mut watch)?;
            if !is_done || keeps {
                keep::write(&self.checkpoint, &mut self.trainer, self.fingerprint)?;
            }
            if !is_done && interrupt::requested() {
                bar.finish();
                return Ok(None);
            }
        }
        bar.finish();
        if let Some(writer) = writer.as_deref_mut() {
            for projection in 0..self.network.projections.len() {
                if self.network.projections[projection].is_mutable() {
                    let weights = self.trainer.engine().weights(projection)?;
                    writer.write_weights(self.trainer.engine().step(), projection, &weights)?;
                }
            }
            writer.write_event(self.trainer.engine().step(), "phase", "test: plasticity is frozen")?;
        }
        // Testing leaves another state: what it began from is kept in case it is stopped.
        let saved = self.trainer.engine().checkpoint()?;
        let images = self.arguments.test.map_or(u64::MAX, u64::from).min(self.test_data.len() as u64);
        let mut bar = Bar::new("testing", images, 0, self.quiet);
        let mut watch = |progress: &Progress<'_>| -> Result<bool, AppError> {
            bar.set(progress.images, progress.accuracy_percent);
            record(writer.as_deref_mut(), progress, "test")?;
            Ok(!interrupt::requested())
        };
        let tested = self.trainer.test(Arc::clone(&self.test_data), images, &mut watch)?;
        bar.finish();
        let Some(tested) = tested else {
            self.trainer.engine().restore(&saved)?;
            keep::write(&self.checkpoint, &mut self.trainer, self.fingerprint)?;
            return Ok(None);
        };
        Ok(Some(tested))
    }

    fn report(&mut self, tested: &TestOutcome) -> Result<TrainReport, AppError> {
        let material = measure::Material {
            arguments: self.arguments,
            scene: &self.scene,
            network: &self.network,
            train_data: &self.train_data,
            test_data: &self.test_data,
            adapter: self.adapter.clone(),
            initial: &self.initial,
        };
        measure::report(&material, &mut self.trainer, tested)
    }
}

fn record(writer: Option<&mut RecordingWriter>, progress: &Progress<'_>, phase: &str) -> Result<(), AppError> {
    let Some(writer) = writer else { return Ok(()) };
    writer.write_spikes(progress.spikes, progress.step)?;
    for showing in progress.showings {
        let input = u64::from(showing.image);
        writer.write_label(showing.start_step, showing.end_step, showing.label, input)?;
    }
    for period in progress.periods {
        let text = format!(
            "{phase}: {} of {} synapses of {} left, T {:.4}",
            period.remaining, period.total, period.projection, period.threshold
        );
        writer.write_event(progress.step, "pruning", &text)?;
    }
    Ok(())
}
