//! What `hcl::edit` gets to see: as little of the source as gives the same tree.
//!
//! Half of its time goes into the characters of strings, comments and indents, and none of them change the shape of
//! the tree. Places in this text lead back to the source, where names, numbers and literals are read.

use std::ops::Range;

use super::scan::{Kind, Token};

/// A text of the same shape as a source.
pub(super) struct Shape {
    pub(super) text: String,
    /// The offset in the source of each byte of the text.
    from: Vec<u32>,
}

impl Shape {
    /// The shape of a source that was cut into these tokens, the last of which is its end. The bytes are read from
    /// `patched`, which is as long as the source.
    pub(super) fn of(patched: &str, tokens: &[Token]) -> Option<Shape> {
        let mut build = Build {
            source: patched.as_bytes(),
            text: Vec::with_capacity(patched.len()),
            from: Vec::with_capacity(patched.len()),
            run: 0..0,
        };
        build.tokens(tokens);
        build.flush();
        Some(Shape { text: String::from_utf8(build.text).ok()?, from: build.from })
    }

    /// The range of the source that a range of the text stands for; None when it is not within the text.
    pub(super) fn source(&self, range: Range<usize>) -> Option<Range<usize>> {
        let start = *self.from.get(range.start)? as usize;
        let last = range.end.checked_sub(1).filter(|last| *last >= range.start);
        match last {
            Some(last) => Some(start..*self.from.get(last)? as usize + 1),
            None => Some(start..start),
        }
    }
}

struct Build<'a> {
    source: &'a [u8],
    text: Vec<u8>,
    from: Vec<u32>,
    /// What stands in the source as it is to stand in the text, and is yet to be copied.
    run: Range<u32>,
}

impl Build<'_> {
    fn tokens(&mut self, tokens: &[Token]) {
        let mut end = 0;
        let mut next = 0;
        while let Some(token) = tokens.get(next) {
            next += 1;
            if token.kind == Kind::End {
                break;
            }
            if token.kind == Kind::Newline {
                self.line_break(*token);
            } else if token.kind == Kind::Comment {
                if self.source[token.end as usize - 1] == b'\n' {
                    self.line_break(Token { start: token.end - 1, ..*token });
                } else {
                    self.blank(token.start..token.start + 1, b'/');
                }
            } else {
                if token.start > end {
                    self.blank(end..token.start, self.source[token.start as usize]);
                }
                let opens = matches!(token.kind, Kind::OpenQuote | Kind::OpenHeredoc);
                if let Some(close) = opens.then(|| literal(tokens, next)).flatten() {
                    let last = tokens[close].end - 1;
                    self.push(token.start, b'"');
                    self.push(last, b'"');
                    next = close + 1;
                    end = last + 1;
                    continue;
                }
                self.copy(token.start..token.end);
            }
            end = token.end;
        }
    }

    fn push(&mut self, from: u32, byte: u8) {
        self.flush();
        self.text.push(byte);
        self.from.push(from);
    }

    fn copy(&mut self, range: Range<u32>) {
        if range.start == self.run.end {
            self.run.end = range.end;
        } else {
            self.flush();
            self.run = range;
        }
    }

    fn flush(&mut self) {
        let run = std::mem::take(&mut self.run);
        self.text.extend_from_slice(&self.source[run.start as usize..run.end as usize]);
        self.from.extend(run);
    }

    fn last(&self) -> Option<u8> {
        if self.run.is_empty() { self.text.last() } else { self.source.get(self.run.end as usize - 1) }
            .copied()
    }

    /// A line break that may mean something: after a bracket or a comma none does, and no second one.
    fn line_break(&mut self, token: Token) {
        if !matches!(self.last(), None | Some(b'\n' | b',' | b'(' | b'[')) {
            self.copy(token.start..token.end);
        }
    }

    /// Blanks or a comment, which may keep two tokens apart.
    fn blank(&mut self, range: Range<u32>, next: u8) {
        let is_one = range.len() == 1 && self.source[range.start as usize] == b' ';
        if is_one && self.run.end == range.start {
            self.run.end = range.end;
            return;
        }
        let after = matches!(self.last(), None | Some(b'\n' | b' ' | b',' | b'(' | b'[' | b'{' | b'='));
        let before = matches!(next, b',' | b')' | b']' | b'}' | b'=');
        if !after && !before {
            self.push(range.start, b' ');
        }
    }
}

/// The index of the token that ends the string or heredoc whose inside starts at `next`, when it has no template
/// sequence and is no key: the keys of an object must stay different.
fn literal(tokens: &[Token], next: usize) -> Option<usize> {
    let is_text = |token: &Token| matches!(token.kind, Kind::Quoted | Kind::Text);
    let close = next + tokens[next..].iter().position(|token| !is_text(token))?;
    let is_closed = matches!(tokens[close].kind, Kind::CloseQuote | Kind::CloseHeredoc);
    (is_closed && !is_assigned(tokens.get(close + 1))).then_some(close)
}

fn is_assigned(token: Option<&Token>) -> bool {
    token.is_some_and(|token| matches!(token.kind, Kind::Equal | Kind::Colon))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::scan::{self, Start};

    fn shape(source: &str) -> Shape {
        Shape::of(source, &scan::scan(source, Start::Code).tokens).expect("it is text")
    }

    #[test]
    fn only_what_makes_the_tree_is_left() {
        assert_eq!(
            shape("a   = \"xyz\" # c\n\n  b = [ # d\n  1, /* e */ 2 ]\n").text,
            "a= \"\"\nb = [1,2 ]\n"
        );
        assert_eq!(shape("a = b /* c */ - 1\n").text, "a = b - 1\n");
        assert_eq!(shape("a = <<E\n  b\nE\n").text, "a = \"\"\n");
        assert_eq!(shape("a = \"b ${c}\"\n").text, "a = \"b ${c}\"\n");
    }

    #[test]
    fn keys_of_objects_stay_different() {
        assert_eq!(shape("a = { \"b\" = \"c\", \"d\" : 1 }\n").text, "a = { \"b\" = \"\", \"d\" : 1 }\n");
    }

    #[test]
    fn places_lead_back_to_the_source() {
        let source = "a   = \"xyz\"\n  é = <<E\n  b\nE\n";
        let shape = shape(source);
        for (what, stands_for) in
            [("a", "a"), ("\"\"\né", "\"xyz\"\n  é"), ("é", "é"), ("= \"\"\n", "= \"xyz\"\n")]
        {
            let at = shape.text.find(what).expect("it is there");
            assert_eq!(&source[shape.source(at..at + what.len()).expect("a place")], stands_for);
        }
        let at = shape.text.rfind("\"\"").expect("the heredoc");
        assert_eq!(&source[shape.source(at..at + 2).expect("a place")], "<<E\n  b\nE");
        assert_eq!(shape.source(1_000..1_001), None);
    }
}
