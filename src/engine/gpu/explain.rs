//! Says how a network runs here: the way that its steps take and why, and how each projection is held.

use super::{GpuEngine, rows};
use crate::model::{Connectivity, Delays, Projection};

impl GpuEngine {
    /// See [`Engine::explain`](crate::engine::Engine::explain).
    pub(super) fn explanation(&self) -> Vec<String> {
        let mut lines = vec![match &self.advance {
            Ok(advance) => format!(
                "steps: one workgroup of {} threads advances all neurons by {} steps in one dispatch, because the \
                 network is small and its weights are fixed",
                advance.threads, self.slice_steps
            ),
            Err(reason) => format!(
                "steps: {} dispatches a step, and not one workgroup for many steps, because {reason}",
                self.dispatches().len()
            ),
        }];
        for p in &self.network.populations {
            let by = if self.advance.is_ok() { "that workgroup, state in registers" } else { "one thread a neuron" };
            lines.push(format!("population {}: {by}", p.name));
        }
        for (index, p) in self.network.projections.iter().enumerate() {
            lines.push(format!("projection {}: {}", p.name, self.way_of(index, p)));
        }
        lines
    }

    fn way_of(&self, index: usize, projection: &Projection) -> String {
        if let Some(plastic) = self.plastic(index) {
            let kernels = if plastic.learns { "learn_pre and learn_post" } else { "learn_pre" };
            let table = if matches!(projection.connectivity, Connectivity::AllToAll) {
                "dense, no tables"
            } else {
                "rows and columns"
            };
            return format!("{kernels} ({table}), because its weights can change");
        }
        if rows::is_rule(projection) {
            return "a rule, nothing stored, because weight and delay are the same for all of its synapses".to_owned();
        }
        let delays = match &projection.delays {
            Delays::Constant(steps) => format!("delay {steps} steps"),
            Delays::PerSynapse(_) => "delays of their own".to_owned(),
        };
        format!("merged rows in {} segments, pushed to the targets, {delays}", self.segments.len())
    }

    /// Dispatches of a step, a share of one where a dispatch advances several.
    pub(super) fn dispatch_count(&self) -> f64 {
        match &self.advance {
            Ok(_) => 1.0 / f64::from(self.slice_steps),
            Err(_) => self.dispatches().len() as f64,
        }
    }
}
