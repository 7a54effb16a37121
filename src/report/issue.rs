//! What formats of other tools list: findings, what could not be read, and roots whose check failed, in one shape.

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Finding, Severity};
use crate::report::place::{self, Location, rebase};
use crate::report::{Options, Report, safe};
use crate::source::Span;

/// One thing to list.
pub(super) struct Issue<'a> {
    /// The rule's code, or what kind of trouble it is.
    pub(super) code: &'static str,
    /// How bad it is.
    pub(super) severity: Severity,
    /// The headline on one line.
    pub(super) message: String,
    /// Further lines: what is affected, when, what to do.
    pub(super) details: Vec<String>,
    /// The place in the repository.
    pub(super) span: Option<Span>,
    /// The directory where it is at home when it has no place.
    root: &'a str,
    /// The finding behind it.
    pub(super) finding: Option<&'a Finding>,
}

/// Where an issue stands, with the path counted from the top of the repository.
pub(super) struct Site {
    pub(super) path: String,
    /// None for what has no place in a file.
    pub(super) range: Option<Location>,
}

impl Issue<'_> {
    /// Where it stands.
    pub(super) fn site(&self, report: &Report, options: &Options) -> Site {
        match self.span {
            Some(span) => Site {
                path: rebase(&options.prefix, &report.sources.file(span.file).path),
                range: Some(Location::of(&report.sources, span)),
            },
            None => Site { path: rebase(&options.prefix, self.root.as_ref()), range: None },
        }
    }
}

/// Everything to list: failures first, then what could not be read, then findings; with `--strict` what is undecided.
pub(super) fn issues<'a>(report: &'a Report, options: &Options) -> Vec<Issue<'a>> {
    let mut all = Vec::new();
    for failure in &report.failures {
        all.push(Issue {
            code: "internal-error",
            severity: Severity::Error,
            message: format!("ssmlint failed: {}", safe::sentence(&failure.message)),
            details: Vec::new(),
            span: None,
            root: &failure.root,
            finding: None,
        });
    }
    for diagnostic in &report.diagnostics {
        let (code, severity) = match diagnostic.kind {
            DiagnosticKind::Unreadable => ("unreadable", Severity::Error),
            DiagnosticKind::Invalid => ("invalid", Severity::Warning),
            DiagnosticKind::NotUnderstood => ("not-understood", Severity::Info),
            DiagnosticKind::Note => ("note", Severity::Info),
        };
        let mut message = safe::sentence(&diagnostic.summary);
        if !diagnostic.detail.is_empty() {
            message.push_str(": ");
            message.push_str(&safe::sentence(&diagnostic.detail));
        }
        all.push(Issue {
            code,
            severity,
            message,
            details: Vec::new(),
            span: diagnostic.span,
            root: ".",
            finding: None,
        });
    }
    all.extend(report.findings.iter().map(|finding| of_finding(report, finding, false)));
    if options.policy.strict {
        all.extend(report.undecided.iter().map(|finding| of_finding(report, finding, true)));
    }
    all
}

fn of_finding<'a>(report: &Report, finding: &'a Finding, is_undecided: bool) -> Issue<'a> {
    let message = safe::sentence(&finding.message);
    let mut details = Vec::new();
    if is_undecided {
        details.extend(finding.because.iter().map(|because| format!("undecided: {}", because.reason)));
    }
    let subject_is_all = finding.affected.len() == 1 && finding.affected[0] == finding.subject;
    if !finding.affected.is_empty() && !subject_is_all {
        details.push(format!("affects {}", finding.affected.join(", ")));
    }
    if !finding.scenarios.is_empty() {
        details.push(format!("when {}", finding.scenarios.join(", ")));
    }
    if let Some(help) = &finding.help {
        details.push(format!("help: {help}"));
    }
    Issue {
        code: finding.code,
        severity: finding.severity,
        message: if is_undecided { format!("undecided: {message}") } else { message },
        details: details.iter().map(|line| safe::sentence(line)).collect(),
        span: place::in_repository(&report.sources, finding),
        root: finding.roots.first().map_or(".", String::as_str),
        finding: Some(finding),
    }
}
