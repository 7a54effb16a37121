//! `format` and `formatlist`: C-like verbs, with the widths and signs of Go.

use crate::eval::convert::convert;
use crate::eval::funcs::arg::{
    any, check_bytes, check_elements, gives_string, normal, quoted, result, string, text,
};
use crate::eval::funcs::encoding::json;
use crate::eval::funcs::string::grapheme::{graphemes, safe_prefix};
use crate::eval::funcs::{Context, FuncError, Function, Param, not_null};
use crate::eval::value::{Refinement, Type, Value, ValueKind};
use crate::number::{Notation, Number};

/// `format`.
pub const FORMAT: Function = Function {
    name: "format",
    params: &[Param::new("format", string)],
    variadic: Some(Param::new("args", any).nullable().unknown()),
    ty: gives_string,
    refine: literal_prefix,
    call: format,
};

/// `formatlist`.
pub const FORMATLIST: Function = Function {
    name: "formatlist",
    params: &[Param::new("format", string)],
    variadic: Some(Param::new("args", any).nullable().unknown()),
    ty: |_| Ok(Type::list(Type::String)),
    refine: not_null,
    call: formatlist,
};

fn format(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    if !args[1..].iter().all(Value::is_wholly_known) {
        let whole = as_it_is(text(&args[0])?, &args[1..]);
        return Ok(whole.unwrap_or_else(|| Value::refined(Type::String, literal_prefix(args))));
    }
    result(context, &render(context, text(&args[0])?, &args[1..])?)
}

/// The string that is not known and that a verb on its own passes on: what is null is an error.
fn as_it_is(format: &str, args: &[Value]) -> Option<Value> {
    let [value] = args else { return None };
    let is_string = value.as_unknown().is_some_and(|unknown| unknown.ty == Type::String);
    (is_string && matches!(format, "%s" | "%v")).then(|| value.clone())
}

/// What stands before the first verb whose argument is not known begins the result.
fn literal_prefix(args: &[Value]) -> Refinement {
    let format = args.first().and_then(Value::as_str).unwrap_or_default();
    let literal = format.split('%').next().unwrap_or_default();
    Refinement { not_null: true, prefix: safe_prefix(literal).into(), ..Refinement::default() }
}

fn formatlist(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let format = text(&args[0])?;
    let args = &args[1..];
    if args.is_empty() {
        let rendered = render(context, format, args)?;
        return Ok(Value::list(Type::String, [result(context, &rendered)?]));
    }
    let mut length: Option<(usize, usize)> = None;
    let mut unknown = false;
    for (i, arg) in args.iter().enumerate() {
        let own = match (&arg.kind, arg.as_elements()) {
            (_, Some(elements)) => {
                unknown |= matches!(&arg.kind, ValueKind::Set(..)) && !arg.is_wholly_known();
                elements.len()
            }
            (ValueKind::Unknown(what), None) => match &what.ty {
                Type::Tuple(elements) => {
                    unknown = true;
                    elements.len()
                }
                Type::List(_) | Type::Set(_) | Type::Dynamic => {
                    unknown = true;
                    continue;
                }
                Type::Bool
                | Type::Number
                | Type::String
                | Type::Map(_)
                | Type::Object(_)
                | Type::Resource(_) => {
                    continue;
                }
            },
            _ => continue,
        };
        match length {
            None => length = Some((own, i)),
            Some((length, chooser)) if own != length => {
                let message = format!(
                    "argument {} has length {own}, which is inconsistent with argument {} of length {length}",
                    i + 1,
                    chooser + 1
                );
                return Err(FuncError::Arg(i + 1, message));
            }
            Some(_) => {}
        }
    }
    if unknown {
        return Ok(Value::unknown_not_null(Type::list(Type::String)));
    }
    let length = length.map_or(1, |(length, _)| length);
    check_elements(context, length)?;
    let mut results = Vec::with_capacity(length);
    let mut bytes = 0;
    for i in 0..length {
        let items: Vec<Value> =
            args.iter().map(|arg| arg.as_elements().map_or(arg, |elements| &elements[i]).clone()).collect();
        if !items.iter().all(Value::is_wholly_known) {
            let literal = [Value::string(format)];
            let whole = as_it_is(format, &items);
            results.push(whole.unwrap_or_else(|| Value::refined(Type::String, literal_prefix(&literal))));
            continue;
        }
        let rendered = render(context, format, &items).map_err(|error| match error {
            FuncError::Arg(_, message) | FuncError::Call(message) => {
                FuncError::Call(format!("error on format iteration {i}: {message}"))
            }
            limit @ (FuncError::Limit(_) | FuncError::Outside(_)) => limit,
        })?;
        bytes += rendered.len();
        check_bytes(context, bytes)?;
        results.push(normal(&rendered));
    }
    Ok(Value::list(Type::String, results))
}

