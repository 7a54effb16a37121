//! The evaluator: module instances, references resolved on demand, every named value evaluated once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ecow::{EcoString, EcoVec};
use rustc_hash::FxHashMap;

use crate::addr::{self, InstanceKey, ModuleInstance, ResourceMode};
use crate::config::{
    AssignedValue, Assignment, Child, Config, MissingModule, ModuleCall, ModuleNode, Output, ProviderRef,
};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::builtin;
use crate::eval::convert::constraint::Constraint;
use crate::eval::expand::Expansion;
use crate::eval::expr::EXHAUSTED;
use crate::eval::origin::{Origin, OriginId, Origins, Step};
use crate::eval::scenario::{Demand, Environment, Scenario};
use crate::eval::term::{Term, TermId, Terms};
use crate::eval::value::{
    Cause, Causes, InstanceId, InstanceRef, Marks, Refinement, Type, Unknown, Value, ValueKind, join_causes,
    normalize,
};
use crate::eval::{BlockValue, Gap, GapKind, ResourceInstance};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, StepKind, Traversal};
use crate::truth::Truth;

/// Index of a module instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ModuleId(pub(super) u32);

/// A named value: being evaluated, or done.
#[derive(Clone, Debug)]
pub(super) enum Memo<T> {
    Running,
    Done(T),
}

/// What `each` and `count` are.
#[derive(Clone, Debug, Default)]
pub(super) struct Repetition {
    pub(super) each: Option<(Value, Value)>,
    pub(super) count_index: Option<Value>,
}

/// One instance of a module.
pub(super) struct ModuleState<'a> {
    pub(super) node: &'a ModuleNode,
    pub(super) addr: ModuleInstance,
    pub(super) parent: Option<(ModuleId, &'a ModuleCall)>,
    pub(super) repetition: Repetition,
    pub(super) exists: Truth,
    pub(super) exists_because: OriginId,
    pub(super) calls: Vec<Span>,
    variables: FxHashMap<&'a str, Memo<Value>>,
    locals: FxHashMap<&'a str, Memo<Value>>,
    outputs: FxHashMap<&'a str, Memo<Value>>,
    pub(super) resources: FxHashMap<&'a addr::Resource, Memo<Arc<Expansion<InstanceId>>>>,
    pub(super) children: FxHashMap<&'a str, Memo<Arc<Expansion<ModuleId>>>>,
    provider_regions: FxHashMap<(EcoString, Option<EcoString>), Memo<Option<Value>>>,
}

/// One instance of a resource while it is evaluated.
pub(super) struct InstanceState<'a> {
    pub(super) decl: &'a crate::config::Resource,
    pub(super) module: ModuleId,
    pub(super) repetition: Repetition,
    pub(super) resource: ResourceInstance,
    pub(super) body: Option<Memo<()>>,
    attributes: FxHashMap<EcoString, Memo<Value>>,
    provided: FxHashMap<EcoString, Value>,
}

/// A name bound by `for`, `dynamic`, a template or a template file's variables.
pub(super) struct Bound<'s> {
    pub(super) name: &'s str,
    pub(super) value: Value,
    pub(super) next: Option<&'s Bound<'s>>,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    pub(super) module: ModuleId,
    pub(super) repetition: Option<&'s Repetition>,
    pub(super) bound: Option<&'s Bound<'s>>,
    pub(super) this: Option<InstanceId>,
    /// Only bound names exist: the inside of a template file.
    pub(super) only_bound: bool,
    /// The resource whose arguments these are; they must not refer to it.
    pub(super) resource: Option<&'s addr::Resource>,
}

impl<'s> Scope<'s> {
    pub(super) fn module(module: ModuleId) -> Scope<'s> {
        Scope { module, repetition: None, bound: None, this: None, only_bound: false, resource: None }
    }

    pub(super) fn lookup(&self, name: &str) -> Option<&'s Value> {
        let mut bound = self.bound;
        while let Some(entry) = bound {
            if entry.name == name {
                return Some(&entry.value);
            }
            bound = entry.next;
        }
        None
    }
}

/// An error of an expression, and how much could have failed before it without being known.
pub(super) struct Failure {
    pub(super) diagnostic: Diagnostic,
    pub(super) uncertain: u64,
}

