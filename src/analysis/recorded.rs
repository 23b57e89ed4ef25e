//! A whole recording, or a window of it, through the statistics of this folder. In: the recording and what is asked.
//! Out: numbers. Spikes are read in slices of time on all cores and merged in order; the slices depend on the recording
//! only, so the result does not depend on the machine.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::bins::{BinGrid, MOST_BINS};
use super::connectivity::Connectivity;
use super::findings::{self, Finding, Intervals, Thresholds};
use super::pairs::{Correlations, MOST_SELECTED, spike_time_tiling};
use super::responses::{Presentation, Psth, Responses};
use super::train::TrainOptions;
use super::trains::{RATE_BIN_MS, TrainPlan, Trains};
use super::weights::{Moments, WeightInterval, WeightsOverTime};
use crate::recording::{Recording, RecordingError};

/// Spikes that are worth a thread.
const SLICE_SPIKES: u64 = 1 << 20;
/// Slices at most, and bytes that all of them may take.
const MOST_SLICES: u64 = 8;
const SLICE_BYTES: usize = 384 << 20;
/// Intervals that weights and findings are told in, about.
const INTERVALS: f64 = 100.0;
/// Bin of the correlations of a selection, and reach of a spike in spike-time tiling, ms.
pub const PAIR_MS: f64 = 5.0;
/// Spikes of a selection that are held for spike-time tiling.
const PAIR_SPIKES: usize = 20_000_000;
/// What a PSTH shows around the beginning of an input: before, after, bin, ms.
pub const PSTH_MS: (f64, f64, f64) = (100.0, 500.0, 10.0);
/// Bytes of a table of spikes per neuron and class.
const RESPONSE_BYTES: usize = 256 << 20;

/// What is asked of a recording.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Beginning, ms; without it 0.
    pub from_ms: Option<f64>,
    /// End, ms: spikes at it do not count. Without it the recording's end, whose spikes do.
    pub to_ms: Option<f64>,
    /// See there.
    pub options: TrainOptions,
    /// See there.
    pub thresholds: Thresholds,
    /// Neurons that are compared pair by pair, [`MOST_SELECTED`] at most.
    pub pairs: Vec<u32>,
}

/// Pairs of a selection; matrices by row.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// The selection.
    pub neurons: Vec<u32>,
    /// Pearson correlation of the counts per [`PAIR_MS`]; not a number where a neuron's count never changes.
    pub correlation: Vec<f64>,
    /// Spike-time tiling coefficients; none where a neuron is silent. Empty where there are too many spikes.
    pub tiling: Vec<Option<f64>>,
}

/// What a recording says.
#[derive(Debug)]
pub struct Analysis {
    /// Spikes, per neuron and population.
    pub trains: Trains,
    /// Synapses as the run began, per projection and of all; none where the recording has none.
    pub connectivity: Option<(Vec<(String, Connectivity)>, Connectivity)>,
    /// Weights over time, per projection; empty where nothing changed.
    pub weights: Vec<(String, Vec<WeightInterval>)>,
    /// Length of the intervals of weights and findings, ms.
    pub interval_ms: f64,
    /// Spikes times the synapses that they reached, those with a weight other than zero (NeuroBench: effective
    /// accumulates); none without synapses.
    pub synaptic_operations: Option<u64>,
    /// Share of the synapses without effect at the end; none without synapses.
    pub connection_sparsity: Option<f64>,
    /// Answers to inputs; none where the recording names none.
    pub responses: Option<Responses>,
    /// Spikes around the beginnings of inputs, a group per population; none where the recording names no input.
    pub psth: Option<Psth>,
    /// Of the selection; none where nothing was selected.
    pub pairs: Option<Pairs>,
    /// Membrane values; none where the recording has none.
    pub potentials: Option<Moments>,
    /// What stands out.
    pub findings: Vec<Finding>,
    /// What could not be told, and why.
    pub notices: Vec<String>,
}

