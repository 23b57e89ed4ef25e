//! Recordings opened again: every window gives exactly its rows, whoever wrote the tables and however far they got;
//! damage is one readable message.

#[path = "common/networks.rs"]
mod networks;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use networks::{feed, poisson};
use proptest::prelude::*;
use spikescope::engine::{PRUNED, Spike};
use spikescope::model::Network;
use spikescope::model::random::{Stream, random_u32};
use spikescope::recording::{LabelRow, Recording, RecordingError, RecordingInfo, RecordingWriter};

const DT_MS: f64 = 0.5;

/// 40 inputs, 60 others; each input has a plastic synapse with its twin.
fn network() -> Arc<Network> {
    Arc::new(Network {
        name: "small".to_owned(),
        dt_ms: DT_MS,
        populations: vec![poisson("input", 0, 40), poisson("excitatory", 40, 60)],
        projections: vec![feed(3)],
        positions: (0..100).map(|n| [n as f32, 1.0, -2.0]).collect(),
        ..Default::default()
    })
}

/// Some spikes of each step, decided by the counter-based generator.
fn spikes(seed: u32, steps: u32, one_in: u32) -> Vec<Spike> {
    let all = (1..=steps).flat_map(|step| (0..100).map(move |neuron| Spike { step, neuron }));
    all.filter(|s| random_u32(seed, Stream::Poisson.part(0), s.neuron, s.step).is_multiple_of(one_in)).collect()
}

fn begin(folder: &Path) -> RecordingWriter {
    let info = RecordingInfo { synapses: true, engine: "cpu".to_owned(), ..Default::default() };
    RecordingWriter::create(folder, &network(), info).expect("creates")
}

/// Written in pieces, each of which becomes a part file.
fn write(folder: &Path, spikes: &[Spike], steps: u32, parts: usize, finish: bool) {
    let mut writer = begin(folder);
    for piece in spikes.chunks(spikes.len().div_ceil(parts).max(1)) {
        writer.write_spikes(piece, u64::from(piece[piece.len() - 1].step)).expect("spikes");
        writer.flush().expect("flushes");
    }
    writer.write_spikes(&[], u64::from(steps)).expect("no spikes");
    writer.flush().expect("flushes");
    if finish {
        writer.finish().expect("finishes");
    }
}

