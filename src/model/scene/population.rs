//! Reading of `[population.NAME]`: sizes (given, relative to another population, or following the data), cells,
//! initial values. In: the section. Out: [`PopulationSpec`]s in the order of the file.

use std::path::Path;

use super::arrange;
use super::distribution::{self, Use};
use super::error::{SceneError, suggest};
use super::fields::{Fields, Range, count, number};
use super::spec::{Distribution, PopulationSpec};
use super::tree::{Node, Value};
use crate::model::{AdaptiveThreshold, Background, Cell, Lif, Receptor, Source, SynapseModel};

/// Keys of every population.
const COMMON_KEYS: [&str; 6] = ["size", "cell", "layout", "colour", "shape", "like"];

/// Keys of leaky integrate-and-fire cells.
const LIF_KEYS: [&str; 18] = [
    "v_rest_mv",
    "v_reset_mv",
    "v_threshold_mv",
    "tau_membrane_ms",
    "refractory_ms",
    "synapse",
    "tau_excitatory_ms",
    "tau_inhibitory_ms",
    "reversal_excitatory_mv",
    "reversal_inhibitory_mv",
    "leak_ns",
    "drive_mv",
    "drive_pa",
    "background",
    "adaptive_threshold",
    "initial_membrane_mv",
    "initial_excitatory",
    "initial_inhibitory",
];

/// Keys of populations that only send spikes.
const SOURCE_KEYS: [&str; 3] = ["rate_hz", "spikes_ms", "file"];

/// Keys that `like` does not take over.
const OWN_KEYS: [&str; 4] = ["size", "layout", "colour", "shape"];

/// Cells that scenes can name.
const CELLS: [&str; 4] = ["lif", "poisson", "spikes", "image"];

/// The largest size of one population: ids are 32 bits wide and some are spoken for.
const MOST_NEURONS: f64 = 2_000_000_000.0;

/// What populations need to know from outside their section.
pub(crate) struct Context<'a> {
    /// Step, ms.
    pub(crate) dt_ms: f64,
    /// Width and height of the data's images, where the scene learns.
    pub(crate) image_shape: Option<[u32; 2]>,
    /// Where relative file names start.
    pub(crate) base: &'a Path,
}

/// Reads all populations.
pub(crate) fn read(root: &Fields<'_>, context: &Context<'_>) -> Result<Vec<PopulationSpec>, SceneError> {
    let sections = root.named("population")?;
    if sections.is_empty() {
        return Err(root.missing("population", "a scene needs at least one [population.NAME]"));
    }
    // A slip in a key explains a missing one better than the missing one explains itself.
    let every: Vec<&str> = COMMON_KEYS.iter().chain(&LIF_KEYS).chain(&SOURCE_KEYS).copied().collect();
    for (name, node) in &sections {
        Fields::open(node, format!("population.{name}"), &every)?;
    }
    let merged = merge_likes(&sections)?;
    let sizes = resolve_sizes(&merged, context)?;
    let mut specs = Vec::with_capacity(merged.len());
    for (index, (name, node)) in merged.iter().enumerate() {
        specs.push(read_one(name, node, index, sizes[index], context)?);
    }
    let total: u64 = specs.iter().map(|spec| u64::from(spec.size)).sum();
    if total as f64 > MOST_NEURONS {
        let what = format!("{total} neurons are more than the {MOST_NEURONS} that can be numbered");
        return Err(SceneError::new(&root.node.place, "population", what, "make populations smaller"));
    }
    Ok(specs)
}

