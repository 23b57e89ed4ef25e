//! The selection panel: which neurons are selected, by every way there is, and what can be done with them.

use egui::{DragValue, RichText, TextEdit, Ui};

use crate::session::view::{Others, Variable};
use crate::session::{Command, How, Select, Telemetry, ViewSettings};

use super::action::{self, Own, Question};
use super::controls::chooser;
use super::style::{self, Section};
use super::{OverlayAction, format, table};

/// What is typed and chosen in the panel.
#[derive(Clone, Debug)]
pub(super) struct SelectionPanel {
    how: How,
    ids: String,
    by: Variable,
    percent: f32,
    range: [f32; 2],
    group: String,
    stimulus_mv: f32,
    stimulus_ms: f32,
    table: table::Order,
}

impl Default for SelectionPanel {
    fn default() -> Self {
        Self {
            how: How::Replace,
            ids: String::new(),
            by: Variable::Rate,
            percent: 5.0,
            range: [0.0, 10.0],
            group: String::new(),
            stimulus_mv: 20.0,
            stimulus_ms: 100.0,
            table: table::Order::default(),
        }
    }
}

impl SelectionPanel {
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        telemetry: &Telemetry,
        settings: &mut ViewSettings,
        out: &mut Vec<OverlayAction>,
    ) {
        let mut commands = Vec::new();
        let count = format::count(telemetry.selection.count);
        Section::open("Selected").show(ui, &count, |ui| present(ui, telemetry, &mut commands));
        Section::open("Select").show(ui, "", |ui| self.choose(ui, telemetry, &mut commands));
        Section::open("Do with them").show(ui, "", |ui| self.act(ui, telemetry, settings, &mut commands, out));
        Section::open("Groups").show(ui, "", |ui| self.groups(ui, telemetry, &mut commands));
        Section::open("Neurons").show(ui, "", |ui| table::show(ui, telemetry, &mut self.table, &mut commands));
        out.extend(commands.into_iter().map(OverlayAction::Command));
    }

    /// By id, population, class, rank and threshold.
    fn choose(&mut self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        ui.horizontal_wrapped(|ui| {
            for how in How::ALL {
                ui.selectable_value(&mut self.how, how, how.label());
            }
        });
        let how = self.how;
        ui.horizontal(|ui| {
            let edit = TextEdit::singleline(&mut self.ids).hint_text("ids: 12, 40-60").desired_width(150.0);
            let typed = ui.add(edit);
            let entered = typed.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            typed.accessible_name("ids to select");
            let found = parse_ids(&self.ids, telemetry.neuron_count);
            let button = ui.add_enabled(found.is_some(), egui::Button::new("Select ids"));
            if let Some(ids) = found.filter(|_| button.clicked() || entered) {
                out.push(Command::Select(Select::Neurons { ids: ids.into(), how }));
            }
        });
        ui.horizontal_wrapped(|ui| {
            for (index, population) in telemetry.populations.iter().enumerate() {
                let text = RichText::new(&population.name).color(style::ink(ui).series(population.colour));
                let button = ui.button(text).on_hover_text("every neuron of this population");
                if button.accessible_name(format!("select population {}", population.name)).clicked() {
                    out.push(Command::Select(Select::Population { index, how }));
                }
            }
        });
        self.choose_class(ui, telemetry, out);
        chooser(ui, "variable", self.by.label(), |ui| {
            for variable in Variable::ALL.into_iter().filter(|variable| !variable.is_categorical()) {
                ui.selectable_value(&mut self.by, variable, variable.label());
            }
        });
        let by = self.by;
        ui.horizontal_wrapped(|ui| {
            ui.add(DragValue::new(&mut self.percent).range(0.01..=100.0).suffix(" %").max_decimals(2))
                .accessible_name("share of the neurons");
            for (name, top) in [("Highest", true), ("Lowest", false)] {
                if ui.button(name).on_hover_text(format!("by {}", by.label())).clicked() {
                    out.push(Command::Select(Select::Ranked { by, share: self.percent / 100.0, top, how }));
                }
            }
        });
        ui.horizontal_wrapped(|ui| {
            for (value, name) in self.range.iter_mut().zip(["from", "to"]) {
                ui.label(name);
                ui.add(DragValue::new(value).speed(0.1).max_decimals(3)).accessible_name(format!("threshold {name}"));
            }
            if ui.button("In this range").on_hover_text(format!("by {}", by.label())).clicked() {
                let [low, high] = self.range;
                out.push(Command::Select(Select::Threshold { by, low: low.min(high), high: high.max(low), how }));
            }
        });
    }

    fn choose_class(&self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        let Some(learning) = &telemetry.learning else { return };
        let mut classes: Vec<u8> = learning.assigned.iter().flatten().copied().collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.is_empty() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("class").color(style::ink(ui).weak));
            for class in classes {
                let button = ui.small_button(class.to_string());
                if button.accessible_name(format!("select class {class}")).clicked() {
                    out.push(Command::Select(Select::Class { class, how: self.how }));
                }
            }
        });
    }

    fn act(
        &mut self,
        ui: &mut Ui,
        telemetry: &Telemetry,
        settings: &mut ViewSettings,
        out: &mut Vec<Command>,
        actions: &mut Vec<OverlayAction>,
    ) {
        let any = telemetry.selection.count > 0;
        ui.horizontal_wrapped(|ui| {
            let isolated = settings.others == Others::Hidden;
            let isolate = ui.selectable_label(isolated, "Isolate");
            if isolate.on_hover_text(action::tooltip("selection.isolate")).clicked() {
                settings.others = if isolated { Others::Dimmed } else { Others::Hidden };
            }
            for (name, id, enabled, command) in [
                ("Hide", "selection.hide", any, Command::HideSelected),
                ("Show all", "selection.show-all", telemetry.selection.hidden > 0, Command::ShowAll),
                ("Silence", "selection.silence", any, Command::Silence(true)),
                ("Unsilence", "selection.release", any, Command::Silence(false)),
            ] {
                let button = ui.add_enabled(enabled, egui::Button::new(name));
                if button.on_hover_text(action::tooltip(id)).clicked() {
                    out.push(command);
                }
            }
            let lesion = ui.add_enabled(any, egui::Button::new("Lesion"));
            if lesion.on_hover_text(action::tooltip("selection.lesion")).clicked() {
                actions.push(OverlayAction::Own(Own::Ask(Question::Lesion)));
            }
        });
        ui.horizontal_wrapped(|ui| {
            ui.add(DragValue::new(&mut self.stimulus_mv).range(-100.0..=200.0).suffix(" mV"))
                .accessible_name("strength of the stimulus");
            ui.add(DragValue::new(&mut self.stimulus_ms).range(1.0..=10_000.0).suffix(" ms"))
                .accessible_name("duration of the stimulus");
            if ui.add_enabled(any, egui::Button::new("Stimulate")).clicked() {
                out.push(Command::Stimulate { mv: self.stimulus_mv, duration_ms: self.stimulus_ms });
            }
        });
    }

    fn groups(&mut self, ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
        ui.horizontal(|ui| {
            let edit = TextEdit::singleline(&mut self.group).hint_text("name of a group").desired_width(150.0);
            ui.add(edit).accessible_name("name of the group");
            let can = telemetry.selection.count > 0 && !self.group.trim().is_empty();
            if ui.add_enabled(can, egui::Button::new("Keep")).clicked() {
                out.push(Command::NameGroup(self.group.trim().to_owned()));
                self.group.clear();
            }
        });
        for (name, size) in &telemetry.selection.groups {
            ui.horizontal(|ui| {
                let button = ui.button(format!("{name}: {}", format::count(*size)));
                if button.accessible_name(format!("select group {name}")).clicked() {
                    out.push(Command::Select(Select::Group { name: name.clone(), how: self.how }));
                }
                if ui.small_button("Forget").accessible_name(format!("forget group {name}")).clicked() {
                    out.push(Command::DeleteGroup(name.clone()));
                }
            });
        }
    }
}

