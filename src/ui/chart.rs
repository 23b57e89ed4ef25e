//! A time chart: one or more series over simulated time, with axes, units, a legend that doubles as a readout, and
//! (minimum, maximum) bands where a point stands for several values. In go series, out comes a picture.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, RichText, Ui};
use egui_plot::{AxisHints, FilledArea, GridMark, HoverPosition, Line, Plot, PlotPoints};

use serde::{Deserialize, Serialize};

use crate::analysis::Series;

use super::style::Ink;
use super::{export, format, style};

/// Points drawn per series; more than a panel has pixels would only cost time.
const MAX_DRAWN: usize = 320;

/// How much of the past a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// The last second.
    Second,
    /// The last ten seconds.
    TenSeconds,
    /// Everything.
    All,
}

impl Span {
    /// All of them, for choosers.
    pub const ALL: [Self; 3] = [Self::Second, Self::TenSeconds, Self::All];

    /// For choosers.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Second => "1 s",
            Self::TenSeconds => "10 s",
            Self::All => "all",
        }
    }

    /// First time shown, ms, when `newest_ms` is the last.
    #[must_use]
    pub const fn start_ms(self, newest_ms: f64) -> f64 {
        match self {
            Self::Second => newest_ms - 1_000.0,
            Self::TenSeconds => newest_ms - 10_000.0,
            Self::All => f64::NEG_INFINITY,
        }
    }
}

/// One line of a chart.
pub(super) struct ChartLine<'a> {
    pub(super) name: &'a str,
    pub(super) colour: Color32,
    pub(super) series: &'a Series,
    /// Added to every value (a resting potential, to show absolute ones).
    pub(super) offset: f64,
}

/// What a chart is about.
pub(super) struct TimeChart<'a> {
    /// Unique name, also the accessible one.
    pub(super) name: &'a str,
    /// Unit of the values.
    pub(super) unit: &'a str,
    /// Of the time axis: `s` (values in ms come in) or another word (values are shown as they come).
    pub(super) time_unit: &'a str,
    pub(super) height: f32,
    /// Values that are always inside the vertical range.
    pub(super) include: &'a [f64],
    /// Names, swatches and newest values above it.
    pub(super) has_legend: bool,
}

/// A series made ready to draw: at most [`MAX_DRAWN`] points with their extremes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Drawn {
    pub(super) time: Vec<f64>,
    pub(super) min: Vec<f64>,
    pub(super) max: Vec<f64>,
    pub(super) mean: Vec<f64>,
}

/// Takes the points from `start_ms` on and merges neighbours until at most `limit` are left; extremes survive.
pub(super) fn draw_points(series: &Series, start_ms: f64, limit: usize) -> Drawn {
    let points: Vec<_> = series.points().filter(|p| p.time_ms >= start_ms).collect();
    let group = points.len().div_ceil(limit.max(1)).max(1);
    let mut drawn = Drawn::default();
    for chunk in points.chunks(group) {
        drawn.time.push(chunk[chunk.len() - 1].time_ms);
        drawn.min.push(chunk.iter().map(|p| p.min).fold(f64::INFINITY, f64::min));
        drawn.max.push(chunk.iter().map(|p| p.max).fold(f64::NEG_INFINITY, f64::max));
        drawn.mean.push(chunk.iter().map(|p| p.mean).sum::<f64>() / chunk.len() as f64);
    }
    drawn
}

