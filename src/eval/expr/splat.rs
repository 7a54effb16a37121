//! Splats, `a[*].b` and `a.*.b`, on sequences, single values, nulls and unknowns.

use std::sync::Arc;

use ecow::EcoVec;

use crate::eval::expr::too_deep;
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope};
use crate::eval::value::{Refinement, Type, Unknown, Value, ValueKind};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Step, StepKind};

impl Evaluator<'_> {
    /// The steps after a splat, applied to each element. A splat among them lies within this one, and each makes a
    /// value of its own, so both are counted.
    pub(super) fn splat(&mut self, scope: &Scope<'_>, value: Value, steps: &[Step], span: Span) -> Value {
        if !self.step() {
            return self.exhausted(Some(span));
        }
        if self.depth >= self.env.limits.depth {
            return self.limit(&too_deep(self.env.limits), Some(span));
        }
        self.depth += 1;
        let value = self.splat_value(scope, value, steps, span);
        self.depth -= 1;
        value
    }

    fn splat_value(&mut self, scope: &Scope<'_>, value: Value, steps: &[Step], span: Span) -> Value {
        let marks = value.marks;
        let origin = value.origin;
        if value.is_null() {
            let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
            return if matches!(value.ty(), Type::List(_) | Type::Set(_) | Type::Tuple(_)) {
                self.error(
                    "Splat of null value",
                    "Splat expressions (with the * symbol) cannot be applied to null sequences.",
                    span,
                )
            } else {
                Value::tuple([]).with_origin(origin).with_marks(marks)
            };
        }
        if let Some(unknown) = value.as_unknown() {
            return self.splat_unknown(scope, &value, unknown, steps, span);
        }
        let (elements, list) = match &value.kind {
            ValueKind::List(_, elements) | ValueKind::Set(_, elements) => (elements.clone(), true),
            ValueKind::Tuple(elements) => (elements.clone(), false),
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Map(..)
            | ValueKind::Object(_)
            | ValueKind::Resource(_)
            | ValueKind::Unknown(_) => {
                let element = value.clone();
                let result = self.steps(scope, element, steps);
                let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
                return Value::tuple([result]).with_origin(origin);
            }
        };
        let results: Vec<Value> =
            elements.iter().map(|element| self.steps(scope, element.clone(), steps)).collect();
        let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
        let result = if list {
            if results.is_empty() {
                // What was not known of no element does not matter; what is wrong with its type does.
                let uncertain = self.uncertain;
                let element = value.ty().element().cloned().unwrap_or(Type::Dynamic);
                let ty = self.steps(scope, Value::unknown(element), steps).ty();
                self.uncertain = uncertain;
                Value::list(ty, [])
            } else {
                same_type_list(results)
            }
        } else {
            Value::tuple(results)
        };
        result.with_origin(origin).with_marks(marks)
    }

    fn splat_unknown(
        &mut self,
        scope: &Scope<'_>,
        value: &Value,
        unknown: &Unknown,
        steps: &[Step],
        span: Span,
    ) -> Value {
        self.uncertain += 1;
        if let Type::Tuple(elements) = &unknown.ty {
            return self.splat_unknown_tuple(scope, value, unknown, elements, steps, span);
        }
        let each = unknown.each.as_deref().map(|each| self.steps(scope, each.clone(), steps));
        let element = match &unknown.ty {
            Type::List(element) | Type::Set(element) => {
                let element = Value::unknown(Type::clone(element));
                Some(self.steps(scope, element, steps).ty())
            }
            Type::Dynamic => None,
            Type::Bool
            | Type::Number
            | Type::String
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_)
            | Type::Resource(_) => {
                let result = self.steps(scope, value.clone(), steps);
                // A single value that is not known yet is one element all the same, unless it is null.
                if unknown.refinement.not_null {
                    return Value::tuple([result]).with_origin(value.origin);
                }
                None
            }
        };
        let ty = match (&each, element) {
            (Some(each), _) if each.ty() != Type::Dynamic => Type::list(each.ty()),
            (_, Some(element)) => Type::list(element),
            (_, None) => Type::Dynamic,
        };
        let refinement = Refinement {
            not_null: true,
            min_length: unknown.refinement.min_length,
            max_length: unknown.refinement.max_length,
            ..Refinement::default()
        };
        let mut result = Value::refined(ty, refinement);
        if let ValueKind::Unknown(new) = &mut result.kind {
            Arc::make_mut(new).each = each.map(Box::new);
        }
        let name = match steps_text(steps) {
            Some(text) => format!("splat{text}"),
            None => return self.finish_fresh(result, "splat", std::slice::from_ref(value), span),
        };
        let origin = value.origin;
        let result = self.settle(result.with_marks(value.marks), &name, std::slice::from_ref(value));
        let origin = self.origin(Some(span), OriginStep::Expression, [origin]);
        result.with_origin(origin)
    }

    /// A splat of one of several tuples, which have as many elements.
    fn splat_unknown_tuple(
        &mut self,
        scope: &Scope<'_>,
        value: &Value,
        unknown: &Unknown,
        elements: &[Type],
        steps: &[Step],
        span: Span,
    ) -> Value {
        // What is wrong for the type of an element is wrong for each tuple.
        let types: Vec<Type> = elements
            .iter()
            .map(|element| self.steps(scope, Value::unknown(element.clone()), steps).ty())
            .collect();
        let before = self.errors.len();
        let possible: Option<EcoVec<Value>> = unknown.possible.as_ref().map(|possible| {
            possible.iter().map(|tuple| self.splat(scope, tuple.clone(), steps, span)).collect()
        });
        let possible = possible.filter(|_| self.errors.len() == before);
        self.errors.truncate(before);
        let mut result = Value::unknown_not_null(Type::tuple(types));
        if let ValueKind::Unknown(new) = &mut result.kind {
            Arc::make_mut(new).possible = possible;
        }
        self.finish_fresh(result.with_marks(value.marks), "splat", std::slice::from_ref(value), span)
    }
}

/// The steps as text, when they depend on nothing else.
fn steps_text(steps: &[Step]) -> Option<String> {
    let mut text = String::new();
    for step in steps {
        match &step.kind {
            StepKind::Attr(name) => {
                text.push('.');
                text.push_str(name);
            }
            StepKind::Index(key) => {
                let ExprKind::Number(n) = &key.kind else { return None };
                text.push_str(&format!("[{n}]"));
            }
            StepKind::AttrSplat => text.push_str(".*"),
            StepKind::FullSplat => text.push_str("[*]"),
        }
    }
    Some(text)
}

/// A list of values that should be of one type; a tuple when they are not.
fn same_type_list(values: Vec<Value>) -> Value {
    let types: Vec<Type> = values.iter().map(Value::ty).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        let element = types.into_iter().next().unwrap_or(Type::Dynamic);
        return Value::list(element, values);
    }
    Value::tuple(values)
}
