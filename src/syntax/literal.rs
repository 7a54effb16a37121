//! Literal text as Terraform decodes it: escapes, strip markers, flush heredocs, NFC.

use std::borrow::Cow;

use ecow::EcoString;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use unicode_segmentation::UnicodeSegmentation;

/// Which escapes a literal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Between quotes: backslash escapes, `$${` and `%%{`.
    Quoted,
    /// In a heredoc or a bare template: `$${` and `%%{` only.
    Bare,
}

/// Decodes the escapes of literal text, as far as they are valid.
pub(super) fn decode(text: &str, quoting: Quoting) -> Cow<'_, str> {
    let is_special = |b: u8| b == b'$' || b == b'%' || (b == b'\\' && quoting == Quoting::Quoted);
    if !text.bytes().any(is_special) {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_special) {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (taken, replacement) = escape(rest, quoting);
        match replacement {
            Some(c) => decoded.push(c),
            None => decoded.push_str(&rest[..taken]),
        }
        rest = &rest[taken..];
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// The length of the escape at the start of `text` and what it stands for; None: itself.
fn escape(text: &str, quoting: Quoting) -> (usize, Option<char>) {
    if text.starts_with("$${") {
        // The brace is left to be copied as it is.
        return (2, Some('$'));
    }
    if text.starts_with("%%{") {
        return (2, Some('%'));
    }
    if quoting == Quoting::Bare || !text.starts_with('\\') {
        return (1, None);
    }
    let selector = text[1..].chars().next();
    match selector {
        Some('n') => (2, Some('\n')),
        Some('r') => (2, Some('\r')),
        Some('t') => (2, Some('\t')),
        Some('"') => (2, Some('"')),
        Some('\\') => (2, Some('\\')),
        Some('u') => code_point(text, 6),
        Some('U') => code_point(text, 10),
        Some(other) => (1 + other.len_utf8(), None),
        None => (1, None),
    }
}

fn code_point(text: &str, len: usize) -> (usize, Option<char>) {
    let digits = text.get(2..len).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32) {
        Some(c) => (len, Some(c)),
        None => (2, None),
    }
}

/// Terraform's strings are NFC.
pub(super) fn normalise(text: &str) -> EcoString {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        EcoString::from(text)
    } else {
        text.nfc().collect()
    }
}

/// One piece of a template, flat: what strip markers and indents are applied to.
#[derive(Debug)]
pub(super) enum Piece {
    /// Decoded text up to the end of a line or of the literal.
    Literal(String),
    /// An interpolation or a directive marker.
    Sequence,
}

/// The pieces of one template in source order, built up with strip markers applied.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: Vec<Piece>,
    trim_next: bool,
}

impl Pieces {
    /// Adds a literal as it stands in the source.
    pub(super) fn literal(&mut self, text: &str, quoting: Quoting) {
        match quoting {
            Quoting::Quoted => self.piece(text, quoting),
            // Each line is a piece of its own: a strip marker reaches to the end of its line, no further.
            Quoting::Bare => text.split_inclusive('\n').for_each(|line| self.piece(line, quoting)),
        }
    }

    fn piece(&mut self, text: &str, quoting: Quoting) {
        let decoded = decode(text, quoting);
        let trimmed = if self.trim_next { decoded.trim_start_matches(is_space) } else { &decoded };
        self.trim_next = false;
        self.pieces.push(Piece::Literal(trimmed.to_string()));
    }

    /// Adds an interpolation or directive marker with its strip markers.
    pub(super) fn sequence(&mut self, strip_before: bool, strip_after: bool) {
        if strip_before && let Some(Piece::Literal(text)) = self.pieces.last_mut() {
            text.truncate(text.trim_end_matches(is_space).len());
        }
        self.pieces.push(Piece::Sequence);
        self.trim_next = strip_after;
    }

    /// Takes the common indent off each line, as `<<-` asks.
    pub(super) fn flush(&mut self) {
        let mut indent = usize::MAX;
        let mut adjust = Vec::new();
        let mut line_start = true;
        for (i, piece) in self.pieces.iter().enumerate() {
            let Piece::Literal(text) = piece else {
                if line_start {
                    indent = 0;
                }
                line_start = false;
                continue;
            };
            if line_start {
                let trimmed = text.trim_start_matches(is_space);
                // A line of blanks does not count; one that was trimmed to nothing does.
                if !(trimmed.is_empty() && text.ends_with('\n')) {
                    indent = indent.min(text[..text.len() - trimmed.len()].graphemes(true).count());
                    adjust.push(i);
                }
            }
            line_start = text.ends_with('\n');
        }
        for i in adjust {
            if let Piece::Literal(text) = &mut self.pieces[i] {
                let cut = text.grapheme_indices(true).nth(indent).map_or(text.len(), |(at, _)| at);
                text.drain(..cut);
            }
        }
    }

    /// The finished pieces.
    pub(super) fn finish(self) -> Vec<Piece> {
        self.pieces
    }
}

/// Go's `unicode.IsSpace`.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode() {
        assert_eq!(decode(r"a\n\t\\\u00e9\U0001F600$${x}%%{y}$$z", Quoting::Quoted), "a\n\t\\é😀${x}%{y}$$z");
        assert_eq!(decode(r"a\n$${x}", Quoting::Bare), r"a\n${x}");
        assert_eq!(decode("$$${", Quoting::Bare), "$${");
    }

    #[test]
    fn strings_are_composed() {
        assert_eq!(normalise("e\u{301}"), "é");
    }
}
