//! One picture as a PNG file that appears under its name only when it is whole, and never over another one.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::format::{FramePixels, png_bytes, tight_rgb};
use super::{FrameFormat, Notes};
use crate::app::arguments::{FrameRate, FrameSize};
use crate::app::error::AppError;
use crate::recording::files::{write_atomically, write_error};

/// Pictures of one name in one folder.
const NAMES_MAX: u32 = 1000;

/// Writes `stem.png`, or `stem-2.png` and so on where that is taken.
pub(in crate::app) fn save_picture(
    stem: &Path,
    size: [u32; 2],
    frame: &impl FramePixels,
    notes: Notes,
) -> Result<PathBuf, AppError> {
    let size = FrameSize { width: size[0], height: size[1] };
    let format = FrameFormat { size, rate: FrameRate { numerator: 1, denominator: 1 }, notes };
    let mut rgb = Vec::new();
    frame.read(&mut |pixels| rgb = tight_rgb(pixels, size));
    let bytes = png_bytes(&rgb, size, &format.notes.of_frame(format.notes.time_ms(0)), png::Compression::Balanced)
        .map_err(|error| AppError::Failure(format!("the picture was not saved: {error}")))?;
    let path = free_name(stem, "png")?;
    write_atomically(&path, |file| file.write_all(&bytes).map_err(|error| AppError::from(write_error(&path, error))))?;
    Ok(path)
}

/// A name of this ending that nothing has yet.
pub(in crate::app) fn free_name(stem: &Path, ending: &str) -> Result<PathBuf, AppError> {
    let dot = if ending.is_empty() { "" } else { "." };
    let stem = stem.display();
    (1..=NAMES_MAX)
        .map(|n| if n == 1 { format!("{stem}{dot}{ending}") } else { format!("{stem}-{n}{dot}{ending}") })
        .map(PathBuf::from)
        .find(|path| !path.exists())
        .ok_or_else(|| AppError::Mistake(format!("there are {NAMES_MAX} files called {stem} already; move them away")))
}

#[cfg(test)]
mod tests {
    use super::super::Pixels;
    use super::*;

    struct Grey;

    impl FramePixels for Grey {
        fn read(&self, read: &mut dyn FnMut(Pixels<'_>)) {
            read(Pixels { rows: &[7; 24], bytes_per_row: 8, is_bgra: true });
        }
    }

    #[test]
    fn pictures_never_overwrite_each_other_and_tell_what_they_show() {
        let folder = tempfile::tempdir().expect("a folder");
        let stem = folder.path().join("shot");
        let notes = Notes { scene: "digits".into(), seed: 3, first_ms: 12.5, frame_ms: 0.0, command: "a b".into() };
        let first = save_picture(&stem, [2, 3], &Grey, notes.clone()).expect("saved");
        let second = save_picture(&stem, [2, 3], &Grey, notes.clone()).expect("saved");
        assert!(first.ends_with("shot.png") && second.ends_with("shot-2.png"));
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 2);
        let file = std::io::BufReader::new(std::fs::File::open(first).expect("there"));
        let mut reader = png::Decoder::new(file).read_info().expect("a PNG file");
        let mut back = vec![0; 18];
        reader.next_frame(&mut back).expect("whole");
        assert_eq!(back, [7; 18]);
        let said = |key: &str| {
            let texts = &reader.info().utf8_text;
            texts.iter().find(|text| text.keyword == key).map(|text| text.get_text().expect("readable"))
        };
        assert_eq!(said("Scene").as_deref(), Some("digits"));
        assert_eq!(said("Seed").as_deref(), Some("3"));
        assert_eq!(said("Simulated time").as_deref(), Some("12.5 ms"));
        assert_eq!(said("Command").as_deref(), Some("a b"));
        assert!(save_picture(Path::new("/nowhere/at/all"), [2, 3], &Grey, notes).is_err());
    }
}
