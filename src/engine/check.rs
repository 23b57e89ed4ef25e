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
