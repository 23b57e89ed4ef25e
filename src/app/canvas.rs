//! A picture without a window: what is drawn to, and the way of its pixels to other threads. In go a renderer and a
//! frame, out come shots, in order. Both the headless doors and the window take their pictures and films here.
//!
//! Pictures leave through a ring of staging buffers: each is filled by a copy, read by whoever encodes it, and comes back
//! when dropped. Pictures larger than a texture, or than memory should hold, are drawn tile by tile.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::error::AppError;
use super::output::{FramePixels, Pixels};
use crate::gpu::Gpu;
use crate::render::{Frame, Renderer, Tile};

/// What pictures without a window are drawn in. The shaders encode for it, as they do for windows: the overlay blends in
/// encoded space, and the bytes are the window's.
pub(super) const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Staging buffers: enough for the encoders to work while the next frames are made.
pub(super) const RING: usize = 6;

/// Bytes that the staging buffers of large pictures may take together.
const RING_BYTES: u64 = 256 << 20;

/// Pixels of a picture at most: it is put together in host memory, four bytes each.
const PIXELS_MOST: u64 = 1 << 28;

/// Draws over a tile of a finished picture.
pub(super) type Over<'a> = &'a mut dyn FnMut(&mut wgpu::CommandEncoder, &wgpu::TextureView, &Tile);

/// See the module.
pub(super) struct Canvas {
    gpu: Arc<Gpu>,
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    tiles: Vec<Tile>,
    /// Pieces of the picture under way that were drawn: twice the tiles when it is done, or one.
    drawn: usize,
    bytes_per_row: u32,
    idle: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
    mapped: (Sender<Mapped>, Receiver<Mapped>),
    under_way: usize,
    /// The picture that tiles are put together in.
    assembled: Vec<u8>,
    assembled_tiles: usize,
}

/// A copy that arrived: whole pictures, or a tile.
type Mapped = Result<(StagedFrame, Tile), String>;

/// One finished picture.
pub(super) enum Shot {
    /// In a mapped staging buffer.
    Staged(StagedFrame),
    /// Put together in host memory, RGBA or BGRA without padding.
    Assembled {
        /// Row by row.
        rows: Vec<u8>,
        /// Pixels.
        width: u32,
        /// See [`Pixels`].
        is_bgra: bool,
    },
}

/// A mapped staging buffer.
pub(super) struct StagedFrame {
    buffer: Option<wgpu::Buffer>,
    bytes_per_row: u32,
    is_bgra: bool,
    home: Sender<wgpu::Buffer>,
}

impl Canvas {
    /// For pictures of this size, in pixels, drawn by renderers of this format.
    pub(super) fn new(gpu: &Arc<Gpu>, size: [u32; 2], format: wgpu::TextureFormat) -> Result<Self, AppError> {
        let tiles = Tile::of_picture(gpu, size);
        Self::of_tiles(gpu, tiles, format)
    }

