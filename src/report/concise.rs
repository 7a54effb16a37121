//! One line a finding: `path:line:column: error SSM001 message`, for `grep`, editors and pre-commit.

use std::fmt::Write;

use crate::diagnostic::DiagnosticKind;
use crate::report::place::Location;
use crate::report::{Options, Report, safe, statistics, summary};
use crate::source::Span;

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let mut out = String::new();
    let place = |span: Option<Span>| {
        span.map_or_else(
            || "-".to_owned(),
            |span| safe::leading_path(&Location::of(&report.sources, span).short()),
        )
    };
    if options.statistics {
        out.push_str(&statistics::text(report));
    }
    // Counts stand in for the findings.
    let shown = if options.statistics { &[] } else { report.findings.as_slice() };
    for finding in shown {
        let at = place(finding.primary.as_ref().map(|label| label.span));
        let message = safe::line(&finding.message);
        let _ = writeln!(out, "{at}: {} {} {message}", finding.severity.as_str(), finding.code);
    }
    if options.policy.strict {
        for finding in &report.undecided {
            let at = place(finding.primary.as_ref().map(|label| label.span));
            let (severity, message) = (finding.severity.as_str(), safe::line(&finding.message));
            let _ = writeln!(out, "{at}: {severity} {} undecided: {message}", finding.code);
        }
    }
    for diagnostic in &report.diagnostics {
        let word = match diagnostic.kind {
            DiagnosticKind::Unreadable => "error",
            DiagnosticKind::Invalid => "invalid",
            DiagnosticKind::NotUnderstood | DiagnosticKind::Note => "note",
        };
        let at = place(diagnostic.span);
        let _ = write!(out, "{at}: {word} {}", safe::sentence(&diagnostic.summary));
        if !diagnostic.detail.is_empty() {
            let _ = write!(out, ": {}", safe::sentence(&diagnostic.detail));
        }
        out.push('\n');
    }
    for failure in &report.failures {
        let root = safe::leading_path(&failure.root);
        let _ = writeln!(out, "{root}: {}", safe::sentence(&failure.message));
    }
    if !options.quiet {
        out.push_str(&summary::verdicts(report));
        let _ = writeln!(out, "{}", summary::line(report));
    }
    out
}
