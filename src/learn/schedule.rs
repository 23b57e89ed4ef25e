//! When pruning periods are due: by presentations of a learning protocol, or by simulated time. In: the network's
//! pruning settings, the clock. Out: the projections whose period it is. Runs nothing itself.

use serde::{Deserialize, Serialize};

use crate::model::Network;

/// A schedule as it goes to disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSchedule {
    enabled: bool,
    skipped: Option<u64>,
    next_steps: Vec<u64>,
}

/// The pruning periods of a network's projections.
#[derive(Clone, Debug, Default)]
pub struct PruningSchedule {
    entries: Vec<Entry>,
    enabled: bool,
    /// No period comes after so many presentations: it was taken back.
    skipped: Option<u64>,
}

#[derive(Clone, Debug)]
struct Entry {
    projection: usize,
    every_presentations: Option<u64>,
    start_presentations: u64,
    every_steps: Option<u64>,
    next_step: u64,
    first_step: u64,
    /// Periods at most.
    periods: u64,
}

impl Entry {
    /// All periods by time have been.
    fn is_over(&self) -> bool {
        self.every_steps.is_some_and(|every| (self.next_step - self.first_step) / every >= self.periods)
    }
}

impl PruningSchedule {
    /// The schedule that the network's projections ask for, switched on.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let steps = |ms: f64| (ms / network.dt_ms).round().max(0.0) as u64;
        let entries = network.projections.iter().enumerate().filter_map(|(projection, p)| {
            let pruning = p.pruning.as_ref()?;
            let every_steps = pruning.every_ms.map(|ms| steps(ms).max(1));
            let every_presentations = pruning.every_presentations.map(|n| u64::from(n.max(1)));
            // Nothing was learned at step 0: the first period comes at the start time, or after one interval.
            let next_step = if pruning.start_ms > 0.0 { steps(pruning.start_ms) } else { every_steps.unwrap_or(0) };
            (every_steps.is_some() || every_presentations.is_some()).then_some(Entry {
                projection,
                every_presentations,
                start_presentations: u64::from(pruning.start_presentations),
                every_steps,
                next_step,
                first_step: next_step,
                periods: pruning.periods.map_or(u64::MAX, u64::from),
            })
        });
        Self { entries: entries.collect(), enabled: true, skipped: None }
    }

    /// What has to be kept to go on.
    #[must_use]
    pub fn saved(&self) -> SavedSchedule {
        let next_steps = self.entries.iter().map(|entry| entry.next_step).collect();
        SavedSchedule { enabled: self.enabled, skipped: self.skipped, next_steps }
    }

    /// Goes on from what was kept, in a new schedule of the same network; false when it is of another.
    pub fn restore(&mut self, saved: &SavedSchedule) -> bool {
        if saved.next_steps.len() != self.entries.len() {
            return false;
        }
        (self.enabled, self.skipped) = (saved.enabled, saved.skipped);
        self.entries.iter_mut().zip(&saved.next_steps).for_each(|(entry, &step)| entry.next_step = step);
        true
    }

    /// True when no projection is ever pruned by schedule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Switched on?
    #[must_use]
    pub const fn enabled(&self) -> bool {
        self.enabled
    }

    /// Switches all periods on or off. Periods missed while off are not made up for.
    pub const fn enable(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    /// The projections whose period comes after `finished` presentations.
    #[must_use]
    pub fn due_after_presentations(&self, finished: u64) -> Vec<usize> {
        if self.skipped == Some(finished) {
            return Vec::new();
        }
        let due = |entry: &&Entry| {
            let Some(every) = entry.every_presentations else { return false };
            // Nothing was learned before the first image: from 0 on, the first period comes after one interval.
            let first = if entry.start_presentations == 0 { every } else { entry.start_presentations };
            let since_first = finished.checked_sub(first);
            since_first.is_some_and(|since| since.is_multiple_of(every) && since / every < entry.periods)
        };
        self.entries.iter().filter(|_| self.enabled).filter(due).map(|entry| entry.projection).collect()
    }

    /// Lets the periods pass that are due at this step, and after so many presentations.
    pub fn skip(&mut self, step: u64, presentations: Option<u64>) {
        self.take_due_at(step);
        self.skipped = presentations;
    }

    /// Steps from `step` to the next period by time; none when there is none.
    #[must_use]
    pub fn steps_until_due(&self, step: u64) -> Option<u64> {
        let timed = self.entries.iter().filter(|entry| entry.every_steps.is_some() && !entry.is_over());
        timed.map(|entry| entry.next_step.saturating_sub(step)).min()
    }

    /// The projections whose period by time has come at `step`, each once; moves on to their next periods.
    pub fn take_due_at(&mut self, step: u64) -> Vec<usize> {
        let mut due = Vec::new();
        for entry in &mut self.entries {
            let Some(every) = entry.every_steps else { continue };
            if entry.next_step <= step && !entry.is_over() {
                due.push(entry.projection);
                entry.next_step += every * ((step - entry.next_step) / every + 1);
            }
        }
        if self.enabled { due } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Connectivity, Delays, Projection, Pruning, PruningPolicy, Receptor, Weights};

    fn schedule(every_ms: Option<f64>, start_ms: f64, every: Option<u32>, start: u32) -> PruningSchedule {
        let pruning = Pruning {
            policy: PruningPolicy::Static { threshold: 0.2 },
            every_ms,
            every_presentations: every,
            start_ms,
            start_presentations: start,
            target_compression: 1.0,
            floor_per_neuron: 0,
            ..Pruning::default()
        };
        let projection = Projection {
            name: "p".into(),
            source: 0,
            target: 0,
            receptor: Receptor::Excitatory,
            connectivity: Connectivity::AllToAll,
            weights: Weights::Constant(0.1),
            delays: Delays::Constant(1),
            plasticity: None,
            normalised_sum: None,
            pruning: Some(pruning),
        };
        PruningSchedule::new(&Network { dt_ms: 0.5, projections: vec![projection], ..Default::default() })
    }

    #[test]
    fn presentations_count_from_the_start() {
        let schedule = schedule(None, 0.0, Some(50), 200);
        let due: Vec<u64> = (0..400).filter(|&n| !schedule.due_after_presentations(n).is_empty()).collect();
        assert_eq!(due, [200, 250, 300, 350]);
        assert_eq!(schedule.steps_until_due(7), None);
        let from_the_beginning = self::schedule(None, 0.0, Some(50), 0);
        assert!(from_the_beginning.due_after_presentations(0).is_empty());
        assert_eq!(from_the_beginning.due_after_presentations(50), [0]);
    }

    #[test]
    fn periods_end_where_their_number_is_given() {
        let limited = |every_ms, start_ms, every, start, periods: u32| {
            let mut schedule = schedule(every_ms, start_ms, every, start);
            schedule.entries[0].periods = u64::from(periods);
            schedule
        };
        for (start, expected) in [(0, [50, 100]), (200, [200, 250])] {
            let schedule = limited(None, 0.0, Some(50), start, 2);
            let due: Vec<u64> = (0..900).filter(|&n| !schedule.due_after_presentations(n).is_empty()).collect();
            assert_eq!(due, expected);
        }
        let mut timed = limited(Some(10.0), 100.0, None, 0, 2);
        let due: Vec<u64> = (0..900).filter(|&step| !timed.take_due_at(step).is_empty()).collect();
        assert_eq!(due, [200, 220]);
        assert_eq!(timed.steps_until_due(900), None);
    }

    #[test]
    fn a_schedule_goes_on_where_it_was() {
        let mut schedule = schedule(Some(10.0), 100.0, None, 0);
        schedule.take_due_at(230);
        let mut other = self::schedule(Some(10.0), 100.0, None, 0);
        assert!(other.restore(&schedule.saved()));
        assert_eq!(other.steps_until_due(231), schedule.steps_until_due(231));
        assert!(!PruningSchedule::default().restore(&schedule.saved()));
    }

    #[test]
    fn time_counts_in_steps_and_missed_periods_stay_missed() {
        let mut schedule = schedule(Some(10.0), 100.0, None, 0);
        assert_eq!(schedule.steps_until_due(150), Some(50));
        assert!(schedule.take_due_at(199).is_empty());
        assert_eq!(schedule.take_due_at(200), [0]);
        assert_eq!(schedule.steps_until_due(200), Some(20));
        schedule.enable(false);
        assert!(schedule.take_due_at(290).is_empty());
        schedule.enable(true);
        assert_eq!(schedule.steps_until_due(290), Some(10));
        assert_eq!(schedule.take_due_at(300), [0]);
    }
}
