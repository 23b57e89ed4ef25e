//! Spikes on their way back: which of the ring's spikes a sample holds, how many are copied at once, and a second read
//! where there were more. Spikes are numbered through all time, modulo 2^32; those of step s are
//! `starts[s]..starts[s + 1]`.

use super::kernels::Kernels;
use super::layout::GatherRequest;
use super::state::{START_CAPACITY, State};
use crate::engine::{EngineError, Sample, Spike};
use crate::gpu::{Gpu, Memory, Piece};

/// Spikes copied at once at first; grows with what the network does.
const ROOM_MIN: u32 = 1 << 14;
/// Workgroups of `gather_spikes`.
pub(super) const GATHER_WORKGROUPS: u32 = 16;

/// Where the next sample's spikes begin, and the buffer they are gathered in.
pub(super) struct SpikeReader {
    memory: Memory,
    request: wgpu::Buffer,
    gathered: wgpu::Buffer,
    pub(super) group: wgpu::BindGroup,
    room: u32,
    /// Step of the last request that asked for spikes.
    requested_at: u64,
    /// Number of the first spike that no sample has had yet.
    next: u32,
    /// Room that the next request should have.
    wanted_room: u32,
}

/// One request's window into the spikes.
#[derive(Clone, Copy)]
pub(super) struct SpikeWindow {
    /// Spikes of the steps after this one.
    after: u64,
    /// Up to this one.
    until: u64,
    room: u32,
}

/// Spikes of a sample as far as they have come.
pub(super) struct Arrived {
    window: SpikeWindow,
    starts: Vec<u32>,
    /// Number of the first.
    first: u32,
    /// Number after the last.
    end: u32,
    /// From `first` on; `GONE` where one was overwritten before it could be read.
    neurons: Vec<u32>,
}

const GONE: u32 = u32::MAX;

impl SpikeReader {
    pub(super) fn new(gpu: &Gpu, mut memory: Memory, kernels: &Kernels, state: &State) -> Result<Self, EngineError> {
        let request = memory.uniform("gather request", &GatherRequest::default())?;
        let room = ROOM_MIN.min(state.spike_capacity);
        let gathered = memory.zeroed::<u32>("gathered spikes", u64::from(room))?;
        let group = bind(gpu, kernels, state, &request, &gathered);
        Ok(Self { memory, request, gathered, group, room, requested_at: 0, next: 0, wanted_room: room })
    }

    /// Starts over: nothing before `step` belongs to any sample.
    pub(super) const fn restart(&mut self, step: u64) {
        (self.requested_at, self.next) = (step, 0);
    }

    /// The window of a request made at `step`, from which on the next one begins; prepares the gathering kernel.
    pub(super) fn open(&mut self, gpu: &Gpu, kernels: &Kernels, state: &State, step: u64) -> SpikeWindow {
        if self.wanted_room > self.room
            && let Ok(larger) = self.memory.zeroed::<u32>("gathered spikes", u64::from(self.wanted_room))
        {
            (self.gathered, self.room) = (larger, self.wanted_room);
            self.group = bind(gpu, kernels, state, &self.request, &self.gathered);
        }
        let after = self.requested_at.max(step.saturating_sub(u64::from(START_CAPACITY) - 2));
        self.requested_at = step;
        let values = GatherRequest { first_step: after as u32 + 1, room: self.room, ..Default::default() };
        gpu.queue.write_buffer(&self.request, 0, bytemuck::bytes_of(&values));
        SpikeWindow { after, until: step, room: self.room }
    }

