//! A renderer with a small network, for tests of pictures. In: neurons, weights and settings. Out: pixels and their light.

#![allow(dead_code, reason = "each test binary uses its own part of these tools")]

use std::sync::{Arc, LazyLock};

use glam::Vec3;
use spikescope::engine::{Activity, NeuronState};
use spikescope::gpu::{Gpu, Piece, read_blocking};
use spikescope::model::{
    Cell, Connectivity, Delays, Network, Population, Projection, Pruning, PruningPolicy, Receptor, Source, Weights,
};
use spikescope::render::{CameraView, Frame, Pose, Renderer};
use spikescope::session::view::{PointStyle, SynapseLayers};
use spikescope::session::{ActivityBuffers, ViewSettings};

#[path = "adapter.rs"]
mod adapter;

pub(crate) const SIZE: [u32; 2] = [192, 128];
pub(crate) const STEP: u64 = 1000;

/// The adapter, opened once, or a printed skip.
pub(crate) fn gpu() -> Option<Arc<Gpu>> {
    static GPU: LazyLock<Option<Arc<Gpu>>> = LazyLock::new(adapter::gpu);
    GPU.clone()
}

pub(crate) fn population(first: u32, size: u32, colour: [f32; 3]) -> Population {
    let cell = Cell::Source(Source::Poisson { rate_hz: 10.0 });
    Population { name: format!("p{first}"), first, size, cell, shape: None, colour }
}

/// Populations of one neuron each, at these places, without synapses.
pub(crate) fn singles(places: &[[f32; 3]], colours: &[[f32; 3]]) -> Network {
    Network {
        name: "singles".into(),
        dt_ms: 1.0,
        populations: colours.iter().enumerate().map(|(k, &colour)| population(k as u32, 1, colour)).collect(),
        positions: places.to_vec(),
        ..Network::default()
    }
}

/// Two neurons far apart, joined by one prunable synapse.
pub(crate) fn joined() -> Network {
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
            ..Default::default()
        }),
    });
    network
}

pub(crate) fn quiet(count: usize) -> Vec<NeuronState> {
    vec![NeuronState::default(); count]
}

/// Nothing but neurons: no glow, no fog.
pub(crate) fn plain(points: PointStyle) -> ViewSettings {
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

pub(crate) fn view() -> CameraView {
    let aspect = SIZE[0] as f32 / SIZE[1] as f32;
    CameraView::new(Pose { eye: [0.0, 0.0, 14.0], target: [0.0; 3], fov_degrees: 45.0 }, aspect)
}

/// A renderer with a network, ready for several pictures.
pub(crate) struct Studio {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) renderer: Renderer,
    pub(crate) buffers: ActivityBuffers,
    pub(crate) weights: Vec<Option<Vec<f32>>>,
    pub(crate) rate_before: Vec<f32>,
    pub(crate) texture: wgpu::Texture,
    pub(crate) camera: CameraView,
    pub(crate) drawn_step: u64,
}

impl Studio {
    pub(crate) fn new(gpu: Arc<Gpu>, network: &Network, settings: &ViewSettings) -> Self {
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
        let buffers = ActivityBuffers::new(&gpu, &host(&neurons, &rate_before, &weights));
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

    pub(crate) fn shoot(&mut self, neurons: &[NeuronState], settings: &ViewSettings, step: u64) -> Picture {
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

pub(crate) fn host<'a>(
    neurons: &'a [NeuronState],
    rate_before: &'a [f32],
    weights: &'a [Option<Vec<f32>>],
) -> Activity<'a> {
    Activity::Host { neurons, rate_before, weights: weights.iter().map(Option::as_deref).collect() }
}

/// Rows of red, green, blue, alpha.
#[derive(Clone, PartialEq)]
pub(crate) struct Picture {
    pub(crate) bytes: Vec<u8>,
}

impl Picture {
    /// Linear light of a pixel, as far as the tone curve is straight.
    pub(crate) fn light(&self, x: u32, y: u32) -> Vec3 {
        let at = 4 * (y * SIZE[0] + x) as usize;
        Vec3::from_array([0, 1, 2].map(|c| spikescope::render::colour::linear(f32::from(self.bytes[at + c]) / 255.0)))
    }

    /// What this has more than another: per pixel, linear.
    pub(crate) fn beyond(&self, dark: &Self) -> Vec<(u32, u32, Vec3)> {
        let pixels = (0..SIZE[1]).flat_map(|y| (0..SIZE[0]).map(move |x| (x, y)));
        pixels.map(|(x, y)| (x, y, self.light(x, y) - dark.light(x, y))).collect()
    }

    pub(crate) fn total_beyond(&self, dark: &Self) -> Vec3 {
        self.beyond(dark).into_iter().map(|(.., light)| light).sum()
    }
}

pub(crate) fn spiking(count: usize, which: usize, last_spike_step: u64) -> Vec<NeuronState> {
    let mut neurons = quiet(count);
    neurons[which].last_spike_step = last_spike_step as u32;
    neurons
}
