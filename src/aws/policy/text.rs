//! Strings with unknown parts, and wildcard matching that never guesses what such a part holds.

use ecow::EcoString;

use crate::eval::term::{Operand, Term, TermId, Terms};
use crate::eval::value::{InstanceId, Value, ValueKind};
use crate::truth::Truth;

/// A string, known as far as its pieces are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Literal text and unknown parts in turn; never two literals in a row.
    pub pieces: Vec<Piece>,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Known characters.
    Literal(EcoString),
    /// Any number of unknown characters.
    Hole(Hole),
}

/// An unknown part of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Its identity, `TermId::NONE` when it has none.
    pub term: TermId,
    /// The resource instance whose attribute it is, if it is one.
    pub instance: Option<InstanceId>,
    /// The name of the attribute that it is, if it is one: `account_id`, `dns_suffix`.
    pub attribute: Option<EcoString>,
}

impl Hole {
    /// A part without identity.
    pub const NONE: Hole = Hole { term: TermId::NONE, instance: None, attribute: None };

    /// The part of that identity.
    pub fn of(term: TermId, terms: &Terms) -> Hole {
        let (instance, attribute) = match terms.get(term) {
            Some(Term::Attr(instance, name)) => (Some(*instance), Some(name.clone())),
            Some(Term::Step(_, name)) => (None, Some(name.clone())),
            // What all provider configurations without a region share: `partition`, `dns_suffix`, `region`.
            Some(Term::Apply(name, operands)) if operands.is_empty() => (None, Some(name.clone())),
            Some(
                Term::Var(_)
                | Term::Output(..)
                | Term::Each(..)
                | Term::Apply(..)
                | Term::Template(_)
                | Term::Json(_)
                | Term::Fresh(..),
            )
            | None => (None, None),
        };
        Hole { term, instance, attribute }
    }
}

/// Whether letters match whatever their case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// `A` is not `a`.
    Sensitive,
    /// `A` is `a`, as in IAM actions.
    Insensitive,
}

/// Templates within templates are followed this deep; Terraform code nests two or three.
const TEMPLATE_DEPTH: usize = 32;

impl Text {
    /// Known text.
    pub fn literal(text: impl Into<EcoString>) -> Text {
        let text = text.into();
        Text { pieces: if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] } }
    }

    /// A string of which nothing is known but its identity.
    pub fn hole(term: TermId, terms: &Terms) -> Text {
        let mut pieces = Vec::new();
        push_term(&mut pieces, term, terms, 0);
        Text { pieces }
    }

    /// The string that a value is or becomes; none for null and for what is no string, number or bool.
    pub fn of(value: &Value, terms: &Terms) -> Option<Text> {
        match &value.kind {
            ValueKind::String(text) => Some(Text::literal(text.clone())),
            ValueKind::Number(number) => Some(Text::literal(number.to_string())),
            ValueKind::Bool(value) => Some(Text::literal(if *value { "true" } else { "false" })),
            ValueKind::Unknown(unknown) => {
                let mut text = Text::hole(unknown.term, terms);
                let prefix = &unknown.refinement.prefix;
                // What is an attribute as a whole is known better by that than by how it begins.
                let is_open = match text.pieces.as_slice() {
                    [Piece::Hole(hole)] => hole.instance.is_none(),
                    pieces => matches!(pieces.first(), Some(Piece::Hole(_)) | None),
                };
                if !prefix.is_empty() && is_open {
                    text.pieces.insert(0, Piece::Literal(prefix.clone()));
                }
                Some(text)
            }
            ValueKind::Null(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Map(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_)
            | ValueKind::Resource(_) => None,
        }
    }

    /// The whole text, when all of it is known.
    pub fn known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The identity of the whole string, when it is one unknown part.
    pub fn term(&self) -> Option<TermId> {
        match self.pieces.as_slice() {
            [Piece::Hole(hole)] if !hole.term.is_none() => Some(hole.term),
            _ => None,
        }
    }

    /// The known text at the end; empty when the last piece is unknown.
    pub fn known_suffix(&self) -> &str {
        if let Some(Piece::Literal(text)) = self.pieces.last() { text } else { "" }
    }

    /// The known text at the start; empty when the first piece is unknown.
    pub fn known_prefix(&self) -> &str {
        if let Some(Piece::Literal(text)) = self.pieces.first() { text } else { "" }
    }

    /// The text with `${…}` for each unknown part, for messages.
    pub fn display(&self) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Hole(_) => out.push_str("${…}"),
            }
        }
        out
    }

    /// Whether this text is the other one: by characters, by identity, or not decided.
    pub fn equal(&self, other: &Text) -> Truth {
        let has_identity = |text: &Text| {
            text.pieces.iter().all(|piece| match piece {
                Piece::Literal(_) => true,
                Piece::Hole(hole) => !hole.term.is_none(),
            })
        };
        if self == other && has_identity(self) {
            return Truth::Yes;
        }
        match (self.known(), other.known()) {
            (Some(one), Some(two)) => Truth::known(one == two),
            (Some(one), None) => other.may_be(one),
            (None, Some(two)) => self.may_be(two),
            (None, None) if self.differs_by_instance(other) => Truth::No,
            (None, None) => {
                let (a, b) = (self.known_prefix(), other.known_prefix());
                let (y, z) = (self.known_suffix(), other.known_suffix());
                let same_start = a.starts_with(b) || b.starts_with(a);
                let same_end = y.ends_with(z) || z.ends_with(y);
                if same_start && same_end { Truth::Unknown } else { Truth::No }
            }
        }
    }

    /// Whether both are the identity of resource instances, and these are two.
    fn differs_by_instance(&self, other: &Text) -> bool {
        match (self.pieces.as_slice(), other.pieces.as_slice()) {
            ([Piece::Hole(a)], [Piece::Hole(b)]) => {
                let identifies = matches!(a.attribute.as_deref(), Some("id" | "arn"));
                identifies
                    && a.attribute == b.attribute
                    && a.instance.is_some()
                    && b.instance.is_some()
                    && a.instance != b.instance
            }
            _ => false,
        }
    }

    fn may_be(&self, text: &str) -> Truth {
        if wildcard(&self.symbols(Literals::Verbatim), text, Case::Sensitive) {
            Truth::Unknown
        } else {
            Truth::No
        }
    }

    /// Whether this text, read as a pattern with `*` and `?`, matches all of `subject`.
    pub fn matches(&self, subject: &str, case: Case) -> Truth {
        if !wildcard(&self.symbols(Literals::Wildcards), subject, case) {
            Truth::No
        } else if self.known().is_some() {
            Truth::Yes
        } else {
            Truth::Unknown
        }
    }

    fn symbols(&self, literals: Literals) -> Vec<Symbol> {
        let mut symbols = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Hole(_) => symbols.push(Symbol::Any),
                Piece::Literal(text) => symbols.extend(text.chars().map(|c| match (c, literals) {
                    ('*', Literals::Wildcards) => Symbol::Any,
                    ('?', Literals::Wildcards) => Symbol::One,
                    (c, _) => Symbol::Char(c),
                })),
            }
        }
        symbols
    }
}

