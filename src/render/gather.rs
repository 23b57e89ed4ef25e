//! Light gathered in fixed point by kernels instead of being rasterised: neurons as additive splats, and synapse lines on
//! software adapters. In go the same groups as for the rasterised draws; the stage adds what was gathered. Integer sums do
//! not depend on order, so the same state gives the same bytes.

use super::lines::{LinePipelines, Lines, WORKGROUP as LINE_WORKGROUP};
use super::neurons::{NeuronLayouts, Neurons};
use super::shaders;
use super::variants::{Special, Variants};
use super::wiring::{Bound, group, group_layout, special_kernel};
use crate::gpu::{Gpu, grid};

/// What is gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    /// Neurons.
    pub(super) splats: bool,
    /// Synapses.
    pub(super) lines: bool,
}

impl Gathered {
    /// As the uniform holds it.
    pub(super) const fn bits(self) -> u32 {
        self.splats as u32 | (self.lines as u32) << 1
    }
}

/// The kernels and the buffers they gather in.
pub(super) struct Gather {
    /// Splats, lines: read by the stage.
    pub(super) stage_layout: wgpu::BindGroupLayout,
    write_layout: wgpu::BindGroupLayout,
    splats: Variants<wgpu::ComputePipeline>,
    lines: Variants<LineKernels>,
    pixels: Pixels,
}

/// The kernels for one style of lines.
#[derive(Clone)]
struct LineKernels {
    lines: wgpu::ComputePipeline,
    pulses: wgpu::ComputePipeline,
}

/// What gathers in one picture.
pub(super) struct GatherKernels {
    splats: wgpu::ComputePipeline,
    /// One for each set of lines.
    lines: Vec<LineKernels>,
}

/// Buffers for one size; a few bytes where a kind is not gathered.
struct Pixels {
    size: [u32; 2],
    kinds: Gathered,
    buffers: [wgpu::Buffer; 2],
    write_groups: [wgpu::BindGroup; 2],
    stage_group: wgpu::BindGroup,
}

