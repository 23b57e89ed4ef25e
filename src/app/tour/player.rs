//! Plays a tour: time and keys in; where the camera is, what is said and what is to be done out. Pure: it knows no window,
//! no clock and no session, so a talk and a film of it are the same.

use std::f32::consts::PI;

use crate::model::scene::{CameraMove, Moment, TourAction, TourStep, ViewScene};
use crate::render::Pose;
use crate::render::camera::Orbit;
use crate::ui::TourKey;

/// Seconds to come back from where the hand has led, and to reach another neuron that is followed.
const RETURN_S: f64 = 1.6;
/// Seconds in which a turn gathers and loses its speed.
const RAMP_S: f64 = 1.2;

/// What the run has come to; the player asks nothing else of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::app) struct Reached {
    /// Simulated time, ms.
    pub(in crate::app) time_ms: f64,
    /// Presentations begun.
    pub(in crate::app) presentations: u64,
    /// Where the picked neuron stands.
    pub(in crate::app) picked: Option<[f32; 3]>,
}

impl Reached {
    fn has(&self, moment: Moment) -> bool {
        match moment {
            Moment::Time(ms) => self.time_ms >= ms - 1e-6,
            Moment::Presentation(count) => self.presentations >= count,
        }
    }
}

/// What is to be done now, in order.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::app) enum Cue {
    /// A step begins; it was left before if `again`.
    Begin {
        /// Which.
        step: usize,
        /// It is to be as it was when it began the first time.
        again: bool,
    },
    /// An action.
    Act(TourAction),
    /// The tour starts over: everything as it was at first.
    StartOver,
}

/// What the audience sees beside the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::app) struct Line<'a> {
    /// The line.
    pub(in crate::app) caption: Option<&'a str>,
    /// The smaller one.
    pub(in crate::app) detail: Option<&'a str>,
    /// Which step, of how many.
    pub(in crate::app) step: usize,
    /// Of how many.
    pub(in crate::app) steps: usize,
    /// How far it is, 0 to 1.
    pub(in crate::app) share: f32,
    /// It waits for a key.
    pub(in crate::app) waits: bool,
    /// The hand leads.
    pub(in crate::app) is_away: bool,
    /// Nothing is to be seen.
    pub(in crate::app) is_blank: bool,
    /// How much of it is there, 0 to 1: lines come and go softly.
    pub(in crate::app) strength: f32,
}

/// See the module.
#[derive(Clone, Debug)]
pub(in crate::app) struct Player {
    steps: Vec<TourStep>,
    repeats: bool,
    /// A film waits for nobody.
    waits_for_nobody: bool,
    step: usize,
    since_s: f64,
    acted: usize,
    has_begun: bool,
    /// Steps that have been begun before.
    seen: usize,
    wants_next: bool,
    wants_back: bool,
    is_away: bool,
    is_blank: bool,
    is_over: bool,
    from: Orbit,
    /// Where the hand had led, and seconds since it let go.
    returning: Option<(Orbit, f64)>,
    follow: Option<Follow>,
    /// Where the tour has the camera.
    led: Orbit,
    /// Where it is: there, or still on the way back from where the hand has led.
    shown: Orbit,
}

/// The neuron that is followed: from where to where the middle of the picture moves.
#[derive(Clone, Copy, Debug)]
struct Follow {
    from: glam::Vec3,
    to: glam::Vec3,
    since_s: f64,
}

impl Player {
    /// At the beginning of a scene's tour; none where the scene has none.
    pub(in crate::app) fn of(view: &ViewScene) -> Option<Self> {
        Self::new(view.tour.clone(), view.tour_repeats, view.camera.into())
    }

    /// Plays these steps, from an opening pose.
    pub(in crate::app) fn new(steps: Vec<TourStep>, repeats: bool, opening: Pose) -> Option<Self> {
        let opening = Orbit::from_pose(opening);
        (!steps.is_empty()).then_some(Self {
            steps,
            repeats,
            waits_for_nobody: false,
            step: 0,
            since_s: 0.0,
            acted: 0,
            has_begun: false,
            seen: 0,
            wants_next: false,
            wants_back: false,
            is_away: false,
            is_blank: false,
            is_over: false,
            from: opening,
            returning: None,
            follow: None,
            led: opening,
            shown: opening,
        })
    }

