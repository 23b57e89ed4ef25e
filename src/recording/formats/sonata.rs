//! SONATA: nodes, edges, spikes (old and new layout), reports of membrane potential, and the length and step of a
//! simulation's configuration. Types of nodes and edges are read from the tables beside the files
//! (`NAME_nodes.h5`, `NAME_node_types.csv`), as bmtk and the Allen Institute name them.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use super::hdf::{BLOCK, Hdf, MAGIC};
use super::intake::{ANY, Group};
use super::{Context, Format, Probe, json};

/// HDF5 files with spikes, nodes, edges or reports.
pub(super) struct Sonata;

/// `simulation_config.json` and `circuit_config.json`
pub(super) struct SonataConfig;

impl Format for Sonata {
    fn name(&self) -> &'static str {
        "sonata"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let parts = ["nodes", "edges", "spikes", "report"];
        probe.head.starts_with(MAGIC)
            && Hdf::open(probe.path).is_ok_and(|hdf| parts.iter().any(|part| hdf.has_group(part)))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let hdf = Hdf::open(path)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let reader = Reader { hdf, path, file };
        if reader.hdf.has_group("nodes") {
            reader.nodes(context)?;
        }
        if reader.hdf.has_group("edges") {
            reader.edges(context)?;
        }
        if reader.hdf.has_group("spikes") {
            reader.spikes(context)?;
        }
        if reader.hdf.has_group("report") {
            reader.report(context)?;
        }
        Ok(())
    }
}

impl Format for SonataConfig {
    fn name(&self) -> &'static str {
        "sonata-config"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        is_config(probe.head)
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let config = json::read(path)?;
        if let Some(stop) = config["run"]["tstop"].as_f64() {
            context.intake.lasts(stop);
        }
        context.intake.dt_ms = config["run"]["dt"].as_f64().filter(|dt| *dt > 0.0).or(context.intake.dt_ms);
        context.intake.simulator =
            config["target_simulator"].as_str().map(str::to_owned).or(context.intake.simulator.take());
        if config["run"].is_object() {
            context.intake.map(format!("{}: length and step of the run", path.display()));
        } else {
            context.intake.map(format!("{}: the names of the network's files", path.display()));
        }
        Ok(())
    }
}

fn is_config(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    text.trim_start().starts_with('{') && ((has("run") && has("tstop")) || (has("networks") && has("nodes_file")))
}

/// The files of nodes, edges and spikes that a configuration lists and that exist; none where it is no configuration.
pub(super) fn listed(path: &Path) -> Result<Option<Vec<PathBuf>>, ImportError> {
    let mut head = Vec::new();
    let file = fs::File::open(path).map_err(|error| ImportError::read(path, error))?;
    file.take(super::HEAD as u64).read_to_end(&mut head).map_err(|error| ImportError::read(path, error))?;
    if !is_config(&head) {
        return Ok(None);
    }
    let config = json::read(path)?;
    let own = Names::of(path, &config);
    let mut files = own.network_files(&config);
    if let Some(circuit) = config["network"].as_str().map(|circuit| own.resolve(circuit)).filter(|path| path.is_file())
    {
        let config = json::read(&circuit)?;
        files.extend(Names::of(&circuit, &config).network_files(&config));
    }
    let folder = own.resolve(config["output"]["output_dir"].as_str().unwrap_or("."));
    files.extend(config["output"]["spikes_file"].as_str().map(|file| folder.join(file)));
    files.retain(|file| file.is_file());
    Ok(Some(files))
}

/// What a configuration abbreviates, `$NETWORK_DIR`, and where it lies.
struct Names {
    folder: PathBuf,
    manifest: Vec<(String, String)>,
}

impl Names {
    fn of(path: &Path, config: &serde_json::Value) -> Self {
        let manifest = config["manifest"].as_object().into_iter().flatten();
        let manifest = manifest.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        let mut manifest: Vec<(String, String)> = manifest.collect();
        // So that $NETWORK does not spoil $NETWORK_DIR.
        manifest.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { folder: path.parent().unwrap_or(Path::new(".")).to_owned(), manifest }
    }

