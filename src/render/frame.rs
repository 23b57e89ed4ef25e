//! One picture's worth of numbers: in come a [`Frame`] and what is known of the network, out comes the uniform that every
//! shader reads, and the look of each population.

use bytemuck::{Pod, Zeroable};
use glam::{Mat4, Vec3};

use super::camera::CameraView;
use super::colour;
use super::tile::Tile;
use crate::model::Network;
use crate::session::ViewSettings;
use crate::session::view::Variable;

/// What to draw.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Width and height, pixels.
    pub size: [u32; 2],
    /// From where.
    pub camera: CameraView,
    /// Steps done.
    pub step: u64,
    /// Steps since the last picture; used only for glows that fade with simulated time.
    pub elapsed_steps: u64,
    /// Step, ms.
    pub dt_ms: f64,
    /// How it should look.
    pub settings: ViewSettings,
}

/// [`Frame`] as the shaders read it. WGSL twin: `Frame` in `shaders/render/frame.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct FrameUniform {
    /// Column-major.
    pub clip_from_world: [[f32; 4]; 4],
    /// Scene units.
    pub eye: [f32; 3],
    /// Pixels per scene unit at depth 1.
    pub focal_px: f32,
    /// Unit vector.
    pub right: [f32; 3],
    /// Of half the angle of view.
    pub tan_half_x: f32,
    /// Unit vector.
    pub up: [f32; 3],
    /// Of half the angle of view.
    pub tan_half_y: f32,
    /// Unit vector.
    pub forward: [f32; 3],
    /// Nearest visible depth, scene units.
    pub near: f32,
    /// Middle of the network, scene units.
    pub centre: [f32; 3],
    /// Radius of the network, scene units.
    pub extent: f32,
    /// Width and height of what is drawn into: the picture, or a tile of it.
    pub size_px: [f32; 2],
    /// Width and height of the whole picture.
    pub picture_px: [f32; 2],
    /// Where in the picture the tile begins.
    pub tile_px: [f32; 2],
    /// Steps done (low 32 bits).
    pub step: u32,
    /// Step, ms.
    pub dt_ms: f32,
    /// A flash falls to 1/e in this time, ms.
    pub flash_decay_ms: f32,
    /// Scene units.
    pub neuron_radius: f32,
    /// 0 to 1.
    pub base_brightness: f32,
    /// 0 to 1.
    pub fog: f32,
    /// 0 population, 1 membrane, 2 rate, 3 theta.
    pub colour_by: u32,
    /// Neurons that are drawn.
    pub neuron_count: u32,
    /// The picked neuron; `u32::MAX`: none.
    pub picked: u32,
    /// Height of the floor, scene units.
    pub floor_y: f32,
    /// 0 to 1.
    pub synapse_opacity: f32,
    /// A pulse takes at least this long to cross its line, ms.
    pub pulse_ms: f32,
    /// Weight of the glow.
    pub bloom: f32,
    /// Factor on all light.
    pub exposure: f32,
    /// Largest radius of a splat, pixels.
    pub splat_radius_max_px: f32,
    /// Pieces of a curved synapse line.
    pub line_segments: u32,
    /// Simulated time since the last picture, ms.
    pub elapsed_ms: f32,
    /// Workgroups in a row of the splat grid.
    pub splat_grid_width: u32,
    /// 1: neurons were gathered as splats; 2: lines were gathered.
    pub gathered: u32,
    /// Light of a spike over that of a bright neuron at rest.
    pub flash_gain: f32,
    /// Unused.
    pub _padding: [u32; 2],
}

/// How neurons of one population look. WGSL twin: `PopulationLook` in `shaders/render/frame.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct PopulationLook {
    /// Linear.
    pub colour: [f32; 3],
    /// mV relative to rest, the low end of the membrane map.
    pub membrane_low_mv: f32,
    /// mV relative to rest, without theta: the high end.
    pub threshold_mv: f32,
    /// mV at the top of the theta map; 0: no theta.
    pub theta_top_mv: f32,
    /// 1: it has a membrane value.
    pub has_membrane: u32,
    /// Unused.
    pub _padding: u32,
}

impl PopulationLook {
    /// One per population; at least one, so that there is something to bind.
    #[must_use]
    pub fn of(network: &Network) -> Vec<Self> {
        let mut looks: Vec<Self> = network
            .populations
            .iter()
            .map(|population| {
                let range = colour::membrane_range_mv(&population.cell);
                Self {
                    colour: colour::linear_rgb(population.colour),
                    membrane_low_mv: range.map_or(0.0, |[low, _]| low),
                    threshold_mv: range.map_or(0.0, |[_, high]| high),
                    theta_top_mv: colour::theta_top_mv(&population.cell).unwrap_or(0.0),
                    has_membrane: u32::from(range.is_some()),
                    _padding: 0,
                }
            })
            .collect();
        if looks.is_empty() {
            looks.push(Self::default());
        }
        looks
    }
}

/// The box that holds all neurons.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Lowest corner, scene units.
    pub low: [f32; 3],
    /// Highest corner, scene units.
    pub high: [f32; 3],
}

impl Bounds {
    /// Of positions; those that are no numbers do not count. A unit box around the origin when there are none.
    #[must_use]
    pub fn of(positions: &[[f32; 3]]) -> Self {
        let mut bounds = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for point in positions.iter().map(|p| Vec3::from_array(*p)).filter(|p| p.is_finite()) {
            bounds = (bounds.0.min(point), bounds.1.max(point));
        }
        if bounds.0.x > bounds.1.x {
            bounds = (Vec3::splat(-0.5), Vec3::splat(0.5));
        }
        Self { low: bounds.0.to_array(), high: bounds.1.to_array() }
    }

