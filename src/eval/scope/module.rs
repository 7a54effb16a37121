//! Module calls: their instances, their outputs, and calls whose source is not available.

use std::sync::Arc;

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::addr::InstanceKey;
use crate::config::cycle::CYCLE;
use crate::config::{Child, MissingModule, ModuleCall, ModuleNode, Output};
use crate::eval::expand::Expansion;
use crate::eval::origin::Step;
use crate::eval::scope::{Evaluator, Memo, ModuleId, ModuleState, Scope, unknown_value};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::{Term, TermId, WHOLE_MODULE};
use crate::eval::value::{Cause, Marks, Refinement, Type, Value, ValueKind};
use crate::eval::{Gap, GapKind};
use crate::source::Span;
use crate::syntax::ast::{self, StepKind, Traversal};

/// Longer strings are no names, and no module is passed more of them.
const MAX_NAME: usize = 256;
const MAX_NAMES: usize = 1024;

impl<'a> Evaluator<'a> {
    pub(in crate::eval) fn output(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
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
        if output.sensitive {
            self.has_secrets = true;
            self.hide_literals(expr);
        }
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
    pub(in crate::eval) fn module_reference(
        &mut self,
        scope: &Scope<'_>,
        traversal: &Traversal,
    ) -> (Value, usize) {
        let steps = &traversal.steps;
        let Some(StepKind::Attr(name)) = steps.first().map(|step| &step.kind) else {
            return (
                self.undeclared(
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
            let hint = did_you_mean(name, node.module.module_calls.keys().map(|name| name.as_str()));
            let detail =
                format!("No module call named \"{name}\" is declared in {}.{hint}", self.place(module));
            return (
                self.undeclared("Reference to undeclared module", detail, traversal.root_span),
                steps.len(),
            );
        };
        if self.any_inputs {
            return (self.anything(&format!("module.{name}"), traversal.root_span), 1);
        }
        match node.children.get(key) {
            Some(Child::Module(child)) => {
                let expansion = self.expand_module(module, call, child);
                self.module_steps(scope, &expansion, traversal)
            }
            Some(Child::Missing(_)) | None => self.missing_reference(scope, module, call, traversal),
        }
    }

    /// The module as it is named in messages.
    pub(in crate::eval) fn place(&self, module: ModuleId) -> String {
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
            let own = || self.of_own_key(scope, expansion, &key);
            if let Some(id) = expansion.get(&key).or_else(own) {
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
            _ if used == 1 && (call.count.is_some() || call.for_each.is_some()) => {
                (self.missing_instances(module, call, span), used)
            }
            _ => (self.missing_output(&address, WHOLE_MODULE, span), used),
        }
    }

    /// All instances of a module whose source is not available: how many there are is known from its call.
    fn missing_instances(&mut self, module: ModuleId, call: &'a ModuleCall, span: Span) -> Value {
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, call.count.as_ref(), call.for_each.as_ref(), call.decl_range)
        });
        let parent = self.module(module).addr.clone();
        let mut addresses: Vec<String> = Vec::new();
        let expansion = plan.build(|item| {
            addresses.push(parent.child(&call.name, item.key).to_string());
            Some(addresses.len() - 1)
        });
        let origin = self.origin(Some(span), Step::Expression, []);
        self.expansion_value(&expansion, origin, |this, i| {
            this.missing_output(&addresses[i], WHOLE_MODULE, span)
        })
    }

    /// A child module's instances, made on first use.
    pub(in crate::eval) fn expand_module(
        &mut self,
        module: ModuleId,
        call: &'a ModuleCall,
        child: &'a ModuleNode,
    ) -> Arc<Expansion<ModuleId>> {
        match self.module(module).children.get(call.name.as_str()) {
            Some(Memo::Done(expansion)) => return Arc::clone(expansion),
            Some(Memo::Running) => {
                let name = format!("module.{}", call.name);
                self.report(CYCLE, name, Some(call.decl_range));
                return Arc::new(Expansion::Failed);
            }
            None => {}
        }
        self.module_mut(module).children.insert(&call.name, Memo::Running);
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, call.count.as_ref(), call.for_each.as_ref(), call.decl_range)
        });
        self.note_absent_module(module, call, child, &plan);
        let state = self.module(module);
        let (exists, because, addr) = (state.exists, state.exists_because, state.addr.clone());
        let mut calls = state.calls.clone();
        calls.push(call.decl_range);
        let expansion = plan.build(|item| {
            if self.modules.len() + self.instances.len() >= self.env.limits.total_instances {
                let limit = self.env.limits.total_instances;
                self.limit(
                    &format!("too many module instances, total_instances ({limit})"),
                    Some(call.decl_range),
                );
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
    pub(super) fn module_gaps(&mut self, id: ModuleId) {
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
                names: Vec::new(),
                sees_unknown: true,
            });
        }
    }

    /// Records a module call whose source is not available, with what is passed into it.
    pub(in crate::eval) fn missing_module_gap(
        &mut self,
        module: ModuleId,
        call: &'a ModuleCall,
        missing: &MissingModule,
    ) {
        let mut sees = Vec::new();
        let mut names = Vec::new();
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
            literals(value, &mut names, 0);
        }
        names.sort();
        names.dedup();
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
            names,
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
}

/// The known strings in a value that may be names or ids.
fn literals(value: &Value, names: &mut Vec<EcoString>, depth: usize) {
    if depth > 8 || names.len() >= MAX_NAMES {
        return;
    }
    if let Some(text) = value.as_str() {
        if (1..=MAX_NAME).contains(&text.len()) {
            names.push(text.into());
        }
        return;
    }
    for part in value.parts() {
        literals(part, names, depth + 1);
    }
}
