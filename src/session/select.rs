//! Which neurons a [`Select`] means. In: the wish, the network, values, labels, weights. Out: a changed selection.

use super::command::Select;
use super::error::SessionError;
use super::partners::Trace;
use super::selection::{How, INPUT, OUTPUT};
use super::session::Session;
use super::view::Variable;
use crate::engine::PRUNED;
use crate::model::{Connectivity, Network};

/// Weights that are fetched from a GPU for one selection at most; a command may cost a frame, not a stutter.
const FETCH_MAX: u64 = 1 << 22;

impl Session {
    /// Selects what is wished for. On a GPU, values that are not at hand yet are waited for by later frames.
    pub(super) fn select(&mut self, select: &Select) -> Result<(), SessionError> {
        self.selected.waiting = None;
        match select {
            Select::Clear => self.selection.combine([], How::Replace),
            Select::All => self.selection.combine(0..self.network.neuron_count(), How::Replace),
            Select::Invert => self.selection.invert(),
            Select::Neurons { ids, how } => self.selection.combine(ids.iter().copied(), *how),
            Select::Population { index, how } => {
                let Some(population) = self.network.populations.get(*index) else {
                    return refuse(format!("there is no population {index}"));
                };
                self.selection.combine(population.neurons(), *how);
            }
            Select::Class { class, how } => {
                let Some(protocol) = &self.protocol else {
                    return refuse("this scene has no learning protocol, so no neuron stands for a class".to_owned());
                };
                let first = self.network.populations[protocol.output()].first;
                let assigned = (first..).zip(protocol.score().assigned());
                let found = assigned.filter(|(_, assigned)| **assigned == Some(*class)).map(|(neuron, _)| neuron);
                self.selection.combine(found, *how);
            }
            Select::Ranked { by, share, top, how } => {
                if !(share.is_finite() && *share > 0.0) {
                    return refuse(format!("a share of the neurons must be above 0, not {share}"));
                }
                let Some(values) = self.values_now(*by, select)? else { return Ok(()) };
                let found = ranked(values, *share, *top);
                self.selection.combine(found, *how);
            }
            Select::Threshold { by, low, high, how } => {
                let (low, high) = (*low, *high);
                let Some(values) = self.values_now(*by, select)? else { return Ok(()) };
                let within = (0..).zip(values).filter(|(_, value)| **value >= low && **value <= high);
                let found: Vec<u32> = within.map(|(neuron, _)| neuron).collect();
                self.selection.combine(found, *how);
            }
            Select::Partners { inputs, outputs, how } => self.select_partners(*inputs, *outputs, *how),
            Select::Weights { projection, low, high, targets, how } => {
                self.select_by_weight(*projection, [*low, *high], *targets, *how)?;
            }
            Select::Group { name, how } => {
                let Some(group) = self.selection.group(name.trim()) else {
                    return refuse(format!("there is no group called {name:?}"));
                };
                let neurons = std::sync::Arc::clone(&group.neurons);
                self.selection.combine(neurons.iter().copied(), *how);
            }
        }
        Ok(())
    }

    /// The values that a selection asks for; `None`, and the selection waits, while they are on their way.
    fn values_now(&mut self, by: Variable, select: &Select) -> Result<Option<&[f32]>, SessionError> {
        if self.values(by).is_none() {
            if self.has_values(by) {
                self.selected.waiting = Some(select.clone());
                return Ok(None);
            }
            return refuse(format!("no neuron of this network has a value of {}", by.label()));
        }
        Ok(self.values(by).map(|values| values.values))
    }

    fn select_partners(&mut self, inputs: bool, outputs: bool, how: How) {
        let wanted = if inputs { INPUT } else { 0 } | if outputs { OUTPUT } else { 0 };
        let mut trace = Trace::new(&self.network);
        trace.walk(&self.network, &self.engine.activity(), self.selection.flags(), usize::MAX);
        let found = (0..).zip(&trace.found).filter(|(_, flags)| **flags & wanted != 0).map(|(neuron, _)| neuron);
        self.selection.combine(found, how);
    }

    fn select_by_weight(
        &mut self,
        projection: usize,
        [low, high]: [f32; 2],
        targets: bool,
        how: How,
    ) -> Result<(), SessionError> {
        let network = std::sync::Arc::clone(&self.network);
        let Some(p) = network.projections.get(projection).filter(|p| p.is_mutable()) else {
            return refuse(format!("projection {projection} has no weights that change"));
        };
        let count = network.synapse_count_of(projection);
        let is_on_host = matches!(self.engine.activity(), crate::engine::Activity::Host { .. });
        if !is_on_host && count > FETCH_MAX {
            return refuse(format!("{count} weights are too many to fetch from the GPU for one selection"));
        }
        let weights = self.engine.weights(projection)?;
        let mut found = vec![false; network.neuron_count() as usize];
        let (first_source, first_target) = (network.populations[p.source].first, network.populations[p.target].first);
        each_synapse(&network, projection, |synapse, source, target| {
            let weight = weights[synapse];
            if weight != PRUNED && weight >= low && weight <= high {
                let end = if targets { first_target + target } else { first_source + source };
                found[end as usize] = true;
            }
        });
        let found = (0..).zip(found).filter(|(_, found)| *found).map(|(neuron, _)| neuron);
        self.selection.combine(found, how);
        Ok(())
    }
}

fn refuse<T>(text: String) -> Result<T, SessionError> {
    Err(SessionError::Selection(text))
}

/// The neurons with the largest (or smallest) values: `share` of those that have one, at least one; between equals the
/// lower neuron.
fn ranked(values: &[f32], share: f32, top: bool) -> Vec<u32> {
    let mut neurons: Vec<u32> = (0..).zip(values).filter(|(_, v)| !v.is_nan()).map(|(neuron, _)| neuron).collect();
    if neurons.is_empty() {
        return neurons;
    }
    let wanted = (neurons.len() as f64 * f64::from(share.min(1.0))).round().max(1.0) as usize;
    let key = |neuron: u32| if top { -values[neuron as usize] } else { values[neuron as usize] };
    if wanted < neurons.len() {
        neurons.select_nth_unstable_by(wanted - 1, |&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
        neurons.truncate(wanted);
    }
    neurons
}

/// Calls `visit(synapse, source, target)` for every stored synapse of a projection; ends are local ids.
pub(super) fn each_synapse(network: &Network, projection: usize, mut visit: impl FnMut(usize, u32, u32)) {
    let p = &network.projections[projection];
    let (sources, targets) = (network.populations[p.source].size, network.populations[p.target].size);
    match &p.connectivity {
        Connectivity::OneToOne => (0..sources.min(targets)).for_each(|k| visit(k as usize, k, k)),
        Connectivity::Sparse { row_start, target } => {
            for (source, row) in (0..).zip(row_start.windows(2)) {
                let row = row[0] as usize..row[1] as usize;
                row.clone().zip(&target[row]).for_each(|(synapse, &end)| visit(synapse, source, end));
            }
        }
        Connectivity::AllToAll | Connectivity::AllButSelf => {
            for source in 0..sources {
                let first = source as usize * targets as usize;
                (0..targets).for_each(|target| visit(first + target as usize, source, target));
            }
        }
    }
}
