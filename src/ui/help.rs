//! The help: every key and gesture, over the picture.

use egui::{Align2, RichText, Ui, vec2};

use super::keys::BINDINGS;
use super::style;

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
            ui.set_width((410.0 * columns as f32).min(screen.width() - 48.0));
            egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                ui.columns(columns, |uis| {
                    for (index, (topic, bindings)) in BINDINGS.iter().enumerate() {
                        // The first topic is as long as the others together.
                        let column = if index == 0 { 0 } else { columns - 1 };
                        let ui = &mut uis[column];
                        ui.label(RichText::new(*topic).size(14.0).color(style::ACCENT));
                        egui::Grid::new(*topic).num_columns(2).min_col_width(88.0).spacing(vec2(10.0, 4.0)).show(
                            ui,
                            |ui| {
                                for binding in *bindings {
                                    ui.label(RichText::new(binding.keys).color(style::TEXT_STRONG));
                                    ui.label(RichText::new(binding.does).color(style::TEXT_WEAK));
                                    ui.end_row();
                                }
                            },
                        );
                        ui.add_space(8.0);
                    }
                });
            });
        });
    !open
}
