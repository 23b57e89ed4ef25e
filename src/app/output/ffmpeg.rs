//! Films in formats that others encode: raw frames go through a pipe to ffmpeg, where it is installed. In go RGB frames,
//! out comes a file that has its name only when ffmpeg says that it is whole; what ffmpeg complains about is told.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use super::FrameFormat;
use crate::app::error::AppError;
use crate::recording::files::{partial_path, publish};

/// Found on the search path.
const PROGRAM: &str = "ffmpeg";

/// Complaints kept: the last ones say why it stopped.
const COMPLAINTS_KEPT: usize = 6;

/// An ffmpeg that has stopped reading gets this long to say why.
const MOMENT: Duration = Duration::from_millis(20);
const MOMENTS: u32 = 50;

/// What a file ending stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Container {
    /// H.264, which everything plays.
    Mp4,
    /// AV1.
    Webm,
    /// AV1.
    Mkv,
}

/// One way to encode: the encoder's name, and what it is told.
type Codec = (&'static str, &'static [&'static str]);

/// Bright points on black need more bits than most films: these are settings for the eye not to see any loss.
const H264: &[Codec] = &[
    ("libx264", &["-preset", "medium", "-crf", "16"]),
    ("h264_nvenc", &["-preset", "p6", "-cq", "18", "-b:v", "0"]),
    ("libopenh264", &["-b:v", "24M"]),
];
const AV1: &[Codec] = &[
    ("libsvtav1", &["-preset", "7", "-crf", "24"]),
    ("libaom-av1", &["-cpu-used", "6", "-crf", "24", "-b:v", "0", "-row-mt", "1"]),
    ("librav1e", &["-speed", "8", "-qp", "70"]),
    ("av1_nvenc", &["-preset", "p6", "-cq", "24", "-b:v", "0"]),
];

impl Container {
    /// Of a file ending in lower case.
    pub(super) fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "mp4" => Some(Self::Mp4),
            "webm" => Some(Self::Webm),
            "mkv" => Some(Self::Mkv),
            _ => None,
        }
    }

    const fn codecs(self) -> &'static [Codec] {
        match self {
            Self::Mp4 => H264,
            Self::Webm | Self::Mkv => AV1,
        }
    }

    /// As ffmpeg calls it.
    const fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Webm => "webm",
            Self::Mkv => "matroska",
        }
    }

    const fn codec_name(self) -> &'static str {
        match self {
            Self::Mp4 => "H.264",
            Self::Webm | Self::Mkv => "AV1",
        }
    }
}

/// A running ffmpeg. Dropped before it is finished, it is stopped and its file goes.
pub(super) struct Ffmpeg {
    child: Child,
    pipe: Option<ChildStdin>,
    complaints: Option<JoinHandle<Vec<String>>>,
    path: PathBuf,
    is_done: bool,
}

/// True where ffmpeg can be called.
pub(in crate::app) fn is_installed() -> bool {
    matches!(encoders(), Ok(names) if !names.is_empty())
}

