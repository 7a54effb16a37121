//! One root module through the stages: modules, inputs, evaluation, model, proof, rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::addr::{self, ResourceMode};
use crate::aws::Model;
use crate::aws::schema::Aws;
use crate::aws::trail::Trails;
use crate::config::decode::UNSUPPORTED_VERSION;
use crate::config::load::Loader;
use crate::config::tfvars::{self, VarArgument};
use crate::config::{Child, Config, ModuleNode};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::limits::Limits;
use crate::eval::scenario::{Demand, Environment, Scenario};
use crate::eval::value::Value;
use crate::eval::{self, Evaluation};
use crate::finding::Finding;
use crate::lint::configure::{Job, Options, Planned};
use crate::lint::inventory::inventory;
use crate::lint::redact::Secrets;
use crate::lint::{Argument, worlds};
use crate::proof::verdict::Proof;
use crate::proof::{Reach, chain};
use crate::report::inspect::Summarized;
use crate::report::matrix::Matrix;
use crate::report::place::path_text;
use crate::report::prices::Inventory;
use crate::report::{Gap, GapKind, RuleInfo};
use crate::rules::{self, RuleContext};
use crate::source::fs::FileSystem;
use crate::source::{FileId, SourceMap, Span};
use crate::suppress::{self, Place, Places};
use crate::syntax::ast::Expr;

/// What the check of one root hands over.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    /// Where what the findings name is declared.
    pub(super) places: Places,
    pub(super) gaps: Vec<Gap>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What is wrong with the command line, or with a scenario of the settings, seen from this root: another root may
    /// take what it does not declare.
    pub(super) misfits: Vec<Misfit>,
    /// The scenarios of the settings that were looked at.
    pub(super) scenarios: Vec<String>,
    pub(super) targets: usize,
    /// The proofs of all targets in each scenario, by its name.
    pub(super) verdicts: Vec<(String, Vec<Proof>)>,
    pub(super) files: Vec<FileId>,
    /// Those of them that hold the word of directives.
    pub(super) speaking: Vec<FileId>,
    /// Directories without links of the modules that are called.
    pub(super) modules: BTreeSet<PathBuf>,
    /// Module calls whose source is not available, by place.
    pub(super) missing: BTreeSet<Span>,
    /// Module calls for which a built-in summary was evaluated, by place.
    pub(super) summaries: BTreeSet<Span>,
    /// The verdicts for all combinations of its switches, when they were asked for.
    pub(super) matrix: Option<Matrix>,
}

/// An input that a root does not take; with the scenario of the settings that sets it, or none.
pub(super) type Misfit = (Option<String>, Diagnostic);

/// A root module with the inputs that Terraform would give it.
pub(super) struct Root {
    pub(super) config: Config,
    /// What is configured.
    scenario: Scenario,
    /// What is looked at: the scenarios asked for, or what is configured.
    pub(super) scenarios: Vec<Scenario>,
    /// What model, proof and rules are asked for.
    pub(super) options: Options,
}

/// What is found and proven in one world.
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) proofs: Vec<Proof>,
    /// What is paid for by the hour.
    pub(super) inventory: Inventory,
    /// How many comparisons that takes.
    pub(super) work: u64,
    /// Why no rule was asked and nothing proven.
    pub(super) limit: Option<String>,
}

/// Runs model, proof and rules on an evaluation.
pub(super) fn judge(evaluation: &Evaluation, options: &Options) -> Judged {
    let model = Model::build(evaluation, &options.model);
    let reach = Reach::new(&model, &options.proof);
    let limit = reach.limit();
    let trails = Trails::new(evaluation);
    let mut findings = match limit {
        None => rules::check(&RuleContext {
            model: &model,
            reach: &reach,
            trails: &trails,
            options: &options.rules,
        }),
        Some(_) => Vec::new(),
    };
    let mut proofs = chain::prove(&reach);
    for proof in &mut proofs {
        proof.tell(&trails);
    }
    let secrets = Secrets::of(evaluation);
    findings.iter_mut().for_each(|finding| secrets.hide_in_finding(finding));
    proofs.iter_mut().for_each(|proof| secrets.hide_in_proof(proof));
    Judged { findings, proofs, inventory: inventory(&model), work: reach.work(), limit }
}

