//! Resources: their instances, and attributes as they are asked for.

use std::sync::Arc;

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::addr::{self, ResourceMode};
use crate::config::ProviderRef;
use crate::config::cycle::CYCLE;
use crate::eval::expand::Expansion;
use crate::eval::origin::{OriginId, Step};
use crate::eval::scope::{Evaluator, InstanceState, Memo, ModuleId, Scope, unknown_value};
use crate::eval::term::Term;
use crate::eval::value::{Cause, InstanceId, InstanceRef, Refinement, Type, Value, ValueKind};
use crate::eval::{BlockValue, ResourceInstance, builtin};
use crate::source::Span;
use crate::syntax::ast::{self, StepKind, Traversal};

impl<'a> Evaluator<'a> {
    pub(in crate::eval) fn resource_reference(
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
            let detail = match mode {
                ResourceMode::Managed => {
                    "A reference to a resource type must be followed by at least one attribute access, specifying \
                     the resource name."
                }
                ResourceMode::Data => {
                    "The \"data\" object must be followed by two attribute names: the data source type and the \
                     resource name."
                }
                ResourceMode::Ephemeral => {
                    "The \"ephemeral\" object must be followed by two attribute names: the ephemeral resource type \
                     and the resource name."
                }
            };
            let value = self.undeclared("Invalid reference", detail, traversal.root_span);
            return (value, traversal.steps.len());
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
        if self.any_inputs {
            let value = self.any_attribute(key, decl, &traversal.steps[used..]);
            return (value, traversal.steps.len().min(used + 1));
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
            let own = || self.of_own_key(scope, &expansion, &key);
            if let Some(id) = expansion.get(&key).or_else(own) {
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

    /// What a reference to a resource gives that nothing is known of.
    fn any_attribute(
        &mut self,
        key: &addr::Resource,
        decl: &crate::config::Resource,
        steps: &[ast::Step],
    ) -> Value {
        if let Some(schema) = builtin::attributes(&key.type_name, key.mode)
            && decl.count.is_none()
            && decl.for_each.is_none()
            && let Some(ast::Step { kind: StepKind::Attr(name), span }) = steps.first()
            && !schema.contains(&name.as_str())
        {
            let (summary, detail) = builtin::no_attribute(name, schema);
            return self.undeclared(summary, detail, *span);
        }
        self.anything(&key.to_string(), decl.decl_range)
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
    pub(in crate::eval) fn resource_value(&mut self, id: InstanceId) -> Value {
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
    pub(in crate::eval) fn expand_resource(
        &mut self,
        module: ModuleId,
        key: &'a addr::Resource,
        decl: &'a crate::config::Resource,
    ) -> Arc<Expansion<InstanceId>> {
        match self.module(module).resources.get(key) {
            Some(Memo::Done(expansion)) => return Arc::clone(expansion),
            Some(Memo::Running) => {
                self.report(CYCLE, key.to_string(), Some(decl.decl_range));
                return Arc::new(Expansion::Failed);
            }
            None => {}
        }
        self.module_mut(module).resources.insert(key, Memo::Running);
        let plan = self.apart(|this| {
            let scope = Scope::module(module);
            this.expansion_plan(&scope, decl.count.as_ref(), decl.for_each.as_ref(), decl.decl_range)
        });
        self.note_absent_resource(module, key, decl, &plan);
        let state = self.module(module);
        let (exists, because, addr, calls) =
            (state.exists, state.exists_because, state.addr.clone(), state.calls.clone());
        let expansion = plan.build(|item| {
            if self.modules.len() + self.instances.len() >= self.env.limits.total_instances {
                let limit = self.env.limits.total_instances;
                self.limit(
                    &format!("too many resource instances, total_instances ({limit})"),
                    Some(decl.decl_range),
                );
                return None;
            }
            let id = InstanceId(self.instances.len() as u32);
            let element = item.repetition.each.as_ref().map_or(OriginId::NONE, |(_, value)| value.origin);
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
                    exists_in_module: item.exists,
                    exists_because: if item.because.is_none() { because } else { item.because },
                    element,
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
    pub(in crate::eval) fn with_instance_scope<T>(
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
    pub(in crate::eval) fn body(&mut self, id: InstanceId) {
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
    pub(in crate::eval) fn attribute(&mut self, id: InstanceId, name: &str, span: Span) -> Value {
        let value = self.attribute_value(id, name, span);
        let step = Step::Attribute { instance: id, name: name.into() };
        let origin = self.origin(Some(span), step, [value.origin]);
        value.with_origin(origin)
    }

    /// The written value of an attribute of an instance, evaluated once.
    pub(in crate::eval) fn configured(&mut self, id: InstanceId, name: &str) -> Option<Value> {
        if let Some(Memo::Done(value)) = self.instance(id).attributes.get(name) {
            return Some(value.clone());
        }
        let body = &self.instance(id).decl.body;
        // A body of 100,000 arguments is searched from the start.
        self.spend(size_of_val(body.attributes.as_slice()), 0);
        body.attribute(name).map(|attribute| self.argument(id, attribute))
    }

    /// The value of an argument of an instance, evaluated once.
    pub(in crate::eval) fn argument(&mut self, id: InstanceId, attribute: &ast::Attribute) -> Value {
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
                let (summary, detail) = builtin::no_attribute(name, schema);
                return self.error(summary, detail, span);
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
            return match name == "name" && resource.mode == ResourceMode::Managed {
                true => value.clone().not_empty(),
                false => value.clone(),
            };
        }
        if let Some(value) = self.instance(id).provided.get(name) {
            return value.clone();
        }
        if resource.mode == ResourceMode::Data
            && resource.type_name == "template_file"
            && name == "rendered"
            && let Some(value) = self.template_file(id, span)
        {
            self.instance_mut(id).provided.insert(name.into(), value.clone());
            return value;
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
                let step = Step::Attribute { instance: id, name: name.into() };
                let origin = self.origin(Some(decl.decl_range), step, []);
                value =
                    Some(crate::eval::block::blocks_value(&self.instance(id).resource.body, name, origin));
            } else if let Some(found) = self.looked_up(id) {
                return self.attribute_value(found, name, span);
            } else if relevant {
                let mut terms = std::mem::take(&mut self.terms);
                value = self.env.provider.attribute(&self.instance(id).resource, name, &mut terms);
                self.terms = terms;
                if let Some(provided) = value.take() {
                    let step = match resource.mode {
                        ResourceMode::Managed => Step::ProviderDefault(name.into()),
                        ResourceMode::Data | ResourceMode::Ephemeral => {
                            Step::Attribute { instance: id, name: name.into() }
                        }
                    };
                    let origin = match provided.origin.is_none() {
                        true => self.origin(Some(decl.decl_range), step, []),
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

    /// The managed instance that a data source looks up by its id.
    fn looked_up(&self, id: InstanceId) -> Option<InstanceId> {
        let own = &self.instance(id).resource;
        if own.addr.resource.mode != ResourceMode::Data {
            return None;
        }
        let found = self.env.provider.looks_up(own, &self.terms)?;
        let other = &self.instance(found).resource.addr.resource;
        let same = other.mode == ResourceMode::Managed && other.type_name == own.addr.resource.type_name;
        same.then_some(found)
    }

    /// An attribute that only apply makes known.
    pub(in crate::eval) fn computed(&mut self, id: InstanceId, name: &str) -> Value {
        let address = self.instance(id).resource.addr.clone();
        let term = self.terms.intern(Term::Attr(id, name.into()));
        let decl_range = self.instance(id).resource.decl_range;
        let origin = self.origin(decl_range, Step::Attribute { instance: id, name: name.into() }, []);
        let identifies = self.env.provider.identifies(&address.resource.type_name, name);
        let cause = match address.resource.mode {
            ResourceMode::Managed => Cause::Computed(ecow::eco_format!("{address}.{name}")),
            ResourceMode::Data | ResourceMode::Ephemeral => Cause::DataSource(ecow::eco_format!("{address}")),
        };
        let prefix: EcoString = match address.resource.mode {
            ResourceMode::Managed => self.env.provider.prefix(&address.resource.type_name, name).into(),
            ResourceMode::Data | ResourceMode::Ephemeral => EcoString::new(),
        };
        let is_string = identifies || !prefix.is_empty();
        let ty = if is_string { Type::String } else { Type::Dynamic };
        let min_length = u64::from(is_string && address.resource.mode == ResourceMode::Managed);
        let refinement = Refinement { not_null: is_string, prefix, min_length, ..Refinement::default() };
        unknown_value(ty, refinement, term, cause, origin)
    }

    /// An attribute of a nested block that is not written: without a schema it may be one that the provider computes.
    pub(in crate::eval) fn block_attribute(
        &mut self,
        block: &Value,
        name: &str,
        span: Span,
    ) -> Option<Value> {
        let mut origin = self.origins.get(block.origin)?;
        for _ in 0..MAX_PASSED_ON {
            match (&origin.step, origin.inputs.as_slice()) {
                (Step::Local(_) | Step::Argument(_) | Step::Output(_) | Step::Repetition, [from]) => {
                    origin = self.origins.get(*from)?;
                }
                _ => break,
            }
        }
        let Step::Attribute { instance: id, name: block_type } = origin.step.clone() else { return None };
        let state = self.instance(id);
        let of_type = |block: &&ast::Block| {
            let label = block.labels.first().map(|label| &label.text);
            block.block_type == block_type
                || block.block_type == "dynamic" && label.is_some_and(|label| *label == block_type)
        };
        let mut written = state.decl.body.blocks.iter().filter(of_type);
        let only = (written.next()?.block_type == block_type) && written.next().is_none();
        let resource = &state.resource.addr.resource;
        if builtin::attributes(&resource.type_name, resource.mode).is_some() {
            return None;
        }
        self.uncertain += 1;
        if only {
            return Some(self.computed(id, &format!("{block_type}[0].{name}")));
        }
        let address = self.instance(id).resource.addr.clone();
        let cause = Cause::Computed(ecow::eco_format!("{address}.{block_type}[*].{name}"));
        Some(self.unknown(Type::Dynamic, Refinement::default(), cause, span))
    }
}

/// How often a block may be handed on and still be known as one.
const MAX_PASSED_ON: usize = 16;
