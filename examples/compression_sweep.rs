//! The compression table: every pruning policy, at every moment, for every size and seed, trained and tested by
//! `spikescope train`. A run whose report is there already is not run again, and one that was stopped goes on, so the
//! sweep can be stopped at any time.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example compression_sweep -- OUT DATA [--images 40000] [--test 10000] [--sizes 100,400]
//!     [--seeds 1,2,3] [--moments start,middle,end] [--policies none,static,...] [--engine cpu]
//! ```
//!
//! Leaves in OUT: one report per run, `table.md`, `table.json`, `frontier.svg` (accuracy over synapses left).

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use spikescope::ui::export::{ChartData, Drawing, Layer};

/// Name and what `--prune` gets; MOMENT is replaced.
const POLICIES: [(&str, &str); 9] = [
    ("none", "none"),
    ("static-0.2", "static:threshold=0.2,moment=MOMENT"),
    ("progressive-reinforced", "progressive:alpha=0.05,beta=0.1,moment=MOMENT,target_compression=0.75"),
    ("progressive-reinforced-90", "progressive:alpha=0.05,beta=0.1,moment=MOMENT,target_compression=0.9"),
    ("progressive", "progressive:alpha=0.05,beta=0,moment=MOMENT,target_compression=0.75"),
    ("percentile-75", "percentile:share_per_period=0.05,moment=MOMENT,target_compression=0.75"),
    ("percentile-90", "percentile:share_per_period=0.05,moment=MOMENT,target_compression=0.9"),
    ("soft-0.2", "soft:threshold=0.2,moment=MOMENT"),
    ("random-75", "random:share_per_period=0.05,moment=MOMENT,target_compression=0.75"),
];
const COLOURS: [[f32; 3]; 9] = [
    [0.15, 0.15, 0.15],
    [0.0, 0.447, 0.698],
    [0.835, 0.369, 0.0],
    [0.6, 0.2, 0.0],
    [0.0, 0.62, 0.451],
    [0.8, 0.475, 0.655],
    [0.55, 0.2, 0.45],
    [0.337, 0.706, 0.914],
    [0.902, 0.624, 0.0],
];

struct Options {
    out: PathBuf,
    data: String,
    given: BTreeMap<String, String>,
}

impl Options {
    fn read() -> Result<Self, Box<dyn Error>> {
        let usage = "usage: compression_sweep OUT DATA [--images N] [--test N] [--sizes A,B] [--seeds A,B] \
                     [--moments A,B] [--policies A,B] [--engine cpu|gpu]";
        let mut places = Vec::new();
        let mut given = BTreeMap::new();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.strip_prefix("--") {
                Some(key) => {
                    let known = ["images", "test", "sizes", "seeds", "moments", "policies", "engine"];
                    let value = words.next().filter(|_| known.contains(&key)).ok_or(usage)?;
                    given.insert(key.to_owned(), value);
                }
                None => places.push(word),
            }
        }
        let [out, data] = <[String; 2]>::try_from(places).map_err(|_| usage)?;
        Ok(Self { out: out.into(), data, given })
    }

    fn one<'a>(&'a self, key: &str, default: &'a str) -> &'a str {
        self.given.get(key).map_or(default, String::as_str)
    }

    fn list<'a>(&'a self, key: &str, default: &'a str) -> Vec<&'a str> {
        self.one(key, default).split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    fs::create_dir_all(&options.out)?;
    let all: Vec<&str> = POLICIES.iter().map(|policy| policy.0).collect();
    let policies = options.list("policies", "");
    let policies = if policies.is_empty() { all } else { policies };
    let mut rows = Vec::new();
    for size in options.list("sizes", "100,400") {
        for policy in &policies {
            let (_, prune) = POLICIES.iter().find(|known| known.0 == *policy).ok_or("there is no such policy")?;
            let moments = if *policy == "none" { vec!["never"] } else { options.list("moments", "start,middle,end") };
            for moment in moments {
                let mut reports = Vec::new();
                for seed in options.list("seeds", "1,2,3") {
                    reports.push(run(&options, size, policy, &prune.replace("MOMENT", moment), moment, seed)?);
                }
                rows.push(row(size, policy, moment, &reports));
                write_results(&options, &rows)?;
            }
        }
    }
    Ok(())
}

/// The report of one run: read where it is there, made where it is not.
fn run(
    options: &Options,
    size: &str,
    policy: &str,
    prune: &str,
    moment: &str,
    seed: &str,
) -> Result<Value, Box<dyn Error>> {
    let name = format!("{size}-{policy}-{moment}-seed{seed}.json");
    let path = options.out.join(&name);
    if !path.is_file() {
        let mut command = Command::new(program()?);
        command.args(["train", "diehl-cook", "--data", &options.data, "--prune", prune, "--seed", seed]);
        command.args(["--images", options.one("images", "40000"), "--test", options.one("test", "10000")]);
        command.args(["--engine", options.one("engine", "cpu")]);
        command.arg("--set").arg(format!("population.excitatory.size={size}")).arg("--report").arg(&path);
        if path.with_extension("checkpoint").is_file() {
            command.arg("--resume");
        }
        let status = command.status()?;
        if !status.success() {
            return Err(format!("{name}: the run ended with {status}; start the sweep again to go on").into());
        }
    }
    Ok(serde_json::from_slice(&fs::read(&path)?)?)
}

