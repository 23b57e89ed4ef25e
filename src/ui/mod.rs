//! The overlay: egui panels and charts over the picture. Telemetry in, actions out; it knows no wgpu pipelines.

pub mod action;
mod ask;
mod brush;
mod chart;
mod charts;
mod colour_map;
mod controls;
pub mod export;
mod fields;
mod format;
mod fuzzy;
mod help;
mod histogram;
mod icon;
mod input;
mod intent;
mod keys;
mod large_chart;
mod layout;
mod learning;
mod legend;
mod look;
mod neuron;
mod overlay;
mod palette;
mod presenter;
mod raster;
mod selection;
mod space;
mod style;
mod table;
mod timeline;
mod timings;
mod top_bar;
mod transfer;

pub use action::{ChartFormat, FilmKind, OverlayAction, PictureSize, Tool, TourKey};
pub use chart::Span;
pub use input::{
    ColourScale, FieldGrid, FormKey, FrameStats, LineKey, LineStyle, OverlayInput, ValueHistogram, WindowState,
};
pub use layout::Layout;
pub use overlay::Overlay;
pub use presenter::{Comparison, Presenter, PresenterInput};
pub use space::{Card, CardContent, Curve, Field, Name, Ruler, Space, SpaceInput, round_length};
