//! The provider that is built into Terraform: `terraform_data` and the data source `terraform_remote_state`.
//!
//! Its schema is known whole, so its instances are ordinary objects, and unknown attributes are certain errors.
//! Source: Terraform's documentation of the `terraform_data` managed resource and the `terraform_remote_state` data source.

mod written;

use crate::addr::ResourceMode;
use crate::config::IgnoreChanges;
use crate::config::traversal::not_constant;
use crate::eval::convert::convert;
use crate::eval::origin::Step;
use crate::eval::scope::{Evaluator, Scope, unknown_value};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::Term;
use crate::eval::value::{Cause, InstanceId, Refinement, Type, Value};
use crate::eval::{OUTPUT_PRECONDITION_FAILED, PRECONDITION_FAILED, VALIDATION_FAILED};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::syntax::is_identifier;

/// The attributes of a built-in resource type; none for all others.
pub(super) fn attributes(type_name: &str, mode: ResourceMode) -> Option<&'static [&'static str]> {
    match (mode, type_name) {
        (ResourceMode::Managed, "terraform_data") => Some(&["id", "input", "output", "triggers_replace"]),
        (ResourceMode::Data, "terraform_remote_state") => {
            Some(&["backend", "config", "defaults", "outputs", "workspace"])
        }
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

/// What Terraform says of a reference to an attribute that is not in the schema.
pub(super) fn no_attribute(name: &str, schema: &[&str]) -> (&'static str, String) {
    let hint = did_you_mean(name, schema.iter().copied());
    let detail =
        format!("This object has no argument, nested block, or exported attribute named \"{name}\".{hint}");
    ("Unsupported attribute", detail)
}

/// The functions of the built-in provider `terraform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProviderFunction {
    EncodeTfvars,
    DecodeTfvars,
    EncodeExpr,
}

/// The source address of the built-in provider.
pub(super) const SOURCE: &str = "terraform.io/builtin/terraform";

/// The function of a name, as `encode_expr` in `provider::terraform::encode_expr`.
pub(super) fn provider_function(name: &str) -> Option<ProviderFunction> {
    match name {
        "encode_tfvars" => Some(ProviderFunction::EncodeTfvars),
        "decode_tfvars" => Some(ProviderFunction::DecodeTfvars),
        "encode_expr" => Some(ProviderFunction::EncodeExpr),
        _ => None,
    }
}

/// Levels of nesting in a state's values; deeper ones make the outputs unknown.
const STATE_DEPTH: usize = 64;

/// A type in Terraform's JSON notation, as states hold it.
fn type_of_json(json: &serde_json::Value, depth: usize) -> Option<Type> {
    if depth > STATE_DEPTH {
        return None;
    }
    if let Some(name) = json.as_str() {
        return match name {
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            "dynamic" => Some(Type::Dynamic),
            _ => None,
        };
    }
    let [kind, inner] = json.as_array()?.as_slice() else { return None };
    match kind.as_str()? {
        "list" => Some(Type::list(type_of_json(inner, depth + 1)?)),
        "set" => Some(Type::set(type_of_json(inner, depth + 1)?)),
        "map" => Some(Type::map(type_of_json(inner, depth + 1)?)),
        "tuple" => {
            let elements = inner.as_array()?.iter().map(|element| type_of_json(element, depth + 1));
            Some(Type::tuple(elements.collect::<Option<Vec<Type>>>()?))
        }
        "object" => {
            let attributes = inner
                .as_object()?
                .iter()
                .map(|(name, ty)| Some((ecow::EcoString::from(name.as_str()), type_of_json(ty, depth + 1)?)));
            Some(Type::object(attributes.collect::<Option<Vec<_>>>()?))
        }
        _ => None,
    }
}

/// A JSON value as Terraform reads it.
fn json_value(json: &serde_json::Value, depth: usize) -> Option<Value> {
    if depth > STATE_DEPTH {
        return None;
    }
    Some(match json {
        serde_json::Value::Null => Value::null(Type::Dynamic),
        serde_json::Value::Bool(value) => Value::bool(*value),
        serde_json::Value::Number(number) => {
            Value::number(crate::number::Number::parse(&number.to_string())?)
        }
        serde_json::Value::String(text) => Value::string(crate::eval::value::normalize(text)),
        serde_json::Value::Array(elements) => Value::tuple(
            elements.iter().map(|element| json_value(element, depth + 1)).collect::<Option<Vec<_>>>()?,
        ),
        serde_json::Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(name, entry)| {
                    Some((crate::eval::value::normalize(name), json_value(entry, depth + 1)?))
                })
                .collect::<Option<Vec<_>>>()?,
        ),
    })
}

