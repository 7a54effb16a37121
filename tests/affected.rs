//! Changed files to root modules: `check --from-files`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

const ROOT: &str = "module \"net\" {\n  source = \"../../modules/net\"\n}\n";

/// Four roots: `a` and `b` call `net`, which calls `sg`; `c` stands alone; `d` calls `sg` in JSON syntax.
fn project() -> TempDir {
    let dir = TempDir::new().unwrap();
    let files = [
        (".git/HEAD", ""),
        (".gitignore", "generated/\n"),
        ("modules/net/main.tf", "module \"sg\" {\n  source = \"./../sg\"\n}\n"),
        ("modules/net/template.tftpl", ""),
        ("modules/sg/main.tf", "variable \"x\" {\n  default = 1\n}\n"),
        ("live/a/main.tf", ROOT),
        ("live/a/terraform.tfvars", ""),
        ("live/b/main.tf", ROOT),
        ("live/b/vars/prod.tfvars", ""),
        ("live/c/main.tf", "locals {\n  # \"../../modules/net\"\n  module = \"../../modules/sg\"\n}\n"),
        ("live/d/main.tf.json", r#"{"module": {"sg": {"source": "../../modules/sg"}}}"#),
        ("generated/main.tf", ROOT),
        (".hidden/main.tf", ROOT),
    ];
    for (path, text) in files {
        write(dir.path(), path, text);
    }
    dir
}

fn write(dir: &Path, path: &str, text: &str) {
    let path = dir.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(dir: &Path, files: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmlint"));
    command.args(["check", "--from-files", "--format", "json"]).args(files);
    command.current_dir(dir).stdin(Stdio::null()).output().unwrap()
}

/// How many root modules were checked.
fn roots(dir: &Path, files: &[&str]) -> u64 {
    let output = run(dir, files);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let report: Json = serde_json::from_str(&text).unwrap();
    report["summary"]["roots"].as_u64().unwrap()
}

#[test]
fn a_file_of_a_root_concerns_that_root() {
    let project = project();
    assert_eq!(roots(project.path(), &["live/a/main.tf"]), 1);
    assert_eq!(roots(project.path(), &["live/a/main.tf", "live/b/main.tf"]), 2);
    assert_eq!(roots(project.path(), &["live/a/terraform.tfvars"]), 1);
    assert_eq!(roots(project.path(), &["live/b/vars/prod.tfvars"]), 1);
}

#[test]
fn a_file_of_a_module_concerns_every_root_that_calls_it() {
    let project = project();
    assert_eq!(roots(project.path(), &["modules/net/main.tf"]), 2);
    assert_eq!(roots(project.path(), &["modules/net/template.tftpl"]), 2);
    assert_eq!(roots(project.path(), &["modules/sg/main.tf"]), 3);
    assert_eq!(roots(&project.path().join("modules"), &["sg/main.tf"]), 3);
    let absolute = project.path().join("modules/sg/main.tf");
    assert_eq!(roots(project.path(), &[absolute.to_str().unwrap()]), 3);
}

#[test]
fn a_file_that_is_gone_concerns_those_that_called_its_module() {
    let project = project();
    fs::remove_file(project.path().join("modules/net/template.tftpl")).unwrap();
    assert_eq!(roots(project.path(), &["modules/net/template.tftpl"]), 2);
    fs::remove_dir_all(project.path().join("modules/sg")).unwrap();
    let report: Json = serde_json::from_slice(&run(project.path(), &["modules/sg/main.tf"]).stdout).unwrap();
    assert_eq!(report["summary"]["roots"], 3);
}

#[test]
fn settings_concern_every_root_below_them() {
    let project = project();
    write(project.path(), "live/.ssmlint.hcl", "");
    assert_eq!(roots(project.path(), &["live/.ssmlint.hcl"]), 4);
    write(project.path(), "live/a/.ssmlint.hcl", "");
    write(project.path(), "live/b/.ssmlint.hcl", "");
    let changed = ["live/a/.ssmlint.hcl", "live/b/.ssmlint.hcl", "live/c/main.tf"];
    assert_eq!(roots(project.path(), &changed), 3);
}

#[test]
fn a_file_that_no_root_includes_is_no_error() {
    let project = project();
    write(project.path(), "docs/x.tfvars", "");
    assert_eq!(roots(project.path(), &["docs/x.tfvars"]), 0);
    assert_eq!(roots(project.path(), &["generated/main.tf"]), 0);
}

#[test]
fn without_files_the_arguments_are_wrong() {
    assert_eq!(run(project().path(), &[]).status.code(), Some(2));
}

#[test]
fn paths_are_shown_from_the_working_directory() {
    let project = project();
    write(project.path(), "modules/sg/main.tf", "variable \"x\" {\n");
    let output = run(&project.path().join("live/c"), &["../../modules/sg/main.tf"]);
    assert_eq!(output.status.code(), Some(2));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("\"../../modules/sg/main.tf\""), "{report}");
}
