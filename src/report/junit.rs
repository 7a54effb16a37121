//! JUnit's XML, as CI systems show it: for each instance a test case for each rule, so that a clean run says what held.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::diagnostic::DiagnosticKind;
use crate::finding::Finding;
use crate::report::place::{self, Location, rebase};
use crate::report::xml::Xml;
use crate::report::{Options, Report, safe};
use crate::source::Span;

/// One test case.
struct Case {
    name: String,
    line: Option<u32>,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    /// Neither proven nor refuted, or of no consequence for the run: why.
    Skipped(String),
    /// The headline, its severity, and the rest.
    Failed(String, &'static str, Vec<String>),
    /// What could not be done.
    Error(String),
}

/// The cases of a file or directory, by its path.
type Suites = BTreeMap<String, Vec<Case>>;

/// Renders the report.
pub fn render(report: &Report, options: &Options) -> String {
    let mut suites = Suites::new();
    add_trouble(&mut suites, report, options);
    let found = found(report);
    let told = add_targets(&mut suites, report, options, &found);
    for (index, (finding, is_undecided)) in found.iter().enumerate() {
        if !told.contains(&index) {
            add_other(&mut suites, report, options, finding, *is_undecided);
        }
    }

    let total = |wanted: fn(&Outcome) -> bool| -> String {
        let all = suites.values().flatten();
        all.filter(|case| wanted(&case.outcome)).count().to_string()
    };
    let time = format!("{:.3}", report.duration.as_secs_f64());
    let mut xml = Xml::new();
    let attributes = [
        ("name", "ssmlint"),
        ("tests", &total(|_| true)),
        ("failures", &total(is_failed)),
        ("errors", &total(is_error)),
        ("skipped", &total(is_skipped)),
        ("time", &time),
    ];
    xml.element("testsuites", &attributes, |xml| {
        for (path, cases) in &suites {
            write_suite(xml, path, cases);
        }
    });
    xml.finish()
}

fn is_failed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(..))
}

fn is_error(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error(_))
}

fn is_skipped(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skipped(_))
}

fn write_suite(xml: &mut Xml, path: &str, cases: &[Case]) {
    let count =
        |wanted: fn(&Outcome) -> bool| cases.iter().filter(|case| wanted(&case.outcome)).count().to_string();
    let class = path.strip_suffix(".tf").unwrap_or(path);
    let attributes = [
        ("name", path),
        ("tests", &count(|_| true)),
        ("failures", &count(is_failed)),
        ("errors", &count(is_error)),
        ("skipped", &count(is_skipped)),
    ];
    xml.element("testsuite", &attributes, |xml| {
        for case in cases {
            let line = case.line.map(|line| line.to_string());
            let mut attributes = vec![("name", case.name.as_str()), ("classname", class), ("file", path)];
            attributes.extend(line.as_deref().map(|line| ("line", line)));
            match &case.outcome {
                Outcome::Passed => xml.empty("testcase", &attributes),
                Outcome::Skipped(why) => xml.element("testcase", &attributes, |xml| {
                    xml.empty("skipped", &[("message", why)]);
                }),
                Outcome::Failed(message, severity, body) => xml.element("testcase", &attributes, |xml| {
                    xml.text("failure", &[("message", message), ("type", severity)], body);
                }),
                Outcome::Error(message) => xml.element("testcase", &attributes, |xml| {
                    xml.empty("error", &[("message", message), ("type", "error")]);
                }),
            }
        }
    });
}

fn path_of(report: &Report, options: &Options, span: Option<Span>, root: &str) -> (String, Option<u32>) {
    match span {
        Some(span) => {
            let file = report.sources.file(span.file);
            (rebase(&options.prefix, &file.path), Some(file.position(span.start).line))
        }
        None => (rebase(&options.prefix, Path::new(root)), None),
    }
}

/// What could not be read, and what failed.
fn add_trouble(suites: &mut Suites, report: &Report, options: &Options) {
    for failure in &report.failures {
        let (path, line) = path_of(report, options, None, &failure.root);
        let outcome = Outcome::Error(safe::sentence(&failure.message));
        suites.entry(path).or_default().push(Case { name: "internal-error".to_owned(), line, outcome });
    }
    for diagnostic in &report.diagnostics {
        let (path, line) = path_of(report, options, diagnostic.span, ".");
        let mut message = safe::sentence(&diagnostic.summary);
        if !diagnostic.detail.is_empty() {
            message = format!("{message}: {}", safe::sentence(&diagnostic.detail));
        }
        let (name, outcome) = match diagnostic.kind {
            DiagnosticKind::Unreadable => ("readable", Outcome::Error(message)),
            DiagnosticKind::Invalid => {
                ("valid", Outcome::Skipped(format!("Terraform would refuse this: {message}")))
            }
            DiagnosticKind::NotUnderstood => ("understood", Outcome::Skipped(message)),
            DiagnosticKind::Note => continue,
        };
        suites.entry(path).or_default().push(Case { name: name.to_owned(), line, outcome });
    }
}