/// Evaluates one root module in one scenario.
pub(super) struct Evaluator<'a> {
    pub(super) config: &'a Config,
    pub(super) scenario: &'a Scenario,
    pub(super) env: Environment<'a>,
    /// The root inputs that are set: the last one of each name, which wins.
    assigned: FxHashMap<&'a str, &'a Assignment>,
    /// The directories of all modules in the tree; files are read nowhere else.
    pub(super) trees: Vec<PathBuf>,
    pub(super) origins: Origins,
    pub(super) terms: Terms,
    pub(super) modules: Vec<ModuleState<'a>>,
    pub(super) instances: Vec<InstanceState<'a>>,
    pub(super) gaps: Vec<Gap>,
    /// Errors of the expression at hand; `try` and `can` take them back.
    pub(super) errors: Vec<Failure>,
    /// Errors of named values that are done.
    settled: Vec<Diagnostic>,
    /// How often something could have failed but was not known well enough to tell.
    pub(super) uncertain: u64,
    pub(super) depth: usize,
    steps: u64,
    weighed: u64,
    made: usize,
    limit_reported: bool,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(config: &'a Config, scenario: &'a Scenario, env: Environment<'a>) -> Evaluator<'a> {
        let mut evaluator = Evaluator {
            config,
            scenario,
            env,
            assigned: scenario.inputs.assignments.iter().map(|a| (a.name.as_str(), a)).collect(),
            trees: module_trees(config),
            origins: Origins::new(),
            terms: Terms::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            gaps: Vec::new(),
            errors: Vec::new(),
            settled: Vec::new(),
            uncertain: 0,
            depth: 0,
            steps: 0,
            weighed: 0,
            made: 0,
            limit_reported: false,
        };
        evaluator.modules.push(ModuleState {
            node: &config.root,
            addr: ModuleInstance::root(),
            parent: None,
            repetition: Repetition::default(),
            exists: Truth::Yes,
            exists_because: OriginId::NONE,
            calls: Vec::new(),
            variables: FxHashMap::default(),
            locals: FxHashMap::default(),
            outputs: FxHashMap::default(),
            resources: FxHashMap::default(),
            children: FxHashMap::default(),
            provider_regions: FxHashMap::default(),
        });
        evaluator.module_gaps(ModuleId(0));
        evaluator
    }

    pub(super) const ROOT: ModuleId = ModuleId(0);

    pub(super) fn module(&self, id: ModuleId) -> &ModuleState<'a> {
        &self.modules[id.0 as usize]
    }

    pub(super) fn module_mut(&mut self, id: ModuleId) -> &mut ModuleState<'a> {
        &mut self.modules[id.0 as usize]
    }

    pub(super) fn instance(&self, id: InstanceId) -> &InstanceState<'a> {
        &self.instances[id.0 as usize]
    }

    fn instance_mut(&mut self, id: InstanceId) -> &mut InstanceState<'a> {
        &mut self.instances[id.0 as usize]
    }

    // ---- diagnostics, origins, unknowns ----

    /// Reports an error of the expression at hand; its value is unknown because of it.
    pub(super) fn error(&mut self, summary: &str, detail: impl Into<String>, span: Span) -> Value {
        if self.is_exhausted() {
            return self.limit(EXHAUSTED, Some(span));
        }
        let diagnostic = Diagnostic::invalid(summary, detail, Some(span));
        self.errors.push(Failure { diagnostic, uncertain: self.uncertain });
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Error(summary.into()), span)
    }

    /// Reports a reference to something that is not declared: Terraform refuses it wherever it stands, also within
    /// `try` and in the arm of a conditional that is not taken.
    fn undeclared(&mut self, summary: &str, detail: impl Into<String>, span: Span) -> Value {
        if self.is_exhausted() {
            return self.limit(EXHAUSTED, Some(span));
        }
        self.settled.push(Diagnostic::invalid(summary, detail, Some(span)));
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Error(summary.into()), span)
    }

    /// Reports an error that `try` does not see.
    pub(super) fn report(&mut self, summary: &str, detail: impl Into<String>, span: Option<Span>) {
        if !self.is_exhausted() {
            self.settled.push(Diagnostic::invalid(summary, detail, span));
        }
    }

    /// Evaluates something that has its own errors, apart from those of the expression that asked for it.
    pub(super) fn apart<T>(&mut self, evaluate: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::take(&mut self.errors);
        let uncertain = self.uncertain;
        let result = evaluate(self);
        let errors = std::mem::replace(&mut self.errors, outer);
        self.settled.extend(errors.into_iter().map(|failure| failure.diagnostic));
        self.uncertain = uncertain;
        result
    }

    /// All errors, in the order in which they were met.
    pub(super) fn finish_errors(&mut self) -> Vec<Diagnostic> {
        self.settled.extend(self.errors.drain(..).map(|failure| failure.diagnostic));
        let mut unique: Vec<Diagnostic> = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        for diagnostic in self.settled.drain(..) {
            if seen.insert((diagnostic.span, diagnostic.summary.clone(), diagnostic.detail.clone())) {
                unique.push(diagnostic);
            }
        }
        unique
    }

    pub(super) fn limit(&mut self, what: &str, span: Option<Span>) -> Value {
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
                sees_unknown: true,
            });
        }
        // Nothing may grow once a limit is passed, so the unknown has neither origin nor identity.
        let cause = Cause::Limit(what.into());
        unknown_value(Type::Dynamic, Refinement::default(), TermId::NONE, cause, OriginId::NONE)
    }

    /// The value of an expression that passed a limit of its own; the rest is evaluated.
    pub(super) fn value_limit(&mut self, what: &str, span: Span) -> Value {
        self.uncertain += 1;
        if self.is_exhausted() {
            return self.limit(EXHAUSTED, Some(span));
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
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        !self.is_exhausted()
    }

    /// Whether so much was done that evaluation stops for good.
    pub(super) fn is_exhausted(&self) -> bool {
        let limits = self.env.limits;
        self.steps > limits.steps
            || self.origins.len() as u64 >= limits.steps.saturating_mul(2)
            || self.weighed > limits.weighed_bytes
            || self.made + self.terms.bytes() > limits.total_bytes
            || self.errors.len() + self.settled.len() > limits.errors
    }

    /// Counts bytes that were looked at, and bytes that were made and stay.
    pub(super) fn spend(&mut self, weighed: usize, made: usize) {
        self.weighed += weighed as u64;
        self.made += made;
    }

    pub(super) fn origin(
        &mut self,
        span: Option<Span>,
        step: Step,
        inputs: impl IntoIterator<Item = OriginId>,
    ) -> OriginId {
        let inputs: EcoVec<OriginId> = inputs.into_iter().filter(|id| !id.is_none()).collect();
        self.origins.add(Origin { span, step, inputs })
    }

    /// A new unknown that is equal only to itself.
    pub(super) fn unknown(&mut self, ty: Type, refinement: Refinement, cause: Cause, span: Span) -> Value {
        let term = self.terms.fresh("unknown");
        let origin = self.origin(Some(span), Step::Expression, []);
        unknown_value(ty, refinement, term, cause, origin)
    }

    // ---- variables ----

    pub(super) fn variable(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
        let node = self.module(module).node;
        let Some((key, variable)) = node.module.variables.get_key_value(name) else {
            return self.undeclared(
                "Reference to undeclared input variable",
                format!(
                    "An input variable with the name \"{name}\" has not been declared. This variable can be \
                     declared with a variable \"{name}\" {{}} block."
                ),
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

    fn cycle(&mut self, what: &str, span: Span) -> Value {
        self.report("Cycle", what.to_string(), Some(span));
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Cycle(what.into()), span)
    }

    fn evaluate_variable(&mut self, module: ModuleId, variable: &'a crate::config::Variable) -> Value {
        let name = &variable.name;
        let constraint = self.constraint(module, variable);
        let (value, set) = match self.module(module).parent {
            None => self.root_input(variable, &constraint),
            Some((parent, call)) => match call.arguments.attribute(name) {
                None => (None, false),
                Some(argument) => {
                    let repetition = self.module(module).repetition.clone();
                    let scope = Scope { repetition: Some(&repetition), ..Scope::module(parent) };
                    let value = self.eval(&scope, &argument.expr);
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

    fn constraint(&mut self, module: ModuleId, variable: &'a crate::config::Variable) -> Constraint {
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
            AssignedValue::Expr(expr) => self.eval(&Scope::module(Self::ROOT), expr),
            AssignedValue::Text(text) => self.text_input(variable, constraint, text),
        };
        let span = assignment.span;
        let origin = self.origin(span, step, []);
        (Some(value.with_origin(origin)), true)
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
    pub(super) fn eval_detached(&mut self, expr: &Expr) -> Value {
        let scope = Scope { only_bound: true, ..Scope::module(Self::ROOT) };
        self.eval(&scope, expr)
    }

    // ---- locals ----

    pub(super) fn local(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
        let node = self.module(module).node;
        let Some((key, local)) = node.module.locals.get_key_value(name) else {
            return self.undeclared(
                "Reference to undeclared local value",
                format!("A local value with the name \"{name}\" has not been declared."),
                span,
            );
        };
        match self.module(module).locals.get(key.as_str()) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Running) => return self.cycle(&format!("local.{name}"), span),
            None => {}
        }
        self.module_mut(module).locals.insert(key, Memo::Running);
        let value = self.apart(|this| this.eval(&Scope::module(module), &local.expr));
        let origin = self.origin(Some(local.expr.span), Step::Local(key.clone()), [value.origin]);
        let value = value.with_origin(origin);
        self.module_mut(module).locals.insert(key, Memo::Done(value.clone()));
        value
    }

    // ---- outputs and modules ----

    pub(super) fn output(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
        let node = self.module(module).node;
        let Some((key, output)) = node.module.outputs.get_key_value(name) else {
            if node.module.is_open() {
                let address = self.module(module).addr.to_string();
                return self.missing_output(&address, name, span);
            }
            return self.error(
                "Unsupported attribute",
                format!("This object does not have an attribute named \"{name}\"."),
                span,
            );
        };
        match self.module(module).outputs.get(key.as_str()) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Running) => return self.cycle(&format!("output.{name}"), span),
            None => {}
        }
        self.module_mut(module).outputs.insert(key, Memo::Running);
        let value = self.apart(|this| this.evaluate_output(module, output));
        self.module_mut(module).outputs.insert(key, Memo::Done(value.clone()));
        value
    }

    fn evaluate_output(&mut self, module: ModuleId, output: &'a Output) -> Value {
        let Some(expr) = &output.expr else { return Value::null(Type::Dynamic) };
        let value = self.eval(&Scope::module(module), expr);
        let origin = self.origin(Some(expr.span), Step::Output(output.name.clone()), [value.origin]);
        value
            .with_origin(origin)
            .with_marks(Marks { sensitive: output.sensitive, ephemeral: output.ephemeral })
    }

    fn missing_output(&mut self, address: &str, name: &str, span: Span) -> Value {
        self.uncertain += 1;
        let term = self.terms.intern(Term::Output(address.into(), name.into()));
        let origin = self.origin(Some(span), Step::Output(name.into()), []);
        let cause = Cause::ModuleUnavailable(address.into());
        unknown_value(Type::Dynamic, Refinement::default(), term, cause, origin)
    }

    /// `module.name` with the steps that follow; gives the value and how many steps it used.
    pub(super) fn module_reference(&mut self, scope: &Scope<'_>, traversal: &Traversal) -> (Value, usize) {
        let steps = &traversal.steps;
        let Some(StepKind::Attr(name)) = steps.first().map(|step| &step.kind) else {
            return (
                self.error(
                    "Invalid reference",
                    "The \"module\" object cannot be accessed directly. Instead, access one of its attributes.",
                    traversal.root_span,
                ),
                steps.len(),
            );
        };
        let module = scope.module;
        let node = self.module(module).node;
        let Some((key, call)) = node.module.module_calls.get_key_value(name) else {
            let detail = format!("No module call named \"{name}\" is declared in {}.", self.place(module));
            return (self.error("Reference to undeclared module", detail, traversal.root_span), steps.len());
        };
        match node.children.get(key) {
            Some(Child::Module(child)) => {
                let expansion = self.expand_module(module, call, child);
                self.module_steps(scope, &expansion, traversal)
            }
            Some(Child::Missing(_)) | None => self.missing_reference(scope, module, call, traversal),
        }
    }

    /// The module as it is named in messages.
    pub(super) fn place(&self, module: ModuleId) -> String {
        let addr = &self.module(module).addr;
        if addr.is_root() { "the root module".into() } else { addr.without_keys() }
    }

    fn module_steps(
        &mut self,
        scope: &Scope<'_>,
        expansion: &Expansion<ModuleId>,
        traversal: &Traversal,
    ) -> (Value, usize) {
        let mut used = 1;
        let mut target = match expansion {
            Expansion::Single(id) => Some(*id),
            Expansion::Count(_)
            | Expansion::Each(_)
            | Expansion::MaybeCount(..)
            | Expansion::MaybeEach(..)
            | Expansion::Unknown(..)
            | Expansion::Failed => None,
        };
        if target.is_none()
            && let Some(ast::Step { kind: StepKind::Index(index), .. }) = traversal.steps.get(used)
        {
            let key = self.eval(scope, index);
            if let Some(id) = expansion.get(&key) {
                target = Some(id);
                used += 1;
            }
        }
        if let (Some(id), Some(ast::Step { kind: StepKind::Attr(name), span })) =
            (target, traversal.steps.get(used))
        {
            return (self.output(id, name, *span), used + 1);
        }
        if let Some(id) = target {
            return (self.module_object(id), used);
        }
        let origin = self.origin(Some(traversal.root_span), Step::Expression, []);
        let value = self.expansion_value(expansion, origin, |this, id| this.module_object(id));
        (value, used)
    }

    fn module_object(&mut self, id: ModuleId) -> Value {
        let node = self.module(id).node;
        let outputs: Vec<(EcoString, Value)> = node
            .module
            .outputs
            .iter()
            .map(|(name, output)| (name.clone(), self.output(id, name, output.decl_range)))
            .collect();
        Value::object(outputs)
    }

    fn missing_reference(
        &mut self,
        scope: &Scope<'_>,
        module: ModuleId,
        call: &'a ModuleCall,
        traversal: &Traversal,
    ) -> (Value, usize) {
        let mut address = self.module(module).addr.child(&call.name, InstanceKey::None).to_string();
        let mut used = 1;
        if (call.count.is_some() || call.for_each.is_some())
            && let Some(ast::Step { kind: StepKind::Index(index), .. }) = traversal.steps.get(used)
        {
            let key = self.eval(scope, index);
            address.push_str(&crate::eval::expr::step_key(&key));
            used += 1;
        }
        let span = traversal.root_span;
        match traversal.steps.get(used) {
            Some(ast::Step { kind: StepKind::Attr(name), span }) => {
                (self.missing_output(&address, name, *span), used + 1)
            }
            _ => (self.missing_output(&address, "*", span), used),
        }
    }

    /// A child module's instances, made on first use.
    pub(super) fn expand_module(
        &mut self,
        module: ModuleId,
        call: &'a ModuleCall,
        child: &'a ModuleNode,
    ) -> Arc<Expansion<ModuleId>> {
        match self.module(module).children.get(call.name.as_str()) {
            Some(Memo::Done(expansion)) => return Arc::clone(expansion),
            Some(Memo::Running) => {
                let name = format!("module.{}", call.name);
                self.report("Cycle", name, Some(call.decl_range));
                return Arc::new(Expansion::Failed);
            }
            None => {}
        }
        self.module_mut(module).children.insert(&call.name, Memo::Running);
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, call.count.as_ref(), call.for_each.as_ref(), call.decl_range)
        });
        let state = self.module(module);
        let (exists, because, addr) = (state.exists, state.exists_because, state.addr.clone());
        let mut calls = state.calls.clone();
        calls.push(call.decl_range);
        let expansion = plan.build(|item| {
            if self.modules.len() + self.instances.len() >= self.env.limits.total_instances {
                self.limit("too many module instances", Some(call.decl_range));
                return None;
            }
            let id = ModuleId(self.modules.len() as u32);
            self.modules.push(ModuleState {
                node: child,
                addr: addr.child(&call.name, item.key),
                parent: Some((module, call)),
                repetition: item.repetition,
                exists: exists & item.exists,
                exists_because: if item.because.is_none() || exists.is_unknown() {
                    because
                } else {
                    item.because
                },
                calls: calls.clone(),
                variables: FxHashMap::default(),
                locals: FxHashMap::default(),
                outputs: FxHashMap::default(),
                resources: FxHashMap::default(),
                children: FxHashMap::default(),
                provider_regions: FxHashMap::default(),
            });
            self.module_gaps(id);
            Some(id)
        });
        let expansion = Arc::new(expansion);
        self.module_mut(module).children.insert(&call.name, Memo::Done(Arc::clone(&expansion)));
        expansion
    }

    /// Records what cannot be seen inside a module instance.
    fn module_gaps(&mut self, id: ModuleId) {
        let state = self.module(id);
        if state.node.module.incomplete {
            let message = format!("{} could not be read completely", self.place(id));
            let module = state.addr.clone();
            self.gaps.push(Gap {
                kind: GapKind::FileUnreadable,
                message,
                span: None,
                module,
                sees: Vec::new(),
                sees_unknown: true,
            });
        }
    }

    /// Records a module call whose source is not available, with what is passed into it.
    pub(super) fn missing_module_gap(
        &mut self,
        module: ModuleId,
        call: &'a ModuleCall,
        missing: &MissingModule,
    ) {
        let mut sees = Vec::new();
        let mut sees_unknown = false;
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, call.count.as_ref(), call.for_each.as_ref(), call.decl_range)
        });
        if plan.is_empty() {
            return;
        }
        let mut arguments = Vec::new();
        plan.build(|item| -> Option<ModuleId> {
            for argument in &call.arguments.attributes {
                let scope = Scope { repetition: Some(&item.repetition), ..Scope::module(module) };
                arguments.push(self.apart(|this| this.eval(&scope, &argument.expr)));
            }
            None
        });
        for value in &arguments {
            self.identities(value, &mut sees, &mut sees_unknown, 0);
        }
        sees.sort();
        sees.dedup();
        let source = if missing.source.is_empty() { String::new() } else { format!(" ({})", missing.source) };
        let address = self.module(module).addr.child(&call.name, InstanceKey::None);
        self.gaps.push(Gap {
            kind: GapKind::ModuleUnavailable,
            message: format!("{address}{source} {}", missing.reason.phrase()),
            span: Some(missing.span),
            module: self.module(module).addr.clone(),
            sees,
            sees_unknown,
        });
    }

    fn identities(&self, value: &Value, sees: &mut Vec<TermId>, sees_unknown: &mut bool, depth: usize) {
        if depth > 8 {
            *sees_unknown = true;
            return;
        }
        match &value.kind {
            ValueKind::Unknown(unknown) => {
                if !unknown.term.is_none() {
                    sees.push(unknown.term);
                }
                if self.terms.attribute(unknown.term).is_none() {
                    *sees_unknown = true;
                }
                for value in unknown.possible.iter().flatten().chain(unknown.each.as_deref()) {
                    self.identities(value, sees, sees_unknown, depth + 1);
                }
            }
            // A whole resource passes its id, too.
            ValueKind::Resource(instance) => {
                if let Some(id) = self.terms.find(&Term::Attr(instance.id, "id".into())) {
                    sees.push(id);
                }
            }
            ValueKind::Null(_)
            | ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::List(..)
            | ValueKind::Set(..)
            | ValueKind::Map(..)
            | ValueKind::Tuple(_)
            | ValueKind::Object(_) => {
                for part in value.parts() {
                    self.identities(part, sees, sees_unknown, depth + 1);
                }
            }
        }
    }

    // ---- providers ----

    /// The region of the provider configuration that a resource uses; none when it is not set in the code.
    fn provider_region(&mut self, module: ModuleId, provider: &ProviderRef) -> Option<Value> {
        let key = (provider.name.clone(), provider.alias.clone());
        match self.module(module).provider_regions.get(&key) {
            Some(Memo::Done(region)) => return region.clone(),
            Some(Memo::Running) => return None,
            None => {}
        }
        self.module_mut(module).provider_regions.insert(key.clone(), Memo::Running);
        let region = self.apart(|this| this.evaluate_provider_region(module, provider));
        self.module_mut(module).provider_regions.insert(key, Memo::Done(region.clone()));
        region
    }

    fn evaluate_provider_region(&mut self, module: ModuleId, provider: &ProviderRef) -> Option<Value> {
        let node = self.module(module).node;
        let config =
            node.module.providers.iter().find(|p| p.name == provider.name && p.alias == provider.alias);
        if let Some(config) = config {
            let region = config.body.attribute("region")?;
            return Some(self.eval(&Scope::module(module), &region.expr));
        }
        let (parent, call) = self.module(module).parent?;
        let passed = call
            .providers
            .iter()
            .find(|(inner, _)| inner.name == provider.name && inner.alias == provider.alias);
        match passed {
            Some((_, outer)) => self.provider_region(parent, outer),
            // Default configurations are inherited, aliased ones are not.
            None if provider.alias.is_none() => self.provider_region(parent, provider),
            None => None,
        }
    }

    // ---- resources ----

    pub(super) fn resource_reference(
        &mut self,
        scope: &Scope<'_>,
        mode: ResourceMode,
        traversal: &Traversal,
    ) -> (Value, usize) {
        let offset = usize::from(mode != ResourceMode::Managed);
        let type_name = match mode {
            ResourceMode::Managed => Some(&traversal.root),
            ResourceMode::Data | ResourceMode::Ephemeral => match traversal.steps.first().map(|s| &s.kind) {
                Some(StepKind::Attr(name)) => Some(name),
                _ => None,
            },
        };
        let name = match traversal.steps.get(offset).map(|s| &s.kind) {
            Some(StepKind::Attr(name)) => Some(name),
            _ => None,
        };
        let (Some(type_name), Some(name)) = (type_name, name) else {
            return (
                self.error(
                    "Invalid reference",
                    "A reference to a resource type must be followed by at least one attribute access, \
                     specifying the resource name.",
                    traversal.root_span,
                ),
                traversal.steps.len(),
            );
        };
        let resource = addr::Resource { mode, type_name: type_name.clone(), name: name.clone() };
        let module = scope.module;
        let node = self.module(module).node;
        let Some((key, decl)) = node.module.resources.get_key_value(&resource) else {
            let kind = match mode {
                ResourceMode::Managed => "managed",
                ResourceMode::Data => "data",
                ResourceMode::Ephemeral => "ephemeral",
            };
            let article = if mode == ResourceMode::Ephemeral { "An" } else { "A" };
            let detail = format!(
                "{article} {kind} resource \"{type_name}\" \"{name}\" has not been declared in {}.",
                self.place(module)
            );
            return (
                self.undeclared("Reference to undeclared resource", detail, traversal.root_span),
                traversal.steps.len(),
            );
        };
        let mut used = offset + 1;
        if let Some(problem) = self.reference_problem(scope, key, decl, traversal.steps.get(used)) {
            let (summary, detail) = problem;
            return (self.undeclared(summary, detail, traversal.root_span), traversal.steps.len());
        }
        let expansion = self.expand_resource(module, key, decl);
        let mut target = match &*expansion {
            Expansion::Single(id) => Some(*id),
            Expansion::Count(_)
            | Expansion::Each(_)
            | Expansion::MaybeCount(..)
            | Expansion::MaybeEach(..)
            | Expansion::Unknown(..)
            | Expansion::Failed => None,
        };
        if target.is_none()
            && let Some(ast::Step { kind: StepKind::Index(index), .. }) = traversal.steps.get(used)
        {
            let key = self.eval(scope, index);
            if let Some(id) = expansion.get(&key) {
                target = Some(id);
                used += 1;
            }
        }
        match target {
            Some(id) => match traversal.steps.get(used) {
                Some(ast::Step { kind: StepKind::Attr(name), span }) => {
                    (self.attribute(id, name, *span), used + 1)
                }
                _ => (self.resource_value(id), used),
            },
            None => {
                let origin = self.origin(Some(traversal.root_span), Step::Expression, []);
                let value = self.expansion_value(&expansion, origin, |this, id| this.resource_value(id));
                (value, used)
            }
        }
    }

    /// What Terraform refuses of a reference before it evaluates anything: an instance key that is missing or too
    /// much, or a resource that refers to itself.
    fn reference_problem(
        &self,
        scope: &Scope<'_>,
        key: &addr::Resource,
        decl: &crate::config::Resource,
        next: Option<&ast::Step>,
    ) -> Option<(&'static str, String)> {
        if scope.resource == Some(key) {
            let detail = format!("Configuration for {key} may not refer to itself.");
            return Some(("Self-referential block", detail));
        }
        let repeated = match (&decl.count, &decl.for_each) {
            (Some(_), _) => Some("count"),
            (None, Some(_)) => Some("for_each"),
            (None, None) => None,
        };
        match (repeated, next.map(|step| &step.kind)) {
            (Some(argument), Some(StepKind::Attr(_))) => Some((
                "Missing resource instance key",
                format!(
                    "Because {key} has \"{argument}\" set, its attributes must be accessed on specific instances."
                ),
            )),
            (None, Some(StepKind::Index(_))) => Some((
                "Unexpected resource instance key",
                format!(
                    "Because {key} does not have \"count\" or \"for_each\" set, references to it must not include \
                     an index key. Remove the bracketed index to refer to the single instance of this resource."
                ),
            )),
            _ => None,
        }
    }

    /// An instance as a value: a whole object where the schema is known, else attributes on demand.
    pub(super) fn resource_value(&mut self, id: InstanceId) -> Value {
        let type_name = self.instance(id).resource.addr.resource.type_name.clone();
        if let Some(schema) = builtin::attributes(&type_name, self.instance(id).resource.addr.resource.mode) {
            let span = self.instance(id).decl.decl_range;
            let attributes: Vec<(EcoString, Value)> =
                schema.iter().map(|name| ((*name).into(), self.attribute(id, name, span))).collect();
            return Value::object(attributes);
        }
        let span = self.instance(id).resource.decl_range;
        let origin = self.origin(span, Step::Expression, []);
        Value::new(ValueKind::Resource(InstanceRef { id, type_name })).with_origin(origin)
    }

    /// A resource's instances, made on first use.
    pub(super) fn expand_resource(
        &mut self,
        module: ModuleId,
        key: &'a addr::Resource,
        decl: &'a crate::config::Resource,
    ) -> Arc<Expansion<InstanceId>> {
        match self.module(module).resources.get(key) {
            Some(Memo::Done(expansion)) => return Arc::clone(expansion),
            Some(Memo::Running) => {
                self.report("Cycle", key.to_string(), Some(decl.decl_range));
                return Arc::new(Expansion::Failed);
            }
            None => {}
        }
        self.module_mut(module).resources.insert(key, Memo::Running);
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, decl.count.as_ref(), decl.for_each.as_ref(), decl.decl_range)
        });
        let state = self.module(module);
        let (exists, because, addr, calls) =
            (state.exists, state.exists_because, state.addr.clone(), state.calls.clone());
        let expansion = plan.build(|item| {
            if self.modules.len() + self.instances.len() >= self.env.limits.total_instances {
                self.limit("too many resource instances", Some(decl.decl_range));
                return None;
            }
            let id = InstanceId(self.instances.len() as u32);
            let address =
                addr::ResourceInstance { module: addr.clone(), resource: key.clone(), key: item.key };
            self.instances.push(InstanceState {
                decl,
                module,
                repetition: item.repetition,
                resource: ResourceInstance {
                    id,
                    addr: address,
                    body: BlockValue::default(),
                    exists: exists & item.exists,
                    exists_because: if item.because.is_none() { because } else { item.because },
                    provider_region: None,
                    ignore_changes: decl.ignore_changes.clone(),
                    provisioners: decl
                        .provisioners
                        .iter()
                        .map(|block| {
                            let label = block.labels.first().map(|l| l.text.clone()).unwrap_or_default();
                            (block.block_type.clone(), label, Some(block.header))
                        })
                        .collect(),
                    decl_range: Some(decl.decl_range),
                    span: Some(decl.span),
                    calls: calls.clone(),
                },
                body: None,
                attributes: FxHashMap::default(),
                provided: FxHashMap::default(),
            });
            Some(id)
        });
        let expansion = Arc::new(expansion);
        self.module_mut(module).resources.insert(key, Memo::Done(Arc::clone(&expansion)));
        expansion
    }

    /// The scope of an instance's arguments.
    pub(super) fn with_instance_scope<T>(
        &mut self,
        id: InstanceId,
        evaluate: impl FnOnce(&mut Self, &Scope<'_>) -> T,
    ) -> T {
        let state = self.instance(id);
        let repetition = state.repetition.clone();
        let (module, decl) = (state.module, state.decl);
        self.apart(|this| {
            let resource = Some(&decl.addr);
            let scope = Scope { repetition: Some(&repetition), resource, ..Scope::module(module) };
            evaluate(this, &scope)
        })
    }

    /// Evaluates all arguments of an instance, once.
    pub(super) fn body(&mut self, id: InstanceId) {
        if self.instance(id).body.is_some() {
            return;
        }
        self.instance_mut(id).body = Some(Memo::Running);
        let decl = self.instance(id).decl;
        let body = self.with_instance_scope(id, |this, scope| this.resource_body(scope, id, &decl.body));
        let provider = decl.provider.clone().unwrap_or_else(|| ProviderRef {
            name: decl.addr.type_name.split('_').next().unwrap_or("").into(),
            alias: None,
            span: None,
        });
        let module = self.instance(id).module;
        let region = self.provider_region(module, &provider);
        let state = self.instance_mut(id);
        state.resource.body = body;
        state.resource.provider_region = region;
        state.body = Some(Memo::Done(()));
    }

    /// An attribute of an instance: as configured, as the provider determines it, or computed at apply.
    pub(super) fn attribute(&mut self, id: InstanceId, name: &str, span: Span) -> Value {
        let value = self.attribute_value(id, name, span);
        let step = Step::Attribute { instance: id, name: name.into() };
        let origin = self.origin(Some(span), step, [value.origin]);
        value.with_origin(origin)
    }

    /// The written value of an attribute of an instance, evaluated once.
    pub(super) fn configured(&mut self, id: InstanceId, name: &str) -> Option<Value> {
        if let Some(Memo::Done(value)) = self.instance(id).attributes.get(name) {
            return Some(value.clone());
        }
        let body = &self.instance(id).decl.body;
        // A body of 100,000 arguments is searched from the start.
        self.spend(size_of_val(body.attributes.as_slice()), 0);
        body.attribute(name).map(|attribute| self.argument(id, attribute))
    }

    /// The value of an argument of an instance, evaluated once.
    pub(super) fn argument(&mut self, id: InstanceId, attribute: &ast::Attribute) -> Value {
        let name = &attribute.name;
        match self.instance(id).attributes.get(name) {
            Some(Memo::Done(value)) => return value.clone(),
            Some(Memo::Running) => {
                let address = self.instance(id).resource.addr.to_string();
                return self.cycle(&format!("{address}.{name}"), attribute.name_span);
            }
            None => {}
        }
        self.instance_mut(id).attributes.insert(attribute.name.clone(), Memo::Running);
        let value = self.with_instance_scope(id, |this, scope| this.eval(scope, &attribute.expr));
        self.instance_mut(id).attributes.insert(attribute.name.clone(), Memo::Done(value.clone()));
        value
    }

    fn attribute_value(&mut self, id: InstanceId, name: &str, span: Span) -> Value {
        let resource = self.instance(id).resource.addr.resource.clone();
        if let Some(schema) = builtin::attributes(&resource.type_name, resource.mode) {
            if !schema.contains(&name) {
                return self.error(
                    "Unsupported attribute",
                    format!(
                        "This object has no argument, nested block, or exported attribute named \"{name}\"."
                    ),
                    span,
                );
            }
            return self.builtin_attribute(id, name);
        }
        let configured = self.configured(id, name);
        // Providers take an empty name for none and make one up.
        let unnamed = name == "name" && configured.as_ref().is_some_and(|value| value.as_str() == Some(""));
        if let Some(value) = &configured
            && !value.is_null()
            && !unnamed
        {
            return value.clone();
        }
        if let Some(value) = self.instance(id).provided.get(name) {
            return value.clone();
        }
        let decl = self.instance(id).decl;
        let relevant = self.env.provider.is_relevant(&resource.type_name);
        let blocks = decl.body.blocks.iter().any(|block| {
            block.block_type == name
                || (block.block_type == "dynamic" && block.labels.first().is_some_and(|l| l.text == name))
        });
        if (relevant || blocks) && self.instance(id).body.is_none() {
            self.body(id);
        }
        let mut value = None;
        if matches!(self.instance(id).body, Some(Memo::Done(()))) {
            if blocks {
                value = Some(crate::eval::block::blocks_value(&self.instance(id).resource.body, name));
            } else if relevant {
                let mut terms = std::mem::take(&mut self.terms);
                value = self.env.provider.attribute(&self.instance(id).resource, name, &mut terms);
                self.terms = terms;
                if let Some(provided) = value.take() {
                    let origin = match provided.origin.is_none() {
                        true => self.origin(Some(decl.decl_range), Step::ProviderDefault(name.into()), []),
                        false => provided.origin,
                    };
                    value = Some(provided.with_origin(origin));
                }
            }
        }
        let value = match value {
            Some(value) => value,
            None => self.computed(id, name),
        };
        if matches!(self.instance(id).body, Some(Memo::Done(()))) || !relevant {
            self.instance_mut(id).provided.insert(name.into(), value.clone());
        }
        value
    }

    /// An attribute that only apply makes known.
    pub(super) fn computed(&mut self, id: InstanceId, name: &str) -> Value {
        let address = self.instance(id).resource.addr.clone();
        let term = self.terms.intern(Term::Attr(id, name.into()));
        let decl_range = self.instance(id).resource.decl_range;
        let origin = self.origin(decl_range, Step::Attribute { instance: id, name: name.into() }, []);
        let identifies = self.env.provider.identifies(&address.resource.type_name, name);
        let cause = match address.resource.mode {
            ResourceMode::Managed => Cause::Computed(ecow::eco_format!("{address}.{name}")),
            ResourceMode::Data | ResourceMode::Ephemeral => Cause::DataSource(ecow::eco_format!("{address}")),
        };
        let ty = if identifies { Type::String } else { Type::Dynamic };
        let is_managed = address.resource.mode == ResourceMode::Managed;
        let prefix = match identifies && is_managed {
            true => self.env.provider.prefix(&address.resource.type_name, name).into(),
            false => EcoString::new(),
        };
        let refinement = Refinement { not_null: identifies, prefix, ..Refinement::default() };
        unknown_value(ty, refinement, term, cause, origin)
    }

    // ---- settling results of pure functions ----

    /// Gives unknowns that a pure operation made their term and their causes, and the whole an origin if it has none.
    pub(super) fn settle(&mut self, value: Value, operation: &str, args: &[Value]) -> Value {
        if value.is_wholly_known() || !needs_term(&value) {
            return value;
        }
        let causes = join_causes(args);
        let operands: EcoVec<_> = args.iter().map(Terms::operand).collect();
        let base = self.terms.intern(Term::Apply(operation.into(), operands));
        self.stamp(value, base, &causes)
    }

    fn stamp(&mut self, value: Value, term: TermId, causes: &Causes) -> Value {
        let Value { kind, origin, marks } = value;
        let kind = match kind {
            ValueKind::Unknown(unknown) if unknown.term.is_none() => {
                let mut unknown = Arc::unwrap_or_clone(unknown);
                unknown.term = term;
                if unknown.causes.is_empty() {
                    unknown.causes = causes.clone();
                }
                ValueKind::Unknown(Arc::new(unknown))
            }
            ValueKind::List(ty, elements) => ValueKind::List(ty, self.stamp_all(elements, term, causes)),
            ValueKind::Set(ty, elements) => ValueKind::Set(ty, self.stamp_all(elements, term, causes)),
            ValueKind::Tuple(elements) => ValueKind::Tuple(self.stamp_all(elements, term, causes)),
            ValueKind::Map(ty, entries) => ValueKind::Map(ty, self.stamp_entries(&entries, term, causes)),
            ValueKind::Object(entries) => ValueKind::Object(self.stamp_entries(&entries, term, causes)),
            kind @ ValueKind::Null(_)
            | kind @ ValueKind::Bool(_)
            | kind @ ValueKind::Number(_)
            | kind @ ValueKind::String(_)
            | kind @ ValueKind::Resource(_)
            | kind @ ValueKind::Unknown(_) => kind,
        };
        Value { kind, origin, marks }
    }

    fn stamp_all(&mut self, elements: EcoVec<Value>, term: TermId, causes: &Causes) -> EcoVec<Value> {
        let stamped = elements.into_iter().enumerate().map(|(i, element)| {
            if needs_term(&element) {
                let term = self.terms.intern(Term::Step(term, ecow::eco_format!("[{i}]")));
                self.stamp(element, term, causes)
            } else {
                element
            }
        });
        stamped.collect()
    }

    fn stamp_entries(
        &mut self,
        entries: &BTreeMap<EcoString, Value>,
        term: TermId,
        causes: &Causes,
    ) -> Arc<BTreeMap<EcoString, Value>> {
        let stamped = entries.iter().map(|(name, entry)| {
            let entry = if needs_term(entry) {
                let term = self.terms.intern(Term::Step(term, ecow::eco_format!(".{name}")));
                self.stamp(entry.clone(), term, causes)
            } else {
                entry.clone()
            };
            (name.clone(), entry)
        });
        Arc::new(stamped.collect())
    }

    // ---- driving ----

    /// Expands and evaluates everything that is asked for.
    pub(super) fn run(&mut self) {
        let mut next = 0;
        while next < self.modules.len() {
            let id = ModuleId(next as u32);
            next += 1;
            let node = self.module(id).node;
            if !self.step() {
                self.limit("too many evaluation steps", None);
                break;
            }
            for (name, call) in &node.module.module_calls {
                match node.children.get(name) {
                    Some(Child::Module(child)) => {
                        self.expand_module(id, call, child);
                    }
                    Some(Child::Missing(missing)) => self.missing_module_gap(id, call, missing),
                    None => {}
                }
            }
            for (key, decl) in &node.module.resources {
                let is_asked = match self.env.demand {
                    Demand::All => true,
                    Demand::Relevant => false,
                    Demand::Conditions => !decl.preconditions.is_empty(),
                };
                if is_asked || self.env.provider.is_relevant(&key.type_name) {
                    self.expand_resource(id, key, decl);
                }
            }
        }
        let mut next = 0;
        while next < self.instances.len() {
            let id = InstanceId(next as u32);
            next += 1;
            let type_name = &self.instance(id).resource.addr.resource.type_name;
            if self.env.demand == Demand::All || self.env.provider.is_relevant(type_name) {
                self.body(id);
            }
        }
        match self.env.demand {
            Demand::All => self.check_everything(),
            Demand::Conditions => self.check_conditions(),
            Demand::Relevant => {}
        }
    }

    /// The root module's inputs that are booleans, as far as they were asked for.
    pub(super) fn root_booleans(&self) -> BTreeMap<EcoString, bool> {
        let root = self.module(Self::ROOT);
        let names = root.node.module.variables.keys();
        names
            .filter_map(|name| match root.variables.get(name.as_str())? {
                Memo::Done(value) => Some((name.clone(), value.as_bool()?)),
                Memo::Running => None,
            })
            .collect()
    }

    /// The root module's outputs by name.
    pub(super) fn root_outputs(&mut self) -> BTreeMap<EcoString, Value> {
        let node = self.module(Self::ROOT).node;
        let outputs = node.module.outputs.iter();
        outputs
            .map(|(name, output)| (name.clone(), self.output(Self::ROOT, name, output.decl_range)))
            .collect()
    }
}

