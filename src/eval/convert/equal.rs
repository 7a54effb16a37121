//! Equality of values in three-valued logic: Terraform's `==`, and more where identities decide.

use crate::eval::convert::is_opaque;
use crate::eval::funcs::string::grapheme::graphemes;
use crate::eval::value::{Refinement, Type, Unknown, Value, ValueKind};
use crate::number::Number;
use crate::truth::Truth;

/// Whether two values are equal as Terraform's `==` has it: the same type and the same value, and all nulls equal.
///
/// Unknowns are equal when their terms are, and different when their types or refinements exclude each other.
pub fn equal(a: &Value, b: &Value) -> Truth {
    if a.is_unknown() || b.is_unknown() || a.is_null() || b.is_null() {
        return equal_values(a, b);
    }
    let (a_type, b_type) = (a.ty(), b.ty());
    if a_type == b_type {
        return equal_values(a, b);
    }
    // A null of no type is of another type than one of a type, but an unknown of no type may become of any.
    if has_known_type(a) && has_known_type(b) && !is_opaque(&a_type) && !is_opaque(&b_type) {
        return Truth::No;
    }
    let types = same_type(&a_type, &b_type);
    if types.is_no() { Truth::No } else { types & equal_values(a, b) }
}

/// Whether no part of it is an unknown of unknown type.
fn has_known_type(value: &Value) -> bool {
    match value.as_unknown() {
        Some(unknown) => !unknown.ty.has_dynamic(),
        None => value.parts().all(has_known_type),
    }
}

/// Compares values whose types are, or may turn out to be, the same.
fn equal_values(a: &Value, b: &Value) -> Truth {
    match (&a.kind, &b.kind) {
        (ValueKind::Unknown(a), ValueKind::Unknown(b)) => equal_unknowns(a, b),
        (ValueKind::Unknown(unknown), _) => unknown_is(unknown, b),
        (_, ValueKind::Unknown(unknown)) => unknown_is(unknown, a),
        (ValueKind::Null(_), ValueKind::Null(_)) => Truth::Yes,
        (ValueKind::Null(_), _) | (_, ValueKind::Null(_)) => Truth::No,
        (ValueKind::Bool(a), ValueKind::Bool(b)) => Truth::known(a == b),
        (ValueKind::Number(a), ValueKind::Number(b)) => Truth::known(a == b),
        (ValueKind::String(a), ValueKind::String(b)) => Truth::known(a == b),
        (ValueKind::Tuple(a), ValueKind::Tuple(b)) | (ValueKind::List(_, a), ValueKind::List(_, b)) => {
            equal_elements(a, b)
        }
        (ValueKind::Set(_, a), ValueKind::Set(_, b)) => equal_sets(a, b),
        (ValueKind::Map(_, a), ValueKind::Map(_, b)) | (ValueKind::Object(a), ValueKind::Object(b)) => {
            if a.keys().eq(b.keys()) {
                Truth::all(a.values().zip(b.values()).map(|(a, b)| equal_values(a, b)))
            } else {
                Truth::No
            }
        }
        (ValueKind::Resource(a), ValueKind::Resource(b)) => {
            if a == b {
                Truth::Yes
            } else {
                Truth::Unknown
            }
        }
        (ValueKind::Resource(_), ValueKind::Object(_)) | (ValueKind::Object(_), ValueKind::Resource(_)) => {
            Truth::Unknown
        }
        (
            ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Map(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_)
            | ValueKind::Resource(_),
            _,
        ) => Truth::No,
    }
}

/// Whether two types are, or may turn out to be, the same.
fn same_type(a: &Type, b: &Type) -> Truth {
    match (a, b) {
        _ if a == b && !a.has_dynamic() => Truth::Yes,
        (Type::Dynamic, _) | (_, Type::Dynamic) => Truth::Unknown,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            same_type(a, b)
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
            Truth::all(a.iter().zip(b.iter()).map(|(a, b)| same_type(a, b)))
        }
        (Type::Object(a), Type::Object(b)) if a.keys().eq(b.keys()) => {
            Truth::all(a.values().zip(b.values()).map(|(a, b)| same_type(a, b)))
        }
        // The attributes of two resource types may be the same, as far as is known here.
        (Type::Resource(_), Type::Resource(_) | Type::Object(_)) | (Type::Object(_), Type::Resource(_)) => {
            Truth::Unknown
        }
        _ => Truth::No,
    }
}

fn equal_elements(a: &[Value], b: &[Value]) -> Truth {
    if a.len() == b.len() { Truth::all(a.iter().zip(b).map(|(a, b)| equal_values(a, b))) } else { Truth::No }
}

fn equal_sets(a: &[Value], b: &[Value]) -> Truth {
    if a.len() == b.len() && a.iter().chain(b).all(Value::is_wholly_known) {
        // Both are in the same order.
        return equal_elements(a, b);
    }
    let within = |some: &[Value], others: &[Value]| {
        Truth::all(some.iter().map(|one| Truth::any(others.iter().map(|other| equal_values(one, other)))))
    };
    within(a, b) & within(b, a)
}

