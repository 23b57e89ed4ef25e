//! The renderer: owns the pipelines, what was loaded of a network, and the targets; in go activity buffers and frames, out
//! come pictures in any texture view. Never asks where activity comes from, and never writes to it.

use std::sync::Arc;

use wgpu::util::DeviceExt;

use super::arcs::{ArcPipeline, Arcs};
use super::bloom::Bloom;
use super::camera::Camera;
use super::colour;
use super::detail::{detail, far_of, spheres_px, splat_radius_max_px};
use super::frame::{Bounds, Extras, Frame, FrameUniform, PopulationLook};
use super::gather::{Gather, GatherKernels, Gathered};
use super::layer_notices;
use super::layers::{Layers, SelectionChange};
use super::lines::{LinePipelines, Lines};
use super::lookup;
use super::marks::Marks;
use super::meanings::{self, LineMeaning};
use super::neurons::{NeuronLayouts, Neurons};
use super::notices::{self, Facts};
use super::pick::nearest_neuron;
use super::points::{PointDraws, Points};
use super::quality::Governor;
use super::shaders;
use super::targets::{GlowChain, TargetLayouts, Targets};
use super::tile::Tile;
use super::variants::{Special, Variants};
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, attachment, group, group_layout};
use crate::engine::Activity;
use crate::gpu::Gpu;
use crate::model::Network;
use crate::session::traffic::Traffic;
use crate::session::view::{Channel, ChannelSlot, PointStyle, Theme, Variable};
use crate::session::{ActivityBuffers, ViewSettings};

/// Sizes of pictures whose textures are kept.
const SIZES_KEPT: usize = 2;

/// Draws networks.
pub struct Renderer {
    gpu: Arc<Gpu>,
    view_layout: wgpu::BindGroupLayout,
    neuron_layouts: NeuronLayouts,
    tone_layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    stage: Variants<wgpu::RenderPipeline>,
    tone: Variants<wgpu::RenderPipeline>,
    output_format: wgpu::TextureFormat,
    /// Size of the last picture as it is shown.
    shown: [u32; 2],
    points: Points,
    gather: Gather,
    lines: LinePipelines,
    arcs: ArcPipeline,
    marks: Marks,
    bloom: Bloom,
    chain: GlowChain,
    uniform: wgpu::Buffer,
    maps: wgpu::Buffer,
    /// What the lookup table was made of.
    mapped: Option<Mapped>,
    governor: Governor,
    loaded: Option<Loaded>,
    /// Of the last sizes drawn, the newest last: the window's, and those of a film or a large picture beside it.
    targets: Vec<Targets>,
    picked: Option<u32>,
    neuron_radius: f32,
    facts: Facts,
}

/// What a lookup table is made of: channels, theme, ranges of the values from the host.
type Mapped = ([Channel; 3], Theme, [Option<[f32; 2]>; 3]);

/// What a channel shows, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Legend {
    /// For colours: sRGB from the least value to the greatest, evenly spaced, as the picture has them.
    pub colours: Vec<[f32; 3]>,
    /// Variable, range and unit in words.
    pub text: String,
}

/// What the scene of one picture is drawn with.
struct ScenePipelines {
    stage: wgpu::RenderPipeline,
    points: PointDraws,
    gather: GatherKernels,
}

/// What is kept of a network.
struct Loaded {
    bounds: Bounds,
    neurons: Neurons,
    view_group: wgpu::BindGroup,
    dt_ms: f64,
    layers: Layers,
}

