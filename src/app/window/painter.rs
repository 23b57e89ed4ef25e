//! The overlay in a window: window events into egui, egui's wishes (cursor, clipboard) back to the window.

use winit::event::WindowEvent;
use winit::window::Window;

use crate::app::overlay_painter::OverlayPainter;
pub(super) use crate::app::overlay_painter::Painted;
use crate::gpu::Gpu;

/// egui, its window state and its pixels.
pub(super) struct Painter {
    pub(super) context: egui::Context,
    state: egui_winit::State,
    pub(super) pixels: OverlayPainter,
}

impl Painter {
    pub(super) fn new(window: &Window, gpu: &Gpu, format: wgpu::TextureFormat) -> Self {
        let pixels = OverlayPainter::new(gpu, format);
        let context = pixels.context.clone();
        let side = gpu.limits.max_texture_dimension_2d as usize;
        let scale = window.scale_factor() as f32;
        let state =
            egui_winit::State::new(context.clone(), egui::ViewportId::ROOT, window, Some(scale), None, Some(side));
        Self { context, state, pixels }
    }

    /// The same overlay on another device.
    pub(super) fn replace_device(&mut self, gpu: &Gpu, format: wgpu::TextureFormat) {
        self.pixels.replace_device(gpu, format);
    }

    /// Takes a window event; true when the overlay changes with it.
    pub(super) fn on_event(&mut self, window: &Window, event: &WindowEvent) -> bool {
        self.state.on_window_event(window, event).repaint
    }

    /// Runs the overlay and uploads what its pictures need.
    pub(super) fn run(&mut self, window: &Window, gpu: &Gpu, show: impl FnMut(&mut egui::Ui)) -> Painted {
        let input = self.state.take_egui_input(window);
        let mut painted = self.pixels.run(gpu, input, show);
        self.state.handle_platform_output(window, std::mem::take(&mut painted.platform));
        painted
    }

    /// Runs the overlay once more for a picture of another size, as large in points as the window: text stays sharp.
    pub(super) fn run_at(&mut self, gpu: &Gpu, size: [u32; 2], times: u32, show: impl FnMut(&mut egui::Ui)) -> Painted {
        let native = self.context.native_pixels_per_point().unwrap_or(1.0) * times as f32;
        let time_s = self.context.input(|input| input.time);
        let mut input = OverlayPainter::untouched_input(size, native, time_s);
        let points = size.map(|px| px as f32 / (native * self.context.zoom_factor()));
        input.screen_rect = Some(egui::Rect::from_min_size(egui::Pos2::ZERO, points.into()));
        input.max_texture_side = Some(gpu.limits.max_texture_dimension_2d as usize);
        self.pixels.run(gpu, input, show)
    }
}
