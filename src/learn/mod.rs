//! Experiments: labelled images, how they are shown to a network, what its output neurons come to mean, and how often
//! it is right. Drives an engine; knows no session, window or picture.

pub mod data;
mod idx;
pub mod labels;

pub use data::{DataSet, Part};
pub use idx::DataError;
pub use labels::{Confusion, LabelAssigner, RunningAccuracy};
