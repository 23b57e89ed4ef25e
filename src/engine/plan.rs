//! Numbers derived from a [`Network`] once, in f64, and used by both engines as they are: propagators, fixed-point
//! scales, random thresholds, the layout of input ports and of traces. If the engines agree spike for spike, it is
//! because neither computes any of this itself.

use bytemuck::{Pod, Zeroable};

use crate::model::decay::{DecayTable, PowerTable};
use crate::model::{Cell, Connectivity, Network, Projection, Receptor, Rule, Source, SynapseModel, Weights};

/// Cell kinds, as [`PopulationParameters::cell`] holds them.
pub const CELL_DELTA: u32 = 0;
/// Current synapses.
pub const CELL_CURRENT: u32 = 1;
/// Conductance synapses.
pub const CELL_CONDUCTANCE: u32 = 2;
/// Poisson source.
pub const CELL_POISSON: u32 = 3;
/// Spike list source.
pub const CELL_SPIKE_LIST: u32 = 4;

/// Time constant of the rate trace that every neuron has (used for colours, not for the dynamics), ms.
pub const RATE_TAU_MS: f64 = 250.0;

/// Largest background count in one step; the table is cut there (its tail is below 2^-32 for means up to about 180).
const BACKGROUND_COUNT_MAX: usize = 256;

/// One population, as the kernels see it. 32 words of 4 bytes; WGSL twin in `shaders/common/population.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PopulationParameters {
    /// First neuron id.
    pub first: u32,
    /// Neurons.
    pub size: u32,
    /// One of the `CELL_` constants.
    pub cell: u32,
    /// Refractory time, steps.
    pub refractory_steps: u32,
    /// mV relative to rest, without theta.
    pub threshold_mv: f32,
    /// mV relative to rest.
    pub reset_mv: f32,
    /// Drive, mV.
    pub drive_mv: f32,
    /// `exp(-dt / tau_membrane)`
    pub membrane_propagator: f32,
    /// `exp(-dt / tau_excitatory)`
    pub excitatory_propagator: f32,
    /// `exp(-dt / tau_inhibitory)`
    pub inhibitory_propagator: f32,
    /// What one unit of excitatory current adds to the membrane over a step (current synapses).
    pub excitatory_to_membrane: f32,
    /// The same for inhibitory current.
    pub inhibitory_to_membrane: f32,
    /// Excitatory reversal potential, mV relative to rest (conductance synapses).
    pub excitatory_reversal_mv: f32,
    /// Inhibitory reversal potential, mV relative to rest.
    pub inhibitory_reversal_mv: f32,
    /// `dt / tau_membrane`
    pub dt_over_tau: f32,
    /// Weight of one fixed-point unit of excitatory input, live gain included.
    pub excitatory_unit: f32,
    /// The same for inhibitory input.
    pub inhibitory_unit: f32,
    /// Added to theta by a spike while learning, mV.
    pub theta_increment_mv: f32,
    /// Theta is multiplied by this every `theta_interval` steps (each single step's factor would be lost in f32).
    pub theta_decay: f32,
    /// A power of two; theta decays in steps that are its multiples.
    pub theta_interval: u32,
    /// Input ports: excitatory input of local neuron k is port `port_first + k`, inhibitory
    /// `port_first + size + k` (delta cells: all input at the first).
    pub port_first: u32,
    /// 0 for sources, 1 for delta cells, else 2.
    pub port_count: u32,
    /// Sources: index of the first neuron in the arrays of rates or lists.
    pub source_first: u32,
    /// First entry in [`Plan::background_tables`]; the table ends with `u32::MAX`.
    pub background_first: u32,
    /// Entries, 0 without background.
    pub background_len: u32,
    /// One background event in fixed point.
    pub background_weight: i32,
    /// 0 excitatory, 1 inhibitory.
    pub background_receptor: u32,
    /// First trace of this population in [`Plan::traces`].
    pub trace_first: u32,
    /// Traces of this population; the first is always the rate trace.
    pub trace_count: u32,
    /// GPU engine, one-workgroup path: the slot that holds the first neurons.
    pub first_slot: u32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// One trace of one population: for each neuron, the trace's value just before its last spike. WGSL twin in
