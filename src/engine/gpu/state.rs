//! Everything that is the network's as a whole on the GPU: neuron state, traces, input rings, spike ring, parameters
//! and lookup tables. In: network and plan. Out: buffers, and what must be written into them after a live change.

use super::layout::{BLOCK_SIZE, BlockSums, EngineGlobals, FieldRequest, POPULATIONS_MAX, StepNumber};
use crate::engine::{CELL_POISSON, CELL_SPIKE_LIST, EngineError, Live, NeuronState, Plan, PopulationParameters, Touch};
use crate::gpu::{Gpu, Memory};
use crate::model::random::fold_seed;
use crate::model::{Cell, Network, Source};

/// Steps per submit at most; one entry of the uniform list of steps each.
pub(super) const SLICE_STEPS_MAX: u32 = 512;

/// Steps whose first spike's number is kept: the longest time between two samples that loses no spikes.
pub(super) const START_CAPACITY: u32 = 1 << 16;

/// Smallest spike ring, entries.
const SPIKE_CAPACITY_MIN: u64 = 1 << 16;

/// Room for a background table, entries: more than one ever has, so that live rates are written in place.
const BACKGROUND_ROOM: usize = 257;

/// See the module.
pub(super) struct State {
    pub(super) globals: wgpu::Buffer,
    pub(super) populations: wgpu::Buffer,
    pub(super) blocks: wgpu::Buffer,
    pub(super) population_traces: wgpu::Buffer,
    pub(super) tables: wgpu::Buffer,
    pub(super) group_ring: wgpu::Buffer,
    pub(super) neurons: wgpu::Buffer,
    pub(super) synaptic: wgpu::Buffer,
    pub(super) spike_counts: wgpu::Buffer,
    pub(super) traces: wgpu::Buffer,
    pub(super) ring: wgpu::Buffer,
    /// Number of spikes of all time (modulo 2^32), then the ring of step starts.
    pub(super) clock: wgpu::Buffer,
    pub(super) spikes: wgpu::Buffer,
    /// One [`Touch`] per neuron, or a single empty one while none is touched.
    pub(super) touches: wgpu::Buffer,
    /// [`SLICE_STEPS_MAX`] step numbers, `step_stride` bytes apart.
    pub(super) steps: wgpu::Buffer,
    pub(super) step_stride: u64,
    pub(super) field_request: wgpu::Buffer,
    pub(super) block_sums: wgpu::Buffer,
    /// What `globals` holds.
    pub(super) global_values: EngineGlobals,
    /// Population of each block.
    pub(super) block_populations: Vec<u32>,
    pub(super) spike_capacity: u32,
    /// Where the power tables begin in `tables`, entries.
    pub(super) power_first: u32,
    tables_layout: TablesLayout,
}

/// Where things begin in the lookup tables, entries.
#[derive(Clone, Debug, Default)]
struct TablesLayout {
    /// Per population with background input.
    background: Vec<Option<u32>>,
    /// Thresholds of all Poisson sources.
    thresholds: u32,
    /// Per spike list population: row starts (absolute), size + 1 of them.
    lists: Vec<Option<u32>>,
    /// Per population, for the one-workgroup path.
    first_slots: Vec<u32>,
}

