//! Files that other simulators saved, imported by the binary as its users start it, against the facts that were computed
//! independently of us (`expected.json` beside them).

#[path = "common/program.rs"]
mod program;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, UInt32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use program::{json, program, stderr};

/// The reference files do not travel with the source: looked for in `shared/reference` beside the crate.
fn reference(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = root.ancestors().map(|above| above.join("shared/reference").join(name)).find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: {name} is not at hand (shared/reference beside the source)");
    }
    found
}

fn expected(folder: &str) -> Option<Value> {
    let path = reference(folder)?.join("expected.json");
    Some(json(&fs::read(path).expect("expected.json")))
}

/// An imported recording, read back.
struct Imported {
    report: Value,
    times: Vec<f64>,
    /// Ids that the spikes' neurons had in the files.
    ids: Vec<i64>,
    populations: Vec<String>,
    weights: Vec<f32>,
    delays: Vec<f64>,
    potentials: Vec<f32>,
}

fn column<T>(table: &Path, name: &str, values: impl Fn(&dyn arrow_array::Array) -> Vec<T>) -> Vec<T> {
    if !table.exists() {
        return Vec::new();
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(table).expect("table")).expect("footer");
    let batches = reader.build().expect("reader");
    batches.flat_map(|batch| values(batch.expect("rows").column_by_name(name).expect("column"))).collect()
}

fn import_into(out: &Path, sources: &[PathBuf], options: &[&str]) -> Imported {
    let output =
        program().arg("import").args(sources).args(options).arg("--json").arg("--out").arg(out).output().expect("runs");
    assert!(output.status.success(), "{sources:?}: {}", stderr(&output));
    let neurons = column(&out.join("neurons.parquet"), "id", |c| c.as_primitive::<Int64Type>().values().to_vec());
    let names = column(&out.join("neurons.parquet"), "population", |c| {
        c.as_string::<i32>().iter().map(|name| name.expect("name").to_owned()).collect()
    });
    let spikes = out.join("spikes.parquet");
    let of = column(&spikes, "neuron", |c| c.as_primitive::<UInt32Type>().values().to_vec());
    let floats = |c: &dyn arrow_array::Array| c.as_primitive::<Float64Type>().values().to_vec();
    let singles = |c: &dyn arrow_array::Array| c.as_primitive::<Float32Type>().values().to_vec();
    let imported = Imported {
        report: json(&output.stdout),
        times: column(&spikes, "time_ms", floats),
        ids: of.iter().map(|neuron| neurons[*neuron as usize]).collect(),
        populations: of.iter().map(|neuron| names[*neuron as usize].clone()).collect(),
        weights: column(&out.join("synapses.parquet"), "weight", singles),
        delays: column(&out.join("synapses.parquet"), "delay_ms", floats),
        potentials: column(&out.join("potentials.parquet"), "v_mv", singles),
    };
    assert!(imported.times.is_sorted(), "times are in order");
    let left: Vec<_> = fs::read_dir(out).expect("folder").map(|entry| entry.expect("entry").file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("run")), "{left:?}");
    imported
}

fn import(sources: &[PathBuf], options: &[&str]) -> Imported {
    let folder = tempfile::tempdir().expect("folder");
    import_into(&folder.path().join("out"), sources, options)
}

fn near(value: f64, expected: &Value, relative: f64, what: &str) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{what} is not expected"));
    assert!((value - expected).abs() <= relative * expected.abs().max(1e-9), "{what}: {value}, expected {expected}");
}

impl Imported {
    /// Counts exactly, times as exactly as the text holds them.
    fn check_spikes(&self, facts: &Value, relative: f64) {
        assert_eq!(self.times.len() as u64, facts["spike_count"].as_u64().expect("count"));
        near(self.times.iter().sum(), &facts["sum_of_spike_times_ms"], relative, "sum of times");
        near(self.times[0], &facts["first_spike_ms"], relative.max(1e-8), "first spike");
        near(self.times[self.times.len() - 1], &facts["last_spike_ms"], relative.max(1e-8), "last spike");
        let first = facts["first_id"].as_i64().expect("first id");
        for (index, count) in facts["counts_of_first_20_neurons"].as_array().expect("counts").iter().enumerate() {
            let id = first + index as i64;
            let counted = self.ids.iter().filter(|other| **other == id).count() as u64;
            assert_eq!(Some(counted), count.as_u64(), "spikes of neuron {id}");
        }
        for population in facts["populations"].as_object().into_iter().flatten() {
            let (from, to) = (population.1["id_from"].as_i64(), population.1["id_to_exclusive"].as_i64());
            let range = from.expect("from")..to.expect("to");
            let counted = self.ids.iter().filter(|id| range.contains(id)).count() as u64;
            assert_eq!(Some(counted), population.1["spike_count"].as_u64(), "spikes of {}", population.0);
        }
    }

