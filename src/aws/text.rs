//! Strings of which only the beginning and the end may be known: service names, zone names.

use ecow::EcoString;

use crate::eval::term::{Operand, Term, TermId, Terms};
use crate::eval::value::Value;
use crate::truth::Truth;

/// A string as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Pattern {
    /// The whole string, when it is known.
    pub exact: Option<EcoString>,
    /// How it begins; may be empty.
    pub prefix: EcoString,
    /// How it ends; may be empty.
    pub suffix: EcoString,
}

/// How deep templates within templates are read.
const DEPTH: usize = 8;

impl Pattern {
    /// A string that is wholly known.
    pub fn exact(text: impl Into<EcoString>) -> Pattern {
        let text = text.into();
        Pattern { exact: Some(text.clone()), prefix: text.clone(), suffix: text }
    }

    /// What is known of a value as a string.
    pub fn of(value: &Value, terms: &Terms) -> Pattern {
        if let Some(text) = crate::aws::read::to_text(value) {
            return Pattern::exact(text);
        }
        let Some(unknown) = value.as_unknown() else { return Pattern::default() };
        let mut pattern = Pattern {
            exact: None,
            prefix: leading(unknown.term, terms, DEPTH),
            suffix: trailing(unknown.term, terms, DEPTH),
        };
        if unknown.refinement.prefix.len() > pattern.prefix.len() {
            pattern.prefix = unknown.refinement.prefix.clone();
        }
        pattern
    }

    /// Whether the string begins with `text`.
    pub fn starts_with(&self, text: &str) -> Truth {
        if self.prefix.starts_with(text) {
            Truth::Yes
        } else if self.exact.is_some() || !text.starts_with(self.prefix.as_str()) {
            Truth::No
        } else {
            Truth::Unknown
        }
    }

    /// Whether the string ends with `text`.
    pub fn ends_with(&self, text: &str) -> Truth {
        if self.suffix.ends_with(text) {
            Truth::Yes
        } else if self.exact.is_some() || !text.ends_with(self.suffix.as_str()) {
            Truth::No
        } else {
            Truth::Unknown
        }
    }
}

/// The text that an unknown string certainly begins with.
fn leading(term: TermId, terms: &Terms, depth: usize) -> EcoString {
    if depth == 0 {
        return EcoString::new();
    }
    match terms.get(term) {
        Some(Term::Template(parts)) => ends(parts, |inner| leading(inner, terms, depth - 1)),
        Some(Term::Apply(function, args)) if function == "format" => {
            ends(&formatted(args).unwrap_or_default(), |inner| leading(inner, terms, depth - 1))
        }
        Some(Term::Apply(function, args)) if function == "join" => {
            joined(args).map(|(prefix, _)| prefix).unwrap_or_default()
        }
        _ => EcoString::new(),
    }
}

/// The text that an unknown string certainly ends with.
fn trailing(term: TermId, terms: &Terms, depth: usize) -> EcoString {
    if depth == 0 {
        return EcoString::new();
    }
    match terms.get(term) {
        Some(Term::Template(parts)) => {
            let parts: Vec<Operand> = parts.iter().rev().cloned().collect();
            ends_reversed(&parts, |inner| trailing(inner, terms, depth - 1))
        }
        Some(Term::Apply(function, args)) if function == "format" => {
            let mut pieces = formatted(args).unwrap_or_default();
            pieces.reverse();
            ends_reversed(&pieces, |inner| trailing(inner, terms, depth - 1))
        }
        Some(Term::Apply(function, args)) if function == "join" => {
            joined(args).map(|(_, suffix)| suffix).unwrap_or_default()
        }
        _ => EcoString::new(),
    }
}

/// The known text at the start of the pieces, with what is known of the first unknown one.
fn ends(pieces: &[Operand], inner: impl Fn(TermId) -> EcoString) -> EcoString {
    let mut text = EcoString::new();
    for part in pieces {
        match (piece(part), part) {
            (Some(known), _) => text.push_str(&known),
            (None, Operand::Term(term)) => {
                text.push_str(&inner(*term));
                break;
            }
            (None, Operand::Known(_) | Operand::Text(_)) => break,
        }
    }
    text
}

/// The known text at the end of pieces that come last first.
fn ends_reversed(pieces: &[Operand], inner: impl Fn(TermId) -> EcoString) -> EcoString {
    let mut known: Vec<EcoString> = Vec::new();
    for part in pieces {
        match (piece(part), part) {
            (Some(text), _) => known.push(text),
            (None, Operand::Term(term)) => {
                known.push(inner(*term));
                break;
            }
            (None, Operand::Known(_) | Operand::Text(_)) => break,
        }
    }
    known.iter().rev().map(EcoString::as_str).collect()
}

