//! Rates that benchmark scenes must have before a time of theirs is told. In: a scene and what was changed in it. Out: the
//! band, with its source; nothing where a change makes it another network.

/// Simulated time below which a rate says little, ms.
pub(super) const ENOUGH_MS: f64 = 900.0;

/// A mean rate of all neurons that integrate, 10 % up and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    scene: &'static str,
    rate_hz: f64,
    pub(super) source: &'static str,
}

/// Changes of size keep in-degrees, and so rates.
const SIZE: &str = "population.excitatory.size=";

const BANDS: [Band; 4] = [
    Band {
        scene: "cuba",
        rate_hz: 5.3,
        source: "Brette et al. 2007, benchmark 2, in Brian2 and NEST (benches/compare)",
    },
    Band { scene: "coba", rate_hz: 13.4, source: "Brette et al. 2007, benchmark 1, in Brian2 (benches/compare)" },
    Band { scene: "brunel", rate_hz: 32.0, source: "NEST's brunel_delta, g 5, eta 2, as our CPU engine runs it" },
    Band { scene: "brunel-plastic", rate_hz: 35.0, source: "the same network in Brian2 (benches/compare)" },
];

impl Band {
    pub(super) fn hz(self) -> [f64; 2] {
        [0.9 * self.rate_hz, 1.1 * self.rate_hz]
    }
}

/// The band of a built-in scene (whose origin is its name), unless something but its size was changed.
pub(super) fn band_of(scene: &str, changes: &[String]) -> Option<Band> {
    let only_size = changes.iter().all(|change| change.replace(' ', "").starts_with(SIZE));
    // Brunel's in-degrees are a tenth of his network: another size has correlations of its own.
    let keeps_rate = changes.is_empty() || scene == "cuba" || scene == "coba";
    BANDS.into_iter().find(|band| band.scene == scene && only_size && keeps_rate)
}

/// What is wrong with a rate.
pub(super) fn outside(band_hz: Option<[f64; 2]>, rate_hz: f64) -> Option<String> {
    let [low, high] = band_hz?;
    (!(low..=high).contains(&rate_hz))
        .then(|| format!("the mean rate is {rate_hz:.2} Hz, and this network has {low:.2} to {high:.2} Hz"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_holds_for_the_network_that_it_is_of() {
        let change = |text: &str| vec![text.to_owned()];
        let band = band_of("cuba", &change("population.excitatory.size=16000")).expect("in-degrees stay");
        assert_eq!(outside(Some(band.hz()), 5.2), None);
        assert!(outside(Some(band.hz()), 6.0).expect("too fast").contains("6.00 Hz"));
        assert_eq!(outside(None, 600.0), None);
        assert!(
            band_of("brunel", &[]).is_some() && band_of("brunel", &change("population.excitatory.size=9")).is_none()
        );
        assert_eq!(band_of("cuba", &change("projection.excitation.weight=2")), None);
        assert_eq!(band_of("mine.toml", &[]), None);
    }
}
