//! What an adapter can do for spiking networks, in one command: `cargo bench --bench gpu_report` (under nine minutes).
//! Atomic additions per second, the cost of a dispatch by the buffers it may write, then the large benchmark scenes,
//! each by `spikescope bench` in a process of its own with a time limit. In: `--scale S` (1 is full size; 0.001 suits a
//! software adapter), `--adapter NAME`, `--json FILE`. Out: a table on stdout, last, and the same as JSON.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spikescope::gpu::{Gpu, Kernel, Memory, Slot, shader::ShaderSource};

type Failure = Box<dyn std::error::Error>;

/// All together, and each scene's largest share of what is then left.
const TIME_LIMIT: Duration = Duration::from_secs(500);
const SCENE_LIMIT: Duration = Duration::from_secs(110);

struct Arguments {
    scale: f64,
    adapter: Option<String>,
    json: Option<String>,
}

fn arguments() -> Result<Arguments, Failure> {
    let mut parsed = Arguments { scale: 1.0, adapter: None, json: None };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{name} needs a value"));
        match name.as_str() {
            "--scale" => parsed.scale = value()?.parse()?,
            "--adapter" => parsed.adapter = Some(value()?),
            "--json" => parsed.json = Some(value()?),
            // Cargo's own.
            "--bench" => {}
            other => return Err(format!("{other} is none of --scale S, --adapter NAME, --json FILE").into()),
        }
    }
    if !(parsed.scale > 0.0 && parsed.scale <= 1.0) {
        return Err("--scale is above 0 and at most 1".into());
    }
    Ok(parsed)
}

fn main() -> Result<(), Failure> {
    let begun = Instant::now();
    let arguments = arguments()?;
    let gpu = std::sync::Arc::new(Gpu::headless(arguments.adapter.as_deref())?);
    let mut table = format!("{} ({}, {})\n", gpu.info.name, gpu.info.driver, gpu.info.driver_info);
    let mut atomics = Vec::new();
    for targets in [10_000_u32, 100_000, 1_000_000, 10_000_000] {
        let per_s = atomics_per_s(&gpu, targets, arguments.scale)?;
        writeln!(table, "{targets:>9} targets: {per_s:.3e} atomic additions (i32) a second")?;
        atomics.push(json!({ "targets": targets, "per_s": per_s }));
    }
    let mut latencies = Vec::new();
    for buffers in 1..=6 {
        let us = dispatch_us(&gpu, buffers)?;
        writeln!(table, "{buffers} read-write buffers: {us:.2} us a dispatch")?;
        latencies.push(json!({ "read_write_buffers": buffers, "us": us }));
    }
    let mut runs = Vec::new();
    for (scene, settings, duration_ms) in scenes(arguments.scale) {
        let left = TIME_LIMIT.saturating_sub(begun.elapsed()).min(SCENE_LIMIT);
        eprintln!("{scene} {}", settings.join(" "));
        match run(scene, &settings, duration_ms, &gpu.info.name, left) {
            Ok(run) => {
                writeln!(table, "{}", line(scene, &run))?;
                runs.push(run);
            }
            Err(why) => {
                writeln!(table, "{scene:<15} {why}")?;
                runs.push(json!({ "scene": scene, "failed": why.to_string() }));
            }
        }
    }
    let report = json!({
        "adapter": gpu.info.name, "driver": gpu.info.driver, "driver_info": gpu.info.driver_info,
        "scale": arguments.scale, "atomics": atomics, "dispatch_latency": latencies, "runs": runs,
        "wall_s": begun.elapsed().as_secs_f64(),
    });
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.as_bytes())?;
    Ok(())
}

fn line(scene: &str, run: &Value) -> String {
    let number = |key: &str| run[key].as_f64().unwrap_or(f64::NAN);
    format!(
        "{scene:<15} {:>10} neurons {:>13} synapses: real-time factor {:.3}, {:.3e} events/s, {:.2} Hz, {:.2} bytes a \
         synapse, {:.2} dispatches a step, set up in {:.1} s",
        run["neurons"],
        run["synapses"],
        number("real_time_factor"),
        number("events_per_s"),
        number("mean_rate_hz"),
        number("bytes_per_synapse"),
        number("dispatches_per_step"),
        number("set_up_s")
    )
}

/// Scene, what is set, simulated time in ms. Full size: 1 billion synapses (`brunel`, `coba`), 800 million
/// (`brunel-plastic`), Potjans and Diesmann's 77,169 neurons. Weights shrink as in-degrees grow.
fn scenes(scale: f64) -> Vec<(&'static str, Vec<String>, u32)> {
    // Sizes shrink, in-degrees stay up to a tenth of the neurons.
    let size = |full: f64| (full * scale).max(400.0).round();
    let degree = |full: f64, sources: f64| full.min(sources / 10.0).max(1.0).round();
    let set = |path: &str, value: f64| format!("{path}={value}");
    let brunel = size(640_000.0);
    let (excite, inhibit) = (degree(1000.0, brunel), degree(250.0, brunel / 4.0));
    let coba = size(800_000.0);
    let (coba_excite, coba_inhibit) = (degree(800.0, coba), degree(200.0, coba / 4.0));
    let plastic = size(512_000.0);
    let (learn, calm) = (degree(1000.0, plastic), degree(250.0, plastic / 4.0));
    vec![
        (
            "brunel",
            vec![
                set("population.excitatory.size", brunel),
                set("projection.excitation.in_degree", excite),
                set("projection.excitation.weight", 100.0 / excite),
                set("projection.inhibition.in_degree", inhibit),
                set("projection.inhibition.weight", -125.0 / inhibit),
            ],
            1000,
        ),
        (
            "coba",
            vec![
                set("population.excitatory.size", coba),
                set("projection.excitation.in_degree", coba_excite),
                set("projection.excitation.weight", 0.4 * 64.0 / coba_excite),
                set("projection.inhibition.in_degree", coba_inhibit),
                set("projection.inhibition.weight", 5.1 * 16.0 / coba_inhibit),
            ],
            1000,
        ),
        (
            "brunel-plastic",
            vec![
                set("population.excitatory.size", plastic),
                set("projection.learning.in_degree", learn),
                set("projection.learning.weight", 100.0 / learn),
                set("projection.learning.plasticity.weight_max", 300.0 / learn),
                set("projection.excitation.in_degree", learn),
                set("projection.excitation.weight", 100.0 / learn),
                set("projection.inhibition.in_degree", calm),
                set("projection.inhibition.weight", -125.0 / calm),
            ],
            1000,
        ),
        ("microcircuit", vec![set("population.l4e.size", size(21_915.0))], 10_000),
    ]
}

