//! From an image to rates of its input neurons, slice by slice. In: pixels, how bright, how far the showing is. Out:
//! rates for the next steps, and for how many. Both encodings drive the same Poisson sources, so engines need to know
//! nothing of them.
//!
//! - Poisson: a pixel's rate is its level times the intensity, for the whole showing (Diehl and Cook 2015, section 2.4).
//! - Time to first spike: a pixel spikes once per volley, the sooner the brighter: of a volley of n steps after
//!   `floor((255 - level) * (n - 1) / 255)` of them; black pixels stay silent (Thorpe, Delorme and Van Rullen 2001).

/// Hz at which a source spikes in every step, whatever the step: a chance of one.
const EVERY_STEP_HZ: f32 = 1e9;
/// The brightest level.
const WHITE: f32 = 255.0;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Encoder {
    /// Rates by intensity.
    Poisson {
        /// Hz per level.
        hz_per_level: f32,
    },
    /// One spike per pixel and volley.
    FirstSpike {
        /// Length of a volley; at least 1.
        volley_steps: u32,
    },
}

impl Encoder {
    /// Writes the rates for the steps after `shown` steps of a showing of `present_steps`, and says for how many they
    /// hold. `brightness` multiplies levels.
    pub(super) fn slice(
        self,
        image: &[u8],
        brightness: f32,
        shown: u32,
        present_steps: u32,
        rates_hz: &mut [f32],
    ) -> u32 {
        let left = present_steps.saturating_sub(shown);
        match self {
            Self::Poisson { hz_per_level } => {
                for (rate_hz, &pixel) in rates_hz.iter_mut().zip(image) {
                    *rate_hz = f32::from(pixel) * hz_per_level * brightness;
                }
                left
            }
            Self::FirstSpike { volley_steps } => {
                let at = shown % volley_steps;
                let mut next = volley_steps;
                for (rate_hz, &pixel) in rates_hz.iter_mut().zip(image) {
                    let latency = latency(pixel, brightness, volley_steps);
                    *rate_hz = if latency == at { EVERY_STEP_HZ } else { 0.0 };
                    if latency > at {
                        next = next.min(latency);
                    }
                }
                let spikes_now = rates_hz.iter().any(|&rate_hz| rate_hz > 0.0);
                left.min(if spikes_now { 1 } else { next - at })
            }
        }
    }
}

/// Steps into the volley; `u32::MAX` for a pixel that stays silent.
fn latency(pixel: u8, brightness: f32, volley_steps: u32) -> u32 {
    let level = (f32::from(pixel) * brightness).min(WHITE);
    if level > 0.0 { ((WHITE - level) * (volley_steps - 1) as f32 / WHITE) as u32 } else { u32::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (pixel, step) of every spike of a showing.
    fn spikes(encoder: Encoder, image: &[u8], brightness: f32, present_steps: u32) -> Vec<(usize, u32)> {
        let mut rates_hz = vec![0.0; image.len()];
        let (mut shown, mut spikes) = (0, Vec::new());
        while shown < present_steps {
            let steps = encoder.slice(image, brightness, shown, present_steps, &mut rates_hz);
            assert!(steps > 0, "a slice that never ends");
            for step in shown..shown + steps {
                spikes.extend((0..image.len()).filter(|&pixel| rates_hz[pixel] > 0.0).map(|pixel| (pixel, step)));
            }
            shown += steps;
        }
        assert_eq!(shown, present_steps);
        spikes
    }

    #[test]
    fn every_pixel_spikes_once_per_volley_the_brightest_first() {
        let encoder = Encoder::FirstSpike { volley_steps: 101 };
        assert_eq!(spikes(encoder, &[0, 255, 51, 204], 1.0, 101), [(1, 0), (3, 20), (2, 80)]);
        let two = [(1, 0), (3, 20), (2, 80), (1, 101), (3, 121), (2, 181)];
        assert_eq!(spikes(encoder, &[0, 255, 51, 204], 1.0, 202), two);
        // Twice as bright: sooner; nothing is brighter than white, and black stays black.
        assert_eq!(spikes(encoder, &[0, 255, 51, 204], 2.0, 101), [(1, 0), (3, 0), (2, 60)]);
        assert!(spikes(encoder, &[0, 0], 9.0, 300).is_empty());
    }

    #[test]
    fn poisson_rates_hold_for_the_whole_showing() {
        let mut rates_hz = vec![0.0; 3];
        let encoder = Encoder::Poisson { hz_per_level: 0.25 };
        assert_eq!(encoder.slice(&[0, 100, 255], 2.0, 0, 700, &mut rates_hz), 700);
        assert_eq!(rates_hz, [0.0, 50.0, 127.5]);
    }
}
