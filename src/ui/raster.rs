//! The raster: one mark per spike of one population over time, with the neurons left out and the spikes lost said
//! under it.

use egui::{Color32, Mesh, Rect, RichText, Ui, pos2, vec2};
use egui_plot::{HoverPosition, PlotBounds};

use crate::session::{Command, Select, Telemetry};

use super::brush::{dragged_over, how_held};
use super::{chart, chart::Span, export, format, style};

/// Spikes drawn at most; beyond it a mark is narrower than the screen can show.
const MAX_MARKS: usize = 24_000;

/// Shows the raster and a chooser for its population.
pub(super) fn show(ui: &mut Ui, telemetry: &Telemetry, span: Span, height: f32, out: &mut Vec<Command>) {
    let raster = &telemetry.raster;
    let Some(population) = telemetry.populations.get(raster.population) else {
        style::footnote(ui, "no population is chosen");
        return;
    };
    let colour = style::ink(ui).series(population.colour);
    ui.horizontal(|ui| {
        style::swatch(ui, colour);
        let chooser = egui::ComboBox::from_id_salt("raster population").selected_text(&population.name).truncate();
        let response = chooser.show_ui(ui, |ui| {
            for (index, other) in telemetry.populations.iter().enumerate() {
                if ui.selectable_label(index == raster.population, &other.name).clicked() && index != raster.population
                {
                    out.push(Command::RasterPopulation(index));
                }
            }
        });
        response.response.accessible_name("population of the raster");
        ui.label(
            RichText::new(format!("{} neurons", format::count(u64::from(population.size)))).color(style::ink(ui).weak),
        );
        export::save_button(ui, "raster");
    });

    let dt_ms = telemetry.dt_ms;
    let now_ms = telemetry.time_ms();
    let oldest_ms = raster.spikes.front().map_or(now_ms, |s| f64::from(s.step) * dt_ms);
    let start_ms = span.start_ms(now_ms).max(oldest_ms.min(now_ms - 100.0)).max(0.0);
    let first = population.first;
    let marks = raster.spikes.iter().rev().take_while(|s| f64::from(s.step) * dt_ms >= start_ms);
    let total = marks.clone().count();
    let top = f64::from(population.size.max(1));
    let plot = chart::plain_plot(style::ink(ui), "raster", height, "s", "neuron").show_grid(false).label_formatter(
        move |at| match at {
            HoverPosition::Elsewhere { position } => Some(format!(
                "neuron {:.0} of the population\nat {} s",
                position.y.clamp(0.0, top - 1.0).floor(),
                format::number(position.x)
            )),
            HoverPosition::NearDataPoint { .. } => None,
        },
    );
    let response = plot.show(ui, |plot| {
        let end = (now_ms * 1e-3).max(start_ms * 1e-3 + 1e-3);
        plot.set_plot_bounds(PlotBounds::from_min_max([start_ms * 1e-3, 0.0], [end, top]));
    });
    let (transform, frame) = (response.transform, response.response.rect);
    // A mark is as tall as its neuron's row, but never so small that a spike cannot be seen.
    let row = (frame.height() / top as f32).clamp(1.8, 5.0);
    let size = vec2(1.8, row);
    let (has_selection, strong) = (telemetry.selection.count > 0, style::ink(ui).strong);
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(total.min(MAX_MARKS) * 4);
    mesh.reserve_triangles(total.min(MAX_MARKS) * 2);
    for spike in marks.take(MAX_MARKS) {
        let x = transform.position_from_point_x(f64::from(spike.step) * dt_ms * 1e-3);
        let y = transform.position_from_point_y(f64::from(spike.neuron.saturating_sub(first)) + 0.5);
        // The selected stand out by size and brightness, so that they do in grey too.
        let (size, colour) = match (has_selection, telemetry.is_selected(spike.neuron)) {
            (true, true) => (size + vec2(1.2, 1.2), strong),
            (true, false) => (size, mark_colour(colour, total).gamma_multiply(0.45)),
            (false, _) => (size, mark_colour(colour, total)),
        };
        mesh.add_colored_rect(Rect::from_center_size(pos2(x, y), size), colour);
    }
    ui.painter_at(frame).add(mesh);
    let brush = ui.interact(frame, response.response.id.with("brush"), egui::Sense::DRAG);
    if let Some(over) = dragged_over(ui, &brush, frame, true) {
        let neuron = |y: f32| transform.value_from_position(pos2(frame.left(), y)).y.clamp(0.0, top - 1.0) as u32;
        let ids = (first + neuron(over.bottom())..=first + neuron(over.top())).collect();
        out.push(Command::Select(Select::Neurons { ids, how: how_held(ui) }));
    }
    response.response.accessible_name("chart: raster");

    let mut said = Vec::new();
    if raster.stride > 1 {
        said.push(format!("every {} neuron shown", ordinal(raster.stride)));
    }
    if total > MAX_MARKS {
        said.push(format!(
            "the newest {} of {} spikes shown",
            format::count(MAX_MARKS as u64),
            format::count(total as u64)
        ));
    }
    if raster.lost > 0 {
        said.push(format!("{} spikes were lost before they could be shown", format::count(raster.lost)));
    }
    if !said.is_empty() {
        style::footnote(ui, said.join("; "));
    }
}

/// Dense rasters are drawn more thinly, so that rhythms stay visible.
fn mark_colour(colour: Color32, total: usize) -> Color32 {
    colour.gamma_multiply(if total > 8_000 { 0.6 } else { 0.95 })
}

fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (1, x) if x != 11 => "st",
        (2, x) if x != 12 => "nd",
        (3, x) if x != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals() {
        let all: Vec<String> = [1, 2, 3, 4, 11, 12, 22, 113].into_iter().map(ordinal).collect();
        assert_eq!(all, ["1st", "2nd", "3rd", "4th", "11th", "12th", "22nd", "113th"]);
    }
}
