//! Draws synthetic networks with made-up activity to PNG files, to look at and to time the renderer:
//! `cargo run --release --example gallery -- FOLDER [layers|sheet] [NEURONS] [FRAMES]`.

use std::sync::Arc;
use std::time::Instant;

use spikescope::engine::{Activity, NeuronState};
use spikescope::gpu::Gpu;
use spikescope::model::random::Draws;
use spikescope::model::{
    Cell, Connectivity, Delays, Network, Plasticity, Population, Projection, Receptor, Rule, Source, Weights,
};
use spikescope::render::{Bounds, Camera, Frame, Pose, Renderer};
use spikescope::session::{ActivityBuffers, ViewSettings};

const SIZE: [u32; 2] = [1280, 720];

fn population(name: &str, first: u32, size: u32, colour: [f32; 3]) -> Population {
    let cell = Cell::Source(Source::Poisson { rate_hz: 10.0 });
    Population { name: name.into(), first, size, cell, shape: None, colour }
}

fn projection(source: usize, target: usize, receptor: Receptor, connectivity: Connectivity) -> Projection {
    Projection {
        name: format!("{source} -> {target}"),
        source,
        target,
        receptor,
        connectivity,
        weights: Weights::Constant(1.0),
        delays: Delays::Constant(10),
        plasticity: None,
        normalised_sum: None,
        pruning: None,
    }
}

/// An 8 x 8 input plane, excitatory and inhibitory planes of 10 x 10.
fn layers() -> Network {
    let plane = |side: u32, gap: f32, x: f32, positions: &mut Vec<[f32; 3]>| {
        let middle = 0.5 * (side as f32 - 1.0);
        for k in 0..side * side {
            positions.push([x, (middle - (k / side) as f32) * gap, ((k % side) as f32 - middle) * gap]);
        }
    };
    let mut positions = Vec::new();
    plane(8, 2.0, -14.0, &mut positions);
    plane(10, 2.0, 4.0, &mut positions);
    plane(10, 2.0, 13.0, &mut positions);
    let mut draws = Draws::new(3, 1, 0);
    let weights = (0..6400).map(|_| (draws.uniform().powi(4)) as f32).collect();
    let mut learned = projection(0, 1, Receptor::Excitatory, Connectivity::AllToAll);
    learned.weights = Weights::PerSynapse(weights);
    learned.plasticity = Some(Plasticity {
        rule: Rule::PostPowerLaw { tau_pre_ms: 20.0, rate: 0.01, target_trace: 0.2, mu: 1.0 },
        weight_max: 1.0,
    });
    Network {
        name: "layers".into(),
        dt_ms: 0.5,
        seed: 1,
        populations: vec![
            population("input", 0, 64, [0.45, 0.78, 0.95]),
            population("excitatory", 64, 100, [1.0, 0.70, 0.28]),
            population("inhibitory", 164, 100, [0.72, 0.52, 0.98]),
        ],
        projections: vec![
            learned,
            projection(1, 2, Receptor::Excitatory, Connectivity::OneToOne),
            projection(2, 1, Receptor::Inhibitory, Connectivity::AllButSelf),
        ],
        positions,
        ..Network::default()
    }
}

/// A square sheet of neurons with a little depth.
fn sheet(count: u32) -> Network {
    let side = (count as f32).sqrt();
    let mut draws = Draws::new(5, 1, 0);
    let mut at = |scale: f32| (draws.uniform() as f32 - 0.5) * scale;
    let positions = (0..count).map(|_| [at(side), at(0.04 * side), at(side)]).collect();
    let excitatory = count * 4 / 5;
    Network {
        name: "sheet".into(),
        dt_ms: 0.5,
        seed: 1,
        populations: vec![
            population("excitatory", 0, excitatory, [1.0, 0.62, 0.25]),
            population("inhibitory", excitatory, count - excitatory, [0.36, 0.62, 1.0]),
        ],
        positions,
        ..Network::default()
    }
}

/// Last spikes: in layers a random few; in a sheet, a wave that passes.
fn activity(network: &Network, step: u32) -> Vec<NeuronState> {
    let mut draws = Draws::new(11, 2, 0);
    let radius = Bounds::of(&network.positions).radius();
    let is_sheet = network.name == "sheet";
    network
        .positions
        .iter()
        .map(|&[x, _, z]| {
            let chance = draws.uniform() as f32;
            let age = if is_sheet {
                let (dx, dz) = (x + 0.3 * radius, z - 0.1 * radius);
                let wave = ((dx * dx + dz * dz).sqrt() / radius * 3.0 - step as f32 * 0.002).rem_euclid(1.0);
                (wave * 600.0 + chance * 120.0) as u32
            } else if chance < 0.25 {
                (chance * 400.0) as u32
            } else {
                400 + (chance * 2000.0) as u32
            };
            NeuronState { membrane_mv: chance * 13.0, last_spike_step: step.saturating_sub(age), ..Default::default() }
        })
        .collect()
}

