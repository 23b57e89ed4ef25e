//! Questions before something that cannot be taken back.

use egui::{Id, Modal, RichText, Ui};

use crate::session::{Command, Telemetry};

use super::action::Question;
use super::{OverlayAction, format, style};

/// What became of a question in a frame.
pub(super) enum Answer {
    NotYet,
    No,
    Yes(OverlayAction),
}

/// What is asked, what answers yes, and what that does.
fn words(question: Question, telemetry: &Telemetry) -> (String, &'static str, OverlayAction) {
    match question {
        Question::Reset => (
            format!("Throw away {} of simulated time and start again?", format::time(telemetry.time_ms())),
            "Start again",
            OverlayAction::Command(Command::Reset),
        ),
        Question::Lesion => (
            format!(
                "Remove the {} selected neurons? They never spike again, and their synapses are gone.",
                telemetry.selection.count
            ),
            "Remove",
            OverlayAction::Command(Command::Lesion),
        ),
    }
}

/// Asks. Enter says yes, Esc says no.
pub(super) fn show(ui: &Ui, question: Question, telemetry: &Telemetry) -> Answer {
    let (text, yes, action) = words(question, telemetry);
    let id = Id::unique("question");
    let area = Modal::default_area(id).accessible_name("question");
    let modal = Modal::new(id).area(area).show(ui.ctx(), |ui| {
        ui.set_max_width((ui.ctx().content_rect().width() - 60.0).min(380.0));
        ui.label(RichText::new(text).size(15.0).color(style::ink(ui).strong));
        ui.add_space(8.0);
        let answers = ui.horizontal(|ui| {
            let (yes, no) = (ui.button(yes), ui.button("Cancel"));
            // So that Enter answers without a detour, and the focus shows it.
            if !yes.has_focus() && !no.has_focus() {
                yes.request_focus();
            }
            (yes.clicked(), no.clicked())
        });
        answers.inner
    });
    match modal.inner {
        (true, _) => Answer::Yes(action),
        (_, true) => Answer::No,
        _ if modal.should_close() => Answer::No,
        _ => Answer::NotYet,
    }
}
