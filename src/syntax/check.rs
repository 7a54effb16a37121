//! Whether Terraform accepts a text in native syntax, and what it says where it does not.
//!
//! This walks the tokens along the grammar and builds nothing. What it accepts the other modules take for granted;
//! `hcl::edit` accepts some of what Terraform refuses, and names neither place nor reason in Terraform's words. It stops
//! at the first error after which Terraform itself would only guess.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a rule of the grammar names what it takes, and refuses every other token"
)]

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::place::Place;
use super::scan::{Kind, Token};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// How deep blocks and expressions may nest, as in `hcl::edit`. Everything that walks the tree recurses, and must not
/// exhaust a stack.
const MAX_DEPTH: u32 = 64;

/// Errors of one text that are listed. A file of zero bytes has one for each byte; nobody reads more than the first.
pub(super) const MAX_DIAGNOSTICS: usize = 100;

/// Where the tokens of a text are and what stands under them.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) place: Place<'a>,
    pub(super) text: &'a str,
    /// Ends with [`Kind::End`].
    pub(super) tokens: &'a [Token],
}

impl<'a> Tokens<'a> {
    pub(super) fn slice(&self, token: Token) -> &'a str {
        self.text.get(token.start as usize..token.end as usize).unwrap_or("")
    }

    fn span(&self, token: Token) -> Span {
        self.place.span(token.start as usize..token.end as usize)
    }
}

/// What the text is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Body,
    Expression,
    Template,
}

/// What the walk found.
#[derive(Debug, Default)]
pub(super) struct Check {
    /// Terraform's errors in source order; empty when it accepts the text.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Where the text is nested deeper than the walk goes.
    pub(super) too_deep: Option<Range<usize>>,
}

/// Walks the tokens.
pub(super) fn check(tokens: Tokens<'_>, whole: Whole) -> Check {
    let mut walk =
        Walk { source: tokens, next: 0, newlines: whole == Whole::Body, depth: 0, found: Check::default() };
    walk.invalid_tokens();
    // Counted for themselves, so that many of them do not hide what the walk finds before them.
    let of_tokens = std::mem::take(&mut walk.found.diagnostics);
    let end = match whole {
        Whole::Body => walk.body(Kind::End, None),
        Whole::Expression => walk.whole_expression(),
        Whole::Template => walk.template(Kind::End),
    };
    // An early end has left its reason.
    let (Ok(()) | Err(Stop)) = end;
    walk.found.diagnostics.splice(0..0, of_tokens);
    walk.found.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    walk.found
}

/// Says that further errors are not listed, of which the first is here.
pub(super) fn too_many(at: Option<Span>) -> Diagnostic {
    let detail = format!("ssmlint lists the first {MAX_DIAGNOSTICS} errors of a file.");
    Diagnostic::invalid("Too many errors", detail, at)
}

/// The walk ends here: a diagnostic says why, or the text is too deep.
struct Stop;

type Step = Result<(), Stop>;

struct Walk<'a> {
    source: Tokens<'a>,
    next: usize,
    /// Whether line breaks mean something here.
    newlines: bool,
    depth: u32,
    found: Check,
}

/// The arguments of a body up to some place.
#[derive(Default)]
struct Names<'a> {
    /// The first ones, which are looked through: most bodies have no more.
    few: Vec<(&'a str, Token)>,
    many: FxHashMap<&'a str, Token>,
}

/// So many names are looked through faster than one is hashed.
const FEW: usize = 8;

impl<'a> Names<'a> {
    /// Adds a name; where it stands already, it stays, and its token comes back.
    fn add(&mut self, text: &'a str, name: Token) -> Option<Token> {
        if let Some((_, first)) = self.few.iter().find(|(known, _)| *known == text) {
            return Some(*first);
        }
        if self.few.len() < FEW {
            self.few.push((text, name));
            return None;
        }
        let first = *self.many.entry(text).or_insert(name);
        (first.start != name.start).then_some(first)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    If { has_else: bool },
    For,
}

impl<'a> Walk<'a> {
    fn report(&mut self, at: Token, summary: &str, detail: impl Into<String>) {
        let span = Some(self.source.span(at));
        let diagnostics = &mut self.found.diagnostics;
        if diagnostics.len() < MAX_DIAGNOSTICS {
            diagnostics.push(Diagnostic::invalid(summary, detail, span));
        } else if diagnostics.len() == MAX_DIAGNOSTICS {
            diagnostics.push(too_many(span));
        }
    }

    fn stop<T>(&mut self, at: Token, summary: &str, detail: impl Into<String>) -> Result<T, Stop> {
        self.report(at, summary, detail);
        Err(Stop)
    }

