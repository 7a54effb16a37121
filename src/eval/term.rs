//! The identity of unknown values: interned terms.
//!
//! Two unknowns are equal for certain when their terms are. Terms are built from inputs without a value and from
//! attributes that the provider computes, by the same functions and operators as the values would be.

use std::collections::BTreeSet;

use ecow::{EcoString, EcoVec};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::eval::value::{InstanceId, Value, ValueKind};

/// An interned term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(u32);

impl TermId {
    /// No identity: such an unknown is equal to nothing for certain, not even to itself.
    pub const NONE: TermId = TermId(u32::MAX);

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == TermId::NONE
    }
}

/// What a term is made of.
#[derive(Clone, Debug)]
pub enum Term {
    /// An input without a value: `var.name` of the root module.
    Var(EcoString),
    /// An attribute of a resource instance that is only known at apply; a path such as `dns_entry[0].dns_name`
    /// is built from it by `Step` terms.
    Attr(InstanceId, EcoString),
    /// An output of a module whose source is not available: module address and output name, or [`WHOLE_MODULE`].
    Output(EcoString, EcoString),
    /// The key or value of `for_each`, or `count.index`, of instances whose keys are unknown: address and which.
    Each(EcoString, EcoString),
    /// A function or operator applied to operands.
    Apply(EcoString, EcoVec<Operand>),
    /// A template: literal text and unknown parts in turn.
    Template(EcoVec<Operand>),
    /// `jsonencode` of a value with unknown parts, kept so that the structure can still be read.
    Json(Value),
    /// An element or attribute of an unknown value: base and canonical key.
    Step(TermId, EcoString),
    /// An unknown that is equal to nothing but itself: a number, and what it is, for messages.
    Fresh(u32, EcoString),
}

/// The name that stands for all outputs of a module.
pub const WHOLE_MODULE: &str = "*";

/// An operand of a term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// An unknown.
    Term(TermId),
    /// A value without identity of its own: its canonical text (see [`canonical`]).
    Known(EcoString),
    /// Literal text of a template.
    Text(EcoString),
}

/// All terms of one evaluation.
#[derive(Debug, Default)]
pub struct Terms {
    terms: Vec<Term>,
    by_key: FxHashMap<EcoString, TermId>,
    fresh: u32,
    bytes: usize,
}

impl Terms {
    /// No terms.
    pub fn new() -> Terms {
        Terms::default()
    }

    /// The handle of a part of an unknown, by its base and the step: `.name`, `["key"]` or `[0]`.
    pub fn step(&mut self, base: TermId, step: EcoString) -> TermId {
        let term = match self.get(base) {
            Some(Term::Output(module, output)) if output == WHOLE_MODULE => match step.strip_prefix('.') {
                Some(name) => Term::Output(module.clone(), name.into()),
                None => Term::Output(ecow::eco_format!("{module}{step}"), WHOLE_MODULE.into()),
            },
            _ => Term::Step(base, step),
        };
        self.intern(term)
    }

    /// The handle of a term; equal terms get the same handle.
    pub fn intern(&mut self, term: Term) -> TermId {
        let key = key_of(&term);
        if let Some(id) = self.by_key.get(&key) {
            return *id;
        }
        let id = TermId(self.terms.len() as u32);
        self.bytes += size_of::<Term>() + 2 * key.len();
        self.terms.push(term);
        self.by_key.insert(key, id);
        id
    }

    /// About the memory that all terms take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The handle of a term that was interned before.
    pub fn find(&self, term: &Term) -> Option<TermId> {
        self.by_key.get(&key_of(term)).copied()
    }

    /// A term that is equal to nothing but itself.
    pub fn fresh(&mut self, what: &str) -> TermId {
        self.fresh += 1;
        self.intern(Term::Fresh(self.fresh, what.into()))
    }

    /// What a handle stands for; none for `TermId::NONE`.
    pub fn get(&self, id: TermId) -> Option<&Term> {
        self.terms.get(id.0 as usize)
    }

    /// The operand that stands for a value.
    pub fn operand(value: &Value) -> Operand {
        match value.as_unknown() {
            Some(unknown) if !unknown.term.is_none() => Operand::Term(unknown.term),
            _ => Operand::Known(canonical(value)),
        }
    }

    /// The resource instance and attribute, when the term is one of a resource.
    pub fn attribute(&self, id: TermId) -> Option<(InstanceId, &str)> {
        if let Some(Term::Attr(instance, name)) = self.get(id) { Some((*instance, name)) } else { None }
    }

