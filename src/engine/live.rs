//! The live parameters of a running network: what [`Change`] and `set_rates` set, held on the host by both engines and
//! kept in checkpoints. In: changes. Out: population and rule parameters with the changes worked in.

use super::plan::{poisson_threshold, receptor_index};
use super::{
    CELL_POISSON, Change, EngineError, Plan, PopulationParameters, RuleParameters, TOUCH_LESIONED, TOUCH_SILENCED,
    Touch,
};
use crate::model::{Cell, Network};

/// What was changed while running. A new one holds the values as built.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// Plasticity and threshold adaptation are on.
    pub learning: bool,
    /// Per projection: multiplies `depression` and `potentiation`.
    pub learning_rates: Vec<f32>,
    /// Per population: multiplies excitatory and inhibitory input; delta cells only have the first.
    pub receptor_gains: Vec<[f32; 2]>,
    /// Per population: drive in force, mV; 0 for sources.
    pub drives_mv: Vec<f32>,
    /// Per population: rate of the background input in force, Hz; 0 without.
    pub background_rates_hz: Vec<f64>,
    /// Per Poisson source neuron, as [`Plan::source_thresholds`].
    pub source_thresholds: Vec<u32>,
    /// Per neuron: what is done to it; empty until something is done to any.
    pub touches: Vec<Touch>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            learning: true,
            learning_rates: Vec::new(),
            receptor_gains: Vec::new(),
            drives_mv: Vec::new(),
            background_rates_hz: Vec::new(),
            source_thresholds: Vec::new(),
            touches: Vec::new(),
        }
    }
}

impl Live {
    /// The values as built.
    #[must_use]
    pub fn new(network: &Network, plan: &Plan) -> Self {
        let background = |cell: &Cell| match cell {
            Cell::Lif(lif) => lif.background.map_or(0.0, |b| b.rate_hz),
            Cell::Source(_) => 0.0,
        };
        Self {
            learning: true,
            learning_rates: vec![1.0; network.projections.len()],
            receptor_gains: vec![[1.0; 2]; network.populations.len()],
            drives_mv: plan.populations.iter().map(|p| p.drive_mv).collect(),
            background_rates_hz: network.populations.iter().map(|p| background(&p.cell)).collect(),
            source_thresholds: plan.source_thresholds.clone(),
            touches: Vec::new(),
        }
    }

    /// Takes a change over that is in force after `step` steps. [`Change::PruningThreshold`] is only checked here:
    /// thresholds belong to the state; so do the weights that a lesion removes.
    ///
    /// # Errors
    /// The change names something the network does not have, or its value is out of range.
    pub fn apply(&mut self, change: &Change, network: &Network, step: u64) -> Result<(), EngineError> {
        match *change {
            Change::Learning(on) => self.learning = on,
            Change::LearningRate { projection, factor } => {
                plastic_projection(network, projection)?;
                self.learning_rates[projection] = non_negative(factor, "a learning rate factor")?;
            }
            Change::ReceptorGain { population, receptor, factor } => {
                let lif = lif_population(network, population)?;
                self.receptor_gains[population][receptor_index(lif.synapse, receptor)] =
                    non_negative(factor, "a receptor gain")?;
            }
            Change::Drive { population, drive_mv } => {
                lif_population(network, population)?;
                if !drive_mv.is_finite() {
                    return Err(EngineError::Misuse(format!("a drive of {drive_mv} mV is no number to simulate with")));
                }
                self.drives_mv[population] = drive_mv as f32;
            }
            Change::BackgroundRate { population, rate_hz } => {
                if lif_population(network, population)?.background.is_none() {
                    let name = &network.populations[population].name;
                    return Err(EngineError::Misuse(format!(
                        "population `{name}` has no background input; give it one in the scene to change its rate"
                    )));
                }
                if !(rate_hz.is_finite() && rate_hz >= 0.0) {
                    return Err(EngineError::Misuse(format!("a background rate must be 0 Hz or more, not {rate_hz}")));
                }
                self.background_rates_hz[population] = rate_hz;
            }
            Change::PruningThreshold { projection, threshold } => {
                if network.projections.get(projection).is_none_or(|p| p.pruning.is_none()) {
                    return Err(EngineError::Misuse(format!("projection {projection} has no pruning policy")));
                }
                non_negative(threshold, "a pruning threshold")?;
            }
            Change::Silence { ref neurons, on } => {
                for touch in self.touched(network, neurons)? {
                    touch.flags = if on { touch.flags | TOUCH_SILENCED } else { touch.flags & !TOUCH_SILENCED };
                }
            }
            Change::Stimulate { ref neurons, mv, duration_ms } => {
                if !(mv.is_finite() && duration_ms.is_finite() && duration_ms >= 0.0) {
                    let what = format!("a stimulus of {mv} mV for {duration_ms} ms is nothing to simulate with");
                    return Err(EngineError::Misuse(what));
                }
                let steps = (f64::from(duration_ms) / network.dt_ms).round();
                let end = (step as f64 + steps).min(f64::from(u32::MAX)) as u32;
                let has_membrane = |neuron: u32| {
                    matches!(
                        network.populations.get(network.population_of(neuron)).map(|p| &p.cell),
                        Some(Cell::Lif(_))
                    )
                };
                let cells: Vec<u32> = neurons.iter().copied().filter(|&neuron| has_membrane(neuron)).collect();
                if cells.is_empty() && !neurons.is_empty() {
                    return Err(EngineError::Misuse("sources have no membrane that could be stimulated".to_owned()));
                }
                for touch in self.touched(network, &cells)? {
                    (touch.stimulus_mv, touch.stimulus_end) = (mv, end);
                }
            }
            Change::Lesion { ref neurons } => {
                self.touched(network, neurons)?.for_each(|touch| touch.flags |= TOUCH_LESIONED);
            }
        }
        Ok(())
    }

