//! What scripts may wait for: with the environment variable set, the window says on stderr when it is ready, resized,
//! and what it did. Without it, nothing is said.

use std::fmt::Display;
use std::io::Write;

/// Set to anything, and the window reports its doings on stderr, one `window: ...` line each.
pub const LOG_VARIABLE: &str = "SPIKESCOPE_WINDOW_LOG";

/// A number: after so many pictures the surface counts as lost, once. For testing what follows.
pub const LOSE_SURFACE_VARIABLE: &str = "SPIKESCOPE_LOSE_SURFACE_AFTER";

/// The number of [`LOSE_SURFACE_VARIABLE`].
pub(super) fn lose_surface_after() -> Option<u32> {
    std::env::var(LOSE_SURFACE_VARIABLE).ok()?.parse().ok()
}

/// A number: after so many pictures the graphics device is destroyed, once. For testing what follows.
pub const DROP_DEVICE_VARIABLE: &str = "SPIKESCOPE_DROP_DEVICE_AFTER";

/// The number of [`DROP_DEVICE_VARIABLE`].
pub(super) fn drop_device_after() -> Option<u32> {
    std::env::var(DROP_DEVICE_VARIABLE).ok()?.parse().ok()
}

/// Says on stderr what somebody at the terminal should know.
pub(super) fn warn(what: impl Display) {
    // Nobody may be reading any more; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "warning: {what}");
}

/// Says it, if anybody asked.
pub(super) fn say(what: impl Display) {
    if std::env::var_os(LOG_VARIABLE).is_some() {
        // Nobody may be reading any more; that is no reason to stop.
        let _ = writeln!(std::io::stderr(), "window: {what}");
    }
}
