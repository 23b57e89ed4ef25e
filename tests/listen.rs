//! `spikescope listen` as other programs meet it: a sender speaks Arrow IPC over TCP, and every spike arrives.

#[path = "common/program.rs"]
mod program;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use arrow_array::{Float64Array, RecordBatch, UInt32Array};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use program::program;
use spikescope::model::random::{Stream, random_u32};
use spikescope::recording::Recording;

/// The program, listening on a port of its own choice.
struct Listening {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    address: String,
}

impl Listening {
    fn start(arguments: &[&str], record: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spikescope"))
            .args(["listen", "--address", "127.0.0.1:0", "--no-window", "--record"])
            .arg(record)
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("says where it listens");
        let address = line.trim_start_matches("listening on ").split(';').next().expect("an address").to_owned();
        Self { child, stderr, address }
    }

    /// Exit code and what was said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).expect("text");
        (self.child.wait().expect("ends").code(), said)
    }
}

fn schema(extra: &[(&str, &str)]) -> Arc<Schema> {
    let mut metadata: HashMap<String, String> = [
        ("name", "sender"),
        ("dt_ms", "0.1"),
        ("populations", r#"[{"name": "excitatory", "size": 80}, {"name": "inhibitory", "size": 20}]"#),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect();
    metadata.extend(extra.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
    let fields = vec![Field::new("time_ms", DataType::Float64, false), Field::new("neuron", DataType::UInt32, false)];
    Arc::new(Schema::new(fields).with_metadata(metadata))
}

fn batch(schema: &Arc<Schema>, spikes: &[(f64, u32)]) -> RecordBatch {
    let times = Float64Array::from_iter_values(spikes.iter().map(|s| s.0));
    let neurons = UInt32Array::from_iter_values(spikes.iter().map(|s| s.1));
    RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(times), Arc::new(neurons)]).expect("a batch")
}

/// Sends batches as a simulator would; a listener that hangs up is no error of the sender's here.
fn send(address: &str, schema: &Arc<Schema>, batches: &[&[(f64, u32)]]) {
    let socket = TcpStream::connect(address).expect("somebody listens");
    let Ok(mut writer) = StreamWriter::try_new(socket, schema) else { return };
    for spikes in batches {
        if writer.write(&batch(schema, spikes)).is_err() {
            return;
        }
    }
    let _ = writer.finish();
}

#[test]
fn every_spike_that_was_sent_arrives() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    let listening = Listening::start(&[], &folder);
    let steps = (1..=5000_u32).flat_map(|step| (0..100).map(move |neuron| (step, neuron)));
    let sent: Vec<(f64, u32)> = steps
        .filter(|&(step, neuron)| random_u32(4, Stream::Poisson.part(0), neuron, step).is_multiple_of(40))
        .map(|(step, neuron)| (f64::from(step) * 0.1, neuron))
        .collect();
    let batches: Vec<&[(f64, u32)]> = sent.chunks(997).collect();
    send(&listening.address, &schema(&[]), &batches);
    let (code, said) = listening.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("sender: ") && said.contains("100 neurons"), "{said}");

    let recording = Recording::open(&folder).expect("opens");
    assert!(recording.header().complete);
    assert_eq!(recording.header().populations[1].first_neuron, 80);
    let mut arrived = Vec::new();
    for batch in recording.spikes(f64::NEG_INFINITY, f64::INFINITY) {
        let batch = batch.expect("a batch");
        arrived.extend(batch.times_ms().iter().copied().zip(batch.neurons().iter().copied()));
    }
    assert_eq!(arrived, sent);
}

#[test]
fn senders_of_something_else_are_turned_away_and_the_next_one_is_heard() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    let listening = Listening::start(&["--token", "secret"], &folder);
    let mut socket = TcpStream::connect(&listening.address).expect("somebody listens");
    let _ = socket.write_all(b"GET / HTTP/1.1\r\n\r\n");
    drop(socket);
    for wrong in [
        [("token", "secret"), ("dt_ms", "soon")],
        [("token", "secret"), ("populations", "800")],
        [("token", "secret"), ("populations", "[]")],
        [("token", "guess"), ("name", "stranger")],
    ] {
        send(&listening.address, &schema(&wrong), &[&[(0.1, 1)]]);
    }
    send(&listening.address, &schema(&[("token", "secret")]), &[&[(0.1, 3), (0.2, 4)]]);
    let (code, said) = listening.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("turned away: ").count(), 5, "{said}");
    for reason in ["no Arrow IPC stream", "`dt_ms`", "`populations` like", "0 neurons", "does not know the token"] {
        assert!(said.contains(reason), "{reason}: {said}");
    }
    assert_eq!(Recording::open(&folder).expect("opens").spike_count(), 2);
}

#[test]
fn a_stream_that_turns_wrong_is_kept_until_then() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    for (name, bad, reason) in [
        ("beyond", (0.3, 100), "neuron 100, but there are 100 neurons"),
        ("backward", (0.1, 1), "ascending order"),
        ("never", (f64::NAN, 1), "ascending order"),
    ] {
        let folder = temporary.path().join(name);
        let listening = Listening::start(&[], &folder);
        send(&listening.address, &schema(&[]), &[&[(0.2, 1), (0.2, 2)], &[bad]]);
        let (code, said) = listening.end();
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(reason), "{said}");
        assert_eq!(Recording::open(&folder).expect("opens").spike_count(), 2);
    }
}

/// A simulation may think for long between two batches, and whoever watches may end it then.
#[cfg(unix)]
#[test]
fn a_silent_sender_neither_delays_a_flush_nor_ctrl_c() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let folder = temporary.path().join("run");
    let listening = Listening::start(&[], &folder);
    let schema = schema(&[]);
    let socket = TcpStream::connect(&listening.address).expect("somebody listens");
    let mut writer = StreamWriter::try_new(socket, &schema).expect("a schema is sent");
    writer.write(&batch(&schema, &[(0.1, 3), (0.2, 4)])).expect("a batch is sent");
    let begun = std::time::Instant::now();
    while !Recording::open(&folder).is_ok_and(|recording| recording.spike_count() == 2) {
        assert!(begun.elapsed().as_secs() < 20, "nothing was flushed");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let id = listening.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    let (code, said) = listening.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(Recording::open(&folder).expect("opens").header().complete);
    drop(writer);
}

#[test]
fn other_machines_are_listened_to_only_with_a_token() {
    let output = program().args(["listen", "--address", "0.0.0.0:0", "--no-window", "--json"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(program::stderr(&output).contains("--token"), "{}", program::stderr(&output));
}