fn equal_unknowns(a: &Unknown, b: &Unknown) -> Truth {
    let types = same_type(&a.ty, &b.ty);
    if !a.term.is_none() && a.term == b.term && !types.is_no() {
        return Truth::Yes;
    }
    if (a.refinement.not_null || b.refinement.not_null)
        && (types.is_no() || disjoint(&a.refinement, &b.refinement))
    {
        return Truth::No;
    }
    match (&a.possible, &b.possible) {
        (Some(possible), _) => agree(possible, |value| unknown_is(b, value)),
        (None, Some(possible)) => agree(possible, |value| unknown_is(a, value)),
        (None, None) => Truth::Unknown,
    }
}

/// Whether an unknown is equal to a value that is not an unknown as a whole.
fn unknown_is(unknown: &Unknown, value: &Value) -> Truth {
    if let Some(other) = value.as_unknown() {
        return if !unknown.term.is_none()
            && unknown.term == other.term
            && !same_type(&unknown.ty, &other.ty).is_no()
        {
            Truth::Yes
        } else {
            Truth::Unknown
        };
    }
    if value.is_null() {
        return if unknown.refinement.not_null { Truth::No } else { Truth::Unknown };
    }
    let ty = value.ty();
    let types = same_type(&unknown.ty, &ty);
    // An empty list of no type is of another type than any list that is still to come.
    let settled =
        !unknown.ty.has_dynamic() && has_known_type(value) && !is_opaque(&unknown.ty) && !is_opaque(&ty);
    if types.is_no() || (settled && unknown.ty != ty) || !admits(&unknown.refinement, value) {
        return Truth::No;
    }
    match &unknown.possible {
        Some(possible) => agree(possible, |possible| equal(possible, value)),
        None => Truth::Unknown,
    }
}

/// What holds of all the values that an unknown may have.
///
/// A possible value that is itself unknown can stand for each element of a collection, so it proves nothing equal.
fn agree(possible: &[Value], holds: impl Fn(&Value) -> Truth) -> Truth {
    let mut cases = possible.iter().map(|value| match holds(value) {
        Truth::Yes if !value.is_wholly_known() => Truth::Unknown,
        truth @ (Truth::Yes | Truth::No | Truth::Unknown) => truth,
    });
    let Some(first) = cases.next() else { return Truth::Unknown };
    if cases.all(|case| case == first) { first } else { Truth::Unknown }
}

/// Whether a value that is not null lies within a refinement.
fn admits(refinement: &Refinement, value: &Value) -> bool {
    match &value.kind {
        ValueKind::String(text) => {
            let is_long_enough = || {
                let characters = graphemes(text).count() as u64;
                within(refinement, characters, characters)
            };
            text.starts_with(refinement.prefix.as_str())
                && (refinement.min_length == 0 && refinement.max_length.is_none() || is_long_enough())
        }
        ValueKind::Number(number) => {
            refinement
                .min
                .as_ref()
                .is_none_or(|(min, inclusive)| number > min || (*inclusive && number == min))
                && refinement
                    .max
                    .as_ref()
                    .is_none_or(|(max, inclusive)| number < max || (*inclusive && number == max))
        }
        ValueKind::List(_, elements) => within(refinement, elements.len() as u64, elements.len() as u64),
        ValueKind::Set(_, elements) => {
            // Unknown elements may turn out to be the same.
            let known = elements.iter().filter(|element| element.is_wholly_known()).count() as u64;
            let least = if known < elements.len() as u64 { known.max(1) } else { known };
            within(refinement, least, elements.len() as u64)
        }
        ValueKind::Map(_, entries) => within(refinement, entries.len() as u64, entries.len() as u64),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_)
        | ValueKind::Unknown(_) => true,
    }
}

/// Whether a collection of so many elements, or a string of so many characters, lies within a refinement.
fn within(refinement: &Refinement, least: u64, most: u64) -> bool {
    most >= refinement.min_length && refinement.max_length.is_none_or(|max| least <= max)
}

/// Whether no value but null lies within both.
fn disjoint(a: &Refinement, b: &Refinement) -> bool {
    let below = |max: &Option<(Number, bool)>, min: &Option<(Number, bool)>| match (max, min) {
        (Some((max, max_inclusive)), Some((min, min_inclusive))) => {
            max < min || (max == min && !(*max_inclusive && *min_inclusive))
        }
        _ => false,
    };
    !(a.prefix.starts_with(b.prefix.as_str()) || b.prefix.starts_with(a.prefix.as_str()))
        || below(&a.max, &b.min)
        || below(&b.max, &a.min)
        || a.max_length.is_some_and(|max| max < b.min_length)
        || b.max_length.is_some_and(|max| max < a.min_length)
}
