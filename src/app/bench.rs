//! `spikescope bench`: how fast scenes run, without pictures, and what pictures cost. Set-up, warm-up and counting stay outside of the time that
//! is measured; repetitions go on from each other, and the median of their times is what is reported.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use super::arguments::BenchArguments;
use super::bench_rates;
use super::bench_view::{Looker, ViewPrice};
use super::error::AppError;
use super::progress::Progress;
use super::report::{self, Run};
use super::setup::{self, Opened};
use super::{Ending, interrupt, text};
use crate::model::scene::{Scene, built_in};
use crate::model::{Connectivity, Network};
use crate::recording::files::write_text;
use crate::session::Session;
use crate::ui::export::{ChartData, Drawing, Layer};

/// One scene's result; one entry of the list that `--json` gives.
#[derive(Serialize)]
struct BenchRun {
    #[serde(flatten)]
    run: Run,
    cpu: String,
    /// That simulate on the CPU, or hand work to a GPU.
    cpu_threads: usize,
    /// Of one repetition.
    simulated_s: f64,
    /// Median of the repetitions.
    wall_s: f64,
    wall_s_min: f64,
    wall_s_max: f64,
    repetitions: usize,
    warm_up_s: f64,
    set_up_s: f64,
    /// Wall time per simulated time.
    real_time_factor: f64,
    steps_per_s: f64,
    /// Synaptic events: one spike arriving at one synapse, by the synapses that the network has at the start.
    events_per_s: f64,
    bytes_per_synapse: f64,
    /// The most memory that the program has held so far, set-up included; null where the system does not tell.
    peak_memory_bytes: Option<u64>,
    /// Per population, over all repetitions.
    rate_hz: Map<String, Value>,
    /// Of all neurons that integrate input.
    mean_rate_hz: f64,
    /// What the mean rate of a benchmark scene has to be; null where nothing is known of the network.
    rate_band_hz: Option<[f64; 2]>,
    rate_source: Option<&'static str>,
    /// Per step; empty where kernels cannot be timed.
    kernels_ms: Map<String, Value>,
    /// 0 on the CPU.
    dispatches_per_step: f64,
    /// Which way everything takes, and why; empty unless it was asked for.
    explanation: Vec<String>,
    /// Null unless it was asked for.
    with_view: Option<ViewPrice>,
    interrupted: bool,
    notices: Vec<String>,
}

/// Measures and tells.
pub(super) fn run(arguments: &BenchArguments) -> Result<Ending, AppError> {
    let to_stdout = arguments.json.as_deref() == Some(Path::new("-"));
    let quiet = arguments.common.quiet || to_stdout;
    let names = scene_names(arguments)?;
    // Mistakes in any of them are found before the first is measured.
    let scenes = names
        .iter()
        .flat_map(|name| sizes(arguments).into_iter().map(move |set| Ok(Scene::load(name, &set)?)))
        .collect::<Result<Vec<_>, AppError>>()?;
    let mut runs = Vec::new();
    let mut wrong = Vec::new();
    for scene in scenes {
        if interrupt::requested() {
            break;
        }
        let Some(run) = measure(scene, arguments, quiet)? else { break };
        // No time of a network that does not do what it should.
        if let Some(what) = bench_rates::outside(run.rate_band_hz, run.mean_rate_hz) {
            wrong.push(format!("{}: {what}; source: {}", run.run.scene, run.rate_source.unwrap_or_default()));
            continue;
        }
        if !quiet {
            text::print(&describe(&run))?;
        }
        runs.push(run);
        // After every scene, so that a long list that is stopped leaves what it has.
        if let Some(file) = arguments.json.as_ref().filter(|_| !to_stdout) {
            write_text(file, &text::json(&runs)?)?;
        }
    }
    if to_stdout {
        text::print_json(&runs)?;
    }
    if let Some(file) = arguments.chart.as_ref().filter(|_| !runs.is_empty()) {
        write_text(file, &Drawing::of(&scaling(&runs)).svg())?;
    }
    if !wrong.is_empty() {
        return Err(AppError::Failure(format!("no time is given for a wrong rate: {}", wrong.join("; "))));
    }
    Ok(if interrupt::requested() { Ending::Interrupted } else { Ending::Done })
}

