//! From common options to a running session: which adapter, which engine, which scene.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arguments::{Common, EngineName};
use super::error::AppError;
use super::progress::while_working;
use crate::gpu::Gpu;
use crate::model::scene::Scene;
use crate::session::{EngineChoice, Session, SessionOptions};

/// A session and what it took to open it.
pub(super) struct Opened {
    pub(super) session: Session,
    pub(super) set_up: Duration,
}

impl From<EngineName> for EngineChoice {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Auto => Self::Auto,
            EngineName::Gpu => Self::Gpu,
            EngineName::Cpu => Self::Cpu,
        }
    }
}

/// The adapter that draws.
pub(super) fn drawing_gpu(common: &Common) -> Result<Arc<Gpu>, AppError> {
    open_gpu(common).map(Arc::new)
}

/// The adapter that may simulate: none where the CPU was asked for, or where there is none and that is all right.
pub(super) fn simulating_gpu(common: &Common) -> Result<Option<Arc<Gpu>>, AppError> {
    // A name is a wish that must be met or refused, even where no adapter is needed.
    if common.adapter.is_some() || common.engine == EngineName::Gpu {
        return open_gpu(common).map(|gpu| Some(Arc::new(gpu)));
    }
    match common.engine {
        EngineName::Cpu => Ok(None),
        EngineName::Auto | EngineName::Gpu => Ok(Gpu::headless(None).ok().map(Arc::new)),
    }
}

fn open_gpu(common: &Common) -> Result<Gpu, AppError> {
    Ok(Gpu::headless(common.adapter.as_deref())?)
}

/// Builds the network and the engine.
pub(super) fn open(scene: Scene, common: &Common, gpu: Option<Arc<Gpu>>) -> Result<Opened, AppError> {
    let begun = Instant::now();
    let what = format!("building {}", scene.name);
    let options = SessionOptions { engine: common.engine.into(), gpu, seed: common.seed };
    let session = while_working(&what, common.quiet, || Session::open(scene, options))?;
    Ok(Opened { session, set_up: begun.elapsed() })
}
