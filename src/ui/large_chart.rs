//! One chart for an audience: drawn with few, thick and large things across a given rectangle, and nothing to click. In:
//! telemetry and a name of `model::scene::CHARTS`. Sizes follow the height of the picture.

use egui::{Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};

use crate::analysis::Series;
use crate::session::Telemetry;

use super::chart::{Drawn, Span, draw_points};
use super::colour_map::{ValueTexture, grey_image};
use super::style::Ink;

/// Points per line.
const POINTS: usize = 240;
/// Spikes drawn; a raster on stage is a texture, not a table.
const SPIKES: usize = 6_000;

/// A chart's room: the whole card, text size, and colours.
pub(super) struct Card<'a> {
    pub(super) rect: Rect,
    /// Height of its text, points.
    pub(super) text: f32,
    pub(super) ink: &'a Ink,
}

struct Curve {
    name: String,
    colour: Color32,
    drawn: Drawn,
}

/// Draws the chart of this name.
pub(super) fn show(ui: &Ui, card: &Card<'_>, name: &str, telemetry: &Telemetry, input: &mut ValueTexture) {
    let painter = ui.painter();
    match name {
        "raster" => return raster(painter, card, telemetry),
        "histogram" => return histogram(painter, card, telemetry),
        "input" => return image(ui, card, telemetry, input),
        _ => {}
    }
    let newest_ms = telemetry.time_ms();
    let populations = |series: fn(&crate::session::telemetry::PopulationTelemetry) -> &Series, cells_only: bool| {
        let shown = telemetry.populations.iter().filter(|p| !(cells_only && p.is_source));
        let offset = |p: &crate::session::telemetry::PopulationTelemetry| if cells_only { p.v_rest_mv } else { 0.0 };
        shown
            .map(|p| Curve {
                name: p.name.clone(),
                colour: card.ink.series(p.colour),
                drawn: shifted(draw_points(series(p), Span::TenSeconds.start_ms(newest_ms), POINTS), 1e-3, offset(p)),
            })
            .collect::<Vec<_>>()
    };
    let projections = |series: fn(&crate::session::telemetry::ProjectionTelemetry) -> &Series, pruned_only: bool| {
        let shown = telemetry.projections.iter().filter(|p| p.now.is_some() && (p.is_pruned || !pruned_only));
        let colour = |source: usize| telemetry.populations.get(source).map_or([0.6; 3], |p| p.colour);
        shown
            .map(|p| Curve {
                name: p.name.clone(),
                colour: card.ink.series(colour(p.source)),
                drawn: shifted(draw_points(series(p), f64::NEG_INFINITY, POINTS), 1e-3, 0.0),
            })
            .collect::<Vec<_>>()
    };
    let (title, unit, include, x_unit, curves): (String, &str, &[f64], &str, Vec<Curve>) = match name {
        "accuracy" => {
            let Some(learning) = &telemetry.learning else { return };
            let curve = Curve {
                name: String::new(),
                colour: card.ink.good,
                drawn: draw_points(&learning.accuracy_percent, f64::NEG_INFINITY, POINTS),
            };
            let title = format!("right answers, last {} images", learning.accuracy_window);
            (title, "%", &[0.0, 100.0], "images", vec![curve])
        }
        "membrane" => ("mean membrane value".to_owned(), "mV", &[], "s", populations(|p| &p.membrane_mv, true)),
        "weights" => ("mean weight".to_owned(), "", &[0.0], "s", projections(|p| &p.weight_mean, false)),
        "remaining" => {
            ("synapses remaining".to_owned(), "%", &[0.0, 100.0], "s", projections(|p| &p.remaining_percent, true))
        }
        "threshold" => (
            "pruning threshold, of the largest weight".to_owned(),
            "",
            &[0.0],
            "s",
            projections(|p| &p.threshold, true),
        ),
        _ => ("spikes per second and neuron".to_owned(), "", &[0.0], "s", populations(|p| &p.rate_hz, false)),
    };
    lines(painter, card, (&title, unit, x_unit), include, &curves);
}

fn shifted(mut drawn: Drawn, time_scale: f64, offset: f64) -> Drawn {
    drawn.time.iter_mut().for_each(|t| *t *= time_scale);
    for values in [&mut drawn.min, &mut drawn.max, &mut drawn.mean] {
        values.iter_mut().for_each(|v| *v += offset);
    }
    drawn
}

fn heading(painter: &Painter, card: &Card<'_>, title: &str, value: &str) -> f32 {
    let at = card.rect.min + vec2(card.text, 0.8 * card.text);
    let font = FontId::proportional(card.text);
    let title = painter.text(at, Align2::LEFT_TOP, title, font, card.ink.text);
    let right = pos2(card.rect.right() - card.text, title.center().y);
    painter.text(right, Align2::RIGHT_CENTER, value, FontId::proportional(1.25 * card.text), card.ink.strong);
    title.bottom()
}

