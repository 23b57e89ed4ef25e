//! Arguments in, exit code out. Everything else is `spikescope::app`.

use std::process::ExitCode;

fn main() -> ExitCode {
    spikescope::app::main()
}
