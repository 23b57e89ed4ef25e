//! One trait, two engines. [`cpu`] is the oracle and the engine where no GPU is; [`gpu`] runs WGSL kernels. Both are
//! built from the same [`Plan`] (host-computed propagators, fixed-point scales, trace layout) and give the same spikes.
//!
//! # Order within step s (s is the end of the step; the first is 1)
//!
//! 1. `integrate`: the membrane advances exactly with the synaptic state of s-1; input that arrives at s is added to
//!    the synaptic state (delta cells: to the membrane, before the threshold test); the threshold is tested; a spike
//!    is stamped s. Spiking neurons update `last_spike_step`, theta, spike counts and traces.
//! 2. `learn_pre`, per plastic projection: the rows of neurons that spiked at s change by the pre part of the rule.
//! 3. `deliver`: every spike adds its (just learned) weights to slot s + delay of the targets' input ring.
//! 4. `learn_post`, per plastic projection: the columns of neurons that spiked at s change by the post part.
//!
//! `normalise` and `prune` run between steps, when asked.

mod change;
mod check;
mod checkpoint;
pub mod cpu;
mod fingerprint;
pub mod gpu;
mod live;
mod plan;
mod sample;
mod touch;

use std::sync::Arc;

use crate::model::Network;

pub use change::Change;
pub use check::check_network;
pub use checkpoint::Checkpoint;
pub use fingerprint::{Fingerprint, network_hash};
pub use live::Live;
pub use plan::{
    CELL_CONDUCTANCE, CELL_CURRENT, CELL_DELTA, CELL_POISSON, CELL_SPIKE_LIST, DriveChange, Plan, PopulationParameters,
    ProjectionPlan, RATE_TAU_MS, RuleParameters, TraceParameters,
};
pub use sample::{
    HISTOGRAM_BINS, KernelTime, NeuronState, PRUNED, Probe, ProjectionSample, Sample, SampleRequest, Spike,
};
pub use touch::{TOUCH_LESIONED, TOUCH_SILENCED, Touch};

/// A state larger than this is not brought over from a device without being asked for: it would take bandwidth and
/// memory from the simulation.
pub const RESCUE_BYTES_MAX: u64 = 256 << 20;

/// A running simulation of one [`Network`].
///
/// Nothing here blocks unless it says so: on a GPU, `advance`, `normalise`, `prune`, `change` and `request_sample`
/// enqueue work in the order of the calls, and `poll_sample` picks up what has come back.
pub trait Engine {
    /// What is being simulated.
    fn network(&self) -> &Arc<Network>;

    /// Derived numbers, the same for both engines.
    fn plan(&self) -> &Arc<Plan>;

    /// `"cpu"` or `"gpu"`.
    fn name(&self) -> &'static str;

    /// Steps done (or enqueued) since the start.
    fn step(&self) -> u64;

    /// The live parameters in force.
    fn live(&self) -> &Live;

    /// Simulates `steps` more steps.
    ///
    /// # Errors
    /// A lost device.
    fn advance(&mut self, steps: u32) -> Result<(), EngineError>;

    /// True while so much work is under way that a live loop should rather draw a frame than advance further; `advance`
    /// may then block until some of it is done. Never blocks itself.
    fn is_busy(&self) -> bool {
        false
    }

    /// Steps that can be taken now without waiting for anything but the computation itself. An engine that plays a
    /// recording takes up what has been read meanwhile.
    fn ready_steps(&mut self) -> u64 {
        u64::MAX
    }

    /// Goes to the end of any step of a run that is known already. False where it is not: such a run only goes on.
    /// Never waits: until the state of that step is there, [`Self::is_seeking`] holds and the old state stays.
    fn seek(&mut self, _step: u64) -> bool {
        false
    }

    /// A [`Self::seek`] is under way; `ready_steps` brings it to its end.
    fn is_seeking(&self) -> bool {
        false
    }

    /// Sets the rates of a Poisson source population from the next step on, Hz, one per neuron.
    ///
    /// # Errors
    /// The population is no Poisson source, or the count does not fit.
    fn set_rates(&mut self, population: usize, rate_hz: &[f32]) -> Result<(), EngineError>;

    /// Changes a live parameter from the next step on.
    ///
    /// # Errors
    /// The change names something the network does not have.
    fn change(&mut self, change: &Change) -> Result<(), EngineError>;

    /// Puts every neuron back to rest (membrane, synaptic state, refractory time, input under way); keeps weights,
    /// theta and spike counts.
    fn rest(&mut self) -> Result<(), EngineError>;

    /// Scales each target neuron's surviving weights of a projection to its `normalised_sum`.
    ///
    /// # Errors
    /// The projection has none.
    fn normalise(&mut self, projection: usize) -> Result<(), EngineError>;

