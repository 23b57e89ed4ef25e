//! Parquet and Feather (Arrow IPC) tables: a row per spike, a list of times per neuron, or a column of membrane values
//! per neuron. Streams record batches; names of columns tell what they are.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::error::ImportError;
use super::intake::{ANY, Group, Refused};
use super::{Context, Format, Probe};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 1 << 16;

/// Parquet files.
pub(super) struct Parquet;

/// Feather V2 files, which are Arrow IPC files.
pub(super) struct Feather;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        probe.head.starts_with(b"PAR1")
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let wrong = |error: parquet::errors::ParquetError| ImportError::damaged(path, "its footer", error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(wrong)?;
        let schema = builder.schema().clone();
        let reader = builder.with_batch_size(BATCH_ROWS).build().map_err(wrong)?;
        table(path, &schema, reader, context)
    }
}

impl Format for Feather {
    fn name(&self) -> &'static str {
        "feather"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        probe.head.starts_with(b"ARROW1")
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let reader = arrow_ipc::reader::FileReader::try_new_buffered(file, None)
            .map_err(|error| ImportError::damaged(path, "its footer", error))?;
        let schema = reader.schema();
        table(path, &schema, reader, context)
    }
}

/// What the columns are.
enum Shape {
    Rows { id: usize, time: usize, population: Option<usize> },
    Lists { id: Option<usize>, times: usize },
    Wide { time: usize },
}

fn position(schema: &Schema, names: &[&str]) -> Option<usize> {
    schema.fields().iter().position(|field| {
        let lower = field.name().to_ascii_lowercase();
        let stem = ["_ms", "_us", "_s"].iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower);
        names.contains(&stem) || names.contains(&lower.as_str())
    })
}

fn shape(path: &Path, schema: &Schema) -> Result<Shape, ImportError> {
    let is_list = |index: usize| matches!(schema.field(index).data_type(), DataType::List(_) | DataType::LargeList(_));
    let time = position(schema, &["time", "t", "times", "timestamps", "timestamp", "spike_time", "spike_times"]);
    let id = position(
        schema,
        &[
            "neuron",
            "sender",
            "senders",
            "id",
            "ids",
            "gid",
            "gids",
            "i",
            "node_ids",
            "node_id",
            "unit",
            "unit_id",
            "neuron_id",
        ],
    );
    match (time, id) {
        (Some(times), id) if is_list(times) => Ok(Shape::Lists { id, times }),
        (Some(time), Some(id)) => {
            Ok(Shape::Rows { id, time, population: position(schema, &["population", "layer", "pop", "group"]) })
        }
        (Some(time), None) if schema.fields().len() > 1 => Ok(Shape::Wide { time }),
        _ => {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            Err(ImportError::Unknown {
                path: path.to_owned(),
                reason: format!(
                    "no column is called neuron, sender, gid or id, or none time, times or t; there are {}",
                    names.join(", ")
                ),
            })
        }
    }
}

fn table(
    path: &Path,
    schema: &Schema,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    context: &mut Context<'_>,
) -> Result<(), ImportError> {
    let shape = shape(path, schema)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (Shape::Rows { time, .. } | Shape::Lists { times: time, .. } | Shape::Wide { time }) = shape;
    let name = schema.field(time).name().clone();
    let mut to_ms = None;
    let mut row = 0_usize;
    for batch in batches {
        let batch = batch.map_err(|error| ImportError::damaged(path, format!("row {row} or behind it"), error))?;
        let wrong = |refused: Refused, index: usize| refused.at(path, || format!("row {}", row + index));
        let times = batch.column(time);
        let times: Vec<f64> = match &shape {
            Shape::Lists { .. } => lists(times).into_iter().flatten().collect(),
            _ => numbers(path, &name, times)?,
        };
        let factor = match to_ms {
            Some(factor) => factor,
            None => context.ms_per_unit(path, &name, &times[..times.len().min(20_000)])?,
        };
        to_ms = Some(factor);
        match &shape {
            Shape::Rows { id, population, .. } => {
                let ids = ids(path, schema.field(*id).name(), batch.column(*id), row)?;
                let groups = population.map(|column| groups(path, batch.column(column), context)).transpose()?;
                for index in 0..ids.len() {
                    let group = groups.as_ref().map_or(ANY, |groups| groups[index]);
                    context
                        .intake
                        .spike(group, ids[index], times[index] * factor)
                        .map_err(|refused| wrong(refused, index))?;
                }
            }
            Shape::Lists { id, times } => {
                let ids = match id {
                    Some(id) => ids(path, schema.field(*id).name(), batch.column(*id), row)?,
                    None => (row as u64..(row + batch.num_rows()) as u64).collect(),
                };
                for (index, (id, times)) in ids.iter().zip(lists(batch.column(*times))).enumerate() {
                    context.intake.slot(ANY, *id).map_err(|refused| wrong(refused, index))?;
                    for time in times {
                        context.intake.spike(ANY, *id, time * factor).map_err(|refused| wrong(refused, index))?;
                    }
                }
            }
            Shape::Wide { time } => {
                for (neuron, column) in (0..batch.num_columns()).filter(|column| column != time).enumerate() {
                    for (index, value) in
                        numbers(path, schema.field(column).name(), batch.column(column))?.iter().enumerate()
                    {
                        let taken = context.intake.potential(ANY, neuron as u64, times[index] * factor, *value as f32);
                        taken.map_err(|refused| wrong(refused, index))?;
                    }
                }
            }
        }
        row += batch.num_rows();
        context.advance(batch.get_array_memory_size() as u64)?;
    }
    if row > 0 {
        // Ids of tables begin where they begin.
        context.intake.groups[ANY].from_zero = false;
    }
    let what = match shape {
        Shape::Rows { .. } => "a spike per row",
        Shape::Lists { .. } => "a list of spike times per neuron",
        Shape::Wide { .. } => "a column of membrane values per neuron, as mV",
    };
    context.intake.map(format!("{file}: {what}, {row} rows"));
    Ok(())
}

