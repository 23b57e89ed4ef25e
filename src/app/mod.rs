//! The doors: command line, window, headless rendering, recording, measuring, doctor.
//!
//! Exit codes: 0 success; 2 a mistake in what was asked for; 130 ended early by Ctrl-C, with everything written until
//! then complete and readable; 1 everything else. Every error is one message on stderr.

mod analyze;
mod arguments;
mod bench;
mod bench_rates;
mod bench_view;
mod camera;
mod canvas;
mod channels;
mod chart_file;
mod close;
mod command_line;
mod display;
mod doctor;
mod error;
mod fields;
mod film;
mod hints;
mod import;
mod interrupt;
mod lens;
mod listen;
mod look;
mod opened;
mod output;
mod overlay_painter;
mod progress;
mod recorder;
mod render;
mod report;
mod scenes;
mod setup;
mod simulate;
mod spotlight;
mod text;
mod tour;
mod train;
mod view;

pub mod window;

use std::process::ExitCode;

pub use error::AppError;

use arguments::Door;

/// How a door closed when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The work is done.
    Done,
    /// Ctrl-C; what was done until then is complete.
    Interrupted,
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout, mistakes to stderr; where neither can be written, the code still tells.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    interrupt::listen();
    let result = match arguments.door {
        None => view::run_bare(&arguments.view),
        Some(Door::View(view)) => view::run(&view),
        Some(Door::Render(render)) => render::run(&render),
        Some(Door::Simulate(simulate)) => simulate::run(&simulate),
        Some(Door::Analyze(analyze)) => analyze::run(&analyze),
        Some(Door::Import(import)) => import::run(&import),
        Some(Door::Train(train)) => train::run(&train),
        Some(Door::Compare(compare)) => train::run_compare(&compare).map(|()| Ending::Done),
        Some(Door::Bench(bench)) => bench::run(&bench),
        Some(Door::Listen(listen)) => listen::run(&listen),
        Some(Door::Scenes(list)) => scenes::run(list.json).map(|()| Ending::Done),
        Some(Door::Doctor(list)) => doctor::run(list.json).map(|()| Ending::Done),
    };
    match result {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(interrupt::EXIT_CODE),
        Err(error) => {
            text::tell(false, &format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}