    /// The same tour for a film: steps that wait for a key last as long as their `hold_s`.
    pub(in crate::app) const fn waiting_for_nobody(mut self) -> Self {
        self.waits_for_nobody = true;
        self
    }

    /// Seconds of one round, without waiting.
    pub(in crate::app) fn seconds(&self) -> f64 {
        self.steps.iter().map(TourStep::seconds).sum()
    }

    /// Takes a key.
    pub(in crate::app) fn press(&mut self, key: TourKey, here: Pose) {
        match key {
            TourKey::TakeOver if !self.is_away => self.take(),
            TourKey::TakeOver => self.come_back(here),
            TourKey::Blank => self.is_blank = !self.is_blank,
            TourKey::Next | TourKey::Previous => {
                if self.is_away {
                    self.come_back(here);
                }
                self.is_blank = false;
                (self.wants_next, self.wants_back) = (key == TourKey::Next, key == TourKey::Previous);
            }
        }
    }

    /// The hand leads from now on; the tour stands still.
    pub(in crate::app) const fn take(&mut self) {
        self.is_away = true;
        self.returning = None;
    }

    /// The tour leads again, from here.
    fn come_back(&mut self, here: Pose) {
        self.is_away = false;
        self.returning = Some((Orbit::from_pose(here), 0.0));
    }

    /// The hand leads.
    pub(in crate::app) const fn is_away(&self) -> bool {
        self.is_away
    }

    /// Begins from here instead of the opening pose.
    pub(in crate::app) fn start_from(&mut self, here: Pose) {
        (self.led, self.shown) = (Orbit::from_pose(here), Orbit::from_pose(here));
    }

    /// Goes on by `seconds`; what is to be done comes out in order.
    pub(in crate::app) fn advance(&mut self, seconds: f64, reached: &Reached) -> Vec<Cue> {
        let mut cues = Vec::new();
        if self.is_away {
            return cues;
        }
        if !self.has_begun {
            self.has_begun = true;
            self.begin(0, &mut cues);
        }
        let mut left = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        if let Some((_, since)) = &mut self.returning {
            *since += left;
        }
        if let Some(follow) = &mut self.follow {
            follow.since_s += left;
        }
        if std::mem::take(&mut self.wants_back) {
            self.leave_for(self.step.saturating_sub(1), &mut cues);
        }
        if std::mem::take(&mut self.wants_next) && self.step + 1 < self.steps.len() {
            // What the step had still to do belongs to the story, whoever is in a hurry.
            self.act_until(f64::INFINITY, &mut cues);
            self.leave_for(self.step + 1, &mut cues);
        }
        loop {
            let step = &self.steps[self.step];
            let lasts = step.seconds();
            let may_end = (self.waits_for_nobody || !step.waits_for_key)
                && step.until.is_none_or(|moment| reached.has(moment) || self.waits_for_nobody);
            if self.since_s + left < lasts || !may_end {
                self.since_s += left;
                self.act_until(self.since_s, &mut cues);
                break;
            }
            left -= lasts - self.since_s;
            self.since_s = lasts;
            self.act_until(f64::INFINITY, &mut cues);
            if self.step + 1 < self.steps.len() {
                self.leave_for(self.step + 1, &mut cues);
            } else if self.repeats && self.seconds() > 0.0 {
                self.look(reached);
                self.seen = 0;
                cues.push(Cue::StartOver);
                self.begin(0, &mut cues);
            } else {
                self.is_over = true;
                break;
            }
        }
        self.look(reached);
        cues
    }

    fn act_until(&mut self, time_s: f64, cues: &mut Vec<Cue>) {
        while let Some(timed) = self.steps[self.step].actions.get(self.acted)
            && f64::from(timed.at_s) <= time_s
        {
            cues.push(Cue::Act(timed.action.clone()));
            self.acted += 1;
        }
    }

