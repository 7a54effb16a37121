//! What is evaluated last and without telling what is wrong in it: resources that are written and have no instance, and
//! resources that no session hangs on.

use crate::addr::{InstanceKey, ModuleInstance, Resource};
use crate::config::{self, Child, ModuleCall, ModuleNode};
use crate::eval::expand::Plan;
use crate::eval::origin::OriginId;
use crate::eval::scope::{Evaluator, ModuleId, Scope};
use crate::eval::value::InstanceId;
use crate::eval::{Absent, AttributeValue, BlockValue, Demand};
use crate::syntax::ast::Body;

/// Modules deeper than this below one that is switched off say nothing more about it.
const MAX_DEPTH: usize = 8;

impl<'a> Evaluator<'a> {
    /// Records a resource if it certainly has no instance.
    pub(super) fn note_absent_resource(
        &mut self,
        module: ModuleId,
        key: &Resource,
        decl: &'a config::Resource,
        plan: &Plan,
    ) {
        if let Some(because) = plan.emptied_by()
            && self.env.provider.is_relevant(&key.type_name)
        {
            let module_addr = self.module(module).addr.clone();
            self.push_absent(module_addr, decl, because, Some(module));
        }
    }

    /// Records the resources of a module that certainly has no instance.
    pub(super) fn note_absent_module(
        &mut self,
        module: ModuleId,
        call: &ModuleCall,
        child: &'a ModuleNode,
        plan: &Plan,
    ) {
        if let Some(because) = plan.emptied_by() {
            let addr = self.module(module).addr.child(&call.name, InstanceKey::None);
            self.absent_within(&addr, child, because, 0);
        }
    }

    fn absent_within(
        &mut self,
        addr: &ModuleInstance,
        node: &'a ModuleNode,
        because: OriginId,
        depth: usize,
    ) {
        for (key, decl) in &node.module.resources {
            if self.env.provider.is_relevant(&key.type_name) {
                self.push_absent(addr.clone(), decl, because, None);
            }
        }
        if depth < MAX_DEPTH {
            for (name, child) in &node.children {
                if let Child::Module(child) = child {
                    self.absent_within(&addr.child(name, InstanceKey::None), child, because, depth + 1);
                }
            }
        }
    }

    fn push_absent(
        &mut self,
        module: ModuleInstance,
        decl: &'a config::Resource,
        because: OriginId,
        within: Option<ModuleId>,
    ) {
        if self.absent.len() < self.env.limits.instances {
            let resource = decl.addr.clone();
            self.absent.push(Absent { module, resource, because, body: None, decl_range: decl.decl_range });
            self.absent_in.push((within, decl));
        }
    }

    /// Evaluates the resources that the model looks at only for what they refer to; what is wrong in them is not told.
    pub(super) fn bystanders(&mut self) {
        if self.env.demand == Demand::All {
            return;
        }
        self.origins.close();
        let met = self.settled.len();
        self.apart(|this| {
            for index in 0..this.modules.len() {
                let module = ModuleId(index as u32);
                for (key, decl) in &this.module(module).node.module.resources {
                    if this.is_bystander(decl) {
                        this.expand_resource(module, key, decl);
                    }
                }
            }
            for index in 0..this.instances.len() {
                let id = InstanceId(index as u32);
                if this.is_bystander(this.instance(id).decl) {
                    this.body(id);
                }
            }
        });
        self.settled.truncate(met);
    }

    fn is_bystander(&self, decl: &config::Resource) -> bool {
        let provider = self.env.provider;
        let type_name = &decl.addr.type_name;
        let is_carrier = || has_argument(&decl.body, &|name| provider.is_bystander_argument(name));
        decl.is_managed()
            && !provider.is_relevant(type_name)
            && (provider.is_bystander(type_name) || is_carrier())
    }

    /// Evaluates the arguments of resources without instances; what is wrong in them nobody meets.
    pub(super) fn absent_bodies(&mut self) {
        let met = self.settled.len();
        for index in 0..self.absent_in.len() {
            let (Some(module), decl) = self.absent_in[index] else { continue };
            let body = self.apart(|this| {
                let repetition = this.repetition_of_none(decl.count.is_some(), decl.decl_range);
                let resource = Some(&decl.addr);
                let scope = Scope { repetition: Some(&repetition), resource, ..Scope::module(module) };
                let attributes = decl.body.attributes.iter().map(|attribute| AttributeValue {
                    name: attribute.name.clone(),
                    value: this.eval(&scope, &attribute.expr),
                    span: Some(attribute.span),
                    expr_span: Some(attribute.expr.span),
                });
                BlockValue { attributes: attributes.collect(), blocks: Vec::new(), end: None }
            });
            self.absent[index].body = Some(body);
        }
        self.settled.truncate(met);
    }
}

/// Whether an argument of a body or of its nested blocks is wanted.
fn has_argument(body: &Body, wanted: &dyn Fn(&str) -> bool) -> bool {
    body.attributes.iter().any(|attribute| wanted(&attribute.name))
        || body.blocks.iter().any(|block| has_argument(&block.body, wanted))
}
