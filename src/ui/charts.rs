//! The right panel: everything that is measured, as sections that open and close.

use egui::{Color32, RichText, ScrollArea, Ui};

use crate::session::telemetry::ProjectionTelemetry;
use crate::session::{Command, Telemetry};

use super::chart::{ChartLine, Span, TimeChart, time_chart};
use super::{
    Overlay, OverlayAction, OverlayInput, export, fields, format, histogram, learning, neuron, raster, style, timings,
};

impl Overlay {
    pub(super) fn charts(&mut self, ui: &mut Ui, input: &OverlayInput<'_>, out: &mut Vec<OverlayAction>) {
        let telemetry = input.telemetry;
        ui.horizontal(|ui| {
            ui.label(RichText::new("show the last").color(style::ink(ui).weak));
            for span in Span::ALL {
                let response = ui.selectable_label(self.layout.span == span, span.label());
                if response.accessible_name(format!("show {}", span.label())).clicked() {
                    self.layout.span = span;
                }
            }
        });
        let mut commands = Vec::new();
        ScrollArea::vertical().id_salt("charts").auto_shrink([false, false]).show(ui, |ui| {
            self.focus_sections(ui, input, &mut commands);
            self.activity_sections(ui, telemetry, &mut commands);
            self.weight_sections(ui, telemetry);
            let fps = format!("{:.0} frames/s", input.frame.fps);
            style::Section { title: "Timings", id: 0, open: false }
                .show(ui, &fps, |ui| timings::show(ui, telemetry, &input.frame));
        });
        out.extend(commands.into_iter().map(OverlayAction::Command));
        out.extend(export::take_wish(ui.ctx()));
    }

    /// What the viewer asked for or came for: the picked neuron, the learning.
    fn focus_sections(&mut self, ui: &mut Ui, input: &OverlayInput<'_>, commands: &mut Vec<Command>) {
        let telemetry = input.telemetry;
        if let Some(picked) = &telemetry.picked {
            let name = format!("id {}", picked.neuron);
            let (texture, span) = (&mut self.field_texture, self.layout.span);
            style::Section::open("Neuron")
                .show(ui, &name, |ui| neuron::show(ui, telemetry, picked, texture, span, commands));
        }
        if let Some(learning) = &telemetry.learning {
            let accuracy = learning.accuracy_percent.last().map_or_else(String::new, |a| format!("{a:.1} % right"));
            let section = self.section_of("Learning", &["accuracy", "input"], true);
            let texture = &mut self.input_texture;
            section.show(ui, &accuracy, |ui| learning::show(ui, learning, texture));
            if let Some(grid) = input.fields {
                let section = self.section_of("Receptive fields", &["fields"], true);
                let texture = &mut self.fields_texture;
                section.show(ui, "", |ui| fields::show(ui, grid, &learning.assigned, telemetry, texture, commands));
            } else if learning.assigned.iter().any(Option::is_some) {
                let section = self.section_of("Classes of the output neurons", &["fields"], false);
                section.show(ui, "", |ui| learning::classes(ui, &learning.assigned));
            }
        }
    }

    fn activity_sections(&self, ui: &mut Ui, telemetry: &Telemetry, commands: &mut Vec<Command>) {
        let span = self.layout.span;
        self.section_of("Firing rates", &["rate"], true).show(ui, "", |ui| {
            let lines: Vec<_> = telemetry
                .populations
                .iter()
                .map(|p| ChartLine {
                    name: &p.name,
                    colour: style::ink(ui).series(p.colour),
                    series: &p.rate_hz,
                    offset: 0.0,
                })
                .collect();
            time_chart(ui, &simple("firing rates", "Hz", &[0.0]), &lines, span);
        });
        self.section_of("Spikes", &["raster"], true)
            .show(ui, "", |ui| raster::show(ui, telemetry, span, 130.0, commands));
        let lines: Vec<_> = telemetry
            .populations
            .iter()
            .filter(|p| !p.is_source)
            .map(|p| ChartLine {
                name: &p.name,
                colour: style::ink(ui).series(p.colour),
                series: &p.membrane_mv,
                offset: p.v_rest_mv,
            })
            .collect();
        if !lines.is_empty() {
            self.section_of("Mean membrane value", &["membrane"], false).show(ui, "", |ui| {
                time_chart(ui, &simple("mean membrane value", "mV", &[]), &lines, span);
            });
        }
    }

