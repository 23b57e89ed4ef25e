//! The results folder of Brian2's C++ standalone mode: a headerless little-endian array per variable, named
//! `_dynamic_array_OBJECT_VARIABLE_HASH`. In: the folder, or the project's above it. Out: the spikes of its monitors and
//! its synapses. Indices are int32, everything else float64 in base units (seconds, volts).

use std::fs;
use std::path::{Path, PathBuf};

use super::arrays::{Array, Element, Place};
use super::error::ImportError;
use super::{Context, Format, Probe, meaning};

/// See the module.
pub(super) struct BrianStandalone;

const PREFIX: &str = "_dynamic_array_";

/// Variables by the end of their names, longest first, their type, and their names among the arrays of `meaning`.
const VARIABLES: [(&str, Element, &str); 7] = [
    ("__synaptic_post", Element::I32, "post"),
    ("__synaptic_pre", Element::I32, "pre"),
    ("_pre_delay", Element::F64, "delay_s"),
    ("_delay", Element::F64, "delay_s"),
    ("_w", Element::F64, "w"),
    ("_t", Element::F64, "t_s"),
    ("_i", Element::I32, "i"),
];

struct Variable {
    object: String,
    name: &'static str,
    element: Element,
    path: PathBuf,
    count: u64,
}

/// Where the results are: here, or below a project.
fn results(folder: &Path) -> Option<PathBuf> {
    let candidates = [folder.to_owned(), folder.join("results"), folder.join("output/results")];
    candidates.into_iter().find(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.take(10_000).any(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
    })
}

impl Format for BrianStandalone {
    fn name(&self) -> &'static str {
        "brian2-standalone"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        probe.is_folder && results(probe.path).is_some()
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let folder = results(path).ok_or_else(|| ImportError::Unsupported {
            path: path.to_owned(),
            reason: "it is no results folder of Brian2's C++ standalone mode".to_owned(),
        })?;
        let (variables, others) = variables(&folder)?;
        let monitors: Vec<&str> =
            variables.iter().filter(|variable| variable.name == "i").map(|variable| variable.object.as_str()).collect();
        let mut arrays = Vec::new();
        for variable in &variables {
            // The only monitor's neurons are the network's.
            let is_only = monitors.len() == 1 && monitors[0] == variable.object && variable.name != "w";
            let name =
                if is_only { variable.name.to_owned() } else { format!("{}_{}", variable.object, variable.name) };
            let place = Place::File { path: variable.path.clone(), offset: 0, packed: None };
            let shape = vec![variable.count];
            arrays.push(Array { name, shape, element: variable.element, big_endian: false, place });
        }
        if arrays.is_empty() {
            let reason = "it has no spikes of a monitor and no synapses".to_owned();
            return Err(ImportError::Unsupported { path: path.to_owned(), reason });
        }
        meaning::interpret(&folder, &arrays, context)?;
        context.intake.simulator = Some("Brian2".to_owned());
        // The folder does not tell whether a weight is a voltage, a conductance or a number.
        context.intake.weight_unit = Some("base SI units, as in the file (volts, siemens or none)");
        if !others.is_empty() {
            context.intake.drop_out(format!("variables {}, whose shapes the folder does not tell", others.join(", ")));
        }
        Ok(())
    }
}

/// The known variables, and the names of the others.
fn variables(folder: &Path) -> Result<(Vec<Variable>, Vec<String>), ImportError> {
    let entries = fs::read_dir(folder).map_err(|error| ImportError::read(folder, error))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let (mut variables, mut others) = (Vec::new(), Vec::new());
    for path in paths {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((full, hash)) = file.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once('_')) else { continue };
        if hash.is_empty() || !hash.bytes().all(|digit| digit.is_ascii_digit()) {
            continue;
        }
        let known = VARIABLES.iter().find_map(|(end, element, name)| Some((full.strip_suffix(end)?, *element, *name)));
        let Some((object, element, name)) = known else {
            others.push(full.to_owned());
            continue;
        };
        let len = fs::metadata(&path).map_err(|error| ImportError::read(&path, error))?.len();
        let size = element.size() as u64;
        if !len.is_multiple_of(size) {
            let reason = format!("its {len} bytes are no whole number of values of {size} bytes");
            return Err(ImportError::damaged(&path, format!("byte {len}"), reason));
        }
        variables.push(Variable { object: object.to_owned(), name, element, path, count: len / size });
    }
    Ok((variables, others))
}
