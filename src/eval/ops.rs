//! Operators on values: pure, without origins and terms; the caller adds those.
//!
//! Where Terraform gives up on an unknown, a result may be known here if it is logically certain.

use crate::eval::convert::{convert, equal};
use crate::eval::value::{Refinement, Type, Unknown, Value, ValueKind};
use crate::number::Number;
use crate::syntax::ast::{BinaryOp, UnaryOp};
use crate::truth::Truth;

/// Why an operator failed: Terraform's summary and detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpError {
    /// `Invalid operand`.
    pub summary: &'static str,
    /// The sentence after it.
    pub detail: String,
    /// Which operand it is about: 0, 1, or none for both.
    pub operand: Option<usize>,
}

/// The type of what a unary operator takes and gives.
pub fn unary_type(op: UnaryOp) -> Type {
    match op {
        UnaryOp::Negate => Type::Number,
        UnaryOp::Not => Type::Bool,
    }
}

/// The type of what a binary operator gives.
pub fn binary_type(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            Type::Number
        }
        BinaryOp::And
        | BinaryOp::Or
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual => Type::Bool,
    }
}

/// Applies a unary operator.
pub fn unary(op: UnaryOp, operand: &Value) -> Result<Value, OpError> {
    let ty = unary_type(op);
    let operand = self::operand(operand, &ty, 0, "Unsuitable value for unary operand")?;
    let marks = operand.marks;
    let result = match (&operand.kind, op) {
        (ValueKind::Number(n), UnaryOp::Negate) => Value::number(n.neg()),
        (ValueKind::Bool(b), UnaryOp::Not) => Value::bool(!b),
        _ => {
            let mut refinement = not_null();
            if let (UnaryOp::Negate, Some(unknown)) = (op, operand.as_unknown()) {
                refinement.min = unknown.refinement.max.as_ref().map(|(n, inclusive)| (n.neg(), *inclusive));
                refinement.max = unknown.refinement.min.as_ref().map(|(n, inclusive)| (n.neg(), *inclusive));
            }
            Value::refined(ty, refinement)
        }
    };
    Ok(result.with_marks(marks))
}

/// Applies a binary operator.
pub fn binary(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    match op {
        BinaryOp::Equal | BinaryOp::NotEqual => Ok(equality(op, left, right)),
        BinaryOp::And | BinaryOp::Or => logical(op, left, right),
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
            let (left, right) = numbers(left, right)?;
            let result = match compare(op, &left, &right) {
                Truth::Yes => Value::bool(true),
                Truth::No => Value::bool(false),
                Truth::Unknown => Value::unknown_not_null(Type::Bool),
            };
            Ok(result.with_marks(left.marks).with_marks(right.marks))
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            let (left, right) = numbers(left, right)?;
            let result = arithmetic(op, &left, &right)?;
            Ok(result.with_marks(left.marks).with_marks(right.marks))
        }
    }
}

/// Whether two values are equal, by value, by identity of unknowns, and by what is known of them.
pub fn equals(left: &Value, right: &Value) -> Truth {
    let truth = equal(left, right);
    if truth.is_unknown() && (excludes(left, right) || excludes(right, left)) { Truth::No } else { truth }
}

/// Whether what is known of an unknown rules out that it is `other`.
fn excludes(unknown: &Value, other: &Value) -> bool {
    let Some(unknown) = unknown.as_unknown() else { return false };
    let refinement = &unknown.refinement;
    if other.is_null() {
        return refinement.not_null;
    }
    if let Some(text) = other.as_str()
        && !text.starts_with(refinement.prefix.as_str())
        && refinement.not_null
    {
        return true;
    }
    if let (Some(number), true) = (other.as_number(), refinement.not_null) {
        let below =
            refinement.min.as_ref().is_some_and(|(min, incl)| number < min || (!incl && number == min));
        let above =
            refinement.max.as_ref().is_some_and(|(max, incl)| number > max || (!incl && number == max));
        if below || above {
            return true;
        }
    }
    if let Some(other) = other.as_unknown() {
        if let (Some((min, _)), Some((max, _))) = (&refinement.min, &other.refinement.max) {
            return min > max && refinement.not_null && other.refinement.not_null;
        }
        let (a, b) = (refinement.prefix.as_str(), other.refinement.prefix.as_str());
        return refinement.not_null
            && other.refinement.not_null
            && !a.is_empty()
            && !b.is_empty()
            && !a.starts_with(b)
            && !b.starts_with(a);
    }
    unknown
        .possible
        .as_ref()
        .is_some_and(|possible| possible.iter().all(|value| equals(value, other).is_no()))
}

