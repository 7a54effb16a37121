//! Public Terraform code with known verdicts: `SSMLINT_CORPUS` names a directory that holds the checkouts, each as
//! `owner+name@commit` with at least twelve digits of the commit. Without it nothing is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use ssmlint::finding::Finding;
use ssmlint::lint::{self, Argument, Context, Request};
use ssmlint::report::Report;
use ssmlint::source::fs::Disk;

/// The rules that judge what a label is about.
fn codes(label: &str) -> &'static [&'static str] {
    match label {
        "R1" => &["SSM001"],
        "R2" => &["SSM002"],
        "R3" => &["SSM003", "SSM023"],
        "R4" => &["SSM004", "SSM008", "SSM009", "SSM010"],
        "R5" => &["SSM005"],
        "R6" => &["SSM006"],
        "R7" => &["SSM007"],
        "R8" => &["SSM021"],
        _ => &[],
    }
}

/// Lines that a finding may be away from the labelled one.
const SLACK: i64 = 4;

#[derive(Default)]
struct Score {
    right: usize,
    missed: usize,
    false_alarms: usize,
    undecided: usize,
}

fn lines(name: &str) -> Vec<Json> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/realworld").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(label: &'a Json, key: &str) -> &'a str {
    label[key].as_str().unwrap_or_default()
}

fn checkout(corpus: &Path, label: &Json) -> PathBuf {
    let commit = text(label, "commit");
    corpus.join(format!("{}@{}", text(label, "repo").replace('/', "+"), &commit[..commit.len().min(12)]))
}

fn check(root: &Path, tfvars: Option<&str>) -> Report {
    let arguments = tfvars.map(|file| Argument::VarFile(root.join(file))).into_iter().collect();
    let context = Context { arguments, ..Context::default() };
    let request = Request { paths: vec![root.to_path_buf()], context };
    lint::check(&request, &Disk).unwrap_or_default()
}

/// Whether a finding is about what the label names: the thing itself, or its line.
fn is_about(finding: &Finding, report: &Report, top: &Path, label: &Json) -> bool {
    let bare = |address: &str| -> String {
        let mut depth = 0;
        let kept = address.chars().filter(|c| {
            if *c == '[' {
                depth += 1;
            }
            let keep = depth == 0;
            if *c == ']' {
                depth -= 1;
            }
            keep
        });
        kept.collect()
    };
    let wanted = bare(text(label, "address"));
    let addresses = finding.affected.iter().chain([&finding.subject]);
    if addresses.map(|address| bare(address)).any(|address| {
        address == wanted || (wanted.starts_with("module.") && address.starts_with(&format!("{wanted}.")))
    }) {
        return true;
    }
    if text(label, "rule") == "R3" {
        return false;
    }
    // The same lines of a module that is called twice are one finding.
    let tail = |address: &str| {
        address
            .rsplit("module.")
            .next()
            .and_then(|rest| rest.split_once('.'))
            .map(|(_, tail)| tail.to_owned())
    };
    let called = finding.calls.len() + finding.notes.len() > 0
        && wanted.starts_with("module.")
        && tail(&wanted) == tail(&bare(&finding.subject));
    if called && text(label, "verdict") == "fail" {
        return true;
    }
    let near = |span: ssmlint::source::Span| {
        let file = report.sources.file(span.file);
        let path = file.path.strip_prefix(top).unwrap_or(&file.path);
        let line = i64::from(file.position(span.start).line);
        let last = i64::from(file.position(span.end).line);
        let at = label["line"].as_i64().unwrap_or_default();
        path == Path::new(text(label, "file")) && line - SLACK <= at && at <= last + SLACK
    };
    finding.primary.iter().chain(&finding.labels).any(|place| near(place.span))
}

#[test]
fn verdicts_agree_with_the_labels() {
    let Some(corpus) = std::env::var_os("SSMLINT_CORPUS").map(PathBuf::from) else {
        println!("SSMLINT_CORPUS is not set: nothing is compared");
        return;
    };
    let mut reports: BTreeMap<(PathBuf, String, String), Report> = BTreeMap::new();
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut disagreements = Vec::new();
    let mut absent = BTreeSet::new();
    for label in lines("labels.jsonl") {
        let top = checkout(&corpus, &label);
        let root = top.join(text(&label, "root"));
        if !root.is_dir() {
            absent.insert(top);
            continue;
        }
        let (verdict, rule) = (text(&label, "verdict"), text(&label, "rule"));
        let key = (top.clone(), text(&label, "root").to_owned(), text(&label, "tfvars").to_owned());
        let report = reports.entry(key).or_insert_with(|| check(&root, label["tfvars"].as_str()));
        assert!(report.failures.is_empty(), "{}: {:?}", root.display(), report.failures);
        let codes = codes(rule);
        let matching = |findings: &[Finding]| {
            findings
                .iter()
                .any(|finding| codes.contains(&finding.code) && is_about(finding, report, &top, &label))
        };
        let (found, undecided) = (matching(&report.findings), matching(&report.undecided));
        let score = scores.entry(rule.to_owned()).or_default();
        match (verdict, found) {
            ("fail", true) | ("pass", false) => score.right += 1,
            ("fail", false) => score.missed += 1,
            ("pass", true) => score.false_alarms += 1,
            _ => continue,
        }
        if undecided && !found {
            score.undecided += 1;
        }
        if (verdict == "fail") != found {
            let place = format!("{}/{}:{}", text(&label, "root"), text(&label, "file"), label["line"]);
            let heard = if undecided { "undecided" } else { "silent" };
            let heard = if found { "found" } else { heard };
            let dir = top.file_name().unwrap_or_default().display();
            let (address, why) = (text(&label, "address"), text(&label, "why"));
            disagreements.push(format!("{rule} {verdict} but {heard}: {dir} {place} {address}: {why}"));
        }
    }
    for (rule, score) in &scores {
        let all = score.right + score.missed + score.false_alarms;
        println!(
            "{rule}: {} of {all} right, {} missed, {} false alarms, {} undecided",
            score.right, score.missed, score.false_alarms, score.undecided
        );
    }
    for disagreement in &disagreements {
        println!("{disagreement}");
    }
    println!("{} checkouts are absent", absent.len());
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let Some(corpus) = std::env::var_os("SSMLINT_CORPUS").map(PathBuf::from) else {
        println!("SSMLINT_CORPUS is not set: nothing is compared");
        return;
    };
    let mut alarms = Vec::new();
    for label in lines("silent-roots.jsonl") {
        let root = checkout(&corpus, &label).join(text(&label, "root"));
        if !root.is_dir() {
            continue;
        }
        for finding in check(&root, None).findings {
            alarms.push(format!("{}: {} {}", root.display(), finding.code, finding.message));
        }
    }
    assert!(alarms.is_empty(), "{} alarms\n{}", alarms.len(), alarms.join("\n"));
}
