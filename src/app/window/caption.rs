//! Which line of text stands over the picture now: the scene's own, by time. A tour has its own words.

use crate::model::scene::Caption;

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
}
