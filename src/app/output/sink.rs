//! The places where encoded frames end up. A file gets its name when it is complete.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::apng::Apng;
use super::ffmpeg::Ffmpeg;
use super::format::y4m_header;
use super::{Destination, FrameFormat};
use crate::app::error::AppError;
use crate::recording::files::{partial_path, publish, write_atomically, write_error};

/// Takes frames in order.
pub(super) enum Sink {
    Folder(PathBuf),
    Y4m(Partial, BufWriter<File>),
    Movie(Ffmpeg),
    Png(Partial, Apng<BufWriter<File>>),
    Stdout(std::io::Stdout),
}

/// A file under its partial name; dropped before it is finished, it goes.
pub(super) struct Partial {
    path: PathBuf,
    is_done: bool,
}

impl Sink {
    /// Makes the folder or file now, so that a place that cannot be written to is found before the work begins.
    pub(super) fn create(destination: &Destination, format: &FrameFormat) -> Result<Self, AppError> {
        match destination {
            Destination::Folder(folder) => {
                fs::create_dir_all(folder).map_err(|error| write_error(folder, error))?;
                remove_old_frames(folder)?;
                Ok(Self::Folder(folder.clone()))
            }
            Destination::Y4m(path) => {
                let (partial, mut file) = Partial::create(path)?;
                file.write_all(y4m_header(format).as_bytes()).map_err(|error| write_error(path, error))?;
                Ok(Self::Y4m(partial, file))
            }
            Destination::Movie(path, container) => Ok(Self::Movie(Ffmpeg::start(path, *container, format)?)),
            Destination::Png(path) => {
                let (partial, file) = Partial::create(path)?;
                Ok(Self::Png(partial, Apng::new(file, format)))
            }
            Destination::Stdout => Ok(Self::Stdout(std::io::stdout())),
        }
    }

    /// Writes the next frame.
    pub(super) fn write(&mut self, index: u64, bytes: &[u8]) -> Result<(), AppError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(format!("frame_{index:06}.png"));
                write_atomically(&path, |file| {
                    file.write_all(bytes).map_err(|error| AppError::from(write_error(&path, error)))
                })
            }
            Self::Y4m(partial, file) => file.write_all(bytes).map_err(|error| write_error(&partial.path, error).into()),
            Self::Movie(ffmpeg) => ffmpeg.write(bytes),
            Self::Png(partial, apng) => apng.add(bytes).map_err(|error| write_error(&partial.path, error).into()),
            Self::Stdout(stdout) => stdout.lock().write_all(bytes).map_err(stdout_error),
        }
    }

    /// Completes what was written.
    pub(super) fn finish(self) -> Result<(), AppError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Y4m(partial, mut file) => {
                file.flush().map_err(|error| write_error(&partial.path, error))?;
                partial.publish()
            }
            Self::Movie(ffmpeg) => ffmpeg.finish(),
            Self::Png(partial, apng) => {
                apng.finish().map_err(|error| write_error(&partial.path, error))?;
                partial.publish()
            }
            Self::Stdout(stdout) => stdout.lock().flush().map_err(stdout_error),
        }
    }
}

impl Partial {
    fn create(path: &Path) -> Result<(Self, BufWriter<File>), AppError> {
        let partial = partial_path(path);
        let file = File::create(&partial).map_err(|error| write_error(&partial, error))?;
        Ok((Self { path: path.to_owned(), is_done: false }, BufWriter::new(file)))
    }

    fn publish(mut self) -> Result<(), AppError> {
        publish(&partial_path(&self.path), &self.path)?;
        self.is_done = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_done {
            // The error that brought us here is told already.
            let _ = fs::remove_file(partial_path(&self.path));
        }
    }
}

/// Frames of an earlier rendering would mix with the new ones.
fn remove_old_frames(folder: &Path) -> Result<(), AppError> {
    let entries = fs::read_dir(folder).map_err(|error| write_error(folder, error))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number =
            name.strip_prefix("frame_").and_then(|n| n.strip_suffix(".png").or(n.strip_suffix(".png.partial")));
        if number.is_some_and(|n| n.len() >= 6 && n.bytes().all(|b| b.is_ascii_digit())) {
            fs::remove_file(&path).map_err(|error| write_error(&path, error))?;
        }
    }
    Ok(())
}

fn stdout_error(error: std::io::Error) -> AppError {
    if error.kind() == ErrorKind::BrokenPipe {
        AppError::Failure("whatever read the video from stdout has stopped reading".to_owned())
    } else {
        AppError::Failure(format!("cannot write to stdout: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::arguments::{FrameRate, FrameSize};
    use crate::app::output::Notes;

    fn format() -> FrameFormat {
        let size = FrameSize { width: 2, height: 2 };
        FrameFormat { size, rate: FrameRate { numerator: 30, denominator: 1 }, notes: Notes::default() }
    }

    #[test]
    fn a_video_has_its_name_only_when_finished() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let path = temporary.path().join("run.y4m");
        let files = || fs::read_dir(temporary.path()).expect("folder").count();
        let mut sink = Sink::create(&Destination::Y4m(path.clone()), &format()).expect("creates");
        sink.write(0, b"FRAME\n").expect("writes");
        assert!(!path.exists());
        sink.finish().expect("finishes");
        assert!(path.exists());
        drop(Sink::create(&Destination::Y4m(path.clone()), &format()).expect("creates"));
        assert!(path.exists() && files() == 1, "an abandoned attempt leaves the old video and nothing else");
    }

    #[test]
    fn old_frames_go_and_other_files_stay() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        for name in ["frame_000007.png", "frame_000008.png.partial", "frame_a.png", "mine.png"] {
            fs::write(temporary.path().join(name), "").expect("file");
        }
        Sink::create(&Destination::Folder(temporary.path().to_owned()), &format()).expect("creates");
        let mut left: Vec<_> =
            fs::read_dir(temporary.path()).expect("folder").flatten().map(|e| e.file_name()).collect();
        left.sort();
        assert_eq!(left, ["frame_a.png", "mine.png"]);
    }
}
