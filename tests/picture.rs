//! Pictures, from outside: what lights up, where and in which colour; what does not; budgets; the same bytes for the same
//! state; and a few tiny pictures compared with stored ones (on Mesa's software adapter only; `UPDATE_SNAPSHOTS=1`
//! rewrites them).

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use glam::Vec3;
use spikescope::engine::{Activity, NeuronState, PRUNED};
use spikescope::gpu::{Gpu, Piece, REQUIRE_GPU_VARIABLE, read_blocking};
use spikescope::model::{
    Cell, Connectivity, Delays, Network, Population, Projection, Pruning, PruningPolicy, Receptor, Source, Weights,
};
use spikescope::render::{CameraView, Frame, Pose, Renderer};
use spikescope::session::selection::HIDDEN;
use spikescope::session::traffic::Traffic;
use spikescope::session::view::{Channel, Direction, PointStyle, SynapseLayers, Variable};
use spikescope::session::{ActivityBuffers, ViewSettings};

const SIZE: [u32; 2] = [192, 128];
const STEP: u64 = 1000;

static GPU: LazyLock<Option<Arc<Gpu>>> = LazyLock::new(|| Gpu::headless(None).ok().map(Arc::new));

/// The adapter, or a printed skip.
fn gpu() -> Option<Arc<Gpu>> {
    let gpu = GPU.clone();
    if gpu.is_none() {
        assert!(std::env::var_os(REQUIRE_GPU_VARIABLE).is_none(), "no adapter, but {REQUIRE_GPU_VARIABLE} is set");
        eprintln!("skipped: no graphics adapter");
    }
    gpu
}

fn population(first: u32, size: u32, colour: [f32; 3]) -> Population {
    let cell = Cell::Source(Source::Poisson { rate_hz: 10.0 });
    Population { name: format!("p{first}"), first, size, cell, shape: None, colour }
}

/// Populations of one neuron each, at these places, without synapses.
fn singles(places: &[[f32; 3]], colours: &[[f32; 3]]) -> Network {
    Network {
        name: "singles".into(),
        dt_ms: 1.0,
        populations: colours.iter().enumerate().map(|(k, &colour)| population(k as u32, 1, colour)).collect(),
        positions: places.to_vec(),
        ..Network::default()
    }
}

/// Two neurons far apart, joined by one prunable synapse.
fn joined() -> Network {
    let mut network = singles(&[[-4.0, 0.0, 0.0], [4.0, 0.0, 0.0]], &[[1.0; 3], [1.0; 3]]);
    network.projections.push(Projection {
        name: "a -> b".into(),
        source: 0,
        target: 1,
        receptor: Receptor::Excitatory,
        connectivity: Connectivity::OneToOne,
        weights: Weights::PerSynapse(vec![0.9]),
        delays: Delays::Constant(20),
        plasticity: None,
        normalised_sum: None,
        pruning: Some(Pruning {
            policy: PruningPolicy::Static { threshold: 0.5 },
            every_ms: None,
            every_presentations: None,
            start_ms: 0.0,
            start_presentations: 0,
            target_compression: 0.5,
            floor_per_neuron: 0,
        }),
    });
    network
}

fn quiet(count: usize) -> Vec<NeuronState> {
    vec![NeuronState::default(); count]
}

/// Nothing but neurons: no glow, no fog.
fn plain(points: PointStyle) -> ViewSettings {
    ViewSettings {
        bloom: 0.0,
        fog: 0.0,
        points,
        synapses: SynapseLayers::HIDDEN,
        base_brightness: 0.0,
        neuron_radius: 0.4,
        ..ViewSettings::default()
    }
}

fn view() -> CameraView {
    let aspect = SIZE[0] as f32 / SIZE[1] as f32;
    CameraView::new(Pose { eye: [0.0, 0.0, 14.0], target: [0.0; 3], fov_degrees: 45.0 }, aspect)
}

/// A renderer with a network, ready for several pictures.
struct Studio {
    gpu: Arc<Gpu>,
    renderer: Renderer,
    buffers: ActivityBuffers,
    weights: Vec<Option<Vec<f32>>>,
    rate_before: Vec<f32>,
    texture: wgpu::Texture,
    camera: CameraView,
    drawn_step: u64,
}

