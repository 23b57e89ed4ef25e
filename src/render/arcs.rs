//! Thick arcs between populations, for networks seen from afar. In go a network, its present weights and rates, out comes
//! one draw.

/// See the module.
#[derive(Default)]
pub(super) struct Arcs {}

impl Arcs {
    /// What they mean, while any can be seen.
    pub(super) fn notice(&self, _on: bool) -> Option<String> {
        None
    }
}
