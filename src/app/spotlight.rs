//! Tells the renderer what the session looks at: the picked neuron with its partners, and the selection. One for windows
//! and films.

use crate::model::{Network, Receptor};
use crate::render::Renderer;
use crate::session::Session;

/// See the module.
#[derive(Default)]
pub(super) struct Spotlight {
    shown: Option<(u32, Vec<(u32, f32)>)>,
}

impl Spotlight {
    /// After the renderer has loaded anew.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }

    /// Brings the renderer up to date; work is done only for what changed.
    pub(super) fn point(&mut self, session: &Session, renderer: &mut Renderer) {
        self.point_at_picked(session, renderer);
        let selection = session.selection();
        let members = selection.members_version();
        if renderer.selected_version() != members {
            let ids: Vec<u32> = selection.ids().collect();
            renderer.set_selected(session.network(), &ids, members);
        }
    }

    fn point_at_picked(&mut self, session: &Session, renderer: &mut Renderer) {
        let network = session.network();
        let wanted = session.telemetry().picked.as_ref().map(|picked| {
            let inputs = picked.strongest_inputs.iter().map(|&(n, w)| (n, signed(network, n, picked.neuron, w)));
            let outputs = picked.strongest_outputs.iter().map(|&(n, w)| (n, signed(network, picked.neuron, n, w)));
            (picked.neuron, inputs.chain(outputs).collect::<Vec<_>>())
        });
        if wanted != self.shown {
            let (neuron, partners) =
                wanted.as_ref().map_or((None, &[][..]), |(neuron, partners)| (Some(*neuron), partners.as_slice()));
            renderer.set_picked(network, neuron, partners);
            self.shown = wanted;
        }
    }
}

/// The weight, negative where the projection between the two feeds the inhibitory input.
fn signed(network: &Network, from: u32, to: u32, weight: f32) -> f32 {
    let (from, to) = (network.population_of(from), network.population_of(to));
    let mut between = network.projections.iter().filter(|p| p.source == from && p.target == to);
    let is_inhibitory = between.next().is_some_and(|p| p.receptor == Receptor::Inhibitory);
    if is_inhibitory { -weight.abs() } else { weight }
}
