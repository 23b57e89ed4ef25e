//! Neurons by where they are: sorted once along a space-filling curve and cut into cells. In go positions and, for every
//! picture, a view; out come the cells that can be seen, which of them are near enough for spheres, and what share of
//! the resting neurons of each far one is drawn.
//!
//! The share is of a stable, random order within the cell, and those drawn shine for those left out, so that the light of
//! a cell is the same whatever the share is; it changes smoothly with the view, so that nothing pops. Spikes are never
//! left out: the shader draws the flash of every neuron.

use bytemuck::{Pod, Zeroable};
use glam::Vec3;

use super::camera::CameraView;
use crate::model::random::{Stream, random_u32};

/// Neurons of a cell: a multiple of what a workgroup draws.
pub(super) const CELL_LEAST: usize = 256;
/// More neurons make larger cells instead of more of them.
const CELLS_MOST: usize = 16_384;
/// Steps per axis of the space-filling curve.
const STEPS: u32 = 1 << 10;

/// A cell that is drawn. WGSL twin: `Cell` in `shaders/render/cells.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct DrawnCell {
    /// Of its neurons in the sorted order.
    pub first: u32,
    /// Neurons.
    pub count: u32,
    /// Share of its resting neurons that is drawn as points of light.
    pub share: f32,
    /// Unused.
    pub _padding: u32,
}

/// Neurons that are close to each other.
#[derive(Clone, Copy, Debug)]
struct Cell {
    first: u32,
    count: u32,
    middle: Vec3,
    half: Vec3,
}

/// What the plan of a picture depends on besides the view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    /// Width over height and pixels per scene unit at depth 1 come from the view and this height.
    pub(super) height_px: f32,
    /// Of the largest neuron, scene units.
    pub(super) radius_most: f32,
    /// Of a neuron of size 1, scene units.
    pub(super) radius: f32,
    /// Neurons may stand so much higher than their places, scene units.
    pub(super) raised: f32,
    /// From this radius on a neuron begins to be a sphere, and from the second on it is nothing else, pixels.
    pub(super) spheres_px: [f32; 2],
    /// Points of light per pixel at most.
    pub(super) density: f32,
    /// What is drawn, scene units.
    pub(super) clip: [Vec3; 2],
}

/// The cells of one picture.
#[derive(Clone, Debug, Default)]
pub(super) struct CellPlan {
    /// With spheres first, far before near; then those with points of light.
    pub(super) cells: Vec<DrawnCell>,
    /// How many of them have spheres.
    pub(super) sphere_cells: u32,
    /// Resting neurons of cells in view, and how many of those are drawn.
    pub(super) seen: u64,
    /// See `seen`.
    pub(super) drawn: f64,
    by_depth: Vec<(f32, u32)>,
}

/// All cells of a network.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    /// Neurons of the largest cell.
    pub(super) largest: u32,
}

