//! Selecting in charts: what a drag over a chart enclosed, and how that combines with the selection, as on the picture.

use egui::{Rect, Response, Ui};

use crate::session::How;

use super::style;

/// What a finished drag went over, within `frame`; shows the drag while it lasts. `is_across`: over its whole width.
pub(super) fn dragged_over(ui: &Ui, brush: &Response, frame: Rect, is_across: bool) -> Option<Rect> {
    let kept = brush.id.with("dragged over");
    let ends = brush.interact_pointer_pos().zip(ui.input(|input| input.pointer.press_origin()));
    if let (true, Some((to, from))) = (brush.dragged(), ends) {
        let mut over = Rect::from_two_pos(from, to).intersect(frame);
        if is_across {
            over = Rect::from_x_y_ranges(frame.x_range(), over.y_range());
        }
        ui.painter_at(frame).rect_filled(over, 0.0, style::ink(ui).hairline);
        ui.data_mut(|data| data.insert_temp(kept, Some(over)));
    }
    brush.drag_stopped().then(|| ui.data_mut(|data| data.remove_temp::<Option<Rect>>(kept))).flatten().flatten()
}

/// Shift adds to the selection, Ctrl removes from it, both keep what is common.
pub(super) fn how_held(ui: &Ui) -> How {
    match ui.input(|input| (input.modifiers.shift, input.modifiers.command)) {
        (true, true) => How::Keep,
        (true, false) => How::Add,
        (false, true) => How::Remove,
        (false, false) => How::Replace,
    }
}
