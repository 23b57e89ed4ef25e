//! Buttons with a drawn sign before their text. Signs are shapes, not characters: no font has to have them.

use egui::{Color32, CornerRadius, Rect, Response, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::action;

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Play,
    Pause,
    Step,
    Back,
    Reset,
    Right,
    Wrong,
}

/// Height of the buttons, points.
const HEIGHT: f32 = 26.0;
/// Side of the sign, points.
const SIDE: f32 = 11.0;

/// A button with a sign and a text; `fill` makes it stand out.
pub(super) fn button(ui: &mut Ui, sign: Sign, text: &str, fill: Option<Color32>) -> Response {
    let font = TextStyle::Button.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER);
    let padding = ui.spacing().button_padding.x;
    let size = vec2(padding * 2.0 + SIDE + 6.0 + galley.size().x, HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), text));
    let visuals = *ui.style().interact(&response);
    let painter = ui.painter();
    let back = match fill {
        Some(fill) if response.hovered() => fill.gamma_multiply(1.3),
        Some(fill) => fill,
        None => visuals.weak_bg_fill,
    };
    painter.rect_filled(rect, visuals.corner_radius, back);
    if response.has_focus() {
        painter.rect_stroke(rect, visuals.corner_radius, ui.visuals().selection.stroke, egui::StrokeKind::Inside);
    }
    let place = Rect::from_center_size(pos2(rect.left() + padding + SIDE / 2.0, rect.center().y), vec2(SIDE, SIDE));
    painter.extend(shapes(sign, place, visuals.text_color()));
    let at = pos2(place.right() + 6.0, rect.center().y - galley.size().y / 2.0);
    painter.galley(at, galley, visuals.text_color());
    response
}

/// A small button with a sign alone, called `name`; `id`: the action that its tooltip is made from. True when clicked.
pub(super) fn small(ui: &mut Ui, sign: Sign, name: &str, id: &str) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(HEIGHT, ui.spacing().interact_size.y), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), name));
    let visuals = *ui.style().interact(&response);
    ui.painter().rect_filled(rect, visuals.corner_radius, visuals.weak_bg_fill);
    if response.has_focus() {
        let stroke = ui.visuals().selection.stroke;
        ui.painter().rect_stroke(rect, visuals.corner_radius, stroke, egui::StrokeKind::Inside);
    }
    let colour = if ui.is_enabled() { visuals.text_color() } else { visuals.text_color().gamma_multiply(0.4) };
    ui.painter().extend(shapes(sign, Rect::from_center_size(rect.center(), vec2(SIDE, SIDE)), colour));
    response.on_hover_text(action::tooltip(id)).clicked()
}

/// A sign alone, as tall as the text around it.
pub(super) fn mark(ui: &mut Ui, sign: Sign, colour: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(SIDE + 2.0, SIDE + 2.0), Sense::hover());
    ui.painter().extend(shapes(sign, rect.shrink(1.0), colour));
}

fn shapes(sign: Sign, rect: Rect, colour: Color32) -> Vec<Shape> {
    let triangle = |from: f32, to: f32| {
        let x = |share: f32| rect.left() + rect.width() * share;
        let points = vec![pos2(x(from), rect.top()), pos2(x(to), rect.center().y), pos2(x(from), rect.bottom())];
        Shape::convex_polygon(points, colour, Stroke::NONE)
    };
    let bar = |from: f32, to: f32| {
        let min = pos2(rect.left() + rect.width() * from, rect.top());
        let max = pos2(rect.left() + rect.width() * to, rect.bottom());
        Shape::rect_filled(Rect::from_min_max(min, max), CornerRadius::same(1), colour)
    };
    let at = |x: f32, y: f32| rect.min + vec2(rect.width() * x, rect.height() * y);
    let stroke = Stroke::new(2.0, colour);
    match sign {
        Sign::Play => vec![triangle(0.1, 1.0)],
        Sign::Pause => vec![bar(0.12, 0.40), bar(0.60, 0.88)],
        Sign::Step => vec![triangle(0.0, 0.7), bar(0.76, 0.98)],
        Sign::Back => vec![triangle(1.0, 0.3), bar(0.02, 0.24)],
        Sign::Reset => vec![triangle(1.0, 0.3), bar(0.02, 0.24)],
        Sign::Right => vec![Shape::line(vec![at(0.05, 0.55), at(0.38, 0.9), at(0.95, 0.12)], stroke)],
        Sign::Wrong => {
            vec![
                Shape::line_segment([at(0.1, 0.1), at(0.9, 0.9)], stroke),
                Shape::line_segment([at(0.9, 0.1), at(0.1, 0.9)], stroke),
            ]
        }
    }
}
