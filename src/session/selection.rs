//! Which neurons the user means: the selection, what is hidden, and named groups. In: sets of neurons and how they
//! combine. Out: one byte of flags per neuron, for the renderer and the charts.
//!
//! What is hidden cannot be selected: whatever acts on the selection acts on what can be seen.

use std::sync::Arc;

/// Flag: the neuron is selected.
pub const SELECTED: u8 = 1;
/// Flag: the neuron is hidden; it is neither drawn nor picked.
pub const HIDDEN: u8 = 2;
/// Flag: the neuron sends to the selection.
pub const INPUT: u8 = 4;
/// Flag: the neuron receives from the selection.
pub const OUTPUT: u8 = 8;
/// Flag: the neuron is silenced.
pub const SILENCED: u8 = 16;
/// Flag: the neuron is lesioned.
pub const LESIONED: u8 = 32;

/// Groups kept; naming another one replaces the oldest.
const GROUPS_MAX: usize = 64;

/// How a set of neurons combines with the selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// The set becomes the selection.
    #[default]
    Replace,
    /// The set joins the selection.
    Add,
    /// The set leaves the selection.
    Remove,
    /// Only what is in both stays selected.
    Keep,
}

impl How {
    /// All of them, for choosers.
    pub const ALL: [Self; 4] = [Self::Replace, Self::Add, Self::Remove, Self::Keep];

    /// For choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Replace => "select",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Keep => "keep common",
        }
    }
}

/// A named set of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Unique among the groups.
    pub name: String,
    /// Ascending.
    pub neurons: Arc<[u32]>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    flags: Arc<Vec<u8>>,
    version: u64,
    members: u64,
    count: u32,
    hidden: u32,
    groups: Vec<Group>,
}

impl Selection {
    /// Nothing selected, nothing hidden, of this many neurons.
    #[must_use]
    pub fn new(neurons: u32) -> Self {
        Self { flags: Arc::new(vec![0; neurons as usize]), ..Self::default() }
    }

    /// One byte per neuron: the flags of this module, combined.
    #[must_use]
    pub const fn flags(&self) -> &Arc<Vec<u8>> {
        &self.flags
    }

    /// Another number for other flags or groups.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Another number for other selected neurons.
    #[must_use]
    pub const fn members_version(&self) -> u64 {
        self.members
    }

    /// Selected neurons.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Hidden neurons.
    #[must_use]
    pub const fn hidden(&self) -> u32 {
        self.hidden
    }

    /// Named groups, in the order they were named.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// True when the neuron is selected.
    #[must_use]
    pub fn is_selected(&self, neuron: u32) -> bool {
        self.has(neuron, SELECTED)
    }

    /// True when the neuron is hidden.
    #[must_use]
    pub fn is_hidden(&self, neuron: u32) -> bool {
        self.has(neuron, HIDDEN)
    }

    fn has(&self, neuron: u32, flag: u8) -> bool {
        self.flags.get(neuron as usize).is_some_and(|flags| flags & flag != 0)
    }

