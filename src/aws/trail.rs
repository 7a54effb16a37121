//! How a value came about, told from the use back to the line that decided it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::addr::{ModuleInstance, ResourceMode};
use crate::aws::fact::Evidence;
use crate::eval::origin::{Origin, OriginId, Step};
use crate::eval::value::{InstanceId, Value};
use crate::eval::{BlockValue, Evaluation, ResourceInstance, SummarizedCall};
use crate::source::Span;

/// Steps of one trail; a longer one says nothing more to a reader.
const MAX_STEPS: usize = 24;

/// Steps that are looked at for one place, on all ways together.
const MAX_VISITED: usize = 256;

/// The place at which a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The literal.
    pub span: Span,
    /// Whether it is a local value, which others may read too.
    pub local: bool,
    /// Whether it is an input's default, or what a file of values gives it.
    pub input: bool,
    /// Whether a condition chooses it.
    pub branch: bool,
}

/// The origins of one evaluation.
#[derive(Clone, Debug)]
pub struct Trails<'a> {
    evaluation: &'a Evaluation,
    /// The names of the resources that have an instance, once they were asked for: every finding may ask.
    declared: OnceLock<Declared<'a>>,
}

/// Names by module, mode and type.
type Declared<'a> = FxHashMap<(&'a ModuleInstance, ResourceMode, &'a str), BTreeSet<&'a str>>;

impl<'a> Trails<'a> {
    /// The trails of an evaluation.
    pub fn new(evaluation: &'a Evaluation) -> Trails<'a> {
        Trails { evaluation, declared: OnceLock::new() }
    }

    /// The place of a step.
    pub fn span(&self, origin: OriginId) -> Option<Span> {
        self.evaluation.origins.span(origin)
    }

    /// Whether an input of the root module stands on the way back from a step.
    pub fn hangs_on_input(&self, origin: OriginId) -> bool {
        let steps = self.evaluation.origins.trail(origin, MAX_STEPS);
        steps.iter().any(|origin| {
            matches!(origin.step, Step::Input { .. } | Step::Default(_) | Step::NotSet(_) | Step::Scenario(_))
        })
    }

    /// The steps worth reading, the use first: conditions, locals, arguments, inputs, and the line that decided.
    pub fn steps(&self, origin: OriginId) -> Vec<Evidence> {
        let mut steps: Vec<Evidence> = Vec::new();
        let mut seen = Vec::new();
        self.follow(origin, &mut seen, &mut steps);
        steps
    }

    /// Where a value is written, when only references, arguments and conversions lie between there and the use.
    pub fn written(&self, origin: OriginId) -> Option<Written> {
        let (mut local, mut branch) = (false, false);
        let mut next = Some(origin);
        for _ in 0..MAX_STEPS {
            let origin = self.evaluation.origins.get(next?)?;
            let from = origin.inputs.first().copied();
            next = match &origin.step {
                Step::Literal if origin.inputs.is_empty() => {
                    return origin.span.map(|span| Written { span, local, input: false, branch });
                }
                Step::Default(_) | Step::Input { .. } => {
                    return origin.span.map(|span| Written { span, local, input: true, branch });
                }
                Step::Local(_) => {
                    local = true;
                    from
                }
                Step::Branch { taken: Some(_) } => {
                    branch = true;
                    origin.inputs.get(1).copied()
                }
                Step::Call(name) if matches!(name.as_str(), "toset" | "tolist" | "tomap") => from,
                Step::Argument(_) | Step::Output(_) | Step::Repetition | Step::Expansion => from,
                Step::Literal
                | Step::Expression
                | Step::Call(_)
                | Step::Branch { taken: None }
                | Step::NotSet(_)
                | Step::Attribute { .. }
                | Step::ProviderDefault(_)
                | Step::Scenario(_) => return None,
            };
        }
        None
    }

    /// The blocks of the resource instances whose attributes a value was read from.
    pub fn read_from(&self, origin: OriginId) -> Vec<Span> {
        let steps = self.evaluation.origins.trail(origin, MAX_STEPS);
        let blocks = steps.iter().filter_map(|origin| match &origin.step {
            Step::Attribute { instance, .. } => self.evaluation.instance(*instance).span,
            Step::Literal
            | Step::Expression
            | Step::Call(_)
            | Step::Branch { .. }
            | Step::Local(_)
            | Step::Input { .. }
            | Step::Default(_)
            | Step::NotSet(_)
            | Step::Argument(_)
            | Step::Output(_)
            | Step::Repetition
            | Step::Expansion
            | Step::ProviderDefault(_)
            | Step::Scenario(_) => None,
        });
        blocks.collect()
    }

    /// The types of the resources that read an attribute of an instance, as far as it is only known after apply;
    /// `output` where an output of the root module does.
    pub fn readers(&self, of: InstanceId) -> BTreeSet<&'a str> {
        let reads = |value: &Value| {
            let term = value.as_unknown().and_then(|unknown| self.evaluation.terms.attribute(unknown.term));
            term.is_some_and(|(instance, _)| instance == of)
        };
        let mut readers = BTreeSet::new();
        for instance in &self.evaluation.instances {
            if instance.body.attributes.iter().any(|attribute| reads(&attribute.value)) {
                readers.insert(instance.addr.resource.type_name.as_str());
            }
        }
        if self.evaluation.outputs.values().any(reads) {
            readers.insert("output");
        }
        readers
    }