impl Studio {
    fn new(gpu: Arc<Gpu>, network: &Network, settings: &ViewSettings) -> Self {
        let weights: Vec<Option<Vec<f32>>> = network
            .projections
            .iter()
            .map(|p| match &p.weights {
                Weights::PerSynapse(weights) if p.is_mutable() => Some(weights.clone()),
                _ => None,
            })
            .collect();
        let count = network.positions.len();
        let rate_before = vec![0.0; count];
        let neurons = quiet(count);
        let buffers = ActivityBuffers::new(&gpu, network, &host(&neurons, &rate_before, &weights));
        let mut renderer = Renderer::new(Arc::clone(&gpu), wgpu::TextureFormat::Rgba8Unorm);
        renderer.load(network, &buffers, settings);
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        Self { gpu, renderer, buffers, weights, rate_before, texture, camera: view(), drawn_step: STEP }
    }

    fn shoot(&mut self, neurons: &[NeuronState], settings: &ViewSettings, step: u64) -> Picture {
        self.buffers.update(&self.gpu, &host(neurons, &self.rate_before, &self.weights));
        let elapsed_steps = step.saturating_sub(self.drawn_step);
        self.drawn_step = step;
        let frame =
            Frame { size: SIZE, camera: self.camera, step, elapsed_steps, dt_ms: 1.0, settings: settings.clone() };
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let target = self.texture.create_view(&wgpu::TextureViewDescriptor::default());
        self.renderer.draw(&mut encoder, &target, &frame);
        let bytes = u64::from(SIZE[0] * SIZE[1] * 4);
        let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture.copy"),
            size: bytes,
            usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(SIZE[0] * 4),
                    rows_per_image: None,
                },
            },
            wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
        );
        self.gpu.queue.submit([encoder.finish()]);
        let picture = Picture {
            bytes: read_blocking(&self.gpu, &[Piece { buffer: &buffer, offset: 0, bytes }]).expect("read back"),
        };
        assert_eq!(self.gpu.take_fault(), None);
        picture
    }
}

fn host<'a>(neurons: &'a [NeuronState], rate_before: &'a [f32], weights: &'a [Option<Vec<f32>>]) -> Activity<'a> {
    Activity::Host { neurons, rate_before, weights: weights.iter().map(Option::as_deref).collect() }
}

/// Rows of red, green, blue, alpha.
#[derive(Clone, PartialEq)]
struct Picture {
    bytes: Vec<u8>,
}

impl Picture {
    /// Linear light of a pixel, as far as the tone curve is straight.
    fn light(&self, x: u32, y: u32) -> Vec3 {
        let at = 4 * (y * SIZE[0] + x) as usize;
        Vec3::from_array([0, 1, 2].map(|c| spikescope::render::colour::linear(f32::from(self.bytes[at + c]) / 255.0)))
    }

    /// What this has more than another: per pixel, linear.
    fn beyond(&self, dark: &Self) -> Vec<(u32, u32, Vec3)> {
        let pixels = (0..SIZE[1]).flat_map(|y| (0..SIZE[0]).map(move |x| (x, y)));
        pixels.map(|(x, y)| (x, y, self.light(x, y) - dark.light(x, y))).collect()
    }

    fn total_beyond(&self, dark: &Self) -> Vec3 {
        self.beyond(dark).into_iter().map(|(.., light)| light).sum()
    }
}

fn spiking(count: usize, which: usize, last_spike_step: u64) -> Vec<NeuronState> {
    let mut neurons = quiet(count);
    neurons[which].last_spike_step = last_spike_step as u32;
    neurons
}

#[test]
fn a_spike_lights_up_its_place_and_no_other() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[-3.0, 1.0, 0.0], [3.0, -1.0, 1.0]], &[[1.0; 3], [1.0; 3]]);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = plain(points);
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let dark = studio.shoot(&quiet(2), &settings, STEP);
        let lit = studio.shoot(&spiking(2, 1, STEP), &settings, STEP);
        let (at, depth) = view().project(Vec3::new(3.0, -1.0, 1.0), SIZE).expect("in view");
        let reach = 4.5 * view().focal_px(SIZE[1] as f32) * 0.4 / depth + 2.0;
        let mut brightest = (0.0, glam::Vec2::ZERO);
        for (x, y, light) in lit.beyond(&dark) {
            let place = glam::Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
            if place.distance(at) > reach {
                assert!(light.abs().max_element() < 1e-3, "{points:?}: light {light} at {x}, {y}");
            }
            if light.element_sum() > brightest.0 {
                brightest = (light.element_sum(), place);
            }
        }
        assert!(brightest.0 > 1.5, "{points:?}: the spike shines ({})", brightest.0);
        assert!(brightest.1.distance(at) < 5.0, "{points:?}: {} is not {at}", brightest.1);
    }
}

