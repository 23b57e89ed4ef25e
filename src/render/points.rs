//! Neurons as spheres: camera-facing quads pulled by vertex index, then the halos of those that spiked.

use super::shaders;
use super::wiring::{Depth, Draw, LIGHT_FORMAT, Mix};

/// The two draws.
pub(super) struct Points {
    spheres: wgpu::RenderPipeline,
    flashes: wgpu::RenderPipeline,
}

impl Points {
    pub(super) fn new(device: &wgpu::Device, view: &wgpu::BindGroupLayout, activity: &wgpu::BindGroupLayout) -> Self {
        let draw = |source, depth, mix| {
            Draw { source, groups: &[view, activity], format: LIGHT_FORMAT, depth, mix, constants: &[] }
                .pipeline(device)
        };
        Self {
            spheres: draw(&shaders::POINTS, Depth::Write, Mix::Cover),
            flashes: draw(&shaders::FLASHES, Depth::Test, Mix::Add),
        }
    }

    /// Groups 0 and 1 are set.
    pub(super) fn draw_spheres(&self, pass: &mut wgpu::RenderPass<'_>, neurons: u32) {
        pass.set_pipeline(&self.spheres);
        pass.draw(0..6 * neurons, 0..1);
    }

    /// Groups 0 and 1 are set.
    pub(super) fn draw_flashes(&self, pass: &mut wgpu::RenderPass<'_>, neurons: u32) {
        pass.set_pipeline(&self.flashes);
        pass.draw(0..6 * neurons, 0..1);
    }
}
