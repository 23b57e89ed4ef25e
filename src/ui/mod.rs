//! The overlay: egui panels and charts over the picture. Telemetry in, actions out; it knows no wgpu pipelines.

pub mod action;
mod chart;
mod charts;
mod colour_map;
mod controls;
pub mod export;
mod fields;
mod format;
mod help;
mod histogram;
mod icon;
mod input;
mod keys;
mod learning;
mod legend;
mod look;
mod neuron;
mod overlay;
mod raster;
mod style;
mod timings;
mod top_bar;

pub use action::{ChartFormat, FilmKind, OverlayAction, PictureSize, Tool, TourKey};
pub use chart::Span;
pub use input::{ColourScale, FieldGrid, FrameStats, OverlayInput, WindowState};
pub use overlay::Overlay;
