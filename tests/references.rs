//! `spikescope analyze` on the files that other people's programs left, against facts that others computed from the same
//! files (`expected.json`): no format is named, counts agree exactly, everything else within a millionth. The files lie
//! beside the project; where they do not, each test says so and ends.

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use program::{json, program, stderr};

/// Facts about how a file stores something, which a recording does not keep.
const OF_THE_FILE: [&str; 12] = [
    "shape",
    "first",
    "last",
    "dtype",
    "size",
    "source",
    "target",
    "nsyns_sum",
    "edge_types",
    "count_per_type",
    "column_sum_mean",
    "mean_abs_change_from_start",
];

/// What is analysed, and which part of the facts that answers.
struct Case {
    /// Below `shared/reference`.
    folder: &'static str,
    /// Files in it; none: the folder as a whole.
    files: &'static [&'static str],
    /// Only what the files cannot tell.
    options: Vec<String>,
    /// JSON pointers: into the facts, and into what `analyze` says.
    facts: Vec<(String, String)>,
}

impl Case {
    fn new(folder: &'static str, files: &'static [&'static str]) -> Self {
        Self { folder, files, options: Vec::new(), facts: Vec::new() }
    }

    fn with(mut self, options: &str) -> Self {
        self.options.extend(options.split(' ').map(str::to_owned));
        self
    }

    fn says(mut self, facts: &str, found: &str) -> Self {
        self.facts.push((facts.to_owned(), found.to_owned()));
        self
    }

    /// The populations of the facts, by their ids: files of spikes do not name any.
    fn named(self) -> Self {
        let Some(facts) = facts_of(self.folder) else { return self };
        let populations = facts.pointer(&self.facts[0].0).and_then(|spikes| spikes["populations"].as_object().cloned());
        let named: Vec<String> = populations
            .into_iter()
            .flatten()
            .map(|(name, p)| {
                let end = p["id_to_exclusive"].as_u64().expect("an id");
                format!("{name}={}-{}", p["id_from"], end - 1)
            })
            .collect();
        if named.is_empty() { self } else { self.with(&format!("--populations {}", named.join(","))) }
    }
}

fn reference(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.ancestors().map(|above| above.join("shared/reference").join(name)).find(|path| path.exists())
}

fn facts_of(folder: &str) -> Option<Value> {
    Some(json(&fs::read(reference(folder)?.join("expected.json")).expect("expected.json")))
}

/// Counts exactly, other numbers within a millionth, names as they are.
#[derive(Default)]
struct Comparison {
    wrong: Vec<String>,
    compared: usize,
}

impl Comparison {
    fn compare(&mut self, expected: &Value, found: &Value, path: &str) {
        match expected {
            Value::Object(fields) => {
                for (name, value) in fields {
                    // Elephant's own value of the same number.
                    let source = name.strip_suffix("_by_elephant").unwrap_or(name);
                    // These facts count equal ids; of two populations, such neurons are not the same.
                    let is_between = name == "self_connections" && fields.get("source") != fields.get("target");
                    if !OF_THE_FILE.contains(&source) && !is_between {
                        self.compare(value, &found[field(source, found).as_ref()], &format!("{path}.{name}"));
                    }
                }
            }
            Value::Array(values) => {
                if found.as_array().map(Vec::len) != Some(values.len()) {
                    self.wrong.push(format!("{path}: {found}, expected {expected}"));
                }
                for (at, value) in values.iter().enumerate() {
                    self.compare(value, &found[at], &format!("{path}[{at}]"));
                }
            }
            other => {
                self.compared += 1;
                let right = match (other.as_u64(), other.as_f64(), found.as_f64()) {
                    (Some(count), _, Some(_)) => found.as_u64() == Some(count),
                    (None, Some(value), Some(found)) => (found - value).abs() <= (1e-6 * value.abs()).max(1e-9),
                    _ => found == other,
                };
                if !right {
                    self.wrong.push(format!("{path}: {found}, expected {expected}"));
                }
            }
        }
    }

    fn run(&mut self, cases: &[Case]) {
        for case in cases {
            let (Some(folder), Some(facts)) = (reference(case.folder), facts_of(case.folder)) else {
                eprintln!("skipped: {} is not at hand (shared/reference beside the source)", case.folder);
                return;
            };
            let sources: Vec<PathBuf> = match case.files {
                [] => vec![folder],
                files => files.iter().map(|file| folder.join(file)).collect(),
            };
            let output =
                program().args(["analyze", "--json"]).args(&sources).args(&case.options).output().expect("runs");
            assert!(output.status.success(), "{sources:?} {:?}: {}", case.options, stderr(&output));
            let found = json(&output.stdout);
            for (of, says) in &case.facts {
                let expected = facts.pointer(of).unwrap_or_else(|| panic!("{}: no fact {of}", case.folder));
                let found = found.pointer(says).unwrap_or(&Value::Null);
                self.compare(expected, found, &format!("{} {:?} {of}", case.folder, case.files));
            }
        }
    }

