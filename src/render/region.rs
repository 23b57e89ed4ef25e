//! Which neurons lie inside a line drawn on the picture? In go positions, a view and a closed line in pixels, out come
//! the neurons whose exact projections are inside, on the host: a million of them take a few milliseconds.

use glam::{Vec2, Vec3};
use rayon::prelude::*;

use super::camera::CameraView;

/// Horizontal bands that the edges are sorted into, so that a point asks only the few that are beside it.
const BANDS: usize = 256;
/// Neurons that one thread takes at a time.
const CHUNK: usize = 16 * 1024;

/// A closed line on the picture, pixels from the top left. What lies an odd number of crossings away from the outside
/// is inside.
#[derive(Clone, Debug)]
pub struct Region {
    low: Vec2,
    high: Vec2,
    /// Per band: edges that reach into it.
    bands: Vec<Vec<[Vec2; 2]>>,
}

impl Region {
    /// The rectangle between two corners.
    #[must_use]
    pub fn rectangle(from: [f32; 2], to: [f32; 2]) -> Self {
        Self::polygon(&[from, [to[0], from[1]], to, [from[0], to[1]]])
    }

    /// A line through these points and back to the first. Points that are no numbers are left out.
    #[must_use]
    pub fn polygon(points: &[[f32; 2]]) -> Self {
        let points: Vec<Vec2> = points.iter().map(|&p| Vec2::from_array(p)).filter(|p| p.is_finite()).collect();
        let (low, high) = points
            .iter()
            .fold((Vec2::INFINITY, Vec2::NEG_INFINITY), |(low, high), &point| (low.min(point), high.max(point)));
        let mut region = Self { low, high, bands: vec![Vec::new(); BANDS] };
        for (index, &from) in points.iter().enumerate() {
            let to = points[(index + 1) % points.len()];
            if from.y != to.y {
                let [first, last] = [from.y.min(to.y), from.y.max(to.y)].map(|y| region.band(y));
                region.bands[first..=last].iter_mut().for_each(|band| band.push([from, to]));
            }
        }
        region
    }

    /// True for points inside.
    #[must_use]
    pub fn contains(&self, at: Vec2) -> bool {
        if !(at.cmpge(self.low).all() && at.cmple(self.high).all()) {
            return false;
        }
        let crosses = |&&[from, to]: &&[Vec2; 2]| {
            (from.y > at.y) != (to.y > at.y) && at.x < (to.x - from.x) * (at.y - from.y) / (to.y - from.y) + from.x
        };
        self.bands[self.band(at.y)].iter().filter(crosses).count() % 2 == 1
    }

    fn band(&self, y: f32) -> usize {
        let share = (y - self.low.y) / (self.high.y - self.low.y).max(f32::MIN_POSITIVE);
        ((share * BANDS as f32) as usize).min(BANDS - 1)
    }
}

/// The neurons inside a region, ascending. `is_meant` leaves out those that are not drawn.
#[must_use]
pub fn neurons_within(
    positions: &[[f32; 3]],
    view: &CameraView,
    size: [u32; 2],
    region: &Region,
    is_meant: impl Fn(u32) -> bool + Sync,
) -> Vec<u32> {
    let is_inside = |neuron: usize, position: [f32; 3]| {
        let shown = view.project(Vec3::from_array(position), size);
        shown.is_some_and(|(px, _)| region.contains(px)) && is_meant(neuron as u32)
    };
    let found: Vec<Vec<u32>> = positions
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(chunk, positions)| {
            let numbered = (chunk * CHUNK..).zip(positions);
            numbered.filter(|&(neuron, &at)| is_inside(neuron, at)).map(|(neuron, _)| neuron as u32).collect()
        })
        .collect();
    found.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::random::Draws;
    use crate::render::camera::Pose;

    /// The textbook test, edge by edge, in double precision.
    fn brute_force(polygon: &[[f32; 2]], at: Vec2) -> bool {
        let (x, y) = (f64::from(at.x), f64::from(at.y));
        let mut inside = false;
        for (k, &[ax, ay]) in polygon.iter().enumerate() {
            let [bx, by] = polygon[(k + 1) % polygon.len()];
            let [ax, ay, bx, by] = [ax, ay, bx, by].map(f64::from);
            if (ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax {
                inside = !inside;
            }
        }
        inside
    }

    /// A star that crosses itself, with many points.
    fn star(points: usize, draws: &mut Draws) -> Vec<[f32; 2]> {
        (0..points)
            .map(|k| {
                let turns = if points > 5 { 3.0 } else { 1.0 };
                let angle = std::f64::consts::TAU * turns * k as f64 / points as f64;
                let radius = 120.0 + 160.0 * draws.uniform();
                [(400.0 + radius * angle.cos()) as f32, (300.0 + radius * angle.sin()) as f32]
            })
            .collect()
    }

    #[test]
    fn a_lasso_finds_what_brute_force_finds_among_projected_points() {
        let mut draws = Draws::new(5, 1, 0);
        let positions: Vec<[f32; 3]> =
            (0..40_000).map(|_| [0, 1, 2].map(|_| (20.0 * draws.uniform() - 10.0) as f32)).collect();
        let view = CameraView::new(Pose { eye: [3.0, 4.0, 12.0], target: [0.0; 3], fov_degrees: 50.0 }, 4.0 / 3.0);
        let size = [800, 600];
        for points in [3, 17, 700] {
            let polygon = star(points, &mut draws);
            let region = Region::polygon(&polygon);
            let is_meant = |neuron: u32| !neuron.is_multiple_of(5);
            let found = neurons_within(&positions, &view, size, &region, is_meant);
            let expected: Vec<u32> = (0..)
                .zip(&positions)
                .filter(|&(neuron, position)| {
                    let px = view.project(Vec3::from_array(*position), size);
                    is_meant(neuron) && px.is_some_and(|(px, _)| brute_force(&polygon, px))
                })
                .map(|(neuron, _)| neuron)
                .collect();
            // Single precision may put a point on the other side of an edge that it lies on to a millionth.
            let differ = found.iter().filter(|n| expected.binary_search(n).is_err()).count()
                + expected.iter().filter(|n| found.binary_search(n).is_err()).count();
            assert!(expected.len() > 300 && differ <= 2, "{points}: {} found, {differ} differ", found.len());
        }
    }

    #[test]
    fn rectangles_go_both_ways_and_nonsense_holds_nothing() {
        let region = Region::rectangle([300.0, 200.0], [100.0, 50.0]);
        assert!(region.contains(Vec2::new(101.0, 199.0)) && !region.contains(Vec2::new(99.0, 100.0)));
        assert!(!region.contains(Vec2::new(200.0, 201.0)) && !region.contains(Vec2::NAN));
        for points in [&[][..], &[[1.0, 1.0]], &[[0.0, 5.0], [9.0, 5.0]], &[[f32::NAN, 1.0], [2.0, f32::INFINITY]]] {
            assert!(!Region::polygon(points).contains(Vec2::new(1.0, 5.0)));
        }
    }
}