/// One verb: `%[flags][width][.precision][[index]]mode`.
struct Verb<'a> {
    raw: &'a str,
    offset: usize,
    arg: usize,
    mode: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The text for known arguments.
pub fn render(context: &Context<'_>, format: &str, args: &[Value]) -> Result<String, FuncError> {
    let mut out = String::new();
    let mut at = 0;
    let mut next = 1;
    let mut highest = 0;
    while at < format.len() {
        let Some(literal) = format[at..].find('%') else {
            out.push_str(&format[at..]);
            break;
        };
        out.push_str(&format[at..at + literal]);
        at += literal;
        if format[at..].starts_with("%%") {
            out.push('%');
            at += 2;
            continue;
        }
        let verb = scan(format, at, next)?;
        at += verb.raw.len();
        highest = highest.max(verb.arg);
        append(context, &verb, args, &mut out)?;
        check_bytes(context, out.len())?;
        next = verb.arg + 1;
    }
    if highest < args.len() {
        let used = if highest == 0 {
            "too many arguments; no verbs in format string".to_owned()
        } else {
            format!("too many arguments; only {highest} used by format string")
        };
        return Err(FuncError::Arg(highest + 1, used));
    }
    Ok(out)
}

fn scan(format: &str, start: usize, next: usize) -> Result<Verb<'_>, FuncError> {
    let bytes = format.as_bytes();
    let mut verb = Verb {
        raw: "",
        offset: start,
        arg: next,
        mode: ' ',
        zero: false,
        sharp: false,
        plus: false,
        minus: false,
        space: false,
        width: None,
        precision: None,
    };
    let number = |at: &mut usize| {
        let mut n = 0usize;
        while let Some(digit) = bytes.get(*at).filter(|b| b.is_ascii_digit()) {
            n = n.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
            *at += 1;
        }
        n
    };
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'0') => verb.zero = true,
            Some(b'#') => verb.sharp = true,
            Some(b'-') => verb.minus = true,
            Some(b'+') => verb.plus = true,
            Some(b' ') => verb.space = true,
            _ => break,
        }
        at += 1;
    }
    if bytes.get(at).is_some_and(|b| matches!(b, b'1'..=b'9')) {
        verb.width = Some(number(&mut at));
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        verb.precision = Some(number(&mut at));
    }
    if bytes.get(at) == Some(&b'[') {
        at += 1;
        if !bytes.get(at).is_some_and(|b| matches!(b, b'1'..=b'9')) {
            return Err(unrecognized(format, at));
        }
        verb.arg = number(&mut at);
        if bytes.get(at) != Some(&b']') {
            return Err(unrecognized(format, at));
        }
        at += 1;
    }
    match bytes.get(at) {
        Some(mode) if mode.is_ascii_alphabetic() => {
            verb.mode = char::from(*mode);
            verb.raw = &format[start..=at];
            Ok(verb)
        }
        _ => Err(unrecognized(format, at)),
    }
}

fn unrecognized(format: &str, at: usize) -> FuncError {
    FuncError::Call(match format[at..].chars().next() {
        Some(c) => format!("unrecognized format character {} at offset {at}", quoted_char(c)),
        None => format!("invalid format string starting at offset {at}"),
    })
}

/// A character in single quotes, as Go's `%q` writes it.
fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".into(),
        '"' => "'\"'".into(),
        c => {
            let text = quoted(c.encode_utf8(&mut [0; 4]));
            format!("'{}'", &text[1..text.len() - 1])
        }
    }
}

