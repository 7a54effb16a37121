//! The text of a directive: `ssmlint:ignore[SSM001, SSM003] reason (until=2027-03-31)`.

use jiff::civil::Date;

/// A directive as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// Its first byte in the comment's text.
    pub(super) start: usize,
    /// The byte after its last one.
    pub(super) end: usize,
    /// Whether it is about the whole file.
    pub(super) is_file: bool,
    /// The rules as they are named.
    pub(super) names: Vec<String>,
    pub(super) reason: Option<String>,
    pub(super) until: Option<Date>,
    /// Why it cannot be obeyed.
    pub(super) problem: Option<Problem>,
}

/// What is wrong with a directive, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { message: message.into(), help: help.into() }
    }
}

/// The word that every directive starts with.
pub(super) const WORD: &str = "ssmlint";

const FORM: &str = "write `ssmlint:ignore[SSM001] reason`";

/// All directives of a comment, without its markers, in their order.
pub(super) fn read(text: &str) -> Vec<Written> {
    let mut found: Vec<Written> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(WORD) {
        let start = at + next;
        at = start + WORD.len();
        if let Some(head) = head(text, start) {
            let (mut written, body) = directive(text, start, head);
            at = body.max(at);
            written.end = at;
            found.push(written);
        }
    }
    // What follows a directive, up to the next one or the end of the line, is its reason.
    let starts: Vec<usize> = found.iter().map(|written| written.start).skip(1).chain([text.len()]).collect();
    for (written, next) in found.iter_mut().zip(starts) {
        let rest = text.get(written.end..next).unwrap_or_default();
        let rest = rest.split(['\n', '\r']).next().unwrap_or_default();
        let said = rest.trim_end();
        written.end += said.len();
        let (reason, until) = split_until(said);
        written.reason = reason;
        match until {
            Ok(until) => written.until = until,
            Err(problem) => {
                written.problem.get_or_insert(problem);
            }
        }
    }
    found
}

/// What a directive begins with.
enum Head<'a> {
    /// Its verb, and where the text after the verb and blanks starts.
    Verb(&'a str, usize),
    /// `ssmlint ignore[`.
    NoColon,
}

/// The verb at a place where the word stands; none where the word is part of a sentence.
fn head(text: &str, start: usize) -> Option<Head<'_>> {
    let before = &text[..start];
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '`' | '"' | '\'');
    if before.ends_with(is_part) {
        return None;
    }
    let line = before.rsplit('\n').next().unwrap_or_default();
    let leads = line.chars().all(|c| c.is_whitespace() || matches!(c, '#' | '*' | '/' | '!'));
    let rest = &text[start + WORD.len()..];
    let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let Some(said) = rest.strip_prefix(':') else {
        let said = rest.trim_start_matches([' ', '\t', '-']);
        let is_meant = ["ignore[", "ignore-file["].iter().any(|verb| said.starts_with(verb));
        return (leads && is_meant).then_some(Head::NoColon);
    };
    let verb_start = blank(said);
    let said = &said[verb_start..];
    let length = said.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
    let verb = &said[..length.unwrap_or(said.len())];
    let after = &said[verb.len()..];
    let after_start = start + WORD.len() + 1 + verb_start + verb.len() + blank(after);
    let has_list = text[after_start..].starts_with('[');
    let is_ignore = matches!(verb, "ignore" | "ignore-file");
    let is_meant = (is_ignore && (has_list || leads)) || (leads && has_list && !verb.is_empty());
    is_meant.then_some(Head::Verb(verb, after_start))
}

/// The directive, and where its reason starts.
fn directive(text: &str, start: usize, head: Head<'_>) -> (Written, usize) {
    let mut written = Written {
        start,
        end: start,
        is_file: false,
        names: Vec::new(),
        reason: None,
        until: None,
        problem: None,
    };
    let (verb, list_start) = match head {
        Head::Verb(verb, list_start) => (verb, list_start),
        Head::NoColon => {
            written.problem = Some(Problem::new("a directive lacks its colon", FORM));
            return (written, start + WORD.len());
        }
    };
    written.is_file = verb == "ignore-file";
    let list = &text[list_start..];
    if !matches!(verb, "ignore" | "ignore-file") {
        let message = format!("there is no directive `{verb}`");
        written.problem = Some(Problem::new(message, FORM));
        return (written, list_start);
    }
    let Some(list) = list.strip_prefix('[') else {
        let message = format!("`{verb}` names no rule");
        let help = format!("name what is accepted: `ssmlint:{verb}[SSM001] reason`");
        written.problem = Some(Problem::new(message, help));
        return (written, list_start);
    };
    let Some(length) = list.find(']') else {
        written.problem = Some(Problem::new("the list of rules has no end", FORM));
        return (written, list_start + 1);
    };
    let names = list[..length].split(',').map(str::trim).filter(|name| !name.is_empty());
    written.names = names.map(str::to_owned).collect();
    if written.names.is_empty() {
        let message = format!("`{verb}` names no rule");
        let help = format!("name what is accepted: `ssmlint:{verb}[SSM001] reason`");
        written.problem = Some(Problem::new(message, help));
    }
    (written, list_start + 1 + length + 1)
}

