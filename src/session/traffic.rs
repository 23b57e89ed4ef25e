//! What goes through each projection: synapses left, their mean weight, spikes delivered. In: telemetry. Out: plain
//! numbers for whoever draws projections as one.

use super::telemetry::Telemetry;

/// One projection, now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Not pruned.
    pub synapses: u64,
    /// Of those; none where weights cannot change or were not looked at yet.
    pub weight_mean: Option<f32>,
    /// Spikes that arrive at all its synapses together, a second of simulated time.
    pub delivered_hz: f64,
}

impl Telemetry {
    /// Per projection.
    #[must_use]
    pub fn traffic(&self) -> Vec<Traffic> {
        let rate_hz = |population: usize| {
            let series = self.populations.get(population).map(|p| &p.rate_hz);
            series.and_then(|rates| rates.points().last()).map_or(0.0, |point| point.mean)
        };
        self.projections
            .iter()
            .map(|projection| {
                let now = projection.now.as_ref();
                let synapses = now.map_or(projection.synapse_count, |now| now.remaining);
                Traffic {
                    synapses,
                    weight_mean: now.map(|now| now.weight_mean),
                    // Every synapse delivers each spike of its source.
                    delivered_hz: rate_hz(projection.source) * synapses as f64,
                }
            })
            .collect()
    }
}
