//! Populations that the user names by ranges of ids, where files hold nothing but ids. In: an intake and the names.
//! Out: the same intake with its neurons in those populations.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::error::ImportError;
use super::intake::{ANY, Intake};

/// A population of the neurons that have these ids in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedIds {
    /// Its name.
    pub name: String,
    /// Its ids, all of them, silent neurons included.
    pub ids: Range<u64>,
}

/// Every population that the files tell of gives way; ids that no range holds stay together under their old name.
pub(super) fn apply(intake: &mut Intake, named: &[NamedIds]) -> Result<(), ImportError> {
    for (index, one) in named.iter().enumerate() {
        if let Some(other) = named[..index].iter().find(|other| other.name == one.name) {
            return Err(ImportError::Mistake(format!("--populations names {:?} twice", other.name)));
        }
        if let Some(other) = named[..index].iter().find(|o| o.ids.start < one.ids.end && one.ids.start < o.ids.end) {
            return Err(ImportError::Mistake(format!(
                "--populations gives the same ids to {:?} and {:?}",
                other.name, one.name
            )));
        }
    }
    let holder = |id: u64| named.iter().position(|one| one.ids.contains(&id));
    let mut owner: HashMap<u64, u32> = HashMap::new();
    for &(group, id) in intake.slots.iter().filter(|slot| slot.0 as usize != ANY) {
        let first = *owner.entry(id).or_insert(group);
        if first != group {
            return Err(ImportError::Mistake(format!(
                "--populations cannot tell neurons apart here: {} and {} both have an id {id}",
                intake.groups[first as usize].name, intake.groups[group as usize].name
            )));
        }
    }
    let sources: HashSet<u32> = (0..).zip(&intake.groups).filter(|(_, group)| group.source).map(|(at, _)| at).collect();
    // What files declared without naming it in a range: those neurons exist, silent or not.
    let declared: Vec<(usize, Range<u64>)> = intake
        .groups
        .iter_mut()
        .enumerate()
        .filter_map(|(at, group)| group.declared.take().map(|(first, size)| (at, first..first + size)))
        .collect();
    let mut seen: HashSet<u64> = intake.slots.iter().map(|slot| slot.1).collect();
    let mut only_sources = vec![true; named.len()];
    for one in named {
        let group = intake.group(&one.name);
        let declared = intake.declare(group, one.ids.start, one.ids.end - one.ids.start);
        declared.map_err(|_| ImportError::Mistake(format!("--populations gives {:?} too many ids", one.name)))?;
    }
    let groups: Vec<usize> = named.iter().map(|one| intake.group(&one.name)).collect();
    for slot in &mut intake.slots {
        if let Some(at) = holder(slot.1) {
            only_sources[at] &= sources.contains(&slot.0);
            slot.0 = groups[at] as u32;
        }
    }
    for (group, range) in declared {
        for id in range.filter(|id| holder(*id).is_none()) {
            if seen.insert(id) {
                intake.slots.push((group as u32, id));
            }
        }
    }
    for (at, group) in groups.into_iter().enumerate() {
        let is_seen = intake.slots.iter().any(|slot| slot.0 as usize == group);
        intake.groups[group].source = is_seen && only_sources[at];
    }
    Ok(())
}
