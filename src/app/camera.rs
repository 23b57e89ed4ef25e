//! From what the command line says of cameras to what leads one.

use super::command_line::pose_of_words;
use super::error::AppError;
use super::film::Lead;
use super::tour::Player;
use crate::model::scene::ViewScene;

/// The name that asks for the scene's tour.
pub(super) const TOUR: &str = "tour";

/// The named camera, a place in words, the tour, or the opening view.
pub(super) fn lead(view: &ViewScene, name: Option<&str>) -> Result<Lead, AppError> {
    let Some(name) = name else { return Ok(Lead::Still(view.camera.into())) };
    if name.contains('=') {
        let place = pose_of_words(name).map_err(|advice| AppError::Mistake(format!("--camera: {advice}")))?;
        return Ok(Lead::Still(place));
    }
    if let Some(camera) = view.camera_named(name) {
        return Ok(Lead::Still(camera.into()));
    }
    let tour = Player::of(view).map(Player::waiting_for_nobody);
    let mut known = vec!["opening"];
    known.extend(view.cameras.iter().map(|(name, _)| name.as_str()));
    known.extend(tour.is_some().then_some(TOUR));
    let known = known.join(", ");
    match tour {
        Some(player) if name == TOUR => Ok(Lead::Tour(Box::new(player))),
        _ => Err(AppError::Mistake(format!("--camera: the scene has no camera {name:?}; it has: {known}"))),
    }
}
