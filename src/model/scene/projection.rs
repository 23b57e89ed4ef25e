//! Reading of `[projection.NAME]`: which populations, which rule, weights, delays, plasticity, pruning. A table that
//! lists several sources or targets becomes one projection per pair. In: the section and the populations.
//! Out: [`ProjectionSpec`]s in the order of the file.

use std::path::Path;

use super::change;
use super::distribution::{self, Use};
use super::error::{SceneError, suggest};
use super::fields::{Fields, Range};
use super::population::weight_key;
use super::rule::{self, Pair};
use super::spec::{Distribution, PopulationSpec, ProjectionSpec, RuleSpec};
use super::tree::Node;
use crate::model::{Cell, Lif, Plasticity, Receptor, SynapseModel};

/// Keys of every projection.
pub(crate) const COMMON_KEYS: [&str; 13] = [
    "source",
    "target",
    "receptor",
    "rule",
    "autapses",
    "weight",
    "weight_ns",
    "weight_pa",
    "delay_ms",
    "plasticity",
    "normalise_to",
    "pruning",
    "downscale",
];

/// What projections need to know from outside their section.
pub(crate) struct Context<'a> {
    /// Step, ms.
    pub(crate) dt_ms: f64,
    /// Where relative file names start.
    pub(crate) base: &'a Path,
    /// Images of a training run, where the scene learns.
    pub(crate) images: Option<u32>,
}

/// Reads all projections. Populations are changed where `downscale` replaces lost input by a drive.
pub(crate) fn read(
    root: &Fields<'_>,
    populations: &mut [PopulationSpec],
    context: &Context<'_>,
) -> Result<Vec<ProjectionSpec>, SceneError> {
    let mut specs = Vec::new();
    for (name, node) in root.named("projection")? {
        read_table(name, node, populations, context, &mut specs)?;
    }
    Ok(specs)
}

fn read_table(
    name: &str,
    node: &Node,
    populations: &mut [PopulationSpec],
    context: &Context<'_>,
    specs: &mut Vec<ProjectionSpec>,
) -> Result<(), SceneError> {
    let path = format!("projection.{name}");
    let known: Vec<&str> = COMMON_KEYS.iter().chain(&rule::KEYS).copied().collect();
    let fields = Fields::open(node, path, &known)?;
    let sources = ends(&fields, "source", populations)?;
    let targets = ends(&fields, "target", populations)?;
    let single = sources.len() * targets.len() == 1;
    for (row, &target) in targets.iter().enumerate() {
        for (column, &source) in sources.iter().enumerate() {
            let pair = Pair { source, target, row, column, rows: targets.len(), columns: sources.len() };
            let Some(rule) = rule::read(&fields, &pair, populations, context.base)? else { continue };
            let pair_name = if single {
                name.to_owned()
            } else {
                format!("{name}: {} -> {}", populations[source].name, populations[target].name)
            };
            let spec = read_pair(&fields, pair_name, &pair, rule, populations, context)?;
            specs.push(downscale(&fields, spec, &pair, populations)?);
        }
    }
    Ok(())
}

/// The populations that `source` or `target` names.
fn ends(fields: &Fields<'_>, key: &str, populations: &[PopulationSpec]) -> Result<Vec<usize>, SceneError> {
    let names: Vec<&str> = populations.iter().map(|p| p.name.as_str()).collect();
    let given = fields.texts(key)?.unwrap_or_default();
    if given.is_empty() {
        return Err(fields.missing(key, "name a population, or a list of them"));
    }
    let index = |name: &String| {
        names.iter().position(|known| known == name).ok_or_else(|| {
            let what = format!("there is no population `{name}`");
            fields.error(key, what, suggest(name, names.iter().copied()))
        })
    };
    given.iter().map(index).collect()
}

