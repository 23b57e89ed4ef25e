//! What the window does for every action that the overlay, the keys or the palette ask for.

use std::time::Instant;

use winit::window::{CursorGrabMode, Fullscreen};

use crate::session::Command;
use crate::ui::{OverlayAction, PictureSize};

use super::report;
use super::shown::{Opening, Shown};

impl Shown {
    pub(super) fn obey(&mut self, action: OverlayAction) {
        self.last_event = Instant::now();
        let size = self.screen.size();
        match action {
            OverlayAction::Own(_) => {}
            OverlayAction::Quit => self.wants_to_quit = true,
            OverlayAction::Screenshot => self.want_picture(PictureSize::Times(1)),
            OverlayAction::PictureOf(size) => self.want_picture(size),
            OverlayAction::Film(kind) => self.toggle_film(kind),
            OverlayAction::CopyCommand => self.copy_command(),
            OverlayAction::ExportChart { chart, format } => self.save_chart(&chart, format),
            OverlayAction::FullScreen => {
                let window = &self.screen.window;
                let is_full = window.fullscreen().is_some();
                window.set_fullscreen((!is_full).then_some(Fullscreen::Borderless(None)));
            }
            OverlayAction::ToggleFlight => self.fly(!self.is_flying),
            OverlayAction::LeaveFlight => self.fly(false),
            OverlayAction::Tool(tool) => {
                self.pointer.tool = tool;
                self.pointer.drop_lasso();
            }
            OverlayAction::Command(Command::OpenScene(name)) => self.opening = Some((Opening::Named(name), false)),
            other => {
                let Some(stage) = &mut self.stage else { return };
                match other {
                    OverlayAction::Command(command) => {
                        if command == Command::Reset {
                            self.overlay.reset_controls();
                        }
                        report::say(format_args!("command {command:?}"));
                        self.was_touched = command != Command::Reset && (self.was_touched || changes(&command));
                        stage.apply(command);
                    }
                    OverlayAction::View(index) => stage.go_to_view(index),
                    OverlayAction::Tour => {
                        stage.toggle_tour();
                        self.overlay.set_visible(stage.talk.is_none());
                    }
                    OverlayAction::TourKey(key) => stage.press(key),
                    OverlayAction::FrameAll => stage.frame_all(size),
                    OverlayAction::FocusPicked => stage.focus_picked(),
                    OverlayAction::Look(from) => stage.look(from, size),
                    OverlayAction::Turntable => stage.camera.toggle_turntable(),
                    OverlayAction::FieldOfView { steps, keeps_size } => stage.camera.widen(steps, keeps_size),
                    OverlayAction::UndoView | OverlayAction::RedoView => {
                        let (went, end) = match other {
                            OverlayAction::UndoView => (stage.camera.undo(), "this is the first view"),
                            _ => (stage.camera.redo(), "this is the newest view"),
                        };
                        if !went {
                            self.tell(end.to_owned());
                        }
                    }
                    // What has no entry in the table of actions yet cannot be asked for.
                    _ => {}
                }
            }
        }
    }

    /// Free flight keeps the pointer inside the window and out of sight.
    pub(super) fn fly(&mut self, on: bool) {
        if on == self.is_flying {
            return;
        }
        self.is_flying = on;
        let window = &self.screen.window;
        if on {
            let grabbed = window
                .set_cursor_grab(CursorGrabMode::Locked)
                .or_else(|_| window.set_cursor_grab(CursorGrabMode::Confined));
            if grabbed.is_err() {
                self.tell("the pointer cannot be held here; it may leave the window while you look around".to_owned());
            }
        } else {
            // Letting go can only fail where nothing was held.
            let _ = window.set_cursor_grab(CursorGrabMode::None);
        }
        self.screen.window.set_cursor_visible(!on);
    }
}

/// True for what changes the network or its input, which no command line repeats.
const fn changes(command: &Command) -> bool {
    !matches!(
        command,
        Command::Play
            | Command::Pause
            | Command::TogglePlay
            | Command::Step(_)
            | Command::Speed(_)
            | Command::Reset
            | Command::OpenScene(_)
            | Command::Pick(_)
            | Command::RasterPopulation(_)
            | Command::Select(_)
            | Command::NameGroup(_)
            | Command::DeleteGroup(_)
            | Command::HideSelected
            | Command::ShowAll
            | Command::Rewind(_)
    )
}
