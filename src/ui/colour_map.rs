//! The perceptually uniform colour map of heat maps (viridis, by its published control points), and small textures
//! made from values: receptive fields, weight images, the input shown now.

use egui::{Color32, ColorImage, TextureHandle, TextureOptions};

/// Viridis (Smith and van der Walt 2015) at 0, 1/8, ... 1; between them linear, which differs by less than 2/255.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// Colour of a value from 0 to 1; values outside are clamped.
pub(super) fn viridis(value: f32) -> Color32 {
    let at = if value.is_finite() { value.clamp(0.0, 1.0) * 8.0 } else { 0.0 };
    let low = (at as usize).min(7);
    let part = at - low as f32;
    let channel = |c: usize| {
        let (a, b) = (f32::from(VIRIDIS[low][c]), f32::from(VIRIDIS[low + 1][c]));
        (a + (b - a) * part).round() as u8
    };
    Color32::from_rgb(channel(0), channel(1), channel(2))
}

/// One picture that follows changing values: the texture is uploaded again only when they change.
#[derive(Default)]
pub(super) struct ValueTexture {
    texture: Option<TextureHandle>,
    shown: Option<ColorImage>,
    version: u64,
}

impl ValueTexture {
    /// The texture of `image`, nearest-neighbour.
    pub(super) fn show(&mut self, context: &egui::Context, name: &str, image: ColorImage) -> egui::TextureId {
        if let Some(texture) = &mut self.texture {
            if self.shown.as_ref() != Some(&image) {
                texture.set(image.clone(), TextureOptions::NEAREST);
                self.shown = Some(image);
            }
            return texture.id();
        }
        let texture = context.load_texture(name, image.clone(), TextureOptions::NEAREST);
        let id = texture.id();
        (self.texture, self.shown) = (Some(texture), Some(image));
        id
    }
}

/// As [`ValueTexture::show`], for pictures that are dear to make: `image` is asked for only with another version.
pub(super) fn show_version(
    texture: &mut ValueTexture,
    version: u64,
    context: &egui::Context,
    name: &str,
    image: impl FnOnce() -> ColorImage,
) -> egui::TextureId {
    match &texture.texture {
        Some(handle) if texture.version == version => handle.id(),
        _ => {
            texture.version = version;
            texture.show(context, name, image())
        }
    }
}

/// A field of shares (0 to 1; negative: no synapse) as a picture. Missing values count as absent.
pub(super) fn field_image(size: [u32; 2], shares: &[f32], absent: Color32) -> ColorImage {
    let size = size.map(|s| s.clamp(1, 4096) as usize);
    let pixels = (0..size[0] * size[1])
        .map(|i| shares.get(i).map_or(absent, |&share| if share < 0.0 { absent } else { viridis(share) }))
        .collect();
    ColorImage::new(size, pixels)
}

/// Grey levels as a picture. Missing values are black.
pub(super) fn grey_image(size: [u32; 2], levels: &[u8]) -> ColorImage {
    let size = size.map(|s| s.clamp(1, 4096) as usize);
    let pixels = (0..size[0] * size[1]).map(|i| Color32::from_gray(levels.get(i).copied().unwrap_or(0))).collect();
    ColorImage::new(size, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_gets_lighter_all_the_way() {
        let lightness = |c: Color32| 0.2126 * f32::from(c.r()) + 0.7152 * f32::from(c.g()) + 0.0722 * f32::from(c.b());
        let steps: Vec<f32> = (0..=64).map(|i| lightness(viridis(i as f32 / 64.0))).collect();
        assert!(steps.windows(2).all(|pair| pair[1] > pair[0]));
        assert_eq!(viridis(f32::NAN), viridis(0.0));
        assert_eq!(viridis(7.0), viridis(1.0));
    }

    #[test]
    fn absent_synapses_have_their_own_colour_and_short_data_is_no_panic() {
        let image = field_image([2, 2], &[0.0, -1.0, 1.0], Color32::GRAY);
        assert_eq!(image.pixels, vec![viridis(0.0), Color32::GRAY, viridis(1.0), Color32::GRAY]);
        assert_eq!(grey_image([0, 0], &[]).pixels.len(), 1);
    }
}
