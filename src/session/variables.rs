//! One value per neuron, of any variable, in host memory. In: the engine's state, the observer's intervals, the
//! protocol's labels, weights. Out: [`Values`] for the renderer, for selections and tables.
//!
//! A live run gathers them a few times a second, in pieces, and never waits for a GPU. A run without a window gathers
//! them for exactly the step it stands at, so that the same command makes the same pictures.
//!
//! | variable | value |
//! |---|---|
//! | population | its index |
//! | membrane | mV, absolute; none for sources |
//! | rate | Hz, exponentially averaged |
//! | theta | mV; none without an adaptive threshold |
//! | ISI CV | over all intervals since the start; none below two intervals |
//! | class | what an output neuron answers to most; none for others |
//! | input weight sum | excitatory inputs that survive, in the network's unit; none where a population gets none |
//! | inputs lost | pruned inputs; none where a population's inputs cannot be pruned |

use std::time::{Duration, Instant};

use super::session::Session;
use super::sweep::{Sweep, fixed_sums};
use super::telemetry::WeightTelemetry;
use super::view::Variable;
use crate::engine::{Activity, NeuronState, RATE_TAU_MS};
use crate::gpu::{Piece, ReadbackRing, read_blocking};
use crate::model::{Cell, Network};

/// A live run gathers a variable's values at most this often.
const EVERY: Duration = Duration::from_millis(200);
/// Weights looked at per frame of a live run; read from a GPU at once.
const PIECE: usize = 1 << 20;

/// The values of one variable.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Per neuron; NaN where the neuron has none.
    pub values: &'a [f32],
    /// Another number for other values.
    pub version: u64,
    /// From the least to the greatest that a scale should show.
    pub range: [f32; 2],
}

/// Values as they were last gathered, by variable.
#[derive(Default)]
pub(super) struct Variables {
    columns: [Column; Variable::ALL.len()],
    /// Weight sums of inputs that never change.
    fixed: Option<Vec<f32>>,
    sweep: Option<Sweep>,
    /// What the last sweep found at the two sides of the selection.
    pub(super) sides: [Option<WeightTelemetry>; 2],
    /// The members of the selection that these are of.
    pub(super) sides_of: u64,
    reads: Option<ReadbackRing<Read>>,
}

#[derive(Default)]
struct Column {
    values: Vec<f32>,
    version: u64,
    range: [f32; 2],
    /// The step they were gathered at, and when that was.
    at: Option<(u64, Instant)>,
}

/// What is being read from a GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Read {
    /// Neurons, then rate traces, of this step.
    Neurons { step: u64 },
    /// The next piece of the sweep.
    Weights,
}

impl Variables {
    /// Forgets everything that was gathered: the run begins again.
    pub(super) fn forget(&mut self) {
        let fixed = self.fixed.take();
        // Versions go on, so that nobody takes new values for old ones.
        let versions = self.columns.each_ref().map(|column| column.version);
        *self = Self { fixed, ..Self::default() };
        for (column, version) in self.columns.iter_mut().zip(versions) {
            column.version = version;
        }
    }

    fn put(&mut self, variable: Variable, values: impl Iterator<Item = f32>, step: u64, network: &Network) {
        let column = &mut self.columns[variable as usize];
        column.values.clear();
        column.values.extend(values);
        column.range = range_of(variable, &column.values, network);
        column.version += 1;
        column.at = Some((step, Instant::now()));
    }

    /// Puts the sums of a sweep in place once it has seen everything.
    fn finish_sweep(&mut self, network: &Network, step: u64) {
        let Some(sweep) = self.sweep.take_if(|sweep| sweep.next(network, 1).is_none()) else { return };
        (self.sides, self.sides_of) = ([sweep.inputs.telemetry(), sweep.outputs.telemetry()], sweep.members);
        self.put(Variable::WeightSum, sweep.sums.into_iter(), step, network);
        let mut lost = sweep.lost;
        for (index, population) in network.populations.iter().enumerate() {
            if !network.projections.iter().any(|p| p.target == index && p.is_mutable()) {
                lost[population.first as usize..][..population.size as usize].fill(f32::NAN);
            }
        }
        self.put(Variable::SynapsesLost, lost.into_iter(), step, network);
    }

    /// Takes what has come back from a GPU.
    fn arrive(&mut self, network: &Network, step: u64) {
        let Some(reads) = &mut self.reads else { return };
        let Some((read, bytes)) = reads.poll(|read, bytes| (read, bytes.to_vec())) else { return };
        match read {
            Read::Neurons { step } => put_state_bytes(self, network, step, &bytes),
            Read::Weights => {
                if let Some(sweep) = &mut self.sweep
                    && let Some((_, run)) = sweep.next(network, PIECE)
                {
                    let shares: Vec<f32> = bytemuck::pod_collect_to_vec(&bytes);
                    sweep.take(network, &shares[..run.len().min(shares.len())]);
                }
                self.finish_sweep(network, step);
            }
        }
    }
}

