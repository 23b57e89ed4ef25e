//! A table on disk: one Parquet file, or the folder of parts that a run under way or a killed one leaves. In: a window
//! of time and columns. Out: batches of rows, bounded in size, of which only the row groups and pages that touch the
//! window were read. The footers are all that is kept in memory.

use std::fs::{self, File};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::RecordingError;
use super::columns::BATCH_ROWS;

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// 64-bit floating point.
    Time,
    /// Any integer.
    Integer,
    /// 32 or 64-bit floating point.
    Number,
    /// Text.
    Text,
}

impl Kind {
    fn holds(self, kind: &DataType) -> bool {
        match self {
            Self::Time => matches!(kind, DataType::Float64),
            Self::Integer => kind.is_integer(),
            Self::Number => matches!(kind, DataType::Float32 | DataType::Float64),
            Self::Text => matches!(kind, DataType::Utf8 | DataType::LargeUtf8),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Time => "64-bit floating point numbers",
            Self::Integer => "integers",
            Self::Number => "floating point numbers",
            Self::Text => "text",
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct StoredTable {
    path: PathBuf,
    time: Option<&'static str>,
    parts: Vec<Part>,
    rows: u64,
}

/// A finished Parquet file.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    groups: Vec<Group>,
}

/// A row group.
#[derive(Debug)]
struct Group {
    /// Its first row, counted through the table.
    first_row: u64,
    rows: usize,
    span: Span,
    /// First row in the group and times of each page of the time column; empty where the file does not tell.
    pages: Vec<(usize, Span)>,
}

/// First and last time, ms; everything where the file does not tell.
#[derive(Clone, Copy, Debug)]
struct Span {
    from_ms: f64,
    to_ms: f64,
}

impl Span {
    const UNKNOWN: Self = Self { from_ms: f64::NEG_INFINITY, to_ms: f64::INFINITY };

    fn of(from_ms: Option<&f64>, to_ms: Option<&f64>) -> Self {
        match (from_ms, to_ms) {
            (Some(&from_ms), Some(&to_ms)) if from_ms <= to_ms => Self { from_ms, to_ms },
            _ => Self::UNKNOWN,
        }
    }

    fn touches(self, window: &Range<f64>) -> bool {
        self.from_ms < window.end && self.to_ms >= window.start
    }
}

impl StoredTable {
    /// Reads the footers of the table at `path`; none where there is no such table. `time`: the column that it is
    /// sorted by.
    ///
    /// # Errors
    /// A file that cannot be read, is no Parquet file, lacks a column, or is not sorted.
    pub(super) fn open(
        path: &Path,
        columns: &[(&'static str, Kind)],
        time: Option<&'static str>,
    ) -> Result<Option<Self>, RecordingError> {
        // A writer that was killed while it gave the joined file its name leaves the parts under another.
        let moved = path.with_extension("parts");
        let place = if !path.exists() && moved.is_dir() { moved } else { path.to_owned() };
        if !place.exists() {
            return Ok(None);
        }
        let mut table = Self { path: path.to_owned(), time, parts: Vec::new(), rows: 0 };
        for file in part_files(&place)? {
            let part = table.open_part(file, columns)?;
            table.parts.push(part);
        }
        table.check_order()?;
        Ok(Some(table))
    }

    fn open_part(&mut self, path: PathBuf, columns: &[(&'static str, Kind)]) -> Result<Part, RecordingError> {
        let file = File::open(&path).map_err(|source| RecordingError::Read { path: path.clone(), source })?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = guarded(&path, || ArrowReaderMetadata::load(&file, options))?;
        for &(name, kind) in columns {
            let found = metadata.schema().column_with_name(name).map(|(_, field)| field.data_type());
            match found {
                Some(found) if kind.holds(found) => {}
                Some(found) => {
                    let reason = format!("the column `{name}` holds {found}, expected {}", kind.name());
                    return Err(RecordingError::Damaged { path, reason });
                }
                None => return Err(RecordingError::Damaged { path, reason: format!("there is no column `{name}`") }),
            }
        }
        let mut groups = Vec::new();
        let column = self.time.and_then(|time| metadata.schema().column_with_name(time)).map(|(index, _)| index);
        for (number, group) in metadata.metadata().row_groups().iter().enumerate() {
            let rows = usize::try_from(group.num_rows()).map_err(|_| RecordingError::Damaged {
                path: path.clone(),
                reason: format!("row group {number} claims {} rows", group.num_rows()),
            })?;
            let statistics = column.and_then(|column| group.columns().get(column)?.statistics());
            let span = match statistics {
                Some(Statistics::Double(values)) => Span::of(values.min_opt(), values.max_opt()),
                _ => Span::UNKNOWN,
            };
            let pages = column.map_or_else(Vec::new, |column| pages_of(&metadata, number, column, rows));
            groups.push(Group { first_row: self.rows, rows, span, pages });
            self.rows = self.rows.saturating_add(rows as u64);
        }
        Ok(Part { path, metadata, groups })
    }

    fn check_order(&self) -> Result<(), RecordingError> {
        let mut after = f64::NEG_INFINITY;
        for part in &self.parts {
            for group in part.groups.iter().filter(|group| group.span.from_ms.is_finite()) {
                if group.span.from_ms < after {
                    let reason = format!(
                        "its rows are not sorted by time: row {} begins at {} ms, after rows up to {after} ms",
                        group.first_row, group.span.from_ms
                    );
                    return Err(RecordingError::Damaged { path: part.path.clone(), reason });
                }
                after = group.span.to_ms;
            }
        }
        Ok(())
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// First and last time of the rows, ms, as far as the footers tell.
    pub(super) fn span_ms(&self) -> Option<(f64, f64)> {
        let mut spans = self.parts.iter().flat_map(|part| &part.groups).filter(|group| group.rows > 0);
        let first = spans.next()?.span;
        let last = spans.next_back().map_or(first, |group| group.span);
        (first.from_ms.is_finite() && last.to_ms.is_finite()).then_some((first.from_ms, last.to_ms))
    }

    /// Smallest and largest value of a column, from the footers; none where they do not tell.
    pub(super) fn range_of(&self, column: &str) -> Option<(f32, f32)> {
        let mut range: Option<(f32, f32)> = None;
        for part in &self.parts {
            let index = part.metadata.schema().column_with_name(column)?.0;
            for group in part.metadata.metadata().row_groups().iter().filter(|group| group.num_rows() > 0) {
                let (low, high) = match group.columns().get(index)?.statistics()? {
                    Statistics::Float(values) => (*values.min_opt()?, *values.max_opt()?),
                    Statistics::Double(values) => (*values.min_opt()? as f32, *values.max_opt()? as f32),
                    _ => return None,
                };
                let (least, most) = range.unwrap_or((low, high));
                range = Some((least.min(low), most.max(high)));
            }
        }
        range
    }

    /// The rows whose time lies in `window`, in order. Tables without a time ignore the window.
    pub(super) fn scan(self: &Arc<Self>, columns: &[&'static str], window: Range<f64>) -> Scan {
        let mut columns = columns.to_vec();
        columns.extend(self.time.filter(|time| !columns.contains(time)));
        Scan { table: Arc::clone(self), columns, window, next_part: 0, reader: None, after_ms: f64::NEG_INFINITY }
    }

    /// Rows before `time_ms`: what is certain from the footers is not read.
    pub(super) fn rows_before(self: &Arc<Self>, time_ms: f64) -> Result<u64, RecordingError> {
        let Some(time) = self.time else { return Ok(0) };
        for (number, part) in self.parts.iter().enumerate() {
            for (index, group) in part.groups.iter().enumerate() {
                if group.rows == 0 || group.span.to_ms < time_ms {
                    continue;
                }
                if group.span.from_ms >= time_ms {
                    return Ok(group.first_row);
                }
                // The first page that reaches the time holds the border.
                let page = group.pages.partition_point(|(_, span)| span.to_ms < time_ms);
                let from = group.pages.get(page).map_or(0, |page| page.0);
                let to = group.pages.get(page + 1).map_or(group.rows, |page| page.0);
                let rows = RowSelection::from_consecutive_ranges(std::iter::once(from..to), group.rows);
                let batches = self.reader(number, vec![index], Some(rows), &[time])?;
                let mut before = from;
                for batch in batches {
                    let batch = batch.map_err(|error| damaged(&part.path, &error))?;
                    let times = batch.column(0).as_primitive::<Float64Type>().values();
                    before += times.partition_point(|&at| at < time_ms);
                }
                return Ok(group.first_row + before as u64);
            }
        }
        Ok(self.rows)
    }

    fn reader(
        &self,
        part: usize,
        groups: Vec<usize>,
        rows: Option<RowSelection>,
        columns: &[&str],
    ) -> Result<ParquetRecordBatchReader, RecordingError> {
        let part = &self.parts[part];
        let file = File::open(&part.path).map_err(|source| RecordingError::Read { path: part.path.clone(), source })?;
        let mask =
            ProjectionMask::columns(part.metadata.metadata().file_metadata().schema_descr(), columns.iter().copied());
        guarded(&part.path, || {
            let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, part.metadata.clone())
                .with_row_groups(groups)
                .with_projection(mask)
                .with_batch_size(BATCH_ROWS);
            if let Some(rows) = rows {
                builder = builder.with_row_selection(rows);
            }
            builder.build()
        })
    }

    /// Row groups of a part that touch the window, and which of their rows are worth reading.
    fn chosen(&self, part: usize, window: &Range<f64>) -> (Vec<usize>, Option<RowSelection>) {
        let groups = &self.parts[part].groups;
        if self.time.is_none() {
            return ((0..groups.len()).collect(), None);
        }
        let chosen: Vec<usize> =
            (0..groups.len()).filter(|&index| groups[index].span.touches(window) && groups[index].rows > 0).collect();
        let mut ranges = Vec::new();
        let mut base = 0;
        for group in chosen.iter().map(|&index| &groups[index]) {
            let (mut from, mut to) = (0, group.rows);
            if !group.pages.is_empty() {
                let first = group.pages.partition_point(|(_, span)| span.to_ms < window.start);
                let last = group.pages.partition_point(|(_, span)| span.from_ms < window.end);
                from = group.pages.get(first).map_or(group.rows, |page| page.0);
                to = group.pages.get(last).map_or(group.rows, |page| page.0).max(from);
            }
            ranges.push(base + from..base + to);
            base += group.rows;
        }
        (chosen, Some(RowSelection::from_consecutive_ranges(ranges.into_iter(), base)))
    }
}

/// Batches of a window. Times are checked: finite and ascending.
pub(super) struct Scan {
    table: Arc<StoredTable>,
    columns: Vec<&'static str>,
    window: Range<f64>,
    next_part: usize,
    reader: Option<ParquetRecordBatchReader>,
    after_ms: f64,
}

impl Scan {
    pub(super) fn path(&self) -> &Path {
        &self.table.path
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, RecordingError> {
        loop {
            if let Some(reader) = &mut self.reader {
                let path = &self.table.parts[self.next_part - 1].path;
                let batch = guarded(path, || reader.next().transpose())?;
                match batch.map(|batch| self.within_window(&batch)).transpose()? {
                    Some(batch) if batch.num_rows() == 0 => continue,
                    Some(batch) => return Ok(Some(batch)),
                    None => self.reader = None,
                }
            }
            if self.next_part >= self.table.parts.len() {
                return Ok(None);
            }
            let (groups, rows) = self.table.chosen(self.next_part, &self.window);
            if !groups.is_empty() {
                self.reader = Some(self.table.reader(self.next_part, groups, rows, &self.columns)?);
            }
            self.next_part += 1;
        }
    }

    /// The rows of a batch that lie in the window.
    fn within_window(&mut self, batch: &RecordBatch) -> Result<RecordBatch, RecordingError> {
        let Some(name) = self.table.time else { return Ok(batch.clone()) };
        let Some(column) = batch.column_by_name(name) else { return Ok(batch.clone()) };
        let problem = |reason: String| RecordingError::Damaged { path: self.table.path.clone(), reason };
        if column.null_count() > 0 {
            return Err(problem(format!("the column `{name}` has rows without a value")));
        }
        let times = column.as_primitive::<Float64Type>().values();
        let mut after = self.after_ms;
        for &at in times {
            if !at.is_finite() {
                return Err(problem(format!("the column `{name}` holds {at}, which is no time")));
            }
            if at < after {
                return Err(problem(format!("its rows are not sorted by time: {at} ms comes after {after} ms")));
            }
            after = at;
        }
        self.after_ms = after;
        let from = times.partition_point(|&at| at < self.window.start);
        let to = times.partition_point(|&at| at < self.window.end);
        Ok(batch.slice(from, to.saturating_sub(from)))
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch().transpose();
        if matches!(next, Some(Err(_))) {
            // One message is enough; what comes after damage is not to be trusted.
            (self.reader, self.next_part) = (None, usize::MAX);
        }
        next
    }
}

/// Part files of a table in the order of their names; the file itself where it is one.
fn part_files(place: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let read = |source| RecordingError::Read { path: place.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(place).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn pages_of(metadata: &ArrowReaderMetadata, group: usize, column: usize, rows: usize) -> Vec<(usize, Span)> {
    let index = metadata.metadata().page_index_for_row_group(group);
    let (Some(ColumnIndexMetaData::DOUBLE(times)), Some(places)) =
        (index.column_index(column), index.page_locations(column))
    else {
        return Vec::new();
    };
    let pages: Vec<(usize, Span)> = places
        .iter()
        .enumerate()
        .filter_map(|(page, place)| {
            let first = usize::try_from(place.first_row_index).ok()?;
            Some((first, Span::of(times.min_value(page), times.max_value(page))))
        })
        .collect();
    // An index that is not in order says nothing that can be relied on.
    let is_sane = pages.len() == places.len()
        && pages.first().is_some_and(|page| page.0 == 0)
        && pages
            .windows(2)
            .all(|pair| pair[0].0 < pair[1].0 && pair[0].1.to_ms <= pair[1].1.from_ms && pair[0].1.from_ms.is_finite())
        && pages.last().is_some_and(|page| page.0 < rows.max(1) && page.1.to_ms.is_finite());
    if is_sane { pages } else { Vec::new() }
}

/// Runs the Parquet reader; what it makes of a damaged file, be it an error or a panic, becomes a message.
fn guarded<T, E: std::fmt::Display>(path: &Path, read: impl FnOnce() -> Result<T, E>) -> Result<T, RecordingError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| damaged(path, &error)),
        Err(_) => Err(damaged(path, &"its pages contradict each other")),
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> RecordingError {
    RecordingError::Damaged { path: path.to_owned(), reason: error.to_string() }
}
