//! The GPU engine: the same arithmetic as [`cpu`](super::cpu), as WGSL kernels over buffers that never leave the GPU.
//!
//! In: a [`Network`]. Out: the buffers that the renderer draws from ([`Activity::Device`]), samples through a ring of
//! read-backs. Steps are submitted in slices; nothing is read back between them.
//!
//! # How exact
//!
//! Every sum of inputs is an integer sum, so the same seed on the same device gives the same spikes, whatever the order
//! of its threads. Against the CPU engine the results are equal bit for bit where the device rounds every operation as
//! IEEE 754 asks (Mesa's software adapter does, and `tests/lockstep.rs` shows it), but for values below the smallest
//! normal f32, which may be flushed to zero. WGSL lets a driver fuse a multiplication with an addition and divide with
//! an error of 2.5 units in the last place; on such a device membranes and weights may differ from the CPU's in their
//! last bits, and a spike at the very edge of the threshold may fall one step earlier or later.
//!
//! | file | owns |
//! |---|---|
//! | [`layout`] | structs shared with the shaders |
//! | [`shaders`] | which WGSL files make which kernel |
//! | `kernels` | pipelines |
//! | `state` | buffers of the network as a whole |
//! | `rows` | fixed-weight synapses, merged and segmented |
//! | `segment` | the buffers of those segments |
//! | `plastic` | projections whose weights can change |
//! | `step` | dispatches of a step, slices, kernel times |
//! | `advance` | the path of small networks: many steps in one dispatch |
//! | `explain` | which way a network takes, and why |
//! | `sample` | measurements and read-back |
//! | `spikes` | which spikes a sample holds |
//! | `transfer` | checkpoints and weights |
//! | `rescue` | checkpoints without waiting |

mod advance;
mod explain;
mod kernels;
pub mod layout;
mod plastic;
mod rescue;
mod rows;
mod sample;
mod segment;
pub mod shaders;
mod spikes;
mod state;
mod step;
mod transfer;

use std::collections::VecDeque;
use std::sync::Arc;

use advance::Advance;
use kernels::Kernels;
use layout::MutableProjection;
use plastic::Plastic;
use rescue::Rescue;
use sample::Pending;
use segment::{Segment, segments};
use spikes::{Arrived, SpikeReader};
use state::State;
use step::{KernelTimes, Slices};

pub use shaders::SHADERS;

use super::{
    Activity, Change, Checkpoint, Engine, EngineError, KernelTime, Live, Plan, Sample, SampleRequest, check_network,
};
use crate::gpu::{Gpu, LimitError, Memory, ReadbackRing, grid};
use crate::model::Network;

/// Samples under way at most; a request beyond is refused.
const SAMPLES_UNDER_WAY: usize = 4;

/// Workgroups of `lesion` at most; each takes many rows.
const LESION_WORKGROUPS: u32 = 1024;

/// How to build the engine, beyond the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GpuOptions {
    /// Bind no buffer larger than this, bytes; the adapter's limit holds anyway. Small values force synapses into many
    /// segments.
    pub max_binding: Option<u64>,
    /// How steps are dispatched.
    pub path: StepPath,
}

/// How steps become dispatches. Both ways give the same results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepPath {
    /// One workgroup where the network allows it and is small enough to gain by it.
    #[default]
    Automatic,
    /// Several dispatches a step, each of many workgroups.
    ManyDispatches,
}

/// A network being simulated in GPU memory. See the module.
pub struct GpuEngine {
    gpu: Arc<Gpu>,
    network: Arc<Network>,
    plan: Arc<Plan>,
    live: Live,
    step: u64,
    state: State,
    kernels: Kernels,
    segments: Vec<Segment>,
    plastics: Vec<Plastic>,
    /// The path of small networks, or why this one does not take it.
    advance: Result<Advance, String>,
    integrate: wgpu::BindGroup,
    measure_neurons: wgpu::BindGroup,
    rest: wgpu::BindGroup,
    step_group: wgpu::BindGroup,
    slices: Slices,
    /// Steps of a submit, from the time that steps take.
    slice_steps: u32,
    times: Option<KernelTimes>,
    samples: ReadbackRing<Pending>,
    /// Samples that `wait` brought in before they were polled.
    finished: VecDeque<Sample>,
    spike_reader: SpikeReader,
    /// The oldest sample, while the rest of its spikes is being read.
    incomplete: Option<(Sample, Arrived)>,
    rests: ReadbackRing<()>,
    rescue: Rescue,
    next_drive_change: usize,
    network_hash: Option<u64>,
}