    fn finish(self, least: usize) {
        let Self { wrong, compared } = self;
        assert!(wrong.is_empty(), "{} of {compared} fields differ:\n{}", wrong.len(), wrong.join("\n"));
        assert!(compared >= least || reference("nest").is_none(), "{compared} fields");
        eprintln!("{compared} fields agree");
    }
}

/// Facts about arrays say `mean`, where those about synapses say `weight_mean`.
fn field<'a>(name: &'a str, found: &Value) -> std::borrow::Cow<'a, str> {
    let long = format!("weight_{name}");
    if found[name].is_null() && !found[&long].is_null() { long.into() } else { name.into() }
}

#[test]
fn nest() {
    let mut all = Comparison::default();
    for run in ["nest/brunel_2threads", "nest/brunel_3threads_short", "nest/brunel_steps"] {
        let dt = |case: Case| if run.ends_with("steps") { case.with("--dt-ms 0.1") } else { case };
        let whole = dt(Case::new(run, &[])).says("/spikes", "/spikes");
        let whole = whole.says("/connectivity", "/connectivity").says("/voltage/values", "/potentials");
        let table = |file| Case::new(run, file).says("/spikes", "/spikes").named();
        all.run(&[
            whole.named(),
            table(&["spikes_events.csv"]),
            table(&["spikes_events_dict.npy"]),
            Case::new(run, &["connections.csv"]).says("/connectivity", "/connectivity"),
            Case::new(run, &["connections.npz"]).says("/connectivity", "/connectivity"),
        ]);
    }
    all.finish(500);
}

#[test]
fn brian2() {
    let mut all = Comparison::default();
    let run = "brian2/cuba500";
    let spikes = |file| Case::new(run, file).says("/spikes", "/spikes").named();
    let results = "brian2/cpp_standalone_results";
    let song = |file| Case::new("brian2/stdp_song", file);
    all.run(&[
        spikes(&["spikes.npz"]),
        spikes(&["spikes_seconds.npz"]),
        spikes(&["spikes.txt"]),
        spikes(&["spikes.csv"]),
        spikes(&["spikemonitor_states.pkl"]),
        spikes(&[]).says("/state/v_mV", "/potentials"),
        spikes(&["synapses.npz", "spikes.npz"]),
        Case::new(results, &[]).says("/spikes", "/spikes").named(),
        song(&["spikes.npz"]).with("--population input --duration-ms 5000").says("/input_spikes", "/spikes"),
        song(&["spikes.npz"]).with("--population output --duration-ms 5000").says("/output_spikes", "/spikes"),
    ]);
    all.finish(200);
}

#[test]
fn neuron_and_netpyne() {
    let mut all = Comparison::default();
    for run in ["neuron/intfire4_net", "neuron/ring_ball_stick"] {
        let spikes = |file| Case::new(run, file).says("/spikes", "/spikes").named();
        all.run(&[
            spikes(&["spikes.csv"]),
            spikes(&["out.dat"]),
            spikes(&[]).says("/connectivity", "/connectivity"),
            Case::new(run, &["netcons.dat"]).says("/connectivity", "/connectivity"),
        ]);
    }
    all.run(&[
        Case::new("neuron/ring_ball_stick", &["spk.dat"]).says("/spikes", "/spikes"),
        Case::new("neuron/ring_ball_stick", &["v.dat"]).says("/voltage/soma0", "/potentials"),
        Case::new("netpyne/ei_net", &[]).says("/spikes", "/spikes").says("/connections_between_cells", "/connectivity"),
    ]);
    all.finish(360);
}

#[test]
fn sonata() {
    let mut all = Comparison::default();
    for run in ["sonata/cortex100", "sonata/cortex_edge_weights"] {
        let whole = |population: &str| Case::new(run, &[]).with(&format!("--population {population}"));
        let circuit = |file: &'static [&'static str]| {
            Case::new(run, file)
                .says("/edges/cortex_to_cortex", "/projections/cortex to cortex")
                .says("/edges/thalamus_to_cortex", "/projections/thalamus to cortex")
                .says("/nodes/cortex/size", "/spikes/populations/cortex/n_neurons")
        };
        all.run(&[
            Case::new(run, &["output/spikes.h5"]).says("/spikes", "/spikes").named(),
            Case::new(run, &["output/spikes.csv"]).says("/spikes", "/spikes").named(),
            whole("thalamus").says("/input_spikes", "/spikes").says("/membrane_potential", "/potentials"),
            circuit(&["circuit_config.json"]),
            circuit(&[]),
        ]);
    }
    let old = "sonata/nest_300_pointneurons";
    all.run(&[
        Case::new(old, &["inputs/external_spike_trains.h5"]).says("/input_spikes", "/spikes"),
        Case::new(old, &[])
            .says("/edges/internal_to_internal", "/projections/internal to internal")
            .says("/nodes/internal/size", "/spikes/populations/internal/n_neurons"),
    ]);
    all.finish(300);
}