/// The pieces of `format(spec, …)`, when all its verbs are plain `%s`, `%v` and `%d`.
fn formatted(args: &[Operand]) -> Option<Vec<Operand>> {
    let spec = known_string(args.first()?)?;
    let mut values = args[1..].iter();
    let mut pieces = Vec::new();
    let mut rest = spec.as_str();
    while let Some(at) = rest.find('%') {
        pieces.push(Operand::Text(rest[..at].into()));
        let mut after = rest[at + 1..].chars();
        match after.next()? {
            '%' => pieces.push(Operand::Text("%".into())),
            's' | 'v' | 'd' => pieces.push(values.next()?.clone()),
            _ => return None,
        }
        rest = after.as_str();
    }
    pieces.push(Operand::Text(rest.into()));
    Some(pieces)
}

fn piece(operand: &Operand) -> Option<EcoString> {
    match operand {
        Operand::Text(text) => Some(text.clone()),
        Operand::Known(_) => known_string(operand),
        Operand::Term(_) => None,
    }
}

/// The string in an operand that is one.
fn known_string(operand: &Operand) -> Option<EcoString> {
    let Operand::Known(canonical) = operand else { return None };
    let (text, rest) = read_string(canonical)?;
    rest.is_empty().then(|| text.into())
}

/// A string in the notation of `term::canonical` at the start of `text`, and what follows it.
fn read_string(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix(['s', 'd'])?;
    let (length, rest) = rest.split_once(':')?;
    let length: usize = length.parse().ok()?;
    Some((rest.get(..length)?, rest.get(length..)?))
}

/// What `join(separator, list)` begins and ends with, when the list is one of strings and single unknowns.
fn joined(args: &[Operand]) -> Option<(EcoString, EcoString)> {
    let separator = known_string(args.first()?)?;
    let Operand::Known(list) = args.get(1)? else { return None };
    let mut rest = list.strip_prefix('[')?;
    let mut parts: Vec<Option<&str>> = Vec::new();
    while rest != "]" {
        if let Some((text, after)) = read_string(rest) {
            parts.push(Some(text));
            rest = after;
        } else {
            let after = rest.strip_prefix('#')?;
            rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            parts.push(None);
        }
        rest = rest.strip_prefix(',')?;
    }
    let mut prefix = EcoString::new();
    for part in &parts {
        let Some(text) = part else { break };
        prefix.push_str(text);
        prefix.push_str(&separator);
    }
    let mut suffix = String::new();
    for part in parts.iter().rev() {
        let Some(text) = part else { break };
        suffix.insert_str(0, text);
        suffix.insert_str(0, &separator);
    }
    Some((prefix, suffix.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::value::{Cause, Causes, Type, Unknown, ValueKind};
    use std::sync::Arc;

    fn unknown(term: TermId) -> Value {
        Value::new(ValueKind::Unknown(Arc::new(Unknown {
            term,
            ty: Type::String,
            refinement: crate::eval::value::Refinement::default(),
            causes: [Cause::NotSet("region".into())].into_iter().collect::<Causes>(),
            possible: None,
            each: None,
        })))
    }

    #[test]
    fn the_ends_of_a_template_are_known() {
        let mut terms = Terms::new();
        let region = terms.intern(Term::Var("region".into()));
        let parts =
            [Operand::Text("com.amazonaws.".into()), Operand::Term(region), Operand::Text(".ssm".into())];
        let name = terms.intern(Term::Template(parts.into_iter().collect()));
        let pattern = Pattern::of(&unknown(name), &terms);
        assert_eq!(pattern.starts_with("com.amazonaws."), Truth::Yes);
        assert_eq!(pattern.ends_with(".ssm"), Truth::Yes);
        assert_eq!(pattern.ends_with(".ssmmessages"), Truth::No);
        assert_eq!(pattern.ends_with("eu.ssm"), Truth::Unknown);
    }

    #[test]
    fn format_and_join_keep_their_literal_ends() {
        let mut terms = Terms::new();
        let region = terms.intern(Term::Var("region".into()));
        let format = Operand::Known("s20:com.amazonaws.%s.ssm".into());
        let formatted =
            terms.intern(Term::Apply("format".into(), [format, Operand::Term(region)].into_iter().collect()));
        assert_eq!(Pattern::of(&unknown(formatted), &terms).suffix, ".ssm");
        let list = Operand::Known("[s13:com.amazonaws,#0,s3:ssm,]".into());
        let joined = terms
            .intern(Term::Apply("join".into(), [Operand::Known("s1:.".into()), list].into_iter().collect()));
        let pattern = Pattern::of(&unknown(joined), &terms);
        assert_eq!((pattern.prefix.as_str(), pattern.suffix.as_str()), ("com.amazonaws.", ".ssm"));
    }

    #[test]
    fn nothing_is_known_of_an_input() {
        let mut terms = Terms::new();
        let region = terms.intern(Term::Var("region".into()));
        assert_eq!(Pattern::of(&unknown(region), &terms).ends_with(".ssm"), Truth::Unknown);
    }
}
