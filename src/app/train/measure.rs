//! From a finished run to its report. In: the trainer, the test, what the network was at first. Out: [`TrainReport`],
//! the words for the terminal, the progress bar.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::report::{
    CHIPS, Compression, DataReport, Energy, FORMAT, Fields, Finding, NeuroBench, TestReport, Timings, TrainReport,
};
use crate::app::arguments::TrainArguments;
use crate::app::error::AppError;
use crate::app::progress::Progress;
use crate::app::report::hash_text;
use crate::app::text;
use crate::engine::{Engine, PRUNED};
use crate::learn::{DataSet, TestOutcome, Trainer, findings};
use crate::model::scene::{Encoding, LearningScene, Scene};
use crate::model::{Cell, Connectivity, Network, Pruning, PruningPolicy};

/// Receptive fields in a report: the first so many neurons.
const FIELDS_MAX: u32 = 400;
/// Level of a pruned synapse in a field.
const GONE: u8 = 255;

/// A progress bar that tells speed and accuracy.
pub(super) struct Bar {
    progress: Progress,
    begun: Instant,
    first: u64,
    told: Instant,
}

impl Bar {
    pub(super) fn new(what: &str, images: u64, first: u64, quiet: bool) -> Self {
        let now = Instant::now();
        let mut progress = Progress::new(what, "images", images, quiet);
        progress.begin_at(first);
        Self { progress, begun: now, first, told: now }
    }

    pub(super) fn set(&mut self, images: u64, accuracy_percent: Option<f64>) {
        if self.told.elapsed() < Duration::from_millis(200) {
            return;
        }
        self.told = Instant::now();
        let per_second = images.saturating_sub(self.first) as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let accuracy = accuracy_percent.map_or_else(String::new, |percent| format!(", {percent:.1} % right"));
        self.progress.say(format!("; {per_second:.0} images/s{accuracy}"));
        self.progress.set(images);
    }

    pub(super) fn finish(self) {
        self.progress.finish();
    }
}

/// What of the untrained network the report shows.
pub(super) struct Initial {
    /// Projection from the images to the neurons that answer, where it joins each to each.
    projection: Option<usize>,
    weights: Vec<f32>,
}

impl Initial {
    pub(super) fn of(engine: &mut dyn Engine, network: &Network, learning: &LearningScene) -> Result<Self, AppError> {
        let ends = [network.population_named(&learning.input), network.population_named(&learning.output)];
        let projection = network.projections.iter().position(|p| {
            [Some(p.source), Some(p.target)] == ends
                && p.is_mutable()
                && matches!(p.connectivity, Connectivity::AllToAll)
        });
        let weights = match projection {
            Some(projection) => engine.weights(projection)?,
            None => Vec::new(),
        };
        Ok(Self { projection, weights })
    }
}

/// What a report is made from, beside the trainer and the test.
pub(super) struct Material<'a> {
    pub(super) arguments: &'a TrainArguments,
    pub(super) scene: &'a Scene,
    pub(super) network: &'a Network,
    pub(super) train_data: &'a DataSet,
    pub(super) test_data: &'a DataSet,
    pub(super) adapter: Option<String>,
    pub(super) initial: &'a Initial,
}

/// pJ per synaptic operation of the chip that was asked for.
pub(super) fn chip(name: &str) -> Result<f64, AppError> {
    CHIPS.iter().find(|chip| chip.0 == name).map(|chip| chip.1).ok_or_else(|| {
        let known: Vec<&str> = CHIPS.iter().map(|chip| chip.0).collect();
        AppError::Mistake(format!("--chip {name}: there is no such chip; known: {}", known.join(", ")))
    })
}