/// Runs model and proof alone, for a world whose findings nobody asks for.
pub(super) fn prove(evaluation: &Evaluation, options: &Options) -> Vec<Proof> {
    let model = Model::build(evaluation, &options.model);
    let trails = Trails::new(evaluation);
    let mut proofs = chain::prove(&Reach::new(&model, &options.proof));
    let secrets = Secrets::of(evaluation);
    for proof in &mut proofs {
        proof.tell(&trails);
        secrets.hide_in_proof(proof);
    }
    proofs
}

/// What evaluation reads besides the configuration.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) fs: &'a dyn FileSystem,
    pub(super) sources: &'a SourceMap,
}

/// Checks the root module in a directory.
pub(super) fn check(loader: &Loader<'_>, world: World<'_>, dir: &Path, job: &Job<'_>) -> Checked {
    let planned = job.scenarios(dir, world.fs);
    let root = Root::load(loader, dir, job, &planned);
    let mut findings = Vec::new();
    let mut verdicts = Vec::new();
    let mut gaps = Vec::new();
    let mut diagnostics = Vec::new();
    let mut summaries = BTreeSet::new();
    for scenario in &root.scenarios {
        // What is asked for by name is looked at alone.
        let split = match planned.is_empty() {
            true => worlds::judge_around(&root, world, scenario),
            false => worlds::judge(&root, world, scenario),
        };
        findings.push((scenario.name.clone(), split.findings));
        verdicts.push((scenario.name.clone(), split.proofs));
        gaps.extend(split.gaps);
        diagnostics.extend(split.diagnostics);
        summaries.extend(split.summaries);
    }
    let findings = worlds::join_scenarios(findings);

    let mut modules = BTreeSet::new();
    called(&root.config.root, &mut modules);
    diagnostics.extend(root.config_diagnostics().cloned());
    let mut misfits: Vec<Misfit> = Vec::new();
    for scenario in &root.scenarios {
        for diagnostic in &scenario.inputs.diagnostics {
            match said_by(diagnostic, world.sources, job) {
                Some(SaidBy::File) => diagnostics.push(diagnostic.clone()),
                by => {
                    let of = (by == Some(SaidBy::Settings)).then(|| scenario.name.clone());
                    let misfit = (of, diagnostic.clone());
                    if !misfits.contains(&misfit) {
                        misfits.push(misfit);
                    }
                }
            }
        }
    }
    let files = root.files();
    let speaks = |file: &FileId| suppress::speaks(&world.sources.file(*file));
    Checked {
        places: places(&root.config, &findings),
        findings,
        gaps,
        diagnostics,
        misfits,
        scenarios: planned
            .iter()
            .filter(|scenario| scenario.is_set)
            .map(|scenario| scenario.name.clone())
            .collect(),
        targets: verdicts.first().map_or(0, |(_, proofs)| proofs.len()),
        verdicts,
        speaking: files.iter().copied().filter(speaks).collect(),
        files,
        modules,
        missing: root.config.missing.iter().map(|missing| missing.span).collect(),
        summaries,
        matrix: job.matrix.then(|| worlds::matrix(&root, world)),
    }
}

/// Where an input is given that a root does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SaidBy {
    /// A file that Terraform reads by itself, or that the settings name.
    File,
    /// The settings.
    Settings,
}

/// None: the command line.
fn said_by(diagnostic: &Diagnostic, sources: &SourceMap, job: &Job<'_>) -> Option<SaidBy> {
    let path = &sources.file(diagnostic.span?.file).path;
    if job.settings.file.as_ref() == Some(path) {
        return Some(SaidBy::Settings);
    }
    let mut arguments = job.context.arguments.iter();
    let is_argument = arguments.any(|argument| matches!(argument, Argument::VarFile(file) if file == path));
    (!is_argument).then_some(SaidBy::File)
}

/// All rules, by code; those about directives come last.
pub(super) fn rules() -> Vec<RuleInfo> {
    let info = |rule: &rules::Rule| RuleInfo {
        code: rule.code.to_owned(),
        name: rule.name.to_owned(),
        severity: rule.severity,
        category: rule.category.to_owned(),
        summary: rules::page::summary(rule.page).to_owned(),
        page: rules::page::body(rule.page).to_owned(),
    };
    let about_directives = suppress::RULES.iter().map(|rule| RuleInfo {
        code: rule.code.to_owned(),
        name: rule.name.to_owned(),
        severity: rule.severity,
        category: suppress::CATEGORY.to_owned(),
        summary: rules::page::summary(rule.page).to_owned(),
        page: rules::page::body(rule.page).to_owned(),
    });
    rules::ALL.iter().map(info).chain(about_directives).collect()
}

