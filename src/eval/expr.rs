//! Expressions: one match over all kinds.
//!
//! Errors are reported with their place and give an unknown; evaluation goes on. What an unknown operand leaves
//! undecided stays an unknown whose term is built from the operands' terms.

mod reference;
mod step;
mod splat;
mod conditional;
mod for_expr;
mod template;
mod call;
mod attempt;
mod render;

pub(super) use self::for_expr::pairs;
pub(super) use self::step::step_key;

use std::collections::BTreeMap;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use crate::eval::convert::convert;
use crate::eval::limits::Limits;
use crate::eval::ops;
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope, retype};
use crate::eval::term::TermId;
use crate::eval::value::{Causes, Marks, Type, Unknown, Value, ValueKind, join_causes};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectItem, Step, StepKind, Traversal, UnaryOp};

/// Bytes of the values that an unknown may have, as far as they are kept: conditionals within conditionals multiply
/// them.
const ALTERNATIVES_BYTES: usize = 64 << 10;

/// Whether a reference gives a value that exists already, or a part of one.
fn is_shared(traversal: &Traversal) -> bool {
    let is_plain = |step: &Step| matches!(step.kind, StepKind::Attr(_) | StepKind::Index(_));
    traversal.root != "module" && traversal.steps.iter().all(is_plain)
}

impl<'a> Evaluator<'a> {
    /// Evaluates an expression in a scope.
    pub(super) fn eval(&mut self, scope: &Scope<'_>, expr: &Expr) -> Value {
        if !self.step() {
            return self.exhausted(Some(expr.span));
        }
        if self.depth >= self.env.limits.depth {
            return self.limit(&too_deep(self.env.limits), Some(expr.span));
        }
        self.depth += 1;
        let value = self.eval_kind(scope, expr);
        self.depth -= 1;
        self.weighed(value, expr)
    }

    /// Counts what an expression gave against the limits on the size of one value and of all.
    fn weighed(&mut self, value: Value, expr: &Expr) -> Value {
        let limits = self.env.limits;
        if let ValueKind::Unknown(unknown) = &value.kind {
            return match value.weight(ALTERNATIVES_BYTES, limits.value_depth) {
                Some(weight) => {
                    self.spend(weight, 0);
                    value
                }
                // What it may be is a help, not a part of it.
                None => {
                    self.spend(ALTERNATIVES_BYTES, 0);
                    let unknown = Unknown { possible: None, each: None, ..Unknown::clone(unknown) };
                    let value = Value { kind: ValueKind::Unknown(Arc::new(unknown)), ..value };
                    // Its type is a part of it, and doubles like a value.
                    match value.weight(limits.value_bytes, limits.value_depth) {
                        Some(_) => value,
                        None => self.value_limit(&too_large("a type", limits), expr.span),
                    }
                }
            };
        }
        let Some(weight) = value.weight(limits.value_bytes, limits.value_depth) else {
            self.spend(limits.value_bytes, 0);
            return self.value_limit(&too_large("a value", limits), expr.span);
        };
        let shallow = value.parts().count() * size_of::<Value>();
        let made = match &expr.kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::String(_)
            | ExprKind::Parens(_) => 0,
            ExprKind::Traversal(traversal) if is_shared(traversal) => 0,
            ExprKind::Traversal(_)
            | ExprKind::Access { .. }
            | ExprKind::Tuple(_)
            | ExprKind::Object(_)
            | ExprKind::For(_) => shallow,
            ExprKind::Template(_)
            | ExprKind::Call { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Binary { .. }
            | ExprKind::Conditional { .. } => weight,
        };
        self.spend(weight, made);
        value
    }

