//! How a scene opens: camera, tour, captions, charts and looks, as plain values that the session turns into its own
//! settings. In: the sections `view`, `tour`, `caption` and `charts`. Camera poses given as orbits are resolved here
//! against the network's extent.

use super::error::{SceneError, suggest};
use super::fields::{Fields, Range};
use super::script::{self, Cast};
use super::tour::TourStep;
use super::tree::{Node, Value};
use crate::model::layout::Sphere;

/// Where a camera stands and looks, scene units, y up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CameraPose {
    /// The eye.
    pub eye: [f32; 3],
    /// What it looks at.
    pub target: [f32; 3],
    /// Vertical field of view, degrees.
    pub fov_degrees: f32,
}

/// A line of text shown over the picture for part of the run. It shows while both ranges hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Caption {
    /// The text.
    pub text: String,
    /// From this simulated time on, ms.
    pub from_ms: f64,
    /// Until this simulated time, ms; infinity: to the end.
    pub until_ms: f64,
    /// From this presentation of the learning protocol on.
    pub from_presentation: u64,
    /// Until this presentation; `u64::MAX`: to the end.
    pub until_presentation: u64,
}

/// Looks that the scene asks for; `None` leaves the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LookScene {
    /// `dark` or `light`.
    pub theme: Option<String>,
    /// One of `VARIABLES`.
    pub colour_by: Option<String>,
    /// `none` or one of `VARIABLES`.
    pub size_by: Option<String>,
    /// `none` or one of `VARIABLES`.
    pub height_by: Option<String>,
    /// A spike's flash falls to 1/e in this time, ms of simulated time.
    pub flash_decay_ms: Option<f32>,
    /// Radius of a neuron, scene units.
    pub neuron_radius: Option<f32>,
    /// Brightness of neurons at rest, 0 to 1.
    pub base_brightness: Option<f32>,
    /// Layers of synapses, of [`SYNAPSE_LAYERS`]; empty: the usual ones.
    pub synapses: Vec<String>,
    /// At most this many synapse lines.
    pub synapse_budget: Option<u32>,
    /// 0 to 1.
    pub synapse_opacity: Option<f32>,
    /// Pulses travel along the lines of spiking neurons.
    pub pulses: Option<bool>,
    /// How much lines are drawn together, 0 to 1.
    pub bundled: Option<f32>,
    /// Strength of the glow, 0 to 1.
    pub bloom: Option<f32>,
    /// Stops.
    pub exposure: Option<f32>,
    /// Depth fog, 0 to 1.
    pub fog: Option<f32>,
    /// `auto`, `quads` or `splats`.
    pub points: Option<String>,
    /// Simulated time per wall time at the start; infinity: as fast as it goes.
    pub speed: Option<f64>,
    /// Population that the raster shows at the start.
    pub raster: Option<String>,
}

/// How a scene opens.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewScene {
    /// Opening pose.
    pub camera: CameraPose,
    /// Named poses, in the order of the file; the opening pose is not among them.
    pub cameras: Vec<(String, CameraPose)>,
    /// Camera tour.
    pub tour: Vec<TourStep>,
    /// The tour starts over at its end, with the network as at first; else it stays at its last step.
    pub tour_repeats: bool,
    /// Text by time.
    pub captions: Vec<Caption>,
    /// Charts to open with, of [`CHARTS`]; empty: the overlay's own choice.
    pub charts: Vec<String>,
    /// Looks.
    pub look: LookScene,
}

impl ViewScene {
    /// The opening view of a network that no scene describes: all of its neurons, from the usual side.
    #[must_use]
    pub fn around(positions: &[[f32; 3]]) -> Self {
        Self {
            camera: orbit(&Sphere::around(positions.iter()), 30.0, 20.0, 2.4, 45.0),
            cameras: Vec::new(),
            tour: Vec::new(),
            tour_repeats: false,
            captions: Vec::new(),
            charts: Vec::new(),
            look: LookScene::default(),
        }
    }

    /// The named pose; `"opening"` is the opening one.
    #[must_use]
    pub fn camera_named(&self, name: &str) -> Option<CameraPose> {
        if name == "opening" {
            return Some(self.camera);
        }
        self.cameras.iter().find(|(known, _)| known == name).map(|(_, pose)| *pose)
    }
}

/// Charts that a scene can open with.
pub const CHARTS: [&str; 10] =
    ["raster", "rate", "membrane", "weights", "histogram", "remaining", "threshold", "accuracy", "input", "fields"];

/// Layers of synapses that a scene can open with.
pub const SYNAPSE_LAYERS: [&str; 11] =
    ["hidden", "sample", "picked", "inputs", "outputs", "pulses", "strongest", "changed", "graveyard", "arcs", "all"];

const POSE_KEYS: [&str; 7] =
    ["eye", "target", "azimuth_degrees", "elevation_degrees", "distance", "focus", "fov_degrees"];

/// What a neuron's colour, size or height can show; `none` for size and height only.
pub(super) const VARIABLES: [&str; 9] =
    ["population", "none", "membrane", "rate", "theta", "cv", "class", "weight-sum", "synapses-lost"];