/// Shows the chart across the available width.
pub(super) fn time_chart(ui: &mut Ui, chart: &TimeChart<'_>, lines: &[ChartLine<'_>], span: Span) {
    if chart.has_legend {
        legend(ui, chart, lines);
    } else {
        export::save_button(ui, chart.name);
    }
    let newest = lines.iter().filter_map(|l| l.series.points().last()).map(|p| p.time_ms).fold(0.0, f64::max);
    let scale = if chart.time_unit == "s" { 1e-3 } else { 1.0 };
    let is_time = chart.time_unit == "s";
    let start = if is_time { span.start_ms(newest) } else { f64::NEG_INFINITY };
    let drawn: Vec<Drawn> = lines.iter().map(|line| draw_points(line.series, start, MAX_DRAWN)).collect();
    let unit = chart.unit.to_owned();
    let time_unit = chart.time_unit.to_owned();
    let mut plot =
        plain_plot(style::ink(ui), chart.name, chart.height, chart.time_unit, chart.unit).label_formatter(move |at| {
            match at {
                HoverPosition::NearDataPoint { plot_name, position, .. } => Some(format!(
                    "{plot_name}: {} {unit}\nat {} {time_unit}",
                    format::number(position.y),
                    format::number(position.x)
                )),
                HoverPosition::Elsewhere { .. } => None,
            }
        });
    for &value in chart.include {
        plot = plot.include_y(value);
    }
    if is_time && span != Span::All {
        plot = plot.include_x(start.max(0.0) * scale).include_x(newest * scale);
    }
    let response = plot.show(ui, |plot| {
        for (line, points) in lines.iter().zip(&drawn) {
            let times: Vec<f64> = points.time.iter().map(|t| t * scale).collect();
            let at = |values: &[f64]| values.iter().map(|v| v + line.offset).collect::<Vec<_>>();
            if points.min.iter().zip(&points.max).any(|(a, b)| b > a) {
                plot.add(
                    FilledArea::new(line.name, &times, &at(&points.min), &at(&points.max))
                        .fill_color(line.colour.gamma_multiply(0.28))
                        .allow_hover(false)
                        .id((line.name, "band")),
                );
            }
            let path: PlotPoints<'_> = times.iter().zip(at(&points.mean)).map(|(&t, v)| [t, v]).collect();
            plot.line(Line::new(line.name, path).color(line.colour).width(1.6));
        }
    });
    response.response.accessible_name(format!("chart: {}", chart.name));
    let stored = lines.iter().map(|l| l.series.values_per_point()).max().unwrap_or(1);
    let shown = lines
        .iter()
        .map(|l| l.series.points().filter(|p| p.time_ms >= start).count().div_ceil(MAX_DRAWN).max(1))
        .max()
        .unwrap_or(1);
    let merged = u64::from(stored) * shown as u64;
    if merged > 1 {
        style::footnote(
            ui,
            format!("each point: mean of {} values; band: their least and greatest", format::count(merged)),
        );
    }
}

/// A plot that stands still: no zooming or dragging (the panel scrolls), thin grid, small numbers.
pub(super) fn plain_plot<'a>(ink: &Ink, name: &str, height: f32, x_label: &str, y_label: &str) -> Plot<'a> {
    let small = FontId::proportional(style::SMALL);
    let label = |text: &str| RichText::new(text).size(style::SMALL).color(ink.weak);
    let x = AxisHints::new_x()
        .label(label(x_label))
        .tick_label_font(small.clone())
        .tick_label_color(ink.weak)
        .min_thickness(12.0)
        .formatter(|mark, _| axis_number(mark.value, mark.step_size))
        .label_spacing(egui::Rangef::new(24.0, 32.0));
    let y = AxisHints::new_y()
        .label(label(y_label))
        .tick_label_font(small)
        .tick_label_color(ink.weak)
        .min_thickness(34.0)
        .label_spacing(egui::Rangef::new(11.0, 13.0))
        .formatter(|mark, _| axis_number(mark.value, mark.step_size));
    Plot::new(name.to_owned())
        .height(height)
        .custom_x_axes(vec![x])
        .custom_y_axes(vec![y])
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .x_grid_spacer(|input| marks(input.bounds, 6.0))
        .y_grid_spacer(|input| marks(input.bounds, 4.0))
        .set_margin_fraction(egui::vec2(0.0, 0.08))
        .show_background(false)
        .show_crosshair(false)
        .grid_spacing(egui::Rangef::new(14.0, 160.0))
        .grid_color(ink.hairline)
        .min_size(egui::vec2(40.0, 40.0))
        .sense(egui::Sense::hover())
}

