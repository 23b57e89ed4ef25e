//! Neurons on the GPU: places, the simulation's activity, flags of the selection, values from the host, and which cells a
//! picture shows. In go a network, an activity and views; out come the bind groups that every draw of neurons reads.

use glam::Vec3;
use wgpu::util::DeviceExt;

use super::camera::CameraView;
use super::cells::{CellPlan, Cells, Detail, DrawnCell};
use super::wiring::{Bound, group, group_layout};
use crate::engine::NeuronState;
use crate::gpu::Gpu;
use crate::model::Network;
use crate::session::ActivityBuffers;
use crate::session::view::ChannelSlot;

/// Stands for "no value" on the GPU, where NaN cannot be relied on. WGSL twin: `LEAST_VALUE` in `activity.wgsl`.
const NO_VALUE: f32 = -3e38;

/// The layouts that all networks share.
pub(super) struct NeuronLayouts {
    /// Group 1 of every draw that looks at neurons.
    pub(super) activity: wgpu::BindGroupLayout,
    /// Group 2 of the draws of neurons: sorted order and cells.
    pub(super) cells: wgpu::BindGroupLayout,
}

impl NeuronLayouts {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        Self {
            activity: group_layout(device, "render.activity", &[Bound::Read; 5]),
            cells: group_layout(device, "render.cells", &[Bound::Read; 2]),
        }
    }
}

/// The neurons of one network.
pub(super) struct Neurons {
    /// Neurons that are drawn.
    pub(super) count: u32,
    /// Group 1.
    pub(super) activity_group: wgpu::BindGroup,
    /// Group 2 of the draws of neurons.
    pub(super) cells_group: wgpu::BindGroup,
    /// Which cells the next picture shows.
    pub(super) plan: CellPlan,
    /// Vertices that draw the largest cell.
    pub(super) vertices_per_cell: u32,
    /// Some neuron is selected.
    pub(super) has_selection: bool,
    /// Per slot: the range of the values from the host, where there are any.
    pub(super) ranges: [Option<[f32; 2]>; 3],
    cells: Cells,
    cells_buffer: wgpu::Buffer,
    positions: wgpu::Buffer,
    states: wgpu::Buffer,
    traces: wgpu::Buffer,
    flags: wgpu::Buffer,
    values: wgpu::Buffer,
    flags_version: Option<u64>,
    values_versions: [Option<u64>; 3],
}

impl Neurons {
    pub(super) fn new(gpu: &Gpu, layouts: &NeuronLayouts, network: &Network, activity: &ActivityBuffers) -> Self {
        let device = &gpu.device;
        let count = drawable(gpu, network);
        let positions: Vec<[f32; 4]> = network
            .populations
            .iter()
            .enumerate()
            .flat_map(|(index, population)| population.neurons().map(move |neuron| (index as u32, neuron)))
            .take(count as usize)
            .map(|(population, neuron)| {
                let [x, y, z] = network.positions.get(neuron as usize).copied().unwrap_or([f32::NAN; 3]);
                [x, y, z, f32::from_bits(population)]
            })
            .chain(std::iter::repeat_n([f32::NAN; 4], usize::from(count == 0)))
            .collect();
        let drawn = network.positions.len().min(count as usize);
        let (cells, mut order) = Cells::new(&network.positions[..drawn]);
        if order.is_empty() {
            order.push(0);
        }
        let storage = |label: &str, contents: &[u8]| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some(label),
                contents,
                usage: wgpu::BufferUsages::STORAGE,
            })
        };
        let positions = storage("render.positions", bytemuck::cast_slice(&positions));
        let order = storage("render.order", bytemuck::cast_slice(&order));
        let cells_buffer = writable(device, "render.cells", (cells.plan_most().max(1) * size_of::<DrawnCell>()) as u64);
        let flags = writable(device, "render.flags", u64::from(count.max(1)).next_multiple_of(4));
        let values = writable(device, "render.values", size_of::<f32>() as u64);
        let cells_group = group(
            device,
            "render.cells",
            &layouts.cells,
            &[order.as_entire_binding(), cells_buffer.as_entire_binding()],
        );
        let (states, traces) = (activity.neurons.clone(), activity.traces.clone());
        let buffers = [&positions, &states, &traces, &flags, &values];
        Self {
            count,
            activity_group: activity_group(device, layouts, buffers, count),
            cells_group,
            plan: CellPlan::default(),
            vertices_per_cell: 6 * cells.largest,
            has_selection: false,
            ranges: [None; 3],
            cells,
            cells_buffer,
            positions,
            states,
            traces,
            flags,
            values,
            flags_version: None,
            values_versions: [None; 3],
        }
    }

    /// One byte per neuron. Does nothing when the version is known.
    pub(super) fn set_flags(&mut self, gpu: &Gpu, flags: &[u8], version: u64) {
        if self.flags_version == Some(version) {
            return;
        }
        self.flags_version = Some(version);
        self.has_selection = flags.iter().any(|flags| flags & SELECTED != 0);
        let mut bytes = flags[..flags.len().min(self.count as usize)].to_vec();
        bytes.resize(self.flags.size() as usize, 0);
        gpu.queue.write_buffer(&self.flags, 0, &bytes);
    }

    /// One value per neuron for a channel; none at all where they are not known. Does nothing when the version is known.
    pub(super) fn set_values(
        &mut self,
        gpu: &Gpu,
        layouts: &NeuronLayouts,
        slot: ChannelSlot,
        values: (&[f32], [f32; 2]),
        version: u64,
    ) {
        let (values, range) = values;
        let at = slot as usize;
        if self.values_versions[at] == Some(version) {
            return;
        }
        self.values_versions[at] = Some(version);
        self.ranges[at] = (!values.is_empty()).then_some(range);
        let each = u64::from(self.count) * size_of::<f32>() as u64;
        let needed = each * ChannelSlot::ALL.len() as u64;
        if self.values.size() < needed {
            // Room for all channels, from the first that wants it on.
            self.values = writable(&gpu.device, "render.values", needed);
            let buffers = [&self.positions, &self.states, &self.traces, &self.flags, &self.values];
            self.activity_group = activity_group(&gpu.device, layouts, buffers, self.count);
            self.values_versions = [None; 3];
            self.values_versions[at] = Some(version);
        }
        let clean: Vec<f32> = values
            .iter()
            .copied()
            .chain(std::iter::repeat(NO_VALUE))
            .take(self.count as usize)
            .map(|value| if value.is_finite() { value } else { NO_VALUE })
            .collect();
        gpu.queue.write_buffer(&self.values, each * at as u64, bytemuck::cast_slice(&clean));
    }

    /// Plans a picture and uploads the plan.
    pub(super) fn plan(&mut self, gpu: &Gpu, view: &CameraView, detail: &Detail) {
        self.cells.plan(view, detail, &mut self.plan);
        if !self.plan.cells.is_empty() {
            gpu.queue.write_buffer(&self.cells_buffer, 0, bytemuck::cast_slice(&self.plan.cells));
        }
    }
}

