//! Native syntax to our tree, along the tokens.
//!
//! Bodies and leaves of expressions (literals, templates, names, plain traversals, tuples, objects and calls) are read off
//! the tokens, whose grammar was checked before. Everything else goes through `hcl::edit`: see [`compound`].
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rule of the grammar names the tokens that it is about"
)]

use std::cell::Cell;
use std::ops::Range;

use ecow::EcoString;

use super::ast::{
    Attribute, Block, Body, Comment, Expr, ExprKind, File, Label, ObjectItem, Step, StepKind, TemplatePart,
    Traversal,
};
use super::check::{self, Tokens, Whole};
use super::literal::{self, Piece, Pieces, Quoting};
use super::place::Place;
use super::scan::{self, Kind, Start, Token};
use super::{Parsed, compound};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::number::Number;
use crate::source::{SourceFile, Span};

/// The byte order mark, which Terraform skips.
pub(super) const BOM: &str = "\u{feff}";

/// The size beyond which a file is not parsed: eight times the largest that was found in public code. It bounds
/// the time and the memory that one file can take.
pub(super) const MAX_FILE_BYTES: usize = 1 << 20;

/// Parses a file in native syntax.
pub(super) fn parse(file: &SourceFile) -> Parsed {
    let (place, text) = whole(file);
    let source = Source::new(place, text, Start::Code);
    let (body, diagnostics) = match source.read(Whole::Body, |lower| lower.body(&mut 0)) {
        Ok(body) => (body, Vec::new()),
        Err(diagnostics) => (Body::default(), diagnostics),
    };
    let complete = diagnostics.is_empty();
    Parsed { file: File { id: file.id, body, comments: source.comments() }, diagnostics, complete }
}

/// Parses a file that is one expression.
pub(super) fn parse_expression(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let (place, text) = whole(file);
    expression(place, text)
}

/// Parses a file that is a template as a whole.
pub(super) fn parse_template(file: &SourceFile) -> Result<Expr, Vec<Diagnostic>> {
    let (place, text) = whole(file);
    template(place, text)
}

/// Parses a text that is one expression.
pub(super) fn expression(place: Place<'_>, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    Source::new(place, text, Start::Code).read(Whole::Expression, |lower| lower.expr(0..lower.end()))
}

/// Parses a text that is a template.
pub(super) fn template(place: Place<'_>, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    Source::new(place, text, Start::Template).read(Whole::Template, |lower| {
        lower.template(0..lower.end(), Quoting::Bare, Indent::Kept, place.span(0..text.len()))
    })
}

/// The text of a file without its byte order mark.
fn whole(file: &SourceFile) -> (Place<'_>, &str) {
    let text = file.text.strip_prefix(BOM).unwrap_or(&file.text);
    (Place { file, base: (file.text.len() - text.len()) as u32, escapes: &[] }, text)
}

/// A text and its tokens.
struct Source<'a> {
    place: Place<'a>,
    text: &'a str,
    /// None: the file is too large.
    tokens: Option<Vec<Token>>,
}

impl<'a> Source<'a> {
    fn new(place: Place<'a>, text: &'a str, start: Start) -> Source<'a> {
        let tokens = (text.len() <= MAX_FILE_BYTES).then(|| scan::scan(text, start));
        Source { place, text, tokens }
    }

    fn comments(&self) -> Vec<Comment> {
        let tokens = self.tokens.iter().flatten();
        let comments = tokens.filter(|token| token.kind == Kind::Comment).map(|token| {
            let range = token.start as usize..token.end as usize;
            let text = self.text.get(range.clone()).unwrap_or("").trim_end_matches(['\n', '\r']);
            Comment { span: self.place.span(range.start..range.start + text.len()) }
        });
        comments.collect()
    }

    /// Has `lower` make our tree of the text, or says why not.
    fn read<T>(&self, whole: Whole, lower: impl FnOnce(&Lower<'_>) -> T) -> Result<T, Vec<Diagnostic>> {
        let Some(tokens) = &self.tokens else { return Err(vec![self.too_large()]) };
        let tokens = Tokens { place: self.place, text: self.text, tokens };
        let found = check::check(tokens, whole);
        if !found.diagnostics.is_empty() {
            return Err(found.diagnostics);
        }
        if let Some(deep) = found.too_deep {
            return Err(vec![self.not_understood(TOO_DEEP, deep)]);
        }
        let context = Lower { source: tokens, closings: closings(tokens.tokens), problem: Cell::new(None) };
        let lowered = lower(&context);
        match context.problem.take() {
            None => Ok(lowered),
            Some((problem, range)) => Err(vec![self.not_understood(problem, range)]),
        }
    }

    fn not_understood(&self, detail: &str, at: Range<usize>) -> Diagnostic {
        Diagnostic {
            summary: "Syntax not understood by ssmlint".to_owned(),
            detail: detail.to_owned(),
            span: Some(self.place.span(at)),
            kind: DiagnosticKind::NotUnderstood,
        }
    }

    fn too_large(&self) -> Diagnostic {
        let detail = format!(
            "The file has {} bytes. ssmlint parses files of up to {MAX_FILE_BYTES} bytes.",
            self.text.len()
        );
        Diagnostic { summary: "File too large for ssmlint".to_owned(), ..self.not_understood(&detail, 0..0) }
    }
}