pub(super) fn report(
    material: &Material<'_>,
    trainer: &mut Trainer,
    tested: &TestOutcome,
) -> Result<TrainReport, AppError> {
    let Material { arguments, scene, network, .. } = *material;
    let learning = scene.learning.as_ref().ok_or_else(|| AppError::Failure("the scene does not learn".into()))?;
    let images = trainer.protocol().presentations();
    let tested_images = tested.confusion.total();
    let per_image = |sum: u64| sum as f64 / tested_images.max(1) as f64;
    let per_second = |images: u64, time: Duration| images as f64 / time.as_secs_f64().max(1e-9);
    let mut compression = Vec::new();
    let (mut zeros, mut changing, mut left) = (0_u64, 0_u64, 0_u64);
    for (index, projection) in network.projections.iter().enumerate().filter(|(_, p)| p.is_mutable()) {
        let weights = trainer.engine().weights(index)?;
        // A synapse may have learned a weight of 0 and may leave it again: only what was pruned is gone.
        let remaining = weights.iter().filter(|&&w| w != PRUNED).count() as u64;
        let effective = weights.iter().filter(|&&w| w != PRUNED && w > 0.0).count() as u64;
        let synapses = weights.len() as u64;
        zeros += synapses - effective;
        changing += synapses;
        left += remaining;
        compression.push(Compression {
            projection: projection.name.clone(),
            synapses,
            remaining,
            zero_weights: remaining - effective,
            remaining_percent: 100.0 * remaining as f64 / synapses.max(1) as f64,
        });
    }
    let cells: u64 =
        network.populations.iter().filter(|p| matches!(p.cell, Cell::Lif(_))).map(|p| u64::from(p.size)).sum();
    let state_bytes = 28 * u64::from(network.neuron_count());
    let fixed_bytes = trainer.engine().synapse_bytes().saturating_sub(4 * changing);
    let energy_pj = chip(&arguments.chip)?;
    let operations = per_image(tested.operations);
    Ok(TrainReport {
        format: FORMAT.to_owned(),
        program: "spikescope".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: command(arguments),
        scene: network.name.clone(),
        seed: network.seed,
        dt_ms: network.dt_ms,
        engine: trainer.engine().name().to_owned(),
        adapter: material.adapter.clone(),
        neurons: u64::from(network.neuron_count()),
        synapses: network.synapse_count(),
        output_neurons: trainer.protocol().score().assigned().len() as u32,
        data: DataReport {
            name: material.train_data.name.clone(),
            train_images: material.train_data.len() as u64,
            test_images: material.test_data.len() as u64,
            width: material.train_data.width,
            height: material.train_data.height,
            classes: material.train_data.classes(),
        },
        encoding: match learning.encoding {
            Encoding::Poisson => "poisson".to_owned(),
            Encoding::TimeToFirstSpike { volley_ms } => format!("time-to-first-spike, volleys of {volley_ms} ms"),
        },
        images,
        order: order(network, learning),
        pruning: network
            .projections
            .iter()
            .filter_map(|p| Some(pruning_settings(&p.name, p.pruning.as_ref()?)))
            .collect(),
        timings: Timings {
            train_images: images,
            train_s: trainer.trained().as_secs_f64(),
            train_images_per_s: per_second(images, trainer.trained()),
            test_s: tested.wall.as_secs_f64(),
            test_images_per_s: per_second(tested_images, tested.wall),
        },
        test: TestReport {
            images: tested_images,
            accuracy_percent: tested.confusion.accuracy_percent(),
            confusion: tested.confusion.rows().map(<[u64]>::to_vec).collect(),
            output_spikes_per_image: per_image(tested.output_spikes),
            spikes_per_image: per_image(tested.spikes),
        },
        compression,
        neurobench: NeuroBench {
            footprint_bytes: fixed_bytes + 4 * changing + state_bytes,
            footprint_compacted_bytes: fixed_bytes + 8 * left + 4 * u64::from(network.neuron_count()) + state_bytes,
            connection_sparsity: zeros as f64 / changing.max(1) as f64,
            activation_sparsity: 1.0 - tested.cell_spikes as f64 / ((cells * tested.steps).max(1) as f64),
            effective_accumulates_per_image: operations,
            dense_operations_per_image: network.synapse_count() as f64 * per_image(tested.steps),
        },
        energy: Energy {
            chip: arguments.chip.clone(),
            pj_per_synaptic_operation: energy_pj,
            estimate_nj_per_image: operations * energy_pj * 1e-3,
            note: "an estimate: effective accumulates times the chip's published energy per synaptic operation; \
                   neurons, routing and memory traffic beyond it are left out"
                .to_owned(),
        },
        findings: findings(trainer.history())
            .into_iter()
            .map(|f| Finding { images: f.images, rule: f.rule.to_owned(), text: f.text })
            .collect(),
        history: trainer.history().clone(),
        fields: fields(material, trainer)?,
        state_hash: hash_text(trainer.engine().checkpoint()?.hash()),
    })
}

