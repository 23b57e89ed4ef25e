//! Where pictures go: a destination chosen by its path, encoder threads, and one sink per kind of destination. In go
//! finished frames, in any order that threads make of them; out come files and streams in the order of frames. The
//! headless doors and the window's films share it.

mod apng;
mod encoders;
pub(super) mod ffmpeg;
mod format;
mod notes;
mod picture;
mod sink;

use std::path::{Path, PathBuf};

pub(super) use encoders::{Encoders, Written};
pub(super) use ffmpeg::Container;
pub(super) use format::{FramePixels, Pixels};
pub(super) use notes::Notes;
pub(super) use picture::{free_name, save_picture};

use super::arguments::{FrameRate, FrameSize};
use super::error::AppError;

/// Endings of files that people may expect and that are somebody else's job.
const FOREIGN_ENDINGS: [&str; 6] = ["avi", "mov", "gif", "jpg", "jpeg", "webp"];

/// What to make of the frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// `frame_000000.png` and so on.
    Folder(PathBuf),
    /// One uncompressed video file.
    Y4m(PathBuf),
    /// A film that ffmpeg encodes.
    Movie(PathBuf, Container),
    /// A short loop, or one picture: PNG, animated where there is more than one frame.
    Png(PathBuf),
    /// Raw RGB, 8 bits a channel, frame after frame.
    Stdout,
}

/// What an encoding needs to know.
#[derive(Clone, Debug)]
pub(super) struct FrameFormat {
    pub(super) size: FrameSize,
    pub(super) rate: FrameRate,
    pub(super) notes: Notes,
}

impl Destination {
    /// Chooses by the path.
    pub(super) fn of(path: &Path) -> Result<Self, AppError> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdout);
        }
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        if let Some(container) = Container::of_ending(&ending) {
            return Ok(Self::Movie(path.to_owned(), container));
        }
        match ending.as_str() {
            "y4m" => Ok(Self::Y4m(path.to_owned())),
            "png" | "apng" => Ok(Self::Png(path.to_owned())),
            foreign if FOREIGN_ENDINGS.contains(&foreign) => Err(AppError::Mistake(format!(
                "cannot write {}: frames go to a folder (PNG files), a .png (one picture, or a short loop), a .y4m, \
                 or through ffmpeg to .mp4 (H.264), .webm or .mkv (AV1), or as raw RGB to stdout (-)",
                path.display()
            ))),
            _ => Ok(Self::Folder(path.to_owned())),
        }
    }

    /// The file or folder.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) | Self::Y4m(path) | Self::Movie(path, _) | Self::Png(path) => Some(path),
            Self::Stdout => None,
        }
    }

    /// Refuses more frames than it is made for.
    pub(super) fn check_length(&self, frames: u32) -> Result<(), AppError> {
        match self {
            Self::Png(path) if frames > apng::FRAMES_MAX => Err(AppError::Mistake(format!(
                "{} would be a loop of {frames} frames, and an animated PNG holds {} at most, since whoever shows it \
                 keeps all of them in memory; give fewer --frames, or write a film (.mp4, .webm, .y4m) or a folder",
                path.display(),
                apng::FRAMES_MAX
            ))),
            _ => Ok(()),
        }
    }

    /// How many frames it holds at most.
    pub(super) const fn frames_max(&self) -> u64 {
        match self {
            Self::Png(_) => apng::FRAMES_MAX as u64,
            _ => u64::MAX,
        }
    }

    /// Where the report belongs: in the folder, beside the file, or nowhere.
    pub(super) fn report_path(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join("report.json")),
            Self::Y4m(file) | Self::Movie(file, _) | Self::Png(file) => Some(file.with_file_name("report.json")),
            Self::Stdout => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_chooses() {
        let of = |path: &str| Destination::of(Path::new(path));
        assert!(matches!(of("a/film.MP4"), Ok(Destination::Movie(_, Container::Mp4))));
        assert!(matches!(of("film.webm"), Ok(Destination::Movie(_, Container::Webm))));
        assert!(matches!(of("loop.apng"), Ok(Destination::Png(_))));
        assert!(matches!(of("run.v2"), Ok(Destination::Folder(_))));
        assert!(matches!(of("-"), Ok(Destination::Stdout)));
        let error = of("film.gif").expect_err("nobody writes it");
        assert!(error.to_string().contains(".webm") && error.exit_code() == 2);
        let long = of("loop.png").and_then(|loop_| loop_.check_length(601)).expect_err("too long");
        assert!(long.to_string().contains("600"));
        assert!(of("loop.png").and_then(|loop_| loop_.check_length(600)).is_ok());
    }
}