impl<'a> Evaluator<'a> {
    /// Calls a function of the built-in provider.
    pub(super) fn call_provider_function(
        &mut self,
        function: ProviderFunction,
        values: &[Value],
        args: &[Expr],
        span: Span,
    ) -> Value {
        let ([value], [arg]) = (values, args) else {
            let summary = if values.is_empty() {
                "Not enough function arguments"
            } else {
                "Too many function arguments"
            };
            return self.error(summary, "This function expects 1 argument.", span);
        };
        let parameter = match function {
            ProviderFunction::DecodeTfvars => "src",
            ProviderFunction::EncodeTfvars | ProviderFunction::EncodeExpr => "value",
        };
        if value.is_null() {
            let detail = format!("Invalid value for \"{parameter}\" parameter: argument must not be null.");
            return self.error("Invalid function argument", detail, arg.span);
        }
        let text = match function {
            ProviderFunction::DecodeTfvars => match convert(value, &Type::String) {
                Ok(text) => Some(text),
                Err(error) => {
                    let detail = format!("Invalid value for \"{parameter}\" parameter: {error}.");
                    return self.error("Invalid function argument", detail, arg.span);
                }
            },
            ProviderFunction::EncodeTfvars | ProviderFunction::EncodeExpr => None,
        };
        if !value.is_wholly_known() {
            let result = match function {
                ProviderFunction::DecodeTfvars => Value::unknown(Type::Dynamic),
                ProviderFunction::EncodeTfvars | ProviderFunction::EncodeExpr => {
                    Value::unknown_not_null(Type::String)
                }
            };
            return self.settle(result, "provider::terraform", values);
        }
        let marks = value.deep_marks();
        match function {
            ProviderFunction::EncodeExpr => Value::string(written::expression(value)).with_marks(marks),
            ProviderFunction::EncodeTfvars => {
                let Some(entries) = value.as_entries() else {
                    let detail = "Invalid value for \"value\" parameter: invalid value to encode: must be an object \
                                  whose attribute names will become the encoded variable names.";
                    return self.error("Invalid function argument", detail, arg.span);
                };
                if let Some(name) = entries.keys().find(|name| !is_identifier(name)) {
                    let detail = format!(
                        "Call to function \"provider::terraform::encode_tfvars\" failed: invalid variable name \"{name}\": \
                         must be a valid identifier, per Terraform's rules for input variable declarations."
                    );
                    return self.error("Error in function call", detail, span);
                }
                Value::string(written::assignments(entries)).with_marks(marks)
            }
            ProviderFunction::DecodeTfvars => {
                let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
                self.decode_tfvars(text, arg.span, span).with_marks(marks)
            }
        }
    }

    fn decode_tfvars(&mut self, text: &str, arg: Span, span: Span) -> Value {
        let file = self.env.sources.add(std::path::Path::new("<decode_tfvars argument>"), text.to_string());
        let parsed = crate::syntax::parse(&file);
        if !parsed.complete || !parsed.file.body.blocks.is_empty() {
            let detail = "Invalid value for \"src\" parameter: invalid variables file.";
            return self.error("Invalid function argument", detail, arg);
        }
        for attribute in &parsed.file.body.attributes {
            if let Some((summary, detail, _)) = not_constant(&attribute.expr).first() {
                let detail = format!(
                    "Call to function \"provider::terraform::decode_tfvars\" failed: invalid expression for variable \
                     \"{}\": {summary}; {detail}.",
                    attribute.name
                );
                return self.error("Error in function call", detail, span);
            }
        }
        let attributes = parsed.file.body.attributes.iter();
        let entries: Vec<_> = attributes
            .map(|attribute| (attribute.name.clone(), self.eval_detached(&attribute.expr)))
            .collect();
        Value::object(entries)
    }

