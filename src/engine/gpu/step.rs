//! Steps as commands: the dispatches of a step, slices of steps in one submit, and how many slices may be under way.
//! Also the time each kernel takes, from a timed step now and then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::GpuEngine;
use super::layout::StepNumber;
use super::state::SLICE_STEPS_MAX;
use crate::engine::{EngineError, KernelTime};
use crate::gpu::{Gpu, Kernel, ReadbackRing, SpanTimer, grid};

/// Slices under way from which on the engine calls itself busy.
pub(super) const BUSY_SLICES: u64 = 3;
/// Slices under way that `advance` never goes beyond: it waits for the oldest.
const MAX_SLICES: u64 = 8;
/// One slice in this many has its last step timed.
const TIMED_EVERY: u64 = 32;
/// Steps of a submit until the time of a step is known, and for good where an adapter has no timestamps.
pub(super) const SLICE_STEPS_FIRST: u32 = 64;
/// Steps of a submit at least.
const SLICE_STEPS_MIN: u32 = 8;
/// What a submit is to take, ms: short against a frame, long against the cost of submitting.
const SLICE_MS: f64 = 4.0;
/// Weight of a new time in the running means.
const TIME_SHARE: f64 = 0.25;

/// Submitted and finished slices.
pub(super) struct Slices {
    submitted: u64,
    finished: Arc<AtomicU64>,
    indices: VecDeque<wgpu::SubmissionIndex>,
}

impl Slices {
    pub(super) fn new() -> Self {
        Self { submitted: 0, finished: Arc::new(AtomicU64::new(0)), indices: VecDeque::new() }
    }

    pub(super) fn under_way(&self) -> u64 {
        self.submitted - self.finished.load(Ordering::Acquire)
    }

    fn submit(&mut self, gpu: &Gpu, encoder: wgpu::CommandEncoder) {
        self.indices.push_back(gpu.queue.submit([encoder.finish()]));
        self.submitted += 1;
        let finished = Arc::clone(&self.finished);
        gpu.queue.on_submitted_work_done(move || {
            finished.fetch_add(1, Ordering::Release);
        });
    }

    /// Blocks until another slice may be submitted.
    fn make_room(&mut self, gpu: &Gpu) -> Result<(), EngineError> {
        while self.indices.len() as u64 >= MAX_SLICES {
            let oldest = self.indices.pop_front();
            let timeout = Some(std::time::Duration::from_secs(60));
            gpu.device
                .poll(wgpu::PollType::Wait { submission_index: oldest, timeout })
                .map_err(|error| EngineError::DeviceLost(error.to_string()))?;
        }
        Ok(())
    }
}

/// One dispatch of a step.
pub(super) struct Dispatch<'a> {
    kernel: &'a Kernel,
    group: &'a wgpu::BindGroup,
    grid: [u32; 2],
}

