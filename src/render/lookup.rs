//! The lookup tables of the three channels. In go view settings and what is known of the values, out come the numbers by
//! which shaders turn a value into a share of its range, and the table from that share to colour, size and height.

use bytemuck::{Pod, Zeroable};

use super::colour::{self, RATE_KNEE_HZ, RATE_TOP_HZ};
use crate::session::ViewSettings;
use crate::session::view::{Channel, ChannelSlot, Variable};

/// Entries of a table. WGSL twin: `MAP_LEN` in `shaders/render/activity.wgsl`.
pub const MAP_LEN: usize = 256;

/// Radius at the two ends of the size map, times the settings' radius.
pub(super) const SIZE_RANGE: [f32; 2] = [0.4, 2.4];

/// Height at the top of the height map, share of the network's radius.
pub(super) const HEIGHT_SHARE: f32 = 0.25;

/// How a value becomes a share of its range. WGSL twin: `Channel` in `shaders/render/frame.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Pod, Zeroable)]
pub struct ChannelUniform {
    /// 0 by population, 1 membrane, 2 rate, 3 theta, 4 values from the host.
    pub by: u32,
    /// Which of the values from the host.
    pub slot: u32,
    /// The low end, in the variable's unit; rates: as the logarithm that they are shown by.
    pub low: f32,
    /// 1 over the span; 0: the population's own range.
    pub scale: f32,
}

impl ChannelUniform {
    /// `own`: the range of the values from the host, where there are any.
    pub(super) fn of(slot: ChannelSlot, channel: &Channel, own: Option<[f32; 2]>) -> Self {
        let by = match channel.by {
            Variable::Population => 0,
            Variable::Membrane => 1,
            Variable::Rate => 2,
            Variable::Theta => 3,
            Variable::Cv | Variable::Class | Variable::WeightSum | Variable::SynapsesLost => 4,
        };
        let range = channel.transfer.range.filter(|range| range.iter().all(|end| end.is_finite()));
        let range = match channel.by {
            Variable::Population | Variable::Membrane | Variable::Theta => range,
            Variable::Rate => Some(range.unwrap_or([0.0, RATE_TOP_HZ]).map(|hz| (hz.max(0.0) / RATE_KNEE_HZ).ln_1p())),
            // Every class has a part of the table to itself.
            Variable::Class => range.or(own).map(|[low, high]| [low - 0.5, high + 0.5]),
            Variable::Cv | Variable::WeightSum | Variable::SynapsesLost => range.or(own).or(Some([0.0, 1.0])),
        };
        let (low, scale) = range.map_or((0.0, 0.0), |[low, high]| {
            let span = high - low;
            // The sign stays: a range may run from high to low.
            (low, 1.0 / if span.abs() < 1e-6 { 1e-6_f32.copysign(span) } else { span })
        });
        let is_empty = by == 4 && channel.by == Variable::Class && scale == 0.0;
        Self { by, slot: slot as u32, low, scale: if is_empty { 0.1 } else { scale } }
    }
}

/// Where on a channel's scale a value is, 0 to 1, as the shaders have it; for scales that are one for all populations.
/// `own`: the range of the values, for variables without a range of their own.
#[must_use]
pub fn share_of(slot: ChannelSlot, channel: &Channel, own: Option<[f32; 2]>, value: f32) -> f32 {
    let uniform = ChannelUniform::of(slot, channel, own);
    let value = if channel.by == Variable::Rate { (value.max(0.0) / RATE_KNEE_HZ).ln_1p() } else { value };
    ((value - uniform.low) * uniform.scale).clamp(0.0, 1.0)
}

/// The table that all shaders read: per share first the colour, then size and height.
pub(super) fn table(settings: &ViewSettings, own: [Option<[f32; 2]>; 3]) -> Vec<[f32; 4]> {
    let share = |k: usize| k as f32 / (MAP_LEN - 1) as f32;
    let classes = colour::classes_in(settings.colour.transfer.range.or(own[0]));
    let colours = (0..MAP_LEN).map(|k| {
        let srgb = colour::channel_colour(&settings.colour, settings.theme, classes, share(k));
        let [r, g, b] = colour::emission(settings.theme, srgb);
        [r, g, b, 1.0]
    });
    let forms = (0..MAP_LEN).map(|k| {
        let size = settings.size.transfer.curve(share(k));
        let [least, greatest] = SIZE_RANGE;
        // Equal steps look equal by their ratio.
        [least * (greatest / least).powf(size), settings.height.transfer.curve(share(k)), 0.0, 0.0]
    });
    colours.chain(forms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::view::{MapName, Theme};

    #[test]
    fn ranges_become_shares() {
        let of = |by, range, own| {
            let mut channel = Channel::of(by);
            channel.transfer.range = range;
            ChannelUniform::of(ChannelSlot::Size, &channel, own)
        };
        let share = |uniform: ChannelUniform, value: f32| (value - uniform.low) * uniform.scale;
        let cv = of(Variable::Cv, None, Some([0.5, 1.5]));
        assert_eq!((cv.by, cv.slot), (4, 1));
        assert!((share(cv, 1.0) - 0.5).abs() < 1e-6);
        let class = of(Variable::Class, None, Some([0.0, 9.0]));
        assert!((share(class, 0.0) - 0.05).abs() < 1e-6 && (share(class, 9.0) - 0.95).abs() < 1e-6);
        let rate = of(Variable::Rate, None, None);
        assert!((share(rate, (RATE_TOP_HZ / RATE_KNEE_HZ).ln_1p()) - 1.0).abs() < 1e-6);
        assert_eq!(of(Variable::Membrane, None, None).scale, 0.0, "every population's own");
        assert!(of(Variable::Theta, Some([3.0, 3.0]), None).scale.is_finite());
        let backwards = of(Variable::Theta, Some([10.0, 0.0]), None);
        assert!((share(backwards, 10.0), share(backwards, 0.0)) == (0.0, 1.0));
    }

    #[test]
    fn the_table_follows_map_and_curve() {
        let mut settings = ViewSettings { colour: Channel::of(Variable::Rate), ..Default::default() };
        settings.colour.transfer.points = vec![[0.0, 1.0], [1.0, 0.0]];
        settings.size.transfer.points = vec![[0.0, 0.5], [1.0, 0.5]];
        let table = table(&settings, [None; 3]);
        assert_eq!(table.len(), 2 * MAP_LEN);
        let first = colour::linear_rgb(super::super::maps::map_colour(MapName::Viridis, Theme::Dark, 1.0));
        assert_eq!(&table[0][..3], &first, "turned round by the curve");
        let middle = (SIZE_RANGE[0] * SIZE_RANGE[1]).sqrt();
        assert!(table[MAP_LEN..].iter().all(|form| (form[0] - middle).abs() < 1e-4));
        assert!((table[MAP_LEN][1], table[2 * MAP_LEN - 1][1]) == (0.0, 1.0));
    }
}
