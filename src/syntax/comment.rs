//! Comments that speak to ssmlint, each with the code that it stands on.
//!
//! A file is looked at only when it holds the word, so that comments cost nothing elsewhere. What a comment says is
//! not read here.

use super::ast::{Body, Comment};
use crate::source::{SourceFile, Span};

/// A comment that holds the word asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The whole comment with its markers; in JSON syntax the string with its quotes.
    pub span: Span,
    /// What it says, without markers or quotes.
    pub text: String,
    /// Where the text starts in the file; none when it stands there with escapes.
    pub text_start: Option<u32>,
    /// What it stands on; none when nothing stands directly below it and no block is around it.
    pub target: Option<Target>,
    /// The headers of the blocks around it, innermost first.
    pub within: Vec<Span>,
}

/// The code that a comment stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A block or an argument as a whole.
    Node(Span),
    /// One line of an argument that has several.
    Line {
        /// The line without its line break.
        line: Span,
        /// The argument.
        argument: Span,
    },
}

impl Target {
    /// Whether it is about a place: one that starts in the block or argument, or that touches the line.
    pub fn covers(self, place: Span) -> bool {
        match self {
            Target::Node(node) => node.contains(place.at_start()) && place.start < node.end,
            Target::Line { line, argument } => {
                argument.contains(place) && place.start <= line.end && place.end >= line.start
            }
        }
    }
}

/// The comments of a file that hold a word, in source order. A directive in a string is none.
pub fn remarks(file: &SourceFile, word: &str) -> Vec<Remark> {
    if !file.text.contains(word) {
        return Vec::new();
    }
    let parsed = super::parse(file).file;
    let is_json = file.path.to_string_lossy().ends_with(".json");
    let nodes = Nodes::of(&parsed.body);
    let lines = if is_json { Lines::default() } else { Lines::of(file, &parsed.comments) };
    let speaking = parsed.comments.iter().filter(|comment| file.slice(comment.span).contains(word));
    speaking
        .map(|comment| {
            let span = comment.span;
            let (text, text_start) = if is_json { decoded(file, span) } else { inner(file, span) };
            let innermost = nodes.at(span.start);
            let target = if is_json {
                innermost.map(|at| Target::Node(nodes.all[at].span))
            } else {
                native_target(file, span, &nodes, &lines)
            };
            Remark { span, text, text_start, target, within: nodes.headers(innermost) }
        })
        .collect()
}

/// The text between the markers.
fn inner(file: &SourceFile, span: Span) -> (String, Option<u32>) {
    let whole = file.slice(span);
    let (start, text) = match whole.as_bytes() {
        [b'/', b'*', ..] => (2, whole[2..].strip_suffix("*/").unwrap_or(&whole[2..])),
        [b'/', b'/', ..] => (2, &whole[2..]),
        [] => (0, whole),
        _ => (1, &whole[1..]),
    };
    (text.to_owned(), Some(span.start + start))
}

fn decoded(file: &SourceFile, span: Span) -> (String, Option<u32>) {
    let literal = file.slice(span);
    let text: String = serde_json::from_str(literal).unwrap_or_default();
    let is_verbatim = literal.len() == text.len() + 2;
    (text, is_verbatim.then_some(span.start + 1))
}

fn native_target(file: &SourceFile, span: Span, nodes: &Nodes, lines: &Lines) -> Option<Target> {
    let (first, last) = (line_of(file, span.start), line_of(file, span.end));
    let beside = [(first, span.start), (last, u32::MAX)].into_iter().find_map(|(line, before)| {
        let code = lines.code.get(line).copied().flatten()?;
        // Code before the comment on its first line, or after it on its last one.
        (line == last || code < before).then_some(line)
    });
    let innermost = nodes.at(span.start);
    let line = match beside {
        Some(line) => line,
        None => {
            if let Some(block) = innermost.filter(|at| nodes.is_first(*at, span.start)) {
                return Some(Target::Node(nodes.all[block].span));
            }
            match lines.below.get(last + 1).copied().flatten() {
                Some(line) => line,
                None => return innermost.map(|at| Target::Node(nodes.all[at].span)),
            }
        }
    };
    let code = lines.code.get(line).copied().flatten()?;
    let at = nodes.at(code)?;
    let node = &nodes.all[at];
    if node.header.is_none() && line_of(file, node.span.start) != line {
        let start = file.line_starts().get(line).copied()?;
        let length = file.line(line as u32 + 1).len() as u32;
        let line = Span { file: file.id, start, end: start + length };
        return Some(Target::Line { line, argument: node.span });
    }
    Some(Target::Node(node.span))
}

/// The index of the line of an offset, from 0.
fn line_of(file: &SourceFile, offset: u32) -> usize {
    file.line_starts().partition_point(|start| *start <= offset).saturating_sub(1)
}

/// What stands on each line of a file in native syntax.
#[derive(Debug, Default)]
struct Lines {
    /// The first byte that is neither blank nor in a comment.
    code: Vec<Option<u32>>,
    /// The first line with code, from this one on, with nothing but lines of comments before it.
    below: Vec<Option<usize>>,
}

impl Lines {
    fn of(file: &SourceFile, comments: &[Comment]) -> Lines {
        let starts = file.line_starts();
        let mut code = vec![None; starts.len()];
        let mut remarked = vec![false; starts.len()];
        let mut comments = comments.iter().peekable();
        let mut line = 0;
        let mut at = 0;
        let bytes = file.text.as_bytes();
        while at < bytes.len() {
            while starts.get(line + 1).is_some_and(|start| *start as usize <= at) {
                line += 1;
            }
            if let Some(comment) = comments.next_if(|comment| comment.span.start as usize <= at) {
                let last = line_of(file, comment.span.end.saturating_sub(1).max(comment.span.start));
                remarked[line..=last.max(line)].fill(true);
                at = at.max(comment.span.end as usize);
                continue;
            }
            if !bytes[at].is_ascii_whitespace() && code[line].is_none() {
                code[line] = Some(at as u32);
            }
            at += 1;
        }
        let mut below = vec![None; starts.len()];
        for line in (0..starts.len()).rev() {
            below[line] = match code[line] {
                Some(_) => Some(line),
                None if remarked[line] => below.get(line + 1).copied().flatten(),
                None => None,
            };
        }
        Lines { code, below }
    }
}

