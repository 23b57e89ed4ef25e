//! A long session with a scripted user: flies, picks, draws boxes and lassos, prunes, undoes, rewinds, opens every
//! panel, resizes, hides the window and switches scenes twenty times. The program must live, its memory stay flat, and no
//! frame take more than half a second except while loading.
//!
//! Not part of the usual tests: `SPIKESCOPE_SOAK_S=1800 cargo test --release --test soak -- --ignored --nocapture`.
#![cfg(unix)]

#[path = "common/desktop.rs"]
mod desktop;

use std::time::{Duration, Instant};

use desktop::{Display, Program};

/// How long, s; see [`DEFAULT_S`].
const DURATION_VARIABLE: &str = "SPIKESCOPE_SOAK_S";
const DEFAULT_S: u64 = 1800;
/// Scenes are switched so often.
const SWITCHES: u64 = 20;
/// The scenes, in turn; the first is the one that memory is compared in.
const SCENES: [&str; 5] = ["digits", "cuba", "brunel-plastic", "compression", "sheet"];
/// A frame above this is too slow, unless something is being loaded, ms.
const FRAME_MAX_MS: u64 = 500;
/// Memory may grow by this much of what it was, and by this many MiB: allocators keep what they were given once.
const GROWTH: (f64, f64) = (0.25, 64.0);

/// Resident memory of the program, MiB.
fn resident_mib(program: &Program) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: f64 = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(f64::NAN);
    kib / 1024.0
}

/// Frames of the log that took too long without a scene being loaded.
fn slow_frames(heard: &[String]) -> Vec<&String> {
    let is_slow = |line: &&String| {
        let Some(rest) = line.strip_prefix("window: slow frame ") else { return false };
        let ms = rest.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(u64::MAX);
        ms > FRAME_MAX_MS && !rest.contains("loading")
    };
    heard.iter().filter(is_slow).collect()
}

/// The user.
struct User<'a> {
    display: &'a Display,
    program: Program,
    window: String,
}

impl User<'_> {
    fn act(&mut self, arguments: &str) {
        self.display.xdotool(arguments);
        self.rest(250);
        if let Some(status) = self.program.child.try_wait().expect("it can be waited for") {
            panic!("it ended with {status} after {arguments:?}: {:#?}", self.program.heard);
        }
    }

    fn rest(&mut self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
        self.program.hear();
    }

    /// Types a wish into the palette.
    fn ask(&mut self, wish: &str) {
        self.act("key ctrl+p");
        self.display.tool("xdotool", &["type", "--delay", "20", wish]);
        self.rest(250);
        self.act("key Return");
        self.act("key Escape");
    }

    fn open(&mut self, scene: &str) {
        let wanted = format!("window: scene {scene}");
        let times = |program: &Program| program.heard.iter().filter(|line| line.starts_with(&wanted)).count();
        let before = times(&self.program);
        // On a busy machine a key may come before the palette does; a user would try again.
        for _ in 0..5 {
            self.act("key Escape");
            self.ask(&format!("open {scene}:"));
            let asked = Instant::now();
            while times(&self.program) == before && asked.elapsed() < Duration::from_secs(15) {
                self.rest(250);
            }
            if times(&self.program) > before {
                return self.rest(1500);
            }
        }
        panic!("{scene} does not open: {:#?}", self.program.heard);
    }

    fn fly(&mut self) {
        self.act("mousemove 400 400 key v");
        self.act("keydown w");
        self.act("mousemove_relative -- 60 20");
        self.act("keyup w keydown d");
        self.act("mousemove_relative -- -40 -10");
        self.act("keyup d key v");
        self.act("key Home");
        self.act("mousemove 500 400 mousedown 1 mousemove 560 420 mousemove 620 450 mouseup 1");
        self.act("mousemove 500 400 click 4 click 4 click 5 click 5");
    }

    fn select(&mut self) {
        self.act("mousemove 450 380 click 1");
        self.act("key b");
        self.act("mousemove 250 200 mousedown 1 mousemove 400 300 mousemove 550 420 mouseup 1");
        self.act("key l");
        self.act(
            "mousemove 300 250 mousedown 1 mousemove 500 240 mousemove 560 400 mousemove 380 470 mousemove 290 330 \
             mouseup 1",
        );
        self.act("key i");
        self.act("key i");
        self.act("key x");
        self.act("key shift+x");
        self.act("key Escape");
        self.act("key Escape");
    }

    fn touch_the_network(&mut self) {
        self.ask("one pruning period, now");
        self.rest(600);
        self.act("key ctrl+z");
        self.act("key ctrl+shift+z");
        self.rest(400);
        self.act("key ctrl+z");
    }

    fn rewind(&mut self) {
        for _ in 0..4 {
            self.act("key ctrl+Left");
        }
        self.act("key ctrl+shift+Left");
        self.act("key ctrl+shift+Right");
        self.act("key ctrl+space");
        self.rest(700);
        self.act("key ctrl+Left");
        self.act("key ctrl+End");
    }

    fn open_every_panel(&mut self) {
        for panel in ["F2", "F3", "F4", "F5", "F6", "F1"] {
            self.act(&format!("key {panel}"));
            self.rest(300);
            self.act(&format!("key {panel}"));
        }
        for look in ["c", "g", "n", "m", "m", "h", "h"] {
            self.act(&format!("key {look}"));
        }
        self.act("key Escape");
    }

    fn resize_and_hide(&mut self) {
        let window = self.window.clone();
        for (width, height) in [(800, 600), (1600, 900), (1280, 720)] {
            self.act(&format!("windowsize {window} {width} {height}"));
            self.rest(400);
        }
        self.act(&format!("windowunmap {window}"));
        self.rest(700);
        self.act(&format!("windowmap {window}"));
        self.rest(400);
        self.act(&format!("windowfocus {window}"));
    }
}

