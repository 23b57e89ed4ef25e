//! What a word on the command line names: a scene, or the folder of a recording. In: the word and the common options.
//! Out: the scene to show (for a recording, one that stands for it), and the recording.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::arguments::Common;
use super::error::AppError;
use super::progress::while_working;
use super::setup::{self, Opened};
use crate::gpu::Gpu;
use crate::model::scene::{Scene, built_in};
use crate::recording::Recording;
use crate::session::{Session, SessionOptions, scene_of_recording};

/// A scene, and the recording that it stands for, if it does.
pub(super) struct Source {
    pub(super) scene: Scene,
    pub(super) recording: Option<Recording>,
}

/// Reads a scene, or the header and footers of a recording.
pub(super) fn load(word: &str, common: &Common) -> Result<Source, AppError> {
    let path = Path::new(word);
    if built_in().iter().any(|known| known.name == word) || !path.is_dir() {
        return Ok(Source { scene: Scene::load(word, &common.set)?, recording: None });
    }
    let recording = Recording::open(path)?;
    if !common.set.is_empty() || common.seed.is_some() {
        let option = if common.seed.is_some() { "--seed" } else { "--set" };
        return Err(AppError::Mistake(format!(
            "{option} changes a scene, but {word} is a recording, which stays as it is; leave the option out"
        )));
    }
    Ok(Source { scene: scene_of_recording(&recording)?, recording: Some(recording) })
}

impl Source {
    /// Builds what is shown.
    pub(super) fn open(self, common: &Common, gpu: Option<Arc<Gpu>>) -> Result<Opened, AppError> {
        let Some(recording) = self.recording else { return setup::open(self.scene, common, gpu) };
        let begun = Instant::now();
        let options = SessionOptions { engine: common.engine.into(), gpu, seed: None };
        let what = format!("opening {}", self.scene.name);
        let session = while_working(&what, common.quiet, || Session::open_recording(self.scene, &recording, options))?;
        Ok(Opened { session, set_up: begun.elapsed() })
    }
}
