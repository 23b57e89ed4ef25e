//! Statistics over samples and spikes; knows neither engines' insides nor charts.

mod intervals;
mod series;
mod spikes;

pub use intervals::StreamedIntervals;
pub use series::{Series, SeriesPoint};
pub use spikes::{SpikeStatistics, rate_hz, spike_statistics, spikes_per_bin};
