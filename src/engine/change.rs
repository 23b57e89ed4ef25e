//! Live parameters: what may change in a running network.

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
}