    /// The resources of a type that a module declares, each once: those that have an instance.
    pub fn declared(
        &self,
        module: &ModuleInstance,
        mode: ResourceMode,
        type_name: &str,
    ) -> BTreeSet<&'a str> {
        let declared = self.declared.get_or_init(|| {
            let mut declared = Declared::default();
            for instance in &self.evaluation.instances {
                let addr = &instance.addr;
                let key = (&addr.module, addr.resource.mode, addr.resource.type_name.as_str());
                declared.entry(key).or_default().insert(addr.resource.name.as_str());
            }
            declared
        });
        declared.get(&(module, mode, type_name)).cloned().unwrap_or_default()
    }

    /// The call for which a built-in summary holds this place.
    pub fn summarized(&self, span: Span) -> Option<SummarizedCall> {
        self.evaluation.summaries.get(&span.file).copied()
    }

    /// Where to show a place: in a built-in summary it becomes the part of the call that decided, or the call's
    /// header. What an entry of a map leaves out is shown at the entry.
    pub fn shown(&self, span: Span, decided: Option<&Evidence>) -> Span {
        let Some(call) = self.summarized(span) else { return span };
        let made = self.evaluation.instances.iter().find(|instance| {
            instance.span.is_some_and(|block| block.contains(span)) && !instance.exists_because.is_none()
        });
        let mut conditions = Vec::new();
        let mut budget = MAX_VISITED;
        let part = decided.and_then(|place| {
            let part = self.last_within(place.origin, call.block, &mut budget, &mut conditions);
            part.or_else(|| self.left_out(span, place.origin, call.block))
        });
        let part =
            part.or_else(|| conditions.into_iter().find_map(|id| self.within(id, call.block, &mut budget)));
        let part = part.or_else(|| self.within(made?.exists_because, call.block, &mut { MAX_VISITED }));
        part.unwrap_or(call.header)
    }

    /// The entry of the map in a block that leaves out what an argument would take from it. A list may be given beside
    /// the entries too: it is the entry that lacks it where other entries have one.
    fn left_out(&self, argument: Span, origin: OriginId, block: Span) -> Option<Span> {
        let written = |instance: &'a ResourceInstance| {
            let mut attributes = instance.body.attributes.iter();
            attributes.find(|attribute| attribute.span.is_some_and(|span| span.contains(argument)))
        };
        let is_empty = |value: &Value| value.as_elements().is_some_and(|elements| elements.is_empty());
        let instances = self.evaluation.instances.iter();
        let (instance, value) = instances
            .filter_map(|instance| Some((instance, &written(instance)?.value)))
            .find(|(_, value)| value.origin == origin && !origin.is_none())?;
        let mut others = self.evaluation.instances.iter().filter(|other| {
            other.addr.module == instance.addr.module && other.addr.resource == instance.addr.resource
        });
        let lacks = value.is_null()
            || is_empty(value)
                && others.any(|other| written(other).is_some_and(|found| !is_empty(&found.value)));
        lacks.then(|| self.within(instance.element, block, &mut { MAX_VISITED })).flatten()
    }

    /// The last step within a block on the way to what decided; where there is none, that of a condition. The budget is
    /// how many steps may still be looked at.
    fn within(&self, id: OriginId, block: Span, budget: &mut usize) -> Option<Span> {
        let mut conditions = Vec::new();
        let last = self.last_within(id, block, budget, &mut conditions);
        last.or_else(|| conditions.into_iter().find_map(|id| self.within(id, block, budget)))
    }

    /// The last step within a block on the way to what decided; the conditions on this way are kept for later.
    fn last_within(
        &self,
        id: OriginId,
        block: Span,
        budget: &mut usize,
        conditions: &mut Vec<OriginId>,
    ) -> Option<Span> {
        let mut last = None;
        let mut next = Some(id);
        let mut arguments = Vec::new();
        while let Some(origin) = next.and_then(|id| self.evaluation.origins.get(id)) {
            let Some(rest) = budget.checked_sub(1) else { break };
            *budget = rest;
            last = origin.span.filter(|span| block.contains(*span)).or(last);
            next = match origin.step {
                Step::Branch { taken: Some(_) } => {
                    conditions.extend(origin.inputs.first().copied());
                    origin.inputs.get(1).copied()
                }
                Step::Attribute { instance, .. } if origin.inputs.is_empty() => {
                    // What a data source makes of its arguments is decided by one of them.
                    let instance = self.evaluation.instance(instance);
                    if instance.addr.resource.mode == ResourceMode::Data {
                        values_of(&instance.body, &mut arguments);
                    }
                    None
                }
                Step::Literal
                | Step::Expression
                | Step::Call(_)
                | Step::Branch { .. }
                | Step::Local(_)
                | Step::Input { .. }
                | Step::Default(_)
                | Step::NotSet(_)
                | Step::Argument(_)
                | Step::Output(_)
                | Step::Attribute { .. }
                | Step::Repetition
                | Step::Expansion
                | Step::ProviderDefault(_)
                | Step::Scenario(_) => origin.inputs.first().copied(),
            };
        }
        last.or_else(|| arguments.into_iter().find_map(|id| self.within(id, block, budget)))
    }

    fn follow(&self, id: OriginId, seen: &mut Vec<OriginId>, steps: &mut Vec<Evidence>) {
        let mut next = Some(id);
        while let Some(id) = next {
            if seen.len() >= MAX_STEPS || seen.contains(&id) {
                return;
            }
            seen.push(id);
            let Some(origin) = self.evaluation.origins.get(id) else { return };
            let summarized = origin.span.is_some_and(|span| self.summarized(span).is_some());
            if summarized {
                if let Step::Default(name) = &origin.step {
                    let note = format!("{name} is not passed, so the module's default decides");
                    steps.push(Evidence { span: None, origin: id, note });
                }
            } else if let Some(note) = self.describe(origin) {
                let repeated = origin.span.is_some() && steps.iter().any(|step| step.span == origin.span);
                if !repeated {
                    steps.push(Evidence { span: origin.span, origin: id, note });
                }
            }
            if let Step::Branch { taken: Some(_) } = origin.step
                && let Some(condition) = origin.inputs.first()
            {
                let value = origin.inputs.get(1).copied();
                let told = steps.len();
                if summarized && let Some(value) = value {
                    // What is written outside of a summary decides; its own conditions are nobody's to change.
                    self.follow(value, seen, steps);
                    if steps[told..].iter().any(|step| step.span.is_some()) {
                        return;
                    }
                }
                self.follow(*condition, seen, steps);
                next = value;
            } else {
                next = origin.inputs.first().copied();
            }
        }
    }

    /// What happened, or nothing where the step only passes a value on.
    fn describe(&self, origin: &Origin) -> Option<String> {
        let note = match &origin.step {
            Step::Literal if origin.inputs.is_empty() => "decided here".to_owned(),
            Step::Literal | Step::Expression | Step::Call(_) | Step::Repetition | Step::Expansion => {
                return None;
            }
            Step::Branch { taken: Some(true) } => "the condition is true".to_owned(),
            Step::Branch { taken: Some(false) } => "the condition is false".to_owned(),
            Step::Branch { taken: None } => "the condition is not known".to_owned(),
            Step::Local(name) => format!("local.{name}"),
            Step::Input { name, source } => format!("var.{name} is set by {source}"),
            Step::Default(name) => format!("var.{name} has this default"),
            Step::NotSet(name) => format!("var.{name} has no value"),
            Step::Argument(name) => format!("passed as {name}"),
            Step::Output(name) => format!("output {name}"),
            Step::Attribute { instance, name } => {
                format!("read from {}.{name}", self.evaluation.instance(*instance).addr)
            }
            Step::ProviderDefault(name) => format!("the provider's default for {name}"),
            Step::Scenario(name) => format!("var.{name} in this scenario"),
        };
        Some(note)
    }
}

/// The steps that made the arguments of a body, those of its nested blocks after its own.
fn values_of(body: &BlockValue, into: &mut Vec<OriginId>) {
    into.extend(body.attributes.iter().map(|attribute| attribute.value.origin));
    for block in &body.blocks {
        values_of(&block.body, into);
    }
}
