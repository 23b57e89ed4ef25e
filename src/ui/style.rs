//! How the overlay looks: colours, type sizes and the few pieces (panel frame, section heading, swatch) that every
//! panel is made of. Takes an egui context and sets its style once.

use egui::{Align2, Color32, CornerRadius, FontFamily, FontId, Frame, Margin, RichText, Stroke, TextStyle, Ui, vec2};

/// The colours of one theme. Every text is at least 4.5:1 on a panel over the darkest and the brightest picture.
#[derive(Debug)]
pub(super) struct Ink {
    /// Text that carries the message.
    pub(super) text: Color32,
    /// Units, captions, axis numbers.
    pub(super) weak: Color32,
    /// Numbers that matter most, headings under the pointer.
    pub(super) strong: Color32,
    /// The one accent: what is selected, running or can be dragged.
    pub(super) accent: Color32,
    /// Something the viewer should know.
    pub(super) warning: Color32,
    /// A right answer (bluish green of the Okabe-Ito palette).
    pub(super) good: Color32,
    /// A wrong answer (vermillion of the Okabe-Ito palette).
    pub(super) bad: Color32,
    /// Behind what is chosen.
    pub(super) chosen: Color32,
    /// Behind panels: the picture shows through a little, the text stays readable.
    pub(super) panel: Color32,
    /// Behind cards and captions over the picture.
    pub(super) card: Color32,
    /// Behind windows and menus.
    pub(super) window: Color32,
    /// Hairlines between things, and grids of charts.
    pub(super) hairline: Color32,
    /// Where there is no synapse (any more): a neutral that is no colour of the map.
    pub(super) absent: Color32,
    /// Buttons and the like: white on dark, black on light, more of it under the pointer.
    wash: u8,
    is_dark: bool,
}

const fn clear(r: u8, g: u8, b: u8, a: u8) -> Color32 {
    Color32::from_rgba_unmultiplied_const(r, g, b, a)
}

/// For the dark stage.
const DARK: Ink = Ink {
    text: Color32::from_rgb(226, 231, 240),
    weak: Color32::from_rgb(150, 161, 180),
    strong: Color32::from_rgb(250, 252, 255),
    accent: Color32::from_rgb(86, 180, 233),
    warning: Color32::from_rgb(240, 196, 80),
    good: Color32::from_rgb(60, 200, 150),
    bad: Color32::from_rgb(240, 120, 60),
    chosen: Color32::from_rgb(24, 74, 108),
    panel: clear(13, 16, 23, 224),
    card: clear(13, 16, 23, 184),
    window: clear(16, 20, 28, 246),
    hairline: clear(255, 255, 255, 24),
    absent: Color32::from_rgb(38, 40, 46),
    wash: 255,
    is_dark: true,
};

/// For the light one.
const LIGHT: Ink = Ink {
    text: Color32::from_rgb(34, 39, 48),
    weak: Color32::from_rgb(84, 93, 108),
    strong: Color32::from_rgb(6, 9, 14),
    accent: Color32::from_rgb(0, 100, 160),
    warning: Color32::from_rgb(140, 92, 0),
    good: Color32::from_rgb(0, 112, 80),
    bad: Color32::from_rgb(178, 66, 0),
    chosen: Color32::from_rgb(176, 214, 240),
    panel: clear(248, 249, 251, 236),
    card: clear(250, 251, 253, 212),
    window: clear(252, 253, 255, 250),
    hairline: clear(0, 0, 0, 34),
    absent: Color32::from_rgb(214, 217, 222),
    wash: 0,
    is_dark: false,
};

/// The colours for a stage that is light, or dark.
pub(super) const fn ink_for(is_light: bool) -> &'static Ink {
    if is_light { &LIGHT } else { &DARK }
}

/// The colours of the theme that `ui` is in.
pub(super) fn ink(ui: &Ui) -> &'static Ink {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// The colours on a light stage, or on a dark one: for what is drawn without panels.
pub(super) const fn ink_on(is_light: bool) -> &'static Ink {
    if is_light { &LIGHT } else { &DARK }
}

impl Ink {
    /// A population's colour. sRGB, 0 to 1 in; lightened or darkened where it could not be read as a line on a panel.
    pub(super) fn series(&self, srgb: [f32; 3]) -> Color32 {
        let [r, g, b] = srgb.map(|c| if c.is_finite() { c.clamp(0.0, 1.0) } else { 1.0 });
        let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let (toward, share) = if self.is_dark {
            (1.0, ((0.34 - luminance) / 0.66).clamp(0.0, 0.5))
        } else {
            (0.0, ((luminance - 0.42) / 0.9).clamp(0.0, 0.6))
        };
        let channel = |c: f32| ((c + (toward - c) * share) * 255.0).round() as u8;
        Color32::from_rgb(channel(r), channel(g), channel(b))
    }

    fn wash(&self, alpha: u8) -> Color32 {
        clear(self.wash, self.wash, self.wash, alpha)
    }
}

/// The big readouts: simulated time, accuracy.
pub(super) const READOUT: f32 = 19.0;
/// Axis numbers and footnotes.
pub(super) const SMALL: f32 = 11.0;

