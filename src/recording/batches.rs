//! Rows of tables as plain values: columns taken out of Arrow batches and checked, so that whoever uses them need not.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, Float32Array, Float64Array, Int64Array, RecordBatch, UInt32Array,
};
use arrow_schema::DataType;

use super::RecordingError;

/// Spikes in the order of time.
#[derive(Clone, Debug)]
pub struct SpikeBatch {
    times: Float64Array,
    neurons: UInt32Array,
}

impl SpikeBatch {
    /// ms
    #[must_use]
    pub fn times_ms(&self) -> &[f64] {
        self.times.values()
    }

    /// Ids, all below the number of neurons.
    #[must_use]
    pub fn neurons(&self) -> &[u32] {
        self.neurons.values()
    }

    pub(super) fn take(batch: &RecordBatch, path: &Path, neuron_count: u32) -> Result<Self, RecordingError> {
        let times = times(batch, path)?;
        Ok(Self { times, neurons: neurons(batch, "neuron", path, neuron_count)? })
    }
}

/// Membrane values in the order of time.
#[derive(Clone, Debug)]
pub struct PotentialBatch {
    times: Float64Array,
    neurons: UInt32Array,
    values: Float32Array,
}

impl PotentialBatch {
    /// ms
    #[must_use]
    pub fn times_ms(&self) -> &[f64] {
        self.times.values()
    }

    /// Ids, all below the number of neurons.
    #[must_use]
    pub fn neurons(&self) -> &[u32] {
        self.neurons.values()
    }

    /// mV, absolute.
    #[must_use]
    pub fn v_mv(&self) -> &[f32] {
        self.values.values()
    }

    pub(super) fn take(batch: &RecordBatch, path: &Path, neuron_count: u32) -> Result<Self, RecordingError> {
        Ok(Self {
            times: times(batch, path)?,
            neurons: neurons(batch, "neuron", path, neuron_count)?,
            values: numbers(batch, "v_mv", path)?,
        })
    }
}

/// Synapses in the order of their ids.
#[derive(Clone, Debug)]
pub struct SynapseBatch {
    first: u64,
    pre: UInt32Array,
    post: UInt32Array,
    weights: Float32Array,
    delays: Float64Array,
}

impl SynapseBatch {
    /// Id of the first of them; the others follow without gaps.
    #[must_use]
    pub const fn first_synapse(&self) -> u64 {
        self.first
    }

    /// Who sends.
    #[must_use]
    pub fn pre(&self) -> &[u32] {
        self.pre.values()
    }

    /// Who receives.
    #[must_use]
    pub fn post(&self) -> &[u32] {
        self.post.values()
    }

    /// As the run began, in the recording's unit.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        self.weights.values()
    }

    /// ms
    #[must_use]
    pub fn delays_ms(&self) -> &[f64] {
        self.delays.values()
    }

    /// `expected`: the id that the first row should have.
    pub(super) fn take(
        batch: &RecordBatch,
        path: &Path,
        neuron_count: u32,
        expected: u64,
    ) -> Result<Self, RecordingError> {
        let ids = integers(batch, "synapse", path)?;
        for (id, expected) in ids.values().iter().zip(expected..) {
            if u64::try_from(*id) != Ok(expected) {
                return Err(damaged(path, format!("synapse {expected} should follow, but the row says {id}")));
            }
        }
        let delays = match column(batch, "delay_ms", path)?.data_type() {
            DataType::Float64 => column(batch, "delay_ms", path)?.as_primitive::<Float64Type>().clone(),
            _ => numbers(batch, "delay_ms", path)?.unary(f64::from),
        };
        Ok(Self {
            first: expected,
            pre: neurons(batch, "pre", path, neuron_count)?,
            post: neurons(batch, "post", path, neuron_count)?,
            weights: numbers(batch, "weight", path)?,
            delays,
        })
    }
}

/// Changed weights in the order of time.
#[derive(Clone, Debug)]
pub struct WeightBatch {
    times: Float64Array,
    synapses: Int64Array,
    weights: Float32Array,
}

impl WeightBatch {
    /// ms
    #[must_use]
    pub fn times_ms(&self) -> &[f64] {
        self.times.values()
    }

    /// Ids, none negative.
    #[must_use]
    pub fn synapses(&self) -> &[i64] {
        self.synapses.values()
    }

