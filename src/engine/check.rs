//! Is a network sound? Both engines ask before they build anything, so that kernels may index without looking.
//! In: a network. Out: nothing, or one message that says what does not fit.

use super::EngineError;
use crate::model::{Cell, Connectivity, Delays, Lif, Network, Projection, Source, SynapseModel, Weights};

/// The longest delay, steps.
const DELAY_MAX: u32 = u16::MAX as u32;

/// Checks sizes, ranges and indices of a network.
///
/// # Errors
/// Says what does not fit, and where.
pub fn check_network(network: &Network) -> Result<(), EngineError> {
    ensure(network.dt_ms.is_finite() && network.dt_ms > 0.0, || {
        format!("the step must be above 0 ms, not {}", network.dt_ms)
    })?;
    let mut next = 0_u64;
    for population in &network.populations {
        let name = &population.name;
        ensure(u64::from(population.first) == next, || format!("population `{name}` does not start at neuron {next}"))?;
        next += u64::from(population.size);
        match &population.cell {
            Cell::Lif(lif) => check_lif(name, lif)?,
            Cell::Source(source) => check_source(name, population.size, source)?,
        }
    }
    ensure(next < u64::from(u32::MAX) / 4, || format!("{next} neurons are more than can be numbered"))?;
    check_initial_state(network, next as usize)?;
    network.projections.iter().try_for_each(|projection| check_projection(network, projection))
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), EngineError> {
    if holds { Ok(()) } else { Err(EngineError::Misuse(message())) }
}

fn check_initial_state(network: &Network, neurons: usize) -> Result<(), EngineError> {
    for (what, count) in [
        ("initial membrane values", network.initial_membrane_mv.len()),
        ("initial synaptic values", network.initial_synaptic.len()),
    ] {
        ensure(count == 0 || count == neurons, || format!("{neurons} neurons, but {count} {what}"))?;
    }
    let finite = network.initial_membrane_mv.iter().chain(network.initial_synaptic.iter().flatten());
    ensure(finite.into_iter().all(|v| v.is_finite()), || "the initial state holds values that are no numbers".into())
}

fn check_lif(name: &str, lif: &Lif) -> Result<(), EngineError> {
    let voltages = [lif.v_rest_mv, lif.v_reset_mv, lif.v_threshold_mv, lif.drive_mv];
    ensure(voltages.iter().all(|v| v.is_finite()), || format!("population `{name}`: a voltage is no number"))?;
    let mut constants = vec![("tau_membrane_ms", lif.tau_membrane_ms)];
    match lif.synapse {
        SynapseModel::Delta => {}
        SynapseModel::Current { tau_excitatory_ms, tau_inhibitory_ms }
        | SynapseModel::Conductance { tau_excitatory_ms, tau_inhibitory_ms, .. } => {
            constants.extend([("tau_excitatory_ms", tau_excitatory_ms), ("tau_inhibitory_ms", tau_inhibitory_ms)]);
        }
    }
    if let Some(theta) = lif.adaptive_threshold {
        constants.push(("tau_ms of the adaptive threshold", theta.tau_ms));
        ensure(theta.initial_mv.is_finite() && theta.increment_mv.is_finite(), || {
            format!("population `{name}`: the adaptive threshold is no number")
        })?;
    }
    for (what, tau) in constants {
        ensure(tau.is_finite() && tau > 0.0, || format!("population `{name}`: {what} must be above 0, not {tau}"))?;
    }
    ensure(lif.refractory_ms.is_finite() && lif.refractory_ms >= 0.0, || {
        format!("population `{name}`: refractory_ms must be 0 or more, not {}", lif.refractory_ms)
    })?;
    if let Some(background) = lif.background {
        ensure(background.rate_hz.is_finite() && background.rate_hz >= 0.0 && background.weight.is_finite(), || {
            format!("population `{name}`: the background input needs a rate of 0 Hz or more and a weight")
        })?;
    }
    let steps = &lif.drive_steps;
    ensure(steps.iter().all(|(time, drive)| time.is_finite() && *time >= 0.0 && drive.is_finite()), || {
        format!("population `{name}`: steps of the drive need times from 0 ms on and finite values")
    })
}

