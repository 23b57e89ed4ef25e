//! Writes a run as it goes: what it is made of first, then spikes, labels, weights and events in the order of time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::RecordingError;
use super::columns::{self, BATCH_ROWS};
use super::files::{write_error, write_text};
use super::table::{StreamedTable, write_table};
use crate::engine::Spike;
use crate::model::{Cell, Network};

/// The tables of a recording, as they are named in its folder.
pub const TABLES: [&str; 7] = [
    "neurons.parquet",
    "synapses.parquet",
    "spikes.parquet",
    "potentials.parquet",
    "weights.parquet",
    "labels.parquet",
    "events.parquet",
];

const FORMAT_VERSION: u32 = 1;

/// What the network itself does not know about a run.
#[derive(Clone, Debug, Default)]
pub struct RecordingInfo {
    /// One line on what the scene shows.
    pub title: String,
    /// `"cpu"` or `"gpu"`.
    pub engine: String,
    /// Adapter name; empty where none was used.
    pub adapter: String,
    /// Whether to write `synapses.parquet`.
    pub synapses: bool,
}

/// See the module and [`crate::recording`]. Dropped without [`Self::finish`], it leaves what a killed writer leaves.
pub struct RecordingWriter {
    folder: PathBuf,
    network: Arc<Network>,
    header: Header,
    spikes: StreamedTable,
    potentials: Option<StreamedTable>,
    weights: Option<StreamedTable>,
    labels: Option<StreamedTable>,
    events: Option<StreamedTable>,
    classes: Vec<Option<u8>>,
    /// Per projection, the weights last written; empty before the first time.
    known_weights: Vec<Vec<f32>>,
    newest_step: u64,
}

/// `recording.json`
#[derive(Serialize)]
struct Header {
    format: &'static str,
    version: u32,
    name: String,
    title: String,
    simulator: &'static str,
    simulator_version: &'static str,
    engine: String,
    adapter: String,
    seed: u64,
    dt_ms: f64,
    duration_ms: f64,
    complete: bool,
    units: Units,
    populations: Vec<PopulationEntry>,
    projections: Vec<ProjectionEntry>,
}

#[derive(Serialize)]
struct Units {
    time: &'static str,
    potential: &'static str,
    delay: &'static str,
    weight: &'static str,
    position: &'static str,
}

#[derive(Serialize)]
struct PopulationEntry {
    name: String,
    first_neuron: u32,
    size: u32,
    source: bool,
}

#[derive(Serialize)]
struct ProjectionEntry {
    name: String,
    source: String,
    target: String,
    first_synapse: u64,
    synapses: u64,
}

impl RecordingWriter {
    /// Begins a recording in the folder `path`: writes `recording.json`, `neurons` and, if asked for, `synapses`. A
    /// recording that is already there is replaced; anything else that is there is left alone.
    ///
    /// # Errors
    /// [`RecordingError::Occupied`], or what the file system refused.
    pub fn create(path: &Path, network: &Arc<Network>, info: RecordingInfo) -> Result<Self, RecordingError> {
        make_room(path)?;
        write_neurons(path, network, &[])?;
        if info.synapses {
            write_synapses(path, network)?;
        }
        let writer = Self {
            folder: path.to_owned(),
            network: Arc::clone(network),
            header: header(network, info),
            spikes: StreamedTable::create(&path.join("spikes.parquet"), columns::spikes_schema())?,
            potentials: None,
            weights: None,
            labels: None,
            events: None,
            classes: Vec::new(),
            known_weights: vec![Vec::new(); network.projections.len()],
            newest_step: 0,
        };
        writer.write_header()?;
        Ok(writer)
    }

    /// Whether a recording could begin at `path`, as far as that shows without touching what is there: makes the
    /// folder if there is none.
    ///
    /// # Errors
    /// [`RecordingError::Occupied`], or what the file system refused.
    pub fn check_place(path: &Path) -> Result<(), RecordingError> {
        if path.exists() {
            let occupied = || RecordingError::Occupied { path: path.to_owned() };
            let mut entries = fs::read_dir(path).map_err(|_| occupied())?;
            if !path.join("recording.json").is_file() && entries.next().is_some() {
                return Err(occupied());
            }
        }
        fs::create_dir_all(path).map_err(|source| write_error(path, source))
    }

