//! What can go wrong in a session, in words for people.

use crate::engine::EngineError;
use crate::learn::LearnError;
use crate::model::scene::SceneError;

/// Why a session cannot open or go on.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The scene does not become a network.
    #[error(transparent)]
    Scene(#[from] SceneError),
    /// The engine cannot run it, or stopped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The recording cannot be opened.
    #[error(transparent)]
    Recording(#[from] crate::recording::RecordingError),
    /// The images or the learning protocol.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// The GPU engine was asked for where there is no adapter.
    #[error(
        "the GPU engine was asked for, but no graphics adapter is open; use --engine cpu, or see `spikescope doctor`"
    )]
    NoGpu,
    /// Something that needs a learning protocol was asked of a scene without one.
    #[error("scene {0:?} has no [learning] section, so there is nothing to train or test")]
    NoLearning(String),
    /// A selection that cannot be made.
    #[error("{0}")]
    Selection(String),
}
