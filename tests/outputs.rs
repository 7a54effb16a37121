//! Every format survives text from strangers: what it writes is read back by a reader of its own kind.

#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a helper that fails is a test that fails"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use ssmlint::diagnostic::{Diagnostic, DiagnosticKind};
use ssmlint::finding::{
    Acceptance, Because, Certainty, Edit, Finding, Fix, Label, Safety, Severity, Suppressed, TraceStep,
};
use ssmlint::proof::Service;
use ssmlint::proof::chain::Link;
use ssmlint::proof::verdict::{Break, Confidence, Path as Way, Proof, Verdict};
use ssmlint::report::{
    Counts, Failure, Format, Gap, GapKind, Options, Policy, Report, RuleInfo, Verdicts, place,
};
use ssmlint::source::{SourceMap, Span};
use ssmlint::truth::Truth;

/// Everything that terminals, runners, browsers and parsers act on.
const HOSTILE: &str = "x\"'`<b>&amp;</b>]]>,a=b:c%0A%25\r\n::error file=/etc/passwd,line=1::owned\r\
    \n##[error]owned\u{1b}[31m\u{1b}]8;;http://evil\u{7}\u{9b}31m\u{202e}kcatta\u{2066}\u{2028}\u{0}\u{7f}\t\
    [click](http://evil) ![](x) {{x}} ${{ secrets.X }} \\";

/// Characters that must not reach any output as such.
fn is_dangerous(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}')
}

fn hostile_report() -> Report {
    let sources = SourceMap::new();
    let main = sources
        .add(Path::new("::error ::a,b=%:\u{1b}\u{202e}.tf"), format!("# {HOSTILE}\nb = \"{HOSTILE}\"\n"));
    let call = sources.add(Path::new("roots/a b/main.tf"), "module \"vpc\" {\n  source = \"x\"\n}\n".into());
    let installed = sources
        .add(Path::new("roots/a b/.terraform/modules/vpc/main.tf"), "\u{feff}a = 1\n😀b = 2\r\n".into());
    let long = sources.add(Path::new("long.tf.json"), format!("{{\"{}\": 1}}", "ä\t".repeat(5_000)));
    let of = |file: &ssmlint::source::SourceFile, start: u32, end: u32| Span { file: file.id, start, end };
    let label = |span: Span| Label { span, message: HOSTILE.into() };
    let finding = |severity: Severity, certainty: Certainty, primary: Option<Span>| Finding {
        code: "SSM001",
        name: "endpoint-private-dns-disabled",
        severity,
        certainty,
        message: format!("headline {HOSTILE}"),
        subject: format!("aws_vpc_endpoint.x[\"{HOSTILE}\"]"),
        primary: primary.map(label),
        labels: vec![label(of(&call, 0, 12)), label(of(&long, 5, 9))],
        trace: vec![
            TraceStep { span: Some(of(&main, 0, 30)), message: HOSTILE.into() },
            TraceStep { span: None, message: HOSTILE.into() },
            TraceStep { span: Some(of(&long, 9_000, 9_004)), message: HOSTILE.into() },
        ],
        notes: vec![HOSTILE.into()],
        help: Some(format!("set it:\n  {HOSTILE}")),
        because: vec![Because { reason: HOSTILE.into(), span: primary }],
        fix: None,
        affected: vec![HOSTILE.into(), "aws_instance.b[0]".into()],
        scenarios: vec![HOSTILE.into()],
        cause: HOSTILE.into(),
        calls: vec![of(&call, 0, 12)],
        roots: vec![HOSTILE.into(), "b".into()],
    };
    let whole = |file: &ssmlint::source::SourceFile| Some(of(file, 0, file.text.len() as u32));
    let rule = |code: &str, category: &str, severity| RuleInfo {
        code: code.into(),
        name: "a-name".into(),
        severity,
        category: category.into(),
        summary: "One sentence.".into(),
        page: "# Page\n".into(),
    };
    Report {
        findings: vec![
            finding(Severity::Error, Certainty::Certain, whole(&main)),
            finding(Severity::Warning, Certainty::Certain, Some(of(&main, 2, 3))),
            finding(Severity::Info, Certainty::Certain, Some(of(&installed, 13, 14))),
            finding(Severity::Error, Certainty::Certain, None),
        ],
        undecided: vec![finding(Severity::Error, Certainty::Undecided, Some(of(&call, 19, 22)))],
        suppressed: vec![Suppressed {
            finding: finding(Severity::Error, Certainty::Certain, Some(of(&main, 2, 3))),
            by: Acceptance::Comment,
            place: of(&main, 0, 5),
            reason: Some(HOSTILE.into()),
            until: Some("2027-03-31".into()),
        }],
        recognised: None,
        gaps: vec![Gap {
            kind: GapKind::ModuleUnavailable,
            message: HOSTILE.into(),
            span: Some(of(&call, 0, 6)),
        }],
        diagnostics: vec![
            Diagnostic {
                summary: HOSTILE.into(),
                detail: HOSTILE.into(),
                span: Some(of(&main, 3, 9)),
                kind: DiagnosticKind::Unreadable,
            },
            Diagnostic::invalid(HOSTILE, "", None),
        ],
        hidden: 0,
        failures: vec![Failure { root: HOSTILE.into(), message: HOSTILE.into() }],
        verdicts: vec![Verdicts {
            root: HOSTILE.into(),
            scenario: HOSTILE.into(),
            proofs: vec![
                broken_proof(HOSTILE, Some(of(&main, 2, 3))),
                Proof {
                    verdict: Verdict::Reachable(Way::Hub(HOSTILE.into())),
                    links: Vec::new(),
                    assumptions: vec![HOSTILE.into()],
                    ..broken_proof("aws_instance.b[0]", Some(of(&call, 0, 6)))
                },
                Proof {
                    verdict: Verdict::Unknown(Vec::new()),
                    links: Vec::new(),
                    ..broken_proof("aws_instance.c", None)
                },
            ],
        }],
        matrices: Vec::new(),
        not_run: Default::default(),
        counts: Counts {
            targets: 4,
            roots: 2,
            roots_left_out: 0,
            files: 41,
            modules: 6,
            modules_missing: 1,
            summaries: 0,
        },
        rules: vec![
            rule("SSM001", "endpoint", Severity::Error),
            rule("SSM002", "security", Severity::Warning),
            rule("SSM003", "cost", Severity::Info),
        ],
        sources: Arc::new(sources),
        fixed: 0,
        duration: Duration::from_millis(18),
    }
}

