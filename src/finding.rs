//! Findings: plain data between the rules and whoever prints, filters or fixes them.

use crate::source::Span;

/// How bad a finding is for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Hygiene, resilience or cost.
    Info,
    /// Works now, against the stated intent, or likely broken.
    Warning,
    /// Some target provably cannot open a session, or apply provably fails.
    Error,
}

impl Severity {
    /// The word as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// How sure ssmlint is that the violation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// Proven in this scenario.
    Certain,
    /// Neither proven nor refuted; counted and explained, never a failure unless asked for.
    Undecided,
}

/// One thing a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's code, `SSM001`.
    pub code: &'static str,
    /// The rule's name, `endpoint-private-dns-disabled`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// The headline: lower case, no full stop, stands alone in a CI log.
    pub message: String,
    /// The address of what is wrong, as Terraform prints it.
    pub subject: String,
    /// The line to change; none only for what has no source (a plan).
    pub primary: Option<Label>,
    /// Further places, in the order in which they are worth reading.
    pub labels: Vec<Label>,
    /// How the deciding value came about, from the use to the line that decided.
    pub trace: Vec<TraceStep>,
    /// Short facts that belong to the finding, printed as notes.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Option<String>,
    /// For an undecided one: what would have to be known, each with the place where it ends if there is one.
    pub because: Vec<Because>,
    /// The edits that remove the finding.
    pub fix: Option<Fix>,
    /// The targets that cannot be reached because of it, as addresses; sorted.
    pub affected: Vec<String>,
    /// The scenarios in which it holds; empty when there is only one.
    pub scenarios: Vec<String>,
    /// What the finding is about, independent of lines: stable under moving code. Used for fingerprints.
    pub cause: String,
    /// The module calls around the subject, outermost first, each with its header. Rules leave it empty; `lint` fills it.
    pub calls: Vec<Span>,
    /// The root modules in which it holds, as directories; sorted. Rules leave it empty; `lint` fills it.
    pub roots: Vec<String>,
}

/// A place with what it contributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What this line contributes; lower case, no full stop; may be empty.
    pub message: String,
}

/// One step of how a value came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceStep {
    /// The place; none for a provider default.
    pub span: Option<Span>,
    /// What happened there.
    pub message: String,
}

/// Why something could not be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// `var.vpc_id has no value`, `module.vpc is not installed`.
    pub reason: String,
    /// Where that stands.
    pub span: Option<Span>,
}

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Safety {
    /// Changes nothing that works; in place.
    Safe,
    /// Replaces a resource, cuts access that exists, or guesses an intent.
    Unsafe,
}

/// Byte edits that remove a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, as an imperative: `set private_dns_enabled to true`.
    pub title: String,
    /// Whether it may be applied without a look.
    pub safety: Safety,
    /// Disjoint edits.
    pub edits: Vec<Edit>,
}

/// One replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// Who accepted a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acceptance {
    /// A comment beside the code.
    Comment,
    /// An `ignore` block of the settings.
    Settings,
}

/// A finding that is accepted, and where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding; of one that affects further targets, the part that is accepted.
    pub finding: Finding,
    /// Who says so.
    pub by: Acceptance,
    /// Where: the directive, or the header of the block.
    pub place: Span,
    /// Why.
    pub reason: Option<String>,
    /// The last day on which it holds, `2027-03-31`.
    pub until: Option<String>,
}

/// What recognises a finding in a later run. No line is in it, so that moving code keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The root module's directory, counted from where keys are kept, with `/`.
    pub root: String,
    /// The rule's code.
    pub rule: String,
    /// The address of what is wrong.
    pub address: String,
    /// What tells it apart from another finding about the same thing.
    pub cause: String,
}