fn window(recording: &Recording, from_ms: f64, to_ms: f64) -> Vec<(f64, u32)> {
    recording
        .spikes(from_ms, to_ms)
        .flat_map(|batch| {
            let batch = batch.expect("a batch");
            batch.times_ms().iter().copied().zip(batch.neurons().iter().copied()).collect::<Vec<_>>()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn every_window_gives_exactly_its_spikes(
        seed in 0..1000_u32,
        one_in in prop::sample::select(vec![3_u32, 50, 4000]),
        parts in 1..9_usize,
        finish in any::<bool>(),
        windows in prop::collection::vec((0.0..1100.0_f64, 0.0..300.0_f64), 8),
    ) {
        let spikes = spikes(seed, 2000, one_in);
        let temporary = tempfile::tempdir().expect("temporary folder");
        write(temporary.path(), &spikes, 2000, parts, finish);
        let recording = Recording::open(temporary.path()).expect("opens");
        let all: Vec<(f64, u32)> = spikes.iter().map(|s| (f64::from(s.step) * DT_MS, s.neuron)).collect();
        prop_assert_eq!(recording.spike_count(), all.len() as u64);
        prop_assert_eq!(recording.duration_ms(), 1000.0);
        prop_assert_eq!(recording.header().complete, finish);
        prop_assert_eq!(window(&recording, f64::NEG_INFINITY, f64::INFINITY), all.clone());
        // Ends of windows that meet spikes, and such that lie between them.
        for (from, length) in windows.into_iter().chain([(100.0, 0.5), (100.0, 0.0), (0.0, 0.5)]) {
            let from = if length < 100.0 { (from / DT_MS).round() * DT_MS } else { from };
            let expected: Vec<_> = all.iter().copied().filter(|s| s.0 >= from && s.0 < from + length).collect();
            prop_assert_eq!(window(&recording, from, from + length), expected);
            let before = all.iter().filter(|s| s.0 < from).count() as u64;
            prop_assert_eq!(recording.spikes_before(from).expect("counts"), before);
        }
        let bins = recording.activity(0.0, 1000.0, 7).expect("activity");
        let end = all.iter().filter(|s| s.0 < 1000.0).count() as u64;
        prop_assert_eq!(bins.iter().sum::<u64>(), end);
    }
}

#[test]
fn a_long_table_is_read_by_its_pages() {
    // Two row groups and some hundred pages.
    let spikes = spikes(1, 30_000, 2);
    let temporary = tempfile::tempdir().expect("temporary folder");
    write(temporary.path(), &spikes, 30_000, 1, true);
    let recording = Recording::open(temporary.path()).expect("opens");
    assert_eq!(recording.spike_count(), spikes.len() as u64);
    for from in [0.5, 3333.0, 10_000.0, 14_990.5] {
        let expected: Vec<_> = spikes
            .iter()
            .map(|s| (f64::from(s.step) * DT_MS, s.neuron))
            .filter(|s| s.0 >= from && s.0 < from + 100.0)
            .collect();
        assert_eq!(window(&recording, from, from + 100.0), expected);
    }
    let bins = recording.activity(0.0, 15_000.5, 100).expect("activity");
    assert_eq!(bins.iter().sum::<u64>(), spikes.len() as u64);
    let third = spikes.iter().filter(|s| (300.01..450.015).contains(&(f64::from(s.step) * DT_MS))).count();
    assert_eq!(bins[2], third as u64);
}

#[test]
fn every_table_comes_back() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = begin(temporary.path());
    writer.write_spikes(&[Spike { step: 2, neuron: 41 }], 4).expect("spikes");
    writer.write_label(0, 20, 9, 41).expect("label");
    writer.write_label(20, 40, 3, 42).expect("label");
    writer.write_event(16, "prune", "period 1").expect("event");
    writer.write_potentials(20, &[(2, -61.5), (3, -60.0)]).expect("potentials");
    let mut weights = vec![0.25; 40];
    (weights[7], weights[9]) = (0.5, PRUNED);
    writer.write_weights(10, 0, &weights).expect("weights");
    writer.set_classes(40, &[Some(3), None]);
    writer.finish().expect("finishes");

    let recording = Recording::open(temporary.path()).expect("opens");
    let neurons = recording.neurons().expect("neurons");
    assert_eq!(neurons.positions[41], [41.0, 1.0, -2.0]);
    assert_eq!(neurons.classes[40..43], [Some(3), None, None]);
    assert_eq!(neurons.populations, [("input".to_owned(), 40), ("excitatory".to_owned(), 60)]);
    assert_eq!(recording.header().populations[1].first_neuron, 40);

    let labels = recording.labels(5.0, 100.0).expect("labels");
    assert_eq!(labels, [LabelRow { start_ms: 10.0, end_ms: 20.0, label: 3, input: 42 }]);
    let events = recording.events(0.0, 100.0).expect("events");
    assert_eq!((events[0].time_ms, events[0].kind.as_str(), events[0].text.as_str()), (8.0, "prune", "period 1"));
    let potentials: Vec<_> = recording.potentials(0.0, 11.0).map(|batch| batch.expect("a batch")).collect();
    assert_eq!((potentials[0].neurons(), potentials[0].v_mv()), (&[2, 3][..], &[-61.5, -60.0][..]));
    assert_eq!(recording.potentials(0.0, 10.0).count(), 0, "the end of a window is not in it");
    let changes: Vec<_> = recording.weights(5.0, 5.1).map(|batch| batch.expect("a batch")).collect();
    assert_eq!(changes[0].synapses(), [7, 9]);
    assert_eq!((changes[0].weight(0), changes[0].weight(1)), (Some(0.5), None));
    let synapses: Vec<_> = recording.synapses().map(|batch| batch.expect("a batch")).collect();
    assert_eq!((synapses[0].pre()[7], synapses[0].post()[7], synapses[0].first_synapse()), (7, 47, 0));
    assert_eq!((synapses[0].weights()[7], synapses[0].delays_ms()[7]), (0.25, 1.5));
}

/// Opens it and reads everything; the first error.
fn read_all(folder: &Path) -> Result<(), RecordingError> {
    let recording = Recording::open(folder)?;
    recording.neurons()?;
    recording.activity(0.0, recording.duration_ms(), 16)?;
    for batch in recording.spikes(f64::NEG_INFINITY, f64::INFINITY) {
        batch?;
    }
    for batch in recording.synapses() {
        batch?;
    }
    recording.labels(0.0, 1e9)?;
    recording.events(0.0, 1e9)?;
    Ok(())
}

fn message(folder: &Path) -> String {
    let error = read_all(folder).expect_err("the recording is damaged");
    assert!(
        matches!(error, RecordingError::Damaged { .. } | RecordingError::NoRecording { .. }),
        "not a mistake of the user's: {error}"
    );
    error.to_string()
}

#[test]
fn damage_is_said_with_the_file_and_what_is_wrong() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    assert!(message(temporary.path()).contains("no recording.json"));
    let folder = temporary.path().join("run");
    let fresh = || write(&folder, &spikes(2, 200, 3), 200, 2, true);

    fresh();
    fs::write(folder.join("spikes.parquet"), "PAR1 not at all").expect("writes");
    assert!(message(&folder).contains("spikes.parquet"));
    fresh();
    fs::write(folder.join("spikes.parquet"), "").expect("writes");
    assert!(message(&folder).contains("spikes.parquet"));
    fresh();
    fs::copy(folder.join("neurons.parquet"), folder.join("spikes.parquet")).expect("copies");
    assert!(message(&folder).contains("there is no column `time_ms`"));
    fresh();
    fs::remove_file(folder.join("neurons.parquet")).expect("removes");
    assert!(message(&folder).contains("neurons.parquet: the table is missing"));

    for (from, to, said) in [
        ("\"dt_ms\": 0.5", "\"dt_ms\": -1.0", "`dt_ms` is -1"),
        ("\"version\": 1", "\"version\": 99", "`version` is 99"),
        ("spikescope recording", "something else", "`format` says"),
        ("\"size\": 60", "\"size\": 61", "101 neurons"),
        ("\"name\"", "name", "line"),
    ] {
        fresh();
        let path = folder.join("recording.json");
        let text = fs::read_to_string(&path).expect("reads");
        assert!(text.contains(from), "{from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("writes");
        let message = message(&folder);
        assert!(message.contains(said) && message.contains("recording.json"), "{message}");
    }
    fresh();
    fs::write(folder.join("recording.json"), b"\xff\xfe{}").expect("writes");
    assert!(message(&folder).contains("UTF-8"));
}

#[test]
fn ids_beyond_the_population_and_unsorted_parts_are_refused() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let mut writer = begin(temporary.path());
    writer.write_spikes(&[Spike { step: 2, neuron: 100 }], 4).expect("spikes");
    writer.finish().expect("finishes");
    assert!(message(temporary.path()).contains("neuron 100, but there are 100 neurons"));

    let unsorted = temporary.path().join("unsorted");
    write(&unsorted, &spikes(2, 200, 3), 200, 2, false);
    let table = unsorted.join("spikes.parquet");
    fs::rename(table.join("part-000001.parquet"), table.join("part-000009.parquet")).expect("renames");
    assert!(message(&unsorted).contains("not sorted by time"));
}