/// All findings, each with whether it is undecided.
fn found(report: &Report) -> Vec<(&Finding, bool)> {
    let certain = report.findings.iter().map(|finding| (finding, false));
    certain.chain(report.undecided.iter().map(|finding| (finding, true))).collect()
}

/// A case for each target and rule. Returns which of the findings stand there.
fn add_targets(
    suites: &mut Suites,
    report: &Report,
    options: &Options,
    found: &[(&Finding, bool)],
) -> BTreeSet<usize> {
    let mut by_target: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (index, (finding, _)) in found.iter().enumerate() {
        for root in &finding.roots {
            let mut targets: BTreeSet<&str> = finding.affected.iter().map(String::as_str).collect();
            targets.insert(&finding.subject);
            for target in targets {
                by_target.entry((root, target, finding.code)).or_default().push(index);
            }
        }
    }
    let mut told = BTreeSet::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for verdicts in &report.verdicts {
        for proof in &verdicts.proofs {
            // Findings of several scenarios are one, and say in which they hold.
            if !seen.insert((&verdicts.root, &proof.target)) {
                continue;
            }
            let (path, line) = path_of(report, options, proof.decl_range, &verdicts.root);
            let suite = suites.entry(path).or_default();
            for rule in report.rules.iter().filter(|rule| !report.not_run.contains(&rule.code)) {
                let key = (verdicts.root.as_str(), proof.target.as_str(), rule.code.as_str());
                let here = by_target.get(&key).map(Vec::as_slice).unwrap_or_default();
                told.extend(here);
                let name = format!("{} {}", rule.code, safe::line(&proof.target));
                // What is proven outranks what is not known.
                let worst = here.iter().map(|index| &found[*index]);
                let worst = worst.max_by_key(|(finding, is_undecided)| (!is_undecided, finding.severity));
                let outcome = worst.map_or(Outcome::Passed, |(finding, is_undecided)| {
                    outcome(report, options, finding, *is_undecided)
                });
                suite.push(Case { name, line, outcome });
            }
        }
    }
    told
}

/// A case for a finding that is about no target.
fn add_other(suites: &mut Suites, report: &Report, options: &Options, finding: &Finding, is_undecided: bool) {
    let root = finding.roots.first().map_or(".", String::as_str);
    let span = place::in_repository(&report.sources, finding);
    let (path, line) = path_of(report, options, span, root);
    let name = format!("{} {}", finding.code, safe::line(&finding.subject));
    let outcome = outcome(report, options, finding, is_undecided);
    suites.entry(path).or_default().push(Case { name, line, outcome });
}

fn outcome(report: &Report, options: &Options, finding: &Finding, is_undecided: bool) -> Outcome {
    let message = safe::sentence(&finding.message);
    if is_undecided {
        let mut because: Vec<&str> = finding.because.iter().map(|because| because.reason.as_str()).collect();
        because.dedup();
        let text = format!("undecided: {message}; because {}", safe::sentence(&because.join("; ")));
        return if options.policy.strict && finding.severity >= options.policy.fail_on {
            Outcome::Failed(text, finding.severity.as_str(), Vec::new())
        } else {
            Outcome::Skipped(text)
        };
    }
    if finding.severity < options.policy.fail_on {
        return Outcome::Skipped(format!("{}: {message}", finding.severity.as_str()));
    }
    let mut body = Vec::new();
    if let Some(span) = place::in_repository(&report.sources, finding) {
        body.push(Location::of(&report.sources, span).short());
    }
    for label in finding.primary.iter().chain(&finding.labels).filter(|label| !label.message.is_empty()) {
        body.push(format!("{}: {}", Location::of(&report.sources, label.span).short(), label.message));
    }
    for step in &finding.trace {
        let at = step
            .span
            .map_or(String::new(), |span| format!("{}: ", Location::of(&report.sources, span).short()));
        body.push(format!("{at}{}", step.message));
    }
    body.extend(finding.notes.iter().cloned());
    if !finding.affected.is_empty() {
        body.push(format!("affects {}", finding.affected.join(", ")));
    }
    if !finding.scenarios.is_empty() {
        body.push(format!("when {}", finding.scenarios.join(", ")));
    }
    body.extend(finding.help.iter().map(|help| format!("help: {help}")));
    let body = body.iter().map(|line| safe::sentence(line)).map(guarded).collect();
    Outcome::Failed(message, finding.severity.as_str(), body)
}

/// A line that is no workflow command, since runners read whatever is printed.
fn guarded(line: String) -> String {
    if line.starts_with("::") { format!("\\{line}") } else { line }
}
