//! Functions over strings.

pub mod format;
pub mod grapheme;
mod re2;
mod regex;

use ecow::EcoString;

use crate::eval::funcs::arg::{
    check_bytes, check_elements, function, gives_bool, gives_string, normal, number, result, string, text,
    whole,
};
use crate::eval::funcs::string::grapheme::{graphemes, safe_prefix};
use crate::eval::funcs::{Context, FuncError, Function, Param, no_refinement};
use crate::eval::value::{Refinement, Type, Value};

const STR: Param = Param::new("str", string);

/// The functions of this family.
pub static FUNCTIONS: &[Function] = &[
    function("chomp", &[STR], gives_string, |context, args, _| {
        result(context, text(&args[0])?.trim_end_matches(['\r', '\n']))
    }),
    function("endswith", &[STR, Param::new("suffix", string)], gives_bool, |_, args, _| {
        Ok(Value::bool(text(&args[0])?.ends_with(text(&args[1])?)))
    }),
    format::FORMAT,
    format::FORMATLIST,
    function("indent", &[Param::new("spaces", number), STR], gives_string, indent),
    Function {
        variadic: Some(Param::new("lists", || Type::list(Type::String)).unknown()),
        refine: join_prefix,
        ..function("join", &[Param::new("separator", string)], gives_string, join)
    },
    function("lower", &[STR.dynamic()], gives_string, |context, args, _| {
        result(context, &text(&args[0])?.chars().map(lower).collect::<String>())
    }),
    regex::REGEX,
    regex::REGEXALL,
    regex::REPLACE,
    function("split", &[Param::new("separator", string), STR], |_| Ok(Type::list(Type::String)), split),
    function("startswith", &[STR.unknown(), Param::new("prefix", string)], gives_bool, startswith),
    Function {
        refine: no_refinement,
        ..function("strcontains", &[STR, Param::new("substr", string)], gives_bool, |_, args, _| {
            Ok(Value::bool(text(&args[0])?.contains(text(&args[1])?)))
        })
    },
    function("strrev", &[STR.dynamic()], gives_string, |context, args, _| {
        let clusters: Vec<&str> = graphemes(text(&args[0])?).collect();
        result(context, &clusters.into_iter().rev().collect::<String>())
    }),
    function(
        "substr",
        &[STR.dynamic(), Param::new("offset", number).dynamic(), Param::new("length", number).dynamic()],
        gives_string,
        substr,
    ),
    function("title", &[STR], gives_string, title),
    function("trim", &[STR, Param::new("cutset", string)], gives_string, |context, args, _| {
        let cutset = text(&args[1])?;
        result(context, text(&args[0])?.trim_matches(|c| cutset.contains(c)))
    }),
    function("trimprefix", &[STR, Param::new("prefix", string)], gives_string, |context, args, _| {
        let whole = text(&args[0])?;
        result(context, whole.strip_prefix(text(&args[1])?).unwrap_or(whole))
    }),
    function("trimspace", &[STR], gives_string, |context, args, _| result(context, text(&args[0])?.trim())),
    function("trimsuffix", &[STR, Param::new("suffix", string)], gives_string, |context, args, _| {
        let whole = text(&args[0])?;
        result(context, whole.strip_suffix(text(&args[1])?).unwrap_or(whole))
    }),
    function("upper", &[STR.dynamic()], gives_string, |context, args, _| {
        result(context, &text(&args[0])?.chars().map(upper).collect::<String>())
    }),
];

fn indent(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let spaces = whole(&args[0]).map_err(FuncError::Call)?;
    let spaces =
        usize::try_from(spaces).map_err(|_| FuncError::Call("the number of spaces is negative".into()))?;
    let text = text(&args[1])?;
    let breaks = text.bytes().filter(|b| *b == b'\n').count();
    check_bytes(context, breaks.saturating_mul(spaces).saturating_add(text.len()))?;
    if breaks == 0 {
        return result(context, text);
    }
    result(context, &text.replace('\n', &format!("\n{}", " ".repeat(spaces))))
}

fn join(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let separator = text(&args[0])?;
    let lists = &args[1..];
    if lists.is_empty() {
        return Err(FuncError::Call("at least one list is required".into()));
    }
    if !lists.iter().all(Value::is_wholly_known) {
        let mut elements = lists
            .iter()
            .map(|list| list.as_elements())
            .collect::<Option<Vec<_>>>()
            .into_iter()
            .flatten()
            .flatten()
            .filter(|element| !(separator.is_empty() && element.as_str() == Some("")));
        return Ok(match (elements.next(), elements.next()) {
            // The only element that adds anything is the result, whatever it is.
            (Some(only), None) => only.clone(),
            _ => Value::unknown(Type::String),
        });
    }
    let mut joined = String::new();
    let mut first = true;
    for (l, list) in lists.iter().enumerate() {
        for (e, element) in list.as_elements().unwrap_or_default().iter().enumerate() {
            if element.is_null() {
                let place = if lists.len() > 1 { format!(" of list {}", l + 1) } else { String::new() };
                let message = format!("element {e}{place} is null; cannot concatenate null values");
                return Err(FuncError::Arg(l + 1, message));
            }
            if !first {
                joined.push_str(separator);
            }
            first = false;
            joined.push_str(text(element)?);
            check_bytes(context, joined.len())?;
        }
    }
    result(context, &joined)
}

