//! The line that a drag draws while the box or the lasso is in hand. In: pointer positions. Out: the region that it
//! encloses, and the line as it stands on the picture.

use egui::{Color32, Pos2, Shape, Stroke, pos2};

use crate::render::Region;
use crate::ui::Tool;

/// A lasso gets another point when the pointer has gone this far, pixels.
const STEP_PX: f32 = 3.0;
/// Points of a lasso at most; beyond, only its end moves.
const POINTS_MAX: usize = 4096;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Lasso {
    tool: Tool,
    points: Vec<[f32; 2]>,
}

impl Lasso {
    /// A line that begins here.
    pub(super) fn new(tool: Tool, from: [f32; 2]) -> Self {
        Self { tool, points: vec![from, from] }
    }

    /// The pointer has moved.
    pub(super) fn go_to(&mut self, at: [f32; 2]) {
        let is_box = self.tool == Tool::Box;
        let [.., before, end] = &mut self.points[..] else { return };
        *end = at;
        let far = (at[0] - before[0]).hypot(at[1] - before[1]) >= STEP_PX;
        if !is_box && far && self.points.len() < POINTS_MAX {
            self.points.push(at);
        }
    }

    /// What it encloses.
    pub(super) fn region(&self) -> Region {
        match (self.tool, self.points.first(), self.points.last()) {
            (Tool::Box, Some(&from), Some(&to)) => Region::rectangle(from, to),
            _ => Region::polygon(&self.points),
        }
    }

    /// Draws it over the picture; `pixels_per_point` is egui's.
    pub(super) fn show(&self, ui: &egui::Ui, pixels_per_point: f32) {
        let at = |&[x, y]: &[f32; 2]| pos2(x, y) / pixels_per_point;
        let (dark, light) = (Color32::from_black_alpha(190), Color32::from_rgb(255, 255, 255));
        let mut line: Vec<Pos2> = match (self.tool, self.points.first(), self.points.last()) {
            (Tool::Box, Some(&[ax, ay]), Some(&[bx, by])) => {
                [[ax, ay], [bx, ay], [bx, by], [ax, by]].iter().map(at).collect()
            }
            _ => self.points.iter().map(at).collect(),
        };
        line.extend(line.first().copied());
        let painter = ui.ctx().layer_painter(egui::LayerId::background());
        // Light dashes on a dark line: seen on every stage and on every network.
        painter.add(Shape::line(line.clone(), Stroke::new(3.0, dark)));
        painter.extend(Shape::dashed_line(&line, Stroke::new(1.5, light), 6.0, 4.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::Vec2;

    #[test]
    fn a_box_is_its_diagonal_and_a_lasso_its_whole_way() {
        let way = [[10.0, 10.0], [110.0, 10.0], [110.0, 110.0], [60.0, 20.0]];
        let mut drawn = [Lasso::new(Tool::Box, way[0]), Lasso::new(Tool::Lasso, way[0])];
        for lasso in &mut drawn {
            way.iter().for_each(|&at| lasso.go_to(at));
        }
        let [a_box, a_lasso] = drawn.map(|lasso| lasso.region());
        assert!(a_box.contains(Vec2::new(20.0, 15.0)) && !a_box.contains(Vec2::new(100.0, 50.0)));
        assert!(a_lasso.contains(Vec2::new(100.0, 50.0)) && !a_lasso.contains(Vec2::new(20.0, 19.0)));
    }

    #[test]
    fn an_endless_lasso_stays_bounded() {
        let mut lasso = Lasso::new(Tool::Lasso, [0.0; 2]);
        for k in 0..20_000 {
            lasso.go_to([k as f32 * 5.0, 0.0]);
        }
        assert_eq!((lasso.points.len(), lasso.points[POINTS_MAX - 1]), (POINTS_MAX, [99_995.0, 0.0]));
    }
}
