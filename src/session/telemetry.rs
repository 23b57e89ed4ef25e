//! What a session tells the overlay, every frame: plain data, bounded in size.

use std::collections::VecDeque;
use std::sync::Arc;

use super::selection::SELECTED;
use super::view::Variable;
use crate::analysis::Series;
use crate::engine::{HISTOGRAM_BINS, KernelTime, NeuronState, ProjectionSample, Spike};

/// The state of a session as the overlay shows it.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// Scene name.
    pub scene: String,
    /// One line on what it shows.
    pub scene_title: String,
    /// `"cpu"` or `"gpu"`.
    pub engine: String,
    /// Adapter that draws.
    pub adapter: String,
    /// The seed.
    pub seed: u64,
    /// Neurons.
    pub neuron_count: u64,
    /// Synapses at the start.
    pub synapse_count: u64,
    /// Step, ms.
    pub dt_ms: f64,
    /// Steps done.
    pub step: u64,
    /// Running?
    pub playing: bool,
    /// Aimed simulated time per wall time; infinity: as fast as it goes.
    pub speed: f64,
    /// Measured wall time per simulated time, over the last second. 0 while held still.
    pub real_time_factor: f64,
    /// Per population.
    pub populations: Vec<PopulationTelemetry>,
    /// Per projection.
    pub projections: Vec<ProjectionTelemetry>,
    /// Spikes of the raster's population, newest last.
    pub raster: Raster,
    /// Learning protocol, where the scene has one.
    pub learning: Option<LearningTelemetry>,
    /// The picked neuron.
    pub picked: Option<PickedTelemetry>,
    /// The selected neurons.
    pub selection: SelectionTelemetry,
    /// ms per kernel.
    pub kernels: Vec<KernelTime>,
    /// The scene's pruning schedule is on.
    pub pruning_schedule: bool,
    /// Things the viewer must know: lost spikes, sampled synapses, a fallback taken.
    pub notices: Vec<String>,
    /// Long work under way: what, and how far from 0 to 1.
    pub progress: Option<(String, f32)>,
    /// The last seconds, and where in them the picture is.
    pub rewind: RewindTelemetry,
    /// What [`Undo`](super::Command::Undo) would take back, in words.
    pub undo: Option<String>,
    /// What [`Redo`](super::Command::Redo) would bring back, in words.
    pub redo: Option<String>,
    /// Room that states for undo and redo take.
    pub undo_room: UndoRoom,
    /// The state that a lost device would cost nothing before: when it was taken. None where nothing can be lost.
    pub checkpoint: Option<CheckpointTelemetry>,
}

impl Telemetry {
    /// Simulated time, ms.
    #[must_use]
    pub fn time_ms(&self) -> f64 {
        self.step as f64 * self.dt_ms
    }

    /// True when the neuron is selected.
    #[must_use]
    pub fn is_selected(&self, neuron: u32) -> bool {
        self.selection.flags.get(neuron as usize).is_some_and(|flags| flags & SELECTED != 0)
    }
}

/// The selected neurons.
#[derive(Clone, Debug, Default)]
pub struct SelectionTelemetry {
    /// Selected neurons.
    pub count: u64,
    /// Hidden neurons.
    pub hidden: u64,
    /// Neurons silenced, selected or not.
    pub silenced: u64,
    /// Neurons lesioned, selected or not.
    pub lesioned: u64,
    /// Neurons stimulated at this step, selected or not.
    pub stimulated: u64,
    /// Name and size of the named groups.
    pub groups: Vec<(String, u64)>,
    /// The selected neurons, ascending: the first [`SELECTION_ROWS`] of them.
    pub ids: Arc<[u32]>,
    /// Per neuron: flags of `session::selection`.
    pub flags: Arc<Vec<u8>>,
    /// Another number for other flags.
    pub version: u64,
    /// Mean rate of the selected neurons since they were selected, Hz.
    pub rate_hz: Series,
    /// Weights that end at selected neurons, of projections that can change; none until they have been read.
    pub inputs: Option<WeightTelemetry>,
    /// Weights that begin at selected neurons.
    pub outputs: Option<WeightTelemetry>,
    /// One row per neuron of `ids`, for tables; a few times a second.
    pub rows: Arc<[SelectionRow]>,
}

/// Rows that a table of the selection gets at most.
pub const SELECTION_ROWS: usize = 1000;

/// Weights at one side of the selection.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightTelemetry {
    /// Surviving synapses.
    pub remaining: u64,
    /// Pruned ones.
    pub lost: u64,
    /// Mean of the survivors, as a share of their projection's largest weight.
    pub mean_share: f32,
    /// Survivors by weight, as a share of their projection's largest weight: equal bins over 0 to 1.
    pub histogram: [u32; HISTOGRAM_BINS],
}

/// One selected neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelectionRow {
    /// Id.
    pub neuron: u32,
    /// Population.
    pub population: u32,
    /// Flags of `session::selection`.
    pub flags: u8,
    /// Spikes so far.
    pub spike_count: u64,
    /// By `Variable`, in the order of `Variable::ALL`; NaN where the neuron has none.
    pub values: [f32; Variable::ALL.len()],
}

impl SelectionRow {
    /// Its value of a variable; NaN where it has none.
    #[must_use]
    pub const fn value(&self, variable: Variable) -> f32 {
        self.values[variable as usize]
    }
}