/// A block or an argument.
#[derive(Debug)]
struct Node {
    span: Span,
    /// None for an argument.
    header: Option<Span>,
    /// Whether the block is about one thing; `locals` is about each of its arguments.
    is_unit: bool,
    parent: Option<usize>,
}

/// All blocks and arguments of a file by their start, outer ones first.
#[derive(Debug)]
struct Nodes {
    all: Vec<Node>,
}

impl Nodes {
    fn of(body: &Body) -> Nodes {
        let mut all = Vec::new();
        let mut bodies = vec![body];
        while let Some(body) = bodies.pop() {
            for block in &body.blocks {
                let is_unit = block.block_type != "locals";
                all.push(Node { span: block.span, header: Some(block.header), is_unit, parent: None });
                bodies.push(&block.body);
            }
            let arguments = body.attributes.iter();
            all.extend(arguments.map(|argument| Node {
                span: argument.span,
                header: None,
                is_unit: true,
                parent: None,
            }));
        }
        all.sort_by_key(|node| (node.span.start, std::cmp::Reverse(node.span.end)));
        let mut open: Vec<usize> = Vec::new();
        for index in 0..all.len() {
            let span = all[index].span;
            while open.last().is_some_and(|outer| !all[*outer].span.contains(span)) {
                open.pop();
            }
            all[index].parent = open.last().copied();
            open.push(index);
        }
        Nodes { all }
    }

    /// The innermost one around an offset.
    fn at(&self, offset: u32) -> Option<usize> {
        let mut at = self.all.partition_point(|node| node.span.start <= offset).checked_sub(1);
        while let Some(index) = at {
            if offset < self.all[index].span.end {
                return at;
            }
            at = self.all[index].parent;
        }
        None
    }

    /// Whether an offset stands in a block before everything else in it.
    fn is_first(&self, block: usize, offset: u32) -> bool {
        let node = &self.all[block];
        let inner = self.all.get(block + 1).filter(|inner| inner.parent == Some(block));
        node.header.is_some() && node.is_unit && inner.is_none_or(|inner| inner.span.start > offset)
    }

    fn headers(&self, innermost: Option<usize>) -> Vec<Span> {
        let mut headers = Vec::new();
        let mut at = innermost;
        while let Some(index) = at {
            headers.extend(self.all[index].header);
            at = self.all[index].parent;
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::source::FileId;

    /// The text of what each remark stands on, with `|` before and after for a line; `-` for nothing.
    fn targets(name: &str, text: &str) -> Vec<String> {
        let file = SourceFile::new(FileId(0), PathBuf::from(name), text.to_owned());
        let shown = |target: Option<Target>| match target {
            Some(Target::Node(span)) => {
                let text = file.slice(span);
                text.lines().next().unwrap_or_default().to_owned()
            }
            Some(Target::Line { line, .. }) => format!("|{}|", file.slice(line).trim()),
            None => "-".to_owned(),
        };
        remarks(&file, "hey").into_iter().map(|remark| shown(remark.target)).collect()
    }

    #[test]
    fn a_comment_stands_on_the_code_beside_or_directly_below() {
        let text = "# hey\n# more\nresource \"a\" \"b\" {\n  x = 1 # hey\n  /* hey */ y = 2\n\n  // hey\n  z = [\n    1, # hey\n    # hey\n    2,\n  ]\n\n  n { # hey\n    m = 1\n  }\n}\n";
        assert_eq!(
            targets("a.tf", text),
            ["resource \"a\" \"b\" {", "x = 1", "y = 2", "z = [", "|1, # hey|", "|2,|", "n { # hey"]
        );
    }

    #[test]
    fn the_first_thing_in_a_block_and_what_stands_alone_in_it_mean_the_block() {
        let text = "resource \"a\" \"b\" {\n  # hey\n  x = 1\n\n  # hey\n\n  y = 2\n  # hey\n}\nlocals {\n  # hey\n  x = 1\n}\n";
        let resource = "resource \"a\" \"b\" {";
        assert_eq!(targets("a.tf", text), [resource, resource, resource, "x = 1"]);
    }

    #[test]
    fn strings_hold_no_comments_and_nothing_below_is_nothing() {
        let text = "# hey\n\nlocals {\n  a = \"# hey\"\n  b = <<-T\n    # hey\n  T\n}\n# hey\n";
        assert_eq!(targets("a.tf", text), ["-", "-"]);
        assert!(targets("a.tf", "a = 1 # hi\n").is_empty());
    }

    #[test]
    fn json_comments_stand_for_their_block() {
        let text = r#"{"//": "hey", "resource": {"a": {"b": {"//": "hey \"you\"", "tags": {"//": "hey"}}}}}"#;
        let targets = targets("a.tf.json", text);
        assert_eq!(targets.len(), 2);
        assert_eq!(targets[0], "-");
        assert!(targets[1].starts_with("\"b\": {") || targets[1].starts_with("b\": {"), "{}", targets[1]);
    }

    #[test]
    fn many_comments_take_no_quadratic_time() {
        assert_eq!(targets("a.tf", &"# hey\n".repeat(40_000)).len(), 40_000);
    }
}