/// The elements before the first unknown one begin the result.
fn join_prefix(args: &[Value]) -> Refinement {
    const BYTES: usize = 1024;
    let mut prefix = String::new();
    let Some(separator) = args.first().and_then(Value::as_str) else {
        return Refinement { not_null: true, ..Refinement::default() };
    };
    let mut first = true;
    'lists: for list in &args[1..] {
        let Some(elements) = list.as_elements() else { break };
        for element in elements {
            if !first {
                prefix.push_str(separator);
            }
            first = false;
            match element.as_str() {
                Some(text) if prefix.len() + text.len() <= BYTES => prefix.push_str(text),
                Some(_) => break 'lists,
                None => {
                    let unknown = element.as_unknown().filter(|unknown| unknown.refinement.not_null);
                    if let Some(unknown) = unknown {
                        prefix.push_str(&unknown.refinement.prefix);
                    }
                    break 'lists;
                }
            }
        }
    }
    Refinement { not_null: true, prefix: safe_prefix(&prefix).into(), ..Refinement::default() }
}

fn split(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let separator = text(&args[0])?;
    let whole = text(&args[1])?;
    let parts: Vec<Value> = if separator.is_empty() {
        check_elements(context, whole.chars().count())?;
        whole.chars().map(|c| normal(c.encode_utf8(&mut [0; 4]))).collect()
    } else {
        check_elements(context, whole.matches(separator).count() + 1)?;
        whole.split(separator).map(normal).collect()
    };
    Ok(Value::list(Type::String, parts))
}

fn startswith(_context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let prefix = text(&args[1])?;
    let Some(unknown) = args[0].as_unknown() else {
        return Ok(Value::bool(text(&args[0])?.starts_with(prefix)));
    };
    let known = &unknown.refinement.prefix;
    if known.starts_with(prefix) {
        return Ok(Value::bool(true));
    }
    if !prefix.starts_with(known.as_str()) {
        return Ok(Value::bool(false));
    }
    Ok(Value::unknown_not_null(Type::Bool))
}

fn substr(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let whole_text = text(&args[0])?;
    let offset = whole(&args[1]).map_err(FuncError::Call)?;
    let length = whole(&args[2]).map_err(FuncError::Call)?;
    let mut skip = offset;
    if offset < 0 {
        let total = i64::try_from(graphemes(whole_text).count()).unwrap_or(i64::MAX);
        // An offset before the start is the start.
        skip = offset.saturating_add(total).max(0);
    } else if length == 0 {
        return Ok(Value::string(EcoString::new()));
    }
    let rest = graphemes(whole_text).skip(usize::try_from(skip).unwrap_or(usize::MAX));
    // After a negative offset, Terraform takes a length of 0 for all the rest.
    let count = if length <= 0 { usize::MAX } else { usize::try_from(length).unwrap_or(usize::MAX) };
    result(context, &rest.take(count).collect::<String>())
}

fn title(context: &Context<'_>, args: &[Value], _ty: &Type) -> Result<Value, FuncError> {
    let mut previous = ' ';
    let titled: String = text(&args[0])?
        .chars()
        .map(|c| {
            let starts = separates(previous);
            previous = c;
            if starts { titlecase(c) } else { c }
        })
        .collect();
    result(context, &titled)
}

fn separates(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_alphanumeric() && c != '_';
    }
    c.is_whitespace()
}

/// Upper case without what Unicode maps to several characters, as Go has it.
fn upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => match c {
            '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => {
                char::from_u32(c as u32 + 8).unwrap_or(c)
            }
            '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => char::from_u32(c as u32 + 9).unwrap_or(c),
            _ => c,
        },
    }
}

/// Lower case without what Unicode maps to several characters, as Go has it.
fn lower(c: char) -> char {
    if c == 'İ' { 'i' } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Title case, which differs from upper case for the digraphs and for Georgian.
fn titlecase(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10fa}' | '\u{10fd}'..='\u{10ff}' => c,
        _ => upper(c),
    }
}

#[cfg(test)]
mod tests {
    use super::{lower, titlecase, upper};

    #[test]
    fn case_maps_one_character_to_one() {
        assert_eq!("straße".chars().map(upper).collect::<String>(), "STRAßE");
        assert_eq!("ΑΣ".chars().map(lower).collect::<String>(), "ας".replace('ς', "σ"));
        assert_eq!(lower('İ'), 'i');
        assert_eq!(titlecase('ǆ'), 'ǅ');
        assert_eq!(upper('ᾳ'), 'ᾼ');
    }
}
