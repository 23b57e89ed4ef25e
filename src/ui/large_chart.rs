//! One chart across a whole rectangle, for an audience: the same charts as in the panel, by the names that scenes use.

use egui::{RichText, Ui};

use crate::session::Telemetry;
use crate::session::telemetry::{PopulationTelemetry, ProjectionTelemetry};

use super::chart::{ChartLine, Span, TimeChart, time_chart};
use super::colour_map::ValueTexture;
use super::{histogram, learning, raster, style};

/// Room for the heading and the legend, as a share of the height.
const HEADING: f32 = 0.24;

/// Shows the chart of this name of `model::scene::CHARTS` across the available room.
pub(super) fn show(ui: &mut Ui, name: &str, telemetry: &Telemetry, input: &mut ValueTexture) {
    let room = ui.available_height();
    let height = room * (1.0 - HEADING);
    let populations = |series: fn(&PopulationTelemetry) -> &crate::analysis::Series, is_offset: bool| {
        let shown = telemetry.populations.iter().filter(move |p| !is_offset || !p.is_source);
        let line = move |p: &PopulationTelemetry| {
            (p.name.clone(), p.colour, if is_offset { p.v_rest_mv } else { 0.0 }, series(p).clone())
        };
        shown.map(line).collect::<Vec<_>>()
    };
    let projections = |series: fn(&ProjectionTelemetry) -> &crate::analysis::Series, only_pruned: bool| {
        let shown = telemetry.projections.iter().filter(move |p| p.now.is_some() && (p.is_pruned || !only_pruned));
        let colour = |p: &ProjectionTelemetry| telemetry.populations.get(p.source).map_or([0.5; 3], |p| p.colour);
        shown.map(|p| (p.name.clone(), colour(p), 0.0, series(p).clone())).collect::<Vec<_>>()
    };
    let (title, unit, include, lines): (&str, &str, &[f64], Vec<_>) = match name {
        "raster" => return raster::show(ui, telemetry, Span::TenSeconds, height, &mut Vec::new()),
        "input" | "accuracy" if telemetry.learning.is_some() => {
            let Some(now) = &telemetry.learning else { return };
            if name == "input" {
                return learning::show(ui, now, input);
            }
            let title = format!("answered right, last {} images", now.accuracy_window);
            let chart = TimeChart {
                name: "presented accuracy",
                unit: "%",
                time_unit: "presentations",
                height: height * 1.12,
                include: &[0.0, 100.0],
                has_legend: false,
            };
            heading(ui, &title, now.accuracy_percent.last().map(|percent| format!("{percent:.0} %")));
            let line = ChartLine { name: "accuracy", colour: style::GOOD, series: &now.accuracy_percent, offset: 0.0 };
            return time_chart(ui, &chart, &[line], Span::All);
        }
        "histogram" => {
            let mut logarithmic = false;
            for projection in telemetry.projections.iter().filter(|p| p.now.is_some()).take(1) {
                let colour = telemetry
                    .populations
                    .get(projection.source)
                    .map_or(style::ACCENT, |p| style::series_colour(p.colour));
                histogram::show(ui, projection, colour, &mut logarithmic, height * 0.8);
            }
            return;
        }
        "membrane" => ("mean membrane value", "mV", &[], populations(|p| &p.membrane_mv, true)),
        "weights" => ("mean weight", "", &[0.0], projections(|p| &p.weight_mean, false)),
        "remaining" => ("synapses remaining", "%", &[0.0, 100.0], projections(|p| &p.remaining_percent, true)),
        "threshold" => ("pruning threshold", "of the largest", &[0.0], projections(|p| &p.threshold, true)),
        _ => ("firing rates", "spikes/s", &[0.0], populations(|p| &p.rate_hz, false)),
    };
    heading(ui, title, None);
    let name = format!("presented {name}");
    let chart = TimeChart { name: &name, unit, time_unit: "s", height, include, has_legend: true };
    let lines: Vec<ChartLine<'_>> = lines
        .iter()
        .map(|(name, colour, offset, series)| ChartLine {
            name,
            colour: style::series_colour(*colour),
            series,
            offset: *offset,
        })
        .collect();
    let span = if name.ends_with("rate") || name.ends_with("membrane") { Span::TenSeconds } else { Span::All };
    time_chart(ui, &chart, &lines, span);
}

fn heading(ui: &mut Ui, text: &str, value: Option<String>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(text).color(style::TEXT));
        if let Some(value) = value {
            ui.label(RichText::new(value).strong().color(style::TEXT_STRONG));
        }
    });
}
