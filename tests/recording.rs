//! Recordings read back through the Parquet crate: what a finished, a dropped and a killed writer leave.

#[path = "common/networks.rs"]
mod networks;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int64Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use networks::{additive, poisson, projection};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use spikescope::engine::{PRUNED, Spike};
use spikescope::model::{Connectivity, Delays, Network, Projection, Receptor, Weights};
use spikescope::recording::{RecordingError, RecordingInfo, RecordingWriter};

/// All rows of a table, whether it is one file or a folder of parts.
fn read(table: &Path) -> Vec<RecordBatch> {
    let mut files = if table.is_dir() {
        fs::read_dir(table).expect("folder").map(|e| e.expect("entry").path()).collect()
    } else {
        vec![table.to_owned()]
    };
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            ParquetRecordBatchReaderBuilder::try_new(File::open(file).expect("opens"))
                .expect("has a footer")
                .build()
                .expect("reader")
                .map(|batch| batch.expect("rows"))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn spikes_of(table: &Path) -> Vec<(f64, u32)> {
    read(table)
        .iter()
        .flat_map(|batch| {
            let times = batch.column_by_name("time_ms").expect("time_ms").as_primitive::<Float64Type>();
            let neurons = batch.column_by_name("neuron").expect("neuron").as_primitive::<UInt32Type>();
            times.values().iter().copied().zip(neurons.values().iter().copied()).collect::<Vec<_>>()
        })
        .collect()
}

fn header(folder: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(folder.join("recording.json")).expect("recording.json")).expect("JSON")
}

/// Two inputs and three outputs; all-to-all plastic synapses from the one to the other, and a sparse pair back.
fn network() -> Arc<Network> {
    let back = Connectivity::Sparse { row_start: vec![0, 1, 1, 2], target: vec![1, 0] };
    Arc::new(Network {
        name: "small".to_owned(),
        dt_ms: 0.5,
        seed: 7,
        populations: vec![poisson("input", 0, 2), poisson("excitatory", 2, 3)],
        projections: vec![
            Projection {
                name: "input -> excitatory".to_owned(),
                weights: Weights::PerSynapse(vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
                delays: Delays::Constant(2),
                plasticity: Some(additive()),
                ..projection(0, 1, Receptor::Excitatory, Connectivity::AllToAll)
            },
            Projection {
                name: "back".to_owned(),
                weights: Weights::Constant(-2.0),
                delays: Delays::PerSynapse(vec![1, 3]),
                ..projection(1, 0, Receptor::Inhibitory, back)
            },
        ],
        positions: (0..5).map(|n| [n as f32, 0.5, -1.0]).collect(),
        ..Default::default()
    })
}

fn info() -> RecordingInfo {
    RecordingInfo { title: "a test".to_owned(), engine: "cpu".to_owned(), adapter: String::new(), synapses: true }
}

fn spike(step: u32, neuron: u32) -> Spike {
    Spike { step, neuron }
}

#[test]
fn a_finished_recording_holds_every_table_as_one_file() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    let mut writer = RecordingWriter::create(&folder, &network(), info()).expect("creates");
    writer.write_spikes(&[spike(1, 0), spike(3, 4)], 10).expect("spikes");
    writer.flush().expect("flushes");
    writer.write_spikes(&[spike(12, 2)], 20).expect("spikes");
    writer.write_label(0, 20, 9, 41).expect("label");
    writer.write_event(16, "prune", "period 1").expect("event");
    writer.write_potentials(20, &[(2, -61.5)]).expect("potentials");
    writer.write_weights(10, 0, &[0.1, 0.2, 0.35, 0.4, PRUNED, 0.6]).expect("weights");
    writer.write_weights(20, 0, &[0.1, 0.2, 0.35, 0.45, PRUNED, 0.6]).expect("weights");
    writer.set_classes(2, &[Some(3), None, Some(0)]);
    writer.finish().expect("finishes");

    assert_eq!(spikes_of(&folder.join("spikes.parquet")), [(0.5, 0), (1.5, 4), (6.0, 2)]);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("folder")
        .map(|e| e.expect("entry"))
        .inspect(|e| assert!(e.path().is_file(), "{} is one file", e.path().display()))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let tables = ["events", "labels", "neurons", "potentials", "spikes", "synapses", "weights"];
    let mut expected: Vec<String> = tables.iter().map(|t| format!("{t}.parquet")).collect();
    expected.push("recording.json".to_owned());
    expected.sort();
    assert_eq!(names, expected);

    let weights = &read(&folder.join("weights.parquet"))[0];
    assert_eq!(weights.column(0).as_primitive::<Float64Type>().values().to_vec(), [5.0, 5.0, 10.0]);
    assert_eq!(weights.column(1).as_primitive::<Int64Type>().values().to_vec(), [2, 4, 3]);
    let values = weights.column(2).as_primitive::<Float32Type>();
    assert_eq!((values.value(0), values.is_null(1), values.value(2)), (0.35, true, 0.45));

    let labels = &read(&folder.join("labels.parquet"))[0];
    assert_eq!(labels.column(1).as_primitive::<Float64Type>().value(0), 10.0);
    assert_eq!(labels.column(2).as_primitive::<Int16Type>().value(0), 9);
    assert_eq!(labels.column(3).as_primitive::<Int64Type>().value(0), 41);
    let events = &read(&folder.join("events.parquet"))[0];
    assert_eq!(events.column(1).as_string::<i32>().value(0), "prune");

    let header = header(&folder);
    assert_eq!(header["complete"], true);
    assert_eq!(header["duration_ms"], 10.0);
    assert_eq!(header["projections"][1]["first_synapse"], 6);
}

