//! Which synapses the picture shows: layers that are chosen and combined freely. Plain values that a scene opens with,
//! the overlay edits and the renderer obeys.

/// Layers of synapses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SynapseLayers {
    /// A stable sample of all, within the budget; each line shines for those left out.
    pub sample: bool,
    /// Of the picked neuron and of the selection.
    pub of_selection: Direction,
    /// Pulses of the last spikes travel along all synapses, or a stable sample of them where there are too many. Lines
    /// of a selection carry theirs in any case.
    pub pulses: bool,
    /// The strongest synapses by their present weight.
    pub strongest: bool,
    /// The synapses whose weight is farthest from what it was at the start.
    pub most_changed: bool,
    /// Where pruned synapses were.
    pub graveyard: bool,
    /// Between populations, when far: one thick arc per projection.
    pub arcs: bool,
    /// How much lines are drawn together through the middles of their populations, 0 to 1.
    pub bundled: f32,
}

/// Which synapses of a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// None of them.
    None,
    /// Those that end there.
    Inputs,
    /// Those that begin there.
    Outputs,
    /// All of them.
    Both,
}

impl Direction {
    /// All of them, for choosers.
    pub const ALL: [Self; 4] = [Self::None, Self::Inputs, Self::Outputs, Self::Both];

    /// For choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Inputs => "inputs",
            Self::Outputs => "outputs",
            Self::Both => "inputs and outputs",
        }
    }

    /// Synapses that end there.
    #[must_use]
    pub const fn has_inputs(self) -> bool {
        matches!(self, Self::Inputs | Self::Both)
    }

    /// Synapses that begin there.
    #[must_use]
    pub const fn has_outputs(self) -> bool {
        matches!(self, Self::Outputs | Self::Both)
    }

    const fn of(inputs: bool, outputs: bool) -> Self {
        match (inputs, outputs) {
            (false, false) => Self::None,
            (true, false) => Self::Inputs,
            (false, true) => Self::Outputs,
            (true, true) => Self::Both,
        }
    }
}

impl Default for SynapseLayers {
    fn default() -> Self {
        Self { sample: true, of_selection: Direction::Both, pulses: true, arcs: true, ..Self::HIDDEN }
    }
}

impl SynapseLayers {
    /// Nothing.
    pub const HIDDEN: Self = Self {
        sample: false,
        of_selection: Direction::None,
        pulses: false,
        strongest: false,
        most_changed: false,
        graveyard: false,
        arcs: false,
        bundled: 0.35,
    };

    /// Combinations to step through with one key.
    #[must_use]
    pub fn presets() -> [(&'static str, Self); 6] {
        let none = Self::HIDDEN;
        let picked = Self { of_selection: Direction::Both, arcs: true, ..none };
        [
            ("hidden", none),
            ("sample", Self::default()),
            ("of the selection", Self { arcs: false, ..picked }),
            ("pulses", Self { pulses: true, ..picked }),
            ("strongest", Self { strongest: true, ..picked }),
            ("most changed", Self { most_changed: true, graveyard: true, ..picked }),
        ]
    }

    /// The preset that comes after this combination; the first one after a combination of one's own. Bundling stays.
    #[must_use]
    pub fn next_preset(self) -> Self {
        let presets = Self::presets();
        let at = presets.iter().position(|(_, preset)| preset.is_like(self));
        let next = at.map_or(1, |at| (at + 1) % presets.len());
        Self { bundled: self.bundled, ..presets[next].1 }
    }

    /// The name of this combination.
    #[must_use]
    pub fn label(self) -> &'static str {
        Self::presets().into_iter().find(|(_, preset)| preset.is_like(self)).map_or("own choice", |(name, _)| name)
    }

    /// Anything at all may be drawn.
    #[must_use]
    pub fn any(self) -> bool {
        !self.is_like(Self::HIDDEN)
    }

    /// The same layers, however bundled.
    fn is_like(self, other: Self) -> bool {
        Self { bundled: 0.0, ..self } == Self { bundled: 0.0, ..other }
    }

    /// The layers that a scene names. `sample` alone means the usual combination, with pulses, arcs and the lines of what
    /// is picked; other names and lists mean exactly their layers. `pulses`: the scene's word on them, if any.
    #[must_use]
    pub fn from_names(names: &[String], pulses: Option<bool>) -> Self {
        let has = |name: &str| names.iter().any(|known| known == name);
        let mut layers = match names {
            [] => Self::default(),
            [one] if one == "sample" => Self::default(),
            [one] if one == "picked" => Self { of_selection: Direction::Both, ..Self::HIDDEN },
            _ => {
                let all = has("all");
                Self {
                    sample: all || has("sample"),
                    of_selection: Direction::of(
                        all || has("picked") || has("inputs"),
                        all || has("picked") || has("outputs"),
                    ),
                    pulses: all || has("pulses"),
                    strongest: all || has("strongest"),
                    most_changed: all || has("changed"),
                    graveyard: all || has("graveyard"),
                    arcs: all || has("arcs"),
                    ..Self::HIDDEN
                }
            }
        };
        if let Some(pulses) = pulses.filter(|_| layers.any()) {
            layers.pulses = pulses;
        }
        layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_a_scene_may_use_is_understood() {
        for name in crate::model::scene::SYNAPSE_LAYERS {
            assert_eq!(named(&[name]).any(), name != "hidden", "{name}");
        }
    }

    fn named(names: &[&str]) -> SynapseLayers {
        SynapseLayers::from_names(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), None)
    }

    #[test]
    fn a_name_alone_or_a_list_of_layers() {
        assert_eq!(named(&[]), SynapseLayers::default());
        assert_eq!(named(&["sample"]), SynapseLayers::default());
        assert_eq!(named(&["hidden"]), SynapseLayers::HIDDEN);
        let picked = named(&["picked"]);
        assert!(!picked.sample && !picked.pulses && picked.of_selection == Direction::Both);
        let list = named(&["strongest", "graveyard", "outputs"]);
        assert!(list.strongest && list.graveyard && !list.sample && !list.pulses && !list.arcs);
        assert_eq!(list.of_selection, Direction::Outputs);
        assert!(!SynapseLayers::from_names(&["sample".to_owned()], Some(false)).pulses);
        assert!(!SynapseLayers::from_names(&["hidden".to_owned()], Some(true)).any(), "hidden stays hidden");
    }

    #[test]
    fn one_key_goes_through_all_presets_and_keeps_the_bundling() {
        let presets = SynapseLayers::presets();
        let mut layers = SynapseLayers { bundled: 0.9, ..SynapseLayers::default() };
        let mut seen = vec![layers.label()];
        for _ in 1..presets.len() {
            layers = layers.next_preset();
            seen.push(layers.label());
        }
        seen.sort_unstable();
        let mut names: Vec<_> = presets.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(seen, names);
        assert_eq!(layers.bundled, 0.9);
        assert_eq!(layers.next_preset().label(), "sample", "and round again");
        let own = SynapseLayers { strongest: true, ..SynapseLayers::default() };
        assert_eq!((own.label(), own.next_preset().label()), ("own choice", "sample"));
    }
}
