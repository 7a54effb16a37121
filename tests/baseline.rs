//! Findings that were there before: what keeps them known, and what the file guards against.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

const FILE: &str = ".ssmlint.baseline.json";

/// A repository with two root modules and a module that both call.
fn project() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join(".git")).unwrap();
    for root in ["dev", "prod"] {
        write(
            dir.path(),
            &format!("{root}/main.tf"),
            &format!("{}\n{}", VPC, group("admin", "192.0.2.0/24")),
        );
        write(dir.path(), &format!("{root}/net.tf"), "module \"net\" {\n  source = \"../net\"\n}\n");
    }
    write(dir.path(), "net/main.tf", &format!("{VPC}\n{}", group("shared", "198.51.100.0/24")));
    dir
}

const VPC: &str = "resource \"aws_vpc\" \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n}\n";

fn group(name: &str, cidr: &str) -> String {
    format!(
        "resource \"aws_security_group\" \"{name}\" {{\n  vpc_id = aws_vpc.main.id\n\n  ingress {{\n    from_port   = 22\n    \
         to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = [\"{cidr}\"]\n  }}\n}}\n"
    )
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn ssmlint(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.current_dir(dir).stdin(Stdio::null()).args(arguments);
    for (name, _) in std::env::vars() {
        if name.starts_with("TF_") || name.contains("COLOR") || name.starts_with("GITHUB_") {
            command.env_remove(name);
        }
    }
    command.output().unwrap()
}

fn succeeds(dir: &Path, arguments: &[&str]) -> String {
    let output = ssmlint(dir, arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(dir: &Path, arguments: &[&str], code: i32) -> String {
    let output = ssmlint(dir, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The number of findings, and of those in the baseline.
fn counts(dir: &Path, arguments: &[&str]) -> (usize, usize) {
    let arguments: Vec<&str> = arguments.iter().copied().chain(["-f", "json"]).collect();
    let report: Json = serde_json::from_slice(&ssmlint(dir, &arguments).stdout).unwrap();
    let known = report["summary"]["in_baseline"].as_u64().unwrap() as usize;
    (report["findings"].as_array().unwrap().len(), known)
}

fn baseline(dir: &Path) -> String {
    fs::read_to_string(dir.join(FILE)).unwrap()
}

#[test]
fn what_is_known_is_counted_and_not_reported() {
    let dir = project();
    let dir = dir.path();
    assert_eq!(counts(dir, &[]), (3, 0));
    assert_eq!(succeeds(dir, &["baseline", "create"]), "4 findings in .ssmlint.baseline.json\n");
    // The shared module is one finding of both roots, and known in each.
    assert_eq!(counts(dir, &[]), (0, 3));
    let text = succeeds(dir, &[]);
    assert!(text.contains("no findings, 3 in the baseline"), "{text}");
    // Found from below, and from another directory.
    assert_eq!(counts(&dir.join("prod"), &[]), (0, 2));
    assert_eq!(counts(&dir.join("net"), &["../dev"]), (0, 2));
    assert_eq!(counts(dir, &["--no-baseline"]), (3, 0));
    // One that is new, also where its twin in another root is known.
    write(dir, "prod/new.tf", &group("new", "0.0.0.0/0"));
    assert_eq!(counts(dir, &[]), (1, 3));
}

#[test]
fn moving_code_keeps_the_baseline() {
    let dir = project();
    let dir = dir.path();
    succeeds(dir, &["baseline", "create"]);
    let before = baseline(dir);
    write(dir, "prod/main.tf", &format!("# Moved.\n\n\n{VPC}"));
    write(dir, "prod/groups.tf", &format!("# Here now.\n{}", group("admin", "192.0.2.0/24")));
    write(dir, "net/main.tf", &format!("\n\n{}\n{VPC}", group("shared", "198.51.100.0/24")));
    assert_eq!(counts(dir, &[]), (0, 3));
    succeeds(dir, &["baseline", "prune", "--check"]);
    succeeds(dir, &["baseline", "update"]);
    assert_eq!(baseline(dir), before);
    // Another cause at the same address is another finding.
    write(dir, "prod/groups.tf", &group("admin", "0.0.0.0/0"));
    assert_eq!(counts(dir, &[]), (1, 2));
}

#[test]
fn a_second_finding_like_a_known_one_is_new() {
    let dir = project();
    let dir = dir.path();
    succeeds(dir, &["baseline", "create"]);
    let twice = group("admin", "192.0.2.0/24").replace(
        "\n  ingress {",
        "\n  ingress {\n    from_port   = 20\n    to_port     = 25\n    protocol    = \"tcp\"\n    \
         cidr_blocks = [\"192.0.2.0/24\"]\n  }\n\n  ingress {",
    );
    write(dir, "prod/main.tf", &format!("{VPC}\n{twice}"));
    assert_eq!(counts(dir, &[]), (1, 3));
}

#[test]
fn create_refuses_and_update_replaces() {
    let dir = project();
    let dir = dir.path();
    succeeds(dir, &["baseline", "create"]);
    let before = baseline(dir);
    write(dir, "prod/main.tf", VPC);
    let said = fails(dir, &["baseline", "create"], 2);
    assert!(said.contains("exists already") && said.contains("baseline update"), "{said}");
    assert_eq!(baseline(dir), before);
    // What another run has not looked at stays.
    succeeds(dir, &["baseline", "update", "dev"]);
    assert_eq!(baseline(dir), before);
    succeeds(dir, &["baseline", "update", "prod"]);
    assert_eq!(baseline(dir).matches("\"rule\"").count(), 3);
    assert_eq!(baseline(dir).matches("\"root\":\"dev\"").count(), 2);
}

#[test]
fn prune_is_a_ratchet() {
    let dir = project();
    let dir = dir.path();
    assert!(fails(dir, &["baseline", "prune"], 2).contains("there is no baseline"));
    succeeds(dir, &["baseline", "create"]);
    let before = baseline(dir);
    assert_eq!(
        succeeds(dir, &["baseline", "prune"]),
        "0 findings dropped, 4 left in .ssmlint.baseline.json\n"
    );
    write(dir, "prod/main.tf", VPC);
    write(dir, "prod/new.tf", &group("new", "0.0.0.0/0"));
    let said = fails(dir, &["baseline", "prune", "--check"], 1);
    assert!(said.contains("prod: SSM006 aws_security_group.admin (ssh from 192.0.2.0/24)"), "{said}");
    assert_eq!(baseline(dir), before);
    assert!(succeeds(dir, &["baseline", "show"]).contains("(ssh from 192.0.2.0/24) (gone)"));
    assert_eq!(
        succeeds(dir, &["baseline", "prune"]),
        "1 finding dropped, 3 left in .ssmlint.baseline.json\n"
    );
    succeeds(dir, &["baseline", "prune", "--check"]);
    // Nothing is added.
    assert_eq!(counts(dir, &[]), (1, 2));
    // A root that is gone takes its findings with it, also when only another one is looked at.
    fs::remove_dir_all(dir.join("prod")).unwrap();
    assert_eq!(
        succeeds(dir, &["baseline", "prune", "dev"]),
        "1 finding dropped, 2 left in .ssmlint.baseline.json\n"
    );
}

#[test]
fn a_file_that_is_no_baseline_ends_the_run_and_stays() {
    let dir = project();
    let dir = dir.path();
    for (text, place) in [
        ("{\n  \"schema\": \"ssmlint-baseline/9\",\n  \"findings\": []\n}\n", ".ssmlint.baseline.json:2:3"),
        (
            "{\n  \"schema\": \"ssmlint-baseline/1\",\n  \"findings\": [{\"rule\": 1}]\n}\n",
            ".ssmlint.baseline.json:3:",
        ),
        ("{\n", ".ssmlint.baseline.json:"),
        ("", ".ssmlint.baseline.json:"),
    ] {
        write(dir, FILE, text);
        for arguments in [&["."][..], &["baseline", "update"], &["baseline", "prune"], &["baseline", "show"]]
        {
            let said = fails(dir, arguments, 2);
            assert!(said.contains(place), "{arguments:?}: {said}");
        }
        assert_eq!(baseline(dir), text);
    }
    assert_eq!(counts(dir, &["--no-baseline"]), (3, 0));
    assert!(fails(dir, &["--baseline", "none.json"], 2).contains("cannot read the baseline none.json"));
}

#[test]
fn a_part_of_the_code_decides_nothing() {
    let dir = project();
    let dir = dir.path();
    succeeds(dir, &["baseline", "create"]);
    let before = baseline(dir);
    write(dir, "prod/main.tf", "resource {{{\n");
    for command in ["update", "prune"] {
        let said = fails(dir, &["baseline", command], 2);
        assert!(said.contains("not everything could be checked"), "{said}");
        assert_eq!(baseline(dir), before);
    }
}

#[test]
fn suppressed_findings_are_in_no_baseline() {
    let dir = project();
    let dir = dir.path();
    let text = format!("{VPC}\n# ssmlint:ignore[SSM006] the office\n{}", group("admin", "192.0.2.0/24"));
    write(dir, "prod/main.tf", &text);
    succeeds(dir, &["baseline", "create"]);
    assert_eq!(baseline(dir).matches("\"rule\"").count(), 3);
    // A suppression is needed although the baseline could hold what it suppresses.
    assert_eq!(counts(dir, &[]), (0, 2));
}

#[test]
fn another_file_can_hold_the_baseline() {
    let dir = project();
    let dir = dir.path();
    fs::create_dir_all(dir.join("ci")).unwrap();
    succeeds(dir, &["baseline", "create", "--baseline", "ci/known.json"]);
    assert!(!dir.join(FILE).exists());
    assert_eq!(counts(dir, &["--baseline", "ci/known.json"]), (0, 3));
    assert_eq!(counts(dir, &[]), (3, 0));
    let text = fs::read_to_string(dir.join("ci/known.json")).unwrap();
    assert!(text.contains("\"root\":\"../prod\""), "{text}");
}
