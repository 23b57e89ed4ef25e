//! The presentation protocol of Diehl and Cook (2015): show an image, count output spikes, show it again brighter when
//! they were too few, be silent, go on. A state machine over any engine that never blocks: it says how many steps may
//! be advanced before its next decision, and waits where a sample that it needs has not come back.
//!
//! In: an engine, finished samples, the clock. Out: rates, normalisation and pruning at exact steps; answers, labels
//! and accuracy. Whether the caller advances step by step or in one go, blocking or live, the engine gets the same
//! calls at the same steps, so the spikes are the same.
//!
//! Order between two images: prune (when a period is due), then normalise, then present; with `normalise_first`
//! normalise, then prune.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::LearnError;
use super::cursor::Cursor;
use super::data::DataSet;
use super::encoding::Encoder;
use super::schedule::PruningSchedule;
use super::score::{SavedScore, Score};
use crate::engine::{Engine, Sample, SampleRequest};
use crate::model::scene::{Encoding, LearningScene};
use crate::model::{Cell, Network, Source};

/// What the protocol is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before an image.
    Begin,
    /// Showing an image.
    Present,
    /// Silence after it.
    Rest,
}

impl Phase {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Begin => "next image",
            Self::Present => "present",
            Self::Rest => "rest",
        }
    }
}

/// One showing of an image that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Showing {
    /// Steps done when it began.
    pub start_step: u64,
    /// Steps done when it ended (the silence after it not included).
    pub end_step: u64,
    /// Index of the image in the data set.
    pub image: u32,
    /// Its class.
    pub label: u8,
    /// The network's answer; none when no neuron that means something spiked, or when the image is shown again.
    pub answer: Option<u8>,
    /// Output spikes.
    pub spikes: u32,
    /// Too few spikes: the image is shown again, and this showing is not scored.
    pub repeated: bool,
    /// Presentations finished and scored by then.
    pub presentation: u64,
    /// Percent right over the accuracy window by then.
    pub accuracy_percent: Option<f64>,
}

/// Where a protocol stands between two images, as it goes to disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedProtocol {
    /// Presentations finished.
    pub presentations: u64,
    /// Pass over the data.
    pub pass: u32,
    /// Place of the next image in its order.
    pub position: usize,
    /// Labels and answers.
    pub score: SavedScore,
}

/// Shows images to a network. See the module.
#[derive(Clone)]
pub struct Protocol {
    settings: Settings,
    data: Arc<DataSet>,
    cursor: Cursor,
    phase: Phase,
    steps_left: u32,
    /// Steps of the showing that rates were set for.
    shown_steps: u32,
    presentations: u64,
    retries: u32,
    input_factor: f32,
    learning: bool,
    counts: Counts,
    score: Score,
    showings: VecDeque<Showing>,
    showing: (u64, u64),
    last_spike_count: u32,
    pruned: Vec<usize>,
    rates_hz: Vec<f32>,
}

/// What a scene asks for, in steps and indices.
#[derive(Clone, Debug)]
struct Settings {
    input: usize,
    output: usize,
    present_steps: u32,
    rest_steps: u32,
    encoder: Encoder,
    /// Added to the brightness, 1 at first, each time an image is shown again.
    brightness_step: f32,
    min_spikes: u32,
    max_retries: u32,
    reset_between: bool,
    normalised: Vec<usize>,
    normalise_first: bool,
    accuracy_window: usize,
}

/// Finished showings kept until [`Protocol::drain_showings`]; the oldest go first.
const SHOWINGS_KEPT: usize = 1 << 16;

