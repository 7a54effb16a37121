//! What `hcl::edit` gets to see of a compound expression: as little as gives the same tree.
//!
//! Literals, templates, tuples, objects, calls and plain traversals are [leaves](Leaf): each is one short name here, and is
//! read off the tokens wherever the tree has that name. Comments and line breaks are gone. Most of the parser's time would go
//! into these; and it reads some of them differently from Terraform, refuses some, and takes quadratic time for others.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rule of the grammar names the tokens that it is about"
)]

use std::ops::Range;

use super::native::Lower;
use super::scan::{Kind, Token};

/// A text of the same shape as an expression.
pub(super) struct Shape {
    pub(super) text: String,
    /// The offset in the source of each byte of the text.
    from: Vec<u32>,
    /// In the order of the text.
    leaves: Vec<Leaf>,
}

/// A part of an expression that the tree shows as a name.
struct Leaf {
    /// Where the name stands in the text.
    at: usize,
    tokens: Range<usize>,
}

impl Shape {
    /// The shape of the expression that these tokens are.
    pub(super) fn of(lower: &Lower<'_>, tokens: Range<usize>) -> Shape {
        let mut build = Build {
            lower,
            shape: Shape { text: String::new(), from: Vec::new(), leaves: Vec::new() },
            end: tokens.end,
            is_operand: true,
        };
        let mut next = tokens.start;
        while next < tokens.end {
            next = build.token(next);
        }
        build.shape
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

    /// The tokens of the leaf whose name stands at an offset of the text.
    pub(super) fn leaf(&self, at: usize) -> Option<Range<usize>> {
        let found = self.leaves.binary_search_by_key(&at, |leaf| leaf.at).ok()?;
        self.leaves.get(found).map(|leaf| leaf.tokens.clone())
    }
}

struct Build<'b, 'a> {
    lower: &'b Lower<'a>,
    shape: Shape,
    /// Where the tokens of the expression end.
    end: usize,
    /// Whether an operand is to come, and not an operator or a step.
    is_operand: bool,
}

impl Build<'_, '_> {
    /// Adds what a token starts and gives the index of the next one.
    fn token(&mut self, at: usize) -> usize {
        let token = self.lower.token(at);
        if let Some(end) = self.is_operand.then(|| self.lower.leaf_end(at, self.end)).flatten() {
            self.leaf(at..end);
            self.is_operand = false;
            return end;
        }
        match token.kind {
            Kind::Newline | Kind::Comment => {}
            Kind::Dot => {
                self.copy(token);
                let name = self.lower.past_blanks(at + 1);
                let step = self.lower.token(name);
                // A legacy index is read from the source; some that Terraform takes are no number for the parser.
                if step.kind == Kind::Number {
                    self.name("1", step.start, step.end)
                } else {
                    self.copy(step)
                }
                self.is_operand = false;
                return name + 1;
            }
            // A tuple or object made by `for`.
            Kind::OpenBracket | Kind::OpenBrace if self.is_operand => {
                self.copy(token);
                return self.for_intro(self.lower.past_blanks(at + 1));
            }
            Kind::OpenBracket => {
                self.copy(token);
                let first = self.lower.past_blanks(at + 1);
                let star = self.lower.token(first);
                if star.kind == Kind::Star {
                    self.copy(star);
                    return first + 1;
                }
                self.is_operand = true;
            }
            kind if kind.closes() => {
                self.copy(token);
                self.is_operand = false;
            }
            Kind::Ellipsis => self.copy(token),
            // An opening parenthesis, an operator, a separator, or the `if` of a `for` expression.
            _ => {
                self.copy(token);
                self.is_operand = true;
            }
        }
        at + 1
    }

    /// From `for` to `in`: names that are declared here.
    fn for_intro(&mut self, mut at: usize) -> usize {
        self.copy(self.lower.token(at));
        at = self.lower.past_blanks(at + 1);
        self.copy(self.lower.token(at));
        at = self.lower.past_blanks(at + 1);
        if self.lower.token(at).kind == Kind::Comma {
            self.copy(self.lower.token(at));
            at = self.lower.past_blanks(at + 1);
            self.copy(self.lower.token(at));
            at = self.lower.past_blanks(at + 1);
        }
        self.copy(self.lower.token(at));
        at + 1
    }

    fn leaf(&mut self, tokens: Range<usize>) {
        let (start, end) = (self.lower.token(tokens.start).start, self.lower.token(tokens.end - 1).end);
        let number = self.shape.leaves.len().to_string();
        self.apart('x');
        self.shape.leaves.push(Leaf { at: self.shape.text.len(), tokens });
        self.push('x', start);
        self.name(&number, start, end);
    }

    /// Adds a text of ASCII characters whose last one stands for the end of a range.
    fn name(&mut self, text: &str, start: u32, end: u32) {
        self.shape.text.push_str(text);
        let last = self.shape.text.len() - 1;
        self.shape.from.resize(last, start);
        self.shape.from.push(end - 1);
    }

    fn push(&mut self, c: char, from: u32) {
        self.shape.text.push(c);
        self.shape.from.push(from);
    }

    fn copy(&mut self, token: Token) {
        let text = self.lower.slice(token);
        self.apart(text.chars().next().unwrap_or(' '));
        self.shape.text.push_str(text);
        self.shape.from.extend(token.start..token.end);
    }

    /// Keeps a token that starts with `next` apart from the one before: two words, and a minus sign, which may be part
    /// of a word.
    fn apart(&mut self, next: char) {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-') || !c.is_ascii();
        let last = self.shape.text.chars().next_back();
        if is_word(next) && last.is_some_and(is_word) {
            let from = self.shape.from.last().copied().unwrap_or(0);
            self.push(' ', from);
        }
    }
}