/// About `wanted` marks over a range, at multiples of 1, 2 or 5 times a power of ten.
pub(super) fn marks((from, to): (f64, f64), wanted: f64) -> Vec<GridMark> {
    let range = to - from;
    if !range.is_finite() || range <= 0.0 {
        return Vec::new();
    }
    let rough = range / wanted;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|&s| s >= rough).unwrap_or(rough);
    let (first, last) = ((from / step).ceil(), (to / step).floor());
    // Rounding at huge offsets must not make this endless.
    (0..=((last - first).clamp(0.0, 50.0) as u32))
        .map(|i| GridMark { value: (first + f64::from(i)) * step, step_size: step })
        .collect()
}

/// A number on an axis, with as many digits as the step between ticks needs and letters for thousands.
pub(super) fn axis_number(value: f64, step: f64) -> String {
    let (value, step, letter) = match value.abs() {
        size if size >= 1e6 => (value / 1e6, step / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, step / 1e3, "k"),
        _ => (value, step, ""),
    };
    let decimals = if step > 0.0 { (-step.log10()).ceil().clamp(0.0, 6.0) as usize } else { 0 };
    format!("{value:.decimals$}{letter}")
}

/// Swatch, name and newest value of every line: a legend that can be read from afar.
fn legend(ui: &mut Ui, chart: &TimeChart<'_>, lines: &[ChartLine<'_>]) {
    let unit = chart.unit;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for line in lines {
            let value = line.series.last().map_or_else(|| "-".to_owned(), |v| format::number(v + line.offset));
            // One piece per line, so that a name never parts from its value.
            let mut text = LayoutJob::default();
            let font = FontId::proportional(13.0);
            let swatch = TextFormat { background: line.colour, ..TextFormat::simple(font.clone(), line.colour) };
            text.append("   ", 0.0, swatch);
            text.append(line.name, 5.0, TextFormat::simple(font.clone(), style::ink(ui).weak));
            text.append(&format!(" {value} {unit}"), 0.0, TextFormat::simple(font, style::ink(ui).strong));
            ui.add(egui::Label::new(text).extend());
            ui.add_space(6.0);
        }
        export::save_button(ui, chart.name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_for_the_screen_keeps_extremes_and_the_newest_time() {
        let mut series = Series::new(4096);
        for i in 0..3000 {
            series.push(f64::from(i), if i == 1234 { 50.0 } else { 1.0 });
        }
        let drawn = draw_points(&series, f64::NEG_INFINITY, 300);
        assert!(drawn.time.len() <= 300);
        assert_eq!(drawn.max.iter().copied().fold(0.0, f64::max), 50.0);
        assert_eq!(drawn.time.last(), Some(&2999.0));
        let recent = draw_points(&series, Span::Second.start_ms(2999.0), 300);
        assert!(recent.time[0] >= 1999.0 && recent.max.iter().all(|&v| v == 1.0));
        assert_eq!(draw_points(&Series::new(8), 0.0, 300), Drawn::default());
    }

    #[test]
    fn marks_stand_at_round_numbers_and_never_get_out_of_hand() {
        let values = |range| marks(range, 5.0).into_iter().map(|m| m.value).collect::<Vec<_>>();
        assert_eq!(values((35.0, 45.0)), [36.0, 38.0, 40.0, 42.0, 44.0]);
        assert_eq!(values((0.0, 100.0)), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert!(values((1.0, 1.0)).is_empty() && values((f64::NAN, 1.0)).is_empty());
        assert!(values((1e300, 1.001e300)).len() <= 51);
    }

    #[test]
    fn axis_numbers_have_the_digits_their_step_needs() {
        assert_eq!(axis_number(0.25, 0.05), "0.25");
        assert_eq!(axis_number(20.0, 10.0), "20");
        assert_eq!(axis_number(1_500_000.0, 500_000.0), "1.5M");
        assert_eq!(axis_number(25_000.0, 5_000.0), "25k");
    }
}
