//! Rings around the picked neuron and its strongest partners. In go neurons and weights, out comes one small draw.

use bytemuck::{Pod, Zeroable};

use super::shaders;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, group, group_layout};
use crate::gpu::Gpu;

/// Rings at once, the picked neuron's included.
const MARKS_MOST: usize = 65;

/// One ring. WGSL twin: `Mark` in `shaders/render/marks.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct Mark {
    /// Id.
    pub neuron: u32,
    /// 0 to 1.
    pub strength: f32,
    /// 0 the picked neuron, 1 excitatory partner, 2 inhibitory partner.
    pub colour: u32,
    /// Unused.
    pub _padding: u32,
}

/// The draw and its rings.
pub(super) struct Marks {
    pipeline: wgpu::RenderPipeline,
    buffer: wgpu::Buffer,
    group: wgpu::BindGroup,
    shown: Vec<Mark>,
}

impl Marks {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let layout = group_layout(device, "render.marks", &[Bound::Read]);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("render.marks"),
            size: (MARKS_MOST * size_of::<Mark>()) as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            pipeline: Draw {
                source: &shaders::MARKS,
                groups: &[view, activity, &layout],
                format: LIGHT_FORMAT,
                depth: Depth::Ignore,
                mix: Mix::Add,
                constants: &[],
            }
            .pipeline(device),
            group: group(device, "render.marks", &layout, &[buffer.as_entire_binding()]),
            buffer,
            shown: Vec::new(),
        }
    }

    /// Rings for a picked neuron and its partners (neuron, weight; negative weights are inhibitory).
    pub(super) fn set(&mut self, gpu: &Gpu, picked: Option<u32>, partners: &[(u32, f32)]) {
        let largest = partners.iter().fold(f32::MIN_POSITIVE, |m, (_, weight)| m.max(weight.abs()));
        let marks: Vec<Mark> = picked
            .map(|neuron| Mark { neuron, strength: 1.0, ..Mark::default() })
            .into_iter()
            .chain(partners.iter().filter(|_| picked.is_some()).map(|&(neuron, weight)| Mark {
                neuron,
                strength: (weight.abs() / largest).min(1.0),
                colour: if weight < 0.0 { 2 } else { 1 },
                _padding: 0,
            }))
            .take(MARKS_MOST)
            .collect();
        if marks != self.shown {
            if !marks.is_empty() {
                gpu.queue.write_buffer(&self.buffer, 0, bytemuck::cast_slice(&marks));
            }
            self.shown = marks;
        }
    }

    /// Groups 0 and 1 are set.
    pub(super) fn draw(&self, pass: &mut wgpu::RenderPass<'_>) {
        if self.shown.is_empty() {
            return;
        }
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(2, &self.group, &[]);
        pass.draw(0..6 * self.shown.len() as u32, 0..1);
    }
}