/// What each scene is to be changed by, once per size.
fn sizes(arguments: &BenchArguments) -> Vec<Vec<String>> {
    let set = &arguments.common.set;
    if arguments.sizes.is_empty() {
        return vec![set.clone()];
    }
    let sized = |size| set.iter().cloned().chain([format!("population.excitatory.size={size}")]).collect();
    arguments.sizes.iter().map(sized).collect()
}

/// Time per synaptic event over synapses, a line per scene.
fn scaling(runs: &[BenchRun]) -> ChartData {
    let colours = [[0.16, 0.38, 0.78], [0.85, 0.42, 0.10], [0.13, 0.55, 0.33], [0.62, 0.22, 0.60]];
    let mut layers: Vec<Layer> = Vec::new();
    for run in runs {
        let ns = |wall_s: f64| 1e9 * wall_s / (run.events_per_s * run.wall_s);
        let point = [(run.run.synapses.max(1) as f64).log10(), ns(run.wall_s), ns(run.wall_s_min), ns(run.wall_s_max)];
        let known = layers.iter_mut().find_map(|layer| match layer {
            Layer::Line { name, points, .. } if *name == run.run.scene => Some(points),
            _ => None,
        });
        match known {
            Some(points) => points.push(point),
            None => layers.push(Layer::Line {
                name: run.run.scene.clone(),
                colour: colours[layers.len() % colours.len()],
                points: vec![point],
            }),
        }
    }
    let by = runs.first().map_or_else(String::new, |run| {
        format!("{}, {} threads", run.run.adapter.as_deref().unwrap_or(&run.cpu), run.cpu_threads)
    });
    ChartData {
        name: "time per synaptic event".to_owned(),
        subtitle: by,
        x: ["synapses, powers of ten".to_owned(), String::new()],
        y: ["wall time per event".to_owned(), "ns".to_owned()],
        include_y: vec![0.0],
        layers,
        notes: vec![
            "median, least and greatest of the repetitions; all of a step counts, not only delivery".to_owned(),
        ],
    }
}

fn scene_names(arguments: &BenchArguments) -> Result<Vec<String>, AppError> {
    if let Some(name) = arguments.json.as_ref().and_then(|file| file.to_str())
        && built_in().iter().any(|known| known.name == name)
    {
        return Err(AppError::Mistake(format!(
            "--json takes the name of a file, and {name:?} is a scene; name scenes first: `spikescope bench {name} --json`"
        )));
    }
    if arguments.scenes.is_empty() {
        return Ok(built_in().iter().map(|known| known.name.to_owned()).collect());
    }
    Ok(arguments.scenes.clone())
}

