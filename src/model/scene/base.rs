//! `like = "digits"` at the top of a scene: it takes over another scene and states only what differs. In: the tree of a
//! scene. Out: the same tree with the base's values where it gives none; each value keeps the file and line it came from.

use std::path::Path;

use super::builtin::built_in;
use super::error::{SceneError, suggest};
use super::tree::{Entry, Node, Value};

/// Sections that are taken over key by key. Everything else is one value: given, it replaces the base's.
const MERGED: [&str; 4] = ["learning", "record", "view", "charts"];
/// Sections of named tables, each of which is taken over key by key.
const MERGED_BY_NAME: [&str; 3] = ["population", "projection", "stimulus"];
/// What a scene says of itself and never takes over.
const OWN: [&str; 4] = ["name", "title", "description", "like"];

/// Replaces `like` by what the other scene says.
///
/// # Errors
/// No such scene, a mistake in its text, or a scene that is itself like another one.
pub(crate) fn apply(root: &mut Node, origin: &str) -> Result<(), SceneError> {
    let Some(like) = root.get("like") else { return Ok(()) };
    let wrong = |what: String, advice: String| SceneError::new(&like.place, "like", what, advice);
    let Value::String(name) = &like.value else {
        return Err(wrong(format!("must be the name of a scene, not {}", like.value.kind()), String::new()));
    };
    let base = match built_in().iter().find(|known| known.name == *name) {
        Some(known) => Node::parse(known.text, known.name)?,
        None if !name.ends_with(".toml") => {
            let advice = suggest(name, built_in().iter().map(|known| known.name));
            return Err(wrong(format!("there is no scene `{name}`"), format!("{advice}, or name a .toml file")));
        }
        // In the same folder, so that the data files of both are found.
        None if Path::new(name).components().count() > 1 => {
            let advice = "put it there and give its name without a folder".to_owned();
            return Err(wrong(format!("`{name}` is not in the same folder as this scene"), advice));
        }
        None => {
            let path = Path::new(origin).with_file_name(name);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| wrong(format!("{} cannot be read: {error}", path.display()), String::new()))?;
            Node::parse(&text, &path.display().to_string())?
        }
    };
    if base.get("like").is_some() {
        return Err(wrong(format!("`{name}` is itself like another scene"), "name that one".to_owned()));
    }
    take_over(root, &base);
    if let Value::Table(entries) = &mut root.value {
        entries.retain(|entry| entry.key != "like");
    }
    Ok(())
}

/// Adds what the base says and the scene does not. The base's entries come first: populations are numbered in the
/// order of the file, and a scene that changes the second one must not renumber them.
fn take_over(root: &mut Node, base: &Node) {
    merge(root, base, &|key| {
        if OWN.contains(&key) {
            Merge::Leave
        } else if MERGED.contains(&key) {
            Merge::Keys
        } else if MERGED_BY_NAME.contains(&key) {
            Merge::Tables
        } else {
            Merge::Value
        }
    });
    // Named cameras are a section of their own inside `view`.
    if let (Some(view), Some(of_base)) = (get_mut(root, "view"), base.get("view").and_then(|view| view.get("cameras")))
        && let Some(cameras) = get_mut(view, "cameras")
    {
        merge(cameras, of_base, &|_| Merge::Value);
    }
}

/// How a key of the base is taken over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    /// Not at all.
    Leave,
    /// Whole, where the scene does not give it.
    Value,
    /// Key by key.
    Keys,
    /// Table by table, each key by key.
    Tables,
}

fn merge(own: &mut Node, base: &Node, how: &dyn Fn(&str) -> Merge) {
    let (Value::Table(entries), Value::Table(others)) = (&mut own.value, &base.value) else { return };
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len() + others.len());
    for other in others {
        let how = how(&other.key);
        let given = entries.iter().position(|entry| entry.key == other.key).map(|at| entries.remove(at));
        match given {
            Some(mut entry) => {
                match how {
                    Merge::Keys => merge(&mut entry.node, &other.node, &|_| Merge::Value),
                    Merge::Tables => merge(&mut entry.node, &other.node, &|_| Merge::Keys),
                    Merge::Leave | Merge::Value => {}
                }
                merged.push(entry);
            }
            None if how == Merge::Leave => {}
            None => merged.push(other.clone()),
        }
    }
    merged.append(entries);
    *entries = merged;
}

