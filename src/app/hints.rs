//! What other programs' files cannot tell, asked of the user: the options that `import` and `analyze` share.

use clap::{Args, ValueEnum};

use super::arguments::positive_ms;
use crate::recording::formats::{ImportOptions, NamedIds, TimeUnit};

/// See the module.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Where files of other programs cannot tell")]
pub(super) struct ImportHints {
    /// What the files are; without it their content tells
    #[arg(long, value_name = "F")]
    format: Option<String>,
    /// Unit of the files' times, where they neither name nor show it
    #[arg(long, value_enum, value_name = "UNIT")]
    time_unit: Option<TimeUnitName>,
    /// Length of a step, ms, where times are steps
    #[arg(long, value_name = "X", value_parser = positive_ms)]
    dt_ms: Option<f64>,
    /// How many neurons there are, silent ones included, where the files do not tell
    #[arg(long, value_name = "N")]
    neurons: Option<u64>,
    /// Names of populations by the files' ids, both ends included, like excitatory=0-399,inhibitory=400-499
    #[arg(long, value_name = "NAME=IDS,...", value_delimiter = ',', value_parser = named_ids)]
    populations: Vec<NamedIds>,
    /// Length of the run, ms, where the files do not tell
    #[arg(long, value_name = "T", value_parser = positive_ms)]
    duration_ms: Option<f64>,
    /// Names of the columns of text without a header, like time,id
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
}

/// What times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TimeUnitName {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
    /// Microseconds
    Us,
    /// Simulation steps
    Steps,
}

impl ImportHints {
    pub(super) fn options(&self) -> ImportOptions {
        ImportOptions {
            format: self.format.clone(),
            time_unit: self.time_unit.map(|unit| match unit {
                TimeUnitName::S => TimeUnit::Seconds,
                TimeUnitName::Ms => TimeUnit::Milliseconds,
                TimeUnitName::Us => TimeUnit::Microseconds,
                TimeUnitName::Steps => TimeUnit::Steps,
            }),
            dt_ms: self.dt_ms,
            neurons: self.neurons,
            populations: self.populations.clone(),
            duration_ms: self.duration_ms,
            columns: self.columns.as_ref().map(|names| names.split(',').map(|name| name.trim().to_owned()).collect()),
        }
    }

    /// The first option that was given: recordings want none of them.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            ("--format", self.format.is_some()),
            ("--time-unit", self.time_unit.is_some()),
            ("--dt-ms", self.dt_ms.is_some()),
            ("--neurons", self.neurons.is_some()),
            ("--populations", !self.populations.is_empty()),
            ("--duration-ms", self.duration_ms.is_some()),
            ("--columns", self.columns.is_some()),
        ];
        given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
    }
}

fn named_ids(text: &str) -> Result<NamedIds, String> {
    let advice = || "write names and ids with commas, like excitatory=0-399,inhibitory=400-499".to_owned();
    let (name, ids) = text.split_once('=').ok_or_else(advice)?;
    let (first, last) = ids.split_once('-').unwrap_or((ids, ids));
    let id = |digits: &str| digits.trim().parse::<u64>().map_err(|_| advice());
    let (first, last) = (id(first)?, id(last)?);
    if name.trim().is_empty() || last < first || last == u64::MAX {
        return Err(advice());
    }
    Ok(NamedIds { name: name.trim().to_owned(), ids: first..last + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn populations_are_named_ranges_of_ids() {
        assert_eq!(named_ids("E=1-400"), Ok(NamedIds { name: "E".to_owned(), ids: 1..401 }));
        assert_eq!(named_ids(" one = 7 "), Ok(NamedIds { name: "one".to_owned(), ids: 7..8 }));
        for wrong in ["E", "=1-2", "E=2-1", "E=a", "E=-1", "E=0-18446744073709551615"] {
            assert!(named_ids(wrong).is_err(), "{wrong}");
        }
    }
}
