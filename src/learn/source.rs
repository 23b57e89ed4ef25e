//! Which images a scene's learning section means. In: the section. Out: images to learn from and images to test on,
//! never shared between the two.

use crate::model::scene::{DataSource, LearningScene};

use super::data::{DataSet, Part};
use super::idx::DataError;

/// Decides which images are kept apart for testing. Fixed, so that runs with different seeds are tested on the same
/// images.
const SPLIT_SEED: u64 = 0x5eed;

/// The images to learn from and to test on. A folder's own test half is used where it has one; otherwise, and for the
/// embedded digits, `test_images` images are kept apart.
///
/// # Errors
/// Missing or damaged files.
pub fn open_data(learning: &LearningScene) -> Result<(DataSet, DataSet), DataError> {
    let test_images = learning.test_images as usize;
    match &learning.data {
        DataSource::EmbeddedDigits => Ok(DataSet::embedded_digits()?.split(test_images, SPLIT_SEED)),
        DataSource::Folder(folder) => {
            let train = DataSet::from_folder(folder, Part::Train)?;
            if DataSet::folder_has(folder, Part::Test) {
                return Ok((train, DataSet::from_folder(folder, Part::Test)?));
            }
            Ok(train.split(test_images, SPLIT_SEED))
        }
    }
}
