//! The regular expressions of Go, which Terraform uses, in terms of the `regex` crate.
//!
//! A pattern is parsed as Go does, with its messages, and written anew so that every piece carries its own flags:
//! classes are ASCII unless they say otherwise, and capture groups have numbers only.

/// A pattern that Go accepts.
pub(super) struct Pattern {
    /// For the `regex` crate.
    pub(super) source: String,
    /// The names of the capture groups in order; empty for one without a name.
    pub(super) groups: Vec<String>,
}

/// What Go says of a pattern that it does not accept: code and place.
pub(super) struct Invalid {
    /// `missing closing )`.
    pub(super) code: &'static str,
    /// The part of the pattern that is wrong.
    pub(super) place: String,
}

const INVALID_RANGE: &str = "invalid character class range";
const INVALID_ESCAPE: &str = "invalid escape sequence";
const INVALID_NAME: &str = "invalid named capture";
const INVALID_PERL: &str = "invalid or unsupported Perl syntax";
const INVALID_REPEAT: &str = "invalid nested repetition operator";
const INVALID_COUNT: &str = "invalid repeat count";
const MISSING_ARGUMENT: &str = "missing argument to repetition operator";
const MISSING_BRACKET: &str = "missing closing ]";
const MISSING_PAREN: &str = "missing closing )";
const TRAILING_BACKSLASH: &str = "trailing backslash at end of expression";
const UNEXPECTED_PAREN: &str = "unexpected )";

/// The largest repeat count, alone and multiplied over nested ones.
const COUNT_LIMIT: u64 = 1000;

fn invalid<T>(code: &'static str, place: &str) -> Result<T, Invalid> {
    Err(Invalid { code, place: place.to_owned() })
}

#[derive(Clone, Copy)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    ungreedy: bool,
}

/// One operand of a concatenation.
struct Atom {
    source: String,
    /// The product of the counts of nested repetitions.
    repeats: u64,
}

impl Atom {
    fn new(source: String) -> Atom {
        Atom { source, repeats: 1 }
    }

    fn concat(atoms: Vec<Atom>) -> Atom {
        Atom {
            repeats: atoms.iter().map(|atom| atom.repeats).max().unwrap_or(1),
            source: atoms.into_iter().map(|atom| atom.source).collect(),
        }
    }
}

/// An open group: its alternatives so far, and what to restore at its end.
struct Group {
    opening: &'static str,
    done: Vec<Atom>,
    current: Vec<Atom>,
    outer: Flags,
}

impl Group {
    fn new(opening: &'static str, outer: Flags) -> Group {
        Group { opening, done: Vec::new(), current: Vec::new(), outer }
    }

    fn end_alternative(&mut self) {
        self.done.push(Atom::concat(std::mem::take(&mut self.current)));
    }

    fn close(mut self) -> Atom {
        self.end_alternative();
        let repeats = self.done.iter().map(|atom| atom.repeats).max().unwrap_or(1);
        let sources: Vec<String> = self.done.into_iter().map(|atom| atom.source).collect();
        Atom { source: format!("{}{})", self.opening, sources.join("|")), repeats }
    }
}

/// A repetition operator as it stands in the pattern.
struct Repeat<'a> {
    /// From the operator to the end of the pattern.
    before: &'a str,
    /// What follows the operator.
    after: &'a str,
    /// For the `regex` crate.
    operator: String,
    /// The count, if it has one.
    count: u64,
}

impl<'a> Repeat<'a> {
    /// Repeats the last operand, and returns what follows.
    fn apply(mut self, group: &mut Group, flags: Flags, last: Option<&str>) -> Result<&'a str, Invalid> {
        let mut lazy = flags.ungreedy;
        if let Some(after) = self.after.strip_prefix('?') {
            self.after = after;
            lazy = !lazy;
        }
        if let Some(last) = last {
            return invalid(INVALID_REPEAT, &last[..last.len() - self.after.len()]);
        }
        let place = &self.before[..self.before.len() - self.after.len()];
        let Some(atom) = group.current.pop() else { return invalid(MISSING_ARGUMENT, place) };
        let repeats = atom.repeats * self.count;
        if self.count > 1 && repeats > COUNT_LIMIT {
            return invalid(INVALID_COUNT, place);
        }
        let lazy = if lazy { "?" } else { "" };
        let source = format!("(?:{}){}{lazy}", atom.source, self.operator);
        group.current.push(Atom { source, repeats });
        Ok(self.after)
    }
}

