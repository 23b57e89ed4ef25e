//! Charts for papers and spreadsheets: in goes what is measured, out come numbers (CSV) and a drawing (SVG, or painted
//! into a picture). Everything that is stored goes out, whatever part of it the panel shows.

mod data;
mod drawing;

pub use data::{ChartData, chart, chart_names};
pub use drawing::{Drawing, SIZE};