fn read_pair(
    fields: &Fields<'_>,
    name: String,
    pair: &Pair,
    rule: RuleSpec,
    populations: &[PopulationSpec],
    context: &Context<'_>,
) -> Result<ProjectionSpec, SceneError> {
    let target = &populations[pair.target];
    let Cell::Lif(lif) = &target.cell else {
        let what = format!("`{}` only sends spikes and cannot get any", target.name);
        return Err(fields.error("target", what, "name a population of lif cells"));
    };
    let plasticity = change::plasticity(fields)?;
    let pruning = change::pruning(fields, context.images)?;
    let normalised_sum = normalised_sum(fields, &populations[pair.source])?;
    let mutable = plasticity.is_some() || pruning.is_some() || normalised_sum.is_some();
    let (key, factor) = weight_key(fields, lif.synapse, target.leak_ns)?;
    let is_list = matches!(rule, RuleSpec::List(_));
    let weight = match fields.get(key) {
        Some(node) => Some(distribution::read(node, &fields.key(key), Use::Weight, context.base)?.scaled(factor)),
        None if is_list => None,
        None => return Err(fields.missing("weight", "give a number, { uniform = [a, b] } or { normal = [mean, sd] }")),
    };
    let receptor = match fields.choice("receptor", &["excitatory", "inhibitory"])? {
        Some("inhibitory") => Receptor::Inhibitory,
        Some(_) => Receptor::Excitatory,
        None if weight.as_ref().is_some_and(|w| w.mean() < 0.0) => Receptor::Inhibitory,
        None => Receptor::Excitatory,
    };
    let weight = match weight {
        Some(weight) => Some(check_sign(fields, key, weight, lif, receptor, mutable, plasticity.as_ref())?),
        None => None,
    };
    let delay_ms = match fields.get("delay_ms") {
        Some(node) => Some(distribution::read(node, &fields.key("delay_ms"), Use::Delay, context.base)?),
        None => None,
    };
    check_delay(fields, delay_ms.as_ref(), context.dt_ms)?;
    Ok(ProjectionSpec {
        name,
        place: fields.node.place.clone(),
        path: fields.path.clone(),
        source: pair.source,
        target: pair.target,
        receptor,
        autapses: fields.flag("autapses")?.unwrap_or(false),
        weight_from_file: weight.is_none(),
        weight: weight.unwrap_or(Distribution::Constant(0.0)),
        weight_factor: factor,
        delay_from_file: is_list && delay_ms.is_none(),
        delay_ms: delay_ms.unwrap_or(Distribution::Constant(context.dt_ms)),
        rule,
        plasticity,
        normalised_sum,
        pruning,
    })
}

/// Refuses weights whose sign does not fit, and keeps those that change within `[0, weight_max]`.
fn check_sign(
    fields: &Fields<'_>,
    key: &str,
    weight: Distribution,
    lif: &Lif,
    receptor: Receptor,
    mutable: bool,
    plasticity: Option<&Plasticity>,
) -> Result<Distribution, SceneError> {
    let conductance = matches!(lif.synapse, SynapseModel::Conductance { .. });
    let weight_max = plasticity.map_or(1.0, |p| f64::from(p.weight_max));
    let weight = match weight {
        Distribution::Normal { mean, sd, low, high } if mutable => {
            Distribution::Normal { mean, sd, low: low.max(0.0), high: high.min(weight_max) }
        }
        other => other,
    };
    let Some((low, high)) = weight.bounds() else { return Ok(weight) };
    if (conductance || mutable) && low < 0.0 {
        let what = if mutable { "weights that change are never negative" } else { "conductances are never negative" };
        return Err(fields.error(
            key,
            what,
            "write a positive weight, and receptor = \"inhibitory\" where it inhibits",
        ));
    }
    if mutable && high > weight_max * (1.0 + 1e-6) {
        let what = format!("starts at up to {high}, above the largest weight {weight_max}");
        let advice = if plasticity.is_some() {
            "raise plasticity.weight_max"
        } else {
            "weights that are pruned or normalised lie in 0 to 1"
        };
        return Err(fields.error(key, what, advice));
    }
    if receptor == Receptor::Inhibitory && !conductance && !mutable && high > 0.0 {
        let what = format!("is positive, {high}, but the receptor is inhibitory");
        return Err(fields.error(key, what, "write a negative weight (mV)"));
    }
    Ok(weight)
}

