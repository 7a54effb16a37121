//! Native source text to tokens, cut exactly where Terraform cuts them.
//!
//! Nothing is decoded here.

use unicode_ident::{is_xid_continue, is_xid_start};

use crate::syntax::literal::is_space;

/// Whether a text is a name of the language.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.starts_with(|c| is_xid_start(c) || c == '_') && text.chars().all(is_identifier_part)
}

/// Whether a character may stand in a name, after the first one.
pub(crate) fn is_identifier_part(c: char) -> bool {
    is_xid_continue(c) || c == '-'
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Newline,
    /// With its line break, when it is a line comment that has one.
    Comment,
    Ident,
    Number,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    OpenQuote,
    CloseQuote,
    /// `<<NAME` with its line break.
    OpenHeredoc,
    /// The line of the end marker, without its line break.
    CloseHeredoc,
    /// A piece of literal text between quotes.
    Quoted,
    /// A piece of literal text in a heredoc or a bare template: at most one line.
    Text,
    /// Line breaks between quotes.
    QuotedNewline,
    /// `${`, `${~`.
    Interpolation,
    /// `%{`, `%{~`.
    Directive,
    /// The `}` or `~}` that ends either.
    SequenceEnd,
    Dot,
    Comma,
    Ellipsis,
    FatArrow,
    Question,
    Colon,
    DoubleColon,
    Equal,
    Bang,
    /// A binary operator; `-` is [`Kind::Minus`].
    Operator,
    Minus,
    /// `*`, an operator or a splat.
    Star,
    /// `&`, `|`, `^`, `~`.
    Bitwise,
    Semicolon,
    Backtick,
    Apostrophe,
    /// A single `/`, `%`, `<` and the like are operators; this is what no rule takes.
    Invalid,
    End,
}

/// A token: its kind and its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Kind {
    /// Whether another token closes it.
    pub(super) fn opens(self) -> bool {
        use Kind::*;
        matches!(
            self,
            OpenBrace | OpenBracket | OpenParen | OpenQuote | OpenHeredoc | Interpolation | Directive
        )
    }

    /// Whether it closes another token.
    pub(super) fn closes(self) -> bool {
        use Kind::*;
        matches!(self, CloseBrace | CloseBracket | CloseParen | CloseQuote | CloseHeredoc | SequenceEnd)
    }
}

/// Where a scan starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Outside any string.
    Code,
    /// In a template that has no quotes around it.
    Template,
}

#[derive(Debug)]
enum Mode {
    /// Code, with the number of braces open in it.
    Code(u32),
    Quoted,
    Heredoc {
        marker: (usize, usize),
        line_start: bool,
    },
    Bare,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    modes: Vec<Mode>,
    tokens: Vec<Token>,
}

/// Cuts a whole text into tokens, the last of which is its end.
pub(super) fn scan(text: &str, start: Start) -> Vec<Token> {
    let mode = match start {
        Start::Code => Mode::Code(0),
        Start::Template => Mode::Bare,
    };
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        modes: vec![mode],
        tokens: Vec::with_capacity(text.len() / 3 + 8),
    };
    while scanner.at < scanner.bytes.len() {
        match scanner.modes.last() {
            Some(Mode::Code(_)) | None => scanner.code(),
            Some(Mode::Quoted) => scanner.quoted(),
            Some(Mode::Heredoc { marker, line_start }) => {
                let (marker, line_start) = (*marker, *line_start);
                scanner.heredoc(marker, line_start);
            }
            Some(Mode::Bare) => scanner.bare(),
        }
    }
    scanner.emit(Kind::End, 0);
    scanner.tokens
}

