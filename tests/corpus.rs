//! Verdicts on public repositories, where they are checked out.
//!
//! `SSMLINT_CORPUS=DIR` names the directory of checkouts (see `fixtures/realworld/README.md`); without it nothing can be
//! scored, which is said.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first thing that is not as it says"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use ssmlint::finding::Finding;
use ssmlint::lint::{self, Argument, Context, Request};
use ssmlint::report::Report;
use ssmlint::source::fs::Disk;

const LABELS: &str = include_str!("../fixtures/realworld/labels.jsonl");
const SILENT: &str = include_str!("../fixtures/realworld/silent-roots.jsonl");

/// Lines between a label and a finding about the same thing.
const SLACK: u32 = 3;

fn codes(rule: &str) -> &'static [&'static str] {
    match rule {
        "R1" => &["SSM001"],
        "R2" => &["SSM002"],
        "R3" => &["SSM003"],
        "R4" => &["SSM004", "SSM008", "SSM009", "SSM010"],
        "R5" => &["SSM005"],
        "R6" => &["SSM006"],
        "R7" => &["SSM007"],
        _ => &["SSM021"],
    }
}

fn corpus() -> Option<PathBuf> {
    let dir = std::env::var_os("SSMLINT_CORPUS").map(PathBuf::from);
    if dir.is_none() {
        println!("SSMLINT_CORPUS is not set: no repository is scored");
    }
    dir
}

fn records(text: &str) -> impl Iterator<Item = Json> + '_ {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn text<'a>(record: &'a Json, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_default()
}

fn checkout(corpus: &Path, record: &Json) -> PathBuf {
    let repo = text(record, "repo").replace('/', "+");
    let commit = text(record, "commit");
    corpus.join(format!("{repo}@{}", &commit[..commit.len().min(12)]))
}

fn check(root: &Path, tfvars: &str) -> Option<Report> {
    let mut context = Context::default();
    if !tfvars.is_empty() {
        context.arguments.push(Argument::VarFile(root.join(tfvars)));
    }
    let request = Request { paths: vec![root.to_path_buf()], context, ..Request::default() };
    let thread = std::thread::Builder::new().stack_size(32 << 20);
    thread.spawn(move || lint::check(&request, &Disk).ok()).unwrap().join().unwrap()
}

/// An address without instance keys.
fn bare(address: &str) -> String {
    let mut result = String::new();
    let mut depth = 0usize;
    for c in address.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => result.push(c),
            _ => {}
        }
    }
    result
}

/// Whether a finding is about what a label is about.
fn matches(finding: &Finding, label: &Json, report: &Report, checkout: &Path) -> bool {
    if !codes(text(label, "rule")).contains(&finding.code) {
        return false;
    }
    let address = bare(text(label, "address"));
    let near = |other: &str| {
        let other = bare(other);
        // A label inside a registry module stops at the call.
        other == address || other.starts_with(&format!("{address}."))
    };
    if near(&finding.subject) || finding.affected.iter().any(|affected| near(affected)) {
        return true;
    }
    let line = label["line"].as_u64().unwrap_or_default() as u32;
    let file = checkout.join(text(label, "file"));
    let spans = finding.primary.iter().chain(&finding.labels).map(|label| label.span);
    spans.into_iter().any(|span| {
        let source = report.sources.file(span.file);
        let first = source.position(span.start).line;
        let last = source.position(span.end).line;
        source.path == file && first <= line + SLACK && line <= last + SLACK
    })
}

#[derive(Default)]
struct Score {
    right: usize,
    undecided: usize,
    wrong: usize,
}

#[test]
fn labelled_facts_are_decided_as_judged() {
    let Some(corpus) = corpus() else { return };
    let mut groups: BTreeMap<(String, PathBuf, String), Vec<Json>> = BTreeMap::new();
    for label in records(LABELS) {
        let checkout = checkout(&corpus, &label);
        if checkout.is_dir() && text(&label, "verdict") != "unsure" {
            let root = checkout.join(text(&label, "root"));
            let key = (text(&label, "repo").to_owned(), root, text(&label, "tfvars").to_owned());
            groups.entry(key).or_default().push(label);
        }
    }
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut passes, mut alarms) = (0, 0);
    for ((_, root, tfvars), labels) in &groups {
        let Some(report) = check(root, tfvars) else {
            println!("nothing to lint in {}", root.display());
            continue;
        };
        assert!(report.failures.is_empty(), "internal error in {}", root.display());
        for label in labels {
            let checkout = checkout(&corpus, label);
            let about = |finding: &&Finding| matches(finding, label, &report, &checkout);
            let certain: Vec<&Finding> = report.findings.iter().filter(about).collect();
            let undecided = report.undecided.iter().any(|finding| about(&finding));
            let verdict = text(label, "verdict");
            let score = scores.entry(text(label, "rule").to_owned()).or_default();
            let outcome = match (verdict, certain.is_empty(), undecided) {
                ("pass", true, false) | ("fail", false, _) | ("unknown", true, _) => "right",
                ("pass" | "fail", true, true) => "undecided",
                _ => "wrong",
            };
            if verdict == "pass" {
                passes += 1;
                alarms += usize::from(outcome == "wrong");
            }
            match outcome {
                "right" => score.right += 1,
                "undecided" => score.undecided += 1,
                _ => score.wrong += 1,
            }
            if outcome != "right" {
                let found: Vec<String> =
                    certain.iter().map(|finding| format!("{} {}", finding.code, finding.message)).collect();
                println!(
                    "{outcome}: {} {verdict} {} {}:{} ({})\n    {}\n    {}",
                    text(label, "rule"),
                    text(label, "address"),
                    checkout.join(text(label, "file")).display(),
                    label["line"],
                    root.display(),
                    text(label, "why"),
                    found.join("; "),
                );
            }
        }
    }
    let (mut right, mut all) = (0, 0);
    for (rule, score) in &scores {
        let total = score.right + score.undecided + score.wrong;
        println!(
            "{rule}: {} of {total} right, {} undecided, {} wrong",
            score.right, score.undecided, score.wrong
        );
        right += score.right;
        all += total;
    }
    println!("all: {right} of {all} right; {alarms} false alarms on {passes} facts that pass");
    assert!(right * 100 >= all * 97, "{right} of {all} facts are decided as judged");
    assert!(alarms * 100 <= passes, "{alarms} false alarms on {passes} facts that pass");
}

#[test]
fn silent_roots_are_silent() {
    let Some(corpus) = corpus() else { return };
    let mut alarms = Vec::new();
    let mut roots = 0;
    for record in records(SILENT) {
        let root = checkout(&corpus, &record).join(text(&record, "root"));
        if !root.is_dir() {
            continue;
        }
        let Some(report) = check(&root, "") else { continue };
        roots += 1;
        for finding in &report.findings {
            // Private DNS flags of a VPC without endpoints are noise rather than error.
            if finding.code == "SSM005" && record["has_vpc"] == Json::Bool(true) {
                continue;
            }
            alarms.push(format!("{}: {} {}", root.display(), finding.code, finding.message));
        }
    }
    println!("{roots} silent roots, {} findings in them", alarms.len());
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}
