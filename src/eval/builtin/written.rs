//! Values as text that gives them, laid out as `terraform fmt` does: what `encode_expr` and `encode_tfvars` give.

use std::collections::BTreeMap;
use std::fmt::Write;

use ecow::EcoString;
use unicode_segmentation::UnicodeSegmentation;

use crate::eval::value::Value;
use crate::syntax::is_identifier;

/// A value as an expression.
pub(super) fn expression(value: &Value) -> String {
    let mut text = String::new();
    write_value(value, &mut text);
    laid_out(&text)
}

/// Entries as assignments, one after the other.
pub(super) fn assignments(entries: &BTreeMap<EcoString, Value>) -> String {
    let mut text = String::new();
    write_entries(entries, &mut text);
    laid_out(&text)
}

/// Writes a value without any indent.
fn write_value(value: &Value, out: &mut String) {
    if let Some(text) = value.as_str() {
        write_string(text, out);
    } else if let Some(elements) = value.as_elements() {
        out.push('[');
        for (i, element) in elements.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            write_value(element, out);
        }
        out.push(']');
    } else if let Some(entries) = value.as_entries() {
        out.push('{');
        if !entries.is_empty() {
            out.push('\n');
            write_entries(entries, out);
        }
        out.push('}');
    } else if let Some(number) = value.as_number() {
        let _ = write!(out, "{number}");
    } else {
        out.push_str(match value.as_bool() {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        });
    }
}

fn write_entries(entries: &BTreeMap<EcoString, Value>, out: &mut String) {
    for (key, value) in entries {
        match is_identifier(key) {
            true => out.push_str(key),
            false => write_string(key, out),
        }
        out.push_str(" = ");
        write_value(value, out);
        out.push('\n');
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if !is_printable(c) => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Whether Terraform writes a character as it is: no control, blank, format or private character.
fn is_printable(c: char) -> bool {
    let is_format = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || is_format || matches!(c, '\u{e000}'..='\u{f8ff}'))
}

/// A line and what its layout depends on.
struct Line<'a> {
    text: &'a str,
    /// How many more brackets it opens than it closes.
    net: isize,
    /// What stands before the equals sign of an assignment that ends on this line.
    name: Option<&'a str>,
}

impl Line<'_> {
    fn of(text: &str) -> Line<'_> {
        let (mut net, mut equals, mut is_quoted) = (0, None, false);
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if is_quoted => {
                    chars.next();
                }
                '"' => is_quoted = !is_quoted,
                '[' | '{' if !is_quoted => net += 1,
                ']' | '}' if !is_quoted => net -= 1,
                '=' if !is_quoted => equals = Some(at),
                _ => {}
            }
        }
        let name = equals.filter(|_| net == 0).map(|at| text[..at].trim_end());
        Line { text, net, name }
    }
}

/// Indents the lines of a text, and puts the equals signs of assignments that follow each other below each other.
fn laid_out(text: &str) -> String {
    let lines: Vec<Line<'_>> = text.split('\n').map(Line::of).collect();
    let width = |line: &Line<'_>| line.name.map_or(0, |name| name.graphemes(true).count());
    let mut out = String::with_capacity(text.len());
    // How many brackets each level of indent has opened.
    let mut open: Vec<isize> = Vec::new();
    let mut widest = 0;
    for (i, line) in lines.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        if line.net < 0 {
            close(&mut open, -line.net);
        }
        let indent = if line.text.is_empty() { 0 } else { 2 * open.len() };
        out.extend(std::iter::repeat_n(' ', indent));
        if line.net > 0 {
            open.push(line.net);
        }
        match line.name {
            Some(name) => {
                let is_first = i == 0 || lines[i - 1].name.is_none();
                if is_first {
                    let chain = lines[i..].iter().take_while(|line| line.name.is_some());
                    widest = chain.map(width).max().unwrap_or(0);
                }
                out.push_str(name);
                out.extend(std::iter::repeat_n(' ', widest - width(line)));
                out.push_str(&line.text[name.len()..]);
            }
            None => out.push_str(line.text),
        }
    }
    out
}

/// Takes back the levels that so many brackets close.
fn close(open: &mut Vec<isize>, mut closed: isize) {
    while closed > 0
        && let Some(last) = open.last_mut()
    {
        if closed < *last {
            *last -= closed;
            return;
        }
        closed -= *last;
        open.pop();
    }
}
