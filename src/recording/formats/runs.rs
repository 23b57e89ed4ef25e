//! Rows of any order, sorted by time with bounded memory: sorted runs, kept in memory while they are small and on disk
//! beyond that, merged at the end. In: rows. Out: blocks of rows in the order of (time, key).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use rayon::slice::ParallelSliceMut;

use crate::recording::RecordingError;
use crate::recording::files::write_error;

/// Rows that are collected before a run is sorted: 64 MiB.
const OPEN_ROWS: usize = 1 << 22;

/// Rows of all runs that stay in memory: 192 MiB.
const MEMORY_ROWS: usize = 12 << 20;

/// Rows that all readers of disk runs buffer together while merging: 64 MiB.
const MERGE_ROWS: usize = 1 << 22;

/// A spike (key: neuron), a membrane value (key: neuron) or a weight (key: synapse).
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Row {
    pub(super) time_ms: f64,
    pub(super) key: u32,
    pub(super) value: f32,
}

impl Row {
    /// Times are finite, so this is a total order.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.time_ms.total_cmp(&other.time_ms).then(self.key.cmp(&other.key))
    }
}

enum Run {
    Memory(Vec<Row>),
    Disk { path: PathBuf, rows: u64 },
}

/// See the module.
pub(super) struct Runs {
    folder: PathBuf,
    name: &'static str,
    open: Vec<Row>,
    runs: Vec<Run>,
    in_memory: usize,
    files: u32,
    count: u64,
}

impl Runs {
    /// Runs on disk go into `folder`.
    pub(super) fn new(folder: &Path, name: &'static str) -> Self {
        Self { folder: folder.to_owned(), name, open: Vec::new(), runs: Vec::new(), in_memory: 0, files: 0, count: 0 }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    #[inline]
    pub(super) fn push(&mut self, row: Row) -> Result<(), RecordingError> {
        self.open.push(row);
        self.count += 1;
        if self.open.len() >= OPEN_ROWS { self.seal() } else { Ok(()) }
    }

    /// Ends the run under way, so that [`Self::undo`] can return to this moment.
    pub(super) fn mark(&mut self) -> Result<(usize, u64), RecordingError> {
        self.seal()?;
        Ok((self.runs.len(), self.count))
    }

    /// Forgets everything since a mark.
    pub(super) fn undo(&mut self, (runs, count): (usize, u64)) {
        self.open.clear();
        for run in self.runs.drain(runs..) {
            match run {
                Run::Memory(rows) => self.in_memory -= rows.len(),
                // What stays behind goes with its folder.
                Run::Disk { path, .. } => drop(std::fs::remove_file(path)),
            }
        }
        self.count = count;
    }

    fn seal(&mut self) -> Result<(), RecordingError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut rows = std::mem::take(&mut self.open);
        if !rows.is_sorted_by(|a, b| a.order(b).is_le()) {
            rows.par_sort_unstable_by(Row::order);
        }
        if self.in_memory + rows.len() <= MEMORY_ROWS {
            rows.shrink_to_fit();
            self.in_memory += rows.len();
            self.runs.push(Run::Memory(rows));
        } else {
            let path = self.folder.join(format!("{}-{:06}.run", self.name, self.files));
            self.files += 1;
            File::create(&path)
                .and_then(|mut file| file.write_all(bytemuck::cast_slice(&rows)))
                .map_err(|source| write_error(&path, source))?;
            self.runs.push(Run::Disk { path, rows: rows.len() as u64 });
            rows.clear();
            self.open = rows;
        }
        Ok(())
    }

    /// All rows, in order.
    pub(super) fn merged(mut self) -> Result<Merged, RecordingError> {
        self.seal()?;
        let on_disk = self.runs.iter().filter(|run| matches!(run, Run::Disk { .. })).count().max(1);
        let block = (MERGE_ROWS / on_disk).clamp(1024, 1 << 18);
        let mut cursors = Vec::with_capacity(self.runs.len());
        for run in self.runs.drain(..) {
            let mut cursor = match run {
                Run::Memory(rows) => Cursor { rows, next: 0, file: None },
                Run::Disk { path, rows } => {
                    let file = File::open(&path).map_err(|source| write_error(&path, source))?;
                    Cursor { rows: Vec::new(), next: 0, file: Some(DiskRun { file, path, left: rows, block }) }
                }
            };
            cursor.refill()?;
            cursors.push(cursor);
        }
        let heap = cursors
            .iter()
            .enumerate()
            .filter_map(|(index, cursor)| cursor.head().map(|row| Reverse((Ordered(row), index))))
            .collect();
        Ok(Merged { cursors, heap })
    }
}

