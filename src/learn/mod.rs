//! Experiments: labelled images, how they are shown to a network, what its output neurons come to mean, and how often
//! it is right. Drives an engine; knows no session, window or picture.

mod cursor;
pub mod data;
mod encoding;
mod findings;
mod history;
mod idx;
pub mod labels;
mod meter;
pub mod protocol;
mod schedule;
mod score;
mod source;
mod trainer;

pub use data::{DataSet, Part};
pub use findings::{HistoryFinding, findings};
pub use history::{History, HistoryPoint, ProjectionPoint, PruningPeriod};
pub use idx::DataError;
pub use labels::{Confusion, LabelAssigner, RunningAccuracy};
pub use protocol::{Phase, Protocol, Showing};
pub use schedule::PruningSchedule;
pub use score::Score;
pub use source::open_data;
pub use trainer::{Progress, SavedTraining, TestOutcome, Trainer};

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
