//! One value per neuron, of any variable, in host memory. In: the engine's state, the observer's intervals, the
//! protocol's labels, weights. Out: [`Values`] for the renderer, for selections and tables.

use super::session::Session;
use super::view::Variable;
use crate::engine::{Activity, NeuronState, RATE_TAU_MS};

/// The values of one variable.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Per neuron; NaN where the neuron has none.
    pub values: &'a [f32],
    /// Another number for other values.
    pub version: u64,
    /// From the least to the greatest that a scale should show.
    pub range: [f32; 2],
}

/// Values as they were last gathered, by variable.
#[derive(Debug, Default)]
pub(super) struct Variables {
    columns: [Column; Variable::ALL.len()],
}

#[derive(Debug, Default)]
struct Column {
    values: Vec<f32>,
    version: u64,
}

impl Session {
    /// The values of a variable now, for every neuron; `None` where no neuron has any.
    pub fn values(&mut self, variable: Variable) -> Option<Values<'_>> {
        if !self.has_values(variable) {
            return None;
        }
        let count = self.network.neuron_count() as usize;
        let column = &mut self.variables.columns[variable as usize];
        column.values.clear();
        let Activity::Host { neurons, rate_before, .. } = self.engine.activity() else { return None };
        match variable {
            Variable::Membrane => column.values.extend(neurons.iter().map(|n| n.membrane_mv)),
            Variable::Theta => column.values.extend(neurons.iter().map(|n| n.theta_mv)),
            Variable::Rate => {
                let step = self.engine.step();
                let rates =
                    neurons.iter().zip(rate_before).map(|(n, &before)| rate_hz(n, before, step, self.network.dt_ms));
                column.values.extend(rates);
            }
            _ => column.values.resize(count, f32::NAN),
        }
        column.version += 1;
        Some(Values { values: &column.values, version: column.version, range: [0.0, 1.0] })
    }

    /// True where some neuron has or may get a value of this variable.
    pub(super) fn has_values(&self, variable: Variable) -> bool {
        match variable {
            Variable::Class => self.protocol.is_some(),
            Variable::SynapsesLost => self.network.projections.iter().any(|p| p.pruning.is_some()),
            _ => self.network.neuron_count() > 0,
        }
    }
}

/// Firing rate from the rate trace: its value just before the last spike, plus that spike, decayed since. Hz.
fn rate_hz(neuron: &NeuronState, before: f32, step: u64, dt_ms: f64) -> f32 {
    if neuron.last_spike_step == 0 {
        return 0.0;
    }
    let since_ms = step.saturating_sub(u64::from(neuron.last_spike_step)) as f64 * dt_ms;
    ((f64::from(before) + 1.0) * (-since_ms / RATE_TAU_MS).exp() / (RATE_TAU_MS * 1e-3)) as f32
}
