//! Synapses from a file. In: columns of sources, targets, weights and delays. Out: rows, or what is wrong in words.

use std::path::Path;

use super::{Chunk, Synapses, Values, join};
use crate::model::scene::files::{self, Columns};
use crate::model::scene::spec::ListFile;

/// Usual names of columns.
const PRE: [&str; 5] = ["pre", "i", "source", "sources", "pre_id"];
const POST: [&str; 5] = ["post", "j", "target", "targets", "post_id"];
const WEIGHT: [&str; 5] = ["weight", "w", "weight_mv", "w_mV", "weights"];
const DELAY_MS: [&str; 3] = ["delay_ms", "delay", "delays"];
const DELAY_STEPS: &str = "delay_steps";

/// What one projection takes from a file.
pub(crate) struct FileSynapses<'a> {
    /// The file.
    pub(crate) list: &'a ListFile,
    /// First neuron ids of source and target population.
    pub(crate) first: [u32; 2],
    /// Sizes of source and target population.
    pub(crate) sizes: [u32; 2],
    /// Neurons of the whole network.
    pub(crate) neuron_count: u32,
    /// Take weights from the file, times this factor.
    pub(crate) weight_factor: Option<f64>,
    /// Take delays from the file.
    pub(crate) delays: bool,
}

/// Reads the file and sorts its synapses into rows. Weights or delays that are not taken from the file are drawn.
pub(crate) fn assemble_list(file: &FileSynapses<'_>, values: &Values<'_>) -> Result<Synapses, String> {
    let path = file.list.path.as_path();
    let own_weight = file.list.weight_array.as_deref();
    let mut wanted: Vec<&str> = PRE.iter().chain(&POST).chain(&WEIGHT).chain(&DELAY_MS).copied().collect();
    wanted.push(DELAY_STEPS);
    wanted.extend(own_weight);
    let columns = files::columns(path, &wanted)?;
    let (pre, post) = (columns.need(&PRE, path)?, columns.need(&POST, path)?);
    let weights = match (file.weight_factor, own_weight) {
        (None, _) => None,
        (Some(_), Some(name)) => Some(columns.need(&[name], path)?),
        (Some(_), None) => Some(columns.need(&WEIGHT, path)?),
    };
    let delays = if file.delays { delay_column(&columns, path, values.dt_ms)? } else { None };
    for (what, column) in [("targets", Some(post)), ("weights", weights), ("delays", delays.as_deref())] {
        if let Some(column) = column
            && column.len() != pre.len()
        {
            return Err(format!("{} has {} sources, but {} {what}", path.display(), pre.len(), column.len()));
        }
    }
    let mut rows: Vec<Vec<(u16, u32, f32)>> = vec![Vec::new(); file.sizes[0] as usize];
    for row in 0..pre.len() {
        let Some([source, target]) = file.ends(pre[row], post[row], row, path)? else { continue };
        let weight = weights.map_or(0.0, |w| w[row] * file.weight_factor.unwrap_or(1.0));
        if !weight.is_finite() {
            return Err(format!("row {row} of {} has the weight {weight}", path.display()));
        }
        let delay = delays.as_ref().map_or(1, |d| values.steps(d[row]));
        rows[source as usize].push((delay, target, weight as f32));
    }
    let mut chunk = Chunk::default();
    for (source, mut row) in rows.into_iter().enumerate() {
        if weights.is_some() && delays.is_some() {
            row.sort_by_key(|synapse| (synapse.0, synapse.1));
            chunk.push_known(&row);
        } else {
            push_mixed(&mut chunk, source as u32, row, weights.is_some(), delays.is_some(), values);
        }
    }
    join(vec![chunk], file.sizes[0]).map_err(|too_many| format!("{} synapses are too many", too_many.0))
}

impl FileSynapses<'_> {
    /// Local ids of a row, or nothing where it belongs to other populations.
    fn ends(&self, pre: f64, post: f64, row: usize, path: &Path) -> Result<Option<[u32; 2]>, String> {
        let mut local = [0; 2];
        for (side, id) in [pre, post].into_iter().enumerate() {
            let beyond = if self.list.global_ids { self.neuron_count } else { self.sizes[side] };
            if id.fract() != 0.0 || id < 0.0 || id >= f64::from(beyond) {
                let what = if self.list.global_ids { "the network" } else { "the population" };
                return Err(format!("row {row} of {} names neuron {id}, but {what} has {beyond}", path.display()));
            }
            local[side] = if self.list.global_ids {
                match (id as u32).checked_sub(self.first[side]).filter(|&k| k < self.sizes[side]) {
                    Some(k) => k,
                    None => return Ok(None),
                }
            } else {
                id as u32
            };
        }
        Ok(Some(local))
    }
}

fn delay_column(columns: &Columns, path: &Path, dt_ms: f64) -> Result<Option<Vec<f64>>, String> {
    let delays = match (columns.any(&[DELAY_STEPS]), columns.any(&DELAY_MS)) {
        (_, Some((_, ms))) => Some(ms.to_vec()),
        (Some((_, steps)), None) => Some(steps.iter().map(|s| s * dt_ms).collect()),
        (None, None) => None,
    };
    if let Some(wrong) = delays.iter().flatten().position(|d| !d.is_finite() || *d <= 0.0) {
        return Err(format!("row {wrong} of {} has a delay that is not above 0", path.display()));
    }
    Ok(delays)
}

/// A row of which weights or delays (or both) are drawn.
fn push_mixed(
    chunk: &mut Chunk,
    source: u32,
    mut row: Vec<(u16, u32, f32)>,
    known_weights: bool,
    known_delays: bool,
    values: &Values<'_>,
) {
    row.sort_by_key(|synapse| (synapse.0, synapse.1));
    if !known_delays {
        let targets: Vec<u32> = row.iter().map(|synapse| synapse.1).collect();
        for (synapse, delay) in row.iter_mut().zip(values.delays_of(source, &targets)) {
            synapse.0 = delay;
        }
        row.sort_by_key(|synapse| (synapse.0, synapse.1));
    }
    if !known_weights {
        let weights = values.weights_of(source, row.iter().map(|synapse| synapse.1));
        for (synapse, weight) in row.iter_mut().zip(weights) {
            synapse.2 = weight;
        }
    }
    chunk.push_known(&row);
}
