//! Text for elsewhere: through the clipboard program of the system where there is one, and always on the terminal. In
//! goes a text, out comes where it can be found.

use std::io::Write;
use std::process::{Command, Stdio};

/// Programs that take a text for the clipboard, in the order of trying. Those of Wayland fail at once under X11.
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("wl-copy", &[]),
    ("xclip", &["-selection", "clipboard"]),
    ("xsel", &["--clipboard", "--input"]),
    ("pbcopy", &[]),
    ("clip.exe", &[]),
];

/// Puts it there. Never waits for long: these programs take the text and go on by themselves.
pub(super) fn put(text: &str) -> String {
    // Nobody may be reading; the clipboard is the other way.
    let _ = writeln!(std::io::stdout(), "{text}");
    match PROGRAMS.iter().find(|(program, arguments)| takes(program, arguments, text)) {
        Some(_) => "copied".to_owned(),
        None => "printed on the terminal (to copy it, install xclip or wl-clipboard)".to_owned(),
    }
}

fn takes(program: &str, arguments: &[&str], text: &str) -> bool {
    let child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else { return false };
    let is_written = child.stdin.take().is_some_and(|mut pipe| pipe.write_all(text.as_bytes()).is_ok());
    is_written && child.wait().is_ok_and(|status| status.success())
}
