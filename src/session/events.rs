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
/// Notices shown.
const NOTICES_KEPT: usize = 6;

/// Events and notices of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Events {
    pub(super) list: VecDeque<Event>,
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
        self.list.push_back(event);
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