    /// Whether a value and some others may be made of the same unknowns: one that is made of none shares nothing.
    pub fn may_share_sources(&self, value: &Value, others: &[&Value]) -> bool {
        let mut sources = Sources::default();
        self.sources_of(value, &mut sources);
        if sources.found.is_empty() && !sources.is_cut_short {
            return false;
        }
        let mut around = Sources::default();
        for other in others {
            self.sources_of(other, &mut around);
        }
        sources.is_cut_short || around.is_cut_short || !sources.found.is_disjoint(&around.found)
    }

    fn sources_of(&self, value: &Value, sources: &mut Sources) {
        let mut values = vec![value];
        while let Some(value) = values.pop() {
            if !sources.step() {
                return;
            }
            match &value.kind {
                ValueKind::Unknown(unknown) => {
                    self.sources_of_term(unknown.term, sources);
                    values.extend(unknown.possible.iter().flatten().chain(unknown.each.as_deref()));
                }
                ValueKind::Resource(instance) => {
                    sources.found.insert(Source::Instance(instance.id));
                }
                ValueKind::Null(_)
                | ValueKind::Bool(_)
                | ValueKind::Number(_)
                | ValueKind::String(_)
                | ValueKind::List(..)
                | ValueKind::Set(..)
                | ValueKind::Map(..)
                | ValueKind::Tuple(_)
                | ValueKind::Object(_) => values.extend(value.parts()),
            }
        }
    }

    fn sources_of_term(&self, term: TermId, sources: &mut Sources) {
        let mut terms = vec![term];
        while let Some(id) = terms.pop() {
            if !sources.step() {
                return;
            }
            if !sources.seen.insert(id) {
                continue;
            }
            match self.get(id) {
                None => {}
                Some(Term::Attr(instance, _)) => {
                    sources.found.insert(Source::Instance(*instance));
                }
                Some(Term::Var(_) | Term::Output(..) | Term::Each(..) | Term::Fresh(..)) => {
                    sources.found.insert(Source::Term(id));
                }
                Some(Term::Step(base, _)) => terms.push(*base),
                Some(Term::Apply(_, operands) | Term::Template(operands)) => {
                    for operand in operands {
                        match operand {
                            Operand::Term(id) => terms.push(*id),
                            // The text of a value names the terms of its unknown parts.
                            Operand::Known(text) => sources.is_cut_short |= text.contains(['#', 'r']),
                            Operand::Text(_) => {}
                        }
                    }
                }
                Some(Term::Json(value)) => self.sources_of(value, sources),
            }
        }
    }

    /// Whether the terms are certainly different: the same identifying attribute (`id`, `arn`) of two resource instances.
    pub fn differ(&self, a: TermId, b: TermId) -> bool {
        match (self.attribute(a), self.attribute(b)) {
            (Some((one, name)), Some((other, other_name))) => {
                one != other && name == other_name && matches!(name, "id" | "arn")
            }
            _ => false,
        }
    }
}

/// What values are made of, as far as it was looked for.
#[derive(Default)]
struct Sources {
    found: BTreeSet<Source>,
    seen: FxHashSet<TermId>,
    steps: usize,
    /// There may be more than was found.
    is_cut_short: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Instance(InstanceId),
    Term(TermId),
}

impl Sources {
    /// Counts a step; false when there were too many.
    fn step(&mut self) -> bool {
        const STEPS: usize = 1000;
        self.steps += 1;
        self.is_cut_short |= self.steps > STEPS;
        !self.is_cut_short
    }
}

fn key_of(term: &Term) -> EcoString {
    fn operands(operands: &[Operand], out: &mut EcoString) {
        for operand in operands {
            match operand {
                Operand::Term(TermId(n)) => out.push_str(&format!("#{n},")),
                Operand::Known(text) => out.push_str(&format!("={}:{text},", text.len())),
                Operand::Text(text) => out.push_str(&format!("'{}:{text},", text.len())),
            }
        }
    }
    let mut key = EcoString::new();
    match term {
        Term::Var(name) => key.push_str(&format!("v{name}")),
        Term::Attr(InstanceId(n), name) => key.push_str(&format!("a{n}.{name}")),
        Term::Output(module, name) => key.push_str(&format!("o{}:{module}.{name}", module.len())),
        Term::Each(address, which) => key.push_str(&format!("e{}:{address}.{which}", address.len())),
        Term::Apply(name, args) => {
            key.push_str(&format!("f{name}("));
            operands(args, &mut key);
        }
        Term::Template(parts) => {
            key.push('t');
            operands(parts, &mut key);
        }
        Term::Json(value) => key.push_str(&format!("j{}", canonical(value))),
        Term::Step(TermId(n), step) => key.push_str(&format!("s{n}{step}")),
        Term::Fresh(n, _) => key.push_str(&format!("n{n}")),
    }
    key
}

