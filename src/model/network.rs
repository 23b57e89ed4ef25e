//! The compiled network: populations with contiguous neuron ids, projections with their synapses, and nothing left to
//! decide. A scene becomes one of these; both engines, the renderer and the recorder read it and never change it.
//!
//! Units: membrane values are kept relative to each population's resting potential, in mV; weights are in mV for delta
//! and current synapses and in leak conductances (dimensionless) for conductance synapses; delays are in steps.

/// A network ready to run.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The scene's name.
    pub name: String,
    /// Step, ms.
    pub dt_ms: f64,
    /// The run's seed.
    pub seed: u64,
    /// In order of neuron id, without gaps.
    pub populations: Vec<Population>,
    /// In the order the scene gives them.
    pub projections: Vec<Projection>,
    /// Per neuron, in scene units; the renderer's world space is the same, y up.
    pub positions: Vec<[f32; 3]>,
    /// Per neuron: membrane value at the start, mV relative to rest. Zero for sources.
    pub initial_membrane_mv: Vec<f32>,
    /// Per neuron: excitatory and inhibitory synaptic state at the start, in units of weight. Empty: all zero.
    pub initial_synaptic: Vec<[f32; 2]>,
}

/// Neurons `first..first + size` that share one cell model.
#[derive(Clone, Debug)]
pub struct Population {
    /// As the scene names it.
    pub name: String,
    /// Id of the first neuron.
    pub first: u32,
    /// How many neurons.
    pub size: u32,
    /// What a neuron does.
    pub cell: Cell,
    /// Width and height when the neurons stand for an image or a sheet; `width * height == size`.
    pub shape: Option<[u32; 2]>,
    /// sRGB colour, 0 to 1.
    pub colour: [f32; 3],
}

impl Population {
    /// The neuron ids.
    #[must_use]
    pub const fn neurons(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.size
    }
}

/// What a neuron of a population does.
#[derive(Clone, Debug)]
pub enum Cell {
    /// Leaky integrate-and-fire.
    Lif(Lif),
    /// Makes spikes without integrating anything.
    Source(Source),
}

/// A population that only sends spikes.
#[derive(Clone, Debug)]
pub enum Source {
    /// Independent Poisson spikes (at most one a step). The rate can be set per neuron while running, which is how
    /// images are shown.
    Poisson {
        /// Hz, every neuron's at the start.
        rate_hz: f64,
    },
    /// Given spikes: per neuron, ascending steps (1 is the end of the first step).
    SpikeList(Vec<Vec<u32>>),
}

/// A leaky integrate-and-fire cell with two receptors.
#[derive(Clone, Debug)]
pub struct Lif {
    /// Resting potential, mV; everything else is stored relative to it inside the engines.
    pub v_rest_mv: f64,
    /// After a spike, mV.
    pub v_reset_mv: f64,
    /// Spikes at or above, mV (plus theta where the threshold adapts).
    pub v_threshold_mv: f64,
    /// Membrane time constant, ms.
    pub tau_membrane_ms: f64,
    /// Held at reset for this long, ms; rounded to steps.
    pub refractory_ms: f64,
    /// How input acts.
    pub synapse: SynapseModel,
    /// Constant drive: the depolarisation it would settle at, mV (that is, resistance times current).
    pub drive_mv: f64,
    /// Steps of the drive, ascending by time: from `time_ms` on, `drive_mv` is this.
    pub drive_steps: Vec<(f64, f64)>,
    /// Independent Poisson input to every neuron.
    pub background: Option<Background>,
    /// Threshold that rises with each spike.
    pub adaptive_threshold: Option<AdaptiveThreshold>,
}

/// How a synapse's weight acts on the membrane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SynapseModel {
    /// The membrane jumps by the weight (mV); input during the refractory time is lost (NEST iaf_psc_delta).
    Delta,
    /// Exponential currents, weight in mV: `tau dv/dt = -v + g_e + g_i + drive` (Brette et al. 2007, benchmark 2).
    Current {
        /// Decay of the excitatory current, ms.
        tau_excitatory_ms: f64,
        /// Decay of the inhibitory current, ms.
        tau_inhibitory_ms: f64,
    },
    /// Exponential conductances, weight in leak conductances:
    /// `tau dv/dt = -v + g_e (E_e - v) + g_i (E_i - v) + drive` (Brette et al. 2007, benchmark 1).
    Conductance {
        /// Decay of the excitatory conductance, ms.
        tau_excitatory_ms: f64,
        /// Decay of the inhibitory conductance, ms.
        tau_inhibitory_ms: f64,
        /// Excitatory reversal potential, mV (absolute).
        reversal_excitatory_mv: f64,
        /// Inhibitory reversal potential, mV (absolute).
        reversal_inhibitory_mv: f64,
    },
}

