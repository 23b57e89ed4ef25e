//! The picked neuron: its partners, its receptive field and its history. In: the network, the engine's weights, probes.
//! Out: [`PickedTelemetry`]. Weights of inhibitory synapses come out negative.

use std::collections::VecDeque;

use super::observer::Look;
use super::telemetry::PickedTelemetry;
use crate::engine::{Activity, Engine, EngineError, PRUNED, Sample};
use crate::model::{Cell, Connectivity, Network, Receptor};

/// Partners listed per direction.
const PARTNERS: usize = 12;
/// Spikes of the picked neuron kept.
const SPIKES_KEPT: usize = 512;
/// Projections with more stored synapses than this are not searched for the inputs of one neuron.
const SEARCH_MAX: usize = 1 << 26;
/// Weights that are fetched from a GPU for one pick at most; a pick may cost a frame, not a stutter.
const FETCH_MAX: u64 = 1 << 20;

/// See the module.
#[derive(Debug)]
pub(super) struct Picked {
    neuron: u32,
    v_rest_mv: f64,
    is_source: bool,
    field_of: Option<usize>,
    field_size: Option<[u32; 2]>,
    inputs: Vec<Partner>,
    outputs: Vec<Partner>,
}

/// One synapse of the picked neuron, seen from it.
#[derive(Clone, Copy, Debug)]
struct Partner {
    projection: usize,
    /// The neuron at the other end.
    neuron: u32,
    synapse: u64,
    /// Negative where it inhibits; none where the synapse is pruned.
    weight: Option<f32>,
}

