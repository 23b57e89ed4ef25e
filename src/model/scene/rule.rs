//! Reading of a projection's connection rule. In: the projection's table and one pair of populations. Out: the rule of
//! that pair, or nothing where a matrix says that the pair is not connected.

use std::path::Path;

use super::error::SceneError;
use super::fields::{Fields, Range, count, number};
use super::spec::{Kernel, KernelShape, ListFile, PopulationSpec, RuleSpec};
use super::tree::{Node, Value};

/// Rules that scenes can name.
const RULES: [&str; 8] = [
    "all-to-all",
    "one-to-one",
    "all-but-self",
    "fixed-probability",
    "fixed-in-degree",
    "fixed-out-degree",
    "distance",
    "list",
];

/// Keys of all rules.
pub(crate) const KEYS: [&str; 12] = [
    "probability",
    "in_degree",
    "out_degree",
    "multapses",
    "kernel",
    "width",
    "radius",
    "torus",
    "axes",
    "file",
    "ids",
    "weight_array",
];

/// The pair of populations that is being connected, and its place in matrices (rows: targets, columns: sources).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Population index.
    pub(crate) source: usize,
    /// Population index.
    pub(crate) target: usize,
    /// Place of the target in the list of targets.
    pub(crate) row: usize,
    /// Place of the source in the list of sources.
    pub(crate) column: usize,
    /// Targets.
    pub(crate) rows: usize,
    /// Sources.
    pub(crate) columns: usize,
}

/// Keys that a rule has; `probability` and the degrees must be there.
const fn keys_of(rule: &str) -> &'static [&'static str] {
    match rule.as_bytes() {
        b"fixed-probability" => &["probability"],
        b"fixed-in-degree" => &["in_degree", "multapses"],
        b"fixed-out-degree" => &["out_degree", "multapses"],
        b"distance" => &["probability", "kernel", "width", "radius", "torus", "axes"],
        b"list" => &["file", "ids", "weight_array"],
        _ => &[],
    }
}

/// Reads the rule of one pair.
pub(crate) fn read(
    fields: &Fields<'_>,
    pair: &Pair,
    populations: &[PopulationSpec],
    base: &Path,
) -> Result<Option<RuleSpec>, SceneError> {
    let rule = fields
        .choice("rule", &RULES)?
        .ok_or_else(|| fields.missing("rule", format!("give one of {}", RULES.join(", "))))?;
    let own = keys_of(rule);
    if let Some(key) = KEYS.iter().find(|key| fields.get(key).is_some() && !own.contains(key)) {
        return Err(fields.error(key, format!("means nothing for rule = \"{rule}\""), "remove it, or change the rule"));
    }
    let (source, target) = (&populations[pair.source], &populations[pair.target]);
    let recurrent = pair.source == pair.target;
    let autapses = fields.flag("autapses")?.unwrap_or(false);
    let multapses = fields.flag("multapses")?.unwrap_or(false);
    Ok(Some(match rule {
        "all-to-all" if recurrent && !autapses => RuleSpec::AllButSelf,
        "all-to-all" => RuleSpec::AllToAll,
        "one-to-one" => {
            if source.size != target.size {
                let what = format!("`{}` has {} neurons, `{}` {}", source.name, source.size, target.name, target.size);
                return Err(fields.error("rule", what, "one-to-one needs equal sizes"));
            }
            RuleSpec::OneToOne
        }
        "all-but-self" => {
            if source.size != target.size {
                let what = format!("`{}` has {} neurons, `{}` {}", source.name, source.size, target.name, target.size);
                return Err(fields.error("rule", what, "all-but-self needs equal sizes"));
            }
            RuleSpec::AllButSelf
        }
        "fixed-probability" => match cell(fields, "probability", pair)? {
            None => return Err(fields.missing("probability", "give a number from 0 to 1")),
            Some(node) => match number(node, &fields.key("probability"), Range::Share)? {
                0.0 => return Ok(None),
                p => RuleSpec::FixedProbability(p),
            },
        },
        "fixed-in-degree" | "fixed-out-degree" => {
            let inward = rule == "fixed-in-degree";
            let (key, pool) = if inward { ("in_degree", source) } else { ("out_degree", target) };
            let Some(node) = cell(fields, key, pair)? else {
                return Err(fields.missing(key, "give a whole number"));
            };
            let degree = count(node, &fields.key(key), 0)?;
            if degree == 0 {
                return Ok(None);
            }
            let available = pool.size - u32::from(recurrent && !autapses);
            if (degree > available && !multapses) || available == 0 {
                let what = format!("is {degree}, but `{}` offers only {available} neurons", pool.name);
                return Err(fields.error(key, what, "lower it, make the population larger, or write multapses = true"));
            }
            if inward {
                RuleSpec::FixedInDegree { degree, multapses }
            } else {
                RuleSpec::FixedOutDegree { degree, multapses }
            }
        }
        "distance" => RuleSpec::Distance(kernel(fields, target)?),
        _ => RuleSpec::List(ListFile {
            path: base.join(fields.required_text("file", "give the name of an .npz or .parquet file")?),
            global_ids: fields.choice("ids", &["local", "global"])? == Some("global"),
            weight_array: fields.text("weight_array")?,
        }),
    }))
}