/// A target whose way to ssmmessages breaks at the group of an endpoint.
fn broken_proof(target: &str, span: Option<Span>) -> Proof {
    let link = Link {
        number: 8,
        name: "endpoint-sg",
        service: Some(Service::SsmMessages),
        subnet: Some(HOSTILE.into()),
        template: Some(HOSTILE.into()),
        truth: Truth::No,
        span,
        reason: HOSTILE.into(),
        rule: "SSM002",
        endpoint: Some(HOSTILE.into()),
        because: Vec::new(),
        decided: None,
        trail: Vec::new(),
    };
    let opens = Link { service: Some(Service::Ssm), truth: Truth::Yes, ..link.clone() };
    let breaks = Break {
        link: link.clone(),
        services: vec![Service::SsmMessages],
        subnets: vec![HOSTILE.into()],
        templates: vec![HOSTILE.into()],
    };
    Proof {
        target: target.into(),
        decl_range: span,
        exists: Truth::Yes,
        verdict: Verdict::Broken(Box::new(breaks)),
        confidence: Confidence::Proved,
        by_host_management: false,
        paths: vec![(Service::Ssm, Way::Endpoints)],
        links: vec![opens, link],
        command: Vec::new(),
        features: Vec::new(),
        assumptions: Vec::new(),
        rests_on: Default::default(),
    }
}

fn clean_report() -> Report {
    let report = hostile_report();
    let target = broken_proof("aws_instance.app", None);
    let reachable = Proof { verdict: Verdict::Reachable(Way::Endpoints), links: Vec::new(), ..target };
    let verdicts = vec![Verdicts { root: "infra".into(), scenario: String::new(), proofs: vec![reachable] }];
    Report {
        verdicts,
        findings: vec![],
        undecided: vec![],
        suppressed: vec![],
        gaps: vec![],
        diagnostics: vec![],
        failures: vec![],
        ..report
    }
}

fn options() -> Options {
    Options {
        policy: Policy { strict: true, ..Policy::default() },
        working_dir: Some("/work/a b".into()),
        ..Options::default()
    }
}

#[test]
fn no_format_passes_control_characters_on() {
    for format in Format::ALL {
        let text = hostile_report().render(format, &options());
        let found: Vec<char> = text.chars().filter(|c| is_dangerous(*c)).collect();
        assert!(found.is_empty(), "{}: {found:?}", format.as_str());
    }
}