fn get_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scene;

    const CHANGED: &str = r#"
like = "brunel"
title = "Another one"

[population.inhibitory]
refractory_ms = 1

[projection.inhibition]
weight = -3

[view]
speed = 0.2

[view.cameras]
below = { azimuth_degrees = 0, elevation_degrees = -60 }
"#;

    fn changed(from: &str, to: &str) -> Result<Scene, String> {
        assert!(CHANGED.contains(from), "{from}");
        Scene::from_toml(&CHANGED.replace(from, to), "mine.toml", &[]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_scene_states_only_what_differs() {
        let (base, mine) = (Scene::load("brunel", &[]).expect("valid"), changed("-3", "-3").expect("valid"));
        assert_eq!((mine.name.as_str(), mine.title.as_str()), ("mine", "Another one"), "its own name");
        assert_eq!(mine.population_sizes().collect::<Vec<_>>(), base.population_sizes().collect::<Vec<_>>());
        assert_eq!(mine.view.look.speed, Some(0.2));
        assert_eq!(mine.view.look.synapse_budget, base.view.look.synapse_budget, "the rest of [view] is the base's");
        let names = |scene: &Scene| scene.view.cameras.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&mine), [names(&base), vec!["below".to_owned()]].concat());
        assert_eq!(mine.view.tour, base.view.tour);
        let weights = |scene: &Scene| {
            scene.projections().iter().find(|p| p.name.starts_with("inhibition")).map(|p| p.weight.mean())
        };
        assert_eq!((weights(&base), weights(&mine)), (Some(-2.5), Some(-3.0)));
        let network = mine.compile(None).expect("a network");
        assert_eq!(network.synapse_count(), base.compile(None).expect("a network").synapse_count());
    }

    #[test]
    fn mistakes_name_the_file_they_stand_in() {
        for (from, to, parts) in [
            (
                "like = \"brunel\"",
                "like = \"brunell\"",
                ["mine.toml:2: like: there is no scene `brunell`", "did you mean"],
            ),
            ("like = \"brunel\"", "like = 3", ["mine.toml:2: like:", "must be the name of a scene, not 3"]),
            ("like = \"brunel\"", "like = \"compression\"", ["itself like another scene", "name that one"]),
            ("like = \"brunel\"", "like = \"a/b.toml\"", ["mine.toml:2: like:", "same folder"]),
            ("like = \"brunel\"", "like = \"none.toml\"", ["mine.toml:2: like: none.toml", "cannot be read"]),
            ("refractory_ms = 1", "refractory_mss = 1", ["mine.toml:6", "did you mean `refractory_ms`?"]),
        ] {
            let error = changed(from, to).expect_err(to);
            assert!(parts.iter().all(|part| error.contains(part)), "{to}: {error}");
        }
        // A key that no longer fits what the scene changed stands in the base, and the message says so.
        let error = changed("[projection.inhibition]\nweight = -3", "[projection.inhibition]\nrule = \"all-to-all\"");
        assert!(error.expect_err("in_degree is left over").contains("brunel:"), "the base's line");
    }

    #[test]
    fn files_are_looked_up_in_the_same_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(path("base.toml"), "[population.a]\nsize = 3\ncell = \"poisson\"\nrate_hz = 5\n")
            .expect("written");
        std::fs::write(path("mine.toml"), "like = \"base.toml\"\n[population.a]\nsize = 4\n").expect("written");
        let scene = Scene::load(&path("mine.toml"), &[]).expect("valid");
        assert_eq!(scene.population_sizes().collect::<Vec<_>>(), [("a", 4)]);
        let changed = Scene::load(&path("mine.toml"), &["population.a.size=5".to_owned()]).expect("valid");
        assert_eq!(changed.neuron_count(), 5, "overrides come last");
    }
}
