//! Labelled images: MNIST and its kin from folders of IDX files, and the small set of real handwritten digits inside
//! the program. Owns splitting into training and test images and the seeded order of presentation.

use std::path::{Path, PathBuf};

use super::idx::{self, DataError, Images};
use crate::model::random::{Draws, Stream};

/// Labelled images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Name for people.
    pub name: String,
    /// All images, one after the other, row by row, 0 to 255.
    pub images: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Class of each image.
    pub labels: Vec<u8>,
}

/// Which half of a published data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// To learn from.
    Train,
    /// To be tested on.
    Test,
}

impl Part {
    /// How file names of this half begin.
    const fn stem(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "t10k",
        }
    }
}

/// 1,797 handwritten digits of 8 x 8 pixels (E. Alpaydin, C. Kaynak, 1998; UCI Machine Learning Repository).
const DIGITS_IMAGES: &[u8] = include_bytes!("../../assets/digits/digits-images-idx3-ubyte.gz");
const DIGITS_LABELS: &[u8] = include_bytes!("../../assets/digits/digits-labels-idx1-ubyte.gz");

impl DataSet {
    /// The digits inside the program: 1,797 images of 8 x 8.
    ///
    /// # Errors
    /// Never, unless the program itself is damaged.
    pub fn embedded_digits() -> Result<Self, DataError> {
        let place = "the embedded digits";
        let images = idx::parse_images(&mut &*DIGITS_IMAGES, place)?;
        let labels = idx::parse_labels(&mut &*DIGITS_LABELS, place)?;
        Self::join("digits 8x8", images, labels, place)
    }

    /// One half of a folder with MNIST's usual file names (`train-images-idx3-ubyte` and so on, plain or `.gz`). A
    /// folder with a single pair of files under other names (`*images*`, `*labels*`) is its training half.
    ///
    /// # Errors
    /// Missing or damaged files.
    pub fn from_folder(folder: &Path, part: Part) -> Result<Self, DataError> {
        let pair = find_pair(folder, part)?.ok_or_else(|| {
            let stem = part.stem();
            DataError::new(
                folder.display().to_string(),
                format!("holds no {stem}-images-idx3-ubyte and {stem}-labels-idx1-ubyte"),
                "give a folder with the IDX files of MNIST or its kin, plain or .gz",
            )
        })?;
        let name = folder.file_name().map_or_else(|| "images".into(), |n| n.to_string_lossy().into_owned());
        Self::from_files(&name, &pair.0, &pair.1)
    }

    /// True when the folder has this half.
    #[must_use]
    pub fn folder_has(folder: &Path, part: Part) -> bool {
        matches!(find_pair(folder, part), Ok(Some(_)))
    }

    /// A pair of IDX files.
    ///
    /// # Errors
    /// Unreadable or damaged files, or files that do not belong together.
    pub fn from_files(name: &str, images: &Path, labels: &Path) -> Result<Self, DataError> {
        Self::join(name, idx::read_images(images)?, idx::read_labels(labels)?, &labels.display().to_string())
    }

    fn join(name: &str, images: Images, labels: Vec<u8>, place: &str) -> Result<Self, DataError> {
        if images.count != labels.len() {
            return Err(DataError::new(
                place,
                format!("has {} labels for {} images", labels.len(), images.count),
                "give the labels that belong to the images",
            ));
        }
        if labels.is_empty() {
            return Err(DataError::new(place, "holds no images", "give files with at least one image"));
        }
        let Images { width, height, pixels, .. } = images;
        Ok(Self { name: name.into(), images: pixels, width, height, labels })
    }

    /// Images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True without any image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels per image.
    #[must_use]
    pub const fn pixels(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// The pixels of one image, row by row; empty beyond the last.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let first = index * self.pixels();
        self.images.get(first..first + self.pixels()).unwrap_or_default()
    }

    /// Sum of an image's pixels, averaged over all images.
    #[must_use]
    pub fn mean_levels_per_image(&self) -> f64 {
        let sum: u64 = self.images.iter().map(|&pixel| u64::from(pixel)).sum();
        sum as f64 / self.len().max(1) as f64
    }

    /// Largest label + 1.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.labels.iter().max().map_or(0, |&label| usize::from(label) + 1)
    }

    /// Splits off `test_images` images, drawn by the seed; the rest stays in its order. At least one image is left to
    /// learn from.
    #[must_use]
    pub fn split(&self, test_images: usize, seed: u64) -> (Self, Self) {
        let order = permutation(self.len(), seed, SPLIT_PASS);
        let (test, train) = order.split_at(test_images.min(self.len().saturating_sub(1)));
        let (mut test, mut train) = (test.to_vec(), train.to_vec());
        test.sort_unstable();
        train.sort_unstable();
        (self.select(&train), self.select(&test))
    }

    /// The images of these indices, in this order; indices beyond the last are left out.
    #[must_use]
    pub fn select(&self, indices: &[u32]) -> Self {
        let known = || indices.iter().map(|&index| index as usize).filter(|&index| index < self.len());
        Self {
            name: self.name.clone(),
            images: known().flat_map(|index| self.image(index).iter().copied()).collect(),
            width: self.width,
            height: self.height,
            labels: known().map(|index| self.labels[index]).collect(),
        }
    }
}

