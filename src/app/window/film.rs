//! A film of what the window shows, at exact times: every frame stands for the same number of steps, however long the
//! machine takes for them. While it films, the window goes on showing; what changes is its pace. In go pictures of the
//! stage, out comes what the destination makes of them, with its name only when it is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::AppError;
use crate::app::arguments::{FrameRate, FrameSize};
use crate::app::canvas::{Canvas, Shot};
use crate::app::output::{Container, Destination, Encoders, FrameFormat, Written, ffmpeg, free_name};
use crate::gpu::Gpu;
use crate::ui::FilmKind;

use super::stage::Stage;

/// Frames per second of every film from the window.
const RATE: FrameRate = FrameRate { numerator: 30, denominator: 1 };

/// See the module.
pub(super) struct Film {
    canvas: Canvas,
    encoders: Encoders<Shot>,
    out: PathBuf,
    steps_per_frame: u32,
    /// The step that the next frame shows.
    next_step: u64,
    frames: u64,
    frames_max: u64,
    is_closing: bool,
}

/// A film whose last frame is under way to its file.
pub(super) struct Closing {
    thread: JoinHandle<Result<Written, AppError>>,
    out: PathBuf,
}

impl Film {
    /// Opens the destination. `name`: of the file, without its ending. The first frame shows the present step.
    pub(super) fn start(
        gpu: &Arc<Gpu>,
        format: wgpu::TextureFormat,
        stage: &Stage,
        kind: FilmKind,
        window: [u32; 2],
        set: &[String],
    ) -> Result<Self, AppError> {
        // Films want even sides.
        let size = window.map(|side| (side & !1).max(2));
        let telemetry = stage.telemetry();
        let stem = format!("spikescope-{}-{}", telemetry.scene, telemetry.step);
        let destination = destination(kind, Path::new(&stem))?;
        let steps_per_frame = steps_per_frame(telemetry.speed, telemetry.dt_ms);
        let command = stage.command(&stage.scene().origin, set, size, "film");
        let notes = stage.notes(command, steps_per_frame);
        let frame_size = FrameSize { width: size[0], height: size[1] };
        let frame_format = FrameFormat { size: frame_size, rate: RATE, notes };
        let canvas = Canvas::new(gpu, size, format)?;
        let out = destination.path().map_or_else(PathBuf::new, Path::to_owned);
        let frames_max = destination.frames_max();
        let encoders = Encoders::start(destination, frame_format)?;
        let next_step = telemetry.step;
        Ok(Self { canvas, encoders, out, steps_per_frame, next_step, frames: 0, frames_max, is_closing: false })
    }

    /// The step to simulate towards.
    pub(super) const fn next_step(&self) -> u64 {
        self.next_step
    }

    /// Time of the film from one frame to the next.
    pub(super) fn frame_time() -> Duration {
        Duration::from_secs_f64(1.0 / RATE.per_second())
    }

    /// Takes a frame when the stage stands at its step and there is room for it, and passes on those that have arrived.
    /// True when a frame was taken.
    pub(super) fn go_on(&mut self, stage: &mut Stage) -> Result<bool, AppError> {
        let step = stage.telemetry().step;
        if step + u64::from(self.steps_per_frame) < self.next_step {
            self.is_closing = true;
        }
        let is_due = !self.is_closing && step == self.next_step;
        let takes = is_due && self.canvas.has_room() && self.encoders.has_room();
        if takes {
            let frame = stage.picture_of(self.canvas.picture_size(), false);
            if stage.expose(&mut self.canvas, &frame, &mut |_, _, _| {})? {
                self.canvas.fetch()?;
                self.next_step += u64::from(self.steps_per_frame);
                self.frames += 1;
            }
        }
        self.pass_on()?;
        if self.frames == self.frames_max || self.encoders.has_failed() {
            self.is_closing = true;
        }
        Ok(takes)
    }

    /// No more frames; those under way still arrive.
    pub(super) const fn close(&mut self) {
        self.is_closing = true;
    }

    /// All frames are with the encoders, and no more are wanted.
    pub(super) fn is_over(&self) -> bool {
        self.is_closing && (!self.canvas.is_waiting() || self.encoders.has_failed())
    }

    /// What it is doing, for the notices.
    pub(super) fn describe(&self) -> String {
        let most = if self.frames_max < u64::MAX { format!(" of {} at most", self.frames_max) } else { String::new() };
        format!(
            "filming {}: {} frames{most}, {} steps each, {} frames/s",
            self.out.display(),
            self.frames,
            self.steps_per_frame,
            RATE.per_second()
        )
    }

    /// Completes the film beside the window.
    pub(super) fn finish(self) -> Closing {
        let Self { encoders, out, .. } = self;
        Closing { thread: std::thread::spawn(move || encoders.finish()), out }
    }

    /// Completes the film now, for a window that goes.
    pub(super) fn finish_now(mut self, gpu: &Gpu) -> Result<Written, AppError> {
        gpu.wait().map_err(|reason| AppError::Failure(format!("the GPU stopped working: {reason}")))?;
        while self.canvas.is_waiting() {
            let Some(shot) = self.canvas.take()? else { break };
            if !self.encoders.send(shot) {
                break;
            }
        }
        self.encoders.finish()
    }

    fn pass_on(&mut self) -> Result<(), AppError> {
        while self.encoders.has_room() && !self.encoders.has_failed() {
            let Some(shot) = self.canvas.take()? else { break };
            if !self.encoders.send(shot) {
                break;
            }
        }
        Ok(())
    }
}

impl Closing {
    /// What became of it, once that is known.
    pub(super) fn poll(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end, and says it.
    pub(super) fn outcome(self) -> String {
        match self.thread.join() {
            Ok(Ok(written)) => format!("saved {} ({} frames)", self.out.display(), written.frames),
            Ok(Err(error)) => format!("the film was not saved: {error}"),
            Err(_) => "the film was not saved: an encoder thread stopped unexpectedly".to_owned(),
        }
    }
}

fn destination(kind: FilmKind, stem: &Path) -> Result<Destination, AppError> {
    Ok(match kind {
        FilmKind::Usual if !ffmpeg::is_installed() => Destination::Folder(free_name(stem, "")?),
        FilmKind::Usual | FilmKind::Mp4 => Destination::Movie(free_name(stem, "mp4")?, Container::Mp4),
        FilmKind::Webm => Destination::Movie(free_name(stem, "webm")?, Container::Webm),
        FilmKind::Y4m => Destination::Y4m(free_name(stem, "y4m")?),
        FilmKind::Frames => Destination::Folder(free_name(stem, "")?),
        FilmKind::Loop => Destination::Png(free_name(stem, "png")?),
    })
}

/// Steps that make a film run at the speed of the live run; a run as fast as it goes is filmed in real time.
fn steps_per_frame(speed: f64, dt_ms: f64) -> u32 {
    let speed = if speed.is_finite() && speed > 0.0 { speed } else { 1.0 };
    (speed * 1e3 / RATE.per_second() / dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_runs_at_the_speed_of_the_run() {
        assert_eq!(steps_per_frame(1.0, 0.1), 333);
        assert_eq!(steps_per_frame(0.03, 0.5), 2);
        assert_eq!(steps_per_frame(1e-9, 0.5), 1);
        assert_eq!(steps_per_frame(f64::INFINITY, 1.0), 33);
    }
}
