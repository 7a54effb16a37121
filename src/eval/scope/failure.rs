//! Errors, limits and the work that is counted against them.

use ecow::EcoVec;

use crate::addr::ModuleInstance;
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::origin::{Origin, OriginId, Step};
use crate::eval::scope::{Evaluator, unknown_value};
use crate::eval::term::TermId;
use crate::eval::value::{Cause, Refinement, Type, Value};
use crate::eval::{Gap, GapKind};
use crate::source::Span;

impl Evaluator<'_> {
    /// Reports an error of the expression at hand; its value is unknown because of it.
    pub(in crate::eval) fn error(&mut self, summary: &str, detail: impl Into<String>, span: Span) -> Value {
        if self.is_exhausted() {
            return self.exhausted(Some(span));
        }
        self.errors.push(Diagnostic::invalid(summary, detail, Some(span)));
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Error(summary.into()), span)
    }

    /// Reports a reference to something that is not declared, or that has no meaning where it stands: Terraform refuses it
    /// also within `try` and in the arm of a conditional that is not taken.
    pub(in crate::eval) fn undeclared(
        &mut self,
        summary: &str,
        detail: impl Into<String>,
        span: Span,
    ) -> Value {
        if self.is_exhausted() {
            return self.exhausted(Some(span));
        }
        self.settled.push(Diagnostic::invalid(summary, detail, Some(span)));
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Error(summary.into()), span)
    }

    /// Reports an error that `try` does not see.
    pub(in crate::eval) fn report(&mut self, summary: &str, detail: impl Into<String>, span: Option<Span>) {
        if !self.is_exhausted() {
            self.settled.push(Diagnostic::invalid(summary, detail, span));
        }
    }

    /// Evaluates something that has its own errors, apart from those of the expression that asked for it.
    pub(in crate::eval) fn apart<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.errors);
        let uncertain = self.uncertain;
        let result = evaluate(self);
        let errors = std::mem::replace(&mut self.errors, outer);
        self.settled.extend(errors);
        self.uncertain = uncertain;
        result
    }

    /// All errors, in the order in which they were met.
    pub(in crate::eval) fn finish_errors(&mut self) -> Vec<Diagnostic> {
        self.settled.append(&mut self.errors);
        let mut unique: Vec<Diagnostic> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        for diagnostic in self.settled.drain(..) {
            if seen.insert((diagnostic.span, diagnostic.summary.clone(), diagnostic.detail.clone())) {
                unique.push(diagnostic);
            }
        }
        unique
    }

    pub(in crate::eval) fn limit(&mut self, what: &str, span: Option<Span>) -> Value {
        if !self.limit_reported {
            self.limit_reported = true;
            self.settled.push(Diagnostic {
                summary: "Limit reached".into(),
                detail: format!("ssmlint stopped evaluating here: {what}."),
                span,
                kind: DiagnosticKind::NotUnderstood,
            });
            self.gaps.push(Gap {
                kind: GapKind::Limit,
                message: format!("evaluation stopped: {what}"),
                span,
                module: ModuleInstance::root(),
                sees: Vec::new(),
                names: Vec::new(),
                sees_unknown: true,
            });
        }
        // Nothing may grow once a limit is passed, so the unknown has neither origin nor identity.
        let cause = Cause::Limit(what.into());
        unknown_value(Type::Dynamic, Refinement::default(), TermId::NONE, cause, OriginId::NONE)
    }

    /// Stops for good at the limit on all of the evaluation that was passed.
    pub(in crate::eval) fn exhausted(&mut self, span: Option<Span>) -> Value {
        let limits = self.env.limits;
        let what = if self.weighed > limits.weighed_bytes {
            format!("values take too long to look at, weighed_bytes ({})", limits.weighed_bytes)
        } else if self.made + self.terms.bytes() > limits.total_bytes {
            format!("values take too much memory, total_bytes ({})", limits.total_bytes)
        } else if self.errors.len() + self.settled.len() > limits.errors {
            format!("too many errors, errors ({})", limits.errors)
        } else {
            format!("too many expressions, steps ({})", limits.steps)
        };
        self.limit(&what, span)
    }

    /// The value of an expression that passed a limit of its own; the rest is evaluated.
    pub(in crate::eval) fn value_limit(&mut self, what: &str, span: Span) -> Value {
        self.uncertain += 1;
        if self.is_exhausted() {
            return self.exhausted(Some(span));
        }
        self.settled.push(Diagnostic {
            summary: "Limit reached".into(),
            detail: format!("ssmlint does not compute this value: {what}."),
            span: Some(span),
            kind: DiagnosticKind::NotUnderstood,
        });
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Limit(what.into()), span)
    }

    /// Counts a step of work; false when the limit is passed.
    pub(in crate::eval) fn step(&mut self) -> bool {
        self.steps += 1;
        !self.is_exhausted()
    }

    /// Whether so much was done that evaluation stops for good.
    pub(in crate::eval) fn is_exhausted(&self) -> bool {
        let limits = self.env.limits;
        self.steps > limits.steps
            || self.origins.len() as u64 >= limits.steps.saturating_mul(2)
            || self.weighed > limits.weighed_bytes
            || self.made + self.terms.bytes() > limits.total_bytes
            || self.errors.len() + self.settled.len() > limits.errors
    }

    /// Counts bytes that were looked at, and bytes that were made and stay.
    pub(in crate::eval) fn spend(&mut self, weighed: usize, made: usize) {
        self.weighed += weighed as u64;
        self.made += made;
    }

    pub(in crate::eval) fn origin(
        &mut self,
        span: Option<Span>,
        step: Step,
        inputs: impl IntoIterator<Item = OriginId>,
    ) -> OriginId {
        let inputs: EcoVec<OriginId> = inputs.into_iter().filter(|id| !id.is_none()).collect();
        self.origins.add(Origin { span, step, inputs })
    }

    /// Something of which nothing is known, not even its type.
    pub(in crate::eval) fn anything(&mut self, what: &str, span: Span) -> Value {
        self.uncertain += 1;
        self.unknown(Type::Dynamic, Refinement::default(), Cause::KeysUnknown(what.into()), span)
    }

    /// A new unknown that is equal only to itself.
    pub(in crate::eval) fn unknown(
        &mut self,
        ty: Type,
        refinement: Refinement,
        cause: Cause,
        span: Span,
    ) -> Value {
        let term = self.terms.fresh("unknown");
        let origin = self.origin(Some(span), Step::Expression, []);
        unknown_value(ty, refinement, term, cause, origin)
    }
}
