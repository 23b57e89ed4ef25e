//! Arrays of numbers, wherever they lie: in a file at an offset, packed in a zip, or in memory. In: name, shape, type,
//! place. Out: their values as f64, block by block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::ImportError;

/// Values that are decoded at once.
const BLOCK: usize = 1 << 16;

/// Values of an array that must be in memory at once.
const MOST_VALUES: u64 = 1 << 27;

/// Bytes of an array that has to be unpacked or brought into order as a whole.
pub(super) const MOST_BYTES: u64 = 1 << 28;

/// Type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

impl Element {
    pub(super) const fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    pub(super) const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    fn decode(self, bytes: &[u8], big_endian: bool, values: &mut Vec<f64>) {
        macro_rules! each {
            ($type:ty) => {
                values.extend(bytes.as_chunks::<{ size_of::<$type>() }>().0.iter().map(|chunk| {
                    (if big_endian { <$type>::from_be_bytes(*chunk) } else { <$type>::from_le_bytes(*chunk) }) as f64
                }))
            };
        }
        match self {
            Self::Bool => values.extend(bytes.iter().map(|byte| f64::from(u8::from(*byte != 0)))),
            Self::I8 => each!(i8),
            Self::I16 => each!(i16),
            Self::I32 => each!(i32),
            Self::I64 => each!(i64),
            Self::U8 => each!(u8),
            Self::U16 => each!(u16),
            Self::U32 => each!(u32),
            Self::U64 => each!(u64),
            Self::F32 => each!(f32),
            Self::F64 => each!(f64),
        }
    }
}

/// Where an array's bytes are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// In a file: from an offset on; for packed ones the bytes of the deflate stream.
    File { path: PathBuf, offset: u64, packed: Option<u64> },
    /// Here.
    Memory(Arc<[u8]>),
}

/// See the module. Elements are in the order of C.
#[derive(Clone, Debug)]
pub(super) struct Array {
    pub(super) name: String,
    pub(super) shape: Vec<u64>,
    pub(super) element: Element,
    pub(super) big_endian: bool,
    pub(super) place: Place,
}

impl Array {
    /// An array of these values.
    pub(super) fn of_values(name: String, shape: Vec<u64>, values: &[f64]) -> Self {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, shape, element: Element::F64, big_endian: false, place: Place::Memory(bytes.into()) }
    }

    /// Elements; `None` where the shape is absurd.
    pub(super) fn count(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side)).filter(|count| *count < 1 << 60)
    }

    /// One side, this long.
    pub(super) fn is_vector(&self, len: u64) -> bool {
        self.shape == [len]
    }

    /// Its bytes, and perhaps others behind them.
    pub(super) fn bytes(&self) -> io::Result<Box<dyn Read>> {
        Ok(match &self.place {
            Place::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Place::File { path, offset, packed } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(*offset))?;
                match packed {
                    Some(len) => Box::new(flate2::read::DeflateDecoder::new(io::BufReader::new(file.take(*len)))),
                    None => Box::new(io::BufReader::with_capacity(1 << 18, file)),
                }
            }
        })
    }

    /// Begins to read its values.
    pub(super) fn values(&self) -> io::Result<Values> {
        let reader = self.bytes()?;
        let left = self.count().ok_or_else(|| io::Error::other("its shape is larger than any file"))?;
        Ok(Values { reader, left, element: self.element, big_endian: self.big_endian, bytes: Vec::new() })
    }

    /// All of its values at once.
    pub(super) fn all(&self, path: &Path) -> Result<Vec<f64>, ImportError> {
        let wrong = |error: io::Error| self.wrong(path, &error);
        let count = self.count().filter(|count| *count <= MOST_VALUES);
        let Some(count) = count else {
            return Err(ImportError::damaged(path, format!("array {:?}", self.name), "it is too large for this use"));
        };
        let mut values = self.values().map_err(wrong)?;
        // Grows as values really come, whatever the header promised.
        let mut all = Vec::new();
        let mut block = Vec::new();
        while (all.len() as u64) < count {
            values.next_block(&mut block, BLOCK).map_err(wrong)?;
            all.extend_from_slice(&block);
        }
        Ok(all)
    }

    /// A message about what could not be read.
    pub(super) fn wrong(&self, path: &Path, error: &io::Error) -> ImportError {
        let reason = if error.kind() == io::ErrorKind::UnexpectedEof {
            format!("it ends early; {} values of shape {:?} were promised", self.count().unwrap_or(0), self.shape)
        } else {
            error.to_string()
        };
        ImportError::damaged(path, format!("array {:?}", self.name), reason)
    }
}

