//! Partial evaluation of a configuration in one scenario.
//!
//! `evaluate` is pure: it parses nothing, and what it cannot know is an unknown with identity and causes, never an
//! error. It knows nothing of AWS; what a provider defaults or computes it asks of a [`Provider`].

pub mod value;
pub mod term;
pub mod origin;
pub mod limits;
pub mod scenario;
pub mod toggle;
mod scope;
mod expr;
pub mod ops;
pub mod convert;
mod expand;
mod block;
mod builtin;
mod suggestion;
pub mod funcs;

use std::collections::BTreeMap;

use ecow::EcoString;

use crate::addr;
use crate::config::cycle::{CYCLE, cycles};
use crate::config::{Child, Config, IgnoreChanges};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::origin::{OriginId, Origins};
use crate::eval::scenario::{Demand, Environment, Scenario};
use crate::eval::scope::{Evaluator, Scope};
use crate::eval::term::{TermId, Terms};
use crate::eval::value::{InstanceId, Value};
use crate::source::{FileId, Span};
use crate::syntax::ast::Expr;
use crate::truth::Truth;

/// Evaluates a configuration in one scenario. Never fails: what is wrong or not known is said in the result.
pub fn evaluate(config: &Config, scenario: &Scenario, env: Environment<'_>) -> Evaluation {
    let mut evaluator = Evaluator::new(config, scenario, env);
    evaluator.run();
    let outputs = match env.demand {
        Demand::All => evaluator.root_outputs(),
        Demand::Relevant | Demand::Conditions => BTreeMap::new(),
    };
    let booleans = evaluator.root_booleans();
    let spent = evaluator.spent();
    let effort = evaluator.effort();
    let mut diagnostics = evaluator.finish_errors();
    // What passed a limit once would pass it again.
    let has_limit = diagnostics.iter().any(|diagnostic| diagnostic.kind == DiagnosticKind::NotUnderstood);
    if env.demand == Demand::All && !has_limit {
        diagnostics.extend(scope::validate(config, scenario, env, spent, &diagnostics));
        let cycles = cycles(&config.root);
        if !cycles.is_empty() {
            // Evaluation comes upon some of them, each at whatever it was asked for first.
            diagnostics.retain(|diagnostic| diagnostic.summary != CYCLE);
            diagnostics.splice(0..0, cycles);
        }
    }
    Evaluation {
        scenario: scenario.name.clone(),
        instances: evaluator.instances.into_iter().map(|state| state.resource).collect(),
        modules: evaluator.modules.into_iter().map(|state| state.addr).collect(),
        outputs,
        booleans,
        origins: evaluator.origins,
        terms: evaluator.terms,
        gaps: evaluator.gaps,
        absent: evaluator.absent,
        diagnostics,
        summaries: summaries(config),
        has_secrets: evaluator.has_secrets,
        effort,
    }
}

/// The files of built-in summaries, with the calls that they stand for.
fn summaries(config: &Config) -> BTreeMap<FileId, SummarizedCall> {
    let mut found = BTreeMap::new();
    let mut nodes = vec![&config.root];
    while let Some(node) = nodes.pop() {
        if let Some(summary) = &node.module.summary {
            let call = SummarizedCall { header: summary.call, block: summary.call_block };
            found.extend(node.module.files.iter().map(|file| (*file, call)));
        }
        nodes.extend(node.children.values().filter_map(|child| match child {
            Child::Module(child) => Some(child),
            Child::Missing(_) => None,
        }));
    }
    found
}

/// A module call for which a built-in summary is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummarizedCall {
    /// The call's header.
    pub header: Span,
    /// The whole call.
    pub block: Span,
}

const VALIDATION_FAILED: &str = "Invalid value for variable";
const PRECONDITION_FAILED: &str = "Resource precondition failed";
const OUTPUT_PRECONDITION_FAILED: &str = "Module output value precondition failed";

/// Whether a diagnostic says that the author of the configuration rules these inputs out, by a validation or
/// precondition.
pub fn is_ruled_out(diagnostic: &Diagnostic) -> bool {
    let summary = diagnostic.summary.as_str();
    [VALIDATION_FAILED, PRECONDITION_FAILED, OUTPUT_PRECONDITION_FAILED].contains(&summary)
}

