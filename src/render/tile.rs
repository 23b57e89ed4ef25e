//! Pictures larger than a texture, or than memory should hold, in tiles. In goes the size of a picture, out come tiles
//! that lie side by side in it, each drawn with a margin around it, and what of a camera's view each tile sees.
//!
//! A picture of several tiles is drawn in two rounds, because the glow spreads over all of it: the first round collects
//! the glow of every tile, the second draws the tiles again and finishes them.

use glam::{Mat4, Vec2, Vec3};

use super::gather::PIXEL_BYTES;
use crate::gpu::Gpu;

/// Pictures of at most so many pixels are drawn in one go: 4K.
const WHOLE_MAX: u64 = 3840 * 2160;
/// Height of Full HD, pixels.
const FULL_HEIGHT: f32 = 1080.0;
/// Side of a tile with its margins, pixels. Divisible by every step of the glow's chain.
const SIDE: u32 = 2048;
/// Pixels around a tile that the first step of the glow, and lines that cross its edge, may look at.
const MARGIN: u32 = 32;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Width and height of the whole picture, pixels.
    pub picture: [u32; 2],
    /// Top left pixel of what is drawn, margins and all.
    pub origin: [u32; 2],
    /// Width and height of what is drawn.
    pub size: [u32; 2],
    /// First pixel that is this tile's own, from the top left of the picture.
    pub own: [u32; 2],
    /// Width and height of what is its own.
    pub own_size: [u32; 2],
    /// Nothing of this picture was drawn before: time goes on with this tile.
    pub(super) is_first_look: bool,
}

impl Tile {
    /// The picture itself.
    #[must_use]
    pub const fn whole(picture: [u32; 2]) -> Self {
        Self { picture, origin: [0; 2], size: picture, own: [0; 2], own_size: picture, is_first_look: true }
    }

    /// Pixels of the picture for one of Full HD, at least 1: how much wider things measured in pixels are, so that a
    /// large picture is the small one with more detail.
    #[must_use]
    pub(super) fn detail(&self) -> f32 {
        (self.picture[1] as f32 / FULL_HEIGHT).max(1.0)
    }

    /// True for a tile that is the picture.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.size == self.picture
    }

    /// Tiles for a picture of this size on this adapter, row by row; one, where the picture can be drawn in one go.
    #[must_use]
    pub fn of_picture(gpu: &Gpu, picture: [u32; 2]) -> Vec<Self> {
        let limits = &gpu.limits;
        let pixels = u64::from(picture[0]) * u64::from(picture[1]);
        // What is gathered is the largest buffer that a picture needs.
        let most = (limits.max_storage_buffer_binding_size / u64::from(PIXEL_BYTES)).min(WHOLE_MAX);
        if pixels <= most && picture.iter().all(|&side| side <= limits.max_texture_dimension_2d) {
            return vec![Self::whole(picture)];
        }
        let side = most.isqrt().min(u64::from(limits.max_texture_dimension_2d)) as u32;
        Self::cut(picture, side.min(SIDE))
    }

    /// Tiles of at most `side` pixels with their margins, all of one size.
    #[must_use]
    pub fn cut(picture: [u32; 2], side: u32) -> Vec<Self> {
        let side = side.max(4 * MARGIN);
        let columns = cut_side(picture[0], side);
        let rows = cut_side(picture[1], side);
        let tile = |y: &Cut, x: &Cut| Self {
            picture,
            origin: [x.origin, y.origin],
            size: picture.map(|whole| whole.min(side)),
            own: [x.own, y.own],
            own_size: [x.own_size, y.own_size],
            is_first_look: x.own == 0 && y.own == 0,
        };
        rows.iter().flat_map(|y| columns.iter().map(move |x| tile(y, x))).collect()
    }

    /// Clip space of the tile from that of the picture: what the tile sees fills it.
    pub(super) fn tile_clip(&self) -> Mat4 {
        let [whole, origin, size] =
            [self.picture, self.origin, self.size].map(|pair| Vec2::from(pair.map(|v| v as f32)));
        let scale = whole / size;
        let shift = (whole - 2.0 * origin - size) / size * Vec2::new(1.0, -1.0);
        let mut matrix = Mat4::from_scale(Vec3::new(scale.x, scale.y, 1.0));
        // Clip space is divided by w: a shift of the picture is a multiple of w.
        matrix.w_axis = shift.extend(0.0).extend(1.0);
        matrix
    }

    /// Where the tile's own pixels begin in what is drawn.
    #[must_use]
    pub fn own_offset(&self) -> [u32; 2] {
        [self.own[0] - self.origin[0], self.own[1] - self.origin[1]]
    }
}

/// One side of a tile.
struct Cut {
    origin: u32,
    own: u32,
    own_size: u32,
}

fn cut_side(whole: u32, side: u32) -> Vec<Cut> {
    if whole <= side {
        return vec![Cut { origin: 0, own: 0, own_size: whole }];
    }
    let step = side - 2 * MARGIN;
    let mut cuts = Vec::new();
    let mut own = 0;
    while own < whole {
        // Those at the edges have all of their margin on the inner side, so that all are of one size.
        let origin = own.saturating_sub(MARGIN).min(whole - side);
        let end = if origin + side == whole { whole } else { own + step + if own == 0 { MARGIN } else { 0 } };
        cuts.push(Cut { origin, own, own_size: end - own });
        own = end;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_every_pixel_once_and_keep_their_margins() {
        for (whole, side) in [(7680, 2048), (2049, 2048), (4320, 2048), (300, 128), (129, 128), (128, 128), (5000, 700)]
        {
            let cuts = cut_side(whole, side);
            let mut next = 0;
            for cut in &cuts {
                assert_eq!(cut.own, next, "{whole} {side}");
                next += cut.own_size;
                let end = cut.own + cut.own_size;
                assert!(cut.origin <= cut.own && end <= cut.origin + side.min(whole), "{whole} {side}");
                assert!(cut.own == 0 || cut.own - cut.origin >= MARGIN);
                assert!(end == whole || cut.origin + side - end >= MARGIN);
            }
            assert_eq!(next, whole);
        }
    }

    #[test]
    fn a_point_falls_on_the_same_pixel_of_the_picture_in_every_tile() {
        let picture = [1000, 600];
        let point = Vec2::new(0.31, -0.42);
        let in_picture = (point * Vec2::new(0.5, -0.5) + 0.5) * Vec2::new(1000.0, 600.0);
        for tile in Tile::cut(picture, 256) {
            let clip = tile.tile_clip() * (point * 3.0).extend(0.5).extend(3.0);
            let ndc = Vec2::new(clip.x, clip.y) / clip.w;
            let size = Vec2::from(tile.size.map(|v| v as f32));
            let at = (ndc * Vec2::new(0.5, -0.5) + 0.5) * size + Vec2::from(tile.origin.map(|v| v as f32));
            assert!(at.distance(in_picture) < 1e-2, "{at} {in_picture}");
        }
        assert_eq!(Tile::whole(picture).tile_clip(), Mat4::IDENTITY);
    }
}
