//! YAML as Terraform reads it: YAML 1.1 scalars, merge keys, one document.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ecow::{EcoString, EcoVec};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use crate::eval::convert::convert;
use crate::eval::funcs::arg::{normal, quoted};
use crate::eval::funcs::time::timestamp;
use crate::eval::funcs::{Context, FuncError};
use crate::eval::value::{Type, Value, ValueKind};
use crate::number::Number;

/// Levels of sequences and mappings that are read.
const DEPTH: usize = 128;

const TAG: &str = "tag:yaml.org,2002:";

/// So many comments that touch what is before them are set apart.
const REPAIRS: usize = 64;

/// The value of a YAML text.
pub(super) fn decode(context: &Context<'_>, text: &str) -> Result<Value, FuncError> {
    if let Some(version) =
        text.lines().map_while(|line| line.strip_prefix('%')).find_map(|d| d.strip_prefix("YAML"))
        && version.split_whitespace().next() != Some("1.1")
    {
        return Err(FuncError::Call("found incompatible YAML document".into()));
    }
    // A document is to stand before the end of one.
    let is_blank = |line: &&str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
    if text.lines().find(|line| !is_blank(line)).is_some_and(|line| line.starts_with("...")) {
        return Err(FuncError::Call("did not find expected node content".into()));
    }
    // Terraform's parser takes a comment that touches what is before it, `[a]#` or `|#`, which this one refuses.
    let mut text = Cow::Borrowed(text);
    for _ in 0..REPAIRS {
        let mut reader = Reader {
            parser: Parser::new_from_str(&text),
            lines: text.lines().collect(),
            touching: None,
            flow: Vec::new(),
            anchors: BTreeMap::new(),
            elements: 0,
            limit: context.limits.elements,
        };
        let result = reader.document();
        match reader.touching {
            Some(at) => text.to_mut().insert(at, ' '),
            None => return result,
        }
    }
    Err(FuncError::Limit(format!("comments in YAML ({REPAIRS})")))
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    lines: Vec<&'a str>,
    /// The byte of a comment that touches what is before it, where reading ended.
    touching: Option<usize>,
    /// Whether each open sequence and mapping is one in brackets.
    flow: Vec<bool>,
    /// Finished anchors: their value, and how many elements it has in all.
    anchors: BTreeMap<usize, (Value, usize)>,
    elements: usize,
    limit: usize,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Value, FuncError> {
        if !matches!(self.next()?, Event::StreamStart) || !matches!(self.next()?, Event::DocumentStart(_)) {
            return Err(FuncError::Call("on line 1, column 1: missing start of document".into()));
        }
        let event = self.next()?;
        let (value, _) = self.value(event, 0)?;
        if !matches!(self.next()?, Event::DocumentEnd) || !matches!(self.next()?, Event::StreamEnd) {
            return Err(FuncError::Call("unexpected extra content after value".into()));
        }
        Ok(value)
    }

    /// The byte at a place, if a comment starts there right after a quote, a bracket, or `|` or `>` with their
    /// indicators.
    fn touching_comment(&self, place: &Marker) -> Option<usize> {
        let line = self.lines.get(place.line().checked_sub(1)?)?;
        let (at, _) = line.char_indices().nth(place.col())?;
        let (before, from) = line.split_at(at);
        let header = before.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        let start = line.as_ptr().addr() - self.lines.first()?.as_ptr().addr();
        (from.starts_with('#') && (header.ends_with(['|', '>']) || before.ends_with(['"', '\'', ']', '}'])))
            .then_some(start + at)
    }

    fn next(&mut self) -> Result<Event<'a>, FuncError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.check_tabs(&event, &span.start)?;
                self.check_indent(&event, &span.start)?;
                Ok(event)
            }
            Some(Err(error)) => {
                let marker = error.marker();
                self.touching = self.touching_comment(marker);
                let place = format!("on line {}, column {}", marker.line(), marker.col() + 1);
                Err(FuncError::Call(format!("{place}: {}", error.info())))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    /// Refuses a tab where YAML 1.1 has indentation, which later versions take for a space.
    fn check_tabs(&mut self, event: &Event<'_>, start: &Marker) -> Result<(), FuncError> {
        let line =
            start.line().checked_sub(1).and_then(|line| self.lines.get(line).copied()).unwrap_or_default();
        let at = line.char_indices().nth(start.col()).map_or(line.len(), |(at, _)| at);
        let (before, from) = line.split_at(at);
        match event {
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.flow.push(from.starts_with(['[', '{']))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.flow.pop();
                return Ok(());
            }
            Event::Scalar(..) | Event::Alias(_) => {}
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => return Ok(()),
        }
        let outer = if matches!(event, Event::Scalar(..) | Event::Alias(_)) {
            self.flow.last()
        } else {
            self.flow.iter().rev().nth(1)
        };
        let indentation = before.trim_end_matches([' ', '\t']);
        let is_indentation = indentation.is_empty() || indentation.ends_with(['-', '?']);
        if outer != Some(&true) && is_indentation && before[indentation.len()..].contains('\t') {
            return Err(FuncError::Call("found character that cannot start any token".into()));
        }
        Ok(())
    }

    /// Refuses a block scalar that is the whole document and whose text, at whose first line it starts, is not indented.
    fn check_indent(&self, event: &Event<'_>, start: &Marker) -> Result<(), FuncError> {
        if let Event::Scalar(text, ScalarStyle::Literal | ScalarStyle::Folded, ..) = event
            && self.flow.is_empty()
            && start.col() == 0
            && !text.trim().is_empty()
        {
            let place = format!("on line {}, column 1", start.line());
            return Err(FuncError::Call(format!("{place}: did not find expected <document start>")));
        }
        Ok(())
    }

    fn count(&mut self, elements: usize) -> Result<(), FuncError> {
        self.elements = self.elements.saturating_add(elements);
        if self.elements > self.limit {
            return Err(FuncError::Limit(format!("elements ({})", self.limit)));
        }
        Ok(())
    }

    /// The value that an event begins, and how many elements it has in all.
    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<(Value, usize), FuncError> {
        if depth > DEPTH {
            return Err(FuncError::Limit(format!("depth of YAML ({DEPTH})")));
        }
        self.count(1)?;
        let (anchor, value, size) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.map(|tag| full(&tag)).unwrap_or_default();
                let value = match scalar(&tag, &text, style)? {
                    Scalar::Value(value) => value,
                    Scalar::Merge => Value::string("<<"),
                };
                let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                // Terraform resolves a block scalar as if it were plain, and then makes it the string it is.
                let value = if block && tag.is_empty() { as_string(&value)? } else { value };
                (anchor, value, 1)
            }
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(FuncError::Call(
                        "cannot refer to an anchor from inside its own definition".into(),
                    ));
                };
                self.count(size)?;
                return Ok((value, size));
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "sequence", "seq")?;
                let (value, size) = self.sequence(depth)?;
                (anchor, value, size)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_tag(tag.as_deref(), "mapping", "map")?;
                let (value, size) = self.mapping(depth)?;
                (anchor, value, size)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(FuncError::Call("expecting value but found end of stream".into()));
            }
        };
        // Anchors count from one.
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        Ok((value, size))
    }

    fn sequence(&mut self, depth: usize) -> Result<(Value, usize), FuncError> {
        let mut elements = EcoVec::new();
        let mut total = 1;
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok((Value::new(ValueKind::Tuple(elements)), total)),
                event @ Event::Nothing
                | event @ Event::StreamStart
                | event @ Event::StreamEnd
                | event @ Event::DocumentStart(_)
                | event @ Event::DocumentEnd
                | event @ Event::Alias(_)
                | event @ Event::Scalar(..)
                | event @ Event::SequenceStart(..)
                | event @ Event::MappingStart(..)
                | event @ Event::MappingEnd => {
                    let (value, size) = self.value(event, depth + 1)?;
                    total += size;
                    elements.push(value);
                }
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<(Value, usize), FuncError> {
        let mut entries: BTreeMap<EcoString, Value> = BTreeMap::new();
        let mut total = 1;
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok((Value::object(entries), total)),
                Event::Scalar(text, style, _, tag) => {
                    scalar(&tag.map(|tag| full(&tag)).unwrap_or_default(), &text, style)?
                }
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..) => {
                    return Err(FuncError::Call("only strings are allowed as mapping keys".into()));
                }
            };
            let event = self.next()?;
            let (value, size) = self.value(event, depth + 1)?;
            total += size;
            match key {
                Scalar::Merge => {
                    let Some(merged) = value.as_entries() else {
                        let ty = value.ty().friendly_name();
                        return Err(FuncError::Call(format!("cannot merge {ty} into mapping")));
                    };
                    entries.extend(merged.iter().map(|(key, value)| (key.clone(), value.clone())));
                }
                Scalar::Value(key) => {
                    if key.is_null() {
                        return Err(FuncError::Call("mapping key cannot be null".into()));
                    }
                    let key = as_string(&key)?;
                    entries.insert(key.as_str().unwrap_or_default().into(), value);
                }
            }
        }
    }
}

