//! The overlay's pixels: what an egui context draws, over a picture in any texture view. It needs no window: the window
//! feeds it events, a film feeds it the time of each frame, and both get the same pixels.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use egui::epaint::ImageDelta;
use egui_wgpu::ScreenDescriptor;

use crate::gpu::Gpu;
use crate::render::Tile;

/// An egui context and its pipelines for one texture format.
///
/// The format must not be an sRGB one: the overlay blends in encoded space, as its toolkit expects.
pub(super) struct OverlayPainter {
    pub(super) context: egui::Context,
    renderer: egui_wgpu::Renderer,
    /// Textures that the last painted shapes still used.
    to_free: Vec<egui::TextureId>,
    /// What the textures hold: a lost device takes them with it, and the context sends each only once.
    textures: HashMap<egui::TextureId, ImageDelta>,
}

/// One frame of the overlay, ready to be painted any number of times.
pub(super) struct Painted {
    primitives: Vec<egui::ClippedPrimitive>,
    pixels_per_point: f32,
    /// When egui wants to be asked again; zero: at once, very long: only on input.
    pub(super) again_in: Duration,
    /// For the window: cursor, clipboard and the like.
    pub(super) platform: egui::PlatformOutput,
}

impl OverlayPainter {
    pub(super) fn new(gpu: &Gpu, format: wgpu::TextureFormat) -> Self {
        let renderer = egui_wgpu::Renderer::new(&gpu.device, format, egui_wgpu::RendererOptions::default());
        Self { context: egui::Context::default(), renderer, to_free: Vec::new(), textures: HashMap::new() }
    }

    /// The same overlay on another device: textures are made from what is known of them.
    pub(super) fn replace_device(&mut self, gpu: &Gpu, format: wgpu::TextureFormat) {
        self.renderer = egui_wgpu::Renderer::new(&gpu.device, format, egui_wgpu::RendererOptions::default());
        for (&id, whole) in &self.textures {
            self.renderer.update_texture(&gpu.device, &gpu.queue, id, whole);
        }
    }

    /// The input of a frame that nobody touches: its time in the film, and its size.
    pub(super) fn untouched_input(size_px: [u32; 2], pixels_per_point: f32, time_s: f64) -> egui::RawInput {
        let points = size_px.map(|px| px as f32 / pixels_per_point);
        let viewport = egui::ViewportInfo { native_pixels_per_point: Some(pixels_per_point), ..Default::default() };
        egui::RawInput {
            screen_rect: Some(egui::Rect::from_min_size(egui::Pos2::ZERO, points.into())),
            viewports: std::iter::once((egui::ViewportId::ROOT, viewport)).collect(),
            time: Some(time_s),
            ..Default::default()
        }
    }

    /// Runs the overlay and uploads what its pictures need.
    pub(super) fn run(&mut self, gpu: &Gpu, input: egui::RawInput, show: impl FnMut(&mut egui::Ui)) -> Painted {
        for id in self.to_free.drain(..) {
            self.renderer.free_texture(&id);
            self.textures.remove(&id);
        }
        let mut output = self.context.run_ui(input, show);
        for (id, deltas) in output.textures_delta.set.drain() {
            for delta in deltas {
                self.renderer.update_texture(&gpu.device, &gpu.queue, id, &delta);
                keep(&mut self.textures, id, delta);
            }
        }
        self.to_free.extend(output.textures_delta.free.drain());
        let again_in = output.viewport_output.get(&egui::ViewportId::ROOT).map_or(Duration::MAX, |v| v.repaint_delay);
        Painted {
            primitives: self.context.tessellate(output.shapes, output.pixels_per_point),
            pixels_per_point: output.pixels_per_point,
            again_in,
            platform: output.platform_output,
        }
    }

    /// Records the overlay over a tile of a picture.
    pub(super) fn draw_tile(
        &mut self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::TextureView,
        tile: &Tile,
        painted: &Painted,
    ) {
        if tile.is_whole() {
            return self.draw(gpu, encoder, target, tile.size, painted);
        }
        let shift = -egui::vec2(tile.origin[0] as f32, tile.origin[1] as f32) / painted.pixels_per_point;
        let mut primitives = painted.primitives.clone();
        for primitive in &mut primitives {
            primitive.clip_rect = primitive.clip_rect.translate(shift);
            if let egui::epaint::Primitive::Mesh(mesh) = &mut primitive.primitive {
                mesh.translate(shift);
            }
        }
        let moved = Painted { primitives, platform: egui::PlatformOutput::default(), ..*painted };
        self.draw(gpu, encoder, target, tile.size, &moved);
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
            label: Some("app.overlay"),
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

/// Works a change of a texture into what is known of it.
fn keep(textures: &mut HashMap<egui::TextureId, ImageDelta>, id: egui::TextureId, delta: ImageDelta) {
    let Some([left, top]) = delta.pos else {
        textures.insert(id, delta);
        return;
    };
    let Some(known) = textures.get_mut(&id) else { return };
    let (egui::ImageData::Color(whole), egui::ImageData::Color(part)) = (&mut known.image, &delta.image);
    let whole = Arc::make_mut(whole);
    let ([width, height], row) = (whole.size, part.size[0]);
    if row == 0 || left + row > width || top + part.size[1] > height {
        return;
    }
    for (y, pixels) in part.pixels.chunks_exact(row).enumerate() {
        let first = (top + y) * width + left;
        whole.pixels[first..first + row].copy_from_slice(pixels);
    }
}
