//! Every action of the table does what it says: through its keys, and through the palette.

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use spikescope::session::telemetry::RewindTelemetry;
use spikescope::session::view::{Theme, Variable};
use spikescope::session::{Command, How, Rewind, Select};
use spikescope::ui::action::{ACTIONS, Entry, Own, PanelName, Question, When};
use spikescope::ui::{OverlayAction, Tool};

use super::stage::{Stage, full_hd, harness, telemetry};

/// A stage on which everything can be done: something is picked, there is a past, changes can be taken back, and every
/// key of a saved view has one.
fn rich() -> Harness<'static, Stage> {
    rich_with(false)
}

/// A live run or a recording, whichever can do what the entry asks for.
fn rich_for(entry: &Entry) -> Harness<'static, Stage> {
    let live = rich();
    if expected(live.state(), entry).is_some() { live } else { rich_with(true) }
}

fn rich_with(is_recording: bool) -> Harness<'static, Stage> {
    let mut stage = Stage::new(telemetry());
    stage.views = (1..=9).map(|i| format!("view {i}")).collect();
    stage.telemetry.undo = Some("pruning".to_owned());
    stage.telemetry.redo = Some("lesion".to_owned());
    stage.telemetry.rewind = RewindTelemetry {
        from_ms: 40_000.0,
        to_ms: 45_000.0,
        at_ms: Some(42_000.0),
        speed: 1.0,
        activity: vec![3, 9, 1, 4].into(),
        is_recording,
        ..Default::default()
    };
    stage.prepare_everything();
    harness(stage, [1920.0, 1080.0], 1.0)
}

/// What an entry should ask for on this stage.
fn expected(stage: &Stage, entry: &Entry) -> Option<OverlayAction> {
    stage.with_input(|input| (entry.make)(input))
}

/// Types a query into the open palette and takes the line called `title`.
fn choose(harness: &mut Harness<'static, Stage>, query: &str, title: &str) {
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    harness.run_steps(2);
    harness.get_by_label("search for an action").type_text(query);
    harness.run_steps(2);
    // Down to the line with the arrow keys alone, as a viewer without a mouse does.
    for _ in 0..ACTIONS.len() + 40 {
        let is_there = harness
            .get_all_by_label(title)
            .any(|line| line.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True));
        if is_there {
            harness.key_press(egui::Key::Enter);
            harness.run_steps(2);
            return;
        }
        harness.key_press(egui::Key::ArrowDown);
        harness.run_steps(1);
    }
    panic!("{title:?} is not found by {query:?}");
}

#[test]
fn every_action_is_found_in_the_palette_and_done() {
    for entry in ACTIONS.iter().filter(|e| e.id != "program.palette" && !e.id.starts_with("camera.view-")) {
        let mut harness = rich_for(entry);
        let wanted = expected(harness.state(), entry).unwrap_or_else(|| panic!("{} cannot be done here", entry.id));
        choose(&mut harness, entry.title, entry.title);
        let actions = &harness.state().actions;
        assert!(actions.contains(&wanted), "{} asked for {actions:?}", entry.id);
        assert!(harness.query_by_label("search for an action").is_none(), "the palette closes after {}", entry.id);
    }
}

#[test]
fn the_palette_finds_scenes_views_and_populations() {
    for (query, title, wanted) in [
        ("cuba", "open cuba: balanced network", OverlayAction::Command(Command::OpenScene("cuba".to_owned()))),
        ("view 4", "view: view 4", OverlayAction::View(3)),
        ("chart inhib", "chart the spikes of inhibitory", OverlayAction::Command(Command::RasterPopulation(2))),
    ] {
        let mut harness = rich();
        choose(&mut harness, query, title);
        assert_eq!(harness.state().actions, [OverlayAction::Own(Own::Palette), wanted], "{query}");
    }
}

#[test]
fn the_palette_takes_letters_for_itself_and_closes_without_a_deed() {
    let mut harness = full_hd();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    harness.run_steps(2);
    harness.get_by_label("search for an action").type_text("r");
    harness.key_press(egui::Key::R);
    harness.key_press(egui::Key::Space);
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [], "letters are no shortcuts while text is typed");
    harness.get_by_label("search for an action").type_text("zzzzzz");
    harness.run_steps(2);
    assert!(harness.query_by_label("nothing is called that").is_some());
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert!(harness.query_by_label("search for an action").is_some(), "nothing found, nothing done");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label("search for an action").is_none());
    assert_eq!(harness.state().commands(), [], "Esc closes the palette and nothing else");
}

