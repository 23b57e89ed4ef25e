//! The last moments of near neurons: in go their states as they are at each frame, out come membrane curves with threshold
//! and spikes at their true times. Only neurons that are near are followed, for a bounded time.

use std::collections::{HashMap, VecDeque};

use crate::engine::NeuronState;
use crate::model::{Cell, Network};
use crate::ui::Curve;

/// Looks remembered per neuron.
const KEPT: usize = 400;
/// Looks that a curve should show, about.
const SHOWN: f64 = 130.0;
/// Curves span one of these times, ms.
const SPANS_MS: [f64; 8] = [20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0];

/// One look at a neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    step: u64,
    membrane_mv: f32,
    theta_mv: f32,
}

/// One neuron's past.
#[derive(Debug, Default)]
struct Trail {
    looks: VecDeque<Look>,
    spike_steps: VecDeque<u32>,
    /// Looks since it was last near.
    idle: u32,
}

/// The pasts of the neurons that are near.
#[derive(Debug, Default)]
pub(super) struct Trails {
    trails: HashMap<u32, Trail>,
    /// Steps from one look to the next, smoothed.
    interval: f64,
    last_step: u64,
}

impl Trails {
    /// Takes the states of neurons as they are after `step`. Time that ran backwards begins anew.
    pub(super) fn take(&mut self, step: u64, states: impl IntoIterator<Item = (u32, NeuronState)>) {
        if step < self.last_step {
            self.trails.clear();
        }
        if step > self.last_step {
            let went = (step - self.last_step) as f64;
            self.interval += (went - self.interval) * if self.interval == 0.0 { 1.0 } else { 0.1 };
        }
        let is_new = step != self.last_step;
        self.last_step = step;
        for (neuron, state) in states {
            let trail = self.trails.entry(neuron).or_default();
            trail.idle = 0;
            if trail.looks.back().is_some_and(|last| last.step >= step) {
                continue;
            }
            trail.looks.push_back(Look { step, membrane_mv: state.membrane_mv, theta_mv: state.theta_mv });
            if state.last_spike_step > 0 && trail.spike_steps.back() != Some(&state.last_spike_step) {
                trail.spike_steps.push_back(state.last_spike_step);
            }
            if trail.looks.len() > KEPT {
                trail.looks.pop_front();
            }
            if trail.spike_steps.len() > KEPT {
                trail.spike_steps.pop_front();
            }
        }
        if is_new {
            self.trails.values_mut().for_each(|trail| trail.idle += 1);
            self.trails.retain(|_, trail| trail.idle < 60);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.trails.clear();
    }

    /// What curves span now, ms.
    pub(super) fn span_ms(&self, dt_ms: f64) -> f64 {
        let wished = SHOWN * self.interval * dt_ms;
        SPANS_MS.into_iter().find(|span| *span >= wished).unwrap_or(SPANS_MS[SPANS_MS.len() - 1])
    }

    /// A neuron's curve; none before the first look at it.
    pub(super) fn curve(&self, neuron: u32, network: &Network) -> Option<Curve> {
        let trail = self.trails.get(&neuron).filter(|trail| !trail.looks.is_empty())?;
        let population = &network.populations[network.population_of(neuron)];
        let time_ms = |step: u64| step as f64 * network.dt_ms;
        let until = time_ms(self.last_step);
        let from = until - self.span_ms(network.dt_ms);
        let spikes_ms = trail.spike_steps.iter().map(|&step| time_ms(u64::from(step))).filter(|ms| *ms >= from);
        let mut curve =
            Curve { spikes_ms: spikes_ms.collect(), span_ms: [from, until], range_mv: [0.0, 1.0], ..Curve::default() };
        let Cell::Lif(lif) = &population.cell else { return Some(curve) };
        let threshold = lif.v_threshold_mv;
        let absolute = |look: &Look| f64::from(look.membrane_mv) + lif.v_rest_mv;
        let shown = || trail.looks.iter().filter(|look| time_ms(look.step) >= from);
        curve.points = shown().map(|look| [time_ms(look.step), absolute(look)]).collect();
        curve.threshold = shown().map(|look| [time_ms(look.step), threshold + f64::from(look.theta_mv)]).collect();
        // The usual range, widened in whole steps for what leaves it, so that it does not breathe.
        let extreme = |fold: fn(f64, f64) -> f64, start: f64, series: &[[f64; 2]]| {
            series.iter().fold(start, |extreme, point| fold(extreme, point[1]))
        };
        let low = extreme(f64::min, lif.v_reset_mv.min(threshold - 10.0), &curve.points);
        let high = extreme(f64::max, extreme(f64::max, threshold, &curve.threshold), &curve.points);
        let pad = 0.25 * (high - low).max(1.0);
        curve.range_mv = [(low / 2.0).floor() * 2.0, ((high + pad) / 2.0).ceil() * 2.0];
        Some(curve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::engine::cpu::CpuEngine;
    use crate::model::scene::Scene;
    use std::sync::Arc;

    #[test]
    fn a_curve_is_what_the_engine_had_at_those_steps_and_spikes_stand_at_theirs() {
        let set = ["population.excitatory.size=320".to_owned()];
        let network = Arc::new(Scene::load("cuba", &set).expect("a scene").compile(None).expect("a network"));
        let mut engine = CpuEngine::new(Arc::clone(&network)).expect("an engine");
        let mut trails = Trails::default();
        let mut all = Vec::new();
        for _ in 0..120 {
            engine.advance(7).expect("it runs");
            let crate::engine::Activity::Host { neurons, .. } = engine.activity() else { panic!("host memory") };
            all.push((engine.step(), neurons.to_vec()));
            trails.take(engine.step(), neurons.iter().enumerate().map(|(neuron, state)| (neuron as u32, *state)));
        }
        // One that spiked.
        let last = &all[all.len() - 1].1;
        let chosen = (0..last.len()).max_by_key(|&neuron| last[neuron].last_spike_step).expect("neurons");
        let (mut values, mut spikes) = (Vec::new(), Vec::new());
        for (step, states) in &all {
            let (state, ms) = (states[chosen], *step as f64 * 0.1);
            values.push(([ms, f64::from(state.membrane_mv) - 49.0], [ms, -50.0 + f64::from(state.theta_mv)]));
            let spike = f64::from(state.last_spike_step) * 0.1;
            if spike > 0.0 && spikes.last() != Some(&spike) {
                spikes.push(spike);
            }
        }
        let curve = trails.curve(chosen as u32, &network).expect("it was looked at");
        assert_eq!(curve.span_ms[1], engine.step() as f64 * 0.1);
        let shown: Vec<_> = values.iter().filter(|(point, _)| point[0] >= curve.span_ms[0]).collect();
        assert!(shown.len() > 100, "{}", shown.len());
        assert_eq!(curve.points.to_vec(), shown.iter().map(|(point, _)| *point).collect::<Vec<_>>());
        assert_eq!(curve.threshold.to_vec(), shown.iter().map(|(_, threshold)| *threshold).collect::<Vec<_>>());
        spikes.retain(|ms| *ms >= curve.span_ms[0]);
        assert_eq!(curve.spikes_ms.to_vec(), spikes);
        assert!(!spikes.is_empty(), "it spiked");
        assert!(curve.points.iter().all(|[_, mv]| (curve.range_mv[0]..curve.range_mv[1]).contains(mv)));
    }

    #[test]
    fn memory_is_bounded_and_going_back_begins_anew() {
        let network = Scene::load("cuba", &["population.excitatory.size=80".to_owned()]).expect("a scene");
        let network = network.compile(None).expect("a network");
        let mut trails = Trails::default();
        for k in 0..3000_u32 {
            let state = NeuronState { last_spike_step: k, ..NeuronState::default() };
            trails.take(u64::from(k) + 1, [(k / 1000, state)]);
        }
        assert_eq!(trails.trails.len(), 1, "what is not near any more is forgotten");
        assert!(trails.trails[&2].looks.len() <= KEPT && trails.trails[&2].spike_steps.len() <= KEPT);
        trails.take(5, [(2, NeuronState::default())]);
        let curve = trails.curve(2, &network).expect("one look");
        assert_eq!((curve.points.len(), curve.spikes_ms.len()), (1, 0));
    }
}
