//! Where neurons are: regular and random arrangements in scene units, y up, each centred on its offset. In: a
//! [`Layout`], a size and a seed. Out: positions, the same for every thread count. Knows no scene files.

use std::f64::consts::{PI, TAU};

use super::random::{Draws, Stream};

/// An arrangement of neurons.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The arrangement.
    pub form: Form,
    /// Its centre, scene units.
    pub offset: [f32; 3],
    /// Every coordinate is moved by up to this, scene units.
    pub jitter: f32,
}

/// Kinds of arrangement. Lengths are in scene units.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Rows and columns in a plane, the first row on top (standing) or at the back (lying).
    Sheet {
        /// Neurons per row; nothing: as square as it gets.
        columns: Option<u32>,
        /// Between neighbours.
        spacing: f32,
        /// Which way it faces.
        plane: Plane,
    },
    /// A cube of rows, columns and floors.
    Grid {
        /// Between neighbours.
        spacing: f32,
    },
    /// Lying square sheets above each other, filled from the bottom.
    Planes {
        /// How many.
        layers: u32,
        /// Between neighbours of a sheet.
        spacing: f32,
        /// Between sheets.
        gap: f32,
    },
    /// An evenly filled ball.
    Ball {
        /// Its radius; nothing: from the spacing.
        radius: Option<f32>,
        /// Mean distance of neighbours.
        spacing: f32,
    },
    /// The surface of a ball.
    Shell {
        /// Its radius; nothing: from the spacing.
        radius: Option<f32>,
        /// Mean distance of neighbours.
        spacing: f32,
    },
    /// An evenly filled upright cylinder; height 0 is a disc.
    Cylinder {
        /// Its radius; nothing: from the spacing.
        radius: Option<f32>,
        /// Its height.
        height: f32,
        /// Mean distance of neighbours, seen from above.
        spacing: f32,
    },
    /// A lying ring.
    Ring {
        /// Its radius; nothing: from the spacing.
        radius: Option<f32>,
        /// Along the ring.
        spacing: f32,
    },
    /// Random points in a box.
    Box {
        /// Width, height and depth.
        extent: [f32; 3],
    },
    /// Given points, one per neuron.
    Points(Vec<[f32; 3]>),
}

/// Which way a sheet faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// Standing, facing z.
    Xy,
    /// Lying, facing up.
    Xz,
    /// Standing, facing x.
    Zy,
}

/// A ball around points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sphere {
    /// Middle of the points' box.
    pub centre: [f32; 3],
    /// Distance of the farthest point.
    pub radius: f32,
}

impl Sphere {
    /// The ball around the middle of the box of `points` that holds them all; radius 0 for none.
    #[must_use]
    pub fn around<'a>(points: impl Iterator<Item = &'a [f32; 3]> + Clone) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
        for point in points.clone() {
            for axis in 0..3 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        if low[0] > high[0] {
            return Self { centre: [0.0; 3], radius: 0.0 };
        }
        let centre = [0, 1, 2].map(|axis| 0.5 * (low[axis] + high[axis]));
        let squared = |p: &[f32; 3]| (0..3).map(|axis| (p[axis] - centre[axis]).powi(2)).sum::<f32>();
        Self { centre, radius: points.map(squared).fold(0.0, f32::max).sqrt() }
    }
}

/// Angle between neighbours of a sunflower, radians.
const GOLDEN_ANGLE: f64 = 2.399_963_229_728_653;

impl Layout {
    /// Positions of `size` neurons. `first` is the id of the first (it keys the random numbers).
    #[must_use]
    pub fn positions(&self, size: u32, seed: u64, first: u32) -> Vec<[f32; 3]> {
        (0..size).map(|k| self.position(k, size, seed, first)).collect()
    }

    /// The position of neuron `k` of those.
    #[must_use]
    pub fn position(&self, k: u32, size: u32, seed: u64, first: u32) -> [f32; 3] {
        let mut draws = Draws::new(seed, Stream::Position as u32, first.wrapping_add(k));
        let mut point = self.form.point(k, size, &mut draws);
        for (x, offset) in point.iter_mut().zip(self.offset) {
            if self.jitter > 0.0 {
                *x += (2.0 * draws.uniform() - 1.0) * f64::from(self.jitter);
            }
            *x += f64::from(offset);
        }
        point.map(|x| x as f32)
    }