/// Replaces `like` by the other population's keys.
fn merge_likes(sections: &[(&str, &Node)]) -> Result<Vec<(String, Node)>, SceneError> {
    let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let merge = |(name, node): &(&str, &Node)| {
        let mut merged = (*node).clone();
        let Some(like) = node.get("like") else { return Ok(((*name).to_owned(), merged)) };
        let key = format!("population.{name}.like");
        let Value::String(other) = &like.value else {
            let what = format!("must be the name of a population, not {}", like.value.kind());
            return Err(SceneError::new(&like.place, key, what, ""));
        };
        let Some((_, model)) = sections.iter().find(|(known, _)| known == other) else {
            let what = format!("there is no population `{other}`");
            return Err(SceneError::new(&like.place, key, what, suggest(other, names.clone())));
        };
        if model.get("like").is_some() {
            let what = format!("`{other}` is itself like another population");
            return Err(SceneError::new(&like.place, key, what, "name that one"));
        }
        if let (Value::Table(entries), Value::Table(others)) = (&mut merged.value, &model.value) {
            for entry in others {
                if !OWN_KEYS.contains(&entry.key.as_str()) && !entries.iter().any(|own| own.key == entry.key) {
                    entries.push(entry.clone());
                }
            }
        }
        Ok(((*name).to_owned(), merged))
    };
    sections.iter().map(merge).collect()
}

/// Turns `size = { of, ratio }` and `size = "data"` into numbers.
fn resolve_sizes(sections: &[(String, Node)], context: &Context<'_>) -> Result<Vec<u32>, SceneError> {
    let names: Vec<&str> = sections.iter().map(|(name, _)| name.as_str()).collect();
    sections.iter().enumerate().map(|(index, _)| size_of(index, sections, &names, context, 0)).collect()
}

fn size_of(
    index: usize,
    sections: &[(String, Node)],
    names: &[&str],
    context: &Context<'_>,
    depth: usize,
) -> Result<u32, SceneError> {
    let (name, node) = &sections[index];
    let path = format!("population.{name}.size");
    let Some(size) = node.get("size") else {
        let advice = "give the number of neurons, { of = \"other\", ratio = 0.25 }, or \"data\"";
        return Err(SceneError::new(&node.place, path, "is missing", advice));
    };
    match &size.value {
        Value::String(text) if text == "data" => match context.image_shape {
            Some([width, height]) => Ok(width * height),
            None => {
                let advice = "add a [learning] section, or give a number";
                Err(SceneError::new(&size.place, path, "follows the data, but the scene has none", advice))
            }
        },
        Value::Table(_) => {
            let fields = Fields::open(size, path, &["of", "ratio"])?;
            let other = fields.required_text("of", "name another population")?;
            let Some(other_index) = names.iter().position(|known| *known == other) else {
                let advice = suggest(&other, names.iter().copied());
                return Err(fields.error("of", format!("there is no population `{other}`"), advice));
            };
            if depth > sections.len() {
                return Err(fields.error("of", "the sizes depend on each other in a circle", "give one as a number"));
            }
            let ratio = fields.required("ratio", Range::Positive)?;
            let size = f64::from(size_of(other_index, sections, names, context, depth + 1)?) * ratio;
            if size > MOST_NEURONS {
                return Err(fields.error("ratio", format!("gives {size} neurons"), "make it smaller"));
            }
            Ok((size.round() as u32).max(1))
        }
        _ => count(size, &path, 1),
    }
}

