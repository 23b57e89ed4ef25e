//! How the picture should look: edits the view settings that the renderer obeys.

use egui::{RichText, Ui};

use crate::session::ViewSettings;
use crate::session::view::{Channel, Direction, PointStyle, SynapseLayers, Variable};

use super::controls::Row;
use super::style;

/// Shows the settings.
pub(super) fn show(ui: &mut Ui, settings: &mut ViewSettings) {
    chooser(ui, "colour by", settings.colour.by.label(), |ui| {
        for choice in Variable::ALL {
            if ui.selectable_label(settings.colour.by == choice, choice.label()).clicked() {
                settings.colour = Channel::of(choice);
            }
        }
    });
    chooser(ui, "neurons as", point_label(settings.points), |ui| {
        for choice in [PointStyle::Auto, PointStyle::Quads, PointStyle::Splats] {
            ui.selectable_value(&mut settings.points, choice, point_label(choice));
        }
    });
    synapses(ui, settings);
    let decay = Row { name: "flash", owner: "decay", range: 1.0..=500.0, logarithmic: true, unit: " ms" };
    decay.show(ui, &mut settings.flash_decay_ms);
    let radius = Row { name: "size", owner: "neurons", range: 0.05..=5.0, logarithmic: true, unit: "" };
    radius.show(ui, &mut settings.neuron_radius);
    plain("at rest", 0.0..=1.0, "").show(ui, &mut settings.base_brightness);
    plain("glow", 0.0..=1.0, "").show(ui, &mut settings.bloom);
    plain("exposure", -3.0..=3.0, " stops").show(ui, &mut settings.exposure);
    plain("fog", 0.0..=1.0, "").show(ui, &mut settings.fog);
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

fn chooser(ui: &mut Ui, name: &str, selected: &str, choices: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(egui::vec2(84.0, ui.spacing().interact_size.y), egui::Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, style::TEXT);
        let width = (ui.available_width() - 4.0).max(80.0);
        egui::ComboBox::from_id_salt(name)
            .selected_text(RichText::new(selected))
            .width(width)
            .truncate()
            .show_ui(ui, choices)
            .response
            .accessible_name(name);
    });
}

const fn point_label(points: PointStyle) -> &'static str {
    match points {
        PointStyle::Auto => "automatic",
        PointStyle::Quads => "spheres",
        PointStyle::Splats => "splats",
    }
}
