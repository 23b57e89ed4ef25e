//! Taking back changes of the network: before each one the whole state is kept, and undo goes back to it, time and
//! all. In: moments and what changed after them. Out: the moment to return to. Bounded in bytes and in number.
//!
//! Undo turns time back to the moment of the change, since a network that has spiked on with a change in force cannot
//! be had without it in any other way: what follows is what would have followed without the change, spike by spike.
//! Redo returns to the moment at which undo was asked for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::Command;
use super::telemetry::UndoRoom;
use crate::engine::{Change, Checkpoint, NeuronState, Plan};
use crate::learn::{Protocol, PruningSchedule};
use crate::model::Network;

/// Bytes that undo and redo hold together at most.
const ROOM: u64 = 256 << 20;
/// Changes that can be taken back at most.
const STEPS_MAX: usize = 64;
/// A state above this is not kept: copying it would be a stutter.
pub(super) const STATE_MAX: u64 = 96 << 20;
/// Changes of one parameter that follow each other faster than this are one: a slider is being moved.
const ONE_GESTURE: Duration = Duration::from_millis(1500);

/// A run at one moment: all that it takes to go on from there.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) checkpoint: Checkpoint,
    pub(super) protocol: Option<Protocol>,
    pub(super) schedule: PruningSchedule,
}

impl Moment {
    /// Bytes of a moment of this network, near enough.
    pub(super) fn size(network: &Network, plan: &Plan) -> u64 {
        let neurons = u64::from(network.neuron_count()) * (size_of::<NeuronState>() as u64 + 12);
        let slots = u64::from(plan.ring_slots) * (u64::from(plan.port_count) + 2 * network.populations.len() as u64);
        let weights: u64 = (0..network.projections.len())
            .filter(|&index| network.projections[index].is_mutable())
            .map(|index| network.synapse_count_of(index))
            .sum();
        neurons + 4 * (u64::from(plan.trace_len) + slots + weights + plan.source_thresholds.len() as u64)
    }
}

/// A change that can be taken back.
struct Done {
    what: String,
    before: Arc<Moment>,
    /// The last time that it was made, where it may go on.
    gesture: Option<Instant>,
}

/// A change that was taken back.
struct Undone {
    what: String,
    before: Arc<Moment>,
    after: Arc<Moment>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Undo {
    done: VecDeque<Done>,
    undone: Vec<Undone>,
    bytes_each: u64,
}

impl Undo {
    pub(super) fn new(network: &Network, plan: &Plan) -> Self {
        Self { bytes_each: Moment::size(network, plan).max(1), ..Self::default() }
    }

    /// Why states of this network are not kept, if they are not.
    pub(super) fn refusal(&self) -> Option<String> {
        (self.bytes_each > STATE_MAX).then(|| {
            format!(
                "changes of this network cannot be taken back: its state takes {} MiB, and undo keeps states of up to \
                 {} MiB",
                self.bytes_each >> 20,
                STATE_MAX >> 20
            )
        })
    }

    /// True when this change goes on with the last one, whose moment is kept already.
    pub(super) fn goes_on(&mut self, what: &str, is_gesture: bool) -> bool {
        let Some(last) = self.done.back_mut().filter(|last| is_gesture && last.what == what) else { return false };
        let goes_on = last.gesture.is_some_and(|at| at.elapsed() < ONE_GESTURE) && self.undone.is_empty();
        if goes_on {
            last.gesture = Some(Instant::now());
        }
        goes_on
    }

    /// A change is about to be made.
    pub(super) fn remember(&mut self, what: String, before: Moment, is_gesture: bool) {
        self.undone.clear();
        self.done.push_back(Done { what, before: Arc::new(before), gesture: is_gesture.then(Instant::now) });
        self.make_room();
    }

    /// The change was not made after all.
    pub(super) fn forget_last(&mut self) {
        self.done.pop_back();
    }

    /// True when there is a change to take back, and one to make again.
    pub(super) fn has(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }

    /// Takes the last change back: what it was, and the moment to return to. `after` is the present.
    pub(super) fn undo(&mut self, after: Moment) -> Option<(String, Arc<Moment>)> {
        let Done { what, before, .. } = self.done.pop_back()?;
        self.undone.push(Undone { what: what.clone(), before: Arc::clone(&before), after: Arc::new(after) });
        self.make_room();
        Some((what, before))
    }

    /// Makes it again.
    pub(super) fn redo(&mut self) -> Option<(String, Arc<Moment>)> {
        let Undone { what, before, after } = self.undone.pop()?;
        self.done.push_back(Done { what: what.clone(), before, gesture: None });
        Some((what, after))
    }

    fn bytes(&self) -> u64 {
        (self.done.len() + 2 * self.undone.len()) as u64 * self.bytes_each
    }

    fn make_room(&mut self) {
        while self.bytes() > ROOM || self.done.len() > STEPS_MAX {
            // The oldest changes first, then those taken back longest ago; the newest of each stays while it can.
            if self.done.len() > 1 || (self.undone.is_empty() && !self.done.is_empty()) {
                self.done.pop_front();
            } else if self.undone.is_empty() {
                break;
            } else {
                self.undone.remove(0);
            }
        }
    }

    /// What undo and redo would do, in words, and the room they take.
    pub(super) fn labels(&self, dt_ms: f64) -> (Option<String>, Option<String>, UndoRoom) {
        let back = |what: &str, moment: &Moment| {
            format!("{what} (turns time to {:.1} ms)", moment.checkpoint.step as f64 * dt_ms)
        };
        (
            self.done.back().map(|done| back(&done.what, &done.before)),
            self.undone.last().map(|undone| back(&undone.what, &undone.after)),
            UndoRoom { steps: self.done.len(), bytes: self.bytes(), limit_bytes: ROOM },
        )
    }
}

/// What a command changes, in words, and whether it comes from a slider; none for commands that change no network.
pub(super) fn what_changes(command: &Command, network: &Network) -> Option<(String, bool)> {
    let population = |index: usize| network.populations.get(index).map_or("?", |p| p.name.as_str());
    let projection = |index: usize| network.projections.get(index).map_or("?", |p| p.name.as_str());
    Some(match command {
        Command::Change(change) => match *change {
            Change::Learning(true) => ("learning on".to_owned(), false),
            Change::Learning(false) => ("learning off".to_owned(), false),
            Change::LearningRate { projection: index, .. } => (format!("learning rate of {}", projection(index)), true),
            Change::ReceptorGain { population: index, .. } => (format!("input gain of {}", population(index)), true),
            Change::Drive { population: index, .. } => (format!("drive of {}", population(index)), true),
            Change::BackgroundRate { population: index, .. } => {
                (format!("background rate of {}", population(index)), true)
            }
            Change::PruningThreshold { projection: index, .. } => {
                (format!("pruning threshold of {}", projection(index)), true)
            }
            Change::Silence { on: true, .. } => ("silence".to_owned(), false),
            Change::Silence { on: false, .. } => ("end of silence".to_owned(), false),
            Change::Stimulate { .. } => ("stimulus".to_owned(), false),
            Change::Lesion { .. } => ("lesion".to_owned(), false),
        },
        Command::InputRate { population: index, .. } => (format!("input of {}", population(*index)), true),
        Command::Prune(index) => (format!("pruning of {}", projection(*index)), false),
        Command::PruningSchedule(true) => ("pruning schedule on".to_owned(), false),
        Command::PruningSchedule(false) => ("pruning schedule off".to_owned(), false),
        Command::Silence(true) => ("silence".to_owned(), false),
        Command::Silence(false) => ("end of silence".to_owned(), false),
        Command::Stimulate { .. } => ("stimulus".to_owned(), false),
        Command::Lesion => ("lesion".to_owned(), false),
        _ => return None,
    })
}