impl Ffmpeg {
    /// Starts it on a partial file.
    pub(super) fn start(path: &Path, container: Container, format: &FrameFormat) -> Result<Self, AppError> {
        let cannot = |why: String| AppError::Mistake(format!("cannot write {}: {why}", path.display()));
        let FrameFormat { size, rate, notes } = format;
        if size.width % 2 != 0 || size.height % 2 != 0 {
            return Err(cannot(format!(
                "{} wants even widths and heights, not {}x{}; choose another size, or write a .y4m file",
                container.codec_name(),
                size.width,
                size.height
            )));
        }
        let known = encoders().map_err(|reason| {
            cannot(format!(
                "{reason}; install ffmpeg (`apt install ffmpeg`, `brew install ffmpeg`), or write a .y4m file, a short \
                 loop (.apng) or a folder of PNG files, which need nothing installed"
            ))
        })?;
        let codecs = container.codecs();
        let (codec, settings) =
            codecs.iter().find(|(name, _)| known.iter().any(|known| known == name)).ok_or_else(|| {
                let wanted: Vec<&str> = codecs.iter().map(|(name, _)| *name).collect();
                cannot(format!(
                    "this ffmpeg cannot encode {}; it has none of {}",
                    container.codec_name(),
                    wanted.join(", ")
                ))
            })?;
        let mut command = Command::new(PROGRAM);
        command
            .args(["-hide_banner", "-nostdin", "-loglevel", "error", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-s", &format!("{}x{}", size.width, size.height)])
            .args(["-r", &format!("{}/{}", rate.numerator, rate.denominator)])
            .args(["-i", "pipe:0", "-an"])
            .args(["-vf", "scale=out_color_matrix=bt709:out_range=limited,format=yuv420p"])
            .args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"])
            .args(["-c:v", codec])
            .args(*settings)
            .args(["-metadata", &format!("title={}", notes.scene)])
            .args(["-metadata", &format!("comment={}", notes.command)])
            .args(["-fflags", "+bitexact"]);
        if container == Container::Mp4 {
            // Players begin before the whole file is there.
            command.args(["-movflags", "+faststart"]);
        }
        command.args(["-f", container.muxer()]).arg(partial_path(path));
        let mut child = apart(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot(format!("ffmpeg could not be started: {error}")))?;
        let complaints = child.stderr.take().map(|stderr| std::thread::spawn(move || last_lines(stderr)));
        Ok(Self { pipe: child.stdin.take(), child, complaints, path: path.to_owned(), is_done: false })
    }

    /// Hands over a frame. Waits while ffmpeg is behind.
    pub(super) fn write(&mut self, rgb: &[u8]) -> Result<(), AppError> {
        let Some(pipe) = &mut self.pipe else { return Err(self.stopped("its input is closed")) };
        match pipe.write_all(rgb) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(self.stopped("it stopped reading frames")),
            Err(error) => Err(self.stopped(&error.to_string())),
        }
    }

    /// Waits until the file is whole and gives it its name.
    pub(super) fn finish(mut self) -> Result<(), AppError> {
        drop(self.pipe.take());
        match self.child.wait() {
            Ok(status) if status.success() => {
                publish(&partial_path(&self.path), &self.path)?;
                self.is_done = true;
                Ok(())
            }
            Ok(status) => Err(self.stopped(&format!("it ended with {status}"))),
            Err(error) => Err(self.stopped(&error.to_string())),
        }
    }

    /// Why there is no film, with ffmpeg's own words.
    fn stopped(&mut self, what: &str) -> AppError {
        drop(self.pipe.take());
        // It may be about to say why, and it may hang: it gets a moment.
        for _ in 0..MOMENTS {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(MOMENT);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let lines = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let said = if lines.is_empty() { String::new() } else { format!("; ffmpeg said: {}", lines.join(" | ")) };
        AppError::Failure(format!("ffmpeg did not write {}: {what}{said}", self.path.display()))
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        if !self.is_done {
            drop(self.pipe.take());
            // The error that brought us here is told already.
            let _ = self.child.kill();
            let _ = self.child.wait();
            let _ = fs::remove_file(partial_path(&self.path));
        }
    }
}

/// Names of the encoders that the installed ffmpeg has, or why there are none.
fn encoders() -> Result<Vec<String>, String> {
    let output = Command::new(PROGRAM).args(["-hide_banner", "-encoders"]).stdin(Stdio::null()).output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "ffmpeg is not installed".to_owned(),
        _ => format!("ffmpeg could not be started: {error}"),
    })?;
    if !output.status.success() {
        return Err(format!("ffmpeg does not work here ({})", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // Lines like ` V....D libx264  H.264 ...`.
    let names = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let kind = words.next()?;
        (kind.starts_with('V') && kind.len() >= 6).then(|| words.next().map(str::to_owned)).flatten()
    });
    Ok(names.collect())
}

/// The last lines of what a program complains about, without its pointers and blanks.
fn last_lines(stderr: impl Read) -> Vec<String> {
    let mut lines = VecDeque::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() {
            if lines.len() == COMPLAINTS_KEPT {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    }
    lines.into()
}

/// Ctrl-C is ours to handle: ffmpeg must live until we have handed over the last frame.
#[cfg(unix)]
fn apart(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt;
    command.process_group(0)
}

#[cfg(windows)]
fn apart(command: &mut Command) -> &mut Command {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP)
}

#[cfg(not(any(unix, windows)))]
fn apart(command: &mut Command) -> &mut Command {
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_complaints_are_kept() {
        let text = (0..20).map(|k| format!("  line {k}\r\n\n")).collect::<String>();
        let lines = last_lines(text.as_bytes());
        assert_eq!((lines.len(), lines[5].as_str()), (COMPLAINTS_KEPT, "line 19"));
    }
}
