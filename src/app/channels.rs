//! What neurons show besides their activity: the selection's flags and the values of the channels, from the session to
//! the renderer. Both keep versions, so this may be called for every picture.

use crate::render::Renderer;
use crate::session::view::ChannelSlot;
use crate::session::{Session, ViewSettings};

/// Hands over what changed.
pub(super) fn hand_over(session: &mut Session, renderer: &mut Renderer, settings: &ViewSettings) {
    let selection = session.selection();
    renderer.set_flags(selection.flags(), selection.version());
    for slot in ChannelSlot::ALL {
        let by = settings.channel(slot).by;
        if !by.is_from_host() {
            continue;
        }
        if let Some(values) = session.values(by) {
            // Versions count for one variable; another one in the same channel is another version.
            let version = values.version.wrapping_mul(16) | by as u64;
            renderer.set_values(slot, values.values, values.range, version);
        } else {
            renderer.set_values(slot, &[], [0.0, 1.0], by as u64);
        }
    }
}
