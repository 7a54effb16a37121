//! From offsets in a text to spans of the file it came from.

use std::ops::Range;

use crate::source::{SourceFile, Span};

/// Where a text stands in a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a SourceFile,
    /// The offset in the file at which the text starts.
    pub(super) base: u32,
    /// The escapes that were decoded to get the text, in order; empty for text that stands there as it is.
    pub(super) escapes: &'a [Escape],
}

/// An escape that is longer in the file than in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escape {
    /// The offset in the text after what the escape stands for.
    pub(super) after: u32,
    /// How many bytes the file has more than the text up to there.
    pub(super) excess: u32,
}

impl Place<'_> {
    /// The span of a range of the text.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file.id, start: self.offset(range.start), end: self.offset(range.end) }
    }

    fn offset(&self, at: usize) -> u32 {
        let at = at as u32;
        if self.escapes.is_empty() {
            return self.base + at;
        }
        let before = self.escapes.partition_point(|escape| escape.after <= at);
        let excess = before.checked_sub(1).map_or(0, |last| self.escapes[last].excess);
        self.base + at + excess
    }
}