    fn leave_for(&mut self, step: usize, cues: &mut Vec<Cue>) {
        // The place at the end of this step, or wherever it was interrupted.
        self.led = self.place();
        self.begin(step, cues);
    }

    fn begin(&mut self, step: usize, cues: &mut Vec<Cue>) {
        self.from = self.led;
        let again = step < self.seen;
        (self.step, self.since_s, self.acted) = (step, 0.0, 0);
        self.seen = self.seen.max(step + 1);
        self.is_over = false;
        cues.push(Cue::Begin { step, again });
    }

    /// Looks where the picked neuron is, and from where.
    fn look(&mut self, reached: &Reached) {
        let target = reached.picked.filter(|_| self.steps[self.step].camera.follows_picked).map(glam::Vec3::from_array);
        match (target, self.follow) {
            (Some(to), Some(follow)) if follow.to == to => {}
            (Some(to), _) => self.follow = Some(Follow { from: self.led.focus, to, since_s: 0.0 }),
            (None, _) => self.follow = None,
        }
        self.led = self.place();
        self.shown = match self.returning {
            Some((from, since)) if since < RETURN_S => from.towards(&self.led, ease((since / RETURN_S) as f32)),
            _ => self.led,
        };
    }

    /// Where the tour has the camera at this time of this step.
    fn place(&self) -> Orbit {
        let step = &self.steps[self.step];
        let CameraMove { pose, turn_degrees, .. } = step.camera;
        let mut goal = pose.map_or(self.from, |pose| Orbit::from_pose(pose.into()));
        if let Some(follow) = self.follow {
            let there = if step.move_s > 0.0 { 1.0 } else { ease((follow.since_s / RETURN_S) as f32) };
            goal.focus = follow.from.lerp(follow.to, there);
        }
        let moved = if step.move_s > 0.0 { (self.since_s / f64::from(step.move_s)) as f32 } else { 1.0 };
        let mut place = self.from.towards(&goal, ease(moved));
        place.yaw += turn_degrees * PI / 180.0 * turned(self.since_s, step.seconds());
        place
    }

    /// Where the camera is.
    pub(in crate::app) fn pose(&self) -> Pose {
        self.shown.pose()
    }

    /// What the audience reads.
    pub(in crate::app) fn line(&self) -> Line<'_> {
        let step = &self.steps[self.step];
        let seconds = step.seconds();
        let share = if seconds > 0.0 { (self.since_s / seconds).min(1.0) as f32 } else { 1.0 };
        let appears = (self.since_s / 0.4).min(1.0) as f32;
        Line {
            caption: step.caption.as_deref(),
            detail: step.detail.as_deref(),
            step: self.step,
            steps: self.steps.len(),
            share,
            waits: step.waits_for_key && !self.waits_for_nobody && self.since_s >= seconds,
            is_away: self.is_away,
            is_blank: self.is_blank,
            strength: if self.step == 0 && self.seen <= 1 { 1.0 } else { ease(appears) },
        }
    }

    /// The moment that the simulation has to reach by the end of the step, and the seconds left until then.
    pub(in crate::app) fn appointment(&self) -> Option<(Moment, f64)> {
        let step = &self.steps[self.step];
        Some((step.until?, (step.seconds() - self.since_s).max(0.0)))
    }
}

/// Starts and ends without a jerk: zero speed and acceleration at both ends.
fn ease(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
}