impl Settings {
    fn new(network: &Network, scene: &LearningScene, data: &DataSet) -> Result<Self, LearnError> {
        let find = |name: &str| {
            network
                .population_named(name)
                .ok_or_else(|| LearnError::Misfit(format!("learning: there is no population called {name:?}")))
        };
        let (input, output) = (find(&scene.input)?, find(&scene.output)?);
        if !matches!(network.populations[input].cell, Cell::Source(Source::Poisson { .. })) {
            return Err(LearnError::Misfit(format!(
                "learning.input: images can only drive a Poisson source, and {:?} is none",
                scene.input
            )));
        }
        if network.populations[input].size as usize != data.pixels() {
            return Err(LearnError::Misfit(format!(
                "learning.data: the images of {:?} have {} x {} pixels, but population {:?} has {} neurons; give it \
                 as many neurons as pixels",
                data.name, data.width, data.height, scene.input, network.populations[input].size
            )));
        }
        let steps = |ms: f64| (ms / network.dt_ms).round().clamp(0.0, f64::from(u32::MAX)) as u32;
        let factor = match scene.summed_rate_hz {
            Some(rate_hz) if scene.intensity_hz_per_level > 0.0 => {
                rate_hz / (scene.intensity_hz_per_level * data.mean_levels_per_image().max(1.0))
            }
            _ => 1.0,
        };
        let normalised = network.projections.iter().enumerate().filter(|(_, p)| p.normalised_sum.is_some());
        Ok(Self {
            input,
            output,
            present_steps: steps(scene.present_ms).max(1),
            rest_steps: steps(scene.rest_ms),
            encoder: match scene.encoding {
                Encoding::Poisson => Encoder::Poisson { hz_per_level: (factor * scene.intensity_hz_per_level) as f32 },
                Encoding::TimeToFirstSpike { volley_ms } => {
                    Encoder::FirstSpike { volley_steps: steps(volley_ms).clamp(1, steps(scene.present_ms).max(1)) }
                }
            },
            brightness_step: (scene.intensity_step_hz_per_level / scene.intensity_hz_per_level) as f32,
            min_spikes: scene.min_spikes,
            max_retries: scene.max_retries,
            reset_between: scene.reset_between,
            normalised: if scene.normalise { normalised.map(|(index, _)| index).collect() } else { Vec::new() },
            normalise_first: scene.normalise_first,
            accuracy_window: scene.accuracy_window as usize,
        })
    }
}

impl Protocol {
    /// Ready to show the first image.
    ///
    /// # Errors
    /// The images do not fit the input population, or the populations that the scene names do not fit the protocol.
    pub fn new(network: &Network, scene: &LearningScene, data: Arc<DataSet>) -> Result<Self, LearnError> {
        let settings = Settings::new(network, scene, &data)?;
        let neurons = network.populations[settings.output].size as usize;
        let score = Score::new(neurons, data.classes(), scene.label_window as usize, settings.accuracy_window);
        let cursor = Cursor::new(data.len(), scene.shuffle.then_some(network.seed));
        Ok(Self::assemble(settings, data, cursor, score, neurons))
    }

    /// A protocol that tests what this one has taught: labels fixed, no normalisation, no pruning, images in the order
    /// of the data. The caller switches learning off in the engine.
    ///
    /// # Errors
    /// The images have another size.
    pub fn for_testing(&self, data: Arc<DataSet>) -> Result<Self, LearnError> {
        if (data.width, data.height) != (self.data.width, self.data.height) {
            return Err(LearnError::Misfit(format!(
                "the test images of {:?} have {} x {} pixels, those learned from {} x {}",
                data.name, data.width, data.height, self.data.width, self.data.height
            )));
        }
        let settings = Settings { normalised: Vec::new(), ..self.settings.clone() };
        let score = self.score.with_fixed_labels(self.data.classes().max(data.classes()), settings.accuracy_window);
        let cursor = Cursor::new(data.len(), None);
        let mut protocol = Self::assemble(settings, data, cursor, score, self.score.assigned().len());
        protocol.learning = false;
        protocol.input_factor = self.input_factor;
        Ok(protocol)
    }

    fn assemble(settings: Settings, data: Arc<DataSet>, cursor: Cursor, score: Score, neurons: usize) -> Self {
        Self {
            rates_hz: vec![0.0; data.pixels()],
            settings,
            data,
            cursor,
            phase: Phase::Begin,
            steps_left: 0,
            shown_steps: 0,
            presentations: 0,
            retries: 0,
            input_factor: 1.0,
            learning: true,
            counts: Counts { baseline: vec![0; neurons], ..Counts::default() },
            score,
            showings: VecDeque::new(),
            showing: (0, 0),
            last_spike_count: 0,
            pruned: Vec::new(),
        }
    }

    /// Does all that is due now and says how many steps may be advanced before the next decision. 0: a sample that it
    /// needs has not come back (or could not be asked for); call again after polling.
    ///
    /// # Errors
    /// From the engine.
    pub fn prepare(&mut self, engine: &mut dyn Engine, schedule: &mut PruningSchedule) -> Result<u32, LearnError> {
        loop {
            if self.steps_left > 0 {
                return Ok(self.steps_left);
            }
            let moved = match self.phase {
                Phase::Begin => self.begin(engine, schedule)?,
                Phase::Present if self.shown_steps < self.settings.present_steps => self.go_on_showing(engine)?,
                Phase::Present => self.end_showing(engine)?,
                Phase::Rest => self.decide(),
            };
            if !moved {
                return Ok(0);
            }
        }
    }

