//! The weights of a projection as a histogram, with the pruning threshold drawn through it.

use egui::{Color32, RichText, Ui};
use egui_plot::{Bar, BarChart, HoverPosition, LineStyle, VLine};

use crate::engine::HISTOGRAM_BINS;
use crate::session::telemetry::ProjectionTelemetry;

use super::{chart, export, format, style};

/// Shows one projection's histogram. `logarithmic` counts keep rare weights visible.
pub(super) fn show(
    ui: &mut Ui,
    projection: &ProjectionTelemetry,
    colour: Color32,
    logarithmic: &mut bool,
    height: f32,
) {
    let Some(now) = &projection.now else {
        style::footnote(ui, "the weights of this projection cannot change");
        return;
    };
    let ink = style::ink(ui);
    let weight_max = f64::from(projection.weight_max).max(f64::MIN_POSITIVE);
    let threshold = f64::from(now.threshold) * weight_max;
    ui.horizontal_wrapped(|ui| {
        style::swatch(ui, colour);
        ui.label(RichText::new(&projection.name).color(style::ink(ui).weak));
        let share = percent(now.remaining, now.total);
        ui.label(
            RichText::new(format!("{} left ({share})", format::short_count(now.remaining)))
                .color(style::ink(ui).strong),
        );
        ui.checkbox(logarithmic, "log").accessible_name(format!("logarithmic counts of {}", projection.name));
        export::save_button(ui, &format!("weights of {}", projection.name));
    });
    let height_of =
        |count: u32| if *logarithmic { f64::from(count).ln_1p() / std::f64::consts::LN_10 } else { f64::from(count) };
    let bin = weight_max / HISTOGRAM_BINS as f64;
    let bars: Vec<Bar> = now
        .histogram
        .iter()
        .enumerate()
        .map(|(i, &count)| {
            let centre = (i as f64 + 0.5) * bin;
            let below = centre < threshold;
            let fill = if below { style::ink(ui).bad.gamma_multiply(0.75) } else { colour.gamma_multiply(0.85) };
            Bar::new(centre, height_of(count)).width(bin * 0.94).fill(fill).stroke(egui::Stroke::NONE)
        })
        .collect();
    let counts = now.histogram;
    let y_label = if *logarithmic { "synapses (log)" } else { "synapses" };
    let log = *logarithmic;
    let mut plot = chart::plain_plot(ink, &format!("weights of {}", projection.name), height, "weight", y_label)
        .include_x(0.0)
        .include_x(weight_max)
        .include_y(0.0)
        .label_formatter(move |at| match at {
            HoverPosition::Elsewhere { position } => {
                let index = ((position.x / bin).max(0.0) as usize).min(HISTOGRAM_BINS - 1);
                let (from, to) = (index as f64 * bin, (index + 1) as f64 * bin);
                Some(format!(
                    "{} synapses\nweight {} to {}",
                    format::count(u64::from(counts[index])),
                    format::number(from),
                    format::number(to)
                ))
            }
            HoverPosition::NearDataPoint { .. } => None,
        });
    if log {
        plot = plot.y_axis_formatter(|mark, _| {
            if mark.value.fract() == 0.0 {
                chart::axis_number(10_f64.powf(mark.value) - 1.0, 1.0)
            } else {
                String::new()
            }
        });
    }
    let response = plot.show(ui, |plot| {
        plot.bar_chart(BarChart::new("weights", bars).allow_hover(false));
        if threshold > 0.0 {
            plot.vline(
                VLine::new("threshold", threshold)
                    .color(ink.warning)
                    .width(1.6)
                    .style(LineStyle::dashed_loose())
                    .allow_hover(false),
            );
        }
    });
    response.response.accessible_name(format!("chart: weights of {}", projection.name));
    if threshold > 0.0 {
        style::footnote(
            ui,
            format!(
                "dashed: the next period prunes below {} ({} of the largest weight)",
                format::number(threshold),
                format::number(f64::from(now.threshold))
            ),
        );
    }
}

/// `12.3 %` of a whole; a dash where the whole is nothing.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / whole as f64) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn shares() {
        assert_eq!(super::percent(1, 8), "12.5 %");
        assert_eq!(super::percent(0, 0), "-");
    }
}
