//! Opens a recorded run, finished or not, and gives any window of it. In: the folder. Out: its header, its neurons, and
//! batches of spikes, membrane values, synapses, weights, labels and events. Opening reads the footers of the tables
//! only, so that a recording larger than memory opens at once; a window reads the row groups and pages that touch it.
//!
//! A [`Recording`] is cheap to clone and can be used from several threads at a time.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::RecordingError;
use super::batches::{self, EventRow, LabelRow, Neurons, PotentialBatch, SpikeBatch, SynapseBatch, WeightBatch};
use super::header::{PopulationEntry, RecordingHeader};
use super::stored::{Kind, Scan, StoredTable};

/// All time.
const EVER: Range<f64> = f64::NEG_INFINITY..f64::INFINITY;

/// See the module.
#[derive(Clone, Debug)]
pub struct Recording {
    folder: PathBuf,
    header: Arc<RecordingHeader>,
    neuron_count: u32,
    neurons: Arc<StoredTable>,
    spikes: Arc<StoredTable>,
    potentials: Option<Arc<StoredTable>>,
    synapses: Option<Arc<StoredTable>>,
    weights: Option<Arc<StoredTable>>,
    labels: Option<Arc<StoredTable>>,
    events: Option<Arc<StoredTable>>,
}

impl Recording {
    /// Whether the folder `path` holds a recording, as far as its name tells.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        path.join("recording.json").is_file()
    }

    /// Reads the header and the footers of all tables.
    ///
    /// # Errors
    /// [`RecordingError::NoRecording`], [`RecordingError::Read`], or [`RecordingError::Damaged`] with file and reason.
    pub fn open(folder: &Path) -> Result<Self, RecordingError> {
        if !Self::is_at(folder) {
            return Err(RecordingError::NoRecording { path: folder.to_owned() });
        }
        let path = folder.join("recording.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(RecordingError::Damaged { path, reason: "it is not UTF-8 text".to_owned() });
            }
            Err(source) => return Err(RecordingError::Read { path, source }),
        };
        let mut header =
            RecordingHeader::parse(&text).map_err(|reason| RecordingError::Damaged { path: path.clone(), reason })?;

        let table = |name: &str, columns: &[(&'static str, Kind)], time: Option<&'static str>| {
            Ok::<_, RecordingError>(StoredTable::open(&folder.join(name), columns, time)?.map(Arc::new))
        };
        let missing =
            |name: &str| RecordingError::Damaged { path: folder.join(name), reason: "the table is missing".to_owned() };
        let time = ("time_ms", Kind::Time);
        let neurons = table("neurons.parquet", &[("neuron", Kind::Integer), ("population", Kind::Text)], None)?
            .ok_or_else(|| missing("neurons.parquet"))?;
        let spikes = table("spikes.parquet", &[time, ("neuron", Kind::Integer)], Some("time_ms"))?
            .ok_or_else(|| missing("spikes.parquet"))?;
        let neuron_count = u32::try_from(neurons.rows()).map_err(|_| RecordingError::Damaged {
            path: folder.join("neurons.parquet"),
            reason: format!("it has {} rows; {} neurons are the most", neurons.rows(), u32::MAX),
        })?;
        if header.populations.is_empty() && neuron_count > 0 {
            header.populations = populations_of(&read_neurons(&neurons)?);
        }
        let named: u64 = header.populations.iter().map(|population| u64::from(population.size)).sum();
        if named != u64::from(neuron_count) {
            let reason = format!("its populations have {named} neurons, but neurons.parquet has {neuron_count}");
            return Err(RecordingError::Damaged { path, reason });
        }
        Ok(Self {
            folder: folder.to_owned(),
            header: Arc::new(header),
            neuron_count,
            potentials: table(
                "potentials.parquet",
                &[time, ("neuron", Kind::Integer), ("v_mv", Kind::Number)],
                Some("time_ms"),
            )?,
            synapses: table(
                "synapses.parquet",
                &[
                    ("synapse", Kind::Integer),
                    ("pre", Kind::Integer),
                    ("post", Kind::Integer),
                    ("weight", Kind::Number),
                    ("delay_ms", Kind::Number),
                ],
                None,
            )?,
            weights: table(
                "weights.parquet",
                &[time, ("synapse", Kind::Integer), ("weight", Kind::Number)],
                Some("time_ms"),
            )?,
            labels: table(
                "labels.parquet",
                &[("start_ms", Kind::Time), ("end_ms", Kind::Time), ("label", Kind::Integer), ("input", Kind::Integer)],
                Some("start_ms"),
            )?,
            events: table("events.parquet", &[time, ("kind", Kind::Text), ("text", Kind::Text)], Some("time_ms"))?,
            neurons,
            spikes,
        })
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// `recording.json`; its populations are always there.
    #[must_use]
    pub fn header(&self) -> &RecordingHeader {
        &self.header
    }

    /// Neurons; their ids are `0..neuron_count`.
    #[must_use]
    pub const fn neuron_count(&self) -> u32 {
        self.neuron_count
    }

    /// All spikes.
    #[must_use]
    pub fn spike_count(&self) -> u64 {
        self.spikes.rows()
    }

    /// Synapses; 0 where the recording has none.
    #[must_use]
    pub fn synapse_count(&self) -> u64 {
        self.synapses.as_ref().map_or(0, |table| table.rows())
    }

    /// Changes of weights; 0 where the recording has none.
    #[must_use]
    pub fn weight_change_count(&self) -> u64 {
        self.weights.as_ref().map_or(0, |table| table.rows())
    }

    /// Smallest and largest weight that a change has set, as far as the footers tell; none where nothing changed.
    #[must_use]
    pub fn weight_range(&self) -> Option<(f32, f32)> {
        self.weights.as_ref().and_then(|table| table.range_of("weight"))
    }

    /// Membrane values; 0 where the recording has none.
    #[must_use]
    pub fn potential_count(&self) -> u64 {
        self.potentials.as_ref().map_or(0, |table| table.rows())
    }

    /// First and last spike, ms; none where there are none.
    #[must_use]
    pub fn spike_span_ms(&self) -> Option<(f64, f64)> {
        self.spikes.span_ms()
    }

    /// The end: the header's duration, or the last spike where that is later (a writer was killed before it could
    /// say so), ms.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.header.duration_ms.max(self.spike_span_ms().map_or(0.0, |(_, last)| last))
    }

    /// All neurons.
    ///
    /// # Errors
    /// [`RecordingError::Read`] or [`RecordingError::Damaged`].
    pub fn neurons(&self) -> Result<Neurons, RecordingError> {
        read_neurons(&self.neurons)
    }

    /// Spikes with `from_ms <= time < to_ms`.
    #[must_use]
    pub fn spikes(&self, from_ms: f64, to_ms: f64) -> Batches<SpikeBatch> {
        let count = self.neuron_count;
        Batches::new(Some(&self.spikes), &["neuron"], from_ms..to_ms, move |batch, path, _| {
            SpikeBatch::take(batch, path, count)
        })
    }

    /// Membrane values with `from_ms <= time < to_ms`.
    #[must_use]
    pub fn potentials(&self, from_ms: f64, to_ms: f64) -> Batches<PotentialBatch> {
        let count = self.neuron_count;
        Batches::new(self.potentials.as_ref(), &["neuron", "v_mv"], from_ms..to_ms, move |batch, path, _| {
            PotentialBatch::take(batch, path, count)
        })
    }

    /// Changes of weights with `from_ms <= time < to_ms`.
    #[must_use]
    pub fn weights(&self, from_ms: f64, to_ms: f64) -> Batches<WeightBatch> {
        Batches::new(self.weights.as_ref(), &["synapse", "weight"], from_ms..to_ms, |batch, path, _| {
            WeightBatch::take(batch, path)
        })
    }

    /// All synapses as the run began, in the order of their ids.
    #[must_use]
    pub fn synapses(&self) -> Batches<SynapseBatch> {
        let count = self.neuron_count;
        let columns = ["synapse", "pre", "post", "weight", "delay_ms"];
        Batches::new(self.synapses.as_ref(), &columns, EVER, move |batch, path, row| {
            SynapseBatch::take(batch, path, count, row)
        })
    }

    /// Inputs whose showing began in `from_ms <= time < to_ms`.
    ///
    /// # Errors
    /// [`RecordingError::Read`] or [`RecordingError::Damaged`].
    pub fn labels(&self, from_ms: f64, to_ms: f64) -> Result<Vec<LabelRow>, RecordingError> {
        let columns = ["start_ms", "end_ms", "label", "input"];
        let rows =
            Batches::new(self.labels.as_ref(), &columns, from_ms..to_ms, |batch, path, _| batches::labels(batch, path));
        Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Events with `from_ms <= time < to_ms`.
    ///
    /// # Errors
    /// [`RecordingError::Read`] or [`RecordingError::Damaged`].
    pub fn events(&self, from_ms: f64, to_ms: f64) -> Result<Vec<EventRow>, RecordingError> {
        let rows = Batches::new(self.events.as_ref(), &["kind", "text"], from_ms..to_ms, |batch, path, _| {
            batches::events(batch, path)
        });
        Ok(rows.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Spikes before `time_ms`. Reads one page of times at most.
    ///
    /// # Errors
    /// [`RecordingError::Read`] or [`RecordingError::Damaged`].
    pub fn spikes_before(&self, time_ms: f64) -> Result<u64, RecordingError> {
        self.spikes.rows_before(time_ms)
    }

    /// Spikes per bin, exactly, over `bins` equal bins of `from_ms..to_ms`. Reads one page of times per bin at most,
    /// so it takes no longer for a longer recording.
    ///
    /// # Errors
    /// [`RecordingError::Read`] or [`RecordingError::Damaged`].
    pub fn activity(&self, from_ms: f64, to_ms: f64, bins: usize) -> Result<Vec<u64>, RecordingError> {
        let edge = |bin: usize| from_ms + (to_ms - from_ms) * bin as f64 / bins.max(1) as f64;
        let edges = (0..=bins).map(|bin| self.spikes_before(edge(bin))).collect::<Result<Vec<_>, _>>()?;
        Ok(edges.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect())
    }
}

/// Turns a batch into rows; gets the number of the first row.
type Take<T> = Box<dyn FnMut(&RecordBatch, &Path, u64) -> Result<T, RecordingError> + Send>;

/// The rows of a window, some ten thousand at a time.
pub struct Batches<T> {
    scan: Option<Scan>,
    take: Take<T>,
    row: u64,
}

impl<T> Batches<T> {
    fn new(
        table: Option<&Arc<StoredTable>>,
        columns: &[&'static str],
        window: Range<f64>,
        take: impl FnMut(&RecordBatch, &Path, u64) -> Result<T, RecordingError> + Send + 'static,
    ) -> Self {
        Self { scan: table.map(|table| table.scan(columns, window)), take: Box::new(take), row: 0 }
    }
}

impl<T> Iterator for Batches<T> {
    type Item = Result<T, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let scan = self.scan.as_mut()?;
        let batch = match scan.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        let taken = (self.take)(&batch, scan.path(), self.row);
        self.row += batch.num_rows() as u64;
        if taken.is_err() {
            self.scan = None;
        }
        Some(taken)
    }
}

fn read_neurons(table: &Arc<StoredTable>) -> Result<Neurons, RecordingError> {
    let mut neurons = Neurons::default();
    for batch in table.scan(&["neuron", "population", "x", "y", "z", "class"], EVER) {
        neurons.append(&batch?, table.path())?;
    }
    Ok(neurons)
}

/// Populations of a recording whose header names none.
fn populations_of(neurons: &Neurons) -> Vec<PopulationEntry> {
    let mut first_neuron = 0;
    neurons
        .populations
        .iter()
        .map(|(name, size)| {
            first_neuron += size;
            PopulationEntry { name: name.clone(), first_neuron: first_neuron - size, size: *size, source: false }
        })
        .collect()
}
