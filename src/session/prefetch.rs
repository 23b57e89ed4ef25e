//! Reads a recording ahead of what is shown, on a thread of its own. In: where to go. Out: the state of every neuron
//! there, then everything that happens after it, window by window, as fast as it is taken and never more than a few
//! windows ahead.

use std::thread;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, select, unbounded};

use super::history::Mark;
use crate::engine::{PRUNED, RATE_TAU_MS, Spike};
use crate::model::decay::DecayTable;
use crate::recording::{Recording, RecordingError};

/// Windows that wait to be taken.
const AHEAD: usize = 4;
/// Rows of a window that are aimed at; windows grow and shrink towards it.
const WINDOW_ROWS: usize = 1 << 17;
/// The first window after a jump, ms: it should be there at once.
const FIRST_MS: f64 = 20.0;
/// The longest window, ms.
const WINDOW_MAX_MS: f64 = 60_000.0;
/// A jump looks back so far for rate traces and last spikes: to 0.03 percent of a trace.
const LOOK_BACK_MS: f64 = 8.0 * RATE_TAU_MS;
/// At most so many spikes are looked through for that, and at least so much time.
const LOOK_BACK_SPIKES: u64 = 1 << 20;
const LOOK_BACK_MIN_MS: f64 = 100.0;

/// A weight that changes: step, projection, synapse, share of the largest weight or [`PRUNED`].
pub(super) type WeightChange = (u64, u32, u32, f32);

/// What happens after one window and up to the end of the next.
#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) until: u64,
    pub(super) spikes: Vec<Spike>,
    pub(super) weights: Vec<WeightChange>,
    /// Step, neuron, mV absolute.
    pub(super) membranes: Vec<(u64, u32, f32)>,
}

/// The state after a step.
#[derive(Debug)]
pub(super) struct Landing {
    pub(super) step: u64,
    pub(super) marks: Vec<Mark>,
    /// Changes of weights up to then, from the beginning on.
    pub(super) weights: Vec<WeightChange>,
    pub(super) membranes: Vec<(u64, u32, f32)>,
}

/// What the reader hands over; each with the number of the wish that it answers.
#[derive(Debug)]
pub(super) enum News {
    Landed(u64, Box<Landing>),
    Window(u64, Window),
    Failed(u64, String),
}

/// What turns recorded rows into steps of the network.
#[derive(Clone)]
pub(super) struct Grid {
    pub(super) dt_ms: f64,
    /// Steps taken off recorded times.
    pub(super) shift: i64,
    /// Per recorded synapse: projection and id there.
    pub(super) places: std::sync::Arc<[(u32, u32)]>,
    /// Per projection: largest weight; 0 where weights do not change.
    pub(super) weight_max: std::sync::Arc<[f32]>,
}

impl Grid {
    /// The step that a recorded time belongs to; the first one for times at 0.
    fn step_of(&self, time_ms: f64) -> u64 {
        ((time_ms / self.dt_ms).round() as i64 - self.shift).max(1) as u64
    }

    /// Where the step's rows begin in recorded time, ms; everything before the first step belongs to it.
    fn begin_of(&self, step: u64) -> f64 {
        if step <= 1 { f64::NEG_INFINITY } else { (step as f64 + self.shift as f64 - 0.5) * self.dt_ms }
    }
}

/// The reader's other end.
pub(super) struct Prefetch {
    wishes: Sender<(u64, u64)>,
    news: Receiver<News>,
    number: u64,
}

impl Prefetch {
    /// Starts reading from the beginning on.
    pub(super) fn start(recording: Recording, grid: Grid, until: u64) -> Self {
        let (wishes, asked) = unbounded();
        let (sender, news) = bounded(AHEAD);
        let reader = Reader { recording, grid, until, asked, news: sender };
        // It ends when the other end is dropped. A thread that cannot start closes the channel, which is told then.
        let _ = thread::Builder::new().name("prefetch".to_owned()).spawn(move || reader.run());
        Self { wishes, news, number: 0 }
    }