fn read_one(
    name: &str,
    node: &Node,
    index: usize,
    size: u32,
    context: &Context<'_>,
) -> Result<PopulationSpec, SceneError> {
    let path = format!("population.{name}");
    let cell = match node.get("cell") {
        None => "lif",
        Some(Node { value: Value::String(text), place }) => {
            CELLS.into_iter().find(|known| known == text).ok_or_else(|| {
                let what = format!("there is no cell \"{text}\"");
                SceneError::new(place, format!("{path}.cell"), what, suggest(text, CELLS))
            })?
        }
        Some(other) => {
            let what = format!("must be one of {}, not {}", CELLS.join(", "), other.value.kind());
            return Err(SceneError::new(&other.place, format!("{path}.cell"), what, ""));
        }
    };
    let cell_keys: &[&str] = match cell {
        "lif" => &LIF_KEYS,
        "poisson" => &["rate_hz"],
        "spikes" => &["spikes_ms", "file"],
        _ => &[],
    };
    let known: Vec<&str> = COMMON_KEYS.iter().chain(cell_keys).copied().collect();
    let fields = Fields::open(node, path, &known)?;
    let shape = shape(&fields, cell, size, context)?;
    let layout = arrange::layout(&fields, index, size, shape.map(|s| s[0]), context.base)?;
    if let crate::model::layout::Form::Points(points) = &layout.form
        && points.len() != size as usize
    {
        let what = format!("holds {} points for {size} neurons", points.len());
        return Err(fields.error("layout", what, "give one point per neuron"));
    }
    let mut spec = PopulationSpec {
        name: name.to_owned(),
        place: node.place.clone(),
        size,
        cell: Cell::Source(Source::Poisson { rate_hz: 0.0 }),
        spike_file: None,
        leak_ns: None,
        shape: shape.or_else(|| layout.shape(size)),
        colour: arrange::colour(&fields, index)?,
        layout,
        initial_membrane_mv: Distribution::Constant(0.0),
        initial_synaptic: [Distribution::Constant(0.0), Distribution::Constant(0.0)],
    };
    match cell {
        "lif" => read_lif(&fields, &mut spec, context)?,
        "poisson" => {
            let rate_hz = fields.number_or("rate_hz", Range::NonNegative, 0.0)?;
            check_rate(&fields, rate_hz, context.dt_ms)?;
            spec.cell = Cell::Source(Source::Poisson { rate_hz });
        }
        "spikes" => {
            spec.cell = Cell::Source(Source::SpikeList(spike_list(&fields, "spikes_ms", size, context.dt_ms)?));
            spec.spike_file = fields.text("file")?.map(|name| context.base.join(name));
        }
        _ => {}
    }
    Ok(spec)
}

/// A source spikes at most once a step.
fn check_rate(fields: &Fields<'_>, rate_hz: f64, dt_ms: f64) -> Result<(), SceneError> {
    if rate_hz * dt_ms > 1000.0 {
        let what = format!("{rate_hz} Hz is more than one spike in every step of {dt_ms} ms");
        return Err(fields.error("rate_hz", what, "lower it, or use `background`, which allows several a step"));
    }
    Ok(())
}

fn shape(fields: &Fields<'_>, cell: &str, size: u32, context: &Context<'_>) -> Result<Option<[u32; 2]>, SceneError> {
    if let Some([width, height]) = fields.numbers::<2>("shape", Range::Positive)? {
        if (width * height - f64::from(size)).abs() > 0.5 || width.fract() != 0.0 || height.fract() != 0.0 {
            let what = format!("{width} x {height} is not the size {size}");
            return Err(fields.error("shape", what, "width times height must be the size"));
        }
        return Ok(Some([width as u32, height as u32]));
    }
    let follows_data = matches!(fields.get("size").map(|node| &node.value), Some(Value::String(_)));
    if cell != "image" && !follows_data {
        return Ok(None);
    }
    match context.image_shape {
        Some(shape) if shape[0] * shape[1] == size => Ok(Some(shape)),
        Some([width, height]) => {
            let what = format!("has {size} neurons for images of {width} x {height} pixels");
            Err(fields.error("size", what, "write size = \"data\""))
        }
        None => Err(fields.error(
            "cell",
            "\"image\" shows the images of a data set, but the scene has none",
            "add [learning]",
        )),
    }
}

/// Per neuron a list of ms, turned into ascending steps.
pub(crate) fn spike_list(fields: &Fields<'_>, key: &str, size: u32, dt_ms: f64) -> Result<Vec<Vec<u32>>, SceneError> {
    let mut lists = vec![Vec::new(); size as usize];
    let Some(items) = fields.list(key)? else { return Ok(lists) };
    if items.len() > lists.len() {
        return Err(fields.error(
            key,
            format!("holds {} lists for {size} neurons", items.len()),
            "one list per neuron",
        ));
    }
    for (list, item) in lists.iter_mut().zip(items) {
        let Value::Array(times) = &item.value else {
            let what = format!("must hold one list of times per neuron, not {}", item.value.kind());
            return Err(SceneError::new(&item.place, fields.key(key), what, "write [[1.0, 5.0], [2.5]]"));
        };
        for time in times {
            list.push(step_of(number(time, &fields.key(key), Range::NonNegative)?, dt_ms));
        }
        list.sort_unstable();
        list.dedup();
    }
    Ok(lists)
}