impl SynapseModel {
    /// Input accumulators per neuron: one for delta synapses, one per receptor otherwise.
    #[must_use]
    pub const fn port_count(self) -> u32 {
        match self {
            Self::Delta => 1,
            Self::Current { .. } | Self::Conductance { .. } => 2,
        }
    }
}

/// Poisson input from outside, the same for every neuron of a population and independent between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Background {
    /// Summed over all its sources, Hz.
    pub rate_hz: f64,
    /// Weight of one event, in the population's weight unit.
    pub weight: f64,
    /// Where it arrives.
    pub receptor: Receptor,
}

/// Homeostasis of Diehl and Cook 2015: each spike raises the neuron's threshold, which relaxes slowly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveThreshold {
    /// At the start, mV above `v_threshold_mv`.
    pub initial_mv: f64,
    /// Added by each spike while learning is on, mV.
    pub increment_mv: f64,
    /// Relaxation time constant, ms.
    pub tau_ms: f64,
}

/// Which of a neuron's two inputs a synapse feeds. Delta cells have one input that takes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Receptor {
    /// g_e
    #[default]
    Excitatory,
    /// g_i
    Inhibitory,
}

/// Synapses from one population to another.
#[derive(Clone, Debug)]
pub struct Projection {
    /// As the scene names it, or `source -> target`.
    pub name: String,
    /// Index of the source population.
    pub source: usize,
    /// Index of the target population.
    pub target: usize,
    /// Which input it feeds.
    pub receptor: Receptor,
    /// Which synapses exist.
    pub connectivity: Connectivity,
    /// Their weights at the start.
    pub weights: Weights,
    /// Their delays.
    pub delays: Delays,
    /// How weights change with spikes.
    pub plasticity: Option<Plasticity>,
    /// Sum that each target neuron's incoming weights are scaled to, when asked to normalise.
    pub normalised_sum: Option<f32>,
    /// How synapses are removed.
    pub pruning: Option<Pruning>,
}

/// Which synapses of a projection exist. Ids inside are local to the populations.
#[derive(Clone, Debug)]
pub enum Connectivity {
    /// Neuron k to neuron k. Never stored.
    OneToOne,
    /// Every source to every target: synapse id = source * target size + target. Stored only when weights differ.
    AllToAll,
    /// Every source k to every target but target k (populations of equal size, often the same one), one constant
    /// weight. Never stored: delivered as the sum of all minus source k's own.
    AllButSelf,
    /// Compressed rows by source: the synapses of source s are `row_start[s]..row_start[s + 1]`, and `target` holds
    /// their targets, sorted within the row by (delay, target).
    Sparse {
        /// Source size + 1 entries.
        row_start: Vec<u32>,
        /// Per synapse.
        target: Vec<u32>,
    },
}

/// Weights of a projection at the start. Signed for delta and current synapses, never negative for plastic ones and
/// conductances.
#[derive(Clone, Debug)]
pub enum Weights {
    /// One for all.
    Constant(f32),
    /// By synapse id.
    PerSynapse(Vec<f32>),
}

impl Weights {
    /// The weight of a synapse.
    #[must_use]
    pub fn get(&self, synapse: usize) -> f32 {
        match self {
            Self::Constant(weight) => *weight,
            Self::PerSynapse(weights) => weights[synapse],
        }
    }
}

/// Delays of a projection in whole steps, at least 1. A spike stamped s (the end of its step) acts on the target's
/// synaptic state at s + delay, so it can change the membrane from that step's end on.
#[derive(Clone, Debug)]
pub enum Delays {
    /// One for all.
    Constant(u32),
    /// By synapse id.
    PerSynapse(Vec<u16>),
}

impl Delays {
    /// The delay of a synapse, steps.
    #[must_use]
    pub fn get(&self, synapse: usize) -> u32 {
        match self {
            Self::Constant(steps) => *steps,
            Self::PerSynapse(steps) => u32::from(steps[synapse]),
        }
    }

    /// The longest delay, steps.
    #[must_use]
    pub fn max(&self) -> u32 {
        match self {
            Self::Constant(steps) => *steps,
            Self::PerSynapse(steps) => u32::from(steps.iter().copied().max().unwrap_or(1)),
        }
    }
}