/// Keys of `[view]` that say where to look and how to begin.
const OPENING_KEYS: [&str; 4] = ["camera", "cameras", "speed", "raster"];

/// Keys of `[view]` that say how the picture looks; a step of a tour can change them.
pub(super) const LOOK_KEYS: &[&str] = &[
    "theme",
    "colour_by",
    "size_by",
    "height_by",
    "flash_decay_ms",
    "neuron_radius",
    "base_brightness",
    "synapses",
    "synapse_budget",
    "synapse_opacity",
    "pulses",
    "bundled",
    "bloom",
    "exposure",
    "fog",
    "points",
];

/// What poses are resolved against: the extent of every population by name, and of the whole.
pub(crate) struct Extents {
    /// Per population.
    pub(crate) populations: Vec<(String, Sphere)>,
    /// All of them.
    pub(crate) whole: Sphere,
}

impl Extents {
    fn names(&self) -> Vec<&str> {
        self.populations.iter().map(|(name, _)| name.as_str()).collect()
    }
}

/// How a tour finds its poses: those that the scene has saved, and new ones.
pub(super) struct Poses<'a> {
    scene: &'a ViewScene,
    extents: &'a Extents,
}

impl Poses<'_> {
    /// A saved pose.
    pub(super) fn named(&self, name: &str) -> Option<CameraPose> {
        self.scene.camera_named(name)
    }

    /// Names of the saved poses.
    pub(super) fn names(&self) -> Vec<&str> {
        self.scene.cameras.iter().map(|(name, _)| name.as_str()).chain(["opening"]).collect()
    }

    /// A pose that is written out.
    pub(super) fn read(&self, node: &Node, path: &str) -> Result<CameraPose, SceneError> {
        pose(node, path, self.extents)
    }
}

/// Reads `[view]`, `[[tour]]`, `[[caption]]` and `[charts]` of a whole scene.
pub(crate) fn read(root: &Fields<'_>, extents: &Extents, cast: &Cast<'_>) -> Result<ViewScene, SceneError> {
    let known: Vec<&str> = OPENING_KEYS.into_iter().chain(LOOK_KEYS.iter().copied()).collect();
    let view = root.table("view", &known)?;
    let camera = match view.as_ref().and_then(|v| v.get("camera")) {
        Some(node) => pose(node, "view.camera", extents)?,
        None => orbit(&extents.whole, 30.0, 20.0, 2.4, 45.0),
    };
    let mut cameras = Vec::new();
    if let Some(view) = &view {
        for (name, node) in view.named("cameras")? {
            cameras.push((name.to_owned(), pose(node, &format!("view.cameras.{name}"), extents)?));
        }
    }
    let mut scene = ViewScene {
        camera,
        cameras,
        tour: Vec::new(),
        tour_repeats: false,
        captions: captions(root)?,
        charts: charts(root)?,
        look: view.as_ref().map(|v| opening_look(v, extents)).transpose()?.unwrap_or_default(),
    };
    scene.tour = script::read(root, &Poses { scene: &scene, extents }, cast)?;
    scene.tour_repeats = root.flag("tour_repeats")?.unwrap_or(false);
    Ok(scene)
}

/// Looks, and how fast and with which raster the scene begins.
fn opening_look(view: &Fields<'_>, extents: &Extents) -> Result<LookScene, SceneError> {
    let raster = view.text("raster")?;
    if let Some(name) = &raster
        && !extents.names().contains(&name.as_str())
    {
        return Err(view.error("raster", format!("there is no population `{name}`"), suggest(name, extents.names())));
    }
    Ok(LookScene { speed: script::speed(view, "speed")?, raster, ..look(view)? })
}

/// The keys of [`LOOK_KEYS`].
pub(super) fn look(view: &Fields<'_>) -> Result<LookScene, SceneError> {
    let number =
        |key: &str, range| -> Result<Option<f32>, SceneError> { Ok(view.number(key, range)?.map(|x| x as f32)) };
    let word = |key: &str, words: &[&str]| -> Result<Option<String>, SceneError> {
        Ok(view.choice(key, words)?.map(str::to_owned))
    };
    Ok(LookScene {
        theme: word("theme", &["dark", "light"])?,
        colour_by: word("colour_by", &[&VARIABLES[..1], &VARIABLES[2..]].concat())?,
        size_by: word("size_by", &VARIABLES[1..])?,
        height_by: word("height_by", &VARIABLES[1..])?,
        flash_decay_ms: number("flash_decay_ms", Range::Positive)?,
        neuron_radius: number("neuron_radius", Range::Positive)?,
        base_brightness: number("base_brightness", Range::Share)?,
        synapses: synapse_layers(view)?,
        synapse_budget: view.count("synapse_budget", 0)?,
        synapse_opacity: number("synapse_opacity", Range::Share)?,
        pulses: view.flag("pulses")?,
        bundled: number("bundled", Range::Share)?,
        bloom: number("bloom", Range::Share)?,
        exposure: number("exposure", Range::Any)?,
        fog: number("fog", Range::Share)?,
        points: word("points", &["auto", "quads", "splats"])?,
        ..LookScene::default()
    })
}

