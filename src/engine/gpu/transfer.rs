//! Whole states between host and GPU: checkpoints, restores and weight reads. All of it blocks.

use super::GpuEngine;
use super::layout::PruneState;
use crate::engine::{Checkpoint, EngineError, PRUNED, network_hash};
use crate::gpu::{Piece, read_blocking};

impl GpuEngine {
    /// See [`Engine::weights`](crate::engine::Engine::weights).
    pub(super) fn read_weights(&mut self, projection: usize) -> Result<Vec<f32>, EngineError> {
        let Some(p) = self.network.projections.get(projection) else {
            return Err(EngineError::Misuse(format!("there is no projection {projection}")));
        };
        if !p.is_mutable() {
            let count = self.network.synapse_count_of(projection) as usize;
            return Ok((0..count).map(|synapse| p.weights.get(synapse)).collect());
        }
        let weight_max = p.weight_max();
        let shares = self.read_shares(projection)?;
        Ok(shares.into_iter().map(|share| if share < 0.0 { PRUNED } else { share * weight_max }).collect())
    }

    /// See [`Engine::checkpoint`](crate::engine::Engine::checkpoint).
    pub(super) fn read_checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        let neurons = self.network.neuron_count() as usize;
        let slots = self.plan.ring_slots as usize;
        let projections = 0..self.network.projections.len();
        let state = &self.state;
        let thresholds = projections
            .clone()
            .map(|index| match self.plastic(index) {
                Some(plastic) => Ok(self.read::<PruneState>(&plastic.prune_state, 1)?[0].threshold),
                None => Ok(0.0),
            })
            .collect::<Result<_, EngineError>>()?;
        Ok(Checkpoint {
            step: self.step,
            neurons: self.read(&state.neurons, neurons)?,
            synaptic: self.read(&state.synaptic, neurons)?,
            spike_counts: self.read(&state.spike_counts, neurons)?,
            traces: self.read(&state.traces, self.plan.trace_len as usize)?,
            ring: self.read(&state.ring, slots * self.plan.port_count as usize)?,
            group_ring: self.read(&state.group_ring, slots * 2 * self.network.populations.len())?,
            weights: projections.map(|index| self.read_shares(index)).collect::<Result<_, _>>()?,
            thresholds,
            live: self.live.clone(),
            network_hash: self.hash_of_network(),
        })
    }

    /// See [`Engine::restore`](crate::engine::Engine::restore).
    pub(super) fn write_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        checkpoint.check(&self.network, &self.plan)?;
        self.settle_samples()?;
        self.finished.clear();
        let state = &self.state;
        self.write(&state.neurons, &checkpoint.neurons);
        self.write(&state.synaptic, &checkpoint.synaptic);
        self.write(&state.spike_counts, &checkpoint.spike_counts);
        self.write(&state.traces, &checkpoint.traces);
        self.write(&state.ring, &checkpoint.ring);
        self.write(&state.group_ring, &checkpoint.group_ring);
        // Spikes are numbered from 0 again, from the next step on.
        self.write(&state.clock, &vec![0_u32; state.clock.size() as usize / 4]);
        for plastic in &self.plastics {
            let shares = &checkpoint.weights[plastic.index];
            self.write(&plastic.weights, shares);
            let period = PruneState {
                threshold: checkpoint.thresholds[plastic.index],
                remaining: shares.iter().filter(|&&share| share >= 0.0).count() as u32,
                total: shares.len() as u32,
                removed: 0,
            };
            self.write(&plastic.prune_state, &[period]);
        }
        self.live = checkpoint.live.clone();
        self.step = checkpoint.step;
        self.next_drive_change =
            self.plan.drive_changes.partition_point(|change| u64::from(change.step) <= checkpoint.step);
        self.spike_reader.restart(checkpoint.step);
        self.state.write_live(&self.gpu.queue, &self.network, &self.plan, &self.live);
        self.write_touches();
        if let Ok(advance) = &self.advance {
            advance.look_everywhere(&self.gpu);
        }
        for plastic in &mut self.plastics {
            plastic.update_rule(&self.gpu, &self.network, &self.plan, &self.live, self.state.power_first);
        }
        Ok(())
    }

    /// Shares of a mutable projection; empty for others.
    fn read_shares(&self, projection: usize) -> Result<Vec<f32>, EngineError> {
        match self.plastic(projection) {
            Some(plastic) => self.read(&plastic.weights, plastic.parameters.synapse_count as usize),
            None => Ok(Vec::new()),
        }
    }

    fn read<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, count: usize) -> Result<Vec<T>, EngineError> {
        let piece = Piece { buffer, offset: 0, bytes: (count * size_of::<T>()) as u64 };
        let bytes = read_blocking(&self.gpu, &[piece]).map_err(EngineError::DeviceLost)?;
        Ok(bytemuck::pod_collect_to_vec(&bytes))
    }

    fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, contents: &[T]) {
        if !contents.is_empty() {
            self.gpu.queue.write_buffer(buffer, 0, bytemuck::cast_slice(contents));
        }
    }

    pub(super) fn hash_of_network(&mut self) -> u64 {
        *self.network_hash.get_or_insert_with(|| network_hash(&self.network, &self.plan))
    }
}