impl Cells {
    /// Sorts; gives back the cells and the order of the neurons. Neurons whose place is no number are in no cell.
    pub(super) fn new(positions: &[[f32; 3]]) -> (Self, Vec<u32>) {
        let finite = |p: &[f32; 3]| p.iter().all(|c| c.is_finite());
        let (low, high) =
            positions.iter().filter(|p| finite(p)).fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| {
                (low.min(Vec3::from_array(*p)), high.max(Vec3::from_array(*p)))
            });
        // One scale for all axes: cells should be about as wide as high and deep.
        let scale = (STEPS - 1) as f32 / (high - low).max_element().max(f32::MIN_POSITIVE);
        let mut keyed: Vec<(u32, u32, u32)> = positions
            .iter()
            .enumerate()
            .filter(|(_, p)| finite(p))
            .map(|(neuron, p)| {
                let neuron = neuron as u32;
                let at = (Vec3::from_array(*p) - low) * scale;
                (
                    morton([at.x, at.y, at.z].map(|c| c as u32)),
                    random_u32(0, Stream::Picture.part(0), neuron, 1),
                    neuron,
                )
            })
            .collect();
        keyed.sort_unstable();
        let size = CELL_LEAST * keyed.len().div_ceil(CELL_LEAST * CELLS_MOST).max(1);
        let mut cells = Vec::with_capacity(keyed.len().div_ceil(size));
        for (index, chunk) in keyed.chunks_mut(size).enumerate() {
            // From here on by chance: any first few stand for the whole cell.
            chunk.sort_unstable_by_key(|&(_, chance, neuron)| (chance, neuron));
            let (low, high) =
                chunk.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), &(_, _, neuron)| {
                    let place = Vec3::from_array(positions[neuron as usize]);
                    (low.min(place), high.max(place))
                });
            cells.push(Cell {
                first: (index * size) as u32,
                count: chunk.len() as u32,
                middle: 0.5 * (low + high),
                half: 0.5 * (high - low),
            });
        }
        let order = keyed.into_iter().map(|(_, _, neuron)| neuron).collect();
        (Self { cells, largest: size as u32 }, order)
    }

    /// How many cells there can be in a plan.
    pub(super) fn plan_most(&self) -> usize {
        2 * self.cells.len()
    }

    /// Which cells a picture shows, and how. `plan` is filled anew; its memory is kept.
    pub(super) fn plan(&self, view: &CameraView, detail: &Detail, plan: &mut CellPlan) {
        plan.cells.clear();
        plan.by_depth.clear();
        (plan.seen, plan.drawn) = (0, 0.0);
        let focal_px = view.focal_px(detail.height_px);
        for (index, cell) in self.cells.iter().enumerate() {
            let Some(depth) = cell.seen(view, detail, focal_px) else { continue };
            if focal_px * detail.radius > detail.spheres_px[0] * depth[0] {
                plan.by_depth.push((depth[0], index as u32));
            }
        }
        // Far before near, so that soft edges lie over what is behind them.
        plan.by_depth.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let whole = |cell: &Cell| DrawnCell { first: cell.first, count: cell.count, share: 1.0, _padding: 0 };
        plan.cells.extend(plan.by_depth.iter().map(|&(_, index)| whole(&self.cells[index as usize])));
        plan.sphere_cells = plan.cells.len() as u32;
        for cell in &self.cells {
            let Some(depth) = cell.seen(view, detail, focal_px) else { continue };
            plan.seen += u64::from(cell.count);
            if focal_px * detail.radius >= detail.spheres_px[1] * depth[1] {
                plan.drawn += f64::from(cell.count);
                continue;
            }
            let share = cell.share(view, depth[0], focal_px, detail.density);
            plan.drawn += f64::from(share) * f64::from(cell.count);
            plan.cells.push(DrawnCell { share, ..whole(cell) });
        }
    }
}

impl Cell {
    /// Nearest and farthest depth of its neurons when some of it may be seen. Never none when a neuron is in view.
    fn seen(&self, view: &CameraView, detail: &Detail, focal_px: f32) -> Option<[f32; 2]> {
        let lift = Vec3::new(0.0, 0.5 * detail.raised, 0.0);
        let (middle, half) = (self.middle + lift, self.half + lift);
        if (self.middle - self.half).cmpgt(detail.clip[1]).any()
            || (self.middle + self.half).cmplt(detail.clip[0]).any()
        {
            return None;
        }
        let away = middle - view.eye;
        let reach = |axis: Vec3| axis.abs().dot(half);
        let (depth, deep) = (away.dot(view.forward), reach(view.forward));
        let farthest = depth + deep;
        if farthest <= view.near {
            return None;
        }
        // A neuron's halo reaches beyond its place, and the smallest neuron is still some pixels wide.
        let margin = HALO_RADII * detail.radius_most + 4.0 * farthest / focal_px;
        for (axis, tan) in [(view.right, view.tan_half.x), (view.up, view.tan_half.y)] {
            for side in [-1.0, 1.0] {
                // Points inward; a box is outside when its innermost corner is.
                let normal = view.forward * tan + axis * side;
                if normal.dot(away) + reach(normal) + margin * normal.length() < 0.0 {
                    return None;
                }
            }
        }
        Some([(depth - deep).max(view.near), farthest])
    }

    /// The share of its neurons that makes at most `density` of them per pixel, seen from the nearest depth.
    fn share(&self, view: &CameraView, depth: f32, focal_px: f32, density: f32) -> f32 {
        let size = 2.0 * self.half;
        let facing = view.forward.abs();
        let area = facing.x * size.y * size.z + facing.y * size.x * size.z + facing.z * size.x * size.y;
        let scale = focal_px / depth;
        // A cell seen edge on still covers a row of pixels.
        let pixels = area * scale * scale + size.length() * scale + 1.0;
        (density * pixels / self.count as f32).clamp(1.0 / self.count as f32, 1.0)
    }
}

/// How far the halo of a spike reaches, in radii. WGSL twin: `HALO_RADII` in `shaders/render/flashes.wgsl`.
const HALO_RADII: f32 = 3.5;

