//! Selecting with the mouse: clicks and drawn lines become selections; what is hidden, clipped or not drawn is never
//! among them. Also hands flags and values to the renderer.

use crate::render::{Region, nearest_neuron, neurons_within};
use crate::session::selection::{HIDDEN, SELECTED};
use crate::session::view::Others;
use crate::session::{Command, How, Select};

use super::report;
use super::stage::Stage;

impl Stage {
    /// Whether a neuron is drawn at all, by its id.
    fn is_drawn(&self) -> impl Fn(u32) -> bool + Sync {
        let selection = self.session.selection();
        let flags = selection.flags();
        let only_selected = self.settings.others == Others::Hidden && selection.count() > 0;
        let (low, high) = (self.bounds.low, self.bounds.high);
        let clip = self.settings.clip;
        let is_clipped = !clip.is_whole();
        let positions = &self.network.positions;
        move |neuron| {
            let flags = flags.get(neuron as usize).copied().unwrap_or(HIDDEN);
            let is_within = |position: &[f32; 3]| {
                (0..3).all(|axis| {
                    let at = |share: f32| low[axis] + share * (high[axis] - low[axis]);
                    position[axis] >= at(clip.low[axis]) && position[axis] <= at(clip.high[axis])
                })
            };
            flags & HIDDEN == 0
                && (!only_selected || flags & SELECTED != 0)
                && (!is_clipped || positions.get(neuron as usize).is_some_and(is_within))
        }
    }

    /// The neuron under a pixel.
    pub(super) fn pick(&self, size: [u32; 2], at: [f32; 2]) -> Option<u32> {
        let radius = self.settings.neuron_radius;
        nearest_neuron(&self.network.positions, radius, &self.view(size), size, at, self.is_drawn())
    }

    /// A click: picks the neuron under it and selects it; beside all neurons, lets go of both.
    pub(super) fn click(&mut self, size: [u32; 2], at: [f32; 2], how: How) {
        let picked = self.pick(size, at);
        report::say(format_args!("picked {picked:?}"));
        match (picked, how) {
            (Some(neuron), _) => {
                self.apply(Command::Pick(Some(neuron)));
                self.apply(Command::Select(Select::Neurons { ids: [neuron].into(), how }));
            }
            (None, How::Replace) => {
                self.apply(Command::Pick(None));
                if self.session.selection().count() > 0 {
                    self.apply(Command::Select(Select::Clear));
                }
            }
            // A click that should add or remove, and missed, throws nothing away.
            (None, _) => {}
        }
    }

    /// Selects what a drawn line encloses.
    pub(super) fn select_within(&mut self, size: [u32; 2], region: &Region, how: How) {
        let found = neurons_within(&self.network.positions, &self.view(size), size, region, self.is_drawn());
        self.apply(Command::Select(Select::Neurons { ids: found.into(), how }));
        report::say(format_args!("selected {}", self.session.selection().count()));
    }
}