/// A text that is equal for two values exactly when they are the same value, unknown parts by their terms.
pub fn canonical(value: &Value) -> EcoString {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out.into()
}

/// A text of [`canonical`] as it would be written, with `name` for the unknowns in it.
pub fn spelled(canonical: &str, name: &mut dyn FnMut(TermId) -> String) -> String {
    let mut out = String::new();
    spell(canonical, true, name, &mut out);
    out
}

/// Spells the value at the start of a text and gives what follows it.
fn spell<'t>(
    text: &'t str,
    outermost: bool,
    name: &mut dyn FnMut(TermId) -> String,
    out: &mut String,
) -> &'t str {
    let mut chars = text.chars();
    let tag = chars.next();
    let rest = chars.as_str();
    match tag {
        Some('n') => out.push_str("null"),
        Some('T') => out.push_str("true"),
        Some('F') => out.push_str("false"),
        Some(tag @ ('d' | 's' | 'k')) => {
            let Some((length, rest)) = rest.split_once(':') else { return "" };
            let length = length.parse().unwrap_or(rest.len());
            let (Some(value), Some(rest)) = (rest.get(..length), rest.get(length..)) else { return "" };
            match tag {
                's' if !outermost => out.push_str(&format!("\"{value}\"")),
                'k' => out.push_str(&format!("{value} = ")),
                _ => out.push_str(value),
            }
            return rest;
        }
        Some(open @ ('[' | '{')) => {
            let close = if open == '[' { ']' } else { '}' };
            out.push(open);
            let mut rest = rest;
            let mut is_first = true;
            while !rest.is_empty() && !rest.starts_with(close) {
                if !is_first {
                    out.push_str(", ");
                }
                is_first = false;
                if open == '{' {
                    rest = spell(rest, false, name, out);
                }
                rest = spell(rest, false, name, out).trim_start_matches(',');
            }
            out.push(close);
            return rest.strip_prefix(close).unwrap_or(rest);
        }
        Some(tag @ ('r' | '#')) => {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            match rest[..end].parse() {
                Ok(term) if tag == '#' => out.push_str(&name(TermId(term))),
                _ => out.push('…'),
            }
            return &rest[end..];
        }
        _ => return "",
    }
    rest
}

fn write_canonical(value: &Value, out: &mut String) {
    use std::fmt::Write;
    let text = |out: &mut String, tag: char, text: &str| {
        let _ = write!(out, "{tag}{}:{text}", text.len());
    };
    match &value.kind {
        ValueKind::Null(_) => out.push('n'),
        ValueKind::Bool(true) => out.push('T'),
        ValueKind::Bool(false) => out.push('F'),
        ValueKind::Number(number) => text(out, 'd', &number.to_string()),
        ValueKind::String(string) => text(out, 's', string),
        ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements) => {
            // A tuple and a list of the same elements are the same value after any conversion that matters here.
            out.push('[');
            for element in elements {
                write_canonical(element, out);
                out.push(',');
            }
            out.push(']');
        }
        ValueKind::Map(_, entries) | ValueKind::Object(entries) => {
            out.push('{');
            for (name, entry) in entries.iter() {
                text(out, 'k', name);
                write_canonical(entry, out);
                out.push(',');
            }
            out.push('}');
        }
        ValueKind::Resource(instance) => {
            let _ = write!(out, "r{}", instance.id.0);
        }
        ValueKind::Unknown(unknown) => {
            let _ = write!(out, "#{}", unknown.term.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_as_they_are_written() {
        let list = Value::tuple([Value::string("10.0.0.0/16"), Value::string("a,]b")]);
        let object = Value::object([
            ("ranges".into(), list),
            ("on".into(), Value::bool(true)),
            ("size".into(), Value::number(3_i64)),
        ]);
        let spell = |value: &Value| spelled(&canonical(value), &mut |_| "var.a".to_owned());
        assert_eq!(spell(&object), "{on = true, ranges = [\"10.0.0.0/16\", \"a,]b\"], size = 3}");
        assert_eq!(spell(&Value::string("plain")), "plain");
        assert_eq!(spelled("[#12,n,r3,]", &mut |_| "var.a".to_owned()), "[var.a, null, …]");
        assert_eq!(spelled("s9:cut", &mut |_| "var.a".to_owned()), "");
    }
}