    /// True while an answer that it asked for has not come back.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.counts.under_way.is_empty()
    }

    /// Scores a showing whose silence is over, if its answer is back; [`Self::prepare`] would do it next.
    pub fn finish_showing(&mut self) {
        if self.steps_left == 0 && self.phase == Phase::Rest {
            self.decide();
        }
    }

    /// True before an image that was not shown yet: the moment to keep or to stop a run.
    #[must_use]
    pub const fn is_between_images(&self) -> bool {
        self.steps_left == 0 && matches!(self.phase, Phase::Begin) && self.retries == 0
    }

    /// What has to be kept to go on. Taken between images ([`Self::is_between_images`]).
    #[must_use]
    pub fn saved(&self) -> SavedProtocol {
        SavedProtocol {
            presentations: self.presentations,
            pass: self.cursor.place().0,
            position: self.cursor.place().1,
            score: self.score.saved(),
        }
    }

    /// Goes on from what was kept, in a new protocol of the same network and data. False, and nothing done, when the
    /// data has no such image.
    pub fn restore(&mut self, saved: SavedProtocol) -> bool {
        if !self.cursor.go_to(saved.pass, saved.position) {
            return false;
        }
        self.presentations = saved.presentations;
        self.score.restore(saved.score);
        true
    }

    /// The projections that [`Self::prepare`] prunes next, before it shows an image.
    #[must_use]
    pub fn prunes_next(&self, step: u64, schedule: &PruningSchedule) -> Vec<usize> {
        if self.steps_left > 0 || self.phase != Phase::Begin || self.retries > 0 || !self.learning {
            return Vec::new();
        }
        let mut due = schedule.due_after_presentations(self.presentations);
        due.extend(schedule.clone().take_due_at(step));
        due.sort_unstable();
        due.dedup();
        due
    }

    /// The engine was advanced by `steps`, at most what [`Self::prepare`] said.
    pub const fn advanced(&mut self, steps: u32) {
        self.steps_left = self.steps_left.saturating_sub(steps);
    }

    /// Takes a finished sample if it is one that the protocol asked for; says whether it was.
    pub fn take_sample(&mut self, sample: &Sample) -> bool {
        self.counts.take(sample)
    }

    /// Prunes, normalises, shows the image. False when the spike counts at its start cannot be asked for yet.
    fn begin(&mut self, engine: &mut dyn Engine, schedule: &mut PruningSchedule) -> Result<bool, LearnError> {
        if !self.counts.ask(engine, self.settings.output, For::Baseline) {
            return Ok(false);
        }
        if self.settings.normalise_first {
            self.normalise(engine)?;
        }
        if self.retries == 0 {
            let mut due = schedule.due_after_presentations(self.presentations);
            due.extend(schedule.take_due_at(engine.step()));
            due.sort_unstable();
            due.dedup();
            for projection in due.into_iter().filter(|_| self.learning) {
                engine.prune(projection)?;
                self.pruned.push(projection);
            }
        }
        if !self.settings.normalise_first {
            self.normalise(engine)?;
        }
        self.phase = Phase::Present;
        self.showing.0 = engine.step();
        self.shown_steps = 0;
        self.go_on_showing(engine)
    }

    fn normalise(&self, engine: &mut dyn Engine) -> Result<(), LearnError> {
        for &projection in self.settings.normalised.iter().filter(|_| self.learning) {
            engine.normalise(projection)?;
        }
        Ok(())
    }

    /// Sets the rates of the image shown now, for as long as they hold.
    fn go_on_showing(&mut self, engine: &mut dyn Engine) -> Result<bool, LearnError> {
        let steps = self.encode(self.shown_steps);
        engine.set_rates(self.settings.input, &self.rates_hz)?;
        self.shown_steps += steps;
        self.steps_left = steps;
        Ok(true)
    }

    /// The rates after so many steps of the showing, and for how many more they hold.
    fn encode(&mut self, shown_steps: u32) -> u32 {
        let image = self.data.image(self.cursor.image() as usize);
        let brightness = (1.0 + self.retries as f32 * self.settings.brightness_step) * self.input_factor;
        let Settings { encoder, present_steps, .. } = self.settings;
        encoder.slice(image, brightness, shown_steps, present_steps, &mut self.rates_hz)
    }

    /// Asks for the answer and falls silent. False when it cannot be asked for yet.
    fn end_showing(&mut self, engine: &mut dyn Engine) -> Result<bool, LearnError> {
        if !self.counts.ask(engine, self.settings.output, For::Answer) {
            return Ok(false);
        }
        self.phase = Phase::Rest;
        self.rates_hz.fill(0.0);
        engine.set_rates(self.settings.input, &self.rates_hz)?;
        if self.settings.reset_between {
            engine.rest()?;
        }
        self.showing.1 = engine.step();
        self.steps_left = self.settings.rest_steps;
        Ok(true)
    }

    /// Scores the showing, or has it repeated. False while the answer is under way.
    fn decide(&mut self) -> bool {
        let Some(counts) = self.counts.answer() else { return false };
        let spikes: u32 = counts.iter().sum();
        let repeated = spikes < self.settings.min_spikes && self.retries < self.settings.max_retries;
        let image = self.cursor.image();
        let label = self.data.labels.get(image as usize).copied().unwrap_or_default();
        let answer = if repeated { None } else { self.score.take(label, &counts) };
        if self.showings.len() == SHOWINGS_KEPT {
            self.showings.pop_front();
        }
        if repeated {
            self.retries += 1;
        } else {
            self.retries = 0;
            self.presentations += 1;
            self.cursor.next();
        }
        self.showings.push_back(Showing {
            start_step: self.showing.0,
            end_step: self.showing.1,
            image,
            label,
            answer,
            spikes,
            repeated,
            presentation: self.presentations,
            accuracy_percent: self.score.accuracy_percent(),
        });
        self.last_spike_count = spikes;
        self.phase = Phase::Begin;
        true
    }

    /// Gives up the showing under way: the same image is shown again from its beginning. Used after something else ran
    /// on the engine.
    pub fn restart_showing(&mut self) {
        self.phase = Phase::Begin;
        self.steps_left = 0;
        self.retries = 0;
        self.counts = Counts { baseline: std::mem::take(&mut self.counts.baseline), ..Counts::default() };
    }

    /// Learning on or off: off, weights are neither normalised nor pruned. The caller tells the engine.
    pub const fn set_learning(&mut self, learning: bool) {
        self.learning = learning;
    }

    /// Factor on the images' brightness, 1 as in the scene; in force at once, or with the next spikes of a volley.
    ///
    /// # Errors
    /// From the engine.
    pub fn set_input_factor(&mut self, engine: &mut dyn Engine, factor: f32) -> Result<(), LearnError> {
        self.input_factor = if factor.is_finite() { factor.max(0.0) } else { 1.0 };
        if self.phase == Phase::Present
            && self.steps_left > 0
            && matches!(self.settings.encoder, Encoder::Poisson { .. })
        {
            self.encode(0);
            engine.set_rates(self.settings.input, &self.rates_hz)?;
        }
        Ok(())
    }

    /// Index of the population that images drive.
    #[must_use]
    pub const fn input(&self) -> usize {
        self.settings.input
    }

    /// Index of the population that answers.
    #[must_use]
    pub const fn output(&self) -> usize {
        self.settings.output
    }

    /// The images.
    #[must_use]
    pub const fn data(&self) -> &Arc<DataSet> {
        &self.data
    }

    /// What it is doing.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Presentations finished and scored (repeats of one image count once).
    #[must_use]
    pub const fn presentations(&self) -> u64 {
        self.presentations
    }

    /// Index of the image shown now, or next.
    #[must_use]
    pub fn image(&self) -> u32 {
        self.cursor.image()
    }

    /// Learning is on.
    #[must_use]
    pub const fn learning(&self) -> bool {
        self.learning
    }

    /// Labels, answers and accuracy.
    #[must_use]
    pub const fn score(&self) -> &Score {
        &self.score
    }

    /// Output spikes of the last showing.
    #[must_use]
    pub const fn last_spike_count(&self) -> u32 {
        self.last_spike_count
    }

    /// Showings that are over since the last call, oldest first (at most the last 65,536).
    pub fn drain_showings(&mut self) -> Vec<Showing> {
        self.showings.drain(..).collect()
    }

    /// Projections that had a pruning period since the last call, in order.
    pub fn drain_pruned(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.pruned)
    }
}