#[test]
fn every_key_does_what_the_table_says() {
    for entry in ACTIONS {
        for shortcut in entry.keys {
            let mut stage = rich_for(entry);
            stage.state_mut().window.is_touring = entry.when == When::Touring;
            stage.run_steps(1);
            stage.state_mut().actions.clear();
            let wanted = expected(stage.state(), entry).unwrap_or_else(|| panic!("{} cannot be done here", entry.id));
            stage.key_press_modifiers(shortcut.modifiers, shortcut.key);
            stage.run_steps(2);
            let actions = &stage.state().actions;
            assert!(actions.first() == Some(&wanted), "{} ({}) asked for {actions:?}", entry.id, shortcut.text());
        }
    }
}

#[test]
fn keys_of_what_cannot_be_done_do_nothing() {
    let mut stage = Stage::new(telemetry());
    stage.telemetry.picked = None;
    stage.views.clear();
    let mut harness = harness(stage, [1280.0, 720.0], 1.0);
    for key in [egui::Key::F, egui::Key::Num1] {
        harness.key_press(key);
    }
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, []);
}

#[test]
fn the_overlays_own_actions_change_what_they_name() {
    let mut harness = full_hd();
    let colour = harness.state().settings.colour.by;
    assert_eq!(colour, Variable::Population);
    for key in [egui::Key::C, egui::Key::M, egui::Key::N] {
        harness.key_press(key);
    }
    harness.run_steps(2);
    let settings = &harness.state().settings;
    assert_eq!((settings.colour.by, settings.theme, settings.labels), (Variable::Membrane, Theme::Light, false));
    assert!(!harness.ctx.global_style().visuals.dark_mode, "the panels follow the stage");
    assert_eq!(harness.state().overlay.layout().light, Some(true), "a theme that was chosen is remembered");
    let was_open = harness.state().overlay.layout().is_open(PanelName::Look);
    harness.key_press(egui::Key::F3);
    harness.run_steps(2);
    assert_ne!(harness.state().overlay.layout().is_open(PanelName::Look), was_open);
}

#[test]
fn a_long_run_is_not_thrown_away_without_a_question() {
    let mut harness = full_hd();
    harness.key_press(egui::Key::R);
    harness.run_steps(3);
    assert_eq!(harness.state().actions, [OverlayAction::Own(Own::Ask(Question::Reset))]);
    harness.get_by_label("Cancel").click();
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), []);
    harness.key_press(egui::Key::R);
    harness.run_steps(3);
    harness.key_press(egui::Key::R);
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [], "the key that asked is no answer");
    harness.key_press(egui::Key::Enter);
    harness.run_steps(3);
    assert_eq!(harness.state().commands(), [Command::Reset]);
    assert!(harness.query_by_label("Cancel").is_none());
}

#[test]
fn the_selection_panel_selects_and_its_table_picks() {
    let mut harness = rich();
    if !harness.state().overlay.layout().is_open(PanelName::Selection) {
        harness.key_press(egui::Key::F4);
        harness.run_steps(3);
        harness.state_mut().actions.clear();
    }
    for name in ["Invert", "select population excitatory", "select group ring", "Stimulate"] {
        harness.get_by_label(name).click();
        harness.run_steps(2);
    }
    let how = How::Replace;
    let expected = [
        Command::Select(Select::Invert),
        Command::Select(Select::Population { index: 1, how }),
        Command::Select(Select::Group { name: "ring".to_owned(), how }),
        Command::Stimulate { mv: 20.0, duration_ms: 100.0 },
    ];
    assert_eq!(harness.state().commands(), expected);
    harness.state_mut().actions.clear();
    let row = harness.query_all_by_label_contains("neuron 801:").next().expect("the table shows it");
    row.focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [Command::Pick(Some(801))]);
}

#[test]
fn the_timeline_is_scrubbed_with_the_keyboard() {
    let mut harness = rich();
    harness.get_by_label("time shown, ms").focus();
    harness.run_steps(2);
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_steps(2);
    harness.get_by_label("next spike").click();
    harness.run_steps(2);
    harness.get_by_label("Live").click();
    harness.run_steps(2);
    let expected = [
        Command::Rewind(Rewind::By { ms: -50.0 }),
        Command::Rewind(Rewind::NextSpike { forward: true }),
        Command::Rewind(Rewind::Live),
    ];
    assert_eq!(harness.state().commands(), expected);
    assert_eq!(harness.state().window.tool, Tool::Orbit);
}
