//! Each module by itself, whatever its inputs are, as `terraform validate` and each plan check it first.
//!
//! No input, resource or output of another module is known here, so an error is one for all of their values. It also is
//! one where nothing is evaluated: in a resource that has no instance, or in a `for` over nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::addr::{InstanceKey, ModuleInstance};
use crate::config::traversal::{references, span_of};
use crate::config::{self, CheckRule, Child, Config, ModuleNode};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::builtin;
use crate::eval::origin::OriginId;
use crate::eval::scenario::{Environment, Scenario};
use crate::eval::scope::{Bound, Evaluator, Repetition, Scope, Spent, bare_name, unknown_value};
use crate::eval::value::{Cause, Refinement, Type, Value};
use crate::source::Span;
use crate::syntax::ast::{Body, Expr, Step, StepKind, Traversal};

/// What is wrong in each module of the tree, besides what is known already.
pub(in crate::eval) fn validate(
    config: &Config,
    scenario: &Scenario,
    env: Environment<'_>,
    mut spent: Spent,
    known: &[Diagnostic],
) -> Vec<Diagnostic> {
    let mut seen: BTreeSet<(Option<Span>, &str)> = BTreeSet::new();
    seen.extend(known.iter().map(|diagnostic| (diagnostic.span, diagnostic.summary.as_str())));
    let mut checked = FxHashSet::default();
    let mut queue = vec![(ModuleInstance::root(), &config.root)];
    let mut found = Vec::new();
    while let Some((addr, node)) = queue.pop() {
        for (name, child) in &node.children {
            if let Child::Module(child) = child {
                queue.push((addr.child(name, InstanceKey::None), child));
            }
        }
        // A summary is right, and what is missing may be declared in a file that could not be read.
        if node.module.is_open() || !checked.insert(Arc::as_ptr(&node.module)) {
            continue;
        }
        let mut evaluator = Evaluator::of_any_inputs(config, node, addr, scenario, env);
        evaluator.go_on_after(spent);
        evaluator.validate_module();
        spent = evaluator.spent();
        let is_exhausted = evaluator.is_exhausted();
        let errors = evaluator.finish_errors();
        let is_new = |error: &Diagnostic| {
            error.kind == DiagnosticKind::Invalid && !seen.contains(&(error.span, error.summary.as_str()))
        };
        found.extend(errors.into_iter().filter(is_new));
        if is_exhausted {
            break;
        }
    }
    found
}