#[test]
fn flashes_decay_in_the_stated_time() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[0.0, 0.0, 0.0]], &[[0.6, 0.6, 0.6]]);
    // Dim enough for the straight part of the tone curve.
    let settings = ViewSettings { exposure: -4.5, flash_decay_ms: 40.0, ..plain(PointStyle::Quads) };
    let mut studio = Studio::new(gpu, &network, &settings);
    let dark = studio.shoot(&quiet(1), &settings, STEP);
    let mut light =
        |age: u64| studio.shoot(&spiking(1, 0, STEP - age), &settings, STEP).total_beyond(&dark).element_sum();
    let ratio = light(40) / light(0);
    assert!((ratio - (-1.0_f32).exp()).abs() < 0.04, "{ratio}");
    assert!(light(400) < 0.01 * light(0));
}

#[test]
fn spheres_and_splats_put_similar_light_at_the_same_place() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[2.0, 1.0, 0.0]], &[[0.9, 0.6, 0.3]]);
    let settings = |points| ViewSettings { exposure: -5.0, neuron_radius: 0.3, ..plain(points) };
    let measure = |points| {
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings(points));
        let dark = studio.shoot(&quiet(1), &settings(points), STEP);
        let lit = studio.shoot(&spiking(1, 0, STEP), &settings(points), STEP);
        let beyond = lit.beyond(&dark);
        let total: f32 = beyond.iter().map(|(.., l)| l.element_sum()).sum();
        let middle = beyond
            .iter()
            .map(|(x, y, l)| glam::Vec2::new(*x as f32 + 0.5, *y as f32 + 0.5) * l.element_sum())
            .sum::<glam::Vec2>()
            / total;
        (total, middle)
    };
    let (spheres, splats) = (measure(PointStyle::Quads), measure(PointStyle::Splats));
    assert!(spheres.1.distance(splats.1) < 0.6, "{} and {}", spheres.1, splats.1);
    assert!((0.7..1.4).contains(&(splats.0 / spheres.0)), "{} and {}", spheres.0, splats.0);
}

#[test]
fn colours_mean_what_they_say() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[-3.0, 0.0, 0.0], [3.0, 0.0, 0.0]], &[[0.9, 0.1, 0.1], [0.1, 0.1, 0.9]]);
    let settings = ViewSettings { base_brightness: 0.8, ..plain(PointStyle::Quads) };
    let mut studio = Studio::new(gpu, &network, &settings);
    let picture = studio.shoot(&quiet(2), &settings, STEP);
    let at = |x: f32| {
        let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view");
        picture.light(px.x as u32, px.y as u32)
    };
    assert!(at(-3.0).x > 4.0 * at(-3.0).z, "red population: {}", at(-3.0));
    assert!(at(3.0).z > 4.0 * at(3.0).x, "blue population: {}", at(3.0));
    // By rate: one that just spiked after many others is yellow, a silent one violet and darker.
    let settings = ViewSettings { colour: Channel::of(Variable::Rate), flash_decay_ms: 0.5, ..settings };
    studio.rate_before = vec![24.0, 0.0];
    let picture = studio.shoot(&spiking(2, 0, STEP - 20), &settings, STEP);
    let at = |x: f32| {
        let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view");
        picture.light(px.x as u32, px.y as u32)
    };
    assert!(at(-3.0).y > at(-3.0).z && at(-3.0).y > 0.2, "fast: {}", at(-3.0));
    assert!(at(3.0).z > at(3.0).y, "silent: {}", at(3.0));
}

#[test]
fn nothing_is_drawn_from_behind_the_camera() {
    let Some(gpu) = gpu() else { return };
    let network = singles(&[[0.0, 0.0, 30.0], [0.0, 0.0, f32::NAN]], &[[1.0; 3], [1.0; 3]]);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = plain(points);
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let dark = studio.shoot(&quiet(2), &settings, STEP);
        let neurons = vec![NeuronState { last_spike_step: STEP as u32, ..NeuronState::default() }; 2];
        assert!(studio.shoot(&neurons, &settings, STEP) == dark, "{points:?}");
    }
}

