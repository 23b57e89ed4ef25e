//! Strict reading of one table: only known keys, right types, values in range, and otherwise an error that names the
//! line. Every section of a scene is read through [`Fields`].

use super::error::{SceneError, suggest};
use super::tree::{Node, Place, Value};

/// Which numbers are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// Any finite number.
    Any,
    /// Above 0.
    Positive,
    /// 0 or more.
    NonNegative,
    /// 0 to 1.
    Share,
}

impl Range {
    fn holds(self, number: f64) -> bool {
        number.is_finite()
            && match self {
                Self::Any => true,
                Self::Positive => number > 0.0,
                Self::NonNegative => number >= 0.0,
                Self::Share => (0.0..=1.0).contains(&number),
            }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Any => "a finite number",
            Self::Positive => "above 0",
            Self::NonNegative => "0 or more",
            Self::Share => "between 0 and 1",
        }
    }
}

/// A table that is being read.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    /// The table.
    pub(crate) node: &'a Node,
    /// Its dotted path.
    pub(crate) path: String,
}

impl<'a> Fields<'a> {
    /// Opens a table and refuses keys that are not in `known`.
    pub(crate) fn open(node: &'a Node, path: impl Into<String>, known: &[&str]) -> Result<Self, SceneError> {
        let path = path.into();
        let Value::Table(entries) = &node.value else {
            return Err(SceneError::new(
                &node.place,
                path,
                format!("must be a table, not {}", node.value.kind()),
                format!("its keys can be: {}", known.join(", ")),
            ));
        };
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                let key = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                return Err(SceneError::new(
                    &entry.place,
                    key,
                    "unknown key",
                    suggest(&entry.key, known.iter().copied()),
                ));
            }
        }
        Ok(Self { node, path })
    }

    /// The path of a key of this table.
    pub(crate) fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    /// Where a key stands, or the table where it does not have the key.
    pub(crate) fn place(&self, key: &str) -> &'a Place {
        self.get(key).map_or(&self.node.place, |node| &node.place)
    }

    /// An error about a key.
    pub(crate) fn error(&self, key: &str, what: impl Into<String>, advice: impl Into<String>) -> SceneError {
        SceneError::new(self.place(key), self.key(key), what, advice)
    }

    /// The error of a key that must be there.
    pub(crate) fn missing(&self, key: &str, advice: impl Into<String>) -> SceneError {
        SceneError::new(&self.node.place, self.key(key), "is missing", advice)
    }

    /// A number in a range.
    pub(crate) fn number(&self, key: &str, range: Range) -> Result<Option<f64>, SceneError> {
        self.get(key).map(|node| number(node, &self.key(key), range)).transpose()
    }

    /// A number in a range, or a default.
    pub(crate) fn number_or(&self, key: &str, range: Range, default: f64) -> Result<f64, SceneError> {
        Ok(self.number(key, range)?.unwrap_or(default))
    }

    /// A number in a range that must be there.
    pub(crate) fn required(&self, key: &str, range: Range) -> Result<f64, SceneError> {
        self.number(key, range)?.ok_or_else(|| self.missing(key, format!("give a number, {}", range.words())))
    }

    /// A whole number of at least `least` and at most 2^32 - 1.
    pub(crate) fn count(&self, key: &str, least: u32) -> Result<Option<u32>, SceneError> {
        self.get(key).map(|node| count(node, &self.key(key), least)).transpose()
    }

    /// true or false.
    pub(crate) fn flag(&self, key: &str) -> Result<Option<bool>, SceneError> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(None),
            Some(Value::Boolean(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.error(key, format!("must be true or false, not {}", other.kind()), String::new())),
        }
    }

    /// Text. Overrides may look like numbers and still be names, so whole numbers count as text there.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, SceneError> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.error(key, format!("must be text, not {}", other.kind()), "put it in quotes")),
        }
    }

    /// Text that must be there.
    pub(crate) fn required_text(&self, key: &str, advice: &str) -> Result<String, SceneError> {
        self.text(key)?.ok_or_else(|| self.missing(key, advice))
    }

    /// One of a few words.
    pub(crate) fn choice<'w>(&self, key: &str, words: &[&'w str]) -> Result<Option<&'w str>, SceneError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        words.iter().find(|word| **word == text).copied().map(Some).ok_or_else(|| {
            let advice = suggest(&text, words.iter().copied());
            let all = words.join(", ");
            self.error(key, format!("\"{text}\" is none of {all}"), advice)
        })
    }

    /// A list.
    pub(crate) fn list(&self, key: &str) -> Result<Option<&'a [Node]>, SceneError> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.error(key, format!("must be a list, not {}", other.kind()), String::new())),
        }
    }

    /// A list of exactly `N` numbers.
    pub(crate) fn numbers<const N: usize>(&self, key: &str, range: Range) -> Result<Option<[f64; N]>, SceneError> {
        let Some(items) = self.list(key)? else { return Ok(None) };
        if items.len() != N {
            return Err(self.error(key, format!("needs {N} numbers, not {}", items.len()), String::new()));
        }
        let mut result = [0.0; N];
        for (slot, item) in result.iter_mut().zip(items) {
            *slot = number(item, &self.key(key), range)?;
        }
        Ok(Some(result))
    }

    /// A point in space.
    pub(crate) fn point(&self, key: &str) -> Result<Option<[f32; 3]>, SceneError> {
        Ok(self.numbers::<3>(key, Range::Any)?.map(|point| point.map(|x| x as f32)))
    }

    /// A list of texts, or a single text as a list of one.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<String>>, SceneError> {
        let Some(node) = self.get(key) else { return Ok(None) };
        if matches!(node.value, Value::String(_)) {
            return Ok(self.text(key)?.map(|text| vec![text]));
        }
        let items = self.list(key)?.unwrap_or_default();
        let texts = items.iter().map(|item| match &item.value {
            Value::String(text) => Ok(text.clone()),
            other => {
                let what = format!("must be a list of texts, but holds {}", other.kind());
                Err(SceneError::new(&item.place, self.key(key), what, ""))
            }
        });
        Ok(Some(texts.collect::<Result<_, _>>()?))
    }

    /// A table inside this one.
    pub(crate) fn table(&self, key: &str, known: &[&str]) -> Result<Option<Self>, SceneError> {
        self.get(key).map(|node| Fields::open(node, self.key(key), known)).transpose()
    }

    /// The tables inside this one, by name in the order of the file.
    pub(crate) fn named(&self, key: &str) -> Result<Vec<(&'a str, &'a Node)>, SceneError> {
        match self.get(key).map(|node| &node.value) {
            None => Ok(Vec::new()),
            Some(Value::Table(entries)) => Ok(entries.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect()),
            Some(other) => Err(self.error(
                key,
                format!("must hold named tables, not {}", other.kind()),
                format!("write [{key}.NAME] above its keys"),
            )),
        }
    }
}

/// A value as a number in a range.
pub(crate) fn number(node: &Node, path: &str, range: Range) -> Result<f64, SceneError> {
    let number = match &node.value {
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        other => {
            return Err(SceneError::new(&node.place, path, format!("must be a number, not {}", other.kind()), ""));
        }
    };
    if range.holds(number) {
        Ok(number)
    } else {
        Err(SceneError::new(&node.place, path, format!("must be {}, not {number}", range.words()), ""))
    }
}

/// A value as a whole number of at least `least`.
pub(crate) fn count(node: &Node, path: &str, least: u32) -> Result<u32, SceneError> {
    let Value::Integer(number) = node.value else {
        let what = format!("must be a whole number, not {}", node.value.kind());
        return Err(SceneError::new(&node.place, path, what, ""));
    };
    u32::try_from(number).ok().filter(|&number| number >= least).ok_or_else(|| {
        SceneError::new(
            &node.place,
            path,
            format!("must be a whole number from {least} to {}, not {number}", u32::MAX),
            "",
        )
    })
}