/// The past of a live run, as far as it is kept.
#[derive(Clone, Debug, Default)]
pub struct RewindTelemetry {
    /// Oldest time that can be shown, ms.
    pub from_ms: f64,
    /// Newest, ms.
    pub to_ms: f64,
    /// The time that the picture shows, where that is the past.
    pub at_ms: Option<f64>,
    /// Simulated time per wall time of the replay; negative runs backward.
    pub speed: f64,
    /// The replay runs.
    pub playing: bool,
    /// Spikes kept.
    pub spikes_kept: u64,
    /// Spikes of that time that are missing: the simulation was faster than they were fetched.
    pub spikes_missing: u64,
    /// Bytes held for it.
    pub bytes: u64,
    /// At most this many.
    pub limit_bytes: u64,
    /// At most this much simulated time, ms.
    pub limit_ms: f64,
    /// What happened in that time besides spikes, oldest first: pruning periods, changes, undoing.
    pub marks: Arc<[TimeMark]>,
    /// Spikes per bin from `from_ms` to `to_ms`, all bins equally long; empty before there is anything.
    pub activity: Arc<[u32]>,
    /// Changes whenever `activity` does.
    pub version: u64,
    /// This is a recorded run: all of it can be gone to.
    pub is_recording: bool,
    /// It begins again at its end.
    pub looped: bool,
    /// Times of its events, shown inputs and bursts, ms, ascending.
    pub marks_ms: Arc<[f64]>,
}

/// Something that happened, on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeMark {
    /// When, ms.
    pub time_ms: f64,
    /// `pruning`, `change`, `undo`, `redo`, `recovery`.
    pub kind: &'static str,
    /// For people.
    pub text: String,
}

/// How much undo holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoRoom {
    /// Changes that can be taken back.
    pub steps: usize,
    /// Bytes held for undo and redo.
    pub bytes: u64,
    /// At most this many.
    pub limit_bytes: u64,
}

/// The newest state that was brought to safety.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CheckpointTelemetry {
    /// Simulated time of that state, ms.
    pub time_ms: f64,
    /// Wall time since, s.
    pub age_s: f64,
    /// Wall time from one to the next, s.
    pub interval_s: f64,
    /// Bytes.
    pub bytes: u64,
}

/// One population.
#[derive(Clone, Debug)]
pub struct PopulationTelemetry {
    /// Name.
    pub name: String,
    /// First neuron id.
    pub first: u32,
    /// Neurons.
    pub size: u32,
    /// sRGB, 0 to 1.
    pub colour: [f32; 3],
    /// True for populations that only send spikes.
    pub is_source: bool,
    /// Width and height, where it stands for an image or sheet.
    pub shape: Option<[u32; 2]>,
    /// Hz, mean over the neurons.
    pub rate_hz: Series,
    /// Mean membrane value, mV relative to rest.
    pub membrane_mv: Series,
    /// Resting potential, mV: add it to get absolute values.
    pub v_rest_mv: f64,
    /// Threshold, mV relative to rest.
    pub threshold_mv: f64,
}

/// One projection.
#[derive(Clone, Debug)]
pub struct ProjectionTelemetry {
    /// Name.
    pub name: String,
    /// Source population.
    pub source: usize,
    /// Target population.
    pub target: usize,
    /// Synapses at the start.
    pub synapse_count: u64,
    /// Largest weight, for mutable projections.
    pub weight_max: f32,
    /// It learns.
    pub is_plastic: bool,
    /// It has a pruning policy.
    pub is_pruned: bool,
    /// Newest statistics; none for projections that cannot change.
    pub now: Option<ProjectionSample>,
    /// Mean weight of survivors.
    pub weight_mean: Series,
    /// Synapses remaining, percent.
    pub remaining_percent: Series,
    /// Pruning threshold, share of weight_max.
    pub threshold: Series,
}

/// The last spikes of one population.
#[derive(Clone, Debug, Default)]
pub struct Raster {
    /// Which population.
    pub population: usize,
    /// Neurons shown: every `stride`-th of the population (1: all).
    pub stride: u32,
    /// Newest last; bounded.
    pub spikes: VecDeque<Spike>,
    /// Spikes that the engine's ring lost since the start; 0 unless the picture is far too slow.
    pub lost: u64,
}

/// A learning protocol under way.
#[derive(Clone, Debug, Default)]
pub struct LearningTelemetry {
    /// Data set name.
    pub data: String,
    /// What it is doing: present, rest, ...
    pub phase: &'static str,
    /// Presentations begun (retries not counted).
    pub presentations: u64,
    /// Class of the input shown now.
    pub label: Option<u8>,
    /// What the network answered to the last input.
    pub last_prediction: Option<(u8, u8)>,
    /// The input shown now, row by row, 0 to 255.
    pub image: Vec<u8>,
    /// Its width and height.
    pub image_size: [u32; 2],
    /// Percent right over the last window of presentations, by presentation (time axis in presentations).
    pub accuracy_percent: Series,
    /// Window of the accuracy, presentations.
    pub accuracy_window: u32,
    /// Per output neuron: the class it answers to most, so far.
    pub assigned: Vec<Option<u8>>,
    /// Learning is on.
    pub learning: bool,
    /// Spikes of the output population for the last input.
    pub last_spike_count: u32,
}

/// The picked neuron.
#[derive(Clone, Debug, Default)]
pub struct PickedTelemetry {
    /// Id.
    pub neuron: u32,
    /// Population.
    pub population: usize,
    /// Newest state.
    pub state: NeuronState,
    /// Spikes so far.
    pub spike_count: u64,
    /// Membrane value over time, mV absolute.
    pub membrane_mv: Series,
    /// Its spikes in the last seconds, ms.
    pub spikes_ms: VecDeque<f64>,
    /// Receptive field: incoming weights over a source with a shape, as (width, height, shares of the largest; negative
    /// where pruned or absent).
    pub field: Option<([u32; 2], Vec<f32>)>,
    /// Strongest inputs: (neuron, weight).
    pub strongest_inputs: Vec<(u32, f32)>,
    /// Strongest outputs: (neuron, weight).
    pub strongest_outputs: Vec<(u32, f32)>,
}