    fn weight_sections(&mut self, ui: &mut Ui, telemetry: &Telemetry) {
        let changing: Vec<&ProjectionTelemetry> = telemetry.projections.iter().filter(|p| p.now.is_some()).collect();
        let span = self.layout.span;
        fn pick<'a>(
            ink: &style::Ink,
            telemetry: &'a Telemetry,
            which: &[&'a ProjectionTelemetry],
            series: fn(&ProjectionTelemetry) -> &crate::analysis::Series,
        ) -> Vec<ChartLine<'a>> {
            let line = |(index, p): (usize, &&'a ProjectionTelemetry)| ChartLine {
                name: p.name.as_str(),
                colour: projection_colour(ink, telemetry, p, index),
                series: series(p),
                offset: 0.0,
            };
            which.iter().enumerate().map(line).collect()
        }
        if !changing.is_empty() {
            self.section_of("Weights", &["histogram"], true).show(ui, "", |ui| {
                for (index, projection) in changing.iter().enumerate() {
                    let colour = projection_colour(style::ink(ui), telemetry, projection, index);
                    histogram::show(ui, projection, colour, &mut self.layout.logarithmic, 96.0);
                }
            });
            self.section_of("Mean weight", &["weights"], false).show(ui, "", |ui| {
                let ink = style::ink(ui);
                time_chart(
                    ui,
                    &simple("mean weight", "", &[0.0]),
                    &pick(ink, telemetry, &changing, |p| &p.weight_mean),
                    span,
                );
            });
        }
        let pruned: Vec<&ProjectionTelemetry> = changing.iter().copied().filter(|p| p.is_pruned).collect();
        if pruned.is_empty() {
            return;
        }
        let left: u64 = pruned.iter().filter_map(|p| p.now.as_ref()).map(|now| now.remaining).sum();
        let summary = format!("{} left", format::short_count(left));
        self.section_of("Synapses remaining", &["remaining"], true).show(ui, &summary, |ui| {
            let ink = style::ink(ui);
            let chart = simple("synapses remaining", "%", &[0.0, 100.0]);
            time_chart(ui, &chart, &pick(ink, telemetry, &pruned, |p| &p.remaining_percent), span);
        });
        self.section_of("Pruning threshold", &["threshold"], false).show(ui, "", |ui| {
            let ink = style::ink(ui);
            let chart = simple("pruning threshold", "of max", &[0.0]);
            time_chart(ui, &chart, &pick(ink, telemetry, &pruned, |p| &p.threshold), span);
        });
    }
}

const fn simple<'a>(name: &'a str, unit: &'a str, include: &'a [f64]) -> TimeChart<'a> {
    TimeChart { name, unit, time_unit: "s", height: 104.0, include, has_legend: true }
}

/// The colour of the source population; further projections from the same source get paler.
fn projection_colour(
    ink: &style::Ink,
    telemetry: &Telemetry,
    projection: &ProjectionTelemetry,
    index: usize,
) -> Color32 {
    let base = telemetry.populations.get(projection.source).map_or(ink.accent, |p| ink.series(p.colour));
    let same_source_before = telemetry
        .projections
        .iter()
        .filter(|p| p.now.is_some())
        .take(index)
        .filter(|p| p.source == projection.source)
        .count();
    base.lerp_to_gamma(ink.weak, (same_source_before as f32 * 0.4).min(0.8))
}
