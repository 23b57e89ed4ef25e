//! The renderer: owns the pipelines, what was loaded of a network, and the targets; in go activity buffers and frames, out
//! come pictures in any texture view. Never asks where activity comes from, and never writes to it.

use std::sync::Arc;

use wgpu::util::DeviceExt;

use super::bloom::Bloom;
use super::camera::Camera;
use super::colour;
use super::frame::{Bounds, Extras, Frame, FrameUniform, PopulationLook};
use super::gather::{Gather, Gathered};
use super::marks::Marks;
use super::notices::Facts;
use super::pick::nearest_neuron;
use super::points::Points;
use super::sampling;
use super::shaders;
use super::synapses::{Lines, Synapses};
use super::targets::{GlowChain, TargetLayouts, Targets};
use super::tile::Tile;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, attachment, group, group_layout};
use crate::engine::NeuronState;
use crate::gpu::Gpu;
use crate::model::Network;
use crate::session::view::{ChannelSlot, Direction, PointStyle, SynapseLayers};
use crate::session::{ActivityBuffers, ViewSettings};

/// Sizes of pictures whose textures are kept.
const SIZES_KEPT: usize = 2;

/// Draws networks.
pub struct Renderer {
    gpu: Arc<Gpu>,
    view_layout: wgpu::BindGroupLayout,
    activity_layout: wgpu::BindGroupLayout,
    tone_layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    stage: wgpu::RenderPipeline,
    tone: wgpu::RenderPipeline,
    points: Points,
    gather: Gather,
    synapses: Synapses,
    marks: Marks,
    bloom: Bloom,
    chain: GlowChain,
    uniform: wgpu::Buffer,
    maps: wgpu::Buffer,
    loaded: Option<Loaded>,
    /// Of the last sizes drawn, the newest last: the window's, and those of a film or a large picture beside it.
    targets: Vec<Targets>,
    picked: Option<u32>,
    neuron_radius: f32,
    facts: Facts,
}

/// What is kept of a network.
struct Loaded {
    bounds: Bounds,
    neuron_count: u32,
    view_group: wgpu::BindGroup,
    activity_group: wgpu::BindGroup,
    weights: Vec<Option<wgpu::Buffer>>,
    synapse_budget: u32,
    segments: u32,
    sample: Option<Lines>,
    of_picked: Option<Lines>,
    partners: Vec<u32>,
}