/// The bits of three coordinates in turn.
fn morton(at: [u32; 3]) -> u32 {
    let spread = |mut x: u32| {
        x = (x | (x << 16)) & 0x0300_00ff;
        x = (x | (x << 8)) & 0x0300_f00f;
        x = (x | (x << 4)) & 0x030c_30c3;
        (x | (x << 2)) & 0x0924_9249
    };
    let [x, y, z] = at.map(|c| spread(c.min(STEPS - 1)));
    x | (y << 1) | (z << 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::camera::Pose;

    /// A repeatable cloud in a box of 100 x 10 x 60.
    fn cloud(count: u32) -> Vec<[f32; 3]> {
        let at = |neuron, axis| random_u32(7, Stream::Picture.part(0), neuron, axis) as f32 / u32::MAX as f32 - 0.5;
        (0..count).map(|n| [100.0 * at(n, 0), 10.0 * at(n, 1), 60.0 * at(n, 2)]).collect()
    }

    fn detail() -> Detail {
        Detail {
            height_px: 720.0,
            radius_most: 0.5,
            radius: 0.5,
            raised: 0.0,
            spheres_px: [2.0, 4.0],
            density: 0.02,
            clip: [Vec3::NEG_INFINITY, Vec3::INFINITY],
        }
    }

    fn view(eye: [f32; 3], target: [f32; 3]) -> CameraView {
        CameraView::new(Pose { eye, target, fov_degrees: 45.0 }, 16.0 / 9.0)
    }

    #[test]
    fn every_neuron_is_in_one_cell_and_cells_are_small() {
        let mut positions = cloud(10_000);
        positions[17] = [f32::NAN, 0.0, 0.0];
        let (cells, order) = Cells::new(&positions);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..10_000).filter(|&n| n != 17).collect::<Vec<u32>>());
        assert_eq!(cells.cells.iter().map(|c| c.count as usize).sum::<usize>(), order.len());
        let mean = cells.cells.iter().map(|c| c.half.length()).sum::<f32>() / cells.cells.len() as f32;
        assert!(mean < 16.0, "half a cell's diagonal, of a box of 100: {mean}");
        assert!(Cells::new(&[]).1.is_empty());
    }

    #[test]
    fn no_neuron_in_view_is_left_out() {
        let positions = cloud(6_000);
        let (cells, order) = Cells::new(&positions);
        let mut plan = CellPlan::default();
        let mut culled = 0;
        for k in 0..60 {
            let turn = k as f32 * 0.37;
            let eye = [70.0 * turn.cos(), 8.0 * (turn * 1.7).sin(), 70.0 * turn.sin() * (k % 3) as f32 * 0.5];
            let view = view(eye, positions[k * 7]);
            cells.plan(&view, &detail(), &mut plan);
            let mut listed = vec![false; positions.len()];
            for cell in &plan.cells {
                for &neuron in &order[cell.first as usize..(cell.first + cell.count) as usize] {
                    listed[neuron as usize] = true;
                }
            }
            culled += listed.iter().filter(|listed| !**listed).count();
            for (neuron, place) in positions.iter().enumerate() {
                let Some((at, _)) = view.project(Vec3::from_array(*place), [1280, 720]) else { continue };
                if (0.0..1280.0).contains(&at.x) && (0.0..720.0).contains(&at.y) {
                    assert!(listed[neuron], "neuron {neuron} at {at} from {eye:?}");
                }
            }
        }
        assert!(culled > 60 * 400, "cells out of view are left out: {culled}");
    }

    #[test]
    fn near_cells_have_spheres_far_ones_points_and_those_between_both() {
        let positions = cloud(6_000);
        let (cells, _) = Cells::new(&positions);
        let mut plan = CellPlan::default();
        // Spheres alone up to a depth of 124, points alone from 174 on; the box lies from 110 to 210.
        let detail = Detail { spheres_px: [2.5, 3.5], ..detail() };
        cells.plan(&view([160.0, 2.0, 0.0], [0.0; 3]), &detail, &mut plan);
        let (spheres, points) = plan.cells.split_at(plan.sphere_cells as usize);
        assert!(!spheres.is_empty() && !points.is_empty());
        let both = spheres.iter().filter(|s| points.iter().any(|p| p.first == s.first)).count();
        assert!(both > 0 && both < spheres.len().min(points.len()));
        cells.plan(&view([0.0, 100.0, 900.0], [0.0; 3]), &detail, &mut plan);
        assert_eq!(plan.sphere_cells, 0);
    }

    #[test]
    fn shares_fall_with_distance_smoothly_and_never_to_nothing() {
        let (cells, _) = Cells::new(&cloud(6_000));
        let mut plan = CellPlan::default();
        let mut before = 1.0;
        for k in 0..400 {
            let away = 100.0 * 1.01_f32.powi(k);
            cells.plan(&view([0.0, 0.3 * away, away], [0.0; 3]), &detail(), &mut plan);
            assert_eq!(plan.seen, 6_000, "all of it is in view");
            let share = plan.drawn / plan.seen as f64;
            assert!(share <= before + 1e-6 && share > 0.93 * before, "{share} after {before} at {away}");
            assert!(plan.cells.iter().all(|cell| cell.share * cell.count as f32 >= 0.999));
            before = share;
        }
        assert!(before < 0.05, "{before}");
    }
}
