//! The mouse and the flight keys: window events in, camera moves and picks out. Knows what the overlay keeps for itself.

use std::time::{Duration, Instant};

use winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};

use crate::render::{Camera, Flight};

/// A press and a release closer than this, pixels, are a click.
const CLICK_REACH_PX: f32 = 5.0;

/// Two clicks within this time are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// Pixels of a smooth wheel that are one notch.
const NOTCH_PX: f32 = 60.0;

/// What a click meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Click {
    /// On the picture, at this pixel.
    Once([f32; 2]),
    /// Twice at about the same pixel.
    Twice([f32; 2]),
}

/// The state of the mouse over the picture.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    at: [f32; 2],
    held: Option<Held>,
    last_click: Option<(Instant, [f32; 2])>,
    shift: bool,
}

/// A button held down since it was pressed on the picture.
#[derive(Clone, Copy, Debug)]
struct Held {
    button: MouseButton,
    from: [f32; 2],
    moved: bool,
}

impl Pointer {
    /// Takes a window event. `free`: the pointer is over the picture, not over the overlay. `is_flying`: flight keys are
    /// held, so the right button looks around.
    pub(super) fn on_event(
        &mut self,
        event: &WindowEvent,
        free: bool,
        is_flying: bool,
        window_height_px: f32,
        camera: &mut Camera,
    ) -> Option<Click> {
        match event {
            WindowEvent::ModifiersChanged(modifiers) => self.shift = modifiers.state().shift_key(),
            WindowEvent::CursorMoved { position, .. } => {
                let to = [position.x as f32, position.y as f32];
                let drag = [to[0] - self.at[0], to[1] - self.at[1]];
                self.at = to;
                self.drag(drag, is_flying, window_height_px, camera);
            }
            WindowEvent::MouseWheel { delta, .. } if free => {
                let notches = match delta {
                    MouseScrollDelta::LineDelta(_, lines) => *lines,
                    MouseScrollDelta::PixelDelta(pixels) => pixels.y as f32 / NOTCH_PX,
                };
                if notches != 0.0 {
                    camera.dolly(notches);
                }
            }
            WindowEvent::MouseInput { state: ElementState::Pressed, button, .. } if free && self.held.is_none() => {
                self.held = Some(Held { button: *button, from: self.at, moved: false });
            }
            WindowEvent::MouseInput { state: ElementState::Released, button, .. } => {
                if let Some(held) = self.held.take_if(|held| held.button == *button) {
                    return (held.button == MouseButton::Left && !held.moved).then(|| self.click());
                }
            }
            WindowEvent::Focused(false) => self.held = None,
            _ => {}
        }
        None
    }

    /// Where it is, pixels.
    pub(super) const fn at(&self) -> [f32; 2] {
        self.at
    }

    /// A button is held that was pressed on the picture.
    pub(super) const fn is_dragging(&self) -> bool {
        self.held.is_some()
    }

    fn drag(&mut self, drag: [f32; 2], is_flying: bool, window_height_px: f32, camera: &mut Camera) {
        let (at, shift) = (self.at, self.shift);
        let Some(held) = &mut self.held else { return };
        if !held.moved && distance(held.from, at) < CLICK_REACH_PX {
            return;
        }
        held.moved = true;
        match held.button {
            MouseButton::Left if shift => camera.pan(drag, window_height_px),
            MouseButton::Left => camera.orbit(drag, window_height_px),
            MouseButton::Right if is_flying => camera.look(drag, window_height_px),
            MouseButton::Right | MouseButton::Middle => camera.pan(drag, window_height_px),
            _ => {}
        }
    }

    fn click(&mut self) -> Click {
        let now = Instant::now();
        let is_second = self
            .last_click
            .take()
            .is_some_and(|(when, place)| now - when < DOUBLE_CLICK && distance(place, self.at) < CLICK_REACH_PX);
        if is_second {
            return Click::Twice(self.at);
        }
        self.last_click = Some((now, self.at));
        Click::Once(self.at)
    }
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Where the flight keys that are held down lead.
pub(super) fn flight(context: &egui::Context) -> Flight {
    if context.text_edit_focused() {
        return Flight::default();
    }
    context.input(|input| {
        if input.modifiers.ctrl || input.modifiers.command || input.modifiers.alt {
            return Flight::default();
        }
        let axis = |plus, minus| f32::from(u8::from(input.key_down(plus))) - f32::from(u8::from(input.key_down(minus)));
        Flight {
            forward: axis(egui::Key::W, egui::Key::S),
            right: axis(egui::Key::D, egui::Key::A),
            up: axis(egui::Key::E, egui::Key::Q),
            fast: input.modifiers.shift,
        }
    })
}

/// True while any of them leads anywhere.
pub(super) fn is_under_way(flight: Flight) -> bool {
    flight.forward != 0.0 || flight.right != 0.0 || flight.up != 0.0
}