#[test]
fn a_line_shines_grows_with_its_weight_and_goes_when_pruned() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    // Rasterised, then gathered.
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let hidden = ViewSettings { synapse_opacity: 1.0, neuron_radius: 0.2, ..plain(points) };
        let shown =
            ViewSettings { synapses: SynapseLayers { sample: true, ..SynapseLayers::HIDDEN }, ..hidden.clone() };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &shown);
        let dark = studio.shoot(&quiet(2), &hidden, STEP);
        let light = |studio: &mut Studio, share: f32, step: u64| {
            studio.weights = vec![Some(vec![share])];
            studio.shoot(&quiet(2), &shown, step).total_beyond(&dark)
        };
        let strong = light(&mut studio, 0.9, STEP);
        assert!(strong.x > 3.0 && strong.x > 2.0 * strong.z, "{points:?}: amber light: {strong}");
        let weak = light(&mut studio, 0.3, STEP);
        assert!(weak.x > 0.0 && weak.x < 0.4 * strong.x, "{points:?}: {weak} of {strong}");
        let flash = light(&mut studio, PRUNED, STEP + 1);
        assert!(flash.z > 2.0 * strong.z, "{points:?}: the rose flash of a pruned line: {flash}");
        // It fades over several pictures, however much time passes between them.
        let after = light(&mut studio, PRUNED, STEP + 2000);
        assert!(after.x < flash.x && after.x > 0.3 * flash.x, "{points:?}: {after} of {flash}");
        let gone = (3..80).map(|k| light(&mut studio, PRUNED, STEP + 1000 * k)).last().expect("pictures");
        assert!(gone.abs().max_element() < 0.02, "{points:?}: {gone}");
    }
}

#[test]
fn a_pulse_travels_from_source_to_target() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: SynapseLayers { sample: true, pulses: true, ..SynapseLayers::HIDDEN },
            synapse_opacity: 0.5,
            flash_decay_ms: 50.0,
            neuron_radius: 0.05,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let still = studio.shoot(&quiet(2), &settings, STEP);
        // The delay is 20 ms, but no pulse crosses faster than the flash decays: 50 ms.
        let mut brightest = |age: u64| {
            let picture = studio.shoot(&spiking(2, 0, STEP - age), &settings, STEP);
            let lights = picture.beyond(&still).into_iter();
            let near_line = lights.filter(|(x, ..)| (60..132).contains(x));
            near_line.max_by(|a, b| a.2.x.total_cmp(&b.2.x)).map(|(x, _, light)| (x, light.x)).expect("pixels")
        };
        let (early, late) = (brightest(20), brightest(32));
        assert!(early.1 > 0.05 && late.1 > 0.05, "{points:?}: {early:?} {late:?}");
        assert!(late.0 > early.0 + 8, "{points:?}: it moves to the target: {early:?} {late:?}");
    }
}

#[test]
fn the_synapse_budget_holds_and_is_stated() {
    let Some(gpu) = gpu() else { return };
    let mut network = joined();
    network.populations = vec![population(0, 40, [1.0; 3]), population(40, 50, [1.0; 3])];
    network.positions = (0..90).map(|k| [(k % 10) as f32 - 5.0, (k / 10) as f32 - 4.0, 0.0]).collect();
    network.projections[0].connectivity = Connectivity::AllToAll;
    network.projections[0].weights = Weights::PerSynapse(vec![0.5; 2000]);
    let settings = ViewSettings {
        synapses: SynapseLayers { sample: true, pulses: true, ..SynapseLayers::HIDDEN },
        synapse_budget: 500,
        ..plain(PointStyle::Auto)
    };
    let mut studio = Studio::new(gpu, &network, &settings);
    studio.shoot(&quiet(90), &settings, STEP);
    let notices = studio.renderer.notices();
    assert!(notices.iter().any(|n| n == "500 of 2,000 synapses drawn (25.0 %)"), "{notices:?}");
    assert!(!studio.renderer.needs_load(&settings));
    let all = ViewSettings { synapse_budget: 5000, ..settings };
    assert!(studio.renderer.needs_load(&all));
    studio.renderer.load(&network, &studio.buffers, &all);
    studio.shoot(&quiet(90), &all, STEP);
    assert!(studio.renderer.notices().iter().all(|n| !n.contains("synapses drawn")), "all are drawn");
}