/// The pass number that stands for the split; no training run gets there.
const SPLIT_PASS: u32 = u32::MAX;

/// A random order of `0..len` (Fisher and Yates), one per seed and pass over the data.
#[must_use]
pub fn permutation(len: usize, seed: u64, pass: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    let mut draws = Draws::new(seed, Stream::Order as u32, pass);
    for last in (1..order.len()).rev() {
        order.swap(last, draws.below(last as u32 + 1) as usize);
    }
    order
}

/// The two files of a half, where the folder has them.
fn find_pair(folder: &Path, part: Part) -> Result<Option<(PathBuf, PathBuf)>, DataError> {
    let place = || folder.display().to_string();
    let advice = "give a folder with the IDX files of MNIST or its kin, plain or .gz";
    let listing = std::fs::read_dir(folder).map_err(|error| DataError::new(place(), error.to_string(), advice))?;
    let mut files: Vec<PathBuf> = listing.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    files.sort();
    let find = |stem: &str, kind: &str| {
        files.iter().find(|path| {
            let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
            name.starts_with(stem) && name.contains(kind) && !name.ends_with(".part")
        })
    };
    if let (Some(images), Some(labels)) = (find(part.stem(), "images"), find(part.stem(), "labels")) {
        return Ok(Some((images.clone(), labels.clone())));
    }
    let named = |kind: &str| -> Vec<&PathBuf> {
        files
            .iter()
            .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().to_lowercase().contains(kind)))
            .collect()
    };
    match (part, &named("images")[..], &named("labels")[..]) {
        (Part::Train, [images], [labels]) => Ok(Some(((*images).clone(), (*labels).clone()))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_digits_are_what_they_are_known_to_be() {
        let digits = DataSet::embedded_digits().expect("inside the program");
        assert_eq!((digits.len(), digits.width, digits.height, digits.classes()), (1797, 8, 8, 10));
        // Class counts as documented with the data set.
        let counts: Vec<usize> = (0..10).map(|c| digits.labels.iter().filter(|&&l| l == c).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(digits.images.iter().max(), Some(&255));
        assert!(digits.image(1797).is_empty());
    }

    #[test]
    fn orders_are_permutations_that_follow_seed_and_pass() {
        let order = permutation(1000, 3, 0);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
        assert_eq!(order, permutation(1000, 3, 0));
        assert_ne!(order, permutation(1000, 3, 1));
        assert_ne!(order, permutation(1000, 4, 0));
        assert!(permutation(0, 1, 0).is_empty());
    }

    #[test]
    fn a_split_keeps_every_image_once() {
        let digits = DataSet::embedded_digits().expect("inside the program");
        let (train, test) = digits.split(599, 1);
        assert_eq!((train.len(), test.len()), (1198, 599));
        let mut all: Vec<(u8, Vec<u8>)> =
            [&train, &test].iter().flat_map(|d| (0..d.len()).map(|i| (d.labels[i], d.image(i).to_vec()))).collect();
        let mut whole: Vec<(u8, Vec<u8>)> = (0..1797).map(|i| (digits.labels[i], digits.image(i).to_vec())).collect();
        all.sort();
        whole.sort();
        assert_eq!(all, whole);
        assert_eq!(digits.split(usize::MAX, 1).0.len(), 1);
    }

    #[test]
    fn folders_without_data_and_files_that_do_not_fit_are_named() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let message = |r: Result<DataSet, DataError>| r.expect_err("nothing there").to_string();
        assert!(message(DataSet::from_folder(folder.path(), Part::Train)).contains("train-images-idx3-ubyte"));
        assert!(message(DataSet::from_folder(Path::new("/no/such"), Part::Train)).starts_with("/no/such:"));
        let (images, labels) = (folder.path().join("my-images.idx"), folder.path().join("my-labels.idx"));
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
        std::fs::write(&images, [words(&[0x0803, 2, 1, 1]), vec![7, 9]].concat()).expect("writable");
        std::fs::write(&labels, [words(&[0x0801, 3]), vec![0, 1, 2]].concat()).expect("writable");
        assert!(message(DataSet::from_folder(folder.path(), Part::Train)).contains("3 labels for 2 images"));
        std::fs::write(&labels, [words(&[0x0801, 2]), vec![0, 1]].concat()).expect("writable");
        let data = DataSet::from_folder(folder.path(), Part::Train).expect("a single pair");
        assert_eq!((data.len(), data.image(1)), (2, &[9_u8][..]));
        assert!(!DataSet::folder_has(folder.path(), Part::Test));
    }

    #[test]
    fn mnist_reads_from_its_own_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mnist");
        if !folder.is_dir() {
            eprintln!("skipped: no MNIST at {}", folder.display());
            return;
        }
        let test = DataSet::from_folder(&folder, Part::Test).expect("MNIST");
        assert_eq!((test.len(), test.width, test.height, test.classes()), (10_000, 28, 28, 10));
        assert_eq!(test.labels[..5], [7, 2, 1, 0, 4]);
    }
}