    /// The selected neurons, ascending.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        (0..).zip(self.flags.iter()).filter(|(_, flags)| **flags & SELECTED != 0).map(|(neuron, _)| neuron)
    }

    /// Combines a set of neurons, in any order, with the selection. Ids beyond the network and hidden neurons are left
    /// out.
    pub(super) fn combine(&mut self, neurons: impl IntoIterator<Item = u32>, how: How) {
        let flags = Arc::make_mut(&mut self.flags);
        if how == How::Keep {
            let mut in_both = vec![false; flags.len()];
            for neuron in neurons {
                if let Some(mark) = in_both.get_mut(neuron as usize) {
                    *mark = true;
                }
            }
            for (flags, in_both) in flags.iter_mut().zip(in_both) {
                *flags &= if in_both { u8::MAX } else { !SELECTED };
            }
        } else {
            if how == How::Replace {
                flags.iter_mut().for_each(|flags| *flags &= !SELECTED);
            }
            for neuron in neurons {
                match flags.get_mut(neuron as usize) {
                    Some(flags) if how == How::Remove => *flags &= !SELECTED,
                    Some(flags) if *flags & HIDDEN == 0 => *flags |= SELECTED,
                    _ => {}
                }
            }
        }
        self.members_changed();
    }

    /// Selects what was not selected and can be seen, and nothing else.
    pub(super) fn invert(&mut self) {
        let flags = Arc::make_mut(&mut self.flags);
        flags.iter_mut().filter(|flags| **flags & HIDDEN == 0).for_each(|flags| *flags ^= SELECTED);
        self.members_changed();
    }

    /// Hides the selected neurons; they leave the selection.
    pub(super) fn hide_selected(&mut self) {
        let flags = Arc::make_mut(&mut self.flags);
        for flags in flags.iter_mut().filter(|flags| **flags & SELECTED != 0) {
            *flags = *flags & !SELECTED | HIDDEN;
        }
        self.members_changed();
    }

    /// Hides nothing any more.
    pub(super) fn show_all(&mut self) {
        self.set_flag(HIDDEN, &[]);
        self.hidden = 0;
    }

    /// Gives a flag to exactly the neurons whose byte in `to` is not 0; with nothing in `to`, takes it from all.
    pub(super) fn set_flag(&mut self, flag: u8, to: &[u8]) {
        let mut to = to.iter().copied().chain(std::iter::repeat(0));
        let wanted = |flags: u8, to: u8| if to == 0 { flags & !flag } else { flags | flag };
        let same = self.flags.iter().zip(to.by_ref()).position(|(&flags, to)| wanted(flags, to) != flags);
        let Some(first) = same else { return };
        let flags = Arc::make_mut(&mut self.flags);
        // The one that differs has been taken from the iterator: a flag that differs is turned over.
        flags[first] ^= flag;
        for (flags, to) in flags[first + 1..].iter_mut().zip(to) {
            *flags = wanted(*flags, to);
        }
        self.version += 1;
    }

    /// Keeps the selection under a name; an empty selection is no group. Names are kept without spaces around them.
    pub(super) fn name_group(&mut self, name: &str) -> Result<(), String> {
        let name = name.trim();
        if name.is_empty() {
            return Err("a group needs a name".to_owned());
        }
        if self.count == 0 {
            return Err(format!("nothing is selected, so there is nothing to call {name:?}"));
        }
        let group = Group { name: name.to_owned(), neurons: self.ids().collect() };
        match self.groups.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = group,
            None => {
                if self.groups.len() == GROUPS_MAX {
                    self.groups.remove(0);
                }
                self.groups.push(group);
            }
        }
        self.version += 1;
        Ok(())
    }

    /// Forgets a group; its neurons stay as they are.
    pub(super) fn delete_group(&mut self, name: &str) -> Result<(), String> {
        let before = self.groups.len();
        self.groups.retain(|group| group.name != name.trim());
        self.version += 1;
        if self.groups.len() == before { Err(format!("there is no group called {name:?}")) } else { Ok(()) }
    }

    fn members_changed(&mut self) {
        let count = |flag: u8| self.flags.iter().map(|flags| u32::from(flags & flag != 0)).sum();
        (self.count, self.hidden) = (count(SELECTED), count(HIDDEN));
        self.version += 1;
        self.members += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(selection: &Selection) -> Vec<u32> {
        selection.ids().collect()
    }

    #[test]
    fn sets_combine_as_sets_do() {
        let mut selection = Selection::new(8);
        selection.combine([5, 1, 1, 99], How::Replace);
        assert_eq!(ids(&selection), [1, 5]);
        selection.combine([2, 5], How::Add);
        assert_eq!((ids(&selection), selection.count()), (vec![1, 2, 5], 3));
        selection.combine([2, 7], How::Remove);
        assert_eq!(ids(&selection), [1, 5]);
        selection.combine([5, 6], How::Keep);
        assert_eq!(ids(&selection), [5]);
        selection.invert();
        assert_eq!(ids(&selection), [0, 1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn what_is_hidden_cannot_be_selected() {
        let mut selection = Selection::new(4);
        selection.combine([0, 2], How::Replace);
        selection.hide_selected();
        assert_eq!((selection.count(), selection.hidden()), (0, 2));
        selection.invert();
        selection.combine([0, 1], How::Add);
        assert_eq!(ids(&selection), [1, 3]);
        selection.show_all();
        assert_eq!((selection.hidden(), selection.flags().as_slice()), (0, &[0, 1, 0, 1][..]));
    }

    #[test]
    fn flags_change_the_version_only_where_they_change() {
        let mut selection = Selection::new(3);
        selection.combine([1], How::Replace);
        let version = selection.version();
        selection.set_flag(INPUT, &[0, 1, 1]);
        assert_eq!((selection.flags().as_slice(), selection.version()), (&[0, 5, 4][..], version + 1));
        selection.set_flag(INPUT, &[0, 1, 1]);
        assert_eq!(selection.version(), version + 1);
        selection.set_flag(INPUT, &[]);
        assert_eq!((selection.flags().as_slice(), selection.members_version()), (&[0, 1, 0][..], 1));
    }

    #[test]
    fn groups_are_named_replaced_and_forgotten() {
        let mut selection = Selection::new(4);
        assert!(selection.name_group("none").is_err() && selection.name_group(" ").is_err());
        selection.combine([3, 1], How::Replace);
        selection.name_group(" winners ").expect("a group");
        assert_eq!(selection.group("winners").map(|g| g.neurons.to_vec()), Some(vec![1, 3]));
        selection.combine([0], How::Replace);
        selection.name_group("winners").expect("replaced");
        assert_eq!((selection.groups().len(), selection.groups()[0].neurons.to_vec()), (1, vec![0]));
        selection.delete_group("winners").expect("there is one");
        assert!(selection.groups().is_empty() && selection.delete_group("winners").is_err());
    }
}
