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

use super::arguments::{DEFAULT_FRAMES, FrameRate, OverlayChoice, RenderArguments};
use super::canvas::{Canvas, FORMAT, Shot};
use super::error::AppError;
use super::film::{Film, Lead, Pace, Stretch};
use super::output::{Destination, Encoders, FrameFormat, Notes, Written};
use super::progress::Progress;
use super::report::{self, Learning, Run, Stage};
use super::setup::{self, Opened};
use super::{Ending, camera, command_line, film, interrupt, look, opened, text};
use crate::gpu::Gpu;
use crate::model::scene::Scene;
use crate::recording::files::write_text;
use crate::session::Session;
use crate::session::view::ViewSettings;

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
    /// Which step every frame shows: one stretch, unless a tour changes the pace.
    stretches: Vec<Stretch>,
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

/// Renders, reports.
pub(super) fn run(arguments: &RenderArguments) -> Result<Ending, AppError> {
    let destination = Destination::of(&arguments.out)?;
    if arguments.json && destination == Destination::Stdout {
        return Err(AppError::Mistake(
            "--json and --out - both want stdout; write the video to a file or leave --json out".to_owned(),
        ));
    }
    let quiet = arguments.common.quiet || arguments.json;
    let source = opened::load(&arguments.scene, &arguments.common)?;
    let (scene, is_recording) = (source.scene.clone(), source.recording.is_some());
    let lead = camera::lead(&scene.view, arguments.camera.as_deref())?;
    let steps_per_frame = arguments.steps_per_frame.unwrap_or_else(|| steps_per_frame(&scene, arguments.fps));
    let frames = arguments.frames.unwrap_or_else(|| match is_recording {
        true => whole(&scene, arguments.at_ms, steps_per_frame),
        false => length(&lead, arguments.fps),
    });
    destination.check_length(frames)?;
    let gpu = setup::drawing_gpu(&arguments.common)?;
    let canvas = Canvas::new(&gpu, [arguments.size.width, arguments.size.height], FORMAT)?;
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
    let Opened { session, set_up } = source.open(&arguments.common, Some(Arc::clone(&gpu)))?;
    text::tell(quiet, &introduction(&session, &gpu, arguments, frames, steps_per_frame));

    let begun = Instant::now();
    let pace = Pace { fps: arguments.fps.per_second(), steps: steps_per_frame, speed: film::speed_of(session.scene()) };
    let overlay = arguments.overlay.unwrap_or(OverlayChoice::Caption);
    let mut film = Film::new(gpu, canvas, session, settings, lead, pace, overlay);
    let mut progress = Progress::new("rendering", "frames", u64::from(frames), quiet);
    let shot = film.go_to(first_step, quiet).and_then(|()| shoot_all(&mut film, &mut encoders, frames, &mut progress));
    progress.finish();
    if let Err(error) = shot {
        encoders.abandon();
        return Err(error);
    }
    let written = encoders.finish()?;
    let report = report(film, arguments, frames, &destination, &written, [set_up, begun.elapsed()])?;
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
    frames: u32,
    progress: &mut Progress,
) -> Result<(), AppError> {
    for index in 0..frames {
        if interrupt::requested() || !shoot_one(film, encoders)? {
            break;
        }
        progress.set(u64::from(index) + 1);
    }
    Ok(())
}

/// Frames of a film that nobody gave a length: a tour to its end, anything else ten seconds.
fn length(lead: &Lead, rate: FrameRate) -> u32 {
    match lead {
        Lead::Tour(player) => (player.seconds() * rate.per_second()).ceil() as u32 + 1,
        Lead::Still(_) => DEFAULT_FRAMES,
    }
}

/// Frames of a recording that nobody gave a length: all of it from `at_ms` on, ten seconds of film at most.
fn whole(scene: &Scene, at_ms: f64, steps_per_frame: u32) -> u32 {
    let frame_ms = f64::from(steps_per_frame) * scene.dt_ms();
    (((scene.duration_ms - at_ms) / frame_ms).ceil() + 1.0).clamp(1.0, f64::from(DEFAULT_FRAMES)) as u32
}

/// A frame with the time that it shows: those of a tour are not all of one length. False when the encoders give up.
fn shoot_one(film: &mut Film, encoders: &mut Encoders<Shot>) -> Result<bool, AppError> {
    let frame = film.shoot()?;
    Ok(encoders.send_at(frame, film.session.telemetry().time_ms()))
}

/// As many steps as make the video run at the scene's own speed; in real time where it has none.
fn steps_per_frame(scene: &Scene, rate: FrameRate) -> u32 {
    (film::speed_of(scene) * 1000.0 / rate.per_second() / scene.dt_ms()).round().clamp(1.0, f64::from(u32::MAX)) as u32
}

fn report(
    mut film: Film,
    arguments: &RenderArguments,
    asked: u32,
    destination: &Destination,
    written: &Written,
    [set_up, wall]: [Duration; 2],
) -> Result<RenderReport, AppError> {
    let frames = written.frames;
    let simulated_ms = report::simulated_ms(&film.session);
    let spikes = report::population_spikes(&mut film.session)?;
    let notices = film.notices();
    let draw_s = film.spent.draw.as_secs_f64();
    Ok(RenderReport {
        run: Run::of(&mut film.session, Some(&film.gpu)),
        size: [arguments.size.width, arguments.size.height],
        fps: arguments.fps.per_second(),
        frames,
        frames_asked: asked,
        steps_per_frame: film.pace.steps,
        stretches: std::mem::take(&mut film.stretches),
        simulated_ms,
        interrupted: frames < u64::from(asked),
        out: (*destination != Destination::Stdout).then(|| arguments.out.clone()),
        stages: Stages {
            simulate_ms: Stage::new(film.spent.simulate, frames),
            draw_ms: Stage::new(film.spent.draw, frames),
            read_back_ms: Stage::new(film.spent.read_back, frames),
            encode_ms: Stage::new(written.encode, frames),
            set_up_ms: report::ms(set_up),
            wall_ms: report::ms(wall),
        },
        draw_fps: if draw_s > 0.0 { (frames as f64 / draw_s * 1e3).round() / 1e3 } else { 0.0 },
        rate_hz: report::rates_hz(film.session.network(), &spikes, simulated_ms),
        learning: Learning::of(&film.session),
        notices,
        frames_hash: report::hash_text(written.frames_hash),
        state_hash: film.session.state_hash()?,
    })
}

fn introduction(
    session: &Session,
    gpu: &Gpu,
    arguments: &RenderArguments,
    frames: u32,
    steps_per_frame: u32,
) -> String {
    let network = session.network();
    format!(
        "{}: {} neurons, {} synapses; {} frames of {}x{} px, {} steps of {} ms each; {} engine, drawn by {}",
        network.name,
        text::count(u64::from(network.neuron_count())),
        text::count(network.synapse_count()),
        frames,
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
