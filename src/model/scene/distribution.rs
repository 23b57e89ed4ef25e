//! Reading of numbers that may be random: a plain number, `{ uniform = [a, b] }`, `{ normal = [mean, sd] }`, and for
//! synapses `{ base, per_unit }` by distance. In: a key's value. Out: a [`Distribution`].

use std::path::Path;

use super::error::SceneError;
use super::fields::{Fields, Range, number};
use super::spec::Distribution;
use super::tree::{Node, Value};

/// What a distribution is for, which decides what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Weights: normal ones keep the sign of their mean unless clipped otherwise.
    Weight,
    /// Delays: above 0.
    Delay,
    /// Initial values: may come from a file.
    Initial,
}

/// Reads a distribution. `base` is the folder that relative file names start from.
pub(crate) fn read(node: &Node, path: &str, what_for: Use, base: &Path) -> Result<Distribution, SceneError> {
    let range = if what_for == Use::Delay { Range::Positive } else { Range::Any };
    if !matches!(node.value, Value::Table(_)) {
        return Ok(Distribution::Constant(number(node, path, range)?));
    }
    let keys: &[&str] = match what_for {
        Use::Weight | Use::Delay => &["uniform", "normal", "clip", "base", "per_unit"],
        Use::Initial => &["uniform", "normal", "clip", "file", "array", "first"],
    };
    let fields = Fields::open(node, path, keys)?;
    let kinds: Vec<&str> =
        ["uniform", "normal", "base", "file"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    let [kind] = kinds[..] else {
        let advice = "give a number, or one of { uniform = [low, high] } and { normal = [mean, sd] }";
        return Err(SceneError::new(&node.place, path, "says not which distribution, or says two", advice));
    };
    for (key, owner) in [("clip", "normal"), ("per_unit", "base"), ("array", "file"), ("first", "file")] {
        if fields.get(key).is_some() && kind != owner {
            return Err(fields.error(key, format!("only goes with `{owner}`"), ""));
        }
    }
    match kind {
        "uniform" => {
            let [low, high] = fields.numbers::<2>("uniform", range)?.unwrap_or_default();
            if low > high {
                return Err(fields.error("uniform", format!("ends at {high}, below its start {low}"), "swap them"));
            }
            Ok(Distribution::Uniform { low, high })
        }
        "normal" => {
            let [mean, sd] = fields.numbers::<2>("normal", Range::Any)?.unwrap_or_default();
            if sd < 0.0 {
                return Err(fields.error("normal", format!("has the negative standard deviation {sd}"), ""));
            }
            let (low, high) = match fields.numbers::<2>("clip", range)? {
                Some([low, high]) if low > high => {
                    return Err(fields.error("clip", format!("ends at {high}, below its start {low}"), "swap them"));
                }
                Some([low, high]) => (low, high),
                None => match what_for {
                    Use::Weight if mean < 0.0 => (f64::NEG_INFINITY, 0.0),
                    Use::Weight | Use::Delay => (0.0, f64::INFINITY),
                    Use::Initial => (f64::NEG_INFINITY, f64::INFINITY),
                },
            };
            Ok(Distribution::Normal { mean, sd, low, high })
        }
        "base" => Ok(Distribution::Distance {
            base: fields.required("base", if what_for == Use::Delay { Range::NonNegative } else { Range::Any })?,
            per_unit: fields
                .required("per_unit", if what_for == Use::Delay { Range::NonNegative } else { Range::Any })?,
        }),
        _ => Ok(Distribution::File {
            path: base.join(fields.required_text("file", "give the name of an .npz file")?),
            array: fields.required_text("array", "give the name of an array in the file")?,
            first: fields.count("first", 0)?.unwrap_or(0) as usize,
        }),
    }
}
