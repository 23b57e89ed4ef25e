//! What other simulators recorded, turned into recordings. In: files or folders of any supported format, told apart by
//! their content. Out: one recording, and a report of what was mapped, what was left out and in which units.
//!
//! A format is one file here: it says whether it knows some content (`sniff`) and streams it into the `Intake`, which
//! checks values, numbers neurons and sorts times with bounded memory. The recording is made in a folder beside its
//! place and moved there when complete, so nothing half-written ever has its name.

mod arrays;
mod brian_standalone;
mod columnar;
mod deposit;
mod error;
mod hdf;
mod intake;
mod json;
mod meaning;
mod n2s3;
mod named_ids;
mod netpyne;
mod neuronify;
mod nir;
mod nix;
mod npy;
mod nwb;
mod pickle;
mod runs;
mod sonata;
mod text;
mod text_layout;
mod text_rows;
mod torch;
mod units;
mod vectors;
mod vs2n;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use deposit::{PopulationSummary, Summary};
pub use error::ImportError;
pub use named_ids::NamedIds;
pub use units::TimeUnit;

use self::intake::{Fingerprint, Group, Intake};
use super::files::write_error;
use super::writer::RecordingWriter;

/// Bytes of a file that are looked at to tell its format.
const HEAD: usize = 1 << 16;

/// Files of one import.
const MOST_FILES: usize = 100_000;

/// What the user says that files cannot tell.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// One of [`names`]; otherwise the content tells.
    pub format: Option<String>,
    /// Instead of what a file says or shows.
    pub time_unit: Option<TimeUnit>,
    /// Length of a step, ms.
    pub dt_ms: Option<f64>,
    /// Neurons there are, silent ones included.
    pub neurons: Option<u64>,
    /// Populations by the files' ids, instead of those that the files tell of.
    pub populations: Vec<NamedIds>,
    /// Length of the run, ms.
    pub duration_ms: Option<f64>,
    /// Meaning of the columns of headerless text, like `time,id`.
    pub columns: Option<Vec<String>>,
}

/// What an import did.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Files that were read, with their formats.
    pub files: Vec<FileReport>,
    /// What is in the recording.
    #[serde(flatten)]
    pub summary: Summary,
    /// What became of what was read, with units.
    pub mapped: Vec<String>,
    /// What was left out, and why.
    pub dropped: Vec<String>,
}

/// A file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// Which.
    pub path: PathBuf,
    /// Its format.
    pub format: &'static str,
}

/// How far an import is: bytes read of all bytes. Returning false stops it.
pub type ProgressFn<'a> = dyn FnMut(u64, u64) -> bool + 'a;

/// The beginning of a file, or the names in a folder.
struct Probe<'a> {
    path: &'a Path,
    head: &'a [u8],
    is_folder: bool,
}

impl Probe<'_> {
    fn extension(&self) -> String {
        self.path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
    }
}

/// What a format works with.
struct Context<'a> {
    options: &'a ImportOptions,
    intake: Intake,
    progress: &'a mut ProgressFn<'a>,
    done: u64,
    all: u64,
}

impl Context<'_> {
    /// So many more bytes were read.
    fn advance(&mut self, bytes: u64) -> Result<(), ImportError> {
        self.done = self.done.saturating_add(bytes).min(self.all);
        if (self.progress)(self.done, self.all) { Ok(()) } else { Err(ImportError::Stopped) }
    }

    /// The length of a step, ms, which only the user knows.
    fn step_ms(&self, path: &Path) -> Result<f64, ImportError> {
        self.options.dt_ms.ok_or_else(|| ImportError::Ask {
            path: path.to_owned(),
            what: "how long a step of time is".to_owned(),
            option: "--dt-ms",
        })
    }

    /// Factor from the file's times to ms: what the user says, what the name says, or what the values show.
    fn ms_per_unit(&mut self, path: &Path, name: &str, sample: &[f64]) -> Result<f64, ImportError> {
        let (unit, why) = match (self.options.time_unit, TimeUnit::of_name(name)) {
            (Some(told), _) => (told, "as asked for"),
            (None, Some(named)) => (named, "as its name says"),
            (None, None) => (units::guess(sample), "judging by its values; --time-unit tells otherwise"),
        };
        let factor = match unit.ms(self.options.dt_ms) {
            Some(factor) => factor,
            None => self.step_ms(path)?,
        };
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        self.intake.map(format!("{file}: time {name:?} in {}, {why}", unit.name()));
        Ok(factor)
    }
}

