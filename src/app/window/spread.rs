//! How the values that the channels show are spread over their scales, for the fields in which curves are edited. In go a
//! session and the channels, out come histograms, made anew only when there are other values or another scale.

use crate::model::Network;
use crate::render::{PopulationLook, RATE_TOP_HZ, share_of};
use crate::session::view::{Channel, ChannelSlot, Variable};
use crate::session::{Session, ViewSettings};
use crate::ui::ValueHistogram;

/// Bins across a scale.
const BINS: usize = 48;

/// See the module.
#[derive(Default)]
pub(super) struct Spread {
    histograms: Vec<ValueHistogram>,
    made_of: Vec<(ChannelSlot, Variable, u64, Option<[f32; 2]>)>,
}

impl Spread {
    /// Of the channels that show anything that neurons have in different measure.
    pub(super) fn follow(&mut self, session: &mut Session, settings: &ViewSettings) {
        let in_use = |slot: &ChannelSlot| {
            let by = settings.channel(*slot).by;
            by != Variable::Population && !by.is_categorical()
        };
        let slots: Vec<ChannelSlot> = ChannelSlot::ALL.into_iter().filter(in_use).collect();
        let mut made_of = Vec::with_capacity(slots.len());
        for &slot in &slots {
            let Channel { by, transfer } = settings.channel(slot);
            let version = session.values(*by).map_or(0, |values| values.version);
            made_of.push((slot, *by, version, transfer.range));
        }
        if made_of == self.made_of {
            return;
        }
        self.made_of = made_of;
        self.histograms =
            slots.into_iter().filter_map(|slot| histogram(session, slot, settings.channel(slot))).collect();
    }

    pub(super) fn histograms(&self) -> &[ValueHistogram] {
        &self.histograms
    }
}

/// None while there are no values.
fn histogram(session: &mut Session, slot: ChannelSlot, channel: &Channel) -> Option<ValueHistogram> {
    let by = channel.by;
    // Membranes are shown from rest to the neuron's own threshold, theta and all.
    let thetas = match (by, channel.transfer.range) {
        (Variable::Membrane, None) => session.values(Variable::Theta).map(|values| values.values.to_vec()),
        _ => None,
    };
    let network = std::sync::Arc::clone(session.network());
    let values = session.values(by)?;
    let mut bins = vec![0_u32; BINS];
    let mut without = 0;
    let shares = shares(&network, slot, channel, (values.values, values.range), thetas.as_deref());
    for share in shares {
        match share {
            Some(share) => bins[((share * BINS as f32) as usize).min(BINS - 1)] += 1,
            None => without += 1,
        }
    }
    let own = if by == Variable::Rate { [0.0, RATE_TOP_HZ] } else { values.range };
    Some(ValueHistogram { slot, by, range: channel.transfer.range.unwrap_or(own), bins, without })
}

/// Where on the scale each neuron's value is; none where it has no value.
fn shares<'a>(
    network: &'a Network,
    slot: ChannelSlot,
    channel: &'a Channel,
    (values, own): (&'a [f32], [f32; 2]),
    thetas: Option<&'a [f32]>,
) -> impl Iterator<Item = Option<f32>> + 'a {
    let looks = PopulationLook::of(network);
    let has_own_ranges = channel.transfer.range.is_none();
    network.populations.iter().enumerate().flat_map(move |(index, population)| {
        let look = looks[index];
        population.neurons().map(move |neuron| {
            let value = values.get(neuron as usize).copied().filter(|value| value.is_finite())?;
            let share = match channel.by {
                Variable::Membrane if has_own_ranges => {
                    let theta = thetas.and_then(|thetas| thetas.get(neuron as usize)).filter(|theta| theta.is_finite());
                    let span = look.threshold_mv + theta.copied().unwrap_or(0.0) - look.membrane_low_mv;
                    (value - look.rest_mv - look.membrane_low_mv) / span.max(1e-3)
                }
                Variable::Theta if has_own_ranges && look.theta_top_mv <= 0.0 => return None,
                Variable::Theta if has_own_ranges => value / look.theta_top_mv,
                _ => share_of(slot, channel, Some(own), value),
            };
            Some(share.clamp(0.0, 1.0))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::scene::Scene;
    use crate::session::{EngineChoice, SessionOptions};

    #[test]
    fn every_neuron_is_in_a_bin_or_without_a_value_and_scales_are_followed() {
        let scene = Scene::load("cuba", &["population.excitatory.size=400".to_owned()]).expect("it is built in");
        let options = SessionOptions { engine: EngineChoice::Cpu, gpu: None, seed: None };
        let mut session = Session::open(scene, options).expect("a small network");
        session.advance(500).expect("nothing is lost");
        let mut settings = ViewSettings { colour: Channel::of(Variable::Membrane), ..Default::default() };
        let mut spread = Spread::default();
        spread.follow(&mut session, &settings);
        let [all] = spread.histograms() else { panic!("one channel shows something") };
        assert_eq!(all.bins.iter().map(|&bin| u64::from(bin)).sum::<u64>() + all.without, 500);
        assert!(all.bins.iter().filter(|&&bin| bin > 0).count() > 10, "membranes differ: {:?}", all.bins);
        // A scale that ends below every membrane has all of them at its top.
        settings.colour.transfer.range = Some([-90.0, -80.0]);
        spread.follow(&mut session, &settings);
        assert_eq!(spread.histograms()[0].bins[BINS - 1], 500);
        settings.colour = Channel::of(Variable::Population);
        spread.follow(&mut session, &settings);
        assert!(spread.histograms().is_empty());
    }
}
