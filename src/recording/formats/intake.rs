//! What the formats fill: neurons by their own ids, spikes, membrane values, synapses, weight changes and labels, in any
//! order and from any number of files. Checks every value, numbers the neurons, keeps memory bounded. Out goes the lot,
//! ready to be written by `deposit`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::runs::{Row, Runs};
use crate::recording::RecordingError;

/// Index of a group of neurons that number their ids for themselves.
pub(super) type Group = usize;

/// Neurons whose population the files do not tell. Where another group has the same id, it is that neuron.
pub(super) const ANY: Group = 0;

/// Synapses that fit into the memory of an import.
const MOST_SYNAPSES: usize = 40_000_000;

/// Distinct neurons that fit.
const MOST_NEURONS: usize = 20_000_000;

/// Spike times that are looked at to find the step.
const SAMPLE: usize = 20_000;

/// Why a value was not taken.
pub(super) enum Refused {
    /// It cannot be right.
    Value(String),
    /// It could not be stored.
    Store(RecordingError),
}

impl From<RecordingError> for Refused {
    fn from(error: RecordingError) -> Self {
        Self::Store(error)
    }
}

impl Refused {
    /// With file and place.
    pub(super) fn at(self, path: &Path, position: impl FnOnce() -> String) -> ImportError {
        match self {
            Self::Value(reason) => ImportError::damaged(path, position(), reason),
            Self::Store(error) => error.into(),
        }
    }
}

/// One population, or [`ANY`].
pub(super) struct GroupEntry {
    pub(super) name: String,
    /// First id and size, where a file says so.
    pub(super) declared: Option<(u64, u64)>,
    /// Ids count from 0 even when 0 is silent.
    pub(super) from_zero: bool,
    pub(super) source: bool,
    /// By id; 0 is none, else slot + 1.
    table: Vec<u32>,
    /// Ids too far for the table.
    far: HashMap<u64, u32>,
    pub(super) neurons: usize,
}

/// A synapse between two slots.
#[derive(Clone, Copy)]
pub(super) struct Synapse {
    pub(super) pre: u32,
    pub(super) post: u32,
    pub(super) weight: f32,
    pub(super) delay_ms: f32,
    pub(super) label: u32,
}

/// An input that was shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) start_ms: f64,
    pub(super) end_ms: f64,
    pub(super) label: i16,
    pub(super) input: i64,
}

/// What one file brought, to tell whether another brought the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fingerprint {
    count: u64,
    ids: u64,
    /// Of times to a hundredth of a ms, since text rounds.
    times: u64,
}

/// See the module.
pub(super) struct Intake {
    pub(super) folder: PathBuf,
    pub(super) groups: Vec<GroupEntry>,
    /// By slot: group and id.
    pub(super) slots: Vec<(u32, u64)>,
    pub(super) positions: HashMap<u32, [f32; 3]>,
    pub(super) spikes: Runs,
    pub(super) potentials: Runs,
    pub(super) weights: Runs,
    pub(super) synapses: Vec<Synapse>,
    pub(super) synapse_labels: Vec<String>,
    pub(super) labels: Vec<Label>,
    /// By population, the one that feeds it, where a file says so.
    pub(super) feeds: HashMap<String, String>,
    pub(super) last_ms: f64,
    /// The run was at least this long, as a file says.
    pub(super) duration_ms: Option<f64>,
    pub(super) dt_ms: Option<f64>,
    pub(super) simulator: Option<String>,
    pub(super) potential_unit: Option<&'static str>,
    pub(super) weight_unit: Option<&'static str>,
    pub(super) mapped: Vec<String>,
    pub(super) dropped: Vec<String>,
    pub(super) sample: Vec<f64>,
    /// Of the file under way, by group.
    spike_prints: Vec<Fingerprint>,
    potential_prints: Vec<Fingerprint>,
}

/// What a file brought can be taken back up to here.
pub(super) struct Mark {
    spikes: (usize, u64),
    potentials: (usize, u64),
    sample: usize,
    slots: usize,
    groups: usize,
}

impl Intake {
    /// Spills into `folder`, which exists.
    pub(super) fn new(folder: &Path) -> Self {
        let any = GroupEntry {
            name: "neurons".to_owned(),
            declared: None,
            from_zero: true,
            source: false,
            table: Vec::new(),
            far: HashMap::new(),
            neurons: 0,
        };
        Self {
            folder: folder.to_owned(),
            groups: vec![any],
            slots: Vec::new(),
            positions: HashMap::new(),
            spikes: Runs::new(folder, "spikes"),
            potentials: Runs::new(folder, "potentials"),
            weights: Runs::new(folder, "weights"),
            synapses: Vec::new(),
            synapse_labels: Vec::new(),
            labels: Vec::new(),
            feeds: HashMap::new(),
            last_ms: 0.0,
            duration_ms: None,
            dt_ms: None,
            simulator: None,
            potential_unit: None,
            weight_unit: None,
            mapped: Vec::new(),
            dropped: Vec::new(),
            sample: Vec::new(),
            spike_prints: vec![Fingerprint::default()],
            potential_prints: vec![Fingerprint::default()],
        }
    }

