//! Pipelines made for what a picture needs and nothing else: shaders that choose at every pixel what is the same for the
//! whole picture are slow where the processor draws. In go keys, out come pipelines, made when first asked for.

/// Kept at once: a viewer who tries every variable in turn makes no more.
const KEPT: usize = 12;

/// What a pipeline is made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Special {
    /// The light stage.
    pub(super) is_light: bool,
    /// What the channels show, as [`ChannelUniform::by`](super::ChannelUniform).
    pub(super) by: [u32; 3],
    /// What was gathered, as bits.
    pub(super) gathered: u32,
    /// Drawn at another resolution than shown.
    pub(super) is_scaled: bool,
    /// How lines are told from others, as [`LineSet::style`](super::LineSet).
    pub(super) line_style: u32,
}

impl Special {
    /// For shaders that look at the theme only.
    pub(super) fn of_theme(self) -> [(&'static str, f64); 1] {
        [("light_stage", f64::from(u8::from(self.is_light)))]
    }

    /// For draws of neurons.
    pub(super) fn of_neurons(self) -> [(&'static str, f64); 4] {
        let [colour, size, height] = self.by.map(f64::from);
        let [theme] = self.of_theme();
        [theme, ("colour_by", colour), ("size_by", size), ("height_by", height)]
    }

    /// For kernels of lines. A condition on a uniform is worse than slow there: lavapipe (Mesa 22.3) builds such a kernel
    /// anew whenever the uniforms were written, at every picture.
    pub(super) fn of_lines(self) -> [(&'static str, f64); 2] {
        [("height_by", f64::from(self.by[2])), ("line_style", f64::from(self.line_style))]
    }
}

/// See the module. `P`: a pipeline, or several.
pub(super) struct Variants<P> {
    made: Vec<(Special, P)>,
}

impl<P: Clone> Variants<P> {
    pub(super) const fn new() -> Self {
        Self { made: Vec::new() }
    }

    /// The pipeline for `special`; `make` is called when there is none yet.
    pub(super) fn choose(&mut self, special: Special, make: impl FnOnce() -> P) -> P {
        if let Some(at) = self.made.iter().position(|(known, _)| *known == special) {
            return self.made[at].1.clone();
        }
        if self.made.len() == KEPT {
            self.made.remove(0);
        }
        let made = make();
        self.made.push((special, made.clone()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_once_and_old_ones_go() {
        let mut variants = Variants::new();
        let key = |k: u32| Special { gathered: k, ..Special::default() };
        let mut made = 0;
        for k in [1, 2, 1, 1, 2] {
            assert_eq!(
                variants.choose(key(k), || {
                    made += 1;
                    k
                }),
                k
            );
        }
        assert_eq!(made, 2);
        for k in 0..40 {
            variants.choose(key(k), || k);
        }
        assert_eq!(variants.made.len(), KEPT);
    }
}
