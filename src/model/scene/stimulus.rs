//! Reading of `[stimulus.NAME]`: drives that may change in steps, background input, spike lists. In: the section.
//! Out: changed populations.

use std::path::Path;

use super::error::{SceneError, suggest};
use super::fields::{Fields, Range, number};
use super::population;
use super::spec::PopulationSpec;
use super::tree::{Node, Value};
use crate::model::{Cell, Lif, Source};

const KEYS: [&str; 13] = [
    "target",
    "kind",
    "drive_mv",
    "drive_pa",
    "steps_mv",
    "steps_pa",
    "rate_hz",
    "weight",
    "weight_ns",
    "weight_pa",
    "receptor",
    "spikes_ms",
    "file",
];

/// Applies all stimuli to the populations.
pub(crate) fn apply(
    root: &Fields<'_>,
    populations: &mut [PopulationSpec],
    dt_ms: f64,
    base: &Path,
) -> Result<(), SceneError> {
    for (name, node) in root.named("stimulus")? {
        apply_one(name, node, populations, dt_ms, base)?;
    }
    Ok(())
}

fn apply_one(
    name: &str,
    node: &Node,
    populations: &mut [PopulationSpec],
    dt_ms: f64,
    base: &Path,
) -> Result<(), SceneError> {
    let fields = Fields::open(node, format!("stimulus.{name}"), &KEYS)?;
    let kinds = ["drive", "background", "spikes"];
    let kind = fields
        .choice("kind", &kinds)?
        .ok_or_else(|| fields.missing("kind", format!("give one of {}", kinds.join(", "))))?;
    let own: &[&str] = match kind {
        "drive" => &["drive_mv", "drive_pa", "steps_mv", "steps_pa"],
        "background" => &["rate_hz", "weight", "weight_ns", "weight_pa", "receptor"],
        _ => &["spikes_ms", "file"],
    };
    if let Some(key) = KEYS[2..].iter().find(|key| fields.get(key).is_some() && !own.contains(key)) {
        return Err(fields.error(key, format!("means nothing for kind = \"{kind}\""), "remove it, or change the kind"));
    }
    let target = fields.required_text("target", "name a population")?;
    let names: Vec<&str> = populations.iter().map(|p| p.name.as_str()).collect();
    let Some(index) = names.iter().position(|known| *known == target) else {
        let advice = suggest(&target, names);
        return Err(fields.error("target", format!("there is no population `{target}`"), advice));
    };
    let population = &mut populations[index];
    let (leak_ns, size) = (population.leak_ns, population.size);
    match (kind, &mut population.cell) {
        ("drive", Cell::Lif(lif)) => drive(&fields, lif, leak_ns),
        ("background", Cell::Lif(lif)) => {
            if lif.background.is_some() {
                let what = format!("`{target}` has a background already");
                return Err(fields.error("kind", what, "add the rates up in one of them"));
            }
            lif.background = Some(population::read_background(&fields, lif.synapse, leak_ns)?);
            Ok(())
        }
        ("spikes", Cell::Source(Source::SpikeList(lists))) => {
            if fields.get("spikes_ms").is_some() {
                *lists = population::spike_list(&fields, "spikes_ms", size, dt_ms)?;
            }
            if let Some(name) = fields.text("file")? {
                population.spike_file = Some(base.join(name));
            }
            Ok(())
        }
        (_, Cell::Lif(_)) => Err(fields.error(
            "target",
            format!("`{target}` integrates, it cannot be given spikes"),
            "write cell = \"spikes\" there",
        )),
        (_, Cell::Source(_)) => {
            let what = format!("`{target}` only sends spikes and has no {kind}");
            Err(fields.error("target", what, "name a population of lif cells, or one with cell = \"spikes\""))
        }
    }
}

/// A constant part that adds to the population's own drive, and steps that replace it from given times on.
fn drive(fields: &Fields<'_>, lif: &mut Lif, leak_ns: Option<f64>) -> Result<(), SceneError> {
    let in_mv = |key: &str| match leak_ns {
        _ if key.ends_with("_mv") => Ok(1.0),
        Some(leak) => Ok(1.0 / leak),
        None => Err(fields.error(key, "needs leak_ns of the target population", "add it there, or write mV")),
    };
    for key in ["drive_mv", "drive_pa"] {
        if let Some(value) = fields.number(key, Range::Any)? {
            lif.drive_mv += value * in_mv(key)?;
        }
    }
    for key in ["steps_mv", "steps_pa"] {
        for item in fields.list(key)?.unwrap_or_default() {
            let path = fields.key(key);
            let Value::Array(pair) = &item.value else {
                let what = format!("must hold [time_ms, value] pairs, not {}", item.value.kind());
                return Err(SceneError::new(&item.place, path, what, ""));
            };
            let [time, value] = &pair[..] else {
                let what = format!("must hold [time_ms, value] pairs, not {} values", pair.len());
                return Err(SceneError::new(&item.place, path, what, ""));
            };
            let time_ms = number(time, &path, Range::NonNegative)?;
            let drive_mv = number(value, &path, Range::Any)? * in_mv(key)?;
            lif.drive_steps.push((time_ms, drive_mv));
        }
    }
    lif.drive_steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(())
}
