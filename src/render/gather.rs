//! Light gathered in fixed point by kernels instead of being rasterised: neurons as additive splats, and synapse lines on
//! software adapters. In go the same groups as for the rasterised draws; the stage adds what was gathered. Integer sums do
//! not depend on order, so the same state gives the same bytes. Kernels need a buffer to add up in; the stage reads a
//! texture, from which processors fetch many pixels at once.

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

/// Bytes of a pixel: splats are gathered in red, green, blue; lines in excitatory, inhibitory, pruned; one is left.
pub(super) const PIXEL_BYTES: u32 = 16;

/// What is gathered in, for one size; a single pixel where a kind is not gathered.
struct Pixels {
    size: [u32; 2],
    kinds: Gathered,
    sums: [Sums; 2],
    stage_group: wgpu::BindGroup,
}

/// The sums of one kind: made in the buffer, read from the texture.
struct Sums {
    buffer: wgpu::Buffer,
    write_group: wgpu::BindGroup,
    texture: wgpu::Texture,
}

impl Gather {
    pub(super) fn new(device: &wgpu::Device) -> Self {
        let write_layout = group_layout(device, "render.gather", &[Bound::Write]);
        let stage_layout = group_layout(device, "render.gathered", &[Bound::Counts, Bound::Counts]);
        let pixels = Pixels::new(device, &write_layout, &stage_layout, [1, 1], Gathered::default());
        Self { splats: Variants::new(), lines: Variants::new(), write_layout, stage_layout, pixels }
    }

    /// Makes room for pictures of this size. Gives back what of `wanted` the adapter can bind at this size.
    pub(super) fn prepare(&mut self, gpu: &Gpu, size: [u32; 2], wanted: Gathered) -> Gathered {
        let limit = gpu.limits.max_storage_buffer_binding_size;
        let fits = bytes(size) <= limit;
        let possible = Gathered { splats: wanted.splats && fits, lines: wanted.lines && fits };
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
        let gathered =
            || self.pixels.sums.iter().zip([what.splats, what.lines]).filter_map(|(sums, is)| is.then_some(sums));
        for sums in gathered() {
            encoder.clear_buffer(&sums.buffer, 0, None);
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
            pass.set_bind_group(3, &self.pixels.sums[0].write_group, &[]);
            pass.dispatch_workgroups(x, y, 1);
        }
        if what.lines {
            pass.set_bind_group(3, &self.pixels.sums[1].write_group, &[]);
            for (lines, kernels) in lines.iter().zip(&kernels.lines) {
                let set = lines.set();
                pass.set_bind_group(2, lines.group(), &[]);
                if set.gain > 0.0 {
                    let [x, y] = grid(set.count.div_ceil(LINE_WORKGROUP), limit);
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
        drop(pass);
        for sums in gathered() {
            sums.hand_over(encoder);
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
        let sums = [kinds.splats, kinds.lines]
            .map(|is_gathered| Sums::new(device, write_layout, if is_gathered { size } else { [1, 1] }));
        let views = [0, 1].map(|kind| sums[kind].view());
        let stage_group = group(
            device,
            "render.gathered",
            stage_layout,
            &[wgpu::BindingResource::TextureView(&views[0]), wgpu::BindingResource::TextureView(&views[1])],
        );
        Self { size, kinds, sums, stage_group }
    }
}

impl Sums {
    fn new(device: &wgpu::Device, write_layout: &wgpu::BindGroupLayout, size: [u32; 2]) -> Self {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("render.gathered"),
            size: bytes(size),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("render.gathered"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba32Uint,
            usage: wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        });
        let write_group = group(device, "render.gather", write_layout, &[buffer.as_entire_binding()]);
        Self { buffer, write_group, texture }
    }

    fn view(&self) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor::default())
    }

    /// From the buffer to the texture.
    fn hand_over(&self, encoder: &mut wgpu::CommandEncoder) {
        let (size, row) = (self.texture.size(), row_pixels(self.texture.width()));
        let layout = wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(row * PIXEL_BYTES),
            rows_per_image: Some(size.height),
        };
        let from = wgpu::TexelCopyBufferInfo { buffer: &self.buffer, layout };
        encoder.copy_buffer_to_texture(from, self.texture.as_image_copy(), size);
    }
}

/// Pixels from one row of the buffer to the next: a copy to a texture wants whole multiples of 256 bytes.
pub(super) fn row_pixels(width: u32) -> u32 {
    width.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT / PIXEL_BYTES)
}

/// Bytes of a buffer.
fn bytes(size: [u32; 2]) -> u64 {
    u64::from(row_pixels(size[0])) * u64::from(size[1]) * u64::from(PIXEL_BYTES)
}