    /// The population of that name, made at its first mention. Ids begin with the smallest that is seen.
    pub(super) fn group(&mut self, name: &str) -> Group {
        if let Some(found) = self.groups.iter().skip(1).position(|group| group.name == name) {
            return found + 1;
        }
        self.spike_prints.push(Fingerprint::default());
        self.potential_prints.push(Fingerprint::default());
        self.groups.push(GroupEntry {
            name: name.to_owned(),
            declared: None,
            from_zero: false,
            source: false,
            table: Vec::new(),
            far: HashMap::new(),
            neurons: 0,
        });
        self.groups.len() - 1
    }

    /// The population of that name, whose ids count from 0.
    pub(super) fn group_from_zero(&mut self, name: &str) -> Group {
        let group = self.group(name);
        self.groups[group].from_zero = true;
        group
    }

    /// A population has exactly the ids `first..first + size`.
    pub(super) fn declare(&mut self, group: Group, first: u64, size: u64) -> Result<(), Refused> {
        if size > MOST_NEURONS as u64 || first.checked_add(size).is_none() {
            return Err(Refused::Value(format!(
                "{size} neurons are more than the {MOST_NEURONS} that can be imported"
            )));
        }
        let entry = &mut self.groups[group];
        match entry.declared {
            Some((before, count)) if (before, count) != (first, size) => Err(Refused::Value(format!(
                "the population {} has {size} neurons here but {count} in another place",
                entry.name
            ))),
            _ => {
                entry.declared = Some((first, size));
                Ok(())
            }
        }
    }

    /// A neuron's place in the intake.
    #[inline]
    pub(super) fn slot(&mut self, group: Group, id: u64) -> Result<u32, Refused> {
        let entry = &self.groups[group];
        if let Some(&slot) = entry.table.get(id as usize)
            && slot != 0
        {
            return Ok(slot - 1);
        }
        self.new_slot(group, id)
    }

    #[cold]
    fn new_slot(&mut self, group: Group, id: u64) -> Result<u32, Refused> {
        let entry = &mut self.groups[group];
        if let Some(&slot) = entry.far.get(&id) {
            return Ok(slot);
        }
        if let Some((first, size)) = entry.declared
            && !(first..first + size).contains(&id)
        {
            return Err(Refused::Value(format!(
                "neuron {id} is not in the population {}, whose ids are {first}..{}",
                entry.name,
                first + size
            )));
        }
        if id > i64::MAX as u64 || self.slots.len() >= MOST_NEURONS {
            return Err(Refused::Value(format!(
                "neuron {id} is one more than the {MOST_NEURONS} that can be imported"
            )));
        }
        let slot = self.slots.len() as u32;
        self.slots.push((group as u32, id));
        entry.neurons += 1;
        // The table stays in proportion to what it holds, whatever ids a damaged file has.
        if id < 4 * entry.neurons as u64 + 65_536 {
            let index = id as usize;
            if index >= entry.table.len() {
                entry.table.resize((index + 1).next_power_of_two(), 0);
            }
            entry.table[index] = slot + 1;
        } else {
            entry.far.insert(id, slot);
        }
        Ok(slot)
    }

    fn checked_time(&mut self, time_ms: f64) -> Result<(), Refused> {
        if !time_ms.is_finite() {
            return Err(Refused::Value(format!("the time {time_ms} is no number")));
        }
        if time_ms < 0.0 {
            return Err(Refused::Value(format!("the time {time_ms} ms is before the run began, at 0")));
        }
        if time_ms > 1e12 {
            return Err(Refused::Value(format!("the time {time_ms} ms is more than 30 years into the run")));
        }
        if time_ms > self.last_ms {
            self.last_ms = time_ms;
        }
        Ok(())
    }

    #[inline]
    pub(super) fn spike(&mut self, group: Group, id: u64, time_ms: f64) -> Result<(), Refused> {
        self.checked_time(time_ms)?;
        let key = self.slot(group, id)?;
        if self.sample.len() < SAMPLE {
            self.sample.push(time_ms);
        }
        self.spike_prints[group].add(id, time_ms);
        self.spikes.push(Row { time_ms, key, value: 0.0 })?;
        Ok(())
    }

    pub(super) fn potential(&mut self, group: Group, id: u64, time_ms: f64, value: f32) -> Result<(), Refused> {
        self.checked_time(time_ms)?;
        let key = self.slot(group, id)?;
        self.potential_prints[group].add(id, time_ms);
        self.potentials.push(Row { time_ms, key, value })?;
        Ok(())
    }