fn check_source(name: &str, size: u32, source: &Source) -> Result<(), EngineError> {
    match source {
        Source::Poisson { rate_hz } => ensure(rate_hz.is_finite() && *rate_hz >= 0.0, || {
            format!("population `{name}`: a rate must be 0 Hz or more, not {rate_hz}")
        }),
        Source::SpikeList(lists) => {
            ensure(lists.len() == size as usize, || {
                format!("population `{name}` has {size} neurons, but {} spike lists", lists.len())
            })?;
            for (neuron, list) in lists.iter().enumerate() {
                let ascending = list.first().is_none_or(|&first| first > 0) && list.windows(2).all(|w| w[0] < w[1]);
                ensure(ascending, || {
                    format!("population `{name}`, neuron {neuron}: spike steps must ascend and start at 1 or later")
                })?;
            }
            Ok(())
        }
    }
}

fn check_projection(network: &Network, projection: &Projection) -> Result<(), EngineError> {
    let name = &projection.name;
    let (Some(source), Some(target)) =
        (network.populations.get(projection.source), network.populations.get(projection.target))
    else {
        return Err(EngineError::Misuse(format!("projection `{name}` joins populations that do not exist")));
    };
    ensure(matches!(target.cell, Cell::Lif(_)), || {
        format!("projection `{name}` ends at `{}`, a source; sources take no input", target.name)
    })?;
    let count = check_connectivity(name, projection, source.size, target.size)?;
    check_weights(name, projection, count)?;
    check_delays(name, &projection.delays, count)
}

/// Returns the number of synapses.
fn check_connectivity(name: &str, projection: &Projection, sources: u32, targets: u32) -> Result<u64, EngineError> {
    let count = match &projection.connectivity {
        Connectivity::OneToOne => u64::from(sources.min(targets)),
        Connectivity::AllToAll => u64::from(sources) * u64::from(targets),
        Connectivity::AllButSelf => {
            let uniform = matches!(projection.weights, Weights::Constant(_))
                && matches!(projection.delays, Delays::Constant(_))
                && !projection.is_mutable();
            ensure(sources == targets && uniform, || {
                format!(
                    "projection `{name}`: all-but-self joins populations of equal size by one fixed weight and one delay"
                )
            })?;
            return Ok(u64::from(sources) * u64::from(targets.saturating_sub(1)));
        }
        Connectivity::Sparse { row_start, target } => {
            let rows = row_start.len() == sources as usize + 1
                && row_start.first() == Some(&0)
                && row_start.windows(2).all(|w| w[0] <= w[1])
                && row_start.last().is_some_and(|&end| end as usize == target.len());
            ensure(rows, || format!("projection `{name}`: the row table does not fit {sources} sources"))?;
            ensure(target.iter().all(|&t| t < targets), || {
                format!("projection `{name}`: a synapse ends beyond the {targets} neurons of its target")
            })?;
            target.len() as u64
        }
    };
    let stored = projection.is_mutable()
        || matches!(projection.weights, Weights::PerSynapse(_))
        || matches!(projection.delays, Delays::PerSynapse(_));
    ensure(!stored || count <= u64::from(u32::MAX), || {
        format!("projection `{name}`: {count} synapses of their own are more than can be numbered")
    })?;
    Ok(count)
}

fn check_weights(name: &str, projection: &Projection, count: u64) -> Result<(), EngineError> {
    let range = if projection.is_mutable() {
        let max = projection.weight_max();
        ensure(max.is_finite() && max > 0.0, || format!("projection `{name}`: weight_max must be above 0, not {max}"))?;
        0.0..=max
    } else {
        f32::MIN..=f32::MAX
    };
    let first_outside = match &projection.weights {
        Weights::Constant(weight) => Some(*weight).filter(|w| !range.contains(w)),
        Weights::PerSynapse(weights) => {
            ensure(weights.len() as u64 == count, || {
                format!("projection `{name}` has {count} synapses, but {} weights", weights.len())
            })?;
            weights.iter().copied().find(|w| !range.contains(w))
        }
    };
    if let Some(weight) = first_outside {
        return Err(EngineError::Misuse(format!(
            "projection `{name}`: a weight of {weight} is outside {} to {}",
            range.start(),
            range.end()
        )));
    }
    if let Some(sum) = projection.normalised_sum {
        ensure(sum.is_finite() && sum > 0.0, || {
            format!("projection `{name}`: the sum that weights are normalised to must be above 0, not {sum}")
        })?;
    }
    Ok(())
}

