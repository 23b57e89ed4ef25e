//! What a viewer must know about a picture to trust it: what was sampled, capped, stretched or drawn another way. In go
//! facts as they arise, out come lines of text.

use super::colour;
use super::frame::flash_share;
use super::gather::Gathered;
use crate::model::Network;
use crate::session::ViewSettings;
use crate::session::view::ChannelSlot;

/// Points of light in the last picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Points {
    /// Neurons in view.
    pub(super) seen: u64,
    /// Of those drawn at rest.
    pub(super) drawn: f64,
    /// Near neurons are spheres.
    pub(super) has_spheres: bool,
}

/// Facts about the last picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    neurons: (u64, u64),
    theta_mv: f32,
    settings: Option<ViewSettings>,
    ranges: [Option<[f32; 2]>; 3],
    points: Option<Points>,
    quality: Option<String>,

    lines_gathered: bool,
}

impl Facts {
    pub(super) fn new(network: &Network, neurons: u32) -> Self {
        Self {
            neurons: (u64::from(neurons), u64::from(network.neuron_count())),
            theta_mv: colour::greatest_theta_mv(network),
            ..Self::default()
        }
    }

    pub(super) fn note_frame(&mut self, settings: &ViewSettings, gathered: Gathered, points: Option<Points>) {
        if self.settings.as_ref() != Some(settings) {
            self.settings = Some(settings.clone());
        }
        self.points = points;
        self.lines_gathered = gathered.lines;
    }

    /// The settings of the last picture, and whether its lines were gathered.
    pub(super) fn frame(&self) -> Option<(&ViewSettings, bool)> {
        self.settings.as_ref().map(|settings| (settings, self.lines_gathered))
    }

    /// What quality leaves out, and the ranges of values from the host.
    pub(super) fn note_level(&mut self, quality: Option<String>, ranges: [Option<[f32; 2]>; 3]) {
        (self.quality, self.ranges) = (quality, ranges);
    }

    /// The legend of a channel, as text; none where it shows nothing.
    pub(super) fn legend(&self, slot: ChannelSlot, settings: &ViewSettings) -> Option<String> {
        let channel = settings.channel(slot);
        let own = self.ranges[slot as usize];
        channel.is_in_use(slot).then(|| colour::legend(slot, channel, settings.theme, self.theta_mv, own))
    }

    /// As text.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(settings) = &self.settings else { return lines };
        if self.neurons.0 < self.neurons.1 {
            let [drawn, all] = [self.neurons.0, self.neurons.1].map(grouped);
            lines.push(format!("{drawn} of {all} neurons drawn: the adapter binds no more"));
        }
        lines.extend(self.quality.clone());
        if let Some(points) = &self.points {
            let what = if points.has_spheres { "far neurons are" } else { "neurons are" };
            lines.push(format!("{what} points of light that add up; none hides another"));
            if points.drawn < 0.995 * points.seen as f64 {
                lines.push(format!(
                    "{} of {} neurons in view drawn, the resting ones for those left out; every spike is drawn",
                    grouped(points.drawn.round() as u64),
                    grouped(points.seen)
                ));
            }
        }
        if !settings.clip.is_whole() {
            lines.push("clipped: a part of the network is not drawn".to_owned());
        }
        let share = flash_share(u32::try_from(self.neurons.0).unwrap_or(u32::MAX));
        if share < 0.95 {
            lines.push(format!("so many neurons share their light: a spike shines with {:.0} % of it", 100.0 * share));
        }
        let legends = ChannelSlot::ALL.into_iter().filter_map(|slot| self.legend(slot, settings));
        lines.extend(legends.filter(|text| text != "colour: population"));
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
