//! Live parameters: sliders that send a command whenever they move. The starting values come from the network; the
//! session tells no live parameters back, so what was sent last is kept here.

use std::ops::RangeInclusive;

use egui::{RichText, Ui, vec2};

use crate::engine::Change;
use crate::model::{Cell, Network, Receptor, Source};
use crate::session::{Command, Telemetry};

use super::style;

/// What the sliders stand at.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Controls {
    learning: bool,
    populations: Vec<PopulationControls>,
    projections: Vec<ProjectionControls>,
    /// As the scene has them, for going back.
    start: Option<Box<Self>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct PopulationControls {
    excitation: f32,
    inhibition: f32,
    drive_mv: Option<f64>,
    background_hz: Option<f64>,
    input: Option<Input>,
}

/// The rate of a source that makes Poisson spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Input {
    /// Hz, or a factor where a protocol sets the rates.
    value: f32,
    is_factor: bool,
    range_end: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct ProjectionControls {
    rate_factor: f32,
}

impl Controls {
    /// The values that a network starts with. `driven`: the source population whose rates a protocol sets.
    pub(super) fn of(network: &Network, driven: Option<usize>) -> Self {
        let populations = network.populations.iter().enumerate().map(|(index, population)| {
            let mut controls = PopulationControls { excitation: 1.0, inhibition: 1.0, ..Default::default() };
            match &population.cell {
                Cell::Lif(lif) => {
                    controls.drive_mv = Some(lif.drive_mv);
                    controls.background_hz = lif.background.map(|b| b.rate_hz);
                }
                Cell::Source(Source::Poisson { rate_hz }) => {
                    let is_factor = driven == Some(index);
                    let value = if is_factor { 1.0 } else { *rate_hz as f32 };
                    let range_end = if is_factor { 4.0 } else { (value * 4.0).max(100.0) };
                    controls.input = Some(Input { value, is_factor, range_end });
                }
                Cell::Source(Source::SpikeList(_)) => {}
            }
            controls
        });
        let mut controls = Self {
            learning: true,
            populations: populations.collect(),
            projections: vec![ProjectionControls { rate_factor: 1.0 }; network.projections.len()],
            start: None,
        };
        controls.start = Some(Box::new(controls.clone()));
        controls
    }

    /// Puts every slider back to where the scene has it.
    pub(super) fn back_to_start(&mut self) {
        if let Some(start) = self.start.take() {
            *self = (*start).clone();
            self.start = Some(start);
        }
    }

    /// The commands that make a session agree with the sliders, for everything that left its starting value.
    fn commands_to(&self, goal: &Self) -> Vec<Command> {
        let mut out = Vec::new();
        if self.learning != goal.learning {
            out.push(Command::Change(Change::Learning(goal.learning)));
        }
        for (index, (mine, theirs)) in self.populations.iter().zip(&goal.populations).enumerate() {
            theirs.send_differences(mine, index, &mut out);
        }
        for (projection, (mine, theirs)) in self.projections.iter().zip(&goal.projections).enumerate() {
            if mine != theirs {
                out.push(Command::Change(Change::LearningRate { projection, factor: theirs.rate_factor }));
            }
        }
        out
    }

    /// Shows all of them.
    pub(super) fn show(&mut self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        if self.populations.len() != telemetry.populations.len()
            || self.projections.len() != telemetry.projections.len()
        {
            style::footnote(ui, "the live parameters of this scene are not known");
            return;
        }
        let before = self.clone();
        self.plasticity(ui, telemetry, out);
        pruning(ui, telemetry, out);
        for (index, population) in telemetry.populations.iter().enumerate() {
            self.populations[index].show(ui, index, &population.name, style::ink(ui).series(population.colour), out);
        }
        let differs = self.start.as_ref().is_some_and(|start| {
            start.learning != self.learning
                || start.populations != self.populations
                || start.projections != self.projections
        });
        if ui.add_enabled(differs, egui::Button::new("Back to the scene's values")).clicked() {
            self.back_to_start();
            out.extend(before.commands_to(self));
        }
    }

    fn plasticity(&mut self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        if !telemetry.projections.iter().any(|p| p.is_plastic) {
            return;
        }
        ui.label(RichText::new("Plasticity").color(style::ink(ui).weak));
        if ui.checkbox(&mut self.learning, "learning on").changed() {
            out.push(Command::Change(Change::Learning(self.learning)));
        }
        for (projection, info) in telemetry.projections.iter().enumerate().filter(|(_, p)| p.is_plastic) {
            style::footnote(ui, &info.name);
            let slider = Row { name: "STDP rate", owner: &info.name, range: 0.0..=10.0, logarithmic: true, unit: " x" };
            if slider.show(ui, &mut self.projections[projection].rate_factor) {
                let factor = self.projections[projection].rate_factor;
                out.push(Command::Change(Change::LearningRate { projection, factor }));
            }
        }
        ui.add_space(4.0);
    }
}

