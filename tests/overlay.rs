//! The overlay from outside: widgets and keys emit the right commands, panels have their place at every size.

use std::collections::VecDeque;

use egui_kittest::{Harness, kittest::Queryable};
use spikescope::analysis::Series;
use spikescope::engine::{Change, HISTOGRAM_BINS, KernelTime, NeuronState, ProjectionSample, Spike};
use spikescope::model::{
    AdaptiveThreshold, Background, Cell, Connectivity, Delays, Lif, Network, Population, Projection, Receptor, Source,
    SynapseModel, Weights,
};
use spikescope::session::telemetry::{
    LearningTelemetry, PickedTelemetry, PopulationTelemetry, ProjectionTelemetry, Raster,
};
use spikescope::session::view::{Channel, Variable};
use spikescope::session::{Command, Telemetry, ViewSettings};
use spikescope::ui::{ColourScale, FieldGrid, FrameStats, Overlay, OverlayAction, OverlayInput, WindowState};

/// A repeatable stand-in for noise, 0 to 1.
fn noise(i: u32) -> f64 {
    let mut x = i.wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    f64::from(x) / f64::from(u32::MAX)
}

fn series(count: u32, step_ms: f64, value: impl Fn(f64, u32) -> f64) -> Series {
    let mut series = Series::default();
    for i in 0..count {
        let time = f64::from(i + 1) * step_ms;
        series.push(time, value(time, i));
    }
    series
}

fn population(name: &str, first: u32, size: u32, colour: [f32; 3], rate: f64) -> PopulationTelemetry {
    let is_source = name == "input";
    PopulationTelemetry {
        name: name.to_owned(),
        first,
        size,
        colour,
        is_source,
        shape: is_source.then_some([28, 28]),
        rate_hz: series(9_000, 5.0, |t, i| {
            let shown = (t / 500.0).fract() < 0.7;
            if shown { rate * (0.7 + 0.6 * noise(i)) } else { rate * 0.05 * noise(i) }
        }),
        membrane_mv: series(9_000, 5.0, |t, i| 6.0 + 3.0 * (t / 180.0).sin() + noise(i)),
        v_rest_mv: -65.0,
        threshold_mv: 13.0,
    }
}

fn projection(name: &str, source: usize, target: usize, plastic: bool) -> ProjectionTelemetry {
    let mut histogram = [0; HISTOGRAM_BINS];
    for (i, bin) in histogram.iter_mut().enumerate() {
        let x = i as f64 / HISTOGRAM_BINS as f64;
        *bin = (9_000.0 * (-x * 7.0).exp() + 1_400.0 * (-(x - 0.75).powi(2) * 60.0).exp()) as u32;
    }
    ProjectionTelemetry {
        name: name.to_owned(),
        source,
        target,
        synapse_count: 78_400,
        weight_max: 1.0,
        is_plastic: plastic,
        is_pruned: plastic,
        now: plastic.then_some(ProjectionSample {
            weight_mean: 0.21,
            histogram,
            remaining: 52_310,
            total: 78_400,
            threshold: 0.12,
        }),
        weight_mean: series(900, 50.0, |t, _| 0.3 - 0.1 * (1.0 - (-t / 9_000.0).exp())),
        remaining_percent: series(900, 50.0, |t, _| 100.0 - 33.0 * (t / 45_000.0)),
        threshold: series(900, 50.0, |t, _| (t / 5_000.0).floor() * 0.015),
    }
}

