//! Settings as the stages want them: options of model, proof and rules, and the scenarios of a root.

use std::path::Path;

use crate::aws::ModelOptions;
use crate::aws::assumption::{self, Assumptions};
use crate::config::tfvars::VarArgument;
use crate::lint::levels::{self, Base, Globs};
use crate::lint::{Assumed, Context, Error, Request};
use crate::proof::{self, ProofOptions};
use crate::rules::{self, RuleOptions};
use crate::settings::layer::Layer;
use crate::settings::{self, Assumption, Ec2Messages, Problem, RuleName, ScenarioSettings, Settings};
use crate::source::SourceMap;
use crate::source::fs::FileSystem;
use crate::suppress;

/// Reads a settings file; its text becomes one of the sources. Errors: everything that is wrong with it.
pub fn load_settings(
    fs: &dyn FileSystem,
    sources: &SourceMap,
    path: &Path,
) -> Result<Settings, Vec<Problem>> {
    let check = |assumption: &Assumption| check_assumption(assumption);
    settings::load(fs, sources, path, &rule_names(), &check)
}

/// Lays flags or the environment over settings. Errors: rules that do not exist.
pub fn lay(settings: &mut Settings, layer: Layer) -> Result<(), Vec<Problem>> {
    settings.lay(layer, &rule_names())
}

fn rule_names() -> Vec<RuleName<'static>> {
    let about_directives = suppress::RULES.iter().map(|rule| RuleName { code: rule.code, name: rule.name });
    let rules = rules::ALL.iter().map(|rule| RuleName { code: rule.code, name: rule.name });
    rules.chain(about_directives).collect()
}

/// What can be assumed: of the account, and of what an address names.
const ASSUMABLE: [&str; 5] = [
    "default_host_management",
    "dns_forwarder",
    "ssm_endpoints",
    "enable_dns_support",
    "enable_dns_hostnames",
];

fn check_assumption(assumption: &Assumption) -> Result<(), (String, Option<String>)> {
    let Err(problem) = assumed(assumption).meaning() else { return Ok(()) };
    let (of, word) = assumption.key.rsplit_once('.').unwrap_or(("", &assumption.key));
    if ASSUMABLE.contains(&word) {
        return Err((problem, None));
    }
    let near = settings::suggestion(word, ASSUMABLE);
    Err((
        problem,
        near.map(|near| format!("did you mean {of}{}{near}?", if of.is_empty() { "" } else { "." })),
    ))
}

fn assumed(assumption: &Assumption) -> assumption::Assumed {
    assumption::Assumed {
        key: assumption.key.clone(),
        value: match &assumption.value {
            settings::Assumed::Bool(value) => assumption::AssumedValue::Bool(*value),
            settings::Assumed::Text(text) => assumption::AssumedValue::Text(text.clone()),
            settings::Assumed::List(texts) => assumption::AssumedValue::List(texts.clone()),
        },
        span: Some(assumption.span),
    }
}

/// What model, proof and rules are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub(super) model: ModelOptions,
    pub(super) proof: ProofOptions,
    pub(super) rules: RuleOptions,
}

impl Options {
    /// Those of the settings.
    fn of(settings: &Settings) -> Options {
        let facts = settings.assumptions.iter().map(assumed).collect();
        let unused = rules::ALL.iter().map(|rule| rule.code).filter(|code| !levels::is_used(code, settings));
        let ssh = settings.rules.get("SSM006");
        Options {
            model: ModelOptions { assumptions: Assumptions { facts }, ..ModelOptions::default() },
            proof: ProofOptions {
                ec2messages: match settings.ec2messages {
                    Some(Ec2Messages::Advisory) => proof::Ec2Messages::Advisory,
                    Some(Ec2Messages::Required) | None => proof::Ec2Messages::Required,
                },
            },
            rules: RuleOptions {
                disabled: unused.map(str::to_owned).collect(),
                also_ports: ssh.map(|rule| rule.also_ports.clone()).unwrap_or_default(),
                hints: settings
                    .rules
                    .iter()
                    .filter(|(_, rule)| rule.hints == Some(true))
                    .map(|(code, _)| code.clone())
                    .collect(),
            },
        }
    }
}

