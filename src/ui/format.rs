//! Numbers as people read them: counts with separators, simulated time, rates with three significant digits.

/// `1234567` as `1,234,567`.
pub(super) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Large counts in at most four characters and a letter: `313.6 k`, `1.20 M`.
pub(super) fn short_count(value: u64) -> String {
    let value_f = value as f64;
    match value {
        0..10_000 => count(value),
        10_000..1_000_000 => format!("{:.1} k", value_f / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2} M", value_f / 1e6),
        _ => format!("{:.2} G", value_f / 1e9),
    }
}

/// Simulated time: `842 ms`, `12.34 s`, `3 min 05 s`.
pub(super) fn time(ms: f64) -> String {
    if ms < 1000.0 {
        format!("{ms:.1} ms")
    } else if ms < 600_000.0 {
        format!("{:.2} s", ms / 1000.0)
    } else {
        let seconds = (ms / 1000.0) as u64;
        match seconds {
            0..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
            _ => format!("{} h {:02} min {:02} s", seconds / 3600, seconds / 60 % 60, seconds % 60),
        }
    }
}

/// Three significant digits without an exponent where that is readable.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "-".to_owned()
    } else if size == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

/// A share as `12.3 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A speed: `real time`, `0.10 x`, `5 x`, `as fast as it goes`.
pub(super) fn speed(value: f64) -> String {
    if value.is_infinite() {
        "as fast as it goes".to_owned()
    } else if (value - 1.0).abs() < 0.005 {
        "real time".to_owned()
    } else {
        format!("{} x", number(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(short_count(9_999), "9,999");
        assert_eq!(short_count(313_600), "313.6 k");
        assert_eq!(time(842.0), "842.0 ms");
        assert_eq!(time(12_340.0), "12.34 s");
        assert_eq!(time(3_785_000.0), "1 h 03 min 05 s");
        assert_eq!(number(0.0123), "0.012");
        assert_eq!(number(-65.25), "-65.2");
        assert_eq!(speed(1.0), "real time");
        assert_eq!(speed(f64::INFINITY), "as fast as it goes");
    }
}
