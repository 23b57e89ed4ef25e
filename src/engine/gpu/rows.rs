//! The fixed-weight synapses of all projections, merged on upload: one row per source neuron, cut into segments that
//! can be bound, and a small table of the projections that need no stored synapses. In: network and plan. Out: arrays
//! as the `deliver` kernel reads them.

use super::layout::{DeliverRule, RULE_ALL_BUT_SELF, RULE_ALL_TO_ALL, RULE_ONE_TO_ONE};
use crate::engine::{EngineError, Plan};
use crate::model::{Connectivity, Delays, Network, Projection, Weights};

/// How an entry of the merged rows is packed: port in the low bits, delay above `delay_min` in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    pub(super) delay_min: u32,
    pub(super) port_bits: u32,
}

/// Rows of sources `first_source..end_source`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RowSegment {
    pub(super) first_source: u32,
    pub(super) end_source: u32,
    pub(super) row_start: Vec<u32>,
    pub(super) entries: Vec<u32>,
    pub(super) weights: Vec<i32>,
}

/// True when a projection is delivered by a rule, without stored synapses.
pub(super) fn is_rule(projection: &Projection) -> bool {
    !projection.is_mutable()
        && !matches!(projection.connectivity, Connectivity::Sparse { .. })
        && matches!(projection.weights, Weights::Constant(_))
        && matches!(projection.delays, Delays::Constant(_))
}

fn is_stored(projection: &Projection) -> bool {
    !projection.is_mutable() && !is_rule(projection)
}

/// The table of rules.
pub(super) fn rules(network: &Network, plan: &Plan) -> Vec<DeliverRule> {
    let rule = |(index, projection): (usize, &Projection)| {
        let (Weights::Constant(weight), Delays::Constant(delay)) = (&projection.weights, &projection.delays) else {
            return None;
        };
        let kind = match projection.connectivity {
            Connectivity::OneToOne => RULE_ONE_TO_ONE,
            Connectivity::AllToAll => RULE_ALL_TO_ALL,
            Connectivity::AllButSelf => RULE_ALL_BUT_SELF,
            Connectivity::Sparse { .. } => return None,
        };
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let derived = &plan.projections[index];
        (!projection.is_mutable()).then_some(DeliverRule {
            source_first: source.first,
            source_size: source.size,
            kind,
            weight: fixed_point(*weight, derived.scale),
            delay: *delay,
            port_first: derived.port_first,
            group: derived.group,
            target_size: target.size,
        })
    };
    network.projections.iter().enumerate().filter_map(rule).collect()
}

/// A fixed weight as it is delivered.
pub(super) fn fixed_point(weight: f32, scale: f32) -> i32 {
    (weight * scale).round_ties_even() as i32
}

/// How entries of this network are packed.
///
/// # Errors
/// Ports and delays together need more than 32 bits.
pub(super) fn packing(network: &Network, plan: &Plan) -> Result<Packing, EngineError> {
    let stored = || network.projections.iter().filter(|p| is_stored(p));
    let delay_min = stored().map(|p| shortest(&p.delays)).min().unwrap_or(1);
    let delay_max = stored().map(|p| p.delays.max()).max().unwrap_or(1).max(delay_min);
    let bits = |largest: u32| 32 - largest.leading_zeros();
    let (delay_bits, ports) = (bits(delay_max - delay_min), bits(plan.port_count.saturating_sub(1)));
    if delay_bits + ports > 32 {
        return Err(EngineError::Misuse(format!(
            "{} inputs with delays of {delay_min} to {delay_max} steps do not fit the GPU engine's 32-bit synapses; \
             use fewer neurons, a narrower range of delays, or --engine cpu",
            plan.port_count
        )));
    }
    Ok(Packing { delay_min, port_bits: (32 - delay_bits).min(31) })
}

fn shortest(delays: &Delays) -> u32 {
    match delays {
        Delays::Constant(steps) => *steps,
        Delays::PerSynapse(steps) => u32::from(steps.iter().copied().min().unwrap_or(1)),
    }
}

