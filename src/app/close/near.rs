//! Which neurons are near enough to say something: positions sorted into a grid of cells once, and in every frame only the
//! cells around the eye are looked at. Among those, the nearest.

use std::collections::HashMap;

use glam::Vec3;

use crate::render::{Bounds, CameraView};

/// Neurons in a cell, about.
const PER_CELL: f32 = 24.0;
/// Neurons looked at in one frame at most.
const VISITED_MOST: usize = 200_000;
/// What is chosen already counts as this much nearer, so that equals do not take turns.
const CHOSEN_BONUS: f32 = 1.12;

/// Positions by cell.
pub(super) struct Grid {
    low: Vec3,
    side: f32,
    /// Neurons in order of their cells.
    order: Vec<u32>,
    /// Per cell that holds any: where its neurons begin in `order`, and how many there are.
    cells: HashMap<[i32; 3], (u32, u32)>,
}

/// A neuron on screen. Points from the picture's top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Near {
    pub(super) neuron: u32,
    pub(super) at: [f32; 2],
    pub(super) radius: f32,
    pub(super) depth: f32,
}

/// What is seen of the network.
pub(super) struct Seen<'a> {
    pub(super) view: &'a CameraView,
    pub(super) size_px: [u32; 2],
    pub(super) pixels_per_point: f32,
    /// Of a neuron, scene units.
    pub(super) radius: f32,
}

impl Grid {
    pub(super) fn new(positions: &[[f32; 3]], bounds: &Bounds) -> Self {
        let low = Vec3::from_array(bounds.low);
        let extent = Vec3::from_array(bounds.high) - low;
        let sides: Vec<f32> =
            extent.to_array().into_iter().filter(|side| *side > 1e-3 * extent.max_element()).collect();
        let cells = positions.len().max(1) as f32 / PER_CELL;
        let side = (sides.iter().product::<f32>() / cells.max(1.0)).powf(1.0 / sides.len().max(1) as f32);
        let side = if side.is_finite() && side > 0.0 { side } else { 1.0 };
        let cell_of = |position: &[f32; 3]| cell(Vec3::from_array(*position) - low, side);
        let mut order: Vec<u32> =
            (0..positions.len() as u32).filter(|&n| Vec3::from_array(positions[n as usize]).is_finite()).collect();
        order.sort_by_cached_key(|&neuron| cell_of(&positions[neuron as usize]));
        let mut cells: HashMap<[i32; 3], (u32, u32)> = HashMap::new();
        for (index, &neuron) in order.iter().enumerate() {
            cells.entry(cell_of(&positions[neuron as usize])).or_insert((index as u32, 0)).1 += 1;
        }
        Self { low, side, order, cells }
    }

    /// The neurons within `reach` of a point, and perhaps some more; bounded.
    fn around(&self, point: Vec3, reach: f32) -> impl Iterator<Item = u32> {
        let (low, high) = (cell(point - self.low - reach, self.side), cell(point - self.low + reach, self.side));
        let span = |axis: usize| (i64::from(high[axis]) - i64::from(low[axis]) + 1).max(0) as f64;
        let runs: Vec<(u32, u32)> = if span(0) * span(1) * span(2) < self.cells.len() as f64 {
            let within = |axis: usize| low[axis]..=high[axis];
            let cells = within(0).flat_map(|x| within(1).flat_map(move |y| within(2).map(move |z| [x, y, z])));
            cells.filter_map(|cell| self.cells.get(&cell).copied()).collect()
        } else {
            let is_within = |cell: &[i32; 3]| (0..3).all(|axis| (low[axis]..=high[axis]).contains(&cell[axis]));
            let mut runs: Vec<_> = self.cells.iter().filter(|(cell, _)| is_within(cell)).map(|(_, run)| *run).collect();
            runs.sort_unstable();
            runs
        };
        let neurons = runs.into_iter().flat_map(|(first, count)| first..first + count);
        neurons.map(|index| self.order[index as usize]).take(VISITED_MOST)
    }

    /// The neurons in the picture whose spheres are at least `least` points large, the nearest to the eye first, without
    /// those behind a nearer one. `is_chosen`: chosen in the last frame.
    pub(super) fn near(
        &self,
        positions: &[[f32; 3]],
        seen: &Seen<'_>,
        least: f32,
        is_shown: impl Fn(u32) -> bool,
        is_chosen: impl Fn(u32) -> bool,
    ) -> Vec<Near> {
        let focal = seen.view.focal_px(seen.size_px[1].max(1) as f32) / seen.pixels_per_point;
        let reach = focal * seen.radius / least;
        let [width, height] = seen.size_px.map(|px| px as f32 / seen.pixels_per_point);
        let mut found: Vec<Near> = self
            .around(seen.view.eye, reach * (1.0 + seen.view.tan_half.length()))
            .filter(|&neuron| is_shown(neuron))
            .filter_map(|neuron| {
                let position = Vec3::from_array(positions[neuron as usize]);
                let (px, depth) = seen.view.project(position, seen.size_px)?;
                let at = (px / seen.pixels_per_point).to_array();
                let radius = focal * seen.radius / depth;
                let is_seen = radius >= least && (0.0..width).contains(&at[0]) && (0.0..height).contains(&at[1]);
                is_seen.then_some(Near { neuron, at, radius, depth })
            })
            .collect();
        // By distance and not by depth: of a sheet seen from ahead, what is in the middle of the picture comes first.
        let far = |near: &Near| {
            let distance = Vec3::from_array(positions[near.neuron as usize]).distance(seen.view.eye);
            if is_chosen(near.neuron) { distance / CHOSEN_BONUS } else { distance }
        };
        found.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.neuron.cmp(&b.neuron)));
        without_hidden(found)
    }
}