fn full(tag: &Tag) -> String {
    format!("{}{}", tag.handle, tag.suffix)
}

fn refuse_tag(tag: Option<&Tag>, what: &str, own: &str) -> Result<(), FuncError> {
    match tag.map(full) {
        Some(tag) if tag.strip_prefix(TAG) != Some(own) => {
            Err(FuncError::Call(format!("can't interpret {what} as {tag}")))
        }
        _ => Ok(()),
    }
}

fn as_string(value: &Value) -> Result<Value, FuncError> {
    convert(value, &Type::String).map_err(|error| FuncError::Call(error.to_string()))
}

enum Scalar {
    Value(Value),
    /// `<<`, which merges a mapping where it is a key.
    Merge,
}

/// What a scalar's text and tag mean.
fn scalar(tag: &str, text: &str, style: ScalarStyle) -> Result<Scalar, FuncError> {
    let known =
        |name: &str| matches!(name, "str" | "bool" | "int" | "float" | "null" | "timestamp" | "binary");
    let mut kind = match tag.strip_prefix(TAG) {
        Some(name) if known(name) => name,
        None if tag.is_empty() => "",
        _ => return Err(FuncError::Call(format!("unsupported tag {}", quoted(tag)))),
    };
    let cannot = |kind: &str| FuncError::Call(format!("cannot parse {} as {TAG}{kind}", quoted(text)));
    let number = |text: &str| Number::parse(text).map(|number| Scalar::Value(Value::number(number)));
    // The first character decides which meanings are tried.
    let hint = match text.as_bytes().first() {
        None => Some('N'),
        Some(b'+' | b'-' | b'0'..=b'9') => Some('D'),
        Some(b'.') => Some('.'),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => Some('M'),
        Some(_) => None,
    };
    if let Some(hint) = hint
        && !matches!(kind, "str" | "binary")
    {
        if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
            return Ok(Scalar::Value(normal(text)));
        }
        if let Some(value) = word(text) {
            return Ok(Scalar::Value(value));
        }
        if kind.is_empty() && matches!(text, ".nan" | ".NaN" | ".NAN") {
            return Err(FuncError::Call("floating point NaN is not supported".into()));
        }
        if hint == '.'
            && let Some(number) = number(text)
        {
            return Ok(number);
        }
        if hint == 'D' {
            if matches!(kind, "" | "timestamp")
                && let Some(time) = timestamp::from_yaml(text)
            {
                return Ok(Scalar::Value(Value::string(time)));
            }
            if is_integer(text) || is_float(text) {
                kind = "float";
            }
        }
    }
    if kind.is_empty() && text == "<<" {
        return Ok(Scalar::Merge);
    }
    match kind {
        "binary" => {
            use base64::Engine;
            super::BASE64.decode(super::without_breaks(text)).map_err(|_| cannot("binary"))?;
            Ok(Scalar::Value(normal(text)))
        }
        "" | "str" => Ok(Scalar::Value(normal(text))),
        "bool" => {
            let value = word(text).filter(|value| value.as_bool().is_some());
            value.map(Scalar::Value).ok_or_else(|| cannot("bool"))
        }
        "null" => Ok(Scalar::Value(Value::null(Type::Dynamic))),
        "timestamp" => {
            let time = timestamp::from_yaml(text).ok_or_else(|| cannot("timestamp"))?;
            Ok(Scalar::Value(Value::string(time)))
        }
        kind => {
            let plain = text.replace('_', "");
            number(&plain).or_else(|| prefixed(&plain)).ok_or_else(|| cannot(kind))
        }
    }
}

/// The words with a meaning of their own.
fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::bool(false)
        }
        "" | "~" | "null" | "Null" | "NULL" => Value::null(Type::Dynamic),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::number(Number::infinity(false)),
        "-.inf" | "-.Inf" | "-.INF" => Value::number(Number::infinity(true)),
        _ => return None,
    })
}

/// `12`, `0o17` or `0x1f`.
fn is_integer(text: &str) -> bool {
    let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, 16);
    }
    all(text.strip_prefix(['+', '-']).unwrap_or(text), 10)
}

/// `1.5`, `.5`, `5.`, with an exponent or without.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if let Some(exponent) = exponent {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if exponent.is_empty() || !digits(exponent) {
            return false;
        }
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole) && digits(fraction) && (!whole.is_empty() || !fraction.is_empty())
}

/// An integer of 64 bits with the prefix of a base.
fn prefixed(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| Some((radix, lower.strip_prefix(prefix)?)))?;
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let number =
        if negative { Number::from(0i64.checked_sub_unsigned(magnitude)?) } else { Number::from(magnitude) };
    Some(Scalar::Value(Value::number(number)))
}