    /// Appends spikes, sorted by step; `until_step` is the step up to which there are no others.
    ///
    /// # Errors
    /// What the file system refused, or spikes older than what was written before.
    pub fn write_spikes(&mut self, spikes: &[Spike], until_step: u64) -> Result<(), RecordingError> {
        let mut after = self.newest_step;
        for spike in spikes {
            let step = u64::from(spike.step);
            if step < after {
                return Err(RecordingError::Unsorted { table: "spikes.parquet", step, after });
            }
            after = step;
        }
        for chunk in spikes.chunks(BATCH_ROWS) {
            self.spikes.write(columns::spikes_batch(chunk, self.network.dt_ms))?;
        }
        self.newest_step = until_step.max(after);
        self.flush_if_due()
    }

    /// Membrane values at the end of `step` as (neuron, mV absolute).
    ///
    /// # Errors
    /// What the file system refused.
    pub fn write_potentials(&mut self, step: u64, values: &[(u32, f32)]) -> Result<(), RecordingError> {
        let batch = columns::potentials_batch(self.time_ms(step), values);
        opened(&mut self.potentials, &self.folder.join("potentials.parquet"), columns::potentials_schema)?.write(batch)
    }

    /// Takes an engine's weights of a projection as known, without writing them: engines keep shares of the largest
    /// weight, so theirs may differ from the network's in the last bit, which is no change.
    pub fn know_weights(&mut self, projection: usize, weights: Vec<f32>) {
        self.known_weights[projection] = weights;
    }

    /// The weights of a projection after `step`, by synapse id and with the engines' mark for pruned synapses; those
    /// that differ from what was written last are appended.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn write_weights(&mut self, step: u64, projection: usize, weights: &[f32]) -> Result<(), RecordingError> {
        let base = self.header.projections[projection].first_synapse as i64;
        let initial = &self.network.projections[projection].weights;
        let known = &self.known_weights[projection];
        let before = |synapse: usize| known.get(synapse).copied().unwrap_or_else(|| initial.get(synapse));
        let changes: Vec<(i64, f32)> = weights
            .iter()
            .enumerate()
            .filter(|(synapse, weight)| **weight != before(*synapse))
            .map(|(synapse, weight)| (base + synapse as i64, *weight))
            .collect();
        let time_ms = self.time_ms(step);
        let table = opened(&mut self.weights, &self.folder.join("weights.parquet"), columns::weights_schema)?;
        for chunk in changes.chunks(BATCH_ROWS) {
            table.write(columns::weights_batch(time_ms, chunk))?;
        }
        self.known_weights[projection] = weights.to_vec();
        Ok(())
    }

    /// An input that was shown from `start_step` to `end_step`: its class and its index in the data set.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn write_label(&mut self, start_step: u64, end_step: u64, label: u8, input: u64) -> Result<(), RecordingError> {
        let batch =
            columns::label_batch(self.time_ms(start_step), self.time_ms(end_step), i16::from(label), input as i64);
        opened(&mut self.labels, &self.folder.join("labels.parquet"), columns::labels_schema)?.write(batch)
    }

    /// Something worth a mark: a pruning period, a phase, a note.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn write_event(&mut self, step: u64, kind: &str, text: &str) -> Result<(), RecordingError> {
        let batch = columns::event_batch(self.time_ms(step), kind, text);
        opened(&mut self.events, &self.folder.join("events.parquet"), columns::events_schema)?.write(batch)
    }

    /// The class that each neuron of `first_neuron..` answers to most; goes into `neurons.parquet` at the end.
    pub fn set_classes(&mut self, first_neuron: u32, classes: &[Option<u8>]) {
        self.classes.resize(self.network.neuron_count() as usize, None);
        for (slot, class) in self.classes.iter_mut().skip(first_neuron as usize).zip(classes) {
            *slot = *class;
        }
    }

    /// Makes everything that was written so far readable, whatever happens next.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn flush(&mut self) -> Result<(), RecordingError> {
        for table in self.growing_tables() {
            table.flush()?;
        }
        // To a millionth, which hides that most steps are no binary fractions.
        self.header.duration_ms = (self.time_ms(self.newest_step) * 1e6).round() / 1e6;
        self.write_header()
    }

    /// Joins the parts and marks the recording as complete.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn finish(mut self) -> Result<(), RecordingError> {
        self.flush()?;
        if !self.classes.is_empty() {
            write_neurons(&self.folder, &self.network, &self.classes)?;
        }
        self.header.complete = true;
        let header = header_text(&self.header);
        self.spikes.finish()?;
        for table in [self.potentials, self.weights, self.labels, self.events].into_iter().flatten() {
            table.finish()?;
        }
        write_text(&self.folder.join("recording.json"), &header)
    }

    /// Flushes if what was written first since the last flush is old. Whoever may have nothing to write for a while
    /// calls this a few times a second. Parts close together, so that the header's duration holds for all tables.
    ///
    /// # Errors
    /// What the file system refused.
    pub fn flush_if_due(&mut self) -> Result<(), RecordingError> {
        let mut any = false;
        for table in self.growing_tables() {
            any |= table.flush_if_due()?;
        }
        if any { self.flush() } else { Ok(()) }
    }

    fn growing_tables(&mut self) -> impl Iterator<Item = &mut StreamedTable> {
        let others = [&mut self.potentials, &mut self.weights, &mut self.labels, &mut self.events];
        std::iter::once(&mut self.spikes).chain(others.into_iter().flatten())
    }

    fn time_ms(&self, step: u64) -> f64 {
        step as f64 * self.network.dt_ms
    }

    fn write_header(&self) -> Result<(), RecordingError> {
        write_text(&self.folder.join("recording.json"), &header_text(&self.header))
    }
}

