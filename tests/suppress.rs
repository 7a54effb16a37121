//! What a suppression reaches and what it does not, and what is said about suppressions themselves. The projects are
//! those of `fixtures/suppress`.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "support/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::civil::date;
use serde_json::Value as Json;

use ssmlint::finding::Finding;
use ssmlint::lint::{self, Request, Suppressions};
use ssmlint::report::Report;
use ssmlint::rules::page::{Page, Shows};
use ssmlint::settings::{RuleSettings, Settings};
use ssmlint::source::fs::Disk;
use ssmlint::suppress;

use program::run;

fn json(arguments: &[&str]) -> (Json, i32) {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
    let run = run(&arguments);
    (serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr)), run.code)
}

/// Code, address and line of the entries of a list, of some rule or family.
fn list(report: &Json, name: &str, family: &str) -> Vec<(String, String, u64)> {
    let entries = report[name].as_array().unwrap().iter();
    let of_family = entries.filter(|entry| entry["code"].as_str().unwrap().starts_with(family));
    of_family
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            (text("code"), text("address"), entry["location"]["line"].as_u64().unwrap())
        })
        .collect()
}

fn messages(report: &Json, family: &str) -> Vec<(u64, String, String)> {
    let entries = report["findings"].as_array().unwrap().iter();
    entries
        .filter(|entry| entry["code"].as_str().unwrap().starts_with(family))
        .map(|entry| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            (entry["location"]["line"].as_u64().unwrap(), text("message"), text("help"))
        })
        .collect()
}

