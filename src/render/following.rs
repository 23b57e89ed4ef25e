//! Follows the weights of a running network from afar: reads them a slice a picture, never waiting for the GPU, has
//! another thread rank them, and starts anew a few times a second. In goes activity, out comes [`Ranked`].

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::ranking::{Ranked, Shares, Wish, rank};
use crate::engine::Activity;
use crate::gpu::{Gpu, Piece, ReadbackRing};
use crate::model::Network;

/// Pictures from one look at the weights to the next.
const PICTURES: u32 = 8;
/// Bytes read from a GPU per picture.
const SLICE_BYTES: u64 = 16 << 20;
/// Reads under way at once.
const READS: usize = 3;
/// Weights that are held on the host at most, bytes; projections beyond are not ranked.
const HELD_BYTES: u64 = 2 << 30;

/// See the module.
pub(super) struct Following {
    gpu: Arc<Gpu>,
    shares: Shares,
    state: State,
    pictures: u32,
    asked: Wish,
    skipped: Vec<usize>,
}

enum State {
    /// Nothing is under way.
    Idle,
    /// Weights come from the GPU.
    Reading(Box<Reading>),
    /// Another thread has the weights.
    Ranking(Receiver<(Ranked, Shares)>),
}

struct Reading {
    ring: ReadbackRing<Slice>,
    waiting: VecDeque<Slice>,
    left: usize,
}

#[derive(Clone, Copy)]
struct Slice {
    projection: usize,
    first: usize,
    len: usize,
}

impl Following {
    pub(super) fn new(gpu: Arc<Gpu>, network: &Network) -> Self {
        let mut held = 0;
        let skips = |index: &usize| {
            let bytes = network.synapse_count_of(*index) * size_of::<f32>() as u64;
            let fits = held + bytes <= HELD_BYTES;
            held += if fits { bytes } else { 0 };
            network.projections[*index].is_mutable() && !fits
        };
        let skipped = (0..network.projections.len()).filter(skips).collect();
        Self { gpu, shares: Vec::new(), state: State::Idle, pictures: PICTURES, asked: Wish::default(), skipped }
    }

    /// Projections that are too large to be ranked.
    pub(super) fn skipped(&self) -> &[usize] {
        &self.skipped
    }

    /// One picture's worth of work. `wait`: look now, and do not come back without what was found, so that the same run
    /// gives the same pictures.
    pub(super) fn follow(
        &mut self,
        network: &Arc<Network>,
        activity: &Activity<'_>,
        wish: Wish,
        wait: bool,
    ) -> Option<Ranked> {
        if wish == Wish::default() {
            self.asked = wish;
            return self.collect();
        }
        self.pictures = self.pictures.saturating_add(1);
        let is_due = self.pictures >= PICTURES || wish != self.asked;
        if is_due && matches!(self.state, State::Idle) {
            (self.pictures, self.asked) = (0, wish);
            self.begin(network, activity);
        }
        loop {
            self.go_on(network, activity);
            let found = self.collect();
            if found.is_some() || !wait || matches!(self.state, State::Idle) || self.gpu.wait().is_err() {
                return found;
            }
            if let State::Ranking(answer) = &self.state {
                let answer = answer.recv().ok();
                return answer.map(|answer| self.take(answer));
            }
        }
    }

    /// Copies what lies in host memory, or lists what is to be read from the GPU.
    fn begin(&mut self, network: &Arc<Network>, activity: &Activity<'_>) {
        self.shares.resize_with(network.projections.len(), || None);
        let is_held = |index: &usize| !self.skipped.contains(index);
        match activity {
            Activity::Host { weights, .. } => {
                for (index, weights) in weights.iter().enumerate().filter(|(index, _)| is_held(index)) {
                    if let (Some(weights), Some(held)) = (weights, self.shares.get_mut(index)) {
                        let held = held.get_or_insert_default();
                        held.clear();
                        held.extend_from_slice(weights);
                    }
                }
                self.hand_over(network);
            }
            Activity::Device { weights, .. } | Activity::Replayed { weights, .. } => {
                let mut waiting = VecDeque::new();
                for (index, weights) in weights.iter().enumerate().filter(|(index, _)| is_held(index)) {
                    let Some(weights) = weights else { continue };
                    let len = (weights.size() / 4).min(network.synapse_count_of(index)) as usize;
                    self.shares[index].get_or_insert_default().resize(len, 0.0);
                    let step = (SLICE_BYTES / 4) as usize;
                    let slices = (0..len).step_by(step);
                    waiting.extend(slices.map(|first| Slice { projection: index, first, len: step.min(len - first) }));
                }
                let ring = ReadbackRing::new(Arc::clone(&self.gpu), "render.following", READS);
                let left = waiting.len();
                self.state = State::Reading(Box::new(Reading { ring, waiting, left }));
            }
        }
    }

    /// Asks for the next slice, takes in those that have come.
    fn go_on(&mut self, network: &Arc<Network>, activity: &Activity<'_>) {
        let State::Reading(reading) = &mut self.state else { return };
        let (Activity::Device { weights, .. } | Activity::Replayed { weights, .. }) = activity else {
            self.state = State::Idle;
            return;
        };
        if reading.ring.has_room()
            && let Some(slice) = reading.waiting.pop_front()
        {
            let Some(buffer) = weights.get(slice.projection).copied().flatten() else {
                self.state = State::Idle;
                return;
            };
            let encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let piece = Piece { buffer, offset: 4 * slice.first as u64, bytes: 4 * slice.len as u64 };
            reading.ring.submit(encoder, &[piece], slice);
        }
        let shares = &mut self.shares;
        while let Some(()) = reading.ring.poll(|slice, bytes| {
            if let Some(held) = shares.get_mut(slice.projection).and_then(Option::as_mut)
                && let Some(part) = held.get_mut(slice.first..slice.first + slice.len)
            {
                bytemuck::cast_slice_mut::<f32, u8>(part).copy_from_slice(&bytes[..4 * slice.len]);
            }
        }) {
            reading.left -= 1;
        }
        let is_lost = reading.left > 0 && reading.waiting.is_empty() && reading.ring.is_empty();
        if reading.left == 0 {
            self.hand_over(network);
        } else if is_lost {
            self.state = State::Idle;
        }
    }

    /// Lets another thread rank.
    fn hand_over(&mut self, network: &Arc<Network>) {
        let (answer, receiver) = channel();
        let (network, shares, wish) = (Arc::clone(network), std::mem::take(&mut self.shares), self.asked);
        self.state = State::Ranking(receiver);
        rayon::spawn(move || {
            let ranked = rank(&network, &shares, wish);
            // Nobody listens any more when another network was loaded meanwhile.
            let _ = answer.send((ranked, shares));
        });
    }

    fn collect(&mut self) -> Option<Ranked> {
        let State::Ranking(answer) = &self.state else { return None };
        match answer.try_recv() {
            Ok(answer) => Some(self.take(answer)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.state = State::Idle;
                None
            }
        }
    }

    fn take(&mut self, (ranked, shares): (Ranked, Shares)) -> Ranked {
        (self.shares, self.state) = (shares, State::Idle);
        ranked
    }
}
