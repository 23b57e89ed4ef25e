//! Finding by what one remembers of a name: letters in order, the nearer together and to the beginnings of words the
//! better.

/// A letter at the beginning of a word.
const WORD_START: i32 = 8;
/// A letter right after the one before.
const ADJACENT: i32 = 6;
/// A letter skipped between two that fit.
const GAP: i32 = -1;
/// Letters that cost at most this much are skipped.
const GAP_MOST: i32 = -4;

/// How well `text` answers to `query`; none where it does not. Every word of the query must be found, in any order.
pub(super) fn score(query: &str, text: &str) -> Option<i32> {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    query.to_lowercase().split_whitespace().map(|word| score_word(word, &text)).sum()
}

/// The best way to find the letters of `word` in `text`, in order: the best score with the letters so far, per place of
/// the last one.
fn score_word(word: &str, text: &[char]) -> Option<i32> {
    let mut best: Vec<Option<i32>> = Vec::new();
    for (index, letter) in word.chars().enumerate() {
        let mut next = vec![None; text.len()];
        for (at, _) in text.iter().enumerate().filter(|&(_, c)| *c == letter) {
            let is_start = at == 0 || !text[at - 1].is_alphanumeric();
            let own = if is_start { WORD_START } else { 0 };
            let before = if index == 0 {
                // The earlier the better, but only a little.
                Some(-(at.min(20) as i32) / 4)
            } else {
                let reach = |(from, score): (usize, &Option<i32>)| {
                    let gap = (at - from - 1) as i32;
                    score.map(|s| s + if gap == 0 { ADJACENT } else { (gap * GAP).max(GAP_MOST) })
                };
                best[..at].iter().enumerate().filter_map(reach).max()
            };
            next[at] = before.map(|score| score + own);
        }
        best = next;
    }
    best.into_iter().flatten().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best<'a>(query: &str, texts: &[&'a str]) -> &'a str {
        texts.iter().max_by_key(|text| score(query, text)).expect("there are some")
    }

    #[test]
    fn letters_must_stand_in_order_and_all_words_must_be_found() {
        assert!(score("frm", "the frame").is_some() && score("mrf", "the frame").is_none());
        assert!(score("text larger", "larger text").is_some());
        assert!(score("larger nothing", "larger text").is_none());
        assert!(score("", "anything").is_some() && score("a", "").is_none());
    }

    #[test]
    fn beginnings_of_words_and_runs_of_letters_come_first() {
        assert_eq!(best("fs", &["offers", "full screen on and off"]), "full screen on and off");
        assert_eq!(best("reset", &["rate of the selected", "reset the run"]), "reset the run");
        assert_eq!(best("COBA", &["cuba: balanced", "coba: balanced"]), "coba: balanced");
    }

    #[test]
    fn repeated_letters_find_their_best_place() {
        // The first `s` is a dead end for an eager search that takes what comes first.
        assert!(score("save", "scenes are saved") > score("save", "scenes and xaxvxe"));
    }
}
