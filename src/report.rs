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
pub mod pretty;
pub mod concise;
pub mod json;
pub mod sarif;
pub mod github;
pub mod value;
pub mod inspect;
pub mod why;
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
    /// The proofs of all targets in each scenario, by the scenario's name; one without name for what is configured.
    pub verdicts: Vec<(String, Vec<Proof>)>,
    /// All rules there are, by code; SARIF lists them also when nothing was found.
    pub rules: Vec<RuleInfo>,
    /// The text of all files.
    pub sources: Arc<SourceMap>,
    /// Findings that fixes have removed; what is reported is what remains.
    pub fixed: usize,
    /// How long it took.
    pub duration: Duration,
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
    /// Only findings: no list of undecided ones, no closing line.
    pub quiet: bool,
    /// Whether suppressed findings are listed with who suppressed them.
    pub show_suppressed: bool,
    /// The working directory, absolute; SARIF records it.
    pub working_dir: Option<PathBuf>,
    /// The working directory relative to the repository, `infra/prod`; empty at its top. SARIF and GitHub count
    /// paths from there.
    pub prefix: PathBuf,
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
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub workflow commands.
    Github,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 5] =
        [Format::Pretty, Format::Concise, Format::Json, Format::Sarif, Format::Github];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Concise => "concise",
            Format::Json => "json",
            Format::Sarif => "sarif",
            Format::Github => "github",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == name)
    }
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
            Format::Sarif => sarif::render(self, options),
            Format::Github => github::render(self, options),
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
