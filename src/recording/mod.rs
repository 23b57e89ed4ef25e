//! The recorded run: a folder of Parquet tables, time-sorted, that pandas, DuckDB, Polars and Spark read without us.
//! In go spikes, labels, weights and events as a run makes them; out comes the folder, and out of that any window of it.
//!
//! | file | columns |
//! |---|---|
//! | `recording.json` | name, simulator, dt, duration, units, populations, projections, `complete` |
//! | `neurons.parquet` | neuron, population, x, y, z, class (the input class it answers to most; null where unknown) |
//! | `spikes.parquet` | time_ms, neuron |
//! | `potentials.parquet` | time_ms, neuron, v_mv |
//! | `synapses.parquet` | synapse, pre, post, weight, delay_ms: as the run began |
//! | `weights.parquet` | time_ms, synapse, weight: only changes; null where the synapse was pruned |
//! | `labels.parquet` | start_ms, end_ms, label, input |
//! | `events.parquet` | time_ms, kind, text |
//!
//! All but the first three are there only when the run had something to write to them. Synapse ids run through all
//! projections; `recording.json` says where each begins.
//!
//! # What a killed writer leaves
//!
//! A Parquet file can be read once its footer is written, at its end. So while a run goes on, each growing table is a
//! folder of short finished files, `spikes.parquet/part-000000.parquet` and so on, one at least every second in which
//! there was something to write: the same readers open such a folder as one table, under the same name. A file is made
//! as `NAME.partial` and renamed when finished. `finish` joins the parts into one file. `recording.json` says
//! `"complete": false` until then, and its `duration_ms` is the time up to which all tables hold everything.

mod batches;
mod columns;
pub mod files;
pub mod formats;
mod header;
mod reader;
mod stored;
mod stream;
mod table;
mod writer;

use std::path::PathBuf;

pub use batches::{EventRow, LabelRow, Neurons, PotentialBatch, SpikeBatch, SynapseBatch, WeightBatch};
pub use header::{PopulationEntry, ProjectionEntry, RecordingHeader};
pub use reader::{Batches, Recording};
pub use stream::{SpikeStream, StreamInfo, StreamListener};
pub use writer::{RecordingInfo, RecordingWriter, TABLES};

/// Why a recording could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file system refused.
    #[error("cannot write {}: {source}; check that the folder exists, is writable and has space", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// There is something else at that place.
    #[error(
        "{} exists and is not a recording, so it is left alone; choose another path or empty it first",
        path.display()
    )]
    Occupied {
        /// Where.
        path: PathBuf,
    },
    /// A table could not be encoded or read back.
    #[error("the table {} could not be written: {reason}", path.display())]
    Table {
        /// Which.
        path: PathBuf,
        /// The encoder's words.
        reason: String,
    },
    /// There is no recording at that place.
    #[error(
        "{} is not a recording: it has no recording.json; name the folder of a recording, or make one from other \
         files with `spikescope import`",
        path.display()
    )]
    NoRecording {
        /// Where.
        path: PathBuf,
    },
    /// The file system refused to read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A live stream that cannot be received; says which and why.
    #[error("{0}")]
    Stream(String),
    /// A file of the recording is not what it should be.
    #[error("the recording is damaged: {}: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// Rows must come in the order of time.
    #[error("the table {table} takes rows in the order of time, but step {step} came after step {after}")]
    Unsorted {
        /// Which.
        table: &'static str,
        /// The late row's step.
        step: u64,
        /// The newest step before it.
        after: u64,
    },
}