/// Parses a pattern.
pub(super) fn parse(pattern: &str) -> Result<Pattern, Invalid> {
    let mut flags = Flags { fold_case: false, multi_line: false, dot_newline: false, ungreedy: false };
    let mut groups = Vec::new();
    let mut stack: Vec<Group> = Vec::new();
    let mut group = Group::new("(?:", flags);
    let mut rest = pattern;
    let mut last_repeat = None;
    while let Some(c) = rest.chars().next() {
        let mut repeat = None;
        let after = &rest[c.len_utf8()..];
        match c {
            '(' if after.starts_with('?') => {
                let outer = flags;
                let (opening, after) = perl_group(rest, &mut flags, &mut groups)?;
                if let Some(opening) = opening {
                    stack.push(std::mem::replace(&mut group, Group::new(opening, outer)));
                }
                rest = after;
            }
            '(' => {
                groups.push(String::new());
                stack.push(std::mem::replace(&mut group, Group::new("(", flags)));
                rest = after;
            }
            '|' => {
                group.end_alternative();
                rest = after;
            }
            ')' => {
                let Some(outer) = stack.pop() else { return invalid(UNEXPECTED_PAREN, pattern) };
                let closed = std::mem::replace(&mut group, outer);
                flags = closed.outer;
                group.current.push(closed.close());
                rest = after;
            }
            '*' | '+' | '?' => {
                let operator = Repeat { before: rest, after, operator: c.into(), count: 1 };
                repeat = Some(rest);
                rest = operator.apply(&mut group, flags, last_repeat)?;
            }
            '{' => match counts(rest) {
                None => {
                    group.current.push(Atom::new(literal(flags, '{')));
                    rest = after;
                }
                Some((least, most, after)) => {
                    let count = most.unwrap_or(least);
                    if least > COUNT_LIMIT || count > COUNT_LIMIT || least > count {
                        return invalid(INVALID_COUNT, &rest[..rest.len() - after.len()]);
                    }
                    let operator = match most {
                        Some(most) => format!("{{{least},{most}}}"),
                        None => format!("{{{least},}}"),
                    };
                    let operator = Repeat { before: rest, after, operator, count: count.max(1) };
                    repeat = Some(rest);
                    rest = operator.apply(&mut group, flags, last_repeat)?;
                }
            },
            '\\' if after.starts_with('Q') => {
                let (quoted, after) = after[1..].split_once("\\E").unwrap_or((&after[1..], ""));
                group.current.extend(quoted.chars().map(|c| Atom::new(literal(flags, c))));
                rest = after;
            }
            _ => {
                let (source, after) = operand(rest, flags)?;
                group.current.push(Atom::new(source));
                rest = after;
            }
        }
        last_repeat = repeat;
    }
    if !stack.is_empty() {
        return invalid(MISSING_PAREN, pattern);
    }
    Ok(Pattern { source: group.close().source, groups })
}

/// A single character, class or assertion at the start of the text, and what follows it.
fn operand(text: &str, flags: Flags) -> Result<(String, &str), Invalid> {
    let Some(c) = text.chars().next() else { return Ok((String::new(), text)) };
    let after = &text[c.len_utf8()..];
    Ok(match c {
        '^' => (if flags.multi_line { "(?m:^)" } else { "\\A" }.into(), after),
        '$' => (if flags.multi_line { "(?m:$)" } else { "\\z" }.into(), after),
        '.' => (if flags.dot_newline { "(?s:.)" } else { "[^\\n]" }.into(), after),
        '[' => {
            let (class, after) = class(text)?;
            (fold(flags, class), after)
        }
        '\\' => {
            let assertion = match after.as_bytes().first() {
                Some(b'A') => Some("\\A"),
                Some(b'b') => Some("(?-u:\\b)"),
                Some(b'B') => Some("(?-u:\\B)"),
                Some(b'z') => Some("\\z"),
                Some(b'C') => return invalid(INVALID_ESCAPE, "\\C"),
                _ => None,
            };
            if let Some(assertion) = assertion {
                (assertion.into(), &after[1..])
            } else if let Some((class, after)) = class_escape(text)? {
                (fold(flags, class), after)
            } else {
                let (c, after) = escape(text)?;
                (literal(flags, c), after)
            }
        }
        c => (literal(flags, c), after),
    })
}