/// `target/release/spikescope` beside `target/release/examples`.
fn program() -> Result<PathBuf, Box<dyn Error>> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).ok_or("no folder")?;
    let path = folder.join(format!("spikescope{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() { Ok(path) } else { Err(format!("{} is not built; build it first", path.display()).into()) }
}

fn row(size: &str, policy: &str, moment: &str, reports: &[Value]) -> Value {
    let values = |of: &dyn Fn(&Value) -> Option<f64>| reports.iter().filter_map(of).collect::<Vec<f64>>();
    let accuracy = values(&|r| r["test"]["accuracy_percent"].as_f64());
    let left = values(&|r| {
        let sum = |key: &str| r["compression"].as_array()?.iter().map(|projection| projection[key].as_f64()).sum();
        let (remaining, synapses): (Option<f64>, Option<f64>) = (sum("remaining"), sum("synapses"));
        Some(100.0 * remaining? / synapses?)
    });
    let operations = values(&|r| r["neurobench"]["effective_accumulates_per_image"].as_f64());
    let speed = values(&|r| r["timings"]["test_images_per_s"].as_f64());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let least = accuracy.iter().copied().fold(f64::INFINITY, f64::min);
    let most = accuracy.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    json!({
        "neurons": size.parse::<u64>().unwrap_or(0),
        "policy": policy,
        "moment": moment,
        "seeds": reports.iter().map(|r| r["seed"].clone()).collect::<Vec<_>>(),
        "images": reports.first().map(|r| r["images"].clone()),
        "test_images": reports.first().map(|r| r["test"]["images"].clone()),
        "engine": reports.first().map(|r| r["engine"].clone()),
        "accuracy_percent": accuracy,
        "accuracy_mean_percent": mean(&accuracy),
        "accuracy_spread_percent": most - least,
        "remaining_mean_percent": mean(&left),
        "effective_accumulates_per_image": mean(&operations),
        "test_images_per_s": mean(&speed),
        "state_hash": reports.iter().map(|r| r["state_hash"].clone()).collect::<Vec<_>>(),
    })
}

fn write_results(options: &Options, rows: &[Value]) -> Result<(), Box<dyn Error>> {
    let whole = |name: &str, text: &str| -> Result<(), Box<dyn Error>> {
        let partial = options.out.join(format!("{name}.partial"));
        fs::write(&partial, text)?;
        Ok(fs::rename(partial, options.out.join(name))?)
    };
    whole("table.json", &format!("{}\n", serde_json::to_string_pretty(rows)?))?;
    let mut table = String::from(
        "| neurons | policy | pruned from | accuracy % (mean of seeds, each) | spread | synapses left % | accumulates per \
         image |\n|---:|---|---|---|---:|---:|---:|\n",
    );
    for row in rows {
        let number = |key: &str| row[key].as_f64().unwrap_or(0.0);
        let each: Vec<String> = row["accuracy_percent"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|value| value.as_f64().map(|percent| format!("{percent:.2}")))
            .collect();
        writeln!(
            table,
            "| {} | {} | {} | **{:.2}** ({}) | {:.2} | {:.1} | {:.0} |",
            row["neurons"],
            row["policy"].as_str().unwrap_or(""),
            row["moment"].as_str().unwrap_or(""),
            number("accuracy_mean_percent"),
            each.join(", "),
            number("accuracy_spread_percent"),
            number("remaining_mean_percent"),
            number("effective_accumulates_per_image")
        )?;
    }
    whole("table.md", &table)?;
    whole("frontier.svg", &frontier(rows))
}

/// Accuracy over synapses left, a line per policy, its moments joined.
fn frontier(rows: &[Value]) -> String {
    let layers = POLICIES.iter().zip(COLOURS).filter_map(|((name, _), colour)| {
        let mut points: Vec<[f64; 4]> = rows
            .iter()
            .filter(|row| row["policy"] == *name)
            .filter_map(|row| {
                let (x, y) = (row["remaining_mean_percent"].as_f64()?, row["accuracy_mean_percent"].as_f64()?);
                // A short dash, so that a single run can be seen too.
                Some([[x - 0.6, y, y, y], [x + 0.6, y, y, y]])
            })
            .flatten()
            .collect();
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        (!points.is_empty()).then(|| Layer::Line { name: (*name).to_owned(), colour, points })
    });
    let chart = ChartData {
        name: "accuracy over synapses left".to_owned(),
        subtitle: "means over seeds".to_owned(),
        x: ["synapses left".to_owned(), "%".to_owned()],
        y: ["test accuracy".to_owned(), "%".to_owned()],
        include_y: Vec::new(),
        layers: layers.collect(),
        notes: Vec::new(),
    };
    Drawing::of(&chart).svg()
}