    /// Is fed by somebody else, who cannot go anywhere.
    pub(super) fn fed(news: Receiver<News>) -> Self {
        Self { wishes: unbounded().0, news, number: 0 }
    }

    /// Goes to a step; what was under way is forgotten.
    pub(super) fn go_to(&mut self, step: u64) {
        self.number += 1;
        let _ = self.wishes.send((self.number, step));
    }

    /// What has been read, if anything; waits for it where asked to. Answers to earlier wishes are left out.
    pub(super) fn next(&self, wait: bool) -> Option<News> {
        loop {
            let news = if wait {
                self.news.recv().ok()
            } else {
                match self.news.try_recv() {
                    Ok(news) => Some(news),
                    Err(TryRecvError::Empty) => return None,
                    Err(TryRecvError::Disconnected) => None,
                }
            };
            let Some(news) = news else {
                return Some(News::Failed(self.number, "the thread that reads the recording has ended".to_owned()));
            };
            let (News::Landed(number, _) | News::Window(number, _) | News::Failed(number, _)) = &news;
            if *number == self.number {
                return Some(news);
            }
        }
    }
}

struct Reader {
    recording: Recording,
    grid: Grid,
    /// The recording's last step.
    until: u64,
    asked: Receiver<(u64, u64)>,
    news: Sender<News>,
}

impl Reader {
    fn run(self) {
        let mut wish = Some((0, None));
        while let Some((number, step)) = wish {
            wish = match self.play(number, step) {
                Ok(next) => next,
                Err(error) => self.hand_over(News::Failed(number, error.to_string())).unwrap_or_else(|| self.wait()),
            };
        }
    }

    fn wait(&self) -> Wish {
        self.asked.recv().ok().map(|(number, step)| (number, Some(step)))
    }

    /// The newest wish, if there is one.
    fn newest(&self) -> Option<Wish> {
        self.asked.try_iter().last().map(|(number, step)| Some((number, Some(step))))
    }

    /// Hands something over; a wish that comes meanwhile is returned. `Some(None)`: nobody listens any more.
    fn hand_over(&self, news: News) -> Option<Wish> {
        select! {
            recv(self.asked) -> wish => {
                let Ok((number, step)) = wish else { return Some(None) };
                Some(self.newest().unwrap_or(Some((number, Some(step)))))
            },
            send(self.news, news) -> sent => sent.is_err().then_some(None),
        }
    }

    /// From a step (or from the beginning) to the end, or to the next wish.
    fn play(&self, number: u64, from: Option<u64>) -> Result<Wish, RecordingError> {
        if let Some(step) = from {
            let landing = self.landing(step)?;
            if let Some(wish) = self.hand_over(News::Landed(number, Box::new(landing))) {
                return Ok(wish);
            }
        }
        let mut done = from.unwrap_or(0);
        let mut steps = ((FIRST_MS / self.grid.dt_ms) as u64).max(1);
        while done < self.until {
            if let Some(wish) = self.newest() {
                return Ok(wish);
            }
            let until = (done + steps).min(self.until);
            let window = self.window(done, until)?;
            let rows = window.spikes.len() + window.weights.len() + window.membranes.len();
            if let Some(wish) = self.hand_over(News::Window(number, window)) {
                return Ok(wish);
            }
            done = until;
            let most = ((WINDOW_MAX_MS / self.grid.dt_ms) as u64).max(1);
            steps = if rows > WINDOW_ROWS {
                (steps / 2).max(1)
            } else if rows < WINDOW_ROWS / 2 {
                steps * 2
            } else {
                steps
            };
            steps = steps.min(most);
        }
        let end = Window { until: u64::MAX, ..Window::default() };
        Ok(self.hand_over(News::Window(number, end)).unwrap_or_else(|| self.wait()))
    }

