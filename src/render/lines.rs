//! Sets of synapse lines on the GPU: the kernel that looks up live weights, and the draws of lines and of the pulses that
//! travel along them. In go drawn synapses and the weight buffers. Lines live in buffers of a fixed size; nothing is
//! allocated per picture.

use bytemuck::{Pod, Zeroable};
use wgpu::util::DeviceExt;

use super::looks::{self, Law, ProjectionLook};
use super::sampling::Drawn;
use super::shaders;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, group, group_layout, kernel};
use crate::gpu::{Gpu, grid};
use crate::model::Network;
use crate::session::traffic::Traffic;

/// Workgroup size of all kernels over lines.
pub(super) const WORKGROUP: u32 = 64;
/// A share that says: not looked at yet.
const UNKNOWN: f32 = -2.0;
/// Straight pieces of a pulse.
pub(super) const PULSE_PIECES: u32 = 6;

/// One line. WGSL twin: `Line` in `shaders/render/line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Line {
    /// Neuron id.
    pub source: u32,
    /// Neuron id.
    pub target_neuron: u32,
    /// Within its projection.
    pub synapse: u32,
    /// Projection in the low 16 bits, delay in steps above.
    pub projection_delay: u32,
}

/// What changes about a line. WGSL twin: `LineState` in `shaders/render/line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct LineState {
    /// Weight as a share of the largest; -2: not looked at yet.
    pub share: f32,
    /// The share, averaged over the last while.
    pub average: f32,
    /// 0: alive.
    pub pruned_step: u32,
    /// Light of its last flash, 1 when pruned, then fading.
    pub flash: f32,
}

/// What is the same for all lines of a set. WGSL twin: `LineSet` in `shaders/render/line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct LineSet {
    /// Lines.
    pub count: u32,
    /// Straight pieces per line.
    pub segments: u32,
    /// What the lines stand for, as a number: a sample, inputs, outputs, graves and so on.
    pub style: u32,
    /// Unused.
    pub _padding: u32,
    /// Factor on the light of lines.
    pub gain: f32,
    /// Factor on the light of pulses.
    pub pulse_gain: f32,
    /// Fainter lines are thinned; those that stay take over the light of the others.
    pub quiet: f32,
    /// How much lines are drawn together, 0 to 1.
    pub bundled: f32,
}

/// How the lines of a set are told from others, with and without colours. WGSL twins: constants in
/// `shaders/render/line.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Even.
    Plain = 0,
    /// Brighter towards its end.
    Input = 1,
    /// Dashed.
    Output = 2,
    /// Dotted.
    Dotted = 3,
    /// Where a synapse was: dotted, in the colour of the pruned, by no weight.
    Grave = 4,
}

/// What the update kernel does in one dispatch. WGSL twin: `LineRange` in `shaders/render/lines_update.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct LineRange {
    /// First line.
    pub first: u32,
    /// Lines.
    pub count: u32,
    /// Synapse that the bound weights begin with.
    pub synapse_base: u32,
    /// Workgroups in a row of the grid.
    pub grid_width: u32,
}

/// The kernels and the draws.
pub(super) struct LinePipelines {
    layout: wgpu::BindGroupLayout,
    update_layout: wgpu::BindGroupLayout,
    update: wgpu::ComputePipeline,
    lines: wgpu::RenderPipeline,
    pulses: wgpu::RenderPipeline,
    indices: wgpu::Buffer,
}

/// A set of lines, ready to draw.
pub(super) struct Lines {
    set: LineSet,
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
    updates: Vec<(wgpu::BindGroup, [u32; 2])>,
    looks: Vec<ProjectionLook>,
    /// Some of them excite, some inhibit.
    signs: [bool; 2],
    look_buffer: wgpu::Buffer,
    /// Per projection, at the start: mean weight, where weights can change, and the share at which a line shines fully.
    starts: Vec<(Option<f32>, f32)>,
}

/// Straight pieces of a line at most: what the shared index buffer holds.
pub(super) const PIECES_MOST: u32 = 18;