#[test]
fn a_picked_neuron_and_its_partners_are_marked() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    let settings = ViewSettings {
        synapses: SynapseLayers { of_selection: Direction::Both, ..SynapseLayers::HIDDEN },
        neuron_radius: 0.2,
        ..plain(PointStyle::Quads)
    };
    let mut studio = Studio::new(gpu, &network, &settings);
    let before = studio.shoot(&quiet(2), &settings, STEP);
    studio.renderer.set_picked(&network, Some(0), &[(1, 0.9)]);
    let picked = studio.shoot(&quiet(2), &settings, STEP);
    let near = |x: f32| {
        let (px, _) = view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view");
        let lights = picked.beyond(&before).into_iter();
        lights.filter(|(u, v, _)| px.distance(glam::Vec2::new(*u as f32, *v as f32)) < 12.0).map(|p| p.2.y).sum::<f32>()
    };
    assert!(near(-4.0) > 1.0, "the picked neuron's ring: {}", near(-4.0));
    assert!(near(4.0) > 1.0, "its partner's ring: {}", near(4.0));
    assert!(near(0.0) > 0.3, "the line between them: {}", near(0.0));
    studio.renderer.set_picked(&network, None, &[]);
    assert!(studio.shoot(&quiet(2), &settings, STEP) == before);
}

/// Forty sources in a row, fifty targets in a row above.
fn rows(weights: Vec<f32>) -> Network {
    let mut network = joined();
    network.populations = vec![population(0, 40, [1.0; 3]), population(40, 50, [1.0; 3])];
    network.positions = (0..90)
        .map(|k| if k < 40 { [k as f32 * 0.2 - 4.0, -3.0, 0.0] } else { [(k - 40) as f32 * 0.16 - 4.0, 3.0, 0.0] })
        .collect();
    network.projections[0].connectivity = Connectivity::AllToAll;
    network.projections[0].weights = Weights::PerSynapse(weights);
    network
}

fn only(layer: impl FnOnce(&mut SynapseLayers)) -> SynapseLayers {
    let mut layers = SynapseLayers { bundled: 0.0, ..SynapseLayers::HIDDEN };
    layer(&mut layers);
    layers
}

#[test]
fn a_sample_shines_like_all_it_stands_for() {
    let Some(gpu) = gpu() else { return };
    let network = rows((0..2000).map(|k| 0.3 + 0.3 * ((k * 37) % 100) as f32 / 100.0).collect());
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let light = |budget: u32| {
            let settings = ViewSettings {
                synapses: only(|layers| layers.sample = true),
                synapse_budget: budget,
                synapse_opacity: 0.25,
                neuron_radius: 0.2,
                ..plain(points)
            };
            let hidden = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
            let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
            studio.weights = vec![match &network.projections[0].weights {
                Weights::PerSynapse(weights) => Some(weights.clone()),
                Weights::Constant(_) => None,
            }];
            let dark = studio.shoot(&quiet(90), &hidden, STEP);
            studio.shoot(&quiet(90), &settings, STEP).total_beyond(&dark).x
        };
        let (all, half, some) = (light(2000), light(1000), light(700));
        assert!((half / all - 1.0).abs() < 0.12, "{points:?}: {half} of {all}");
        assert!((some / all - 1.0).abs() < 0.12, "{points:?}: {some} of {all}");
    }
}