pub(super) const TOO_DEEP: &str =
    "The code is nested deeper than 64 levels, the limit of ssmlint. The file is not checked.";
pub(super) const BAD_NUMBER: &str = "The number has more than 40,000 digits or a power of ten beyond 131,072, the limits \
                                      of ssmlint. The file is not checked.";

/// Whether a heredoc keeps its indent (`<<`) or loses it (`<<-`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Indent {
    Kept,
    Flushed,
}

/// An element of a template.
enum Element {
    /// Literal text, as a range of bytes.
    Literal(Range<usize>),
    /// A `${…}` or `%{…}`.
    Sequence {
        kind: Kind,
        /// The tokens in it.
        inner: Range<usize>,
        strip_before: bool,
        strip_after: bool,
    },
}

/// The tokens of a text, from which a tree is made. Their grammar was checked.
pub(super) struct Lower<'a> {
    source: Tokens<'a>,
    /// For each token that opens something the index of the one that closes it.
    closings: Vec<u32>,
    /// What forbids to use the tree, and where.
    problem: Cell<Option<(&'static str, Range<usize>)>>,
}

impl<'a> Lower<'a> {
    /// Takes note of what forbids to use the tree.
    pub(super) fn problem(&self, what: &'static str, range: Range<usize>) {
        self.problem.set(Some((what, range)));
    }

    /// The index of the end token.
    fn end(&self) -> usize {
        self.source.tokens.len() - 1
    }

    /// The token of an index; past the end it is the end.
    pub(super) fn token(&self, at: usize) -> Token {
        self.source.tokens[at.min(self.end())]
    }

