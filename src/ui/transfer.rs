//! The transfer function of a channel: which variable, over which range, on which map, along which curve. The curve is
//! edited on the spread of the values: points are dragged, or moved with the arrow keys.

use egui::{
    Color32, DragValue, EventFilter, Key, Mesh, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::session::view::{Channel, ChannelSlot, MapName, Transfer, Variable};

use super::controls::chooser;
use super::{ColourScale, ValueHistogram, format, style};

/// Height of the curve's field, points.
const FIELD: f32 = 84.0;
/// Height of the colours under it, points.
const STRIP: f32 = 10.0;
/// Radius of a point, points; what is hit is a little larger.
const POINT: f32 = 5.0;
/// An arrow key moves a point by this.
const NUDGE: f32 = 0.02;
/// Points of a curve at most; more could not be told apart.
const POINTS_MOST: usize = 12;

/// What the viewer needs to know beside the channel itself.
pub(super) struct Known<'a> {
    pub(super) slot: ChannelSlot,
    pub(super) histogram: Option<&'a ValueHistogram>,
    pub(super) scale: Option<&'a ColourScale>,
}

/// Shows and edits a channel.
pub(super) fn show(ui: &mut Ui, channel: &mut Channel, known: &Known<'_>) {
    let name = format!("{} by", known.slot.label());
    let label = |variable: Variable| match (known.slot, variable) {
        (ChannelSlot::Size | ChannelSlot::Height, Variable::Population) => "nothing",
        _ => variable.label(),
    };
    chooser(ui, &name, label(channel.by), |ui| {
        for variable in Variable::ALL {
            if ui.selectable_label(channel.by == variable, label(variable)).clicked() && channel.by != variable {
                *channel = Channel::of(variable);
            }
        }
    });
    if channel.by == Variable::Population {
        return;
    }
    if known.slot == ChannelSlot::Colour {
        chooser(ui, "colours", channel.transfer.map.label(), |ui| {
            for map in MapName::ALL {
                ui.selectable_value(&mut channel.transfer.map, map, map.label());
            }
        });
    }
    if channel.by.is_categorical() {
        return;
    }
    range(ui, &mut channel.transfer, known);
    field(ui, &mut channel.transfer, known);
    ui.horizontal_wrapped(|ui| {
        let points = &mut channel.transfer.points;
        if ui.add_enabled(points.len() < POINTS_MOST, egui::Button::new("Add a point")).clicked() {
            add_in_widest_gap(points);
        }
        if ui.add_enabled(!points.is_empty(), egui::Button::new("Straight line")).clicked() {
            points.clear();
        }
    });
}

/// The variable's own range, or another.
fn range(ui: &mut Ui, transfer: &mut Transfer, known: &Known<'_>) {
    let own = known.histogram.map_or([0.0, 1.0], |histogram| histogram.range);
    ui.horizontal_wrapped(|ui| {
        let mut is_own = transfer.range.is_none();
        let of = known.slot.label();
        if ui.checkbox(&mut is_own, "own range").accessible_name(format!("own range of {of}")).changed() {
            transfer.range = (!is_own).then_some(own);
        }
        if let Some([low, high]) = &mut transfer.range {
            let speed = f64::from((*high - *low).abs().max(1e-3)) / 200.0;
            for (name, value) in [("from", low), ("to", high)] {
                ui.label(RichText::new(name).color(style::ink(ui).weak));
                let drag = DragValue::new(value).speed(speed).max_decimals(3);
                ui.add(drag).accessible_name(format!("range of {of} {name}"));
            }
        }
    });
}

/// The ends of a straight line, where the curve has no points of its own.
const STRAIGHT: [[f32; 2]; 2] = [[0.0, 0.0], [1.0, 1.0]];

