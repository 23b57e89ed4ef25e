//! Looks at the running state: measuring kernels and copies are enqueued with a request, and the bytes that come back
//! become a [`Sample`].

use super::GpuEngine;
use super::layout::{BlockSums, FieldRequest, PruneState};
use super::plastic::{MEASURE_WORKGROUPS, Plastic};
use super::spikes::{Arrived, GATHER_WORKGROUPS, SpikeWindow};
use crate::engine::{EngineError, HISTOGRAM_BINS, NeuronState, PRUNED, Probe, ProjectionSample, Sample, SampleRequest};
use crate::gpu::{Piece, grid};
use crate::model::Network;

/// What a read-back was for.
pub(super) struct Pending {
    step: u64,
    request: SampleRequest,
    /// Where spikes are asked for.
    spikes: Option<SpikeWindow>,
    /// True when the receptive field is that of a mutable projection.
    field: bool,
}

/// Which of the requested things exist, so that decoding follows encoding exactly.
impl Pending {
    fn probe<'a>(&self, network: &'a Network) -> Option<(u32, &'a Network)> {
        self.request.probe.filter(|&neuron| neuron < network.neuron_count()).map(|neuron| (neuron, network))
    }
}

impl GpuEngine {
    /// Enqueues the measurements and copies of a request.
    pub(super) fn enqueue_sample(&mut self, request: &SampleRequest) {
        let network = std::sync::Arc::clone(&self.network);
        let field_plastic = self.field_plastic(request);
        let pending = Pending {
            step: self.step,
            request: request.clone(),
            spikes: request.spikes.then(|| self.spike_reader.open(&self.gpu, &self.kernels, &self.state, self.step)),
            field: field_plastic.is_some(),
        };
        let mut encoder =
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("engine.sample") });
        self.encode_measurements(&mut encoder, request, field_plastic);
        let mut pieces =
            vec![whole(&self.state.block_sums, self.state.block_populations.len() as u64 * BLOCK_SUM_BYTES)];
        if let Some(window) = pending.spikes {
            pieces.extend(self.spike_reader.pieces(&self.state.clock, window));
        }
        if let Some(population) = request.counts_of.and_then(|index| network.populations.get(index)) {
            let (offset, bytes) = (u64::from(population.first) * 4, u64::from(population.size) * 4);
            pieces.push(Piece { buffer: &self.state.spike_counts, offset, bytes });
        }
        if request.statistics {
            for plastic in &self.plastics {
                pieces.push(whole(&plastic.statistics, plastic.statistics.size()));
                pieces.push(whole(&plastic.prune_state, size_of::<PruneState>() as u64));
            }
        }
        if let Some((neuron, _)) = pending.probe(&network) {
            pieces.push(Piece { buffer: &self.state.neurons, offset: u64::from(neuron) * 16, bytes: 16 });
            pieces.push(Piece { buffer: &self.state.synaptic, offset: u64::from(neuron) * 8, bytes: 8 });
            if let Some(plastic) = field_plastic {
                let plastic = &self.plastics[plastic];
                pieces.push(whole(&plastic.field, u64::from(plastic.parameters.source_size) * 4));
            }
        }
        self.samples.submit(encoder, &pieces, pending);
    }

    /// The mutable projection whose field is asked for, if the probed neuron is among its targets.
    fn field_plastic(&self, request: &SampleRequest) -> Option<usize> {
        let (probe, projection) = (request.probe?, request.field_of?);
        let index = self.plastics.iter().position(|plastic| plastic.index == projection)?;
        let p = &self.plastics[index].parameters;
        (probe >= p.target_first && probe - p.target_first < p.target_size).then_some(index)
    }

    fn encode_measurements(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        request: &SampleRequest,
        field_plastic: Option<usize>,
    ) {
        if request.statistics {
            for plastic in &self.plastics {
                encoder.clear_buffer(&plastic.statistics, 0, Some(HISTOGRAM_BINS as u64 * 4));
            }
        }
        if let (Some(plastic), Some(probe)) = (field_plastic, request.probe) {
            let target_local = probe - self.plastics[plastic].parameters.target_first;
            let values = FieldRequest { target_local, ..Default::default() };
            self.gpu.queue.write_buffer(&self.state.field_request, 0, bytemuck::bytes_of(&values));
        }
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("engine.measure"), timestamp_writes: None });
        let max = self.gpu.limits.max_compute_workgroups_per_dimension;
        let [x, y] = grid(self.state.global_values.block_count.div_ceil(64), max);
        self.kernels.measure_neurons.set(&mut pass, &self.measure_neurons);
        pass.dispatch_workgroups(x, y, 1);
        if request.spikes {
            self.kernels.gather_spikes.set(&mut pass, &self.spike_reader.group);
            pass.dispatch_workgroups(GATHER_WORKGROUPS, 1, 1);
        }
        if request.statistics {
            for plastic in &self.plastics {
                self.kernels.measure_weights.set(&mut pass, &plastic.measure_weights);
                pass.dispatch_workgroups(MEASURE_WORKGROUPS, 1, 1);
            }
        }
        if let Some(plastic) = field_plastic {
            self.kernels.measure_field.set(&mut pass, &self.plastics[plastic].measure_field);
            pass.dispatch_workgroups(1, 1, 1);
        }
    }

    /// Turns read-backs that have arrived into samples, oldest first.
    pub(super) fn collect_samples(&mut self) {
        loop {
            if let Some((mut sample, mut arrived)) = self.incomplete.take() {
                match self.rests.poll(|(), bytes| bytemuck::pod_collect_to_vec(bytes)) {
                    Some(words) => arrived.complete(words, self.state.spike_capacity),
                    // A read that failed never comes: the spikes it was for count as lost.
                    None if self.rests.is_empty() => {}
                    None => {
                        self.incomplete = Some((sample, arrived));
                        break;
                    }
                }
                self.spike_reader.finish(&arrived, &mut sample);
                self.finished.push_back(sample);
            }
            let Some((pending, bytes)) = self.samples.poll(|pending, bytes| (pending, bytes.to_vec())) else { break };
            let (mut sample, spikes) = self.decode_sample(&pending, &bytes);
            match spikes.as_ref().and_then(|arrived| arrived.rest(&self.state)) {
                Some(rest) => {
                    let label = Some("engine.rest of spikes");
                    let encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label });
                    self.rests.submit(encoder, &rest, ());
                    self.incomplete = spikes.map(|arrived| (sample, arrived));
                }
                None => {
                    if let Some(arrived) = spikes {
                        self.spike_reader.finish(&arrived, &mut sample);
                    }
                    self.finished.push_back(sample);
                }
            }
        }
        if let Some(times) = self.times.as_mut() {
            times.update();
        }
    }

    /// Blocks until every requested sample is finished.
    pub(super) fn settle_samples(&mut self) -> Result<(), EngineError> {
        loop {
            self.gpu.wait().map_err(EngineError::DeviceLost)?;
            if self.gpu.is_lost() {
                return Err(self.lost());
            }
            self.collect_samples();
            if self.incomplete.is_none() && self.samples.is_empty() {
                return Ok(());
            }
        }
    }

    /// Turns what came back into a sample; its spikes apart, which may not be complete.
    fn decode_sample(&mut self, pending: &Pending, bytes: &[u8]) -> (Sample, Option<Arrived>) {
        let network = std::sync::Arc::clone(&self.network);
        let mut words = Words(bytes);
        let mut sample = Sample { step: pending.step, ..Default::default() };
        let blocks: Vec<BlockSums> = words.take(self.state.block_populations.len());
        self.decode_blocks(&blocks, pending.request.statistics, &mut sample);
        let spikes = pending
            .spikes
            .map(|window| self.spike_reader.arrive(window, words.take(window.word_count()), self.state.spike_capacity));
        if let Some(population) = pending.request.counts_of.and_then(|index| network.populations.get(index)) {
            sample.counts = words.take(population.size as usize);
        }
        if pending.request.statistics {
            sample.projections = vec![None; network.projections.len()];
            for plastic in &self.plastics {
                let statistics: Vec<u32> = words.take(plastic.statistics.size() as usize / 4);
                let period: Vec<PruneState> = words.take(1);
                sample.projections[plastic.index] = Some(projection_sample(&network, plastic, &statistics, period[0]));
            }
        }
        if let Some((neuron, _)) = pending.probe(&network) {
            let state: Vec<NeuronState> = words.take(1);
            let synaptic: Vec<[f32; 2]> = words.take(1);
            let field = match pending.request.field_of {
                Some(projection) if pending.field => self.decode_field(projection, &mut words),
                Some(projection) => fixed_field(&network, projection, neuron),
                None => Vec::new(),
            };
            sample.probe = Some(Probe { neuron, state: state[0], synaptic: synaptic[0], field });
        }
        (sample, spikes)
    }

    fn decode_blocks(&self, blocks: &[BlockSums], statistics: bool, sample: &mut Sample) {
        let populations = &self.network.populations;
        sample.population_spikes = vec![0; populations.len()];
        let mut membrane_mv = vec![0.0_f64; populations.len()];
        for (block, &population) in blocks.iter().zip(&self.state.block_populations) {
            let population = population as usize;
            sample.population_spikes[population] += u64::from(block.count_low) + (u64::from(block.count_high) << 16);
            membrane_mv[population] += f64::from(block.membrane_mv);
        }
        if statistics {
            let mean = |(sum, p): (&f64, &crate::engine::PopulationParameters)| {
                if p.port_count > 0 { (sum / f64::from(p.size.max(1))) as f32 } else { 0.0 }
            };
            sample.membrane_mean_mv = membrane_mv.iter().zip(&self.plan.populations).map(mean).collect();
        }
    }

    fn decode_field(&self, projection: usize, words: &mut Words<'_>) -> Vec<f32> {
        let weight_max = self.network.projections[projection].weight_max();
        let sources = self.network.populations[self.network.projections[projection].source].size;
        let shares: Vec<f32> = words.take(sources as usize);
        shares.into_iter().map(|share| if share < 0.0 { PRUNED } else { share * weight_max }).collect()
    }
}

