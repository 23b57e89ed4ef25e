//! What a neuron's colour, size and height can mean: variables, and the way from a variable's value to a place on a map.
//! Plain data that a scene opens with, the overlay edits and the renderer turns into lookup tables.

/// A value that every neuron has (or lacks).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    /// Which population it belongs to. For size and height: not by anything.
    Population,
    /// Membrane value, from reset to threshold.
    Membrane,
    /// Firing rate, exponentially averaged.
    Rate,
    /// Raise of its threshold.
    Theta,
    /// Coefficient of variation of its inter-spike intervals.
    Cv,
    /// The class that the learning protocol gave it.
    Class,
    /// Sum of the weights of its surviving inputs.
    WeightSum,
    /// Inputs that pruning took.
    SynapsesLost,
}

impl Variable {
    /// All of them, for choosers.
    pub const ALL: [Self; 8] = [
        Self::Population,
        Self::Membrane,
        Self::Rate,
        Self::Theta,
        Self::Cv,
        Self::Class,
        Self::WeightSum,
        Self::SynapsesLost,
    ];

    /// Name with unit.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Membrane => "membrane (mV)",
            Self::Rate => "rate (Hz)",
            Self::Theta => "theta (mV)",
            Self::Cv => "ISI CV",
            Self::Class => "class",
            Self::WeightSum => "input weight sum",
            Self::SynapsesLost => "inputs lost",
        }
    }

    /// As scenes write it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Population => "population",
            Self::Membrane => "membrane",
            Self::Rate => "rate",
            Self::Theta => "theta",
            Self::Cv => "cv",
            Self::Class => "class",
            Self::WeightSum => "weight-sum",
            Self::SynapsesLost => "synapses-lost",
        }
    }

    /// The variable that a scene calls so; `"none"` is [`Self::Population`], which for size and height means just that.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        if id == "none" {
            return Some(Self::Population);
        }
        Self::ALL.into_iter().find(|variable| variable.id() == id)
    }

    /// True when its values come from the host, a few times a second, and not from the activity buffers.
    #[must_use]
    pub const fn is_from_host(self) -> bool {
        matches!(self, Self::Cv | Self::Class | Self::WeightSum | Self::SynapsesLost)
    }

    /// True when its values are names and not amounts: neighbours on the map mean nothing.
    #[must_use]
    pub const fn is_categorical(self) -> bool {
        matches!(self, Self::Population | Self::Class)
    }

    /// The map that it is shown on unless somebody chooses another.
    #[must_use]
    pub const fn own_map(self) -> MapName {
        match self {
            Self::Population | Self::Class => MapName::Categorical,
            Self::Membrane => MapName::Cividis,
            Self::Rate => MapName::Viridis,
            Self::Theta | Self::SynapsesLost => MapName::Inferno,
            Self::Cv => MapName::Diverging,
            Self::WeightSum => MapName::Plasma,
        }
    }
}

/// Colour maps: perceptually uniform, and readable with every common colour vision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapName {
    /// Violet, green, yellow.
    Viridis,
    /// Blue, grey, yellow; made for colour vision deficiencies.
    Cividis,
    /// Black, red, yellow.
    Inferno,
    /// Blue, red, yellow.
    Plasma,
    /// Blue, grey, red with the middle darkest (on the light stage: palest): for values with a natural middle.
    Diverging,
    /// Colours without an order, of different brightness.
    Categorical,
}

impl MapName {
    /// All of them, for choosers.
    pub const ALL: [Self; 6] =
        [Self::Viridis, Self::Cividis, Self::Inferno, Self::Plasma, Self::Diverging, Self::Categorical];

    /// For choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Diverging => "diverging",
            Self::Categorical => "categorical",
        }
    }
}

/// One of the three channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelSlot {
    /// [`ViewSettings::colour`](super::ViewSettings).
    Colour,
    /// [`ViewSettings::size`](super::ViewSettings).
    Size,
    /// [`ViewSettings::height`](super::ViewSettings).
    Height,
}

impl ChannelSlot {
    /// All of them, in the order of the shaders.
    pub const ALL: [Self; 3] = [Self::Colour, Self::Size, Self::Height];

    /// For legends and choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Colour => "colour",
            Self::Size => "size",
            Self::Height => "height",
        }
    }
}

/// What one channel shows, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The variable.
    pub by: Variable,
    /// From its value to the map.
    pub transfer: Transfer,
}

impl Channel {
    /// A channel that shows `by` on its own range and map, along a straight line.
    #[must_use]
    pub const fn of(by: Variable) -> Self {
        Self { by, transfer: Transfer::of(by) }
    }

    /// False where the channel of this slot shows nothing: size and height by population.
    #[must_use]
    pub fn is_in_use(&self, slot: ChannelSlot) -> bool {
        slot == ChannelSlot::Colour || self.by != Variable::Population
    }
}

/// The way from a value to a place on the map.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Values at the two ends, in the variable's unit; `None`: the variable's own range.
    pub range: Option<[f32; 2]>,
    /// For colours.
    pub map: MapName,
    /// From share of the range (x, 0 to 1) to share of the map (y, 0 to 1), x ascending; empty: a straight line.
    pub points: Vec<[f32; 2]>,
}

impl Transfer {
    /// The variable's own range and map, and a straight line.
    #[must_use]
    pub const fn of(by: Variable) -> Self {
        Self { range: None, map: by.own_map(), points: Vec::new() }
    }

    /// Share of the map for a share of the range: straight between the points, level beyond them. Points that are no
    /// numbers or go back in x are passed over.
    #[must_use]
    pub fn curve(&self, share: f32) -> f32 {
        let x = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let mut before: Option<[f32; 2]> = None;
        for &[px, py] in &self.points {
            if !(px.is_finite() && py.is_finite()) || before.is_some_and(|[bx, _]| px < bx) {
                continue;
            }
            if x < px {
                return match before {
                    Some([bx, by]) => by + (py - by) * (x - bx) / (px - bx),
                    None => py,
                }
                .clamp(0.0, 1.0);
            }
            before = Some([px, py]);
        }
        before.map_or(x, |[_, y]| y).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_variables() {
        for variable in Variable::ALL {
            assert_eq!(Variable::from_id(variable.id()), Some(variable));
        }
        assert_eq!(Variable::from_id("none"), Some(Variable::Population));
        assert_eq!(Variable::from_id("colour"), None);
    }

    #[test]
    fn curves_go_through_their_points_and_survive_broken_ones() {
        let mut transfer = Transfer::of(Variable::Rate);
        assert_eq!([-1.0, 0.25, 7.0].map(|x| transfer.curve(x)), [0.0, 0.25, 1.0]);
        transfer.points = vec![[0.2, 0.0], [f32::NAN, 0.3], [0.6, 1.0], [0.4, 0.0], [0.8, 0.5]];
        let values = [0.0, 0.2, 0.4, 0.6, 0.7, 0.9, f32::NAN].map(|x| transfer.curve(x));
        for (value, expected) in values.into_iter().zip([0.0, 0.0, 0.5, 1.0, 0.75, 0.5, 0.0]) {
            assert!((value - expected).abs() < 1e-5, "{values:?}");
        }
        // A step: two points at one x.
        transfer.points = vec![[0.5, 0.0], [0.5, 1.0]];
        assert_eq!([0.49, 0.5, 0.51].map(|x| transfer.curve(x)), [0.0, 1.0, 1.0]);
    }
}
