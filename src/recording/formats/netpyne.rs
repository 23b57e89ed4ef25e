//! NetPyNE's saved simulations (`NAME_data.json`): cells with populations, places and connections, spikes, and recorded
//! membrane potentials. Times and delays are in ms, places in um, potentials in mV.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::error::ImportError;
use super::intake::{ANY, Group, Refused};
use super::{Context, Format, Probe, json};

/// See the module.
pub(super) struct NetPyne;

impl Format for NetPyne {
    fn name(&self) -> &'static str {
        "netpyne"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let text = String::from_utf8_lossy(probe.head);
        let is_object = text.trim_start().starts_with('{');
        // The keys are in alphabetical order, so the head may end within the cells.
        is_object && ["netpyne_version", "simData", "preGid"].iter().any(|key| has_key(&text, key))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let root = json::read(path)?;
        if !root["simData"].is_object() && !root["net"].is_object() {
            let reason = "it has neither \"net\" nor \"simData\" of NetPyNE";
            return Err(ImportError::damaged(path, "its top level", reason));
        }
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut run = Run { path, file, cells: HashMap::new() };
        run.cells(&root["net"]["cells"], context)?;
        run.synapses(&root["net"]["cells"], context)?;
        run.spikes(&root["simData"], context)?;
        run.potentials(&root["simData"], context)?;
        if let Some(duration_ms) = root["simConfig"]["duration"].as_f64() {
            context.intake.lasts(duration_ms);
        }
        let dt_ms = root["simConfig"]["dt"].as_f64().filter(|dt| *dt > 0.0);
        context.intake.dt_ms = dt_ms.or(context.intake.dt_ms);
        context.intake.simulator = Some("NetPyNE".to_owned());
        Ok(())
    }
}

struct Run<'a> {
    path: &'a Path,
    file: String,
    /// Population of each cell.
    cells: HashMap<u64, Group>,
}

/// Whether a piece of JSON has this key: other files may speak of it.
fn has_key(text: &str, key: &str) -> bool {
    let quoted = format!("\"{key}\"");
    text.split(&quoted).skip(1).any(|rest| rest.trim_start().starts_with(':'))
}

