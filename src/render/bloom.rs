//! The glow: light shrunk down a chain of textures and added back up. In go the targets, out comes the first level of the
//! chain, ready to be added by the tone pass.

use super::shaders;
use super::targets::{GlowChain, Targets};
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, attachment, group_layout};

/// The two filters.
pub(super) struct Bloom {
    /// Texture, sampler.
    pub(super) filter_layout: wgpu::BindGroupLayout,
    first: wgpu::RenderPipeline,
    down: wgpu::RenderPipeline,
    up: wgpu::RenderPipeline,
}

impl Bloom {
    pub(super) fn new(device: &wgpu::Device, chain: GlowChain) -> Self {
        let filter_layout = group_layout(device, "render.filter", &[Bound::Texture, Bound::Sampler]);
        // Each level adds what the smaller ones hold, so the sum stays of one size however many there are.
        let spread = if chain.levels > 4 { 0.76 } else { 0.80 };
        let filter = |source, constants, mix| {
            Draw { source, groups: &[&filter_layout], format: LIGHT_FORMAT, depth: Depth::Absent, mix, constants }
                .pipeline(device)
        };
        Self {
            first: filter(&shaders::BLOOM_DOWN, &[("from_light", 1.0)], Mix::Replace),
            down: filter(&shaders::BLOOM_DOWN, &[("from_light", 0.0)], Mix::Replace),
            up: filter(&shaders::BLOOM_UP, &[("gain", spread)], Mix::Add),
            filter_layout,
        }
    }

    pub(super) fn draw(&self, encoder: &mut wgpu::CommandEncoder, targets: &Targets) {
        for level in 0..targets.glow.len() {
            let (pipeline, source) = match level {
                0 => (&self.first, &targets.light_group),
                _ => (&self.down, &targets.glow_groups[level - 1]),
            };
            filter_pass(encoder, pipeline, source, &targets.glow[level], Some(wgpu::Color::BLACK));
        }
        for level in (1..targets.glow.len()).rev() {
            filter_pass(encoder, &self.up, &targets.glow_groups[level], &targets.glow[level - 1], None);
        }
    }
}

fn filter_pass(
    encoder: &mut wgpu::CommandEncoder,
    pipeline: &wgpu::RenderPipeline,
    source: &wgpu::BindGroup,
    target: &wgpu::TextureView,
    clear: Option<wgpu::Color>,
) {
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("render.bloom"),
        color_attachments: &[Some(attachment(target, clear))],
        ..Default::default()
    });
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, source, &[]);
    pass.draw(0..3, 0..1);
}