/// The table, made at its first use.
fn opened<'a>(
    table: &'a mut Option<StreamedTable>,
    path: &Path,
    schema: fn() -> arrow_schema::SchemaRef,
) -> Result<&'a mut StreamedTable, RecordingError> {
    let ready = match table.take() {
        Some(ready) => ready,
        None => StreamedTable::create(path, schema())?,
    };
    Ok(table.insert(ready))
}

fn header_text(header: &Header) -> String {
    let mut text = serde_json::to_string_pretty(header).expect("plain fields always serialise");
    text.push('\n');
    text
}

fn header(network: &Network, info: RecordingInfo) -> Header {
    let mut first_synapse = 0;
    let projections = (0..network.projections.len())
        .map(|index| {
            let projection = &network.projections[index];
            let synapses = network.synapse_count_of(index);
            first_synapse += synapses;
            ProjectionEntry {
                name: projection.name.clone(),
                source: network.populations[projection.source].name.clone(),
                target: network.populations[projection.target].name.clone(),
                first_synapse: first_synapse - synapses,
                synapses,
            }
        })
        .collect();
    Header {
        format: "spikescope recording",
        version: FORMAT_VERSION,
        name: network.name.clone(),
        title: info.title,
        simulator: "spikescope",
        simulator_version: env!("CARGO_PKG_VERSION"),
        engine: info.engine,
        adapter: info.adapter,
        seed: network.seed,
        dt_ms: network.dt_ms,
        duration_ms: 0.0,
        complete: false,
        units: Units {
            time: "ms",
            potential: "mV",
            delay: "ms",
            weight: "mV; leak conductances where the target has conductance synapses",
            position: "scene units, y up",
        },
        populations: network
            .populations
            .iter()
            .map(|p| PopulationEntry {
                name: p.name.clone(),
                first_neuron: p.first,
                size: p.size,
                source: matches!(p.cell, Cell::Source(_)),
            })
            .collect(),
        projections,
    }
}

/// An empty folder, or an older recording's, whose tables are removed.
fn make_room(path: &Path) -> Result<(), RecordingError> {
    RecordingWriter::check_place(path)?;
    let names = TABLES.iter().flat_map(|table| {
        let stem = table.trim_end_matches("parquet");
        [(*table).to_owned(), format!("{table}.partial"), format!("{stem}parts")]
    });
    for stale in names.map(|name| path.join(name)).filter(|stale| stale.exists()) {
        let removed = if stale.is_dir() { fs::remove_dir_all(&stale) } else { fs::remove_file(&stale) };
        removed.map_err(|source| write_error(&stale, source))?;
    }
    Ok(())
}

fn write_neurons(folder: &Path, network: &Network, classes: &[Option<u8>]) -> Result<(), RecordingError> {
    let count = network.neuron_count() as usize;
    let batches = (0..count)
        .step_by(BATCH_ROWS)
        .map(|first| columns::neurons_batch(network, first, BATCH_ROWS.min(count - first), classes));
    write_table(&folder.join("neurons.parquet"), columns::neurons_schema(), batches)
}

fn write_synapses(folder: &Path, network: &Network) -> Result<(), RecordingError> {
    let mut base = 0;
    let mut chunks = Vec::new();
    for projection in 0..network.projections.len() {
        let count = network.synapse_count_of(projection);
        let chunk = |first: u64| (projection, base, first, (count - first).min(BATCH_ROWS as u64) as usize);
        chunks.extend((0..count).step_by(BATCH_ROWS).map(chunk));
        base += count;
    }
    let batches =
        chunks.into_iter().map(|(p, base, first, count)| columns::synapses_batch(network, p, base, first, count));
    write_table(&folder.join("synapses.parquet"), columns::synapses_schema(), batches)
}
