//! The controls of a recorded run: where in time it is, jumps to spikes and marks, the loop, and what the timeline
//! shows. In: wishes, wall time. Out: a session that shows another moment, and what telemetry tells. What has to be
//! read for that is read on other threads.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};

use super::clock::Clock;
use super::command::Rewind;
use super::error::SessionError;
use super::picked::Picked;
use super::prefetch::{Grid, Prefetch};
use super::recorded::{self, Recorded};
use super::session::{Session, SessionOptions};
use super::telemetry::{RewindTelemetry, Telemetry};
use crate::engine::Sample;
use crate::model::scene::Scene;
use crate::recording::Recording;

use super::played::PlayedEngine;

/// Bins of the activity that the timeline shows.
const BINS: usize = 512;
/// Slowest and fastest, simulated time per wall time.
const SPEEDS: [f64; 2] = [0.001, 1000.0];
/// A burst is a run of bins with more spikes than the mean and this many standard deviations.
const BURST_DEVIATIONS: f64 = 2.0;
/// Bins in which bursts are looked for.
const BURST_BINS: usize = 4096;
/// A spike of one neuron is looked for in this many spikes at most.
const SEARCH_SPIKES: u64 = 1 << 24;

/// See the module.
pub(super) struct Playback {
    recording: Recording,
    shift_ms: f64,
    /// The last step.
    until: u64,
    pub(super) looped: bool,
    facts: Receiver<Facts>,
    activity: Arc<[u32]>,
    version: u64,
    /// Times of events, labels and bursts, ms, ascending.
    marks_ms: Arc<[f64]>,
    search: Option<Receiver<Option<f64>>>,
    /// A jump is under way.
    is_away: bool,
    /// Per neuron: the frame in which it last flashed.
    flashed: Vec<u32>,
    frame: u32,
    frame_spikes: u64,
    frame_merged: u64,
    frame_ms: f64,
    notices: Vec<String>,
}

/// What is worked out beside the picture.
struct Facts {
    activity: Vec<u32>,
    marks_ms: Vec<f64>,
}

