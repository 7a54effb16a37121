//! Functions over timestamps.

pub(in crate::eval::funcs) mod timestamp;

use std::cmp::Ordering;

use jiff::SignedDuration;
use jiff::civil::Weekday;

use crate::eval::funcs::arg::{function, gives_number, gives_string, quoted, result, string, text};
use crate::eval::funcs::time::timestamp::{Strictness, Timestamp, parse};
use crate::eval::funcs::{Context, FuncError, Function, Param, no_refinement};
use crate::eval::value::{Moment, Refinement, Type, Value};

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    function(
        "formatdate",
        &[Param::new("format", string), Param::new("time", string)],
        gives_string,
        formatdate,
    ),
    function("plantimestamp", &[], gives_string, now),
    Function {
        refine: no_refinement,
        ..function(
            "timeadd",
            &[Param::new("timestamp", string), Param::new("duration", string)],
            gives_string,
            timeadd,
        )
    },
    function(
        "timecmp",
        &[Param::new("timestamp_a", string), Param::new("timestamp_b", string)],
        gives_number,
        timecmp,
    ),
    function("timestamp", &[], gives_string, now),
];

/// The moment of a plan or apply: after `plantimestamp` came with Terraform 1.5.0 (12 June 2023), and before the year
/// 3000.
const NOW: Moment = Moment { earliest: 1_686_528_000, latest: 32_503_679_999 };

fn now(_context: &Context<'_>, _args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    Ok(moment(NOW))
}

/// An instant that is not known, as a string.
fn moment(moment: Moment) -> Value {
    let [first, last] = [moment.earliest, moment.latest].map(|seconds| Timestamp::utc(seconds).rfc3339());
    // A fifth digit of the year is no longer RFC 3339.
    if first.len() != last.len() || first.starts_with('-') {
        return Value::unknown_not_null(Type::String);
    }
    let common = first.bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    Value::refined(
        Type::String,
        Refinement {
            not_null: true,
            prefix: first[..common].into(),
            min_length: first.len() as u64,
            max_length: Some(first.len() as u64),
            moment: Some(moment),
            ..Refinement::default()
        },
    )
}

/// The bounds of an instant that is known or not.
fn bounds(value: &Value) -> Option<[Value; 2]> {
    match value.as_unknown() {
        None => Some([value.clone(), value.clone()]),
        Some(unknown) => {
            let Moment { earliest, latest } = unknown.refinement.moment?;
            Some([earliest, latest].map(|seconds| Value::string(Timestamp::utc(seconds).rfc3339())))
        }
    }
}

/// Whether it is a function of this family whose unknown arguments are all instants.
pub(super) fn is_of_moments(function: &Function, args: &[Value]) -> bool {
    let is_moment = |index: usize| args.get(index).is_some_and(|arg| bounds(arg).is_some());
    let is_known = |index: usize| args.get(index).is_some_and(Value::is_wholly_known);
    match function.name {
        "formatdate" => is_known(0) && is_moment(1),
        "timeadd" => is_moment(0) && is_known(1),
        "timecmp" => is_moment(0) && is_moment(1),
        _ => false,
    }
}

/// What a function of this family gives for instants of which only bounds are known: an error, if the other argument
/// is wrong, or what holds at any time between the bounds.
pub(super) fn of_moments(
    context: &Context<'_>,
    function: &Function,
    args: &[Value],
    ty: &Type,
) -> Result<Option<Value>, FuncError> {
    if !is_of_moments(function, args) {
        return Ok(None);
    }
    let at = |args: [&Value; 2]| (function.call)(context, &args.map(Value::clone), ty);
    match function.name {
        "formatdate" => {
            let Some([earliest, _]) = bounds(&args[1]) else { return Ok(None) };
            at([&args[0], &earliest]).map(|_| None)
        }
        "timeadd" => {
            let Some([earliest, latest]) = bounds(&args[0]) else { return Ok(None) };
            let seconds = |value: Value| -> Option<i64> {
                let timestamp = parse(value.as_str()?, Strictness::Strict).ok()?;
                Some(timestamp.instant().as_secs())
            };
            let earliest = at([&earliest, &args[1]])?;
            let latest = match at([&latest, &args[1]]) {
                Err(FuncError::Limit(_)) => return Ok(None),
                latest => latest?,
            };
            let range = seconds(earliest).zip(seconds(latest));
            Ok(range.map(|(earliest, latest)| moment(Moment { earliest, latest })))
        }
        _ => {
            let (Some([a, z]), Some([b, y])) = (bounds(&args[0]), bounds(&args[1])) else { return Ok(None) };
            // The order of two instants only grows with the first and falls with the second.
            let (least, most) = (at([&a, &y])?, at([&z, &b])?);
            Ok((least.as_number() == most.as_number()).then_some(least))
        }
    }
}

