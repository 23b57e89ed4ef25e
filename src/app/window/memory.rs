//! What the window remembers from one start to the next: its size and the overlay's layout, in one small JSON file in the
//! user's configuration folder. Only the window reads and writes it; a file that cannot be read is left out of account
//! and said so.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use serde::{Deserialize, Serialize};

use crate::ui::Layout;

/// Environment variable: the folder to remember things in, instead of the user's.
pub const CONFIG_VARIABLE: &str = "SPIKESCOPE_CONFIG";

const FILE: &str = "window.json";

/// A change is written when nothing has changed for this long.
const SETTLED: Duration = Duration::from_secs(2);

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Remembered {
    pub(super) layout: Layout,
    /// Width and height, points.
    pub(super) size: Option<[f64; 2]>,
    pub(super) maximised: bool,
}

/// Keeps [`Remembered`] in its file.
#[derive(Debug)]
pub(super) struct Memory {
    path: Option<PathBuf>,
    stored: Remembered,
    changed: Option<(Instant, Remembered)>,
}

impl Memory {
    /// What was remembered, if anything; and a notice where it could not be read.
    pub(super) fn open() -> (Self, Option<Remembered>, Option<String>) {
        Self::of(folder().map(|folder| folder.join(FILE)))
    }

    fn of(path: Option<PathBuf>) -> (Self, Option<Remembered>, Option<String>) {
        let (found, notice) = match path.as_deref().map(read) {
            None | Some(Ok(None)) => (None, None),
            Some(Ok(Some(remembered))) => (Some(remembered), None),
            Some(Err(why)) => (None, Some(why)),
        };
        let stored = found.clone().unwrap_or_default();
        (Self { path, stored, changed: None }, found, notice)
    }

    /// The newest size of the window that was its own, points.
    pub(super) fn size(&self) -> Option<[f64; 2]> {
        self.changed.as_ref().map_or(self.stored.size, |(_, noted)| noted.size)
    }

    /// Takes note of how things are now; writes them once they have stood still.
    pub(super) fn note(&mut self, now: Remembered) {
        match &self.changed {
            _ if now == self.stored => self.changed = None,
            Some((since, noted)) if *noted == now => {
                if since.elapsed() >= SETTLED {
                    self.write();
                }
            }
            _ => self.changed = Some((Instant::now(), now)),
        }
    }

    /// Writes what has changed. A folder that cannot be written only costs the memory.
    pub(super) fn write(&mut self) {
        let Some((_, now)) = self.changed.take() else { return };
        if let Some(path) = &self.path
            && let Err(error) = store(path, &now)
        {
            super::report::say(format_args!("the layout was not kept: {error}"));
        }
        self.stored = now;
    }
}

/// The folder of the user's settings.
fn folder() -> Option<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || named("HOME");
    named(CONFIG_VARIABLE).or_else(|| {
        let base = if cfg!(target_os = "windows") {
            named("APPDATA")
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Application Support"))
        } else {
            named("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
        };
        base.map(|base| base.join("spikescope"))
    })
}

fn read(path: &Path) -> Result<Option<Remembered>, String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read, the layout starts anew: {error}", path.display())),
    };
    let found: Result<Remembered, _> = serde_json::from_str(&text);
    found.map(Some).map_err(|error| format!("{} is damaged, the layout starts anew: {error}", path.display()))
}

/// Under another name first, so that a crash leaves the old file or the new one.
fn store(path: &Path, what: &Remembered) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("json.new");
    fs::write(&beside, serde_json::to_string_pretty(what)? + "\n")?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_comes_back_and_damage_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deeper").join(FILE);
        let (mut memory, found, notice) = Memory::of(Some(path.clone()));
        assert!(found.is_none() && notice.is_none(), "nothing to remember is no fault");
        let mut now = Remembered { size: Some([1000.0, 700.0]), ..Remembered::default() };
        now.layout.charts = false;
        memory.note(now.clone());
        assert!(!path.exists(), "a change is only written when it has settled");
        memory.write();
        assert_eq!(Memory::of(Some(path.clone())).1, Some(now));

        fs::write(&path, "{\"layout\": 7").expect("written");
        let (_, found, notice) = Memory::of(Some(path.clone()));
        assert!(found.is_none() && notice.is_some_and(|text| text.contains("damaged")));
        // Keys of a later version and missing ones are no damage.
        fs::write(&path, "{\"later\": true, \"layout\": {\"charts\": false}}").expect("written");
        assert!(Memory::of(Some(path)).1.is_some_and(|found| !found.layout.charts && found.size.is_none()));
    }
}