/// `shaders/common/trace.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct TraceParameters {
    /// Local neuron k's value is entry `first + k` of the trace array.
    pub first: u32,
    /// First entry of the decay table in [`Plan::decay_tables`].
    pub table_first: u32,
    /// Entries of the decay table; the trace is 0 beyond.
    pub table_len: u32,
    /// 1: a spike adds 1. 0: a spike sets it to 1.
    pub accumulates: u32,
}

/// The learning rule of one projection, as the kernels see it. WGSL twin in `shaders/common/rule.wgsl`.
///
/// Written once for all rules, on `w` = share of weight_max:
/// on pre `w -= depression * f(w, power_minus) * trace_post1`,
/// on post `w += potentiation * f(1 - w, power_plus) * (trace_pre - target_trace) * (trace_post2 or 1)`,
/// then clamped to `[0, 1]`; `f(x, table)` is `x^mu`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct RuleParameters {
    /// Factor of the pre part; 0: a pre spike changes nothing.
    pub depression: f32,
    /// Factor of the post part.
    pub potentiation: f32,
    /// Subtracted from the pre trace in the post part.
    pub target_trace: f32,
    /// Kind of `mu_minus`: 0 constant 1, 1 identity, 2 table.
    pub mu_minus_kind: u32,
    /// Kind of `mu_plus`.
    pub mu_plus_kind: u32,
    /// First entry of the mu_minus table in [`Plan::power_tables`].
    pub mu_minus_table: u32,
    /// First entry of the mu_plus table.
    pub mu_plus_table: u32,
    /// Index of the pre trace in [`Plan::traces`].
    pub trace_pre: u32,
    /// Index of the post trace used on pre.
    pub trace_post1: u32,
    /// Index of the post trace used on post (its value from before the spike); `u32::MAX`: none.
    pub trace_post2: u32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// A step of a population's drive ([`Lif::drive_steps`](crate::model::Lif::drive_steps)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriveChange {
    /// In force from this step on (the step that ends at `step * dt`): `round(time_ms / dt) + 1`.
    pub step: u32,
    /// Population.
    pub population: usize,
    /// mV.
    pub drive_mv: f32,
}

/// What both engines need to know of a projection beyond the [`Network`].
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionPlan {
    /// Fixed point per unit of weight at the target's receptor (a power of two).
    pub scale: f32,
    /// Fixed point of a mutable projection's share 1: weight_max * scale, negative where input inhibits by current.
    pub delivery_factor: f32,
    /// Added to a target's local id to get its port.
    pub port_first: u32,
    /// Index into the group ring (input that all neurons of the target share): 2 * population + receptor.
    pub group: u32,
    /// The rule, for plastic projections.
    pub rule: Option<RuleParameters>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Per population.
    pub populations: Vec<PopulationParameters>,
    /// Per projection.
    pub projections: Vec<ProjectionPlan>,
    /// Slots of the input ring: longest delay + 1. Input arriving at step s lies in slot s % ring_slots, entry
    /// `slot * port_count + port`.
    pub ring_slots: u32,
    /// All input ports.
    pub port_count: u32,
    /// Traces of all populations. The first `populations.len()` are the rate traces, so that entry n of the trace
    /// array is neuron n's rate trace; then come those of the learning rules.
    /// [`PopulationParameters::trace_first`] indexes [`Self::population_traces`].
    pub traces: Vec<TraceParameters>,
    /// Indices into `traces`, grouped by population.
    pub population_traces: Vec<u32>,
    /// Entries of the trace array.
    pub trace_len: u32,
    /// All decay tables, one after the other.
    pub decay_tables: Vec<f32>,
    /// All power tables, one after the other.
    pub power_tables: Vec<f32>,
    /// All background tables: ascending thresholds; the count of a random number r is how many are <= r.
    pub background_tables: Vec<u32>,
    /// Per Poisson source neuron: spikes when its random number is below. Populations one after the other.
    pub source_thresholds: Vec<u32>,
    /// Fixed-point scale per population and receptor.
    pub scales: Vec<[f32; 2]>,
    /// Steps of the drives of all populations, ascending by step.
    pub drive_changes: Vec<DriveChange>,
}

