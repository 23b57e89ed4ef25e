//! Reading of a population's layout and colour. In: the keys `layout` and `colour`. Out: a [`Layout`] and sRGB.

use std::path::Path;

use super::error::{SceneError, suggest};
use super::fields::{Fields, Range, number};
use super::files;
use super::tree::{Node, Value};
use crate::model::layout::{Form, Layout, Plane, sheet_columns};

/// Kinds of layout and the keys that each has beside `kind`, `offset` and `jitter`.
const KINDS: [(&str, &[&str]); 9] = [
    ("sheet", &["columns", "spacing", "width", "plane"]),
    ("grid", &["spacing"]),
    ("planes", &["layers", "spacing", "gap"]),
    ("ball", &["radius", "spacing"]),
    ("shell", &["radius", "spacing"]),
    ("cylinder", &["radius", "height", "spacing"]),
    ("ring", &["radius", "spacing"]),
    ("box", &["extent"]),
    ("file", &["file"]),
];

/// Colours of populations that name none, in order (amber, blue, teal, pink, green, violet, orange, grey-blue).
const PALETTE: [&str; 8] = ["#ffb454", "#4f9dff", "#2fd6c3", "#ff6fae", "#8fe05a", "#b48bff", "#ff7d45", "#9fb4d1"];

/// Reads `layout`; without one, `index`-th populations stand as balls beside each other.
pub(crate) fn layout(
    fields: &Fields<'_>,
    index: usize,
    size: u32,
    columns: Option<u32>,
    base: &Path,
) -> Result<Layout, SceneError> {
    let Some(node) = fields.get("layout") else {
        let form = match columns {
            Some(columns) => Form::Sheet { columns: Some(columns), spacing: 1.0, plane: Plane::Xy },
            None => Form::Ball { radius: None, spacing: 1.0 },
        };
        return Ok(Layout { form, offset: [20.0 * index as f32, 0.0, 0.0], jitter: 0.0 });
    };
    let path = fields.key("layout");
    let Some(Node { value: Value::String(kind), .. }) = node.get("kind") else {
        let advice = format!("write kind = one of {}", kinds().join(", "));
        return Err(SceneError::new(&node.place, format!("{path}.kind"), "is missing", advice));
    };
    let Some((_, own_keys)) = KINDS.iter().find(|(name, _)| name == kind) else {
        let what = format!("there is no layout \"{kind}\"");
        return Err(SceneError::new(&node.place, format!("{path}.kind"), what, suggest(kind, kinds())));
    };
    let known: Vec<&str> = ["kind", "offset", "jitter"].iter().chain(own_keys.iter()).copied().collect();
    let fields = Fields::open(node, path, &known)?;
    let length = |key: &str, default: f64| -> Result<f32, SceneError> {
        Ok(fields.number_or(key, Range::Positive, default)? as f32)
    };
    let radius = |fields: &Fields<'_>| -> Result<Option<f32>, SceneError> {
        Ok(fields.number("radius", Range::Positive)?.map(|r| r as f32))
    };
    let form = match kind.as_str() {
        "sheet" => Form::Sheet {
            columns: fields.count("columns", 1)?.or(columns),
            spacing: sheet_spacing(&fields, size, columns)?,
            plane: match fields.choice("plane", &["xy", "xz", "zy"])? {
                Some("xz") => Plane::Xz,
                Some("zy") => Plane::Zy,
                _ => Plane::Xy,
            },
        },
        "grid" => Form::Grid { spacing: length("spacing", 1.0)? },
        "planes" => Form::Planes {
            layers: fields.count("layers", 1)?.unwrap_or(3),
            spacing: length("spacing", 1.0)?,
            gap: length("gap", 4.0)?,
        },
        "ball" => Form::Ball { radius: radius(&fields)?, spacing: length("spacing", 1.0)? },
        "shell" => Form::Shell { radius: radius(&fields)?, spacing: length("spacing", 1.0)? },
        "cylinder" => Form::Cylinder {
            radius: radius(&fields)?,
            height: fields.number_or("height", Range::NonNegative, 0.0)? as f32,
            spacing: length("spacing", 1.0)?,
        },
        "ring" => Form::Ring { radius: radius(&fields)?, spacing: length("spacing", 1.0)? },
        "box" => Form::Box {
            extent: fields
                .numbers::<3>("extent", Range::NonNegative)?
                .ok_or_else(|| fields.missing("extent", "give [width, height, depth]"))?
                .map(|x| x as f32),
        },
        _ => {
            let name = fields.required_text("file", "give the name of an .npz or .csv file with x, y and z")?;
            let points =
                files::points(&base.join(name)).map_err(|what| fields.error("file", what, "x, y and z are needed"))?;
            Form::Points(points)
        }
    };
    let jitter = fields.number_or("jitter", Range::NonNegative, 0.0)? as f32;
    Ok(Layout { form, offset: fields.point("offset")?.unwrap_or_default(), jitter })
}

/// `spacing`, or `width` over the number of columns.
fn sheet_spacing(fields: &Fields<'_>, size: u32, columns: Option<u32>) -> Result<f32, SceneError> {
    let Some(width) = fields.number("width", Range::Positive)? else {
        return Ok(fields.number_or("spacing", Range::Positive, 1.0)? as f32);
    };
    if fields.get("spacing").is_some() {
        return Err(fields.error("width", "cannot stand beside spacing", "keep one of them"));
    }
    let columns = sheet_columns(fields.count("columns", 1)?.or(columns), size);
    Ok((width / f64::from(columns)) as f32)
}

fn kinds() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// The colour of a population that was given none, by its place.
pub(super) fn usual_colour(index: usize) -> [f32; 3] {
    hexadecimal(PALETTE[index % PALETTE.len()]).unwrap_or([1.0; 3])
}

/// Reads `colour`: `"#rrggbb"` or three numbers from 0 to 1; otherwise the `index`-th of the palette.
pub(crate) fn colour(fields: &Fields<'_>, index: usize) -> Result<[f32; 3], SceneError> {
    let wrong = |what: String| fields.error("colour", what, "write \"#rrggbb\", or [red, green, blue] from 0 to 1");
    match fields.get("colour") {
        None => Ok(usual_colour(index)),
        Some(Node { value: Value::String(text), .. }) => {
            hexadecimal(text).ok_or_else(|| wrong(format!("\"{text}\" is no colour")))
        }
        Some(Node { value: Value::Array(items), .. }) if items.len() == 3 => {
            let mut colour = [0.0; 3];
            for (slot, item) in colour.iter_mut().zip(items) {
                *slot = number(item, &fields.key("colour"), Range::Share)? as f32;
            }
            Ok(colour)
        }
        Some(node) => Err(wrong(format!("{} is no colour", node.value.kind()))),
    }
}

fn hexadecimal(text: &str) -> Option<[f32; 3]> {
    let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii())?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    Some([16, 8, 0].map(|shift| (number >> shift & 0xff) as f32 / 255.0))
}