/// One scene by `spikescope bench`; it is stopped at the limit.
fn run(scene: &str, settings: &[String], full_ms: u32, adapter: &str, limit: Duration) -> Result<Value, Failure> {
    let is_software = ["llvmpipe", "lavapipe", "swiftshader"].iter().any(|name| adapter.to_lowercase().contains(name));
    let duration_ms = if is_software { 100 } else { full_ms };
    let mut command = Command::new(env!("CARGO_BIN_EXE_spikescope"));
    command.args(["bench", scene, "--engine", "gpu", "--adapter", adapter, "--quiet", "--json", "-"]);
    command.args(["--repetitions", "1", "--warm-up-ms", "50", "--duration-ms", &duration_ms.to_string()]);
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Err(format!("not finished within {} s", limit.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned().into());
    }
    let runs: Value = serde_json::from_slice(&output.stdout)?;
    runs.get(0).cloned().ok_or_else(|| "no result".into())
}

const ATOMICS: ShaderSource =
    ShaderSource { label: "bench.atomics", parts: &[("atomics.wgsl", include_str!("atomics.wgsl"))] };

/// The best of five rounds.
fn atomics_per_s(gpu: &std::sync::Arc<Gpu>, targets: u32, scale: f64) -> Result<f64, Failure> {
    const ADDS: f64 = 256.0;
    let workgroups = (16_384.0 * scale).clamp(64.0, 16_384.0) as u32;
    let constants = [("TARGETS", f64::from(targets))];
    let kernel = Kernel::specialised(&gpu.device, &ATOMICS, &[Slot::Write], None, &constants);
    let mut memory = Memory::new(std::sync::Arc::clone(gpu), None);
    let group = kernel.bind(&gpu.device, &[&memory.zeroed::<i32>("targets", u64::from(targets))?]);
    let best = (0..6).map(|_| seconds(gpu, &kernel, &group, workgroups, 4)).collect::<Result<Vec<_>, _>>()?;
    let best = best[1..].iter().copied().fold(f64::INFINITY, f64::min);
    Ok(f64::from(workgroups) * 64.0 * ADDS * 4.0 / best)
}

/// us of one of many dispatches that depend on each other.
fn dispatch_us(gpu: &std::sync::Arc<Gpu>, buffers: u32) -> Result<f64, Failure> {
    const DISPATCHES: u32 = 1000;
    let mut text = include_str!("latency.wgsl").to_owned();
    let touch: String = (0..buffers).map(|b| format!("buffer{b}[lane] += 1u;\n    ")).collect();
    text = text.replace("TOUCH", touch.trim_end());
    for b in 0..buffers {
        writeln!(text, "@group(0) @binding({b}) var<storage, read_write> buffer{b}: array<u32>;")?;
    }
    // Six small texts in the life of this process.
    let text: &'static str = text.leak();
    let parts: &'static [(&'static str, &'static str)] = vec![("latency.wgsl", text)].leak();
    let source = ShaderSource { label: "bench.latency", parts };
    let kernel = Kernel::new(&gpu.device, &source, &vec![Slot::Write; buffers as usize], None);
    let mut memory = Memory::new(std::sync::Arc::clone(gpu), None);
    let bound = (0..buffers).map(|_| memory.zeroed::<u32>("buffer", 64)).collect::<Result<Vec<_>, _>>()?;
    let group = kernel.bind(&gpu.device, &bound.iter().collect::<Vec<_>>());
    let rounds = (0..6).map(|_| seconds(gpu, &kernel, &group, 1, DISPATCHES)).collect::<Result<Vec<_>, _>>()?;
    Ok(rounds[1..].iter().copied().fold(f64::INFINITY, f64::min) * 1e6 / f64::from(DISPATCHES))
}

/// Wall time of so many dispatches in one submit, to the end of their work.
fn seconds(
    gpu: &Gpu,
    kernel: &Kernel,
    group: &wgpu::BindGroup,
    workgroups: u32,
    dispatches: u32,
) -> Result<f64, Failure> {
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("bench") });
    {
        let mut pass =
            encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some("bench"), timestamp_writes: None });
        for _ in 0..dispatches {
            kernel.set(&mut pass, group);
            pass.dispatch_workgroups(workgroups, 1, 1);
        }
    }
    gpu.wait()?;
    let begun = Instant::now();
    gpu.queue.submit([encoder.finish()]);
    gpu.wait()?;
    Ok(begun.elapsed().as_secs_f64())
}