#[test]
fn text_formats_give_the_runner_no_commands() {
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Github) {
        let text = hostile_report().render(format, &options());
        for line in text.lines() {
            assert!(!line.trim_start().starts_with("::"), "{}: {line}", format.as_str());
        }
    }
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let report = hostile_report();
    let colored = report.render(Format::Pretty, &Options { color: true, ..options() });
    assert!(colored.contains("\u{1b}["));
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    plain.push_str(rest);
    let trimmed = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(trimmed(&plain), trimmed(&report.render(Format::Pretty, &options())));
}

#[test]
fn long_lines_are_cut_in_pretty() {
    let text = hostile_report().render(Format::Pretty, &options());
    assert!(text.lines().filter(|line| line.contains('ä')).count() > 0);
    for line in text.lines().filter(|line| line.contains('ä')) {
        assert!(line.chars().count() < 300, "{} characters", line.chars().count());
    }
}

#[test]
fn json_gives_back_every_string() {
    let report = hostile_report();
    let json: Json = serde_json::from_str(&report.render(Format::Json, &options())).unwrap();
    assert_eq!(json["schema"], "ssmlint/1");
    let finding = &json["findings"][0];
    assert_eq!(finding["message"], format!("headline {HOSTILE}"));
    assert_eq!(finding["affected"][0], HOSTILE);
    assert_eq!(finding["trace"][0]["message"], HOSTILE);
    assert_eq!(finding["location"]["line"], 1);
    assert_eq!(json["findings"][2]["location"]["column"], 2, "a column counts characters");
    assert_eq!(json["findings"][3]["location"], Json::Null);
    assert_eq!(json["undecided"][0]["because"][0], HOSTILE);
    assert_eq!(json["gaps"][0]["kind"], "module_unavailable");
    let summary = &json["summary"];
    let counts = ["errors", "warnings", "infos", "undecided", "targets", "roots", "files", "modules_missing"]
        .map(|name| summary[name].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 1, 1, 4, 2, 41, 1]);
}

#[test]
fn sarif_keeps_to_its_schema() {
    let schema: Json = serde_json::from_str(include_str!("../fixtures/schema/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [hostile_report(), clean_report()] {
        let sarif: Json = serde_json::from_str(&report.render(Format::Sarif, &options())).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&sarif)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    // The check itself can fail.
    assert!(!validator.is_valid(&serde_json::json!({"version": "2.1.0", "runs": [{}]})));
}

#[test]
fn sarif_says_what_github_needs() {
    let report = hostile_report();
    let sarif: Json = serde_json::from_str(&report.render(Format::Sarif, &options())).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 3);
    assert_eq!(run["invocations"][0]["exitCode"], 2);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["workingDirectory"]["uri"], "file:///work/a%20b/");
    assert_eq!(run["tool"]["driver"]["rules"][1]["properties"]["security-severity"], "5.5");
    assert_eq!(run["tool"]["driver"]["rules"][0]["properties"].get("security-severity"), None);

    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let message = result["message"]["text"].as_str().unwrap();
        for (at, _) in message.match_indices("](") {
            let is_ours = message[at + 2..].chars().next().unwrap().is_ascii_digit();
            let is_escaped = message[..at].ends_with('\\');
            assert!(is_ours || is_escaped, "{message}");
        }
        for location in result["locations"].as_array().unwrap() {
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
            assert!(!uri.starts_with('/'));
        }
        let ids: Vec<u64> = result["relatedLocations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|l| l["id"].as_u64().unwrap())
            .collect();
        assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    }
    let info = results.iter().find(|result| result["level"] == "note").unwrap();
    let at = &info["locations"][0]["physicalLocation"];
    assert_eq!(
        at["artifactLocation"]["uri"], "roots/a%20b/main.tf",
        "a finding in an installed module is at its call"
    );
    let real = &info["relatedLocations"][0]["physicalLocation"];
    assert_eq!(real["artifactLocation"]["uri"], "roots/a%20b/.terraform/modules/vpc/main.tf");
    assert_eq!(real["region"]["startColumn"], 3, "columns count UTF-16 units");
    let prints: std::collections::BTreeSet<&str> =
        results.iter().map(|result| result["partialFingerprints"]["ssmlint/v1"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), 5, "fingerprints are unique");
    assert_eq!(
        info["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap().rsplit(':').next(),
        Some("1")
    );
    let undecided = results.iter().find(|result| result["properties"]["verdict"] == "unknown").unwrap();
    assert_eq!(undecided["level"], "error", "under --strict it counts as what it may be");
    let sarif: Json = serde_json::from_str(&report.render(Format::Sarif, &Options::default())).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let undecided = results.iter().find(|result| result["properties"]["verdict"] == "unknown").unwrap();
    assert_eq!(undecided["level"], "note");
}

