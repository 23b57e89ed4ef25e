//! How the overlay looks: colours, type sizes and the few pieces (panel frame, section heading, swatch) that every
//! panel is made of. Takes an egui context and sets its style once.

use egui::{Align2, Color32, CornerRadius, FontFamily, FontId, Frame, Margin, RichText, Stroke, TextStyle, Ui, vec2};

/// Text that carries the message.
pub(super) const TEXT: Color32 = Color32::from_rgb(226, 231, 240);
/// Units, captions, axis numbers. 7:1 on a panel over black.
pub(super) const TEXT_WEAK: Color32 = Color32::from_rgb(150, 161, 180);
/// Numbers that matter most, headings under the pointer.
pub(super) const TEXT_STRONG: Color32 = Color32::from_rgb(250, 252, 255);
/// The one accent: what is selected, running or can be dragged.
pub(super) const ACCENT: Color32 = Color32::from_rgb(86, 180, 233);
/// Something the viewer should know.
pub(super) const WARNING: Color32 = Color32::from_rgb(240, 196, 80);
/// A right answer (bluish green of the Okabe-Ito palette).
pub(super) const GOOD: Color32 = Color32::from_rgb(60, 200, 150);
/// A wrong answer (vermillion of the Okabe-Ito palette).
pub(super) const BAD: Color32 = Color32::from_rgb(240, 120, 60);

/// Opacity of panels: the picture stays visible behind them, the text stays readable.
const PANEL_FILL: [u8; 4] = [13, 16, 23, 216];
/// Hairlines between things.
const HAIRLINE: [u8; 4] = [255, 255, 255, 20];

/// The big readouts: simulated time, accuracy.
pub(super) const READOUT: f32 = 19.0;
/// Axis numbers and footnotes.
pub(super) const SMALL: f32 = 11.0;

/// Sets the style of every panel. Cheap to call again.
pub(super) fn install(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    context.global_style_mut(|style| {
        style.text_styles = [
            (TextStyle::Heading, FontId::new(15.0, FontFamily::Proportional)),
            (TextStyle::Body, FontId::new(13.0, FontFamily::Proportional)),
            (TextStyle::Button, FontId::new(13.0, FontFamily::Proportional)),
            (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
            (TextStyle::Small, FontId::new(SMALL, FontFamily::Proportional)),
        ]
        .into();
        style.interaction.selectable_labels = false;
        style.spacing.item_spacing = vec2(7.0, 5.0);
        style.spacing.button_padding = vec2(9.0, 4.0);
        style.spacing.interact_size.y = 22.0;
        style.spacing.slider_rail_height = 4.0;
        style.spacing.scroll = egui::style::ScrollStyle::thin();
        let visuals = &mut style.visuals;
        visuals.panel_fill = panel_fill();
        visuals.window_fill = Color32::from_rgba_unmultiplied(16, 20, 28, 244);
        visuals.window_stroke = hairline();
        visuals.window_corner_radius = CornerRadius::same(10);
        visuals.menu_corner_radius = CornerRadius::same(8);
        visuals.extreme_bg_color = Color32::from_rgba_unmultiplied(0, 0, 0, 130);
        visuals.faint_bg_color = Color32::from_rgba_unmultiplied(255, 255, 255, 8);
        visuals.weak_text_color = Some(TEXT_WEAK);
        visuals.warn_fg_color = WARNING;
        visuals.selection.bg_fill = Color32::from_rgb(24, 74, 108);
        visuals.selection.stroke = Stroke::new(1.0, TEXT_STRONG);
        visuals.slider_trailing_fill = true;
        visuals.handle_shape = egui::style::HandleShape::Circle;
        visuals.indent_has_left_vline = false;
        let radius = CornerRadius::same(6);
        let widgets = &mut visuals.widgets;
        for (state, fill, text) in [
            (&mut widgets.noninteractive, 0, TEXT),
            (&mut widgets.inactive, 20, TEXT),
            (&mut widgets.hovered, 40, TEXT_STRONG),
            (&mut widgets.active, 60, TEXT_STRONG),
            (&mut widgets.open, 40, TEXT_STRONG),
        ] {
            state.corner_radius = radius;
            state.weak_bg_fill = Color32::from_rgba_unmultiplied(255, 255, 255, fill);
            state.bg_fill = Color32::from_rgba_unmultiplied(255, 255, 255, fill.max(24));
            state.fg_stroke = Stroke::new(1.2, text);
            state.bg_stroke = Stroke::NONE;
            state.expansion = 0.0;
        }
        widgets.noninteractive.bg_stroke = hairline();
    });
}

fn panel_fill() -> Color32 {
    let [r, g, b, a] = PANEL_FILL;
    Color32::from_rgba_unmultiplied(r, g, b, a)
}

/// The line around panels and between sections.
pub(super) fn hairline() -> Stroke {
    let [r, g, b, a] = HAIRLINE;
    Stroke::new(1.0, Color32::from_rgba_unmultiplied(r, g, b, a))
}

/// The frame of a docked panel.
pub(super) fn panel() -> Frame {
    Frame::new().fill(panel_fill()).stroke(hairline()).inner_margin(Margin::symmetric(10, 8))
}

/// The frame of a small card floating over the picture.
pub(super) fn card() -> Frame {
    Frame::new()
        .fill(Color32::from_rgba_unmultiplied(13, 16, 23, 176))
        .corner_radius(CornerRadius::same(8))
        .inner_margin(Margin::symmetric(10, 7))
}

/// A section that opens and closes on a click on its heading.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Sections of the same title but another id open anew.
    pub(super) id: u32,
    /// At first.
    pub(super) open: bool,
}

