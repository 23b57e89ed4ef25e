//! Keeps the middle of the network in the middle of what panels, captions and cards leave free: the picture fills the
//! whole window, and its lens is shifted and widened, as a view camera's is, so that nothing is bent.

use glam::{Mat4, Vec2, Vec3};

use crate::render::CameraView;

/// How fast the lens follows the panels, 1/s.
const RATE: f32 = 9.0;
/// Closer than this it has arrived.
const CLOSE: f32 = 5e-4;

/// A shift and a widening of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lens {
    /// Middle of the free part, from -1 to 1, y up.
    shift: Vec2,
    /// Size of things, 1 in an empty window.
    scale: f32,
    is_set: bool,
}

impl Default for Lens {
    fn default() -> Self {
        Self { shift: Vec2::ZERO, scale: 1.0, is_set: false }
    }
}

impl Lens {
    /// Moves towards the middle of `free` (left, top, right, bottom as shares of the window); true while it moves. The
    /// first time it is there at once.
    pub(super) fn follow(&mut self, free: [f32; 4], seconds: f32) -> bool {
        let [left, top, right, bottom] = free.map(|share| if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 });
        let width = right - left;
        // Where panels leave next to nothing there is no middle to keep.
        let (shift, scale) = if width < 0.2 || bottom - top < 0.2 {
            (Vec2::ZERO, 1.0)
        } else {
            // Halfway between keeping the size and fitting the free part: networks rarely fill their picture.
            let fitting = width.min(bottom - top);
            (Vec2::new(left + right - 1.0, 1.0 - top - bottom), 0.5 * (1.0 + fitting))
        };
        let part = if self.is_set { 1.0 - (-RATE * seconds.max(0.0)).exp() } else { 1.0 };
        self.is_set = true;
        let before = *self;
        self.shift += (shift - self.shift) * part;
        self.scale += (scale - self.scale) * part;
        if self.shift.distance(shift) < CLOSE && (self.scale - scale).abs() < CLOSE {
            (self.shift, self.scale) = (shift, scale);
        }
        *self != before
    }

    /// The view as this lens shows it.
    pub(super) fn through(&self, view: CameraView) -> CameraView {
        let tan_half = view.tan_half / self.scale;
        let widen = Mat4::from_scale(Vec3::new(self.scale, self.scale, 1.0));
        let mut shear = Mat4::IDENTITY;
        // Clip space is divided by w: a shift of the picture is a multiple of w.
        shear.w_axis = self.shift.extend(0.0).extend(1.0);
        // Rays through pixels start from the axis that leads to the middle of the window, which is not the axis of view.
        let forward = view.forward - view.right * (self.shift.x * tan_half.x) - view.up * (self.shift.y * tan_half.y);
        CameraView { clip_from_world: shear * widen * view.clip_from_world, tan_half, forward, ..view }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Pose;

    fn view() -> CameraView {
        CameraView::new(Pose { eye: [3.0, 2.0, 9.0], target: [1.0, 0.5, -2.0], fov_degrees: 40.0 }, 1.6)
    }

    #[test]
    fn the_target_stands_in_the_middle_of_the_free_part() {
        let mut lens = Lens::default();
        lens.follow([0.1, 0.05, 0.7, 1.0], 0.0);
        let (px, _) = lens.through(view()).project(Vec3::new(1.0, 0.5, -2.0), [1000, 1000]).expect("in front");
        assert!(px.distance(Vec2::new(400.0, 525.0)) < 0.1, "{px}");
    }

    #[test]
    fn rays_and_projections_agree_through_the_lens() {
        let mut lens = Lens::default();
        lens.follow([0.2, 0.1, 0.75, 1.0], 0.0);
        let view = lens.through(view());
        let point = Vec3::new(2.0, 1.5, -1.0);
        let (px, _) = view.project(point, [1600, 1000]).expect("in front");
        let ray = view.ray(px.to_array(), [1600, 1000]);
        assert!(ray.dot((point - view.eye).normalize()) > 0.999_99);
    }

    #[test]
    fn it_glides_arrives_and_ignores_nonsense() {
        let mut lens = Lens::default();
        assert!(!lens.follow([0.0, 0.0, 1.0, 1.0], 0.1), "nothing to do");
        assert!(lens.follow([0.0, 0.0, 0.7, 1.0], 0.05));
        assert!(lens.shift.x < 0.0 && lens.shift.x > -0.3);
        for _ in 0..200 {
            lens.follow([0.0, 0.0, 0.7, 1.0], 0.05);
        }
        assert!(!lens.follow([0.0, 0.0, 0.7, 1.0], 0.05) && (lens.shift.x + 0.3).abs() < 1e-6);
        lens.follow([f32::NAN, 0.0, f32::INFINITY, -3.0], 1.0);
        assert!(lens.shift.is_finite());
    }
}