/// Plain numbers as f64; a null is no number.
fn numbers(path: &Path, name: &str, column: &ArrayRef) -> Result<Vec<f64>, ImportError> {
    macro_rules! each {
        ($type:ty) => {
            column.as_primitive::<$type>().values().iter().map(|value| *value as f64).collect()
        };
    }
    let position = || format!("column {name:?}");
    if column.null_count() > 0 {
        return Err(ImportError::damaged(path, position(), format!("it has {} empty values", column.null_count())));
    }
    Ok(match column.data_type() {
        DataType::Float64 => column.as_primitive::<Float64Type>().values().to_vec(),
        DataType::Float32 => each!(Float32Type),
        DataType::Int64 => each!(Int64Type),
        DataType::Int32 => each!(Int32Type),
        DataType::Int16 => each!(Int16Type),
        DataType::Int8 => each!(Int8Type),
        DataType::UInt64 => each!(UInt64Type),
        DataType::UInt32 => each!(UInt32Type),
        DataType::UInt16 => each!(UInt16Type),
        DataType::UInt8 => each!(UInt8Type),
        other => return Err(ImportError::damaged(path, position(), format!("it holds {other}, expected numbers"))),
    })
}

fn ids(path: &Path, name: &str, column: &ArrayRef, row: usize) -> Result<Vec<u64>, ImportError> {
    let values = numbers(path, name, column)?;
    let wrong = values.iter().position(|id| !(*id >= 0.0 && id.fract() == 0.0 && *id < 9e15));
    if let Some(index) = wrong {
        let reason = format!("{name:?} is {}, expected the number of a neuron, 0 or more", values[index]);
        return Err(ImportError::damaged(path, format!("row {}", row + index), reason));
    }
    Ok(values.into_iter().map(|id| id as u64).collect())
}

fn lists(column: &ArrayRef) -> Vec<Vec<f64>> {
    let value = |values: ArrayRef| match values.data_type() {
        DataType::Float64 => values.as_primitive::<Float64Type>().values().to_vec(),
        DataType::Float32 => {
            values.as_primitive::<Float32Type>().values().iter().map(|time| f64::from(*time)).collect()
        }
        _ => Vec::new(),
    };
    match column.data_type() {
        DataType::List(_) => column.as_list::<i32>().iter().map(|list| list.map(value).unwrap_or_default()).collect(),
        DataType::LargeList(_) => {
            column.as_list::<i64>().iter().map(|list| list.map(value).unwrap_or_default()).collect()
        }
        _ => Vec::new(),
    }
}

/// The population of each row.
fn groups(path: &Path, column: &ArrayRef, context: &mut Context<'_>) -> Result<Vec<Group>, ImportError> {
    let mut group = |name: &str| context.intake.group(name);
    let unnamed = "unnamed";
    Ok(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().iter().map(|name| group(name.unwrap_or(unnamed))).collect(),
        DataType::LargeUtf8 => column.as_string::<i64>().iter().map(|name| group(name.unwrap_or(unnamed))).collect(),
        DataType::Dictionary(_, value) if **value == DataType::Utf8 => {
            let dictionary = column.as_any_dictionary();
            let names: Vec<Group> =
                dictionary.values().as_string::<i32>().iter().map(|name| group(name.unwrap_or(unnamed))).collect();
            // normalized_keys wants at least one name.
            if names.is_empty() {
                return Ok(vec![ANY; column.len()]);
            }
            dictionary.normalized_keys().iter().map(|key| names.get(*key).copied().unwrap_or(ANY)).collect()
        }
        DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64 | DataType::UInt8 | DataType::Int8 => {
            numbers(path, "population", column)?.iter().map(|value| group(&format!("{value}"))).collect()
        }
        other => {
            return Err(ImportError::damaged(
                path,
                "column \"population\"",
                format!("it holds {other}, expected names"),
            ));
        }
    })
}