impl Session {
    /// Opens a recorded run: `scene` is what [`scene_of_recording`](super::scene_of_recording) gives. It plays as a
    /// live run does, shows exactly what was recorded, and can go to any moment.
    ///
    /// # Errors
    /// A damaged recording.
    pub fn open_recording(scene: Scene, recording: &Recording, options: SessionOptions) -> Result<Self, SessionError> {
        let Recorded { network, places, shift, notices } = recorded::network_of(recording)?;
        let network = Arc::new(network);
        let weight_max = network.projections.iter().map(|p| if p.is_mutable() { p.weight_max() } else { 0.0 });
        let grid = Grid { dt_ms: network.dt_ms, shift, places: places.into(), weight_max: weight_max.collect() };
        let shift_ms = shift as f64 * network.dt_ms;
        let until =
            ((recording.duration_ms() - shift_ms) / network.dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u64;
        let prefetch = Prefetch::start(recording.clone(), grid, until);
        let engine = PlayedEngine::new(Arc::clone(&network), prefetch, recording.potential_count() > 0);
        let playback = Playback {
            facts: gather(recording.clone(), shift_ms, until as f64 * network.dt_ms),
            recording: recording.clone(),
            shift_ms,
            until,
            looped: false,
            activity: Arc::default(),
            version: 0,
            marks_ms: Arc::default(),
            search: None,
            is_away: false,
            flashed: vec![0; network.neuron_count() as usize],
            frame: 0,
            frame_spikes: 0,
            frame_merged: 0,
            frame_ms: 0.0,
            notices,
        };
        let mut session = Self::assemble(scene, network, Box::new(engine), options);
        session.playback = Some(playback);
        session.refresh();
        Ok(session)
    }

    /// The folder of the recording that plays, if one does.
    #[must_use]
    pub fn recording_folder(&self) -> Option<&Path> {
        self.playback.as_ref().map(|playback| playback.recording.folder())
    }

    /// A frame of a recorded run: jumps first, then what the speed asks for and has been read. False for a live run.
    pub(super) fn play_back(
        &mut self,
        wall: Duration,
        budget: Duration,
        most: Option<u32>,
    ) -> Result<bool, SessionError> {
        let Some(playback) = &mut self.playback else { return Ok(false) };
        playback.begin_frame();
        if let Some(time_ms) = playback.found() {
            match time_ms {
                Some(time_ms) => {
                    self.clock.play(false);
                    self.jump_to(time_ms);
                }
                None => self.events.notices.say("no further spike was found"),
            }
        }
        let ready = self.engine.ready_steps();
        self.land()?;
        let Some(playback) = &mut self.playback else { return Ok(false) };
        if self.engine.is_seeking() {
            self.refresh();
            return Ok(true);
        }
        let left = playback.until.saturating_sub(self.engine.step());
        if left == 0 && self.clock.playing {
            if playback.looped {
                self.jump_to(0.0);
            } else {
                self.clock.play(false);
            }
            self.refresh();
            return Ok(true);
        }
        let wanted = match most {
            Some(most) if self.clock.playing => most,
            _ => self.clock.wanted(wall, self.network.dt_ms).min(most.unwrap_or(u32::MAX)),
        };
        let wanted = u64::from(wanted).min(left).min(ready);
        let done = self.simulate_within(wanted as u32, budget)?;
        self.clock.settle(wall, done, self.network.dt_ms);
        self.observer.look(&mut *self.engine, self.picked.as_ref().map(Picked::look), true);
        self.collect();
        if let Some(playback) = &mut self.playback {
            playback.frame_ms = f64::from(done) * self.network.dt_ms;
        }
        self.refresh();
        Ok(true)
    }

    /// A jump that has come to its end: what watches the run forgets what it saw.
    fn land(&mut self) -> Result<(), SessionError> {
        let Some(playback) = self.playback.as_mut().filter(|playback| playback.is_away) else { return Ok(()) };
        if self.engine.is_seeking() {
            return Ok(());
        }
        playback.is_away = false;
        let moment = super::undo::Moment {
            checkpoint: self.engine.checkpoint()?,
            protocol: None,
            schedule: self.schedule.clone(),
        };
        self.telemetry.raster.spikes.clear();
        self.watch_from(&moment)
    }

    /// Goes to a moment and waits until it is there.
    ///
    /// # Errors
    /// The recording cannot be read.
    pub fn go_to(&mut self, time_ms: f64) -> Result<(), SessionError> {
        self.jump_to(time_ms);
        self.engine.wait()?;
        self.land()?;
        self.refresh();
        Ok(())
    }

    fn jump_to(&mut self, time_ms: f64) {
        let Some(playback) = &mut self.playback else { return };
        let step = (time_ms / self.network.dt_ms).round().clamp(0.0, playback.until as f64) as u64;
        playback.is_away = self.engine.seek(step);
    }

    /// Does what is asked of the time of a recorded run. False for a live run.
    pub(super) fn steer(&mut self, wish: Rewind) -> bool {
        let Some(playback) = &mut self.playback else { return false };
        let dt_ms = self.network.dt_ms;
        let now_ms = self.engine.step() as f64 * dt_ms;
        match wish {
            Rewind::Live => self.jump_to(f64::INFINITY),
            Rewind::Speed(speed) => set_speed(&mut self.clock, speed),
            Rewind::To { time_ms } => self.jump_to(if time_ms.is_nan() { 0.0 } else { time_ms }),
            Rewind::By { ms } => self.jump_to(now_ms + if ms.is_nan() { 0.0 } else { ms }),
            Rewind::Play(playing) => self.play_recording(playing),
            Rewind::Loop(looped) => playback.looped = looped,
            Rewind::NextMark { forward } => {
                let half = 0.5 * dt_ms;
                let next = if forward {
                    playback.marks_ms.iter().copied().find(|&mark| mark > now_ms + half)
                } else {
                    playback.marks_ms.iter().copied().rfind(|&mark| mark < now_ms - half)
                };
                match next {
                    Some(mark) => self.jump_to(mark),
                    None => self.events.notices.say("there is no further event or burst"),
                }
            }
            Rewind::NextSpike { forward } => {
                let picked = self.telemetry.picked.as_ref().map(|picked| picked.neuron);
                playback.look_for_spike(now_ms, dt_ms, forward, picked);
            }
        }
        true
    }

    /// Runs or holds; from the end, it begins again.
    pub(super) fn play_recording(&mut self, playing: bool) {
        if let Some(playback) = &self.playback
            && playing
            && self.engine.step() >= playback.until
        {
            self.jump_to(0.0);
        }
        self.clock.play(playing);
    }
}

/// Holds speeds to what a replay can do.
fn set_speed(clock: &mut Clock, speed: f64) {
    let sane = if speed.is_finite() { speed.abs().clamp(SPEEDS[0], SPEEDS[1]) } else { 1.0 };
    clock.set_speed(sane);
}

impl Playback {
    fn begin_frame(&mut self) {
        self.frame = self.frame.wrapping_add(1);
        (self.frame_spikes, self.frame_merged) = (0, 0);
        if let Ok(facts) = self.facts.try_recv() {
            self.activity = facts.activity.into();
            self.marks_ms = facts.marks_ms.into();
            self.version += 1;
        }
    }