#[test]
fn inputs_and_outputs_of_a_selection_are_told_apart_without_colours() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: only(|layers| layers.of_selection = Direction::Both),
            synapse_opacity: 0.3,
            neuron_radius: 0.1,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let dark = studio.shoot(&quiet(2), &settings, STEP);
        // Light along the line from the first neuron to the second, in eighths of the way.
        let mut along = |neuron: u32, version: u64| {
            studio.renderer.set_selected(&network, &[neuron], version);
            let picture = studio.shoot(&quiet(2), &settings, STEP);
            let mut columns = vec![0.0_f32; SIZE[0] as usize];
            picture.beyond(&dark).into_iter().for_each(|(x, _, light)| columns[x as usize] += light.x);
            let column = |x: f32| view().project(Vec3::new(x, 0.0, 0.0), SIZE).expect("in view").0.x as usize;
            columns[column(-3.7)..column(3.7)].to_vec()
        };
        let outputs = along(0, 1);
        let dashes = outputs.windows(2).filter(|pair| (pair[0] > 0.02) != (pair[1] > 0.02)).count();
        assert!(dashes >= 8, "{points:?}: outputs are dashed: {outputs:?}");
        let inputs = along(1, 2);
        let (begin, end) = (inputs[0], inputs[inputs.len() - 1]);
        assert!(begin > 0.02 && end > 2.0 * begin, "{points:?}: inputs shine more where they arrive: {inputs:?}");
        assert!(inputs.iter().all(|&light| light > 0.02), "{points:?}: and are whole: {inputs:?}");
        let asked =
            ViewSettings { synapses: only(|layers| layers.of_selection = Direction::Outputs), ..settings.clone() };
        assert!(studio.shoot(&quiet(2), &asked, STEP) == dark, "{points:?}: the last neuron has no outputs");
    }
}

#[test]
fn a_pulse_is_where_its_delay_says() {
    let Some(gpu) = gpu() else { return };
    let mut network = joined();
    network.projections[0].delays = Delays::Constant(80);
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings {
            synapses: only(|layers| layers.pulses = true),
            synapse_opacity: 1.0,
            flash_decay_ms: 20.0,
            neuron_radius: 0.05,
            ..plain(points)
        };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let still = studio.shoot(&quiet(2), &settings, STEP);
        for age in [20_u64, 40, 60] {
            let picture = studio.shoot(&spiking(2, 0, STEP - age), &settings, STEP);
            let lights = picture.beyond(&still).into_iter().filter(|(x, ..)| (60..132).contains(x));
            let brightest = lights.max_by(|a, b| a.2.x.total_cmp(&b.2.x)).expect("pixels");
            // A straight line from -4 to 4, crossed in 80 ms.
            let expected = view().project(Vec3::new(-4.0 + 0.1 * age as f32, 0.0, 0.0), SIZE).expect("in view").0;
            assert!(brightest.2.x > 0.05, "{points:?}: a light at {age} ms");
            assert!((brightest.0 as f32 - expected.x).abs() < 2.5, "{points:?}: {age} ms: {brightest:?}, {expected}");
        }
    }
}

#[test]
fn bundling_moves_the_middle_of_a_line_and_never_its_ends() {
    let Some(gpu) = gpu() else { return };
    let mut network = rows(vec![0.0; 2000]);
    // One line, from the far left below to the far left above.
    let mut live = vec![0.0; 2000];
    live[0] = 1.0;
    network.projections[0].weights = Weights::PerSynapse(live.clone());
    let settings = ViewSettings { synapse_opacity: 1.0, neuron_radius: 0.05, ..plain(PointStyle::Splats) };
    let mut studio = Studio::new(gpu, &network, &settings);
    studio.weights = vec![Some(live)];
    let dark = studio.shoot(&quiet(90), &settings, STEP);
    let mut across = |bundled: f32, y: f32| {
        let layers = SynapseLayers { bundled, ..only(|layers| layers.sample = true) };
        let picture = studio.shoot(&quiet(90), &ViewSettings { synapses: layers, ..settings.clone() }, STEP);
        let row = view().project(Vec3::new(0.0, y, 0.0), SIZE).expect("in view").0.y as u32;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (x, _, light) in picture.beyond(&dark).into_iter().filter(|p| p.1 == row) {
            (sum, weight) = (sum + x as f32 * light.x, weight + light.x);
        }
        assert!(weight > 0.01, "a line at height {y}, bundled {bundled}");
        sum / weight
    };
    let end = |y: f32| view().project(Vec3::new(-4.0, y, 0.0), SIZE).expect("in view").0.x;
    for bundled in [0.0, 0.5, 1.0] {
        for y in [-2.95, 2.95] {
            assert!((across(bundled, y) - end(y)).abs() < 3.0, "{bundled}: {} {}", across(bundled, y), end(y));
        }
    }
    let (straight, half, whole) = (across(0.0, 0.0), across(0.5, 0.0), across(1.0, 0.0));
    assert!(half > straight + 5.0 && whole > half + 5.0, "to the middle: {straight} {half} {whole}");
}

