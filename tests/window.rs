//! The real window under a virtual display: opens, draws, answers keys and mouse, survives resizing and hiding, and
//! ends cleanly. Screenshots lie in the target folder's `tmp/window` for a look.
#![cfg(unix)]

#[path = "common/desktop.rs"]
mod desktop;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use desktop::{Display, Picture, Program, folder};
use spikescope::app::window::LOSE_SURFACE_VARIABLE;

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

#[test]
fn a_film_shows_exact_times_and_its_command_renders_the_same_frames() {
    let Some(display) = Display::open() else { return };
    let scene = "film.toml";
    // Nothing here learns: how fast lines follow their weights is no part of a single picture.
    let text = "name = \"film\"\ndt_ms = 0.5\nduration_ms = 100\n[population.noise]\nsize = 40\ncell = \"poisson\"\n\
                rate_hz = 80\n";
    std::fs::write(folder().join(scene), text).expect("scene");
    let mut program = Program::start(&display, &["view", scene, "--engine", "cpu", "--seed", "3"]);
    program.wait_for("ready");
    let window = display.xdotool("search --onlyvisible --name spikescope");
    let window = window.lines().next().expect("there is a window").to_owned();
    display.xdotool(&format!("windowfocus {window}"));
    // A folder of frames, whether or not this machine has ffmpeg.
    let filming = program.ask(&display, "film as a folder", "filming ");
    std::thread::sleep(Duration::from_secs(3));
    display.xdotool("key ctrl+r");
    let saved = program.wait_for("saved ");
    let name = saved.split_whitespace().nth(2).expect("a name").to_owned();
    display.xdotool("key ctrl+q");
    assert_eq!(program.wait_for_end().code(), Some(0), "{:#?}", program.heard);

    let steps: f64 = filming
        .split(" steps each")
        .next()
        .and_then(|t| t.rsplit(' ').next())
        .expect("steps")
        .parse()
        .expect("a number");
    let note = |path: &std::path::Path, key: &str| {
        let file = std::io::BufReader::new(std::fs::File::open(path).expect("a frame"));
        let reader = png::Decoder::new(file).read_info().expect("a PNG");
        let text = reader.info().utf8_text.iter().find(|text| text.keyword == key).expect("a note");
        text.get_text().expect("readable")
    };
    let frame = |k: u32| folder().join(&name).join(format!("frame_{k:06}.png"));
    let time = |k: u32| note(&frame(k), "Simulated time").trim_end_matches(" ms").parse::<f64>().expect("ms");
    assert!(frame(2).exists(), "a few frames in three seconds: {:#?}", program.heard);
    for k in [1, 2] {
        assert_eq!(time(k), time(0) + f64::from(k) * steps * 0.5, "frame {k}");
    }
    // What the window filmed is what its command renders, byte for byte, at the time that the frame says.
    let command = note(&frame(0), "Command");
    let at = command.find("--at-ms ").expect("a time") + "--at-ms ".len();
    let rest = &command[at..][command[at..].find(' ').expect("more")..];
    let again = format!("{}{}{rest}", &command[..at], time(2)).replace("--out film", "--out again.png");
    let line = again.replacen("spikescope", env!("CARGO_BIN_EXE_spikescope"), 1);
    let done = Command::new("sh").args(["-c", &line]).current_dir(folder()).output().expect("a shell");
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    let (filmed, rendered) = (Picture::read(&frame(2)), Picture::read(&folder().join("again.png")));
    let differing = filmed.pixels.iter().zip(&rendered.pixels).filter(|(a, b)| a != b).count();
    assert!(differing == 0 && filmed.size == rendered.size, "{differing} pixels differ");
    std::fs::remove_dir_all(folder().join(&name)).expect("the film goes");
}
