//! A table that grows while a run goes on: short finished part files first, one file in the end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::RecordingError;
use super::files::{partial_path, publish, write_error};

/// A part is closed when its first row is this old. Whoever writes looks a few times a second, so that what can be read
/// is never older than a second.
const PART_AGE: Duration = Duration::from_millis(750);

/// Rows of a row group, and the most rows of a part; bounds the memory of a writer to a few tens of MB.
const GROUP_ROWS: usize = 1 << 20;

/// See the module. Until [`Self::finish`] its path is a folder of parts.
pub(super) struct StreamedTable {
    path: PathBuf,
    schema: SchemaRef,
    part: Option<Part>,
    part_count: u32,
}

struct Part {
    writer: ArrowWriter<File>,
    rows: usize,
    opened: Instant,
}

impl StreamedTable {
    /// Starts with one part without rows, so that the table can be read from the first moment.
    pub(super) fn create(path: &Path, schema: SchemaRef) -> Result<Self, RecordingError> {
        fs::create_dir_all(path).map_err(|source| write_error(path, source))?;
        let mut table = Self { path: path.to_owned(), schema, part: None, part_count: 0 };
        table.open_part()?;
        table.flush()?;
        Ok(table)
    }

    /// Appends rows. The caller decides when a part is closed, so that all tables close theirs together.
    pub(super) fn write(&mut self, batch: Result<RecordBatch, ArrowError>) -> Result<(), RecordingError> {
        let batch = batch.map_err(|error| table_error(&self.path, &error))?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        if self.part.is_none() {
            self.open_part()?;
        }
        let path = &self.path;
        if let Some(part) = &mut self.part {
            part.writer.write(&batch).map_err(|error| table_error(path, &error))?;
            part.rows += batch.num_rows();
        }
        Ok(())
    }

    /// Closes the part under way when it is old or large enough; true when it did.
    pub(super) fn flush_if_due(&mut self) -> Result<bool, RecordingError> {
        let due = self.part.as_ref().is_some_and(|p| p.rows >= GROUP_ROWS || p.opened.elapsed() >= PART_AGE);
        if due {
            self.flush()?;
        }
        Ok(due)
    }

    /// Closes the part under way: what was written so far can be read from now on.
    pub(super) fn flush(&mut self) -> Result<(), RecordingError> {
        let Some(part) = self.part.take() else { return Ok(()) };
        part.writer.close().map_err(|error| table_error(&self.path, &error))?;
        publish(&partial_path(&self.path), &self.part_path(self.part_count))?;
        self.part_count += 1;
        Ok(())
    }

    /// Joins the parts into one file under the table's name.
    pub(super) fn finish(mut self) -> Result<(), RecordingError> {
        self.flush()?;
        let partial = partial_path(&self.path);
        if self.part_count == 2 {
            // The first part has no rows, so the second is the table.
            publish(&self.part_path(1), &partial)?;
        } else {
            self.join_parts(&partial)?;
        }
        let parts = self.path.with_extension("parts");
        publish(&self.path, &parts)?;
        publish(&partial, &self.path)?;
        fs::remove_dir_all(&parts).map_err(|source| write_error(&parts, source))
    }

    fn join_parts(&self, joined: &Path) -> Result<(), RecordingError> {
        let file = File::create(joined).map_err(|source| write_error(joined, source))?;
        let mut writer = ArrowWriter::try_new(file, self.schema.clone(), Some(properties()))
            .map_err(|error| table_error(&self.path, &error))?;
        for number in 0..self.part_count {
            let part = self.part_path(number);
            let file = File::open(&part).map_err(|source| write_error(&part, source))?;
            let batches = ParquetRecordBatchReaderBuilder::try_new(file)
                .and_then(|builder| builder.with_batch_size(super::columns::BATCH_ROWS).build())
                .map_err(|error| table_error(&part, &error))?;
            for batch in batches {
                let batch = batch.map_err(|error| table_error(&part, &error))?;
                writer.write(&batch).map_err(|error| table_error(&self.path, &error))?;
            }
        }
        writer.close().map(|_| ()).map_err(|error| table_error(&self.path, &error))
    }

    fn open_part(&mut self) -> Result<(), RecordingError> {
        let partial = partial_path(&self.path);
        let file = File::create(&partial).map_err(|source| write_error(&partial, source))?;
        let writer = ArrowWriter::try_new(file, self.schema.clone(), Some(properties()))
            .map_err(|error| table_error(&self.path, &error))?;
        self.part = Some(Part { writer, rows: 0, opened: Instant::now() });
        Ok(())
    }

    fn part_path(&self, number: u32) -> PathBuf {
        self.path.join(format!("part-{number:06}.parquet"))
    }
}

/// Writes a whole table at once, under its name only when complete.
pub(super) fn write_table(
    path: &Path,
    schema: SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
) -> Result<(), RecordingError> {
    super::files::write_atomically(path, |file| {
        let mut writer =
            ArrowWriter::try_new(file, schema, Some(properties())).map_err(|error| table_error(path, &error))?;
        for batch in batches {
            let batch = batch.map_err(|error| table_error(path, &error))?;
            writer.write(&batch).map_err(|error| table_error(path, &error))?;
        }
        writer.close().map(|_| ()).map_err(|error| table_error(path, &error))
    })
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_created_by(concat!("spikescope ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

fn table_error(path: &Path, error: &dyn std::fmt::Display) -> RecordingError {
    RecordingError::Table { path: path.to_owned(), reason: error.to_string() }
}