/// The number of a cell; NetPyNE writes those of spikes with decimals.
fn gid(value: &Value) -> Option<u64> {
    value.as_f64().filter(|id| *id >= 0.0 && id.fract() == 0.0 && *id < 9e15).map(|id| id as u64)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Run<'_> {
    fn refused(&self, refused: Refused, at: String) -> ImportError {
        refused.at(self.path, || at)
    }

    fn damaged(&self, at: String, reason: &str) -> ImportError {
        ImportError::damaged(self.path, at, reason)
    }

    fn place(&self, id: u64) -> (Group, u64) {
        (self.cells.get(&id).copied().unwrap_or(ANY), id)
    }

    fn cells(&mut self, cells: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        for (index, cell) in list(cells).iter().enumerate() {
            let at = || format!("net.cells[{index}]");
            let id = gid(&cell["gid"]).ok_or_else(|| self.damaged(at(), "its gid is no whole number"))?;
            let group = context.intake.group(cell["tags"]["pop"].as_str().unwrap_or("cells"));
            context.intake.slot(group, id).map_err(|refused| self.refused(refused, at()))?;
            let axis = |name: &str| cell["tags"][name].as_f64().map(|value| value as f32);
            if let (Some(x), Some(y), Some(z)) = (axis("x"), axis("y"), axis("z")) {
                // Depth grows downwards there.
                let taken = context.intake.position(group, id, [x, -y, z]);
                taken.map_err(|refused| self.refused(refused, at()))?;
            }
            self.cells.insert(id, group);
        }
        context.intake.map(format!("{}: {} cells by population", self.file, self.cells.len()));
        Ok(())
    }

    fn synapses(&self, cells: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        let (mut count, mut stimuli, mut compact) = (0, 0, 0);
        let label = context.intake.synapse_label("");
        for (index, cell) in list(cells).iter().enumerate() {
            let Some(post) = gid(&cell["gid"]) else { continue };
            for (number, connection) in list(&cell["conns"]).iter().enumerate() {
                let at = || format!("net.cells[{index}].conns[{number}]");
                if connection.is_array() {
                    compact += 1;
                    continue;
                }
                // "NetStim" is no cell.
                if connection["preGid"].is_string() {
                    stimuli += 1;
                    continue;
                }
                let pre = gid(&connection["preGid"]).ok_or_else(|| self.damaged(at(), "its preGid is no cell"))?;
                let weight = connection["weight"].as_f64().ok_or_else(|| self.damaged(at(), "it has no weight"))?;
                let delay_ms = connection["delay"].as_f64().unwrap_or(0.0);
                let taken = context.intake.synapse(self.place(pre), self.place(post), weight, delay_ms, label);
                taken.map_err(|refused| self.refused(refused, at()))?;
                count += 1;
            }
        }
        if count > 0 {
            context.intake.weight_unit = Some("as in the model (uS for synapses with conductance)");
        }
        context.intake.map(format!("{}: {count} connections between cells, delays in ms", self.file));
        for (left, what) in [(stimuli, "connections from stimuli"), (compact, "connections in compact form")] {
            if left > 0 {
                context.intake.drop_out(format!("{}: {left} {what}", self.file));
            }
        }
        Ok(())
    }

    fn spikes(&self, data: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        let (times, ids) = (list(&data["spkt"]), list(&data["spkid"]));
        if times.len() != ids.len() {
            return Err(self.damaged("simData".to_owned(), "spkt and spkid are not of the same length"));
        }
        for (index, (time, id)) in times.iter().zip(ids).enumerate() {
            let at = || format!("simData.spkt[{index}]");
            let time = time.as_f64().ok_or_else(|| self.damaged(at(), "it is no number"))?;
            let id = gid(id).ok_or_else(|| self.damaged(at(), "its spkid is no cell"))?;
            let (group, id) = self.place(id);
            // On NEURON's grid the sums of steps leave rests of 1e-13.
            let time_ms = (time * 1e9).round() / 1e9;
            context.intake.spike(group, id, time_ms).map_err(|refused| self.refused(refused, at()))?;
        }
        context.intake.map(format!("{}: {} spikes in ms", self.file, times.len()));
        Ok(())
    }

    fn potentials(&self, data: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        let times = list(&data["t"]);
        for (name, traces) in data.as_object().into_iter().flatten() {
            let Some(traces) = traces.as_object() else { continue };
            if !name.to_ascii_lowercase().starts_with('v') {
                context.intake.drop_out(format!("{}: simData.{name} (no membrane potentials)", self.file));
                continue;
            }
            let mut count = 0;
            for (cell, values) in traces {
                let at = || format!("simData.{name}.{cell}");
                let id = cell.strip_prefix("cell_").and_then(|id| id.parse::<u64>().ok());
                let id = id.ok_or_else(|| self.damaged(at(), "it is not named after a cell, like cell_0"))?;
                let (group, id) = self.place(id);
                // NetPyNE's clock may have one more entry, the end.
                if list(values).len() > times.len() {
                    return Err(self.damaged(at(), "it has more values than simData.t"));
                }
                for (index, (time, value)) in times.iter().zip(list(values)).enumerate() {
                    let (Some(time), Some(value)) = (time.as_f64(), value.as_f64()) else {
                        return Err(self.damaged(format!("{}[{index}]", at()), "it is no number"));
                    };
                    let time_ms = (time * 1e9).round() / 1e9;
                    let taken = context.intake.potential(group, id, time_ms, value as f32);
                    taken.map_err(|refused| self.refused(refused, at()))?;
                    count += 1;
                }
            }
            context.intake.map(format!("{}: {count} membrane potentials of simData.{name} in mV", self.file));
        }
        Ok(())
    }
}