    /// The middle, scene units.
    #[must_use]
    pub fn centre(&self) -> [f32; 3] {
        (0.5 * (Vec3::from_array(self.low) + Vec3::from_array(self.high))).to_array()
    }

    /// From the middle to a corner, scene units; never 0.
    #[must_use]
    pub fn radius(&self) -> f32 {
        (0.5 * Vec3::from_array(self.low).distance(Vec3::from_array(self.high))).max(1e-3)
    }
}

/// What the renderer adds to a frame of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extras {
    /// Of the network.
    pub(super) bounds: Bounds,
    /// Neurons that are drawn.
    pub(super) neuron_count: u32,
    /// The picked neuron.
    pub(super) picked: Option<u32>,
    /// See [`FrameUniform`].
    pub(super) splat_radius_max_px: f32,
    /// See [`FrameUniform`].
    pub(super) splat_grid_width: u32,
    /// See [`FrameUniform`].
    pub(super) line_segments: u32,
    /// See [`FrameUniform`].
    pub(super) gathered: u32,
}

/// The shortest time in which a pulse crosses its line, ms: delays are often shorter than anyone can see.
#[must_use]
pub fn pulse_ms(settings: &ViewSettings) -> f32 {
    positive(settings.flash_decay_ms, 30.0)
}

/// Light of a spike in a small network.
const FLASH_GAIN: f32 = 2.6;

/// Many neurons share the light that a few would have, so that waves in a crowd do not burn out: how much of its light
/// a spike keeps.
pub(super) fn flash_share(neurons: u32) -> f32 {
    (3_000.0 / neurons.max(1) as f32).powf(0.22).clamp(0.2, 1.0)
}

fn positive(value: f32, otherwise: f32) -> f32 {
    if value.is_finite() && value > 0.0 { value } else { otherwise }
}

fn unit(value: f32) -> f32 {
    if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 }
}

impl FrameUniform {
    pub(super) fn new(frame: &Frame, extras: &Extras) -> Self {
        let (camera, settings) = (&frame.camera, &frame.settings);
        let (width, height) = (frame.size[0].max(1) as f32, frame.size[1].max(1) as f32);
        let radius = positive(settings.neuron_radius, 0.5);
        let extent = extras.bounds.radius() + radius;
        Self {
            clip_from_world: camera.clip_from_world.to_cols_array_2d(),
            eye: camera.eye.to_array(),
            focal_px: camera.focal_px(height),
            right: camera.right.to_array(),
            tan_half_x: camera.tan_half.x,
            up: camera.up.to_array(),
            tan_half_y: camera.tan_half.y,
            forward: camera.forward.to_array(),
            near: camera.near,
            centre: extras.bounds.centre(),
            extent,
            size_px: [width, height],
            picture_px: [width, height],
            tile_px: [0.0; 2],
            step: frame.step as u32,
            dt_ms: positive(frame.dt_ms as f32, 1.0),
            flash_decay_ms: positive(settings.flash_decay_ms, 30.0),
            neuron_radius: radius,
            base_brightness: unit(settings.base_brightness) * flash_share(extras.neuron_count).sqrt(),
            fog: unit(settings.fog),
            colour_by: match settings.colour.by {
                Variable::Membrane => 1,
                Variable::Rate => 2,
                Variable::Theta => 3,
                _ => 0,
            },
            neuron_count: extras.neuron_count,
            picked: extras.picked.unwrap_or(u32::MAX),
            floor_y: extras.bounds.low[1] - radius - 0.12 * extent,
            synapse_opacity: unit(settings.synapse_opacity),
            pulse_ms: pulse_ms(settings),
            bloom: unit(settings.bloom),
            exposure: if settings.exposure.is_finite() { settings.exposure.clamp(-16.0, 16.0).exp2() } else { 1.0 },
            splat_radius_max_px: extras.splat_radius_max_px,
            line_segments: extras.line_segments,
            elapsed_ms: (frame.elapsed_steps as f64 * frame.dt_ms) as f32,
            splat_grid_width: extras.splat_grid_width,
            gathered: extras.gathered,
            flash_gain: FLASH_GAIN * flash_share(extras.neuron_count),
            _padding: [0; 2],
        }
    }

    /// The same picture, of which only a tile is drawn. What depends on distances stays as it is in the whole.
    pub(super) fn of_tile(mut self, tile: &Tile) -> Self {
        let clip_from_world = Mat4::from_cols_array_2d(&self.clip_from_world);
        self.clip_from_world = (tile.from_picture() * clip_from_world).to_cols_array_2d();
        self.size_px = tile.size.map(|side| side as f32);
        self.tile_px = tile.origin.map(|side| side as f32);
        // What fades with time fades once for all tiles.
        self.elapsed_ms = if tile.is_first_look { self.elapsed_ms } else { 0.0 };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_ignore_broken_positions_and_survive_none() {
        let bounds = Bounds::of(&[[1.0, 2.0, 3.0], [f32::NAN, 0.0, 0.0], [-1.0, 5.0, 3.0]]);
        assert_eq!((bounds.low, bounds.high), ([-1.0, 2.0, 3.0], [1.0, 5.0, 3.0]));
        assert_eq!(bounds.centre(), [0.0, 3.5, 3.0]);
        assert!(Bounds::of(&[]).radius() > 0.0);
    }

    #[test]
    fn the_uniform_is_whole_vectors() {
        assert_eq!(size_of::<FrameUniform>() % 16, 0);
        assert_eq!(size_of::<PopulationLook>() % 16, 0);
    }
}