impl GpuEngine {
    /// Submits `steps` steps (at most [`SLICE_STEPS_MAX`]) and counts them.
    pub(super) fn submit_slice(&mut self, steps: u32) -> Result<(), EngineError> {
        if self.gpu.is_lost() {
            return Err(self.lost());
        }
        self.slices.make_room(&self.gpu)?;
        self.write_steps(steps);
        let mut encoder =
            self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("engine.slice") });
        let dispatches = self.dispatches();
        let timed = self.times.as_ref().is_some_and(|times| times.is_due(self.slices.submitted));
        if let Ok(advance) = &self.advance {
            let span = if timed { self.times.as_ref().map(|times| times.timer.writes(0)) } else { None };
            let label = advance.kernel.label();
            let mut pass =
                encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes: span });
            pass.set_bind_group(1, &self.step_group, &[0]);
            Dispatch { kernel: &advance.kernel, group: &advance.group, grid: [1, 1] }.encode(&mut pass);
            drop(pass);
            self.slices.submit(&self.gpu, encoder);
            if timed && let Some(times) = self.times.as_mut() {
                times.read(&self.gpu, vec![label], steps);
            }
            self.step += u64::from(steps);
            return Ok(());
        }
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                label: Some("engine.slice"),
                timestamp_writes: None,
            });
            for index in 0..steps - u32::from(timed) {
                pass.set_bind_group(1, &self.step_group, &[self.step_offset(index)]);
                for dispatch in &dispatches {
                    dispatch.encode(&mut pass);
                }
            }
        }
        if let (true, Some(times)) = (timed, self.times.as_ref()) {
            // The last step, so that waiting for work before the slice is not counted.
            for (span, dispatch) in (0..).zip(&dispatches) {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: Some(dispatch.kernel.label()),
                    timestamp_writes: Some(times.timer.writes(span)),
                });
                pass.set_bind_group(1, &self.step_group, &[self.step_offset(steps - 1)]);
                dispatch.encode(&mut pass);
            }
        }
        let names: Vec<&'static str> = dispatches.iter().map(|dispatch| dispatch.kernel.label()).collect();
        self.slices.submit(&self.gpu, encoder);
        if timed && let Some(times) = self.times.as_mut() {
            times.read(&self.gpu, names, 1);
        }
        self.step += u64::from(steps);
        Ok(())
    }

    /// Where the number of the slice's `index`-th step lies, bytes.
    const fn step_offset(&self, index: u32) -> u32 {
        index * self.state.step_stride as u32
    }

    /// Writes the numbers of the next steps.
    fn write_steps(&self, steps: u32) {
        let stride = self.state.step_stride as usize;
        // Where one dispatch advances them all, only the first is looked at.
        let entries = if self.advance.is_ok() { 1 } else { steps };
        let mut bytes = vec![0_u8; stride * entries as usize];
        for (index, entry) in (1..).zip(bytes.chunks_exact_mut(stride)) {
            let step = self.step as u32 + index;
            let slot = step % self.plan.ring_slots;
            let number = StepNumber { step, slot, count: steps + 1 - index, ..Default::default() };
            entry[..size_of::<StepNumber>()].copy_from_slice(bytemuck::bytes_of(&number));
        }
        self.gpu.queue.write_buffer(&self.state.steps, 0, &bytes);
    }

    /// The dispatches of one step, in the order of the module [`crate::engine`] (learning before a spike and its
    /// delivery are one kernel).
    pub(super) fn dispatches(&self) -> Vec<Dispatch<'_>> {
        let kernels = &self.kernels;
        let max = self.gpu.limits.max_compute_workgroups_per_dimension;
        let mut dispatches = vec![Dispatch {
            kernel: &kernels.integrate,
            group: &self.integrate,
            grid: grid(self.state.global_values.block_count, max),
        }];
        dispatches.extend(self.plastics.iter().map(|plastic| Dispatch {
            kernel: &kernels.learn_pre,
            group: &plastic.learn_pre,
            grid: self.spike_grid(plastic.parameters.source_size, plastic.mean_row()),
        }));
        dispatches.extend(self.segments.iter().map(|segment| Dispatch {
            kernel: &kernels.deliver,
            group: &segment.group,
            grid: self.spike_grid(segment.sources, segment.mean_row),
        }));
        dispatches.extend(self.plastics.iter().filter(|plastic| plastic.learns).map(|plastic| Dispatch {
            kernel: &kernels.learn_post,
            group: &plastic.learn_post,
            grid: self.spike_grid(plastic.parameters.target_size, plastic.mean_column()),
        }));
        dispatches
    }

    /// A fixed grid for kernels that share out spikes (x) and cut their rows (y): few workgroups on a software
    /// adapter, enough to fill a GPU otherwise.
    fn spike_grid(&self, neurons: u32, mean_row: u32) -> [u32; 2] {
        if self.gpu.is_software() {
            return [neurons.clamp(1, 4), 1];
        }
        let pieces = mean_row.div_ceil(256).clamp(1, 16);
        [neurons.clamp(1, (1024 / pieces).max(64)), pieces]
    }
}

impl Dispatch<'_> {
    fn encode(&self, pass: &mut wgpu::ComputePass<'_>) {
        self.kernel.set(pass, self.group);
        pass.dispatch_workgroups(self.grid[0], self.grid[1], 1);
    }
}