    fn resolve(&self, text: &str) -> PathBuf {
        let mut text = text.to_owned();
        // Abbreviations hold others; few deep, and never in a circle.
        for _ in 0..4 {
            for (name, value) in &self.manifest {
                if text.len() < 4096 {
                    let braced = name.replacen('$', "${", 1) + "}";
                    text = text.replace(&braced, value).replace(name.as_str(), value);
                }
            }
        }
        self.folder.join(text)
    }

    fn network_files(&self, config: &serde_json::Value) -> Vec<PathBuf> {
        let of = |kind: &str, key: &str| -> Vec<PathBuf> {
            let entries = config["networks"][kind].as_array().into_iter().flatten();
            entries.filter_map(|entry| entry[key].as_str()).map(|file| self.resolve(file)).collect()
        };
        [of("nodes", "nodes_file"), of("edges", "edges_file")].concat()
    }
}

struct Reader<'a> {
    hdf: Hdf,
    path: &'a Path,
    file: String,
}

/// Rows of a table of types by their id.
type Types = HashMap<u64, HashMap<String, String>>;

impl Reader<'_> {
    fn nodes(&self, context: &mut Context<'_>) -> Result<(), ImportError> {
        for population in self.hdf.members("nodes")?.0 {
            let base = format!("nodes/{population}");
            let group = context.intake.group_from_zero(&population);
            let types = self.hdf.dataset(&format!("{base}/node_type_id"))?;
            let count = types.shape().first().copied().unwrap_or(0);
            let name = format!("{base}/node_id");
            let ids = match self.hdf.find(&name) {
                Some(_) => self.hdf.ids(&name, &self.hdf.all(&name)?)?,
                None => (0..count).collect(),
            };
            let first = ids.iter().copied().min().unwrap_or(0);
            let last = ids.iter().copied().max().unwrap_or(0);
            let at = || base.clone();
            if ids.is_empty() || last - first + 1 == count {
                context.intake.declare(group, first, count).map_err(|refused| refused.at(self.path, at))?;
            }
            let table = self.types("_nodes.h5", "_node_types.csv", "node_type_id")?;
            if !table.is_empty()
                && table.values().all(|row| row.get("model_type").is_some_and(|kind| kind == "virtual"))
            {
                context.intake.groups[group].source = true;
            }
            let mut axes = Vec::new();
            for axis in ["x", "y", "z"] {
                let name = format!("{base}/0/{axis}");
                if self.hdf.find(&name).is_some() {
                    axes.push(self.hdf.all(&name)?);
                }
            }
            for (index, id) in ids.iter().enumerate() {
                context.intake.slot(group, *id).map_err(|refused| refused.at(self.path, at))?;
                if let [x, y, z] = axes.as_slice()
                    && let (Some(x), Some(y), Some(z)) = (x.get(index), y.get(index), z.get(index))
                {
                    let position = [*x as f32, *y as f32, *z as f32];
                    context.intake.position(group, *id, position).map_err(|refused| refused.at(self.path, at))?;
                }
            }
            let places = if axes.len() == 3 { "with positions" } else { "without positions" };
            context.intake.map(format!("{}: {count} nodes of {population}, {places}", self.file));
        }
        Ok(())
    }

    fn edges(&self, context: &mut Context<'_>) -> Result<(), ImportError> {
        for name in self.hdf.members("edges")?.0 {
            let base = format!("edges/{name}");
            let ends = ["source_node_id", "target_node_id"].map(|end| format!("{base}/{end}"));
            let mut groups = [ANY; 2];
            for (end, group) in ends.iter().zip(&mut groups) {
                let dataset = self.hdf.dataset(end)?;
                let population = self
                    .hdf
                    .attribute(&dataset, "node_population")
                    .ok_or_else(|| self.hdf.wrong(end, "its attribute node_population is missing"))?;
                *group = context.intake.group_from_zero(&population);
            }
            let [source, target] =
                [&ends[0], &ends[1]].map(|end| self.hdf.all(end).and_then(|v| self.hdf.ids(end, &v)));
            let (source, target) = (source?, target?);
            if source.len() != target.len() {
                return Err(self.hdf.wrong(&base, "it has more sources than targets, or fewer"));
            }
            let table = self.types("_edges.h5", "_edge_types.csv", "edge_type_id")?;
            let type_name = format!("{base}/edge_type_id");
            let types = match self.hdf.find(&type_name) {
                Some(_) => self.hdf.all(&type_name)?,
                None => Vec::new(),
            };
            // What the group of the file says wins over the table of types.
            let own = |attribute: &str| {
                let name = format!("{base}/0/{attribute}");
                self.hdf.find(&name).map(|_| self.hdf.all(&name)).transpose()
            };
            let (weights, delays, rows) = (own("syn_weight")?, own("delay")?, own_index(&self.hdf, &base)?);
            let of_type = |row: usize, attribute: &str| {
                let id = *types.get(row)? as u64;
                table.get(&id)?.get(attribute)?.parse::<f64>().ok()
            };
            let value = |own: &Option<Vec<f64>>, row: usize, attribute: &str| match own {
                Some(values) => {
                    values.get(rows.as_ref().map_or(row, |rows| rows.get(row).map_or(row, |at| *at as usize))).copied()
                }
                None => of_type(row, attribute),
            };
            let label = context.intake.synapse_label("");
            let mut without_weight = 0_u64;
            for row in 0..source.len() {
                let weight = value(&weights, row, "syn_weight").unwrap_or_else(|| {
                    without_weight += 1;
                    0.0
                });
                let delay = value(&delays, row, "delay").unwrap_or(0.0);
                context
                    .intake
                    .synapse((groups[0], source[row]), (groups[1], target[row]), weight, delay, label)
                    .map_err(|refused| refused.at(self.path, || format!("{base}, edge {row}")))?;
            }
            context.advance(source.len() as u64 * 16)?;
            context.intake.weight_unit = Some("as in the file (pA or mV in NEST models)");
            context.intake.map(format!("{}: {} edges of {name}; syn_weight, delays in ms", self.file, source.len()));
            if without_weight > 0 {
                context.intake.drop_out(format!(
                    "{}: {without_weight} edges of {name} have no syn_weight; taken as 0",
                    self.file
                ));
            }
        }
        Ok(())
    }

    fn spikes(&self, context: &mut Context<'_>) -> Result<(), ImportError> {
        let (populations, datasets) = self.hdf.members("spikes")?;
        if datasets.iter().any(|name| name == "gids") {
            // The old layout names no population; ids are found in the one that has them.
            return self.spike_list("spikes/timestamps", "spikes/gids", ANY, context);
        }
        for population in populations {
            let group = context.intake.group_from_zero(&population);
            let base = format!("spikes/{population}");
            self.spike_list(&format!("{base}/timestamps"), &format!("{base}/node_ids"), group, context)?;
        }
        Ok(())
    }

    fn spike_list(&self, times: &str, ids: &str, group: Group, context: &mut Context<'_>) -> Result<(), ImportError> {
        let (time_data, id_data) = (self.hdf.dataset(times)?, self.hdf.dataset(ids)?);
        let count = time_data.shape().first().copied().unwrap_or(0);
        if id_data.shape() != time_data.shape() {
            return Err(self.hdf.wrong(times, "it has more values than there are node ids, or fewer"));
        }
        let unit = self.hdf.attribute(&time_data, "units");
        let in_seconds = unit.as_deref() == Some("s");
        let factor = match context.options.time_unit {
            Some(told) => match told.ms(context.options.dt_ms) {
                Some(factor) => factor,
                None => context.step_ms(self.path)?,
            },
            None if in_seconds => 1e3,
            None => 1.0,
        };
        let mut row = 0;
        while row < count {
            let end = (row + BLOCK).min(count);
            let time_values = self.hdf.rows(times, &time_data, row, end)?;
            let id_values = self.hdf.ids(ids, &self.hdf.rows(ids, &id_data, row, end)?)?;
            for (index, (id, time)) in id_values.iter().zip(&time_values).enumerate() {
                let taken = context.intake.spike(group, *id, time * factor);
                taken.map_err(|refused| refused.at(self.path, || format!("{times}, value {}", row + index as u64)))?;
            }
            context.advance((end - row) * 8)?;
            row = end;
        }
        let unit = if in_seconds { "s" } else { "ms" };
        context.intake.map(format!("{}: {count} spikes of {times} in {unit}", self.file));
        Ok(())
    }

    fn report(&self, context: &mut Context<'_>) -> Result<(), ImportError> {
        for population in self.hdf.members("report")?.0 {
            let base = format!("report/{population}");
            let name = format!("{base}/data");
            let data = self.hdf.dataset(&name)?;
            let [steps, elements] = data.shape() else {
                return Err(self.hdf.wrong(&name, "it is no table of time by element"));
            };
            let (steps, elements) = (*steps, *elements);
            let node_name = format!("{base}/mapping/node_ids");
            let nodes = self.hdf.ids(&node_name, &self.hdf.all(&node_name)?)?;
            let pointers = self.hdf.all(&format!("{base}/mapping/index_pointer"))?;
            let time = self.hdf.all(&format!("{base}/mapping/time"))?;
            let (Some(start), Some(step)) = (time.first().copied(), time.get(2).copied()) else {
                return Err(self.hdf.wrong(&base, "mapping/time is not start, stop, step"));
            };
            // The first element of a cell is its soma; others are compartments.
            let somas: Vec<usize> =
                (0..nodes.len()).map(|node| pointers.get(node).map_or(node, |at| *at as usize)).collect();
            let group = context.intake.group_from_zero(&population);
            let block = (BLOCK / elements.max(1)).max(1);
            let mut row = 0;
            while row < steps {
                let end = (row + block).min(steps);
                let values = self.hdf.rows(&name, &data, row, end)?;
                for (index, line) in values.chunks(elements.max(1) as usize).enumerate() {
                    let time_ms = start + (row + index as u64) as f64 * step;
                    for (node, soma) in nodes.iter().zip(&somas) {
                        let Some(value) = line.get(*soma) else { continue };
                        let taken = context.intake.potential(group, *node, time_ms, *value as f32);
                        taken.map_err(|refused| refused.at(self.path, || name.clone()))?;
                    }
                }
                context.advance(values.len() as u64 * 8)?;
                row = end;
            }
            context.intake.map(format!(
                "{}: {} membrane values of {population}, as mV",
                self.file,
                steps * nodes.len() as u64
            ));
            if elements > nodes.len() as u64 {
                let left = elements - nodes.len() as u64;
                context.intake.drop_out(format!("{}: {left} compartments besides the somas", self.file));
            }
        }
        Ok(())
    }

    /// The table of types beside the file; empty where there is none.
    fn types(&self, ending: &str, table: &str, key: &str) -> Result<Types, ImportError> {
        let Some(stem) = self.file.strip_suffix(ending) else { return Ok(Types::new()) };
        let path: PathBuf = self.path.with_file_name(format!("{stem}{table}"));
        let Ok(text) = fs::read_to_string(&path) else { return Ok(Types::new()) };
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
        let mut types = Types::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let row: HashMap<String, String> =
                names.iter().map(|name| (*name).to_owned()).zip(line.split_whitespace().map(str::to_owned)).collect();
            let id = row.get(key).and_then(|id| id.parse::<u64>().ok());
            types.insert(id.ok_or_else(|| ImportError::damaged(&path, line, format!("it has no {key}")))?, row);
        }
        Ok(types)
    }
}

/// Rows of group 0 by edge, where the file says so.
fn own_index(hdf: &Hdf, base: &str) -> Result<Option<Vec<f64>>, ImportError> {
    let name = format!("{base}/edge_group_index");
    hdf.find(&name).map(|_| hdf.all(&name)).transpose()
}