/// What a sample's spike counts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Baseline,
    Answer,
}

/// Spike counts of the output population at the start and the end of a showing, asked for and brought back in order.
#[derive(Clone, Default)]
struct Counts {
    baseline: Vec<u32>,
    end: Option<Vec<u32>>,
    under_way: VecDeque<(u64, For)>,
}

impl Counts {
    fn ask(&mut self, engine: &mut dyn Engine, population: usize, what_for: For) -> bool {
        let request = SampleRequest { counts_of: Some(population), ..Default::default() };
        let asked = engine.request_sample(&request);
        if asked {
            self.under_way.push_back((engine.step(), what_for));
        }
        asked
    }

    fn take(&mut self, sample: &Sample) -> bool {
        if sample.counts.len() != self.baseline.len() || self.under_way.front().is_none_or(|w| w.0 != sample.step) {
            return false;
        }
        match self.under_way.pop_front() {
            Some((_, For::Baseline)) => self.baseline.copy_from_slice(&sample.counts),
            _ => self.end = Some(sample.counts.clone()),
        }
        true
    }

    /// Spikes per neuron between the two; none until both are back.
    fn answer(&mut self) -> Option<Vec<u32>> {
        let mut counts = self.end.take()?;
        for (count, before) in counts.iter_mut().zip(&self.baseline) {
            *count = count.saturating_sub(*before);
        }
        Some(counts)
    }
}