impl Section {
    pub(super) const fn open(title: &'static str) -> Self {
        Self { title, id: 0, open: true }
    }

    /// Shows it; `summary` stands at the right end of the heading.
    pub(super) fn show(&self, ui: &mut Ui, summary: &str, body: impl FnOnce(&mut Ui)) {
        let response = egui::CollapsingHeader::new(RichText::new(self.title).size(14.0).color(TEXT_STRONG))
            .id_salt((self.title, self.id))
            .default_open(self.open)
            .show_unindented(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                body(ui);
                ui.add_space(6.0);
            });
        if !summary.is_empty() {
            let heading = response.header_response.rect;
            let right = ui.max_rect().right();
            let taken = heading.left() + 26.0 + self.title.chars().count() as f32 * 8.0;
            let font = FontId::proportional(13.0);
            let galley = ui.painter().layout_no_wrap(summary.to_owned(), font.clone(), TEXT_WEAK);
            if taken + galley.size().x < right {
                let at = egui::pos2(right, heading.center().y);
                ui.painter().text(at, Align2::RIGHT_CENTER, summary, font, TEXT_WEAK);
            }
        }
    }
}

/// A population's colour. sRGB, 0 to 1 in; lightened where it would not be readable as a line on a dark panel.
pub(super) fn series_colour(srgb: [f32; 3]) -> Color32 {
    let [r, g, b] = srgb.map(|c| if c.is_finite() { c.clamp(0.0, 1.0) } else { 1.0 });
    let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    let lift = ((0.34 - luminance) / 0.66).clamp(0.0, 0.5);
    let channel = |c: f32| ((c + (1.0 - c) * lift) * 255.0).round() as u8;
    Color32::from_rgb(channel(r), channel(g), channel(b))
}

/// A small filled square of a series' colour.
pub(super) fn swatch(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(2), colour);
}

/// A weak footnote, wrapped.
pub(super) fn footnote(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(RichText::new(text).size(SMALL).color(TEXT_WEAK)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dark_population_colours_become_readable_and_bright_ones_stay() {
        let dark = series_colour([0.0, 0.0, 0.4]);
        assert!(dark.r() > 60 && dark.b() > dark.r());
        assert_eq!(series_colour([1.0, 1.0, 0.0]), Color32::from_rgb(255, 255, 0));
        assert_eq!(series_colour([f32::NAN, 1.0, 1.0]), Color32::from_rgb(255, 255, 255));
    }
}
