//! `try` and `can`: whether an expression fails, and whether that is certain.

use std::sync::Arc;

use crate::eval::origin::Step as OriginStep;
use crate::eval::scope::{Evaluator, Scope};
use crate::eval::value::{Marks, Type, Value, ValueKind};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, StepKind};

impl Evaluator<'_> {
    /// Evaluates apart from the errors so far; gives the value, whether it failed, and whether that is certain.
    fn attempt(&mut self, scope: &Scope<'_>, expr: &Expr) -> (Value, bool, bool) {
        let errors = self.errors.len();
        let uncertain = self.uncertain;
        let value = self.eval(scope, expr);
        // What is an error before everything is known stays one, whatever else may fail besides.
        let failed = self.errors.len() > errors;
        self.errors.truncate(errors);
        (value, failed, failed || self.uncertain == uncertain)
    }

    pub(super) fn call_try(&mut self, scope: &Scope<'_>, args: &[Expr], span: Span) -> Value {
        if args.is_empty() {
            return self.error(
                "Error in function call",
                "Call to function \"try\" failed: at least one argument is required.",
                span,
            );
        }
        let outer = self.uncertain;
        let mut seen: Vec<Value> = Vec::new();
        for (i, arg) in args.iter().enumerate() {
            let (value, failed, certain) = self.attempt(scope, arg);
            if failed && certain {
                continue;
            }
            let certain = certain || seen.is_empty() && self.cannot_fail(scope, arg);
            // The last one is what is left, if there is a value at all.
            let is_left = seen.is_empty() && i + 1 == args.len();
            if !failed && (certain || is_left) {
                self.uncertain = outer + u64::from(!certain);
                let origin = self.origin(Some(span), OriginStep::Call("try".into()), [value.origin]);
                return if seen.is_empty() {
                    value.with_origin(origin)
                } else {
                    seen.push(value);
                    self.try_undecided(seen, span)
                };
            }
            seen.push(value);
        }
        self.uncertain = outer;
        if seen.is_empty() {
            return self.error(
                "Error in function call",
                "Call to function \"try\" failed: no expression succeeded.",
                span,
            );
        }
        self.uncertain += 1;
        self.try_undecided(seen, span)
    }

    /// A reference whose steps reach only what certainly exists: its value may be unknown, but it cannot fail.
    fn cannot_fail(&mut self, scope: &Scope<'_>, expr: &Expr) -> bool {
        let ExprKind::Traversal(traversal) = &expr.kind else { return false };
        let _ = scope;
        // An output of a module that is not available, or a step into something unknown, may not exist.
        let plain = traversal.steps.iter().all(|step| match &step.kind {
            StepKind::Attr(_) => true,
            StepKind::Index(index) => matches!(index.kind, ExprKind::Number(_) | ExprKind::String(_)),
            StepKind::AttrSplat | StepKind::FullSplat => false,
        });
        plain && matches!(traversal.root.as_str(), "module")
    }

    fn try_undecided(&mut self, seen: Vec<Value>, span: Span) -> Value {
        // It is one of these, as far as they do not fail.
        let first = seen.first().map_or(Type::Dynamic, Value::ty);
        let ty = if seen.iter().all(|value| value.ty() == first) { first } else { Type::Dynamic };
        let mut result = Value::unknown(ty);
        if let ValueKind::Unknown(unknown) = &mut result.kind {
            let unknown = Arc::make_mut(unknown);
            unknown.refinement.not_null = seen.iter().all(Value::is_never_null);
            unknown.possible = Some(seen.iter().cloned().collect());
        }
        let marks = seen.iter().fold(Marks::NONE, |marks, value| marks.union(value.marks));
        self.finish(result.with_marks(marks), "try", &seen, span)
    }

    pub(super) fn call_can(&mut self, scope: &Scope<'_>, args: &[Expr], span: Span) -> Value {
        let [arg] = args else {
            let summary =
                if args.is_empty() { "Not enough function arguments" } else { "Too many function arguments" };
            return self.error(summary, "Function \"can\" expects exactly 1 argument(s).", span);
        };
        let outer = self.uncertain;
        let (value, failed, certain) = self.attempt(scope, arg);
        self.uncertain = outer;
        if certain {
            let origin = self.origin(Some(span), OriginStep::Call("can".into()), [value.origin]);
            return Value::bool(!failed).with_origin(origin);
        }
        self.finish(Value::unknown_not_null(Type::Bool), "can", &[value], span)
    }
}