struct DiskRun {
    file: File,
    path: PathBuf,
    left: u64,
    block: usize,
}

struct Cursor {
    rows: Vec<Row>,
    next: usize,
    file: Option<DiskRun>,
}

impl Cursor {
    fn head(&self) -> Option<Row> {
        self.rows.get(self.next).copied()
    }

    fn refill(&mut self) -> Result<(), RecordingError> {
        if self.next < self.rows.len() {
            return Ok(());
        }
        self.next = 0;
        let Some(run) = &mut self.file else {
            self.rows = Vec::new();
            return Ok(());
        };
        let rows = run.left.min(run.block as u64) as usize;
        self.rows.resize(rows, Row::zeroed());
        run.left -= rows as u64;
        let path = &run.path;
        run.file.read_exact(bytemuck::cast_slice_mut(&mut self.rows)).map_err(|source| write_error(path, source))
    }
}

#[derive(PartialEq)]
struct Ordered(Row);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.order(&other.0)
    }
}

/// The rows of all runs in order.
pub(super) struct Merged {
    cursors: Vec<Cursor>,
    heap: BinaryHeap<Reverse<(Ordered, usize)>>,
}

impl Merged {
    /// Fills `block` with the next rows, at most `rows`; empty at the end.
    pub(super) fn next_block(&mut self, block: &mut Vec<Row>, rows: usize) -> Result<(), RecordingError> {
        block.clear();
        while block.len() < rows {
            let Some(Reverse((_, index))) = self.heap.pop() else { return Ok(()) };
            let rival = self.heap.peek().map(|Reverse((row, _))| row.0);
            let cursor = &mut self.cursors[index];
            // As long as this run stays ahead of all others, whole stretches of it are taken.
            let ahead = &cursor.rows[cursor.next..];
            let stretch = match rival {
                Some(rival) => ahead.partition_point(|row| row.order(&rival).is_le()).max(1),
                None => ahead.len(),
            };
            let take = stretch.min(rows - block.len());
            block.extend_from_slice(&ahead[..take]);
            cursor.next += take;
            cursor.refill()?;
            if let Some(row) = cursor.head() {
                self.heap.push(Reverse((Ordered(row), index)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_sorted_from_memory_and_disk() {
        let folder = tempfile::tempdir().expect("folder");
        let mut runs = Runs::new(folder.path(), "test");
        // More than memory holds, in an order that jumps.
        let count = MEMORY_ROWS + 2 * OPEN_ROWS + 17;
        let step = 7_368_787_usize;
        for index in 0..count {
            let time = (index * step) % count;
            runs.push(Row { time_ms: time as f64, key: time as u32, value: 0.0 }).expect("disk");
        }
        assert_eq!(runs.count(), count as u64);
        let mut merged = runs.merged().expect("runs");
        let (mut block, mut next) = (Vec::new(), 0_usize);
        loop {
            merged.next_block(&mut block, 100_000).expect("disk");
            if block.is_empty() {
                break;
            }
            for row in &block {
                assert_eq!(row.time_ms, next as f64);
                next += 1;
            }
        }
        assert_eq!(next, count);
    }

    #[test]
    fn undo_returns_to_the_mark() {
        let folder = tempfile::tempdir().expect("folder");
        let mut runs = Runs::new(folder.path(), "test");
        let row = |time: f64| Row { time_ms: time, key: 0, value: 0.0 };
        runs.push(row(3.0)).expect("room");
        let mark = runs.mark().expect("room");
        runs.push(row(1.0)).expect("room");
        runs.mark().expect("room");
        runs.push(row(2.0)).expect("room");
        runs.undo(mark);
        let mut block = Vec::new();
        runs.merged().expect("runs").next_block(&mut block, 10).expect("memory");
        assert_eq!(block, [row(3.0)]);
    }
}