/// Nothing when it was stopped before the first repetition was over.
fn measure(scene: Scene, arguments: &BenchArguments, quiet: bool) -> Result<Option<BenchRun>, AppError> {
    let gpu = setup::simulating_gpu(&arguments.common)?;
    let drawing_gpu = match (&gpu, arguments.with_view) {
        (_, false) => None,
        (Some(gpu), true) => Some(std::sync::Arc::clone(gpu)),
        (None, true) => Some(setup::drawing_gpu(&arguments.common)?),
    };
    let band = bench_rates::band_of(&scene.origin, &arguments.common.set);
    let Opened { mut session, set_up } = setup::open(scene, &arguments.common, gpu.clone())?;
    let steps = |ms: f64| (ms / session.network().dt_ms).round().clamp(1.0, f64::from(u32::MAX)) as u32;
    let (warm_up, measured) = (steps(arguments.warm_up_ms), steps(arguments.duration_ms));
    let what = format!("measuring {}", session.network().name);
    let mut progress = Progress::new(&what, "repetitions", u64::from(arguments.repetitions), quiet);
    timed(&mut session, warm_up)?;
    let before = report::spike_counts(&mut session)?;
    let mut looker = drawing_gpu.map(|gpu| Looker::new(&gpu, &session));
    if let Some(looker) = &mut looker {
        looker.warm_up(&session)?;
    }
    let mut walls = Vec::new();
    for repetition in 0..arguments.repetitions {
        let Some(wall) = timed(&mut session, measured)? else { break };
        walls.push(wall);
        if let Some(looker) = &mut looker {
            // Turn and turn about, so that both meet the network in the same states.
            if !looker.run(&mut session, measured, wall)? {
                break;
            }
        }
        progress.set(u64::from(repetition) + 1);
    }
    progress.finish();
    if walls.is_empty() {
        return Ok(None);
    }
    // Before anything is copied to be counted.
    let peak_memory_bytes = peak_memory();
    // Steps of a repetition that was cut short count for rates, never for times.
    let network = std::sync::Arc::clone(session.network());
    let counted_ms = (session.step() - u64::from(warm_up)) as f64 * network.dt_ms;
    let spikes: Vec<u64> =
        report::spike_counts(&mut session)?.iter().zip(&before).map(|(after, b)| u64::from(after - b)).collect();
    let simulated_s = f64::from(measured) * network.dt_ms * 1e-3;
    walls.sort_unstable();
    let wall_s = median(&walls);
    let events_per_simulated_s = synaptic_events(&network, &spikes) / (counted_ms * 1e-3);
    let per_population: Vec<u64> = network
        .populations
        .iter()
        .map(|p| spikes[p.first as usize..(p.first + p.size) as usize].iter().sum())
        .collect();
    let synapse_bytes = session.engine().synapse_bytes();
    Ok(Some(BenchRun {
        run: Run::without_pictures(&mut session, gpu.as_deref()),
        cpu: cpu_name(),
        cpu_threads: rayon::current_num_threads(),
        simulated_s,
        wall_s,
        wall_s_min: walls[0].as_secs_f64(),
        wall_s_max: walls[walls.len() - 1].as_secs_f64(),
        repetitions: walls.len(),
        warm_up_s: f64::from(warm_up) * network.dt_ms * 1e-3,
        set_up_s: set_up.as_secs_f64(),
        real_time_factor: wall_s / simulated_s,
        steps_per_s: f64::from(measured) / wall_s,
        events_per_s: events_per_simulated_s * simulated_s / wall_s,
        bytes_per_synapse: synapse_bytes as f64 / network.synapse_count().max(1) as f64,
        peak_memory_bytes,
        rate_hz: report::rates_hz(&network, &per_population, counted_ms),
        mean_rate_hz: report::mean_rate_hz(&network, &per_population, counted_ms),
        rate_band_hz: band.map(bench_rates::Band::hz).filter(|_| counted_ms >= bench_rates::ENOUGH_MS),
        rate_source: band.map(|band| band.source),
        kernels_ms: session
            .engine()
            .kernel_times()
            .into_iter()
            .map(|time| (time.kernel.to_owned(), Value::from(time.ms_per_step)))
            .collect(),
        dispatches_per_step: session.engine().dispatches_per_step(),
        explanation: if arguments.explain { session.engine().explain() } else { Vec::new() },
        with_view: looker.and_then(|looker| looker.price(wall_s, median)),
        interrupted: walls.len() < arguments.repetitions as usize,
        notices: session.telemetry().notices.clone(),
    }))
}

/// Wall time of so many steps, all work done; nothing when it was stopped.
fn timed(session: &mut Session, steps: u32) -> Result<Option<Duration>, AppError> {
    /// Long runs are cut here only to look at Ctrl-C; a GPU is not waited for in between.
    const CHUNK: u32 = 2000;
    session.engine().wait()?;
    let begun = Instant::now();
    let mut left = steps;
    while left > 0 {
        if interrupt::requested() {
            return Ok(None);
        }
        let now = left.min(CHUNK);
        session.advance(now)?;
        left -= now;
    }
    session.engine().wait()?;
    Ok(Some(begun.elapsed()))
}

