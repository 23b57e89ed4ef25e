//! What happened in a run besides spikes: pruning periods and changes, for recordings; notices, for the viewer.

use std::collections::VecDeque;

use crate::engine::Change;
use crate::model::Network;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Steps done.
    pub step: u64,
    /// `pruning`, `change`, `undo`, `redo`.
    pub kind: &'static str,
    /// For people.
    pub text: String,
}

/// Events kept until they are drained.
const EVENTS_KEPT: usize = 10_000;
/// Marks kept for the timeline.
const MARKS_KEPT: usize = 400;
/// Notices shown.
const NOTICES_KEPT: usize = 6;

/// Events and notices of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    pub(super) list: VecDeque<Event>,
    /// The newest events, whoever drains the list; none of a time that was undone but the undoing itself.
    marks: VecDeque<Event>,
    /// Another number for other marks.
    marks_version: u64,
    pub(super) notices: Notices,
}

impl Events {
    pub(super) fn pruned(&mut self, step: u64, network: &Network, projection: usize) {
        let name = network.projections.get(projection).map_or("?", |p| p.name.as_str());
        self.push(Event { step, kind: "pruning", text: format!("pruning period of {name}") });
    }

    pub(super) fn changed(&mut self, step: u64, change: &Change) {
        self.push(Event { step, kind: "change", text: change.text() });
    }

    /// Anything else.
    pub(super) fn note(&mut self, step: u64, kind: &'static str, text: String) {
        self.push(Event { step, kind, text });
    }

    fn push(&mut self, event: Event) {
        if self.list.len() == EVENTS_KEPT {
            self.list.pop_front();
        }
        if event.kind == "undo" {
            self.marks.retain(|mark| mark.step < event.step || mark.kind == "undo");
        }
        // A slider that is moved is one change.
        let goes_on = self.marks.back().is_some_and(|last| last.kind == "change" && last.text == event.text);
        if goes_on {
            self.marks.pop_back();
        }
        if self.marks.len() == MARKS_KEPT {
            self.marks.pop_front();
        }
        self.marks.push_back(event.clone());
        self.marks_version += 1;
        self.list.push_back(event);
    }

    /// The newest events from this step to that one.
    pub(super) fn marks(&self, steps: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = &Event> {
        self.marks.iter().filter(move |mark| steps.contains(&mark.step))
    }

    /// Another number for other marks.
    pub(super) const fn marks_version(&self) -> u64 {
        self.marks_version
    }
}

/// The last few things the viewer must know, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Notices(Vec<String>);

impl Notices {
    pub(super) fn say(&mut self, text: &str) {
        if !self.0.iter().any(|known| known == text) {
            if self.0.len() == NOTICES_KEPT {
                self.0.remove(0);
            }
            self.0.push(text.to_owned());
        }
    }

    pub(super) fn extend(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            self.say(&text);
        }
    }

    /// Copies only when something is new: this runs every frame.
    pub(super) fn copy_to(&self, out: &mut Vec<String>) {
        if *out != self.0 {
            out.clone_from(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_when_events_are_drained_and_what_was_undone_has_none() {
        let mut events = Events::default();
        events.note(10, "pruning", "pruning period of features".into());
        events.note(20, "change", "drive of input".into());
        events.note(21, "change", "drive of input".into());
        events.list.clear();
        let steps = |events: &Events| events.marks(0..=u64::MAX).map(|mark| (mark.step, mark.kind)).collect::<Vec<_>>();
        assert_eq!(steps(&events), [(10, "pruning"), (21, "change")], "a slider is one change");
        let before = events.marks_version();
        events.note(20, "undo", "undo: drive of input".into());
        assert_eq!(steps(&events), [(10, "pruning"), (20, "undo")]);
        assert_ne!(events.marks_version(), before);
        assert_eq!(events.marks(11..=30).count(), 1);
    }
}