    /// The next token that means something; what is passed over here never means anything later.
    #[inline]
    fn peek(&mut self) -> Token {
        // The end is never read past.
        let token = self.source.tokens[self.next];
        match token.kind {
            Kind::Comment | Kind::Newline => self.past_blanks(),
            _ => token,
        }
    }

    #[inline(never)]
    fn past_blanks(&mut self) -> Token {
        loop {
            let token = self.source.tokens[self.next];
            let skip = match token.kind {
                Kind::Comment => !(self.newlines && self.source.slice(token).ends_with('\n')),
                Kind::Newline => !self.newlines,
                _ => return token,
            };
            if !skip {
                return Token { kind: Kind::Newline, ..token };
            }
            self.next += 1;
        }
    }

    fn kind(&mut self) -> Kind {
        self.peek().kind
    }

    fn read(&mut self) -> Token {
        let token = self.peek();
        if token.kind != Kind::End {
            self.next += 1;
        }
        token
    }

    fn word(&mut self, word: &str) -> bool {
        let token = self.peek();
        token.kind == Kind::Ident && self.source.slice(token) == word
    }

    /// Runs `inner` with line breaks ignored.
    fn across_lines<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        let before = std::mem::replace(&mut self.newlines, false);
        let result = inner(self);
        self.newlines = before;
        result
    }