impl<'a> Evaluator<'a> {
    /// Evaluates a module by itself, with nothing known of its inputs.
    pub(in crate::eval) fn of_any_inputs(
        config: &'a Config,
        node: &'a ModuleNode,
        addr: ModuleInstance,
        scenario: &'a Scenario,
        env: Environment<'a>,
    ) -> Evaluator<'a> {
        let mut evaluator = Evaluator::new(config, scenario, env);
        let module = evaluator.module_mut(Self::ROOT);
        module.node = node;
        module.addr = addr;
        evaluator.any_inputs = true;
        evaluator
    }

    /// Evaluates an expression for its errors, with those of references in parts that are not evaluated.
    pub(in crate::eval) fn validate(&mut self, scope: &Scope<'_>, expr: &Expr) {
        self.eval(scope, expr);
        self.validate_references(scope, expr);
    }

    fn validate_references(&mut self, scope: &Scope<'_>, expr: &Expr) {
        let mut found = Vec::new();
        references(expr, &mut |traversal| found.push(traversal.clone()));
        for traversal in found {
            self.validate_reference(scope, &traversal);
        }
    }

    /// Reports a reference to what is not declared.
    fn validate_reference(&mut self, scope: &Scope<'_>, traversal: &Traversal) {
        // Keys may refer to names that are bound further in.
        let is_name = |step: &&Step| matches!(step.kind, StepKind::Attr(_));
        let steps = traversal.steps.iter().take_while(is_name).cloned().collect();
        let named = Traversal { steps, ..traversal.clone() };
        let errors = self.errors.len();
        self.traversal(scope, &named, span_of(traversal));
        self.errors.truncate(errors);
    }

    fn validate_module(&mut self) {
        let module = &self.module(Self::ROOT).node.module;
        let scope = Scope::module(Self::ROOT);
        for variable in module.variables.values() {
            self.validate_rules(&scope, &variable.validations);
        }
        for (name, local) in &module.locals {
            self.local(Self::ROOT, name, local.decl_range);
            self.validate_references(&scope, &local.expr);
        }
        for output in module.outputs.values() {
            output.expr.iter().for_each(|expr| self.validate(&scope, expr));
            self.validate_rules(&scope, &output.preconditions);
            self.validate_depends_on(&output.depends_on);
        }
        for resource in module.resources.values() {
            let repetition =
                self.any_repetition(resource.count.as_ref(), resource.for_each.as_ref(), resource.decl_range);
            let inner = Scope { repetition: Some(&repetition), resource: Some(&resource.addr), ..scope };
            self.validate_body(&inner, &resource.body);
            self.validate_rules(&inner, &resource.preconditions);
            self.validate_depends_on(&resource.depends_on);
            self.validate_type(resource);
            for trigger in &resource.replace_triggered_by {
                self.validate_references(&Scope { repetition: Some(&repetition), ..scope }, trigger);
            }
            let itself = Bound { name: "self", value: Value::unknown(Type::Dynamic), next: None };
            let inner = Scope { bound: Some(&itself), ..inner };
            self.validate_rules(&inner, &resource.postconditions);
            for block in &resource.provisioners {
                let is_keyword = |name: &str| matches!(name, "when" | "on_failure");
                for attribute in block.body.attributes.iter().filter(|a| !is_keyword(&a.name)) {
                    self.validate_references(&inner, &attribute.expr);
                }
                block.body.blocks.iter().for_each(|block| self.validate_body_references(&inner, &block.body));
            }
        }
        for call in module.module_calls.values() {
            let repetition =
                self.any_repetition(call.count.as_ref(), call.for_each.as_ref(), call.decl_range);
            self.validate_body(&Scope { repetition: Some(&repetition), ..scope }, &call.arguments);
            self.validate_depends_on(&call.depends_on);
        }
        for provider in &module.providers {
            self.validate_body(&scope, &provider.body);
        }
        for check in &module.checks {
            self.validate_rules(&scope, &check.asserts);
        }
    }

    /// Reports a resource that the built-in provider does not have.
    fn validate_type(&mut self, resource: &config::Resource) {
        let type_name = &resource.addr.type_name;
        let prefix = type_name.split('_').next().unwrap_or_default();
        let local_name = resource.provider.as_ref().map_or(prefix, |provider| &provider.name);
        let required = self.module(Self::ROOT).node.module.required_providers.get(local_name);
        let is_builtin = match required {
            Some(required) => required.source.as_deref() == Some(builtin::SOURCE),
            None => local_name == "terraform",
        };
        if is_builtin && let Some((summary, detail)) = builtin::unsupported(type_name, resource.addr.mode) {
            self.report(summary, detail, Some(resource.decl_range));
        }
    }

    fn validate_rules(&mut self, scope: &Scope<'_>, rules: &[CheckRule]) {
        for rule in rules {
            self.validate(scope, &rule.condition);
            rule.error_message.iter().for_each(|message| self.validate(scope, message));
        }
    }

    fn validate_depends_on(&mut self, depends_on: &[Traversal]) {
        for traversal in depends_on {
            self.validate_reference(&Scope::module(Self::ROOT), traversal);
        }
    }

    fn validate_body(&mut self, scope: &Scope<'_>, body: &Body) {
        self.block_value(scope, body);
        self.validate_body_references(scope, body);
    }

    fn validate_body_references(&mut self, scope: &Scope<'_>, body: &Body) {
        for attribute in &body.attributes {
            self.validate_references(scope, &attribute.expr);
        }
        for block in &body.blocks {
            let is_dynamic = block.block_type == "dynamic";
            let Some(label) = block.labels.first().filter(|_| is_dynamic) else {
                self.validate_body_references(scope, &block.body);
                continue;
            };
            let iterator = block.body.attribute("iterator").and_then(|attribute| bare_name(&attribute.expr));
            let name = iterator.unwrap_or(&label.text);
            let bound = Bound { name, value: Value::unknown(Type::Dynamic), next: scope.bound };
            let inner = Scope { bound: Some(&bound), ..*scope };
            for attribute in &block.body.attributes {
                match attribute.name.as_str() {
                    "iterator" => {}
                    "labels" => self.validate_references(&inner, &attribute.expr),
                    _ => self.validate_references(scope, &attribute.expr),
                }
            }
            for content in &block.body.blocks {
                self.validate_body_references(&inner, &content.body);
            }
        }
    }

    /// Checks `count` and `for_each`, and gives what they make `count.index` and `each` in any instance.
    fn any_repetition(&mut self, count: Option<&Expr>, for_each: Option<&Expr>, span: Span) -> Repetition {
        let scope = Scope::module(Self::ROOT);
        self.apart(|this| this.expansion_plan(&scope, count, for_each, span));
        for expr in count.iter().chain(&for_each) {
            self.validate_references(&scope, expr);
        }
        let unknown = |this: &mut Self, ty: Type, which: &str| {
            let term = this.terms.fresh(which);
            let refinement = Refinement { not_null: which != "each.value", ..Refinement::default() };
            unknown_value(ty, refinement, term, Cause::KeysUnknown(which.into()), OriginId::NONE)
        };
        let each = for_each.map(|_| {
            let key = unknown(self, Type::String, "each.key");
            (key, unknown(self, Type::Dynamic, "each.value"))
        });
        Repetition {
            each,
            count_index: count.map(|_| unknown(self, Type::Number, "count.index")),
            over: None,
        }
    }
}