fn equality(op: BinaryOp, left: &Value, right: &Value) -> Value {
    let marks = left.deep_marks().union(right.deep_marks());
    let truth = equals(left, right);
    let truth = if op == BinaryOp::NotEqual { !truth } else { truth };
    let result = match truth {
        Truth::Yes => Value::bool(true),
        Truth::No => Value::bool(false),
        Truth::Unknown => Value::unknown_not_null(Type::Bool),
    };
    result.with_marks(marks)
}

fn logical(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    let (left, right) = operands(left, right, &Type::Bool)?;
    let truth = |value: &Value| value.as_bool().map_or(Truth::Unknown, Truth::known);
    let truth = match op {
        BinaryOp::Or => truth(&left) | truth(&right),
        BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo => truth(&left) & truth(&right),
    };
    let result = match truth {
        Truth::Yes => Value::bool(true),
        Truth::No => Value::bool(false),
        Truth::Unknown => Value::unknown_not_null(Type::Bool),
    };
    Ok(result.with_marks(left.marks).with_marks(right.marks))
}

fn numbers(left: &Value, right: &Value) -> Result<(Value, Value), OpError> {
    operands(left, right, &Type::Number)
}

/// Both operands as values of a type: a wrong type of either counts before a null of the other.
fn operands(left: &Value, right: &Value, ty: &Type) -> Result<(Value, Value), OpError> {
    let left = operand(left, ty, 0, "Unsuitable value for left operand");
    let right = operand(right, ty, 1, "Unsuitable value for right operand");
    match (left, right) {
        (Ok(left), Ok(right)) => Ok((left, right)),
        (Err(null), Err(other)) if null.summary == NULL_OPERAND => Err(other),
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// What Terraform calls an operand that is null.
const NULL_OPERAND: &str = "Operation failed";

fn operand(value: &Value, ty: &Type, index: usize, what: &str) -> Result<Value, OpError> {
    let value = convert(value, ty).map_err(|error| OpError {
        summary: "Invalid operand",
        detail: format!("{what}: {error}."),
        operand: Some(index),
    })?;
    if value.is_null() {
        return Err(OpError {
            summary: NULL_OPERAND,
            detail: "Error during operation: argument must not be null.".into(),
            operand: Some(index),
        });
    }
    Ok(value)
}

type Bound = Option<(Number, bool)>;

fn bounds(value: &Value) -> (Bound, Bound) {
    match &value.kind {
        ValueKind::Number(n) => (Some((n.clone(), true)), Some((n.clone(), true))),
        ValueKind::Unknown(unknown) => (unknown.refinement.min.clone(), unknown.refinement.max.clone()),
        ValueKind::Null(_)
        | ValueKind::Bool(_)
        | ValueKind::String(_)
        | ValueKind::List(..)
        | ValueKind::Set(..)
        | ValueKind::Map(..)
        | ValueKind::Tuple(_)
        | ValueKind::Object(_)
        | ValueKind::Resource(_) => (None, None),
    }
}

fn compare(op: BinaryOp, left: &Value, right: &Value) -> Truth {
    if let (Some(a), Some(b)) = (left.as_number(), right.as_number()) {
        return Truth::known(match op {
            BinaryOp::Less => a < b,
            BinaryOp::LessOrEqual => a <= b,
            BinaryOp::Greater => a > b,
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::GreaterOrEqual
            | BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo => a >= b,
        });
    }
    let (left, right) = match op {
        BinaryOp::Less | BinaryOp::LessOrEqual => (left, right),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Modulo => (right, left),
    };
    let strict = matches!(op, BinaryOp::Less | BinaryOp::Greater);
    let ((left_min, left_max), (right_min, right_max)) = (bounds(left), bounds(right));
    if let (Some((max, max_possible)), Some((min, min_possible))) = (&left_max, &right_min)
        && (max < min || (max == min && !(strict && *max_possible && *min_possible)))
    {
        return Truth::Yes;
    }
    if let (Some((min, min_possible)), Some((max, max_possible))) = (&left_min, &right_max)
        && (min > max || (min == max && (strict || !(*min_possible && *max_possible))))
    {
        return Truth::No;
    }
    Truth::Unknown
}

fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, OpError> {
    if let (Some(a), Some(b)) = (left.as_number(), right.as_number()) {
        let result = match op {
            BinaryOp::Add => a.add(b),
            BinaryOp::Subtract => a.sub(b),
            BinaryOp::Multiply => a.mul(b),
            BinaryOp::Divide => a.div(b),
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual
            | BinaryOp::Modulo => a.rem(b),
        };
        return result.map(Value::number).ok_or_else(|| undefined(op));
    }
    let mut refinement = not_null();
    let ((left_min, left_max), (right_min, right_max)) = (bounds(left), bounds(right));
    let sum = |a: &Bound, b: &Bound| -> Bound {
        let ((a, a_incl), (b, b_incl)) = (a.as_ref()?, b.as_ref()?);
        Some((a.add(b)?, *a_incl && *b_incl))
    };
    let negate = |bound: &Bound| bound.as_ref().map(|(n, inclusive)| (n.neg(), *inclusive));
    match op {
        BinaryOp::Add => {
            refinement.min = sum(&left_min, &right_min);
            refinement.max = sum(&left_max, &right_max);
        }
        BinaryOp::Subtract => {
            refinement.min = sum(&left_min, &negate(&right_max));
            refinement.max = sum(&left_max, &negate(&right_min));
        }
        BinaryOp::Multiply => {
            let corners: Option<Vec<Number>> = [
                (&left_min, &right_min),
                (&left_min, &right_max),
                (&left_max, &right_min),
                (&left_max, &right_max),
            ]
            .into_iter()
            .map(|(a, b)| a.as_ref()?.0.mul(&b.as_ref()?.0))
            .collect();
            if let Some(corners) = corners {
                refinement.min = corners.iter().min().map(|n| (n.clone(), true));
                refinement.max = corners.iter().max().map(|n| (n.clone(), true));
            }
        }
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Divide
        | BinaryOp::Modulo => {}
    }
    Ok(Value::refined(Type::Number, refinement))
}

fn undefined(op: BinaryOp) -> OpError {
    let detail = match op {
        BinaryOp::Divide => "Error during operation: can't divide zero by zero or infinity by infinity.",
        BinaryOp::Modulo => "Error during operation: can't use modulo operator with zero or infinity.",
        BinaryOp::Multiply => "Error during operation: can't multiply zero by infinity.",
        BinaryOp::Add => "Error during operation: can't compute sum of opposing infinities.",
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::Subtract => "Error during operation: can't subtract infinity from itself.",
    };
    OpError { summary: "Operation failed", detail: detail.into(), operand: None }
}

fn not_null() -> Refinement {
    Refinement { not_null: true, ..Refinement::default() }
}

/// What is known of a value that is one of two, as Terraform refines an undecided conditional.
pub fn either(ty: &Type, a: &Value, b: &Value) -> Refinement {
    let range = |value: &Value| -> Refinement {
        match &value.kind {
            ValueKind::Unknown(unknown) => {
                let Unknown { refinement, .. } = &**unknown;
                refinement.clone()
            }
            ValueKind::Null(_) => Refinement::default(),
            ValueKind::Number(n) => Refinement {
                not_null: true,
                min: Some((n.clone(), true)),
                max: Some((n.clone(), true)),
                ..Refinement::default()
            },
            ValueKind::String(text) => {
                Refinement { not_null: true, prefix: text.clone(), ..Refinement::default() }
            }
            ValueKind::List(_, elements) | ValueKind::Set(_, elements) => length(elements.len()),
            ValueKind::Map(_, entries) => length(entries.len()),
            ValueKind::Bool(_) | ValueKind::Tuple(_) | ValueKind::Object(_) | ValueKind::Resource(_) => {
                not_null()
            }
        }
    };
    let (a_null, b_null) = (a.is_null(), b.is_null());
    let (a, b) = (range(a), range(b));
    let mut result = Refinement { not_null: a.not_null && b.not_null, ..Refinement::default() };
    match ty {
        Type::Number if !a_null && !b_null => {
            result.min = wider(a.min, b.min, false);
            result.max = wider(a.max, b.max, true);
        }
        Type::String if result.not_null => {
            let common =
                a.prefix.chars().zip(b.prefix.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8());
            let common: usize = common.sum();
            result.prefix = a.prefix[..common].into();
        }
        Type::List(_) | Type::Set(_) | Type::Map(_) if result.not_null => {
            result.min_length = a.min_length.min(b.min_length);
            result.max_length = a.max_length.zip(b.max_length).map(|(a, b)| a.max(b));
        }
        Type::Dynamic
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::List(_)
        | Type::Set(_)
        | Type::Map(_)
        | Type::Tuple(_)
        | Type::Object(_)
        | Type::Resource(_) => {}
    }
    result
}

fn length(n: usize) -> Refinement {
    Refinement { not_null: true, min_length: n as u64, max_length: Some(n as u64), ..Refinement::default() }
}

fn wider(a: Bound, b: Bound, upper: bool) -> Bound {
    let ((a, a_incl), (b, b_incl)) = (a?, b?);
    if a == b {
        return Some((a, a_incl || b_incl));
    }
    Some(if (a > b) == upper { (a, a_incl) } else { (b, b_incl) })
}
