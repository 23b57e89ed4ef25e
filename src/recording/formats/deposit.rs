//! Writes what an intake collected as a recording: numbers the neurons, sorts spikes, values and weights by time, gives
//! every table its file. Out: a summary of what there is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int16Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use serde::Serialize;
use serde_json::json;

use super::error::ImportError;
use super::intake::{ANY, Intake};
use super::named_ids::{self, NamedIds};
use super::runs::{Row, Runs};
use crate::recording::RecordingError;
use crate::recording::columns::{self, BATCH_ROWS};
use crate::recording::files::write_text;
use crate::recording::table::write_table;

/// Steps that simulators are set to, ms; the coarsest that all times lie on is taken.
const STEPS_MS: [f64; 16] =
    [1.0, 0.5, 0.25, 0.2, 0.125, 0.1, 0.05, 0.025, 0.02, 0.0125, 0.01, 0.005, 0.0025, 0.002, 0.0015, 0.001];

/// What there is in a recording.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// All neurons.
    pub neurons: u64,
    /// All spikes.
    pub spikes: u64,
    /// Membrane values.
    pub potentials: u64,
    /// All synapses.
    pub synapses: u64,
    /// Changes of weights.
    pub weight_changes: u64,
    /// Inputs shown.
    pub labels: u64,
    /// Length of the run, ms.
    pub duration_ms: f64,
    /// Where the length is from.
    pub duration_from: &'static str,
    /// Step, ms; 0.001 where times lie on no grid.
    pub dt_ms: f64,
    /// Populations in order of neuron.
    pub populations: Vec<PopulationSummary>,
}

/// A population of an imported recording.
#[derive(Clone, Debug, Serialize)]
pub struct PopulationSummary {
    /// Its name.
    pub name: String,
    /// Its first neuron in the recording.
    pub first_neuron: u32,
    /// How many.
    pub size: u32,
    /// Only sends spikes.
    pub source: bool,
    /// The id that its first neuron had in the files.
    pub first_id: u64,
}

/// What the user said that files cannot tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) neurons: Option<u64>,
    pub(super) populations: Vec<NamedIds>,
    pub(super) duration_ms: Option<f64>,
    pub(super) sources: Vec<String>,
    pub(super) formats: Vec<String>,
}

/// Neurons in order: of which population, with which id, by slot.
struct Numbered {
    populations: Vec<PopulationSummary>,
    ids: Vec<u64>,
    /// By slot.
    neuron_of: Vec<u32>,
}

