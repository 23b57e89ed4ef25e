//! VS2N's MongoDB collections (`info`, `archi`, `spikes`, `potential`, `synapseWeight`, `labels`), exported as JSON lines
//! or arrays, one file each. Times are whole microseconds in the first version of the schema (N2S3) and seconds with
//! decimals in the later one (Nengo).

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::Value;

use super::error::ImportError;
use super::intake::{Label, Refused};
use super::{Context, Format, Probe, TimeUnit};

/// Records that are looked at to tell the unit.
const SAMPLE: usize = 1000;

/// See the module.
pub(super) struct Vs2n;

impl Format for Vs2n {
    fn name(&self) -> &'static str {
        "vs2n"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let text = String::from_utf8_lossy(probe.head);
        let Some(record) = text.trim_start_matches(|c: char| c == '[' || c.is_whitespace()).lines().next() else {
            return false;
        };
        let has = |keys: &[&str]| keys.iter().all(|key| record.contains(&format!("\"{key}\"")));
        record.starts_with('{')
            && (has(&["T", "i", "L", "N"])
                || has(&["T", "L", "N", "V"])
                || has(&["T", "C", "To", "V"])
                || has(&["L", "T", "G"])
                || has(&["L:N"])
                || has(&["Layers"])
                || has(&["Synapses", "pre"]))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut taker = Taker {
            path,
            unit: None,
            waiting: Vec::new(),
            synapses: HashMap::new(),
            counts: [0; 4],
            labels: Vec::new(),
        };
        let mut file = BufReader::new(File::open(path).map_err(|error| ImportError::read(path, error))?);
        let mut first = [b' '];
        while first[0].is_ascii_whitespace()
            && file.read(&mut first).map_err(|error| ImportError::read(path, error))? > 0
        {}
        file.rewind().map_err(|error| ImportError::read(path, error))?;
        let mut failure = None;
        let mut take = |record: Value| match taker.record(record, context) {
            Ok(()) => true,
            Err(error) => {
                failure = Some(error);
                false
            }
        };
        let parsed = if first[0] == b'[' {
            serde_json::Deserializer::from_reader(file).deserialize_seq(Each(&mut take))
        } else {
            let records = serde_json::Deserializer::from_reader(file).into_iter::<Value>();
            records
                .map(|record| record.map(&mut take))
                .find(|go_on| !matches!(go_on, Ok(true)))
                .map_or(Ok(()), |end| end.map(|_| ()))
        };
        if let Some(failure) = failure {
            return Err(failure);
        }
        parsed.map_err(|error| {
            ImportError::damaged(path, format!("line {}, column {}", error.line(), error.column()), error)
        })?;
        taker.finish(context)
    }
}

/// Gives each element of an array to a function, without holding the others.
struct Each<'a>(&'a mut dyn FnMut(Value) -> bool);

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        text.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<(), A::Error> {
        while let Some(record) = records.next_element::<Value>()? {
            if !(self.0)(record) {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

struct Taker<'a> {
    path: &'a Path,
    /// Factor to ms, once it is known.
    unit: Option<f64>,
    /// Records until then.
    waiting: Vec<Value>,
    /// Serial numbers of synapses by layer, pre and post.
    synapses: HashMap<(String, u64, u64), u32>,
    /// Spikes, potentials, weights, labels.
    counts: [u64; 4],
    labels: Vec<Label>,
}

/// `mongoexport` may wrap numbers.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Object(wrapped) => {
            let inner = ["$numberLong", "$numberInt", "$numberDouble"].iter().find_map(|key| wrapped.get(*key))?;
            inner.as_str().map_or_else(|| inner.as_f64(), |text| text.parse().ok())
        }
        plain => plain.as_f64(),
    }
}

fn is_decimal(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Object(wrapped) => wrapped.contains_key("$numberDouble"),
        _ => false,
    }
}

