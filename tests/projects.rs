//! The projects in `fixtures/projects` carry exactly the findings that their marked lines promise.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "support/expect.rs"]
mod expect;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ssmlint::finding::Severity;
use ssmlint::report::{Format, Options};
use ssmlint::source::fs::Disk;

/// The directories that are projects: those with a root's files, not the modules within.
fn projects() -> Vec<PathBuf> {
    fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
        let mut children: Vec<PathBuf> =
            fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        children.sort();
        if children.iter().any(|path| path.extension().is_some_and(|extension| extension == "tf")) {
            into.push(dir.to_path_buf());
            return;
        }
        for child in children.iter().filter(|path| path.is_dir()) {
            collect(child, into);
        }
    }
    let mut found = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects"), &mut found);
    found
}

/// The Terraform files below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().flatten();
    entries
        .map(|entry| entry.into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "tf"))
        .collect()
}

#[test]
fn projects_carry_what_their_lines_promise() {
    let projects = projects();
    assert!(projects.len() > 20);
    let mut failures = String::new();
    for dir in projects {
        let mut promised = BTreeSet::new();
        for file in files(&dir) {
            let path = file.strip_prefix(&dir).unwrap().display().to_string();
            promised.extend(expect::marked(&path, &fs::read_to_string(&file).unwrap()));
        }
        let wrong = expect::disagreement(&expect::check(&Disk, &dir), &dir, &promised);
        if !wrong.is_empty() {
            failures += &format!("{}\n{wrong}", dir.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_broken_verdict_has_a_finding_of_its_rule() {
    let mut failures = String::new();
    for dir in projects() {
        let report = expect::check(&Disk, &dir);
        let codes: BTreeSet<&str> = report.findings.iter().map(|finding| finding.code).collect();
        for proof in report.verdicts.iter().flat_map(|verdicts| &verdicts.proofs) {
            if let Some(broken) = proof.broken().filter(|broken| !codes.contains(broken.link.rule)) {
                failures += &format!("{}: {} {}\n", dir.display(), proof.target, broken.link.rule);
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn a_target_without_subnet_is_judged_by_what_is_known() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/real/launch-template-alone");
    let report = expect::check(&Disk, &dir);
    assert!(report.undecided.is_empty(), "{:#?}", report.undecided);
}

#[test]
fn endpoints_that_nobody_needs_yet_are_no_errors() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects/real/names-not-used-yet");
    let report = expect::check(&Disk, &dir);
    assert!(report.findings.iter().all(|finding| finding.severity == Severity::Warning));
}

/// What a person sees, with the directory's name in place of its path.
fn rendered(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects").join(name);
    let report = expect::check(&Disk, &dir);
    let options = Options { quiet: true, ..Options::default() };
    report.render(Format::Pretty, &options).replace(&dir.display().to_string(), name)
}

#[test]
fn findings_show_the_line_and_how_it_came_to_be() {
    for name in [
        "lesson-flat-private-dns-off",
        "lesson-for-each-missing-ssmmessages",
        "lesson-modules-endpoint-sg-other-subnet",
        "lesson-modules-no-core-policy",
        "lesson-flat-nat-in-private-subnet",
        "lesson-modules-ssh-open",
    ] {
        insta::assert_snapshot!(name, rendered(name));
    }
}
