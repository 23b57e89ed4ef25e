//! Synapses as lines of light. In go drawn synapses and the weight buffers, out come the kernel that looks up live
//! weights and the draw. Lines live in buffers of a fixed size; nothing is allocated per picture.

use bytemuck::{Pod, Zeroable};
use glam::Vec3;
use wgpu::util::DeviceExt;

use super::colour;
use super::sampling::Drawn;
use super::shaders;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, group, group_layout, kernel};
use crate::gpu::Gpu;
use crate::model::{Network, Receptor};

/// Workgroup size of the update kernel.
const WORKGROUP: u32 = 64;
/// A share that says: not looked at yet.
const UNKNOWN: f32 = -2.0;
/// Crowding: this many lines shine at full opacity, more share it.
const LINES_AT_FULL_OPACITY: f32 = 140.0;

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
    /// Factor on its light.
    pub emphasis: f32,
}

/// How lines of one projection look. WGSL twin: `ProjectionLook` in `shaders/render/line.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct ProjectionLook {
    /// Linear.
    pub colour: [f32; 3],
    /// Opacity, corrected for sampling and crowding.
    pub gain: f32,
    /// Scene units.
    pub axis: [f32; 3],
    /// Sideways bulge, share of the length.
    pub bend: f32,
    /// Scene units.
    pub middle: [f32; 3],
    /// The share at which a line shines fully.
    pub share_full: f32,
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
    /// Unused.
    pub _padding: u32,
}

/// The kernel and the draw.
pub(super) struct Synapses {
    line_layout: wgpu::BindGroupLayout,
    update_layout: wgpu::BindGroupLayout,
    update: wgpu::ComputePipeline,
    lines: wgpu::RenderPipeline,
}

/// Lines ready to draw.
pub(super) struct Lines {
    count: u32,
    segments: u32,
    indices: wgpu::Buffer,
    group: wgpu::BindGroup,
    updates: Vec<(wgpu::BindGroup, u32)>,
}

impl Synapses {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let line_layout = group_layout(device, "render.lines", &[Bound::Read, Bound::Read, Bound::Read]);
        let update_layout =
            group_layout(device, "render.lines_update", &[Bound::Read, Bound::Write, Bound::Read, Bound::Uniform]);
        Self {
            update: kernel(device, &shaders::LINES_UPDATE, &[view, &update_layout]),
            lines: Draw {
                source: &shaders::LINES,
                groups: &[view, activity, &line_layout],
                format: LIGHT_FORMAT,
                depth: Depth::Test,
                mix: Mix::Add,
                constants: &[],
            }
            .pipeline(device),
            line_layout,
            update_layout,
        }
    }

    /// Makes lines of the drawn synapses. `emphasis`: per synapse, a factor on its light.
    pub(super) fn lines(
        &self,
        gpu: &Gpu,
        network: &Network,
        weights: &[Option<wgpu::Buffer>],
        drawn: &Drawn,
        emphasis: &dyn Fn(usize) -> f32,
        segments: u32,
    ) -> Option<Lines> {
        if drawn.synapses.is_empty() {
            return None;
        }
        let device = &gpu.device;
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
        let largest: Vec<f32> = drawn
            .ranges
            .iter()
            .map(|range| drawn.synapses[range.clone()].iter().fold(0.0_f32, |m, s| m.max(s.weight.abs())))
            .collect();
        let states: Vec<LineState> = drawn
            .synapses
            .iter()
            .enumerate()
            .map(|(k, s)| {
                let projection = s.projection as usize;
                let live = weights.get(projection).is_some_and(Option::is_some);
                let share = if live { UNKNOWN } else { s.weight.abs() / largest[projection].max(f32::MIN_POSITIVE) };
                LineState { share, average: share, pruned_step: 0, emphasis: emphasis(k) }
            })
            .collect();
        let looks = looks(network, drawn);
        let buffer = |label: &str, contents: &[u8], usage| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
        };
        let storage = wgpu::BufferUsages::STORAGE;
        let line_buffer = buffer("render.lines", bytemuck::cast_slice(&lines), storage);
        let state_buffer = buffer("render.line_states", bytemuck::cast_slice(&states), storage);
        let look_buffer = buffer("render.line_looks", bytemuck::cast_slice(&looks), storage);
        let indices = buffer(
            "render.line_indices",
            bytemuck::cast_slice(&strip_indices(lines.len() as u32, segments)),
            wgpu::BufferUsages::INDEX,
        );
        let group = group(
            device,
            "render.lines",
            &self.line_layout,
            &[line_buffer.as_entire_binding(), state_buffer.as_entire_binding(), look_buffer.as_entire_binding()],
        );
        let updates = self.updates(gpu, weights, drawn, &line_buffer, &state_buffer);
        Some(Lines { count: lines.len() as u32, segments, indices, group, updates })
    }

    /// One dispatch per projection whose weights can change, or per window of them where they cannot be bound at once.
    fn updates(
        &self,
        gpu: &Gpu,
        weights: &[Option<wgpu::Buffer>],
        drawn: &Drawn,
        lines: &wgpu::Buffer,
        states: &wgpu::Buffer,
    ) -> Vec<(wgpu::BindGroup, u32)> {
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
                let uniform = LineRange {
                    first: first as u32,
                    count: (end - first) as u32,
                    synapse_base: base as u32,
                    _padding: 0,
                };
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
                updates.push((bind_group, ((end - first) as u32).div_ceil(WORKGROUP)));
                first = end;
            }
        }
        updates
    }

    /// Lines, states, looks of projections: group 2 of every draw of lines.
    pub(super) const fn line_layout(&self) -> &wgpu::BindGroupLayout {
        &self.line_layout
    }

    /// Looks up live weights. Group 0 is set.
    pub(super) fn update(&self, pass: &mut wgpu::ComputePass<'_>, lines: &Lines) {
        pass.set_pipeline(&self.update);
        for (group, workgroups) in &lines.updates {
            pass.set_bind_group(1, group, &[]);
            pass.dispatch_workgroups(*workgroups, 1, 1);
        }
    }

    /// Groups 0 and 1 are set.
    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>, lines: &Lines) {
        pass.set_pipeline(&self.lines);
        pass.set_bind_group(2, &lines.group, &[]);
        pass.set_index_buffer(lines.indices.slice(..), wgpu::IndexFormat::Uint32);
        pass.draw_indexed(0..6 * lines.piece_count(), 0, 0..1);
    }
}

