//! NWB: the spike times of `/units`, with their populations where a column names them.

use std::path::Path;

use super::error::ImportError;
use super::hdf::{Hdf, MAGIC};
use super::{Context, Format, Probe};

/// See the module.
pub(super) struct Nwb;

impl Format for Nwb {
    fn name(&self) -> &'static str {
        "nwb"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        probe.head.starts_with(MAGIC)
            && Hdf::open(probe.path)
                .is_ok_and(|hdf| hdf.has_group("specifications") || hdf.find("units/spike_times").is_some())
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let hdf = Hdf::open(path)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let times_name = "units/spike_times";
        let (times, ends) = (hdf.dataset(times_name)?, hdf.all("units/spike_times_index")?);
        let names = match hdf.find("units/population") {
            Some(_) => Some(hdf.texts("units/population")?),
            None => None,
        };
        // NWB counts seconds.
        let factor = context.options.time_unit.and_then(|unit| unit.ms(context.options.dt_ms)).unwrap_or(1e3);
        let total = times.shape().first().copied().unwrap_or(0);
        let mut begin = 0_u64;
        for (unit, end) in ends.iter().enumerate() {
            let end = *end as u64;
            if end < begin || end > total {
                return Err(hdf.wrong("units/spike_times_index", format!("unit {unit} ends at {end} of {total} times")));
            }
            let population = names.as_ref().and_then(|names| names.get(unit)).map_or("units", String::as_str);
            let group = context.intake.group(population);
            let at = || format!("{times_name}, unit {unit}");
            context.intake.slot(group, unit as u64).map_err(|refused| refused.at(path, at))?;
            // Times that were ms before they were divided come back as they were.
            for time in hdf.rows(times_name, &times, begin, end)? {
                let time_ms = (time * factor * 1e9).round() / 1e9;
                context.intake.spike(group, unit as u64, time_ms).map_err(|refused| refused.at(path, at))?;
            }
            context.advance((end - begin) * 8)?;
            begin = end;
        }
        context.intake.map(format!("{file}: {total} spikes of {} units, times in s", ends.len()));
        self.signals(&hdf, &file, context)
    }
}

impl Nwb {
    /// Signals have electrodes, not neurons, so they are said to be left out.
    fn signals(&self, hdf: &Hdf, file: &str, context: &mut Context<'_>) -> Result<(), ImportError> {
        if hdf.has_group("acquisition") {
            let (groups, _) = hdf.members("acquisition")?;
            if !groups.is_empty() {
                context.intake.drop_out(format!("{file}: signals {}, which belong to no unit", groups.join(", ")));
            }
        }
        Ok(())
    }
}