    fn check_synapses(&self, facts: &Value) {
        let count = self.weights.len();
        assert_eq!(count as u64, facts["n_connections"].as_u64().expect("count"));
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / count as f64;
        let weight = mean(&mut self.weights.iter().map(|w| f64::from(*w)));
        near(weight, &facts["weight_mean"], 1e-6, "mean weight");
        let spread = mean(&mut self.weights.iter().map(|w| (f64::from(*w) - weight).powi(2))).sqrt();
        near(
            spread + 1.0,
            &serde_json::json!(facts["weight_std"].as_f64().expect("std") + 1.0),
            1e-6,
            "spread of weights",
        );
        near(mean(&mut self.delays.iter().copied()), &facts["delay_mean_ms"], 1e-6, "mean delay");
    }

    fn check_potentials(&self, facts: &Value, unit: f64) {
        let count: u64 =
            facts["shape"].as_array().expect("shape").iter().map(|side| side.as_u64().expect("side")).product();
        assert_eq!(self.potentials.len() as u64, count);
        let mean = self.potentials.iter().map(|v| f64::from(*v) * unit).sum::<f64>() / count as f64;
        near(mean, &facts["mean"], 1e-6, "mean potential");
        let largest = self.potentials.iter().fold(f32::MIN, |a, b| a.max(*b));
        near(f64::from(largest) * unit, &facts["max"], 1e-6, "largest potential");
    }

    fn duration_is(&self, facts: &Value) {
        assert_eq!(self.report["duration_ms"], facts["duration_ms"]);
    }
}

#[test]
fn nest_files_of_several_threads_are_one_run() {
    for run in ["nest/brunel_2threads", "nest/brunel_3threads_short"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let imported = import(&[folder], &[]);
        imported.check_spikes(&facts["spikes"], 1e-12);
        imported.check_synapses(&facts["connectivity"]);
        imported.check_potentials(&facts["voltage"]["values"], 1.0);
        imported.duration_is(&facts["spikes"]);
        assert_eq!(imported.report["neurons"], facts["spikes"]["n_neurons"]);
        assert!(imported.populations.iter().any(|name| name == "brunel-py-ex"));
    }
}

#[test]
fn nest_steps_want_the_length_of_a_step() {
    let (Some(folder), Some(facts)) = (reference("nest/brunel_steps"), expected("nest/brunel_steps")) else { return };
    let spikes = ["brunel-py-ex-502-0.dat", "brunel-py-in-503-0.dat"].map(|name| folder.join(name));
    let imported = import(&spikes, &["--dt-ms", "0.1"]);
    imported.check_spikes(&facts["spikes"], 1e-9);
    let out = tempfile::tempdir().expect("folder");
    let output = program().arg("import").args(&spikes).arg("--out").arg(out.path().join("x")).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--dt-ms"), "{}", stderr(&output));
}

#[test]
fn nest_2_files_have_no_header() {
    let (Some(folder), Some(facts)) = (reference("nest/nest2_gdf"), expected("nest/nest2_gdf")) else { return };
    for (name, facts) in facts["files"].as_object().expect("files") {
        let imported = import(&[folder.join(name)], &[]);
        assert_eq!(Some(imported.times.len() as u64), facts["rows"].as_u64());
        near(imported.times.iter().sum(), &facts["sum_of_spike_times_ms"], 1e-9, "sum of times");
        assert_eq!(imported.ids.iter().min().copied(), facts["min_id"].as_i64());
        assert_eq!(imported.ids.iter().max().copied(), facts["max_id"].as_i64());
    }
}