    /// The new weight of a row; none: the synapse was pruned.
    #[must_use]
    pub fn weight(&self, row: usize) -> Option<f32> {
        self.weights.is_valid(row).then(|| self.weights.value(row))
    }

    pub(super) fn take(batch: &RecordBatch, path: &Path) -> Result<Self, RecordingError> {
        let synapses = integers(batch, "synapse", path)?;
        if let Some(id) = synapses.values().iter().find(|id| **id < 0) {
            return Err(damaged(path, format!("the column `synapse` holds {id}, which is no id")));
        }
        let column = column(batch, "weight", path)?;
        let weights = match column.data_type() {
            DataType::Float64 => column.as_primitive::<Float64Type>().unary(|value| value as f32),
            _ => column.as_primitive::<Float32Type>().clone(),
        };
        Ok(Self { times: times(batch, path)?, synapses, weights })
    }
}

/// An input that was shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelRow {
    /// ms
    pub start_ms: f64,
    /// ms
    pub end_ms: f64,
    /// Its class.
    pub label: i16,
    /// Its index in the data set.
    pub input: i64,
}

/// A mark in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow<T = f64> {
    /// ms
    pub time_ms: T,
    /// `prune`, `phase`, `mark` and so on.
    pub kind: String,
    /// In words.
    pub text: String,
}

/// All neurons, by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neurons {
    /// Scene units, y up; NaN where the recording gives none.
    pub positions: Vec<[f32; 3]>,
    /// The class that each answers to most.
    pub classes: Vec<Option<i16>>,
    /// Runs of one population: its name, and how many neurons.
    pub populations: Vec<(String, u32)>,
}

impl Neurons {
    /// Appends a batch; the ids must follow without gaps.
    pub(super) fn append(&mut self, batch: &RecordBatch, path: &Path) -> Result<(), RecordingError> {
        let ids = integers(batch, "neuron", path)?;
        let known = self.positions.len();
        for (id, expected) in ids.values().iter().zip(known..) {
            if usize::try_from(*id) != Ok(expected) {
                return Err(damaged(path, format!("neuron {expected} should follow, but the row says {id}")));
            }
        }
        let axis = |name: &str| -> Result<Vec<f32>, RecordingError> {
            let Some(column) = batch.column_by_name(name) else { return Ok(vec![f32::NAN; batch.num_rows()]) };
            let values = match column.data_type() {
                DataType::Float32 => column.as_primitive::<Float32Type>().clone(),
                DataType::Float64 => column.as_primitive::<Float64Type>().unary(|value| value as f32),
                other => return Err(damaged(path, format!("the column `{name}` holds {other}, expected numbers"))),
            };
            Ok(values.iter().map(|value| value.unwrap_or(f32::NAN)).collect())
        };
        let (x, y, z) = (axis("x")?, axis("y")?, axis("z")?);
        self.positions.extend(x.iter().zip(&y).zip(&z).map(|((&x, &y), &z)| [x, y, z]));
        match batch.column_by_name("class") {
            Some(classes) if classes.data_type().is_integer() => {
                let classes = widened(classes).ok_or_else(|| damaged(path, "the column `class`".to_owned()))?;
                self.classes.extend(classes.iter().map(|class| class.and_then(|class| i16::try_from(class).ok())));
            }
            _ => self.classes.resize(known + batch.num_rows(), None),
        }
        for name in texts(batch, "population", path)? {
            match self.populations.last_mut() {
                Some((last, size)) if *last == name => *size += 1,
                _ => self.populations.push((name, 1)),
            }
        }
        Ok(())
    }
}

pub(super) fn labels(batch: &RecordBatch, path: &Path) -> Result<Vec<LabelRow>, RecordingError> {
    let time = |name| Ok(column(batch, name, path)?.as_primitive::<Float64Type>().clone());
    let (starts, ends) = (time("start_ms")?, time("end_ms")?);
    let (labels, inputs) = (integers(batch, "label", path)?, integers(batch, "input", path)?);
    (0..batch.num_rows())
        .map(|row| {
            let label = i16::try_from(labels.value(row))
                .map_err(|_| damaged(path, format!("the label {} is no class", labels.value(row))))?;
            Ok(LabelRow { start_ms: starts.value(row), end_ms: ends.value(row), label, input: inputs.value(row) })
        })
        .collect()
}

