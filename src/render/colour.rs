//! What colours mean: perceptually uniform maps that stay readable with any common colour vision, the colours of
//! excitation and inhibition, and the ranges that values are mapped over. Out come tables for shaders and one line of
//! legend for people. Colours in shaders are linear, colours here and on screen are sRGB.

use crate::model::{Cell, Network};
use crate::session::view::{MapName, Variable};

/// Entries of one map on the GPU.
pub const MAP_LEN: usize = 64;

/// Firing rate at the top of the map, Hz.
pub const RATE_TOP_HZ: f32 = 100.0;

/// One spike's worth of the rate trace, Hz: the scale of the rate map is `log(1 + rate / this)`.
pub const RATE_KNEE_HZ: f32 = 4.0;

/// Excitatory synapses: amber. With [`INHIBITORY`] the pair that every common colour vision tells apart.
pub const EXCITATORY: [f32; 3] = [1.0, 0.66, 0.30];

/// Inhibitory synapses: blue.
pub const INHIBITORY: [f32; 3] = [0.32, 0.60, 1.0];

/// Synapses that were pruned: rose, lighter than [`INHIBITORY`] where there are no colours.
pub const PRUNED: [f32; 3] = [0.98, 0.62, 0.80];

/// Viridis (van der Walt and Smith 2015), every ninth of the way.
const VIRIDIS: [u32; 10] =
    [0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725];

/// Cividis (Nunez, Anderton, Renslow 2018), made for colour vision deficiencies.
const CIVIDIS: [u32; 10] =
    [0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173, 0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46];

/// Plasma (van der Walt and Smith 2015).
const PLASMA: [u32; 10] =
    [0x0d0887, 0x46039f, 0x7201a8, 0x9c179e, 0xbd3786, 0xd8576b, 0xed7953, 0xfb9f3a, 0xfdca26, 0xf0f921];

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

/// The colour of a value from 0 to 1 on a map, sRGB.
#[must_use]
pub fn map_colour(map: MapName, value: f32) -> [f32; 3] {
    let knots = match map {
        MapName::Cividis => &CIVIDIS,
        MapName::Plasma | MapName::Inferno => &PLASMA,
        _ => &VIRIDIS,
    };
    let at = value.clamp(0.0, 1.0) * (knots.len() - 1) as f32;
    let low = (at as usize).min(knots.len() - 2);
    let share = at - low as f32;
    let channel = |knot: u32, shift: u32| ((knot >> shift) & 0xff) as f32 / 255.0;
    [16, 8, 0].map(|shift| {
        let (a, b) = (channel(knots[low], shift), channel(knots[low + 1], shift));
        a + (b - a) * share
    })
}

/// The three maps one after the other (membrane, rate, theta), linear, as the shaders read them.
#[must_use]
pub fn map_table() -> Vec<[f32; 4]> {
    [MapName::Cividis, MapName::Viridis, MapName::Plasma]
        .into_iter()
        .flat_map(|map| (0..MAP_LEN).map(move |k| map_colour(map, k as f32 / (MAP_LEN - 1) as f32)))
        .map(|srgb| {
            let [r, g, b] = linear_rgb(srgb);
            [r, g, b, 1.0]
        })
        .collect()
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

/// One line on what the colours of neurons mean now.
#[must_use]
pub fn legend(meaning: Variable, network: &Network) -> String {
    match meaning {
        Variable::Population => "colour: population".to_owned(),
        Variable::Membrane => {
            "colour: membrane value, dark blue at the lower of rest and reset to yellow at threshold; sources are grey"
                .to_owned()
        }
        Variable::Rate => format!(
            "colour: rate (mean over {:.0} ms), violet at 0 to yellow at {RATE_TOP_HZ:.0} Hz, logarithmic above \
             {RATE_KNEE_HZ:.0} Hz",
            crate::engine::RATE_TAU_MS
        ),
        _ => {
            let top = network.populations.iter().filter_map(|p| theta_top_mv(&p.cell)).fold(0.0_f32, f32::max);
            if top > 0.0 {
                format!("colour: theta, blue at 0 to yellow at {top:.0} mV; neurons without it are grey")
            } else {
                "colour: theta, but no population of this network has it".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(srgb: [f32; 3]) -> f32 {
        let [r, g, b] = linear_rgb(srgb);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn maps_get_brighter_all_the_way() {
        // Order by brightness alone is what keeps a map readable without colour vision.
        for meaning in [MapName::Cividis, MapName::Viridis, MapName::Plasma] {
            let values: Vec<f32> = (0..=40).map(|k| luminance(map_colour(meaning, k as f32 / 40.0))).collect();
            assert!(values.windows(2).all(|pair| pair[1] >= pair[0] - 1e-3), "{meaning:?}: {values:?}");
            assert!(values[40] > 0.7 && values[0] < 0.05);
        }
    }

    #[test]
    fn the_table_holds_three_maps_in_linear_light() {
        let table = map_table();
        assert_eq!(table.len(), 3 * MAP_LEN);
        let first = linear_rgb(map_colour(MapName::Cividis, 0.0));
        assert_eq!(&table[0][..3], &first);
        let last = linear_rgb(map_colour(MapName::Plasma, 1.0));
        assert_eq!(&table[3 * MAP_LEN - 1][..3], &last);
    }

    #[test]
    fn values_outside_the_map_take_its_ends() {
        assert_eq!(map_colour(MapName::Viridis, -3.0), map_colour(MapName::Viridis, 0.0));
        assert_eq!(map_colour(MapName::Viridis, 7.0), map_colour(MapName::Viridis, 1.0));
    }
}
