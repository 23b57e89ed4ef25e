//! What stands over the picture itself: the legend of everything that means something in it, the notices, captions and
//! progress.

use egui::{Align2, Area, Color32, Id, Order, Rect, RichText, Shape, Stroke, Ui, pos2, vec2};

use crate::session::ViewSettings;
use crate::session::view::{ChannelSlot, Variable};

use super::{ColourScale, FormKey, LineKey, LineStyle, OverlayInput, format, style, transfer};

/// Shows legend and notices in the lower left of `free`, caption and progress at its top. `crowd`: said of things that
/// found no room in the picture. Returns what it took.
pub(super) fn show(
    ui: &Ui,
    input: &OverlayInput<'_>,
    settings: &ViewSettings,
    free: Rect,
    crowd: Option<&str>,
) -> Vec<Rect> {
    let free = free.shrink(10.0);
    if free.width() < 120.0 || free.height() < 60.0 {
        return Vec::new();
    }
    let area = floating("legend and notices", Align2::LEFT_BOTTOM, free.left_bottom()).constrain_to(free);
    let legend = area.show(ui.ctx(), |ui| {
        ui.set_max_width(free.width().min(460.0));
        style::card(ui).show(ui, |ui| legend(ui, input, settings));
        notices(ui, input, crowd);
    });
    let mut taken = vec![legend.response.rect];
    let progress = input.telemetry.progress.as_ref();
    if input.caption.is_none() && progress.is_none() && !input.window.is_flying {
        return taken;
    }
    let area = floating("caption", Align2::CENTER_TOP, free.center_top()).constrain_to(free);
    let caption = area.show(ui.ctx(), |ui| {
        ui.set_max_width(free.width().min(640.0));
        ui.with_layout(egui::Layout::top_down(egui::Align::Center), |ui| {
            if let Some((what, share)) = progress {
                plate(ui, what, 14.0);
                let bar = egui::ProgressBar::new(share.clamp(0.0, 1.0)).desired_width(260.0).show_percentage();
                ui.add(bar).accessible_name(format!("progress: {what}"));
            }
            if let Some(caption) = input.caption {
                plate(ui, caption, 18.0);
            }
            if input.window.is_flying {
                plate(ui, "free flight: W A S D, Q E, mouse; V or Esc to leave", 13.0);
            }
        });
    });
    taken.push(caption.response.rect);
    taken
}

/// Centred text on a plate that is no wider than the text.
fn plate(ui: &mut Ui, text: &str, size: f32) {
    let wrap = ui.available_width() - 24.0;
    let galley = ui.painter().layout(text.to_owned(), egui::FontId::proportional(size), style::ink(ui).strong, wrap);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(22.0, 12.0), egui::Sense::hover());
    response.accessible_name(text);
    ui.painter().rect_filled(rect, 8.0, style::ink(ui).card);
    ui.painter().galley(rect.min + vec2(11.0, 6.0), galley, style::ink(ui).strong);
}

fn floating(name: &str, pivot: Align2, at: egui::Pos2) -> Area {
    Area::new(Id::unique(name))
        .order(Order::Middle)
        .interactable(false)
        .pivot(pivot)
        .fixed_pos(at)
        .accessible_name(name)
}

/// What colours, sizes, heights and lines mean, as far as they mean something.
fn legend(ui: &mut Ui, input: &OverlayInput<'_>, settings: &ViewSettings) {
    ui.spacing_mut().item_spacing = vec2(6.0, 3.0);
    colours(ui, input, settings);
    for key in input.forms {
        form(ui, key);
    }
    if !input.lines.is_empty() {
        ui.add_space(2.0);
        // Two to a row: the picture needs the height more than the width.
        for pair in input.lines.chunks(2) {
            ui.horizontal(|ui| {
                for key in pair {
                    line(ui, key);
                    ui.add_space(4.0);
                }
            });
        }
    }
}

fn colours(ui: &mut Ui, input: &OverlayInput<'_>, settings: &ViewSettings) {
    if settings.colour.by == Variable::Population {
        for population in &input.telemetry.populations {
            ui.horizontal(|ui| {
                style::swatch(ui, style::ink(ui).series(population.colour));
                ui.label(&population.name);
                let size = format::short_count(u64::from(population.size));
                ui.label(RichText::new(size).color(style::ink(ui).weak));
            });
        }
        return;
    }
    ui.label(RichText::new(format!("colour: {}", settings.colour.by.label())).color(style::ink(ui).text));
    if let Some(scale) = input.scale {
        gradient(ui, scale, 220.0);
        style::footnote(ui, &scale.text);
    }
}

