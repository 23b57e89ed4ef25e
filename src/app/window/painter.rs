//! The overlay's pixels: window events into egui, egui's shapes into a texture view over the picture.

use std::time::Duration;

use egui_wgpu::ScreenDescriptor;
use winit::event::WindowEvent;
use winit::window::Window;

use crate::gpu::Gpu;

/// egui, its window state and its pipelines.
pub(super) struct Painter {
    pub(super) context: egui::Context,
    state: egui_winit::State,
    renderer: egui_wgpu::Renderer,
    /// Textures that the last painted shapes still used.
    to_free: Vec<egui::TextureId>,
}

/// One frame of the overlay, ready to be painted any number of times.
pub(super) struct Painted {
    primitives: Vec<egui::ClippedPrimitive>,
    pixels_per_point: f32,
    /// When egui wants to be asked again; zero: at once, very long: only on input.
    pub(super) again_in: Duration,
}

impl Painter {
    pub(super) fn new(window: &Window, gpu: &Gpu, format: wgpu::TextureFormat) -> Self {
        let context = egui::Context::default();
        let side = gpu.limits.max_texture_dimension_2d as usize;
        let scale = window.scale_factor() as f32;
        let state =
            egui_winit::State::new(context.clone(), egui::ViewportId::ROOT, window, Some(scale), None, Some(side));
        let renderer = egui_wgpu::Renderer::new(&gpu.device, format, egui_wgpu::RendererOptions::default());
        Self { context, state, renderer, to_free: Vec::new() }
    }

    /// Takes a window event; true when the overlay changes with it.
    pub(super) fn on_event(&mut self, window: &Window, event: &WindowEvent) -> bool {
        self.state.on_window_event(window, event).repaint
    }

    /// Runs the overlay and uploads what its pictures need.
    pub(super) fn run(&mut self, window: &Window, gpu: &Gpu, show: impl FnMut(&mut egui::Ui)) -> Painted {
        for id in self.to_free.drain(..) {
            self.renderer.free_texture(&id);
        }
        let input = self.state.take_egui_input(window);
        let mut output = self.context.run_ui(input, show);
        self.state.handle_platform_output(window, output.platform_output);
        for (id, deltas) in output.textures_delta.set.drain() {
            for delta in deltas {
                self.renderer.update_texture(&gpu.device, &gpu.queue, id, &delta);
            }
        }
        self.to_free.extend(output.textures_delta.free.drain());
        let again_in = output.viewport_output.get(&egui::ViewportId::ROOT).map_or(Duration::MAX, |v| v.repaint_delay);
        Painted {
            primitives: self.context.tessellate(output.shapes, output.pixels_per_point),
            pixels_per_point: output.pixels_per_point,
            again_in,
        }
    }

    /// Records the overlay over what `target` holds.
    pub(super) fn draw(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        size: [u32; 2],
        painted: &Painted,
    ) {
        if painted.primitives.is_empty() {
            return;
        }
        let screen = ScreenDescriptor { size_in_pixels: size, pixels_per_point: painted.pixels_per_point };
        // The overlay uses no paint callbacks, so nothing comes back to be submitted first.
        let _ = self.renderer.update_buffers(&gpu.device, &gpu.queue, encoder, &painted.primitives, &screen);
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("window.overlay"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: target,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        self.renderer.render(&mut pass.forget_lifetime(), &painted.primitives, &screen);
    }
}
