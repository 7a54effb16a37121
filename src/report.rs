//! Writing down what a run found: one renderer per format, each with its own output types.
//!
//! A [`Report`] is plain data. No renderer prints: each appends to a `String` that the caller writes once. All text
//! from the user's files passes through [`safe`], because terminals, CI runners and web pages act on what they read.

pub mod safe;
pub mod place;
pub mod fingerprint;
pub mod summary;
mod excerpt;
mod suppressed;
mod issue;
mod xml;
mod markup;
mod mermaid;
pub mod statistics;
pub mod pretty;
pub mod concise;
pub mod json;
pub mod jsonl;
pub mod sarif;
pub mod github;
pub mod gitlab;
pub mod junit;
pub mod checkstyle;
pub mod rdjson;
pub mod markdown;
pub mod value;
pub mod inspect;
pub mod why;
pub mod prices;
pub mod matrix;
pub mod eval;
pub mod page;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, DiagnosticKind};
use crate::finding::{Finding, Key, Suppressed};
pub use crate::finding::{Safety, Severity};
use crate::proof::verdict::Proof;
use crate::source::{SourceMap, Span};

/// Everything that a run of `check` hands over.
#[derive(Debug, Default)]
pub struct Report {
    /// What is proven wrong, in the order in which it is printed.
    pub findings: Vec<Finding>,
    /// What is neither proven nor refuted, in the same order.
    pub undecided: Vec<Finding>,
    /// What is accepted, by whom and why, in the same order; certain or not.
    pub suppressed: Vec<Suppressed>,
    /// What a baseline knows of it; none when there is no baseline.
    pub recognised: Option<Recognised>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
    /// What Terraform would refuse, and what could not be read.
    pub diagnostics: Vec<Diagnostic>,
    /// Our own failures: a root whose check stopped, with the reason.
    pub failures: Vec<Failure>,
    /// How many are undecided besides those, which the settings only count.
    pub hidden: usize,
    /// How much was looked at.
    pub counts: Counts,
    /// What is proven of the targets, for each root module and scenario.
    pub verdicts: Vec<Verdicts>,
    /// The verdicts for all combinations of switches, for each root module; empty unless they were asked for.
    pub matrices: Vec<matrix::Matrix>,
    /// All rules there are, by code; SARIF lists them also when nothing was found.
    pub rules: Vec<RuleInfo>,
    /// The codes of rules that were not asked for.
    pub not_run: BTreeSet<String>,
    /// The text of all files.
    pub sources: Arc<SourceMap>,
    /// Findings that fixes have removed; what is reported is what remains.
    pub fixed: usize,
    /// How long it took.
    pub duration: Duration,
}

/// The proofs of all targets of a root module in one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdicts {
    /// The root module's directory.
    pub root: String,
    /// The scenario's name; empty for what is configured.
    pub scenario: String,
    /// A proof for each target.
    pub proofs: Vec<Proof>,
}

/// How much was looked at: what the closing line states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Instances, and groups and fleets that start some.
    pub targets: usize,
    /// Root modules.
    pub roots: usize,
    /// Root modules that the settings leave out.
    pub roots_left_out: usize,
    /// Terraform files, each once.
    pub files: usize,
    /// Directories that are called as modules, each once.
    pub modules: usize,
    /// Module calls whose source is not available.
    pub modules_missing: usize,
    /// Module calls for which a built-in summary was evaluated instead of the source.
    pub summaries: usize,
}

/// What was found, as a baseline sees it. Suppressed findings and those about directives are none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognised {
    /// The findings that the baseline knows, in the order of the others; they are in no other list.
    pub known: Vec<Finding>,
    /// All findings that a baseline would hold, known or not.
    pub keys: Vec<Key>,
    /// Those that are neither proven nor refuted: a baseline need not hold them, and must not drop them.
    pub undecided: Vec<Key>,
    /// The roots that were looked at, as keys name them.
    pub roots: BTreeSet<String>,
}

/// Something that could not be seen and may hold more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What kind.
    pub kind: GapKind,
    /// What it is, in one phrase.
    pub message: String,
    /// Where.
    pub span: Option<Span>,
}

/// The kinds of gaps, as they are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
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

/// A root whose check stopped because of an error of ssmlint itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The root module's directory.
    pub root: String,
    /// What went wrong.
    pub message: String,
}

/// A rule as the formats describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// `SSM001`.
    pub code: String,
    /// `endpoint-private-dns-disabled`.
    pub name: String,
    /// How bad a finding of it is, unless the finding says otherwise.
    pub severity: Severity,
    /// `correctness`, `security`, `cost` and the like.
    pub category: String,
    /// What it says, in one sentence.
    pub summary: String,
    /// Its page, in Markdown.
    pub page: String,
}

