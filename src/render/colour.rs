//! What colours, sizes and heights mean: light and ink, the ranges that values are mapped over, and one line of legend
//! for people. Colours in shaders are linear, colours here and on screen are sRGB.

use super::lookup::{HEIGHT_SHARE, SIZE_RANGE};
use super::maps::{CATEGORIES, map_colour};
use crate::engine::RATE_TAU_MS;
use crate::model::{Cell, Network};
use crate::session::view::{Channel, ChannelSlot, MapName, Theme, Variable};

/// Firing rate at the top of its own range, Hz.
pub const RATE_TOP_HZ: f32 = 100.0;

/// One spike's worth of the rate trace, Hz: the scale of rates is `log(1 + rate / this)`.
pub const RATE_KNEE_HZ: f32 = 4.0;

/// Excitatory synapses: amber. With [`INHIBITORY`] the pair that every common colour vision tells apart.
pub const EXCITATORY: [f32; 3] = [1.0, 0.66, 0.30];

/// Inhibitory synapses: blue.
pub const INHIBITORY: [f32; 3] = [0.32, 0.60, 1.0];

/// Synapses that were pruned: rose, lighter than [`INHIBITORY`] where there are no colours.
pub const PRUNED: [f32; 3] = [0.98, 0.62, 0.80];

/// Neurons without a value, on the dark stage, sRGB.
const NO_VALUE_DARK: [f32; 3] = [0.44, 0.45, 0.48];
/// On the light one.
const NO_VALUE_LIGHT: [f32; 3] = [0.72, 0.72, 0.74];

/// The palest and darkest that ink gets in one layer, linear.
const INK_RANGE: [f32; 2] = [0.012, 0.95];

