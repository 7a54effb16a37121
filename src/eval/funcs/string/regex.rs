//! `regex`, `regexall` and `replace`.

use regex::{Captures, Regex, RegexBuilder};

use crate::eval::funcs::arg::{
    check_bytes, check_elements, function, gives_string, normal, result, string, text,
};
use crate::eval::funcs::string::re2::{self, Pattern};
use crate::eval::funcs::{Context, FuncError, Function, Param};
use crate::eval::value::{Type, Value};

/// Bytes of a compiled expression: Terraform's patterns need a few thousand.
const PROGRAM_LIMIT: usize = 4 << 20;

/// Bytes that all searches of one call may look at, were each to run to the end of the text.
const SEARCH_LIMIT: usize = 2_000_000_000;

const PATTERN: Param = Param::new("pattern", string);
const STRING: Param = Param::new("string", string);

/// `regex`.
pub(super) const REGEX: Function = function(
    "regex",
    &[PATTERN, STRING],
    |args| match args[0].as_str() {
        Some(pattern) => match_type(&parse(pattern)?),
        None => Ok(Type::Dynamic),
    },
    |_, args, ty| {
        let pattern = parse(text(&args[0])?)?;
        let text = text(&args[1])?;
        match compile(&pattern)?.captures(text) {
            Some(captures) => Ok(match_value(&pattern, &captures, ty)),
            None => Err(FuncError::Call("pattern did not match any part of the given string".into())),
        }
    },
);

/// `regexall`.
pub(super) const REGEXALL: Function = function(
    "regexall",
    &[PATTERN, STRING],
    |args| match args[0].as_str() {
        Some(pattern) => Ok(Type::list(match_type(&parse(pattern)?)?)),
        None => Ok(Type::list(Type::Dynamic)),
    },
    regexall,
);

/// `replace`.
pub(super) const REPLACE: Function = function(
    "replace",
    &[Param::new("str", string), Param::new("substr", string), Param::new("replace", string)],
    gives_string,
    replace,
);

fn parse(pattern: &str) -> Result<Pattern, FuncError> {
    re2::parse(pattern).map_err(|invalid| {
        FuncError::Arg(0, format!("invalid regexp pattern: {} in {}", invalid.code, invalid.place))
    })
}

fn compile(pattern: &Pattern) -> Result<Regex, FuncError> {
    RegexBuilder::new(&pattern.source)
        .size_limit(PROGRAM_LIMIT)
        .build()
        .map_err(|_| FuncError::Limit(format!("size of a regular expression ({PROGRAM_LIMIT})")))
}

/// A string without groups, a tuple for groups, an object for named ones.
fn match_type(pattern: &Pattern) -> Result<Type, FuncError> {
    let named = pattern.groups.iter().filter(|name| !name.is_empty()).count();
    if pattern.groups.is_empty() {
        Ok(Type::String)
    } else if named == 0 {
        Ok(Type::tuple(pattern.groups.iter().map(|_| Type::String)))
    } else if named == pattern.groups.len() {
        Ok(Type::object(pattern.groups.iter().map(|name| (name.as_str().into(), Type::String))))
    } else {
        let message = "invalid regexp pattern: cannot mix both named and unnamed capture groups";
        Err(FuncError::Arg(0, message.into()))
    }
}

fn match_value(pattern: &Pattern, captures: &Captures<'_>, ty: &Type) -> Value {
    let group = |i: usize| match captures.get(i) {
        Some(found) => normal(found.as_str()),
        None => Value::null(Type::String),
    };
    if pattern.groups.is_empty() {
        group(0)
    } else if matches!(ty, Type::Object(_)) {
        let named = pattern.groups.iter().enumerate();
        Value::object(named.map(|(i, name)| (name.as_str().into(), group(i + 1))))
    } else {
        Value::tuple((1..=pattern.groups.len()).map(group))
    }
}

/// Counts what searches look at, so that a call ends in bounded time.
struct Budget(usize);

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), FuncError> {
        self.0 = self.0.saturating_add(bytes);
        if self.0 > SEARCH_LIMIT {
            return Err(FuncError::Limit(format!(
                "bytes that a regular expression looks at ({SEARCH_LIMIT})"
            )));
        }
        Ok(())
    }
}