    /// Lengths after which the arrangement repeats when closed on itself, per axis (0: it does not); `None` for forms
    /// that cannot be closed.
    #[must_use]
    pub fn period(&self, size: u32) -> Option<[f64; 3]> {
        match &self.form {
            Form::Sheet { columns, spacing, plane } => {
                let columns = sheet_columns(*columns, size);
                let (wide, high) = (f64::from(columns), f64::from(size.div_ceil(columns)));
                Some(plane.place(wide * f64::from(*spacing), high * f64::from(*spacing)))
            }
            Form::Box { extent } => Some(extent.map(f64::from)),
            _ => None,
        }
    }

    /// Width and height of a sheet whose last row is full.
    #[must_use]
    pub fn shape(&self, size: u32) -> Option<[u32; 2]> {
        match &self.form {
            Form::Sheet { columns, .. } => {
                let columns = sheet_columns(*columns, size);
                size.is_multiple_of(columns).then(|| [columns, size / columns])
            }
            _ => None,
        }
    }
}

/// Neurons per row of a sheet of `size` neurons.
pub(crate) fn sheet_columns(columns: Option<u32>, size: u32) -> u32 {
    let square = f64::from(size).sqrt().ceil() as u32;
    let size = size.max(1);
    // Prefer an exact rectangle close to a square over a ragged last row.
    columns
        .unwrap_or_else(|| {
            (square..square + square / 4 + 1).find(|&c| c > 0 && size.is_multiple_of(c)).unwrap_or(square)
        })
        .clamp(1, size)
}

impl Plane {
    const fn place(self, across: f64, up: f64) -> [f64; 3] {
        match self {
            Self::Xy => [across, up, 0.0],
            Self::Xz => [across, 0.0, up],
            Self::Zy => [0.0, up, across],
        }
    }
}

impl Form {
    /// Neuron `k` of `size`, around the origin.
    fn point(&self, k: u32, size: u32, draws: &mut Draws) -> [f64; 3] {
        let (index, count) = (f64::from(k), f64::from(size.max(1)));
        let share = (index + 0.5) / count;
        match self {
            Self::Sheet { columns, spacing, plane } => {
                let columns = sheet_columns(*columns, size);
                let rows = size.div_ceil(columns);
                let across = (f64::from(k % columns) - 0.5 * f64::from(columns - 1)) * f64::from(*spacing);
                let down = (f64::from(k / columns) - 0.5 * f64::from(rows.saturating_sub(1))) * f64::from(*spacing);
                // A lying sheet has its first row at the back, a standing one on top.
                plane.place(across, if *plane == Plane::Xz { down } else { -down })
            }
            Self::Grid { spacing } => {
                let side = (f64::from(size).cbrt().ceil() as u32).max(1);
                let floors = size.div_ceil(side * side).max(1);
                let middle = 0.5 * f64::from(side - 1);
                [
                    (f64::from(k % side) - middle) * f64::from(*spacing),
                    (f64::from(k / (side * side)) - 0.5 * f64::from(floors - 1)) * f64::from(*spacing),
                    (f64::from(k / side % side) - middle) * f64::from(*spacing),
                ]
            }
            Self::Planes { layers, spacing, gap } => {
                let per_layer = size.div_ceil(*layers).max(1);
                let layer = k / per_layer;
                let side = (f64::from(per_layer).sqrt().ceil() as u32).max(1);
                let place = k % per_layer;
                let middle = 0.5 * f64::from(side - 1);
                [
                    (f64::from(place % side) - middle) * f64::from(*spacing),
                    (f64::from(layer) - 0.5 * f64::from(layers - 1)) * f64::from(*gap),
                    (f64::from(place / side) - middle) * f64::from(*spacing),
                ]
            }
            Self::Ball { radius, spacing } => {
                let radius = radius.map_or_else(|| f64::from(*spacing) * (0.75 * count / PI).cbrt(), f64::from);
                // Equal-volume shells on a spherical spiral; the golden ratio's multiples spread the radii.
                let unit = fibonacci_sphere(index, count);
                let volume = (index * 0.754_877_666_246_692_7 + 0.5).fract();
                unit.map(|x| x * radius * volume.cbrt())
            }
            Self::Shell { radius, spacing } => {
                let radius = radius.map_or_else(|| f64::from(*spacing) * (count / (4.0 * PI)).sqrt(), f64::from);
                fibonacci_sphere(index, count).map(|x| x * radius)
            }
            Self::Cylinder { radius, height, spacing } => {
                let radius = radius.map_or_else(|| f64::from(*spacing) * (count / PI).sqrt(), f64::from);
                let (r, angle) = (radius * share.sqrt(), GOLDEN_ANGLE * index);
                let up = ((index * 0.754_877_666_246_692_7 + 0.5).fract() - 0.5) * f64::from(*height);
                [r * angle.cos(), up, r * angle.sin()]
            }
            Self::Ring { radius, spacing } => {
                let radius = radius.map_or_else(|| f64::from(*spacing) * count / TAU, f64::from);
                let angle = TAU * index / count;
                [radius * angle.cos(), 0.0, radius * angle.sin()]
            }
            Self::Box { extent } => extent.map(|length| (draws.uniform() - 0.5) * f64::from(length)),
            Self::Points(points) => points.get(k as usize).map_or([0.0; 3], |point| point.map(f64::from)),
        }
    }
}

