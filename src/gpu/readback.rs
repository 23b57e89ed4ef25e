//! The way back from GPU memory: a ring of staging buffers that is filled by copies, mapped without blocking and read
//! in order, and a blocking read for the rare occasions (checkpoints, tests).

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::Gpu;

const PENDING: u8 = 0;
const MAPPED: u8 = 1;
const FAILED: u8 = 2;

/// Largest staging buffer of a blocking read, bytes.
const CHUNK: u64 = 64 << 20;

/// A range of a buffer, bytes; both multiples of 4.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// Where from.
    pub buffer: &'a wgpu::Buffer,
    /// First byte.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// A ring of staging buffers. `P` says what a read was for and comes back with its bytes.
pub struct ReadbackRing<P> {
    gpu: Arc<Gpu>,
    label: &'static str,
    idle: Vec<wgpu::Buffer>,
    under_way: VecDeque<Read<P>>,
    depth: usize,
}

struct Read<P> {
    staging: wgpu::Buffer,
    bytes: u64,
    state: Arc<AtomicU8>,
    purpose: P,
}

impl<P> ReadbackRing<P> {
    /// At most `depth` reads under way at once.
    #[must_use]
    pub const fn new(gpu: Arc<Gpu>, label: &'static str, depth: usize) -> Self {
        Self { gpu, label, idle: Vec::new(), under_way: VecDeque::new(), depth }
    }

    /// True when another read can start.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.under_way.len() < self.depth
    }

    /// True when nothing is under way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Submits `encoder` followed by copies of the pieces, and starts to map them. Ignores the depth: ask
    /// [`Self::has_room`] first where that matters.
    pub fn submit(&mut self, mut encoder: wgpu::CommandEncoder, pieces: &[Piece<'_>], purpose: P) {
        let bytes = pieces.iter().map(|piece| piece.bytes).sum::<u64>().max(wgpu::COPY_BUFFER_ALIGNMENT);
        let staging = self.staging(bytes);
        copy_pieces(&mut encoder, pieces, &staging);
        self.gpu.queue.submit([encoder.finish()]);
        let state = Arc::new(AtomicU8::new(PENDING));
        let on_mapped = Arc::clone(&state);
        staging.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| {
            on_mapped.store(if result.is_ok() { MAPPED } else { FAILED }, Ordering::Release);
        });
        self.under_way.push_back(Read { staging, bytes, state, purpose });
    }

    /// Hands the oldest read's purpose and bytes to `read`, if it has arrived. Never blocks. Reads that failed (a lost
    /// device) are dropped.
    pub fn poll<R>(&mut self, read: impl FnOnce(P, &[u8]) -> R) -> Option<R> {
        // An error here means a lost device, which the map callbacks report too.
        let _ = self.gpu.device.poll(wgpu::PollType::Poll);
        while self.under_way.front().is_some_and(|oldest| oldest.state.load(Ordering::Acquire) == FAILED) {
            self.under_way.pop_front();
        }
        if self.under_way.front()?.state.load(Ordering::Acquire) != MAPPED {
            return None;
        }
        let Read { staging, bytes, purpose, .. } = self.under_way.pop_front()?;
        let result = staging.slice(..bytes).get_mapped_range().ok().map(|view| read(purpose, &view));
        staging.unmap();
        self.idle.push(staging);
        result
    }

    /// A buffer of at least `bytes`: an idle one that is large enough, or a new one instead of the smallest idle one.
    fn staging(&mut self, bytes: u64) -> wgpu::Buffer {
        if let Some(fit) = self.idle.iter().position(|buffer| buffer.size() >= bytes) {
            return self.idle.swap_remove(fit);
        }
        self.idle.pop();
        new_staging(&self.gpu, self.label, bytes.next_power_of_two())
    }
}

/// Reads the pieces one after the other; blocks until everything submitted before has run.
///
/// # Errors
/// The driver's words when the device is lost.
pub fn read_blocking(gpu: &Gpu, pieces: &[Piece<'_>]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(pieces.iter().map(|piece| piece.bytes as usize).sum());
    for piece in pieces {
        let mut done = 0;
        while done < piece.bytes {
            let part = Piece { offset: piece.offset + done, bytes: (piece.bytes - done).min(CHUNK), ..*piece };
            read_part(gpu, part, &mut bytes)?;
            done += part.bytes;
        }
    }
    Ok(bytes)
}

fn read_part(gpu: &Gpu, part: Piece<'_>, bytes: &mut Vec<u8>) -> Result<(), String> {
    let staging = new_staging(gpu, "readback.blocking", part.bytes);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("readback") });
    copy_pieces(&mut encoder, &[part], &staging);
    gpu.queue.submit([encoder.finish()]);
    let (sender, receiver) = std::sync::mpsc::channel();
    staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        // The receiver outlives the wait below.
        let _ = sender.send(result);
    });
    gpu.wait()?;
    receiver.recv().map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    let view = staging.slice(..).get_mapped_range().map_err(|e| e.to_string())?;
    bytes.extend_from_slice(&view);
    Ok(())
}

fn new_staging(gpu: &Gpu, label: &str, bytes: u64) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes,
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    })
}

fn copy_pieces(encoder: &mut wgpu::CommandEncoder, pieces: &[Piece<'_>], staging: &wgpu::Buffer) {
    let mut at = 0;
    for piece in pieces.iter().filter(|piece| piece.bytes > 0) {
        encoder.copy_buffer_to_buffer(piece.buffer, piece.offset, staging, at, piece.bytes);
        at += piece.bytes;
    }
}