fn gradient(ui: &mut Ui, scale: &ColourScale, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 10.0), egui::Sense::hover());
    ui.painter().add(transfer::colours(rect, scale));
    response.accessible_name(format!("colour scale: {}", scale.text));
}

/// Sizes as growing discs, heights as rising columns, and what they say.
fn form(ui: &mut Ui, key: &FormKey) {
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(vec2(40.0, 14.0), egui::Sense::hover());
        let (ink, painter) = (style::ink(ui), ui.painter());
        for k in 0..4 {
            let x = rect.left() + 4.0 + 10.5 * k as f32;
            let share = (k + 1) as f32 / 4.0;
            if key.slot == ChannelSlot::Height {
                let top = rect.bottom() - share * rect.height();
                painter.line_segment([pos2(x, rect.bottom()), pos2(x, top)], Stroke::new(1.0, ink.weak));
                painter.circle_filled(pos2(x, top + 2.0), 2.0, ink.text);
            } else {
                painter.circle_filled(pos2(x, rect.center().y), 1.2 + 4.6 * share, ink.text);
            }
        }
        response.accessible_name(key.text.as_str());
        style::footnote(ui, key.text.as_str());
    });
}

/// A short piece of a line as it is drawn, and what it says.
fn line(ui: &mut Ui, key: &LineKey) {
    let (rect, response) = ui.allocate_exact_size(vec2(26.0, 12.0), egui::Sense::hover());
    response.accessible_name(key.text.as_str());
    let ink = style::ink(ui);
    let colour = key.colour.map_or(ink.text, |colour| ink.series(colour));
    let (y, painter) = (rect.center().y, ui.painter());
    let ends = [pos2(rect.left(), y), pos2(rect.right(), y)];
    let stroke = Stroke::new(1.6, colour);
    match key.pattern {
        LineStyle::Solid => {
            painter.line_segment(ends, stroke);
        }
        LineStyle::Rising => {
            for k in 0..8 {
                let x = |k: usize| rect.left() + rect.width() * k as f32 / 8.0;
                let shine = colour.gamma_multiply(0.2 + 0.8 * (k as f32 / 7.0).powi(2));
                painter.line_segment([pos2(x(k), y), pos2(x(k + 1), y)], Stroke::new(1.6, shine));
            }
        }
        LineStyle::Dashed => {
            painter.extend(Shape::dashed_line(&ends, stroke, 6.0, 4.0));
        }
        LineStyle::Dotted => {
            painter.extend(Shape::dotted_line(&ends, colour, 4.0, 1.2));
        }
        LineStyle::Pulse => {
            painter.line_segment(ends, Stroke::new(1.0, colour.gamma_multiply(0.35)));
            painter.circle_filled(pos2(rect.left() + 0.65 * rect.width(), y), 2.6, colour);
        }
    }
    ui.label(RichText::new(&key.text).size(style::SMALL).color(ink.weak));
}

fn notices(ui: &mut Ui, input: &OverlayInput<'_>, crowd: Option<&str>) {
    // What went wrong or was just done stands out; what a picture always leaves out only has to be there.
    let ink = style::ink(ui);
    let loud = input.telemetry.notices.iter().chain(input.news).map(|text| (text.as_str(), ink.warning));
    let calm = input.notices.iter().map(String::as_str).chain(crowd).map(|text| (text, ink.weak));
    let all: Vec<(&str, Color32)> = loud.chain(calm).collect();
    if all.is_empty() {
        return;
    }
    ui.add_space(2.0);
    // One thin plate keeps the words readable over a bright picture, and takes little of it.
    egui::Frame::new().fill(style::ink(ui).card).corner_radius(5).inner_margin(egui::Margin::symmetric(7, 4)).show(
        ui,
        |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            for (notice, colour) in all {
                let text = RichText::new(notice).size(11.5).color(colour);
                ui.add(egui::Label::new(text).wrap());
            }
        },
    );
}
