//! One projection whose weights can change, as the kernels hold it: weights, row and column tables, pruning state,
//! and the bind groups of the kernels that touch them.

use super::kernels::Kernels;
use super::layout::{MutableProjection, PruneState};
use super::state::State;
use crate::engine::{EngineError, Live, Plan, TraceParameters};
use crate::gpu::{Gpu, Memory};
use crate::model::random::{Stream, fold_seed};
use crate::model::{Connectivity, Delays, Network, Projection, PruningPolicy};

/// Workgroups of `measure_weights`.
pub(super) const MEASURE_WORKGROUPS: u32 = 32;

/// See the module.
pub(super) struct Plastic {
    /// Index of the projection.
    pub(super) index: usize,
    pub(super) parameters: MutableProjection,
    pub(super) parameter_buffer: wgpu::Buffer,
    pub(super) weights: wgpu::Buffer,
    pub(super) prune_state: wgpu::Buffer,
    pub(super) row_start: wgpu::Buffer,
    pub(super) targets: wgpu::Buffer,
    /// Histogram, then partial sums.
    pub(super) statistics: wgpu::Buffer,
    pub(super) field: wgpu::Buffer,
    pub(super) learn_pre: wgpu::BindGroup,
    pub(super) learn_post: wgpu::BindGroup,
    pub(super) normalise: wgpu::BindGroup,
    pub(super) prune: wgpu::BindGroup,
    pub(super) prune_end: wgpu::BindGroup,
    pub(super) measure_weights: wgpu::BindGroup,
    pub(super) measure_field: wgpu::BindGroup,
    /// The rule has a post part.
    pub(super) learns: bool,
    /// Bytes of weights and tables.
    pub(super) bytes: u64,
}

/// Row and column tables; dense projections need none.
#[derive(Default)]
struct Tables {
    row_start: Vec<u32>,
    targets: Vec<u32>,
    column_start: Vec<u32>,
    columns: Vec<[u32; 2]>,
}

impl Plastic {
    pub(super) fn new(
        gpu: &Gpu,
        memory: &mut Memory,
        kernels: &Kernels,
        state: &State,
        network: &Network,
        plan: &Plan,
        index: usize,
    ) -> Result<Self, EngineError> {
        let projection = &network.projections[index];
        let name = &projection.name;
        let before = memory.given_out();
        let parameters = parameters(network, plan, &Live::new(network, plan), state.power_first, index);
        let shares = initial_shares(network, index);
        let weights = memory.storage(&format!("weights of {name}"), &shares)?;
        let tables = tables(network, projection);
        let row_start = memory.storage(&format!("row table of {name}"), &tables.row_start)?;
        let targets = memory.storage(&format!("targets of {name}"), &tables.targets)?;
        let delays = memory.storage(&format!("delays of {name}"), &packed_delays(&projection.delays))?;
        let column_start = memory.storage(&format!("column table of {name}"), &tables.column_start)?;
        let columns = memory.storage(&format!("columns of {name}"), &tables.columns)?;
        let bytes = memory.given_out() - before;
        let parameter_buffer = memory.storage(&format!("parameters of {name}"), &[parameters])?;
        let threshold = projection.pruning.as_ref().map_or(0.0, |pruning| pruning.policy.first_threshold());
        let count = parameters.synapse_count;
        let period = PruneState { threshold, remaining: count, total: count, removed: 0 };
        let prune_state = memory.storage(&format!("pruning of {name}"), &[period])?;
        let words = crate::engine::HISTOGRAM_BINS as u64 + u64::from(MEASURE_WORKGROUPS) * 64;
        let statistics = memory.zeroed::<u32>(&format!("statistics of {name}"), words)?;
        let field = memory.zeroed::<f32>(&format!("field of {name}"), u64::from(parameters.source_size))?;

        let device = &gpu.device;
        let (globals, spikes, clock) = (&state.globals, &state.spikes, &state.clock);
        let (neurons, traces, lookup) = (&state.neurons, &state.traces, &state.tables);
        let own = &parameter_buffer;
        Ok(Self {
            learn_pre: kernels.learn_pre.bind(
                device,
                &[
                    globals,
                    own,
                    spikes,
                    clock,
                    &row_start,
                    &targets,
                    &delays,
                    neurons,
                    traces,
                    lookup,
                    &weights,
                    &state.ring,
                ],
            ),
            learn_post: kernels.learn_post.bind(
                device,
                &[globals, own, spikes, clock, &column_start, &columns, neurons, traces, lookup, &weights],
            ),
            normalise: kernels.normalise.bind(device, &[own, &column_start, &columns, &weights]),
            prune: kernels.prune.bind(device, &[own, &column_start, &columns, &weights, &prune_state]),
            prune_end: kernels.prune_end.bind(device, &[own, &prune_state]),
            measure_weights: kernels.measure_weights.bind(device, &[own, &weights, &statistics]),
            measure_field: kernels
                .measure_field
                .bind(device, &[&state.field_request, own, &column_start, &columns, &weights, &field]),
            learns: projection.plasticity.is_some(),
            index,
            parameters,
            parameter_buffer,
            weights,
            prune_state,
            row_start,
            targets,
            statistics,
            field,
            bytes,
        })
    }