#[test]
fn ranked_layers_and_the_graveyard_show_and_count_what_there_is() {
    let Some(gpu) = gpu() else { return };
    let network = Arc::new(rows(vec![0.5; 2000]));
    // 150 are gone, 100 grew, 50 shrank.
    let live: Vec<f32> = (0..2000)
        .map(|k| match k {
            0..150 => PRUNED,
            500..600 => 0.8,
            700..750 => 0.2,
            _ => 0.5,
        })
        .collect();
    let shot = |layers: SynapseLayers| {
        let settings = ViewSettings { synapses: layers, synapse_opacity: 1.0, ..plain(PointStyle::Auto) };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        studio.weights = vec![Some(live.clone())];
        let dark =
            studio.shoot(&quiet(90), &ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() }, STEP);
        let activity = host(&[], &[], &studio.weights);
        studio.renderer.follow(&network, &activity, &settings, true);
        let picture = studio.shoot(&quiet(90), &settings, STEP);
        (picture.total_beyond(&dark), studio.renderer.notices())
    };
    let (light, notices) = shot(only(|layers| layers.graveyard = true));
    assert!(light.x > 0.5 && light.z > 0.3, "rose: {light}");
    assert!(notices.iter().any(|n| n == "graveyard: 150 synapses pruned; rose dots"), "{notices:?}");
    let (light, notices) = shot(only(|layers| layers.most_changed = true));
    assert!(light.x > 0.5, "{light}");
    let expected = "the 150 most changed since the start of 150: 100 grew (solid), 50 shrank (dotted)";
    assert!(notices.iter().any(|n| n == expected), "{notices:?}");
    let (light, notices) = shot(only(|layers| layers.strongest = true));
    assert!(light.x > 0.5, "{light}");
    // A sixteenth of the usual 20,000 lines is for ranks: those that grew, and some of those that stayed.
    let expected = "the 1,250 strongest of 1,850 synapses; 550 more are as strong as the weakest of them";
    assert!(notices.iter().any(|n| n == expected), "{notices:?}");
}

#[test]
fn lines_and_pulses_of_hidden_neurons_are_not_drawn() {
    let Some(gpu) = gpu() else { return };
    let network = joined();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let layers = only(|layers| (layers.sample, layers.pulses) = (true, true));
        let settings = ViewSettings { synapses: layers, neuron_radius: 0.05, ..plain(points) };
        let nothing = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        let neurons = spiking(2, 0, STEP - 20);
        for (version, flags) in [(1, [HIDDEN, 0]), (2, [0, HIDDEN])] {
            studio.renderer.set_flags(&flags, version);
            assert!(
                studio.shoot(&neurons, &settings, STEP) == studio.shoot(&neurons, &nothing, STEP),
                "{points:?}: {flags:?}"
            );
        }
        studio.renderer.set_flags(&[0, 0], 3);
        assert!(studio.shoot(&neurons, &settings, STEP) != studio.shoot(&neurons, &nothing, STEP), "{points:?}");
    }
}

#[test]
fn arcs_are_seen_from_afar_alone_and_say_what_they_mean() {
    let Some(gpu) = gpu() else { return };
    let network = rows(vec![0.5; 2000]);
    let settings = ViewSettings { synapses: only(|layers| layers.arcs = true), ..plain(PointStyle::Auto) };
    let hidden = ViewSettings { synapses: SynapseLayers::HIDDEN, ..settings.clone() };
    let mut studio = Studio::new(gpu, &network, &settings);
    let near = studio.shoot(&quiet(90), &hidden, STEP);
    assert!(studio.shoot(&quiet(90), &settings, STEP) == near, "near, there are none");
    let pose = Pose { eye: [0.0, 0.0, 90.0], target: [0.0; 3], fov_degrees: 45.0 };
    studio.camera = CameraView::new(pose, SIZE[0] as f32 / SIZE[1] as f32);
    let dark = studio.shoot(&quiet(90), &hidden, STEP);
    let mut light = |delivered_hz: f64| {
        let traffic = [Traffic { synapses: 2000, weight_mean: Some(0.5), delivered_hz }];
        studio.renderer.set_traffic(&traffic);
        studio.shoot(&quiet(90), &settings, STEP).total_beyond(&dark).x
    };
    let (quiet_light, busy_light) = (light(0.0), light(3000.0));
    assert!(quiet_light > 0.1 && busy_light > 1.5 * quiet_light, "{quiet_light} {busy_light}");
    let notices = studio.renderer.notices();
    assert!(
        notices.iter().any(|n| n.starts_with("1 arcs, one per projection") && n.contains("3000 a second")),
        "{notices:?}"
    );
}

