//! Live parameters: what may change in a running network.

use std::sync::Arc;

use crate::model::Receptor;

/// A change of a running network, in force from the next step on. Populations and projections by index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Plasticity and threshold adaptation on or off everywhere.
    Learning(bool),
    /// Multiplies the learning rates of a projection's rule; 1 is as built.
    LearningRate {
        /// Projection.
        projection: usize,
        /// 0 or more.
        factor: f32,
    },
    /// Multiplies all input that a population gets at one receptor; 1 is as built.
    ReceptorGain {
        /// Population.
        population: usize,
        /// Which input.
        receptor: Receptor,
        /// 0 or more.
        factor: f32,
    },
    /// Constant drive of a population, mV.
    Drive {
        /// Population.
        population: usize,
        /// mV.
        drive_mv: f64,
    },
    /// Rate of a population's background input, Hz.
    BackgroundRate {
        /// Population.
        population: usize,
        /// Hz.
        rate_hz: f64,
    },
    /// The threshold of a projection's next pruning period, as a share of weight_max.
    PruningThreshold {
        /// Projection.
        projection: usize,
        /// 0 to 1.
        threshold: f32,
    },
    /// Holds neurons at rest, so that they cannot spike, or lets them go. Their input goes on arriving.
    Silence {
        /// Ids, in any order.
        neurons: Arc<[u32]>,
        /// Hold or let go.
        on: bool,
    },
    /// Drives neurons beside everything else that drives them, from the next step on. Another stimulus of the same
    /// neuron takes the place of this one; sources have no membrane and take none.
    Stimulate {
        /// Ids, in any order.
        neurons: Arc<[u32]>,
        /// The depolarisation that the stimulus alone would settle at, mV.
        mv: f32,
        /// For this long, ms; rounded to steps.
        duration_ms: f32,
    },
    /// Removes neurons for good: they never spike again, and their synapses count as pruned, so that they transmit
    /// nothing and do not learn. Spikes that they sent before still arrive.
    Lesion {
        /// Ids, in any order.
        neurons: Arc<[u32]>,
    },
}

impl Change {
    /// For people: what changes, without lists of neurons.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Silence { neurons, on: true } => format!("silence of {}", counted(neurons.len())),
            Self::Silence { neurons, on: false } => format!("end of the silence of {}", counted(neurons.len())),
            Self::Stimulate { neurons, mv, duration_ms } => {
                format!("stimulus of {mv} mV for {duration_ms} ms to {}", counted(neurons.len()))
            }
            Self::Lesion { neurons } => format!("lesion of {}", counted(neurons.len())),
            other => format!("{other:?}"),
        }
    }
}

fn counted(neurons: usize) -> String {
    if neurons == 1 { "1 neuron".to_owned() } else { format!("{neurons} neurons") }
}
