//! Bind group layouts and pipelines, put together the same way for every draw. In go shader sources and a few choices,
//! out come wgpu objects.

use crate::gpu::shader::ShaderSource;

/// Light is gathered in this format.
pub(super) const LIGHT_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;
/// Reversed depth: 1 near, 0 at infinity.
pub(super) const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;

/// One binding.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    /// `var<uniform>`
    Uniform,
    /// `var<storage, read>`
    Read,
    /// `var<storage, read_write>`, compute only.
    Write,
    /// `texture_2d<f32>`, fragment only.
    Texture,
    /// `texture_2d<u32>`, fragment only.
    Counts,
    /// `sampler`, fragment only.
    Sampler,
}

/// A layout with these bindings, numbered from 0.
pub(super) fn group_layout(device: &wgpu::Device, label: &str, bound: &[Bound]) -> wgpu::BindGroupLayout {
    let entries: Vec<wgpu::BindGroupLayoutEntry> = bound
        .iter()
        .enumerate()
        .map(|(binding, bound)| {
            let buffer = |ty| wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None };
            let (ty, visibility) = match bound {
                Bound::Uniform => (buffer(wgpu::BufferBindingType::Uniform), wgpu::ShaderStages::all()),
                Bound::Read => {
                    (buffer(wgpu::BufferBindingType::Storage { read_only: true }), wgpu::ShaderStages::all())
                }
                Bound::Write => {
                    (buffer(wgpu::BufferBindingType::Storage { read_only: false }), wgpu::ShaderStages::COMPUTE)
                }
                Bound::Texture => (
                    wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Float { filterable: true },
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                    wgpu::ShaderStages::FRAGMENT,
                ),
                Bound::Counts => (
                    wgpu::BindingType::Texture {
                        sample_type: wgpu::TextureSampleType::Uint,
                        view_dimension: wgpu::TextureViewDimension::D2,
                        multisampled: false,
                    },
                    wgpu::ShaderStages::FRAGMENT,
                ),
                Bound::Sampler => {
                    (wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering), wgpu::ShaderStages::FRAGMENT)
                }
            };
            // `all` also names stages that need features; only these three are used.
            let used = wgpu::ShaderStages::VERTEX_FRAGMENT | wgpu::ShaderStages::COMPUTE;
            wgpu::BindGroupLayoutEntry { binding: binding as u32, visibility: visibility & used, ty, count: None }
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

/// A group with these resources, numbered from 0.
pub(super) fn group(
    device: &wgpu::Device,
    label: &str,
    layout: &wgpu::BindGroupLayout,
    resources: &[wgpu::BindingResource<'_>],
) -> wgpu::BindGroup {
    let entries: Vec<wgpu::BindGroupEntry<'_>> = resources
        .iter()
        .enumerate()
        .map(|(binding, resource)| wgpu::BindGroupEntry { binding: binding as u32, resource: resource.clone() })
        .collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries: &entries })
}

/// How a draw meets the depth buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// There is none in its pass.
    Absent,
    /// Everything passes, nothing is written.
    Ignore,
    /// Nearer passes, nothing is written.
    Test,
    /// Nearer passes and is written.
    Write,
}

/// How a draw's light meets what is there.
#[derive(Clone, Copy)]
pub(super) enum Mix {
    /// Takes its place.
    Replace,
    /// Is added.
    Add,
    /// Covers it, premultiplied by alpha.
    Cover,
}

/// What a draw is made of.
pub(super) struct Draw<'a> {
    /// Shader with `vs_main` and `fs_main`.
    pub(super) source: &'a ShaderSource,
    /// Groups 0, 1, ...
    pub(super) groups: &'a [&'a wgpu::BindGroupLayout],
    /// Of the target.
    pub(super) format: wgpu::TextureFormat,
    /// See [`Depth`].
    pub(super) depth: Depth,
    /// See [`Mix`].
    pub(super) mix: Mix,
    /// WGSL overrides.
    pub(super) constants: &'a [(&'a str, f64)],
}

impl Draw<'_> {
    /// Compiles it.
    pub(super) fn pipeline(&self, device: &wgpu::Device) -> wgpu::RenderPipeline {
        let module = self.source.module(device);
        let layout = pipeline_layout(device, self.source.label, self.groups);
        let options = wgpu::PipelineCompilationOptions { constants: self.constants, ..Default::default() };
        let add = wgpu::BlendComponent {
            src_factor: wgpu::BlendFactor::One,
            dst_factor: wgpu::BlendFactor::One,
            operation: wgpu::BlendOperation::Add,
        };
        let blend = match self.mix {
            Mix::Replace => None,
            Mix::Add => Some(wgpu::BlendState { color: add, alpha: add }),
            Mix::Cover => Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
        };
        let depth_stencil = (self.depth != Depth::Absent).then(|| wgpu::DepthStencilState {
            format: DEPTH_FORMAT,
            depth_write_enabled: Some(self.depth == Depth::Write),
            depth_compare: Some(if self.depth == Depth::Ignore {
                wgpu::CompareFunction::Always
            } else {
                wgpu::CompareFunction::GreaterEqual
            }),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        });
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.source.label),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("vs_main"),
                compilation_options: options.clone(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some("fs_main"),
                compilation_options: options,
                targets: &[Some(wgpu::ColorTargetState {
                    format: self.format,
                    blend,
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}

/// Compiles a kernel with the entry point `main`.
pub(super) fn kernel(
    device: &wgpu::Device,
    source: &ShaderSource,
    groups: &[&wgpu::BindGroupLayout],
) -> wgpu::ComputePipeline {
    special_kernel(device, source, groups, &[])
}

/// [`kernel`] with these WGSL overrides.
pub(super) fn special_kernel(
    device: &wgpu::Device,
    source: &ShaderSource,
    groups: &[&wgpu::BindGroupLayout],
    constants: &[(&str, f64)],
) -> wgpu::ComputePipeline {
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(source.label),
        layout: Some(&pipeline_layout(device, source.label, groups)),
        module: &source.module(device),
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions { constants, ..Default::default() },
        cache: None,
    })
}

fn pipeline_layout(device: &wgpu::Device, label: &str, groups: &[&wgpu::BindGroupLayout]) -> wgpu::PipelineLayout {
    let groups: Vec<Option<&wgpu::BindGroupLayout>> = groups.iter().copied().map(Some).collect();
    device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(label),
        bind_group_layouts: &groups,
        immediate_size: 0,
    })
}

/// A colour attachment that keeps (`None`) or clears what is there.
pub(super) fn attachment(view: &wgpu::TextureView, clear: Option<wgpu::Color>) -> wgpu::RenderPassColorAttachment<'_> {
    wgpu::RenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        ops: wgpu::Operations {
            load: clear.map_or(wgpu::LoadOp::Load, wgpu::LoadOp::Clear),
            store: wgpu::StoreOp::Store,
        },
    }
}
