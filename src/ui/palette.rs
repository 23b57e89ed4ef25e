//! The command palette: every action, scene, population, group and saved view by what one remembers of its name; works
//! with the keyboard alone.

use egui::{Align2, FontId, Id, Key, Modal, Modifiers, Rect, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use crate::session::{Command, How, Select};

use super::action::ACTIONS;
use super::{OverlayAction, OverlayInput, fuzzy, style};

/// Height of a line, points.
const LINE: f32 = 25.0;
/// Lines that page keys jump over.
const PAGE: usize = 8;

/// What is typed and chosen while it is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Palette {
    query: String,
    chosen: usize,
    /// The chosen line must come into sight.
    moved: bool,
    /// It was shown before; in its first frame the key that opened it is still down.
    was_shown: bool,
}

/// What became of it in a frame.
pub(super) enum Outcome {
    Open,
    Closed,
    Chosen(OverlayAction),
}

/// Something that can be chosen.
struct Item {
    title: String,
    /// What kind of thing it is.
    kind: &'static str,
    keys: String,
    action: OverlayAction,
}

/// Everything that can be chosen now.
fn items(input: &OverlayInput<'_>, scenes: &[(String, String)]) -> Vec<Item> {
    let telemetry = input.telemetry;
    let mut items: Vec<Item> = ACTIONS
        .iter()
        // The palette is open already, and saved views stand below by their names.
        .filter(|entry| entry.id != "program.palette" && !entry.id.starts_with("camera.view-"))
        .filter_map(|entry| {
            let action = (entry.make)(input)?;
            Some(Item { title: entry.title.to_owned(), kind: entry.topic, keys: entry.keys_text(), action })
        })
        .collect();
    let plain = |title: String, kind, action| Item { title, kind, keys: String::new(), action };
    items.extend(input.views.iter().enumerate().map(|(index, name)| Item {
        keys: if index < 9 { (index + 1).to_string() } else { String::new() },
        ..plain(format!("view: {name}"), "Camera", OverlayAction::View(index))
    }));
    items.extend(scenes.iter().map(|(name, title)| {
        let title = if title.is_empty() { name.clone() } else { format!("{name}: {title}") };
        plain(format!("open {title}"), "Scene", OverlayAction::Command(Command::OpenScene(name.clone())))
    }));
    items.extend(telemetry.populations.iter().enumerate().map(|(index, population)| {
        let command = Command::RasterPopulation(index);
        plain(format!("chart the spikes of {}", population.name), "Chart", OverlayAction::Command(command))
    }));
    let select = |title, select| plain(title, "Selection", OverlayAction::Command(Command::Select(select)));
    items.extend(telemetry.populations.iter().enumerate().map(|(index, population)| {
        select(format!("select population {}", population.name), Select::Population { index, how: How::Replace })
    }));
    items.extend(telemetry.selection.groups.iter().map(|(name, _)| {
        select(format!("select group {name}"), Select::Group { name: name.clone(), how: How::Replace })
    }));
    items
}

/// The items that answer to the query, best first; all in their order while nothing is typed.
fn found(items: Vec<Item>, query: &str) -> Vec<Item> {
    if query.trim().is_empty() {
        return items;
    }
    let text = |item: &Item| format!("{} {}", item.title, item.kind);
    let mut scored: Vec<(i32, Item)> =
        items.into_iter().filter_map(|item| fuzzy::score(query, &text(&item)).map(|score| (score, item))).collect();
    // Stable, so that equals keep their order.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, item)| item).collect()
}