impl GpuEngine {
    /// Builds the engine; limits are checked before anything is allocated.
    ///
    /// # Errors
    /// The network is not sound or too large for the adapter.
    pub fn new(gpu: Arc<Gpu>, network: Arc<Network>) -> Result<Self, EngineError> {
        Self::with_options(gpu, network, GpuOptions::default())
    }

    /// [`Self::new`] with options.
    ///
    /// # Errors
    /// The network is not sound or too large for the adapter.
    pub fn with_options(gpu: Arc<Gpu>, network: Arc<Network>, options: GpuOptions) -> Result<Self, EngineError> {
        check_network(&network)?;
        check_adapter(&gpu)?;
        let plan = Arc::new(Plan::new(&network));
        let live = Live::new(&network, &plan);
        let out_of_memory = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let mut memory = Memory::new(Arc::clone(&gpu), options.max_binding);
        let state = State::new(&mut memory, &network, &plan, &live, advance::first_slots(&gpu, &network))?;
        let kernels = Kernels::new(&gpu, &network, &plan, &live);
        let segments = segments(&gpu, &mut memory, &kernels, &state, &network, &plan)?;
        let plastics = (0..network.projections.len())
            .filter(|&index| network.projections[index].is_mutable())
            .map(|index| Plastic::new(&gpu, &mut memory, &kernels, &state, &network, &plan, index))
            .collect::<Result<Vec<_>, _>>()?;
        let against = match options.path {
            StepPath::ManyDispatches => Some("it was asked for".to_owned()),
            StepPath::Automatic => advance::reason_against(&gpu, &network, segments.len()),
        };
        let advance = match against {
            Some(reason) => Err(reason),
            None => Ok(Advance::new(&gpu, &mut memory, &state, &segments[0], &network, &plan, &live)?),
        };
        if let Some(error) = pollster::block_on(out_of_memory.pop()) {
            return Err(EngineError::DeviceLost(format!(
                "{error} after {} bytes; use fewer neurons or synapses, or --engine cpu",
                memory.given_out()
            )));
        }
        let step_group = kernels
            .integrate
            .bind_dynamic(&gpu.device, &state.steps, size_of::<layout::StepNumber>() as u64)
            .ok_or_else(|| EngineError::Misuse("the kernel `integrate` takes no step number".into()))?;
        let spike_reader = SpikeReader::new(&gpu, memory, &kernels, &state)?;
        let dispatches = 1 + segments.len() + 2 * plastics.len();
        Ok(Self {
            integrate: integrate_group(&gpu, &kernels, &state),
            measure_neurons: measure_group(&gpu, &kernels, &state),
            rest: kernels.rest.bind(&gpu.device, &[&state.globals, &state.populations, &state.blocks, &state.neurons]),
            step_group,
            slices: Slices::new(),
            slice_steps: step::SLICE_STEPS_FIRST,
            times: KernelTimes::new(&gpu, dispatches as u32),
            samples: ReadbackRing::new(Arc::clone(&gpu), "samples", SAMPLES_UNDER_WAY),
            finished: VecDeque::new(),
            spike_reader,
            incomplete: None,
            rests: ReadbackRing::new(Arc::clone(&gpu), "rest of the spikes", 1),
            next_drive_change: 0,
            network_hash: None,
            rescue: Rescue::default(),
            step: 0,
            gpu,
            network,
            plan,
            live,
            state,
            kernels,
            segments,
            plastics,
            advance,
        })
    }

    /// True when one workgroup advances the whole network by many steps at a time.
    #[must_use]
    pub const fn is_one_workgroup(&self) -> bool {
        self.advance.is_ok()
    }

    /// How many segments the fixed-weight synapses were cut into.
    #[must_use]
    pub fn segment_count(&self) -> usize {
        self.segments.len()
    }

    fn lost(&self) -> EngineError {
        EngineError::DeviceLost(self.gpu.take_fault().unwrap_or_else(|| "the device is gone".into()))
    }

    fn plastic(&self, projection: usize) -> Option<&Plastic> {
        self.plastics.iter().find(|plastic| plastic.index == projection)
    }

    /// Brings what is done to single neurons to the GPU.
    fn write_touches(&mut self) {
        self.state.write_touches(&self.gpu, &self.live);
        self.kernels.touch(&self.gpu, &self.live);
        self.integrate = integrate_group(&self.gpu, &self.kernels, &self.state);
        if let Ok(advance) = &mut self.advance {
            advance.update(&self.gpu, &self.state, &self.segments[0], &self.live);
        }
    }

