//! The path of small networks: one workgroup advances all neurons by many steps in one dispatch. In: the network and
//! the buffers of its state. Out: a kernel made for just this network, or the reason why there is none.

use super::layout::{RULE_ONE_TO_ONE, Slot, StepNumber};
use super::segment::Segment;
use super::state::State;
use super::{rows, shaders};
use crate::engine::{EngineError, Live, Plan};
use crate::gpu::Slot::{Read, Uniform, Write};
use crate::gpu::{Gpu, Kernel, Memory};
use crate::model::{Cell, Network};

/// Most neurons: beyond, more workgroups than one are faster than fewer dispatches.
pub(super) const NEURONS_MAX: u32 = 12_288;
/// Most stored synapses: beyond, delivery wants more than one workgroup.
const SYNAPSES_MAX: u64 = 8_000_000;
/// Neurons of a thread at most; `SLOTS_MAX` in the shader.
const SLOTS_MAX: u32 = 32;
/// Storage buffers that the kernel binds.
const STORAGE_BUFFERS: u32 = 16;
const BINDINGS: [crate::gpu::Slot; 20] = [
    Uniform, Uniform, Uniform, Read, Read, Write, Write, Write, Write, Write, Write, Write, Write, Read, Uniform, Read,
    Read, Read, Read, Write,
];

/// See the module.
pub(super) struct Advance {
    pub(super) kernel: Kernel,
    pub(super) group: wgpu::BindGroup,
    /// Threads of the workgroup.
    pub(super) threads: u32,
    constants: Vec<(&'static str, f64)>,
    buffers: Buffers,
    has_touches: bool,
}

/// What only this path needs.
struct Buffers {
    slots: wgpu::Buffer,
    /// Bits of the ports whose input waits.
    dirty: wgpu::Buffer,
}

/// Threads of the workgroup and (population, first local neuron) of each slot; `None` where no workgroup is enough.
fn assign(gpu: &Gpu, network: &Network) -> Option<(u32, Vec<[u32; 2]>)> {
    let most = gpu.limits.max_compute_invocations_per_workgroup.min(gpu.limits.max_compute_workgroup_size_x).min(1024);
    // On a GPU, more threads hide more latency; on a software adapter every thread is one more to go through at each
    // barrier.
    let mut sizes = [64, 128, 256, 512, 1024];
    if !gpu.is_software() {
        sizes.reverse();
    }
    sizes.into_iter().filter(|&threads| threads <= most).find_map(|threads| {
        let table: Vec<[u32; 2]> = (0_u32..)
            .zip(&network.populations)
            .flat_map(|(index, p)| (0..p.size).step_by(threads as usize).map(move |first| [index, first]))
            .collect();
        (table.len() <= SLOTS_MAX as usize).then_some((threads, table))
    })
}

/// Why a network cannot, or should not, go this way. `None`: it can.
pub(super) fn reason_against(gpu: &Gpu, network: &Network, segments: usize) -> Option<String> {
    let neurons = network.neuron_count();
    if let Some(p) = network.projections.iter().find(|p| p.is_mutable()) {
        return Some(format!("the weights of {} can change", p.name));
    }
    if neurons > NEURONS_MAX {
        return Some(format!("{neurons} neurons are more than {NEURONS_MAX}"));
    }
    let synapses: u64 = (0..network.projections.len())
        .filter(|&index| !rows::is_rule(&network.projections[index]))
        .map(|index| network.synapse_count_of(index))
        .sum();
    if synapses > SYNAPSES_MAX {
        return Some(format!("{synapses} stored synapses are more than {SYNAPSES_MAX}"));
    }
    if segments != 1 {
        return Some(format!("the synapses lie in {segments} segments"));
    }
    let buffers = gpu.limits.max_storage_buffers_per_shader_stage;
    if buffers < STORAGE_BUFFERS {
        return Some(format!("the adapter binds {buffers} storage buffers and this path needs {STORAGE_BUFFERS}"));
    }
    assign(gpu, network).is_none().then(|| "there are too many populations for one workgroup".to_owned())
}

/// Per population, the slot that holds its first neurons.
pub(super) fn first_slots(gpu: &Gpu, network: &Network) -> Vec<u32> {
    let (_, table) = assign(gpu, network).unwrap_or_default();
    let first = |index| table.iter().position(|slot| slot[0] == index).unwrap_or(0) as u32;
    (0..network.populations.len() as u32).map(first).collect()
}

impl Advance {
    /// The caller has made sure that there is no [`reason_against`].
    pub(super) fn new(
        gpu: &Gpu,
        memory: &mut Memory,
        state: &State,
        segment: &Segment,
        network: &Network,
        plan: &Plan,
        live: &Live,
    ) -> Result<Self, EngineError> {
        let (threads, table) = assign(gpu, network).unwrap_or_default();
        // A software adapter gains nothing by threads beyond two vectors of eight.
        let most = if gpu.is_software() { 16 } else { 64 };
        let row_threads = segment.mean_row.next_power_of_two().clamp(16, most);
        let mut constants = specialisation(network, plan);
        constants.extend([
            ("WORKGROUP_SIZE", f64::from(threads)),
            ("SLOTS", table.len() as f64),
            ("ROW_THREADS", f64::from(row_threads)),
        ]);
        let mut slots = vec![Slot::default(); SLOTS_MAX as usize];
        for (slot, &[population, first]) in slots.iter_mut().zip(&table) {
            let p = &plan.populations[population as usize];
            *slot = Slot { population, first, port: p.port_first + first, size: p.size };
        }
        let words = u64::from(plan.ring_slots) * 2 * u64::from(threads);
        let buffers = Buffers {
            slots: memory.uniforms("slots", &slots)?,
            dirty: memory.storage("waiting input", &vec![u32::MAX; words as usize])?,
        };
        let has_touches = !live.touches.is_empty();
        let kernel = kernel(gpu, &constants, has_touches);
        let group = bind(gpu, &kernel, state, segment, &buffers);
        Ok(Self { kernel, group, threads, constants, buffers, has_touches })
    }