    fn nested(&mut self, limit: u32, inner: impl FnOnce(&mut Self) -> Step) -> Step {
        if self.depth == limit {
            let at = self.peek();
            return self.too_deep(at);
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn too_deep<T>(&mut self, at: Token) -> Result<T, Stop> {
        self.found.too_deep = Some(at.start as usize..at.end as usize);
        Err(Stop)
    }

    fn invalid_tokens(&mut self) {
        let (mut bitwise, mut semicolons, mut backticks, mut apostrophes) = (0, 0, 0, 0);
        for token in self.source.tokens {
            match token.kind {
                Kind::Bitwise => {
                    bitwise += 1;
                    if bitwise <= 4 {
                        let hint = match self.source.slice(*token) {
                            "&" => " Did you mean boolean AND (\"&&\")?",
                            "|" => " Did you mean boolean OR (\"||\")?",
                            "~" => " Did you mean boolean NOT (\"!\")?",
                            _ => "",
                        };
                        let detail = format!("Bitwise operators are not supported.{hint}");
                        self.report(*token, "Unsupported operator", detail);
                    }
                }
                Kind::Semicolon => {
                    semicolons += 1;
                    if semicolons == 1 {
                        self.report(
                            *token,
                            "Invalid character",
                            "The \";\" character is not valid. Use newlines to separate arguments and blocks, \
                             and commas to separate items in collection values.",
                        );
                    }
                }
                Kind::Backtick => {
                    backticks += 1;
                    if backticks == 1 || backticks == 3 {
                        self.report(
                            *token,
                            "Invalid character",
                            "The \"`\" character is not valid. To create a multi-line string, use the \
                             \"heredoc\" syntax, like \"<<EOT\".",
                        );
                    }
                }
                Kind::Apostrophe => {
                    apostrophes += 1;
                    if apostrophes == 1 || apostrophes == 3 {
                        self.report(
                            *token,
                            "Invalid character",
                            "Single quotes are not valid. Use double quotes (\") to enclose strings.",
                        );
                    }
                }
                Kind::QuotedNewline => self.report(
                    *token,
                    "Invalid multi-line string",
                    "Quoted strings may not be split over multiple lines. To produce a multi-line string, \
                     either use the \\n escape to represent a newline character or use the \"heredoc\" \
                     multi-line template syntax.",
                ),
                Kind::Invalid => {
                    let detail = match self.source.slice(*token) {
                        "“" | "”" => {
                            "\"Curly quotes\" are not valid here. These can sometimes be inadvertently \
                             introduced when sharing code via documents or discussion forums. It might help \
                             to replace the character with a \"straight quote\"."
                        }
                        _ => "This character is not used within the language.",
                    };
                    self.report(*token, "Invalid character", detail);
                }
                _ => {}
            }
        }
    }

    // Bodies

    fn body(&mut self, end: Kind, open: Option<Token>) -> Step {
        let mut names = Names::default();
        loop {
            let token = self.peek();
            match token.kind {
                kind if kind == end => {
                    self.read();
                    return Ok(());
                }
                Kind::Newline => {
                    self.read();
                }
                Kind::Ident => {
                    self.read();
                    match self.kind() {
                        Kind::Equal => {
                            let result = self.attribute(false);
                            self.defined(&mut names, token);
                            result?;
                        }
                        Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => {
                            self.nested(MAX_DEPTH, |walk| walk.block())?
                        }
                        _ => return self.stop(token, "Argument or block definition required", NO_EQUALS),
                    }
                }
                Kind::OpenQuote => {
                    return self.stop(token, "Invalid argument name", "Argument names must not be quoted.");
                }
                Kind::End => {
                    return self.stop(open.unwrap_or(token), "Unclosed configuration block", UNCLOSED_BLOCK);
                }
                _ => {
                    let detail = "An argument or block definition is required here.";
                    return self.stop(token, "Argument or block definition required", detail);
                }
            }
        }
    }

    fn defined(&mut self, names: &mut Names<'a>, name: Token) {
        let text = self.source.slice(name);
        let Some(first) = names.add(text, name) else { return };
        let span = self.source.span(first);
        let start = self.source.place.file.position(span.start);
        let end = self.source.place.file.position(span.end);
        let path = self.source.place.file.path.display();
        let place = format!("{path}:{},{}-{}", start.line, start.column, end.column);
        let detail =
            format!("The argument {text:?} was already set at {place}. Each argument may be set only once.");
        self.report(name, "Attribute redefined", detail);
    }

    fn attribute(&mut self, single_line: bool) -> Step {
        self.read();
        self.expression()?;
        if single_line {
            return Ok(());
        }
        let end = self.peek();
        match end.kind {
            Kind::Newline => {
                self.read();
                Ok(())
            }
            Kind::End => Ok(()),
            Kind::Comma => self.stop(
                end,
                "Unexpected comma after argument",
                "Argument definitions must be separated by newlines, not commas. An argument definition must \
                 end with a newline.",
            ),
            _ => self.stop(
                end,
                "Missing newline after argument",
                "An argument definition must end with a newline.",
            ),
        }
    }

    /// A block after its type.
    fn block(&mut self) -> Step {
        let open = loop {
            let token = self.peek();
            match token.kind {
                Kind::OpenBrace => break self.read(),
                Kind::OpenQuote => self.string_literal()?,
                Kind::Ident => {
                    self.read();
                }
                Kind::Equal => {
                    return self.stop(
                        token,
                        "Invalid block definition",
                        "The equals sign \"=\" indicates an argument definition, and must not be used when \
                         defining a block.",
                    );
                }
                Kind::Newline => {
                    return self.stop(
                        token,
                        "Invalid block definition",
                        "A block definition must have block content delimited by \"{\" and \"}\", starting on \
                         the same line as the block header.",
                    );
                }
                _ => {
                    return self.stop(
                        token,
                        "Invalid block definition",
                        "Either a quoted string block label or an opening brace (\"{\") is expected here.",
                    );
                }
            }
        };
        match self.kind() {
            Kind::Newline | Kind::End | Kind::CloseBrace => self.body(Kind::CloseBrace, Some(open))?,
            _ => self.single_line_body(open)?,
        }
        let end = self.peek();
        match end.kind {
            Kind::Newline => {
                self.read();
                Ok(())
            }
            Kind::End => Ok(()),
            _ => self.stop(
                end,
                "Missing newline after block definition",
                "A block definition must end with a newline.",
            ),
        }
    }

    fn single_line_body(&mut self, open: Token) -> Step {
        let name = self.read();
        if name.kind != Kind::Ident {
            let detail = "An argument or block definition is required here.";
            return self.stop(name, "Argument or block definition required", detail);
        }
        match self.kind() {
            Kind::Equal => self.attribute(true)?,
            Kind::OpenQuote | Kind::OpenBrace | Kind::Ident => {
                let detail = format!(
                    "A single-line block definition can contain only a single argument. If you meant to define \
                     argument {:?}, use an equals sign to assign it a value. To define a nested block, place it \
                     on a line of its own within its parent block.",
                    self.source.slice(name)
                );
                return self.stop(name, "Argument definition required", detail);
            }
            _ => return self.stop(name, "Argument or block definition required", NO_EQUALS),
        }
        let end = self.peek();
        let summary = "Invalid single-argument block definition";
        match end.kind {
            Kind::CloseBrace => {
                self.read();
                Ok(())
            }
            Kind::Comma => self.stop(
                end,
                summary,
                "Single-line block syntax can include only one argument definition. To define multiple \
                 arguments, use the multi-line block syntax with one argument definition per line.",
            ),
            Kind::Newline => self.stop(
                end,
                summary,
                "An argument definition on the same line as its containing block creates a single-line block \
                 definition, which must also be closed on the same line. Place the block's closing brace \
                 immediately after the argument definition.",
            ),
            Kind::End => self.stop(open, "Unclosed configuration block", UNCLOSED_BLOCK),
            _ => self.stop(
                end,
                summary,
                "A single-line block definition must end with a closing brace immediately after its single \
                 argument definition.",
            ),
        }
    }

    /// A quoted string that may hold no template: a label.
    fn string_literal(&mut self) -> Step {
        self.read();
        loop {
            let token = self.read();
            match token.kind {
                Kind::CloseQuote => return Ok(()),
                Kind::Quoted => self.escapes(token),
                Kind::Interpolation | Kind::Directive => {
                    let sign = if token.kind == Kind::Interpolation { "$" } else { "%" };
                    let detail = format!(
                        "Template sequences are not allowed in this string. To include a literal \"{sign}\", \
                         double it (as \"{sign}{sign}\") to escape it."
                    );
                    return self.stop(token, "Invalid string literal", detail);
                }
                Kind::End => {
                    let detail = "Unable to find the closing quote mark before the end of the file.";
                    return self.stop(token, "Unterminated string literal", detail);
                }
                _ => {
                    let detail = "This item is not valid in a string literal.";
                    return self.stop(token, "Invalid string literal", detail);
                }
            }
        }
    }

    // Expressions

    fn whole_expression(&mut self) -> Step {
        self.expression()?;
        let end = self.peek();
        if end.kind == Kind::End {
            return Ok(());
        }
        self.stop(
            end,
            "Extra characters after expression",
            "An expression was successfully parsed, but extra characters were found after it.",
        )
    }

    fn expression(&mut self) -> Step {
        // The expression of an argument is on the level of its body.
        self.nested(MAX_DEPTH + 1, |walk| {
            loop {
                walk.operand()?;
                // How strongly each operator binds makes no difference to what is accepted.
                while matches!(walk.kind(), Kind::Operator | Kind::Minus | Kind::Star) {
                    walk.read();
                    walk.operand()?;
                }
                if walk.kind() != Kind::Question {
                    return Ok(());
                }
                walk.read();
                walk.expression()?;
                let colon = walk.peek();
                if colon.kind != Kind::Colon {
                    // Terraform goes on as if the conditional ended here.
                    walk.report(
                        colon,
                        "Missing false expression in conditional",
                        "The conditional operator (...?...:...) requires a false expression, delimited by a \
                         colon.",
                    );
                    return Ok(());
                }
                walk.read();
            }
        })
    }

    fn operand(&mut self) -> Step {
        while matches!(self.kind(), Kind::Minus | Kind::Bang) {
            self.read();
        }
        self.term()?;
        self.traversal()
    }

    fn term(&mut self) -> Step {
        let token = self.peek();
        match token.kind {
            Kind::OpenParen => {
                self.read();
                self.across_lines(|walk| {
                    walk.expression()?;
                    let close = walk.read();
                    if close.kind == Kind::CloseParen {
                        return Ok(());
                    }
                    let detail = "Expected a closing parenthesis to terminate the expression.";
                    walk.stop(close, "Unbalanced parentheses", detail)
                })
            }
            Kind::Number => {
                self.read();
                self.number(token);
                Ok(())
            }
            Kind::Ident => {
                self.read();
                match self.kind() {
                    Kind::OpenParen | Kind::DoubleColon => self.call(token),
                    _ => Ok(()),
                }
            }
            Kind::OpenQuote => {
                self.read();
                self.template(Kind::CloseQuote)
            }
            Kind::OpenHeredoc => {
                self.read();
                self.template(Kind::CloseHeredoc)
            }
            Kind::OpenBracket => {
                self.read();
                self.across_lines(|walk| walk.tuple(token))
            }
            Kind::OpenBrace => {
                self.read();
                self.object(token)
            }
            Kind::End => {
                let detail = "Expected the start of an expression, but found the end of the file.";
                self.stop(token, "Missing expression", detail)
            }
            _ => {
                let detail = "Expected the start of an expression, but found an invalid expression token.";
                self.stop(token, "Invalid expression", detail)
            }
        }
    }

    fn number(&mut self, token: Token) {
        let text = self.source.slice(token);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.trim_start_matches(['+', '-'])),
            None => (text, "0"),
        };
        if mantissa.matches('.').count() > 1 || !exponent.bytes().all(|b| b.is_ascii_digit()) {
            let detail = "Failed to recognize the value of this number literal.";
            self.report(token, "Invalid number literal", detail);
        }
    }