/// One kind of file.
trait Format: Sync {
    /// As `--format` has it.
    fn name(&self) -> &'static str;
    /// Whether this content is of this format.
    fn sniff(&self, probe: &Probe<'_>) -> bool;
    /// Reads everything in the file or folder.
    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError>;
}

/// In the order in which they are asked, most particular first.
const FORMATS: [&dyn Format; 17] = [
    &brian_standalone::BrianStandalone,
    &sonata::SonataConfig,
    &sonata::Sonata,
    &nwb::Nwb,
    &nir::Nir,
    &nix::Nix,
    &netpyne::NetPyne,
    &neuronify::Neuronify,
    &vs2n::Vs2n,
    &n2s3::N2s3,
    &npy::Npy,
    &columnar::Parquet,
    &columnar::Feather,
    &vectors::Vectors,
    &text::Text,
    // Last, since they name no populations where other files do.
    &torch::Torch,
    &torch::PickleFile,
];

/// Names of all formats, for messages.
#[must_use]
pub fn names() -> String {
    FORMATS.map(Format::name).join(", ")
}

/// Reads `sources` into a new recording at `out`; one that is already there is replaced.
///
/// # Errors
/// See [`ImportError`]; nothing is left behind then.
pub fn import(
    sources: &[PathBuf],
    out: &Path,
    options: &ImportOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<ImportReport, ImportError> {
    let was_there = out.exists();
    RecordingWriter::check_place(out)?;
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let folder = out.with_file_name(format!(".{name}.import-{}", std::process::id()));
    fs::create_dir(&folder).map_err(|source| write_error(&folder, source))?;
    let result = import_into(sources, &folder, options, progress).and_then(|report| {
        move_into_place(&folder, out)?;
        Ok(report)
    });
    if result.is_err() {
        // The first error is the one to tell; what is left of the attempt only takes room.
        let _ = fs::remove_dir_all(&folder);
        if !was_there {
            let _ = fs::remove_dir(out);
        }
    }
    result
}

/// An older recording goes first; `out` is either that or an empty folder.
fn move_into_place(folder: &Path, out: &Path) -> Result<(), ImportError> {
    if out.join("recording.json").is_file() {
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".replaced");
        let old = out.with_file_name(name);
        let _ = fs::remove_dir_all(&old);
        fs::rename(out, &old).map_err(|source| write_error(out, source))?;
        fs::rename(folder, out).map_err(|source| write_error(out, source))?;
        let _ = fs::remove_dir_all(&old);
        return Ok(());
    }
    // POSIX renames over an empty folder, Windows does not.
    let _ = fs::remove_dir(out);
    fs::rename(folder, out).map_err(|source| write_error(out, source).into())
}

fn import_into(
    sources: &[PathBuf],
    folder: &Path,
    options: &ImportOptions,
    progress: &mut ProgressFn<'_>,
) -> Result<ImportReport, ImportError> {
    let mut intake = Intake::new(folder);
    let plan = plan(sources, options, &mut intake)?;
    let all = plan.iter().map(|unit| unit.len).sum();
    let mut context = Context { options, intake, progress, done: 0, all };
    let mut brought: Vec<Brought> = Vec::new();
    let mut files = Vec::new();
    for unit in &plan {
        let mark = context.intake.mark()?;
        let synapses = context.intake.synapses.len();
        match unit.format.read(&unit.path, &mut context) {
            // Folders hold logs and notes as well; whoever names a file means it.
            Err(ImportError::Unknown { path, reason } | ImportError::Unsupported { path, reason }) if unit.found => {
                context.intake.drop_out(format!("{}: {reason}", path.display()));
                continue;
            }
            Err(ImportError::Ask { path, what, option }) if unit.found && option.starts_with("--columns") => {
                context.intake.drop_out(format!("{}: it cannot tell {what}", path.display()));
                continue;
            }
            other => other?,
        }
        take_back_duplicates(&mut context.intake, &unit.path, &mut brought, &mark, synapses);
        files.push(FileReport { path: unit.path.clone(), format: unit.format.name() });
    }
    let mut intake = context.intake;
    if intake.spikes.count() + intake.potentials.count() + intake.weights.count() == 0
        && intake.synapses.is_empty()
        && intake.slots.is_empty()
        && intake.groups.iter().all(|group| group.declared.is_none())
        && !plan.iter().any(|unit| unit.len > 0)
    {
        return Err(ImportError::Mistake(format!(
            "there is nothing in {}: no spikes, no neurons, no synapses",
            sources.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        )));
    }
    let (mapped, dropped) = (intake.mapped.clone(), intake.dropped.clone());
    intake.dt_ms = intake.dt_ms.or(options.dt_ms);
    let mut formats: Vec<String> = files.iter().map(|file: &FileReport| file.format.to_owned()).collect();
    formats.sort();
    formats.dedup();
    let names = sources.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    let told = deposit::Told {
        name: sources.first().and_then(|path| path.file_stem()).unwrap_or_default().to_string_lossy().into_owned(),
        neurons: options.neurons,
        populations: options.populations.clone(),
        duration_ms: options.duration_ms,
        sources: names.collect(),
        formats,
    };
    let summary = deposit::write(intake, &told)?;
    Ok(ImportReport { files, summary, mapped, dropped })
}

/// What a file brought, as far as it can be there twice.
struct Brought {
    path: PathBuf,
    /// By group.
    spikes: Vec<(Group, Fingerprint)>,
    potentials: Vec<(Group, Fingerprint)>,
    synapses: SynapsePrints,
}

/// By the groups that they join: count and sums of ids.
type SynapsePrints = BTreeMap<(u32, u32), (u64, u64, u64)>;

/// Of the synapses from `first` on.
fn synapse_prints(intake: &Intake, first: usize) -> SynapsePrints {
    let mut prints = SynapsePrints::new();
    for synapse in &intake.synapses[first..] {
        let [pre, post] = [synapse.pre, synapse.post].map(|slot| intake.slots[slot as usize]);
        let print = prints.entry((pre.0, post.0)).or_default();
        *print = (print.0 + 1, u64::wrapping_add(print.1, pre.1), u64::wrapping_add(print.2, post.1));
    }
    prints
}

/// The file that brought all of these synapses before.
fn same_synapses(before: &[Brought], now: &SynapsePrints) -> Option<PathBuf> {
    let total = |prints: &SynapsePrints| {
        prints.values().fold((0, 0, 0), |all: (u64, u64, u64), one| {
            (all.0 + one.0, all.1.wrapping_add(one.1), all.2.wrapping_add(one.2))
        })
    };
    let holds = |other: &Brought| now.iter().all(|(ends, print)| other.synapses.get(ends) == Some(print));
    // The same neurons may be named in one file and nameless in another.
    let found = before.iter().find(|other| holds(other) || total(&other.synapses) == total(now));
    if now.is_empty() { None } else { found.map(|other| other.path.clone()) }
}

/// The file that brought the same before, group by group; or an empty path where all files before did together.
fn same_before(
    before: &[Brought],
    now: &[(Group, Fingerprint)],
    of: impl Fn(&Brought) -> &[(Group, Fingerprint)],
) -> Option<PathBuf> {
    let total =
        |prints: &mut dyn Iterator<Item = Fingerprint>| prints.fold(Fingerprint::default(), Fingerprint::joined);
    let found = |(group, print): &(Group, Fingerprint)| {
        before.iter().find(|other| of(other).iter().any(|(g, p)| g == group && p.same(*print)))
    };
    let first = now.first()?;
    if now.iter().all(|part| found(part).is_some()) {
        return found(first).map(|other| other.path.clone());
    }
    // The same neurons may be named in one file and nameless in another.
    let all = total(&mut now.iter().map(|(_, print)| *print));
    if let Some(other) = before.iter().find(|other| total(&mut of(other).iter().map(|(_, print)| *print)).same(all)) {
        return Some(other.path.clone());
    }
    let together = total(&mut before.iter().flat_map(&of).map(|(_, print)| *print));
    together.same(all).then(PathBuf::new)
}

/// Simulations save the same spikes and synapses in several formats side by side; each is taken once.
fn take_back_duplicates(
    intake: &mut Intake,
    path: &Path,
    before: &mut Vec<Brought>,
    mark: &intake::Mark,
    first_synapse: usize,
) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let what = |other: PathBuf| match other.file_name() {
        Some(file) => file.to_string_lossy().into_owned(),
        None => "the files before it together".to_owned(),
    };
    let [spikes, potentials] = intake.brought();
    let is_network_only = spikes.is_empty() && potentials.is_empty() && intake.weights.count() == 0;
    let mut now =
        Brought { path: path.to_owned(), spikes, potentials, synapses: synapse_prints(intake, first_synapse) };
    if let Some(other) = same_before(before, &now.spikes, |brought| &brought.spikes) {
        intake.undo_spikes(mark);
        now.spikes.clear();
        intake.drop_out(format!("the spikes of {name}: the same as those of {}", what(other)));
    }
    if let Some(other) = same_before(before, &now.potentials, |brought| &brought.potentials) {
        intake.undo_potentials(mark);
        now.potentials.clear();
        intake.drop_out(format!("the membrane values of {name}: the same as those of {}", what(other)));
    }
    if let Some(other) = same_synapses(before, &now.synapses) {
        intake.synapses.truncate(first_synapse);
        now.synapses.clear();
        // A file of nothing but these synapses has no neurons of its own either.
        if is_network_only {
            intake.undo_neurons(mark);
        }
        intake.drop_out(format!("the synapses of {name}: the same as those of {}", what(other)));
    }
    before.push(now);
}