    /// After what is done to single neurons has changed; makes the kernel that looks at it when it is first needed.
    pub(super) fn update(&mut self, gpu: &Gpu, state: &State, segment: &Segment, live: &Live) {
        if !self.has_touches && !live.touches.is_empty() {
            self.has_touches = true;
            self.kernel = kernel(gpu, &self.constants, true);
        }
        self.group = bind(gpu, &self.kernel, state, segment, &self.buffers);
    }

    /// After input rings were written from outside: input may wait everywhere.
    pub(super) fn look_everywhere(&self, gpu: &Gpu) {
        let words = self.buffers.dirty.size() as usize / 4;
        gpu.queue.write_buffer(&self.buffers.dirty, 0, bytemuck::cast_slice(&vec![u32::MAX; words]));
    }
}

/// What `lif.wgsl` is told of the network, but for touches.
pub(super) fn specialisation(network: &Network, plan: &Plan) -> Vec<(&'static str, f64)> {
    let kinds = plan.populations.iter().fold(0_u32, |kinds, p| kinds | 1 << p.cell);
    let has_background =
        network.populations.iter().any(|p| matches!(&p.cell, Cell::Lif(lif) if lif.background.is_some()));
    let has_groups = rows::rules(network, plan).iter().any(|rule| rule.kind != RULE_ONE_TO_ONE);
    let flag = |on: bool| f64::from(u8::from(on));
    vec![("CELL_KINDS", f64::from(kinds)), ("HAS_BACKGROUND", flag(has_background)), ("HAS_GROUPS", flag(has_groups))]
}

fn kernel(gpu: &Gpu, constants: &[(&'static str, f64)], has_touches: bool) -> Kernel {
    let mut constants = constants.to_vec();
    constants.push(("HAS_TOUCHES", f64::from(u8::from(has_touches))));
    let step = Some(size_of::<StepNumber>() as u64);
    Kernel::specialised(&gpu.device, &shaders::ADVANCE, &BINDINGS, step, &constants)
}

fn bind(gpu: &Gpu, kernel: &Kernel, state: &State, segment: &Segment, own: &Buffers) -> wgpu::BindGroup {
    kernel.bind(
        &gpu.device,
        &[
            &state.globals,
            &state.populations,
            &own.slots,
            &state.population_traces,
            &state.tables,
            &state.neurons,
            &state.synaptic,
            &state.spike_counts,
            &state.traces,
            &state.ring,
            &state.group_ring,
            &state.clock,
            &state.spikes,
            &state.touches,
            &segment.parameters,
            &segment.row_start,
            &segment.entries,
            &segment.weights,
            &segment.rules,
            &own.dirty,
        ],
    )
}
