//! The size of the images in a folder of IDX files, read from the header only, so that an input population can follow
//! the data. In: a folder. Out: width and height, or what is wrong in words.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// Names under which the training images of MNIST and its kin are found.
pub const TRAIN_IMAGES: [&str; 2] = ["train-images-idx3-ubyte", "train-images.idx3-ubyte"];

/// Magic number of an IDX file of bytes with three dimensions.
const MAGIC_IMAGES: u32 = 0x0803;

/// Width and height of the images in `folder`.
pub(crate) fn image_shape(folder: &Path) -> Result<[u32; 2], String> {
    if !folder.is_dir() {
        return Err(format!("there is no folder {}", folder.display()));
    }
    let Some(path) = train_images(folder) else {
        return Err(format!("the folder {} holds no file {}", folder.display(), TRAIN_IMAGES[0]));
    };
    let header = read_header(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let word = |index: usize| u32::from_be_bytes([0, 1, 2, 3].map(|byte| header[4 * index + byte]));
    if word(0) != MAGIC_IMAGES {
        return Err(format!("{} is not an IDX file of images", path.display()));
    }
    let [height, width] = [word(2), word(3)];
    if height == 0 || width == 0 || u64::from(height) * u64::from(width) > 1 << 24 {
        return Err(format!("{} claims images of {width} x {height} pixels", path.display()));
    }
    Ok([width, height])
}

fn train_images(folder: &Path) -> Option<PathBuf> {
    TRAIN_IMAGES
        .iter()
        .flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))])
        .find(|path| path.is_file())
}

fn read_header(path: &Path) -> std::io::Result<[u8; 16]> {
    let file = File::open(path)?;
    let mut header = [0; 16];
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(file).read_exact(&mut header)?;
    } else {
        (&file).read_exact(&mut header)?;
    }
    Ok(header)
}
