//! The command line as types: every subcommand, option and default, and the parsing of single values. Decides nothing
//! that needs a scene or an adapter.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::hints::ImportHints;
use crate::analysis::pairs::MOST_SELECTED;

/// The scene that is shown when none is named.
pub(super) const DEFAULT_SCENE: &str = "digits";

/// Frames of a rendering when none are asked for: ten seconds at the default rate.
pub(super) const DEFAULT_FRAMES: u32 = 300;

#[derive(Debug, Parser)]
#[command(
    name = "spikescope",
    version,
    about = "Simulates spiking neural networks on the GPU and shows them alive in 3D.",
    after_help = "SCENE is the name of a built-in scene (see `spikescope scenes`) or the path of a .toml file.\n\
                  Exit codes: 0 success, 2 a mistake in what was asked for, 130 ended early by Ctrl-C (what was \
                  written until then is complete and readable), 1 everything else.",
    args_conflicts_with_subcommands = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) door: Option<Door>,
    #[command(flatten)]
    pub(super) view: ViewArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Door {
    /// Fly through a running scene in a window
    View(ViewArguments),
    /// Render a scene without a window: PNG folder, .y4m file, or raw video on stdout
    Render(RenderArguments),
    /// Run a scene without pictures, and record it
    Simulate(SimulateArguments),
    /// Statistics of a recording: rates, intervals, weights, and what stands out
    Analyze(AnalyzeArguments),
    /// Make a recording of what another simulator saved
    Import(ImportArguments),
    /// Let a network learn labelled images, prune it, test it with plasticity frozen, and report
    Train(TrainArguments),
    /// Put reports of `train` side by side on one page
    Compare(CompareArguments),
    /// Measure the simulation: real-time factor, synaptic events per second, time per kernel
    Bench(BenchArguments),
    /// Receive the spikes of a running program (Arrow IPC over TCP): show them, record them
    Listen(ListenArguments),
    /// List the built-in scenes
    Scenes(ListArguments),
    /// Show adapters, display and memory, and what to install if something is missing
    Doctor(ListArguments),
}

/// Options that every door with a network shares.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// Who simulates; auto takes the GPU where there is a real one
    #[arg(long, value_enum, default_value_t = EngineName::Auto)]
    pub(super) engine: EngineName,
    /// Use the graphics adapter whose name contains NAME (see `spikescope doctor`)
    #[arg(long, value_name = "NAME")]
    pub(super) adapter: Option<String>,
    /// Seed of all randomness, instead of the scene's
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Change a value of the scene, like population.excitatory.size=10000; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = override_text)]
    pub(super) set: Vec<String>,
    /// Say nothing but errors
    #[arg(long)]
    pub(super) quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineName {
    Auto,
    Gpu,
    Cpu,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ViewArguments {
    /// Built-in scene, path of a .toml file, folder of a recording, or an address like 127.0.0.1:4718 to listen on
    #[arg(default_value = DEFAULT_SCENE)]
    pub(super) scene: String,
    /// Give a talk: begin with the scene's tour, panels hidden
    #[arg(long)]
    pub(super) tour: bool,
    /// Full screen on this display, by number or name (see `spikescope doctor`)
    #[arg(long, value_name = "N|NAME")]
    pub(super) display: Option<String>,
    #[command(flatten)]
    pub(super) common: Common,
    /// Print the report as one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct RenderArguments {
    /// Built-in scene, path of a .toml file, or folder of a recording
    pub(super) scene: String,
    /// Where the frames go: a folder for PNG files; a file ending in .png (one picture, or a short loop), .y4m, .mp4
    /// (H.264) or .webm, .mkv (AV1; these three want ffmpeg); or - for raw RGB on stdout
    #[arg(long, value_name = "PATH")]
    pub(super) out: PathBuf,
    /// How many frames; without it a tour to its end, anything else 300
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=99_999_999))]
    pub(super) frames: Option<u32>,
    /// Width and height of a frame in pixels
    #[arg(long, value_name = "WxH", default_value = "1280x720", value_parser = frame_size)]
    pub(super) size: FrameSize,
    /// Frames per second of the video
    #[arg(long, value_name = "F", default_value = "30", value_parser = frame_rate)]
    pub(super) fps: FrameRate,
    /// Simulation steps per frame; without it the video runs in real time
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) steps_per_frame: Option<u32>,
    /// One of the scene's cameras, `tour`, or a place like "eye=9,4,20;target=0,0,0;fov=45"; without it the opening view
    #[arg(long, value_name = "NAME|tour|PLACE")]
    pub(super) camera: Option<String>,
    /// What is written over the picture; without it what the tour says
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) overlay: Option<OverlayChoice>,
    /// Simulated time of the first frame, ms
    #[arg(long, value_name = "T", default_value = "0", value_parser = time_ms)]
    pub(super) at_ms: f64,
    /// Change how the picture looks, like bloom=0.2 or colour=rate; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) look: Vec<String>,
    #[command(flatten)]
    pub(super) common: Common,
    /// Print the report as one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ListenArguments {
    /// Where to listen; any address but a loopback one needs --token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4718")]
    pub(super) address: SocketAddr,
    /// What senders must give as `token` in their schema's metadata
    #[arg(long, value_name = "TOKEN")]
    pub(super) token: Option<String>,
    /// Record what comes in this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) record: Option<PathBuf>,
    /// Do not open a window
    #[arg(long)]
    pub(super) no_window: bool,
    #[command(flatten)]
    pub(super) common: Common,
    /// Print the report as one JSON document on stdout, without a window
    #[arg(long)]
    pub(super) json: bool,
}

