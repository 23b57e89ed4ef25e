//! The mouse, the trackpad and the keys that move the camera: window events in, camera moves and picks out. Knows what the
//! overlay keeps for itself.

use std::time::{Duration, Instant};

use winit::event::{ElementState, MouseButton, MouseScrollDelta, WindowEvent};

use crate::render::{Camera, Flight, Region, Steering};
use crate::session::How;
use crate::ui::Tool;

use super::lasso::Lasso;

/// A press and a release closer than this, pixels, are a click.
const CLICK_REACH_PX: f32 = 5.0;

/// Two clicks within this time are a double click.
const DOUBLE_CLICK: Duration = Duration::from_millis(400);

/// Pixels of a smooth wheel that are one notch.
const NOTCH_PX: f32 = 60.0;

/// Two fingers on a trackpad go less far than a mouse does.
const FINGERS: f32 = 1.4;

/// What a click or a drag meant.
#[derive(Clone, Debug)]
pub(super) enum Click {
    /// On the picture, at this pixel.
    Once([f32; 2]),
    /// A line was drawn around this.
    Enclosed(Region),
    /// Twice at about the same pixel.
    Twice,
}

/// The state of the mouse over the picture.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    at: [f32; 2],
    /// When it was touched last.
    touched: Option<Instant>,
    held: Option<Held>,
    last_click: Option<(Instant, [f32; 2])>,
    shift: bool,
    ctrl: bool,
    /// What a drag with the left button does.
    pub(super) tool: Tool,
    /// The line being drawn.
    lasso: Option<Lasso>,
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
        if matches!(
            event,
            WindowEvent::CursorMoved { .. } | WindowEvent::MouseInput { .. } | WindowEvent::MouseWheel { .. }
        ) {
            self.touched = Some(Instant::now());
        }
        match event {
            WindowEvent::ModifiersChanged(modifiers) => {
                let state = modifiers.state();
                (self.shift, self.ctrl) = (state.shift_key(), state.control_key() || state.super_key());
            }
            WindowEvent::CursorMoved { position, .. } => {
                let to = [position.x as f32, position.y as f32];
                let drag = [to[0] - self.at[0], to[1] - self.at[1]];
                self.at = to;
                self.drag(drag, is_flying, window_height_px, camera);
            }
            WindowEvent::MouseWheel { delta, .. } if free => self.scroll(*delta, window_height_px, camera),
            WindowEvent::PinchGesture { delta, .. } if free => camera.zoom((-*delta as f32).clamp(-2.0, 2.0).exp()),
            WindowEvent::PanGesture { delta, .. } if free => camera.pan([delta.x, delta.y], window_height_px),
            WindowEvent::RotationGesture { delta, .. } if free => {
                // Half a turn of the fingers is half a turn of the network.
                camera.orbit([-delta / 180.0 * window_height_px, 0.0], window_height_px);
            }
            WindowEvent::DoubleTapGesture { .. } if free => return Some(Click::Twice),
            WindowEvent::MouseInput { state: ElementState::Pressed, button, .. } if free && self.held.is_none() => {
                self.held = Some(Held { button: *button, from: self.at, moved: false });
            }
            WindowEvent::MouseInput { state: ElementState::Released, button, .. } => {
                if let Some(held) = self.held.take_if(|held| held.button == *button) {
                    if let Some(lasso) = self.lasso.take() {
                        return Some(Click::Enclosed(lasso.region()));
                    }
                    return (held.button == MouseButton::Left && !held.moved).then(|| self.click());
                }
            }
            WindowEvent::Focused(false) => (self.held, self.lasso) = (None, None),
            _ => {}
        }
        None
    }

    /// How long nobody has touched it.
    pub(super) fn rests_for(&self) -> Duration {
        self.touched.map_or(Duration::MAX, |touched| touched.elapsed())
    }

    /// Where it is, pixels.
    pub(super) const fn at(&self) -> [f32; 2] {
        self.at
    }

    /// How what is clicked or enclosed now combines with the selection: Shift adds, Ctrl removes, both keep what is
    /// common.
    pub(super) const fn how(&self) -> How {
        match (self.shift, self.ctrl) {
            (false, false) => How::Replace,
            (true, false) => How::Add,
            (false, true) => How::Remove,
            (true, true) => How::Keep,
        }
    }

    /// The line being drawn, if any.
    pub(super) const fn lasso(&self) -> Option<&Lasso> {
        self.lasso.as_ref()
    }

    /// Forgets the line being drawn.
    pub(super) fn drop_lasso(&mut self) {
        self.lasso = None;
    }

    /// A button is held that was pressed on the picture.
    pub(super) const fn is_dragging(&self) -> bool {
        self.held.is_some()
    }

    /// A wheel with notches goes nearer. Two fingers on a trackpad, which come as pixels, turn; with Shift they move
    /// sideways, with Ctrl (which is how a pinch comes on some systems) they go nearer.
    fn scroll(&self, delta: MouseScrollDelta, window_height_px: f32, camera: &mut Camera) {
        match delta {
            MouseScrollDelta::LineDelta(_, 0.0) => {}
            MouseScrollDelta::LineDelta(_, notches) => camera.dolly(notches),
            MouseScrollDelta::PixelDelta(pixels) => {
                let drag = [pixels.x as f32 * FINGERS, pixels.y as f32 * FINGERS];
                if self.ctrl {
                    camera.dolly(pixels.y as f32 / NOTCH_PX);
                } else if self.shift {
                    camera.pan(drag, window_height_px);
                } else {
                    camera.orbit(drag, window_height_px);
                }
            }
        }
    }

    fn drag(&mut self, drag: [f32; 2], is_flying: bool, window_height_px: f32, camera: &mut Camera) {
        let (at, shift) = (self.at, self.shift);
        let Some(held) = &mut self.held else { return };
        if !held.moved && distance(held.from, at) < CLICK_REACH_PX {
            return;
        }
        held.moved = true;
        match held.button {
            MouseButton::Left if self.tool != Tool::Orbit => {
                self.lasso.get_or_insert_with(|| Lasso::new(self.tool, held.from)).go_to(at);
            }
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
            return Click::Twice;
        }
        self.last_click = Some((now, self.at));
        Click::Once(self.at)
    }
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Wheels and gestures move the camera without a button held down.
pub(super) const fn is_gesture(event: &WindowEvent) -> bool {
    matches!(
        event,
        WindowEvent::MouseWheel { .. }
            | WindowEvent::PinchGesture { .. }
            | WindowEvent::PanGesture { .. }
            | WindowEvent::RotationGesture { .. }
            | WindowEvent::DoubleTapGesture { .. }
    )
}