impl Taker<'_> {
    fn record(&mut self, record: Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        if self.unit.is_none() && record.get("T").is_some_and(|time| number(time).is_some()) {
            self.waiting.push(record);
            if self.waiting.len() >= SAMPLE { self.settle(context) } else { Ok(()) }
        } else {
            self.take(&record, context)
        }
    }

    /// Tells the unit from the records that wait, and takes them.
    fn settle(&mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        let waiting = std::mem::take(&mut self.waiting);
        let decimal = waiting.iter().any(|record| is_decimal(&record["T"]));
        let (unit, why) = match context.options.time_unit {
            Some(told) => (told, "as asked for"),
            None if decimal => (TimeUnit::Seconds, "since they have decimals; --time-unit tells otherwise"),
            None => (TimeUnit::Microseconds, "since they are whole numbers; --time-unit tells otherwise"),
        };
        let factor = match unit.ms(context.options.dt_ms) {
            Some(factor) => factor,
            None => context.step_ms(self.path)?,
        };
        self.unit = Some(factor);
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        context.intake.map(format!("{file}: times in {}, {why}", unit.name()));
        waiting.iter().try_for_each(|record| self.take(record, context))
    }

    fn take(&mut self, record: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        let row = self.counts.iter().sum::<u64>() + 1;
        let wrong = |reason: &str| ImportError::damaged(self.path, format!("record {row}"), reason);
        let time_ms =
            record.get("T").and_then(number).map(|time| (time * self.unit.unwrap_or(1.0) * 1e9).round() / 1e9);
        let id = |value: &Value, what: &str| {
            let id = number(value).filter(|id| *id >= 0.0 && id.fract() == 0.0 && *id < 9e15);
            id.map(|id| id as u64)
                .ok_or_else(|| wrong(&format!("{what} is {value}, expected a whole number, 0 or more")))
        };
        let refuse = |refused: Refused| refused.at(self.path, || format!("record {row}"));
        let intake = &mut context.intake;
        if let (Some(time_ms), Some(of)) = (time_ms, record.get("i")) {
            let layer = of["L"].as_str().ok_or_else(|| wrong("i.L is missing, expected the name of a layer"))?;
            let neuron = id(&of["N"], "i.N")?;
            let group = intake.group_from_zero(layer);
            intake.spike(group, neuron, time_ms).map_err(refuse)?;
            self.counts[0] += 1;
        } else if let (Some(time_ms), Some(post)) = (time_ms, record.get("To")) {
            let layer = record["L"].as_str().ok_or_else(|| wrong("L is missing, expected the name of a layer"))?;
            let (pre, post) = (id(&record["C"], "C")?, id(post, "To")?);
            let weight = number(&record["V"]).ok_or_else(|| wrong("V is missing, expected a weight"))?;
            match self.synapses.get(&(layer.to_owned(), pre, post)) {
                Some(serial) => intake.weight(time_ms, *serial, weight as f32).map_err(refuse)?,
                None => {
                    // The schema names only the layer that learns; what comes before it is in `archi`.
                    let source = intake.feeds.get(layer).cloned().unwrap_or_else(|| "Input".to_owned());
                    let (source, target) = (intake.group_from_zero(&source), intake.group_from_zero(layer));
                    let label = intake.synapse_label("");
                    let serial = intake.synapse((source, pre), (target, post), weight, 0.0, label).map_err(refuse)?;
                    self.synapses.insert((layer.to_owned(), pre, post), serial);
                }
            }
            self.counts[2] += 1;
        } else if let (Some(time_ms), Some(value), Some(layer)) = (time_ms, record.get("V"), record["L"].as_str()) {
            let value = number(value).ok_or_else(|| wrong("V is no number"))?;
            let neuron = id(&record["N"], "N")?;
            let group = intake.group_from_zero(layer);
            intake.potential(group, neuron, time_ms, value as f32).map_err(refuse)?;
            self.counts[1] += 1;
        } else if let (Some(start_ms), Some(running)) = (time_ms, record.get("G")) {
            let label = number(&record["L"]).or_else(|| record["L"].as_str()?.parse().ok()).unwrap_or(-1.0) as i16;
            let input = number(running).unwrap_or(-1.0) as i64;
            self.labels.push(Label { start_ms, end_ms: f64::INFINITY, label, input });
            self.counts[3] += 1;
        } else {
            self.about(record, context)?;
        }
        if row.is_multiple_of(4096) { context.advance(4096 * 80) } else { Ok(()) }
    }

    /// `info` and `archi`.
    fn about(&self, record: &Value, context: &mut Context<'_>) -> Result<(), ImportError> {
        let refuse = |refused: Refused| refused.at(self.path, || "the sizes of its layers".to_owned());
        let intake = &mut context.intake;
        for (layer, size) in record["L:N"].as_object().into_iter().flatten() {
            let group = intake.group_from_zero(layer);
            if let Some(size) = number(size).filter(|size| *size >= 1.0) {
                intake.declare(group, 0, size as u64).map_err(refuse)?;
            }
        }
        for layer in record["Layers"].as_array().into_iter().flatten() {
            if let (Some(name), Some(size)) = (layer["L"].as_str(), number(&layer["N"]).filter(|size| *size >= 1.0)) {
                let group = intake.group_from_zero(name);
                intake.declare(group, 0, size as u64).map_err(refuse)?;
            }
        }
        for synapses in record["Synapses"].as_array().into_iter().flatten() {
            if let (Some(pre), Some(post)) = (synapses["pre"].as_str(), synapses["post"].as_str()) {
                intake.feeds.insert(post.to_owned(), pre.to_owned());
            }
        }
        Ok(())
    }

    fn finish(mut self, context: &mut Context<'_>) -> Result<(), ImportError> {
        if !self.waiting.is_empty() {
            self.settle(context)?;
        }
        self.labels.sort_by(|a, b| a.start_ms.total_cmp(&b.start_ms));
        for index in 1..self.labels.len() {
            self.labels[index - 1].end_ms = self.labels[index].start_ms;
        }
        context.intake.labels.append(&mut self.labels);
        context.intake.simulator.get_or_insert_with(|| "VS2N database".to_owned());
        let [spikes, potentials, weights, labels] = self.counts;
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        context.intake.map(format!(
            "{file}: {spikes} spikes, {potentials} potentials, {weights} weights (the first of each synapse is its \
             weight at the beginning), {labels} labels"
        ));
        Ok(())
    }
}