/// Spike-timing-dependent plasticity of a projection. Pre and post events are the spikes' own steps: delays postpone
/// transmission, not learning. Within a step, pre events come first: a pre event does not see this step's post spike,
/// a post event does see this step's pre spike.
#[derive(Clone, Debug, PartialEq)]
pub struct Plasticity {
    /// The rule.
    pub rule: Rule,
    /// Weights stay in `[0, weight_max]`.
    pub weight_max: f32,
}

/// The learning rules. `w` is weight / weight_max inside all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Pair STDP, all-to-all traces of height 1 (Morrison, Diesmann, Gerstner 2008; Guetig et al. 2003):
    /// on pre `w -= alpha lambda w^mu_minus K_post`, on post `w += lambda (1 - w)^mu_plus K_pre`.
    /// mu 0 is the additive rule, mu 1 the multiplicative one.
    Pair {
        /// Decay of the pre trace, ms.
        tau_plus_ms: f64,
        /// Decay of the post trace, ms.
        tau_minus_ms: f64,
        /// Learning rate.
        lambda: f64,
        /// Depression over potentiation.
        alpha: f64,
        /// Weight dependence of potentiation.
        mu_plus: f64,
        /// Weight dependence of depression.
        mu_minus: f64,
    },
    /// The triplet-like rule of Diehl and Cook's published code; traces are set to 1 by a spike:
    /// on pre `w -= rate_pre post1`, on post `w += rate_post pre post2` with post2 from before this spike.
    DiehlCook {
        /// Decay of the pre trace, ms.
        tau_pre_ms: f64,
        /// Decay of the fast post trace, ms.
        tau_post1_ms: f64,
        /// Decay of the slow post trace, ms.
        tau_post2_ms: f64,
        /// Depression on a pre spike.
        rate_pre: f64,
        /// Potentiation on a post spike.
        rate_post: f64,
    },
    /// Post-only power law (Diehl and Cook 2015, equation 1; Querlioz et al. 2013); pre trace set to 1 by a spike:
    /// on post `w += rate (pre - target_trace) (1 - w)^mu`.
    PostPowerLaw {
        /// Decay of the pre trace, ms.
        tau_pre_ms: f64,
        /// Learning rate.
        rate: f64,
        /// Pre trace at which a post spike changes nothing.
        target_trace: f64,
        /// Weight dependence.
        mu: f64,
    },
}

/// Removal of synapses, one period at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Pruning {
    /// Which synapses go.
    pub policy: PruningPolicy,
    /// Periods: every so many ms of simulated time, when not tied to presentations.
    pub every_ms: Option<f64>,
    /// Periods: every so many presentations of a learning protocol.
    pub every_presentations: Option<u32>,
    /// No period before this time, ms.
    pub start_ms: f64,
    /// No period before this many presentations.
    pub start_presentations: u32,
    /// Stop when this share of the synapses is gone, 0 to 1.
    pub target_compression: f32,
    /// Every target neuron keeps at least this many inputs (its strongest).
    pub floor_per_neuron: u32,
    /// No more periods than this.
    pub periods: Option<u32>,
    /// Progressive policy: reinforce before the threshold is applied, not after.
    pub reinforce_first: bool,
    /// Normalising brings the mean over all inputs, pruned ones left out of the sum but not of the mean's count, to its
    /// goal no more: a target's sum shrinks with its share of surviving inputs. Otherwise survivors take over the
    /// whole sum.
    pub normalise_over_all: bool,
}

impl Pruning {
    /// True where a period or the normalisation goes by inputs that are gone, or by ids of synapses: those have to stay
    /// where they were.
    #[must_use]
    pub const fn counts_pruned_inputs(&self) -> bool {
        self.normalise_over_all
            || matches!(self.policy, PruningPolicy::Percentile { .. } | PruningPolicy::Random { .. })
    }
}

impl Default for Pruning {
    /// The static threshold, only when asked, without floor or end.
    fn default() -> Self {
        Self {
            policy: PruningPolicy::Static { threshold: 0.2 },
            every_ms: None,
            every_presentations: None,
            start_ms: 0.0,
            start_presentations: 0,
            target_compression: 1.0,
            floor_per_neuron: 0,
            periods: None,
            reinforce_first: false,
            normalise_over_all: false,
        }
    }
}