/// The step whose end is nearest to a time; the first is 1.
pub(crate) fn step_of(time_ms: f64, dt_ms: f64) -> u32 {
    (time_ms / dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u32
}

fn read_lif(fields: &Fields<'_>, spec: &mut PopulationSpec, context: &Context<'_>) -> Result<(), SceneError> {
    let synapse = read_synapse(fields)?;
    let leak_ns = fields.number("leak_ns", Range::Positive)?;
    let lif = Lif {
        v_rest_mv: fields.required("v_rest_mv", Range::Any)?,
        v_reset_mv: fields.required("v_reset_mv", Range::Any)?,
        v_threshold_mv: fields.required("v_threshold_mv", Range::Any)?,
        tau_membrane_ms: fields.required("tau_membrane_ms", Range::Positive)?,
        refractory_ms: fields.number_or("refractory_ms", Range::NonNegative, 0.0)?,
        synapse,
        drive_mv: read_drive(fields, leak_ns)?,
        drive_steps: Vec::new(),
        background: match fields.table("background", &["rate_hz", "weight", "weight_ns", "weight_pa", "receptor"])? {
            Some(table) => Some(read_background(&table, synapse, leak_ns)?),
            None => None,
        },
        adaptive_threshold: read_adaptive_threshold(fields)?,
    };
    let threshold = lif.v_threshold_mv + lif.adaptive_threshold.map_or(0.0, |theta| theta.initial_mv);
    if lif.v_reset_mv >= threshold {
        let what = format!("{} mV is not below the threshold of {threshold} mV", lif.v_reset_mv);
        return Err(fields.error("v_reset_mv", what, "the cell would spike without end"));
    }
    if lif.refractory_ms / context.dt_ms > 1e6 {
        return Err(fields.error("refractory_ms", "is more than a million steps", "make it shorter"));
    }
    if matches!(synapse, SynapseModel::Conductance { .. }) && lif.tau_membrane_ms < context.dt_ms {
        let what = format!("is shorter than the step of {} ms", context.dt_ms);
        return Err(fields.error("tau_membrane_ms", what, "conductance cells need a smaller dt_ms"));
    }
    let initial = |key: &str, default: f64| match fields.get(key) {
        Some(node) => distribution::read(node, &fields.key(key), Use::Initial, context.base),
        None => Ok(Distribution::Constant(default)),
    };
    spec.initial_membrane_mv = initial("initial_membrane_mv", lif.v_rest_mv)?;
    spec.initial_synaptic = [initial("initial_excitatory", 0.0)?, initial("initial_inhibitory", 0.0)?];
    spec.leak_ns = leak_ns;
    spec.cell = Cell::Lif(lif);
    Ok(())
}

fn read_synapse(fields: &Fields<'_>) -> Result<SynapseModel, SceneError> {
    let words = ["delta", "current", "conductance"];
    let kind = fields.choice("synapse", &words)?;
    let kind = kind.ok_or_else(|| fields.missing("synapse", format!("give one of {}", words.join(", "))))?;
    let refused: &[&str] = match kind {
        "delta" => &["tau_excitatory_ms", "tau_inhibitory_ms", "reversal_excitatory_mv", "reversal_inhibitory_mv"],
        "current" => &["reversal_excitatory_mv", "reversal_inhibitory_mv"],
        _ => &[],
    };
    if let Some(key) = refused.iter().find(|key| fields.get(key).is_some()) {
        return Err(fields.error(key, format!("means nothing for {kind} synapses"), "remove it, or change `synapse`"));
    }
    let tau = |key: &str| fields.required(key, Range::Positive);
    Ok(match kind {
        "delta" => SynapseModel::Delta,
        "current" => SynapseModel::Current {
            tau_excitatory_ms: tau("tau_excitatory_ms")?,
            tau_inhibitory_ms: tau("tau_inhibitory_ms")?,
        },
        _ => SynapseModel::Conductance {
            tau_excitatory_ms: tau("tau_excitatory_ms")?,
            tau_inhibitory_ms: tau("tau_inhibitory_ms")?,
            reversal_excitatory_mv: fields.number_or("reversal_excitatory_mv", Range::Any, 0.0)?,
            reversal_inhibitory_mv: fields.number_or("reversal_inhibitory_mv", Range::Any, -80.0)?,
        },
    })
}

/// `drive_mv`, or `drive_pa` over the leak (mV = pA / nS).
fn read_drive(fields: &Fields<'_>, leak_ns: Option<f64>) -> Result<f64, SceneError> {
    match (fields.number("drive_mv", Range::Any)?, fields.number("drive_pa", Range::Any)?, leak_ns) {
        (Some(_), Some(_), _) => Err(fields.error("drive_pa", "cannot stand beside drive_mv", "keep one of them")),
        (_, Some(_), None) => Err(fields.error("drive_pa", "needs leak_ns", "add leak_ns, or write drive_mv")),
        (drive_mv, None, _) => Ok(drive_mv.unwrap_or(0.0)),
        (None, Some(drive_pa), Some(leak)) => Ok(drive_pa / leak),
    }
}

fn read_adaptive_threshold(fields: &Fields<'_>) -> Result<Option<AdaptiveThreshold>, SceneError> {
    let Some(table) = fields.table("adaptive_threshold", &["initial_mv", "increment_mv", "tau_ms"])? else {
        return Ok(None);
    };
    Ok(Some(AdaptiveThreshold {
        initial_mv: table.number_or("initial_mv", Range::Any, 0.0)?,
        increment_mv: table.required("increment_mv", Range::NonNegative)?,
        tau_ms: table.required("tau_ms", Range::Positive)?,
    }))
}

/// `{ rate_hz, weight, receptor }` of a population or a stimulus.
pub(crate) fn read_background(
    fields: &Fields<'_>,
    synapse: SynapseModel,
    leak_ns: Option<f64>,
) -> Result<Background, SceneError> {
    let (key, factor) = weight_key(fields, synapse, leak_ns)?;
    let weight = fields.required(key, Range::Any)? * factor;
    let receptor = match fields.choice("receptor", &["excitatory", "inhibitory"])? {
        Some("inhibitory") => Receptor::Inhibitory,
        Some(_) => Receptor::Excitatory,
        None if weight < 0.0 => Receptor::Inhibitory,
        None => Receptor::Excitatory,
    };
    if matches!(synapse, SynapseModel::Conductance { .. }) && weight < 0.0 {
        return Err(fields.error(key, "conductances are never negative", "write receptor = \"inhibitory\""));
    }
    Ok(Background { rate_hz: fields.required("rate_hz", Range::NonNegative)?, weight, receptor })
}

/// Which of `weight`, `weight_ns` and `weight_pa` is given, and the factor to the network's unit.
pub(crate) fn weight_key(
    fields: &Fields<'_>,
    synapse: SynapseModel,
    leak_ns: Option<f64>,
) -> Result<(&'static str, f64), SceneError> {
    let given: Vec<&'static str> =
        ["weight", "weight_ns", "weight_pa"].into_iter().filter(|key| fields.get(key).is_some()).collect();
    let key = match given[..] {
        [] => "weight",
        [key] => key,
        [_, second, ..] => return Err(fields.error(second, "the weight is given twice", "keep one of them")),
    };
    let fits = match key {
        "weight_ns" => matches!(synapse, SynapseModel::Conductance { .. }),
        "weight_pa" => matches!(synapse, SynapseModel::Current { .. }),
        _ => return Ok((key, 1.0)),
    };
    if !fits {
        let what = "does not fit the synapses of the target";
        return Err(fields.error(key, what, "nS go with conductance, pA with current synapses; `weight` with any"));
    }
    match leak_ns {
        Some(leak) => Ok((key, 1.0 / leak)),
        None => Err(fields.error(key, "needs leak_ns of the target population", "add it there, or write `weight`")),
    }
}
