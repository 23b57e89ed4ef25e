//! Compute kernels: a pipeline made from one [`ShaderSource`] and a flat list of what it binds. The binding numbers
//! of group 0 follow the order of that list; group 1, where a kernel has it, is one small uniform with a dynamic offset.

use super::shader::ShaderSource;

/// How a kernel binds one buffer of group 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// `var<uniform>`
    Uniform,
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`
    Write,
}

/// A compute pipeline and the layout of its buffers.
pub struct Kernel {
    label: &'static str,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    dynamic: Option<wgpu::BindGroupLayout>,
    slots: usize,
}

impl Kernel {
    /// Compiles `source`, whose entry point is named like the last part of its label (`engine.integrate`: `integrate`).
    /// `dynamic_bytes`: size of the uniform at group 1, when there is one.
    #[must_use]
    pub fn new(device: &wgpu::Device, source: &ShaderSource, slots: &[Slot], dynamic_bytes: Option<u64>) -> Self {
        Self::specialised(device, source, slots, dynamic_bytes, &[])
    }

    /// [`Self::new`] with values for the shader's `override` constants.
    #[must_use]
    pub fn specialised(
        device: &wgpu::Device,
        source: &ShaderSource,
        slots: &[Slot],
        dynamic_bytes: Option<u64>,
        constants: &[(&str, f64)],
    ) -> Self {
        let stem = source.label.rsplit('.').next().unwrap_or(source.label);
        let layout = buffer_layout(device, source.label, slots.iter().map(|slot| (slot.binding_type(), None)));
        let dynamic = dynamic_bytes.map(|bytes| {
            buffer_layout(device, source.label, std::iter::once((wgpu::BufferBindingType::Uniform, Some(bytes))))
        });
        let groups: Vec<Option<&wgpu::BindGroupLayout>> =
            std::iter::once(&layout).chain(dynamic.as_ref()).map(Some).collect();
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(source.label),
            bind_group_layouts: &groups,
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(source.label),
            layout: Some(&pipeline_layout),
            module: &source.module(device),
            entry_point: Some(stem),
            compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
            cache: None,
        });
        Self { label: source.label, pipeline, layout, dynamic, slots: slots.len() }
    }

    /// The shader's label.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        self.label
    }

    /// Group 0 with these buffers, in the order of the slots.
    #[must_use]
    pub fn bind(&self, device: &wgpu::Device, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        debug_assert_eq!(buffers.len(), self.slots, "{}: one buffer per slot", self.label);
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .iter()
            .enumerate()
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.label),
            layout: &self.layout,
            entries: &entries,
        })
    }

    /// Group 1: `bytes` of `buffer`, moved by a dynamic offset. `None` for kernels without it.
    #[must_use]
    pub fn bind_dynamic(&self, device: &wgpu::Device, buffer: &wgpu::Buffer, bytes: u64) -> Option<wgpu::BindGroup> {
        self.dynamic.as_ref().map(|layout| {
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(self.label),
                layout,
                entries: &[wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer,
                        offset: 0,
                        size: std::num::NonZeroU64::new(bytes),
                    }),
                }],
            })
        })
    }

    /// Makes this the pipeline of `pass`, with `group` as group 0.
    pub fn set(&self, pass: &mut wgpu::ComputePass<'_>, group: &wgpu::BindGroup) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, group, &[]);
    }
}

impl Slot {
    const fn binding_type(self) -> wgpu::BufferBindingType {
        match self {
            Self::Uniform => wgpu::BufferBindingType::Uniform,
            Self::Read => wgpu::BufferBindingType::Storage { read_only: true },
            Self::Write => wgpu::BufferBindingType::Storage { read_only: false },
        }
    }
}

/// A grid of at least `workgroups` workgroups within the limit per dimension: (x, y, 1). Kernels number their
/// workgroup `y * grid.x + x` and leave when it is beyond what they need.
#[must_use]
pub fn grid(workgroups: u32, limit_per_dimension: u32) -> [u32; 2] {
    let y = workgroups.div_ceil(limit_per_dimension.max(1)).max(1);
    [workgroups.div_ceil(y).max(1), y]
}

fn buffer_layout(
    device: &wgpu::Device,
    label: &str,
    buffers: impl Iterator<Item = (wgpu::BufferBindingType, Option<u64>)>,
) -> wgpu::BindGroupLayout {
    let entries: Vec<wgpu::BindGroupLayoutEntry> = buffers
        .enumerate()
        .map(|(binding, (ty, dynamic_bytes))| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty,
                has_dynamic_offset: dynamic_bytes.is_some(),
                min_binding_size: dynamic_bytes.and_then(std::num::NonZeroU64::new),
            },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

#[cfg(test)]
mod tests {
    use super::grid;

    #[test]
    fn grids_cover_and_stay_within_the_limit() {
        for workgroups in [0, 1, 64, 65_535, 65_536, 200_000] {
            let [x, y] = grid(workgroups, 65_535);
            assert!(x * y >= workgroups && x <= 65_535 && y <= 65_535 && x * y < workgroups + y.max(2), "{x} {y}");
        }
    }
}
