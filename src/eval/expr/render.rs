//! `templatefile`, `templatestring` and the data source `template_file`: a template evaluated with variables of its own.

use std::path::{Path, PathBuf};

use ecow::EcoString;

use crate::eval::convert::convert;
use crate::eval::funcs::{self, FuncError};
use crate::eval::scope::{Bound, Evaluator, Scope};
use crate::eval::value::{InstanceId, Marks, Type, Value};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, TemplatePart};
use crate::syntax::is_identifier;

impl Evaluator<'_> {
    pub(super) fn call_templatefile(
        &mut self,
        name: &str,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        let [path, vars] = values else {
            let summary = if values.len() < 2 {
                "Not enough function arguments"
            } else {
                "Too many function arguments"
            };
            return self.error(summary, format!("Function \"{name}\" expects 2 argument(s)."), span);
        };
        let place = |i: usize| args.get(i).map_or(span, |arg| arg.span);
        let path = match convert(path, &Type::String) {
            Ok(path) if path.is_null() => {
                let detail = "Invalid value for \"path\" parameter: argument must not be null.";
                return self.error("Invalid function argument", detail, place(0));
            }
            Ok(path) => path,
            Err(error) => {
                let detail = format!("Invalid value for \"path\" parameter: {error}.");
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        let Some(text_path) = path.as_str() else {
            return self.finish(Value::unknown(Type::Dynamic), name, values, span);
        };
        let context = self.function_context();
        let text = match funcs::file::read_text(&context, &path) {
            Ok(text) => text,
            Err(FuncError::Limit(what)) => return self.value_limit(&what, span),
            Err(FuncError::Outside(what)) => return self.outside(&what, span),
            Err(FuncError::Arg(_, message) | FuncError::Call(message)) => {
                let detail = format!("Invalid value for \"path\" parameter: {message}.");
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        let shown = PathBuf::from(if path.marks.sensitive { "(sensitive value)" } else { text_path });
        let file = self.env.sources.add(&shown, text);
        let template = match crate::syntax::parse_template(&file) {
            Ok(template) => template,
            Err(diagnostics) => {
                let message = diagnostics.first().map(|d| format!("{}; {}", d.summary, d.detail));
                let detail = format!(
                    "Invalid value for \"path\" parameter: {}.",
                    message.unwrap_or_default().trim_end_matches('.')
                );
                return self.error("Invalid function argument", detail, place(0));
            }
        };
        self.render(name, &template, vars, place(1), span, path.marks)
    }

    pub(super) fn call_templatestring(
        &mut self,
        scope: &Scope<'_>,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        let _ = scope;
        let ([template, vars], [template_expr, vars_expr]) = (values, args) else {
            let summary = if values.len() < 2 {
                "Not enough function arguments"
            } else {
                "Too many function arguments"
            };
            return self.error(summary, "Function \"templatestring\" expects 2 argument(s).", span);
        };
        if vars.is_unknown() {
            return self.finish(Value::unknown_not_null(Type::String), "templatestring", values, span);
        }
        if let Some(problem) = not_from_elsewhere(template_expr) {
            let detail =
                format!("Invalid value for \"template\" parameter: invalid template expression: {problem}.");
            return self.error("Invalid function argument", detail, template_expr.span);
        }
        if template.is_unknown() {
            return self.finish(Value::unknown_not_null(Type::String), "templatestring", values, span);
        }
        let text = match convert(template, &Type::String) {
            Ok(text) if text.is_null() => {
                let detail = "Invalid value for \"template\" parameter: argument must not be null.";
                return self.error("Invalid function argument", detail, template_expr.span);
            }
            Ok(text) => text,
            Err(error) => {
                let detail = format!("Invalid value for \"template\" parameter: {error}.");
                return self.error("Invalid function argument", detail, template_expr.span);
            }
        };
        let source = text.as_str().unwrap_or_default();
        let file = self.env.sources.add(Path::new("<templatestring argument>"), source.to_string());
        match crate::syntax::parse_template(&file) {
            Ok(template) => {
                let result = self.render("templatestring", &template, vars, vars_expr.span, span, text.marks);
                match convert(&result, &Type::String) {
                    Ok(text) => self.settle(text, "tostring", &[result]),
                    Err(error) => {
                        let detail = format!(
                            "Call to function \"templatestring\" failed: invalid template result: {error}."
                        );
                        self.error("Error in function call", detail, span)
                    }
                }
            }
            Err(diagnostics) => {
                let message = diagnostics.first().map(|d| d.summary.clone()).unwrap_or_default();
                let detail =
                    format!("Invalid value for \"template\" parameter: invalid template: {message}.");
                self.error("Invalid function argument", detail, template_expr.span)
            }
        }
    }

    /// `rendered` of a data source `template_file`. The language of its provider is older than Terraform's, and not all of
    /// it is the same: none where a template does more than to name variables.
    /// <https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file>
    pub(in crate::eval) fn template_file(&mut self, id: InstanceId, span: Span) -> Option<Value> {
        let template = self.configured(id, "template")?;
        let vars = self.configured(id, "vars");
        let vars = vars.map_or_else(
            || Ok(Value::map(Type::String, [])),
            |vars| convert(&vars, &Type::map(Type::String)),
        );
        let vars = vars.ok()?;
        let names = vars.as_entries()?;
        let text = template
            .as_str()
            .filter(|text| !["%{", "${~", "~}", "$$$"].iter().any(|mark| text.contains(mark)))?;
        let file = self.env.sources.add(Path::new("<template_file>"), text.to_owned());
        let tree = crate::syntax::parse_template(&file).ok()?;
        let is_named = |part: &TemplatePart| match part {
            TemplatePart::Literal(..) => true,
            TemplatePart::Interpolation(Expr { kind: ExprKind::Traversal(name), .. }) => {
                name.steps.is_empty() && names.contains_key(&name.root)
            }
            TemplatePart::Interpolation(_) | TemplatePart::If { .. } | TemplatePart::For { .. } => false,
        };
        let is_plain = if let ExprKind::Template(parts) = &tree.kind {
            parts.iter().all(is_named)
        } else {
            matches!(tree.kind, ExprKind::String(_))
        };
        is_plain.then(|| self.render("template_file", &tree, &vars, span, span, template.marks))
    }

    /// Evaluates a template file's or template string's text with its variables.
    fn render(
        &mut self,
        name: &str,
        template: &Expr,
        vars: &Value,
        vars_span: Span,
        span: Span,
        marks: Marks,
    ) -> Value {
        let marks = marks.union(vars.marks);
        if vars.is_null() {
            let detail = "Invalid value for \"vars\" parameter: argument must not be null.";
            return self.error("Invalid function argument", detail, vars_span);
        }
        if vars.is_unknown() {
            return self.finish_fresh(Value::unknown(Type::Dynamic), name, std::slice::from_ref(vars), span);
        }
        let Some(entries) = vars.as_entries().cloned() else {
            let detail = "Invalid value for \"vars\" parameter: invalid vars value: must be a map.";
            return self.error("Invalid function argument", detail, vars_span);
        };
        for key in entries.keys() {
            if !is_identifier(key) {
                let detail = format!(
                    "Invalid value for \"vars\" parameter: invalid template variable name \"{key}\": must start \
                     with a letter, followed by zero or more letters, digits, and underscores."
                );
                return self.error("Invalid function argument", detail, vars_span);
            }
        }
        let bounds: Vec<(&EcoString, &Value)> = entries.iter().collect();
        self.render_bound(name, template, &bounds, None, span).with_marks(marks)
    }

    fn render_bound(
        &mut self,
        name: &str,
        template: &Expr,
        rest: &[(&EcoString, &Value)],
        bound: Option<&Bound<'_>>,
        span: Span,
    ) -> Value {
        // The chain of bound names lives on the stack, so it is built by one frame a name.
        if let Some(((key, value), rest)) = rest.split_first() {
            let next = Bound { name: key, value: (*value).clone(), next: bound };
            if self.depth >= self.env.limits.depth {
                let what = format!("a template has too many variables, depth ({})", self.env.limits.depth);
                return self.limit(&what, Some(span));
            }
            self.depth += 1;
            let value = self.render_bound(name, template, rest, Some(&next), span);
            self.depth -= 1;
            return value;
        }
        let empty = Bound { name: "", value: Value::null(Type::Dynamic), next: bound };
        let scope = Scope { only_bound: true, bound: Some(&empty), ..Scope::module(Self::ROOT) };
        let errors = self.errors.len();
        let value = self.eval(&scope, template);
        if self.errors.len() > errors {
            // Terraform reports an error inside a template at the call.
            let inner = self.errors.split_off(errors);
            let first = inner.into_iter().next();
            let detail = first.as_ref().map(|d| d.detail.clone()).unwrap_or_default();
            if first.is_some_and(|d| d.summary == "Invalid function argument") {
                let detail =
                    format!("Invalid value for \"vars\" parameter: {}.", detail.trim_end_matches('.'));
                return self.error("Invalid function argument", detail, span);
            }
            let detail = format!("Call to function \"{name}\" failed: {}.", detail.trim_end_matches('.'));
            return self.error("Error in function call", detail, span);
        }
        value
    }
}

/// What Terraform says of a template that `templatestring` gets from the call itself.
fn not_from_elsewhere(template: &Expr) -> Option<&'static str> {
    match &template.kind {
        ExprKind::Traversal(_) => None,
        ExprKind::Access { base, .. } if matches!(base.kind, ExprKind::Traversal(_)) => None,
        ExprKind::String(_) => Some(
            "templatestring is only for rendering templates retrieved dynamically from elsewhere, and so does not \
             support providing a literal template; consider using a template string expression instead",
        ),
        ExprKind::Template(parts) if matches!(parts.as_slice(), [TemplatePart::Interpolation(_)]) => Some(
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to treat the inner \
             expression as template syntax, write the reference expression directly without any template \
             interpolation syntax",
        ),
        ExprKind::Template(_) => Some(
            "templatestring is only for rendering templates retrieved dynamically from elsewhere; to render an inline \
             template, consider using a plain template string expression",
        ),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Access { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::Tuple(_)
        | ExprKind::Object(_)
        | ExprKind::For(_)
        | ExprKind::Parens(_) => Some(
            "must be a direct reference to a single string from elsewhere, containing valid Terraform template syntax",
        ),
    }
}
