//! Which line of text stands over the picture now: the tour's while it runs, else the scene's own by time.

use crate::model::scene::{Caption, TourStep};

/// The scene's caption at this simulated time and presentation, if any; later ones win.
pub(super) fn by_time(captions: &[Caption], time_ms: f64, presentation: Option<u64>) -> Option<&str> {
    let presentation = presentation.unwrap_or(0);
    captions
        .iter()
        .rev()
        .find(|c| {
            (c.from_ms..c.until_ms).contains(&time_ms)
                && (c.from_presentation..=c.until_presentation).contains(&presentation)
        })
        .map(|c| c.text.as_str())
}

/// The tour's caption after `seconds` of it. A stop's text shows while the camera goes there and stays.
pub(super) fn of_tour(steps: &[TourStep], seconds: f64) -> Option<&str> {
    let total: f64 = steps.iter().map(|s| f64::from(s.move_s + s.hold_s)).sum();
    if total <= 0.0 {
        return None;
    }
    // A tour begins at its first stop, so the way there comes last.
    let mut left = seconds.max(0.0) % total;
    for (index, step) in steps.iter().enumerate() {
        let next = &steps[(index + 1) % steps.len()];
        if left < f64::from(step.hold_s) {
            return step.caption.as_deref();
        }
        left -= f64::from(step.hold_s);
        if left < f64::from(next.move_s) {
            return next.caption.as_deref();
        }
        left -= f64::from(next.move_s);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caption(text: &str, from_ms: f64, until_ms: f64) -> Caption {
        Caption { text: text.to_owned(), from_ms, until_ms, from_presentation: 0, until_presentation: u64::MAX }
    }

    #[test]
    fn captions_show_in_their_time_and_later_ones_win() {
        let all = [caption("a", 0.0, 100.0), caption("b", 50.0, f64::INFINITY)];
        assert_eq!(by_time(&all, 10.0, None), Some("a"));
        assert_eq!(by_time(&all, 60.0, Some(3)), Some("b"));
        assert_eq!(by_time(&all, 1e9, None), Some("b"));
        assert_eq!(by_time(&all[..1], 100.0, None), None);
    }

    #[test]
    fn a_tours_text_goes_with_its_stops() {
        let step =
            |text: &str| TourStep { move_s: 2.0, hold_s: 1.0, caption: Some(text.to_owned()), ..TourStep::default() };
        let steps = [step("a"), step("b")];
        let texts: Vec<_> = [0.5, 1.5, 3.5, 4.5, 6.5].map(|t| of_tour(&steps, t)).to_vec();
        assert_eq!(texts, [Some("a"), Some("b"), Some("b"), Some("a"), Some("a")]);
        assert_eq!(of_tour(&[], 1.0), None);
    }
}
