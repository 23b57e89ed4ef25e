//! What the lines of a picture mean: one entry for every colour and pattern in use, for a legend. In go the layers as they
//! shine, out come colours, patterns and words.

use super::colour;
use super::layers::{Layers, Set};

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinePattern {
    /// Even.
    Solid,
    /// Brighter towards its end.
    Rising,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
    /// A point that travels.
    Pulse,
}

/// One entry of the legend of lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineMeaning {
    /// sRGB, 0 to 1; none where lines of any colour may look so.
    pub colour: Option<[f32; 3]>,
    /// How it is drawn.
    pub pattern: LinePattern,
    /// What it says.
    pub text: &'static str,
}

/// Of the layers as they shine now.
pub(super) fn meanings(layers: &Layers) -> Vec<LineMeaning> {
    let mut found = Vec::new();
    let shown = |set: Set| layers.shown(set);
    let bodies = |set: Set| shown(set).is_some_and(|lines| lines.set().gain > 0.0);
    let living = [Set::Sample, Set::Pulses, Set::Inputs, Set::Outputs, Set::Strongest, Set::Grown, Set::Shrunk];
    let signs = living.into_iter().filter_map(shown).map(super::lines::Lines::signs);
    let [excites, inhibits] = signs.fold([false; 2], |[a, b], [c, d]| [a || c, b || d]);
    for (is_in_use, colour, text) in
        [(excites, colour::EXCITATORY, "synapse that excites"), (inhibits, colour::INHIBITORY, "synapse that inhibits")]
    {
        if is_in_use {
            found.push(LineMeaning { colour: Some(colour), pattern: LinePattern::Solid, text });
        }
    }
    for (set, pattern, text) in [
        (Set::Inputs, LinePattern::Rising, "into the selection"),
        (Set::Outputs, LinePattern::Dashed, "out of the selection"),
        (Set::Shrunk, LinePattern::Dotted, "has shrunk since the start"),
    ] {
        if bodies(set) {
            found.push(LineMeaning { colour: None, pattern, text });
        }
    }
    if bodies(Set::Graves) {
        found.push(LineMeaning { colour: Some(colour::PRUNED), pattern: LinePattern::Dotted, text: "pruned" });
    }
    if living.into_iter().filter_map(shown).any(|lines| lines.set().pulse_gain > 0.0) {
        found.push(LineMeaning { colour: None, pattern: LinePattern::Pulse, text: "spike on its way" });
    }
    found
}
