//! The columns of each table, and plain values turned into Arrow batches of them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int16Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::engine::{PRUNED, Spike};
use crate::model::Network;

/// Rows that are encoded at once where a table is made from a whole network.
pub(super) const BATCH_ROWS: usize = 65_536;

pub(super) fn spikes_schema() -> SchemaRef {
    schema(&[("time_ms", DataType::Float64, false), ("neuron", DataType::UInt32, false)])
}

pub(super) fn potentials_schema() -> SchemaRef {
    schema(&[
        ("time_ms", DataType::Float64, false),
        ("neuron", DataType::UInt32, false),
        ("v_mv", DataType::Float32, false),
    ])
}

pub(super) fn weights_schema() -> SchemaRef {
    schema(&[
        ("time_ms", DataType::Float64, false),
        ("synapse", DataType::Int64, false),
        ("weight", DataType::Float32, true),
    ])
}

pub(super) fn labels_schema() -> SchemaRef {
    schema(&[
        ("start_ms", DataType::Float64, false),
        ("end_ms", DataType::Float64, false),
        ("label", DataType::Int16, false),
        ("input", DataType::Int64, false),
    ])
}

pub(super) fn events_schema() -> SchemaRef {
    schema(&[("time_ms", DataType::Float64, false), ("kind", DataType::Utf8, false), ("text", DataType::Utf8, false)])
}

pub(super) fn neurons_schema() -> SchemaRef {
    schema(&[
        ("neuron", DataType::UInt32, false),
        ("population", DataType::Utf8, false),
        ("x", DataType::Float32, false),
        ("y", DataType::Float32, false),
        ("z", DataType::Float32, false),
        ("class", DataType::Int16, true),
    ])
}

pub(super) fn synapses_schema() -> SchemaRef {
    schema(&[
        ("synapse", DataType::Int64, false),
        ("pre", DataType::UInt32, false),
        ("post", DataType::UInt32, false),
        ("weight", DataType::Float32, false),
        ("delay_ms", DataType::Float64, false),
    ])
}

fn schema(fields: &[(&str, DataType, bool)]) -> SchemaRef {
    Arc::new(Schema::new(
        fields.iter().map(|(name, kind, nullable)| Field::new(*name, kind.clone(), *nullable)).collect::<Vec<_>>(),
    ))
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(schema, columns)
}

pub(super) fn spikes_batch(spikes: &[Spike], dt_ms: f64) -> Result<RecordBatch, ArrowError> {
    batch(
        spikes_schema(),
        vec![
            Arc::new(Float64Array::from_iter_values(spikes.iter().map(|s| f64::from(s.step) * dt_ms))),
            Arc::new(UInt32Array::from_iter_values(spikes.iter().map(|s| s.neuron))),
        ],
    )
}

/// Values of (neuron, membrane in mV) at one time.
pub(super) fn potentials_batch(time_ms: f64, values: &[(u32, f32)]) -> Result<RecordBatch, ArrowError> {
    batch(
        potentials_schema(),
        vec![
            Arc::new(Float64Array::from_value(time_ms, values.len())),
            Arc::new(UInt32Array::from_iter_values(values.iter().map(|v| v.0))),
            Arc::new(Float32Array::from_iter_values(values.iter().map(|v| v.1))),
        ],
    )
}

/// Changed weights of (synapse, weight or [`PRUNED`]) at one time.
pub(super) fn weights_batch(time_ms: f64, changes: &[(i64, f32)]) -> Result<RecordBatch, ArrowError> {
    batch(
        weights_schema(),
        vec![
            Arc::new(Float64Array::from_value(time_ms, changes.len())),
            Arc::new(Int64Array::from_iter_values(changes.iter().map(|c| c.0))),
            Arc::new(changes.iter().map(|c| (c.1 != PRUNED).then_some(c.1)).collect::<Float32Array>()),
        ],
    )
}

pub(super) fn label_batch(start_ms: f64, end_ms: f64, label: i16, input: i64) -> Result<RecordBatch, ArrowError> {
    batch(
        labels_schema(),
        vec![
            Arc::new(Float64Array::from(vec![start_ms])),
            Arc::new(Float64Array::from(vec![end_ms])),
            Arc::new(Int16Array::from(vec![label])),
            Arc::new(Int64Array::from(vec![input])),
        ],
    )
}

pub(super) fn event_batch(time_ms: f64, kind: &str, text: &str) -> Result<RecordBatch, ArrowError> {
    batch(
        events_schema(),
        vec![
            Arc::new(Float64Array::from(vec![time_ms])),
            Arc::new(StringArray::from(vec![kind])),
            Arc::new(StringArray::from(vec![text])),
        ],
    )
}

/// Neurons `first..first + count`; `classes` by neuron id, empty where none is known.
pub(super) fn neurons_batch(
    network: &Network,
    first: usize,
    count: usize,
    classes: &[Option<u8>],
) -> Result<RecordBatch, ArrowError> {
    let ids = first..first + count;
    let position = |axis: usize| -> ArrayRef {
        Arc::new(Float32Array::from_iter_values(
            ids.clone().map(|n| network.positions.get(n).map_or(0.0, |position| position[axis])),
        ))
    };
    batch(
        neurons_schema(),
        vec![
            Arc::new(UInt32Array::from_iter_values(ids.clone().map(|n| n as u32))),
            Arc::new(StringArray::from_iter_values(
                ids.clone().map(|n| &network.populations[network.population_of(n as u32)].name),
            )),
            position(0),
            position(1),
            position(2),
            Arc::new(ids.map(|n| classes.get(n).copied().flatten().map(i16::from)).collect::<Int16Array>()),
        ],
    )
}

/// Synapses of one projection from `first` on; `base` is the id of its first synapse in the recording.
pub(super) fn synapses_batch(
    network: &Network,
    projection: usize,
    base: u64,
    first: u64,
    count: usize,
) -> Result<RecordBatch, ArrowError> {
    let p = &network.projections[projection];
    let (pre_first, post_first) = (network.populations[p.source].first, network.populations[p.target].first);
    let ids = first..first + count as u64;
    let ends: Vec<(u32, u32)> = ids.clone().map(|synapse| network.ends_of(projection, synapse)).collect();
    batch(
        synapses_schema(),
        vec![
            Arc::new(Int64Array::from_iter_values(ids.clone().map(|synapse| (base + synapse) as i64))),
            Arc::new(UInt32Array::from_iter_values(ends.iter().map(|e| pre_first + e.0))),
            Arc::new(UInt32Array::from_iter_values(ends.iter().map(|e| post_first + e.1))),
            Arc::new(Float32Array::from_iter_values(ids.clone().map(|synapse| p.weights.get(synapse as usize)))),
            Arc::new(Float64Array::from_iter_values(
                ids.map(|synapse| f64::from(p.delays.get(synapse as usize)) * network.dt_ms),
            )),
        ],
    )
}
