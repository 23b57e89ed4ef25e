//! NEURON's `Vector.vwrite`: one vector after the other, each with its length, its type and its numbers. In: a file with
//! the spikes' times and their cells. A vector alone cannot say whose times it holds, and is refused.

use std::fs;
use std::path::Path;

use super::arrays::{Array, Element, Place};
use super::error::ImportError;
use super::{Context, Format, Probe, meaning};

/// See the module.
pub(super) struct Vectors;

/// Vectors of a file.
const MOST_VECTORS: usize = 1000;

/// Type and bytes of the vector whose header this is.
fn header(bytes: &[u8]) -> Option<(u64, Element)> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(i32::from_le_bytes);
    let count = u64::try_from(word(0)?).ok()?;
    let element = match word(4)? {
        3 => Element::F32,
        4 => Element::F64,
        5 => Element::I32,
        _ => return None,
    };
    (count > 0).then_some((count, element))
}

/// All vectors, if they fill the file exactly.
fn vectors(path: &Path) -> Option<Vec<Array>> {
    use std::io::{Read, Seek, SeekFrom};
    let len = fs::metadata(path).ok()?.len();
    let mut file = fs::File::open(path).ok()?;
    let (mut at, mut vectors) = (0, Vec::new());
    while at < len && vectors.len() < MOST_VECTORS {
        let mut begin = [0; 8];
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut begin).ok()?;
        let (count, element) = header(&begin)?;
        let place = Place::File { path: path.to_owned(), offset: at + 8, packed: None };
        vectors.push(Array { name: String::new(), shape: vec![count], element, big_endian: false, place });
        at += 8 + count * element.size() as u64;
    }
    (at == len).then_some(vectors)
}

impl Format for Vectors {
    fn name(&self) -> &'static str {
        "neuron-vectors"
    }

    fn sniff(&self, probe: &Probe<'_>) -> bool {
        !probe.is_folder && header(probe.head).is_some() && vectors(probe.path).is_some()
    }

    fn read(&self, path: &Path, context: &mut Context<'_>) -> Result<(), ImportError> {
        let mut vectors = vectors(path).ok_or_else(|| {
            ImportError::damaged(path, "its end", "the lengths of its vectors do not add up to its size")
        })?;
        let same = |vectors: &[Array]| vectors[0].shape == vectors[1].shape;
        if vectors.len() != 2 || !same(&vectors) {
            let reason = format!(
                "it holds {} vectors of NEURON, but not the times and the cells of spikes as two vectors of one length",
                vectors.len()
            );
            return Err(ImportError::Unsupported { path: path.to_owned(), reason });
        }
        // Cells are whole numbers; times of a whole run are not, or they are the ones in order.
        let whole = [0, 1].map(|index| -> Result<bool, ImportError> {
            Ok(vectors[index as usize].all(path)?.iter().all(|value| value.fract() == 0.0))
        });
        let [first, second] = whole;
        let (first, second) = (first?, second?);
        let ids_at = if first && (!second || vectors[1].all(path)?.is_sorted()) { 0 } else { 1 };
        vectors[ids_at].name = "ids".to_owned();
        vectors[1 - ids_at].name = "times_ms".to_owned();
        context.intake.simulator = Some("NEURON".to_owned());
        meaning::interpret(path, &vectors, context)
    }
}
