//! Scenes: what a user writes. TOML text, read strictly (every mistake is one message with file, line, key and advice),
//! changed by overrides, and compiled to a [`Network`].
//!
//! The reference of the format is `docs/scenes.md`.

mod arrange;
mod base;
mod builtin;
mod change;
mod distribution;
mod error;
mod fields;
pub(crate) mod files;
mod idx;
mod learning;
mod overrides;
mod population;
mod projection;
mod rule;
mod script;
pub(crate) mod spec;
mod stimulus;
mod tour;
mod tree;
mod view;

use std::path::{Path, PathBuf};

pub use builtin::{BuiltIn, built_in};
pub use error::SceneError;
pub use idx::TRAIN_IMAGES;
pub use learning::{DataSource, Encoding, LearningScene, RecordScene};
pub use tour::{CameraMove, Moment, TimedAction, TourAction, TourNeuron, TourSelection, TourStep};
pub use view::{CHARTS, CameraPose, Caption, LookScene, SYNAPSE_LAYERS, ViewScene};

use fields::{Fields, Range};
use spec::{PopulationSpec, ProjectionSpec};
use tree::Node;

use super::layout::Sphere;
use super::{Network, compile};

/// Sections and keys at the top of a scene.
const TOP_KEYS: [&str; 17] = [
    "like",
    "name",
    "title",
    "description",
    "dt_ms",
    "seed",
    "duration_ms",
    "population",
    "projection",
    "stimulus",
    "learning",
    "record",
    "view",
    "tour",
    "tour_repeats",
    "caption",
    "charts",
];

/// A scene that has been read and checked.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Short name; a file's stem where the text gives none.
    pub name: String,
    /// One line on what it shows.
    pub title: String,
    /// A few sentences.
    pub description: String,
    /// How long a run without a given duration takes, simulated ms.
    pub duration_ms: f64,
    /// Learning protocol, where there is one.
    pub learning: Option<LearningScene>,
    /// What a recorded run holds besides spikes.
    pub record: RecordScene,
    /// How it opens.
    pub view: ViewScene,
    /// File name or built-in name, for messages.
    pub origin: String,
    dt_ms: f64,
    seed: u64,
    populations: Vec<PopulationSpec>,
    projections: Vec<ProjectionSpec>,
}

impl Scene {
    /// Reads a built-in scene by name, or a file by path, and applies overrides (`population.excitatory.size=10000`).
    ///
    /// # Errors
    /// No such scene or file, or a mistake in it or in an override.
    pub fn load(name_or_path: &str, overrides: &[String]) -> Result<Self, SceneError> {
        if let Some(known) = built_in().iter().find(|known| known.name == name_or_path) {
            return Self::from_toml(known.text, known.name, overrides);
        }
        let path = Path::new(name_or_path);
        let is_path = path.extension().is_some_and(|e| e == "toml") || path.components().count() > 1 || path.is_file();
        if !is_path {
            let names = built_in().iter().map(|known| known.name);
            let advice = format!("{}, or give the path of a .toml file", error::suggest(name_or_path, names));
            return Err(SceneError::new(name_or_path, "", "there is no scene of this name", advice));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|e| SceneError::new(name_or_path, "", format!("cannot be read: {e}"), "check the path"))?;
        Self::from_toml(&text, name_or_path, overrides)
    }

    /// Reads a scene's text. `origin` is what messages call it; data files are looked up beside it.
    ///
    /// # Errors
    /// A mistake in the text or in an override.
    pub fn from_toml(text: &str, origin: &str, overrides: &[String]) -> Result<Self, SceneError> {
        let mut node = Node::parse(text, origin)?;
        base::apply(&mut node, origin)?;
        overrides::apply(&mut node, overrides)?;
        let root = Fields::open(&node, "", &TOP_KEYS)?;
        let dt_ms = root.number_or("dt_ms", Range::Positive, 0.1)?;
        if !(1e-4..=100.0).contains(&dt_ms) {
            return Err(root.error("dt_ms", format!("must be between 0.0001 and 100 ms, not {dt_ms}"), ""));
        }
        let base = Path::new(origin).parent().map(Path::to_path_buf).unwrap_or_default();
        let learning = learning::read(&root, &base)?;
        let image_shape = learning.as_ref().map(|l| learning::image_shape(&root, &l.data)).transpose()?;
        let mut populations = population::read(&root, &population::Context { dt_ms, image_shape, base: &base })?;
        stimulus::apply(&root, &mut populations, dt_ms, &base)?;
        let projections = projection::read(
            &root,
            &mut populations,
            &projection::Context { dt_ms, base: &base, images: learning.as_ref().map(|l| l.images) },
        )?;
        let names: Vec<&str> = populations.iter().map(|p| p.name.as_str()).collect();
        if let Some(learning) = &learning {
            learning::check_ends(&root, learning, image_shape, &populations)?;
        }
        let record = learning::read_record(&root, &names)?;
        let seed = seed(&root)?;
        let neurons = populations.iter().map(|p| u64::from(p.size)).sum();
        compile::check_neurons(neurons, origin)?;
        if neurons > SLOW_TO_PLACE {
            let (populations, projections) = (&populations, &projections);
            compile::check_memory(&compile::Sizes { populations, projections, dt_ms, seed, origin })?;
        }
        let cast = script::Cast {
            populations: populations.iter().map(|p| (p.name.as_str(), p.size)).collect(),
            // A table for several pairs of populations makes projections called `table: source -> target`.
            projections: projections
                .iter()
                .map(|p| (p.name.split(": ").next().unwrap_or_default(), p.pruning.is_some()))
                .collect(),
            learns: learning.is_some(),
        };
        let view = view::read(&root, &extents(&populations, seed), &cast)?;
        let name = root.text("name")?.unwrap_or_else(|| stem(origin));
        Ok(Self {
            title: root.text("title")?.unwrap_or_else(|| name.clone()),
            name,
            description: root.text("description")?.unwrap_or_default(),
            duration_ms: root.number_or("duration_ms", Range::Positive, 1000.0)?,
            learning,
            record,
            view,
            origin: origin.to_owned(),
            dt_ms,
            seed,
            populations,
            projections,
        })
    }

