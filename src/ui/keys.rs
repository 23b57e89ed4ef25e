//! The keyboard: key presses in, actions of the table out.

use egui::{Context, Event, Key, Modifiers};

use super::action::{ACTIONS, Entry, Shortcut, When};
use super::{OverlayAction, OverlayInput};

/// Keys that a focused widget keeps for itself.
const WIDGET_KEYS: [Key; 6] = [Key::Space, Key::Enter, Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];

/// The actions of the keys pressed in this frame. Nothing while text is typed; while something stands over everything
/// (`is_covered`), only what concerns the program as a whole.
pub(super) fn pressed(context: &Context, input: &OverlayInput<'_>, is_covered: bool) -> Vec<OverlayAction> {
    if context.text_edit_focused() {
        return Vec::new();
    }
    let widget_has_focus = context.egui_wants_keyboard_input();
    let presses: Vec<(Key, Modifiers, bool)> = context.input(|input| {
        let presses = input.events.iter().filter_map(|event| match *event {
            Event::Key { key, pressed: true, repeat, modifiers, .. } => Some((key, modifiers, repeat)),
            _ => None,
        });
        presses.collect()
    });
    presses
        .into_iter()
        .filter(|&(key, modifiers, _)| !(widget_has_focus && modifiers.is_none() && WIDGET_KEYS.contains(&key)))
        .filter_map(|(key, modifiers, repeat)| {
            let (entry, shortcut) = entry_of(key, modifiers, input.window.is_touring)?;
            let is_out_of_reach = is_covered && !entry.id.starts_with("program.");
            if is_out_of_reach || (repeat && !shortcut.repeats) { None } else { (entry.make)(input) }
        })
        .collect()
}

/// What a key means.
fn entry_of(key: Key, modifiers: Modifiers, is_touring: bool) -> Option<(&'static Entry, &'static Shortcut)> {
    let now = if is_touring { When::Touring } else { When::NotTouring };
    let entries = ACTIONS.iter().filter(|entry| entry.when.overlaps(now));
    entries.flat_map(|entry| entry.keys.iter().map(move |s| (entry, s))).find(|(_, s)| fits(s, key, modifiers))
}

fn fits(shortcut: &Shortcut, key: Key, modifiers: Modifiers) -> bool {
    // Where a sign stands on the keyboard, and so whether Shift is needed for it, differs from country to country.
    let is_sign =
        matches!(shortcut.key, Key::Questionmark | Key::Plus | Key::Equals | Key::OpenBracket | Key::CloseBracket);
    let modifiers = Modifiers { shift: modifiers.shift && !is_sign, ..modifiers };
    let is_question = shortcut.key == Key::Questionmark && key == Key::Slash && modifiers.shift;
    (key == shortcut.key || is_question) && modifiers.matches_exact(shortcut.modifiers)
}