#[test]
fn brian2_arrays_and_text_in_seconds_and_ms() {
    let run = "brian2/cuba500";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    for name in ["spikes.npz", "spikes_seconds.npz", "spikes.csv", "spikes.txt"] {
        let imported = import(&[folder.join(name)], &["--neurons", "500"]);
        imported.check_spikes(&facts["spikes"], 1e-9);
        imported.duration_is(&facts["spikes"]);
        assert_eq!(imported.report["neurons"], 500, "{name}");
        assert_eq!(imported.report["dt_ms"], 0.1, "{name}");
    }
    let synapses = import(&[folder.join("synapses.npz")], &[]);
    let both =
        ["connectivity_exc", "connectivity_inh"].map(|kind| facts[kind]["n_connections"].as_u64().expect("count"));
    assert_eq!(synapses.weights.len() as u64, both[0] + both[1]);
    let sum: f64 = synapses.weights.iter().filter(|w| **w < 0.0).map(|w| f64::from(*w)).sum();
    near(sum, &facts["connectivity_inh"]["weight_sum"], 1e-6, "inhibitory weights");
}

#[test]
fn brian_state_monitors_are_in_fortran_order() {
    let run = "brian2/cuba500";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    import(&[folder.join("state.npz")], &[]).check_potentials(&facts["state"]["v_mV"], 1.0);
    let pickled = import(&[folder.join("spikemonitor_states.pkl")], &[]);
    pickled.check_spikes(&facts["spikes"], 1e-9);
    assert_eq!(pickled.report["neurons"], 500, "as many as its counts");
    // The folder has the same spikes five times.
    let whole = import(&[folder], &[]);
    whole.check_spikes(&facts["spikes"], 1e-9);
    whole.check_potentials(&facts["state"]["v_mV"], 1.0);
    assert_eq!(whole.weights.len(), 20065 + 4937);
    assert_eq!(whole.report["neurons"], 500);
    let Some(trace) = reference("brian2/stdp_song/stdp_weight_trace.npz") else { return };
    import(&[trace], &[]);
}

#[test]
fn brian_standalone_results_have_base_units() {
    let run = "brian2/cpp_standalone_results";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    for source in [folder.clone(), folder.join("results")] {
        let imported = import(&[source], &["--neurons", "250"]);
        imported.check_spikes(&facts["spikes"], 1e-9);
        imported.duration_is(&facts["spikes"]);
        // The folder has the synapses of the excitatory neurons only, in volts.
        let facts = &facts["connectivity_exc"];
        assert_eq!(Some(imported.weights.len() as u64), facts["n_connections"].as_u64());
        let sum_mv = imported.weights.iter().map(|weight_v| f64::from(*weight_v) * 1e3).sum();
        near(sum_mv, &facts["weight_sum"], 1e-6, "weights");
        let mean_ms = imported.delays.iter().sum::<f64>() / imported.delays.len() as f64;
        near(mean_ms, &facts["delay_mean_ms"], 1e-6, "mean delay");
    }
}

#[test]
fn pickled_tensors_and_arrays() {
    let run = "bindsnet/diehl_cook";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    let spikes = import(&[folder.join("spikes.pt")], &["--dt-ms", "1"]);
    for layer in ["X", "Ae", "Ai"] {
        let facts = &facts["layers"][layer];
        let of = spikes.populations.iter().zip(&spikes.times).filter(|(population, _)| *population == layer);
        assert_eq!(Some(of.clone().count() as u64), facts["spike_count"].as_u64(), "{layer}");
        let first = of.map(|(_, time)| *time).filter(|time| *time < 250.0);
        near(first.sum(), &facts["batch0"]["sum_of_spike_times_ms"], 1e-9, layer);
    }
    let weights = import(&[folder.join("weights.pt")], &[]).weights;
    assert_eq!(weights.len(), 784 * 64);
    let mean = weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() / weights.len() as f64;
    near(mean, &facts["weights_X_Ae"]["mean"], 1e-6, "mean weight");
    near(f64::from(weights.iter().fold(0.0, |a: f32, b| a.max(*b))), &facts["weights_X_Ae"]["max"], 1e-6, "largest");
    // The state at the end is no recording of one step.
    assert!(import(&[folder.join("network_state_dict.pt")], &[]).times.is_empty());
    for run in ["snntorch/leaky_ff", "spikingjelly/lif_ff", "norse/lifbox_ff"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let count = &facts["tensors"]["spk_out"]["spike_count"];
        let single = import(&[folder.join("spk_out.pt")], &["--dt-ms", "1"]);
        assert_eq!(Some(single.times.len() as u64), count.as_u64(), "{run}");
        assert!(!import(&[folder.join("state_dict.pt")], &[]).weights.is_empty(), "{run}");
    }
    let (Some(folder), Some(facts)) = (reference("nest/brunel_steps"), expected("nest/brunel_steps")) else { return };
    import(&[folder.join("spikes_events_dict.npy")], &[]).check_spikes(&facts["spikes"], 1e-9);
}

