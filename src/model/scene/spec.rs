//! What a scene says, checked and in plain values: sizes resolved, names turned into indices, weights in the network's
//! units. In: the parsed sections. Out: what `compile` builds a network from.

use std::path::PathBuf;

use super::tree::Place;
use crate::model::layout::Layout;
use crate::model::{Cell, Plasticity, Pruning, Receptor};

/// A random or constant number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Distribution {
    /// Always the same.
    Constant(f64),
    /// Evenly from `low` to `high`.
    Uniform {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
    },
    /// Normal, then clamped to `low..=high`.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
        /// Smallest after clamping.
        low: f64,
        /// Largest after clamping.
        high: f64,
    },
    /// `base + per_unit * distance` between the two neurons (scene units); for synapses only.
    Distance {
        /// At distance 0.
        base: f64,
        /// Per scene unit.
        per_unit: f64,
    },
    /// One value per neuron from an array of an .npz file; for initial values only.
    File {
        /// The .npz file.
        path: PathBuf,
        /// The array in it.
        array: String,
        /// Entry of the first neuron.
        first: usize,
    },
}

impl Distribution {
    /// The same distribution of values times `factor`.
    pub(crate) fn scaled(&self, factor: f64) -> Self {
        let order = |a: f64, b: f64| if factor < 0.0 { (b * factor, a * factor) } else { (a * factor, b * factor) };
        match self {
            Self::Constant(value) => Self::Constant(value * factor),
            Self::Uniform { low, high } => {
                let (low, high) = order(*low, *high);
                Self::Uniform { low, high }
            }
            Self::Normal { mean, sd, low, high } => {
                let (low, high) = order(*low, *high);
                Self::Normal { mean: mean * factor, sd: sd * factor.abs(), low, high }
            }
            Self::Distance { base, per_unit } => Self::Distance { base: base * factor, per_unit: per_unit * factor },
            Self::File { .. } => self.clone(),
        }
    }

    /// The smallest and largest value it can give, where that is known.
    pub(crate) const fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Constant(value) => Some((*value, *value)),
            Self::Uniform { low, high } | Self::Normal { low, high, .. } => Some((*low, *high)),
            Self::Distance { .. } | Self::File { .. } => None,
        }
    }

    /// Its mean, ignoring clamping.
    pub(crate) const fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => 0.5 * (*low + *high),
            Self::Normal { mean, .. } => *mean,
            Self::Distance { base, .. } => *base,
            Self::File { .. } => 0.0,
        }
    }
}

/// A population as the scene gives it.
#[derive(Clone, Debug)]
pub(crate) struct PopulationSpec {
    /// Name.
    pub(crate) name: String,
    /// Where its table stands.
    pub(crate) place: Place,
    /// Neurons.
    pub(crate) size: u32,
    /// What a neuron does; spike lists in files are filled in when compiling.
    pub(crate) cell: Cell,
    /// Leak conductance, nS, where given.
    pub(crate) leak_ns: Option<f64>,
    /// File of a spike list.
    pub(crate) spike_file: Option<PathBuf>,
    /// Width and height.
    pub(crate) shape: Option<[u32; 2]>,
    /// Where the neurons are.
    pub(crate) layout: Layout,
    /// sRGB, 0 to 1.
    pub(crate) colour: [f32; 3],
    /// mV, absolute.
    pub(crate) initial_membrane_mv: Distribution,
    /// Excitatory and inhibitory synaptic state, units of weight.
    pub(crate) initial_synaptic: [Distribution; 2],
}

/// A projection between two populations.
#[derive(Clone, Debug)]
pub(crate) struct ProjectionSpec {
    /// Name.
    pub(crate) name: String,
    /// Where its table stands.
    pub(crate) place: Place,
    /// Its dotted path.
    pub(crate) path: String,
    /// Index of the source population.
    pub(crate) source: usize,
    /// Index of the target population.
    pub(crate) target: usize,
    /// Which input it feeds.
    pub(crate) receptor: Receptor,
    /// Which synapses exist.
    pub(crate) rule: RuleSpec,
    /// Neurons may connect to themselves.
    pub(crate) autapses: bool,
    /// Network units.
    pub(crate) weight: Distribution,
    /// The weights stand in the list file.
    pub(crate) weight_from_file: bool,
    /// Factor from the file's weights to network units.
    pub(crate) weight_factor: f64,
    /// ms.
    pub(crate) delay_ms: Distribution,
    /// The delays stand in the list file.
    pub(crate) delay_from_file: bool,
    /// Learning.
    pub(crate) plasticity: Option<Plasticity>,
    /// Sum of every target's incoming weights.
    pub(crate) normalised_sum: Option<f32>,
    /// Pruning.
    pub(crate) pruning: Option<Pruning>,
}

/// Which synapses a projection has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RuleSpec {
    /// Every source to every target.
    AllToAll,
    /// Neuron k to neuron k.
    OneToOne,
    /// Every source to every target but itself.
    AllButSelf,
    /// Every pair by itself.
    FixedProbability(f64),
    /// Every target draws its sources.
    FixedInDegree {
        /// Inputs per target.
        degree: u32,
        /// The same source may be drawn twice.
        multapses: bool,
    },
    /// Every source draws its targets.
    FixedOutDegree {
        /// Outputs per source.
        degree: u32,
        /// The same target may be drawn twice.
        multapses: bool,
    },
    /// Every pair by itself, less likely with distance.
    Distance(Kernel),
    /// From a file.
    List(ListFile),
}

/// Probability by distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kernel {
    /// At distance 0.
    pub(crate) probability: f64,
    /// How it falls.
    pub(crate) shape: KernelShape,
    /// No synapses beyond, scene units.
    pub(crate) radius: f64,
    /// The target's layout is closed on itself.
    pub(crate) torus: bool,
    /// Axes along which distance is measured.
    pub(crate) axes: [bool; 3],
}

/// How probability falls with distance r.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum KernelShape {
    /// `exp(-r^2 / (2 sigma^2))`
    Gaussian(f64),
    /// `exp(-r / lambda)`
    Exponential(f64),
    /// 1 up to the radius.
    Flat,
}

impl KernelShape {
    /// The factor at distance `r`.
    pub(crate) fn at(self, r: f64) -> f64 {
        match self {
            Self::Gaussian(sigma) => (-0.5 * (r / sigma).powi(2)).exp(),
            Self::Exponential(lambda) => (-r / lambda).exp(),
            Self::Flat => 1.0,
        }
    }
}

/// Synapses in a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ListFile {
    /// .npz or .parquet.
    pub(crate) path: PathBuf,
    /// Ids count over the whole network; rows of other populations are skipped. Otherwise ids are local and rows
    /// beyond the populations are errors.
    pub(crate) global_ids: bool,
    /// Name of the array of weights, where not a usual one.
    pub(crate) weight_array: Option<String>,
}
