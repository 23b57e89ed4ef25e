//! A virtual display and the program in its window, for tests: start it, act as a user, hear what it says, look at the
//! picture. Screenshots lie in the target folder's `tmp/window` for a look.
#![allow(dead_code, reason = "each test uses the part that it needs")]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use spikescope::app::window::{CONFIG_VARIABLE, LOG_VARIABLE};
use spikescope::gpu::REQUIRE_GPU_VARIABLE;

/// Software drawing on a busy machine is slow; nothing here is a speed test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// One window at a time: several that are drawn by the same processor only make each other slow.
static TURN: Mutex<()> = Mutex::new(());

/// A virtual display, ended when it goes out of scope.
pub(crate) struct Display {
    _turn: MutexGuard<'static, ()>,
    pub(crate) server: Child,
    pub(crate) name: String,
}

impl Display {
    /// None, with a printed line, where there is no Xvfb or no adapter.
    pub(crate) fn open() -> Option<Self> {
        let missing = ["Xvfb", "xdotool", "import"].into_iter().find(|tool| !is_installed(tool));
        if let Some(tool) = missing {
            return skip(&format!("{tool} is not installed"));
        }
        if let Err(error) = spikescope::gpu::Gpu::headless(None) {
            return skip(&error.to_string());
        }
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("Xvfb names its display");
        Some(Self { _turn: turn, server, name: format!(":{}", number.trim()) })
    }

    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("DISPLAY", &self.name).output().expect("it runs");
        assert!(output.status.success(), "{program} {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn xdotool(&self, arguments: &str) -> String {
        self.tool("xdotool", &arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// The program's window, moved to the corner and given the keyboard.
    pub(crate) fn window(&self) -> String {
        let found = self.xdotool("search --onlyvisible --name spikescope");
        let window = found.lines().next().expect("there is a window").to_owned();
        self.xdotool(&format!("windowmove {window} 0 0"));
        self.xdotool(&format!("windowfocus {window}"));
        window
    }

    /// What is on the display now.
    pub(crate) fn screenshot(&self, name: &str) -> Picture {
        let path = folder().join(name);
        self.tool("import", &["-window", "root", &format!("png24:{}", path.display())]);
        Picture::read(&path)
    }

    /// Screenshots until `fits`, since frames take their time.
    pub(crate) fn screenshot_where(&self, name: &str, what: &str, fits: impl Fn(&Picture) -> bool) -> Picture {
        let started = Instant::now();
        loop {
            let picture = self.screenshot(name);
            if fits(&picture) {
                return picture;
            }
            assert!(started.elapsed() < PATIENCE, "{name}: {what}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(crate) fn is_installed(tool: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

pub(crate) fn skip<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os(REQUIRE_GPU_VARIABLE).is_none(), "the window must be tested here, but {why}");
    eprintln!("skipped: {why}");
    None
}

pub(crate) fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// The program in its window, and what it says.
pub(crate) struct Program {
    pub(crate) child: Child,
    /// Nothing is remembered from one test to the next, nor in the user's own folder.
    _config: tempfile::TempDir,
    pub(crate) lines: Receiver<String>,
    pub(crate) heard: Vec<String>,
}

impl Program {
    pub(crate) fn start(display: &Display, arguments: &[&str]) -> Self {
        Self::start_with(display, arguments, &[])
    }

    pub(crate) fn start_with(display: &Display, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let config = tempfile::tempdir().expect("a folder can be made");
        let mut child = Command::new(env!("CARGO_BIN_EXE_spikescope"))
            .args(arguments)
            .current_dir(folder())
            .env(CONFIG_VARIABLE, config.path())
            .env("DISPLAY", &display.name)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env(LOG_VARIABLE, "1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let (send, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, _config: config, lines, heard: Vec::new() }
    }

    /// Waits for the program to say something that begins with `window: ` and this.
    pub(crate) fn wait_for(&mut self, what: &str) -> String {
        self.wait_at_most(what, PATIENCE).unwrap_or_else(|| panic!("no {what:?}: {:#?}", self.heard))
    }

    /// The same, and none where it does not say so in time.
    pub(crate) fn wait_at_most(&mut self, what: &str, patience: Duration) -> Option<String> {
        let started = Instant::now();
        let wanted = format!("window: {what}");
        loop {
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => {
                    let fits = line.starts_with(&wanted);
                    self.heard.push(line.clone());
                    if fits {
                        return Some(line);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what:?}: {:#?}", self.heard),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if started.elapsed() > patience {
                return None;
            }
        }
    }

    /// Types a wish into the palette until the program answers; a slow picture may miss what is typed too fast.
    pub(crate) fn ask(&mut self, display: &Display, wish: &str, answer: &str) -> String {
        for _ in 0..6 {
            display.xdotool("key Escape key ctrl+p");
            std::thread::sleep(Duration::from_millis(900));
            display.tool("xdotool", &["type", "--delay", "60", wish]);
            std::thread::sleep(Duration::from_millis(900));
            display.xdotool("key Return");
            if let Some(line) = self.wait_at_most(answer, Duration::from_secs(15)) {
                return line;
            }
        }
        panic!("{wish:?} brings no {answer:?}: {:#?}", self.heard);
    }

    /// Takes what it said meanwhile, without waiting.
    pub(crate) fn hear(&mut self) {
        self.heard.extend(self.lines.try_iter());
    }

    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end: {:#?}", self.heard);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// RGB.
pub(crate) struct Picture {
    pub(crate) size: [usize; 2],
    pub(crate) pixels: Vec<[u8; 3]>,
}

impl Picture {
    pub(crate) fn read(path: &Path) -> Self {
        let file = BufReader::new(File::open(path).expect("the picture is there"));
        let mut reader = png::Decoder::new(file).read_info().expect("it is a PNG file");
        let mut bytes = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut bytes).expect("it is whole");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let pixels = bytes.as_chunks::<3>().0.to_vec();
        Self { size: [info.width as usize, info.height as usize], pixels }
    }

    /// Share of the pixels of a part (left, top, right, bottom) that are clearly lit.
    pub(crate) fn lit(&self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let part = (top..bottom).flat_map(|y| (left..right).map(move |x| self.pixels[y * self.size[0] + x]));
        part.filter(|p| p.iter().any(|&c| c > 60)).count() as f64 / ((right - left) * (bottom - top)) as f64
    }

    /// Share of the pixels of a part that differ clearly from another picture.
    pub(crate) fn change(&self, other: &Self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let different = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| y * self.size[0] + x))
            .filter(|&at| self.pixels[at].iter().zip(other.pixels[at]).any(|(&a, b)| a.abs_diff(b) > 24));
        different.count() as f64 / ((right - left) * (bottom - top)) as f64
    }
}
