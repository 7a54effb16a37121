//! Every format survives text from strangers: what it writes is read back by a reader of its own kind.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use ssmlint::diagnostic::{Diagnostic, DiagnosticKind};
use ssmlint::finding::{Acceptance, Because, Certainty, Finding, Label, Severity, Suppressed, TraceStep};
use ssmlint::report::{Counts, Failure, Format, Gap, GapKind, Options, Policy, Report, RuleInfo};
use ssmlint::source::{SourceMap, Span};

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
        verdicts: Vec::new(),
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

fn clean_report() -> Report {
    Report {
        findings: vec![],
        undecided: vec![],
        suppressed: vec![],
        gaps: vec![],
        diagnostics: vec![],
        failures: vec![],
        ..hostile_report()
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
    for format in [Format::Pretty, Format::Concise, Format::Json, Format::Sarif] {
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
    // Four findings, two diagnostics, a failure, the closing line.
    assert_eq!(text.lines().count(), 8, "{text}");
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