fn telemetry() -> Telemetry {
    let populations = vec![
        population("input", 0, 784, [0.34, 0.71, 0.91], 12.0),
        population("excitatory", 784, 100, [0.9, 0.62, 0.0], 4.0),
        population("inhibitory", 884, 100, [0.8, 0.47, 0.65], 4.5),
    ];
    let mut spikes = VecDeque::new();
    for i in 0..4_000_u32 {
        let step = 82_000 + i * 2;
        let shown = (f64::from(step) * 0.5 / 500.0).fract() < 0.7;
        if shown && noise(i * 7) < 0.6 {
            spikes.push_back(Spike { step, neuron: 784 + (noise(i * 3) * 100.0) as u32 });
        }
    }
    let image = (0..784)
        .map(|i| {
            let (x, y) = (f64::from(i % 28) - 13.5, f64::from(i / 28) - 13.5);
            let ring = (x.hypot(y) - 8.0).abs();
            (255.0 * (-ring * ring / 3.0).exp()) as u8
        })
        .collect::<Vec<u8>>();
    let field: Vec<f32> = image
        .iter()
        .enumerate()
        .map(|(i, &v)| {
            let share = f32::from(v) / 255.0;
            if share < 0.02 && i % 3 == 0 { -1.0 } else { share * 0.9 + 0.1 * noise(i as u32) as f32 }
        })
        .collect();
    Telemetry {
        scene: "digits".to_owned(),
        scene_title: "a network learns handwritten digits".to_owned(),
        engine: "gpu".to_owned(),
        adapter: "llvmpipe (LLVM 19)".to_owned(),
        seed: 7,
        neuron_count: 984,
        synapse_count: 88_400,
        dt_ms: 0.5,
        step: 90_000,
        playing: true,
        speed: 1.0,
        real_time_factor: 0.42,
        projections: vec![projection("input to excitatory", 0, 1, true), projection("inhibition", 2, 1, false)],
        raster: Raster { population: 1, stride: 1, spikes, lost: 12 },
        learning: Some(LearningTelemetry {
            data: "digits, 8 by 8".to_owned(),
            phase: "present",
            presentations: 1_289,
            label: Some(0),
            last_prediction: Some((4, 9)),
            image,
            image_size: [28, 28],
            accuracy_percent: series(1_289, 1.0, |n, i| 84.0 - 70.0 * (-n / 260.0).exp() + 3.0 * noise(i)),
            accuracy_window: 200,
            assigned: (0..100).map(|i| (i % 17 != 0).then_some((noise(i) * 10.0) as u8)).collect(),
            learning: true,
            last_spike_count: 17,
        }),
        picked: Some(PickedTelemetry {
            neuron: 800,
            population: 1,
            state: NeuronState { membrane_mv: 7.4, theta_mv: 5.1, hold: 0, last_spike_step: 89_411 },
            spike_count: 187,
            membrane_mv: series(2_000, 5.0, |t, i| -65.0 + 6.0 + 6.0 * (t / 90.0).sin() + noise(i)),
            spikes_ms: (0..14).map(|i| 3_000.0 + f64::from(i) * 480.0).collect(),
            field: Some(([28, 28], field)),
            strongest_inputs: vec![(210, 0.93), (211, 0.91), (238, 0.88), (182, 0.85)],
            strongest_outputs: vec![(900, 10.4)],
        }),
        kernels: [("integrate", 0.031), ("deliver", 0.012), ("learn_post", 0.055), ("prune", 0.001)]
            .map(|(kernel, ms_per_step)| KernelTime { kernel, ms_per_step })
            .to_vec(),
        pruning_schedule: true,
        notices: vec!["no GPU: the CPU engine simulates".to_owned()],
        progress: None,
        populations,
        ..Default::default()
    }
}

fn network() -> Network {
    let lif = Lif {
        v_rest_mv: -65.0,
        v_reset_mv: -65.0,
        v_threshold_mv: -52.0,
        tau_membrane_ms: 100.0,
        refractory_ms: 5.0,
        synapse: SynapseModel::Current { tau_excitatory_ms: 1.0, tau_inhibitory_ms: 2.0 },
        drive_mv: 0.0,
        drive_steps: Vec::new(),
        background: Some(Background { rate_hz: 800.0, weight: 0.1, receptor: Receptor::Excitatory }),
        adaptive_threshold: Some(AdaptiveThreshold { initial_mv: 20.0, increment_mv: 0.05, tau_ms: 1e7 }),
    };
    let make = |name: &str, first, size, cell| Population {
        name: name.to_owned(),
        first,
        size,
        cell,
        shape: None,
        colour: [1.0; 3],
    };
    let connect = |name: &str, source, target| Projection {
        name: name.to_owned(),
        source,
        target,
        receptor: Receptor::Excitatory,
        connectivity: Connectivity::AllToAll,
        weights: Weights::Constant(0.5),
        delays: Delays::Constant(1),
        plasticity: None,
        normalised_sum: None,
        pruning: None,
    };
    Network {
        populations: vec![
            make("input", 0, 784, Cell::Source(Source::Poisson { rate_hz: 0.0 })),
            make("excitatory", 784, 100, Cell::Lif(lif.clone())),
            make("inhibitory", 884, 100, Cell::Lif(lif)),
        ],
        projections: vec![connect("input to excitatory", 0, 1), connect("inhibition", 2, 1)],
        ..Default::default()
    }
}

/// Rings of a hundred sizes, 8 by 8 pixels each.
fn fields() -> FieldGrid {
    let size = [91_u32, 91];
    let value = |i: u32| {
        let (x, y) = (i % 91, i / 91);
        if x % 9 == 0 || y % 9 == 0 {
            return -1.0;
        }
        let (dx, dy) = (f64::from(x % 9) - 4.5, f64::from(y % 9) - 4.5);
        let ring = dx.hypot(dy) - 1.0 - f64::from((x / 9 + y / 9) % 4);
        (-ring * ring).exp() as f32
    };
    let values = (0..size[0] * size[1]).map(value).collect();
    FieldGrid { tile: [8, 8], count: 100, columns: 10, first: 784, stride: 1, size, values, version: 1 }
}