impl Palette {
    /// Shows it for one frame.
    pub(super) fn show(&mut self, ui: &Ui, input: &OverlayInput<'_>, scenes: &[(String, String)]) -> Outcome {
        let context = ui.ctx();
        let press = |key| context.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        let enter = press(Key::Enter);
        let (down, up) = (press(Key::ArrowDown), press(Key::ArrowUp));
        let (page_down, page_up) = (press(Key::PageDown), press(Key::PageUp));
        let was_shown = std::mem::replace(&mut self.was_shown, true);
        let again = was_shown && context.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::P));
        let screen = context.content_rect();
        let id = Id::unique("palette");
        let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, (screen.height() * 0.12).min(90.0)));
        let width = (screen.width() - 48.0).min(620.0);
        let mut chosen = None;
        let modal = Modal::new(id).area(area.accessible_name("command palette")).show(context, |ui| {
            ui.set_width(width);
            let hint = "what would you like to do? part of a name is enough";
            let edit = TextEdit::singleline(&mut self.query)
                .hint_text(hint)
                .desired_width(width)
                .font(FontId::proportional(17.0));
            let response = ui.add(edit);
            response.request_focus();
            if response.changed() {
                (self.chosen, self.moved) = (0, true);
            }
            response.accessible_name("search for an action");
            let mut found = found(items(input, scenes), &self.query);
            self.step(found.len(), [down, up, page_down, page_up]);
            if found.is_empty() {
                style::footnote(ui, "nothing is called that");
            }
            let height = (screen.height() - 200.0).clamp(LINE * 2.0, 460.0);
            ScrollArea::vertical().max_height(height).auto_shrink([false, true]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let moved = std::mem::take(&mut self.moved);
                for (index, item) in found.iter().enumerate() {
                    if line(ui, item, index == self.chosen, moved) {
                        chosen = Some(index);
                    }
                }
            });
            if enter && self.chosen < found.len() {
                chosen = Some(self.chosen);
            }
            chosen.map(|index| found.swap_remove(index).action)
        });
        let closes = modal.should_close() || again;
        match modal.inner {
            Some(action) => Outcome::Chosen(action),
            None if closes => Outcome::Closed,
            None => Outcome::Open,
        }
    }

    /// Moves the choice: down, up, a page down, a page up.
    fn step(&mut self, count: usize, [down, up, page_down, page_up]: [bool; 4]) {
        let last = count.saturating_sub(1);
        let before = self.chosen;
        if down {
            self.chosen = if self.chosen >= last { 0 } else { self.chosen + 1 };
        }
        if up {
            self.chosen = self.chosen.checked_sub(1).unwrap_or(last);
        }
        if page_down {
            self.chosen = self.chosen.saturating_add(PAGE);
        }
        if page_up {
            self.chosen = self.chosen.saturating_sub(PAGE);
        }
        self.chosen = self.chosen.min(last);
        self.moved |= self.chosen != before;
    }
}

/// One line; true when it was clicked.
fn line(ui: &mut Ui, item: &Item, is_chosen: bool, scrolls: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::click());
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, &item.title));
    if is_chosen && scrolls {
        ui.scroll_to_rect(rect, None);
    }
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    let ink = style::ink(ui);
    if is_chosen {
        ui.painter().rect_filled(rect, 5.0, ink.chosen);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 5.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    let small = FontId::proportional(12.0);
    let right = |text: String, right: f32| {
        let at = pos2(right, rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, small.clone(), ink.weak)
    };
    let keys = right(item.keys.clone(), rect.right() - 8.0);
    let narrow = rect.width() < 420.0;
    let kind =
        if narrow { Rect::from_min_max(keys.min, keys.min) } else { right(item.kind.to_owned(), rect.right() - 110.0) };
    let room = Rect::from_min_max(rect.min, pos2(kind.left().min(keys.left()) - 8.0, rect.bottom()));
    let colour = if is_chosen { ink.strong } else { ink.text };
    let at = pos2(rect.left() + 8.0, rect.center().y);
    let font = FontId::proportional(14.0);
    ui.painter().with_clip_rect(room).text(at, Align2::LEFT_CENTER, &item.title, font, colour);
    response.on_hover_text(&item.title).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_goes_round_and_never_leaves_the_list() {
        let mut palette = Palette::default();
        palette.step(3, [false, true, false, false]);
        assert_eq!(palette.chosen, 2);
        palette.step(3, [true, false, false, false]);
        assert_eq!(palette.chosen, 0);
        palette.step(3, [false, false, true, false]);
        assert_eq!(palette.chosen, 2);
        palette.step(0, [true, false, false, false]);
        assert_eq!(palette.chosen, 0);
    }
}
