//! Declarations that need one another, as Terraform's graph has them: every reference counts, also one that is never
//! evaluated.

use rustc_hash::FxHashMap;

use crate::addr;
use crate::config::refactoring::resource_reference;
use crate::config::traversal::references;
use crate::config::{CheckRule, Child, Module, ModuleCall, ModuleNode};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Block, Body, Expr, StepKind, Traversal};

/// The summary of a cycle.
pub(crate) const CYCLE: &str = "Cycle";

/// Reports each group of declarations that need one another.
pub(crate) fn cycles(root: &ModuleNode) -> Vec<Diagnostic> {
    let mut graph = Graph::default();
    graph.declare(root, None, String::new());
    for at in 0..graph.modules.len() {
        graph.connect(at);
    }
    graph.report()
}

/// What is declared in a module, or stands for a called module as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'m> {
    Variable(&'m str),
    Local(&'m str),
    Output(&'m str),
    Resource(&'m addr::Resource),
    /// How often a called module exists.
    Call(&'m str),
    /// All that a called module declares.
    All(&'m str),
}

struct Node {
    /// As Terraform names it.
    name: String,
    span: Span,
    is_local: bool,
    /// Indices of nodes.
    needs: Vec<usize>,
}

/// A module in the tree.
struct Visited<'m> {
    module: &'m Module,
    /// The index of the module that calls it, and the call.
    caller: Option<(usize, &'m ModuleCall)>,
    path: String,
    /// The indices of the modules that it calls.
    children: FxHashMap<&'m str, usize>,
    /// The nodes of what it declares.
    declared: Vec<usize>,
}

#[derive(Default)]
struct Graph<'m> {
    modules: Vec<Visited<'m>>,
    nodes: Vec<Node>,
    ids: FxHashMap<(usize, Key<'m>), usize>,
}

impl<'m> Graph<'m> {
    /// Adds a module and those that it calls; gives its index.
    fn declare(
        &mut self,
        node: &'m ModuleNode,
        caller: Option<(usize, &'m ModuleCall)>,
        path: String,
    ) -> usize {
        let at = self.modules.len();
        let module: &Module = &node.module;
        let (children, declared) = (FxHashMap::default(), Vec::new());
        self.modules.push(Visited { module, caller, path: path.clone(), children, declared });
        for (name, variable) in &module.variables {
            self.add(at, Key::Variable(name), &format!("var.{name} (expand)"), variable.decl_range);
        }
        for (name, local) in &module.locals {
            self.add(at, Key::Local(name), &format!("local.{name} (expand)"), local.decl_range);
        }
        for (name, output) in &module.outputs {
            self.add(at, Key::Output(name), &format!("output.{name} (expand)"), output.decl_range);
        }
        for (key, resource) in &module.resources {
            self.add(at, Key::Resource(key), &key.to_string(), resource.decl_range);
        }
        for (name, call) in &module.module_calls {
            self.add(at, Key::Call(name), &format!("module.{name} (expand)"), call.decl_range);
            self.add(at, Key::All(name), &format!("module.{name} (close)"), call.decl_range);
            if let Some(Child::Module(child)) = node.children.get(name) {
                let child = self.declare(child, Some((at, call)), format!("{path}module.{name}."));
                self.modules[at].children.insert(name, child);
            }
        }
        at
    }

    fn add(&mut self, module: usize, key: Key<'m>, name: &str, span: Span) {
        let id = self.nodes.len();
        let name = format!("{}{name}", self.modules[module].path);
        self.nodes.push(Node { name, span, is_local: matches!(key, Key::Local(_)), needs: Vec::new() });
        self.modules[module].declared.push(id);
        self.ids.insert((module, key), id);
    }

    /// Adds what the declarations of a module need.
    fn connect(&mut self, at: usize) {
        let Visited { module, caller, .. } = self.modules[at];
        if let Some((outer, call)) = caller
            && let Some(exists) = self.ids.get(&(outer, Key::Call(&call.name))).copied()
        {
            for id in self.modules[at].declared.clone() {
                self.nodes[id].needs.push(exists);
            }
        }
        for (name, variable) in &module.variables {
            let id = Key::Variable(name);
            if let Some((outer, call)) = caller
                && let Some(argument) = call.arguments.attribute(name)
            {
                self.needs(at, id, outer, |visit| references(&argument.expr, visit));
            }
            self.needs(at, id, at, |visit| {
                let is_itself = |found: &Traversal| found.root == "var" && named(found, 0) == Some(name);
                rules(&variable.validations, &mut |found| {
                    if !is_itself(found) {
                        visit(found)
                    }
                });
            });
        }
        for (name, local) in &module.locals {
            self.needs(at, Key::Local(name), at, |visit| references(&local.expr, visit));
        }
        for (name, output) in &module.outputs {
            self.needs(at, Key::Output(name), at, |visit| {
                output.expr.iter().for_each(|expr| references(expr, visit));
                rules(&output.preconditions, visit);
                output.depends_on.iter().for_each(visit);
            });
        }
        for (key, resource) in &module.resources {
            self.needs(at, Key::Resource(key), at, |visit| {
                body(&resource.body, visit);
                resource.provisioners.iter().for_each(|block| block_body(block, visit));
                let own =
                    resource.count.iter().chain(&resource.for_each).chain(&resource.replace_triggered_by);
                own.for_each(|expr| references(expr, visit));
                rules(&resource.preconditions, visit);
                rules(&resource.postconditions, visit);
                resource.depends_on.iter().for_each(visit);
            });
        }
        for (name, call) in &module.module_calls {
            self.needs(at, Key::Call(name), at, |visit| {
                call.count.iter().chain(&call.for_each).for_each(|expr| references(expr, visit));
                call.depends_on.iter().for_each(visit);
            });
            let declared = match self.modules[at].children.get(name.as_str()) {
                Some(child) => self.modules[*child].declared.clone(),
                None => Vec::new(),
            };
            if let Some(all) = self.ids.get(&(at, Key::All(name))) {
                self.nodes[*all].needs.extend(declared);
            }
        }
    }

    /// Adds what a declaration needs: the references that `visit_all` visits, in a module.
    fn needs(
        &mut self,
        at: usize,
        key: Key<'m>,
        scope: usize,
        visit_all: impl FnOnce(&mut dyn FnMut(&Traversal)),
    ) {
        let Some(id) = self.ids.get(&(at, key)).copied() else { return };
        let mut found = Vec::new();
        visit_all(&mut |traversal| found.extend(self.find(scope, traversal)));
        self.nodes[id].needs.extend(found);
    }

    /// The node that a reference in a module leads to.
    fn find(&self, scope: usize, traversal: &Traversal) -> Option<usize> {
        let Visited { module, children, .. } = &self.modules[scope];
        let key = match traversal.root.as_str() {
            "var" => Key::Variable(module.variables.get_key_value(named(traversal, 0)?)?.0),
            "local" => Key::Local(module.locals.get_key_value(named(traversal, 0)?)?.0),
            "module" => {
                let (call, _) = module.module_calls.get_key_value(named(traversal, 0)?)?;
                let is_key = |step: &StepKind| matches!(step, StepKind::Index(_));
                let has_key = traversal.steps.get(1).is_some_and(|step| is_key(&step.kind));
                let output = named(traversal, 1 + usize::from(has_key));
                let child = children.get(call.as_str());
                if let (Some(child), Some(output)) = (child, output) {
                    let (output, _) = self.modules[*child].module.outputs.get_key_value(output)?;
                    return self.ids.get(&(*child, Key::Output(output))).copied();
                }
                Key::All(call)
            }
            _ => Key::Resource(module.resources.get_key_value(&resource_reference(traversal)?)?.0),
        };
        self.ids.get(&(scope, key)).copied()
    }

    fn report(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for group in self.groups() {
            let Some(first) = group.first().map(|id| &self.nodes[*id]) else { continue };
            let needs_itself = group.len() == 1;
            if needs_itself && !first.is_local {
                continue;
            }
            let mut names: Vec<&str> = group.iter().map(|id| self.nodes[*id].name.as_str()).collect();
            names.sort_unstable();
            found.push(if needs_itself {
                let name = first.name.trim_end_matches(" (expand)");
                let detail =
                    format!("Local value {name} cannot use its own result as part of its expression.");
                Diagnostic::invalid("Self-referencing local value", detail, Some(first.span))
            } else {
                Diagnostic::invalid(CYCLE, names.join(", "), Some(first.span))
            });
        }
        found
    }

    /// The groups of nodes that need one another, and the nodes that need themselves: Tarjan's algorithm, with a stack of
    /// its own, since chains may be long.
    fn groups(&self) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.nodes.len();
        let (mut index, mut low, mut is_open) = (vec![UNSEEN; count], vec![0; count], vec![false; count]);
        let (mut open, mut groups, mut next) = (Vec::new(), Vec::new(), 0);
        for start in 0..count {
            if index[start] != UNSEEN {
                continue;
            }
            let mut work = vec![(start, 0)];
            while let Some((id, edge)) = work.pop() {
                if edge == 0 {
                    index[id] = next;
                    low[id] = next;
                    next += 1;
                    open.push(id);
                    is_open[id] = true;
                }
                match self.nodes[id].needs.get(edge).copied() {
                    Some(needed) => {
                        work.push((id, edge + 1));
                        if index[needed] == UNSEEN {
                            work.push((needed, 0));
                        } else if is_open[needed] {
                            low[id] = low[id].min(index[needed]);
                        }
                    }
                    None => {
                        if let Some((parent, _)) = work.last() {
                            low[*parent] = low[*parent].min(low[id]);
                        }
                        if low[id] == index[id] {
                            let first = open.iter().rposition(|other| *other == id).unwrap_or(0);
                            let mut group = open.split_off(first);
                            group.iter().for_each(|id| is_open[*id] = false);
                            group.sort_unstable();
                            if group.len() > 1 || self.nodes[id].needs.contains(&id) {
                                groups.push(group);
                            }
                        }
                    }
                }
            }
        }
        groups
    }
}

/// The name that a step is.
fn named(traversal: &Traversal, step: usize) -> Option<&str> {
    match &traversal.steps.get(step)?.kind {
        StepKind::Attr(name) => Some(name),
        StepKind::Index(_) | StepKind::AttrSplat | StepKind::FullSplat => None,
    }
}

fn rules(rules: &[CheckRule], visit: &mut dyn FnMut(&Traversal)) {
    for rule in rules {
        let exprs: [Option<&Expr>; 2] = [Some(&rule.condition), rule.error_message.as_ref()];
        exprs.into_iter().flatten().for_each(|expr| references(expr, visit));
    }
}

fn body(body: &Body, visit: &mut dyn FnMut(&Traversal)) {
    body.attributes.iter().for_each(|attribute| references(&attribute.expr, visit));
    body.blocks.iter().for_each(|block| block_body(block, visit));
}

fn block_body(block: &Block, visit: &mut dyn FnMut(&Traversal)) {
    body(&block.body, visit);
}
