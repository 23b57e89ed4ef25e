//! Blocks of text into rows, on all cores. In: whole lines and a layout. Out: rows, or the first line that is wrong.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::text_layout::{Delimiter, Layout, Role, fields};

/// What a line says; what its layout does not have stays 0.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TextRow<'a> {
    pub(super) id: u64,
    /// In the file's unit; for NEST's steps the step.
    pub(super) time: f64,
    pub(super) offset: f64,
    pub(super) source: u64,
    pub(super) target: u64,
    pub(super) weight: f64,
    pub(super) delay: f64,
    pub(super) value: f64,
    pub(super) population: &'a str,
}

/// Line within the block, from 0, and what is wrong with it.
pub(super) type WrongLine = (u64, String);

/// Rows of a block, and the lines that it had.
pub(super) fn rows<'a>(block: &'a [u8], layout: &Layout) -> Result<(Vec<TextRow<'a>>, u64), WrongLine> {
    let pieces = pieces(block, rayon::current_num_threads().max(1));
    let parsed: Vec<Result<(Vec<TextRow<'a>>, u64), WrongLine>> =
        pieces.into_par_iter().map(|piece| piece_rows(piece, layout)).collect();
    let mut all: Vec<TextRow<'a>> = Vec::new();
    let mut lines = 0;
    for piece in parsed {
        let (rows, count) = piece.map_err(|(line, reason)| (lines + line, reason))?;
        lines += count;
        if all.is_empty() {
            all = rows;
        } else {
            all.extend_from_slice(&rows);
        }
    }
    Ok((all, lines))
}

/// Lines of a piece that is UTF-8, each without its end.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    // Files of old Macs end lines with a bare CR.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.strip_suffix(end).unwrap_or(text).split(end).map(|line| line.trim_end_matches('\r'))
}

fn pieces(block: &[u8], count: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(count);
    let mut rest = block;
    for left in (1..=count).rev() {
        let at = rest.len() / left;
        let end = if left == 1 {
            rest.len()
        } else {
            rest[at..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| at + end + 1)
        };
        let (piece, others) = rest.split_at(end);
        if !piece.is_empty() {
            pieces.push(piece);
        }
        rest = others;
    }
    pieces
}

fn piece_rows<'a>(piece: &'a [u8], layout: &Layout) -> Result<(Vec<TextRow<'a>>, u64), WrongLine> {
    let text = std::str::from_utf8(piece).map_err(|error| {
        let line = piece[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        (line as u64, "it is not UTF-8 text".to_owned())
    })?;
    let mut rows = Vec::with_capacity(piece.len() / 16);
    let mut count = 0;
    for line in lines(text) {
        let is_blank = line.bytes().all(|byte| byte == b' ' || byte == b'\t');
        if !is_blank && !line.starts_with('#') {
            rows.push(row(line, layout).map_err(|reason| (count, reason))?);
        }
        count += 1;
    }
    Ok((rows, count))
}

fn row<'a>(line: &'a str, layout: &Layout) -> Result<TextRow<'a>, String> {
    let mut row = TextRow::default();
    let mut values = fields(line, layout.delimiter);
    for (at, role) in layout.roles.iter().enumerate() {
        let Some(field) = values.next() else {
            return Err(format!("it has {at} columns, expected {}", layout.roles.len()));
        };
        let name = || layout.names.get(at).map_or("", String::as_str);
        match role {
            Role::Id => row.id = id(field).ok_or_else(|| wrong(name(), field, "the number of a neuron, 0 or more"))?,
            Role::Source => {
                row.source = id(field).ok_or_else(|| wrong(name(), field, "the number of a neuron, 0 or more"))?
            }
            Role::Target => {
                row.target = id(field).ok_or_else(|| wrong(name(), field, "the number of a neuron, 0 or more"))?
            }
            Role::Time | Role::Step => row.time = number(field).ok_or_else(|| wrong(name(), field, "a time"))?,
            Role::Offset => row.offset = number(field).ok_or_else(|| wrong(name(), field, "a time"))?,
            Role::Weight => row.weight = number(field).ok_or_else(|| wrong(name(), field, "a weight"))?,
            Role::Delay => row.delay = number(field).ok_or_else(|| wrong(name(), field, "a delay"))?,
            Role::Value => row.value = number(field).ok_or_else(|| wrong(name(), field, "a number"))?,
            Role::Population => row.population = field,
            Role::Ignore => {}
        }
    }
    // A trailing delimiter makes an empty field; anything else is a column too many.
    if let Some(extra) = values.find(|field| !field.is_empty()) {
        return Err(format!("{extra:?} is one column more than the {} expected", layout.roles.len()));
    }
    Ok(row)
}

fn wrong(column: &str, field: &str, expected: &str) -> String {
    let shown: String = field.chars().take(40).collect();
    format!("{column:?} is {shown:?}, expected {expected}")
}

/// Whole numbers, also where they were saved as 3.19e+02.
fn id(field: &str) -> Option<u64> {
    field.parse().ok().or_else(|| {
        let value: f64 = field.parse().ok()?;
        (value >= 0.0 && value.fract() == 0.0 && value < 9e15).then_some(value as u64)
    })
}

fn number(field: &str) -> Option<f64> {
    field.parse().ok()
}

/// All values of a line of a matrix or of traces.
pub(super) fn values(line: &str, delimiter: Delimiter, values: &mut Vec<f64>) -> Result<(), String> {
    values.clear();
    for field in fields(line, delimiter).filter(|field| !field.is_empty()) {
        values.push(number(field).ok_or_else(|| wrong("value", field, "a number"))?);
    }
    Ok(())
}
