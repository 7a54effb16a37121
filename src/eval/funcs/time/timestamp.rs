//! Timestamps with an offset, as Go reads and writes them.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

use crate::eval::funcs::arg::quoted;

/// A local time and its offset from UTC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp {
    /// The time at the offset.
    pub(super) local: DateTime,
    /// Seconds east of UTC.
    pub(super) offset: i64,
}

impl Timestamp {
    /// Seconds since 1970 in UTC, within the years that have four digits.
    pub(super) fn utc(seconds: i64) -> Timestamp {
        let start = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        let local = start.saturating_add(SignedDuration::from_secs(seconds));
        Timestamp { local, offset: 0 }
    }

    /// Time since a fixed instant, for comparison.
    pub(super) fn instant(&self) -> SignedDuration {
        self.local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
            - SignedDuration::from_secs(self.offset)
    }

    /// RFC 3339 without a fraction of seconds.
    pub(super) fn rfc3339(&self) -> String {
        let local = self.local;
        let zone = if self.offset == 0 { "Z".into() } else { self.zone(":") };
        format!(
            "{}{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
            if local.year() < 0 { "-" } else { "" },
            local.year().unsigned_abs(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        )
    }

    /// `+01:00`, with a separator of hours and minutes.
    pub(super) fn zone(&self, separator: &str) -> String {
        let sign = if self.offset < 0 { '-' } else { '+' };
        let minutes = self.offset.abs() / 60;
        format!("{sign}{:02}{separator}{:02}", minutes / 60, minutes % 60)
    }
}

/// What is read next of a text.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// A number of one or two digits, or of exactly two.
    fn number(&mut self, exactly_two: bool) -> Option<i64> {
        let digit =
            |i: usize| self.0.as_bytes().get(i).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
        let first = digit(0)?;
        match digit(1) {
            Some(second) => {
                self.0 = &self.0[2..];
                Some(first * 10 + second)
            }
            None if exactly_two => None,
            None => {
                self.0 = &self.0[1..];
                Some(first)
            }
        }
    }

    fn year(&mut self) -> Option<i64> {
        let digits = self.0.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = &self.0[4..];
        digits.parse().ok()
    }

    fn literal(&mut self, literal: char) -> bool {
        match self.0.strip_prefix(literal) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// A fraction of a second after a point or comma, if there is one.
    fn nanoseconds(&mut self) -> i64 {
        let bytes = self.0.as_bytes();
        if !matches!(bytes.first(), Some(b'.' | b',')) || !bytes.get(1).is_some_and(u8::is_ascii_digit) {
            return 0;
        }
        let end = bytes.iter().skip(1).position(|b| !b.is_ascii_digit()).map_or(bytes.len(), |i| i + 1);
        let digits = &self.0[1..end];
        self.0 = &self.0[end..];
        let digits = &digits[..digits.len().min(9)];
        digits.parse::<i64>().unwrap_or(0) * 10i64.pow(9 - digits.len() as u32)
    }

    /// `Z` or `±hh:mm`, in seconds; the error tells whether a part is out of range.
    fn offset(&mut self) -> Result<i64, OffsetError> {
        if self.literal('Z') {
            return Ok(0);
        }
        let zone = self.0.get(..6).ok_or(OffsetError::Malformed)?;
        let mut reader = Reader(&zone[1..]);
        let hours = reader.number(true).ok_or(OffsetError::Malformed)?;
        if !reader.literal(':') {
            return Err(OffsetError::Malformed);
        }
        let minutes = reader.number(true).ok_or(OffsetError::Malformed)?;
        let sign = match zone.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(OffsetError::Malformed),
        };
        self.0 = &self.0[6..];
        if hours > 24 || minutes > 60 {
            return Err(OffsetError::OutOfRange);
        }
        Ok(sign * (hours * 60 + minutes) * 60)
    }
}

enum OffsetError {
    Malformed,
    OutOfRange,
}

/// How exactly a text must follow RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    /// As Go's `time.Parse`: an hour of one digit, a comma before the fraction, an offset of 24 hours.
    Lenient,
    /// As the RFC has it.
    Strict,
}

/// Reads RFC 3339; the error is Terraform's message.
pub(super) fn parse(text: &str, strictness: Strictness) -> Result<Timestamp, String> {
    read(text, strictness).map_err(|why| format!("not a valid RFC3339 timestamp: {why}"))
}