impl Root {
    /// Loads the root module in a directory.
    pub(super) fn load(loader: &Loader<'_>, dir: &Path, job: &Job<'_>, planned: &[&Planned]) -> Root {
        let context = job.context;
        let config = loader.load(dir);
        let environment: Vec<(String, String)> = context
            .environment
            .iter()
            .map(|(name, value)| (format!("TF_VAR_{name}"), value.clone()))
            .collect();
        let arguments: Vec<VarArgument> = context
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Var(name, value) => VarArgument::Var(format!("{name}={value}")),
                Argument::VarFile(path) => VarArgument::File(path.clone()),
            })
            .collect();
        let scenario = |name: &str, planned: Option<&Planned>| {
            let before = planned.into_iter().flat_map(|planned| &planned.before);
            let after = planned.into_iter().flat_map(|planned| &planned.after);
            let arguments: Vec<VarArgument> = before.chain(&arguments).chain(after).cloned().collect();
            // Terraform would be run in the scenario's workspace, unless the command line says otherwise.
            let workspace = context.workspace.as_ref();
            let workspace = workspace.or_else(|| planned?.workspace.as_ref()).or(context.selected.as_ref());
            Scenario {
                name: name.to_owned(),
                inputs: tfvars::inputs(loader, &config, &environment, &arguments),
                workspace: workspace.cloned().unwrap_or_else(|| "default".to_owned()),
            }
        };
        let configured = scenario("", None);
        let mut scenarios: Vec<Scenario> =
            planned.iter().map(|planned| scenario(&planned.name, Some(planned))).collect();
        if scenarios.is_empty() {
            scenarios.push(configured.clone());
        }
        Root { config, scenario: configured, scenarios, options: job.options.clone() }
    }

    /// Evaluates the first of its scenarios.
    pub(super) fn evaluate(&self, world: World<'_>, demand: Demand) -> Evaluation {
        self.evaluate_in(world, self.first(), demand)
    }

    /// Evaluates it in a scenario.
    pub(super) fn evaluate_in(&self, world: World<'_>, scenario: &Scenario, demand: Demand) -> Evaluation {
        let limits = Limits::default();
        eval::evaluate(&self.config, scenario, environment(world, &limits, demand))
    }

    /// The first of its scenarios.
    pub(super) fn first(&self) -> &Scenario {
        self.scenarios.first().unwrap_or(&self.scenario)
    }

    /// Evaluates expressions in it, each with what Terraform would report.
    pub(super) fn evaluate_expressions(
        &self,
        world: World<'_>,
        expressions: &[Expr],
    ) -> Vec<(Value, Vec<Diagnostic>)> {
        let limits = Limits::default();
        eval::evaluate_expressions(
            &self.config,
            self.first(),
            environment(world, &limits, Demand::Relevant),
            expressions,
        )
    }

    /// Everything that is wrong in its files, inputs and values.
    pub(super) fn diagnostics(&self, evaluation: &Evaluation) -> Vec<Diagnostic> {
        let config = self.config.diagnostics.iter().chain(&self.first().inputs.diagnostics);
        let all = config.chain(&evaluation.diagnostics).cloned();
        let shown = |span: Option<Span>| span.map(|span| evaluation.shown(span));
        all.map(|found| Diagnostic { span: shown(found.span), ..found }).collect()
    }

    /// Everything that is wrong in its files and inputs, whichever Terraform they are meant for.
    pub(super) fn input_diagnostics(&self) -> Vec<Diagnostic> {
        self.config_diagnostics().chain(&self.first().inputs.diagnostics).cloned().collect()
    }

    fn config_diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.config.diagnostics.iter().filter(|diagnostic| diagnostic.summary != UNSUPPORTED_VERSION)
    }

    /// Whether a file of it could not be read or parsed.
    pub(super) fn is_unreadable(&self) -> bool {
        let diagnostics = self.config.diagnostics.iter().chain(&self.scenario.inputs.diagnostics);
        diagnostics.into_iter().any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
    }

    /// Whether something in its files marks values as sensitive, or reads a state, which may do so.
    pub(super) fn has_secrets(&self, sources: &SourceMap) -> bool {
        let marks = |file: FileId| {
            let file = sources.file(file);
            file.text.contains("sensitive") || file.text.contains("terraform_remote_state")
        };
        self.files().into_iter().any(marks)
    }

    fn files(&self) -> Vec<FileId> {
        self.config.files.iter().chain(&self.scenario.inputs.files).copied().collect()
    }
}

