//! `ssmlint/1`: the JSON that other programs read. Its shape is documented in the README and only ever grows.

use serde::Serialize;

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Acceptance, Certainty, Finding, Severity, Suppressed};
use crate::report::place::Location;
use crate::report::{Gap, GapKind, Report, safe};
use crate::source::{SourceMap, Span};

/// The version of the shape.
pub const SCHEMA: &str = "ssmlint/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    summary: Summary,
    findings: Vec<FindingOut<'a>>,
    undecided: Vec<UndecidedOut<'a>>,
    suppressed: Vec<SuppressedOut<'a>>,
    gaps: Vec<GapOut<'a>>,
    diagnostics: Vec<DiagnosticOut<'a>>,
    failures: Vec<FailureOut<'a>>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    undecided: usize,
    suppressed: usize,
    in_baseline: usize,
    fixed: usize,
    targets: usize,
    roots: usize,
    files: usize,
    modules: usize,
    modules_missing: usize,
    modules_summarized: usize,
    duration_ms: u64,
}

#[derive(Serialize)]
struct FindingOut<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'static str,
    certainty: &'static str,
    message: &'a str,
    address: &'a str,
    affected: &'a [String],
    location: Option<Location>,
    labels: Vec<Step<'a>>,
    trace: Vec<Step<'a>>,
    notes: &'a [String],
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixOut<'a>>,
    scenarios: &'a [String],
    root: Option<&'a str>,
    roots: &'a [String],
}

#[derive(Serialize)]
struct FixOut<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<EditOut<'a>>,
}

#[derive(Serialize)]
struct EditOut<'a> {
    location: Location,
    text: &'a str,
}

#[derive(Serialize)]
struct UndecidedOut<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'static str,
    message: &'a str,
    address: &'a str,
    because: Vec<&'a str>,
    affected: &'a [String],
    location: Option<Location>,
    labels: Vec<Step<'a>>,
    scenarios: &'a [String],
    root: Option<&'a str>,
    roots: &'a [String],
}

#[derive(Serialize)]
struct SuppressedOut<'a> {
    #[serde(flatten)]
    finding: FindingOut<'a>,
    by: SuppressionOut<'a>,
}

#[derive(Serialize)]
struct SuppressionOut<'a> {
    kind: &'static str,
    location: Location,
    reason: Option<&'a str>,
    until: Option<&'a str>,
}

#[derive(Serialize)]
struct Step<'a> {
    message: &'a str,
    location: Option<Location>,
}

/// A gap.
#[derive(Serialize)]
pub(super) struct GapOut<'a> {
    kind: GapKind,
    message: &'a str,
    location: Option<Location>,
}

#[derive(Serialize)]
struct DiagnosticOut<'a> {
    kind: &'static str,
    summary: &'a str,
    detail: &'a str,
    location: Option<Location>,
}

#[derive(Serialize)]
struct FailureOut<'a> {
    root: &'a str,
    message: &'a str,
}

/// Renders the report.
pub fn render(report: &Report) -> String {
    let at = |span: Span| Location::of(&report.sources, span);
    let counts = &report.counts;
    let diagnostic = |diagnostic: &'_ crate::diagnostic::Diagnostic| diagnostic.span.map(at);
    let document = Document {
        schema: SCHEMA,
        summary: Summary {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            infos: report.count(Severity::Info),
            undecided: report.undecided.len() + report.hidden,
            suppressed: report.suppressed.len(),
            in_baseline: report.recognised.as_ref().map_or(0, |recognised| recognised.known.len()),
            fixed: report.fixed,
            targets: counts.targets,
            roots: counts.roots,
            files: counts.files,
            modules: counts.modules,
            modules_missing: counts.modules_missing,
            modules_summarized: counts.summaries,
            duration_ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
        },
        findings: report.findings.iter().map(|finding| finding_out(finding, &report.sources)).collect(),
        undecided: report.undecided.iter().map(|finding| undecided_out(finding, &report.sources)).collect(),
        suppressed: report.suppressed.iter().map(|one| suppressed_out(one, &report.sources)).collect(),
        gaps: report.gaps.iter().map(|gap| gap_out(gap, &report.sources)).collect(),
        diagnostics: report
            .diagnostics
            .iter()
            .map(|found| DiagnosticOut {
                kind: diagnostic_kind(found.kind),
                summary: &found.summary,
                detail: &found.detail,
                location: diagnostic(found),
            })
            .collect(),
        failures: report
            .failures
            .iter()
            .map(|failure| FailureOut { root: &failure.root, message: &failure.message })
            .collect(),
    };
    to_text(&document)
}