    /// The text of a token.
    pub(super) fn slice(&self, token: Token) -> &'a str {
        self.source.slice(token)
    }

    /// The text of a range of bytes.
    pub(super) fn text(&self, range: Range<usize>) -> &'a str {
        self.source.text.get(range).unwrap_or("")
    }

    /// The span of a range of bytes.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.source.place.span(range)
    }

    /// The bytes from the first to the last of some tokens.
    pub(super) fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let last = self.token(tokens.end.saturating_sub(1));
        self.token(tokens.start).start as usize..last.end as usize
    }

    fn token_span(&self, token: Token) -> Span {
        self.span(token.start as usize..token.end as usize)
    }

    /// Whether a token is that word.
    pub(super) fn is_word(&self, at: usize, word: &str) -> bool {
        let token = self.token(at);
        token.kind == Kind::Ident && self.slice(token) == word
    }

    /// The index of the first token from `at` on that is no comment and no line break.
    pub(super) fn past_blanks(&self, mut at: usize) -> usize {
        while matches!(self.token(at).kind, Kind::Comment | Kind::Newline) {
            at += 1;
        }
        at
    }

    /// The index of the token that closes what the one at `open` opens.
    fn closing(&self, open: usize) -> usize {
        self.closings.get(open).map_or(self.end(), |close| *close as usize)
    }

    /// The index after the last token of the expression that starts at `first` and ends with its line or with what is
    /// around it.
    fn expression_end(&self, first: usize) -> usize {
        let mut at = first;
        loop {
            let token = self.token(at);
            let ends = match token.kind {
                Kind::Newline | Kind::End => true,
                Kind::Comment => self.slice(token).ends_with('\n'),
                kind if kind.opens() => {
                    at = self.closing(at);
                    false
                }
                kind => kind.closes(),
            };
            if ends {
                return at;
            }
            at += 1;
        }
    }

    // Bodies

    /// The body whose tokens start at `next`, which is left at the token that ends it.
    fn body(&self, next: &mut usize) -> Body {
        let mut body = Body::default();
        loop {
            *next = self.past_blanks(*next);
            let token = self.token(*next);
            if token.kind != Kind::Ident {
                let end = token.start as usize;
                body.end = Some(self.span(end..end));
                return body;
            }
            let after = self.past_blanks(*next + 1);
            if self.token(after).kind == Kind::Equal {
                let end = self.expression_end(after + 1);
                let expr = self.expr(after + 1..end);
                let name_span = self.token_span(token);
                let span = name_span.to(expr.span);
                body.attributes.push(Attribute { name: self.slice(token).into(), name_span, span, expr });
                *next = end;
            } else {
                body.blocks.push(self.block(next));
            }
        }
    }

    fn block(&self, next: &mut usize) -> Block {
        let block_type = self.token(*next);
        let type_span = self.token_span(block_type);
        let mut labels: Vec<Label> = Vec::new();
        loop {
            *next = self.past_blanks(*next + 1);
            let token = self.token(*next);
            match token.kind {
                Kind::Ident => {
                    labels.push(Label { text: self.slice(token).into(), span: self.token_span(token) });
                }
                Kind::OpenQuote => {
                    let close = self.closing(*next);
                    let inside = token.end as usize..self.token(close).start as usize;
                    labels.push(Label {
                        text: literal::decode(self.text(inside), Quoting::Quoted).into(),
                        span: self.span(self.bytes(&(*next..close + 1))),
                    });
                    *next = close;
                }
                _ => break,
            }
        }
        let header = labels.last().map_or(type_span, |label| type_span.to(label.span));
        *next += 1;
        let body = self.body(next);
        let span = type_span.to(self.token_span(self.token(*next)));
        *next += 1;
        Block { block_type: self.slice(block_type).into(), type_span, labels, body, header, span }
    }

    // Expressions

    /// Without comments and line breaks on either side.
    fn trimmed(&self, mut tokens: Range<usize>) -> Range<usize> {
        tokens.start = self.past_blanks(tokens.start);
        while tokens.len() > 1 && matches!(self.token(tokens.end - 1).kind, Kind::Comment | Kind::Newline) {
            tokens.end -= 1;
        }
        tokens
    }

    /// The expression that is all there is in a range of tokens but comments and line breaks.
    fn expr(&self, tokens: Range<usize>) -> Expr {
        let tokens = self.trimmed(tokens);
        if self.leaf_end(tokens.start, tokens.end) == Some(tokens.end) {
            self.leaf(tokens)
        } else {
            compound::expr(self, tokens)
        }
    }

    /// The index after the leaf that starts at `at`, where an operand stands, if one does: a literal, a template, a tuple or
    /// object, a call, a name or a plain traversal, whose steps stand one after the other and whose keys are leaves. `end`
    /// is where the expression around it ends: in an object a parenthesis on the next line belongs to the next item.
    pub(super) fn leaf_end(&self, at: usize, end: usize) -> Option<usize> {
        let token = self.token(at);
        match token.kind {
            Kind::Number => Some(at + 1),
            Kind::OpenQuote | Kind::OpenHeredoc => Some(self.closing(at) + 1),
            Kind::OpenBracket | Kind::OpenBrace if !self.is_word(self.past_blanks(at + 1), "for") => {
                Some(self.closing(at) + 1)
            }
            Kind::Ident => {
                // Also of a keyword: `true(x)` calls a function.
                if let Some(arguments) = self.arguments(at).filter(|open| *open < end) {
                    return Some(self.closing(arguments) + 1);
                }
                if is_keyword(self.slice(token)) {
                    return Some(at + 1);
                }
                let mut last = at + 1;
                while let Some(next) = self.step_end(last, end) {
                    last = next;
                }
                Some(last)
            }
            _ => None,
        }
    }

    /// The index of the parenthesis that opens the arguments, when the name at `at` is a function's or its namespace's.
    fn arguments(&self, at: usize) -> Option<usize> {
        let mut next = self.past_blanks(at + 1);
        while self.token(next).kind == Kind::DoubleColon {
            next = self.past_blanks(self.past_blanks(next + 1) + 1);
        }
        (self.token(next).kind == Kind::OpenParen).then_some(next)
    }

    fn step_end(&self, at: usize, end: usize) -> Option<usize> {
        let (before, token, next) = (self.token(at - 1), self.token(at), self.token(at + 1));
        if token.start != before.end {
            return None;
        }
        match token.kind {
            Kind::Dot if next.start == token.end && matches!(next.kind, Kind::Ident | Kind::Number) => {
                Some(at + 2)
            }
            Kind::OpenBracket => {
                let close = if next.kind == Kind::Star { at + 2 } else { self.leaf_end(at + 1, end)? };
                (self.token(close).kind == Kind::CloseBracket).then_some(close + 1)
            }
            _ => None,
        }
    }

    /// The leaf that these tokens are.
    pub(super) fn leaf(&self, tokens: Range<usize>) -> Expr {
        let first = self.token(tokens.start);
        let span = self.span(self.bytes(&tokens));
        match first.kind {
            Kind::Number => self.number(first.start as usize..first.end as usize),
            Kind::OpenQuote => {
                self.template(tokens.start + 1..tokens.end - 1, Quoting::Quoted, Indent::Kept, span)
            }
            Kind::OpenHeredoc => {
                let close = self.token(tokens.end - 1);
                // The blanks after the end marker are no part of it.
                let after =
                    self.slice(close).len() - self.slice(close).trim_end_matches(literal::is_space).len();
                let span = self.span(first.start as usize..close.end as usize - after);
                let is_flushed = self.slice(first).starts_with("<<-");
                let indent = if is_flushed { Indent::Flushed } else { Indent::Kept };
                self.template(tokens.start + 1..tokens.end - 1, Quoting::Bare, indent, span)
            }
            Kind::OpenBracket => {
                let items = self.items(tokens.start + 1..tokens.end - 1);
                let items = items.into_iter().map(|item| self.expr(item)).collect();
                Expr { kind: ExprKind::Tuple(items), span }
            }
            Kind::OpenBrace => {
                let items = self.items(tokens.start + 1..tokens.end - 1);
                let items = items.into_iter().map(|item| self.object_item(item)).collect();
                Expr { kind: ExprKind::Object(items), span }
            }
            _ if self.token(tokens.end - 1).kind == Kind::CloseParen => self.call(tokens, span),
            _ if tokens.len() > 1 => {
                let mut traversal = Traversal {
                    root: self.slice(first).into(),
                    root_span: self.token_span(first),
                    steps: Vec::with_capacity(tokens.len() / 2),
                };
                let mut at = tokens.start + 1;
                while at < tokens.end {
                    let end = self.step_end(at, tokens.end).unwrap_or(tokens.end);
                    traversal.steps.push(self.step(at..end));
                    at = end;
                }
                Expr { kind: ExprKind::Traversal(traversal), span }
            }
            _ => match self.slice(first) {
                "null" => Expr { kind: ExprKind::Null, span },
                "true" => Expr { kind: ExprKind::Bool(true), span },
                "false" => Expr { kind: ExprKind::Bool(false), span },
                _ => self.name_alone(tokens.start),
            },
        }
    }

    fn call(&self, tokens: Range<usize>, span: Span) -> Expr {
        let open = self.arguments(tokens.start).unwrap_or(tokens.start);
        let mut name = EcoString::new();
        let mut name_span = self.token_span(self.token(tokens.start));
        let parts = (tokens.start..open).map(|at| self.token(at));
        for part in parts.filter(|token| !matches!(token.kind, Kind::Comment | Kind::Newline)) {
            name.push_str(self.slice(part));
            name_span = name_span.to(self.token_span(part));
        }
        let mut items = self.items(open + 1..tokens.end - 1);
        let mut expand_final = false;
        if let Some(last) = items.last_mut() {
            let trimmed = self.trimmed(last.clone());
            expand_final = self.token(trimmed.end - 1).kind == Kind::Ellipsis;
            *last = trimmed.start..trimmed.end - usize::from(expand_final);
        }
        let args = items.into_iter().map(|item| self.expr(item)).collect();
        Expr { kind: ExprKind::Call { name, name_span, args, expand_final }, span }
    }

    /// The items of a tuple or an object or the arguments of a call, between what separates them.
    fn items(&self, tokens: Range<usize>) -> Vec<Range<usize>> {
        // Most items are short; of long ones there are few.
        let mut items = Vec::with_capacity((tokens.len() / 2 + 1).min(8));
        // Line breaks separate the items of an object; elsewhere they stand before or after one, or within.
        let is_object = self.token(tokens.start - 1).kind == Kind::OpenBrace;
        let mut start = self.past_blanks(tokens.start);
        let mut at = start;
        while at < tokens.end {
            let token = self.token(at);
            let ends = match token.kind {
                kind if kind.opens() => {
                    at = self.closing(at);
                    false
                }
                Kind::Comma => true,
                Kind::Newline => is_object,
                Kind::Comment => is_object && self.slice(token).ends_with('\n'),
                _ => false,
            };
            at += 1;
            if ends {
                items.push(start..at - 1);
                start = self.past_blanks(at);
                at = start;
            }
        }
        if start < tokens.end {
            items.push(start..tokens.end);
        }
        items
    }

    fn object_item(&self, tokens: Range<usize>) -> ObjectItem {
        let mut conditionals = 0;
        let mut separator = tokens.start;
        while separator < tokens.end {
            match self.token(separator).kind {
                kind if kind.opens() => separator = self.closing(separator),
                Kind::Question => conditionals += 1,
                Kind::Colon if conditionals > 0 => conditionals -= 1,
                Kind::Equal | Kind::Colon => break,
                _ => {}
            }
            separator += 1;
        }
        let key = self.trimmed(tokens.start..separator);
        let first = self.token(key.start);
        let key = match first.kind {
            // As a key, a keyword is a plain name.
            Kind::Ident if key.len() == 1 => self.name_alone(key.start),
            Kind::OpenParen if self.closing(key.start) + 1 == key.end => Expr {
                kind: ExprKind::Parens(Box::new(self.expr(key.start + 1..key.end - 1))),
                span: self.span(self.bytes(&key)),
            },
            _ => self.expr(key),
        };
        ObjectItem { key, value: self.expr(separator + 1..tokens.end) }
    }

    fn step(&self, tokens: Range<usize>) -> Step {
        let span = self.span(self.bytes(&tokens));
        let is_index = self.token(tokens.start).kind == Kind::OpenBracket;
        let inner = self.token(tokens.start + 1);
        let kind = match inner.kind {
            Kind::Star => StepKind::FullSplat,
            Kind::Ident if !is_index => StepKind::Attr(self.slice(inner).into()),
            _ if is_index => StepKind::Index(Box::new(self.leaf(tokens.start + 1..tokens.end - 1))),
            _ => StepKind::Index(Box::new(self.leaf(tokens.start + 1..tokens.end))),
        };
        Step { kind, span }
    }

    /// A name without steps, a keyword too.
    pub(super) fn name_alone(&self, at: usize) -> Expr {
        let token = self.token(at);
        let span = self.token_span(token);
        let root = self.slice(token).into();
        Expr { kind: ExprKind::Traversal(Traversal { root, root_span: span, steps: Vec::new() }), span }
    }

    /// The number literal in a range of bytes.
    pub(super) fn number(&self, range: Range<usize>) -> Expr {
        let kind = match Number::parse(self.text(range.clone())) {
            Some(number) => ExprKind::Number(number),
            None => {
                self.problem(BAD_NUMBER, range.clone());
                ExprKind::Null
            }
        };
        Expr { kind, span: self.span(range) }
    }

    // Templates

    /// The string or template whose inside these tokens are.
    fn template(&self, tokens: Range<usize>, quoting: Quoting, indent: Indent, span: Span) -> Expr {
        let is_text = |token: &Token| matches!(token.kind, Kind::Quoted | Kind::Text);
        let kept = indent == Indent::Kept;
        if kept && self.source.tokens[tokens.clone()].iter().all(is_text) {
            let text = if tokens.is_empty() { "" } else { self.text(self.bytes(&tokens)) };
            return Expr {
                kind: ExprKind::String(literal::normalise(&literal::decode(text, quoting))),
                span,
            };
        }
        let elements = self.elements(tokens);
        let mut pieces = Pieces::default();
        for element in &elements {
            match element {
                Element::Literal(range) => pieces.literal(self.text(range.clone()), quoting),
                Element::Sequence { strip_before, strip_after, .. } => {
                    pieces.sequence(*strip_before, *strip_after);
                }
            }
        }
        if !kept {
            pieces.flush();
        }
        let mut pieces = pieces.finish().into_iter();
        let mut parts = self.parts(&mut elements.as_slice(), &mut pieces);
        let kind = match parts.pop() {
            None => ExprKind::String(Default::default()),
            Some(TemplatePart::Literal(text, _)) if parts.is_empty() => ExprKind::String(text),
            Some(last) => {
                parts.push(last);
                ExprKind::Template(parts)
            }
        };
        Expr { kind, span }
    }

    fn elements(&self, tokens: Range<usize>) -> Vec<Element> {
        let mut elements = Vec::new();
        let mut at = tokens.start;
        while at < tokens.end {
            let token = self.token(at);
            if !token.kind.opens() {
                let range = token.start as usize..token.end as usize;
                match elements.last_mut() {
                    Some(Element::Literal(before)) => before.end = range.end,
                    _ => elements.push(Element::Literal(range)),
                }
                at += 1;
                continue;
            }
            let close = self.closing(at);
            elements.push(Element::Sequence {
                kind: token.kind,
                inner: at + 1..close,
                strip_before: self.slice(token).ends_with('~'),
                strip_after: self.slice(self.token(close)).starts_with('~'),
            });
            at = close + 1;
        }
        elements
    }

    /// The parts of a template up to its end, or up to the directive that ends or continues the one around it; takes the
    /// same from `pieces`.
    fn parts(&self, elements: &mut &[Element], pieces: &mut std::vec::IntoIter<Piece>) -> Vec<TemplatePart> {
        let mut parts = Vec::new();
        while let [element, rest @ ..] = *elements {
            match element {
                Element::Literal(range) => {
                    *elements = rest;
                    let mut text = String::new();
                    while let Some(Piece::Literal(piece)) = pieces.as_slice().first() {
                        text.push_str(piece);
                        pieces.next();
                    }
                    // Trimmed to nothing, it still makes the template a string.
                    let span = self.span(range.clone());
                    parts.push(TemplatePart::Literal(literal::normalise(&text), span));
                }
                Element::Sequence { kind: Kind::Interpolation, inner, .. } => {
                    *elements = rest;
                    pieces.next();
                    parts.push(TemplatePart::Interpolation(self.expr(inner.clone())));
                }
                Element::Sequence { inner, .. } => {
                    let keyword = self.past_blanks(inner.start);
                    let after = keyword + 1..inner.end;
                    match self.slice(self.token(keyword)) {
                        "if" => {
                            let if_true = self.directive(elements, pieces);
                            let if_false = match self.is_directive(elements, "else") {
                                true => self.directive(elements, pieces),
                                false => Vec::new(),
                            };
                            parts.push(TemplatePart::If { condition: self.expr(after), if_true, if_false });
                        }
                        "for" => {
                            let body = self.directive(elements, pieces);
                            let first = self.past_blanks(after.start);
                            let comma = self.past_blanks(first + 1);
                            let is_pair = self.token(comma).kind == Kind::Comma;
                            let last = if is_pair { self.past_blanks(comma + 1) } else { first };
                            let word_in = self.past_blanks(last + 1);
                            parts.push(TemplatePart::For {
                                key: is_pair.then(|| self.slice(self.token(first)).into()),
                                value: self.slice(self.token(last)).into(),
                                collection: self.expr(word_in + 1..after.end),
                                body,
                            });
                        }
                        _ => return parts,
                    }
                    // The `endif` or `endfor`.
                    if let [_, rest @ ..] = *elements {
                        *elements = rest;
                        pieces.next();
                    }
                }
            }
        }
        parts
    }

    /// The parts after a directive, up to the next one that belongs to it.
    fn directive(
        &self,
        elements: &mut &[Element],
        pieces: &mut std::vec::IntoIter<Piece>,
    ) -> Vec<TemplatePart> {
        *elements = elements.get(1..).unwrap_or_default();
        pieces.next();
        self.parts(elements, pieces)
    }

    fn is_directive(&self, elements: &[Element], word: &str) -> bool {
        matches!(elements.first(), Some(Element::Sequence { kind: Kind::Directive, inner, .. })
            if self.is_word(self.past_blanks(inner.start), word))
    }
}

/// For each token that opens something the index of the one that closes it; without one, of the last token.
fn closings(tokens: &[Token]) -> Vec<u32> {
    let mut closings = vec![tokens.len().saturating_sub(1) as u32; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind.opens() {
            open.push(at);
        } else if token.kind.closes()
            && let Some(opener) = open.pop()
        {
            closings[opener] = at as u32;
        }
    }
    closings
}

/// Whether a word is a literal where an operand stands.
fn is_keyword(word: &str) -> bool {
    matches!(word, "null" | "true" | "false")
}