#[test]
fn pickles_of_other_classes_are_refused_by_name() {
    let Some(block) = reference("nix/one_segment/one_segment_neo_block.pkl") else { return };
    let out = tempfile::tempdir().expect("folder");
    let output = program().arg("import").arg(block).arg("--out").arg(out.path().join("x")).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("neo."), "{}", stderr(&output));
}

#[test]
fn netpyne_has_cells_connections_spikes_and_traces() {
    let run = "netpyne/ei_net";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    let imported = import(&[folder.join("ei_net_data.json")], &[]);
    imported.check_spikes(&facts["spikes"], 1e-9);
    imported.check_synapses(&facts["connections_between_cells"]);
    imported.duration_is(&facts["spikes"]);
    assert_eq!(imported.report["neurons"], 50);
    assert_eq!(imported.report["dt_ms"], facts["parameters"]["dt_ms"]);
    assert_eq!(imported.potentials.len(), 2000);
    let [e, i] = ["cell_0", "cell_40"].map(|cell| facts["V_soma"][cell]["mean"].as_f64().expect("mean"));
    let mean = imported.potentials.iter().map(|v| f64::from(*v)).sum::<f64>() / 2000.0;
    near(mean, &serde_json::json!((e + i) / 2.0), 1e-6, "mean potential");
}

#[test]
fn neuronify_networks() {
    let Some(facts) = expected("neuronify") else { return };
    for (name, facts) in facts["files"].as_object().expect("files") {
        let Some(file) = reference(&format!("neuronify/{name}")) else { return };
        let imported = import(&[file], &[]);
        assert_eq!(imported.report["neurons"], facts["n_neurons"], "{name}");
        assert_eq!(Some(imported.weights.len() as u64), facts["edges_between_neurons"].as_u64(), "{name}");
    }
}

#[test]
fn neuron_vectors_of_times_and_cells() {
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("spikes.bin");
    let vector = |values: &[f64]| {
        let head = [(values.len() as i32).to_le_bytes(), 4_i32.to_le_bytes()].concat();
        [head, values.iter().flat_map(|value| value.to_le_bytes()).collect()].concat()
    };
    fs::write(&source, [vector(&[1.025, 2.5, 7.0]), vector(&[4.0, 0.0, 4.0])].concat()).expect("writes");
    let imported = import(&[source], &[]);
    assert_eq!((imported.times, imported.ids), (vec![1.025, 2.5, 7.0], vec![4, 0, 4]));
}

#[test]
fn sonata_circuits_are_opened_by_their_configuration() {
    let run = "sonata/cortex100";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    let circuit = import(&[folder.join("circuit_config.json")], &[]);
    let sum = |key: &str, of: &str| -> u64 {
        facts[key].as_object().expect("object").values().map(|entry| entry[of].as_u64().expect("count")).sum()
    };
    assert_eq!(circuit.report["neurons"].as_u64(), Some(sum("nodes", "size")));
    assert_eq!(circuit.weights.len() as u64, sum("edges", "n_connections"));
    let run = import(&[folder.join("simulation_config.json")], &[]);
    assert_eq!(Some(run.times.len() as u64), facts["spikes"]["spike_count"].as_u64());
}

