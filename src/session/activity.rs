//! Activity as the renderer sees it: GPU buffers, whoever simulates. In goes an engine's [`Activity`], out come buffers
//! of a fixed size: the GPU engine's own (nothing is copied), or copies of the CPU engine's arrays, of which only what
//! changed is uploaded.

use bytemuck::Pod;

use crate::engine::{Activity, NeuronState};
use crate::gpu::Gpu;

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
    /// Of neurons and traces, where they come from host memory.
    states: Option<[Upload; 2]>,
    /// Of the weights that come from host memory.
    weight_uploads: Vec<Option<Upload>>,
}

/// A host array's copy on the GPU, and what that copy holds.
struct Upload {
    buffer: wgpu::Buffer,
    uploaded: Vec<u8>,
}

impl ActivityBuffers {
    /// Buffers for a network's activity, filled with it.
    #[must_use]
    pub fn new(gpu: &Gpu, activity: &Activity<'_>) -> Self {
        let states = |neurons: &[NeuronState], rate_before: &[f32]| {
            [
                Upload::new(gpu, "activity.neurons", neurons, size_of_val(neurons).max(size_of::<NeuronState>())),
                Upload::new(gpu, "activity.traces", rate_before, size_of_val(rate_before).max(4)),
            ]
        };
        let upload = |weights: &[f32]| Upload::new(gpu, "activity.weights", weights, size_of_val(weights).max(4));
        let buffer = |upload: &Option<Upload>| upload.as_ref().map(|upload| upload.buffer.clone());
        match activity {
            Activity::Device { neurons, traces, weights } => Self {
                neurons: (*neurons).clone(),
                traces: (*traces).clone(),
                weights: weights.iter().map(|w| w.cloned()).collect(),
                states: None,
                weight_uploads: Vec::new(),
            },
            Activity::Host { neurons, rate_before, weights } => {
                let states = states(neurons, rate_before);
                let uploads: Vec<_> = weights.iter().map(|w| w.map(upload)).collect();
                Self {
                    neurons: states[0].buffer.clone(),
                    traces: states[1].buffer.clone(),
                    weights: uploads.iter().map(buffer).collect(),
                    states: Some(states),
                    weight_uploads: uploads,
                }
            }
            Activity::Replayed { neurons, rate_before, weights } => {
                let states = states(neurons, rate_before);
                Self {
                    neurons: states[0].buffer.clone(),
                    traces: states[1].buffer.clone(),
                    weights: weights.iter().map(|w| w.cloned()).collect(),
                    states: Some(states),
                    weight_uploads: Vec::new(),
                }
            }
        }
    }

    /// Brings the buffers up to date. Returns true when they are others than before (another engine, another network,
    /// the past of a GPU engine): whoever holds bindings to the old ones must make new ones.
    pub fn update(&mut self, gpu: &Gpu, activity: &Activity<'_>) -> bool {
        let fits = match activity {
            Activity::Device { neurons, traces, weights } => {
                self.states.is_none()
                    && self.neurons == **neurons
                    && self.traces == **traces
                    && self.has_weights(weights)
            }
            Activity::Replayed { weights, .. } => self.states.is_some() && self.has_weights(weights),
            Activity::Host { neurons, weights, .. } => {
                let holds = |upload: &Upload| upload.uploaded.len() >= size_of_val(*neurons);
                self.states.as_ref().is_some_and(|[neurons, _]| holds(neurons))
                    && self.weight_uploads.len() == weights.len()
            }
        };
        if !fits {
            *self = Self::new(gpu, activity);
            return true;
        }
        if let (
            Some(states),
            Activity::Host { neurons, rate_before, .. } | Activity::Replayed { neurons, rate_before, .. },
        ) = (&mut self.states, activity)
        {
            states[0].refresh(gpu, bytemuck::cast_slice(neurons));
            states[1].refresh(gpu, bytemuck::cast_slice(rate_before));
        }
        if let Activity::Host { weights, .. } = activity {
            for (upload, weights) in self.weight_uploads.iter_mut().zip(weights) {
                if let (Some(upload), Some(weights)) = (upload, weights) {
                    upload.refresh(gpu, bytemuck::cast_slice(weights));
                }
            }
        }
        false
    }

    fn has_weights(&self, weights: &[Option<&wgpu::Buffer>]) -> bool {
        self.weight_uploads.is_empty()
            && self.weights.len() == weights.len()
            && self.weights.iter().zip(weights).all(|(mine, theirs)| mine.as_ref() == *theirs)
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