#[test]
#[ignore = "takes half an hour; SPIKESCOPE_SOAK_S sets how many seconds"]
fn half_an_hour_of_everything() {
    let Some(display) = Display::open() else { return };
    let seconds = std::env::var(DURATION_VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_S);
    let per_scene = Duration::from_secs(seconds) / SWITCHES as u32;
    let mut program = Program::start(&display, &["view", SCENES[0], "--engine", "cpu"]);
    program.wait_for("ready");
    let window = display.window();
    let mut user = User { display: &display, program, window };
    let mut memory: Vec<(&str, f64)> = Vec::new();
    let started = Instant::now();
    // One more than the switches: the first scene comes last too, and is compared with its first time.
    for turn in 0..=SWITCHES as usize {
        let scene = SCENES[turn % SCENES.len()];
        if turn > 0 {
            user.open(scene);
        }
        let scene_started = Instant::now();
        loop {
            user.fly();
            user.select();
            user.touch_the_network();
            user.rewind();
            user.open_every_panel();
            user.resize_and_hide();
            if scene_started.elapsed() >= per_scene {
                break;
            }
        }
        memory.push((scene, resident_mib(&user.program)));
        let now = memory[memory.len() - 1].1;
        eprintln!("{:5.0} s: {scene} done {turn} times switched, {now:.0} MiB", started.elapsed().as_secs_f64());
    }
    user.act("key ctrl+q");
    assert_eq!(user.program.wait_for_end().code(), Some(0), "{:#?}", user.program.heard);
    user.program.hear();
    let slow = slow_frames(&user.program.heard);
    let (first, last) = (memory[0].1, memory[memory.len() - 1].1);
    eprintln!("memory at the start {first:.0} MiB, at the end {last:.0} MiB; {} frames too slow", slow.len());
    assert_eq!(memory[0].0, memory[memory.len() - 1].0, "the same scene at both ends");
    assert!(slow.is_empty(), "{slow:#?}");
    assert!(last <= first * (1.0 + GROWTH.0) + GROWTH.1, "memory grew: {memory:?}");
    let ugly: Vec<_> = user.program.heard.iter().filter(|l| l.contains("panicked") || l.contains("fault")).collect();
    assert!(ugly.is_empty(), "{ugly:#?}");
}
