//! What one evaluation depends on besides the configuration.

use crate::config::Inputs;
use crate::eval::Provider;
use crate::eval::limits::Limits;
use crate::source::SourceMap;
use crate::source::fs::FileSystem;

/// One world: an assignment of the root module's inputs, and a workspace.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name; empty for the configured world.
    pub name: String,
    /// Values for root inputs, later ones winning.
    pub inputs: Inputs,
    /// The workspace; `default` when none is selected.
    pub workspace: String,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario { name: String::new(), inputs: Inputs::default(), workspace: "default".into() }
    }
}

/// What evaluation needs around it; the same for all scenarios.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// What is known of providers.
    pub provider: &'a dyn Provider,
    /// Files for the file functions.
    pub fs: &'a dyn FileSystem,
    /// Where templates that are read become sources.
    pub sources: &'a SourceMap,
    /// Bounds on time and memory.
    pub limits: &'a Limits,
    /// How much is evaluated.
    pub demand: Demand,
}

/// How much of a configuration is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Every resource, output and check.
    All,
    /// The resources that the model reads, and what they refer to.
    Relevant,
    /// As `Relevant`, with the validations and preconditions that say which inputs Terraform refuses.
    Conditions,
}
