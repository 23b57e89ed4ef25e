//! Frames as bytes: RGB out of staging rows, PNG, the planes of a Y4M video.

use super::{Destination, FrameFormat, FrameSize};

/// A finished frame that a thread can read pixels from.
pub(in crate::app) trait FramePixels: Send + 'static {
    /// Hands the rows to `read`; see [`Pixels`].
    fn read(&self, read: &mut dyn FnMut(Pixels<'_>));
}

/// Rows of RGBA (or BGRA), 8 bits a channel, sRGB; each row begins `bytes_per_row` after the one before.
#[derive(Clone, Copy)]
pub(in crate::app) struct Pixels<'a> {
    pub(in crate::app) rows: &'a [u8],
    pub(in crate::app) bytes_per_row: usize,
    /// Blue comes first, as in the textures of most windows.
    pub(in crate::app) is_bgra: bool,
}

/// RGB without padding: what frames are hashed as, whatever they are then encoded to.
pub(super) fn tight_rgb(pixels: Pixels<'_>, size: FrameSize) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(size.width as usize * size.height as usize * 3);
    for row in pixels.rows.chunks(pixels.bytes_per_row).take(size.height as usize) {
        for pixel in row.chunks_exact(4).take(size.width as usize) {
            rgb.extend(if pixels.is_bgra { [pixel[2], pixel[1], pixel[0]] } else { [pixel[0], pixel[1], pixel[2]] });
        }
    }
    rgb
}

/// The bytes of one frame at its destination.
pub(super) fn encode(
    destination: &Destination,
    time_ms: f64,
    rgb: Vec<u8>,
    format: &FrameFormat,
) -> Result<Vec<u8>, String> {
    let png = |compression| {
        png_bytes(&rgb, format.size, &format.notes.of_frame(time_ms), compression).map_err(|error| error.to_string())
    };
    match destination {
        Destination::Folder(_) => png(png::Compression::Fast),
        Destination::Png(_) => png(png::Compression::Balanced),
        Destination::Y4m(_) => Ok(y4m_frame(&rgb, format.size)),
        Destination::Movie(..) | Destination::Stdout => Ok(rgb),
    }
}

/// A PNG file with what it says of itself.
pub(super) fn png_bytes(
    rgb: &[u8],
    size: FrameSize,
    notes: &[(&'static str, String)],
    compression: png::Compression,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(compression);
    encoder.set_source_srgb(png::SrgbRenderingIntent::Perceptual);
    for (keyword, text) in notes {
        encoder.add_itxt_chunk((*keyword).to_owned(), text.clone())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(bytes)
}

/// The first line of a video: progressive, square pixels, full colour resolution, so that single bright points keep
/// their colour.
pub(super) fn y4m_header(format: &FrameFormat) -> String {
    let FrameFormat { size, rate, .. } = format;
    format!(
        "YUV4MPEG2 W{} H{} F{}:{} Ip A1:1 C444 XCOLORRANGE=LIMITED\n",
        size.width, size.height, rate.numerator, rate.denominator
    )
}

/// `FRAME` and the three planes. The format has no field for the colour matrix; players take BT.709 for high and
/// BT.601 for standard definition, so that is what is written (ITU-R BT.709 and BT.601, 8 bits, limited range).
fn y4m_frame(rgb: &[u8], size: FrameSize) -> Vec<u8> {
    let (k_red, k_blue) = if size.height >= 720 { (0.2126, 0.0722) } else { (0.299, 0.114) };
    let k_green = 1.0 - k_red - k_blue;
    let count = size.width as usize * size.height as usize;
    let mut bytes = vec![0; FRAME_MARK.len() + 3 * count];
    bytes[..FRAME_MARK.len()].copy_from_slice(FRAME_MARK);
    let (luma, chroma) = bytes[FRAME_MARK.len()..].split_at_mut(count);
    let (blue_difference, red_difference) = chroma.split_at_mut(count);
    for (index, pixel) in rgb.chunks_exact(3).enumerate() {
        let [red, green, blue] = [f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2])];
        // All above zero: half a level more and cut off is the nearest.
        let y = k_red * red + k_green * green + k_blue * blue;
        luma[index] = (16.5 + y * (219.0 / 255.0)) as u8;
        blue_difference[index] = (128.5 + (blue - y) / (2.0 * (1.0 - k_blue)) * (224.0 / 255.0)) as u8;
        red_difference[index] = (128.5 + (red - y) / (2.0 * (1.0 - k_red)) * (224.0 / 255.0)) as u8;
    }
    bytes
}

/// Begins every frame of a video.
pub(super) const FRAME_MARK: &[u8] = b"FRAME\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::arguments::FrameRate;

    const SIZE: FrameSize = FrameSize { width: 2, height: 2 };

    #[test]
    fn padding_and_alpha_are_left_behind() {
        let mut rows = vec![0xee; 512];
        rows[..8].copy_from_slice(&[1, 2, 3, 255, 4, 5, 6, 255]);
        rows[256..264].copy_from_slice(&[7, 8, 9, 255, 10, 11, 12, 255]);
        let pixels = Pixels { rows: &rows, bytes_per_row: 256, is_bgra: false };
        assert_eq!(tight_rgb(pixels, SIZE), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let rgb = tight_rgb(Pixels { is_bgra: true, ..pixels }, SIZE);
        assert_eq!(rgb, [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]);
    }

    #[test]
    fn a_png_decodes_to_the_same_pixels() {
        let rgb = [1, 2, 3, 4, 5, 6, 250, 251, 252, 0, 128, 255];
        let bytes = png_bytes(&rgb, SIZE, &[], png::Compression::Fast).expect("encodes");
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut decoded = [0; 12];
        reader.next_frame(&mut decoded).expect("a frame");
        assert_eq!(decoded, rgb);
    }

    #[test]
    fn video_levels_are_those_of_the_standard() {
        // Black, white, pure red and pure blue in BT.601: tables of ITU-R BT.601 give Y 16, 235, 81, 41.
        let frame = y4m_frame(&[0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255], SIZE);
        assert_eq!(&frame[..6], b"FRAME\n");
        assert_eq!(&frame[6..10], [16, 235, 81, 41]);
        assert_eq!(&frame[10..14], [128, 128, 90, 240]);
        assert_eq!(&frame[14..18], [128, 128, 240, 110]);
        let rate = FrameRate { numerator: 30000, denominator: 1001 };
        let header = y4m_header(&FrameFormat { size: SIZE, rate, notes: super::super::Notes::default() });
        assert_eq!(header, "YUV4MPEG2 W2 H2 F30000:1001 Ip A1:1 C444 XCOLORRANGE=LIMITED\n");
    }
}
