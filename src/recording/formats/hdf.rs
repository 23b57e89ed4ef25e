//! HDF5 for the formats that build on it: numbers by range, strings, attributes, each error with its path in the file.

use std::path::{Path, PathBuf};

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, SliceInfo, SliceInfoElem};

use super::error::ImportError;

/// Begin of every HDF5 file without a user block.
pub(super) const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Values that are read at once where a data set is streamed.
pub(super) const BLOCK: u64 = 1 << 18;

/// Values that may be in memory at once.
const MOST_VALUES: u64 = 1 << 27;

/// See the module.
pub(super) struct Hdf {
    file: Hdf5File,
    path: PathBuf,
}

impl Hdf {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let file = Hdf5File::open(path).map_err(|error| ImportError::damaged(path, "its HDF5 header", error))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Whether there is a group of that name at the root.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.file.group(name).is_ok()
    }

    /// Names of the groups and of the data sets in a group.
    pub(super) fn members(&self, group: &str) -> Result<(Vec<String>, Vec<String>), ImportError> {
        self.group(group)?.member_names().map_err(|error| self.wrong(group, error))
    }

    pub(super) fn group(&self, name: &str) -> Result<Group, ImportError> {
        self.file.group(name).map_err(|error| self.wrong(name, error))
    }

    pub(super) fn dataset(&self, name: &str) -> Result<Dataset, ImportError> {
        self.file.dataset(name).map_err(|error| self.wrong(name, error))
    }

    /// A data set that may be missing.
    pub(super) fn find(&self, name: &str) -> Option<Dataset> {
        self.file.dataset(name).ok()
    }

    /// Rows `from..to` of a data set of numbers, as one list.
    pub(super) fn rows(&self, name: &str, dataset: &Dataset, from: u64, to: u64) -> Result<Vec<f64>, ImportError> {
        let width = dataset.shape().iter().skip(1).try_fold(1_u64, |all, side| all.checked_mul(*side));
        let rows = to.saturating_sub(from);
        if width.and_then(|width| width.checked_mul(rows)).is_none_or(|count| count > MOST_VALUES) {
            return Err(self.wrong(name, "it is too large for this use"));
        }
        let mut selections = vec![SliceInfoElem::Slice { start: from, end: to, step: 1 }];
        selections.extend((1..dataset.ndim()).map(|_| SliceInfoElem::Slice { start: 0, end: u64::MAX, step: 1 }));
        let slice = SliceInfo { selections };
        macro_rules! read {
            ($type:ty) => {
                dataset
                    .read_slice::<$type>(&slice)
                    .map(|values| values.into_iter().map(|value| value as f64).collect())
                    .map_err(|error| self.wrong(name, error))
            };
        }
        match dataset.dtype() {
            Datatype::FloatingPoint { size: 4, .. } => read!(f32),
            Datatype::FloatingPoint { size: 8, .. } => read!(f64),
            Datatype::FixedPoint { size: 1, signed: false, .. } => read!(u8),
            Datatype::FixedPoint { size: 2, signed: false, .. } => read!(u16),
            Datatype::FixedPoint { size: 4, signed: false, .. } => read!(u32),
            Datatype::FixedPoint { size: 8, signed: false, .. } => read!(u64),
            Datatype::FixedPoint { size: 1, signed: true, .. } => read!(i8),
            Datatype::FixedPoint { size: 2, signed: true, .. } => read!(i16),
            Datatype::FixedPoint { size: 4, signed: true, .. } => read!(i32),
            Datatype::FixedPoint { size: 8, signed: true, .. } => read!(i64),
            _ => Err(self.wrong(name, "it holds no plain numbers")),
        }
    }

    /// All values of a data set of numbers with at least one dimension.
    pub(super) fn all(&self, name: &str) -> Result<Vec<f64>, ImportError> {
        let dataset = self.dataset(name)?;
        let Some(rows) = dataset.shape().first().copied() else {
            return Err(self.wrong(name, "it is a single value, expected a list"));
        };
        self.rows(name, &dataset, 0, rows)
    }

    /// A single text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let dataset = self.find(name)?;
        dataset.read_string().ok().or_else(|| dataset.read_strings().ok()?.into_iter().next())
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ImportError> {
        self.dataset(name)?.read_strings().map_err(|error| self.wrong(name, error))
    }

    /// A text attribute of a data set.
    pub(super) fn attribute(&self, dataset: &Dataset, name: &str) -> Option<String> {
        dataset.attribute(name).ok()?.read_string().ok()
    }

    /// A text attribute of a group.
    pub(super) fn group_attribute(&self, group: &str, name: &str) -> Option<String> {
        self.file.group(group).ok()?.attribute(name).ok()?.read_string().ok()
    }

    /// What is wrong at a place.
    pub(super) fn wrong(&self, name: &str, reason: impl std::fmt::Display) -> ImportError {
        ImportError::damaged(&self.path, name, reason)
    }

    /// Values that must be neurons.
    pub(super) fn ids(&self, name: &str, values: &[f64]) -> Result<Vec<u64>, ImportError> {
        let is_id = |value: f64| value >= 0.0 && value.fract() == 0.0 && value < 9e15;
        match values.iter().position(|value| !is_id(*value)) {
            Some(index) => {
                Err(self.wrong(name, format!("value {index} is {}, expected the number of a neuron", values[index])))
            }
            None => Ok(values.iter().map(|value| *value as u64).collect()),
        }
    }
}
