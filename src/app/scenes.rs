//! `spikescope scenes`: the built-in scenes, how large they are and what they show.

use serde::Serialize;

use super::error::AppError;
use super::text;
use crate::model::scene::{Scene, built_in};

#[derive(Serialize)]
struct Entry {
    name: String,
    title: String,
    neurons: u64,
    /// As expected from the rules; random rules vary with the seed.
    synapses: u64,
    dt_ms: f64,
    description: String,
}

/// Lists them.
pub(super) fn run(json: bool) -> Result<(), AppError> {
    let entries = built_in()
        .iter()
        .map(|known| {
            let scene = Scene::load(known.name, &[])?;
            Ok(Entry {
                neurons: scene.neuron_count(),
                synapses: scene.expected_synapse_count(),
                dt_ms: scene.dt_ms(),
                name: known.name.to_owned(),
                title: scene.title,
                description: scene.description,
            })
        })
        .collect::<Result<Vec<_>, AppError>>()?;
    if json {
        return text::print_json(&entries);
    }
    let name_width = entries.iter().map(|e| e.name.len()).max().unwrap_or(0);
    let mut lines = String::new();
    for entry in &entries {
        lines.push_str(&format!(
            "{:name_width$}  {:>9} neurons  {:>13} synapses  {}\n",
            entry.name,
            text::count(entry.neurons),
            text::count(entry.synapses),
            entry.title
        ));
    }
    text::print(&lines)
}