    /// Runs one period of a projection's pruning policy: prunes below T(n) (never below the floor of inputs per
    /// neuron), reinforces survivors, moves on to T(n+1). Does nothing once the target compression is reached.
    ///
    /// # Errors
    /// The projection has no pruning policy.
    fn prune(&mut self, projection: usize) -> Result<(), EngineError>;

    /// Asks for a look at the state after all work so far. Returns false, and asks nothing, when too many requests are
    /// still under way (the live loop then just tries again next frame).
    fn request_sample(&mut self, request: &SampleRequest) -> bool;

    /// The oldest finished sample, if any. Never blocks.
    fn poll_sample(&mut self) -> Option<Sample>;

    /// Blocks until all work is done and every requested sample can be polled.
    ///
    /// # Errors
    /// A lost device.
    fn wait(&mut self) -> Result<(), EngineError>;

    /// The weights of a projection by synapse id, in the network's unit; [`PRUNED`] where the synapse is gone.
    /// Blocks.
    ///
    /// # Errors
    /// A lost device.
    fn weights(&mut self, projection: usize) -> Result<Vec<f32>, EngineError>;

    /// Everything needed to go on from here. Blocks.
    ///
    /// # Errors
    /// A lost device.
    fn checkpoint(&mut self) -> Result<Checkpoint, EngineError>;

    /// Goes on from a checkpoint of the same network (of either engine).
    ///
    /// # Errors
    /// The checkpoint does not fit the network.
    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), EngineError>;

    /// Asks for [`Self::checkpoint`] without blocking. False when one is still under way, the state is larger than
    /// [`RESCUE_BYTES_MAX`], or the engine's memory cannot be lost, so that nobody needs to.
    fn request_checkpoint(&mut self) -> bool {
        false
    }

    /// The checkpoint that was asked for, once it has arrived; `Some(None)` when it never will. Never blocks.
    fn poll_checkpoint(&mut self) -> Option<Option<Checkpoint>> {
        None
    }

    /// What the renderer draws.
    fn activity(&self) -> Activity<'_>;

    /// ms per kernel, averaged over the last slices; empty where it cannot be measured.
    fn kernel_times(&self) -> Vec<KernelTime>;

    /// How the network runs here, in sentences: which way its steps, populations and projections take, and why.
    fn explain(&self) -> Vec<String> {
        Vec::new()
    }

    /// Dispatches of a step; below 1 where one dispatch advances several steps, 0 where there are none.
    fn dispatches_per_step(&self) -> f64 {
        0.0
    }

    /// Bytes held for synapses (targets, weights, row and column tables).
    fn synapse_bytes(&self) -> u64;
}

/// The state that the renderer draws: either in host memory (it is then uploaded once a frame) or already in GPU
/// buffers (drawn without a copy).
pub enum Activity<'a> {
    /// The CPU engine's.
    Host {
        /// Per neuron.
        neurons: &'a [NeuronState],
        /// Per neuron: rate trace just before the last spike (see [`Plan`]).
        rate_before: &'a [f32],
        /// Per projection: weights as shares of `weight_max` for mutable projections ([`PRUNED`] where gone), else
        /// `None`.
        weights: Vec<Option<&'a [f32]>>,
    },
    /// The GPU engine's: the same arrays as storage buffers.
    Device {
        /// `array<NeuronState>`
        neurons: &'a wgpu::Buffer,
        /// `array<f32>`; the first `neuron_count` entries are the rate traces.
        traces: &'a wgpu::Buffer,
        /// Per projection: `array<f32>` for mutable projections.
        weights: Vec<Option<&'a wgpu::Buffer>>,
    },
    /// States played back from host memory, over the weights of a GPU engine that is held meanwhile.
    Replayed {
        /// Per neuron.
        neurons: &'a [NeuronState],
        /// Per neuron: rate trace just before the last spike.
        rate_before: &'a [f32],
        /// As in [`Self::Device`].
        weights: Vec<Option<&'a wgpu::Buffer>>,
    },
}

/// What can go wrong in an engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The network needs more than the adapter has.
    #[error("{what} needs {needed} bytes, but {limit_name} of the adapter is {available} bytes; {advice}")]
    TooLarge {
        /// Which part of the network.
        what: String,
        /// Bytes.
        needed: u64,
        /// Bytes.
        available: u64,
        /// Which limit.
        limit_name: &'static str,
        /// What to do.
        advice: String,
    },
    /// A call that does not fit the network.
    #[error("{0}")]
    Misuse(String),
    /// A checkpoint that does not fit the network, or a damaged one.
    #[error("the checkpoint cannot be used: {0}")]
    Checkpoint(String),
    /// The recording that is played cannot be read further.
    #[error("{0}")]
    Recording(String),
    /// The device is gone or out of memory.
    #[error("the GPU stopped working: {0}")]
    DeviceLost(String),
}