/// Sets the style of both themes. Cheap to call again.
pub(super) fn install(context: &egui::Context) {
    for (theme, ink) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        context.style_mut_of(theme, |style| apply(style, ink));
    }
}

fn apply(style: &mut egui::Style, ink: &Ink) {
    {
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
        visuals.panel_fill = ink.panel;
        visuals.window_fill = ink.window;
        visuals.window_stroke = Stroke::new(1.0, ink.hairline);
        visuals.window_corner_radius = CornerRadius::same(10);
        visuals.menu_corner_radius = CornerRadius::same(8);
        visuals.extreme_bg_color = if ink.is_dark { clear(0, 0, 0, 130) } else { clear(255, 255, 255, 200) };
        visuals.faint_bg_color = ink.wash(9);
        visuals.weak_text_color = Some(ink.weak);
        visuals.warn_fg_color = ink.warning;
        visuals.selection.bg_fill = ink.chosen;
        visuals.selection.stroke = Stroke::new(1.0, ink.strong);
        visuals.slider_trailing_fill = true;
        visuals.handle_shape = egui::style::HandleShape::Circle;
        visuals.indent_has_left_vline = false;
        let radius = CornerRadius::same(6);
        let widgets = &mut visuals.widgets;
        for (state, fill, text) in [
            (&mut widgets.noninteractive, 0, ink.text),
            (&mut widgets.inactive, 20, ink.text),
            (&mut widgets.hovered, 40, ink.strong),
            (&mut widgets.active, 60, ink.strong),
            (&mut widgets.open, 40, ink.strong),
        ] {
            state.corner_radius = radius;
            state.weak_bg_fill = ink.wash(fill);
            state.bg_fill = ink.wash(fill.max(28));
            state.fg_stroke = Stroke::new(1.2, text);
            state.bg_stroke = Stroke::NONE;
            state.expansion = 0.0;
        }
        widgets.noninteractive.bg_stroke = Stroke::new(1.0, ink.hairline);
    }
}

/// The frame of a docked panel.
pub(super) fn panel(ui: &Ui) -> Frame {
    let ink = ink(ui);
    Frame::new().fill(ink.panel).stroke(Stroke::new(1.0, ink.hairline)).inner_margin(Margin::symmetric(10, 8))
}

/// The frame of a small card floating over the picture.
pub(super) fn card(ui: &Ui) -> Frame {
    Frame::new().fill(ink(ui).card).corner_radius(CornerRadius::same(8)).inner_margin(Margin::symmetric(10, 7))
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
        let response = egui::CollapsingHeader::new(RichText::new(self.title).size(14.0).color(ink(ui).strong))
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
            let galley = ui.painter().layout_no_wrap(summary.to_owned(), font.clone(), ink(ui).weak);
            if taken + galley.size().x < right {
                let at = egui::pos2(right, heading.center().y);
                ui.painter().text(at, Align2::RIGHT_CENTER, summary, font, ink(ui).weak);
            }
        }
    }
}

/// A small filled square of a series' colour.
pub(super) fn swatch(ui: &mut Ui, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 10.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(2), colour);
}

/// A weak footnote, wrapped.
pub(super) fn footnote(ui: &mut Ui, text: impl Into<String>) {
    ui.add(egui::Label::new(RichText::new(text).size(SMALL).color(ink(ui).weak)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn population_colours_become_readable_and_readable_ones_stay() {
        let dark = DARK.series([0.0, 0.0, 0.4]);
        assert!(dark.r() > 60 && dark.b() > dark.r());
        assert_eq!(DARK.series([1.0, 1.0, 0.0]), Color32::from_rgb(255, 255, 0));
        assert_eq!(DARK.series([f32::NAN, 1.0, 1.0]), Color32::from_rgb(255, 255, 255));
        assert_eq!(LIGHT.series([0.0, 0.0, 0.4]), Color32::from_rgb(0, 0, 102));
    }

    fn luminance(colour: Color32) -> f32 {
        let linear = |c: u8| (f32::from(c) / 255.0).powf(2.2);
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    }

    /// What shows where `over` lies on `under`.
    fn laid(over: Color32, under: u8) -> Color32 {
        let rest = 255 - u16::from(over.a());
        let channel = |c: u8| (u16::from(c) + u16::from(under) * rest / 255).min(255) as u8;
        Color32::from_rgb(channel(over.r()), channel(over.g()), channel(over.b()))
    }

    #[test]
    fn text_can_be_read_on_panels_over_any_picture_of_its_theme() {
        for (ink, unders) in [(&DARK, [0, 40]), (&LIGHT, [200, 255])] {
            for under in unders {
                let back = luminance(laid(ink.panel, under));
                for text in [ink.text, ink.weak, ink.strong, ink.accent, ink.warning, ink.good, ink.bad] {
                    let (high, low) = (luminance(text).max(back), luminance(text).min(back));
                    let contrast = (high + 0.05) / (low + 0.05);
                    assert!(contrast >= 4.5, "{text:?} has {contrast:.1} on {under} of {}", ink.is_dark);
                }
            }
        }
    }
}
