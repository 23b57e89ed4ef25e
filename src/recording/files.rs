//! Files that are either complete or not there: written as `NAME.partial`, renamed when finished.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::RecordingError;

/// `NAME.partial` beside `path`.
#[must_use]
pub fn partial_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

/// Writes a file through `fill`; it appears under its own name only when `fill` succeeded, else not at all.
///
/// # Errors
/// What `fill` or the file system refused.
pub fn write_atomically<E>(path: &Path, fill: impl FnOnce(&mut File) -> Result<(), E>) -> Result<(), E>
where
    E: From<RecordingError>,
{
    let partial = partial_path(path);
    let mut file = File::create(&partial).map_err(|source| write_error(&partial, source))?;
    let result = fill(&mut file).and_then(|()| publish(&partial, path).map_err(E::from));
    if result.is_err() {
        // The first error is the one to tell; what is left of the attempt only takes room.
        let _ = fs::remove_file(&partial);
    }
    result
}

/// Gives a finished partial file its name.
///
/// # Errors
/// What the file system refused.
pub fn publish(partial: &Path, path: &Path) -> Result<(), RecordingError> {
    fs::rename(partial, path).map_err(|source| write_error(path, source))
}

/// The same as [`write_atomically`], for a text that is at hand.
///
/// # Errors
/// What the file system refused.
pub fn write_text(path: &Path, text: &str) -> Result<(), RecordingError> {
    write_atomically(path, |file| io::Write::write_all(file, text.as_bytes()).map_err(|e| write_error(path, e)))
}

/// A [`RecordingError::Write`].
#[must_use]
pub fn write_error(path: &Path, source: io::Error) -> RecordingError {
    RecordingError::Write { path: path.to_owned(), source }
}
