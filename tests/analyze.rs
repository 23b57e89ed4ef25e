//! `spikescope analyze` from outside: the facts that other people's programs and numpy found in the same files, our own
//! reports, and mistakes. The reference files lie beside the project and are skipped with a line where they do not.

mod common {
    pub(crate) mod program;
}

use std::fs::{self, File};
use std::path::{Path, PathBuf};
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

/// Rows of numbers; whatever is no number (headers, names) is left out of a row, and empty rows are left out.
fn rows(path: &Path) -> Vec<Vec<f64>> {
    let text = fs::read_to_string(path).expect("text");
    let numbers = |line: &str| line.split([',', '\t', ' ']).filter_map(|cell| cell.parse().ok()).collect::<Vec<f64>>();
    text.lines().filter(|line| !line.starts_with('#')).map(numbers).filter(|row| !row.is_empty()).collect()
}

fn reference() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.ancestors().map(|folder| folder.join("shared/reference")).find(|folder| folder.is_dir())
}

/// Reads the files of one folder as far as a few lines of test can.
fn read(folder: &Path) -> Option<Foreign> {
    let mut foreign = Foreign::default();
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let mut files: Vec<PathBuf> = fs::read_dir(folder).ok()?.map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let kind = folder.parent().map(&name)?;
    for path in &files {
        let file = name(path);
        match kind.as_str() {
            "nest" if file.ends_with(".dat") && (file.contains("-ex-") || file.contains("-in-")) => {
                // Either sender and ms, or sender, step of 0.1 ms and offset.
                foreign.spikes.extend(rows(path).iter().map(|row| match row[..] {
                    [sender, step, offset] => (step * 0.1 - offset, sender as u64),
                    _ => (row[1], row[0] as u64),
                }));
            }
            "nest" if file == "connections.csv" => {
                let synapse = |r: &Vec<f64>| (r[0] as u64, r[1] as u64, r[2] as f32, r[3]);
                foreign.synapses.extend(rows(path).iter().map(synapse));
            }
            "brian2" if file == "spikes.txt" => {
                foreign.spikes.extend(rows(path).iter().map(|row| (row[1], row[0] as u64)));
            }
            "neuron" if file == "spikes.csv" => {
                foreign.spikes.extend(rows(path).iter().map(|row| (row[1], row[0] as u64)));
            }
            "neuron" if file == "netcons.dat" => {
                let synapse = |r: &Vec<f64>| (r[0] as u64, r[1] as u64, r[2] as f32, r[3]);
                foreign.synapses.extend(rows(path).iter().map(synapse));
            }
            "sonata" if file == "output" => {
                foreign.spikes.extend(rows(&path.join("spikes.csv")).iter().map(|row| (row[0], row[1] as u64)));
            }
            "netpyne" if file.ends_with("_data.json") => {
                let data: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
                let of = |name: &str| data["simData"][name].as_array().expect("a list").clone();
                let pairs = of("spkt").into_iter().zip(of("spkid"));
                foreign
                    .spikes
                    .extend(pairs.map(|(t, id)| (t.as_f64().expect("ms"), id.as_f64().expect("an id") as u64)));
            }
            _ => {}
        }
    }
    (!foreign.spikes.is_empty()).then_some(foreign)
}

/// The dense spike tensors [step of 1 ms, item, neuron] of the PyTorch family, with the facts of their first item.
fn dense_tensors(reference: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    for kind in ["snntorch", "spikingjelly", "norse", "bindsnet"] {
        for folder in fs::read_dir(reference.join(kind)).into_iter().flatten().map(|entry| entry.expect("entry").path())
        {
            let Ok(facts) = fs::read_to_string(folder.join("expected.json")) else { continue };
            let facts: Value = serde_json::from_str(&facts).expect("valid");
            for (name, of) in [&facts["tensors"], &facts["layers"]].iter().filter_map(|v| v.as_object()).flatten() {
                let files = [format!("{name}.npy"), format!("spikes_{name}.npy")].map(|file| folder.join(file));
                if let Some(file) = files.into_iter().find(|file| file.is_file())
                    && of["batch0"].is_object()
                {
                    found.push((file, of["batch0"].clone()));
                }
            }
        }
    }
    found
}

/// Spikes of the first item of a dense tensor: every entry above zero.
fn first_item(path: &Path) -> Vec<(f64, u64)> {
    let open = || npyz::NpyFile::new(std::io::BufReader::new(File::open(path).expect("readable"))).expect("npy");
    let [_, items, neurons] = open().shape()[..] else { panic!("{} is no [time, item, neuron]", path.display()) };
    let is_bool = open().dtype().descr().contains('b');
    let values: Vec<bool> = if is_bool {
        open().into_vec::<bool>().expect("bool")
    } else {
        open().into_vec::<f32>().expect("float32").into_iter().map(|value| value > 0.0).collect()
    };
    let spikes = values.iter().enumerate().filter(|(_, spike)| **spike).map(|(at, _)| at as u64);
    let of_first = spikes.filter(|at| at / neurons % items == 0);
    of_first.map(|at| ((at / (items * neurons)) as f64, at % neurons)).collect()
}

