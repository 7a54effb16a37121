//! `ssmlint matrix`: switches are found by what they decide, however they get there.

#![allow(clippy::unwrap_used)]

#[path = "support/program.rs"]
mod program;

use program::run;
use serde_json::Value as Json;

fn matrix(arguments: &[&str]) -> String {
    let run = run(&[&["matrix"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

#[test]
fn the_lesson_has_four_cells() {
    insta::assert_snapshot!("lesson_flat", matrix(&["projects/lesson-flat"]));
    insta::assert_snapshot!("lesson_modules", matrix(&["projects/lesson-modules"]));
}

#[test]
fn a_switch_that_is_not_passed_on_decides_nothing() {
    insta::assert_snapshot!("not_passed", matrix(&["toggles/not-passed"]));
}

#[test]
fn an_inverted_and_renamed_switch_comes_out_right() {
    insta::assert_snapshot!("inverted", matrix(&["toggles/inverted"]));
}

#[test]
fn combinations_that_the_author_rules_out_are_no_rows() {
    insta::assert_snapshot!("guarded", matrix(&["toggles/guarded"]));
}

#[test]
fn a_switch_behind_another_is_found() {
    insta::assert_snapshot!("behind_another", matrix(&["toggles/behind-another"]));
}

#[test]
fn markdown_is_a_table() {
    insta::assert_snapshot!("markdown", matrix(&["projects/lesson-flat", "--format", "markdown"]));
}

#[test]
fn the_json_form_has_a_row_for_each_combination() {
    let json: Json = serde_json::from_str(&matrix(&["projects/lesson-modules", "--format", "json"])).unwrap();
    assert_eq!(json["schema"], "ssmlint/1");
    assert_eq!(json["toggles"][0], serde_json::json!({ "name": "enable_nat", "configured": false }));
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    let configured: Vec<&Json> = rows.iter().filter(|row| row["configured"] == true).collect();
    assert_eq!(configured.len(), 1);
    assert_eq!(configured[0]["values"]["enable_ssm_vpc_endpoints"], true);
    assert_eq!(configured[0]["targets"].as_array().unwrap().len(), 2);
    let broken: Vec<&Json> = rows.iter().filter(|row| row["targets"][0]["state"] == "broken").collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["targets"][0]["rule"], "SSM003");
}

#[test]
fn check_names_a_setting_that_cuts_off_what_is_reached_when_it_is_asked() {
    let asking = ["--config", "settings/toggles.hcl"];
    let asked = |path, more: &[&str]| run(&[&["check", path], &asking[..], more].concat());
    assert_eq!(run(&["projects/lesson-modules"]).code, 0);
    let check = asked("projects/lesson-modules", &["--format", "json"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    let json: Json = serde_json::from_str(&check.stdout).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["code"], "SSM023");
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(
        findings[0]["message"],
        "2 targets have no way to Session Manager when enable_nat = false and enable_ssm_vpc_endpoints = false"
    );
    assert_eq!(findings[0]["affected"].as_array().unwrap().len(), 2);
    for quiet in ["toggles/guarded", "toggles/inverted", "toggles/behind-another"] {
        let json: Json = serde_json::from_str(&asked(quiet, &["--format", "json"]).stdout).unwrap();
        assert_eq!(json["findings"], serde_json::json!([]), "{quiet}");
    }
    let scenario = asked("projects/lesson-flat", &["--scenario", "enable_nat=true", "--format", "concise"]);
    assert!(!scenario.stdout.contains("SSM023"), "{}", scenario.stdout);
}