/// What is written over the pictures of a film.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OverlayChoice {
    /// Nothing
    None,
    /// What the tour says
    Caption,
    /// Names, scale bar and what near neurons see or feel too
    Labels,
}

#[derive(Clone, Debug, Args)]
pub(super) struct SimulateArguments {
    /// Built-in scene or path of a .toml file
    pub(super) scene: String,
    /// How much time to simulate, ms; without it the scene's own duration
    #[arg(long, value_name = "T", value_parser = positive_ms)]
    pub(super) duration_ms: Option<f64>,
    /// Record the run into this folder
    #[arg(long, value_name = "PATH")]
    pub(super) record: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
    /// Print the report as one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct AnalyzeArguments {
    /// Folder of a recording, or files and folders that `import` reads
    #[arg(required = true, value_name = "RECORDING|SOURCE")]
    pub(super) sources: Vec<PathBuf>,
    /// Begin at this time, ms
    #[arg(long, value_name = "MS", value_parser = time_ms)]
    pub(super) from: Option<f64>,
    /// End before this time, ms
    #[arg(long, value_name = "MS", value_parser = positive_ms)]
    pub(super) to: Option<f64>,
    /// Only this population
    #[arg(long, value_name = "NAME")]
    pub(super) population: Option<String>,
    /// Compare these neurons pair by pair (correlation, spike-time tiling), like 0,7,20-39
    #[arg(long, value_name = "IDS", value_parser = ids)]
    pub(super) pairs: Option<Ids>,
    /// Also write a row per neuron to this file
    #[arg(long, value_name = "PATH")]
    pub(super) csv: Option<PathBuf>,
    /// Show no progress
    #[arg(long)]
    pub(super) quiet: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) hints: ImportHints,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ImportArguments {
    /// Files or folders; several files of one run are merged
    #[arg(required = true, value_name = "SOURCE")]
    pub(super) sources: Vec<PathBuf>,
    /// Folder of the recording
    #[arg(long, value_name = "RECORDING")]
    pub(super) out: PathBuf,
    /// Say nothing but errors
    #[arg(long)]
    pub(super) quiet: bool,
    /// Print the report as one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) hints: ImportHints,
}