/// What every root of a run is looked at with.
pub(super) struct Job<'a> {
    pub(super) context: &'a Context,
    pub(super) settings: &'a Settings,
    pub(super) options: Options,
    /// Whether to look at all combinations of switches, too.
    pub(super) matrix: bool,
    /// Scenarios with the roots that they are for, or what was asked for on the command line.
    scenarios: Vec<(Planned, Globs)>,
    base: Option<Base>,
}

/// A scenario before a root's variables are known.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    /// Whether it stands in the settings.
    pub(super) is_set: bool,
    /// Inputs that those of the command line win over.
    pub(super) before: Vec<VarArgument>,
    /// Inputs that win over those of the command line.
    pub(super) after: Vec<VarArgument>,
    pub(super) workspace: Option<String>,
}

/// What is looked at when no scenario is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    /// The scenarios of the settings.
    All,
    /// What is configured.
    Configured,
}

impl<'a> Job<'a> {
    /// Errors: a scenario that does not exist.
    pub(super) fn new(request: &'a Request, unasked: Unasked, fs: &dyn FileSystem) -> Result<Job<'a>, Error> {
        let (context, settings) = (&request.context, &request.settings);
        let scenarios = if context.scenarios.is_empty() {
            let all = settings.scenarios.iter().filter(|_| unasked == Unasked::All);
            all.map(of_settings).collect()
        } else {
            let asked = context.scenarios.iter().map(|assumed| planned(assumed, settings));
            asked.collect::<Result<_, Error>>()?
        };
        let base = if settings.file.is_some() { Base::of(settings, fs) } else { None };
        let options = Options::of(settings);
        Ok(Job { context, settings, options, matrix: request.matrix, scenarios, base })
    }

    /// The scenarios of the root module in a directory; none for what is configured.
    pub(super) fn scenarios(&self, dir: &Path, fs: &dyn FileSystem) -> Vec<&Planned> {
        let below = self.base.as_ref().and_then(|base| base.below(dir, fs));
        let holds = |globs: &Globs| below.as_deref().is_none_or(|below| globs.holds_directory(below));
        self.scenarios.iter().filter(|(_, globs)| holds(globs)).map(|(planned, _)| planned).collect()
    }

    /// Whether a directory counts as a root module. One that was named below the settings does in any case.
    pub(super) fn counts(&self, dir: &Path, request: &Request, fs: &dyn FileSystem) -> bool {
        if self.settings.roots.is_empty() {
            return true;
        }
        let Some(base) = &self.base else { return true };
        let Some(below) = base.below(dir, fs) else { return true };
        let is_named = || {
            below != Path::new(".")
                && request.paths.iter().any(|path| base.below(path, fs).as_ref() == Some(&below))
        };
        Globs::new(&self.settings.roots).holds_directory(&below) || is_named()
    }

    /// Whether the paths of a request hold everything that the settings are for.
    pub(super) fn is_whole(&self, request: &Request, fs: &dyn FileSystem) -> bool {
        self.base.as_ref().is_some_and(|base| request.paths.iter().any(|path| base.is_within(path, fs)))
    }
}

fn planned(assumed: &Assumed, settings: &Settings) -> Result<(Planned, Globs), Error> {
    if assumed.inputs.is_empty() {
        let there = || settings.scenarios.iter().map(|scenario| scenario.name.clone()).collect();
        let found = settings.scenario(&assumed.name);
        return found.map(of_settings).ok_or_else(|| Error::NoScenario(assumed.name.clone(), there()));
    }
    let after = assumed.inputs.iter().map(|(name, value)| VarArgument::Var(format!("{name}={value}")));
    let planned = Planned {
        name: assumed.name.clone(),
        is_set: false,
        before: Vec::new(),
        after: after.collect(),
        workspace: None,
    };
    Ok((planned, Globs::default()))
}

fn of_settings(scenario: &ScenarioSettings) -> (Planned, Globs) {
    let files = scenario.var_files.iter().cloned().map(VarArgument::File);
    let variables = scenario.variables.iter().map(|input| VarArgument::Scenario {
        scenario: scenario.name.clone(),
        name: input.name.as_str().into(),
        name_span: input.name_span,
        value: input.value.clone(),
    });
    let planned = Planned {
        name: scenario.name.clone(),
        is_set: true,
        before: files.chain(variables).collect(),
        after: Vec::new(),
        workspace: scenario.workspace.clone(),
    };
    (planned, Globs::new(&scenario.roots))
}
