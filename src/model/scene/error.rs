//! The one error of scenes: what was wrong, where (file and line, or the `--set` that brought it), which key, and what
//! to do about it. Owns the wording of suggestions.

/// A mistake in a scene, in an override, or in a file that a scene names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}{what}{}", prefix(.key), suffix(.advice))]
pub struct SceneError {
    /// `file.toml:12`, or `--set key=value`, or just the scene's name.
    pub place: String,
    /// Dotted key, such as `population.excitatory.size`; may be empty.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do; may be empty.
    pub advice: String,
}

fn prefix(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

fn suffix(advice: &str) -> String {
    if advice.is_empty() { String::new() } else { format!("; {advice}") }
}

impl SceneError {
    /// An error from its four parts.
    pub(crate) fn new(
        place: impl ToString,
        key: impl Into<String>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { place: place.to_string(), key: key.into(), what: what.into(), advice: advice.into() }
    }
}

/// The known word closest to `word`, where one is close enough to have been meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.78)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// `did you mean "x"?`, or the list of what is known.
pub(crate) fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(candidate) = closest(word, known.clone()) {
        return format!("did you mean `{candidate}`?");
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() { String::new() } else { format!("known here: {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_says_what_where_and_what_to_do() {
        let error = SceneError::new("a.toml:3", "population.e.sise", "unknown key", "did you mean `size`?");
        assert_eq!(error.to_string(), "a.toml:3: population.e.sise: unknown key; did you mean `size`?");
        assert_eq!(SceneError::new("a.toml", "", "is empty", "").to_string(), "a.toml: is empty");
    }

    #[test]
    fn suggestions_need_likeness() {
        assert_eq!(closest("exitatory", ["excitatory", "inhibitory"]), Some("excitatory"));
        assert_eq!(closest("zzz", ["excitatory", "inhibitory"]), None);
        assert_eq!(suggest("zzz", ["b", "a"]), "known here: a, b");
    }
}