const BLOCK_SUM_BYTES: u64 = size_of::<BlockSums>() as u64;

const fn whole(buffer: &wgpu::Buffer, bytes: u64) -> Piece<'_> {
    Piece { buffer, offset: 0, bytes }
}

/// Takes typed runs from the front of the bytes.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn take<T: bytemuck::Pod>(&mut self, count: usize) -> Vec<T> {
        let (run, rest) = self.0.split_at(count * size_of::<T>());
        self.0 = rest;
        bytemuck::pod_collect_to_vec(run)
    }
}

fn projection_sample(network: &Network, plastic: &Plastic, statistics: &[u32], period: PruneState) -> ProjectionSample {
    let mut histogram = [0; HISTOGRAM_BINS];
    histogram.copy_from_slice(&statistics[..HISTOGRAM_BINS]);
    let remaining: u64 = histogram.iter().map(|&count| u64::from(count)).sum();
    let sum: f64 = statistics[HISTOGRAM_BINS..].iter().map(|&bits| f64::from(f32::from_bits(bits))).sum();
    let mean = if remaining > 0 { sum / remaining as f64 } else { 0.0 };
    ProjectionSample {
        weight_mean: (mean * f64::from(network.projections[plastic.index].weight_max())) as f32,
        histogram,
        remaining,
        total: u64::from(plastic.parameters.synapse_count),
        threshold: period.threshold,
    }
}

/// The receptive field in a projection whose weights never change, from the network itself.
fn fixed_field(network: &Network, index: usize, neuron: u32) -> Vec<f32> {
    let Some(projection) = network.projections.get(index) else { return Vec::new() };
    let target = &network.populations[projection.target];
    if !target.neurons().contains(&neuron) {
        return Vec::new();
    }
    let mut field = vec![PRUNED; network.populations[projection.source].size as usize];
    super::rows::visit_column(network, projection, neuron - target.first, |source, synapse| {
        let weight = projection.weights.get(synapse);
        let entry = &mut field[source as usize];
        *entry = if *entry == PRUNED { weight } else { *entry + weight };
    });
    field
}