/// Evaluates expressions in the scope of the root module: each with its value and what Terraform would report.
pub fn evaluate_expressions(
    config: &Config,
    scenario: &Scenario,
    env: Environment<'_>,
    expressions: &[Expr],
) -> Vec<(Value, Vec<Diagnostic>)> {
    let mut evaluator = Evaluator::new(config, scenario, env);
    let root = addr::ModuleInstance::root();
    let mut validator = Evaluator::of_any_inputs(config, &config.root, root, scenario, env);
    let is_open = config.root.module.is_open();
    let scope = Scope::module(Evaluator::ROOT);
    expressions
        .iter()
        .map(|expr| {
            let value = evaluator.eval(&scope, expr);
            let mut errors = evaluator.finish_errors();
            if errors.is_empty() && !is_open {
                validator.validate(&scope, expr);
                errors = validator.finish_errors();
                errors.retain(|error| error.kind == DiagnosticKind::Invalid);
            }
            (value, errors)
        })
        .collect()
}

/// The result of evaluating a root module in one scenario.
#[derive(Debug)]
pub struct Evaluation {
    /// The scenario's name; empty when there is only one.
    pub scenario: String,
    /// All resource instances that exist or may exist; [`InstanceId`] indexes it. Sort by address to print.
    pub instances: Vec<ResourceInstance>,
    /// All instances of modules, the root first.
    pub modules: Vec<addr::ModuleInstance>,
    /// The root module's outputs.
    pub outputs: BTreeMap<EcoString, Value>,
    /// The root inputs that are booleans in this scenario, with their values.
    pub booleans: BTreeMap<EcoString, bool>,
    /// The steps that values came from.
    pub origins: Origins,
    /// The identities of unknowns.
    pub terms: Terms,
    /// What ssmlint cannot see.
    pub gaps: Vec<Gap>,
    /// The resources that are written and have no instance in this scenario.
    pub absent: Vec<Absent>,
    /// What Terraform would refuse.
    pub diagnostics: Vec<Diagnostic>,
    /// The files of built-in summaries, with the calls that they stand for: what is said of a place in such a file
    /// is said of the call.
    pub summaries: BTreeMap<FileId, SummarizedCall>,
    /// Whether some value is sensitive.
    pub has_secrets: bool,
    /// How long it took, in expressions.
    pub effort: u64,
}

impl Evaluation {
    /// The place to show: the span, or the header of the call that it stands for in a built-in summary.
    pub fn shown(&self, span: Span) -> Span {
        self.summaries.get(&span.file).map_or(span, |call| call.header)
    }

    /// The instance of a handle.
    pub fn instance(&self, id: InstanceId) -> &ResourceInstance {
        &self.instances[id.0 as usize]
    }
}

/// One instance of a resource or data source.
#[derive(Clone, Debug)]
pub struct ResourceInstance {
    /// Its handle.
    pub id: InstanceId,
    /// Its address.
    pub addr: addr::ResourceInstance,
    /// Its arguments, evaluated.
    pub body: BlockValue,
    /// Whether it exists in this scenario; an instance that certainly does not is not listed.
    pub exists: Truth,
    /// Whether it exists where its module instance does.
    pub exists_in_module: Truth,
    /// What decided whether it exists: the `count` or `for_each`, of it or of a module around it.
    pub exists_because: OriginId,
    /// The step that made `each.value`.
    pub element: OriginId,
    /// The region of its provider configuration, when that sets one.
    pub provider_region: Option<Value>,
    /// `lifecycle { ignore_changes }`.
    pub ignore_changes: IgnoreChanges,
    /// `provisioner` and `connection` blocks: block type, first label, header.
    pub provisioners: Vec<(EcoString, EcoString, Option<Span>)>,
    /// The block's header; none for what was imported from a plan without sources.
    pub decl_range: Option<Span>,
    /// The whole block.
    pub span: Option<Span>,
    /// The module calls around it, outermost first, each with its header.
    pub calls: Vec<Span>,
}

/// A resource that is written and has no instance in this scenario.
#[derive(Clone, Debug)]
pub struct Absent {
    /// The module that it stands in; of a module without instances its address without keys.
    pub module: addr::ModuleInstance,
    /// Which.
    pub resource: addr::Resource,
    /// The `count` or `for_each` that decided it, of it or of a module around it.
    pub because: OriginId,
    /// Its arguments as an instance would have them; none in a module without instances.
    pub body: Option<BlockValue>,
    /// The block's header.
    pub decl_range: Span,
}

