//! `spikescope analyze` from outside: our own reports, recordings made for the purpose, and mistakes. Other people's files
//! and what they found in them are in `references.rs`.

mod common {
    pub(crate) mod program;
}

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Float64Array, Int16Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use common::program::{SMALL, json, program, stderr};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

/// What a file holds, in the file's own ids.
#[derive(Default)]
struct Foreign {
    spikes: Vec<(f64, u64)>,
    /// pre, post, weight, delay in ms
    synapses: Vec<(u64, u64, f32, f64)>,
}

fn write_table(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(File::create(path).expect("writable"), batch.schema(), None).expect("writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
}

/// Writes a recording of what the facts say about the population sizes and the duration, which files do not tell.
fn record(folder: &Path, mut foreign: Foreign, facts: &Value, dt_ms: f64) {
    fs::create_dir_all(folder).expect("folder");
    let first_id = facts["first_id"].as_u64().expect("first_id");
    let size = facts["n_neurons"].as_u64().expect("n_neurons");
    let mut populations = Vec::new();
    match facts["populations"].as_object() {
        Some(named) => {
            for (name, p) in named {
                let (from, n) = (p["id_from"].as_u64().expect("id_from"), p["n"].as_u64().expect("n"));
                populations.push((name.clone(), from - first_id, n, from));
            }
        }
        None => populations.push(("all".to_owned(), 0, size, first_id)),
    }
    let header = json!({
        "format": "spikescope recording", "version": 1, "name": "reference", "simulator": "other", "dt_ms": dt_ms,
        "duration_ms": facts["duration_ms"], "complete": true,
        "populations": populations.iter().map(|(name, first, size, id)| {
            json!({"name": name, "first_neuron": first, "size": size, "first_id": id})
        }).collect::<Vec<_>>(),
        "projections": [{"name": "all", "source": populations[0].0, "target": populations[0].0,
            "first_synapse": 0, "synapses": foreign.synapses.len()}],
    });
    fs::write(folder.join("recording.json"), header.to_string()).expect("written");
    let names = populations.iter().flat_map(|(name, _, size, _)| vec![name.as_str(); *size as usize]);
    write_table(
        &folder.join("neurons.parquet"),
        vec![
            ("neuron", Arc::new(UInt32Array::from_iter_values(0..size as u32)) as ArrayRef),
            ("population", Arc::new(StringArray::from_iter_values(names)) as ArrayRef),
        ],
    );
    foreign.spikes.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
    let own = |id: u64| (id - first_id) as u32;
    write_table(
        &folder.join("spikes.parquet"),
        vec![
            ("time_ms", Arc::new(Float64Array::from_iter_values(foreign.spikes.iter().map(|s| s.0))) as ArrayRef),
            ("neuron", Arc::new(UInt32Array::from_iter_values(foreign.spikes.iter().map(|s| own(s.1)))) as ArrayRef),
        ],
    );
    if foreign.synapses.is_empty() {
        return;
    }
    let rows = &foreign.synapses;
    write_table(
        &folder.join("synapses.parquet"),
        vec![
            ("synapse", Arc::new(Int64Array::from_iter_values(0..rows.len() as i64)) as ArrayRef),
            ("pre", Arc::new(UInt32Array::from_iter_values(rows.iter().map(|s| own(s.0)))) as ArrayRef),
            ("post", Arc::new(UInt32Array::from_iter_values(rows.iter().map(|s| own(s.1)))) as ArrayRef),
            ("weight", Arc::new(Float32Array::from_iter_values(rows.iter().map(|s| s.2))) as ArrayRef),
            ("delay_ms", Arc::new(Float64Array::from_iter_values(rows.iter().map(|s| s.3))) as ArrayRef),
        ],
    );
}

#[test]
fn windows_populations_and_csv() {
    let place = tempfile::tempdir().expect("a place");
    let (scene, recording) = (place.path().join("small.toml"), place.path().join("run"));
    fs::write(&scene, SMALL).expect("written");
    let run = program()
        .arg("simulate")
        .arg(&scene)
        .args(["--engine", "cpu", "--duration-ms", "200", "--json", "--record"])
        .arg(&recording)
        .output()
        .expect("runs");
    assert!(run.status.success(), "{}", stderr(&run));
    let report = json(&run.stdout);
    let analyze = |more: &[&str]| {
        let output = program().args(["analyze", "--json"]).arg(&recording).args(more).output().expect("runs");
        assert!(output.status.success(), "{}", stderr(&output));
        json(&output.stdout)
    };
    let whole = analyze(&[]);
    assert_eq!(whole["spikes"]["spike_count"], report["spikes"]);
    assert!(report["spikes"].as_u64().expect("a count") > 100, "a run with spikes");
    for (name, rate) in report["rate_hz"].as_object().expect("rates") {
        let found = whole["spikes"]["populations"][name]["mean_rate_hz"].as_f64().expect("a rate");
        assert!((found - rate.as_f64().expect("a rate")).abs() < 1e-9 * found.max(1.0), "{name}");
    }
    let (early, late) = (analyze(&["--to", "80"]), analyze(&["--from", "80"]));
    let count = |part: &Value| part["spikes"]["spike_count"].as_u64().expect("a count");
    assert_eq!(count(&early) + count(&late), count(&whole));
    assert!(count(&early) > 0 && count(&late) > 0);
    assert_eq!(late["spikes"]["duration_ms"], 120.0);

    let csv = place.path().join("neurons.csv");
    let one = analyze(&["--population", "inhibitory", "--csv", csv.to_str().expect("a name")]);
    assert_eq!(one["spikes"]["n_neurons"], 40);
    let rows = fs::read_to_string(&csv).expect("written");
    assert_eq!(rows.lines().count(), 41, "a header and a row per neuron");
    let spikes: u64 =
        rows.lines().skip(1).map(|row| row.split(',').nth(2).expect("a cell").parse::<u64>().expect("a count")).sum();
    assert_eq!(spikes, count(&one));

    let table = program().arg("analyze").arg(&recording).output().expect("runs");
    let text = String::from_utf8_lossy(&table.stdout).into_owned();
    assert!(text.contains("excitatory") && text.contains("ISI CV"), "{text}");
}

#[test]
fn inputs_pruning_and_pairs() {
    let place = tempfile::tempdir().expect("a place");
    let recording = place.path().join("run");
    let spikes = vec![(10.0, 0), (20.0, 0), (30.0, 0), (110.0, 1), (120.0, 1), (121.0, 0)];
    let foreign = Foreign { spikes, synapses: vec![(0, 1, 0.5, 1.0)] };
    record(&recording, foreign, &json!({"first_id": 0, "n_neurons": 2, "duration_ms": 200.0}), 0.1);
    write_table(
        &recording.join("labels.parquet"),
        vec![
            ("start_ms", Arc::new(Float64Array::from(vec![0.0, 100.0])) as ArrayRef),
            ("end_ms", Arc::new(Float64Array::from(vec![100.0, 200.0])) as ArrayRef),
            ("label", Arc::new(Int16Array::from(vec![0, 1])) as ArrayRef),
            ("input", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
        ],
    );
    write_table(
        &recording.join("weights.parquet"),
        vec![
            ("time_ms", Arc::new(Float64Array::from(vec![5.0, 15.0])) as ArrayRef),
            ("synapse", Arc::new(Int64Array::from(vec![0, 0])) as ArrayRef),
            ("weight", Arc::new(Float32Array::from(vec![Some(0.75), None])) as ArrayRef),
        ],
    );
    let output = program().args(["analyze", "--json", "--pairs", "0,1"]).arg(&recording).output().expect("runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let found = json(&output.stdout);
    assert_eq!(found["connectivity"]["synaptic_operations"], 1, "only the first spike met the synapse");
    assert_eq!(found["connectivity"]["connection_sparsity"], 1.0);
    let intervals = found["weights"]["all"].as_array().expect("intervals");
    assert_eq!((&intervals[1]["updates"], &intervals[1]["pruned"]), (&json!(2), &json!(1)));
    assert_eq!(intervals[1]["total_change"], 1.0, "0.25 up and 0.75 away");
    let answers = &found["responses"]["populations"]["all"];
    assert_eq!(answers["neurons_by_preferred_class"], json!([1, 1]));
    // Neuron 0: 3 spikes and 1; neuron 1: none and 2. Latencies 10 and 21 ms, and 10 ms.
    assert_eq!(answers["selectivity_mean"], 0.75);
    assert_eq!(answers["first_spike_latency_mean_ms"], 12.75);
    assert_eq!(found["pairs"]["neurons"], json!([0, 1]));
    let tiling = &found["pairs"]["spike_time_tiling"];
    assert_eq!((&tiling[0][0], &tiling[0][1]), (&json!(1.0), &tiling[1][0]));
}

#[test]
fn mistakes_are_told() {
    let place = tempfile::tempdir().expect("a place");
    let recording = place.path().join("run");
    let foreign = Foreign { spikes: vec![(5.0, 0), (7.0, 1), (1.0, 1)], synapses: vec![(0, 1, 0.5, 1.0)] };
    record(&recording, foreign, &json!({"first_id": 0, "n_neurons": 2, "duration_ms": 10.0}), 0.1);
    let refused = |arguments: &[&str], path: &Path, says: &str| {
        let output = program().arg("analyze").arg(path).args(arguments).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(says), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    };
    refused(&["--population", "nobody"], &recording, "it has all");
    refused(&["--from", "8", "--to", "3"], &recording, "not after");
    refused(&["--from", "11"], &recording, "after the end");
    refused(&["--pairs", "0,9"], &recording, "2 neurons");
    refused(&["--from", "NaN"], &recording, "milliseconds");
    refused(&["--dt-ms", "0.1"], &recording, "leave it out");
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("folder");
    refused(&[], &empty, "known format");
    refused(&[], &place.path().join("nowhere"), "nowhere");
    fs::write(empty.join("times.txt"), "0 1\n1 0\n0 1\n").expect("written");
    refused(&[], &empty.join("times.txt"), "--columns");
    fs::write(recording.join("spikes.parquet"), b"PAR1 and no more").expect("written");
    refused(&[], &recording, "spikes.parquet");
}