impl State {
    /// `first_slots`: see [`PopulationParameters::first_slot`].
    pub(super) fn new(
        memory: &mut Memory,
        network: &Network,
        plan: &Plan,
        live: &Live,
        first_slots: Vec<u32>,
    ) -> Result<Self, EngineError> {
        let neurons = u64::from(network.neuron_count());
        let spike_capacity = spike_capacity(neurons, memory.max_binding());
        let blocks = blocks(network);
        let (tables, power_first, mut tables_layout) = tables(network, plan, live);
        tables_layout.first_slots = first_slots;
        let slots = u64::from(plan.ring_slots);
        let (steps, step_stride) = memory.uniform_array::<StepNumber>("steps", u64::from(SLICE_STEPS_MAX));
        let global_values = EngineGlobals {
            seed: fold_seed(network.seed),
            learning: u32::from(live.learning),
            population_count: network.populations.len() as u32,
            port_count: plan.port_count,
            ring_slots: plan.ring_slots,
            block_count: blocks.len() as u32,
            spike_mask: spike_capacity - 1,
            start_mask: START_CAPACITY - 1,
            ..Default::default()
        };
        let population_traces: Vec<_> =
            plan.population_traces.iter().map(|&index| plan.traces[index as usize]).collect();
        let synaptic = initial_synaptic(network);
        let mut parameters: Vec<PopulationParameters> = (0..network.populations.len())
            .map(|index| parameters(network, plan, live, &tables_layout, index))
            .collect();
        if parameters.len() > POPULATIONS_MAX {
            return Err(EngineError::Misuse(format!(
                "the GPU engine takes {POPULATIONS_MAX} populations at most and the network has {}; use fewer, or \
                 --engine cpu",
                parameters.len()
            )));
        }
        parameters.resize(POPULATIONS_MAX, PopulationParameters::default());
        Ok(Self {
            globals: memory.uniform("globals", &global_values)?,
            populations: memory.uniforms("populations", &parameters)?,
            blocks: memory.storage("blocks", &blocks)?,
            population_traces: memory.storage("trace parameters", &population_traces)?,
            tables: memory.storage("lookup tables", &tables)?,
            group_ring: memory.zeroed::<i32>("group input ring", slots * 2 * network.populations.len() as u64)?,
            neurons: memory.storage("neurons", &initial_neurons(network))?,
            synaptic: memory.storage("synaptic state", &synaptic)?,
            spike_counts: memory.zeroed::<u32>("spike counts", neurons)?,
            traces: memory.zeroed::<f32>("traces", u64::from(plan.trace_len))?,
            ring: memory.zeroed::<i32>("input ring", slots * u64::from(plan.port_count))?,
            clock: memory.zeroed::<u32>("spike clock", 1 + u64::from(START_CAPACITY))?,
            spikes: memory.zeroed::<u32>("spike ring", u64::from(spike_capacity))?,
            touches: memory.zeroed::<Touch>("touches", 1)?,
            steps,
            step_stride,
            field_request: memory.uniform("field request", &FieldRequest::default())?,
            block_sums: memory.zeroed::<BlockSums>("block sums", blocks.len() as u64)?,
            global_values,
            block_populations: blocks.iter().map(|block| block[0]).collect(),
            spike_capacity,
            power_first,
            tables_layout,
        })
    }

    /// Writes everything that follows from the live parameters of the network as a whole.
    pub(super) fn write_live(&mut self, queue: &wgpu::Queue, network: &Network, plan: &Plan, live: &Live) {
        self.write_learning(queue, live.learning);
        for index in 0..network.populations.len() {
            self.write_population(queue, network, plan, live, index);
        }
        self.write_thresholds(queue, live, 0..live.source_thresholds.len());
    }

    /// Writes whether learning is on.
    pub(super) fn write_learning(&mut self, queue: &wgpu::Queue, learning: bool) {
        self.global_values.learning = u32::from(learning);
        queue.write_buffer(&self.globals, 0, bytemuck::bytes_of(&self.global_values));
    }

    /// Writes what is done to single neurons. The buffer may be another one afterwards: whoever binds it must do so again.
    pub(super) fn write_touches(&mut self, gpu: &Gpu, live: &Live) {
        let bytes: &[u8] = bytemuck::cast_slice(&live.touches);
        if bytes.len() as u64 > self.touches.size() {
            // As large as the neurons' states, so within every limit that those are within.
            self.touches = gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("touches"),
                size: bytes.len() as u64,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
        }
        if !bytes.is_empty() {
            gpu.queue.write_buffer(&self.touches, 0, bytes);
        }
        self.global_values.touched = u32::from(!bytes.is_empty());
        gpu.queue.write_buffer(&self.globals, 0, bytemuck::bytes_of(&self.global_values));
    }

    /// Writes a population's parameters and background table.
    pub(super) fn write_population(
        &self,
        queue: &wgpu::Queue,
        network: &Network,
        plan: &Plan,
        live: &Live,
        index: usize,
    ) {
        let p = parameters(network, plan, live, &self.tables_layout, index);
        let bytes = bytemuck::bytes_of(&p);
        queue.write_buffer(&self.populations, index as u64 * bytes.len() as u64, bytes);
        let table = live.background_table(network, index);
        if let (Some(first), false) = (self.tables_layout.background[index], table.is_empty()) {
            queue.write_buffer(&self.tables, u64::from(first) * 4, bytemuck::cast_slice(&table));
        }
    }