/// What of a report decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From which severity on findings fail the run.
    pub fail_on: Severity,
    /// Whether what could not be decided counts like a finding of its severity.
    pub strict: bool,
    /// Whether findings never fail the run.
    pub exit_zero: bool,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { fail_on: Severity::Warning, strict: false, exit_zero: false }
    }
}

/// Settings that the formats share.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What decides the exit code; SARIF records it.
    pub policy: Policy,
    /// Whether to write escape sequences for colour.
    pub color: bool,
    /// Whether to write escape sequences that make codes and paths links.
    pub hyperlinks: bool,
    /// Only findings: no list of undecided ones, no closing line.
    pub quiet: bool,
    /// Whether suppressed findings are listed with who suppressed them.
    pub show_suppressed: bool,
    /// For people, the number of findings of each rule instead of the findings.
    pub statistics: bool,
    /// The working directory, absolute; SARIF records it, links to files need it.
    pub working_dir: Option<PathBuf>,
    /// The working directory relative to the repository, `infra/prod`; empty at its top. Formats for forges count
    /// paths from there.
    pub prefix: PathBuf,
    /// Where the repository's files can be read at this revision, up to the path: `https://github.com/o/r/blob/abc/`.
    /// Markdown links there.
    pub source_url: Option<String>,
}

/// The formats of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: source lines with labels.
    Pretty,
    /// One line a finding.
    Concise,
    /// `ssmlint/1`, see the README.
    Json,
    /// The same, one object a line.
    Jsonl,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub workflow commands.
    Github,
    /// The report of GitLab's code quality.
    Gitlab,
    /// JUnit's XML: a test case for each instance and rule.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
    /// The Reviewdog Diagnostic Format.
    Rdjson,
    /// The same, one diagnostic a line.
    Rdjsonl,
    /// Tables for a job's summary or a merge request.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 12] = [
        Format::Pretty,
        Format::Concise,
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
        Format::Checkstyle,
        Format::Rdjson,
        Format::Rdjsonl,
        Format::Markdown,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Concise => "concise",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Junit => "junit",
            Format::Checkstyle => "checkstyle",
            Format::Rdjson => "rdjson",
            Format::Rdjsonl => "rdjsonl",
            Format::Markdown => "markdown",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Whether what it writes is one document, or one object a line: nothing else may stand beside it.
    pub fn is_document(self) -> bool {
        match self {
            Format::Json
            | Format::Jsonl
            | Format::Sarif
            | Format::Gitlab
            | Format::Junit
            | Format::Checkstyle
            | Format::Rdjson
            | Format::Rdjsonl => true,
            Format::Pretty | Format::Concise | Format::Github | Format::Markdown => false,
        }
    }
}

/// The address of a rule's page.
pub fn rule_url(code: &str) -> String {
    format!("{}/blob/main/rules/{code}.md", env!("CARGO_PKG_REPOSITORY"))
}

/// The code of findings that say that a directive cannot be obeyed.
const INVALID_DIRECTIVE: &str = "IGN004";

impl Report {
    /// Renders the report.
    pub fn render(&self, format: Format, options: &Options) -> String {
        match format {
            Format::Pretty => pretty::render(self, options),
            Format::Concise => concise::render(self, options),
            Format::Json => json::render(self),
            Format::Jsonl => jsonl::render(self),
            Format::Sarif => sarif::render(self, options),
            Format::Github => github::render(self, options),
            Format::Gitlab => gitlab::render(self, options),
            Format::Junit => junit::render(self, options),
            Format::Checkstyle => checkstyle::render(self, options),
            Format::Rdjson => rdjson::render(self, options),
            Format::Rdjsonl => rdjson::lines(self, options),
            Format::Markdown => markdown::render(self, options),
        }
    }

    /// The number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether part of the job could not be done: a file or a directive could not be read, or ssmlint failed.
    pub fn is_incomplete(&self) -> bool {
        !self.failures.is_empty()
            || self.findings.iter().any(|finding| finding.code == INVALID_DIRECTIVE)
            || self.diagnostics.iter().any(|diagnostic| diagnostic.kind == DiagnosticKind::Unreadable)
    }

    /// 0: nothing that fails the run. 1: findings. 2: the job could not be done, which outranks findings.
    pub fn exit_code(&self, policy: Policy) -> u8 {
        let fails = self.findings.iter().any(|finding| finding.severity >= policy.fail_on)
            || (policy.strict && self.undecided.iter().any(|finding| finding.severity >= policy.fail_on));
        if self.is_incomplete() {
            2
        } else if fails && !policy.exit_zero {
            1
        } else {
            0
        }
    }
}
