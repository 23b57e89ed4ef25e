//! What the overlay and the command line may ask of a running session.

use std::sync::Arc;

use super::selection::How;
use super::view::Variable;
use crate::engine::Change;

/// A wish. Applied between steps, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run.
    Play,
    /// Hold still.
    Pause,
    /// Run if held still, else hold still.
    TogglePlay,
    /// While held still: advance this many steps.
    Step(u32),
    /// Simulated time per wall time that is aimed at; 1 is real time, infinity is as fast as the frame budget allows.
    Speed(f64),
    /// Back to the beginning, same seed.
    Reset,
    /// Another scene, by built-in name or path.
    OpenScene(String),
    /// A live parameter.
    Change(Change),
    /// Rate of a Poisson source that no protocol drives, Hz; or the factor on a protocol's input, where one does.
    InputRate {
        /// Population index.
        population: usize,
        /// Hz, or a factor (1 is as in the scene).
        value: f32,
    },
    /// One pruning period of a projection, now.
    Prune(usize),
    /// Switch the scene's own pruning schedule on or off.
    PruningSchedule(bool),
    /// Look at this neuron in detail (nothing: stop looking).
    Pick(Option<u32>),
    /// Which population the raster shows.
    RasterPopulation(usize),
    /// Take back the last change of the network, and turn time back to just before it.
    Undo,
    /// Return to where the run was when it was taken back.
    Redo,
    /// Look at the last seconds again; the live run is held meanwhile.
    Rewind(Rewind),
    /// Select neurons.
    Select(Select),
    /// Keep the selection as a group of this name.
    NameGroup(String),
    /// Forget a group.
    DeleteGroup(String),
    /// Hide the selected neurons; they leave the selection.
    HideSelected,
    /// Hide nothing any more.
    ShowAll,
    /// Hold the selected neurons at rest, so that they cannot spike; or let them go.
    Silence(bool),
    /// Drive the selected neurons for a while, beside everything else that drives them.
    Stimulate {
        /// The depolarisation that the drive would settle at, mV; below 0 it inhibits.
        mv: f32,
        /// Simulated time, ms.
        duration_ms: f32,
    },
    /// Remove the selected neurons: they never spike again, and their synapses transmit nothing and do not learn.
    Lesion,
}

/// How to move through the past of a live run. The first of these enters it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rewind {
    /// Show this time, ms; held to what is kept.
    To {
        /// Simulated time, ms.
        time_ms: f64,
    },
    /// Go this far from what is shown.
    By {
        /// Simulated time, ms; backward where negative.
        ms: f64,
    },
    /// Simulated time per wall time of the replay: 0.001 to 1000, backward where negative.
    Speed(f64),
    /// Let the replay run, or hold it. One that reaches the present hands over to the live run.
    Play(bool),
    /// To the next spike of the picked neuron; of any neuron where none is picked.
    NextSpike {
        /// Forward, or else backward.
        forward: bool,
    },
    /// To the next event, shown input or burst of a recorded run.
    NextMark {
        /// Forward, or else backward.
        forward: bool,
    },
    /// Whether a recorded run begins again at its end.
    Loop(bool),
    /// Back to the live run, which goes on as if nothing had been looked at.
    Live,
}

/// Which neurons to select. `how` says how they combine with what is selected already.
#[derive(Clone, Debug, PartialEq)]
pub enum Select {
    /// Nothing.
    Clear,
    /// Everything that is not hidden.
    All,
    /// Everything that is neither selected nor hidden.
    Invert,
    /// These.
    Neurons {
        /// In any order.
        ids: Arc<[u32]>,
        /// How.
        how: How,
    },
    /// All of a population.
    Population {
        /// Which.
        index: usize,
        /// How.
        how: How,
    },
    /// Output neurons that answer to a class.
    Class {
        /// Which.
        class: u8,
        /// How.
        how: How,
    },
    /// The neurons with the largest or smallest values.
    Ranked {
        /// Of what.
        by: Variable,
        /// Share of the neurons that have a value, 0 to 1; at least one neuron.
        share: f32,
        /// The largest; otherwise the smallest.
        top: bool,
        /// How.
        how: How,
    },
    /// The neurons whose value lies in a range, its ends included.
    Threshold {
        /// Of what.
        by: Variable,
        /// From here; -infinity for no lower end.
        low: f32,
        /// To here; infinity for no upper end.
        high: f32,
        /// How.
        how: How,
    },
    /// The neurons that the selection has synapses with. Pruned synapses connect nothing.
    Partners {
        /// Those that send to it.
        inputs: bool,
        /// Those that receive from it.
        outputs: bool,
        /// How.
        how: How,
    },
    /// The neurons at one end of the surviving synapses of a projection whose weights lie in a range.
    Weights {
        /// Projection; one whose weights can change.
        projection: usize,
        /// From here, in the network's unit.
        low: f32,
        /// To here.
        high: f32,
        /// The receiving neurons; otherwise the sending ones.
        targets: bool,
        /// How.
        how: How,
    },
    /// A named group.
    Group {
        /// Its name.
        name: String,
        /// How.
        how: How,
    },
}