fn field(ui: &mut Ui, transfer: &mut Transfer, known: &Known<'_>) {
    let size = vec2(ui.available_width(), FIELD + STRIP + 4.0);
    let (outer, background) = ui.allocate_exact_size(size, Sense::click());
    let rect = Rect::from_min_size(outer.min, vec2(outer.width(), FIELD)).shrink2(vec2(POINT + 1.0, POINT));
    let place = |[x, y]: [f32; 2]| pos2(rect.left() + x * rect.width(), rect.bottom() - y * rect.height());
    let slot = known.slot.label();
    let about = known.histogram.map_or_else(String::new, |histogram| {
        let [low, high] = histogram.range.map(|value| format::number(f64::from(value)));
        let neurons: u64 = histogram.bins.iter().map(|&bin| u64::from(bin)).sum();
        format!(" over {} values from {low} to {high}", format::count(neurons))
    });
    background.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, format!("curve of {slot}{about}")));
    let ink = style::ink(ui);
    let painter = ui.painter_at(outer);
    painter.rect_filled(outer, 4.0, ui.visuals().extreme_bg_color);
    if let Some(histogram) = known.histogram {
        painter.add(bars(rect, &histogram.bins, ink.weak.gamma_multiply(0.45)));
    }
    if let Some(scale) = known.scale {
        painter.add(colours(
            Rect::from_min_max(pos2(rect.left(), outer.bottom() - STRIP), pos2(rect.right(), outer.bottom())),
            scale,
        ));
    }
    if background.double_clicked()
        && transfer.points.len() < POINTS_MOST
        && let Some(at) = background.interact_pointer_pos()
    {
        add(&mut transfer.points, share(rect, at));
    }
    let curve = (0..=64).map(|i| i as f32 / 64.0).map(|x| place([x, transfer.curve(x)])).collect();
    painter.add(Shape::line(curve, Stroke::new(1.6, ink.accent)));
    points(ui, transfer, rect, slot);
    if background.has_focus() {
        ui.painter().rect_stroke(outer, 4.0, ui.visuals().selection.stroke, egui::StrokeKind::Inside);
    }
    if let Some(histogram) = known.histogram.filter(|histogram| histogram.without > 0) {
        style::footnote(ui, format!("{} neurons have no value", format::count(histogram.without)));
    }
}

/// The points of the curve, each to be dragged or moved with the arrow keys; Delete takes one away.
fn points(ui: &mut Ui, transfer: &mut Transfer, rect: Rect, slot: &str) {
    let mut points = if transfer.points.is_empty() { STRAIGHT.to_vec() } else { transfer.points.clone() };
    let (mut changed, mut gone) = (false, None);
    for index in 0..points.len() {
        let [x, y] = points[index];
        let at = pos2(rect.left() + x * rect.width(), rect.bottom() - y * rect.height());
        let id = ui.scope_id().with(("curve point", slot, index));
        let response = ui.interact(Rect::from_center_size(at, vec2(4.0, 4.0) * POINT), id, Sense::click_and_drag());
        response.widget_info(|| {
            let name = format!("point {} of {slot}: {x:.2} becomes {y:.2}", index + 1);
            WidgetInfo::slider(true, f64::from(y), name)
        });
        let mut wanted = [x, y];
        if response.dragged()
            && let Some(pointer) = response.interact_pointer_pos()
        {
            wanted = share(rect, pointer);
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
            let steps = |plus, minus| {
                ui.input(|input| input.num_presses(plus) as f32 - input.num_presses(minus) as f32) * NUDGE
            };
            wanted[0] += steps(Key::ArrowRight, Key::ArrowLeft);
            wanted[1] += steps(Key::ArrowUp, Key::ArrowDown);
            if ui.input(|input| input.key_pressed(Key::Delete)) && points.len() > 1 {
                gone = Some(index);
            }
        }
        if wanted != [x, y] {
            points[index] = held(&points, index, wanted);
            changed = true;
        }
        let ink = style::ink(ui);
        let fill =
            if response.has_focus() || response.hovered() || response.dragged() { ink.strong } else { ink.accent };
        ui.painter().circle(at, POINT, fill, Stroke::new(1.0, ink.window));
        if response.has_focus() {
            ui.painter().circle_stroke(at, POINT + 3.0, Stroke::new(1.5, ink.strong));
        }
    }
    if let Some(index) = gone {
        points.remove(index);
        changed = true;
    }
    if changed {
        transfer.points = points;
    }
}