/// Source ranges (first, end) whose rows have at most `max_entries` synapses together; empty without stored synapses.
///
/// # Errors
/// A single neuron has more.
pub(super) fn segment_ranges(network: &Network, max_entries: u64) -> Result<Vec<(u32, u32)>, EngineError> {
    if !network.projections.iter().any(is_stored) {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut first, mut entries) = (0, 0);
    for neuron in 0..network.neuron_count() {
        let row: u64 = stored_rows(network, neuron).map(|(_, _, synapses)| synapses.end - synapses.start).sum();
        if row > max_entries {
            return Err(EngineError::TooLarge {
                what: format!("the row of synapses of neuron {neuron}"),
                needed: row * 4,
                available: max_entries * 4,
                limit_name: "max_storage_buffer_binding_size",
                advice: "use fewer synapses per neuron, another adapter, or --engine cpu".into(),
            });
        }
        if entries + row > max_entries {
            ranges.push((first, neuron));
            (first, entries) = (neuron, 0);
        }
        entries += row;
    }
    ranges.push((first, network.neuron_count()));
    Ok(ranges)
}

/// The stored rows of one source neuron: (projection, local source, synapse ids).
fn stored_rows(network: &Network, neuron: u32) -> impl Iterator<Item = (usize, u32, std::ops::Range<u64>)> + '_ {
    network.projections.iter().enumerate().filter(|(_, p)| is_stored(p)).filter_map(move |(index, projection)| {
        let source = &network.populations[projection.source];
        let local = neuron.checked_sub(source.first).filter(|&local| local < source.size)?;
        Some((index, local, row_of(network, projection, local)))
    })
}

/// Synapse ids of a row.
fn row_of(network: &Network, projection: &Projection, local: u32) -> std::ops::Range<u64> {
    let targets = u64::from(network.populations[projection.target].size);
    let source = u64::from(local);
    match &projection.connectivity {
        Connectivity::OneToOne => source..source + u64::from(source < targets),
        Connectivity::AllToAll => source * targets..(source + 1) * targets,
        Connectivity::AllButSelf => source * (targets - 1)..(source + 1) * (targets - 1),
        Connectivity::Sparse { row_start, .. } => {
            u64::from(row_start[local as usize])..u64::from(row_start[local as usize + 1])
        }
    }
}

/// The merged rows of sources `first..end`.
pub(super) fn segment(network: &Network, plan: &Plan, packing: Packing, (first, end): (u32, u32)) -> RowSegment {
    let mut segment = RowSegment {
        first_source: first,
        end_source: end,
        row_start: Vec::with_capacity((end - first) as usize + 1),
        entries: Vec::new(),
        weights: Vec::new(),
    };
    segment.row_start.push(0);
    for neuron in first..end {
        for (index, local, synapses) in stored_rows(network, neuron) {
            let projection = &network.projections[index];
            let derived = &plan.projections[index];
            let row_first = synapses.start;
            for synapse in synapses {
                let target = target_of(projection, local, synapse, row_first);
                let delay = projection.delays.get(synapse as usize) - packing.delay_min;
                // The shift is 31 at most, where the delay is 0 throughout or a single bit.
                segment.entries.push((derived.port_first + target) | delay << packing.port_bits);
                segment.weights.push(fixed_point(projection.weights.get(synapse as usize), derived.scale));
            }
        }
        segment.row_start.push(segment.entries.len() as u32);
    }
    segment
}

fn target_of(projection: &Projection, local: u32, synapse: u64, row_first: u64) -> u32 {
    let nth = (synapse - row_first) as u32;
    match &projection.connectivity {
        Connectivity::OneToOne => local,
        Connectivity::AllToAll => nth,
        Connectivity::AllButSelf => nth + u32::from(nth >= local),
        Connectivity::Sparse { target, .. } => target[synapse as usize],
    }
}

/// Calls `visit(source, synapse)` for every synapse of a projection that ends at a target (local id), in order of
/// source. Walks all rows: for single looks only.
pub(super) fn visit_column(network: &Network, projection: &Projection, target: u32, mut visit: impl FnMut(u32, usize)) {
    for source in 0..network.populations[projection.source].size {
        let row = row_of(network, projection, source);
        let row_first = row.start;
        match projection.connectivity {
            Connectivity::Sparse { .. } => {
                for synapse in row.filter(|&s| target_of(projection, source, s, row_first) == target) {
                    visit(source, synapse as usize);
                }
            }
            Connectivity::OneToOne if row.is_empty() || source != target => {}
            Connectivity::OneToOne => visit(source, source as usize),
            Connectivity::AllToAll => visit(source, (row_first + u64::from(target)) as usize),
            Connectivity::AllButSelf if source == target => {}
            Connectivity::AllButSelf => {
                visit(source, (row_first + u64::from(target) - u64::from(target > source)) as usize);
            }
        }
    }
}
