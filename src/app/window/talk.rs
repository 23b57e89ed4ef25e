//! A tour in the window: the player leads the camera, the director does what the steps ask for, and the presenter writes
//! over the picture. The viewer's hand takes the camera with any drag, and gives it back with a key.

use std::time::Duration;

use crate::app::film::{free_part, presentation_ms, presented};
use crate::app::tour::{Cue, Director, Player};
use crate::model::scene::{CameraMove, CameraPose, Moment, TourAction, TourStep};
use crate::render::{Bounds, Pose};
use crate::session::{Command, Session, SessionError, ViewSettings};
use crate::ui::{Comparison, FieldGrid, PresenterInput, TourKey};

/// A hitch of a frame moves the tour on by no more than this, s.
const HITCH_S: f64 = 0.5;
/// A speed that differs by less is left as it is.
const SAME_SPEED: f64 = 0.05;

/// A tour under way.
pub(super) struct Talk {
    player: Player,
    director: Director,
    /// The speed that scene and tour ask for, beside appointments.
    speed: f64,
}

impl Talk {
    /// The scene's own tour, or a slow round where it has none.
    pub(super) fn of(session: &Session, bounds: &Bounds, here: Pose) -> Option<Self> {
        let player = Player::of(&session.scene().view).or_else(|| Player::new(around(bounds, here), true, here))?;
        Some(Self { player, director: Director::of_talk(), speed: session.telemetry().speed })
    }

    /// Begins smoothly from where the camera is.
    pub(super) fn beginning_at(mut self, here: Pose) -> Self {
        self.player.start_from(here);
        self
    }

    pub(super) fn press(&mut self, key: TourKey, here: Pose) {
        self.player.press(key, here);
    }

    /// The hand has the camera.
    pub(super) fn take(&mut self) {
        self.player.take();
    }

    pub(super) const fn is_away(&self) -> bool {
        self.player.is_away()
    }

    pub(super) fn pose(&self) -> Pose {
        self.player.pose()
    }

    /// The part of the picture that captions and cards leave free; none while the hand leads.
    pub(super) fn free_part(&self) -> Option<[f32; 4]> {
        let line = self.player.line();
        (!line.is_away).then(|| free_part(&self.director))
    }

    /// The simulation is late for an appointment: frames may take longer.
    pub(super) fn is_in_a_hurry(&self) -> bool {
        self.player.appointment().is_some()
    }

    /// Goes on by the wall time.
    pub(super) fn go_on(
        &mut self,
        wall: Duration,
        session: &mut Session,
        settings: &mut ViewSettings,
    ) -> Result<(), SessionError> {
        for cue in self.player.advance(wall.as_secs_f64().min(HITCH_S), &Director::reached(session)) {
            self.director.obey(&cue, session, settings)?;
            match cue {
                Cue::Act(TourAction::Speed(speed)) => self.speed = speed,
                Cue::StartOver | Cue::Begin { again: true, .. } => self.speed = session.telemetry().speed,
                Cue::Act(_) | Cue::Begin { .. } => {}
            }
        }
        self.keep_pace(session);
        Ok(())
    }

    /// As fast as an appointment asks for, else as scene and tour say.
    fn keep_pace(&self, session: &mut Session) {
        let reached = Director::reached(session);
        let wanted = match self.player.appointment() {
            Some((Moment::Time(ms), left_s)) if reached.time_ms < ms => {
                (ms - reached.time_ms) / left_s.max(0.05) * 1e-3
            }
            Some((Moment::Presentation(count), left_s)) if reached.presentations < count => {
                let each_ms = session.scene().learning.as_ref().map_or(0.0, presentation_ms);
                (count - reached.presentations) as f64 * each_ms / left_s.max(0.05) * 1e-3
            }
            _ => self.speed,
        };
        let now = session.telemetry().speed;
        if (wanted / now.max(1e-9) - 1.0).abs() > SAME_SPEED {
            session.apply(Command::Speed(wanted.max(1e-6)));
        }
    }

    /// Two moments, while the tour compares them.
    pub(super) fn comparison(&self, session: &Session) -> Option<Comparison> {
        self.director.comparison(session)
    }

    /// What is written over the picture.
    pub(super) fn input<'a>(
        &'a self,
        session: &'a Session,
        settings: &ViewSettings,
        comparison: Option<&'a Comparison>,
        fields: Option<&'a FieldGrid>,
    ) -> PresenterInput<'a> {
        PresenterInput { comparison, fields, ..presented(&self.player.line(), session, settings, &self.director) }
    }
}

/// A slow round at the present height and distance.
fn around(bounds: &Bounds, here: Pose) -> Vec<TourStep> {
    let centre = bounds.centre();
    let pose = CameraPose { eye: here.eye, target: centre, fov_degrees: here.fov_degrees };
    let camera = CameraMove { pose: Some(pose), turn_degrees: 360.0, ..CameraMove::default() };
    vec![TourStep { camera, move_s: 2.0, hold_s: 34.0, ..TourStep::default() }]
}