impl Scanner<'_> {
    fn emit(&mut self, kind: Kind, len: usize) {
        self.tokens.push(Token { kind, start: self.at as u32, end: (self.at + len) as u32 });
        self.at += len;
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn code(&mut self) {
        let next = self.byte(1);
        match self.bytes[self.at] {
            b' ' | b'\t' => self.at += run(self.rest(), |b| matches!(b, b' ' | b'\t')),
            b'\n' => self.emit(Kind::Newline, 1),
            b'\r' if next == Some(b'\n') => self.emit(Kind::Newline, 2),
            b'#' => self.line_comment(),
            b'/' if next == Some(b'/') => self.line_comment(),
            b'/' if next == Some(b'*') => match find(&self.bytes[self.at + 2..], b"*/") {
                Some(len) => self.emit(Kind::Comment, len + 4),
                None => self.emit(Kind::Operator, 1),
            },
            b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.ident(),
            b'"' => {
                self.emit(Kind::OpenQuote, 1);
                self.modes.push(Mode::Quoted);
            }
            b'{' => {
                self.emit(Kind::OpenBrace, 1);
                if let Some(Mode::Code(braces)) = self.modes.last_mut() {
                    *braces += 1;
                }
            }
            b'}' => self.close_brace(1),
            b'~' if next == Some(b'}') => self.close_brace(2),
            b'[' => self.emit(Kind::OpenBracket, 1),
            b']' => self.emit(Kind::CloseBracket, 1),
            b'(' => self.emit(Kind::OpenParen, 1),
            b')' => self.emit(Kind::CloseParen, 1),
            b',' => self.emit(Kind::Comma, 1),
            b'.' if next == Some(b'.') && self.byte(2) == Some(b'.') => self.emit(Kind::Ellipsis, 3),
            b'.' => self.emit(Kind::Dot, 1),
            b'?' => self.emit(Kind::Question, 1),
            b':' if next == Some(b':') => self.emit(Kind::DoubleColon, 2),
            b':' => self.emit(Kind::Colon, 1),
            b'=' if next == Some(b'=') => self.emit(Kind::Operator, 2),
            b'=' if next == Some(b'>') => self.emit(Kind::FatArrow, 2),
            b'=' => self.emit(Kind::Equal, 1),
            b'!' | b'>' if next == Some(b'=') => self.emit(Kind::Operator, 2),
            b'!' => self.emit(Kind::Bang, 1),
            b'<' if next == Some(b'=') => self.emit(Kind::Operator, 2),
            b'<' if next == Some(b'<') => self.open_heredoc(),
            b'&' if next == Some(b'&') => self.emit(Kind::Operator, 2),
            b'|' if next == Some(b'|') => self.emit(Kind::Operator, 2),
            b'<' | b'>' | b'+' | b'/' | b'%' => self.emit(Kind::Operator, 1),
            b'-' => self.emit(Kind::Minus, 1),
            b'*' => self.emit(Kind::Star, 1),
            b'&' | b'|' | b'^' | b'~' => self.emit(Kind::Bitwise, 1),
            b';' => self.emit(Kind::Semicolon, 1),
            b'`' => self.emit(Kind::Backtick, 1),
            b'\'' => self.emit(Kind::Apostrophe, 1),
            128.. if self.char().is_some_and(is_xid_start) => self.ident(),
            _ => self.invalid(),
        }
    }

    fn char(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn invalid(&mut self) {
        let len = self.char().map_or(1, char::len_utf8);
        self.emit(Kind::Invalid, len);
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        let len = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        self.emit(Kind::Comment, len);
    }

    /// Digits with dots and exponents among them in any order, not ending in a dot: `1.2.3` is one token, and
    /// no number.
    fn number(&mut self) {
        let rest = self.rest();
        let mut len = 1;
        let mut at = 1;
        loop {
            match rest.get(at) {
                Some(b'0'..=b'9') => at += 1,
                Some(b'.') => {
                    at += 1;
                    continue;
                }
                Some(b'e' | b'E') => {
                    let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
                    if !rest.get(at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                        break;
                    }
                    at += sign + 2;
                }
                _ => break,
            }
            len = at;
        }
        self.emit(Kind::Number, len);
    }

    fn ident(&mut self) {
        let mut len = run(self.rest(), |b| IS_WORD[usize::from(b)]);
        if self.byte(len).is_some_and(|b| !b.is_ascii()) {
            let tail = &self.text[self.at + len..];
            len += tail.find(|c| !is_identifier_part(c)).unwrap_or(tail.len());
        }
        self.emit(Kind::Ident, len);
    }

    fn close_brace(&mut self, len: usize) {
        let nested = self.modes.len() > 1;
        let Some(Mode::Code(braces)) = self.modes.last_mut() else { return };
        if *braces == 0 && nested {
            self.modes.pop();
            self.emit(Kind::SequenceEnd, len);
        } else {
            *braces = braces.saturating_sub(1);
            self.emit(if len == 1 { Kind::CloseBrace } else { Kind::SequenceEnd }, len);
        }
    }

    fn open_heredoc(&mut self) {
        let dash = usize::from(self.byte(2) == Some(b'-'));
        let name = &self.text[self.at + 2 + dash..];
        let starts = name.chars().next().is_some_and(|c| is_xid_start(c) || c == '_');
        let len = name.find(|c| !is_identifier_part(c)).unwrap_or(name.len());
        let newline = match &name.as_bytes()[len..] {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        if !starts || newline == 0 {
            return self.emit(Kind::Operator, 1);
        }
        let start = self.at + 2 + dash;
        self.emit(Kind::OpenHeredoc, 2 + dash + len + newline);
        self.modes.push(Mode::Heredoc { marker: (start, start + len), line_start: true });
    }

    /// `${` or `%{` here, in a string of any kind.
    fn sequence(&mut self) -> bool {
        let kind = match (self.byte(0), self.byte(1)) {
            (Some(b'$'), Some(b'{')) => Kind::Interpolation,
            (Some(b'%'), Some(b'{')) => Kind::Directive,
            _ => return false,
        };
        let strip = usize::from(self.byte(2) == Some(b'~'));
        self.emit(kind, 2 + strip);
        if let Some(Mode::Heredoc { line_start, .. }) = self.modes.last_mut() {
            *line_start = false;
        }
        self.modes.push(Mode::Code(0));
        true
    }

    /// Whether the text ends within what could become an escape: Terraform's scanner then has no token for it.
    fn ends_in_sign(&self) -> bool {
        matches!(self.rest(), b"$" | b"$$" | b"%" | b"%%")
    }

    fn invalid_rest(&mut self) {
        let all = self.rest().len();
        self.emit(Kind::Invalid, all);
    }

    /// The length of the literal piece that starts with a dollar or percent sign: an escape, or the sign alone.
    fn sign(&self) -> usize {
        let sign = self.byte(0);
        if self.byte(1) == sign && self.byte(2) == Some(b'{') {
            3 + usize::from(self.byte(3) == Some(b'~'))
        } else {
            1
        }
    }

    fn quoted(&mut self) {
        if self.sequence() {
            return;
        }
        match self.bytes[self.at] {
            b'"' => {
                self.emit(Kind::CloseQuote, 1);
                self.modes.pop();
            }
            b'$' | b'%' if self.ends_in_sign() => self.invalid_rest(),
            b'$' | b'%' => {
                let len = self.sign();
                self.emit(Kind::Quoted, len);
            }
            b'\n' | b'\r' => {
                let rest = self.rest();
                let len = rest.iter().position(|b| !matches!(b, b'\n' | b'\r')).unwrap_or(rest.len());
                self.emit(Kind::QuotedNewline, len);
            }
            _ => {
                let rest = self.rest();
                let mut len = 0;
                while let Some(b) = rest.get(len) {
                    match b {
                        b'"' | b'$' | b'%' | b'\n' | b'\r' => break,
                        b'\\' if matches!(rest.get(len + 1), None | Some(b'\n' | b'\r')) => break,
                        b'\\' => len += 2,
                        _ => len += 1,
                    }
                }
                // After a backslash, the next character may be of several bytes.
                while !self.text.is_char_boundary(self.at + len) {
                    len += 1;
                }
                if len == 0 { self.invalid() } else { self.emit(Kind::Quoted, len) }
            }
        }
    }

    fn heredoc(&mut self, marker: (usize, usize), line_start: bool) {
        if self.sequence() {
            return;
        }
        if self.ends_in_sign() {
            return self.invalid_rest();
        }
        let rest = self.rest();
        let mut len = match rest[0] {
            b'$' | b'%' => self.sign(),
            _ => rest.iter().position(|b| matches!(b, b'$' | b'%' | b'\n' | b'\r')).unwrap_or(rest.len()),
        };
        let line_break = newline(&rest[len..]);
        if line_break == 0 {
            if len == 0 {
                // A carriage return alone: Terraform's scanner gives up on the rest of the file.
                return self.invalid_rest();
            }
            self.emit(Kind::Text, len);
        } else {
            let line = &self.text[self.at..self.at + len];
            if line_start && line.trim_matches(is_space) == &self.text[marker.0..marker.1] {
                self.emit(Kind::CloseHeredoc, len);
                self.emit(Kind::Newline, line_break);
                self.modes.pop();
                return;
            }
            len += line_break;
            self.emit(Kind::Text, len);
        }
        if let Some(Mode::Heredoc { line_start, .. }) = self.modes.last_mut() {
            *line_start = line_break != 0;
        }
    }

    fn bare(&mut self) {
        if self.sequence() {
            return;
        }
        let rest = self.rest();
        let mut len = match rest[0] {
            b'$' | b'%' => self.sign(),
            _ => rest.iter().position(|b| matches!(b, b'$' | b'%' | b'\n' | b'\r')).unwrap_or(rest.len()),
        };
        len += newline(&rest[len..]);
        if len == 0 {
            len = rest.len();
            return self.emit(Kind::Invalid, len);
        }
        self.emit(Kind::Text, len);
    }
}

/// The ASCII characters of identifiers.
static IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric() || matches!(b as u8, b'_' | b'-');
        b += 1;
    }
    table
};

