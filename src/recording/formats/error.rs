//! Why files could not be imported: what was wrong, in which file and where, and what to do.

use std::path::{Path, PathBuf};

use crate::recording::RecordingError;

/// See the module. Everything but [`Self::Recording`] lies in what was asked for or in the files.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system refused to read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is not what it says it is.
    #[error("{} is damaged at {position}: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Line, byte, row or item.
        position: String,
        /// What is wrong there.
        reason: String,
    },
    /// No format knows this file.
    #[error("{}: {reason}; name the format with --format: {}", path.display(), super::names())]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// What it looks like.
        reason: String,
    },
    /// The format is known, but not what this file has in it.
    #[error("{}: {reason}", path.display())]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// What it holds.
        reason: String,
    },
    /// The file cannot tell something that is needed.
    #[error("{} cannot tell {what}; say it with {option}", path.display())]
    Ask {
        /// Which file.
        path: PathBuf,
        /// What is missing.
        what: String,
        /// The option that tells it.
        option: &'static str,
    },
    /// There is something wrong with what was asked for.
    #[error("{0}")]
    Mistake(String),
    /// Ctrl-C.
    #[error("the import was stopped; nothing was left behind")]
    Stopped,
    /// The recording could not be written.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

impl ImportError {
    /// A [`Self::Damaged`].
    pub(super) fn damaged(path: &Path, position: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), position: position.into(), reason: reason.to_string() }
    }

    /// A [`Self::Read`].
    pub(super) fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }
}