fn fold(flags: Flags, class: String) -> String {
    if flags.fold_case { format!("(?i:{class})") } else { class }
}

fn literal(flags: Flags, c: char) -> String {
    fold(flags, plain(c))
}

/// A character that stands for itself, inside and outside of a class.
fn plain(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.into() } else { format!("\\x{{{:x}}}", c as u32) }
}

/// `(?P<name>`, `(?<name>`, `(?flags)` or `(?flags:`: the opening of a group, if it opens one, and what follows.
fn perl_group<'a>(
    text: &'a str,
    flags: &mut Flags,
    groups: &mut Vec<String>,
) -> Result<(Option<&'static str>, &'a str), Invalid> {
    if let Some(named) = text.strip_prefix("(?P<").or_else(|| text.strip_prefix("(?<")) {
        let Some((name, after)) = named.split_once('>') else { return invalid(INVALID_NAME, text) };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return invalid(INVALID_NAME, &text[..text.len() - after.len()]);
        }
        groups.push(name.to_owned());
        return Ok((Some("("), after));
    }
    let mut new = *flags;
    let mut negative = false;
    let mut any = false;
    for (at, c) in text.char_indices().skip(2) {
        let after = &text[at + c.len_utf8()..];
        let flag = match c {
            'i' => &mut new.fold_case,
            'm' => &mut new.multi_line,
            's' => &mut new.dot_newline,
            'U' => &mut new.ungreedy,
            '-' if !negative => {
                negative = true;
                any = false;
                continue;
            }
            ':' | ')' if any || !negative => {
                *flags = new;
                return Ok(((c == ':').then_some("(?:"), after));
            }
            _ => return invalid(INVALID_PERL, &text[..at + c.len_utf8()]),
        };
        *flag = !negative;
        any = true;
    }
    invalid(INVALID_PERL, text)
}

/// `{n}`, `{n,}` or `{n,m}`: the counts, and what follows. None if it is none of them and so stands for itself.
fn counts(text: &str) -> Option<(u64, Option<u64>, &str)> {
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let digits = &text[..end];
        if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        // What does not fit is beyond the limit on counts as well.
        Some((digits.parse().unwrap_or(u64::MAX), end))
    };
    let text = text.strip_prefix('{')?;
    let (least, end) = number(text)?;
    let text = &text[end..];
    let Some(text) = text.strip_prefix(',') else {
        return Some((least, Some(least), text.strip_prefix('}')?));
    };
    if let Some(after) = text.strip_prefix('}') {
        return Some((least, None, after));
    }
    let (most, end) = number(text)?;
    Some((least, Some(most), text[end..].strip_prefix('}')?))
}

/// `\d`, `\pL` and the like: a class, and what follows. None if the escape is not one of a class.
fn class_escape(text: &str) -> Result<Option<(String, &str)>, Invalid> {
    let mut chars = text.chars().skip(1);
    let Some(letter) = chars.next() else { return Ok(None) };
    let class = match letter {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\x0c\\r ]",
        'S' => "[^\\t\\n\\x0c\\r ]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return unicode_class(text).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((class.into(), &text[2..])))
}

/// `\pN`, `\p{Name}`, `\p{^Name}` or `\P…`.
fn unicode_class(text: &str) -> Result<(String, &str), Invalid> {
    let mut negative = text.starts_with("\\P");
    let (name, after) = match text[2..].strip_prefix('{') {
        Some(braced) => match braced.split_once('}') {
            Some((name, after)) => (name, after),
            None => return invalid(INVALID_RANGE, text),
        },
        None => match text[2..].chars().next() {
            Some(c) => text[2..].split_at(c.len_utf8()),
            None => return invalid(INVALID_RANGE, text),
        },
    };
    let place = &text[..text.len() - after.len()];
    let name = name.strip_prefix('^').map_or(name, |name| {
        negative = !negative;
        name
    });
    let sign = if negative { "^" } else { "" };
    if name == "Any" {
        return Ok((format!("[{sign}\\x{{0}}-\\x{{10ffff}}]"), after));
    }
    if name == "Cs" {
        // No string holds a surrogate.
        return Ok((if negative { "[\\x{0}-\\x{10ffff}]" } else { "[^\\x{0}-\\x{10ffff}]" }.into(), after));
    }
    if !CATEGORIES.contains(&name) && !SCRIPTS.contains(&name) {
        return invalid(INVALID_RANGE, place);
    }
    Ok((format!("[{sign}\\p{{{name}}}]"), after))
}