impl Plan {
    /// Derives everything from the network.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let dt_ms = network.dt_ms;
        let mut tables = Tables::new(dt_ms);
        let scales = fixed_point_scales(network);
        let mut background_tables = Vec::new();
        let mut source_thresholds = Vec::new();
        let mut spike_list_neurons = 0;
        let mut port_count = 0;
        let mut populations = Vec::with_capacity(network.populations.len());
        for (index, population) in network.populations.iter().enumerate() {
            let mut p = PopulationParameters {
                first: population.first,
                size: population.size,
                port_first: port_count,
                theta_interval: 1,
                theta_decay: 1.0,
                ..Default::default()
            };
            match &population.cell {
                Cell::Lif(lif) => {
                    lif_parameters(lif, dt_ms, &mut p);
                    p.excitatory_unit = 1.0 / scales[index][0];
                    p.inhibitory_unit = 1.0 / scales[index][1];
                    if let Some(background) = lif.background {
                        let receptor = receptor_index(lif.synapse, background.receptor);
                        p.background_first = background_tables.len() as u32;
                        let table = background_table(background.rate_hz * dt_ms * 1e-3);
                        p.background_len = table.len() as u32;
                        background_tables.extend(table);
                        p.background_weight = (background.weight * f64::from(scales[index][receptor])).round() as i32;
                        p.background_receptor = receptor as u32;
                    }
                }
                Cell::Source(Source::Poisson { rate_hz }) => {
                    p.cell = CELL_POISSON;
                    p.source_first = source_thresholds.len() as u32;
                    source_thresholds.extend((0..population.size).map(|_| poisson_threshold(*rate_hz, dt_ms)));
                }
                Cell::Source(Source::SpikeList(_)) => {
                    p.cell = CELL_SPIKE_LIST;
                    p.source_first = spike_list_neurons;
                    spike_list_neurons += population.size;
                }
            }
            port_count += p.port_count * population.size;
            tables.rate_trace(population.first);
            populations.push(p);
        }
        tables.len = network.neuron_count();
        let projections: Vec<ProjectionPlan> = network
            .projections
            .iter()
            .map(|projection| projection_plan(network, projection, &populations, &scales, &mut tables))
            .collect();
        let mut population_traces = Vec::new();
        for (index, p) in populations.iter_mut().enumerate() {
            p.trace_first = population_traces.len() as u32;
            population_traces.extend((0..tables.traces.len()).filter(|&t| tables.owners[t] == index).map(|t| t as u32));
            p.trace_count = population_traces.len() as u32 - p.trace_first;
        }
        Self {
            populations,
            projections,
            ring_slots: network.max_delay_steps() + 1,
            port_count,
            traces: tables.traces,
            population_traces,
            trace_len: tables.len,
            decay_tables: tables.decay,
            power_tables: tables.power,
            background_tables,
            source_thresholds,
            scales,
            drive_changes: drive_changes(network),
        }
    }

    /// Drive and background of a population again, after a live change.
    #[must_use]
    pub fn background_table(rate_hz: f64, dt_ms: f64) -> Vec<u32> {
        background_table(rate_hz * dt_ms * 1e-3)
    }
}

fn drive_changes(network: &Network) -> Vec<DriveChange> {
    let mut changes = Vec::new();
    for (population, cell) in network.populations.iter().map(|p| &p.cell).enumerate() {
        let Cell::Lif(lif) = cell else { continue };
        changes.extend(lif.drive_steps.iter().map(|&(time_ms, drive_mv)| DriveChange {
            step: (time_ms / network.dt_ms).round().clamp(0.0, f64::from(u32::MAX - 1)) as u32 + 1,
            population,
            drive_mv: drive_mv as f32,
        }));
    }
    // Stable: of two changes of one population at one step, the later one given wins.
    changes.sort_by_key(|change| change.step);
    changes
}

