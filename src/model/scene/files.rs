//! Data files that scenes name: arrays of .npz, columns of .csv and Parquet. In: paths. Out: numbers as f64, or what is
//! wrong in words (the caller adds the place).

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use npyz::{DType, NpyFile, TypeChar};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use zip::ZipArchive;

/// Columns by name, all of one length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns(Vec<(String, Vec<f64>)>);

impl Columns {
    /// The first of these columns that is there.
    pub(crate) fn any(&self, names: &[&str]) -> Option<(&str, &[f64])> {
        names.iter().find_map(|name| {
            self.0.iter().find(|(known, _)| known == name).map(|(known, values)| (known.as_str(), values.as_slice()))
        })
    }

    /// All names.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The first of these columns, or an error that lists what is there.
    pub(crate) fn need(&self, names: &[&str], path: &Path) -> Result<&[f64], String> {
        self.any(names).map(|(_, values)| values).ok_or_else(|| {
            format!("{} has no column {}, only {}", path.display(), names.join(" or "), self.names().join(", "))
        })
    }
}

/// All numeric columns of an .npz, .csv or .parquet file; `wanted` names those worth reading (empty: all).
pub(crate) fn columns(path: &Path, wanted: &[&str]) -> Result<Columns, String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_lowercase();
    let columns = match extension.as_str() {
        "npz" => npz(path, wanted),
        "csv" => csv(path),
        "parquet" => parquet_columns(path),
        _ => return Err(format!("{} is neither .npz, .csv nor .parquet", path.display())),
    };
    columns.map_err(|what| format!("{} cannot be read: {what}", path.display()))
}

/// Points from columns x, y and z.
pub(crate) fn points(path: &Path) -> Result<Vec<[f32; 3]>, String> {
    let columns = columns(path, &["x", "y", "z"])?;
    let [x, y, z] = [columns.need(&["x"], path)?, columns.need(&["y"], path)?, columns.need(&["z"], path)?];
    if x.len() != y.len() || x.len() != z.len() {
        return Err(format!("x, y and z of {} have different lengths", path.display()));
    }
    if [x, y, z].iter().any(|axis| axis.iter().any(|v| !v.is_finite())) {
        return Err(format!("{} has a point that is not a finite number", path.display()));
    }
    Ok((0..x.len()).map(|k| [x[k] as f32, y[k] as f32, z[k] as f32]).collect())
}

/// An .npz file is a zip of .npy files.
fn npz(path: &Path, wanted: &[&str]) -> Result<Columns, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| e.to_string())?;
    let mut columns = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|e| e.to_string())?;
        let Some(name) = entry.name().map_err(|e| e.to_string())?.strip_suffix(".npy").map(str::to_owned) else {
            continue;
        };
        if wanted.is_empty() || wanted.contains(&name.as_str()) {
            columns.push((name, numbers(NpyFile::new(entry).map_err(|e| e.to_string())?)?));
        }
    }
    Ok(Columns(columns))
}

/// Any numeric array as f64.
fn numbers<R: Read>(array: NpyFile<R>) -> Result<Vec<f64>, String> {
    let DType::Plain(kind) = array.dtype() else { return Err("it holds records, not numbers".into()) };
    macro_rules! read {
        ($number:ty) => {
            array
                .into_vec::<$number>()
                .map(|values| values.into_iter().map(|value| value as f64).collect())
                .map_err(|e| e.to_string())
        };
    }
    match (kind.type_char(), kind.size_field()) {
        (TypeChar::Float, 8) => array.into_vec::<f64>().map_err(|e| e.to_string()),
        (TypeChar::Float, 4) => read!(f32),
        (TypeChar::Int, 8) => read!(i64),
        (TypeChar::Int, 4) => read!(i32),
        (TypeChar::Int, 2) => read!(i16),
        (TypeChar::Int, 1) => read!(i8),
        (TypeChar::Uint, 8) => read!(u64),
        (TypeChar::Uint, 4) => read!(u32),
        (TypeChar::Uint, 2) => read!(u16),
        (TypeChar::Uint, 1) => read!(u8),
        _ => Err(format!("it holds values of type {kind}, not numbers")),
    }
}

fn csv(path: &Path) -> Result<Columns, String> {
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else { return Err("it is empty".into()) };
    let mut columns: Vec<(String, Vec<f64>)> =
        header.split(',').map(|name| (name.trim().trim_matches('"').to_owned(), Vec::new())).collect();
    for (number, line) in lines {
        let cells: Vec<&str> = line.split(',').collect();
        if cells.len() != columns.len() {
            return Err(format!("line {} has {} values, the header {}", number + 1, cells.len(), columns.len()));
        }
        for ((_, values), cell) in columns.iter_mut().zip(cells) {
            values.push(cell.trim().parse().map_err(|_| format!("line {}: `{cell}` is no number", number + 1))?);
        }
    }
    Ok(Columns(columns))
}

fn parquet_columns(path: &Path) -> Result<Columns, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| e.to_string())?;
    let mut columns: Vec<(String, Vec<f64>)> =
        builder.schema().fields().iter().map(|field| (field.name().clone(), Vec::new())).collect();
    let reader = builder.build().map_err(|e| e.to_string())?;
    for batch in reader {
        append(&mut columns, &batch.map_err(|e| e.to_string())?)?;
    }
    columns.retain(|(_, values)| !values.is_empty());
    Ok(Columns(columns))
}

/// Adds a batch's numeric columns; others stay empty.
fn append(columns: &mut [(String, Vec<f64>)], batch: &RecordBatch) -> Result<(), String> {
    for ((name, values), array) in columns.iter_mut().zip(batch.columns()) {
        if array.null_count() > 0 {
            return Err(format!("column {name} has empty cells"));
        }
        match array.data_type() {
            DataType::Float64 => values.extend(array.as_primitive::<Float64Type>().values()),
            DataType::Float32 => {
                values.extend(array.as_primitive::<Float32Type>().values().iter().map(|&v| f64::from(v)))
            }
            DataType::Int32 => values.extend(array.as_primitive::<Int32Type>().values().iter().map(|&v| f64::from(v))),
            DataType::UInt32 => {
                values.extend(array.as_primitive::<UInt32Type>().values().iter().map(|&v| f64::from(v)))
            }
            DataType::Int64 => values.extend(array.as_primitive::<Int64Type>().values().iter().map(|&v| v as f64)),
            DataType::UInt64 => values.extend(array.as_primitive::<UInt64Type>().values().iter().map(|&v| v as f64)),
            _ => {}
        }
    }
    Ok(())
}
