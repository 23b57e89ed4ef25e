//! NumPy's .npy and .npz, stored or deflated: what users of Brian2, Nengo, NEST, snnTorch, SpikingJelly and Norse save.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar};

use super::arrays::{Array, Element, MOST_BYTES, Place, fortran_strides, in_c_order, into_c_order};
use super::error::ImportError;
use super::{Context, Format, Probe, meaning};

/// See the module.
pub(super) struct Npy;

impl Format for Npy {
    fn name(&self) -> &'static str {
        "numpy"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        // A zip whose first member is an .npy.
        let name = probe.head.get(30..).unwrap_or_default();
        let is_npz = probe.head.starts_with(b"PK\x03\x04")
            && name.iter().take(200).copied().collect::<Vec<_>>().windows(4).any(|w| w == b".npy");
        // Pickled objects are no arrays.
        let is_pickle = probe.head.get(..128).is_some_and(|head| head.windows(4).any(|w| w == b"'|O'"));
        (probe.head.starts_with(b"\x93NUMPY") && !is_pickle) || is_npz
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let mut magic = [0; 4];
        file.read_exact(&mut magic).map_err(|error| ImportError::damaged(path, "byte 0", error))?;
        file.rewind().map_err(|error| ImportError::read(path, error))?;
        let arrays = if &magic == b"PK\x03\x04" { npz(path, file)? } else { vec![npy(path, file)?] };
        meaning::interpret(path, &arrays, context)
    }
}

fn npy(path: &Path, file: File) -> Result<Array, ImportError> {
    let len = file.metadata().map_err(|error| ImportError::read(path, error))?.len();
    let mut reader = BufReader::new(file);
    let header =
        NpyHeader::from_reader(&mut reader).map_err(|error| ImportError::damaged(path, "its header", error))?;
    let offset = reader.stream_position().map_err(|error| ImportError::read(path, error))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let place = Place::File { path: path.to_owned(), offset, packed: None };
    let array = array(path, stem, &header, place)?;
    let promised = array.count().and_then(|count| count.checked_mul(array.element.size() as u64));
    if promised.is_none_or(|bytes| bytes > len - offset.min(len)) {
        let reason = format!("it ends early: its shape {:?} needs more than its {len} bytes", array.shape);
        return Err(ImportError::damaged(path, format!("byte {len}"), reason));
    }
    Ok(array)
}

fn npz(path: &Path, file: File) -> Result<Vec<Array>, ImportError> {
    let zip_wrong = |error: zip::result::ZipError| ImportError::damaged(path, "its zip directory", error);
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(zip_wrong)?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(zip_wrong)?;
        let Some(name) = member.name().map_err(zip_wrong)?.strip_suffix(".npy").map(str::to_owned) else { continue };
        let wrong = |error: std::io::Error| ImportError::damaged(path, format!("member {name:?}"), error);
        let header = NpyHeader::from_reader(&mut member).map_err(wrong)?;
        let is_packed = member.compression() != zip::CompressionMethod::Stored;
        let start = member.data_start();
        drop(member);
        let mut member = archive.by_index(index).map_err(zip_wrong)?;
        let values_at = header_len(&mut member).map_err(wrong)?;
        let place = match (is_packed, start) {
            (false, Some(start)) => Place::File { path: path.to_owned(), offset: start + values_at, packed: None },
            _ => {
                drop(member);
                let mut member = archive.by_index(index).map_err(zip_wrong)?;
                if member.size() > MOST_BYTES {
                    let reason = "packed arrays above 256 MiB are too large; save it with numpy.savez instead";
                    return Err(ImportError::damaged(path, format!("member {name:?}"), reason));
                }
                let mut bytes = Vec::new();
                (&mut member).take(MOST_BYTES).read_to_end(&mut bytes).map_err(wrong)?;
                bytes.drain(..(values_at as usize).min(bytes.len()));
                Place::Memory(bytes.into())
            }
        };
        arrays.push(array(path, name, &header, place)?);
    }
    Ok(arrays)
}

/// Bytes before the values.
pub(super) fn header_len(reader: &mut impl Read) -> std::io::Result<u64> {
    let mut begin = [0; 12];
    reader.read_exact(&mut begin)?;
    Ok(if begin[6] == 1 {
        10 + u64::from(u16::from_le_bytes([begin[8], begin[9]]))
    } else {
        12 + u64::from(u32::from_le_bytes([begin[8], begin[9], begin[10], begin[11]]))
    })
}

fn array(path: &Path, name: String, header: &NpyHeader, place: Place) -> Result<Array, ImportError> {
    let wrong = |reason: String| ImportError::damaged(path, format!("array {name:?}"), reason);
    let DType::Plain(kind) = header.dtype() else {
        return Err(wrong("it is a structured array; save its fields as plain arrays".to_owned()));
    };
    let element = match (kind.type_char(), kind.size_field()) {
        (TypeChar::Bool, 1) => Element::Bool,
        (TypeChar::Int, 1) => Element::I8,
        (TypeChar::Int, 2) => Element::I16,
        (TypeChar::Int, 4) => Element::I32,
        (TypeChar::Int, 8) => Element::I64,
        (TypeChar::Uint, 1) => Element::U8,
        (TypeChar::Uint, 2) => Element::U16,
        (TypeChar::Uint, 4) => Element::U32,
        (TypeChar::Uint, 8) => Element::U64,
        (TypeChar::Float, 4) => Element::F32,
        (TypeChar::Float, 8) => Element::F64,
        (TypeChar::Object, _) => {
            return Err(wrong("it is a pickled Python object; save its arrays with numpy.savez".to_owned()));
        }
        _ => return Err(wrong(format!("its type {} is no plain number", kind.type_char().to_str()))),
    };
    let shape = header.shape().to_vec();
    let big_endian = matches!(kind.endianness(), Endianness::Big);
    let array = Array { name, shape, element, big_endian, place };
    if header.order() == Order::Fortran { by_rows(path, array) } else { Ok(array) }
}

/// An array in the order of Fortran, brought into that of C.
pub(super) fn by_rows(path: &Path, array: Array) -> Result<Array, ImportError> {
    let strides = fortran_strides(&array.shape);
    if in_c_order(&array.shape, &strides) {
        return Ok(array);
    }
    let size = array.element.size();
    let len = array.count().and_then(|count| count.checked_mul(size as u64)).filter(|len| *len <= MOST_BYTES);
    let Some(len) = len else {
        let reason = "above 256 MiB it must be in the order of C; save numpy.ascontiguousarray of it";
        return Err(ImportError::damaged(path, format!("array {:?}", array.name), reason));
    };
    let mut bytes = Vec::new();
    let read = array.bytes().and_then(|reader| reader.take(len).read_to_end(&mut bytes));
    read.map_err(|error| array.wrong(path, &error))?;
    let ordered = into_c_order(&bytes, 0, &array.shape, &strides, size)
        .ok_or_else(|| array.wrong(path, &std::io::ErrorKind::UnexpectedEof.into()))?;
    Ok(Array { place: Place::Memory(ordered), ..array })
}