/// Steps from element to element along each side, where the last side is the innermost.
pub(super) fn c_strides(shape: &[u64]) -> Vec<u64> {
    let mut strides = vec![1_u64; shape.len()];
    for side in (1..shape.len()).rev() {
        strides[side - 1] = strides[side].saturating_mul(shape[side]);
    }
    strides
}

/// The same where the first side is the innermost, as in Fortran.
pub(super) fn fortran_strides(shape: &[u64]) -> Vec<u64> {
    let mut strides = vec![1_u64; shape.len()];
    for side in 1..shape.len() {
        strides[side] = strides[side - 1].saturating_mul(shape[side - 1]);
    }
    strides
}

/// Whether elements with these strides already lie in the order of C.
pub(super) fn in_c_order(shape: &[u64], strides: &[u64]) -> bool {
    shape.contains(&0)
        || shape.iter().zip(strides).zip(c_strides(shape)).all(|((side, stride), c)| *side == 1 || *stride == c)
}

/// Elements of `size` bytes brought into the order of C, from `first` on. None where they do not lie in `bytes`.
pub(super) fn into_c_order(bytes: &[u8], first: u64, shape: &[u64], strides: &[u64], size: usize) -> Option<Arc<[u8]>> {
    let count = shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side))?;
    if count == 0 {
        return Some(Arc::from([]));
    }
    let reach = shape.iter().zip(strides).try_fold(first, |last, (side, stride)| {
        (side - 1).checked_mul(*stride).and_then(|span| last.checked_add(span))
    })?;
    let end = reach.checked_add(1)?.checked_mul(size as u64)?;
    if end > bytes.len() as u64 || count.checked_mul(size as u64)? > MOST_BYTES {
        return None;
    }
    let mut ordered = Vec::with_capacity(count as usize * size);
    let mut index = vec![0_u64; shape.len()];
    let mut at = first as usize;
    for _ in 0..count {
        ordered.extend_from_slice(&bytes[at * size..(at + 1) * size]);
        for side in (0..shape.len()).rev() {
            index[side] += 1;
            at += strides[side] as usize;
            if index[side] < shape[side] {
                break;
            }
            at -= (shape[side] * strides[side]) as usize;
            index[side] = 0;
        }
    }
    Some(ordered.into())
}

/// An array under way.
pub(super) struct Values {
    reader: Box<dyn Read>,
    left: u64,
    element: Element,
    big_endian: bool,
    bytes: Vec<u8>,
}

impl Values {
    /// The next values, at most `count`; none at the end.
    pub(super) fn next_block(&mut self, block: &mut Vec<f64>, count: usize) -> io::Result<()> {
        block.clear();
        let mut wanted = self.left.min(count as u64) as usize;
        self.left -= wanted as u64;
        // In pieces, so that a damaged shape takes no more memory than there are bytes.
        while wanted > 0 {
            let piece = wanted.min(BLOCK);
            self.bytes.resize(piece * self.element.size(), 0);
            self.reader.read_exact(&mut self.bytes)?;
            self.element.decode(&self.bytes, self.big_endian, block);
            wanted -= piece;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_becomes_that_of_c() {
        // [[0, 1, 2], [3, 4, 5]] by columns.
        let by_column = [0, 3, 1, 4, 2, 5];
        let shape = [2, 3];
        let strides = fortran_strides(&shape);
        assert!(!in_c_order(&shape, &strides) && in_c_order(&shape, &c_strides(&shape)));
        assert_eq!(into_c_order(&by_column, 0, &shape, &strides, 1).as_deref(), Some(&[0, 1, 2, 3, 4, 5][..]));
        // The transposed view of the same bytes.
        assert_eq!(into_c_order(&by_column, 0, &[3, 2], &[2, 1], 1).as_deref(), Some(&by_column[..]));
        assert_eq!(into_c_order(&by_column, 1, &shape, &strides, 1), None, "beyond the end");
        assert_eq!(into_c_order(&by_column, 0, &[u64::MAX, 3], &[1, 1], 1), None, "absurd");
    }
}