/// The middle one, or the mean of the two in the middle; `walls` is sorted and not empty.
fn median(walls: &[Duration]) -> f64 {
    let middle = walls.len() / 2;
    if walls.len() % 2 == 1 {
        walls[middle].as_secs_f64()
    } else {
        (walls[middle - 1] + walls[middle]).as_secs_f64() / 2.0
    }
}

/// As the system calls it, where it tells.
fn cpu_name() -> String {
    let table = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = table.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(':')).map_or("unknown", |(_, name)| name.trim()).to_owned()
}

/// The largest resident size so far.
fn peak_memory() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = table.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

/// Spikes times the synapses that each goes out through.
fn synaptic_events(network: &Network, spikes: &[u64]) -> f64 {
    let mut events = 0.0;
    for projection in &network.projections {
        let source = &network.populations[projection.source];
        let targets = u64::from(network.populations[projection.target].size);
        for (local, neuron) in source.neurons().enumerate() {
            let out_degree = match &projection.connectivity {
                Connectivity::OneToOne => u64::from((local as u64) < targets),
                Connectivity::AllToAll => targets,
                Connectivity::AllButSelf => targets.saturating_sub(1),
                Connectivity::Sparse { row_start, .. } => u64::from(row_start[local + 1] - row_start[local]),
            };
            events += (spikes[neuron as usize] * out_degree) as f64;
        }
    }
    events
}

fn describe(run: &BenchRun) -> String {
    let mut text = format!(
        "{} on {} ({})\n  {} neurons, {} synapses, {:.1} bytes a synapse; set up in {:.2} s, at most {} MB held\n  \
         {} s in {:.3} s (median of {}, {:.3} to {:.3}): {:.2} times real time, {} steps/s, {} synaptic events/s, \
         mean rate {:.2} Hz\n",
        run.run.scene,
        run.run.engine,
        run.run.adapter.as_deref().unwrap_or(&run.cpu),
        text::count(run.run.neurons),
        text::count(run.run.synapses),
        run.bytes_per_synapse,
        run.set_up_s,
        run.peak_memory_bytes.map_or_else(|| "?".to_owned(), |bytes| text::count(bytes / 1_000_000)),
        run.simulated_s,
        run.wall_s,
        run.repetitions,
        run.wall_s_min,
        run.wall_s_max,
        1.0 / run.real_time_factor,
        text::count(run.steps_per_s as u64),
        text::count(run.events_per_s as u64),
        run.mean_rate_hz
    );
    if let Some(view) = &run.with_view {
        text.push_str(&format!("    {}\n", view.describe()));
    }
    if run.dispatches_per_step > 0.0 {
        text.push_str(&format!("    {:.3} dispatches a step\n", run.dispatches_per_step));
    }
    for line in &run.explanation {
        text.push_str(&format!("    {line}\n"));
    }
    for (kernel, ms) in &run.kernels_ms {
        text.push_str(&format!("    {kernel:<20} {:.4} ms a step\n", ms.as_f64().unwrap_or(0.0)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sketch::sketch;

    #[test]
    fn the_median_is_the_middle() {
        let ms = |values: &[u64]| values.iter().map(|&v| Duration::from_millis(v)).collect::<Vec<_>>();
        assert_eq!(median(&ms(&[1, 2, 9])), 0.002);
        assert_eq!(median(&ms(&[1, 2, 4, 9])), 0.003);
    }

    #[test]
    fn every_spike_counts_once_per_synapse() {
        let sparse = Connectivity::Sparse { row_start: vec![0, 3, 3], target: vec![0, 1, 2] };
        let network = sketch(
            &[2, 3],
            [
                (0, 1, sparse),
                (1, 0, Connectivity::AllToAll),
                (1, 1, Connectivity::AllButSelf),
                (0, 1, Connectivity::OneToOne),
            ],
        );
        // 5 spikes through 3 synapses, 7 through none; 1 + 2 spikes through 2 and 2; 12 through one each.
        assert_eq!(synaptic_events(&network, &[5, 7, 1, 0, 2]), 15.0 + 6.0 + 6.0 + 12.0);
    }
}
