//! One picture's worth of numbers: in come a [`Frame`] and what is known of the network, out comes the uniform that every
//! shader reads, and the look of each population.

use bytemuck::{Pod, Zeroable};
use glam::{Mat4, Vec3};

use super::camera::CameraView;
use super::colour;
use super::gather::row_pixels;
use super::lookup::{ChannelUniform, HEIGHT_SHARE};
use super::neurons::clip_corners;
use super::quality::Level;
use super::tile::Tile;
use crate::model::{Cell, Network};
use crate::session::ViewSettings;
use crate::session::view::{ChannelSlot, Others, Theme};

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
    /// Simulated time since the last picture, ms.
    pub elapsed_ms: f32,
    /// Workgroups in a row of the splat grid.
    pub splat_grid_width: u32,
    /// Pixels from row to row of what is gathered.
    pub gathered_row: u32,
    /// Light of a spike over that of a bright neuron at rest.
    pub flash_gain: f32,
    /// 0: light adds up on a dark stage; 1: ink on a light one.
    pub theme: u32,
    /// Of the cells: those before have spheres, those from here on points of light.
    pub splat_cells_first: u32,
    /// Cells with points of light.
    pub splat_cells_count: u32,
    /// Height at the top of the height map, scene units.
    pub height_most: f32,
    /// Radius from which on neurons begin to be spheres, pixels.
    pub sphere_from_px: f32,
    /// Radius from which on neurons are nothing but spheres, pixels.
    pub sphere_to_px: f32,
    /// Pixels drawn per pixel shown, along a side.
    pub drawn_scale: f32,
    /// Width of the squares on the floor, scene units.
    pub floor_square: f32,
    /// Lowest corner of what is drawn, scene units.
    pub clip_low: [f32; 3],
    /// Brightness of unselected neurons; 0: not drawn.
    pub others: f32,
    /// Highest corner of what is drawn, scene units.
    pub clip_high: [f32; 3],
    /// Brightness of the selection's partners; 0: not drawn.
    pub partners: f32,
    /// Light or ink of neurons without the value shown.
    pub no_value: [f32; 3],
    /// Share of the lines that is drawn, to hold the frame rate.
    pub line_share: f32,
    /// What colours show.
    pub colour: ChannelUniform,
    /// What sizes show.
    pub size: ChannelUniform,
    /// What heights show.
    pub height: ChannelUniform,
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
    /// Resting potential, mV.
    pub rest_mv: f32,
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
                    rest_mv: match &population.cell {
                        Cell::Lif(lif) => lif.v_rest_mv as f32,
                        Cell::Source(_) => 0.0,
                    },
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
    /// Some neuron is selected.
    pub(super) has_selection: bool,
    /// Radii between which neurons turn into spheres, pixels.
    pub(super) spheres_px: [f32; 2],
    /// What may be drawn.
    pub(super) level: Level,
    /// Ranges of the values from the host.
    pub(super) ranges: [Option<[f32; 2]>; 3],
}

/// Brightness of unselected neurons, and of partners of the selection, while those not selected are dimmed.
const DIMMED: [f32; 2] = [0.12, 0.55];

/// Resting ink is so much stronger than resting light, flashing ink so much weaker: paper has no brightness to spare.
const INK_GAINS: [f32; 2] = [1.6, 0.36];

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

/// How far neurons are raised at most, scene units.
pub(super) fn height_most(settings: &ViewSettings, bounds: &Bounds) -> f32 {
    if settings.height.is_in_use(ChannelSlot::Height) { HEIGHT_SHARE * bounds.radius() } else { 0.0 }
}

pub(super) fn positive(value: f32, otherwise: f32) -> f32 {
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
        let share = flash_share(extras.neuron_count);
        let is_light = settings.theme == Theme::Light;
        let gains = if is_light { INK_GAINS } else { [1.0; 2] };
        let [others, partners] = match settings.others {
            Others::Dimmed if extras.has_selection => DIMMED,
            Others::Hidden if extras.has_selection => [0.0; 2],
            Others::Shown | Others::Dimmed | Others::Hidden => [1.0; 2],
        };
        let [clip_low, clip_high] = clip_corners(&settings.clip, extras.bounds.low, extras.bounds.high);
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
            base_brightness: unit(settings.base_brightness) * share.sqrt() * gains[0],
            fog: unit(settings.fog),
            neuron_count: extras.neuron_count,
            picked: extras.picked.unwrap_or(u32::MAX),
            // A floor so far down is none.
            floor_y: if settings.floor { extras.bounds.low[1] - radius - 0.12 * extent } else { f32::MIN * 1e-9 },
            synapse_opacity: unit(settings.synapse_opacity),
            pulse_ms: pulse_ms(settings),
            bloom: unit(settings.bloom) * if is_light { 0.4 } else { 1.0 },
            exposure: if settings.exposure.is_finite() { settings.exposure.clamp(-16.0, 16.0).exp2() } else { 1.0 },
            splat_radius_max_px: extras.splat_radius_max_px,
            elapsed_ms: (frame.elapsed_steps as f64 * frame.dt_ms) as f32,
            splat_grid_width: extras.splat_grid_width,
            gathered_row: row_pixels(frame.size[0].max(1)),
            flash_gain: FLASH_GAIN * share * gains[1],
            theme: u32::from(is_light),
            splat_cells_first: 0,
            splat_cells_count: 0,
            height_most: height_most(settings, &extras.bounds),
            sphere_from_px: extras.spheres_px[0],
            sphere_to_px: extras.spheres_px[1],
            drawn_scale: 1.0,
            floor_square: (0.25 * extent).log2().round().exp2(),
            clip_low: clip_low.to_array(),
            others,
            clip_high: clip_high.to_array(),
            partners,
            no_value: colour::no_value(settings.theme),
            line_share: extras.level.lines,
            colour: ChannelUniform::of(ChannelSlot::Colour, &settings.colour, extras.ranges[0]),
            size: ChannelUniform::of(ChannelSlot::Size, &settings.size, extras.ranges[1]),
            height: ChannelUniform::of(ChannelSlot::Height, &settings.height, extras.ranges[2]),
        }
    }

    /// The same picture, of which only a tile is drawn. What depends on distances stays as it is in the whole.
    pub(super) fn of_tile(mut self, tile: &Tile) -> Self {
        let clip_from_world = Mat4::from_cols_array_2d(&self.clip_from_world);
        self.clip_from_world = (tile.tile_clip() * clip_from_world).to_cols_array_2d();
        self.size_px = tile.size.map(|side| side as f32);
        self.gathered_row = row_pixels(tile.size[0]);
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