/// An escaped character, and what follows.
fn escape(text: &str) -> Result<(char, &str), Invalid> {
    let after = &text[1..];
    let Some(c) = after.chars().next() else { return invalid(TRAILING_BACKSLASH, "") };
    let mut rest = &after[c.len_utf8()..];
    let simple = match c {
        '0'..='7' => {
            // A digit other than zero alone would refer to a group, which is not supported.
            if c != '0' && !rest.starts_with(|c| matches!(c, '0'..='7')) {
                return invalid(INVALID_ESCAPE, &text[..2]);
            }
            let mut code = c as u32 - '0' as u32;
            for _ in 0..2 {
                let Some(digit) = rest.chars().next().and_then(|c| c.to_digit(8)) else { break };
                code = code * 8 + digit;
                rest = &rest[1..];
            }
            return Ok((char::from_u32(code).unwrap_or('\0'), rest));
        }
        'x' => return hex_escape(text),
        'a' => '\u{7}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => c,
        c => return invalid(INVALID_ESCAPE, &text[..1 + c.len_utf8()]),
    };
    Ok((simple, rest))
}

/// `\x7f` or `\x{10ffff}`.
fn hex_escape(text: &str) -> Result<(char, &str), Invalid> {
    let digits = &text[2..];
    if let Some(braced) = digits.strip_prefix('{') {
        let mut code = 0;
        for (at, c) in braced.char_indices() {
            let place = &text[..3 + at + c.len_utf8()];
            match c.to_digit(16) {
                Some(digit) => code = code * 16 + digit,
                None if c == '}' && at > 0 => {
                    // A surrogate is a character to Go, but in no string.
                    return match char::from_u32(code) {
                        Some(c) => Ok((c, &braced[at + 1..])),
                        None => invalid(INVALID_ESCAPE, place),
                    };
                }
                None => return invalid(INVALID_ESCAPE, place),
            }
            if code > 0x10_ffff {
                return invalid(INVALID_ESCAPE, place);
            }
        }
        return invalid(INVALID_ESCAPE, text);
    }
    let mut chars = digits.chars();
    let (Some(high), Some(low)) = (chars.next(), chars.next()) else { return invalid(INVALID_ESCAPE, text) };
    match (high.to_digit(16), low.to_digit(16)) {
        (Some(high), Some(low)) => Ok((char::from_u32(high * 16 + low).unwrap_or('\0'), &digits[2..])),
        _ => invalid(INVALID_ESCAPE, &text[..2 + high.len_utf8() + low.len_utf8()]),
    }
}

/// `[…]`, and what follows.
fn class(text: &str) -> Result<(String, &str), Invalid> {
    let mut source = String::from("[");
    let mut rest = &text[1..];
    if let Some(after) = rest.strip_prefix('^') {
        source.push('^');
        rest = after;
    }
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some(named) = rest.strip_prefix("[:")
            && let Some((name, after)) = named.split_once(":]")
        {
            if !is_posix_class(name) {
                return invalid(INVALID_RANGE, &rest[..rest.len() - after.len()]);
            }
            source.push_str(&format!("[:{name}:]"));
            rest = after;
            continue;
        }
        if rest.starts_with('\\')
            && let Some((class, after)) = class_escape(rest)?
        {
            source.push_str(&class);
            rest = after;
            continue;
        }
        let range = rest;
        let (low, after) = class_character(text, rest)?;
        rest = after;
        source.push_str(&plain(low));
        if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
            let (high, after) = class_character(text, &rest[1..])?;
            rest = after;
            if high < low {
                return invalid(INVALID_RANGE, &range[..range.len() - rest.len()]);
            }
            source.push('-');
            source.push_str(&plain(high));
        }
    }
    source.push(']');
    Ok((source, &rest[1..]))
}