fn timecmp(_context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let instant = |i: usize| {
        let timestamp =
            parse(text(&args[i])?, Strictness::Lenient).map_err(|message| FuncError::Arg(i, message))?;
        Ok::<_, FuncError>(timestamp.instant())
    };
    Ok(Value::number(match instant(0)?.cmp(&instant(1)?) {
        Ordering::Less => -1i64,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

fn timeadd(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let timestamp = parse(text(&args[0])?, Strictness::Strict).map_err(FuncError::Call)?;
    let duration = duration(text(&args[1])?).map_err(FuncError::Call)?;
    let local = timestamp.local.checked_add(SignedDuration::from_nanos(duration));
    let local = local.map_err(|_| FuncError::Limit("years of a timestamp (9999)".into()))?;
    result(context, &Timestamp { local, ..timestamp }.rfc3339())
}

/// Nanoseconds of `1h30m`, `-1.5h` and the like; the error is Go's message.
fn duration(text: &str) -> Result<i64, String> {
    const LIMIT: u64 = 1 << 63;
    let invalid = || format!("time: invalid duration {}", quoted(text));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let digits_end = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = rest.split_at(digits_end(rest));
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits_end(after)),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        rest = after;
        let nanoseconds: u64 = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quoted(text))),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            unit => return Err(format!("time: unknown unit {} in duration {}", quoted(unit), quoted(text))),
        };
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        if whole > LIMIT / nanoseconds {
            return Err(invalid());
        }
        let mut value = whole * nanoseconds;
        // Digits beyond what 64 bits hold do not count.
        let fraction = &fraction[..fraction.len().min(18)];
        let scale = 10f64.powi(fraction.len() as i32);
        if let Ok(fraction @ 1..) = fraction.parse::<u64>() {
            value += (fraction as f64 * (nanoseconds as f64 / scale)) as u64;
        }
        total = total.checked_add(value).filter(|total| *total <= LIMIT).ok_or_else(invalid)?;
    }
    if negative {
        return Ok(0i64.checked_sub_unsigned(total).unwrap_or(i64::MIN));
    }
    i64::try_from(total).map_err(|_| invalid())
}

fn formatdate(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let timestamp =
        parse(text(&args[1])?, Strictness::Strict).map_err(|message| FuncError::Arg(1, message))?;
    let mut rest = text(&args[0])?;
    let mut out = String::new();
    while let Some(c) = rest.chars().next() {
        let end = if c == '\'' {
            quoted_end(rest)
        } else if c.is_ascii_alphabetic() {
            rest.find(|other| other != c).unwrap_or(rest.len())
        } else {
            rest.find(|c: char| c == '\'' || c.is_ascii_alphabetic()).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        rest = after;
        if c == '\'' {
            if token.len() == 1 || !token.ends_with('\'') {
                return Err(FuncError::Arg(0, "unterminated literal '".into()));
            }
            let inner = &token[1..token.len() - 1];
            out.push_str(&if inner.is_empty() { "'".into() } else { undoubled(inner) });
        } else if c.is_ascii_alphabetic() {
            out.push_str(&verb(&timestamp, token).map_err(|message| FuncError::Arg(0, message))?);
        } else {
            out.push_str(token);
        }
    }
    result(context, &out)
}

/// Where a literal in quotes ends, in which two quotes stand for one.
fn quoted_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.get(1) == Some(&b'\'') {
        return 2;
    }
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

/// Each quote drops the character after it, which is a quote as well.
fn undoubled(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '\'' {
            chars.next();
        }
    }
    out
}

