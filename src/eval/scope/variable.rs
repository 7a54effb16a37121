//! Input variables: what sets them, their type and their default.

use std::sync::Arc;

use ecow::EcoString;

use crate::config::AssignedValue;
use crate::eval::builtin;
use crate::eval::convert::constraint::Constraint;
use crate::eval::origin::Step;
use crate::eval::scope::{Evaluator, Memo, ModuleId, Scope, retype, unknown_value};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::Term;
use crate::eval::value::{Cause, Marks, Refinement, Value, ValueKind, normalize};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl<'a> Evaluator<'a> {
    pub(in crate::eval) fn variable(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
        let node = self.module(module).node;
        let Some((key, variable)) = node.module.variables.get_key_value(name) else {
            let mut hint = did_you_mean(name, node.module.variables.keys().map(|name| name.as_str()));
            if hint.is_empty() {
                hint = format!(" This variable can be declared with a variable \"{name}\" {{}} block.");
            }
            return self.undeclared(
                "Reference to undeclared input variable",
                format!("An input variable with the name \"{name}\" has not been declared.{hint}"),
                span,
            );
        };
        match self.module(module).variables.get(key.as_str()) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Running) => return self.cycle(&format!("var.{name}"), span),
            None => {}
        }
        self.module_mut(module).variables.insert(key, Memo::Running);
        let value = self.apart(|this| this.evaluate_variable(module, variable));
        self.module_mut(module).variables.insert(key, Memo::Done(value.clone()));
        value
    }

    fn evaluate_variable(&mut self, module: ModuleId, variable: &'a crate::config::Variable) -> Value {
        let name = &variable.name;
        let constraint = self.constraint(module, variable);
        if variable.sensitive {
            self.has_secrets = true;
            variable.default.iter().for_each(|default| self.hide_literals(default));
        }
        if self.any_inputs {
            return self.unset_variable(module, variable, &constraint, false);
        }
        let (value, set) = match self.module(module).parent {
            None => self.root_input(variable, &constraint),
            Some((parent, call)) => match call.arguments.attribute(name) {
                None => (None, false),
                Some(argument) => {
                    if variable.sensitive {
                        self.hide_literals(&argument.expr);
                    }
                    let repetition = self.module(module).repetition.clone();
                    let scope = Scope { repetition: Some(&repetition), ..Scope::module(parent) };
                    let value = self.eval(&scope, &argument.expr);
                    if value.deep_marks().ephemeral && !variable.ephemeral {
                        let detail = "This input variable is not declared as accepting a ephemeral values, so it \
                                      cannot be set to a result derived from an ephemeral value.";
                        self.report("Ephemeral value not allowed", detail, Some(argument.expr.span));
                    }
                    let origin =
                        self.origin(Some(argument.span), Step::Argument(name.clone()), [value.origin]);
                    (Some(value.with_origin(origin)), true)
                }
            },
        };
        let value = match value {
            Some(value) if value.is_null() && !variable.nullable && variable.default.is_some() => None,
            other => other,
        };
        let value = match value {
            Some(value) => value,
            None => match &variable.default {
                Some(default) => {
                    let value = self.eval(&Scope::module(module), default);
                    let origin = self.origin(Some(default.span), Step::Default(name.clone()), []);
                    // The default decides; its own literals stay reachable through the parts of the value.
                    value.with_origin(origin)
                }
                None => return self.unset_variable(module, variable, &constraint, set),
            },
        };
        let value = self.apply_constraint(module, &value, &constraint, variable);
        if value.is_null() && !variable.nullable {
            self.report(
                "Required variable not set",
                format!("Unsuitable value for var.{name} set from outside of the configuration: required variable may not be set to null."),
                Some(variable.decl_range),
            );
        }
        let marks = Marks { sensitive: variable.sensitive, ephemeral: variable.ephemeral };
        value.with_marks(marks)
    }

    fn unset_variable(
        &mut self,
        module: ModuleId,
        variable: &'a crate::config::Variable,
        constraint: &Constraint,
        _set: bool,
    ) -> Value {
        let name = &variable.name;
        let address = self.module(module).addr.clone();
        let full = if address.is_root() { name.clone() } else { ecow::eco_format!("{address}.{name}") };
        let origin = self.origin(Some(variable.decl_range), Step::NotSet(name.clone()), []);
        let term = self.terms.intern(Term::Var(full.clone()));
        let refinement = Refinement { not_null: !variable.nullable, ..Refinement::default() };
        let marks = Marks { sensitive: variable.sensitive, ephemeral: variable.ephemeral };
        unknown_value(constraint.ty(), refinement, term, Cause::NotSet(full), origin).with_marks(marks)
    }

    pub(super) fn constraint(
        &mut self,
        module: ModuleId,
        variable: &'a crate::config::Variable,
    ) -> Constraint {
        let Some(expr) = &variable.type_expr else { return Constraint::Any };
        let mut evaluate = |default: &Expr| self.eval(&Scope::module(module), default);
        let (constraint, diagnostics) = Constraint::of_variable(expr, &mut evaluate);
        self.settled.extend(diagnostics);
        constraint
    }

    fn apply_constraint(
        &mut self,
        module: ModuleId,
        value: &Value,
        constraint: &Constraint,
        variable: &'a crate::config::Variable,
    ) -> Value {
        let opened = self.opened(value, constraint, variable.decl_range);
        let value = opened.as_ref().unwrap_or(value);
        match constraint.apply(value) {
            Ok(converted) => {
                // A conversion makes new containers; the value's own origin stays the step that set it.
                let mut converted = converted;
                converted.origin = value.origin;
                let limits = self.env.limits;
                let weight = converted.weight(limits.value_bytes, limits.value_depth);
                let weight = weight.unwrap_or(limits.value_bytes);
                self.spend(weight, weight);
                let operand = value.clone();
                self.settle(converted, "convert", &[operand])
            }
            Err(error) => {
                let span = self.origins.span(value.origin).unwrap_or(variable.decl_range);
                let name = &variable.name;
                let root = self.module(module).addr.is_root();
                let (summary, detail) = if !root {
                    (
                        "Invalid value for input variable",
                        format!(
                            "The given value is not suitable for {}.var.{name} declared at {}: {error}.",
                            self.module(module).addr,
                            name
                        ),
                    )
                } else if variable.default.as_ref().is_some_and(|default| default.span == span) {
                    (
                        "Invalid default value for variable",
                        format!(
                            "This default value is not compatible with the variable's type constraint: {error}."
                        ),
                    )
                } else {
                    (
                        "Invalid value for input variable",
                        format!(
                            "Unsuitable value for var.{name} set from outside of the configuration: {error}."
                        ),
                    )
                };
                let value = self.error(summary, detail, span);
                retype(value, constraint.ty())
            }
        }
    }

    /// A value with the instances of resources in it as objects of the attributes that a type asks for; none without
    /// such an instance. A conversion by itself does not know what these are.
    fn opened(&mut self, value: &Value, constraint: &Constraint, span: Span) -> Option<Value> {
        let kind = match (&value.kind, constraint) {
            (ValueKind::Resource(instance), Constraint::Object(wanted)) => {
                let resource = &self.instance(instance.id).resource.addr.resource;
                let schema = builtin::attributes(&resource.type_name, resource.mode);
                let has = |name: &EcoString| schema.is_none_or(|schema| schema.contains(&name.as_str()));
                if wanted.iter().any(|(name, attribute)| !attribute.optional && !has(name)) {
                    return None;
                }
                let names: Vec<&EcoString> = wanted.keys().filter(|name| has(name)).collect();
                let attributes = names.into_iter().map(|name| {
                    let attribute = self.attribute(instance.id, name, span);
                    (name.clone(), attribute)
                });
                ValueKind::Object(Arc::new(attributes.collect()))
            }
            (
                ValueKind::List(_, elements) | ValueKind::Set(_, elements) | ValueKind::Tuple(elements),
                Constraint::List(inner) | Constraint::Set(inner),
            ) => {
                let elements = elements.iter().map(|element| (element, Some(&**inner)));
                ValueKind::Tuple(self.opened_parts(elements, span)?.into())
            }
            (ValueKind::Tuple(elements), Constraint::Tuple(inner)) if elements.len() == inner.len() => {
                let elements = elements.iter().zip(inner.iter().map(Some));
                ValueKind::Tuple(self.opened_parts(elements, span)?.into())
            }
            (ValueKind::Map(_, entries) | ValueKind::Object(entries), Constraint::Map(inner)) => {
                let values = entries.values().map(|entry| (entry, Some(&**inner)));
                let values = self.opened_parts(values, span)?;
                ValueKind::Object(Arc::new(entries.keys().cloned().zip(values).collect()))
            }
            (ValueKind::Object(entries), Constraint::Object(wanted)) => {
                let constraint = |name| wanted.get(name).map(|attribute| &attribute.constraint);
                let values = entries.iter().map(|(name, entry)| (entry, constraint(name)));
                let values = self.opened_parts(values, span)?;
                ValueKind::Object(Arc::new(entries.keys().cloned().zip(values).collect()))
            }
            _ => return None,
        };
        Some(Value { kind, ..value.clone() })
    }

    /// The parts of a value, each with the type that it is to have; none where there is nothing to open in any.
    fn opened_parts<'v>(
        &mut self,
        parts: impl Iterator<Item = (&'v Value, Option<&'v Constraint>)> + Clone,
        span: Span,
    ) -> Option<Vec<Value>> {
        let opened: Vec<Option<Value>> =
            parts.clone().map(|(part, constraint)| self.opened(part, constraint?, span)).collect();
        let is_opened = opened.iter().any(Option::is_some);
        let parts = opened.into_iter().zip(parts);
        is_opened.then(|| parts.map(|(opened, (part, _))| opened.unwrap_or_else(|| part.clone())).collect())
    }

    fn root_input(
        &mut self,
        variable: &'a crate::config::Variable,
        constraint: &Constraint,
    ) -> (Option<Value>, bool) {
        let Some(assignment) = self.assigned.get(variable.name.as_str()).copied() else {
            return (None, false);
        };
        let step = match assignment.value {
            AssignedValue::Chosen(_) => Step::Scenario(variable.name.clone()),
            AssignedValue::Expr(_) | AssignedValue::Text(_) => {
                Step::Input { name: variable.name.clone(), source: assignment.source.clone() }
            }
        };
        let value = match &assignment.value {
            AssignedValue::Chosen(value) => Value::bool(*value),
            AssignedValue::Expr(expr) => {
                if variable.sensitive {
                    self.hide_literals(expr);
                }
                self.eval(&Scope::module(Self::ROOT), expr)
            }
            AssignedValue::Text(text) => self.text_input(variable, constraint, text),
        };
        let span = assignment.span;
        let origin = self.origin(span, step, []);
        (Some(value.with_origin(origin)), true)
    }

    /// Takes note where a sensitive value is written down, so that no excerpt shows it.
    pub(in crate::eval) fn hide_literals(&self, expr: &Expr) {
        match &expr.kind {
            ExprKind::String(_)
            | ExprKind::Template(_)
            | ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::Tuple(_)
            | ExprKind::Object(_) => self.env.sources.hide(expr.span),
            ExprKind::Parens(inner) => self.hide_literals(inner),
            ExprKind::Call { args, .. } => args.iter().for_each(|arg| self.hide_literals(arg)),
            ExprKind::Unary { operand, .. } => self.hide_literals(operand),
            ExprKind::Binary { left, right, .. } => {
                self.hide_literals(left);
                self.hide_literals(right);
            }
            ExprKind::Conditional { if_true, if_false, .. } => {
                self.hide_literals(if_true);
                self.hide_literals(if_false);
            }
            ExprKind::Null | ExprKind::Traversal(_) | ExprKind::Access { .. } | ExprKind::For(_) => {}
        }
    }

    /// A value from the command line or the environment: a string, unless the variable's type asks for more.
    fn text_input(
        &mut self,
        variable: &'a crate::config::Variable,
        constraint: &Constraint,
        text: &str,
    ) -> Value {
        if variable.type_expr.is_none() || constraint.is_primitive() {
            return Value::string(normalize(text));
        }
        let path = std::path::PathBuf::from(format!("<value for var.{}>", variable.name));
        let file = self.env.sources.add(&path, text.to_string());
        match crate::syntax::parse_expression(&file) {
            Ok(expr) => self.eval_detached(&expr),
            Err(diagnostics) => {
                self.settled.extend(diagnostics);
                let span = variable.decl_range;
                self.unknown(
                    constraint.ty(),
                    Refinement::default(),
                    Cause::Error("Invalid expression".into()),
                    span,
                )
            }
        }
    }

    /// Evaluates an expression in which no name exists.
    pub(in crate::eval) fn eval_detached(&mut self, expr: &Expr) -> Value {
        let scope = Scope { only_bound: true, ..Scope::module(Self::ROOT) };
        self.eval(&scope, expr)
    }
}
