//! `ssmlint/1`: the JSON that other programs read. Its shape is documented in the README and only ever grows.

use serde::Serialize;

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Acceptance, Certainty, Finding, Severity, Suppressed};
use crate::proof::verdict::{Proof, Verdict};
use crate::report::place::Location;
use crate::report::{Gap, GapKind, Report, Verdicts, safe};
use crate::source::{SourceMap, Span};

/// The version of the shape.
pub const SCHEMA: &str = "ssmlint/1";

/// A report in the shape of `ssmlint/1`.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: &'static str,
    pub(super) summary: Summary,
    pub(super) findings: Vec<FindingOut<'a>>,
    pub(super) undecided: Vec<UndecidedOut<'a>>,
    pub(super) suppressed: Vec<SuppressedOut<'a>>,
    pub(super) verdicts: Vec<VerdictOut<'a>>,
    pub(super) gaps: Vec<GapOut<'a>>,
    pub(super) diagnostics: Vec<DiagnosticOut<'a>>,
    pub(super) failures: Vec<FailureOut<'a>>,
}

/// How much was found and looked at.
#[derive(Serialize)]
pub(super) struct Summary {
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

/// A finding.
#[derive(Serialize)]
pub(super) struct FindingOut<'a> {
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

/// What is neither proven nor refuted.
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
pub(super) struct UndecidedOut<'a> {
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

/// A finding that is accepted, and by whom.
#[derive(Serialize)]
pub(super) struct SuppressedOut<'a> {
    #[serde(flatten)]
    finding: FindingOut<'a>,
    by: SuppressionOut<'a>,
}

/// Who accepted it, where and why.
#[derive(Serialize)]
pub(super) struct SuppressionOut<'a> {
    kind: &'static str,
    location: Location,
    reason: Option<&'a str>,
    until: Option<&'a str>,
}

/// A place with what it contributes.
#[derive(Serialize)]
pub(super) struct Step<'a> {
    pub(super) message: &'a str,
    pub(super) location: Option<Location>,
}

/// What is proven of one target.
#[derive(Serialize)]
pub(super) struct VerdictOut<'a> {
    target: &'a str,
    root: &'a str,
    scenario: Option<&'a str>,
    state: &'static str,
    verdict: String,
    path: Option<String>,
    confidence: &'static str,
    location: Option<Location>,
    broken_at: Option<BrokenOut<'a>>,
    because: Vec<Step<'a>>,
}

/// The link of a chain that breaks first.
#[derive(Serialize)]
pub(super) struct BrokenOut<'a> {
    link: String,
    name: &'static str,
    rule: &'static str,
    services: Vec<&'static str>,
    subnets: &'a [String],
    templates: &'a [String],
    reason: &'a str,
    location: Option<Location>,
}

/// A gap.
#[derive(Serialize)]
pub(super) struct GapOut<'a> {
    kind: GapKind,
    message: &'a str,
    location: Option<Location>,
}

/// What Terraform would refuse, or what could not be read.
#[derive(Serialize)]
pub(super) struct DiagnosticOut<'a> {
    kind: &'static str,
    summary: &'a str,
    detail: &'a str,
    location: Option<Location>,
}

/// A root whose check failed.
#[derive(Serialize)]
pub(super) struct FailureOut<'a> {
    root: &'a str,
    message: &'a str,
}

/// Renders the report.
pub fn render(report: &Report) -> String {
    to_text(&Document::of(report))
}

impl Document<'_> {
    /// The report's findings, verdicts and all else.
    pub(super) fn of(report: &Report) -> Document<'_> {
        let at = |span: Span| Location::of(&report.sources, span);
        let counts = &report.counts;
        let verdicts = report.verdicts.iter().flat_map(|verdicts| {
            verdicts.proofs.iter().map(|proof| verdict_out(verdicts, proof, &report.sources))
        });
        Document {
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
            undecided: report
                .undecided
                .iter()
                .map(|finding| undecided_out(finding, &report.sources))
                .collect(),
            suppressed: report.suppressed.iter().map(|one| suppressed_out(one, &report.sources)).collect(),
            verdicts: verdicts.collect(),
            gaps: report.gaps.iter().map(|gap| gap_out(gap, &report.sources)).collect(),
            diagnostics: report
                .diagnostics
                .iter()
                .map(|found| DiagnosticOut {
                    kind: diagnostic_kind(found.kind),
                    summary: &found.summary,
                    detail: &found.detail,
                    location: found.span.map(at),
                })
                .collect(),
            failures: report
                .failures
                .iter()
                .map(|failure| FailureOut { root: &failure.root, message: &failure.message })
                .collect(),
        }
    }
}

/// JSON text with harmless strings, indented, ending with a line break.
pub(super) fn to_text(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document).expect("the output types have string keys only");
    let mut text = safe::json(&text).into_owned();
    text.push('\n');
    text
}

/// JSON on one line with harmless strings, ending with a line break.
pub(super) fn to_line(item: &impl Serialize) -> String {
    let text = serde_json::to_string(item).expect("the output types have string keys only");
    let mut text = safe::json(&text).into_owned();
    text.push('\n');
    text
}

fn verdict_out<'a>(verdicts: &'a Verdicts, proof: &'a Proof, sources: &SourceMap) -> VerdictOut<'a> {
    VerdictOut {
        target: &proof.target,
        root: &verdicts.root,
        scenario: (!verdicts.scenario.is_empty()).then_some(&verdicts.scenario),
        state: proof.state(),
        verdict: proof.headline(),
        path: path_out(proof),
        confidence: proof.confidence.as_str(),
        location: proof.decl_range.map(|span| Location::of(sources, span)),
        broken_at: broken_out(proof, sources),
        because: because_out(proof, sources),
    }
}

/// By which way a target is reached.
pub(super) fn path_out(proof: &Proof) -> Option<String> {
    match &proof.verdict {
        Verdict::Reachable(path) => Some(path.describe()),
        Verdict::Broken(_) | Verdict::Unknown(_) => None,
    }
}

/// Where a target's chain breaks.
pub(super) fn broken_out<'a>(proof: &'a Proof, sources: &SourceMap) -> Option<BrokenOut<'a>> {
    proof.broken().map(|broken| BrokenOut {
        link: format!("L{}", broken.link.number),
        name: broken.link.name,
        rule: broken.link.rule,
        services: broken.services.iter().map(|service| service.label()).collect(),
        subnets: &broken.subnets,
        templates: &broken.templates,
        reason: &broken.link.reason,
        location: broken.link.span.map(|span| Location::of(sources, span)),
    })
}

/// What would have to be known of a target.
pub(super) fn because_out<'a>(proof: &'a Proof, sources: &SourceMap) -> Vec<Step<'a>> {
    match &proof.verdict {
        Verdict::Unknown(reasons) => {
            let at = |span: Span| Location::of(sources, span);
            let steps = reasons.iter();
            steps.map(|reason| Step { message: &reason.text, location: reason.span.map(at) }).collect()
        }
        Verdict::Reachable(_) | Verdict::Broken(_) => Vec::new(),
    }
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
