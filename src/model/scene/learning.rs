//! The learning protocol and the recording that a scene asks for. In: the sections `learning` and `record`.
//! Out: plain values; the protocol itself lives above the model.

use std::path::{Path, PathBuf};

use super::error::{SceneError, suggest};
use super::fields::{Fields, Range};
use super::idx;
use super::spec::PopulationSpec;
use crate::model::{Cell, Source};

/// Where the images come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataSource {
    /// The 1,797 handwritten digits (8x8) inside the program.
    EmbeddedDigits,
    /// A folder of IDX files (MNIST and its kin), gzipped or not.
    Folder(PathBuf),
}

/// How an image becomes spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoding {
    /// Poisson spikes at a rate by brightness.
    Poisson,
    /// One spike per pixel and volley, the sooner the brighter.
    TimeToFirstSpike {
        /// Length of a volley; a showing holds one after the other.
        volley_ms: f64,
    },
}

/// How images are presented and answers read.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningScene {
    /// The images.
    pub data: DataSource,
    /// Population that images drive (a Poisson source).
    pub input: String,
    /// Population whose spikes are read.
    pub output: String,
    /// How an image becomes spikes.
    pub encoding: Encoding,
    /// Images of a training run when nobody says otherwise; what "middle" and "end" of a training mean.
    pub images: u32,
    /// Time an image is shown, ms.
    pub present_ms: f64,
    /// Silence after it, ms.
    pub rest_ms: f64,
    /// Rate of an input neuron = pixel (0 to 255) times this, Hz.
    pub intensity_hz_per_level: f64,
    /// Added to `intensity_hz_per_level` each time an image got too few spikes and is shown again.
    pub intensity_step_hz_per_level: f64,
    /// Spikes per second of the whole input population for an image of the data's mean brightness. Where given, both
    /// intensities above are scaled by one factor to reach it, so that images of any size and brightness drive alike.
    pub summed_rate_hz: Option<f64>,
    /// Fewer output spikes than this: the image is shown again, brighter. 0: never.
    pub min_spikes: u32,
    /// Repeats of one image at most.
    pub max_retries: u32,
    /// Put every neuron back to rest after each image instead of simulating the silence.
    pub reset_between: bool,
    /// Scale incoming weights to the projections' `normalise_to` before each training image.
    pub normalise: bool,
    /// Between two images, normalise before pruning instead of after it.
    pub normalise_first: bool,
    /// A new random order in every pass (otherwise the order of the file).
    pub shuffle: bool,
    /// Presentations whose answers decide which class a neuron stands for.
    pub label_window: u32,
    /// Presentations over which accuracy is taken.
    pub accuracy_window: u32,
    /// Images kept apart for testing where the data has no test set of its own.
    pub test_images: u32,
}

/// What a recorded run holds besides spikes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordScene {
    /// Populations whose membrane values are recorded.
    pub potentials_of: Vec<String>,
    /// Every so many ms.
    pub potentials_every_ms: f64,
    /// Changed weights every so many ms; 0: never.
    pub weights_every_ms: f64,
}

const LEARNING_KEYS: [&str; 20] = [
    "order",
    "data",
    "encoding",
    "volley_ms",
    "images",
    "input",
    "output",
    "present_ms",
    "rest_ms",
    "intensity_hz_per_level",
    "intensity_step_hz_per_level",
    "summed_rate_hz",
    "min_spikes",
    "max_retries",
    "reset_between",
    "normalise",
    "shuffle",
    "label_window",
    "accuracy_window",
    "test_images",
];

/// The `[learning]` section, before population names are checked.
pub(crate) fn read(root: &Fields<'_>, base: &Path) -> Result<Option<LearningScene>, SceneError> {
    let Some(fields) = root.table("learning", &LEARNING_KEYS)? else { return Ok(None) };
    let data = match fields.text("data")?.as_deref() {
        None | Some("digits") => DataSource::EmbeddedDigits,
        // What the command line names starts from where the program was started, not from the scene's folder.
        Some(folder) if fields.place("data").is_override() => DataSource::Folder(folder.into()),
        Some(folder) => DataSource::Folder(base.join(folder)),
    };
    let present_ms = fields.number_or("present_ms", Range::Positive, 350.0)?;
    let volley_ms = fields.number("volley_ms", Range::Positive)?;
    let encoding = match fields.choice("encoding", &["poisson", "time-to-first-spike"])? {
        Some("time-to-first-spike") => Encoding::TimeToFirstSpike { volley_ms: volley_ms.unwrap_or(present_ms) },
        _ if volley_ms.is_some() => {
            let what = "only goes with encoding = \"time-to-first-spike\"";
            return Err(fields.error("volley_ms", what, "remove it, or change the encoding"));
        }
        _ => Encoding::Poisson,
    };
    let intensity = fields.number_or("intensity_hz_per_level", Range::Positive, 0.25)?;
    Ok(Some(LearningScene {
        data,
        input: fields.text("input")?.unwrap_or_else(|| "input".into()),
        output: fields.text("output")?.unwrap_or_else(|| "excitatory".into()),
        encoding,
        images: fields.count("images", 1)?.unwrap_or(10_000),
        present_ms,
        rest_ms: fields.number_or("rest_ms", Range::NonNegative, 150.0)?,
        intensity_hz_per_level: intensity,
        intensity_step_hz_per_level: fields.number_or(
            "intensity_step_hz_per_level",
            Range::NonNegative,
            0.5 * intensity,
        )?,
        summed_rate_hz: fields.number("summed_rate_hz", Range::Positive)?,
        min_spikes: fields.count("min_spikes", 0)?.unwrap_or(5),
        max_retries: fields.count("max_retries", 0)?.unwrap_or(20),
        reset_between: fields.flag("reset_between")?.unwrap_or(false),
        normalise: fields.flag("normalise")?.unwrap_or(true),
        normalise_first: normalises_first(&fields)?,
        shuffle: fields.flag("shuffle")?.unwrap_or(true),
        label_window: fields.count("label_window", 1)?.unwrap_or(1000),
        accuracy_window: fields.count("accuracy_window", 1)?.unwrap_or(200),
        test_images: fields.count("test_images", 0)?.unwrap_or(297),
    }))
}

