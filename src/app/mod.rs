//! The doors: command line, window, headless rendering, doctor.

pub mod window;

use std::process::ExitCode;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
