//! Everything that a viewer keeps from a run: pictures of any size, films, charts, the command that makes a view again.
//! In go wishes, out come files beside which nothing half-written lies, and a word on each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use crate::app::canvas::Canvas;
use crate::app::output::{Notes, ffmpeg, save_picture};
use crate::app::{AppError, chart_file};
use crate::render::Frame;
use crate::session::SessionError;
use crate::ui::export::{ALL_CHARTS, chart, chart_names};
use crate::ui::{ChartFormat, FilmKind, PictureSize};

use super::clipboard;
use super::film::{Closing, Film};
use super::painter::Painted;
use super::report;
use super::shown::Shown;

/// While it films, a frame of the window may take this long: the film's frames are what is waited for.
const FILM_BUDGET: Duration = Duration::from_millis(40);

/// What is being kept.
#[derive(Default)]
pub(super) struct Keep {
    /// A picture that the next frame begins.
    wish: Option<PictureSize>,
    exposure: Option<Exposure>,
    saving: Vec<Receiver<Result<PathBuf, AppError>>>,
    film: Option<Film>,
    closing: Option<Closing>,
    /// The film took a frame: the camera moves on by a frame of the film.
    took_frame: bool,
}

/// A picture that is drawn, one piece a frame, while the run holds still.
struct Exposure {
    canvas: Canvas,
    frame: Frame,
    overlay: OverlayOf,
    is_drawn: bool,
    stem: String,
    notes: Notes,
}

/// What stands over a picture.
enum OverlayOf {
    Nothing,
    Window,
    /// Made for this size.
    Own(Box<Painted>),
}

impl Keep {
    /// Frames of the window must go on.
    pub(super) const fn is_busy(&self) -> bool {
        self.wish.is_some()
            || self.exposure.is_some()
            || !self.saving.is_empty()
            || self.film.is_some()
            || self.closing.is_some()
    }

    /// Saves on a thread of its own.
    fn save(&mut self, save: impl FnOnce() -> Result<PathBuf, AppError> + Send + 'static) {
        let (send, saving) = channel();
        // The window may be gone by the time this is done; then nobody wants the answer.
        std::thread::spawn(move || drop(send.send(save())));
        self.saving.push(saving);
    }

    /// A film is being taken.
    pub(super) const fn is_filming(&self) -> bool {
        self.film.is_some()
    }

    /// What is going on, for the notices.
    pub(super) fn notices(&self) -> impl Iterator<Item = String> {
        let picture = self.exposure.as_ref().filter(|exposure| exposure.canvas.tile_count() > 1).map(|exposure| {
            let [width, height] = exposure.canvas.picture_size();
            format!("drawing a picture of {width}x{height} in {} pieces; the run waits", exposure.canvas.tile_count())
        });
        let film = self.film.as_ref().map(Film::describe);
        let closing = self.closing.as_ref().map(|_| "the film is being completed".to_owned());
        picture.into_iter().chain(film).chain(closing)
    }
}

impl Shown {
    /// Asks for a picture of this size, taken by the next frame; nothing while one is under way.
    pub(super) fn want_picture(&mut self, size: PictureSize) {
        if self.keep.exposure.is_none() {
            self.keep.wish = Some(size);
        }
    }

    /// Starts a film, or ends the one under way.
    pub(super) fn toggle_film(&mut self, kind: FilmKind) {
        if let Some(film) = &mut self.keep.film {
            film.close();
            return;
        }
        let Some(stage) = &self.stage else { return };
        let (size, format) = (self.screen.size(), self.screen.format());
        match Film::start(&self.gpu, format, stage, kind, size, &self.options.set) {
            Ok(film) => {
                report::say(film.describe());
                self.keep.film = Some(film);
                if kind == FilmKind::Usual && !ffmpeg::is_installed() {
                    self.tell("ffmpeg is not installed: the film becomes a folder of PNG files".to_owned());
                }
            }
            Err(error) => self.tell(error.to_string()),
        }
    }

