//! wgpu helpers that know no neurons: the device and what it can do, shader sources put together from parts, compute
//! kernels, and the way back from GPU memory.

mod context;
pub mod shader;

pub use context::{Gpu, GpuError, REQUIRE_GPU_VARIABLE};
