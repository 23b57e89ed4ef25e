//! Text: CSV and columns of spikes, membrane values and connections, as NEST (.dat, .gdf), NEURON, Brian2, SONATA,
//! Simbrain and everybody's scripts write them. Names of columns, units and the order of headerless columns are detected.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::ImportError;
use super::intake::{ANY, Group};
use super::text_layout::{self, Kind, Layout, Role, Unclear};
use super::text_rows::{self, TextRow};
use super::{Context, Format, HEAD, Probe};

/// Bytes that are read and parsed at once.
const BLOCK: usize = 4 << 20;

/// A line longer than this is no line of a table.
const MOST_LINE: usize = 16 << 20;

/// Columns of a matrix of values.
const MOST_COLUMNS: usize = 1 << 20;

/// See the module.
pub(super) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let text = text_of(probe.head);
        !probe.is_folder
            && !text.trim().is_empty()
            && text.bytes().filter(|byte| byte.is_ascii_digit()).count() > 0
            && !text.bytes().any(|byte| byte < 9)
            && !text.trim_start().starts_with(['{', '[', '<'])
            // SONATA's tables of types are read with the files beside them.
            && !probe.path.to_string_lossy().ends_with("_types.csv")
            && !["md", "py", "json", "html", "toml", "hoc"].contains(&probe.extension().as_str())
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let mut block = Vec::new();
        let mut ended = !fill(&mut file, &mut block, HEAD, path)?;
        if block.contains(&0) {
            return Err(ImportError::damaged(path, "its first bytes", "it holds zero bytes, so it is no text"));
        }
        let head = std::str::from_utf8(&block).or_else(|error| {
            // The head may end within a character, but nowhere else.
            if block.len() - error.valid_up_to() < 4 && !ended {
                std::str::from_utf8(&block[..error.valid_up_to()])
            } else {
                Err(error)
            }
        });
        let head = head.map_err(|error| {
            let line = block[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            ImportError::damaged(path, format!("line {line}"), "it is not UTF-8 text")
        })?;
        let mut lines: Vec<&str> = text_rows::lines(head).collect();
        if !ended && lines.len() > 1 {
            lines.pop();
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let layout = match text_layout::layout(&lines, &extension, context.options) {
            Ok(layout) => layout,
            Err(Unclear::NotATable(reason)) => {
                return Err(ImportError::Unknown { path: path.to_owned(), reason });
            }
            Err(Unclear::Ask(what)) => {
                return Err(ImportError::Ask {
                    path: path.to_owned(),
                    what,
                    option: "--columns (like --columns time,id)",
                });
            }
        };
        let mut taker = Taker::new(path, &layout, &lines, context)?;

        // Header lines are skipped once; what follows is read block by block, each ending with a line.
        let mut line = 0_u64;
        let mut skip = layout.header_lines;
        loop {
            let line_end = if block.contains(&b'\n') { b'\n' } else { b'\r' };
            let whole =
                if ended { block.len() } else { block.iter().rposition(|b| *b == line_end).map_or(0, |at| at + 1) };
            if whole == 0 && !ended && block.len() > MOST_LINE {
                return Err(ImportError::damaged(path, format!("line {}", line + 1), "the line has no end"));
            }
            let mut from = 0;
            while skip > 0 && from < whole {
                from = block[from..whole].iter().position(|b| *b == line_end).map_or(whole, |at| from + at + 1);
                skip -= 1;
                line += 1;
            }
            taker.take(&block[from..whole], &mut line, context)?;
            context.advance(whole as u64)?;
            block.drain(..whole);
            if ended {
                break;
            }
            ended = !fill(&mut file, &mut block, BLOCK, path)?;
        }
        taker.finish(context)
    }
}

/// The head as text, without a character that its end cuts.
fn text_of(head: &[u8]) -> &str {
    match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// Appends up to `size` bytes; false at the end of the file.
fn fill(file: &mut File, block: &mut Vec<u8>, size: usize, path: &Path) -> Result<bool, ImportError> {
    let read = file.take(size as u64).read_to_end(block).map_err(|error| ImportError::read(path, error))?;
    Ok(read == size)
}

/// Puts rows into the intake.
struct Taker<'a> {
    path: &'a Path,
    layout: &'a Layout,
    group: Group,
    to_ms: f64,
    label: u32,
    /// Step of a matrix.
    step: u64,
    width: usize,
    spikes_only: bool,
}

impl<'a> Taker<'a> {
    fn new(path: &'a Path, layout: &'a Layout, head: &[&str], context: &mut Context<'_>) -> Result<Self, ImportError> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut group = ANY;
        if layout.is_nest {
            context.intake.groups[ANY].from_zero = false;
            // LABEL-NODE-THREAD: all threads of a recorder are one population. Membrane values are of neurons that
            // spike elsewhere.
            if layout.kind == Kind::Spikes {
                let mut parts: Vec<&str> = name.split('-').collect();
                while parts.len() > 1 && parts.last().is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
                {
                    parts.pop();
                }
                group = context.intake.group(&parts.join("-"));
            }
        } else if layout.names.iter().any(|name| name.starts_with("sender") || name == "source") {
            // NEST's own names in somebody's CSV: ids count from 1.
            context.intake.groups[ANY].from_zero = false;
        }
        if let Some(simulator) = &layout.simulator {
            context.intake.simulator = Some(simulator.clone());
        }
        let to_ms = Self::unit(path, layout, head, context)?;
        let label = context.intake.synapse_label("");
        match layout.kind {
            Kind::Spikes => context.intake.map(format!("{file}: spikes")),
            Kind::Values | Kind::Traces => {
                context.intake.map(format!("{file}: membrane values, as mV"));
                let extra: Vec<&str> = layout
                    .names
                    .iter()
                    .zip(&layout.roles)
                    .filter(|(_, role)| **role == Role::Ignore)
                    .map(|(name, _)| name.as_str())
                    .collect();
                if !extra.is_empty() {
                    context.intake.drop_out(format!("{file}: columns {}", extra.join(", ")));
                }
            }
            Kind::Synapses => context.intake.map(format!("{file}: connections; weights as in the file, delays in ms")),
            Kind::Matrix => context.intake.map(format!("{file}: a row per step, a column per neuron")),
            Kind::Table => {}
        }
        let zeros_and_ones = || {
            head[layout.header_lines.min(head.len())..]
                .iter()
                .flat_map(|line| text_layout::fields(line, layout.delimiter))
                .all(|field| field.is_empty() || field.parse::<f64>().is_ok_and(|value| value == 0.0 || value == 1.0))
        };
        let spikes_only = layout.kind == Kind::Matrix && zeros_and_ones();
        Ok(Self { path, layout, group, to_ms, label, step: 0, width: layout.roles.len(), spikes_only })
    }