    pub(super) fn of_tiles(gpu: &Arc<Gpu>, tiles: Vec<Tile>, format: wgpu::TextureFormat) -> Result<Self, AppError> {
        let Some(Tile { size: [width, height], picture, .. }) = tiles.first().copied() else {
            return Err(AppError::Failure("a picture without tiles".to_owned()));
        };
        let pixels = picture.iter().map(|&side| u64::from(side)).product::<u64>();
        if pixels > PIXELS_MOST {
            return Err(AppError::Mistake(format!(
                "--size {}x{} is {} million pixels; a picture may have {} million, as 16384x16384 has",
                picture[0],
                picture[1],
                pixels / 1_000_000,
                PIXELS_MOST / 1_000_000
            )));
        }
        let limit = gpu.limits.max_texture_dimension_2d;
        // The glow of the whole picture is one texture of at least half its size.
        if picture.iter().any(|&side| side.div_ceil(2) > limit) {
            return Err(AppError::Mistake(format!(
                "--size {}x{} is larger than the adapter {:?} can draw; it goes to {}x{}",
                picture[0],
                picture[1],
                gpu.info.name,
                2 * limit,
                2 * limit
            )));
        }
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("app.canvas"),
            size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let bytes_per_row = (4 * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let bytes = u64::from(bytes_per_row) * u64::from(height);
        let ring = ((RING_BYTES / bytes.max(1)) as usize).clamp(2, RING);
        let (home, idle) = bounded(ring);
        for _ in 0..ring {
            let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("app.frame"),
                size: bytes,
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
                mapped_at_creation: false,
            });
            // The channel has room for all of them.
            let _ = home.send(buffer);
        }
        Ok(Self {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            gpu: Arc::clone(gpu),
            texture,
            tiles,
            drawn: 0,
            bytes_per_row,
            idle,
            home,
            mapped: bounded(ring),
            under_way: 0,
            assembled: Vec::new(),
            assembled_tiles: 0,
        })
    }

    /// Width and height of its pictures.
    pub(super) fn picture_size(&self) -> [u32; 2] {
        self.tiles[0].picture
    }

    /// How many pieces a picture is drawn in.
    pub(super) const fn tile_count(&self) -> usize {
        self.tiles.len()
    }

    /// The copies of all earlier pictures have left: the next one finds room.
    pub(super) fn has_room(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Waits until a staging buffer is free; encoders that are behind hold the ring up here.
    pub(super) fn wait_for_room(&self) -> Result<(), AppError> {
        let buffer = self.idle.recv().map_err(|_| AppError::Failure("the staging ring is closed".to_owned()))?;
        // It was taken out of the channel a moment ago.
        let _ = self.home.send(buffer);
        Ok(())
    }

    /// Draws the next piece of a picture; true when it was the last one, and what is shown may go on. False asks for
    /// another call with the same frame, after the GPU had some time. `over` draws over each piece.
    pub(super) fn draw(&mut self, renderer: &mut Renderer, frame: &Frame, over: Over<'_>) -> Result<bool, AppError> {
        let tiles = self.tiles.len();
        if tiles == 1 {
            self.submit(|canvas, encoder| {
                renderer.draw(encoder, &canvas.view, frame);
                over(encoder, &canvas.view, &canvas.tiles[0]);
            });
            self.drawn = 1;
            return Ok(true);
        }
        self.gather_tiles()?;
        if self.drawn < tiles {
            self.submit(|canvas, encoder| {
                renderer.collect_glow(encoder, frame, &canvas.tiles[canvas.drawn]);
                if canvas.drawn + 1 == tiles {
                    renderer.spread_glow(encoder);
                }
            });
            self.drawn += 1;
            return Ok(false);
        }
        if self.has_room() {
            let tile = self.tiles[self.drawn - tiles];
            self.submit(|canvas, encoder| {
                renderer.draw_tile(encoder, &canvas.view, frame, &tile);
                over(encoder, &canvas.view, &tile);
            });
            self.copy(tile)?;
            self.drawn += 1;
        }
        Ok(self.drawn == 2 * tiles)
    }

    /// Draws something else than a network, on white.
    pub(super) fn paint(&self, over: Over<'_>) {
        self.submit(|canvas, encoder| {
            let white = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::WHITE), store: wgpu::StoreOp::Store };
            encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("app.page"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &canvas.view,
                    depth_slice: None,
                    resolve_target: None,
                    ops: white,
                })],
                ..Default::default()
            });
            over(encoder, &canvas.view, &canvas.tiles[0]);
        });
    }

    /// Sends what was drawn on its way; [`Self::take`] gives it out once it has arrived.
    pub(super) fn fetch(&mut self) -> Result<(), AppError> {
        self.drawn = 0;
        if self.tiles.len() == 1 { self.copy(self.tiles[0]) } else { Ok(()) }
    }

    /// The next picture that has arrived, in the order in which they were drawn.
    pub(super) fn take(&mut self) -> Result<Option<Shot>, AppError> {
        if self.tiles.len() == 1 {
            return Ok(self.next_mapped()?.map(|(staged, _)| Shot::Staged(staged)));
        }
        self.gather_tiles()?;
        if self.assembled_tiles < self.tiles.len() {
            return Ok(None);
        }
        self.assembled_tiles = 0;
        let rows = std::mem::take(&mut self.assembled);
        Ok(Some(Shot::Assembled { rows, width: self.picture_size()[0], is_bgra: is_bgra(self.texture.format()) }))
    }

    /// Waits for the picture under way.
    pub(super) fn wait_for_shot(&mut self) -> Result<Shot, AppError> {
        self.gpu.wait().map_err(lost)?;
        self.take()?.ok_or_else(|| lost("a picture did not arrive".to_owned()))
    }

    /// Pictures or tiles that were sent and have not arrived.
    pub(super) const fn is_waiting(&self) -> bool {
        self.under_way > 0
    }

    fn submit(&self, record: impl FnOnce(&Self, &mut wgpu::CommandEncoder)) {
        let label = wgpu::CommandEncoderDescriptor { label: Some("app.draw") };
        let mut encoder = self.gpu.device.create_command_encoder(&label);
        record(self, &mut encoder);
        self.gpu.queue.submit([encoder.finish()]);
    }

    /// Copies the texture into a staging buffer and asks for its bytes.
    fn copy(&mut self, tile: Tile) -> Result<(), AppError> {
        let buffer = self.idle.recv().map_err(|_| AppError::Failure("the staging ring is closed".to_owned()))?;
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(self.bytes_per_row), rows_per_image: None };
        self.submit(|canvas, encoder| {
            let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
            encoder.copy_texture_to_buffer(canvas.texture.as_image_copy(), to, canvas.texture.size());
        });
        let staged = StagedFrame {
            buffer: Some(buffer.clone()),
            bytes_per_row: self.bytes_per_row,
            is_bgra: is_bgra(self.texture.format()),
            home: self.home.clone(),
        };
        let mapped = self.mapped.0.clone();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // Whoever asked may be gone by the time this arrives.
            let _ = mapped.send(result.map(|()| (staged, tile)).map_err(|error| error.to_string()));
        });
        self.under_way += 1;
        Ok(())
    }

    fn next_mapped(&mut self) -> Result<Option<(StagedFrame, Tile)>, AppError> {
        let Ok(mapped) = self.mapped.1.try_recv() else { return Ok(None) };
        self.under_way -= 1;
        mapped.map(Some).map_err(lost)
    }

    /// Puts tiles that have arrived in their place.
    fn gather_tiles(&mut self) -> Result<(), AppError> {
        while let Some((staged, tile)) = self.next_mapped()? {
            let [width, height] = self.picture_size().map(|side| side as usize);
            self.assembled.resize(4 * width * height, 0);
            let [left, top] = tile.own.map(|px| px as usize);
            let [own_left, own_top] = tile.own_offset().map(|px| px as usize);
            let [own_width, own_height] = tile.own_size.map(|px| px as usize);
            staged.read(&mut |pixels| {
                let rows = pixels.rows.chunks(pixels.bytes_per_row).skip(own_top).take(own_height);
                for (row, from) in rows.enumerate() {
                    let to = 4 * ((top + row) * width + left);
                    self.assembled[to..to + 4 * own_width]
                        .copy_from_slice(&from[4 * own_left..4 * (own_left + own_width)]);
                }
            });
            self.assembled_tiles += 1;
        }
        Ok(())
    }
}

fn lost(reason: String) -> AppError {
    AppError::Failure(format!("the GPU stopped working: {reason}"))
}

const fn is_bgra(format: wgpu::TextureFormat) -> bool {
    matches!(format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb)
}

impl FramePixels for Shot {
    fn read(&self, read: &mut dyn FnMut(Pixels<'_>)) {
        match self {
            Self::Staged(staged) => staged.read(read),
            Self::Assembled { rows, width, is_bgra } => {
                read(Pixels { rows, bytes_per_row: 4 * *width as usize, is_bgra: *is_bgra });
            }
        }
    }
}

impl FramePixels for StagedFrame {
    fn read(&self, read: &mut dyn FnMut(Pixels<'_>)) {
        if let Some(view) = self.buffer.as_ref().and_then(|buffer| buffer.slice(..).get_mapped_range().ok()) {
            read(Pixels { rows: &view, bytes_per_row: self.bytes_per_row as usize, is_bgra: self.is_bgra });
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