/// The reason, and the date in `(until=2027-03-31)`, which may stand anywhere in it.
fn split_until(said: &str) -> (Option<String>, Result<Option<Date>, Problem>) {
    const KEY: &str = "until=";
    let is_own_word = |at: &usize| !said[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let places: Vec<usize> = said.match_indices(KEY).map(|(at, _)| at).filter(is_own_word).take(2).collect();
    let (text, until) = match places.as_slice() {
        [] => (said.to_owned(), Ok(None)),
        [at, more @ ..] => {
            let value = &said[at + KEY.len()..];
            let length = value.find(|c: char| c.is_whitespace() || matches!(c, ')' | ',' | ';'));
            let (value, mut after) = value.split_at(length.unwrap_or(value.len()));
            let mut before = said[..*at].trim_end();
            if let Some(open) = before.strip_suffix('(') {
                before = open;
                after = after.trim_start();
                after = after.strip_prefix(')').unwrap_or(after);
            }
            let until = if more.is_empty() {
                date(value).map(Some)
            } else {
                Err(Problem::new("a directive has two dates", "keep one `(until=2027-03-31)`"))
            };
            (format!("{} {}", before.trim_end(), after.trim_start()), until)
        }
    };
    let is_lead = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '\u{2013}' | '\u{2014}');
    let reason = text.trim_start_matches(is_lead).trim_end();
    ((!reason.is_empty()).then(|| reason.to_owned()), until)
}

/// A day in its one form, `2027-03-31`.
pub(super) fn date(text: &str) -> Result<Date, Problem> {
    let has_form = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let date = if has_form { text.parse::<Date>().ok() } else { None };
    date.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Problem::new(format!("`{shown}` is no date"), "write the last day as in `(until=2027-03-31)`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Written {
        let mut all = read(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all.remove(0)
    }

    #[test]
    fn a_directive_has_rules_a_reason_and_a_last_day() {
        for text in [
            " ssmlint:ignore[SSM001, missing-ssm-endpoint] goes away (until=2027-03-31)",
            " ssmlint: ignore [SSM001,missing-ssm-endpoint,]: goes away until=2027-03-31",
            "ssmlint:ignore[SSM001,missing-ssm-endpoint] (until=2027-03-31) -- goes away ",
        ] {
            let written = one(text);
            assert_eq!(written.names, ["SSM001", "missing-ssm-endpoint"], "{text}");
            assert_eq!(
                written.reason.as_deref().map(|reason| reason.trim_start_matches("-- ")),
                Some("goes away")
            );
            assert_eq!(written.until, Some(jiff::civil::date(2027, 3, 31)));
            assert_eq!((written.problem, written.is_file), (None, false));
        }
        assert!(one(" ssmlint:ignore-file[SSM001] x").is_file);
    }

    #[test]
    fn several_directives_share_a_comment() {
        let all = read("tool:skip ssmlint:ignore[SSM001] a ssmlint:ignore[SSM003] b\n c");
        let said: Vec<_> = all.iter().map(|one| (one.names[0].as_str(), one.reason.as_deref())).collect();
        assert_eq!(said, [("SSM001", Some("a")), ("SSM003", Some("b"))]);
    }

    #[test]
    fn what_cannot_be_obeyed_is_refused() {
        for text in [
            " ssmlint:ignore",
            " ssmlint:ignore everything",
            " ssmlint:ignore[]",
            " ssmlint:ignore[ , ]",
            " ssmlint:ignore[SSM001",
            " ssmlint:disable[SSM001]",
            " ssmlint ignore[SSM001]",
            " ssmlint:ignore[SSM001] x (until=2027-02-30)",
            " ssmlint:ignore[SSM001] x (until=soon)",
            " ssmlint:ignore[SSM001] x (until=20270331)",
            " ssmlint:ignore[SSM001] x (until=2027-03-31) (until=2027-03-31)",
        ] {
            assert!(one(text).problem.is_some(), "{text}");
        }
    }

    #[test]
    fn sentences_about_the_program_are_no_directives() {
        for text in [
            " ssmlint proves it",
            " ssmlint: see rules/SSM003.md",
            " write `ssmlint:ignore[CODE]` there",
            " my-ssmlint:ignore[SSM001]",
            " what does ssmlint:ignore mean",
        ] {
            assert_eq!(read(text), [], "{text}");
        }
    }
}
