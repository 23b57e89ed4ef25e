//! `spikescope` and `spikescope view`: the window; where there is no display, the same scene rendered without one.

use std::path::PathBuf;

use super::arguments::{DEFAULT_FRAMES, FrameRate, FrameSize, ListenArguments, RenderArguments, ViewArguments};
use super::error::AppError;
use super::opened::{self, Source};
use super::window::{self, WindowError, WindowOptions};
use super::{Ending, display, interrupt, listen, render, text};
use crate::model::scene::{Scene, built_in};

const COMMANDS: [&str; 7] = ["view", "render", "simulate", "bench", "listen", "scenes", "doctor"];

/// Opens the window, or says why not and renders.
pub(super) fn run(arguments: &ViewArguments) -> Result<Ending, AppError> {
    if arguments.json {
        return Err(AppError::Mistake(
            "a window has nothing to print as JSON; use `spikescope render` or `spikescope simulate`".to_owned(),
        ));
    }
    let common = &arguments.common;
    if let Ok(address) = arguments.scene.parse() {
        let listen = ListenArguments {
            address,
            token: None,
            record: None,
            no_window: false,
            common: common.clone(),
            json: false,
        };
        return listen::run(&listen);
    }
    let Source { scene, recording } = opened::load(&arguments.scene, common)?;
    if display::found().is_none() {
        return render_instead(arguments, &scene, "neither DISPLAY nor WAYLAND_DISPLAY is set");
    }
    let options = WindowOptions {
        engine: common.engine.into(),
        adapter: common.adapter.clone(),
        seed: common.seed,
        set: common.set.clone(),
        overlay: true,
        tour: arguments.tour,
        display: arguments.display.clone(),
        recording,
        stream: None,
        should_end: interrupt::requested,
    };
    match window::run(scene.clone(), options) {
        Ok(()) if interrupt::requested() => Ok(Ending::Interrupted),
        Ok(()) => Ok(Ending::Done),
        Err(WindowError::NoDisplay(reason)) => render_instead(arguments, &scene, &reason),
        Err(error) => Err(error.into()),
    }
}

/// The window from a bare `spikescope [SCENE]`, where a word may also be a command that was meant.
pub(super) fn run_bare(arguments: &ViewArguments) -> Result<Ending, AppError> {
    let word = arguments.scene.as_str();
    let likeness = |command: &&str| strsim::jaro_winkler(word, command);
    let meant = COMMANDS.into_iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let is_scene = word.contains(['.', '/', '\\']) || built_in().iter().any(|known| known.name == word);
    match meant.filter(|command| !is_scene && likeness(command) > 0.85) {
        Some(command) => {
            Err(AppError::Mistake(format!("there is no command {word:?}; did you mean `spikescope {command}`?")))
        }
        None => run(arguments),
    }
}

/// Ten seconds of video as PNG files, in a folder of the scene's name.
fn render_instead(arguments: &ViewArguments, scene: &Scene, reason: &str) -> Result<Ending, AppError> {
    let out = PathBuf::from(format!("spikescope-{}", scene.name));
    text::tell(
        arguments.common.quiet,
        &format!(
            "no display to open a window on ({reason}); rendering {DEFAULT_FRAMES} frames to {} instead (see \
             `spikescope render --help`)",
            out.display()
        ),
    );
    render::run(&RenderArguments {
        scene: arguments.scene.clone(),
        out,
        frames: Some(DEFAULT_FRAMES),
        overlay: None,
        size: FrameSize { width: 1280, height: 720 },
        fps: FrameRate { numerator: 30, denominator: 1 },
        steps_per_frame: None,
        at_ms: 0.0,
        look: Vec::new(),
        camera: (!scene.view.tour.is_empty()).then(|| "tour".to_owned()),
        common: arguments.common.clone(),
        json: false,
    })
}