impl Session {
    /// The values of a variable, for every neuron; `None` where no neuron can have any, or while the first are on their
    /// way from a GPU.
    pub fn values(&mut self, variable: Variable) -> Option<Values<'_>> {
        if !self.has_values(variable) {
            return None;
        }
        let step = self.engine.step();
        let is_due = match self.variables.columns[variable as usize].at {
            None => true,
            Some((at, when)) => at != step && (!self.is_live || when.elapsed() >= EVERY),
        };
        // The same look at the weights tells of the selection's.
        let is_due = is_due || (variable == Variable::WeightSum && self.lacks_sides());
        if is_due && let Err(error) = self.gather(variable) {
            self.events.notices.say(&format!("values of {} cannot be read: {error}", variable.label()));
        }
        let column = &self.variables.columns[variable as usize];
        column.at?;
        Some(Values { values: &column.values, version: column.version, range: column.range })
    }

    /// True where some neuron has or may get a value of this variable.
    pub(super) fn has_values(&self, variable: Variable) -> bool {
        match variable {
            Variable::Class => self.protocol.is_some(),
            Variable::SynapsesLost => self.network.projections.iter().any(|p| p.is_mutable()),
            _ => self.network.neuron_count() > 0,
        }
    }

    /// True when something is selected and the weights at its sides have not been looked at.
    fn lacks_sides(&self) -> bool {
        self.selection.count() > 0 && self.variables.sides_of != self.selection.members_version()
    }

    fn gather(&mut self, variable: Variable) -> Result<(), String> {
        let (network, step) = (std::sync::Arc::clone(&self.network), self.engine.step());
        match variable {
            Variable::Population => {
                let indices = network.populations.iter().enumerate();
                let values = indices.flat_map(|(index, p)| std::iter::repeat_n(index as f32, p.size as usize));
                self.variables.put(variable, values, step, &network);
            }
            Variable::Membrane | Variable::Rate | Variable::Theta => self.gather_state(&network, step)?,
            Variable::Cv => {
                if !self.is_live {
                    self.settle().map_err(|error| error.to_string())?;
                }
                let values = self.observer.intervals().iter().map(|i| i.variation().unwrap_or(f32::NAN));
                self.variables.put(variable, values, step, &network);
            }
            Variable::Class => {
                let Some(protocol) = &self.protocol else { return Ok(()) };
                let mut values = vec![f32::NAN; network.neuron_count() as usize];
                let output = &network.populations[protocol.output()];
                let own = &mut values[output.first as usize..][..output.size as usize];
                for (value, class) in own.iter_mut().zip(protocol.score().assigned()) {
                    *value = class.map_or(f32::NAN, f32::from);
                }
                self.variables.put(variable, values.into_iter(), step, &network);
            }
            Variable::WeightSum | Variable::SynapsesLost => self.gather_weights(&network, step)?,
        }
        Ok(())
    }

    /// Membrane, rate and theta, which come together.
    fn gather_state(&mut self, network: &Network, step: u64) -> Result<(), String> {
        match self.engine.activity() {
            Activity::Host { neurons, rate_before, .. } => {
                put_state(&mut self.variables, network, step, neurons, rate_before);
            }
            Activity::Device { neurons, traces, .. } => {
                let gpu = self.options.gpu.as_ref().ok_or("there is no adapter")?;
                let count = u64::from(network.neuron_count());
                let pieces = [
                    Piece { buffer: neurons, offset: 0, bytes: count * size_of::<NeuronState>() as u64 },
                    Piece { buffer: traces, offset: 0, bytes: count * 4 },
                ];
                if self.is_live {
                    let reads = self.variables.reads.get_or_insert_with(|| reads(gpu));
                    if reads.is_empty() {
                        let label = Some("session.neurons");
                        let encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label });
                        reads.submit(encoder, &pieces, Read::Neurons { step });
                    }
                    self.variables.arrive(network, step);
                } else {
                    let bytes = read_blocking(gpu, &pieces)?;
                    put_state_bytes(&mut self.variables, network, step, &bytes);
                }
            }
            // A picture of the past says nothing of the present.
            _ => {}
        }
        Ok(())
    }

    /// Weight sums and losses, which come together; a live run looks at one piece per call.
    fn gather_weights(&mut self, network: &Network, step: u64) -> Result<(), String> {
        let fixed = self.variables.fixed.get_or_insert_with(|| fixed_sums(network));
        let sweep = self.variables.sweep.get_or_insert_with(|| {
            let flags = match self.selection.count() {
                0 => Default::default(),
                _ => std::sync::Arc::clone(self.selection.flags()),
            };
            Sweep::new(network, fixed, flags, self.selection.members_version())
        });
        let mut left = if self.is_live { PIECE } else { usize::MAX };
        while let Some((projection, run)) = sweep.next(network, left.min(PIECE)) {
            match self.engine.activity() {
                Activity::Host { weights, .. } => {
                    let shares = weights.get(projection).copied().flatten().and_then(|shares| shares.get(run.clone()));
                    sweep.take(network, shares.ok_or("the engine has no weights to look at")?);
                }
                Activity::Device { weights, .. } => {
                    let gpu = self.options.gpu.as_ref().ok_or("there is no adapter")?;
                    let buffer = weights.get(projection).copied().flatten().ok_or("the engine has no weights")?;
                    let (offset, bytes) = (run.start as u64 * 4, run.len() as u64 * 4);
                    let pieces = [Piece { buffer, offset, bytes }];
                    if self.is_live {
                        let reads = self.variables.reads.get_or_insert_with(|| reads(gpu));
                        if reads.is_empty() {
                            let label = Some("session.weights");
                            let encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label });
                            reads.submit(encoder, &pieces, Read::Weights);
                        }
                        self.variables.arrive(network, step);
                        return Ok(());
                    }
                    let bytes = read_blocking(gpu, &pieces)?;
                    sweep.take(network, &bytemuck::pod_collect_to_vec::<u8, f32>(&bytes));
                }
                _ => return Ok(()),
            }
            left = left.saturating_sub(run.len());
            if left == 0 {
                break;
            }
        }
        self.variables.finish_sweep(network, step);
        Ok(())
    }
}

