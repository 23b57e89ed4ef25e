//! Keeps what follows from the selection up to date: partners, counts, rows for tables. In: the selection, samples.
//! Out: [`SelectionTelemetry`](super::telemetry::SelectionTelemetry) and the partner flags.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::Select;
use super::partners::Trace;
use super::selection::{INPUT, LESIONED, OUTPUT, SILENCED, Selection};
use super::session::Session;
use super::telemetry::{SELECTION_ROWS, SelectionRow, Telemetry};
use super::view::Variable;
use crate::analysis::rate_hz;
use crate::engine::{Sample, TOUCH_LESIONED, TOUCH_SILENCED};

/// Synapses walked per frame while partners are looked for.
const WALK: usize = 1 << 22;

/// A live run makes the table's rows at most this often.
const ROWS_EVERY: Duration = Duration::from_millis(250);

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
    told: (u64, u64),
    /// The step that the rate has been counted up to, for these members.
    counted: Option<(u64, u64)>,
    /// What the rows were made of: members and step; and when.
    rows: Option<(u64, u64, Instant)>,
}

impl Selected {
    /// Something was, or may have been, done to single neurons.
    pub(super) const fn touches_changed(&mut self) {
        self.recount_at = 0;
    }

    /// Time was turned back: what was counted and shown is of another present.
    pub(super) const fn turn_back(&mut self) {
        (self.recount_at, self.counted, self.rows) = (0, None, None);
    }

    /// Counts the spikes of the selected neurons. A stretch that began before they were selected, or that lost spikes,
    /// gives no rate.
    pub(super) fn take(&mut self, sample: &Sample, selection: &Selection, telemetry: &mut Telemetry) {
        if selection.count() == 0 || !sample.counts.is_empty() {
            return;
        }
        let members = selection.members_version();
        let before = self.counted.replace((members, sample.step));
        let Some((_, since)) = before.filter(|&(same, since)| same == members && since < sample.step) else { return };
        if sample.spikes_lost > 0 {
            return;
        }
        let spikes = sample.spikes.iter().filter(|spike| selection.is_selected(spike.neuron)).count() as u64;
        let span_ms = (sample.step - since) as f64 * telemetry.dt_ms;
        let hz = rate_hz(spikes, u64::from(selection.count()), span_ms);
        telemetry.selection.rate_hz.push(sample.step as f64 * telemetry.dt_ms, hz);
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
        let told = (selection.version(), selection.members_version());
        if told == self.selected.told {
            self.make_rows();
            return;
        }
        let out = &mut self.telemetry.selection;
        if told.1 != self.selected.told.1 {
            out.ids = selection.ids().take(SELECTION_ROWS).collect();
            out.rate_hz.clear();
        }
        self.selected.told = told;
        (out.count, out.hidden) = (u64::from(selection.count()), u64::from(selection.hidden()));
        out.flags = Arc::clone(selection.flags());
        out.version = selection.version();
        out.groups = selection.groups().iter().map(|g| (g.name.clone(), g.neurons.len() as u64)).collect();
        self.make_rows();
    }

    /// The rows of the table and the weights at both sides of the selection, a few times a second.
    fn make_rows(&mut self) {
        let (members, step, now) = (self.selection.members_version(), self.engine.step(), Instant::now());
        if self.selection.count() == 0 {
            if self.selected.rows.take().is_some() {
                let out = &mut self.telemetry.selection;
                (out.rows, out.inputs, out.outputs) = (Arc::default(), None, None);
            }
            return;
        }
        let is_fresh = |(of, at, when): (u64, u64, Instant)| {
            let is_soon = self.is_live && now - when < ROWS_EVERY;
            of == members && (at == step || is_soon)
        };
        if self.selected.rows.is_some_and(is_fresh) {
            return;
        }
        self.selected.rows = Some((members, step, now));
        let ids = Arc::clone(&self.telemetry.selection.ids);
        let mut rows: Vec<SelectionRow> = ids
            .iter()
            .map(|&neuron| SelectionRow {
                neuron,
                population: self.network.population_of(neuron) as u32,
                flags: self.selection.flags()[neuron as usize],
                spike_count: self.observer.spike_count(neuron),
                values: [f32::NAN; Variable::ALL.len()],
            })
            .collect();
        for variable in Variable::ALL {
            let Some(values) = self.values(variable) else { continue };
            for row in &mut rows {
                row.values[variable as usize] = values.values.get(row.neuron as usize).copied().unwrap_or(f32::NAN);
            }
        }
        let out = &mut self.telemetry.selection;
        out.rows = rows.into();
        let is_theirs = self.variables.sides_of == members;
        [out.inputs, out.outputs] = if is_theirs { self.variables.sides.clone() } else { [None, None] };
        if !is_theirs {
            // The look at the weights is under way: come back in the next frame.
            self.selected.rows = None;
        }
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