    fn traversal(&mut self) -> Step {
        loop {
            match self.kind() {
                Kind::Dot => {
                    self.read();
                    let step = self.peek();
                    match step.kind {
                        Kind::Ident => {
                            self.read();
                        }
                        Kind::Number => {
                            self.read();
                            self.legacy_index(step, "Use the proper index syntax instead");
                        }
                        Kind::Star => {
                            self.read();
                            self.attribute_splat(step)?;
                        }
                        _ => return self.stop(step, "Invalid attribute name", NO_NAME),
                    }
                }
                Kind::OpenBracket => {
                    self.read();
                    if self.kind() == Kind::Star {
                        self.read();
                        let close = self.read();
                        if close.kind != Kind::CloseBracket {
                            let at = self.closing_bracket();
                            return self.stop(
                                at,
                                "Missing close bracket on splat index",
                                "The star for a full splat operator must be immediately followed by a closing \
                                 bracket (\"]\").",
                            );
                        }
                        continue;
                    }
                    self.across_lines(|walk| {
                        walk.expression()?;
                        let close = walk.read();
                        if close.kind == Kind::CloseBracket {
                            return Ok(());
                        }
                        let at = walk.closing_bracket();
                        let detail = "The index operator must end with a closing bracket (\"]\").";
                        walk.stop(at, "Missing close bracket on index", detail)
                    })?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// The bracket that closes what is open, or the end: there Terraform reports that something stands before it.
    fn closing_bracket(&mut self) -> Token {
        let mut open = 0;
        loop {
            let token = self.read();
            match token.kind {
                Kind::OpenBracket => open += 1,
                Kind::CloseBracket if open > 0 => open -= 1,
                Kind::CloseBracket | Kind::End => return token,
                _ => {}
            }
        }
    }

    fn attribute_splat(&mut self, star: Token) -> Step {
        while self.kind() == Kind::Dot {
            self.read();
            let step = self.peek();
            match step.kind {
                Kind::Ident => {
                    self.read();
                }
                Kind::Number => {
                    self.read();
                    self.legacy_index(
                        step,
                        "Use the proper index syntax with a full splat expression [*] instead",
                    );
                }
                Kind::Star => {
                    return self.stop(
                        step,
                        "Nested splat expression not allowed",
                        "A splat expression (*) cannot be used inside another attribute-only splat expression.",
                    );
                }
                _ => return self.stop(star, "Invalid attribute name", NO_NAME),
            }
        }
        Ok(())
    }

    fn legacy_index(&mut self, number: Token, advice: &str) {
        match self.source.slice(number).split_once('.') {
            Some((first, second)) => {
                let detail = format!(
                    "When using the legacy index syntax, chaining two indexes together is not permitted. \
                     {advice}, like [{first}][{second}]."
                );
                self.report(number, "Invalid legacy index syntax", detail);
            }
            None => self.number(number),
        }
    }

    fn call(&mut self, name: Token) -> Step {
        let mut open = self.read();
        while open.kind == Kind::DoubleColon {
            let next = self.read();
            if next.kind != Kind::Ident {
                return self.stop(
                    next,
                    "Missing function name",
                    "Function scope resolution symbol :: must be followed by a function name in this scope.",
                );
            }
            open = self.read();
        }
        if open.kind != Kind::OpenParen {
            return self.stop(
                open,
                "Missing open parenthesis",
                "Function selector must be followed by an open parenthesis to begin the function call.",
            );
        }
        self.across_lines(|walk| {
            loop {
                if walk.kind() == Kind::CloseParen {
                    walk.read();
                    return Ok(());
                }
                walk.expression()?;
                let separator = walk.read();
                match separator.kind {
                    Kind::CloseParen => return Ok(()),
                    Kind::Comma => {}
                    Kind::Ellipsis if walk.kind() == Kind::CloseParen => {
                        walk.read();
                        return Ok(());
                    }
                    Kind::Ellipsis => {
                        return walk.stop(
                            separator,
                            "Missing closing parenthesis",
                            "An expanded function argument (with ...) must be immediately followed by closing \
                             parentheses.",
                        );
                    }
                    Kind::End => {
                        return walk.stop(
                            Token { end: open.end, ..name },
                            "Unterminated function call",
                            "There is no closing parenthesis for this function call before the end of the \
                             file. This may be caused by incorrect parenthesis nesting elsewhere in this file.",
                        );
                    }
                    _ => {
                        let detail = "A comma is required to separate each function argument from the next.";
                        return walk.stop(separator, "Missing argument separator", detail);
                    }
                }
            }
        })
    }

    fn tuple(&mut self, open: Token) -> Step {
        if self.word("for") {
            return self.for_expr(Kind::CloseBracket);
        }
        loop {
            if self.kind() == Kind::CloseBracket {
                self.read();
                return Ok(());
            }
            self.expression()?;
            let separator = self.read();
            match separator.kind {
                Kind::CloseBracket => return Ok(()),
                Kind::Comma => {}
                Kind::End => {
                    return self.stop(
                        open,
                        "Unterminated tuple constructor expression",
                        "There is no corresponding closing bracket before the end of the file. This may be \
                         caused by incorrect bracket nesting elsewhere in this file.",
                    );
                }
                _ => {
                    let detail = "Expected a comma to mark the beginning of the next item.";
                    return self.stop(separator, "Missing item separator", detail);
                }
            }
        }
    }

    /// Whether the next word, on whatever line, is `for`; passes over nothing.
    fn for_follows(&self) -> bool {
        let rest = &self.source.tokens[self.next..];
        let next = rest.iter().find(|token| !matches!(token.kind, Kind::Newline | Kind::Comment));
        next.is_some_and(|token| token.kind == Kind::Ident && self.source.slice(*token) == "for")
    }

    fn object(&mut self, open: Token) -> Step {
        if self.for_follows() {
            return self.across_lines(|walk| walk.for_expr(Kind::CloseBrace));
        }
        let before = std::mem::replace(&mut self.newlines, true);
        let result = self.object_items(open);
        self.newlines = before;
        result
    }

    fn object_items(&mut self, open: Token) -> Step {
        loop {
            match self.kind() {
                Kind::Newline => {
                    self.read();
                    continue;
                }
                Kind::CloseBrace => {
                    self.read();
                    return Ok(());
                }
                _ => {}
            }
            self.expression()?;
            let separator = self.read();
            match separator.kind {
                Kind::Equal | Kind::Colon => {}
                Kind::Newline | Kind::Comma => {
                    let detail = "Expected an attribute value, introduced by an equals sign (\"=\").";
                    return self.stop(separator, "Missing attribute value", detail);
                }
                Kind::Ident => {
                    return self.stop(
                        separator,
                        "Missing key/value separator",
                        "Expected an equals sign (\"=\") to mark the beginning of the attribute value. If you \
                         intended to given an attribute name containing periods or spaces, write the name in \
                         quotes to create a string literal.",
                    );
                }
                Kind::End => {
                    return self.stop(open, "Unterminated object constructor expression", UNCLOSED_OBJECT);
                }
                _ => {
                    let detail =
                        "Expected an equals sign (\"=\") to mark the beginning of the attribute value.";
                    return self.stop(separator, "Missing key/value separator", detail);
                }
            }
            self.expression()?;
            let separator = self.read();
            match separator.kind {
                Kind::CloseBrace => return Ok(()),
                Kind::Newline | Kind::Comma => {}
                Kind::End => {
                    return self.stop(open, "Unterminated object constructor expression", UNCLOSED_OBJECT);
                }
                _ => {
                    let detail = "Expected a newline or comma to mark the beginning of the next attribute.";
                    return self.stop(separator, "Missing attribute separator", detail);
                }
            }
        }
    }

    fn for_expr(&mut self, close: Kind) -> Step {
        let summary = "Invalid 'for' expression";
        self.read();
        let name = self.peek();
        if name.kind != Kind::Ident {
            return self.stop(name, summary, "For expression requires variable name after 'for'.");
        }
        self.read();
        if self.kind() == Kind::Comma {
            self.read();
            let name = self.peek();
            if name.kind != Kind::Ident {
                return self.stop(name, summary, "For expression requires value variable name after comma.");
            }
            self.read();
        }
        if !self.word("in") {
            let at = self.peek();
            let detail = "For expression requires the 'in' keyword after its name declarations.";
            return self.stop(at, summary, detail);
        }
        self.read();
        self.expression()?;
        let colon = self.peek();
        if colon.kind != Kind::Colon {
            let detail = "For expression requires a colon after the collection expression.";
            return self.stop(colon, summary, detail);
        }
        self.read();
        let mut first = self.peek();
        self.expression()?;
        let mut key = None;
        if self.kind() == Kind::FatArrow {
            self.read();
            key = Some(first);
            first = self.peek();
            self.expression()?;
        }
        let group = self.peek();
        if group.kind == Kind::Ellipsis {
            self.read();
        }
        if self.word("if") {
            self.read();
            self.expression()?;
        }
        let end = self.read();
        let closed = end.kind == close;
        if !closed {
            self.report(end, summary, "Extra characters after the end of the 'for' expression.");
        }
        match (close, key) {
            (Kind::CloseBracket, Some(key)) => {
                self.report(key, summary, "Key expression is not valid when building a tuple.");
            }
            (Kind::CloseBrace, None) => {
                self.report(first, summary, "Key expression is required when building an object.");
            }
            _ => {}
        }
        if close == Kind::CloseBracket && group.kind == Kind::Ellipsis {
            self.report(group, summary, "Grouping ellipsis (...) cannot be used when building a tuple.");
        }
        if closed { Ok(()) } else { Err(Stop) }
    }

    // Templates

    /// The inside of a string of any kind up to `end`.
    fn template(&mut self, end: Kind) -> Step {
        let start = self.source.tokens[self.next.min(self.source.tokens.len() - 1)];
        let mut open: Vec<(Directive, Token)> = Vec::new();
        let mut balanced = true;
        loop {
            let token = self.read();
            match token.kind {
                kind if kind == end => {
                    if let Some((directive, at)) = open.first().filter(|_| balanced) {
                        let name = directive.name();
                        let place = self.place(*at);
                        let detail = format!(
                            "The {name} directive at {place} is missing its corresponding end{name} directive."
                        );
                        self.report(token, "Unexpected end of template", detail);
                    }
                    return Ok(());
                }
                Kind::Quoted => self.escapes(token),
                Kind::Text => {}
                Kind::Interpolation => self.across_lines(|walk| walk.interpolation(end, start))?,
                Kind::Directive => {
                    let fits = self.across_lines(|walk| walk.directive(token, &mut open, balanced))?;
                    balanced &= fits;
                }
                _ => {
                    let detail = "No closing marker was found for the string.";
                    return self.stop(token, "Unterminated template string", detail);
                }
            }
        }
    }

    fn place(&self, at: Token) -> String {
        let position = self.source.place.file.position(self.source.span(at).start);
        format!("{}:{},{}", self.source.place.file.path.display(), position.line, position.column)
    }

    fn interpolation(&mut self, end: Kind, start: Token) -> Step {
        self.expression()?;
        let close = self.peek();
        let unclosed = "Unclosed template interpolation sequence";
        let extra = "Extra characters after interpolation expression";
        match close.kind {
            Kind::SequenceEnd => {
                self.read();
                Ok(())
            }
            Kind::End => self.stop(
                start,
                unclosed,
                "There is no closing brace for this interpolation sequence before the end of the file. This \
                 might be caused by incorrect nesting inside the given expression.",
            ),
            Kind::Colon => self.stop(
                close,
                extra,
                "Template interpolation doesn't expect a colon at this location. Did you intend this to be a \
                 literal sequence to be processed as part of another language? If so, you can escape it by \
                 starting with \"$${\" instead of just \"${\".",
            ),
            Kind::OpenQuote | Kind::CloseQuote if end == Kind::CloseQuote => self.stop(
                start,
                unclosed,
                "There is no closing brace for this interpolation sequence before the end of the quoted \
                 template. This might be caused by incorrect nesting inside the given expression.",
            ),
            _ => self.stop(
                close,
                extra,
                "Expected a closing brace to end the interpolation expression, but found extra characters.\n\n\
                 This can happen when you include interpolation syntax for another language, such as shell \
                 scripting, but forget to escape the interpolation start token. If this is an embedded sequence \
                 for another language, escape it by starting with \"$${\" instead of just \"${\".",
            ),
        }
    }

    /// A directive after its `%{`; whether it fits what is open.
    fn directive(
        &mut self,
        at: Token,
        open: &mut Vec<(Directive, Token)>,
        report: bool,
    ) -> Result<bool, Stop> {
        let keyword = self.peek();
        if keyword.kind != Kind::Ident {
            return self.stop(
                keyword,
                "Invalid template directive",
                "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning of a %{ \
                 sequence.",
            );
        }
        self.read();
        let name = self.source.slice(keyword);
        let mut wrong = None;
        match name {
            "if" | "for" if self.depth.max(1) as usize + open.len() > MAX_DEPTH as usize => {
                return self.too_deep(at);
            }
            "if" => {
                self.expression()?;
                open.push((Directive::If { has_else: false }, at));
            }
            "for" => {
                self.for_directive()?;
                open.push((Directive::For, at));
            }
            "else" => match open.last_mut() {
                Some((Directive::If { has_else }, _)) if !*has_else => *has_else = true,
                Some((Directive::If { .. }, first)) => {
                    let first = *first;
                    let place = self.place(first);
                    wrong = Some(format!("Already in the else clause for the if started at {place}."));
                }
                Some((Directive::For, _)) => {
                    wrong = Some("An else clause is not expected for a for directive.".to_owned());
                }
                None => wrong = Some(UNBALANCED.to_owned()),
            },
            "endif" | "endfor" => match open.pop() {
                Some((directive, _)) if name.strip_prefix("end") == Some(directive.name()) => {}
                Some((directive, first)) => {
                    let expected = directive.name();
                    let place = self.place(first);
                    let tie = if directive == Directive::For {
                        "corresponding to the for directive at"
                    } else {
                        "for the if started at"
                    };
                    wrong = Some(format!("Expecting an end{expected} directive {tie} {place}."));
                }
                None => wrong = Some(UNBALANCED.to_owned()),
            },
            _ => {
                let detail = format!("{name:?} is not a valid template control keyword.");
                return self.stop(keyword, "Invalid template control keyword", detail);
            }
        }
        let close = self.peek();
        if close.kind != Kind::SequenceEnd {
            if let Some(detail) = wrong.filter(|_| report) {
                self.report(at, &format!("Unexpected {name} directive"), detail);
            }
            let summary = format!("Extra characters in {name} marker");
            let detail = "Expected a closing brace to end the sequence, but found extra characters.";
            return self.stop(close, &summary, detail);
        }
        self.read();
        match wrong {
            Some(detail) if report => {
                self.report(at, &format!("Unexpected {name} directive"), detail);
                Ok(false)
            }
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }

    fn for_directive(&mut self) -> Step {
        let summary = "Invalid 'for' directive";
        let name = self.peek();
        if name.kind != Kind::Ident {
            return self.stop(name, summary, "For directive requires variable name after 'for'.");
        }
        self.read();
        if self.kind() == Kind::Comma {
            self.read();
            let name = self.peek();
            if name.kind != Kind::Ident {
                return self.stop(name, summary, "For directive requires value variable name after comma.");
            }
            self.read();
        }
        if !self.word("in") {
            let at = self.peek();
            return self.stop(at, summary, "For directive requires 'in' keyword after names.");
        }
        self.read();
        self.expression()
    }

    /// The backslash escapes of a piece of quoted text.
    fn escapes(&mut self, token: Token) {
        let text = self.source.slice(token);
        if !text.as_bytes().contains(&b'\\') {
            return;
        }
        let mut at = 0;
        while let Some(found) = text[at..].find('\\') {
            let start = at + found;
            let selector = text[start + 1..].chars().next();
            let hex = |max: usize| {
                let digits = &text.as_bytes()[(start + 2).min(text.len())..];
                digits.iter().take(max).take_while(|b| b.is_ascii_hexdigit()).count()
            };
            let (len, problem) = match selector {
                Some('n' | 'r' | 't' | '"' | '\\') => (2, None),
                Some('u') if hex(4) < 4 => (2 + hex(4), Some(hex_digits('u', "four"))),
                Some('U') if hex(8) < 8 => (2 + hex(8), Some(hex_digits('U', "eight"))),
                Some(selector @ ('u' | 'U')) => {
                    let len = if selector == 'u' { 6 } else { 10 };
                    let value = u32::from_str_radix(&text[start + 2..start + len], 16).unwrap_or(0);
                    let problem = match char::from_u32(value) {
                        Some(_) => None,
                        None => Some(format!("Cannot encode character U+{value:04x} in UTF-8.")),
                    };
                    (len, problem)
                }
                Some(other) => (
                    1 + other.len_utf8(),
                    Some(format!("The symbol \"{other}\" is not a valid escape sequence selector.")),
                ),
                None => (
                    1,
                    Some("Backslash must be followed by an escape sequence selector character.".to_owned()),
                ),
            };
            if let Some(detail) = problem {
                let first = token.start + start as u32;
                let escape = Token { start: first, end: first + len as u32, ..token };
                self.report(escape, "Invalid escape sequence", detail);
            }
            at = start + len;
        }
    }
}

impl Directive {
    fn name(self) -> &'static str {
        match self {
            Directive::If { .. } => "if",
            Directive::For => "for",
        }
    }
}

fn hex_digits(selector: char, number: &str) -> String {
    format!("The \\{selector} escape sequence must be followed by {number} hexadecimal digits.")
}

const NO_EQUALS: &str = "An argument or block definition is required here. To set an argument, use the equals sign \
                         \"=\" to introduce the argument value.";
const NO_NAME: &str = "An attribute name is required after a dot.";
const UNCLOSED_BLOCK: &str = "There is no closing brace for this block before the end of the file. This may be \
                              caused by incorrect brace nesting elsewhere in this file.";
const UNCLOSED_OBJECT: &str = "There is no corresponding closing brace before the end of the file. This may be \
                               caused by incorrect brace nesting elsewhere in this file.";
const UNBALANCED: &str = "The control directives within this template are unbalanced.";
