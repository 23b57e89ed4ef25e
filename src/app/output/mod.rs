//! Where rendered frames go: a destination chosen by its path, encoder threads, and one sink per kind of destination.
//! In go finished frames, in any order that threads make of them; out come files and streams in the order of frames.

mod encoders;
mod format;
mod sink;

use std::path::{Path, PathBuf};

pub(super) use encoders::{Encoders, Written};
pub(super) use format::{FramePixels, Pixels};

use super::arguments::{FrameRate, FrameSize};
use super::error::AppError;

/// Endings of files that people may expect and that are somebody else's job.
const FOREIGN_ENDINGS: [&str; 10] = ["mp4", "mkv", "webm", "avi", "mov", "gif", "png", "jpg", "jpeg", "webp"];

/// What to make of the frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// `frame_000000.png` and so on.
    Folder(PathBuf),
    /// One uncompressed video file.
    Y4m(PathBuf),
    /// Raw RGB, 8 bits a channel, frame after frame.
    Stdout,
}

/// Numbers that an encoding needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameFormat {
    pub(super) size: FrameSize,
    pub(super) rate: FrameRate,
}

impl Destination {
    /// Chooses by the path.
    pub(super) fn of(path: &Path) -> Result<Self, AppError> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if ending == "y4m" {
            return Ok(Self::Y4m(path.to_owned()));
        }
        if FOREIGN_ENDINGS.contains(&ending.as_str()) {
            return Err(AppError::Mistake(format!(
                "cannot write {}: frames go to a folder (PNG files), a file ending in .y4m, or - (raw RGB on stdout); \
                 for other formats give a .y4m file to a converter, like `ffmpeg -i run.y4m run.mp4`",
                path.display()
            )));
        }
        Ok(Self::Folder(path.to_owned()))
    }

    /// Where the report belongs: in the folder, beside the file, or nowhere.
    pub(super) fn report_path(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join("report.json")),
            Self::Y4m(file) => Some(file.with_file_name("report.json")),
            Self::Stdout => None,
        }
    }
}