impl Renderer {
    /// A renderer for targets of this format (sRGB formats are written linearly, others encoded).
    #[must_use]
    pub fn new(gpu: Arc<Gpu>, output_format: wgpu::TextureFormat) -> Self {
        let device = &gpu.device;
        let view_layout = group_layout(device, "render.view", &[Bound::Uniform, Bound::Read, Bound::Read]);
        let activity_layout = group_layout(device, "render.activity", &[Bound::Read, Bound::Read, Bound::Read]);
        let tone_layout = group_layout(device, "render.tone", &[Bound::Texture, Bound::Texture, Bound::Sampler]);
        let chain = GlowChain::new(gpu.is_software());
        let synapses = Synapses::new(device, &view_layout, &activity_layout);
        let gather = Gather::new(device, &view_layout, &activity_layout, &synapses);
        let stage = Draw {
            source: &shaders::STAGE,
            groups: &[&view_layout, &gather.stage_layout],
            format: LIGHT_FORMAT,
            depth: Depth::Ignore,
            mix: Mix::Replace,
            constants: &[],
        }
        .pipeline(device);
        let encodes = if output_format.is_srgb() { 0.0 } else { 1.0 };
        let tone = Draw {
            source: &shaders::TONE,
            groups: &[&view_layout, &tone_layout],
            format: output_format,
            depth: Depth::Absent,
            mix: Mix::Replace,
            constants: &[("encode_srgb", encodes)],
        }
        .pipeline(device);
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("render.smooth"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("render.frame"),
            size: size_of::<FrameUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let maps = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("render.maps"),
            contents: bytemuck::cast_slice(&colour::map_table()),
            usage: wgpu::BufferUsages::STORAGE,
        });
        Self {
            points: Points::new(device, &view_layout, &activity_layout),
            gather,
            synapses,
            marks: Marks::new(device, &view_layout, &activity_layout),
            bloom: Bloom::new(device, chain),
            view_layout,
            activity_layout,
            tone_layout,
            sampler,
            stage,
            tone,
            chain,
            uniform,
            maps,
            loaded: None,
            targets: Vec::new(),
            picked: None,
            neuron_radius: ViewSettings::default().neuron_radius,
            facts: Facts::default(),
            gpu,
        }
    }

    /// Takes a network and its activity: positions, population looks, bindings. Call it again for another network, and
    /// when [`ActivityBuffers::update`] says that the buffers are others.
    pub fn load(&mut self, network: &Network, activity: &ActivityBuffers, settings: &ViewSettings) {
        let device = &self.gpu.device;
        let neuron_count = drawable_neurons(&self.gpu, network);
        let positions: Vec<[f32; 4]> = network
            .populations
            .iter()
            .enumerate()
            .flat_map(|(index, population)| population.neurons().map(move |neuron| (index as u32, neuron)))
            .take(neuron_count as usize)
            .map(|(population, neuron)| {
                let [x, y, z] = network.positions.get(neuron as usize).copied().unwrap_or([f32::NAN; 3]);
                [x, y, z, f32::from_bits(population)]
            })
            .chain(std::iter::repeat_n([f32::NAN; 4], usize::from(neuron_count == 0)))
            .collect();
        let storage = |label: &str, contents: &[u8]| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents,
                usage: wgpu::BufferUsages::STORAGE,
            })
        };
        let positions = storage("render.positions", bytemuck::cast_slice(&positions));
        let looks = storage("render.looks", bytemuck::cast_slice(&PopulationLook::of(network)));
        let view_group = group(
            device,
            "render.view",
            &self.view_layout,
            &[self.uniform.as_entire_binding(), looks.as_entire_binding(), self.maps.as_entire_binding()],
        );
        let first = |buffer, bytes_each: usize| {
            let size = std::num::NonZeroU64::new(u64::from(neuron_count.max(1)) * bytes_each as u64);
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size })
        };
        let activity_group = group(
            device,
            "render.activity",
            &self.activity_layout,
            &[
                positions.as_entire_binding(),
                first(&activity.neurons, size_of::<NeuronState>()),
                first(&activity.traces, size_of::<f32>()),
            ],
        );
        let budget = line_budget(&self.gpu, settings.synapse_budget);
        let drawn = sampling::sample(network, budget);
        let segments = line_segments(&self.gpu, drawn.synapses.len());
        let weights = activity.weights.clone();
        let sample = self.synapses.lines(&self.gpu, network, &weights, &drawn, &|_| 1.0, segments);
        self.facts = Facts::new(network, neuron_count, &drawn, budget < settings.synapse_budget);
        self.picked = None;
        self.marks.set(&self.gpu, None, &[]);
        self.loaded = Some(Loaded {
            bounds: Bounds::of(&network.positions),
            neuron_count,
            view_group,
            activity_group,
            weights,
            synapse_budget: settings.synapse_budget,
            segments,
            sample,
            of_picked: None,
            partners: Vec::new(),
        });
    }

    /// Per neuron: bits of a selection (selected 1, hidden 2, sends to it 4, hears it 8). May be called for every picture:
    /// uploaded only when `version` is another one. Hidden neurons are not drawn.
    pub fn set_flags(&mut self, flags: &[u8], version: u64) {
        let _ = (flags, version);
    }

    /// Per neuron: the values of a variable that comes from the host (NaN: none), for one channel, and its own range. May
    /// be called for every picture: uploaded only when `version` is another one.
    pub fn set_values(&mut self, slot: ChannelSlot, values: &[f32], range: [f32; 2], version: u64) {
        let _ = (slot, values, range, version);
    }

    /// True when these settings ask for another sample of synapses than was loaded; [`Self::load`] then makes it.
    #[must_use]
    pub fn needs_load(&self, settings: &ViewSettings) -> bool {
        self.loaded.as_ref().is_none_or(|loaded| loaded.synapse_budget != settings.synapse_budget)
    }

    /// Lights up a neuron and its strongest partners (neuron, weight; negative weights are inhibitory), with their lines.
    /// May be called for every picture: work is done only when something changed.
    pub fn set_picked(&mut self, network: &Network, neuron: Option<u32>, partners: &[(u32, f32)]) {
        let neuron = neuron.filter(|&n| n < network.neuron_count());
        self.marks.set(&self.gpu, neuron, partners);
        let Some(loaded) = &mut self.loaded else { return };
        let mut ids: Vec<u32> =
            if neuron.is_some() { partners.iter().map(|(id, _)| *id).collect() } else { Vec::new() };
        ids.sort_unstable();
        if neuron == self.picked && ids == loaded.partners {
            return;
        }
        self.picked = neuron;
        loaded.partners = ids;
        loaded.of_picked = neuron.and_then(|neuron| {
            let budget = line_budget(&self.gpu, loaded.synapse_budget);
            let drawn = sampling::of_neuron(network, neuron, budget);
            self.facts.note_picked(&drawn);
            let emphasis = |k: usize| {
                let s = drawn.synapses[k];
                let other = if s.source == neuron { s.target } else { s.source };
                if loaded.partners.binary_search(&other).is_ok() { 4.0 } else { 1.5 }
            };
            self.synapses.lines(&self.gpu, network, &loaded.weights, &drawn, &emphasis, loaded.segments)
        });
    }

    /// Shows the synapses of these neurons, within the budget. May be called for every picture: work is done only when
    /// `version` is another than before.
    pub fn set_selected(&mut self, network: &Network, ids: &[u32], version: u64) {
        let _ = (network, ids, version, &mut self.facts);
    }

    /// Records the draws of one picture. Before the next picture is recorded, the encoder must be submitted: they share
    /// one uniform. Without a loaded network only the empty stage is drawn, black.
    pub fn draw(&mut self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, frame: &Frame) {
        let tile = Tile::whole(frame.size.map(|s| s.clamp(1, self.gpu.limits.max_texture_dimension_2d)));
        if self.draw_light(encoder, frame, &tile) {
            self.finish(encoder, target, &tile, frame.settings.bloom > 0.0);
        } else {
            encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("render.empty"),
                color_attachments: &[Some(attachment(target, Some(wgpu::Color::BLACK)))],
                ..Default::default()
            });
        }
    }

    /// The first round of a picture in tiles: collects the glow of one of them. Each call wants an encoder of its own,
    /// submitted before the next; no other picture may come between.
    pub fn collect_glow(&mut self, encoder: &mut wgpu::CommandEncoder, frame: &Frame, tile: &Tile) {
        if self.draw_light(encoder, frame, tile)
            && let Some(targets) = self.targets.last()
        {
            self.bloom.collect(encoder, targets, tile);
        }
    }

    /// The second round of a picture in tiles: draws one of them into a target of its size.
    pub fn draw_tile(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        frame: &Frame,
        tile: &Tile,
    ) {
        let tile = &Tile { is_first_look: false, ..*tile };
        if self.draw_light(encoder, frame, tile) {
            self.finish(encoder, target, tile, false);
        }
    }

    /// Between the rounds: spreads the glow that was collected over the picture.
    pub fn spread_glow(&self, encoder: &mut wgpu::CommandEncoder) {
        if let Some(targets) = self.targets.last() {
            self.bloom.spread(encoder, targets);
        }
    }

    /// Everything before the glow; false without a loaded network.
    fn draw_light(&mut self, encoder: &mut wgpu::CommandEncoder, frame: &Frame, tile: &Tile) -> bool {
        let size = tile.size;
        self.choose_targets(tile);
        let (Some(loaded), Some(targets)) = (&self.loaded, self.targets.last()) else { return false };
        let wanted = self.wish(loaded.neuron_count, &frame.settings);
        let gathered = self.gather.prepare(&self.gpu, size, wanted);
        let extras = Extras {
            bounds: loaded.bounds,
            neuron_count: loaded.neuron_count,
            picked: self.picked,
            splat_radius_max_px: splat_radius_max_px(&self.gpu, loaded.neuron_count),
            splat_grid_width: Gather::splat_grid_width(&self.gpu, loaded.neuron_count),
            line_segments: loaded.segments,
            gathered: gathered.bits(),
        };
        let uniform = FrameUniform::new(frame, &extras).of_tile(tile);
        self.neuron_radius = uniform.neuron_radius;
        self.facts.note_frame(&frame.settings, gathered, extras.splat_radius_max_px);
        self.gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform));
        self.look_up_weights(encoder, loaded);
        self.draw_scene(encoder, loaded, targets, gathered, frame.settings.synapses);
        true
    }

    /// Makes the targets of this size the last ones.
    fn choose_targets(&mut self, tile: &Tile) {
        if let Some(at) = self.targets.iter().position(|targets| targets.fit(tile)) {
            return self.targets[at..].rotate_left(1);
        }
        if self.targets.len() == SIZES_KEPT {
            self.targets.remove(0);
        }
        let layouts =
            TargetLayouts { filter: &self.bloom.filter_layout, tone: &self.tone_layout, sampler: &self.sampler };
        self.targets.push(Targets::new(&self.gpu.device, tile, self.chain, &layouts));
    }

    /// Gives back what other sizes than the last one drawn took.
    pub fn forget_other_sizes(&mut self) {
        let last = self.targets.pop();
        self.targets.clear();
        self.targets.extend(last);
    }

    /// Glow (that of tiles is there already), tone curve.
    fn finish(&self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, tile: &Tile, glows: bool) {
        let (Some(loaded), Some(targets)) = (&self.loaded, self.targets.last()) else { return };
        if glows {
            self.bloom.collect(encoder, targets, tile);
            self.bloom.spread(encoder, targets);
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("render.tone"),
            color_attachments: &[Some(attachment(target, Some(wgpu::Color::BLACK)))],
            ..Default::default()
        });
        pass.set_pipeline(&self.tone);
        pass.set_bind_group(0, &loaded.view_group, &[]);
        pass.set_bind_group(1, &targets.tone_group, &[]);
        pass.draw(0..3, 0..1);
    }

    /// What to gather in fixed point rather than rasterise.
    fn wish(&self, neurons: u32, settings: &ViewSettings) -> Gathered {
        let software = self.gpu.is_software();
        match settings.points {
            PointStyle::Quads => Gathered { splats: false, lines: false },
            PointStyle::Splats => Gathered { splats: true, lines: software },
            PointStyle::Auto => Gathered { splats: neurons > if software { 5_000 } else { 500_000 }, lines: software },
        }
    }

    /// Every line follows its weight, hidden or not, so that what was pruned meanwhile does not flash when shown again.
    fn look_up_weights(&self, encoder: &mut wgpu::CommandEncoder, loaded: &Loaded) {
        let all = [&loaded.sample, &loaded.of_picked];
        if !all.iter().any(|lines| lines.as_ref().is_some_and(Lines::has_updates)) {
            return;
        }
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("render.lines_update"),
            timestamp_writes: None,
        });
        pass.set_bind_group(0, &loaded.view_group, &[]);
        for lines in all.into_iter().flatten() {
            self.synapses.update(&mut pass, lines);
        }
    }

    fn draw_scene(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        loaded: &Loaded,
        targets: &Targets,
        gathered: Gathered,
        layers: SynapseLayers,
    ) {
        let sample = loaded.sample.as_ref().filter(|_| layers.sample);
        let of_picked = loaded.of_picked.as_ref().filter(|_| layers.of_selection != Direction::None);
        let shown: Vec<&Lines> = sample.into_iter().chain(of_picked).collect();
        let groups = [&loaded.view_group, &loaded.activity_group];
        if gathered != Gathered::default() {
            self.gather.gather(&self.gpu, encoder, groups, gathered, loaded.neuron_count, &shown);
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("render.scene"),
            color_attachments: &[Some(attachment(&targets.light, Some(wgpu::Color::BLACK)))],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &targets.depth,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(0.0), store: wgpu::StoreOp::Discard }),
                stencil_ops: None,
            }),
            ..Default::default()
        });
        pass.set_bind_group(0, groups[0], &[]);
        pass.set_bind_group(1, self.gather.stage_group(), &[]);
        pass.set_pipeline(&self.stage);
        pass.draw(0..3, 0..1);
        pass.set_bind_group(1, groups[1], &[]);
        if !gathered.splats {
            self.points.draw_spheres(&mut pass, loaded.neuron_count);
        }
        if !gathered.lines {
            for lines in shown {
                self.synapses.draw(&mut pass, lines);
            }
        }
        if !gathered.splats {
            self.points.draw_flashes(&mut pass, loaded.neuron_count);
        }
        self.marks.draw(&mut pass);
    }

    /// The neuron under a pixel (from the top left), if any is near.
    #[must_use]
    pub fn pick(&self, network: &Network, camera: &Camera, size: [u32; 2], at: [f32; 2]) -> Option<u32> {
        let view = camera.view(size[0].max(1) as f32 / size[1].max(1) as f32);
        nearest_neuron(&network.positions, self.neuron_radius, &view, size, at, |_| true)
    }

    /// What is sampled, capped or stretched in the picture, and what colours mean; one line each.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        self.facts.lines()
    }
}

