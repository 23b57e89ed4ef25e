//! The receptive fields of the output neurons side by side, each with the class it stands for. A click on one picks its
//! neuron, a drag over several selects them, and what is selected elsewhere is framed here.

use std::sync::Arc;

use egui::{Align2, Color32, FontId, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::session::{Command, How, Select, Telemetry};

use super::brush::{dragged_over, how_held};
use super::colour_map::{ValueTexture, field_image, show_version};
use super::{FieldGrid, style};

/// Shows the grid across the available width.
pub(super) fn show(
    ui: &mut Ui,
    grid: &FieldGrid,
    assigned: &[Option<u8>],
    telemetry: &Telemetry,
    texture: &mut ValueTexture,
    out: &mut Vec<Command>,
) {
    let picked = telemetry.picked.as_ref().map(|picked| picked.neuron);
    let absent = style::ink(ui).absent;
    let image = || field_image(grid.size, &grid.values, absent);
    // The theme shows in it too.
    let version = grid.version.wrapping_mul(2) + u64::from(ui.visuals().dark_mode);
    let id = show_version(texture, version, ui.ctx(), "receptive fields", image);
    let size = vec2(grid.size[0].max(1) as f32, grid.size[1].max(1) as f32);
    let scale = (ui.available_width() / size.x).min(360.0 / size.y);
    let image =
        egui::Image::new((id, size * scale)).fit_to_exact_size(size * scale).sense(egui::Sense::click_and_drag());
    let response = ui.add(image.alt_text(format!("receptive fields of {} neurons", grid.count)));
    let origin = response.rect.min;
    let step = vec2(grid.tile[0] as f32 + 1.0, grid.tile[1] as f32 + 1.0) * scale;
    let columns = grid.columns.max(1);
    let tile = |index: u32| {
        let corner = pos2((index % columns) as f32 * step.x, (index / columns) as f32 * step.y);
        Rect::from_min_size(origin + corner.to_vec2(), step + vec2(scale, scale))
    };
    let font = FontId::proportional((step.y * 0.42).clamp(8.0, 15.0));
    for index in 0..grid.count {
        let place = tile(index);
        if step.y >= 14.0
            && let Some(Some(class)) = assigned.get((index * grid.stride) as usize)
        {
            let at = place.right_bottom() - vec2(2.0 + scale, scale);
            let text = class.to_string();
            ui.painter().text(at + vec2(1.0, 1.0), Align2::RIGHT_BOTTOM, &text, font.clone(), Color32::BLACK);
            ui.painter().text(at, Align2::RIGHT_BOTTOM, &text, font.clone(), style::ink(ui).strong);
        }
        let neuron = grid.first + index * grid.stride;
        if telemetry.is_selected(neuron) {
            let inner = place.shrink(1.0);
            ui.painter().rect_stroke(inner, 1.0, Stroke::new(2.0, style::ink(ui).accent), StrokeKind::Inside);
        }
        if picked == Some(neuron) {
            ui.painter().rect_stroke(place, 2.0, Stroke::new(1.5, style::ink(ui).strong), StrokeKind::Inside);
        }
    }
    let area = Rect::from_min_size(origin, response.rect.size());
    if response.clicked()
        && let Some(at) = response.interact_pointer_pos()
        && let Some(index) = (0..grid.count).find(|&index| tile(index).contains(at))
    {
        let neuron = grid.first + index * grid.stride;
        out.push(match how_held(ui) {
            How::Replace => Command::Pick(Some(neuron)),
            how => Command::Select(Select::Neurons { ids: [neuron].into(), how }),
        });
    }
    if let Some(dragged) = dragged_over(ui, &response, area, false) {
        let is_touched = |index: &u32| tile(*index).shrink(1.0).intersects(dragged);
        let ids: Arc<[u32]> =
            (0..grid.count).filter(is_touched).map(|index| grid.first + index * grid.stride).collect();
        if !ids.is_empty() {
            out.push(Command::Select(Select::Neurons { ids, how: how_held(ui) }));
        }
    }
    let mut text = "each scaled to its strongest weight; number: the class it answers to; drag to select".to_owned();
    if grid.stride > 1 {
        text.push_str(&format!("; one neuron in {} shown", grid.stride));
    }
    style::footnote(ui, text);
}