    /// What to copy for a window: the total, the starts of its steps and of the one after, the gathered spikes.
    pub(super) fn pieces<'a>(&'a self, clock: &'a wgpu::Buffer, window: SpikeWindow) -> [Piece<'a>; 4] {
        let capacity = u64::from(START_CAPACITY);
        let first = (window.after + 1) % capacity;
        let count = window.start_count() as u64;
        let before_wrap = count.min(capacity - first);
        [
            Piece { buffer: clock, offset: 0, bytes: 4 },
            Piece { buffer: clock, offset: 4 + first * 4, bytes: before_wrap * 4 },
            Piece { buffer: clock, offset: 4, bytes: (count - before_wrap) * 4 },
            Piece { buffer: &self.gathered, offset: 0, bytes: u64::from(window.room) * 4 },
        ]
    }

    /// Takes up what those copies brought: `words` are the total, the starts and the gathered spikes.
    pub(super) fn arrive(&mut self, window: SpikeWindow, mut words: Vec<u32>, capacity: u32) -> Arrived {
        let mut neurons = words.split_off(1 + window.start_count());
        let starts = words.split_off(1);
        let end = words[0];
        let held = end.wrapping_sub(starts[0]).min(capacity);
        neurons.truncate(held as usize);
        if held > window.room {
            // Twice what came, so that the next request most likely needs one read only.
            self.wanted_room = held.saturating_mul(2).checked_next_power_of_two().unwrap_or(capacity).min(capacity);
        }
        Arrived { window, starts, first: end.wrapping_sub(held), end, neurons }
    }

    /// Puts complete spikes into a sample.
    pub(super) fn finish(&mut self, arrived: &Arrived, sample: &mut Sample) {
        for (step, ends) in (arrived.window.after as u32 + 1..).zip(arrived.starts.windows(2)) {
            for k in 0..ends[1].wrapping_sub(ends[0]) {
                let place = ends[0].wrapping_add(k).wrapping_sub(arrived.first) as usize;
                if let Some(&neuron) = arrived.neurons.get(place).filter(|&&neuron| neuron != GONE) {
                    sample.spikes.push(Spike { step, neuron });
                }
            }
        }
        sample.spikes.sort_unstable();
        let unread = u64::from(arrived.end.wrapping_sub(self.next));
        sample.spikes_lost = unread.saturating_sub(sample.spikes.len() as u64);
        self.next = arrived.end;
    }
}

impl SpikeWindow {
    /// Steps of the window and the one after.
    const fn start_count(self) -> usize {
        (self.until - self.after) as usize + 1
    }

    /// Words that its pieces bring.
    pub(super) const fn word_count(self) -> usize {
        1 + self.start_count() + self.room as usize
    }
}

impl Arrived {
    /// What is missing, straight from the ring (up to two pieces), then the total again; `None` when all is there.
    pub(super) fn rest<'a>(&self, state: &'a State) -> Option<[Piece<'a>; 3]> {
        let missing = u64::from(self.end.wrapping_sub(self.first)) - self.neurons.len() as u64;
        if missing == 0 {
            return None;
        }
        let capacity = u64::from(state.spike_capacity);
        let first = u64::from(self.first.wrapping_add(self.neurons.len() as u32)) % capacity;
        let before_wrap = missing.min(capacity - first);
        Some([
            Piece { buffer: &state.spikes, offset: first * 4, bytes: before_wrap * 4 },
            Piece { buffer: &state.spikes, offset: 0, bytes: (missing - before_wrap) * 4 },
            Piece { buffer: &state.clock, offset: 0, bytes: 4 },
        ])
    }

    /// Takes up the rest; entries that newer spikes had overwritten by then are marked.
    pub(super) fn complete(&mut self, mut words: Vec<u32>, capacity: u32) {
        let total = words.pop().unwrap_or(self.end);
        for neuron in words {
            let number = self.first.wrapping_add(self.neurons.len() as u32);
            let held = total.wrapping_sub(number) <= capacity;
            self.neurons.push(if held { neuron } else { GONE });
        }
    }
}

fn bind(
    gpu: &Gpu,
    kernels: &Kernels,
    state: &State,
    request: &wgpu::Buffer,
    gathered: &wgpu::Buffer,
) -> wgpu::BindGroup {
    kernels.gather_spikes.bind(&gpu.device, &[&state.globals, request, &state.spikes, &state.clock, gathered])
}