#[test]
fn neurons_and_synapses_say_what_the_network_is() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = RecordingWriter::create(temporary.path(), &network(), info()).expect("creates");
    writer.set_classes(2, &[Some(3), None, Some(0)]);
    writer.finish().expect("finishes");

    let neurons = &read(&temporary.path().join("neurons.parquet"))[0];
    assert_eq!(neurons.num_rows(), 5);
    let populations = neurons.column_by_name("population").expect("population").as_string::<i32>();
    assert_eq!(
        populations.iter().flatten().collect::<Vec<_>>(),
        ["input", "input", "excitatory", "excitatory", "excitatory"]
    );
    assert_eq!(neurons.column_by_name("x").expect("x").as_primitive::<Float32Type>().value(4), 4.0);
    let classes = neurons.column_by_name("class").expect("class").as_primitive::<Int16Type>();
    assert_eq!(classes.iter().collect::<Vec<_>>(), [None, None, Some(3), None, Some(0)]);

    let synapses = &read(&temporary.path().join("synapses.parquet"))[0];
    let column =
        |name: &str| synapses.column_by_name(name).expect("column").as_primitive::<UInt32Type>().values().to_vec();
    assert_eq!(column("pre"), [0, 0, 0, 1, 1, 1, 2, 4]);
    assert_eq!(column("post"), [2, 3, 4, 2, 3, 4, 1, 0]);
    let delays = synapses.column_by_name("delay_ms").expect("delay_ms").as_primitive::<Float64Type>();
    assert_eq!(delays.values()[5..].to_vec(), [1.0, 0.5, 1.5]);
    let weights = synapses.column_by_name("weight").expect("weight").as_primitive::<Float32Type>();
    assert_eq!(weights.values()[5..].to_vec(), [0.6, -2.0, -2.0]);
}

#[test]
fn a_dropped_writer_leaves_what_was_flushed() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = RecordingWriter::create(temporary.path(), &network(), info()).expect("creates");
    assert_eq!(spikes_of(&temporary.path().join("spikes.parquet")), [], "readable before the first spike");
    writer.write_spikes(&[spike(1, 0), spike(2, 1)], 4).expect("spikes");
    writer.flush().expect("flushes");
    writer.write_spikes(&[spike(5, 1)], 8).expect("spikes");
    drop(writer);

    assert_eq!(spikes_of(&temporary.path().join("spikes.parquet")), [(0.5, 0), (1.0, 1)]);
    let header = header(temporary.path());
    assert_eq!(header["complete"], false);
    assert_eq!(header["duration_ms"], 2.0, "the time up to which everything is there");
}

#[test]
fn spikes_reach_the_disk_within_a_second_or_so_without_being_asked() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = RecordingWriter::create(temporary.path(), &network(), info()).expect("creates");
    writer.write_spikes(&[spike(1, 0)], 1).expect("spikes");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    writer.write_spikes(&[], 2).expect("no spikes");
    assert_eq!(spikes_of(&temporary.path().join("spikes.parquet")), [(0.5, 0)]);
    assert_eq!(header(temporary.path())["duration_ms"], 1.0);
}

#[test]
fn a_new_run_replaces_an_old_recording_but_nothing_else() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    let mut first = RecordingWriter::create(&folder, &network(), info()).expect("creates");
    first.write_spikes(&[spike(1, 0)], 2).expect("spikes");
    first.write_label(0, 2, 1, 1).expect("label");
    drop(first);
    fs::write(folder.join("notes.txt"), "mine").expect("notes");
    RecordingWriter::create(&folder, &network(), info()).expect("replaces").finish().expect("finishes");
    assert_eq!(spikes_of(&folder.join("spikes.parquet")), []);
    assert!(!folder.join("labels.parquet").exists(), "the old run's labels are gone");
    assert_eq!(fs::read_to_string(folder.join("notes.txt")).expect("notes"), "mine");

    let other = temporary.path().join("thesis");
    fs::create_dir(&other).expect("folder");
    fs::write(other.join("chapter.tex"), "years of work").expect("file");
    assert!(matches!(RecordingWriter::create(&other, &network(), info()), Err(RecordingError::Occupied { .. })));
}

#[test]
fn late_spikes_and_unwritable_places_are_refused() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = RecordingWriter::create(temporary.path(), &network(), info()).expect("creates");
    writer.write_spikes(&[spike(5, 0)], 5).expect("spikes");
    assert!(matches!(writer.write_spikes(&[spike(4, 0)], 6), Err(RecordingError::Unsorted { .. })));

    let file = temporary.path().join("a file");
    fs::write(&file, "").expect("file");
    let below = file.join("run");
    assert!(matches!(RecordingWriter::create(&below, &network(), info()), Err(RecordingError::Write { .. })));
}
