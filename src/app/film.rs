//! A film without a window: a session, what draws it, and what leads the camera, frame by frame. In: which frame comes
//! next. Out: its pixels. Nothing here looks at a clock but to say how long it took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::arguments::OverlayChoice;
use super::canvas::{Canvas, FORMAT, Shot};
use super::channels;
use super::close::{self, Close};
use super::error::AppError;
use super::fields::Fields;
use super::interrupt;
use super::lens::Lens;
use super::overlay_painter::{OverlayPainter, Painted};
use super::progress::Progress;
use super::spotlight::Spotlight;
use super::tour::{Director, Line, Player};
use crate::gpu::Gpu;
use crate::model::scene::{Moment, Scene};
use crate::render::{CameraView, Frame, Pose, Renderer};
use crate::session::view::{Theme, ViewSettings};
use crate::session::{ActivityBuffers, Session};
use crate::ui::{Presenter, PresenterInput, Space, SpaceInput};

/// Where a tour's cards begin, and its captions, as shares of the width and of the height.
const CARD_FROM: f32 = 0.66;
const CAPTION_FROM: f32 = 0.86;
/// Height of a picture whose words are drawn at their own size, points; larger pictures have larger words.
const POINTS_HIGH: f32 = 720.0;

/// Time per stage so far.
#[derive(Default)]
pub(super) struct Spent {
    pub(super) simulate: Duration,
    pub(super) draw: Duration,
    pub(super) read_back: Duration,
}

/// What leads the camera.
pub(super) enum Lead {
    /// It stands.
    Still(Pose),
    /// The scene's tour.
    Tour(Box<Player>),
}

/// How fast a film goes.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Frames per second.
    pub(super) fps: f64,
    /// Steps per frame at the scene's own speed.
    pub(super) steps: u32,
    /// The scene's own speed, simulated time per time of the film.
    pub(super) speed: f64,
}

/// A stretch of frames that are equally many steps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Stretch {
    /// Its first frame.
    first_frame: u64,
    /// The step which that frame shows.
    first_step: u64,
    /// Steps from each of its frames to the next.
    steps_per_frame: u64,
}

/// See the module.
pub(super) struct Film {
    pub(super) gpu: Arc<Gpu>,
    canvas: Canvas,
    pub(super) session: Session,
    pub(super) renderer: Renderer,
    settings: ViewSettings,
    size: [u32; 2],
    pub(super) pace: Pace,
    lead: Lead,
    director: Director,
    spotlight: Spotlight,
    buffers: ActivityBuffers,
    titles: Option<Titles>,
    fields: Option<Fields>,
    lens: Lens,
    pub(super) spent: Spent,
    /// Frames so far.
    frames: u64,
    pub(super) stretches: Vec<Stretch>,
}

/// What is written over the picture.
struct Titles {
    painter: OverlayPainter,
    presenter: Presenter,
    /// Names, scale bar and cards of near neurons, where they are asked for.
    near: Option<(Close, Space)>,
    /// What of that found no room in the last frame.
    crowd: Option<String>,
}

impl Film {
    pub(super) fn new(
        gpu: Arc<Gpu>,
        canvas: Canvas,
        session: Session,
        settings: ViewSettings,
        lead: Lead,
        pace: Pace,
        overlay: OverlayChoice,
    ) -> Self {
        let mut renderer = Renderer::new(Arc::clone(&gpu), FORMAT);
        let buffers = ActivityBuffers::new(&gpu, &session.activity());
        renderer.load(session.network(), &buffers, &settings);
        let network = session.network();
        let has_labels = overlay == OverlayChoice::Labels;
        let titles = (overlay != OverlayChoice::None).then(|| Titles {
            painter: OverlayPainter::new(&gpu, FORMAT),
            presenter: Presenter::default(),
            near: has_labels.then(|| (Close::new(&gpu, network), Space::default())),
            crowd: None,
        });
        let input = session.scene().learning.as_ref().and_then(|learning| network.population_named(&learning.input));
        let fields = input.and_then(|input| Fields::of(&gpu, network, input));
        Self {
            size: canvas.picture_size(),
            gpu,
            canvas,
            session,
            renderer,
            settings,
            pace,
            lead,
            director: Director::of_film(),
            spotlight: Spotlight::default(),
            buffers,
            titles,
            fields,
            lens: Lens::default(),
            spent: Spent::default(),
            frames: 0,
            stretches: Vec::new(),
        }
    }

    /// Simulates up to the first frame.
    pub(super) fn go_to(&mut self, first_step: u64, quiet: bool) -> Result<(), AppError> {
        /// Short enough to look at Ctrl-C.
        const STEPS: u64 = 200;
        if self.session.recording_folder().is_some() {
            let time_ms = first_step as f64 * self.session.network().dt_ms;
            return Ok(self.session.go_to(time_ms)?);
        }
        let mut progress = Progress::new("simulating up to the first frame", "steps", first_step, quiet);
        let begun = Instant::now();
        while self.session.step() < first_step && !interrupt::requested() {
            self.session.advance((first_step - self.session.step()).min(STEPS) as u32)?;
            progress.set(self.session.step());
        }
        progress.finish();
        self.spent.simulate += begun.elapsed();
        Ok(())
    }

