//! `spikescope render`: a scene as a video, without a window. In goes a scene, out come frames and `report.json`.
//!
//! Frame k shows the network exactly k times the same number of steps after the first one, which shows it at the time
//! asked for, so the same command gives the same frames on the same device. The stages take turns on one thread, each waiting for the GPU to finish, so that their times do not mix;
//! only encoding runs beside them, on its own threads.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::{FrameRate, FrameSize, RenderArguments};
use super::canvas::{Canvas, FORMAT, Shot};
use super::error::AppError;
use super::output::{Destination, Encoders, FrameFormat, Notes, Written};
use super::progress::Progress;
use super::report::{self, Learning, Run, Stage};
use super::setup::{self, Opened};
use super::{Ending, camera, channels, command_line, interrupt, look, text};
use crate::gpu::Gpu;
use crate::model::scene::Scene;
use crate::recording::files::write_text;
use crate::render::{CameraView, Frame, Renderer};
use crate::session::view::ViewSettings;
use crate::session::{ActivityBuffers, Session};

/// `report.json`
#[derive(Serialize)]
struct RenderReport {
    #[serde(flatten)]
    run: Run,
    size: [u32; 2],
    fps: f64,
    frames: u64,
    frames_asked: u32,
    steps_per_frame: u32,
    simulated_ms: f64,
    interrupted: bool,
    /// Null for raw video on stdout.
    out: Option<PathBuf>,
    stages: Stages,
    /// Frames that could be drawn in a second if nothing else had to be done.
    draw_fps: f64,
    rate_hz: Map<String, Value>,
    learning: Option<Learning>,
    notices: Vec<String>,
    frames_hash: String,
    state_hash: String,
}

/// Where the time went. Encoding is the sum over its threads and runs beside the rest.
#[derive(Serialize)]
struct Stages {
    simulate_ms: Stage,
    draw_ms: Stage,
    read_back_ms: Stage,
    encode_ms: Stage,
    set_up_ms: f64,
    wall_ms: f64,
}

/// Time per stage so far.
#[derive(Default)]
struct Spent {
    simulate: Duration,
    draw: Duration,
    read_back: Duration,
}

/// Renders, reports.
pub(super) fn run(arguments: &RenderArguments) -> Result<Ending, AppError> {
    let destination = Destination::of(&arguments.out)?;
    destination.check_length(arguments.frames)?;
    if arguments.json && destination == Destination::Stdout {
        return Err(AppError::Mistake(
            "--json and --out - both want stdout; write the video to a file or leave --json out".to_owned(),
        ));
    }
    let quiet = arguments.common.quiet || arguments.json;
    let scene = Scene::load(&arguments.scene, &arguments.common.set)?;
    let path = camera::Path::named(&scene.view, arguments.camera.as_deref())?;
    let gpu = setup::drawing_gpu(&arguments.common)?;
    let canvas = Canvas::new(&gpu, [arguments.size.width, arguments.size.height], FORMAT)?;
    let steps_per_frame = arguments.steps_per_frame.unwrap_or_else(|| steps_per_frame(&scene, arguments.fps));
    let first_step = (arguments.at_ms / scene.dt_ms()).round() as u64;
    let notes = Notes {
        scene: scene.name.clone(),
        seed: arguments.common.seed.unwrap_or_else(|| scene.seed()),
        first_ms: first_step as f64 * scene.dt_ms(),
        frame_ms: f64::from(steps_per_frame) * scene.dt_ms(),
        command: command_line::of_process(),
    };
    let format = FrameFormat { size: arguments.size, rate: arguments.fps, notes };
    let mut encoders = Encoders::start(destination.clone(), format)?;
    let mut settings = ViewSettings::from_scene(&scene.view);
    look::apply(&mut settings, &arguments.look)?;
    let Opened { session, set_up } = setup::open(scene, &arguments.common, Some(Arc::clone(&gpu)))?;
    text::tell(quiet, &introduction(&session, &gpu, arguments, steps_per_frame));

    let begun = Instant::now();
    let mut film = Film::new(gpu, canvas, session, settings, path, arguments.size);
    let mut progress = Progress::new("rendering", "frames", u64::from(arguments.frames), quiet);
    let shot = film
        .go_to(first_step, quiet)
        .and_then(|()| shoot_all(&mut film, &mut encoders, arguments, steps_per_frame, &mut progress));
    progress.finish();
    if let Err(error) = shot {
        encoders.abandon();
        return Err(error);
    }
    let written = encoders.finish()?;
    let report = film.report(arguments, &destination, steps_per_frame, &written, set_up, begun.elapsed())?;
    if let Some(path) = destination.report_path() {
        write_text(&path, &text::json(&report)?)?;
    }
    text::tell(quiet, &summary(&report));
    if arguments.json {
        text::print_json(&report)?;
    }
    Ok(if report.interrupted { Ending::Interrupted } else { Ending::Done })
}

