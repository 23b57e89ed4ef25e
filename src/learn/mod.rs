//! Experiments: labelled images, how they are shown to a network, what its output neurons come to mean, and how often
//! it is right. Drives an engine; knows no session, window or picture.

pub mod data;
mod idx;
pub mod labels;
pub mod protocol;
mod schedule;
mod score;
mod source;

pub use data::{DataSet, Part};
pub use idx::DataError;
pub use labels::{Confusion, LabelAssigner, RunningAccuracy};
pub use protocol::{Phase, Protocol, Showing};
pub use schedule::PruningSchedule;
pub use score::Score;
pub use source::open_data;

/// What can go wrong in an experiment.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    /// The images.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
    /// The scene's learning section and its network do not go together.
    #[error("{0}")]
    Misfit(String),
}