fn lines(
    painter: &Painter,
    card: &Card<'_>,
    (title, unit, x_unit): (&str, &str, &str),
    include: &[f64],
    curves: &[Curve],
) {
    let with_unit = |value: f64| format!("{}{}{unit}", number(value), if unit.is_empty() { "" } else { " " });
    let newest = |curve: &Curve| curve.drawn.mean.last().copied();
    let value = if curves.len() == 1 { curves.first().and_then(newest).map(with_unit) } else { None };
    let mut top = heading(painter, card, title, value.as_deref().unwrap_or_default());
    if curves.len() > 1 {
        top = legend(painter, card, top, curves);
    }
    let small = FontId::proportional(0.8 * card.text);
    let plot = Rect::from_min_max(
        pos2(card.rect.left() + 3.6 * card.text, top + 0.9 * card.text),
        pos2(card.rect.right() - 1.2 * card.text, card.rect.bottom() - 2.2 * card.text),
    );
    let all = || curves.iter().flat_map(|curve| curve.drawn.min.iter().chain(&curve.drawn.max).copied());
    let times = || curves.iter().flat_map(|curve| curve.drawn.time.iter().copied());
    let (mut low, mut high) = ends(all().chain(include.iter().copied()));
    let (first, last) = ends(times());
    if !(low.is_finite() && high.is_finite() && first.is_finite()) || plot.height() < card.text {
        painter.text(card.rect.center(), Align2::CENTER_CENTER, "nothing yet", small, card.ink.weak);
        return;
    }
    if high - low < 1e-9 {
        (low, high) = (low - 0.5, high + 0.5);
    }
    let last = last.max(first + 1e-9);
    let x = |time: f64| plot.left() + ((time - first) / (last - first)) as f32 * plot.width();
    let y = |value: f64| plot.bottom() - ((value - low) / (high - low)) as f32 * plot.height();
    for tick in ticks(low, high, 3) {
        let at = y(tick);
        painter.hline(plot.x_range(), at, Stroke::new(1.0, card.ink.hairline));
        let label = pos2(plot.left() - 0.5 * card.text, at);
        painter.text(label, Align2::RIGHT_CENTER, number(tick), small.clone(), card.ink.weak);
    }
    for tick in ticks(first, last, 3) {
        let text = format!("{} {x_unit}", number(tick));
        let half = 0.5 * painter.layout_no_wrap(text.clone(), small.clone(), card.ink.weak).size().x;
        let at = x(tick).clamp(card.rect.left() + half, card.rect.right() - half - 0.4 * card.text);
        painter.text(pos2(at, plot.bottom() + 0.5 * card.text), Align2::CENTER_TOP, text, small.clone(), card.ink.weak);
    }
    for curve in curves {
        let points: Vec<Pos2> =
            curve.drawn.time.iter().zip(&curve.drawn.mean).map(|(&t, &v)| pos2(x(t), y(v))).collect();
        painter.add(Shape::line(points, Stroke::new(0.13 * card.text, curve.colour)));
    }
}

fn legend(painter: &Painter, card: &Card<'_>, top: f32, curves: &[Curve]) -> f32 {
    let font = FontId::proportional(0.8 * card.text);
    let (mut x, mut y) = (card.rect.left() + card.text, top + 0.5 * card.text);
    for curve in curves {
        let galley = painter.layout_no_wrap(curve.name.clone(), font.clone(), card.ink.text);
        let width = galley.size().x + 2.2 * card.text;
        if x + width > card.rect.right() && x > card.rect.left() + 1.5 * card.text {
            (x, y) = (card.rect.left() + card.text, y + 1.2 * card.text);
        }
        let swatch =
            Rect::from_center_size(pos2(x + 0.4 * card.text, y + 0.5 * card.text), vec2(0.8, 0.22) * card.text);
        painter.rect_filled(swatch, CornerRadius::ZERO, curve.colour);
        painter.galley(pos2(x + 1.1 * card.text, y), galley, card.ink.text);
        x += width;
    }
    y + 1.1 * card.text
}

