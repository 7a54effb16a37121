//! Sets: which elements are the same, and the order in which Terraform iterates them.

use std::cmp::Ordering;
use std::fmt::Write;

use ecow::EcoString;
use rustc_hash::FxHashSet;

use crate::eval::funcs::unmark_deep;
use crate::eval::term::canonical;
use crate::eval::value::{Marks, Type, Value, ValueKind};

/// A set of the elements: converted already, duplicates removed, in Terraform's order of sets.
///
/// Marks of elements become marks of the set. An element that is not wholly known is never taken for a duplicate, as
/// in Terraform.
pub fn set(element: Type, elements: Vec<Value>) -> Value {
    let mut marks = Marks::NONE;
    let mut seen: FxHashSet<EcoString> = FxHashSet::default();
    let mut distinct = Vec::with_capacity(elements.len());
    for value in elements {
        marks = marks.union(value.deep_marks());
        let value = unmark_deep(value);
        if !is_settled(&value) || seen.insert(canonical(&value)) {
            distinct.push(value);
        }
    }
    if element.is_primitive() {
        distinct.sort_by(order_of_primitives);
    } else {
        distinct.sort_by_cached_key(|value| (rank(value), hash_bytes(value)));
    }
    Value::new(ValueKind::Set(element, distinct.into())).with_marks(marks)
}

/// Whether it can be told from others: nothing in it is unknown but the attributes of a resource.
fn is_settled(value: &Value) -> bool {
    !value.is_unknown() && value.parts().all(is_settled)
}

/// Known values come first, nulls last.
fn rank(value: &Value) -> u8 {
    if value.is_null() { 2 } else { u8::from(value.is_unknown()) }
}

fn order_of_primitives(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (&a.kind, &b.kind) {
        (ValueKind::String(a), ValueKind::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        (ValueKind::Number(a), ValueKind::Number(b)) => a.cmp(b),
        (ValueKind::Bool(a), ValueKind::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    })
}

/// The text that go-cty orders elements of other types by.
fn hash_bytes(value: &Value) -> String {
    let mut out = String::new();
    write_hash_bytes(value, &mut out);
    out
}

fn write_hash_bytes(value: &Value, out: &mut String) {
    let list = |open: char, close: char, elements: &mut dyn Iterator<Item = &Value>, out: &mut String| {
        out.push(open);
        for element in elements {
            write_hash_bytes(element, out);
            out.push(';');
        }
        out.push(close);
    };
    match &value.kind {
        ValueKind::Unknown(_) => out.push('?'),
        ValueKind::Null(_) => out.push('~'),
        ValueKind::Number(number) => out.push_str(&ten_digits(&number.to_string())),
        ValueKind::Bool(true) => out.push('T'),
        ValueKind::Bool(false) => out.push('F'),
        ValueKind::String(text) => write_quoted(text, out),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) => {
            list('[', ']', &mut elements.iter(), out)
        }
        ValueKind::Tuple(elements) => list('<', '>', &mut elements.iter(), out),
        ValueKind::Object(attributes) => list('<', '>', &mut attributes.values(), out),
        ValueKind::Map(_, entries) => {
            out.push('{');
            for (key, entry) in entries.iter() {
                write_quoted(key, out);
                out.push(':');
                write_hash_bytes(entry, out);
                out.push(';');
            }
            out.push('}');
        }
        ValueKind::Resource(instance) => {
            let _ = write!(out, "?{:010}", instance.id.0);
        }
    }
}

/// Go's `%q`.
pub(in crate::eval) fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(c),
            c if (c as u32) < 0x80 => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            // A mark is printable to Go, but escaped by Rust.
            c if c.escape_debug().count() == 1 || unicode_normalization::char::is_combining_mark(c) => {
                out.push(c)
            }
            c if (c as u32) < 0x10000 => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => {
                let _ = write!(out, "\\U{:08x}", c as u32);
            }
        }
    }
    out.push('"');
}

/// Go's `%.10g` of a decimal.
pub(in crate::eval) fn ten_digits(decimal: &str) -> String {
    const PRECISION: usize = 10;
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", decimal),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return decimal.into();
    }
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    let leading = all.iter().take_while(|digit| **digit == 0).count();
    // The value is 0.MANTISSA times ten to the power of `point`.
    let mut point = whole.len() as i64 - leading as i64;
    let mut mantissa = all[leading..].to_vec();
    if mantissa.len() > PRECISION {
        let rest = mantissa.split_off(PRECISION);
        let half = rest[0] == 5 && rest[1..].iter().all(|digit| *digit == 0);
        if rest[0] > 5 || (rest[0] == 5 && !half) || (half && mantissa[PRECISION - 1] % 2 == 1) {
            let nines = mantissa.iter().rev().take_while(|digit| **digit == 9).count();
            mantissa.truncate(PRECISION - nines);
            match mantissa.last_mut() {
                Some(last) => *last += 1,
                None => {
                    mantissa.push(1);
                    point += 1;
                }
            }
        }
    }
    while mantissa.last() == Some(&0) {
        mantissa.pop();
    }
    if mantissa.is_empty() {
        return format!("{sign}0");
    }
    let text: String = mantissa.iter().map(|digit| char::from(b'0' + digit)).collect();
    let count = text.len() as i64;
    let mut exponent_from = PRECISION as i64;
    if exponent_from > count && count >= point {
        exponent_from = count;
    }
    let exponent = point - 1;
    if exponent < -4 || exponent >= exponent_from {
        let (first, rest) = text.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{dot}{rest}e{exponent_sign}{:02}", exponent.abs());
    }
    if point <= 0 {
        format!("{sign}0.{}{text}", "0".repeat(point.unsigned_abs() as usize))
    } else if count <= point {
        format!("{sign}{text}{}", "0".repeat((point - count) as usize))
    } else {
        let (whole, fraction) = text.split_at(point as usize);
        format!("{sign}{whole}.{fraction}")
    }
}
