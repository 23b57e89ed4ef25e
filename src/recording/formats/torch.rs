//! Plain tensors and arrays that Python pickled: PyTorch's `.pt` (a zip of a pickle and its storages, since 1.6), Brian2's
//! states as `.pkl`, and dictionaries in `.npy`, as NEST's users save them. In: such a file. Out: its arrays, by the names
//! that lead to them, like `layer.weight`.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::arrays::{Array, Element, MOST_BYTES, Place, in_c_order, into_c_order};
use super::error::ImportError;
use super::pickle::{Handle, NumPy, Pickle, Trouble, Value};
use super::{Context, Format, Probe, meaning, npy};

/// Bytes of a pickle.
const MOST_PICKLED: u64 = 1 << 28;

/// Containers in containers.
const MOST_DEPTH: usize = 16;

/// Values that are looked at, however often the pickle refers to them.
const MOST_STEPS: usize = 4_000_000;

/// PyTorch's archives.
pub(super) struct Torch;

/// Pickles alone, or in an `.npy`.
pub(super) struct PickleFile;

impl Format for Torch {
    fn name(&self) -> &'static str {
        "pytorch"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let name = probe.head.get(30..).unwrap_or_default();
        probe.head.starts_with(b"PK\x03\x04") && name[..name.len().min(200)].windows(9).any(|name| name == b"/data.pkl")
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let zip_wrong = |error: ZipError| ImportError::damaged(path, "its zip directory", error);
        let file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(zip_wrong)?;
        let root = (0..archive.len()).find_map(|index| {
            let member = archive.by_index(index).ok()?;
            let name = member.name().ok()?;
            name.strip_suffix("data.pkl").map(str::to_owned)
        });
        let root = root.ok_or_else(|| ImportError::damaged(path, "its zip directory", "there is no data.pkl"))?;
        let pickled = member_bytes(path, &mut archive, &format!("{root}data.pkl"))?;
        let is_big = archive.by_name(&format!("{root}byteorder")).is_ok_and(|mut member| {
            let mut order = [0; 3];
            member.read_exact(&mut order).is_ok() && &order == b"big"
        });
        let pickle = parse(path, &pickled, 0)?;
        let mut storages = Storages { path, archive, root, big_endian: is_big, ordered: 0 };
        let arrays = arrays(path, &pickle, &pickled, Some(&mut storages))?;
        meaning::interpret(path, &arrays, context)
    }
}

impl Format for PickleFile {
    fn name(&self) -> &'static str {
        "pickle"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        let objects = probe.head.starts_with(b"\x93NUMPY")
            && probe.head.get(..128).is_some_and(|head| head.windows(4).any(|word| word == b"'|O'"));
        objects || matches!(probe.head, [0x80, 2..=5, ..])
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut file = File::open(path).map_err(|error| ImportError::read(path, error))?;
        let len = file.metadata().map_err(|error| ImportError::read(path, error))?.len();
        if len > MOST_PICKLED {
            return Err(ImportError::Unsupported {
                path: path.to_owned(),
                reason: "pickles above 256 MiB are too large; save the arrays with numpy.savez".to_owned(),
            });
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| ImportError::read(path, error))?;
        let mut begin = 0;
        if bytes.starts_with(b"\x93NUMPY") {
            begin = npy::header_len(&mut bytes.as_slice())
                .map_err(|error| ImportError::damaged(path, "its header", error))? as usize;
        }
        let pickled = bytes.get(begin..).unwrap_or_default();
        let pickle = parse(path, pickled, begin)?;
        let arrays = arrays(path, &pickle, pickled, None)?;
        context.advance(len)?;
        meaning::interpret(path, &arrays, context)
    }
}

fn parse(path: &Path, pickled: &[u8], begin: usize) -> Result<Pickle, ImportError> {
    Pickle::parse(pickled).map_err(|trouble| match trouble {
        Trouble::Damaged(at, reason) => {
            ImportError::damaged(path, format!("byte {} of its pickle", begin + at), reason)
        }
        Trouble::Foreign(reason) => ImportError::Unsupported { path: path.to_owned(), reason },
    })
}

fn member_bytes(path: &Path, archive: &mut ZipArchive<BufReader<File>>, name: &str) -> Result<Vec<u8>, ImportError> {
    let wrong = |error: &dyn std::fmt::Display| ImportError::damaged(path, format!("member {name:?}"), error);
    let member = archive.by_name(name).map_err(|error| wrong(&error))?;
    if member.size() > MOST_BYTES {
        return Err(wrong(&"above 256 MiB it must lie as it is used; save tensor.contiguous() uncompressed"));
    }
    let mut bytes = Vec::new();
    member.take(MOST_BYTES).read_to_end(&mut bytes).map_err(|error| wrong(&error))?;
    Ok(bytes)
}

/// Where PyTorch's tensors have their values.
struct Storages<'a> {
    path: &'a Path,
    archive: ZipArchive<BufReader<File>>,
    root: String,
    big_endian: bool,
    /// Bytes of tensors that had to be brought into order.
    ordered: u64,
}

