//! The provider that is built into Terraform: `terraform_data` and the data source `terraform_remote_state`.
//!
//! Its schema is known whole, so its instances are ordinary objects, and unknown attributes are certain errors.
//! Source: Terraform's documentation of the `terraform_data` managed resource and the `terraform_remote_state` data source.

use crate::addr::ResourceMode;
use crate::eval::origin::Step;
use crate::eval::scope::{Evaluator, Scope, unknown_value};
use crate::eval::term::Term;
use crate::eval::value::{Cause, InstanceId, Refinement, Type, Value};
use crate::source::Span;

/// The attributes of a built-in resource type; none for all others.
pub(super) fn attributes(type_name: &str, mode: ResourceMode) -> Option<&'static [&'static str]> {
    match (mode, type_name) {
        (ResourceMode::Managed, "terraform_data") => Some(&["id", "input", "output", "triggers_replace"]),
        _ => None,
    }
}

/// The arguments that may be written.
pub(super) fn arguments(type_name: &str, mode: ResourceMode) -> Option<&'static [&'static str]> {
    match (mode, type_name) {
        (ResourceMode::Managed, "terraform_data") => Some(&["input", "triggers_replace"]),
        _ => None,
    }
}

impl<'a> Evaluator<'a> {
    /// An attribute of a `terraform_data` instance, as Terraform plans it.
    pub(super) fn builtin_attribute(&mut self, id: InstanceId, name: &str) -> Value {
        match name {
            "input" | "triggers_replace" => match self.configured(id, name) {
                Some(value) => value,
                None => Value::null(Type::Dynamic),
            },
            "output" => {
                let input = self.builtin_attribute(id, "input");
                if input.is_null() {
                    return Value::null(input.ty());
                }
                // The output repeats the input, but only apply says so; its identity is its own.
                let address = self.instance(id).resource.addr.clone();
                let term = self.terms.intern(Term::Attr(id, name.into()));
                let span = self.instance(id).resource.decl_range;
                let origin = self.origin(span, Step::Attribute { instance: id, name: name.into() }, []);
                let cause = Cause::Computed(ecow::eco_format!("{address}.output"));
                unknown_value(input.ty(), Refinement::default(), term, cause, origin)
            }
            _ => self.computed(id, name),
        }
    }

    /// Reports arguments and blocks that a built-in resource type does not have.
    pub(super) fn check_builtin(&mut self, id: InstanceId) {
        let state = self.instance(id);
        let resource = &state.resource.addr.resource;
        let Some(arguments) = arguments(&resource.type_name, resource.mode) else { return };
        let body = &state.decl.body;
        let mut wrong: Vec<(&str, String, Span)> = Vec::new();
        for attribute in &body.attributes {
            if ["id", "output"].contains(&attribute.name.as_str()) {
                let detail = format!(
                    "Can't configure a value for \"{0}\": its value will be decided automatically based on the \
                     result of applying this configuration.",
                    attribute.name
                );
                wrong.push(("Value for unconfigurable attribute", detail, attribute.name_span));
            } else if !arguments.contains(&attribute.name.as_str()) {
                let detail = format!("An argument named \"{}\" is not expected here.", attribute.name);
                wrong.push(("Unsupported argument", detail, attribute.name_span));
            }
        }
        for block in &body.blocks {
            let name = match block.labels.first() {
                Some(label) if block.block_type == "dynamic" => &label.text,
                _ => &block.block_type,
            };
            let detail = format!("Blocks of type \"{name}\" are not expected here.");
            wrong.push(("Unsupported block type", detail, block.type_span));
        }
        for (summary, detail, span) in wrong {
            self.report(summary, detail, Some(span));
        }
    }

    /// Evaluates what only matters to Terraform's own checks: outputs, validations, conditions.
    pub(super) fn check_everything(&mut self) {
        for index in 0..self.instances.len() {
            let id = InstanceId(index as u32);
            self.check_builtin(id);
            let decl = self.instance(id).decl;
            let conditions = decl.preconditions.iter().map(|rule| (rule, false));
            let conditions = conditions.chain(decl.postconditions.iter().map(|rule| (rule, true)));
            for (rule, post) in conditions {
                let kind =
                    if post { "Resource postcondition failed" } else { "Resource precondition failed" };
                self.with_instance_scope(id, |this, scope| {
                    let scope = Scope { this: post.then_some(id), ..*scope };
                    this.check_rule(&scope, rule, kind);
                });
            }
        }
        for index in 0..self.modules.len() {
            let module = crate::eval::scope::ModuleId(index as u32);
            let node = self.module(module).node;
            for (name, variable) in &node.module.variables {
                self.variable(module, name, variable.decl_range);
                for rule in &variable.validations {
                    self.apart(|this| {
                        this.check_rule(&Scope::module(module), rule, "Invalid value for variable");
                    });
                }
            }
            for (name, local) in &node.module.locals {
                self.local(module, name, local.decl_range);
            }
            for (name, output) in &node.module.outputs {
                let value = self.output(module, name, output.decl_range);
                for rule in &output.preconditions {
                    self.apart(|this| {
                        this.check_rule(
                            &Scope::module(module),
                            rule,
                            "Module output value precondition failed",
                        );
                    });
                }
                if value.deep_marks().sensitive && !output.sensitive && self.module(module).addr.is_root() {
                    let detail = "To reduce the risk of accidentally exporting sensitive data that was intended \
                                  to be only internal, Terraform requires that any root module output containing \
                                  sensitive data be explicitly marked as sensitive, to confirm your intent.";
                    self.report("Output refers to sensitive values", detail, Some(output.decl_range));
                }
                if value.deep_marks().ephemeral && !output.ephemeral {
                    let span = output.expr.as_ref().map(|expr| expr.span);
                    let detail = "This output value is not declared as returning an ephemeral value, so it cannot \
                                  be set to a result derived from an ephemeral value.";
                    self.report("Ephemeral value not allowed", detail, span);
                }
            }
        }
    }

    fn check_rule(&mut self, scope: &Scope<'_>, rule: &crate::config::CheckRule, failed: &str) {
        let errors = self.errors.len();
        let value = self.eval(scope, &rule.condition);
        if self.errors.len() > errors {
            return;
        }
        if value.is_null() {
            let detail = "Condition expression must return either true or false, not null.";
            self.error("Invalid condition result", detail, rule.condition.span);
            return;
        }
        match crate::eval::convert::convert(&value, &Type::Bool) {
            Ok(value) if value.as_bool() == Some(false) => {
                let message = match &rule.error_message {
                    Some(expr) => {
                        let message = self.eval(scope, expr);
                        if message.deep_marks().sensitive {
                            "(sensitive value)".to_string()
                        } else {
                            message.as_str().unwrap_or_default().to_string()
                        }
                    }
                    None => String::new(),
                };
                self.error(failed, message, rule.condition.span);
            }
            Ok(_) => {}
            Err(error) => {
                let detail = format!("Invalid condition result value: {error}.");
                self.error("Invalid condition result", detail, rule.condition.span);
            }
        }
    }
}
