//! The Reviewdog Diagnostic Format: <https://github.com/reviewdog/reviewdog/tree/master/proto/rdf>.

use serde::Serialize;

use crate::finding::{Finding, Safety, Severity};
use crate::report::issue::{Issue, issues};
use crate::report::place::byte_position;
use crate::report::{Options, Report, json, rule_url, safe};
use crate::source::Span;

#[derive(Serialize)]
struct Document {
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

const SOURCE: Source = Source { name: "ssmlint", url: env!("CARGO_PKG_REPOSITORY") };

#[derive(Serialize)]
struct Diagnostic {
    message: String,
    location: Place,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    code: Code,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
}

#[derive(Serialize)]
struct Place {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

/// Columns count bytes of UTF-8; the end is exclusive.
#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

/// Renders the report as one document.
pub fn render(report: &Report, options: &Options) -> String {
    let all = issues(report, options);
    let diagnostics = all.iter().map(|issue| diagnostic(report, options, issue, None)).collect();
    json::to_text(&Document { source: SOURCE, diagnostics })
}

/// Renders the report as one diagnostic a line.
pub fn lines(report: &Report, options: &Options) -> String {
    let all = issues(report, options);
    all.iter().map(|issue| json::to_line(&diagnostic(report, options, issue, Some(SOURCE)))).collect()
}

fn diagnostic(report: &Report, options: &Options, issue: &Issue<'_>, source: Option<Source>) -> Diagnostic {
    let mut message = issue.message.clone();
    for line in &issue.details {
        message.push('\n');
        message.push_str(line);
    }
    Diagnostic {
        message: comment(&message),
        location: Place {
            path: issue.site(report, options).path,
            range: issue.span.map(|span| range(report, span)),
        },
        severity: match issue.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        source,
        code: Code { value: issue.code, url: issue.finding.map(|finding| rule_url(finding.code)) },
        suggestions: issue.finding.map(|finding| suggestions(report, finding)).unwrap_or_default(),
    }
}

fn range(report: &Report, span: Span) -> Range {
    let file = report.sources.file(span.file);
    let position = |offset: u32| {
        let (line, column) = byte_position(&file, offset);
        Position { line, column }
    };
    Range { start: position(span.start), end: position(span.end.max(span.start)) }
}

/// The edits of a fix that needs no second look and stays in the file of the finding, where reviewers can take them.
fn suggestions(report: &Report, finding: &Finding) -> Vec<Suggestion> {
    let (Some(fix), Some(primary)) = (&finding.fix, &finding.primary) else { return Vec::new() };
    let is_here = fix.edits.iter().all(|edit| edit.span.file == primary.span.file);
    if fix.safety != Safety::Safe || !is_here {
        return Vec::new();
    }
    let suggestion =
        |edit: &crate::finding::Edit| Suggestion { range: range(report, edit.span), text: edit.text.clone() };
    fix.edits.iter().map(suggestion).collect()
}

/// Reviewers get to see the message as Markdown, where text from the code is to make no links.
fn comment(text: &str) -> String {
    safe::lines(text).join("\n").replace("](", "\\](")
}