/// A file, or a folder that is one thing.
struct Unit {
    path: PathBuf,
    format: &'static dyn Format,
    len: u64,
    /// In a folder, rather than named.
    found: bool,
}

/// What to read, in which order.
fn plan(sources: &[PathBuf], options: &ImportOptions, intake: &mut Intake) -> Result<Vec<Unit>, ImportError> {
    let asked = match &options.format {
        None => None,
        Some(name) => Some(
            *FORMATS
                .iter()
                .find(|format| format.name() == name)
                .ok_or_else(|| ImportError::Mistake(format!("there is no format {name:?}; these are: {}", names())))?,
        ),
    };
    let mut units = Vec::new();
    for source in sources {
        let kind = fs::metadata(source).map_err(|error| ImportError::read(source, error))?;
        if kind.is_dir() {
            if let Some(unit) = folder_unit(source, asked)? {
                units.push(unit);
                continue;
            }
            let before = units.len();
            let mut unknown = Vec::new();
            let mut files = Vec::new();
            list(source, 0, &mut files)?;
            for path in files {
                match file_unit(&path, asked)? {
                    Some(unit) => units.push(Unit { found: true, ..unit }),
                    None => unknown.push(path),
                }
            }
            if units.len() == before {
                return Err(ImportError::Unknown {
                    path: source.clone(),
                    reason: format!("none of the {} files in this folder is of a known format", unknown.len()),
                });
            }
            for path in unknown {
                intake.drop_out(format!("{}: no format that is known here", path.display()));
            }
        } else {
            if asked.is_none()
                && let Some(listed) = sonata::listed(source)?
            {
                for path in listed {
                    units.extend(file_unit(&path, None)?);
                }
            }
            let unit = file_unit(source, asked)?
                .ok_or_else(|| ImportError::Unknown { path: source.clone(), reason: unknown_because(&kind) })?;
            units.push(unit);
        }
    }
    // Files that name their populations before those that do not, so that ids find their population.
    units.sort_by_key(|unit| FORMATS.iter().position(|format| format.name() == unit.format.name()));
    Ok(units)
}

