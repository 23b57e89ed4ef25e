//! A scene's text as a tree in which every value knows its line. In: TOML text. Out: [`Node`]s that the sections are
//! read from and that overrides change.

use std::fmt;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::error::SceneError;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// File name, built-in name, or the text of an override.
    origin: Arc<str>,
    /// 1 is the first line; 0 for overrides and for the document as a whole.
    line: u32,
}

impl Place {
    /// True for values that came from outside the file.
    pub(crate) const fn is_override(&self) -> bool {
        self.line == 0
    }

    /// A place without a line.
    pub(crate) fn whole(origin: &str) -> Self {
        Self { origin: origin.into(), line: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.origin) } else { write!(f, "{}:{}", self.origin, self.line) }
    }
}

/// One value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it stands.
    pub(crate) place: Place,
    /// What stands there.
    pub(crate) value: Value,
}

/// A TOML value. Dates are kept as strings: no key of a scene is one.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text.
    String(String),
    /// Whole number.
    Integer(i64),
    /// Number with a point, infinity or not-a-number.
    Float(f64),
    /// true or false.
    Boolean(bool),
    /// Values in order.
    Array(Vec<Node>),
    /// Keys in the order of the file.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) place: Place,
    /// Its value.
    pub(crate) node: Node,
}

impl Value {
    /// How error messages call this kind of value.
    pub(crate) fn kind(&self) -> String {
        match self {
            Self::String(text) => format!("the text \"{text}\""),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Boolean(flag) => flag.to_string(),
            Self::Array(_) => "a list".into(),
            Self::Table(_) => "a table".into(),
        }
    }
}

impl Node {
    /// Parses a whole document.
    ///
    /// # Errors
    /// Text that is not TOML.
    pub(crate) fn parse(text: &str, origin: &str) -> Result<Self, SceneError> {
        let origin: Arc<str> = origin.into();
        let lines = Lines::new(text);
        let document = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(0, |span| lines.line_of(span.start));
            let place = Place { origin: Arc::clone(&origin), line };
            let what = error.message().trim().replace('\n', ", ");
            SceneError::new(place, "", format!("this is not valid TOML: {what}"), "see https://toml.io")
        })?;
        let builder = Builder { lines: Some(&lines), origin: &origin };
        Ok(Self { place: Place { origin: Arc::clone(&origin), line: 0 }, value: builder.table(document.get_ref()) })
    }

    /// One value of an override: TOML where it parses as such, the bare text otherwise.
    pub(crate) fn parse_value(text: &str, origin: &str) -> Self {
        let origin: Arc<str> = origin.into();
        let builder = Builder { lines: None, origin: &origin };
        let value =
            DeValue::parse(text.trim()).map_or_else(|_| Value::String(text.into()), |v| builder.value(v.get_ref()));
        Self { place: Place { origin, line: 0 }, value }
    }

    /// The value of `key`, where this is a table that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }
}

/// Byte offsets of line starts.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn line_of(&self, offset: usize) -> u32 {
        self.0.partition_point(|&start| start <= offset) as u32
    }
}

struct Builder<'a> {
    lines: Option<&'a Lines>,
    origin: &'a Arc<str>,
}

impl Builder<'_> {
    fn place(&self, offset: usize) -> Place {
        Place { origin: Arc::clone(self.origin), line: self.lines.map_or(0, |lines| lines.line_of(offset)) }
    }

    fn table(&self, table: &DeTable<'_>) -> Value {
        Value::Table(
            table
                .iter()
                .map(|(key, value)| {
                    let place = self.place(key.span().start);
                    // A table's own span is its header's; values that span lines start where their key does.
                    let node = Node { place: place.clone(), value: self.value(value.get_ref()) };
                    Entry { key: key.get_ref().to_string(), place, node }
                })
                .collect(),
        )
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| Value::Float(number.as_str().parse().unwrap_or(f64::NAN)), Value::Integer),
            DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Datetime(date) => Value::String(date.to_string()),
            DeValue::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| Node { place: self.place(item.span().start), value: self.value(item.get_ref()) })
                    .collect(),
            ),
            DeValue::Table(table) => self.table(table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let node = Node::parse("a = 1\n\n[b.c]\nd = [\n 2,\n 0x10]\n", "x").expect("valid");
        let list = node.get("b").and_then(|b| b.get("c")).and_then(|c| c.get("d")).expect("there");
        assert_eq!(list.place.to_string(), "x:4");
        let Value::Array(items) = &list.value else { panic!("a list") };
        assert_eq!(items[1].place.to_string(), "x:6");
        assert!(matches!(items[1].value, Value::Integer(16)));
    }

    #[test]
    fn broken_text_names_the_line() {
        let error = Node::parse("a = 1\nb = = 2\n", "x.toml").expect_err("broken");
        assert!(error.to_string().starts_with("x.toml:2: this is not valid TOML"), "{error}");
    }

    #[test]
    fn override_values_fall_back_to_text() {
        assert!(matches!(Node::parse_value("3", "").value, Value::Integer(3)));
        assert!(matches!(Node::parse_value("/data/mnist", "").value, Value::String(_)));
        assert!(matches!(Node::parse_value("{ uniform = [0, 1] }", "").value, Value::Table(_)));
    }
}
