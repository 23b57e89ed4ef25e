//! What a viewer must know about the synapses of a picture: shares drawn, ranks, ties, and what shapes and colours mean.

use super::frame::pulse_ms;
use super::layers::{Layers, Set};
use super::notices::{grouped, share_line};
use crate::session::ViewSettings;
use crate::session::view::Direction;

/// One line of text each.
pub(super) fn notices(layers: &Layers, settings: &ViewSettings, dt_ms: f64, are_gathered: bool) -> Vec<String> {
    let shown = settings.synapses;
    let mut lines = Vec::new();
    let share = |set: Set, what: &str| {
        let count = layers.count(set);
        share_line(what, (count.drawn, count.all), layers.is_lowered)
    };
    if shown.sample {
        lines.extend(share(Set::Sample, "synapses"));
        let count = layers.count(Set::Sample);
        if layers.is_capped {
            lines.push(
                "each line shines for those left out, some less than in full: a line has only so much light".into(),
            );
        } else if count.drawn < count.all {
            lines.push("each line shines for those left out".into());
        }
    }
    if layers.has_selection() {
        if shown.of_selection.has_inputs() {
            lines.extend(share(Set::Inputs, "inputs of the selection"));
        }
        if shown.of_selection.has_outputs() {
            lines.extend(share(Set::Outputs, "outputs of the selection"));
        }
        if shown.of_selection != Direction::None {
            lines.push("lines of the selection: inputs brighter towards it, outputs dashed".into());
        }
    }
    if shown.pulses {
        lines.extend(share(Set::Pulses, "synapses carry pulses").map(|line| line.replace(" drawn (", " (")));
    }
    lines.extend(pulse_line(layers, settings, dt_ms));
    lines.extend(ranked(layers, settings));
    if shown.graveyard && layers.has_ranked {
        let graves = layers.count(Set::Graves);
        let drawn =
            if graves.drawn < graves.all { format!(", {} drawn", grouped(graves.drawn)) } else { String::new() };
        lines.push(format!("graveyard: {} synapses pruned{drawn}; rose dots", grouped(graves.all)));
    }
    if are_gathered && layers.shining().next().is_some() {
        lines.push("synapses are drawn behind all neurons".into());
    }
    lines.extend(layers.arcs.notice());
    lines
}

/// The strongest and the most changed.
fn ranked(layers: &Layers, settings: &ViewSettings) -> Vec<String> {
    let shown = settings.synapses;
    let mut lines = Vec::new();
    if (shown.strongest || shown.most_changed) && !layers.has_ranked {
        return lines;
    }
    if shown.strongest {
        let count = layers.count(Set::Strongest);
        if count.drawn == 0 {
            lines.push("no projection has weights that differ: none is the strongest".into());
        } else {
            let ties = match layers.tied {
                0 => String::new(),
                tied => format!("; {} more are as strong as the weakest of them", grouped(tied)),
            };
            lines.push(format!("the {} strongest of {} synapses{ties}", grouped(count.drawn), grouped(count.all)));
        }
    }
    if shown.most_changed {
        let (grown, shrunk) = (layers.count(Set::Grown), layers.count(Set::Shrunk));
        lines.push(format!(
            "the {} most changed since the start of {}: {} grew (solid), {} shrank (dotted)",
            grouped(grown.drawn + shrunk.drawn),
            grouped(grown.all + shrunk.all),
            grouped(grown.drawn),
            grouped(shrunk.drawn)
        ));
    }
    if !layers.not_ranked().is_empty() {
        lines.push(format!("{} projections are too large to be ranked", layers.not_ranked().len()));
    }
    lines
}

/// Pulses that are slower than their delays.
fn pulse_line(layers: &Layers, settings: &ViewSettings, dt_ms: f64) -> Option<String> {
    let shortest = f64::from(pulse_ms(settings));
    let sets = layers.shining().filter(|lines| lines.set().pulse_gain > 0.0).count();
    let ranges = [Set::Sample, Set::Pulses, Set::Inputs, Set::Outputs].map(|set| layers.count(set).delays);
    let [low, high] = ranges.into_iter().flatten().reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
    let [low, high] = [low, high].map(|steps| f64::from(steps) * dt_ms);
    (sets > 0 && low < shortest).then(|| {
        let delays = if low < high { format!("{low:.1} to {high:.1}") } else { format!("{low:.1}") };
        format!("pulses take at least {shortest:.0} ms to cross, to be seen (delays: {delays} ms)")
    })
}