#[derive(Clone, Debug, Args)]
pub(super) struct TrainArguments {
    /// Built-in scene or path of a .toml file with a learning section, like diehl-cook
    pub(super) scene: String,
    /// Folder of IDX files (MNIST and its kin, plain or .gz), or `digits` for those inside the program; without it the
    /// scene's own
    #[arg(long, value_name = "PATH")]
    pub(super) data: Option<String>,
    /// Images to learn from, several passes if need be; without it as many as the scene says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) images: Option<u32>,
    /// Images to test on; without it all that are kept apart
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) test: Option<u32>,
    /// How synapses are pruned: none, static, progressive, soft, percentile or random, with settings of the scene's
    /// pruning section like progressive:alpha=0.05,moment=middle; without it as the scene says
    #[arg(long, value_name = "POLICY")]
    pub(super) prune: Option<String>,
    /// Write the report as JSON to FILE, and beside it a page with plots (.html)
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// Record the run into this folder
    #[arg(long, value_name = "PATH")]
    pub(super) record: Option<PathBuf>,
    /// Keep the run in FILE every five minutes and at its end; without it only when it is stopped, beside the report
    #[arg(long, value_name = "FILE")]
    pub(super) checkpoint: Option<PathBuf>,
    /// Go on with a run that was stopped, to the same result
    #[arg(long)]
    pub(super) resume: bool,
    /// Chip whose energy per synaptic operation the estimate takes
    #[arg(long, value_name = "NAME", default_value = "loihi")]
    pub(super) chip: String,
    #[command(flatten)]
    pub(super) common: Common,
    /// Print the report as one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct CompareArguments {
    /// Reports that `train --report` wrote
    #[arg(required = true)]
    pub(super) reports: Vec<PathBuf>,
    /// The page
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Say nothing but errors
    #[arg(long)]
    pub(super) quiet: bool,
}

#[derive(Clone, Debug, Args)]
pub(super) struct BenchArguments {
    /// Built-in scenes or paths of .toml files; without any, every built-in scene
    pub(super) scenes: Vec<String>,
    /// Simulated time of one repetition, ms
    #[arg(long, value_name = "T", default_value = "1000", value_parser = positive_ms)]
    pub(super) duration_ms: f64,
    /// Simulated time before the first repetition, ms
    #[arg(long, value_name = "T", default_value = "200", value_parser = positive_ms)]
    pub(super) warm_up_ms: f64,
    /// Also run everything while drawing it at 1920x1080, 60 times a second, and tell what looking costs
    #[arg(long)]
    pub(super) with_view: bool,
    /// Run every scene at each of these sizes: values of population.excitatory.size, separated by commas
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) sizes: Vec<u32>,
    /// Draw the time per synaptic event over the number of synapses, as SVG
    #[arg(long, value_name = "FILE")]
    pub(super) chart: Option<PathBuf>,
    /// Also tell which way each population and projection takes on the GPU, and why
    #[arg(long)]
    pub(super) explain: bool,
    /// Repetitions; median and spread are reported
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) repetitions: u32,
    #[command(flatten)]
    pub(super) common: Common,
    /// Write the results as JSON to FILE, or without FILE as one document to stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub(super) json: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct ListArguments {
    /// Print one JSON document on stdout
    #[arg(long)]
    pub(super) json: bool,
}

/// Pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameSize {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Frames per second as a fraction, which is how video files hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameRate {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl FrameRate {
    pub(super) fn per_second(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

/// Parses the command line of the process.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(arguments)
}

fn override_text(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !value.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("write it as KEY=VALUE, like population.excitatory.size=10000".to_owned()),
    }
}

fn frame_size(text: &str) -> Result<FrameSize, String> {
    let advice = "write it as WIDTHxHEIGHT in pixels, like 1280x720";
    let (width, height) = text.split_once(['x', 'X']).ok_or(advice)?;
    let side = |digits: &str| digits.trim().parse::<u32>().ok().filter(|pixels| (1..=32_768).contains(pixels));
    match (side(width), side(height)) {
        (Some(width), Some(height)) => Ok(FrameSize { width, height }),
        _ => Err(format!("{advice}; each from 1 to 32768")),
    }
}