#[test]
fn neuron_rasters_have_time_first() {
    for run in ["neuron/ring_ball_stick", "neuron/intfire4_net"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        for (name, tolerance) in [("spk.dat", 1e-5), ("out.dat", 1e-7), ("spikes.csv", 1e-7)] {
            let imported = import(&[folder.join(name)], &[]);
            imported.check_spikes(&facts["spikes"], tolerance);
            imported.duration_is(&facts["spikes"]);
        }
        import(&[folder.join("netcons.dat")], &[]).check_synapses(&facts["connectivity"]);
    }
    let (Some(folder), Some(facts)) = (reference("neuron/ring_ball_stick"), expected("neuron/ring_ball_stick")) else {
        return;
    };
    import(&[folder.join("v.dat")], &[]).check_potentials(&facts["voltage"]["soma0"], 1.0);
}

#[test]
fn parquet_and_feather_tables() {
    let run = "arrow/spikes";
    let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
    for name in [
        "spikes_snappy.parquet",
        "spikes_zstd.parquet",
        "spikes_plain.parquet",
        "spikes_uncompressed.feather",
        "spikes_lz4.feather",
        "spikes_pandas_seconds.parquet",
        "spike_lists.parquet",
    ] {
        let imported = import(&[folder.join(name)], &[]);
        imported.check_spikes(&facts["spikes"], 1e-9);
        imported.duration_is(&facts["spikes"]);
        assert_eq!(imported.report["neurons"], facts["spikes"]["n_neurons"], "{name}");
    }
    import(&[folder.join("voltage_wide.parquet")], &[]).check_potentials(&facts["V"], 1.0);
}

#[test]
fn sonata_folders_are_network_and_run() {
    for run in ["sonata/cortex100", "sonata/cortex_edge_weights"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let imported = import(std::slice::from_ref(&folder), &[]);
        for (population, facts) in [("cortex", &facts["spikes"]), ("thalamus", &facts["input_spikes"])] {
            let of = || imported.times.iter().zip(&imported.populations).filter(|(_, name)| *name == population);
            assert_eq!(Some(of().count() as u64), facts["spike_count"].as_u64(), "{run} {population}");
            near(of().map(|(time, _)| time).sum(), &facts["sum_of_spike_times_ms"], 1e-9, population);
        }
        imported.duration_is(&facts["spikes"]);
        assert_eq!(imported.report["dt_ms"], facts["parameters"]["dt_ms"]);
        let sizes = ["cortex", "thalamus"].map(|population| facts["nodes"][population]["size"].as_u64().expect("size"));
        assert_eq!(imported.report["neurons"].as_u64(), Some(sizes[0] + sizes[1]));
        imported.check_potentials(&facts["membrane_potential"], 1.0);
        for edges in ["cortex_cortex", "thalamus_cortex"] {
            let name = edges.replace('_', "_to_");
            import(&[folder.join(format!("network/{edges}_edges.h5"))], &[]).check_synapses(&facts["edges"][&name]);
        }
    }
}

#[test]
fn nwb_units() {
    for run in ["nwb/units_only", "nwb/units_and_signals"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let name = run.split('/').next_back().expect("name");
        let imported = import(&[folder.join(format!("{name}.nwb"))], &[]);
        imported.check_spikes(&facts["spikes_in_ms"], 1e-9);
        imported.duration_is(&facts["spikes_in_ms"]);
        assert_eq!(imported.report["neurons"], facts["spikes_in_ms"]["n_neurons"]);
    }
}

#[test]
fn nix_spike_trains_of_all_segments() {
    for run in ["nix/one_segment", "nix/three_segments"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let name = run.split('/').next_back().expect("name");
        let imported = import(&[folder.join(format!("{name}.nix"))], &[]);
        imported.check_spikes(&facts["spikes"], 1e-9);
        imported.duration_is(&facts["spikes"]);
        assert_eq!(imported.report["neurons"], facts["spikes"]["n_neurons"], "{run}");
    }
}

#[test]
fn nir_graphs_are_networks() {
    for run in ["snntorch/leaky_ff", "snntorch/synaptic_ff", "norse/lifbox_ff"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let weights = import(&[folder.join("network.nir")], &[]).weights;
        let nodes = facts["nir"]["nodes"].as_object().expect("nodes");
        let (mut count, mut sum) = (0.0, 0.0);
        for node in nodes.values().filter(|node| node["weight"].is_object()) {
            let shape = node["weight"]["shape"].as_array().expect("shape").iter();
            let size: f64 = shape.map(|side| side.as_f64().expect("side")).product();
            count += size;
            sum += size * node["weight"]["mean"].as_f64().expect("mean");
        }
        assert!((weights.len() as f64 - count).abs() < 0.5, "{run}");
        let own: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        assert!((own - sum).abs() < 1e-6 * count, "{run}: {own}, expected {sum}");
    }
}

