//! Importers and damaged files: a clear message, exit code 2, nothing left. And real files of other simulators with flipped
//! bytes, cut ends and swapped pieces: 40 damaged versions of each are read in every run of the tests. Whatever comes, there
//! is no panic, and an import that ends with an error leaves nothing behind.

#[path = "common/program.rs"]
mod program;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use spikescope::recording::formats::{self, ImportError, ImportOptions};

use program::{program, stderr};

const VERSIONS: usize = 40;

/// Files that travel with these tests, and the smaller ones of the reference set where it is at hand.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let nest =
        "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n1\t7.000\n3\t6.500\n2\t9.100\n";
    let vs2n =
        "{\"T\":2000,\"i\":{\"L\":\"Layer1\",\"N\":2},\"Input\":7}\n{\"T\":1000,\"i\":{\"L\":\"Input\",\"N\":0}}\n";
    let mut corpus = vec![
        ("recorder-1-0.dat".to_owned(), nest.as_bytes().to_vec()),
        ("spikes.json".to_owned(), vs2n.as_bytes().to_vec()),
        ("fire.log".to_owned(), b"Layer1:/2\t2500\n\nInput:/0\t1000\n\n".to_vec()),
        ("wide.csv".to_owned(), b"time_ms,v1,v2\n0.0,-65,-64\n0.1,-64.5,-63\n".to_vec()),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(reference) = root.ancestors().map(|above| above.join("shared/reference")).find(|path| path.is_dir())
    else {
        eprintln!("without the files of other simulators: shared/reference is not beside the source");
        return corpus;
    };
    let names = [
        "brian2/cuba500/spikes.npz",
        "brian2/stdp_song/stdp_weights.npz",
        "nengo/communication_channel/ensembles.npz",
        "snntorch/synaptic_ff/network.nir",
        "snntorch/synaptic_ff/recordings.npz",
        "snntorch/synaptic_ff/spk_out.npy",
        "sonata/cortex100/output/spikes.h5",
        "sonata/cortex100/network/cortex_nodes.h5",
        "sonata/cortex100/network/cortex_cortex_edges.h5",
        "sonata/cortex100/simulation_config.json",
        "arrow/spikes/voltage_wide.parquet",
        "neuron/ring_ball_stick/spk.dat",
        "neuron/ring_ball_stick/netcons.dat",
        "nest/brunel_3threads_short/brunel-py-vm-104-0.dat",
        "simbrain/xor_in_binary.csv",
        "norse/lifbox_ff/spk_out.pt",
        "bindsnet/diehl_cook/weights.pt",
        "brian2/cuba500/spikemonitor_states.pkl",
        "brian2/stdp_song/stdp_weight_trace.npz",
        "neuronify/leaky.nfy",
        "nix/three_segments/three_segments.nix",
        "netpyne/ei_net/ei_net_data.json",
    ];
    for name in names {
        if let Ok(bytes) = fs::read(reference.join(name)) {
            let file = Path::new(name).file_name().expect("a file").to_string_lossy().into_owned();
            corpus.push((file, bytes));
        }
    }
    corpus
}

