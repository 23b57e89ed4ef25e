//! The program from outside: what it prints, what it leaves on disk, and how it ends, mistakes and Ctrl-C included.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "common/program.rs"]
mod program;

use program::{SMALL, json, program, stderr};

/// Runs with these arguments in `folder`, where `small.toml` lies.
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    fs::write(folder.join("small.toml"), SMALL).expect("scene");
    program().current_dir(folder).args(arguments).output().expect("runs")
}

fn run(arguments: &[&str]) -> Output {
    run_in(tempfile::tempdir().expect("temporary folder").path(), arguments)
}

/// The program refuses with exit code 2 and one message that holds all these words.
fn assert_mistake(output: &Output, words: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.starts_with("error: ") && !message.contains("panicked"), "{message}");
    assert_eq!(message.matches("error: ").count(), 1, "one message: {message}");
    assert!(output.stdout.is_empty(), "nothing on stdout");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

fn adapters() -> Vec<Value> {
    let output = program().args(["doctor", "--json"]).output().expect("runs");
    json(&output.stdout)["adapters"].as_array().expect("a list").clone()
}

/// False, with a word on why, where there is no adapter; a failure where there has to be one.
fn has_adapter() -> bool {
    let found = !adapters().is_empty();
    assert!(found || std::env::var_os("SPIKESCOPE_REQUIRE_GPU").is_none(), "no graphics adapter");
    if !found {
        eprintln!("skipped: no graphics adapter");
    }
    found
}

#[test]
fn mistakes_on_the_command_line_are_explained() {
    assert_mistake(&run(&["simulate", "cubba"]), &["cubba", "did you mean `cuba`?"]);
    assert_mistake(&run(&["simulate", "nowhere/at-all.toml"]), &["nowhere/at-all.toml", "cannot be read"]);
    assert_mistake(&run(&["simulat"]), &["simulate"]);
    assert_mistake(&run(&["render", "cuba"]), &["--out"]);
    assert_mistake(&run(&["render", "cuba", "--out", "x", "--size", "1280"]), &["--size", "1280x720"]);
    assert_mistake(&run(&["render", "cuba", "--out", "x", "--fps", "0"]), &["--fps"]);
    assert_mistake(&run(&["render", "cuba", "--out", "x.gif"]), &["x.gif", ".y4m"]);
    assert_mistake(&run(&["render", "small.toml", "--out", "x", "--camera", "roof"]), &["roof", "opening"]);
    assert_mistake(&run(&["render", "small.toml", "--out", "-", "--json"]), &["stdout"]);
    assert_mistake(&run(&["simulate", "cuba", "--duration-ms", "-5"]), &["-5"]);
    assert_mistake(&run(&["simulate", "cuba", "--seed", "many"]), &["--seed", "many"]);
    assert_mistake(&run(&["bench", "--json", "cuba"]), &["cuba", "scene"]);
    assert_mistake(&run(&["--json"]), &["window"]);
}

#[test]
fn mistakes_in_overrides_are_explained() {
    let with = |change: &str| run(&["simulate", "small.toml", "--set", change]);
    assert_mistake(&with("nonsense"), &["--set", "KEY=VALUE"]);
    assert_mistake(&with("population.exitatory.size=3"), &["exitatory"]);
    assert_mistake(&with("population.excitatory.sise=3"), &["sise", "size"]);
    assert_mistake(&with("population.excitatory.size=lots"), &["population.excitatory.size"]);
    assert_mistake(&with("population.excitatory.tau_membrane_ms=-20"), &["tau_membrane_ms", "-20"]);
}

#[test]
fn mistakes_in_a_scene_are_explained_with_their_line() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let with = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        let text = SMALL.replacen(from, to, 1);
        fs::write(temporary.path().join("wrong.toml"), &text).expect("scene");
        let line = text.lines().position(|l| l.contains(to)).expect("the changed line") + 1;
        (run_in(temporary.path(), &["simulate", "wrong.toml"]), format!("wrong.toml:{line}"))
    };
    let (output, line) = with("refractory_ms = 5", "refractory_mss = 5");
    assert_mistake(&output, &[&line, "refractory_mss", "did you mean `refractory_ms`?"]);
    let (output, line) = with("tau_membrane_ms = 20", "tau_membrane_ms = -20");
    assert_mistake(&output, &[&line, "tau_membrane_ms", "-20"]);
    let (output, line) = with("source = \"excitatory\"", "source = \"exitatory\"");
    assert_mistake(&output, &[&line, "exitatory", "excitatory"]);
    let (output, line) = with("size = 160", "size = = 160");
    assert_mistake(&output, &[&line]);
}