/// Synapses as they are while the run goes on.
#[derive(Default)]
struct Wiring {
    /// Sending neuron of each synapse; held only where weights change.
    pre: Vec<u32>,
    /// Synapses with an effect per sending neuron.
    fan_out: Vec<u32>,
    /// (time, sending neuron, one more or one less), sorted by time.
    changes: Vec<(f64, u32, i8)>,
    synapses: u64,
    without_effect: u64,
}

/// Analyses a window. `seen` counts the spikes read, for a progress bar.
///
/// # Errors
/// What the recording's tables refused.
pub fn analyse(recording: &Recording, request: &Request, seen: &AtomicU64) -> Result<Analysis, RecordingError> {
    let from_ms = request.from_ms.unwrap_or(0.0);
    // To a millionth, which hides that most steps are no binary fractions.
    let end_ms = (recording.duration_ms() * 1e6).round() / 1e6;
    let to_ms = request.to_ms.unwrap_or(end_ms).max(from_ms);
    let until_ms = request.to_ms.unwrap_or(f64::INFINITY);
    let plan = TrainPlan {
        populations: recording
            .header()
            .populations
            .iter()
            .map(|p| (p.name.clone(), p.first_neuron..p.first_neuron + p.size))
            .collect(),
        from_ms,
        to_ms,
        options: request.options,
    };
    let interval_ms = (((to_ms - from_ms) / INTERVALS / RATE_BIN_MS).ceil().max(1.0)) * RATE_BIN_MS;
    let mut notices = Vec::new();
    if BinGrid::new(from_ms, to_ms, RATE_BIN_MS).is_none() {
        let most = MOST_BINS as f64 * RATE_BIN_MS / 1e3;
        notices.push(format!("bins of {RATE_BIN_MS} ms are told for {most:.0} s at most; ask for a shorter window"));
    }

    let (connectivity, mut wiring) = synapses(recording)?;
    let weights = weights(recording, &mut wiring, from_ms..to_ms, interval_ms)?;
    let responses = presentations(recording, from_ms, until_ms, plan.populations.len(), &mut notices)?;
    let (trains, passed) = rayon::join(
        || in_slices(recording, &plan, until_ms, seen),
        || in_order(recording, from_ms..until_ms, &wiring, responses),
    );
    let (trains, (responses, operations_of_changes)) = (trains?, passed?);
    let (responses, psth) = responses.unzip();
    let pairs = pairs(recording, &request.pairs, &plan, until_ms, &mut notices)?;
    let synaptic_operations = (wiring.synapses > 0).then(|| {
        operations_of_changes.unwrap_or_else(|| {
            let spikes = trains.trains().iter().map(|train| u64::from(train.spike_count()));
            spikes.zip(&wiring.fan_out).map(|(spikes, fan_out)| spikes * u64::from(*fan_out)).sum()
        })
    });
    let findings = find(recording, &trains, &weights, interval_ms, &request.thresholds)?;
    Ok(Analysis {
        potentials: potentials(recording, from_ms, until_ms)?,
        connection_sparsity: (wiring.synapses > 0).then(|| wiring.without_effect as f64 / wiring.synapses as f64),
        trains,
        connectivity,
        weights,
        interval_ms,
        synaptic_operations,
        responses,
        psth,
        pairs,
        findings,
        notices,
    })
}

/// All trains, slices of time on all cores.
fn in_slices(
    recording: &Recording,
    plan: &TrainPlan,
    until_ms: f64,
    seen: &AtomicU64,
) -> Result<Trains, RecordingError> {
    let spikes = recording.spikes_before(until_ms)?.saturating_sub(recording.spikes_before(plan.from_ms)?);
    let room = (SLICE_BYTES / Trains::bytes(plan).max(1)) as u64;
    let slices = (spikes / SLICE_SPIKES).min(MOST_SLICES).min(room).max(1);
    let edge = |slice: u64| match slice {
        0 => plan.from_ms,
        last if last == slices => until_ms,
        _ => plan.from_ms + plan.duration_ms() * slice as f64 / slices as f64,
    };
    let parts = (0..slices)
        .into_par_iter()
        .map(|slice| {
            let mut trains = Trains::new(plan.clone());
            for batch in recording.spikes(edge(slice), edge(slice + 1)) {
                let batch = batch?;
                trains.push(batch.times_ms(), batch.neurons());
                seen.fetch_add(batch.neurons().len() as u64, Ordering::Relaxed);
            }
            Ok(trains)
        })
        .collect::<Result<Vec<_>, RecordingError>>()?;
    let mut parts = parts.into_iter();
    let mut sum = parts.next().unwrap_or_else(|| Trains::new(plan.clone()));
    parts.for_each(|part| sum.append(&part));
    Ok(sum)
}