impl Storages<'_> {
    fn tensor(
        &mut self,
        name: String,
        (element, key): (Element, &str),
        offset: u64,
        shape: &[u64],
        strides: &[u64],
    ) -> Result<Array, ImportError> {
        let member_name = format!("{}data/{key}", self.root);
        let wrong = |error: &dyn std::fmt::Display| ImportError::damaged(self.path, format!("tensor {name:?}"), error);
        let member = self.archive.by_name(&member_name).map_err(|error| wrong(&error))?;
        let is_plain = member.compression() == zip::CompressionMethod::Stored;
        let (start, len) = (member.data_start(), member.size());
        drop(member);
        let size = element.size() as u64;
        let short =
            || wrong(&format!("it has the shape {shape:?}, which needs more than the {len} bytes of {member_name}"));
        let place = match start {
            Some(start) if is_plain && in_c_order(shape, strides) => {
                let count = shape.iter().try_fold(1_u64, |all, side| all.checked_mul(*side));
                let end = count.and_then(|count| count.checked_add(offset)).and_then(|end| end.checked_mul(size));
                end.filter(|end| *end <= len).ok_or_else(short)?;
                Place::File { path: self.path.to_owned(), offset: start + offset * size, packed: None }
            }
            _ => {
                let bytes = member_bytes(self.path, &mut self.archive, &member_name)?;
                let ordered = into_c_order(&bytes, offset, shape, strides, element.size()).ok_or_else(short)?;
                self.ordered += ordered.len() as u64;
                if self.ordered > MOST_BYTES {
                    return Err(wrong(&"tensors above 256 MiB must be contiguous; save tensor.contiguous()"));
                }
                Place::Memory(ordered)
            }
        };
        Ok(Array { name, shape: shape.to_vec(), element, big_endian: self.big_endian, place })
    }
}

/// All arrays that the pickle leads to, in its order.
fn arrays(
    path: &Path,
    pickle: &Pickle,
    pickled: &[u8],
    mut storages: Option<&mut Storages<'_>>,
) -> Result<Vec<Array>, ImportError> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut arrays = Vec::new();
    let mut waiting: Vec<(String, Handle, usize)> = vec![(String::new(), pickle.root, 0)];
    let mut steps = 0;
    // What is held in two places is read once.
    let mut taken = HashSet::new();
    while let Some((name, handle, depth)) = waiting.pop() {
        steps += 1;
        if steps + waiting.len() > MOST_STEPS {
            return Err(ImportError::Unsupported {
                path: path.to_owned(),
                reason: format!("its objects hold each other more than {MOST_STEPS} times"),
            });
        }
        let is_array = matches!(pickle.values[handle], Value::Array(_) | Value::Tensor { .. });
        if is_array && !taken.insert(handle) {
            continue;
        }
        let own_name = || if name.is_empty() { stem.clone() } else { name.clone() };
        let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
        match &pickle.values[handle] {
            Value::Dict(items) if depth < MOST_DEPTH => {
                for (key, value) in items.iter().rev() {
                    if let Value::Text(key) = &pickle.values[*key] {
                        waiting.push((below(key), *value, depth + 1));
                    }
                }
            }
            Value::List(items) | Value::Tuple(items) if depth < MOST_DEPTH => match numbers(pickle, items) {
                Some(values) => arrays.push(Array::of_values(own_name(), vec![items.len() as u64], &values)),
                None if items.len() == 1 => waiting.push((name.clone(), items[0], depth + 1)),
                None => {
                    for (index, item) in items.iter().enumerate().rev() {
                        waiting.push((below(&index.to_string()), *item, depth + 1));
                    }
                }
            },
            Value::Int(value) => arrays.push(Array::of_values(own_name(), Vec::new(), &[*value as f64])),
            Value::Float(value) => arrays.push(Array::of_values(own_name(), Vec::new(), &[*value])),
            Value::Array(NumPy { objects: Some(list), .. }) if depth < MOST_DEPTH => {
                waiting.push((name.clone(), *list, depth + 1));
            }
            Value::Array(array) => arrays.push(numpy_array(path, own_name(), array, pickled)?),
            Value::Tensor { storage, offset, shape, strides } => {
                let Value::Storage { element, key } = &pickle.values[*storage] else { continue };
                let Some(storages) = storages.as_deref_mut() else { continue };
                arrays.push(storages.tensor(own_name(), (*element, key), *offset, shape, strides)?);
            }
            _ => {}
        }
    }
    if arrays.is_empty() {
        let reason = "its pickle holds no arrays and no tensors".to_owned();
        return Err(ImportError::Unsupported { path: path.to_owned(), reason });
    }
    Ok(arrays)
}

/// The values of a list that is all numbers.
fn numbers(pickle: &Pickle, items: &[Handle]) -> Option<Vec<f64>> {
    let number = |item: &Handle| match &pickle.values[*item] {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    };
    if items.is_empty() { None } else { items.iter().map(number).collect() }
}

fn numpy_array(path: &Path, name: String, array: &NumPy, pickled: &[u8]) -> Result<Array, ImportError> {
    let wrong = |reason: &str| ImportError::damaged(path, format!("array {name:?}"), reason);
    let element = array.element.ok_or_else(|| wrong("its type is no plain number"))?;
    let bytes = pickled.get(array.bytes.clone()).unwrap_or_default();
    let shape = array.shape.clone();
    let len = shape.iter().try_fold(element.size() as u64, |all, side| all.checked_mul(*side));
    if len != Some(bytes.len() as u64) {
        return Err(wrong(&format!("it has {} bytes, which are not its shape {shape:?}", bytes.len())));
    }
    let fortran = array.fortran;
    let array = Array { name, shape, element, big_endian: array.big_endian, place: Place::Memory(bytes.into()) };
    if fortran { npy::by_rows(path, array) } else { Ok(array) }
}
