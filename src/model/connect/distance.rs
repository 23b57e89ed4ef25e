//! Distance between neurons and the rule that depends on it. In: positions of sources and targets and a kernel.
//! Out: rows of targets. A grid over the targets keeps the work proportional to the neurons within the radius.

use super::random::Gaps;
use crate::model::random::{Draws, Stream};
use crate::model::scene::spec::Kernel;

/// Where the neurons of a projection are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space<'a> {
    /// Positions of the sources.
    pub(crate) sources: &'a [[f32; 3]],
    /// Positions of the targets.
    pub(crate) targets: &'a [[f32; 3]],
    /// Lengths after which space repeats, per axis; 0: it does not.
    pub(crate) period: [f64; 3],
    /// Axes along which distance is measured.
    pub(crate) axes: [bool; 3],
}

impl Space<'_> {
    /// Distance between a source and a target, the short way round.
    pub(crate) fn distance(&self, source: u32, target: u32) -> f64 {
        let (a, b) = (self.sources[source as usize], self.targets[target as usize]);
        let squared = |axis: usize| {
            if !self.axes[axis] {
                return 0.0;
            }
            let mut difference = f64::from(a[axis]) - f64::from(b[axis]);
            let period = self.period[axis];
            if period > 0.0 && difference.abs() > 0.5 * period {
                difference -= period * (difference / period).round();
            }
            difference * difference
        };
        (squared(0) + squared(1) + squared(2)).sqrt()
    }
}

/// Targets sorted into boxes.
pub(crate) struct Grid {
    origin: [f64; 3],
    cell: [f64; 3],
    cells: [usize; 3],
    wraps: [bool; 3],
    start: Vec<u32>,
    members: Vec<u32>,
}

impl Grid {
    /// Boxes of about a third of the radius, never many more than there are targets.
    fn new(space: &Space<'_>, radius: f64) -> Self {
        let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
        for point in space.targets {
            for axis in 0..3 {
                low[axis] = low[axis].min(f64::from(point[axis]));
                high[axis] = high[axis].max(f64::from(point[axis]));
            }
        }
        if space.targets.is_empty() {
            (low, high) = ([0.0; 3], [0.0; 3]);
        }
        let wraps = [0, 1, 2].map(|axis| space.axes[axis] && space.period[axis] > 0.0);
        // Along an axis that does not count, one box holds everything.
        let extent = [0, 1, 2].map(|axis| match (space.axes[axis], wraps[axis]) {
            (false, _) => 0.0,
            (true, true) => space.period[axis],
            (true, false) => high[axis] - low[axis],
        });
        let most = 2 * space.targets.len() + 64;
        let mut size = (radius / 3.0).max(1e-6);
        let count = |size: f64| extent.map(|e| ((e / size).floor().min(1e9) as usize).max(1));
        while count(size).iter().map(|&c| c as f64).product::<f64>() > most as f64 {
            size *= 1.25;
        }
        let cells = count(size);
        let cell = [0, 1, 2].map(|axis| (extent[axis] / cells[axis] as f64).max(1e-9));
        let mut grid = Self { origin: low, cell, cells, wraps, start: Vec::new(), members: Vec::new() };
        let total = cells.iter().product::<usize>();
        let mut start = vec![0_u32; total + 1];
        let places: Vec<usize> = space.targets.iter().map(|point| grid.box_of(point)).collect();
        for &place in &places {
            start[place + 1] += 1;
        }
        for k in 0..total {
            start[k + 1] += start[k];
        }
        let mut next = start.clone();
        let mut members = vec![0; space.targets.len()];
        for (target, &place) in places.iter().enumerate() {
            members[next[place] as usize] = target as u32;
            next[place] += 1;
        }
        grid.start = start;
        grid.members = members;
        grid
    }

    fn box_of(&self, point: &[f32; 3]) -> usize {
        let index = [0, 1, 2].map(|axis| {
            let place = ((f64::from(point[axis]) - self.origin[axis]) / self.cell[axis]).floor();
            let count = self.cells[axis] as f64;
            if self.wraps[axis] { place.rem_euclid(count) as usize } else { place.clamp(0.0, count - 1.0) as usize }
        });
        self.flat(index)
    }

    const fn flat(&self, index: [usize; 3]) -> usize {
        (index[2] * self.cells[1] + index[1]) * self.cells[0] + index[0]
    }