pub(super) fn events(batch: &RecordBatch, path: &Path) -> Result<Vec<EventRow>, RecordingError> {
    let (kinds, words) = (texts(batch, "kind", path)?, texts(batch, "text", path)?);
    let times = times(batch, path)?;
    Ok(times
        .values()
        .iter()
        .zip(kinds)
        .zip(words)
        .map(|((&time_ms, kind), text)| EventRow { time_ms, kind, text })
        .collect())
}

fn damaged(path: &Path, reason: String) -> RecordingError {
    RecordingError::Damaged { path: path.to_owned(), reason }
}

/// A column that has a value in every row, except where the table's own rules allow none.
fn column<'a>(batch: &'a RecordBatch, name: &str, path: &Path) -> Result<&'a ArrayRef, RecordingError> {
    let column = batch.column_by_name(name).ok_or_else(|| damaged(path, format!("there is no column `{name}`")))?;
    if column.null_count() > 0 && !(name == "weight" && batch.column_by_name("time_ms").is_some()) {
        return Err(damaged(path, format!("the column `{name}` has rows without a value")));
    }
    Ok(column)
}

fn times(batch: &RecordBatch, path: &Path) -> Result<Float64Array, RecordingError> {
    Ok(column(batch, "time_ms", path)?.as_primitive::<Float64Type>().clone())
}

fn numbers(batch: &RecordBatch, name: &str, path: &Path) -> Result<Float32Array, RecordingError> {
    let column = column(batch, name, path)?;
    Ok(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().unary(|value| value as f32),
        _ => column.as_primitive::<Float32Type>().clone(),
    })
}

fn integers(batch: &RecordBatch, name: &str, path: &Path) -> Result<Int64Array, RecordingError> {
    let column = column(batch, name, path)?;
    widened(column).ok_or_else(|| damaged(path, format!("the column `{name}` holds integers that are too large")))
}

/// Any integers as 64-bit ones; none where one does not fit.
fn widened(column: &ArrayRef) -> Option<Int64Array> {
    fn wide<T: ArrowPrimitiveType<Native: Into<i64>>>(column: &ArrayRef) -> Int64Array {
        column.as_primitive::<T>().unary(Into::into)
    }
    Some(match column.data_type() {
        DataType::Int8 => wide::<Int8Type>(column),
        DataType::Int16 => wide::<Int16Type>(column),
        DataType::Int32 => wide::<Int32Type>(column),
        DataType::Int64 => column.as_primitive::<Int64Type>().clone(),
        DataType::UInt8 => wide::<UInt8Type>(column),
        DataType::UInt16 => wide::<UInt16Type>(column),
        DataType::UInt32 => wide::<UInt32Type>(column),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().try_unary::<_, Int64Type, _>(i64::try_from).ok()?,
        _ => return None,
    })
}

/// Neuron ids below `neuron_count`.
fn neurons(batch: &RecordBatch, name: &str, path: &Path, neuron_count: u32) -> Result<UInt32Array, RecordingError> {
    let beyond = |id: String| {
        damaged(path, format!("the column `{name}` names neuron {id}, but there are {neuron_count} neurons"))
    };
    let column = column(batch, name, path)?;
    if column.data_type() == &DataType::UInt32 {
        let ids = column.as_primitive::<UInt32Type>().clone();
        return match ids.values().iter().find(|id| **id >= neuron_count) {
            Some(id) => Err(beyond(id.to_string())),
            None => Ok(ids),
        };
    }
    let ids = integers(batch, name, path)?;
    let narrow = |id: i64| u32::try_from(id).ok().filter(|id| *id < neuron_count).ok_or(id);
    ids.try_unary::<_, UInt32Type, i64>(narrow).map_err(|id| beyond(id.to_string()))
}

fn texts(batch: &RecordBatch, name: &str, path: &Path) -> Result<Vec<String>, RecordingError> {
    let column = column(batch, name, path)?;
    Ok(match column.data_type() {
        DataType::LargeUtf8 => column.as_string::<i64>().iter().map(|text| text.unwrap_or("").to_owned()).collect(),
        _ => column.as_string::<i32>().iter().map(|text| text.unwrap_or("").to_owned()).collect(),
    })
}
