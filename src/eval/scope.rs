//! The evaluator: module instances, references resolved on demand, every named value evaluated once.

mod failure;
mod variable;
mod module;
mod provider;
mod resource;
mod settle;
mod absent;
mod import;
mod validate;

pub(super) use self::validate::validate;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::addr::{self, ModuleInstance};
use crate::config::cycle::CYCLE;
use crate::config::{Assignment, Child, Config, ModuleCall, ModuleNode};
use crate::diagnostic::Diagnostic;
use crate::eval::expand::Expansion;
use crate::eval::origin::{OriginId, Origins, Step};
use crate::eval::scenario::{Demand, Environment, Scenario};
use crate::eval::suggestion::did_you_mean;
use crate::eval::term::{TermId, Terms};
use crate::eval::value::{Cause, Causes, InstanceId, Refinement, Type, Unknown, Value, ValueKind};
use crate::eval::{Absent, Gap, ResourceInstance};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
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
    /// What the keys or the number of the instances come from, where they are not known and one instance stands for all.
    pub(super) over: Option<EcoString>,
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

/// Work that is counted against the limits on time.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    steps: u64,
    weighed: u64,
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
    pub(super) absent: Vec<Absent>,
    /// For each of `absent` what it is written in, none in a module without instances, and its declaration.
    absent_in: Vec<(Option<ModuleId>, &'a crate::config::Resource)>,
    /// Errors of the expression at hand; `try` and `can` take them back.
    pub(super) errors: Vec<Diagnostic>,
    /// Errors of named values that are done.
    settled: Vec<Diagnostic>,
    /// How often something could have failed but was not known well enough to tell.
    pub(super) uncertain: u64,
    pub(super) depth: usize,
    steps: u64,
    weighed: u64,
    made: usize,
    limit_reported: bool,
    /// Whether some value is sensitive.
    pub(super) has_secrets: bool,
    /// Whether the module is evaluated by itself: nothing is known of its inputs, nor of resources and other modules.
    any_inputs: bool,
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
            absent: Vec::new(),
            absent_in: Vec::new(),
            errors: Vec::new(),
            settled: Vec::new(),
            uncertain: 0,
            depth: 0,
            steps: 0,
            weighed: 0,
            made: 0,
            limit_reported: false,
            has_secrets: false,
            any_inputs: false,
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

    fn cycle(&mut self, what: &str, span: Span) -> Value {
        self.report(CYCLE, what.to_string(), Some(span));
        self.unknown(Type::Dynamic, Refinement::default(), Cause::Cycle(what.into()), span)
    }

    pub(super) fn local(&mut self, module: ModuleId, name: &str, span: Span) -> Value {
        let node = self.module(module).node;
        let Some((key, local)) = node.module.locals.get_key_value(name) else {
            let hint = did_you_mean(name, node.module.locals.keys().map(|name| name.as_str()));
            return self.undeclared(
                "Reference to undeclared local value",
                format!("A local value with the name \"{name}\" has not been declared.{hint}"),
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

    /// Expands and evaluates everything that is asked for.
    pub(super) fn run(&mut self) {
        let mut next = 0;
        while next < self.modules.len() {
            let id = ModuleId(next as u32);
            next += 1;
            let node = self.module(id).node;
            if !self.step() {
                self.exhausted(None);
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
        self.absent_bodies();
        self.bystanders();
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