    /// The touches of these neurons; from the first time on every neuron has one.
    fn touched<'a>(
        &'a mut self,
        network: &Network,
        neurons: &'a [u32],
    ) -> Result<impl Iterator<Item = &'a mut Touch>, EngineError> {
        let count = network.neuron_count();
        if let Some(beyond) = neurons.iter().find(|&&neuron| neuron >= count) {
            return Err(EngineError::Misuse(format!("there is no neuron {beyond}; the network has {count}")));
        }
        if !neurons.is_empty() {
            self.touches.resize(count as usize, Touch::default());
        }
        let mut wanted = vec![false; self.touches.len()];
        neurons.iter().for_each(|&neuron| wanted[neuron as usize] = true);
        Ok(self.touches.iter_mut().zip(wanted).filter(|(_, wanted)| *wanted).map(|(touch, _)| touch))
    }

    /// The touches of a population's neurons; empty while nothing is done to any neuron.
    #[must_use]
    pub fn touches_of(&self, p: &PopulationParameters) -> &[Touch] {
        if self.touches.is_empty() { &[] } else { &self.touches[p.first as usize..][..p.size as usize] }
    }

    /// Sets the rates of a Poisson source population, Hz, one per neuron.
    ///
    /// # Errors
    /// The population is no Poisson source, or the count does not fit.
    pub fn set_rates(
        &mut self,
        network: &Network,
        plan: &Plan,
        population: usize,
        rate_hz: &[f32],
    ) -> Result<(), EngineError> {
        let Some(p) = plan.populations.get(population).filter(|p| p.cell == CELL_POISSON) else {
            return Err(EngineError::Misuse(format!("population {population} is no Poisson source; it has no rates")));
        };
        if rate_hz.len() != p.size as usize {
            let name = &network.populations[population].name;
            return Err(EngineError::Misuse(format!(
                "population `{name}` has {} neurons, but {} rates were given",
                p.size,
                rate_hz.len()
            )));
        }
        let first = p.source_first as usize;
        for (threshold, &rate) in self.source_thresholds[first..].iter_mut().zip(rate_hz) {
            *threshold = poisson_threshold(f64::from(rate), network.dt_ms);
        }
        Ok(())
    }

    /// A population's parameters with drive and gains as they are now. The background table is not part of them:
    /// see [`Self::background_table`].
    #[must_use]
    pub fn population(&self, plan: &Plan, population: usize) -> PopulationParameters {
        let mut p = plan.populations[population];
        p.drive_mv = self.drives_mv[population];
        p.excitatory_unit *= self.receptor_gains[population][0];
        p.inhibitory_unit *= self.receptor_gains[population][1];
        p
    }

    /// Thresholds of a population's background input as it is now: the count of a random number r is how many are
    /// <= r. Empty without background.
    #[must_use]
    pub fn background_table(&self, network: &Network, population: usize) -> Vec<u32> {
        Plan::background_table(self.background_rates_hz[population], network.dt_ms)
    }

    /// A projection's rule with the learning rate as it is now.
    #[must_use]
    pub fn rule(&self, plan: &Plan, projection: usize) -> Option<RuleParameters> {
        plan.projections[projection].rule.map(|mut rule| {
            rule.depression *= self.learning_rates[projection];
            rule.potentiation *= self.learning_rates[projection];
            rule
        })
    }

    /// True when every value is one that a change could have set.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let factors = self.learning_rates.iter().chain(self.receptor_gains.iter().flatten());
        factors.into_iter().all(|&x| x.is_finite() && x >= 0.0)
            && self.drives_mv.iter().all(|x| x.is_finite())
            && self.background_rates_hz.iter().all(|&x| x.is_finite() && x >= 0.0)
            && self.touches.iter().all(|touch| touch.stimulus_mv.is_finite() && touch.flags <= 3 && touch._padding == 0)
    }

    /// True when every array has the length that the network asks for.
    #[must_use]
    pub fn fits(&self, network: &Network, plan: &Plan) -> bool {
        self.learning_rates.len() == network.projections.len()
            && self.receptor_gains.len() == network.populations.len()
            && self.drives_mv.len() == network.populations.len()
            && self.background_rates_hz.len() == network.populations.len()
            && self.source_thresholds.len() == plan.source_thresholds.len()
            && (self.touches.is_empty() || self.touches.len() == network.neuron_count() as usize)
    }
}

fn lif_population(network: &Network, population: usize) -> Result<&crate::model::Lif, EngineError> {
    match network.populations.get(population).map(|p| &p.cell) {
        Some(Cell::Lif(lif)) => Ok(lif),
        Some(Cell::Source(_)) => Err(EngineError::Misuse(format!(
            "population `{}` is a source; it takes no input and has no membrane",
            network.populations[population].name
        ))),
        None => Err(EngineError::Misuse(format!("there is no population {population}"))),
    }
}

fn plastic_projection(network: &Network, projection: usize) -> Result<(), EngineError> {
    match network.projections.get(projection) {
        Some(p) if p.plasticity.is_some() => Ok(()),
        Some(p) => Err(EngineError::Misuse(format!("projection `{}` does not learn", p.name))),
        None => Err(EngineError::Misuse(format!("there is no projection {projection}"))),
    }
}

fn non_negative(value: f32, what: &str) -> Result<f32, EngineError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(EngineError::Misuse(format!("{what} must be 0 or more, not {value}")))
    }
}