fn append(context: &Context<'_>, verb: &Verb<'_>, args: &[Value], out: &mut String) -> Result<(), FuncError> {
    // Go leaves out wider fields altogether.
    const WIDTH: usize = 1_000_000;
    let place = format!("{} at {}", quoted(verb.raw), verb.offset);
    let Some(arg) = verb.arg.checked_sub(1).and_then(|i| args.get(i)) else {
        return Err(FuncError::Call(format!(
            "not enough arguments for {place}: need index {} but have {} total",
            verb.arg,
            args.len()
        )));
    };
    let unsupported = |why: &str| FuncError::Call(format!("unsupported value for {place}: {why}"));
    if verb.mode != 'v' && arg.is_null() {
        return Err(unsupported("null value cannot be formatted"));
    }
    if verb.width.max(verb.precision) > Some(WIDTH) {
        check_bytes(context, usize::MAX)?;
    }
    let to = |ty: Type| convert(arg, &ty).map_err(|error| unsupported(&error.to_string()));
    match verb.mode {
        'v' => {
            let plain = match (&arg.kind, verb.sharp) {
                (ValueKind::String(text), false) => text.to_string(),
                (ValueKind::Number(number), false) => number.text(Notation::General, None),
                _ => json::encode(arg, context.limits.string_bytes).map_err(|error| match error {
                    FuncError::Arg(_, why) | FuncError::Call(why) => unsupported(&why),
                    limit @ (FuncError::Limit(_) | FuncError::Outside(_)) => limit,
                })?,
            };
            pad(verb, &plain, out);
        }
        't' => out.push_str(if to(Type::Bool)?.as_bool() == Some(true) { "true" } else { "false" }),
        'b' | 'd' | 'o' | 'x' | 'X' => {
            let number = to(Type::Number)?;
            let integer = number.as_number().and_then(Number::to_integer);
            let integer = integer.ok_or_else(|| unsupported("an integer is required"))?;
            append_integer(verb, &integer, out);
        }
        'e' | 'E' | 'f' | 'g' | 'G' => {
            let number = to(Type::Number)?;
            append_float(verb, number.as_number().ok_or_else(|| unsupported("number required"))?, out);
        }
        's' | 'q' => {
            let converted = to(Type::String)?;
            let mut text = text(&converted)?.to_owned();
            if let Some(precision) = verb.precision.filter(|precision| *precision > 0) {
                text = graphemes(&text).take(precision).collect();
            }
            if verb.mode == 'q' {
                text = json::string(&text);
            }
            pad(verb, &text, out);
        }
        mode => {
            return Err(FuncError::Call(format!(
                "unsupported format verb '{mode}' in {} at offset {}",
                quoted(verb.raw),
                verb.offset
            )));
        }
    }
    Ok(())
}

/// Pads to the width in characters.
fn pad(verb: &Verb<'_>, text: &str, out: &mut String) {
    let fill = verb.width.unwrap_or(0).saturating_sub(graphemes(text).count());
    let filler = if verb.zero { "0" } else { " " }.repeat(fill);
    if verb.minus {
        out.push_str(text);
        out.push_str(&filler);
    } else {
        out.push_str(&filler);
        out.push_str(text);
    }
}

fn append_integer(verb: &Verb<'_>, integer: &dashu_int::IBig, out: &mut String) {
    let (radix, prefix) = match verb.mode {
        'b' => (2, "0b"),
        'o' => (8, "0"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        _ => (10, ""),
    };
    let prefix = if verb.sharp { prefix } else { "" };
    let (sign, magnitude) = integer.clone().into_parts();
    let sign = sign_of(verb, sign == dashu_int::Sign::Negative);
    let mut digits = magnitude.in_radix(radix).to_string();
    if verb.mode == 'X' {
        digits.make_ascii_uppercase();
    }
    let mut zeros = 0;
    if let Some(precision) = verb.precision {
        if digits == "0" && precision == 0 {
            return;
        }
        zeros = precision.saturating_sub(digits.len());
    }
    let length = sign.len() + prefix.len() + zeros + digits.len();
    let fill = verb.width.unwrap_or(0).saturating_sub(length);
    let (mut left, mut right) = (0, 0);
    if verb.minus {
        right = fill;
    } else if verb.zero && verb.precision.is_none() {
        zeros = fill;
    } else {
        left = fill;
    }
    for part in [&" ".repeat(left), sign, prefix, &"0".repeat(zeros), &digits, &" ".repeat(right)] {
        out.push_str(part);
    }
}

fn append_float(verb: &Verb<'_>, number: &Number, out: &mut String) {
    let (notation, default) = match verb.mode {
        'f' => (Notation::Fixed, Some(6)),
        'e' | 'E' => (Notation::Exponent, Some(6)),
        _ => (Notation::General, None),
    };
    let mut text = number.text(notation, verb.precision.or(default));
    if matches!(verb.mode, 'E' | 'G') && !number.is_infinite() {
        text.make_ascii_uppercase();
    }
    let negative = text.starts_with('-');
    let digits = text.trim_start_matches(['-', '+']);
    let mut sign = sign_of(verb, negative);
    if number.is_infinite() && sign.is_empty() {
        sign = "+";
    }
    if number.is_infinite() && !negative && verb.space {
        sign = " ";
    }
    let fill = verb.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
    let (mut left, mut zeros, mut right) = (0, 0, 0);
    if verb.minus {
        right = fill;
    } else if verb.zero && !number.is_infinite() {
        zeros = fill;
    } else {
        left = fill;
    }
    for part in [&" ".repeat(left), sign, &"0".repeat(zeros), digits, &" ".repeat(right)] {
        out.push_str(part);
    }
}

fn sign_of(verb: &Verb<'_>, negative: bool) -> &'static str {
    match (negative, verb.plus, verb.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    }
}
