//! Text and small pictures in the scene itself: names of populations at their place, a scale bar, and beside near neurons
//! what they see or feel. Drawn by egui's painter from plain projected inputs, so that text is sharp at every size and a
//! picture without a window looks the same. Knows no camera and no wgpu.

mod cards;
mod names;
mod place;
mod ruler;

use egui::{Rect, Ui};

use super::style;
use cards::Cards;
use names::Names;

pub use cards::{Card, CardContent, Curve, Field};
pub use names::Name;
pub use ruler::{Ruler, round_length};

/// What stands in the picture in one frame. Places and lengths are points of the overlay, from the picture's top left.
#[derive(Clone, Debug, Default)]
pub struct SpaceInput {
    /// On a light stage.
    pub is_light: bool,
    /// Time since the last frame, s: what fades, fades by it.
    pub seconds: f32,
    /// Populations.
    pub names: Vec<Name>,
    /// The scale bar, where it is wished for.
    pub ruler: Option<Ruler>,
    /// Near neurons, nearest first.
    pub cards: Vec<Card>,
    /// Near neurons that could have a card.
    pub near: usize,
}

/// Keeps things where they are from frame to frame.
#[derive(Default)]
pub struct Space {
    names: Names,
    cards: Cards,
}

impl Space {
    /// Draws everything inside `free`, clear of `taken`. Returns what the viewer must know: neurons without a card.
    pub fn show(&mut self, ui: &mut Ui, input: &SpaceInput, free: Rect, taken: &[Rect]) -> Option<String> {
        let free = free.shrink(10.0);
        if free.width() < 80.0 || free.height() < 60.0 {
            return None;
        }
        let ink = style::ink_on(input.is_light);
        let mut taken = taken.to_vec();
        if let Some(ruler) = &input.ruler {
            taken.extend(ruler::show(ui, ruler, free, ink));
        }
        // Names give way to cards, and their lines run below both.
        let below = ui.painter().add(egui::Shape::Noop);
        let shown = self.cards.show(ui, input, free, &mut taken, ink);
        let leaders = self.names.show(ui, input, free, &taken, ink);
        ui.painter().set(below, leaders);
        (input.near > shown && !input.cards.is_empty())
            .then(|| format!("{shown} of {} near neurons show what they do; go nearer for others", input.near))
    }
}
