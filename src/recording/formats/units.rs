//! Units of time: what the user or a column's name says, or what the values themselves show.

/// What the times of a file count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
    /// Steps of the simulation, whose length must be told.
    Steps,
}

impl TimeUnit {
    /// Factor to ms; steps want their length.
    pub(super) fn ms(self, dt_ms: Option<f64>) -> Option<f64> {
        match self {
            Self::Seconds => Some(1e3),
            Self::Milliseconds => Some(1.0),
            Self::Microseconds => Some(1e-3),
            Self::Steps => dt_ms,
        }
    }

    /// As `--time-unit` has it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Steps => "steps",
        }
    }

    /// The unit that a column's name tells, like `time_ms` or `t (s)`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let last = name.split(|c: char| !c.is_ascii_alphabetic()).rfind(|word| !word.is_empty())?;
        match last {
            "s" | "sec" | "seconds" | "second" => Some(Self::Seconds),
            "ms" | "msec" | "milliseconds" => Some(Self::Milliseconds),
            "us" | "usec" | "microseconds" => Some(Self::Microseconds),
            "step" | "steps" => Some(Self::Steps),
            _ => None,
        }
    }
}

/// The unit that values show, when nothing names it: simulators step by 0.01 to 1 ms, so times on a grid finer than
/// 0.005 that end before 60 are seconds. Times off any grid (variable steps) and all others are ms.
pub(super) fn guess(times: &[f64]) -> TimeUnit {
    let longest = times.iter().copied().fold(0.0, f64::max);
    let on_grid = |step: f64| {
        times.iter().all(|time| {
            let steps = time / step;
            (steps - steps.round()).abs() < 1e-4
        })
    };
    // Sixty seconds with steps of 0.1 ms are 600,000 steps, which the tolerance still tells apart.
    let coarse = on_grid(0.005) || on_grid(0.0125) || on_grid(0.0125 / 2.0);
    if coarse || longest > 60.0 || longest == 0.0 { TimeUnit::Milliseconds } else { TimeUnit::Seconds }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_tell_the_unit() {
        assert_eq!(TimeUnit::of_name("time_ms"), Some(TimeUnit::Milliseconds));
        assert_eq!(TimeUnit::of_name("t (s)"), Some(TimeUnit::Seconds));
        assert_eq!(TimeUnit::of_name("times"), None);
        let steps = |dt: f64, n: u32| (1..n).map(|k| f64::from(k * 7) * dt).collect::<Vec<_>>();
        assert_eq!(guess(&steps(0.1, 20)), TimeUnit::Milliseconds);
        assert_eq!(guess(&steps(0.025, 20)), TimeUnit::Milliseconds);
        assert_eq!(guess(&steps(1.0, 20)), TimeUnit::Milliseconds);
        assert_eq!(guess(&steps(1e-4, 1000)), TimeUnit::Seconds);
        assert_eq!(guess(&steps(1e-3, 1000)), TimeUnit::Seconds);
        assert_eq!(guess(&[9.1131, 10.1286, 999.957]), TimeUnit::Milliseconds);
    }
}