    /// Stands for a network that comes from elsewhere, such as a recorded run: how it opens, and nothing to compile.
    #[must_use]
    pub fn of_run(name: &str, title: &str, origin: &str, [dt_ms, duration_ms]: [f64; 2], view: ViewScene) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            description: String::new(),
            duration_ms,
            learning: None,
            record: RecordScene::default(),
            view,
            origin: origin.to_owned(),
            dt_ms,
            seed: 1,
            populations: Vec::new(),
            projections: Vec::new(),
        }
    }

    /// The colour of a population that was given none, sRGB; by its place.
    #[must_use]
    pub fn usual_colour(index: usize) -> [f32; 3] {
        arrange::usual_colour(index)
    }

    /// Builds the network. `seed` replaces the scene's own; the same seed gives the same network on every machine.
    ///
    /// # Errors
    /// A data file that cannot be used, or a network that does not fit into memory.
    pub fn compile(&self, seed: Option<u64>) -> Result<Network, SceneError> {
        compile::compile(self, seed.unwrap_or(self.seed))
    }

    /// The scene's seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The step, ms.
    #[must_use]
    pub const fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Neurons of the network that this becomes.
    #[must_use]
    pub fn neuron_count(&self) -> u64 {
        self.populations.iter().map(|p| u64::from(p.size)).sum()
    }

    /// Names and sizes of the populations, in order.
    pub fn population_sizes(&self) -> impl Iterator<Item = (&str, u32)> {
        self.populations.iter().map(|p| (p.name.as_str(), p.size))
    }

    /// Synapses of the network that this becomes, as expected from the rules (exact but for random rules; lists in
    /// files count 0).
    #[must_use]
    pub fn expected_synapse_count(&self) -> u64 {
        self.projections
            .iter()
            .map(|p| compile::expected_synapses(&self.populations, self.seed(), p))
            .sum::<f64>()
            .round() as u64
    }

    /// The populations' specifications.
    pub(crate) fn populations(&self) -> &[PopulationSpec] {
        &self.populations
    }

    /// The projections' specifications.
    pub(crate) fn projections(&self) -> &[ProjectionSpec] {
        &self.projections
    }
}

/// A path's stem, or the name itself.
fn stem(origin: &str) -> String {
    PathBuf::from(origin).file_stem().map_or_else(|| origin.to_owned(), |s| s.to_string_lossy().into_owned())
}

/// Any whole number from 0 to 2^63 - 1.
fn seed(root: &Fields<'_>) -> Result<u64, SceneError> {
    match root.get("seed").map(|node| &node.value) {
        None => Ok(1),
        Some(tree::Value::Integer(seed)) if *seed >= 0 => Ok(*seed as u64),
        Some(other) => Err(root.error("seed", format!("must be a whole number from 0 on, not {}", other.kind()), "")),
    }
}

/// Neurons from which it is asked whether the network fits before they are placed.
const SLOW_TO_PLACE: u64 = 2_000_000;

/// Where the populations stand, for cameras that are given as orbits.
fn extents(populations: &[PopulationSpec], seed: u64) -> view::Extents {
    let mut first = 0;
    let mut all = Vec::with_capacity(populations.len());
    let mut spheres = Vec::with_capacity(populations.len());
    for population in populations {
        let points = population.layout.positions(population.size, seed, first);
        first += population.size;
        spheres.push((population.name.clone(), Sphere::around(points.iter())));
        all.push(points);
    }
    view::Extents { whole: Sphere::around(all.iter().flatten()), populations: spheres }
}
