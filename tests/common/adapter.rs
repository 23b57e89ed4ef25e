//! The graphics adapter of the tests that need one, or a printed skip; a failure where there has to be one.

use std::sync::Arc;

use spikescope::gpu::{Gpu, REQUIRE_GPU_VARIABLE};

/// The adapter, or `None` after saying that the test is skipped.
pub(crate) fn gpu() -> Option<Arc<Gpu>> {
    match Gpu::headless(None) {
        Ok(gpu) => Some(Arc::new(gpu)),
        Err(error) => {
            assert!(std::env::var_os(REQUIRE_GPU_VARIABLE).is_none(), "an adapter is needed here, but {error}");
            eprintln!("skipped: {error}");
            None
        }
    }
}