/// Whole numbers, decimals (29.97 becomes 2997:100) and fractions (30000/1001).
fn frame_rate(text: &str) -> Result<FrameRate, String> {
    let advice = || "write frames per second as a number up to 1000, like 30, 29.97 or 30000/1001".to_owned();
    let fraction = if let Some((numerator, denominator)) = text.split_once('/') {
        (numerator.trim().parse().ok(), denominator.trim().parse().ok())
    } else {
        let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len() as u32);
        let value = text.trim().parse::<f64>().ok().filter(|_| decimals <= 4);
        let denominator = 10_u32.pow(decimals.min(4));
        (value.map(|v| (v * f64::from(denominator)).round() as u32), Some(denominator))
    };
    match fraction {
        (Some(numerator), Some(denominator))
            if numerator > 0 && denominator > 0 && u64::from(numerator) <= 1000 * u64::from(denominator) =>
        {
            Ok(FrameRate { numerator, denominator })
        }
        _ => Err(advice()),
    }
}

/// Neurons on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ids(pub(super) Vec<u32>);

/// Single ids and ranges, both ends included.
fn ids(text: &str) -> Result<Ids, String> {
    let advice = || format!("write ids and ranges with commas, like 0,7,20-39; {MOST_SELECTED} at most");
    let mut found = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let id = |digits: &str| digits.trim().parse::<u32>().map_err(|_| advice());
        let (first, last) = (id(first)?, id(last)?);
        if last < first || (last - first) as usize >= MOST_SELECTED {
            return Err(advice());
        }
        found.extend(first..=last);
    }
    found.sort_unstable();
    found.dedup();
    if found.len() > MOST_SELECTED { Err(advice()) } else { Ok(Ids(found)) }
}

fn time_ms(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|ms| ms.is_finite() && *ms >= 0.0)
        .ok_or_else(|| "write a time in milliseconds, 0 or more, like 250".to_owned())
}

pub(super) fn positive_ms(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|ms| ms.is_finite() && *ms > 0.0)
        .ok_or_else(|| "write a time in milliseconds above 0, like 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn no_subcommand_is_the_default_scene_in_a_window() {
        let arguments = parsed("spikescope").expect("valid");
        assert!(arguments.door.is_none());
        assert_eq!(arguments.view.scene, DEFAULT_SCENE);
        let seeded = parsed("spikescope --seed 3 --engine cpu").expect("valid");
        assert_eq!((seeded.view.common.seed, seeded.view.common.engine), (Some(3), EngineName::Cpu));
    }

    #[test]
    fn json_of_bench_takes_a_file_or_nothing() {
        let door = |line| match parsed(line).expect("valid").door {
            Some(Door::Bench(bench)) => (bench.scenes, bench.json),
            other => panic!("not bench: {other:?}"),
        };
        assert_eq!(door("spikescope bench cuba --json"), (vec!["cuba".to_owned()], Some(PathBuf::from("-"))));
        assert_eq!(door("spikescope bench cuba --json a.json").1, Some(PathBuf::from("a.json")));
        assert_eq!(door("spikescope bench").1, None);
    }

    #[test]
    fn sizes_and_rates_are_checked() {
        assert_eq!(frame_size("640x360"), Ok(FrameSize { width: 640, height: 360 }));
        for wrong in ["640", "0x10", "x", "10x-1", "99999x2"] {
            assert!(frame_size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(frame_rate("29.97"), Ok(FrameRate { numerator: 2997, denominator: 100 }));
        assert_eq!(frame_rate("30000/1001"), Ok(FrameRate { numerator: 30000, denominator: 1001 }));
        for wrong in ["0", "-3", "nan", "inf", "1001", "1/0", "30/", "1.23456"] {
            assert!(frame_rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ids_are_single_or_ranges() {
        assert_eq!(ids("3, 7-9,8"), Ok(Ids(vec![3, 7, 8, 9])));
        for wrong in ["", "x", "5-2", "1,,2", "-1", "0-99999999"] {
            assert!(ids(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
