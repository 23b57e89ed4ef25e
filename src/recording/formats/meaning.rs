//! What named arrays mean: pairs of neuron and time, dense rasters over time, membrane values, lists of synapses,
//! weight matrices. Shared by every format that is a bag of arrays. In: arrays. Out: all of it in the intake, and a
//! word on each array.

use std::path::Path;

use super::Context;
use super::arrays::{Array, Element};
use super::error::ImportError;
use super::intake::{ANY, Group};

/// Values of a row of a dense raster.
const MOST_ROW: u64 = 1 << 26;

/// Pairs that are taken at once.
const BLOCK: usize = 1 << 16;

const IDS: [&str; 12] =
    ["i", "senders", "sender", "ids", "id", "gid", "gids", "neuron", "neurons", "node_ids", "spkid", "neuron_ids"];
const TIMES: [&str; 11] =
    ["t", "times", "time", "timestamps", "spkt", "t_ms", "time_ms", "times_ms", "t_s", "time_s", "spike_times"];
const PRE: [&str; 4] = ["i", "source", "pre", "sources"];
const POST: [&str; 4] = ["j", "target", "post", "targets"];
const WEIGHTS: [&str; 9] = ["w", "weight", "weights", "w_initial", "w_mv", "w_pa", "weight_mv", "weight_pa", "w_final"];
const DELAYS: [&str; 4] = ["delay", "delay_ms", "delays", "delay_s"];
const VOLTAGES: [&str; 9] = ["v", "v_m", "vm", "voltage", "mem", "membrane", "v_mv", "v_m_mv", "potential"];

/// Reads all arrays of a file.
pub(super) fn interpret(path: &Path, arrays: &[Array], context: &mut Context<'_>) -> Result<(), ImportError> {
    let mut reading = Reading { path, arrays, used: vec![false; arrays.len()], file: String::new() };
    reading.file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    reading.synapses(context)?;
    reading.events(context)?;
    let clock = reading.clock(context)?;
    reading.dense(clock.as_deref(), context)?;
    reading.matrices(context)?;
    let left: Vec<&str> =
        arrays.iter().zip(&reading.used).filter(|(_, used)| !**used).map(|(array, _)| array.name.as_str()).collect();
    if !left.is_empty() {
        context.intake.drop_out(format!(
            "{}: arrays {} (no spikes, potentials or synapses)",
            reading.file,
            left.join(", ")
        ));
    }
    Ok(())
}

struct Reading<'a> {
    path: &'a Path,
    arrays: &'a [Array],
    used: Vec<bool>,
    file: String,
}

/// Name without one of `endings`, and the rest, like `exc_` and `i`.
fn prefix_of<'n>(name: &'n str, endings: &[&str]) -> Option<&'n str> {
    let lower = name.to_ascii_lowercase();
    endings
        .iter()
        .filter_map(|ending| {
            let rest = lower.strip_suffix(ending)?;
            (rest.is_empty() || rest.ends_with(['_', '.', '/'])).then(|| &name[..rest.len()])
        })
        .min_by_key(|prefix| prefix.len())
}

