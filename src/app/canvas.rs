//! A picture without a window: a texture that is drawn to, and the way of its pixels to other threads. Frames leave
//! through a ring of staging buffers: each is filled by a copy, read by whoever encodes it, and comes back when dropped.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::arguments::FrameSize;
use super::error::AppError;
use super::output::{FramePixels, Pixels};
use crate::gpu::Gpu;

/// Linear light in the shaders, sRGB in memory, as PNG and video hold it.
pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;

/// Staging buffers: enough for the encoders to work while the next frames are made.
const RING: usize = 6;

/// See the module.
pub(super) struct Canvas {
    gpu: Arc<Gpu>,
    size: FrameSize,
    texture: wgpu::Texture,
    /// What to draw to.
    pub(super) view: wgpu::TextureView,
    bytes_per_row: u32,
    idle: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
}

/// One frame in a mapped staging buffer.
pub(super) struct StagedFrame {
    buffer: Option<wgpu::Buffer>,
    bytes_per_row: u32,
    home: Sender<wgpu::Buffer>,
}

impl Canvas {
    /// A canvas of this size, in pixels.
    pub(super) fn new(gpu: &Arc<Gpu>, size: FrameSize) -> Result<Self, AppError> {
        let limit = gpu.limits.max_texture_dimension_2d;
        if size.width > limit || size.height > limit {
            return Err(AppError::Mistake(format!(
                "--size {}x{} is larger than the adapter {:?} can draw; it goes to {limit}x{limit}",
                size.width, size.height, gpu.info.name
            )));
        }
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("app.canvas"),
            size: wgpu::Extent3d { width: size.width, height: size.height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let bytes_per_row = (4 * size.width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let (home, idle) = bounded(RING);
        for _ in 0..RING {
            let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("app.frame"),
                size: u64::from(bytes_per_row) * u64::from(size.height),
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
                mapped_at_creation: false,
            });
            // The channel has room for all of them.
            let _ = home.send(buffer);
        }
        Ok(Self {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            gpu: Arc::clone(gpu),
            size,
            texture,
            bytes_per_row,
            idle,
            home,
        })
    }

    /// Waits until a staging buffer is free; encoders that are behind hold the ring up here.
    pub(super) fn wait_for_room(&self) -> Result<wgpu::Buffer, AppError> {
        self.idle.recv().map_err(|_| AppError::Failure("the staging ring is closed".to_owned()))
    }

    /// Copies what was drawn into the staging buffer and maps it.
    pub(super) fn read_back(&self, buffer: wgpu::Buffer) -> Result<StagedFrame, AppError> {
        let lost = |reason: String| AppError::Failure(format!("the GPU stopped working: {reason}"));
        let mut encoder =
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("app.read_back") });
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(self.bytes_per_row),
                    rows_per_image: None,
                },
            },
            wgpu::Extent3d { width: self.size.width, height: self.size.height, depth_or_array_layers: 1 },
        );
        self.gpu.queue.submit([encoder.finish()]);
        let (sender, mapped) = bounded(1);
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The receiver outlives the wait below.
            let _ = sender.send(result);
        });
        self.gpu.wait().map_err(lost)?;
        mapped.recv().map_err(|e| lost(e.to_string()))?.map_err(|e| lost(e.to_string()))?;
        Ok(StagedFrame { buffer: Some(buffer), bytes_per_row: self.bytes_per_row, home: self.home.clone() })
    }
}

impl FramePixels for StagedFrame {
    fn read(&self, read: &mut dyn FnMut(Pixels<'_>)) {
        if let Some(view) = self.buffer.as_ref().and_then(|buffer| buffer.slice(..).get_mapped_range().ok()) {
            read(Pixels { rows: &view, bytes_per_row: self.bytes_per_row as usize });
        }
    }
}

impl Drop for StagedFrame {
    fn drop(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.unmap();
            // The canvas may be gone already; then so is the need for the buffer.
            let _ = self.home.send(buffer);
        }
    }
}
