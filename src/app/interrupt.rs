//! Ctrl-C: the first one asks the work under way to end cleanly, the second ends the program at once.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a run that Ctrl-C ended: 128 + SIGINT, as shells expect it.
pub(super) const EXIT_CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Takes over Ctrl-C (and the polite kill signal) for the rest of the process.
pub(super) fn listen() {
    let on_signal = || {
        if REQUESTED.swap(true, Ordering::AcqRel) {
            std::process::exit(i32::from(EXIT_CODE));
        }
        // Nobody may be reading stderr any more; that is no reason to stop ending.
        let _ = writeln!(std::io::stderr(), "\nstopping after this piece of work; once more to stop at once");
    };
    // Only fails when a handler is set already, and then that one keeps working.
    let _ = ctrlc::try_set_handler(on_signal);
}

/// True once somebody wants this program to end.
#[must_use]
pub(super) fn requested() -> bool {
    REQUESTED.load(Ordering::Acquire)
}