/// The same run as both versions of VS2N's schema hold it, in the two forms that mongoexport writes.
#[test]
fn vs2n_collections_in_microseconds_and_seconds() {
    let runs: [(&str, [&str; 5]); 2] = [
        (
            "microseconds",
            [
                "{\"_id\":{\"$oid\":\"1\"},\"n\":\"run\",\"L:N\":{\"Input\":4,\"Layer1\":3},\"T\":\"26-02-2021-00:37:39\",\"D\":\"Mnist\"}\n",
                "{\"T\":{\"$numberLong\":\"2000\"},\"i\":{\"L\":\"Layer1\",\"N\":2},\"Input\":7}\n{\"T\":1000,\"i\":{\"L\":\"Input\",\"N\":0},\"Input\":7}\n",
                "{\"T\":1000,\"L\":\"Layer1\",\"N\":2,\"V\":0.5}\n",
                "{\"T\":0,\"C\":1,\"To\":2,\"V\":0.25,\"L\":\"Layer1\",\"index\":{\"x\":1,\"y\":0}}\n{\"T\":2000,\"C\":1,\"To\":2,\"V\":0.5,\"L\":\"Layer1\"}\n",
                "{\"L\":7,\"T\":0,\"G\":0}\n{\"L\":3,\"T\":1500,\"G\":1}\n",
            ],
        ),
        (
            "seconds",
            [
                "[{\"n\":\"run\",\"L:N\":{\"Input\":4,\"Layer1\":3},\"T\":\"26-02-2021-00:37:39\",\"D\":\"Mnist\"}]",
                "[{\"T\":0.002,\"i\":{\"L\":\"Layer1\",\"N\":2},\"Input\":7},{\"T\":0.001,\"i\":{\"L\":\"Input\",\"N\":0},\"Input\":7}]",
                "[{\"T\":0.001,\"L\":\"Layer1\",\"N\":2,\"V\":0.5}]",
                "[{\"T\":0.0,\"C\":1,\"To\":2,\"V\":0.25,\"L\":\"Layer1\"},{\"T\":0.002,\"C\":1,\"To\":2,\"V\":0.5,\"L\":\"Layer1\"}]",
                "[{\"L\":7,\"T\":0.0,\"G\":0},{\"L\":3,\"T\":0.0015,\"G\":1}]",
            ],
        ),
    ];
    for (unit, texts) in runs {
        let folder = tempfile::tempdir().expect("folder");
        let source = folder.path().join(unit);
        fs::create_dir(&source).expect("folder");
        for (name, text) in ["info", "spikes", "potential", "synapseWeight", "labels"].iter().zip(texts) {
            fs::write(source.join(format!("{name}.json")), text).expect("writes");
        }
        let imported = import(&[source], &[]);
        assert_eq!(imported.times, [1.0, 2.0], "{unit}");
        assert_eq!(imported.ids, [0, 2], "{unit}");
        assert_eq!(imported.populations, ["Input", "Layer1"], "{unit}");
        assert_eq!((imported.weights, imported.potentials), (vec![0.25], vec![0.5]), "{unit}");
        assert_eq!(imported.report["neurons"], 7);
        assert_eq!(imported.report["weight_changes"], 1);
        assert_eq!(imported.report["labels"], 2);
    }
}

#[test]
fn n2s3_logs() {
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("log");
    fs::create_dir(&source).expect("folder");
    fs::write(source.join("fire.log"), "Layer1:/2\t2500\n\nInput:/0\t1000\n\n").expect("writes");
    fs::write(source.join("potential.log"), "Layer1:/2\t1500\t0.75\n\n").expect("writes");
    fs::write(source.join("synapse.log"), "Layer1:17\t0\t0.5\n\nLayer1:17\t2500\t0.625\n\n").expect("writes");
    let imported = import(&[source], &[]);
    assert_eq!((imported.times, imported.ids), (vec![1.0, 2.5], vec![0, 2]));
    assert_eq!((imported.weights, imported.potentials), (vec![0.5], vec![0.75]));
    assert_eq!(imported.report["weight_changes"], 1);
}

