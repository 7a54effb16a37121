//! GitHub workflow commands: annotations on the lines of a pull request.
//!
//! Values from the code are text of strangers, and the runner obeys lines that start with `::`; escaping is a matter
//! of security here.

use std::fmt::Write;

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Finding, Severity};
use crate::report::place::rebase;
use crate::report::{Options, Report, safe, summary};
use crate::source::Span;

/// Annotations of one type that the runner keeps for a step.
const PER_TYPE: usize = 10;
/// Characters of a message that the runner keeps.
const MESSAGE_LIMIT: usize = 4096;

/// The types of annotations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Warning,
    Notice,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Error, Kind::Warning, Kind::Notice];

    fn as_str(self) -> &'static str {
        match self {
            Kind::Error => "error",
            Kind::Warning => "warning",
            Kind::Notice => "notice",
        }
    }
}

struct Annotation {
    kind: Kind,
    span: Option<Span>,
    title: String,
    message: String,
}

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let mut out = String::new();
    let all = annotations(report, options);
    for kind in Kind::ALL {
        let of_kind: Vec<&Annotation> = all.iter().filter(|annotation| annotation.kind == kind).collect();
        // The last slot says that there are more, since the runner drops the rest in silence.
        let shown = if of_kind.len() > PER_TYPE { PER_TYPE - 1 } else { of_kind.len() };
        for annotation in &of_kind[..shown] {
            write_command(&mut out, report, options, annotation);
        }
        if shown < of_kind.len() {
            let rest = of_kind.len() - shown;
            let message = format!(
                "{} more {} not shown here, because GitHub keeps {PER_TYPE} per step; the log and the SARIF output have all",
                rest,
                if rest == 1 { "is" } else { "are" },
            );
            let _ = writeln!(out, "::{} title=ssmlint::{}", kind.as_str(), escape_data(&message));
        }
    }
    if !options.quiet {
        let _ = writeln!(out, "{}", summary::line(report));
    }
    out
}

fn annotations(report: &Report, options: &Options) -> Vec<Annotation> {
    let mut all = Vec::new();
    for failure in &report.failures {
        all.push(Annotation {
            kind: Kind::Error,
            span: None,
            title: "ssmlint failed".to_owned(),
            message: format!("{}: {}", failure.root, failure.message),
        });
    }
    for diagnostic in &report.diagnostics {
        let kind = match diagnostic.kind {
            DiagnosticKind::Unreadable => Kind::Error,
            DiagnosticKind::Invalid => Kind::Warning,
            DiagnosticKind::NotUnderstood | DiagnosticKind::Note => Kind::Notice,
        };
        let message =
            if diagnostic.detail.is_empty() { diagnostic.summary.clone() } else { diagnostic.detail.clone() };
        all.push(Annotation { kind, span: diagnostic.span, title: diagnostic.summary.clone(), message });
    }
    let kind = |finding: &Finding| match finding.severity {
        Severity::Error => Kind::Error,
        Severity::Warning => Kind::Warning,
        Severity::Info => Kind::Notice,
    };
    all.extend(report.findings.iter().map(|finding| of_finding(finding, kind(finding))));
    if options.policy.strict {
        all.extend(report.undecided.iter().map(|finding| {
            let mut annotation = of_finding(finding, kind(finding));
            for because in &finding.because {
                annotation.message.push_str(&format!("\nundecided: {}", because.reason));
            }
            annotation
        }));
    }
    all
}

fn of_finding(finding: &Finding, kind: Kind) -> Annotation {
    let mut message = finding.message.clone();
    let subject_is_all = finding.affected.len() == 1 && finding.affected[0] == finding.subject;
    if !finding.affected.is_empty() && !subject_is_all {
        message.push_str(&format!("\naffects {}", finding.affected.join(", ")));
    }
    if !finding.scenarios.is_empty() {
        message.push_str(&format!("\nwhen {}", finding.scenarios.join(", ")));
    }
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {help}"));
    }
    Annotation {
        kind,
        span: finding.primary.as_ref().map(|label| label.span),
        title: format!("{} {}", finding.code, finding.name),
        message,
    }
}

fn write_command(out: &mut String, report: &Report, options: &Options, annotation: &Annotation) {
    let mut properties = Vec::new();
    if let Some(span) = annotation.span {
        let file = report.sources.file(span.file);
        let start = file.position(span.start);
        let end = file.position(span.end.max(span.start));
        properties
            .push(format!("file={}", escape_property(&safe::line(&rebase(&options.prefix, &file.path)))));
        properties.push(format!("line={}", start.line));
        properties.push(format!("endLine={}", end.line));
        // The runner drops the columns of a span over several lines anyway.
        if start.line == end.line {
            properties.push(format!("col={}", start.column));
            properties.push(format!("endColumn={}", end.column));
        }
    }
    properties.push(format!("title={}", escape_property(&safe::line(&annotation.title))));
    let message: String = visible(&annotation.message).chars().take(MESSAGE_LIMIT).collect();
    let _ =
        writeln!(out, "::{} {}::{}", annotation.kind.as_str(), properties.join(","), escape_data(&message));
}

/// Line breaks stay, they are encoded below; all other controls become visible.
fn visible(text: &str) -> String {
    text.split('\n')
        .map(|line| safe::line(line.trim_end_matches('\r')).into_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}