impl LinePipelines {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let layout = group_layout(device, "render.lines", &[Bound::Read, Bound::Read, Bound::Read, Bound::Uniform]);
        let update_layout =
            group_layout(device, "render.lines_update", &[Bound::Read, Bound::Write, Bound::Read, Bound::Uniform]);
        let draw = |source| {
            let groups = &[view, activity, &layout];
            Draw { source, groups, format: LIGHT_FORMAT, depth: Depth::Test, mix: Mix::Add, constants: &[] }
                .pipeline(device)
        };
        Self {
            update: kernel(device, &shaders::LINES_UPDATE, &[view, &update_layout]),
            lines: draw(&shaders::LINES),
            pulses: draw(&shaders::PULSES),
            indices: device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("render.line_indices"),
                contents: bytemuck::cast_slice(&strip_indices(PIECES_MOST)),
                usage: wgpu::BufferUsages::INDEX,
            }),
            layout,
            update_layout,
        }
    }

    /// Makes lines of the drawn synapses; none of none.
    pub(super) fn lines(
        &self,
        gpu: &Gpu,
        network: &Network,
        weights: &[Option<wgpu::Buffer>],
        drawn: &Drawn,
        (law, style): (Law, Style),
    ) -> Option<Lines> {
        if drawn.synapses.is_empty() {
            return None;
        }
        let device = &gpu.device;
        let count = drawn.synapses.len() as u32;
        let segments = pieces(gpu, drawn.synapses.len());
        let set = LineSet { count, segments, style: style as u32, ..LineSet::default() };
        let storage = |label: &str, contents: &[u8], usage| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
        };
        let lines: Vec<Line> = drawn
            .synapses
            .iter()
            .map(|s| Line {
                source: s.source,
                target_neuron: s.target,
                synapse: s.synapse as u32,
                projection_delay: (s.projection & 0xffff) | (s.delay.min(0xffff) << 16),
            })
            .collect();
        let states = states(weights, drawn);
        let line_buffer = storage("render.lines", bytemuck::cast_slice(&lines), wgpu::BufferUsages::STORAGE);
        let state_buffer = storage("render.line_states", bytemuck::cast_slice(&states), wgpu::BufferUsages::STORAGE);
        let looks = looks::looks(network, drawn, law);
        let copied = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
        let look_buffer = storage("render.line_looks", bytemuck::cast_slice(&looks), copied);
        let uniform = storage(
            "render.line_set",
            bytemuck::bytes_of(&set),
            wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        );
        let bound = [&line_buffer, &state_buffer, &look_buffer, &uniform].map(wgpu::Buffer::as_entire_binding);
        let group = group(device, "render.lines", &self.layout, &bound);
        let updates = if style == Style::Grave {
            Vec::new()
        } else {
            self.updates(gpu, weights, drawn, &line_buffer, &state_buffer)
        };
        let is_drawn = |inhibitory: u32| {
            drawn.ranges.iter().zip(&looks).any(|(range, look)| !range.is_empty() && look.inhibitory == inhibitory)
        };
        let signs = [is_drawn(0), is_drawn(1)];
        let projections = 0..network.projections.len();
        let starts = projections.map(|p| looks::mean_weight(network, p, drawn)).zip(looks.iter().map(|l| l.share_full));
        Some(Lines { set, uniform, group, updates, starts: starts.collect(), looks, signs, look_buffer })
    }

    /// One dispatch per projection whose weights can change, or per window of them where they cannot be bound at once.
    fn updates(
        &self,
        gpu: &Gpu,
        weights: &[Option<wgpu::Buffer>],
        drawn: &Drawn,
        lines: &wgpu::Buffer,
        states: &wgpu::Buffer,
    ) -> Vec<(wgpu::BindGroup, [u32; 2])> {
        let device = &gpu.device;
        // A multiple of 256 bytes, as binding offsets must be.
        let window = (gpu.limits.max_storage_buffer_binding_size / 256 * 256 / size_of::<f32>() as u64).max(64);
        let mut updates = Vec::new();
        for (projection, range) in drawn.ranges.iter().enumerate() {
            let Some(weights) = weights.get(projection).and_then(Option::as_ref) else { continue };
            let mut first = range.start;
            while first < range.end {
                let base = drawn.synapses[first].synapse / window * window;
                let end = first + drawn.synapses[first..range.end].partition_point(|s| s.synapse < base + window);
                let count = (end - first) as u32;
                let grid = grid(count.div_ceil(WORKGROUP), gpu.limits.max_compute_workgroups_per_dimension);
                let uniform = LineRange { first: first as u32, count, synapse_base: base as u32, grid_width: grid[0] };
                let uniform = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                    label: Some("render.line_range"),
                    contents: bytemuck::bytes_of(&uniform),
                    usage: wgpu::BufferUsages::UNIFORM,
                });
                let offset = base * size_of::<f32>() as u64;
                let bytes = weights.size().saturating_sub(offset).min(window * size_of::<f32>() as u64);
                let bound = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: weights,
                    offset,
                    size: std::num::NonZeroU64::new(bytes),
                });
                let bind_group = group(
                    device,
                    "render.lines_update",
                    &self.update_layout,
                    &[lines.as_entire_binding(), states.as_entire_binding(), bound, uniform.as_entire_binding()],
                );
                updates.push((bind_group, grid));
                first = end;
            }
        }
        updates
    }

    /// Lines, states, looks of projections, set: group 2 of every draw of lines.
    pub(super) const fn layout(&self) -> &wgpu::BindGroupLayout {
        &self.layout
    }

    /// Looks up live weights. Group 0 is set.
    pub(super) fn update(&self, pass: &mut wgpu::ComputePass<'_>, lines: &Lines) {
        pass.set_pipeline(&self.update);
        for (group, [x, y]) in &lines.updates {
            pass.set_bind_group(1, group, &[]);
            pass.dispatch_workgroups(*x, *y, 1);
        }
    }

    /// The indices of any strip of at most [`PIECES_MOST`] pieces.
    pub(super) fn set_indices(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_index_buffer(self.indices.slice(..), wgpu::IndexFormat::Uint32);
    }

    /// Groups 0 and 1 are set, and the indices.
    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, lines: &Lines) {
        pass.set_bind_group(2, &lines.group, &[]);
        if lines.set.gain > 0.0 {
            pass.set_pipeline(&self.lines);
            pass.draw_indexed(0..6 * lines.set.segments, 0, 0..lines.set.count);
        }
        if lines.set.pulse_gain > 0.0 {
            pass.set_pipeline(&self.pulses);
            pass.draw_indexed(0..6 * PULSE_PIECES, 0, 0..lines.set.count);
        }
    }
}

