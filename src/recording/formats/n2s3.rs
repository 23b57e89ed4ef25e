//! N2S3's text logs: spikes (`LAYER:/INDEX TAB us`), membrane potentials (`NAME TAB us TAB value`) and weights
//! (`NAME:CONNECTION TAB us TAB weight`), with an empty line after every record. Times are whole microseconds.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::error::ImportError;
use super::intake::Group;
use super::{Context, Format, Probe};

/// A line longer than this is no record.
const MOST_LINE: u64 = 1 << 16;

/// See the module.
pub(super) struct N2s3;

/// A name that ends with an index: `Layer1:/92`, `Layer1:17`.
fn place(name: &str) -> Option<(&str, u64)> {
    let (actor, rest) = name.split_once(':')?;
    let index = rest.trim_start_matches('/').split('/').next()?;
    (!actor.is_empty()).then_some((actor, index.parse().ok()?))
}

impl Format for N2s3 {
    fn name(&self) -> &'static str {
        "n2s3"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let head = String::from_utf8_lossy(probe.head);
        let Some(line) = head.lines().find(|line| !line.trim().is_empty()) else { return false };
        let mut fields = line.split('\t');
        place(fields.next().unwrap_or_default()).is_some()
            && fields.next().is_some_and(|time| time.parse::<u64>().is_ok())
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut reader = BufReader::new(File::open(path).map_err(|error| ImportError::read(path, error))?);
        let factor = context.options.time_unit.and_then(|unit| unit.ms(context.options.dt_ms)).unwrap_or(1e-3);
        let is_synapses =
            path.file_name().is_some_and(|name| name.to_string_lossy().to_lowercase().contains("synapse"));
        let mut synapses: HashMap<(Group, u64), u32> = HashMap::new();
        let (mut bytes, mut number) = (Vec::new(), 0_u64);
        let mut counts = [0_u64; 3];
        loop {
            bytes.clear();
            let read = std::io::Read::take(&mut reader, MOST_LINE).read_until(b'\n', &mut bytes);
            let read = read.map_err(|error| ImportError::read(path, error))?;
            if read == 0 {
                break;
            }
            number += 1;
            let at = || format!("line {number}");
            let line = std::str::from_utf8(&bytes)
                .map_err(|_| ImportError::damaged(path, at(), "it is not UTF-8 text"))?
                .trim_end();
            if line.is_empty() {
                continue;
            }
            let wrong = |reason: &str| ImportError::damaged(path, at(), reason);
            let fields: Vec<&str> = line.split('\t').collect();
            let (actor, index) = place(fields[0]).ok_or_else(|| wrong("it begins with no neuron, like Layer1:/92"))?;
            let time = fields
                .get(1)
                .and_then(|time| time.parse::<f64>().ok())
                .ok_or_else(|| wrong("its time is no number"))?;
            let time_ms = (time * factor * 1e9).round() / 1e9;
            let value = fields.get(2).map(|value| value.parse::<f64>()).transpose();
            let value = value.map_err(|_| wrong("its value is no number"))?;
            let group = context.intake.group_from_zero(actor);
            let taken = match value {
                None => {
                    counts[0] += 1;
                    context.intake.spike(group, index, time_ms)
                }
                Some(weight) if is_synapses => {
                    counts[2] += 1;
                    if let Some(serial) = synapses.get(&(group, index)) {
                        context.intake.weight(time_ms, *serial, weight as f32)
                    } else {
                        // The log numbers a neuron's connections, but does not say where they come from.
                        let source = context.intake.group_from_zero(&format!("inputs of {actor}"));
                        let label = context.intake.synapse_label("");
                        context.intake.synapse((source, index), (group, 0), weight, 0.0, label).map(|serial| {
                            synapses.insert((group, index), serial);
                        })
                    }
                }
                Some(value) => {
                    counts[1] += 1;
                    context.intake.potential(group, index, time_ms, value as f32)
                }
            };
            taken.map_err(|refused| refused.at(path, at))?;
            if number.is_multiple_of(4096) {
                context.advance(4096 * 20)?;
            }
        }
        context.intake.simulator = Some("N2S3".to_owned());
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        context
            .intake
            .map(format!("{file}: {} spikes, {} potentials, {} weights; times in us", counts[0], counts[1], counts[2]));
        Ok(())
    }
}