/// Answers to inputs, and synaptic operations where synapses come and go.
type Passed = (Option<(Responses, Psth)>, Option<u64>);

/// What needs the spikes in the order of time beside what else happened: answers to inputs, and synaptic operations
/// where synapses come and go. Reads nothing where there is neither.
fn in_order(
    recording: &Recording,
    window: Range<f64>,
    wiring: &Wiring,
    mut responses: Option<(Responses, Psth)>,
) -> Result<Passed, RecordingError> {
    if responses.is_none() && wiring.changes.is_empty() {
        return Ok((None, None));
    }
    let ends: Vec<u32> = recording.header().populations.iter().map(|p| p.first_neuron + p.size).collect();
    let mut fan_out = wiring.fan_out.clone();
    let (mut operations, mut next) = (0_u64, 0);
    for batch in recording.spikes(window.start, window.end) {
        let batch = batch?;
        if let Some((responses, psth)) = &mut responses {
            responses.push(batch.times_ms(), batch.neurons());
            for (&time_ms, &neuron) in batch.times_ms().iter().zip(batch.neurons()) {
                psth.push(time_ms, ends.partition_point(|end| *end <= neuron));
            }
        }
        for (&time_ms, &neuron) in batch.times_ms().iter().zip(batch.neurons()) {
            // A spike of the same time still meets what was there before.
            while let Some(&(_, pre, by)) = wiring.changes.get(next).filter(|(changed_ms, ..)| *changed_ms < time_ms) {
                if let Some(count) = fan_out.get_mut(pre as usize) {
                    *count = count.saturating_add_signed(i32::from(by));
                }
                next += 1;
            }
            operations += u64::from(fan_out.get(neuron as usize).copied().unwrap_or(0));
        }
    }
    Ok((responses, (!wiring.changes.is_empty()).then_some(operations)))
}

type Connected = Option<(Vec<(String, Connectivity)>, Connectivity)>;

fn synapses(recording: &Recording) -> Result<(Connected, Wiring), RecordingError> {
    let mut wiring = Wiring { fan_out: vec![0; recording.neuron_count() as usize], ..Wiring::default() };
    if recording.synapse_count() == 0 {
        return Ok((None, wiring));
    }
    let changing = recording.weight_change_count() > 0;
    let projections = &recording.header().projections;
    let mut per_projection: Vec<(String, Connectivity)> =
        projections.iter().map(|p| (p.name.clone(), Connectivity::default())).collect();
    let (mut all, mut at) = (Connectivity::default(), 0);
    for batch in recording.synapses() {
        let batch = batch?;
        for row in 0..batch.pre().len() {
            let (pre, post) = (batch.pre()[row], batch.post()[row]);
            let (weight, delay_ms) = (batch.weights()[row], batch.delays_ms()[row]);
            all.push(pre, post, weight, delay_ms);
            while projections.get(at).is_some_and(|p| wiring.synapses >= p.first_synapse + p.synapses) {
                at += 1;
            }
            if let Some((_, own)) = per_projection.get_mut(at) {
                own.push(pre, post, weight, delay_ms);
            }
            if has_effect(weight) {
                wiring.fan_out[pre as usize] += 1;
            } else {
                wiring.without_effect += 1;
            }
            if changing {
                wiring.pre.push(pre);
            }
            wiring.synapses += 1;
        }
    }
    Ok((Some((per_projection, all)), wiring))
}

fn has_effect(weight: f32) -> bool {
    !weight.is_nan() && weight != 0.0
}