impl Renderer {
    /// A renderer for targets of this format (sRGB formats are written linearly, others encoded).
    #[must_use]
    pub fn new(gpu: Arc<Gpu>, output_format: wgpu::TextureFormat) -> Self {
        let device = &gpu.device;
        let view_layout = group_layout(device, "render.view", &[Bound::Uniform, Bound::Read, Bound::Read]);
        let neuron_layouts = NeuronLayouts::new(device);
        let tone_layout = group_layout(device, "render.tone", &[Bound::Texture, Bound::Texture, Bound::Sampler]);
        let chain = GlowChain::new(gpu.is_software());
        let lines = LinePipelines::new(device, &view_layout, &neuron_layouts.activity);
        let gather = Gather::new(device);
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
        let maps = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("render.maps"),
            size: (2 * lookup::MAP_LEN * size_of::<[f32; 4]>()) as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            points: Points::new(),
            gather,
            lines,
            arcs: ArcPipeline::new(device, &view_layout, &neuron_layouts.activity),
            marks: Marks::new(device, &view_layout, &neuron_layouts.activity),
            bloom: Bloom::new(device, chain),
            view_layout,
            neuron_layouts,
            tone_layout,
            sampler,
            stage: Variants::new(),
            tone: Variants::new(),
            output_format,
            shown: [0; 2],
            chain,
            uniform,
            maps,
            mapped: None,
            governor: Governor::new(gpu.is_software()),
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
        let neurons = Neurons::new(&self.gpu, &self.neuron_layouts, network, activity);
        let storage = |label: &str, contents: &[u8]| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents,
                usage: wgpu::BufferUsages::STORAGE,
            })
        };
        let looks = storage("render.looks", bytemuck::cast_slice(&PopulationLook::of(network)));
        let view_group = group(
            device,
            "render.view",
            &self.view_layout,
            &[self.uniform.as_entire_binding(), looks.as_entire_binding(), self.maps.as_entire_binding()],
        );
        let layers = Layers::new(
            &self.gpu,
            &self.lines,
            network,
            &activity.weights,
            settings,
            Arcs::new(device, &self.arcs, network),
        );
        self.facts = Facts::new(network, neurons.count);
        self.picked = None;
        self.marks.set(&self.gpu, None, &[]);
        self.loaded =
            Some(Loaded { bounds: Bounds::of(&network.positions), neurons, view_group, dt_ms: network.dt_ms, layers });
    }

    /// Per neuron: bits of a selection (selected 1, hidden 2, sends to it 4, hears it 8). May be called for every picture:
    /// uploaded only when `version` is another one. Hidden neurons are not drawn.
    pub fn set_flags(&mut self, flags: &[u8], version: u64) {
        if let Some(loaded) = &mut self.loaded {
            loaded.neurons.set_flags(&self.gpu, flags, version);
        }
    }

    /// Per neuron: the values of a variable that comes from the host (NaN: none), for one channel, and its own range. May
    /// be called for every picture: uploaded only when `version` is another one.
    pub fn set_values(&mut self, slot: ChannelSlot, values: &[f32], range: [f32; 2], version: u64) {
        if let Some(loaded) = &mut self.loaded {
            loaded.neurons.set_values(&self.gpu, &self.neuron_layouts, slot, (values, range), version);
        }
    }

    /// True when these settings ask for another sample of synapses than was loaded; [`Self::load`] then makes it.
    #[must_use]
    pub fn needs_load(&self, settings: &ViewSettings) -> bool {
        self.loaded.as_ref().is_none_or(|loaded| loaded.layers.lacks(&self.gpu, settings))
    }

    /// Lights up a neuron and its strongest partners (neuron, weight; negative weights are inhibitory), with their lines.
    /// May be called for every picture: work is done only when something changed.
    pub fn set_picked(&mut self, network: &Network, neuron: Option<u32>, partners: &[(u32, f32)]) {
        let neuron = neuron.filter(|&n| n < network.neuron_count());
        self.marks.set(&self.gpu, neuron, partners);
        let Some(loaded) = &mut self.loaded else { return };
        self.picked = neuron;
        loaded.layers.select(&self.gpu, &self.lines, network, SelectionChange::Picked(neuron));
    }

    /// Shows the synapses of these neurons, within the budget. May be called for every picture: work is done only when
    /// `version` is another than before.
    pub fn set_selected(&mut self, network: &Network, ids: &[u32], version: u64) {
        if let Some(loaded) = &mut self.loaded {
            loaded.layers.select(&self.gpu, &self.lines, network, SelectionChange::Selected(ids, version));
        }
    }

    /// Follows the weights for layers that rank synapses or show the pruned. Call it once before each picture. `wait`: do
    /// not come back before what was found is there, so that the same run gives the same pictures; else never blocks.
    pub fn follow(&mut self, network: &Arc<Network>, activity: &Activity<'_>, settings: &ViewSettings, wait: bool) {
        if let Some(loaded) = &mut self.loaded {
            loaded.layers.follow(&self.gpu, &self.lines, network, activity, (settings.synapses, wait));
        }
    }

    /// What goes through each projection, for arcs, and what its synapses weigh now, for the light of lines.
    pub fn set_traffic(&mut self, traffic: &[Traffic]) {
        if let Some(loaded) = &mut self.loaded {
            loaded.layers.set_traffic(&self.gpu, traffic);
        }
    }

    /// The version of the selection whose synapses are shown; see [`Self::set_selected`].
    #[must_use]
    pub fn selected_version(&self) -> u64 {
        self.loaded.as_ref().map_or(0, |loaded| loaded.layers.selected_version())
    }

    /// Records the draws of one picture. Before the next picture is recorded, the encoder must be submitted: they share
    /// one uniform. Without a loaded network only the empty stage is drawn, black.
    pub fn draw(&mut self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, frame: &Frame) {
        let resolution = self.governor.level(frame.settings.quality).resolution;
        let most = self.gpu.limits.max_texture_dimension_2d;
        let tile = Tile::whole(frame.size.map(|s| ((s as f32 * resolution).round() as u32).clamp(1, most)));
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
        self.choose_targets(tile);
        let settings = &frame.settings;
        let level = self.governor.level(settings.quality);
        let wanted = self.wish(settings);
        let gathered = self.gather.prepare(&self.gpu, tile.size, wanted);
        let (Some(loaded), Some(_)) = (&mut self.loaded, self.targets.last()) else { return false };
        loaded.layers.prepare(&self.gpu, settings, far_of(frame, &loaded.bounds));
        self.shown = frame.size;
        let picture = tile.picture;
        let shown = frame.size[1].max(1) as f32;
        let scale = picture[1] as f32 / shown;
        // A larger picture is the same one with more detail.
        let factor = level.sphere_radius * scale * tile.detail();
        let spheres_px = spheres_px(&self.gpu, settings.points, gathered.splats, factor);
        let detail = detail(&self.gpu, settings, &loaded.bounds, spheres_px, level, picture[1] as f32);
        loaded.neurons.plan(&self.gpu, &frame.camera, &detail);
        let plan = &loaded.neurons.plan;
        let splat_cells = plan.cells.len() as u32 - plan.sphere_cells;
        let gathered = Gathered { splats: gathered.splats && splat_cells > 0, ..gathered };
        let extras = Extras {
            bounds: loaded.bounds,
            neuron_count: loaded.neurons.count,
            picked: self.picked,
            splat_radius_max_px: splat_radius_max_px(&self.gpu, settings.points, loaded.neurons.count, spheres_px),
            splat_grid_width: Gather::splat_grid_width(&self.gpu, splat_cells),
            has_selection: loaded.neurons.has_selection,
            spheres_px,
            level,
            ranges: loaded.neurons.ranges,
        };
        let uniform = FrameUniform {
            splat_cells_first: plan.sphere_cells,
            splat_cells_count: splat_cells,
            drawn_scale: scale,
            ..FrameUniform::new(&Frame { size: picture, ..frame.clone() }, &extras).of_tile(tile)
        };
        self.neuron_radius = uniform.neuron_radius;
        let points = gathered.splats.then_some(notices::Points {
            seen: plan.seen,
            drawn: plan.drawn,
            has_spheres: plan.sphere_cells > 0,
        });
        self.facts.note_frame(settings, gathered, points);
        self.facts.note_level(self.governor.notice(settings.quality), loaded.neurons.ranges);
        self.gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform));
        let mapped = (ChannelSlot::ALL.map(|slot| settings.channel(slot).clone()), settings.theme, extras.ranges);
        if self.mapped.as_ref() != Some(&mapped) {
            let table = lookup::table(settings, extras.ranges);
            self.gpu.queue.write_buffer(&self.maps, 0, bytemuck::cast_slice(&table));
            self.mapped = Some(mapped);
        }
        let special = Special {
            is_light: settings.theme == Theme::Light,
            by: [uniform.colour.by, uniform.size.by, uniform.height.by],
            ..Special::default()
        };
        let pipelines = self.choose_pipelines(special, gathered);
        let (Some(loaded), Some(targets)) = (&self.loaded, self.targets.last()) else { return false };
        self.look_up_weights(encoder, loaded);
        self.draw_scene(encoder, loaded, targets, gathered, &pipelines);
        true
    }

    /// What the scene is drawn with.
    fn choose_pipelines(&mut self, special: Special, gathered: Gathered) -> ScenePipelines {
        let device = &self.gpu.device;
        let (view, neurons) = (&self.view_layout, &self.neuron_layouts);
        let bits = gathered.bits();
        let of_stage = Special { by: [0; 3], gathered: bits, ..special };
        let stage_layout = &self.gather.stage_layout;
        let stage = self.stage.choose(of_stage, || {
            let [theme] = special.of_theme();
            Draw {
                source: &shaders::STAGE,
                groups: &[view, stage_layout],
                format: LIGHT_FORMAT,
                depth: Depth::Ignore,
                mix: Mix::Replace,
                constants: &[theme, ("gathered", f64::from(bits))],
            }
            .pipeline(device)
        });
        let styles = self.loaded.iter().flat_map(|loaded| loaded.layers.shining()).map(|lines| lines.set().style);
        let styles = styles.filter(|_| gathered.lines);
        ScenePipelines {
            stage,
            points: self.points.choose(device, view, neurons, special),
            gather: self.gather.choose(device, (view, neurons, &self.lines), special, styles),
        }
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
    fn finish(&mut self, encoder: &mut wgpu::CommandEncoder, target: &wgpu::TextureView, tile: &Tile, glows: bool) {
        let is_light = self.mapped.as_ref().is_some_and(|(_, theme, _)| *theme == Theme::Light);
        let is_scaled = tile.is_whole() && tile.picture != self.shown;
        let special = Special { is_light, is_scaled, ..Special::default() };
        let tone = self.tone.choose(special, || {
            let [theme] = special.of_theme();
            let encodes = f64::from(u8::from(!self.output_format.is_srgb()));
            let scaled = f64::from(u8::from(is_scaled));
            Draw {
                source: &shaders::TONE,
                groups: &[&self.view_layout, &self.tone_layout],
                format: self.output_format,
                depth: Depth::Absent,
                mix: Mix::Replace,
                constants: &[theme, ("encode_srgb", encodes), ("is_scaled", scaled)],
            }
            .pipeline(&self.gpu.device)
        });
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
        pass.set_pipeline(&tone);
        pass.set_bind_group(0, &loaded.view_group, &[]);
        pass.set_bind_group(1, &targets.tone_group, &[]);
        pass.draw(0..3, 0..1);
    }

    /// What to gather in fixed point rather than rasterise.
    fn wish(&self, settings: &ViewSettings) -> Gathered {
        let lines = self.gpu.is_software() && settings.points != PointStyle::Quads;
        Gathered { splats: settings.points != PointStyle::Quads, lines }
    }

    /// Every line follows its weight, shown or not.
    fn look_up_weights(&self, encoder: &mut wgpu::CommandEncoder, loaded: &Loaded) {
        let mut changing = loaded.layers.changing().peekable();
        if changing.peek().is_none() {
            return;
        }
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("render.lines_update"),
            timestamp_writes: None,
        });
        pass.set_bind_group(0, &loaded.view_group, &[]);
        for lines in changing {
            self.lines.update(&mut pass, lines);
        }
    }

    fn draw_scene(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        loaded: &Loaded,
        targets: &Targets,
        gathered: Gathered,
        pipelines: &ScenePipelines,
    ) {
        let shining: Vec<&Lines> = loaded.layers.shining().collect();
        let neurons = &loaded.neurons;
        if gathered != Gathered::default() {
            self.gather.gather(
                &self.gpu,
                encoder,
                &loaded.view_group,
                (gathered, &pipelines.gather),
                neurons,
                &shining,
            );
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
        pass.set_bind_group(0, &loaded.view_group, &[]);
        pass.set_bind_group(1, self.gather.stage_group(), &[]);
        pass.set_pipeline(&pipelines.stage);
        pass.draw(0..3, 0..1);
        pass.set_bind_group(1, &neurons.activity_group, &[]);
        pipelines.points.draw_spheres(&mut pass, neurons);
        if !gathered.lines {
            self.lines.set_indices(&mut pass);
            for lines in shining {
                self.lines.draw(&mut pass, lines);
            }
        }
        pipelines.points.draw_flashes(&mut pass, neurons);
        self.lines.set_indices(&mut pass);
        self.arcs.draw(&mut pass, &loaded.layers.arcs);
        self.marks.draw(&mut pass);
    }

    /// The neuron under a pixel (from the top left), if any is near.
    #[must_use]
    pub fn pick(&self, network: &Network, camera: &Camera, size: [u32; 2], at: [f32; 2]) -> Option<u32> {
        let view = camera.view(size[0].max(1) as f32 / size[1].max(1) as f32);
        nearest_neuron(&network.positions, self.neuron_radius, &view, size, at, |_| true)
    }

    /// Takes note of how long a frame took that somebody waited for, so that quality can follow.
    pub fn note_frame_time(&mut self, frame: std::time::Duration) {
        self.governor.note(frame);
    }

    /// Whether the picture stands still: then it is drawn whole, unless quality is pinned.
    pub const fn set_at_rest(&mut self, is_at_rest: bool) {
        self.governor.set_at_rest(is_at_rest);
    }

    /// What a channel shows; none where it shows nothing, and for colours by population. `samples`: how many colours.
    #[must_use]
    pub fn legend(&self, slot: ChannelSlot, settings: &ViewSettings, samples: usize) -> Option<Legend> {
        let channel = settings.channel(slot);
        if channel.by == Variable::Population {
            return None;
        }
        let own = self.loaded.as_ref().and_then(|loaded| loaded.neurons.ranges[slot as usize]);
        let classes = colour::classes_in(channel.transfer.range.or(own));
        let colours = if slot == ChannelSlot::Colour {
            colour::scale(channel, settings.theme, classes, samples)
        } else {
            Vec::new()
        };
        Some(Legend { colours, text: self.facts.legend(slot, settings)? })
    }

    /// What the lines of the last picture mean: one entry for every colour and pattern in use.
    #[must_use]
    pub fn line_meanings(&self) -> Vec<LineMeaning> {
        self.loaded.as_ref().map_or_else(Vec::new, |loaded| meanings::meanings(&loaded.layers))
    }

    /// What is sampled, capped or stretched in the picture, and what colours mean; one line each.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let mut lines = self.facts.lines();
        if let (Some(loaded), Some((settings, are_gathered))) = (&self.loaded, self.facts.frame()) {
            lines.extend(layer_notices::notices(&loaded.layers, settings, loaded.dt_ms, are_gathered));
        }
        lines
    }
}
