//! Neurons as additive splats: a kernel adds their light to a fixed-point buffer, a draw adds that to the picture. In go
//! the same groups as for spheres; order never matters, so the same state gives the same bytes.

use super::shaders;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, group, group_layout, kernel};
use crate::gpu::{Gpu, grid};

/// Neurons per workgroup.
const WORKGROUP: u32 = 256;

/// The kernel, the draw, and the buffer between them.
pub(super) struct Splats {
    gather_layout: wgpu::BindGroupLayout,
    read_layout: wgpu::BindGroupLayout,
    gather: wgpu::ComputePipeline,
    resolve: wgpu::RenderPipeline,
    pixels: Option<Pixels>,
}

struct Pixels {
    size: [u32; 2],
    buffer: wgpu::Buffer,
    gather_group: wgpu::BindGroup,
    read_group: wgpu::BindGroup,
}

impl Splats {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let gather_layout = group_layout(device, "render.splats", &[Bound::Write]);
        let read_layout = group_layout(device, "render.splats_resolve", &[Bound::Read]);
        Self {
            gather: kernel(device, &shaders::SPLATS, &[view, activity, &gather_layout]),
            resolve: Draw {
                source: &shaders::SPLATS_RESOLVE,
                groups: &[view, &read_layout],
                format: LIGHT_FORMAT,
                depth: Depth::Ignore,
                mix: Mix::Add,
                constants: &[],
            }
            .pipeline(device),
            gather_layout,
            read_layout,
            pixels: None,
        }
    }

    /// Makes the buffer for pictures of this size. Returns false when the adapter cannot bind one so large.
    pub(super) fn prepare(&mut self, gpu: &Gpu, size: [u32; 2]) -> bool {
        let bytes = 12 * u64::from(size[0]) * u64::from(size[1]);
        if bytes > gpu.limits.max_storage_buffer_binding_size {
            return false;
        }
        if self.pixels.as_ref().is_none_or(|pixels| pixels.size != size) {
            let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("render.splats"),
                size: bytes,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let bind = |label, layout| group(&gpu.device, label, layout, &[buffer.as_entire_binding()]);
            let gather_group = bind("render.splats", &self.gather_layout);
            let read_group = bind("render.splats_resolve", &self.read_layout);
            self.pixels = Some(Pixels { size, buffer, gather_group, read_group });
        }
        true
    }

    /// Workgroups in a row of the kernel's grid.
    pub(super) fn grid_width(gpu: &Gpu, neurons: u32) -> u32 {
        grid(neurons.div_ceil(WORKGROUP), gpu.limits.max_compute_workgroups_per_dimension)[0]
    }

    /// Gathers light. [`Self::prepare`] was called.
    pub(super) fn gather(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        groups: [&wgpu::BindGroup; 2],
        neurons: u32,
    ) {
        let Some(pixels) = &self.pixels else { return };
        encoder.clear_buffer(&pixels.buffer, 0, None);
        let [x, y] = grid(neurons.div_ceil(WORKGROUP), gpu.limits.max_compute_workgroups_per_dimension);
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("render.splats"), timestamp_writes: None });
        pass.set_pipeline(&self.gather);
        pass.set_bind_group(0, groups[0], &[]);
        pass.set_bind_group(1, groups[1], &[]);
        pass.set_bind_group(2, &pixels.gather_group, &[]);
        pass.dispatch_workgroups(x, y, 1);
    }

    /// Adds what was gathered. Group 0 is set; group 1 is set to something else.
    pub(super) fn resolve(&self, pass: &mut wgpu::RenderPass<'_>) {
        let Some(pixels) = &self.pixels else { return };
        pass.set_pipeline(&self.resolve);
        pass.set_bind_group(1, &pixels.read_group, &[]);
        pass.draw(0..3, 0..1);
    }
}
