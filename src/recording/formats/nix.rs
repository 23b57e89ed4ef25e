//! NIX files that Neo wrote: the spike trains of all blocks and segments. In: tags of type `neo.spiketrain` with their
//! times and units; their neurons by the annotations `source_id` and `population`, as PyNN and NEST's users set them. Out:
//! spikes. Analogue signals say which channel they are, not which neuron, and are left out.

use std::path::Path;

use super::error::ImportError;
use super::hdf::{Hdf, MAGIC};
use super::{Context, Format, Probe, TimeUnit};

/// See the module.
pub(super) struct Nix;

impl Format for Nix {
    fn name(&self) -> &'static str {
        "nix"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let is_nix = |hdf: &Hdf| hdf.has_group("data") && hdf.has_group("metadata");
        probe.head.starts_with(MAGIC) && Hdf::open(probe.path).is_ok_and(|hdf| is_nix(&hdf))
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let hdf = Hdf::open(path)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut counts = Counts::default();
        for block in hdf.members("data")?.0 {
            let base = format!("data/{block}");
            if hdf.has_group(&format!("{base}/multi_tags")) {
                for train in hdf.members(&format!("{base}/multi_tags"))?.0 {
                    spike_train(&hdf, path, &format!("{base}/multi_tags/{train}"), &mut counts, context)?;
                }
            }
            if hdf.has_group(&format!("{base}/data_arrays")) {
                let arrays = hdf.members(&format!("{base}/data_arrays"))?.0;
                counts.signals += arrays.iter().filter(|name| name.starts_with("neo.analogsignal")).count();
            }
            if hdf.has_group(&format!("{base}/groups")) {
                counts.segments += hdf.members(&format!("{base}/groups"))?.0.len();
            }
        }
        context.intake.map(format!(
            "{file}: {} spikes of {} spike trains in {} segments",
            counts.spikes, counts.trains, counts.segments
        ));
        if counts.nameless > 0 && counts.segments > 1 {
            context.intake.drop_out(format!(
                "{file}: which trains of its segments are of one neuron: {} have no source_id and count as a neuron each",
                counts.nameless
            ));
        }
        if counts.signals > 0 {
            let signals = counts.signals;
            context.intake.drop_out(format!("{file}: {signals} analogue signals, which belong to no neuron"));
        }
        Ok(())
    }
}

#[derive(Default)]
struct Counts {
    trains: usize,
    spikes: usize,
    segments: usize,
    signals: usize,
    /// Trains without the number of their neuron.
    nameless: u64,
}

/// Factor to ms of what has this unit.
fn ms_per(hdf: &Hdf, at: &str, unit: Option<String>) -> Result<f64, ImportError> {
    let unit = unit.unwrap_or_default();
    match TimeUnit::of_name(&unit).and_then(|unit| unit.ms(None)) {
        Some(factor) => Ok(factor),
        None => Err(hdf.wrong(at, format!("its unit {unit:?} is no unit of time that is known here: s, ms, us"))),
    }
}

fn spike_train(
    hdf: &Hdf,
    path: &Path,
    base: &str,
    counts: &mut Counts,
    context: &mut Context<'_>,
) -> Result<(), ImportError> {
    let kind = hdf.group_attribute(base, "type");
    if kind.as_deref() != Some("neo.spiketrain") {
        return Ok(());
    }
    let positions = format!("{base}/positions");
    let times_name = format!("{positions}/data");
    let factor = ms_per(hdf, &positions, hdf.group_attribute(&positions, "unit"))?;
    let properties = format!("{base}/metadata/properties");
    let source = format!("{properties}/source_id");
    let id = match hdf.find(&source) {
        Some(_) => hdf.ids(&source, &hdf.all(&source)?)?.first().copied(),
        None => None,
    };
    let id = id.unwrap_or_else(|| {
        counts.nameless += 1;
        counts.nameless - 1
    });
    let population = hdf.text(&format!("{properties}/population"));
    let group = context.intake.group(population.as_deref().unwrap_or("neurons of Neo"));
    let at = || times_name.clone();
    context.intake.slot(group, id).map_err(|refused| refused.at(path, at))?;
    let stop = format!("{properties}/t_stop");
    if let Some(data) = hdf.find(&stop)
        && let Some(stop_time) = hdf.all(&stop)?.first()
    {
        context.intake.lasts(stop_time * ms_per(hdf, &stop, hdf.attribute(&data, "unit"))?);
    }
    let times = hdf.all(&times_name)?;
    for time in &times {
        let time_ms = (time * factor * 1e9).round() / 1e9;
        context.intake.spike(group, id, time_ms).map_err(|refused| refused.at(path, at))?;
    }
    counts.trains += 1;
    counts.spikes += times.len();
    context.advance(times.len() as u64 * 8)
}