#[test]
fn sarif_of_a_clean_run_has_empty_results() {
    let sarif: Json = serde_json::from_str(&clean_report().render(Format::Sarif, &options())).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn sarif_counts_paths_from_the_repository() {
    let inside = Options { prefix: "infra".into(), ..options() };
    let sarif: Json = serde_json::from_str(&hostile_report().render(Format::Sarif, &inside)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "ssmlint/infra/");
    let uri = &run["results"][0]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "infra/roots/a%20b/main.tf");
}

/// A workflow command as GitHub's runner reads it.
#[derive(Debug, PartialEq, Eq)]
struct Command {
    name: String,
    properties: BTreeMap<String, String>,
    message: String,
}

/// The runner's rules: a line that starts with `::` after blanks; name up to the first blank or `::`; properties
/// between commas; `%25` last of all unescaped.
fn runner_reads(line: &str) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, message) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let unescape = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let properties = properties
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| {
            let value =
                value.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            (key.trim().to_owned(), value.replace("%25", "%"))
        })
        .collect();
    Some(Command { name: name.to_owned(), properties, message: unescape(message) })
}

#[test]
fn github_commands_are_read_back_as_they_were_meant() {
    let text = hostile_report().render(Format::Github, &options());
    let commands: Vec<Command> = text.lines().filter_map(runner_reads).collect();
    // Two diagnostics, one failure, four findings, one undecided under --strict.
    assert_eq!(commands.len(), 8, "{text}");
    assert_eq!(text.lines().count(), commands.len() + 1, "only the closing line is no command");
    for command in &commands {
        assert!(["error", "warning", "notice"].contains(&command.name.as_str()), "{command:?}");
        for key in command.properties.keys() {
            assert!(
                ["file", "line", "endLine", "col", "endColumn", "title"].contains(&key.as_str()),
                "{key}"
            );
        }
        let multi_line = command.properties.get("line") != command.properties.get("endLine");
        assert_eq!(
            command.properties.contains_key("col"),
            command.properties.contains_key("file") && !multi_line
        );
    }
    let finding = commands.iter().find(|command| command.message.starts_with("headline")).unwrap();
    assert_eq!(finding.properties["title"], "SSM001 endpoint-private-dns-disabled");
    assert!(
        finding
            .message
            .contains("]]>,a=b:c%0A%25\n::error file=/etc/passwd,line=1::owned\n##[error]owned\\u{1b}")
    );
    assert_eq!(finding.properties["file"], "::error ::a,b=%:\\u{1b}\\u{202e}.tf");
}

#[test]
fn github_points_to_the_rest_in_the_last_slot() {
    let mut report = hostile_report();
    report.diagnostics.clear();
    report.failures.clear();
    report.undecided.clear();
    report.findings = vec![report.findings[0].clone(); 12];
    let text = report.render(Format::Github, &options());
    let commands: Vec<Command> = text.lines().filter_map(runner_reads).collect();
    assert_eq!(commands.len(), 10);
    assert!(commands[9].message.starts_with("3 more are not shown here"), "{:?}", commands[9]);
    report.findings.truncate(10);
    let text = report.render(Format::Github, &options());
    assert!(!text.contains("not shown here"));
}

#[test]
fn concise_is_one_line_a_finding() {
    let report = hostile_report();
    let text = report.render(Format::Concise, &Options::default());
    // Four findings, two diagnostics, a failure, what is proven, the closing line.
    assert_eq!(text.lines().count(), 9, "{text}");
    assert!(text.lines().next().unwrap().contains(": error SSM001 headline "));
    assert!(text.ends_with(
        "2 errors, 1 warning, 1 info, 1 undecided, 1 suppressed · 4 instances in 2 roots (41 files, 6 modules; 1 place not readable; \
         1 module not installed) · 18 ms\n"
    ));
}

