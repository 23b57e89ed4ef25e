//! NIR graphs as a network to look at: layers of LIF, IF and CubaLIF neurons, joined by Affine, Linear and convolution
//! weights. Time constants are in the file in seconds; NIR has no spikes.

use std::collections::HashMap;
use std::path::Path;

use super::error::ImportError;
use super::hdf::{Hdf, MAGIC};
use super::{Context, Format, Probe};

/// See the module.
pub(super) struct Nir;

impl Format for Nir {
    fn name(&self) -> &'static str {
        "nir"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        probe.head.starts_with(MAGIC) && Hdf::open(probe.path).is_ok_and(|hdf| hdf.has_group("node/nodes"))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let hdf = Hdf::open(path)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ends = hdf.texts("node/edges")?;
        let edges: Vec<(&str, &str)> = ends.chunks_exact(2).map(|ends| (ends[0].as_str(), ends[1].as_str())).collect();
        let mut kinds = HashMap::new();
        for name in hdf.members("node/nodes")?.0 {
            let kind = hdf.text(&format!("node/nodes/{name}/type")).unwrap_or_default();
            kinds.insert(name, kind);
        }
        let mut names: Vec<&String> = kinds.keys().collect();
        names.sort();
        for name in names {
            let kind = kinds[name].as_str();
            match kind {
                "Affine" | "Linear" => weights(&hdf, path, name, &edges, &kinds, context)?,
                "LIF" | "IF" | "CubaLIF" | "LI" | "I" | "CubaLI" => {
                    let size = hdf.dataset(&format!("node/nodes/{name}/r"))?.shape().iter().product::<u64>();
                    declare(path, name, size.max(1), context)?;
                    let tau = ["tau", "tau_mem"].iter().find_map(|tau| {
                        let tau = format!("node/nodes/{name}/{tau}");
                        hdf.find(&tau).and_then(|_| hdf.all(&tau).ok()?.first().copied())
                    });
                    let told = tau.map_or(String::new(), |tau| format!(", time constant {} ms", tau * 1e3));
                    context.intake.map(format!("{file}: {kind} {name:?}: {size} neurons{told}"));
                    if tau.is_some_and(|tau| tau < 1e-4) {
                        context.intake.drop_out(format!(
                            "the meaning of {file}'s time constant of {name:?}: it is below 0.1 ms; some exporters write it in \
                             steps or inverted"
                        ));
                    }
                }
                "Input" | "Output" => {}
                other => context.intake.drop_out(format!("{file}: node {name:?} of type {other}")),
            }
        }
        Ok(())
    }
}

fn declare(path: &Path, name: &str, size: u64, context: &mut Context<'_>) -> Result<usize, ImportError> {
    let group = context.intake.group_from_zero(name);
    context.intake.declare(group, 0, size).map_err(|refused| refused.at(path, || format!("node {name:?}")))?;
    Ok(group)
}

/// A matrix [post, pre] between what comes before the node and what comes behind it.
fn weights(
    hdf: &Hdf,
    path: &Path,
    name: &str,
    edges: &[(&str, &str)],
    kinds: &HashMap<String, String>,
    context: &mut Context<'_>,
) -> Result<(), ImportError> {
    let at = format!("node/nodes/{name}/weight");
    let data = hdf.dataset(&at)?;
    let [rows, columns] = data.shape() else {
        return Err(hdf.wrong(&at, "it is no matrix"));
    };
    let (rows, columns) = (*rows, *columns);
    let before = edges.iter().find(|(_, to)| *to == name).map_or("input", |(from, _)| *from);
    // What a matrix feeds is a layer of neurons, or the output.
    let behind =
        edges.iter().find(|(from, to)| *from == name && kinds.contains_key(*to)).map_or("output", |(_, to)| *to);
    let pre = declare(path, before, columns, context)?;
    let post = declare(path, behind, rows, context)?;
    if kinds.get(before).is_some_and(|kind| kind == "Input") {
        context.intake.groups[pre].source = true;
    }
    let label = context.intake.synapse_label("");
    for (index, weight) in hdf.all(&at)?.iter().enumerate() {
        let (row, column) = (index as u64 / columns.max(1), index as u64 % columns.max(1));
        let taken = context.intake.synapse((pre, column), (post, row), *weight, 0.0, label);
        taken.map_err(|refused| refused.at(path, || format!("{at}, value {index}")))?;
    }
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    context.intake.weight_unit = Some("without unit");
    context.intake.map(format!("{file}: {name:?}: {} synapses from {before} to {behind}", rows * columns));
    if hdf.find(&format!("node/nodes/{name}/bias")).is_some() {
        context.intake.drop_out(format!("{file}: the bias of {name:?}"));
    }
    Ok(())
}
