//! The keyboard: one table of what every key does, which the help shows and `pressed` obeys.

use egui::{Context, Key, Modifiers};

use crate::session::Command;
use crate::session::ViewSettings;
use crate::session::view::{ColourBy, SynapseView};

use super::OverlayAction;

/// A key or gesture and what it does.
pub struct Binding {
    /// As printed on the keyboard.
    pub keys: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// All bindings, by topic.
pub const BINDINGS: [(&str, &[Binding]); 4] = [
    (
        "Camera",
        &[
            Binding { keys: "left drag", does: "turn around the middle" },
            Binding { keys: "right drag", does: "move sideways (also Shift and left drag)" },
            Binding { keys: "wheel", does: "nearer, further" },
            Binding { keys: "W A S D Q E", does: "fly ahead, left, back, right, down, up" },
            Binding { keys: "Shift", does: "fly faster" },
            Binding { keys: "V", does: "free flight on and off: the mouse looks around" },
            Binding { keys: "F", does: "look at the picked neuron" },
            Binding { keys: "Home", does: "the whole network" },
            Binding { keys: "1 to 9", does: "the scene's saved views" },
            Binding { keys: "T", does: "camera tour on and off" },
        ],
    ),
    (
        "Simulation",
        &[
            Binding { keys: "Space", does: "run, hold still" },
            Binding { keys: ".", does: "one step" },
            Binding { keys: "R", does: "back to the beginning, same seed" },
            Binding { keys: "click", does: "pick a neuron" },
        ],
    ),
    (
        "Picture",
        &[
            Binding { keys: "C", does: "next colouring" },
            Binding { keys: "G", does: "synapses: none, sample, of the picked neuron" },
            Binding { keys: "H", does: "hide everything but the picture" },
            Binding { keys: "+ and -", does: "larger and smaller text" },
            Binding { keys: "P", does: "save the picture as a PNG file" },
            Binding { keys: "F11", does: "full screen" },
        ],
    ),
    (
        "Program",
        &[
            Binding { keys: "F1 or ?", does: "this help" },
            Binding { keys: "Esc", does: "close the help, leave free flight, let go of the neuron" },
            Binding { keys: "Ctrl + Q", does: "quit" },
        ],
    ),
];

/// What the overlay itself does on a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnKey {
    Hide,
    Help,
    Close,
    Larger,
    Smaller,
}

/// The keys pressed in this frame, as actions for others and for the overlay itself. Nothing while text is typed.
pub(super) fn pressed(context: &Context, settings: &mut ViewSettings) -> (Vec<OverlayAction>, Vec<OwnKey>) {
    let (mut actions, mut own) = (Vec::new(), Vec::new());
    if context.text_edit_focused() {
        return (actions, own);
    }
    // A focused button takes Space for itself.
    let widget_has_focus = context.egui_wants_keyboard_input();
    let events: Vec<(Key, Modifiers)> = context.input(|input| {
        let presses = input.events.iter().filter_map(|event| match event {
            egui::Event::Key { key, pressed: true, repeat, modifiers, .. } if !repeat || repeats(*key) => {
                Some((*key, *modifiers))
            }
            _ => None,
        });
        presses.collect()
    });
    for (key, modifiers) in events {
        if modifiers.command || modifiers.ctrl {
            if key == Key::Q {
                actions.push(OverlayAction::Quit);
            }
            continue;
        }
        if modifiers.alt {
            continue;
        }
        match key {
            Key::Space if !widget_has_focus => actions.push(OverlayAction::Command(Command::TogglePlay)),
            Key::Period => actions.push(OverlayAction::Command(Command::Step(1))),
            Key::R => actions.push(OverlayAction::Command(Command::Reset)),
            Key::H => own.push(OwnKey::Hide),
            Key::F1 | Key::Questionmark => own.push(OwnKey::Help),
            Key::Slash if modifiers.shift => own.push(OwnKey::Help),
            Key::Escape => own.push(OwnKey::Close),
            Key::Plus | Key::Equals => own.push(OwnKey::Larger),
            Key::Minus => own.push(OwnKey::Smaller),
            Key::C => settings.colour_by = after(&ColourBy::ALL, settings.colour_by),
            Key::G => settings.synapses = after(&SynapseView::ALL, settings.synapses),
            Key::F => actions.push(OverlayAction::FocusPicked),
            Key::V => actions.push(OverlayAction::ToggleFlight),
            Key::T => actions.push(OverlayAction::Tour),
            Key::Home => actions.push(OverlayAction::FrameAll),
            Key::P => actions.push(OverlayAction::Screenshot),
            Key::F11 => actions.push(OverlayAction::FullScreen),
            _ => {
                if let Some(view) = digit(key) {
                    actions.push(OverlayAction::View(view));
                }
            }
        }
    }
    (actions, own)
}

/// Keys that make sense while held down.
const fn repeats(key: Key) -> bool {
    matches!(key, Key::Period | Key::Plus | Key::Equals | Key::Minus)
}

fn after<T: Copy + PartialEq>(all: &[T], current: T) -> T {
    let at = all.iter().position(|&one| one == current).unwrap_or(0);
    all[(at + 1) % all.len()]
}

/// 0 for the key 1, up to 8 for the key 9.
const fn digit(key: Key) -> Option<usize> {
    Some(match key {
        Key::Num1 => 0,
        Key::Num2 => 1,
        Key::Num3 => 2,
        Key::Num4 => 3,
        Key::Num5 => 4,
        Key::Num6 => 5,
        Key::Num7 => 6,
        Key::Num8 => 7,
        Key::Num9 => 8,
        _ => return None,
    })
}