fn class_character<'a>(class: &str, text: &'a str) -> Result<(char, &'a str), Invalid> {
    match text.chars().next() {
        None => invalid(MISSING_BRACKET, class),
        Some('\\') => escape(text),
        Some(c) => Ok((c, &text[c.len_utf8()..])),
    }
}

fn is_posix_class(name: &str) -> bool {
    let name = name.strip_prefix('^').unwrap_or(name);
    matches!(
        name,
        "alnum"
            | "alpha"
            | "ascii"
            | "blank"
            | "cntrl"
            | "digit"
            | "graph"
            | "lower"
            | "print"
            | "punct"
            | "space"
            | "upper"
            | "word"
            | "xdigit"
    )
}

/// Unicode's general categories by Go's names.
const CATEGORIES: &[&str] = &[
    "C", "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No",
    "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
];

/// Unicode's scripts by Go's names, as of Unicode 15.
const SCRIPTS: &[&str] = &[
    "Adlam",
    "Ahom",
    "Anatolian_Hieroglyphs",
    "Arabic",
    "Armenian",
    "Avestan",
    "Balinese",
    "Bamum",
    "Bassa_Vah",
    "Batak",
    "Bengali",
    "Bhaiksuki",
    "Bopomofo",
    "Brahmi",
    "Braille",
    "Buginese",
    "Buhid",
    "Canadian_Aboriginal",
    "Carian",
    "Caucasian_Albanian",
    "Chakma",
    "Cham",
    "Cherokee",
    "Chorasmian",
    "Common",
    "Coptic",
    "Cuneiform",
    "Cypriot",
    "Cypro_Minoan",
    "Cyrillic",
    "Deseret",
    "Devanagari",
    "Dives_Akuru",
    "Dogra",
    "Duployan",
    "Egyptian_Hieroglyphs",
    "Elbasan",
    "Elymaic",
    "Ethiopic",
    "Georgian",
    "Glagolitic",
    "Gothic",
    "Grantha",
    "Greek",
    "Gujarati",
    "Gunjala_Gondi",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hanifi_Rohingya",
    "Hanunoo",
    "Hatran",
    "Hebrew",
    "Hiragana",
    "Imperial_Aramaic",
    "Inherited",
    "Inscriptional_Pahlavi",
    "Inscriptional_Parthian",
    "Javanese",
    "Kaithi",
    "Kannada",
    "Katakana",
    "Kawi",
    "Kayah_Li",
    "Kharoshthi",
    "Khitan_Small_Script",
    "Khmer",
    "Khojki",
    "Khudawadi",
    "Lao",
    "Latin",
    "Lepcha",
    "Limbu",
    "Linear_A",
    "Linear_B",
    "Lisu",
    "Lycian",
    "Lydian",
    "Mahajani",
    "Makasar",
    "Malayalam",
    "Mandaic",
    "Manichaean",
    "Marchen",
    "Masaram_Gondi",
    "Medefaidrin",
    "Meetei_Mayek",
    "Mende_Kikakui",
    "Meroitic_Cursive",
    "Meroitic_Hieroglyphs",
    "Miao",
    "Modi",
    "Mongolian",
    "Mro",
    "Multani",
    "Myanmar",
    "Nabataean",
    "Nag_Mundari",
    "Nandinagari",
    "New_Tai_Lue",
    "Newa",
    "Nko",
    "Nushu",
    "Nyiakeng_Puachue_Hmong",
    "Ogham",
    "Ol_Chiki",
    "Old_Hungarian",
    "Old_Italic",
    "Old_North_Arabian",
    "Old_Permic",
    "Old_Persian",
    "Old_Sogdian",
    "Old_South_Arabian",
    "Old_Turkic",
    "Old_Uyghur",
    "Oriya",
    "Osage",
    "Osmanya",
    "Pahawh_Hmong",
    "Palmyrene",
    "Pau_Cin_Hau",
    "Phags_Pa",
    "Phoenician",
    "Psalter_Pahlavi",
    "Rejang",
    "Runic",
    "Samaritan",
    "Saurashtra",
    "Sharada",
    "Shavian",
    "Siddham",
    "SignWriting",
    "Sinhala",
    "Sogdian",
    "Sora_Sompeng",
    "Soyombo",
    "Sundanese",
    "Syloti_Nagri",
    "Syriac",
    "Tagalog",
    "Tagbanwa",
    "Tai_Le",
    "Tai_Tham",
    "Tai_Viet",
    "Takri",
    "Tamil",
    "Tangsa",
    "Tangut",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
    "Tifinagh",
    "Tirhuta",
    "Toto",
    "Ugaritic",
    "Vai",
    "Vithkuqi",
    "Wancho",
    "Warang_Citi",
    "Yezidi",
    "Yi",
    "Zanabazar_Square",
];

