//! SARIF 2.1.0, as GitHub code scanning reads it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::diagnostic::DiagnosticKind;
use crate::finding::{Acceptance, Certainty, Finding, Fix, Severity, Suppressed};
use crate::report::place::{self, rebase, uri, utf16_position};
use crate::report::{Options, Report, RuleInfo, fingerprint, json, rule_url, safe};
use crate::source::{FileId, SourceMap, Span};

/// Results of one run that GitHub accepts.
const RESULT_LIMIT: usize = 25_000;
/// Related locations and steps of one result that GitHub shows.
const LOCATION_LIMIT: usize = 100;
/// Notifications of one run; the rest is counted.
const NOTIFICATION_LIMIT: usize = 1_000;
/// Characters of `name` and of `fullDescription.text` that GitHub accepts.
const NAME_LIMIT: usize = 255;
const DESCRIPTION_LIMIT: usize = 1024;

const INFORMATION_URI: &str = env!("CARGO_PKG_REPOSITORY");

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<ResultOut>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Text,
    full_description: Text,
    help: Markdown,
    help_uri: String,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Markdown {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_directory: Option<ArtifactLocation>,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<LocationOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultOut {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<LocationOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<LocationOut>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<CodeFlow>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixOut>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<SuppressionOut>,
    properties: ResultProperties,
}

#[derive(Serialize)]
struct SuppressionOut {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    location: LocationOut,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FixOut {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<ReplacementOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReplacementOut {
    deleted_region: Region,
    inserted_content: TextRef,
}

#[derive(Serialize)]
struct ResultProperties {
    verdict: &'static str,
    address: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    affected: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scenarios: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roots: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    thread_flows: [ThreadFlow; 1],
}

#[derive(Serialize)]
struct ThreadFlow {
    locations: Vec<FlowStep>,
}

#[derive(Serialize)]
struct FlowStep {
    location: LocationOut,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<TextRef>,
}

#[derive(Clone, Serialize)]
struct TextRef {
    text: String,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let places = Places { sources: &report.sources, prefix: &options.prefix };
    let findings = || report.findings.iter().chain(&report.undecided);
    let fingerprints = fingerprint::unique(findings());
    let mut ranked: Vec<(&Finding, String, bool)> = findings()
        .zip(fingerprints)
        .enumerate()
        .map(|(i, (finding, print))| (finding, print, i >= report.findings.len()))
        .collect();
    // When GitHub cuts, the gravest ones stay.
    ranked.sort_by_key(|(finding, _, undecided)| (*undecided, std::cmp::Reverse(finding.severity)));
    let cut = ranked.len().saturating_sub(RESULT_LIMIT);
    ranked.truncate(RESULT_LIMIT);

    let mut hashes: BTreeMap<FileId, Vec<String>> = BTreeMap::new();
    let mut results: Vec<ResultOut> = ranked
        .into_iter()
        .map(|(finding, print, undecided)| {
            let counts = !undecided || options.policy.strict;
            let level = if counts { level(finding.severity) } else { "note" };
            result(report, &places, &mut hashes, finding, print, undecided, level)
        })
        .collect();

    // Readers that do not know suppressions would take them for open.
    if options.show_suppressed {
        let free = RESULT_LIMIT.saturating_sub(results.len());
        let prints = fingerprint::unique(report.suppressed.iter().map(|suppressed| &suppressed.finding));
        let suppressed = report.suppressed.iter().zip(prints).take(free);
        results.extend(
            suppressed.map(|(one, print)| suppressed_result(report, &places, &mut hashes, one, print)),
        );
    }

    let exit_code = report.exit_code(options.policy);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "ssmlint",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: INFORMATION_URI,
                    rules: report.rules.iter().map(rule).collect(),
                },
            },
            automation_details: AutomationDetails { id: automation_id(&options.prefix) },
            column_kind: "utf16CodeUnits",
            invocations: [Invocation {
                execution_successful: exit_code != 2,
                exit_code,
                working_directory: options.working_dir.as_deref().map(|dir| ArtifactLocation {
                    uri: format!("{}/", uri(dir).trim_end_matches('/')),
                    uri_base_id: None,
                }),
                tool_execution_notifications: notifications(report, &places, cut),
            }],
            results,
        }],
    };
    json::to_text(&log)
}

/// `ssmlint/`, or `ssmlint/infra/` in a directory of the repository, so that several uploads can stand side by side.
fn automation_id(prefix: &Path) -> String {
    let prefix = rebase(Path::new(""), prefix);
    if prefix == "." { "ssmlint/".to_owned() } else { format!("ssmlint/{}/", safe::line(&prefix)) }
}

