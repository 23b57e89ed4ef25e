//! Which neuron talks to which: builds the synapses of a projection from its rule. In: sizes, positions, a rule, a
//! seed. Out: compressed rows by source, sorted by (delay, target), with weights and delays where they differ. Every
//! row has random numbers of its own, so the result does not depend on the number of threads.

mod distance;
mod list;
mod random;

use rayon::prelude::*;

use super::random::{Draws, Stream};
use super::scene::spec::Distribution;

pub(crate) use distance::{Space, rows_by_distance};
pub(crate) use list::{FileSynapses, assemble_list};
pub(crate) use random::{Key, in_degree_rows, out_degree_row, probability_row};

/// Sources handled as one unit of parallel work.
const CHUNK: usize = 512;

/// Synapses in compressed rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Synapses {
    /// Source size + 1 entries.
    pub(crate) row_start: Vec<u32>,
    /// Per synapse.
    pub(crate) target: Vec<u32>,
    /// Per synapse, empty where all weigh the same.
    pub(crate) weights: Vec<f32>,
    /// Per synapse, steps, empty where all are the same.
    pub(crate) delays: Vec<u16>,
}

/// How weights and delays are drawn.
pub(crate) struct Values<'a> {
    /// The run's seed.
    pub(crate) seed: u64,
    /// Index of the projection.
    pub(crate) part: usize,
    /// Network units.
    pub(crate) weight: &'a Distribution,
    /// ms.
    pub(crate) delay_ms: &'a Distribution,
    /// Step, ms.
    pub(crate) dt_ms: f64,
    /// Where the neurons are.
    pub(crate) space: Space<'a>,
}

impl Values<'_> {
    /// Whole steps, at least 1.
    pub(crate) fn steps(&self, delay_ms: f64) -> u16 {
        delay_steps(delay_ms, self.dt_ms)
    }

    fn draw(&self, distribution: &Distribution, draws: &mut Draws, source: u32, target: u32) -> f64 {
        match distribution {
            Distribution::Constant(value) => *value,
            Distribution::Uniform { low, high } => low + (high - low) * draws.uniform(),
            Distribution::Normal { mean, sd, low, high } => (mean + sd * draws.normal()).clamp(*low, *high),
            Distribution::Distance { base, per_unit } => base + per_unit * self.space.distance(source, target),
            Distribution::File { .. } => 0.0,
        }
    }

    /// Weights of given targets of one source.
    pub(crate) fn weights_of(&self, source: u32, targets: impl Iterator<Item = u32>) -> Vec<f32> {
        let mut draws = Draws::new(self.seed, Stream::Weight.part(self.part), source);
        targets.map(|target| self.draw(self.weight, &mut draws, source, target) as f32).collect()
    }

    /// Delays of given targets of one source.
    fn delays_of(&self, source: u32, targets: &[u32]) -> Vec<u16> {
        let mut draws = Draws::new(self.seed, Stream::Delay.part(self.part), source);
        targets.iter().map(|&target| self.steps(self.draw(self.delay_ms, &mut draws, source, target))).collect()
    }

    fn weights_differ(&self) -> bool {
        !matches!(self.weight, Distribution::Constant(_))
    }

    fn delays_differ(&self) -> bool {
        !matches!(self.delay_ms, Distribution::Constant(_))
    }
}

/// A delay in whole steps, at least 1.
pub(crate) fn delay_steps(delay_ms: f64, dt_ms: f64) -> u16 {
    (delay_ms / dt_ms).round().clamp(1.0, f64::from(u16::MAX)) as u16
}

/// More synapses than a projection can number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) u64);

/// Builds all rows. `row` appends the targets of a source in any order; they are then sorted by (delay, target) and
/// given weights.
pub(crate) fn assemble<F>(sources: u32, values: &Values<'_>, row: F) -> Result<Synapses, TooMany>
where
    F: Fn(u32, &mut Vec<u32>) + Sync,
{
    let chunks: Vec<Chunk> = (0..sources as usize)
        .into_par_iter()
        .step_by(CHUNK)
        .map(|first| {
            let mut chunk = Chunk::default();
            let mut targets = Vec::new();
            for source in first..(first + CHUNK).min(sources as usize) {
                targets.clear();
                row(source as u32, &mut targets);
                targets.sort_unstable();
                chunk.push(source as u32, &targets, values);
            }
            chunk
        })
        .collect();
    join(chunks, sources)
}

/// Rows of consecutive sources.
#[derive(Default)]
pub(super) struct Chunk {
    lengths: Vec<u32>,
    target: Vec<u32>,
    weights: Vec<f32>,
    delays: Vec<u16>,
}

impl Chunk {
    /// Adds a row of sorted targets.
    fn push(&mut self, source: u32, targets: &[u32], values: &Values<'_>) {
        self.lengths.push(targets.len() as u32);
        let begin = self.target.len();
        if values.delays_differ() {
            let mut pairs: Vec<(u16, u32)> =
                values.delays_of(source, targets).into_iter().zip(targets.iter().copied()).collect();
            pairs.sort_unstable();
            self.delays.extend(pairs.iter().map(|pair| pair.0));
            self.target.extend(pairs.iter().map(|pair| pair.1));
        } else {
            self.target.extend_from_slice(targets);
        }
        if values.weights_differ() {
            self.weights.extend(values.weights_of(source, self.target[begin..].iter().copied()));
        }
    }

    /// Adds a row whose weights and delays are known already.
    pub(super) fn push_known(&mut self, row: &[(u16, u32, f32)]) {
        self.lengths.push(row.len() as u32);
        self.delays.extend(row.iter().map(|s| s.0));
        self.target.extend(row.iter().map(|s| s.1));
        self.weights.extend(row.iter().map(|s| s.2));
    }
}

/// Puts chunks one after the other.
pub(super) fn join(chunks: Vec<Chunk>, sources: u32) -> Result<Synapses, TooMany> {
    let total: u64 = chunks.iter().map(|chunk| chunk.target.len() as u64).sum();
    if total > u64::from(u32::MAX - 1) {
        return Err(TooMany(total));
    }
    let mut synapses = Synapses { row_start: Vec::with_capacity(sources as usize + 1), ..Default::default() };
    synapses.row_start.push(0);
    synapses.target.reserve_exact(total as usize);
    let mut end = 0;
    for chunk in chunks {
        for length in chunk.lengths {
            end += length;
            synapses.row_start.push(end);
        }
        synapses.target.extend_from_slice(&chunk.target);
        synapses.weights.extend_from_slice(&chunk.weights);
        synapses.delays.extend_from_slice(&chunk.delays);
    }
    Ok(synapses)
}
