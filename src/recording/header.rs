//! `recording.json`: what a run was made of and how far it got. In: the text. Out: plain fields, with what a foreign or
//! older writer left out filled in.

use serde::{Deserialize, Serialize};

/// `recording.json`. Only `format` and `dt_ms` must be there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingHeader {
    /// `"spikescope recording"`
    pub format: String,
    /// Of the format; 1.
    pub version: u32,
    /// Of the scene, or of the imported run.
    pub name: String,
    /// One line on what it shows.
    pub title: String,
    /// Who simulated.
    pub simulator: String,
    /// Its version.
    pub simulator_version: String,
    /// `"cpu"` or `"gpu"`, of spikescope's own runs.
    pub engine: String,
    /// Adapter name; empty where none was used.
    pub adapter: String,
    /// The run's seed.
    pub seed: u64,
    /// Step, ms.
    pub dt_ms: f64,
    /// Time up to which all tables hold everything, ms.
    pub duration_ms: f64,
    /// The writer finished it.
    pub complete: bool,
    /// In order of neuron id, without gaps.
    pub populations: Vec<PopulationEntry>,
    /// In order of synapse id, without gaps.
    pub projections: Vec<ProjectionEntry>,
}

/// Neurons `first_neuron..first_neuron + size`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PopulationEntry {
    /// Its name.
    pub name: String,
    /// Id of its first neuron.
    pub first_neuron: u32,
    /// How many.
    pub size: u32,
    /// It only sends spikes.
    pub source: bool,
}

/// Synapses `first_synapse..first_synapse + synapses`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectionEntry {
    /// Its name.
    pub name: String,
    /// Name of the source population.
    pub source: String,
    /// Name of the target population.
    pub target: String,
    /// Id of its first synapse.
    pub first_synapse: u64,
    /// How many.
    pub synapses: u64,
}

/// What `format` must say.
pub(super) const FORMAT: &str = "spikescope recording";
/// The newest version that is understood.
pub(super) const FORMAT_VERSION: u32 = 1;

impl RecordingHeader {
    /// Reads and checks the text. The message of an error names the field, or line and column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let header: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if header.format != FORMAT {
            return Err(format!("`format` says {:?}, expected {FORMAT:?}", header.format));
        }
        if header.version > FORMAT_VERSION {
            return Err(format!(
                "`version` is {}, but this spikescope knows versions up to {FORMAT_VERSION}; a newer one can read it",
                header.version
            ));
        }
        if !(header.dt_ms.is_finite() && header.dt_ms > 0.0) {
            return Err(format!("`dt_ms` is {}, expected a time above 0", header.dt_ms));
        }
        if !(header.duration_ms.is_finite() && header.duration_ms >= 0.0) {
            return Err(format!("`duration_ms` is {}, expected a time from 0 on", header.duration_ms));
        }
        let mut next = 0_u64;
        for population in &header.populations {
            if u64::from(population.first_neuron) != next {
                return Err(format!(
                    "the population {:?} begins at neuron {}, expected {next}",
                    population.name, population.first_neuron
                ));
            }
            next += u64::from(population.size);
        }
        let mut next = 0_u64;
        for projection in &header.projections {
            if projection.first_synapse != next {
                return Err(format!(
                    "the projection {:?} begins at synapse {}, expected {next}",
                    projection.name, projection.first_synapse
                ));
            }
            next = next.checked_add(projection.synapses).ok_or("the projections have too many synapses")?;
            for name in [&projection.source, &projection.target] {
                if !header.populations.iter().any(|population| population.name == *name) {
                    return Err(format!("the projection {:?} names no population {name:?}", projection.name));
                }
            }
        }
        Ok(header)
    }
}