#[test]
fn networks_that_do_not_fit_are_refused_before_anything_is_allocated() {
    let begun = Instant::now();
    let output = run(&["simulate", "small.toml", "--set", "population.excitatory.size=1500000000"]);
    assert_mistake(&output, &["memory", "GB"]);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn networks_larger_than_the_adapters_limits_are_refused_with_bytes() {
    if !has_adapter() {
        return;
    }
    let limit = adapters()[0]["largest_storage_binding_bytes"].as_u64().expect("bytes");
    let neurons = limit / 16 + 1000;
    if neurons > 10_000_000 {
        eprintln!("skipped: this adapter's limits are too large to pass in a test");
        return;
    }
    let temporary = tempfile::tempdir().expect("temporary folder");
    let text = format!("[population.input]\nsize = {neurons}\ncell = \"poisson\"\nrate_hz = 1\n");
    fs::write(temporary.path().join("large.toml"), text).expect("scene");
    let output = run_in(temporary.path(), &["simulate", "large.toml", "--engine", "gpu", "--duration-ms", "1"]);
    assert_mistake(&output, &["bytes", &limit.to_string(), "--engine cpu"]);
}

#[test]
fn missing_data_is_a_mistake() {
    let output = run(&["simulate", "digits", "--engine", "cpu", "--set", "learning.data=/nowhere/mnist"]);
    assert_mistake(&output, &["/nowhere/mnist"]);
}

#[test]
fn places_that_cannot_be_written_to_are_mistakes() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    fs::write(temporary.path().join("file"), "").expect("file");
    let output = run_in(temporary.path(), &["simulate", "small.toml", "--record", "file/run"]);
    assert_mistake(&output, &["file/run"]);
    fs::create_dir(temporary.path().join("thesis")).expect("folder");
    fs::write(temporary.path().join("thesis/chapter.tex"), "").expect("file");
    let output = run_in(temporary.path(), &["simulate", "small.toml", "--record", "thesis"]);
    assert_mistake(&output, &["thesis", "left alone"]);
    let output =
        run_in(temporary.path(), &["bench", "small.toml", "--duration-ms", "1", "--quiet", "--json", "file/b.json"]);
    assert_mistake(&output, &["file/b.json"]);
    if has_adapter() {
        let output = run_in(temporary.path(), &["render", "small.toml", "--out", "file/frames"]);
        assert_mistake(&output, &["file/frames"]);
        let output = run_in(temporary.path(), &["render", "small.toml", "--out", "file/run.y4m"]);
        assert_mistake(&output, &["file/run.y4m"]);
        let output = run_in(temporary.path(), &["render", "small.toml", "--out", "x", "--size", "32768x32768"]);
        assert_mistake(&output, &["32768x32768"]);
    }
}

#[test]
fn adapters_that_are_not_there_are_mistakes() {
    if has_adapter() {
        let name = adapters()[0]["name"].as_str().expect("a name").to_owned();
        assert_mistake(&run(&["simulate", "small.toml", "--adapter", "voodoo 2"]), &["voodoo 2", &name]);
    }
    let temporary = tempfile::tempdir().expect("temporary folder");
    fs::write(temporary.path().join("small.toml"), SMALL).expect("scene");
    let without_drivers = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(temporary.path()).args(arguments);
        command.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json");
        command.output().expect("runs")
    };
    assert_mistake(
        &without_drivers(&["simulate", "small.toml", "--engine", "gpu"]),
        &["no graphics adapter", "doctor"],
    );
    assert_mistake(&without_drivers(&["render", "small.toml", "--out", "frames"]), &["mesa-vulkan-drivers"]);
    assert!(!temporary.path().join("frames").exists());
    // On its own the program takes the CPU, and the doctor says what to install.
    let output = without_drivers(&["simulate", "small.toml", "--json"]);
    assert_eq!(json(&output.stdout)["engine"], "cpu", "{}", stderr(&output));
    let output = without_drivers(&["doctor", "--json"]);
    assert!(output.status.success());
    let advice = json(&output.stdout)["advice"].to_string();
    for words in ["apt install", "dnf install", "pacman -S"] {
        assert!(advice.contains(words), "{advice}");
    }
}

