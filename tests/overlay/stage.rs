//! What the overlay's tests stand on: made-up telemetry of a network under way, and a harness that shows the overlay and
//! keeps what it asks for.

use std::collections::VecDeque;

use egui_kittest::Harness;
use spikescope::analysis::Series;
use spikescope::engine::{HISTOGRAM_BINS, KernelTime, NeuronState, ProjectionSample, Spike};
use spikescope::model::{
    AdaptiveThreshold, Background, Cell, Connectivity, Delays, Lif, Network, Population, Projection, Receptor, Source,
    SynapseModel, Weights,
};
use spikescope::session::telemetry::{
    LearningTelemetry, PickedTelemetry, PopulationTelemetry, ProjectionTelemetry, Raster, SelectionRow,
    SelectionTelemetry,
};
use spikescope::session::view::{ChannelSlot, Variable};
use spikescope::session::{Command, Telemetry, ViewSettings};
use spikescope::ui::{
    ColourScale, FieldGrid, FormKey, FrameStats, LineKey, Overlay, OverlayAction, OverlayInput, ValueHistogram,
    WindowState,
};

/// A repeatable stand-in for noise, 0 to 1.
pub(crate) fn noise(i: u32) -> f64 {
    let mut x = i.wrapping_mul(0x9E37_79B9) ^ 0x85EB_CA6B;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2C1B_3C6D);
    x ^= x >> 12;
    f64::from(x) / f64::from(u32::MAX)
}

pub(crate) fn series(count: u32, step_ms: f64, value: impl Fn(f64, u32) -> f64) -> Series {
    let mut series = Series::default();
    for i in 0..count {
        let time = f64::from(i + 1) * step_ms;
        series.push(time, value(time, i));
    }
    series
}

pub(crate) fn population(name: &str, first: u32, size: u32, colour: [f32; 3], rate: f64) -> PopulationTelemetry {
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

pub(crate) fn projection(name: &str, source: usize, target: usize, plastic: bool) -> ProjectionTelemetry {
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

pub(crate) fn telemetry() -> Telemetry {
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

pub(crate) fn network() -> Network {
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
pub(crate) fn fields() -> FieldGrid {
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

pub(crate) fn scale() -> ColourScale {
    let colours = (0..32).map(|i| [i as f32 / 31.0, 0.4, 1.0 - i as f32 / 31.0]).collect();
    ColourScale { colours, text: "0 to 100 Hz, logarithmic".to_owned() }
}

/// Rates of a thousand neurons.
pub(crate) fn histogram() -> ValueHistogram {
    let bins = (0..32).map(|i| (900.0 * (-f64::from(i) / 5.0).exp()) as u32).collect();
    ValueHistogram { slot: ChannelSlot::Colour, by: Variable::Rate, range: [0.0, 100.0], bins, without: 784 }
}

/// An overlay over synthetic telemetry, and everything it asked for so far.
pub(crate) struct Stage {
    pub(crate) overlay: Overlay,
    pub(crate) telemetry: Telemetry,
    pub(crate) settings: ViewSettings,
    pub(crate) actions: Vec<OverlayAction>,
    pub(crate) notices: Vec<String>,
    pub(crate) views: Vec<String>,
    pub(crate) caption: Option<&'static str>,
    pub(crate) fields: Option<FieldGrid>,
    pub(crate) values: Option<ValueHistogram>,
    pub(crate) forms: Vec<FormKey>,
    pub(crate) lines: Vec<LineKey>,
    pub(crate) window: WindowState,
}

impl Stage {
    pub(crate) fn new(telemetry: Telemetry) -> Self {
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
            values: None,
            forms: Vec::new(),
            lines: Vec::new(),
            window: WindowState::default(),
        }
    }

    /// Whatever actions need that the usual stage lacks.
    pub(crate) fn prepare_everything(&mut self) {
        let row = |neuron: u32| {
            let values = std::array::from_fn(|i| if i == 4 { f32::NAN } else { neuron as f32 + i as f32 });
            SelectionRow { neuron, population: 1, flags: 1, spike_count: u64::from(neuron), values }
        };
        self.telemetry.selection = SelectionTelemetry {
            count: 3,
            hidden: 2,
            groups: vec![("ring".to_owned(), 12)],
            ids: vec![800, 801, 802].into(),
            rows: [800, 801, 802].map(row).to_vec().into(),
            ..Default::default()
        };
    }

    /// What the overlay sees, lent to `look`.
    pub(crate) fn with_input<T>(&self, look: impl FnOnce(&OverlayInput<'_>) -> T) -> T {
        look(&OverlayInput {
            telemetry: &self.telemetry,
            notices: &self.notices,
            news: &[],
            frame: FrameStats { fps: 59.6, frame_ms: 16.7, draw_ms: 2.3 },
            scale: Some(&scale()),
            fields: self.fields.as_ref(),
            forms: &self.forms,
            lines: &self.lines,
            values: self.values.as_slice(),
            views: &self.views,
            caption: self.caption,
            window: self.window,
            space: None,
        })
    }

    pub(crate) fn show(&mut self, ui: &mut egui::Ui) {
        let mut overlay = std::mem::take(&mut self.overlay);
        let mut settings = self.settings.clone();
        let actions = self.with_input(|input| overlay.show(ui, input, &mut settings));
        (self.overlay, self.settings) = (overlay, settings);
        self.actions.extend(actions);
    }

    pub(crate) fn commands(&self) -> Vec<Command> {
        let commands = self.actions.iter().filter_map(|action| match action {
            OverlayAction::Command(command) => Some(command.clone()),
            _ => None,
        });
        commands.collect()
    }
}

/// The harness keeps a margin of 8 points around what it shows.
pub(crate) fn around(size: [f32; 2], scale: f32) -> egui::Vec2 {
    egui::vec2(size[0] / scale + 16.0, size[1] / scale + 16.0)
}

pub(crate) fn harness(stage: Stage, size: [f32; 2], scale: f32) -> Harness<'static, Stage> {
    let mut harness = Harness::builder()
        .with_size(around(size, scale))
        .with_pixels_per_point(scale)
        .with_max_steps(8)
        .build_ui_state(|ui, stage: &mut Stage| stage.show(ui), stage);
    harness.run_steps(3);
    harness.state_mut().actions.clear();
    harness
}

pub(crate) fn full_hd() -> Harness<'static, Stage> {
    harness(Stage::new(telemetry()), [1920.0, 1080.0], 1.0)
}

pub(crate) fn has_adapter() -> bool {
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
