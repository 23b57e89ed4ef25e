//! The learning protocol: the input shown now, its class, the network's last answer, accuracy so far, and which class
//! every output neuron stands for.

use egui::{Align2, Color32, CornerRadius, FontId, RichText, Ui, pos2, vec2};

use crate::session::telemetry::LearningTelemetry;

use super::chart::{ChartLine, Span, TimeChart, time_chart};
use super::colour_map::{ValueTexture, grey_image};
use super::icon::{self, Sign};
use super::{format, style};

/// Side of the picture of the input.
const IMAGE_SIDE: f32 = 92.0;

/// Shows the protocol.
pub(super) fn show(ui: &mut Ui, learning: &LearningTelemetry, texture: &mut ValueTexture) {
    ui.horizontal_top(|ui| {
        input(ui, learning, texture);
        ui.add_space(4.0);
        ui.vertical(|ui| answers(ui, learning));
    });
    if learning.accuracy_percent.points().len() > 0 {
        let chart = TimeChart {
            name: "accuracy",
            unit: "%",
            time_unit: "presentations",
            height: 96.0,
            include: &[0.0, 100.0],
            has_legend: false,
        };
        let line = ChartLine {
            name: "accuracy",
            colour: style::ink(ui).good,
            series: &learning.accuracy_percent,
            offset: 0.0,
        };
        time_chart(ui, &chart, &[line], Span::All);
    }
}

fn input(ui: &mut Ui, learning: &LearningTelemetry, texture: &mut ValueTexture) {
    let side = vec2(IMAGE_SIDE, IMAGE_SIDE);
    if learning.image.is_empty() {
        let (rect, response) = ui.allocate_exact_size(side, egui::Sense::hover());
        ui.painter().rect_filled(rect, CornerRadius::same(4), Color32::BLACK);
        let font = FontId::proportional(13.0);
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, "no input", font, style::ink(ui).weak);
        response.accessible_name("input shown now: none");
        return;
    }
    let id = texture.show(ui.ctx(), "input shown now", grey_image(learning.image_size, &learning.image));
    let label = learning.label.map_or_else(|| "unknown class".to_owned(), |label| format!("class {label}"));
    let image = egui::Image::new((id, side)).fit_to_exact_size(side).corner_radius(CornerRadius::same(4));
    ui.add(image.alt_text(format!("input shown now: {label}")));
}

fn answers(ui: &mut Ui, learning: &LearningTelemetry) {
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new("shown now").color(style::ink(ui).weak));
        let label = learning.label.map_or_else(|| "-".to_owned(), |label| label.to_string());
        ui.label(RichText::new(label).size(style::READOUT).color(style::ink(ui).strong));
        ui.label(RichText::new(learning.phase).color(style::ink(ui).weak));
    });
    ui.horizontal(|ui| match learning.last_prediction {
        None => {
            ui.label(RichText::new("no answer yet").color(style::ink(ui).weak));
        }
        Some((predicted, actual)) => {
            let is_right = predicted == actual;
            let (sign, colour) =
                if is_right { (Sign::Right, style::ink(ui).good) } else { (Sign::Wrong, style::ink(ui).bad) };
            ui.label(RichText::new("last answer").color(style::ink(ui).weak));
            ui.label(RichText::new(predicted.to_string()).size(16.0).color(colour));
            icon::mark(ui, sign, colour);
            let detail = if is_right { "right".to_owned() } else { format!("wrong, was {actual}") };
            ui.label(RichText::new(detail).color(colour));
        }
    });
    ui.horizontal(|ui| {
        ui.label(RichText::new("accuracy").color(style::ink(ui).weak));
        let accuracy = learning.accuracy_percent.last().map_or_else(|| "-".to_owned(), |a| format!("{a:.1} %"));
        ui.label(RichText::new(accuracy).size(style::READOUT).color(style::ink(ui).strong));
    });
    let window = match learning.accuracy_window {
        0 => String::new(),
        window => format!(" (accuracy over the last {})", format::count(u64::from(window))),
    };
    style::footnote(ui, format!("{} presented{window}", format::count(learning.presentations)));
    let on = if learning.learning { "learning on" } else { "learning off" };
    style::footnote(ui, format!("{}; {on}; {} output spikes", learning.data, learning.last_spike_count));
}

/// Which class every output neuron stands for, one digit each.
pub(super) fn classes(ui: &mut Ui, assigned: &[Option<u8>]) {
    let known = assigned.iter().flatten().count();
    let columns = (assigned.len() as f32).sqrt().ceil().max(1.0) as usize;
    let cell = (ui.available_width() / columns as f32).min(15.0);
    if cell < 7.0 {
        style::footnote(ui, format!("{known} of {} output neurons stand for a class", assigned.len()));
        return;
    }
    let rows = assigned.len().div_ceil(columns);
    let (rect, response) = ui.allocate_exact_size(vec2(columns as f32, rows as f32) * cell, egui::Sense::hover());
    response.accessible_name(format!("{known} of {} output neurons stand for a class", assigned.len()));
    let font = FontId::proportional(cell * 0.78);
    for (i, class) in assigned.iter().enumerate() {
        let at = pos2(
            rect.left() + (i % columns) as f32 * cell + cell / 2.0,
            rect.top() + (i / columns) as f32 * cell + cell / 2.0,
        );
        let (text, colour) = match class {
            Some(class) => (class.to_string(), style::ink(ui).text),
            None => ("·".to_owned(), style::ink(ui).weak),
        };
        ui.painter().text(at, Align2::CENTER_CENTER, text, font.clone(), colour);
    }
}
