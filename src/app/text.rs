//! Words and numbers for people, and JSON for programs, on stdout and stderr.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::error::AppError;

/// Writes to stdout. A reader that has gone away is no error: `spikescope scenes | head -1`.
pub(super) fn print(text: &str) -> Result<(), AppError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(AppError::Failure(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// One JSON document on stdout.
pub(super) fn print_json(value: &impl Serialize) -> Result<(), AppError> {
    print(&json(value)?)
}

/// A readable JSON document with a line end.
pub(super) fn json(value: &impl Serialize) -> Result<String, AppError> {
    let mut text = serde_json::to_string_pretty(value)
        .map_err(|error| AppError::Failure(format!("the report could not be written as JSON: {error}")))?;
    text.push('\n');
    Ok(text)
}

/// A line on stderr, unless silence was asked for.
pub(super) fn tell(quiet: bool, line: &str) {
    if !quiet {
        // Nobody may be reading stderr; that is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// `1,234,567`
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `128 MiB`, `2.5 GiB`.
pub(super) fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    if scaled.fract() < 0.05 { format!("{scaled:.0} {}", UNITS[unit]) } else { format!("{scaled:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(7), count(1_234), count(1_234_567)], ["7", "1,234", "1,234,567"]);
        assert_eq!([bytes(512), bytes(128 << 20), bytes(5 << 29)], ["512 B", "128 MiB", "2.5 GiB"]);
    }
}