    /// The spike that was looked for, once the search is over.
    fn found(&mut self) -> Option<Option<f64>> {
        let result = self.search.as_ref()?.try_recv();
        if matches!(result, Err(crossbeam_channel::TryRecvError::Empty)) {
            return None;
        }
        self.search = None;
        Some(result.ok().flatten())
    }

    fn look_for_spike(&mut self, now_ms: f64, dt_ms: f64, forward: bool, of: Option<u32>) {
        let (sender, result) = bounded(1);
        let (recording, shift_ms) = (self.recording.clone(), self.shift_ms);
        let searches = move || {
            let at = now_ms + shift_ms;
            let found = if forward {
                spike_after(&recording, at + 0.5 * dt_ms, of)
            } else {
                spike_before(&recording, at - 0.5 * dt_ms, of)
            };
            let _ = sender.send(found.map(|time_ms| time_ms - shift_ms));
        };
        self.search = thread::Builder::new().name("search".to_owned()).spawn(searches).ok().map(|_| result);
    }

    /// Counts neurons that spiked more than once in this frame: they flash once.
    pub(super) fn take(&mut self, sample: &Sample) {
        self.frame_spikes += sample.spikes.len() as u64;
        for spike in &sample.spikes {
            if let Some(frame) = self.flashed.get_mut(spike.neuron as usize) {
                self.frame_merged += u64::from(*frame == self.frame);
                *frame = self.frame;
            }
        }
    }