    /// A kind of synapse, like `exc`; part of the projection's name.
    pub(super) fn synapse_label(&mut self, name: &str) -> u32 {
        let found = self.synapse_labels.iter().position(|label| label == name);
        found.unwrap_or_else(|| {
            self.synapse_labels.push(name.to_owned());
            self.synapse_labels.len() - 1
        }) as u32
    }

    /// Adds a synapse; returns its serial number.
    pub(super) fn synapse(
        &mut self,
        pre: (Group, u64),
        post: (Group, u64),
        weight: f64,
        delay_ms: f64,
        label: u32,
    ) -> Result<u32, Refused> {
        if !weight.is_finite() || !delay_ms.is_finite() || delay_ms < 0.0 {
            return Err(Refused::Value(format!("a synapse with weight {weight} and delay {delay_ms} ms")));
        }
        if self.synapses.len() >= MOST_SYNAPSES {
            return Err(Refused::Value(format!("more than the {MOST_SYNAPSES} synapses that can be imported")));
        }
        let (pre, post) = (self.slot(pre.0, pre.1)?, self.slot(post.0, post.1)?);
        self.synapses.push(Synapse { pre, post, weight: weight as f32, delay_ms: delay_ms as f32, label });
        Ok(self.synapses.len() as u32 - 1)
    }

    /// A synapse's weight from now on.
    pub(super) fn weight(&mut self, time_ms: f64, serial: u32, value: f32) -> Result<(), Refused> {
        self.checked_time(time_ms)?;
        self.weights.push(Row { time_ms, key: serial, value })?;
        Ok(())
    }

    /// A neuron's place in space.
    pub(super) fn position(&mut self, group: Group, id: u64, position: [f32; 3]) -> Result<(), Refused> {
        if position.iter().all(|axis| axis.is_finite()) {
            let slot = self.slot(group, id)?;
            self.positions.insert(slot, position);
        }
        Ok(())
    }

    /// The run lasted at least this long.
    pub(super) fn lasts(&mut self, duration_ms: f64) {
        if duration_ms.is_finite() && duration_ms > 0.0 {
            self.duration_ms = Some(self.duration_ms.unwrap_or(0.0).max(duration_ms));
        }
    }

    /// Says what became of something.
    pub(super) fn map(&mut self, text: impl Into<String>) {
        self.mapped.push(text.into());
    }

    /// Says that something was left out, and why.
    pub(super) fn drop_out(&mut self, text: impl Into<String>) {
        self.dropped.push(text.into());
    }

    /// Before a file.
    pub(super) fn mark(&mut self) -> Result<Mark, RecordingError> {
        self.spike_prints.fill(Fingerprint::default());
        self.potential_prints.fill(Fingerprint::default());
        Ok(Mark {
            spikes: self.spikes.mark()?,
            potentials: self.potentials.mark()?,
            sample: self.sample.len(),
            slots: self.slots.len(),
            groups: self.groups.len(),
        })
    }

    /// After a file: the spikes and the membrane values that it brought, by group.
    pub(super) fn brought(&self) -> [Vec<(Group, Fingerprint)>; 2] {
        [&self.spike_prints, &self.potential_prints]
            .map(|prints| prints.iter().copied().enumerate().filter(|(_, print)| print.count > 0).collect())
    }

    /// Takes back the spikes since a mark.
    pub(super) fn undo_spikes(&mut self, mark: &Mark) {
        self.spikes.undo(mark.spikes);
        self.sample.truncate(mark.sample);
    }

    /// Takes back the neurons since a mark, to which nothing may refer any more.
    pub(super) fn undo_neurons(&mut self, mark: &Mark) {
        self.slots.truncate(mark.slots);
        self.groups.truncate(mark.groups);
        self.spike_prints.truncate(mark.groups);
        self.potential_prints.truncate(mark.groups);
        let kept = mark.slots as u32;
        self.positions.retain(|slot, _| *slot < kept);
        for group in &mut self.groups {
            group.table.iter_mut().filter(|entry| **entry > kept).for_each(|entry| *entry = 0);
            group.far.retain(|_, slot| *slot < kept);
            group.neurons = group.table.iter().filter(|entry| **entry > 0).count() + group.far.len();
        }
    }

    /// Takes back the membrane values since a mark.
    pub(super) fn undo_potentials(&mut self, mark: &Mark) {
        self.potentials.undo(mark.potentials);
    }
}

impl Fingerprint {
    #[inline]
    fn add(&mut self, id: u64, time_ms: f64) {
        self.count += 1;
        self.ids = self.ids.wrapping_add(id);
        self.times = self.times.wrapping_add((time_ms * 100.0).round() as u64);
    }

    /// Whether both are likely the same: counts and ids exactly, times up to the rounding of text.
    pub(super) fn same(self, other: Self) -> bool {
        self.count == other.count
            && self.ids == other.ids
            && self.times.abs_diff(other.times) <= self.count.div_ceil(2) + 1
    }

    pub(super) fn joined(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            ids: self.ids.wrapping_add(other.ids),
            times: self.times.wrapping_add(other.times),
        }
    }
}