#[test]
fn nwb_nix_and_tables() {
    let mut all = Comparison::default();
    let table = |file| Case::new("arrow/spikes", file).says("/spikes", "/spikes").named();
    all.run(&[
        Case::new("nwb/units_only", &["units_only.nwb"]).says("/spikes_in_ms", "/spikes"),
        Case::new("nwb/units_only", &["units_only.nwb"]).says("/spikes_in_ms", "/spikes").named(),
        Case::new("nwb/units_and_signals", &[]).says("/spikes_in_ms", "/spikes").named(),
        Case::new("nix/one_segment", &["one_segment.nix"]).says("/spikes", "/spikes"),
        Case::new("nix/three_segments", &["three_segments.nix"]).says("/spikes", "/spikes"),
        table(&["spikes_snappy.parquet"]),
        table(&["spikes_zstd.parquet"]),
        table(&["spikes_plain.parquet"]),
        table(&["spikes_uncompressed.feather"]),
        table(&["spikes_lz4.feather"]),
        table(&["spikes_pandas_seconds.parquet"]),
        table(&["spike_lists.parquet"]),
        Case::new("arrow/spikes", &["voltage_wide.parquet"]).says("/V", "/potentials"),
    ]);
    all.finish(400);
}

#[test]
fn nengo() {
    let mut all = Comparison::default();
    for run in ["nengo/communication_channel", "nengo/integrator_dt_half_ms"] {
        let of = |population: &str| {
            let case = Case::new(run, &["probes.npz"]).with(&format!("--population {population}"));
            case.says(&format!("/{population}"), "/spikes")
        };
        all.run(&[
            of("A"),
            of("B").says("/A_voltage", "/potentials"),
            Case::new(run, &["ensembles.npz"]).says("/full_weights", "/projections/A to B"),
        ]);
    }
    all.finish(100);
}

/// Spikes of the first item of every batch, and layers of weights.
#[test]
fn pytorch_family() {
    let mut all = Comparison::default();
    for run in ["snntorch/leaky_ff", "snntorch/synaptic_ff", "spikingjelly/lif_ff", "norse/lifbox_ff"] {
        let Some(facts) = facts_of(run) else { return };
        let of = |file: &'static [&'static str], name: &str| {
            let facts = format!("/tensors/{name}/batch0");
            let to_ms = json_number(run, &format!("{facts}/duration_ms"));
            let options = format!("--dt-ms 1 --population {name} --to {to_ms}");
            Case::new(run, file).with(&options).says(&facts, "/spikes")
        };
        for name in ["spk_in", "spk_hidden", "spk_out"] {
            all.run(&[of(&["recordings.npz"], name), of(&[], name)]);
        }
        all.run(&[
            of(&["spk_out.npy"], "spk_out"),
            of(&["spk_out.pt"], "spk_out"),
            Case::new(run, &["recordings.npz"]).with("--dt-ms 1").says("/tensors/mem_out", "/potentials"),
        ]);
        let layers = facts["state_dict"].as_object().expect("layers").keys().filter(|name| name.ends_with(".weight"));
        let mut before = "input";
        for name in layers {
            let layer = name.trim_end_matches(".weight");
            let projection = format!("/projections/{before} to {layer}");
            all.run(&[Case::new(run, &["state_dict.pt"]).says(&format!("/state_dict/{name}"), &projection)]);
            before = layer;
        }
    }
    let run = "bindsnet/diehl_cook";
    for layer in ["X", "Ae", "Ai"] {
        let facts = format!("/layers/{layer}/batch0");
        let options = format!("--dt-ms 1 --population {layer} --to 250");
        let of = |file: &'static [&'static str]| Case::new(run, file).with(&options).says(&facts, "/spikes");
        all.run(&[of(&["spikes.pt"]), of(&[])]);
    }
    all.run(&[
        Case::new(run, &["weights_X_Ae.npy"]).says("/weights_X_Ae", "/projections/X to Ae"),
        Case::new(run, &["weights.pt"]).says("/weights_X_Ae", "/connectivity"),
    ]);
    all.finish(600);
}

fn json_number(folder: &str, pointer: &str) -> f64 {
    facts_of(folder).and_then(|facts| facts.pointer(pointer).and_then(Value::as_f64)).unwrap_or(0.0)
}