#[cfg(test)]
mod tests {
    use super::{CATEGORIES, SCRIPTS, parse};

    #[test]
    fn what_go_refuses() {
        for (pattern, message) in [
            ("(", "missing closing ) in ("),
            ("a)", "unexpected ) in a)"),
            ("[a-", "missing closing ] in [a-"),
            ("[b-a]", "invalid character class range in b-a"),
            ("[[:foo:]]", "invalid character class range in [:foo:]"),
            ("\\p{Foo}", "invalid character class range in \\p{Foo}"),
            ("a{2,1}", "invalid repeat count in {2,1}"),
            ("a{1001}", "invalid repeat count in {1001}"),
            ("(a{100}){100}", "invalid repeat count in {100}"),
            ("a++", "invalid nested repetition operator in ++"),
            ("a**?", "invalid nested repetition operator in **?"),
            ("*", "missing argument to repetition operator in *"),
            ("(|*)", "missing argument to repetition operator in *"),
            ("(?=a", "invalid or unsupported Perl syntax in (?="),
            ("(?i", "invalid or unsupported Perl syntax in (?i"),
            ("(?-)", "invalid or unsupported Perl syntax in (?-)"),
            ("(?P<n m>a)", "invalid named capture in (?P<n m>"),
            ("\\8", "invalid escape sequence in \\8"),
            ("\\1", "invalid escape sequence in \\1"),
            ("\\x{110000}", "invalid escape sequence in \\x{110000"),
            ("\\", "trailing backslash at end of expression in "),
        ] {
            let refused = parse(pattern).err().unwrap_or_else(|| panic!("{pattern} is accepted"));
            assert_eq!(format!("{} in {}", refused.code, refused.place), message);
        }
    }

    #[test]
    fn what_matches() {
        for (pattern, text, matched) in [
            ("\\d+", "٣4", Some("4")),
            ("\\bé\\b", "é", None),
            ("a{,2}", "a{,2}", Some("a{,2}")),
            ("[\\d-z]+", "1-z", Some("1-z")),
            ("\\Qa.b\\E+", "xa.bb", Some("a.bb")),
            ("\\101", "A", Some("A")),
            ("[a&&b]+", "&b", Some("&b")),
            ("(?i)STRASSE", "straſſe", Some("straſſe")),
            ("a(?i)b|C", "xc", Some("c")),
            ("(?U)a+", "aaa", Some("a")),
            ("(?U)a+?", "aaa", Some("aaa")),
            ("(?s).+", "a\nb", Some("a\nb")),
            (".+", "a\nb", Some("a")),
            ("(?m)^b$", "a\nb\nc", Some("b")),
            ("b$", "b\n", None),
            ("[[:alpha:]]+", "é1ab", Some("ab")),
            ("[^[:^digit:]]", "a1", Some("1")),
            ("[]a]+", "]a", Some("]a")),
            ("\\pL+", "1é", Some("é")),
            ("\\P{Greek}", "αa", Some("a")),
            ("(?:)*x", "x", Some("x")),
        ] {
            let pattern = parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {}", error.code));
            let regex = regex::Regex::new(&pattern.source).unwrap();
            assert_eq!(regex.find(text).map(|found| found.as_str()), matched, "{}", pattern.source);
        }
    }

    #[test]
    fn groups_keep_their_names() {
        let groups = |pattern| parse(pattern).ok().map(|pattern| pattern.groups);
        assert_eq!(groups("(?P<1a>x)(?:y)(?<b>z)"), Some(vec!["1a".into(), "b".into()]));
        assert_eq!(groups("(x)(y)"), Some(vec![String::new(), String::new()]));
    }

    #[test]
    fn every_class_name_is_one_of_the_crate() {
        for name in CATEGORIES.iter().chain(SCRIPTS) {
            assert!(regex::Regex::new(&format!("\\p{{{name}}}")).is_ok(), "{name}");
        }
    }
}
