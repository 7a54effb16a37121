//! A file as lines: indentation, line breaks, and the columns that `terraform fmt` keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Edit;
use crate::source::{SourceFile, Span};
use crate::syntax;
use crate::syntax::ast::{Attribute, Block, Body, File};

/// A parsed file that can be edited.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: Arc<SourceFile>,
    pub(super) tree: File,
    /// The line break that the file uses.
    pub(super) eol: &'static str,
    pub(super) is_json: bool,
}

impl Document {
    /// Parses a file; none when it is not wholly understood.
    pub(super) fn new(file: Arc<SourceFile>) -> Option<Document> {
        let parsed = syntax::parse(&file);
        let eol = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
        let is_json = file.path.extension().is_some_and(|extension| extension == "json");
        parsed.complete.then_some(Document { file, tree: parsed.file, eol, is_json })
    }

    pub(super) fn edit(&self, start: usize, end: usize, text: impl Into<String>) -> Edit {
        let span = Span { file: self.file.id, start: start as u32, end: end as u32 };
        Edit { span, text: text.into() }
    }

    pub(super) fn text(&self, start: usize, end: usize) -> &str {
        self.file.text.get(start..end).unwrap_or("")
    }

    /// The line of an offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> u32 {
        self.file.position(offset as u32).line
    }

    pub(super) fn line_start(&self, line: u32) -> usize {
        let starts = self.file.line_starts();
        starts.get(line as usize - 1).map_or(self.file.text.len(), |start| *start as usize)
    }

    /// Where a line ends, without its line break.
    pub(super) fn line_end(&self, line: u32) -> usize {
        self.line_start(line) + self.file.line(line).len()
    }

    pub(super) fn last_line(&self) -> u32 {
        self.file.line_starts().len() as u32
    }

    /// The white space that a line begins with.
    pub(super) fn indent(&self, line: u32) -> &str {
        let text = self.file.line(line);
        &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
    }

    pub(super) fn is_blank(&self, line: u32) -> bool {
        self.file.line(line).trim().is_empty()
    }

    /// Whether only white space stands before an offset in its line.
    pub(super) fn begins_line(&self, offset: usize) -> bool {
        self.text(self.line_start(self.line_of(offset)), offset)
            .trim_start_matches('\u{feff}')
            .trim()
            .is_empty()
    }

    /// Whether only white space or one comment follows an offset in its line.
    pub(super) fn ends_line(&self, offset: usize) -> bool {
        let end = self.line_end(self.line_of(offset));
        let rest = self.text(offset, end);
        let start = offset + (rest.len() - rest.trim_start().len());
        rest.trim().is_empty()
            || self.tree.comments.iter().any(|comment| {
                comment.span.start as usize == start
                    && comment.span.end as usize == offset + rest.trim_end().len()
            })
    }

    /// The end of a construct without the line break that the end of a heredoc includes.
    pub(super) fn end_of(&self, span: Span) -> usize {
        self.text(0, span.end as usize).trim_end_matches(['\n', '\r']).len()
    }

    /// The block at a place.
    pub(super) fn block(&self, span: Span) -> Option<&Block> {
        fn find(body: &Body, span: Span) -> Option<&Block> {
            let block = body.blocks.iter().find(|block| block.span.contains(span))?;
            if block.span == span { Some(block) } else { find(&block.body, span) }
        }
        find(&self.tree.body, span)
    }

    /// The argument at a place.
    pub(super) fn attribute(&self, span: Span) -> Option<&Attribute> {
        fn find(body: &Body, span: Span) -> Option<&Attribute> {
            let own = body.attributes.iter().find(|attribute| attribute.span == span);
            own.or_else(|| find(&body.blocks.iter().find(|block| block.span.contains(span))?.body, span))
        }
        find(&self.tree.body, span)
    }

    /// Where the brace stands that opens a block.
    pub(super) fn open_brace(&self, block: &Block) -> Option<usize> {
        let start = block.header.end as usize;
        self.text(start, block.span.end as usize).find('{').map(|at| start + at)
    }

    /// How `name = ` is written on a new line after the line of `anchor`, so that the arguments above keep their
    /// column: the text before the value, and whether a blank line must come first.
    ///
    /// `anchor` is the last of `names`: places of names and ends of values of all arguments of the body.
    pub(super) fn column(&self, items: &[Line], anchor: usize, name: &str) -> (String, bool) {
        let mut chain: Vec<&Line> = Vec::new();
        let mut line = self.line_of(items[anchor].start);
        if line == self.line_of(items[anchor].end) {
            for item in items[..=anchor].iter().rev() {
                let (first, last) = (self.line_of(item.start), self.line_of(item.end));
                if first != line || last != line || !self.begins_line(item.start) {
                    break;
                }
                chain.push(item);
                line -= 1;
            }
        }
        let Some(widest) = chain.iter().map(|item| width(self.text(item.start, item.name_end))).max() else {
            return (format!("{name} = "), false);
        };
        let is_aligned = chain.iter().all(|item| {
            let gap = self.text(item.name_end, item.value_start);
            let pad = widest - width(self.text(item.start, item.name_end)) + 1;
            gap.len() == pad + 2 && gap.trim() == "=" && gap.ends_with("= ")
        });
        if is_aligned && width(name) <= widest {
            (format!("{name:<widest$} = "), false)
        } else {
            (format!("{name} = "), true)
        }
    }

    /// Adds what keeps trailing comments in their column where edits change the width of the code before them.
    pub(super) fn align_comments(&self, edits: &mut Vec<Edit>) {
        let own: Vec<&Edit> = edits.iter().filter(|edit| edit.span.file == self.file.id).collect();
        let mut growth: BTreeMap<u32, isize> = BTreeMap::new();
        for edit in own {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            let line = self.line_of(start);
            let old = self.text(start, end);
            if !edit.text.contains('\n') && !old.contains('\n') {
                *growth.entry(line).or_default() += width(&edit.text) as isize - width(old) as isize;
            }
        }
        if growth.values().all(|growth| *growth == 0) {
            return;
        }
        // The code before the comment: its end, and where the comment starts.
        let trailing: BTreeMap<u32, (usize, usize)> = self
            .tree
            .comments
            .iter()
            .filter_map(|comment| {
                let start = comment.span.start as usize;
                let line = self.line_of(start);
                let before = self.text(self.line_start(line), start).trim_end();
                let ends = self.line_end(line) == comment.span.end as usize;
                (ends && !before.trim().is_empty())
                    .then(|| (line, (self.line_start(line) + before.len(), start)))
            })
            .collect();
        let mut done: u32 = 0;
        let mut more = Vec::new();
        for line in growth.keys().copied().filter(|line| trailing.contains_key(line)) {
            if line <= done {
                continue;
            }
            let first =
                (1..line).rev().take_while(|above| trailing.contains_key(above)).last().unwrap_or(line);
            let chain: Vec<u32> = (first..).take_while(|below| trailing.contains_key(below)).collect();
            done = chain.last().copied().unwrap_or(line);
            let code = |line: u32| {
                let (end, comment) = trailing[&line];
                (width(self.text(self.line_start(line), end)), end, comment)
            };
            let widest = chain.iter().map(|line| code(*line).0).max().unwrap_or_default();
            let is_aligned = chain.iter().all(|line| {
                let (width, end, comment) = code(*line);
                comment - end == widest - width + 1
            });
            let grown = |line: u32| {
                (code(line).0 as isize + growth.get(&line).copied().unwrap_or_default()).max(0) as usize
            };
            let new_widest = chain.iter().map(|line| grown(*line)).max().unwrap_or_default();
            for line in chain.iter().copied().filter(|_| is_aligned) {
                let (_, end, comment) = code(line);
                let pad = new_widest - grown(line) + 1;
                if pad != comment - end {
                    more.push(self.edit(end, comment, " ".repeat(pad)));
                }
            }
        }
        edits.extend(more);
    }
}

/// An argument or an entry of an object, by offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Where it begins.
    pub(super) start: usize,
    /// Where its name or key ends.
    pub(super) name_end: usize,
    /// Where its value begins.
    pub(super) value_start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// Columns that a text takes.
fn width(text: &str) -> usize {
    text.chars().count()
}
