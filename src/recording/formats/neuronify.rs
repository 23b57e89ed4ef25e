//! Neuronify's `.nfy` (its first version, up to file format 4): a network to look at. In: nodes and edges as JSON, in SI
//! units. Out: its neurons with their places on the screen, and the synapses between them; it has no spikes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::error::ImportError;
use super::intake::Group;
use super::{Context, Format, Probe, json};

/// See the module.
pub(super) struct Neuronify;

impl Format for Neuronify {
    fn name(&self) -> &'static str {
        "neuronify"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let text = String::from_utf8_lossy(probe.head);
        let is_object = text.trim_start().starts_with('{');
        is_object && (probe.extension() == "nfy" || (text.contains("\"edges\"") && text.contains(".qml\"")))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let network = json::read(path)?;
        let list = |key: &str| {
            let list = network[key].as_array();
            list.ok_or_else(|| ImportError::damaged(path, format!("{key:?}"), "it is no list of a Neuronify network"))
        };
        let (nodes, edges) = (list("nodes")?, list("edges")?);
        let mut neurons: Vec<Option<(Group, u64)>> = Vec::new();
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        let mut sizes: BTreeMap<Group, u64> = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            // Version 2 of the format has everything on the node itself.
            let kind = node["filename"].as_str().or(node["fileName"].as_str()).unwrap_or("nodes without a type");
            if !kind.starts_with("neurons/") {
                *left.entry(kind.trim_end_matches(".qml").to_owned()).or_default() += 1;
                neurons.push(None);
                continue;
            }
            let properties = if node["savedProperties"].is_object() { &node["savedProperties"] } else { node };
            let is_inhibitory = properties["inhibitory"].as_bool().unwrap_or(false);
            let group = context.intake.group_from_zero(if is_inhibitory { "inhibitory" } else { "excitatory" });
            let size = sizes.entry(group).or_default();
            let at = || format!("node {index}");
            context.intake.slot(group, *size).map_err(|refused| refused.at(path, at))?;
            if let (Some(x), Some(y)) = (properties["x"].as_f64(), properties["y"].as_f64()) {
                // The screen's y points down.
                let position = [x as f32, -y as f32, 0.0];
                context.intake.position(group, *size, position).map_err(|refused| refused.at(path, at))?;
            }
            neurons.push(Some((group, *size)));
            *size += 1;
        }
        for (group, size) in &sizes {
            context.intake.declare(*group, 0, *size).map_err(|refused| refused.at(path, || "its nodes".to_owned()))?;
        }
        let (mut count, mut without) = (0, 0);
        let label = context.intake.synapse_label("");
        for (index, edge) in edges.iter().enumerate() {
            let at = || format!("edge {index}");
            let end = |key: &str| -> Result<Option<(Group, u64)>, ImportError> {
                let node = edge[key].as_u64().and_then(|node| usize::try_from(node).ok());
                let found = node.and_then(|node| neurons.get(node).copied());
                let reason = || format!("its {key:?} is {}, but there are {} nodes", edge[key], nodes.len());
                found.ok_or_else(|| ImportError::damaged(path, at(), reason()))
            };
            let (Some(pre), Some(post)) = (end("from")?, end("to")?) else { continue };
            let engine = &edge["savedProperties"]["engine"];
            let sign = if context.intake.groups[pre.0].name == "inhibitory" { -1.0 } else { 1.0 };
            let number = |value: &Value| value.as_f64();
            let weight_na = number(&engine["maximumCurrent"]).map_or(0.0, |current| sign * current * 1e9);
            without += usize::from(engine["maximumCurrent"].is_null());
            let delay_ms = number(&engine["delay"]).unwrap_or(0.0) * 1e3;
            let taken = context.intake.synapse(pre, post, weight_na, delay_ms, label);
            taken.map_err(|refused| refused.at(path, at))?;
            count += 1;
        }
        context.intake.simulator = Some("Neuronify".to_owned());
        context.intake.weight_unit = Some("nA");
        let all: u64 = sizes.values().sum();
        context.intake.map(format!(
            "{file}: {all} neurons with places in pixels; {count} synapses between them, weights as the largest current in nA, \
             negative from inhibitory neurons"
        ));
        if without > 0 {
            context
                .intake
                .drop_out(format!("{file}: the strength of {without} synapses, which the file does not give; 0"));
        }
        if !left.is_empty() {
            let left: Vec<String> = left.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            context.intake.drop_out(format!("{file}: {} with their edges", left.join(", ")));
        }
        Ok(())
    }
}