/// JSON text with harmless strings, indented, ending with a line break.
pub(super) fn to_text(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("the output types have string keys only");
    let mut text = safe::json(&text).into_owned();
    text.push('\n');
    text
}

pub(super) fn gap_out<'a>(gap: &'a Gap, sources: &SourceMap) -> GapOut<'a> {
    let location = gap.span.map(|span| Location::of(sources, span));
    GapOut { kind: gap.kind, message: &gap.message, location }
}

fn diagnostic_kind(kind: DiagnosticKind) -> &'static str {
    match kind {
        DiagnosticKind::Unreadable => "unreadable",
        DiagnosticKind::Invalid => "invalid",
        DiagnosticKind::NotUnderstood => "not_understood",
        DiagnosticKind::Note => "note",
    }
}

fn finding_out<'a>(finding: &'a Finding, sources: &SourceMap) -> FindingOut<'a> {
    FindingOut {
        code: finding.code,
        name: finding.name,
        severity: finding.severity.as_str(),
        certainty: match finding.certainty {
            Certainty::Certain => "certain",
            Certainty::Undecided => "undecided",
        },
        message: &finding.message,
        address: &finding.subject,
        affected: &finding.affected,
        location: finding.primary.as_ref().map(|label| Location::of(sources, label.span)),
        labels: labels(finding, sources),
        trace: finding
            .trace
            .iter()
            .map(|step| Step {
                message: &step.message,
                location: step.span.map(|span| Location::of(sources, span)),
            })
            .collect(),
        notes: &finding.notes,
        help: finding.help.as_deref(),
        fix: finding.fix.as_ref().map(|fix| FixOut {
            title: &fix.title,
            safety: fix.safety.as_str(),
            edits: fix
                .edits
                .iter()
                .map(|edit| EditOut { location: Location::of(sources, edit.span), text: &edit.text })
                .collect(),
        }),
        scenarios: &finding.scenarios,
        root: finding.roots.first().map(String::as_str),
        roots: &finding.roots,
    }
}

fn suppressed_out<'a>(suppressed: &'a Suppressed, sources: &SourceMap) -> SuppressedOut<'a> {
    SuppressedOut {
        finding: finding_out(&suppressed.finding, sources),
        by: SuppressionOut {
            kind: match suppressed.by {
                Acceptance::Comment => "comment",
                Acceptance::Settings => "settings",
            },
            location: Location::of(sources, suppressed.place),
            reason: suppressed.reason.as_deref(),
            until: suppressed.until.as_deref(),
        },
    }
}

fn undecided_out<'a>(finding: &'a Finding, sources: &SourceMap) -> UndecidedOut<'a> {
    let because = finding.because.iter().filter_map(|because| {
        let location = Location::of(sources, because.span?);
        Some(Step { message: &because.reason, location: Some(location) })
    });
    UndecidedOut {
        code: finding.code,
        name: finding.name,
        severity: finding.severity.as_str(),
        message: &finding.message,
        address: &finding.subject,
        because: finding.because.iter().map(|because| because.reason.as_str()).collect(),
        affected: &finding.affected,
        location: finding.primary.as_ref().map(|label| Location::of(sources, label.span)),
        labels: labels(finding, sources).into_iter().chain(because).collect(),
        scenarios: &finding.scenarios,
        root: finding.roots.first().map(String::as_str),
        roots: &finding.roots,
    }
}

/// The primary label's message, when it has one, and the further labels.
fn labels<'a>(finding: &'a Finding, sources: &SourceMap) -> Vec<Step<'a>> {
    let primary = finding.primary.iter().filter(|label| !label.message.is_empty());
    primary
        .chain(&finding.labels)
        .map(|label| Step { message: &label.message, location: Some(Location::of(sources, label.span)) })
        .collect()
}
