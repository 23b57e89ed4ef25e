//! The hinge: a source of activity, a clock, commands in, telemetry out. Sees no window, no egui and no path.

pub mod activity;
pub mod command;
pub mod telemetry;
pub mod view;

pub use activity::ActivityBuffers;
pub use command::Command;
pub use telemetry::Telemetry;
pub use view::ViewSettings;
