//! Arrays of numbers, wherever they lie: in a file at an offset, packed in a zip, or in memory. In: name, shape, type,
//! place. Out: their values as f64, block by block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::ImportError;

/// Values that are decoded at once.
const BLOCK: usize = 1 << 16;

/// Values of an array that must be in memory at once.
const MOST_VALUES: u64 = 1 << 27;

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
    Memory(Vec<u8>),
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
    /// Elements; `None` where the shape is absurd.
    pub(super) fn count(&self) -> Option<u64> {
        self.shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side)).filter(|count| *count < 1 << 60)
    }

    /// One side, this long.
    pub(super) fn is_vector(&self, len: u64) -> bool {
        self.shape == [len]
    }

    /// Begins to read its values.
    pub(super) fn values(&self) -> io::Result<Values> {
        let reader: Box<dyn Read> = match &self.place {
            Place::Memory(bytes) => Box::new(io::Cursor::new(bytes.clone())),
            Place::File { path, offset, packed } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(*offset))?;
                match packed {
                    Some(len) => Box::new(flate2::read::DeflateDecoder::new(io::BufReader::new(file.take(*len)))),
                    None => Box::new(io::BufReader::with_capacity(1 << 18, file)),
                }
            }
        };
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