/// All frames, or as many as there are before somebody stops it or the encoders give up.
fn shoot_all(
    film: &mut Film,
    encoders: &mut Encoders<Shot>,
    arguments: &RenderArguments,
    steps_per_frame: u32,
    progress: &mut Progress,
) -> Result<(), AppError> {
    for index in 0..arguments.frames {
        if interrupt::requested() {
            break;
        }
        let steps = if index == 0 { 0 } else { steps_per_frame };
        let frame = film.shoot(steps, f64::from(index) / arguments.fps.per_second())?;
        if !encoders.send(frame) {
            break;
        }
        progress.set(u64::from(index) + 1);
    }
    Ok(())
}

/// As many steps as make the video run at the scene's own speed; in real time where it has none.
fn steps_per_frame(scene: &Scene, rate: FrameRate) -> u32 {
    let speed = scene.view.look.speed.filter(|speed| speed.is_finite() && *speed > 0.0).unwrap_or(1.0);
    (speed * 1000.0 / rate.per_second() / scene.dt_ms()).round().clamp(1.0, f64::from(u32::MAX)) as u32
}

/// A session and what it takes to make pictures of it.
struct Film {
    gpu: Arc<Gpu>,
    canvas: Canvas,
    session: Session,
    settings: ViewSettings,
    path: camera::Path,
    size: FrameSize,
    renderer: Renderer,
    activity: ActivityBuffers,
    spent: Spent,
}

impl Film {
    fn new(
        gpu: Arc<Gpu>,
        canvas: Canvas,
        session: Session,
        settings: ViewSettings,
        path: camera::Path,
        size: FrameSize,
    ) -> Self {
        let mut renderer = Renderer::new(Arc::clone(&gpu), FORMAT);
        let activity = ActivityBuffers::new(&gpu, session.network(), &session.activity());
        renderer.load(session.network(), &activity, &settings);
        Self { gpu, canvas, session, settings, path, size, renderer, activity, spent: Spent::default() }
    }

