//! A talk in the real window under a virtual display: the screen is kept awake for as long as it lasts, and a pointer that
//! rests is out of sight.
#![cfg(unix)]

#[path = "common/desktop.rs"]
mod desktop;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use desktop::{Display, PATIENCE, Program};

#[test]
fn a_talk_keeps_the_screen_awake_and_the_resting_pointer_out_of_sight() {
    let Some(display) = Display::open() else { return };
    let temporary = tempfile::tempdir().expect("a folder can be made");
    let (helper, log) = (temporary.path().join("systemd-inhibit"), temporary.path().join("log"));
    // Stands in for the system's own, and holds on as that does: until what it runs has ended.
    let script = format!("#!/bin/sh\necho held \"$@\" >> '{0}'\n/bin/cat\necho let go >> '{0}'\n", log.display());
    fs::write(&helper, script).expect("the folder can be written");
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    let path = temporary.path().to_str().expect("a plain name").to_owned();
    let mut program =
        Program::start_with(&display, &["view", "digits", "--engine", "cpu", "--tour"], &[("PATH", &path)]);
    program.wait_for("the screen is kept awake by systemd-inhibit");
    program.wait_for("pointer hidden");
    // It is started before it is heard of, but takes its time.
    let started = Instant::now();
    let mut held = String::new();
    while !held.ends_with('\n') {
        assert!(started.elapsed() < PATIENCE, "the helper was not called");
        std::thread::sleep(Duration::from_millis(50));
        held = fs::read_to_string(&log).unwrap_or_default();
    }
    assert!(held.starts_with("held --what=idle") && held.trim_end().ends_with(" cat"), "{held}");
    display.window();
    display.xdotool("mousemove 300 300 mousemove 340 320");
    program.wait_for("pointer shown");
    program.wait_for("pointer hidden");
    display.xdotool("key shift+t");
    program.wait_for("the screen may sleep again");
    let started = Instant::now();
    while !fs::read_to_string(&log).expect("it is there").ends_with("let go\n") {
        assert!(started.elapsed() < PATIENCE, "the helper still holds the screen");
        std::thread::sleep(Duration::from_millis(50));
    }
}