fn damaged(bytes: &[u8], rng: &mut TestRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut below = |end: usize| rng.next_u64() as usize % end.max(1);
    // Most of what matters is at the beginning and at the end.
    let place = |below: &mut dyn FnMut(usize) -> usize, len: usize| match below(3) {
        0 => below(len.min(512)),
        1 => len - 1 - below(len.min(512)),
        _ => below(len),
    };
    for _ in 0..=below(6) {
        let len = bytes.len();
        if len == 0 {
            break;
        }
        match below(5) {
            0 => {
                let at = place(&mut below, len);
                bytes[at] ^= 1 << below(8);
            }
            1 => {
                let at = place(&mut below, len);
                bytes[at] = [0, 0xff, b'-', b'9', b'\n', b'\t', b'n'][below(7)];
            }
            2 => bytes.truncate(below(len)),
            3 => {
                let (from, count) = (below(len), below(64));
                bytes.drain(from..(from + count).min(len));
            }
            _ => {
                let (from, count) = (below(len), below(64));
                let piece = bytes[from..(from + count).min(len)].to_vec();
                let at = place(&mut below, len);
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn no_damage_makes_a_panic_or_leaves_anything() {
    let mut rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let folder = tempfile::tempdir().expect("folder");
    let (mut read, mut refused) = (0, 0);
    for (name, bytes) in corpus() {
        for _ in 0..VERSIONS {
            let source: PathBuf = folder.path().join(&name);
            fs::write(&source, damaged(&bytes, &mut rng)).expect("writes");
            let out = folder.path().join("out");
            let options = ImportOptions { dt_ms: Some(1.0), ..ImportOptions::default() };
            match formats::import(std::slice::from_ref(&source), &out, &options, &mut |_, _| true) {
                Ok(_) => {
                    read += 1;
                    fs::remove_dir_all(&out).expect("the recording is there");
                }
                Err(error) => {
                    refused += 1;
                    let about_all = matches!(error, ImportError::Mistake(_));
                    assert!(about_all || error.to_string().contains(&name), "names no file: {error}");
                }
            }
            fs::remove_file(&source).expect("removes");
            let left: Vec<_> = fs::read_dir(folder.path()).expect("folder").flatten().map(|e| e.file_name()).collect();
            assert!(left.is_empty(), "{name} left {left:?}");
        }
    }
    eprintln!("{read} damaged files were still readable, {refused} were refused");
    assert!(refused > 0);
}

#[test]
fn damaged_files_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let head = "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\nsender\ttime_ms\n";
    let mut npy =
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 4, 10), }".to_vec();
    npy.resize(128, b' ');
    npy[127] = b'\n';
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.dat", Vec::new(), "empty"),
        ("short.dat", format!("{head}1\t1.0\n2\n").into_bytes(), "line 5"),
        ("word.dat", format!("{head}1\t1.0\n2\tsoon\n").into_bytes(), "line 5"),
        ("nan.dat", format!("{head}1\t1.0\n2\tNaN\n").into_bytes(), "line 5"),
        ("negative.dat", format!("{head}1\t-4\n").into_bytes(), "line 4"),
        ("fraction.dat", format!("{head}1.5\t4\n").into_bytes(), "line 4"),
        ("latin.dat", [head.as_bytes(), b"1\t1.0\n\xe9\t2\n"].concat(), "UTF-8"),
        ("short.npy", npy, "ends early"),
        ("broken.npz", b"PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaai.npyaaaaaaaaaa".to_vec(), "zip"),
        ("broken.h5", b"\x89HDF\r\n\x1a\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec(), "format"),
        ("broken.parquet", b"PAR1aaaaaaaaaaaaaaaaaaaaaaaa".to_vec(), "footer"),
        ("broken.feather", b"ARROW1aaaaaaaaaaaaaaaaaaaaaaaa".to_vec(), "footer"),
        ("prose.txt", b"nothing but words\nand more of them\n".to_vec(), "format"),
    ];
    for (name, bytes, says) in cases {
        let source = folder.path().join(name);
        fs::write(&source, bytes).expect("writes");
        let out = folder.path().join("out");
        let output =
            program().arg("import").arg(&source).args(["--dt-ms", "1"]).arg("--out").arg(&out).output().expect("runs");
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {message}");
        assert!(message.contains(says) && message.contains(name), "{name}: {message}");
        assert!(!message.contains("panicked"), "{message}");
        fs::remove_file(&source).expect("removes");
        let left: Vec<_> =
            fs::read_dir(folder.path()).expect("folder").map(|e| e.expect("entry").file_name()).collect();
        assert!(left.is_empty(), "{name} left {left:?}");
    }
}

#[test]
fn ten_gigabytes_of_nothing_are_refused_at_once() {
    let folder = tempfile::tempdir().expect("folder");
    let source = folder.path().join("sparse.dat");
    File::create(&source).and_then(|file| file.set_len(10 << 30)).expect("a sparse file");
    let output =
        program().arg("import").arg(&source).arg("--out").arg(folder.path().join("out")).output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}
