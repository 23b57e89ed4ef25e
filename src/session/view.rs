//! How the picture should look: plain settings that a scene opens with, the overlay edits and the renderer obeys.

pub use super::layers::{Direction, SynapseLayers};
use crate::model::scene::ViewScene;

/// Settings of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// What a neuron's colour means.
    pub colour_by: ColourBy,
    /// A spike's flash falls to 1/e in this time, ms of simulated time.
    pub flash_decay_ms: f32,
    /// Radius of a neuron, scene units.
    pub neuron_radius: f32,
    /// Brightness of neurons at rest, 0 to 1.
    pub base_brightness: f32,
    /// Which synapses are drawn.
    pub synapses: SynapseLayers,
    /// At most this many synapse lines; above it a stable sample is drawn and its share shown.
    pub synapse_budget: u32,
    /// Opacity of synapse lines, 0 to 1.
    pub synapse_opacity: f32,
    /// Strength of the glow, 0 to 1.
    pub bloom: f32,
    /// Exposure of the tone map, stops.
    pub exposure: f32,
    /// Depth fog, 0 to 1.
    pub fog: f32,
    /// How neurons are drawn.
    pub points: PointStyle,
}

impl Default for ViewSettings {
    fn default() -> Self {
        Self {
            colour_by: ColourBy::Population,
            flash_decay_ms: 30.0,
            neuron_radius: 0.5,
            base_brightness: 0.25,
            synapses: SynapseLayers::default(),
            synapse_budget: 20_000,
            synapse_opacity: 0.5,
            bloom: 0.5,
            exposure: 0.0,
            fog: 0.35,
            points: PointStyle::Auto,
        }
    }
}

impl ViewSettings {
    /// The settings that a scene opens with: its own where it gives them, defaults elsewhere.
    #[must_use]
    pub fn from_scene(view: &ViewScene) -> Self {
        let look = &view.look;
        let default = Self::default();
        Self {
            colour_by: match look.colour_by.as_deref() {
                Some("membrane") => ColourBy::Membrane,
                Some("rate") => ColourBy::Rate,
                Some("theta") => ColourBy::Theta,
                _ => default.colour_by,
            },
            flash_decay_ms: look.flash_decay_ms.unwrap_or(default.flash_decay_ms),
            neuron_radius: look.neuron_radius.unwrap_or(default.neuron_radius),
            base_brightness: look.base_brightness.unwrap_or(default.base_brightness),
            synapses: SynapseLayers {
                bundled: look.bundled.unwrap_or(default.synapses.bundled),
                ..SynapseLayers::from_names(&look.synapses, look.pulses)
            },
            synapse_budget: look.synapse_budget.unwrap_or(default.synapse_budget),
            synapse_opacity: look.synapse_opacity.unwrap_or(default.synapse_opacity),
            bloom: look.bloom.unwrap_or(default.bloom),
            exposure: look.exposure.unwrap_or(default.exposure),
            fog: look.fog.unwrap_or(default.fog),
            points: match look.points.as_deref() {
                Some("quads") => PointStyle::Quads,
                Some("splats") => PointStyle::Splats,
                _ => default.points,
            },
        }
    }
}

/// What a neuron's colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourBy {
    /// Which population it belongs to.
    Population,
    /// Membrane value, from reset to threshold.
    Membrane,
    /// Firing rate, exponentially averaged.
    Rate,
    /// Raise of its threshold.
    Theta,
}

impl ColourBy {
    /// All of them, for choosers.
    pub const ALL: [Self; 4] = [Self::Population, Self::Membrane, Self::Rate, Self::Theta];

    /// Name with unit.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Membrane => "membrane (mV)",
            Self::Rate => "rate (Hz)",
            Self::Theta => "theta (mV)",
        }
    }
}

/// How neurons are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointStyle {
    /// Spheres up close and on GPUs; splats for many neurons or on a software adapter.
    Auto,
    /// Instanced camera-facing quads.
    Quads,
    /// Additive compute splats.
    Splats,
}
