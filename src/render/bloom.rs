//! The glow: light shrunk down a chain of textures and added back up. In go the targets, out comes the first level of the
//! chain, ready to be added by the tone pass.

use super::shaders;
use super::targets::{GlowChain, Targets};
use super::tile::Tile;
use super::wiring::{Bound, Depth, Draw, LIGHT_FORMAT, Mix, attachment, group_layout};

/// The two filters.
pub(super) struct Bloom {
    /// Texture, sampler.
    pub(super) filter_layout: wgpu::BindGroupLayout,
    first: wgpu::RenderPipeline,
    down: wgpu::RenderPipeline,
    up: wgpu::RenderPipeline,
    chain: GlowChain,
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
            chain,
        }
    }

    /// The first step: what is bright in the light of this tile, into its part of the first level.
    pub(super) fn collect(&self, encoder: &mut wgpu::CommandEncoder, targets: &Targets, tile: &Tile) {
        if tile.is_whole() {
            let black = Some(wgpu::Color::BLACK);
            return filter_pass(encoder, &self.first, &targets.light_group, &targets.glow[0], black);
        }
        let glow = targets.glow_size(self.chain);
        let scale = [0, 1].map(|k| glow[k] as f32 / tile.picture[k] as f32);
        // A texel of the glow belongs to the tile that owns its middle.
        let first = |k: usize, px: u32| ((px as f32 * scale[k] - 0.5).ceil().max(0.0) as u32).min(glow[k]);
        let (left, top) = (first(0, tile.own[0]), first(1, tile.own[1]));
        let (right, bottom) = (first(0, tile.own[0] + tile.own_size[0]), first(1, tile.own[1] + tile.own_size[1]));
        let mut pass = begin(encoder, &targets.glow[0], None);
        let [x, y, width, height] = [0, 1, 0, 1].map(|k| scale[k]);
        let [origin, size] = [tile.origin, tile.size].map(|pair| pair.map(|px| px as f32));
        pass.set_viewport(origin[0] * x, origin[1] * y, size[0] * width, size[1] * height, 0.0, 1.0);
        pass.set_scissor_rect(left, top, right.saturating_sub(left), bottom.saturating_sub(top));
        pass.set_pipeline(&self.first);
        pass.set_bind_group(0, &targets.light_group, &[]);
        pass.draw(0..3, 0..1);
    }

    /// Spreads what was collected over the picture.
    pub(super) fn spread(&self, encoder: &mut wgpu::CommandEncoder, targets: &Targets) {
        for level in 1..targets.glow.len() {
            let source = &targets.glow_groups[level - 1];
            filter_pass(encoder, &self.down, source, &targets.glow[level], Some(wgpu::Color::BLACK));
        }
        for level in (targets.shown_level + 1..targets.glow.len()).rev() {
            filter_pass(encoder, &self.up, &targets.glow_groups[level], &targets.glow[level - 1], None);
        }
    }
}

fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    target: &wgpu::TextureView,
    clear: Option<wgpu::Color>,
) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("render.bloom"),
        color_attachments: &[Some(attachment(target, clear))],
        ..Default::default()
    })
}

fn filter_pass(
    encoder: &mut wgpu::CommandEncoder,
    pipeline: &wgpu::RenderPipeline,
    source: &wgpu::BindGroup,
    target: &wgpu::TextureView,
    clear: Option<wgpu::Color>,
) {
    let mut pass = begin(encoder, target, clear);
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, source, &[]);
    pass.draw(0..3, 0..1);
}