/// One read at a time: values are no hurry.
fn reads(gpu: &std::sync::Arc<crate::gpu::Gpu>) -> ReadbackRing<Read> {
    ReadbackRing::new(std::sync::Arc::clone(gpu), "session.values", 1)
}

fn put_state_bytes(variables: &mut Variables, network: &Network, step: u64, bytes: &[u8]) {
    let (neurons, traces) =
        bytes.split_at((network.neuron_count() as usize * size_of::<NeuronState>()).min(bytes.len()));
    let neurons: Vec<NeuronState> = bytemuck::pod_collect_to_vec(neurons);
    let traces: Vec<f32> = bytemuck::pod_collect_to_vec(traces);
    put_state(variables, network, step, &neurons, &traces);
}

fn put_state(variables: &mut Variables, network: &Network, step: u64, neurons: &[NeuronState], traces: &[f32]) {
    let of_each = |value: fn(&Cell, &NeuronState) -> f32| {
        let population = |p: &crate::model::Population| p.neurons().map(|n| n as usize).collect::<Vec<_>>();
        network.populations.iter().flat_map(move |p| {
            let ids = population(p);
            ids.into_iter().map(move |n| neurons.get(n).map_or(f32::NAN, |state| value(&p.cell, state)))
        })
    };
    let membrane = of_each(|cell, state| match cell {
        Cell::Lif(lif) => (f64::from(state.membrane_mv) + lif.v_rest_mv) as f32,
        Cell::Source(_) => f32::NAN,
    });
    variables.put(Variable::Membrane, membrane, step, network);
    let theta = of_each(|cell, state| match cell {
        Cell::Lif(lif) if lif.adaptive_threshold.is_some() => state.theta_mv,
        _ => f32::NAN,
    });
    variables.put(Variable::Theta, theta, step, network);
    let rates = neurons.iter().zip(traces).map(|(state, &before)| rate_hz(state, before, step, network.dt_ms));
    variables.put(Variable::Rate, rates, step, network);
}

/// Firing rate from the rate trace: its value just before the last spike, plus that spike, decayed since. Hz.
fn rate_hz(neuron: &NeuronState, before: f32, step: u64, dt_ms: f64) -> f32 {
    if neuron.last_spike_step == 0 {
        return 0.0;
    }
    let since_ms = step.saturating_sub(u64::from(neuron.last_spike_step)) as f64 * dt_ms;
    ((f64::from(before) + 1.0) * (-since_ms / RATE_TAU_MS).exp() / (RATE_TAU_MS * 1e-3)) as f32
}

/// A range that a scale can show: from 0 to a round number at or above the greatest value, where nothing better is
/// known.
fn range_of(variable: Variable, values: &[f32], network: &Network) -> [f32; 2] {
    let greatest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f32::max);
    match variable {
        Variable::Population => [0.0, network.populations.len().saturating_sub(1).max(1) as f32],
        Variable::Class => [0.0, greatest.max(9.0)],
        Variable::Cv => [0.0, rounded_up(greatest).max(1.0)],
        Variable::Membrane => {
            let cells = network.populations.iter().filter_map(|p| match &p.cell {
                Cell::Lif(lif) => Some([lif.v_reset_mv.min(lif.v_rest_mv) as f32, lif.v_threshold_mv as f32]),
                Cell::Source(_) => None,
            });
            let join = |[low, high]: [f32; 2], [l, h]: [f32; 2]| [low.min(l), high.max(h)];
            cells.reduce(join).unwrap_or([0.0, 1.0])
        }
        _ => [0.0, rounded_up(greatest)],
    }
}

/// 1, 2 or 5 times a power of ten, at or above a value; 1 for nothing.
fn rounded_up(value: f32) -> f32 {
    if !(value.is_finite() && value > 0.0) {
        return 1.0;
    }
    let power = 10.0_f32.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|&up| up >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        let found = [0.0, 0.07, 1.0, 1.5, 42.0, 80.0, f32::NAN].map(rounded_up);
        for (found, expected) in found.into_iter().zip([1.0, 0.1, 1.0, 2.0, 50.0, 100.0, 1.0]) {
            assert!((found - expected).abs() < 1e-5 * expected, "{found} instead of {expected}");
        }
    }
}
