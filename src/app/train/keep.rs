//! A training run on disk: one file that holds where the protocol, the history and the engine stand, from which
//! `--resume` goes on. Written under its name only when it is whole.
//!
//! Layout: a line of JSON ([`Head`]), then the engine's checkpoint.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::app::error::AppError;
use crate::engine::{Checkpoint, Fingerprint};
use crate::learn::{DataSet, SavedTraining, Trainer};
use crate::model::Network;
use crate::model::scene::LearningScene;
use crate::recording::RecordingError;
use crate::recording::files::{write_atomically, write_error};

const FORMAT: &str = "spikescope-training 2";

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    /// Of the images and of how they are shown; the engine's checkpoint knows its network.
    fingerprint: u64,
    training: SavedTraining,
}

/// Of images, protocol, seed and pruning: equal where one run can go on from the other.
pub(super) fn fingerprint(data: &DataSet, learning: &LearningScene, network: &Network) -> u64 {
    let mut hash = Fingerprint::new();
    hash.bytes(&data.images);
    hash.bytes(&data.labels);
    // Where the images lie is no part of what they are, and how many are wanted may change.
    let mut learning = learning.clone();
    learning.data = crate::model::scene::DataSource::EmbeddedDigits;
    learning.images = 0;
    hash.bytes(format!("{learning:?}, seed {}", network.seed).as_bytes());
    for projection in &network.projections {
        hash.bytes(format!("{:?}", projection.pruning).as_bytes());
    }
    hash.finish()
}

/// Keeps a run that stands between two images.
pub(super) fn write(path: &Path, trainer: &mut Trainer, fingerprint: u64) -> Result<(), AppError> {
    let head = Head { format: FORMAT.to_owned(), fingerprint, training: trainer.saved()? };
    let mut bytes = serde_json::to_vec(&head)
        .map_err(|error| AppError::Failure(format!("the checkpoint cannot be written: {error}")))?;
    bytes.push(b'\n');
    bytes.extend(trainer.engine().checkpoint()?.to_bytes());
    write_atomically(path, |file| file.write_all(&bytes).map_err(|error| write_error(path, error)))
        .map_err(|error: RecordingError| error.into())
}

/// Goes on from a file.
///
/// A run may go on to more images than it was begun with, not to fewer than it has seen.
pub(super) fn read(path: &Path, trainer: &mut Trainer, fingerprint: u64, images: u64) -> Result<(), AppError> {
    let wrong = |what: &str| AppError::Mistake(format!("{}: {what}", path.display()));
    let bytes = fs::read(path).map_err(|error| {
        wrong(&format!("cannot be read: {error}; start without --resume, or give --checkpoint with the file's place"))
    })?;
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
    let head: Head = serde_json::from_slice(&bytes[..end])
        .map_err(|_| wrong("is no checkpoint of a training run, or a damaged one; start without --resume"))?;
    if head.format != FORMAT {
        return Err(wrong("was written by another version; start without --resume"));
    }
    if head.fingerprint != fingerprint {
        return Err(wrong(
            "belongs to a run with other images, another seed, another way to show them or another pruning (whose moment \
             may follow --images); give what it was begun with, or start without --resume",
        ));
    }
    let checkpoint =
        Checkpoint::from_bytes(bytes.get(end + 1..).unwrap_or_default()).map_err(|error| wrong(&error.to_string()))?;
    trainer.engine().restore(&checkpoint).map_err(|error| wrong(&error.to_string()))?;
    trainer.restore(head.training).map_err(|error| wrong(&error.to_string()))?;
    let shown = trainer.protocol().presentations();
    if shown > images {
        return Err(wrong(&format!(
            "stands after {shown} images, and --images asks for {images}; give at least {shown}, or start without \
             --resume"
        )));
    }
    Ok(())
}
