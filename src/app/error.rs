//! One readable message per error, and the exit code that goes with it.

use crate::engine::EngineError;
use crate::gpu::GpuError;
use crate::model::scene::SceneError;
use crate::recording::RecordingError;
use crate::recording::formats::ImportError;
use crate::session::SessionError;

/// Why a door closed early.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// What the user asked for cannot be done as asked; exit code 2.
    #[error("{0}")]
    Mistake(String),
    /// Everything else; exit code 1.
    #[error("{0}")]
    Failure(String),
}

impl AppError {
    /// See the variants.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Mistake(_) => 2,
            Self::Failure(_) => 1,
        }
    }
}

impl From<GpuError> for AppError {
    fn from(error: GpuError) -> Self {
        match error {
            GpuError::NoAdapter | GpuError::NoSuchAdapter { .. } => Self::Mistake(error.to_string()),
            GpuError::NoSurface { .. } | GpuError::Refused { .. } => Self::Failure(error.to_string()),
        }
    }
}

impl From<RecordingError> for AppError {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Write { .. }
            | RecordingError::Occupied { .. }
            | RecordingError::NoRecording { .. }
            | RecordingError::Read { .. }
            | RecordingError::Stream(_)
            | RecordingError::Damaged { .. } => Self::Mistake(error.to_string()),
            RecordingError::Table { .. } | RecordingError::Unsorted { .. } => Self::Failure(error.to_string()),
        }
    }
}

impl From<ImportError> for AppError {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Recording(error) => error.into(),
            // The files, or what was said about them.
            error => Self::Mistake(error.to_string()),
        }
    }
}

impl From<SceneError> for AppError {
    fn from(error: SceneError) -> Self {
        Self::Mistake(error.to_string())
    }
}

impl From<EngineError> for AppError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::TooLarge { .. } | EngineError::Recording(_) => Self::Mistake(error.to_string()),
            EngineError::Misuse(_) | EngineError::Checkpoint(_) | EngineError::DeviceLost(_) => {
                Self::Failure(error.to_string())
            }
        }
    }
}

impl From<SessionError> for AppError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Engine(error) => error.into(),
            // The scene, its data, or an engine that this machine does not have: all things that were asked for.
            error => Self::Mistake(error.to_string()),
        }
    }
}