fn environment<'a>(world: World<'a>, limits: &'a Limits, demand: Demand) -> Environment<'a> {
    Environment { provider: &Aws, fs: world.fs, sources: world.sources, limits, demand }
}

/// What the evaluation could not see.
pub(super) fn gaps(evaluation: &Evaluation) -> Vec<Gap> {
    let kind = |kind: eval::GapKind| match kind {
        eval::GapKind::ModuleUnavailable => GapKind::ModuleUnavailable,
        eval::GapKind::FileUnreadable => GapKind::FileUnreadable,
        eval::GapKind::NotUnderstood => GapKind::NotUnderstood,
        eval::GapKind::Limit => GapKind::Limit,
    };
    let gaps = evaluation.gaps.iter();
    let shown = |span: Option<Span>| span.map(|span| evaluation.shown(span));
    gaps.map(|gap| Gap { kind: kind(gap.kind), message: gap.message.clone(), span: shown(gap.span) })
        .collect()
}

/// The module calls below a node for which a built-in summary is evaluated.
pub(super) fn summarized(node: &ModuleNode) -> Vec<Summarized> {
    let mut found = Vec::new();
    let mut nodes = vec![(String::new(), node)];
    while let Some((address, node)) = nodes.pop() {
        if let Some(summary) = &node.module.summary {
            found.push(Summarized {
                address,
                source: summary.source.to_string(),
                version: summary.version.to_string(),
                span: summary.call,
            });
            continue;
        }
        for (name, child) in &node.children {
            if let Child::Module(child) = child {
                let separator = if address.is_empty() { "" } else { "." };
                nodes.push((format!("{address}{separator}module.{name}"), child));
            }
        }
    }
    found.sort_by(|a, b| a.address.cmp(&b.address));
    found
}

/// Adds the directories of the modules below a node.
fn called(node: &ModuleNode, into: &mut BTreeSet<PathBuf>) {
    for child in node.children.values() {
        if let Child::Module(child) = child
            && child.module.summary.is_none()
            && into.insert(child.module.canonical_dir.clone())
        {
            called(child, into);
        }
    }
}

/// Where the subjects and the affected targets of findings are declared, by address.
fn places(config: &Config, findings: &[Finding]) -> Places {
    let mut places = Places::new();
    for address in findings.iter().flat_map(|finding| finding.affected.iter().chain([&finding.subject])) {
        if !places.contains_key(address)
            && let Some(place) = place(config, address)
        {
            places.insert(address.clone(), place);
        }
    }
    places
}

fn place(config: &Config, address: &str) -> Option<Place> {
    let mut calls = Vec::new();
    let mut node = config.root.as_ref();
    let names = addr::names(address);
    let mut names = names.iter().map(String::as_str).peekable();
    while names.next_if_eq(&"module").is_some() {
        let name = names.next()?;
        calls.push(node.module.module_calls.get(name)?.decl_range);
        match node.children.get(name)? {
            Child::Module(child) => node = child,
            Child::Missing(_) => return None,
        }
        if let Some(summary) = &node.module.summary {
            return Some(Place { block: summary.call_block, calls });
        }
    }
    let mode = match names.next_if(|name| matches!(*name, "data" | "ephemeral")) {
        Some("data") => ResourceMode::Data,
        Some(_) => ResourceMode::Ephemeral,
        None => ResourceMode::Managed,
    };
    let (type_name, name) = (names.next()?, names.next()?);
    let addr = addr::Resource { mode, type_name: type_name.into(), name: name.into() };
    let resource = node.module.resources.get(&addr)?;
    Some(Place { block: resource.span, calls })
}

/// A root's name in the report: its directory.
pub(super) fn name(dir: &Path) -> String {
    path_text(dir)
}
