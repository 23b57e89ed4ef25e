//! Widgets send the commands they name, and panels have their place at every size.

use egui_kittest::kittest::Queryable;
use spikescope::engine::Change;
use spikescope::model::Receptor;
use spikescope::session::{Command, Telemetry};

use super::stage::{Stage, fields, full_hd, harness, telemetry};

#[test]
fn the_transport_sends_its_commands() {
    let mut held = telemetry();
    held.playing = false;
    // A short run is thrown away without a question.
    held.step = 100;
    let mut harness = harness(Stage::new(held), [1920.0, 1080.0], 1.0);
    for name in ["Play", "Step", "Reset", "max"] {
        harness.get_by_label(name).click();
        harness.run_steps(2);
    }
    assert_eq!(
        harness.state().commands(),
        [Command::TogglePlay, Command::Step(1), Command::Reset, Command::Speed(f64::INFINITY)]
    );
}

#[test]
fn a_running_session_offers_pause_and_no_single_step() {
    let mut harness = full_hd();
    harness.get_by_label("Step").click();
    harness.get_by_label("Pause").click();
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [Command::TogglePlay]);
}

#[test]
fn choosing_a_scene_opens_it() {
    let mut harness = full_hd();
    harness.get_by_label("scene").click();
    harness.run_steps(3);
    harness.get_by_label("cuba: balanced network").click();
    harness.run_steps(3);
    assert_eq!(harness.state().commands(), [Command::OpenScene("cuba".to_owned())]);
}

#[test]
fn live_parameters_send_changes_and_go_back() {
    let mut harness = full_hd();
    harness.get_by_label("learning on").click();
    harness.run_steps(2);
    harness.get_by_label("Prune input to excitatory now").click();
    harness.run_steps(2);
    harness.get_by_label("by the scene's schedule").click();
    harness.run_steps(2);
    assert_eq!(
        harness.state().commands(),
        [Command::Change(Change::Learning(false)), Command::Prune(0), Command::PruningSchedule(false)]
    );
    harness.state_mut().actions.clear();
    harness.get_by_label("Back to the scene's values").click();
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [Command::Change(Change::Learning(true))]);
}

#[test]
fn every_slider_sends_the_change_it_names() {
    type Check = fn(&Command) -> bool;
    let mut harness = full_hd();
    let expect: [(&str, Check); 7] = [
        ("STDP rate of input to excitatory", |c| {
            matches!(c, Command::Change(Change::LearningRate { projection: 0, .. }))
        }),
        (
            "threshold of input to excitatory",
            |c| matches!(c, Command::Change(Change::PruningThreshold { projection: 0, threshold }) if *threshold > 0.12),
        ),
        ("excitation of excitatory", |c| {
            matches!(
                c,
                Command::Change(Change::ReceptorGain { population: 1, receptor: Receptor::Excitatory, factor })
                if *factor > 1.0
            )
        }),
        ("inhibition of inhibitory", |c| {
            matches!(c, Command::Change(Change::ReceptorGain { population: 2, receptor: Receptor::Inhibitory, .. }))
        }),
        ("drive of excitatory", |c| matches!(c, Command::Change(Change::Drive { population: 1, .. }))),
        (
            "background of excitatory",
            |c| matches!(c, Command::Change(Change::BackgroundRate { population: 1, rate_hz }) if *rate_hz > 800.0),
        ),
        ("input rate of input", |c| matches!(c, Command::InputRate { population: 0, value } if *value > 1.0)),
    ];
    for (name, fits) in expect {
        harness.state_mut().actions.clear();
        harness.get_by_label(name).focus();
        harness.run_steps(2);
        harness.key_press(egui::Key::ArrowRight);
        harness.run_steps(2);
        let commands = harness.state().commands();
        assert!(commands.len() == 1 && fits(&commands[0]), "{name} sent {commands:?}");
    }
}

#[test]
fn the_raster_and_the_neuron_send_their_choices() {
    let mut harness = full_hd();
    harness.get_by_label("210: 0.930").click();
    harness.run_steps(2);
    harness.get_by_label("Let go").click();
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [Command::Pick(Some(210)), Command::Pick(None)]);
    harness.state_mut().actions.clear();
    harness.state_mut().telemetry.picked = None;
    harness.run_steps(2);
    harness.get_by_label("population of the raster").click();
    harness.run_steps(3);
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "inhibitory").click();
    harness.run_steps(3);
    assert_eq!(harness.state().commands(), [Command::RasterPopulation(2)]);
}