    /// Marks the synapses of lesioned neurons as pruned.
    fn lesion(&self) {
        for plastic in &self.plastics {
            let (device, state) = (&self.gpu.device, &self.state);
            let tables = [&plastic.parameter_buffer, &plastic.row_start, &plastic.targets];
            let [own, row_start, targets] = tables;
            let buffers = [own, row_start, targets, &state.touches, &plastic.weights, &plastic.prune_state];
            let lesion = self.kernels.lesion.bind(device, &buffers);
            let end = self.kernels.lesion_end.bind(device, &[&plastic.prune_state]);
            let workgroups = plastic.parameters.source_size.clamp(1, LESION_WORKGROUPS);
            let dispatches = [(&self.kernels.lesion, &lesion, workgroups), (&self.kernels.lesion_end, &end, 1)];
            self.submit_once("engine.lesion", &dispatches, &[]);
        }
    }

    /// Submits one pass of dispatches: kernel, group, workgroups.
    fn submit_once(
        &self,
        label: &str,
        dispatches: &[(&crate::gpu::Kernel, &wgpu::BindGroup, u32)],
        clear: &[&wgpu::Buffer],
    ) {
        let mut encoder =
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some(label) });
        for buffer in clear {
            encoder.clear_buffer(buffer, 0, None);
        }
        {
            let mut pass =
                encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes: None });
            for (kernel, group, workgroups) in dispatches {
                let [x, y] = grid(*workgroups, self.gpu.limits.max_compute_workgroups_per_dimension);
                kernel.set(&mut pass, group);
                pass.dispatch_workgroups(x, y, 1);
            }
        }
        self.gpu.queue.submit([encoder.finish()]);
    }
}

impl From<LimitError> for EngineError {
    fn from(error: LimitError) -> Self {
        Self::TooLarge {
            what: error.what,
            needed: error.needed,
            available: error.available,
            limit_name: error.limit_name,
            advice: "use fewer neurons or synapses, another adapter, or --engine cpu".into(),
        }
    }
}

fn check_adapter(gpu: &Gpu) -> Result<(), EngineError> {
    let available = gpu.limits.max_storage_buffers_per_shader_stage;
    if available < kernels::STORAGE_BUFFERS {
        return Err(EngineError::Misuse(format!(
            "the adapter {:?} binds {available} storage buffers at once and the GPU engine needs {}; use another \
             adapter, or --engine cpu",
            gpu.info.name,
            kernels::STORAGE_BUFFERS
        )));
    }
    Ok(())
}

fn integrate_group(gpu: &Gpu, kernels: &Kernels, state: &State) -> wgpu::BindGroup {
    kernels.integrate.bind(
        &gpu.device,
        &[
            &state.globals,
            &state.populations,
            &state.blocks,
            &state.population_traces,
            &state.tables,
            &state.group_ring,
            &state.neurons,
            &state.synaptic,
            &state.spike_counts,
            &state.traces,
            &state.ring,
            &state.clock,
            &state.spikes,
            &state.touches,
        ],
    )
}

fn measure_group(gpu: &Gpu, kernels: &Kernels, state: &State) -> wgpu::BindGroup {
    kernels.measure_neurons.bind(
        &gpu.device,
        &[&state.globals, &state.populations, &state.blocks, &state.neurons, &state.spike_counts, &state.block_sums],
    )
}

impl Plastic {
    fn mean_row(&self) -> u32 {
        self.parameters.synapse_count / self.parameters.source_size.max(1)
    }

    fn mean_column(&self) -> u32 {
        self.parameters.synapse_count / self.parameters.target_size.max(1)
    }

    fn column_workgroups(p: &MutableProjection) -> u32 {
        p.target_size.div_ceil(64)
    }
}

impl Engine for GpuEngine {
    fn network(&self) -> &Arc<Network> {
        &self.network
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    fn name(&self) -> &'static str {
        "gpu"
    }

    fn step(&self) -> u64 {
        self.step
    }

    fn live(&self) -> &Live {
        &self.live
    }

    fn advance(&mut self, steps: u32) -> Result<(), EngineError> {
        if self.step + u64::from(steps) > u64::from(u32::MAX) {
            return Err(EngineError::Misuse(format!("a run ends after {} steps; start a new one", u32::MAX)));
        }
        self.submit_steps(steps)
    }

    fn is_busy(&self) -> bool {
        // An error here means a lost device, which the next call reports.
        let _ = self.gpu.device.poll(wgpu::PollType::Poll);
        self.slices.under_way() >= step::BUSY_SLICES
    }

    fn set_rates(&mut self, population: usize, rate_hz: &[f32]) -> Result<(), EngineError> {
        self.live.set_rates(&self.network, &self.plan, population, rate_hz)?;
        let p = &self.plan.populations[population];
        let first = p.source_first as usize;
        self.state.write_thresholds(&self.gpu.queue, &self.live, first..first + p.size as usize);
        Ok(())
    }