/// Layers with activity of all ages, and everything switched on.
fn busy() -> (Network, Vec<NeuronState>, ViewSettings) {
    let mut network = joined();
    network.populations = vec![population(0, 36, [0.2, 0.8, 0.75]), population(36, 36, [1.0, 0.7, 0.3])];
    network.positions = (0..72_u32)
        .map(|k| [if k < 36 { -5.0 } else { 5.0 }, ((k % 36) / 6) as f32 * 1.4 - 3.5, (k % 6) as f32 * 1.4 - 3.5])
        .collect();
    network.projections[0].connectivity = Connectivity::AllToAll;
    network.projections[0].weights = Weights::PerSynapse((0..1296).map(|k| (k % 97) as f32 / 96.0).collect());
    let neurons = (0..72_u32)
        .map(|k| NeuronState { last_spike_step: STEP as u32 - (k * 37) % 300, ..NeuronState::default() })
        .collect();
    (network, neurons, ViewSettings { neuron_radius: 0.35, ..ViewSettings::default() })
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let Some(gpu) = gpu() else { return };
    let (network, neurons, settings) = busy();
    for points in [PointStyle::Quads, PointStyle::Splats] {
        let settings = ViewSettings { points, ..settings.clone() };
        let shoot = || Studio::new(Arc::clone(&gpu), &network, &settings).shoot(&neurons, &settings, STEP);
        assert!(shoot() == shoot(), "{points:?}");
    }
}

#[test]
fn pictures_look_as_they_did() {
    let Some(gpu) = gpu() else { return };
    if !gpu.info.name.contains("llvmpipe") {
        eprintln!("skipped: stored pictures are compared on Mesa's software adapter only");
        return;
    }
    let (network, neurons, settings) = busy();
    let views = [Pose { eye: [-6.0, 5.0, 14.0], target: [0.0; 3], fov_degrees: 45.0 }];
    for (name, points) in [("layers_rasterised", PointStyle::Quads), ("layers_gathered", PointStyle::Splats)] {
        let settings = ViewSettings { points, ..settings.clone() };
        let mut studio = Studio::new(Arc::clone(&gpu), &network, &settings);
        studio.camera = CameraView::new(views[0], SIZE[0] as f32 / SIZE[1] as f32);
        compare(name, &studio.shoot(&neurons, &settings, STEP));
    }
}

/// Compares with a stored picture: no channel off by more than 24 levels in more than 0.5 % of the pixels, and a mean
/// difference below 1 level.
fn compare(name: &str, picture: &Picture) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/pictures");
    let path = folder.join(format!("{name}.png"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        write_png(&path, picture);
        return;
    }
    let file = std::fs::File::open(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; run with UPDATE_SNAPSHOTS=1 to make it", path.display()));
    let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().expect("a PNG");
    let mut stored = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut stored).expect("a whole PNG");
    assert_eq!(stored.len(), picture.bytes.len(), "{name}: another size");
    let differences: Vec<u8> = stored.iter().zip(&picture.bytes).map(|(a, b)| a.abs_diff(*b)).collect();
    let far = differences.chunks(4).filter(|pixel| pixel.iter().any(|&d| d > 24)).count();
    let mean = differences.iter().map(|&d| f64::from(d)).sum::<f64>() / differences.len() as f64;
    if far * 200 > differences.len() / 4 || mean >= 1.0 {
        let actual = std::env::temp_dir().join(format!("{name}-actual.png"));
        write_png(&actual, picture);
        panic!("{name}: {far} pixels are far off, mean difference {mean:.2}; see {}", actual.display());
    }
}

fn write_png(path: &std::path::Path, picture: &Picture) {
    let mut png = png::Encoder::new(std::fs::File::create(path).expect("a file"), SIZE[0], SIZE[1]);
    png.set_color(png::ColorType::Rgba);
    png.set_depth(png::BitDepth::Eight);
    png.set_compression(png::Compression::High);
    png.write_header().expect("a header").write_image_data(&picture.bytes).expect("pixels");
}
