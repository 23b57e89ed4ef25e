//! Keeps what follows from the selection up to date: partners, counts, rows for tables. In: the selection, samples.
//! Out: [`SelectionTelemetry`](super::telemetry::SelectionTelemetry) and the partner flags.

use std::sync::Arc;

use super::command::Select;
use super::partners::Trace;
use super::selection::{INPUT, OUTPUT};
use super::session::Session;
use super::telemetry::SELECTION_ROWS;

/// Synapses walked per frame while partners are looked for.
const WALK: usize = 1 << 22;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// A selection whose values are on their way.
    pub(super) waiting: Option<Select>,
    /// The members that partners were looked for, and the walk under way.
    traced: u64,
    trace: Option<Trace>,
    /// Versions that the telemetry holds.
    told: (u64, u64, usize),
}

impl Session {
    /// Brings telemetry and partner flags up to date. Costs nothing while nothing changes.
    pub(super) fn refresh_selection(&mut self) {
        if let Some(select) = self.selected.waiting.take()
            && let Err(error) = self.select(&select)
        {
            self.events.notices.say(&error.to_string());
        }
        self.trace_partners();
        let selection = &self.selection;
        let told = (selection.version(), selection.members_version(), selection.groups().len());
        if told == self.selected.told {
            return;
        }
        let out = &mut self.telemetry.selection;
        if told.1 != self.selected.told.1 || out.version == 0 {
            out.ids = selection.ids().take(SELECTION_ROWS).collect();
            out.rate_hz.clear();
        }
        self.selected.told = told;
        (out.count, out.hidden) = (u64::from(selection.count()), u64::from(selection.hidden()));
        out.flags = Arc::clone(selection.flags());
        out.version = selection.version();
        out.groups = selection.groups().iter().map(|g| (g.name.clone(), g.neurons.len() as u64)).collect();
    }

    fn trace_partners(&mut self) {
        let members = self.selection.members_version();
        if self.selected.traced != members {
            self.selected.traced = members;
            self.selected.trace = (self.selection.count() > 0).then(|| Trace::new(&self.network));
            if self.selected.trace.is_none() {
                self.selection.set_flag(INPUT, &[]);
                self.selection.set_flag(OUTPUT, &[]);
            }
        }
        let Some(trace) = &mut self.selected.trace else { return };
        if trace.walk(&self.network, &self.engine.activity(), self.selection.flags(), WALK) {
            let of = |flag: u8| trace.found.iter().map(|found| found & flag).collect::<Vec<u8>>();
            let (inputs, outputs) = (of(INPUT), of(OUTPUT));
            self.selection.set_flag(INPUT, &inputs);
            self.selection.set_flag(OUTPUT, &outputs);
            self.selected.trace = None;
        }
    }
}
