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
}
