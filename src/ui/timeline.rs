//! The timeline: the last seconds of a live run with the activity in them and marks where something happened, to be
//! scrubbed and played again; undo and redo.

use egui::{
    Align2, Color32, EventFilter, FontId, Key, Mesh, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::session::telemetry::RewindTelemetry;
use crate::session::{Command, Rewind, Telemetry};

use super::icon::{self, Sign};
use super::style::Ink;
use super::{OverlayAction, action, format, style};

/// Height of the strip, points.
const STRIP: f32 = 34.0;
/// An arrow key moves by this share of what is kept.
const NUDGE: f64 = 0.01;
/// Speeds of a recorded run on offer.
const RECORDING_SPEEDS: [f64; 10] = [0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 4.0, 10.0, 100.0, 1000.0];
/// A pointer so near to a mark, points, is told what it stands for; so many of them.
const REACH: f32 = 4.0;
const NAMED: usize = 6;
/// Speeds of the replay on offer.
const SPEEDS: [f64; 9] = [-1.0, -0.1, 0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 4.0];

/// Shows it across the available width.
pub(super) fn show(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<OverlayAction>) {
    let past = &telemetry.rewind;
    let is_kept = past.to_ms > past.from_ms;
    ui.horizontal_wrapped(|ui| {
        let mut ask = |rewind| out.push(OverlayAction::Command(Command::Rewind(rewind)));
        let is_past = past.at_ms.is_some();
        if past.is_recording {
            marks(ui, past, &mut ask);
        } else {
            let live = ui.add_enabled(is_past, egui::Button::selectable(!is_past, "Live"));
            if live.on_hover_text(action::tooltip("run.live")).clicked() {
                ask(Rewind::Live);
            }
        }
        ui.add_enabled_ui(is_kept, |ui| {
            if icon::small(ui, Sign::Back, "previous spike", "run.previous-spike") {
                ask(Rewind::NextSpike { forward: false });
            }
        });
        ui.add_enabled_ui(is_past, |ui| {
            let (sign, name) =
                if past.playing { (Sign::Pause, "hold the replay") } else { (Sign::Play, "run the replay") };
            if icon::small(ui, sign, name, "run.replay") {
                ask(Rewind::Play(!past.playing));
            }
            if icon::small(ui, Sign::Step, "next spike", "run.next-spike") {
                ask(Rewind::NextSpike { forward: true });
            }
            speed(ui, past, &mut ask);
        });
        ui.label(RichText::new(place(telemetry)).color(style::ink(ui).text));
        history(ui, telemetry, out);
    });
    if is_kept {
        strip(ui, past, out);
        said(ui, past);
    } else {
        style::footnote(ui, "nothing to look back at yet");
    }
}

/// What only a recorded run has: its marks, and a beginning to return to from its end.
fn marks(ui: &mut Ui, past: &RewindTelemetry, ask: &mut impl FnMut(Rewind)) {
    let looped = ui.add(egui::Button::selectable(past.looped, "Loop"));
    if looped.on_hover_text(action::tooltip("run.loop")).clicked() {
        ask(Rewind::Loop(!past.looped));
    }
    ui.add_enabled_ui(!past.marks_ms.is_empty(), |ui| {
        for (name, id, forward) in [("Mark before", "run.previous-mark", false), ("Next mark", "run.next-mark", true)] {
            if ui.button(name).on_hover_text(action::tooltip(id)).clicked() {
                ask(Rewind::NextMark { forward });
            }
        }
    });
}

fn speed(ui: &mut Ui, past: &RewindTelemetry, ask: &mut impl FnMut(Rewind)) {
    let present = past.speed;
    let speeds: &[f64] = if past.is_recording { &RECORDING_SPEEDS } else { &SPEEDS };
    let text = |speed: f64| {
        if speed < 0.0 {
            format!("{} x backward", format::number(-speed))
        } else {
            format!("{} x", format::number(speed))
        }
    };
    let chooser = egui::ComboBox::from_id_salt("replay speed").selected_text(text(present)).width(92.0);
    let response = chooser.show_ui(ui, |ui| {
        for &speed in speeds {
            if ui.selectable_label(speed == present, text(speed)).clicked() {
                ask(Rewind::Speed(speed));
            }
        }
    });
    response
        .response
        .on_hover_text("simulated time per wall time of the replay")
        .accessible_name("speed of the replay");
}

/// Where in time the picture is.
fn place(telemetry: &Telemetry) -> String {
    let past = &telemetry.rewind;
    match past.at_ms {
        Some(at) if past.is_recording => format!("{} of {}", format::time(at), format::time(past.to_ms)),
        Some(at) => format!("{}, {} before the present", format::time(at), format::time((past.to_ms - at).max(0.0))),
        None => format!("live at {}", format::time(telemetry.time_ms())),
    }
}

/// Undo and redo of changes of the network.
fn history(ui: &mut Ui, telemetry: &Telemetry, out: &mut Vec<OverlayAction>) {
    for (name, what, id, command) in
        [("Undo", &telemetry.undo, "run.undo", Command::Undo), ("Redo", &telemetry.redo, "run.redo", Command::Redo)]
    {
        let hint = match what {
            Some(what) => format!("{}: {what}", action::tooltip(id)),
            None => format!("{}: nothing", action::tooltip(id)),
        };
        let button = ui.add_enabled(what.is_some(), egui::Button::new(name));
        if button.on_hover_text(&hint).on_disabled_hover_text(&hint).clicked() {
            out.push(OverlayAction::Command(command));
        }
    }
}

fn strip(ui: &mut Ui, past: &RewindTelemetry, out: &mut Vec<OverlayAction>) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), STRIP), Sense::click_and_drag());
    let span = past.to_ms - past.from_ms;
    let at = past.at_ms.unwrap_or(past.to_ms).clamp(past.from_ms, past.to_ms);
    let x_of = |time: f64| rect.left() + rect.width() * ((time - past.from_ms) / span) as f32;
    response.widget_info(|| WidgetInfo::slider(true, at, "time shown, ms"));
    let mut ask = |rewind| out.push(OverlayAction::Command(Command::Rewind(rewind)));
    if (response.dragged() || response.clicked())
        && let Some(pointer) = response.interact_pointer_pos()
    {
        let share = f64::from((pointer.x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
        ask(Rewind::To { time_ms: past.from_ms + share * span });
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..Default::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input(|input| input.num_presses(key)) as f64;
        let steps = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        if steps != 0.0 {
            ask(Rewind::By { ms: steps * span * NUDGE });
        }
    }
    let ink = style::ink(ui);
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(rect, 4.0, ui.visuals().extreme_bg_color);
    painter.add(bars(rect, &past.activity, ink.accent.gamma_multiply(0.55)));
    let marks = places(rect, past, x_of);
    for &(x, kind) in &marks {
        let colour = mark_colour(ink, kind);
        painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(1.0, colour));
        let tip = [pos2(x - 4.0, rect.bottom()), pos2(x + 4.0, rect.bottom()), pos2(x, rect.bottom() - 7.0)];
        painter.add(Shape::convex_polygon(tip.to_vec(), colour, Stroke::NONE));
    }
    let x = x_of(at);
    for mark in past.marks_ms.iter() {
        let x = x_of(*mark);
        painter.line_segment([pos2(x, rect.bottom() - 5.0), pos2(x, rect.bottom())], Stroke::new(1.0, ink.text));
    }
    if past.at_ms.is_some() && !past.is_recording {
        let after = Rect::from_min_max(pos2(x, rect.top()), rect.max);
        painter.rect_filled(after, 0.0, ink.panel.gamma_multiply(0.6));
    }
    painter.line_segment([pos2(x, rect.top()), pos2(x, rect.bottom())], Stroke::new(2.0, ink.strong));
    let font = FontId::proportional(style::SMALL);
    let ends = [(rect.left_top(), Align2::LEFT_TOP, past.from_ms), (rect.right_top(), Align2::RIGHT_TOP, past.to_ms)];
    for (corner, align, time) in ends {
        let inward = if align == Align2::LEFT_TOP { vec2(5.0, 2.0) } else { vec2(-5.0, 2.0) };
        painter.text(corner + inward, align, format::time(time), font.clone(), ink.text);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 4.0, ui.visuals().selection.stroke, egui::StrokeKind::Inside);
    }
    if let Some(pointer) = response.hover_pos() {
        let share = f64::from((pointer.x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
        let mut text = format::time(past.from_ms + share * span);
        for mark in past.marks.iter().filter(|mark| (x_of(mark.time_ms) - pointer.x).abs() <= REACH).take(NAMED) {
            text.push_str(&format!("\n{} at {}", mark.text, format::time(mark.time_ms)));
        }
        response.on_hover_text_at_pointer(text);
    }
}

/// Where things happened, one mark per point of the width.
fn places(rect: Rect, past: &RewindTelemetry, x_of: impl Fn(f64) -> f32) -> Vec<(f32, &'static str)> {
    let mut marks: Vec<(f32, &str)> = past
        .marks
        .iter()
        .map(|mark| (x_of(mark.time_ms).round(), mark.kind))
        .filter(|(x, _)| rect.x_range().contains(*x))
        .collect();
    marks.dedup();
    marks
}

fn mark_colour(ink: &Ink, kind: &str) -> Color32 {
    match kind {
        "pruning" => ink.bad,
        "undo" | "redo" => ink.strong,
        _ => ink.warning,
    }
}

/// What the marks in sight mean.
fn legend(ui: &mut Ui, past: &RewindTelemetry) {
    let has = |kinds: &[&str]| past.marks.iter().any(|mark| kinds.contains(&mark.kind));
    for (kinds, text) in [
        (&["pruning"][..], "pruning"),
        (&["change"][..], "change by hand"),
        (&["undo", "redo"][..], "undo, redo"),
        (&["recovery"][..], "recovery"),
    ] {
        if has(kinds) {
            style::swatch(ui, mark_colour(style::ink(ui), kinds[0]));
            ui.label(RichText::new(text).size(style::SMALL).color(style::ink(ui).weak));
        }
    }
}

/// Spikes over time. A bin is at least as wide as the screen can show; the largest of several stands for them.
fn bars(rect: Rect, activity: &[u32], colour: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    let columns = activity.len().min(rect.width().max(1.0) as usize);
    let most = activity.iter().copied().max().unwrap_or(0).max(1) as f32;
    for column in 0..columns {
        let bins = column * activity.len() / columns..((column + 1) * activity.len() / columns).max(1);
        let spikes = activity[bins].iter().copied().max().unwrap_or(0) as f32;
        let x = |at: usize| rect.left() + rect.width() * at as f32 / columns as f32;
        let top = rect.bottom() - (rect.height() - 4.0) * spikes / most;
        mesh.add_colored_rect(Rect::from_min_max(pos2(x(column), top), pos2(x(column + 1), rect.bottom())), colour);
    }
    mesh
}

/// How much is kept, and what is missing.
fn said(ui: &mut Ui, past: &RewindTelemetry) {
    if past.is_recording {
        style::footnote(ui, format!("a recording: {} spikes", format::count(past.spikes_kept)));
        return;
    }
    let mut text = format!(
        "the last {} are kept: {} spikes, {} MiB",
        format::time(past.to_ms - past.from_ms),
        format::short_count(past.spikes_kept),
        format::number(past.bytes as f64 / f64::from(1 << 20))
    );
    if past.spikes_missing > 0 {
        text.push_str(&format!("; {} spikes of this time are missing", format::count(past.spikes_missing)));
    }
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text).size(style::SMALL).color(style::ink(ui).weak));
        legend(ui, past);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_narrower_than_its_bins_keeps_the_highest() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(10.0, 34.0));
        let mut activity = vec![1_u32; 1000];
        activity[503] = 100;
        let mesh = bars(rect, &activity, Color32::WHITE);
        assert_eq!(mesh.vertices.len(), 40);
        assert!(mesh.vertices.iter().any(|v| v.pos.y <= 4.0));
        assert!(bars(rect, &[], Color32::WHITE).is_empty());
    }
}
