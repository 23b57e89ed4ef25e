//! Statistics over samples and spikes; knows neither engines' insides nor charts.

mod series;

pub use series::{Series, SeriesPoint};