/// Where a pointer is, as shares of the field.
fn share(rect: Rect, at: Pos2) -> [f32; 2] {
    let x = (at.x - rect.left()) / rect.width().max(1.0);
    let y = (rect.bottom() - at.y) / rect.height().max(1.0);
    [x.clamp(0.0, 1.0), y.clamp(0.0, 1.0)]
}

/// A point's new place, between its neighbours.
fn held(points: &[[f32; 2]], index: usize, [x, y]: [f32; 2]) -> [f32; 2] {
    let low = if index == 0 { 0.0 } else { points[index - 1][0] };
    let high = points.get(index + 1).map_or(1.0, |next| next[0]);
    [x.clamp(low, high.max(low)), y.clamp(0.0, 1.0)]
}

/// Adds a point where it keeps the others in order. A straight line gets its ends first.
fn add(points: &mut Vec<[f32; 2]>, point: [f32; 2]) {
    if points.is_empty() {
        points.extend(STRAIGHT);
    }
    let index = points.partition_point(|&[x, _]| x <= point[0]);
    points.insert(index, point);
}

/// Adds a point on the line, in the middle of the widest gap.
fn add_in_widest_gap(points: &mut Vec<[f32; 2]>) {
    if points.is_empty() {
        points.extend(STRAIGHT);
    }
    let gap = |pair: &[[f32; 2]]| pair[1][0] - pair[0][0];
    let widest = points.windows(2).max_by(|a, b| gap(a).total_cmp(&gap(b)));
    let middle = widest.map_or([0.5, 0.5], |pair| [0, 1].map(|axis| (pair[0][axis] + pair[1][axis]) / 2.0));
    add(points, middle);
}

fn bars(rect: Rect, bins: &[u32], colour: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    // Counts of neurons spread over decades; a logarithm keeps the rare ones in sight.
    let height = |count: u32| f32::ln_1p(count as f32);
    let most = bins.iter().map(|&bin| height(bin)).fold(1e-6, f32::max);
    let width = rect.width() / bins.len().max(1) as f32;
    for (index, &bin) in bins.iter().enumerate() {
        let left = rect.left() + index as f32 * width;
        let top = rect.bottom() - rect.height() * height(bin) / most;
        mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(left + width, rect.bottom())), colour);
    }
    mesh
}

/// The colours of a scale from left to right.
pub(super) fn colours(rect: Rect, scale: &ColourScale) -> Mesh {
    let mut mesh = Mesh::default();
    let last = scale.colours.len().saturating_sub(1).max(1);
    for (i, colour) in scale.colours.iter().enumerate() {
        let [r, g, b] = colour.map(|c| (c.clamp(0.0, 1.0) * 255.0).round() as u8);
        let x = rect.left() + rect.width() * i as f32 / last as f32;
        mesh.colored_vertex(pos2(x, rect.top()), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, rect.bottom()), Color32::from_rgb(r, g, b));
        if i > 0 {
            let k = 2 * i as u32;
            mesh.add_triangle(k - 2, k - 1, k);
            mesh.add_triangle(k - 1, k, k + 1);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_between_their_neighbours() {
        let points = [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]];
        assert_eq!(held(&points, 1, [2.0, -1.0]), [1.0, 0.0]);
        assert_eq!(held(&points, 0, [0.7, 0.2]), [0.5, 0.2]);
        assert_eq!(held(&points, 2, [0.1, 0.9]), [0.5, 0.9]);
    }

    #[test]
    fn added_points_keep_the_order_and_the_line() {
        let mut points = Vec::new();
        add_in_widest_gap(&mut points);
        assert_eq!(points, [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]);
        add(&mut points, [0.2, 0.9]);
        assert!(points.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
        add_in_widest_gap(&mut points);
        assert_eq!(points.len(), 5);
        assert_eq!(points[3], [0.75, 0.75]);
    }
}
