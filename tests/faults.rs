//! Correct stacks with one fault at a time: `fixtures/faults`.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "support/expect.rs"]
mod expect;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ssmlint::report::Report;
use ssmlint::source::fs::Memory;

/// What is done to a stack, and what comes of it.
#[derive(Default)]
struct Case {
    title: String,
    /// The verdict by target; that of all others under the empty name.
    verdicts: BTreeMap<String, String>,
    undecided: BTreeSet<String>,
    /// How bad the findings of these rules are.
    severities: BTreeMap<String, String>,
    /// Lines, and those in their place.
    changes: Vec<(Vec<String>, Vec<String>)>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case { title: title.to_owned(), ..Case::default() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(rest) = line.strip_prefix("verdict") {
            let (target, verdict) = rest.split_once(": ").unwrap();
            case.verdicts.insert(target.trim().to_owned(), verdict.to_owned());
        } else if let Some(codes) = line.strip_prefix("undecided: ") {
            case.undecided.extend(codes.split(' ').map(str::to_owned));
        } else if let Some(severities) = line.strip_prefix("severity: ") {
            let pairs = severities.split(' ').map(|pair| pair.split_once('=').unwrap());
            case.severities.extend(pairs.map(|(code, severity)| (code.to_owned(), severity.to_owned())));
        } else if let Some(old) = line.strip_prefix("- ") {
            match case.changes.last_mut() {
                Some((before, after)) if after.is_empty() => before.push(old.to_owned()),
                _ => case.changes.push((vec![old.to_owned()], Vec::new())),
            }
        } else if let Some(new) = line.strip_prefix("+ ") {
            // A block that stands at the margin after lines that do not is an addition.
            let block = |line: &str| !line.starts_with([' ', '}']) && line.contains('{');
            let joins = |before: &[String]| !block(new) || before.iter().any(|line| block(line));
            match case.changes.last_mut() {
                Some((before, after)) if before.is_empty() || joins(before) => after.push(new.to_owned()),
                _ => case.changes.push((Vec::new(), vec![new.to_owned()])),
            }
        }
    }
    cases
}

/// The stack with the changes.
fn apply(stack: &str, case: &Case) -> String {
    let mut text = stack.to_owned();
    for (old, new) in &case.changes {
        let (old, new) = (old.join("\n"), new.join("\n"));
        if old.is_empty() {
            text += &format!("\n{new}\n");
            continue;
        }
        assert_eq!(text.matches(&old).count(), 1, "{}: {old}", case.title);
        text = text.replace(&old, &new);
    }
    text
}

fn check(text: &str) -> Report {
    let mut fs = Memory::new();
    fs.add(Path::new("/stack/main.tf"), text);
    expect::check(&fs, Path::new("/stack"))
}

/// What a case promises and the report does not hold; empty when it holds all.
fn disagreement(case: &Case, text: &str) -> String {
    let report = check(text);
    let mut wrong = expect::disagreement(&report, Path::new("/stack"), &expect::marked("main.tf", text));
    let undecided: BTreeSet<String> =
        report.undecided.iter().map(|finding| finding.code.to_owned()).collect();
    if undecided != case.undecided {
        wrong += &format!("  undecided  {undecided:?}\n");
    }
    for finding in &report.undecided {
        if finding.because.is_empty() || finding.message.ends_with(' ') {
            wrong += &format!("  {} without its cause: {}\n", finding.code, finding.message);
        }
    }
    for finding in &report.findings {
        let severity = finding.severity.as_str();
        if case.severities.get(finding.code).is_some_and(|promised| promised != severity) {
            wrong += &format!("  {} is {severity}: {}\n", finding.code, finding.message);
        }
    }
    let codes: BTreeSet<&str> = report.findings.iter().map(|finding| finding.code).collect();
    for proof in report.verdicts.iter().flat_map(|verdicts| &verdicts.proofs) {
        let found = match proof.broken() {
            // Of what may not exist, rules only have something undecided to say.
            Some(broken) if proof.exists.is_unknown() => format!("broken {} if it exists", broken.link.rule),
            Some(broken) => {
                if !codes.contains(broken.link.rule) {
                    wrong += &format!("  {} without a finding of {}\n", proof.target, broken.link.rule);
                }
                format!("broken {}", broken.link.rule)
            }
            None => proof.state().to_owned(),
        };
        let promised = case.verdicts.get(&proof.target).or_else(|| case.verdicts.get("")).unwrap();
        if found != *promised {
            wrong += &format!("  {} is {found}: {}\n", proof.target, proof.headline());
        }
    }
    wrong
}

#[test]
fn each_fault_is_found_where_it_is_and_nothing_else() {
    let mut failures = String::new();
    let mut count = 0;
    for stack in ["plain", "nat", "hub", "peering", "fleet", "registry", "management", "lookup", "zones"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/faults").join(stack);
        let main = fs::read_to_string(dir.join("main.tf")).unwrap();
        for case in cases(&fs::read_to_string(dir.join("faults.txt")).unwrap()) {
            count += 1;
            let wrong = disagreement(&case, &apply(&main, &case));
            if !wrong.is_empty() {
                failures += &format!("{stack}: {}\n{wrong}", case.title);
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(count > 220, "{count}");
}