/// The share of a turn that is done: even speed, gathered and lost over a second or so.
fn turned(since_s: f64, lasts_s: f64) -> f32 {
    if lasts_s <= 0.0 {
        return 1.0;
    }
    let ramp = RAMP_S.min(0.5 * lasts_s);
    let t = since_s.clamp(0.0, lasts_s);
    let top = 1.0 / (lasts_s - ramp);
    let done = if t < ramp {
        0.5 * top * t * t / ramp
    } else if t > lasts_s - ramp {
        1.0 - 0.5 * top * (lasts_s - t) * (lasts_s - t) / ramp
    } else {
        top * (t - 0.5 * ramp)
    };
    done as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::{CameraPose, TimedAction};

    fn pose(x: f32) -> CameraPose {
        CameraPose { eye: [x, 0.0, 10.0], target: [x, 0.0, 0.0], fov_degrees: 45.0 }
    }

    fn step(x: f32, caption: &str) -> TourStep {
        TourStep {
            camera: CameraMove { pose: Some(pose(x)), ..CameraMove::default() },
            move_s: 2.0,
            hold_s: 1.0,
            caption: Some(caption.to_owned()),
            ..TourStep::default()
        }
    }

    fn player(steps: Vec<TourStep>) -> Player {
        Player::new(steps, false, pose(0.0).into()).expect("steps")
    }

    const NOTHING: Reached = Reached { time_ms: 0.0, presentations: 0, picked: None };

    #[test]
    fn it_travels_holds_and_ends_at_the_last_step() {
        let mut player = player(vec![step(4.0, "a"), step(8.0, "b")]);
        assert_eq!(player.seconds(), 6.0);
        let mut seen = Vec::new();
        for _ in 0..8 {
            player.advance(1.0, &NOTHING);
            seen.push((player.pose().eye[0], player.line().caption.map(str::to_owned)));
        }
        let near = |x: f32, y: f32| (x - y).abs() < 1e-4;
        for (at, (x, text)) in
            [(2.0, "a"), (4.0, "a"), (4.0, "b"), (6.0, "b"), (8.0, "b"), (8.0, "b")].iter().enumerate()
        {
            assert!(near(seen[at].0, *x) && seen[at].1.as_deref() == Some(text), "{at}: {:?}", seen[at]);
        }
        assert!(player.is_over && near(player.pose().eye[0], 8.0));
    }

    #[test]
    fn the_same_time_in_any_pieces_gives_the_same_place_and_cues() {
        let act = |at_s| TimedAction { at_s, action: TourAction::Play(at_s > 1.0) };
        let steps = || vec![step(4.0, "a"), TourStep { actions: vec![act(0.0), act(2.5)], ..step(8.0, "b") }];
        let run = |pieces: u32| {
            let mut player = player(steps());
            let cues: Vec<Cue> = (0..pieces).flat_map(|_| player.advance(5.6 / f64::from(pieces), &NOTHING)).collect();
            (player.pose().eye[0], cues)
        };
        let ((a, cues), (b, others)) = (run(7), run(224));
        assert!((a - b).abs() < 1e-4, "{a} {b}");
        assert_eq!(cues, others);
        let begin = |step| Cue::Begin { step, again: false };
        let acts = [Cue::Act(TourAction::Play(false)), Cue::Act(TourAction::Play(true))];
        assert_eq!(cues, [&[begin(0), begin(1)][..], &acts].concat());
    }

    #[test]
    fn it_waits_for_the_key_and_a_film_does_not() {
        let steps = || vec![TourStep { waits_for_key: true, ..step(4.0, "a") }, step(8.0, "b")];
        let mut talk = player(steps());
        talk.advance(60.0, &NOTHING);
        assert_eq!((talk.line().step, talk.line().waits), (0, true));
        talk.press(TourKey::Next, talk.pose());
        talk.advance(0.1, &NOTHING);
        assert_eq!(talk.line().step, 1);
        let mut film = player(steps()).waiting_for_nobody();
        film.advance(3.1, &NOTHING);
        assert_eq!((film.line().step, film.line().waits), (1, false));
    }

    #[test]
    fn a_step_lasts_until_its_moment_is_reached() {
        let mut player = player(vec![TourStep { until: Some(Moment::Time(500.0)), ..step(4.0, "a") }, step(8.0, "b")]);
        player.advance(2.0, &NOTHING);
        assert_eq!(player.appointment(), Some((Moment::Time(500.0), 1.0)));
        player.advance(9.0, &NOTHING);
        assert_eq!(player.line().step, 0, "the machine is slow");
        player.advance(0.1, &Reached { time_ms: 500.0, ..NOTHING });
        assert_eq!(player.line().step, 1);
    }

    #[test]
    fn next_does_what_was_left_to_do_and_back_begins_again() {
        let later = TimedAction { at_s: 2.9, action: TourAction::Learning(false) };
        let mut player = player(vec![TourStep { actions: vec![later], ..step(4.0, "a") }, step(8.0, "b")]);
        player.advance(0.5, &NOTHING);
        player.press(TourKey::Next, player.pose());
        let cues = player.advance(0.1, &NOTHING);
        assert_eq!(cues, [Cue::Act(TourAction::Learning(false)), Cue::Begin { step: 1, again: false }]);
        let x = player.pose().eye[0];
        player.press(TourKey::Previous, player.pose());
        assert_eq!(player.advance(0.0, &NOTHING), [Cue::Begin { step: 0, again: true }]);
        assert!((player.pose().eye[0] - x).abs() < 1e-3, "from where it was, without a jump");
        player.press(TourKey::Previous, player.pose());
        assert_eq!(player.advance(0.0, &NOTHING), [Cue::Begin { step: 0, again: true }], "the first is the first");
        player.press(TourKey::Blank, player.pose());
        assert!(player.line().is_blank);
        player.press(TourKey::Blank, player.pose());
        assert!(!player.line().is_blank);
    }

    #[test]
    fn the_hand_takes_over_and_the_tour_takes_back_without_a_jump() {
        let mut player = player(vec![step(4.0, "a"), step(8.0, "b")]);
        player.advance(2.0, &NOTHING);
        player.take();
        assert!(player.advance(10.0, &NOTHING).is_empty(), "the tour stands still");
        assert_eq!((player.line().step, player.line().is_away), (0, true));
        let elsewhere = Pose { eye: [-30.0, 5.0, 3.0], target: [-20.0, 0.0, 0.0], fov_degrees: 45.0 };
        player.press(TourKey::TakeOver, elsewhere);
        player.advance(0.0, &NOTHING);
        assert!((player.pose().eye[0] + 30.0).abs() < 1e-3, "it begins where the hand left off");
        let mut last = player.pose().eye[0];
        for _ in 0..170 {
            player.advance(0.01, &NOTHING);
            assert!((player.pose().eye[0] - last).abs() < 1.0, "smoothly");
            last = player.pose().eye[0];
        }
        assert!(last > 4.0 - 1e-3, "and the tour goes on: {last}");
    }

    #[test]
    fn it_follows_the_picked_neuron_and_turns_around_it() {
        let camera = CameraMove { pose: Some(pose(0.0)), follows_picked: true, turn_degrees: 90.0 };
        let mut player = player(vec![TourStep { camera, move_s: 0.0, hold_s: 10.0, ..step(0.0, "a") }]);
        let reached = Reached { picked: Some([3.0, 1.0, 0.0]), ..NOTHING };
        player.advance(0.0, &reached);
        for _ in 0..500 {
            player.advance(0.02, &reached);
        }
        let pose = player.pose();
        assert!((pose.target[0] - 3.0).abs() < 1e-3 && (pose.target[1] - 1.0).abs() < 1e-3, "{pose:?}");
        assert!((pose.eye[0] - 13.0).abs() < 0.05, "a quarter turn at the same distance: {pose:?}");
    }

    #[test]
    fn turns_are_whole_and_even() {
        for lasts in [0.5, 2.0, 30.0] {
            let at = |k: u32| turned(lasts * f64::from(k) / 1000.0, lasts);
            assert!(at(0) == 0.0 && (at(1000) - 1.0).abs() < 1e-6);
            assert!((1..=1000).all(|k| at(k) > at(k - 1) && at(k) - at(k - 1) < 0.0025), "{lasts}");
        }
        assert_eq!(turned(1.0, 0.0), 1.0);
    }

    #[test]
    fn a_tour_that_repeats_starts_over() {
        let mut player = Player::new(vec![step(4.0, "a")], true, pose(0.0).into()).expect("steps");
        player.advance(2.0, &NOTHING);
        let cues = player.advance(1.5, &NOTHING);
        assert_eq!(cues, [Cue::StartOver, Cue::Begin { step: 0, again: false }]);
        assert!(!player.is_over);
    }
}
