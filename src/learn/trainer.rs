//! A training run without a window: images shown to a network until there were enough, measured on the way, kept on
//! disk where it was stopped, and a test with plasticity frozen at its end.
//!
//! In: an engine, images, how many. Out: a trained engine, a [`History`], a [`TestOutcome`]. The same seed gives the
//! same state whether a run was stopped and gone on with or not: it stops between two images only, and everything that
//! decides how it goes on is in [`SavedTraining`] and the engine's checkpoint.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::history::{History, HistoryPoint, ProjectionPoint, PruningPeriod, significant, time_ms};
use super::meter::{Meter, Totals, look};
use super::protocol::SavedProtocol;
use super::schedule::SavedSchedule;
use super::{Confusion, DataSet, LearnError, Protocol, PruningSchedule, Showing};
use crate::engine::{Change, Engine, ProjectionSample, SampleRequest, Spike};
use crate::model::scene::LearningScene;

/// Points of a run's history, about.
const POINTS: u64 = 200;
/// In a test: the engine's list of spikes is emptied after so many images.
const IMAGES_PER_EMPTYING: u64 = 100;

/// Told between images how many are done and which showings are over; says whether the engine's list of spikes should be
/// emptied.
type Between<'a> = dyn FnMut(&mut Trainer, u64, &[Showing]) -> Result<bool, LearnError> + 'a;

/// What happened since the last time, for whoever watches.
pub struct Progress<'a> {
    /// Images shown and scored since the start.
    pub images: u64,
    /// Showings that are over.
    pub showings: &'a [Showing],
    /// Spikes, where they were asked for.
    pub spikes: &'a [Spike],
    /// Steps done.
    pub step: u64,
    /// Pruning periods that have just been.
    pub periods: &'a [PruningPeriod],
    /// Percent right over the accuracy window.
    pub accuracy_percent: Option<f64>,
}

/// Where a run stands between two images, beside the engine's checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SavedTraining {
    protocol: SavedProtocol,
    schedule: SavedSchedule,
    history: History,
    totals: [u64; 3],
    stretch: Stretch,
    /// Wall time of training so far, in all processes.
    trained_s: f64,
}

/// Sums over the stretch of images that becomes the next point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Stretch {
    first_image: u64,
    output_spikes: u64,
    repeats: u64,
    totals_before: [u64; 3],
    /// Per mutable projection, the shares at its beginning.
    weights: Vec<Vec<f32>>,
}

/// How a frozen network answered.
#[derive(Clone, Debug)]
pub struct TestOutcome {
    /// Answers.
    pub confusion: Confusion,
    /// Spikes of all neurons.
    pub spikes: u64,
    /// Spikes of neurons that integrate input.
    pub cell_spikes: u64,
    /// Effective accumulates.
    pub operations: u64,
    /// Spikes of the output population.
    pub output_spikes: u64,
    /// Steps, rests included.
    pub steps: u64,
    /// Wall time.
    pub wall: Duration,
}

/// See the module.
pub struct Trainer {
    engine: Box<dyn Engine>,
    protocol: Protocol,
    schedule: PruningSchedule,
    history: History,
    meter: Meter,
    totals: Totals,
    stretch: Stretch,
    images_per_point: u64,
    keeps_spikes: bool,
    trained: Duration,
}

impl Trainer {
    /// Before the first image. `images` is how many the run is meant to have: its history has about 200 points.
    ///
    /// # Errors
    /// The images do not fit the network; a lost device.
    pub fn new(
        mut engine: Box<dyn Engine>,
        scene: &LearningScene,
        data: Arc<DataSet>,
        images: u64,
    ) -> Result<Self, LearnError> {
        let network = Arc::clone(engine.network());
        let protocol = Protocol::new(&network, scene, data)?;
        let schedule = PruningSchedule::new(&network);
        let meter = Meter::new(&mut *engine)?;
        let mut trainer = Self {
            engine,
            protocol,
            schedule,
            history: History::default(),
            meter,
            totals: Totals::default(),
            stretch: Stretch::default(),
            images_per_point: (images / POINTS).max(1),
            keeps_spikes: false,
            trained: Duration::ZERO,
        };
        trainer.stretch.weights = trainer.weights()?;
        Ok(trainer)
    }