/// Writes everything into the intake's folder.
pub(super) fn write(mut intake: Intake, told: &Told) -> Result<Summary, ImportError> {
    let folder = intake.folder.clone();
    if let Some(size) = told.neurons {
        // Only one population can be meant.
        let group = if intake.groups.len() == 2 && intake.groups[ANY].neurons == 0 { 1 } else { ANY };
        let first = if intake.groups[group].from_zero {
            0
        } else {
            intake.slots.iter().filter(|slot| slot.0 as usize == group).map(|slot| slot.1).min().unwrap_or(0)
        };
        intake.groups[group].declared = Some((first, size));
    }
    if !told.populations.is_empty() {
        named_ids::apply(&mut intake, &told.populations)?;
    }
    let numbered = number(&intake)?;
    let projections = write_synapses(&folder, &mut intake, &numbered)?;
    write_neurons(&folder, &intake, &numbered)?;

    let (duration_ms, duration_from) = duration(&intake, told);
    let dt_ms = intake.dt_ms.filter(|dt| *dt > 0.0).unwrap_or_else(|| step_of(&intake.sample));
    let summary = Summary {
        neurons: numbered.ids.len() as u64,
        spikes: intake.spikes.count(),
        potentials: intake.potentials.count(),
        synapses: intake.synapses.len() as u64,
        weight_changes: intake.weights.count(),
        labels: intake.labels.len() as u64,
        duration_ms,
        duration_from,
        dt_ms,
        populations: numbered.populations.clone(),
    };
    let neuron_of = &numbered.neuron_of;
    write_rows(&folder.join("spikes.parquet"), columns::spikes_schema(), intake.spikes, |rows| {
        vec![times(rows), Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| neuron_of[row.key as usize])))]
    })?;
    if summary.potentials > 0 {
        write_rows(&folder.join("potentials.parquet"), columns::potentials_schema(), intake.potentials, |rows| {
            vec![
                times(rows),
                Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| neuron_of[row.key as usize]))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.value))),
            ]
        })?;
    }
    if summary.weight_changes > 0 {
        let synapse_of = &projections.synapse_of;
        write_rows(&folder.join("weights.parquet"), columns::weights_schema(), intake.weights, |rows| {
            vec![
                times(rows),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| i64::from(synapse_of[row.key as usize])))),
                Arc::new(rows.iter().map(|row| (!row.value.is_nan()).then_some(row.value)).collect::<Float32Array>()),
            ]
        })?;
    }
    if !intake.labels.is_empty() {
        let mut labels = std::mem::take(&mut intake.labels);
        labels.sort_by(|a, b| a.start_ms.total_cmp(&b.start_ms));
        let batch = batch(
            columns::labels_schema(),
            vec![
                Arc::new(Float64Array::from_iter_values(labels.iter().map(|label| label.start_ms))),
                Arc::new(Float64Array::from_iter_values(
                    labels.iter().map(|label| if label.end_ms.is_finite() { label.end_ms } else { duration_ms }),
                )),
                Arc::new(Int16Array::from_iter_values(labels.iter().map(|label| label.label))),
                Arc::new(Int64Array::from_iter_values(labels.iter().map(|label| label.input))),
            ],
        );
        write_table(&folder.join("labels.parquet"), columns::labels_schema(), std::iter::once(batch))?;
    }
    let header = json!({
        "format": "spikescope recording",
        "version": 1,
        "name": told.name,
        "title": format!("imported from {}", told.sources.join(", ")),
        "simulator": intake.simulator.as_deref().unwrap_or("unknown"),
        "simulator_version": "",
        "engine": "",
        "adapter": "",
        "seed": 0,
        "dt_ms": dt_ms,
        "duration_ms": duration_ms,
        "complete": true,
        "units": {
            "time": "ms",
            "potential": intake.potential_unit.unwrap_or("mV"),
            "delay": "ms",
            "weight": intake.weight_unit.unwrap_or("as in the file"),
            "position": "as in the file",
        },
        "populations": numbered.populations,
        "projections": projections.entries,
        "imported": {
            "sources": told.sources,
            "formats": told.formats,
            "mapped": intake.mapped,
            "dropped": intake.dropped,
            "duration_from": duration_from,
        },
    });
    let text = serde_json::to_string_pretty(&header).map_err(|error| ImportError::Mistake(error.to_string()))?;
    write_text(&folder.join("recording.json"), &(text + "\n"))?;
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "run") {
            // Runs that were merged; what cannot be removed only takes room.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(summary)
}

