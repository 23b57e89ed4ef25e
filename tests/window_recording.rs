//! The real window with a recorded run in it, under a virtual display: opens, plays, and obeys the controls of time.
#![cfg(unix)]

#[path = "common/desktop.rs"]
mod desktop;

use std::process::Command;

use desktop::{Display, Program, folder};

#[test]
fn the_window_plays_a_recording() {
    let Some(display) = Display::open() else { return };
    let run = folder().join("recorded");
    let made = Command::new(env!("CARGO_BIN_EXE_spikescope"))
        .args(["simulate", "cuba", "--engine", "cpu", "--duration-ms", "100", "--quiet", "--record"])
        .arg(&run)
        .status();
    assert!(made.expect("it runs").success());
    let mut program = Program::start(&display, &["view", run.to_str().expect("UTF-8"), "--engine", "cpu"]);
    program.wait_for("scene cuba");
    program.wait_for("ready");
    let window = display.window();
    display.xdotool(&format!("windowsize {window} 1280 720"));
    let (bar, middle) = ([0, 0, 500, 50], [300, 150, 850, 600]);
    display.screenshot_where("recording.png", "blank", |p| p.lit(bar) > 0.02 && p.lit(middle) > 0.003);
    // Backward first, so that there is something to go forward to.
    for (keys, command) in [
        ("space", "command TogglePlay"),
        ("ctrl+shift+Left", "command Rewind(NextSpike { forward: false })"),
        ("ctrl+Left", "command Rewind(By { ms: -100.0 })"),
        ("ctrl+shift+Right", "command Rewind(NextSpike { forward: true })"),
        ("shift+l", "command Rewind(Loop(true))"),
        ("ctrl+Down", "command Rewind(NextMark { forward: true })"),
        ("space", "command TogglePlay"),
    ] {
        display.xdotool(&format!("key {keys}"));
        program.wait_for(command);
    }
    display.screenshot_where("recording_again.png", "blank", |p| p.lit(middle) > 0.003);
    display.xdotool("key ctrl+q");
    assert_eq!(program.wait_for_end().code(), Some(0), "{:#?}", program.heard);
    std::fs::remove_dir_all(run).expect("the recording goes");
}