impl Reading<'_> {
    fn find(&self, prefix: &str, endings: &[&str], len: u64) -> Option<usize> {
        endings.iter().find_map(|ending| {
            self.arrays.iter().position(|array| {
                array.name.len() == prefix.len() + ending.len()
                    && array.name.starts_with(prefix)
                    && array.name[prefix.len()..].eq_ignore_ascii_case(ending)
                    && (array.is_vector(len) || (array.shape.is_empty() && DELAYS.contains(ending)))
            })
        })
    }

    fn synapses(&mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        for at in 0..self.arrays.len() {
            let pre = &self.arrays[at];
            let (Some(prefix), [len]) = (prefix_of(&pre.name, &PRE), pre.shape.as_slice()) else { continue };
            let Some(post) = self.find(prefix, &POST, *len) else { continue };
            let weight = self.find(prefix, &WEIGHTS, *len);
            let delay = self.find(prefix, &DELAYS, *len);
            let all = |index: Option<usize>| index.map(|index| self.arrays[index].all(self.path)).transpose();
            let (pres, posts) = (pre.all(self.path)?, self.arrays[post].all(self.path)?);
            let (weights, delays) = (all(weight)?, all(delay)?);
            let label = context.intake.synapse_label(prefix.trim_end_matches(['_', '.', '/']));
            if self.arrays[post].name.starts_with("target") {
                context.intake.groups[ANY].from_zero = false;
            }
            // Brian's base unit is the second: no simulation has delays below its step of a hundredth of a ms or so.
            let mut delay_factor = 1.0;
            let named_seconds = delay.is_some_and(|index| self.arrays[index].name.ends_with("_s"));
            if named_seconds {
                delay_factor = 1e3;
            } else if let Some(delays) = &delays
                && delays.iter().all(|delay| *delay < 0.02)
                && delays.iter().any(|delay| *delay > 0.0)
            {
                delay_factor = 1e3;
            }
            for row in 0..pres.len() {
                let at = |values: &Option<Vec<f64>>| {
                    values.as_ref().and_then(|values| values.get(row).or(values.first())).copied().unwrap_or(0.0)
                };
                let ids = [pres[row], posts[row]].map(|id| self.id(id));
                let [pre, post] = ids;
                let result = context.intake.synapse(
                    (ANY, pre.map_err(|reason| self.damaged(row, reason))?),
                    (ANY, post.map_err(|reason| self.damaged(row, reason))?),
                    at(&weights),
                    at(&delays) * delay_factor,
                    label,
                );
                result.map_err(|refused| refused.at(self.path, || format!("synapse {row}")))?;
            }
            let named = |index: Option<usize>| index.map_or("none", |index| self.arrays[index].name.as_str());
            let delay_unit = match (delay_factor == 1.0, named_seconds) {
                (true, _) => "ms",
                (false, true) => "s",
                (false, false) => "s, judging by their values",
            };
            context.intake.map(format!(
                "{}: {} synapses; weights {}, delays {} in {delay_unit}",
                self.file,
                pres.len(),
                named(weight),
                named(delay)
            ));
            for index in [Some(at), Some(post), weight, delay].into_iter().flatten() {
                self.used[index] = true;
            }
        }
        Ok(())
    }

    fn damaged(&self, row: usize, reason: String) -> ImportError {
        ImportError::damaged(self.path, format!("row {row}"), reason)
    }

    fn id(&self, value: f64) -> Result<u64, String> {
        if value >= 0.0 && value.fract() == 0.0 && value < 9e15 {
            Ok(value as u64)
        } else {
            Err(format!("{value} is no neuron; expected a whole number, 0 or more"))
        }
    }

    fn events(&mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        for at in 0..self.arrays.len() {
            let ids = &self.arrays[at];
            let (Some(prefix), [len]) = (prefix_of(&ids.name, &IDS), ids.shape.as_slice()) else { continue };
            if self.used[at] {
                continue;
            }
            let Some(times) = self.find(prefix, &TIMES, *len) else { continue };
            let times_array = &self.arrays[times];
            // A multimeter's events have membrane values as well.
            let value = self.find(prefix, &VOLTAGES, *len);
            let group = match prefix.trim_end_matches(['_', '.', '/']) {
                "" => ANY,
                name => context.intake.group_from_zero(name),
            };
            if ids.name.starts_with("sender") && group == ANY {
                context.intake.groups[ANY].from_zero = false;
            }
            let wrong = |array: &Array, error: std::io::Error| array.wrong(self.path, &error);
            let (mut id_values, mut time_values) =
                (ids.values().map_err(|e| wrong(ids, e))?, times_array.values().map_err(|e| wrong(times_array, e))?);
            let mut values = match value {
                Some(value) => Some(self.arrays[value].values().map_err(|e| wrong(&self.arrays[value], e))?),
                None => None,
            };
            let (mut id_block, mut time_block, mut value_block) = (Vec::new(), Vec::new(), Vec::new());
            let mut row = 0;
            let mut to_ms = None;
            loop {
                id_values.next_block(&mut id_block, BLOCK).map_err(|e| wrong(ids, e))?;
                time_values.next_block(&mut time_block, BLOCK).map_err(|e| wrong(times_array, e))?;
                if let (Some(values), Some(value)) = (&mut values, value) {
                    values.next_block(&mut value_block, BLOCK).map_err(|e| wrong(&self.arrays[value], e))?;
                }
                if id_block.is_empty() {
                    break;
                }
                let factor = match to_ms {
                    Some(factor) => factor,
                    None if ids.name.starts_with("sender") && context.options.time_unit.is_none() => 1.0,
                    None => context.ms_per_unit(self.path, &times_array.name, &time_block)?,
                };
                to_ms = Some(factor);
                for (index, (id, time)) in id_block.iter().zip(&time_block).enumerate() {
                    let id = self.id(*id).map_err(|reason| self.damaged(row + index, reason))?;
                    let taken = match value_block.get(index) {
                        Some(value) => context.intake.potential(group, id, time * factor, *value as f32),
                        None => context.intake.spike(group, id, time * factor),
                    };
                    taken.map_err(|refused| refused.at(self.path, || format!("row {}", row + index)))?;
                }
                row += id_block.len();
                context.advance((id_block.len() * 12) as u64)?;
            }
            let what = if value.is_some() { "membrane values" } else { "spikes" };
            context.intake.map(format!("{}: {row} {what} from {} and {}", self.file, ids.name, times_array.name));
            for index in [Some(at), Some(times), value].into_iter().flatten() {
                self.used[index] = true;
            }
        }
        self.population_size(context)
    }

    /// How many neurons there are, where Brian's state says so: `count` has one value per neuron; `N` is the number of
    /// neurons of a group, but that of spikes in a spike monitor, which has a `count`, too.
    fn population_size(&mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        let find = |name: &str, sides: usize| {
            self.arrays.iter().position(|array| array.name == name && array.shape.len() == sides)
        };
        let (counts, number) = (find("count", 1), find("N", 0));
        if let Some(counts) = counts.filter(|_| find("i", 1).is_some()) {
            let size = self.arrays[counts].shape[0];
            let declared = context.intake.declare(ANY, 0, size);
            declared.map_err(|refused| refused.at(self.path, || "array \"count\"".to_owned()))?;
            self.used[counts] = true;
            if let Some(number) = number {
                self.used[number] = true;
            }
        } else if let Some(number) = number {
            let value = self.arrays[number].all(self.path)?.first().copied().unwrap_or(0.0);
            if let Ok(size) = self.id(value)
                && size > 0
            {
                context
                    .intake
                    .declare(ANY, 0, size)
                    .map_err(|refused| refused.at(self.path, || "array \"N\"".to_owned()))?;
                self.used[number] = true;
            }
        }
        Ok(())
    }

    /// Times of the rows of dense arrays, ms.
    fn clock(&mut self, context: &mut Context<'_>) -> Result<Option<Vec<f64>>, ImportError> {
        let found = self.arrays.iter().enumerate().find(|(index, array)| {
            !self.used[*index] && array.shape.len() == 1 && prefix_of(&array.name, &TIMES).is_some()
        });
        let Some((index, array)) = found else { return Ok(None) };
        // Rates and inputs over time have a clock, too, but need none here.
        let len = array.shape[0];
        if !self.arrays.iter().any(|other| other.shape.len() >= 2 && other.shape[..2].contains(&len)) {
            return Ok(None);
        }
        let times = array.all(self.path)?;
        let factor = context.ms_per_unit(self.path, &array.name, &times[..times.len().min(BLOCK)])?;
        self.used[index] = true;
        Ok(Some(times.iter().map(|time| time * factor).collect()))
    }

    fn dense(&mut self, clock: Option<&[f64]>, context: &mut Context<'_>) -> Result<(), ImportError> {
        for at in 0..self.arrays.len() {
            let array = &self.arrays[at];
            // What has a single step is the state at the end, as in PyTorch's state dictionaries, not a recording.
            if self.used[at] || array.shape.len() < 2 || array.shape[0] < 2 {
                continue;
            }
            let lower = array.name.to_ascii_lowercase();
            let is_spikes = lower.contains("spk")
                || lower.contains("spike")
                || (array.element == Element::Bool && !lower.contains("weight"));
            let is_voltage = !is_spikes
                && lower.split(['_', '.', '/']).any(|word| VOLTAGES.contains(&word) || word == "voltages")
                && !lower.contains("weight")
                && !lower.contains("thresh");
            let in_voltages = self.file.to_ascii_lowercase().contains("voltage");
            if !is_spikes && !is_voltage && !in_voltages {
                continue;
            }
            self.dense_array(array, is_spikes, clock, context)?;
            self.used[at] = true;
        }
        Ok(())
    }

    fn dense_array(
        &self,
        array: &Array,
        is_spikes: bool,
        clock: Option<&[f64]>,
        context: &mut Context<'_>,
    ) -> Result<(), ImportError> {
        let too_large = || ImportError::damaged(self.path, format!("array {:?}", array.name), "its rows are too large");
        if !is_spikes
            && let (Some(clock), [neurons, steps]) = (clock, array.shape.as_slice())
            && *steps == clock.len() as u64
            && neurons != steps
        {
            return self.by_neuron(array, clock, context);
        }
        let steps = array.shape[0];
        let batches = if array.shape.len() > 2 { array.shape[1] } else { 1 };
        let neurons = array.shape[if array.shape.len() > 2 { 2 } else { 1 }..]
            .iter()
            .try_fold(1_u64, |all, side| all.checked_mul(*side))
            .ok_or_else(too_large)?;
        let row = neurons.checked_mul(batches).filter(|row| *row <= MOST_ROW).ok_or_else(too_large)? as usize;
        let clock = clock.filter(|clock| clock.len() as u64 == steps && batches == 1);
        let step_ms = if clock.is_some() { 0.0 } else { context.step_ms(self.path)? };
        let group = context.intake.group_from_zero(&self.population(&array.name, is_spikes));
        if is_spikes {
            context
                .intake
                .declare(group, 0, neurons)
                .map_err(|refused| refused.at(self.path, || format!("array {:?}", array.name)))?;
        }
        let mut values = array.values().map_err(|error| array.wrong(self.path, &error))?;
        let mut block = Vec::new();
        for step in 0..steps {
            values.next_block(&mut block, row).map_err(|error| array.wrong(self.path, &error))?;
            for (index, value) in block.iter().enumerate() {
                if is_spikes && *value == 0.0 {
                    continue;
                }
                let (batch, neuron) = (index as u64 / neurons, index as u64 % neurons);
                let time_ms = match clock {
                    Some(clock) => clock[step as usize],
                    None => (batch * steps + step) as f64 * step_ms,
                };
                let taken = if is_spikes {
                    if !value.is_finite() {
                        let reason = format!("step {step}, neuron {neuron} is {value}");
                        return Err(ImportError::damaged(self.path, format!("array {:?}", array.name), reason));
                    }
                    context.intake.spike(group, neuron, time_ms)
                } else {
                    context.intake.potential(group, neuron, time_ms, *value as f32)
                };
                taken.map_err(|refused| refused.at(self.path, || format!("array {:?}, step {step}", array.name)))?;
            }
            context.advance((row * array.element.size()) as u64)?;
        }
        self.after_dense(array, is_spikes, batches, steps, clock, step_ms, context);
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one report on one array")]
    fn after_dense(
        &self,
        array: &Array,
        is_spikes: bool,
        batches: u64,
        steps: u64,
        clock: Option<&[f64]>,
        step_ms: f64,
        context: &mut Context<'_>,
    ) {
        let what = if is_spikes { "spikes where a value is not 0" } else { "membrane values, as they are" };
        match clock {
            Some(clock) => context.intake.lasts(clock.last().copied().unwrap_or(0.0)),
            None => {
                context.intake.lasts((batches * steps) as f64 * step_ms);
                if context.intake.labels.is_empty() && batches > 1 {
                    let item = steps as f64 * step_ms;
                    for batch in 0..batches.min(1 << 20) {
                        context.intake.labels.push(super::intake::Label {
                            start_ms: batch as f64 * item,
                            end_ms: (batch + 1) as f64 * item,
                            label: -1,
                            input: batch as i64,
                        });
                    }
                }
            }
        }
        let order = if batches > 1 {
            format!("; {batches} items of the batch follow each other, {steps} steps each (labels.parquet)")
        } else {
            String::new()
        };
        context.intake.map(format!("{}: {} {:?}: {what}{order}", self.file, array.name, array.shape));
    }

    /// Brian's state monitors: a row per neuron.
    fn by_neuron(&self, array: &Array, clock: &[f64], context: &mut Context<'_>) -> Result<(), ImportError> {
        let recorded = self
            .arrays
            .iter()
            .find(|other| ["record", "neuron"].contains(&other.name.as_str()) && other.is_vector(array.shape[0]));
        let ids = match recorded {
            Some(ids) => ids.all(self.path)?,
            None => (0..array.shape[0]).map(|id| id as f64).collect(),
        };
        let mut values = array.values().map_err(|error| array.wrong(self.path, &error))?;
        let mut block = Vec::new();
        for (row, id) in ids.iter().enumerate() {
            let id = self.id(*id).map_err(|reason| self.damaged(row, reason))?;
            values.next_block(&mut block, clock.len()).map_err(|error| array.wrong(self.path, &error))?;
            for (time_ms, value) in clock.iter().zip(&block) {
                let taken = context.intake.potential(ANY, id, *time_ms, *value as f32);
                taken.map_err(|refused| refused.at(self.path, || format!("array {:?}, row {row}", array.name)))?;
            }
        }
        context
            .intake
            .map(format!("{}: {} {:?}: membrane values, a row per neuron, as mV", self.file, array.name, array.shape));
        Ok(())
    }

    /// `spikes_X` and `X_spikes` are of X; other names stay as they are.
    fn population(&self, name: &str, is_spikes: bool) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = if ["spikes", "arr_0", "tensor", ""].contains(&name) { stem.as_str() } else { name };
        // What is habitually called mem_out belongs to spk_out.
        if let Some(layer) = name.strip_prefix("mem_") {
            return format!("spk_{layer}");
        }
        let endings: &[&str] = if is_spikes { &["_spikes", ".spikes", ".s"] } else { &["_voltage", "_v", ".v"] };
        let bare = name.strip_prefix("spikes_").unwrap_or(name);
        endings.iter().find_map(|ending| bare.strip_suffix(ending)).unwrap_or(bare).to_owned()
    }

    /// Weight matrices: [post, pre], but BindsNET's `w_PRE_POST` are [pre, post].
    fn matrices(&mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut before: Option<(String, u64)> = None;
        for at in 0..self.arrays.len() {
            let array = &self.arrays[at];
            let [rows, columns] = array.shape.as_slice() else { continue };
            let (rows, columns) = (*rows, *columns);
            let name = array.name.as_str();
            let is_weight =
                array.element.is_float() && (name.contains("weight") || name.starts_with("w_") || name.ends_with(".w"));
            if self.used[at] || !is_weight || rows * columns == 0 {
                continue;
            }
            let bare = name.trim_start_matches("weights_").trim_start_matches("w_");
            let bare = ["_full_weights", "_weights", ".weight", ".w"]
                .iter()
                .find_map(|end| bare.strip_suffix(end))
                .unwrap_or(bare);
            let bindsnet = bare.replace("_to_", "-");
            let (pre, post, pre_first) = if let Some((pre, post)) = bare.split_once("_to_") {
                // BindsNET's state dictionaries are full of dots: X_to_Ae.w is [pre, post].
                (pre.to_owned(), post.to_owned(), name.ends_with(".w"))
            } else if let (true, Some((pre, post))) = (name.starts_with('w'), bindsnet.split_once('_')) {
                (pre.to_owned(), post.to_owned(), true)
            } else {
                let pre = before
                    .take()
                    .filter(|(_, size)| *size == columns)
                    .map_or_else(|| "input".to_owned(), |(name, _)| name);
                before = Some((bare.to_owned(), rows));
                (pre, bare.to_owned(), false)
            };
            let (pre, post) = (context.intake.group_from_zero(&pre), context.intake.group_from_zero(&post));
            let sizes = if pre_first { (rows, columns) } else { (columns, rows) };
            let label = context.intake.synapse_label("");
            let damaged = |group: Group, size: u64, context: &mut Context<'_>| {
                context
                    .intake
                    .declare(group, 0, size)
                    .map_err(|refused| refused.at(self.path, || format!("array {name:?}")))
            };
            damaged(pre, sizes.0, context)?;
            damaged(post, sizes.1, context)?;
            for (index, weight) in array.all(self.path)?.iter().enumerate() {
                let (row, column) = (index as u64 / columns, index as u64 % columns);
                let (from, to) = if pre_first { (row, column) } else { (column, row) };
                let taken = context.intake.synapse((pre, from), (post, to), *weight, 0.0, label);
                taken.map_err(|refused| refused.at(self.path, || format!("array {name:?}, value {index}")))?;
            }
            let order = if pre_first { "[pre, post]" } else { "[post, pre]" };
            context.intake.map(format!("{}: {name} {:?}: synapses {order}, zeros included", self.file, array.shape));
            self.used[at] = true;
        }
        Ok(())
    }
}