/// The random threshold below which a Poisson source spikes: rate * dt as a share of 2^32.
#[must_use]
pub(super) fn poisson_threshold(rate_hz: f64, dt_ms: f64) -> u32 {
    (rate_hz * dt_ms * 1e-3 * 4_294_967_296.0).round().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// 0 for the first port and group, 1 for the second; delta cells have only the first.
pub(super) fn receptor_index(synapse: SynapseModel, receptor: Receptor) -> usize {
    match (synapse, receptor) {
        (SynapseModel::Delta, _) | (_, Receptor::Excitatory) => 0,
        (_, Receptor::Inhibitory) => 1,
    }
}

fn lif_parameters(lif: &crate::model::Lif, dt_ms: f64, p: &mut PopulationParameters) {
    let tau = lif.tau_membrane_ms;
    p.refractory_steps = (lif.refractory_ms / dt_ms).round() as u32;
    p.threshold_mv = (lif.v_threshold_mv - lif.v_rest_mv) as f32;
    p.reset_mv = (lif.v_reset_mv - lif.v_rest_mv) as f32;
    p.drive_mv = lif.drive_mv as f32;
    p.membrane_propagator = (-dt_ms / tau).exp() as f32;
    p.dt_over_tau = (dt_ms / tau) as f32;
    p.port_count = lif.synapse.port_count();
    match lif.synapse {
        SynapseModel::Delta => p.cell = CELL_DELTA,
        SynapseModel::Current { tau_excitatory_ms, tau_inhibitory_ms } => {
            p.cell = CELL_CURRENT;
            p.excitatory_propagator = (-dt_ms / tau_excitatory_ms).exp() as f32;
            p.inhibitory_propagator = (-dt_ms / tau_inhibitory_ms).exp() as f32;
            p.excitatory_to_membrane = current_to_membrane(tau, tau_excitatory_ms, dt_ms) as f32;
            p.inhibitory_to_membrane = current_to_membrane(tau, tau_inhibitory_ms, dt_ms) as f32;
        }
        SynapseModel::Conductance {
            tau_excitatory_ms,
            tau_inhibitory_ms,
            reversal_excitatory_mv,
            reversal_inhibitory_mv,
        } => {
            p.cell = CELL_CONDUCTANCE;
            p.excitatory_propagator = (-dt_ms / tau_excitatory_ms).exp() as f32;
            p.inhibitory_propagator = (-dt_ms / tau_inhibitory_ms).exp() as f32;
            p.excitatory_reversal_mv = (reversal_excitatory_mv - lif.v_rest_mv) as f32;
            p.inhibitory_reversal_mv = (reversal_inhibitory_mv - lif.v_rest_mv) as f32;
        }
    }
    if let Some(theta) = lif.adaptive_threshold {
        p.theta_increment_mv = theta.increment_mv as f32;
        // Decay by about 1e-4 at a time: f32 holds that factor well, and a single step's would vanish.
        while f64::from(p.theta_interval) * dt_ms * 1e4 < theta.tau_ms && p.theta_interval < 1 << 20 {
            p.theta_interval *= 2;
        }
        p.theta_decay = (-f64::from(p.theta_interval) * dt_ms / theta.tau_ms).exp() as f32;
    }
}

/// Exact propagator element from an exponential current to the membrane over one step (Rotter and Diesmann 1999),
/// with its limit where both time constants are equal.
fn current_to_membrane(tau_membrane_ms: f64, tau_synapse_ms: f64, dt_ms: f64) -> f64 {
    let difference = tau_membrane_ms - tau_synapse_ms;
    if difference.abs() < 1e-9 * tau_membrane_ms {
        return dt_ms / tau_membrane_ms * (-dt_ms / tau_membrane_ms).exp();
    }
    tau_synapse_ms / difference * ((-dt_ms / tau_membrane_ms).exp() - (-dt_ms / tau_synapse_ms).exp())
}

/// Cumulative Poisson distribution as thresholds on a 32-bit random number.
fn background_table(mean: f64) -> Vec<u32> {
    if mean <= 0.0 {
        return Vec::new();
    }
    let mut term = (-mean).exp();
    let mut cumulative = term;
    let mut table = Vec::new();
    for count in 1..=BACKGROUND_COUNT_MAX {
        let threshold = (cumulative * 4_294_967_296.0).round();
        if threshold >= 4_294_967_295.0 {
            break;
        }
        table.push(threshold as u32);
        term *= mean / count as f64;
        cumulative += term;
    }
    table
}

fn projection_plan(
    network: &Network,
    projection: &Projection,
    populations: &[PopulationParameters],
    scales: &[[f32; 2]],
    tables: &mut Tables,
) -> ProjectionPlan {
    let target = &populations[projection.target];
    let (receptor, inhibits_by_current) = match &network.populations[projection.target].cell {
        Cell::Lif(lif) => (
            receptor_index(lif.synapse, projection.receptor),
            projection.receptor == Receptor::Inhibitory && !matches!(lif.synapse, SynapseModel::Conductance { .. }),
        ),
        Cell::Source(_) => (0, false),
    };
    let scale = scales[projection.target][receptor];
    let sign = if inhibits_by_current { -1.0 } else { 1.0 };
    ProjectionPlan {
        scale,
        delivery_factor: sign * projection.weight_max() * scale,
        port_first: target.port_first + receptor as u32 * target.size,
        group: 2 * projection.target as u32 + receptor as u32,
        rule: projection.plasticity.as_ref().map(|p| tables.rule(network, projection, &p.rule)),
    }
}

/// Collects decay tables, power tables and traces without keeping any twice.
struct Tables {
    dt_ms: f64,
    decay: Vec<f32>,
    decay_index: Vec<(f64, u32, u32)>,
    power: Vec<f32>,
    traces: Vec<TraceParameters>,
    owners: Vec<usize>,
    len: u32,
}

impl Tables {
    fn new(dt_ms: f64) -> Self {
        Self {
            dt_ms,
            decay: Vec::new(),
            decay_index: Vec::new(),
            power: Vec::new(),
            traces: Vec::new(),
            owners: Vec::new(),
            len: 0,
        }
    }

    fn decay_table(&mut self, tau_ms: f64) -> (u32, u32) {
        if let Some(&(_, first, len)) = self.decay_index.iter().find(|(tau, ..)| *tau == tau_ms) {
            return (first, len);
        }
        let table = DecayTable::new(tau_ms, self.dt_ms);
        let (first, len) = (self.decay.len() as u32, table.entries().len() as u32);
        self.decay.extend_from_slice(table.entries());
        self.decay_index.push((tau_ms, first, len));
        (first, len)
    }

    fn rate_trace(&mut self, first: u32) {
        let (table_first, table_len) = self.decay_table(RATE_TAU_MS);
        self.owners.push(self.traces.len());
        self.traces.push(TraceParameters { first, table_first, table_len, accumulates: 1 });
    }

    fn trace(&mut self, network: &Network, population: usize, tau_ms: f64, accumulates: bool) -> u32 {
        let (table_first, table_len) = self.decay_table(tau_ms);
        let rate_traces = network.populations.len();
        let same = |t: &TraceParameters| t.table_first == table_first && t.accumulates == u32::from(accumulates);
        if let Some(known) =
            (rate_traces..self.traces.len()).find(|&t| self.owners[t] == population && same(&self.traces[t]))
        {
            return known as u32;
        }
        self.owners.push(population);
        self.traces.push(TraceParameters {
            first: self.len,
            table_first,
            table_len,
            accumulates: u32::from(accumulates),
        });
        self.len += network.populations[population].size;
        self.traces.len() as u32 - 1
    }

    /// Kind and table of `x^mu`.
    fn power(&mut self, mu: f64) -> (u32, u32) {
        if mu == 0.0 {
            return (0, 0);
        }
        if mu == 1.0 {
            return (1, 0);
        }
        let first = self.power.len() as u32;
        self.power.extend_from_slice(PowerTable::new(mu).points());
        (2, first)
    }

    fn rule(&mut self, network: &Network, projection: &Projection, rule: &Rule) -> RuleParameters {
        let (source, target) = (projection.source, projection.target);
        match *rule {
            Rule::Pair { tau_plus_ms, tau_minus_ms, lambda, alpha, mu_plus, mu_minus } => {
                let (mu_plus_kind, mu_plus_table) = self.power(mu_plus);
                let (mu_minus_kind, mu_minus_table) = self.power(mu_minus);
                RuleParameters {
                    depression: (alpha * lambda) as f32,
                    potentiation: lambda as f32,
                    mu_minus_kind,
                    mu_plus_kind,
                    mu_minus_table,
                    mu_plus_table,
                    trace_pre: self.trace(network, source, tau_plus_ms, true),
                    trace_post1: self.trace(network, target, tau_minus_ms, true),
                    trace_post2: u32::MAX,
                    ..Default::default()
                }
            }
            Rule::DiehlCook { tau_pre_ms, tau_post1_ms, tau_post2_ms, rate_pre, rate_post } => RuleParameters {
                depression: rate_pre as f32,
                potentiation: rate_post as f32,
                trace_pre: self.trace(network, source, tau_pre_ms, false),
                trace_post1: self.trace(network, target, tau_post1_ms, false),
                trace_post2: self.trace(network, target, tau_post2_ms, false),
                ..Default::default()
            },
            Rule::PostPowerLaw { tau_pre_ms, rate, target_trace, mu } => {
                let (mu_plus_kind, mu_plus_table) = self.power(mu);
                RuleParameters {
                    potentiation: rate as f32,
                    target_trace: target_trace as f32,
                    mu_plus_kind,
                    mu_plus_table,
                    trace_pre: self.trace(network, source, tau_pre_ms, false),
                    trace_post1: u32::MAX,
                    trace_post2: u32::MAX,
                    ..Default::default()
                }
            }
        }
    }
}

/// Per population and receptor, the largest power of two for which the largest possible input of a step, all synapses
/// of one neuron spiking at once with their largest weights, stays below 2^30.
fn fixed_point_scales(network: &Network) -> Vec<[f32; 2]> {
    let mut bounds: Vec<[f64; 2]> = network
        .populations
        .iter()
        .map(|population| {
            let mut bound = [0.0; 2];
            if let Cell::Lif(lif) = &population.cell
                && let Some(background) = lif.background
            {
                // Live changes may raise the rate; the table never gives more than this.
                bound[receptor_index(lif.synapse, background.receptor)] =
                    background.weight.abs() * BACKGROUND_COUNT_MAX as f64;
            }
            bound
        })
        .collect();
    for projection in &network.projections {
        if let Cell::Lif(lif) = &network.populations[projection.target].cell {
            bounds[projection.target][receptor_index(lif.synapse, projection.receptor)] +=
                largest_input(network, projection);
        }
    }
    bounds
        .iter()
        .map(|bound| {
            bound.map(|b| if b > 0.0 { 2.0_f64.powi((30.0 - b.log2()).floor().min(24.0) as i32) } else { 1.0 })
        })
        .map(|pair| pair.map(|scale| scale as f32))
        .collect()
}

/// The largest sum of weight magnitudes that one neuron can get from a projection in one step.
fn largest_input(network: &Network, projection: &Projection) -> f64 {
    let sources = f64::from(network.populations[projection.source].size);
    let largest_weight = if projection.is_mutable() {
        f64::from(projection.weight_max())
    } else {
        match &projection.weights {
            Weights::Constant(weight) => f64::from(weight.abs()),
            Weights::PerSynapse(weights) => f64::from(weights.iter().fold(0.0_f32, |max, w| max.max(w.abs()))),
        }
    };
    match &projection.connectivity {
        Connectivity::OneToOne => largest_weight,
        Connectivity::AllToAll | Connectivity::AllButSelf => sources * largest_weight,
        Connectivity::Sparse { target, .. } => {
            let mut in_degree = vec![0_u32; network.populations[projection.target].size as usize];
            for &t in target {
                in_degree[t as usize] += 1;
            }
            f64::from(in_degree.into_iter().max().unwrap_or(0)) * largest_weight
        }
    }
}