    fn eval_kind(&mut self, scope: &Scope<'_>, expr: &Expr) -> Value {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Null => self.literal(Value::null(Type::Dynamic), span),
            ExprKind::Bool(value) => self.literal(Value::bool(*value), span),
            ExprKind::Number(number) => self.literal(Value::number(number.clone()), span),
            ExprKind::String(text) => self.literal(Value::string(text.clone()), span),
            ExprKind::Parens(inner) => self.eval(scope, inner),
            ExprKind::Template(parts) => self.template(scope, parts, span),
            ExprKind::Traversal(traversal) => self.traversal(scope, traversal, span),
            ExprKind::Access { base, steps } => {
                let value = self.eval(scope, base);
                self.steps(scope, value, steps)
            }
            ExprKind::Call { name, name_span, args, expand_final } => {
                self.call(scope, name, *name_span, args, *expand_final, span)
            }
            ExprKind::Unary { op, operand } => {
                let value = self.eval(scope, operand);
                match ops::unary(*op, &value) {
                    Ok(result) => self.finish(result, unary_name(*op), &[value], span),
                    Err(error) => {
                        let value = self.error(error.summary, error.detail, operand.span);
                        retype(value, ops::unary_type(*op))
                    }
                }
            }
            ExprKind::Binary { op, left, right } => {
                let (a, b) = (self.eval(scope, left), self.eval(scope, right));
                match ops::binary(*op, &a, &b) {
                    // What decides a conjunction or an alternative is told first.
                    Ok(result) if decided_by_right(*op, &a, &result) => {
                        let origin = self.origin(Some(span), OriginStep::Expression, [b.origin, a.origin]);
                        result.with_origin(origin)
                    }
                    Ok(result) => self.finish(result, binary_name(*op), &[a, b], span),
                    Err(error) => {
                        let span = match error.operand {
                            Some(0) => left.span,
                            Some(_) => right.span,
                            None => span,
                        };
                        let value = self.error(error.summary, error.detail, span);
                        retype(value, ops::binary_type(*op))
                    }
                }
            }
            ExprKind::Conditional { condition, if_true, if_false } => {
                self.conditional(scope, condition, if_true, if_false, span)
            }
            ExprKind::Tuple(elements) => {
                let elements: EcoVec<Value> =
                    elements.iter().map(|element| self.eval(scope, element)).collect();
                let origin = self.origin(Some(span), OriginStep::Literal, []);
                Value::new(ValueKind::Tuple(elements)).with_origin(origin)
            }
            ExprKind::Object(items) => self.object(scope, items, span),
            ExprKind::For(for_expr) => self.for_expr(scope, for_expr, span),
        }
    }

    fn literal(&mut self, value: Value, span: Span) -> Value {
        let origin = self.origin(Some(span), OriginStep::Literal, []);
        value.with_origin(origin)
    }

    /// Completes the result of an operation: terms and causes of its unknowns, and its origin.
    fn finish(&mut self, result: Value, name: &str, args: &[Value], span: Span) -> Value {
        if !result.is_wholly_known() {
            self.uncertain += 1;
        }
        let result = self.settle(result, name, args);
        let origin = self.origin(Some(span), OriginStep::Expression, args.iter().map(|arg| arg.origin));
        result.with_origin(origin)
    }

    /// As `finish`, for an operation that also depends on names around it: equal arguments do not make it equal.
    fn finish_fresh(&mut self, result: Value, what: &str, args: &[Value], span: Span) -> Value {
        self.uncertain += 1;
        let term = self.terms.fresh(what);
        let result = with_term(result, term, join_causes(args));
        let origin = self.origin(Some(span), OriginStep::Expression, args.iter().map(|arg| arg.origin));
        result.with_origin(origin)
    }

    fn object(&mut self, scope: &Scope<'_>, items: &[ObjectItem], span: Span) -> Value {
        let mut entries = BTreeMap::new();
        let mut unknown_key = None;
        let mut marks = Marks::NONE;
        let mut parts = Vec::new();
        for item in items {
            let key = match &item.key.kind {
                ExprKind::Traversal(key) if key.steps.is_empty() => Value::string(key.root.clone()),
                ExprKind::Traversal(_) => self.error(
                    "Ambiguous attribute key",
                    "If this expression is intended to be a reference, wrap it in parentheses. If it's instead \
                     intended as a literal name containing periods, wrap it in quotes to create a string literal.",
                    item.key.span,
                ),
                ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Template(_) | ExprKind::Access { .. } | ExprKind::Call { .. } | ExprKind::Unary { .. } | ExprKind::Binary { .. } | ExprKind::Conditional { .. } | ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) | ExprKind::Parens(_) => self.eval(scope, &item.key),
            };
            let value = self.eval(scope, &item.value);
            if key.is_null() {
                self.error("Null value as key", "Can't use a null value as a key.", item.key.span);
                unknown_key = Some(key);
                continue;
            }
            let key = match convert(&key, &Type::String) {
                Ok(key) => key,
                Err(error) => {
                    let detail = format!("Can't use this value as a key: {error}.");
                    let key = self.error("Incorrect key type", detail, item.key.span);
                    unknown_key = Some(key);
                    continue;
                }
            };
            marks = marks.union(key.marks);
            match key.as_str() {
                Some(name) => {
                    entries.insert(EcoString::from(name), value);
                }
                None => {
                    parts.push(value);
                    unknown_key = Some(key);
                }
            }
        }
        if let Some(key) = unknown_key {
            let mut args = vec![key, Value::object(entries)];
            args.extend(parts);
            let result = Value::unknown_not_null(Type::Dynamic).with_marks(marks);
            return self.finish(result, "object", &args, span);
        }
        let origin = self.origin(Some(span), OriginStep::Literal, []);
        Value::new(ValueKind::Object(Arc::new(entries))).with_origin(origin).with_marks(marks)
    }
}

