//! The scale bar: in goes how many points one scene unit takes at the focus, out comes a bar of a round length that says
//! what it measures and where it holds.

use egui::{Align2, FontId, Rect, Stroke, Ui, pos2, vec2};

use crate::ui::style::Ink;

/// Lengths that the bar may have, points: the longest round one is taken.
const LONGEST: f32 = 180.0;

/// What the bar is drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruler {
    /// Points per scene unit at the depth of the focus, across the view.
    pub points_per_unit: f32,
    /// From the eye to the focus, scene units.
    pub focus_depth: f32,
}

/// The longest of 1, 2 or 5 times a power of ten that is no longer than the bar may be: length in scene units.
#[must_use]
pub fn round_length(points_per_unit: f32) -> Option<f64> {
    let most = f64::from(LONGEST) / f64::from(points_per_unit);
    if !most.is_finite() || most <= 0.0 {
        return None;
    }
    let power = 10.0_f64.powi(most.log10().floor() as i32);
    // Rounding of the logarithm may be off by one step.
    [10.0, 5.0, 2.0, 1.0, 0.5].into_iter().map(|step| step * power).find(|length| *length <= most * (1.0 + 1e-9))
}

/// `0.05`, `2`, `500`: as short as it is exact.
fn number(length: f64) -> String {
    if length >= 1.0 {
        format!("{length:.0}")
    } else {
        let digits = (-length.log10()).ceil().max(0.0) as usize;
        format!("{length:.digits$}")
    }
}

impl Ruler {
    /// What the bar says: its length, and where that holds.
    #[must_use]
    pub fn text(&self) -> Option<(f64, String)> {
        let length = round_length(self.points_per_unit)?;
        let unit = if length == 1.0 { "unit" } else { "units" };
        Some((length, format!("{} scene {unit}", number(length))))
    }
}

/// Draws the bar in the lower right corner of `free`; returns what it took.
pub(super) fn show(ui: &Ui, ruler: &Ruler, free: Rect, ink: &Ink) -> Option<Rect> {
    let (length, text) = ruler.text()?;
    let points = (length * f64::from(ruler.points_per_unit)) as f32;
    let size = vec2(LONGEST.max(points) + 24.0, 46.0);
    let place = Rect::from_min_max(free.max - size, free.max);
    if !free.contains_rect(place) {
        return None;
    }
    let painter = ui.painter();
    let (right, y) = (place.right() - 12.0, place.bottom() - 22.0);
    let left = right - points;
    let plate = Rect::from_min_max(pos2((right - points).min(right - 130.0) - 12.0, place.top()), place.max);
    painter.rect_filled(plate, 6.0, ink.card);
    let line = [pos2(left, y - 5.0), pos2(left, y), pos2(right, y), pos2(right, y - 5.0)];
    painter.line(line.to_vec(), Stroke::new(1.6, ink.strong));
    painter.text(pos2(right, y - 7.0), Align2::RIGHT_BOTTOM, &text, FontId::proportional(12.0), ink.strong);
    let where_true = "true at the middle of view";
    painter.text(pos2(right, y + 4.0), Align2::RIGHT_TOP, where_true, FontId::proportional(11.0), ink.weak);
    let name = format!("scale bar: {text}, {where_true}");
    let response = ui.interact(plate, ui.scope_id().with("scale bar"), egui::Sense::hover());
    response.accessible_name(name);
    Some(plate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_round_and_as_long_as_they_may_be() {
        for k in -60..60 {
            let points_per_unit = 10.0_f32.powf(k as f32 / 13.0);
            let length = round_length(points_per_unit).expect("a length");
            let points = length * f64::from(points_per_unit);
            assert!(
                points <= f64::from(LONGEST) * 1.001 && points > f64::from(LONGEST) / 2.51,
                "{points_per_unit}: {points}"
            );
            let digit = length / 10.0_f64.powf(length.log10().floor());
            assert!([1.0, 2.0, 5.0, 10.0].iter().any(|d| (digit - d).abs() < 1e-6), "{length}");
        }
        assert_eq!(round_length(0.0), None);
        assert_eq!(round_length(f32::NAN), None);
    }

    #[test]
    fn it_says_what_it_measures() {
        let text = |points_per_unit| Ruler { points_per_unit, focus_depth: 5.0 }.text().map(|(_, text)| text);
        assert_eq!(text(180.0).as_deref(), Some("1 scene unit"));
        assert_eq!(text(12.0).as_deref(), Some("10 scene units"));
        assert_eq!(text(3000.0).as_deref(), Some("0.05 scene units"));
    }
}