/// Follows every projection's weights through the window, and notes which synapses come and go.
fn weights(
    recording: &Recording,
    wiring: &mut Wiring,
    window: Range<f64>,
    interval_ms: f64,
) -> Result<Vec<(String, Vec<WeightInterval>)>, RecordingError> {
    if wiring.pre.is_empty() {
        return Ok(Vec::new());
    }
    let mut current = Vec::with_capacity(wiring.pre.len());
    for batch in recording.synapses() {
        current.extend_from_slice(batch?.weights());
    }
    let projections = &recording.header().projections;
    let place = |synapse: u64| {
        let at = projections.partition_point(|p| p.first_synapse + p.synapses <= synapse);
        projections.get(at).map(|p| (at, (synapse - p.first_synapse) as usize))
    };
    let mut followed: Option<Vec<WeightsOverTime>> = None;
    let begin = |current: &[f32]| -> Vec<WeightsOverTime> {
        let of = |p: &crate::recording::ProjectionEntry| {
            let end = (p.first_synapse + p.synapses).min(current.len() as u64) as usize;
            current[(p.first_synapse as usize).min(end)..end].to_vec()
        };
        projections.iter().map(|p| WeightsOverTime::new(of(p), window.start, interval_ms)).collect()
    };
    for batch in recording.weights(f64::NEG_INFINITY, f64::INFINITY) {
        let batch = batch?;
        for row in 0..batch.synapses().len() {
            let (time_ms, synapse) = (batch.times_ms()[row], batch.synapses()[row]);
            let Some(slot) = usize::try_from(synapse).ok().filter(|at| *at < current.len()) else { continue };
            if time_ms > window.end {
                break;
            }
            let weight = batch.weight(row);
            let (before, after) = (has_effect(current[slot]), weight.is_some_and(has_effect));
            let by = i8::from(after) - i8::from(before);
            wiring.without_effect = wiring.without_effect.saturating_add_signed(-i64::from(by));
            if time_ms >= window.start {
                let followed = followed.get_or_insert_with(|| begin(&current));
                if let Some((at, index)) = place(slot as u64) {
                    followed[at].change(time_ms, index, weight);
                }
                if by != 0 {
                    wiring.changes.push((time_ms, wiring.pre[slot], by));
                }
            } else if by != 0 {
                let count = &mut wiring.fan_out[wiring.pre[slot] as usize];
                *count = count.saturating_add_signed(i32::from(by));
            }
            current[slot] = weight.unwrap_or(f32::NAN);
        }
    }
    let followed = followed.unwrap_or_else(|| begin(&current));
    Ok(projections.iter().zip(followed).map(|(p, own)| (p.name.clone(), own.finish(window.end).0)).collect())
}

fn presentations(
    recording: &Recording,
    from_ms: f64,
    until_ms: f64,
    populations: usize,
    notices: &mut Vec<String>,
) -> Result<Option<(Responses, Psth)>, RecordingError> {
    let rows = recording.labels(from_ms, until_ms)?;
    let mut shown: Vec<Presentation> = rows
        .iter()
        .filter_map(|row| {
            let class = u16::try_from(row.label).ok()?;
            (row.end_ms > row.start_ms).then_some(Presentation { start_ms: row.start_ms, end_ms: row.end_ms, class })
        })
        .collect();
    shown.sort_by(|a, b| a.start_ms.total_cmp(&b.start_ms));
    let classes = shown.iter().map(|p| usize::from(p.class) + 1).max().unwrap_or(0);
    let neurons = recording.neuron_count() as usize;
    if classes == 0 {
        return Ok(None);
    }
    if neurons * classes * 4 > RESPONSE_BYTES {
        notices.push(format!("{neurons} neurons times {classes} classes are too many for a table of responses"));
        return Ok(None);
    }
    let (before_ms, after_ms, bin_ms) = PSTH_MS;
    let psth = Psth::new(shown.iter().map(|p| p.start_ms).collect(), before_ms, after_ms, bin_ms, populations);
    Ok(psth.map(|psth| (Responses::new(shown, neurons), psth)))
}

