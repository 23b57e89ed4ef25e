//! Text and small pictures in the scene itself: names of populations at their place, a scale bar, and beside near neurons
//! what they see or feel. Drawn by egui's painter from plain projected inputs, so that text is sharp at every size and a
//! picture without a window looks the same. Knows no camera and no wgpu.

mod cards;
mod names;
mod place;
mod ruler;

use egui::{Color32, Rect, Ui};

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

/// Colours of text and plates on the present stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) is_light: bool,
    pub(super) plate: Color32,
    pub(super) strong: Color32,
    pub(super) weak: Color32,
    pub(super) warning: Color32,
}

impl Ink {
    const fn of(is_light: bool) -> Self {
        if is_light {
            Self {
                is_light,
                plate: Color32::from_rgba_premultiplied(214, 216, 220, 220),
                strong: Color32::from_rgb(20, 24, 32),
                weak: Color32::from_rgb(72, 80, 94),
                warning: Color32::from_rgb(150, 96, 0),
            }
        } else {
            Self {
                is_light,
                plate: Color32::from_rgba_premultiplied(9, 11, 16, 180),
                strong: Color32::from_rgb(244, 247, 252),
                weak: Color32::from_rgb(158, 169, 188),
                warning: Color32::from_rgb(240, 196, 80),
            }
        }
    }

    /// A population's colour as a line or a dot on the plate.
    fn population(&self, srgb: [f32; 3]) -> Color32 {
        if self.is_light {
            let [r, g, b] = srgb.map(|c| if c.is_finite() { c.clamp(0.0, 1.0) } else { 0.5 });
            let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            let dim = (0.5 / luminance.max(0.5)).clamp(0.5, 1.0);
            let channel = |c: f32| (c * dim * 255.0).round() as u8;
            Color32::from_rgb(channel(r), channel(g), channel(b))
        } else {
            super::style::series_colour(srgb)
        }
    }
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
        let ink = Ink::of(input.is_light);
        let mut taken = taken.to_vec();
        if let Some(ruler) = &input.ruler {
            taken.extend(ruler::show(ui, ruler, free, &ink));
        }
        let shown = self.cards.show(ui, input, free, &mut taken, &ink);
        self.names.show(ui, input, free, &taken, &ink);
        (input.near > shown && !input.cards.is_empty())
            .then(|| format!("{shown} of {} near neurons show what they do; go nearer for others", input.near))
    }
}
