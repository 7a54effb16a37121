//! `ssmlint why`: the chain of each target, link by link, and the verdicts of all of them.

#![allow(clippy::unwrap_used)]

#[path = "support/program.rs"]
mod program;

use program::run;
use serde_json::Value as Json;

fn why(arguments: &[&str]) -> String {
    let run = run(&[&["why"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout
}

#[test]
fn every_link_is_told_with_its_place() {
    insta::assert_snapshot!("reachable", why(&["projects/lesson-flat", "aws_instance.app"]));
}

#[test]
fn a_broken_link_says_what_to_do() {
    insta::assert_snapshot!(
        "endpoint_sg",
        why(&["projects/lesson-flat-endpoint-sg-no-443", "aws_instance.app"])
    );
    let in_modules =
        ["projects/lesson-modules-endpoint-sg-other-subnet", "module.compute[\"b\"].aws_instance.app"];
    insta::assert_snapshot!("endpoint_sg_in_modules", why(&in_modules));
    insta::assert_snapshot!(
        "private_dns",
        why(&["projects/lesson-flat-private-dns-off", "aws_instance.app"])
    );
    insta::assert_snapshot!("nat", why(&["projects/lesson-flat-nat-in-private-subnet", "aws_instance.app"]));
}

#[test]
fn one_service_is_told_alone() {
    let of = |service: &str| {
        why(&["projects/lesson-flat-missing-ssmmessages", "aws_instance.app", "--service", service])
    };
    insta::assert_snapshot!("service", of("ssmmessages"));
    assert!(!of("ssm").contains("FAIL"));
    assert!(of("ec2messages").contains("aws_vpc_endpoint.ec2messages"));
}

#[test]
fn without_an_address_each_target_has_a_line() {
    insta::assert_snapshot!("overview", why(&["projects/lesson-modules-endpoint-sg-other-subnet"]));
}

#[test]
fn the_verdicts_are_counted_by_check_too() {
    let check = run(&["projects/lesson-modules-endpoint-sg-other-subnet", "--format", "concise"]);
    let line = "2 targets: 1 via endpoints, 1 broken at L8 (SSM002)";
    assert!(check.stdout.lines().any(|other| other == line), "{}", check.stdout);
    let quiet = run(&["projects/lesson-modules-endpoint-sg-other-subnet", "--format", "concise", "--quiet"]);
    assert!(!quiet.stdout.contains("targets:"));
}

#[test]
fn what_aws_refuses_to_make_is_no_way() {
    for (project, link) in [
        ("07-two-subnets-in-a-zone", "L6 endpoint"),
        ("09-region-of-another-provider", "L6 endpoint"),
        ("13-zone-beside-private-dns", "L5 dns"),
    ] {
        let broken = why(&[&format!("projects/defects/{project}/broken")]);
        assert!(broken.contains(&format!("BROKEN at {link}")), "{broken}");
    }
}

#[test]
fn the_verdict_names_the_rule_that_reports_it() {
    let broken = why(&["projects/defects/33-private-dns-of-the-hub/broken"]);
    assert!(broken.contains("BROKEN at L6 path (ssm, ssmmessages)  SSM015"), "{broken}");
}

#[test]
fn the_json_form_has_links_and_the_break() {
    let text = why(&["projects/lesson-flat-endpoint-sg-no-443", "aws_instance.app", "--format", "json"]);
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(json["schema"], "ssmlint/1");
    let target = &json["targets"][0];
    assert_eq!(target["target"], "aws_instance.app");
    assert_eq!(target["state"], "broken");
    assert_eq!(target["broken_at"]["link"], "L8");
    assert_eq!(target["broken_at"]["rule"], "SSM002");
    assert_eq!(target["broken_at"]["services"], serde_json::json!(["ssm", "ssmmessages"]));
    let links = target["links"].as_array().unwrap();
    let states: Vec<(&str, &str)> =
        links.iter().map(|link| (link["id"].as_str().unwrap(), link["state"].as_str().unwrap())).collect();
    assert_eq!(states[0], ("L0", "ok"));
    assert!(states.contains(&("L8", "fail")));
    assert!(links.iter().all(|link| link["reason"].as_str().is_some_and(|reason| !reason.is_empty())));
}

#[test]
fn a_wrong_address_is_answered_with_near_ones() {
    let run = run(&["why", "projects/lesson-modules", "aws_instance.app"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no target aws_instance.app"), "{}", run.stderr);
    assert!(run.stderr.contains("module.compute[\"a\"].aws_instance.app"), "{}", run.stderr);
}

#[test]
fn a_switch_without_value_is_tried_both_ways() {
    insta::assert_snapshot!("no_value", why(&["toggles/no-value", "module.stack.aws_instance.app"]));
    let check = run(&["toggles/no-value"]);
    assert_eq!(check.code, 1);
    assert!(check.stdout.contains("when enable_nat = false"), "{}", check.stdout);
}

#[test]
fn scenarios_set_inputs_on_top() {
    let off = why(&["toggles/no-value", "--scenario", "enable_nat=false"]);
    assert!(off.contains("1 target: 1 broken at L6 (SSM003)"), "{off}");
    let on = why(&["toggles/no-value", "--scenario", "with NAT: enable_nat=true"]);
    assert!(on.contains("1 target: 1 via NAT"), "{on}");
    let both = [
        "toggles/no-value",
        "--format",
        "json",
        "--scenario",
        "on: enable_nat=true",
        "--scenario",
        "off: enable_nat=false",
    ];
    let json: Json = serde_json::from_str(&run(&both).stdout).unwrap();
    assert_eq!(json["findings"][0]["scenarios"], serde_json::json!(["off"]));
    let inspected = run(&["inspect", "projects/lesson-flat", "--scenario", "enable_nat=true"]);
    assert!(inspected.stdout.contains("aws_nat_gateway.main"), "{}", inspected.stdout);
    let several =
        run(&["why", "toggles/no-value", "--scenario", "enable_nat=true", "--scenario", "enable_nat=false"]);
    assert_eq!(several.code, 2);
}