fn rule(rule: &RuleInfo) -> Rule {
    let is_security = rule.category == "security";
    let mut tags = vec![rule.category.clone(), "terraform".to_owned(), "aws".to_owned(), "ssm".to_owned()];
    tags.dedup();
    Rule {
        id: rule.code.clone(),
        name: cut_to(&rule.name, NAME_LIMIT),
        short_description: Text { text: cut_to(&rule.summary, DESCRIPTION_LIMIT) },
        full_description: Text { text: cut_to(&rule.summary, DESCRIPTION_LIMIT) },
        help: Markdown { text: rule.page.clone(), markdown: rule.page.clone() },
        help_uri: rule_url(&rule.code),
        default_configuration: Configuration { level: level(rule.severity) },
        properties: RuleProperties {
            tags,
            precision: "very-high",
            problem_severity: match rule.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "recommendation",
            },
            // GitHub's bands: high from 7.0, medium from 4.0, low below. Rules of reachability have none.
            security_severity: is_security.then_some(match rule.severity {
                Severity::Error => "8.0",
                Severity::Warning => "5.5",
                Severity::Info => "2.0",
            }),
        },
    }
}

fn cut_to(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(
    report: &Report,
    places: &Places<'_>,
    hashes: &mut BTreeMap<FileId, Vec<String>>,
    finding: &Finding,
    print: String,
    undecided: bool,
    level: &'static str,
) -> ResultOut {
    let own = finding.primary.as_ref().map(|label| label.span);
    let span = place::in_repository(&report.sources, finding);

    let mut related: Vec<LocationOut> = Vec::new();
    let mut links: Vec<String> = Vec::new();
    let mut relate = |span: Span, message: &str| {
        if related.len() < LOCATION_LIMIT {
            let id = related.len() + 1;
            related.push(LocationOut { id: Some(id), ..places.location(span, message) });
            if !message.is_empty() {
                links.push(format!("[{}]({id})", link_text(message)));
            }
        }
    };
    if let (Some(own), true) = (own, own != span) {
        relate(own, finding.primary.as_ref().map_or("", |label| label.message.as_str()));
    }
    for label in &finding.labels {
        relate(label.span, &label.message);
    }

    let mut text = plain(&finding.message);
    text.push('.');
    for link in &links {
        text.push_str(&format!(" {link}."));
    }
    if undecided {
        for because in &finding.because {
            text.push_str(&format!(" Undecided: {}.", plain(&because.reason)));
        }
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!(" Help: {}.", plain(help).trim_end_matches('.')));
    }

    let steps: Vec<FlowStep> = finding
        .trace
        .iter()
        .take(LOCATION_LIMIT)
        .filter_map(|step| Some(FlowStep { location: places.location(step.span?, &step.message) }))
        .collect();
    let code_flows = if steps.is_empty() {
        vec![]
    } else {
        vec![CodeFlow { thread_flows: [ThreadFlow { locations: steps }] }]
    };

    let mut partial_fingerprints = BTreeMap::from([("ssmlint/v1", print)]);
    if let Some(span) = span {
        let file = report.sources.file(span.file);
        let lines = hashes.entry(span.file).or_insert_with(|| fingerprint::line_hashes(&file.text));
        let line = file.position(span.start).line as usize;
        if let Some(hash) = lines.get(line - 1) {
            partial_fingerprints.insert("primaryLocationLineHash", hash.clone());
        }
    }

    let mut location = span.map(|span| places.location(span, ""));
    if let Some(location) = &mut location {
        location.logical_locations.push(LogicalLocation {
            fully_qualified_name: safe::line(&finding.subject).into_owned(),
            kind: "resource",
        });
    }
    ResultOut {
        rule_id: finding.code,
        rule_index: report.rules.iter().position(|rule| rule.code == finding.code),
        level,
        message: Text { text },
        locations: location.into_iter().collect(),
        related_locations: related,
        code_flows,
        fixes: finding.fix.iter().filter(|fix| !fix.edits.is_empty()).map(|fix| places.fix(fix)).collect(),
        partial_fingerprints,
        suppressions: Vec::new(),
        properties: ResultProperties {
            verdict: if undecided { "unknown" } else { "violated" },
            address: finding.subject.clone(),
            affected: finding.affected.clone(),
            scenarios: finding.scenarios.clone(),
            roots: finding.roots.clone(),
        },
    }
}

