//! wgpu helpers that know no neurons: the device and what it can do, shader sources put together from parts, buffers
//! checked against limits, compute kernels, the way back from GPU memory, and time on the GPU.

mod context;
mod kernel;
mod memory;
mod readback;
pub mod shader;
mod timing;

pub use context::{Gpu, GpuError, REQUIRE_GPU_VARIABLE};
pub use kernel::{Kernel, Slot, grid};
pub use memory::{LimitError, Memory};
pub use readback::{Piece, ReadbackRing, read_blocking};
pub use timing::SpanTimer;