fn check_delays(name: &str, delays: &Delays, count: u64) -> Result<(), EngineError> {
    let in_range = match delays {
        Delays::Constant(steps) => (1..=DELAY_MAX).contains(steps),
        Delays::PerSynapse(steps) => {
            ensure(steps.len() as u64 == count, || {
                format!("projection `{name}` has {count} synapses, but {} delays", steps.len())
            })?;
            steps.iter().all(|&d| d >= 1)
        }
    };
    ensure(in_range, || format!("projection `{name}`: delays must be 1 to {DELAY_MAX} steps"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Plasticity, Population, Receptor, Rule};

    fn network() -> Network {
        let lif = Lif {
            v_rest_mv: -65.0,
            v_reset_mv: -65.0,
            v_threshold_mv: -50.0,
            tau_membrane_ms: 10.0,
            refractory_ms: 2.0,
            synapse: SynapseModel::Delta,
            drive_mv: 0.0,
            drive_steps: Vec::new(),
            background: None,
            adaptive_threshold: None,
        };
        let population = |name: &str, first, cell| Population {
            name: name.into(),
            first,
            size: 2,
            cell,
            shape: None,
            colour: [1.0; 3],
        };
        let rule = Rule::PostPowerLaw { tau_pre_ms: 20.0, rate: 0.1, target_trace: 0.0, mu: 0.0 };
        Network {
            dt_ms: 0.1,
            populations: vec![
                population("input", 0, Cell::Source(Source::SpikeList(vec![vec![1, 5], vec![]]))),
                population("cells", 2, Cell::Lif(lif)),
            ],
            projections: vec![Projection {
                name: "input -> cells".into(),
                source: 0,
                target: 1,
                receptor: Receptor::Excitatory,
                connectivity: Connectivity::Sparse { row_start: vec![0, 1, 2], target: vec![0, 1] },
                weights: Weights::PerSynapse(vec![0.5, 1.0]),
                delays: Delays::PerSynapse(vec![1, 7]),
                plasticity: Some(Plasticity { rule, weight_max: 1.0 }),
                normalised_sum: None,
                pruning: None,
            }],
            ..Default::default()
        }
    }

    #[test]
    fn a_sound_network_passes() {
        check_network(&network()).expect("sound");
        check_network(&Network { dt_ms: 1.0, ..Default::default() }).expect("nothing is sound too");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        type Spoil = fn(&mut Network);
        let cases: [(Spoil, &str); 14] = [
            (|n| n.dt_ms = 0.0, "the step must be above 0 ms"),
            (|n| n.populations[1].first = 3, "`cells` does not start at neuron 2"),
            (|n| n.initial_membrane_mv = vec![0.0; 3], "4 neurons, but 3 initial membrane values"),
            (|n| n.initial_synaptic = vec![[f32::NAN; 2]; 4], "no numbers"),
            (|n| n.populations[0].cell = Cell::Source(Source::SpikeList(vec![vec![3, 3], vec![]])), "must ascend"),
            (|n| n.populations[0].cell = Cell::Source(Source::SpikeList(vec![vec![0], vec![]])), "start at 1"),
            (|n| n.populations[0].cell = Cell::Source(Source::Poisson { rate_hz: -1.0 }), "0 Hz or more"),
            (|n| n.projections[0].target = 0, "sources take no input"),
            (|n| n.projections[0].source = 9, "populations that do not exist"),
            (|n| n.projections[0].weights = Weights::Constant(1.5), "a weight of 1.5 is outside 0 to 1"),
            (|n| n.projections[0].weights = Weights::PerSynapse(vec![f32::NAN, 0.0]), "outside 0 to 1"),
            (|n| n.projections[0].delays = Delays::PerSynapse(vec![1, 0]), "delays must be 1 to"),
            (|n| n.projections[0].connectivity = Connectivity::AllButSelf, "all-but-self joins"),
            (
                |n| {
                    n.projections[0].connectivity =
                        Connectivity::Sparse { row_start: vec![0, 1, 2], target: vec![0, 2] };
                },
                "ends beyond the 2 neurons",
            ),
        ];
        for (spoil, part) in cases {
            let mut network = network();
            spoil(&mut network);
            let message = check_network(&network).expect_err(part).to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