fn pruning(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
    if !telemetry.projections.iter().any(|p| p.is_pruned) {
        return;
    }
    ui.label(RichText::new("Pruning").color(style::ink(ui).weak));
    let mut scheduled = telemetry.pruning_schedule;
    if ui.checkbox(&mut scheduled, "by the scene's schedule").changed() {
        out.push(Command::PruningSchedule(scheduled));
    }
    for (projection, info) in telemetry.projections.iter().enumerate().filter(|(_, p)| p.is_pruned) {
        style::footnote(ui, format!("{}, share of the largest weight", info.name));
        let mut threshold = info.now.as_ref().map_or(0.0, |now| now.threshold);
        let slider = Row { name: "threshold", owner: &info.name, range: 0.0..=1.0, logarithmic: false, unit: "" };
        if slider.show(ui, &mut threshold) {
            out.push(Command::Change(Change::PruningThreshold { projection, threshold }));
        }
        let button = ui.button("Prune now").on_hover_text("one pruning period of this projection, now");
        if button.accessible_name(format!("Prune {} now", info.name)).clicked() {
            out.push(Command::Prune(projection));
        }
    }
    ui.add_space(4.0);
}

impl PopulationControls {
    fn show(&mut self, ui: &mut Ui, population: usize, name: &str, colour: egui::Color32, out: &mut Vec<Command>) {
        let before = self.clone();
        if self.input.is_none() && self.drive_mv.is_none() {
            return;
        }
        ui.horizontal(|ui| {
            style::swatch(ui, colour);
            ui.label(RichText::new(name).color(style::ink(ui).text));
        });
        if let Some(input) = &mut self.input {
            let unit = if input.is_factor { " x" } else { " Hz" };
            let range = 0.0..=f64::from(input.range_end);
            Row { name: "input rate", owner: name, range, logarithmic: false, unit }.show(ui, &mut input.value);
        } else {
            let gain = |name, owner| Row { name, owner, range: 0.0..=4.0, logarithmic: false, unit: " x" };
            gain("excitation", name).show(ui, &mut self.excitation);
            gain("inhibition", name).show(ui, &mut self.inhibition);
        }
        if let Some(drive) = &mut self.drive_mv {
            Row { name: "drive", owner: name, range: -20.0..=60.0, logarithmic: false, unit: " mV" }.show(ui, drive);
        }
        if let Some(rate) = &mut self.background_hz {
            let range = 0.0..=20_000.0;
            Row { name: "background", owner: name, range, logarithmic: true, unit: " Hz" }.show(ui, rate);
        }
        ui.add_space(4.0);
        self.send_differences(&before, population, out);
    }

    fn send_differences(&self, before: &Self, population: usize, out: &mut Vec<Command>) {
        if self.excitation != before.excitation {
            let (receptor, factor) = (Receptor::Excitatory, self.excitation);
            out.push(Command::Change(Change::ReceptorGain { population, receptor, factor }));
        }
        if self.inhibition != before.inhibition {
            let (receptor, factor) = (Receptor::Inhibitory, self.inhibition);
            out.push(Command::Change(Change::ReceptorGain { population, receptor, factor }));
        }
        if let Some(drive_mv) = self.drive_mv.filter(|_| self.drive_mv != before.drive_mv) {
            out.push(Command::Change(Change::Drive { population, drive_mv }));
        }
        if let Some(rate_hz) = self.background_hz.filter(|_| self.background_hz != before.background_hz) {
            out.push(Command::Change(Change::BackgroundRate { population, rate_hz }));
        }
        if let Some(input) = self.input.filter(|_| self.input != before.input) {
            out.push(Command::InputRate { population, value: input.value });
        }
    }
}

/// A name, a slider and its value, in one line.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    /// Whose it is; part of the accessible name.
    pub(super) owner: &'a str,
    pub(super) range: RangeInclusive<f64>,
    pub(super) logarithmic: bool,
    pub(super) unit: &'a str,
}

impl Row<'_> {
    /// True when the value was changed.
    pub(super) fn show<N: egui::emath::Numeric>(&self, ui: &mut Ui, value: &mut N) -> bool {
        let (from, to) = (*self.range.start(), *self.range.end());
        let mut number = value.to_f64();
        // A value that the scene has beyond the range stays as it is until it is moved.
        let range = from.min(number)..=to.max(number);
        let accessible =
            if self.owner.is_empty() { self.name.to_owned() } else { format!("{} of {}", self.name, self.owner) };
        let changed = ui
            .horizontal(|ui| {
                let width = ui.available_width();
                let (name_width, value_width) = (84.0, 74.0);
                ui.allocate_ui_with_layout(
                    vec2(name_width, ui.spacing().interact_size.y),
                    egui::Layout::left_to_right(egui::Align::Center),
                    |ui| {
                        ui.set_min_width(name_width);
                        ui.label(self.name);
                    },
                );
                ui.spacing_mut().slider_width = (width - name_width - value_width - 16.0).max(40.0);
                let slider = egui::Slider::new(&mut number, range.clone())
                    .logarithmic(self.logarithmic)
                    .smallest_positive(((to - from) * 1e-3).max(1e-6))
                    .show_value(false);
                let moved = ui.add(slider).accessible_name(&accessible).changed();
                let drag = egui::DragValue::new(&mut number)
                    .range(range)
                    .speed((to - from) / 400.0)
                    .max_decimals(3)
                    .suffix(self.unit);
                let size = vec2(value_width, ui.spacing().interact_size.y);
                let typed = ui.add_sized(size, drag).accessible_name(format!("value of {accessible}")).changed();
                moved || typed
            })
            .inner;
        if changed {
            *value = N::from_f64(number);
        }
        changed
    }
}

/// A name and a list to choose from, in one line.
pub(super) fn chooser(ui: &mut Ui, name: &str, selected: &str, choices: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(84.0, ui.spacing().interact_size.y), egui::Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, style::ink(ui).text);
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