    /// Takes over a live learning rate.
    pub(super) fn update_rule(&mut self, gpu: &Gpu, network: &Network, plan: &Plan, live: &Live, power_first: u32) {
        self.parameters = parameters(network, plan, live, power_first, self.index);
        gpu.queue.write_buffer(&self.parameter_buffer, 0, bytemuck::bytes_of(&self.parameters));
    }
}

/// `power_first`: where the power tables begin within the engine's tables.
fn parameters(network: &Network, plan: &Plan, live: &Live, power_first: u32, index: usize) -> MutableProjection {
    let projection = &network.projections[index];
    let derived = &plan.projections[index];
    let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
    let mut p = MutableProjection {
        source_first: source.first,
        source_size: source.size,
        target_first: target.first,
        target_size: target.size,
        port_first: derived.port_first,
        delay: match projection.delays {
            Delays::Constant(steps) => steps,
            Delays::PerSynapse(_) => 0,
        },
        dense: u32::from(matches!(projection.connectivity, Connectivity::AllToAll)),
        synapse_count: network.synapse_count_of(index) as u32,
        delivery_factor: derived.delivery_factor,
        normalised_share: projection.normalised_sum.map_or(0.0, |sum| sum / projection.weight_max()),
        ..Default::default()
    };
    if let Some(mut rule) = live.rule(plan, index) {
        let trace = |index: u32| plan.traces.get(index as usize).copied().unwrap_or(TraceParameters::default());
        (p.pre, p.post1, p.post2) = (trace(rule.trace_pre), trace(rule.trace_post1), trace(rule.trace_post2));
        p.has_post2 = u32::from(rule.trace_post2 != u32::MAX);
        rule.mu_minus_table += power_first;
        rule.mu_plus_table += power_first;
        p.rule = rule;
    }
    if let Some(pruning) = &projection.pruning {
        p.prune_floor = pruning.floor_per_neuron;
        p.prune_target = pruning.target_compression;
        (p.prune_policy, p.prune_alpha, p.prune_beta, p.prune_cap) = match pruning.policy {
            PruningPolicy::Static { .. } => (0, 0.0, 0.0, 0.0),
            PruningPolicy::Progressive { alpha, beta, cap, .. } => (1, alpha, beta, cap),
            PruningPolicy::Soft { weight, .. } => (2, 0.0, 0.0, weight),
            PruningPolicy::Percentile { share } => (3, share, 0.0, 0.0),
            PruningPolicy::Random { share } => (4, share, 0.0, 0.0),
        };
        (p.prune_seed, p.prune_stream) = (fold_seed(network.seed), Stream::Pruning.part(index));
        p.prune_flags = u32::from(pruning.reinforce_first) + 2 * u32::from(pruning.normalise_over_all);
    }
    p
}

/// Weights as shares of weight_max, in the order of synapse ids.
fn initial_shares(network: &Network, index: usize) -> Vec<f32> {
    let projection = &network.projections[index];
    let weight_max = projection.weight_max();
    let count = network.synapse_count_of(index) as usize;
    (0..count).map(|synapse| (projection.weights.get(synapse) / weight_max).clamp(0.0, 1.0)).collect()
}

fn tables(network: &Network, projection: &Projection) -> Tables {
    let sources = network.populations[projection.source].size;
    let targets = network.populations[projection.target].size;
    match &projection.connectivity {
        Connectivity::AllToAll | Connectivity::AllButSelf => Tables::default(),
        Connectivity::OneToOne => {
            let count = sources.min(targets);
            let row_start: Vec<u32> = (0..=sources).map(|source| source.min(count)).collect();
            with_columns(row_start, (0..count).collect(), targets)
        }
        Connectivity::Sparse { row_start, target } => with_columns(row_start.clone(), target.clone(), targets),
    }
}

/// Adds the column table: the synapses of each target in order of source.
fn with_columns(row_start: Vec<u32>, targets: Vec<u32>, target_size: u32) -> Tables {
    let mut column_start = vec![0_u32; target_size as usize + 1];
    for &target in &targets {
        column_start[target as usize + 1] += 1;
    }
    for target in 0..target_size as usize {
        column_start[target + 1] += column_start[target];
    }
    let mut next = column_start.clone();
    let mut columns = vec![[0; 2]; targets.len()];
    for (source, range) in row_start.windows(2).enumerate() {
        for synapse in range[0]..range[1] {
            let place = &mut next[targets[synapse as usize] as usize];
            columns[*place as usize] = [synapse, source as u32];
            *place += 1;
        }
    }
    Tables { row_start, targets, column_start, columns }
}

/// Two 16-bit delays per word; empty where all synapses share one.
fn packed_delays(delays: &Delays) -> Vec<u32> {
    match delays {
        Delays::Constant(_) => Vec::new(),
        Delays::PerSynapse(steps) => steps
            .chunks(2)
            .map(|pair| u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or(0)) << 16)
            .collect(),
    }
}