    /// What the last frame sampled, capped or left out.
    pub(super) fn notices(&self) -> Vec<String> {
        let crowd = self.titles.as_ref().and_then(|titles| titles.crowd.clone());
        self.session.telemetry().notices.iter().cloned().chain(self.renderer.notices()).chain(crowd).collect()
    }

    /// Simulates up to the next frame, draws and fetches it.
    pub(super) fn shoot(&mut self) -> Result<Shot, AppError> {
        let begun = Instant::now();
        let before = self.session.step();
        if self.frames > 0 {
            self.simulate()?;
            self.session.engine().wait()?;
        }
        let elapsed = self.session.step().saturating_sub(before);
        self.note_stretch(before, elapsed);
        self.lead_on()?;
        self.spent.simulate += begun.elapsed();

        // The wait for encoders that are behind belongs to no stage; it shows in the wall time.
        self.canvas.wait_for_room()?;

        let begun = Instant::now();
        self.draw(elapsed)?;
        self.spent.draw += begun.elapsed();

        let begun = Instant::now();
        self.canvas.fetch()?;
        let frame = self.canvas.wait_for_shot()?;
        self.spent.read_back += begun.elapsed();
        self.frames += 1;
        match self.gpu.take_fault() {
            Some(fault) => Err(AppError::Failure(format!("the GPU reported an error: {fault}"))),
            None => Ok(frame),
        }
    }

    /// From one frame to the next.
    fn simulate(&mut self) -> Result<(), AppError> {
        let telemetry = self.session.telemetry();
        let is_sped = telemetry.speed.is_finite() && telemetry.speed != self.pace.speed;
        let factor =
            if is_sped && matches!(self.lead, Lead::Tour(_)) { telemetry.speed / self.pace.speed } else { 1.0 };
        let steps = if matches!(self.lead, Lead::Tour(_)) && !telemetry.playing {
            0
        } else {
            (f64::from(self.pace.steps) * factor).round().clamp(1.0, f64::from(u32::MAX)) as u32
        };
        let appointment = match &self.lead {
            Lead::Tour(player) => player.appointment(),
            Lead::Still(_) => None,
        };
        let Some((moment, left_s)) = appointment else { return Ok(self.session.advance(steps)?) };
        let frames_left = (left_s * self.pace.fps).round().max(1.0);
        let dt_ms = self.session.network().dt_ms;
        match moment {
            Moment::Time(ms) => {
                let left = ((ms / dt_ms).round() as u64).saturating_sub(self.session.step());
                let due = (left as f64 / frames_left).ceil() as u32;
                self.session.advance(if left > 0 { due } else { steps })?;
            }
            Moment::Presentation(count) => {
                let begun = self.session.protocol().map_or(0, crate::learn::Protocol::presentations);
                let left = count.saturating_sub(begun);
                if left == 0 {
                    self.session.advance(steps)?;
                } else if frames_left <= 1.0 {
                    self.session.train(left, &mut |_| !interrupt::requested())?;
                } else {
                    let each_ms = self.session.scene().learning.as_ref().map_or(0.0, presentation_ms);
                    let due = left as f64 * each_ms / dt_ms / frames_left;
                    self.session.advance(due.round().max(1.0) as u32)?;
                }
            }
        }
        Ok(())
    }

    fn note_stretch(&mut self, before: u64, elapsed: u64) {
        let goes_on = self.stretches.last().is_some_and(|last| last.steps_per_frame == elapsed);
        if self.frames > 0 && !goes_on {
            let stretch = Stretch { first_frame: self.frames - 1, first_step: before, steps_per_frame: elapsed };
            self.stretches.push(stretch);
        }
    }

    /// The tour goes on to this frame.
    fn lead_on(&mut self) -> Result<(), AppError> {
        let Lead::Tour(player) = &mut self.lead else { return Ok(()) };
        let passed_s = if self.frames == 0 { 0.0 } else { 1.0 / self.pace.fps };
        for cue in player.advance(passed_s, &Director::reached(&self.session)) {
            self.director.obey(&cue, &mut self.session, &mut self.settings)?;
        }
        // A neuron that was picked just now is followed from this frame on.
        player.advance(0.0, &Director::reached(&self.session));
        Ok(())
    }

