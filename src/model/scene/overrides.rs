//! `--set path.to.key=value`: changes the tree of a scene before it is read, so that overrides obey exactly the rules
//! of the file. In: the tree and the texts of the overrides. Out: the changed tree.

use super::error::{SceneError, suggest};
use super::tree::{Entry, Node, Place, Value};

/// Sections whose tables have names of the user's own.
const NAMED_SECTIONS: [&str; 3] = ["population", "projection", "stimulus"];

/// Applies overrides in order.
///
/// # Errors
/// An override without `=`, a path that leads nowhere, or a population, projection or stimulus that is not there.
pub(crate) fn apply(root: &mut Node, overrides: &[String]) -> Result<(), SceneError> {
    overrides.iter().try_for_each(|text| apply_one(root, text))
}

fn apply_one(root: &mut Node, text: &str) -> Result<(), SceneError> {
    let origin = format!("--set {text}");
    let wrong = |key: &str, what: String, advice: String| SceneError::new(&origin, key, what, advice);
    let Some((path, value)) = text.split_once('=') else {
        return Err(wrong("", "has no `=`".into(), "write path.to.key=value".into()));
    };
    let path = path.trim();
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    if keys.iter().any(|key| key.is_empty()) {
        return Err(wrong(path, "is no path".into(), "write path.to.key=value".into()));
    }
    let value = Node::parse_value(value, &origin);
    let place = Place::whole(&origin);
    let mut node = root;
    for (depth, key) in keys.iter().enumerate() {
        let last = depth + 1 == keys.len();
        let so_far = keys[..depth].join(".");
        let named_section = depth == 1 && NAMED_SECTIONS.contains(&keys[0]);
        if named_section && node.get(key).is_none() {
            let known = names(node);
            let advice = suggest(key, known.iter().map(String::as_str).collect::<Vec<_>>());
            return Err(wrong(path, format!("the scene has no {} `{key}`", keys[0]), advice));
        }
        let kind = node.value.kind();
        node = match &mut node.value {
            Value::Array(items) => {
                let index = position_in(items, key).ok_or_else(|| {
                    let advice = "give the number of an item, from 0, or its name".to_owned();
                    wrong(path, format!("{so_far} has no item `{key}`"), advice)
                })?;
                &mut items[index]
            }
            Value::Table(entries) => {
                let index = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
                    let node = Node { place: place.clone(), value: Value::Table(Vec::new()) };
                    entries.push(Entry { key: (*key).to_owned(), place: place.clone(), node });
                    entries.len() - 1
                });
                &mut entries[index].node
            }
            _ if !last || depth > 0 => {
                return Err(wrong(path, format!("{so_far} is {kind} and has no keys"), format!("set {so_far} itself")));
            }
            _ => return Err(wrong(path, "is no path".into(), String::new())),
        };
        if last {
            *node = value;
            return Ok(());
        }
    }
    Ok(())
}

/// An item of a list by number or by its `name`.
fn position_in(items: &[Node], key: &str) -> Option<usize> {
    if let Ok(index) = key.parse::<usize>() {
        return (index < items.len()).then_some(index);
    }
    items
        .iter()
        .position(|item| item.get("name").is_some_and(|name| matches!(&name.value, Value::String(text) if text == key)))
}

fn names(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Table(entries) => entries.iter().map(|entry| entry.key.clone()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Node {
        Node::parse("dt_ms = 0.1\n[population.e]\nsize = 3\n[[tour]]\nhold_s = 1\n", "x.toml").expect("valid")
    }

    fn number_at(node: &Node, path: &[&str]) -> Option<i64> {
        match path.iter().try_fold(node, |node, key| node.get(key))?.value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn paths_reach_into_tables_and_lists() {
        let mut node = root();
        apply(&mut node, &["population.e.size=7".into(), "tour.0.hold_s = 9".into(), "view.x.y=1".into()])
            .expect("fine");
        assert_eq!(number_at(&node, &["population", "e", "size"]), Some(7));
        assert_eq!(number_at(&node, &["view", "x", "y"]), Some(1));
        let Some(Value::Array(tour)) = node.get("tour").map(|n| n.value.clone()) else { panic!("a list") };
        assert_eq!(number_at(&tour[0], &["hold_s"]), Some(9));
    }

    #[test]
    fn wrong_paths_say_so() {
        for (text, part) in [
            ("population.f.size=7", "the scene has no population `f`"),
            ("dt_ms", "has no `=`"),
            ("=3", "is no path"),
            ("a..b=3", "is no path"),
            ("dt_ms.x=3", "dt_ms is 0.1 and has no keys"),
            ("tour.4.hold_s=3", "tour has no item `4`"),
        ] {
            let error = apply(&mut root(), &[text.to_owned()]).expect_err(text).to_string();
            assert!(error.contains(part) && error.starts_with("--set "), "{text}: {error}");
        }
    }
}