impl Lines {
    /// Group 2 of every draw of them.
    pub(super) const fn group(&self) -> &wgpu::BindGroup {
        &self.group
    }

    /// Straight pieces, all lines together.
    pub(super) const fn piece_count(&self) -> u32 {
        self.count * self.segments
    }

    /// Something about them can change.
    pub(super) fn has_updates(&self) -> bool {
        !self.updates.is_empty()
    }
}

/// Two triangles per segment of every line; neighbours share their vertices.
fn strip_indices(lines: u32, segments: u32) -> Vec<u32> {
    let mut indices = Vec::with_capacity(6 * segments as usize * lines as usize);
    for line in 0..lines {
        for segment in 0..segments {
            let at = 2 * (line * (segments + 1) + segment);
            indices.extend([at, at + 1, at + 2, at + 2, at + 1, at + 3]);
        }
    }
    indices
}

fn looks(network: &Network, drawn: &Drawn) -> Vec<ProjectionLook> {
    let middles: Vec<Vec3> = network.populations.iter().map(|p| middle_of(network, p.neurons())).collect();
    let crowding = (LINES_AT_FULL_OPACITY / drawn.synapses.len().max(1) as f32).sqrt().clamp(0.03, 1.0);
    network
        .projections
        .iter()
        .enumerate()
        .map(|(index, projection)| {
            let range = drawn.ranges.get(index).cloned().unwrap_or(0..0);
            let inhibitory = projection.receptor == Receptor::Inhibitory
                || drawn.synapses[range.clone()].first().is_some_and(|s| s.weight < 0.0);
            // Each drawn line stands for several: partly made up for, so that density can still be seen.
            let stands_for = drawn.totals[index] as f32 / range.len().max(1) as f32;
            let sampling = stands_for.max(1.0).powf(0.35).min(4.0);
            let changes = if projection.is_mutable() { 1.0 } else { fixed_gain(range.len()) };
            let axis = middles[projection.target] - middles[projection.source];
            let recurrent = projection.source == projection.target || axis.length() < 1e-3;
            ProjectionLook {
                colour: colour::linear_rgb(if inhibitory { colour::INHIBITORY } else { colour::EXCITATORY }),
                gain: crowding * sampling * changes,
                axis: if recurrent { [0.0; 3] } else { axis.to_array() },
                bend: if recurrent { 0.16 } else { 0.0 },
                middle: (0.5 * (middles[projection.target] + middles[projection.source])).to_array(),
                share_full: share_full(network, index, drawn),
            }
        })
        .collect()
}

/// The share of the largest weight at which a line shines fully: five times the mean, where weights can change, since
/// learning makes few strong ones out of many; never more than all.
fn share_full(network: &Network, projection: usize, drawn: &Drawn) -> f32 {
    let p = &network.projections[projection];
    let drawn = &drawn.synapses[drawn.ranges.get(projection).cloned().unwrap_or(0..0)];
    if !p.is_mutable() || drawn.is_empty() {
        return 1.0;
    }
    let mean = match p.normalised_sum {
        Some(sum) => {
            let inputs = network.synapse_count_of(projection) as f32 / network.populations[p.target].size.max(1) as f32;
            sum / inputs.max(1.0)
        }
        None => drawn.iter().map(|s| s.weight.abs()).sum::<f32>() / drawn.len() as f32,
    };
    (5.0 * mean / p.weight_max().max(f32::MIN_POSITIVE)).clamp(0.02, 1.0)
}

/// Lines whose weight never changes stay in the background, the more there are the farther.
fn fixed_gain(lines: usize) -> f32 {
    0.30 * (400.0 / lines.max(1) as f32).sqrt().clamp(0.2, 1.0)
}

fn middle_of(network: &Network, neurons: std::ops::Range<u32>) -> Vec3 {
    let (mut sum, mut count) = (glam::DVec3::ZERO, 0_u32);
    for position in neurons.filter_map(|n| network.positions.get(n as usize)) {
        let position = Vec3::from_array(*position);
        if position.is_finite() {
            sum += position.as_dvec3();
            count += 1;
        }
    }
    (sum / f64::from(count.max(1))).as_vec3()
}
