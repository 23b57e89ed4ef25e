//! The picked neuron: its state, its membrane value and spikes over time, its receptive field and its strongest
//! partners (a click on a partner picks it).

use egui::{Color32, RichText, Ui, vec2};
use egui_plot::{Line, LineStyle, PlotPoints, Points, VLine};

use crate::analysis::Series;
use crate::session::telemetry::{PickedTelemetry, PopulationTelemetry};
use crate::session::{Command, Telemetry};

use super::chart::{self, Span};
use super::colour_map::{ValueTexture, field_image, viridis};
use super::{export, format, style};

/// Shows everything known about the picked neuron.
pub(super) fn show(
    ui: &mut Ui,
    telemetry: &Telemetry,
    picked: &PickedTelemetry,
    field_texture: &mut ValueTexture,
    span: Span,
    out: &mut Vec<Command>,
) {
    let population = telemetry.populations.get(picked.population);
    heading(ui, picked, population, out);
    state(ui, telemetry, picked, population);
    if population.is_some_and(|p| !p.is_source) {
        membrane(ui, picked, population, span);
    }
    if let Some((size, shares)) = &picked.field {
        field(ui, *size, shares, field_texture);
    }
    partners(ui, "strongest inputs", &picked.strongest_inputs, telemetry, out);
    partners(ui, "strongest outputs", &picked.strongest_outputs, telemetry, out);
}

fn heading(ui: &mut Ui, picked: &PickedTelemetry, population: Option<&PopulationTelemetry>, out: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if let Some(p) = population {
            style::swatch(ui, style::ink(ui).series(p.colour));
            let local = picked.neuron.saturating_sub(p.first);
            let place = p.shape.map_or_else(String::new, |[width, _]| {
                let width = width.max(1);
                format!(", column {} row {}", local % width, local / width)
            });
            ui.label(RichText::new(format!("{} {local}{place}", p.name)).color(style::ink(ui).strong));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.button("Let go").on_hover_text("stop looking at this neuron (Esc)").clicked() {
                out.push(Command::Pick(None));
            }
        });
    });
}

fn state(ui: &mut Ui, telemetry: &Telemetry, picked: &PickedTelemetry, population: Option<&PopulationTelemetry>) {
    let seconds = telemetry.time_ms() / 1000.0;
    let mean_rate = if seconds > 0.0 { picked.spike_count as f64 / seconds } else { 0.0 };
    egui::Grid::new("neuron state").num_columns(4).spacing(vec2(10.0, 3.0)).show(ui, |ui| {
        let mut shown = 0;
        let mut cell = |ui: &mut Ui, name: &str, value: String| {
            ui.label(RichText::new(name).color(style::ink(ui).weak));
            ui.label(RichText::new(value).color(style::ink(ui).strong));
            shown += 1;
            if shown % 2 == 0 {
                ui.end_row();
            }
        };
        cell(ui, "id", picked.neuron.to_string());
        cell(ui, "spikes", format::count(picked.spike_count));
        cell(ui, "mean rate", format!("{} Hz", format::number(mean_rate)));
        let last = match picked.state.last_spike_step {
            0 => "none yet".to_owned(),
            step => format::time(f64::from(step) * telemetry.dt_ms),
        };
        cell(ui, "last spike", last);
        if let Some(p) = population.filter(|p| !p.is_source) {
            cell(ui, "membrane", format!("{:.2} mV", f64::from(picked.state.membrane_mv) + p.v_rest_mv));
            let theta = f64::from(picked.state.theta_mv);
            cell(ui, "threshold", format!("{:.2} mV", p.v_rest_mv + p.threshold_mv + theta));
            cell(ui, "theta", format!("{theta:.2} mV"));
        }
    });
}