/// Every field of the facts, against what was found. Counts exactly, numbers within 1e-6.
fn compare(expected: &Value, found: &Value, path: &str, wrong: &mut Vec<String>, compared: &mut usize) {
    match expected {
        Value::Object(fields) => {
            for (name, value) in fields {
                // Elephant's own value of the same number; and a split of the synapses by type, which is ours by projection.
                let source = name.strip_suffix("_by_elephant").unwrap_or(name);
                if name != "groups" {
                    compare(value, &found[source], &format!("{path}.{name}"), wrong, compared);
                }
            }
        }
        Value::Array(values) => {
            if found.as_array().map(Vec::len) != Some(values.len()) {
                wrong.push(format!("{path}: {found}, expected {expected}"));
            }
            for (at, value) in values.iter().enumerate() {
                compare(value, &found[at], &format!("{path}[{at}]"), wrong, compared);
            }
        }
        Value::Number(number) => {
            *compared += 1;
            let right = match (number.as_u64(), found.as_f64()) {
                (Some(count), Some(_)) => found.as_u64() == Some(count),
                (None, Some(value)) => {
                    let expected = number.as_f64().unwrap_or(f64::NAN);
                    (value - expected).abs() <= (1e-6 * expected.abs()).max(1e-9)
                }
                _ => false,
            };
            if !right {
                wrong.push(format!("{path}: {found}, expected {expected}"));
            }
        }
        other => {
            *compared += 1;
            if found != other {
                wrong.push(format!("{path}: {found}, expected {other}"));
            }
        }
    }
}

#[test]
fn analyze_agrees_with_the_facts_of_reference_files() {
    let Some(reference) = reference() else {
        eprintln!("skipped: no reference files beside the project");
        return;
    };
    let place = tempfile::tempdir().expect("a place");
    let (mut wrong, mut compared, mut folders) = (Vec::new(), 0, 0);
    for kind in ["nest", "brian2", "neuron", "sonata", "netpyne"] {
        for folder in fs::read_dir(reference.join(kind)).into_iter().flatten().map(|entry| entry.expect("entry").path())
        {
            let Some(facts) = fs::read_to_string(folder.join("expected.json")).ok() else { continue };
            let facts: Value = serde_json::from_str(&facts).expect("valid");
            if !facts["spikes"].is_object() {
                continue;
            }
            let Some(foreign) = read(&folder) else { continue };
            let has_synapses = !foreign.synapses.is_empty();
            let recording = place.path().join(format!("{folders}"));
            record(&recording, foreign, &facts["spikes"], 0.1);
            let output = program().args(["analyze", "--json"]).arg(&recording).output().expect("runs");
            assert!(output.status.success(), "{}: {}", folder.display(), stderr(&output));
            let found = json(&output.stdout);
            let name = folder.strip_prefix(&reference).expect("below").display().to_string();
            compare(&facts["spikes"], &found["spikes"], &format!("{name}: spikes"), &mut wrong, &mut compared);
            if has_synapses && facts["connectivity"].is_object() {
                let path = format!("{name}: connectivity");
                compare(&facts["connectivity"], &found["connectivity"], &path, &mut wrong, &mut compared);
            }
            folders += 1;
        }
    }
    for (tensor, facts) in dense_tensors(&reference) {
        let name = tensor.strip_prefix(&reference).expect("below").display().to_string();
        let recording = place.path().join(format!("{folders}"));
        let foreign = Foreign { spikes: first_item(&tensor), synapses: Vec::new() };
        record(&recording, foreign, &facts, 1.0);
        let output = program().args(["analyze", "--json"]).arg(&recording).output().expect("runs");
        assert!(output.status.success(), "{}: {}", tensor.display(), stderr(&output));
        compare(&facts, &json(&output.stdout)["spikes"], &name, &mut wrong, &mut compared);
        folders += 1;
    }
    assert!(wrong.is_empty(), "{} of {compared} fields differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(folders >= 8 && compared > 500, "{folders} folders, {compared} fields");
    eprintln!("{compared} fields of {folders} data sets agree");
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
    refused(&[], place.path(), "recording");
    fs::write(recording.join("spikes.parquet"), b"PAR1 and no more").expect("written");
    refused(&[], &recording, "spikes.parquet");
}
