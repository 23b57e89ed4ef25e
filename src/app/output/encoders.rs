//! Threads that turn frames into bytes, and one that writes them in order. The thread that draws never encodes: it
//! hands frames over through a bounded channel and waits only when the encoders are that many frames behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::format::{FramePixels, encode, tight_rgb};
use super::sink::Sink;
use super::{Destination, FrameFormat};
use crate::app::error::AppError;
use crate::engine::Fingerprint;

/// More threads than this encode faster than anything draws.
const THREADS_MAX: usize = 8;

/// See the module. `F` is dropped as soon as its pixels are read, which gives its memory back.
pub(in crate::app) struct Encoders<F> {
    jobs: Sender<Job<F>>,
    workers: Vec<JoinHandle<Duration>>,
    writer: JoinHandle<Result<(u64, u64), AppError>>,
    sent: u64,
    /// Set when the last frame has been handed over: only then is the destination completed.
    complete: Arc<AtomicBool>,
}

/// What was written.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Written {
    /// Frames.
    pub(in crate::app) frames: u64,
    /// Hash over the RGB bytes of all frames in order.
    pub(in crate::app) frames_hash: u64,
    /// Time that all encoder threads together were busy.
    pub(in crate::app) encode: Duration,
}

struct Job<F> {
    index: u64,
    /// None: as the notes count.
    time_ms: Option<f64>,
    frame: F,
}

struct Encoded {
    bytes: Vec<u8>,
    hash: u64,
}

impl<F: FramePixels> Encoders<F> {
    /// Opens the destination and starts the threads.
    pub(in crate::app) fn start(destination: Destination, format: FrameFormat) -> Result<Self, AppError> {
        let sink = Sink::create(&destination, &format)?;
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(THREADS_MAX);
        let (jobs, job_receiver) = bounded::<Job<F>>(threads);
        let format = Arc::new(format);
        let (results, result_receiver) = bounded(2 * threads);
        let workers = (0..threads)
            .map(|_| {
                let (jobs, results) = (job_receiver.clone(), results.clone());
                let (destination, format) = (destination.clone(), Arc::clone(&format));
                std::thread::spawn(move || encode_jobs(&jobs, &results, &destination, &format))
            })
            .collect();
        let complete = Arc::new(AtomicBool::new(false));
        let is_complete = Arc::clone(&complete);
        let writer = std::thread::spawn(move || write_in_order(sink, &result_receiver, &is_complete));
        Ok(Self { jobs, workers, writer, sent: 0, complete })
    }

    /// Hands over the next frame. False when the writer has given up; [`Self::finish`] tells why.
    pub(in crate::app) fn send(&mut self, frame: F) -> bool {
        self.hand_over(frame, None)
    }

    /// The same for a frame of a film whose frames are not all of one length: it shows this time.
    pub(in crate::app) fn send_at(&mut self, frame: F, time_ms: f64) -> bool {
        self.hand_over(frame, Some(time_ms))
    }

    fn hand_over(&mut self, frame: F, time_ms: Option<f64>) -> bool {
        let accepted = self.jobs.send(Job { index: self.sent, time_ms, frame }).is_ok();
        self.sent += u64::from(accepted);
        accepted
    }

    /// True when [`Self::send`] would not wait.
    pub(in crate::app) fn has_room(&self) -> bool {
        !self.jobs.is_full()
    }

    /// The writer has given up; [`Self::finish`] tells why.
    pub(in crate::app) fn has_failed(&self) -> bool {
        self.writer.is_finished()
    }

    /// Ends after an error elsewhere: a video file that is not complete goes.
    pub(in crate::app) fn abandon(self) {
        drop(self.jobs);
        // The error that brought us here is the one to tell.
        let _ = self.writer.join();
    }

    /// Waits for the last frame and completes the destination.
    pub(in crate::app) fn finish(self) -> Result<Written, AppError> {
        self.complete.store(true, Ordering::Release);
        drop(self.jobs);
        let died = || AppError::Failure("an encoder thread stopped unexpectedly".to_owned());
        let mut encode = Duration::ZERO;
        for worker in self.workers {
            encode += worker.join().map_err(|_| died())?;
        }
        let (frames, frames_hash) = self.writer.join().map_err(|_| died())??;
        Ok(Written { frames, frames_hash, encode })
    }
}

