//! A file of JSON that is read as a whole: its size is bounded, and an error names line and column.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::error::ImportError;

/// Bytes of such a file; in memory it takes some ten times as much.
const MOST_BYTES: u64 = 1 << 26;

pub(super) fn read(path: &Path) -> Result<Value, ImportError> {
    let len = fs::metadata(path).map_err(|error| ImportError::read(path, error))?.len();
    if len > MOST_BYTES {
        let reason = "JSON above 64 MiB is not read as a whole; save its spikes as a table or as npz".to_owned();
        return Err(ImportError::Unsupported { path: path.to_owned(), reason });
    }
    let bytes = fs::read(path).map_err(|error| ImportError::read(path, error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ImportError::damaged(path, format!("line {}, column {}", error.line(), error.column()), error))
}
