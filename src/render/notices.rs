//! What a viewer must know about a picture to trust it: what was sampled, capped, stretched or drawn another way. In go
//! facts as they arise, out come lines of text.

use super::colour;
use super::frame::flash_share;
use super::gather::Gathered;
use crate::model::Network;
use crate::session::ViewSettings;
use crate::session::view::Variable;

/// Facts about the last picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    neurons: (u64, u64),
    legends: Vec<(Variable, String)>,
    settings: Option<ViewSettings>,
    splat_radius_px: Option<f32>,
    lines_gathered: bool,
}

impl Facts {
    pub(super) fn new(network: &Network, neurons: u32) -> Self {
        Self {
            neurons: (u64::from(neurons), u64::from(network.neuron_count())),
            legends: Variable::ALL.iter().map(|&by| (by, colour::legend(by, network))).collect(),
            ..Self::default()
        }
    }

    pub(super) fn note_frame(&mut self, settings: &ViewSettings, gathered: Gathered, splat_radius_px: f32) {
        if self.settings.as_ref() != Some(settings) {
            self.settings = Some(settings.clone());
        }
        self.splat_radius_px = gathered.splats.then_some(splat_radius_px);
        self.lines_gathered = gathered.lines;
    }

    /// The settings of the last picture, and whether its lines were gathered.
    pub(super) fn frame(&self) -> Option<(&ViewSettings, bool)> {
        self.settings.as_ref().map(|settings| (settings, self.lines_gathered))
    }

    /// As text.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(settings) = &self.settings else { return lines };
        if self.neurons.0 < self.neurons.1 {
            let [drawn, all] = [self.neurons.0, self.neurons.1].map(grouped);
            lines.push(format!("{drawn} of {all} neurons drawn: the adapter binds no more"));
        }
        if let Some(radius) = self.splat_radius_px {
            lines.push(format!(
                "neurons drawn as points of light that add up, at most {:.0} px wide; none hides another",
                2.0 * radius
            ));
        }
        let share = flash_share(u32::try_from(self.neurons.0).unwrap_or(u32::MAX));
        if share < 0.95 {
            lines.push(format!("so many neurons share their light: a spike shines with {:.0} % of it", 100.0 * share));
        }
        if settings.colour.by != Variable::Population {
            lines.extend(self.legends.iter().filter(|(by, _)| *by == settings.colour.by).map(|(_, text)| text.clone()));
        }
        lines
    }
}

/// Nothing to say when all are drawn.
pub(super) fn share_line(what: &str, (drawn, all): (u64, u64), lowered: bool) -> Option<String> {
    (drawn < all).then(|| {
        let percent = 100.0 * drawn as f64 / all as f64;
        let digits = if percent < 0.1 { 3 } else { 1 };
        let why = if lowered { "; fewer than asked for, on this software adapter" } else { "" };
        format!("{} of {} {what} drawn ({percent:.digits$} %){why}", grouped(drawn), grouped(all))
    })
}

/// 1234567 as 1,234,567.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(20_000), "20,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn shares_are_stated_only_when_something_is_left_out() {
        assert_eq!(share_line("synapses", (5, 5), false), None);
        let line = share_line("synapses", (20_000, 313_600), false);
        assert_eq!(line.as_deref(), Some("20,000 of 313,600 synapses drawn (6.4 %)"));
    }
}