impl Gather {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let write_layout = group_layout(device, "render.gather", &[Bound::Write]);
        let stage_layout = group_layout(device, "render.gathered", &[Bound::Read, Bound::Read]);
        let pixels = Pixels::new(device, &write_layout, &stage_layout, [1, 1], Gathered::default());
        Self { splats: Variants::new(), lines: Variants::new(), write_layout, stage_layout, pixels }
    }

    /// Makes room for pictures of this size. Gives back what of `wanted` the adapter can bind at this size.
    pub(super) fn prepare(&mut self, gpu: &Gpu, size: [u32; 2], wanted: Gathered) -> Gathered {
        let limit = gpu.limits.max_storage_buffer_binding_size;
        let [splat_bytes, line_bytes] = bytes(size);
        let possible =
            Gathered { splats: wanted.splats && splat_bytes <= limit, lines: wanted.lines && line_bytes <= limit };
        let have = self.pixels.kinds;
        let enough = self.pixels.size == size && (have.splats || !possible.splats) && (have.lines || !possible.lines);
        if !enough && possible != Gathered::default() {
            self.pixels = Pixels::new(&gpu.device, &self.write_layout, &self.stage_layout, size, possible);
        }
        possible
    }

    /// The kernels for a look: for splats, and for each of these sets of lines.
    pub(super) fn choose(
        &mut self,
        device: &wgpu::Device,
        (view, neurons, lines): (&wgpu::BindGroupLayout, &NeuronLayouts, &LinePipelines),
        special: Special,
        styles: impl Iterator<Item = u32>,
    ) -> GatherKernels {
        let write = &self.write_layout;
        let splats = self.splats.choose(special, || {
            let groups = [view, &neurons.activity, &neurons.cells, write];
            special_kernel(device, &shaders::SPLATS, &groups, &special.of_neurons())
        });
        let groups = [view, &neurons.activity, lines.layout(), write];
        let lines = styles.map(|line_style| {
            let special = Special { by: [0, 0, special.by[2]], line_style, ..Special::default() };
            self.lines.choose(special, || {
                let kernel = |source| special_kernel(device, source, &groups, &special.of_lines());
                LineKernels { lines: kernel(&shaders::LINES_GATHER), pulses: kernel(&shaders::PULSES_GATHER) }
            })
        });
        GatherKernels { splats, lines: lines.collect() }
    }

    /// What the stage reads, group 1.
    pub(super) const fn stage_group(&self) -> &wgpu::BindGroup {
        &self.pixels.stage_group
    }

    /// Workgroups in a row of the splat kernel's grid.
    pub(super) fn splat_grid_width(gpu: &Gpu, cells: u32) -> u32 {
        grid(cells, gpu.limits.max_compute_workgroups_per_dimension)[0]
    }

    /// Gathers. [`Self::prepare`] gave `what`. `view`: group 0.
    pub(super) fn gather(
        &self,
        gpu: &Gpu,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::BindGroup,
        (what, kernels): (Gathered, &GatherKernels),
        neurons: &Neurons,
        lines: &[&Lines],
    ) {
        for (buffer, cleared) in self.pixels.buffers.iter().zip([what.splats, what.lines]) {
            if cleared {
                encoder.clear_buffer(buffer, 0, None);
            }
        }
        let mut pass = encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("render.gather"), timestamp_writes: None });
        pass.set_bind_group(0, view, &[]);
        pass.set_bind_group(1, &neurons.activity_group, &[]);
        let limit = gpu.limits.max_compute_workgroups_per_dimension;
        let cells = neurons.plan.cells.len() as u32 - neurons.plan.sphere_cells;
        if what.splats && cells > 0 {
            let [x, y] = grid(cells, limit);
            pass.set_pipeline(&kernels.splats);
            pass.set_bind_group(2, &neurons.cells_group, &[]);
            pass.set_bind_group(3, &self.pixels.write_groups[0], &[]);
            pass.dispatch_workgroups(x, y, 1);
        }
        if what.lines {
            pass.set_bind_group(3, &self.pixels.write_groups[1], &[]);
            for (lines, kernels) in lines.iter().zip(&kernels.lines) {
                let set = lines.set();
                pass.set_bind_group(2, lines.group(), &[]);
                if set.gain > 0.0 {
                    let [x, y] = grid((set.count * set.segments).div_ceil(LINE_WORKGROUP), limit);
                    pass.set_pipeline(&kernels.lines);
                    pass.dispatch_workgroups(x, y, 1);
                }
                if set.pulse_gain > 0.0 {
                    let [x, y] = grid(set.count.div_ceil(LINE_WORKGROUP), limit);
                    pass.set_pipeline(&kernels.pulses);
                    pass.dispatch_workgroups(x, y, 1);
                }
            }
        }
    }
}

impl Pixels {
    fn new(
        device: &wgpu::Device,
        write_layout: &wgpu::BindGroupLayout,
        stage_layout: &wgpu::BindGroupLayout,
        size: [u32; 2],
        kinds: Gathered,
    ) -> Self {
        let wanted = [kinds.splats, kinds.lines];
        let buffers: [wgpu::Buffer; 2] = std::array::from_fn(|k| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("render.gathered"),
                size: if wanted[k] { bytes(size)[k] } else { 16 },
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
        let write_groups =
            std::array::from_fn(|k| group(device, "render.gather", write_layout, &[buffers[k].as_entire_binding()]));
        let both = [buffers[0].as_entire_binding(), buffers[1].as_entire_binding()];
        let stage_group = group(device, "render.gathered", stage_layout, &both);
        Self { size, kinds, buffers, write_groups, stage_group }
    }
}

/// Bytes for splats (red, green, blue) and lines (excitatory, inhibitory, pruned).
fn bytes(size: [u32; 2]) -> [u64; 2] {
    let pixels = u64::from(size[0]) * u64::from(size[1]);
    [12 * pixels; 2]
}