    /// From now on whoever watches gets all spikes.
    pub const fn keep_spikes(&mut self) {
        self.keeps_spikes = true;
    }

    /// The engine.
    pub fn engine(&mut self) -> &mut dyn Engine {
        &mut *self.engine
    }

    /// The protocol.
    #[must_use]
    pub const fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// Wall time of training so far; where the run was stopped and gone on with, of all its parts.
    #[must_use]
    pub const fn trained(&self) -> Duration {
        self.trained
    }

    /// The run's course so far.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Shows images until `images` were shown since the start. `watch` is called between images and stops the run by
    /// returning false. True when all were shown.
    ///
    /// # Errors
    /// A lost device, or what `watch` says.
    pub fn train<E: From<LearnError>>(
        &mut self,
        images: u64,
        watch: &mut dyn FnMut(&Progress<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let (before, begun) = (self.trained, Instant::now());
        let mut timed = |trainer: &mut Self, done: u64, showings: &[Showing]| -> Result<bool, LearnError> {
            trainer.trained = before + begun.elapsed();
            trainer.count_for_point(done, images, showings)
        };
        let accuracy = |protocol: &Protocol| protocol.score().accuracy_percent();
        self.show(images, &mut timed, &accuracy, watch)
    }

    /// The loop of training and of testing. Between images `between` is called first, then `watch`.
    fn show<E: From<LearnError>>(
        &mut self,
        images: u64,
        between: &mut Between<'_>,
        accuracy: &dyn Fn(&Protocol) -> Option<f64>,
        watch: &mut dyn FnMut(&Progress<'_>) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut periods = Vec::new();
        let mut spikes = Vec::new();
        loop {
            if !self.protocol.is_between_images() {
                self.go_on()?;
                continue;
            }
            let done = self.protocol.presentations();
            let showings = self.protocol.drain_showings();
            if between(self, done, &showings)? || self.keeps_spikes {
                let request = SampleRequest { spikes: true, ..Default::default() };
                spikes = look(&mut *self.engine, &request)?.spikes;
            }
            let progress = Progress {
                images: done,
                showings: &showings,
                spikes: if self.keeps_spikes { &spikes } else { &[] },
                step: self.engine.step(),
                periods: &periods,
                accuracy_percent: accuracy(&self.protocol),
            };
            let go_on = watch(&progress)?;
            if done >= images || !go_on {
                return Ok(done >= images);
            }
            periods = self.next_image(done)?;
        }
    }

    /// Begins the next image, and says which pruning periods were due before it.
    fn next_image(&mut self, done: u64) -> Result<Vec<PruningPeriod>, LearnError> {
        let due = self.protocol.prunes_next(self.engine.step(), &self.schedule);
        if due.is_empty() {
            self.go_on()?;
            return Ok(Vec::new());
        }
        self.totals = self.meter.measure(&mut *self.engine)?;
        let before = self.statistics()?;
        self.go_on()?;
        let periods = self.periods(&due, &before, done)?;
        self.history.periods.extend(periods.iter().cloned());
        self.meter.recount(&mut *self.engine)?;
        Ok(periods)
    }

    /// Adds showings to the stretch under way, and closes it where its last image is done; says whether it did.
    fn count_for_point(&mut self, done: u64, images: u64, showings: &[Showing]) -> Result<bool, LearnError> {
        for showing in showings {
            self.stretch.output_spikes += u64::from(showing.spikes);
            self.stretch.repeats += u64::from(showing.repeated);
        }
        let is_point =
            done > self.stretch.first_image && (done.is_multiple_of(self.images_per_point) || done >= images);
        if is_point {
            self.close_stretch(done)?;
        }
        Ok(is_point)
    }

    /// To the next decision of the protocol.
    fn go_on(&mut self) -> Result<(), LearnError> {
        let Self { engine, protocol, schedule, .. } = self;
        step_on(&mut **engine, protocol, schedule)
    }

    fn close_stretch(&mut self, done: u64) -> Result<(), LearnError> {
        self.totals = self.meter.measure(&mut *self.engine)?;
        let weights = self.weights()?;
        let (mut moved, mut survivors) = (0.0_f64, 0_u64);
        for (&before, &now) in self.stretch.weights.iter().flatten().zip(weights.iter().flatten()) {
            if now >= 0.0 {
                moved += f64::from((now - before.max(0.0)).abs());
                survivors += 1;
            }
        }
        let network = Arc::clone(self.engine.network());
        let of = |(index, sample): (usize, &Option<ProjectionSample>)| {
            sample.as_ref().map(|sample| ProjectionPoint {
                projection: network.projections[index].name.clone(),
                weight_mean: significant(sample.weight_mean.into()),
                remaining: sample.remaining,
                total: sample.total,
                threshold: significant(sample.threshold.into()),
                histogram: sample.histogram.to_vec(),
            })
        };
        let projections = self.statistics()?.iter().enumerate().filter_map(of).collect();
        let before = std::mem::take(&mut self.stretch);
        let images = (done - before.first_image) as f64;
        let [spikes, _, operations] = before.totals_before;
        self.history.points.push(HistoryPoint {
            images: done,
            time_ms: time_ms(self.engine.step(), network.dt_ms),
            accuracy_percent: self.protocol.score().accuracy_percent().map(significant),
            output_spikes_per_image: significant(before.output_spikes as f64 / images),
            spikes_per_image: significant((self.totals.spikes - spikes) as f64 / images),
            effective_accumulates_per_image: significant((self.totals.operations - operations) as f64 / images),
            repeats_per_image: significant(before.repeats as f64 / images),
            weight_change_per_image: significant(moved / (survivors.max(1) as f64 * images)),
            projections,
        });
        self.stretch = Stretch { first_image: done, totals_before: self.totals.words(), weights, ..Stretch::default() };
        Ok(())
    }

    fn weights(&mut self) -> Result<Vec<Vec<f32>>, LearnError> {
        let network = Arc::clone(self.engine.network());
        let mutable = (0..network.projections.len()).filter(|&index| network.projections[index].is_mutable());
        mutable
            .map(|index| {
                let weight_max = network.projections[index].weight_max();
                let weights = self.engine.weights(index)?;
                Ok(weights.into_iter().map(|w| if w < 0.0 { w } else { w / weight_max }).collect())
            })
            .collect()
    }

    fn statistics(&mut self) -> Result<Vec<Option<ProjectionSample>>, LearnError> {
        Ok(look(&mut *self.engine, &SampleRequest { statistics: true, ..Default::default() })?.projections)
    }

    fn periods(
        &mut self,
        due: &[usize],
        before: &[Option<ProjectionSample>],
        images: u64,
    ) -> Result<Vec<PruningPeriod>, LearnError> {
        let _ = self.protocol.drain_pruned();
        let network = Arc::clone(self.engine.network());
        // The counts at the start of the showing are under way: they are the protocol's.
        self.engine.wait()?;
        while let Some(sample) = self.engine.poll_sample() {
            self.protocol.take_sample(&sample);
        }
        let after = self.statistics()?;
        let time_ms = time_ms(self.engine.step(), network.dt_ms);
        let of = |&index: &usize| {
            let (before, after) = (before.get(index)?.as_ref()?, after.get(index)?.as_ref()?);
            Some(PruningPeriod {
                images,
                time_ms,
                projection: network.projections[index].name.clone(),
                threshold: significant(before.threshold.into()),
                remaining_before: before.remaining,
                remaining: after.remaining,
                total: after.total,
                next_threshold: significant(after.threshold.into()),
            })
        };
        Ok(due.iter().filter_map(of).collect())
    }

    /// Everything but the engine's checkpoint that is needed to go on. Call it between images: after [`Self::train`].
    ///
    /// # Errors
    /// A lost device.
    pub fn saved(&mut self) -> Result<SavedTraining, LearnError> {
        self.totals = self.meter.measure(&mut *self.engine)?;
        Ok(SavedTraining {
            protocol: self.protocol.saved(),
            schedule: self.schedule.saved(),
            history: self.history.clone(),
            totals: self.totals.words(),
            stretch: self.stretch.clone(),
            trained_s: self.trained.as_secs_f64(),
        })
    }

    /// Goes on from what was kept; the engine has been restored before.
    ///
    /// # Errors
    /// It belongs to other data; a lost device.
    pub fn restore(&mut self, saved: SavedTraining) -> Result<(), LearnError> {
        if !self.protocol.restore(saved.protocol) || !self.schedule.restore(&saved.schedule) {
            return Err(LearnError::Misfit(
                "the checkpoint belongs to other images or another pruning schedule".into(),
            ));
        }
        self.trained = Duration::try_from_secs_f64(saved.trained_s).unwrap_or_default();
        self.history = saved.history;
        self.stretch = saved.stretch;
        self.totals = Totals::of(saved.totals);
        self.meter = Meter::new(&mut *self.engine)?;
        self.meter.go_on_from(self.totals);
        Ok(())
    }

    /// Shows the first `images` images of `data` with plasticity frozen and labels fixed. `watch` gets the images done
    /// and the percent right, and stops by returning false. None when it was stopped. Training does not go on after it.
    ///
    /// # Errors
    /// The images have another size; a lost device, or what `watch` says.
    pub fn test<E: From<LearnError>>(
        &mut self,
        data: Arc<DataSet>,
        images: u64,
        watch: &mut dyn FnMut(&Progress<'_>) -> Result<bool, E>,
    ) -> Result<Option<TestOutcome>, E> {
        let testing = self.protocol.for_testing(Arc::clone(&data))?;
        let engine_error = LearnError::from;
        self.engine.change(&Change::Learning(false)).map_err(engine_error)?;
        self.engine.rest().map_err(engine_error)?;
        let (first_step, begun) = (self.engine.step(), Instant::now());
        let before = self.meter.measure(&mut *self.engine)?;
        let images = images.min(data.len() as u64);
        let mut output_spikes = 0;
        let mut count = |_: &mut Self, done: u64, showings: &[Showing]| -> Result<bool, LearnError> {
            output_spikes += showings.iter().map(|showing| u64::from(showing.spikes)).sum::<u64>();
            Ok(done.is_multiple_of(IMAGES_PER_EMPTYING))
        };
        let accuracy = |protocol: &Protocol| {
            let confusion = protocol.score().confusion();
            (confusion.total() > 0).then(|| confusion.accuracy_percent())
        };
        // The training protocol waits aside: it is what a run that is stopped here goes on with.
        let taught = std::mem::replace(&mut self.protocol, testing);
        let schedule = std::mem::take(&mut self.schedule);
        let shown = self.show(images, &mut count, &accuracy, watch);
        let tested = std::mem::replace(&mut self.protocol, taught);
        self.schedule = schedule;
        if !shown? {
            return Ok(None);
        }
        let after = self.meter.measure(&mut *self.engine)?;
        Ok(Some(TestOutcome {
            confusion: tested.score().confusion().clone(),
            spikes: after.spikes - before.spikes,
            cell_spikes: after.cell_spikes - before.cell_spikes,
            operations: after.operations - before.operations,
            output_spikes,
            steps: self.engine.step() - first_step,
            wall: begun.elapsed(),
        }))
    }
}

/// To the next decision of a protocol, in one piece.
fn step_on(engine: &mut dyn Engine, protocol: &mut Protocol, schedule: &mut PruningSchedule) -> Result<(), LearnError> {
    let mut steps = protocol.prepare(engine, schedule)?;
    if steps == 0 {
        take_samples(engine, protocol)?;
        protocol.finish_showing();
        if protocol.is_between_images() {
            return Ok(());
        }
        steps = protocol.prepare(engine, schedule)?;
    }
    if steps == 0 {
        return Err(LearnError::Misfit("the engine gave no sample although all its work is done".into()));
    }
    engine.advance(steps)?;
    protocol.advanced(steps);
    if protocol.phase() == super::Phase::Rest {
        take_samples(engine, protocol)?;
        protocol.finish_showing();
    }
    Ok(())
}

fn take_samples(engine: &mut dyn Engine, protocol: &mut Protocol) -> Result<(), LearnError> {
    engine.wait()?;
    while let Some(sample) = engine.poll_sample() {
        protocol.take_sample(&sample);
    }
    Ok(())
}
