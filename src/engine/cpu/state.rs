//! Everything that changes while a network runs, as plain arrays; the layout is that of
//! [`Checkpoint`], and of the GPU engine's buffers.

use crate::engine::{CELL_SPIKE_LIST, Checkpoint, Live, NeuronState, Plan};
use crate::model::{Cell, Network};

/// The arrays. See [`Checkpoint`] for what each holds.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) step: u64,
    pub(super) neurons: Vec<NeuronState>,
    pub(super) synaptic: Vec<[f32; 2]>,
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
        let mut neurons = vec![NeuronState::default(); count];
        for population in &network.populations {
            let Cell::Lif(lif) = &population.cell else { continue };
            for id in population.neurons() {
                let neuron = &mut neurons[id as usize];
                neuron.membrane_mv = network.initial_membrane_mv.get(id as usize).copied().unwrap_or(0.0);
                neuron.theta_mv = lif.adaptive_threshold.map_or(0.0, |theta| theta.initial_mv as f32);
            }
        }
        let mut synaptic = network.initial_synaptic.clone();
        synaptic.resize(count, [0.0; 2]);
        let slots = plan.ring_slots as usize;
        Self {
            step: 0,
            neurons,
            synaptic,
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
            for neuron in &mut self.neurons[p.first as usize..][..p.size as usize] {
                neuron.membrane_mv = 0.0;
                if p.cell != CELL_SPIKE_LIST {
                    neuron.hold = 0;
                }
            }
        }
        self.synaptic.fill([0.0; 2]);
        self.ring.fill(0);
        self.group_ring.fill(0);
    }

    /// A copy, with what else a run needs to go on.
    pub(super) fn checkpoint(&self, network_hash: u64, live: &Live) -> Checkpoint {
        Checkpoint {
            network_hash,
            step: self.step,
            neurons: self.neurons.clone(),
            synaptic: self.synaptic.clone(),
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
            neurons: checkpoint.neurons.clone(),
            synaptic: checkpoint.synaptic.clone(),
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