#[test]
fn a_directive_holds_wherever_it_can_stand() {
    let (report, code) = json(&["suppress/places"]);
    assert_eq!(report["findings"], Json::Array(Vec::new()));
    assert_eq!(code, 0);
    let mut names: Vec<String> = Vec::new();
    for dir in ["suppress/places/main.tf", "suppress/places/legacy.tf"] {
        let text = fs::read_to_string(Path::new("fixtures").join(dir)).unwrap();
        let headers = text.lines().filter_map(|line| line.strip_prefix("resource \"aws_security_group\" \""));
        names.extend(headers.map(|rest| format!("aws_security_group.{}", rest.split('"').next().unwrap())));
    }
    names.extend(["aws_security_group.json".to_owned(), "aws_security_group.json_file".to_owned()]);
    let mut suppressed: Vec<String> =
        list(&report, "suppressed", "SSM").into_iter().map(|(_, address, _)| address).collect();
    names.sort();
    suppressed.sort();
    assert_eq!(suppressed, names);
    let reasons: Vec<&str> = report["suppressed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["by"]["reason"].as_str().unwrap())
        .collect();
    assert!(reasons.contains(&"in \"JSON\"") && reasons.contains(&"beside code"), "{reasons:?}");
}

#[test]
fn a_directive_reaches_no_other_line_and_no_other_resource() {
    let (report, code) = json(&["suppress/narrow"]);
    let open = list(&report, "findings", "");
    let lines: Vec<(&str, u64)> = open.iter().map(|(_, address, line)| (address.as_str(), *line)).collect();
    assert_eq!(lines, [("aws_security_group.two", 16), ("aws_security_group.next", 27)]);
    assert_eq!(list(&report, "suppressed", "").len(), 1);
    assert_eq!(code, 1);
}

#[test]
fn a_directive_on_a_call_holds_for_its_instances_alone() {
    let (report, _) = json(&["suppress/call"]);
    let at = |address: &str| vec![("SSM006".to_owned(), address.to_owned(), 8)];
    assert_eq!(list(&report, "findings", ""), at("module.new.aws_security_group.this"));
    assert_eq!(list(&report, "suppressed", ""), at("module.old.aws_security_group.this"));
}

#[test]
fn what_is_missing_is_accepted_at_the_instances_that_need_it_or_at_the_network() {
    let of = |report: &Json, list: &str| -> Vec<Json> {
        let entries = report[list].as_array().unwrap().iter();
        entries.filter(|entry| entry["code"] == "SSM003").map(|entry| entry["affected"].clone()).collect()
    };
    let (report, _) = json(&["suppress/missing"]);
    assert_eq!(of(&report, "findings"), [serde_json::json!(["aws_instance.app"])]);
    let workers = ["module.workers[0].aws_instance.this", "module.workers[1].aws_instance.this"];
    assert_eq!(
        of(&report, "suppressed"),
        [serde_json::json!(["aws_instance.batch"]), serde_json::json!(workers)]
    );

    // At the last instance, and at the VPC instead.
    for (from, to) in [
        (
            "resource \"aws_instance\" \"app\"",
            "# ssmlint:ignore[SSM003] nor here\nresource \"aws_instance\" \"app\"",
        ),
        (
            "resource \"aws_vpc\" \"main\"",
            "# ssmlint:ignore[SSM003] on purpose\nresource \"aws_vpc\" \"main\"",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        copy(Path::new("fixtures/suppress/missing"), dir.path());
        let main = dir.path().join("main.tf");
        let text = fs::read_to_string(&main).unwrap().replace(from, to);
        fs::write(&main, text).unwrap();
        let (report, _) = json(&[dir.path().to_str().unwrap()]);
        assert_eq!(of(&report, "findings"), Vec::<Json>::new(), "{to}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn strings_are_no_comments() {
    let (report, _) = json(&["suppress/strings"]);
    assert_eq!(list(&report, "findings", "").len(), 1);
    assert_eq!(list(&report, "suppressed", "").len(), 0);
}

#[test]
fn unused_and_expired_directives_are_found_each_rule_by_itself() {
    let (report, code) = json(&["suppress/own"]);
    let said = messages(&report, "IGN");
    let said: Vec<(u64, &str)> = said.iter().map(|(line, message, _)| (*line, message.as_str())).collect();
    assert_eq!(
        said,
        [
            (8, "nothing needs the suppression of SSM001"),
            (20, "the suppression of SSM006 expired on 2020-02-29"),
            (41, "nothing needs the suppression of SSM006"),
        ]
    );
    // What has expired holds no more.
    assert_eq!(
        list(&report, "findings", "SSM"),
        [("SSM006".to_owned(), "aws_security_group.expired".to_owned(), 21)]
    );
    assert_eq!(code, 1);
}

#[test]
fn a_run_that_sees_a_part_says_nothing_of_unused_directives() {
    let unused = |arguments: &[&str]| list(&json(arguments).0, "findings", "IGN001").len();
    assert_eq!(unused(&["suppress/own"]), 2);
    assert_eq!(unused(&["suppress/own", "--workspace", "prod"]), 0);
    // A module that other roots may call.
    let dir = tempfile::tempdir().unwrap();
    copy(Path::new("fixtures/suppress/own"), &dir.path().join("net"));
    let root = dir.path().join("root");
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(dir.path().join(".git")).unwrap();
    fs::write(root.join("main.tf"), "module \"net\" {\n  source = \"../net\"\n}\n").unwrap();
    assert_eq!(unused(&[root.to_str().unwrap()]), 0);
    assert_eq!(unused(&[dir.path().to_str().unwrap()]), 2);
}

#[test]
fn directives_that_cannot_be_obeyed_end_the_run_with_2() {
    let (report, code) = json(&["suppress/own-invalid"]);
    assert_eq!(code, 2);
    let said = messages(&report, "IGN004");
    let said: Vec<(u64, &str, &str)> =
        said.iter().map(|(line, message, help)| (*line, message.as_str(), help.as_str())).collect();
    assert_eq!(said[0], (5, "there is no rule SSM06", "did you mean SSM006?"));
    assert_eq!(said[1], (6, "there is no rule ssh-ingres-open", "did you mean ssh-ingress-open?"));
    assert_eq!(said[2].1, "`ignore` names no rule");
    assert_eq!(said[5].1, "`2027-02-30` is no date");
    assert_eq!(said[7].1, "IGN001 is about directives and cannot be suppressed");
    assert_eq!(said.len(), 8);
    assert_eq!(list(&report, "findings", "SSM").len(), 1);
    assert_eq!(run(&["suppress/own-invalid", "--exit-zero"]).code, 2);
}

#[test]
fn flags_show_what_is_suppressed_or_report_it_all_the_same() {
    let plain = run(&["suppress/call"]);
    assert!(!plain.stdout.contains("suppressed["), "{}", plain.stdout);
    assert!(
        plain.stdout.contains("1 error, 1 suppressed") || plain.stdout.contains(", 1 suppressed"),
        "{}",
        plain.stdout
    );
    let shown = run(&["suppress/call", "--show-suppressed"]);
    assert!(
        shown.stdout.contains(
            "suppressed[SSM006]: module.old.aws_security_group.this lets anybody connect to port 22\n  \
             --> suppress/call/modules/group/main.tf:8:3\n  \
             = by the comment at suppress/call/main.tf:5:3: the old office\n"
        ),
        "{}",
        shown.stdout
    );
    let coloured = run(&["suppress/call", "--show-suppressed", "--color", "always"]);
    assert!(coloured.stdout.contains("\u{1b}[2msuppressed[SSM006]"));
    let (all, _) = json(&["suppress/own", "--no-ignores"]);
    assert_eq!(list(&all, "findings", "SSM").len(), 3);
    assert_eq!(list(&all, "findings", "IGN").len(), 0);
    assert_eq!(list(&all, "suppressed", "").len(), 0);
}

#[test]
fn sarif_has_suppressions_when_they_are_asked_for() {
    let sarif = |arguments: &[&str]| -> Json { serde_json::from_str(&run(arguments).stdout).unwrap() };
    let plain = sarif(&["suppress/call", "-f", "sarif"]);
    assert_eq!(plain["runs"][0]["results"].as_array().unwrap().len(), 1);
    let shown = sarif(&["suppress/call", "-f", "sarif", "--show-suppressed"]);
    let results = shown["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let suppression = &results[1]["suppressions"][0];
    assert_eq!(
        (&suppression["kind"], &suppression["justification"]),
        (&"inSource".into(), &"the old office".into())
    );
    assert_eq!(results[0]["suppressions"], Json::Null);
    let rules = shown["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in &suppress::RULES {
        assert!(rules.iter().any(|known| known["id"] == rule.code), "{}", rule.code);
    }
    let schema: Json = serde_json::from_str(include_str!("../fixtures/schema/sarif-2.1.0.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&shown).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn hostile_reasons_come_out_escaped() {
    let is_dangerous = |c: char| {
        (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    for format in ["pretty", "concise", "json", "sarif", "github"] {
        let run = run(&["suppress/hostile", "--show-suppressed", "-f", format]);
        assert!(!run.stdout.contains(is_dangerous), "{format}: {}", run.stdout);
        assert!(
            run.stdout
                .lines()
                .all(|line| !line.contains("::error file=x")
                    || !line.trim_start().starts_with("::error file=x")),
            "{format}"
        );
    }
    let (report, _) = json(&["suppress/hostile"]);
    let reason = report["suppressed"][0]["by"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains('\u{1b}') && reason.contains('\u{202e}'), "{reason:?}");
}

fn open<'a>(report: &'a Report, family: &str) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.code.starts_with(family)).collect()
}

/// Lints a copy of a project with settings beside it.
fn with_settings(project: &str, settings: &str, arguments: &[&str]) -> (Json, i32) {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new("fixtures/suppress").join(project), dir.path());
    fs::write(dir.path().join(".ssmlint.hcl"), settings).unwrap();
    let arguments: Vec<&str> =
        std::iter::once(dir.path().to_str().unwrap()).chain(arguments.iter().copied()).collect();
    json(&arguments)
}

fn codes(report: &Json, family: &str) -> Vec<String> {
    list(report, "findings", family).into_iter().map(|(code, ..)| code).collect()
}

#[test]
fn ignore_blocks_name_rules_and_addresses() {
    let block =
        |rest: &str| format!("ignore {{\n  rule   = \"SSM006\"\n  reason = \"accepted\"\n{rest}\n}}\n");
    for address in ["", "  address = \"aws_security_group.next\""] {
        let (report, _) = with_settings("narrow", &block(address), &[]);
        let open = list(&report, "findings", "");
        assert!(open.iter().all(|(_, subject, _)| subject != "aws_security_group.next"), "{open:?}");
        let by = report["suppressed"].as_array().unwrap().iter();
        assert!(by.clone().any(|one| one["by"]["kind"] == "settings" && one["by"]["reason"] == "accepted"));
        assert_eq!(codes(&report, "IGN"), Vec::<String>::new());
    }
    for (rest, expected) in
        [("  address = \"aws_security_group.nix\"", "IGN001"), ("  until = \"2020-12-31\"", "IGN002")]
    {
        let (report, code) = with_settings("narrow", &block(rest), &[]);
        assert_eq!(codes(&report, "IGN"), [expected], "{rest}");
        assert_eq!(list(&report, "findings", "SSM").len(), 2);
        assert_eq!(code, 1);
        let place = &report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["code"] == expected)
            .unwrap()["location"];
        assert!(place["file"].as_str().unwrap().ends_with(".ssmlint.hcl") && place["line"] == 1, "{place}");
    }
    // One target of several; the module call in the code names it, too.
    let settings = "ignore {\n  rule    = \"SSM003\"\n  address = \"aws_instance.app\"\n}\n";
    let (report, _) = with_settings("missing", settings, &[]);
    assert_eq!(codes(&report, "SSM003"), Vec::<String>::new());
    assert_eq!(codes(&report, "IGN"), Vec::<String>::new());
    let (report, _) =
        with_settings("missing", &settings.replace("aws_instance.app", "module.workers[1]"), &[]);
    assert_eq!(codes(&report, "IGN"), Vec::<String>::new());
    // What a rule that does not run needs is not known.
    let (report, _) = with_settings("narrow", &settings.replace("app", "nix"), &["--ignore", "SSM003"]);
    assert_eq!(codes(&report, "IGN"), Vec::<String>::new());
}

#[test]
fn settings_say_how_bad_findings_about_directives_are() {
    let (report, code) =
        with_settings("own", "report_unused_ignores = \"info\"\nrequire_ignore_reason = true\n", &[]);
    assert_eq!(codes(&report, "IGN"), ["IGN001", "IGN002", "IGN003", "IGN001"]);
    let severities: Vec<&Json> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["code"].as_str().unwrap().starts_with("IGN"))
        .map(|one| &one["severity"])
        .collect();
    assert!(severities.iter().all(|severity| **severity == "info"), "{severities:?}");
    assert_eq!(code, 1);
    let (report, _) = with_settings("own", "ignore = [\"IGN001\"]\n", &["--severity", "IGN002=error"]);
    assert_eq!(codes(&report, "IGN"), ["IGN002"]);
    assert_eq!(
        report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "IGN002").unwrap()["severity"],
        "error"
    );
}

#[test]
fn a_rule_that_is_not_ignorable_stays() {
    let (report, _) = with_settings("narrow", "rule \"SSM006\" {\n  ignorable = false\n}\n", &[]);
    assert_eq!(list(&report, "findings", "SSM006").len(), 3);
    assert_eq!(codes(&report, "IGN"), ["IGN005"]);
    assert_eq!(list(&report, "suppressed", "").len(), 0);
}

#[test]
fn the_last_day_is_a_day_on_which_a_directive_holds() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string("fixtures/suppress/own/main.tf").unwrap();
    fs::write(dir.path().join("main.tf"), text).unwrap();
    for (today, expired) in [(date(2020, 2, 29), 0), (date(2020, 3, 1), 1)] {
        let request =
            Request { paths: vec![dir.path().to_path_buf()], today: Some(today), ..Request::default() };
        let report = lint::check(&request, &Disk).unwrap();
        assert_eq!(open(&report, "IGN002").len(), expired);
        assert_eq!(open(&report, "SSM").len(), expired);
    }
}

#[test]
fn without_suppressions_there_are_none() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/suppress/own-invalid");
    let request = Request { paths: vec![path], suppressions: Suppressions::Overruled, ..Request::default() };
    let report = lint::check(&request, &Disk).unwrap();
    assert_eq!(open(&report, "IGN").len(), 0);
    assert!(!report.is_incomplete());
}