/// Largest radius of a splat: fewer pixels each, the more there are, where that is slow.
fn splat_radius_max_px(gpu: &Gpu, neurons: u32) -> f32 {
    match (gpu.is_software(), neurons) {
        (false, _) => 8.0,
        (true, 0..=20_000) => 6.0,
        (true, 20_001..=200_000) => 3.0,
        (true, _) => 1.0,
    }
}

/// Lines that this adapter draws fast enough, at most what was asked for.
fn line_budget(gpu: &Gpu, asked: u32) -> u32 {
    asked.min(if gpu.is_software() { 20_000 } else { 500_000 })
}

/// Pieces per curved line: fewer where vertices are expensive or lines are many.
fn line_segments(gpu: &Gpu, lines: usize) -> u32 {
    match (gpu.is_software(), lines) {
        (true, 0..=1_000) | (false, 100_001..) => 10,
        (true, _) => 7,
        (false, _) => 18,
    }
}

/// Neurons whose state can be bound at once, and drawn with six vertices each.
fn drawable_neurons(gpu: &Gpu, network: &Network) -> u32 {
    let bound = gpu.limits.max_storage_buffer_binding_size / size_of::<NeuronState>() as u64;
    network.neuron_count().min(u32::try_from(bound).unwrap_or(u32::MAX)).min(u32::MAX / 6)
}
