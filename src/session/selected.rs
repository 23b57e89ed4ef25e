//! Keeps what follows from the selection up to date: partners, counts, rows for tables. In: the selection, samples.
//! Out: [`SelectionTelemetry`](super::telemetry::SelectionTelemetry) and the partner flags.

use std::sync::Arc;

use super::command::Select;
use super::partners::Trace;
use super::selection::{INPUT, LESIONED, OUTPUT, SILENCED};
use super::session::Session;
use super::telemetry::SELECTION_ROWS;
use crate::engine::{TOUCH_LESIONED, TOUCH_SILENCED};

/// Synapses walked per frame while partners are looked for.
const WALK: usize = 1 << 22;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Selected {
    /// A selection whose values are on their way.
    pub(super) waiting: Option<Select>,
    /// One more than the version of the members that partners were looked for (0: look again), and the walk under way.
    traced: u64,
    trace: Option<Trace>,
    /// Step from which on what is done to neurons has to be counted again: a stimulus ends, or something was changed.
    recount_at: u64,
    /// Versions that the telemetry holds.
    told: (u64, u64, usize),
}

impl Selected {
    /// Something was, or may have been, done to single neurons.
    pub(super) const fn touches_changed(&mut self) {
        self.recount_at = 0;
    }
}

impl Session {
    /// Brings telemetry and partner flags up to date. Costs nothing while nothing changes.
    pub(super) fn refresh_selection(&mut self) {
        if let Some(select) = self.selected.waiting.take()
            && let Err(error) = self.select(&select)
        {
            self.events.notices.say(&error.to_string());
        }
        self.count_touches();
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

    /// What is done to single neurons, as flags and counts.
    fn count_touches(&mut self) {
        let step = self.engine.step();
        if step < self.selected.recount_at {
            return;
        }
        let touches = &self.engine.live().touches;
        let has = |flag: u32| touches.iter().map(|touch| u8::from(touch.flags & flag != 0)).collect::<Vec<u8>>();
        let ends = touches.iter().filter(|touch| touch.stimulus_mv != 0.0).map(|touch| u64::from(touch.stimulus_end));
        let under_way = || ends.clone().filter(|&end| end > step);
        let out = &mut self.telemetry.selection;
        out.stimulated = under_way().count() as u64;
        self.selected.recount_at = under_way().min().unwrap_or(u64::MAX);
        let lesioned_before = out.lesioned;
        for (flag, own, count) in
            [(TOUCH_SILENCED, SILENCED, &mut out.silenced), (TOUCH_LESIONED, LESIONED, &mut out.lesioned)]
        {
            let flags = has(flag);
            *count = flags.iter().map(|&flag| u64::from(flag)).sum();
            self.selection.set_flag(own, &flags);
        }
        if out.lesioned != lesioned_before {
            // Synapses went or came back: partners are other ones.
            self.selected.traced = 0;
        }
    }

    fn trace_partners(&mut self) {
        let members = self.selection.members_version();
        if self.selected.traced != members + 1 {
            self.selected.traced = members + 1;
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