#[test]
fn exit_codes_rank() {
    let mut report = hostile_report();
    let policy = Policy::default();
    assert_eq!(report.exit_code(Policy { exit_zero: true, ..policy }), 2, "not done outranks all");
    report.diagnostics.remove(0);
    report.failures.clear();
    assert_eq!(report.exit_code(policy), 1);
    assert_eq!(report.exit_code(Policy { exit_zero: true, ..policy }), 0);
    report.findings.retain(|finding| finding.severity == Severity::Info);
    assert_eq!(report.exit_code(policy), 0);
    assert_eq!(report.exit_code(Policy { strict: true, ..policy }), 1);
}

/// GitLab's list of what an entry has: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Violation {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: String,
    location: ViolationPlace,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ViolationPlace {
    path: String,
    lines: ViolationLines,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ViolationLines {
    begin: u32,
}

fn gitlab(report: &Report, options: &Options) -> Vec<Violation> {
    serde_json::from_str(&report.render(Format::Gitlab, options)).unwrap()
}

#[test]
fn gitlab_entries_are_complete_and_told_apart() {
    let mut report = hostile_report();
    let inside = Options { prefix: "infra".into(), ..options() };
    let violations = gitlab(&report, &inside);
    // A failure, two diagnostics, four findings, one undecided under --strict.
    assert_eq!(violations.len(), 8);
    let prints: std::collections::BTreeSet<&str> =
        violations.iter().map(|violation| violation.fingerprint.as_str()).collect();
    assert_eq!(prints.len(), 8, "of two with one fingerprint GitLab shows one");
    for violation in &violations {
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&violation.severity.as_str()));
        assert!(!violation.location.path.starts_with(['/', '.']), "{violation:?}");
        assert!(violation.location.lines.begin >= 1);
        assert!(!violation.description.is_empty() && !violation.description.contains('\n'));
    }
    let codes: Vec<&str> = violations.iter().map(|violation| violation.check_name.as_str()).collect();
    assert_eq!(codes[..4], ["internal-error", "unreadable", "invalid", "SSM001"]);
    let installed = violations.iter().find(|violation| violation.severity == "info").unwrap();
    assert_eq!(
        installed.location.path, "infra/roots/a b/main.tf",
        "a finding in an installed module is at its call"
    );

    // The line is no part of the fingerprint.
    let before = gitlab(&report, &inside)[3].fingerprint.clone();
    report.findings[0].primary.as_mut().unwrap().span.start += 40;
    assert_eq!(gitlab(&report, &inside)[3].fingerprint, before);
    report.findings[0].code = "SSM006";
    assert_eq!(gitlab(&report, &inside)[3].severity, "critical");
    assert_ne!(gitlab(&report, &inside)[3].fingerprint, before);
    assert_eq!(clean_report().render(Format::Gitlab, &options()), "[]\n");
}

#[test]
fn checkstyle_is_read_back_by_a_parser() {
    let text = hostile_report().render(Format::Checkstyle, &options());
    let document = roxmltree::Document::parse(&text).unwrap();
    assert_eq!(document.root_element().tag_name().name(), "checkstyle");
    let errors: Vec<_> = document.descendants().filter(|node| node.has_tag_name("error")).collect();
    assert_eq!(errors.len(), 8);
    for error in &errors {
        assert!(error.parent_element().unwrap().attribute("name").is_some());
        assert!(["error", "warning", "info"].contains(&error.attribute("severity").unwrap()));
        for number in ["line", "column"] {
            assert!(error.attribute(number).unwrap().parse::<u32>().unwrap() >= 1);
        }
    }
    let finding = errors.iter().find(|error| error.attribute("source") == Some("ssmlint.SSM001")).unwrap();
    let message = finding.attribute("message").unwrap();
    assert!(message.contains("x\"'`<b>&amp;</b>]]>,a=b:c%0A%25 ::error file=/etc/passwd"), "{message}");
    let names: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("file"))
        .map(|node| node.attribute("name"))
        .collect();
    assert!(names.contains(&Some("::error ::a,b=%:\\u{1b}\\u{202e}.tf")), "{names:?}");
    let clean = clean_report().render(Format::Checkstyle, &options());
    assert_eq!(
        roxmltree::Document::parse(&clean)
            .unwrap()
            .root_element()
            .children()
            .filter(|node| node.is_element())
            .count(),
        0
    );
}

fn attribute(node: roxmltree::Node<'_, '_>, name: &str) -> usize {
    node.attribute(name).unwrap().parse().unwrap()
}

