//! Is there a display that a window could open on?

/// Its kind, or nothing where there is none. Only asks the environment, so a display that refuses shows later.
pub(super) fn found() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("macos");
    }
    if cfg!(target_os = "windows") {
        return Some("windows");
    }
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET") {
        Some("wayland")
    } else if set("DISPLAY") {
        Some("x11")
    } else {
        None
    }
}
