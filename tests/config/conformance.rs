//! What Terraform refuses while it loads a configuration is refused here with the same words at the same place.

use std::path::{Path, PathBuf};

use serde_json::Value;
use ssmlint::config::load::Loader;
use ssmlint::config::tfvars::{VarArgument, inputs};
use ssmlint::source::SourceMap;
use ssmlint::source::fs::Disk;

use crate::support::describe;

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn cases() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/conformance/modules");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 100);
    cases
}

/// What loading and reading the values of one case reports.
fn problems(case: &Path) -> Vec<String> {
    let description = json(&case.join("case.json"));
    let dir = case.join("config");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let environment: Vec<(String, String)> = description["env"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let arguments: Vec<VarArgument> = description["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| {
            let argument = text(argument);
            match argument.strip_prefix("-var-file=") {
                Some(file) => VarArgument::File(dir.join(file)),
                None => VarArgument::Var(argument.strip_prefix("-var=").unwrap().to_owned()),
            }
        })
        .collect();
    let sources = SourceMap::new();
    let loader = Loader::new(&Disk, &sources, std::slice::from_ref(&dir), None);
    let config = loader.load(&dir);
    let values = inputs(&loader, &config, &environment, &arguments);
    let mut problems = describe(&sources, &config.diagnostics);
    problems.extend(describe(&sources, &values.diagnostics));
    problems
}

#[test]
fn what_terraform_loads_is_loaded_without_complaint() {
    for case in cases() {
        let expected = json(&case.join("expected.json"));
        if expected["ok"] == true {
            assert_eq!(problems(&case), [""; 0], "{}", case.display());
        }
    }
}

#[test]
fn what_terraform_refuses_at_load_is_refused_at_the_same_place() {
    let mut checked = 0;
    for case in cases() {
        let expected = json(&case.join("expected.json"));
        if expected["stage"] != "init" {
            continue;
        }
        checked += 1;
        let error = &expected["errors"][0];
        let wanted = format!(
            "{}:{}: {}",
            error["file"].as_str().unwrap(),
            error["line"],
            error["summary"].as_str().unwrap()
        );
        let found = problems(&case);
        assert!(found.contains(&wanted), "{}: {wanted} is not in {found:?}", case.display());
    }
    assert!(checked >= 10);
}
