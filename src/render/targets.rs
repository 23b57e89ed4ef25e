//! The textures of one picture size: light, depth, and the chain that the glow is made in. In goes a size, out come
//! views and the bind groups that read them; made anew only when the size changes.

use super::tile::Tile;
use super::wiring::{DEPTH_FORMAT, LIGHT_FORMAT, group};

/// How the glow is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GlowChain {
    /// Size of the picture over that of the first level.
    pub(super) first_divisor: u32,
    /// Levels, each half the size of the one before.
    pub(super) levels: u32,
}

impl GlowChain {
    /// Fewer and smaller levels where pixels are expensive.
    pub(super) const fn new(software: bool) -> Self {
        if software { Self { first_divisor: 4, levels: 4 } } else { Self { first_divisor: 2, levels: 6 } }
    }
}

/// Textures of one size.
pub(super) struct Targets {
    /// Width and height, pixels.
    pub(super) size: [u32; 2],
    /// Width and height of the picture that the glow spreads over: more than `size` where tiles are drawn.
    pub(super) picture: [u32; 2],
    /// Linear light.
    pub(super) light: wgpu::TextureView,
    /// Reversed depth.
    pub(super) depth: wgpu::TextureView,
    /// Levels of the glow, largest first.
    pub(super) glow: Vec<wgpu::TextureView>,
    /// Reads the light.
    pub(super) light_group: wgpu::BindGroup,
    /// Reads each level of the glow.
    pub(super) glow_groups: Vec<wgpu::BindGroup>,
    /// Reads the light and the level of the glow that is shown.
    pub(super) tone_group: wgpu::BindGroup,
    /// The finest level that the glow is added up to.
    pub(super) shown_level: usize,
}

/// What [`Targets`] needs to make its bind groups.
pub(super) struct TargetLayouts<'a> {
    /// Texture, sampler.
    pub(super) filter: &'a wgpu::BindGroupLayout,
    /// Light, glow, sampler.
    pub(super) tone: &'a wgpu::BindGroupLayout,
    /// Smooth, clamped.
    pub(super) sampler: &'a wgpu::Sampler,
}

impl Targets {
    /// For one tile, whole pictures included.
    pub(super) fn new(device: &wgpu::Device, tile: &Tile, chain: GlowChain, layouts: &TargetLayouts<'_>) -> Self {
        let (size, picture) = (tile.size, tile.picture);
        let light = texture(device, "render.light", size, LIGHT_FORMAT);
        let depth = texture(device, "render.depth", size, DEPTH_FORMAT);
        // The glow of a large picture spreads as far as that of a small one: more steps down, and none back to the finest.
        let skipped = tile.detail().log2().round() as u32;
        let glow: Vec<wgpu::TextureView> = (0..chain.levels + skipped)
            .map(|level| {
                let divisor = chain.first_divisor << level;
                texture(device, "render.glow", picture.map(|s| s.div_ceil(divisor).max(1)), LIGHT_FORMAT)
            })
            .collect();
        let sampler = wgpu::BindingResource::Sampler(layouts.sampler);
        let filter = |view: &wgpu::TextureView| {
            group(device, "render.filter", layouts.filter, &[wgpu::BindingResource::TextureView(view), sampler.clone()])
        };
        let tone_group = group(
            device,
            "render.tone",
            layouts.tone,
            &[
                wgpu::BindingResource::TextureView(&light),
                wgpu::BindingResource::TextureView(&glow[skipped as usize]),
                sampler.clone(),
            ],
        );
        Self {
            size,
            picture,
            light_group: filter(&light),
            glow_groups: glow.iter().map(filter).collect(),
            tone_group,
            shown_level: skipped as usize,
            light,
            depth,
            glow,
        }
    }

    /// True when these are the ones that `tile` needs.
    pub(super) fn fit(&self, tile: &Tile) -> bool {
        self.size == tile.size && self.picture == tile.picture
    }

    /// Width and height of the first level of the glow.
    pub(super) fn glow_size(&self, chain: GlowChain) -> [u32; 2] {
        self.picture.map(|side| side.div_ceil(chain.first_divisor).max(1))
    }
}

fn texture(device: &wgpu::Device, label: &str, size: [u32; 2], format: wgpu::TextureFormat) -> wgpu::TextureView {
    device
        .create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        })
        .create_view(&wgpu::TextureViewDescriptor::default())
}