    /// What the overlay sees.
    pub(super) fn tell(&self, telemetry: &mut Telemetry, playing: bool, speed: f64) {
        let dt_ms = telemetry.dt_ms;
        telemetry.rewind = RewindTelemetry {
            from_ms: 0.0,
            to_ms: self.until as f64 * dt_ms,
            at_ms: Some(telemetry.step as f64 * dt_ms),
            speed,
            playing,
            spikes_kept: self.recording.spike_count(),
            activity: Arc::clone(&self.activity),
            version: self.version,
            is_recording: true,
            looped: self.looped,
            marks_ms: Arc::clone(&self.marks_ms),
            ..RewindTelemetry::default()
        };
        telemetry.notices.extend(self.notices.iter().cloned());
        if !self.recording.header().complete {
            telemetry
                .notices
                .push("the recording was not finished: it holds everything up to its last flushed second".to_owned());
        }
        if playing && self.frame_merged > 0 {
            telemetry.notices.push(format!(
                "a frame covers {:.1} ms of the recording: {} spikes, of which {} are of neurons that spiked before in \
                 the same frame and flash once",
                self.frame_ms, self.frame_spikes, self.frame_merged
            ));
        }
    }
}

/// Works out, on a thread of its own, what the timeline shows.
fn gather(recording: Recording, shift_ms: f64, duration_ms: f64) -> Receiver<Facts> {
    let (sender, facts) = bounded(1);
    let work = move || {
        let end_ms = shift_ms + duration_ms;
        let counts = recording.activity(shift_ms, end_ms, BINS).unwrap_or_default();
        let fine = recording.activity(shift_ms, end_ms, BURST_BINS).unwrap_or_default();
        let mut marks_ms = bursts(&fine, duration_ms / BURST_BINS as f64);
        let events = recording.events(f64::NEG_INFINITY, f64::INFINITY).unwrap_or_default();
        marks_ms.extend(events.iter().map(|event| event.time_ms - shift_ms));
        let labels = recording.labels(f64::NEG_INFINITY, f64::INFINITY).unwrap_or_default();
        marks_ms.extend(labels.iter().map(|label| label.start_ms - shift_ms));
        marks_ms.sort_by(f64::total_cmp);
        marks_ms.dedup();
        let activity = counts.iter().map(|&count| u32::try_from(count).unwrap_or(u32::MAX)).collect();
        let _ = sender.send(Facts { activity, marks_ms });
    };
    let _ = thread::Builder::new().name("timeline".to_owned()).spawn(work);
    facts
}

/// Where runs of bins begin that hold more than the mean and [`BURST_DEVIATIONS`] standard deviations.
fn bursts(counts: &[u64], bin_ms: f64) -> Vec<f64> {
    let count = counts.len().max(1) as f64;
    let mean = counts.iter().map(|&n| n as f64).sum::<f64>() / count;
    let variance = counts.iter().map(|&n| (n as f64 - mean).powi(2)).sum::<f64>() / count;
    let border = mean + BURST_DEVIATIONS * variance.sqrt();
    let is_burst = |bin: usize| counts[bin] as f64 > border;
    (0..counts.len())
        .filter(|&bin| is_burst(bin) && (bin == 0 || !is_burst(bin - 1)))
        .map(|bin| bin as f64 * bin_ms)
        .collect()
}

/// The first spike from a time on, of one neuron or of any.
fn spike_after(recording: &Recording, from_ms: f64, of: Option<u32>) -> Option<f64> {
    let mut seen = 0;
    for batch in recording.spikes(from_ms, f64::INFINITY) {
        let batch = batch.ok()?;
        let place = batch.neurons().iter().position(|&neuron| of.is_none_or(|of| of == neuron));
        if let Some(place) = place {
            return Some(batch.times_ms()[place]);
        }
        seen += batch.neurons().len() as u64;
        if seen > SEARCH_SPIKES {
            break;
        }
    }
    None
}

/// The last spike before a time: windows that double in length, backward.
fn spike_before(recording: &Recording, until_ms: f64, of: Option<u32>) -> Option<f64> {
    let (first_ms, _) = recording.spike_span_ms()?;
    let (mut to_ms, mut length_ms, mut seen) = (until_ms, 10.0, 0);
    while to_ms > first_ms && seen < SEARCH_SPIKES {
        let mut found = None;
        for batch in recording.spikes(to_ms - length_ms, to_ms) {
            let batch = batch.ok()?;
            seen += batch.neurons().len() as u64;
            if let Some(place) = batch.neurons().iter().rposition(|&neuron| of.is_none_or(|of| of == neuron)) {
                found = Some(batch.times_ms()[place]);
            }
        }
        if found.is_some() {
            return found;
        }
        to_ms -= length_ms;
        length_ms *= 2.0;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_begins_where_activity_rises_far_above_its_mean() {
        let mut counts = vec![10_u64; 100];
        counts[40..43].fill(200);
        counts[80] = 300;
        assert_eq!(bursts(&counts, 2.0), [80.0, 160.0]);
        assert_eq!(bursts(&[5; 50], 1.0), [0.0; 0]);
        assert!(bursts(&[], 1.0).is_empty());
    }
}