fn raster(painter: &Painter, card: &Card<'_>, telemetry: &Telemetry) {
    /// Simulated time shown, ms.
    const SHOWN_MS: f64 = 500.0;
    let spikes = &telemetry.raster;
    let Some(population) = telemetry.populations.get(spikes.population) else { return };
    let shown = if spikes.stride > 1 { format!(", one neuron in {}", spikes.stride) } else { String::new() };
    let top = heading(painter, card, &format!("spikes: {}{shown}", population.name), "");
    let plot = Rect::from_min_max(
        pos2(card.rect.left() + card.text, top + 0.8 * card.text),
        pos2(card.rect.right() - card.text, card.rect.bottom() - 2.0 * card.text),
    );
    let newest_ms = telemetry.time_ms();
    let colour = card.ink.series(population.colour);
    let dot = vec2(0.16, 0.16) * card.text;
    for spike in spikes.spikes.iter().rev().take(SPIKES) {
        let age_ms = newest_ms - f64::from(spike.step) * telemetry.dt_ms;
        if !(0.0..SHOWN_MS).contains(&age_ms) {
            continue;
        }
        let row = f32::from(
            u16::try_from(spike.neuron.saturating_sub(population.first) * 999 / population.size.max(1)).unwrap_or(999),
        ) / 999.0;
        let at = pos2(plot.right() - (age_ms / SHOWN_MS) as f32 * plot.width(), plot.top() + row * plot.height());
        painter.rect_filled(Rect::from_center_size(at, dot), CornerRadius::ZERO, colour);
    }
    let font = FontId::proportional(0.8 * card.text);
    let below = plot.bottom() + 0.5 * card.text;
    painter.text(
        pos2(plot.left(), below),
        Align2::LEFT_TOP,
        format!("-{} ms", number(SHOWN_MS)),
        font.clone(),
        card.ink.weak,
    );
    painter.text(pos2(plot.right(), below), Align2::RIGHT_TOP, "now", font, card.ink.weak);
}

fn histogram(painter: &Painter, card: &Card<'_>, telemetry: &Telemetry) {
    let Some((projection, now)) = telemetry.projections.iter().find_map(|p| Some((p, p.now.as_ref()?))) else { return };
    let left = format!("{} synapses", super::format::count(now.remaining));
    let top = heading(painter, card, "how strong they are", &left);
    let plot = Rect::from_min_max(
        pos2(card.rect.left() + card.text, top + 0.9 * card.text),
        pos2(card.rect.right() - card.text, card.rect.bottom() - 2.2 * card.text),
    );
    let colour = telemetry.populations.get(projection.source).map_or(card.ink.accent, |p| card.ink.series(p.colour));
    let most = now.histogram.iter().copied().max().unwrap_or(0).max(1);
    let width = plot.width() / now.histogram.len() as f32;
    for (bin, &count) in now.histogram.iter().enumerate() {
        let height = plot.height() * count as f32 / most as f32;
        let left = plot.left() + width * bin as f32;
        let bar = Rect::from_min_max(pos2(left, plot.bottom() - height), pos2(left + 0.84 * width, plot.bottom()));
        painter.rect_filled(bar, CornerRadius::ZERO, colour);
    }
    painter.hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, card.ink.weak));
    let font = FontId::proportional(0.8 * card.text);
    let below = plot.bottom() + 0.5 * card.text;
    painter.text(pos2(plot.left(), below), Align2::LEFT_TOP, "weak", font.clone(), card.ink.weak);
    painter.text(pos2(plot.right(), below), Align2::RIGHT_TOP, "strong", font.clone(), card.ink.weak);
    if projection.is_pruned && now.threshold > 0.0 {
        let at = plot.left() + plot.width() * now.threshold.clamp(0.0, 1.0);
        painter.vline(at, plot.y_range(), Stroke::new(0.12 * card.text, card.ink.warning));
        painter.text(pos2(at, below), Align2::CENTER_TOP, "threshold", font, card.ink.warning);
    }
}

fn image(ui: &Ui, card: &Card<'_>, telemetry: &Telemetry, texture: &mut ValueTexture) {
    let Some(learning) = telemetry.learning.as_ref().filter(|learning| !learning.image.is_empty()) else { return };
    let label = learning.label.map_or_else(String::new, |label| label.to_string());
    let top = heading(ui.painter(), card, "shown now", &label);
    let side = (card.rect.bottom() - top - 1.6 * card.text).min(card.rect.width() - 2.0 * card.text).max(1.0);
    let corner = pos2(card.rect.center().x - 0.5 * side, top + 0.8 * card.text);
    let id = texture.show(ui.ctx(), "presented input", grey_image(learning.image_size, &learning.image));
    let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
    ui.painter().image(id, Rect::from_min_size(corner, vec2(side, side)), whole, Color32::WHITE);
}

fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values
        .filter(|v| v.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// Round numbers between two ends, about so many.
fn ticks(low: f64, high: f64, about: u32) -> Vec<f64> {
    let raw = (high - low) / f64::from(about.max(1));
    if !(raw.is_finite() && raw > 0.0) {
        return Vec::new();
    }
    let power = 10_f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power).into_iter().find(|step| *step >= raw * 0.999).unwrap_or(raw);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last.min(first + 20)).map(|k| k as f64 * step).collect()
}

fn number(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 || v == v.round() => 0,
        v if v >= 1.0 => 1,
        v if v >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text == "-0" { "0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 100.0, 3), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(0.0, 0.31, 3), [0.0, 0.2]);
        assert!(ticks(1.0, 1.0, 3).is_empty() && ticks(f64::NAN, 1.0, 3).is_empty());
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 50.0, 3.25, 0.125, 1234.5, -0.01].map(number), ["0", "50", "3.2", "0.12", "1234", "-0.010"]);
    }
}