fn host<'a>(neurons: &'a [NeuronState], rate_before: &'a [f32], weights: &'a [Option<Vec<f32>>]) -> Activity<'a> {
    Activity::Host { neurons, rate_before, weights: weights.iter().map(Option::as_deref).collect() }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().map_or("target/gallery", String::as_str);
    let kind = arguments.get(1).map_or("layers", String::as_str);
    let count = arguments.get(2).and_then(|a| a.parse().ok()).unwrap_or(100_000);
    let frames: u32 = arguments.get(3).and_then(|a| a.parse().ok()).unwrap_or(1);
    std::fs::create_dir_all(folder)?;
    let network = if kind == "sheet" { sheet(count) } else { layers() };
    let gpu = Arc::new(Gpu::headless(None)?);
    let mut settings = ViewSettings { neuron_radius: 0.42, ..ViewSettings::default() };
    if let Ok(adjust) = std::env::var("GALLERY_COLOUR") {
        settings.colour_by = spikescope::session::view::ColourBy::ALL[adjust.parse::<usize>()? % 4];
    }
    let traces = vec![0.0; network.positions.len()];
    let weights: Vec<Option<Vec<f32>>> = network
        .projections
        .iter()
        .map(|p| match &p.weights {
            Weights::PerSynapse(weights) if p.is_mutable() => Some(weights.clone()),
            _ => None,
        })
        .collect();
    let neurons = activity(&network, 2000);
    let mut buffers = ActivityBuffers::new(&gpu, &network, &host(&neurons, &traces, &weights));
    let mut renderer = Renderer::new(Arc::clone(&gpu), wgpu::TextureFormat::Rgba8Unorm);
    renderer.load(&network, &buffers, &settings);
    let bounds = Bounds::of(&network.positions);
    let from = if kind == "sheet" { [0.3, 0.45, 1.0] } else { [-0.35, 0.32, 1.0] };
    let aspect = SIZE[0] as f32 / SIZE[1] as f32;
    let mut camera = Camera::new(Pose::framing(bounds.low, bounds.high, from, 38.0, aspect), bounds.radius());
    if let Ok(notches) = std::env::var("GALLERY_DOLLY") {
        camera.dolly(notches.parse()?);
        camera.update(1.0);
    }
    let target = Target::new(&gpu);
    for index in 0..frames {
        let step = 2000 + 20 * index;
        let neurons = activity(&network, step);
        buffers.update(&gpu, &host(&neurons, &traces, &weights));
        let frame = Frame {
            size: SIZE,
            camera: camera.view(aspect),
            step: u64::from(step),
            elapsed_steps: 20,
            dt_ms: network.dt_ms,
            settings: settings.clone(),
        };
        gpu.wait()?;
        let start = Instant::now();
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        renderer.draw(&mut encoder, &target.view, &frame);
        gpu.queue.submit([encoder.finish()]);
        gpu.wait()?;
        println!("{kind} frame {index}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    }
    for notice in renderer.notices() {
        println!("{notice}");
    }
    if let Some(fault) = gpu.take_fault() {
        return Err(fault.into());
    }
    target.write(&gpu, &format!("{folder}/{kind}.png"))
}

struct Target {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
}

impl Target {
    fn new(gpu: &Gpu) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("gallery"),
            size: wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { texture, view }
    }

    fn write(&self, gpu: &Gpu, path: &str) -> Result<(), Box<dyn std::error::Error>> {
        let row = SIZE[0] * 4;
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("gallery.copy"),
            size: u64::from(row * SIZE[1]),
            usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None },
            },
            wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
        );
        gpu.queue.submit([encoder.finish()]);
        let piece = spikescope::gpu::Piece { buffer: &buffer, offset: 0, bytes: u64::from(row * SIZE[1]) };
        let bytes = spikescope::gpu::read_blocking(gpu, &[piece])?;
        let mut png = png::Encoder::new(std::fs::File::create(path)?, SIZE[0], SIZE[1]);
        png.set_color(png::ColorType::Rgba);
        png.set_depth(png::BitDepth::Eight);
        png.write_header()?.write_image_data(&bytes)?;
        println!("{path}");
        Ok(())
    }
}
