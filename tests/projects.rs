//! The projects in `fixtures/projects` carry exactly the findings that their marked lines promise.

#[path = "support/expect.rs"]
mod expect;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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

#[test]
fn projects_carry_what_their_lines_promise() {
    let projects = projects();
    assert!(projects.len() > 20);
    let mut failures = String::new();
    for dir in projects {
        let mut promised = BTreeSet::new();
        for file in expect::files(&dir) {
            let path = file.strip_prefix(&dir).unwrap().display().to_string();
            promised.extend(expect::marked(&path, &fs::read_to_string(&file).unwrap()));
        }
        let wrong = expect::disagreement(&expect::check(&dir), &dir, &promised);
        if !wrong.is_empty() {
            failures += &format!("{}\n{wrong}", dir.display());
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}