/// Where the keys that are held down lead: W A S D Q E fly, the arrows turn, with Shift they move sideways, with Ctrl up
/// and down go nearer and farther.
pub(super) fn keys(context: &egui::Context) -> (Flight, Steering) {
    let still = (Flight::default(), Steering::default());
    if context.text_edit_focused() {
        return still;
    }
    // A widget that has the focus takes the arrows for itself.
    let arrows_are_free = context.memory(|memory| memory.focused().is_none());
    context.input(|input| {
        let egui::Modifiers { alt, ctrl, shift, command, .. } = input.modifiers;
        let axis = |plus, minus| f32::from(u8::from(input.key_down(plus))) - f32::from(u8::from(input.key_down(minus)));
        let (right, up) = match arrows_are_free {
            true => (axis(egui::Key::ArrowRight, egui::Key::ArrowLeft), axis(egui::Key::ArrowUp, egui::Key::ArrowDown)),
            false => (0.0, 0.0),
        };
        match (ctrl || command, alt, shift) {
            (true, false, _) => (Flight::default(), Steering { nearer: up, ..Steering::default() }),
            (_, true, _) => still,
            (false, false, _) => {
                let flight = Flight {
                    forward: axis(egui::Key::W, egui::Key::S),
                    right: axis(egui::Key::D, egui::Key::A),
                    up: axis(egui::Key::E, egui::Key::Q),
                    fast: shift,
                };
                let across = [right, up];
                let steering = match shift {
                    true => Steering { pan: across, ..Steering::default() },
                    false => Steering { turn: across, ..Steering::default() },
                };
                (flight, steering)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Pose;
    use glam::Vec3;
    use winit::dpi::PhysicalPosition;
    use winit::event::{DeviceId, TouchPhase};

    fn camera() -> Camera {
        Camera::new(Pose { eye: [0.0, 0.0, 10.0], target: [0.0; 3], fov_degrees: 45.0 }, 5.0)
    }

    /// The camera after these events over the picture.
    fn after(events: &[WindowEvent]) -> Camera {
        let (mut pointer, mut camera) = (Pointer::default(), camera());
        for event in events {
            pointer.on_event(event, true, false, 600.0, &mut camera);
        }
        for _ in 0..300 {
            camera.update(0.02);
        }
        camera
    }

    fn wheel(delta: MouseScrollDelta) -> WindowEvent {
        WindowEvent::MouseWheel { device_id: DeviceId::dummy(), delta, phase: TouchPhase::Moved }
    }

    fn fingers(x: f64, y: f64) -> WindowEvent {
        wheel(MouseScrollDelta::PixelDelta(PhysicalPosition::new(x, y)))
    }

    fn distance(camera: &Camera) -> f32 {
        Vec3::from_array(camera.pose().eye).distance(Vec3::from_array(camera.pose().target))
    }

    #[test]
    fn a_wheel_and_a_pinch_go_nearer_and_fingers_turn() {
        assert!((distance(&after(&[wheel(MouseScrollDelta::LineDelta(0.0, 2.0))])) - 7.744).abs() < 1e-2);
        let pinch = |delta| WindowEvent::PinchGesture { device_id: DeviceId::dummy(), delta, phase: TouchPhase::Moved };
        assert!((distance(&after(&[pinch(2.0_f64.ln()), pinch(2.0_f64.ln())])) - 2.5).abs() < 1e-2);
        assert!((distance(&after(&[pinch(f64::NAN)])) - 10.0).abs() < 1e-3, "no number moves nothing");
        let turned = after(&[fingers(60.0, 0.0)]);
        assert!((distance(&turned) - 10.0).abs() < 1e-2 && turned.pose().eye[0] < -1.0, "{:?}", turned.pose());
        assert_eq!(turned.focus(), [0.0; 3]);
    }

    #[test]
    fn shift_and_ctrl_change_what_two_fingers_do() {
        let with = |state| WindowEvent::ModifiersChanged(winit::event::Modifiers::from(state));
        let moved = after(&[with(winit::keyboard::ModifiersState::SHIFT), fingers(60.0, 0.0)]);
        assert!(moved.focus()[0] < -0.5 && (distance(&moved) - 10.0).abs() < 1e-2);
        let nearer = after(&[with(winit::keyboard::ModifiersState::CONTROL), fingers(0.0, 60.0)]);
        assert!((distance(&nearer) - 8.8).abs() < 1e-2);
    }

    /// What the keys say while these are held.
    fn held(held: &[egui::Key], modifiers: egui::Modifiers) -> (Flight, Steering) {
        let context = egui::Context::default();
        let press = |&key| egui::Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        let events = std::iter::once(egui::Event::ModifiersChanged(modifiers)).chain(held.iter().map(press));
        let input = egui::RawInput { events: events.collect(), ..Default::default() };
        let mut found = None;
        context.run_ui(input, |ui| found = Some(keys(ui.ctx()))).textures_delta.clear();
        found.expect("it ran")
    }

    #[test]
    fn the_keyboard_alone_turns_moves_and_zooms() {
        use egui::{Key, Modifiers};
        let turn = Steering { turn: [1.0, 0.0], ..Steering::default() };
        assert_eq!(held(&[Key::ArrowRight], Modifiers::NONE), (Flight::default(), turn));
        let pan = Steering { pan: [0.0, -1.0], ..Steering::default() };
        assert_eq!(held(&[Key::ArrowDown], Modifiers::SHIFT).1, pan);
        let nearer = Steering { nearer: 1.0, ..Steering::default() };
        assert_eq!(held(&[Key::ArrowUp], Modifiers::CTRL).1, nearer);
        assert_eq!(
            held(&[Key::ArrowRight], Modifiers::CTRL).1,
            Steering::default(),
            "Ctrl and arrow goes back in time"
        );
        let flight = Flight { forward: 1.0, fast: true, ..Flight::default() };
        assert_eq!(held(&[Key::W], Modifiers::SHIFT), (flight, Steering::default()));
        assert_eq!(held(&[Key::W, Key::ArrowUp], Modifiers::ALT), (Flight::default(), Steering::default()));
    }
}
