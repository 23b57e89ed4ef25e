//! Which engine simulates. In: the wish, the adapter, the network. Out: an engine, and a notice where the wish could
//! not be followed to the letter.

use std::sync::Arc;

use super::error::SessionError;
use crate::engine::Engine;
use crate::engine::cpu::CpuEngine;
use crate::engine::gpu::GpuEngine;
use crate::gpu::Gpu;
use crate::model::Network;

/// Which engine simulates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The GPU engine on a real GPU; the CPU engine on a software adapter or without any.
    #[default]
    Auto,
    /// The CPU engine.
    Cpu,
    /// The GPU engine, on whatever adapter is open.
    Gpu,
}

/// Builds the engine, and says what the viewer must know about the choice.
///
/// # Errors
/// No adapter where one was asked for, or a network that does not fit.
pub fn build_engine(
    choice: EngineChoice,
    gpu: Option<&Arc<Gpu>>,
    network: &Arc<Network>,
) -> Result<(Box<dyn Engine>, Option<String>), SessionError> {
    let on_cpu = || -> Result<Box<dyn Engine>, SessionError> { Ok(Box::new(CpuEngine::new(Arc::clone(network))?)) };
    let on_gpu = |gpu: &Arc<Gpu>| -> Result<Box<dyn Engine>, SessionError> {
        Ok(Box::new(GpuEngine::new(Arc::clone(gpu), Arc::clone(network))?))
    };
    match (choice, gpu) {
        (EngineChoice::Cpu, _) | (EngineChoice::Auto, None) => Ok((on_cpu()?, None)),
        (EngineChoice::Gpu, None) => Err(SessionError::NoGpu),
        (EngineChoice::Gpu, Some(gpu)) => Ok((on_gpu(gpu)?, None)),
        (EngineChoice::Auto, Some(gpu)) if gpu.is_software() => Ok((on_cpu()?, None)),
        (EngineChoice::Auto, Some(gpu)) => match on_gpu(gpu) {
            Ok(engine) => Ok((engine, None)),
            Err(error) => Ok((on_cpu()?, Some(format!("simulating on the CPU: {error}")))),
        },
    }
}
