//! Templates: interpolations and directives to one string.

use std::sync::Arc;

use ecow::{EcoString, EcoVec, eco_format};

use crate::eval::convert::convert;
use crate::eval::expr::for_expr::pairs;
use crate::eval::origin::{OriginId, Step as OriginStep};
use crate::eval::scope::{Bound, Evaluator, Scope};
use crate::eval::term::{Operand, Term, Terms};
use crate::eval::value::{Cause, Marks, Refinement, Type, Unknown, Value, ValueKind, normalize};
use crate::source::Span;
use crate::syntax::ast::{Expr, TemplatePart};

impl Evaluator<'_> {
    pub(in crate::eval) fn template(
        &mut self,
        scope: &Scope<'_>,
        parts: &[TemplatePart],
        span: Span,
    ) -> Value {
        if let [TemplatePart::Interpolation(only)] = parts {
            return self.eval(scope, only);
        }
        let mut builder = TemplateBuilder::default();
        self.template_parts(scope, parts, &mut builder);
        if builder.text.len() > self.env.limits.string_bytes {
            let what = format!(
                "a template makes too long a string, string_bytes ({})",
                self.env.limits.string_bytes
            );
            return self.value_limit(&what, span);
        }
        let marks = builder.marks;
        if builder.failed {
            let value = self.unknown(
                Type::String,
                Refinement { not_null: true, ..Refinement::default() },
                Cause::Error("Invalid template interpolation value".into()),
                span,
            );
            return value.with_marks(marks);
        }
        let origin = self.origin(Some(span), OriginStep::Expression, builder.origins.iter().copied());
        if builder.operands.is_empty() {
            return Value::string(normalize(&builder.text)).with_origin(origin).with_marks(marks);
        }
        builder.flush();
        self.uncertain += u64::from(builder.may_fail);
        let prefix = builder.prefix.unwrap_or_default();
        let term = self.terms.intern(Term::Template(builder.operands));
        let mut causes: Vec<Cause> = builder.causes;
        causes.sort();
        causes.dedup();
        let unknown = Unknown {
            term,
            ty: Type::String,
            refinement: Refinement { not_null: true, prefix, ..Refinement::default() },
            causes: causes.into(),
            possible: None,
            each: None,
        };
        Value::new(ValueKind::Unknown(Arc::new(unknown))).with_origin(origin).with_marks(marks)
    }

    fn template_parts(&mut self, scope: &Scope<'_>, parts: &[TemplatePart], builder: &mut TemplateBuilder) {
        for part in parts {
            if builder.text.len() > self.env.limits.string_bytes || !self.step() {
                builder.failed |= builder.text.len() <= self.env.limits.string_bytes;
                return;
            }
            match part {
                TemplatePart::Literal(text, _) => builder.text.push_str(text),
                TemplatePart::Interpolation(expr) => {
                    let value = self.eval(scope, expr);
                    self.template_value(&value, expr.span, builder);
                }
                TemplatePart::If { condition, if_true, if_false } => {
                    self.template_if(scope, condition, if_true, if_false, builder);
                }
                TemplatePart::For { key, value, collection, body } => {
                    self.template_for(scope, key.as_deref(), value, collection, body, builder);
                }
            }
        }
    }

    fn template_value(&mut self, value: &Value, span: Span, builder: &mut TemplateBuilder) {
        builder.marks = builder.marks.union(value.deep_marks());
        if value.is_null() {
            self.error(
                "Invalid template interpolation value",
                "The expression result is null. Cannot include a null value in a string template.",
                span,
            );
            builder.failed = true;
            return;
        }
        builder.origins.push(value.origin);
        if value.is_unknown() {
            // Terraform looks at the type of a value only once it is known.
            let text = convert(value, &Type::String).unwrap_or_else(|_| Value::unknown(Type::String));
            let text = self.settle(text, "tostring", std::slice::from_ref(value));
            builder.unknown(&text);
            return;
        }
        match convert(value, &Type::String) {
            Ok(text) => match text.as_str() {
                Some(text) => builder.text.push_str(text),
                None => {
                    let text = self.settle(text, "tostring", std::slice::from_ref(value));
                    builder.unknown(&text);
                }
            },
            Err(error) => {
                let detail = format!("Cannot include the given value in a string template: {error}.");
                self.error("Invalid template interpolation value", detail, span);
                builder.failed = true;
            }
        }
    }

    fn template_if(
        &mut self,
        scope: &Scope<'_>,
        condition: &Expr,
        if_true: &[TemplatePart],
        if_false: &[TemplatePart],
        builder: &mut TemplateBuilder,
    ) {
        let value = self.eval(scope, condition);
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            self.error("Null condition", detail, condition.span);
            builder.failed = true;
            return;
        }
        let decided = match convert(&value, &Type::Bool) {
            Ok(decided) => decided,
            Err(_) if value.is_unknown() => {
                let unknown = Value::unknown(Type::Bool).with_marks(value.marks);
                self.settle(unknown, "tobool", std::slice::from_ref(&value))
            }
            Err(_) => {
                let detail = "The condition expression must be of type bool.";
                self.error("Incorrect condition type", detail, condition.span);
                builder.failed = true;
                return;
            }
        };
        builder.marks = builder.marks.union(decided.marks);
        builder.origins.push(value.origin);
        match decided.as_bool() {
            Some(true) => self.template_parts(scope, if_true, builder),
            Some(false) => self.template_parts(scope, if_false, builder),
            None => {
                let before = self.errors.len();
                let arms = [if_true, if_false].map(|parts| self.part_value(scope, parts, condition.span));
                if self.errors.len() > before {
                    // The arm that fails need not be the one that is taken.
                    self.errors.truncate(before);
                    self.uncertain += 1;
                }
                let marks = decided.marks.union(arms[0].marks).union(arms[1].marks);
                let result = self.undecided(&decided, arms, Type::String, marks);
                match result.as_str() {
                    Some(text) => builder.text.push_str(text),
                    None => builder.unknown(&result),
                }
            }
        }
    }

    fn part_value(&mut self, scope: &Scope<'_>, parts: &[TemplatePart], span: Span) -> Value {
        if parts.is_empty() {
            return Value::string("");
        }
        let value = self.template(scope, parts, span);
        let converted = convert(&value, &Type::String).unwrap_or_else(|_| Value::unknown(Type::String));
        self.settle(converted, "tostring", &[value])
    }

    fn template_for(
        &mut self,
        scope: &Scope<'_>,
        key: Option<&str>,
        value: &str,
        collection: &Expr,
        body: &[TemplatePart],
        builder: &mut TemplateBuilder,
    ) {
        let source = self.eval(scope, collection);
        builder.marks = builder.marks.union(source.marks);
        builder.origins.push(source.origin);
        if source.is_null() {
            let detail = "A null value cannot be used as the collection in a 'for' expression.";
            self.error("Iteration over null value", detail, collection.span);
            builder.failed = true;
            return;
        }
        if source.is_unknown() && !source.ty().is_primitive() || matches!(source.kind, ValueKind::Resource(_))
        {
            let result = Value::unknown_not_null(Type::String);
            let text = self.finish_fresh(result, "for", &[source], collection.span);
            builder.unknown(&text);
            return;
        }
        let Some(pairs) = pairs(&source) else {
            let detail = format!(
                "A value of type {} cannot be used as the collection in a 'for' expression.",
                source.ty().friendly_name()
            );
            self.error("Iteration over non-iterable value", detail, collection.span);
            builder.failed = true;
            return;
        };
        for (element_key, element) in pairs {
            let bound_value = Bound { name: value, value: element, next: scope.bound };
            let bound_key;
            let inner = match key {
                Some(name) => {
                    bound_key = Bound { name, value: element_key, next: Some(&bound_value) };
                    Scope { bound: Some(&bound_key), ..*scope }
                }
                None => Scope { bound: Some(&bound_value), ..*scope },
            };
            self.template_parts(&inner, body, builder);
        }
    }
}

#[derive(Default)]
struct TemplateBuilder {
    text: String,
    operands: EcoVec<Operand>,
    prefix: Option<EcoString>,
    causes: Vec<Cause>,
    origins: Vec<OriginId>,
    marks: Marks,
    /// A part has no text.
    failed: bool,
    /// An unknown part may turn out to have none.
    may_fail: bool,
}

impl TemplateBuilder {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.operands.push(Operand::Text(normalize(&std::mem::take(&mut self.text))));
        }
    }

    pub(super) fn unknown(&mut self, value: &Value) {
        let prefix = value.as_unknown().map(|unknown| unknown.refinement.prefix.as_str()).unwrap_or_default();
        if self.prefix.is_none() {
            self.prefix = Some(eco_format!("{}{prefix}", self.text));
        }
        self.flush();
        // A string, number or bool that is not null always has a text.
        self.may_fail |= !value.ty().is_primitive() || !value.is_never_null();
        self.causes.extend(value.causes());
        self.operands.push(Terms::operand(value));
    }
}