impl Picked {
    /// Looks up the neuron's synapses. Blocks only where weights of a moderate size have to come from a GPU.
    pub(super) fn new(network: &Network, engine: &mut dyn Engine, neuron: u32) -> Result<Self, EngineError> {
        let population = network.population_of(neuron);
        let (v_rest_mv, is_source) = match network.populations.get(population).map(|p| &p.cell) {
            Some(Cell::Lif(lif)) => (lif.v_rest_mv, false),
            _ => (0.0, true),
        };
        let field_of = field_projection(network, population);
        let mut picked = Self {
            neuron,
            v_rest_mv,
            is_source,
            field_of,
            field_size: field_of.and_then(|p| network.populations[network.projections[p].source].shape),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        for projection in 0..network.projections.len() {
            picked.inputs.extend(inputs_of(network, projection, neuron));
            picked.outputs.extend(outputs_of(network, projection, neuron));
        }
        picked.fetch_weights(network, engine)?;
        Ok(picked)
    }

    /// What samples should hold of it.
    pub(super) const fn look(&self) -> Look {
        Look { neuron: self.neuron, field_of: self.field_of }
    }

    /// What the overlay sees before the first sample.
    pub(super) fn telemetry(&self, network: &Network) -> PickedTelemetry {
        PickedTelemetry {
            neuron: self.neuron,
            population: network.population_of(self.neuron),
            strongest_inputs: strongest(&self.inputs),
            strongest_outputs: strongest(&self.outputs),
            ..Default::default()
        }
    }

    /// Takes what a sample says about it.
    pub(super) fn take(&mut self, sample: &Sample, network: &Network, engine: &dyn Engine, out: &mut PickedTelemetry) {
        let time_ms = |step: u64| step as f64 * network.dt_ms;
        for spike in sample.spikes.iter().filter(|spike| spike.neuron == self.neuron) {
            push_bounded(&mut out.spikes_ms, time_ms(u64::from(spike.step)));
        }
        let Some(probe) = sample.probe.as_ref().filter(|probe| probe.neuron == self.neuron) else { return };
        out.state = probe.state;
        if !self.is_source {
            out.membrane_mv.push(time_ms(sample.step), f64::from(probe.state.membrane_mv) + self.v_rest_mv);
        }
        if probe.field.is_empty() {
            return;
        }
        out.field = self.field_size.map(|size| (size, shares_of_largest(&probe.field)));
        self.take_field(network, &probe.field);
        self.refresh_from_host(network, engine);
        out.strongest_inputs = strongest(&self.inputs);
        out.strongest_outputs = strongest(&self.outputs);
    }

    fn take_field(&mut self, network: &Network, field: &[f32]) {
        let Some(projection) = self.field_of else { return };
        let first = network.populations[network.projections[projection].source].first;
        for partner in self.inputs.iter_mut().filter(|p| p.projection == projection) {
            let weight = field.get((partner.neuron - first) as usize).copied().unwrap_or(PRUNED);
            partner.weight = signed(network, projection, weight);
        }
    }

    /// Weights that changed since, where they lie in host memory.
    fn refresh_from_host(&mut self, network: &Network, engine: &dyn Engine) {
        let Activity::Host { weights, .. } = engine.activity() else { return };
        for partner in self.inputs.iter_mut().chain(&mut self.outputs) {
            let shares = weights.get(partner.projection).copied().flatten();
            if let Some(&share) = shares.and_then(|shares| shares.get(partner.synapse as usize)) {
                let weight_max = network.projections[partner.projection].weight_max();
                let weight = if share < 0.0 { PRUNED } else { share * weight_max };
                partner.weight = signed(network, partner.projection, weight);
            }
        }
    }

    /// Weights as they are now: from host memory, or from the GPU where that is little.
    fn fetch_weights(&mut self, network: &Network, engine: &mut dyn Engine) -> Result<(), EngineError> {
        if matches!(engine.activity(), Activity::Host { .. }) {
            self.refresh_from_host(network, engine);
            return Ok(());
        }
        for projection in 0..network.projections.len() {
            let mine = |p: &&mut Partner| p.projection == projection;
            let is_mine = self.inputs.iter().chain(&self.outputs).any(|p| p.projection == projection);
            if !is_mine || !network.projections[projection].is_mutable() {
                continue;
            }
            if network.synapse_count_of(projection) > FETCH_MAX {
                // What cannot be shown as it is, is not shown.
                self.inputs.retain(|p| p.projection != projection || Some(projection) == self.field_of);
                self.outputs.retain(|p| p.projection != projection);
                continue;
            }
            let weights = engine.weights(projection)?;
            for partner in self.inputs.iter_mut().chain(&mut self.outputs).filter(mine) {
                let weight = weights.get(partner.synapse as usize).copied().unwrap_or(PRUNED);
                partner.weight = signed(network, projection, weight);
            }
        }
        Ok(())
    }
}

/// The projection that makes a receptive field of this population: the first from a source with a shape, rather one
/// that learns.
fn field_projection(network: &Network, population: usize) -> Option<usize> {
    let with_shape = |index: &usize| {
        let p = &network.projections[*index];
        p.target == population && p.source != population && network.populations[p.source].shape.is_some()
    };
    let mut candidates: Vec<usize> = (0..network.projections.len()).filter(with_shape).collect();
    candidates.sort_by_key(|&index| (!network.projections[index].is_mutable(), index));
    candidates.first().copied()
}

fn outputs_of(network: &Network, projection: usize, neuron: u32) -> Vec<Partner> {
    let p = &network.projections[projection];
    let (source, target) = (&network.populations[p.source], &network.populations[p.target]);
    if !source.neurons().contains(&neuron) {
        return Vec::new();
    }
    let local = neuron - source.first;
    let partner = |synapse: u64, end: u32| partner(network, projection, target.first + end, synapse);
    match &p.connectivity {
        Connectivity::OneToOne if local < target.size => vec![partner(u64::from(local), local)],
        Connectivity::OneToOne => Vec::new(),
        Connectivity::AllToAll => (0..target.size)
            .map(|end| partner(u64::from(local) * u64::from(target.size) + u64::from(end), end))
            .collect(),
        // All weights are one constant: the first few stand for all.
        Connectivity::AllButSelf => {
            (0..target.size).filter(|&end| end != local).take(PARTNERS).map(|end| partner(0, end)).collect()
        }
        Connectivity::Sparse { row_start, target: ends } => {
            let row = row_start[local as usize]..row_start[local as usize + 1];
            row.map(|synapse| partner(u64::from(synapse), ends[synapse as usize])).collect()
        }
    }
}

fn inputs_of(network: &Network, projection: usize, neuron: u32) -> Vec<Partner> {
    let p = &network.projections[projection];
    let (source, target) = (&network.populations[p.source], &network.populations[p.target]);
    if !target.neurons().contains(&neuron) {
        return Vec::new();
    }
    let local = neuron - target.first;
    let partner = |synapse: u64, start: u32| partner(network, projection, source.first + start, synapse);
    match &p.connectivity {
        Connectivity::OneToOne if local < source.size => vec![partner(u64::from(local), local)],
        Connectivity::OneToOne => Vec::new(),
        Connectivity::AllToAll => (0..source.size)
            .map(|start| partner(u64::from(start) * u64::from(target.size) + u64::from(local), start))
            .collect(),
        Connectivity::AllButSelf => {
            (0..source.size).filter(|&start| start != local).take(PARTNERS).map(|start| partner(0, start)).collect()
        }
        Connectivity::Sparse { target: ends, .. } if ends.len() > SEARCH_MAX => Vec::new(),
        Connectivity::Sparse { row_start, target: ends } => {
            let found = ends.iter().enumerate().filter(|&(_, &end)| end == local);
            let start_of = |synapse: usize| (row_start.partition_point(|&s| s as usize <= synapse) - 1) as u32;
            found.map(|(synapse, _)| partner(synapse as u64, start_of(synapse))).collect()
        }
    }
}

fn partner(network: &Network, projection: usize, neuron: u32, synapse: u64) -> Partner {
    let p = &network.projections[projection];
    // A weight by synapse belongs to a stored synapse; constants serve those that are not stored.
    let weight = p.weights.get(usize::try_from(synapse).unwrap_or(0));
    Partner { projection, neuron, synapse, weight: signed(network, projection, weight) }
}

/// Inhibition below zero; none for the mark of a pruned synapse.
fn signed(network: &Network, projection: usize, weight: f32) -> Option<f32> {
    let p = &network.projections[projection];
    if p.is_mutable() && weight < 0.0 {
        return None;
    }
    Some(if p.receptor == Receptor::Inhibitory { -weight.abs() } else { weight })
}

/// The partners with the largest weights, by magnitude; between equals the lower neuron.
fn strongest(partners: &[Partner]) -> Vec<(u32, f32)> {
    let mut sorted: Vec<(u32, f32)> = partners.iter().filter_map(|p| Some((p.neuron, p.weight?))).collect();
    sorted.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    sorted.truncate(PARTNERS);
    sorted
}

/// Weights over the largest one; negative ones (no synapse) stay negative.
fn shares_of_largest(field: &[f32]) -> Vec<f32> {
    let largest = field.iter().copied().fold(0.0, f32::max);
    field.iter().map(|&w| if largest > 0.0 && w >= 0.0 { w / largest } else { w.min(0.0) }).collect()
}

fn push_bounded(spikes: &mut VecDeque<f64>, time_ms: f64) {
    if spikes.len() == SPIKES_KEPT {
        spikes.pop_front();
    }
    spikes.push_back(time_ms);
}
