//! Activity as the renderer sees it: GPU buffers, whoever simulates. In goes an engine's [`Activity`], out come buffers
//! of a fixed size: the GPU engine's own (nothing is copied), or copies of the CPU engine's arrays, of which only what
//! changed is uploaded.

use bytemuck::Pod;

use crate::engine::{Activity, NeuronState};
use crate::gpu::Gpu;
use crate::model::Network;

/// Bytes compared and uploaded at a time.
const BLOCK_BYTES: usize = 16 * 1024;

/// The buffers that pictures are drawn from.
pub struct ActivityBuffers {
    /// `array<NeuronState>`
    pub neurons: wgpu::Buffer,
    /// `array<f32>`; the first `neuron_count` entries are the rate traces (their values just before the last spike).
    pub traces: wgpu::Buffer,
    /// Per projection: `array<f32>` by synapse id, shares of `weight_max`, [`PRUNED`](crate::engine::PRUNED) where
    /// gone; `None` for projections that cannot change.
    pub weights: Vec<Option<wgpu::Buffer>>,
    uploads: Vec<Upload>,
}

/// A host array's copy on the GPU, and what that copy holds.
struct Upload {
    buffer: wgpu::Buffer,
    uploaded: Vec<u8>,
}

impl ActivityBuffers {
    /// Buffers for a network's activity, filled with it.
    #[must_use]
    pub fn new(gpu: &Gpu, network: &Network, activity: &Activity<'_>) -> Self {
        match activity {
            Activity::Device { neurons, traces, weights } => Self {
                neurons: (*neurons).clone(),
                traces: (*traces).clone(),
                weights: weights.iter().map(|w| w.cloned()).collect(),
                uploads: Vec::new(),
            },
            Activity::Host { neurons, rate_before, weights } => {
                let count = network.neuron_count() as usize;
                let mut uploads = vec![
                    Upload::new(gpu, "activity.neurons", neurons, count.max(1) * size_of::<NeuronState>()),
                    Upload::new(gpu, "activity.traces", rate_before, count.max(1) * size_of::<f32>()),
                ];
                let mut buffers = Vec::with_capacity(weights.len());
                for weights in weights {
                    buffers.push(weights.map(|weights| {
                        uploads.push(Upload::new(gpu, "activity.weights", weights, size_of_val(weights).max(4)));
                        uploads[uploads.len() - 1].buffer.clone()
                    }));
                }
                Self {
                    neurons: uploads[0].buffer.clone(),
                    traces: uploads[1].buffer.clone(),
                    weights: buffers,
                    uploads,
                }
            }
        }
    }

    /// Brings the buffers up to date. Returns true when the engine now uses other buffers than before (another engine,
    /// another network): whoever holds bindings to the old ones must make new ones.
    pub fn update(&mut self, gpu: &Gpu, activity: &Activity<'_>) -> bool {
        match activity {
            Activity::Device { neurons, traces, weights } => {
                let same = self.uploads.is_empty()
                    && self.neurons == **neurons
                    && self.traces == **traces
                    && self.weights.len() == weights.len()
                    && self.weights.iter().zip(weights).all(|(mine, theirs)| mine.as_ref() == *theirs);
                if !same {
                    self.neurons = (*neurons).clone();
                    self.traces = (*traces).clone();
                    self.weights = weights.iter().map(|w| w.cloned()).collect();
                    self.uploads.clear();
                }
                !same
            }
            Activity::Host { neurons, rate_before, weights } => {
                let arrays = [bytemuck::cast_slice::<_, u8>(neurons), bytemuck::cast_slice(rate_before)]
                    .into_iter()
                    .chain(weights.iter().flatten().map(|w| bytemuck::cast_slice(w)));
                for (upload, bytes) in self.uploads.iter_mut().zip(arrays) {
                    upload.refresh(gpu, bytes);
                }
                false
            }
        }
    }
}

impl Upload {
    fn new<T: Pod>(gpu: &Gpu, label: &str, contents: &[T], bytes: usize) -> Self {
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        // A new buffer is all zeros, and so is what is known to be in it.
        let mut upload = Self { buffer, uploaded: vec![0; bytes] };
        upload.refresh(gpu, bytemuck::cast_slice(contents));
        upload
    }

    /// Uploads each run of blocks that changed.
    fn refresh(&mut self, gpu: &Gpu, bytes: &[u8]) {
        let end = bytes.len().min(self.uploaded.len());
        let mut run: Option<usize> = None;
        let mut at = 0;
        while at < end {
            let next = (at + BLOCK_BYTES).min(end);
            let changed = self.uploaded[at..next] != bytes[at..next];
            if changed {
                self.uploaded[at..next].copy_from_slice(&bytes[at..next]);
                run.get_or_insert(at);
            } else if let Some(start) = run.take() {
                gpu.queue.write_buffer(&self.buffer, start as u64, &bytes[start..at]);
            }
            at = next;
        }
        if let Some(start) = run {
            gpu.queue.write_buffer(&self.buffer, start as u64, &bytes[start..end]);
        }
    }
}