    /// An attribute of a `terraform_data` instance, as Terraform plans it.
    pub(super) fn builtin_attribute(&mut self, id: InstanceId, name: &str) -> Value {
        match name {
            "outputs" => self.remote_state_outputs(id),
            "input" | "triggers_replace" | "backend" | "config" | "defaults" | "workspace" => {
                match self.configured(id, name) {
                    Some(value) => value,
                    None => Value::null(Type::Dynamic),
                }
            }
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

    /// The outputs of a state: read when it is a file in the root module's directory, unknown otherwise.
    fn remote_state_outputs(&mut self, id: InstanceId) -> Value {
        match self.local_state(id) {
            Some(outputs) => {
                self.has_secrets |= outputs.iter().any(|(_, value)| value.marks.sensitive);
                let defaults = self.builtin_attribute(id, "defaults");
                let mut entries = defaults.as_entries().cloned().unwrap_or_default();
                entries.extend(outputs);
                Value::object(entries)
            }
            None => self.computed(id, "outputs"),
        }
    }

    fn local_state(&mut self, id: InstanceId) -> Option<Vec<(ecow::EcoString, Value)>> {
        if self.builtin_attribute(id, "backend").as_str() != Some("local") {
            return None;
        }
        let config = self.builtin_attribute(id, "config");
        let path = config.as_entries()?.get("path")?.as_str()?.to_string();
        let root = &self.config.canonical_dir;
        let path = self.env.fs.canonicalize(&root.join(path)).ok()?;
        if !path.starts_with(root) {
            return None;
        }
        let bytes = self.env.fs.read(&path, self.env.limits.string_bytes as u64).ok()?;
        let state: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let outputs = state.get("outputs")?.as_object()?;
        outputs
            .iter()
            .map(|(name, output)| {
                let ty = type_of_json(output.get("type")?, 0)?;
                let value = json_value(output.get("value")?, 0)?;
                let value = crate::eval::convert::convert(&value, &ty).ok()?;
                let sensitive = output.get("sensitive").and_then(serde_json::Value::as_bool) == Some(true);
                let marks = crate::eval::value::Marks { sensitive, ephemeral: false };
                Some((crate::eval::value::normalize(name), value.with_marks(marks)))
            })
            .collect()
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
        if let IgnoreChanges::Some(names) = &state.decl.ignore_changes
            && let Some(schema) = attributes(&resource.type_name, resource.mode)
        {
            for name in names.iter().filter(|name| !schema.contains(&name.as_str())) {
                let (summary, detail) = no_attribute(name, schema);
                wrong.push((summary, detail, state.decl.decl_range));
            }
        }
        for attribute in &state.resource.body.attributes {
            if attribute.value.deep_marks().ephemeral
                && let Some(span) = attribute.expr_span
            {
                let detail = format!(
                    "Ephemeral values are not valid for \"{}\", because it is not a write-only attribute and must be \
                     persisted to state.",
                    attribute.name
                );
                wrong.push(("Invalid use of ephemeral value", detail, span));
            }
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
                let kind = if post { "Resource postcondition failed" } else { PRECONDITION_FAILED };
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
                        this.check_rule(&Scope::module(module), rule, VALIDATION_FAILED);
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
                        this.check_rule(&Scope::module(module), rule, OUTPUT_PRECONDITION_FAILED);
                    });
                }
                if value.deep_marks().sensitive && !output.sensitive && self.module(module).addr.is_root() {
                    let detail = "To reduce the risk of accidentally exporting sensitive data that was intended \
                                  to be only internal, Terraform requires that any root module output containing \
                                  sensitive data be explicitly marked as sensitive, to confirm your intent.";
                    self.report("Output refers to sensitive values", detail, Some(output.decl_range));
                }
                if output.ephemeral && self.module(module).addr.is_root() {
                    let detail = "Ephemeral outputs are not allowed in context of a root module";
                    self.report("Ephemeral output not allowed", detail, Some(output.decl_range));
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

    /// Evaluates the validations of variables and the preconditions of resources and outputs.
    pub(super) fn check_conditions(&mut self) {
        for index in 0..self.instances.len() {
            let id = InstanceId(index as u32);
            for rule in &self.instance(id).decl.preconditions {
                self.with_instance_scope(id, |this, scope| {
                    this.check_rule(scope, rule, PRECONDITION_FAILED);
                });
            }
        }
        for index in 0..self.modules.len() {
            let module = crate::eval::scope::ModuleId(index as u32);
            let node = self.module(module).node;
            let variables =
                node.module.variables.values().map(|variable| (&variable.validations, VALIDATION_FAILED));
            let outputs = node
                .module
                .outputs
                .values()
                .map(|output| (&output.preconditions, OUTPUT_PRECONDITION_FAILED));
            for (rules, failed) in variables.chain(outputs) {
                for rule in rules {
                    self.apart(|this| this.check_rule(&Scope::module(module), rule, failed));
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
