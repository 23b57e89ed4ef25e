//! Storage and uniform buffers, checked against the adapter's limits before anything is allocated: in go labels and
//! sizes or slices, out come buffers or one [`LimitError`]. Keeps count of the bytes it gave out.

use std::sync::Arc;

use bytemuck::{NoUninit, Pod};
use wgpu::util::DeviceExt;

use super::Gpu;

/// A buffer that the adapter cannot hold or bind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} needs {needed} bytes, but {limit_name} of the adapter is {available} bytes")]
pub struct LimitError {
    /// What the buffer is for.
    pub what: String,
    /// Bytes.
    pub needed: u64,
    /// Bytes.
    pub available: u64,
    /// Which limit.
    pub limit_name: &'static str,
}

/// Makes buffers on one device.
pub struct Memory {
    gpu: Arc<Gpu>,
    max_binding: u64,
    given_out: u64,
}

impl Memory {
    /// Buffers up to what the adapter can bind at once. `max_binding` (bytes) lowers that, which makes tests of
    /// segmented data small.
    #[must_use]
    pub fn new(gpu: Arc<Gpu>, max_binding: Option<u64>) -> Self {
        let limit = gpu.limits.max_storage_buffer_binding_size.min(gpu.limits.max_buffer_size);
        Self { max_binding: max_binding.map_or(limit, |lower| lower.min(limit)), gpu, given_out: 0 }
    }

    /// The largest buffer that can be bound whole, bytes.
    #[must_use]
    pub const fn max_binding(&self) -> u64 {
        self.max_binding
    }

    /// Bytes of all buffers made so far.
    #[must_use]
    pub const fn given_out(&self) -> u64 {
        self.given_out
    }

    /// Fails when `bytes` cannot be bound at once.
    ///
    /// # Errors
    /// [`LimitError`] with both sizes.
    pub fn check(&self, what: &str, bytes: u64) -> Result<(), LimitError> {
        if bytes <= self.max_binding {
            return Ok(());
        }
        Err(LimitError {
            what: what.to_owned(),
            needed: bytes,
            available: self.max_binding,
            limit_name: "max_storage_buffer_binding_size",
        })
    }

    /// A storage buffer with these contents (one zeroed element when the slice is empty: nothing can be bound empty).
    ///
    /// # Errors
    /// [`LimitError`]
    pub fn storage<T: NoUninit + Pod>(&mut self, label: &str, contents: &[T]) -> Result<wgpu::Buffer, LimitError> {
        if contents.is_empty() {
            return self.zeroed::<T>(label, 1);
        }
        let bytes: &[u8] = bytemuck::cast_slice(contents);
        self.check(label, bytes.len() as u64)?;
        self.given_out += bytes.len() as u64;
        Ok(self.gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some(label),
            contents: bytes,
            usage: STORAGE,
        }))
    }

    /// A zeroed storage buffer of `len` elements (at least one).
    ///
    /// # Errors
    /// [`LimitError`]
    pub fn zeroed<T: Pod>(&mut self, label: &str, len: u64) -> Result<wgpu::Buffer, LimitError> {
        let bytes = (len.max(1) * size_of::<T>() as u64).next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT);
        self.check(label, bytes)?;
        self.given_out += bytes;
        Ok(self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes,
            usage: STORAGE,
            mapped_at_creation: false,
        }))
    }

    /// A uniform buffer with this value.
    ///
    /// # Errors
    /// [`LimitError`]
    pub fn uniform<T: NoUninit>(&mut self, label: &str, value: &T) -> Result<wgpu::Buffer, LimitError> {
        let bytes = bytemuck::bytes_of(value);
        self.check(label, bytes.len() as u64)?;
        self.given_out += bytes.len() as u64;
        Ok(self.gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some(label),
            contents: bytes,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        }))
    }

    /// A uniform buffer with these values, one after the other: the array of a shader.
    ///
    /// # Errors
    /// [`LimitError`]
    pub fn uniforms<T: NoUninit>(&mut self, label: &str, values: &[T]) -> Result<wgpu::Buffer, LimitError> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let available = self.gpu.limits.max_uniform_buffer_binding_size;
        if bytes.len() as u64 > available {
            return Err(LimitError {
                what: label.to_owned(),
                needed: bytes.len() as u64,
                available,
                limit_name: "max_uniform_buffer_binding_size",
            });
        }
        self.given_out += bytes.len() as u64;
        Ok(self.gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some(label),
            contents: bytes,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        }))
    }

    /// A uniform buffer of `count` values that are bound one at a time by a dynamic offset; the second value is the
    /// distance between two of them, bytes.
    #[must_use]
    pub fn uniform_array<T: NoUninit>(&mut self, label: &str, count: u64) -> (wgpu::Buffer, u64) {
        let stride =
            (size_of::<T>() as u64).next_multiple_of(u64::from(self.gpu.limits.min_uniform_buffer_offset_alignment));
        self.given_out += stride * count;
        let buffer = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: stride * count,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        (buffer, stride)
    }
}

const STORAGE: wgpu::BufferUsages =
    wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC).union(wgpu::BufferUsages::COPY_DST);
