//! What is wrong with the Terraform code itself, in Terraform's words.
//!
//! Plain data, made by the stages that read and evaluate; never a finding of a rule.

use crate::source::Span;

/// An error that Terraform would report, or a limit that ssmlint reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Terraform's summary (`Invalid count argument`), or ssmlint's own.
    pub summary: String,
    /// One or more sentences; may be empty.
    pub detail: String,
    /// The place; none for what stands in no file (a command line argument).
    pub span: Option<Span>,
    /// How much of the input the problem takes away.
    pub kind: DiagnosticKind,
}

/// What a [`Diagnostic`] means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticKind {
    /// A file could not be read or parsed, or a root module is too much for rules and proofs: the job could not be done
    /// (exit code 2).
    Unreadable,
    /// Terraform would refuse this; what it touches is unknown, the rest is evaluated.
    Invalid,
    /// Valid for Terraform, but not understood by ssmlint, or beyond one of its limits.
    NotUnderstood,
    /// Nothing is wrong, and the user may want to know: what the settings say is not needed.
    Note,
}

impl Diagnostic {
    /// A problem that Terraform would report too.
    pub fn invalid(summary: impl Into<String>, detail: impl Into<String>, span: Option<Span>) -> Diagnostic {
        Diagnostic { summary: summary.into(), detail: detail.into(), span, kind: DiagnosticKind::Invalid }
    }
}
