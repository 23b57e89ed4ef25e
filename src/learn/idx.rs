//! IDX, the file format of MNIST and its kin, plain or gzipped. In: a reader and a name for messages. Out: the bytes
//! behind a checked header, or a [`DataError`] that says which file, what is wrong and what to do.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::GzDecoder;

/// First word of an IDX file of unsigned bytes with three dimensions.
const MAGIC_IMAGES: u32 = 0x0803;
/// First word of an IDX file of unsigned bytes with one dimension.
const MAGIC_LABELS: u32 = 0x0801;
/// First two bytes of a gzip stream.
const MAGIC_GZIP: [u8; 2] = [0x1f, 0x8b];

/// Images wider or higher than this are a damaged header.
const SIDE_MAX: u32 = 4096;
/// More bytes than this are a damaged header (MNIST's 60,000 images are 47 MB).
const BYTES_MAX: u64 = 4 << 30;

/// A mistake in a data set.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}; {advice}")]
pub struct DataError {
    /// File or folder.
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub advice: String,
}

impl DataError {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), advice: advice.into() }
    }
}

/// Images, one after the other, row by row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Images {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) count: usize,
    pub(super) pixels: Vec<u8>,
}

/// Reads a file of images.
pub(super) fn read_images(path: &Path) -> Result<Images, DataError> {
    parse_images(&mut open(path)?, &path.display().to_string())
}

/// Reads a file of labels.
pub(super) fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    parse_labels(&mut open(path)?, &path.display().to_string())
}

/// Images from any reader of (plain or gzipped) IDX bytes.
pub(super) fn parse_images(reader: &mut dyn Read, place: &str) -> Result<Images, DataError> {
    let mut reader = unzip(reader, place)?;
    let [count, height, width] = header(&mut reader, place, MAGIC_IMAGES, "images")?;
    if width == 0 || height == 0 || width > SIDE_MAX || height > SIDE_MAX {
        return Err(damaged(place, format!("the header claims images of {width} x {height} pixels")));
    }
    let bytes = u64::from(count) * u64::from(width) * u64::from(height);
    let pixels = body(&mut reader, place, bytes, &format!("{count} images of {width} x {height} pixels"))?;
    Ok(Images { width, height, count: count as usize, pixels })
}

/// Labels from any reader of (plain or gzipped) IDX bytes.
pub(super) fn parse_labels(reader: &mut dyn Read, place: &str) -> Result<Vec<u8>, DataError> {
    let mut reader = unzip(reader, place)?;
    let [count] = header(&mut reader, place, MAGIC_LABELS, "labels")?;
    body(&mut reader, place, u64::from(count), &format!("{count} labels"))
}

fn open(path: &Path) -> Result<BufReader<File>, DataError> {
    let file = File::open(path)
        .map_err(|error| DataError::new(path.display().to_string(), error.to_string(), "give a readable IDX file"))?;
    Ok(BufReader::new(file))
}

/// Unpacks what begins like gzip, whatever the file is called.
fn unzip<'a>(reader: &'a mut dyn Read, place: &str) -> Result<Box<dyn Read + 'a>, DataError> {
    let mut start = [0; 2];
    reader.read_exact(&mut start).map_err(|_| damaged(place, "the file has fewer than two bytes"))?;
    let whole = std::io::Cursor::new(start).chain(reader);
    Ok(if start == MAGIC_GZIP { Box::new(GzDecoder::new(whole)) } else { Box::new(whole) })
}

fn header<const N: usize>(reader: &mut dyn Read, place: &str, magic: u32, what: &str) -> Result<[u32; N], DataError> {
    let mut word = || -> Result<u32, DataError> {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).map_err(|error| damaged(place, format!("the header cannot be read: {error}")))?;
        Ok(u32::from_be_bytes(bytes))
    };
    let found = word()?;
    if found != magic {
        let hint = match found {
            MAGIC_IMAGES => "; it holds images",
            MAGIC_LABELS => "; it holds labels",
            _ => "",
        };
        return Err(DataError::new(
            place,
            format!("is no IDX file of {what}: it begins with 0x{found:08x}, not 0x{magic:08x}{hint}"),
            format!("give a file of {what} in IDX format (plain or .gz)"),
        ));
    }
    let mut dimensions = [0; N];
    for dimension in &mut dimensions {
        *dimension = word()?;
    }
    Ok(dimensions)
}

/// Exactly `bytes` bytes and then the end. Memory grows with what is really there, never with what a header claims.
fn body(reader: &mut dyn Read, place: &str, bytes: u64, claim: &str) -> Result<Vec<u8>, DataError> {
    if bytes > BYTES_MAX {
        return Err(damaged(place, format!("the header claims {claim}, more than {BYTES_MAX} bytes")));
    }
    let mut data = Vec::new();
    let outcome = reader.take(bytes + 1).read_to_end(&mut data);
    if let Err(error) = outcome {
        return Err(damaged(place, format!("reading stopped after {} of {bytes} bytes: {error}", data.len())));
    }
    let found = data.len() as u64;
    if found < bytes {
        return Err(damaged(place, format!("the header claims {claim}, but only {found} of {bytes} bytes follow")));
    }
    if found > bytes {
        return Err(damaged(place, format!("the header claims {claim}, but more than {bytes} bytes follow")));
    }
    Ok(data)
}

fn damaged(place: &str, what: impl Into<String>) -> DataError {
    DataError::new(place, what, "the file is damaged or cut short: fetch it again")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn images_file(count: u32, width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [MAGIC_IMAGES, count, height, width] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(pixels);
        bytes
    }

    fn message(bytes: &[u8]) -> String {
        parse_images(&mut &*bytes, "a.idx").expect_err("damaged").to_string()
    }

    #[test]
    fn plain_and_gzipped_files_read_alike() {
        let plain = images_file(2, 3, 2, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&plain).expect("memory");
        let zipped = encoder.finish().expect("memory");
        let images = parse_images(&mut &*plain, "a").expect("good");
        assert_eq!((images.width, images.height, images.count), (3, 2, 2));
        assert_eq!(images, parse_images(&mut &*zipped, "a.gz").expect("good"));
        assert!(message(&zipped[..zipped.len() - 12]).contains("reading stopped"));
    }

    #[test]
    fn damage_is_named() {
        let good = images_file(2, 3, 2, &[0; 12]);
        assert!(message(&good[..20]).contains("only 4 of 12 bytes"));
        assert!(message(&good[..6]).contains("header cannot be read"));
        assert!(message(&[]).contains("fewer than two bytes"));
        assert!(message(&[&good[..], &[1]].concat()).contains("more than 12 bytes follow"));
        assert!(message(&images_file(1, 0, 2, &[])).contains("0 x 2 pixels"));
        assert!(message(&images_file(u32::MAX, 4096, 4096, &[])).contains("the header claims"));
        let labels = [MAGIC_LABELS.to_be_bytes(), 1_u32.to_be_bytes()].concat();
        let text = message(&labels);
        assert!(
            text.contains("it holds labels") && text.starts_with("a.idx:") && text.contains("give a file"),
            "{text}"
        );
    }

    #[test]
    fn a_lying_header_costs_no_memory() {
        // 1.6 GB claimed, nothing there: comes back at once with what is missing.
        assert!(message(&images_file(100, 4000, 4000, &[])).contains("only 0 of 1600000000 bytes"));
    }
}