fn check_delay(fields: &Fields<'_>, delay: Option<&Distribution>, dt_ms: f64) -> Result<(), SceneError> {
    let Some((low, _)) = delay.and_then(Distribution::bounds) else { return Ok(()) };
    if low > 0.0 && low < 0.5 * dt_ms {
        let what = format!("can be {low} ms, shorter than half a step of {dt_ms} ms");
        return Err(fields.error("delay_ms", what, "make it longer, or dt_ms smaller"));
    }
    if low > 60_000.0 * dt_ms {
        return Err(fields.error("delay_ms", "is longer than 60,000 steps", "make it shorter"));
    }
    Ok(())
}

/// `normalise_to = 78.0`, or `{ per_input = 0.1, at_least = 33.0 }` for inputs whose number follows the data.
fn normalised_sum(fields: &Fields<'_>, source: &PopulationSpec) -> Result<Option<f32>, SceneError> {
    let Some(node) = fields.get("normalise_to") else { return Ok(None) };
    if !matches!(node.value, super::tree::Value::Table(_)) {
        return Ok(fields.number("normalise_to", Range::Positive)?.map(|sum| sum as f32));
    }
    let table = Fields::open(node, fields.key("normalise_to"), &["per_input", "at_least"])?;
    let sum = table.required("per_input", Range::Positive)? * f64::from(source.size);
    Ok(Some(sum.max(table.number_or("at_least", Range::Positive, 0.0)?) as f32))
}

/// Keeps a share of the inputs (van Albada, Helias and Diesmann 2015): weights grow by 1/sqrt(keep), which keeps the
/// input's variance, and a drive of `(1 - sqrt(keep)) * inputs * weight * tau_synapse * rate` keeps its mean.
fn downscale(
    fields: &Fields<'_>,
    mut spec: ProjectionSpec,
    pair: &Pair,
    populations: &mut [PopulationSpec],
) -> Result<ProjectionSpec, SceneError> {
    let Some(table) = fields.table("downscale", &["keep", "source_rates_hz"])? else { return Ok(spec) };
    let keep = table.required("keep", Range::Share)?;
    if keep == 0.0 {
        return Err(table.error("keep", "must be above 0", "1 keeps every input"));
    }
    let RuleSpec::FixedInDegree { degree, .. } = &mut spec.rule else {
        return Err(fields.error("downscale", "only goes with rule = \"fixed-in-degree\"", "remove it"));
    };
    let rates = table.list("source_rates_hz")?.unwrap_or_default();
    if rates.len() != pair.columns {
        let what = format!("needs {} rates, one per source, not {}", pair.columns, rates.len());
        return Err(table.error("source_rates_hz", what, ""));
    }
    let rate_hz = super::fields::number(&rates[pair.column], &table.key("source_rates_hz"), Range::NonNegative)?;
    let inputs = f64::from(*degree);
    *degree = (inputs * keep).round().max(1.0) as u32;
    let mean = spec.weight.mean();
    let Cell::Lif(lif) = &mut populations[pair.target].cell else { return Ok(spec) };
    // Mean of a membrane driven by events of a weight: weight * rate * tau, by synapse model.
    let tau_ms = match (lif.synapse, spec.receptor) {
        (SynapseModel::Delta, _) => lif.tau_membrane_ms,
        (SynapseModel::Current { tau_excitatory_ms, .. }, Receptor::Excitatory) => tau_excitatory_ms,
        (SynapseModel::Current { tau_inhibitory_ms, .. }, Receptor::Inhibitory) => tau_inhibitory_ms,
        (SynapseModel::Conductance { .. }, _) => {
            let what = "does not go with conductance synapses, whose mean input no constant drive can replace";
            return Err(fields.error("downscale", what, "remove it"));
        }
    };
    lif.drive_mv += (1.0 - keep.sqrt()) * inputs * mean * tau_ms * 1e-3 * rate_hz;
    spec.weight = spec.weight.scaled(1.0 / keep.sqrt());
    Ok(spec)
}
