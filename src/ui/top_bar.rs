//! The bar at the top: which scene, run and hold still, speed, simulated time, and what is shown.

use egui::{Align, Color32, Layout, RichText, Stroke, Ui, pos2, vec2};

use crate::session::{Command, Telemetry};

use super::icon::{self, Sign};
use super::{Overlay, OverlayAction, format, style, timings};

/// Exponents of ten at the ends of the speed slider.
const SPEED_RANGE: (f64, f64) = (-3.0, 2.0);

/// Window width, points, from which everything fits into one line.
const ONE_LINE: f32 = 1180.0;

impl Overlay {
    pub(super) fn top_bar(&mut self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<OverlayAction>) {
        let mut commands = Vec::new();
        if ui.available_width() >= ONE_LINE {
            ui.horizontal(|ui| {
                self.left_end(ui, telemetry, &mut commands);
                clock(ui, telemetry);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.panels(ui, true));
            });
        } else {
            ui.horizontal_wrapped(|ui| {
                self.left_end(ui, telemetry, &mut commands);
                clock(ui, telemetry);
                self.panels(ui, false);
            });
        }
        out.extend(commands.into_iter().map(OverlayAction::Command));
    }

    fn left_end(&self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        self.scene_chooser(ui, telemetry, out);
        transport(ui, telemetry, out);
        speed(ui, telemetry, out);
    }

    fn scene_chooser(&self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        let chooser = egui::ComboBox::from_id_salt("scene")
            .selected_text(RichText::new(&telemetry.scene).size(15.0).color(style::TEXT_STRONG))
            .width(130.0)
            .height(420.0)
            .truncate();
        let response = chooser.show_ui(ui, |ui| {
            ui.set_min_width(300.0);
            for (name, title) in &self.scenes {
                let text = if title.is_empty() { name.clone() } else { format!("{name}: {title}") };
                if ui.selectable_label(*name == telemetry.scene, text).clicked() {
                    out.push(Command::OpenScene(name.clone()));
                }
            }
        });
        response.response.on_hover_text(&telemetry.scene_title).accessible_name("scene");
    }

    fn panels(&mut self, ui: &mut Ui, reversed: bool) {
        let mut buttons: [(&str, &str, bool); 3] = [
            ("Parameters", "live parameters and look (left side)", self.controls_open),
            ("Charts", "charts, learning, neuron, timings (right side)", self.charts_open),
            ("?", "keys and mouse (F1)", self.help_open),
        ];
        if reversed {
            buttons.reverse();
        }
        for (name, hint, open) in buttons {
            let response = ui.selectable_label(open, name).on_hover_text(hint);
            let response = if name == "?" { response.accessible_name("help") } else { response };
            if response.clicked() {
                match name {
                    "Parameters" => self.open_controls(!open),
                    "Charts" => self.open_charts(!open),
                    _ => self.help_open = !open,
                }
            }
        }
    }
}

fn transport(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
    let (sign, text, hint) = if telemetry.playing {
        (Sign::Pause, "Pause", "hold still (Space)")
    } else {
        (Sign::Play, "Play", "run (Space)")
    };
    if icon::button(ui, sign, text, Some(Color32::from_rgb(24, 74, 108))).on_hover_text(hint).clicked() {
        out.push(Command::TogglePlay);
    }
    ui.add_enabled_ui(!telemetry.playing, |ui| {
        if icon::button(ui, Sign::Step, "Step", None).on_hover_text("one step (.)").clicked() {
            out.push(Command::Step(1));
        }
    });
    if icon::button(ui, Sign::Reset, "Reset", None).on_hover_text("back to the beginning, same seed (R)").clicked() {
        out.push(Command::Reset);
    }
}

fn speed(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
    let (low, high) = SPEED_RANGE;
    let mut exponent = if telemetry.speed.is_finite() { telemetry.speed.max(1e-9).log10() } else { high };
    ui.spacing_mut().slider_width = 130.0;
    let name = ui.label(RichText::new("speed").color(style::TEXT_WEAK));
    let slider = egui::Slider::new(&mut exponent, low..=high).show_value(false);
    let response = ui.add(slider).labelled_by(name.id);
    // Real time stands out on the slider, and the slider is drawn to it.
    let rail = response.rect.shrink2(vec2(response.rect.height() / 2.5, 0.0));
    let x = rail.left() + rail.width() * ((0.0 - low) / (high - low)) as f32;
    let mark = [pos2(x, rail.bottom() - 4.0), pos2(x, rail.bottom() + 1.0)];
    ui.painter().line_segment(mark, Stroke::new(1.5, style::ACCENT));
    if response.on_hover_text("simulated time per wall time; the mark is real time").changed() {
        let value = if exponent.abs() < 0.08 { 1.0 } else { 10_f64.powf(exponent) };
        out.push(Command::Speed(value));
    }
    if ui.button("1 x").on_hover_text("real time").accessible_name("real time").clicked() {
        out.push(Command::Speed(1.0));
    }
    let is_max = telemetry.speed.is_infinite();
    if ui.selectable_label(is_max, "max").on_hover_text("as fast as it goes").clicked() {
        out.push(Command::Speed(if is_max { 1.0 } else { f64::INFINITY }));
    }
    let text = if is_max { String::new() } else { format::speed(telemetry.speed) };
    ui.label(RichText::new(text).color(style::TEXT));
}

fn clock(ui: &mut Ui, telemetry: &Telemetry) {
    ui.separator();
    let time = RichText::new(format::time(telemetry.time_ms())).size(style::READOUT).color(style::TEXT_STRONG);
    ui.label(time).on_hover_text("simulated time");
    let state =
        if telemetry.playing { timings::real_time(telemetry.real_time_factor) } else { "held still".to_owned() };
    ui.label(RichText::new(state).color(style::TEXT_WEAK));
}