#[test]
fn flipped_bytes_and_truncated_tables_never_panic() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    write(&folder, &spikes(2, 400, 3), 400, 1, true);
    // A reader of damaged bytes may give up by a panic of its own, which is caught; it need not be printed.
    std::panic::set_hook(Box::new(|_| {}));
    for table in ["spikes.parquet", "neurons.parquet", "synapses.parquet"] {
        let path = folder.join(table);
        let whole = fs::read(&path).expect("reads");
        for k in 0..150 {
            let mut bytes = whole.clone();
            let draw = |what| random_u32(11, Stream::Poisson.part(0), what, k) as usize;
            if k % 5 == 0 {
                bytes.truncate(draw(0) % whole.len());
            } else {
                // The footer, where most of the structure is, gets half of the flips.
                let reach = if k % 2 == 0 { whole.len() } else { whole.len().min(1500) };
                let at = whole.len() - 1 - draw(1) % reach;
                bytes[at] ^= 1 << (draw(2) % 8);
            }
            fs::write(&path, &bytes).expect("writes");
            if let Err(error) = read_all(&folder) {
                assert!(matches!(error, RecordingError::Damaged { .. }), "{error}");
            }
        }
        fs::write(&path, &whole).expect("writes");
    }
    let _ = std::panic::take_hook();
    read_all(&folder).expect("whole again");
}
