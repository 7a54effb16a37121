//! JSON as Terraform writes and reads it.

use std::collections::BTreeMap;

use ecow::{EcoString, EcoVec};

use crate::eval::funcs::arg::{normal, quoted};
use crate::eval::funcs::{Context, FuncError};
use crate::eval::value::{Type, Value, ValueKind, normalize};
use crate::number::Number;

/// Levels of arrays and objects that are read; deeper ones would not fit the stack of what walks the value.
const DEPTH: usize = 128;

/// A wholly known value as JSON, of at most `limit` bytes.
pub fn encode(value: &Value, limit: usize) -> Result<String, FuncError> {
    let mut out = String::new();
    write(value, limit, &mut out)?;
    Ok(out)
}

/// A string as JSON, with the characters escaped that HTML gives a meaning.
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn write(value: &Value, limit: usize, out: &mut String) -> Result<(), FuncError> {
    if out.len() > limit {
        return Err(FuncError::Limit(format!("string_bytes ({limit})")));
    }
    match &value.kind {
        ValueKind::Null(_) => out.push_str("null"),
        ValueKind::Bool(true) => out.push_str("true"),
        ValueKind::Bool(false) => out.push_str("false"),
        ValueKind::Number(number) if number.is_infinite() => {
            return Err(FuncError::Call("cannot serialize infinity as JSON".into()));
        }
        ValueKind::Number(number) => out.push_str(&number.to_string()),
        ValueKind::String(text) => out.push_str(&string(text)),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            out.push('[');
            for (i, element) in elements.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(element, limit, out)?;
            }
            out.push(']');
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            out.push('{');
            for (i, (key, entry)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&string(key));
                out.push(':');
                write(entry, limit, out)?;
            }
            out.push('}');
        }
        ValueKind::Resource(_) | ValueKind::Unknown(_) => {
            return Err(FuncError::Call("value is not known".into()));
        }
    }
    Ok(())
}

/// The value of a JSON text.
pub fn decode(context: &Context<'_>, text: &str) -> Result<Value, FuncError> {
    let mut reader = Reader { text, at: 0, elements: 0, limit: context.limits.elements };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    // A closing bracket after the value goes unnoticed in Terraform.
    match reader.peek() {
        None | Some(b']' | b'}') => Ok(value),
        Some(_) => Err(FuncError::Call("extraneous data after JSON object".into())),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    elements: usize,
    limit: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, place: &str) -> FuncError {
        FuncError::Call(match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None if self.at == 0 => "EOF".into(),
            None => "unexpected EOF".into(),
            Some(c) => {
                let shown = quoted(c.encode_utf8(&mut [0; 4]));
                format!("invalid character '{}' {place}", &shown[1..shown.len() - 1])
            }
        })
    }

    fn value(&mut self, depth: usize) -> Result<Value, FuncError> {
        if depth > DEPTH {
            return Err(FuncError::Limit(format!("depth of JSON ({DEPTH})")));
        }
        self.elements += 1;
        if self.elements > self.limit {
            return Err(FuncError::Limit(format!("elements ({})", self.limit)));
        }
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(normal(&self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::bool(true)),
            Some(b'f') => self.word("false", Value::bool(false)),
            Some(b'n') => self.word("null", Value::null(Type::Dynamic)),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, FuncError> {
        for (i, expected) in word.bytes().enumerate() {
            if self.peek() != Some(expected) {
                let place = format!("in literal {word} (expecting '{}')", char::from(word.as_bytes()[i]));
                return Err(self.unexpected(&place));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, FuncError> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let first = reader.at;
            while reader.peek().is_some_and(|b| b.is_ascii_digit()) {
                reader.at += 1;
            }
            reader.at > first
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !digits(self) {
            return Err(self.unexpected("in numeric literal"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !digits(self) {
                return Err(self.unexpected("after decimal point in numeric literal"));
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !digits(self) {
                return Err(self.unexpected("in exponent of numeric literal"));
            }
        }
        let number = Number::parse(&self.text[start..self.at]);
        number.map(Value::number).ok_or_else(|| FuncError::Limit("digits or exponent of a number".into()))
    }

    fn string(&mut self) -> Result<String, FuncError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}')).unwrap_or(rest.len());
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = match self.peek() {
                        Some(b'"') => '"',
                        Some(b'\\') => '\\',
                        Some(b'/') => '/',
                        Some(b'b') => '\u{8}',
                        Some(b'f') => '\u{c}',
                        Some(b'n') => '\n',
                        Some(b'r') => '\r',
                        Some(b't') => '\t',
                        Some(b'u') => {
                            self.at += 1;
                            out.push(self.escape()?);
                            continue;
                        }
                        _ => return Err(self.unexpected("in string escape code")),
                    };
                    self.at += 1;
                    out.push(c);
                }
                _ => return Err(self.unexpected("in string literal")),
            }
        }
    }

    /// What follows `\u`: four digits, or a surrogate pair; a lone surrogate is replaced.
    fn escape(&mut self) -> Result<char, FuncError> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            let back = self.at;
            self.at += 2;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, FuncError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn array(&mut self, depth: usize) -> Result<Value, FuncError> {
        self.at += 1;
        let mut elements = EcoVec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::new(ValueKind::Tuple(elements)));
        }
        loop {
            self.space();
            elements.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::new(ValueKind::Tuple(elements)));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, FuncError> {
        self.at += 1;
        let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::object(entries));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = normalize(&self.string()?);
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            self.space();
            let value = self.value(depth + 1)?;
            if let Some(earlier) = entries.get(&key)
                && !reads_as(earlier, &value)
            {
                return Err(FuncError::Call(format!("conflicting values of duplicate key {}", quoted(&key))));
            }
            entries.insert(key, value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::object(entries));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }
}

/// Whether an earlier value of a key can be read as the type of the last one, which Terraform does with it.
fn reads_as(earlier: &Value, last: &Value) -> bool {
    match (&earlier.kind, &last.kind) {
        (ValueKind::Null(_), _)
        | (ValueKind::Bool(_), ValueKind::Bool(_) | ValueKind::String(_))
        | (ValueKind::Number(_), ValueKind::Number(_) | ValueKind::String(_))
        | (ValueKind::String(_), ValueKind::String(_)) => true,
        (ValueKind::String(text), ValueKind::Number(_)) => Number::parse(text).is_some(),
        (ValueKind::String(text), ValueKind::Bool(_)) => {
            matches!(text.as_str(), "true" | "false" | "1" | "0")
        }
        (ValueKind::Tuple(earlier), ValueKind::Tuple(last)) => {
            earlier.len() == last.len()
                && earlier.iter().zip(last).all(|(earlier, last)| reads_as(earlier, last))
        }
        (ValueKind::Object(earlier), ValueKind::Object(last)) => {
            earlier.iter().all(|(key, value)| last.get(key).is_some_and(|last| reads_as(value, last)))
        }
        _ => false,
    }
}