/// How many bytes at the start of `rest` are of that kind.
fn run(rest: &[u8], is_wanted: impl Fn(u8) -> bool) -> usize {
    rest.iter().position(|b| !is_wanted(*b)).unwrap_or(rest.len())
}

/// The length of the line break at the start of `rest`, 0 without one.
fn newline(rest: &[u8]) -> usize {
    match rest {
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(Kind, &str)> {
        let tokens = scan(text, Start::Code);
        tokens.iter().map(|t| (t.kind, &text[t.start as usize..t.end as usize])).collect()
    }

    #[test]
    fn tokens_are_cut_as_terraform_cuts_them() {
        use Kind::*;
        assert_eq!(kinds("1.2.3...")[..2], [(Number, "1.2.3"), (Ellipsis, "...")]);
        assert_eq!(kinds("1e5e")[..2], [(Number, "1e5"), (Ident, "e")]);
        assert_eq!(
            kinds("\"a${ {} }$${\""),
            [
                (OpenQuote, "\""),
                (Quoted, "a"),
                (Interpolation, "${"),
                (OpenBrace, "{"),
                (CloseBrace, "}"),
                (SequenceEnd, "}"),
                (Quoted, "$${"),
                (CloseQuote, "\""),
                (End, ""),
            ]
        );
        assert_eq!(
            kinds("<<-E\n E x\n\u{a0}E\n"),
            [
                (OpenHeredoc, "<<-E\n"),
                (Text, " E x\n"),
                (CloseHeredoc, "\u{a0}E"),
                (Newline, "\n"),
                (End, ""),
            ]
        );
    }
}