/// An evaluated block body.
#[derive(Clone, Debug, Default)]
pub struct BlockValue {
    /// The attributes that are written, in source order.
    pub attributes: Vec<AttributeValue>,
    /// The nested blocks, `dynamic` ones expanded, in source order.
    pub blocks: Vec<NestedBlock>,
    /// Where a new argument would go (before the closing brace).
    pub end: Option<Span>,
}

/// An evaluated attribute.
#[derive(Clone, Debug)]
pub struct AttributeValue {
    /// The name.
    pub name: EcoString,
    /// The value as written; conversion to the provider's type is the model's business.
    pub value: Value,
    /// Name to end of expression.
    pub span: Option<Span>,
    /// The expression alone.
    pub expr_span: Option<Span>,
}

/// An evaluated nested block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// The block type.
    pub block_type: EcoString,
    /// The content.
    pub body: BlockValue,
    /// `Unknown` for the one block that stands for a `dynamic` block whose `for_each` is not known.
    pub exists: Truth,
    /// What decided that; `OriginId::NONE` for an ordinary block.
    pub exists_because: OriginId,
    /// The header.
    pub decl_range: Option<Span>,
    /// The whole block.
    pub span: Option<Span>,
}

impl BlockValue {
    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&AttributeValue> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The nested blocks of that type.
    pub fn blocks_of<'a>(&'a self, block_type: &'a str) -> impl Iterator<Item = &'a NestedBlock> {
        self.blocks.iter().filter(move |block| block.block_type == block_type)
    }
}

/// Something that ssmlint cannot see and that may hold more than is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind.
    pub kind: GapKind,
    /// What it is, in one phrase: `module.vpc (terraform-aws-modules/vpc/aws) is not installed`.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
    /// The module instance that it stands in.
    pub module: addr::ModuleInstance,
    /// The identities that are passed into it: what it may attach things to.
    pub sees: Vec<TermId>,
    /// The strings that are passed into it, which may be names or ids of what it attaches things to.
    pub names: Vec<EcoString>,
    /// Whether identities that are not known were passed into it, so that `sees` may be incomplete.
    pub sees_unknown: bool,
}

/// The kinds of gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapKind {
    /// A module whose source is not available.
    ModuleUnavailable,
    /// A file that could not be read or parsed.
    FileUnreadable,
    /// A valid construct that ssmlint does not understand.
    NotUnderstood,
    /// A limit was reached.
    Limit,
}

/// What the evaluator has to know about providers: which attributes they default, copy or compute.
pub trait Provider: Sync {
    /// The value of an attribute that the configuration does not set, when the provider determines it from the
    /// arguments: a default, a copy of another argument, the JSON of a policy document. None: computed at apply.
    fn attribute(&self, instance: &ResourceInstance, name: &str, terms: &mut Terms) -> Option<Value>;

    /// Whether the attribute of this resource type identifies the instance, so that two instances never share it.
    fn identifies(&self, type_name: &str, name: &str) -> bool {
        let _ = type_name;
        matches!(name, "id" | "arn")
    }

    /// What an id among the attributes of this resource type begins with, its own or another's, as far as the
    /// provider makes all of them alike.
    fn prefix(&self, type_name: &str, name: &str) -> &'static str {
        let _ = (type_name, name);
        ""
    }

    /// Whether `check` only looks at what the instances of this resource type refer to: no session hangs on them, and
    /// what is wrong in them is not told.
    fn is_bystander(&self, type_name: &str) -> bool {
        let _ = type_name;
        false
    }

    /// As [`Provider::is_bystander`] for managed resources of whatever type that have an argument of this name, also in
    /// nested blocks.
    fn is_bystander_argument(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// What a data source finds, where its arguments name something that is managed here: it gives that instance's
    /// attributes, if both are of one type.
    fn looks_up(&self, instance: &ResourceInstance, terms: &Terms) -> Option<InstanceId> {
        let _ = (instance, terms);
        None
    }

    /// Whether `check` needs the instances of this resource type; others are only evaluated where something refers
    /// to them.
    fn is_relevant(&self, type_name: &str) -> bool;
}
