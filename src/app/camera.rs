//! From a scene's words on cameras to the renderer's camera.

use super::error::AppError;
use crate::model::scene::{CameraPose, TourStep, ViewScene};
use crate::render::{Pose, Tour, TourStop};

/// The name that asks for the scene's tour.
const TOUR: &str = "tour";

/// A scene's pose for the renderer.
pub(super) const fn pose(camera: &CameraPose) -> Pose {
    Pose { eye: camera.eye, target: camera.target, fov_degrees: camera.fov_degrees }
}

/// A scene's tour for the renderer.
pub(super) fn tour(view: &ViewScene) -> Tour {
    let stop = |step: &TourStep| TourStop {
        pose: pose(&step.camera),
        travel_s: f64::from(step.move_s),
        hold_s: f64::from(step.hold_s),
    };
    Tour::new(view.tour.iter().map(stop).collect())
}

/// Where the camera of a rendering stands at each time of the video.
pub(super) struct Path {
    opening: Pose,
    tour: Option<Tour>,
    /// From this time of the video on the camera stands still, s.
    ends_s: f64,
}

impl Path {
    /// The named camera, `tour`, or the opening view.
    pub(super) fn named(view: &ViewScene, name: Option<&str>) -> Result<Self, AppError> {
        let still = |camera: &CameraPose| Self { opening: pose(camera), tour: None, ends_s: 0.0 };
        let Some(name) = name else { return Ok(still(&view.camera)) };
        if let Some(camera) = view.camera_named(name) {
            return Ok(still(&camera));
        }
        if name == TOUR && !view.tour.is_empty() {
            let tour = tour(view);
            // After the last stop there is only the way back to the first, and that is for tours that repeat.
            let way_back_s = view.tour.first().map_or(0.0, |first| f64::from(first.move_s));
            let ends_s = if view.tour_repeats { f64::INFINITY } else { tour.round_s() - way_back_s };
            return Ok(Self { opening: pose(&view.camera), tour: Some(tour), ends_s });
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
        self.tour.as_ref().and_then(|tour| tour.pose_at(time_s.min(self.ends_s))).unwrap_or(self.opening)
    }
}
