//! Values that stand for others: one of several, or each element of a collection.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::eval::term::{TermId, canonical};
use crate::eval::value::{Refinement, Type, Unknown, Value, ValueKind, join_causes};

/// So many values at most are kept as the possibilities of an unknown.
pub const POSSIBILITIES: usize = 64;

/// A value of which is only known that it is one of these; none if they are too many, or none at all.
pub fn one_of(candidates: impl IntoIterator<Item = Value>) -> Option<Value> {
    let mut possible: Vec<Value> = Vec::new();
    let mut seen = FxHashSet::default();
    for candidate in candidates {
        // The possibilities of an unknown without identity are possibilities of this one.
        let nested = match candidate.as_unknown() {
            Some(unknown) if unknown.term.is_none() => unknown.possible.clone(),
            _ => None,
        };
        let values = nested.unwrap_or_else(|| std::iter::once(candidate.clone()).collect());
        for value in values {
            if seen.insert((canonical(&value), value.ty())) {
                possible.push(value);
            }
        }
        if possible.len() > POSSIBILITIES {
            return None;
        }
    }
    if possible.len() <= 1 {
        return possible.pop();
    }
    let first = possible[0].ty();
    let ty = if possible.iter().all(|value| value.ty() == first) { first } else { Type::Dynamic };
    let refinement =
        Refinement { not_null: possible.iter().all(Value::is_never_null), ..Refinement::default() };
    Some(Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term: TermId::NONE,
        ty,
        refinement,
        causes: join_causes(&possible),
        possible: Some(possible.into()),
        each: None,
    }))))
}

/// One element of a collection, of which only a value that stands for each is known. It has no identity of its own,
/// since two elements may differ.
pub fn pick(each: Value) -> Value {
    let Value { kind: ValueKind::Unknown(unknown), origin, marks } = &each else { return each };
    let possible = match &unknown.possible {
        Some(possible) if unknown.term.is_none() => possible.clone(),
        _ => std::iter::once(each.clone()).collect(),
    };
    let picked = Unknown { term: TermId::NONE, possible: Some(possible), ..Unknown::clone(unknown) };
    Value { kind: ValueKind::Unknown(Arc::new(picked)), origin: *origin, marks: *marks }
}