/// Leaves out neurons whose middle lies behind a nearer one; those beyond a screenful are taken as they are.
fn without_hidden(found: Vec<Near>) -> Vec<Near> {
    const COMPARED: usize = 300;
    let mut kept: Vec<Near> = Vec::with_capacity(found.len());
    for near in found {
        let is_behind = |front: &Near| {
            let (x, y) = (front.at[0] - near.at[0], front.at[1] - near.at[1]);
            front.depth < near.depth && x.hypot(y) < front.radius
        };
        if !kept.iter().take(COMPARED).any(is_behind) {
            kept.push(near);
        }
    }
    kept
}

fn cell(offset: Vec3, side: f32) -> [i32; 3] {
    // Floats beyond the integers saturate.
    (offset / side).floor().to_array().map(|x| x as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Pose;

    fn scattered(count: u32) -> Vec<[f32; 3]> {
        let noise = |k: u32| (k.wrapping_mul(0x9E37_79B9) >> 8) as f32 / (1 << 24) as f32;
        (0..count).map(|k| [0, 1, 2].map(|axis| 20.0 * noise(3 * k + axis + 1) - 10.0)).collect()
    }

    #[test]
    fn the_grid_finds_what_looking_at_all_of_them_finds() {
        let positions = scattered(4000);
        let grid = Grid::new(&positions, &Bounds::of(&positions));
        for (eye, fov_degrees) in [([0.0, 0.0, 14.0], 45.0), ([3.0, 2.0, 1.0], 60.0), ([9.0, -9.0, 0.0], 20.0)] {
            let view = CameraView::new(Pose { eye, target: [0.5, 0.0, -1.0], fov_degrees }, 1.6);
            let seen = Seen { view: &view, size_px: [1600, 1000], pixels_per_point: 2.0, radius: 0.2 };
            let near = grid.near(&positions, &seen, 12.0, |_| true, |_| false);
            let focal = view.focal_px(1000.0) / 2.0;
            let mut all: Vec<u32> = (0..4000_u32)
                .filter(|&n| {
                    let found = view.project(Vec3::from_array(positions[n as usize]), seen.size_px);
                    found.is_some_and(|(px, depth)| {
                        let inside = px.x >= 0.0 && px.x < 1600.0 && px.y >= 0.0 && px.y < 1000.0;
                        inside && focal * 0.2 / depth >= 12.0
                    })
                })
                .collect();
            let front: Vec<u32> = near.iter().map(|near| near.neuron).collect();
            assert!(front.iter().all(|neuron| all.contains(neuron)));
            all.retain(|neuron| !front.contains(neuron));
            // What is missing stands behind something that is there.
            for neuron in all {
                let (px, depth) =
                    view.project(Vec3::from_array(positions[neuron as usize]), seen.size_px).expect("seen");
                let hides = |n: &Near| n.depth < depth && (n.at[0] - px.x / 2.0).hypot(n.at[1] - px.y / 2.0) < n.radius;
                assert!(near.iter().any(hides), "{neuron} is missing");
            }
            let far = |n: &Near| Vec3::from_array(positions[n.neuron as usize]).distance(view.eye);
            assert!(near.windows(2).all(|pair| far(&pair[0]) <= far(&pair[1])));
        }
    }

    #[test]
    fn flat_sheets_single_neurons_and_none_are_fine() {
        for positions in [vec![], vec![[1.0, 2.0, 3.0]], vec![[f32::NAN; 3]], vec![[0.0; 3]; 50]] {
            let grid = Grid::new(&positions, &Bounds::of(&positions));
            let view = CameraView::new(Pose { eye: [0.0, 0.0, 5.0], target: [0.0; 3], fov_degrees: 45.0 }, 1.0);
            let seen = Seen { view: &view, size_px: [400, 400], pixels_per_point: 1.0, radius: 0.5 };
            assert!(grid.near(&positions, &seen, 5.0, |_| true, |_| false).len() <= 50);
        }
    }

    #[test]
    fn what_was_chosen_stays_chosen_among_equals() {
        let positions = vec![[-1.0, 0.0, 0.0], [1.0, 0.0, 0.05]];
        let grid = Grid::new(&positions, &Bounds::of(&positions));
        let view = CameraView::new(Pose { eye: [0.0, 0.0, 8.0], target: [0.0; 3], fov_degrees: 45.0 }, 1.0);
        let seen = Seen { view: &view, size_px: [400, 400], pixels_per_point: 1.0, radius: 0.5 };
        let first = |chosen: Option<u32>| grid.near(&positions, &seen, 5.0, |_| true, |n| Some(n) == chosen)[0].neuron;
        assert_eq!((first(None), first(Some(0)), first(Some(1))), (1, 0, 1));
    }
}