fn order(network: &Network, learning: &LearningScene) -> Vec<String> {
    let mut prune = network.projections.iter().filter_map(|p| p.pruning.as_ref()).map(|pruning| {
        match (pruning.policy, pruning.reinforce_first) {
            (PruningPolicy::Progressive { .. }, false) => "prune below T, then reinforce survivors, then raise T",
            (PruningPolicy::Progressive { .. }, true) => "reinforce survivors, then prune below T, then raise T",
            (PruningPolicy::Soft { .. }, _) => "set weights below the threshold back",
            _ => "prune",
        }
        .to_owned()
    });
    let prune: Option<String> = prune.next();
    let over_all = network.projections.iter().any(|p| p.pruning.as_ref().is_some_and(|p| p.normalise_over_all));
    let over = if over_all { "all inputs, pruned ones included" } else { "surviving inputs" };
    let normalise = learning.normalise.then(|| format!("normalise over {over}"));
    let between = if learning.normalise_first { [normalise, prune] } else { [prune, normalise] };
    let mut order: Vec<String> = between.into_iter().flatten().collect();
    order.push("show the image: per step integrate, learn on input spikes, deliver, learn on output spikes".to_owned());
    order
}

fn pruning_settings(projection: &str, pruning: &Pruning) -> Map<String, Value> {
    let policy = match pruning.policy {
        PruningPolicy::Static { threshold } => json!({ "policy": "static", "threshold": threshold }),
        PruningPolicy::Progressive { alpha, beta, cap, initial } => {
            json!({ "policy": "progressive", "alpha": alpha, "beta": beta, "cap": cap, "initial_threshold": initial })
        }
        PruningPolicy::Soft { threshold, weight } => {
            json!({ "policy": "soft", "threshold": threshold, "soft_weight": weight })
        }
        PruningPolicy::Percentile { share } => json!({ "policy": "percentile", "share_per_period": share }),
        PruningPolicy::Random { share } => json!({ "policy": "random", "share_per_period": share }),
    };
    let mut settings = Map::new();
    settings.insert("projection".to_owned(), projection.into());
    if let Value::Object(policy) = policy {
        // Settings are single precision; as they were written is how they should read.
        settings.extend(policy.into_iter().map(|(key, value)| (key, rounded(value))));
    }
    settings.insert("every_presentations".to_owned(), pruning.every_presentations.into());
    settings.insert("every_ms".to_owned(), pruning.every_ms.into());
    settings.insert("start_presentations".to_owned(), pruning.start_presentations.into());
    settings.insert("periods".to_owned(), pruning.periods.into());
    settings.insert("target_compression".to_owned(), rounded(pruning.target_compression.into()));
    settings.insert("floor_per_neuron".to_owned(), pruning.floor_per_neuron.into());
    settings.insert("reinforce".to_owned(), if pruning.reinforce_first { "before" } else { "after" }.into());
    settings.insert("normalise_over".to_owned(), if pruning.normalise_over_all { "all" } else { "survivors" }.into());
    settings
}