/// The bit of a selected neuron. WGSL twin: `SELECTED` in `shaders/render/activity.wgsl`.
const SELECTED: u8 = 1;

/// The corners of what is drawn, scene units; without end where nothing is clipped.
pub(super) fn clip_corners(clip: &crate::session::view::Clip, low: [f32; 3], high: [f32; 3]) -> [Vec3; 2] {
    let at = |shares: [f32; 3], open: f32, is_open: fn(f32) -> bool| {
        Vec3::from_array([0, 1, 2].map(|axis| {
            let share = shares[axis];
            if is_open(share) { open } else { low[axis] + (high[axis] - low[axis]) * share }
        }))
    };
    [
        at(clip.low, f32::MIN, |share| share.is_nan() || share <= 0.0),
        at(clip.high, f32::MAX, |share| share.is_nan() || share >= 1.0),
    ]
}

/// Neurons whose state can be bound at once, and drawn with six vertices each.
fn drawable(gpu: &Gpu, network: &Network) -> u32 {
    let bound = gpu.limits.max_storage_buffer_binding_size / size_of::<NeuronState>() as u64;
    network.neuron_count().min(u32::try_from(bound).unwrap_or(u32::MAX)).min(u32::MAX / 6)
}

fn writable(device: &wgpu::Device, label: &str, size: u64) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

/// `buffers`: positions, states, traces, flags, values.
fn activity_group(
    device: &wgpu::Device,
    layouts: &NeuronLayouts,
    buffers: [&wgpu::Buffer; 5],
    count: u32,
) -> wgpu::BindGroup {
    // The engine's buffers hold more than the neurons' part.
    let first = |buffer, bytes_each: usize| {
        let size = std::num::NonZeroU64::new(u64::from(count.max(1)) * bytes_each as u64);
        wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: 0, size })
    };
    let [positions, states, traces, flags, values] = buffers;
    group(
        device,
        "render.activity",
        &layouts.activity,
        &[
            positions.as_entire_binding(),
            first(states, size_of::<NeuronState>()),
            first(traces, size_of::<f32>()),
            flags.as_entire_binding(),
            values.as_entire_binding(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::view::Clip;

    #[test]
    fn a_clip_that_leaves_nothing_out_has_no_end() {
        let (low, high) = ([-2.0, 0.0, 4.0], [2.0, 0.0, 8.0]);
        let [open_low, open_high] = clip_corners(&Clip::default(), low, high);
        assert!(open_low.max_element() < -1e30 && open_high.min_element() > 1e30);
        let [low, high] = clip_corners(&Clip { low: [0.25, 0.0, 0.5], high: [0.75, 1.0, f32::NAN] }, low, high);
        assert_eq!((low.x, low.z), (-1.0, 6.0));
        assert!(high.x == 1.0 && high.y > 1e30 && high.z > 1e30 && low.y < -1e30);
    }
}