/// Numbers the neurons: by population, there by id. Ids without gaps stay so, silent ones between them included.
fn number(intake: &Intake) -> Result<Numbered, ImportError> {
    let mut by_group: Vec<Vec<u64>> = vec![Vec::new(); intake.groups.len()];
    for (group, id) in &intake.slots {
        by_group[*group as usize].push(*id);
    }
    let mut ranges: Vec<Vec<u64>> = vec![Vec::new(); intake.groups.len()];
    // Populations first: what is left of the nameless ids comes last.
    for group in (1..intake.groups.len()).chain([ANY]) {
        let mut seen = std::mem::take(&mut by_group[group]);
        if group == ANY {
            seen.retain(|id| !ranges[1..].iter().any(|range| range.binary_search(id).is_ok()));
        }
        seen.sort_unstable();
        let entry = &intake.groups[group];
        let first_seen = seen.first().copied();
        ranges[group] = match (entry.declared, first_seen) {
            (None, None) => Vec::new(),
            (Some((first, size)), _) => {
                if let Some(out) = seen.iter().find(|id| !(first..first + size).contains(id)) {
                    return Err(ImportError::Mistake(format!(
                        "the files have a neuron {out}, but the population {} has the ids {first}..{}",
                        entry.name,
                        first + size
                    )));
                }
                (first..first + size).collect()
            }
            (None, Some(smallest)) => {
                let first = if entry.from_zero { 0 } else { smallest };
                let last = seen.last().copied().unwrap_or(smallest);
                let others_have_none = group != ANY || ranges[1..].iter().all(Vec::is_empty);
                if others_have_none && last - first < (8 * seen.len() as u64).max(65_536) {
                    (first..=last).collect()
                } else {
                    seen
                }
            }
        };
    }
    let mut populations = Vec::new();
    let mut ids = Vec::new();
    let mut firsts = vec![0_u32; intake.groups.len()];
    for group in (1..intake.groups.len()).chain([ANY]) {
        let range = &ranges[group];
        if range.is_empty() {
            continue;
        }
        let entry = &intake.groups[group];
        firsts[group] = ids.len() as u32;
        populations.push(PopulationSummary {
            name: entry.name.clone(),
            first_neuron: ids.len() as u32,
            size: range.len() as u32,
            source: entry.source,
            first_id: range[0],
        });
        ids.extend_from_slice(range);
    }
    let neuron_in = |group: usize, id: u64| ranges[group].binary_search(&id).ok().map(|at| firsts[group] + at as u32);
    let neuron_of = intake
        .slots
        .iter()
        .map(|&(group, id)| {
            let named = || (1..ranges.len()).find_map(|other| neuron_in(other, id));
            let found = if group as usize == ANY {
                named().or_else(|| neuron_in(ANY, id))
            } else {
                neuron_in(group as usize, id)
            };
            // Every slot's id is in its own range or a named one, by construction.
            found.unwrap_or(0)
        })
        .collect();
    Ok(Numbered { populations, ids, neuron_of })
}

fn write_neurons(folder: &Path, intake: &Intake, numbered: &Numbered) -> Result<(), RecordingError> {
    let mut positions: Vec<Option<[f32; 3]>> = Vec::new();
    if !intake.positions.is_empty() {
        positions.resize(numbered.ids.len(), None);
        for (slot, position) in &intake.positions {
            positions[numbered.neuron_of[*slot as usize] as usize] = Some(*position);
        }
    }
    let mut fields = vec![
        Field::new("neuron", DataType::UInt32, false),
        Field::new("population", DataType::Utf8, false),
        Field::new("id", DataType::Int64, false),
    ];
    // A file without places has no columns for them, so that nobody takes zeros for places.
    if !positions.is_empty() {
        fields.extend(["x", "y", "z"].map(|axis| Field::new(axis, DataType::Float32, true)));
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let count = numbered.ids.len();
    let population_of = |neuron: usize| {
        let at = numbered.populations.partition_point(|p| p.first_neuron as usize <= neuron);
        numbered.populations[at.saturating_sub(1)].name.as_str()
    };
    let batches = (0..count.max(1)).step_by(BATCH_ROWS).map(|first| {
        let range = first..count.min(first + BATCH_ROWS);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from_iter_values(range.clone().map(|neuron| neuron as u32))),
            Arc::new(StringArray::from_iter_values(range.clone().map(population_of))),
            Arc::new(Int64Array::from_iter_values(range.clone().map(|neuron| numbered.ids[neuron] as i64))),
        ];
        if !positions.is_empty() {
            for axis in 0..3 {
                columns.push(Arc::new(
                    range.clone().map(|neuron| positions[neuron].map(|p| p[axis])).collect::<Float32Array>(),
                ));
            }
        }
        batch(schema.clone(), columns)
    });
    write_table(&folder.join("neurons.parquet"), schema.clone(), batches)
}

struct Projections {
    entries: Vec<serde_json::Value>,
    /// By serial number; empty when nothing asks for it.
    synapse_of: Vec<u32>,
}

