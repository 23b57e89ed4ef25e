//! The receptive fields of all output neurons as one picture: what every neuron has learnt to see. In go the weights of
//! the learning projection, wherever they are, a few times a second and without waiting; out comes a mosaic.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Activity, Engine, EngineError, PRUNED};
use crate::gpu::{Gpu, Piece, ReadbackRing};
use crate::model::{Connectivity, Network};
use crate::ui::FieldGrid;

/// Time between two looks.
const EVERY: Duration = Duration::from_millis(400);
/// Larger projections are not read back: it would take bandwidth from the simulation.
const MOST_SYNAPSES: u64 = 1 << 20;
/// Neurons shown at most; beyond it every second, third, ... is.
const MOST_TILES: u32 = 400;

/// Reads the weights of one projection from time to time.
pub(in crate::app) struct Fields {
    projection: usize,
    sources: usize,
    targets: usize,
    stride: usize,
    ring: ReadbackRing<u64>,
    gpu: Arc<Gpu>,
    looked: Option<(Instant, u64)>,
    grid: FieldGrid,
}

impl Fields {
    /// The fields of the neurons that `input` teaches, where its projection is such that they are pictures: plastic, all to
    /// all, from a population that stands for an image.
    pub(in crate::app) fn of(gpu: &Arc<Gpu>, network: &Network, input: usize) -> Option<Self> {
        let shape = network.populations.get(input)?.shape?;
        let (projection, found) = network.projections.iter().enumerate().find(|(index, p)| {
            p.source == input
                && p.plasticity.is_some()
                && matches!(p.connectivity, Connectivity::AllToAll)
                && network.synapse_count_of(*index) <= MOST_SYNAPSES
        })?;
        let target = &network.populations[found.target];
        let stride = target.size.div_ceil(MOST_TILES).max(1);
        let count = target.size.div_ceil(stride);
        let grid = FieldGrid {
            tile: shape,
            count,
            columns: f64::from(count).sqrt().ceil().max(1.0) as u32,
            first: target.first,
            stride,
            ..FieldGrid::default()
        };
        Some(Self {
            projection,
            sources: network.populations[input].size as usize,
            targets: target.size as usize,
            stride: stride as usize,
            ring: ReadbackRing::new(Arc::clone(gpu), "app.fields", 1),
            gpu: Arc::clone(gpu),
            looked: None,
            grid,
        })
    }

    /// The newest picture, once there is one.
    pub(in crate::app) fn grid(&self) -> Option<&FieldGrid> {
        (self.grid.version > 0).then_some(&self.grid)
    }

    /// Looks again when it is time and something was simulated since. Never waits.
    pub(in crate::app) fn update(&mut self, activity: &Activity<'_>, step: u64) {
        let mut arrived: Option<Vec<f32>> = None;
        if !self.ring.is_empty() {
            arrived = self.ring.poll(|_, bytes| bytemuck::pod_collect_to_vec(bytes));
        }
        if let Some(weights) = arrived {
            self.paint(&weights);
        }
        let is_due = self.looked.is_none_or(|(when, at)| when.elapsed() >= EVERY && at != step);
        if !is_due || !self.ring.has_room() {
            return;
        }
        match activity {
            Activity::Host { weights, .. } => {
                let Some(Some(weights)) = weights.get(self.projection) else { return };
                self.paint(weights);
            }
            Activity::Device { weights, .. } | Activity::Replayed { weights, .. } => {
                let Some(Some(buffer)) = weights.get(self.projection) else { return };
                let bytes = (self.sources * self.targets * size_of::<f32>()) as u64;
                if buffer.size() < bytes {
                    return;
                }
                let label = wgpu::CommandEncoderDescriptor { label: Some("app.fields") };
                let encoder = self.gpu.device.create_command_encoder(&label);
                self.ring.submit(encoder, &[Piece { buffer, offset: 0, bytes }], step);
            }
        }
        self.looked = Some((Instant::now(), step));
    }

    /// Looks now, and waits for what is seen: a film shows what is, not what was a moment ago.
    pub(in crate::app) fn look_now(&mut self, engine: &mut dyn Engine) -> Result<(), EngineError> {
        let weights = engine.weights(self.projection)?;
        self.paint(&weights);
        Ok(())
    }

    /// Lays the fields out side by side, one pixel apart, each scaled to its own strongest weight.
    fn paint(&mut self, weights: &[f32]) {
        if weights.len() < self.sources * self.targets {
            return;
        }
        let [width, height] = self.grid.tile.map(|side| side as usize);
        let (columns, count) = (self.grid.columns as usize, self.grid.count as usize);
        let rows = count.div_ceil(columns);
        let size = [columns * (width + 1) + 1, rows * (height + 1) + 1];
        let mut values = vec![PRUNED; size[0] * size[1]];
        for tile in 0..count {
            let weight = |source: usize| weights[source * self.targets + tile * self.stride];
            let strongest = (0..self.sources).map(weight).fold(f32::MIN_POSITIVE, f32::max);
            let (left, top) = ((tile % columns) * (width + 1) + 1, (tile / columns) * (height + 1) + 1);
            for source in 0..self.sources.min(width * height) {
                let weight = weight(source);
                let at = (top + source / width) * size[0] + left + source % width;
                values[at] = if weight < 0.0 { PRUNED } else { weight / strongest };
            }
        }
        self.grid.size = size.map(|side| side as u32);
        self.grid.values = values;
        self.grid.version += 1;
    }
}