#[test]
fn a_click_on_a_receptive_field_picks_its_neuron() {
    let mut stage = Stage::new(telemetry());
    stage.telemetry.picked = None;
    stage.fields = Some(fields());
    let mut harness = harness(stage, [1920.0, 1080.0], 1.0);
    // The middle of the grid is the corner of tile 55.
    let middle = harness.get_by_label("receptive fields of 100 neurons").rect().center() + egui::vec2(4.0, 4.0);
    harness.hover_at(middle);
    harness.drag_at(middle);
    harness.run_steps(1);
    harness.drop_at(middle);
    harness.run_steps(2);
    assert_eq!(harness.state().commands(), [Command::Pick(Some(784 + 55))]);
}

#[test]
fn h_hides_everything_and_brings_it_back_and_the_help_opens_and_closes() {
    let mut harness = full_hd();
    assert!(harness.query_by_label("Reset").is_some());
    harness.key_press(egui::Key::H);
    harness.run_steps(2);
    assert!(harness.query_by_label("Reset").is_none() && !harness.state().overlay.is_visible());
    harness.key_press(egui::Key::F1);
    harness.run_steps(3);
    assert!(harness.query_by_label("turn around the middle").is_some(), "the help shows itself");
    harness.key_press(egui::Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("turn around the middle").is_none());
    assert!(harness.query_by_label("Reset").is_some());
}

#[test]
fn plus_and_minus_scale_the_text() {
    let mut harness = full_hd();
    harness.key_press(egui::Key::Plus);
    harness.run_steps(2);
    assert!(harness.ctx.zoom_factor() > 1.05);
    harness.key_press(egui::Key::Minus);
    harness.key_press(egui::Key::Minus);
    harness.run_steps(2);
    assert!(harness.ctx.zoom_factor() < 0.95);
}

#[test]
fn nothing_is_cut_and_no_panel_covers_another_at_any_size() {
    for (size, scale) in
        [([1280.0, 720.0], 1.0), ([1280.0, 720.0], 2.0), ([1920.0, 1080.0], 1.0), ([1920.0, 1080.0], 2.5)]
    {
        let harness = harness(Stage::new(telemetry()), size, scale);
        let screen = egui::Rect::from_min_size(egui::pos2(8.0, 8.0), egui::vec2(size[0] / scale, size[1] / scale));
        let rect = |name: &str| harness.get_by_label(name).rect();
        for name in ["scene", "Pause", "Reset", "max", "Parameters", "Charts", "help"] {
            assert!(screen.contains_rect(rect(name)), "{name} is cut at {size:?} scale {scale}: {:?}", rect(name));
        }
        let bar_bottom = rect("Charts").bottom().max(rect("scene").bottom());
        let charts = rect("show 10 s");
        assert!(charts.top() >= bar_bottom, "the charts lie under the bar at {size:?} scale {scale}");
        let notices = rect("no GPU: the CPU engine simulates").union(rect("784"));
        assert!(screen.contains_rect(notices), "notices are cut at {size:?} scale {scale}: {notices:?}");
        assert!(notices.right() <= charts.left(), "notices lie under the charts at {size:?} scale {scale}");
        assert!(notices.top() >= bar_bottom, "notices reach the bar at {size:?} scale {scale}");
        if let Some(learning) = harness.query_by_label("learning on") {
            assert!(learning.rect().right() <= notices.left(), "notices lie under the parameters");
        }
    }
}

#[test]
fn it_survives_empty_telemetry_and_wild_values() {
    let mut empty = harness(Stage::new(Telemetry::default()), [1280.0, 720.0], 1.0);
    empty.run_steps(2);
    let mut wild = telemetry();
    wild.real_time_factor = f64::NAN;
    wild.speed = -1.0;
    wild.raster.population = 99;
    wild.projections[0].weight_max = 0.0;
    if let Some(learning) = &mut wild.learning {
        learning.image_size = [0, 0];
        learning.image.truncate(3);
    }
    if let Some(picked) = &mut wild.picked {
        picked.population = 99;
        picked.field = Some(([3, 0], vec![f32::NAN]));
    }
    wild.populations.truncate(1);
    harness(Stage::new(wild), [400.0, 300.0], 1.0).run_steps(2);
}