fn write_synapses(folder: &Path, intake: &mut Intake, numbered: &Numbered) -> Result<Projections, RecordingError> {
    let population_of =
        |neuron: u32| numbered.populations.partition_point(|p| p.first_neuron <= neuron).saturating_sub(1) as u32;
    let mut groups: BTreeMap<(u32, u32, u32), u64> = BTreeMap::new();
    for synapse in &mut intake.synapses {
        synapse.pre = numbered.neuron_of[synapse.pre as usize];
        synapse.post = numbered.neuron_of[synapse.post as usize];
        *groups.entry((synapse.label, population_of(synapse.pre), population_of(synapse.post))).or_default() += 1;
    }
    let synapses = &intake.synapses;
    let mut order: Vec<u32> = (0..synapses.len() as u32).collect();
    order.sort_by_key(|serial| {
        let synapse = &synapses[*serial as usize];
        (synapse.label, population_of(synapse.pre), population_of(synapse.post))
    });
    let mut entries = Vec::new();
    let mut first = 0_u64;
    for ((label, pre, post), count) in groups {
        let (source, target) = (&numbered.populations[pre as usize].name, &numbered.populations[post as usize].name);
        let label = intake.synapse_labels.get(label as usize).map_or("", String::as_str);
        let name =
            if label.is_empty() { format!("{source} to {target}") } else { format!("{label}: {source} to {target}") };
        entries.push(json!({
            "name": name, "source": source, "target": target, "first_synapse": first, "synapses": count,
        }));
        first += count;
    }
    let mut synapse_of = Vec::new();
    if intake.weights.count() > 0 {
        synapse_of = vec![0; synapses.len()];
        for (synapse, serial) in order.iter().enumerate() {
            synapse_of[*serial as usize] = synapse as u32;
        }
    }
    if !order.is_empty() {
        let batches = order.chunks(BATCH_ROWS).enumerate().map(|(chunk, serials)| {
            let first = (chunk * BATCH_ROWS) as i64;
            let rows = || serials.iter().map(|serial| &synapses[*serial as usize]);
            batch(
                columns::synapses_schema(),
                vec![
                    Arc::new(Int64Array::from_iter_values(first..first + serials.len() as i64)),
                    Arc::new(UInt32Array::from_iter_values(rows().map(|synapse| synapse.pre))),
                    Arc::new(UInt32Array::from_iter_values(rows().map(|synapse| synapse.post))),
                    Arc::new(Float32Array::from_iter_values(rows().map(|synapse| synapse.weight))),
                    // To a millionth, which hides the binary fractions of single precision.
                    Arc::new(Float64Array::from_iter_values(
                        rows().map(|synapse| (f64::from(synapse.delay_ms) * 1e6).round() / 1e6),
                    )),
                ],
            )
        });
        write_table(&folder.join("synapses.parquet"), columns::synapses_schema(), batches)?;
    }
    Ok(Projections { entries, synapse_of })
}

/// Sorted rows as a table.
fn write_rows(
    path: &Path,
    schema: SchemaRef,
    runs: Runs,
    columns: impl Fn(&[Row]) -> Vec<ArrayRef>,
) -> Result<(), RecordingError> {
    let mut merged = runs.merged()?;
    let mut block = Vec::with_capacity(BATCH_ROWS);
    let mut failure = None;
    let batches = std::iter::from_fn(|| {
        if let Err(error) = merged.next_block(&mut block, BATCH_ROWS) {
            failure = Some(error);
            return None;
        }
        (!block.is_empty()).then(|| batch(schema.clone(), columns(&block)))
    });
    let written = write_table(path, schema.clone(), batches);
    failure.map_or(written, Err)
}

fn times(rows: &[Row]) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.time_ms)))
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    RecordBatch::try_new(schema, columns)
}

/// How long the run was. Spike lists do not say it: simulations mostly run for round times.
fn duration(intake: &Intake, told: &Told) -> (f64, &'static str) {
    if let Some(told) = told.duration_ms {
        return (told.max(intake.last_ms), "asked for");
    }
    if let Some(known) = intake.duration_ms.filter(|known| *known >= intake.last_ms) {
        return (known, "the files");
    }
    let unit = if intake.last_ms < 100.0 { 10.0 } else { 100.0 };
    ((intake.last_ms / unit - 1e-9).ceil().max(0.0) * unit, "the last time in the files, rounded up")
}

/// The coarsest usual step on which all times lie, ms.
fn step_of(sample: &[f64]) -> f64 {
    let on_grid = |step: f64| {
        sample.iter().all(|time| {
            let steps = time / step;
            (steps - steps.round()).abs() < 1e-6 * steps.abs().max(1.0)
        })
    };
    STEPS_MS.into_iter().find(|step| !sample.is_empty() && on_grid(*step)).unwrap_or(0.001)
}