    fn draw(&mut self, elapsed_steps: u64) -> Result<(), AppError> {
        if self.buffers.update(&self.gpu, &self.session.activity()) || self.renderer.needs_load(&self.settings) {
            self.renderer.load(self.session.network(), &self.buffers, &self.settings);
            self.spotlight.forget();
        }
        self.spotlight.point(&self.session, &mut self.renderer);
        let network = Arc::clone(self.session.network());
        self.renderer.follow(&network, &self.session.activity(), &self.settings, true);
        self.renderer.set_traffic(&self.session.telemetry().traffic());
        channels::hand_over(&mut self.session, &mut self.renderer, &self.settings);
        let aspect = self.size[0] as f32 / self.size[1] as f32;
        let pose = match &self.lead {
            Lead::Still(pose) => *pose,
            Lead::Tour(player) => {
                if self.titles.is_some() {
                    self.lens.follow(free_part(&self.director), (1.0 / self.pace.fps) as f32);
                }
                player.pose()
            }
        };
        let frame = Frame {
            size: self.size,
            camera: self.lens.through(CameraView::new(pose, aspect)),
            step: self.session.step(),
            elapsed_steps,
            dt_ms: self.session.network().dt_ms,
            settings: self.settings.clone(),
        };
        let painted = self.paint_titles(&frame.camera)?;
        let mut is_drawn = false;
        while !is_drawn {
            let (titles, gpu) = (&mut self.titles, &self.gpu);
            is_drawn = self.canvas.draw(&mut self.renderer, &frame, &mut |encoder, view, tile| {
                if let (Some(titles), Some(painted)) = (titles.as_mut(), &painted) {
                    titles.painter.draw_tile(gpu, encoder, view, tile, painted);
                }
            })?;
            self.gpu.wait().map_err(|reason| AppError::Failure(format!("the GPU stopped working: {reason}")))?;
        }
        Ok(())
    }

    /// What stands in the picture at this frame, and what the tour says.
    fn paint_titles(&mut self, view: &CameraView) -> Result<Option<Painted>, AppError> {
        let Some(titles) = &mut self.titles else { return Ok(None) };
        let time_s = self.frames as f64 / self.pace.fps;
        let scale = (self.size[1] as f32 / POINTS_HIGH).max(1.0);
        let seconds = if self.frames == 0 { 0.0 } else { (1.0 / self.pace.fps) as f32 };
        let space =
            titles.near.as_mut().filter(|_| self.settings.labels || self.settings.billboards).map(|(close, _)| {
                let settings = &self.settings;
                close.look(
                    &self.session,
                    &close::Shot { view, size_px: self.size, pixels_per_point: scale, settings, seconds },
                )
            });
        let Lead::Tour(player) = &self.lead else {
            let (Some(space), Some((_, place))) = (space, &mut titles.near) else { return Ok(None) };
            let input = OverlayPainter::untouched_input(self.size, scale, time_s);
            return Ok(Some(
                titles.painter.run(&self.gpu, input, |ui| titles.crowd = show_in_space(place, ui, &space)),
            ));
        };
        if self.director.chart.as_deref() == Some("fields")
            && let Some(fields) = &mut self.fields
        {
            fields.look_now(self.session.engine()).map_err(crate::session::SessionError::from)?;
        }
        let comparison = self.director.comparison(&self.session);
        let line = player.line();
        let input = presented(&line, &self.session, &self.settings, &self.director);
        let input = PresenterInput {
            comparison: comparison.as_ref(),
            fields: self.fields.as_ref().and_then(Fields::grid),
            ..input
        };
        // Widgets that place themselves by what they measured need a second look; the film shows no first one.
        let looks = if input.chart.is_some() { 2 } else { 1 };
        let mut painted = None;
        for _ in 0..looks {
            let untouched = OverlayPainter::untouched_input(self.size, scale, time_s);
            painted = Some(titles.painter.run(&self.gpu, untouched, |ui| {
                if let (Some(space), Some((_, place))) = (&space, &mut titles.near) {
                    titles.crowd = show_in_space(place, ui, space);
                }
                titles.presenter.show(ui, ui.max_rect(), &input);
            }));
        }
        Ok(painted)
    }
}

fn show_in_space(place: &mut Space, ui: &mut egui::Ui, space: &SpaceInput) -> Option<String> {
    let all = ui.max_rect();
    place.show(ui, space, all, &[])
}

/// The part of the picture that a tour's captions and cards leave free (left, top, right, bottom as shares of it). The
/// caption's room is kept between captions too: the network must not jump.
pub(super) fn free_part(director: &Director) -> [f32; 4] {
    [0.0, 0.0, if director.shows_card() { CARD_FROM } else { 1.0 }, CAPTION_FROM]
}

/// What a tour shows of a session, without comparison and fields.
pub(super) fn presented<'a>(
    line: &Line<'a>,
    session: &'a Session,
    settings: &ViewSettings,
    director: &'a Director,
) -> PresenterInput<'a> {
    PresenterInput {
        caption: line.caption,
        detail: line.detail,
        strength: line.strength,
        step: line.step,
        steps: line.steps,
        share: line.share,
        waits: line.waits,
        is_away: line.is_away,
        is_blank: line.is_blank,
        is_light: settings.theme == Theme::Light,
        comparison: None,
        chart: director.chart.as_deref(),
        telemetry: session.telemetry(),
        fields: None,
    }
}

/// Simulated time of an image that is shown once, ms.
pub(super) fn presentation_ms(learning: &crate::model::scene::LearningScene) -> f64 {
    learning.present_ms + if learning.reset_between { 0.0 } else { learning.rest_ms }
}

/// The scene's own speed; real time where it has none.
pub(super) fn speed_of(scene: &Scene) -> f64 {
    scene.view.look.speed.filter(|speed| speed.is_finite() && *speed > 0.0).unwrap_or(1.0)
}