    /// Puts the command that renders the present view on the clipboard, and prints it.
    pub(super) fn copy_command(&mut self) {
        let Some(stage) = &self.stage else { return };
        let name = format!("{}-{}.png", stage.telemetry().scene, stage.telemetry().step);
        let command = stage.command(&stage.scene().origin, &self.options.set, self.screen.size(), &name);
        self.painter.context.copy_text(command.clone());
        let place = clipboard::put(&command);
        self.tell(format!("{place}: {command}"));
        if self.was_touched {
            self.tell("the command repeats the scene, not what was changed by hand since it began".to_owned());
        }
    }

    /// Saves a chart, or all of them, beside the window's frames.
    pub(super) fn save_chart(&mut self, name: &str, format: ChartFormat) {
        let Some(stage) = &self.stage else { return };
        let telemetry = stage.telemetry();
        let names = if name == ALL_CHARTS { chart_names(telemetry) } else { vec![name.to_owned()] };
        let charts: Vec<_> = names.iter().filter_map(|name| chart(telemetry, name)).collect();
        if charts.is_empty() {
            return self.tell(format!("there is nothing to save in {name} yet"));
        }
        let notes = stage.notes(String::new(), 0);
        let (scene, step) = (telemetry.scene.clone(), telemetry.step);
        for chart in charts {
            let stem = format!("spikescope-{scene}-{step}-{}", chart_file::file_words(&chart.name));
            let (gpu, notes) = (Arc::clone(&self.gpu), notes.clone());
            self.keep.save(move || chart_file::save(&gpu, &chart, format, Path::new(&stem), notes));
        }
    }

    /// Simulates for one frame at the pace that pictures and films allow.
    pub(super) fn simulate(&mut self, wall: Duration, budget: Duration) -> Result<(), SessionError> {
        let Some(stage) = &mut self.stage else { return Ok(()) };
        match (&self.keep.exposure, &self.keep.film) {
            // All pieces of a picture show one moment.
            (Some(exposure), _) if !exposure.is_drawn => Ok(()),
            (_, Some(film)) => stage.update_towards(film.next_step(), wall, FILM_BUDGET).map(drop),
            _ => stage.update(wall, budget),
        }
    }

    /// How far the camera moves on: by wall time, or by the time of the film.
    pub(super) fn camera_time(&mut self, wall: Duration) -> Duration {
        match (&self.keep.exposure, &self.keep.film, std::mem::take(&mut self.keep.took_frame)) {
            (Some(exposure), ..) if !exposure.is_drawn => Duration::ZERO,
            (_, Some(_), true) => Film::frame_time(),
            (_, Some(_), false) => Duration::ZERO,
            _ => wall,
        }
    }

    /// Takes pictures and frames that are due, and tells what became of earlier ones. `painted`: the overlay over the
    /// window.
    pub(super) fn go_on_keeping(&mut self, painted: &Painted) {
        if !self.keep.is_busy() {
            return;
        }
        if let Some(stage) = &mut self.stage {
            stage.upload();
        }
        if let Some(size) = self.keep.wish.take()
            && let Err(error) = self.begin_picture(size)
        {
            self.tell(format!("the picture was not saved: {error}"));
        }
        if let Err(error) = self.go_on_with_picture(painted) {
            self.keep.exposure = None;
            self.tell(format!("the picture was not saved: {error}"));
        }
        self.go_on_with_film();
        let mut news = Vec::new();
        self.keep.saving.retain(|saving| match saving.try_recv() {
            Err(TryRecvError::Empty) => true,
            Err(TryRecvError::Disconnected) => false,
            Ok(outcome) => {
                news.push(outcome.map_or_else(|error| error.to_string(), |path| format!("saved {}", path.display())));
                false
            }
        });
        for text in news {
            self.tell(text);
        }
    }

