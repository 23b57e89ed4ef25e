//! Near neurons as spheres: camera-facing quads pulled by vertex index, then the halos of those that spiked.

use super::neurons::{NeuronLayouts, Neurons};
use super::shaders;
use super::variants::{Special, Variants};
use super::wiring::{Depth, Draw, LIGHT_FORMAT, Mix};

/// The two draws of one look.
#[derive(Clone)]
pub(super) struct PointDraws {
    spheres: wgpu::RenderPipeline,
    flashes: wgpu::RenderPipeline,
}

/// Their pipelines.
pub(super) struct Points {
    variants: Variants<PointDraws>,
}

impl Points {
    pub(super) const fn new() -> Self {
        Self { variants: Variants::new() }
    }

    /// The draws for a look.
    pub(super) fn choose(
        &mut self,
        device: &wgpu::Device,
        view: &wgpu::BindGroupLayout,
        neurons: &NeuronLayouts,
        special: Special,
    ) -> PointDraws {
        self.variants.choose(special, || {
            let groups = [view, &neurons.activity, &neurons.cells];
            let constants = special.of_neurons();
            let draw = |source, depth, mix| {
                Draw { source, groups: &groups, format: LIGHT_FORMAT, depth, mix, constants: &constants }
                    .pipeline(device)
            };
            PointDraws {
                spheres: draw(&shaders::POINTS, Depth::Write, Mix::Cover),
                flashes: draw(&shaders::FLASHES, Depth::Test, Mix::Add),
            }
        })
    }
}

impl PointDraws {
    /// Groups 0 and 1 are set.
    pub(super) fn draw_spheres(&self, pass: &mut wgpu::RenderPass<'_>, neurons: &Neurons) {
        draw_cells(&self.spheres, pass, neurons);
    }

    /// Groups 0 and 1 are set.
    pub(super) fn draw_flashes(&self, pass: &mut wgpu::RenderPass<'_>, neurons: &Neurons) {
        draw_cells(&self.flashes, pass, neurons);
    }
}

/// One instance per cell that has spheres.
fn draw_cells(pipeline: &wgpu::RenderPipeline, pass: &mut wgpu::RenderPass<'_>, neurons: &Neurons) {
    if neurons.plan.sphere_cells > 0 {
        pass.set_pipeline(pipeline);
        pass.set_bind_group(2, &neurons.cells_group, &[]);
        pass.draw(0..neurons.vertices_per_cell, 0..neurons.plan.sphere_cells);
    }
}