#[test]
fn nengo_probes_are_dense_with_a_clock() {
    for run in ["nengo/communication_channel", "nengo/integrator_dt_half_ms"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let imported = import(&[folder.join("probes.npz")], &[]);
        for population in ["A", "B"] {
            let counted = imported.populations.iter().filter(|name| *name == population).count() as u64;
            assert_eq!(Some(counted), facts[population]["spike_count"].as_u64(), "{run} {population}");
            let times = imported.times.iter().zip(&imported.populations).filter(|(_, name)| *name == population);
            near(times.map(|(time, _)| time).sum(), &facts[population]["sum_of_spike_times_ms"], 1e-9, population);
        }
        imported.duration_is(&facts["A"]);
        let weights = import(&[folder.join("ensembles.npz")], &[]).weights;
        let shape: u64 =
            facts["full_weights"]["shape"].as_array().expect("shape").iter().map(|s| s.as_u64().expect("n")).product();
        assert_eq!(weights.len() as u64, shape);
        let largest = weights.iter().fold(f32::MIN, |a, b| a.max(*b));
        near(f64::from(largest), &facts["full_weights"]["max"], 1e-6, "largest weight");
    }
}

#[test]
fn dense_tensors_of_time_batch_neuron() {
    for run in ["snntorch/leaky_ff", "snntorch/synaptic_ff", "spikingjelly/lif_ff", "norse/lifbox_ff"] {
        let (Some(folder), Some(facts)) = (reference(run), expected(run)) else { return };
        let imported = import(&[folder.join("recordings.npz")], &["--dt-ms", "1"]);
        for (name, facts) in facts["tensors"].as_object().expect("tensors") {
            let Some(count) = facts["spike_count"].as_u64() else { continue };
            let of = imported.populations.iter().zip(&imported.times).filter(|(population, _)| *population == name);
            assert_eq!(of.clone().count() as u64, count, "{run} {name}");
            let item = facts["batch0"]["duration_ms"].as_f64().expect("duration");
            let first: Vec<f64> = of.map(|(_, time)| *time).filter(|time| *time < item).collect();
            assert_eq!(Some(first.len() as u64), facts["batch0"]["spike_count"].as_u64(), "{run} {name}");
            near(first.iter().sum(), &facts["batch0"]["sum_of_spike_times_ms"], 1e-9, name);
        }
        // The folder has most of it twice, as .npy and .npz.
        let whole = import(std::slice::from_ref(&folder), &["--dt-ms", "1"]);
        assert_eq!((whole.times.len(), whole.potentials.len()), (imported.times.len(), imported.potentials.len()));
        let single = import(&[folder.join("spk_out.npy")], &["--dt-ms", "1"]);
        assert_eq!(Some(single.times.len() as u64), facts["tensors"]["spk_out"]["spike_count"].as_u64());
    }
}

#[test]
fn unsorted_times_and_far_ids_come_out_in_order() {
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("spikes.csv");
    let rows: Vec<(u64, f64)> = (0..5000).map(|k| (k * 37 % 400, f64::from((k * 7919 % 5000) as u32) * 0.1)).collect();
    let mut text = "gid,time_ms\n".to_owned();
    text.extend(rows.iter().map(|(id, time)| format!("{},{time}\n", id * 1_000_000_007)));
    fs::write(&source, text).expect("writes");
    let imported = import(&[source], &[]);
    assert_eq!(imported.times.len(), rows.len());
    let mut sorted: Vec<(f64, i64)> = rows.iter().map(|(id, time)| (*time, (id * 1_000_000_007) as i64)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let read: Vec<(f64, i64)> = imported.times.iter().copied().zip(imported.ids).collect();
    for ((time, id), (other_time, other_id)) in read.iter().zip(&sorted) {
        assert!((time - other_time).abs() < 1e-9 && id == other_id);
    }
    assert_eq!(imported.report["neurons"], 400);
}