    fn begin_picture(&mut self, size: PictureSize) -> Result<(), AppError> {
        let window = self.screen.size();
        let (pixels, times) = match size {
            PictureSize::Bare => (window, 0),
            PictureSize::Times(times) => (window.map(|side| side * times.max(1)), times.max(1)),
            PictureSize::Pixels(pixels) => (pixels, 0),
        };
        let canvas = Canvas::new(&self.gpu, pixels, self.screen.format())?;
        let overlay = match times {
            0 => OverlayOf::Nothing,
            1 => OverlayOf::Window,
            _ => OverlayOf::Own(Box::new(self.run_overlay_at(pixels, times))),
        };
        let Some(stage) = &mut self.stage else { return Ok(()) };
        let telemetry = stage.telemetry();
        let stem = format!("spikescope-{}-{}", telemetry.scene, telemetry.step);
        let command = stage.command(&stage.scene().origin, &self.options.set, pixels, "picture.png");
        let notes = stage.notes(command, 0);
        let frame = stage.picture_of(pixels, times > 0);
        self.keep.exposure = Some(Exposure { canvas, frame, overlay, is_drawn: false, stem, notes });
        Ok(())
    }

    fn go_on_with_picture(&mut self, painted: &Painted) -> Result<(), AppError> {
        let Some(stage) = &mut self.stage else {
            self.keep.exposure = None;
            return Ok(());
        };
        let Some(exposure) = &mut self.keep.exposure else { return Ok(()) };
        if !exposure.is_drawn {
            let over = match &exposure.overlay {
                OverlayOf::Nothing => None,
                OverlayOf::Window => Some(painted),
                OverlayOf::Own(own) => Some(&**own),
            };
            let (painter, gpu) = (&mut self.painter, &self.gpu);
            let is_drawn = stage.expose(&mut exposure.canvas, &exposure.frame, &mut |encoder, target, tile| {
                if let Some(over) = over {
                    painter.pixels.draw_tile(gpu, encoder, target, tile, over);
                }
            })?;
            if is_drawn {
                exposure.is_drawn = true;
                exposure.canvas.fetch()?;
            }
            return Ok(());
        }
        if let Some(shot) = exposure.canvas.take()? {
            let (stem, notes, size) = (exposure.stem.clone(), exposure.notes.clone(), exposure.canvas.picture_size());
            self.keep.exposure = None;
            self.keep.save(move || save_picture(Path::new(&stem), size, &shot, notes));
            stage.forget_other_sizes();
        }
        Ok(())
    }

    fn go_on_with_film(&mut self) {
        if let Some(closing) = self.keep.closing.take_if(|closing| closing.poll()) {
            let outcome = closing.outcome();
            self.tell(outcome);
        }
        let (Some(stage), Some(film)) = (&mut self.stage, &mut self.keep.film) else { return };
        let went_on = film.go_on(stage);
        self.keep.took_frame |= matches!(went_on, Ok(true));
        if let Err(error) = went_on {
            film.close();
            self.tell(error.to_string());
        }
        if let Some(film) = self.keep.film.take_if(|film| film.is_over()) {
            self.keep.closing = Some(film.finish());
            if let Some(stage) = &mut self.stage {
                stage.forget_other_sizes();
            }
        }
    }

    /// Completes what is under way before the window goes, or another scene comes.
    pub(super) fn finish_keeping(&mut self) {
        self.keep.wish = None;
        self.keep.exposure = None;
        if let Some(film) = self.keep.film.take() {
            let outcome = film.finish_now(&self.gpu);
            self.tell(outcome.map_or_else(
                |error| format!("the film was not saved: {error}"),
                |written| format!("the film was saved ({} frames)", written.frames),
            ));
        }
        if let Some(closing) = self.keep.closing.take() {
            let outcome = closing.outcome();
            self.tell(outcome);
        }
        for saving in self.keep.saving.drain(..) {
            // A thread that died has said so.
            let _ = saving.recv();
        }
    }
}