    /// Factor from the file's times to ms.
    fn unit(path: &Path, layout: &Layout, head: &[&str], context: &mut Context<'_>) -> Result<f64, ImportError> {
        if layout.kind == Kind::Matrix || layout.roles.contains(&Role::Step) {
            // NEST's default resolution is a guess that would be wrong too quietly.
            return context.step_ms(path);
        }
        let Some(column) = layout.roles.iter().position(|role| *role == Role::Time) else { return Ok(1.0) };
        let name = layout.names.get(column).cloned().unwrap_or_default();
        let known_ms = layout.is_nest
            || layout.label.is_some()
            || name.starts_with("timestamps")
            || layout.names.iter().any(|name| name == "senders");
        if known_ms && context.options.time_unit.is_none() {
            return Ok(1.0);
        }
        let sample: Vec<f64> = head[layout.header_lines.min(head.len())..]
            .iter()
            .filter_map(|line| text_layout::fields(line, layout.delimiter).nth(column)?.parse().ok())
            .collect();
        context.ms_per_unit(path, &name, &sample)
    }

    fn take(&mut self, block: &[u8], line: &mut u64, context: &mut Context<'_>) -> Result<(), ImportError> {
        if matches!(self.layout.kind, Kind::Traces | Kind::Matrix) {
            return self.take_wide(block, line, context);
        }
        let begun = *line;
        let wrong =
            |(at, reason): (u64, String)| ImportError::damaged(self.path, format!("line {}", begun + at + 1), reason);
        let (rows, lines) = text_rows::rows(block, self.layout).map_err(wrong)?;
        for (index, row) in rows.iter().enumerate() {
            // Comments and blank lines are rare; the line is the row's or a few below.
            self.take_row(row, context).map_err(|refused| {
                refused.at(self.path, || format!("line {} or just below", begun + index as u64 + 1))
            })?;
        }
        *line += lines;
        Ok(())
    }

    #[inline]
    fn take_row(&self, row: &TextRow<'_>, context: &mut Context<'_>) -> Result<(), super::intake::Refused> {
        let intake = &mut context.intake;
        let group = if row.population.is_empty() { self.group } else { intake.group_from_zero(row.population) };
        let time_ms = row.time * self.to_ms - row.offset;
        match self.layout.kind {
            Kind::Spikes => intake.spike(group, row.id, time_ms),
            Kind::Values => intake.potential(group, row.id, time_ms, row.value as f32),
            _ => intake
                .synapse((self.group, row.source), (self.group, row.target), row.weight, row.delay, self.label)
                .map(|_| ()),
        }
    }

    /// Rows with a column per neuron.
    fn take_wide(&mut self, block: &[u8], line: &mut u64, context: &mut Context<'_>) -> Result<(), ImportError> {
        let at = |line: u64| format!("line {}", line + 1);
        let text = std::str::from_utf8(block)
            .map_err(|_| ImportError::damaged(self.path, at(*line), "it is not UTF-8 text"))?;
        let mut values = Vec::new();
        for row in text_rows::lines(text) {
            if !row.trim().is_empty() && !row.starts_with('#') {
                text_rows::values(row, self.layout.delimiter, &mut values)
                    .map_err(|reason| ImportError::damaged(self.path, at(*line), reason))?;
                if values.len() != self.width || self.width > MOST_COLUMNS {
                    let reason = format!("it has {} columns, expected {}", values.len(), self.width);
                    return Err(ImportError::damaged(self.path, at(*line), reason));
                }
                let timed = self.layout.kind == Kind::Traces;
                let time_ms = if timed { values[0] } else { self.step as f64 } * self.to_ms;
                let neurons = if timed { &values[1..] } else { &values[..] };
                for (neuron, value) in neurons.iter().enumerate() {
                    let neuron = neuron as u64;
                    let taken = if !self.spikes_only {
                        context.intake.potential(self.group, neuron, time_ms, *value as f32)
                    } else if *value > 0.0 {
                        context.intake.spike(self.group, neuron, time_ms)
                    } else {
                        context.intake.slot(self.group, neuron).map(|_| ())
                    };
                    taken.map_err(|refused| refused.at(self.path, || at(*line)))?;
                }
                self.step += 1;
            }
            *line += 1;
        }
        Ok(())
    }

    fn finish(self, context: &mut Context<'_>) -> Result<(), ImportError> {
        if self.layout.kind == Kind::Matrix {
            context.intake.lasts(self.step as f64 * self.to_ms);
        }
        Ok(())
    }
}
