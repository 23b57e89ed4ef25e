//! Everything that changes while a network runs, as plain arrays, one per value, so that vector instructions take many
//! neurons at a time. [`Checkpoint`] and the GPU engine's buffers keep a neuron's values together.

use crate::engine::{CELL_SPIKE_LIST, Checkpoint, Live, NeuronState, Plan};
use crate::model::{Cell, Network};

/// The arrays. See [`Checkpoint`] and [`NeuronState`] for what each holds.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) step: u64,
    pub(super) membrane_mv: Vec<f32>,
    pub(super) theta_mv: Vec<f32>,
    pub(super) hold: Vec<u32>,
    pub(super) last_spike_step: Vec<u32>,
    pub(super) g_excitatory: Vec<f32>,
    pub(super) g_inhibitory: Vec<f32>,
    pub(super) spike_counts: Vec<u32>,
    pub(super) traces: Vec<f32>,
    pub(super) ring: Vec<i32>,
    pub(super) group_ring: Vec<i32>,
    pub(super) weights: Vec<Vec<f32>>,
    pub(super) thresholds: Vec<f32>,
}

impl State {
    /// The state before the first step. Weights of mutable projections become shares of weight_max.
    pub(super) fn new(network: &Network, plan: &Plan) -> Self {
        let count = network.neuron_count() as usize;
        let (mut membrane_mv, mut theta_mv) = (vec![0.0; count], vec![0.0; count]);
        for population in &network.populations {
            let Cell::Lif(lif) = &population.cell else { continue };
            for id in population.neurons() {
                membrane_mv[id as usize] = network.initial_membrane_mv.get(id as usize).copied().unwrap_or(0.0);
                theta_mv[id as usize] = lif.adaptive_threshold.map_or(0.0, |theta| theta.initial_mv as f32);
            }
        }
        let mut synaptic = network.initial_synaptic.clone();
        synaptic.resize(count, [0.0; 2]);
        let slots = plan.ring_slots as usize;
        Self {
            step: 0,
            membrane_mv,
            theta_mv,
            hold: vec![0; count],
            last_spike_step: vec![0; count],
            g_excitatory: synaptic.iter().map(|g| g[0]).collect(),
            g_inhibitory: synaptic.iter().map(|g| g[1]).collect(),
            spike_counts: vec![0; count],
            traces: vec![0.0; plan.trace_len as usize],
            ring: vec![0; slots * plan.port_count as usize],
            group_ring: vec![0; slots * 2 * network.populations.len()],
            weights: (0..network.projections.len()).map(|projection| initial_shares(network, projection)).collect(),
            thresholds: network
                .projections
                .iter()
                .map(|p| p.pruning.as_ref().map_or(0.0, |pruning| pruning.policy.first_threshold()))
                .collect(),
        }
    }

    /// Membranes, synaptic states, refractory times and input under way back to nothing. Spike lists keep their place.
    pub(super) fn rest(&mut self, plan: &Plan) {
        for p in &plan.populations {
            if p.cell != CELL_SPIKE_LIST {
                self.hold[p.first as usize..][..p.size as usize].fill(0);
            }
        }
        self.membrane_mv.fill(0.0);
        self.g_excitatory.fill(0.0);
        self.g_inhibitory.fill(0.0);
        self.ring.fill(0);
        self.group_ring.fill(0);
    }

    /// One neuron's values together. `id` must be one.
    pub(super) fn neuron(&self, id: usize) -> NeuronState {
        NeuronState {
            membrane_mv: self.membrane_mv[id],
            theta_mv: self.theta_mv[id],
            hold: self.hold[id],
            last_spike_step: self.last_spike_step[id],
        }
    }

    /// A copy, with what else a run needs to go on.
    pub(super) fn checkpoint(&self, network_hash: u64, live: &Live) -> Checkpoint {
        Checkpoint {
            network_hash,
            step: self.step,
            neurons: (0..self.hold.len()).map(|id| self.neuron(id)).collect(),
            synaptic: self.g_excitatory.iter().zip(&self.g_inhibitory).map(|(&e, &i)| [e, i]).collect(),
            spike_counts: self.spike_counts.clone(),
            traces: self.traces.clone(),
            ring: self.ring.clone(),
            group_ring: self.group_ring.clone(),
            weights: self.weights.clone(),
            thresholds: self.thresholds.clone(),
            live: live.clone(),
        }
    }

    /// The state of a checkpoint that was found to fit.
    pub(super) fn from_checkpoint(checkpoint: &Checkpoint) -> Self {
        Self {
            step: checkpoint.step,
            membrane_mv: checkpoint.neurons.iter().map(|n| n.membrane_mv).collect(),
            theta_mv: checkpoint.neurons.iter().map(|n| n.theta_mv).collect(),
            hold: checkpoint.neurons.iter().map(|n| n.hold).collect(),
            last_spike_step: checkpoint.neurons.iter().map(|n| n.last_spike_step).collect(),
            g_excitatory: checkpoint.synaptic.iter().map(|g| g[0]).collect(),
            g_inhibitory: checkpoint.synaptic.iter().map(|g| g[1]).collect(),
            spike_counts: checkpoint.spike_counts.clone(),
            traces: checkpoint.traces.clone(),
            ring: checkpoint.ring.clone(),
            group_ring: checkpoint.group_ring.clone(),
            weights: checkpoint.weights.clone(),
            thresholds: checkpoint.thresholds.clone(),
        }
    }
}

fn initial_shares(network: &Network, index: usize) -> Vec<f32> {
    let projection = &network.projections[index];
    if !projection.is_mutable() {
        return Vec::new();
    }
    let weight_max = projection.weight_max();
    let count = network.synapse_count_of(index) as usize;
    (0..count).map(|synapse| (projection.weights.get(synapse) / weight_max).clamp(0.0, 1.0)).collect()
}