#[test]
fn pages_of_findings_about_directives_show_them() {
    for rule in &suppress::RULES {
        let page = Page::parse(rule.page).unwrap_or_else(|error| panic!("{}: {error}", rule.code));
        assert_eq!((page.code, page.name, page.severity), (rule.code, rule.name, rule.severity));
        assert_eq!(page.category, suppress::CATEGORY);
        let projects = page.projects().unwrap();
        assert_eq!(projects.len(), 2, "{}", rule.code);
        for project in projects {
            let dir = tempfile::tempdir().unwrap();
            for (path, text) in &project.files {
                fs::write(dir.path().join(path), text).unwrap();
            }
            let ignorable = (rule.code == "IGN005").then_some(false);
            let rules = BTreeMap::from([(
                "SSM006".to_owned(),
                RuleSettings { ignorable, ..RuleSettings::default() },
            )]);
            let settings = Settings { require_ignore_reason: Some(true), rules, ..Settings::default() };
            let request = Request {
                paths: vec![dir.path().to_path_buf()],
                settings,
                today: Some(date(2027, 1, 1)),
                ..Request::default()
            };
            let report = lint::check(&request, &Disk).unwrap();
            let codes: Vec<&str> = open(&report, "IGN").iter().map(|finding| finding.code).collect();
            match project.shows {
                Shows::Bad => assert_eq!(codes, [rule.code]),
                Shows::Good | Shows::Fixed => assert!(codes.is_empty(), "{}: {codes:?}", rule.code),
            }
        }
        assert_eq!(run(&["explain", rule.code]).code, 0);
    }
}
