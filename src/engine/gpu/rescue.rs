//! Checkpoints without waiting: the whole state is copied on the GPU at once, in its place among the steps, and brought
//! to the host and decoded by a thread of its own. One is under way at a time.

use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::GpuEngine;
use super::layout::PruneState;
use crate::engine::{Checkpoint, RESCUE_BYTES_MAX};
use crate::gpu::Piece;

/// The checkpoint under way, and the buffer that it comes through.
#[derive(Default)]
pub(super) struct Rescue {
    staging: Option<wgpu::Buffer>,
    under_way: Option<Receiver<Option<Checkpoint>>>,
}

impl GpuEngine {
    /// See [`Engine::request_checkpoint`](crate::engine::Engine::request_checkpoint).
    pub(super) fn start_checkpoint(&mut self) -> bool {
        if self.rescue.under_way.is_some() || self.gpu.is_lost() {
            return false;
        }
        let mut header = Checkpoint {
            network_hash: self.hash_of_network(),
            step: self.step,
            live: self.live.clone(),
            ..Checkpoint::default()
        };
        header.thresholds.resize(self.network.projections.len(), 0.0);
        header.weights.resize(self.network.projections.len(), Vec::new());
        let pieces = self.state_pieces();
        let sizes: Vec<usize> = pieces.iter().map(|piece| piece.bytes as usize).collect();
        let total = pieces.iter().map(|piece| piece.bytes).sum::<u64>().max(wgpu::COPY_BUFFER_ALIGNMENT);
        if total > RESCUE_BYTES_MAX.min(self.gpu.limits.max_buffer_size) {
            return false;
        }
        let staging = self.rescue.staging.clone().filter(|buffer| buffer.size() == total).unwrap_or_else(|| {
            self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("engine.rescue"),
                size: total,
                usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
                mapped_at_creation: false,
            })
        });
        let mut encoder =
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("engine.rescue") });
        let mut at = 0;
        for piece in pieces.iter().filter(|piece| piece.bytes > 0) {
            encoder.copy_buffer_to_buffer(piece.buffer, piece.offset, &staging, at, piece.bytes);
            at += piece.bytes;
        }
        self.gpu.queue.submit([encoder.finish()]);
        let projections: Vec<usize> = self.plastics.iter().map(|plastic| plastic.index).collect();
        let (send, done) = channel();
        let mapped = staging.clone();
        staging.slice(..).map_async(wgpu::MapMode::Read, move |result| {
            // Who asked may be gone by now; then nobody wants the answer.
            if result.is_err() {
                return drop(send.send(None));
            }
            std::thread::spawn(move || {
                let view = mapped.slice(..).get_mapped_range().ok();
                let checkpoint = view.as_deref().map(|bytes| decode(header, bytes, &sizes, &projections));
                drop(view);
                mapped.unmap();
                drop(send.send(checkpoint));
            });
        });
        self.rescue.staging = Some(staging);
        self.rescue.under_way = Some(done);
        true
    }

    /// See [`Engine::poll_checkpoint`](crate::engine::Engine::poll_checkpoint).
    pub(super) fn finish_checkpoint(&mut self) -> Option<Option<Checkpoint>> {
        let outcome = match self.rescue.under_way.as_ref()?.try_recv() {
            Ok(checkpoint) => checkpoint,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => None,
        };
        self.rescue.under_way = None;
        Some(outcome)
    }

    /// Everything that changes, in the order in which [`decode`] takes it.
    fn state_pieces(&self) -> Vec<Piece<'_>> {
        let state = &self.state;
        let neurons = u64::from(self.network.neuron_count());
        let slots = u64::from(self.plan.ring_slots);
        let piece = |buffer, bytes| Piece { buffer, offset: 0, bytes };
        let mut pieces = vec![
            piece(&state.neurons, neurons * 16),
            piece(&state.synaptic, neurons * 8),
            piece(&state.spike_counts, neurons * 4),
            piece(&state.traces, u64::from(self.plan.trace_len) * 4),
            piece(&state.ring, slots * u64::from(self.plan.port_count) * 4),
            piece(&state.group_ring, slots * 8 * self.network.populations.len() as u64),
        ];
        for plastic in &self.plastics {
            pieces.push(piece(&plastic.weights, u64::from(plastic.parameters.synapse_count) * 4));
            pieces.push(piece(&plastic.prune_state, size_of::<PruneState>() as u64));
        }
        pieces
    }
}

/// Puts what came over into the checkpoint whose live parameters were noted when it was asked for.
fn decode(mut into: Checkpoint, mut bytes: &[u8], sizes: &[usize], projections: &[usize]) -> Checkpoint {
    let mut sizes = sizes.iter();
    let mut next = || {
        let (piece, rest) = bytes.split_at(sizes.next().copied().unwrap_or(0).min(bytes.len()));
        bytes = rest;
        piece
    };
    into.neurons = bytemuck::pod_collect_to_vec(next());
    into.synaptic = bytemuck::pod_collect_to_vec(next());
    into.spike_counts = bytemuck::pod_collect_to_vec(next());
    into.traces = bytemuck::pod_collect_to_vec(next());
    into.ring = bytemuck::pod_collect_to_vec(next());
    into.group_ring = bytemuck::pod_collect_to_vec(next());
    for &index in projections {
        into.weights[index] = bytemuck::pod_collect_to_vec(next());
        let period: Vec<PruneState> = bytemuck::pod_collect_to_vec(next());
        into.thresholds[index] = period.first().map_or(0.0, |period| period.threshold);
    }
    into
}