    /// Simulates up to the first frame.
    fn go_to(&mut self, first_step: u64, quiet: bool) -> Result<(), AppError> {
        /// Short enough to look at Ctrl-C.
        const STEPS: u64 = 200;
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

    /// Simulates, draws and fetches one frame.
    fn shoot(&mut self, steps: u32, time_s: f64) -> Result<Shot, AppError> {
        let begun = Instant::now();
        self.session.advance(steps)?;
        self.session.engine().wait()?;
        self.spent.simulate += begun.elapsed();

        // The wait for encoders that are behind belongs to no stage; it shows in the wall time.
        self.canvas.wait_for_room()?;

        let begun = Instant::now();
        self.draw(steps, time_s)?;
        self.spent.draw += begun.elapsed();

        let begun = Instant::now();
        self.canvas.fetch()?;
        let frame = self.canvas.wait_for_shot()?;
        self.spent.read_back += begun.elapsed();
        match self.gpu.take_fault() {
            Some(fault) => Err(AppError::Failure(format!("the GPU reported an error: {fault}"))),
            None => Ok(frame),
        }
    }

    fn draw(&mut self, elapsed_steps: u32, time_s: f64) -> Result<(), AppError> {
        let activity = self.session.activity();
        if self.activity.update(&self.gpu, &activity) {
            self.renderer.load(self.session.network(), &self.activity, &self.settings);
        }
        self.renderer.follow(self.session.network(), &activity, &self.settings, true);
        if self.settings.synapses.arcs {
            self.renderer.set_traffic(&self.session.telemetry().traffic());
        }
        channels::hand_over(&mut self.session, &mut self.renderer, &self.settings);
        let aspect = self.size.width as f32 / self.size.height as f32;
        let frame = Frame {
            size: [self.size.width, self.size.height],
            camera: CameraView::new(self.path.at(time_s), aspect),
            step: self.session.step(),
            elapsed_steps: u64::from(elapsed_steps),
            dt_ms: self.session.network().dt_ms,
            settings: self.settings.clone(),
        };
        let mut is_drawn = false;
        while !is_drawn {
            is_drawn = self.canvas.draw(&mut self.renderer, &frame, &mut |_, _, _| {})?;
            self.gpu.wait().map_err(|reason| AppError::Failure(format!("the GPU stopped working: {reason}")))?;
        }
        Ok(())
    }

    fn report(
        mut self,
        arguments: &RenderArguments,
        destination: &Destination,
        steps_per_frame: u32,
        written: &Written,
        set_up: Duration,
        wall: Duration,
    ) -> Result<RenderReport, AppError> {
        let frames = written.frames;
        let simulated_ms = report::simulated_ms(&self.session);
        let spikes = report::population_spikes(&mut self.session)?;
        let notices = self.session.telemetry().notices.iter().cloned().chain(self.renderer.notices()).collect();
        let draw_s = self.spent.draw.as_secs_f64();
        Ok(RenderReport {
            run: Run::of(&mut self.session, Some(&self.gpu)),
            size: [self.size.width, self.size.height],
            fps: arguments.fps.per_second(),
            frames,
            frames_asked: arguments.frames,
            steps_per_frame,
            simulated_ms,
            interrupted: frames < u64::from(arguments.frames),
            out: (*destination != Destination::Stdout).then(|| arguments.out.clone()),
            stages: Stages {
                simulate_ms: Stage::new(self.spent.simulate, frames),
                draw_ms: Stage::new(self.spent.draw, frames),
                read_back_ms: Stage::new(self.spent.read_back, frames),
                encode_ms: Stage::new(written.encode, frames),
                set_up_ms: report::ms(set_up),
                wall_ms: report::ms(wall),
            },
            draw_fps: if draw_s > 0.0 { (frames as f64 / draw_s * 1e3).round() / 1e3 } else { 0.0 },
            rate_hz: report::rates_hz(self.session.network(), &spikes, simulated_ms),
            learning: Learning::of(&self.session),
            notices,
            frames_hash: report::hash_text(written.frames_hash),
            state_hash: self.session.state_hash()?,
        })
    }
}

fn introduction(session: &Session, gpu: &Gpu, arguments: &RenderArguments, steps_per_frame: u32) -> String {
    let network = session.network();
    format!(
        "{}: {} neurons, {} synapses; {} frames of {}x{} px, {} steps of {} ms each; {} engine, drawn by {}",
        network.name,
        text::count(u64::from(network.neuron_count())),
        text::count(network.synapse_count()),
        arguments.frames,
        arguments.size.width,
        arguments.size.height,
        steps_per_frame,
        network.dt_ms,
        session.telemetry().engine,
        gpu.info.name
    )
}

fn summary(report: &RenderReport) -> String {
    let place = report.out.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
    let ended = if report.interrupted { ", ended early" } else { "" };
    format!(
        "{} frames in {place}{ended}; drawing alone ran at {:.1} frames per second; frames {}, state {}",
        report.frames, report.draw_fps, report.frames_hash, report.state_hash
    )
}
