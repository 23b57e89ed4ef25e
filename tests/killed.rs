//! A run that is killed at a random moment leaves a recording that opens, with everything up to at most one second
//! before. Tried a few times here; `SPIKESCOPE_KILLS=50` tries it fifty times, as `scripts/kill-recordings` does.
#![cfg(unix)]

#[path = "common/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use program::SMALL;
use spikescope::model::random::{Stream, random_u32};
use spikescope::recording::Recording;

/// One second is promised; the rest is for a machine that is busy with other tests.
const LOST_MAX: Duration = Duration::from_millis(2000);

fn simulate(scene: &Path, folder: &Path, duration_ms: f64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
    command.arg("simulate").arg(scene).args(["--engine", "cpu", "--quiet", "--record"]).arg(folder);
    command.args(["--duration-ms", &duration_ms.to_string()]).stdout(Stdio::null());
    command
}

/// All spikes up to a time; exactly, whatever the files hold beyond it.
fn spikes(folder: &Path, until_ms: f64) -> Vec<(f64, u32)> {
    let recording = Recording::open(folder).expect("opens");
    let mut spikes = Vec::new();
    for batch in recording.spikes(f64::NEG_INFINITY, until_ms) {
        let batch = batch.expect("a batch");
        spikes.extend(batch.times_ms().iter().copied().zip(batch.neurons().iter().copied()));
    }
    spikes
}

#[test]
fn a_killed_run_leaves_all_but_its_last_second() {
    let kills: u32 = std::env::var("SPIKESCOPE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let temporary = tempfile::tempdir().expect("temporary folder");
    let scene = temporary.path().join("small.toml");
    fs::write(&scene, SMALL).expect("writes");
    let mut lengths_ms = Vec::new();
    let mut most_lost = Duration::ZERO;
    for kill in 0..kills {
        let folder = temporary.path().join(format!("killed-{kill}"));
        let mut child = simulate(&scene, &folder, 1e8).spawn().expect("starts");
        while !folder.join("recording.json").is_file() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let wait = 100 + random_u32(7, Stream::Poisson.part(0), kill, 1) % 2900;
        std::thread::sleep(Duration::from_millis(u64::from(wait)));
        child.kill().expect("a kill signal");
        let killed = SystemTime::now();
        child.wait().expect("ends");

        let recording = Recording::open(&folder).expect("a killed run's recording opens");
        assert!(!recording.header().complete);
        assert_eq!((recording.neuron_count(), recording.synapse_count()), (200, 1600));
        // The header is written with every flush, and says up to when all tables hold everything.
        let flushed = fs::metadata(folder.join("recording.json")).and_then(|m| m.modified()).expect("a time");
        let lost = killed.duration_since(flushed).unwrap_or_default();
        most_lost = most_lost.max(lost);
        assert!(lost < LOST_MAX, "{lost:?} are lost after {wait} ms");
        lengths_ms.push((folder, recording.header().duration_ms));
    }
    // The same run to its end: what the killed ones hold is its beginning, spike for spike.
    let whole = temporary.path().join("whole");
    let longest = lengths_ms.iter().map(|(_, length)| *length).fold(1.0, f64::max);
    assert!(simulate(&scene, &whole, longest).status().expect("runs").success());
    for (folder, length_ms) in &lengths_ms {
        assert_eq!(spikes(folder, *length_ms), spikes(&whole, *length_ms), "up to {length_ms} ms");
    }
    eprintln!(
        "{kills} runs killed, the longest after {longest:.0} ms of simulated time; the last flush was at most {} ms old",
        most_lost.as_millis()
    );
}
