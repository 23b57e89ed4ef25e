//! A short loop as one animated PNG, which browsers and slides play without anything installed. In go frames as PNG
//! files, out comes one file: their headers are taken off and their data put behind each other (PNG specification, third
//! edition, sections 11.3.5 and 12.7). How many frames it holds is written at the end.

use std::io::{Error, Result, Seek, SeekFrom, Write};

use super::FrameFormat;

/// Longer loops belong into a film: a browser holds every frame of a loop in memory.
pub(in crate::app) const FRAMES_MAX: u32 = 600;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

/// Writes into anything that can go back to its beginning.
pub(super) struct Apng<W> {
    file: W,
    delay: [u16; 2],
    size: [u32; 2],
    frames: u32,
    /// Counts the chunks of the animation.
    sequence: u32,
    /// Where the number of frames stands.
    count_at: u64,
}

impl<W: Write + Seek> Apng<W> {
    pub(super) fn new(file: W, format: &FrameFormat) -> Self {
        let (numerator, denominator) = (format.rate.denominator, format.rate.numerator);
        let size = [format.size.width, format.size.height];
        Self { file, delay: delay(numerator, denominator), size, frames: 0, sequence: 0, count_at: 0 }
    }

    /// Adds a frame: the bytes of a PNG file.
    pub(super) fn add(&mut self, png: &[u8]) -> Result<()> {
        if self.frames == FRAMES_MAX {
            return Err(Error::other(format!("an animated PNG holds {FRAMES_MAX} frames at most here")));
        }
        let is_first = self.frames == 0;
        if is_first {
            self.file.write_all(&SIGNATURE)?;
        }
        let mut has_control = false;
        for (kind, data) in chunks(png)? {
            match &kind {
                b"IHDR" if is_first => {
                    self.chunk(*b"IHDR", &[data])?;
                    self.count_at = self.file.stream_position()?;
                    self.write_count()?;
                }
                b"IDAT" => {
                    if !std::mem::replace(&mut has_control, true) {
                        self.frame_control()?;
                    }
                    if is_first {
                        self.chunk(*b"IDAT", &[data])?;
                    } else {
                        let number = self.next_sequence().to_be_bytes();
                        self.chunk(*b"fdAT", &[&number, data])?;
                    }
                }
                b"IHDR" | b"IEND" => {}
                _ if is_first => self.chunk(kind, &[data])?,
                _ => {}
            }
        }
        self.frames += 1;
        Ok(())
    }

    /// Completes the file and gives it back.
    pub(super) fn finish(mut self) -> Result<W> {
        if self.frames == 0 {
            return Err(Error::other("there is no frame to write"));
        }
        self.chunk(*b"IEND", &[])?;
        self.file.seek(SeekFrom::Start(self.count_at))?;
        self.write_count()?;
        self.file.flush()?;
        Ok(self.file)
    }

    /// How many frames, and that they are played for ever.
    fn write_count(&mut self) -> Result<()> {
        let frames = self.frames.to_be_bytes();
        self.chunk(*b"acTL", &[&frames, &0_u32.to_be_bytes()])
    }

    fn frame_control(&mut self) -> Result<()> {
        let number = self.next_sequence();
        let mut data = Vec::with_capacity(26);
        for value in [number, self.size[0], self.size[1], 0, 0] {
            data.extend(value.to_be_bytes());
        }
        data.extend(self.delay.iter().flat_map(|part| part.to_be_bytes()));
        // Nothing is disposed of, and every frame replaces all of the last one.
        data.extend([0, 0]);
        self.chunk(*b"fcTL", &[&data])
    }

    const fn next_sequence(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence - 1
    }

    fn chunk(&mut self, kind: [u8; 4], parts: &[&[u8]]) -> Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(length).map_err(|_| Error::other("a frame is too large for PNG"))?;
        let mut check = flate2::Crc::new();
        check.update(&kind);
        self.file.write_all(&length.to_be_bytes())?;
        self.file.write_all(&kind)?;
        for part in parts {
            check.update(part);
            self.file.write_all(part)?;
        }
        self.file.write_all(&check.sum().to_be_bytes())
    }
}

/// Kind and data of every chunk of a PNG file.
fn chunks(png: &[u8]) -> Result<Vec<([u8; 4], &[u8])>> {
    let broken = || Error::other("a frame is no PNG");
    let mut rest = png.strip_prefix(&SIGNATURE).ok_or_else(broken)?;
    let mut chunks = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (kind, after) = after.split_first_chunk::<4>().ok_or_else(broken)?;
        let data = after.get(..length).ok_or_else(broken)?;
        chunks.push((*kind, data));
        rest = after.get(length + 4..).ok_or_else(broken)?;
    }
    Ok(chunks)
}

/// A time of `numerator / denominator` seconds as the file holds it: two small numbers.
fn delay(numerator: u32, denominator: u32) -> [u16; 2] {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let (mut numerator, mut denominator) = (numerator / a.max(1), denominator / a.max(1));
    while numerator > u32::from(u16::MAX) || denominator > u32::from(u16::MAX) {
        (numerator, denominator) = (numerator.div_ceil(2), denominator.div_ceil(2));
    }
    [numerator, denominator].map(|part| u16::try_from(part).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::format::png_bytes;
    use super::super::notes::Notes;
    use super::*;
    use crate::app::arguments::{FrameRate, FrameSize};

    #[test]
    fn a_loop_decodes_to_its_frames_with_their_times() {
        let size = FrameSize { width: 3, height: 2 };
        let rate = FrameRate { numerator: 30_000, denominator: 1001 };
        let format = FrameFormat { size, rate, notes: Notes::default() };
        let frames: Vec<Vec<u8>> = (0..5_u8).map(|k| (0..18).map(|i| k * 40 + i).collect()).collect();
        let mut apng = Apng::new(Cursor::new(Vec::new()), &format);
        for rgb in &frames {
            apng.add(&png_bytes(rgb, size, &[], png::Compression::Balanced).expect("a PNG")).expect("added");
        }
        let bytes = apng.finish().expect("finished").into_inner();
        let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().expect("a PNG");
        let control = reader.info().animation_control.expect("animated");
        assert_eq!((control.num_frames, control.num_plays), (5, 0));
        for rgb in &frames {
            let mut back = vec![0; 18];
            reader.next_frame(&mut back).expect("a frame");
            assert_eq!(&back, rgb);
            let frame = reader.info().frame_control.expect("of a frame");
            assert_eq!((frame.delay_num, frame.delay_den), (1001, 30_000));
        }
        assert!(Apng::new(Cursor::new(Vec::new()), &format).finish().is_err(), "no frames, no file");
        assert!(Apng::new(Cursor::new(Vec::new()), &format).add(b"no PNG").is_err());
    }

    #[test]
    fn delays_fit_into_their_field() {
        assert_eq!(delay(1, 30), [1, 30]);
        assert_eq!(delay(10_000, 299_700), [100, 2997]);
        let [numerator, denominator] = delay(99_999, 4_000_001);
        assert!((f64::from(denominator) / f64::from(numerator) - 40.0).abs() < 0.1);
    }
}
