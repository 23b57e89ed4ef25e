//! Statistics over samples, spikes, weights and recordings; knows neither engines' insides nor charts.
//!
//! Names and definitions are those of Elephant (spike trains) and NeuroBench (sparsity, synaptic operations); each
//! function names the one that it follows. Everything streams: all neurons, in memory that does not grow with the run.

pub mod bins;
pub mod connectivity;
pub mod findings;
mod intervals;
pub mod pairs;
pub mod recorded;
pub mod responses;
mod series;
mod spikes;
pub mod train;
pub mod trains;
pub mod weights;

pub use intervals::StreamedIntervals;
pub use series::{Series, SeriesPoint};
pub use spikes::{SpikeStatistics, rate_hz, spike_statistics, spikes_per_bin};
