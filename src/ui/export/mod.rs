//! Charts for papers and spreadsheets: in goes what is measured, out come numbers (CSV) and a drawing (SVG, or painted
//! into a picture). Everything that is stored goes out, whatever part of it the panel shows.

mod button;
mod data;
mod drawing;

pub(super) use button::{save_button, take_wish};
pub use data::{ChartData, Layer, chart, chart_names};
pub use drawing::{Drawing, SIZE};

/// In the place of a chart's name: every chart that there is.
pub const ALL_CHARTS: &str = "all";