    fn change(&mut self, change: &Change) -> Result<(), EngineError> {
        self.live.apply(change, &self.network, self.step)?;
        let queue = &self.gpu.queue;
        match *change {
            Change::Learning(on) => self.state.write_learning(queue, on),
            Change::LearningRate { projection, .. } => {
                if let Some(plastic) = self.plastics.iter_mut().find(|plastic| plastic.index == projection) {
                    plastic.update_rule(&self.gpu, &self.network, &self.plan, &self.live, self.state.power_first);
                }
            }
            Change::ReceptorGain { population, .. }
            | Change::Drive { population, .. }
            | Change::BackgroundRate { population, .. } => {
                self.state.write_population(queue, &self.network, &self.plan, &self.live, population);
            }
            Change::PruningThreshold { projection, threshold } => {
                if let Some(plastic) = self.plastic(projection) {
                    queue.write_buffer(&plastic.prune_state, 0, bytemuck::bytes_of(&threshold));
                }
            }
            Change::Silence { .. } | Change::Stimulate { .. } => self.write_touches(),
            Change::Lesion { ref neurons } => {
                self.write_touches();
                if !neurons.is_empty() {
                    self.lesion();
                }
            }
        }
        Ok(())
    }

    fn rest(&mut self) -> Result<(), EngineError> {
        let workgroups = self.state.global_values.block_count;
        self.submit_once(
            "engine.rest",
            &[(&self.kernels.rest, &self.rest, workgroups)],
            &[&self.state.synaptic, &self.state.ring, &self.state.group_ring],
        );
        Ok(())
    }

    fn normalise(&mut self, projection: usize) -> Result<(), EngineError> {
        let has_sum = self.network.projections.get(projection).is_some_and(|p| p.normalised_sum.is_some());
        let Some(plastic) = self.plastic(projection).filter(|_| has_sum) else {
            return Err(EngineError::Misuse(format!("projection {projection} has no sum to normalise its weights to")));
        };
        let workgroups = Plastic::column_workgroups(&plastic.parameters);
        self.submit_once("engine.normalise", &[(&self.kernels.normalise, &plastic.normalise, workgroups)], &[]);
        Ok(())
    }

    fn prune(&mut self, projection: usize) -> Result<(), EngineError> {
        let has_policy = self.network.projections.get(projection).is_some_and(|p| p.pruning.is_some());
        let Some(plastic) = self.plastic(projection).filter(|_| has_policy) else {
            return Err(EngineError::Misuse(format!("projection {projection} has no pruning policy")));
        };
        let workgroups = Plastic::column_workgroups(&plastic.parameters);
        self.submit_once(
            "engine.prune",
            &[(&self.kernels.prune, &plastic.prune, workgroups), (&self.kernels.prune_end, &plastic.prune_end, 1)],
            &[],
        );
        Ok(())
    }

    fn request_sample(&mut self, request: &SampleRequest) -> bool {
        if !self.samples.has_room() {
            self.collect_samples();
        }
        if !self.samples.has_room() || self.gpu.is_lost() {
            return false;
        }
        self.enqueue_sample(request);
        true
    }

    fn poll_sample(&mut self) -> Option<Sample> {
        if self.finished.is_empty() {
            self.collect_samples();
        }
        self.finished.pop_front()
    }

    fn wait(&mut self) -> Result<(), EngineError> {
        self.settle_samples()
    }

    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, EngineError> {
        self.read_weights(projection)
    }

    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError> {
        self.read_checkpoint()
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        self.write_checkpoint(checkpoint)
    }

    fn request_checkpoint(&mut self) -> bool {
        self.start_checkpoint()
    }

    fn poll_checkpoint(&mut self) -> Option<Option<Checkpoint>> {
        self.finish_checkpoint()
    }

    fn activity(&self) -> Activity<'_> {
        let weights = |index| self.plastic(index).map(|plastic| &plastic.weights);
        Activity::Device {
            neurons: &self.state.neurons,
            traces: &self.state.traces,
            weights: (0..self.network.projections.len()).map(weights).collect(),
        }
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        self.times.as_ref().map_or_else(Vec::new, KernelTimes::means)
    }

    fn explain(&self) -> Vec<String> {
        self.explanation()
    }

    fn dispatches_per_step(&self) -> f64 {
        self.dispatch_count()
    }

    fn synapse_bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum::<u64>()
            + self.plastics.iter().map(|plastic| plastic.bytes).sum::<u64>()
    }
}