/// One name, or a list of them.
fn synapse_layers(view: &Fields<'_>) -> Result<Vec<String>, SceneError> {
    let names = match view.get("synapses").map(|node| &node.value) {
        Some(Value::String(name)) => vec![name.clone()],
        _ => view.texts("synapses")?.unwrap_or_default(),
    };
    match names.iter().find(|name| !SYNAPSE_LAYERS.contains(&name.as_str())) {
        Some(name) => Err(view.error(
            "synapses",
            format!("there is no layer of synapses `{name}`"),
            suggest(name, SYNAPSE_LAYERS),
        )),
        None => Ok(names),
    }
}

fn pose(node: &Node, path: &str, extents: &Extents) -> Result<CameraPose, SceneError> {
    let fields = Fields::open(node, path, &POSE_KEYS)?;
    let fov = fields.number_or("fov_degrees", Range::Positive, 45.0)?;
    if !(5.0..=150.0).contains(&fov) {
        return Err(fields.error("fov_degrees", format!("must be between 5 and 150 degrees, not {fov}"), ""));
    }
    let focus = match fields.text("focus")? {
        None => &extents.whole,
        Some(name) => match extents.populations.iter().find(|(known, _)| *known == name) {
            Some((_, sphere)) => sphere,
            None => {
                let advice = suggest(&name, extents.names());
                return Err(fields.error("focus", format!("there is no population `{name}`"), advice));
            }
        },
    };
    let Some(eye) = fields.point("eye")? else {
        let mut pose = orbit(
            focus,
            fields.number_or("azimuth_degrees", Range::Any, 30.0)?,
            fields.number_or("elevation_degrees", Range::Any, 20.0)?.clamp(-89.0, 89.0),
            fields.number_or("distance", Range::Positive, 2.4)?,
            fov,
        );
        if let Some(target) = fields.point("target")? {
            let shift = [0, 1, 2].map(|axis| target[axis] - pose.target[axis]);
            pose.eye = [0, 1, 2].map(|axis| pose.eye[axis] + shift[axis]);
            pose.target = target;
        }
        return Ok(pose);
    };
    for key in ["azimuth_degrees", "elevation_degrees", "distance"] {
        if fields.get(key).is_some() {
            return Err(fields.error(key, "cannot stand beside `eye`", "give either eye and target, or an orbit"));
        }
    }
    let target = fields.point("target")?.unwrap_or(focus.centre);
    if eye == target {
        return Err(fields.error("eye", "is the same point as the target", "move one of them"));
    }
    Ok(CameraPose { eye, target, fov_degrees: fov as f32 })
}

/// A pose around a sphere; `distance` in its radii. Azimuth 0 looks along -z, from in front; 90 from the right.
fn orbit(around: &Sphere, azimuth_degrees: f64, elevation_degrees: f64, distance: f64, fov_degrees: f64) -> CameraPose {
    let (azimuth, elevation) = (azimuth_degrees.to_radians(), elevation_degrees.to_radians());
    let reach = distance * f64::from(around.radius.max(0.5));
    let offset =
        [elevation.cos() * azimuth.sin(), elevation.sin(), elevation.cos() * azimuth.cos()].map(|x| (x * reach) as f32);
    let eye = [0, 1, 2].map(|axis| around.centre[axis] + offset[axis]);
    CameraPose { eye, target: around.centre, fov_degrees: fov_degrees as f32 }
}

fn captions(root: &Fields<'_>) -> Result<Vec<Caption>, SceneError> {
    let known = ["text", "from_ms", "until_ms", "from_presentation", "until_presentation"];
    let mut captions = Vec::new();
    for (index, node) in root.list("caption")?.unwrap_or_default().iter().enumerate() {
        let fields = Fields::open(node, format!("caption.{index}"), &known)?;
        let caption = Caption {
            text: fields.required_text("text", "give the line to show")?,
            from_ms: fields.number_or("from_ms", Range::NonNegative, 0.0)?,
            until_ms: fields.number("until_ms", Range::NonNegative)?.unwrap_or(f64::INFINITY),
            from_presentation: fields.count("from_presentation", 0)?.map_or(0, u64::from),
            until_presentation: fields.count("until_presentation", 0)?.map_or(u64::MAX, u64::from),
        };
        if caption.until_ms <= caption.from_ms {
            return Err(fields.error("until_ms", "ends before it begins", "make it later than from_ms"));
        }
        if caption.until_presentation <= caption.from_presentation {
            return Err(fields.error(
                "until_presentation",
                "ends before it begins",
                "make it later than from_presentation",
            ));
        }
        captions.push(caption);
    }
    Ok(captions)
}

fn charts(root: &Fields<'_>) -> Result<Vec<String>, SceneError> {
    let Some(fields) = root.table("charts", &["show"])? else { return Ok(Vec::new()) };
    let shown = fields.texts("show")?.unwrap_or_default();
    for name in &shown {
        if !CHARTS.contains(&name.as_str()) {
            return Err(fields.error("show", format!("there is no chart `{name}`"), suggest(name, CHARTS)));
        }
    }
    Ok(shown)
}