/// sRGB to linear, one channel, 0 to 1.
#[must_use]
pub fn linear(srgb: f32) -> f32 {
    let c = srgb.clamp(0.0, 1.0);
    if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

/// sRGB to linear.
#[must_use]
pub fn linear_rgb(srgb: [f32; 3]) -> [f32; 3] {
    srgb.map(linear)
}

/// Relative luminance of an sRGB colour, 0 to 1.
#[must_use]
pub fn luminance(srgb: [f32; 3]) -> f32 {
    let [r, g, b] = linear_rgb(srgb);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// What a layer of this colour (sRGB) adds to the picture: on the dark stage its light; on the light one what its ink
/// takes from white light, as a power of e, so that layers of ink add up as light does.
#[must_use]
pub fn emission(theme: Theme, srgb: [f32; 3]) -> [f32; 3] {
    let colour = linear_rgb(srgb);
    match theme {
        Theme::Dark => colour,
        Theme::Light => colour.map(|c| -c.clamp(INK_RANGE[0], INK_RANGE[1]).ln()),
    }
}

/// [`emission`] of a neuron that lacks the value shown.
pub(super) fn no_value(theme: Theme) -> [f32; 3] {
    emission(theme, if theme == Theme::Light { NO_VALUE_LIGHT } else { NO_VALUE_DARK })
}

/// The colours of a channel from the least value to the greatest, evenly spaced, sRGB, as the picture has them: through
/// the curve of its transfer. `classes`: values that a categorical variable can take.
#[must_use]
pub fn scale(channel: &Channel, theme: Theme, classes: usize, samples: usize) -> Vec<[f32; 3]> {
    (0..samples).map(|k| channel_colour(channel, theme, classes, k as f32 / (samples.max(2) - 1) as f32)).collect()
}

/// The colour for a share of a channel's range, sRGB.
pub(super) fn channel_colour(channel: &Channel, theme: Theme, classes: usize, share: f32) -> [f32; 3] {
    let map = channel.transfer.map;
    let at = channel.transfer.curve(share);
    if map == MapName::Categorical && channel.by.is_categorical() {
        return super::maps::category_colour((at * classes as f32) as usize);
    }
    if channel.by.is_categorical() {
        // Every class in the middle of its part of an ordered map.
        let class = (at * classes as f32).floor().min(classes.saturating_sub(1) as f32);
        return map_colour(map, theme, (class + 0.5) / classes.max(1) as f32);
    }
    map_colour(map, theme, at)
}

/// Membrane values at the two ends of the map, mV relative to rest: the lower of rest and reset, and the threshold, to
/// which theta is still to be added.
#[must_use]
pub fn membrane_range_mv(cell: &Cell) -> Option<[f32; 2]> {
    match cell {
        Cell::Lif(lif) => {
            Some([(lif.v_reset_mv - lif.v_rest_mv).min(0.0) as f32, (lif.v_threshold_mv - lif.v_rest_mv) as f32])
        }
        Cell::Source(_) => None,
    }
}

/// Theta at the top of the map, mV: twice its initial value, at least 10 mV.
#[must_use]
pub fn theta_top_mv(cell: &Cell) -> Option<f32> {
    match cell {
        Cell::Lif(lif) => lif.adaptive_threshold.map(|theta| (2.0 * theta.initial_mv as f32).max(10.0)),
        Cell::Source(_) => None,
    }
}

/// The largest of a network's theta tops, mV; 0 where no population has theta.
pub(super) fn greatest_theta_mv(network: &Network) -> f32 {
    network.populations.iter().filter_map(|p| theta_top_mv(&p.cell)).fold(0.0, f32::max)
}

/// One line on what a channel shows now. `theta_mv`: the top of theta's own range, 0 where no population has it. `own`:
/// the range of values from the host, where they are known.
#[must_use]
pub fn legend(slot: ChannelSlot, channel: &Channel, theme: Theme, theta_mv: f32, own: Option<[f32; 2]>) -> String {
    let shows = meaning(channel, theta_mv, own);
    let curved = if channel.transfer.points.is_empty() { "" } else { "; along an edited curve" };
    match slot {
        ChannelSlot::Colour if channel.by == Variable::Population => "colour: population".to_owned(),
        ChannelSlot::Colour => {
            let ends = ends_of(channel.transfer.map, theme);
            format!("colour: {shows}; {ends}{curved}; grey: no value")
        }
        ChannelSlot::Size => {
            let [least, greatest] = SIZE_RANGE;
            format!("size: {shows}; {least} to {greatest} times the radius{curved}")
        }
        ChannelSlot::Height => {
            format!("height: {shows}; up to {:.0} % of the network's radius{curved}", 100.0 * HEIGHT_SHARE)
        }
    }
}

/// The variable and its range in words.
fn meaning(channel: &Channel, theta_mv: f32, own: Option<[f32; 2]>) -> String {
    let by = channel.by;
    let label = by.label();
    if let Some([low, high]) = channel.transfer.range {
        return format!("{label} from {} to {}", number(low), number(high));
    }
    match by {
        Variable::Population => label.to_owned(),
        Variable::Membrane => "membrane value from the lower of rest and reset to the threshold".to_owned(),
        Variable::Rate => format!(
            "rate (mean over {RATE_TAU_MS:.0} ms) from 0 to {RATE_TOP_HZ:.0} Hz, logarithmic above {RATE_KNEE_HZ:.0} Hz"
        ),
        Variable::Theta if theta_mv > 0.0 => format!("theta from 0 to {theta_mv:.0} mV"),
        Variable::Theta => "theta, which no population of this network has".to_owned(),
        Variable::Class => match own {
            Some([low, high]) => format!("class {} to {}", number(low), number(high)),
            None => "class, which no neuron has yet".to_owned(),
        },
        Variable::Cv | Variable::WeightSum | Variable::SynapsesLost => match own {
            Some([low, high]) => format!("{label} from {} to {}", number(low), number(high)),
            None => format!("{label}, not known yet"),
        },
    }
}

/// Which colour the ends of a map have.
const fn ends_of(map: MapName, theme: Theme) -> &'static str {
    match (map, theme) {
        (MapName::Viridis, Theme::Dark) => "violet is least, yellow most",
        (MapName::Viridis, Theme::Light) => "yellow is least, violet most",
        (MapName::Cividis, Theme::Dark) => "dark blue is least, yellow most",
        (MapName::Cividis, Theme::Light) => "yellow is least, dark blue most",
        (MapName::Inferno, Theme::Dark) => "violet is least, pale yellow most",
        (MapName::Inferno, Theme::Light) => "pale yellow is least, violet most",
        (MapName::Plasma, Theme::Dark) => "blue is least, yellow most",
        (MapName::Plasma, Theme::Light) => "yellow is least, blue most",
        (MapName::Diverging, Theme::Dark) => "blue is least, dark the middle, amber most",
        (MapName::Diverging, Theme::Light) => "blue is least, pale the middle, brown most",
        (MapName::Categorical, _) => "one colour each",
    }
}

/// As short as it can be said.
fn number(value: f32) -> String {
    let text = if value.abs() >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") };
    if text == "-0" { "0".to_owned() } else { text }
}

/// Values that a categorical variable can take, from its range.
pub(super) fn classes_in(range: Option<[f32; 2]>) -> usize {
    range.map_or(CATEGORIES, |[low, high]| ((high - low).round().clamp(0.0, 254.0) as usize) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_takes_more_light_the_darker_its_colour() {
        let taken = |srgb| emission(Theme::Light, srgb).iter().sum::<f32>();
        assert!(taken([0.1; 3]) > taken([0.5; 3]) && taken([0.5; 3]) > taken([0.9; 3]));
        assert!(taken([0.0; 3]).is_finite() && taken([1.0; 3]) > 0.0);
        // One layer of ink on white gives the colour back.
        let back = emission(Theme::Light, [0.8, 0.4, 0.2]).map(|a| (-a).exp());
        for (got, wanted) in back.into_iter().zip(linear_rgb([0.8, 0.4, 0.2])) {
            assert!((got - wanted).abs() < 1e-4, "{got} {wanted}");
        }
    }

    #[test]
    fn legends_say_ranges_and_ends() {
        let mut channel = Channel::of(Variable::Rate);
        let say = |slot, channel: &Channel, own| legend(slot, channel, Theme::Dark, 0.0, own);
        let text = say(ChannelSlot::Colour, &channel, None);
        assert!(text.starts_with("colour: rate") && text.contains("100 Hz") && text.contains("yellow most"), "{text}");
        channel.transfer.range = Some([5.0, 12.5]);
        let text = say(ChannelSlot::Size, &channel, None);
        assert!(text.starts_with("size: rate (Hz) from 5 to 12.50"), "{text}");
        let text = say(ChannelSlot::Height, &Channel::of(Variable::SynapsesLost), Some([0.0, 31.0]));
        assert!(text.contains("inputs lost from 0 to 31"), "{text}");
        assert_eq!(say(ChannelSlot::Colour, &Channel::of(Variable::Population), None), "colour: population");
    }

    #[test]
    fn every_class_has_one_colour_on_any_map() {
        for map in MapName::ALL {
            let mut channel = Channel::of(Variable::Class);
            channel.transfer.map = map;
            let colours = scale(&channel, Theme::Dark, 10, 1000);
            let distinct: std::collections::BTreeSet<String> = colours.iter().map(|c| format!("{c:?}")).collect();
            assert_eq!(distinct.len(), 10, "{map:?}");
        }
    }
}