/// Correlations and tiling of the selected neurons.
fn pairs(
    recording: &Recording,
    selected: &[u32],
    plan: &TrainPlan,
    until_ms: f64,
    notices: &mut Vec<String>,
) -> Result<Option<Pairs>, RecordingError> {
    let neurons: Vec<u32> = selected.iter().copied().take(MOST_SELECTED).collect();
    let Some(grid) = BinGrid::new(plan.from_ms, plan.to_ms, PAIR_MS).filter(|_| !neurons.is_empty()) else {
        return Ok(None);
    };
    let mut place = vec![u32::MAX; recording.neuron_count() as usize];
    for (index, neuron) in (0..).zip(&neurons) {
        if let Some(slot) = place.get_mut(*neuron as usize) {
            *slot = index;
        }
    }
    let mut correlations = Correlations::new(grid, neurons.len());
    let (mut trains, mut held) = (vec![Vec::new(); neurons.len()], 0);
    for batch in recording.spikes(plan.from_ms, until_ms) {
        let batch = batch?;
        for (&time_ms, &neuron) in batch.times_ms().iter().zip(batch.neurons()) {
            let index = place[neuron as usize];
            if index != u32::MAX {
                correlations.push(time_ms, index);
                held += 1;
                if held <= PAIR_SPIKES {
                    trains[index as usize].push(time_ms);
                }
            }
        }
    }
    let tiling = if held > PAIR_SPIKES {
        notices.push(format!("{held} spikes are too many for spike-time tiling; select fewer neurons or a window"));
        Vec::new()
    } else {
        let of = |a: &Vec<f64>, b: &Vec<f64>| spike_time_tiling(a, b, plan.from_ms, plan.to_ms, PAIR_MS);
        trains.iter().flat_map(|a| trains.iter().map(move |b| of(a, b))).collect()
    };
    Ok(Some(Pairs { neurons, correlation: correlations.matrices().1, tiling }))
}

fn potentials(recording: &Recording, from_ms: f64, until_ms: f64) -> Result<Option<Moments>, RecordingError> {
    if recording.potential_count() == 0 {
        return Ok(None);
    }
    let mut moments = Moments::default();
    for batch in recording.potentials(from_ms, until_ms) {
        batch?.v_mv().iter().for_each(|v| moments.push(f64::from(*v)));
    }
    Ok(Some(moments))
}

fn find(
    recording: &Recording,
    trains: &Trains,
    weights: &[(String, Vec<WeightInterval>)],
    interval_ms: f64,
    thresholds: &Thresholds,
) -> Result<Vec<Finding>, RecordingError> {
    let plan = trains.plan();
    let per_bin = trains.all().spikes_per_100ms_bin;
    let bins = (interval_ms / RATE_BIN_MS).round() as usize;
    let mut spikes: Vec<f64> = per_bin.chunks(bins.max(1)).map(|bins| bins.iter().sum::<u64>() as f64).collect();
    // What is left at the end is no whole interval and would look like silence.
    spikes.truncate((plan.duration_ms() / interval_ms + 1e-9) as usize);
    let mut updates = vec![0.0; if weights.is_empty() { 0 } else { spikes.len() }];
    for (_, intervals) in weights {
        // The first row holds the weights at the beginning.
        for (sum, interval) in updates.iter_mut().zip(intervals.iter().skip(1)) {
            *sum += interval.updates as f64;
        }
    }
    let run = Intervals { from_ms: plan.from_ms, interval_ms, spikes: &spikes, updates: &updates };
    let prunings: Vec<f64> = recording
        .events(plan.from_ms, plan.to_ms)?
        .iter()
        .filter(|event| event.kind.contains("prun"))
        .map(|event| event.time_ms)
        .collect();
    let mut found = findings::silent_after_pruning(&run, &prunings, thresholds);
    found.extend(findings::updates_rise_while_spikes_stay(&run, thresholds));
    for (name, range) in plan.populations.iter().filter(|_| plan.duration_ms() > 0.0) {
        let rates: Vec<f64> = trains.trains()[range.start as usize..range.end as usize]
            .iter()
            .map(|train| f64::from(train.spike_count()) / plan.duration_ms() * 1e3)
            .collect();
        found.extend(findings::outlying_neurons(name, &rates, (plan.from_ms, plan.to_ms), thresholds));
    }
    Ok(found)
}
