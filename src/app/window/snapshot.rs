//! Pictures saved on request: a finished frame is copied to host memory without waiting, encoded on a thread of its
//! own, and appears under its name only when it is whole.

use std::fs::File;
use std::io::{BufWriter, Error};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use crate::gpu::Gpu;

/// One picture on its way into a file.
pub(super) struct Snapshot {
    done: Receiver<Result<PathBuf, String>>,
}

/// A texture to draw the picture into; same format as the window's.
pub(super) fn texture(gpu: &Gpu, size: [u32; 2], format: wgpu::TextureFormat) -> wgpu::Texture {
    gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("window.snapshot"),
        size: extent(size),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}

impl Snapshot {
    /// Submits `encoder`, which draws into `texture`, and starts saving it beside `stem` (`stem.png`, `stem-2.png`, ...).
    pub(super) fn start(gpu: &Gpu, mut encoder: wgpu::CommandEncoder, texture: &wgpu::Texture, stem: String) -> Self {
        let size = [texture.width(), texture.height()];
        let row = (size[0] * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("window.snapshot"),
            size: u64::from(row) * u64::from(size[1]),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        let to = wgpu::TexelCopyBufferInfo { buffer: &buffer, layout };
        encoder.copy_texture_to_buffer(texture.as_image_copy(), to, extent(size));
        gpu.queue.submit([encoder.finish()]);
        let (send, done) = channel();
        let is_bgra = matches!(texture.format(), wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb);
        let mapped = buffer.clone();
        buffer.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // The window may be gone by the time this arrives; then nobody wants the answer.
            let report = move |outcome| drop(send.send(outcome));
            match result {
                Err(error) => report(Err(error.to_string())),
                Ok(()) => {
                    std::thread::spawn(move || {
                        let rgb = pixels(&mapped, row, size, is_bgra);
                        report(rgb.and_then(|rgb| save(&stem, size, &rgb).map_err(|error| error.to_string())));
                    });
                }
            }
        });
        Self { done }
    }

    /// The file's path, or why there is none, once that is known.
    pub(super) fn poll(&self) -> Option<Result<PathBuf, String>> {
        match self.done.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(std::sync::mpsc::TryRecvError::Empty) => None,
            Err(std::sync::mpsc::TryRecvError::Disconnected) => Some(Err("the picture was lost".to_owned())),
        }
    }
}

const fn extent([width, height]: [u32; 2]) -> wgpu::Extent3d {
    wgpu::Extent3d { width, height, depth_or_array_layers: 1 }
}

/// RGB, without the padding of rows.
fn pixels(buffer: &wgpu::Buffer, row: u32, [width, height]: [u32; 2], is_bgra: bool) -> Result<Vec<u8>, String> {
    let view = buffer.slice(..).get_mapped_range().map_err(|error| error.to_string())?;
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for line in view.chunks(row as usize).take(height as usize) {
        for pixel in line[..width as usize * 4].chunks_exact(4) {
            rgb.extend(if is_bgra { [pixel[2], pixel[1], pixel[0]] } else { [pixel[0], pixel[1], pixel[2]] });
        }
    }
    Ok(rgb)
}

/// Writes under a name that is not taken; what is not whole never has that name.
fn save(stem: &str, [width, height]: [u32; 2], rgb: &[u8]) -> Result<PathBuf, Error> {
    let partial = PathBuf::from(format!("{stem}.png.part"));
    let written = write(&partial, width, height, rgb).and_then(|()| {
        let free = (1..1000).map(|n| if n == 1 { format!("{stem}.png") } else { format!("{stem}-{n}.png") });
        let path = free.map(PathBuf::from).find(|path| !path.exists());
        let path = path.ok_or_else(|| Error::other("there are a thousand pictures of this name already"))?;
        std::fs::rename(&partial, &path).map(|()| path)
    });
    if written.is_err() {
        // The error that is reported is the first one; a leftover part cannot make it worse.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

fn write(path: &Path, width: u32, height: u32, rgb: &[u8]) -> Result<(), Error> {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(Error::other)?;
    writer.write_image_data(rgb).map_err(Error::other)?;
    writer.finish().map_err(Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_never_overwrite_each_other_and_leave_no_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        let stem = folder.path().join("shot").display().to_string();
        let rgb = [7_u8; 2 * 3 * 3];
        let first = save(&stem, [2, 3], &rgb).expect("saved");
        let second = save(&stem, [2, 3], &rgb).expect("saved");
        assert!(first.ends_with("shot.png") && second.ends_with("shot-2.png"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 2);
        let decoder = png::Decoder::new(std::io::BufReader::new(File::open(first).expect("there")));
        let mut reader = decoder.read_info().expect("a PNG file");
        let mut back = vec![0; reader.output_buffer_size().expect("small")];
        reader.next_frame(&mut back).expect("whole");
        assert_eq!(back, rgb);
        assert!(save("/nowhere/at/all", [2, 3], &rgb).is_err());
    }
}