fn scale() -> ColourScale {
    let colours = (0..32).map(|i| [i as f32 / 31.0, 0.4, 1.0 - i as f32 / 31.0]).collect();
    ColourScale { colours, text: "0 to 100 Hz, logarithmic".to_owned() }
}

/// An overlay over synthetic telemetry, and everything it asked for so far.
struct Stage {
    overlay: Overlay,
    telemetry: Telemetry,
    settings: ViewSettings,
    actions: Vec<OverlayAction>,
    notices: Vec<String>,
    views: Vec<String>,
    caption: Option<&'static str>,
    fields: Option<FieldGrid>,
}

impl Stage {
    fn new(telemetry: Telemetry) -> Self {
        let scenes = [("digits", "a network learns handwritten digits"), ("cuba", "balanced network")];
        let mut overlay = Overlay::new(scenes.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec());
        overlay.load(&network(), Some(0), &[]);
        Self {
            overlay,
            telemetry,
            settings: ViewSettings::default(),
            actions: Vec::new(),
            notices: vec!["20,000 of 88,400 synapses drawn (22.6 %)".to_owned()],
            views: vec!["front".to_owned(), "from above".to_owned()],
            caption: None,
            fields: None,
        }
    }

    fn show(&mut self, ui: &mut egui::Ui) {
        let input = OverlayInput {
            telemetry: &self.telemetry,
            notices: &self.notices,
            frame: FrameStats { fps: 59.6, frame_ms: 16.7, draw_ms: 2.3 },
            scale: Some(&scale()),
            fields: self.fields.as_ref(),
            views: &self.views,
            caption: self.caption,
            window: WindowState::default(),
            space: None,
        };
        self.actions.extend(self.overlay.show(ui, &input, &mut self.settings));
    }

    fn commands(&self) -> Vec<Command> {
        let commands = self.actions.iter().filter_map(|action| match action {
            OverlayAction::Command(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }
}

/// The harness keeps a margin of 8 points around what it shows.
fn around(size: [f32; 2], scale: f32) -> egui::Vec2 {
    egui::vec2(size[0] / scale + 16.0, size[1] / scale + 16.0)
}

fn harness(stage: Stage, size: [f32; 2], scale: f32) -> Harness<'static, Stage> {
    let mut harness = Harness::builder()
        .with_size(around(size, scale))
        .with_pixels_per_point(scale)
        .with_max_steps(8)
        .build_ui_state(|ui, stage: &mut Stage| stage.show(ui), stage);
    harness.run_steps(3);
    harness.state_mut().actions.clear();
    harness
}

fn full_hd() -> Harness<'static, Stage> {
    harness(Stage::new(telemetry()), [1920.0, 1080.0], 1.0)
}

fn has_adapter() -> bool {
    match spikescope::gpu::Gpu::headless(None) {
        Ok(_) => true,
        Err(error) => {
            let required = std::env::var_os(spikescope::gpu::REQUIRE_GPU_VARIABLE).is_some();
            assert!(!required, "an adapter is required here: {error}");
            eprintln!("skipped: {error}");
            false
        }
    }
}

#[test]
fn the_transport_sends_its_commands() {
    let mut held = telemetry();
    held.playing = false;
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
fn keys_do_what_the_help_says() {
    let mut harness = full_hd();
    for (key, expected) in [
        (egui::Key::Space, OverlayAction::Command(Command::TogglePlay)),
        (egui::Key::Period, OverlayAction::Command(Command::Step(1))),
        (egui::Key::R, OverlayAction::Command(Command::Reset)),
        (egui::Key::F, OverlayAction::FocusPicked),
        (egui::Key::V, OverlayAction::ToggleFlight),
        (egui::Key::T, OverlayAction::Tour),
        (egui::Key::Home, OverlayAction::FrameAll),
        (egui::Key::P, OverlayAction::Screenshot),
        (egui::Key::F11, OverlayAction::FullScreen),
        (egui::Key::Num2, OverlayAction::View(1)),
        (egui::Key::Escape, OverlayAction::Command(Command::Pick(None))),
    ] {
        harness.state_mut().actions.clear();
        harness.key_press(key);
        harness.run_steps(2);
        assert_eq!(harness.state().actions, [expected], "{key:?}");
    }
    harness.key_press(egui::Key::C);
    harness.key_press(egui::Key::G);
    harness.run_steps(2);
    assert_eq!(harness.state().settings.colour.by, Variable::Membrane);
    assert_eq!(harness.state().settings.synapses.label(), "of the selection");
    harness.state_mut().actions.clear();
    harness.key_press_modifiers(egui::Modifiers::CTRL, egui::Key::Q);
    harness.run_steps(2);
    assert_eq!(harness.state().actions, [OverlayAction::Quit]);
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
