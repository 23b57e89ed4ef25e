//! The bar at the top: which scene, run and hold still, speed, simulated time, and what is shown.

use egui::{Align, Layout, RichText, Stroke, Ui, pos2, vec2};

use crate::session::{Command, Telemetry};

use super::action::{self, Own, PanelName};
use super::icon::{self, Sign};
use super::{Overlay, OverlayAction, OverlayInput, format, style, timings};

/// Exponents of ten at the ends of the speed slider.
const SPEED_RANGE: (f64, f64) = (-3.0, 2.0);

/// Window width, points, from which everything fits into one line; below it, what can also be seen elsewhere is left
/// out first.
const ONE_LINE: f32 = 1300.0;

impl Overlay {
    pub(super) fn top_bar(&self, ui: &mut Ui, input: &OverlayInput<'_>, out: &mut Vec<OverlayAction>) {
        if ui.available_width() >= ONE_LINE {
            ui.horizontal(|ui| {
                self.left_end(ui, input, true, out);
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.panel_buttons(ui, true, out));
            });
        } else {
            ui.horizontal_wrapped(|ui| {
                self.left_end(ui, input, false, out);
                self.panel_buttons(ui, false, out);
            });
        }
    }

    fn left_end(&self, ui: &mut Ui, input: &OverlayInput<'_>, is_wide: bool, out: &mut Vec<OverlayAction>) {
        let telemetry = input.telemetry;
        let mut commands = Vec::new();
        self.scene_chooser(ui, telemetry, &mut commands);
        transport(ui, input, out);
        speed(ui, telemetry, is_wide, &mut commands);
        clock(ui, telemetry, is_wide);
        out.extend(commands.into_iter().map(OverlayAction::Command));
    }

    fn scene_chooser(&self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        let chooser = egui::ComboBox::from_id_salt("scene")
            .selected_text(RichText::new(&telemetry.scene).size(15.0).color(style::ink(ui).strong))
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

    fn panel_buttons(&self, ui: &mut Ui, reversed: bool, out: &mut Vec<OverlayAction>) {
        let button = |ui: &mut Ui, id: &str, name: &str, open: bool, own: Own, out: &mut Vec<OverlayAction>| {
            let response = ui.selectable_label(open, name).on_hover_text(action::tooltip(id));
            let response = if name == "?" { response.accessible_name("help") } else { response };
            if response.clicked() {
                out.push(OverlayAction::Own(own));
            }
        };
        let mut panels = PanelName::ALL;
        if reversed {
            panels.reverse();
            button(ui, "program.help", "?", false, Own::Help, out);
        }
        for panel in panels {
            let open = self.layout.is_open(panel);
            button(ui, panel.action(), panel.label(), open, Own::Toggle(panel), out);
        }
        if !reversed {
            button(ui, "program.help", "?", false, Own::Help, out);
        }
    }
}

fn transport(ui: &mut Ui, input: &OverlayInput<'_>, out: &mut Vec<OverlayAction>) {
    let playing = input.telemetry.playing;
    let (sign, text) = if playing { (Sign::Pause, "Pause") } else { (Sign::Play, "Play") };
    let fill = Some(style::ink(ui).chosen);
    if icon::button(ui, sign, text, fill).on_hover_text(action::tooltip("run.play")).clicked() {
        out.push(OverlayAction::Command(Command::TogglePlay));
    }
    ui.add_enabled_ui(!playing, |ui| {
        if icon::button(ui, Sign::Step, "Step", None).on_hover_text(action::tooltip("run.step")).clicked() {
            out.push(OverlayAction::Command(Command::Step(1)));
        }
    });
    if icon::button(ui, Sign::Reset, "Reset", None).on_hover_text(action::tooltip("run.reset")).clicked() {
        out.push(action::reset(input));
    }
}

fn speed(ui: &mut Ui, telemetry: &Telemetry, is_wide: bool, out: &mut Vec<Command>) {
    let (low, high) = SPEED_RANGE;
    let mut exponent = if telemetry.speed.is_finite() { telemetry.speed.max(1e-9).log10() } else { high };
    ui.spacing_mut().slider_width = if is_wide { 130.0 } else { 90.0 };
    if is_wide {
        ui.label(RichText::new("speed").color(style::ink(ui).weak));
    }
    let slider = egui::Slider::new(&mut exponent, low..=high).show_value(false);
    let response = ui.add(slider).accessible_name("speed");
    // Real time stands out on the slider, and the slider is drawn to it.
    let rail = response.rect.shrink2(vec2(response.rect.height() / 2.5, 0.0));
    let x = rail.left() + rail.width() * ((0.0 - low) / (high - low)) as f32;
    let mark = [pos2(x, rail.bottom() - 4.0), pos2(x, rail.bottom() + 1.0)];
    ui.painter().line_segment(mark, Stroke::new(1.5, style::ink(ui).accent));
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
    ui.label(RichText::new(text).color(style::ink(ui).text));
}

fn clock(ui: &mut Ui, telemetry: &Telemetry, is_wide: bool) {
    ui.separator();
    let time = RichText::new(format::time(telemetry.time_ms())).size(style::READOUT).color(style::ink(ui).strong);
    let state =
        if telemetry.playing { timings::real_time(telemetry.real_time_factor) } else { "held still".to_owned() };
    ui.label(time).on_hover_text(format!("simulated time; {state}"));
    if !is_wide {
        return;
    }
    ui.label(RichText::new(state).color(style::ink(ui).weak));
}