    /// Everything after step `after` up to the end of step `until`.
    fn window(&self, after: u64, until: u64) -> Result<Window, RecordingError> {
        // Step 0 has no rows: times at or before 0 count to the first step.
        let from_ms = self.grid.begin_of(if after == 0 { 0 } else { after + 1 });
        let to_ms = if until >= self.until { f64::INFINITY } else { self.grid.begin_of(until + 1) };
        Ok(Window {
            until,
            spikes: self.spikes(from_ms, to_ms)?,
            weights: self.weights(from_ms, to_ms)?,
            membranes: self.membranes(from_ms, to_ms)?,
        })
    }

    fn spikes(&self, from_ms: f64, to_ms: f64) -> Result<Vec<Spike>, RecordingError> {
        let mut spikes = Vec::new();
        for batch in self.recording.spikes(from_ms, to_ms) {
            let batch = batch?;
            spikes.extend(batch.times_ms().iter().zip(batch.neurons()).map(|(&time_ms, &neuron)| Spike {
                step: u32::try_from(self.grid.step_of(time_ms)).unwrap_or(u32::MAX),
                neuron,
            }));
        }
        Ok(spikes)
    }

    fn weights(&self, from_ms: f64, to_ms: f64) -> Result<Vec<WeightChange>, RecordingError> {
        let mut changes = Vec::new();
        if self.grid.places.is_empty() {
            return Ok(changes);
        }
        for batch in self.recording.weights(from_ms, to_ms) {
            let batch = batch?;
            for (row, (&time_ms, &synapse)) in batch.times_ms().iter().zip(batch.synapses()).enumerate() {
                let Some(&(projection, place)) = self.grid.places.get(synapse as usize) else { continue };
                let most = self.grid.weight_max[projection as usize];
                if most > 0.0 {
                    let share = batch.weight(row).map_or(PRUNED, |weight| (weight / most).clamp(0.0, 1.0));
                    changes.push((self.grid.step_of(time_ms), projection, place, share));
                }
            }
        }
        Ok(changes)
    }

    fn membranes(&self, from_ms: f64, to_ms: f64) -> Result<Vec<(u64, u32, f32)>, RecordingError> {
        let mut values = Vec::new();
        for batch in self.recording.potentials(from_ms, to_ms) {
            let batch = batch?;
            let rows = batch.times_ms().iter().zip(batch.neurons()).zip(batch.v_mv());
            values.extend(rows.map(|((&time_ms, &neuron), &v)| (self.grid.step_of(time_ms), neuron, v)));
        }
        Ok(values)
    }

    /// The state after a step, from what happened before it.
    fn landing(&self, step: u64) -> Result<Landing, RecordingError> {
        let mut marks = vec![Mark::default(); self.recording.neuron_count() as usize];
        let end_ms = if step == 0 { f64::NEG_INFINITY } else { self.grid.begin_of(step + 1) };
        let mut back_ms = LOOK_BACK_MS;
        if step > 0 {
            let before = self.recording.spikes_before(end_ms)?;
            while back_ms > LOOK_BACK_MIN_MS
                && before - self.recording.spikes_before(end_ms - back_ms)? > LOOK_BACK_SPIKES
            {
                back_ms /= 2.0;
            }
            let decay = DecayTable::new(RATE_TAU_MS, self.grid.dt_ms);
            for spike in self.spikes(end_ms - back_ms, end_ms)? {
                if let Some(mark) = marks.get_mut(spike.neuron as usize) {
                    *mark = mark.after_spike(spike.step, &decay);
                }
            }
        }
        Ok(Landing {
            step,
            marks,
            weights: self.weights(f64::NEG_INFINITY, end_ms)?,
            membranes: self.membranes(end_ms - LOOK_BACK_MIN_MS, end_ms)?,
        })
    }
}

/// Where to go next: number of the wish and step; none: nobody listens any more.
type Wish = Option<(u64, Option<u64>)>;