/// How a period's threshold comes about. Thresholds are in units of `weight_max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PruningPolicy {
    /// Always the same threshold, no reinforcement.
    Static {
        /// Weights below go.
        threshold: f32,
    },
    /// Elbez et al. 2022: `T(n+1) = T(n) + alpha * remaining / total` starting at `initial`; survivors of a period
    /// are reinforced, `W(n+1) = W(n) + beta * T(n)`, and stay within `[0, 1]`. T never passes the cap.
    Progressive {
        /// Growth of the threshold.
        alpha: f32,
        /// Reinforcement of survivors.
        beta: f32,
        /// The highest threshold.
        cap: f32,
        /// Threshold of the first period (the thesis calls alpha the initial threshold).
        initial: f32,
    },
    /// Soft pruning (after Shi et al. 2019): weights below the threshold are set to a constant, and may learn again.
    Soft {
        /// Weights below are set back.
        threshold: f32,
        /// To this.
        weight: f32,
    },
    /// Every target loses the same share of its inputs, its weakest.
    Percentile {
        /// Share of a target's inputs at the start that goes in one period.
        share: f32,
    },
    /// The control: every target loses the same share of its inputs, whichever. The draw is one per synapse, from the
    /// seed.
    Random {
        /// Share of a target's inputs at the start that goes in one period.
        share: f32,
    },
}

impl PruningPolicy {
    /// The threshold of the first period.
    #[must_use]
    pub const fn first_threshold(self) -> f32 {
        match self {
            Self::Static { threshold } | Self::Soft { threshold, .. } => threshold,
            Self::Progressive { initial, cap, .. } => initial.min(cap),
            Self::Percentile { .. } | Self::Random { .. } => 0.0,
        }
    }
}

impl Projection {
    /// True when every synapse has a weight of its own that can change: plastic, normalised or pruned projections.
    #[must_use]
    pub const fn is_mutable(&self) -> bool {
        self.plasticity.is_some() || self.pruning.is_some() || self.normalised_sum.is_some()
    }

    /// The largest weight a synapse can have: the rule's, or 1 where only pruning applies.
    #[must_use]
    pub fn weight_max(&self) -> f32 {
        self.plasticity.as_ref().map_or(1.0, |p| p.weight_max)
    }
}

impl Network {
    /// All neurons.
    #[must_use]
    pub fn neuron_count(&self) -> u32 {
        self.populations.iter().map(|p| p.size).sum()
    }

    /// Synapses of a projection, whether stored or not.
    #[must_use]
    pub fn synapse_count_of(&self, projection: usize) -> u64 {
        let p = &self.projections[projection];
        let (sources, targets) =
            (u64::from(self.populations[p.source].size), u64::from(self.populations[p.target].size));
        match &p.connectivity {
            Connectivity::OneToOne => sources.min(targets),
            Connectivity::AllToAll => sources * targets,
            Connectivity::AllButSelf => sources * targets.saturating_sub(1),
            Connectivity::Sparse { target, .. } => target.len() as u64,
        }
    }

    /// All synapses.
    #[must_use]
    pub fn synapse_count(&self) -> u64 {
        (0..self.projections.len()).map(|p| self.synapse_count_of(p)).sum()
    }

    /// The longest delay of any projection, steps; at least 1.
    #[must_use]
    pub fn max_delay_steps(&self) -> u32 {
        self.projections.iter().map(|p| p.delays.max()).max().unwrap_or(1).max(1)
    }

    /// The index of the population called `name`.
    #[must_use]
    pub fn population_named(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|p| p.name == name)
    }

    /// The index of the population that `neuron` belongs to; the last one for ids beyond the network.
    #[must_use]
    pub fn population_of(&self, neuron: u32) -> usize {
        self.populations.partition_point(|p| p.first + p.size <= neuron).min(self.populations.len().saturating_sub(1))
    }

    /// Source and target (local ids) of a synapse of a projection.
    #[must_use]
    pub fn ends_of(&self, projection: usize, synapse: u64) -> (u32, u32) {
        let p = &self.projections[projection];
        let targets = u64::from(self.populations[p.target].size);
        match &p.connectivity {
            Connectivity::OneToOne => (synapse as u32, synapse as u32),
            Connectivity::AllToAll => ((synapse / targets) as u32, (synapse % targets) as u32),
            Connectivity::AllButSelf => {
                let (source, nth) = (synapse / (targets - 1), synapse % (targets - 1));
                (source as u32, (nth + u64::from(nth >= source)) as u32)
            }
            Connectivity::Sparse { row_start, target } => {
                let source = row_start.partition_point(|&start| u64::from(start) <= synapse) - 1;
                (source as u32, target[synapse as usize])
            }
        }
    }
}