fn verb(timestamp: &Timestamp, token: &str) -> Result<String, String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let local = timestamp.local;
    let plain_or_padded = |n: i8, what: &str| match token.len() {
        1 => Ok(n.to_string()),
        2 => Ok(format!("{n:02}")),
        _ => Err(format!("invalid date format verb {}: {what}", quoted(token))),
    };
    let invalid = |what: &str| Err(format!("invalid date format verb {}: {what}", quoted(token)));
    match token.as_bytes()[0] {
        b'Y' => match token.len() {
            2 => Ok(format!("{:02}", local.year() % 100)),
            4 => Ok(format!("{:04}", local.year())),
            _ => invalid("year must either be \"YY\" or \"YYYY\""),
        },
        b'M' => {
            let name = MONTHS[usize::from(local.month().unsigned_abs()).saturating_sub(1).min(11)];
            match token.len() {
                3 => Ok(name[..3].into()),
                4 => Ok(name.into()),
                _ => plain_or_padded(local.month(), "month must be \"M\", \"MM\", \"MMM\", or \"MMMM\""),
            }
        }
        b'D' => plain_or_padded(local.day(), "day of month must either be \"D\" or \"DD\""),
        b'E' => {
            let name = match local.date().weekday() {
                Weekday::Monday => "Monday",
                Weekday::Tuesday => "Tuesday",
                Weekday::Wednesday => "Wednesday",
                Weekday::Thursday => "Thursday",
                Weekday::Friday => "Friday",
                Weekday::Saturday => "Saturday",
                Weekday::Sunday => "Sunday",
            };
            match token.len() {
                3 => Ok(name[..3].into()),
                4 => Ok(name.into()),
                _ => invalid("day of week must either be \"EEE\" or \"EEEE\""),
            }
        }
        b'h' => plain_or_padded(local.hour(), "24-hour must either be \"h\" or \"hh\""),
        b'H' => {
            let hour = if local.hour() % 12 == 0 { 12 } else { local.hour() % 12 };
            plain_or_padded(hour, "12-hour must either be \"H\" or \"HH\"")
        }
        letter @ (b'A' | b'a') => {
            if token.len() != 2 {
                let double = String::from(char::from(letter)).repeat(2);
                return invalid(&format!("must be \"{double}\""));
            }
            let half = if local.hour() < 12 { "AM" } else { "PM" };
            Ok(if letter == b'A' { half.into() } else { half.to_ascii_lowercase() })
        }
        b'm' => plain_or_padded(local.minute(), "minute must either be \"m\" or \"mm\""),
        b's' => plain_or_padded(local.second(), "second must either be \"s\" or \"ss\""),
        b'Z' => match token.len() {
            1 => Ok(if timestamp.offset == 0 { "Z".into() } else { timestamp.zone(":") }),
            3 if timestamp.offset == 0 => Ok("UTC".into()),
            3 | 4 => Ok(timestamp.zone("")),
            5 => Ok(timestamp.zone(":")),
            _ => invalid("timezone must be Z, ZZZZ, or ZZZZZ"),
        },
        _ => Err(format!("invalid date format verb {}", quoted(token))),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        for (text, nanoseconds) in [
            ("1h30m", 5_400_000_000_000),
            ("-1.5h", -5_400_000_000_000),
            ("+.5s", 500_000_000),
            ("0", 0),
            ("1us1µs1μs1ns", 3_001),
        ] {
            assert_eq!(duration(text), Ok(nanoseconds), "{text}");
        }
        for (text, message) in [
            ("", "time: invalid duration \"\""),
            ("1d", "time: unknown unit \"d\" in duration \"1d\""),
            ("1", "time: missing unit in duration \"1\""),
            ("x", "time: invalid duration \"x\""),
            ("9999999h", "time: invalid duration \"9999999h\""),
        ] {
            assert_eq!(duration(text), Err(message.into()), "{text}");
        }
    }
}