/// Point `index` of `count` on the unit sphere, evenly spread.
fn fibonacci_sphere(index: f64, count: f64) -> [f64; 3] {
    let y = 1.0 - 2.0 * (index + 0.5) / count;
    let r = (1.0 - y * y).max(0.0).sqrt();
    let angle = GOLDEN_ANGLE * index;
    [r * angle.cos(), y, r * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms() -> Vec<Form> {
        vec![
            Form::Sheet { columns: None, spacing: 1.0, plane: Plane::Xz },
            Form::Grid { spacing: 1.0 },
            Form::Planes { layers: 3, spacing: 1.0, gap: 4.0 },
            Form::Ball { radius: None, spacing: 1.0 },
            Form::Shell { radius: Some(5.0), spacing: 1.0 },
            Form::Cylinder { radius: None, height: 3.0, spacing: 1.0 },
            Form::Ring { radius: None, spacing: 1.0 },
            Form::Box { extent: [9.0, 8.0, 7.0] },
        ]
    }

    #[test]
    fn every_form_is_centred_on_its_offset_and_keeps_neurons_apart() {
        for form in forms() {
            let layout = Layout { form, offset: [10.0, -5.0, 2.0], jitter: 0.0 };
            let points = layout.positions(500, 1, 0);
            let ball = Sphere::around(points.iter());
            for (middle, offset) in ball.centre.iter().zip(layout.offset) {
                assert!((middle - offset).abs() < 0.8, "{:?}: {:?}", layout.form, ball);
            }
            let mut nearest = f32::INFINITY;
            for (i, a) in points.iter().enumerate() {
                for b in &points[..i] {
                    nearest = nearest.min((0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f32>().sqrt());
                }
            }
            let least = if matches!(layout.form, Form::Box { .. }) { 0.0 } else { 0.3 };
            assert!(nearest > least, "{:?}: nearest {nearest}", layout.form);
        }
    }

    #[test]
    fn sheets_are_images_with_the_first_row_on_top() {
        let layout = Layout {
            form: Form::Sheet { columns: Some(8), spacing: 1.0, plane: Plane::Xy },
            offset: [0.0; 3],
            jitter: 0.0,
        };
        let points = layout.positions(64, 1, 0);
        assert_eq!(points[0], [-3.5, 3.5, 0.0]);
        assert_eq!(points[63], [3.5, -3.5, 0.0]);
        assert_eq!(layout.shape(64), Some([8, 8]));
        assert_eq!(layout.period(64), Some([8.0, 8.0, 0.0]));
    }

    #[test]
    fn tiny_sizes_are_fine() {
        for form in forms() {
            let layout = Layout { form, offset: [0.0; 3], jitter: 0.1 };
            for size in [0, 1, 2, 3] {
                assert_eq!(layout.positions(size, 3, 0).len(), size as usize);
                assert!(layout.positions(size, 3, 0).iter().flatten().all(|x| x.is_finite()));
            }
        }
    }
}
