//! How fast everything goes: simulated against wall time, frames, and every kernel's share.

use egui::{Align2, CornerRadius, FontId, Rect, RichText, Ui, pos2, vec2};

use crate::session::Telemetry;

use super::{FrameStats, format, style};

/// Shows the timings.
pub(super) fn show(ui: &mut Ui, telemetry: &Telemetry, frame: &FrameStats) {
    egui::Grid::new("timings").num_columns(2).spacing(vec2(12.0, 3.0)).show(ui, |ui| {
        let mut row = |name: &str, value: String| {
            ui.label(RichText::new(name).color(style::ink(ui).weak));
            ui.label(RichText::new(value).color(style::ink(ui).strong));
            ui.end_row();
        };
        row(
            "simulated",
            format!(
                "{} ({} steps of {} ms)",
                format::time(telemetry.time_ms()),
                format::count(telemetry.step),
                format::number(telemetry.dt_ms)
            ),
        );
        row("real-time factor", real_time(telemetry.real_time_factor));
        row("frames", format!("{:.0} per second, {:.1} ms each", frame.fps, frame.frame_ms));
        row("drawing", format!("{:.1} ms per frame", frame.draw_ms));
        row("simulates on", format!("{} engine, seed {}", telemetry.engine, telemetry.seed));
        row("draws on", telemetry.adapter.clone());
    });
    if telemetry.kernels.is_empty() {
        return;
    }
    ui.add_space(3.0);
    ui.label(RichText::new("ms per step").color(style::ink(ui).weak));
    let longest = telemetry.kernels.iter().map(|k| k.ms_per_step).fold(f64::MIN_POSITIVE, f64::max);
    for kernel in &telemetry.kernels {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 15.0), egui::Sense::hover());
        let value = format::number(kernel.ms_per_step);
        response.accessible_name(format!("{}: {value} ms per step", kernel.kernel));
        let font = FontId::proportional(12.0);
        let painter = ui.painter();
        painter.text(rect.left_center(), Align2::LEFT_CENTER, kernel.kernel, font.clone(), style::ink(ui).text);
        painter.text(
            pos2(rect.left() + 150.0, rect.center().y),
            Align2::RIGHT_CENTER,
            value,
            font,
            style::ink(ui).strong,
        );
        let room = (rect.width() - 160.0).max(0.0);
        let length = room * (kernel.ms_per_step / longest).clamp(0.0, 1.0) as f32;
        let bar = Rect::from_min_size(pos2(rect.left() + 158.0, rect.top() + 4.0), vec2(length.max(1.0), 7.0));
        painter.rect_filled(bar, CornerRadius::same(2), style::ink(ui).accent.gamma_multiply(0.8));
    }
}

/// Wall time per simulated time, in words that cannot be read the wrong way round.
pub(super) fn real_time(factor: f64) -> String {
    if factor <= 0.0 || !factor.is_finite() {
        "held still".to_owned()
    } else if factor <= 1.0 {
        format!("{} x faster than real time", format::number(1.0 / factor))
    } else {
        format!("{} x slower than real time", format::number(factor))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_real_time_factor_says_which_way_round_it_is() {
        assert_eq!(super::real_time(0.5), "2.00 x faster than real time");
        assert_eq!(super::real_time(4.0), "4.00 x slower than real time");
        assert_eq!(super::real_time(0.0), "held still");
    }
}
