//! Where values come from: an append-only table of steps. Every value points to the step that made it.

use ecow::{EcoString, EcoVec};

use crate::eval::value::InstanceId;
use crate::source::Span;

/// A step in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(u32);

impl OriginId {
    /// No origin is known.
    pub const NONE: OriginId = OriginId(u32::MAX);

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == OriginId::NONE
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The place; none for a provider default or a command line argument.
    pub span: Option<Span>,
    /// What happened.
    pub step: Step,
    /// The values that it was made from, the deciding one first.
    pub inputs: EcoVec<OriginId>,
}

/// How a value came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is written there.
    Literal,
    /// A template, operator, constructor or other expression over its inputs.
    Expression,
    /// A function call: its name.
    Call(EcoString),
    /// A conditional took the arm for `taken`; `inputs[0]` is the condition, `inputs[1]` the arm.
    Branch {
        /// The arm: true, false, or none when the condition is unknown.
        taken: Option<bool>,
    },
    /// `local.name`.
    Local(EcoString),
    /// A root input, set by a file, an argument or the environment; says by which (`terraform.tfvars`, `-var`).
    Input {
        /// The variable's name.
        name: EcoString,
        /// By what it was set.
        source: EcoString,
    },
    /// A variable's default: the name.
    Default(EcoString),
    /// A variable without a value: the name.
    NotSet(EcoString),
    /// A module call's argument: the name. The span is the argument in the call.
    Argument(EcoString),
    /// A module's output: the name.
    Output(EcoString),
    /// An attribute read from a resource instance.
    Attribute {
        /// The instance.
        instance: InstanceId,
        /// The attribute's name.
        name: EcoString,
    },
    /// The key or value of `for_each`, or `count.index`.
    Repetition,
    /// `count`, `for_each` or a `dynamic` block's `for_each` decided how many there are.
    Expansion,
    /// The provider's default for an attribute that is not written: the attribute.
    ProviderDefault(EcoString),
    /// A setting of the scenario that ssmlint chose: the variable's name.
    Scenario(EcoString),
}

/// The table of all steps of one evaluation.
#[derive(Debug, Default)]
pub struct Origins {
    steps: Vec<Origin>,
    /// How many of them were made for what is asked; none while all are.
    asked: Option<usize>,
}

impl Origins {
    /// An empty table.
    pub fn new() -> Origins {
        Origins::default()
    }

    /// Adds a step.
    pub fn add(&mut self, origin: Origin) -> OriginId {
        let id = OriginId(self.steps.len() as u32);
        self.steps.push(origin);
        id
    }

    /// Says that what is asked is evaluated: later steps are of bystanders.
    pub fn close(&mut self) {
        self.asked = Some(self.steps.len());
    }

    /// The steps that were made for what is asked, in the order in which they were made.
    pub fn asked(&self) -> impl Iterator<Item = &Origin> {
        self.steps[..self.asked.unwrap_or(self.steps.len())].iter()
    }

    /// The number of steps.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are no steps.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The step; none for `OriginId::NONE`.
    pub fn get(&self, id: OriginId) -> Option<&Origin> {
        self.steps.get(id.0 as usize)
    }

    /// The place of a step.
    pub fn span(&self, id: OriginId) -> Option<Span> {
        self.get(id).and_then(|origin| origin.span)
    }

    /// The steps from `id` back to what decided it, each once, the use first.
    ///
    /// Follows the deciding input of each step (its first), and the second one of a branch, at most `limit` steps.
    pub fn trail(&self, id: OriginId, limit: usize) -> Vec<&Origin> {
        let mut trail = Vec::new();
        let mut queue = vec![id];
        let mut seen = Vec::new();
        while let Some(id) = queue.pop() {
            if trail.len() >= limit || seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let Some(origin) = self.get(id) else { continue };
            trail.push(origin);
            // Pushed in reverse, so that the condition of a branch is followed before the arm.
            queue.extend(origin.inputs.iter().rev().copied());
        }
        trail
    }
}