    /// Writes the thresholds of some Poisson sources.
    pub(super) fn write_thresholds(&self, queue: &wgpu::Queue, live: &Live, range: std::ops::Range<usize>) {
        if !range.is_empty() {
            let first = (u64::from(self.tables_layout.thresholds) + range.start as u64) * 4;
            queue.write_buffer(&self.tables, first, bytemuck::cast_slice(&live.source_thresholds[range]));
        }
    }
}

/// A population's parameters with places in `tables` instead of places in the plan.
fn parameters(
    network: &Network,
    plan: &Plan,
    live: &Live,
    layout: &TablesLayout,
    index: usize,
) -> PopulationParameters {
    let mut p = live.population(plan, index);
    p.first_slot = layout.first_slots.get(index).copied().unwrap_or(0);
    if let Some(first) = layout.background[index] {
        p.background_first = first;
        p.background_len = live.background_table(network, index).len() as u32;
    }
    match p.cell {
        CELL_POISSON => p.source_first += layout.thresholds,
        CELL_SPIKE_LIST => p.source_first = layout.lists[index].unwrap_or(0),
        _ => {}
    }
    p
}

/// (population, first local neuron) of every workgroup of `integrate`.
fn blocks(network: &Network) -> Vec<[u32; 2]> {
    (0_u32..)
        .zip(&network.populations)
        .flat_map(|(index, p)| (0..p.size).step_by(BLOCK_SIZE as usize).map(move |first| [index, first]))
        .collect()
}

/// A power of two that holds all neurons' spikes of one step, several times over where there is room.
fn spike_capacity(neurons: u64, max_binding: u64) -> u32 {
    let least = neurons.max(1).next_power_of_two();
    let mut capacity = (least * 4).max(SPIKE_CAPACITY_MIN);
    while capacity * 4 > max_binding && capacity > least {
        capacity /= 2;
    }
    capacity as u32
}

/// Decay tables, power tables, background tables, Poisson thresholds, spike lists; and where each begins.
fn tables(network: &Network, plan: &Plan, live: &Live) -> (Vec<u32>, u32, TablesLayout) {
    let mut entries: Vec<u32> = plan.decay_tables.iter().map(|x| x.to_bits()).collect();
    let power_first = entries.len() as u32;
    entries.extend(plan.power_tables.iter().map(|x| x.to_bits()));
    let mut layout = TablesLayout::default();
    for (index, population) in network.populations.iter().enumerate() {
        let has_background = matches!(&population.cell, Cell::Lif(lif) if lif.background.is_some());
        layout.background.push(has_background.then(|| {
            let first = entries.len();
            entries.extend(live.background_table(network, index));
            entries.resize(first + BACKGROUND_ROOM, u32::MAX);
            first as u32
        }));
    }
    layout.thresholds = entries.len() as u32;
    entries.extend(&live.source_thresholds);
    for population in &network.populations {
        let Cell::Source(Source::SpikeList(lists)) = &population.cell else {
            layout.lists.push(None);
            continue;
        };
        let first = entries.len() as u32;
        let mut next = first + lists.len() as u32 + 1;
        for list in lists {
            entries.push(next);
            next += list.len() as u32;
        }
        entries.push(next);
        entries.extend(lists.iter().flatten());
        layout.lists.push(Some(first));
    }
    (entries, power_first, layout)
}

fn initial_neurons(network: &Network) -> Vec<NeuronState> {
    let mut neurons = vec![NeuronState::default(); network.neuron_count() as usize];
    for population in &network.populations {
        let Cell::Lif(lif) = &population.cell else { continue };
        for id in population.neurons() {
            let neuron = &mut neurons[id as usize];
            neuron.membrane_mv = network.initial_membrane_mv.get(id as usize).copied().unwrap_or(0.0);
            neuron.theta_mv = lif.adaptive_threshold.map_or(0.0, |theta| theta.initial_mv as f32);
        }
    }
    neurons
}

fn initial_synaptic(network: &Network) -> Vec<[f32; 2]> {
    let mut synaptic = network.initial_synaptic.clone();
    synaptic.resize(network.neuron_count() as usize, [0.0; 2]);
    synaptic
}
