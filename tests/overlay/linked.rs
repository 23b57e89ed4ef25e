//! Selections made in charts, and what says what a picture means: legends of lines, sizes and heights, marks of time.

use egui_kittest::kittest::NodeT as _;
use egui_kittest::kittest::Queryable;
use spikescope::session::telemetry::{RewindTelemetry, TimeMark};
use spikescope::session::view::ChannelSlot;
use spikescope::session::{Command, How, Select};
use spikescope::ui::action::PanelName;
use spikescope::ui::{FormKey, LineKey, LineStyle};

use super::stage::{Stage, fields, harness, telemetry};

const FULL_HD: [f32; 2] = [1920.0, 1080.0];

#[test]
fn a_drag_over_receptive_fields_selects_their_neurons() {
    let mut stage = Stage::new(telemetry());
    stage.telemetry.picked = None;
    stage.fields = Some(fields());
    let mut harness = harness(stage, FULL_HD, 1.0);
    let grid = harness.get_by_label("receptive fields of 100 neurons").rect();
    let step = grid.size() * (9.0 / 91.0);
    // From the middle of the field in row 2, column 3 to that in row 3, column 5.
    let at = |column: f32, row: f32| grid.min + step * egui::vec2(column + 0.55, row + 0.55);
    harness.hover_at(at(3.0, 2.0));
    harness.drag_at(at(3.0, 2.0));
    harness.run_steps(1);
    for way in 1..=4 {
        harness.hover_at(at(3.0 + 0.5 * way as f32, 2.0 + 0.25 * way as f32));
        harness.run_steps(1);
    }
    harness.drop_at(at(5.0, 3.0));
    harness.run_steps(2);
    let ids = [23, 24, 25, 33, 34, 35].map(|tile| 784 + tile).into();
    assert_eq!(harness.state().commands(), [Command::Select(Select::Neurons { ids, how: How::Replace })]);
}

#[test]
fn a_row_of_the_table_leaves_the_selection_with_ctrl() {
    let mut stage = Stage::new(telemetry());
    stage.telemetry.picked = None;
    stage.prepare_everything();
    stage.overlay.remember(spikescope::ui::Layout { left: Some(PanelName::Selection), ..Default::default() });
    let mut harness = harness(stage, FULL_HD, 1.0);
    let row = harness.get_by_label_contains("neuron 801:").rect().center();
    let click = |harness: &mut egui_kittest::Harness<'_, Stage>, modifiers| {
        harness.hover_at(row);
        harness.run_steps(1);
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            harness.event_modifiers(egui::Event::PointerButton { pos: row, button, pressed, modifiers }, modifiers);
            harness.run_steps(1);
        }
    };
    click(&mut harness, egui::Modifiers::NONE);
    click(&mut harness, egui::Modifiers::COMMAND);
    let removed = Select::Neurons { ids: [801].into(), how: How::Remove };
    assert_eq!(harness.state().commands(), [Command::Pick(Some(801)), Command::Select(removed)]);
}

#[test]
fn the_legend_names_lines_sizes_and_heights_and_nothing_of_it_is_cut() {
    let wanted = ["synapse that excites", "into the selection", "out of the selection", "pruned", "spike on its way"];
    let forms = ["size: theta (mV) from 0 to 20", "height: ISI CV from 0 to 1"];
    for (size, scale) in [([1280.0, 800.0], 1.0), ([2560.0, 1600.0], 2.0)] {
        let mut stage = Stage::new(telemetry());
        (stage.lines, stage.forms) = (lines_of(&wanted), forms_of(&forms));
        let harness = harness(stage, size, scale);
        let screen = egui::Rect::from_min_size(egui::pos2(8.0, 8.0), egui::vec2(size[0] / scale, size[1] / scale));
        for text in wanted.into_iter().chain(forms) {
            // The sign beside the words has their name, and no place of its own.
            let placed = harness.get_all_by_label(text).filter(|node| node.accesskit_node().raw_bounds().is_some());
            let found: Vec<_> = placed.map(|node| node.rect()).collect();
            assert!(found.len() == 1, "{text}: {found:?}");
            assert!(found.iter().all(|rect| screen.contains_rect(*rect)), "{text} is cut at {size:?}: {found:?}");
        }
    }
}

fn lines_of(texts: &[&str]) -> Vec<LineKey> {
    let patterns = [LineStyle::Solid, LineStyle::Rising, LineStyle::Dashed, LineStyle::Dotted, LineStyle::Pulse];
    texts
        .iter()
        .zip(patterns)
        .map(|(text, pattern)| LineKey { colour: None, pattern, text: (*text).to_owned() })
        .collect()
}

fn forms_of(texts: &[&str]) -> Vec<FormKey> {
    let slots = [ChannelSlot::Size, ChannelSlot::Height];
    texts.iter().zip(slots).map(|(text, slot)| FormKey { slot, text: (*text).to_owned() }).collect()
}

#[test]
fn the_timeline_says_what_its_marks_mean() {
    let mut stage = Stage::new(telemetry());
    let mark = |time_ms, kind, text: &str| TimeMark { time_ms, kind, text: text.to_owned() };
    stage.telemetry.rewind = RewindTelemetry {
        from_ms: 40_000.0,
        to_ms: 45_000.0,
        activity: vec![3, 9, 1, 4].into(),
        marks: vec![mark(42_500.0, "pruning", "pruning period of features"), mark(44_000.0, "undo", "undo: lesion")]
            .into(),
        ..Default::default()
    };
    let mut harness = harness(stage, FULL_HD, 1.0);
    assert!(harness.query_by_label("pruning").is_some() && harness.query_by_label("undo, redo").is_some());
    assert!(harness.query_by_label("change by hand").is_none(), "nothing was changed");
    let strip = harness.get_by_label("time shown, ms").rect();
    harness.hover_at(strip.center());
    harness.run_steps(40);
    assert!(harness.query_by_label_contains("pruning period of features at 42.50 s").is_some());
}
