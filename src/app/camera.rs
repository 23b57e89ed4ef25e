//! From a scene's words on cameras to the renderer's camera.

use super::command_line::pose_of_words;
use super::error::AppError;
use crate::model::scene::{CameraPose, ViewScene};
use crate::render::{Pose, Tour};

/// The name that asks for the scene's tour.
const TOUR: &str = "tour";

/// A scene's pose for the renderer.
pub(super) const fn pose(camera: &CameraPose) -> Pose {
    Pose { eye: camera.eye, target: camera.target, fov_degrees: camera.fov_degrees }
}

/// Where the camera of a rendering stands at each time of the video.
pub(super) struct Path {
    opening: Pose,
    tour: Option<Tour>,
}

impl Path {
    /// The named camera, `tour`, or the opening view.
    pub(super) fn named(view: &ViewScene, name: Option<&str>) -> Result<Self, AppError> {
        let still = |camera: &CameraPose| Self { opening: pose(camera), tour: None };
        let Some(name) = name else { return Ok(still(&view.camera)) };
        if name.contains('=') {
            let opening = pose_of_words(name).map_err(|advice| AppError::Mistake(format!("--camera: {advice}")))?;
            return Ok(Self { opening, tour: None });
        }
        if let Some(camera) = view.camera_named(name) {
            return Ok(still(&camera));
        }
        if name == TOUR && !view.tour.is_empty() {
            return Ok(Self { opening: pose(&view.camera), tour: Some(Tour::of_scene(view)) });
        }
        let mut known = vec!["opening"];
        known.extend(view.cameras.iter().map(|(name, _)| name.as_str()));
        if !view.tour.is_empty() {
            known.push(TOUR);
        }
        Err(AppError::Mistake(format!("--camera: the scene has no camera {name:?}; it has: {}", known.join(", "))))
    }

    /// The pose at a time of the video, s.
    pub(super) fn at(&self, time_s: f64) -> Pose {
        self.tour.as_ref().and_then(|tour| tour.pose_at(time_s)).unwrap_or(self.opening)
    }
}
