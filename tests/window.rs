//! The real window under a virtual display: opens, draws, answers keys and mouse, survives resizing and hiding, and
//! ends cleanly. Screenshots lie in the target folder's `tmp/window` for a look.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use spikescope::app::window::{CONFIG_VARIABLE, LOG_VARIABLE, LOSE_SURFACE_VARIABLE};
use spikescope::gpu::REQUIRE_GPU_VARIABLE;

/// Software drawing on a busy machine is slow; nothing here is a speed test.
const PATIENCE: Duration = Duration::from_secs(90);

/// A virtual display, ended when it goes out of scope.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// None, with a printed line, where there is no Xvfb or no adapter.
    fn open() -> Option<Self> {
        let missing = ["Xvfb", "xdotool", "import"].into_iter().find(|tool| !is_installed(tool));
        if let Some(tool) = missing {
            return skip(&format!("{tool} is not installed"));
        }
        if let Err(error) = spikescope::gpu::Gpu::headless(None) {
            return skip(&error.to_string());
        }
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1920x1080x24", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb starts");
        let mut number = String::new();
        BufReader::new(server.stdout.take().expect("piped")).read_line(&mut number).expect("Xvfb names its display");
        Some(Self { server, name: format!(":{}", number.trim()) })
    }

    fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(arguments).env("DISPLAY", &self.name).output().expect("it runs");
        assert!(output.status.success(), "{program} {arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn xdotool(&self, arguments: &str) -> String {
        self.tool("xdotool", &arguments.split_whitespace().collect::<Vec<_>>())
    }

    /// What is on the display now.
    fn screenshot(&self, name: &str) -> Picture {
        let path = folder().join(name);
        self.tool("import", &["-window", "root", &format!("png24:{}", path.display())]);
        Picture::read(&path)
    }

    /// Screenshots until `fits`, since frames take their time.
    fn screenshot_where(&self, name: &str, what: &str, fits: impl Fn(&Picture) -> bool) -> Picture {
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

fn is_installed(tool: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
}

fn skip<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os(REQUIRE_GPU_VARIABLE).is_none(), "the window must be tested here, but {why}");
    eprintln!("skipped: {why}");
    None
}

fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// The program in its window, and what it says.
struct Program {
    child: Child,
    /// Nothing is remembered from one test to the next, nor in the user's own folder.
    _config: tempfile::TempDir,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Program {
    fn start(display: &Display, arguments: &[&str]) -> Self {
        Self::start_with(display, arguments, &[])
    }

    fn start_with(display: &Display, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
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
    fn wait_for(&mut self, what: &str) -> String {
        let started = Instant::now();
        let wanted = format!("window: {what}");
        loop {
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => {
                    let fits = line.starts_with(&wanted);
                    self.heard.push(line.clone());
                    if fits {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what:?}: {:#?}", self.heard),
                Err(RecvTimeoutError::Timeout) => {
                    assert!(started.elapsed() < PATIENCE, "no {what:?}: {:#?}", self.heard);
                }
            }
        }
    }

    fn wait_for_end(&mut self) -> ExitStatus {
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
struct Picture {
    size: [usize; 2],
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn read(path: &Path) -> Self {
        let file = BufReader::new(File::open(path).expect("the picture is there"));
        let mut reader = png::Decoder::new(file).read_info().expect("it is a PNG file");
        let mut bytes = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut bytes).expect("it is whole");
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let pixels = bytes.as_chunks::<3>().0.to_vec();
        Self { size: [info.width as usize, info.height as usize], pixels }
    }

    /// Share of the pixels of a part (left, top, right, bottom) that are clearly lit.
    fn lit(&self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let part = (top..bottom).flat_map(|y| (left..right).map(move |x| self.pixels[y * self.size[0] + x]));
        part.filter(|p| p.iter().any(|&c| c > 60)).count() as f64 / ((right - left) * (bottom - top)) as f64
    }

    /// Share of the pixels of a part that differ clearly from another picture.
    fn change(&self, other: &Self, [left, top, right, bottom]: [usize; 4]) -> f64 {
        let different = (top..bottom)
            .flat_map(|y| (left..right).map(move |x| y * self.size[0] + x))
            .filter(|&at| self.pixels[at].iter().zip(other.pixels[at]).any(|(&a, b)| a.abs_diff(b) > 24));
        different.count() as f64 / ((right - left) * (bottom - top)) as f64
    }
}

/// Asks the window to close, as a window manager does (there is none on the virtual display): WM_DELETE_WINDOW, spoken
/// in the X protocol itself.
fn close(display: &Display, window: &str) {
    let socket = format!("/tmp/.X11-unix/X{}", display.name.trim_start_matches(':'));
    let mut server = UnixStream::connect(socket).expect("the display listens");
    let mut exchange = |request: &[u8], reply: &mut [u8]| {
        server.write_all(request).expect("the display hears");
        server.read_exact(reply).expect("the display answers");
    };
    let mut head = [0; 8];
    exchange(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0], &mut head);
    assert_eq!(head[0], 1, "the display lets us in");
    let mut rest = vec![0; usize::from(u16::from_le_bytes([head[6], head[7]])) * 4];
    exchange(&[], &mut rest);
    let mut atom = |name: &str| {
        let units = 2 + name.len().div_ceil(4);
        let mut request = vec![16, 0, units as u8, 0, name.len() as u8, 0, 0, 0];
        request.extend(name.as_bytes());
        request.resize(units * 4, 0);
        let mut reply = [0; 32];
        exchange(&request, &mut reply);
        u32::from_le_bytes([reply[8], reply[9], reply[10], reply[11]])
    };
    let (protocols, delete) = (atom("WM_PROTOCOLS"), atom("WM_DELETE_WINDOW"));
    let window: u32 = window.parse().expect("xdotool gives numbers");
    // SendEvent to the window, no mask: a ClientMessage of format 32.
    let mut request = vec![25, 0, 11, 0];
    for word in [window, 0, 33 | (32 << 8), window, protocols, delete, 0, 0, 0, 0] {
        request.extend(word.to_le_bytes());
    }
    // GetInputFocus, to be answered only after the event was sent.
    request.extend([43, 0, 1, 0]);
    exchange(&request, &mut [0; 32]);
}

#[test]
fn the_window_shows_the_scene_and_answers() {
    let Some(display) = Display::open() else { return };
    let mut program = Program::start(&display, &["view", "digits", "--engine", "cpu"]);
    program.wait_for("ready");
    let window = display.xdotool("search --onlyvisible --name spikescope");
    let window = window.lines().next().expect("there is a window").to_owned();
    display.xdotool(&format!("windowmove {window} 0 0"));
    display.xdotool(&format!("windowsize {window} 1280 720"));
    display.xdotool(&format!("windowfocus {window}"));
    // The overlay's bar is in its place, and the network is drawn in the middle.
    let bar = [0, 0, 500, 50];
    let middle = [300, 150, 850, 600];
    display.screenshot_where("1280x720.png", "blank", |p| p.lit(bar) > 0.02 && p.lit(middle) > 0.003);

    display.xdotool("key h");
    let clean = display.screenshot_where("hidden.png", "the overlay stays", |p| p.lit(bar) < 0.01);
    assert!(clean.lit(middle) > 0.003, "the network stays");
    display.xdotool("key h");
    display.screenshot_where("back.png", "the overlay stays away", |p| p.lit(bar) > 0.02);

    // Held still, the picture stands still: whatever changes afterwards comes from the mouse.
    display.xdotool("key space");
    program.wait_for("command TogglePlay");
    std::thread::sleep(Duration::from_millis(1500));
    let before = display.screenshot("before_drag.png");
    display.xdotool("mousemove 500 400 mousedown 1 mousemove 560 420 mousemove 640 440 mouseup 1");
    display.screenshot_where("after_drag.png", "a drag turns nothing", |p| p.change(&before, middle) > 0.003);
    display.xdotool("mousemove 500 400 click 4 click 4 click 4");
    display.xdotool("mousemove 520 400 click 1");
    program.wait_for("picked");
    display.xdotool("key space");
    program.wait_for("command TogglePlay");
    display.xdotool("key Escape");
    program.wait_for("command Pick(None)");
    display.xdotool("key space");
    program.wait_for("command TogglePlay");
    let unhelped = display.screenshot_where("unhelped.png", "it does not come to rest", |p| {
        std::thread::sleep(Duration::from_secs(1));
        p.change(&display.screenshot("resting.png"), middle) < 0.001
    });
    display.xdotool("key F1");
    display.screenshot_where("help.png", "the help changes nothing", |p| p.change(&unhelped, middle) > 0.05);
    display.xdotool("key Escape");
    display.screenshot_where("unhelped.png", "the help stays", |p| p.change(&unhelped, middle) < 0.01);
    display.xdotool("key space");
    program.wait_for("command TogglePlay");

    display.xdotool("key p");
    let saved = program.wait_for("saved spikescope-digits-");
    let name = saved.rsplit("saved ").next().expect("a name").to_owned();
    let picture = Picture::read(&folder().join(&name));
    assert_eq!(picture.size, [1280, 720]);
    assert!(picture.lit(bar) > 0.02 && picture.lit(middle) > 0.003, "the saved picture is what is seen");

    for (width, height) in [(700, 500), (1920, 1080)] {
        display.xdotool(&format!("windowsize {window} {width} {height}"));
        program.wait_for(&format!("resized {width}x{height}"));
        let name = format!("{width}x{height}.png");
        // The charts reach the right edge, the network is on the left, and nothing lies outside.
        display.screenshot_where(&name, "wrong after resizing", |p| {
            p.lit([0, 0, width.min(500), 50]) > 0.02
                && p.lit([0, 60, width / 2, height]) > 0.001
                && p.lit([width - 300, 60, width, height]) > 0.005
                && (width == 1920 || p.lit([width + 1, 0, 1920, 1080]) == 0.0)
        });
    }
    display.xdotool(&format!("windowunmap {window}"));
    std::thread::sleep(Duration::from_millis(700));
    display.xdotool(&format!("windowmap {window}"));
    display.screenshot_where("mapped.png", "blank after hiding", |p| p.lit(bar) > 0.02);

    close(&display, &window);
    program.wait_for("closed");
    let status = program.wait_for_end();
    assert_eq!(status.code(), Some(0), "{:#?}", program.heard);
    let complaints: Vec<_> = program.heard.iter().filter(|line| line.contains("fault")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn another_scene_opens_in_the_same_window_and_control_q_ends_it() {
    let Some(display) = Display::open() else { return };
    let mut program = Program::start(&display, &["view", "cuba", "--engine", "cpu"]);
    program.wait_for("scene cuba");
    program.wait_for("ready");
    let window = display.xdotool("search --onlyvisible --name spikescope");
    let window = window.lines().next().expect("there is a window").to_owned();
    display.xdotool(&format!("windowmove {window} 0 0"));
    display.xdotool(&format!("windowfocus {window}"));
    // Opens the chooser and takes its first entry.
    display.xdotool("mousemove 80 30 click 1");
    std::thread::sleep(Duration::from_secs(2));
    display.screenshot("chooser.png");
    display.xdotool("mousemove 100 62 click 1");
    program.wait_for("scene digits");
    display.xdotool("key ctrl+q");
    assert_eq!(program.wait_for_end().code(), Some(0), "{:#?}", program.heard);
}

#[test]
fn a_lost_surface_is_made_anew() {
    let Some(display) = Display::open() else { return };
    let lost = [(LOSE_SURFACE_VARIABLE, "15")];
    let mut program = Program::start_with(&display, &["view", "digits", "--engine", "cpu"], &lost);
    program.wait_for("ready");
    let window = display.xdotool("search --onlyvisible --name spikescope");
    let window = window.lines().next().expect("there is a window").to_owned();
    display.xdotool(&format!("windowmove {window} 0 0"));
    program.wait_for("surface made anew");
    // It goes on drawing what changes.
    let before = display.screenshot("after_loss.png");
    let middle = [300, 150, 850, 600];
    display.screenshot_where("going_on.png", "it stands still", |p| {
        p.lit(middle) > 0.003 && p.change(&before, middle) > 0.0005
    });
    display.xdotool(&format!("windowfocus {window}"));
    display.xdotool("key ctrl+q");
    assert_eq!(program.wait_for_end().code(), Some(0), "{:#?}", program.heard);
}

#[test]
fn an_interrupt_ends_it_cleanly() {
    let Some(display) = Display::open() else { return };
    let mut program = Program::start(&display, &["view", "cuba", "--engine", "cpu"]);
    program.wait_for("ready");
    let interrupted = Command::new("kill").args(["-INT", &program.child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    program.wait_for("ended");
    let status = program.wait_for_end();
    assert!(matches!(status.code(), Some(0 | 130)), "it ended with {status}: {:#?}", program.heard);
}