fn unknown_because(kind: &fs::Metadata) -> String {
    if kind.len() == 0 {
        "the file is empty".to_owned()
    } else {
        "its content is of no format that is known here".to_owned()
    }
}

fn folder_unit(path: &Path, asked: Option<&'static dyn Format>) -> Result<Option<Unit>, ImportError> {
    let probe = Probe { path, head: &[], is_folder: true };
    let format = asked.into_iter().chain(FORMATS).find(|format| format.sniff(&probe));
    let Some(format) = format else { return Ok(None) };
    let mut files = Vec::new();
    list(path, 0, &mut files)?;
    let len = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|kind| kind.len()).sum();
    Ok(Some(Unit { path: path.to_owned(), format, len, found: false }))
}

fn file_unit(path: &Path, asked: Option<&'static dyn Format>) -> Result<Option<Unit>, ImportError> {
    let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
    let kind = file.metadata().map_err(|error| ImportError::read(path, error))?;
    if !kind.is_file() {
        return Ok(None);
    }
    let mut head = Vec::new();
    file.take(HEAD as u64).read_to_end(&mut head).map_err(|error| ImportError::read(path, error))?;
    let probe = Probe { path, head: &head, is_folder: false };
    let format = match asked {
        Some(asked) => Some(asked),
        None => FORMATS.into_iter().find(|format| format.sniff(&probe)),
    };
    Ok(format.map(|format| Unit { path: path.to_owned(), format, len: kind.len(), found: false }))
}

/// All files below a folder, by name; hidden ones and what is deeper than a project is are left out.
fn list(folder: &Path, depth: u32, files: &mut Vec<PathBuf>) -> Result<(), ImportError> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|error| ImportError::read(folder, error))?;
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            if depth < 6 {
                list(&path, depth + 1, files)?;
            }
        } else {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            return Err(ImportError::Mistake(format!(
                "{} has more than {MOST_FILES} files; name those that belong together",
                folder.display()
            )));
        }
    }
    Ok(())
}