    /// Boxes along one axis that can hold points within `radius` of `at`: index, and how many boxes away (the short way
    /// round).
    fn span(&self, axis: usize, at: f64, radius: f64) -> Vec<(usize, usize)> {
        if self.cells[axis] == 1 {
            return vec![(0, 0)];
        }
        let count = self.cells[axis] as i64;
        let place = |x: f64| ((x - self.origin[axis]) / self.cell[axis]).floor().clamp(-1e15, 1e15) as i64;
        let (from, own, to) = (place(at - radius), place(at), place(at + radius));
        if !self.wraps[axis] {
            // Points on the far edge lie in the last box, so boxes beyond the edges count as the edge's.
            let (from, to) = (from.clamp(0, count - 1), to.clamp(0, count - 1));
            return (from..=to).map(|k| (k as usize, k.abs_diff(own) as usize)).collect();
        }
        (from..=to.min(from + count - 1))
            .map(|k| {
                let index = k.rem_euclid(count);
                let away = (index - own.rem_euclid(count)).unsigned_abs() as usize;
                (index as usize, away.min(self.cells[axis] - away))
            })
            .collect()
    }
}

/// For boxes some boxes away: the largest factor of the kernel there, and the gaps between candidates that pass a draw
/// at that factor.
struct Reach {
    per_axis: [usize; 3],
    factors: Vec<f64>,
    gaps: Vec<Gaps>,
}

impl Reach {
    fn new(grid: &Grid, kernel: &Kernel) -> Self {
        // Boxes are a third of the radius or longer, so these are few. A single box along an axis bounds nothing.
        let entries = |axis: usize| match grid.cells[axis] {
            1 => 1,
            _ => (kernel.radius / grid.cell[axis]).ceil() as usize + 2,
        };
        let per_axis = [entries(0), entries(1), entries(2)];
        let mut factors = Vec::with_capacity(per_axis.iter().product());
        for z in 0..per_axis[2] {
            for y in 0..per_axis[1] {
                for x in 0..per_axis[0] {
                    let nearest = |axis: usize, away: usize| away.saturating_sub(1) as f64 * grid.cell[axis];
                    let r = (nearest(0, x).powi(2) + nearest(1, y).powi(2) + nearest(2, z).powi(2)).sqrt();
                    factors.push(if r <= kernel.radius { kernel.shape.at(r) } else { 0.0 });
                }
            }
        }
        let gaps = factors.iter().map(|factor| Gaps::new(kernel.probability * factor)).collect();
        Self { per_axis, factors, gaps }
    }

    /// The entry of boxes that far away; boxes farther than any entry cannot hold targets.
    fn entry(&self, away: [usize; 3]) -> Option<usize> {
        let inside = away.iter().zip(self.per_axis).all(|(&away, count)| away < count);
        let entry = (away[2] * self.per_axis[1] + away[1]) * self.per_axis[0] + away[0];
        (inside && self.factors[entry] > 0.0).then_some(entry)
    }
}

/// Makes the rows of a kernel: call [`Self::row`] for each source.
pub(crate) struct DistanceRows<'a> {
    space: Space<'a>,
    grid: Grid,
    kernel: Kernel,
    reach: Reach,
    exclude_self: bool,
    seed: u64,
    part: usize,
}

/// Sorts the targets into boxes, ready to make rows.
pub(crate) fn rows_by_distance(
    space: Space<'_>,
    kernel: Kernel,
    exclude_self: bool,
    seed: u64,
    part: usize,
) -> DistanceRows<'_> {
    let grid = Grid::new(&space, kernel.radius);
    let reach = Reach::new(&grid, &kernel);
    DistanceRows { space, grid, kernel, reach, exclude_self, seed, part }
}

