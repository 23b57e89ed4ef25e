//! The help: every action with its keys, and what the mouse does, over the picture.

use egui::{Align2, RichText, Ui, vec2};

use super::action::{ACTIONS, GESTURES};
use super::style;

/// One line of the help.
struct Line {
    keys: String,
    does: &'static str,
}

/// Topics with their lines: gestures first, then the table's topics.
fn topics() -> Vec<(&'static str, Vec<Line>)> {
    let gestures = GESTURES.iter().map(|&(keys, does)| Line { keys: keys.to_owned(), does }).collect();
    let mut topics = vec![("Mouse and flight", gestures)];
    for entry in ACTIONS.iter().filter(|entry| !entry.keys.is_empty()) {
        if topics.last().is_none_or(|(topic, _)| *topic != entry.topic) {
            topics.push((entry.topic, Vec::new()));
        }
        let Some((_, lines)) = topics.last_mut() else { continue };
        // Nine saved views are one line.
        match entry.id {
            "camera.view-1" => lines.push(Line { keys: "1 to 9".to_owned(), does: "the scene's saved views" }),
            id if id.starts_with("camera.view-") => {}
            _ => lines.push(Line { keys: entry.keys_text(), does: entry.title }),
        }
    }
    topics
}

/// Shows the help in the middle of the window; returns true when it should close.
pub(super) fn show(ui: &Ui) -> bool {
    let screen = ui.ctx().content_rect();
    let mut open = true;
    let columns = if screen.width() >= 860.0 { 2 } else { 1 };
    egui::Window::new("Keys and mouse")
        .open(&mut open)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .max_height(screen.height() - 40.0)
        .collapsible(false)
        .resizable(false)
        .show(ui.ctx(), |ui| {
            let height = (screen.height() - 90.0).max(120.0);
            ui.set_width((430.0 * columns as f32).min(screen.width() - 48.0));
            egui::ScrollArea::vertical().max_height(height).show(ui, |ui| {
                let topics = topics();
                let total: usize = topics.iter().map(|(_, lines)| lines.len() + 2).sum();
                ui.columns(columns, |uis| {
                    let mut before = 0;
                    for (topic, lines) in &topics {
                        // Columns of about the same length.
                        let column = (before * columns / total.max(1)).min(columns - 1);
                        before += lines.len() + 2;
                        section(&mut uis[column], topic, lines);
                    }
                });
            });
        });
    !open
}

fn section(ui: &mut Ui, topic: &str, lines: &[Line]) {
    ui.label(RichText::new(topic).size(14.0).color(style::ink(ui).accent));
    egui::Grid::new(topic).num_columns(2).min_col_width(96.0).spacing(vec2(10.0, 4.0)).show(ui, |ui| {
        for line in lines {
            ui.label(RichText::new(&line.keys).color(style::ink(ui).strong));
            ui.add(egui::Label::new(RichText::new(line.does).color(style::ink(ui).weak)).wrap());
            ui.end_row();
        }
    });
    ui.add_space(8.0);
}