fn push_term(pieces: &mut Vec<Piece>, term: TermId, terms: &Terms, depth: usize) {
    if let Some(Term::Template(parts)) = terms.get(term)
        && depth < TEMPLATE_DEPTH
    {
        for part in parts {
            match part {
                Operand::Text(text) => push_literal(pieces, text),
                Operand::Term(term) => push_term(pieces, *term, terms, depth + 1),
                Operand::Known(_) => pieces.push(Piece::Hole(Hole::NONE)),
            }
        }
        return;
    }
    pieces.push(Piece::Hole(Hole::of(term, terms)));
}

fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Piece::Literal(last)) = pieces.last_mut() {
        last.push_str(text);
    } else {
        pieces.push(Piece::Literal(text.into()));
    }
}

#[derive(Clone, Copy)]
enum Literals {
    /// `*` and `?` are wildcards.
    Wildcards,
    /// `*` and `?` are themselves.
    Verbatim,
}

#[derive(Clone, Copy, PartialEq)]
enum Symbol {
    Char(char),
    One,
    Any,
}

/// Matches with one backtracking point, so in time proportional to the product of both lengths.
fn wildcard(pattern: &[Symbol], text: &str, case: Case) -> bool {
    let text: Vec<char> = text.chars().collect();
    let same = |a: char, b: char| match case {
        Case::Sensitive => a == b,
        Case::Insensitive => a == b || a.to_lowercase().eq(b.to_lowercase()),
    };
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Symbol::Any) => {
                retry = Some((p, t));
                p += 1;
                continue;
            }
            Some(Symbol::One) => {
                p += 1;
                t += 1;
                continue;
            }
            Some(Symbol::Char(c)) if same(*c, text[t]) => {
                p += 1;
                t += 1;
                continue;
            }
            Some(Symbol::Char(_)) | None => {}
        }
        let Some((star, from)) = retry else { return false };
        retry = Some((star, from + 1));
        p = star + 1;
        t = from + 1;
    }
    pattern[p..].iter().all(|symbol| *symbol == Symbol::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_hole(before: &str, after: &str) -> Text {
        let mut pieces = Text::literal(before).pieces;
        pieces.push(Piece::Hole(Hole::NONE));
        pieces.extend(Text::literal(after).pieces);
        Text { pieces }
    }

    #[test]
    fn wildcards_match_whole_actions_in_any_case() {
        let matches = |pattern: &str, action: &str| Text::literal(pattern).matches(action, Case::Insensitive);
        assert_eq!(matches("ssm:*", "ssm:UpdateInstanceInformation"), Truth::Yes);
        assert_eq!(matches("SSM:update*Information", "ssm:UpdateInstanceInformation"), Truth::Yes);
        assert_eq!(matches("ssm:*", "ssmmessages:OpenDataChannel"), Truth::No);
        assert_eq!(matches("ssmmessages:?penDataChannel", "ssmmessages:OpenDataChannel"), Truth::Yes);
        assert_eq!(matches("ssmmessages:Open*Channel*", "ssmmessages:OpenDataChannel"), Truth::Yes);
        assert_eq!(matches("", "ssm:GetParameter"), Truth::No);
    }

    #[test]
    fn an_unknown_part_refutes_but_never_proves() {
        let text = with_hole("ssm:", "");
        assert_eq!(text.matches("ssm:UpdateInstanceInformation", Case::Insensitive), Truth::Unknown);
        assert_eq!(text.matches("s3:GetObject", Case::Insensitive), Truth::No);
    }

    #[test]
    fn a_wildcard_is_a_character_where_no_pattern_is_meant() {
        assert_eq!(Text::literal("*").equal(&Text::literal("a")), Truth::No);
        assert_eq!(with_hole("*", "").equal(&Text::literal("ab")), Truth::No);
        assert_eq!(with_hole("a", "").equal(&Text::literal("ab")), Truth::Unknown);
        assert_eq!(with_hole("a", "").equal(&with_hole("a", "")), Truth::Unknown);
        assert_eq!(with_hole("a", "x").equal(&with_hole("b", "x")), Truth::No);
    }
}