impl DistanceRows<'_> {
    /// Appends the targets of a source. Per box, candidates pass a draw at the largest probability there (by geometric
    /// gaps), then one at their own share of it.
    pub(crate) fn row(&self, source: u32, row: &mut Vec<u32>) {
        let mut draws = Draws::new(self.seed, Stream::Connectivity.part(self.part), source);
        let at = self.space.sources[source as usize].map(f64::from);
        let spans = [0, 1, 2].map(|axis| self.grid.span(axis, at[axis], self.kernel.radius));
        for &(z, away_z) in &spans[2] {
            for &(y, away_y) in &spans[1] {
                for &(x, away_x) in &spans[0] {
                    let Some(entry) = self.reach.entry([away_x, away_y, away_z]) else { continue };
                    self.take(source, self.grid.flat([x, y, z]), entry, &mut draws, row);
                }
            }
        }
    }

    /// Appends the targets in one box.
    fn take(&self, source: u32, place: usize, entry: usize, draws: &mut Draws, row: &mut Vec<u32>) {
        let members = &self.grid.members[self.grid.start[place] as usize..self.grid.start[place + 1] as usize];
        if members.is_empty() {
            return;
        }
        let (factor, gaps) = (self.reach.factors[entry], self.reach.gaps[entry]);
        let mut next = gaps.next(draws);
        while next < members.len() as u64 {
            let target = members[next as usize];
            let distance = self.space.distance(source, target);
            let kept = distance <= self.kernel.radius && draws.uniform() * factor < self.kernel.shape.at(distance);
            if kept && !(self.exclude_self && target == source) {
                row.push(target);
            }
            next += 1 + gaps.next(draws);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layout::{Form, Layout, Plane};
    use crate::model::scene::spec::KernelShape;

    fn sheet(size: u32) -> (Layout, Vec<[f32; 3]>) {
        let layout = Layout {
            form: Form::Sheet { columns: None, spacing: 0.5, plane: Plane::Xz },
            offset: [3.0, 0.0, 1.0],
            jitter: 0.0,
        };
        let points = layout.positions(size, 1, 0);
        (layout, points)
    }

    #[test]
    fn a_flat_kernel_of_probability_one_finds_exactly_the_neurons_in_the_radius() {
        let (layout, points) = sheet(900);
        for period in [[0.0; 3], layout.period(900).expect("a sheet closes")] {
            let space = Space { sources: &points, targets: &points, period, axes: [true; 3] };
            let kernel = Kernel {
                probability: 1.0,
                shape: KernelShape::Flat,
                radius: 2.3,
                torus: period[0] > 0.0,
                axes: [true; 3],
            };
            let rows = rows_by_distance(space, kernel, true, 1, 0);
            for source in [0, 29, 450, 899] {
                let mut row = Vec::new();
                rows.row(source, &mut row);
                row.sort_unstable();
                let expected: Vec<u32> =
                    (0..900).filter(|&t| t != source && space.distance(source, t) <= 2.3).collect();
                assert_eq!(row, expected, "source {source}, period {period:?}");
            }
        }
    }

    #[test]
    fn sources_may_stand_beside_the_targets_and_axes_may_be_left_out() {
        let (_, targets) = sheet(900);
        let sources: Vec<[f32; 3]> = targets.iter().map(|p| [p[0] + 1.7, p[1] + 2.0, p[2] - 9.0]).collect();
        for (axes, shape) in [([true; 3], KernelShape::Flat), ([true, false, true], KernelShape::Gaussian(1.5))] {
            let space = Space { sources: &sources, targets: &targets, period: [0.0; 3], axes };
            let kernel = Kernel { probability: 1.0, shape, radius: 4.0, torus: false, axes };
            let rows = rows_by_distance(space, kernel, false, 1, 0);
            let (mut total, mut expected) = (0.0, 0.0);
            for source in 0..900 {
                let mut row = Vec::new();
                rows.row(source, &mut row);
                total += row.len() as f64;
                let near = (0..900).map(|t| space.distance(source, t)).filter(|&r| r <= 4.0);
                expected += near.map(|r| shape.at(r)).sum::<f64>();
            }
            let tolerance = if shape == KernelShape::Flat { 0.0 } else { 5.0 * f64::sqrt(expected) };
            assert!(expected > 500.0 && (total - expected).abs() <= tolerance, "{axes:?}: {total} {expected}");
        }
    }

    #[test]
    fn a_gaussian_kernel_has_its_expected_degree() {
        let (layout, points) = sheet(2500);
        let space = Space {
            sources: &points,
            targets: &points,
            period: layout.period(2500).expect("a sheet closes"),
            axes: [true; 3],
        };
        let kernel =
            Kernel { probability: 0.5, shape: KernelShape::Gaussian(1.0), radius: 3.0, torus: true, axes: [true; 3] };
        let rows = rows_by_distance(space, kernel, true, 7, 0);
        let expected: f64 =
            (1..2500).map(|t| space.distance(0, t)).filter(|&r| r <= 3.0).map(|r| 0.5 * kernel.shape.at(r)).sum();
        let total: usize = (0..2500)
            .map(|source| {
                let mut row = Vec::new();
                rows.row(source, &mut row);
                row.len()
            })
            .sum();
        let mean = total as f64 / 2500.0;
        assert!((mean - expected).abs() < 5.0 * (expected / 2500.0).sqrt(), "{mean} {expected}");
    }
}