#[test]
fn lists_are_json_or_text() {
    let scenes = json(&run(&["scenes", "--json"]).stdout);
    let names: Vec<&str> = scenes.as_array().expect("a list").iter().filter_map(|s| s["name"].as_str()).collect();
    assert!(names.contains(&"digits") && names.contains(&"cuba"), "{names:?}");
    let text = run(&["scenes"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("cuba"));
    assert!(run(&["doctor"]).status.success());
    assert!(run(&["--help"]).status.success());
    let version = run(&["--version"]).stdout;
    assert!(String::from_utf8_lossy(&version).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_simulation_repeats_itself_and_another_seed_does_not() {
    let report = |arguments: &[&str]| {
        let output = run(&[&["simulate", "small.toml", "--json", "--engine", "cpu"], arguments].concat());
        assert!(output.status.success() && output.stderr.is_empty(), "{}", stderr(&output));
        json(&output.stdout)
    };
    let (first, second, other) = (report(&[]), report(&[]), report(&["--seed", "6"]));
    assert_eq!(first["state_hash"], second["state_hash"]);
    assert_ne!(first["state_hash"], other["state_hash"]);
    assert!(first["rate_hz"]["excitatory"].as_f64().expect("a rate") > 1.0, "{first}");
    assert_eq!((&first["simulated_ms"], &first["neurons"]), (&Value::from(20.0), &Value::from(200)));
    let last = first.as_object().expect("an object").keys().next_back().expect("keys").clone();
    assert_eq!(last, "state_hash");
    let longer = report(&["--duration-ms", "30", "--set", "population.excitatory.size=240"]);
    assert_eq!((&longer["simulated_ms"], &longer["neurons"]), (&Value::from(30.0), &Value::from(300)));
}

#[test]
fn the_first_scene_runs_and_is_the_one_that_the_readme_explains() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scene = root.join("examples/first_scene.toml");
    let readme = fs::read_to_string(root.join("README.md")).expect("readme");
    let explained: Vec<&str> =
        readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).map(str::trim).collect();
    assert_eq!(explained.join("\n\n"), fs::read_to_string(&scene).expect("scene").trim());
    let path = scene.to_str().expect("utf-8");
    let output = run(&["simulate", path, "--engine", "cpu", "--duration-ms", "100", "--json"]);
    assert!(json(&output.stdout)["rate_hz"]["inhibitory"].as_f64().expect("a rate") > 1.0, "{}", stderr(&output));
}

#[test]
fn a_bench_is_a_list_of_runs() {
    let temporary = tempfile::tempdir().expect("temporary folder");
    let arguments = ["bench", "small.toml", "--engine", "cpu", "--duration-ms", "20", "--warm-up-ms", "10", "--json"];
    let output = run_in(temporary.path(), &arguments);
    let run = &json(&output.stdout)[0];
    for key in [
        "scene",
        "engine",
        "neurons",
        "synapses",
        "simulated_s",
        "wall_s",
        "real_time_factor",
        "events_per_s",
        "bytes_per_synapse",
        "rate_hz",
        "kernels_ms",
    ] {
        assert!(!run[key].is_null(), "{key} is missing: {run}");
    }
    assert_eq!((&run["scene"], &run["synapses"]), (&Value::from("small"), &Value::from(1600)));
    // Every excitatory spike arrives at 10 synapses on average, so events and rates must agree to the spread of out-degrees.
    let per_s = |key: &str| run[key].as_f64().expect("a number");
    let expected = run["rate_hz"]["excitatory"].as_f64().expect("a rate") * 160.0 * 10.0 / per_s("real_time_factor");
    assert!((per_s("events_per_s") / expected - 1.0).abs() < 0.3, "{} and {expected}", per_s("events_per_s"));
    let output = run_in(temporary.path(), &[&arguments[..], &["out.json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let file = json(&fs::read(temporary.path().join("out.json")).expect("file"));
    assert_eq!(file[0]["scene"], "small");
}

#[cfg(unix)]
mod interrupted {
    use super::*;
    use std::process::Child;

    fn start(folder: &Path, arguments: &[&str]) -> Child {
        fs::write(folder.join("small.toml"), SMALL).expect("scene");
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
        command.current_dir(folder).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("starts")
    }

    fn signal(child: &Child, name: &str) {
        let status = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }

    fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < Duration::from_secs(120), "timed out waiting for {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn spike_rows(file: &Path) -> usize {
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(
            fs::File::open(file).expect("opens"),
        );
        reader.expect("a footer").metadata().file_metadata().num_rows() as usize
    }

    /// Parts of a recording under way that hold rows.
    fn parts(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder.join("run/spikes.parquet")).into_iter().flatten().flatten();
        entries.map(|e| e.path()).filter(|path| spike_rows(path) > 0).collect()
    }

    const FOREVER: [&str; 8] = ["simulate", "small.toml", "--engine", "cpu", "--duration-ms", "1e9", "--record", "run"];

    #[test]
    fn ctrl_c_finishes_a_recording() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let child = start(temporary.path(), &[&FOREVER[..], &["--json"]].concat());
        wait_until("spikes", || !parts(temporary.path()).is_empty());
        signal(&child, "-INT");
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        let report = json(&output.stdout);
        assert_eq!(report["interrupted"], true);
        let header = json(&fs::read(temporary.path().join("run/recording.json")).expect("header"));
        assert_eq!(header["complete"], true);
        assert_eq!(header["duration_ms"], report["simulated_ms"]);
        let rows = spike_rows(&temporary.path().join("run/spikes.parquet"));
        assert_eq!(Value::from(rows), report["spikes"], "every spike that was simulated");
    }

    #[test]
    fn a_killed_recording_opens_up_to_its_last_flush() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let mut child = start(temporary.path(), &FOREVER);
        wait_until("spikes", || parts(temporary.path()).len() >= 2);
        signal(&child, "-KILL");
        child.wait().expect("ends");
        let header = json(&fs::read(temporary.path().join("run/recording.json")).expect("header"));
        assert_eq!(header["complete"], false);
        assert!(header["duration_ms"].as_f64().expect("ms") > 0.0);
        assert!(parts(temporary.path()).iter().map(|part| spike_rows(part)).sum::<usize>() > 0);
    }

    #[test]
    fn ctrl_c_finishes_a_video() {
        if !has_adapter() {
            return;
        }
        let temporary = tempfile::tempdir().expect("temporary folder");
        let many = ["--frames", "1000000", "--size", "64x36", "--steps-per-frame", "1"];
        let child = start(temporary.path(), &[&["render", "small.toml", "--out", "run.y4m"], &many[..]].concat());
        let partial = temporary.path().join("run.y4m.partial");
        wait_until("frames", || fs::metadata(&partial).is_ok_and(|file| file.len() > 20_000));
        signal(&child, "-INT");
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert!(!partial.exists());
        let report = json(&fs::read(temporary.path().join("report.json")).expect("report"));
        assert_eq!(report["interrupted"], true);
        let frames = report["frames"].as_u64().expect("a count");
        let video = fs::read(temporary.path().join("run.y4m")).expect("video");
        let header = video.iter().position(|&b| b == b'\n').expect("a line") as u64 + 1;
        assert_eq!(video.len() as u64, header + frames * (6 + 64 * 36 * 3), "whole frames only");
    }
}