#[test]
fn junit_counts_what_it_lists() {
    for report in [hostile_report(), clean_report()] {
        let text = report.render(Format::Junit, &Options::default());
        let document = roxmltree::Document::parse(&text).unwrap();
        let root = document.root_element();
        let suites: Vec<_> = root.children().filter(|node| node.is_element()).collect();
        let with = |node: roxmltree::Node<'_, '_>, name: &str| {
            node.descendants().filter(|inner| inner.has_tag_name(name)).count()
        };
        for node in suites.iter().copied().chain([root]) {
            assert_eq!(attribute(node, "tests"), with(node, "testcase"));
            assert_eq!(attribute(node, "failures"), with(node, "failure"));
            assert_eq!(attribute(node, "errors"), with(node, "error"));
            assert_eq!(attribute(node, "skipped"), with(node, "skipped"));
        }
        for case in document.descendants().filter(|node| node.has_tag_name("testcase")) {
            for name in ["name", "classname", "file"] {
                assert!(!case.attribute(name).unwrap().is_empty());
            }
        }
    }
}

#[test]
fn junit_of_a_clean_run_says_what_held() {
    let text = clean_report().render(Format::Junit, &Options::default());
    let document = roxmltree::Document::parse(&text).unwrap();
    let names: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
        .map(|node| node.attribute("name"))
        .collect();
    let expected = ["SSM001 aws_instance.app", "SSM002 aws_instance.app", "SSM003 aws_instance.app"];
    assert_eq!(names, expected.map(Some));
    assert_eq!(
        document
            .descendants()
            .filter(|node| node.is_text() && !node.text().unwrap().trim().is_empty())
            .count(),
        0
    );
}

#[test]
fn junit_fails_the_case_of_the_instance_that_is_cut_off() {
    let mut report = hostile_report();
    report.findings.truncate(1);
    report.findings[0].roots = vec!["infra".into()];
    report.findings[0].affected = vec!["aws_instance.app".into()];
    report.undecided[0].code = "SSM002";
    report.undecided[0].roots = vec!["infra".into()];
    report.undecided[0].affected = vec!["aws_instance.app".into()];
    report.verdicts = clean_report().verdicts;
    let outcome = |code: &str, options: &Options| {
        let text = report.render(Format::Junit, options);
        let document = roxmltree::Document::parse(&text).unwrap();
        let name = format!("{code} aws_instance.app");
        let case = document.descendants().find(|node| node.attribute("name") == Some(&name)).unwrap();
        case.first_element_child().map(|inner| inner.tag_name().name().to_owned())
    };
    let default = Options::default();
    assert_eq!(outcome("SSM001", &default).as_deref(), Some("failure"));
    assert_eq!(outcome("SSM002", &default).as_deref(), Some("skipped"));
    assert_eq!(outcome("SSM003", &default), None);
    assert_eq!(
        outcome("SSM002", &options()).as_deref(),
        Some("failure"),
        "--strict fails the run, so it fails here"
    );
    report.findings[0].severity = Severity::Info;
    let text = report.render(Format::Junit, &default);
    assert!(!text.contains("<failure"), "what does not fail the run is no failure");
}

