//! Tours: what a scene tells its audience, step by step, as plain values. `script` reads them, and what plays them lives
//! above the model.
//!
//! A step moves the camera, says a line, does things to the running network, and lasts for a time, until a simulated
//! moment, or until somebody presses a key.

use super::view::{CameraPose, LookScene};
use crate::model::Receptor;

/// One step of a tour.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TourStep {
    /// Where the camera goes.
    pub camera: CameraMove,
    /// Seconds of wall time (or of film) to move there.
    pub move_s: f32,
    /// Seconds to stay.
    pub hold_s: f32,
    /// Stays until a key is pressed, however long that takes; without a window it lasts as long as any other.
    pub waits_for_key: bool,
    /// The simulation reaches this moment by the end of the step: it runs as fast as that takes, and the step lasts
    /// longer where the machine cannot.
    pub until: Option<Moment>,
    /// The line that the audience reads.
    pub caption: Option<String>,
    /// A smaller line under it.
    pub detail: Option<String>,
    /// What is done, in order of time.
    pub actions: Vec<TimedAction>,
}

impl TourStep {
    /// Seconds that it takes without waiting.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        f64::from(self.move_s) + f64::from(self.hold_s)
    }
}

/// What the camera does in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CameraMove {
    /// Goes here; none: stays where it is.
    pub pose: Option<CameraPose>,
    /// Keeps the picked neuron in the middle, at the pose's distance and angles.
    pub follows_picked: bool,
    /// Turns around what it looks at by so many degrees in the course of the step.
    pub turn_degrees: f32,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// Simulated time, ms.
    Time(f64),
    /// So many presentations of the learning protocol have begun.
    Presentation(u64),
}

/// An action and when it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedAction {
    /// Seconds after the step began.
    pub at_s: f32,
    /// What happens.
    pub action: TourAction,
}

/// What a tour can do to the running network and to the picture. Populations and projections by name: the scene's.
#[derive(Clone, Debug, PartialEq)]
pub enum TourAction {
    /// Plasticity and threshold adaptation on or off.
    Learning(bool),
    /// The threshold of the next pruning period, as a share of the largest weight.
    Threshold {
        /// None: every projection that is pruned.
        projection: Option<String>,
        /// 0 to 1.
        share: f32,
    },
    /// One pruning period, now.
    Prune {
        /// None: every projection that is pruned.
        projection: Option<String>,
    },
    /// The scene's own pruning periods on or off.
    PruningSchedule(bool),
    /// Simulated time per wall time.
    Speed(f64),
    /// Run, or hold still.
    Play(bool),
    /// Remember this moment of the run.
    Mark(String),
    /// Go back to a remembered moment.
    ReturnTo(String),
    /// Look at a neuron in detail; none: at no neuron.
    Pick(Option<TourNeuron>),
    /// Select neurons.
    Select(TourSelection),
    /// Show nothing but the selection, or everything again.
    Isolate(bool),
    /// Keep the selection from spiking, or let it spike again.
    Silence(bool),
    /// Drive the selection for a moment.
    Stimulate {
        /// mV.
        mv: f32,
        /// ms of simulated time.
        duration_ms: f32,
    },
    /// The selection never spikes again.
    Lesion,
    /// Undo the last change of the network.
    Undo,
    /// Multiplies all input at one receptor; 1 is as built.
    Gain {
        /// None: every population.
        population: Option<String>,
        /// Which input.
        receptor: Receptor,
        /// 0 or more.
        factor: f32,
    },
    /// Rate of the background input.
    BackgroundRate {
        /// None: every population that has one.
        population: Option<String>,
        /// Hz.
        rate_hz: f64,
    },
    /// Constant drive.
    Drive {
        /// Which population.
        population: String,
        /// mV.
        drive_mv: f64,
    },
    /// Changes looks; what it does not give stays.
    Look(Box<LookScene>),
    /// Shows a chart large, of [`CHARTS`](super::CHARTS); none: no chart.
    Chart(Option<String>),
    /// Shows the figures of a remembered moment beside those of now; none: no longer.
    Compare(Option<String>),
}

/// A neuron as a tour names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TourNeuron {
    /// By its place in a population.
    Index {
        /// Which population.
        population: String,
        /// From 0.
        index: u32,
    },
    /// The one that has spiked most in the last seconds.
    MostActive {
        /// Which population.
        population: String,
    },
    /// The output neuron that has learnt this class best.
    OfClass(u8),
}

/// Neurons as a tour names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TourSelection {
    /// None.
    Nothing,
    /// All.
    Everything,
    /// A population.
    Population(String),
    /// The neurons that stand for a class.
    Class(u8),
    /// Some of a population, by their places in it.
    Neurons {
        /// Which population.
        population: String,
        /// From 0.
        indices: Vec<u32>,
    },
}