/// The directories, without links, of all modules of a configuration; none lies within another.
fn module_trees(config: &Config) -> Vec<PathBuf> {
    let mut trees = vec![config.canonical_dir.clone()];
    let mut queue = vec![&config.root];
    while let Some(node) = queue.pop() {
        trees.push(node.module.canonical_dir.clone());
        for child in node.children.values() {
            if let Child::Module(child) = child {
                queue.push(child);
            }
        }
    }
    trees.sort();
    trees.dedup_by(|inner, outer| inner.starts_with(outer));
    trees
}

fn needs_term(value: &Value) -> bool {
    match value.as_unknown() {
        Some(unknown) => unknown.term.is_none(),
        None => value.parts().any(needs_term),
    }
}

/// The same unknown with another type.
pub(super) fn retype(value: Value, ty: Type) -> Value {
    let Value { kind, origin, marks } = value;
    let kind = match kind {
        ValueKind::Unknown(unknown) => {
            let mut unknown = Arc::unwrap_or_clone(unknown);
            unknown.ty = ty;
            ValueKind::Unknown(Arc::new(unknown))
        }
        kind @ ValueKind::Null(_)
        | kind @ ValueKind::Bool(_)
        | kind @ ValueKind::Number(_)
        | kind @ ValueKind::String(_)
        | kind @ ValueKind::List(..)
        | kind @ ValueKind::Set(..)
        | kind @ ValueKind::Map(..)
        | kind @ ValueKind::Tuple(_)
        | kind @ ValueKind::Object(_)
        | kind @ ValueKind::Resource(_) => kind,
    };
    Value { kind, origin, marks }
}

/// An unknown with everything known about it.
pub(super) fn unknown_value(
    ty: Type,
    refinement: Refinement,
    term: TermId,
    cause: Cause,
    origin: OriginId,
) -> Value {
    Value::new(ValueKind::Unknown(Arc::new(Unknown {
        term,
        ty,
        refinement,
        causes: Causes::from([cause]),
        possible: None,
        each: None,
    })))
    .with_origin(origin)
}

/// Whether the expression is a reference to one name, and which.
pub(super) fn bare_name(expr: &Expr) -> Option<&EcoString> {
    match &expr.kind {
        ExprKind::Traversal(traversal) if traversal.steps.is_empty() => Some(&traversal.root),
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Template(_)
        | ExprKind::Traversal(_)
        | ExprKind::Access { .. }
        | ExprKind::Call { .. }
        | ExprKind::Unary { .. }
        | ExprKind::Binary { .. }
        | ExprKind::Conditional { .. }
        | ExprKind::Tuple(_)
        | ExprKind::Object(_)
        | ExprKind::For(_)
        | ExprKind::Parens(_) => None,
    }
}