fn membrane(ui: &mut Ui, picked: &PickedTelemetry, population: Option<&PopulationTelemetry>, span: Span) {
    let Some(p) = population else { return };
    export::save_button(ui, "membrane of the neuron");
    let ink = style::ink(ui);
    // One neuron's membrane is only readable over a short time.
    let span = if span == Span::All { Span::TenSeconds } else { span };
    let newest = picked.membrane_mv.points().last().map_or(0.0, |point| point.time_ms);
    let start = span.start_ms(newest).max(picked.membrane_mv.points().next().map_or(0.0, |point| point.time_ms));
    let colour = ink.series(p.colour);
    let threshold = p.v_rest_mv + p.threshold_mv + f64::from(picked.state.theta_mv);
    let drawn = chart::draw_points(&picked.membrane_mv, start, 400);
    let times: Vec<f64> = drawn.time.iter().map(|t| t * 1e-3).collect();
    let spikes: Vec<f64> = picked.spikes_ms.iter().filter(|&&t| t >= start).map(|t| t * 1e-3).collect();
    let plot = chart::plain_plot(ink, "membrane of the neuron", 104.0, "s", "mV")
        .include_y(threshold)
        .include_x(start * 1e-3)
        .include_x(newest * 1e-3);
    let response = plot.show(ui, |plot| {
        if drawn.min.iter().zip(&drawn.max).any(|(a, b)| b > a) {
            plot.add(
                egui_plot::FilledArea::new("extremes", &times, &drawn.min, &drawn.max)
                    .fill_color(colour.gamma_multiply(0.28))
                    .allow_hover(false),
            );
        }
        for &at in &spikes {
            plot.vline(VLine::new("spike", at).color(ink.strong.gamma_multiply(0.35)).width(1.0).allow_hover(false));
        }
        let path: PlotPoints<'_> = times.iter().zip(&drawn.mean).map(|(&t, &v)| [t, v]).collect();
        plot.line(Line::new("membrane", path).color(colour).width(1.5));
        let end = newest * 1e-3;
        plot.line(
            Line::new("threshold", vec![[start * 1e-3, threshold], [end, threshold]])
                .color(ink.warning)
                .width(1.0)
                .style(LineStyle::dashed_loose()),
        );
        let marks: PlotPoints<'_> = spikes.iter().map(|&t| [t, threshold]).collect();
        plot.points(Points::new("spikes", marks).color(ink.strong).radius(2.2));
    });
    response.response.accessible_name("chart: membrane of the neuron");
    style::footnote(ui, footnote_of(&picked.membrane_mv));
}

fn footnote_of(series: &Series) -> String {
    let merged = series.values_per_point();
    let mut text = "dashed: threshold now; dots: spikes".to_owned();
    if merged > 1 {
        text.push_str(&format!("; each point: {merged} samples"));
    }
    text
}

fn field(ui: &mut Ui, size: [u32; 2], shares: &[f32], texture: &mut ValueTexture) {
    ui.label(RichText::new("receptive field").color(style::ink(ui).weak));
    let absent = style::ink(ui).absent;
    let id = texture.show(ui.ctx(), "receptive field", field_image(size, shares, absent));
    let (width, height) = (size[0].max(1) as f32, size[1].max(1) as f32);
    let scale = (132.0 / width.max(height)).max(0.2);
    let response = ui.horizontal_top(|ui| {
        let image = egui::Image::new((id, vec2(width, height) * scale)).fit_to_exact_size(vec2(width, height) * scale);
        let response =
            ui.add(image.alt_text("receptive field")).on_hover_text("weight per input, by place in the image");
        ui.vertical(|ui| {
            scale_bar(ui, 14.0, 76.0);
            if shares.iter().any(|&s| s < 0.0) {
                ui.horizontal(|ui| {
                    style::swatch(ui, absent);
                    style::footnote(ui, "pruned or absent");
                });
            }
        });
        response
    });
    let _ = response;
}

/// An upright scale of the weight colours, with its ends named.
fn scale_bar(ui: &mut Ui, width: f32, height: f32) {
    ui.horizontal_top(|ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(width, height), egui::Sense::hover());
        let mut mesh = egui::Mesh::default();
        let steps = 24;
        for i in 0..=steps {
            let share = i as f32 / steps as f32;
            let y = rect.bottom() - share * rect.height();
            mesh.colored_vertex(egui::pos2(rect.left(), y), viridis(share));
            mesh.colored_vertex(egui::pos2(rect.right(), y), viridis(share));
            if i > 0 {
                let k = 2 * i as u32;
                mesh.add_triangle(k - 2, k - 1, k);
                mesh.add_triangle(k - 1, k, k + 1);
            }
        }
        ui.painter().add(mesh);
        ui.vertical(|ui| {
            style::footnote(ui, "strongest");
            ui.add_space((height - 34.0).max(0.0));
            style::footnote(ui, "zero");
        });
    });
}

fn partners(ui: &mut Ui, title: &str, list: &[(u32, f32)], telemetry: &Telemetry, out: &mut Vec<Command>) {
    if list.is_empty() {
        return;
    }
    ui.label(RichText::new(title).color(style::ink(ui).weak));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(5.0, 4.0);
        for &(neuron, weight) in list.iter().take(8) {
            let colour = colour_of(style::ink(ui), telemetry, neuron);
            let text = RichText::new(format!("{neuron}: {}", format::number(f64::from(weight)))).color(colour);
            if ui.small_button(text).on_hover_text(format!("{title}: look at neuron {neuron}")).clicked() {
                out.push(Command::Pick(Some(neuron)));
            }
        }
    });
}

fn colour_of(ink: &style::Ink, telemetry: &Telemetry, neuron: u32) -> Color32 {
    telemetry
        .populations
        .iter()
        .find(|p| neuron >= p.first && neuron - p.first < p.size)
        .map_or(ink.text, |p| ink.series(p.colour))
}
