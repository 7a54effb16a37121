//! One root module through the stages: modules, inputs, evaluation, model, proof, rules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::aws::schema::Aws;
use crate::aws::trail::Trails;
use crate::aws::{Model, ModelOptions};
use crate::config::load::Loader;
use crate::config::tfvars::{self, VarArgument};
use crate::config::{Child, Config, ModuleNode};
use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::eval::limits::Limits;
use crate::eval::scenario::{Demand, Environment, Scenario};
use crate::eval::value::Value;
use crate::eval::{self, Evaluation};
use crate::finding::{Certainty, Finding, Severity};
use crate::lint::{Argument, Context, worlds};
use crate::proof::verdict::Proof;
use crate::proof::{ProofOptions, Reach, chain};
use crate::report::inspect::Summarized;
use crate::report::place::path_text;
use crate::report::{Gap, GapKind, RuleInfo};
use crate::rules::{self, RuleContext, RuleOptions};
use crate::source::fs::FileSystem;
use crate::source::{FileId, SourceMap, Span};
use crate::syntax::ast::Expr;

/// What the check of one root hands over.
pub(super) struct Checked {
    pub(super) findings: Vec<Finding>,
    pub(super) gaps: Vec<Gap>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What is wrong with the command line, seen from this root: another root may take what it does not declare.
    pub(super) misfits: Vec<Diagnostic>,
    pub(super) targets: usize,
    /// The proofs of all targets in each scenario, by its name.
    pub(super) verdicts: Vec<(String, Vec<Proof>)>,
    pub(super) files: Vec<FileId>,
    /// Directories without links of the modules that are called.
    pub(super) modules: BTreeSet<PathBuf>,
    /// Module calls whose source is not available, by place.
    pub(super) missing: BTreeSet<Span>,
    /// Module calls for which a built-in summary was evaluated, by place.
    pub(super) summaries: BTreeSet<Span>,
}

/// A root module with the inputs that Terraform would give it.
pub(super) struct Root {
    pub(super) config: Config,
    /// What is configured.
    scenario: Scenario,
    /// What is looked at: the scenarios asked for, or what is configured.
    pub(super) scenarios: Vec<Scenario>,
}

/// What is found and proven in one world.
pub(super) struct Judged {
    pub(super) findings: Vec<Finding>,
    pub(super) proofs: Vec<Proof>,
}

/// Rules whose errors say that AWS refuses to make an endpoint.
const REFUSED: [&str; 3] = ["SSM012", "SSM013", "SSM014"];

/// Runs model, proof and rules on an evaluation.
pub(super) fn judge(evaluation: &Evaluation) -> Judged {
    let model = Model::build(evaluation, &ModelOptions::default());
    let options = ProofOptions::default();
    let reach = Reach::new(&model, &options);
    let trails = Trails::new(evaluation);
    let findings = rules::check(&RuleContext {
        model: &model,
        reach: &reach,
        trails: &trails,
        options: &RuleOptions::default(),
    });
    let mut proofs = chain::prove(&reach);
    let refused = findings.iter().filter(|finding| {
        let is_proven = finding.certainty == Certainty::Certain && finding.severity == Severity::Error;
        is_proven && REFUSED.contains(&finding.code)
    });
    for finding in refused {
        let span = finding.primary.as_ref().map(|label| label.span);
        for proof in &mut proofs {
            proof.refuse(&finding.subject, finding.code, &finding.message, span);
        }
    }
    for proof in &mut proofs {
        proof.tell(&trails);
    }
    Judged { findings, proofs }
}

/// What evaluation reads besides the configuration.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) fs: &'a dyn FileSystem,
    pub(super) sources: &'a SourceMap,
}

/// Checks the root module in a directory.
pub(super) fn check(loader: &Loader<'_>, world: World<'_>, dir: &Path, context: &Context) -> Checked {
    let root = Root::load(loader, dir, context);
    let mut findings = Vec::new();
    let mut verdicts = Vec::new();
    let mut gaps = Vec::new();
    let mut diagnostics = Vec::new();
    let mut summaries = BTreeSet::new();
    for scenario in &root.scenarios {
        // What is asked for by name is looked at alone.
        let split = match context.scenarios.is_empty() {
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
    let inputs = || root.scenarios.iter().flat_map(|scenario| &scenario.inputs.diagnostics);
    let is_misfit = |diagnostic: &Diagnostic| {
        let is_argument = diagnostic.span.is_none_or(|span| {
            let path = &world.sources.file(span.file).path;
            context
                .arguments
                .iter()
                .any(|argument| matches!(argument, Argument::VarFile(file) if file == path))
        });
        is_argument && inputs().any(|other| other == diagnostic)
    };
    let own = root.config.diagnostics.iter().chain(inputs()).cloned();
    let (misfits, diagnostics) = own.chain(diagnostics).partition(is_misfit);
    Checked {
        findings,
        gaps,
        diagnostics,
        misfits,
        targets: verdicts.first().map_or(0, |(_, proofs)| proofs.len()),
        verdicts,
        files: root.files(),
        modules,
        missing: root.config.missing.iter().map(|missing| missing.span).collect(),
        summaries,
    }
}

/// All rules, by code.
pub(super) fn rules() -> Vec<RuleInfo> {
    let info = |rule: &rules::Rule| RuleInfo {
        code: rule.code.to_owned(),
        name: rule.name.to_owned(),
        severity: rule.severity,
        category: rule.category.to_owned(),
        summary: rules::page::summary(rule.page).to_owned(),
        page: rules::page::body(rule.page).to_owned(),
    };
    rules::ALL.iter().map(info).collect()
}

impl Root {
    /// Loads the root module in a directory.
    pub(super) fn load(loader: &Loader<'_>, dir: &Path, context: &Context) -> Root {
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
        let scenario = |name: &str, more: &[(String, String)]| {
            let more = more.iter().map(|(name, value)| VarArgument::Var(format!("{name}={value}")));
            let arguments: Vec<VarArgument> = arguments.iter().cloned().chain(more).collect();
            Scenario {
                name: name.to_owned(),
                inputs: tfvars::inputs(loader, &config, &environment, &arguments),
                workspace: context.workspace.clone().unwrap_or_else(|| "default".to_owned()),
            }
        };
        let configured = scenario("", &[]);
        let assumed = context.scenarios.iter().map(|assumed| scenario(&assumed.name, &assumed.inputs));
        let mut scenarios: Vec<Scenario> = assumed.collect();
        if scenarios.is_empty() {
            scenarios.push(configured.clone());
        }
        Root { config, scenario: configured, scenarios }
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

    /// Everything that is wrong in its files and inputs.
    pub(super) fn input_diagnostics(&self) -> Vec<Diagnostic> {
        self.config.diagnostics.iter().chain(&self.first().inputs.diagnostics).cloned().collect()
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

/// A root's name in the report: its directory.
pub(super) fn name(dir: &Path) -> String {
    path_text(dir)
}