/// Running means of the time of each kernel.
pub(super) struct KernelTimes {
    timer: SpanTimer,
    /// Labels of the spans, and the steps that each took.
    readback: ReadbackRing<(Vec<&'static str>, u32)>,
    means: Vec<KernelTime>,
}

impl KernelTimes {
    /// `None` where the adapter has no timestamps.
    pub(super) fn new(gpu: &Arc<Gpu>, dispatches: u32) -> Option<Self> {
        let timer = SpanTimer::new(gpu, dispatches)?;
        Some(Self { timer, readback: ReadbackRing::new(Arc::clone(gpu), "kernel times", 2), means: Vec::new() })
    }

    fn is_due(&self, slice: u64) -> bool {
        // Never the first, which may hold the compilation of its kernels.
        slice % TIMED_EVERY == 1 && self.readback.has_room()
    }

    fn read(&mut self, gpu: &Gpu, names: Vec<&'static str>, steps: u32) {
        let mut encoder =
            gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("kernel times") });
        let piece = self.timer.resolve(&mut encoder, names.len() as u32);
        self.readback.submit(encoder, &[piece], (names, steps));
    }

    /// Takes up what has come back.
    pub(super) fn update(&mut self) {
        let timer = &self.timer;
        while let Some(((names, steps), ns)) = self.readback.poll(|what, bytes| (what, timer.durations_ns(bytes))) {
            let mut times: Vec<KernelTime> = Vec::new();
            for (label, ns) in names.into_iter().zip(ns) {
                let ns = ns / f64::from(steps);
                let kernel = label.rsplit('.').next().unwrap_or(label);
                match times.iter_mut().find(|time| time.kernel == kernel) {
                    Some(time) => time.ms_per_step += ns * 1e-6,
                    None => times.push(KernelTime { kernel, ms_per_step: ns * 1e-6 }),
                }
            }
            for (mean, new) in self.means.iter().zip(&mut times) {
                new.ms_per_step = mean.ms_per_step * (1.0 - TIME_SHARE) + new.ms_per_step * TIME_SHARE;
            }
            self.means = times;
        }
    }

    pub(super) fn means(&self) -> Vec<KernelTime> {
        self.means.clone()
    }
}

impl GpuEngine {
    /// Submits whole slices up to `steps` steps, cut where a population's drive changes.
    pub(super) fn submit_steps(&mut self, steps: u32) -> Result<(), EngineError> {
        let mut left = steps;
        while left > 0 {
            self.apply_drive_changes();
            let next_change =
                self.plan.drive_changes.get(self.next_drive_change).map_or(u64::MAX, |c| u64::from(c.step));
            // A change at step c is in force from c on: the slice before it ends with c - 1.
            let until_change = next_change.saturating_sub(self.step + 1).max(1);
            self.adapt_slices();
            let slice = u64::from(left.min(self.slice_steps)).min(until_change) as u32;
            self.submit_slice(slice)?;
            left -= slice;
        }
        Ok(())
    }

    /// Fits the next slices to [`SLICE_MS`], once the time of a step is known.
    fn adapt_slices(&mut self) {
        let Some(times) = self.times.as_mut() else { return };
        times.update();
        let ms: f64 = times.means.iter().map(|time| time.ms_per_step).sum();
        if ms > 0.0 {
            self.slice_steps = ((SLICE_MS / ms) as u32).clamp(SLICE_STEPS_MIN, SLICE_STEPS_MAX);
        }
    }

    /// Puts the drives in force that begin with the next step or before.
    fn apply_drive_changes(&mut self) {
        while let Some(change) = self.plan.drive_changes.get(self.next_drive_change).copied()
            && u64::from(change.step) <= self.step + 1
        {
            self.live.drives_mv[change.population] = change.drive_mv;
            self.state.write_population(&self.gpu.queue, &self.network, &self.plan, &self.live, change.population);
            self.next_drive_change += 1;
        }
    }
}
