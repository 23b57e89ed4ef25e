//! What stands over the picture itself: the legend of the present colouring, the notices, captions and progress.

use egui::{Align2, Area, Color32, Id, Mesh, Order, Rect, RichText, Ui, pos2, vec2};

use crate::session::view::ColourBy;
use crate::session::{Telemetry, ViewSettings};

use super::colour_map::viridis;
use super::{OverlayInput, format, style};

/// Shows legend and notices in the lower left of `free`, caption and progress at its top.
pub(super) fn show(ui: &Ui, input: &OverlayInput<'_>, settings: &ViewSettings, free: Rect) {
    let free = free.shrink(10.0);
    if free.width() < 120.0 || free.height() < 60.0 {
        return;
    }
    floating("legend and notices", Align2::LEFT_BOTTOM, free.left_bottom()).constrain_to(free).show(ui.ctx(), |ui| {
        ui.set_max_width(free.width().min(460.0));
        style::card().show(ui, |ui| legend(ui, input.telemetry, settings));
        notices(ui, input);
    });
    let progress = input.telemetry.progress.as_ref();
    if input.caption.is_none() && progress.is_none() && !input.is_flying {
        return;
    }
    floating("caption", Align2::CENTER_TOP, free.center_top()).constrain_to(free).show(ui.ctx(), |ui| {
        ui.set_max_width(free.width().min(640.0));
        ui.vertical_centered(|ui| {
            if let Some((what, share)) = progress {
                style::card().show(ui, |ui| {
                    ui.label(RichText::new(what).color(style::TEXT));
                    let bar = egui::ProgressBar::new(share.clamp(0.0, 1.0)).desired_width(260.0).show_percentage();
                    ui.add(bar).accessible_name(format!("progress: {what}"));
                });
            }
            if let Some(caption) = input.caption {
                style::card().show(ui, |ui| {
                    ui.add(egui::Label::new(RichText::new(caption).size(18.0).color(style::TEXT_STRONG)).wrap());
                });
            }
            if input.is_flying {
                style::card().show(ui, |ui| {
                    ui.label(RichText::new("free flight: W A S D, Q E, mouse; V or Esc to leave").color(style::TEXT));
                });
            }
        });
    });
}

fn floating(name: &str, pivot: Align2, at: egui::Pos2) -> Area {
    Area::new(Id::unique(name))
        .order(Order::Middle)
        .interactable(false)
        .pivot(pivot)
        .fixed_pos(at)
        .accessible_name(name)
}

fn legend(ui: &mut Ui, telemetry: &Telemetry, settings: &ViewSettings) {
    ui.spacing_mut().item_spacing = vec2(6.0, 3.0);
    if settings.colour_by == ColourBy::Population {
        for population in &telemetry.populations {
            ui.horizontal(|ui| {
                style::swatch(ui, style::series_colour(population.colour));
                ui.label(&population.name);
                let size = format::short_count(u64::from(population.size));
                ui.label(RichText::new(size).color(style::TEXT_WEAK));
            });
        }
        return;
    }
    ui.label(RichText::new(format!("colour: {}", settings.colour_by.label())).color(style::TEXT));
    let (low, high) = scale_ends(settings.colour_by);
    scale(ui, 200.0);
    ui.horizontal(|ui| {
        ui.set_width(200.0);
        style::footnote(ui, low);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| style::footnote(ui, high));
    });
}

/// The ends of the colour scale, as the renderer draws it.
const fn scale_ends(colour_by: ColourBy) -> (&'static str, &'static str) {
    match colour_by {
        ColourBy::Population => ("", ""),
        ColourBy::Membrane => ("reset", "threshold"),
        ColourBy::Rate => ("0 Hz", "100 Hz"),
        ColourBy::Theta => ("0 mV", "40 mV"),
    }
}

fn scale(ui: &mut Ui, width: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(width, 10.0), egui::Sense::hover());
    let mut mesh = Mesh::default();
    let steps = 32;
    for i in 0..=steps {
        let share = i as f32 / steps as f32;
        let x = rect.left() + share * rect.width();
        mesh.colored_vertex(pos2(x, rect.top()), viridis(share));
        mesh.colored_vertex(pos2(x, rect.bottom()), viridis(share));
        if i > 0 {
            let k = 2 * i as u32;
            mesh.add_triangle(k - 2, k - 1, k);
            mesh.add_triangle(k - 1, k, k + 1);
        }
    }
    ui.painter().add(mesh);
    response.accessible_name("colour scale");
}

fn notices(ui: &mut Ui, input: &OverlayInput<'_>) {
    let all: Vec<&String> = input.telemetry.notices.iter().chain(input.notices).collect();
    if all.is_empty() {
        return;
    }
    ui.add_space(2.0);
    for notice in all {
        let text = RichText::new(notice).size(12.0).color(Color32::from_rgb(214, 204, 170));
        // A thin dark plate keeps the words readable over a bright picture.
        egui::Frame::new()
            .fill(Color32::from_black_alpha(130))
            .corner_radius(4)
            .inner_margin(egui::Margin::symmetric(5, 1))
            .show(ui, |ui| {
                ui.add(egui::Label::new(text).wrap());
            });
    }
}
