//! Keeps the screen awake during a talk. In goes whether one is under way, out come helper programs of the system that
//! hold the screen for as long as they run. Each holds on by running `cat` on a pipe from this program: when the talk ends,
//! or this program in whatever way, the pipe closes and the screen may sleep again.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A helper that was let go gets this long to end.
const PATIENCE: Duration = Duration::from_millis(100);

/// A program that holds the screen while another runs, and what it is told before that one's name.
type Helper = (&'static str, &'static [&'static str]);

/// Desktops listen to different ones; all that are installed are asked.
const HELPERS: &[Helper] = &[
    ("gnome-session-inhibit", &["--app-id", "spikescope", "--reason", "a talk", "--inhibit", "idle"]),
    ("kde-inhibit", &["--power", "--screenSaver"]),
    ("systemd-inhibit", &["--what=idle", "--who=spikescope", "--why=a talk", "--mode=block"]),
    // macOS.
    ("caffeinate", &["-d", "-i"]),
];

/// What to install where there is none.
pub(in crate::app) const ADVICE: &str = "The screen is not kept awake during a talk (`view --tour`): there is none of \
                                         gnome-session-inhibit, kde-inhibit, systemd-inhibit or caffeinate. Switch the \
                                         screen saver off by hand, or install one of them (apt install systemd)";

/// Names of the helpers that are installed here.
pub(in crate::app) fn installed() -> Vec<&'static str> {
    HELPERS.iter().map(|(name, _)| *name).filter(|name| path_of(name).is_some()).collect()
}

fn path_of(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// See the module.
#[derive(Default)]
pub(super) struct Awake {
    /// Helpers at work; none while nobody gives a talk.
    held: Option<Vec<(&'static str, Child)>>,
}

impl Awake {
    /// Call it with every frame. Gives back what somebody should know, when it changed.
    pub(super) fn follow(&mut self, has_talk: bool) -> Option<String> {
        match (&mut self.held, has_talk) {
            (None, true) => {
                let started: Vec<_> = HELPERS.iter().filter_map(start).collect();
                let text = if started.is_empty() {
                    "the screen is not kept awake; `spikescope doctor` says what to install".to_owned()
                } else {
                    let names: Vec<&str> = started.iter().map(|(name, _)| *name).collect();
                    format!("the screen is kept awake by {}", names.join(", "))
                };
                self.held = Some(started);
                Some(text)
            }
            (Some(held), true) if !held.is_empty() => {
                // One that ends by itself had nothing to talk to: another desktop's.
                held.retain_mut(|(_, child)| matches!(child.try_wait(), Ok(None)));
                held.is_empty().then(|| "the screen is not kept awake: the system refused".to_owned())
            }
            (Some(_), false) => {
                self.end();
                Some("the screen may sleep again".to_owned())
            }
            _ => None,
        }
    }

    fn end(&mut self) {
        for (_, mut child) in self.held.take().into_iter().flatten() {
            // What it runs ends with the pipe, and then so does the helper; one that does not is not waited for.
            drop(child.stdin.take());
            let begun = Instant::now();
            while matches!(child.try_wait(), Ok(None)) && begun.elapsed() < PATIENCE {
                std::thread::sleep(Duration::from_millis(2));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.end();
    }
}

fn start((name, arguments): &Helper) -> Option<(&'static str, Child)> {
    let program = path_of(name)?;
    let child = Command::new(program)
        .args(*arguments)
        .arg("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some((name, child.ok()?))
}