mod rendered {
    use super::*;

    const FEW: [&str; 6] = ["--frames", "3", "--size", "70x40", "--steps-per-frame", "40"];

    fn render(folder: &Path, out: &str, more: &[&str]) -> Output {
        let output = run_in(folder, &[&["render", "small.toml", "--out", out], &FEW[..], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        output
    }

    #[test]
    fn the_same_command_gives_the_same_frames_and_another_seed_others() {
        if !has_adapter() {
            return;
        }
        let temporary = tempfile::tempdir().expect("temporary folder");
        let report =
            |out: &str, more: &[&str]| json(&render(temporary.path(), out, &[&["--json"], more].concat()).stdout);
        let (first, second) = (report("a", &[]), report("b", &[]));
        let other = report("c", &["--seed", "6"]);
        for hash in ["frames_hash", "state_hash"] {
            assert_eq!(first[hash], second[hash], "{hash}");
            assert_ne!(first[hash], other[hash], "{hash}");
        }
        for frame in ["frame_000000.png", "frame_000001.png", "frame_000002.png"] {
            let read = |folder: &str| fs::read(temporary.path().join(folder).join(frame)).expect("a frame");
            assert_eq!(read("a"), read("b"), "{frame}");
            assert_ne!(read("a"), read("c"), "{frame}");
        }
        assert_eq!(json(&fs::read(temporary.path().join("a/report.json")).expect("report")), first);
        for stage in ["simulate_ms", "draw_ms", "read_back_ms", "encode_ms"] {
            assert!(first["stages"][stage]["total"].as_f64().expect("ms") > 0.0, "{stage}");
        }
        assert_eq!(first["simulated_ms"], 8.0, "frame 0 is the start, two more follow");
        assert_eq!((&first["frames"], &first["interrupted"]), (&Value::from(3), &Value::from(false)));
        let last = first.as_object().expect("an object").keys().next_back().expect("keys").clone();
        assert_eq!(last, "state_hash");
    }

    #[test]
    fn png_video_and_raw_hold_the_same_frames() {
        if !has_adapter() {
            return;
        }
        let temporary = tempfile::tempdir().expect("temporary folder");
        render(temporary.path(), "frames", &[]);
        let raw = render(temporary.path(), "-", &[]).stdout;
        assert_eq!(raw.len(), 3 * 70 * 40 * 3);
        for (index, frame) in raw.chunks(70 * 40 * 3).enumerate() {
            let file = fs::File::open(temporary.path().join(format!("frames/frame_{index:06}.png"))).expect("a frame");
            let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().expect("a PNG");
            let mut pixels = vec![0; 70 * 40 * 3];
            let info = reader.next_frame(&mut pixels).expect("pixels");
            assert_eq!((info.width, info.height, info.color_type), (70, 40, png::ColorType::Rgb));
            assert_eq!(pixels, frame, "frame {index}");
            assert!(frame.iter().any(|&value| value > 60), "something bright in frame {index}");
        }
        render(temporary.path(), "run.y4m", &["--fps", "29.97"]);
        let video = fs::read(temporary.path().join("run.y4m")).expect("video");
        let header = b"YUV4MPEG2 W70 H40 F2997:100 Ip A1:1 C444 XCOLORRANGE=LIMITED\n";
        assert!(video.starts_with(header));
        assert_eq!(video.len(), header.len() + 3 * (6 + 3 * 70 * 40));
        assert_eq!(&video[header.len()..header.len() + 6], b"FRAME\n");
        let report = json(&fs::read(temporary.path().join("report.json")).expect("report"));
        let frames = json(&fs::read(temporary.path().join("frames/report.json")).expect("report"));
        assert_eq!(report["frames_hash"], frames["frames_hash"], "the hash is of pixels, not of files");
    }

    #[test]
    fn without_a_display_the_window_says_so_and_renders() {
        if !has_adapter() {
            return;
        }
        let temporary = tempfile::tempdir().expect("temporary folder");
        fs::write(temporary.path().join("small.toml"), SMALL).expect("scene");
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
        command.current_dir(temporary.path()).args(["view", "small.toml", "--set", "population.excitatory.size=16"]);
        command.env("NODEVICE_SELECT", "1");
        for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
            command.env_remove(name);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().expect("starts");
        let first = temporary.path().join("spikescope-small/frame_000000.png");
        let begun = Instant::now();
        while !first.exists() && begun.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(50));
        }
        child.kill().expect("stops");
        let output = child.wait_with_output().expect("ends");
        assert!(stderr(&output).starts_with("no display to open a window on"), "{}", stderr(&output));
        assert!(first.exists(), "{}", stderr(&output));
    }
}
