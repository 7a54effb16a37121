//! Sensitive values: in no format, no error, no excerpt, no address, no baseline.

use crate::support::{FORMATS, Project, Run};

/// The values that `fixtures/hostile/sensitive` marks as sensitive, and parts of them.
const SECRETS: [&str; 4] = ["hunter2", "s3cret", "203.0.113", "aHVudGVy"];

fn project(name: &str) -> Project {
    let project = Project::new(name);
    project.hostile(include_str!("../../fixtures/hostile/sensitive/main.tf"));
    let files = [
        ("child/main.tf", include_str!("../../fixtures/hostile/sensitive/child/main.tf")),
        ("t.tftpl", include_str!("../../fixtures/hostile/sensitive/t.tftpl")),
        ("given.auto.tfvars", include_str!("../../fixtures/hostile/sensitive/given.auto.tfvars")),
    ];
    files.iter().for_each(|(path, text)| project.write(&format!("hostile/{path}"), text));
    project
}

#[track_caller]
fn tells_nothing(run: &Run, arguments: &[&str]) {
    for line in run.stdout.lines().chain(run.stderr.lines()) {
        assert!(!SECRETS.iter().any(|secret| line.contains(secret)), "{arguments:?} says: {line}");
    }
}

#[test]
fn no_report_tells_what_is_sensitive() {
    let project = project("secrets-report");
    for format in FORMATS {
        let arguments = ["check", "--strict", "--matrix", "--format", format, "."];
        let run = project.run(&arguments);
        tells_nothing(&run, &arguments);
        assert_eq!(run.code, 1);
        assert!(run.says("SSM006") && run.says("SSM"), "{run:?}");
    }
    let excerpts = project.run(&["check", "--format", "pretty", "."]);
    excerpts.must_say("default   = ****");
    excerpts.must_say("only to (sensitive value)");
}

#[test]
fn no_command_tells_what_is_sensitive() {
    let project = project("secrets-command");
    let commands: [&[&str]; 12] = [
        &["check", "--show-suppressed", "--no-ignores", "hostile"],
        &["check", "--diff", "hostile"],
        &["check", "--diff", "--unsafe-fixes", "hostile"],
        &["inspect", "hostile"],
        &["inspect", "--format", "json", "hostile"],
        &["why", "hostile"],
        &["why", "--format", "json", "hostile"],
        &["matrix", "hostile"],
        &["matrix", "--format", "json", "hostile"],
        &["matrix", "--format", "markdown", "hostile"],
        &["baseline", "create", "hostile"],
        &["config", "show"],
    ];
    for arguments in commands {
        let run = project.run(arguments);
        tells_nothing(&run, arguments);
    }
    let baseline = std::fs::read_to_string(project.dir.join(".ssmlint.baseline.json"));
    let baseline =
        baseline.or_else(|_| std::fs::read_to_string(project.dir.join("hostile/.ssmlint.baseline.json")));
    assert!(SECRETS.iter().all(|secret| !baseline.as_ref().unwrap().contains(secret)), "{baseline:?}");
    let inspected = project.run(&["inspect", "hostile"]);
    inspected.must_say("(sensitive value)");
    inspected.must_say("the reason is not shown, because it may tell of a sensitive value");
    // What says nothing of the value stays.
    inspected.must_say("a number is required");
}

#[test]
fn no_expression_tells_what_is_sensitive() {
    let project = project("secrets-expression");
    let expressions = [
        "local.e",
        "var.typed",
        "var.token",
        "keys({ (var.token) = 1 })",
        "regex(\"[\", var.token)",
        "file(var.token)",
        "tonumber(var.token)",
        "jsondecode(var.token)",
        "var.token[0]",
        "{ a = 1 }[var.token]",
        "var.token + 1",
        "aws_instance.each",
        "[for x in [var.token, var.token] : x][5]",
        "{ for x in [var.token] : x => x }",
        "cidrhost(var.token, 1)",
        "templatefile(\"t.tftpl\", { a = var.token })",
        "local.literal",
        "aws_vpc.main[var.token]",
    ];
    for expression in expressions {
        for format in ["text", "json"] {
            let arguments = ["eval", "--dir", "hostile", "--format", format, expression];
            tells_nothing(&project.run(&arguments), &arguments);
        }
    }
}
