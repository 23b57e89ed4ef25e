//! The hinge: a source of activity, a clock, commands in, telemetry out. Sees no window, no egui and no path.

pub mod activity;
mod channel;
mod clock;
pub mod command;
mod engines;
mod error;
mod events;
mod experiment;
mod history;
mod layers;
mod moment;
mod obey;
mod observer;
mod partners;
mod picked;
mod replay;
mod rewind;
mod run;
mod safety;
mod select;
mod selected;
pub mod selection;
#[expect(clippy::module_inception, reason = "the folder is the storey, the file is its door")]
mod session;
mod standard_view;
pub mod telemetry;
pub mod traffic;
mod undo;
mod variables;
pub mod view;
mod watch;

pub use activity::ActivityBuffers;
pub use command::{Command, Rewind, Select};
pub use engines::EngineChoice;
pub use error::SessionError;
pub use events::Event;
pub use experiment::TestReport;
pub use history::{History, HistoryLimits};
pub use replay::Replay;
pub use safety::Recovery;
pub use selection::{How, Selection};
pub use session::{Session, SessionOptions};
pub use standard_view::StandardView;
pub use telemetry::Telemetry;
pub use variables::Values;
pub use view::ViewSettings;