impl Lines {
    /// Lines shine by how their weights compare with those of the moment.
    pub(super) fn weigh(&mut self, gpu: &Gpu, traffic: &[Traffic]) {
        /// Less of a change is not worth an upload.
        const NOTICED: f32 = 0.01;
        let mut has_changed = false;
        for ((look, &(start, full)), now) in self.looks.iter_mut().zip(&self.starts).zip(traffic) {
            let Some((start, now)) = start.zip(now.weight_mean) else { continue };
            let wanted = full * looks::full_moves(now / start);
            if (wanted - look.share_full).abs() > NOTICED * look.share_full {
                look.share_full = wanted;
                has_changed = true;
            }
        }
        if has_changed {
            gpu.queue.write_buffer(&self.look_buffer, 0, bytemuck::cast_slice(&self.looks));
        }
    }

    /// Group 2 of every draw of them.
    pub(super) const fn group(&self) -> &wgpu::BindGroup {
        &self.group
    }

    /// What is the same for all of them.
    pub(super) const fn set(&self) -> &LineSet {
        &self.set
    }

    /// Whether some of them excite, and whether some inhibit.
    pub(super) const fn signs(&self) -> [bool; 2] {
        self.signs
    }

    /// Changes what all share; uploaded only where it is new.
    pub(super) fn adjust(&mut self, gpu: &Gpu, change: impl FnOnce(&mut LineSet)) {
        let mut set = self.set;
        change(&mut set);
        if set != self.set {
            self.set = set;
            gpu.queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&set));
        }
    }

    /// Something about them can change.
    pub(super) fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }
}

/// Weights at the start where they stay, not looked at yet where they can change.
fn states(weights: &[Option<wgpu::Buffer>], drawn: &Drawn) -> Vec<LineState> {
    let mut states = Vec::with_capacity(drawn.synapses.len());
    for (projection, range) in drawn.ranges.iter().enumerate() {
        let is_live = weights.get(projection).is_some_and(Option::is_some);
        let synapses = &drawn.synapses[range.clone()];
        let largest = synapses.iter().fold(f32::MIN_POSITIVE, |m, s| m.max(s.weight.abs()));
        states.extend(synapses.iter().map(|s| {
            let share = if is_live { UNKNOWN } else { s.weight.abs() / largest };
            LineState { share, average: share, ..LineState::default() }
        }));
    }
    states
}

/// Straight pieces per line: fewer where they are expensive or lines are many.
fn pieces(gpu: &Gpu, lines: usize) -> u32 {
    match (gpu.is_software(), lines) {
        (true, 0..=1_000) | (false, 100_001..) => 10,
        (true, _) => 7,
        (false, _) => PIECES_MOST,
    }
}

/// Two triangles per piece of one line; neighbours share their vertices.
fn strip_indices(pieces: u32) -> Vec<u32> {
    (0..pieces).flat_map(|piece| [0, 1, 2, 2, 1, 3].map(|corner| 2 * piece + corner)).collect()
}