fn read(text: &str, strictness: Strictness) -> Result<Timestamp, String> {
    let mut reader = Reader(text);
    let cannot = |rest: &str, what: &str| {
        if rest.is_empty() {
            format!("end of string before {what}")
        } else if strictness == Strictness::Strict && what == "hour" && rest.contains(':') {
            "hour must be between 0 and 23 inclusive".into()
        } else if strictness == Strictness::Strict && matches!(what, "hour" | "minute") && rest.len() != 2 {
            format!("{what} must have exactly two digits")
        } else {
            format!("cannot use {} as {what}", quoted(rest))
        }
    };
    let separator = |reader: &mut Reader<'_>, separator: char| {
        if reader.literal(separator) {
            Ok(())
        } else if separator == 'T' {
            Err("missing required time introducer 'T'".into())
        } else if reader.0.is_empty() {
            Err(format!("end of string where \"{separator}\" is expected"))
        } else {
            Err(format!("found {} where \"{separator}\" is expected", quoted(reader.0)))
        }
    };
    let field =
        |reader: &mut Reader<'_>, what: &str, exactly_two: bool, range: std::ops::RangeInclusive<i64>| {
            let before = reader.0;
            let number = reader.number(exactly_two).ok_or_else(|| cannot(before, what))?;
            if range.contains(&number) { Ok(number) } else { Err(cannot(reader.0, what)) }
        };
    let year = reader.year().ok_or_else(|| cannot(text, "year"))?;
    separator(&mut reader, '-')?;
    let month = field(&mut reader, "month", true, 1..=12)?;
    separator(&mut reader, '-')?;
    let day = field(&mut reader, "day of month", true, 0..=99)?;
    separator(&mut reader, 'T')?;
    let hour_at = reader.0;
    let hour = field(&mut reader, "hour", false, 0..=23)?;
    if strictness == Strictness::Strict && hour_at.len() - reader.0.len() == 1 {
        return Err("hour must have exactly two digits".into());
    }
    separator(&mut reader, ':')?;
    let minute = field(&mut reader, "minute", true, 0..=59)?;
    separator(&mut reader, ':')?;
    let second = field(&mut reader, "second", true, 0..=59)?;
    if strictness == Strictness::Strict && reader.0.starts_with(',') {
        return Err("cannot use \",\" as timestamp segment".into());
    }
    let nanosecond = reader.nanoseconds();
    let zone = reader.0;
    let offset = reader.offset().map_err(|error| match error {
        OffsetError::Malformed => cannot(zone, "UTC offset"),
        OffsetError::OutOfRange => cannot(reader.0, "UTC offset"),
    })?;
    if !reader.0.is_empty() {
        return Err(format!("extra text: {}", quoted(reader.0)));
    }
    let is_written_in_range = zone == "Z" || zone.get(1..3) < Some("24") && zone.get(4..6) < Some("60");
    if strictness == Strictness::Strict && !is_written_in_range {
        return Err(cannot(zone, "UTC offset"));
    }
    let local = civil(year, month, day, (hour, minute, second, nanosecond)).ok_or("day out of range")?;
    Ok(Timestamp { local, offset })
}

fn civil(year: i64, month: i64, day: i64, time: (i64, i64, i64, i64)) -> Option<DateTime> {
    let (hour, minute, second, nanosecond) = time;
    let date =
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let time = Time::new(
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        i32::try_from(nanosecond).ok()?,
    );
    Some(date.to_datetime(time.ok()?))
}

/// A timestamp of YAML 1.1 as RFC 3339: a date, with or without a time, whose fields may have one digit.
pub(in crate::eval::funcs) fn from_yaml(text: &str) -> Option<String> {
    let mut reader = Reader(text);
    let year = reader.year()?;
    if !reader.literal('-') {
        return None;
    }
    let month = reader.number(false)?;
    if !reader.literal('-') {
        return None;
    }
    let day = reader.number(false)?;
    if reader.0.is_empty() {
        return Some(Timestamp { local: civil(year, month, day, (0, 0, 0, 0))?, offset: 0 }.rfc3339());
    }
    let with_zone = reader.literal('T') || reader.literal('t');
    if !with_zone {
        let spaces = reader.0.len() - reader.0.trim_start_matches(' ').len();
        if spaces == 0 {
            return None;
        }
        reader.0 = &reader.0[spaces..];
    }
    let hour = reader.number(false)?;
    if !reader.literal(':') {
        return None;
    }
    let minute = reader.number(false)?;
    if !reader.literal(':') {
        return None;
    }
    let second = reader.number(false)?;
    let nanosecond = reader.nanoseconds();
    let offset = if with_zone { reader.offset().ok()? } else { 0 };
    if !reader.0.is_empty() {
        return None;
    }
    let local = civil(year, month, day, (hour, minute, second, nanosecond))?;
    Some(Timestamp { local, offset }.rfc3339())
}

#[cfg(test)]
mod tests {
    use super::{Strictness, from_yaml, parse};

    #[test]
    fn what_is_wrong_with_a_timestamp() {
        for (text, message) in [
            ("2018-01-02", "missing required time introducer 'T'"),
            ("nope", "cannot use \"nope\" as year"),
            ("2018-02-30T23:12:01Z", "day out of range"),
            ("2018-01-02T24:00:00Z", "hour must be between 0 and 23 inclusive"),
            ("2018-01-02T23:12:60Z", "cannot use \"Z\" as second"),
            ("2018-01-02T23:12:01", "end of string before UTC offset"),
            ("2018-01-02T23:12:01Zx", "extra text: \"x\""),
            ("2018/01/02T23:12:01Z", "found \"/01/02T23:12:01Z\" where \"-\" is expected"),
            ("2018-01-02T1:12:01Z", "hour must have exactly two digits"),
        ] {
            let refused = parse(text, Strictness::Strict).err();
            assert_eq!(refused, Some(format!("not a valid RFC3339 timestamp: {message}")), "{text}");
        }
        assert!(parse("2018-01-02T1:12:01Z", Strictness::Lenient).is_ok());
        assert!(parse("2018-01-02T01:12:01.5+24:00", Strictness::Lenient).is_ok());
        assert!(parse("2018-01-02T01:12:01.5+24:00", Strictness::Strict).is_err());
    }

    #[test]
    fn dates_of_yaml() {
        for (text, time) in [
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43-05:00")),
            ("2001-12-14 21:59:43", Some("2001-12-14T21:59:43Z")),
            ("2001-12-14 21:59:43 -5", None),
            ("2001-13-01", None),
            ("12-1-1", None),
        ] {
            assert_eq!(from_yaml(text).as_deref(), time, "{text}");
        }
    }
}