pub(in crate::eval) fn with_term(value: Value, term: TermId, causes: Causes) -> Value {
    let Value { kind, origin, marks } = value;
    let kind = match kind {
        ValueKind::Unknown(unknown) => {
            let mut unknown = Arc::unwrap_or_clone(unknown);
            unknown.term = term;
            unknown.causes = causes;
            ValueKind::Unknown(Arc::new(unknown))
        }
        kind @ ValueKind::Null(_)
        | kind @ ValueKind::Bool(_)
        | kind @ ValueKind::Number(_)
        | kind @ ValueKind::String(_)
        | kind @ ValueKind::List(..)
        | kind @ ValueKind::Set(..)
        | kind @ ValueKind::Map(..)
        | kind @ ValueKind::Tuple(_)
        | kind @ ValueKind::Object(_)
        | kind @ ValueKind::Resource(_) => kind,
    };
    Value { kind, origin, marks }
}

fn too_deep(limits: &Limits) -> String {
    format!("expressions or references nested too deeply, depth ({})", limits.depth)
}

fn too_large(what: &str, limits: &Limits) -> String {
    let Limits { value_bytes, value_depth, .. } = limits;
    format!(
        "{what} is too large or nested too deeply, value_bytes ({value_bytes}) or value_depth ({value_depth})"
    )
}

fn unary_name(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Negate => "-",
        UnaryOp::Not => "!",
    }
}

/// Whether it is the right operand that makes a conjunction false, or an alternative true.
fn decided_by_right(op: crate::syntax::ast::BinaryOp, left: &Value, result: &Value) -> bool {
    use crate::syntax::ast::BinaryOp;
    if !matches!(op, BinaryOp::And | BinaryOp::Or) {
        return false;
    }
    let deciding = matches!(op, BinaryOp::Or);
    result.as_bool() == Some(deciding) && left.as_bool() == Some(!deciding)
}

fn binary_name(op: crate::syntax::ast::BinaryOp) -> &'static str {
    use crate::syntax::ast::BinaryOp;
    match op {
        BinaryOp::Or => "||",
        BinaryOp::And => "&&",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}
