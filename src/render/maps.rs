//! Colour maps by their published or computed control points: perceptually uniform, readable with any common colour
//! vision, ordered by brightness alone. In goes a share of the map and the room it is seen in, out comes a colour (sRGB).

use crate::session::view::{MapName, Theme};

/// Viridis (van der Walt and Smith 2015), every ninth of the way.
const VIRIDIS: [u32; 10] =
    [0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725];

/// Cividis (Nunez, Anderton, Renslow 2018), made for colour vision deficiencies.
const CIVIDIS: [u32; 10] =
    [0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173, 0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46];

/// Plasma (van der Walt and Smith 2015).
const PLASMA: [u32; 10] =
    [0x0d0887, 0x46039f, 0x7201a8, 0x9c179e, 0xbd3786, 0xd8576b, 0xed7953, 0xfb9f3a, 0xfdca26, 0xf0f921];

/// Inferno (van der Walt and Smith 2015) without its black end, which no stage would show.
const INFERNO: [u32; 9] = [0x1b0c42, 0x4b0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925, 0xfb9a06, 0xf7d03c, 0xfcffa4];

/// Blue and amber around a dark middle, equally bright on both sides (steps of equal lightness in OKLCH).
const DIVERGING_DARK: [u32; 9] =
    [0x8ed5fe, 0x44a8e7, 0x4077a3, 0x414f5d, 0x3d3d3d, 0x5a493d, 0x986438, 0xd58c3b, 0xffbd59];

/// The same around a pale middle, for the light stage.
const DIVERGING_LIGHT: [u32; 9] =
    [0x014182, 0x0465af, 0x5a98cb, 0xa8c9e2, 0xe8e8e8, 0xddbda4, 0xc67f4d, 0x9d4616, 0x70280a];

/// Ten colours without an order. Their lightness is 32, 39, 46, ... 88, 94 (CIE L*), neighbours far apart, so that they
/// can be told apart in grey too.
const CATEGORICAL: [u32; 10] =
    [0xf9a427, 0x2068db, 0xede141, 0xee362f, 0x14dfe0, 0x8a28be, 0x44b950, 0x035458, 0xffe8f2, 0xea5da9];

/// Classes with a colour of their own; more begin again.
pub const CATEGORIES: usize = CATEGORICAL.len();

/// The colour of a value from 0 to 1 on a map, sRGB. On the light stage maps run the other way, so that a large value
/// stands out from the ground in both.
#[must_use]
pub fn map_colour(map: MapName, theme: Theme, value: f32) -> [f32; 3] {
    let value = if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
    let ordered = if theme == Theme::Light { 1.0 - value } else { value };
    match map {
        MapName::Viridis => between(&VIRIDIS, ordered),
        MapName::Cividis => between(&CIVIDIS, ordered),
        MapName::Inferno => between(&INFERNO, ordered),
        MapName::Plasma => between(&PLASMA, ordered),
        MapName::Diverging if theme == Theme::Light => between(&DIVERGING_LIGHT, value),
        MapName::Diverging => between(&DIVERGING_DARK, value),
        MapName::Categorical => category_colour((value * CATEGORIES as f32) as usize),
    }
}

/// The colour of a class, sRGB.
#[must_use]
pub fn category_colour(class: usize) -> [f32; 3] {
    srgb(CATEGORICAL[class.min(CATEGORIES * 1000) % CATEGORIES])
}

/// Straight lines between evenly spaced control points.
fn between(knots: &[u32], value: f32) -> [f32; 3] {
    let at = value * (knots.len() - 1) as f32;
    let low = (at as usize).min(knots.len() - 2);
    let (a, b) = (srgb(knots[low]), srgb(knots[low + 1]));
    [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * (at - low as f32))
}

fn srgb(hex: u32) -> [f32; 3] {
    [16, 8, 0].map(|shift| ((hex >> shift) & 0xff) as f32 / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::colour::luminance;

    /// CIE L* of a colour: even steps look even.
    fn lightness(srgb: [f32; 3]) -> f32 {
        116.0 * luminance(srgb).cbrt() - 16.0
    }

    #[test]
    fn ordered_maps_go_one_way_in_grey_and_stand_out_at_the_top() {
        for map in [MapName::Viridis, MapName::Cividis, MapName::Inferno, MapName::Plasma] {
            for (theme, sign) in [(Theme::Dark, 1.0), (Theme::Light, -1.0)] {
                let values: Vec<f32> =
                    (0..=60).map(|k| sign * lightness(map_colour(map, theme, k as f32 / 60.0))).collect();
                assert!(values.windows(2).all(|pair| pair[1] > pair[0] - 0.2), "{map:?} {theme:?}: {values:?}");
                assert!(values[60] - values[0] > 60.0, "{map:?} spans most of the greys");
            }
        }
    }

    #[test]
    fn the_diverging_map_leaves_its_middle_alike_on_both_sides() {
        for (theme, sign) in [(Theme::Dark, 1.0), (Theme::Light, -1.0)] {
            let value = |x: f32| sign * lightness(map_colour(MapName::Diverging, theme, x));
            for k in 0..30 {
                let (near, far) = (k as f32 / 60.0, (k + 1) as f32 / 60.0);
                for side in [-1.0, 1.0] {
                    assert!(value(0.5 + side * far) > value(0.5 + side * near) - 0.2, "{theme:?} {far}");
                }
                assert!((value(0.5 - far) - value(0.5 + far)).abs() < 6.0, "{theme:?} {far}");
            }
        }
    }

    #[test]
    fn categories_can_be_told_apart_in_grey() {
        let mut greys: Vec<f32> = (0..CATEGORIES).map(|class| lightness(category_colour(class))).collect();
        for pair in greys.windows(2) {
            assert!((pair[0] - pair[1]).abs() > 12.0, "neighbours: {greys:?}");
        }
        greys.sort_by(f32::total_cmp);
        assert!(greys.windows(2).all(|pair| pair[1] - pair[0] > 5.0), "{greys:?}");
        assert_eq!(category_colour(3), category_colour(13));
    }

    #[test]
    fn values_outside_the_map_take_its_ends() {
        let at = |value| map_colour(MapName::Viridis, Theme::Dark, value);
        assert_eq!(at(-3.0), at(0.0));
        assert_eq!(at(7.0), at(1.0));
        assert_eq!(at(f32::NAN), at(0.0));
    }
}