fn width_at(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

fn regexall(context: &Context<'_>, args: &[Value], ty: &Type) -> Result<Value, FuncError> {
    let pattern = parse(text(&args[0])?)?;
    let text = text(&args[1])?;
    let regex = compile(&pattern)?;
    let element = ty.element().cloned().unwrap_or(Type::Dynamic);
    let mut budget = Budget(0);
    let mut found = Vec::new();
    let mut at = 0;
    let mut previous_end = None;
    while at <= text.len() {
        budget.spend(text.len() - at)?;
        let Some(captures) = regex.captures_at(text, at) else { break };
        let Some(whole) = captures.get(0) else { break };
        // An empty match right after another one does not count.
        let counts = whole.end() != at || Some(whole.start()) != previous_end;
        at = if whole.end() == at { at + width_at(text, at) } else { whole.end() };
        previous_end = Some(whole.end());
        if counts {
            found.push(match_value(&pattern, &captures, &element));
            check_elements(context, found.len())?;
        }
    }
    Ok(Value::list(element, found))
}

fn replace(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let whole = text(&args[0])?;
    let search = text(&args[1])?;
    let replacement = text(&args[2])?;
    if search.len() > 1 && search.starts_with('/') && search.ends_with('/') {
        let pattern = re2::parse(&search[1..search.len() - 1]).map_err(|invalid| {
            FuncError::Call(format!("error parsing regexp: {}: `{}`", invalid.code, invalid.place))
        })?;
        return result(context, &replace_matches(context, whole, &pattern, replacement)?);
    }
    let count = whole.matches(search).count();
    let removed = count * search.len();
    check_bytes(context, count.saturating_mul(replacement.len()).saturating_add(whole.len() - removed))?;
    result(context, &whole.replace(search, replacement))
}

fn replace_matches(
    context: &Context<'_>,
    text: &str,
    pattern: &Pattern,
    replacement: &str,
) -> Result<String, FuncError> {
    let regex = compile(pattern)?;
    let pieces = pieces(replacement, pattern);
    let mut budget = Budget(0);
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at <= text.len() {
        budget.spend(text.len() - at)?;
        let Some(captures) = regex.captures_at(text, at) else { break };
        let Some(whole) = captures.get(0) else { break };
        out.push_str(&text[copied..whole.start()]);
        // An empty match right after another one is not replaced.
        if whole.end() > copied || whole.start() == 0 {
            for piece in &pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Groups(groups) => {
                        let group = groups.iter().find_map(|group| captures.get(*group));
                        out.push_str(group.map_or("", |group| group.as_str()));
                    }
                }
                check_bytes(context, out.len())?;
            }
        }
        copied = whole.end();
        let next = at + width_at(text, at);
        at = if next > whole.end() { next } else { whole.end() };
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

/// A part of a replacement.
enum Piece<'a> {
    Text(&'a str),
    /// The first of these groups that matched.
    Groups(Vec<usize>),
}

/// Splits a replacement at `$1`, `${name}` and `$$`; a dollar that begins none of them stands for itself.
fn pieces<'a>(replacement: &'a str, pattern: &Pattern) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = replacement;
    while let Some(dollar) = rest.find('$') {
        pieces.push(Piece::Text(&rest[..dollar]));
        let after = &rest[dollar + 1..];
        if let Some(after) = after.strip_prefix('$') {
            pieces.push(Piece::Text("$"));
            rest = after;
            continue;
        }
        let name_at = if after.starts_with('{') { 1 } else { 0 };
        let named = &after[name_at..];
        let end = named.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(named.len());
        let closed = name_at == 0 || named[end..].starts_with('}');
        if end == 0 || !closed {
            pieces.push(Piece::Text("$"));
            rest = after;
            continue;
        }
        let name = &named[..end];
        rest = &named[end + name_at..];
        let is_number =
            name.bytes().all(|b| b.is_ascii_digit()) && (name.len() == 1 || !name.starts_with('0'));
        let groups = match name.parse::<usize>() {
            Ok(group) if is_number => [group].into(),
            _ => {
                let groups = pattern.groups.iter().enumerate();
                groups.filter(|(_, group)| *group == name).map(|(i, _)| i + 1).collect()
            }
        };
        pieces.push(Piece::Groups(groups));
    }
    pieces.push(Piece::Text(rest));
    pieces
}