fn rounded(value: Value) -> Value {
    value.as_f64().map_or(value, |number| ((number * 1e6).round() / 1e6).into())
}

fn fields(material: &Material<'_>, trainer: &mut Trainer) -> Result<Option<Fields>, AppError> {
    let Some(index) = material.initial.projection else { return Ok(None) };
    let projection = &material.network.projections[index];
    let targets = material.network.populations[projection.target].size as usize;
    let after = trainer.engine().weights(index)?;
    let shown = targets.min(FIELDS_MAX as usize);
    let largest = |weights: &[f32]| weights.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let levels = |weights: &[f32], scale: f32| {
        let sources = weights.len() / targets.max(1);
        let level = |w: f32| if w < 0.0 { GONE } else { (w / scale * 254.0).round() as u8 };
        let cells = (0..shown).flat_map(|t| (0..sources).map(move |s| s * targets + t));
        STANDARD.encode(cells.map(|synapse| level(weights[synapse])).collect::<Vec<u8>>())
    };
    let scale = [largest(&material.initial.weights), largest(&after)];
    Ok(Some(Fields {
        projection: projection.name.clone(),
        width: material.train_data.width,
        height: material.train_data.height,
        shown: shown as u32,
        classes: trainer.protocol().score().assigned().iter().take(shown).copied().collect(),
        scale,
        before: levels(&material.initial.weights, scale[0]),
        after: levels(&after, scale[1]),
    }))
}

/// The command that does the same again; where results go is no part of it.
fn command(arguments: &TrainArguments) -> String {
    let mut words = vec!["spikescope".to_owned(), "train".to_owned(), arguments.scene.clone()];
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            words.extend([format!("--{name}"), if value.contains([' ', '"']) { format!("'{value}'") } else { value }]);
        }
    };
    add("data", arguments.data.clone());
    add("images", arguments.images.map(|n| n.to_string()));
    add("test", arguments.test.map(|n| n.to_string()));
    add("prune", arguments.prune.clone());
    add("seed", arguments.common.seed.map(|n| n.to_string()));
    arguments.common.set.iter().for_each(|set| add("set", Some(set.clone())));
    words.join(" ")
}

/// A few lines for the terminal.
pub(super) fn describe(report: &TrainReport, file: Option<&Path>) -> String {
    let mut lines = vec![format!(
        "{}: {} neurons, {} synapses, seed {}, {} engine",
        report.scene,
        text::count(report.neurons),
        text::count(report.synapses),
        report.seed,
        report.engine
    )];
    lines.push(format!(
        "{} images of {} learned, {:.0} images/s; {} tested, {:.0} images/s",
        text::count(report.images),
        report.data.name,
        report.timings.train_images_per_s,
        text::count(report.test.images),
        report.timings.test_images_per_s
    ));
    lines.push(format!(
        "{:.2} % of the test images right, {:.1} output spikes per image",
        report.test.accuracy_percent, report.test.output_spikes_per_image
    ));
    for entry in report.compression.iter().filter(|entry| entry.remaining < entry.synapses) {
        lines.push(format!(
            "{}: {} of {} synapses left ({:.1} %)",
            entry.projection,
            text::count(entry.remaining),
            text::count(entry.synapses),
            entry.remaining_percent
        ));
    }
    lines.push(format!(
        "{} effective accumulates per image, about {:.0} nJ on {} (estimate)",
        text::count(report.neurobench.effective_accumulates_per_image.round() as u64),
        report.energy.estimate_nj_per_image,
        report.energy.chip
    ));
    lines.extend(report.findings.iter().map(|f| format!("found after {} images: {}", text::count(f.images), f.text)));
    if let Some(file) = file {
        lines.push(format!("report in {} and {}", file.display(), super::page::path_beside(file).display()));
    }
    lines.push(format!("state {}\n", report.state_hash));
    lines.join("\n")
}