/// The value for one pair: the key's own, or its cell where it is a matrix (one row per target).
fn cell<'a>(fields: &Fields<'a>, key: &str, pair: &Pair) -> Result<Option<&'a Node>, SceneError> {
    let Some(node) = fields.get(key) else { return Ok(None) };
    let Value::Array(rows) = &node.value else { return Ok(Some(node)) };
    let wrong = |what: String| {
        let advice = format!("give {} rows (targets) of {} numbers (sources)", pair.rows, pair.columns);
        fields.error(key, what, advice)
    };
    if rows.len() != pair.rows {
        return Err(wrong(format!("has {} rows", rows.len())));
    }
    match &rows[pair.row].value {
        Value::Array(columns) if columns.len() == pair.columns => Ok(Some(&columns[pair.column])),
        Value::Array(columns) => Err(wrong(format!("has a row of {} numbers", columns.len()))),
        other => Err(wrong(format!("has a row that is {}", other.kind()))),
    }
}

fn kernel(fields: &Fields<'_>, target: &PopulationSpec) -> Result<Kernel, SceneError> {
    let width = fields.number("width", Range::Positive)?;
    let need_width = || width.ok_or_else(|| fields.missing("width", "give the kernel's width, scene units"));
    let (shape, radius) = match fields.choice("kernel", &["gaussian", "exponential", "flat"])? {
        Some("exponential") => (KernelShape::Exponential(need_width()?), 5.0 * width.unwrap_or(1.0)),
        Some("flat") => {
            if width.is_some() {
                return Err(fields.error("width", "means nothing for a flat kernel", "give `radius`"));
            }
            (KernelShape::Flat, fields.required("radius", Range::Positive)?)
        }
        _ => (KernelShape::Gaussian(need_width()?), 3.0 * width.unwrap_or(1.0)),
    };
    let torus = fields.flag("torus")?.unwrap_or(false);
    let radius = fields.number_or("radius", Range::Positive, radius)?;
    if torus {
        match target.layout.period(target.size) {
            None => {
                let what = format!("the layout of `{}` cannot be closed on itself", target.name);
                return Err(fields.error("torus", what, "only sheet and box can"));
            }
            Some(period) if period.iter().any(|&length| length > 0.0 && length < 2.0 * radius) => {
                let what = format!("reaches {radius} units, more than half around `{}`", target.name);
                return Err(fields.error("torus", what, "make the radius smaller or the population larger"));
            }
            Some(_) => {}
        }
    }
    let axes = fields.choice("axes", &["xyz", "xz", "xy", "zy", "x", "y", "z"])?.unwrap_or("xyz");
    let axes = ["x", "y", "z"].map(|axis| axes.contains(axis));
    Ok(Kernel { probability: fields.required("probability", Range::Share)?, shape, radius, torus, axes })
}