fn present(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<Command>) {
    let selection = &telemetry.selection;
    let states = [
        (selection.hidden, "hidden"),
        (selection.silenced, "silenced"),
        (selection.stimulated, "stimulated"),
        (selection.lesioned, "lesioned"),
    ];
    let of_all: Vec<String> = states
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", format::count(*count)))
        .collect();
    if !of_all.is_empty() {
        style::footnote(ui, format!("of all neurons: {}", of_all.join(", ")));
    }
    ui.horizontal_wrapped(|ui| {
        let any = selection.count > 0;
        let partners = |inputs| Command::Select(Select::Partners { inputs, outputs: !inputs, how: How::Add });
        for (name, enabled, command) in [
            ("All", true, Command::Select(Select::All)),
            ("None", any, Command::Select(Select::Clear)),
            ("Invert", true, Command::Select(Select::Invert)),
            ("Add inputs", any, partners(true)),
            ("Add outputs", any, partners(false)),
        ] {
            if ui.add_enabled(enabled, egui::Button::new(name)).clicked() {
                out.push(command);
            }
        }
    });
}

/// `12, 40-60` as ids below `count`; none where anything else is written.
fn parse_ids(text: &str, count: u64) -> Option<Vec<u32>> {
    let mut ids = Vec::new();
    for part in text.split([',', ' ', ';']).filter(|part| !part.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        if from > to || u64::from(to) >= count {
            return None;
        }
        ids.extend(from..=to);
    }
    (!ids.is_empty()).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::parse_ids;

    #[test]
    fn lists_and_ranges_of_ids_are_read_and_anything_else_is_refused() {
        assert_eq!(parse_ids("3, 7-9 12", 20), Some(vec![3, 7, 8, 9, 12]));
        for wrong in ["", "x", "9-7", "20", "1-", "-1", "4294967296"] {
            assert_eq!(parse_ids(wrong, 20), None, "{wrong:?}");
        }
    }
}
