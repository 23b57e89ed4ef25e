//! The scenes inside the program. Each is a file of `assets/scenes` that a user could have written.

/// A scene inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// What to open it by.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! scenes {
    ($($name:literal),* $(,)?) => {
        &[$(BuiltIn { name: $name, text: include_str!(concat!("../../../assets/scenes/", $name, ".toml")) }),*]
    };
}

/// All built-in scenes; the first is the default.
static BUILT_IN: &[BuiltIn] =
    scenes!["digits", "compression", "diehl-cook", "cuba", "coba", "brunel", "brunel-plastic", "microcircuit", "sheet"];

/// All built-in scenes; the first is the default.
#[must_use]
pub fn built_in() -> &'static [BuiltIn] {
    BUILT_IN
}