fn suppressed_result(
    report: &Report,
    places: &Places<'_>,
    hashes: &mut BTreeMap<FileId, Vec<String>>,
    suppressed: &Suppressed,
    print: String,
) -> ResultOut {
    let is_undecided = suppressed.finding.certainty == Certainty::Undecided;
    let suppression = SuppressionOut {
        kind: match suppressed.by {
            Acceptance::Comment => "inSource",
            Acceptance::Settings => "external",
        },
        justification: suppressed.reason.as_deref().map(safe::sentence),
        location: places.location(suppressed.place, ""),
    };
    let level = if is_undecided { "note" } else { level(suppressed.finding.severity) };
    let open = result(report, places, hashes, &suppressed.finding, print, is_undecided, level);
    ResultOut { suppressions: vec![suppression], ..open }
}

fn notifications(report: &Report, places: &Places<'_>, cut: usize) -> Vec<Notification> {
    let note = |level, text: String, span: Option<Span>| Notification {
        level,
        message: Text { text },
        locations: span.map(|span| places.location(span, "")).into_iter().collect(),
    };
    let mut all = Vec::new();
    if cut > 0 {
        let text =
            format!("{cut} more results are left out, because GitHub accepts {RESULT_LIMIT} of one run.");
        all.push(note("warning", text, None));
    }
    for failure in &report.failures {
        let text = format!("ssmlint failed on {}: {}.", plain(&failure.root), plain(&failure.message));
        all.push(note("error", text, None));
    }
    for diagnostic in &report.diagnostics {
        let level = match diagnostic.kind {
            DiagnosticKind::Unreadable => "error",
            DiagnosticKind::Invalid => "warning",
            DiagnosticKind::NotUnderstood | DiagnosticKind::Note => "note",
        };
        let text = format!("{}. {}", plain(&diagnostic.summary), plain(&diagnostic.detail));
        all.push(note(level, text.trim_end().to_owned(), diagnostic.span));
    }
    for gap in &report.gaps {
        all.push(note("note", format!("Not seen: {}.", plain(&gap.message)), gap.span));
    }
    if all.len() > NOTIFICATION_LIMIT {
        let rest = all.len() - NOTIFICATION_LIMIT;
        all.truncate(NOTIFICATION_LIMIT);
        all.push(note("note", format!("{rest} more notifications are left out."), None));
    }
    all
}

/// Text of a message in which nothing can be taken for a link: `](` is what makes one.
fn plain(text: &str) -> String {
    safe::sentence(text).replace("](", "\\](")
}

/// The text of a link; SARIF wants brackets and backslashes in it escaped.
fn link_text(text: &str) -> String {
    safe::sentence(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// How spans become locations.
struct Places<'a> {
    sources: &'a SourceMap,
    prefix: &'a Path,
}

impl Places<'_> {
    fn location(&self, span: Span, message: &str) -> LocationOut {
        let file = self.sources.file(span.file);
        let (start_line, start_column) = utf16_position(&file, span.start);
        let (end_line, end_column) = utf16_position(&file, span.end.max(span.start));
        let path = rebase(self.prefix, &file.path);
        let is_absolute = Path::new(&path).is_absolute();
        let message = safe::sentence(message);
        LocationOut {
            id: None,
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(Path::new(&path)),
                    uri_base_id: (!is_absolute).then_some("%SRCROOT%"),
                },
                region: Region { start_line, start_column, end_line, end_column },
            },
            logical_locations: Vec::new(),
            message: (!message.is_empty()).then_some(TextRef { text: message }),
        }
    }

    /// A fix, file by file.
    fn fix(&self, fix: &Fix) -> FixOut {
        let mut changes: Vec<(FileId, ArtifactChange)> = Vec::new();
        for edit in &fix.edits {
            let place = self.location(edit.span, "").physical_location;
            let replacement = ReplacementOut {
                deleted_region: place.region,
                inserted_content: TextRef { text: edit.text.clone() },
            };
            match changes.last_mut().filter(|(file, _)| *file == edit.span.file) {
                Some((_, change)) => change.replacements.push(replacement),
                None => changes.push((
                    edit.span.file,
                    ArtifactChange {
                        artifact_location: place.artifact_location,
                        replacements: vec![replacement],
                    },
                )),
            }
        }
        let text = format!("{} ({})", plain(&fix.title), fix.safety.as_str());
        FixOut {
            description: Text { text },
            artifact_changes: changes.into_iter().map(|(_, change)| change).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_code_makes_no_links() {
        assert_eq!(
            plain(r#"aws_instance.a["x"] [click](http://evil)"#),
            r#"aws_instance.a["x"] [click\](http://evil)"#
        );
        assert_eq!(link_text("a[0]\\"), "a\\[0\\]\\\\");
    }
}
