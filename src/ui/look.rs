//! How the picture should look: edits the view settings that the renderer obeys.

use egui::Ui;

use crate::session::ViewSettings;
use crate::session::view::{ChannelSlot, Clip, Direction, Others, PointStyle, Quality, SynapseLayers, Theme, Variable};

use super::controls::{Row, chooser};
use super::style::{self, Section};
use super::transfer::{self, Known};
use super::{OverlayInput, format};

/// Shows the settings.
pub(super) fn show(ui: &mut Ui, input: &OverlayInput<'_>, settings: &mut ViewSettings) {
    let spread = |slot, by| input.values.iter().find(|values| values.slot == slot && values.by == by);
    Section::open("Colour").show(ui, "", |ui| {
        let histogram = spread(ChannelSlot::Colour, settings.colour.by);
        let scale = input.scale.filter(|_| settings.colour.by != Variable::Population);
        transfer::show(ui, &mut settings.colour, &Known { slot: ChannelSlot::Colour, histogram, scale });
    });
    let has_other = settings.size.is_in_use(ChannelSlot::Size) || settings.height.is_in_use(ChannelSlot::Height);
    Section { title: "Size and height", id: 0, open: has_other }.show(ui, "", |ui| {
        for (slot, channel) in [(ChannelSlot::Size, &mut settings.size), (ChannelSlot::Height, &mut settings.height)] {
            let histogram = spread(slot, channel.by);
            transfer::show(ui, channel, &Known { slot, histogram, scale: None });
        }
    });
    Section::open("Neurons").show(ui, "", |ui| neurons(ui, settings));
    Section::open("Synapses").show(ui, "", |ui| synapses(ui, settings));
    Section::open("Stage").show(ui, "", |ui| stage(ui, settings));
    Section { title: "Cut open", id: 0, open: !settings.clip.is_whole() }
        .show(ui, "", |ui| clip(ui, &mut settings.clip));
    Section { title: "Quality", id: 0, open: false }.show(ui, "", |ui| quality(ui, &mut settings.quality));
}

fn neurons(ui: &mut Ui, settings: &mut ViewSettings) {
    chooser(ui, "drawn as", point_label(settings.points), |ui| {
        for choice in [PointStyle::Auto, PointStyle::Quads, PointStyle::Splats] {
            ui.selectable_value(&mut settings.points, choice, point_label(choice));
        }
    });
    chooser(ui, "unselected", settings.others.label(), |ui| {
        for choice in Others::ALL {
            ui.selectable_value(&mut settings.others, choice, choice.label());
        }
    });
    let radius = Row { name: "size", owner: "neurons", range: 0.05..=5.0, logarithmic: true, unit: "" };
    radius.show(ui, &mut settings.neuron_radius);
    plain("at rest", 0.0..=1.0, "").show(ui, &mut settings.base_brightness);
    let decay = Row { name: "flash", owner: "decay", range: 1.0..=500.0, logarithmic: true, unit: " ms" };
    decay.show(ui, &mut settings.flash_decay_ms);
}

fn stage(ui: &mut Ui, settings: &mut ViewSettings) {
    ui.horizontal_wrapped(|ui| {
        ui.selectable_value(&mut settings.theme, Theme::Dark, "dark");
        ui.selectable_value(&mut settings.theme, Theme::Light, "light");
    });
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut settings.floor, "floor");
        ui.checkbox(&mut settings.labels, "names and scale");
        ui.checkbox(&mut settings.billboards, "curves at near neurons");
    });
    plain("glow", 0.0..=1.0, "").show(ui, &mut settings.bloom);
    plain("exposure", -3.0..=3.0, " stops").show(ui, &mut settings.exposure);
    plain("fog", 0.0..=1.0, "").show(ui, &mut settings.fog);
}

/// Planes that cut the network open: shares of its box, per axis.
fn clip(ui: &mut Ui, clip: &mut Clip) {
    for (axis, [from, to]) in [["x from", "x to"], ["y from", "y to"], ["z from", "z to"]].into_iter().enumerate() {
        plain(from, 0.0..=1.0, "").show(ui, &mut clip.low[axis]);
        plain(to, 0.0..=1.0, "").show(ui, &mut clip.high[axis]);
    }
    if ui.add_enabled(!clip.is_whole(), egui::Button::new("Whole network")).clicked() {
        *clip = Clip::default();
    }
}

fn quality(ui: &mut Ui, quality: &mut Quality) {
    let mut is_auto = matches!(quality, Quality::Auto);
    if ui.checkbox(&mut is_auto, "as the frame rate allows").changed() {
        *quality = if is_auto { Quality::Auto } else { Quality::Pinned(1.0) };
    }
    if let Quality::Pinned(share) = quality {
        plain("pinned at", 0.0..=1.0, "").show(ui, share);
        style::footnote(ui, format!("{} of what can be drawn", format::percent(f64::from(*share))));
    }
}

/// Layers of synapses, and how they look.
fn synapses(ui: &mut Ui, settings: &mut ViewSettings) {
    chooser(ui, "synapses", settings.synapses.label(), |ui| {
        for (name, preset) in SynapseLayers::presets() {
            let preset = SynapseLayers { bundled: settings.synapses.bundled, ..preset };
            ui.selectable_value(&mut settings.synapses, preset, name);
        }
    });
    let layers = &mut settings.synapses;
    chooser(ui, "of selection", layers.of_selection.label(), |ui| {
        for choice in Direction::ALL {
            ui.selectable_value(&mut layers.of_selection, choice, choice.label());
        }
    });
    ui.horizontal_wrapped(|ui| {
        ui.checkbox(&mut layers.sample, "sample");
        ui.checkbox(&mut layers.pulses, "pulses");
        ui.checkbox(&mut layers.strongest, "strongest");
        ui.checkbox(&mut layers.most_changed, "most changed");
        ui.checkbox(&mut layers.graveyard, "graveyard");
        ui.checkbox(&mut layers.arcs, "arcs when far");
    });
    if !layers.any() {
        return;
    }
    plain("bundled", 0.0..=1.0, "").show(ui, &mut layers.bundled);
    let row = Row { name: "at most", owner: "synapse lines", range: 0.0..=1_000_000.0, logarithmic: true, unit: "" };
    row.show(ui, &mut settings.synapse_budget);
    plain("opacity", 0.0..=1.0, "").show(ui, &mut settings.synapse_opacity);
}

const fn plain<'a>(name: &'a str, range: std::ops::RangeInclusive<f64>, unit: &'a str) -> Row<'a> {
    Row { name, owner: "", range, logarithmic: false, unit }
}

const fn point_label(points: PointStyle) -> &'static str {
    match points {
        PointStyle::Auto => "automatic",
        PointStyle::Quads => "spheres",
        PointStyle::Splats => "splats",
    }
}
