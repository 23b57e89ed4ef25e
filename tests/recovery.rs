//! The graphics device is lost while the window draws: another one takes over within two seconds, the run goes on from
//! where it was, or from its last checkpoint where the device held it, and nobody sees an error box.
#![cfg(unix)]

#[path = "common/desktop.rs"]
mod desktop;

use desktop::{Display, Program};
use spikescope::app::window::DROP_DEVICE_VARIABLE;

/// The part of the window between the panels.
const MIDDLE: [usize; 4] = [300, 150, 850, 600];

/// Runs a scene, takes its device away after some pictures, and gives back what the window says of its recovery.
fn lose_the_device(scene: &[&str], after: &str, name: &str) -> Option<(String, u64)> {
    let display = Display::open()?;
    let mut arguments = vec!["view"];
    arguments.extend(scene);
    let mut program = Program::start_with(&display, &arguments, &[(DROP_DEVICE_VARIABLE, after)]);
    program.wait_for("ready");
    display.window();
    program.wait_for("device dropped");
    program.wait_for("device lost");
    let said = program.wait_for("recovered in");
    let took_ms: u64 = said.split_whitespace().nth(3).and_then(|word| word.parse().ok()).expect("a time in ms");
    // It goes on drawing what changes, with its overlay.
    let before = display.screenshot_where(&format!("{name}_recovered.png"), "nothing after the loss", |p| {
        p.lit(MIDDLE) > 0.003 && p.lit([0, 0, 500, 50]) > 0.02
    });
    display.screenshot_where(&format!("{name}_going_on.png"), "it stands still", |p| {
        p.lit(MIDDLE) > 0.003 && p.change(&before, MIDDLE) > 0.0005
    });
    // And still obeys.
    display.xdotool("key space");
    program.wait_for("command TogglePlay");
    display.xdotool("key ctrl+q");
    assert_eq!(program.wait_for_end().code(), Some(0), "{:#?}", program.heard);
    let ugly = |line: &&String| line.contains("panicked") || line.contains("not recovered");
    let complaints: Vec<_> = program.heard.iter().filter(ugly).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    Some((said, took_ms))
}

#[test]
fn a_run_in_host_memory_loses_nothing_but_a_moment() {
    let Some((said, took_ms)) = lose_the_device(&["digits", "--engine", "cpu"], "40", "cpu") else { return };
    assert!(said.contains("nothing of the simulation was lost"), "{said}");
    eprintln!("recovered in {took_ms} ms on this machine, which may be busy");
}

#[test]
fn a_run_on_the_device_goes_on_from_its_last_checkpoint() {
    let scene = ["digits", "--engine", "gpu", "--set", "population.excitatory.size=40"];
    let Some((said, took_ms)) = lose_the_device(&scene, "60", "gpu") else { return };
    assert!(said.contains("ms of simulated time were lost") && said.contains("on the gpu"), "{said}");
    eprintln!("recovered in {took_ms} ms on this machine, which may be busy");
}
