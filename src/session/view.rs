//! How the picture should look: plain settings that a scene opens with, the overlay edits and the renderer obeys.

pub use super::channel::{Channel, ChannelSlot, MapName, Transfer, Variable};
pub use super::layers::{Direction, SynapseLayers};
use crate::model::scene::{LookScene, ViewScene};

/// Settings of the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewSettings {
    /// Dark for a dark room, light for a bright one and for print.
    pub theme: Theme,
    /// What a neuron's colour means.
    pub colour: Channel,
    /// What a neuron's size means.
    pub size: Channel,
    /// What raises a neuron above its place.
    pub height: Channel,
    /// What may be left out to hold the frame rate.
    pub quality: Quality,
    /// The part of the network that is drawn.
    pub clip: Clip,
    /// How unselected neurons are drawn while others are selected.
    pub others: Others,
    /// The floor with its grid.
    pub floor: bool,
    /// Names of populations in space, scale bar.
    pub labels: bool,
    /// Receptive fields or membrane curves beside near neurons.
    pub billboards: bool,
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
            theme: Theme::Dark,
            colour: Channel::of(Variable::Population),
            size: Channel::of(Variable::Population),
            height: Channel::of(Variable::Population),
            quality: Quality::Auto,
            clip: Clip::default(),
            others: Others::Dimmed,
            floor: true,
            labels: true,
            billboards: true,
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
        let mut settings = Self::default();
        settings.apply(&view.look);
        settings
    }

    /// Takes over the looks that are given; the others stay. Steps of a tour change looks like this.
    pub fn apply(&mut self, look: &LookScene) {
        fn set<T: Copy>(setting: &mut T, given: Option<T>) {
            *setting = given.unwrap_or(*setting);
        }
        set(&mut self.flash_decay_ms, look.flash_decay_ms);
        set(&mut self.neuron_radius, look.neuron_radius);
        set(&mut self.base_brightness, look.base_brightness);
        set(&mut self.synapse_budget, look.synapse_budget);
        set(&mut self.synapse_opacity, look.synapse_opacity);
        set(&mut self.bloom, look.bloom);
        set(&mut self.exposure, look.exposure);
        set(&mut self.fog, look.fog);
        set(
            &mut self.theme,
            look.theme.as_deref().map(|name| if name == "light" { Theme::Light } else { Theme::Dark }),
        );
        for (channel, given) in
            [(&mut self.colour, &look.colour_by), (&mut self.size, &look.size_by), (&mut self.height, &look.height_by)]
        {
            if let Some(id) = given {
                *channel = Channel::of(Variable::from_id(id).unwrap_or(Variable::Population));
            }
        }
        if !look.synapses.is_empty() {
            let layers = SynapseLayers::from_names(&look.synapses, look.pulses);
            self.synapses = SynapseLayers { bundled: self.synapses.bundled, ..layers };
        } else {
            set(&mut self.synapses.pulses, look.pulses);
        }
        set(&mut self.synapses.bundled, look.bundled);
        let points = look.points.as_deref().and_then(|name| match name {
            "auto" => Some(PointStyle::Auto),
            "quads" => Some(PointStyle::Quads),
            "splats" => Some(PointStyle::Splats),
            _ => None,
        });
        set(&mut self.points, points);
    }

    /// The channel of a slot.
    #[must_use]
    pub const fn channel(&self, slot: ChannelSlot) -> &Channel {
        match slot {
            ChannelSlot::Colour => &self.colour,
            ChannelSlot::Size => &self.size,
            ChannelSlot::Height => &self.height,
        }
    }
}

/// The room that the network stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light on a dark stage.
    #[default]
    Dark,
    /// Ink on a light ground.
    Light,
}

/// What may be left out to hold the frame rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quality {
    /// As much as it takes, and said so; a picture that nobody waits for leaves nothing out.
    Auto,
    /// As it is: 1 leaves nothing out, 0 all that can be.
    Pinned(f32),
}

/// The part of the network that is drawn: per axis from `low` to `high`, shares of the network's box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clip {
    /// 0 to 1.
    pub low: [f32; 3],
    /// 0 to 1.
    pub high: [f32; 3],
}

impl Default for Clip {
    fn default() -> Self {
        Self { low: [0.0; 3], high: [1.0; 3] }
    }
}

impl Clip {
    /// True where it leaves nothing out.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        (0..3).all(|axis| self.low[axis] <= 0.0 && self.high[axis] >= 1.0)
    }
}

/// Unselected neurons while others are selected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// As ever.
    Shown,
    /// Darker.
    #[default]
    Dimmed,
    /// Not at all.
    Hidden,
}

impl Others {
    /// All of them, for choosers.
    pub const ALL: [Self; 3] = [Self::Shown, Self::Dimmed, Self::Hidden];

    /// For choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Dimmed => "dimmed",
            Self::Hidden => "hidden",
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