/// The messages of reviewdog's `proto/rdf/reviewdog.proto`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct DiagnosticResult {
    diagnostics: Vec<RdDiagnostic>,
    source: RdSource,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdDiagnostic {
    message: String,
    location: RdLocation,
    severity: String,
    source: Option<RdSource>,
    code: RdCode,
    #[serde(default)]
    suggestions: Vec<RdSuggestion>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdSource {
    name: String,
    url: String,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdCode {
    value: String,
    url: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdLocation {
    path: String,
    range: Option<RdRange>,
}

#[derive(Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdRange {
    start: RdPosition,
    end: RdPosition,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdPosition {
    line: u32,
    column: u32,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RdSuggestion {
    range: RdRange,
    text: String,
}

#[test]
fn rdjson_keeps_to_its_messages() {
    let mut report = hostile_report();
    let primary = report.findings[1].primary.as_ref().unwrap().span;
    let edit = Edit { span: primary, text: "true".into() };
    report.findings[1].fix =
        Some(Fix { title: "set it".into(), safety: Safety::Safe, changes: Vec::new(), edits: vec![edit] });
    report.findings[0].fix = Some(Fix { safety: Safety::Unsafe, ..report.findings[1].fix.clone().unwrap() });
    let result: DiagnosticResult = serde_json::from_str(&report.render(Format::Rdjson, &options())).unwrap();
    assert_eq!(result.diagnostics.len(), 8);
    assert_eq!((result.source.name.as_str(), result.source.url.is_empty()), ("ssmlint", false));
    for diagnostic in &result.diagnostics {
        assert!(["ERROR", "WARNING", "INFO"].contains(&diagnostic.severity.as_str()));
        assert!(!diagnostic.location.path.is_empty());
        assert!(!diagnostic.message.replace("\\](", "").contains("]("), "{}", diagnostic.message);
        if let Some(range) = &diagnostic.location.range {
            assert!(range.start.line >= 1 && range.start.column >= 1 && range.start <= range.end);
        }
        assert_eq!(diagnostic.code.url.is_some(), diagnostic.code.value.starts_with("SSM"));
        assert!(diagnostic.source.is_none());
    }
    let fixes: Vec<&RdSuggestion> =
        result.diagnostics.iter().flat_map(|diagnostic| &diagnostic.suggestions).collect();
    assert_eq!(fixes.len(), 1, "only what is safe is suggested");
    assert_eq!(
        (fixes[0].text.as_str(), &fixes[0].range),
        ("true", result.diagnostics[4].location.range.as_ref().unwrap())
    );

    let lines = report.render(Format::Rdjsonl, &options());
    let lines: Vec<RdDiagnostic> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().all(|line| line.source.as_ref().is_some_and(|source| source.name == "ssmlint")));
}

#[test]
fn rdjson_counts_bytes() {
    let sources = SourceMap::new();
    // The example of the format's own description: b stands in column 6.
    let file = sources.add(Path::new("a.tf"), "x\na\u{10428}b\n".into());
    let at = |offset: u32| place::byte_position(&file, offset);
    assert_eq!((at(0), at(2), at(3), at(7)), ((1, 1), (2, 1), (2, 2), (2, 6)));
}

#[test]
fn json_lists_the_verdicts() {
    let json: Json = serde_json::from_str(&hostile_report().render(Format::Json, &options())).unwrap();
    let verdicts = json["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 3);
    assert_eq!(verdicts[0]["target"], HOSTILE);
    assert_eq!(verdicts[0]["state"], "broken");
    assert_eq!(verdicts[0]["broken_at"]["rule"], "SSM002");
    assert_eq!(verdicts[0]["broken_at"]["link"], "L8");
    assert_eq!(verdicts[0]["broken_at"]["location"]["line"], 1);
    assert_eq!(verdicts[1]["path"], format!("via endpoints (hub {HOSTILE})"));
    assert_eq!(verdicts[2]["state"], "unknown");
    assert_eq!(verdicts[2]["broken_at"], Json::Null);
}

#[test]
fn jsonl_has_what_json_has() {
    let report = hostile_report();
    let json: Json = serde_json::from_str(&report.render(Format::Json, &options())).unwrap();
    let text = report.render(Format::Jsonl, &options());
    let mut kinds: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in text.lines() {
        let mut line: Json = serde_json::from_str(line).unwrap();
        let object = line.as_object_mut().unwrap();
        assert_eq!(object.remove("schema").unwrap(), "ssmlint/1");
        let kind = object.remove("type").unwrap().as_str().unwrap().to_owned();
        kinds.entry(kind).or_default().push(line);
    }
    for (kind, name) in [
        ("finding", "findings"),
        ("undecided", "undecided"),
        ("suppressed", "suppressed"),
        ("verdict", "verdicts"),
        ("gap", "gaps"),
        ("diagnostic", "diagnostics"),
        ("failure", "failures"),
    ] {
        assert_eq!(Json::Array(kinds.remove(kind).unwrap()), json[name], "{name}");
    }
    assert_eq!(kinds.remove("summary").unwrap(), [json["summary"].clone()]);
    assert!(kinds.is_empty(), "{kinds:?}");
}

/// What a reader of Markdown makes of it, by GitHub's rules.
fn markdown_events(text: &str) -> Vec<pulldown_cmark::Event<'_>> {
    pulldown_cmark::Parser::new_ext(text, pulldown_cmark::Options::ENABLE_TABLES).collect()
}

#[test]
fn markdown_has_no_markup_of_strangers() {
    use pulldown_cmark::{Event, Tag, TagEnd};
    let text = hostile_report().render(Format::Markdown, &options());
    let mut tables = 0;
    let mut widths: Vec<usize> = Vec::new();
    for event in markdown_events(&text) {
        assert!(!matches!(event, Event::Html(_) | Event::InlineHtml(_)), "{event:?}");
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = &event {
            assert!(
                dest_url.starts_with("https://github.com/ssmlint/ssmlint/blob/main/rules/"),
                "{dest_url}"
            );
        }
        match event {
            Event::Start(Tag::Table(columns)) => {
                tables += 1;
                widths.push(columns.len());
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => widths.push(0),
            Event::Start(Tag::TableCell) => *widths.last_mut().unwrap() += 1,
            Event::Start(Tag::Heading { .. } | Tag::CodeBlock(_)) => widths.clear(),
            _ => {}
        }
    }
    assert_eq!(tables, 2, "{text}");
    // Where forges look for addresses and mentions, there are none.
    let mut in_code_block = false;
    for event in markdown_events(&text) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code_block = true,
            Event::End(TagEnd::CodeBlock) => in_code_block = false,
            Event::Text(text) if !in_code_block => {
                for active in ["://", "@", "www."] {
                    assert!(!text.contains(active), "{active}: {text}");
                }
            }
            _ => {}
        }
    }
}

#[test]
fn markdown_draws_the_link_that_breaks() {
    let text = hostile_report().render(Format::Markdown, &options());
    let (_, rest) = text.split_once("```mermaid\n").unwrap();
    let (picture, _) = rest.split_once("```").unwrap();
    assert!(picture.starts_with("flowchart LR\n"));
    assert!(picture.contains("--x|\"L8 endpoint-sg SSM002\"| e0"), "{picture}");
    assert!(picture.contains("linkStyle "));
    for line in picture.lines().skip(1) {
        // A label ends at the first quote, and there are as many as labels have.
        let quotes = line.matches('"').count();
        assert!(quotes == 0 || quotes == 2, "{line}");
        assert!(!line.contains(['<', '`', '\\']), "{line}");
    }
}

#[test]
fn markdown_links_to_the_revision_where_it_is_known() {
    let url = "https://github.com/o/r/blob/abc/".to_owned();
    let options = Options { source_url: Some(url), prefix: "infra".into(), ..Options::default() };
    let text = hostile_report().render(Format::Markdown, &options);
    assert!(
        text.contains(
            "[`infra/roots/a b/main.tf:1`](https://github.com/o/r/blob/abc/infra/roots/a%20b/main.tf#L1)"
        ),
        "{text}"
    );
}

#[test]
fn names_of_a_million_characters_stay_bounded_where_people_read() {
    let mut report = hostile_report();
    let name = "x|`<\u{202e}".repeat(200_000);
    report.findings[0].message = name.clone();
    report.findings[0].subject = name.clone();
    report.verdicts[0].proofs[0].target = name.clone();
    report.verdicts[0].root = name;
    for format in Format::ALL {
        let text = report.render(format, &options());
        assert!(!text.chars().any(is_dangerous), "{}", format.as_str());
    }
    let text = report.render(Format::Markdown, &options());
    assert!(text.len() < 60_000, "{} bytes", text.len());
}

#[test]
fn hyperlinks_add_escape_sequences_and_nothing_else() {
    let report = hostile_report();
    let linked = report.render(Format::Pretty, &Options { hyperlinks: true, ..options() });
    let mut plain = String::new();
    let mut targets = Vec::new();
    let mut rest = linked.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}]8;;") {
        plain.push_str(before);
        let (target, after) = after.split_once("\u{1b}\\").unwrap();
        targets.push(target);
        rest = after;
    }
    plain.push_str(rest);
    assert_eq!(plain, report.render(Format::Pretty, &options()));
    for target in targets.iter().filter(|target| !target.is_empty()) {
        assert!(
            target.starts_with("file:///work/a%20b/") || target.starts_with("https://github.com/"),
            "{target}"
        );
        assert!(target.bytes().all(|b| b.is_ascii_graphic()), "{target}");
    }
    assert!(targets.iter().any(|target| target.ends_with("/rules/SSM001.md")));
}

#[test]
fn statistics_count_instead_of_listing() {
    for format in [Format::Pretty, Format::Concise] {
        let text = hostile_report().render(format, &Options { statistics: true, ..Options::default() });
        assert!(text.contains("2  SSM001  error    endpoint-private-dns-disabled\n"), "{text}");
        assert!(text.contains("1  SSM001  info     endpoint-private-dns-disabled\n"), "{text}");
        assert!(!text.contains("headline"), "{text}");
    }
}
