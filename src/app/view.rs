//! `spikescope` and `spikescope view`: the window; where there is no display, the same scene rendered without one.

use std::path::PathBuf;

use super::arguments::{DEFAULT_FRAMES, FrameRate, FrameSize, RenderArguments, ViewArguments};
use super::error::AppError;
use super::{Ending, display, render, text};
use crate::model::scene::Scene;

/// Opens the window, or says why not and renders.
pub(super) fn run(arguments: &ViewArguments) -> Result<Ending, AppError> {
    if arguments.json {
        return Err(AppError::Mistake(
            "a window has nothing to print as JSON; use `spikescope render` or `spikescope simulate`".to_owned(),
        ));
    }
    let common = &arguments.common;
    let scene = Scene::load(&arguments.scene, &common.set)?;
    let reason = display::found().map_or("no display", |_| "no window yet");
    render_instead(arguments, &scene, reason)
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
        frames: DEFAULT_FRAMES,
        size: FrameSize { width: 1280, height: 720 },
        fps: FrameRate { numerator: 30, denominator: 1 },
        steps_per_frame: None,
        camera: (!scene.view.tour.is_empty()).then(|| "tour".to_owned()),
        common: arguments.common.clone(),
        json: false,
    })
}
