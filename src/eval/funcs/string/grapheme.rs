//! Characters as Terraform counts them: extended grapheme clusters.

use unicode_segmentation::UnicodeSegmentation;

use crate::eval::value::normalize;

/// The grapheme clusters of a text.
///
/// Terraform's tables are of Unicode 15.0, which does not yet join Indic consonants over a virama.
pub fn graphemes(text: &str) -> impl Iterator<Item = &str> {
    text.graphemes(true).flat_map(|cluster| {
        let mut rest = Some(cluster);
        std::iter::from_fn(move || {
            let current = rest?;
            let mut previous = None;
            for (at, c) in current.char_indices() {
                if previous.is_some_and(joins_consonants) && is_indic_consonant(c) {
                    rest = Some(&current[at..]);
                    return Some(&current[..at]);
                }
                previous = Some(c);
            }
            rest = None;
            Some(current)
        })
    })
}

/// What of a text is sure to begin every string that continues it: a last character that what follows may change is
/// left out.
pub fn safe_prefix(text: &str) -> String {
    let mut text = normalize(text).to_string();
    let last = graphemes(&text).last().unwrap_or_default();
    let mut chars = last.chars();
    let ends = match (chars.next(), chars.next()) {
        (Some(c), None) => r##"-_:;/\,.(){}[]|?!~@#$%^&*+"'"##.contains(c) || matches!(c, ' ' | '\t'),
        _ => false,
    };
    if !ends {
        text.truncate(text.len() - last.len());
    }
    text
}

/// The viramas, and what may stand between them and a consonant.
fn joins_consonants(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{c4d}'
            | '\u{d4d}'
            | '\u{200d}'
            | '\u{93c}'
            | '\u{9bc}'
            | '\u{abc}'
            | '\u{b3c}'
            | '\u{c3c}'
            | '\u{300}'..='\u{36f}'
    )
}

/// Consonants with `Indic_Conjunct_Break`: Devanagari, Bengali, Gujarati, Oriya, Telugu, Malayalam.
fn is_indic_consonant(c: char) -> bool {
    matches!(
        c,
        '\u{915}'..='\u{939}' | '\u{958}'..='\u{95f}' | '\u{978}'..='\u{97f}'
            | '\u{995}'..='\u{9b9}' | '\u{9dc}'..='\u{9df}' | '\u{9f0}'..='\u{9f1}'
            | '\u{a95}'..='\u{ab9}' | '\u{af9}'
            | '\u{b15}'..='\u{b39}' | '\u{b5c}'..='\u{b5f}' | '\u{b71}'
            | '\u{c15}'..='\u{c39}' | '\u{c58}'..='\u{c5a}'
            | '\u{d15}'..='\u{d3a}'
    )
}

#[cfg(test)]
mod tests {
    use super::{graphemes, safe_prefix};

    #[test]
    fn what_counts_as_one() {
        for (text, count) in
            [("", 0), ("abc", 3), ("e\u{301}", 1), ("🇩🇪🇫🇷", 2), ("👨‍👩‍👧", 1), ("\r\n", 1), ("क्षि", 2), ("नि", 1)]
        {
            assert_eq!(graphemes(text).count(), count, "{text:?}");
        }
    }

    #[test]
    fn a_prefix_that_may_still_change_is_cut() {
        for (text, prefix) in
            [("a-", "a-"), ("ab", "a"), ("v1", "v"), ("", ""), ("x ", "x "), ("arn:", "arn:")]
        {
            assert_eq!(safe_prefix(text), prefix, "{text:?}");
        }
    }
}
