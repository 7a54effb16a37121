//! YAML as Terraform writes it: block style, strings quoted or literal, folded at 80 columns.

use crate::eval::funcs::FuncError;
use crate::eval::value::{Value, ValueKind};

/// Columns after which a quoted string is folded.
const WIDTH: usize = 80;
/// Columns of one level.
const INDENT: usize = 2;
/// Bytes of the longest key that stands before its colon without a question mark.
const KEY: usize = 128;

/// A wholly known value as a document of at most `limit` bytes.
pub(super) fn encode(value: &Value, limit: usize) -> Result<String, FuncError> {
    let mut writer = Writer {
        out: String::new(),
        limit,
        column: 0,
        indent: None,
        whitespace: true,
        indention: true,
        open_ended: false,
    };
    writer.node(value, Place::Root)?;
    writer.write_indent();
    if writer.open_ended {
        writer.indicator("...", true, false, false);
        writer.write_indent();
    }
    Ok(writer.out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    Key,
    /// A key after a question mark, or a value.
    Mapping,
}

struct Writer {
    out: String,
    limit: usize,
    column: usize,
    /// None before the first level.
    indent: Option<usize>,
    /// Whether the last character was white space.
    whitespace: bool,
    /// Whether only white space and indicators stand on the line.
    indention: bool,
    /// Whether the document needs an end marker.
    open_ended: bool,
}

#[derive(Clone, Copy)]
enum Style {
    Plain,
    Double,
    Literal,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_str(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, text: &str, needs_space: bool, is_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        self.put_str(text);
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
        self.open_ended = false;
    }

    /// The next level; `first` is its indent where there is none yet. Returns the level to go back to.
    fn increase(&mut self, first: usize, keeps: bool) -> Option<usize> {
        let old = self.indent;
        self.indent = Some(match old {
            None => first,
            Some(indent) if keeps => indent,
            Some(indent) => indent + INDENT,
        });
        old
    }

    fn node(&mut self, value: &Value, place: Place) -> Result<(), FuncError> {
        if self.out.len() > self.limit {
            return Err(FuncError::Limit(format!("string_bytes ({})", self.limit)));
        }
        match &value.kind {
            ValueKind::Null(_) => self.scalar("null", Style::Plain, place),
            ValueKind::Bool(true) => self.scalar("true", Style::Plain, place),
            ValueKind::Bool(false) => self.scalar("false", Style::Plain, place),
            ValueKind::Number(number) => self.scalar(&number.to_string(), Style::Plain, place),
            ValueKind::String(text) => self.string(text, place),
            ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
                if elements.is_empty() {
                    self.indicator("[", true, true, false);
                    self.indicator("]", false, false, false);
                    return Ok(());
                }
                let old = self.increase(0, place == Place::Mapping && !self.indention);
                for element in elements {
                    self.write_indent();
                    self.indicator("-", true, false, true);
                    self.node(element, Place::Item)?;
                }
                self.indent = old;
            }
            ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
                if entries.is_empty() {
                    self.indicator("{", true, true, false);
                    self.indicator("}", false, false, false);
                    return Ok(());
                }
                let old = self.increase(0, false);
                for (key, entry) in entries.iter() {
                    self.write_indent();
                    if key.len() <= KEY && !Analysis::of(key).multiline {
                        self.string(key, Place::Key);
                        self.indicator(":", false, false, false);
                    } else {
                        self.indicator("?", true, false, true);
                        self.string(key, Place::Mapping);
                        self.write_indent();
                        self.indicator(":", true, false, true);
                    }
                    self.node(entry, Place::Mapping)?;
                }
                self.indent = old;
            }
            ValueKind::Resource(_) | ValueKind::Unknown(_) => {
                return Err(FuncError::Call("cannot serialize unknown value as YAML".into()));
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &str, place: Place) {
        let literal = text.contains('\n') && place != Place::Key && Analysis::of(text).block_allowed;
        self.scalar(text, if literal { Style::Literal } else { Style::Double }, place);
    }

    fn scalar(&mut self, text: &str, style: Style, place: Place) {
        let old = self.increase(INDENT, false);
        match style {
            Style::Plain => {
                if !self.whitespace {
                    self.put(' ');
                }
                self.put_str(text);
                self.whitespace = false;
                self.indention = false;
                if place == Place::Root {
                    self.open_ended = true;
                }
            }
            Style::Double => self.double_quoted(text, place != Place::Key),
            Style::Literal => self.literal(text),
        }
        self.indent = old;
    }

    fn double_quoted(&mut self, text: &str, folds: bool) {
        self.indicator("\"", true, false, false);
        let mut spaces = false;
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.put('\\');
                match escape_letter(c) {
                    Some(letter) => self.put(letter),
                    None if (c as u32) <= 0xff => self.put_str(&format!("x{:02X}", c as u32)),
                    None if (c as u32) <= 0xffff => self.put_str(&format!("u{:04X}", c as u32)),
                    None => self.put_str(&format!("U{:08X}", c as u32)),
                }
                spaces = false;
            } else if c == ' ' {
                if folds && !spaces && self.column > WIDTH && at > 0 && at < text.len() - 1 {
                    self.write_indent();
                    if rest.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(' ');
                }
                spaces = true;
            } else {
                self.put(c);
                spaces = false;
            }
        }
        self.indicator("\"", false, false, false);
        self.whitespace = false;
        self.indention = false;
    }

    fn literal(&mut self, text: &str) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator(&INDENT.to_string(), false, false, false);
        }
        let mut ending = text.chars().rev().map(is_break);
        match (ending.next(), ending.next()) {
            (Some(true), None | Some(true)) => {
                self.indicator("+", false, false, false);
            }
            (Some(true), Some(false)) => {}
            (None | Some(false), _) => self.indicator("-", false, false, false),
        }
        self.put_break();
        self.indention = true;
        self.whitespace = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                self.out.push(c);
                self.column = 0;
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.write_indent();
                }
                self.put(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

/// Which styles a string allows.
struct Analysis {
    multiline: bool,
    block_allowed: bool,
}

impl Analysis {
    fn of(text: &str) -> Analysis {
        let mut multiline = false;
        let mut space_then_break = false;
        let mut previous_space = false;
        for c in text.chars() {
            if is_break(c) {
                multiline = true;
                space_then_break |= previous_space;
            }
            previous_space = c == ' ';
        }
        let special = text.chars().any(|c| !is_printable(c));
        let block_allowed = !text.is_empty() && !text.ends_with(' ') && !space_then_break && !special;
        Analysis { multiline, block_allowed }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters beyond U+FFFF are escaped, too.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn escape_letter(c: char) -> Option<char> {
    Some(match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return None,
    })
}
