//! What `spikescope train` reports: one JSON document that a page and a comparison are made from. Reads what it wrote.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::learn::History;

/// Says that a document is one of these.
pub(super) const FORMAT: &str = "spikescope-train";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TrainReport {
    pub(crate) format: String,
    pub(crate) program: String,
    pub(crate) version: String,
    /// What to type to get it again.
    pub(crate) command: String,
    pub(crate) scene: String,
    pub(crate) seed: u64,
    pub(crate) dt_ms: f64,
    pub(crate) engine: String,
    pub(crate) adapter: Option<String>,
    pub(crate) neurons: u64,
    pub(crate) synapses: u64,
    pub(crate) output_neurons: u32,
    pub(crate) data: DataReport,
    pub(crate) encoding: String,
    /// Images trained on.
    pub(crate) images: u64,
    /// What happens between and during images, in order.
    pub(crate) order: Vec<String>,
    /// Per projection that is pruned: its settings.
    pub(crate) pruning: Vec<Map<String, Value>>,
    pub(crate) timings: Timings,
    pub(crate) test: TestReport,
    pub(crate) compression: Vec<Compression>,
    pub(crate) neurobench: NeuroBench,
    pub(crate) energy: Energy,
    pub(crate) findings: Vec<Finding>,
    pub(crate) history: History,
    pub(crate) fields: Option<Fields>,
    pub(crate) state_hash: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DataReport {
    pub(crate) name: String,
    pub(crate) train_images: u64,
    pub(crate) test_images: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) classes: usize,
}

/// Wall time; where a run was stopped and gone on with, training counts all its parts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Timings {
    pub(crate) train_images: u64,
    pub(crate) train_s: f64,
    pub(crate) train_images_per_s: f64,
    pub(crate) test_s: f64,
    pub(crate) test_images_per_s: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TestReport {
    pub(crate) images: u64,
    pub(crate) accuracy_percent: f64,
    /// Rows by class shown, columns by class answered; the last column counts images without an answer.
    pub(crate) confusion: Vec<Vec<u64>>,
    pub(crate) output_spikes_per_image: f64,
    pub(crate) spikes_per_image: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Compression {
    pub(crate) projection: String,
    pub(crate) synapses: u64,
    /// Not pruned.
    pub(crate) remaining: u64,
    /// Of those, the ones whose weight is 0: they cost nothing now and may grow again.
    #[serde(default)]
    pub(crate) zero_weights: u64,
    pub(crate) remaining_percent: f64,
}

/// NeuroBench's metrics of the frozen network in the test (Yik et al. 2025).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NeuroBench {
    /// Bytes of all weights and neuron states as they lie in memory, zeros included.
    pub(crate) footprint_bytes: u64,
    /// The same with surviving synapses only, as compressed rows (4 bytes target, 4 bytes weight, row starts).
    pub(crate) footprint_compacted_bytes: u64,
    /// Share of zero weights among those that can change.
    pub(crate) connection_sparsity: f64,
    /// 1 - spikes / (neurons that integrate * steps).
    pub(crate) activation_sparsity: f64,
    pub(crate) effective_accumulates_per_image: f64,
    pub(crate) dense_operations_per_image: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Energy {
    pub(crate) chip: String,
    pub(crate) pj_per_synaptic_operation: f64,
    pub(crate) estimate_nj_per_image: f64,
    pub(crate) note: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) images: u64,
    pub(crate) rule: String,
    pub(crate) text: String,
}

/// Receptive fields: per neuron `width * height` levels, 0 to 254 from no weight to the largest; 255: pruned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fields {
    pub(crate) projection: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How many of the neurons are here: the first.
    pub(crate) shown: u32,
    pub(crate) classes: Vec<Option<u8>>,
    /// Weight of level 254 (before and after), so that weak weights can be seen.
    pub(crate) scale: [f32; 2],
    /// Base64.
    pub(crate) before: String,
    pub(crate) after: String,
}

/// pJ per synaptic operation, as their makers give them: different technologies and ways to count (table 3 of Tang et
/// al. 2023, SENECA, Frontiers in Neuroscience; the 45 nm accumulate of Horowitz 2014).
pub(super) const CHIPS: [(&str, f64); 11] = [
    ("loihi", 23.6),
    ("spinnaker2", 10.0),
    ("spinnaker", 45.0),
    ("truenorth", 2.5),
    ("tianjic", 1.54),
    ("seneca", 2.8),
    ("odin", 12.7),
    ("reckon", 5.3),
    ("ubrain", 26.0),
    ("neuronflow", 20.0),
    ("45nm-accumulate", 0.9),
];
