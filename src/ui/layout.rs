//! Which panels are open, how wide they are and how large the text is: what is remembered from one start to the next.

use serde::{Deserialize, Serialize};

use super::action::PanelName;
use super::chart::Span;

/// Range of the text's size, and of the panels' widths, points.
pub(super) const TEXT_RANGE: (f32, f32) = (0.6, 4.0);
pub(super) const LEFT_RANGE: (f32, f32) = (250.0, 520.0);
pub(super) const CHARTS_RANGE: (f32, f32) = (300.0, 760.0);

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The panel on the left, if one is open; none of the others than `Parameters`, `Look` and `Selection`.
    pub left: Option<PanelName>,
    /// The charts are open.
    pub charts: bool,
    /// The timeline is open.
    pub time: bool,
    /// Width of the panel on the left, points.
    pub left_width: f32,
    /// Width of the charts, points; 0: a share of the window.
    pub charts_width: f32,
    /// Size of everything, 1 is as designed.
    pub text_size: f32,
    /// How much of the past the charts show.
    pub span: Span,
    /// Histograms count logarithmically.
    pub logarithmic: bool,
    /// The viewer chose the light stage or the dark one; none: the scene's.
    pub light: Option<bool>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            left: Some(PanelName::Parameters),
            charts: true,
            time: true,
            left_width: 292.0,
            charts_width: 0.0,
            text_size: 1.0,
            span: Span::TenSeconds,
            logarithmic: false,
            light: None,
        }
    }
}

impl Layout {
    /// The same with every value where it makes sense; what a file says may be anything.
    #[must_use]
    pub fn sane(mut self) -> Self {
        let default = Self::default();
        let hold = |value: f32, (low, high): (f32, f32), default: f32| {
            if value.is_finite() { value.clamp(low, high) } else { default }
        };
        self.left_width = hold(self.left_width, LEFT_RANGE, default.left_width);
        if self.charts_width != 0.0 {
            self.charts_width = hold(self.charts_width, CHARTS_RANGE, default.charts_width);
        }
        self.text_size = hold(self.text_size, TEXT_RANGE, 1.0);
        self.left = self.left.filter(|panel| panel.is_left());
        self
    }

    /// True when the panel is open.
    #[must_use]
    pub fn is_open(&self, panel: PanelName) -> bool {
        match panel {
            PanelName::Charts => self.charts,
            PanelName::Time => self.time,
            left => self.left == Some(left),
        }
    }

    /// Opens or closes a panel. `is_narrow`: there is room for one side only.
    pub(super) fn open(&mut self, panel: PanelName, open: bool, is_narrow: bool) {
        match panel {
            PanelName::Charts => {
                self.charts = open;
                if open && is_narrow {
                    self.left = None;
                }
            }
            PanelName::Time => self.time = open,
            left => {
                self.left = open.then_some(left);
                if open && is_narrow {
                    self.charts = false;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wild_values_become_usable() {
        let wild = Layout {
            left: Some(PanelName::Charts),
            left_width: f32::NAN,
            charts_width: 1e9,
            text_size: -3.0,
            ..Layout::default()
        };
        let sane = wild.sane();
        assert_eq!((sane.left, sane.left_width, sane.charts_width), (None, 292.0, CHARTS_RANGE.1));
        assert_eq!(sane.text_size, TEXT_RANGE.0);
        assert_eq!(Layout::default().sane(), Layout::default());
    }

    #[test]
    fn a_narrow_window_has_one_side_panel() {
        let mut layout = Layout::default();
        layout.open(PanelName::Look, true, true);
        assert!(layout.is_open(PanelName::Look) && !layout.is_open(PanelName::Charts));
        layout.open(PanelName::Charts, true, true);
        assert!(!layout.is_open(PanelName::Look) && layout.is_open(PanelName::Charts));
        layout.open(PanelName::Look, true, false);
        assert!(layout.is_open(PanelName::Look) && layout.is_open(PanelName::Charts));
    }
}
