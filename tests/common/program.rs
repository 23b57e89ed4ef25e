//! The program as its users start it, and a small scene for it to run.

#![allow(dead_code, reason = "each test binary uses its own part of these tools")]

use std::process::Output;
use std::time::Duration;

use serde_json::Value;

/// Small enough for a debug build: 200 neurons that keep each other awake.
pub(crate) const SMALL: &str = r#"
name = "small"
dt_ms = 0.1
seed = 5
duration_ms = 20

[population.excitatory]
size = 160
cell = "lif"
synapse = "current"
v_rest_mv = -49
v_reset_mv = -60
v_threshold_mv = -50
tau_membrane_ms = 20
tau_excitatory_ms = 5
tau_inhibitory_ms = 10
refractory_ms = 5
initial_membrane_mv = { uniform = [-60, -50] }

[population.inhibitory]
like = "excitatory"
size = { of = "excitatory", ratio = 0.25 }

[projection.excitation]
source = "excitatory"
target = ["excitatory", "inhibitory"]
rule = "fixed-in-degree"
in_degree = 8
weight = 1.62
"#;

pub(crate) fn program() -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_spikescope"));
    command.timeout(Duration::from_secs(300));
    // Mesa's layer that sorts devices looks for a Wayland display, and its library complains on stderr of there being none.
    command.env("NODEVICE_SELECT", "1");
    command
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).expect("exactly one JSON document")
}