fn encode_jobs<F: FramePixels>(
    jobs: &Receiver<Job<F>>,
    results: &Sender<(u64, Result<Encoded, String>)>,
    destination: &Destination,
    format: &FrameFormat,
) -> Duration {
    let mut busy = Duration::ZERO;
    for Job { index, time_ms, frame } in jobs {
        let begun = Instant::now();
        let mut rgb = Vec::new();
        frame.read(&mut |pixels| rgb = tight_rgb(pixels, format.size));
        drop(frame);
        let mut hash = Fingerprint::new();
        hash.bytes(&rgb);
        let encoded = encode(destination, time_ms.unwrap_or_else(|| format.notes.time_ms(index)), rgb, format)
            .map(|bytes| Encoded { bytes, hash: hash.finish() });
        busy += begun.elapsed();
        if results.send((index, encoded)).is_err() {
            break;
        }
    }
    busy
}

/// Number of frames and their hash.
fn write_in_order(
    mut sink: Sink,
    results: &Receiver<(u64, Result<Encoded, String>)>,
    complete: &AtomicBool,
) -> Result<(u64, u64), AppError> {
    let mut early = BTreeMap::new();
    let mut next = 0;
    let mut hash = Fingerprint::new();
    for (index, result) in results {
        early.insert(index, result.map_err(|reason| AppError::Failure(format!("frame {index}: {reason}")))?);
        while let Some(frame) = early.remove(&next) {
            sink.write(next, &frame.bytes)?;
            hash.long(frame.hash);
            next += 1;
        }
    }
    if complete.load(Ordering::Acquire) {
        sink.finish()?;
    }
    Ok((next, hash.finish()))
}

#[cfg(test)]
mod tests {
    use super::super::{Notes, Pixels};
    use super::*;
    use crate::app::arguments::{FrameRate, FrameSize};

    struct Plain(Vec<u8>);

    impl FramePixels for Plain {
        fn read(&self, read: &mut dyn FnMut(Pixels<'_>)) {
            // Early frames take longest, so that threads finish out of order.
            std::thread::sleep(Duration::from_millis(u64::from(10_u8.saturating_sub(self.0[0]))));
            read(Pixels { rows: &self.0, bytes_per_row: 8, is_bgra: false });
        }
    }

    fn format() -> FrameFormat {
        let size = FrameSize { width: 2, height: 1 };
        FrameFormat { size, rate: FrameRate { numerator: 30, denominator: 1 }, notes: Notes::default() }
    }

    fn written(path: &std::path::Path, frames: u8) -> Written {
        let mut encoders = Encoders::start(Destination::Y4m(path.to_owned()), format()).expect("starts");
        for value in 0..frames {
            assert!(encoders.send(Plain(vec![value; 8])));
        }
        encoders.finish().expect("finishes")
    }

    #[test]
    fn an_abandoned_video_is_not_left_behind() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let mut encoders =
            Encoders::start(Destination::Y4m(temporary.path().join("run.y4m")), format()).expect("starts");
        assert!(encoders.send(Plain(vec![0; 8])));
        encoders.abandon();
        assert_eq!(std::fs::read_dir(temporary.path()).expect("folder").count(), 0);
    }

    #[test]
    fn frames_are_written_and_hashed_in_order() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let path = temporary.path().join("run.y4m");
        let first = written(&path, 20);
        let bytes = std::fs::read(&path).expect("file");
        let lumas: Vec<u8> = bytes.windows(7).filter(|w| w.starts_with(b"FRAME\n")).map(|w| w[6]).collect();
        assert_eq!((first.frames, lumas.len()), (20, 20));
        assert!(lumas.is_sorted() && lumas[0] < lumas[19]);
        assert_eq!(written(&path, 20).frames_hash, first.frames_hash);
        assert_ne!(written(&path, 19).frames_hash, first.frames_hash);
    }
}