/// `order = ["prune", "normalise"]`, or the other way round.
fn normalises_first(fields: &Fields<'_>) -> Result<bool, SceneError> {
    let Some(order) = fields.texts("order")? else { return Ok(false) };
    match order.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prune", "normalise"] => Ok(false),
        ["normalise", "prune"] => Ok(true),
        _ => {
            let what = "names both rules between two images, in their order";
            Err(fields.error("order", what, "write [\"prune\", \"normalise\"] or [\"normalise\", \"prune\"]"))
        }
    }
}

/// Refuses an input that cannot show the images and an output whose spikes mean nothing.
pub(crate) fn check_ends(
    root: &Fields<'_>,
    learning: &LearningScene,
    image_shape: Option<[u32; 2]>,
    populations: &[PopulationSpec],
) -> Result<(), SceneError> {
    let Some(fields) = root.table("learning", &LEARNING_KEYS)? else { return Ok(()) };
    let find = |key: &str, name: &str| {
        populations.iter().find(|p| p.name == name).ok_or_else(|| {
            let advice = suggest(name, populations.iter().map(|p| p.name.as_str()));
            fields.error(key, format!("there is no population `{name}`"), advice)
        })
    };
    let (input, output) = (find("input", &learning.input)?, find("output", &learning.output)?);
    if !matches!(input.cell, Cell::Source(Source::Poisson { .. })) {
        let what = format!("`{}` cannot show images", input.name);
        return Err(fields.error("input", what, "name a population with cell = \"image\""));
    }
    if let Some([width, height]) = image_shape
        && width * height != input.size
    {
        let what = format!("`{}` has {} neurons for images of {width} x {height}", input.name, input.size);
        return Err(fields.error("input", what, "write size = \"data\" there"));
    }
    if !matches!(output.cell, Cell::Lif(_)) {
        let what = format!("`{}` only sends spikes", output.name);
        return Err(fields.error("output", what, "name a population of lif cells"));
    }
    Ok(())
}

/// Width and height of the images of a data source.
pub(crate) fn image_shape(root: &Fields<'_>, data: &DataSource) -> Result<[u32; 2], SceneError> {
    match data {
        DataSource::EmbeddedDigits => Ok([8, 8]),
        DataSource::Folder(folder) => idx::image_shape(folder).map_err(|what| {
            let place = root
                .get("learning")
                .map_or(&root.node.place, |node| node.get("data").map_or(&node.place, |data| &data.place));
            SceneError::new(
                place,
                "learning.data",
                what,
                "give a folder with train-images-idx3-ubyte and train-labels-idx1-ubyte (plain or .gz)",
            )
        }),
    }
}

/// The `[record]` section.
pub(crate) fn read_record(root: &Fields<'_>, names: &[&str]) -> Result<RecordScene, SceneError> {
    let keys = ["potentials_of", "potentials_every_ms", "weights_every_ms"];
    let Some(fields) = root.table("record", &keys)? else {
        return Ok(RecordScene { potentials_every_ms: 1.0, weights_every_ms: 0.0, potentials_of: Vec::new() });
    };
    let potentials_of = fields.texts("potentials_of")?.unwrap_or_default();
    for name in &potentials_of {
        if !names.contains(&name.as_str()) {
            let advice = suggest(name, names.iter().copied());
            return Err(fields.error("potentials_of", format!("there is no population `{name}`"), advice));
        }
    }
    Ok(RecordScene {
        potentials_of,
        potentials_every_ms: fields.number_or("potentials_every_ms", Range::Positive, 1.0)?,
        weights_every_ms: fields.number_or("weights_every_ms", Range::NonNegative, 0.0)?,
    })
}
