//! What the overlay and the command line may ask of a running session.

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
    /// Back to the live run, which goes on as if nothing had been looked at.
    Live,
}
