//! Conditionals: one arm when the condition is known, else what both arms have in common.

use std::sync::Arc;

use ecow::EcoVec;

use crate::eval::convert::{ConvertError, convert, unify};
use crate::eval::ops;
use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope, retype};
use crate::eval::term::{Term, Terms};
use crate::eval::value::{Marks, Type, Unknown, Value, ValueKind, join_causes};
use crate::source::Span;
use crate::syntax::ast::Expr;

impl Evaluator<'_> {
    pub(super) fn conditional(
        &mut self,
        scope: &Scope<'_>,
        condition: &Expr,
        if_true: &Expr,
        if_false: &Expr,
        span: Span,
    ) -> Value {
        let before = self.errors.len();
        let uncertain = self.uncertain;
        let true_value = self.eval(scope, if_true);
        let true_errors = self.errors.split_off(before);
        let true_uncertain = std::mem::replace(&mut self.uncertain, uncertain);
        let false_value = self.eval(scope, if_false);
        let false_errors = self.errors.split_off(before);
        let false_uncertain = std::mem::replace(&mut self.uncertain, uncertain);

        let untyped_null = |value: &Value| matches!(value.kind, ValueKind::Null(Type::Dynamic));
        let (true_type, false_type) = (true_value.ty(), false_value.ty());
        let ty = if untyped_null(&true_value) {
            Some(false_type)
        } else if untyped_null(&false_value) {
            Some(true_type)
        } else if true_type == Type::Dynamic || false_type == Type::Dynamic {
            Some(Type::Dynamic)
        } else {
            unify(&[true_type, false_type])
        };
        let Some(ty) = ty else {
            let detail = format!(
                "The true and false result expressions must have consistent types. The 'true' value is {}, but the \
                 'false' value is {}.",
                true_value.ty().friendly_name(),
                false_value.ty().friendly_name()
            );
            return self.error("Inconsistent conditional result types", detail, span);
        };

        let decider = self.eval(scope, condition);
        if decider.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.".to_string();
            let value = self.error("Null condition", detail, condition.span);
            return retype(value, ty);
        }
        let decided = match convert(&decider, &Type::Bool) {
            Ok(value) => value,
            // Terraform looks at the type of a condition only once it is known.
            Err(_) if decider.is_unknown() => {
                let unknown = Value::unknown(Type::Bool).with_marks(decider.marks);
                self.settle(unknown, "tobool", std::slice::from_ref(&decider))
            }
            Err(_) => {
                let detail = "The condition expression must be of type bool.";
                let value = self.error("Incorrect condition type", detail, condition.span);
                return retype(value, ty);
            }
        };
        let taken = decided.as_bool();
        let step = OriginStep::Branch { taken };
        let marks = decided.marks.union(true_value.marks).union(false_value.marks);
        let Some(taken) = taken else {
            self.uncertain += 1;
            let arms = [true_value, false_value].map(|arm| {
                let arm_ty = if ty == Type::Dynamic { arm.ty() } else { ty.clone() };
                let converted = convert(&arm, &arm_ty).unwrap_or_else(|_| Value::unknown(arm_ty));
                self.settle(converted, "convert", &[arm])
            });
            let origin = self.origin(Some(span), step, [decider.origin, arms[0].origin, arms[1].origin]);
            return self.undecided(&decided, arms, ty, marks).with_origin(origin);
        };
        let (arm, other, errors, uncertain) = if taken {
            (true_value, false_value.ty(), true_errors, true_uncertain)
        } else {
            (false_value, true_value.ty(), false_errors, false_uncertain)
        };
        self.uncertain = uncertain;
        self.errors.extend(errors);
        let origin = self.origin(Some(span), step, [decider.origin, arm.origin]);
        let converted = match kept_apart(&arm, &other, &ty) {
            Some(collection) => Err(ConvertError {
                message: format!("element types must all match for conversion to {collection}"),
            }),
            None => convert(&arm, &ty),
        };
        let result = match converted {
            Ok(value) => self.settle(value, "convert", &[arm]),
            Err(error) => {
                let which = if taken { "true" } else { "false" };
                let detail = format!("The {which} result value has the wrong type: {error}.");
                let value = self.error("Inconsistent conditional result types", detail, span);
                retype(value, ty)
            }
        };
        // Which arm was taken says something of the other one, so the marks of both stay.
        result.with_origin(origin).with_marks(marks)
    }

    /// A conditional whose condition is not known: one of the two arms.
    pub(super) fn undecided(&mut self, condition: &Value, arms: [Value; 2], ty: Type, marks: Marks) -> Value {
        let [a, b] = arms;
        if a.is_null() && b.is_null() {
            return Value::null(ty).with_marks(marks);
        }
        if ops::equals(&a, &b).is_yes() && a.ty() == b.ty() {
            return a.with_marks(marks);
        }
        let refinement = ops::either(&ty, &a, &b);
        // cond ? true : false is the condition itself, so that its identity survives.
        if let (Some(true), Some(false)) = (a.as_bool(), b.as_bool()) {
            return condition.clone().with_marks(marks);
        }
        let causes = join_causes([condition, &a, &b]);
        let operands = [condition, &a, &b].map(Terms::operand);
        let term = self.terms.intern(Term::Apply("?:".into(), operands.into_iter().collect()));
        let mut possible = EcoVec::new();
        for arm in [a, b] {
            match arm.as_unknown().and_then(|unknown| unknown.possible.as_ref()) {
                Some(values) if values.len() <= 16 => possible.extend(values.iter().cloned()),
                _ => possible.push(arm),
            }
        }
        let unknown = Unknown { term, ty, refinement, causes, possible: Some(possible), each: None };
        Value::new(ValueKind::Unknown(Arc::new(unknown))).with_marks(marks)
    }
}

/// What kind of collection an arm does not become, though the other arm is one, because its elements are of several
/// types.
///
/// Beside a collection whose elements are of no known type, go-cty puts a tuple's elements together as they are.
fn kept_apart(arm: &Value, other: &Type, ty: &Type) -> Option<&'static str> {
    let collection = match (&arm.kind, other, ty) {
        (ValueKind::Tuple(_), Type::List(_), Type::List(element)) if **element == Type::Dynamic => "list",
        (ValueKind::Object(_), Type::Map(_), Type::Map(element)) if **element == Type::Dynamic => "map",
        _ => return None,
    };
    let mut types = arm.parts().map(Value::ty).filter(|ty| *ty != Type::Dynamic);
    let first = types.next()?;
    types.any(|ty| ty != first).then_some(collection)
}
