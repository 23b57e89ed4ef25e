//! The overlay drawn on a real adapter: it lights pixels at every size, and the pictures lie in the target folder for a
//! look.

use egui_kittest::Harness;
use spikescope::session::view::{Channel, Variable};

use super::stage::{Stage, around, fields, has_adapter, telemetry};

/// Draws the overlay and returns how many pixels are not black.
fn picture(mut harness: Harness<'static, Stage>, name: &str) -> usize {
    let picture = harness.render().expect("the overlay can be drawn");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    picture.save(folder.join(name)).expect("the target folder can be written");
    picture.pixels().filter(|p| p.0[0] > 40 || p.0[1] > 40 || p.0[2] > 40).count()
}

fn drawn(stage: Stage, size: [f32; 2], scale: f32, name: &str) -> usize {
    let mut harness = Harness::builder()
        .with_size(around(size, scale))
        .with_pixels_per_point(scale)
        .with_max_steps(8)
        .wgpu()
        .build_ui_state(|ui, stage: &mut Stage| stage.show(ui), stage);
    harness.run_steps(4);
    picture(harness, name)
}

#[test]
fn the_overlay_is_drawn_at_every_size() {
    if !has_adapter() {
        return;
    }
    let calm = || {
        let mut telemetry = telemetry();
        telemetry.picked = None;
        telemetry
    };
    let large = drawn(Stage::new(telemetry()), [1920.0, 1080.0], 1.0, "overlay_1920.png");
    assert!(large > 60_000, "only {large} pixels of the overlay are lit");
    let mut stage = Stage::new(calm());
    stage.settings.colour = Channel::of(Variable::Rate);
    stage.fields = Some(fields());
    stage.caption = Some("Every neuron starts alike. Watch them choose a digit.");
    stage.telemetry.progress = Some(("building 313,600 synapses".to_owned(), 0.4));
    let small = drawn(stage, [1280.0, 720.0], 1.0, "overlay_1280.png");
    assert!(small > 40_000, "only {small} pixels of the overlay are lit");
    assert!(drawn(Stage::new(calm()), [1280.0, 720.0], 2.0, "overlay_1280_x2.png") > 40_000);
    let mut hidden = Stage::new(calm());
    hidden.overlay.set_visible(false);
    assert_eq!(drawn(hidden, [1280.0, 720.0], 1.0, "overlay_hidden.png"), 0, "a hidden overlay draws nothing");
}

#[test]
fn the_help_is_drawn() {
    if !has_adapter() {
        return;
    }
    let mut harness = Harness::builder()
        .with_size(around([1280.0, 720.0], 1.0))
        .wgpu()
        .build_ui_state(|ui, stage: &mut Stage| stage.show(ui), Stage::new(telemetry()));
    harness.run_steps(2);
    harness.key_press(egui::Key::F1);
    harness.run_steps(4);
    assert!(picture(harness, "overlay_help.png") > 40_000);
}
